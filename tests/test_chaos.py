"""The parts of ./dev chaos that need no server: its oracle finds what is planted, and its plan is made by the seed alone."""

import asyncio
import dataclasses
import json
import math
import random
import time

import pytest

from chaos import oracle, report, songs
from chaos.events import MALFORMED, Events
from chaos.faults import Faults, HadNoEffect
from chaos.found import acknowledged_of, encoded, letter_of_message, letters_of_file
from chaos.oracle import Acknowledged, Growth, Judge, Letter, Record, Verdict
from chaos.plan import WEIGHTS, Fault, plan_of
from chaos.proxy import Link
from support.forwarder import free_port
from support.listening import CATALOGUE, COLUMNS, FEATURES, catalogue, song_names

TOPIC = "plays"
JUDGE = Judge(catalogue())


@pytest.fixture
def world():
    """A topic of 2,000 events in two partitions, and exactly the rows and letters that belong to it."""
    events = Events(7, song_names(500))
    records = {(n % 2, n // 2): record_of(events.next(), 1_709_251_200_000 + n) for n in range(2000)}
    outcomes = JUDGE.outcomes(records)
    rows = [outcome for outcome in outcomes.values() if isinstance(outcome, tuple)]
    letters = [Letter(TOPIC, *place, records[place], why) for place, why in outcomes.items() if isinstance(why, str)]
    return records, rows, letters


def record_of(event, timestamp_ms):
    return Record(event.value, event.key, event.headers, timestamp_ms)


def verdict_of(records, rows, letters, acknowledged=()):
    verdict = Verdict()
    oracle.check_acknowledged(acknowledged, records, verdict)
    outcomes = JUDGE.outcomes(records)
    oracle.check_rows(outcomes, rows, verdict)
    oracle.check_letters(TOPIC, records, outcomes, letters, verdict)
    return verdict


def counted(verdict):
    return tuple(verdict.counts[kind] for kind in ("lost", "twice", "wrong"))


def test_each_event_is_judged_as_it_was_meant():
    events = Events(3, song_names(500))
    seen = set()
    for _ in range(20_000):
        event = events.next()
        judged = JUDGE.row_or_reason((0, 0), event.value)
        assert (judged if isinstance(judged, str) else "row") == event.meant, event.value
        seen.add(event.meant)
    assert seen == {"row", "unmatched", *MALFORMED}


def test_what_is_right_is_found_right(world):
    records, rows, letters = world
    acknowledged = [Acknowledged(n, *place, r.value, r.key, r.headers) for n, (place, r) in enumerate(records.items())]
    verdict = verdict_of(records, rows, letters, acknowledged)
    assert verdict.good and counted(verdict) == (0, 0, 0)
    assert verdict.rows + verdict.letters == len(records) and verdict.letters > 100


def test_a_lost_row_is_found(world):
    records, rows, letters = world
    verdict = verdict_of(records, rows[:5] + rows[6:], letters)
    assert counted(verdict) == (1, 0, 0) and not verdict.good
    assert verdict.examples[0].place == rows[5][-2:] and verdict.examples[0].expected == rows[5]


def test_a_doubled_row_is_found(world):
    records, rows, letters = world
    moved = (rows[5][0], rows[5][1], rows[5][2], "2024-01-01 00:00", *rows[5][4:])  # Another key, the same record.
    for double in (rows[5], moved):
        assert counted(verdict_of(records, [*rows, double], letters)) == (0, 1, 0)


@pytest.mark.parametrize("column", range(21))
def test_a_wrong_cell_is_found_in_every_column(world, column):
    records, rows, letters = world
    cell = rows[5][column]
    for other in (None, str(cell) + "x" if isinstance(cell, str) else cell + 1):
        wrong = (*rows[5][:column], other, *rows[5][column + 1 :])
        assert counted(verdict_of(records, [*rows[:5], wrong, *rows[6:]], letters)) == (0, 0, 1)


def test_floats_are_compared_by_their_bits_and_types_count():
    assert not oracle.same_row((0.0,), (-0.0,)) and not oracle.same_row((1,), (1.0,)) and not oracle.same_row((1,), (True,))
    assert oracle.same_row((1.5, None, "a"), (1.5, None, "a"))


def test_a_row_of_no_record_and_a_row_of_a_dead_letter_are_found(world):
    records, rows, letters = world
    nowhere = (*rows[5][:-1], 10**6)
    dead = (*rows[5][:-2], letters[0].partition, letters[0].offset)
    verdict = verdict_of(records, [*rows, nowhere, dead], letters)
    assert counted(verdict) == (0, 0, 2)
    assert {example.place for example in verdict.examples} == {nowhere[-2:], dead[-2:]}


def test_a_lost_letter_is_found(world):
    records, rows, letters = world
    verdict = verdict_of(records, rows, letters[1:])
    assert counted(verdict) == (1, 0, 0)
    assert verdict.examples[0].place == (letters[0].partition, letters[0].offset)


def test_a_repeated_letter_is_allowed_and_counted(world):
    records, rows, letters = world
    verdict = verdict_of(records, rows, [*letters, letters[3]])
    assert verdict.good and verdict.repeated_letters == 1


def test_wrong_letters_are_found(world):
    records, rows, letters = world
    good = letters[3]
    spoiled = [
        dataclasses.replace(good, reason="row_refused"),
        dataclasses.replace(good, topic="another_topic"),
        dataclasses.replace(good, offset=10**6),
        Letter(TOPIC, *rows[0][-2:], records[rows[0][-2:]], "unmatched"),
    ]
    for letter in spoiled:
        assert counted(verdict_of(records, rows, [*letters, letter])) == (0, 0, 1), letter


@pytest.mark.parametrize("change", [{"value": b"other bytes"}, {"key": b"other"}, {"headers": (("a", None),)}, {"timestamp_ms": 5}])
def test_a_letter_that_is_not_its_record_is_found(world, change):
    records, rows, letters = world
    other = dataclasses.replace(letters[3].record, **change)
    changed = [*letters[:3], dataclasses.replace(letters[3], record=other), *letters[4:]]
    assert counted(verdict_of(records, rows, changed)) == (0, 0, 1)


def growth_of(*notes):
    growth = Growth()
    for at, length in notes:
        growth.note(at, at, length)
    return growth


def copies_of(*spans, disturbed, commits=()):
    """The verdict on one letter whose copies were written in these spans; its record is at offset 1."""
    growths = {}
    for number, (after, before) in enumerate(spans):
        growth = growths[f"file {number}"] = Growth()
        growth.note(after, after, 100)
        growth.note(before, before, 200)
    verdict = Verdict()
    oracle.check_copies({(0, 1): [(name, 100) for name in growths]}, growths, disturbed, {0: growth_of(*commits)}, verdict)
    return counted(verdict)


def test_a_copy_of_a_letter_is_allowed_only_where_a_disturbance_came_between():
    assert copies_of((10, 11), disturbed=[]) == (0, 0, 0)
    assert copies_of((10, 11), (20, 21), disturbed=[]) == (0, 1, 0)
    assert copies_of((10, 11), (20, 21), disturbed=[(15, 16)]) == (0, 0, 0)
    assert copies_of((10, 11), (20, 21), disturbed=[(0, 9), (22, 30)]) == (0, 1, 0)
    assert copies_of((20, 21), (10, 11), disturbed=[(0, 9), (22, 30)]) == (0, 1, 0)
    assert copies_of((10, 11), (20, 21), (30, 31), disturbed=[(15, 16)]) == (0, 1, 0)
    assert copies_of((10, 11), (20, 21), (30, 31), disturbed=[(15, math.inf)]) == (0, 0, 0)


def test_a_copy_of_a_letter_is_a_fault_long_after_its_record_was_committed():
    always = [(0, math.inf)]
    late = 12 + oracle.LATE_SECONDS
    for commits, again, twice in (
        ([(12, 2)], late - 1, 0),
        ([(12, 2)], late + 1, 1),
        ([(12, 1)], late + 1, 0),  # Committed up to it, but not it.
        ([], late + 1, 0),
        ([(12, 2), (late, 5)], late + 1, 1),
    ):
        assert copies_of((10, 11), (again, again + 1), disturbed=always, commits=commits) == (0, twice, 0), (commits, again)
    assert copies_of((10, 11), (20, 21), (late + 1, late + 2), disturbed=always, commits=[(12, 2)]) == (0, 1, 0)


def test_a_commit_that_went_back_leaves_its_records_uncommitted():
    growth = growth_of((1, 0), (5, 10), (7, 20), (9, 30))
    assert growth.written(15) == (5, 7)
    growth.forget_beyond(12)
    growth.note(11, 11, 12)
    assert growth.written(9) == (1, 5) and growth.written(15) == (11, math.inf)
    growth.note(13, 13, 40)
    assert growth.written(15) == growth.written(35) == (11, 13)


def test_more_copies_than_records_in_flight_explain_are_a_fault():
    for copies, twice in ((oracle.COPIES_SPARE + 30, 0), (oracle.COPIES_SPARE + 31, 1)):
        verdict = Verdict(rows=900, letters=100, repeated_letters=copies)
        oracle.check_amount_of_copies([100, 200], 1000, verdict)
        assert counted(verdict) == (0, twice, 0) and verdict.repeated_letters_limit == oracle.COPIES_SPARE + 30


def test_the_share_of_time_in_which_a_copy_would_be_excused():
    growths = {"file": growth_of((0, 0), (10, 1), (20, 2))}
    ended = 20 + 4 * oracle.LATE_SECONDS
    committed = {0: growth_of((0, 0), (10, 1), (20, 2))}
    both = {(0, 0): [("file", 0)], (0, 1): [("file", 1)]}
    assert oracle.excused_share({(0, 1): both[0, 1]}, growths, committed, ended) == 0.25
    assert 0.24 < oracle.excused_share(both, growths, committed, ended) < 0.25
    assert oracle.excused_share(both, growths, {0: Growth()}, ended) == 1 and oracle.excused_share({}, growths, committed, ended) == 0


def test_a_song_in_versions_has_the_features_of_one_of_them_and_no_mixture(world):
    records, rows, letters = world
    place, row = rows[5][-2:], rows[5]
    duration, tempo = COLUMNS.index("duration_ms"), COLUMNS.index("tempo")
    newer = [*row]
    newer[duration], newer[tempo] = newer[duration] + 1, newer[tempo] + 1
    mixed = [*row]
    mixed[duration] += 1
    features = COLUMNS.index(FEATURES[0])
    versions = {row[oracle.SONG_COLUMN]: [row[features:-2], tuple(newer[features:-2])]}
    for found, others, wrong in ((row, 0, 0), (newer, 1, 0), (mixed, 0, 1)):
        verdict = Verdict()
        oracle.check_rows({place: row}, [tuple(found)], verdict, versions)
        assert counted(verdict) == (0, 0, wrong) and verdict.other_versions == others
    verdict = Verdict()
    oracle.check_rows({place: row}, [tuple(newer)], verdict, {"another song": versions[row[oracle.SONG_COLUMN]]})
    assert counted(verdict) == (0, 0, 1)


def test_a_version_of_the_catalogue_differs_in_one_song_by_two_numbers(tmp_path):
    expected = songs.versions()[songs.SONG]
    assert len({features[FEATURES.index(name)] for features in expected for name in ("duration_ms", "tempo")}) == 2 * songs.VERSIONS
    for version in range(songs.VERSIONS):
        path = tmp_path / f"{version}.csv"
        path.write_bytes(songs.file_of(version))
        assert catalogue(path) == {**catalogue(), songs.SONG: expected[version]}
    assert (tmp_path / "0.csv").read_bytes() == CATALOGUE.read_bytes()
    played = songs.with_song(song_names(1000))
    assert 0.04 < played.count(songs.SONG) / len(played) < 0.06


def test_it_is_known_in_which_span_a_letter_was_written():
    growth = Growth()
    assert growth.written(0) == (-math.inf, math.inf)
    for asked, answered, length in ((1, 2, 0), (3, 4, 0), (5, 6, 10), (7, 8, 10), (9, 10, 8), (11, 12, 30)):
        growth.note(asked, answered, length)
    assert growth.written(0) == growth.written(9) == (3, 6)
    assert growth.written(10) == growth.written(29) == (7, 12)
    assert growth.written(30) == (11, math.inf)


def test_an_acknowledged_event_that_is_not_in_the_topic_is_found(world):
    records, rows, letters = world
    place, record = next(iter(records.items()))
    assert counted(verdict_of(records, rows, letters, [Acknowledged(1, 0, 10**6, b"x")])) == (1, 0, 0)
    assert counted(verdict_of(records, rows, letters, [Acknowledged(1, 0, -1, b"x")])) == (1, 0, 0)
    assert counted(verdict_of(records, rows, letters, [Acknowledged(1, 0, -1, record.value, record.key, record.headers)])) == (0, 0, 0)
    for other in ((b"another value", record.key, record.headers), (record.value, b"another", record.headers), (record.value, record.key, (("a", b""),))):
        assert counted(verdict_of(records, rows, letters, [Acknowledged(1, *place, *other)])) == (0, 0, 1)


def test_all_is_counted_though_few_examples_are_kept(world):
    records, _, letters = world
    verdict = verdict_of(records, [], letters)
    assert verdict.counts["lost"] == verdict.rows > 1000
    assert len(verdict.examples) == oracle.EXAMPLES_LIMIT


def test_letters_are_read_from_files_and_torn_lines_are_counted(tmp_path):
    whole = {
        "topic": TOPIC, "partition": 1, "offset": 2, "time": "2024-03-01T00:00:00.007Z", "reason": "json_syntax", "detail": "",
        "key_base64": encoded(b"k"), "value_base64": encoded(b"\xff{"), "headers": [{"name": "a", "value_base64": encoded(b"")}, {"name": "b"}],
    }  # fmt: skip
    nothing = {name: value for name, value in whole.items() if name not in ("key_base64", "headers")}
    nothing |= {"offset": 3, "reason": "empty_value", "value_base64": None}
    lines = [json.dumps(whole).encode() + b"\n", json.dumps(whole).encode()[:20] + b"\n", json.dumps(nothing).encode() + b"\n"]
    path = tmp_path / "dead.jsonl"
    path.write_bytes(b"".join(lines))
    verdict = Verdict()
    time = 1_709_251_200_007
    assert list(letters_of_file(path, verdict)) == [
        Letter(TOPIC, 1, 2, Record(b"\xff{", b"k", (("a", b""), ("b", None)), time), "json_syntax", ("dead.jsonl", 0)),
        Letter(TOPIC, 1, 3, Record(None, None, (), time), "empty_value", ("dead.jsonl", len(lines[0]) + len(lines[1]))),
    ]
    assert verdict.torn_lines == 1
    assert list(letters_of_file(tmp_path / "none.jsonl", verdict)) == []


def letter_headers(reason=b"json_syntax", **changed):
    said = {"topic": b"plays", "partition": b"3", "offset": b"41", "connector.name": b"x", "stage": b"VALUE_CONVERTER"}
    said |= {"exception.class.name": b"turntable.json_syntax", "exception.message": b"it is no JSON", **changed}
    return (*((f"__connect.errors.{name}", value) for name, value in said.items()), ("turntable.reason", reason))


def test_letters_are_read_from_messages():
    kept = ("partition 0", 5)
    own = (("trace", b"1"), ("__connect.errors.topic", b"elsewhere"), ("turntable.reason", b"unmatched"))
    for before in ((), own):
        letter = letter_of_message(Record(b"{", None, before + letter_headers(), 7), kept)
        assert letter == Letter("plays", 3, 41, Record(b"{", None, before, 7), "json_syntax", kept)
    for headers in (letter_headers(reason=b"unmatched"), letter_headers(**{"exception.message": b""}), letter_headers(stage=b"")):
        assert letter_of_message(Record(b"{", None, headers, 7), kept).reason not in ("json_syntax", "unmatched")
    assert letter_of_message(Record(b"{", None, own[:1], 7), kept) is None


def test_the_producers_log_is_read_back(tmp_path):
    path = tmp_path / "acknowledged.jsonl"
    first = {"number": 1, "partition": 0, "offset": 5, "value": encoded(b"\xff"), "key": None, "headers": [["a", encoded(b"b")], ["n", None]]}
    second = {"number": 2, "partition": 1, "offset": 0, "value": None, "key": encoded(b""), "headers": []}
    path.write_text("".join(json.dumps(entry) + "\n" for entry in (first, second)))
    assert list(acknowledged_of(path)) == [
        Acknowledged(1, 0, 5, b"\xff", None, (("a", b"b"), ("n", None))),
        Acknowledged(2, 1, 0, None, b""),
    ]


# ------------------------------------------------------------------------------------------------------- plan and network


def test_a_seed_gives_the_same_plan_and_the_same_events_again():
    assert plan_of(5, 600) == plan_of(5, 600) != plan_of(6, 600)
    assert 1.6 < len(plan_of(5, 3600)) / len(plan_of(5, 3600, engines=1)) < 2.4
    assert {fault.kind for fault in plan_of(5, 3600)} == set(WEIGHTS)
    assert all(fault.kind != "disk_full" for fault in plan_of(5, 3600, frozenset({"disk_full"})))
    songs = song_names(100)
    first, second = Events(5, songs), Events(5, songs)
    assert [first.next() for _ in range(500)] == [second.next() for _ in range(500)]


def test_every_kind_of_fault_comes_before_any_comes_twice():
    for seed in range(50):
        for leave_out in (frozenset(), frozenset({"disk_full"})):
            kinds = set(WEIGHTS) - leave_out
            for engines in (1, 3):
                plan = plan_of(seed, 300, leave_out, engines)
                assert {fault.kind for fault in plan[: len(kinds)]} == kinds
                assert plan[len(kinds) - 1].at < (150 if engines > 1 else 200)


class Target:
    """Of faults: taken so many times before it is free, and then so many times without effect."""

    def __init__(self, taken=0, without_effect=0):
        self.taken, self.without_effect = taken, without_effect

    def begin(self, fault):
        self.taken -= 1
        return None if self.taken >= 0 else self.work()

    async def work(self):
        self.without_effect -= 1
        if self.without_effect >= 0:
            raise HadNoEffect("it did not break")


def brought_about(plan, targets):
    faults = Faults(None, [], [], None, lambda text: None)
    faults.begin = lambda fault: targets[fault.kind].begin(fault)
    asyncio.run(faults.run([Fault(0.02 * n, kind, 0, 0, 0) for n, kind in enumerate(plan)], time.monotonic()))
    return faults


def test_a_fault_is_counted_after_its_effect_and_a_kind_that_has_not_come_is_tried_again():
    faults = brought_about("aaba", {"a": Target(), "b": Target(taken=1)})
    assert faults.done == {"a": 3, "b": 1} and faults.left_out == {"b": 1} and not faults.owed
    faults = brought_about("aabaa", {"a": Target(), "b": Target(without_effect=1)})
    assert faults.done == {"a": 4, "b": 1} and faults.left_out == {"b": 1} and faults.never_came("abc") == ["c"]
    faults = brought_about("aaba", {"a": Target(taken=1), "b": Target(without_effect=9)})
    assert faults.done == {"a": 2} and faults.never_came("ab") == ["b"]
    faults = brought_about("ab", {"a": Target(), "b": Target(taken=1)})
    assert faults.done == {"a": 1, "b": 1}, "at the end, when all targets are free"


async def echo(reader, writer):
    while data := await reader.read(100):
        writer.write(data)
    writer.close()


async def asked(reader, writer, seconds=5.0):
    """Sends a word and waits for its echo; None if nothing comes in time."""
    writer.write(b"word")
    try:
        return await asyncio.wait_for(reader.read(100), seconds)
    except asyncio.TimeoutError:
        return None


def with_link(work):
    async def run():
        places = [("127.0.0.1", free_port()), ("127.0.0.1", free_port())]
        server = await asyncio.start_server(echo, *places[0])
        link = Link("Kafka broker 1", places[1], places[0], random.Random(1))
        await link.open()
        try:
            await work(link, *(await asyncio.open_connection(*link.front)))
        finally:
            await link.close()
            server.close()

    asyncio.run(run())


def test_a_link_passes_what_comes_also_slowly():
    async def work(link, reader, writer):
        assert await asked(reader, writer) == b"word"
        link.slow()
        assert await asked(reader, writer) == b"word"

    with_link(work)


def test_a_black_hole_holds_bytes_until_it_is_healed():
    async def work(link, reader, writer):
        assert await asked(reader, writer) == b"word"
        link.swallow()
        assert await asked(reader, writer, 0.3) is None
        link.heal()
        assert await asyncio.wait_for(reader.read(100), 5) == b"word"

    with_link(work)


def test_a_reset_is_seen_by_the_client_and_a_new_connection_works():
    async def work(link, reader, writer):
        assert await asked(reader, writer) == b"word"
        link.reset()
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(100), 5)
        assert await asked(*(await asyncio.open_connection(*link.front))) == b"word"

    with_link(work)


def test_a_half_open_connection_is_silent_until_it_is_healed_and_then_reset():
    async def work(link, reader, writer):
        assert await asked(reader, writer) == b"word"
        link.half_open()
        assert await asked(reader, writer, 0.3) is None
        late_reader, late_writer = await asyncio.open_connection(*link.front)
        assert await asked(late_reader, late_writer, 0.3) is None
        link.heal()
        for one in (reader, late_reader):
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(one.read(100), 5)
        assert await asked(*(await asyncio.open_connection(*link.front))) == b"word"

    with_link(work)


# ----------------------------------------------------------------------------------------------------------------- report


@pytest.mark.parametrize("passed", [True, False])
def test_the_report_tells_all_that_a_reader_asks_for(tmp_path, passed):
    verdict = Verdict(rows=1200, letters=34, repeated_letters=5, repeated_letters_limit=70, other_versions=12)
    if not passed:
        verdict.add("lost", "a record has no row", (1, 2), b"\xff")
    outcome = {
        "pipeline": "history", "flushes": {}, "seed": 7, "minutes": 60.0, "passed": passed, "totals": report.totals({"cassandra": verdict}), "command": "./dev chaos --seed 7",
        "commit": "abc", "date": "2026-01-02", "machine": "2 cores", "brokers": 3, "nodes": 3, "engines": 3, "members": "static", "rate": 200,
        "flush_rows": 500, "lanes": {"engine-1": 1, "engine-2": 2}, "excused": {"cassandra": 0.07},
        "acknowledged": 1234, "unacknowledged": 5, "engine_kills": 9, "faults": {"engine_kill": 9, "net_reset": 1}, "faults_left_out": {},
        "times": report.distributions_of({"broker, until in sync": [3.0, 1.04, 2.0], "none": []}), "load": {}, "verdicts": {"cassandra": verdict},
        "complaints": [] if passed else ["engine-1 hung"], "endings": [], "endings_excused": {"fenced": 2}, "not_possible": ["full disks"],
    }  # fmt: skip
    report.write(tmp_path, outcome)
    text = (tmp_path / "report.md").read_text()
    assert f"minutes: {'passed' if passed else 'FAILED'}" in text.splitlines()[0]
    for word in ("`./dev chaos --seed 7`, at commit abc", "1,234 events", "10 faults, 9 SIGKILLs", "2, fenced", "| engine kill | 9 | 0 |", "full disks", "500 rows", "engine-2 2", "12 rows are of another", "7%"):
        assert word in text
    assert f"| cassandra | 1,200 | 34 | 5 | 70 | 0 | {0 if passed else 1} | 0 | 0 |" in text
    assert "| broker, until in sync | 3 | 1.0 | 2.0 | 3.0 |" in text
    assert ("engine-1 hung" in text and "a record has no row" in text) is not passed
    assert json.loads((tmp_path / "report.json").read_text())["verdicts"]["cassandra"]["rows"] == 1200
    assert ("lost in cassandra" in report.summary(outcome, tmp_path)) is not passed
