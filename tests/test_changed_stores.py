"""What was looked at when a run began is changed under it: the run stops, says what the start would have said, and the next one finds every
record again. What was acknowledged before the change is the operator's; nothing that came after it may be committed."""

import gc
import json
import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from support.program import wait_until

PIPELINE = """
CREATE TABLE plays (id int, song text) WITH (connector = 'kafka', topic = '{topic}', start = 'earliest',
  "bootstrap.servers" = '{kafka}', "group.id" = '{topic}', "auto.commit.interval.ms" = '100', dead_letters = 'file:{folder}/dead.jsonl');
CREATE TABLE {table} (id int, off bigint, song text, x int) WITH (
  connector = '{connector}', {options} primary_key = '((id), off)', flush_interval = '100ms');
INSERT INTO {table} SELECT p.id, p.kafka_offset AS off, p.song, 1 AS x FROM plays p;
"""


class Run:
    """A pipeline over a topic of its own, and records that are sent to it one after another."""

    def __init__(self, turntable, kafka, topic, folder, table, connector, options):
        self.kafka, self.topic, self.sent = kafka, topic, 0
        self.turntable = turntable
        self.file = folder / "p.sql"
        self.file.write_text(
            PIPELINE.format(topic=topic, kafka=kafka.bootstrap, folder=folder, table=table, connector=connector, options=options)
        )

    def send(self, count=5, value=None):
        values = [value or json.dumps({"id": self.sent + i, "song": "Alpha"}).encode() for i in range(count)]
        self.sent += count
        self.kafka.send(self.topic, values, partition=0)

    def start(self):
        self.running = self.turntable.start("run", self.file)

    def wait_for_commit(self, offset):
        wait_until(lambda: self.committed() == offset, f"{offset} is committed", 30, self.running)

    def ends_with(self, *said):
        """Without having committed what came after the change."""
        result = self.running.wait(30)
        assert result.code == 1, result.stderr
        for text in said:
            assert text in result.stderr, result.stderr
        assert self.committed() <= self.sent - 5

    def committed(self):
        return self.kafka.committed(self.topic, self.topic).get(0, 0)

    def drain(self):
        return self.turntable.run("run", self.file, "--until-end", timeout=60).expect(0)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in" / "o.db"


@pytest.fixture
def to_file(turntable, kafka, topic, tmp_path, path):
    """Has written five rows."""
    run = Run(turntable, kafka, topic, tmp_path, "h", "sqlite", f"path = '{path}',")
    run.send()
    run.start()
    run.wait_for_commit(5)
    assert rows_of(path) == 5
    yield run


def rows_of(path):
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as file:
            return file.execute("SELECT count(*) FROM h").fetchone()[0]
    except sqlite3.OperationalError:
        return None


GONE = "was removed, renamed or replaced while the run wrote to it"


def remove(path):
    for file in path.parent.glob(path.name + "*"):
        file.unlink()


def replace(path):
    """By a backup, as a careful operator makes one, and a careless one puts it back."""
    backup(path)
    os.replace(path.parent.parent / "backup.db", path)


def backup(path):
    with sqlite3.connect(path) as file, sqlite3.connect(path.parent.parent / "backup.db") as copy:
        file.backup(copy)


def replace_folder(path):
    path.parent.rename(path.parent.parent / "out")
    path.parent.mkdir()


@pytest.mark.parametrize("change", [remove, replace, lambda path: path.rename(path.with_suffix(".old")), replace_folder],
                         ids=["removed", "replaced", "renamed", "folder"])  # fmt: skip
def test_a_file_that_is_taken_away_stops_the_run(change, to_file, path):
    change(path)
    to_file.send()
    to_file.ends_with(GONE, str(path))
    assert to_file.committed() == 5


def test_what_came_after_the_file_was_removed_is_in_the_next_ones_file(to_file, path):
    remove(path)
    to_file.send()
    to_file.ends_with(GONE)
    to_file.drain()
    assert rows_of(path) == 5


def test_a_log_that_is_removed_stops_the_run(to_file, path):
    (path.parent / "o.db-wal").unlink()
    to_file.send()
    to_file.ends_with(GONE, "o.db-wal")
    to_file.drain()
    assert rows_of(path) == 10


def test_a_backup_that_is_restored_into_the_open_file_stops_the_run_and_is_read_on(to_file, path):
    backup(path)
    to_file.send()
    to_file.wait_for_commit(10)
    with sqlite3.connect(path.parent.parent / "backup.db") as copy, sqlite3.connect(path) as file:
        copy.backup(file)
    to_file.send()
    to_file.ends_with("the position of partition 0 is 5 in the file, and was 10")
    to_file.drain()
    assert rows_of(path) == 15


