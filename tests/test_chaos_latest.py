"""The second pipeline of ./dev chaos, the latest play of every person: its oracle finds what is planted."""

import csv
import dataclasses
import re
import subprocess
import sys
import zlib
from collections import Counter

import pytest

from chaos import latest, oracle, report
from chaos.events import MALFORMED, PLAYING, PLAYS_LIMIT, Turns
from chaos.latest import COLUMNS, LatestJudge, check_latest, flushes_with_a_key_twice, rows_without_a_key_twice
from chaos.oracle import Letter, Record, Verdict
from chaos.pipeline import LATEST, PIPELINES
from chaos.producer import Producer
from chaos.songs import SONG, VERSIONS, versions
from support.listening import CATALOGUE, FEATURES, as_float32, catalogue, song_names
from support.program import ROOT

TOPIC = "plays"
PARTITIONS = 3
JUDGE = LatestJudge(catalogue())
KINDS = ("lost", "twice", "wrong", "mixed")


@pytest.fixture(scope="module")
def records():
    """A topic of 3,000 events, all of a person in one partition."""
    events = Turns(7, song_names(500))
    ends = Counter()
    made = {}
    for number in range(3000):
        event = events.next()
        partition = zlib.crc32(event.person.encode()) % PARTITIONS
        made[partition, ends[partition]] = Record(event.value, event.key, event.headers, 1_709_251_200_000 + number)
        ends[partition] += 1
    return made


@pytest.fixture(scope="module")
def outcomes(records):
    return JUDGE.outcomes(records)


@pytest.fixture(scope="module")
def plays(outcomes):
    """Of each person all rows that were to be, the last one last. Made without the oracle."""
    found = {}
    for place, row in sorted(outcomes.items()):
        if not isinstance(row, str):
            found.setdefault(row[0], []).append(row)
    return found


@pytest.fixture
def rows(plays):
    return {person: of_person[-1] for person, of_person in plays.items()}


@pytest.fixture(scope="module")
def person(plays):
    """Somebody whose last two plays differ in every column but the partition, and of which each has a NULL that the other has not."""

    def differ(first, last):
        return all(a != b for a, b, column in zip(first, last, COLUMNS) if column not in ("name", "kafka_partition"))

    def nulls(row):
        return {column for column, cell in zip(COLUMNS, row) if cell is None}

    return next(
        name for name, (*_, first, last) in ((n, p) for n, p in plays.items() if len(p) > 3)
        if differ(first, last) and nulls(first) - nulls(last) and nulls(last) - nulls(first)
    )  # fmt: skip


def verdict_of(outcomes, rows):
    verdict = Verdict()
    check_latest(outcomes, rows, verdict)
    return verdict


def counted(verdict):
    return tuple(verdict.counts[kind] for kind in KINDS)


def test_each_event_is_judged_as_it_was_meant():
    events = Turns(3, song_names(500))
    seen = Counter()
    for _ in range(20_000):
        event = events.next()
        judged = JUDGE.row_or_reason((0, 0), event.value)
        assert (judged if isinstance(judged, str) else "row") == event.meant, event.value
        assert event.key == event.person.encode() and (isinstance(judged, str) or judged[0] == event.person)
        seen[event.meant] += 1
    assert seen.keys() == {"row", "unmatched", *MALFORMED}
    for field in (b'"device": 7', b'"rating": "7"', b'"rating": 2147483648'):
        assert isinstance(JUDGE.row_or_reason((0, 0), b'{"id":1,"name":"a","song":"%s","time":"2024-03-01 10:00",%s}' % (SONG.encode(), field)), str)


def test_the_judge_takes_the_rows_columns_from_the_play_and_the_catalogue():
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        song = next(row for row in csv.DictReader(file) if row["name"] == SONG)
    value = '{"id":5,"name":"Ann","song":"%s","time":"2024-03-01 10:07","device":null}' % SONG
    expected = ("Ann", 5, SONG, "2024-03-01 10:07", "2024-03-01", None, None)
    expected += (song["artists"], int(song["duration_ms"]), as_float32(song["tempo"]), 2, 9)
    assert oracle.same_row(JUDGE.row_or_reason((2, 9), value.encode()), expected)


