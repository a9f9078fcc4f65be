"""Other programs for the same job (rivals/), beside this one: on the same backlog, with the same rows to show for it.

A rival that cannot be had is skipped and named. What warms up, a JVM, is shown twice: over the second half of the backlog,
and with everything, start-up included.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import drains
import machine
import process
import programs
import workloads
from workloads import CASSANDRA, KAFKA, Backlog, Shape

sys.path.insert(0, str(machine.ROOT / "bench" / "rivals"))


class Rival:
    """One of rivals/, as a program of the bench."""

    def __init__(self, rival) -> None:
        self.rival, self.name = rival, rival.title

    def drain(self, sink: str, backlog: Backlog, label: str) -> dict:
        import contract

        keyspace, file = programs.fresh_keyspace(), workloads.DATA / f"{label}.sqlite"
        workloads.remove_sqlite(file)
        if sink == "cassandra":
            options = {"songs.path": backlog.catalogue, **programs.Turntable().sink_options(sink, keyspace, file)}
            apply = [workloads.BINARY, "schema", "apply", workloads.PIPELINE, *programs.sets(options)]
            process.run("turntable schema apply", apply, f"{label}-schema")
        command = self.rival.command(
            bootstrap=KAFKA, topic=backlog.topic, catalogue=backlog.catalogue, sink=sink, events=backlog.shape.events, cassandra=CASSANDRA,
            keyspace=keyspace, sqlite=file,
        )  # fmt: skip
        with tempfile.TemporaryDirectory(dir=process.HOME) as folder:
            finished = process.run(self.name, command, label, folder=Path(folder))
        try:
            found = contract.result_in(finished.output.read_text(errors="replace"))
        except ValueError as fault:
            raise process.Failure(f"{self.name}: {fault}; see {finished.output}") from None
        if found.consumed != backlog.shape.events:
            raise process.Failure(f"{self.name} read {found.consumed:,} of {backlog.shape.events:,} plays")
        workloads.agree(self.name, backlog, found.matched, found.checksum)
        if sink == "cassandra":
            workloads.agree(self.name, backlog, *workloads.cassandra_sums(keyspace))
        elif sink == "sqlite":
            workloads.agree(self.name, backlog, *workloads.sqlite_sums(file))
        return process.run_of(
            finished, found.consumed, found.matched, found.seconds, found.startup_seconds, steady_seconds=found.steady_seconds,
            steady_events=found.steady_events,
        )  # fmt: skip


def installed(arguments: argparse.Namespace, sink: str) -> tuple[list[Rival], dict[str, str]]:
    """Those that can run and have the sink; and why the others cannot."""
    import contract

    found, absent = [], {}
    all_rivals = contract.rivals(process.HOME / "rivals")
    for name in arguments.rival or []:
        if name not in all_rivals:
            raise process.Failure(f"there is no rival '{name}'; there are: {', '.join(all_rivals)}")
    for name, rival in all_rivals.items():
        if (arguments.rival and name not in arguments.rival) or sink not in rival.sinks:
            continue
        if (reason := rival.install()) is None:
            found.append(Rival(rival))
        else:
            absent[rival.title] = reason
            print(f"SKIPPED: {rival.title} cannot be had: {reason}", flush=True)
    return found, absent


def rivals(arguments: argparse.Namespace, sink: str, events: int) -> dict:
    found, absent = installed(arguments, sink)
    backlog = workloads.fill(f"rivals_{sink}", Shape(arguments.events or events))
    limits = [programs.Consume(drains.DECODE, decode=True), programs.ConsumeAsEngine(drains.FLOOR)] if sink == "null" else []
    everyone = drains.engine(arguments) + limits + found
    blocks = drains.blocks_of(sink, backlog, everyone, arguments, f"rivals-{sink}")
    workloads.drop_topic(backlog.topic)
    where = {"null": "no sink", "cassandra": "Cassandra", "sqlite": "SQLite"}[sink]
    names = [rival.name for rival in found]
    return {
        **drains.result(f"rivals: Kafka → join → {where}", blocks, names, arguments, events=backlog.shape.events, bytes=backlog.bytes),
        "absent": absent, "warming": [rival.name for rival in found if rival.rival.jvm],
    }  # fmt: skip


def null(arguments: argparse.Namespace) -> dict:
    return rivals(arguments, "null", 2_000_000)


def cassandra(arguments: argparse.Namespace) -> dict:
    return rivals(arguments, "cassandra", 300_000)