def test_a_shorter_copy_over_the_open_file_stops_the_run(to_file, path):
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE more (x)")
        file.execute("INSERT INTO more VALUES (zeroblob(100000))")
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    to_file.send()
    to_file.wait_for_commit(10)
    assert rows_of(path) == 10
    with sqlite3.connect(path.parent.parent / "small.db") as file:
        file.execute("CREATE TABLE t (x)")
    shutil.copyfile(path.parent.parent / "small.db", path)
    to_file.send()
    to_file.ends_with()


def test_a_table_of_another_form_is_told_as_at_the_start(to_file, path):
    with sqlite3.connect(path) as file:
        file.execute("DROP TABLE h")
        file.execute("CREATE TABLE h (id int, off int, song blob, x real, PRIMARY KEY (id, off))")
    to_file.send()
    to_file.ends_with("column song is blob, expected text", "column x is real, expected int")
    said = to_file.turntable.run("run", to_file.file, "--until-end").expect(1).stderr
    assert "column x is real, expected int" in said


@pytest.mark.parametrize("left", [0, 0.5], ids=["empty", "half"])
def test_a_log_that_is_cut_short_stops_the_run_and_is_read_on(left, to_file, path):
    log = path.parent / "o.db-wal"
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    to_file.send()
    to_file.wait_for_commit(10)
    gc.collect()  # A connection that is still open would keep SQLite from looking at the log anew.
    os.truncate(log, int(log.stat().st_size * left))
    to_file.send()
    to_file.ends_with("o.db-wal was cut short while the run wrote to it")
    to_file.drain()
    assert rows_of(path) == 15
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_table_that_is_made_anew_in_the_same_form_stops_the_run(to_file, path):
    with sqlite3.connect(path) as file:
        (made,) = file.execute("SELECT sql FROM sqlite_master WHERE name = 'h'").fetchone()
        file.execute("DROP TABLE h")
        file.execute(made)
    to_file.send()
    to_file.ends_with("the table h was dropped and made anew while the run wrote to it")
    assert to_file.committed() == 5
    to_file.drain()
    assert rows_of(path) == 5


FED = """
CREATE TABLE plays (id int, t timestamptz) WITH (connector = 'ndjson', path = '{events}');
CREATE TABLE {table} (id int, t timestamptz) WITH (connector = 'sqlite', path = '{path}', primary_key = '{key}', flush_interval = '50ms');
INSERT INTO {table} SELECT id, t FROM plays;
"""


class Fed:
    """A pipeline whose records come through a pipe, one after another: nothing keeps positions of it."""

    def __init__(self, turntable, folder, path, key="((id), t)"):
        self.path, self.sent = path, 0
        file = folder / "fed.sql"
        events = folder / "events"
        os.mkfifo(events)
        file.write_text(FED.format(path=path, table="h", key=key, events=events))
        self.running = turntable.start("run", file)
        self.events = open(events, "wb", buffering=0)

    def send(self):
        self.sent += 1
        event = json.dumps({"id": self.sent, "t": "2024-03-03T10:15:00.123456Z"})
        self.events.write(f"{event}\n".encode())

    def write(self, rows):
        self.send()
        wait_until(lambda: rows_of(self.path) == rows, f"{rows} rows are written", 30, self.running)

    def ends_with(self, said):
        result = self.running.wait(30)
        assert result.code == 1, result.stderr
        assert said in result.stderr, result.stderr
        self.events.close()


@pytest.fixture
def fed(turntable, tmp_path, path):
    """Has written two rows."""
    run = Fed(turntable, tmp_path, path)
    run.write(1)
    run.write(2)
    yield run
    run.running.kill()


def test_a_backup_that_is_restored_under_a_run_without_positions_stops_it(fed, path):
    backup(path)
    fed.write(3)
    with sqlite3.connect(path.parent.parent / "backup.db") as copy, sqlite3.connect(path) as file:
        copy.backup(file)
    fed.send()
    fed.ends_with("the file has 2 of the 3 transactions that this run has written")
    assert rows_of(path) == 2


@pytest.mark.parametrize("now", ["timestamp", "datetime"])
def test_a_table_that_keeps_other_parts_of_times_stops_the_run(now, fed, path):
    with sqlite3.connect(path) as file:
        (made,) = file.execute("SELECT sql FROM sqlite_master WHERE name = 'h'").fetchone()
        file.execute("DROP TABLE h")
        file.execute(made.replace("timestamp(6)", now))
    fed.send()
    fed.ends_with("column t keeps milliseconds of times, and kept microseconds when the run began")
    assert rows_of(path) == 0


def test_a_table_that_is_made_anew_without_write_times_stops_the_run(turntable, tmp_path, path):
    fed = Fed(turntable, tmp_path, path, key="((id))")
    fed.write(1)
    with sqlite3.connect(path) as file:
        file.execute("DROP TABLE h")
        file.execute("CREATE TABLE h (id int PRIMARY KEY, t timestamp(6))")
    fed.send()
    fed.ends_with("the table h is not as the pipeline says: column _write_time is missing, expected bigint")
    assert rows_of(path) == 0


