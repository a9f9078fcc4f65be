"""Malformed events become dead letters with a reason, and the run goes on. No servers except where Kafka is the point."""

import datetime
import json

import pytest

from support.golden import check_golden
from support.listening import (
    CATALOGUE,
    PERSON,
    PIPELINE,
    assert_accounted,
    dead_letters,
    file_pipeline,
    play,
    song_names,
)
from support.program import wait_until
from support.tables import sqlite_history, sqlite_rows

SONG = song_names(1)[0]
GOOD = {"id": 1, "name": PERSON, "song": SONG, "time": "2024-03-03 10:00"}


def event(**changes) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def without(name: str) -> bytes:
    return json.dumps({k: v for k, v in GOOD.items() if k != name}).encode()


def raw(text: str) -> bytes:
    """An event with a field written as it stands."""
    return b'{"name":' + json.dumps(PERSON).encode() + b',"song":' + json.dumps(SONG).encode() + b"," + text.encode() + b"}"


MALFORMED = {
    "not JSON": b"hello",
    "half an object": b'{"id": 1, "name": "x"',
    "two objects": event() + event(),
    "an array": b"[1,2]",
    "a bare string": b'"play"',
    "a bare null": b"null",
    "a trailing comma": raw('"id":1,"time":"2024-03-03 10:00",'),
    "a missing id": without("id"),
    "a missing name": without("name"),
    "a missing song": without("song"),
    "a missing time": without("time"),
    "a null id": event(id=None),
    "a null name": event(name=None),
    "a null time": event(time=None),
    "a fraction for an int": raw('"id":1.5,"time":"2024-03-03 10:00"'),
    "1.0 for an int": raw('"id":1.0,"time":"2024-03-03 10:00"'),
    "1e3 for an int": raw('"id":1e3,"time":"2024-03-03 10:00"'),
    "a string for an int": event(id="1"),
    "true for an int": event(id=True),
    "an object for an int": event(id={}),
    "a number for a text": event(name=5),
    "an array for a text": event(song=[SONG]),
    "an int out of range": event(id=2**31),
    "a negative int out of range": event(id=-(2**31) - 1),
    "a huge int": event(id=10**40),
    "a time without its form": event(time="yesterday"),
    "an empty time": event(time=""),
    "a month out of range": event(time="2024-13-03 10:00"),
    "a day out of range": event(time="2024-02-30 10:00"),
    "an hour out of range": event(time="2024-03-03 24:30"),
    "invalid UTF-8": b'{"id":1,"name":"\xff\xfe","song":"x","time":"2024-03-03 10:00"}',
    "invalid UTF-8 where no column asks": event()[:-1] + b',"more":"\xc3\x28"}',
    "half a surrogate": event()[:-1] + rb',"more":"\ud800"}',
    "a byte order mark inside": b'{"id":\xef\xbb\xbf1}',
    "a control character in a string": event()[:-1] + b',"more":"a\tb"}',
    "deep nesting": event()[:-1] + b',"more":' + b"[" * 5000 + b"]" * 5000 + b"}",
}  # fmt: skip

WELL_FORMED = {
    "as it should be": event(),
    "spaces around": b"  " + event() + b"\t ",
    "fields that no column asks for": event(more={"a": [1, 2.5, None, True, "x"]}),
    "the last of duplicate keys": b'{"id":"no",' + event()[1:],
    "an escaped key": event().replace(b'"id"', rb'"\u0069d"'),
    "the largest int": event(id=2**31 - 1),
    "the smallest int": event(id=-(2**31)),
    "an empty name in a key column that allows it": event(name="x"),
}


