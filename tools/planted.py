#!/usr/bin/env python3
"""Plants bugs, one at a time, and shows that the test that is there for each catches it: a check that never fails proves nothing.

Each tests/planted/*.patch is a small change of a .cc file under src/ that breaks the guarantee of docs/DELIVERY.md. Its first
line says how, its second which tests are to catch it. The release build gives everything but the changed file: only that one, with
those that are compiled together with it, is compiled again, into build/planted/, and linked before the archive that holds the
right one. The exit code is 1 if a patch does not apply or compile, if one of its tests does not catch it, or if that fails without
the bug too.

`./dev test --all` runs this, and `./dev test --planted` nothing else; with --every-test all tests of these programs are tried on every bug.
With --build PROGRAM it only builds that program with one bug and prints its path, for checks that take a whole program, as ./dev chaos does:

    TURNTABLE_BINARY=$(tools/planted.py --build turntable one_time_for_two) ./dev chaos --pipeline latest

Standard library only.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import random
import re
import resource
import shlex
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import units  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
PATCHES = ROOT / "tests" / "planted"
RELEASE = ROOT / "build" / "release"
BROKER = "TURNTABLE_KAFKA"
PLANTED = ROOT / "build" / "planted"
# Those with the tests that are to catch something.
PROGRAMS = ["delivery_test", "sink_test", "lane_test", "simulation_test", "source_test"]
# No test takes a fifth of this. One that a bug keeps from ending is ended after so many seconds, and so has caught it.
SECONDS_LIMIT = 20  # Of the processor: a machine that does other things too makes no test hang.
WAIT_LIMIT = 3 * SECONDS_LIMIT  # By the clock, for what waits and computes nothing.
# Enough for every planted bug; all seeds are played by the tests themselves.
ENVIRONMENT = {"TURNTABLE_SEEDS": "500"}
# Only the changed file is compiled so. How fast the bug would run does not matter, nor what warnings it gives.
QUICK = ["-O1", "-g0", "-w"]


class Trouble(Exception):
    """A planted bug that cannot be tried out; the text says why."""


@dataclasses.dataclass
class Planted:
    """A patch, and what became of it."""

    path: Path
    failed: list[str] = dataclasses.field(default_factory=list)  # Tests, which have caught it.
    trouble: str = ""
    seconds: float = 0

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def sentence(self) -> str:
        return self.path.read_text().splitlines()[0]

    @property
    def tests(self) -> list[str]:
        """Those that are to catch it."""
        found = re.fullmatch(r"Caught by (\w+\.\w+(?:, \w+\.\w+)*)\.", self.path.read_text().splitlines()[1])
        if not found:
            raise Trouble("its second line is not: Caught by Suite.Name, Suite.Name.")
        return found[1].split(", ")

    @property
    def missed_by(self) -> list[str]:
        return [test for test in self.tests if not any(failed.split()[0] == test for failed in self.failed)]

    @property
    def needs_broker(self) -> bool:
        return any(test.endswith("OnARealBroker") for test in self.tests)

    @property
    def caught(self) -> bool:
        return not self.trouble and not self.missed_by


def commands(*arguments: object) -> str:
    done = subprocess.run(["ninja", "-C", RELEASE, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"planted: {RELEASE} cannot be built; run ./dev build first:\n{done.stdout}{done.stderr}")
    return done.stdout


def tests_of(program: str) -> list[str]:
    """Suite.Name of each test that the program has."""
    tests, suite = [], ""
    for line in subprocess.run([RELEASE / program, "--gtest_list_tests"], capture_output=True, text=True, check=True).stdout.splitlines():
        if line.startswith("  "):
            tests.append(suite + line.split()[0])
        else:
            suite = line.split()[0]
    return tests


class Bench:
    """Builds and runs programs with one file changed."""

    def __init__(self, programs: list[str]) -> None:
        commands(*programs)
        self.program_of = {test: program for program in programs if program in PROGRAMS for test in tests_of(program)}
        entries = json.loads((RELEASE / "compile_commands.json").read_text())
        self.compiling = {entry["file"]: shlex.split(entry["command"]) for entry in entries}
        self.unit_of = {name.removeprefix(f"{ROOT}/"): unit for unit in self.compiling for name in units.sources_of(Path(unit))}
        self.linking = {program: link_command(program) for program in programs}
        self.cache = [path] if (path := shutil.which("ccache")) else []

    def failing_without(self, all_planted: list[Planted]) -> list[str]:
        """Tests that would catch whatever is planted."""
        with contextlib.suppress(Trouble):  # Which is told of the patch itself.
            tests = {test for planted in all_planted for test in planted.tests if test in self.program_of}
            programs = {program: [test for test in tests if self.program_of[test] == program] for program in PROGRAMS}
            return [failed for program, named in programs.items() if named for failed in failing_tests(RELEASE / program, ":".join(named))]
        return []

    def try_out(self, planted: Planted, every_test: bool) -> None:
        begun = time.monotonic()
        folder = PLANTED / planted.name
        shutil.rmtree(folder, ignore_errors=True)
        try:
            if missing := [test for test in planted.tests if test not in self.program_of]:
                raise Trouble(f"there is no test {missing[0]}")
            objects = self.compile(planted, folder)
            for program in PROGRAMS:
                tests = [test for test in planted.tests if self.program_of[test] == program]
                if (tests or every_test) and self.link(objects, folder, program):
                    planted.failed += failing_tests(folder / program, "*" if every_test else ":".join(tests))
        except Trouble as trouble:
            planted.trouble = str(trouble)
        if planted.caught:
            shutil.rmtree(folder)
        planted.seconds = time.monotonic() - begun

    def build(self, planted: Planted, program: str) -> Path:
        folder = PLANTED / f"{planted.name}-{program}"
        shutil.rmtree(folder, ignore_errors=True)
        if not self.link(self.compile(planted, folder), folder, program):
            raise Trouble(f"{program} holds nothing of what it changes")
        return folder / program

    def compile(self, planted: Planted, folder: Path) -> list[Path]:
        """The changed objects, each in a folder that is named after its room."""
        names = sorted(set(re.findall(r"^\+\+\+ b/(\S+)", planted.path.read_text(), re.MULTILINE)))
        if others := [name for name in names if name not in self.unit_of]:
            raise Trouble(f"{others[0]} is no .cc file of the program, and only those are changed")
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
        run(["patch", "-p1", "--batch", "--forward", "--fuzz=0", "--reject-file=-", "-i", planted.path], folder, "does not apply")
        objects = []
        for unit in sorted({self.unit_of[name] for name in names}):
            inside = [name for name in names if self.unit_of[name] == unit]
            source = folder / inside[0]
            if unit != str(ROOT / inside[0]):  # Several files that are compiled at once.
                source = source.with_name(Path(unit).name)
                text = Path(unit).read_text()
                for name in inside:
                    text = text.replace(f'"{ROOT / name}"', f'"{folder / name}"')
                source.write_text(text)
            objects.append(source.with_suffix(".o"))
            run(self.cache + compile_command(self.compiling[unit], source, objects[-1]), RELEASE, "does not compile")
        return objects

    def link(self, objects: list[Path], folder: Path, program: str) -> bool:
        """False where the program holds nothing of the room that is changed."""
        command = list(self.linking[program])
        for changed in objects:
            room = f"libturntable_{changed.parent.name}.a"
            if room not in command:
                return False
            archive = changed.with_suffix(".a")
            run(["ar", "rcs", archive, changed], RELEASE, "does not become an archive")
            command.insert(command.index(room), str(archive))  # What this one has given, nobody asks of the next.
        at = command.index("-o")
        command[at + 1] = str(folder / program)
        run(command, RELEASE, "does not link")
        return True


def link_command(program: str) -> list[str]:
    """Out of ": && c++ … -o lane_test … && :"."""
    return shlex.split(commands("-t", "commands", "-s", program).strip().removeprefix(": &&").removesuffix("&& :"))


def compile_command(command: list[str], source: Path, target: Path) -> list[str]:
    words = list(command)
    words[words.index("-o") + 1] = str(target)
    words[words.index("-c") + 1] = str(source)
    return words + QUICK


def run(command: list[object], folder: Path, what: str) -> None:
    done = subprocess.run(list(map(str, command)), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Trouble(f"{what}:\n{done.stdout}")


def failing_tests(program: Path, which: str) -> list[str]:
    """Those that fail, hang or end the program."""
    environment = {name: value for name, value in os.environ.items() if name == BROKER or not name.startswith("TURNTABLE_")} | ENVIRONMENT
    try:
        done = subprocess.run(
            [program, f"--gtest_filter={which}"], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            check=False, env=environment, timeout=WAIT_LIMIT,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_LIMIT, SECONDS_LIMIT + 1)),
        )  # fmt: skip
        output, end = done.stdout, "ends the program" if done.returncode < 0 else ""
    except subprocess.TimeoutExpired as expired:
        output, end = (expired.stdout or b"").decode(errors="replace"), "does not end"
    tests = list(dict.fromkeys(re.findall(r"^\[  FAILED  \] (\w[\w/]*\.[\w/]+)", output, re.MULTILINE)))
    if end:
        begun = re.findall(r"^\[ RUN      \] (\S+)", output, re.MULTILINE)
        tests.append(f"{begun[-1] if begun else program.name} ({end})")
    return tests


def tell(planted: Planted) -> None:
    print(f"\n{planted.name}: {planted.sentence}")
    if planted.trouble:
        print(f"  {planted.trouble}")
    else:
        for test in planted.missed_by:
            print(f"  NOT CAUGHT by {test}")
    for test in planted.failed:
        print(f"  caught by {test}")
    sys.stdout.flush()


def write_junit(path: Path, all_planted: list[Planted]) -> None:
    suite = ElementTree.Element("testsuite", name="planted")
    for planted in all_planted:
        case = ElementTree.SubElement(suite, "testcase", name=planted.name, time=f"{planted.seconds:.1f}")
        if not planted.caught:
            why = planted.trouble or "not caught by " + ", ".join(planted.missed_by)
            ElementTree.SubElement(case, "failure", message=why)
    ElementTree.ElementTree(suite).write(path)


def main() -> int:
    parser = argparse.ArgumentParser(description="Plant bugs one at a time and show that a test catches each.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these: old_epoch, or tests/planted/old_epoch.patch")
    parser.add_argument("--every-test", action="store_true", help="try all tests on every bug, not only the one that is there for it")
    parser.add_argument("--minutes", type=float, help="begin with no further bug after this long")
    parser.add_argument("--seed", default="1", help="draws the order, where --minutes are given")
    parser.add_argument("--junit", type=Path, help="write a report that test runners read to this file")
    parser.add_argument("--build", metavar="PROGRAM", help="only build PROGRAM, turntable for example, with the one bug that is named; prints its path")
    arguments = parser.parse_args()
    named = [PATCHES / f"{Path(name).stem}.patch" for name in arguments.names]
    if missing := [path.stem for path in named if not path.is_file()]:
        parser.error(f"there is no tests/planted/{missing[0]}.patch")
    for program in ("ninja", "patch"):
        if shutil.which(program) is None:
            sys.exit(f"planted: {program} is needed and not installed")

    if arguments.build:
        if len(named) != 1:
            parser.error("--build takes one bug")
        try:
            print(Bench([arguments.build]).build(Planted(named[0]), arguments.build))
        except Trouble as trouble:
            sys.exit(f"planted: {named[0].stem} {trouble}")
        return 0

    begun = time.monotonic()
    bench = Bench(PROGRAMS)
    all_planted = [Planted(path) for path in named or sorted(PATCHES.glob("*.patch"))]
    if BROKER not in os.environ:
        left_out = [planted for planted in all_planted if planted.needs_broker]
        all_planted = [planted for planted in all_planted if not planted.needs_broker]
        for planted in left_out:
            print(f"{planted.name}: left out, for its test needs a real Kafka; {BROKER}=host:port says where one is")
    if failing := bench.failing_without(all_planted):
        sys.exit(f"planted: tests fail without any planted bug: {', '.join(failing)}")
    if arguments.minutes:
        random.Random(arguments.seed).shuffle(all_planted)

    def try_in_time(planted: Planted) -> bool:
        if arguments.minutes and time.monotonic() > begun + 60 * arguments.minutes:
            return False
        bench.try_out(planted, arguments.every_test)
        return True

    with ThreadPoolExecutor(os.cpu_count()) as workers:
        trying = [(planted, workers.submit(try_in_time, planted)) for planted in all_planted]
        all_planted = []
        for planted, tried in trying:
            if tried.result():
                all_planted.append(planted)
                tell(planted)
    if arguments.junit:
        write_junit(arguments.junit, all_planted)
    caught = sum(planted.caught for planted in all_planted)
    print(f"\n{caught} of {len(all_planted)} planted bugs caught in {time.monotonic() - begun:.0f} s")
    return 0 if caught == len(all_planted) else 1


if __name__ == "__main__":
    sys.exit(main())