def test_other_programs_may_read_and_tidy_the_file(to_file, path):
    with sqlite3.connect(path) as file:
        file.execute("CREATE INDEX by_song ON h (song)")
    with sqlite3.connect(path) as file:
        file.execute("VACUUM")
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    to_file.send()
    to_file.wait_for_commit(10)
    assert rows_of(path) == 10
    to_file.running.terminate().expect(0)


COLUMNS = "id int, off bigint, song text, x int, PRIMARY KEY (id, off)"


@pytest.fixture
def to_cassandra(turntable, kafka, cassandra, topic, keyspace, tmp_path):
    """Has written five rows."""
    options = f"contact_points = '{cassandra.address}', keyspace = '{keyspace}',"
    run = Run(turntable, kafka, topic, tmp_path, "h", "cassandra", options)
    cassandra.session.execute(f"CREATE KEYSPACE {keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}")
    cassandra.session.execute(f"CREATE TABLE {keyspace}.h ({COLUMNS})")
    run.send()
    run.start()
    run.wait_for_commit(5)
    assert count(cassandra, keyspace) == 5
    yield run


def count(cassandra, keyspace):
    return cassandra.rows(f"SELECT count(*) FROM {keyspace}.h")[0][0]


def make_anew(cassandra, keyspace, columns):
    cassandra.session.execute(f"DROP TABLE {keyspace}.h")
    cassandra.session.execute(f"CREATE TABLE {keyspace}.h ({columns})")


@pytest.mark.parametrize(
    ("columns", "said", "written"),
    [
        # No value of another type is taken where the types do not fit each other in Cassandra's eyes, …
        ("id int, off bigint, song text, x float, PRIMARY KEY (id, off)", ["column x is float, expected int"], 0),
        ("id int, off bigint, song text, x bigint, PRIMARY KEY (id, off)", ["column x is bigint, expected int"], 0),
        ("id int, off timestamp, song blob, x float, PRIMARY KEY (id, off)",
         ["column x is float, expected int", "column off is timestamp, expected bigint", "column song is blob, expected text"], 0),
        # … and else the bytes are as they would have been.
        ("id int, off bigint, song blob, x int, PRIMARY KEY (id, off)", ["column song is blob, expected text"], 5),
        ("id int, off bigint, song text, x int, PRIMARY KEY (id)", ["key"], 5),
        (COLUMNS, ["dropped and made anew while the run wrote to it"], 5),
    ],
    ids=["float", "bigint", "all", "blob", "key", "same"],
)  # fmt: skip
def test_a_table_that_is_made_anew_stops_the_run(columns, said, written, to_cassandra, cassandra, keyspace, tmp_path):
    make_anew(cassandra, keyspace, columns)
    to_cassandra.send()
    to_cassandra.ends_with(*said)
    assert to_cassandra.committed() == 5
    # A slow machine may send the five in two flushes, and the first one shows it.
    assert count(cassandra, keyspace) in range(min(written, 1), written + 1)
    # The rows are no dead letters.
    assert not (tmp_path / "dead.jsonl").exists()


def test_what_came_after_the_table_was_made_anew_is_in_the_new_one(to_cassandra, cassandra, keyspace):
    make_anew(cassandra, keyspace, COLUMNS)
    to_cassandra.send()
    to_cassandra.ends_with("dropped and made anew")
    to_cassandra.drain()
    assert count(cassandra, keyspace) == 5
    assert to_cassandra.committed() == 10


def test_a_table_that_is_dropped_stops_the_run(to_cassandra, cassandra, keyspace):
    cassandra.session.execute(f"DROP TABLE {keyspace}.h")
    to_cassandra.send()
    to_cassandra.ends_with("there is no table h in keyspace")


def test_a_table_may_be_emptied_and_widened(to_cassandra, cassandra, keyspace):
    cassandra.session.execute(f"TRUNCATE {keyspace}.h")
    cassandra.session.execute(f"ALTER TABLE {keyspace}.h ADD note text")
    to_cassandra.send()
    to_cassandra.wait_for_commit(10)
    assert count(cassandra, keyspace) == 5
    to_cassandra.running.terminate().expect(0)


def test_letters_may_be_removed_when_they_are_done_with(to_file, path, tmp_path):
    letters = tmp_path / "dead.jsonl"
    to_file.send(3, b"nonsense")
    to_file.wait_for_commit(8)
    letters.unlink()
    to_file.send(2, b"nonsense")
    to_file.wait_for_commit(10)
    assert len(letters.read_text().splitlines()) == 2
    to_file.running.terminate().expect(0)