def test_each_malformed_event_is_a_dead_letter_with_a_reason(turntable, tmp_path):
    events = tmp_path / "events.ndjson"
    lines = [event(), *MALFORMED.values(), event(id=2)]
    events.write_bytes(b"\n".join(lines) + b"\n")
    done = file_pipeline(turntable, events).drain(code=3)
    assert_accounted(
        done.stats, consumed=len(lines), written=2, rejected=len(MALFORMED), unmatched=0, dead_lettered=len(MALFORMED)
    )
    letters = {letter.offset: letter for letter in dead_letters(tmp_path / "dead.jsonl")}
    for line, (what, value) in enumerate(MALFORMED.items(), 1):
        letter = letters[line]
        assert letter.value == value, what
        assert letter.topic == str(events) and letter.partition == 0, what
        assert letter.reason and letter.detail, what
        try:
            assert letter.text == value.decode(), what
        except UnicodeDecodeError:
            assert letter.text is None, what
    assert [row[-1] for row in sqlite_history(tmp_path / "history.db")] == [0, len(lines) - 1]


def test_reasons_say_what_is_wrong(turntable, tmp_path):
    events = tmp_path / "events.ndjson"
    events.write_bytes(b"\n".join(MALFORMED.values()) + b"\n")
    file_pipeline(turntable, events).drain(code=3)
    letters = {letter.offset: letter for letter in dead_letters(tmp_path / "dead.jsonl")}
    check_golden(
        "reject_reasons.txt",
        "".join(f"{what}\n    {letters[n].reason}: {letters[n].detail}\n" for n, what in enumerate(MALFORMED)),
    )
    for field in ("id", "name", "song", "time"):
        letter = letters[list(MALFORMED).index(f"a missing {field}")]
        assert letter.reason == "missing_field" and field in letter.detail


@pytest.mark.parametrize("what", list(WELL_FORMED))
def test_what_is_unusual_but_well_formed_is_a_row(what, turntable, tmp_path):
    events = tmp_path / "events.ndjson"
    events.write_bytes(WELL_FORMED[what] + b"\n")
    assert_accounted(file_pipeline(turntable, events).drain(code=0).stats, written=1)


def test_the_last_of_duplicate_keys_wins(turntable, tmp_path):
    events = tmp_path / "events.ndjson"
    events.write_bytes(b'{"id":1,"id":2,"name":"a","name":"b",' + json.dumps(GOOD).encode()[1:-1] + b',"id":3}\n')
    file_pipeline(turntable, events).drain(code=0)
    assert sqlite_history(tmp_path / "history.db", ["id", "name"]) == [(3, PERSON)]


def test_dead_letters_from_kafka_keep_place_time_and_bytes(to_sqlite, kafka, topic):
    bad = [b"\xff\x00binary", b"caf\xc3\xa9 {", None, b"", play(song="No such song")]
    kafka.send(topic, [play(1), *((b"k", value) for value in bad), play(2)], partition=3)
    kept = kafka.read(topic)  # The producer's own idea of the time may be a millisecond off.
    done = to_sqlite.drain(code=3)
    assert_accounted(done.stats, consumed=7, written=2, rejected=4, unmatched=1, dead_lettered=5)
    letters = sorted(to_sqlite.letters(), key=lambda letter: letter.offset)
    assert [letter.place for letter in letters] == [(3, n) for n in range(1, 6)]
    assert all(letter.topic == topic and letter.reason for letter in letters)
    assert [letter.value or b"" for letter in letters] == [value or b"" for value in bad]
    assert [letter.text or "" for letter in letters] == ["", "café {", "", "", bad[4].decode()]
    assert [letter.reason for letter in letters] == ["invalid_utf8", "json_syntax", "empty_value", "empty_value", "unmatched"]
    for message, letter in zip(kept[1:], letters):
        moment = datetime.datetime.fromisoformat(letter.time)
        assert round(moment.timestamp() * 1000) == message.timestamp_ms


def test_dead_letters_go_by_default_to_a_file_named_after_the_pipeline(turntable, tmp_path):
    events = tmp_path / "events.ndjson"
    events.write_bytes(b"oops\n")
    pipeline = file_pipeline(turntable, events, "null")
    del pipeline.options["plays.dead_letters"]
    pipeline.drain(code=3)
    found = [path for path in tmp_path.iterdir() if "listening_history" in path.name and path.name != "history.db"]
    assert len(found) == 1 and dead_letters(found[0])[0].value == b"oops"


