"""Says what must be in the tables and among the dead letters, and what of that is lost, there twice, or wrong.

It shares no code with the program: JSON is read by Python's json, the catalogue by Python's csv. What must be there follows
from what the topic holds; what the producer was told is acknowledged must be in the topic. A dead letter may be kept again
after a kill, for it is written at least once; its identity is topic, partition and offset, and by that there is exactly one.
A copy is a fault where nothing happened to the engines between it and the one before, where its record had been committed long
before, and where there are more copies than records could be read again. It needs no server, and is tested itself in
tests/test_chaos.py: an oracle that finds nothing proves nothing.
"""

from __future__ import annotations

import datetime
import json
import math
import struct
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

Place = tuple[int, int]  # Partition and offset.
Headers = tuple[tuple[str, bytes | None], ...]
NEEDED: dict[str, type] = {"id": int, "name": str, "song": str, "time": str}  # The NOT NULL columns of the stream.
INT_LIMIT = 2**31
SONG_COLUMN = 2
EXAMPLES_LIMIT = 20
# What is committed is not read again; but an engine that had read it before, and was then paused or cut off, may write its copy when
# it comes back. A pause takes 14 s, a link's fault 15 s, a broker's restart half a minute, and they may follow one another.
LATE_SECONDS = 90.0
# Beside those of records in flight at the disturbances: the first engines of a run join one after the other.
COPIES_SPARE = 200


@dataclass(frozen=True, slots=True)
class Record:
    """What a topic holds at one place."""

    value: bytes | None
    key: bytes | None = None
    headers: Headers = ()
    timestamp_ms: int = 0


@dataclass(frozen=True, slots=True)
class Fates:
    """What is to become of all records."""

    tables: dict[str, dict[Place, tuple | str]]  # By table: of each record its row, or the reason why it has none there.
    letters: dict[Place, tuple | str]  # Of each record the reason of its dead letter; what it has instead where there is none.


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
    """How long a file or a partition of dead letters was when: so it is known in which span of time each letter was written.

    Of a group's commits the same: when each record was committed.
    """

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

    def forget_beyond(self, length: int) -> None:
        """A commit went back: what it no longer covers is committed when it is covered again."""
        kept = bisect_right(self.lengths, length)
        del self.lengths[kept:], self.first[kept:], self.last[kept:]

    def written(self, index: int) -> Span:
        after = bisect_right(self.lengths, index)
        return self.last[after - 1], self.first[after] if after < len(self.first) else math.inf


@dataclass(frozen=True, slots=True)
class Finding:
    kind: str  # "lost", "twice" or "wrong"; in latest.py "mixed" too.
    what: str  # A sentence.
    place: Place | None
    expected: object = None
    found: object = None


@dataclass
class Verdict:
    """What comparing came to. Of the findings only the first of each kind are kept, but all are counted."""

    rows: int = 0  # That must be there.
    letters: int = 0  # That must be there.
    repeated_letters: int = 0  # Kept more than once after a kill, which is allowed,
    repeated_letters_limit: int = 0  # up to so many.
    other_versions: int = 0  # Rows of a song that has versions, with another than the first.
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

    def event_or_reason(self, value: bytes | None) -> dict | str:
        """The play, or why it is none, whatever is made of it."""
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
        return event

    def row_or_reason(self, place: Place, value: bytes | None) -> tuple | str:
        event = self.event_or_reason(value)
        if isinstance(event, str):
            return event
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


def with_features(row: tuple, features: tuple) -> tuple:
    return (*row[: -2 - len(features)], *features, *row[-2:])


def check_rows(
    outcomes: Mapping[Place, tuple | str],
    rows: Iterable[tuple],
    verdict: Verdict,
    versions: Mapping[str, Sequence[tuple]] | None = None,
    song_column: int = SONG_COLUMN,
    with_features: Callable[[tuple, tuple], tuple] = with_features,
) -> None:
    """Every record that has a row has it once, with exactly these values; and there is no other row. Of a song whose row in the
    catalogue has `versions`, all features are those of one of them. A row ends with its record's partition and offset."""
    versions = versions or {}
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
        elif same_row(expected, tuple(found)):
            continue
        elif any(same_row(with_features(expected, features), tuple(found)) for features in versions.get(expected[song_column], ())):
            verdict.other_versions += 1
        else:
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


def with_inserts(reason: str, inserts: Iterable[tuple[str, str]]) -> str:
    """The reason of a dead letter that names INSERTs, each with a reason of its own. What names none is of all of them."""
    named = ", ".join(f"{insert}: {why}" for insert, why in sorted(inserts))
    return f"{reason} ({named})" if named else reason


def differences(record: Record, kept: Record) -> str:
    fields = {"value": "value", "key": "key", "headers": "headers", "timestamp_ms": "time"}
    return ", ".join(name for field, name in fields.items() if getattr(record, field) != getattr(kept, field))


def check_copies(
    copies: Mapping[Place, Sequence[tuple[str, int]]],
    growths: Mapping[str, Growth],
    disturbed: Sequence[Span],
    committed: Mapping[int, Growth],
    verdict: Verdict,
) -> None:
    """Between two copies of a letter the engines that write there were disturbed, and the later one was not written when its record
    had long been committed: else one is read or written twice for nothing. `committed`: the group's commits, by partition."""
    for place, kept in copies.items():
        if len(kept) < 2:
            continue
        spans = sorted(growths[where].written(index) for where, index in kept)
        _, done = committed[place[0]].written(place[1])
        for (earliest, _), (again, latest) in zip(spans, spans[1:]):
            if not any(begun <= latest and earliest <= ended for begun, ended in disturbed):
                verdict.add("twice", "a dead letter is kept twice though nothing came between", place, found=kept)
            elif again > done + LATE_SECONDS:
                seconds = f"{again - done:.0f} s after its record was committed"
                verdict.add("twice", f"a dead letter is kept again {seconds}", place, found=kept)


def check_amount_of_copies(in_flight: Iterable[int], records: int, verdict: Verdict) -> None:
    """There are no more copies than the dead letters among the records that were in flight at each disturbance: read, as far as
    anybody knew, and not committed. Most of them are not read a second time, so that this leaves room for those that were read
    while it lasted."""
    share = verdict.letters / max(1, records)
    verdict.repeated_letters_limit = COPIES_SPARE + round(share * sum(in_flight))
    if verdict.repeated_letters > verdict.repeated_letters_limit:
        amount = f"{verdict.repeated_letters:,} copies of dead letters, of {verdict.repeated_letters_limit:,} at most"
        verdict.add("twice", f"there are {amount}, that the records in flight explain", None)


def excused_share(
    copies: Mapping[Place, Sequence[tuple[str, int]]], growths: Mapping[str, Growth], committed: Mapping[int, Growth], ended: float
) -> float:
    """Of the time from each letter to the end of the run, in how much of it a copy would have been early enough to be excused."""
    excused = whole = 0.0
    for (partition, offset), kept in copies.items():
        written = min(min(growths[where].written(index)[1] for where, index in kept), ended)
        _, done = committed[partition].written(offset)
        excused += max(0.0, min(done + LATE_SECONDS, ended) - written)
        whole += ended - written
    return excused / whole if whole else 0.0


def same_row(expected: tuple, found: tuple) -> bool:
    """Values and their types; floats by their bits, so that -0.0 is not 0.0."""
    return len(expected) == len(found) and all(map(same_cell, expected, found))


def same_cell(expected: object, found: object) -> bool:
    if type(expected) is not type(found):
        return False
    if isinstance(expected, float):
        return struct.pack("<d", expected) == struct.pack("<d", found)
    return expected == found