def test_few_people_play_at_a_time_and_each_is_gone_after_some_plays():
    events = Turns(5, song_names(100))
    people = [events.next().person for _ in range(5000)]
    first, last = {}, {}
    for number, person in enumerate(people):
        first.setdefault(person, number)
        last[person] = number
    assert max(Counter(people).values()) <= PLAYS_LIMIT and len(first) > 5000 / PLAYS_LIMIT
    assert max(sum(first[p] <= number <= last[p] for p in first) for number in range(0, 5000, 50)) <= PLAYING


def test_the_producer_sends_all_of_a_person_to_one_partition(tmp_path):
    events = Turns(5, song_names(100))
    producer = Producer("", TOPIC, PARTITIONS, 1, events, tmp_path / "log")
    found = {}
    for _ in range(2000):
        event = events.next()
        found.setdefault(event.person, set()).add(producer.partition_of(event))
    assert all(len(partitions) == 1 for partitions in found.values()) and set.union(*found.values()) == set(range(PARTITIONS))


def test_what_is_right_is_found_right(outcomes, rows):
    verdict = verdict_of(outcomes, rows.values())
    assert verdict.good and counted(verdict) == (0, 0, 0, 0) and verdict.rows == len(rows) > 50
    assert sum(isinstance(outcome, str) for outcome in outcomes.values()) > 100


def test_the_order_is_the_topics_however_it_was_read(outcomes, rows):
    backwards = dict(reversed(outcomes.items()))
    assert verdict_of(backwards, rows.values()).good
    assert rows_without_a_key_twice(backwards) == rows_without_a_key_twice(outcomes)


def test_a_person_without_a_row_is_lost(outcomes, rows, person):
    last = rows.pop(person)
    verdict = verdict_of(outcomes, rows.values())
    assert counted(verdict) == (1, 0, 0, 0) and not verdict.good
    assert verdict.examples[0].expected == last and verdict.examples[0].place == last[-2:]


def test_a_second_row_of_a_person_is_found(outcomes, rows, plays, person):
    for second in (plays[person][-1], plays[person][0]):
        assert counted(verdict_of(outcomes, [*rows.values(), second])) == (0, 1, 0, 0)


def test_a_row_of_nobody_is_found(outcomes, rows, person):
    assert counted(verdict_of(outcomes, [*rows.values(), ("Nobody", *rows[person][1:])])) == (0, 0, 1, 0)


def test_an_older_row_is_found_and_is_not_called_mixed(outcomes, rows, plays, person):
    for back in (2, len(plays[person])):
        verdict = verdict_of(outcomes, [*(rows | {person: plays[person][-back]}).values()])
        assert counted(verdict) == (0, 0, 1, 0)
        assert f"{back - 1} before the last one" in verdict.examples[0].what and verdict.examples[0].expected == plays[person][-1]


@pytest.mark.parametrize("column", [column for column in COLUMNS if column not in ("name", "kafka_partition")])
def test_one_cell_of_another_play_is_found_in_every_column(outcomes, rows, plays, person, column):
    """Also where that one's, or the last one's, is NULL: as in a row that was written with the column unset."""
    at = COLUMNS.index(column)
    first, last = plays[person][-2:]
    for whole, cell in ((last, first[at]), (first, last[at])):
        mixed = (*whole[:at], cell, *whole[at + 1 :])
        assert counted(verdict_of(outcomes, (rows | {person: mixed}).values())) == (0, 0, 0, 1)


def test_what_a_tie_makes_of_two_plays_is_mixed(outcomes, rows, plays, person):
    """Of two cells with one write time Cassandra keeps the larger one."""
    first, last = plays[person][-2:]
    larger = tuple(b if a is None else a if b is None else max(a, b) for a, b in zip(first, last))
    assert larger not in (first, last)
    assert counted(verdict_of(outcomes, (rows | {person: larger}).values())) == (0, 0, 0, 1)


