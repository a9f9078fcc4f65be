"""Every command with an output that goes away, is full or was never there: an exit code and at most one sentence.

The commands are those that --help lists, so that a new one without a case here fails. What is shared by all of them: nothing
dies of a signal or an exception, and what a command does beside printing is done."""

import os
import re
import signal
import sqlite3
import subprocess
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from support.listening import CATALOGUE, play
from support.program import BINARY, ROOT, environment

# What the log says that is no complaint about the output: its news, and a broker that is slow under load.
NEWS = (" info ", "; trying again until it can", "dead letters are written again")
EVENTS = 5_000  # Enough letters that a listing does not fit into a pipe.
SONG = "Memories - Dillon Francis Remix"

# From a real broker into a real cluster, with letters in a topic.
SERVED = """
CREATE TABLE plays (id int NOT NULL, song text NOT NULL)
WITH (connector = 'kafka', topic = '{topic}', start = 'earliest', "bootstrap.servers" = '{kafka}', "group.id" = '{topic}');
CREATE TABLE songs () WITH (connector = 'csv', path = '{catalogue}', key = 'name');
CREATE TABLE history (id int, artists text, kafka_partition int, kafka_offset bigint)
WITH (connector = 'cassandra', contact_points = '{cassandra}', keyspace = '{topic}', primary_key = '((kafka_partition), kafka_offset)', replication_factor = '1');
INSERT INTO history SELECT p.id, s.artists, p.kafka_partition, p.kafka_offset FROM plays p JOIN songs s ON s.name = p.song;
"""

PIPELINE = """
CREATE TABLE plays (id int NOT NULL, song text NOT NULL) WITH (connector = 'ndjson', path = 'plays.ndjson', dead_letters = 'file:{letters}');
CREATE TABLE songs () WITH (connector = 'csv', path = '{catalogue}', key = 'name');
CREATE TABLE history (id int, artists text, kafka_offset bigint)
WITH (connector = '{sink}', flush_rows = '100', primary_key = '(kafka_offset)'{more});
INSERT INTO history SELECT p.id, s.artists, p.kafka_offset FROM plays p JOIN songs s ON s.name = p.song;
"""


@dataclass
class Case:
    """A command line, and what its exit code is with an output that takes everything."""

    words: list[str]
    code: int = 0
    # Whether the output is what was asked for, so that one that takes nothing is a failure, or progress beside the work.
    result: bool = True
    # Whether a reader who goes away has had enough; rows that nobody has read are not delivered.
    enough: bool = True
    rows: str = ""  # A SQLite file that holds all rows afterwards.
    sends: bool = False  # To a topic of the test's own.
    served: bool = False  # Kafka and Cassandra hold what it works on.


CASES = {
    "run": [
        Case(["run", "null.sql"], 3, result=False),
        Case(["run", "sqlite.sql"], 3, result=False, rows="out.db"),
        Case(["run", "console.sql"], 3, enough=False),
        Case(["run", "served.sql", "--until-end", "--set", "plays.group.id={unique}"], 3, result=False, served=True),
    ],
    "schema print": [Case(["schema", "print", "sqlite.sql"]), Case(["schema", "print", "served.sql"], served=True)],
    "schema apply": [Case(["schema", "apply", "sqlite.sql"]), Case(["schema", "apply", "served.sql"], served=True)],
    "schema check": [Case(["schema", "check", "written.sql"]), Case(["schema", "check", "served.sql"], served=True)],
    "dead-letters list": [Case(["dead-letters", "list", "written.sql"]), Case(["dead-letters", "list", "served.sql"], served=True)],
    "dead-letters show": [Case(["dead-letters", "show", "written.sql"]), Case(["dead-letters", "show", "served.sql"], served=True)],
    "dead-letters replay": [
        Case(["dead-letters", "replay", "served.sql"], 3, served=True),
        Case(["dead-letters", "replay", "written.sql", "--set", "history.path=out.db"], 3),
        Case(["dead-letters", "replay", "console.sql", "--set", "plays.dead_letters=file:written.jsonl", "--set", "songs.path=more.csv"], enough=False),
    ],
    "query": [
        Case(["query", "--sqlite", "written.db", "-e", "SELECT * FROM history", "--format", form]) for form in ("table", "csv", "json", "ndjson")
    ] + [
        Case(["query", "--cassandra", "{cassandra}", "-e", "SELECT * FROM {keyspace}.history", "--format", form], served=True)
        for form in ("table", "csv", "json", "ndjson")
    ] + [
        # Several statements: a reader who has had enough of the first has not seen the second.
        Case(["query", "--sqlite", "written.db", "-e", "SELECT * FROM history; SELECT id FROM history"]),
        Case(["query", "--cassandra", "{cassandra}", "-e", "SELECT * FROM {keyspace}.history; SELECT id FROM {keyspace}.history"], served=True),
        Case(["query", "--sqlite", "written.db", "-e", "SELECT 1", "-o", "result.txt"], result=False),
    ],
    "produce": [
        Case(["produce", "--catalogue", str(CATALOGUE), "--topic", "{topic}", "--bootstrap", "{kafka}", "--count", "40", "--rate", "0"],
             result=False, sends=True),
    ],
    "demo": [Case(["demo", "--dir", "demo", "--count", "100"])],
    "config": [Case(["config", "sqlite.sql"]), Case(["config", "sqlite.sql", "--format", "json"])],
    "history": [Case(["history", "--sqlite", "played.db"]), Case(["history", "--sqlite", "played.db", "-o", "-"])],
    "completions": [Case(["completions", shell]) for shell in ("bash", "zsh", "fish")],
    "man": [Case(["man"]), Case(["man", "run"]), Case(["man", "--format", "markdown"])],
}  # fmt: skip


