"""The command line: help, usage errors, exit codes, --set."""

import os
import re
import signal
import socket

import pytest

from support.golden import check_golden
from support.listening import CATALOGUE, PIPELINE, assert_accounted, assert_same_rows, expected_of, file_pipeline, play, plays
from support.program import ROOT
from support.tables import sqlite_history

COMMANDS = ["run", "schema", "config", "produce", "dead-letters", "query", "history", "demo", "completions", "man"]
ACTIONS = ["schema print", "schema apply", "schema check", "dead-letters list", "dead-letters show", "dead-letters replay"]


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "plays.ndjson"
    path.write_bytes(b"\n".join(plays(100)) + b"\n")
    return path


# -------------------------------------------------------------------------------------------------------------------- help


@pytest.mark.parametrize("command", ["", *COMMANDS, *ACTIONS])
def test_help(command, turntable):
    said = turntable.run(*command.split(), "--help").expect(0)
    check_golden(f"help/{command.replace(' ', '_') or 'turntable'}.txt", said.stdout)
    assert said.stderr == ""


def test_help_names_every_command(turntable):
    said = turntable.run("--help").expect(0).stdout
    assert all(command in said for command in COMMANDS)


def test_version(turntable):
    assert re.search(r"\d+\.\d+\.\d+", turntable.run("--version").expect(0).stdout)


# ------------------------------------------------------------------------------------------------------------ usage errors


USAGE_ERRORS = {
    "no_command": [],
    "unknown_command": ["rnu"],
    "no_pipeline": ["run"],
    "unknown_option": ["run", "--untl-end", "p.sql"],
    "option_without_value": ["run", "p.sql", "--set"],
    "lanes_not_a_number": ["run", "p.sql", "--lanes", "many"],
    "lanes_zero": ["run", "p.sql", "--lanes", "0"],
    "schema_without_action": ["schema"],
    "query_without_target": ["query", "-e", "SELECT 1"],
    "query_with_two_targets": ["query", "--sqlite", "a.db", "--cassandra", "localhost:9042", "-e", "SELECT 1"],
    "query_without_statement": ["query", "--sqlite", "a.db"],
    "query_unknown_format": ["query", "--sqlite", "a.db", "-e", "SELECT 1", "--format", "jsn"],
    "produce_without_catalogue": ["produce", "--topic", "x"],
    "produce_negative_count": ["produce", "--catalogue", "x.csv", "--topic", "x", "--bootstrap", "x", "--count", "-1"],
    "produce_negative_rate": ["produce", "--catalogue", "x.csv", "--rate", "-1"],
    "unknown_action": ["schema", "chekc", "p.sql"],
    "action_of_another_command": ["replay", "p.sql"],
    "action_of_no_group": ["dead-letters", "run", "p.sql"],
    "option_of_another_command": ["query", "--until-end", "-e", "SELECT 1"],
    "unknown_short_option": ["query", "-x", "SELECT 1"],
    "unknown_compression": ["produce", "--catalogue", "x.csv", "--compression", "gzp"],
    "unknown_key": ["produce", "--catalogue", "x.csv", "--key", "nmae"],
    "unknown_log_format": ["run", "p.sql", "--log-format", "jsno"],
    "unknown_shell": ["completions", "bsh"],
    "unknown_page": ["man", "scheam"],
    "hour_beyond_the_day": ["history", "--sqlite", "a.db", "--hour", "25"],
    "no_day": ["history", "--sqlite", "a.db", "--date", "yesterday"],
    "config_unknown_format": ["config", "p.sql", "--format", "jsom"],
}


@pytest.mark.parametrize("name", list(USAGE_ERRORS))
def test_usage_errors(name, turntable):
    wrong = turntable.run(*USAGE_ERRORS[name]).expect(2)
    assert wrong.stderr.strip()
    check_golden(f"usage/{name}.txt", wrong.stderr)


def test_a_near_miss_is_recognised(turntable):
    assert "--until-end" in turntable.run("run", "--untl-end", "p.sql").expect(2).stderr
    assert "Did you mean '--until-end'?" in turntable.run("run", "p.sql", "--until").expect(2).stderr
    assert "Did you mean 'dead-letters'?" in turntable.run("dead").expect(2).stderr
    assert "run" in turntable.run("rnu").expect(2).stderr
    assert "json" in turntable.run("query", "--sqlite", "a.db", "-e", "SELECT 1", "--format", "jsn").expect(2).stderr


