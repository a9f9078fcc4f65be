#!/usr/bin/env python3
"""Runs all tests and counts them: the source checks, the C++ tests (optimised, and again under sanitizers) and the system
tests, the last two against a real Kafka and a real Cassandra that this program starts and stops unless they run already.

`./dev test` calls this after it has installed what is missing. MINUTES says what each suite may take, and what it took stands
beside it at the end. A suite that would take longer runs its tests in an order that the day draws, until its minutes are used,
and says how many are left: another day begins with others.

The last line is always "N passed, N failed", with ", N skipped" where there were any; the exit code is 0 only if something
passed, nothing failed and, with CI=true, nothing was skipped.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import traceback
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import selection  # noqa: E402
import servers  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "test"
CHAOS_SECONDS_MORE = 1500  # For starting, healing, draining and comparing, each of which has a limit of its own.
VERSION_BEFORE = "f8655d9"  # The commit whose groups, files and dead letters this version goes on with.
CHAOS_PIPELINES = ["history", "latest", "tables", "stores"]
SUPPRESSIONS = ROOT / "tests" / "suppressions"
BROKER, NODE = servers.Server("kafka", 1, 1), servers.Server("cassandra", 1, 1)
ADDRESSES = {
    "TURNTABLE_KAFKA": BROKER.address,
    "TURNTABLE_KAFKA_SASL": f"{BROKER.host}:{BROKER.port + 2}",
    "TURNTABLE_CASSANDRA": NODE.address,
}
ENVIRONMENT = {
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
# What each suite may take on two cores with nothing built before, in minutes: 59 in all, so that CI, on a slower machine, has time.
MINUTES = {
    "Build, release": 6,
    "Build, asan": 8,
    "Build, tsan": 4.3,
    "Source checks": 0.2,
    TITLES["release"]: 4.5,
    TITLES["asan"]: 2,
    TITLES["tsan"]: 2,
    "Fuzz targets": 2,
    "Planted bugs": 3,
    "Cost of an event": 1.5,
    "System tests": 10,
    "Comparison with PostgreSQL": 4,
    "Chaos": 7,
}
COMPARISON = ["tests/test_programs_postgres.py", "tests/test_expressions_postgres.py"]  # Every run has a sample of them; with --all they are a suite.
# Changes every day, and is the same for everyone on it.
DAY = int(os.environ.get("TURNTABLE_TEST_SEED") or datetime.datetime.now(datetime.timezone.utc).toordinal())
MATRIX_SHARE = 12  # Of the matrix of connectors, every twelfth cell is played under sanitizers, drawn by the day.
TESTS_AT_ONCE = 40  # How many of a suite's tests are begun before its time is looked at.
SYSTEM_TESTS_PER_CORE = 2  # They wait for servers most of their time.


@dataclasses.dataclass
class Outcome:
    """What one suite came to."""

    suite: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0
    note: str = ""

    def text(self, with_share: bool) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        note = f"  ({self.note})" if self.note else ""
        share = ""
        if with_share and self.suite in MINUTES:
            over = ", OVER" if self.seconds > 60 * MINUTES[self.suite] + 30 else ""
            share = f" of {MINUTES[self.suite]:g} min{over}"
        return f"{self.suite:<32} {self.passed:>5} passed, {self.failed} failed{skipped}, {self.seconds / 60:.1f}{share or ' min'}{note}"


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


def build(preset: str, targets: set[str] | None = None) -> Outcome:
    """Builds everything of a preset, or these."""
    flags = [] if preset == "release" else [f"--{preset}"]
    begun = time.monotonic()
    built = run([ROOT / "dev", "build", *flags, *sorted(targets or [])]) == 0
    outcome = Outcome(f"Build, {preset}", passed=int(built), failed=int(not built), seconds=time.monotonic() - begun)
    outcome.note = "" if built else "does not compile"
    return outcome


def at_fixed_addresses() -> list[str]:
    """Where Linux moves programs about by more bits than gcc 12's sanitizers were made for, these fail at start, now and then."""
    without = ["setarch", "-R"]
    allowed = subprocess.run([*without, "true"], capture_output=True, check=False).returncode == 0
    return without if allowed else []