@pytest.mark.parametrize("column", range(1, len(COLUMNS)))
def test_a_value_that_no_play_has_is_wrong(outcomes, rows, plays, person, column):
    of_person = {row[column] for row in plays[person]}
    row = rows[person]
    other = next(value for value in ("x", 10**6 + 0.5, -7) if value not in of_person)
    wrong = (*row[:column], other, *row[column + 1 :])
    assert counted(verdict_of(outcomes, (rows | {person: wrong}).values())) == (0, 0, 1, 0)


def test_a_record_that_has_no_row_does_not_count_as_the_last(outcomes, rows, records, person):
    """Malformed and unmatched records of a person may come behind the row that stands."""
    partition = rows[person][-2]
    behind = 10**6
    play = b'{"id":1,"name":"%s","song":"No such song","time":"2024-03-01 10:00"}' % person.encode()
    for value, reason in ((play, "unmatched"), (play[:-1], "json_syntax")):
        more = outcomes | JUDGE.outcomes({(partition, behind): Record(value, person.encode())})
        assert more[partition, behind] == reason
        assert verdict_of(more, rows.values()).good


def test_of_a_song_in_versions_all_is_of_one_version(outcomes, rows, person):
    features = versions()[SONG]
    place = (rows[person][-2], 10**6)
    value = '{"id":5,"name":"%s","song":"%s","time":"2024-03-01 10:07"}' % (person, SONG)
    more = outcomes | JUDGE.outcomes({place: Record(value.encode(), person.encode())})
    row = more[place]
    duration, tempo = COLUMNS.index("duration_ms"), COLUMNS.index("tempo")
    for version in range(VERSIONS):
        other = list(row)
        other[duration] = features[version][FEATURES.index("duration_ms")]
        whole = list(other)
        whole[tempo] = features[version][FEATURES.index("tempo")]
        for found, expected in ((whole, (0, 0, 0, 0)), (other, (0, 0, 0, 0 if version == 0 else 1))):
            verdict = Verdict()
            check_latest(more, (rows | {person: tuple(found)}).values(), verdict, versions())
            assert counted(verdict) == expected
            assert verdict.other_versions == (found is whole and version > 0)


def test_plays_of_a_person_in_two_partitions_have_no_order(outcomes, rows, person):
    place = ((rows[person][-2] + 1) % PARTITIONS, 10**6)
    with pytest.raises(ValueError, match="several partitions"):
        verdict_of(outcomes | {place: (*rows[person][:-2], *place)}, rows.values())


def test_dead_letters_are_judged_as_in_the_history(records, outcomes):
    letters = [Letter(TOPIC, *place, records[place], why) for place, why in outcomes.items() if isinstance(why, str)]
    row = next(place for place, outcome in outcomes.items() if not isinstance(outcome, str))
    spoiled = {
        (0, 0, 0): letters,
        (1, 0, 0): letters[1:],
        (0, 0, 1): [dataclasses.replace(letters[0], reason="row_refused"), *letters[1:]],
        (0, 0, 2): [*letters, *[Letter(TOPIC, *row, records[row], "unmatched")] * 2],
    }
    for expected, given in spoiled.items():
        verdict = Verdict()
        oracle.check_letters(TOPIC, records, outcomes, given, verdict)
        assert tuple(verdict.counts[kind] for kind in ("lost", "twice", "wrong")) == expected


# ---------------------------------------------------------------------------------------------------------------- flushes


def topic_of(*partitions):
    """One letter for each row's person; a dot is a record without a row."""
    return {(p, n): "unmatched" if name == "." else (name, p, n) for p, names in enumerate(partitions) for n, name in enumerate(names)}


@pytest.mark.parametrize(
    ("partitions", "most"),
    [(["aaaa"], 1), (["abab"], 2), (["abcabcd"], 4), (["aabcdba"], 4), (["ab", "cdc"], 4), (["a.b.a"], 2), (["....", "x"], 1), ([], 0)],
)
def test_so_many_rows_can_follow_each_other_without_a_key_coming_twice(partitions, most):
    assert rows_without_a_key_twice(topic_of(*partitions)) == most


