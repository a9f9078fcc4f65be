"""Tables whose key does not tell records apart: of two records with one key the later one's row stands, whole."""

from __future__ import annotations

import base64
import itertools
import json
import random
import signal
import sqlite3
import time

import pytest

from chaos.events import Turns
from chaos.latest import COLUMNS, LatestJudge, check_latest
from chaos.oracle import Record, Verdict
from support.listening import CATALOGUE, catalogue, song_names
from support.program import ROOT
from support.tables import sqlite_rows

STORES = ["cassandra", "sqlite"]


class Latest:
    """A pipeline that keeps the last play of each person, from a file or a topic into either store."""

    def __init__(self, turntable, store: str, cassandra, keyspace: str, **options) -> None:
        self.turntable = turntable
        self.store = store
        self.cassandra = cassandra
        self.keyspace = keyspace
        self.source = {"connector": "ndjson", "path": "events.ndjson", "dead_letters": "file:dead.jsonl"}
        self.sink = {"connector": store, "primary_key": "((id))", **options}
        if store == "cassandra":
            self.sink |= {"contact_points": cassandra.address, "keyspace": keyspace}
        else:
            self.sink |= {"path": "latest.db"}
        self.select = "INSERT INTO latest SELECT id, song, n FROM plays"
        self.lookup = ""

    def write(self) -> str:
        def with_options(options: dict) -> str:
            return "WITH (" + ", ".join(f"\"{name}\" = '{value}'" for name, value in options.items()) + ")"

        path = self.turntable.directory / "latest.sql"
        path.write_text(
            f"CREATE TABLE plays (id int NOT NULL, song text, n int) {with_options(self.source)};\n{self.lookup}"
            f"CREATE TABLE latest (id int, song text, n int) {with_options(self.sink)};\n{self.select};\n"
        )
        return str(path)

    def apply(self) -> None:
        self.turntable.run("schema", "apply", self.write()).expect(0)

    def events(self, events: list[dict]) -> None:
        lines = "".join(json.dumps(event) + "\n" for event in events)
        (self.turntable.directory / "events.ndjson").write_text(lines)

    def run(self, *more, code: int = 0):
        return self.turntable.run("run", self.write(), *more, timeout=120).expect(code)

    def rows(self) -> dict[int, tuple]:
        select = "SELECT id, song, n FROM "
        found = (
            self.cassandra.rows(f"{select}{self.keyspace}.latest")
            if self.store == "cassandra"
            else sqlite_rows(self.turntable.directory / "latest.db", f"{select}latest")
        )
        assert len({row[0] for row in found}) == len(found), "a key stands twice"
        return {row[0]: row[1:] for row in found}

    def read_topic(self, kafka, topic: str, group: str) -> None:
        self.source = {
            "connector": "kafka", "topic": topic, "bootstrap.servers": kafka.bootstrap, "group.id": group, "start": "earliest",
            "dead_letters": "file:dead.jsonl",
        }  # fmt: skip


@pytest.fixture(params=STORES)
def latest(request, turntable, cassandra, keyspace):
    pipeline = Latest(turntable, request.param, cassandra, keyspace)
    pipeline.apply()
    return pipeline


def song(number: int) -> str:
    """Rises and falls with the number, so that the larger of two is not always the later."""
    return f"s{number * 7919 % 100_000:05d}"


def standing(events: list[dict]) -> dict[int, tuple]:
    return {event["id"]: (event["song"], event["n"]) for event in events}


def test_two_records_of_a_key_in_one_flush_become_the_later_ones_row(latest):
    events = [{"id": 1, "song": "Zulu", "n": 1}, {"id": 1, "song": "Alpha", "n": 2}, {"id": 2, "song": "Alpha", "n": 9}]
    latest.events([*events, {"id": 2, "song": "Zulu", "n": 1}])
    latest.run()
    assert latest.rows() == {1: ("Alpha", 2), 2: ("Zulu", 1)}


@pytest.mark.parametrize("flush_rows", [7, 10_000])
def test_of_many_records_of_many_keys_the_last_of_each_stands(latest, flush_rows):
    events = [{"id": n % 200, "song": song(n), "n": n} for n in range(20_000)]
    latest.events(events)
    latest.run("--set", f"latest.flush_rows={flush_rows}")
    assert latest.rows() == standing(events)


