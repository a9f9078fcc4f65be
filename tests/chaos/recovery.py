"""Measures how long the partitions of an engine stand still after it was killed, or told to end, and started again at once.

`./dev chaos --recovery` calls this. Two engines share a consumer group and write to a real Cassandra, once as dynamic members
and once as static ones ("group.instance.id"), with Kafka's default session timeout and with a short one. The time counts from
the signal until every partition of the group has a commit beyond those that it had at the signal: until nobody waits for the
one that was ended. docs/DELIVERY.md has the figures and what follows from them.
"""

from __future__ import annotations

import asyncio
import dataclasses
import shutil
import signal
import statistics
import sys
import time
import uuid
from pathlib import Path

import servers  # tools/servers.py
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment as MemberAssignment

from chaos import load, report
from chaos.engine import Engine, Job
from chaos.events import Events
from chaos.producer import Producer
from support.kafka import Kafka
from support.listening import song_names
from support.program import BINARY, ROOT

HOME = ROOT / "build" / "recovery"
PARTITIONS = 6
RATE = 200
SESSION_TIMEOUTS = (10_000, 45_000)  # The second is Kafka's default.
POLL_SECONDS = 0.05
CALM_SECONDS = 5.0  # Between two measurements.
SECONDS_LIMIT = 180


@dataclasses.dataclass(frozen=True)
class Case:
    static: bool
    session_timeout_ms: int
    sign: signal.Signals

    @property
    def title(self) -> str:
        kind = "static" if self.static else "dynamic"
        return f"{self.sign.name}, {kind} member, session.timeout.ms = {self.session_timeout_ms}"


CASES = [Case(static, timeout, sign) for sign in (signal.SIGKILL, signal.SIGTERM) for timeout in SESSION_TIMEOUTS for static in (False, True)]


class Recovery:
    """One group of two engines, measured again and again."""

    def __init__(self, case: Case, bootstrap: str, cassandra: str, topic: str, keyspace: str) -> None:
        self.case = case
        self.bootstrap, self.topic = bootstrap, topic
        self.group = f"{topic}_{uuid.uuid4().hex[:6]}"
        options = {
            "plays.bootstrap.servers": bootstrap,
            "plays.topic": topic,
            "plays.session.timeout.ms": str(case.session_timeout_ms),
            "listening_history.contact_points": cassandra,
            "listening_history.keyspace": keyspace,
            "listening_history.flush_interval": "200ms",
        }
        self.engines = []
        for number in (1, 2):
            own = {"plays.group.instance.id": f"engine-{number}"} if case.static else {}
            name = f"{self.group}-engine-{number}"
            self.engines.append(Engine(name, Job("cassandra", self.group, options), BINARY, HOME / name, None, print, own))

    async def measure(self, times: int) -> list[float]:
        self.admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        self.consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap)
        await self.admin.start()
        await self.consumer.start()
        for engine in self.engines:
            engine.wanted = True
            await engine.start()
        try:
            return [await self.once(self.engines[number % 2]) for number in range(times)]
        finally:
            for engine in self.engines:
                if engine.running:
                    await engine.kill()
            await self.admin.close()
            await self.consumer.stop()

    async def once(self, engine: Engine) -> float:
        await self.wait_for_calm()
        begun = time.monotonic()
        if self.case.sign == signal.SIGKILL:
            await engine.kill()
        elif await engine.terminate(patient=True) != 0:
            raise servers.Failure(f"{engine.name} did not end well on SIGTERM:\n{engine.tail()}")
        before = await self.commits()
        await engine.start()
        while any(commit <= before[partition] for partition, commit in (await self.commits()).items()):
            self.check_limit(begun, f"until its partitions went on after {self.case.sign.name}", engine)
            await asyncio.sleep(POLL_SECONDS)
        return time.monotonic() - begun

    async def wait_for_calm(self) -> None:
        """Until both engines have partitions and the group keeps up, for some seconds without a break."""
        begun = calm_since = time.monotonic()
        while time.monotonic() - calm_since < CALM_SECONDS:
            if not (await self.settled() and await self.lag() < 2 * RATE):
                calm_since = time.monotonic()
            self.check_limit(begun, "until the group was calm", self.engines[0])
            await asyncio.sleep(POLL_SECONDS * 10)

    async def settled(self) -> bool:
        (answer,) = await self.admin.describe_consumer_groups([self.group])
        _, _, state, _, _, members, *_ = answer.groups[0]
        if state != "Stable":
            return False
        shares = [len(MemberAssignment.decode(assignment).partitions()) for _, _, _, _, assignment in members]
        return shares == [PARTITIONS // len(self.engines)] * len(self.engines)

    async def commits(self) -> dict[int, int]:
        found = await self.admin.list_consumer_group_offsets(self.group)
        known = {place.partition: entry.offset for place, entry in found.items() if place.topic == self.topic}
        return {partition: known.get(partition, -1) for partition in range(PARTITIONS)}

    async def lag(self) -> int:
        ends = await self.consumer.end_offsets([TopicPartition(self.topic, number) for number in range(PARTITIONS)])
        commits = await self.commits()
        return sum(end - commits[place.partition] for place, end in ends.items())

    def check_limit(self, begun: float, what: str, engine: Engine) -> None:
        if time.monotonic() - begun > SECONDS_LIMIT:
            raise servers.Failure(f"waited {SECONDS_LIMIT} s {what}; {engine.name} said:\n{engine.tail()}")


def report_of(found: dict[Case, list[float]], times: int, machine_load: load.Load) -> str:
    lines = [
        f"`./dev chaos --recovery --times {times}` at commit {report.commit()}, on {load.machine()}: seconds from the signal until every",
        "partition has a new commit; the engine is started again at once. Two engines, one broker, one node.",
    ]
    rows = []
    for case, seconds in found.items():
        each = " ".join(f"{value:.1f}" for value in seconds)
        rows.append([case.title, f"{statistics.median(seconds):.1f}", f"{min(seconds):.1f}", f"{max(seconds):.1f}", each])
    lines += report.table("after | median s | least | most | each", rows)
    lines += report.load_table(report.distributions_of(machine_load.series()))
    return "\n".join(lines) + "\n"


async def run(times: int) -> None:
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    broker, node = servers.servers_of(1, 1)
    topic = keyspace = f"recovery_{uuid.uuid4().hex[:8]}"
    await asyncio.to_thread(Kafka(broker.address).create_topic, topic, PARTITIONS)
    producer = Producer(broker.address, topic, PARTITIONS, RATE, Events(1, song_names(1000)), HOME / "acknowledged.jsonl")
    measured = load.Load(HOME / "load.csv")
    tasks = [asyncio.create_task(producer.run()), asyncio.create_task(measured.run())]
    found: dict[Case, list[float]] = {}
    try:
        for number, case in enumerate(CASES):
            recovery = Recovery(case, broker.address, node.address, topic, keyspace)
            if number == 0:
                await recovery.engines[0].make_table()
            found[case] = await recovery.measure(times)
            print(f"{case.title}: " + ", ".join(f"{seconds:.1f} s" for seconds in found[case]), flush=True)
        text = report_of(found, times, measured)
        (HOME / "report.md").write_text(text)
        print(f"\n{text}\nReport: {HOME / 'report.md'}")
    finally:
        producer.stop()
        for task in tasks[1:]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def main(times: int) -> int:
    before = set(servers.running())
    try:
        servers.up(1, 1, fresh=True)
        asyncio.run(run(times))
    except servers.Failure as failure:
        print(f"./dev chaos --recovery: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        servers.stop_new(before)
    return 0
