"""What some named tests need: which programs are built for them, and which servers are started.

A C++ test has the name room.Suite.Test, of a file src/room/*_test.cc. It needs a server if its file asks the environment for the
server's address. A system test needs those whose fixtures it uses.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADDRESSES = {"kafka": "TURNTABLE_KAFKA", "cassandra": "TURNTABLE_CASSANDRA"}
MACRO = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)|^RC_GTEST_PROP\(\s*(\w+),\s*(\w+)", re.MULTILINE)


@dataclasses.dataclass
class Needs:
    """Targets of the build, and kinds of servers. None: of all that there are."""

    targets: set[str] | None = dataclasses.field(default_factory=set)
    servers: set[str] = dataclasses.field(default_factory=set)


def split(words: list[str]) -> tuple[list[str], list[str]]:
    """Regular expressions over the names of C++ tests, and what pytest takes for system tests."""
    return [word for word in words if not is_system_test(word)], [system_test(word) for word in words if is_system_test(word)]


def is_system_test(word: str) -> bool:
    return word.startswith("tests") or ".py" in word or "::" in word or word.startswith("test_")


def system_test(word: str) -> str:
    """test_run, test_run.py and tests/test_run.py::test_x name what pytest knows by its path."""
    path, colons, rest = word.partition("::")
    if not path.startswith("tests"):
        path = f"tests/{path}"
    if not path.endswith((".py", "tests", "/")):
        path += ".py"
    return path + colons + rest


def cpp_needs(words: list[str]) -> Needs:
    """Of the tests in which one of these regular expressions is found; nothing where there is none of those."""
    if not words:
        return Needs()
    wanted = re.compile("|".join(f"(?:{word})" for word in words))
    needs = Needs()
    for path in sorted((ROOT / "src").glob("*/*_test.cc")):
        room, text = path.parent.name, path.read_text()
        names = [f"{room}.{found[1] or found[3]}.{found[2] or found[4]}" for found in MACRO.finditer(text)]
        if any(wanted.search(name) for name in names):
            needs.targets.add(f"{room}_test")
            needs.servers |= {kind for kind, variable in ADDRESSES.items() if variable in text}
    if not needs.targets:  # Tests that are no GoogleTest's: those of the bridge and of the build itself.
        return Needs(None, set(ADDRESSES))
    return needs


def system_needs(arguments: list[str]) -> Needs:
    """Of the tests that pytest collects with these arguments; nothing where there are none."""
    if not arguments:
        return Needs()
    with tempfile.NamedTemporaryFile(mode="r", suffix=".json") as told:
        command = [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-p", "support.needs", *arguments]
        environment = os.environ | {"TURNTABLE_NEEDS": told.name, "PYTHONPATH": str(ROOT / "tests")}
        subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment, check=False)
        try:
            return Needs({"turntable"}, set(json.load(told)))
        except ValueError:  # What is wrong is told when they run.
            return Needs({"turntable"})
