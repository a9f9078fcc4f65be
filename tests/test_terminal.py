"""What a person at a terminal sees while a run goes on."""

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import pytest

from support.listening import file_pipeline, play
from support.program import BINARY, environment


def test_a_terminal_shows_one_status_line_that_is_drawn_again(turntable):
    pipeline = file_pipeline(turntable, "-", "null", listening_history__flush_interval="50ms")
    terminal, other_end = pty.openpty()
    running = subprocess.Popen(
        [str(BINARY), "run", str(pipeline.pipeline), *pipeline.sets],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=other_end, env=environment(), cwd=turntable.directory,
    )  # fmt: skip
    os.close(other_end)
    seen = b""
    try:
        running.stdin.write(play() + b"\n")
        running.stdin.flush()
        deadline = time.monotonic() + 30
        while b"written 1, unmatched 0, rejected 0" not in seen and time.monotonic() < deadline:
            seen += os.read(terminal, 4096)
        running.stdin.close()
        assert running.wait(30) == 0
    finally:
        running.kill()
        os.close(terminal)
    assert b"written 1, unmatched 0, rejected 0" in seen
    assert b"\r\x1b[K" in seen and b" records/s, lag " in seen
    assert b"info" not in seen, "no log line beside it"


class Terminal:
    """A terminal of so many columns, on which a run is shown, with both of its outputs."""

    def __init__(self, turntable, words: list, columns: int, stdin=subprocess.DEVNULL) -> None:
        self.ours, other_end = pty.openpty()
        self.resize(columns)
        self.seen = b""
        self.running = subprocess.Popen(
            [str(BINARY), *map(str, words)], stdin=stdin, stdout=other_end, stderr=other_end, env=environment(), cwd=turntable.directory
        )
        os.close(other_end)

    def resize(self, columns: int) -> None:
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", 20, columns, 0, 0))

    def read_until(self, done, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not done(self.drawn()):
            assert time.monotonic() < deadline, self.seen.decode()
            with contextlib.suppress(BlockingIOError):
                if select.select([self.ours], [], [], 0.5)[0]:
                    self.seen += os.read(self.ours, 4096)

    def drawn(self) -> list[str]:
        """The status lines, each as it was drawn."""
        parts = re.split(r"\r\x1b\[K|\r?\n", self.seen.decode(errors="replace"))
        return [part for part in parts if re.match(r"[\d,]+ rec", part)]

    def end(self) -> str:
        self.running.terminate()
        while self.running.poll() is None or select.select([self.ours], [], [], 0)[0]:
            try:
                if select.select([self.ours], [], [], 0.1)[0]:
                    self.seen += os.read(self.ours, 4096)
            except OSError:  # The other end is closed.
                break
        self.running.wait(30)
        os.close(self.ours)
        return self.seen.decode(errors="replace")


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_a_status_line_fits_its_terminal_and_nothing_is_written_behind_it(columns, turntable):
    (turntable.directory / "p.sql").write_text(
        "CREATE TABLE plays (id int) WITH (connector = 'ndjson', path = '-', dead_letters = 'drop');\n"
        "CREATE TABLE history (id int) WITH (connector = 'null', flush_interval = '300ms');\n"
        "INSERT INTO history SELECT p.id FROM plays p;\n"
    )
    terminal = Terminal(turntable, ["run", "p.sql"], columns, stdin=subprocess.PIPE)
    terminal.read_until(lambda lines: len(lines) >= 2)
    for number in range(3):  # Rows come while a status line stands there.
        terminal.running.stdin.write(b'{"id": %d}\n' % number)
        terminal.running.stdin.flush()
        flushed = terminal.seen.count(b"Flushing")
        terminal.read_until(lambda lines, flushed=flushed: terminal.seen.count(b"Flushing") > flushed)
    narrowed, before = max(12, columns // 2), len(terminal.drawn())
    terminal.resize(narrowed)
    terminal.read_until(lambda lines: len(lines) >= before + 4)
    shown = terminal.end()
    lines = terminal.drawn()
    assert all(len(line) < columns for line in lines[:before]), lines
    assert all(len(line) < narrowed for line in lines[before + 2 :]), lines
    assert any(line.startswith("0 records/s") for line in lines), lines
    for text in shown.split("\n"):
        kept = text.rpartition("\r\x1b[K")[2]  # What stands in the line at last.
        assert not ("records/s" in kept and "Flushing" in kept), shown


def test_a_progress_line_of_produce_fits_its_terminal(turntable, kafka, topic):
    (turntable.directory / "songs.csv").write_text("name\nMemories\n")
    words = ["produce", "--catalogue", "songs.csv", "--topic", topic, "--bootstrap", kafka.bootstrap, "--count", 100_000, "--rate", 100]
    terminal = Terminal(turntable, words, 30)
    terminal.read_until(lambda _: terminal.seen.count(b"\033[K") >= 3)
    drawn = re.findall(r"\r([^\r\n]*?)\x1b\[K", terminal.end())
    assert drawn and all(len(line) < 30 for line in drawn), drawn
    assert any("of 100,000" in line for line in drawn), drawn
