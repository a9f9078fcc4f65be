"""Watches from outside how far all has come: the topic's ends, each group's commits, the dead letters, and how long recoveries take."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from chaos.found import partition_name
from chaos.oracle import Growth

POLL_SECONDS = 0.25
CALL_SECONDS_LIMIT = 8


@dataclass
class Recovery:
    """After the SIGKILL of an engine, with all that other faults add meanwhile: the times count from the kill, not from the restart.

    `flowing`: every partition in which something was left to be done has gone on; nobody waits for the dead one any more.
    `caught_up`: all that the topic held at the kill is in the table and committed.
    """

    group: str
    engine: str
    killed: float
    ends: dict[int, int]  # At the kill, as the group's commits are.
    commits: dict[int, int]
    flowing: float | None = None
    caught_up: float | None = None

    @property
    def lag(self) -> int:
        return sum(max(0, end - self.commits.get(partition, 0)) for partition, end in self.ends.items())

    def note(self, commits: dict[int, int], now: float) -> None:
        def all_of(reached: Callable[[int, int, int], bool]) -> bool:
            return all(reached(commits.get(p, 0), self.commits.get(p, 0), end) for p, end in self.ends.items())

        if self.flowing is None and all_of(lambda commit, before, end: before >= end or commit > before):
            self.flowing = now - self.killed
        if self.caught_up is None and all_of(lambda commit, before, end: commit >= end):
            self.caught_up = now - self.killed


class Watch:
    def __init__(
        self, bootstrap: str, topic: str, partitions: int, groups: Iterable[str], letters: tuple[str, int], files: Iterable[Path]
    ) -> None:
        """`letters`: the topic of dead letters and its number of partitions; `files`: those that are kept in files."""
        self.bootstrap = bootstrap
        self.topic = topic
        self.places = [TopicPartition(topic, number) for number in range(partitions)]
        self.letter_places = [TopicPartition(letters[0], number) for number in range(letters[1])]
        self.files = list(files)
        names = [partition_name(place.partition) for place in self.letter_places] + [path.name for path in self.files]
        self.growths = {name: Growth() for name in names}
        self.groups = list(groups)
        self.committed = {group: {place.partition: Growth() for place in self.places} for group in self.groups}
        self.ends: dict[int, int] = {}
        self.commits: dict[str, dict[int, int]] = {group: {} for group in self.groups}
        # Commits that went back: a request that a link held may arrive after a later one. The records are read twice, no more.
        self.backwards: list[str] = []
        self.recoveries: list[Recovery] = []
        self.seen = 0.0  # When both were last known.

    async def run(self) -> None:
        await asyncio.gather(self.run_brokers(), self.run_files())

    async def run_files(self) -> None:
        while True:
            for path in self.files:
                asked = time.monotonic()
                with contextlib.suppress(FileNotFoundError):
                    size = path.stat().st_size
                    self.growths[path.name].note(asked, time.monotonic(), size)
            await asyncio.sleep(POLL_SECONDS)

    async def run_brokers(self) -> None:
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
                asked = time.monotonic()
                ends = await asyncio.wait_for(consumer.end_offsets([*self.places, *self.letter_places]), CALL_SECONDS_LIMIT)
                self.ends.update({place.partition: ends[place] for place in self.places})
                for place in self.letter_places:
                    self.growths[partition_name(place.partition)].note(asked, time.monotonic(), ends[place])
                for group in self.groups:
                    asked = time.monotonic()
                    found = await asyncio.wait_for(admin.list_consumer_group_offsets(group), CALL_SECONDS_LIMIT)
                    self.note(group, {p.partition: o.offset for p, o in found.items() if p.topic == self.topic and o.offset >= 0}, asked)
                self.seen = time.monotonic()
                await asyncio.sleep(POLL_SECONDS)
        finally:
            for client in (consumer.stop(), admin.close()):
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(client, CALL_SECONDS_LIMIT)

    def note(self, group: str, commits: dict[int, int], asked: float) -> None:
        known = self.commits[group]
        answered = time.monotonic()
        for partition, offset in commits.items():
            if offset < known.get(partition, 0):
                self.backwards.append(f"{time.strftime('%H:%M:%S')} {group}: partition {partition} from {known[partition]} back to {offset}")
                self.committed[group][partition].forget_beyond(offset)
            self.committed[group][partition].note(asked, answered, offset)
        known.update(commits)
        for recovery in self.recoveries:
            if recovery.group == group:
                recovery.note(known, time.monotonic())

    def killed(self, group: str, engine: str) -> None:
        self.recoveries.append(Recovery(group, engine, time.monotonic(), dict(self.ends), dict(self.commits[group])))

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

