"""Watches from outside how far each consumer group has come: its commits, the topic's ends, and how long recoveries take."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

POLL_SECONDS = 0.25
CALL_SECONDS_LIMIT = 8


@dataclass
class Recovery:
    """From a killed engine's restart until its group has committed all that the topic held when it was killed."""

    group: str
    engine: str
    begun: float
    ends: dict[int, int]
    seconds: float | None = None


class Watch:
    def __init__(self, bootstrap: str, topic: str, partitions: int, groups: Iterable[str]) -> None:
        self.bootstrap = bootstrap
        self.topic = topic
        self.places = [TopicPartition(topic, number) for number in range(partitions)]
        self.groups = list(groups)
        self.ends: dict[int, int] = {}
        self.commits: dict[str, dict[int, int]] = {group: {} for group in self.groups}
        # Commits that went back: a request that a link held may arrive after a later one. The records are read twice, no more.
        self.backwards: list[str] = []
        self.recoveries: list[Recovery] = []
        self.seen = 0.0  # When both were last known.

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except asyncio.CancelledError:
                raise
            except Exception:  # aiokafka's errors have no common base. The servers are being killed: it is asked again.
                await asyncio.sleep(POLL_SECONDS)

    async def look(self) -> None:
        """Until a call fails: then with new clients."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, request_timeout_ms=5000)
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=5000)
        try:
            await asyncio.wait_for(consumer.start(), CALL_SECONDS_LIMIT)
            await asyncio.wait_for(admin.start(), CALL_SECONDS_LIMIT)
            while True:
                ends = await asyncio.wait_for(consumer.end_offsets(self.places), CALL_SECONDS_LIMIT)
                self.ends.update({place.partition: end for place, end in ends.items()})
                for group in self.groups:
                    found = await asyncio.wait_for(admin.list_consumer_group_offsets(group), CALL_SECONDS_LIMIT)
                    self.note(group, {p.partition: o.offset for p, o in found.items() if p.topic == self.topic and o.offset >= 0})
                self.seen = time.monotonic()
                await asyncio.sleep(POLL_SECONDS)
        finally:
            for client in (consumer.stop(), admin.close()):
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(client, CALL_SECONDS_LIMIT)

    def note(self, group: str, commits: dict[int, int]) -> None:
        known = self.commits[group]
        for partition, offset in commits.items():
            if offset < known.get(partition, 0):
                self.backwards.append(f"{time.strftime('%H:%M:%S')} {group}: partition {partition} from {known[partition]} back to {offset}")
        known.update(commits)
        for recovery in self.recoveries:
            if recovery.seconds is None and recovery.group == group and reached(known, recovery.ends):
                recovery.seconds = time.monotonic() - recovery.begun

    def recovering(self, group: str, engine: str, ends: dict[int, int]) -> None:
        self.recoveries.append(Recovery(group, engine, time.monotonic(), ends))

    def lag(self, group: str) -> int:
        return sum(max(0, end - self.commits[group].get(partition, 0)) for partition, end in self.ends.items())

    async def drained(self, seconds: float, say: Callable[[str], None]) -> bool:
        """Waits until no group has a lag, as seen from now on."""
        begun = told = time.monotonic()
        while self.seen < begun or any(self.lag(group) for group in self.groups):
            now = time.monotonic()
            if now - begun > seconds:
                return False
            if now - told > 10:
                say("draining: lag " + ", ".join(f"{group} {self.lag(group):,}" for group in self.groups))
                told = now
            await asyncio.sleep(POLL_SECONDS)
        return True


def reached(commits: dict[int, int], ends: dict[int, int]) -> bool:
    return all(commits.get(partition, 0) >= end for partition, end in ends.items())