def in_todays_order(names: list[str]) -> list[str]:
    drawn = sorted(names)
    random.Random(DAY).shuffle(drawn)
    return drawn


def ctest(preset: str, *arguments: object, **options) -> subprocess.CompletedProcess:
    command = [] if preset == "release" else at_fixed_addresses()
    command += ["ctest", "--test-dir", str(ROOT / "build" / preset), *map(str, arguments)]
    environment = dict(os.environ)
    if preset != "release":
        environment.setdefault("TURNTABLE_MATRIX_SHARE", f"{MATRIX_SHARE}:{DAY}")
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, env=environment, check=False, **options)


def cpp_test_names(preset: str, wanted: list[str]) -> list[str]:
    """All that are built, or those that one of these regular expressions, of Python, is found in."""
    listed = ctest(preset, "--show-only=json-v1", capture_output=True, text=True)
    tests = json.loads(listed.stdout)["tests"] if listed.returncode == 0 else []
    # Programs that nobody has asked for have no command, or appear as one test that says so.
    names = [test["name"] for test in tests if "command" in test and not test["name"].endswith("_NOT_BUILT")]
    return [name for name in names if not wanted or any(re.search(word, name) for word in wanted)]


def cpp_tests(preset: str, named: list[str] | None = None) -> Outcome:
    """Those of these names, or all."""
    title = TITLES[preset]
    banner(title)
    before = captured()
    begun = time.monotonic()
    left = in_todays_order(cpp_test_names(preset, []) if named is None else named)
    total = len(left)
    outcome = Outcome(title)
    if preset == "release" and named is None:  # All at once, so that none waits for the longest of a few.
        run_cpp_tests(preset, [], outcome)
        left = []
    while left and (named is not None or time.monotonic() < begun + 60 * MINUTES[title]):
        some, left = left[:TESTS_AT_ONCE], left[TESTS_AT_ONCE:]
        run_cpp_tests(preset, ["-R", f"^({'|'.join(map(re.escape, some))})$"], outcome)
    outcome.seconds = time.monotonic() - begun
    if total == 0 and named is not None:
        outcome.note = "none of those is in this build"
    elif total == 0:
        outcome.failed, outcome.note = 1, "there is no test"
    elif left:
        outcome.note = f"{len(left)} of {total} are left for another day; TURNTABLE_TEST_SEED={DAY}"
    for path in sorted(captured() - before):
        with contextlib.suppress(OSError):  # Gone meanwhile, or another user's.
            print(f"\nA test that ended early had captured this:\n{path.read_text(errors='replace').strip()}")
    return outcome


def run_cpp_tests(preset: str, chosen: list[str], outcome: Outcome) -> None:
    """Adds to the outcome what comes of those that ctest is to choose."""
    report = RESULTS / f"ctest-{preset}.xml"
    report.unlink(missing_ok=True)
    # Some wait for clocks most of their time; under sanitizers they have enough to do.
    at_once = min(os.cpu_count() or 2, 8) * (2 if preset == "release" else 1)
    arguments = [f"-j{at_once}", "--output-on-failure", "--progress" if sys.stdout.isatty() else "--quiet"]
    arguments += ["--output-junit", report, "--output-log", RESULTS / f"ctest-{preset}.log"]
    failed, skipped = outcome.failed, outcome.skipped
    code = ctest(preset, *arguments, *chosen).returncode
    counted(report, outcome)
    if code != 0 and outcome.failed == failed:
        outcome.failed, outcome.note = failed + 1, f"ctest ended with {code}"
    if outcome.failed > failed or outcome.skipped > skipped:
        print_ctest_troubles(report)


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


