"""Dead letters in Kafka and in files, looked at and replayed by `turntable dead-letters`."""

import gzip
import json
import re
import os
import sqlite3
import subprocess

import pytest

from support.listening import CATALOGUE, assert_accounted, file_pipeline, play, song_names
from support.program import wait_until
from support.tables import sqlite_history

LATER_SONG = "A song that comes later"


@pytest.fixture
def to_topic(to_sqlite):
    """The sample pipeline into SQLite, its dead letters where they go by default: into a topic."""
    options = {name: value for name, value in to_sqlite.options.items() if name != "plays.dead_letters"}
    to_sqlite.options = options
    return to_sqlite


def with_later_song(tmp_path) -> str:
    """The catalogue with one more song, whose features are those of the first."""
    lines = CATALOGUE.read_text().splitlines(keepends=True)
    path = tmp_path / "more-songs.csv"
    first = lines[1].split(",", 1)
    path.write_text("".join([*lines, f"{LATER_SONG},{first[1]}"]))
    return str(path)


def command(listening, action: str, *more):
    return listening.turntable.run("dead-letters", action, listening.pipeline, *listening.sets, *more, timeout=60)


def test_they_go_to_a_topic_by_default_with_the_headers_of_kafka_connect(to_topic, kafka, topic):
    bad = [b"\xff\x00binary", None, play(song=LATER_SONG)]
    kafka.send(topic, [play(1), *((b"k", value) for value in bad)], partition=3, headers=[("trace", b"\xfe"), ("trace", b"2")])
    sent = kafka.read(topic)
    done = to_topic.drain(code=3)
    assert_accounted(done.stats, consumed=4, written=1, rejected=2, unmatched=1, dead_lettered=3)
    assert f"3 dead letters in topic {topic}.dead_letters" in done.stdout
    letters = sorted(kafka.read(f"{topic}.dead_letters"), key=lambda letter: dict(letter.headers)["__connect.errors.offset"])
    assert [letter.value for letter in letters] == bad, "the bytes are unchanged"
    for message, letter in zip(sent[1:], letters):
        assert letter.key == b"k" and letter.timestamp_ms == message.timestamp_ms
        assert letter.headers[:2] == (("trace", b"\xfe"), ("trace", b"2")), "the record's own headers come first"
        told = dict(letter.headers[2:])
        assert told["__connect.errors.topic"] == topic.encode()
        assert told["__connect.errors.partition"] == b"3" and told["__connect.errors.offset"] == str(message.offset).encode()
        assert told["__connect.errors.connector.name"] == b"listening_history"
        assert told["__connect.errors.exception.message"]
    assert [dict(letter.headers)["turntable.reason"] for letter in letters] == [b"invalid_utf8", b"empty_value", b"unmatched"]
    assert [dict(letter.headers)["__connect.errors.stage"] for letter in letters] == [b"VALUE_CONVERTER", b"VALUE_CONVERTER", b"TRANSFORMATION"]


def test_another_topic_can_be_named_and_lanes_share_it(from_kafka, kafka, topic, unique):
    named = from_kafka.with_options({"plays.dead_letters": f"kafka:{unique}.elsewhere", "listening_history.connector": "null"})
    kafka.send(topic, [b"oops"] * 500)
    named.drain(3, "--lanes", 2)
    assert len(kafka.read(f"{unique}.elsewhere")) == 500


def test_the_topic_that_is_read_is_refused(to_topic, topic):
    wrong = to_topic.with_options({"plays.dead_letters": f"kafka:{topic}"}).run()
    assert wrong.code == 2 and "would be read again" in wrong.stderr


