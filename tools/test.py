#!/usr/bin/env python3
"""Runs all tests and counts them: the source checks, the C++ tests (optimised, and again under sanitizers) and the system
tests, the last two against a real Kafka and a real Cassandra that this program starts and stops unless they run already.

`./dev test` calls this after it has installed what is missing. The last line is always "N passed, N failed", with
", N skipped" where there were any; the exit code is 0 only if something passed, nothing failed and, with CI=true, nothing
was skipped.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import servers  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "test"
CHAOS_SECONDS_MORE = 1500  # For starting, healing, draining and comparing, each of which has a limit of its own.
SUPPRESSIONS = ROOT / "tests" / "suppressions"
ENVIRONMENT = {
    "TURNTABLE_KAFKA": "127.0.0.1:29092",
    "TURNTABLE_KAFKA_SASL": "127.0.0.1:29094",
    "TURNTABLE_CASSANDRA": "127.0.0.1:9042",
    "TURNTABLE_BINARY": str(ROOT / "build" / "release" / "turntable"),
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1",
    "UBSAN_OPTIONS": f"print_stacktrace=1:halt_on_error=1:suppressions='{SUPPRESSIONS / 'ubsan.txt'}'",
    "TSAN_OPTIONS": f"second_deadlock_stack=1:suppressions='{SUPPRESSIONS / 'tsan.txt'}'",
}
TITLES = {
    "release": "C++ tests, optimised",
    "asan": "C++ tests, under ASan and UBSan",
    "tsan": "C++ tests, under TSan",
}


@dataclasses.dataclass
class Outcome:
    """What one suite came to."""

    suite: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0
    note: str = ""

    def text(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        note = f"  ({self.note})" if self.note else ""
        return f"{self.suite:<34} {self.passed:>5} passed, {self.failed} failed{skipped}, {self.seconds:.0f} s{note}"


def counted(report: Path, outcome: Outcome) -> Outcome:
    """Reads the counts from a JUnit report; both ctest and pytest write one."""
    try:
        root = ElementTree.parse(report).getroot()
    except (OSError, ElementTree.ParseError):
        outcome.failed += 1
        outcome.note = "ended without a report"
        return outcome
    for case in root.iter("testcase"):
        bad = case.find("failure") is not None or case.find("error") is not None
        if bad or case.get("status") == "fail":
            outcome.failed += 1
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            outcome.skipped += 1
        else:
            outcome.passed += 1
    return outcome


def banner(text: str) -> None:
    print(f"\n==> {text}", flush=True)


def run(command: list[str | Path], **options) -> int:
    return subprocess.run([str(part) for part in command], cwd=ROOT, stdin=subprocess.DEVNULL, **options).returncode


def build(preset: str) -> Outcome | None:
    """Builds everything of a preset; the outcome if that fails."""
    flags = [] if preset == "release" else [f"--{preset}"]
    if run([ROOT / "dev", "build", *flags]) == 0:
        return None
    return Outcome(f"build {preset}", failed=1, note="does not compile")


def at_fixed_addresses() -> list[str]:
    """Where Linux moves programs about by more bits than gcc 12's sanitizers were made for, these fail at start, now and then."""
    without = ["setarch", "-R"]
    allowed = subprocess.run([*without, "true"], capture_output=True, check=False).returncode == 0
    return without if allowed else []


def cpp_tests(preset: str, names: list[str]) -> Outcome:
    title = TITLES[preset]
    banner(title)
    report = RESULTS / f"ctest-{preset}.xml"
    report.unlink(missing_ok=True)
    before = captured()
    begun = time.monotonic()
    command = [] if preset == "release" else at_fixed_addresses()
    command += ["ctest", "--test-dir", ROOT / "build" / preset, f"-j{min(os.cpu_count() or 2, 8)}", "--output-on-failure"]
    command += ["--progress"] if sys.stdout.isatty() else ["--quiet"]
    command += ["--output-junit", report, "--output-log", RESULTS / f"ctest-{preset}.log"]
    if names:
        command += ["-R", "|".join(names)]
    code = run(command)
    outcome = counted(report, Outcome(title, seconds=time.monotonic() - begun))
    if code != 0 and outcome.failed == 0:
        outcome.failed, outcome.note = 1, f"ctest ended with {code}"
    if outcome.failed or outcome.skipped:
        print_ctest_troubles(report)
    for left in sorted(captured() - before):
        with contextlib.suppress(OSError):  # Gone meanwhile, or another user's.
            print(f"\nA test that ended early had captured this:\n{left.read_text(errors='replace').strip()}")
    return outcome


