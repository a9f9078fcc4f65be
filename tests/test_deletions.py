"""`tombstones = 'delete'`: a record without a value deletes the row of its key, in every table, and no older record brings it back."""

import csv
import json
import random
import signal
import time
from dataclasses import dataclass

import pytest

from support.books import assert_tables_add_up
from support.listening import dead_letters
from support.tables import sqlite_rows

SOURCE = """
CREATE TABLE plays (song text, loud bool) WITH (connector = 'kafka', topic = '{topic}', start = 'earliest', "bootstrap.servers" = '{kafka}',
  "group.id" = '{topic}', "session.timeout.ms" = '6000', dead_letters = 'file:dl.jsonl', tombstones = '{tombstones}');
CREATE TABLE songs () WITH (connector = 'csv', path = 'songs.csv', key = 'song');
"""
ID = "convert_from(p.kafka_key, 'UTF8') AS id"
SHELF = "substr(convert_from(p.kafka_key, 'UTF8'), 1, 1) AS shelf"
KEY = "((shelf), id)"


@dataclass
class Store:
    """A kind of store, and a client of it that is not the program's."""

    kind: str
    options: str
    read: object

    def table(self, name, key=KEY, more=""):
        return f"CREATE TABLE {name} () WITH ({self.options}, primary_key = '{key}', flush_interval = '50ms'{more});\n"

    def rows(self, table, columns="id, song"):
        return dict(self.read(f"SELECT {columns} FROM {{}}".format(f"{{}}{table}")))


@pytest.fixture(params=["sqlite", "cassandra"])
def store(request, turntable):
    return store_of(request, turntable, request.param)


def store_of(request, turntable, kind):
    if kind == "sqlite":
        return Store(kind, "connector = 'sqlite', path = 'o.db'", lambda q: sqlite_rows(turntable.directory / "o.db", q.format("")))
    cassandra, keyspace = request.getfixturevalue("cassandra"), request.getfixturevalue("keyspace")
    cassandra.session.execute(f"CREATE KEYSPACE {keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}")
    options = f"connector = 'cassandra', contact_points = '{cassandra.address}', keyspace = '{keyspace}'"
    return Store(kind, options, lambda q: cassandra.rows(q.format(f"{keyspace}.")))


@pytest.fixture
def write(turntable, kafka, unique):
    """Over a compacted topic."""
    kafka.create_topic(unique, 2, {"cleanup.policy": "compact"})
    songs(turntable, "Alpha", "Beta")

    def call(statements, tombstones="delete", apply=True):
        path = turntable.directory / "p.sql"
        path.write_text(SOURCE.format(topic=unique, kafka=kafka.bootstrap, tombstones=tombstones) + statements)
        if apply:
            turntable.run("schema", "apply", path).expect(0)
        return path

    return call


def songs(turntable, *names):
    with (turntable.directory / "songs.csv").open("w") as file:
        csv.writer(file).writerows([("song", "tempo"), *((name, 100) for name in names)])


def event(song, **more):
    return json.dumps({"song": song, **more}).encode()


def letters(turntable):
    return dead_letters(turntable.directory / "dl.jsonl")


def changes(seed, count, keys=60):
    """Records of few keys, each written, deleted and written again; and what they leave."""
    chance = random.Random(seed)
    left, records = {}, []
    for number in range(count):
        key = f"{chance.choice('abc')}{chance.randrange(keys)}"
        if chance.random() < 0.4:
            left.pop(key, None)
            records.append((key.encode(), None))
        else:
            left[key] = f"song {number}"
            records.append((key.encode(), event(left[key])))
    return records, left


@pytest.mark.parametrize("flush_rows", [10_000, 7])
def test_each_key_is_as_its_last_record_says(turntable, kafka, unique, store, write, flush_rows):
    """Where all are in one flush, and where records of a key are in many."""
    records, left = changes(1, 3000)
    kafka.send(unique, records)
    path = write(store.table("heard", more=f", flush_rows = {flush_rows}") + f"INSERT INTO heard SELECT {SHELF}, {ID}, p.song FROM plays p;\n")
    done = turntable.run("run", path, "--until-end", stats=True).expect(0)
    assert store.rows("heard") == left
    deleted = sum(value is None for _, value in records)
    assert done.stats["deleted"] == deleted and done.stats["written"] == len(records) - deleted
    assert f"Done: {len(records):,} consumed = {len(records) - deleted:,} written + {deleted:,} deleted + 0 filtered" in done.stdout
    assert_tables_add_up(done.stats, ["heard"])
    # What comes later finds the key as it is.
    key = sorted(left)[0]
    kafka.send(unique, [(key.encode(), None), (b"zz", event("new"))])
    turntable.run("run", path, "--until-end").expect(0)
    assert store.rows("heard") == {k: v for k, v in left.items() if k != key} | {"zz": "new"}


