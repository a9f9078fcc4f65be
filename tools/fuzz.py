#!/usr/bin/env python3
"""Runs the fuzz targets (src/<room>/<name>_fuzz.cc): libFuzzer gives any bytes to what reads foreign bytes.

`./dev fuzz` calls this after it has installed clang and built the targets, in build/asan. Each run begins with the inputs that are kept in
tests/fuzz/ and goes on from there; what it finds on the way is kept in build/fuzz/work/, for the next run. A finding is a
file in build/fuzz/findings/ and makes the exit code 1. Standard library only.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "build" / "asan"
KEEP = ROOT / "build" / "fuzz"  # What runs leave behind.
KEPT = ROOT / "tests" / "fuzz"
SOURCES = {path.stem.removesuffix("_fuzz"): path for path in sorted((ROOT / "src").glob("*/*_fuzz.cc"))}

# What one input may cost: more is a finding too.
SECONDS_LIMIT = 10
MEGABYTES_LIMIT = 2048
# An input's bytes, where less than usual is enough to say everything.
BYTES_LIMIT = 2048
SHORT = {"text": 512, "time": 320, "value": 256}
# Of what is kept.
KEPT_FILES_LIMIT = 300

ENVIRONMENT = {
    **os.environ,
    # Short call stacks of allocations and a small quarantine: both are most of what a short input costs.
    "ASAN_OPTIONS": "malloc_context_size=4:quarantine_size_mb=16:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}


@dataclasses.dataclass
class Outcome:
    """What one target came to."""

    target: str
    runs: int = 0
    seconds: float = 0
    cpu_seconds: float = 0
    coverage: int = 0  # Edges.
    features: int = 0  # Edges with how often they were taken.
    corpus: int = 0
    finding: str = ""

    @property
    def per_second(self) -> int:
        """Runs for each second of the processor's time, which other programs on the machine change least."""
        return round(self.runs / self.cpu_seconds) if self.cpu_seconds else 0


def limit_of(target: str) -> int:
    return SHORT.get(target, BYTES_LIMIT)


def options(target: str) -> list[str]:
    dictionary = KEPT / "dictionaries" / f"{target}.dict"
    chosen = [
        f"-max_len={limit_of(target)}", f"-timeout={SECONDS_LIMIT}", f"-rss_limit_mb={MEGABYTES_LIMIT}", "-entropic=0",
        "-print_final_stats=1", "-verbosity=1",
    ]  # fmt: skip
    return chosen + ([f"-dict={dictionary}"] if dictionary.exists() else [])


def folders(target: str) -> list[Path]:
    return [folder for folder in (KEPT / "corpus" / target, KEPT / "regressions" / target) if folder.is_dir()]


def libfuzzer(target: str, arguments: list[str | Path], log: Path) -> tuple[int, str, float]:
    """Runs one target; its exit code, what it said, and the processor's seconds."""
    command = [str(PROGRAMS / f"{target}_fuzz"), *map(str, arguments)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=KEEP, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=ENVIRONMENT)
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, log.read_text(errors="replace"), usage.ru_utime + usage.ru_stime


def number(pattern: str, text: str) -> int:
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def fuzz(target: str, runs: int, seconds: int, seed: int = 0) -> Outcome:
    """Runs a target until it has run `runs` times or for `seconds`, whichever is not 0 and comes first."""
    work, findings, log = KEEP / "work" / target, KEEP / "findings", KEEP / f"{target}.log"
    for folder in (work, findings):
        folder.mkdir(parents=True, exist_ok=True)
    arguments: list[str | Path] = [*options(target), f"-artifact_prefix={findings}/{target}-"]
    arguments += [f"-seed={seed}"] * bool(seed)
    arguments += [f"-runs={runs}"] * bool(runs) + [f"-max_total_time={seconds}"] * bool(seconds)
    begun = time.monotonic()
    code, said, cpu = libfuzzer(target, [*arguments, work, *folders(target)], log)
    outcome = Outcome(target, seconds=time.monotonic() - begun, cpu_seconds=cpu)
    outcome.runs = number(r"stat::number_of_executed_units: (\d+)", said)
    outcome.coverage = number(r" cov: (\d+)", said)
    outcome.features = number(r" ft: (\d+)", said)
    outcome.corpus = number(r" corp: (\d+)", said)
    if code != 0:
        artifact = re.findall(r"Test unit written to (\S+)", said)
        outcome.finding = artifact[-1] if artifact else f"ended with {code}"
    return outcome


