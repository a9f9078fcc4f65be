"""Limits that meet a real broker, or the program as a whole; the others are tested beside the code. At each limit and above it."""

import base64
import contextlib
import json
import os
import re
import resource
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import pytest

from support.bombs import large_record, records, send
from support.listening import CATALOGUE, PIPELINE, assert_accounted, dead_letters, file_pipeline, play, plays
from support.program import BINARY, ROOT, Running, environment
from support.tables import sqlite_history, sqlite_rows

MEBIBYTE = 1 << 20
RECORD = 16 * MEBIBYTE  # kRecordBytesLimit
BATCH = 128 * MEBIBYTE  # kBatchBytesLimit


def padded(size: int, **more) -> bytes:
    event = play(**more)
    return event + b" " * (size - len(event))


class Memory:
    """The most memory that a running program has had, in bytes, looked at until it ends."""

    def __init__(self, running: Running) -> None:
        self.peak = 0
        self.running = running
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self) -> None:
        status = Path(f"/proc/{self.running.process.pid}/status")
        while self.running.returncode() is None:
            try:
                found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
            except OSError:
                return
            if found:
                self.peak = max(self.peak, int(found[1]) * 1024)
            time.sleep(0.01)


# -------------------------------------------------------------------------------------------------------------------- records


def test_what_the_expressions_of_a_batch_make_has_a_limit_in_memory(turntable, tmp_path):
    """A producer writes the numbers: 30 texts of 60 million bytes would be 1.8 GB."""
    events = tmp_path / "events.ndjson"
    events.write_text("".join(f'{{"id": {id}, "n": {60_000_000 if id % 3 else 7}}}\n' for id in range(45)))
    pipeline = tmp_path / "p.sql"
    pipeline.write_text(
        f"CREATE TABLE s (id int NOT NULL, n int) WITH (connector = 'file', path = '{events}');\n"
        f"CREATE TABLE o () WITH (connector = 'sqlite', path = '{tmp_path / 'o.db'}', primary_key = 'id');\n"
        "INSERT INTO o SELECT p.id, length(repeat('x', p.n)) AS n FROM s p;\n"
    )
    running = turntable.start("run", pipeline, "--until-end")
    memory = Memory(running)
    running.wait(300).expect(0)
    assert memory.peak < 1024 * MEBIBYTE
    with contextlib.closing(sqlite3.connect(tmp_path / "o.db")) as database:
        assert database.execute("SELECT count(*), sum(n) FROM o").fetchone() == (45, 30 * 60_000_000 + 15 * 7)


def test_a_record_beyond_the_limit_is_a_letter_in_the_topic_with_its_bytes(to_sqlite, kafka, topic):
    at, above = padded(RECORD, id=1), padded(RECORD + 1, id=2)
    assert send(kafka.bootstrap, topic, [records("gzip", [at, above, play(3)])]) == [0]
    letters = f"{topic}.letters"
    pipeline = to_sqlite.with_options({"plays.dead_letters": f"kafka:{letters}"})
    done = pipeline.drain(code=3)
    assert_accounted(done.stats, consumed=3, written=2, rejected=1, dead_lettered=1)
    (letter,) = kafka.read(letters)
    assert letter.value == above
    assert (b"too_large", b"The value has 16,777,217 bytes, more than 16,777,216.") == tuple(
        dict(letter.headers)[name] for name in ("turntable.reason", "__connect.errors.exception.message")
    )
    again = to_sqlite.turntable.run("dead-letters", "replay", pipeline.pipeline, *pipeline.sets, timeout=60).expect(3)
    assert "1 dead letters: 0 written" in again.stdout and "1 still rejected" in again.stdout


