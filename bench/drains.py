"""Backlogs drained by this program and by the ceilings, and what it does without a backlog: producing, starting, memory."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import time

import machine
import method
import process
import programs
import workloads
from programs import Turntable
from workloads import BINARY, KAFKA, PIPELINE, PROGRAMS, SONGS, Backlog, Shape

AGAIN = "turntable again"  # The same program a second time: what differs between the two is noise.
BEFORE = "turntable before"  # Another version of it, where one is given.
CONSUME, DECODE = "ceiling: consume", "ceiling: consume and decode"
FLOOR = "floor: consume as the engine does"
DRIVER, SQLITE = "ceiling: driver", "ceiling: SQLite"
PRODUCER = "ceiling: librdkafka's producer"


def engine(arguments: argparse.Namespace) -> list[Turntable]:
    before = [Turntable(BEFORE, lanes=arguments.lanes, binary=arguments.before)] if arguments.before else []
    return [Turntable(lanes=arguments.lanes), Turntable(AGAIN, lanes=arguments.lanes), *before]


def blocks_of(sink: str, backlog: Backlog, found: list, arguments: argparse.Namespace, name: str) -> list[dict]:
    """All programs drain the backlog once in each block."""
    by_name = {program.name: program for program in found}

    def run(block: int, program: str) -> dict:
        label = re.sub(r"\W+", "-", f"{name}-{block}-{program}")
        calibration = machine.calibration()
        came = by_name[program].drain(sink, backlog, label)
        came["calibration_seconds"] = calibration
        print(
            f"    block {block}: {program:<32} {process.rate(came) or 0:>12,.0f} events/s, {process.cpu_per_million(came):5.2f} CPU s per million"
            + (f"  (disturbed: steal {came['steal']:.1%}, others {came['foreign']:.0%})" if came["disturbed"] else ""),
            flush=True,
        )
        return came

    return method.measure(list(by_name), arguments.blocks, run, arguments.seed)


def result(title: str, blocks: list[dict], against: list[str], arguments: argparse.Namespace, **more: object) -> dict:
    return {"title": title, "kind": "drain", "blocks": blocks, "against": against, "seed": arguments.seed, **more}


def drain(name: str, sink: str, title: str, events: int, ceilings: list, arguments: argparse.Namespace) -> dict:
    backlog = workloads.fill(name, Shape(arguments.events or events))
    found = blocks_of(sink, backlog, engine(arguments) + ceilings, arguments, name)
    workloads.drop_topic(backlog.topic)
    for path in workloads.DATA.glob(f"rows-*-{backlog.topic}"):
        path.unlink()
    against = [BEFORE] if arguments.before else []
    return result(title, found, against + [ceiling.name for ceiling in ceilings], arguments, events=backlog.shape.events, bytes=backlog.bytes)


def null(arguments: argparse.Namespace) -> dict:
    ceilings = [programs.Consume(CONSUME, decode=False), programs.Consume(DECODE, decode=True), programs.ConsumeAsEngine(FLOOR)]
    return drain("null", "null", "Kafka → join → no sink", 2_000_000, ceilings, arguments)


def cassandra(arguments: argparse.Namespace) -> dict:
    return drain("cassandra", "cassandra", "Kafka → join → Cassandra", 500_000, [programs.Driver(DRIVER)], arguments)


def sqlite(arguments: argparse.Namespace) -> dict:
    return drain("sqlite", "sqlite", "Kafka → join → SQLite, synchronous=FULL", 1_000_000, [programs.Sqlite(SQLITE)], arguments)


# ---------------------------------------------------------------------------------------------------------------- produce


class Produce:
    """`turntable produce` without a rate, or librdkafka's own loop."""

    def __init__(self, name: str, own: bool) -> None:
        self.name, self.own = name, own

    def drain(self, _: str, backlog: Backlog, label: str) -> dict:
        count = backlog.shape.events
        topic = workloads.make_topic("produce", backlog.shape.partitions)
        if self.own:
            command = [BINARY, "produce", "--catalogue", backlog.catalogue, "--topic", topic, "--bootstrap", KAFKA, "--count", count,
                       "--rate", 0, "--seed", 1, "--start-time", "2024-03-03 09:50", "--compression", backlog.shape.compression]  # fmt: skip
            finished = process.run(self.name, command, label)
            said = re.search(r"(\d+) of \d+ records acknowledged by topic \S+ in ([0-9.]+) s", finished.output.read_text())
            if said is None or int(said[1]) != count:
                raise process.Failure(f"{self.name} did not send {count:,} plays; see {finished.output}")
            seconds = float(said[2])
        else:
            command = [PROGRAMS / "bench_produce", "--bootstrap", KAFKA, "--topic", topic, "--count", count,
                       "--compression", backlog.shape.compression]  # fmt: skip
            finished = process.run(self.name, command, label)
            seconds = finished.last_json()["seconds"]
        workloads.drop_topic(topic)
        return process.run_of(finished, count, count, seconds, max(0.0, finished.wall - seconds))


