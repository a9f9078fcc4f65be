"""Three real brokers and three real nodes, of which one at a time can be crashed. tools/servers.py starts them."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time

import servers  # tools/servers.py
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from chaos import SIZE

IN_SYNC_REPLICAS = 2
BACK_SECONDS_LIMIT = 240
CONSISTENCY_ALL = 5


class Cluster:
    """Kafka and Cassandra. At most one broker and one node is away at a time: `away` says which."""

    def __init__(self) -> None:
        self.members = {(s.kind, s.number): s for s in servers.servers_of(SIZE, SIZE)}
        self.away: dict[str, int | None] = {"kafka": None, "cassandra": None}
        self.topics = ["__consumer_offsets"]
        self.probe = ""  # A query that finds nothing, in the table that is written to.

    def start(self) -> None:
        """A new cluster, or the one that an earlier run was told to leave, with what is missing of it."""
        servers.up(SIZE, SIZE, fresh=True)

    def stop(self) -> None:
        # A reader of the end of a run has no use for what they would still write: no long farewell.
        for server, pid in servers.running().values():
            servers.kill(server, pid)
        servers.down(wipe=True)

    def addresses(self, kind: str, front: bool) -> str:
        """The contact points: through the proxies for the engines, direct for whoever checks them."""
        places = [s.front if front else (s.host, s.port) for s in self.members.values() if s.kind == kind]
        return ",".join(f"{host}:{port}" for host, port in places)

    @property
    def bootstrap(self) -> str:
        return self.addresses("kafka", front=False)

    async def create_topic(self, topic: str, partitions: int) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            settings = {"min.insync.replicas": str(IN_SYNC_REPLICAS)}
            await admin.create_topics([NewTopic(topic, partitions, SIZE, topic_configs=settings)])
        finally:
            await admin.close()
        self.topics.append(topic)

    async def kill(self, kind: str, number: int) -> None:
        self.away[kind] = number
        server, pid = servers.running()[kind, number]
        await asyncio.to_thread(servers.kill, server, pid)

    async def restart(self, kind: str, number: int) -> float:
        """Seconds until the member is whole again: every replica in sync, every node seen by every other."""
        begun = time.monotonic()
        await asyncio.to_thread(servers.spawn, self.members[kind, number], True)
        whole = self.brokers_are_whole if kind == "kafka" else self.nodes_are_whole
        while not await whole():
            if (kind, number) not in servers.running():
                raise servers.Failure(f"{self.members[kind, number].title} ended; see {self.members[kind, number].log}")
            if time.monotonic() - begun > BACK_SECONDS_LIMIT:
                raise servers.Failure(f"{self.members[kind, number].title} was not back after {BACK_SECONDS_LIMIT} s")
            await asyncio.sleep(0.5)
        self.away[kind] = None
        return time.monotonic() - begun

    async def brokers_are_whole(self) -> bool:
        brokers = [s for s in self.members.values() if s.kind == "kafka"]
        seen = await asyncio.gather(*(asyncio.to_thread(servers.seen, broker) for broker in brokers))
        if min(seen) < SIZE:
            return False
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=5000)
        try:
            await admin.start()
            topics = await admin.describe_topics(self.topics)
            return all(len(p["isr"]) >= SIZE for topic in topics for p in topic["partitions"])
        except Exception:  # aiokafka's errors have no common base; whatever it was, it is asked again.
            return False
        finally:
            with contextlib.suppress(Exception):
                await admin.close()

    async def nodes_are_whole(self) -> bool:
        """Every node reads from all three replicas of a row, which it refuses as long as it holds one of them for down."""
        def asked(server: servers.Server) -> bool:
            try:
                servers.cassandra_rows(server, self.probe, CONSISTENCY_ALL)
            except (OSError, struct.error):
                return False
            return True

        nodes = [s for s in self.members.values() if s.kind == "cassandra"]
        return all(await asyncio.gather(*(asyncio.to_thread(asked, node) for node in nodes)))
