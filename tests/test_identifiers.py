"""Names that reach SQL and CQL: hostile ones are quoted so that they are names and nothing else, or refused with a sentence."""

import json
import re
import sqlite3

import pytest

from support.kafka import Kafka
from support.listening import CATALOGUE, PIPELINE
from support.tables import sqlite_rows

# Column names that mean something to a parser, a shell or a format, and are names all the same.
HOSTILE = [
    'a"b', "a''b", "a'; DROP TABLE victim; --", '"); DROP TABLE victim; --', '") VALUES (1); --', "a;b", "a--b", "/* a", "a b", " a ", "a,b",
    "a)b", "(", "?", "?1", ":a", "@a", "$a", "%s", "{}", "{0}", "\\", "\\'", "`a`", "[a]", "naïve", "名前", "🎵", "عربي", "A", "select", "order",
    "token", "null", "rowid", "oid", "1", "1a", "-1", "_", "a.b", "x" * 63,
]  # fmt: skip
NASTY_TEXT = "'; DROP TABLE victim; --\n\"\u0000\u202e"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def pipeline_of(path, columns: list[str], events, table: str = "victim", sink: str = "connector = 'null'"):
    """One column of each name, from a field of that name, and a key beside them."""
    declared = "".join(f", {quoted(name)} text" for name in columns)
    selected = "".join(f", s.{quoted(name)}" for name in columns)
    path.write_text(
        f"CREATE TABLE events (id int NOT NULL{declared}) WITH (connector = 'ndjson', path = {text(events)}, dead_letters = 'drop');\n"
        f"CREATE TABLE {quoted(table)} (id int{declared}) WITH ({sink}, primary_key = 'id');\n"
        f"INSERT INTO {quoted(table)} SELECT s.id{selected} FROM events s;\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "events.ndjson"
    path.write_text("\n".join(json.dumps({"id": n, **{name: f"{name}{NASTY_TEXT}{n}" for name in HOSTILE}}) for n in range(3)))
    return path


def expected_rows() -> list[tuple]:
    return [(n, *(f"{name}{NASTY_TEXT}{n}" for name in HOSTILE)) for n in range(3)]


# ------------------------------------------------------------------------------------------------------------------- columns


def test_columns_of_any_name_are_columns_in_sqlite(turntable, tmp_path, events):
    # SQLite takes A and a for one name.
    file = tmp_path / "names.db"
    pipeline = pipeline_of(tmp_path / "names.sql", HOSTILE, events, sink=f"connector = 'sqlite', path = {text(file)}")
    turntable.run("schema", "apply", pipeline).expect(0)
    turntable.run("run", pipeline).expect(0)
    turntable.run("schema", "check", pipeline).expect(0)
    assert [row[1] for row in sqlite_rows(file, "PRAGMA table_info(victim)")] == ["id", *HOSTILE, "_write_time"]
    with sqlite3.connect(file) as db:
        db.text_factory = lambda raw: raw.decode()
        columns = ", ".join(quoted(name) for name in ["id", *HOSTILE])
        assert db.execute(f"SELECT {columns} FROM victim ORDER BY id").fetchall() == expected_rows()
    asked = turntable.run("query", "--sqlite", file, "--format", "json", "-e", f"SELECT {quoted(HOSTILE[2])} AS x FROM victim WHERE id = 1")
    assert json.loads(asked.expect(0).stdout) == [{"x": f"{HOSTILE[2]}{NASTY_TEXT}1"}]


def test_columns_of_any_name_are_columns_in_cassandra(turntable, tmp_path, events, cassandra, keyspace):
    sink = f"connector = 'cassandra', contact_points = {text(cassandra.address)}, keyspace = {text(keyspace)}"
    pipeline = pipeline_of(tmp_path / "names.sql", HOSTILE, events, sink=sink)
    turntable.run("schema", "apply", pipeline).expect(0)
    turntable.run("run", pipeline).expect(0)
    turntable.run("schema", "check", pipeline).expect(0)
    assert set(cassandra.columns(keyspace, "victim")) == {"id", *HOSTILE}
    columns = ", ".join(quoted(name) for name in ["id", *HOSTILE])
    assert sorted(tuple(row) for row in cassandra.rows(f"SELECT {columns} FROM {keyspace}.victim")) == expected_rows()


def test_the_printed_ddl_is_one_statement_whatever_the_names(turntable, tmp_path, events):
    pipeline = pipeline_of(tmp_path / "names.sql", HOSTILE, events, sink="connector = 'sqlite', path = 'x.db'")
    printed = turntable.run("schema", "print", pipeline).expect(0).stdout
    with sqlite3.connect(":memory:") as db:
        db.execute(printed)  # Which takes one statement and no more.
        assert [row[1] for row in db.execute("PRAGMA table_info(victim)")] == ["id", *HOSTILE, "_write_time"]


REFUSED_COLUMNS = {
    "a line break": ("a\nb", "has control characters in it"),
    "an escape": ("a\x1b[2Jb", "has control characters in it"),
    "a delete": ("a\x7fb", "has control characters in it"),
    "a line separator": ("a\u2028b", "has control characters in it"),
    "64 bytes": ("x" * 64, "a name is longer than 63 bytes"),
    "10 kB": ("x" * 10_000, "a name is longer than 63 bytes"),
    "64 bytes of another script": ("名" * 22, "a name is longer than 63 bytes"),
}


@pytest.mark.parametrize("sink", ["connector = 'sqlite', path = 'x.db'", "connector = 'cassandra', contact_points = 'x:1', keyspace = 'k'"])
@pytest.mark.parametrize("what", list(REFUSED_COLUMNS))
def test_names_that_no_store_should_have_are_refused(what, sink, turntable, tmp_path, events):
    name, why = REFUSED_COLUMNS[what]
    refused = turntable.run("schema", "print", pipeline_of(tmp_path / "names.sql", [name], events, sink=sink)).expect(2)
    assert why in refused.stderr and "\x1b" not in refused.stderr, refused.transcript()


def test_a_nul_byte_ends_no_statement_early(turntable, tmp_path, events):
    pipeline = pipeline_of(tmp_path / "names.sql", ["a\0b"], events)
    assert "there is a NUL byte in the file" in turntable.run("run", pipeline).expect(2).stderr
    (tmp_path / "query.cql").write_bytes(b"SELECT 1;\0 DROP TABLE victim;")
    refused = turntable.run("query", "--sqlite", tmp_path / "x.db", "-f", tmp_path / "query.cql").expect(2)
    assert "has a NUL byte in it" in refused.stderr


# -------------------------------------------------------------------------------------------------------- tables and keyspaces


@pytest.mark.parametrize("table", ['v"; DROP TABLE victim; --', "v';--", "a b", "名前", "select", "x" * 255])
def test_tables_of_any_name_are_tables_in_sqlite(table, turntable, tmp_path, events):
    file = tmp_path / "names.db"
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE victim (x)")
    sink = f"connector = 'sqlite', path = {text(file)}, keyspace = 'k', \"table\" = {text(table)}"
    turntable.run("run", pipeline_of(tmp_path / "names.sql", [], events, table="t", sink=sink)).expect(0)
    tables = {row[0] for row in sqlite_rows(file, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"victim", table} <= tables
    asked = turntable.run("query", "--sqlite", file, "--format", "ndjson", "-e", f"SELECT id FROM k.{quoted(table)}").expect(0)
    assert [json.loads(line)["id"] for line in asked.stdout.splitlines()] == [0, 1, 2]


@pytest.mark.parametrize("keyspace", ['k"; DROP TABLE victim; --', "k'", "a.b", "名前"])
def test_keyspaces_of_any_name_are_schemas_in_sqlite(keyspace, turntable, tmp_path, events):
    file = tmp_path / "names.db"
    sink = f"connector = 'sqlite', path = {text(file)}, keyspace = {text(keyspace)}"
    turntable.run("run", pipeline_of(tmp_path / "names.sql", [], events, sink=sink)).expect(0)
    turntable.run("schema", "check", pipeline_of(tmp_path / "names.sql", [], events, sink=sink)).expect(0)
    for more in ([], ["--keyspace", keyspace]):
        asked = turntable.run("query", "--sqlite", file, *more, "-e", f"SELECT count(*) FROM {quoted(keyspace)}.victim").expect(0)
        assert " 3" in asked.stdout


REFUSED_TABLES = {
    "SQLite's own": ("SQLITE_sequence", "", "begins with sqlite_"),
    "our own": ("turntable_positions", "", "begins with turntable_"),
    "our own, in capitals": ("Turntable_Meta", "", "begins with turntable_"),
    "256 bytes": ("x" * 256, "", "is longer than 255 bytes"),
    "10 kB": ("x" * 10_000, "", "is longer than 255 bytes"),
    "a line break": ("a\nb", "", "has control characters in it"),
    "the schema main": ("t", "main", "has a schema of that name already"),
    "the schema temp": ("t", "TEMP", "has a schema of that name already"),
    "a keyspace of 10 kB": ("t", "k" * 10_000, "is longer than 255 bytes"),
}


@pytest.mark.parametrize("what", list(REFUSED_TABLES))
def test_tables_that_sqlite_should_not_have_are_refused(what, turntable, tmp_path, events):
    table, keyspace, why = REFUSED_TABLES[what]
    sink = f"connector = 'sqlite', path = 'x.db', keyspace = {text(keyspace)}, \"table\" = {text(table)}"
    refused = turntable.run("run", pipeline_of(tmp_path / "names.sql", [], events, table="t", sink=sink)).expect(2)
    assert why in refused.stderr, refused.transcript()
    assert not (tmp_path / "x.db").exists()


BAD_FOR_CASSANDRA = ['a"b', "a;b", "a b", "a'b", "a-b", "1a", "_a", "名前", "naïve", "", "a\nb", "x" * 49, "x" * 10_000, "a; DROP KEYSPACE b"]


@pytest.mark.parametrize("option", ["keyspace", "table"])
@pytest.mark.parametrize("name", BAD_FOR_CASSANDRA, ids=range(len(BAD_FOR_CASSANDRA)))
def test_keyspaces_and_tables_that_cassandra_cannot_take_are_refused(name, option, turntable):
    arguments = ["--set", f"songs.path={CATALOGUE}", "--set", f"listening_history.{option}={name}"]
    for command in (["schema", "print"], ["schema", "apply"], ["run"]):
        refused = turntable.run(*command, PIPELINE, *arguments).expect(2)
        assert "Cassandra cannot take" in refused.stderr or f"the option {option} is empty" in refused.stderr, refused.transcript()


def test_bytes_that_are_no_utf8_are_no_name(turntable, tmp_path, events):
    sink = "connector = 'sqlite', path = 'x.db'"
    pipeline = pipeline_of(tmp_path / "names.sql", [], events, table="t", sink=sink)
    refused = turntable.run("run", pipeline, "--set", "t.table=a\udcff").expect(2)
    assert "or is not UTF-8" in refused.stderr and "a\\xff" in refused.stderr


# ------------------------------------------------------------------------------------------------------ keys and replication


@pytest.mark.parametrize("key", [
    "id); DROP TABLE victim; --", "((id)); DROP", '"id', 'id"', "(id, (id))", "((id)", "id id", "(id;)", "", "()", "(())", "nothing",
    '"id\n"', "id" * 5_000, '"); DROP TABLE victim; --"', "(" * 5_000,
], ids=range(16))  # fmt: skip
def test_a_primary_key_is_names_of_columns_and_nothing_else(key, turntable, tmp_path, events):
    sink = "connector = 'sqlite', path = 'x.db'"
    pipeline = pipeline_of(tmp_path / "names.sql", [], events, table="t", sink=sink)
    refused = turntable.run("schema", "print", pipeline, "--set", f"t.primary_key={key}").expect(2)
    assert "primary_key" in refused.stderr, refused.transcript()
    assert len(refused.stderr) < 2_000


def test_a_clustering_order_is_names_and_directions_and_nothing_else(turntable):
    for order in ("time DESC; DROP TABLE x", "time DESCENDING", 'time "DESC"', "time DESC,", "nothing DESC"):
        arguments = ["--set", f"songs.path={CATALOGUE}", "--set", f"listening_history.clustering_order={order}"]
        assert "clustering_order" in turntable.run("schema", "print", PIPELINE, *arguments).expect(2).stderr


@pytest.mark.parametrize("option", [
    "replication={'class': 'SimpleStrategy', 'replication_factor': 1}; DROP KEYSPACE spotify; {}",
    "replication={'class': 'SimpleStrategy'} AND durable_writes = false AND x = {}",
    "replication_factor=1}; DROP KEYSPACE spotify; --",
    "replication_class=SimpleStrategy', 'x': '",
], ids=["two statements", "a property", "a factor", "a class"])  # fmt: skip
def test_replication_is_a_map_and_nothing_else(option, turntable):
    arguments = ["--set", f"songs.path={CATALOGUE}", "--set", f"listening_history.{option}"]
    refused = turntable.run("schema", "print", PIPELINE, *arguments).expect(2)
    assert "replication" in refused.stderr and refused.stdout == ""


def test_replication_by_data_centre_is_what_cassandra_gets(turntable, cassandra, keyspace):
    centre = cassandra.rows("SELECT data_center FROM system.local")[0][0]
    arguments = [
        "--set", f"songs.path={CATALOGUE}", "--set", f"listening_history.contact_points={cassandra.address}",
        "--set", f"listening_history.keyspace={keyspace}",
        "--set", f"listening_history.replication={{'class':'NetworkTopologyStrategy','{centre}':'1'}}",
    ]  # fmt: skip
    turntable.run("schema", "apply", PIPELINE, *arguments).expect(0)
    found = cassandra.rows(f"SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = '{keyspace}'")[0][0]
    assert found["class"].endswith("NetworkTopologyStrategy") and found[centre] == "1"


# -------------------------------------------------------------------------------------------------------------------- topics

BAD_TOPICS = ["a b", "a/b", "a;b", 'a"b', "a\nb", "naïve", "名前", ".", "..", "x" * 250, "x" * 10_000, "^plays", "a*"]


@pytest.mark.parametrize("topic", BAD_TOPICS, ids=range(len(BAD_TOPICS)))
def test_a_name_that_no_topic_can_have_is_refused_before_anything_is_connected(topic, turntable):
    sets = ["--set", f"songs.path={CATALOGUE}", "--set", "listening_history.connector=null"]
    for option in (f"plays.topic={topic}", f"plays.dead_letters=kafka:{topic}"):
        refused = turntable.run("run", PIPELINE, *sets, "--set", option).expect(2)
        assert "is no name for a topic" in refused.stderr and "\n" in refused.stderr, refused.transcript()
        assert len(refused.stderr) < 2_000
    refused = turntable.run("produce", "--catalogue", CATALOGUE, "--bootstrap", "127.0.0.1:1", "--topic", topic).expect(2)
    assert "is no name for a topic" in refused.stderr


def test_the_topic_of_the_letters_has_a_name_of_its_own_to_keep(turntable):
    """By default it is longer than that of the records."""
    sets = ["--set", f"songs.path={CATALOGUE}", "--set", "listening_history.connector=null", "--set", "plays.topic=" + "x" * 240]
    assert "dead_letters: " in turntable.run("run", PIPELINE, *sets).expect(2).stderr


@pytest.mark.parametrize("topic", ["a.b-c_D", "x" * 249])
def test_every_name_that_a_broker_takes_is_taken(topic, from_kafka, kafka: Kafka, unique):
    name = (unique + "." + topic)[:249]
    kafka.create_topic(name, 1)
    kafka.send(name, [json.dumps({"id": 1}).encode()])
    options = {"plays.topic": name, "listening_history.connector": "null"}
    assert from_kafka.with_options(options).drain(code=3).stats["consumed"] == 1


# ---------------------------------------------------------------------------------------- what comes from a file's header


def test_names_from_a_csv_header_cannot_move_the_cursor_or_forge_lines(turntable, tmp_path):
    songs, events = tmp_path / "songs.csv", tmp_path / "events.ndjson"
    forged = "x\nDone: 1 consumed\x1b[2J"
    songs.write_text(f'name,"{forged}"\nA,1\n')
    events.write_text('{"song": "A"}\n')
    pipeline = tmp_path / "p.sql"
    pipeline.write_text(
        f"CREATE TABLE plays (song text) WITH (connector = 'ndjson', path = {text(events)});\n"
        f"CREATE TABLE songs () WITH (connector = 'csv', path = {text(songs)}, key = 'name');\n"
        "CREATE TABLE out () WITH (connector = 'console');\n"
        "INSERT INTO out SELECT s.* FROM plays p JOIN songs s ON s.name = p.song;\n"
    )
    done = turntable.run("run", pipeline).expect(0)
    assert "\x1b" not in done.stdout + done.stderr
    assert len(re.findall(r"^Done: ", done.stdout, re.MULTILINE)) == 1
    assert r"x\nDone: 1 consumed\u001b[2J" in done.stdout


def test_values_cannot_move_the_cursor_or_forge_lines(turntable, tmp_path):
    """On the console, in the list of dead letters, and in what is said of them."""
    events, pipeline = tmp_path / "events.ndjson", tmp_path / "p.sql"
    forged = "x\n2026-01-01 00:00:00.000 error forged\x1b[2J\u2028\x9b"
    events.write_text(json.dumps({"text": forged}) + "\n" + json.dumps({"text": [forged]}) + "\n" + f'{{"text": "\x1b[2J"}}\n')
    pipeline.write_text(
        f"CREATE TABLE plays (text text) WITH (connector = 'ndjson', path = {text(events)}, dead_letters = 'file:dead.jsonl');\n"
        "CREATE TABLE out () WITH (connector = 'console');\nINSERT INTO out SELECT p.text FROM plays p;\n"
    )
    said = turntable.run("run", pipeline).expect(3)
    for command in ("list", "show"):
        said.stdout += turntable.run("dead-letters", command, pipeline).expect(0).stdout
    assert not re.search("[\x1b\x9b\u2028]", said.stdout + said.stderr)
    assert not re.search(r"^2026-01-01 00:00:00\.000 error forged", said.stdout + said.stderr, re.MULTILINE)
    assert said.stdout.count("forged") >= 2
