"""The pipelines that ./dev chaos can run: where each is, what is sent to it, and which oracle judges its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from chaos import latest, oracle
from chaos.events import Events, Turns
from support import listening
from support.program import ROOT


@dataclass(frozen=True)
class Pipeline:
    name: str
    path: Path
    table: str
    columns: list[str]
    probe: str  # Finds no row of the table, in one of Cassandra's partitions.
    events: type[Events]
    judge: Callable[[Mapping[str, tuple]], oracle.Judge | latest.LatestJudge]
    check_rows: Callable[..., None]
    keys_repeat: bool  # Then a run in which none did within a flush shows nothing.


HISTORY = Pipeline(
    name="history",
    path=listening.PIPELINE,
    table="listening_history",
    columns=listening.COLUMNS,
    probe="name = 'probe' AND date = '' AND hour = 0",
    events=Events,
    judge=oracle.Judge,
    check_rows=oracle.check_rows,
    keys_repeat=False,
)
LATEST = Pipeline(
    name="latest",
    path=ROOT / "pipelines" / "latest_play.sql",
    table="latest_play",
    columns=latest.COLUMNS,
    probe="name = 'probe'",
    events=Turns,
    judge=latest.LatestJudge,
    check_rows=latest.check_latest,
    keys_repeat=True,
)
PIPELINES = {pipeline.name: pipeline for pipeline in (HISTORY, LATEST)}
