"""Nexmark's queries in the rivals that have them: how Flink SQL and the Go loop are called for one."""

from __future__ import annotations

import sys
import uuid
from pathlib import Path

import nexmark_events as events

sys.path.insert(0, str(events.ROOT / "bench" / "rivals"))
import contract  # noqa: E402

HOME = events.ROOT / "build" / "bench" / "rivals"
NAMES = ("flink", "go")
TITLES = {"flink": "Flink SQL 2.0.1", "go": "typed Go loop"}


def installed(name: str) -> contract.Rival:
    """Raises Unavailable, with the reason, where it cannot be had."""
    rival = contract.rivals(HOME)[name]
    if (reason := rival.install()) is not None:
        raise contract.Unavailable(f"{rival.title} cannot be had: {reason}")
    return rival


def command(rival: contract.Rival, query: str, *, bootstrap: str, topic: str, count: int, side_input: Path, rows: Path | None = None) -> list[str]:
    """Reads so many events of a topic from its beginning. The rows are forgotten, or written to a file, a line each."""
    words = [str(word) for word in rival.words()]
    options: dict[str, object] = {"bootstrap": bootstrap, "topic": topic, "group": f"nexmark_{uuid.uuid4().hex[:12]}", "events": count, "side_input": side_input}
    if rival.name == "flink":
        words[-1] = "flinksql.Nexmark"
        options["query"] = events.FLINK / f"{query}.sql"
    else:
        options["query"] = query
    if rows is not None:
        options["rows"] = rows
    return words + [f"--{name}={value}" for name, value in options.items()]


def lines(name: str, query: str, path: Path) -> list[str]:
    """The rows in a file that the rival has written, in the form of nexmark_events.line_of()."""
    import json

    found = path.read_text(encoding="utf-8").splitlines()
    if name == "flink":
        return found  # Nexmark.java writes this form.
    return [events.line_of(query, list(json.loads(line, parse_float=str).values())) for line in found]
