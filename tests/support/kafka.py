"""Kafka through aiokafka, which shares no code with the program under test. Every call is a short client of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiokafka
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.coordinator.assignors.range import RangePartitionAssignor


@dataclass(frozen=True, slots=True)
class Message:
    """A record as the broker holds it."""

    partition: int
    offset: int
    value: bytes | None
    key: bytes | None
    timestamp_ms: int
    headers: tuple[tuple[str, bytes | None], ...] = ()

    @property
    def place(self) -> tuple[int, int]:
        return self.partition, self.offset


class Kafka:
    """One cluster, by its bootstrap address."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    @contextlib.asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()

    def create_topic(self, topic: str, partitions: int = 4, config: dict[str, str] | None = None) -> str:
        async def create() -> None:
            async with self.admin() as admin:
                await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=config)])
            # The broker answers before every partition has a leader: wait until a client can see them all.
            consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap)
            await consumer.start()
            try:
                while len(await partitions_of(consumer, topic)) < partitions:
                    await asyncio.sleep(0.02)
            finally:
                await consumer.stop()

        asyncio.run(create())
        return topic

    def topics(self) -> set[str]:
        async def ask() -> set[str]:
            async with self.admin() as admin:
                return set(await admin.list_topics())

        return asyncio.run(ask())

    def delete_topic(self, topic: str) -> None:
        """Deletes it, and waits until its name is free."""

        async def delete() -> None:
            async with self.admin() as admin:
                await admin.delete_topics([topic])
                while topic in await admin.list_topics():
                    await asyncio.sleep(0.02)

        asyncio.run(delete())

    def make_anew(self, topic: str, partitions: int = 4) -> None:
        """Another topic of the same name."""
        self.delete_topic(topic)
        self.create_topic(topic, partitions)

    def settings(self, topic: str) -> dict[str, str]:
        """The topic's settings, those that it has from the broker too."""

        async def ask() -> dict[str, str]:
            async with self.admin() as admin:
                [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
            [(error, message, _, _, entries)] = answer.resources
            assert error == 0, message
            return {name: value for name, value, *_ in entries}

        return asyncio.run(ask())

    def send(self, topic: str, values: list, compression: str | None = "gzip", partition: int | None = None, headers: list | None = None,
             timestamp_ms: int | None = None) -> list[Message]:  # fmt: skip
        """Sends values, bytes or (key, bytes), in order, and waits for all acknowledgements; says where each one went."""

        async def send_all() -> list[Message]:
            producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, compression_type=compression, linger_ms=5)
            await producer.start()
            try:
                pairs = [v if isinstance(v, tuple) else (None, v) for v in values]
                place = {"partition": partition, "headers": headers, "timestamp_ms": timestamp_ms}
                futures = [await producer.send(topic, value, key=key, **place) for key, value in pairs]
                await producer.flush()
                places = [await future for future in futures]
                return [
                    Message(place.partition, place.offset, value, key, place.timestamp)
                    for place, (key, value) in zip(places, pairs)
                ]
            finally:
                await producer.stop()

        return asyncio.run(send_all())

    def transaction(self, topic: str, values: list[bytes], partition: int, end: Callable[[], bool]) -> None:
        """Sends values in a transaction that stays open during end(), which says whether it is then committed or aborted."""

        async def send_all() -> None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self.bootstrap, transactional_id=f"{topic}-{partition}", transaction_timeout_ms=600_000
            )
            await producer.start()
            try:
                await producer.begin_transaction()
                await asyncio.gather(*[await producer.send(topic, value, partition=partition) for value in values])
                committed = await asyncio.to_thread(end)
                await (producer.commit_transaction() if committed else producer.abort_transaction())
            finally:
                await producer.stop()

        asyncio.run(send_all())

    def read(self, topic: str) -> list[Message]:
        """All that the topic holds now."""

        async def read_all() -> list[Message]:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest",
                max_partition_fetch_bytes=8 << 20,
            )  # fmt: skip
            await consumer.start()
            found = []
            try:
                places = await partitions_of(consumer, topic)
                ends = await consumer.end_offsets(places)
                consumer.assign(places)
                await consumer.seek_to_beginning(*places)
                while any([await consumer.position(place) < ends[place] for place in places]):
                    for messages in (await consumer.getmany(timeout_ms=500)).values():
                        found.extend(Message(m.partition, m.offset, m.value, m.key, m.timestamp, tuple(m.headers)) for m in messages)
            finally:
                await consumer.stop()
            return found

        return asyncio.run(read_all())

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """The group's committed offsets, without joining it; partitions without one are left out."""

        async def ask() -> dict[int, int]:
            async with self.admin() as admin:
                try:
                    offsets = await patiently(lambda: admin.list_consumer_group_offsets(group))
                except aiokafka.errors.GroupIdNotFound:
                    return {}
            return {tp.partition: o.offset for tp, o in offsets.items() if tp.topic == topic and o.offset >= 0}

        return asyncio.run(ask())

    def commit(self, group: str, topic: str, offsets: dict[int, int]) -> None:
        """Moves a group's commits, which has no members now."""

        async def move() -> None:
            consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, group_id=group, enable_auto_commit=False)
            await consumer.start()
            try:
                consumer.assign([TopicPartition(topic, partition) for partition in offsets])
                await consumer.commit({TopicPartition(topic, partition): offset for partition, offset in offsets.items()})
            finally:
                await consumer.stop()

        asyncio.run(move())

    def delete_before(self, topic: str, offsets: dict[int, int]) -> None:
        """Deletes the records below these offsets of partitions, as retention does."""

        async def delete() -> None:
            async with self.admin() as admin:
                await admin.delete_records({TopicPartition(topic, number): RecordsToDelete(offset) for number, offset in offsets.items()})

        asyncio.run(delete())

    @contextlib.contextmanager
    def joined(self, group: str, topic: str):
        """Meanwhile another client is a member of the group, which assigns by 'range' and by no other strategy."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()

        async def join() -> AIOKafkaConsumer:
            consumer = AIOKafkaConsumer(
                topic, bootstrap_servers=self.bootstrap, group_id=group, enable_auto_commit=False,
                partition_assignment_strategy=(RangePartitionAssignor,),
            )  # fmt: skip
            await consumer.start()
            while not consumer.assignment():
                await asyncio.sleep(0.05)
            return consumer

        try:
            consumer = asyncio.run_coroutine_threadsafe(join(), loop).result(60)
            yield
            asyncio.run_coroutine_threadsafe(consumer.stop(), loop).result(60)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)

    def members(self, group: str) -> set[str]:
        """The names of the group's members, without the UUID that the broker adds: a static one's group.instance.id, else the client.id."""
        _, _, _, _, _, members, *_ = self.description(group)
        return {member_id[: -len("-01234567-0123-0123-0123-0123456789ab")] for member_id, *_ in members}

    def is_stable(self, group: str) -> bool:
        """Whether the group does not rebalance now: only then do its members tell what they subscribe to."""
        return self.description(group)[2] == "Stable"

    def description(self, group: str) -> tuple:
        """What the broker says of a group: error, name, state, kinds of protocol, protocol, members."""

        async def ask() -> tuple:
            async with self.admin() as admin:
                (answer,) = await patiently(lambda: admin.describe_consumer_groups([group]))
            return answer.groups[0]

        return asyncio.run(ask())

    def end_offsets(self, topic: str) -> dict[int, int]:
        async def ask() -> dict[int, int]:
            consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap)
            await consumer.start()
            try:
                ends = await consumer.end_offsets(await partitions_of(consumer, topic))
            finally:
                await consumer.stop()
            return {place.partition: end for place, end in ends.items()}

        return asyncio.run(ask())


async def partitions_of(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    cluster = await consumer._client.fetch_all_metadata()
    return [TopicPartition(topic, number) for number in sorted(cluster.partitions_for_topic(topic) or ())]


async def patiently(call, seconds: float = 30):
    """Repeats a call while the group's coordinator is only just coming up, as it is on a new broker."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return await call()
        except (
            aiokafka.errors.GroupCoordinatorNotAvailableError,
            aiokafka.errors.GroupLoadInProgressError,
            aiokafka.errors.NotCoordinatorForGroupError,
        ):
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.1)
