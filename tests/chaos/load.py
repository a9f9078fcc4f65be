"""How busy the machine was meanwhile: figures of a machine that others use too say less, and this shows how much less."""

from __future__ import annotations

import asyncio
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

EVERY_SECONDS = 5.0
USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL = range(8)  # The columns of /proc/stat.


@dataclass(frozen=True)
class Sample:
    at: float  # As time.monotonic() tells.
    load: float  # Processes that run or want to, the last minute's mean.
    idle: float  # Shares of all cores since the sample before.
    steal: float
    memory_mb: int  # Available.


def machine() -> str:
    model = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} cores ({model[1].strip() if model else 'of unknown model'}), {memory('MemTotal') / 1024:.0f} GiB"


def memory(name: str) -> int:
    """In MiB."""
    return int(re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)[1]) // 1024


def ticks() -> list[int]:
    return [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]


class Load:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.samples: list[Sample] = []

    async def run(self) -> None:
        begun, before = time.monotonic(), ticks()
        with self.path.open("w") as file:
            print("seconds,load,idle_percent,steal_percent,memory_available_mb", file=file)
            while True:
                await asyncio.sleep(EVERY_SECONDS)
                now = ticks()
                spent = [max(0, after - earlier) for after, earlier in zip(now, before)]
                before, whole = now, sum(spent) or 1
                sample = Sample(
                    time.monotonic(), os.getloadavg()[0], (spent[IDLE] + spent[IOWAIT]) / whole, spent[STEAL] / whole, memory("MemAvailable")
                )
                self.samples.append(sample)
                shares = f"{sample.idle * 100:.0f},{sample.steal * 100:.1f}"
                print(f"{sample.at - begun:.0f},{sample.load:.2f},{shares},{sample.memory_mb}", file=file, flush=True)

    def series(self) -> dict[str, list[float]]:
        return {
            "load": [sample.load for sample in self.samples],
            "idle, % of all cores": [sample.idle * 100 for sample in self.samples],
            "stolen by other machines, %": [sample.steal * 100 for sample in self.samples],
            "memory left, MiB": [float(sample.memory_mb) for sample in self.samples],
        }

    def idle_between(self, begun: float, ended: float) -> float | None:
        """The mean share of the cores that was idle; None where it was too short to be seen."""
        shares = [sample.idle for sample in self.samples if begun <= sample.at <= ended + EVERY_SECONDS]
        return sum(shares) / len(shares) if shares else None
