"""A table that is there and not as the pipeline needs it: what is said of it, and `schema apply --add-columns`."""

import json
import sqlite3
from contextlib import closing

import pytest

from support.tables import sqlite_rows

SOURCE = "CREATE TABLE plays (id int NOT NULL, song text, n int) WITH (connector = 'ndjson', path = 'ev.ndjson', dead_letters = 'file:dl.jsonl');\n"


@pytest.fixture
def live(cassandra, keyspace):
    cassandra.session.execute(f"CREATE KEYSPACE {keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}")

    def make(definition):
        cassandra.session.execute(f"CREATE TABLE {keyspace}.{definition}")

    return make


@pytest.fixture
def to_cassandra(turntable, cassandra, keyspace):
    options = f"connector = 'cassandra', contact_points = '{cassandra.address}', keyspace = '{keyspace}', primary_key = '((id))'"
    return lambda *inserts: write(turntable, options, inserts)


@pytest.fixture
def to_sqlite_file(turntable):
    return lambda *inserts: write(turntable, "connector = 'sqlite', path = 'o.db', primary_key = '((id))'", inserts)


def write(turntable, options, inserts):
    """A pipeline with a table for each (name, columns, select)."""
    (turntable.directory / "ev.ndjson").write_text(json.dumps({"id": 1, "song": "Alpha", "n": 5}) + "\n")
    path = turntable.directory / "p.sql"
    path.write_text(
        SOURCE + "".join(f"CREATE TABLE {name} ({columns}) WITH ({options});\nINSERT INTO {name} {select};\n" for name, columns, select in inserts)
    )
    return path


PLAYS = ("r34", "", "SELECT p.id, p.song, p.n, cast(p.n AS double precision) AS \"Half\" FROM plays p")


def test_what_is_missing_is_told_with_the_statement_that_adds_it(turntable, to_cassandra, live, cassandra, keyspace):
    live("r34 (id int PRIMARY KEY, song text)")
    pipeline = to_cassandra(PLAYS)
    expected = (
        f"the table {keyspace}.r34 is not as the pipeline needs it:\n"
        "  column n is missing, expected int\n"
        "  column Half is missing, expected double\n"
        "`turntable schema apply --add-columns` adds them, or:\n"
        f"  ALTER TABLE {keyspace}.r34 ADD n int;\n"
        f'  ALTER TABLE {keyspace}.r34 ADD "Half" double;\n'
    )
    for command in (("schema", "check"), ("schema", "apply"), ("run",)):
        said = turntable.run(*command, pipeline).expect(1)
        assert expected in said.stderr, said.transcript()
    for line in expected.splitlines():
        if line.startswith("  ALTER"):
            cassandra.session.execute(line)
    turntable.run("schema", "check", pipeline).expect(0)
    turntable.run("run", pipeline).expect(0)
    assert cassandra.rows(f'SELECT id, song, n, "Half" FROM {keyspace}.r34') == [(1, "Alpha", 5, 5.0)]


def test_apply_adds_what_is_missing_where_it_is_asked_to(turntable, to_cassandra, live, cassandra, keyspace):
    live("r34 (id int PRIMARY KEY, song text, extra int)")
    cassandra.session.execute(f"INSERT INTO {keyspace}.r34 (id, song, extra) VALUES (7, 'Old', 3)")
    pipeline = to_cassandra(PLAYS)
    done = turntable.run("schema", "apply", "--add-columns", pipeline).expect(0)
    assert f"{keyspace}.r34 has the new column n int.\n{keyspace}.r34 has the new column Half double.\n" in done.stdout
    again = turntable.run("schema", "apply", "--add-columns", pipeline).expect(0)
    assert "new column" not in again.stdout
    turntable.run("run", pipeline).expect(0)
    rows = sorted(cassandra.rows(f'SELECT id, song, n, "Half", extra FROM {keyspace}.r34'))
    assert rows == [(1, "Alpha", 5, 5.0, None), (7, "Old", None, None, 3)]


def test_apply_adds_columns_to_a_sqlite_table(turntable, to_sqlite_file):
    file = turntable.directory / "o.db"
    with closing(sqlite3.connect(file)) as db:
        db.execute("CREATE TABLE r34 (id int NOT NULL, song text, PRIMARY KEY (id))")
        db.execute("INSERT INTO r34 VALUES (7, 'Old')")
        db.commit()
    columns, select = 'id int, song text, n int, "off set" bigint NOT NULL', 'SELECT p.id, p.song, p.n, p.kafka_offset AS "off set" FROM plays p'
    pipeline = to_sqlite_file(("r34", columns, select))
    expected = (
        "`turntable schema apply --add-columns` adds them, or:\n"
        '  ALTER TABLE "r34" ADD COLUMN "n" int;\n'
        '  ALTER TABLE "r34" ADD COLUMN "off set" bigint;\n'
    )
    for command in (("schema", "check"), ("schema", "apply"), ("run",)):
        said = turntable.run(*command, pipeline).expect(1)
        assert expected in said.stderr, said.transcript()
    done = turntable.run("schema", "apply", "--add-columns", pipeline).expect(0)
    assert done.stdout.startswith(
        "r34 has the new column n int.\n"
        "r34 has the new column off set bigint, without NOT NULL, for rows that are there have no value for it.\n"
    ), done.stdout
    turntable.run("run", pipeline).expect(0)
    assert sqlite_rows(file, 'SELECT id, song, n, "off set" FROM r34 ORDER BY id') == [(1, "Alpha", 5, 0), (7, "Old", None, None)]


