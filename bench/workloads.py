"""What is drained: catalogues and backlogs, made up from seeds, and what a pipeline over them must come to."""

from __future__ import annotations

import dataclasses
import sys
import uuid
from pathlib import Path

import process
from machine import ROOT, servers
from process import Failure

sys.path.insert(0, str(ROOT / "tests"))

PROGRAMS = ROOT / "build" / "release"
BINARY = PROGRAMS / "turntable"
PIPELINE = ROOT / "pipelines" / "listening_history.sql"
DATA = process.HOME / "data"
KAFKA = servers.Server("kafka", 1, 1).address
CASSANDRA = servers.Server("cassandra", 1, 1).address
COMPRESSION = "gzip"
PARTITIONS = 4
SONGS = 100_000


@dataclasses.dataclass(frozen=True)
class Shape:
    """A backlog's shape. Backlogs of one shape are the same, event by event."""

    events: int
    songs: int = SONGS
    hit_rate: float = 1.0
    zipf: float = 0.0
    people: int = 50
    seconds_per_play: float = 1.0
    event_bytes: int = 0
    partitions: int = PARTITIONS
    compression: str = COMPRESSION

    @property
    def words(self) -> list[object]:
        return [
            "--count", self.events, "--songs", self.songs, "--hit-rate", self.hit_rate, "--zipf", self.zipf, "--people", self.people,
            "--seconds-per-play", self.seconds_per_play, "--event-bytes", self.event_bytes, "--compression", self.compression,
        ]  # fmt: skip


@dataclasses.dataclass
class Backlog:
    """A filled topic, with the sums that its maker says a pipeline over it has."""

    shape: Shape
    topic: str
    catalogue: Path
    matched: int
    checksum: int  # Over the joined rows: the sum of hour and duration_ms.
    bytes: int


def catalogue(songs: int) -> Path:
    """A made-up catalogue of so many songs; made once."""
    path = DATA / f"songs-{songs}.csv"
    if not path.exists():
        print(f"==> making a catalogue of {songs:,} songs", flush=True)
        DATA.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        process.run("bench_catalogue", [PROGRAMS / "bench_catalogue", "--rows", songs, "--out", fresh], "catalogue")
        fresh.rename(path)
    return path


def make_topic(name: str, partitions: int) -> str:
    from support.kafka import Kafka

    return Kafka(KAFKA).create_topic(f"bench_{name}_{uuid.uuid4().hex[:8]}", partitions)


def drop_topic(name: str) -> None:
    import asyncio

    from aiokafka.admin import AIOKafkaAdminClient

    async def drop() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=KAFKA)
        await admin.start()
        try:
            await admin.delete_topics([name])
        finally:
            await admin.close()

    asyncio.run(drop())


def fill(name: str, shape: Shape) -> Backlog:
    songs = catalogue(shape.songs)
    topic = make_topic(name, shape.partitions)
    print(f"==> filling topic {topic} with {shape.events:,} plays", flush=True)
    command = [PROGRAMS / "bench_events", "--bootstrap", KAFKA, "--topic", topic, *shape.words]
    sent = process.run("bench_events", command, f"fill-{topic}").last_json()
    if sent["acknowledged"] != shape.events:
        raise Failure(f"{sent['acknowledged']} of {shape.events} plays are in topic {topic}")
    return Backlog(shape, topic, songs, sent["matched"], sent["checksum"], sent["bytes"])


# ---------------------------------------------------------------------------------------------------------------- results


class session:
    """A session with Cassandra, for looking at what was written; not part of what is measured."""

    def __enter__(self):
        from cassandra.cluster import Cluster

        host, _, port = CASSANDRA.partition(":")
        self.cluster = Cluster([host], port=int(port), protocol_version=5, connect_timeout=30)
        connected = self.cluster.connect()
        connected.default_timeout = 120
        return connected

    def __exit__(self, *_) -> None:
        self.cluster.shutdown()


def cassandra_sums(keyspace: str) -> tuple[int, int]:
    """The table's rows, and the sum of hour and duration_ms over them; then it is dropped."""
    rows, total = 0, 0
    with session() as cassandra:
        for row in cassandra.execute(f"SELECT hour, duration_ms FROM {keyspace}.listening_history"):
            rows, total = rows + 1, total + row.hour + row.duration_ms
        cassandra.execute(f"DROP KEYSPACE {keyspace}")
    return rows, total


def sqlite_sums(path: Path) -> tuple[int, int]:
    """The same of an SQLite file, which is removed."""
    import sqlite3

    with sqlite3.connect(path) as database:
        rows, total = database.execute("SELECT count(*), sum(hour + duration_ms) FROM listening_history").fetchone()
    database.close()
    remove_sqlite(path)
    return rows, total


def remove_sqlite(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-lock", ".lock"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def agree(name: str, backlog: Backlog, rows: int | None, checksum: int | None) -> None:
    """A figure of a program whose rows are not the right ones is none."""
    if rows is not None and rows != backlog.matched:
        raise Failure(f"{name} has {rows:,} rows of topic {backlog.topic}, which ought to be {backlog.matched:,}")
    if checksum is not None and checksum != backlog.checksum:
        raise Failure(f"{name}: the sum over its rows is {checksum}, which ought to be {backlog.checksum}")