def test_a_line_beyond_the_limit_is_a_letter_in_the_file_with_its_bytes(turntable, tmp_path):
    events = tmp_path / "events.ndjson"
    at, above = padded(RECORD, id=1), padded(RECORD + 1, id=2)
    events.write_bytes(b"\n".join([at, above, play(3)]) + b"\n")
    done = file_pipeline(turntable, events).drain(code=3)
    assert_accounted(done.stats, consumed=3, written=2, rejected=1, dead_lettered=1)
    (letter,) = dead_letters(tmp_path / "dead.jsonl")
    assert (letter.reason, letter.offset, letter.value, letter.text) == ("too_large", 1, above, None)


def test_a_line_that_cannot_be_held_stops_the_run_and_is_named(turntable, tmp_path):
    events = tmp_path / "events.ndjson"
    limit = 64 * MEBIBYTE  # NdjsonSource::kLineBytesLimit
    events.write_bytes(play(1) + b"\n" + padded(limit, id=2) + b"\n" + padded(limit + 1, id=3) + b"\n")
    stopped = file_pipeline(turntable, events).run().expect(1)
    assert f"{events}:3: the line is longer than 67,108,864 bytes" in stopped.stderr
    assert [letter.offset for letter in dead_letters(tmp_path / "dead.jsonl")] == [1]
    assert len(sqlite_history(tmp_path / "history.db")) == 1


@pytest.mark.parametrize(("depth", "code"), [(1023, 0), (1024, 3)], ids=["at", "above"])
def test_depth(depth, code, turntable, tmp_path):
    events = tmp_path / "events.ndjson"
    events.write_bytes(play()[:-1] + b',"more":' + b"[" * depth + b"]" * depth + b"}\n")
    file_pipeline(turntable, events).drain(code=code)
    assert [letter.reason for letter in dead_letters(tmp_path / "dead.jsonl")] == (["json_syntax"] if code else [])


HEADERS = 1_000  # kHeadersLimit
HEADER_BYTES = 256 * 1024  # kHeadersBytesLimit


@pytest.mark.parametrize(("headers", "kept"), [
    ([("n", b"v")] * HEADERS, True),
    ([("n", b"v")] * (HEADERS + 1), False),
    ([("name", b"v" * (HEADER_BYTES - 4))], True),
    ([("name", b"v" * (HEADER_BYTES - 3))], False),
], ids=["as many", "one more", "as large", "a byte more"])  # fmt: skip
def test_headers_beyond_the_limits_are_kept_in_a_letter(headers, kept, turntable, tmp_path, kafka, topic, unique):
    kafka.send(topic, [b'{"id": 1}'], headers=headers)
    pipeline = tmp_path / "headers.sql"
    pipeline.write_text(
        f"""CREATE TABLE events (id int) WITH (connector = 'kafka', topic = '{topic}', "bootstrap.servers" = '{kafka.bootstrap}',
              "group.id" = '{unique}', start = 'earliest', dead_letters = 'file:dead.jsonl');
            CREATE TABLE out (id int, headers jsonb) WITH (connector = 'sqlite', path = 'out.db', primary_key = 'id');
            INSERT INTO out SELECT e.id, e.kafka_headers AS headers FROM events e;"""
    )
    turntable.run("run", pipeline, "--until-end").expect(0 if kept else 3)
    rows = sqlite_rows(tmp_path / "out.db", "SELECT headers FROM out")
    if kept:
        (name, value) = headers[-1]
        assert [json.loads(row[0]) for row in rows] == [{name: value.decode()}]
    else:
        (line,) = (tmp_path / "dead.jsonl").read_text().splitlines()
        letter = json.loads(line)
        assert rows == [] and letter["reason"] == "too_large"
        assert [(h["name"], base64.b64decode(h["value_base64"])) for h in letter["headers"]] == headers


# -------------------------------------------------------------------------------------------------- what batches are made into