def test_a_null_that_comes_later_stands(latest):
    values = [None, "Alpha", "Zulu"]
    events = []
    for identity, (first, second) in enumerate(itertools.product(values, values)):
        events += [{"id": identity, "song": first, "n": 1}, {"id": identity, "song": second, "n": None}]
    latest.events(events)
    latest.run()
    assert latest.rows() == standing(events)


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
def test_a_file_is_read_with_write_times_above_those_of_the_run_before(kept, turntable, cassandra, keyspace):
    latest = Latest(turntable, "sqlite", cassandra, keyspace)
    latest.events([{"id": 1, "song": "Alpha", "n": 1}])
    latest.run()
    # As if the clock had been a minute ahead.
    with sqlite3.connect(turntable.directory / "latest.db") as file:
        file.execute("UPDATE latest SET _write_time = _write_time + 60000000")
        if kept:
            file.execute("UPDATE turntable_transactions SET write_time = write_time + 60000000")
        else:
            file.execute("DROP TABLE turntable_transactions")
    latest.events([{"id": 1, "song": "Zulu", "n": 2}])
    latest.run()
    assert latest.rows() == {1: ("Zulu", 2)}


def test_an_old_letter_does_not_hide_an_old_row(turntable, cassandra, keyspace):
    """Both of a version before, which gave neither a write time."""
    latest = Latest(turntable, "sqlite", cassandra, keyspace)
    latest.events([{"id": 1, "song": "Zulu", "n": 2}, {"id": "x"}])
    latest.run(code=3)
    path = turntable.directory / "latest.db"
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE before (id int NOT NULL, song text, n int, PRIMARY KEY (id))")
        file.execute("INSERT INTO before SELECT id, song, n FROM latest")
        for statement in ["DROP TABLE latest", "ALTER TABLE before RENAME TO latest", "DROP TABLE turntable_transactions"]:
            file.execute(statement)
    letters = turntable.directory / "dead.jsonl"
    letter = json.loads(letters.read_text())
    del letter["write_time"]
    letter["value_base64"] = base64.b64encode(b'{"id": 1, "song": "Alpha", "n": 1}').decode()
    letters.write_text(json.dumps(letter) + "\n")
    turntable.run("dead-letters", "replay", latest.write()).expect(0)
    assert latest.rows() == {1: ("Zulu", 2)}
    latest.events([{"id": 1, "song": "Bravo", "n": 3}])
    latest.run()
    assert latest.rows() == {1: ("Bravo", 3)}


def test_nulls_unset_leaves_what_is_there(latest):
    latest.events([{"id": 1, "song": "Alpha", "n": None}, {"id": 1, "song": None, "n": 2}])
    latest.run("--set", "latest.nulls=unset")
    assert latest.rows() == {1: ("Alpha", 2)}


def test_columns_that_the_insert_does_not_list_stay_as_they_are(latest):
    latest.events([{"id": 1, "song": "Alpha", "n": 1}])
    latest.run()
    latest.select = "INSERT INTO latest (id, song) SELECT id, song FROM plays"
    latest.events([{"id": 1, "song": "Zulu", "n": 5}, {"id": 2, "song": "Zulu", "n": 5}])
    latest.run()
    assert latest.rows() == {1: ("Zulu", 1), 2: ("Zulu", None)}


def test_a_replayed_letter_does_not_hide_a_newer_row(latest):
    latest.lookup = "CREATE TABLE songs () WITH (connector = 'csv', path = 'songs.csv', key = 'name');\n"
    latest.select = "INSERT INTO latest SELECT p.id, s.name AS song, p.n FROM plays p JOIN songs s ON s.name = p.song"
    songs = latest.turntable.directory / "songs.csv"
    songs.write_text("name,x\nAlpha,1\n")
    latest.events([
        {"id": 1, "song": "Zulu", "n": 1},  # Has no song yet: a dead letter.
        {"id": 1, "song": "Alpha", "n": 2},
        {"id": 2, "song": "Alpha", "n": 3},
        {"id": 2, "song": "Zulu", "n": 4},
        {"id": 3, "song": "Zulu", "n": 5},
    ])  # fmt: skip
    latest.run(code=3)
    assert latest.rows() == {1: ("Alpha", 2), 2: ("Alpha", 3)}
    songs.write_text("name,x\nAlpha,1\nZulu,2\n")
    latest.turntable.run("dead-letters", "replay", latest.write()).expect(0)
    assert latest.rows() == {1: ("Alpha", 2), 2: ("Zulu", 4), 3: ("Zulu", 5)}


def test_letters_of_a_version_before_are_older_than_what_was_delivered_since(latest):
    latest.events([{"id": 1, "song": "Alpha", "n": 2}])
    latest.run()
    letter = {"topic": "events.ndjson", "partition": 0, "offset": 7, "time": None, "reason": "bad_value", "detail": "x"}
    values = [b'{"id": 1, "song": "Zulu", "n": 1}', b'{"id": 2, "song": "Zulu", "n": 1}']
    lines = [json.dumps({**letter, "value_base64": base64.b64encode(value).decode()}) + "\n" for value in values]
    (latest.turntable.directory / "dead.jsonl").write_text("".join(lines))
    latest.turntable.run("dead-letters", "replay", latest.write()).expect(0)
    assert latest.rows() == {1: ("Alpha", 2), 2: ("Zulu", 1)}