def test_they_are_listed_and_shown(to_topic, kafka, topic):
    kafka.send(topic, [b"oops", play(song=LATER_SONG), play(song=LATER_SONG), play()], partition=0)
    to_topic.drain(code=3)
    listed = command(to_topic, "list").expect(0).stdout
    assert f"{topic}:0:0 json_syntax: " in listed and f"{topic}:0:2 unmatched: " in listed
    assert "2  unmatched" in listed and "3 dead letters" in listed
    assert "1 dead letters" in command(to_topic, "list", "--reason", "json_syntax").expect(0).stdout
    shown = [json.loads(line) for line in command(to_topic, "show", "--reason", "unmatched").expect(0).stdout.splitlines()]
    assert [letter["offset"] for letter in shown] == [1, 2] and json.loads(shown[0]["value"])["song"] == LATER_SONG
    wrong = command(to_topic, "list", "--reason", "unmached").expect(2)
    assert "Did you mean 'unmatched'?" in wrong.stderr
    wrong = command(to_topic, "list", "--reason", "foo").expect(2)
    assert re.search(r"there is no reason 'foo'\. There are empty_value, .*json_syntax, .*, unmatched$", wrong.stderr), wrong.transcript()


def test_a_replay_writes_the_rows_that_would_have_been_and_no_second_one(to_topic, kafka, topic, tmp_path):
    """The catalogue was mended: what had no match has one now, and keeps its partition and offset."""
    values = [play(n, song=LATER_SONG if n % 3 == 0 else song_names(1)[0]) for n in range(300)] + [b"oops"]
    sent = kafka.send(topic, values)
    to_topic.drain(code=3)
    history = tmp_path / "history.db"
    before = sqlite_history(history)
    mended = to_topic.with_options({"songs.path": with_later_song(tmp_path)})

    dry = command(mended, "replay", "--dry-run").expect(3)
    assert "101 dead letters: 100 would be written" in dry.stdout and "1 still rejected" in dry.stdout
    assert sqlite_history(history) == before, "a dry run writes nothing"
    replayed = command(mended, "replay", "--reason", "unmatched").expect(0)
    assert "100 dead letters: 100 written" in replayed.stdout
    once = sqlite_history(history)
    assert len(once) == 300
    assert {row[-2:] for row in map(tuple, once)} == {message.place for message in sent[:300]}
    command(mended, "replay").expect(3)
    assert sqlite_history(history) == once, "replaying again changes nothing"
    assert len(kafka.read(f"{topic}.dead_letters")) == 101, "a replay makes no new dead letters"


def test_a_file_of_dead_letters_is_replayed_too(turntable, tmp_path):
    events = tmp_path / "events.ndjson"
    events.write_bytes(b"\n".join([play(1), play(2, song=LATER_SONG), b"oops"]) + b"\n")
    listening = file_pipeline(turntable, events)
    listening.drain(code=3)
    with (tmp_path / "dead.jsonl").open("ab") as file:
        file.write(b"not a letter\n")
    mended = listening.with_options({"songs.path": with_later_song(tmp_path)})
    replayed = command(mended, "replay").expect(3)
    assert "2 dead letters: 1 written" in replayed.stdout and "1 still rejected, 1 that cannot be read" in replayed.stdout
    assert "dead.jsonl:3: it is no dead letter" in replayed.stderr, "what is none is said and passed over"
    assert sorted(row[0] for row in sqlite_history(tmp_path / "history.db", ["id"])) == [1, 2]


def test_letters_that_cannot_be_read_are_said_once(turntable, tmp_path):
    listening = file_pipeline(turntable, tmp_path / "events.ndjson")
    (tmp_path / "events.ndjson").write_bytes(b"oops\n")
    listening.drain(code=3)
    with (tmp_path / "dead.jsonl").open("ab") as file:
        file.write(b"not a letter\n" * 4)
    for action, code in (("list", 0), ("show", 0), ("replay", 3)):
        ended = command(listening, action).expect(code)
        lines = [line for line in ended.stderr.splitlines() if "passed over" in line]
        assert len(lines) == 1 and "dead.jsonl:2: it is no dead letter" in lines[0] and "it and 3 more are passed over" in lines[0], ended.stderr
    assert len(command(listening, "list").stderr.splitlines()) == 1


