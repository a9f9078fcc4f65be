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

    def __init__(self, turntable, words: list, columns: int, stdin=subprocess.DEVNULL, env: dict[str, str] | None = None, before=None) -> None:
        self.ours, other_end = pty.openpty()
        self.resize(columns)
        self.seen = b""
        self.running = subprocess.Popen(
            [str(BINARY), *map(str, words)], stdin=stdin, stdout=other_end, stderr=other_end, env=environment(env), cwd=turntable.directory,
            preexec_fn=before,
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


# ------------------------------------------------------------------------------------------------------------------ progress

LINE = re.compile(r"\r\x1b\[K([^\r\n]+)")
SLOW_QUERY = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000000) SELECT n FROM c"


def progress_of(terminal: Terminal, unit: str) -> list[str]:
    """The lines of progress that were drawn, each whole."""
    return [line for line in LINE.findall(terminal.seen.decode(errors="replace")) if unit in line]


def on_one_processor() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


@pytest.mark.parametrize("columns", [60, 120])
def test_an_export_shows_its_progress(columns, turntable):
    (turntable.directory / "rows.db").write_bytes(b"")
    terminal = Terminal(turntable, ["query", "--sqlite", "rows.db", "-e", SLOW_QUERY, "--format", "csv", "-o", "rows.csv"], columns)
    terminal.read_until(lambda _: len(progress_of(terminal, " rows, ")) >= 3)
    terminal.end()
    lines = progress_of(terminal, " rows, ")
    assert all(re.fullmatch(r"[\d,]+ rows, [\d,]+/s", line) and len(line) < columns for line in lines), lines
    counts = [int(line.split()[0].replace(",", "")) for line in lines]
    assert counts == sorted(counts) and counts[0] < counts[-1]


def test_rows_on_a_terminal_need_no_progress(turntable):
    (turntable.directory / "rows.db").write_bytes(b"")
    terminal = Terminal(turntable, ["query", "--sqlite", "rows.db", "-e", SLOW_QUERY, "--format", "csv"], 60)
    terminal.read_until(lambda _: len(terminal.seen) > 200_000)
    assert progress_of(terminal, " rows, ") == []
    terminal.end()


def replayed(turntable, letters: int) -> list:
    """A pipeline with so many thousand letters, made by itself."""
    (turntable.directory / "p.sql").write_text(
        "CREATE TABLE plays (id int, song text) WITH (connector = 'ndjson', path = 'events.ndjson', dead_letters = 'file:letters.jsonl');\n"
        "CREATE TABLE songs (name text) WITH (connector = 'csv', path = 'songs.csv');\n"
        "CREATE TABLE history (id int) WITH (connector = 'null');\n"
        "INSERT INTO history SELECT p.id FROM plays p JOIN songs s ON s.name = p.song;\n"
    )
    (turntable.directory / "songs.csv").write_text("name\nMemories\n")
    (turntable.directory / "events.ndjson").write_text('{"id": 1, "song": "unknown"}\n' * 1000)
    turntable.run("run", "p.sql").expect(3)
    kept = turntable.directory / "letters.jsonl"
    kept.write_bytes(kept.read_bytes() * letters)
    return ["dead-letters", "replay", "p.sql"]


def test_a_replay_shows_its_progress_and_the_time_that_is_left(turntable):
    terminal = Terminal(turntable, replayed(turntable, 400), 60)
    terminal.read_until(lambda _: len(progress_of(terminal, " left, ")) >= 2)
    terminal.end()
    lines = progress_of(terminal, " left, ")
    assert all(len(line) < 60 for line in lines), lines
    assert all(re.match(r"(\[[=> ]{20}\] )?\d+ %, \d+ (s|min|h \d+ min) left, [\d,]+ dead letters", line) for line in lines), lines


def test_a_lookup_that_is_loaded_shows_its_progress(turntable):
    replayed(turntable, 1)
    with open(turntable.directory / "songs.csv", "a") as songs:
        for begin in range(0, 6_000_000, 100_000):
            songs.write("".join(f"song {n}\n" for n in range(begin, begin + 100_000)))
    terminal = Terminal(turntable, ["run", "p.sql"], 60, before=on_one_processor)
    terminal.read_until(lambda _: len(progress_of(terminal, " left, ")) >= 1)
    terminal.end()
    lines = progress_of(terminal, " left, ")
    assert all(len(line) < 60 and " rows of songs.csv" in line for line in lines), lines


def test_progress_is_for_a_terminal_alone(turntable):
    words = replayed(turntable, 20)
    said = turntable.run(*words, timeout=300)
    assert " left" not in said.stderr + said.stdout and "\r" not in said.stderr + said.stdout
    (turntable.directory / "rows.db").write_bytes(b"")
    running = turntable.start("query", "--sqlite", "rows.db", "-e", SLOW_QUERY, "--format", "csv", "-o", "rows.csv")
    time.sleep(2)  # Several drawings, if there were any.
    assert running.terminate().stderr.count("\n") == 1


def test_the_progress_of_produce_says_how_long_it_takes(turntable, kafka, topic):
    (turntable.directory / "songs.csv").write_text("name\nMemories\n")
    words = ["produce", "--catalogue", "songs.csv", "--topic", topic, "--bootstrap", kafka.bootstrap, "--count", 100_000, "--rate", 1000]
    terminal = Terminal(turntable, words, 60)
    terminal.read_until(lambda _: re.search(rb"\d left\x1b|[sn] left\x1b", terminal.seen))
    drawn = re.findall(r"\r([^\r\n]*?)\x1b\[K", terminal.end())
    assert all(len(line) < 60 for line in drawn), drawn
    assert any(re.fullmatch(r"[\d,]+ of 100,000 records acknowledged, [\d,]+/s, \d+ (s|min|h \d+ min) left", line) for line in drawn), drawn