def minimise(target: str) -> str:
    """Replaces the kept inputs by the smallest set that covers what they and the found ones cover."""
    kept = KEPT / "corpus" / target
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEEP) as folder:
        merged = Path(folder) / "merged"
        merged.mkdir()
        sources = [path for path in (kept, KEEP / "work" / target) if path.is_dir()]
        # Smaller limits than when fuzzing: what is kept is replayed everywhere.
        arguments = [f"-max_len={limit_of(target)}", f"-timeout={SECONDS_LIMIT}", "-merge=1", merged, *sources]
        code, said, _ = libfuzzer(target, arguments, KEEP / f"{target}-merge.log")
        if code != 0:
            return f"{target}: the merge ended with {code}: see {KEEP / f'{target}-merge.log'}"
        files = sorted(merged.iterdir(), key=lambda path: (path.stat().st_size, path.name))
        shutil.rmtree(kept)
        kept.mkdir()
        # Every n-th, from small to large, where there are too many.
        step = max(1, -(-len(files) // KEPT_FILES_LIMIT))
        for path in files[::step]:
            shutil.copyfile(path, kept / path.name)
    count = len(list(kept.iterdir()))
    size = sum(path.stat().st_size for path in kept.iterdir())
    return f"{target}: {count} of {len(files)} inputs kept, {size:,} bytes"


def table(outcomes: list[Outcome]) -> str:
    lines = [f"{'target':<12} {'runs':>9} {'runs/s':>7} {'edges':>6} {'features':>8} {'inputs':>6} {'seconds':>8}  finding"]
    lines += [
        f"{o.target:<12} {o.runs:>9,} {o.per_second:>7,} {o.coverage:>6,} {o.features:>8,} {o.corpus:>6,} {o.seconds:>8.0f}  {o.finding or 'none'}"
        for o in outcomes
    ]
    return "\n".join(lines)


def markdown(report: Path) -> str:
    """The table of docs/TESTING.md, from what --report has written."""
    outcomes = [Outcome(**entry) for entry in json.loads(report.read_text())]
    lines = ["| target | runs | runs/s | edges | inputs | finding |", "|---|---:|---:|---:|---:|---|"]
    lines += [f"| {o.target} | {o.runs:,} | {o.per_second:,} | {o.coverage:,} | {o.corpus:,} | {o.finding or 'none'} |" for o in outcomes]
    return "\n".join(lines)


def explain(finding: str, target: str) -> None:
    """The part of the log that a person wants to see first."""
    text = (KEEP / f"{target}.log").read_text(errors="replace").splitlines()
    marks = ("CHECK(", "runtime error", "ERROR: ", "SUMMARY: ", "/src/")
    shown = [line for line in text if any(mark in line for mark in marks) and "NEW_FUNC" not in line]
    print("\n".join([f"\n{target}: {finding}", *shown[-20:]]))
    print(f"Again: build/asan/{target}_fuzz {finding}   Once mended, keep it in tests/fuzz/regressions/{target}/.")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="./dev fuzz",
        description="Give any bytes to what reads foreign bytes, with libFuzzer, AddressSanitizer and "
        f"UndefinedBehaviorSanitizer. Targets: {', '.join(SOURCES)}.",
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="only these; all unless given")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--runs", type=int, metavar="N", help="inputs for each target (100000 unless told)")
    length.add_argument("--minutes", type=float, metavar="M", help="time for each target instead")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="J", help="targets that run at a time")
    parser.add_argument("--seconds-limit", type=int, default=0, metavar="S", help="stop each target after so long, as CI does")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="the same inputs each time, as far as time allows; others each time unless given")
    parser.add_argument("--minimise", action="store_true", help="replace the kept inputs by a smallest set that covers as much")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the figures as JSON too")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="run nothing: print what --report has written, as the table of docs/TESTING.md")
    arguments = parser.parse_args()
    if arguments.markdown:
        print(markdown(arguments.markdown))
        return 0
    unknown = [target for target in arguments.targets if target not in SOURCES]
    if unknown:
        parser.error(f"there is no target {', '.join(unknown)}; there are {', '.join(SOURCES)}")
    targets = arguments.targets or list(SOURCES)
    runs = 0 if arguments.minutes else arguments.runs or 100_000
    seconds = round(60 * arguments.minutes) if arguments.minutes else arguments.seconds_limit

    with concurrent.futures.ThreadPoolExecutor(max(1, arguments.jobs)) as pool:
        if arguments.minimise:
            for line in pool.map(minimise, targets):
                print(line, flush=True)
            return 0
        outcomes = list(pool.map(lambda target: fuzz(target, runs, seconds, arguments.seed), targets))
    print(table(outcomes))
    for outcome in outcomes:
        if outcome.finding:
            explain(outcome.finding, outcome.target)
    if arguments.report:
        arguments.report.write_text(json.dumps([dataclasses.asdict(outcome) for outcome in outcomes], indent=1))
    return 1 if any(outcome.finding for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
