"""`turntable schema`: the table from the pipeline, made in Cassandra and compared with what is there."""

import pytest

from support.golden import check_golden
from support.listening import COLUMNS, PIPELINE, CATALOGUE
from support.tables import KEY, sqlite_rows

INTS = {"id", "hour", "duration_ms", "musical_key", "kafka_partition"}
TEXTS = {"name", "song", "time", "date", "artists", "album_name", "album_release_date"}
PARTITION_KEY, CLUSTERING = ["name", "date", "hour"], ["time", "kafka_partition", "kafka_offset"]


@pytest.fixture
def schema(turntable, cassandra, keyspace):
    def call(command, *more):
        sets = [f"listening_history.contact_points={cassandra.address}", f"listening_history.keyspace={keyspace}"]
        words = [word for option in (*sets, f"songs.path={CATALOGUE}") for word in ("--set", option)]
        return turntable.run("schema", command, PIPELINE, *words, *more)

    return call


def check_live_table(cassandra, keyspace):
    columns = cassandra.columns(keyspace)
    assert set(columns) == set(COLUMNS)
    for name, (type_, kind, position, order) in columns.items():
        expected = "int" if name in INTS else "text" if name in TEXTS else "bigint" if name == "kafka_offset" else "float"
        assert type_ == expected, name
        if name in PARTITION_KEY:
            assert (kind, position) == ("partition_key", PARTITION_KEY.index(name)), name
        elif name in CLUSTERING:
            assert (kind, position) == ("clustering", CLUSTERING.index(name)), name
            assert order == ("desc" if name == "time" else "asc"), name
        else:
            assert kind == "regular", name
    replication = cassandra.rows(
        f"SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = '{keyspace}'"
    )[0][0]  # fmt: skip
    assert replication["class"].endswith("SimpleStrategy") and replication["replication_factor"] == "1"


def test_print_gives_the_seeds_schema(turntable):
    said = turntable.run("schema", "print", PIPELINE, "--set", f"songs.path={CATALOGUE}").expect(0)
    check_golden("schema_print_cassandra.cql", said.stdout)


def test_print_for_sqlite(turntable):
    said = turntable.run(
        "schema", "print", PIPELINE, "--set", f"songs.path={CATALOGUE}", "--set", "listening_history.connector=sqlite",
        "--set", "listening_history.path=history.db",
    ).expect(0)  # fmt: skip
    check_golden("schema_print_sqlite.sql", said.stdout)


def test_what_print_says_another_client_can_run(schema, cassandra, keyspace):
    for statement in schema("print").expect(0).stdout.split(";"):
        if statement.strip():
            cassandra.session.execute(statement)
    check_live_table(cassandra, keyspace)
    schema("check").expect(0)


def test_apply_makes_keyspace_and_table_and_may_be_repeated(schema, cassandra, keyspace):
    schema("apply").expect(0)
    check_live_table(cassandra, keyspace)
    schema("apply").expect(0)
    schema("check").expect(0)


def test_check_names_what_is_not_there(schema, keyspace):
    missing = schema("check").expect(1)
    assert keyspace in missing.stdout + missing.stderr


def make_again(cassandra, keyspace, changes, key, order):
    """Makes the table anew by other hands, with some columns of another type or, where that is None, left out."""
    types = {name: column[0] for name, column in cassandra.columns(keyspace).items()} | changes
    columns = ", ".join(f"{name} {type_}" for name, type_ in types.items() if type_)
    cassandra.session.execute(f"DROP TABLE {keyspace}.listening_history")
    cassandra.session.execute(
        f"CREATE TABLE {keyspace}.listening_history ({columns}, PRIMARY KEY {key}) WITH CLUSTERING ORDER BY ({order})"
    )


def test_check_names_each_column_that_differs(schema, cassandra, keyspace):
    schema("apply").expect(0)
    order = "time DESC, kafka_partition ASC, kafka_offset ASC"
    make_again(cassandra, keyspace, {"tempo": None, "energy": "int"}, KEY, order)
    found = schema("check").expect(1)
    said = found.stdout + found.stderr
    assert "tempo" in said and "energy" in said and "valence" not in said, found.transcript()


def test_run_checks_before_it_polls(listening, cassandra, keyspace, kafka, topic, unique):
    cassandra.session.execute(f"ALTER TABLE {keyspace}.listening_history DROP tempo")
    wrong = listening.run("--until-end").expect(1)
    assert "tempo" in wrong.stderr, wrong.transcript()
    assert kafka.committed(unique, topic) == {}


def test_a_table_with_a_shorter_key_is_refused(schema, cassandra, keyspace):
    """The seed's own table, whose key lets plays of one minute overwrite each other."""
    schema("apply").expect(0)
    make_again(cassandra, keyspace, {}, "((name, date, hour), time)", "time DESC")
    found = schema("check").expect(1)
    assert "kafka_offset" in found.stdout + found.stderr, found.transcript()


def test_apply_makes_a_sqlite_file(turntable, tmp_path):
    file = tmp_path / "history.db"
    sets = [f"songs.path={CATALOGUE}", "listening_history.connector=sqlite", f"listening_history.path={file}"]
    words = [word for option in sets for word in ("--set", option)]
    turntable.run("schema", "apply", PIPELINE, *words).expect(0)
    assert [row[1] for row in sqlite_rows(file, "PRAGMA table_info(listening_history)")] == COLUMNS
    turntable.run("schema", "check", PIPELINE, *words).expect(0)
