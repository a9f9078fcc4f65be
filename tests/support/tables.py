"""Reads tables with other clients than the program's own."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import RoundRobinPolicy
from cassandra.query import SimpleStatement, tuple_factory

from support.listening import COLUMNS

KEY = "((name, date, hour), time, kafka_partition, kafka_offset)"


class Cassandra:
    """A session with one cluster."""

    def __init__(self, address: str, **more) -> None:
        self.address = address
        host, _, port = address.rpartition(":")
        profile = ExecutionProfile(
            load_balancing_policy=RoundRobinPolicy(), request_timeout=60, row_factory=tuple_factory
        )
        self.cluster = Cluster(
            [host], port=int(port), protocol_version=5, execution_profiles={EXEC_PROFILE_DEFAULT: profile}, connect_timeout=30, **more
        )
        self.session = self.cluster.connect()

    def rows(self, statement: str, page: int = 5000) -> list[tuple]:
        return list(self.session.execute(SimpleStatement(statement, fetch_size=page)))

    def history(self, keyspace: str, columns: list[str] = COLUMNS) -> list[tuple]:
        return self.rows(f"SELECT {', '.join(columns)} FROM {keyspace}.listening_history")

    def any_row(self, keyspace: str) -> bool:
        return bool(self.rows(f"SELECT id FROM {keyspace}.listening_history LIMIT 1"))

    def columns(self, keyspace: str, table: str = "listening_history") -> dict[str, tuple[str, str, int, str]]:
        """Type, kind, position in the key and clustering order of each column."""
        found = self.rows(
            "SELECT column_name, type, kind, position, clustering_order FROM system_schema.columns "
            f"WHERE keyspace_name = '{keyspace}' AND table_name = '{table}'"
        )
        return {row[0]: tuple(row[1:]) for row in found}

    def drop(self, keyspace: str) -> None:
        self.session.execute(f"DROP KEYSPACE IF EXISTS {keyspace}", timeout=60)

    def close(self) -> None:
        self.cluster.shutdown()


def sqlite_rows(path: Path, statement: str) -> list[tuple]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def sqlite_history(path: Path, columns: list[str] = COLUMNS) -> list[tuple]:
    return sqlite_rows(path, f"SELECT {', '.join(columns)} FROM listening_history")
