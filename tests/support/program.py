"""Runs the program under test and keeps what it says."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BINARY = Path(os.environ.get("TURNTABLE_BINARY", ROOT / "build" / "release" / "turntable"))
POLL_SECONDS = 0.05
# Variables that stand in for options: what the tests know servers by is not meant for the program.
OPTIONS = {f"TURNTABLE_{name}" for name in ("BOOTSTRAP", "CASSANDRA", "FORMAT", "LANES", "LOG_FORMAT", "SQLITE")}


def wait_until(condition, what: str, seconds: float = 30, process: Running | None = None):
    """Polls until `condition()` is true and gives its value. Fails at the deadline, or when the process ends early."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if process is not None and process.returncode() is not None:
            raise AssertionError(f"the program ended with {process.returncode()} before {what}\n{process.transcript()}")
        if time.monotonic() > deadline:
            said = "\n" + process.transcript() if process is not None else ""
            raise AssertionError(f"waited {seconds} s in vain until {what}{said}")
        time.sleep(POLL_SECONDS)


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """The caller's environment without what would change the program's behaviour or look."""
    kept = {k: v for k, v in os.environ.items() if k not in ("KAFKA", "CASSANDRA", "COLUMNS", "LINES", "TZ") and k not in OPTIONS}
    kept.update({"LC_ALL": "C.UTF-8", "TERM": "dumb", "NO_COLOR": "1"})
    kept.update(extra or {})
    return kept


@dataclass
class Result:
    """A run that has ended."""

    arguments: list[str]
    code: int
    stdout: str
    stderr: str
    seconds: float
    stats_file: Path | None = None

    @property
    def stats(self) -> dict:
        assert self.stats_file is not None, "the run was not asked for --stats-json"
        return json.loads(self.stats_file.read_text())

    @property
    def verdict(self) -> str:
        """The last line on standard output."""
        lines = [line for line in self.stdout.splitlines() if line.strip()]
        assert lines, f"nothing on standard output\n{self.transcript()}"
        return lines[-1]

    @property
    def flushed(self) -> int:
        return sum(int(n.replace(",", "")) for n in re.findall(r"Flushing ([\d,]+) records? to ", self.stdout))

    def transcript(self) -> str:
        return (
            f"$ turntable {' '.join(self.arguments)}\n[exit {self.code} after {self.seconds:.1f} s]\n"
            f"--- stdout\n{self.stdout[-6000:]}\n--- stderr\n{self.stderr[-6000:]}"
        )

    def expect(self, code: int) -> Result:
        assert self.code == code, f"expected exit {code}\n{self.transcript()}"
        for sign in ("Traceback", "terminate called", "turntable: bug", "Sanitizer", "panicked at", "Segmentation", "core dumped"):
            assert sign not in self.stderr, self.transcript()
        return self


class Running:
    """A run that goes on. Its output is read by threads, so that a full pipe never stops it."""

    def __init__(self, command: list[str], cwd: Path, env: dict[str, str], stats_file: Path | None) -> None:
        self.arguments = command[1:]
        self.stats_file = stats_file
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.lines: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        self.readers = [
            threading.Thread(target=self.read, args=(name,), daemon=True) for name in ("stdout", "stderr")
        ]
        for reader in self.readers:
            reader.start()

    def read(self, name: str) -> None:
        for line in getattr(self.process, name):
            self.lines[name].append(line)

    def returncode(self) -> int | None:
        return self.process.poll()

    @property
    def stdout(self) -> str:
        return b"".join(self.lines["stdout"]).decode(errors="replace")

    @property
    def stderr(self) -> str:
        return b"".join(self.lines["stderr"]).decode(errors="replace")

    @property
    def output(self) -> str:
        return self.stdout + self.stderr

    def transcript(self) -> str:
        return f"$ turntable {' '.join(self.arguments)}\n--- stdout\n{self.stdout[-6000:]}\n--- stderr\n{self.stderr[-6000:]}"

    def wait_for(self, pattern: str, seconds: float = 30) -> str:
        """Waits until the output has a line in which the pattern is found."""
        found = wait_until(lambda: re.search(pattern, self.output), f"it printed /{pattern}/", seconds, self)
        return found[0]

    def send(self, sign: int) -> None:
        self.process.send_signal(sign)

    def wait(self, seconds: float = 60) -> Result:
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the program did not end within {seconds} s\n{self.transcript()}") from None
        for reader in self.readers:
            reader.join(10)
        elapsed = time.monotonic() - self.begun
        return Result(self.arguments, code, self.stdout, self.stderr, elapsed, self.stats_file)

    def terminate(self, seconds: float = 60) -> Result:
        self.send(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self) -> None:
        if self.returncode() is None:
            self.process.kill()
        self.process.wait()


class Turntable:
    """The binary, in a working directory of the test's own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.started: list[Running] = []

    def start(self, *arguments: object, env: dict[str, str] | None = None, stats: bool = False, cwd: Path | None = None):
        assert BINARY.exists(), f"{BINARY} is not there; build it with ./dev build"
        words = [str(word) for word in arguments]
        stats_file = None
        if stats:
            stats_file = self.directory / f"stats-{len(self.started)}.json"
            words += ["--stats-json", str(stats_file)]
        running = Running([str(BINARY), *words], cwd or self.directory, environment(env), stats_file)
        self.started.append(running)
        return running

    def run(self, *arguments: object, timeout: float = 60, stdin: bytes | None = None, **options) -> Result:
        if stdin is None:
            return self.start(*arguments, **options).wait(timeout)
        words = [str(word) for word in arguments]
        begun = time.monotonic()
        done = subprocess.run(
            [str(BINARY), *words], cwd=options.get("cwd") or self.directory, env=environment(options.get("env")),
            input=stdin, capture_output=True, timeout=timeout, check=False,
        )  # fmt: skip
        said = [stream.decode(errors="replace") for stream in (done.stdout, done.stderr)]
        return Result(words, done.returncode, *said, time.monotonic() - begun)

    def end_all(self) -> None:
        for running in self.started:
            running.kill()
