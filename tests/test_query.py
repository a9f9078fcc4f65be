"""`turntable query`: what cqlsh prints for the same statement, and the same answers in formats for programs."""

import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.listening import COLUMNS, PERSON, as_float32, expected_of, file_pipeline, play, plays
from support.program import ROOT, environment

QUERIES = ROOT / "queries"
ODD = "odd_values"


def cqlsh(address: str, statement: str) -> str:
    """The real cqlsh's output for one statement, as one table: by default it begins a new one every 100 rows."""
    host, _, port = address.rpartition(":")
    tool = Path(sys.executable).parent / "cqlsh"
    done = subprocess.run(
        [str(tool), host, port, "--request-timeout=60", "--encoding=utf-8", "-e", "PAGING OFF; " + statement.strip().removesuffix(";")],
        capture_output=True, timeout=90, env=environment({"PYTHONIOENCODING": "utf-8", "HOME": "/nonexistent"}), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    # Not the answer: a warning about cqlsh's own version, its word on paging, and the server's warnings at the end.
    text = re.sub(r"^(WARNING: cqlsh was built|Disabled Query paging|PAGING set to OFF).*\n", "", done.stdout.decode(), flags=re.MULTILINE)
    return re.sub(r"\nWarnings :\n.*", "", text, flags=re.DOTALL)


@pytest.fixture(scope="module")
def history(cassandra, tmp_path_factory):
    """A keyspace with 12,000 rows of listening history, more than a page, written by cassandra-driver."""
    import uuid

    from cassandra.concurrent import execute_concurrent_with_args

    from support.kafka import Message

    keyspace = f"t_query_{uuid.uuid4().hex[:8]}"
    session = cassandra.session
    session.execute(
        f"CREATE KEYSPACE {keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}"
    )
    ints = ("id", "hour", "duration_ms", "musical_key", "kafka_partition")
    texts = ("name", "song", "time", "date", "artists", "album_name", "album_release_date")
    types = {c: "int" if c in ints else "text" if c in texts else "float" for c in COLUMNS} | {"kafka_offset": "bigint"}
    session.execute(
        f"CREATE TABLE {keyspace}.listening_history ({', '.join(f'{c} {t}' for c, t in types.items())}, "
        "PRIMARY KEY ((name, date, hour), time, kafka_partition, kafka_offset)) WITH CLUSTERING ORDER BY (time DESC)"
    )
    insert = session.prepare(
        f"INSERT INTO {keyspace}.listening_history ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
    )
    messages = [Message(0, n, value, None, 0) for n, value in enumerate(plays(12_000))]
    rows = expected_of(messages).rows
    execute_concurrent_with_args(session, insert, list(rows.values()), concurrency=64)
    session.execute(
        f"CREATE TABLE {keyspace}.{ODD} (id int PRIMARY KEY, t text, f float, d double, b boolean, big bigint, "
        "at timestamp, bytes blob, missing text)"
    )
    odd = session.prepare(f"INSERT INTO {keyspace}.{ODD} (id, t, f, d, b, big, at, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
    import datetime

    moment = datetime.datetime(2024, 3, 3, 10, 0, 0, 123000)
    for values in [
        (1, "plain", 0.1, 0.1, True, 2**62, moment, b"\x00\xff"),
        (2, "line\nbreak\tand tab", -5.25e-7, 1e300, False, -1, moment, b""),
        (3, 'quotes " and \' and , commas', 123456.789, 1 / 3, True, 0, moment, b"abc"),
        (4, "日本語 and é and \u0301", float("nan"), float("inf"), False, 7, moment, None),
        (5, "", 100000.0, 99999.95, None, 10**15, None, b"x"),
        (6, "back\\slash", 1e-5, 123456789.123, None, 5, moment, b"x"),
        (7, "control \x01\x7f", 0.0, -0.0, None, 5, moment, b"x"),
    ]:
        session.execute(odd, values)
    yield keyspace
    cassandra.drop(keyspace)


@pytest.fixture
def query(turntable, cassandra):
    def ask(*more, code=0):
        return turntable.run("query", "--cassandra", cassandra.address, *more).expect(code)

    return ask


def aimed(statement_file: str, keyspace: str) -> str:
    return (QUERIES / statement_file).read_text().replace("spotify.", f"{keyspace}.")


# ------------------------------------------------------------------------------------------------------------- as a table


@pytest.mark.parametrize("file", ["full.cql", "simple.cql", "agg.cql"])
def test_the_seeds_queries_look_as_in_cqlsh(file, query, history, cassandra, tmp_path):
    statement = aimed(file, history)
    (tmp_path / file).write_text(statement)
    assert query("-f", tmp_path / file).stdout == cqlsh(cassandra.address, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM {keyspace}.odd_values",
        "SELECT id, t, missing FROM {keyspace}.odd_values WHERE id = 2",
        "SELECT f, d, big FROM {keyspace}.odd_values",
        "SELECT count(*) FROM {keyspace}.listening_history",
        "SELECT avg(tempo), max(song), min(duration_ms) FROM {keyspace}.listening_history",
        "SELECT * FROM {keyspace}.odd_values WHERE id = 99",
        'SELECT id AS "Number", t AS text FROM {keyspace}.odd_values LIMIT 1',
    ],
)  # fmt: skip
def test_tables_look_as_in_cqlsh(statement, query, history, cassandra):
    statement = statement.format(keyspace=history)
    assert query("-e", statement).stdout == cqlsh(cassandra.address, statement)


# ---------------------------------------------------------------------------------------------------------- other formats


def test_all_pages_are_read(query, history):
    said = query("-e", f"SELECT kafka_offset FROM {history}.listening_history", "--format", "ndjson").stdout
    assert sorted(json.loads(line)["kafka_offset"] for line in said.splitlines()) == list(range(12_000))


def test_json_and_ndjson_hold_the_same_values(query, history, cassandra):
    statement = aimed("simple.cql", history).replace("SELECT song", "SELECT *")
    array = json.loads(query("-e", statement, "--format", "json").stdout)
    lines = [json.loads(line) for line in query("-e", statement, "--format", "ndjson").stdout.splitlines()]
    assert array == lines and len(lines) > 100
    expected = cassandra.rows(statement)
    names = [c.name for c in cassandra.session.cluster.metadata.keyspaces[history].tables["listening_history"].columns.values()]
    assert list(lines[0]) == names
    for line, row in zip(lines, expected, strict=True):
        for name, value in zip(names, row, strict=True):
            found = line[name]
            assert (as_float32(repr(found)) if isinstance(value, float) else found) == value, name


def test_csv_is_read_back_by_another_reader(query, history, cassandra):
    statement = f"SELECT id, t, big FROM {history}.{ODD}"
    table = list(csv.reader(io.StringIO(query("-e", statement, "--format", "csv").stdout, newline=""), strict=True))
    assert table[0] == ["id", "t", "big"]
    assert sorted(table[1:]) == sorted([str(i), t, str(big)] for i, t, big in cassandra.rows(statement))


def test_json_has_null_where_there_is_no_value(query, history):
    (row,) = json.loads(query("-e", f"SELECT missing, b, t FROM {history}.{ODD} WHERE id = 5", "--format", "json").stdout)
    assert row == {"missing": None, "b": None, "t": ""}


# ------------------------------------------------------------------------------------------------------------ output files


def test_output_goes_to_a_file(query, history, tmp_path):
    statement = aimed("simple.cql", history)
    shown = query("-e", statement).stdout
    target = tmp_path / "answer.txt"
    target.write_text("an older answer that is longer than it need be\n" * 1000)
    assert query("-e", statement, "-o", target).stdout == ""
    assert target.read_text() == shown
    assert os.listdir(tmp_path) == ["answer.txt"]


def test_a_failed_query_leaves_the_older_answer(query, history, tmp_path):
    target = tmp_path / "answer.txt"
    target.write_text("older\n")
    wrong = query("-e", f"SELECT nothing FROM {history}.listening_history", "-o", target, code=1)
    assert "nothing" in wrong.stderr
    assert target.read_text() == "older\n" and os.listdir(tmp_path) == ["answer.txt"]


def test_a_directory_that_is_not_there_is_named(query, history, tmp_path):
    wrong = query("-e", f"SELECT id FROM {history}.{ODD}", "-o", tmp_path / "nowhere" / "answer.txt", code=1)
    assert "nowhere" in wrong.stderr


def test_a_missing_query_file_is_named(turntable, cassandra):
    wrong = turntable.run("query", "--cassandra", cassandra.address, "-f", "nowhere.cql")
    assert wrong.code in (1, 2) and "nowhere.cql" in wrong.stderr, wrong.transcript()


def test_a_node_that_is_not_there_is_named(turntable):
    from support.forwarder import free_port

    address = f"127.0.0.1:{free_port()}"
    wrong = turntable.run("query", "--cassandra", address, "-e", "SELECT * FROM system.local", timeout=90).expect(4)
    assert address in wrong.stderr, wrong.transcript()


# ----------------------------------------------------------------------------------------------------------------- SQLite


@pytest.fixture
def sqlite_history_file(turntable, tmp_path):
    events = tmp_path / "plays.ndjson"
    events.write_bytes(b"\n".join([*plays(12_000), play(99, name="Somebody else")]) + b"\n")
    file_pipeline(turntable, events).drain()
    return tmp_path / "history.db"


@pytest.mark.parametrize("file", ["simple.cql", "agg.cql"])
def test_the_same_files_give_the_same_answers_on_sqlite(file, turntable, query, history, sqlite_history_file, tmp_path):
    (tmp_path / file).write_text(aimed(file, history))
    from_cassandra = query("-f", tmp_path / file, "--format", "csv").stdout
    from_sqlite = turntable.run("query", "--sqlite", sqlite_history_file, "-f", QUERIES / file, "--format", "csv").expect(0).stdout
    here, there = (sorted(list(csv.reader(io.StringIO(text)))[1:]) for text in (from_cassandra, from_sqlite))
    assert len(here) == len(there) > 0
    for one, other in zip(here, there):
        for a, b in zip(one, other, strict=True):
            try:
                assert float(a) == pytest.approx(float(b), rel=1e-3)
            except ValueError:
                assert a == b


def test_the_full_query_runs_on_sqlite(turntable, sqlite_history_file):
    said = turntable.run("query", "--sqlite", sqlite_history_file, "-f", QUERIES / "full.cql").expect(0).stdout
    assert "(50 rows)" in said and PERSON in said


def test_another_keyspace_can_be_named(turntable, sqlite_history_file):
    said = turntable.run(
        "query", "--sqlite", sqlite_history_file, "--keyspace", "elsewhere", "-e", "SELECT count(*) AS n FROM elsewhere.listening_history",
        "--format", "json",
    ).expect(0)  # fmt: skip
    assert json.loads(said.stdout) == [{"n": 12_001}]


def test_a_missing_sqlite_file_is_named_and_not_made(turntable, tmp_path):
    wrong = turntable.run("query", "--sqlite", "nowhere.db", "-e", "SELECT 1").expect(2)
    assert "nowhere.db" in wrong.stderr and not (tmp_path / "nowhere.db").exists()


def test_a_query_does_not_change_the_file(turntable, sqlite_history_file):
    before = sqlite_history_file.read_bytes()
    wrong = turntable.run("query", "--sqlite", sqlite_history_file, "-e", "DELETE FROM spotify.listening_history")
    assert wrong.code != 0
    assert sqlite_history_file.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--sqlite", "", "-e", "SELECT 1"), "--sqlite: the file's name is empty"),
        (("--cassandra", "", "-e", "SELECT 1"), "--cassandra: the text is empty"),
        (("--cassandra", "x:1", "--keyspace", "ks", "-e", "SELECT 1"), "--keyspace requires --sqlite"),
    ],
)
def test_usage_faults_are_named(arguments, sentence, turntable):
    assert sentence in turntable.run("query", *arguments).expect(2).stderr