def captured() -> set[Path]:
    """What tests wrote to stderr while they captured it; GoogleTest removes such a file unless the test's process dies."""
    return set(Path("/tmp").glob("gtest_captured_stream.*"))


def print_ctest_troubles(report: Path) -> None:
    try:
        cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return
    for case in cases:
        if case.get("status") == "fail":
            print(f"\nFAILED {case.get('name')}\n{(case.findtext('system-out') or '').strip()}")
        elif case.get("status") != "run":
            print(f"SKIPPED {case.get('name')}")


def system_tests(arguments: list[str]) -> Outcome:
    banner("System tests")
    report = RESULTS / "pytest.xml"
    report.unlink(missing_ok=True)
    begun = time.monotonic()
    code = run([sys.executable, "-m", "pytest", f"--junitxml={report}", *arguments])
    outcome = counted(report, Outcome("System tests", seconds=time.monotonic() - begun))
    if code != 0 and outcome.failed == 0:
        outcome.failed = 1
        outcome.note = "collected nothing" if code == 5 else f"pytest ended with {code}"
    return outcome


def fuzz_tests() -> Outcome:
    """Every fuzz target over what is kept for it, and a while beyond."""
    banner("Fuzz targets")
    report = RESULTS / "fuzz.json"
    report.unlink(missing_ok=True)
    begun = time.monotonic()
    code = run([ROOT / "dev", "fuzz", "--runs", "20000", "--seconds-limit", "20", "--seed", "1", "--report", report])
    outcome = Outcome("Fuzz targets", seconds=time.monotonic() - begun)
    try:
        targets = json.loads(report.read_text())
    except (OSError, ValueError):
        outcome.failed, outcome.note = 1, f"ended with {code} without a report"
        return outcome
    return judged_fuzzing(code, targets, outcome)


def judged_fuzzing(code: int, targets: list[dict], outcome: Outcome) -> Outcome:
    """A target without a finding has passed; one that is not in the report has failed."""
    missing = {path.stem.removesuffix("_fuzz") for path in (ROOT / "src").glob("*/*_fuzz.cc")} - {target["target"] for target in targets}
    found = sum(bool(target["finding"]) for target in targets)
    outcome.passed, outcome.failed = len(targets) - found, found + len(missing)
    if missing:
        outcome.note = f"not run: {', '.join(sorted(missing))}"
    elif code != 0 and not found:
        outcome.failed, outcome.note = 1, f"ended with {code}"
    return outcome


def source_checks() -> Outcome:
    banner("Source checks")
    begun = time.monotonic()
    code = run([sys.executable, ROOT / "tools" / "lint.py"])
    return Outcome("Source checks", passed=int(code == 0), failed=int(code != 0), seconds=time.monotonic() - begun)


def cost_checks() -> Outcome:
    """What an event costs in instructions and allocations, against the figures that are kept with the source."""
    banner("Cost of an event")
    begun = time.monotonic()
    code = run([ROOT / "dev", "bench", "check"])
    return Outcome("Cost of an event", passed=int(code == 0), failed=int(code != 0), seconds=time.monotonic() - begun)


def planted_bugs() -> Outcome:
    banner("Planted bugs")
    report = RESULTS / "planted.xml"
    report.unlink(missing_ok=True)
    begun = time.monotonic()
    code = run([sys.executable, ROOT / "tools" / "planted.py", "--junit", report])
    outcome = counted(report, Outcome("Planted bugs, each caught", seconds=time.monotonic() - begun))
    if code != 0 and outcome.failed == 0:
        outcome.failed, outcome.note = 1, f"planted.py ended with {code}"
    return outcome


