"""Difficult input collected by others, each through the whole pipeline to a row or a dead letter: JSONTestSuite, the naughty
strings and the UTF-8 decoder test as events, csv-spectrum as catalogues. What no collection has is in test_odd_records.py."""

import csv
import json
from pathlib import Path

import pytest

from support.golden import check_golden
from support.listening import CATALOGUE, assert_accounted, file_pipeline, play
from support.tables import sqlite_history, sqlite_rows

CORPORA = Path(__file__).resolve().parent / "corpora"
JSON_FILES = sorted((CORPORA / "JSONTestSuite" / "test_parsing").glob("*.json"))
TRANSFORM_FILES = sorted((CORPORA / "JSONTestSuite" / "test_transform").glob("*.json"))
CSV_FILES = sorted((CORPORA / "csv-spectrum" / "csvs").glob("*.csv"))
NAUGHTY = json.loads((CORPORA / "blns" / "blns.json").read_text(encoding="utf-8"))
UTF8_LINES = (CORPORA / "kuhn-utf8" / "UTF-8-test.txt").read_bytes().removesuffix(b"\n").split(b"\n")


def embedded(content: bytes) -> bytes:
    """A valid play with one more field, which no column asks for."""
    return play()[:-1] + b', "more": ' + content + b"}"


def is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_the_corpora_are_whole():
    kinds = [path.name[0] for path in JSON_FILES]
    assert (kinds.count("y"), kinds.count("n"), kinds.count("i")) == (95, 188, 35)
    assert (len(TRANSFORM_FILES), len(CSV_FILES), len(NAUGHTY), len(UTF8_LINES)) == (22, 12, 515, 300)
    assert sum(not is_utf8(line) for line in UTF8_LINES) == 68


def test_each_json_text_as_an_event_is_survived_and_kept(to_sqlite, kafka, topic):
    """None of the texts is a play, so each one, valid or not, is a dead letter with the bytes as they came."""
    contents = {path.name: path.read_bytes() for path in JSON_FILES}
    kafka.send(topic, [(name.encode(), content) for name, content in contents.items()], partition=0)
    done = to_sqlite.drain(code=3)
    assert_accounted(done.stats, consumed=318, rejected=318, written=0, dead_lettered=318)
    letters = {letter.offset: letter for letter in to_sqlite.letters()}
    for offset, (name, content) in enumerate(contents.items()):
        assert (letters[offset].value or b"") == content, name


def test_each_json_text_inside_a_valid_event_decides_about_it(to_sqlite, kafka, topic, tmp_path):
    kafka.send(topic, [(path.name.encode(), embedded(path.read_bytes())) for path in JSON_FILES], partition=0)
    done = to_sqlite.drain(code=3)
    rows = {offset for (offset,) in sqlite_history(tmp_path / "history.db", ["kafka_offset"])}
    letters = {letter.offset for letter in to_sqlite.letters()}
    assert_accounted(done.stats, consumed=318, written=len(rows), rejected=len(letters))
    assert rows | letters == set(range(318)) and not rows & letters
    wrong = [
        path.name for n, path in enumerate(JSON_FILES) if path.name[0] in "yn" and (n in rows) != (path.name[0] == "y")
    ]  # fmt: skip
    assert not wrong
    free = [(path.name, "row" if n in rows else "dead letter") for n, path in enumerate(JSON_FILES) if path.name[0] == "i"]
    check_golden("json_free_choice.txt", "".join(f"{name}: {verdict}\n" for name, verdict in free))


def test_a_file_gives_the_same_verdicts_as_kafka(turntable, tmp_path):
    """The same through ndjson, for the texts that fit on a line."""
    paths = [path for path in JSON_FILES if b"\n" not in path.read_bytes() and b"\r" not in path.read_bytes()]
    assert len(paths) > 290
    events = tmp_path / "events.ndjson"
    events.write_bytes(b"".join(embedded(path.read_bytes()) + b"\n" for path in paths))
    done = file_pipeline(turntable, events).drain(code=3)
    rows = {offset for (offset,) in sqlite_history(tmp_path / "history.db", ["kafka_offset"])}
    assert_accounted(done.stats, consumed=len(paths), written=len(rows))
    assert not [p.name for n, p in enumerate(paths) if p.name[0] in "yn" and (n in rows) != (p.name[0] == "y")]


PIPELINE = """
CREATE TABLE wanted (k text NOT NULL) WITH (connector = 'ndjson', path = '{events}', dead_letters = 'file:{dead}');
CREATE TABLE sheet ({columns}) WITH (connector = 'csv', path = '{csv}', key = '{key}');
CREATE TABLE found () WITH (connector = 'sqlite', path = '{sink}', primary_key = 'k');
INSERT INTO found SELECT w.k, {selected} FROM wanted w JOIN sheet s ON s."{key}" = w.k;
"""


