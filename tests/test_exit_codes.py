"""The exit codes: one table, printed in help, manual pages and docs/COMMANDS.md, and each code provoked in each command that has it."""

import re
import shutil
import signal
import sqlite3

import pytest

from support.forwarder import free_port
from support.listening import CATALOGUE
from support.program import ROOT, BINARY, environment, wait_until

TEXT = """CREATE TABLE plays (id int, song text) WITH (connector = 'ndjson', path = 'events.ndjson', dead_letters = 'file:letters.jsonl');
CREATE TABLE songs (name text) WITH (connector = 'csv', path = 'songs.csv');
CREATE TABLE history (id int, song text) WITH (connector = 'sqlite', path = 'rows.db', primary_key = 'id');
INSERT INTO history SELECT p.id, p.song FROM plays p JOIN songs s ON s.name = p.song;
"""


@pytest.fixture
def world(turntable, tmp_path):
    """A pipeline that has nothing wrong with it, its table, and a letter that is no row of it."""
    (tmp_path / "p.sql").write_text(TEXT)
    (tmp_path / "songs.csv").write_text("name\nMemories\n")
    (tmp_path / "events.ndjson").write_text('{"id": 1, "song": "Memories"}\n')
    turntable.run("run", "p.sql").expect(0)
    (tmp_path / "events.ndjson").write_text('{"id": 1, "song": "Memories"}\n{"id": 2, "song": "another"}\n')
    turntable.run("run", "p.sql").expect(3)
    (tmp_path / "events.ndjson").write_text('{"id": 1, "song": "Memories"}\n')
    return tmp_path


NO_NODE = "NO_NODE"  # An address at which nobody listens.
PRODUCE = ["produce", "--catalogue", "songs.csv", "--topic", "t"]
HISTORY = ["history", "--sqlite", "played.db"]

# By command: what is done, and the code with which that ends. "full": standard output is a full disk.
ENDS = {
    "run": {0: ["run", "p.sql"], 1: "the table differs", 2: ["run", "nowhere.sql"], 3: "another record"},
    "schema print": {0: ["schema", "print", "p.sql"], 1: "full", 2: ["schema", "print", "p.sql", "--set", "x.y=z"]},
    "schema apply": {0: ["schema", "apply", "p.sql"], 1: "the table differs", 2: ["schema", "apply", "nowhere.sql"]},
    "schema check": {0: ["schema", "check", "p.sql"], 1: "the table differs", 2: ["schema", "check", "nowhere.sql"]},
    "config": {0: ["config", "p.sql"], 1: "full", 2: ["config", "p.sql", "--set", "plays.numbers=x"]},
    "produce": {0: "broker", 1: "broker without the topic's leave", 2: [*PRODUCE, "--bootstrap", NO_NODE, "--count", "x"], 4: "no broker"},
    "dead-letters list": {0: ["dead-letters", "list", "p.sql"], 1: "full", 2: ["dead-letters", "list", "p.sql", "--reason", "x"]},
    "dead-letters show": {0: ["dead-letters", "show", "p.sql"], 1: "full", 2: ["dead-letters", "show", "nowhere.sql"]},
    "dead-letters replay": {0: "mended", 1: "the table differs", 2: ["dead-letters", "replay", "nowhere.sql"], 3: ["dead-letters", "replay", "p.sql"]},
    "query": {
        0: ["query", "--sqlite", "rows.db", "-e", "SELECT * FROM history"], 1: "full", 2: ["query", "--sqlite", "nowhere.db", "-e", "SELECT 1"],
        4: ["query", "--cassandra", NO_NODE, "-e", "SELECT 1"],
    },
    "history": {0: HISTORY, 1: "full", 2: [*HISTORY, "--hour", "24"], 4: ["history", "--cassandra", NO_NODE]},
    "demo": {0: ["demo", "--dir", "demo", "--count", "5000"], 1: ["demo", "--dir", "p.sql/below"], 2: ["demo", "--count", "0"]},
    "completions": {0: ["completions", "bash"], 1: "full", 2: ["completions", "csh"]},
    "man": {0: ["man"], 1: "full", 2: ["man", "nothing"]},
}  # fmt: skip


def meanings(text: str) -> dict[int, str]:
    """The table in docs/COMMANDS.md."""
    return {int(code): meaning for code, meaning in re.findall(r"^\| (\d) \| (.*?) \| .*? \|$", text, re.MULTILINE)}


def told(text: str) -> set[int]:
    """The codes in a command's help."""
    return {int(code) for code in re.findall(r"^  (\d)  \S", text.partition("Exit codes:")[2], re.MULTILINE)}


@pytest.mark.parametrize("command", list(ENDS))
def test_help_tells_the_codes_that_are_provoked_here(command, turntable):
    table = meanings((ROOT / "docs" / "COMMANDS.md").read_text())
    assert set(table) == {0, 1, 2, 3, 4}
    help_text = turntable.run(*command.split(), "--help").expect(0).stdout
    assert told(help_text) == set(ENDS[command])
    flat = re.sub(r"\s+", " ", help_text)
    assert all(table[code] in flat for code in ENDS[command])


