"""The sample pipelines with lookups of their own or several tables: aimed at a test's own places, and computed a second time.

Nothing here is shared with the program under test. Of each record a sample says what becomes of it in each table: a row, or one of
the words filtered, unmatched, dropped (unmatched, and without a dead letter) and rejected."""

from __future__ import annotations

import base64
import contextlib
import csv
import datetime
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

from support.kafka import Message
from support.listening import CATALOGUE, FEATURES, catalogue
from support.program import ROOT, Result, Running, Turntable
from support.tables import Cassandra, sqlite_rows

Row = tuple
Fate = Row | str

UTC = datetime.timezone.utc


def moment(text: str) -> datetime.datetime | None:
    """Of a time in ISO 8601; nothing where it is none."""
    try:
        found = datetime.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def lines_of(name: str) -> list[dict[str, str]]:
    with (ROOT / "data" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def event_of(message: Message, needed: dict[str, type]) -> dict | None:
    """The event, where it is an object with these fields."""
    try:
        event = json.loads(message.value)
    except (TypeError, ValueError):
        return None
    if not isinstance(event, dict) or any(type(event.get(name)) is not kind for name, kind in needed.items()):
        return None
    return event


class Plays:
    """pipelines/plays_by_person_song_and_day.sql"""

    name = "plays_by_person_song_and_day"
    stream, lookups = "plays", {"songs": "spotify-songs.csv"}
    tables = {
        "plays_by_person": ["name", "date", "hour", "time", "song", "artists", "duration_ms", "kafka_partition", "kafka_offset"],
        "plays_by_song": ["song", "time", "name", "artists", "kafka_partition", "kafka_offset"],
        "plays_by_day": ["date", "time", "name", "song", "kafka_partition", "kafka_offset"],
    }
    keys = dict.fromkeys(tables, ["kafka_partition", "kafka_offset"])
    times: list[str] = []

    @classmethod
    def fates(cls, message: Message) -> dict[str, Fate]:
        event = event_of(message, {"id": int, "name": str, "song": str, "time": str})
        if event is None:
            return dict.fromkeys(cls.tables, "rejected")
        name, song, time = event["name"], event["song"], event["time"]
        features = catalogue().get(song)
        try:
            heard = datetime.datetime.strptime(time, "%Y-%m-%d %H:%M")
            day = (f"{heard:%Y-%m-%d}", time, name, song, *message.place)
        except ValueError:
            heard, day = None, "rejected"
        if features is None:
            return {"plays_by_person": "unmatched", "plays_by_song": "unmatched", "plays_by_day": day}
        artists, duration = (features[FEATURES.index(feature)] for feature in ("artists", "duration_ms"))
        person = "rejected"
        if heard is not None:
            person = (name, f"{heard:%Y-%m-%d}", heard.hour, time, song, artists, duration, *message.place)
        # This one does not look into the time.
        return {"plays_by_person": person, "plays_by_song": (song, time, name, artists, *message.place), "plays_by_day": day}


class Orders:
    """pipelines/orders.sql"""

    name = "orders"
    stream, lookups = "orders", {"products": "products.csv", "suppliers": "suppliers.csv"}
    tables = {
        "orders_by_supplier": [
            "supplier", "country", "day", "ordered_at", "order_id", "customer", "product", "quantity", "bulk", "unit_price",
        ]
    }  # fmt: skip
    keys = {"orders_by_supplier": ["supplier", "day", "ordered_at", "order_id"]}
    times = ["ordered_at"]

    @classmethod
    @cache
    def products(cls) -> dict[int, dict]:
        return {int(line["id"]): line for line in lines_of("products.csv")}

    @classmethod
    @cache
    def suppliers(cls) -> dict[str, dict]:
        return {line["code"]: line for line in lines_of("suppliers.csv")}

    @classmethod
    def fate(cls, message: Message) -> Fate:
        event = event_of(message, {"id": int, "customer": str, "product": int, "quantity": int, "ordered_at": str})
        at = moment(event["ordered_at"]) if event else None
        if at is None:
            return "rejected"
        if event["quantity"] <= 0 or event.get("status") == "cancelled":
            return "filtered"
        product = cls.products().get(event["product"])
        if product is None:
            return "unmatched"
        supplier = cls.suppliers().get(product["supplier"])
        if supplier is None:
            return "dropped"
        return (
            supplier["name"], supplier["country"], f"{at:%Y-%m-%d}", at, event["id"], event["customer"], product["name"],
            event["quantity"], event["quantity"] >= 100, float(product["unit_price"]),
        )  # fmt: skip

    @classmethod
    def fates(cls, message: Message) -> dict[str, Fate]:
        return {"orders_by_supplier": cls.fate(message)}


class Readings:
    """pipelines/sensor_readings.sql"""

    name = "sensor_readings"
    stream, lookups = "readings", {"sensors": "sensors.csv"}
    tables = {"readings_by_station": ["station", "day", "read_at", "sensor", "kind", "value", "verdict", "kafka_partition", "kafka_offset"]}
    keys = {"readings_by_station": ["kafka_partition", "kafka_offset"]}
    times = ["read_at"]

    @classmethod
    @cache
    def sensors(cls) -> dict[str, dict]:
        return {line["id"]: line for line in lines_of("sensors.csv")}

    @staticmethod
    def verdict(sensor: dict | None, value: float) -> str:
        if sensor is None:
            return "not registered"
        if sensor["active"] != "true":
            return "not in use"
        if sensor["lowest"] and value < float(sensor["lowest"]):
            return "too low"
        if sensor["highest"] and value > float(sensor["highest"]):
            return "too high"
        return "good"

    @classmethod
    def fate(cls, message: Message) -> Fate:
        event = event_of(message, {"sensor": str, "read_at": str})
        at = moment(event["read_at"]) if event else None
        if at is None or not isinstance(event.get("value"), str | None):
            return "rejected"
        if not event.get("value") or event.get("mode") == "test":
            return "filtered"
        try:
            value = float(event["value"])
        except ValueError:
            return "rejected"
        sensor = cls.sensors().get(event["sensor"])
        of = sensor or {}
        return (of.get("station") or "unknown", f"{at:%Y-%m-%d}", at, event["sensor"], of.get("kind") or "unknown", value,
                cls.verdict(sensor, value), *message.place)  # fmt: skip

    @classmethod
    def fates(cls, message: Message) -> dict[str, Fate]:
        return {"readings_by_station": cls.fate(message)}


class PartsOfDay:
    """pipelines/plays_by_part_of_day.sql"""

    name = "plays_by_part_of_day"
    stream, lookups = "plays", {"songs": "spotify-songs.csv", "parts_of_day": "parts-of-day.csv"}
    tables = {
        "plays_by_part_of_day": [
            "date", "part", "heard_at", "hour_began", "first_name", "initial", "title", "title_length", "label", "minutes", "drive", "pace",
            "kafka_partition", "kafka_offset",
        ]
    }  # fmt: skip
    keys = {"plays_by_part_of_day": ["kafka_partition", "kafka_offset"]}
    times = ["heard_at", "hour_began"]
    SHORTEST_MS = 60_000

    @classmethod
    @cache
    def parts(cls) -> dict[int, dict]:
        return {int(line["hour"]): line for line in lines_of("parts-of-day.csv")}

    @classmethod
    def fate(cls, message: Message) -> Fate:
        event = event_of(message, {"id": int, "name": str, "song": str, "time": str})
        if event is None:
            return "rejected"
        name, song = event["name"], event["song"]
        if name.startswith("Test"):
            return "filtered"
        if song not in catalogue():
            return "unmatched"
        of = dict(zip(FEATURES, catalogue()[song]))
        try:
            heard = datetime.datetime.strptime(event["time"], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        except ValueError:
            return "rejected"
        if of["duration_ms"] < cls.SHORTEST_MS:
            return "filtered"
        part = cls.parts()[heard.hour]
        minutes = (Decimal(of["duration_ms"]) / 60_000).quantize(Decimal("0.1"), ROUND_HALF_UP)
        pace = "fast" if of["tempo"] >= float(part["fast_from"]) else "medium" if of["tempo"] >= 90 else "slow"
        return (
            f"{heard:%Y-%m-%d}", part["part"], heard, heard.replace(minute=0), name.split(" ")[0].capitalize(), song[:1].upper(),
            song.replace("&", "and"), len(song), f"{of['artists']} – {song}", float(minutes), max(of["energy"], of["danceability"]), pace,
            *message.place,
        )  # fmt: skip

    @classmethod
    def fates(cls, message: Message) -> dict[str, Fate]:
        return {"plays_by_part_of_day": cls.fate(message)}


@dataclass
class Sample:
    """A sample pipeline with its options set to places that belong to one test. Tables are in `stores`: cassandra or sqlite."""

    kind: type
    turntable: Turntable
    stores: dict[str, str]
    cassandra: Cassandra | None = None
    keyspace: str = ""
    options: dict[str, str] = field(default_factory=dict)
    file: Path | None = None  # Another one than the sample's own.

    @classmethod
    def reading(cls, kind: type, turntable: Turntable, kafka, topic: str, group: str, stores: dict[str, str], cassandra, keyspace: str) -> Sample:
        options = {
            "bootstrap.servers": kafka.bootstrap, "topic": topic, "group.id": group, "dead_letters": f"file:{turntable.directory / 'dead.jsonl'}",
        }  # fmt: skip
        sets = {f"{kind.stream}.{name}": value for name, value in options.items()}
        sets |= {f"{lookup}.path": str(ROOT / "data" / path) for lookup, path in kind.lookups.items()}
        for table, store in stores.items():
            if store == "sqlite":
                sets |= {f"{table}.connector": "sqlite", f"{table}.path": str(turntable.directory / "rows.db")}
            else:
                sets |= {f"{table}.contact_points": cassandra.address, f"{table}.keyspace": keyspace}
        return cls(kind, turntable, stores, cassandra, keyspace, sets)

    def with_options(self, options: dict[str, object]) -> Sample:
        return replace(self, options=self.options | {name: str(value) for name, value in options.items()})

    @property
    def pipeline(self) -> Path:
        return ROOT / "pipelines" / f"{self.kind.name}.sql"

    @property
    def words(self) -> list[str]:
        return [str(self.file or self.pipeline), *(word for name, value in self.options.items() for word in ("--set", f"{name}={value}"))]

    def apply(self) -> None:
        self.turntable.run("schema", "apply", *self.words).expect(0)

    def start(self, *more: object) -> Running:
        return self.turntable.start("run", *self.words, *more, stats=True)

    def drain(self, timeout: float = 120) -> Result:
        return self.start("--until-end").wait(timeout)

    # ---- what is there

    def rows(self, table: str) -> list[Row]:
        """As the other client has them; times in UTC."""
        columns = self.kind.tables[table]
        if self.stores[table] == "cassandra":
            found = self.cassandra.rows(f"SELECT {', '.join(columns)} FROM {self.keyspace}.{table}")
        else:
            found = sqlite_rows(self.turntable.directory / "rows.db", f"SELECT {', '.join(columns)} FROM {table}")
        return [tuple(self.value(column, value) for column, value in zip(columns, row)) for row in found]

    def value(self, column: str, value):
        if column in self.kind.times:
            return moment(value) if isinstance(value, str) else value.replace(tzinfo=UTC)
        return bool(value) if column == "bulk" else value

    def letters(self) -> list[dict]:
        """Of the lines that are whole: a kill may leave half a one."""
        path = self.turntable.directory / "dead.jsonl"
        found = []
        for line in path.read_bytes().split(b"\n") if path.exists() else []:
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return found

    # ---- what must be there

    def expected_rows(self, table: str, messages: Iterable[Message]) -> dict[tuple, Row]:
        """By key. Two records with one key become one row: those that the tests send say the same."""
        found = {}
        for message in messages:
            fate = self.kind.fates(message)[table]
            if isinstance(fate, tuple):
                found[self.key_of(table, fate)] = fate
        return found

    def key_of(self, table: str, row: Row) -> tuple:
        columns = self.kind.tables[table]
        return tuple(row[columns.index(name)] for name in self.kind.keys[table])

    def counts(self, table: str, messages: Iterable[Message]) -> Counter:
        """As the run counts them: what is dropped is unmatched."""
        words = [self.kind.fates(message)[table] for message in messages]
        return Counter("written" if isinstance(word, tuple) else word.replace("dropped", "unmatched") for word in words)

    def expected_letters(self, messages: Iterable[Message]) -> dict[tuple[int, int], dict[str, str]]:
        """By place, of each table that has no row of the record: unmatched or rejected."""
        found = {}
        for message in messages:
            words = {table: fate for table, fate in self.kind.fates(message).items() if fate in ("unmatched", "rejected")}
            if words:
                found[message.place] = words
        return found

    def assert_rows(self, messages: list[Message]) -> None:
        """In each table every row is there once with exactly these values, and no other is."""
        for table in self.kind.tables:
            expected, found = self.expected_rows(table, messages), {}
            for row in self.rows(table):
                key = self.key_of(table, row)
                assert key not in found, f"{table}: two rows for {key}"
                found[key] = row
            missing, extra = expected.keys() - found.keys(), found.keys() - expected.keys()
            assert not missing, f"{table}: {len(missing)} of {len(expected)} rows are lost, such as {next(iter(missing))}"
            assert not extra, f"{table}: {len(extra)} rows belong to no record, such as {next(iter(extra))}"
            wrong = [key for key, row in expected.items() if found[key] != row]
            assert not wrong, f"{table}: {len(wrong)} rows differ; expected {expected[wrong[0]]}, found {found[wrong[0]]}"

    def assert_letters(self, messages: list[Message], once: bool = True) -> None:
        expected = self.expected_letters(messages)
        values = {message.place: message.value for message in messages}
        found = {}
        for letter in self.letters():
            place = (letter["partition"], letter["offset"])
            words = {one["insert"]: self.word_of(one["reason"]) for one in named_in(letter, self.kind)}
            assert not once or place not in found, f"two dead letters of {place}"
            assert base64.b64decode(letter["value_base64"]) == values[place], f"{place}: not the record's bytes"
            assert found.setdefault(place, words) == words, f"dead letters of {place} differ"
        assert found == expected, f"{len(found)} dead letters, {len(expected)} expected; differ: {difference(found, expected)}"

    @staticmethod
    def word_of(reason: str) -> str:
        return "unmatched" if reason == "unmatched" else "rejected"


def named_in(letter: dict, kind: type) -> list[dict]:
    """The INSERTs that the letter names. Where the pipeline has one, it names none."""
    if "inserts" in letter:
        return letter["inserts"]
    assert len(kind.tables) == 1, letter
    return [{"insert": next(iter(kind.tables)), "reason": letter["reason"]}]


def difference(found: dict, expected: dict) -> list:
    return [(place, found.get(place), expected.get(place)) for place in found.keys() | expected.keys() if found.get(place) != expected.get(place)][:3]


def with_songs(directory: Path, songs: list[str]) -> Path:
    """The catalogue with these songs too, which have the features of its first."""
    path = directory / "more-songs.csv"
    lines = CATALOGUE.read_text(encoding="utf-8").splitlines(keepends=True)
    first = lines[1].split('",', 1)[1]
    path.write_text("".join([*lines, *(f'"{song}",{first}' for song in songs)]), encoding="utf-8")
    return path
