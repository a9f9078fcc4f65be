"""Several tables of one stream in ./dev chaos: their oracle finds what is planted, and a run that shows nothing fails."""

import dataclasses
import json
import re
import sqlite3
from collections import Counter
from types import SimpleNamespace

import pytest
import release  # tools/release.py

from chaos import oracle, report, several
from chaos.compare import Comparison, Partial
from chaos.engine import Engine, Job
from chaos.events import MALFORMED, Partly
from chaos.found import encoded, letter_of_message, letters_of_file, positions_in_file
from chaos.oracle import Letter, Record, Verdict, with_inserts
from chaos.pipeline import PIPELINES, STORES, TABLES
from chaos.several import COLUMNS, SeveralJudge, failed_partly, fates_of, replayed, unknown_songs
from chaos.songs import SONG, VERSIONS, versions
from support.books import OUTCOMES
from support.listening import FEATURES, catalogue, song_names
from support.program import ROOT
from support.samples import with_songs

TOPIC = "plays"
TABLE = {table.name: table for table in TABLES.tables}
EVERY_COLUMN = [(table, column) for table, columns in COLUMNS.items() for column in range(len(columns))]


@pytest.fixture(scope="module")
def records():
    """A topic of 3,000 events in two partitions."""
    events = Partly(7, song_names(500))
    made = {}
    for n in range(3000):
        event = events.next()
        made[n % 2, n // 2] = Record(event.value, event.key, event.headers, 1_709_251_200_000 + n)
    return made


@pytest.fixture(scope="module")
def fates(records):
    return fates_of(catalogue(), records)


@pytest.fixture
def rows(fates):
    """Exactly those that belong to the records, by table."""
    return {table: [fate for fate in of_table.values() if isinstance(fate, tuple)] for table, of_table in fates.tables.items()}


@pytest.fixture
def letters(records, fates):
    return [Letter(TOPIC, *place, records[place], why) for place, why in fates.letters.items() if isinstance(why, str)]


def of_rows(fates, table, rows, song_versions=None):
    verdict = Verdict()
    TABLE[table].check_rows(fates[table], rows, verdict, song_versions)
    return counted(verdict)


def of_letters(records, fates, letters):
    verdict = Verdict()
    oracle.check_letters(TOPIC, records, fates.letters, letters, verdict)
    return counted(verdict)


def counted(verdict):
    return tuple(verdict.counts[kind] for kind in ("lost", "twice", "wrong"))


def play(song, time):
    return json.dumps({"id": 5, "name": "Ann", "song": song, "time": time}).encode()


def test_what_becomes_of_a_record_in_each_table():
    judge = SeveralJudge(catalogue())
    features = dict(zip(FEATURES, catalogue()[SONG]))
    artists, duration = features["artists"], features["duration_ms"]
    person = ("Ann", "2024-03-01", 10, "2024-03-01 10:07", SONG, artists, duration, 2, 9)
    song = (SONG, "2024-03-01 10:07", "Ann", artists, 2, 9)
    day = ("2024-03-01", "2024-03-01 10:07", "Ann", SONG, 2, 9)
    unknown = ("2024-03-01", "2024-03-01 10:07", "Ann", "No such song", 2, 9)
    expected = {
        play(SONG, "2024-03-01 10:07"): ((person, song, day), (person, song, day)),
        play("No such song", "2024-03-01 10:07"): (
            ("unmatched", "unmatched", unknown), "unmatched (plays_by_person: unmatched, plays_by_song: unmatched)",
        ),
        play(SONG, "soon"): (
            ("bad_value", (SONG, "soon", "Ann", artists, 2, 9), "bad_value"), "bad_value (plays_by_day: bad_value, plays_by_person: bad_value)",
        ),
        play("No such song", "soon"): (
            ("unmatched", "unmatched", "bad_value"), "bad_value (plays_by_day: bad_value, plays_by_person: unmatched, plays_by_song: unmatched)",
        ),
        b"{": (("json_syntax",) * 3, "json_syntax (plays_by_day: json_syntax, plays_by_person: json_syntax, plays_by_song: json_syntax)"),
    }  # fmt: skip
    for value, (by_table, letter) in expected.items():
        assert judge.by_table((2, 9), value) == dict(zip(COLUMNS, by_table)), value
        assert fates_of(catalogue(), {(2, 9): Record(value)}).letters == {(2, 9): letter}


def test_each_event_is_judged_as_it_was_meant():
    events, judge = Partly(3, song_names(500)), SeveralJudge(catalogue())
    seen = Counter()
    for _ in range(20_000):
        event = events.next()
        by_table = judge.by_table((0, 0), event.value)
        letter = several.letter_or_rows(by_table)
        assert (letter.partition(" ")[0] if isinstance(letter, str) else "row") == event.meant, event.value
        seen[tuple(fate if isinstance(fate, str) else "row" for fate in by_table.values())] += 1
    all_of_it = {(reason,) * 3 for reason in MALFORMED if reason != "bad_value"}
    partly = {("unmatched", "unmatched", "row"), ("bad_value", "row", "bad_value")}
    assert seen.keys() == {("row",) * 3, ("unmatched", "unmatched", "bad_value"), *all_of_it, *partly}
    assert all(seen[kind] > 100 for kind in seen)


def test_what_is_right_is_found_right(records, fates, rows, letters):
    for table in COLUMNS:
        assert of_rows(fates.tables, table, rows[table]) == (0, 0, 0)
        assert len(rows[table]) > 2000
    assert of_letters(records, fates, letters) == (0, 0, 0) and len(letters) > 200


@pytest.mark.parametrize("table", COLUMNS)
def test_a_row_that_is_lost_twice_or_of_no_record_is_found_in_every_table(table, fates, rows):
    of_table = rows[table]
    row = of_table[5]
    moved = (*row[:-3], f"{row[-3]}x", *row[-2:])  # Another key, the same record.
    assert of_rows(fates.tables, table, of_table[:5] + of_table[6:]) == (1, 0, 0)
    for double in (row, moved):
        assert of_rows(fates.tables, table, [*of_table, double]) == (0, 1, 0)
    assert of_rows(fates.tables, table, [*of_table, (*row[:-1], 10**6)]) == (0, 0, 1)


@pytest.mark.parametrize("table", COLUMNS)
def test_a_row_where_its_insert_made_none_is_found_though_others_made_one(table, fates, rows):
    place = next(place for place in failed_partly(fates) if isinstance(fates.tables[table][place], str))
    verdict = Verdict()
    TABLE[table].check_rows(fates.tables[table], [*rows[table], (*rows[table][0][:-2], *place)], verdict)
    assert counted(verdict) == (0, 0, 1) and verdict.examples[0].place == place


@pytest.mark.parametrize(("table", "column"), EVERY_COLUMN)
def test_a_wrong_cell_is_found_in_every_column(table, column, fates, rows):
    row = rows[table][5]
    cell = row[column]
    for other in (None, f"{cell}x" if isinstance(cell, str) else cell + 10**6):
        wrong = [*rows[table][:5], (*row[:column], other, *row[column + 1 :]), *rows[table][6:]]
        lost, twice, not_right = of_rows(fates.tables, table, wrong)
        # With another place the row belongs to no record, and the record has none.
        assert (lost, twice, not_right) == ((1, 0, 1) if column >= len(row) - 2 else (0, 0, 1))


def test_a_row_of_a_song_in_versions_is_of_one_of_them():
    fates = fates_of(catalogue(), {(0, 0): Record(play(SONG, "2024-03-01 10:07"))}).tables
    row = fates["plays_by_person"][0, 0]
    for version in range(VERSIONS + 1):
        found = (*row[:6], row[6] + version, *row[7:])
        assert of_rows(fates, "plays_by_person", [found], versions()) == (0, 0, 0 if version < VERSIONS else 1)
    assert of_rows(fates, "plays_by_song", [fates["plays_by_song"][0, 0]], versions()) == (0, 0, 0)


def test_a_letter_that_names_other_inserts_or_other_reasons_is_found(records, fates, letters):
    number = next(n for n, letter in enumerate(letters) if letter.reason.startswith("unmatched"))
    unmatched = [(table, "unmatched") for table in ("plays_by_person", "plays_by_song")]
    named = {
        with_inserts("unmatched", unmatched): 0,
        with_inserts("unmatched", reversed(unmatched)): 0,
        with_inserts("unmatched", unmatched[:1]): 1,
        with_inserts("unmatched", [*unmatched, ("plays_by_day", "unmatched")]): 1,
        with_inserts("unmatched", [*unmatched, unmatched[0]]): 1,
        with_inserts("unmatched", [unmatched[0], ("plays_by_song", "bad_value")]): 1,
        with_inserts("bad_value", unmatched): 1,
        "unmatched": 1,
    }
    for reason, wrong in named.items():
        changed = [*letters[:number], dataclasses.replace(letters[number], reason=reason), *letters[number + 1 :]]
        assert of_letters(records, fates, changed) == (0, 0, wrong), reason
    assert of_letters(records, fates, letters[:number] + letters[number + 1 :]) == (1, 0, 0)
    whole = next(place for place, fate in fates.letters.items() if not isinstance(fate, str))
    assert of_letters(records, fates, [*letters, Letter(TOPIC, *whole, records[whole], "unmatched")]) == (0, 0, 1)


def test_the_inserts_that_letters_name_are_read_from_files_and_from_messages(tmp_path):
    inserts = [{"insert": "b", "reason": "bad_value", "detail": "no time"}, {"insert": "a", "reason": "unmatched", "detail": "no song"}]
    line = {"topic": TOPIC, "partition": 1, "offset": 2, "time": "2024-03-01T00:00:00.007Z", "reason": "bad_value", "value_base64": encoded(b"{}")}
    path = tmp_path / "dead.jsonl"
    path.write_text("".join(json.dumps({**line, **more}) + "\n" for more in ({"inserts": inserts}, {})))
    assert [letter.reason for letter in letters_of_file(path, Verdict())] == ["bad_value (a: unmatched, b: bad_value)", "bad_value"]

    said = {"topic": TOPIC, "partition": "1", "offset": "2", "stage": "TRANSFORMATION"}
    said |= {"exception.class.name": "turntable.bad_value", "exception.message": "no time"}
    headers = [(f"__connect.errors.{name}", value.encode()) for name, value in said.items()] + [("turntable.reason", b"bad_value")]
    silent = [{**inserts[0], "detail": ""}]
    for named, reason in ((inserts, "bad_value (a: unmatched, b: bad_value)"), (silent, "bad_value (b: bad_value without words)")):
        message = Record(b"{}", None, (*headers, ("turntable.inserts", json.dumps(named).encode())), 7)
        assert letter_of_message(message, ("partition 0", 5)).reason == reason
    assert letter_of_message(Record(b"{}", None, tuple(headers), 7), ("partition 0", 5)).reason == "bad_value"


# ----------------------------------------------------------------------------------------------------------------- replay


@pytest.fixture(scope="module")
def mended(records, tmp_path_factory):
    """The fates of the same records when every song is in the catalogue."""
    path = with_songs(tmp_path_factory.mktemp("mended"), unknown_songs(catalogue(), records))
    return fates_of(catalogue(path), records)


def test_every_song_that_was_played_is_in_the_mended_catalogue(records, fates, mended):
    assert "unmatched" in " ".join(map(str, fates.letters.values()))
    assert "unmatched" not in " ".join(map(str, mended.letters.values()))
    assert len(unknown_songs(catalogue(), records)) > 100


def test_a_replay_leaves_what_was_missing_and_what_it_left_out_or_wrote_again_is_found(fates, mended, rows):
    expected = replayed(fates, mended)
    missing = {t: [row for row in of_table.values() if isinstance(row, tuple)] for t, of_table in expected.items()}
    for table in COLUMNS:
        assert {row[-2:] for row in missing[table]}.isdisjoint(row[-2:] for row in rows[table])
        assert of_rows(expected, table, missing[table]) == (0, 0, 0)
        verdict = Verdict()
        TABLE[table].check_rows(expected[table], [*missing[table], rows[table][3]], verdict)
        assert counted(verdict) == (0, 0, 1) and "does not name the table" in verdict.examples[0].what
    # Of a record that has neither song nor time one of three can be mended; its time none can.
    assert len(missing["plays_by_song"]) > len(missing["plays_by_person"]) > 50 and not missing["plays_by_day"]
    assert of_rows(expected, "plays_by_song", missing["plays_by_song"][1:]) == (1, 0, 0)


# ------------------------------------------------------------------------------- a run that shows nothing, and the statistics


def comparison(tmp_path, stores, kills=3, letters=5, statistics=()):
    """Of a run with one engine, and its complaints."""
    complaints = []
    faults = SimpleNamespace(kills=kills, complain=complaints.append)
    job = Job("stores", "group", {}, STORES.path, stores, tmp_path / "rows.db", tmp_path / "dead.jsonl")
    engine = Engine("engine", job, tmp_path / "turntable", tmp_path / "engine", None, print)
    for number, text in enumerate(statistics):
        (engine.directory / f"statistics-{number}.json").write_text(text)
    made = Comparison(STORES, None, [engine], TOPIC, f"{TOPIC}.dead_letters", None, faults, 0.0, tmp_path, print)
    made.partial = {"stores": Partial(letters)}
    return made, complaints


def with_positions(tmp_path, *rows):
    with sqlite3.connect(tmp_path / "rows.db") as file:
        file.execute("CREATE TABLE turntable_positions (partition, next)")
        file.executemany("INSERT INTO turntable_positions VALUES (?, ?)", rows)


@pytest.mark.parametrize(
    ("shown", "complaint"),
    [({}, None), ({"kills": 0}, "no engine was killed"), ({"letters": 0}, "no record has a row in one table and none in another")],
)
def test_a_run_without_a_kill_or_a_partial_failure_fails(tmp_path, shown, complaint):
    with_positions(tmp_path)
    made, complaints = comparison(tmp_path, STORES.jobs["stores"], **shown)
    made.check_that_failures_were_partial()
    assert [complaint in said for said in complaints] == ([True] if complaint else [])


@pytest.mark.parametrize(("stores", "faults"), [(STORES.jobs["stores"], 1), (TABLES.jobs["sqlite"], 0)])
def test_positions_in_the_file_of_one_store_of_two_are_a_fault(tmp_path, stores, faults):
    with_positions(tmp_path, (0, 7), (1, 9))
    assert positions_in_file(tmp_path / "rows.db") == {0: 7, 1: 9}
    made, complaints = comparison(tmp_path, stores)
    made.check_that_failures_were_partial()
    assert len(complaints) == faults


def statistics_of(consumed, **tables):
    counts = {table: dict.fromkeys(OUTCOMES, 0) | {"written": 9, "in_flight": 1} for table in COLUMNS}
    return json.dumps({"consumed": consumed, "tables": counts | tables})


def test_statistics_must_be_there_and_add_up_in_each_table(tmp_path):
    good, torn = statistics_of(10), statistics_of(10)[:40]
    other = statistics_of(10, plays_by_day=dict.fromkeys(OUTCOMES, 0) | {"written": 9})
    for number, (files, add_up, faults) in enumerate([([good, torn, good], 2, 0), ([good, other], 1, 1), ([torn], 0, 1), ([], 0, 1)]):
        made, complaints = comparison(tmp_path / str(number), STORES.jobs["stores"], statistics=files)
        made.check_statistics()
        assert (made.partial["stores"].add_up, len(complaints)) == (add_up, faults), files


# ---------------------------------------------------------------------------------------------------------- the pipelines


def test_the_pipeline_has_the_oracles_tables_and_columns():
    text = TABLES.path.read_text()
    for table, columns in COLUMNS.items():
        defined = re.search(rf"CREATE TABLE {table} \((.*?)\n\)", text, re.DOTALL)[1]
        assert [line.split()[0] for line in defined.strip().splitlines()] == columns


@pytest.mark.parametrize("name", ["history", "latest"])
def test_a_letter_names_its_insert_also_where_there_is_one(name, records):
    pipeline = PIPELINES[name]
    [table] = [table.name for table in pipeline.tables]
    fates = pipeline.fates(catalogue(), records)
    assert fates.letters.keys() == fates.tables[table].keys() == records.keys()
    for place, fate in fates.tables[table].items():
        assert fates.letters[place] == (f"{fate} ({table}: {fate})" if isinstance(fate, str) else fate)


def test_jobs_have_a_store_for_every_table_and_two_stores_in_one_program():
    for pipeline in PIPELINES.values():
        for stores in pipeline.jobs.values():
            assert list(stores) == [table.name for table in pipeline.tables]
    assert [set(stores.values()) for stores in TABLES.jobs.values()] == [{"cassandra"}, {"sqlite"}]
    assert [set(stores.values()) for stores in STORES.jobs.values()] == [{"cassandra", "sqlite"}]


def test_every_pipeline_has_its_days_and_its_hour():
    days = (ROOT / "tools" / "test.py").read_text()
    assert re.search(r"^CHAOS_PIPELINES = (.*)$", days, re.MULTILINE)[1] == json.dumps(list(PIPELINES))
    hours = {step.command[step.command.index("--pipeline") + 1] if "--pipeline" in step.command else "history"
             for step in release.STEPS if step.command[:2] == ["./dev", "chaos"]}  # fmt: skip
    assert hours == set(PIPELINES)


def test_the_report_has_what_failed_partly_and_what_was_replayed():
    partial = {"cassandra": Partial(1200, {"plays_by_person": 800, "plays_by_day": 0}, 17), "sqlite": Partial(5, {}, 2)}
    text = "\n".join(report.of_several_tables(partial))
    assert "| engines | failed partly | replayed: plays_by_person | replayed: plays_by_day | add up |" in text
    assert "| cassandra | 1,200 | 800 | 0 | 17 |" in text and "| sqlite | 5 |  |  | 2 |" in text
    assert report.of_several_tables({}) == []