def system_tests(arguments: list[str], minutes: float | None = None, title: str = "System tests") -> Outcome:
    """Those that are named, or all; with `minutes` in the day's order, and none begins when they are used."""
    banner(title)
    report = RESULTS / ("pytest.xml" if title == "System tests" else "pytest-postgres.xml")
    report.unlink(missing_ok=True)
    begun = time.monotonic()
    at_once = [f"--numprocesses={SYSTEM_TESTS_PER_CORE * min(os.cpu_count() or 2, 4)}"]
    at_once += ["--dist=loadscope", "--no-loadscope-reorder"]  # In what scopes and which order: tests/conftest.py.
    environment = dict(os.environ)
    if minutes is not None:
        left_out = RESULTS / "left-out.txt"
        left_out.write_text("")
        environment |= {"TURNTABLE_TEST_UNTIL": str(time.time() + 60 * minutes), "TURNTABLE_TEST_LEFT": str(left_out)}
    code = run([sys.executable, "-m", "pytest", f"--junitxml={report}", *at_once, *arguments], env=environment)
    outcome = counted(report, Outcome(title, seconds=time.monotonic() - begun))
    if minutes is not None and (left := len(left_out.read_text().splitlines())):
        outcome.note = f"{left} are left for another day; TURNTABLE_TEST_SEED={DAY}"
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
    code = run([ROOT / "dev", "fuzz", "--runs", "20000", "--seconds-limit", "20", "--seed", DAY, "--report", report])
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


def planted_bugs(minutes: float | None) -> Outcome:
    banner("Planted bugs")
    report = RESULTS / "planted.xml"
    report.unlink(missing_ok=True)
    begun = time.monotonic()
    limit = [] if minutes is None else ["--minutes", str(minutes), "--seed", str(DAY)]
    code = run([sys.executable, ROOT / "tools" / "planted.py", "--junit", report, *limit])
    outcome = counted(report, Outcome("Planted bugs", seconds=time.monotonic() - begun))
    if code != 0 and outcome.failed == 0:
        outcome.failed, outcome.note = 1, f"planted.py ended with {code}"
    if left := len(list((ROOT / "tests" / "planted").glob("*.patch"))) - outcome.passed - outcome.failed:
        outcome.note += f"{left} are left for another day; TURNTABLE_TEST_SEED={DAY}"
    return outcome


def chaos() -> Outcome:
    """Five minutes of ./dev chaos. The seed draws the faults, and the pipeline that meets them."""
    minutes = float(os.environ.get("TURNTABLE_CHAOS_MINUTES", "5"))
    seed = os.environ.get("TURNTABLE_CHAOS_SEED") or str(DAY % 1000)
    pipeline = random.Random(seed).choice(CHAOS_PIPELINES)
    banner(f"Chaos, {minutes:g} minutes of {pipeline}; TURNTABLE_CHAOS_SEED={seed}")
    folder = ROOT / "build" / "chaos" / (f"seed-{seed}" if pipeline == "history" else f"seed-{seed}-{pipeline}")
    command = [sys.executable, ROOT / "tests" / "chaos" / "run.py", "--minutes", str(minutes), "--seed", seed, "--all-kinds"]
    command += ["--pipeline", pipeline]
    # Its servers are its own, wherever those of the other tests are.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TURNTABLE_SERVERS_")}
    outcome = Outcome("Chaos")
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
        outcome.note = f"{pipeline}, seed {seed}: {report['acknowledged']:,} events, {sum(report['faults'].values())} faults; {found}"
        outcome.note += "".join(f"; left out: {what}" for what in report["not_possible"])
        outcome.note += "".join(f"; {text.splitlines()[0]}" for text in [*report["complaints"], *report["endings"]])
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

    def __init__(self, kinds: Iterable[str] = ("kafka", "cassandra")) -> None:
        self.before = set(servers.running())
        self.log = RESULTS / "servers-up.log"
        self.starter = None
        self.kinds = set(kinds)
        for kind in self.kinds:
            os.environ.update({name: os.environ.get(name, value) for name, value in ADDRESSES.items() if kind.upper() in name})
        if not {(kind, 1) for kind in self.kinds} <= self.before:
            sizes = ["--brokers", int("kafka" in self.kinds), "--nodes", int("cassandra" in self.kinds)]
            with self.log.open("wb") as log:
                self.starter = subprocess.Popen(
                    [sys.executable, ROOT / "tools" / "servers.py", "up", "--fresh", *map(str, sizes)],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                )  # fmt: skip

    def wait(self) -> Outcome | None:
        """Waits until they answer; the outcome if they do not."""
        if self.starter is None:
            banner("Using the servers that are running" if self.kinds else "No server is needed")
            return None
        banner(f"Waiting for {' and '.join(kind.capitalize() for kind in sorted(self.kinds, reverse=True))}")
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


