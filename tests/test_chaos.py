"""The parts of ./dev chaos that need no server: its oracle finds what is planted, and its plan is made by the seed alone."""

import asyncio
import json
import random

import pytest

from chaos import oracle
from chaos.events import MALFORMED, Events
from chaos.found import acknowledged_of, encoded, letter_of_message, letters_of_files
from chaos.oracle import Acknowledged, Judge, Letter, Verdict
from chaos.plan import WEIGHTS, plan_of
from chaos.proxy import Link
from support.forwarder import free_port
from support.listening import catalogue, song_names

TOPIC = "plays"
JUDGE = Judge(catalogue())


@pytest.fixture
def world():
    """A topic of 2,000 events in two partitions, and exactly the rows and letters that belong to it."""
    events = Events(7, song_names(500))
    records = {(n % 2, n // 2): events.next()[2] for n in range(2000)}
    outcomes = {place: JUDGE.row_or_reason(place, value) for place, value in records.items()}
    rows = [outcome for outcome in outcomes.values() if isinstance(outcome, tuple)]
    letters = [Letter(TOPIC, *place, records[place], why) for place, why in outcomes.items() if isinstance(why, str)]
    return records, rows, letters


def verdict_of(records, rows, letters, acknowledged=()):
    verdict = Verdict()
    oracle.check_acknowledged(acknowledged, records, verdict)
    oracle.check_rows(records, rows, JUDGE, verdict)
    oracle.check_letters(TOPIC, records, letters, JUDGE, verdict)
    return verdict


def counted(verdict):
    return tuple(verdict.counts[kind] for kind in ("lost", "twice", "wrong"))


def test_each_event_is_judged_as_it_was_meant():
    events = Events(3, song_names(500))
    seen = set()
    for _ in range(20_000):
        _, meant, value = events.next()
        judged = JUDGE.row_or_reason((0, 0), value)
        assert (judged if isinstance(judged, str) else "row") == meant, value
        seen.add(meant)
    assert seen == {"row", "unmatched", *MALFORMED}


def test_what_is_right_is_found_right(world):
    records, rows, letters = world
    acknowledged = [Acknowledged(n, *place, value) for n, (place, value) in enumerate(records.items())]
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
        Letter(TOPIC, good.partition, good.offset, b"other bytes", good.reason),
        Letter(TOPIC, good.partition, good.offset, good.value, "row_refused"),
        Letter("another_topic", good.partition, good.offset, good.value, good.reason),
        Letter(TOPIC, good.partition, 10**6, good.value, good.reason),
        Letter(TOPIC, *rows[0][-2:], records[rows[0][-2:]], "unmatched"),
    ]
    for letter in spoiled:
        assert counted(verdict_of(records, rows, [*letters, letter])) == (0, 0, 1), letter


def test_an_acknowledged_event_that_is_not_in_the_topic_is_found(world):
    records, rows, letters = world
    place = next(iter(records))
    assert counted(verdict_of(records, rows, letters, [Acknowledged(1, 0, 10**6, b"x")])) == (1, 0, 0)
    assert counted(verdict_of(records, rows, letters, [Acknowledged(1, *place, b"another value")])) == (0, 0, 1)


def test_all_is_counted_though_few_examples_are_kept(world):
    records, _, letters = world
    verdict = verdict_of(records, [], letters)
    assert verdict.counts["lost"] == verdict.rows > 1000
    assert len(verdict.examples) == oracle.EXAMPLES_LIMIT


def test_letters_are_read_from_files_and_torn_lines_are_counted(tmp_path):
    whole = {"topic": TOPIC, "partition": 1, "offset": 2, "time": None, "reason": "json_syntax", "detail": "", "value_base64": encoded(b"\xff{")}
    nothing = {**whole, "offset": 3, "reason": "empty_value", "value_base64": None}
    line = json.dumps(whole).encode()
    path = tmp_path / "dead.jsonl"
    path.write_bytes(line + b"\n" + line[:20] + line + b"\n" + json.dumps(nothing).encode() + b"\n")
    verdict = Verdict()
    letters = list(letters_of_files([path, tmp_path / "none.jsonl"], verdict))
    assert letters == [Letter(TOPIC, 1, 2, b"\xff{", "json_syntax"), Letter(TOPIC, 1, 3, None, "empty_value")]
    assert verdict.torn_lines == 1


def test_letters_are_read_from_messages():
    headers = [("__connect.errors.topic", b"plays"), ("__connect.errors.partition", b"3"), ("__connect.errors.offset", b"41")]
    headers.append(("__connect.errors.exception.class.name", b"json_syntax"))
    assert letter_of_message(b"{", headers) == Letter("plays", 3, 41, b"{", "json_syntax")


def test_the_producers_log_is_read_back(tmp_path):
    path = tmp_path / "acknowledged.jsonl"
    entries = [{"number": 1, "partition": 0, "offset": 5, "value": encoded(b"\xff")}, {"number": 2, "partition": 1, "offset": 0, "value": None}]
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    assert list(acknowledged_of(path)) == [Acknowledged(1, 0, 5, b"\xff"), Acknowledged(2, 1, 0, None)]


# ------------------------------------------------------------------------------------------------------- plan and network


def test_a_seed_gives_the_same_plan_and_the_same_events_again():
    assert plan_of(5, 600) == plan_of(5, 600) != plan_of(6, 600)
    assert {fault.kind for fault in plan_of(5, 3600)} == set(WEIGHTS)
    assert all(fault.kind != "disk_full" for fault in plan_of(5, 3600, frozenset({"disk_full"})))
    songs = song_names(100)
    first, second = Events(5, songs), Events(5, songs)
    assert [first.next() for _ in range(500)] == [second.next() for _ in range(500)]


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