def test_a_letters_file_that_is_rotated_and_removed_before_its_position_is_stored_stops_the_run(turntable, tmp_path):
    """As logrotate does with `compress`, while a row that came before the letter waits."""
    fifo, letters, renamed = tmp_path / "events.fifo", tmp_path / "dead.jsonl", tmp_path / "dead.1"
    os.mkfifo(fifo)
    listening = file_pipeline(turntable, fifo, listening_history__flush_interval="20s", plays__max_reject_ratio="1")
    running = listening.start("--until-end")
    with fifo.open("wb", buffering=0) as events:
        events.write(play(1) + b"\noops\n")
        wait_until(letters.exists, "the first letter is there", process=running)
        letters.rename(renamed)
        events.write(b"oops again\n")
        wait_until(letters.exists, "the second letter is there", process=running)
        renamed.unlink()
    stopped = running.wait(60).expect(1)
    assert f"the dead letters' file {letters} was removed or replaced while the run wrote to it" in stopped.stderr


def test_a_device_that_is_full_ends_the_run(turntable, tmp_path):
    (tmp_path / "events.ndjson").write_bytes(b"oops\n")
    full = file_pipeline(turntable, tmp_path / "events.ndjson", plays__dead_letters="file:/dev/full")
    assert "cannot write to the dead letters' file /dev/full: No space left on device" in full.run("--until-end", timeout=30).expect(1).stderr


def test_a_dry_run_says_that_the_table_is_another_one(turntable, tmp_path):
    (tmp_path / "events.ndjson").write_bytes(b"oops\n" + play(2, song=LATER_SONG) + b"\n")
    listening = file_pipeline(turntable, tmp_path / "events.ndjson")
    listening.drain(code=3)
    (tmp_path / "history.db").unlink()
    assert "1 would be written" in command(listening.with_options({"songs.path": with_later_song(tmp_path)}), "replay", "--dry-run").expect(3).stdout
    assert not (tmp_path / "history.db").exists(), "a dry run makes nothing"
    with sqlite3.connect(tmp_path / "history.db") as db:
        db.execute("CREATE TABLE listening_history (id text PRIMARY KEY)")
    said = {command(listening, "replay", *more).expect(1).stderr.splitlines()[0].partition("error")[2] for more in ((), ("--dry-run",))}
    assert len(said) == 1, said


def test_where_nothing_failed_there_is_nothing(turntable, tmp_path):
    events = tmp_path / "events.ndjson"
    events.write_bytes(play(1) + b"\n")
    listening = file_pipeline(turntable, events)
    listening.drain()
    assert command(listening, "list").expect(0).stdout == "0 dead letters\n"
    dropping = listening.with_options({"plays.dead_letters": "drop"})
    assert "drops its dead letters" in command(dropping, "list").expect(2).stderr


def test_a_letter_has_its_records_time_however_old(to_topic, kafka, topic):
    kafka.send(topic, [b"oops"], timestamp_ms=978_307_200_000)
    to_topic.drain(code=3)
    assert [letter.timestamp_ms for letter in kafka.read(f"{topic}.dead_letters")] == [978_307_200_000]


def test_the_topic_that_is_made_for_them_keeps_them_though_the_broker_would_make_it_too(to_topic, kafka, topic):
    kafka.send(topic, [b"oops"])
    to_topic.drain(code=3)
    made = kafka.settings(f"{topic}.dead_letters")
    assert made["retention.ms"] == "-1" and made["cleanup.policy"] == "delete"
    assert int(made["max.message.bytes"]) == 128 << 20


def test_a_topic_that_is_there_already_is_warned_of_where_it_loses_or_refuses_letters(to_topic, kafka, topic):
    letters = f"{topic}.dead_letters"
    config = {"cleanup.policy": "compact,delete", "retention.ms": "3600000", "max.message.bytes": "1000000"}
    kafka.create_topic(letters, 1, config)
    kafka.send(topic, [(b"k", b"oops")])
    done = to_topic.drain(code=3)
    for setting in ("cleanup.policy=delete", "retention.ms=-1", f"max.message.bytes={128 << 20}"):
        assert f"--entity-type topics --entity-name {letters} --add-config {setting}" in done.stderr
    assert len(kafka.read(letters)) == 1


