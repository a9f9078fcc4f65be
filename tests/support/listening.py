"""The listening history, computed a second time in plain Python, and the sample pipeline aimed at a test's own places.

Nothing here is shared with the program under test: the catalogue is read with the csv module, times with datetime, and
tables with cassandra-driver or sqlite3.
"""

from __future__ import annotations

import base64
import csv
import datetime
import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from support.kafka import Message
from support.program import ROOT, Result, Running, Turntable

PIPELINE = ROOT / "pipelines" / "listening_history.sql"
CATALOGUE = ROOT / "data" / "spotify-songs.csv"
PERSON = "Dimitris Tsirmpas"
PARTITIONS = 4

# The table's columns in order; the types are those of the seed's schema.
PLAY_COLUMNS = ["id", "name", "song", "time", "hour", "date"]
TEXT_FEATURES = ["artists", "album_name", "album_release_date"]
INT_FEATURES = ["duration_ms", "musical_key"]
FEATURES = [
    "artists", "duration_ms", "album_name", "album_release_date", "danceability", "energy", "musical_key", "loudness", "mode",
    "speechiness", "acousticness", "instrumentalness", "liveness", "valence", "tempo",
]  # fmt: skip
COLUMNS = [*PLAY_COLUMNS, *FEATURES, "kafka_partition", "kafka_offset"]


def as_float32(text: str) -> float:
    return struct.unpack("<f", struct.pack("<f", float(text)))[0]


@cache
def catalogue(path: Path = CATALOGUE) -> dict[str, tuple]:
    """The features of each song, in the order of FEATURES. Where a name stands twice, the first row counts."""
    songs: dict[str, tuple] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            row["musical_key"] = row["key"]
            if row["name"] not in songs:
                songs[row["name"]] = tuple(
                    row[c] if c in TEXT_FEATURES else int(row[c]) if c in INT_FEATURES else as_float32(row[c]) for c in FEATURES
                )
    return songs


