"""Says what must be in the tables and among the dead letters, and what of that is lost, there twice, or wrong.

It shares no code with the program: JSON is read by Python's json, the catalogue by Python's csv. What must be there follows
from what the topic holds; what the producer was told is acknowledged must be in the topic. A dead letter may be kept again
after a kill, for it is written at least once; its identity is topic, partition and offset, and by that there is exactly one.
Two copies between which nothing happened to their engines are a fault. It needs no server, and is tested itself in
tests/test_chaos.py: an oracle that finds nothing proves nothing.
"""

from __future__ import annotations

import datetime
import json
import math
import struct
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

Place = tuple[int, int]  # Partition and offset.
Headers = tuple[tuple[str, bytes | None], ...]
NEEDED: dict[str, type] = {"id": int, "name": str, "song": str, "time": str}  # The NOT NULL columns of the stream.
INT_LIMIT = 2**31
EXAMPLES_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Record:
    """What a topic holds at one place."""

    value: bytes | None
    key: bytes | None = None
    headers: Headers = ()
    timestamp_ms: int = 0


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An event that the broker has acknowledged to the producer. Its record's time is the broker's to tell."""

    number: int
    partition: int
    offset: int
    value: bytes | None
    key: bytes | None = None
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter, wherever it was kept: the identity is topic, partition and offset."""

    topic: str
    partition: int
    offset: int
    record: Record
    reason: str
    kept: tuple[str, int] = ("", 0)  # The file or the partition, and where in it.


Span = tuple[float, float]  # From a moment to a later one.


class Growth:
    """How long a file or a partition of dead letters was when: so it is known in which span of time each letter was written."""

    def __init__(self) -> None:
        self.lengths = [0]
        self.first = [-math.inf]  # When it was first seen to be so long,
        self.last = [-math.inf]  # and when last.

    def note(self, asked: float, answered: float, length: int) -> None:
        if length == self.lengths[-1]:
            self.last[-1] = asked
        elif length > self.lengths[-1]:
            self.lengths.append(length)
            self.first.append(answered)
            self.last.append(asked)

    def written(self, index: int) -> Span:
        after = bisect_right(self.lengths, index)
        return self.last[after - 1], self.first[after] if after < len(self.first) else math.inf


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
        clock = hour_and_date(event["time"])
        if clock is None:
            return "bad_value"
        return (event["id"], event["name"], event["song"], event["time"], *clock, *features, *place)

    def outcomes(self, records: Mapping[Place, Record]) -> dict[Place, tuple | str]:
        """What must be there: of each record its row, or the reason of its dead letter."""
        return {place: self.row_or_reason(place, record.value) for place, record in records.items()}


@cache
def hour_and_date(text: str) -> tuple[int, str] | None:
    try:
        time = datetime.datetime.strptime(text, "%Y-%m-%d %H:%M")
    except ValueError:
        return None
    return time.hour, f"{time:%Y-%m-%d}"


def check_acknowledged(acknowledged: Iterable[Acknowledged], records: Mapping[Place, Record], verdict: Verdict) -> None:
    """What was acknowledged is in the topic, where and as it was acknowledged."""
    known: set[tuple] | None = None
    for event in acknowledged:
        place = (event.partition, event.offset)
        sent = (event.value, event.key, event.headers)
        if event.offset < 0:  # The broker knew the batch already and no longer said where it is.
            known = {(r.value, r.key, r.headers) for r in records.values()} if known is None else known
            if sent not in known:
                verdict.add("lost", "an acknowledged event is not in the topic", None, event)
        elif place not in records:
            verdict.add("lost", "an acknowledged event is not in the topic", place, event)
        elif sent != (records[place].value, records[place].key, records[place].headers):
            verdict.add("wrong", "the topic holds something else than was acknowledged", place, event, records[place])


