"""Nexmark's events, its queries, and the form in which rows of different programs are compared. Standard library only."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
QUERIES, FLINK, GOLDEN = HERE / "queries", HERE / "flink", HERE / "golden"
BUILD = ROOT / "build" / "nexmark"

SIDE_INPUT_ROWS = 10_000
# Of the golden rows: 20,000 events over 55 hours, so that every time of day is among them.
GOLDEN_EVENTS, GOLDEN_SPACING_MS, GOLDEN_FIRST_ROWS = 20_000, 10_000, 50

# The columns of the queries' rows, as Turntable's tables have them.
COLUMNS = {
    "q0": ["auction", "bidder", "price", "date_time", "extra"],
    "q1": ["auction", "bidder", "price", "date_time", "extra"],
    "q2": ["auction", "price"],
    "q10": ["auction", "bidder", "price", "date_time", "extra", "dt", "hm"],
    "q13": ["auction", "bidder", "price", "date_time", "value"],
    "q14": ["auction", "bidder", "price", "bid_time_type", "date_time", "extra", "c_counts"],
    "q21": ["auction", "bidder", "price", "channel", "channel_id"],
    "q22": ["auction", "bidder", "price", "channel", "dir1", "dir2", "dir3"],
}
EUROS = {"q1", "q14"}  # Whose price is a decimal number.


def generator() -> Path:
    """The program that writes events, built where it is not."""
    command = ["cargo", "build", "--quiet", "--release", "--locked", "--manifest-path", HERE / "generator" / "Cargo.toml", "--target-dir", BUILD]
    unset = {"CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS"}
    subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL, env={k: v for k, v in os.environ.items() if k not in unset})
    return BUILD / "release" / "nexmark_events"


def written(*words: object) -> bytes:
    return subprocess.run([str(word) for word in (generator(), *words)], check=True, stdin=subprocess.DEVNULL, capture_output=True).stdout


def golden_events() -> list[bytes]:
    return written("--events", GOLDEN_EVENTS, "--spacing-ms", GOLDEN_SPACING_MS).splitlines()


def side_input(path: Path) -> Path:
    path.write_bytes(written("--side-input", SIDE_INPUT_ROWS))
    return path


# ------------------------------------------------------------------------------------------------------------------- rows


def line_of(query: str, row: Sequence[object]) -> str:
    """A row as an array in JSON: times with milliseconds, decimal numbers as texts with their digits."""
    assert len(row) == len(COLUMNS[query]), (query, row)
    parts = []
    for column, value in zip(COLUMNS[query], row):
        if column == "price" and query in EUROS:
            value = str(value)
        parts.append(json.dumps(value, ensure_ascii=False))
    return f"[{', '.join(parts)}]"


def summary(lines: Iterable[str]) -> dict:
    """What is kept of a query's rows, in whatever order they came."""
    ordered = sorted(lines)
    digest = hashlib.sha256("".join(line + "\n" for line in ordered).encode()).hexdigest()
    return {"rows": len(ordered), "sha256": digest, "first": ordered[:GOLDEN_FIRST_ROWS]}


def golden(query: str) -> dict:
    return json.loads((GOLDEN / f"{query}.json").read_text())