def test_no_flush_with_each_key_once_is_larger():
    """Against all flushes that there can be: each has of every partition a stretch of its rows."""
    outcomes = topic_of("abcbad", "ee.fge")
    of_partition = [[row[0] for place, row in sorted(outcomes.items()) if place[0] == p and row != "unmatched"] for p in (0, 1)]
    stretches = [[names[i:j] for i in range(len(names) + 1) for j in range(i, len(names) + 1)] for names in of_partition]
    once = [len(a) + len(b) for a in stretches[0] for b in stretches[1] if len({*a, *b}) == len(a) + len(b)]
    assert rows_without_a_key_twice(outcomes) == max(once)


def test_flushes_are_counted_that_are_too_large_to_have_each_key_once():
    log = "=== start 1\nFlushing 2 records to k.latest_play\nrejected 1\nFlushing 3 records to k.latest_play\nFlushing 500 records to k.latest_play\n"
    outcomes = topic_of("abab")
    assert flushes_with_a_key_twice(outcomes, [log, "Flushing 1 records to x\n"]) == latest.Flushes(all=4, with_a_key_twice=2)
    assert flushes_with_a_key_twice(outcomes, ["nothing yet"]) == latest.Flushes(0, 0)


def test_the_events_are_such_that_ordinary_flushes_have_a_key_twice(outcomes):
    """Of 200 events a second an engine has 40 in a flush of 200 ms."""
    assert rows_without_a_key_twice(outcomes) < 40


# --------------------------------------------------------------------------------------------------- the run and its report


def test_the_pipeline_has_the_oracles_columns_and_its_key():
    text = LATEST.path.read_text()
    columns = re.search(r"CREATE TABLE latest_play \((.*?)\n\)", text, re.DOTALL)[1]
    assert [line.split()[0] for line in columns.strip().splitlines()] == COLUMNS
    assert "primary_key = '((name))'" in text


def test_help_names_the_pipelines_and_an_unknown_one_is_refused():
    def run(*words):
        return subprocess.run([sys.executable, ROOT / "tests" / "chaos" / "run.py", *words], capture_output=True, text=True, check=False)

    assert set(PIPELINES) == {"history", "latest", "tables", "stores"}
    said = run("--help")
    assert said.returncode == 0 and "--pipeline {history,latest,tables,stores}" in said.stdout and "default" in said.stdout
    assert run("--pipeline", "other").returncode == 2


def test_the_report_has_what_is_mixed_and_the_flushes(tmp_path):
    verdict = Verdict(rows=120, letters=34)
    verdict.counts["mixed"] = 0
    verdict.add("mixed", "a row has cells of several plays", (1, 2))
    outcome = {
        "pipeline": "latest", "flushes": {"cassandra": latest.Flushes(1500, 300)}, "seed": 7, "minutes": 10.0, "passed": False,
        "totals": report.totals({"topic": Verdict(), "cassandra": verdict}), "command": "./dev chaos --pipeline latest", "commit": "abc",
        "date": "2026-01-02", "machine": "2 cores", "brokers": 3, "nodes": 3, "engines": 3, "members": "static", "rate": 200, "flush_rows": 500,
        "lanes": {"engine-1": 1}, "excused": {}, "acknowledged": 1234, "unacknowledged": 5, "engine_kills": 9, "faults": {"engine_kill": 9},
        "faults_left_out": {}, "times": {}, "load": {}, "verdicts": {"topic": Verdict(), "cassandra": verdict}, "complaints": [], "endings": [],
        "endings_excused": {}, "not_possible": [],
    }  # fmt: skip
    report.write(tmp_path, outcome)
    text = (tmp_path / "report.md").read_text()
    for word in ("# Chaos, latest, seed 7", "**Lost 0, twice 0, wrong 0, mixed 1.**", "| lost | twice | wrong | mixed |", "| cassandra | 300 | 1,500 |"):
        assert word in text
    assert "| topic | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |" in text and "| cassandra | 120 | 34 | 0 | 0 | 0 | 0 | 0 | 0 | 1 |" in text
    assert "lost 0, twice 0, wrong 0, mixed 1, copies" in report.summary(outcome, tmp_path)
