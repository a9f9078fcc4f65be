"""The listening history in Bytewax: plays come in batches from Kafka, a step decodes and joins a whole batch, a sink takes rows.

One process of a cluster; run.py starts them. The environment says what a command line would (Bytewax has its own):
RIVAL_BOOTSTRAP, RIVAL_TOPIC, RIVAL_CATALOGUE, RIVAL_REPORT.
"""

import atexit
import csv
import json
import os
import time

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from confluent_kafka import OFFSET_BEGINNING

BATCH = 10_000
TEXTS = ("artists", "album_name", "album_release_date")
INTS = ("duration_ms", "key")
SONG_COLUMNS = (
    "artists", "duration_ms", "album_name", "album_release_date", "danceability", "energy", "key", "loudness", "mode", "speechiness",
    "acousticness", "instrumentalness", "liveness", "valence", "tempo",
)  # fmt: skip


def read_catalogue(path: str) -> dict[str, tuple]:
    songs: dict[str, tuple] = {}
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["name"] not in songs:
                songs[row["name"]] = tuple(
                    row[c] if c in TEXTS else int(row[c]) if c in INTS else float(row[c]) for c in SONG_COLUMNS
                )
    return songs


class Report:
    """How many records were taken by when, on the clock that all processes of a machine share."""

    def __init__(self) -> None:
        self.first = 0.0
        self.consumed = self.matched = self.checksum = 0
        self.points: list[tuple[float, int]] = []

    def taken(self, count: int) -> None:
        self.consumed += count
        self.points.append((time.monotonic(), count))

    def write(self) -> None:
        with open(os.environ["RIVAL_REPORT"], "w") as file:
            fields = ("first", "consumed", "matched", "checksum", "points")
            json.dump({name: getattr(self, name) for name in fields}, file)


SONGS = read_catalogue(os.environ["RIVAL_CATALOGUE"])
REPORT = Report()
atexit.register(REPORT.write)


def rows_of(plays: list[KafkaSourceMessage]) -> list[tuple]:
    if REPORT.first == 0:
        REPORT.first = time.monotonic()
    rows, find, loads = [], SONGS.get, orjson.loads
    for message in plays:
        play = loads(message.value)
        song = find(play["song"])
        if song is not None:
            moment = play["time"]
            rows.append(
                (
                    play["id"], play["name"], play["song"], moment, int(moment[11:13]), moment[:10], *song, message.partition,
                    message.offset,
                )
            )  # fmt: skip
    # A batch without a row still counts, and no sink would see it.
    REPORT.taken(len(plays))
    return rows


class Totals(StatelessSinkPartition):
    """Forgets the rows but for their sum."""

    def write_batch(self, rows: list[tuple]) -> None:
        REPORT.matched += len(rows)
        REPORT.checksum += sum(row[4] + row[7] for row in rows)


class TotalsSink(DynamicSink):
    def build(self, step_id: str, worker_index: int, worker_count: int) -> Totals:
        return Totals()


source = KafkaSource(
    brokers=[os.environ["RIVAL_BOOTSTRAP"]],
    topics=[os.environ["RIVAL_TOPIC"]],
    tail=False,  # It ends where the topic ended when it came there.
    starting_offset=OFFSET_BEGINNING,
    batch_size=BATCH,
    # librdkafka's settings, as in the other rivals that have it.
    add_config={"queued.min.messages": "1000000", "queued.max.messages.kbytes": "131072", "fetch.message.max.bytes": "8388608", "fetch.queue.backoff.ms": "5"},
)
flow = Dataflow("listening_history")
plays = op.input("plays", flow, source)
rows = op.flat_map_batch("join", plays, rows_of)
op.output("listening_history", rows, TotalsSink())