def test_every_word_that_is_nearly_right_is_recognised(turntable):
    meant = {
        "unknown_action": "check", "action_of_another_command": "turntable dead-letters replay", "unknown_compression": "gzip",
        "unknown_key": "name", "unknown_log_format": "json", "unknown_shell": "bash", "unknown_page": "schema", "config_unknown_format": "json",
    }  # fmt: skip
    for name, word in meant.items():
        assert f"Did you mean '{word}'?" in turntable.run(*USAGE_ERRORS[name]).expect(2).stderr
    assert "'turntable run' takes it" in turntable.run(*USAGE_ERRORS["option_of_another_command"]).expect(2).stderr


# -------------------------------------------------------------------------------------------------------------- environment


def test_variables_stand_in_for_options_and_the_line_counts_before_them(turntable, events):
    pipeline = file_pipeline(turntable, events, "null")
    words = ["run", PIPELINE, *pipeline.sets]
    several = turntable.run(*words, env={"TURNTABLE_LANES": "2"}).expect(2).stderr
    assert several.startswith("turntable: --lanes: "), "a file is read by one lane"
    assert turntable.run(*words, "--lanes", "2").expect(2).stderr == several
    turntable.run(*words, "--lanes", "1", env={"TURNTABLE_LANES": "2"}).expect(0)
    turntable.run(*words, env={"TURNTABLE_LANES": ""}).expect(0)


def test_a_fault_in_a_variable_names_the_variable(turntable):
    for value in ("many", "0", "257", "-1"):
        wrong = turntable.run("run", "p.sql", env={"TURNTABLE_LANES": value}).expect(2)
        assert wrong.stderr.startswith(f"turntable: TURNTABLE_LANES: '{value}' is no whole number from 1 to 256\n")
    assert "--lanes: 'many'" in turntable.run("run", "p.sql", "--lanes", "many", env={"TURNTABLE_LANES": "many"}).expect(2).stderr
    wrong = turntable.run("query", "--sqlite", "a.db", "-e", "SELECT 1", env={"TURNTABLE_FORMAT": "jsn"}).expect(2)
    assert "TURNTABLE_FORMAT: 'jsn' is none of" in wrong.stderr and "Did you mean 'json'?" in wrong.stderr


def test_a_variable_of_one_command_does_not_disturb_another(turntable):
    turntable.run("man", env={"TURNTABLE_LANES": "many", "TURNTABLE_FORMAT": "x", "TURNTABLE_BOOTSTRAP": ""}).expect(0)


def test_a_store_on_the_line_counts_before_one_in_the_environment(turntable, events):
    file_pipeline(turntable, events).drain()
    asked = ["query", "-e", "SELECT count(*) FROM spotify.listening_history", "--format", "csv"]
    for words, variables in ((["--sqlite", "history.db"], {"TURNTABLE_CASSANDRA": "127.0.0.1:1"}), ([], {"TURNTABLE_SQLITE": "history.db"}),
                             (["--sqlite", "history.db"], {"TURNTABLE_SQLITE": "nowhere.db"})):  # fmt: skip
        assert turntable.run(*asked, *words, env=variables).expect(0).stdout.split() == ["count", "100"]
    both = turntable.run(*asked, env={"TURNTABLE_SQLITE": "history.db", "TURNTABLE_CASSANDRA": "127.0.0.1:1"}).expect(2)
    assert "--sqlite" in both.stderr and "--cassandra" in both.stderr


def test_a_producer_finds_its_broker_by_a_variable(turntable, kafka, topic):
    words = ["produce", "--catalogue", CATALOGUE, "--topic", topic, "--count", 10, "--rate", 0]
    turntable.run(*words, env={"TURNTABLE_BOOTSTRAP": kafka.bootstrap}).expect(0)
    assert len(kafka.read(topic)) == 10
    assert "TURNTABLE_BOOTSTRAP" in turntable.run(*words).expect(2).stderr


def test_a_missing_pipeline_is_named(turntable):
    for command in (["run"], ["schema", "print"], ["schema", "apply"], ["schema", "check"], ["dead-letters", "list"]):
        wrong = turntable.run(*command, "nowhere.sql").expect(2)
        assert "cannot read the pipeline nowhere.sql: No such file or directory" in wrong.stderr


@pytest.mark.parametrize(("words", "said"), [
    (["produce", "--catalogue", "nowhere.csv", "--topic", "t", "--bootstrap", "127.0.0.1:1"], "cannot open nowhere.csv: No such file"),
    (["query", "--sqlite", "nowhere.db", "-e", "SELECT 1"], "nowhere.db: there is no such file"),
    (["query", "--sqlite", "nowhere.db", "--keyspace", "k", "-e", "SELECT 1"], "nowhere.db: there is no such file"),
    (["query", "--cassandra", "127.0.0.1:1", "-f", "nowhere.cql"], "nowhere.cql cannot be read: No such file"),
], ids=["catalogue", "sqlite", "sqlite with a keyspace", "statements"])  # fmt: skip
def test_a_missing_file_has_one_exit_code(words, said, turntable):
    assert said in turntable.run(*words).expect(2).stderr