def test_after_kills_too(turntable, kafka, unique, store, write):
    records, left = changes(2, 30_000, keys=300)
    kafka.send(unique, records)
    path = write(store.table("heard", more=", flush_rows = 200") + f"INSERT INTO heard SELECT {SHELF}, {ID}, p.song FROM plays p;\n")
    chance = random.Random(3)
    for _ in range(3):
        running = turntable.start("run", path)
        deadline = time.monotonic() + 60
        while not store.rows("heard") and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(chance.random() * 0.5)
        running.send(signal.SIGKILL)
        running.wait(30)
    # A member that was killed may have a partition until its session ends.
    while sum(kafka.committed(unique, unique).values()) < len(records):
        turntable.run("run", path, "--until-end", timeout=120).expect(0)
    assert store.rows("heard") == left


def test_a_letter_of_an_older_record_does_not_bring_the_row_back(turntable, kafka, unique, store, write):
    """A letter of a record that is newer than the deletion does."""
    statements = store.table("heard") + f"INSERT INTO heard SELECT {SHELF}, {ID}, p.song, s.tempo FROM plays p JOIN songs s ON s.song = p.song;\n"
    path = write(statements)
    unknown = event("Gamma")
    kafka.send(unique, [(b"a1", event("Alpha")), (b"a1", unknown), (b"a1", None), (b"a2", None), (b"a2", unknown), (b"a3", unknown)])
    done = turntable.run("run", path, "--until-end", stats=True).expect(3)
    assert done.stats["deleted"] == 2 and done.stats["unmatched"] == 3 and done.stats["written"] == 1
    assert store.rows("heard") == {}
    songs(turntable, "Alpha", "Beta", "Gamma")
    turntable.run("dead-letters", "replay", path).expect(0)
    assert store.rows("heard") == {"a2": "Gamma", "a3": "Gamma"}
    # Once more, and with what was written since deleted: the letters are older than all of it.
    kafka.send(unique, [(b"a2", None), (b"a3", event("Beta"))])
    turntable.run("run", path, "--until-end").expect(0)
    turntable.run("dead-letters", "replay", path).expect(0)
    assert store.rows("heard") == {"a3": "Beta"}
    # A pipeline that deletes no more knows of it, too.
    turntable.run("dead-letters", "replay", write(statements, "skip")).expect(0)
    assert store.rows("heard") == {"a3": "Beta"}


def test_a_key_may_have_another_type_in_cassandra(request, turntable, kafka, unique, write):
    """A deletion whose key its column cannot hold is a letter, and no part of the ratio of refused rows."""
    store = store_of(request, turntable, "cassandra")
    path = write(
        store.table("heard", "((shelf), id)", ", cql_types = 'shelf varint, id tinyint'")
        + "INSERT INTO heard SELECT cast(convert_from(p.kafka_key, 'UTF8') AS bigint) / 100 AS shelf,"
        + " cast(convert_from(p.kafka_key, 'UTF8') AS int) AS id, p.song FROM plays p;\n"
    )
    kafka.send(unique, [(b"1", event("Alpha")), (b"101", event("Beta")), (b"1", None), (b"7", None), *[(b"%d" % n, None) for n in range(1000, 2100)], (b"120", event("Beta"))])
    done = turntable.run("run", path, "--until-end", "--set", "plays.max_reject_ratio=0.5", stats=True).expect(3)
    assert store.rows("heard") == {101: "Beta", 120: "Beta"}
    assert done.stats["deleted"] == 2 and done.stats["rejected"] == 1100 and done.stats["written"] == 3
    assert {letter.reason for letter in letters(turntable)} == {"row_refused"}


def test_a_letter_of_a_tombstone_deletes_what_is_older(turntable, kafka, unique, store, write):
    statements = store.table("heard") + f"INSERT INTO heard SELECT {SHELF}, {ID}, p.song FROM plays p;\n"
    kafka.send(unique, [(b"a1", event("Alpha")), (b"a1", None), (b"a2", event("Alpha")), (b"a2", None), (b"a2", event("Beta"))])
    turntable.run("run", write(statements, "dead_letter"), "--until-end").expect(3)
    assert store.rows("heard") == {"a1": "Alpha", "a2": "Beta"}
    done = turntable.run("dead-letters", "replay", write(statements)).expect(0)
    assert "2 deleted by tombstones, 0 still unmatched, 0 still rejected" in done.stdout, done.stdout
    assert store.rows("heard") == {"a2": "Beta"}


def test_in_every_table_whatever_its_where_and_its_joins_say(request, turntable, kafka, unique, write):
    """In two stores; the records that were no row in one of them are deleted there all the same."""
    file, cluster = (store_of(request, turntable, kind) for kind in ("sqlite", "cassandra"))
    path = write(
        file.table("heard")
        + file.table("joined", "((id), topic)")
        + cluster.table("loud")
        + f"INSERT INTO heard SELECT {SHELF}, {ID}, p.song FROM plays p;\n"
        + f"INSERT INTO joined SELECT {ID}, p.kafka_topic AS topic, p.song, s.tempo FROM plays p JOIN songs s ON s.song = p.song;\n"
        + f"INSERT INTO loud SELECT {SHELF}, {ID}, p.song FROM plays p WHERE p.loud;\n"
    )
    kafka.send(
        unique,
        [(b"a1", event("Alpha", loud=True)), (b"a2", event("Beta", loud=False)), (b"a3", event("Alpha", loud=True)),
         (b"a3", event("Beta", loud=False)), (b"a1", None), (b"a3", None), (b"b9", None)],
    )  # fmt: skip
    done = turntable.run("run", path, "--until-end", stats=True).expect(0)
    assert file.rows("heard") == file.rows("joined") == {"a2": "Beta"}
    assert cluster.rows("loud") == {}
    assert {name: (counts["deleted"], counts["written"], counts["filtered"]) for name, counts in done.stats["tables"].items()} == {
        "heard": (3, 4, 0), "joined": (3, 4, 0), "loud": (3, 2, 2)
    }  # fmt: skip
    assert_tables_add_up(done.stats, ["heard", "joined", "loud"])
    assert done.stats["deleted"] == 3


