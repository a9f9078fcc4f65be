"""Records that no collection of difficult input has: each ends as a row or as a dead letter with its bytes unchanged, through a
real Kafka, and all of them are accounted for."""

import json

import pytest

from support.listening import PERSON, assert_accounted, play, song_names
from support.tables import sqlite_rows

SONG = song_names(1)[0]
MEGABYTE = 1_000_000


def event(more: bytes, name: bytes = json.dumps(PERSON).encode(), id: bytes = b"1") -> bytes:
    """A play with a field, a name and an id that stand in it as they are."""
    return b'{"id": %b, "name": %b, "song": %b, "time": "2024-03-03 10:00", "more": %b}' % (id, name, json.dumps(SONG).encode(), more)


GOOD = event(b"0")

# What becomes a row, and the name in it.
ROWS = {
    "duplicate keys, the last of which counts": (GOOD[:-1] + b', "name": "Ann", "name": "Bob"}', "Bob"),
    "a duplicate key, the first of which is wrong": (b'{"name": 7, ' + GOOD[1:], PERSON),
    "NUL in a string": (event(b"0", rb'"a\u0000b"'), "a\0b"),
    "nothing but NUL": (event(b"0", rb'"\u0000"'), "\0"),
    "a number beyond bigint where no column asks": (event(b"9223372036854775808"), PERSON),
    "a number beyond double where no column asks": (event(b"1e400"), PERSON),
    "minus zero": (event(b"-0", id=b"-0"), PERSON),
    "a whole surrogate pair": (event(b"0", rb'"\ud83c\udfb5"'), "\U0001f3b5"),
    "characters that are not assigned": (event(b"0", '"\U0010ffff\ufffe\u0378"'.encode()), "\U0010ffff\ufffe\u0378"),
    "letters that are equal only when normalised": (event(b"0", '"e\u0301"'.encode()), "e\u0301"),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD, PERSON),
    "a byte order mark inside a string": (event(b"0", '"\ufeffa"'.encode()), "\ufeffa"),
    "a megabyte": (event(b'"' + b"x" * (MEGABYTE - len(GOOD)) + b'"'), PERSON),
    "a megabyte of brackets": (event(b"[" + b"[]," * (MEGABYTE // 3 - 100) + b"0]"), PERSON),
}

# What becomes a dead letter, and its reason.
LETTERS = {
    "no value": (None, "empty_value"),
    "an empty value": (b"", "empty_value"),
    "white space": (b" \n\t", "json_syntax"),
    "NUL": (b"\0", "json_syntax"),
    "NUL behind an event": (GOOD + b"\0", "json_syntax"),
    "NUL in a string, as it is": (event(b'"\0"'), "json_syntax"),
    "an id beyond int": (event(b"0", id=b"2147483648"), "out_of_range"),
    "an id beyond bigint": (event(b"0", id=b"9223372036854775808"), "out_of_range"),
    "an id beyond everything": (event(b"0", id=b"9" * 400), "out_of_range"),
    "an id with an exponent": (event(b"0", id=b"1e400"), "wrong_type"),
    "the first half of a pair": (event(rb'"\ud800"'), "json_syntax"),
    "the second half of a pair": (event(rb'"\udc00"'), "json_syntax"),
    "a pair the wrong way round": (event(rb'"\udfb5\ud83c"'), "json_syntax"),
    "half a pair in UTF-8": (event(b'"\xed\xa0\x80"'), "invalid_utf8"),
    "half a pair in a key": (GOOD[:-1] + rb', "\ud800": 0}', "json_syntax"),
    "two byte order marks": (b"\xef\xbb\xbf" * 2 + GOOD, "json_syntax"),
    "UTF-16": (GOOD.decode().encode("utf-16"), "invalid_utf8"),
    "UTF-16LE without a mark": (GOOD.decode().encode("utf-16-le"), "json_syntax"),
    "UTF-16BE without a mark": (GOOD.decode().encode("utf-16-be"), "json_syntax"),
    "UTF-32": (GOOD.decode().encode("utf-32"), "invalid_utf8"),
    "Latin-1": (event(b'"caf\xe9"'), "invalid_utf8"),
    "a megabyte that is no event": (b"\xff" * MEGABYTE, "invalid_utf8"),
    "a megabyte of brackets that close nothing": (b"[" * MEGABYTE, "json_syntax"),
    "two events in one": (GOOD + GOOD, "json_syntax"),
}  # fmt: skip


def send_all(kafka, topic):
    """Into one partition, so that a record's offset is its place here."""
    kafka.send(topic, [(b"row", value) for value, _ in ROWS.values()], partition=0)
    kafka.send(topic, [(b"letter", value) for value, _ in LETTERS.values()], partition=0)


def assert_names(rows) -> None:
    """`rows`: the offset and the name, as bytes, of each row."""
    expected = {n: name.encode() for n, (_, name) in enumerate(ROWS.values())}
    assert dict(rows) == expected and len(rows) == len(expected)


def test_each_odd_record_is_a_row_or_a_dead_letter_in_sqlite(to_sqlite, kafka, topic, tmp_path):
    send_all(kafka, topic)
    done = to_sqlite.drain(code=3)
    assert_accounted(done.stats, consumed=len(ROWS) + len(LETTERS), written=len(ROWS), rejected=len(LETTERS), unmatched=0)
    assert_names(sqlite_rows(tmp_path / "history.db", "SELECT kafka_offset, CAST(name AS BLOB) FROM listening_history"))
    letters = {letter.offset - len(ROWS): letter for letter in to_sqlite.letters()}
    assert sorted(letters) == list(range(len(LETTERS)))
    for n, (what, (value, reason)) in enumerate(LETTERS.items()):
        assert letters[n].reason == reason, f"{what}: {letters[n].detail}"
        assert letters[n].value == value and letters[n].key == b"letter", what


def test_each_odd_record_is_a_row_in_cassandra_or_a_dead_letter_in_a_topic(listening, kafka, topic, cassandra, keyspace):
    send_all(kafka, topic)
    in_kafka = listening.with_options({"plays.dead_letters": f"kafka:{topic}.dead_letters"})
    done = in_kafka.drain(code=3)
    assert_accounted(done.stats, consumed=len(ROWS) + len(LETTERS), written=len(ROWS), rejected=len(LETTERS), unmatched=0)
    assert_names([(offset, name.encode()) for offset, name in cassandra.history(keyspace, ["kafka_offset", "name"])])
    letters = {int(dict(letter.headers)["__connect.errors.offset"]): letter for letter in kafka.read(f"{topic}.dead_letters")}
    for n, (what, (value, reason)) in enumerate(LETTERS.items(), len(ROWS)):
        assert letters[n].value == value and letters[n].key == b"letter", what
        assert dict(letters[n].headers)["turntable.reason"] == reason.encode(), what
    assert len(letters) == len(LETTERS)


@pytest.mark.parametrize("to", ["file", "topic"])
def test_ten_thousand_headers_are_no_obstacle_and_are_kept(to, to_sqlite, kafka, topic):
    headers = [(f"header {n % 5000}", b"" if n % 3 == 0 else b"%d\xff" % n) for n in range(10_000)]
    kafka.send(topic, [play(1), b"oops"], partition=0, headers=headers)
    pipeline = to_sqlite.with_options({"plays.dead_letters": f"kafka:{topic}.letters"}) if to == "topic" else to_sqlite
    done = pipeline.drain(code=3)
    assert_accounted(done.stats, consumed=2, written=1, rejected=1)
    (letter,) = kafka.read(f"{topic}.letters") if to == "topic" else pipeline.letters()
    assert letter.value == b"oops" and list(letter.headers[:10_000]) == headers


@pytest.mark.parametrize("time", [0, 1, 253_402_300_800_000, 2**62, 2**63 - 1])
def test_any_time_of_a_record_is_taken(time, to_sqlite, kafka, unique, tmp_path):
    """Producers stamp what they like. A time that no column can hold is NULL; the record is a row all the same."""
    topic = kafka.create_topic(f"{unique}_stamped", 1, {"message.timestamp.after.max.ms": str(2**63 - 1)})
    sql = to_sqlite.pipeline.read_text().replace("  kafka_offset bigint\n", "  kafka_offset bigint,\n  stamped bigint\n")
    sql = sql.replace("p.kafka_offset\nFROM", "p.kafka_offset,\n cast(extract(epoch FROM p.kafka_timestamp) AS bigint) AS stamped\nFROM")
    to_sqlite.pipeline = tmp_path / "stamped.sql"
    to_sqlite.pipeline.write_text(sql)
    kafka.send(topic, [play(1), b"oops"], timestamp_ms=time)
    done = to_sqlite.with_options({"plays.topic": topic}).drain(code=3)
    assert_accounted(done.stats, consumed=2, written=1, rejected=1)
    fits = time < 2**63 // 1000
    assert sqlite_rows(tmp_path / "history.db", "SELECT stamped FROM listening_history") == [(time // 1000 if fits else None,)]
    (letter,) = to_sqlite.letters()
    assert letter.value == b"oops" and (letter.time == time or time < 253_402_300_800_000)