def chaos() -> Outcome:
    """Five minutes of ./dev chaos, with the same plan of faults each time unless another seed is given."""
    minutes = float(os.environ.get("TURNTABLE_CHAOS_MINUTES", "5"))
    seed = os.environ.get("TURNTABLE_CHAOS_SEED") or "1"
    banner(f"Chaos, {minutes:g} minutes; TURNTABLE_CHAOS_SEED={seed}")
    folder = ROOT / "build" / "chaos" / f"seed-{seed}"
    command = [sys.executable, ROOT / "tests" / "chaos" / "run.py", "--minutes", str(minutes), "--seed", seed, "--all-kinds"]
    # Its servers are its own, wherever those of the other tests are.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TURNTABLE_SERVERS_")}
    outcome = Outcome(f"Chaos, seed {seed}")
    begun = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], cwd=ROOT, stdin=subprocess.DEVNULL, env=environment)
    try:
        code = process.wait(minutes * 60 + CHAOS_SECONDS_MORE)
    except subprocess.TimeoutExpired:
        code = f"no end after {CHAOS_SECONDS_MORE:.0f} s more"
    finally:
        if process.poll() is None:
            process.terminate()  # It stops its servers.
            process.wait()
    outcome.seconds = time.monotonic() - begun
    try:
        report = json.loads((folder / "report.json").read_text())
        found = ", ".join(f"{kind} {count}" for kind, count in report["totals"].items())
        outcome.note = f"{report['acknowledged']:,} events, {sum(report['faults'].values())} faults; {found}"
        outcome.note += "".join(f"; left out: {what}" for what in report["not_possible"])
    except (OSError, ValueError):
        outcome.note = "no report"
    outcome.passed, outcome.failed = int(code == 0), int(code != 0)
    if code != 0:
        outcome.note += f"; ended with {code}"
        print_chaos_evidence(folder)
    return outcome


def print_chaos_evidence(folder: Path) -> None:
    """Of a machine that is gone with its files, too, one is to know what happened."""
    logs = sorted(folder.glob("engine-*/log"))
    for path, lines in [(folder / "report.md", 400), *((log, 80) for log in logs)]:
        if path.is_file():
            print(f"\n{path}:\n" + "\n".join(path.read_text(errors="replace").splitlines()[-lines:]), flush=True)