def test_a_key_that_gives_none_is_a_letter_with_the_reason(turntable, kafka, unique, store, write):
    path = write(store.table("heard", "((id))") + "INSERT INTO heard SELECT cast(convert_from(p.kafka_key, 'UTF8') AS int) AS id, p.song FROM plays p;\n")
    kafka.send(unique, [(b"1", event("Alpha")), (b"2", event("Beta")), (b"1", None), (b"x", None), (b"\xff", None)])
    done = turntable.run("run", path, "--until-end", stats=True).expect(3)
    assert store.rows("heard") == {2: "Beta"}
    assert done.stats["deleted"] == 1 and done.stats["rejected"] == done.stats["dead_lettered"] == 2
    assert_tables_add_up(done.stats, ["heard"])
    assert sorted((letter.key, letter.value, letter.reason) for letter in letters(turntable)) == [(b"x", None, "bad_value"), (b"\xff", None, "bad_value")]
    details = {letter.key: letter.detail for letter in letters(turntable)}
    assert "'x'" in details[b"x"] and "is no UTF-8 text" in details[b"\xff"], details


def test_a_null_key_is_a_letter_and_many_do_not_stop_a_run(turntable, kafka, unique, write, request):
    """A tombstone cannot be without a key in a compacted topic, but its key may be NULL by what the pipeline makes of it."""
    store = store_of(request, turntable, "sqlite")
    path = write(store.table("heard", "((id))") + "INSERT INTO heard SELECT nullif(convert_from(p.kafka_key, 'UTF8'), 'none') AS id, p.song FROM plays p;\n")
    kafka.send(unique, [(b"a", event("Alpha")), *[(b"none", None)] * 1500, (b"a", None)])
    done = turntable.run("run", path, "--until-end", stats=True).expect(3)
    assert store.rows("heard") == {}
    assert done.stats["rejected"] == 1500 and done.stats["deleted"] == 1
    assert {(letter.reason, letter.detail) for letter in letters(turntable)} == {("null_key", "the key column id is NULL")}


def test_the_console_says_which_rows_are_deletions(turntable, kafka, unique, write):
    path = write(f"CREATE TABLE heard () WITH (connector = 'console');\nINSERT INTO heard SELECT {ID}, p.song FROM plays p;\n", apply=False)
    kafka.send(unique, [(b"a1", event("Alpha")), (b"a1", None), (b"a1", event("Beta"))])
    done = turntable.run("run", path, "--until-end", stats=True).expect(0)
    assert "|      |a1|Alpha|\n|delete|a1|null |\n|      |a1|Beta |\n" in done.stdout, done.stdout
    assert done.stats["deleted"] == 1 and done.stats["written"] == 2


@pytest.mark.parametrize(
    ("key", "select", "fault"),
    [
        ("((id), song)", f"{ID}, p.song", "which row of heard to delete: song of its primary_key is made of p.song, which a record without"),
        ("((id), n)", f"{ID}, p.kafka_offset AS n", "n of its primary_key is made of p.kafka_offset"),
        ("((id), t)", f"{ID}, p.kafka_timestamp AS t", "t of its primary_key is made of p.kafka_timestamp"),
        ("((id), t)", f"{ID}, s.tempo AS t", "t of its primary_key is made of s.tempo"),
        ("((id))", "upper(convert_from(p.kafka_key, 'UTF8') || p.song) AS id", "id of its primary_key is made of p.song"),
        ("((id))", "'one' AS id, p.song", "no column of its primary_key is made of kafka_key, so that records of all keys are one row"),
    ],
)
def test_a_key_of_anything_else_is_refused_at_its_place(turntable, write, key, select, fault):
    path = write(
        "CREATE TABLE others () WITH (connector = 'sqlite', path = 'o.db', primary_key = '((id))');\n"
        f"CREATE TABLE heard () WITH (connector = 'sqlite', path = 'o.db',\n  primary_key = '{key}');\n"
        f"INSERT INTO others SELECT {ID}, p.song FROM plays p;\n"
        f"INSERT INTO heard SELECT {select} FROM plays p JOIN songs s ON s.song = p.song;\n",
        apply=False,
    )
    refused = turntable.run("schema", "print", path).expect(2)
    [line] = refused.stderr.splitlines()
    assert fault in line and "p.sql:7:3: tombstones = 'delete' does not know" in line, line
    assert line.endswith("or use tombstones = 'skip' or 'dead_letter'"), line
