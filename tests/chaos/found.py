"""What is really there: reads the topic, the tables and the dead letters with clients that are not the program's own.

Dead letters are read from files. A topic of dead letters gives the same Letters: letter_of_message() says how one message
of it is read.
"""

from __future__ import annotations

import base64
import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from chaos.oracle import Acknowledged, Letter, Place, Verdict
from support.listening import COLUMNS

HEADERS = {"topic": "__connect.errors.topic", "partition": "__connect.errors.partition", "offset": "__connect.errors.offset"}
REASON_HEADER = "__connect.errors.exception.class.name"


def acknowledged_of(path: Path) -> Iterator[Acknowledged]:
    """The producer's log: one line of JSON for each acknowledged event."""
    with path.open("rb") as file:
        for line in file:
            entry = json.loads(line)
            yield Acknowledged(entry["number"], entry["partition"], entry["offset"], decoded(entry["value"]))


def records_of(bootstrap: str, topic: str) -> dict[Place, bytes | None]:
    from support.kafka import Kafka

    return {message.place: message.value for message in Kafka(bootstrap).read(topic)}


def cassandra_rows(host: str, port: int, keyspace: str) -> Iterator[tuple]:
    """The whole table, page by page, from one node and a quorum of its replicas."""
    from cassandra import ConsistencyLevel
    from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
    from cassandra.policies import WhiteListRoundRobinPolicy
    from cassandra.query import SimpleStatement, tuple_factory

    profile = ExecutionProfile(
        load_balancing_policy=WhiteListRoundRobinPolicy([host]), request_timeout=60, row_factory=tuple_factory,
        consistency_level=ConsistencyLevel.LOCAL_QUORUM,
    )  # fmt: skip
    cluster = Cluster([host], port=port, protocol_version=5, execution_profiles={EXEC_PROFILE_DEFAULT: profile}, connect_timeout=30)
    try:
        select = f"SELECT {', '.join(COLUMNS)} FROM {keyspace}.listening_history"
        for row in cluster.connect().execute(SimpleStatement(select, fetch_size=2000)):
            yield tuple(row)
    finally:
        cluster.shutdown()


def sqlite_rows(path: Path) -> Iterator[tuple]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        yield from connection.execute(f"SELECT {', '.join(COLUMNS)} FROM listening_history")


def letters_of_files(paths: Iterable[Path], verdict: Verdict) -> Iterator[Letter]:
    """Each line of dead-letter files. A line that is no JSON was torn by a kill, and counts as no letter."""
    for path in paths:
        if not path.exists():
            continue
        with path.open("rb") as file:
            for line in file:
                try:
                    entry = json.loads(line)
                except ValueError:
                    verdict.torn_lines += 1
                    continue
                place = (entry["topic"], entry["partition"], entry["offset"])
                yield Letter(*place, decoded(entry["value_base64"]), entry["reason"])


def letter_of_message(value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> Letter:
    """A message of a dead-letter topic: its value is the record's, its headers say where the record was."""
    said = {name: content.decode() for name, content in headers}
    place = (said[HEADERS["topic"]], int(said[HEADERS["partition"]]), int(said[HEADERS["offset"]]))
    return Letter(*place, value, said.get(REASON_HEADER, ""))


def encoded(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def decoded(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)