# As large as a broker takes them with its default of 1 MiB, and a good deal beyond the limit.
BOMB = 1_000 * MEBIBYTE


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_a_batch_that_inflates_beyond_the_limit_stops_the_run_there_and_takes_no_memory(codec, to_sqlite, kafka, topic, unique, tmp_path):
    kafka.send(topic, plays(100), partition=0)
    bomb = large_record(codec, BOMB)
    assert len(bomb) < MEBIBYTE + 12 and send(kafka.bootstrap, topic, [bomb]) == [0], "the broker takes it"
    kafka.send(topic, plays(50), partition=0)
    running = to_sqlite.start("--until-end")
    memory = Memory(running)
    stopped = running.wait(120).expect(1)
    assert "partition 0 cannot be read on at offset 100: " in stopped.stderr, stopped.transcript()
    assert "inflates to more than 134,217,728 bytes" in stopped.stderr
    # What came before it is done; it and what follows is untouched.
    assert_accounted(stopped.stats, consumed=100, written=100)
    assert kafka.committed(unique, topic)[0] == 100
    assert memory.peak < BATCH + 250 * MEBIBYTE, f"{memory.peak / MEBIBYTE:.0f} MiB"
    # By hand, as the message says; with SQLite the file decides.
    with contextlib.closing(sqlite3.connect(tmp_path / "history.db")) as file, file:
        file.execute("UPDATE turntable_positions SET next = 101 WHERE partition = 0")
    assert_accounted(to_sqlite.drain().stats, consumed=50, written=50)


# ---------------------------------------------------------------------------------------------------------------------- files


def test_a_pipeline_file(turntable, tmp_path):
    text = PIPELINE.read_text()
    limit = 4 * MEBIBYTE  # kPipelineBytesLimit
    for size, code in ((limit, 0), (limit + 1, 2)):
        file = tmp_path / f"{code}.sql"
        file.write_text(text + "-" * (size - len(text.encode())))
        said = turntable.run("schema", "print", file, "--set", f"songs.path={CATALOGUE}").expect(code)
        assert ("it is larger than 4,194,304 bytes, is it SQL?" in said.stderr) == (code == 2)
    # Nor is one without an end read.
    assert "it is larger than" in turntable.run("schema", "print", "/dev/zero").expect(2).stderr


def test_a_file_of_statements(turntable, tmp_path):
    file_pipeline(turntable, "/dev/null").drain()
    limit = 16 * MEBIBYTE  # kStatementsBytesLimit
    for size, code in ((limit, 0), (limit + 1, 2)):
        file = tmp_path / f"{code}.cql"
        text = "SELECT count(*) FROM spotify.listening_history; --"
        file.write_text(text + "-" * (size - len(text)))
        said = turntable.run("query", "--sqlite", tmp_path / "history.db", "-f", file).expect(code)
        assert ("a file of statements has 16,777,216 bytes at most" in said.stderr) == (code == 2)
    refused = turntable.run("query", "--sqlite", tmp_path / "history.db", "-f", "/dev/zero").expect(2)
    assert "a file of statements has" in refused.stderr


def test_a_catalogue_without_an_end_is_refused(turntable, tmp_path):
    """By its size where it has one; this one has all of it."""
    songs = tmp_path / "songs.csv"
    with songs.open("wb") as file:
        file.truncate(4 * 1024 * MEBIBYTE + 1)  # kCatalogueBytesLimit and one more, of holes.
    refused = file_pipeline(turntable, "/dev/null", songs__path=songs).run().expect(2)
    assert "it has more than 4,294,967,296 bytes" in refused.stderr


