"""What some named tests need: which programs are built for them, and which servers are started.

A C++ test has the name room.Suite.Test, of a file below src/room/, *_test.cc, with what it is made for before and behind its suite where
it is made for several. It needs a server if its file asks the environment for the server's address. A system test needs those
whose fixtures it uses.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADDRESSES = {"kafka": "TURNTABLE_KAFKA", "cassandra": "TURNTABLE_CASSANDRA"}
MACRO = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)
INSTANCES = re.compile(r"^INSTANTIATE_TEST_SUITE_P\(\s*(\w+),\s*(\w+),", re.MULTILINE)
# Tests of the whole build, under sanitizers alone; the programs are those of CMakeLists.txt.
SANITIZED = ("build.librdkafka_is_sanitized", {"kafka_test", "source_test", "delivery_test", "produce_test", "app_test", "turntable"})


class NoSuchTest(Exception):
    """Words that name no test: a sentence for who wrote them."""


@dataclasses.dataclass
class Needs:
    """Targets of the build, and kinds of servers."""

    targets: set[str] = dataclasses.field(default_factory=set)
    servers: set[str] = dataclasses.field(default_factory=set)


def split(words: list[str]) -> tuple[list[str], list[str]]:
    """Regular expressions over the names of C++ tests, and what pytest takes for system tests. Raises NoSuchTest."""
    cpp, python = [], []
    for word in map(without_root, words):
        if is_system_test(word):
            python.append(system_test(word))
        else:
            cpp.append(cpp_test(word))
    return cpp, python


def has_cpp_tests(words: list[str]) -> bool:
    return not all(is_system_test(without_root(word)) for word in words)


def sanitized(targets: set[str]) -> set[str]:
    """Of these targets those that builds with sanitizers have for tests. There the targets of fuzzing are no tests."""
    return {target for target in targets if not target.startswith("bridge_") and not target.endswith("_fuzz")}


def without_root(word: str) -> str:
    """A path as it is from the root of the project, wherever it was completed by a shell; other words as they are."""
    if not word.startswith(("/", "./", "../")):
        return word
    path = Path(os.path.normpath(Path.cwd() / word))
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else word


def is_system_test(word: str) -> bool:
    return word == "tests" or word.startswith("tests/") or ".py" in word or "::" in word or word.startswith("test_")


def system_test(word: str) -> str:
    """test_run, test_run.py, tests/test_run.py::test_x and test_x name what pytest knows by its path."""
    path, colons, rest = word.partition("::")
    if not path.startswith("tests"):
        path = f"tests/{path}"
    if not (ROOT / path).exists() and not path.endswith(".py"):
        path += ".py"
    if (ROOT / path).exists():
        return path + colons + rest
    if not colons and word.isidentifier():  # The name of a test.
        for file in sorted((ROOT / "tests").glob("test_*.py")):
            if re.search(rf"^(?:async )?def {word}\(", file.read_text(), re.MULTILINE):
                return f"{file.relative_to(ROOT)}::{word}"
    raise NoSuchTest(f"there is no {path}, and no test {word} in tests/")


def room_of(path: Path) -> str:
    """The folder below src/ that a file is in, however deep: src/sql/functions/text.cc is of the room sql."""
    return path.resolve().relative_to((ROOT / "src").resolve()).parts[0]


def tests_of_file(path: Path) -> str | None:
    """A regular expression over the names of the C++ tests of one file below src/, which is a test or has one."""
    stem = re.sub(r"_(test|fuzz)$", "", path.stem)
    test = path.with_name(f"{stem}_test.cc")
    if not test.exists():
        return rf"^{room_of(path)}\." if any((ROOT / "src" / room_of(path)).rglob("*_test.cc")) else None
    suites = sorted({found[1] for found in MACRO.finditer(test.read_text())})
    return rf"^{room_of(path)}\.(.*/)?({'|'.join(suites)})\."


def cpp_test(word: str) -> str:
    """src/delivery/ledger_test.cc, src/delivery/ledger.cc and ledger_test name the tests of a file; else it is a regular expression."""
    files = [ROOT / word] if word.startswith("src/") else sorted((ROOT / "src").rglob(f"{word}.cc")) if word.endswith("_test") and word.isidentifier() else []
    if files:
        if not files[0].is_file():
            raise NoSuchTest(f"there is no {word}")
        if not (tests := tests_of_file(files[0])):
            raise NoSuchTest(f"{word} has no tests of its own, nor has its room")
        return tests
    if word.endswith("_test") and (ROOT / "src" / word.removesuffix("_test")).is_dir():
        return rf"^{word.removesuffix('_test')}\."
    try:
        re.compile(word)
    except re.error as error:
        raise NoSuchTest(f"'{word}' is no regular expression: {error}") from error
    return word


@functools.cache
def cpp_tests() -> list[tuple[list[str], set[str], set[str]]]:
    """Names of tests, the targets that hold them, and the servers that they need."""
    return list(read_cpp_tests())


def read_cpp_tests() -> Iterator[tuple[list[str], set[str], set[str]]]:
    for path in sorted((ROOT / "src").rglob("*_test.cc")):
        room, text = room_of(path), path.read_text()
        prefixes: dict[str, list[str]] = {}
        for found in INSTANCES.finditer(text):
            prefixes.setdefault(found[2], []).append(found[1])
        names = []
        for found in MACRO.finditer(text):
            names += [f"{room}.{prefix}/{found[1]}.{found[2]}/" for prefix in prefixes.get(found[1], [])] or [f"{room}.{found[1]}.{found[2]}"]
        yield names, {f"{room}_test"}, {kind for kind, variable in ADDRESSES.items() if variable in text}
    yield [SANITIZED[0]], SANITIZED[1], set()
    for path in sorted((ROOT / "src").glob("*/*_fuzz.cc")):
        yield [f"fuzz.{path.stem.removesuffix('_fuzz')}"], {path.stem}, set()
    for path in sorted((ROOT / "bridge" / "tests").glob("*.c")):
        yield [f"bridge_{path.stem}"], {f"bridge_{path.stem}"}, {"cassandra"} if "TURNTABLE_CASSANDRA" in path.read_text() else set()


def names_one(word: str, names: list[str]) -> bool:
    """Whether it is found in one of them. What a test is made for, at its end, stands in no source: `/sqlite`."""
    if any(re.search(word, name) for name in names):
        return True
    try:
        shortened = re.compile(re.sub(r"(?<=.)/[^/.]*$", "/", word))
    except re.error:  # It was cut within brackets.
        return False
    return any(shortened.search(name) for name in names)


def cpp_needs(words: list[str]) -> Needs:
    """Of the tests in which one of these regular expressions is found. Raises NoSuchTest for one that is found in none."""
    needs = Needs()
    unknown = set(words)
    for names, targets, of_servers in cpp_tests():
        if named := {word for word in words if names_one(word, names)}:
            unknown -= named
            needs.targets |= targets
            needs.servers |= of_servers
    if unknown:
        raise NoSuchTest(f"no test's name has {' or '.join(sorted(unknown))} in it")
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
            needs = json.load(told)
        except ValueError:  # What is wrong is told when they run.
            return Needs({"turntable"})
        return Needs({"turntable", *needs["targets"]}, set(needs["servers"]))
