"""The method: randomised interleaved blocks, ratios within a block, and how sure their median is.

On a shared machine the same program may be a third slower a minute later. So all programs run once in each block, in an
order that chance decides, and only figures of one block are divided by each other. One program is in every block twice:
the ratio of the two, which should be 1, shows what difference means nothing.
"""

from __future__ import annotations

import dataclasses
import math
import random
import statistics
from collections.abc import Callable, Iterable

RESAMPLES = 10_000
LEAST_UNDISTURBED = 3


@dataclasses.dataclass
class Ratio:
    """The median of the blocks' ratios, with a 95 % confidence interval."""

    median: float
    low: float
    high: float
    blocks: int

    def text(self, digits: int = 2) -> str:
        if self.blocks == 1:
            return f"{self.median:.{digits}f} (one block)"
        return f"{self.median:.{digits}f} ({self.low:.{digits}f}–{self.high:.{digits}f})"


def ratio(pairs: Iterable[tuple[float, float]], seed: int = 1) -> Ratio | None:
    """Of pairs (numerator, denominator), one per block. By bootstrap over blocks, of the median log-ratio."""
    logs = [math.log(above / below) for above, below in pairs if above > 0 and below > 0]
    if not logs:
        return None
    chance = random.Random(seed)
    medians = sorted(statistics.median(chance.choices(logs, k=len(logs))) for _ in range(RESAMPLES))
    low, high = medians[int(0.025 * RESAMPLES)], medians[int(0.975 * RESAMPLES) - 1]
    return Ratio(math.exp(statistics.median(logs)), math.exp(low), math.exp(high), len(logs))


def counted(blocks: list[dict]) -> list[dict]:
    """The blocks in which nothing was disturbed; all, where those are too few to say anything."""
    good = [block for block in blocks if not any(run["disturbed"] for run in block.values())]
    return good if len(good) >= min(LEAST_UNDISTURBED, len(blocks)) else blocks


def measure(names: list[str], blocks: int, run: Callable[[int, str], dict], seed: int) -> list[dict[str, dict]]:
    """Calls `run(block, name)` for every name in every block, in random order; a block is {name: what came of it}."""
    chance = random.Random(seed)
    done = []
    for number in range(1, blocks + 1):
        order = names[:]
        chance.shuffle(order)
        done.append({name: run(number, name) for name in order})
    return done


def column(blocks: list[dict], name: str, figure: Callable[[dict], float | None]) -> list[float]:
    values = (figure(block[name]) for block in blocks if name in block)
    return [value for value in values if value is not None]


def median(values: list[float]) -> float | None:
    return statistics.median(values) if values else None


def pairs(blocks: list[dict], above: str, below: str, figure: Callable[[dict], float | None]) -> list[tuple[float, float]]:
    found = ((figure(block[above]), figure(block[below])) for block in blocks if above in block and below in block)
    return [(a, b) for a, b in found if a and b]
