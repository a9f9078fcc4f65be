#!/usr/bin/env python3
"""What a run over a topic has to come to, by plain Python that shares no code with the engine or with any rival.

    build/venv/bin/python bench/rivals/expected.py --bootstrap 127.0.0.1:29092 --topic test --catalogue data/spotify-songs.csv

reads the topic as it stands and prints one JSON object: how many records there are, how many of them match the catalogue, and
the sum of hour + duration_ms over those.
"""

from __future__ import annotations

import argparse
import csv
import json
import struct
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "tests"))
from support.kafka import Kafka  # noqa: E402

TEXTS = {"artists", "album_name", "album_release_date"}
INTS = {"duration_ms", "key"}
SONG_COLUMNS = (
    "artists", "duration_ms", "album_name", "album_release_date", "danceability", "energy", "key", "loudness", "mode", "speechiness",
    "acousticness", "instrumentalness", "liveness", "valence", "tempo",
)  # fmt: skip
# Of a row, in its order: those of the play, of the song, of the record.
COLUMNS = (
    "id", "name", "song", "time", "hour", "date",
    *("musical_key" if column == "key" else column for column in SONG_COLUMNS),
    "kafka_partition", "kafka_offset",
)  # fmt: skip


def single(text: str) -> float:
    """The nearest number of 32 bits."""
    return struct.unpack("<f", struct.pack("<f", float(text)))[0]


def songs_of(catalogue: Path) -> dict[str, tuple]:
    songs: dict[str, tuple] = {}
    with catalogue.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file, strict=True):
            if row["name"] not in songs:
                songs[row["name"]] = tuple(
                    row[c] if c in TEXTS else int(row[c]) if c in INTS else single(row[c]) for c in SONG_COLUMNS
                )
    return songs


def records_in(bootstrap: str, topic: str) -> list[tuple[int, int, bytes]]:
    """Partition, offset and value of all that is in the topic now."""
    return [(message.partition, message.offset, message.value) for message in Kafka(bootstrap).read(topic)]


def rows_of(records: Iterable[tuple[int, int, bytes]], songs: dict[str, tuple]) -> Iterator[tuple]:
    for partition, offset, value in records:
        play = json.loads(value)
        if (song := songs.get(play["song"])) is not None:
            time = datetime.strptime(play["time"], "%Y-%m-%d %H:%M")
            head = (play["id"], play["name"], play["song"], play["time"], time.hour, f"{time:%Y-%m-%d}")
            yield (*head, *song, partition, offset)


def checksum_of(rows: Iterable[tuple]) -> int:
    hour, duration = COLUMNS.index("hour"), COLUMNS.index("duration_ms")
    return sum(row[hour] + row[duration] for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Print what a run over a topic has to come to.")
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--catalogue", type=Path, required=True)
    arguments = parser.parse_args()
    records = records_in(arguments.bootstrap, arguments.topic)
    rows = list(rows_of(records, songs_of(arguments.catalogue)))
    print(json.dumps({"consumed": len(records), "matched": len(rows), "checksum": checksum_of(rows)}))


if __name__ == "__main__":
    main()