def test_a_missing_file_of_events_is_named(turntable, tmp_path):
    wrong = file_pipeline(turntable, tmp_path / "nowhere.ndjson").run("--until-end").expect(2)
    assert "nowhere.ndjson" in wrong.stderr


# ------------------------------------------------------------------------------------------------------------------- --set


SET_ERRORS = {
    "no_table": "nowhere.topic=x",
    "near_table": "play.topic=x",
    "near_option": "plays.topci=x",
    "no_value": "plays.topic",
    "no_option": "plays=x",
    "connector": "plays.connector=kafak",
    "duration": "listening_history.flush_interval=soon",
    "duplicate_key": "songs.duplicate_key=frist",
    "key_column": "songs.key=nmae",
    "start": "plays.start=erliest",
}


@pytest.mark.parametrize("name", list(SET_ERRORS))
def test_wrong_overrides(name, turntable):
    wrong = turntable.run("run", PIPELINE, "--set", f"songs.path={CATALOGUE}", "--set", SET_ERRORS[name], "--until-end").expect(2)
    check_golden(f"set/{name}.txt", wrong.stderr.replace(str(ROOT), "<root>"))


def test_near_misses_in_overrides_are_recognised(turntable):
    for name, meant in (("near_table", "plays"), ("near_option", "topic"), ("connector", "kafka"), ("duplicate_key", "first")):
        wrong = turntable.run("run", PIPELINE, "--set", f"songs.path={CATALOGUE}", "--set", SET_ERRORS[name])
        assert re.search(rf"(?i)did you mean\W+{meant}", wrong.stderr), wrong.transcript()


# ----------------------------------------------------------------------------------------------------- runs without servers


def test_a_run_says_what_it_reads_and_writes(turntable, events, tmp_path):
    done = file_pipeline(turntable, events).drain()
    text = done.stdout.replace(str(tmp_path), "<dir>").replace(str(ROOT), "<root>")
    schemas = text[: text.index("Flushing")] if "Flushing" in text else text
    for field in (" |-- song: ", " |-- hour: ", " |-- tempo: ", "nullable"):
        assert field in schemas, done.transcript()
    trees = "\n".join(line for line in schemas.splitlines() if "schema" in line.lower() or line == "root" or "|--" in line)
    check_golden("schemas_of_a_run.txt", trees + "\n")
    assert done.flushed == 100
    assert "100" in done.verdict


def test_statistics(turntable, events, tmp_path):
    done = file_pipeline(turntable, events, "null").drain()
    stats = done.stats
    assert_accounted(stats, consumed=100, written=100, filtered=0, unmatched=0, rejected=0, returned=0, dead_lettered=0)
    assert 0 <= stats["startup_seconds"] < 60 and 0 <= stats["seconds"] < 60
    assert stats["offsets"] == {"0": 100}


def test_rows_of_a_file_carry_its_path_line_and_number(turntable, events, tmp_path):
    from support.kafka import Message

    file_pipeline(turntable, events).drain()
    messages = [Message(0, n, value, None, 0) for n, value in enumerate(plays(100))]
    assert_same_rows(sqlite_history(tmp_path / "history.db"), expected_of(messages).rows)


def test_events_from_standard_input(turntable, tmp_path):
    pipeline = file_pipeline(turntable, "-")
    done = turntable.run("run", pipeline.pipeline, *pipeline.sets, stdin=b"\n".join(plays(20))).expect(0)
    assert "20" in done.verdict
    assert len(sqlite_history(tmp_path / "history.db")) == 20


def test_a_file_ends_a_run_without_being_asked(turntable, events):
    assert_accounted(file_pipeline(turntable, events).run().expect(0).stats, consumed=100, written=100)


def test_a_replay_of_a_file_gives_the_same_table(turntable, events, tmp_path):
    for _ in range(2):
        file_pipeline(turntable, events).drain()
    assert len(sqlite_history(tmp_path / "history.db")) == 100


def test_an_empty_file_is_nothing_to_do(turntable, tmp_path):
    empty = tmp_path / "empty.ndjson"
    empty.write_bytes(b"")
    assert_accounted(file_pipeline(turntable, empty).drain().stats, consumed=0, written=0)