def test_dropped_letters_are_counted_only(turntable, tmp_path):
    events = tmp_path / "events.ndjson"
    events.write_bytes(b"oops\n" + play(song="No such song") + b"\n" + play() + b"\n")
    pipeline = file_pipeline(turntable, events, "null").with_options({"plays.dead_letters": "drop"})
    done = pipeline.run("--until-end")
    assert_accounted(done.stats, consumed=3, written=1, rejected=1, unmatched=1, dead_lettered=0)


def test_unmatched_plays_are_dead_letters(turntable, tmp_path):
    events = tmp_path / "events.ndjson"
    events.write_bytes(b"\n".join([play(1), play(2, song="name"), play(3, song="")]) + b"\n")
    done = file_pipeline(turntable, events).drain(code=3)
    assert_accounted(done.stats, consumed=3, written=1, unmatched=2, rejected=0, dead_lettered=2)
    assert {letter.offset for letter in dead_letters(tmp_path / "dead.jsonl")} == {1, 2}


# ----------------------------------------------------------------------------------------------- the catalogue's own faults


def catalogue_pipeline(turntable, tmp_path, text: bytes, **options):
    songs, events = tmp_path / "songs.csv", tmp_path / "events.ndjson"
    songs.write_bytes(text)
    events.write_bytes(play(song="A") + b"\n")
    return file_pipeline(turntable, events, songs__path=songs, **options)


HEADER = CATALOGUE.read_text().splitlines()[0].encode() + b"\n"
ROW = b'%b,"X","1","Y","2020","0.5","0.5","1","-2.5","1","0.1","0.1","0","0.1","0.5","120"\n'


def test_bad_rows_empty_and_duplicate_keys_are_reported_with_their_lines(turntable, tmp_path):
    text = HEADER + ROW % b'"A"' + b'"too","few"\n' + ROW % b"" + ROW % b'"A"' + ROW % b'"B"' + ROW % b'"B"'
    done = catalogue_pipeline(turntable, tmp_path, text).drain()
    said = done.stdout + done.stderr
    assert_accounted(done.stats, written=1)
    for line in (3, 4, 5):  # the short row, the empty key, the first duplicate
        assert str(line) in said, said
    assert "duplicate" in said.lower() and "empty" in said.lower(), said


@pytest.mark.parametrize(("rule", "album"), [("first", "One"), ("last", "Two")])
def test_duplicate_keys_follow_the_rule(rule, album, turntable, tmp_path):
    text = HEADER + (ROW % b'"A"').replace(b'"Y"', b'"One"') + (ROW % b'"A"').replace(b'"Y"', b'"Two"')
    catalogue_pipeline(turntable, tmp_path, text, songs__duplicate_key=rule).drain()
    assert sqlite_history(tmp_path / "history.db", ["album_name"]) == [(album,)]


def test_duplicate_keys_can_be_an_error(turntable, tmp_path):
    text = HEADER + ROW % b'"A"' + ROW % b'"A"'
    wrong = catalogue_pipeline(turntable, tmp_path, text, songs__duplicate_key="error").run("--until-end")
    assert wrong.code in (1, 2), wrong.transcript()
    assert "songs.csv:3" in wrong.stderr or "line 3" in wrong.stderr, wrong.transcript()


def test_byte_order_mark_and_crlf_are_no_part_of_the_data(turntable, tmp_path):
    text = b"\xef\xbb\xbf" + (HEADER + ROW % b'"A"').replace(b"\n", b"\r\n")
    catalogue_pipeline(turntable, tmp_path, text).drain()
    assert sqlite_history(tmp_path / "history.db", ["album_name", "tempo"]) == [("Y", 120.0)]


def test_a_column_that_the_csv_lacks_is_named(turntable, tmp_path):
    text = HEADER.replace(b'"tempo"', b'"temqo"') + ROW % b'"A"'
    wrong = catalogue_pipeline(turntable, tmp_path, text).run("--until-end").expect(2)
    assert "tempo" in wrong.stderr and "temqo" in wrong.stderr, wrong.transcript()
    line = next(n for n, sql in enumerate(PIPELINE.read_text().splitlines(), 1) if "s.tempo" in sql)
    assert f"listening_history.sql:{line}:" in wrong.stderr, wrong.transcript()


