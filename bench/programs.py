"""The programs that drain a backlog: this one, and the ceilings, each of which does a part of the job and nothing else."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import process
import workloads
from machine import ROOT
from workloads import BINARY, CASSANDRA, KAFKA, PIPELINE, PROGRAMS, Backlog

DRIVER = ROOT / "build" / "bench-driver" / "release"


def sets(options: dict[str, object]) -> list[str]:
    return [word for name, value in options.items() for word in ("--set", f"{name}={value}")]


def fresh_keyspace() -> str:
    return f"bench_{uuid.uuid4().hex[:8]}"


def source_options(backlog: Backlog, label: str) -> dict[str, object]:
    # Misses are part of a workload with a lower hit rate; they are counted and not kept.
    dead_letters = f"file:{process.LOGS / (label + '.dead.jsonl')}" if backlog.shape.hit_rate >= 1 else "drop"
    return {
        "plays.bootstrap.servers": KAFKA,
        "plays.topic": backlog.topic,
        "plays.group.id": f"{backlog.topic}_{uuid.uuid4().hex[:8]}",
        "plays.start": "earliest",
        "plays.dead_letters": dead_letters,
        "songs.path": backlog.catalogue,
    }


class Turntable:
    """This program, with its pipeline as it is but for the sink."""

    def __init__(self, name: str = "turntable", lanes: int = 1, options: dict[str, object] | None = None, binary: Path = BINARY) -> None:
        self.name, self.lanes, self.options, self.binary = name, lanes, options or {}, binary

    def sink_options(self, sink: str, keyspace: str, file: Path) -> dict[str, object]:
        if sink == "cassandra":
            return {"listening_history.contact_points": CASSANDRA, "listening_history.keyspace": keyspace}
        path = {"listening_history.path": file} if sink == "sqlite" else {}
        return {"listening_history.connector": sink, **path}

    def drain(self, sink: str, backlog: Backlog, label: str) -> dict:
        keyspace, file = fresh_keyspace(), workloads.DATA / f"{label}.sqlite"
        stats = process.LOGS / f"{label}.json"
        stats.unlink(missing_ok=True)
        options = {**source_options(backlog, label), **self.sink_options(sink, keyspace, file), **self.options}
        if sink == "cassandra":
            apply = [self.binary, "schema", "apply", PIPELINE, *sets({"songs.path": backlog.catalogue, **self.sink_options(sink, keyspace, file)})]
            process.run("turntable schema apply", apply, f"{label}-schema")
        command = [self.binary, "run", PIPELINE, "--until-end", "--lanes", self.lanes, "--stats-json", stats, *sets(options)]
        finished = process.run(self.name, command, label)
        found = json.loads(stats.read_text())
        if found["consumed"] != backlog.shape.events:
            raise process.Failure(f"{self.name} read {found['consumed']:,} of {backlog.shape.events:,} plays; see {process.LOGS / label}.out")
        rows, checksum = found["written"], None
        if sink == "cassandra":
            rows, checksum = workloads.cassandra_sums(keyspace)
        elif sink == "sqlite":
            rows, checksum = workloads.sqlite_sums(file)
        workloads.agree(self.name, backlog, rows, checksum)
        return process.run_of(finished, found["consumed"], found["written"], found["seconds"], found["startup_seconds"])


class Consume:
    """librdkafka alone; with `decode` also simdjson."""

    program = "bench_consume"

    def __init__(self, name: str, decode: bool, api: str = "batch", properties: tuple[str, ...] = ()) -> None:
        self.name, self.decode, self.api, self.properties = name, decode, api, properties

    def drain(self, sink: str, backlog: Backlog, label: str) -> dict:
        command = [PROGRAMS / self.program, "--bootstrap", KAFKA, "--topic", backlog.topic, "--api", self.api]
        command += ["--decode"] if self.decode else []
        command += [word for name in self.properties for word in ("-X", name)]
        finished = process.run(self.name, command, label)
        found = finished.last_json()
        if found["consumed"] != backlog.shape.events or found["bytes"] != backlog.bytes:
            raise process.Failure(f"{self.name} read {found['consumed']:,} events, {found['bytes']:,} bytes of topic {backlog.topic}")
        return process.run_of(finished, found["consumed"], found["consumed"], found["seconds"], found["startup_seconds"])


class ConsumeAsEngine(Consume):
    """librdkafka alone, built and configured as the engine has it (src/source/consumer_properties.cc)."""

    program = "bench_consume_as_engine"

    def __init__(self, name: str) -> None:
        super().__init__(name, False, properties=("queued.max.messages.kbytes=8192", "fetch.message.max.bytes=524288", "check.crcs=true"))


def recorded_rows(sink: str, backlog: Backlog) -> Path:
    """The rows of the backlog as the engine's sink sends them, in a file; recorded once for a topic."""
    path = workloads.DATA / f"rows-{sink}-{backlog.topic}"
    if path.exists():
        return path
    print(f"==> recording what the sink sends to {sink}", flush=True)
    options = source_options(backlog, f"record-{backlog.topic}")
    if sink == "sqlite":
        options |= {"listening_history.connector": "sqlite", "listening_history.path": "none"}
    command = [PROGRAMS / "bench_record_rows", PIPELINE, "--out", path, *sets(options)]
    found = process.run("bench_record_rows", command, f"record-{backlog.topic}").last_json()
    workloads.agree("the recorder of rows", backlog, found["matched"], None)
    return path


class Driver:
    """The scylla driver alone: the same requests, so many at once."""

    def __init__(self, name: str, window: int = 64, rows_per_request: int = 0, threads: int = 1) -> None:
        self.name, self.window, self.rows_per_request, self.threads = name, window, rows_per_request, threads

    def drain(self, sink: str, backlog: Backlog, label: str) -> dict:
        keyspace = fresh_keyspace()
        command = [
            DRIVER / "bench_driver", "--contact", CASSANDRA, "--keyspace", keyspace, "--rows", recorded_rows("cassandra", backlog),
            "--window", self.window, "--rows-per-request", self.rows_per_request, "--threads", self.threads,
        ]  # fmt: skip
        finished = process.run(self.name, command, label)
        found = finished.last_json()
        workloads.agree(self.name, backlog, *workloads.cassandra_sums(keyspace))
        return process.run_of(
            finished, found["consumed"], found["matched"], found["seconds"], found["startup_seconds"], requests=found["requests"]
        )


class Sqlite:
    """SQLite alone: a prepared INSERT of rows that lie ready."""

    def __init__(self, name: str) -> None:
        self.name = name

    def drain(self, sink: str, backlog: Backlog, label: str) -> dict:
        rows, file = recorded_rows("sqlite", backlog), workloads.DATA / f"{label}.sqlite"
        workloads.remove_sqlite(file)
        finished = process.run(self.name, [PROGRAMS / "bench_sqlite", "--rows", rows, "--path", file], label)
        found = finished.last_json()
        workloads.agree(self.name, backlog, *workloads.sqlite_sums(file))
        return process.run_of(finished, found["consumed"], found["matched"], found["seconds"], 0.0)