class Servers:
    """Kafka and Cassandra for the time of the tests. They start beside the build, and only what was started is stopped."""

    def __init__(self) -> None:
        self.before = set(servers.running())
        self.log = RESULTS / "servers-up.log"
        self.starter = None
        if not {("kafka", 1), ("cassandra", 1)} <= self.before:
            with self.log.open("wb") as log:
                self.starter = subprocess.Popen(
                    [sys.executable, ROOT / "tools" / "servers.py", "up", "--fresh"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                )  # fmt: skip

    def wait(self) -> Outcome | None:
        """Waits until they answer; the outcome if they do not."""
        if self.starter is None:
            banner("Using the servers that are running")
            return None
        banner("Waiting for Kafka and Cassandra")
        code = self.starter.wait()
        print(self.log.read_text(errors="replace").strip(), flush=True)
        return Outcome("Servers", failed=1, note="did not start") if code != 0 else None

    def stop(self) -> None:
        if self.starter is None:
            return
        if self.starter.poll() is None:
            self.starter.send_signal(signal.SIGINT)  # It stops what it has started so far.
            self.starter.wait()
        servers.stop_new(self.before)


def run_planted(outcomes: list[Outcome]) -> None:
    failure = build("release")
    outcomes.append(failure or planted_bugs())


def run_all(arguments: argparse.Namespace, outcomes: list[Outcome]) -> None:
    named = [word for word in arguments.selection if word.startswith("tests") or ".py" in word or "::" in word]
    cpp = [word for word in arguments.selection if word not in named]
    python = named + arguments.pytest
    everything = not (python or cpp)
    presets = ["release"]
    if (everything or cpp) and not arguments.no_sanitizers:
        presets += ["asan", "tsan"] if arguments.all or arguments.tsan else ["asan"]
    with_servers = Servers()
    try:
        failures = [failure for failure in map(build, presets) if failure]
        if everything:
            outcomes.append(source_checks())  # After the build, which knows what is compiled.
        failure = with_servers.wait()
        if failures or failure:
            outcomes.extend(failures + ([failure] if failure else []))
            return
        if everything or cpp:
            outcomes.extend(cpp_tests(preset, cpp) for preset in presets)
        if everything and arguments.all:
            outcomes.append(fuzz_tests())
        if everything and arguments.all:
            outcomes.append(planted_bugs())
            outcomes.append(cost_checks())
        if everything or python:
            outcomes.append(system_tests(python))
    finally:
        with_servers.stop()
    if everything and arguments.all:
        outcomes.append(chaos())  # With clusters of its own, which need the memory of the others.


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="./dev test",
        description="Run all tests: source checks, C++ tests (optimised, and under sanitizers), and system tests against a "
        "real Kafka and Cassandra, which are started and stopped unless `./dev servers up` has them running.",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="the tests that take long too, ThreadSanitizer, the fuzz targets, planted bugs, what an event costs, and five minutes of chaos; as CI does",
    )
    parser.add_argument("--planted", action="store_true", help="nothing but bugs that are planted, and each must be caught; in --all they are")
    parser.add_argument("--tsan", action="store_true", help="the C++ tests under ThreadSanitizer too; in --all they are")
    parser.add_argument("--no-sanitizers", action="store_true", help="leave out the C++ tests under sanitizers")
    parser.add_argument(
        "selection",
        nargs="*",
        metavar="TEST",
        help="only these: a path or node under tests/ is a system test (tests/test_run.py::test_x), any other word is a "
        "regular expression over the names of C++ tests; after --, arguments for pytest (-- -k restart)",
    )
    own, pytest = sys.argv[1:], []
    if "--" in own:
        own, pytest = own[: own.index("--")], own[own.index("--") + 1 :]
    arguments = parser.parse_args(own)
    arguments.pytest = pytest
    if arguments.no_sanitizers and (arguments.all or arguments.tsan):
        parser.error("--all and --tsan are with the sanitizers")
    if arguments.planted and (arguments.all or arguments.tsan or arguments.no_sanitizers or arguments.selection or pytest):
        parser.error("--planted stands alone; --all has it among the rest")

    os.environ.update({name: os.environ.get(name, value) for name, value in ENVIRONMENT.items()})
    if arguments.all:
        os.environ["TURNTABLE_TEST_ALL"] = "1"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that the servers are stopped on the way out.
    RESULTS.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    outcomes: list[Outcome] = []
    code = None
    try:
        run_planted(outcomes) if arguments.planted else run_all(arguments, outcomes)
    except KeyboardInterrupt:
        outcomes.append(Outcome("Interrupted", failed=1))
        code = 130
    except SystemExit as leaving:
        outcomes.append(Outcome("Ended from outside", failed=1))
        code = leaving.code
    finally:
        code = report(outcomes, time.monotonic() - begun, code)
    return code


def report(outcomes: list[Outcome], seconds: float, code: int | None) -> int:
    passed, failed, skipped = (sum(getattr(o, name) for o in outcomes) for name in ("passed", "failed", "skipped"))
    banner(f"All done in {seconds:.0f} s")
    for outcome in outcomes:
        print("  " + outcome.text())
    if passed + failed == 0:
        print("No test ran.")
    if skipped:
        print(f"SKIPPED: {skipped} tests did not run. See above why; CI counts that as a failure.")
    skips_fail = skipped and os.environ.get("CI") == "true"
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    if code is not None:
        return code
    return 1 if failed or skips_fail or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
