"""Fails where the path of a record has become dearer: by the instructions and the allocations that an event costs.

Both are exact on a noisy machine. Callgrind counts the instructions of the program in ceilings/in_memory.cc over plays and a
catalogue that are always the same; the program counts its allocations itself. What they were is in baseline.json, which
`./dev bench check --update` writes anew: part of the change that makes them other.

Instructions are another compiler's and another library's affair too. Where those are not the baseline's, only allocations
are compared, and that is said.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import subprocess
from pathlib import Path

import drains
import machine
import process
import workloads

BASELINE = Path(__file__).resolve().parent / "baseline.json"
PATHS = {"decode": "decode", "rows": "decode, join, encode", "lane": "the whole lane"}
EVENTS, ROUNDS = 20_000, 2
TOLERANCE = 0.02  # Of instructions: a library's own choices differ by so much between machines.
NO_ALLOCATIONS = 0.01  # Per event. A batch of 2,000 may make some, an event none.


def installed(package: str) -> str:
    """Its maker's version, without Debian's: a distribution's own corrections leave the loops as they are."""
    said = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=False)
    return said.stdout.strip().rpartition("-")[0] or said.stdout.strip() or "unknown"


def toolchain() -> dict[str, str]:
    """What instructions depend on beside our own code."""
    flags = next(
        (line.partition("=")[2] for line in (workloads.PROGRAMS / "CMakeCache.txt").read_text().splitlines() if line.startswith("CMAKE_CXX_FLAGS_RELWITHDEBINFO:")), ""
    )  # fmt: skip
    return {
        "architecture": platform.machine(),
        "compiler": machine.first_line("g++", "--version"),
        "flags": flags,
        "libc6": installed("libc6"),
        "libsimdjson": installed("libsimdjson-dev"),
        "libxxhash": installed("libxxhash-dev"),
        "valgrind": machine.first_line("valgrind", "--version"),
        # Vector instructions decide which of simdjson's and glibc's loops run; valgrind knows none beyond AVX2.
        "avx2": str("avx2" in Path("/proc/cpuinfo").read_text()),
    }


def instructions(until: str) -> float:
    """Per event, of the measured rounds alone."""
    profile = process.HOME / f"callgrind-{until}.out"
    callgrind = ("valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=bench_measured", f"--callgrind-out-file={profile}")
    label = f"callgrind-{until}"
    process.run("valgrind", drains.in_memory(until, None, EVENTS, ROUNDS, callgrind), label, {"MALLOC_PERTURB_": "0"})
    said = (process.LOGS / f"{label}.err").read_text(errors="replace")
    counted = re.search(r"Collected : (\d+)", said)
    if counted is None:
        raise process.Failure(f"Callgrind has counted nothing; see {process.LOGS / label}.err")
    return int(counted[1]) / (EVENTS * ROUNDS)


def allocations(until: str) -> float:
    """Per event, of so many that what grows at first is no part of it."""
    events = 10 * EVENTS
    found = process.run("bench_in_memory", drains.in_memory(until, None, events, ROUNDS), f"allocations-{until}").last_json()
    if found["matched"] != events:
        raise process.Failure(f"only {found['matched']} of {events} plays became rows: this is not the good path")
    return found["allocations_per_event"]


def measure(with_instructions: bool) -> dict[str, dict[str, float]]:
    figures = {}
    for until in PATHS:
        figures[until] = {"allocations": round(allocations(until), 4)}
        if with_instructions:
            figures[until]["instructions"] = round(instructions(until), 1)
    return figures


def faults(figures: dict, baseline: dict, comparable: bool) -> list[str]:
    """A sentence for each figure that is worse than the baseline's."""
    found = []
    for until, title in PATHS.items():
        now, before = figures[until], baseline["per_event"][until]
        if now["allocations"] > NO_ALLOCATIONS:
            found.append(f"{title}: {now['allocations']} allocations per event; on the good path there are none")
        if now["allocations"] > before["allocations"] * (1 + TOLERANCE) + 0.0005:
            found.append(f"{title}: {now['allocations']} allocations per event, {before['allocations']} before")
        if comparable and now["instructions"] > before["instructions"] * (1 + TOLERANCE):
            change = now["instructions"] / before["instructions"] - 1
            found.append(f"{title}: {now['instructions']:.1f} instructions per event, {change:.1%} more than the {before['instructions']:.1f} before")
    return found


def check(arguments: argparse.Namespace) -> int:
    """The exit code. Needs no server."""
    if shutil.which("valgrind") is None:
        print("./dev bench check: valgrind is not installed; ./dev setup --tests does that")
        return 1
    baseline = json.loads(BASELINE.read_text()) if BASELINE.exists() else None
    own = toolchain()
    comparable = baseline is not None and baseline["toolchain"] == own
    figures = measure(with_instructions=arguments.update or comparable or baseline is None)
    for until, title in PATHS.items():
        before = baseline["per_event"][until] if baseline else {}
        print(
            f"    {title:<22} {figures[until].get('instructions', float('nan')):>9,.1f} instructions per event (baseline {before.get('instructions', float('nan')):,.1f}), "
            f"{figures[until]['allocations']} allocations (baseline {before.get('allocations', float('nan'))})"
        )
    if arguments.update:
        BASELINE.write_text(json.dumps({"toolchain": own, "events": EVENTS, "rounds": ROUNDS, "per_event": figures}, indent=2) + "\n")
        print(f"Written to {BASELINE}")
        return 0
    if baseline is None:
        print(f"./dev bench check: {BASELINE} is not there; --update makes it")
        return 1
    if not comparable:
        for name, value in own.items():
            if baseline["toolchain"].get(name) != value:
                print(f"    NOT COMPARED: instructions; the baseline's {name} is {baseline['toolchain'].get(name)}, here it is {value}")
    found = faults(figures, baseline, comparable)
    for fault in found:
        print(f"./dev bench check: {fault}")
    if comparable and not found:
        better = [u for u in PATHS if figures[u]["instructions"] < baseline["per_event"][u]["instructions"] * (1 - TOLERANCE)]
        if better:
            print("    An event costs less than the baseline says. Keep that: ./dev bench check --update")
    return 1 if found else 0
