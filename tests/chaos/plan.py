"""Which faults come when: drawn from the seed before anything runs, so that a seed gives the same plan again.

Every kind comes once before any comes twice. What the plan meets does depend on the machine: a fault whose target is still in
the hands of an earlier one is left out.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

GAP_SECONDS = (1.0, 7.0)  # Between the beginnings of two faults.
# Where there is one engine, they are so many times as long. Every fault of an engine meets this one, and it must get something done in between.
GAP_OF_ONE_ENGINE = 2.0
PAUSE_SECONDS = (7.5, 14.0)  # Longer than the session timeout of 6 s: the group goes on without the paused one.

# How often each kind is drawn, once each has come.
WEIGHTS = {
    "engine_kill": 20,
    "engine_kill_all": 4,
    "engine_pause": 9,
    "engine_term": 10,
    "broker_kill": 5,
    "node_kill": 5,
    "net_latency": 5,
    "net_reset": 7,
    "net_black_hole": 6,
    "net_half_open": 6,
    "catalogue_replace": 4,
    "catalogue_truncate": 4,
    "disk_full": 6,
}


@dataclass(frozen=True)
class Fault:
    at: float  # Seconds from the beginning.
    kind: str
    target: int  # Which engine, broker, node or link: counted from 0, modulo how many there are.
    seconds: float  # How long it lasts, or how long what was ended stays away.
    lot: float  # From 0 to 1, for what else is to be chosen.


def plan_of(seed: int, seconds: float, leave_out: frozenset[str] = frozenset(), engines: int = 3) -> list[Fault]:
    chance = random.Random(f"plan {seed}")
    kinds = [kind for kind in WEIGHTS if kind not in leave_out]
    weights = [WEIGHTS[kind] for kind in kinds]
    first = list(kinds)
    chance.shuffle(first)
    plan: list[Fault] = []
    longer = GAP_OF_ONE_ENGINE if engines == 1 else 1.0
    at = chance.uniform(3, 6)  # Some plays pass undisturbed.
    while at < seconds:
        kind = first.pop() if first else chance.choices(kinds, weights)[0]
        plan.append(Fault(at, kind, chance.randrange(1 << 16), lasting(kind, chance), chance.random()))
        at += chance.uniform(*GAP_SECONDS) * longer
    return plan


def lasting(kind: str, chance: random.Random) -> float:
    if kind == "engine_pause":
        return chance.uniform(*PAUSE_SECONDS)
    if kind.startswith(("net", "disk")):
        return chance.uniform(2, 15)
    if kind in ("broker_kill", "node_kill"):
        return chance.uniform(0, 12)
    return chance.choice([0, chance.uniform(0, 2), chance.uniform(2, 10)])