@pytest.mark.parametrize(("limit", "said"), [(90, "out of memory"), (1_000, None)])
def test_too_little_memory_is_no_bug(limit, said, tmp_path):
    """`new` that has none, which mimalloc would end without a word; the exit code is that of a failure."""
    (tmp_path / "songs.csv").write_text("name,x\n" + "".join(f"song number {n} with a name,{n}\n" for n in range(200_000)))
    (tmp_path / "ev.ndjson").write_text('{"song":"song number 7 with a name"}\n')
    (tmp_path / "p.sql").write_text(
        "CREATE TABLE plays (song text) WITH (connector = 'ndjson', path = 'ev.ndjson');\n"
        "CREATE TABLE songs () WITH (connector = 'csv', path = 'songs.csv', key = 'name');\nCREATE TABLE o () WITH (connector = 'null');\n"
        "INSERT INTO o SELECT s.x FROM plays p JOIN songs s ON s.name = p.song;\n"
    )

    def confine():
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # Or the loaders' stacks alone would be too much.
        resource.setrlimit(resource.RLIMIT_AS, (limit * MEBIBYTE, limit * MEBIBYTE))

    done = subprocess.run([BINARY, "run", "p.sql"], cwd=tmp_path, env=environment(), capture_output=True, text=True, preexec_fn=confine, check=False)
    assert done.returncode == (1 if said else 0), done
    assert "turntable: bug" not in done.stderr
    if said:
        assert done.stderr.startswith(f"turntable: {said}. ") and done.stderr.endswith("so it is safe to start again.\n"), done.stderr


def test_a_csv_row_beyond_the_limits_costs_itself(turntable, tmp_path):
    songs, events = tmp_path / "songs.csv", tmp_path / "events.ndjson"
    header, *_ = CATALOGUE.read_text().splitlines()
    row = '%s,"X","1","Y","2020","0.5","0.5","1","-2.5","1","0.1","0.1","0","0.1","0.5","120"\n'
    songs.write_text(header + "\n" + row % "A" + row % ("B" * (MEBIBYTE + 1)) + "," * 20_000 + "\n" + row % "C")
    events.write_bytes(b"\n".join([play(1, song="A"), play(2, song="C")]) + b"\n")
    done = file_pipeline(turntable, events, songs__path=songs).drain()
    assert_accounted(done.stats, written=2)
    said = done.stdout + done.stderr
    assert "line 3: a field has more than 1,048,576 bytes" in said and "line 4: it has more than 20,000 fields" in said


# ----------------------------------------------------------------------------------------------------------------- the page


def test_the_page_names_each_limit_with_the_value_it_has():
    """docs/SECURITY.md's table, against the sources: `kName`, file, value; and no limit of the sources is missing there."""
    rows = re.findall(r"^\| .*?\| `((?:\w+::)?k\w+)` \| \[\w+(?:/\w+)*\.\w+\]\(\.\./(src/\S+?)\) \| ([\d,]+)", page(), re.MULTILINE)
    assert len(rows) > 25
    for name, file, value in rows:
        source = (ROOT / file).read_text()
        found = re.search(rf"\b{name.rpartition('::')[2]} =\s*([^;]+);", source)
        assert found, f"{name} is not in {file}"
        assert evaluated(found[1]) == int(value.replace(",", "")), f"{name} is {found[1]} in {file}"
    listed = {name.rpartition("::")[2] for name, _, _ in rows}
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in (".h", ".cc") or re.search(r"_(test|fuzz|bench)\.cc$|testing\.h$|fake_", path.name) or path.parent.name == "simulation":
            continue
        for name in re.findall(r"constexpr [\w: ]+\b(k\w+(?:Limit|BytesLimit)) = ", path.read_text()):
            assert name in listed, f"{name} of {path.relative_to(ROOT)} is not on the page"


def page() -> str:
    return (ROOT / "docs" / "SECURITY.md").read_text()


def evaluated(expression: str) -> int:
    """The value of a constant expression of C++ that has numbers, shifts, sums and other limits in it."""
    text = re.sub(r"\b(?:size_t|u?int64_t|uintmax_t)\{(\w+)\}", r"\1", expression.replace("'", ""))
    text = re.sub(r"(?:\w+::)*(k\w+)", lambda match: str(value_of(match[1])), text)
    assert re.fullmatch(r"[\d<+\-*() ]+", text), expression
    return eval(text)  # Numbers and signs only, as has just been seen.


def value_of(name: str) -> int:
    for path in (ROOT / "src").rglob("*.h"):
        if found := re.search(rf"\b{name} = ([^;]+);", path.read_text()):
            return evaluated(found[1])
    raise AssertionError(f"no header has {name}")