@pytest.mark.parametrize("path", CSV_FILES, ids=lambda path: path.stem)
def test_each_csv_is_read_as_it_is_meant(path, turntable, tmp_path):
    expected = json.loads((CORPORA / "csv-spectrum" / "json" / f"{path.stem}.json").read_text())
    if path.stem == "location_coordinates":
        # The JSON beside this file is not what RFC 4180 gives; Python's reader is the second opinion here.
        with path.open(encoding="utf-8", newline="") as file:
            expected = list(csv.DictReader(file, strict=True))
    names = list(expected[0])
    key = names[0]
    firsts: dict[str, dict] = {}
    for row in expected:
        firsts.setdefault(row[key], row)
    events = tmp_path / "events.ndjson"
    events.write_text("".join(json.dumps({"k": k}) + "\n" for k in firsts))
    pipeline = tmp_path / "sheet.sql"
    pipeline.write_text(
        PIPELINE.format(
            events=events, dead=tmp_path / "dead.jsonl", csv=path, key=key, sink=tmp_path / "found.db",
            columns=", ".join(f'"{n}" text' for n in names), selected=", ".join(f's."{n}" AS c{i}' for i, n in enumerate(names)),
        )
    )  # fmt: skip
    turntable.run("run", pipeline, "--until-end").expect(0)
    columns = ", ".join(f"c{i}" for i in range(len(names)))
    rows = sqlite_rows(tmp_path / "found.db", f"SELECT {columns} FROM found")
    assert sorted(rows) == sorted(tuple(row[n] for n in names) for row in firsts.values())


def test_texts_that_parsers_understand_differently_are_understood_in_one_way(to_sqlite, kafka, topic):
    """Numbers at the edges, duplicate keys, half surrogates: what becomes of each is written down."""
    kafka.send(topic, [embedded(path.read_bytes()) for path in TRANSFORM_FILES], partition=0)
    done = to_sqlite.drain(code=3)
    letters = {letter.offset: letter for letter in to_sqlite.letters()}
    assert_accounted(done.stats, consumed=22, written=22 - len(letters), rejected=len(letters))
    verdicts = [f"{path.name}: {letters[n].reason if n in letters else 'row'}\n" for n, path in enumerate(TRANSFORM_FILES)]
    check_golden("json_transform.txt", "".join(verdicts))


# --------------------------------------------------------------------------------------------------------- naughty strings

# The one that a catalogue cannot have as its key is the empty one.
TITLES = [text for text in dict.fromkeys(NAUGHTY) if text]


def naughty_catalogue(path: Path) -> Path:
    """A catalogue in which every naughty string is a title, and the next one its artist and album."""
    header = CATALOGUE.read_text(encoding="utf-8").splitlines()[0].replace('"', "").split(",")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, quoting=csv.QUOTE_ALL)
        writer.writeheader()
        for n, title in enumerate(TITLES):
            row = dict.fromkeys(header, "0") | {"name": title, "artists": TITLES[n - 1], "album_name": NAUGHTY[n % len(NAUGHTY)]}
            writer.writerow(row | {"album_release_date": f"2020-{n}"})
    return path


def naughty_plays() -> list[tuple[str, str]]:
    """Who plays what: every naughty string as a user's name, and as a title, in no relation to each other."""
    return [(NAUGHTY[n], TITLES[(7 * n) % len(TITLES)]) for n in range(len(NAUGHTY))] + [("x", title) for title in TITLES]


def naughty_events() -> list[bytes]:
    """Half of them with everything escaped that can be."""
    return [
        json.dumps({"id": n, "name": name, "song": song, "time": "2024-03-03 10:00"}, ensure_ascii=n % 2 == 0).encode()
        for n, (name, song) in enumerate(naughty_plays())
    ]


def expected_naughty_rows() -> list[tuple]:
    albums = {title: (TITLES[n - 1], NAUGHTY[n % len(NAUGHTY)], f"2020-{n}") for n, title in enumerate(TITLES)}
    return [(n, name, song, *albums[song]) for n, (name, song) in enumerate(naughty_plays())]


NAUGHTY_COLUMNS = ["id", "name", "song", "artists", "album_name", "album_release_date"]


def as_bytes(rows: list[tuple]) -> list[tuple]:
    return sorted(tuple(value.encode() if isinstance(value, str) else value for value in row) for row in rows)


def test_every_naughty_string_goes_unchanged_through_kafka_and_a_join_into_sqlite(to_sqlite, kafka, topic, tmp_path):
    catalogue = naughty_catalogue(tmp_path / "songs.csv")
    kafka.send(topic, naughty_events())
    done = to_sqlite.with_options({"songs.path": catalogue}).drain()
    rows = sqlite_history(tmp_path / "history.db", NAUGHTY_COLUMNS)
    assert_accounted(done.stats, consumed=1025, written=1025)
    assert as_bytes(rows) == as_bytes(expected_naughty_rows())


