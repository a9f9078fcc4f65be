"""The second pipeline's oracle: of each person the row of the last play stands, whole.

pipelines/latest_play.sql keeps one row for each person, and the topic has all plays of a person in one partition. So of the
records of a person that have a row at all (that are neither malformed nor of an unknown song), the one with the highest offset
decides: in every column the row must have its values, a NULL included. Nothing excuses another row. The engines share one
clock here, so that no kill, no pause and no retry may put an earlier record's row above a later one's.

A row can be wrong in two ways that look alike and have different causes, so they are told apart: an earlier record's row is
there as a whole (wrong: what came late hid what was newer), or cells of several records are in one row (mixed: no record ever
had that row).

A run in which no key ever came twice within a flush shows nothing of this. The engines say how many rows each flush has, and
the topic says how many rows can follow each other without a key coming twice: flushes_with_a_key_twice() counts with these.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chaos.oracle import INT_LIMIT, Judge, Place, Record, Verdict, hour_and_date, same_cell, same_row
from support.listening import FEATURES

COLUMNS = [
    "name", "id", "song", "time", "date", "device", "rating", "artists", "duration_ms", "tempo", "kafka_partition", "kafka_offset",
]  # fmt: skip
SONG = COLUMNS.index("song")
OF_CATALOGUE = ["artists", "duration_ms", "tempo"]
FIRST_OF_CATALOGUE = COLUMNS.index(OF_CATALOGUE[0])
NULLABLE: dict[str, type] = {"device": str, "rating": int}
FLUSH = re.compile(r"Flushing (\d+) records to ")


class LatestJudge:
    """Decides about one record: the row that it would leave, or the reason why it leaves none."""

    def __init__(self, songs: Mapping[str, tuple]) -> None:
        self.judge = Judge(songs)

    def row_or_reason(self, place: Place, value: bytes | None) -> tuple | str:
        judged = self.judge.row_or_reason(place, value)
        if isinstance(judged, str):
            return judged
        play = json.loads(value)
        for name, kind in NULLABLE.items():
            content = play.get(name)
            if content is not None and type(content) is not kind:
                return "wrong_type"
            if kind is int and content is not None and not -INT_LIMIT <= content < INT_LIMIT:
                return "out_of_range"
        _, date = hour_and_date(play["time"])
        own = (play["name"], play["id"], play["song"], play["time"], date, play.get("device"), play.get("rating"))
        return (*own, *chosen(self.judge.songs[play["song"]]), *place)

    def outcomes(self, records: Mapping[Place, Record]) -> dict[Place, tuple | str]:
        return {place: self.row_or_reason(place, record.value) for place, record in records.items()}


def chosen(features: tuple) -> tuple:
    """Of a song's features those that the row has."""
    return tuple(features[FEATURES.index(name)] for name in OF_CATALOGUE)


def plays_by_person(outcomes: Mapping[Place, tuple | str]) -> dict[str, list[tuple]]:
    """The rows that each person's records would leave, in the order of the topic."""
    plays: defaultdict[str, list[tuple]] = defaultdict(list)
    for place in sorted(outcomes):
        row = outcomes[place]
        if not isinstance(row, str):
            plays[row[0]].append(row)
    for person, rows in plays.items():
        if rows[0][-2] != rows[-1][-2]:
            raise ValueError(f"the plays of {person} are in several partitions: there is no last one")
    return dict(plays)


def check_latest(
    outcomes: Mapping[Place, tuple | str], rows: Iterable[tuple], verdict: Verdict, versions: Mapping[str, Sequence[tuple]] | None = None
) -> None:
    """Every person with a play has one row, that of the last play; and there is no other row. Of a song whose row in the
    catalogue has `versions`, what comes from the catalogue is all of one of them."""
    versions = versions or {}

    def forms(row: tuple) -> list[tuple]:
        """The row as it may stand; the first is that of the catalogue as it is."""
        others = [(*row[:FIRST_OF_CATALOGUE], *chosen(features), *row[-2:]) for features in versions.get(row[SONG], ())]
        return [row] + [other for other in others if other != row]

    verdict.counts.setdefault("mixed", 0)
    plays = plays_by_person(outcomes)
    seen: set[str] = set()
    for found in map(tuple, rows):
        person = found[0]
        place = (found[-2], found[-1])
        if person in seen:
            verdict.add("twice", "a person has two rows", place, found=found)
            continue
        seen.add(person)
        if person not in plays:
            verdict.add("wrong", "a row belongs to nobody who has played", place, found=found)
            continue
        *earlier, last = plays[person]
        last_forms = forms(last)
        if any(same_row(form, found) for form in last_forms):
            verdict.other_versions += not same_row(last, found)
            continue
        all_forms = last_forms + [form for row in earlier for form in forms(row)]
        if any(same_row(form, found) for form in all_forms):
            verdict.add("wrong", f"the row of an earlier play stands, {behind(earlier, found)} before the last one", place, last, found)
        elif all(any(same_cell(form[column], cell) for form in all_forms) for column, cell in enumerate(found)):
            verdict.add("mixed", "a row has cells of several plays", place, last, found)
        else:
            verdict.add("wrong", "a row has a value that no play of the person has", place, last, found)
    verdict.rows += len(plays)
    for person, rows_of_person in plays.items():
        if person not in seen:
            last = rows_of_person[-1]
            verdict.add("lost", "a person who has played has no row", last[-2:], last)


def behind(earlier: Sequence[tuple], found: tuple) -> int:
    """How many plays of the person came after the one whose row stands."""
    return len(earlier) - next(number for number, row in enumerate(earlier) if row[-2:] == found[-2:])


@dataclass(frozen=True)
class Flushes:
    """What is known of the flushes of some engines."""

    all: int
    with_a_key_twice: int  # For certain; there are more.


def rows_without_a_key_twice(outcomes: Mapping[Place, tuple | str]) -> int:
    """The most rows that a flush can have without a key coming twice in it.

    Of each partition a flush has rows that follow each other. So it has no more of them than the longest stretch of the
    partition in which everybody is another; and of all partitions no more than these stretches together.
    """
    longest: defaultdict[int, int] = defaultdict(int)
    begin: defaultdict[int, int] = defaultdict(int)  # Of the stretch that ends with the row at hand, as a number among the partition's rows.
    count: defaultdict[int, int] = defaultdict(int)
    last: dict[tuple[int, str], int] = {}
    for place in sorted(outcomes):
        row = outcomes[place]
        if isinstance(row, str):
            continue
        partition, number = place[0], count[place[0]]
        count[partition] += 1
        begin[partition] = max(begin[partition], last.get((partition, row[0]), -1) + 1)
        last[partition, row[0]] = number
        longest[partition] = max(longest[partition], number + 1 - begin[partition])
    return sum(longest.values())


def flushes_with_a_key_twice(outcomes: Mapping[Place, tuple | str], logs: Iterable[str]) -> Flushes:
    """Counts, in what engines have said, the flushes that are too large to have each key only once. `logs`: the whole text of each."""
    limit = rows_without_a_key_twice(outcomes)
    sizes = [int(found[1]) for log in logs for found in FLUSH.finditer(log)]
    return Flushes(len(sizes), sum(size > limit for size in sizes))
