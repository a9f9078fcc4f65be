"""`turntable config`: which value of each option counts, and where it comes from."""

import json

import pytest

from support.listening import CATALOGUE, PIPELINE

SECRET = "s3cr3t-of-the-test"
FILE = """CREATE TABLE plays (id int, song text) WITH (connector = 'kafka', topic = 'plays', start = 'earliest',
  "bootstrap.servers" = '${BROKER:-localhost:29092}', "group.id" = 'g', "sasl.password" = '${SASL_PASSWORD}');
CREATE TABLE songs (name text) WITH (connector = 'csv', path = 'songs.csv');
CREATE TABLE first (id int) WITH (connector = 'sqlite', path = 'rows.db', flush_interval = '2s', primary_key = 'id');
CREATE TABLE second (id int) WITH (connector = 'sqlite', path = 'rows.db', primary_key = 'id');
INSERT INTO first SELECT p.id FROM plays p JOIN songs s ON s.name = p.song;
INSERT INTO second SELECT p.id FROM plays p;
"""


@pytest.fixture
def config(turntable, tmp_path):
    (tmp_path / "p.sql").write_text(FILE)

    def explain(*more, **variables):
        env = {"SASL_PASSWORD": SECRET} | variables
        asked = turntable.run("config", "p.sql", "--format", "json", *more, env=env).expect(0)
        text = turntable.run("config", "p.sql", *more, env=env).expect(0)
        assert SECRET not in asked.stdout + asked.stderr + text.stdout + text.stderr
        tables = {table["table"]: table for table in json.loads(asked.stdout)["tables"]}
        return tables, text.stdout

    return explain


def option(tables, name):
    table, _, wanted = name.partition(".")
    found = [entry for entry in tables[table]["options"] if entry["option"] == wanted]
    assert len(found) == 1, f"{name}: {found}"
    return found[0]


def test_each_value_says_where_it_comes_from(config):
    tables, text = config("--set", "plays.topic=others", BROKER="broker:9092")
    assert [(t["table"], t["role"]) for t in tables.values()] == [
        ("plays", "stream"), ("songs", "lookup"), ("first", "rows"), ("second", "rows")]  # fmt: skip
    expected = {
        "plays.topic": ("others", "--set", None, []),
        "plays.start": ("earliest", "file", 1, []),
        "plays.bootstrap.servers": ("broker:9092", "environment", 2, ["BROKER"]),
        "plays.numbers": ("strict", "default", None, []),
        "plays.max_reject_ratio": ("0.5", "default", None, []),
        "plays.dead_letters": ("kafka:others.dead_letters", "default", None, []),
        "songs.path": ("songs.csv", "file", 3, []),
        "songs.duplicate_key": ("first", "default", None, []),
        "first.flush_interval": ("2s", "file", 4, []),
        "first.flush_bytes": ("8MiB", "default", None, []),
    }
    for name, (value, origin, line, variables) in expected.items():
        entry = option(tables, name)
        assert (entry["value"], entry["from"], entry["line"], entry["variables"]) == (value, origin, line, variables), name
    for line in ("plays, the stream", "songs, the lookup", "first, the rows"):
        assert line in text.splitlines()
    found = {line.split()[0]: line.split(maxsplit=2)[1:] for line in text.split("\n\n")[0].splitlines()[1:]}
    assert found["topic"] == ["others", "--set"]
    assert found["start"] == ["earliest", "p.sql:1:84"]
    assert found["bootstrap.servers"] == ["broker:9092", "BROKER of the environment, p.sql:2:3"]
    assert found["numbers"] == ["strict", "default"]


def test_a_variable_that_is_not_set_leaves_the_files_default(config):
    for variables in ({}, {"BROKER": ""}):
        entry = option(config(**variables)[0], "plays.bootstrap.servers")
        assert (entry["value"], entry["from"], entry["variables"]) == ("localhost:29092", "file", [])


def test_secrets_are_masked_wherever_they_come_from(config):
    tables, text = config("--set", f"plays.ssl.key.password={SECRET}")
    assert option(tables, "plays.sasl.password")["value"] == "***"
    assert option(tables, "plays.sasl.password")["variables"] == ["SASL_PASSWORD"]
    assert (option(tables, "plays.ssl.key.password")["value"], option(tables, "plays.ssl.key.password")["from"]) == ("***", "--set")
    assert text.count("***") == 2


def test_tables_of_one_store_show_the_value_that_counts_for_both(config):
    entry = option(config()[0], "second.flush_interval")
    assert (entry["value"], entry["from"]) == ("2s", "other table")


def test_options_of_a_connector_that_was_changed_are_ignored(turntable):
    words = ["config", PIPELINE, "--set", f"songs.path={CATALOGUE}", "--set", "listening_history.connector=console"]
    shown = turntable.run(*words, "--format", "json").expect(0).stdout
    tables = {table["table"]: table for table in json.loads(shown)["tables"]}
    entry = option(tables, "listening_history.contact_points")
    assert entry["from"] == "ignored"
    assert option(tables, "listening_history.flush_interval")["from"] == "file"
    assert "ignored: the connector is another one" in turntable.run(*words).expect(0).stdout


def test_faults_of_the_pipeline_come_in_one_pass(config, turntable, tmp_path):
    (tmp_path / "bad.sql").write_text(FILE.replace("start =", "strat =").replace("'sqlite', path = 'rows.db', prim", "'sqlit', path = 'rows.db', prim"))
    wrong = turntable.run("config", "bad.sql", env={"SASL_PASSWORD": SECRET}).expect(2)
    assert "no option 'strat'. Did you mean 'start'?" in wrong.stderr and "Did you mean 'sqlite'?" in wrong.stderr
    assert SECRET not in wrong.stderr


def test_the_value_that_is_shown_is_the_one_that_a_run_takes(turntable, tmp_path):
    """--set, environment and file, and the run itself as the witness."""
    (tmp_path / "events.ndjson").write_text('{"id": 1}\n{"id": 2}\n')
    (tmp_path / "p.sql").write_text(
        "CREATE TABLE plays (id int) WITH (connector = 'ndjson', path = 'events.ndjson', dead_letters = 'drop');\n"
        "CREATE TABLE history (id int) WITH (connector = 'sqlite', path = '${ROWS:-rows.db}', primary_key = 'id');\n"
        "INSERT INTO history SELECT p.id FROM plays p;\n"
    )
    for more, variables, file in (((), {}, "rows.db"), ((), {"ROWS": "of_environment.db"}, "of_environment.db"),
                                  (("--set", "history.path=set.db"), {"ROWS": "no.db"}, "set.db")):  # fmt: skip
        shown = turntable.run("config", "p.sql", "--format", "json", *more, env=variables).expect(0)
        tables = {table["table"]: table for table in json.loads(shown.stdout)["tables"]}
        assert option(tables, "history.path")["value"] == file
        turntable.run("run", "p.sql", *more, env=variables).expect(0)
        assert (tmp_path / file).exists()
    assert not (tmp_path / "no.db").exists()