@cache
def commands() -> list[str]:
    """The commands that do something, as --help lists them."""

    def below(words: list[str]) -> list[str]:
        said = subprocess.run([BINARY, *words, "--help"], capture_output=True, text=True, check=True, env=environment()).stdout
        names = re.findall(r"^  ([a-z-]+) {2,}", said.partition("\nCommands:\n")[2].partition("\n\n")[0], re.MULTILINE)
        return [leaf for name in names for leaf in below([*words, name])] if names else [" ".join(words)]

    return below([])


def test_every_command_has_a_case():
    assert sorted(commands()) == sorted(CASES)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with pipelines, a table that is written and its letters."""
    folder = tmp_path_factory.mktemp("outputs")
    lines = [play(n, song=SONG if n % 2 else "unheard of") for n in range(EVENTS)]
    (folder / "plays.ndjson").write_bytes(b"\n".join(lines) + b"\n")
    for name, sink, more, letters in [
        ("null", "null", "", "dead.jsonl"), ("console", "console", "", "dead.jsonl"),
        ("sqlite", "sqlite", ", path = 'out.db'", "dead.jsonl"), ("written", "sqlite", ", path = 'written.db'", "written.jsonl"),
    ]:  # fmt: skip
        (folder / f"{name}.sql").write_text(PIPELINE.format(sink=sink, more=more, letters=letters, catalogue=CATALOGUE))
    with sqlite3.connect(folder / "played.db") as db:
        db.execute(
            "CREATE TABLE listening_history (name text, date text, hour int, time text, song text, artists text, danceability real, "
            "energy real, valence real, acousticness real, tempo real, PRIMARY KEY (name, date, hour, time))"
        )
        db.execute("INSERT INTO listening_history VALUES ('a', '2024-03-03', 10, '2024-03-03 10:00', 's', 'b', 0.5, 0.5, 0.5, 0.5, 100)")
    (folder / "more.csv").write_text("name,artists\nunheard of,Nobody\n")
    made = subprocess.run([BINARY, "run", "written.sql"], cwd=folder, capture_output=True, env=environment(), check=False)
    assert made.returncode == 3, made.stderr.decode()
    return folder


@pytest.fixture(scope="module")
def served(place, kafka, cassandra) -> str:
    """The name of a topic with events, of the keyspace that has their rows, and of the group that has read them."""
    name = f"outputs_{os.getpid()}_{time.time_ns()}"
    kafka.create_topic(name, 2)
    kafka.send(name, [play(n, song=SONG if n % 2 else "unheard of") for n in range(EVENTS)])
    (place / "served.sql").write_text(SERVED.format(topic=name, kafka=kafka.bootstrap, cassandra=cassandra.address, catalogue=CATALOGUE))
    for words in (["schema", "apply", "served.sql"], ["run", "served.sql", "--until-end"]):
        made = subprocess.run([BINARY, *words], cwd=place, capture_output=True, env=environment(), check=False)
        assert made.returncode in (0, 3), made.stderr.decode()
    yield name
    cassandra.drop(name)


@dataclass
class Ended:
    code: int
    stderr: str
    stdout: str = ""
    sentences: list[str] = field(default_factory=list)


def end_of(process: subprocess.Popen, stdout: str = "") -> Ended:
    _, said = process.communicate(timeout=60)
    text = (said or b"").decode()
    sentences = [line for line in text.splitlines() if line.strip() and not any(sign in line for sign in NEWS)]
    return Ended(process.returncode, text, stdout, sentences)


def start(place: Path, words: list[str], **streams) -> subprocess.Popen:
    streams = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, **streams}
    return subprocess.Popen([str(BINARY), *words], cwd=place, env=environment(), **streams)


def by_shell(place: Path, words: list[str], redirection: str) -> Ended:
    """As a person writes it: `turntable … >&-`."""
    script = f'"$@" {redirection}'
    return end_of(subprocess.Popen(["bash", "-c", script, "bash", str(BINARY), *words], cwd=place, env=environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))  # fmt: skip


def into_head(place: Path, words: list[str]) -> Ended:
    process = start(place, words, stdout=subprocess.PIPE)
    first = process.stdout.readline().decode()
    process.stdout.close()
    process.stdout = None
    return end_of(process, first)


def into_nobody(place: Path, words: list[str]) -> Ended:
    """The reader has gone before anything is written."""
    read, write = os.pipe()
    os.close(read)
    process = start(place, words, stdout=write)
    os.close(write)
    return end_of(process)


def into_full(place: Path, words: list[str]) -> Ended:
    with open("/dev/full", "wb") as full:
        return end_of(start(place, words, stdout=full))


def stuck_pipe() -> tuple[int, int]:
    """A pipe that is full, whose reader does not read: `| less`, or a terminal after Ctrl-S."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    while True:
        try:
            os.write(write, b"x" * 4096)
        except BlockingIOError:
            break
    os.set_blocking(write, True)
    return read, write


