"""Every way in, every way out, with real servers: an array of runs in which every pair of values meets.

src/app/matrix_test.cc plays the whole product inside one process. Here the program itself is run, signals are real, and rows
and letters are read with other clients. A pair that cannot be has its sentence at the end."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import json
import os
import random
import re
import signal
import subprocess
import time
from collections import Counter
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import pytest

from support.kafka import Kafka
from support.listening import dead_letters
from support.program import BINARY, Result, Turntable, environment, wait_until
from support.tables import Cassandra, sqlite_rows

VALUES = {
    "source": ["kafka", "file", "stdin", "letters of kafka in a file", "letters of a file in a file", "letters in a topic"],
    "sink": ["cassandra", "sqlite", "console", "null"],
    "flushes": [1, 2, 50],
    "flush_rows": ["tiny", "default"],
    "lanes": [1, 3],
    "letters": ["file", "topic", "drop"],
    "end": ["end", "SIGTERM", "SIGKILL"],
}


@dataclass(frozen=True)
class Cell:
    source: str
    sink: str
    flushes: int
    flush_rows: str
    lanes: int
    letters: str
    end: str

    @property
    def name(self) -> str:
        return "-".join(str(value).replace(" ", "_") for value in astuple(self))

    @property
    def from_topic(self) -> bool:
        return self.source in ("kafka", "letters of kafka in a file", "letters in a topic")

    @property
    def replays(self) -> bool:
        return self.source.startswith("letters")

    @property
    def can_be(self) -> bool:
        if self.lanes > 1 and (self.source != "kafka" or self.sink == "sqlite"):
            return False
        if self.replays:  # Where the letters are is what the source is.
            return self.letters == ("topic" if self.source == "letters in a topic" else "file")
        return self.from_topic or self.letters != "topic"

    @property
    def rows(self) -> int:
        if self.flush_rows == "tiny":
            return 2 * self.flushes
        if self.flushes == 50:  # By their interval.
            return 2_000
        return (self.flushes - 1) * (2_000 if self.sink == "null" else 10_000) + 40

    def meetings(self, of: int) -> set[tuple]:
        """The combinations of so many of its values."""
        return set(itertools.combinations([(f.name, getattr(self, f.name)) for f in fields(self)], of))


ALL = [cell for cell in (Cell(*values) for values in itertools.product(*VALUES.values())) if cell.can_be]


def array(size: int = 40) -> list[Cell]:
    """Cells in which every pair that can meet does, and of three values as many as so many cells can have: always the one that has
    most of those that have not met yet."""
    order = random.Random(1)
    chosen: list[Cell] = []
    for of in (2, 3):
        missing = set().union(*(cell.meetings(of) for cell in ALL)).difference(*(cell.meetings(of) for cell in chosen))
        while missing and (of == 2 or len(chosen) < size):
            best = max(order.sample(ALL, len(ALL)), key=lambda cell: len(cell.meetings(of) & missing))
            chosen.append(best)
            missing -= best.meetings(of)
    return chosen


ARRAY = array()
# All of them take two minutes and a half: between two changes there is a sample, another one each day.
DAY = os.environ.get("TURNTABLE_TEST_SEED") or datetime.datetime.now(datetime.timezone.utc).date().isoformat()
TODAY = random.Random(DAY).sample(ARRAY, 12)


def test_every_pair_meets():
    met = Counter(pair for cell in ARRAY for pair in cell.meetings(2))
    names = list(VALUES)
    apart = [
        (a, b)
        for one, two in itertools.combinations(names, 2)
        for a, b in itertools.product([(one, v) for v in VALUES[one]], [(two, v) for v in VALUES[two]])
        if (a, b) not in met
    ]
    # Those that cannot meet are the ones whose sentences are asked for below, and what a replay has instead of options.
    for (one, first), (two, second) in apart:
        assert not any(getattr(cell, one) == first and getattr(cell, two) == second for cell in ALL)
        assert "lanes" in (one, two) or "letters" in (one, two)
    assert len(ARRAY) == 40


# ------------------------------------------------------------------------------------------------------------- records


def song(i: int) -> str:
    return "unheard of" if i % 10 == 1 else f"song {i % 50}"


def event(i: int) -> bytes:
    """Of ten, one is no JSON, one has an unknown song, and eight become rows."""
    if i % 10 == 0:
        return b"no JSON %d" % i
    return json.dumps({"id": i, "song": song(i)}).encode()


def events(rows: int) -> list[bytes]:
    count = next(i for i, found in enumerate(itertools.accumulate((i % 10 > 1 for i in itertools.count()), initial=0)) if found == rows)
    # Where the next two are no rows, they are behind the last row.
    return [event(i) for i in range(count + 2 if count % 10 == 0 else count)]


SONGS = "name,artist\n" + "".join(f"song {i},artist {i}\n" for i in range(50))

PIPELINE = """
CREATE TABLE plays (id int NOT NULL, song text NOT NULL) WITH ({source});
CREATE TABLE songs () WITH (connector = 'csv', path = '{songs}', key = 'name');
CREATE TABLE history (id int, song text, artist text, kafka_partition int, kafka_offset bigint)
WITH ({sink}, primary_key = '(kafka_partition, kafka_offset)');
INSERT INTO history SELECT p.id, p.song, s.artist, p.kafka_partition, p.kafka_offset
FROM plays p JOIN songs s ON s.name = p.song;
"""


# ---------------------------------------------------------------------------------------------------------------- a run


class Play:
    """One cell: its pipeline, its stores, the processes that run it, and what must come of them."""

    def __init__(self, cell: Cell, turntable: Turntable, kafka: Kafka, cassandra: Cassandra, unique: str) -> None:
        self.cell, self.turntable, self.kafka, self.cassandra, self.unique = cell, turntable, kafka, cassandra, unique
        self.directory = turntable.directory
        self.values = events(cell.rows)
        self.events = self.directory / "plays.ndjson"
        self.dead_file = self.directory / "dead.jsonl"
        self.dead_topic = f"{unique}.dead"
        self.shown: list[str] = []  # Standard output of each process.
        self.places: dict[tuple[int, int], int] = {}  # Where each event stands.
        (self.directory / "songs.csv").write_text(SONGS)
        (self.directory / "no_songs.csv").write_text("name,artist\nnone,nobody\n")
        if cell.from_topic:
            kafka.create_topic(unique, 3)
        if cell.from_topic and cell.letters == "topic":
            kafka.create_topic(self.dead_topic, 1)
        if cell.sink == "cassandra":
            turntable.run("schema", "apply", self.pipeline()).expect(0)

    def pipeline(self, songs: str = "songs.csv", sink: str | None = None, name: str = "cell") -> Path:
        cell = self.cell
        letters = {"file": f"file:{self.dead_file}", "topic": f"kafka:{self.dead_topic}", "drop": "drop"}[cell.letters]
        source = f"dead_letters = '{letters}', "
        if cell.from_topic:
            source += f"""connector = 'kafka', topic = '{self.unique}', start = 'earliest', "bootstrap.servers" = '{self.kafka.bootstrap}',
                "group.id" = '{self.unique}_{name}', "session.timeout.ms" = '6000', "heartbeat.interval.ms" = '500'"""
        else:
            source += f"connector = 'ndjson', path = '{'-' if cell.source == 'stdin' else self.events}'"
        options = {
            "cassandra": f"connector = 'cassandra', keyspace = '{self.unique}', contact_points = '{self.cassandra.address}'",
            "sqlite": "connector = 'sqlite', path = 'history.db'",
            "console": "connector = 'console'",
            "null": "connector = 'null'",
        }[sink or cell.sink]
        by_interval = cell.flush_rows == "default" and cell.flushes == 50
        options += f", flush_interval = '{'0' if by_interval else '1h'}'"
        if cell.flush_rows == "tiny":
            options += ", flush_rows = '2'"
        path = self.directory / f"{name}.sql"
        path.write_text(PIPELINE.format(source=source, songs=songs, sink=options))
        return path

    def command(self, until_end: bool) -> list[str]:
        words = ["dead-letters", "replay"] if self.cell.replays else ["run"]
        words.append(str(self.pipeline()))
        if not self.cell.replays:
            words += ["--lanes", str(self.cell.lanes)] if self.cell.lanes > 1 else []
            words += ["--until-end"] if until_end else []
        return words

    # ---- what goes in

    def send(self, values: list[bytes]) -> None:
        first = len(self.places)
        for i, message in enumerate(self.kafka.send(self.unique, values)):
            self.places[message.place] = first + i

    def give_half(self) -> None:
        if self.cell.source == "kafka":
            self.send(self.values[: len(self.values) // 2])

    def give_all(self) -> None:
        if self.cell.from_topic:
            self.send(self.values[len(self.places) :])
        else:
            self.events.unlink(missing_ok=True)
            self.events.write_bytes(b"\n".join(self.values) + b"\n")
            self.places = {(0, i): i for i in range(len(self.values))}

    def make_letters(self) -> None:
        """A run that knows no song leaves everything behind."""
        made = self.turntable.run("run", self.pipeline("no_songs.csv", "null", "before"), "--until-end")
        assert made.code == 3, made.transcript()

    # ---- a process

    def begin(self, until_end: bool) -> subprocess.Popen:
        stdin = subprocess.PIPE if self.cell.source == "stdin" else subprocess.DEVNULL
        return subprocess.Popen([str(BINARY), *self.command(until_end)], cwd=self.directory, env=environment(), stdin=stdin,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip

    def run_to_the_end(self) -> Result:
        process = self.begin(until_end=True)
        given = b"\n".join(self.values) + b"\n" if self.cell.source == "stdin" else None
        out, err = process.communicate(given, timeout=120)
        self.shown.append(out.decode())
        return Result(self.command(True), process.returncode, out.decode(), err.decode(), 0)

    def writer_of_pipe(self, process: subprocess.Popen) -> int | None:
        """Nothing as long as nobody reads it."""
        assert process.poll() is None, process.stderr.read()
        with contextlib.suppress(OSError):
            return os.open(self.events, os.O_WRONLY | os.O_NONBLOCK)
        return None

    def run_and_end_by(self, sign: int) -> None:
        """Ends a process in the middle of what it is given."""
        half = b"\n".join(self.values[: len(self.values) // 2]) + b"\n"
        self.give_half()
        if self.cell.source == "file":
            os.mkfifo(self.events)
        process = self.begin(until_end=False)
        reader = os.fdopen(os.dup(process.stdout.fileno()), "rb", 0)
        writer = None
        if self.cell.source == "file":
            writer = wait_until(lambda: self.writer_of_pipe(process), "the pipe is read")
            os.write(writer, half[: 1 << 15])
        elif self.cell.source == "stdin":
            process.stdin.write(half[: 1 << 15])
            process.stdin.flush()
        seen = b""
        while b"the rows:" not in seen and not self.cell.replays:  # The pipeline is loaded.
            piece = reader.read(1 << 16)
            assert piece, seen + process.stderr.read()
            seen += piece
        reader.close()
        time.sleep(0.02 if self.cell.replays else 0.6)
        if self.cell.source == "kafka":
            self.give_all()
        process.send_signal(sign)
        stdin, process.stdin = process.stdin, None  # communicate() would close it, which is an end of its own.
        out, err = process.communicate(timeout=60)
        if stdin is not None:
            stdin.close()
        if writer is not None:
            os.close(writer)
        self.shown.append((seen + out).decode())
        assert "terminate called" not in err.decode() and "bug" not in err.decode(), err.decode()
        # A replay that was stopped before the end says so and fails; one that was at its end already does not. On a busy machine it
        # has not yet got to the point where signals are handled.
        codes = {1, 3, -sign} if self.cell.replays else {-sign if sign == signal.SIGKILL else 0}
        assert process.returncode in codes, err.decode()

    # ---- what came out

    def rows(self) -> list[tuple]:
        statement = "SELECT kafka_partition, kafka_offset, id, song, artist FROM {}history"
        if self.cell.sink == "cassandra":
            return self.cassandra.rows(statement.format(f"{self.unique}."))
        if self.cell.sink == "sqlite":
            return sqlite_rows(self.directory / "history.db", statement.format(""))
        found = re.findall(r"^\|(\d+) *\|(.+?) *\|(.+?) *\|(\d+) *\|(\d+) *\|$", "".join(self.shown), re.MULTILINE)
        return [(int(p), int(o), int(i), s, a) for i, s, a, p, o in found]

    def letters(self) -> list[tuple]:
        """Place, reason and value of each."""
        if self.cell.letters == "file":
            return [(*letter.place, letter.reason, letter.value) for letter in dead_letters(self.dead_file)]
        found = []
        for message in self.kafka.read(self.dead_topic):
            said = {name: value.decode() for name, value in message.headers}
            place = (int(said["__connect.errors.partition"]), int(said["__connect.errors.offset"]))
            found.append((*place, said["turntable.reason"], message.value))
        return found

    def expected_rows(self) -> set[tuple]:
        return {(*place, i, song(i), f"artist {i % 50}") for place, i in self.places.items() if i % 10 > 1}

    def expected_letters(self) -> set[tuple]:
        """Of a replay: those that were there before, for none is written anew."""
        reasons = {0: "json_syntax", 1: "unmatched"}
        if self.cell.replays:
            reasons |= {i: "unmatched" for i in range(2, 10)}
        return {(*place, reasons[i % 10], self.values[i]) for place, i in self.places.items() if i % 10 in reasons}


def compare(what: str, found: list[tuple], expected: set[tuple], once: bool) -> None:
    assert set(found) == expected, f"{what}: {len(set(found) ^ expected)} differ, such as {sorted(set(found) ^ expected)[:3]}"
    if once:
        twice = [thing for thing, count in Counter(found).items() if count > 1]
        assert not twice, f"{what}: {len(twice)} are there twice, such as {twice[:3]}"


@pytest.mark.parametrize("cell", [pytest.param(cell, id=cell.name, marks=[] if cell in TODAY else pytest.mark.long) for cell in ARRAY])
def test_cell(cell, turntable, kafka, cassandra, keyspace):
    play = Play(cell, turntable, kafka, cassandra, keyspace)
    if cell.replays:
        play.give_all()
        play.make_letters()
    if cell.end != "end":
        play.run_and_end_by(getattr(signal, cell.end))
    if not cell.replays:
        play.give_all()
    last = play.run_to_the_end()

    code = 0 if cell.letters == "drop" else 3
    if cell.end != "end" and cell.source == "kafka":
        assert last.code in (0, 3), last.transcript()  # The letters may have been the first run's.
    else:
        assert last.code == code, last.transcript()
    if not cell.replays:
        assert re.match(r"Done: [\d,]+ consumed = ", last.verdict), last.transcript()
    if cell.end == "end":
        rows = len(play.expected_rows())
        assert f"{rows:,} written" in last.verdict, last.transcript()
        if cell.lanes == 1 and not cell.replays and not (cell.flushes == 50 and cell.flush_rows == "default"):
            # Where SQLite becomes free between two turns of the lane, what one more poll gives goes with a flush that is full.
            flushed = [int(rows.replace(",", "")) for rows in re.findall(r"Flushing ([\d,]+) records to ", last.stdout)]
            fewest = -(-cell.flushes // 2) if cell.sink == "sqlite" else cell.flushes - cell.flushes // 10
            assert fewest <= len(flushed) <= cell.flushes, last.transcript()
            if cell.flush_rows == "tiny":
                assert max(flushed) <= 2 * 2, last.transcript()
    # A file is read anew by the next run; what a kill comes between a row or a letter and its commit is repeated.
    once = cell.end == "end" or (cell.end == "SIGTERM" and cell.source == "kafka")
    if cell.sink != "null":
        compare("rows", play.rows(), play.expected_rows(), once or cell.sink != "console")
    if cell.letters != "drop":
        compare("letters", play.letters(), play.expected_letters(), once or cell.replays)


# ------------------------------------------------------------------------------------------------- what cannot be


CANNOT_BE = {
    "a file by several lanes": (Cell("file", "null", 1, "tiny", 3, "file", "end"), 2, "--lanes: a file is read by one lane; leave the option out"),
    "standard input by several lanes": (Cell("stdin", "null", 1, "tiny", 3, "drop", "end"), 2, "--lanes: a file is read by one lane"),
    "several lanes into SQLite": (Cell("kafka", "sqlite", 1, "tiny", 3, "drop", "end"), 2, "--lanes: SQLite has one writer, so one lane"),
    "letters of a file in a topic": (Cell("file", "null", 1, "tiny", 1, "topic", "end"), 2, "dead_letters in a topic need a kafka source"),
    "a replay of what was dropped": (Cell("letters in a topic", "null", 1, "tiny", 1, "drop", "end"), 2,
                                     "the pipeline drops its dead letters: there are none to be read"),
}  # fmt: skip


@pytest.mark.parametrize("what", CANNOT_BE)
def test_what_cannot_be_says_why(what, turntable, kafka, cassandra, unique):
    cell, code, sentence = CANNOT_BE[what]
    assert not cell.can_be
    play = Play(cell, turntable, kafka, cassandra, unique)
    play.give_all()
    refused = play.run_to_the_end().expect(code)
    assert sentence in refused.stderr and len(refused.stderr.splitlines()) == 1, refused.transcript()


def test_a_replay_has_no_lanes(turntable, tmp_path):
    refused = turntable.run("dead-letters", "replay", "any.sql", "--lanes", "3").expect(2)
    assert "there is no option '--lanes'" in refused.stderr