def test_a_missing_catalogue_is_named(turntable, tmp_path):
    events = tmp_path / "events.ndjson"
    events.write_bytes(play() + b"\n")
    wrong = file_pipeline(turntable, events, songs__path="nowhere/songs.csv").run("--until-end")
    assert wrong.code in (1, 2), wrong.transcript()
    assert "nowhere/songs.csv" in wrong.stderr, wrong.transcript()


def test_empty_fields_are_null_and_quoted_ones_are_empty_text(turntable, tmp_path):
    row = (ROW % b'"A"').replace(b'"X"', b"").replace(b'"Y"', b'""').replace(b'"120"', b"")
    catalogue_pipeline(turntable, tmp_path, HEADER + row + ROW % b'"B"').drain()
    assert sqlite_rows(tmp_path / "history.db", "SELECT artists, album_name, tempo FROM listening_history") == [(None, "", None)]


def test_a_missing_source_file_is_named_before_the_sink_is_touched(turntable, tmp_path):
    wrong = file_pipeline(turntable, tmp_path / "none.ndjson").drain(code=2)
    assert "none.ndjson: No such file or directory" in wrong.stderr
    assert not (tmp_path / "history.db").exists()


def test_a_fault_of_a_set_option_names_the_option(turntable):
    wrong = turntable.run("run", PIPELINE, "--set", "songs.path=/nowhere.csv").expect(2)
    assert wrong.stderr.startswith("--set songs.path: cannot open /nowhere.csv")


def test_a_time_format_that_gives_no_text_is_refused(turntable):
    wrong = turntable.run(
        "produce", "--catalogue", CATALOGUE, "--topic", "t", "--bootstrap", "127.0.0.1:1", "--time-format", "%Y" * 200
    ).expect(2)  # fmt: skip
    assert "--time-format" in wrong.stderr


def test_a_run_stops_where_most_records_are_rejected_and_keeps_what_is_accounted(to_sqlite, kafka, topic, unique):
    kafka.send(topic, [*([play()] * 500), *([b"oops"] * 5000)], partition=0)
    stopped = to_sqlite.run(timeout=60)
    assert stopped.code == 1 and "more than max_reject_ratio = 0.5 allows" in stopped.stderr
    assert stopped.stats["consumed"] == stopped.stats["written"] + stopped.stats["rejected"] < 5500
    assert kafka.committed(unique, topic)[0] == stopped.stats["consumed"] == 500 + len(to_sqlite.letters())
    rest = to_sqlite.with_options({"plays.max_reject_ratio": "1"}).drain(code=3)
    assert rest.stats["consumed"] == 5500 - stopped.stats["consumed"]


def test_unmatched_records_do_not_count_as_rejected(to_sqlite, kafka, topic, unique):
    kafka.send(topic, [play(song="No such song")] * 3000, partition=0)
    running = to_sqlite.start()
    wait_until(lambda: kafka.committed(unique, topic).get(0) == 3000, "all are committed", 60, running)
    assert_accounted(running.terminate().expect(0).stats, unmatched=3000)


def test_a_run_to_the_end_does_not_stop_for_rejected_records(to_sqlite, kafka, topic):
    kafka.send(topic, [b"oops"] * 3000, partition=0)
    assert_accounted(to_sqlite.drain(code=3).stats, rejected=3000)


@pytest.mark.parametrize("ratio", ["-0.1", "1.1", "half", ""])
def test_a_ratio_is_a_number_from_0_to_1(ratio, turntable):
    wrong = turntable.run("run", PIPELINE, "--set", "songs.path=" + str(CATALOGUE), "--set", f"plays.max_reject_ratio={ratio}").expect(2)
    assert f"max_reject_ratio cannot be '{ratio}', expected a number from 0 to 1" in wrong.stderr