def test_every_naughty_string_goes_unchanged_into_cassandra(listening, kafka, topic, cassandra, keyspace, tmp_path):
    catalogue = naughty_catalogue(tmp_path / "songs.csv")
    kafka.send(topic, naughty_events())
    done = listening.with_options({"songs.path": catalogue}).drain()
    assert_accounted(done.stats, consumed=1025, written=1025)
    assert as_bytes(cassandra.history(keyspace, NAUGHTY_COLUMNS)) == as_bytes(expected_naughty_rows())


def test_naughty_strings_that_are_no_events_are_kept_as_they_came(to_sqlite, kafka, topic):
    """As keys and headers too; in a file, and read back from there."""
    raw = [text.encode() for text in NAUGHTY]
    kafka.send(topic, [(text, text) for text in raw], partition=0, headers=[(text, text.encode()) for text in TITLES])
    done = to_sqlite.drain(code=3)
    assert_accounted(done.stats, consumed=515, rejected=515, dead_lettered=515)
    letters = sorted(to_sqlite.letters(), key=lambda letter: letter.offset)
    assert [letter.value for letter in letters] == raw and [letter.key for letter in letters] == raw
    expected_headers = tuple((text, text.encode()) for text in TITLES)
    assert all(letter.headers == expected_headers for letter in letters)
    shown = to_sqlite.turntable.run("dead-letters", "list", to_sqlite.pipeline, *to_sqlite.sets).expect(0).stdout
    assert not [line for line in shown.splitlines() if any(c < " " or c == "\x7f" for c in line)], "nothing moves the cursor"


# ----------------------------------------------------------------------------------------------------------------- UTF-8


def quoted(line: bytes) -> bytes:
    """A JSON string with these bytes in it; only what JSON wants escaped is."""
    escaped = {byte: b"\\u%04x" % byte for byte in range(0x20)} | {0x22: b'\\"', 0x5C: b"\\\\"}
    return b'"' + b"".join(escaped.get(byte, bytes([byte])) for byte in line) + b'"'


def test_each_line_of_the_utf8_test_as_an_event_is_kept(to_sqlite, kafka, topic):
    kafka.send(topic, UTF8_LINES, partition=0)
    done = to_sqlite.drain(code=3)
    assert_accounted(done.stats, consumed=300, rejected=300, dead_lettered=300)
    letters = sorted(to_sqlite.letters(), key=lambda letter: letter.offset)
    assert [letter.value for letter in letters] == UTF8_LINES
    expected = ["empty_value" if not line else "json_syntax" if is_utf8(line) else "invalid_utf8" for line in UTF8_LINES]
    assert [letter.reason for letter in letters] == expected


def test_each_line_of_the_utf8_test_in_a_string_is_a_row_or_kept(to_sqlite, kafka, topic, tmp_path):
    events = [play(n, name="@").replace(b'"@"', quoted(line)) for n, line in enumerate(UTF8_LINES)]
    kafka.send(topic, events, partition=0)
    done = to_sqlite.drain(code=3)
    assert_accounted(done.stats, consumed=300, written=232, rejected=68, dead_lettered=68)
    rows = sqlite_rows(tmp_path / "history.db", "SELECT id, CAST(name AS BLOB) FROM listening_history ORDER BY id")
    assert rows == [(n, line) for n, line in enumerate(UTF8_LINES) if is_utf8(line)]
    letters = sorted((letter.offset, letter.value, letter.reason) for letter in to_sqlite.letters())
    assert letters == [(n, events[n], "invalid_utf8") for n, line in enumerate(UTF8_LINES) if not is_utf8(line)]


def test_lines_of_a_catalogue_that_are_not_utf8_are_left_out(turntable, tmp_path):
    """The others are titles, and found by their bytes."""
    lines = [line for line in UTF8_LINES if line and b"\0" not in line]
    header, row = CATALOGUE.read_bytes().splitlines()[:2]
    rest = row[row.index(b'","') :]
    titles = [b'"' + line.replace(b'"', b'""') for line in lines]
    (tmp_path / "songs.csv").write_bytes(b"\n".join([header, *(title + rest for title in titles)]) + b"\n")
    unique = list(dict.fromkeys(line for line in lines if is_utf8(line)))
    events = [play(n, song="@").replace(b'"@"', quoted(line)) for n, line in enumerate(unique)]
    (tmp_path / "events.ndjson").write_bytes(b"\n".join(events) + b"\n")
    done = file_pipeline(turntable, tmp_path / "events.ndjson", songs__path=tmp_path / "songs.csv").drain()
    assert_accounted(done.stats, consumed=len(unique), written=len(unique))
    assert f"songs: {sum(not is_utf8(line) for line in lines)} rows left out, because they cannot be read:" in done.stdout + done.stderr