def run_upgrade(outcomes: list[Outcome]) -> None:
    """Tests with the program of the version before beside this one's."""
    before = ROOT / "build" / "before"
    if not before.exists() and run(["git", "worktree", "add", "--detach", before, VERSION_BEFORE]) != 0:
        outcomes.append(Outcome("Upgrade", failed=1, note=f"the history does not hold {VERSION_BEFORE}"))
        return
    outcomes.append(build("release"))
    outcomes.append(Outcome("Build, version before", failed=int(run([before / "dev", "build", "turntable"]) != 0)))
    if any(outcome.failed for outcome in outcomes):
        return
    os.environ["TURNTABLE_BEFORE"] = str(before / "build" / "release" / "turntable")
    with_servers = Servers()
    try:
        outcomes.append(with_servers.wait() or system_tests(["tests/test_upgrade.py"]))
    finally:
        with_servers.stop()


def run_planted(outcomes: list[Outcome]) -> None:
    outcomes.append(build("release"))
    if not outcomes[-1].failed:
        outcomes.append(planted_bugs(None))


def run_named(arguments: argparse.Namespace, outcomes: list[Outcome]) -> None:
    """Some tests, with what they need alone: targets of the build and servers. Raises selection.NoSuchTest."""
    cpp, python = selection.split(arguments.selection)
    if any("::" in word for word in python):
        os.environ["TURNTABLE_TEST_ALL"] = "1"  # Whoever names a test wants it, long or not.
    python += arguments.pytest
    of_cpp, of_python = selection.cpp_needs(cpp), selection.system_needs(python)
    of_sanitizers = [preset for preset in ("asan", "tsan") if getattr(arguments, preset) and selection.sanitized(of_cpp.targets)]
    presets = ["release", *of_sanitizers]
    with_servers = Servers(of_cpp.servers | of_python.servers)
    try:
        for preset in presets:
            targets = of_cpp.targets | of_python.targets if preset == "release" else selection.sanitized(of_cpp.targets)
            outcomes.append(build(preset, targets))
        if failure := with_servers.wait():
            outcomes.append(failure)
        if any(outcome.failed for outcome in outcomes):
            return
        if cpp:
            named = {preset: cpp_test_names(preset, cpp) for preset in presets}
            if unknown := [word for word in cpp if not any(re.search(word, name) for names in named.values() for name in names)]:
                raise selection.NoSuchTest(f"no test's name has {' or '.join(unknown)} in it")
            outcomes.extend(cpp_tests(preset, names) for preset, names in named.items())
        if python:
            outcomes.append(system_tests(python))
    finally:
        with_servers.stop()


