"""From the version before to this one: groups, SQLite files and dead letters go on, and members of both share a group.

`./dev test --upgrade` builds the version before, says in TURNTABLE_BEFORE where its program is, and runs this file alone.
"""

from __future__ import annotations

import csv
import os
import random
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from support import program
from support.kafka import Message
from support.listening import assert_accounted, assert_same_rows, expected_of, play, plays
from support.program import Turntable, wait_until
from support.tables import sqlite_history

BEFORE = os.environ.get("TURNTABLE_BEFORE", "")


@pytest.fixture
def before(monkeypatch):
    """Runs what is started by it with the program of the version before."""

    def run(call, *arguments, **named):
        with monkeypatch.context() as other:
            other.setattr(program, "BINARY", Path(BEFORE))
            return call(*arguments, **named)

    return run


def odd_plays(count: int) -> list[bytes]:
    """Of ten, one is no JSON and one has a song that nobody knows."""
    return [b"{no json" if n % 10 == 3 else play(n, song="unheard of") if n % 10 == 7 else value for n, value in enumerate(plays(count))]


def good(messages: list[Message]) -> list[Message]:
    return [message for message in messages if message.value.startswith(b'{"')]


def test_a_group_goes_on_where_the_version_before_has_committed(before, listening, kafka, cassandra, topic, keyspace, unique):
    first = kafka.send(topic, odd_plays(3_000))
    before(listening.drain, 3)
    assert kafka.committed(unique, topic) == kafka.end_offsets(topic)
    second = kafka.send(topic, odd_plays(2_000))
    result = listening.drain(3)
    assert_accounted(result.stats, consumed=2_000)
    assert_same_rows(cassandra.history(keyspace), expected_of(good(first + second)).rows)


def test_a_sqlite_file_of_the_version_before_is_gone_on_with(before, to_sqlite, kafka, topic):
    path = to_sqlite.turntable.directory / "history.db"
    first = kafka.send(topic, plays(3_000))
    running = before(to_sqlite.start, "--set", "listening_history.flush_rows=100")
    wait_until(lambda: path.exists() and len(sqlite_history(path)) >= 1_000, "rows are there", process=running)
    running.send(signal.SIGKILL)
    running.wait()
    second = kafka.send(topic, plays(2_000))
    to_sqlite.drain()
    assert_same_rows(sqlite_history(path), expected_of(first + second).rows)


def test_a_sqlite_table_with_keys_that_repeat_is_gone_on_with(before, turntable):
    """Rows of the version before have no write time: what comes now stands over them."""
    pipeline = turntable.directory / "latest.sql"
    pipeline.write_text(
        "CREATE TABLE plays (id int NOT NULL, n int) WITH (connector = 'ndjson', path = '-', dead_letters = 'drop');\n"
        "CREATE TABLE latest (id int, n int) WITH (connector = 'sqlite', path = 'latest.db', primary_key = 'id');\n"
        "INSERT INTO latest SELECT id, n FROM plays;\n"
    )
    # The version before cannot fill a file of more rows than one flush has.
    before(turntable.run, "run", pipeline, stdin=b'{"id": 1, "n": 10}\n{"id": 2, "n": 20}\n').expect(0)
    turntable.run("run", pipeline, stdin=b'{"id": 1, "n": 9}\n{"id": 3, "n": 30}\n').expect(0)
    with sqlite3.connect(turntable.directory / "latest.db") as db:
        assert db.execute("SELECT id, n FROM latest ORDER BY id").fetchall() == [(1, 9), (2, 20), (3, 30)]


@pytest.mark.parametrize("where", ["file", "topic"])
def test_dead_letters_of_the_version_before_are_listed_and_replayed(where, before, listening, kafka, cassandra, topic, keyspace, tmp_path):
    if where == "topic":
        listening = listening.with_options({"plays.dead_letters": f"kafka:{topic}.dead_letters"})
    few = tmp_path / "few.csv"
    with open(listening.options["songs.path"], newline="") as every, few.open("w", newline="") as one:
        columns = csv.DictReader(every)
        writer = csv.DictWriter(one, columns.fieldnames)
        writer.writeheader()
        writer.writerow(next(columns) | {"name": "a song that nobody plays"})  # It gives the columns their types.
    first = kafka.send(topic, plays(500))
    before(listening.with_options({"songs.path": few}).drain, 3)  # No song is known: all become letters.
    second = kafka.send(topic, plays(300))
    listening.with_options({"songs.path": few}).drain(3)  # Letters of this version behind them.
    words = [listening.pipeline, *listening.sets]
    listed = listening.turntable.run("dead-letters", "list", *words).expect(0)
    assert "800" in listed.stdout, listed.stdout
    listening.turntable.run("dead-letters", "replay", *words).expect(0)
    assert_same_rows(cassandra.history(keyspace), expected_of(first + second).rows)
    # And the other way round, after a step back.
    before(listening.turntable.run, "dead-letters", "replay", *words).expect(0)
    assert_same_rows(cassandra.history(keyspace), expected_of(first + second).rows)


def test_members_of_both_versions_share_a_group_through_a_rolling_restart(before, listening, kafka, cassandra, topic, keyspace, unique):
    """One member after the other is replaced, and one back again, while plays keep coming; no row is missing, none is wrong."""
    listening = listening.with_options({"plays.session.timeout.ms": 6_000, "plays.heartbeat.interval.ms": 500})
    draw = random.Random(7)
    sent: list[Message] = []

    def produce(seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            sent.extend(kafka.send(topic, odd_plays(draw.randrange(50, 300))))

    members = [before(listening.start) for _ in range(3)]
    produce(8)
    for at, kill in [(0, False), (1, True), (2, False)]:
        if kill:
            members[at].send(signal.SIGKILL)
            members[at].wait()
        else:
            assert members[at].terminate().code in (0, 3), members[at].transcript()
        members[at] = listening.start()
        produce(8)
    members[0].terminate()
    members[0] = before(listening.start)  # A step back, as after a release that is withdrawn.
    produce(8)
    ends = kafka.end_offsets(topic)
    wait_until(lambda: kafka.committed(unique, topic) == ends, "all is committed", 90)
    for member in members:
        assert member.terminate().code in (0, 3), member.transcript()
    assert_same_rows(cassandra.history(keyspace), expected_of(good(sent)).rows)
    letters = {letter.place for letter in listening.letters()}
    assert letters == {message.place for message in sent} - set(expected_of(good(sent)).rows)