def test_a_topic_that_keeps_all_letters_is_not_warned_of(to_topic, kafka, topic):
    kafka.create_topic(f"{topic}.dead_letters", 1, {"retention.ms": "-1", "max.message.bytes": str(4 << 20)})
    kafka.send(topic, [b"oops"])
    assert "--add-config" not in to_topic.drain(code=3).stderr


def test_a_replay_passes_over_the_letters_of_other_topics_and_says_so(to_topic, kafka, topic, unique, tmp_path):
    """Their partitions and offsets are those of good rows here."""
    shared, other = f"{unique}.shared", f"{unique}.other"
    kafka.create_topic(other)
    kafka.send(topic, [play(1), play(2, song=LATER_SONG)], partition=0)
    kafka.send(other, [play(3, song=LATER_SONG), play(4, song=LATER_SONG)], partition=0)
    to_shared = to_topic.with_options({"plays.dead_letters": f"kafka:{shared}"})
    to_shared.drain(code=3)
    to_shared.with_options({"plays.topic": other, "plays.group.id": f"{unique}.other"}).drain(code=3)
    mended = to_shared.with_options({"songs.path": with_later_song(tmp_path)})
    replayed = command(mended, "replay").expect(0)
    assert "1 dead letters: 1 written" in replayed.stdout and "2 of other topics passed over" in replayed.stdout
    assert sorted(row[0] for row in sqlite_history(tmp_path / "history.db", ["id"])) == [1, 2]
    assert "3 dead letters" in command(mended, "list").expect(0).stdout, "the list shows all"


@pytest.mark.parametrize("where", ["topic", "file"])
def test_a_replay_passes_over_the_letters_of_a_topic_that_had_the_name_before(where, to_topic, kafka, topic, unique, tmp_path):
    """Other records have their partitions and offsets now."""
    letters = f"kafka:{unique}.letters" if where == "topic" else f"file:{tmp_path / 'dead.jsonl'}"
    pipeline = to_topic.with_options({"plays.dead_letters": letters, "plays.group.id": f"{unique}.1"})
    kafka.send(topic, [play(1, song=LATER_SONG)], partition=0)
    pipeline.drain(code=3)
    (tmp_path / "history.db").unlink()
    kafka.make_anew(topic)
    kafka.send(topic, [play(2), play(3, song=LATER_SONG)], partition=0)
    again = pipeline.with_options({"plays.group.id": f"{unique}.2"})
    again.drain(code=3)
    shown = [json.loads(line) for line in command(again, "show").expect(0).stdout.splitlines()]
    assert len({letter["topic_id"] for letter in shown}) == 2
    mended = again.with_options({"songs.path": with_later_song(tmp_path)})
    replayed = command(mended, "replay").expect(0)
    assert "1 dead letters: 1 written" in replayed.stdout and "1 of another topic of this name passed over" in replayed.stdout
    assert sorted(row[0] for row in sqlite_history(tmp_path / "history.db", ["id"])) == [2, 3]
    kafka.delete_topic(topic)
    gone = command(mended, "replay").expect(1)
    assert f"Topic {topic} does not exist at {kafka.bootstrap}" in gone.stderr and 'take "topic_id" out of the letters' in gone.stderr


@pytest.mark.parametrize("action", ["list", "show", "replay"])
@pytest.mark.parametrize(("path", "why"), [("/tmp", "Is a directory"), ("/proc/self/mem", "Input/output error")])
def test_a_file_of_letters_that_cannot_be_read_is_no_bug(action, path, why, turntable):
    (turntable.directory / "p.sql").write_text(
        f"CREATE TABLE plays (id int NOT NULL) WITH (connector = 'ndjson', path = 'plays.ndjson', dead_letters = 'file:{path}');\n"
        "CREATE TABLE history (id int) WITH (connector = 'null');\nINSERT INTO history SELECT id FROM plays;\n"
    )
    result = turntable.run("dead-letters", action, turntable.directory / "p.sql").expect(1)
    assert result.stderr.strip().endswith(f"cannot read the dead letters' file {path}: {why}"), result.stderr


