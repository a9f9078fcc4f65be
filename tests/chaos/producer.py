"""Sends events at a steady rate and writes down each one that the brokers have acknowledged, with its place and value."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
import zlib
from pathlib import Path

from aiokafka import AIOKafkaProducer

from chaos.events import Event, Events
from chaos.found import encoded

TICK_SECONDS = 0.05
PATIENCE_MS = 60_000  # Longer than a broker's restart takes to move the leaders away from it.


class Producer:
    """acks=all, idempotent. What it is not told to be acknowledged, it neither repeats nor writes down."""

    def __init__(self, bootstrap: str, topic: str, partitions: int, rate: int, events: Events, log: Path) -> None:
        self.bootstrap, self.topic, self.partitions, self.rate = bootstrap, topic, partitions, rate
        self.events = events
        self.chance = random.Random(f"partitions {events.seed}")
        self.log = log.open("w")
        self.sent = self.acknowledged = self.unacknowledged = self.renewed = 0
        self.broken = False
        self.stopping = False

    async def run(self) -> None:
        """Until stop(); then waits for what is on its way."""
        while not self.stopping:
            producer = AIOKafkaProducer(
                bootstrap_servers=self.bootstrap, acks="all", enable_idempotence=True, linger_ms=5,
                compression_type="gzip", request_timeout_ms=PATIENCE_MS,
            )  # fmt: skip
            self.broken = False
            try:
                await producer.start()
                await self.send_with(producer)
            except Exception as error:  # aiokafka's errors have no common base. What was not acknowledged is not counted on.
                self.renewed += 1
                print(f"    the producer begins anew: {error!r}", flush=True)
                await asyncio.sleep(1)
            finally:
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(producer.stop(), PATIENCE_MS / 1000)
        self.log.close()

    async def send_with(self, producer: AIOKafkaProducer) -> None:
        begun, due = time.monotonic(), 0.0
        while not self.stopping and not self.broken:
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            due, begun = min(due + (now - begun) * self.rate, self.rate), now  # After a stall no more than a second's worth.
            for _ in range(int(due)):
                event = self.events.next()
                self.sent += 1
                future = await producer.send(
                    self.topic, event.value, event.key, self.partition_of(event), headers=list(event.headers)
                )
                future.add_done_callback(lambda done, event=event: self.note(done, event))
            due -= int(due)

    def partition_of(self, event: Event) -> int:
        if event.person is None:
            return self.chance.randrange(self.partitions)
        return zlib.crc32(event.person.encode()) % self.partitions

    def note(self, done: asyncio.Future, event: Event) -> None:
        if done.cancelled() or done.exception() is not None:
            self.unacknowledged += 1
            self.broken = True  # An idempotent producer that has given up a batch starts with a new identity.
            return
        place = done.result()
        self.acknowledged += 1
        entry = {
            "number": event.number,
            "partition": place.partition,
            "offset": place.offset,
            "value": encoded(event.value),
            "key": encoded(event.key),
            "headers": [(name, encoded(content)) for name, content in event.headers],
        }
        self.log.write(json.dumps(entry) + "\n")

    def stop(self) -> None:
        self.stopping = True
