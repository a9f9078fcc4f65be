"""Compares, when all is healed and all engines have stopped, what is there with what must be there: for each job of the pipeline every
row of each table and every dead letter. Then, where there are several tables, the dead letters are replayed into emptied tables."""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from chaos import found, latest, oracle, several, songs
from chaos.cluster import Cluster
from chaos.engine import Engine, Job
from chaos.faults import AFTERSHOCK_SECONDS, Faults
from chaos.oracle import Letter, Verdict
from chaos.pipeline import Pipeline, Table
from chaos.watch import Watch
from support.books import assert_tables_add_up
from support.listening import catalogue
from support.samples import with_songs

REPLAY_SECONDS_LIMIT = 600
REPLAY_CODES = (0, 3)  # All dead letters became rows; some are dead letters still, as those that are no JSON.


@dataclass
class Partial:
    """Of one job: what it shows of records that have a row in some tables only."""

    letters: int = 0  # Of such records.
    replayed: dict[str, int] = field(default_factory=dict)  # By table: rows that the replay had to write.
    add_up: int = 0  # Processes in whose statistics, for each table, what was consumed is what became of it.


@dataclass
class Comparison:
    pipeline: Pipeline
    cluster: Cluster
    engines: list[Engine]
    topic: str
    letters_topic: str
    watch: Watch
    faults: Faults
    begun: float  # As time.monotonic() tells.
    folder: Path
    say: Callable[[str], None]
    excused: dict[str, float] = field(default_factory=dict)  # See oracle.excused_share().
    flushes: dict[str, latest.Flushes] = field(default_factory=dict)
    partial: dict[str, Partial] = field(default_factory=dict)

    @property
    def jobs(self) -> list[Job]:
        return list({engine.job.name: engine.job for engine in self.engines}.values())

    def run(self, acknowledged: Path) -> dict[str, Verdict]:
        self.say("comparing")
        self.records = found.records_of(self.cluster.bootstrap, self.topic)
        self.fates = self.pipeline.fates(catalogue(), self.records)
        topic = Verdict()
        oracle.check_acknowledged(found.acknowledged_of(acknowledged), self.records, topic)
        verdicts = {"topic": topic}
        for job in self.jobs:
            verdicts |= self.compare(job)
        if self.pipeline.keys_repeat:
            self.count_flushes()
        if self.pipeline.has_several_tables:
            self.check_that_failures_were_partial()
            self.check_statistics()
            if all(verdict.good for verdict in verdicts.values()):
                verdicts |= self.replay()
            else:
                self.say("no replay: it would empty the tables, which are evidence")
        return verdicts

    def compare(self, job: Job) -> dict[str, Verdict]:
        """By what was compared. Where there is one table its rows and the dead letters are one verdict."""
        of_letters = Verdict()
        verdicts = {}
        for table in self.pipeline.tables:
            verdict = Verdict() if self.pipeline.has_several_tables else of_letters
            table.check_rows(self.fates.tables[table.name], self.rows(job, table), verdict, songs.versions())
            if self.pipeline.has_several_tables:
                verdicts[self.title(job, table)] = verdict
                self.say(f"{self.title(job, table)}: {verdict.rows:,} rows compared: {verdict.counts}")
        copies = oracle.check_letters(self.topic, self.records, self.fates.letters, self.letters(job, of_letters), of_letters)
        committed = self.watch.committed[job.group]
        oracle.check_copies(copies, self.watch.growths, self.disturbed(job), committed, of_letters)
        in_flight = [fault.in_flight for fault in self.faults.disturbances if fault.job == job.name]
        oracle.check_amount_of_copies(in_flight, len(self.records), of_letters)
        self.excused[job.name] = oracle.excused_share(copies, self.watch.growths, committed, time.monotonic())
        if self.pipeline.has_several_tables:
            self.partial[job.name] = Partial(len(copies.keys() & several.failed_partly(self.fates)))
        rows = "" if self.pipeline.has_several_tables else f"{of_letters.rows:,} rows and "
        copied = f"{of_letters.repeated_letters:,} copies more, of {of_letters.repeated_letters_limit:,} at most"
        self.say(f"{job.name}: {rows}{of_letters.letters:,} dead letters compared, {copied}: {of_letters.counts}")
        return verdicts | {f"dead letters of {job.name}" if self.pipeline.has_several_tables else job.name: of_letters}

    def title(self, job: Job, table: Table) -> str:
        return f"{table.name} in {job.stores[table.name]}"

    @property
    def node(self) -> tuple[str, int]:
        node = self.cluster.members["cassandra", 1]
        return node.host, node.port

    def rows(self, job: Job, table: Table) -> Iterator[tuple]:
        if job.stores[table.name] == "sqlite":
            return found.sqlite_rows(job.sqlite_file, table.name, table.columns)
        return found.cassandra_rows(*self.node, f"{self.topic}.{table.name}", table.columns)

    def letters(self, job: Job, verdict: Verdict) -> Iterator[Letter]:
        if job.letters_file is not None:
            return found.letters_of_file(job.letters_file, verdict)
        return found.letters_of_topic(self.cluster.bootstrap, self.letters_topic, verdict)

    def disturbed(self, job: Job) -> list[oracle.Span]:
        """When what the job's engines wrote may have been read and written again."""
        spans = [(-math.inf, self.begun + AFTERSHOCK_SECONDS)]  # While they joined.
        spans += [(fault.begun, fault.ended) for fault in self.faults.disturbances if fault.job == job.name]
        recoveries = [recovery for recovery in self.watch.recoveries if recovery.group == job.group]
        return spans + [(r.killed, r.killed + (math.inf if r.caught_up is None else r.caught_up)) for r in recoveries]

    def engines_of(self, job: Job) -> Iterable[Engine]:
        return (engine for engine in self.engines if engine.job is job)

    # Where keys repeat.

    def count_flushes(self) -> None:
        for job in self.jobs:
            logs = [engine.log.read_text(errors="replace") for engine in self.engines_of(job)]
            flushes = self.flushes[job.name] = latest.flushes_with_a_key_twice(self.fates.letters, logs)
            self.say(f"{job.name}: in {flushes.with_a_key_twice:,} of {flushes.all:,} flushes a key came twice for certain")
            if not flushes.with_a_key_twice:
                self.faults.complain(f"{job.name}: no flush had a key twice for certain, so that this run shows nothing of keys that repeat")

    # Where there are several tables.

    def check_that_failures_were_partial(self) -> None:
        for job in self.jobs:
            if not self.partial[job.name].letters:
                self.faults.complain(f"{job.name}: no record has a row in one table and none in another, so that this run shows nothing of that")
            # In a file they would be beside its own rows and might be past those of the other store.
            if len(set(job.stores.values())) > 1 and (positions := found.positions_in_file(job.sqlite_file)):
                self.faults.complain(f"{job.name}: positions are in {job.sqlite_file}, not in Kafka alone: {positions}")
        if not self.faults.kills:
            self.faults.complain("no engine was killed, so that this run shows nothing")

    def check_statistics(self) -> None:
        """Of each process that could still write them."""
        tables = [table.name for table in self.pipeline.tables]
        for job in self.jobs:
            for engine in self.engines_of(job):
                for statistics in engine.statistics():
                    try:
                        assert_tables_add_up(statistics, tables)
                    except (AssertionError, KeyError) as why:
                        self.faults.complain(f"{engine.name}: its statistics do not add up: {why!r}")
                        continue
                    self.partial[job.name].add_up += 1
            if not self.partial[job.name].add_up:
                self.faults.complain(f"{job.name}: no engine has left statistics that add up")

    def replay(self) -> dict[str, Verdict]:
        """All dead letters again, into emptied tables, with the songs in the catalogue that were unknown: only what was missing is written."""
        unknown = several.unknown_songs(catalogue(), self.records)
        mended = with_songs(self.folder, unknown)
        expected = several.replayed(self.fates, self.pipeline.fates(catalogue(mended), self.records))
        verdicts = {}
        for job in self.jobs:
            for table in self.pipeline.tables:
                self.empty(job, table)
            command = next(iter(self.engines_of(job))).command("dead-letters replay", mended)
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=REPLAY_SECONDS_LIMIT, check=False)
            self.say(f"{job.name}: replayed, exit {done.returncode}: " + " ".join(done.stdout.split()))
            if done.returncode not in REPLAY_CODES:
                self.faults.complain(f"{job.name}: the replay ended with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
            for table in self.pipeline.tables:
                verdict = verdicts[f"{self.title(job, table)}, replayed"] = Verdict()
                table.check_rows(expected[table.name], self.rows(job, table), verdict)
                self.partial[job.name].replayed[table.name] = verdict.rows
                self.say(f"{self.title(job, table)}, replayed: {verdict.rows:,} rows compared: {verdict.counts}")
            if not any(self.partial[job.name].replayed.values()):
                self.faults.complain(f"{job.name}: the replay had nothing to write, so that it shows nothing")
        return verdicts

    def empty(self, job: Job, table: Table) -> None:
        if job.stores[table.name] == "sqlite":
            found.empty_sqlite_table(job.sqlite_file, table.name)
        else:
            found.empty_cassandra_table(*self.node, f"{self.topic}.{table.name}")
