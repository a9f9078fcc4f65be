"""The machine: what it is, what it did while something was measured, and how undisturbed that was."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import servers  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
# Fixed in advance: a block in which the hypervisor took more than this share of the machine's time, or programs that have no
# part in the measurement used more than that one, is shown and not counted.
STEAL_LIMIT = 0.02
FOREIGN_LIMIT = 0.10


def server_ticks() -> dict[str, int]:
    """The CPU time that the running servers have used so far, by kind."""
    ticks: dict[str, int] = {}
    for (kind, _), (_, pid) in servers.running().items():
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks[kind] = ticks.get(kind, 0) + int(fields[11]) + int(fields[12])
    return ticks


@dataclasses.dataclass
class Surroundings:
    """What else happened while something ran."""

    steal: float  # Share of the machine's time that the hypervisor gave to others.
    foreign: float  # Share of it that went to programs without a part in this.
    load: float  # The load average when it ended.
    servers_cpu: dict[str, float]  # Seconds, by kind.

    @property
    def disturbed(self) -> bool:
        return self.steal > STEAL_LIMIT or self.foreign > FOREIGN_LIMIT


class Watch:
    """Looks at the machine when it is made, and again when it is asked."""

    def __init__(self) -> None:
        self.stat, self.servers, self.own = self.look()

    @staticmethod
    def look() -> tuple[list[int], dict[str, int], float]:
        fields = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
        return fields, server_ticks(), time.process_time()

    def since(self, measured_cpu: float) -> Surroundings:
        """`measured_cpu`: seconds of the programs that were measured, all together."""
        stat, ticks, own = self.look()
        user, nice, system, idle, iowait, irq, softirq, steal = (b - a for a, b in zip(self.stat[:8], stat[:8]))
        total = max(1, user + nice + system + idle + iowait + irq + softirq + steal)
        used = {kind: (count - self.servers.get(kind, 0)) / TICKS for kind, count in ticks.items()}
        ours = (measured_cpu + sum(used.values()) + own - self.own) * TICKS
        foreign = max(0.0, (user + nice + system + irq + softirq - ours) / total)
        return Surroundings(steal / total, foreign, os.getloadavg()[0], used)


def calibration() -> float:
    """Seconds of CPU for a fixed piece of work: it tells whether the machine itself was slower than at another time."""
    block = bytes(1 << 20)
    begun = time.process_time()
    for _ in range(100):
        hashlib.blake2b(block).digest()
    return time.process_time() - begun


def first_line(*command: str) -> str:
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    except OSError:
        return "not there"
    return (said.stdout or said.stderr).strip().splitlines()[0] if (said.stdout or said.stderr).strip() else "says nothing"


def description() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, Linux {platform.release()}, servers on the same machine"


def versions() -> dict[str, str]:
    return {
        "compiler": first_line("g++", "--version"),
        "Rust": first_line("rustc", "--version"),
        "Java": first_line("java", "-version"),
        "Python": platform.python_version(),
        "commit": first_line("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
    }