def test_the_file_that_is_read_is_not_written_over(turntable, tmp_path):
    path = tmp_path / "rows.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (id int)")
        db.execute("INSERT INTO t VALUES (1)")
    statements = tmp_path / "q.cql"
    statements.write_text("SELECT * FROM t")
    for output in (path, tmp_path / "." / "rows.db", tmp_path / "rows.db-lock", statements):
        result = turntable.run("query", "--sqlite", path, "-f", statements, "-o", output).expect(2)
        assert "is the file that is read" in result.stderr
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT id FROM t").fetchall() == [(1,)]
    assert statements.read_text() == "SELECT * FROM t"


def test_statistics_are_not_written_over_what_the_pipeline_has(turntable):
    (turntable.directory / "plays.ndjson").write_text('{"id": 1}\n')
    (turntable.directory / "p.sql").write_text(
        "CREATE TABLE plays (id int NOT NULL) WITH (connector = 'ndjson', path = 'plays.ndjson');\n"
        "CREATE TABLE history (id int) WITH (connector = 'sqlite', path = 'h.db', primary_key = 'id');\n"
        "INSERT INTO history SELECT id FROM plays;\n"
    )
    pipeline = (turntable.directory / "p.sql").read_text()
    for path in ("plays.ndjson", "h.db", "h.db-lock", "p.dead_letters.jsonl", "p.sql"):
        result = turntable.run("run", "p.sql", "--stats-json", path, cwd=turntable.directory).expect(2)
        assert f"--stats-json: '{path}' is the " in result.stderr
    assert (turntable.directory / "plays.ndjson").read_text() == '{"id": 1}\n'
    assert (turntable.directory / "p.sql").read_text() == pipeline


def test_own_tables_of_a_version_before_are_read(turntable, tmp_path):
    """Their numbers were declared as int, and are larger."""
    path = tmp_path / "rows.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE turntable_positions (target text, next int, write_time int)")
        db.execute("INSERT INTO turntable_positions VALUES ('t', 5000000000, 1795992509726358)")
    result = turntable.run("query", "--sqlite", path, "-e", "SELECT next, write_time FROM turntable_positions", "--format", "csv").expect(0)
    assert result.stdout.splitlines() == ["next,write_time", "5000000000,1795992509726358"]


def test_a_query_without_end_is_ended_by_the_first_signal(turntable, tmp_path):
    path = tmp_path / "rows.db"
    sqlite3.connect(path).close()
    endless = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT count(*) FROM n WHERE n < 0"
    running = turntable.start("query", "--sqlite", path, "-e", endless)
    time.sleep(1)
    ended = running.terminate()
    assert ended.code == 1 and "the query was interrupted" in ended.stderr, ended.transcript()