def check_rows(outcomes: Mapping[Place, tuple | str], rows: Iterable[tuple], verdict: Verdict) -> None:
    """Every record that has a row has it once, with exactly these values; and there is no other row."""
    seen: set[Place] = set()
    for found in rows:
        place = (found[-2], found[-1])
        if place in seen:
            verdict.add("twice", "a record has two rows", place, found=found)
            continue
        seen.add(place)
        expected = outcomes.get(place)
        if expected is None:
            verdict.add("wrong", "a row belongs to no record", place, found=found)
        elif isinstance(expected, str):
            verdict.add("wrong", f"a record that is {expected} has a row", place, found=found)
        elif not same_row(expected, tuple(found)):
            verdict.add("wrong", "a row has other values than its record", place, expected, found)
    for place, expected in outcomes.items():
        if isinstance(expected, str):
            continue
        verdict.rows += 1
        if place not in seen:
            verdict.add("lost", "a record has no row", place, expected)


def check_letters(
    topic: str, records: Mapping[Place, Record], outcomes: Mapping[Place, tuple | str], letters: Iterable[Letter], verdict: Verdict
) -> dict[Place, list[tuple[str, int]]]:
    """Every record that has no row has a dead letter with its bytes, key, headers and time, and the right reason; and there
    is no other letter. Where all copies of each are kept is returned, for check_copies()."""
    copies: defaultdict[Place, list[tuple[str, int]]] = defaultdict(list)
    for letter in letters:
        place = (letter.partition, letter.offset)
        if letter.topic != topic or place not in records:
            verdict.add("wrong", f"a dead letter of {letter.topic} belongs to no record", place, found=letter)
            continue
        expected = outcomes[place]
        if not isinstance(expected, str):
            verdict.add("wrong", "a record that has a row is a dead letter", place, expected, letter)
        elif different := differences(records[place], letter.record):
            verdict.add("wrong", f"a dead letter has another {different} than its record", place, records[place], letter)
        elif letter.reason != expected:
            verdict.add("wrong", f"a record that is {expected} is a dead letter as {letter.reason}", place, records[place], letter)
        copies[place].append(letter.kept)
    for place, reason in outcomes.items():
        if not isinstance(reason, str):
            continue
        verdict.letters += 1
        if place not in copies:
            verdict.add("lost", f"a record that is {reason} is no dead letter", place, records[place])
    verdict.repeated_letters = sum(len(kept) - 1 for kept in copies.values())
    return dict(copies)


def differences(record: Record, kept: Record) -> str:
    fields = {"value": "value", "key": "key", "headers": "headers", "timestamp_ms": "time"}
    return ", ".join(name for field, name in fields.items() if getattr(record, field) != getattr(kept, field))


def share(spans: Sequence[Span], begun: float, ended: float) -> float:
    """How much of the time from `begun` to `ended` the spans cover, which may overlap."""
    covered, at = 0.0, begun
    for first, last in sorted(spans):
        first, last = max(first, at), min(last, ended)
        if last > first:
            covered, at = covered + last - first, last
    return covered / (ended - begun)


def check_copies(
    copies: Mapping[Place, Sequence[tuple[str, int]]], growths: Mapping[str, Growth], disturbed: Sequence[Span], verdict: Verdict
) -> None:
    """Between two copies of a letter the engines that write there were disturbed: else one is read or written twice for nothing."""
    for place, kept in copies.items():
        spans = sorted(growths[where].written(index) for where, index in kept)
        for (earliest, _), (_, latest) in zip(spans, spans[1:]):
            if not any(begun <= latest and earliest <= ended for begun, ended in disturbed):
                verdict.add("twice", "a dead letter is kept twice though nothing came between", place, found=kept)


def same_row(expected: tuple, found: tuple) -> bool:
    """Values and their types; floats by their bits, so that -0.0 is not 0.0."""
    return len(expected) == len(found) and all(map(same_cell, expected, found))


def same_cell(expected: object, found: object) -> bool:
    if type(expected) is not type(found):
        return False
    if isinstance(expected, float):
        return struct.pack("<d", expected) == struct.pack("<d", found)
    return expected == found