def test_the_records_own_time_decides_where_that_is_wanted(latest, kafka, topic, unique):
    latest.read_topic(kafka, topic, unique)
    latest.sink["write_timestamp"] = "record"
    now = int(time.time() * 1000)

    def send(at_ms: int, *events: dict) -> None:
        kafka.send(topic, [json.dumps(event).encode() for event in events], partition=0, timestamp_ms=at_ms)

    send(now, {"id": 1, "song": "Alpha", "n": 1})
    send(now - 5_000, {"id": 1, "song": "Zulu", "n": 2})
    # Records of one millisecond keep their order.
    send(now, *({"id": 2, "song": song(n), "n": n} for n in range(100)))
    latest.run("--until-end")
    assert latest.rows() == {1: ("Alpha", 1), 2: (song(99), 99)}


def test_kills_and_retries_leave_whole_rows_of_the_last_records(latest, kafka, topic, unique):
    """Rows of one key are in flight at once when the program dies, and are written again by the next one."""
    latest.read_topic(kafka, topic, unique)
    latest.sink |= {"flush_interval": "0s", "flush_rows": "50"}
    people = 40
    events = [{"id": n % people, "song": None if n % 7 == 0 else song(n), "n": n} for n in range(10_000)]
    chance = random.Random(5)
    for begin in range(0, len(events), 2_000):
        # Some more before each start: a quick run leaves nothing for the next one. All of a person go to one partition.
        for partition in range(4):
            mine = [event for event in events[begin : begin + 2_000] if event["id"] % 4 == partition]
            kafka.send(topic, [json.dumps(event).encode() for event in mine], partition=partition)
        running = latest.turntable.start("run", latest.write(), "--set", "plays.session.timeout.ms=6000")
        running.wait_for("Flushing", seconds=60)
        time.sleep(chance.uniform(0, 0.2))
        running.send(signal.SIGKILL)
        running.wait()
    latest.run("--until-end", "--set", "plays.session.timeout.ms=6000")
    assert latest.rows() == standing(events)


@pytest.mark.parametrize("store", STORES)
def test_the_sample_pipeline_keeps_the_latest_play_of_every_person(turntable, cassandra, keyspace, store):
    """pipelines/latest_play.sql, judged as ./dev chaos judges it."""
    turns = Turns(1, song_names(1000))
    events = [event for event in (turns.next() for _ in range(5_000)) if event.meant in ("row", "unmatched")]
    (turntable.directory / "events.ndjson").write_bytes(b"".join(event.value + b"\n" for event in events))
    options = {"plays.connector": "ndjson", "plays.path": "events.ndjson", "plays.dead_letters": "file:dead.jsonl", "songs.path": CATALOGUE}
    if store == "sqlite":
        options |= {"latest_play.connector": "sqlite", "latest_play.path": "latest.db"}
    else:
        options |= {"latest_play.contact_points": cassandra.address, "latest_play.keyspace": keyspace}
    sets = [word for name, value in options.items() for word in ("--set", f"{name}={value}")]
    pipeline = ROOT / "pipelines" / "latest_play.sql"
    turntable.run("schema", "apply", pipeline, *sets).expect(0)
    turntable.run("run", pipeline, *sets, timeout=120).expect(3)  # Dead letters.

    select = f"SELECT {', '.join(COLUMNS)} FROM "
    rows = sqlite_rows(turntable.directory / "latest.db", f"{select}latest_play") if store == "sqlite" else cassandra.rows(f"{select}{keyspace}.latest_play")
    outcomes = LatestJudge(catalogue()).outcomes({(0, number): Record(event.value) for number, event in enumerate(events)})
    verdict = Verdict()
    check_latest(outcomes, rows, verdict)
    assert verdict.good and verdict.rows > 100, verdict


@pytest.mark.parametrize("rule", ["server", "record"])
def test_a_file_stands_over_rows_of_a_clock_that_was_ahead(rule, turntable, cassandra):
    """A file has neither commits that say how high write times have come, nor times of its records."""
    latest = Latest(turntable, "sqlite", cassandra, "", write_timestamp=rule)
    latest.events([{"id": 1, "song": "early", "n": 1}])
    latest.run()
    ahead = (time.time_ns() // 1_000) + 86_400_000_000
    with sqlite3.connect(turntable.directory / "latest.db") as db:
        db.execute("UPDATE latest SET _write_time = ?", (ahead,))
        db.execute("UPDATE turntable_transactions SET write_time = ?", (ahead,))
    latest.events([{"id": 1, "song": "late", "n": 2}])
    latest.run()
    with sqlite3.connect(turntable.directory / "latest.db") as db:
        assert db.execute("SELECT song, n FROM latest").fetchall() == [("late", 2)]