# ------------------------------------------------------------------------------------------------------------ letters that are no text

KINDS = {
    "gzip": (gzip.compress, "dead.jsonl.gz", "is compressed by gzip, expected text in UTF-8: gunzip -c dead.jsonl.gz > dead.jsonl"),
    "UTF-16": (
        lambda text: text.decode().encode("utf-16"),
        "dead.jsonl",
        "is text in UTF-16, expected text in UTF-8: iconv -f UTF-16 -t UTF-8 dead.jsonl > dead.plain.jsonl",
    ),
}


@pytest.fixture(params=list(KINDS))
def put_aside(request, turntable):
    """A pipeline with dead letters in a file that somebody has put aside in another form, and the sentence about it."""
    change, name, sentence = KINDS[request.param]
    directory = turntable.directory
    (directory / "plays.ndjson").write_text('{"id": 1}\n{"id": "x"}\n')
    (directory / "p.sql").write_text(
        "CREATE TABLE plays (id int NOT NULL) WITH (connector = 'ndjson', path = 'plays.ndjson', dead_letters = 'file:first.jsonl');\n"
        "CREATE TABLE history (id int) WITH (connector = 'sqlite', path = 'history.db', primary_key = 'id');\n"
        "INSERT INTO history SELECT id FROM plays;\n"
    )
    turntable.run("run", "p.sql").expect(3)
    (directory / name).write_bytes(change((directory / "first.jsonl").read_bytes()))
    (directory / "first.jsonl").unlink()
    (directory / "history.db").unlink()
    return name, sentence


@pytest.mark.parametrize("action", ["list", "show", "replay"])
def test_letters_that_are_no_text_are_named_with_the_command_that_mends_it(action, put_aside, turntable):
    name, sentence = put_aside
    refused = turntable.run("dead-letters", action, "p.sql", "--set", f"plays.dead_letters=file:{name}").expect(2)
    assert f"the dead letters' file {name} {sentence}" in refused.stderr
    assert refused.stdout == "" and not (turntable.directory / "history.db").exists()


@pytest.mark.parametrize("action", ["list", "show", "replay"])
def test_letters_in_a_pipe_that_are_no_text_are_named(action, put_aside, turntable):
    name, sentence = put_aside
    letters = (turntable.directory / name).read_bytes()
    refused = turntable.run("dead-letters", action, "p.sql", "--set", "plays.dead_letters=file:/dev/stdin", stdin=letters).expect(2)
    assert f"the dead letters' file /dev/stdin {sentence.split(':')[0]}" in refused.stderr


def test_what_the_command_makes_of_letters_is_read(put_aside, turntable):
    """The way on that the sentence gives."""
    name, sentence = put_aside
    command = sentence.split("expected text in UTF-8: ")[1]
    subprocess.run(["sh", "-c", command], cwd=turntable.directory, check=True)
    letters = f"plays.dead_letters=file:{command.split(' > ')[1]}"
    assert "1 dead letters" in turntable.run("dead-letters", "list", "p.sql", "--set", letters).expect(0).stdout


def test_letters_are_not_written_behind_what_is_no_text(put_aside, turntable):
    name, sentence = put_aside
    before = (turntable.directory / name).read_bytes()
    refused = turntable.run("run", "p.sql", "--set", f"plays.dead_letters=file:{name}").expect(2)
    assert f"the dead letters' file {name} {sentence}. Letters would be written behind" in refused.stderr
    assert (turntable.directory / name).read_bytes() == before and not (turntable.directory / "history.db").exists()