def produce(arguments: argparse.Namespace) -> dict:
    shape = Shape(arguments.events or 1_000_000)
    backlog = Backlog(shape, "", workloads.catalogue(shape.songs), 0, 0, 0)
    found = [Produce("turntable", own=True), Produce(AGAIN, own=True), Produce(PRODUCER, own=False)]
    return result("produce --rate 0", blocks_of("", backlog, found, arguments, "produce"), [PRODUCER], arguments, events=shape.events)


# ----------------------------------------------------------------------------------------------------- memory and startup

CATALOGUES = {"the report's catalogue": None, f"{SONGS:,} songs": SONGS}


def in_memory(until: str, songs: int | None, events: int, rounds: int, prefix: tuple = ()) -> list[object]:
    """The command that measures the path in memory; with `songs` None over the report's own catalogue."""
    path = machine.ROOT / "data" / "spotify-songs.csv" if songs is None else workloads.catalogue(songs)
    plays = ["--named-songs"] if songs is None else ["--songs", songs]
    return [*prefix, PROGRAMS / "bench_in_memory", PIPELINE, "--catalogue", path, *plays, "--until", until, "--events", events, "--rounds", rounds]


def memory(arguments: argparse.Namespace) -> dict:
    """One core, no Kafka, no store: CPU time, so that other programs hardly matter."""
    rows = []
    for block in range(1, arguments.blocks + 1):
        for title, songs in CATALOGUES.items():
            for until in ("decode", "rows", "lane"):
                command = in_memory(until, songs, arguments.events or 200_000, 10)
                finished = process.run("bench_in_memory", command, f"memory-{block}-{until}-{songs or 'report'}")
                rows.append({"block": block, "catalogue": title, "until": until, **finished.last_json()})
                print(f"    block {block}: {title}, {until:<7} {rows[-1]['median_ns']:7.1f} ns, best {rows[-1]['best_ns']:7.1f} ns per event", flush=True)
    return {"title": "decode, join, encode in memory, one core", "kind": "memory", "rows": rows}


def load_of(songs: int, events: int, arguments: argparse.Namespace, block: int) -> dict:
    """One start with a catalogue of so many songs, to the first rows."""
    backlog = workloads.fill("startup", Shape(events, songs=songs))
    label = f"startup-{block}-{songs}"
    stats = process.LOGS / f"{label}.json"
    options = {**programs.source_options(backlog, label), "listening_history.connector": "null"}
    command = [BINARY, "run", PIPELINE, "--until-end", "--stats-json", stats, *programs.sets(options)]
    watch, begun, first = machine.Watch(), time.monotonic(), None
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True, cwd=process.HOME) as running:
        lines = []
        for line in running.stdout:
            if line.startswith("Flushing") and first is None:
                first = time.monotonic() - begun
            lines.append(line)
        _, status, usage = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode != 0:
        raise process.Failure(f"{label} ended with {running.returncode}")
    cpu = usage.ru_utime + usage.ru_stime
    loaded = re.search(r"songs: ([0-9,]+) rows from .* in ([0-9.]+) s", "".join(lines))
    workloads.drop_topic(backlog.topic)
    size = backlog.catalogue.stat().st_size
    return {
        "songs": songs, "csv_bytes": size, "load_seconds": float(loaded[2]), "startup_seconds": json.loads(stats.read_text())["startup_seconds"],
        "first_rows_seconds": first, "peak_mib": usage.ru_maxrss / 1024, "cpu_seconds": cpu, "disturbed": watch.since(cpu).disturbed,
    }  # fmt: skip


def startup(arguments: argparse.Namespace) -> dict:
    sizes = [SONGS] if arguments.quick else [SONGS, 1_000_000, 10_000_000]
    rows = []
    for block in range(1, arguments.blocks + 1):
        for songs in sizes:
            row = load_of(songs, 20_000, arguments, block)
            print(
                f"    block {block}: {songs:,} songs: first poll after {row['startup_seconds']:.2f} s, first rows after {row['first_rows_seconds']:.2f} s, "
                f"{row['peak_mib']:,.0f} MiB",
                flush=True,
            )
            rows.append(row)
    return {"title": "start-up", "kind": "startup", "rows": rows}
