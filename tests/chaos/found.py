"""What is really there: reads the topic, the tables and the dead letters with clients that are not the program's own."""

from __future__ import annotations

import base64
import contextlib
import datetime
import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from chaos.oracle import Acknowledged, Headers, Letter, Place, Record, Verdict, with_inserts

TOPIC_HEADER = "__connect.errors.topic"
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def acknowledged_of(path: Path) -> Iterator[Acknowledged]:
    """The producer's log: one line of JSON for each acknowledged event."""
    with path.open("rb") as file:
        for line in file:
            entry = json.loads(line)
            headers = tuple((name, decoded(content)) for name, content in entry["headers"])
            place = (entry["partition"], entry["offset"])
            yield Acknowledged(entry["number"], *place, decoded(entry["value"]), decoded(entry["key"]), headers)


def records_of(bootstrap: str, topic: str) -> dict[Place, Record]:
    from support.kafka import Kafka

    return {m.place: Record(m.value, m.key, m.headers, m.timestamp_ms) for m in Kafka(bootstrap).read(topic)}


@contextlib.contextmanager
def cassandra_session(host: str, port: int):
    """With one node, which asks a quorum of the replicas."""
    from cassandra import ConsistencyLevel
    from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
    from cassandra.policies import WhiteListRoundRobinPolicy
    from cassandra.query import tuple_factory

    profile = ExecutionProfile(
        load_balancing_policy=WhiteListRoundRobinPolicy([host]), request_timeout=60, row_factory=tuple_factory,
        consistency_level=ConsistencyLevel.LOCAL_QUORUM,
    )  # fmt: skip
    cluster = Cluster([host], port=port, protocol_version=5, execution_profiles={EXEC_PROFILE_DEFAULT: profile}, connect_timeout=30)
    try:
        yield cluster.connect()
    finally:
        cluster.shutdown()


def cassandra_rows(host: str, port: int, table: str, columns: Sequence[str]) -> Iterator[tuple]:
    """The whole table, page by page."""
    from cassandra.query import SimpleStatement

    with cassandra_session(host, port) as session:
        select = f"SELECT {', '.join(columns)} FROM {table}"
        for row in session.execute(SimpleStatement(select, fetch_size=2000)):
            yield tuple(row)


def sqlite_rows(path: Path, table: str, columns: Sequence[str]) -> Iterator[tuple]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        yield from connection.execute(f"SELECT {', '.join(columns)} FROM {table}")


def empty_cassandra_table(host: str, port: int, table: str) -> None:
    with cassandra_session(host, port) as session:
        session.execute(f"TRUNCATE {table}")


def empty_sqlite_table(path: Path, table: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"DELETE FROM {table}")


def positions_in_file(path: Path) -> dict[int, int]:
    """Those of the topic that the SQLite file keeps beside its rows, by partition."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'turntable_positions'").fetchone()
        return dict(connection.execute("SELECT partition, next FROM turntable_positions")) if there else {}


def letters_of_file(path: Path, verdict: Verdict) -> Iterator[Letter]:
    """Each line of a file of dead letters. A line that is no JSON was torn by a kill, and counts as no letter."""
    if not path.exists():
        return
    at = 0
    with path.open("rb") as file:
        for line in file:
            kept = (path.name, at)
            at += len(line)
            try:
                entry = json.loads(line)
            except ValueError:
                verdict.torn_lines += 1
                continue
            headers = tuple((header["name"], decoded(header.get("value_base64"))) for header in entry.get("headers", ()))
            time = datetime.datetime.fromisoformat(entry["time"])
            record = Record(
                decoded(entry["value_base64"]), decoded(entry.get("key_base64")), headers, (time - EPOCH) // datetime.timedelta(milliseconds=1)
            )
            reason = with_inserts(entry["reason"], inserts_of(entry.get("inserts", [])))
            yield Letter(entry["topic"], entry["partition"], entry["offset"], record, reason, kept)


def letters_of_topic(bootstrap: str, topic: str, verdict: Verdict) -> Iterator[Letter]:
    """Each message of a topic of dead letters."""
    from support.kafka import Kafka

    for m in Kafka(bootstrap).read(topic):
        letter = letter_of_message(Record(m.value, m.key, m.headers, m.timestamp_ms), (partition_name(m.partition), m.offset))
        if letter is None:
            verdict.add("wrong", "a message among the dead letters does not say which record it was", m.place, found=m)
        else:
            yield letter


def partition_name(number: int) -> str:
    return f"partition {number}"


def letter_of_message(message: Record, kept: tuple[str, int]) -> Letter | None:
    """The record as it was: key, value and time are the message's, and so are its headers up to those that tell of the letter.

    A record that was a dead letter before has such headers of its own: the last ones count. None where there are none.
    """
    names = [name for name, _ in message.headers]
    if TOPIC_HEADER not in names:
        return None
    own = len(names) - 1 - names[::-1].index(TOPIC_HEADER)
    said = {name.removeprefix("__connect.errors."): content.decode() for name, content in message.headers[own:]}
    reason = with_inserts(said["turntable.reason"], inserts_of(json.loads(said.get("turntable.inserts", "[]"))))
    if said["exception.class.name"] != f"turntable.{said['turntable.reason']}" or not said["exception.message"] or not said["stage"]:
        reason += f", which its other headers do not say: {said}"
    record = Record(message.value, message.key, message.headers[:own], message.timestamp_ms)
    return Letter(said["topic"], int(said["partition"]), int(said["offset"]), record, reason, kept)


def inserts_of(named: list[dict[str, str]]) -> list[tuple[str, str]]:
    """The INSERTs that a letter names, each with its reason. One that does not say in words what was wrong has no reason that counts."""
    return [(one["insert"], one["reason"] if one["detail"] else f"{one['reason']} without words") for one in named]


def encoded(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def decoded(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)
