"""Runs a program to its end and says what it took; and what one run of a program comes to."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import time
from pathlib import Path

import machine

HOME = machine.ROOT / "build" / "bench"
LOGS = HOME / "log"


class Failure(Exception):
    """The benchmark cannot go on; the text says why."""


@dataclasses.dataclass
class Finished:
    """A program that ended well."""

    wall: float
    cpu: float  # User and system, of it and of those that it waited for.
    peak_mib: float
    surroundings: machine.Surroundings
    output: Path

    def last_json(self) -> dict:
        lines = self.output.read_text(errors="replace").splitlines()
        found = next((line for line in reversed(lines) if line.startswith("{")), None)
        if found is None:
            raise Failure(f"no line of {self.output} is a JSON object")
        return json.loads(found)


def run(name: str, command: list[object], label: str, environment: dict[str, str] | None = None, folder: Path = HOME) -> Finished:
    """Its standard output goes to a file of its own, the rest to a log. It runs in `folder`."""
    LOGS.mkdir(parents=True, exist_ok=True)
    output, errors = LOGS / f"{label}.out", LOGS / f"{label}.err"
    before, begun = machine.Watch(), time.monotonic()
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder,
            env={**os.environ, **(environment or {})},
        )  # fmt: skip
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
    wall, cpu = time.monotonic() - begun, usage.ru_utime + usage.ru_stime
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        tail = "\n".join((output.read_text(errors="replace") + errors.read_text(errors="replace")).splitlines()[-20:])
        raise Failure(f"{name} ended with {process.returncode}; the end of {output} and {errors}:\n{tail}")
    return Finished(wall, cpu, usage.ru_maxrss / 1024, before.since(cpu), output)


def run_of(finished: Finished, consumed: int, matched: int, seconds: float, startup: float, **more: object) -> dict:
    """One run as it is kept: plain values. `seconds` is as the program measures it, from its first event to its last."""
    around = finished.surroundings
    return {
        "events": consumed,
        "matched": matched,
        "seconds": seconds,
        "startup_seconds": startup,
        "wall_seconds": finished.wall,
        "cpu_seconds": finished.cpu,
        "peak_mib": finished.peak_mib,
        "servers_cpu": around.servers_cpu,
        "steal": around.steal,
        "foreign": around.foreign,
        "load": around.load,
        "disturbed": around.disturbed,
        **more,
    }


def rate(run_: dict) -> float | None:
    """Events per second, from the first event to the last."""
    return run_["events"] / run_["seconds"] if run_["seconds"] > 0 else None


def total_rate(run_: dict) -> float | None:
    """Events per second of the whole process, start-up included."""
    return run_["events"] / run_["wall_seconds"]


def steady_rate(run_: dict) -> float | None:
    """Without the first half, where the program says how long the rest took: a JVM is warm by then."""
    if not run_.get("steady_seconds"):
        return rate(run_)
    return run_["steady_events"] / run_["steady_seconds"]


def cpu_per_million(run_: dict) -> float:
    return run_["cpu_seconds"] / run_["events"] * 1e6


def servers_per_million(run_: dict, kind: str) -> float | None:
    return run_["servers_cpu"][kind] / run_["events"] * 1e6 if kind in run_["servers_cpu"] else None
