"""The pipelines that ./dev chaos can run: where each is, what is sent to it, where its tables are, and which oracle judges them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from chaos import latest, oracle, several
from chaos.events import Events, Partly, Turns
from chaos.oracle import Fates, Place, Record
from support import listening
from support.program import ROOT


@dataclass(frozen=True)
class Table:
    name: str
    columns: list[str]
    check_rows: Callable[..., None]


@dataclass(frozen=True)
class Pipeline:
    name: str
    path: Path
    tables: list[Table]
    # What engines do side by side, each with a consumer group of its own: by job the store of each table, cassandra or sqlite.
    # Where a job has an SQLite file, which has one writer, it has one engine with one lane.
    jobs: dict[str, dict[str, str]]
    probe: str  # Finds no row of the first table that is in Cassandra, in one of its partitions.
    events: type[Events]
    fates: Callable[[Mapping[str, tuple], Mapping[Place, Record]], Fates]
    keys_repeat: bool = False  # Then a run in which none did within a flush shows nothing.

    @property
    def has_several_tables(self) -> bool:
        """Then a run in which no record failed in some of them shows nothing."""
        return len(self.tables) > 1


def apart(*tables: str) -> dict[str, dict[str, str]]:
    """All of them in Cassandra, and beside it, by another engine, all of them in SQLite."""
    return {store: dict.fromkeys(tables, store) for store in ("cassandra", "sqlite")}


def of_one_table(table: str, judge: type[oracle.Judge] | type[latest.LatestJudge]) -> Callable[..., Fates]:
    def fates(songs: Mapping[str, tuple], records: Mapping[Place, Record]) -> Fates:
        outcomes = judge(songs).outcomes(records)
        # A dead letter names its INSERT also where there is no other.
        letters = {place: oracle.with_inserts(fate, [(table, fate)]) if isinstance(fate, str) else fate for place, fate in outcomes.items()}
        return Fates({table: outcomes}, letters)

    return fates


HISTORY = Pipeline(
    name="history",
    path=listening.PIPELINE,
    tables=[Table("listening_history", listening.COLUMNS, oracle.check_rows)],
    jobs=apart("listening_history"),
    probe="name = 'probe' AND date = '' AND hour = 0",
    events=Events,
    fates=of_one_table("listening_history", oracle.Judge),
)
LATEST = Pipeline(
    name="latest",
    path=ROOT / "pipelines" / "latest_play.sql",
    tables=[Table("latest_play", latest.COLUMNS, latest.check_latest)],
    jobs=apart("latest_play"),
    probe="name = 'probe'",
    events=Turns,
    fates=of_one_table("latest_play", latest.LatestJudge),
    keys_repeat=True,
)
of_person = partial(oracle.check_rows, song_column=several.SONG_OF_PERSON, with_features=several.with_features)
SEVERAL = [Table(name, columns, of_person if name == "plays_by_person" else oracle.check_rows) for name, columns in several.COLUMNS.items()]
TABLES = Pipeline(
    name="tables",
    path=ROOT / "pipelines" / "plays_by_person_song_and_day.sql",
    tables=SEVERAL,
    jobs=apart(*several.COLUMNS),
    probe="name = 'probe' AND date = '' AND hour = 0",
    events=Partly,
    fates=several.fates_of,
)
STORES = Pipeline(
    name="stores",
    path=TABLES.path,
    tables=SEVERAL,
    jobs={"stores": {"plays_by_person": "cassandra", "plays_by_song": "sqlite", "plays_by_day": "cassandra"}},
    probe=TABLES.probe,
    events=Partly,
    fates=several.fates_of,
)
PIPELINES = {pipeline.name: pipeline for pipeline in (HISTORY, LATEST, TABLES, STORES)}
