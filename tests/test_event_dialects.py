"""Events as others write them: marks, white lines and compressed files, numbers and times of pandas and JavaScript, records of a
schema registry. What can be read is read as it was meant; what cannot is named, with what to do."""

import datetime
import gzip
import json
import struct

import pytest

from support.listening import assert_accounted
from support.tables import sqlite_rows

PIPELINE = """
CREATE TABLE plays (id int, big bigint, ratio double precision, at timestamptz, song text)
  WITH ({source}, dead_letters = 'file:dl.jsonl'{options});
CREATE TABLE heard () WITH (connector = 'sqlite', path = 'o.db', primary_key = '((line))');
INSERT INTO heard SELECT kafka_offset AS line, id, big, ratio, at, song FROM plays;
"""
MARK = b"\xef\xbb\xbf"
A, B = b'{"id":1,"song":"Alpha"}', b'{"id":2,"song":"Beta"}'
UTC = datetime.timezone.utc


@pytest.fixture
def pipeline(turntable):
    """Over a file of events, or over a source that is given."""

    def write(events: bytes | None = None, options: str = "", source: str = "connector = 'ndjson', path = 'ev.ndjson'"):
        if events is not None:
            (turntable.directory / "ev.ndjson").write_bytes(events)
        path = turntable.directory / "p.sql"
        path.write_text(PIPELINE.format(source=source, options=options))
        return path

    return write


@pytest.fixture
def from_topic(pipeline, kafka, topic):
    def write(options: str = ""):
        source = (
            f"connector = 'kafka', topic = '{topic}', start = 'earliest', "
            f'"bootstrap.servers" = \'{kafka.bootstrap}\', "group.id" = \'{topic}\''
        )
        return pipeline(None, options, source)

    return write


def rows(turntable, columns="line, id"):
    return sqlite_rows(turntable.directory / "o.db", f"SELECT {columns} FROM heard ORDER BY line")


def letters(turntable):
    path = turntable.directory / "dl.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def no_trace(turntable):
    """Nothing was made: the events were not read."""
    return not (turntable.directory / "o.db").exists() and not (turntable.directory / "dl.jsonl").exists()


# -------------------------------------------------------------------------------------------------------- white lines and marks


def test_white_lines_are_passed_over_and_counted(turntable, pipeline):
    done = turntable.run("run", pipeline(b"\n" + A + b"\r\n \t\r\n\r\n" + B + b"\n\n  "), stats=True).expect(0)
    assert_accounted(done.stats, consumed=2, written=2, rejected=0)
    assert rows(turntable) == [(1, 1), (4, 2)], "a line's number stays its own"
    assert letters(turntable) == []
    assert "ev.ndjson: 5 lines of white space passed over" in done.stderr


def test_white_lines_of_standard_input_are_passed_over(turntable, pipeline):
    path = pipeline(source="connector = 'ndjson', path = '-'")
    turntable.run("run", path, stdin=b"\n" + A + b"\n\n" + B + b"\n\n").expect(0)
    assert rows(turntable) == [(1, 1), (3, 2)]
    assert letters(turntable) == []


def test_a_file_of_white_lines_has_no_events(turntable, pipeline):
    done = turntable.run("run", pipeline(b"\n  \n\t\n"), stats=True).expect(0)
    assert_accounted(done.stats, consumed=0)


def test_an_empty_value_in_kafka_stays_a_dead_letter(turntable, from_topic, kafka, topic):
    kafka.send(topic, [A, b"", b" \n", B], partition=0)
    turntable.run("run", from_topic(), "--until-end").expect(3)
    assert rows(turntable) == [(0, 1), (3, 2)]
    assert [(letter["offset"], letter["reason"]) for letter in letters(turntable)] == [(1, "empty_value"), (2, "json_syntax")]


def test_a_byte_order_mark_in_front_is_passed_over(turntable, pipeline):
    turntable.run("run", pipeline(MARK + A + b"\n" + B + b"\n")).expect(0)
    assert rows(turntable, "line, id, song") == [(0, 1, "Alpha"), (1, 2, "Beta")]


def test_a_byte_order_mark_in_front_of_standard_input_is_passed_over(turntable, pipeline):
    turntable.run("run", pipeline(source="connector = 'ndjson', path = '-'"), stdin=MARK + A + b"\n").expect(0)
    assert rows(turntable) == [(0, 1)]


def test_a_byte_order_mark_in_front_of_a_value_in_kafka_is_passed_over(turntable, from_topic, kafka, topic):
    kafka.send(topic, [MARK + A, b'{"id":' + MARK + b"2}", MARK + MARK + B, B.replace(b"Beta", MARK + b"B")], partition=0)
    turntable.run("run", from_topic(), "--until-end").expect(3)
    assert rows(turntable, "line, id, song") == [(0, 1, "Alpha"), (3, 2, "\ufeffB")]
    assert [(letter["offset"], letter["reason"]) for letter in letters(turntable)] == [(1, "json_syntax"), (2, "json_syntax")]


# ------------------------------------------------------------------------------------------------------------ files of another kind

