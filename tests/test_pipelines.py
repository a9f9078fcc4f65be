"""The sample pipelines with lookups and tables of their own, from real Kafka to Cassandra and to SQLite: every row and every letter."""

from __future__ import annotations

import datetime
import json
import random
import sqlite3

import pytest

from support.books import assert_table, assert_tables_add_up
from support.listening import FEATURES, assert_accounted, catalogue, song_names
from support.program import ROOT
from support.samples import Orders, PartsOfDay, Plays, Readings, Sample, with_songs

STORES = ["cassandra", "sqlite"]
LATER_SONG = "A song that comes later"


def plays(count: int) -> list[bytes]:
    """Most match; some are of songs that nobody knows, or have a time that is none."""
    songs, chance = song_names(50), random.Random("plays")
    begin = datetime.datetime(2024, 3, 3, 22, 50)
    events = []
    for n in range(count):
        time = f"{begin + datetime.timedelta(seconds=7 * n):%Y-%m-%d %H:%M}"
        song = LATER_SONG if n % 11 == 3 else songs[n % len(songs)]
        events.append({"id": n, "name": f"Listener {n % 9}", "song": song, "time": "yesterday" if n % 13 == 5 else time})
    values = [json.dumps(event).encode() for event in events]
    return [b"{no JSON" if chance.random() < 0.01 else value for value in values]


def orders(count: int) -> list[bytes]:
    """Of all products, some that are not on the list, some that were cancelled or have no supplier."""
    chance = random.Random("orders")
    events = []
    for n in range(count):
        at = datetime.datetime(2024, 3, 3, tzinfo=datetime.timezone.utc) + datetime.timedelta(minutes=11 * n, milliseconds=n % 1000)
        event = {
            "id": n, "customer": chance.choice(["Ada", "Σωκράτης", "Ken"]), "product": chance.randint(99, 121),
            "quantity": chance.choice([0, 1, 2, 99, 100, 5000, -1]), "ordered_at": at.isoformat(),
            "status": chance.choice(["paid", "cancelled", None, "paid", "paid"]),
        }  # fmt: skip
        if event["status"] is None and n % 2:
            del event["status"]
        if n % 40 == 7:
            event["ordered_at"] = "soon"
        events.append(json.dumps(event, ensure_ascii=False).encode())
    return [*events, *events[:20]]  # Some are sent twice.


def readings(count: int) -> list[bytes]:
    chance = random.Random("readings")
    sensors = [*Readings.sensors(), "T-99", "", "t-01"]
    events = []
    for n in range(count):
        at = datetime.datetime(2024, 2, 29, 23, 59, tzinfo=datetime.timezone.utc) + datetime.timedelta(milliseconds=1250 * n)
        event = {"sensor": chance.choice(sensors), "read_at": at.isoformat(timespec="milliseconds")}
        event["mode"] = chance.choice(["live", "test", None, "live"])
        event["value"] = chance.choice([f"{chance.uniform(-60, 130):.2f}", "-25", "45", "0", "1e3", "", None, "high", "100"])
        if chance.random() < 0.1:
            del event["value"]
        events.append(json.dumps(event).encode())
    return [*events, b"", b"[]"]


def plays_of_all_hours(count: int) -> list[bytes]:
    """Of long and of short songs, of unknown ones, of testers, and some whose time is none."""
    duration = FEATURES.index("duration_ms")
    short = [name for name, features in catalogue().items() if features[duration] < PartsOfDay.SHORTEST_MS]
    songs, marked = song_names(60), [name for name in catalogue() if "&" in name][:5]
    assert short and marked
    begin = datetime.datetime(2024, 2, 28, 22, 50)
    events = []
    for n in range(count):
        time = f"{begin + datetime.timedelta(minutes=7 * n):%Y-%m-%d %H:%M}"
        song = short[n % len(short)] if n % 17 == 4 else marked[n % 5] if n % 7 == 1 else LATER_SONG if n % 11 == 3 else songs[n % len(songs)]
        name = f"Tester {n % 3}" if n % 9 == 2 else f"{['ada', 'KEN', 'Grace'][n % 3]} {n % 9}"
        events.append({"id": n, "name": name, "song": song, "time": "yesterday" if n % 13 == 5 and n % 17 != 4 else time})
    return [json.dumps(event).encode() for event in events]


SAMPLES = {Plays: plays, Orders: orders, Readings: readings, PartsOfDay: plays_of_all_hours}


@pytest.fixture
def sample(turntable, kafka, cassandra, topic, keyspace, unique):
    def make(kind: type, *stores: str) -> Sample:
        chosen = dict(zip(kind.tables, stores * len(kind.tables)))
        made = Sample.reading(kind, turntable, kafka, topic, unique, chosen, cassandra, keyspace)
        made.apply()
        return made

    return make


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("kind", SAMPLES, ids=lambda kind: kind.name)
def test_every_row_and_every_letter_is_as_computed_elsewhere(kind, store, sample, kafka, topic):
    messages = kafka.send(topic, SAMPLES[kind](1500))
    pipeline = sample(kind, store)
    done = pipeline.drain().expect(3)
    pipeline.assert_rows(messages)
    pipeline.assert_letters(messages)

    assert_tables_add_up(done.stats, list(kind.tables))
    found = set()
    for table in kind.tables:
        counts = pipeline.counts(table, messages)
        assert_table(done.stats, table, **counts)
        found |= counts.keys()
    wanted = {Plays: {"written", "unmatched", "rejected"}, Readings: {"written", "filtered", "rejected"}}
    assert found == wanted.get(kind, {"written", "filtered", "unmatched", "rejected"}), "the events show all that can be"
    assert_accounted(done.stats, consumed=len(messages), dead_lettered=len(pipeline.expected_letters(messages)))

    again = pipeline.drain().expect(0)  # Nothing is left to read.
    assert_accounted(again.stats, consumed=0, written=0)
    pipeline.assert_rows(messages)


