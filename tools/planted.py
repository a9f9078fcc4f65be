#!/usr/bin/env python3
"""Plants bugs, one at a time, and shows which test catches each: a check that never fails proves nothing.

Each tests/planted/*.patch is a small change of src/ that breaks the guarantee of docs/DELIVERY.md; its first line says how.
The sources are copied to build/planted/, where each patch is applied in turn and the test programs are built and run. The
exit code is 1 if a patch does not apply or compile, or if no test catches it. Only what a patch touches is built again.

Standard library only.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATCHES = ROOT / "tests" / "planted"
TREE = ROOT / "build" / "planted"
BUILD = TREE / "build"
PROGRAMS = ["delivery_test", "sink_test", "lane_test"]
# No test program takes half of this. One that a bug keeps from ending is ended after so many seconds, and so has caught it.
SECONDS_LIMIT = 60
# Enough for every planted bug; all of them are played by the tests themselves.
ENVIRONMENT = {"TURNTABLE_SEEDS": "500"}


@dataclasses.dataclass
class Planted:
    """A patch, and what became of it."""

    path: Path
    caught_by: list[str] = dataclasses.field(default_factory=list)
    trouble: str = ""

    @property
    def sentence(self) -> str:
        return self.path.read_text().splitlines()[0]


def copy_sources() -> None:
    """Makes the tree like the repository. What is the same keeps its time, so that it is not built again."""
    wanted = {Path("CMakeLists.txt")} | {p.relative_to(ROOT) for p in (ROOT / "src").rglob("*") if p.is_file()}
    for name in wanted:
        target = TREE / name
        text = (ROOT / name).read_bytes()
        if not target.is_file() or target.read_bytes() != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text)
    for path in list((TREE / "src").rglob("*")):
        if path.is_file() and path.relative_to(TREE) not in wanted:
            path.unlink()
    # The bridge has no planted bugs: it is the one that is built beside the other build types.
    include = TREE / "cmake" / "bridge.cmake"
    if not include.is_file():
        include.parent.mkdir(parents=True)
        include.write_text(f'include("{ROOT.as_posix()}/cmake/bridge.cmake")\n')


def configure() -> None:
    command = ["cmake", "-S", TREE, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_FLAGS_RELEASE=-O1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"planted: CMake could not configure {BUILD}:\n{done.stdout}{done.stderr}")


def build() -> str:
    """What the compiler says where it fails; else nothing."""
    environment = os.environ | {"CCACHE_BASEDIR": str(TREE)}
    done = subprocess.run(["ninja", "-C", BUILD, *PROGRAMS], capture_output=True, text=True, check=False, env=environment)
    return "" if done.returncode == 0 else done.stdout


def run(program: str) -> list[str]:
    """The tests that fail, hang or end the program."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TURNTABLE_")} | ENVIRONMENT
    try:
        done = subprocess.run(
            [BUILD / program], capture_output=True, text=True, errors="replace", check=False,
            env=environment, timeout=SECONDS_LIMIT,
        )  # fmt: skip
        output, end = done.stdout, "ends the program" if done.returncode < 0 else ""
    except subprocess.TimeoutExpired as expired:
        output, end = (expired.stdout or b"").decode(errors="replace"), "does not end"
    failed = dict.fromkeys(re.findall(r"^\[  FAILED  \] (\w[\w/]*\.[\w/]+)", output, re.MULTILINE))
    tests = list(failed)
    if end:
        begun = re.findall(r"^\[ RUN      \] (\S+)", output, re.MULTILINE)
        tests.append(f"{begun[-1] if begun else program} ({end})")
    return tests


def failing_tests() -> list[str]:
    return [test for program in PROGRAMS for test in run(program)]


def try_out(planted: Planted) -> None:
    command = ["patch", "-p1", "--batch", "--forward", "--fuzz=0", "--reject-file=-", "-d", TREE, "-i", planted.path]
    applied = subprocess.run(command, capture_output=True, text=True, check=False)
    if applied.returncode != 0:
        planted.trouble = "does not apply:\n" + applied.stdout
    elif said := build():
        planted.trouble = "does not compile:\n" + said
    else:
        planted.caught_by = failing_tests()
    for stray in (TREE / "src").rglob("*.orig"):
        stray.unlink()
    copy_sources()


def main() -> int:
    parser = argparse.ArgumentParser(description="Plant bugs one at a time and show which test catches each.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these: old_epoch, or tests/planted/old_epoch.patch")
    arguments = parser.parse_args()
    named = [PATCHES / f"{Path(name).stem}.patch" for name in arguments.names]
    if missing := [path.stem for path in named if not path.is_file()]:
        parser.error(f"there is no tests/planted/{missing[0]}.patch")
    for program in ("cmake", "ninja", "patch"):
        if shutil.which(program) is None:
            sys.exit(f"planted: {program} is needed and not installed")

    begun = time.monotonic()
    copy_sources()
    configure()
    if said := build():
        sys.exit(f"planted: the sources do not compile without any planted bug:\n{said}")
    if failing := failing_tests():
        sys.exit(f"planted: tests fail without any planted bug: {', '.join(failing)}")
    all_planted = [Planted(path) for path in named or sorted(PATCHES.glob("*.patch"))]
    for planted in all_planted:
        try_out(planted)
        print(f"\n{planted.path.stem}: {planted.sentence}")
        if planted.trouble:
            print(f"  {planted.trouble}")
        elif not planted.caught_by:
            print("  NOT CAUGHT")
        for test in planted.caught_by:
            print(f"  caught by {test}")
        sys.stdout.flush()
    caught = sum(bool(planted.caught_by) for planted in all_planted)
    print(f"\n{caught} of {len(all_planted)} planted bugs caught in {time.monotonic() - begun:.0f} s")
    return 0 if caught == len(all_planted) else 1


if __name__ == "__main__":
    sys.exit(main())