def test_the_console_shows_whole_aligned_rows(turntable, tmp_path):
    events = tmp_path / "plays.ndjson"
    events.write_bytes(b"\n".join([*plays(3), play(4, song="Memories - Dillon Francis Remix")]) + b"\n")
    done = file_pipeline(turntable, events, "console").drain()
    shown = [line for line in done.stdout.splitlines() if line.startswith(("|", "+"))]
    check_golden("console.txt", "\n".join(shown) + "\n")
    assert "Memories - Dillon Francis Remix" in done.stdout


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_a_run_in_order(sign, from_kafka, kafka, topic, unique):
    """SIGINT as from a terminal, SIGTERM as from a supervisor: both leave 0 with a verdict."""
    from support.program import wait_until

    sent = kafka.send(topic, plays(1000))
    running = from_kafka.with_options(
        {"listening_history.connector": "null", "listening_history.flush_interval": "100ms"}
    ).start()
    wait_until(lambda: sum(kafka.committed(unique, topic).values()) == len(sent), "all is committed", process=running)
    running.send(sign)
    done = running.wait(15).expect(0)
    assert_accounted(done.stats, consumed=1000, written=1000)
    assert "1000" in done.verdict.replace(",", "")


def test_secrets_are_not_shown(turntable, events):
    secret = "s3cr3t-of-the-test"
    pipeline = file_pipeline(turntable, events, "null").with_options({"listening_history.password": secret})
    done = pipeline.run("--until-end")
    assert secret not in done.stdout + done.stderr


def test_the_verdict_is_said_where_the_statistics_cannot_be_written(turntable, events, tmp_path):
    """Their folder was there when the run began."""
    folder, pipe = tmp_path / "figures", tmp_path / "events.fifo"
    folder.mkdir()
    os.mkfifo(pipe)
    sets = file_pipeline(turntable, pipe, "null", listening_history__flush_interval="200ms").sets
    run = turntable.start("run", PIPELINE, *sets, "--stats-json", folder / "stats.json")
    with pipe.open("wb") as writer:
        writer.write(events.read_bytes())
        writer.flush()
        run.wait_for("Flushing")
        folder.rmdir()
    done = run.wait().expect(1)
    assert "Done: 100 consumed" in done.stdout
    assert "cannot write the statistics" in done.stderr
    assert f"{folder}/stats.json: No such file or directory" in done.stderr


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (".", "it is a directory"),
        ("nowhere/", "it is no file's path"),
        ("nowhere/stats.json", "No such file or directory"),
        ("stats.txt/stats.json", "Not a directory"),
        ("socket", "it is a socket"),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_place_for_the_statistics_that_cannot_be_written_is_a_fault_before_the_run(path, why, turntable, events):
    (turntable.directory / "stats.txt").write_text("old")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(turntable.directory / "socket"))
        before = sorted(turntable.directory.iterdir())
        refused = turntable.run("run", PIPELINE, *file_pipeline(turntable, events, "sqlite").sets, "--stats-json", path).expect(2)
        assert sorted(turntable.directory.iterdir()) == before, "nothing is made"
    assert f"--stats-json: cannot write to '{path}': {why}" in refused.stderr
    assert refused.stdout == ""


def test_statistics_without_a_place_are_a_fault(turntable, events):
    refused = turntable.run("run", PIPELINE, *file_pipeline(turntable, events, "null").sets, "--stats-json", "").expect(2)
    assert "--stats-json: the file's name is empty" in refused.stderr


def test_the_check_of_their_place_leaves_the_old_statistics_as_they_are(turntable, events, tmp_path):
    old = tmp_path / "stats.json"
    old.write_text("old")
    turntable.run("run", PIPELINE, *file_pipeline(turntable, events, "null").sets, "--lanes", "2", "--stats-json", old).expect(2)
    gone = tmp_path / "gone.ndjson"
    turntable.run("run", PIPELINE, *file_pipeline(turntable, gone, "null").sets, "--stats-json", old).expect(2)
    assert old.read_text() == "old" and sorted(path.name for path in tmp_path.iterdir() if "stats" in path.name) == ["stats.json"]


def test_statistics_are_written_to_a_device_not_over_it(turntable, events):
    done = turntable.run("run", PIPELINE, *file_pipeline(turntable, events, "null").sets, "--stats-json", "/dev/stderr").expect(0)
    assert '"consumed": 100' in done.stderr


def test_a_file_for_dead_letters_that_cannot_be_written_is_found_at_start(turntable, events):
    pipeline = file_pipeline(turntable, events, "null").with_options({"plays.dead_letters": "file:/dev/null/dead.jsonl"})
    refused = pipeline.run().expect(1)
    assert "/dev/null/dead.jsonl" in refused.stderr
    assert "Flushing" not in refused.stdout


def test_rows_are_not_written_to_a_database_that_vanishes(turntable, events):
    refused = file_pipeline(turntable, events, "sqlite").with_options({"listening_history.path": ":memory:"}).run().expect(2)
    assert "expected a file's path" in refused.stderr


def test_a_group_needs_a_name(turntable):
    refused = turntable.run("run", PIPELINE, "--set", "plays.group.id=", "--set", f"songs.path={CATALOGUE}").expect(2)
    assert "group.id is empty" in refused.stderr