TEXT = A + b"\n" + B + b"\n"
KINDS = {
    "gzip": (gzip.compress(TEXT), "is compressed by gzip, expected text in UTF-8: gunzip -c ev.ndjson > ev.plain.ndjson"),
    "UTF-16 with a mark": (
        TEXT.decode().encode("utf-16"),
        "is text in UTF-16, expected text in UTF-8: iconv -f UTF-16 -t UTF-8 ev.ndjson > ev.plain.ndjson",
    ),
    "UTF-16 without a mark": (
        TEXT.decode().encode("utf-16-le"),
        "is text in UTF-16, expected text in UTF-8: iconv -f UTF-16LE -t UTF-8 ev.ndjson > ev.plain.ndjson",
    ),
}


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_file_that_is_no_text_is_named_and_not_read(kind, turntable, pipeline):
    content, sentence = KINDS[kind]
    done = turntable.run("run", pipeline(content)).expect(2)
    assert f"ev.ndjson {sentence}" in done.stderr
    assert no_trace(turntable)


@pytest.mark.parametrize("kind", list(KINDS))
def test_standard_input_that_is_no_text_is_named_and_not_read(kind, turntable, pipeline):
    content, sentence = KINDS[kind]
    done = turntable.run("run", pipeline(source="connector = 'ndjson', path = '-'"), stdin=content).expect(2)
    what = sentence.split(": ")[0]
    command = sentence.split(": ")[1].split(" ev.ndjson")[0]
    assert f"standard input {what}: pipe it through {command}" in done.stderr
    assert letters(turntable) == []


def test_what_the_command_makes_is_read(turntable, pipeline):
    """The way on that the sentence gives."""
    path = pipeline(gzip.compress(TEXT))
    command = turntable.run("run", path).expect(2).stderr.split("expected text in UTF-8: ")[1].splitlines()[0]
    program, source, target = command.split(" -c ")[0], *command.split(" -c ")[1].split(" > ")
    assert (program, source) == ("gunzip", "ev.ndjson")
    (turntable.directory / target).write_bytes(gzip.decompress((turntable.directory / source).read_bytes()))
    turntable.run("run", path, "--set", f"plays.path={target}").expect(0)
    assert rows(turntable) == [(0, 1), (1, 2)]


def test_file_is_another_name_of_the_connector(turntable, pipeline):
    turntable.run("run", pipeline(TEXT, source="connector = 'file', path = 'ev.ndjson'")).expect(0)
    assert rows(turntable) == [(0, 1), (1, 2)]


# ------------------------------------------------------------------------------------------------------------------------- numbers

LENIENT = [
    ('{"id": 1.0, "big": "9007199254740993", "ratio": "0.5", "at": 1709460930}', (1, 2**53 + 1, 0.5, "2024-03-03 10:15:30")),
    ('{"id": "4", "big": 9007199254740993.0, "ratio": 1, "at": "1709460930250"}', (4, 2**53 + 1, 1.0, "2024-03-03 10:15:30.25")),
    ('{"id": 1e3, "big": 1.5e1, "ratio": "1e-3", "at": 1709460930.123456}', (1000, 15, 0.001, "2024-03-03 10:15:30.123456")),
    ('{"id": "-7.0", "big": "-1", "ratio": 2.5, "at": "2024-03-03T10:15:30Z"}', (-7, -1, 2.5, "2024-03-03 10:15:30")),
    ('{"id": "+3", "big": 1, "ratio": 0.1, "at": -1.5}', (3, 1, 0.1, "1969-12-31 23:59:58.5")),
]
FAULTY = [
    ('{"id": 1.5}', "The field 'id' is 1.5, but it must be of type int."),
    ('{"id": "four"}', "The field 'id' is \"four\", but it must be of type int."),
    ('{"id": 2147483648.0}', "The field 'id' is 2147483648.0, which the type int cannot hold."),
    ('{"at": "2024"}', "The field 'at' is \"2024\", which is no time in ISO 8601."),
    ('{"at": 1e30}', "The field 'at' is 1e30, a time since 1970 that is not in the years 1 to 9999."),
]


def micros(text: str | None) -> int:
    moment = datetime.datetime.fromisoformat(text.replace(" ", "T").removesuffix("Z").removesuffix("+00")).replace(tzinfo=UTC)
    return (moment - datetime.datetime(1970, 1, 1, tzinfo=UTC)) // datetime.timedelta(microseconds=1)


def padded(text: str) -> str:
    """A fraction of six digits, which is what Python's reader wants."""
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction:0<6}"


def assert_lenient_rows(turntable):
    found = rows(turntable, "line, id, big, ratio, at")
    assert [row[:4] for row in found] == [(n, *row[:3]) for n, (_, row) in enumerate(LENIENT)]
    for (*_, at), (_, row) in zip(found, LENIENT):
        assert micros(padded(at.removesuffix("Z").removesuffix("+00").removesuffix("+00:00"))) == micros(padded(row[3])), at


def lines_of(cases) -> bytes:
    return "".join(event + "\n" for event, _ in cases).encode()