def song_names(count: int) -> list[str]:
    """Some songs of the catalogue, spread over it."""
    names = list(catalogue())
    return names[:: max(1, len(names) // count)][:count]


def play(id: int = 1, name: str = PERSON, song: str | None = None, time: str = "2024-03-03 10:00", **more) -> bytes:
    return json.dumps({"id": id, "name": name, "song": song_names(1)[0] if song is None else song, "time": time, **more}).encode()


def plays(count: int, people: int = 7) -> list[bytes]:
    """Plays that all match, many of them in the same minute."""
    names = [PERSON, *(f"Listener {n}" for n in range(1, people))]
    songs = song_names(997)
    begin = datetime.datetime(2024, 3, 3, 9, 50)
    return [
        play(n, names[n % people], songs[n % len(songs)], f"{begin + datetime.timedelta(seconds=n):%Y-%m-%d %H:%M}")
        for n in range(count)
    ]


@dataclass
class Expected:
    rows: dict[tuple[int, int], tuple]  # By partition and offset.
    unmatched: set[tuple[int, int]]


def expected_of(messages: Iterable[Message]) -> Expected:
    """What the table must hold after these well-formed plays, and the places of those whose song is unknown."""
    songs, rows, unmatched = catalogue(), {}, set()
    clocks: dict[str, tuple[int, str]] = {}
    for message in messages:
        event = json.loads(message.value)
        features = songs.get(event["song"])
        if features is None:
            unmatched.add(message.place)
            continue
        time = event["time"]
        if time not in clocks:
            moment = datetime.datetime.strptime(time, "%Y-%m-%d %H:%M")
            clocks[time] = (moment.hour, f"{moment:%Y-%m-%d}")
        hour, date = clocks[time]
        rows[message.place] = (event["id"], event["name"], event["song"], time, hour, date, *features, *message.place)
    return Expected(rows, unmatched)


def assert_same_rows(found: Iterable[tuple], expected: dict[tuple[int, int], tuple]) -> None:
    """Every expected row is there once with exactly these values, and no other row is."""
    seen: dict[tuple[int, int], tuple] = {}
    for row in found:
        place = tuple(row[-2:])
        assert place not in seen, f"two rows for partition and offset {place}"
        seen[place] = tuple(row)
    missing, extra = expected.keys() - seen.keys(), seen.keys() - expected.keys()
    assert not missing, f"{len(missing)} of {len(expected)} plays are no rows, such as {sorted(missing)[:3]}"
    assert not extra, f"{len(extra)} rows belong to no play, such as {sorted(extra)[:3]}"
    wrong = [place for place, row in expected.items() if seen[place] != row]
    assert not wrong, f"{len(wrong)} rows differ; expected {expected[wrong[0]]}, found {seen[wrong[0]]}"


def assert_accounted(stats: dict, **expected: int) -> None:
    """The counts add up, and are the expected ones."""
    parts = ("written", "deleted", "filtered", "tombstones", "unmatched", "rejected", "returned")
    assert stats["consumed"] == sum(stats[part] for part in parts), stats
    assert {name: stats[name] for name in expected} == expected, stats


@dataclass(frozen=True)
class DeadLetter:
    """One line of a dead-letter file."""

    topic: str
    partition: int
    offset: int
    time: str | None
    reason: str  # A stable code.
    detail: str  # A sentence.
    value: bytes | None
    text: str | None  # The value where it is UTF-8.
    key: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()

    @property
    def place(self) -> tuple[int, int]:
        return self.partition, self.offset


def from_base64(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)


def dead_letters(path: Path) -> list[DeadLetter]:
    """Reads a dead-letter file. The field names of the format are written down here and nowhere else in the tests."""
    letters = []
    for line in path.read_bytes().splitlines() if path.exists() else []:  # Text would be split at U+2028 as well.
        letter = json.loads(line)
        place = (letter["topic"], letter["partition"], letter["offset"], letter["time"])
        value, key = from_base64(letter["value_base64"]), from_base64(letter.get("key_base64"))
        headers = tuple((header["name"], from_base64(header.get("value_base64"))) for header in letter.get("headers", ()))
        letters.append(DeadLetter(*place, letter["reason"], letter["detail"], value, letter.get("value"), key, headers))
    return letters


@dataclass
class Listening:
    """The sample pipeline with its options set to places that belong to one test."""

    turntable: Turntable
    options: dict[str, str] = field(default_factory=dict)
    pipeline: Path = PIPELINE

    @property
    def dead_letter_file(self) -> Path:
        return self.turntable.directory / "dead.jsonl"

    def with_options(self, options: dict[str, object]) -> Listening:
        changed = {name: str(value) for name, value in options.items()}
        return Listening(self.turntable, {**self.options, **changed}, self.pipeline)

    @property
    def sets(self) -> list[str]:
        return [word for name, value in self.options.items() for word in ("--set", f"{name}={value}")]

    def start(self, *more: object, **options) -> Running:
        return self.turntable.start("run", self.pipeline, *self.sets, *more, stats=True, **options)

    def run(self, *more: object, timeout: float = 120, **options) -> Result:
        return self.start(*more, **options).wait(timeout)

    def drain(self, code: int = 0, *more: object, timeout: float = 120, **options) -> Result:
        """A run to the end of what there is."""
        return self.run("--until-end", *more, timeout=timeout, **options).expect(code)

    def letters(self) -> list[DeadLetter]:
        return dead_letters(self.dead_letter_file)


def file_pipeline(turntable: Turntable, source: Path | str, sink: str = "sqlite", **options: object) -> Listening:
    """The sample pipeline from a file of events to a sink that needs no server."""
    directory = turntable.directory
    sets = {
        "plays.connector": "ndjson",
        "plays.path": source,
        "plays.dead_letters": f"file:{directory / 'dead.jsonl'}",
        "songs.path": CATALOGUE,
        "listening_history.connector": sink,
    }
    if sink == "sqlite":
        sets["listening_history.path"] = directory / "history.db"
    sets.update({name.replace("__", "."): value for name, value in options.items()})
    return Listening(turntable).with_options(sets)
