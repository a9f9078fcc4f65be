"""Three tables of one stream, killed and stopped again and again: in each of them nothing is lost, twice or wrong."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections.abc import Iterator

import pytest
from cassandra import InvalidRequest

from support.books import assert_tables_add_up
from support.kafka import Message
from support.program import wait_until
from support.samples import Plays, Sample
from support.tables import sqlite_rows
from test_pipelines import plays

SHORT_SESSION = {"plays.session.timeout.ms": 6000, "plays.heartbeat.interval.ms": 1000}
ROUNDS, AT_ONCE = 5, 6_000
STORES = {
    "three tables in Cassandra": ("cassandra",),
    "Cassandra and SQLite": ("cassandra", "sqlite", "cassandra"),
    "two in SQLite": ("sqlite", "cassandra", "sqlite"),
    "three tables in SQLite": ("sqlite",),
}


QUICK = ("three tables in Cassandra", "Cassandra and SQLite")  # The others take as long.


def rounds() -> Iterator[list[bytes]]:
    values = plays(ROUNDS * AT_ONCE)
    for begin in range(0, len(values), AT_ONCE):
        yield values[begin : begin + AT_ONCE]


def rows_there(pipeline: Sample) -> int:
    try:
        return sum(len(pipeline.rows(table)) for table in Plays.tables)
    except (sqlite3.OperationalError, InvalidRequest):
        return 0  # No file or no table yet.


def assert_nothing_is_missing_before(positions: dict[int, int], pipeline: Sample, messages: list[Message]) -> None:
    """Of every record below the stored position each table has its row, or the letter says why not."""
    before = [message for message in messages if message.offset < positions.get(message.partition, 0)]
    letters = {(letter["partition"], letter["offset"]) for letter in pipeline.letters()}
    for table in Plays.tables:
        there = {row[-2:] for row in pipeline.rows(table)}
        lost = [message.place for message in before if isinstance(Plays.fates(message)[table], tuple) and message.place not in there]
        assert not lost, f"{table}: the position is past {len(lost)} rows, such as {lost[:3]}"
    lost = [place for place in pipeline.expected_letters(before) if place not in letters]
    assert not lost, f"the position is past {len(lost)} letters, such as {lost[:3]}"


def positions_in(path) -> dict[int, int]:
    with sqlite3.connect(path) as file:
        return dict(file.execute("SELECT partition, next FROM turntable_positions"))


@pytest.mark.parametrize("where", [pytest.param(where, marks=[] if where in QUICK else pytest.mark.long) for where in STORES])
def test_kills_and_stops_leave_nothing_lost_twice_or_wrong(where, turntable, kafka, cassandra, topic, keyspace, unique):
    stores = STORES[where] * 3
    pipeline = Sample.reading(Plays, turntable, kafka, topic, unique, dict(zip(Plays.tables, stores)), cassandra, keyspace)
    small = {f"{table}.{option}": value for table in Plays.tables for option, value in {"flush_rows": 300, "flush_interval": "20ms"}.items()}
    pipeline = pipeline.with_options({**SHORT_SESSION, **small, "plays.max_reject_ratio": 1})
    pipeline.apply()
    chance = random.Random(f"kills {where}")
    messages: list[Message] = []
    cut_short = 0
    in_file = set(stores[:3]) == {"sqlite"}  # Positions are with the rows where there is one store, else in Kafka.
    for number, values in enumerate(rounds()):
        messages += kafka.send(topic, values)
        before = rows_there(pipeline)
        running = pipeline.start()
        wait_until(lambda: rows_there(pipeline) > before, "more rows are there", 60, running)
        time.sleep(chance.random() * 0.15)
        sign = signal.SIGTERM if number % 3 == 1 else signal.SIGKILL
        running.send(sign)
        ended = running.wait(60)
        assert ended.code == (0 if sign == signal.SIGTERM else -sign), ended.transcript()
        positions = positions_in(turntable.directory / "rows.db") if in_file else kafka.committed(unique, topic)
        assert_nothing_is_missing_before(positions, pipeline, messages)
        cut_short += sum(positions.values()) < len(messages)
        if sign == signal.SIGTERM:
            assert_tables_add_up(ended.stats, list(Plays.tables))
    assert cut_short >= 2, "too many runs were at their end when they were killed"
    last = pipeline.drain(timeout=180)
    assert last.code in (0, 3), last.transcript()
    assert_tables_add_up(last.stats, list(Plays.tables))
    pipeline.assert_rows(messages)
    pipeline.assert_letters(messages, once=False)


def test_a_file_that_was_alone_gives_its_positions_to_kafka(turntable, kafka, cassandra, topic, keyspace, unique):
    """The same group, first with all tables in one file, then with one of them in Cassandra: nothing is read twice or left out."""
    messages = kafka.send(topic, plays(1_000))
    alone = Sample.reading(Plays, turntable, kafka, topic, unique, dict.fromkeys(Plays.tables, "sqlite"), cassandra, keyspace)
    alone.drain().expect(3)
    more = kafka.send(topic, plays(1_000))
    stores = dict(zip(Plays.tables, ("sqlite", "cassandra", "sqlite")))
    both = Sample.reading(Plays, turntable, kafka, topic, unique, stores, cassandra, keyspace)
    both.apply()
    done = both.drain().expect(3)
    assert done.stats["consumed"] == len(more)
    for table in ("plays_by_person", "plays_by_day"):
        assert {both.key_of(table, row): row for row in both.rows(table)} == both.expected_rows(table, messages + more)
    assert {row[-2:]: row for row in both.rows("plays_by_song")} == both.expected_rows("plays_by_song", more)
    assert positions_in(turntable.directory / "rows.db") == {}, "its positions are Kafka's now"


def test_a_file_that_was_one_of_two_stores_goes_on_alone_without_a_false_warning(turntable, kafka, unique):
    """Its positions were with the group meanwhile, whose commits say that the file is written up to them; another file is not."""
    directory = turntable.directory
    topic = kafka.create_topic(unique, 2)

    def drain(*stores):
        tables = "".join(
            f"CREATE TABLE {store} (id int, part int, off bigint) WITH (connector = 'sqlite', path = '{store}.db', primary_key = '(part, off)');\n"
            f"INSERT INTO {store} SELECT id, kafka_partition AS part, kafka_offset AS off FROM plays;\n"
            for store in stores
        )
        (directory / "p.sql").write_text(
            f"CREATE TABLE plays (id int) WITH (connector = 'kafka', topic = '{topic}', \"bootstrap.servers\" = '{kafka.bootstrap}', "
            f"\"group.id\" = '{unique}', start = 'earliest', dead_letters = 'drop');\n{tables}"
        )
        return turntable.run("run", "p.sql", "--until-end").expect(0)

    def ids(store):
        return sorted(row[0] for row in sqlite_rows(directory / f"{store}.db", f"SELECT id FROM {store}"))

    warning = "for which the sink keeps no position"
    kafka.send(topic, [b'{"id":%d}' % number for number in range(4)], partition=0)
    drain("first")
    assert warning not in drain("first", "second").stderr, "no record came: what is committed is from before"
    kafka.send(topic, [b'{"id":%d}' % number for number in range(4, 8)], partition=1)
    drain("first", "second")
    kafka.send(topic, [b'{"id":%d}' % number for number in range(8, 12)], partition=0)
    alone = drain("first")
    assert warning not in alone.stderr and "up to which the sink was written together with other stores" in alone.stderr
    assert ids("first") == list(range(12)) and alone.verdict.startswith("Done: 4 consumed = 4 written")
    assert warning not in drain("first").stderr, "it keeps positions again"
    assert warning in drain("second").stderr, "what the first has read alone is not in it"
    assert ids("second") == [4, 5, 6, 7]