def test_nothing_is_added_to_a_table_that_would_still_be_at_fault(turntable, to_cassandra, live, cassandra, keyspace):
    live("r34 (id int PRIMARY KEY, song blob)")
    said = turntable.run("schema", "apply", "--add-columns", to_cassandra(PLAYS)).expect(1)
    assert "column song is blob, expected text" in said.stderr
    assert "the type of a column that is there cannot be changed: declare song as bytea in the pipeline, or write to another table" in said.stderr
    assert f"to add them:\n  ALTER TABLE {keyspace}.r34 ADD n int;" in said.stderr
    assert set(cassandra.columns(keyspace, "r34")) == {"id", "song"}


def test_a_missing_column_of_the_key_cannot_be_added(turntable, to_cassandra, live, keyspace):
    live("r34 (song text PRIMARY KEY, n int)")
    said = turntable.run("schema", "check", to_cassandra(("r34", "", "SELECT p.id, p.song, p.n FROM plays p"))).expect(1)
    assert "the partition key is (song), expected (id)" in said.stderr
    assert "no column can be added to the key of a table that is there, as id would be: write to another table" in said.stderr
    assert "ALTER" not in said.stderr


@pytest.mark.parametrize(
    "type_", ["map<int, text>", "frozen<tuple<int, int>>", "frozen<address>", "vector<float, 2>"]
)
def test_a_type_that_no_pipeline_writes_is_told_as_one(turntable, to_cassandra, live, cassandra, keyspace, type_):
    if "address" in type_:
        cassandra.session.execute(f"CREATE TYPE {keyspace}.address (street text)")
    live(f"r34 (id int PRIMARY KEY, song {type_}, n int)")
    columns = ("r34", "", "SELECT p.id, p.song, p.n FROM plays p")
    said = turntable.run("schema", "check", to_cassandra(columns)).expect(1)
    assert f"column song is {type_}, a type that no pipeline can write\n" in said.stderr, said.stderr
    assert "expected text" not in said.stderr
    types = "boolean, tinyint, smallint, int, bigint, varint, decimal, float, double, text, ascii, inet, blob, date, time, timestamp, duration"
    assert f"pipelines write columns of the types {types}, uuid, timeuuid, lists and sets of these and maps from text\n" in said.stderr
    assert "leave song out of the pipeline's table: it stays NULL; or write to a column of another name" in said.stderr
    # What it says helps.
    without = to_cassandra(("r34", "", "SELECT p.id, p.n FROM plays p"))
    turntable.run("run", without).expect(0)
    assert cassandra.rows(f"SELECT id, n FROM {keyspace}.r34") == [(1, 5)]


def test_a_table_of_counters_is_told_as_one(turntable, to_cassandra, live):
    live("r34 (id int PRIMARY KEY, n counter)")
    said = turntable.run("run", to_cassandra(("r34", "", "SELECT p.id, p.n FROM plays p"))).expect(1)
    assert "column n is counter, a type that no pipeline can write\na table of counters takes no INSERT: write to another table" in said.stderr


def test_a_column_with_another_name_is_asked_for(turntable, to_cassandra, live):
    live("r34 (id int PRIMARY KEY, song text, count int)")
    said = turntable.run("schema", "check", to_cassandra(("r34", "", "SELECT p.id, p.song, p.n FROM plays p"))).expect(1)
    assert "if count is what n was called before: Cassandra cannot rename it, so go on calling it count in the pipeline" in said.stderr


def test_all_faults_of_all_tables_come_in_one_pass(turntable, to_cassandra, to_sqlite_file, live, cassandra, keyspace):
    live("one (id int PRIMARY KEY, song blob)")
    live("two (id int PRIMARY KEY, n int)")
    with closing(sqlite3.connect(turntable.directory / "o.db")) as db:
        db.execute("CREATE TABLE three (id int NOT NULL, n text, PRIMARY KEY (id))")
        db.commit()
    to_sqlite_file(("three", "", "SELECT p.id, p.n, p.song FROM plays p"))
    path = turntable.directory / "p.sql"
    sqlite_part = path.read_text().replace(SOURCE, "")
    select = "SELECT p.id, p.song, p.n FROM plays p"
    to_cassandra(("one", "", select), ("two", "", select))
    path.write_text(path.read_text() + sqlite_part)
    for command in ("check", "apply"):
        said = turntable.run("schema", command, path).expect(1)
        for expected in (
            f"the table {keyspace}.one is not as the pipeline needs it:\n  column song is blob, expected text\n  column n is missing, expected int\n",
            f"the table {keyspace}.two is not as the pipeline needs it:\n  column song is missing, expected text\n",
            "column n is text, expected int",
            "column song is missing, expected text",
            'ALTER TABLE "three" ADD COLUMN "song" text;',
        ):
            assert expected in said.stderr, (command, said.stderr)
    run = turntable.run("run", path).expect(1)
    assert f"{keyspace}.one" in run.stderr and f"{keyspace}.two" in run.stderr
