"""Difficult input collected by others: JSONTestSuite as events, csv-spectrum as catalogues."""

import csv
import json
from pathlib import Path

import pytest

from support.golden import check_golden
from support.listening import assert_accounted, file_pipeline, play
from support.tables import sqlite_history, sqlite_rows

CORPORA = Path(__file__).resolve().parent / "corpora"
JSON_FILES = sorted((CORPORA / "JSONTestSuite" / "test_parsing").glob("*.json"))
CSV_FILES = sorted((CORPORA / "csv-spectrum" / "csvs").glob("*.csv"))


def embedded(content: bytes) -> bytes:
    """A valid play with one more field, which no column asks for."""
    return play()[:-1] + b', "more": ' + content + b"}"


def test_the_corpora_are_whole():
    kinds = [path.name[0] for path in JSON_FILES]
    assert (kinds.count("y"), kinds.count("n"), kinds.count("i")) == (95, 188, 35)
    assert len(CSV_FILES) == 12


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
