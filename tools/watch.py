#!/usr/bin/env python3
"""Builds and tests again what a save touches, until Ctrl-C.

`./dev watch` calls this. After a save first the tests of that file run, then, where it is no test itself, those of every program
that had to be linked again. With names, the same as `./dev test` takes, it runs these after every save and nothing else. A save in
the middle of that begins anew. Servers that the tests need are started at the first one that needs them, and stay.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import watchfiles

sys.path.insert(0, str(Path(__file__).resolve().parent))
import selection  # noqa: E402
import servers  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
RELEASE = ROOT / "build" / "release"
WATCHED = ["src", "bridge/src", "bridge/include", "tests", "CMakeLists.txt", "cmake", "pipelines", "queries"]
KINDS = {".cc", ".h", ".rs", ".py", ".txt", ".cmake", ".sql", ".cql"}
POLL_MILLIS = 200

Command = list[object]


def relevant(_: watchfiles.Change, path: str) -> bool:
    return Path(path).suffix in KINDS and "__pycache__" not in path


def own_tests(path: Path) -> list[str]:
    """The words for `./dev test` that name the tests of one file; none where it has none."""
    place = path.relative_to(ROOT)
    if place.parts[0] == "tests":
        return [str(place)] if place.name.startswith("test_") else tests_that_name(f"{place.parent.name}.{place.stem}")
    if place.parts[0] == "bridge":
        return ["^bridge_"]
    if place.parts[0] in ("pipelines", "queries"):
        return tests_that_name(place.name) or tests_that_name(place.parts[0])
    if place.parts[0] != "src":
        return []
    if place.stem.endswith("_fuzz"):
        return [rf"^fuzz\.{place.stem.removesuffix('_fuzz')}$"]
    tests = selection.tests_of_file(path)
    return [tests] if tests else []


def tests_that_name(word: str) -> list[str]:
    """Files of system tests that name another file: a module that they import, a pipeline that they run."""
    named = re.compile(rf"(?<!\w){re.escape(word)}\b")
    return [str(path.relative_to(ROOT)) for path in sorted((ROOT / "tests").glob("test_*.py")) if named.search(path.read_text())]


def programs() -> dict[str, int]:
    """When each test program was linked, by a regular expression over the names of its tests."""
    found = {}
    for path in [*RELEASE.glob("*_test"), *RELEASE.glob("*_fuzz")]:
        if path.name.startswith("bridge_"):
            name = rf"^{path.name}$"
        elif path.name.endswith("_fuzz"):
            name = rf"^fuzz\.{path.name.removesuffix('_fuzz')}$"
        else:
            name = rf"^{path.name.removesuffix('_test')}\."
        found[name] = path.stat().st_mtime_ns
    return found


def test(words: list[str]) -> Command:
    return [sys.executable, ROOT / "tools" / "test.py", *words]


def steps_after(changed: set[Path], names: list[str]) -> Iterator[Callable[[], Command | None]]:
    """What to run, one after another; each says its command when its turn comes."""
    if names:
        yield lambda: test(names)
        return
    words = sorted({word for path in changed for word in own_tests(path)})
    before = programs()
    if words:
        yield lambda: test(words)
    if any(path.suffix in (".cc", ".h", ".rs", ".txt", ".cmake") and not path.stem.endswith("_test") for path in changed):
        yield lambda: [ROOT / "dev", "build"]

        def relinked() -> Command | None:
            again = sorted(name for name, linked in programs().items() if linked != before.get(name))
            return test(again) if again else None

        yield relinked


def start_servers(words: list[str]) -> None:
    """Those that these tests need, once for all runs to come."""
    selection.cpp_tests.cache_clear()  # What was saved may have new ones.
    try:
        cpp, python = selection.split(words)
        kinds = selection.cpp_needs(cpp).servers | selection.system_needs(python).servers
    except selection.NoSuchTest:  # The tests' own runner says it.
        return
    if not {(kind, 1) for kind in kinds} <= set(servers.running()):
        servers.up(int("kafka" in kinds), int("cassandra" in kinds), fresh=False)


class Runner:
    """Runs steps one after another, beside the watching."""

    def __init__(self) -> None:
        self.steps: Iterator[Callable[[], Command | None]] = iter(())
        self.running: subprocess.Popen | None = None

    def begin(self, steps: Iterator[Callable[[], Command | None]]) -> None:
        self.end()
        self.steps = steps
        self.go_on()

    def go_on(self) -> None:
        """Starts the next step if none is running."""
        while self.running is None or self.running.poll() is not None:
            if self.running is not None and self.running.returncode != 0:
                self.end()  # What comes behind a failure can wait for the next save.
                return
            step = next(self.steps, None)
            if step is None:
                self.running = None
                return
            command = step()
            if command is None:
                continue
            if command[1:2] and Path(str(command[1])).name == "test.py":
                try:
                    start_servers([str(word) for word in command[2:]])
                except servers.Failure as failure:  # Such as a port that was taken meanwhile: the next save tries again.
                    print(f"./dev watch: {failure}", file=sys.stderr)
                    self.end()
                    return
            self.running = subprocess.Popen([str(word) for word in command], cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True)

    def end(self) -> None:
        self.steps = iter(())
        if self.running is not None and self.running.poll() is None:
            os.killpg(self.running.pid, signal.SIGTERM)
            self.running.wait()
        self.running = None


def main() -> int:
    names = sys.argv[1:]
    before = set(servers.running())
    runner = Runner()
    folders = [ROOT / name for name in WATCHED]
    print(f"==> Watching {', '.join(WATCHED)}; Ctrl-C ends it", flush=True)
    try:
        if names:
            runner.begin(steps_after(set(), names))
        for changes in watchfiles.watch(*folders, watch_filter=relevant, yield_on_timeout=True, rust_timeout=POLL_MILLIS, debounce=POLL_MILLIS):
            if changed := {Path(path) for _, path in changes}:
                print(f"\n==> Saved: {', '.join(sorted(str(path.relative_to(ROOT)) for path in changed))}", flush=True)
                runner.begin(steps_after(changed, names))
            runner.go_on()
    except KeyboardInterrupt:
        return 130
    finally:
        runner.end()
        servers.stop_new(before)
    return 0


if __name__ == "__main__":
    sys.exit(main())