def into_stuck(place: Path, words: list[str], work_is_done=None, also_stderr: bool = False) -> Ended:
    """The work goes on, SIGTERM ends it. Without work that can be seen, it is given some seconds to come to the output."""
    read, write = stuck_pipe()
    try:
        streams = {"stderr": write} if also_stderr else {}
        process = start(place, words, stdout=write, **streams)
        deadline = time.monotonic() + (60 if work_is_done else 3)
        while process.poll() is None and time.monotonic() < deadline and not (work_is_done and work_is_done()):
            time.sleep(0.1)
        assert not work_is_done or work_is_done(), "the work waits for the reader"
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        return end_of(process)
    finally:
        os.close(read)
        os.close(write)


OUTPUTS = {
    "head": into_head,
    "nobody": into_nobody,
    "full": into_full,
    "stuck": into_stuck,
    "closed stdout": lambda place, words: by_shell(place, words, ">&-"),
    "closed stderr": lambda place, words: by_shell(place, words, "2>&-"),
    "all closed": lambda place, words: by_shell(place, words, "<&- >&- 2>&-"),
    "no terminal": lambda place, words: end_of(start(place, words, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, start_new_session=True)),
}  # fmt: skip


def expected_codes(case: Case, output: str) -> set[int]:
    if case.sends and output in ("full", "closed stdout", "all closed"):
        return {1}  # The plays are sent all the same.
    if output == "stuck" and not case.result:
        return {case.code, 0}  # The signal may come when the work is done and the end is not reached.
    if output in ("closed stderr", "no terminal") or not case.result:
        return {case.code}
    if output in ("full", "stuck", "closed stdout", "all closed"):
        return {1}
    if case.enough:
        return {case.code}
    # How much a pipe has taken before its reader went away is chance.
    return {1} if output == "nobody" else {1, case.code}


ALL = [
    (command, number, output)
    for command, cases in CASES.items()
    for number, case in enumerate(cases)
    for output in (("head", "full", "stuck", "closed stdout") if case.served else OUTPUTS)
]