@pytest.mark.parametrize("source", ["a file", "standard input", "a topic"])
def test_lenient_numbers_are_taken_as_they_are_meant(source, turntable, pipeline, request):
    options = ", numbers = 'lenient'"
    if source == "a file":
        turntable.run("run", pipeline(lines_of(LENIENT + FAULTY), options)).expect(3)
    elif source == "standard input":
        path = pipeline(None, options, "connector = 'ndjson', path = '-'")
        turntable.run("run", path, stdin=lines_of(LENIENT + FAULTY)).expect(3)
    else:
        kafka, topic, write = (request.getfixturevalue(name) for name in ("kafka", "topic", "from_topic"))
        kafka.send(topic, lines_of(LENIENT + FAULTY).splitlines(), partition=0)
        turntable.run("run", write(options), "--until-end").expect(3)
    assert_lenient_rows(turntable)
    assert [letter["detail"] for letter in letters(turntable)] == [sentence for _, sentence in FAULTY]


def test_without_the_option_the_letters_name_it_and_a_replay_takes_it(turntable, pipeline):
    path = pipeline(lines_of(LENIENT[:3] + FAULTY))
    turntable.run("run", path).expect(3)
    way_on = " With numbers = 'lenient' on its table it is taken as "
    found = [letter["detail"] for letter in letters(turntable)]
    assert found[0] == f"The field 'id' is 1.0, but it must be of type int.{way_on}1."
    assert found[1] == f"The field 'id' is \"4\", but it must be of type int.{way_on}4."
    assert found[2] == f"The field 'id' is 1e3, but it must be of type int.{way_on}1000."
    assert not [detail for detail in found[3:] if "lenient" in detail]

    turntable.run("dead-letters", "replay", path).expect(3)
    assert rows(turntable) == []
    turntable.run("dead-letters", "replay", path, "--set", "plays.numbers=lenient").expect(3)
    assert rows(turntable) == [(0, 1), (1, 4), (2, 1000)]


def test_a_time_since_1970_is_named_by_the_time_that_it_is(turntable, pipeline):
    turntable.run("run", pipeline(b'{"at": 1709460930250}\n{"at": "1709460930"}\n')).expect(3)
    way_on = "With numbers = 'lenient' on its table it is taken as 2024-03-03 10:15:30"
    assert [letter["detail"] for letter in letters(turntable)] == [
        f"The field 'at' is 1709460930250, but it must be of type timestamptz. {way_on}.25+00.",
        f"The field 'at' is \"1709460930\", which is no time in ISO 8601. {way_on}+00.",
    ]


def test_another_value_of_the_option_is_a_fault_of_the_file(turntable, pipeline):
    done = turntable.run("run", pipeline(A + b"\n", ", numbers = 'lenent'")).expect(2)
    assert "numbers cannot be 'lenent', expected 'strict' or 'lenient'. Did you mean 'lenient'?" in done.stderr


def test_the_forms_of_iso_8601_that_are_in_use_are_times(turntable, pipeline):
    forms = [
        "20240303T101530Z", "20240303T101530,0Z", "2024-03-03T10:15:30,000Z", "2024-03-03t10:15:30z", "2024-03-03 12:15:30 +02",
        "2024-03-03 12:15:30 +0200", "2024-03-03 12:15:30 +02:00", "2024-03-03T08:15:30-02", "20240303T0815-0200",
    ]  # fmt: skip
    events = "".join(json.dumps({"at": form}) + "\n" for form in forms).encode()
    turntable.run("run", pipeline(events)).expect(0)
    expected = ["2024-03-03 10:15:30"] * 8 + ["2024-03-03 10:15:00"]
    found = [at for (at,) in rows(turntable, "at")]
    assert [at.replace("T", " ")[:19] for at in found] == expected


# -------------------------------------------------------------------------------------------------------------- values with a cause


def test_what_a_value_is_that_is_no_json_is_said(turntable, from_topic, kafka, topic):
    header = struct.pack(">bI", 0, 1106)
    values = [
        header + A,
        header + b"\x02\x0aAlpha",
        json.dumps(A.decode()).encode(),
        gzip.compress(A),
        A.decode().encode("utf-16"),
        b'"just text"',
    ]
    kafka.send(topic, values, partition=0)
    turntable.run("run", from_topic(), "--until-end").expect(3)
    found = letters(turntable)
    details = [letter["detail"] for letter in found]
    registry = "The value begins with the header of a schema registry (a zero byte and the schema id 1106) in front of "
    assert details[0].startswith(registry + "JSON Schema, but it must be plain JSON. Write it with a serializer without a registry")
    assert details[1].startswith(registry + "Avro or Protobuf, but it must be plain JSON.")
    assert details[2].startswith("The value is a JSON string whose text is a JSON object: it was encoded twice.")
    assert details[3] == "The value is compressed by gzip, but it must be JSON in UTF-8."
    assert details[4] == "The value is text in UTF-16, but it must be JSON in UTF-8."
    assert details[5] == 'The value is not a JSON object: "just text"'
    assert [letter["reason"] for letter in found] == ["json_syntax"] * 3 + ["invalid_utf8"] * 2 + ["json_syntax"]
    assert rows(turntable) == []
