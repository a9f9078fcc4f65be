"""Record batches that are small as a broker takes them and huge as a client reads them, made by hand.

https://kafka.apache.org/documentation/#recordbatch has the format. The records are compressed piece by piece, so that making a
batch takes no more memory than sending it.
"""

from __future__ import annotations

import asyncio
import struct
import zlib

import cramjam
from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.util import calc_crc32c

CODECS = {"gzip": 1, "zstd": 4}
PIECE = b"0" * (1 << 20)


def varint(number: int) -> bytes:
    """A signed number as Kafka's records have it: zigzag, seven bits a byte."""
    number = (number << 1) ^ (number >> 63)
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


class Gzip:
    """What is a piece is compressed once: behind a full flush the same bytes come out of it every time."""

    def __init__(self) -> None:
        self.crc = self.size = 0
        self.piece = self.deflated(PIECE)

    def deflated(self, data: bytes) -> bytes:
        stream = zlib.compressobj(9, zlib.DEFLATED, -15)
        return stream.compress(data) + stream.flush(zlib.Z_FULL_FLUSH)

    def add(self, data: bytes) -> bytes:
        head = b"" if self.size else b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
        self.crc, self.size = zlib.crc32(data, self.crc), self.size + len(data)
        return head + (self.piece if data is PIECE else self.deflated(data))

    def end(self) -> bytes:
        return b"\x03\0" + struct.pack("<II", self.crc, self.size & 0xFFFFFFFF)


class Zstd:
    def __init__(self) -> None:
        self.stream = cramjam.zstd.Compressor(3)

    def add(self, data: bytes) -> bytes:
        self.stream.compress(data)
        return bytes(self.stream.flush())

    def end(self) -> bytes:
        return bytes(self.stream.finish())


def compressor(codec: str):
    return Gzip() if codec == "gzip" else Zstd()


def batch_of(codec: str, payload: bytes, count: int) -> bytes:
    checked = struct.pack(">hiqqqhii", CODECS[codec], count - 1, 0, 0, -1, -1, -1, count) + payload
    return struct.pack(">qiibI", 0, 4 + 1 + 4 + len(checked), -1, 2, calc_crc32c(checked)) + checked


def large_record(codec: str, size: int) -> bytes:
    """A batch of one record whose value is so many zeros."""
    head = b"\0" + varint(0) + varint(0) + varint(-1) + varint(size)
    tail = varint(0)
    stream = compressor(codec)
    payload = [stream.add(varint(len(head) + size + len(tail)) + head)]
    for at in range(0, size, len(PIECE)):
        payload.append(stream.add(PIECE if size - at >= len(PIECE) else PIECE[: size - at]))
    payload += [stream.add(tail), stream.end()]
    return batch_of(codec, b"".join(payload), 1)


def records(codec: str, values: list[bytes]) -> bytes:
    """A batch of records with these values, larger than a producer would make it."""
    stream = compressor(codec)
    payload = []
    for number, value in enumerate(values):
        body = b"\0\0" + varint(number) + b"\1" + varint(len(value)) + value + b"\0"
        payload.append(stream.add(varint(len(body)) + body))
    payload.append(stream.end())
    return batch_of(codec, b"".join(payload), len(values))


def send(bootstrap: str, topic: str, batches: list[bytes], partition: int = 0) -> list[int]:
    """Sends each batch as it is; the error codes that the broker answers with, 0 where it took it."""

    async def send_all() -> list[int]:
        client = AIOKafkaClient(bootstrap_servers=bootstrap, request_timeout_ms=120_000)
        await client.bootstrap()
        try:
            await client.set_topics([topic])
            leader = client.cluster.leader_for_partition(TopicPartition(topic, partition))
            codes = []
            for batch in batches:
                response = await client.send(leader, ProduceRequest(None, -1, 60_000, [(topic, [(partition, batch)])]))
                codes.append(response.topics[0][1][0][1])
            return codes
        finally:
            await client.close()

    return asyncio.run(send_all())