def has_done(case: Case, place: Path, request, unique: str) -> bool:
    """What the command does beside printing. A run of a group of its own has read everything."""
    if case.sends:
        return len(request.getfixturevalue("kafka").read(unique)) == 40
    if case.served:
        topic = request.getfixturevalue("served")
        return sum(request.getfixturevalue("kafka").committed(unique, topic).values()) == EVENTS
    return rows_of(place / case.rows) == (EVENTS // 2, 1, EVENTS - 1)


def rows_of(path: Path) -> tuple[int, int, int] | None:
    if not path.exists():
        return None
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return connection.execute("SELECT count(*), min(kafka_offset), max(kafka_offset) FROM history").fetchone()
    except sqlite3.OperationalError:  # It has been made this moment.
        return None
    finally:
        connection.close()


@pytest.mark.parametrize(("command", "number", "output"), ALL, ids=[f"{c}-{n}-{o}".replace(" ", "_") for c, n, o in ALL])
def test_every_command_with_every_output(command, number, output, place, request, unique):
    case = CASES[command][number]
    for leftover in place.glob("out.db*"):
        leftover.unlink()
    words = case.words
    if case.sends:
        kafka = request.getfixturevalue("kafka")
        words = [word.format(topic=kafka.create_topic(unique, 1), kafka=kafka.bootstrap) for word in words]
    if case.served:
        keyspace, address = request.getfixturevalue("served"), request.getfixturevalue("cassandra").address
        words = [word.format(unique=unique, keyspace=keyspace, cassandra=address) for word in words]
    does_more = bool(case.rows or case.sends or (case.served and not case.result))
    if output == "stuck" and does_more:
        ended = into_stuck(place, words, lambda: has_done(case, place, request, unique))
    else:
        ended = OUTPUTS[output](place, words)

    assert ended.code in expected_codes(case, output), ended
    assert "terminate called" not in ended.stderr and "bug" not in ended.stderr, ended
    assert len(ended.sentences) <= 1, ended
    if output == "head":
        assert ended.stdout.endswith("\n") or "-o" in words, ended
    if ended.code == 1 and "stderr" not in output and output != "all closed" and not case.sends:
        why = {"full": "No space left on device", "closed stdout": "it is closed", "stuck": "its reader does not read"}.get(
            output, "its reader has gone"
        )
        # A query whose reader stands still ends by the signal that it was sent, and says that.
        what = "the query was interrupted" if (command, output) == ("query", "stuck") else f"cannot write to standard output: {why}"
        assert ended.sentences and ended.sentences[0].endswith(what), ended
    if not case.result and output in ("full", "closed stdout") and "-o" not in words:
        assert ended.sentences and ended.sentences[0].endswith("; the work goes on, its progress is not shown"), ended
    if does_more:
        assert has_done(case, place, request, unique), "it does not depend on who looks on"
    if "-o" in words:
        assert (place / "result.txt").read_text() == "\n 1\n---\n 1\n\n(1 rows)\n"


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("words", [["--help"], ["--version"], ["run", "--help"], ["query", "--help"]], ids=" ".join)
def test_help_with_every_output(words, output, place):
    ended = OUTPUTS[output](place, words)
    assert ended.code == (1 if output in ("full", "stuck", "closed stdout", "all closed") else 0), ended
    assert len(ended.sentences) <= 1 and "terminate" not in ended.stderr, ended


@pytest.mark.parametrize("output", OUTPUTS)
def test_faults_with_every_output(output, place):
    """What is wrong is said on standard error, whatever standard output is."""
    for words, code in ([["run", "nowhere.sql"], 2], [["rnu"], 2], [["query", "--sqlite", "nowhere.db", "-e", "SELECT 1"], None]):
        ended = OUTPUTS[output](place, words) if output != "head" else into_full(place, words)
        assert ended.code in ((1, 2) if code is None else (code,)), ended
        assert "terminate" not in ended.stderr, ended


@pytest.mark.parametrize("command", ["null.sql", "sqlite.sql", "console.sql"])
def test_a_log_that_nobody_reads_holds_nothing_up(command, place):
    """Standard output and standard error are one pipe: `turntable run … 2>&1 | less`."""
    words = ["run", command, "--set", "history.path=stuck.db"] if command == "sqlite.sql" else ["run", command]
    for leftover in place.glob("stuck.db*"):
        leftover.unlink()
    is_done = (lambda: rows_of(place / "stuck.db") == (EVENTS // 2, 1, EVENTS - 1)) if command == "sqlite.sql" else None
    ended = into_stuck(place, words, is_done, also_stderr=True)
    # The signal may come behind the last transaction and before the run has ended: then it was stopped, and did not end by itself.
    codes = {"console.sql": (1,), "null.sql": (3,), "sqlite.sql": (0, 3)}
    assert ended.code in codes[command], ended


# ------------------------------------------------------------------------------------------------------------ stdin


def test_a_closed_standard_input_is_no_empty_one(place):
    ended = by_shell(place, ["run", "null.sql", "--set", "plays.path=-"], "<&-")
    assert ended.code == 1 and len(ended.sentences) == 1, ended
    assert "standard input" in ended.stderr and "Bad file descriptor" in ended.stderr, ended


# ---------------------------------------------------------------------------------------------------------- signals


class Waiting:
    """A run that has read a line from standard input, which stays open, and holds its row back."""

    def __init__(self, place: Path, prefix: list[str] = ()) -> None:
        (place / "out.db").unlink(missing_ok=True)
        command = [*prefix, str(BINARY), "run", "sqlite.sql", "--set", "plays.path=-", "--set", "history.flush_interval=1h"]
        self.process = subprocess.Popen(command, cwd=place, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, start_new_session=True)  # fmt: skip
        self.process.stdin.write(play(1, song=SONG) + b"\n")
        self.process.stdin.flush()
        self.stdin, self.process.stdin = self.process.stdin, None  # communicate() would close it.
        for line in self.process.stdout:
            if b"schema of history" in line.lower() or b"rows:" in line.lower():
                break
        self.place = place

    def rows(self) -> int:
        connection = sqlite3.connect(self.place / "out.db")
        [(count,)] = connection.execute("SELECT count(*) FROM history")
        connection.close()
        return count


def test_timeout_ends_a_run_in_order(place):
    """coreutils' timeout signals the process and then its group: one wish to stop, twice."""
    running = Waiting(place, ["timeout", "3"])
    out, said = running.process.communicate(timeout=30)
    assert running.process.returncode == 124 and b"leaving at once" not in said, said
    assert b"Done: 1 consumed = 1 written" in out, out
    assert running.rows() == 1


def test_two_signals_within_a_second_are_one_wish(place):
    running = Waiting(place)
    time.sleep(1)  # The line is read and held back.
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        if running.process.poll() is None:
            running.process.send_signal(sign)
        time.sleep(0.001)
    out, said = running.process.communicate(timeout=30)
    assert running.process.returncode == 0 and b"leaving at once" not in said, said
    assert b"Done: 1 consumed = 1 written" in out, out
    assert running.rows() == 1


def test_a_later_second_signal_leaves_at_once(place):
    """The table is locked by somebody else, so that the run cannot end in order."""
    running = Waiting(place)
    time.sleep(1)
    lock = sqlite3.connect(place / "out.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    try:
        running.process.send_signal(signal.SIGTERM)
        time.sleep(1.5)
        assert running.process.poll() is None, "it waits for its row to be written"
        running.process.send_signal(signal.SIGTERM)
        _, said = running.process.communicate(timeout=10)
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    assert running.process.returncode == 1 and b"leaving at once" in said, said
    assert running.rows() == 0


def test_a_query_whose_reader_has_left_runs_what_is_left(place):
    """A fault in the second statement is told, though nobody reads the rows of the first."""
    rows = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100000) SELECT n FROM n"
    for output in (into_head, into_nobody):
        ended = output(place, ["query", "--sqlite", "written.db", "-e", f"{rows}; SELECT nosuch FROM history"])
        assert ended.code != 0 and len(ended.sentences) == 1 and "nosuch" in ended.stderr, ended
        assert output(place, ["query", "--sqlite", "written.db", "-e", f"{rows}; SELECT 1"]).code == 0


# -------------------------------------------------------------------------------------------------------- the console


def test_rows_that_the_console_could_not_show_are_read_again(place, kafka, unique):
    kafka.create_topic(unique, 1)
    kafka.send(unique, [play(n, song=SONG) for n in range(EVENTS)])
    words = ["run", "console.sql", "--until-end", "--set", "plays.connector=kafka", "--set", f"plays.topic={unique}",
             "--set", f"plays.bootstrap.servers={kafka.bootstrap}", "--set", f"plays.group.id={unique}", "--set", "plays.start=earliest",
             "--set", "plays.dead_letters=drop"]  # fmt: skip
    for output in (into_nobody, into_full):  # Nothing at all is shown.
        ended = output(place, words)
        assert ended.code == 1 and len(ended.sentences) == 1, ended
        assert kafka.committed(unique, unique) in ({}, {0: 0})
    # More rows than a pipe holds: its reader leaves in the middle of them.
    ended = into_head(place, words)
    assert ended.code == 1 and len(ended.sentences) == 1 and "its reader has gone" in ended.stderr, ended
    taken = kafka.committed(unique, unique).get(0, 0)
    assert taken < EVENTS
    shown = subprocess.run([BINARY, *words], cwd=place, env=environment(), capture_output=True, text=True, check=True, timeout=60).stdout
    assert [int(number) for number in re.findall(r"^\|(\d+) *\|", shown, re.MULTILINE)] == list(range(taken, EVENTS))