def test_the_manual_and_the_first_help_have_the_whole_table(turntable):
    table = meanings((ROOT / "docs" / "COMMANDS.md").read_text())
    assert told(turntable.run("--help").expect(0).stdout) == set(table)
    manual = re.sub(r"\s+", " ", turntable.run("man").expect(0).stdout.replace("\\-", "-"))
    assert all(meaning in manual for meaning in table.values())


CASES = [(command, code) for command, ends in ENDS.items() for code, how in ends.items() if isinstance(how, list)]


@pytest.mark.parametrize(("command", "code"), CASES, ids=[f"{command.replace(' ', '_')}-{code}" for command, code in CASES])
def test_a_command_ends_with(command, code, world, turntable):
    if command == "demo" and code == 0:
        for folder in ("pipelines", "queries", "data"):
            shutil.copytree(ROOT / folder, world / folder)
    make_history(world)
    address = f"127.0.0.1:{free_port()}"
    words = [address if word == NO_NODE else word for word in ENDS[command][code]]
    ended = turntable.run(*words, timeout=90).expect(code)
    if code == 4:
        assert address in ended.stderr, ended.transcript()


def make_history(folder):
    """A table of the listening history, of one play."""
    with sqlite3.connect(folder / "played.db") as db:
        db.execute(
            "CREATE TABLE listening_history (name text, date text, hour int, time text, song text, artists text, danceability real, "
            "energy real, valence real, acousticness real, tempo real, PRIMARY KEY (name, date, hour, time))"
        )
        db.execute("INSERT INTO listening_history VALUES ('a', '2024-03-03', 10, '2024-03-03 10:00', 's', 'b', 0.5, 0.5, 0.5, 0.5, 100)")


@pytest.mark.parametrize("command", [command for command, ends in ENDS.items() if ends[1] == "full"])
def test_a_full_disk_is_a_failure(command, world):
    import subprocess

    make_history(world)
    with open("/dev/full", "w") as full:
        done = subprocess.run([BINARY, *ENDS[command][0]], stdout=full, stderr=subprocess.PIPE, text=True, cwd=world, env=environment(), check=False)
    assert done.returncode == 1, done.stderr
    assert "No space left on device" in done.stderr


@pytest.mark.parametrize("command", ["run", "schema apply", "schema check", "dead-letters replay"])
def test_a_table_that_differs_is_wrong_and_not_away(command, world, turntable):
    (world / "rows.db").unlink()
    with sqlite3.connect(world / "rows.db") as db:
        db.execute("CREATE TABLE history (id int PRIMARY KEY, other text)")
    ended = turntable.run(*command.split(), "p.sql").expect(1)
    assert "history" in ended.stderr


def test_what_becomes_no_row_is_told_by_run_and_replay(world, turntable):
    (world / "events.ndjson").write_text('{"id": 3, "song": "unknown"}\n')
    turntable.run("run", "p.sql").expect(3)
    turntable.run("dead-letters", "replay", "p.sql").expect(3)
    (world / "songs.csv").write_text("name\nMemories\nanother\nunknown\n")
    turntable.run("dead-letters", "replay", "p.sql").expect(0)


def test_produce_ends_with(turntable, kafka, topic, unique):
    (turntable.directory / "songs.csv").write_text("name\nMemories\n")
    words = ["produce", "--catalogue", "songs.csv", "--count", 5, "--rate", 0]
    turntable.run(*words, "--topic", topic, "--bootstrap", kafka.bootstrap).expect(0)
    compacted = kafka.create_topic(unique + "_c", 1, {"cleanup.policy": "compact"})
    turntable.run(*words, "--topic", compacted, "--bootstrap", kafka.bootstrap).expect(1)  # No record without a key.


def test_produce_that_is_stopped_before_a_broker_answered_could_not_reach_it(turntable):
    (turntable.directory / "songs.csv").write_text("name\nMemories\n")
    address = f"127.0.0.1:{free_port()}"
    running = turntable.start("produce", "--catalogue", "songs.csv", "--topic", "t", "--bootstrap", address, "--count", 5, "--rate", 0)
    wait_until(lambda: address in running.stderr, "it says that nobody answers", process=running)
    running.send(signal.SIGTERM)
    assert "gave no answer in time" in running.wait(30).expect(4).stderr


def test_the_catalogue_of_a_producer_that_is_wrong_is_told_before_a_broker_is_asked(turntable):
    words = ["produce", "--catalogue", CATALOGUE, "--topic", "t", "--bootstrap", f"127.0.0.1:{free_port()}", "--key", "nmae"]
    assert "Did you mean 'name'?" in turntable.run(*words).expect(2).stderr
