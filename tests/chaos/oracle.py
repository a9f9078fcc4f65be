"""Says what must be in the tables and among the dead letters, and what of that is lost, there twice, or wrong.

It shares no code with the program: JSON is read by Python's json, the catalogue by Python's csv. What must be there follows
from what the topic holds; what the producer was told is acknowledged must be in the topic. It needs no server, and is
tested itself in tests/test_chaos.py: an oracle that finds nothing proves nothing.
"""

from __future__ import annotations

import datetime
import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Place = tuple[int, int]  # Partition and offset.
NEEDED: dict[str, type] = {"id": int, "name": str, "song": str, "time": str}  # The NOT NULL columns of the stream.
INT_LIMIT = 2**31
EXAMPLES_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An event that the broker has acknowledged to the producer."""

    number: int
    partition: int
    offset: int
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter, wherever it was kept: the identity is topic, partition and offset."""

    topic: str
    partition: int
    offset: int
    value: bytes | None
    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    kind: str  # "lost", "twice" or "wrong"
    what: str  # A sentence.
    place: Place | None
    expected: object = None
    found: object = None


@dataclass
class Verdict:
    """What comparing came to. Of the findings only the first of each kind are kept, but all are counted."""

    rows: int = 0  # That must be there.
    letters: int = 0  # That must be there.
    repeated_letters: int = 0  # Kept more than once after a kill, which is allowed.
    torn_lines: int = 0  # Of dead-letter files: cut short by a kill; the record must be there in another line.
    counts: dict[str, int] = field(default_factory=lambda: {"lost": 0, "twice": 0, "wrong": 0})
    examples: list[Finding] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not any(self.counts.values())

    def add(self, kind: str, what: str, place: Place | None, expected: object = None, found: object = None) -> None:
        self.counts[kind] += 1
        if sum(example.kind == kind for example in self.examples) < EXAMPLES_LIMIT:
            self.examples.append(Finding(kind, what, place, expected, found))


class Judge:
    """Decides about one record: its row, or the reason why it has none."""

    def __init__(self, songs: Mapping[str, tuple]) -> None:
        self.songs = songs

    def row_or_reason(self, place: Place, value: bytes | None) -> tuple | str:
        if not value:
            return "empty_value"
        try:
            event = json.loads(value.decode("utf-8"))
        except UnicodeDecodeError:
            return "invalid_utf8"
        except ValueError:
            return "json_syntax"
        if not isinstance(event, dict):
            return "json_syntax"
        for name, kind in NEEDED.items():
            if name not in event:
                return "missing_field"
            if event[name] is None:
                return "null_field"
            if type(event[name]) is not kind:
                return "wrong_type"
        if not -INT_LIMIT <= event["id"] < INT_LIMIT:
            return "out_of_range"
        features = self.songs.get(event["song"])
        if features is None:
            return "unmatched"
        try:
            time = datetime.datetime.strptime(event["time"], "%Y-%m-%d %H:%M")
        except ValueError:
            return "bad_value"
        return (event["id"], event["name"], event["song"], event["time"], time.hour, f"{time:%Y-%m-%d}", *features, *place)


def check_acknowledged(acknowledged: Iterable[Acknowledged], records: Mapping[Place, bytes | None], verdict: Verdict) -> None:
    """What was acknowledged is in the topic, where and as it was acknowledged."""
    values: set[bytes | None] | None = None
    for event in acknowledged:
        place = (event.partition, event.offset)
        if event.offset < 0:  # The broker knew the batch already and no longer said where it is.
            values = set(records.values()) if values is None else values
            if event.value not in values:
                verdict.add("lost", "an acknowledged event is not in the topic", None, event.value)
            continue
        if place not in records:
            verdict.add("lost", "an acknowledged event is not in the topic", place, event.value)
        elif records[place] != event.value:
            verdict.add("wrong", "the topic holds another value than was acknowledged", place, event.value, records[place])


def check_rows(records: Mapping[Place, bytes | None], rows: Iterable[tuple], judge: Judge, verdict: Verdict) -> None:
    """Every record that has a row has it once, with exactly these values; and there is no other row."""
    seen: set[Place] = set()
    for found in rows:
        place = (found[-2], found[-1])
        if place in seen:
            verdict.add("twice", "a record has two rows", place, found=found)
            continue
        seen.add(place)
        if place not in records:
            verdict.add("wrong", "a row belongs to no record", place, found=found)
            continue
        expected = judge.row_or_reason(place, records[place])
        if isinstance(expected, str):
            verdict.add("wrong", f"a record that is {expected} has a row", place, found=found)
        elif not same_row(expected, tuple(found)):
            verdict.add("wrong", "a row has other values than its record", place, expected, found)
    for place, value in records.items():
        expected = judge.row_or_reason(place, value)
        if isinstance(expected, str):
            continue
        verdict.rows += 1
        if place not in seen:
            verdict.add("lost", "a record has no row", place, expected)


def check_letters(
    topic: str, records: Mapping[Place, bytes | None], letters: Iterable[Letter], judge: Judge, verdict: Verdict
) -> None:
    """Every record that has no row has a dead letter with its bytes and the right reason; and there is no other letter."""
    seen: set[Place] = set()
    for letter in letters:
        place = (letter.partition, letter.offset)
        if letter.topic != topic or place not in records:
            verdict.add("wrong", f"a dead letter of {letter.topic} belongs to no record", place, found=letter)
            continue
        expected = judge.row_or_reason(place, records[place])
        if not isinstance(expected, str):
            verdict.add("wrong", "a record that has a row is a dead letter", place, expected, letter)
        elif letter.value != records[place]:
            verdict.add("wrong", "a dead letter has other bytes than its record", place, records[place], letter)
        elif letter.reason != expected:
            verdict.add("wrong", f"a record that is {expected} is a dead letter as {letter.reason}", place, records[place], letter)
        verdict.repeated_letters += place in seen
        seen.add(place)
    for place, value in records.items():
        reason = judge.row_or_reason(place, value)
        if not isinstance(reason, str):
            continue
        verdict.letters += 1
        if place not in seen:
            verdict.add("lost", f"a record that is {reason} is no dead letter", place, value)


def same_row(expected: tuple, found: tuple) -> bool:
    """Values and their types; floats by their bits, so that -0.0 is not 0.0."""
    return len(expected) == len(found) and all(map(same_cell, expected, found))


def same_cell(expected: object, found: object) -> bool:
    if type(expected) is not type(found):
        return False
    if isinstance(expected, float):
        return struct.pack("<d", expected) == struct.pack("<d", found)
    return expected == found
