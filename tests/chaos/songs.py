"""One song of the catalogue in several versions: two numbers of its row grow by the version's, so that a mixture of two shows."""

from __future__ import annotations

import csv
import io
from functools import cache

from support.listening import CATALOGUE, FEATURES, as_float32, catalogue

SONG = "Memories - Dillon Francis Remix"
VERSIONS = 4  # 0 is the catalogue as it is.
# Of the plays: often enough that each engine writes some with each version that it starts with.
PLAYED_SHARE = 0.05


def with_song(songs: list[str]) -> list[str]:
    """What the producer chooses from, with the song standing in it as often as it is to be played."""
    return songs + [SONG] * round(len(songs) * PLAYED_SHARE / (1 - PLAYED_SHARE))


@cache
def file_of(version: int) -> bytes:
    """The catalogue's file with this version of the song."""
    lines = CATALOGUE.read_bytes().split(b"\n")
    header = next(csv.reader([lines[0].decode()]))
    number = next(n for n, line in enumerate(lines) if line.startswith(f'"{SONG}",'.encode()))
    row = dict(zip(header, next(csv.reader([lines[number].decode()]))))
    row["duration_ms"] = str(int(row["duration_ms"]) + version)
    row["tempo"] = f"{float(row['tempo']) + version:.3f}"
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="").writerow(row.values())
    lines[number] = text.getvalue().encode()
    return b"\n".join(lines)


def versions() -> dict[str, list[tuple]]:
    """By the song, its features in every version, for the oracle. Not read from the files that are made here."""
    base = dict(zip(FEATURES, catalogue()[SONG]))
    tempo = round(base["tempo"], 3)
    changed = [{"duration_ms": base["duration_ms"] + version, "tempo": as_float32(f"{tempo + version:.3f}")} for version in range(VERSIONS)]
    return {SONG: [tuple({**base, **change}.values()) for change in changed]}