def run_all(arguments: argparse.Namespace, outcomes: list[Outcome]) -> None:
    presets = ["release"]
    if not arguments.no_sanitizers:
        presets += ["asan", "tsan"] if arguments.all or arguments.tsan else ["asan"]
    with_servers = Servers()
    try:
        outcomes.extend(map(build, presets))
        outcomes.append(source_checks())  # After the build, which knows what is compiled.
        if failure := with_servers.wait():
            outcomes.append(failure)
        if failure or any(outcome.failed for outcome in outcomes if outcome.suite.startswith("Build")):
            return
        outcomes.extend(cpp_tests(preset) for preset in presets)
        if arguments.all:
            outcomes.append(fuzz_tests())
            outcomes.append(planted_bugs(MINUTES["Planted bugs"]))
            outcomes.append(cost_checks())
        if arguments.all:
            outcomes.append(system_tests([f"--ignore={path}" for path in COMPARISON], MINUTES["System tests"]))
            title = "Comparison with PostgreSQL"
            outcomes.append(system_tests(COMPARISON, MINUTES[title], title))
        else:
            outcomes.append(system_tests([]))
    finally:
        with_servers.stop()
    if arguments.all:
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
    parser.add_argument("--upgrade", action="store_true", help="nothing but an upgrade from the version before, which is built for it")
    parser.add_argument(
        "--release",
        action="store_true",
        help="nothing but what takes hours, before a release, step by step; ./dev test --release --list says what the steps are (tools/release.py)",
    )
    parser.add_argument("--asan", action="store_true", help="C++ tests that are named under ASan and UBSan too; without names they are")
    parser.add_argument("--tsan", action="store_true", help="the C++ tests under ThreadSanitizer too; in --all they are")
    parser.add_argument("--no-sanitizers", action="store_true", help="leave out the C++ tests under sanitizers")
    parser.add_argument(
        "selection",
        nargs="*",
        metavar="TEST",
        help="only these, with the servers that they need: test_reading, tests/test_reading.py or tests/test_reading.py::test_x are "
        "system tests, src/delivery/ledger_test.cc or ledger_test a file of C++ tests, any other word is a regular expression over the "
        "names of C++ tests; after --, arguments for pytest (-- -k restart)",
    )
    own, pytest = sys.argv[1:], []
    if "--" in own:
        own, pytest = own[: own.index("--")], own[own.index("--") + 1 :]
    if "--release" in own:
        return run([sys.executable, ROOT / "tools" / "release.py", *(word for word in own if word != "--release")])
    arguments = parser.parse_args(own)
    arguments.pytest = pytest
    if arguments.no_sanitizers and (arguments.all or arguments.tsan):
        parser.error("--all and --tsan are with the sanitizers")
    alone = [name for name in ("planted", "upgrade") if getattr(arguments, name)]
    if (arguments.asan or arguments.tsan) and arguments.selection and not selection.has_cpp_tests(arguments.selection):
        parser.error("--asan and --tsan are for C++ tests, and none is named")
    if arguments.asan and not arguments.selection:
        parser.error("--asan is for tests that are named; without names they run under ASan unless --no-sanitizers is given")
    if alone and (len(alone) > 1 or arguments.all or arguments.tsan or arguments.no_sanitizers or arguments.selection or pytest):
        parser.error(f"--{alone[0]} stands alone")

    os.environ.update({name: os.environ.get(name, value) for name, value in ENVIRONMENT.items()})
    os.environ["TURNTABLE_TEST_SEED"] = str(DAY)  # What the tests draw by themselves is the same in all processes, and another time.
    if arguments.all:
        os.environ["TURNTABLE_TEST_ALL"] = "1"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that the servers are stopped on the way out.
    RESULTS.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    outcomes: list[Outcome] = []
    code = None
    try:
        if arguments.planted:
            run_planted(outcomes)
        elif arguments.upgrade:
            run_upgrade(outcomes)
        elif arguments.selection or pytest:
            run_named(arguments, outcomes)
        else:
            run_all(arguments, outcomes)
    except selection.NoSuchTest as why:
        outcomes.append(Outcome("No such test", failed=1, note=str(why)))
    except KeyboardInterrupt:
        outcomes.append(Outcome("Interrupted", failed=1))
        code = 130
    except SystemExit as leaving:
        outcomes.append(Outcome("Ended from outside", failed=1))
        code = leaving.code
    except Exception as error:  # The last line is to say that it failed; what is behind it is told below.
        outcomes.append(Outcome("Ended early", failed=1, note=f"{type(error).__name__}: {error}"))
        traceback.print_exc()
    finally:
        code = report(outcomes, time.monotonic() - begun, code, arguments.all)
    return code


def report(outcomes: list[Outcome], seconds: float, code: int | None, with_shares: bool) -> int:
    passed, failed, skipped = (sum(getattr(o, name) for o in outcomes) for name in ("passed", "failed", "skipped"))
    shares = "; each may take so many on two cores that have built nothing yet" if with_shares else ""
    banner(f"All done in {seconds / 60:.1f} minutes{shares}")
    for outcome in outcomes:
        print("  " + outcome.text(with_shares))
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