def test_a_record_counts_once_as_the_worst_that_became_of_it(sample, kafka, topic):
    songs = song_names(2)
    events = [{"song": songs[0]}, {"song": LATER_SONG}, {"song": songs[1], "time": "never"}, {"song": LATER_SONG, "time": "never"}]
    values = [json.dumps({"id": 1, "name": "Ada", "time": "2024-03-03 10:15"} | event).encode() for event in events]
    messages = kafka.send(topic, values, partition=0)
    pipeline = sample(Plays, "sqlite")
    done = pipeline.drain().expect(3)
    assert_accounted(done.stats, consumed=4, written=1, unmatched=1, rejected=2, dead_lettered=3)
    assert_table(done.stats, "plays_by_person", written=1, unmatched=2, rejected=1)
    assert_table(done.stats, "plays_by_song", written=2, unmatched=2)
    assert_table(done.stats, "plays_by_day", written=2, rejected=2)
    pipeline.assert_rows(messages)
    pipeline.assert_letters(messages)


@pytest.mark.parametrize("store", STORES)
def test_a_replay_writes_only_what_was_missing(store, sample, kafka, cassandra, topic, keyspace, tmp_path):
    """A letter names the INSERTs that made no row; those that did are not run again."""
    song = song_names(1)[0]
    values = [
        json.dumps({"id": n, "name": "Ada", "song": LATER_SONG if n % 2 else song, "time": "2024-03-03 10:15"}).encode() for n in range(100)
    ]
    kafka.send(topic, values)
    pipeline = sample(Plays, store)
    pipeline.drain().expect(3)
    assert [len(pipeline.rows(table)) for table in Plays.tables] == [50, 50, 100]
    # A row that were written again would be there again.
    if store == "cassandra":
        cassandra.session.execute(f"TRUNCATE {keyspace}.plays_by_day")
    else:
        with sqlite3.connect(tmp_path / "rows.db") as file:
            file.execute("DELETE FROM plays_by_day")
    mended = pipeline.with_options({"songs.path": with_songs(tmp_path, [LATER_SONG])})
    for _ in range(2):
        pipeline.turntable.run("dead-letters", "replay", *mended.words).expect(0)
        assert [len(pipeline.rows(table)) for table in Plays.tables] == [100, 100, 0]
    first = next(row for row in pipeline.rows("plays_by_song") if row[0] == song)
    assert {row[0]: row[3] for row in pipeline.rows("plays_by_song")} == {song: first[3], LATER_SONG: first[3]}


def test_a_replay_of_a_rejected_record_runs_the_inserts_that_rejected_it(sample, kafka, topic, tmp_path):
    """The time was not in the form that two of the three tables need; then the pipeline is mended."""
    kafka.send(topic, [json.dumps({"id": 1, "name": "Ada", "song": song_names(1)[0], "time": "2024-03-03T10:15"}).encode()])
    pipeline = sample(Plays, "sqlite")
    pipeline.drain().expect(3)
    assert [len(pipeline.rows(table)) for table in Plays.tables] == [0, 1, 0]
    with sqlite3.connect(tmp_path / "rows.db") as file:
        file.execute("DELETE FROM plays_by_song")
    mended = tmp_path / "mended.sql"
    mended.write_text(pipeline.pipeline.read_text().replace("'YYYY-MM-DD HH24:MI') AS heard_at", "'YYYY-MM-DD\"T\"HH24:MI') AS heard_at"))
    pipeline.file = mended
    pipeline.turntable.run("dead-letters", "replay", *pipeline.words).expect(0)
    assert [len(pipeline.rows(table)) for table in Plays.tables] == [1, 0, 1]


def test_the_letters_of_a_chain_are_replayed_when_the_product_is_on_the_list(sample, kafka, topic, tmp_path):
    event = {"id": 1, "customer": "Ada", "product": 777, "quantity": 3, "ordered_at": "2024-03-03T10:15:00Z"}
    kafka.send(topic, [json.dumps(event).encode()])
    pipeline = sample(Orders, "sqlite")
    pipeline.drain().expect(3)
    assert pipeline.rows("orders_by_supplier") == []
    products = tmp_path / "products.csv"
    products.write_text("id,name,supplier,unit_price\n777,Dust brush,AUR,7.5\n")
    mended = pipeline.with_options({"products.path": products})
    pipeline.turntable.run("dead-letters", "replay", *mended.words).expect(0)
    [row] = pipeline.rows("orders_by_supplier")
    assert (row[0], row[4], row[6], row[9]) == ("Aurora Instruments", 1, "Dust brush", 7.5)


@pytest.mark.parametrize("kind", SAMPLES, ids=lambda kind: kind.name)
def test_each_table_has_its_statement(kind, turntable):
    printed = turntable.run("schema", "print", f"pipelines/{kind.name}.sql", cwd=ROOT).expect(0).stdout
    for table in kind.tables:
        assert f".{table} (" in printed, printed


def test_rows_go_to_two_stores_at_once(sample, kafka, topic):
    messages = kafka.send(topic, plays(1000))
    pipeline = sample(Plays, "cassandra", "sqlite", "cassandra")
    pipeline.drain().expect(3)
    pipeline.assert_rows(messages)
    pipeline.assert_letters(messages)
