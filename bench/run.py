#!/usr/bin/env python3
"""Measures how fast the program drains a backlog of plays, beside another program that does the same job.

`./dev bench [NAME…]` calls this. For each name a topic is filled once with `turntable produce`; then, round by round and
turn and turn about, every program drains that same topic on the same machine. Ratios are taken within a round, for two
programs that ran in the same minutes; absolute figures depend on the machine and on what else it does.

Everything that a run leaves is under build/bench/: report.md, report.json and the output of each program.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import servers  # noqa: E402

HOME = ROOT / "build" / "bench"
BINARY = ROOT / "build" / "release" / "turntable"
PIPELINE = ROOT / "pipelines" / "listening_history.sql"
CATALOGUE = ROOT / "data" / "spotify-songs.csv"
RIVAL = ROOT / "bench" / "rivals" / "pyspark"
RIVAL_VENV = ROOT / "build" / "bench-venv"
KAFKA, CASSANDRA = "127.0.0.1:29092", "127.0.0.1:9042"
EVENTS = {"null": 2_000_000, "cassandra": 500_000}
WHAT = {"null": "Kafka → join → no sink", "cassandra": "Kafka → join → Cassandra"}


@dataclass
class Run:
    """One program draining the backlog once."""

    program: str
    events: int
    seconds: float  # As the program measures it: from the first record to the last acknowledgement.
    startup_seconds: float
    wall_seconds: float  # The whole process, start-up included.
    cpu_seconds: float  # The process and its children, user and system; not the servers.
    peak_mib: float
    rows: int | None = None  # In the table afterwards.

    @property
    def rate(self) -> float:
        return self.events / self.seconds if self.seconds > 0 else 0.0


class Failure(Exception):
    """The benchmark cannot go on; the text says why."""


def measured(name: str, command: list[object], log: Path) -> tuple[float, float, float]:
    """Runs a command to its end; its wall time, its CPU time and its peak memory in MiB."""
    begun = time.monotonic()
    with log.open("wb") as file:
        process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, cwd=HOME
        )
        _, status, usage = os.wait4(process.pid, 0)  # Of the process and of those that it waited for.
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - begun
    if process.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
        raise Failure(f"{name} ended with {process.returncode}; the end of {log}:\n{tail}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


# --------------------------------------------------------------------------------------------------------------- programs


class Turntable:
    """This program."""

    name = "turntable"

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.lanes = arguments.lanes

    def drain(self, bench: str, topic: str, keyspace: str, label: str) -> Run:
        stats = HOME / f"{label}.json"
        stats.unlink(missing_ok=True)
        options = {
            "plays.bootstrap.servers": KAFKA,
            "plays.topic": topic,
            "plays.group.id": f"{topic}_{uuid.uuid4().hex[:8]}",
            "plays.start": "earliest",
            "plays.dead_letters": f"file:{HOME / (label + '.dead.jsonl')}",
            "songs.path": CATALOGUE,
            **sink_options(bench, keyspace),
        }
        command = [BINARY, "run", PIPELINE, "--until-end", "--lanes", self.lanes, "--stats-json", stats, *sets(options)]
        wall, cpu, peak = measured(self.name, command, HOME / f"{label}.log")
        found = json.loads(stats.read_text())
        if found["written"] != found["consumed"]:
            raise Failure(f"turntable wrote {found['written']} of {found['consumed']} plays; see {HOME / (label + '.log')}")
        return Run(self.name, found["consumed"], found["seconds"], found["startup_seconds"], wall, cpu, peak)

    def prepare_table(self, keyspace: str) -> None:
        command = [BINARY, "schema", "apply", PIPELINE, *sets({"songs.path": CATALOGUE, **sink_options("cassandra", keyspace)})]
        subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)


def sink_options(bench: str, keyspace: str) -> dict[str, object]:
    if bench == "null":
        return {"listening_history.connector": "null"}
    return {"listening_history.contact_points": CASSANDRA, "listening_history.keyspace": keyspace}


def sets(options: dict[str, object]) -> list[str]:
    return [word for name, value in options.items() for word in ("--set", f"{name}={value}")]


class PySpark:
    """The original pipeline, which this program replaces."""

    name = "pyspark"

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.batch = arguments.spark_batch
        self.jars = servers.HOME.parent / "bench-jars"
        self.java_home = Path(servers.java()).resolve().parent.parent
        ensure_spark(self.jars)

    def drain(self, bench: str, topic: str, keyspace: str, label: str) -> Run:
        log = HOME / f"{label}.log"
        command = [
            "env", f"JAVA_HOME={self.java_home}", f"PYSPARK_PYTHON={RIVAL_VENV / 'bin' / 'python'}",
            RIVAL_VENV / "bin" / "python", RIVAL / "listening_history.py", "--bootstrap", KAFKA, "--topic", topic,
            "--catalogue", CATALOGUE, "--sink", bench, "--cassandra", CASSANDRA.partition(":")[0], "--keyspace", keyspace,
            "--jars", self.jars, "--batch", self.batch,
        ]  # fmt: skip
        wall, cpu, peak = measured(self.name, command, log)
        found = json.loads(next(line for line in reversed(log.read_text().splitlines()) if line.startswith("{")))
        return Run(self.name, found["consumed"], found["seconds"], found["startup_seconds"], wall, cpu, peak)

    def prepare_table(self, keyspace: str) -> None:
        """The original's own table, whose key ends with the minute."""
        texts = ["name", "song", "time", "date", "artists", "album_name", "album_release_date"]
        ints = ["id", "hour", "duration_ms", "musical_key"]
        reals = "danceability energy loudness mode speechiness acousticness instrumentalness liveness valence tempo".split()
        columns = [f"{c} {t}" for t, names in (("text", texts), ("int", ints), ("float", reals)) for c in names]
        with session() as cassandra:
            cassandra.execute(
                f"CREATE KEYSPACE {keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}"
            )
            cassandra.execute(
                f"CREATE TABLE {keyspace}.listening_history ({', '.join(columns)}, "
                "PRIMARY KEY ((name, date, hour), time)) WITH CLUSTERING ORDER BY (time DESC)"
            )


def ensure_spark(jars: Path) -> None:
    """pyspark in a virtual environment of its own, and the connectors' jars; nothing is fetched a second time."""
    requirements = RIVAL / "requirements.txt"
    stamp, want = RIVAL_VENV / ".complete", requirements.read_text()
    if not (stamp.is_file() and stamp.read_text() == want):
        print("==> installing pyspark into build/bench-venv", flush=True)
        subprocess.run(["python3", "-m", "venv", "--clear", str(RIVAL_VENV)], check=True)
        pip = [str(RIVAL_VENV / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input"]
        subprocess.run([*pip, "setuptools==80.9.0", "wheel==0.45.1"], check=True)
        subprocess.run([*pip, "--no-build-isolation", "-r", str(requirements)], check=True)
        stamp.write_text(want)
    stamp, want = jars / ".complete", (RIVAL / "pom.xml").read_text()
    if not (stamp.is_file() and stamp.read_text() == want):
        print("==> fetching Spark's connectors with Maven", flush=True)
        command = ["mvn", "-q", "-B", "-f", str(RIVAL / "pom.xml"), "dependency:copy-dependencies", "-DincludeScope=runtime"]
        subprocess.run([*command, f"-DoutputDirectory={jars}"], check=True, stdin=subprocess.DEVNULL)
        stamp.write_text(want)


# ---------------------------------------------------------------------------------------------------------------- servers


class session:
    """A session with Cassandra, for making tables and counting rows; not part of what is measured."""

    def __enter__(self):
        from cassandra.cluster import Cluster

        host, _, port = CASSANDRA.partition(":")
        self.cluster = Cluster([host], port=int(port), protocol_version=5, connect_timeout=30)
        connected = self.cluster.connect()
        connected.default_timeout = 120
        return connected

    def __exit__(self, *_) -> None:
        self.cluster.shutdown()


def count_rows(keyspace: str) -> int:
    with session() as cassandra:
        return sum(1 for _ in cassandra.execute(f"SELECT hour FROM {keyspace}.listening_history"))


def fill_topic(bench: str, count: int) -> str:
    topic = f"bench_{bench}_{uuid.uuid4().hex[:8]}"
    print(f"==> filling topic {topic} with {count:,} plays", flush=True)
    command = [
        BINARY, "produce", "--catalogue", CATALOGUE, "--topic", topic, "--bootstrap", KAFKA, "--count", count, "--rate", 0,
        "--compression", "gzip", "--seed", 1, "--start-time", "2024-03-03 09:50",
    ]  # fmt: skip
    measured("turntable produce", command, HOME / f"produce-{bench}.log")
    return topic


# ----------------------------------------------------------------------------------------------------------------- report


def median(values: list[float]) -> float:
    return statistics.median(values)


def report_of(bench: str, rounds: list[list[Run]]) -> str:
    """A table with the medians of each program, and the ratio of each round."""
    lines = [
        f"### `{bench}`: {WHAT[bench]}, {rounds[0][0].events:,} plays, gzip",
        "",
        "| program | events/s (median) | events/s by round | start-up s | wall s | CPU s | peak MiB |" + (" rows |" if bench == "cassandra" else ""),
        "|---|---:|---|---:|---:|---:|---:|" + ("---:|" if bench == "cassandra" else ""),
    ]
    for runs in zip(*rounds):
        cells = [
            runs[0].program,
            f"{median([run.rate for run in runs]):,.0f}",
            " ".join(f"{run.rate:,.0f}" for run in runs),
            f"{median([run.startup_seconds for run in runs]):.1f}",
            f"{median([run.wall_seconds for run in runs]):.1f}",
            f"{median([run.cpu_seconds for run in runs]):.1f}",
            f"{max(run.peak_mib for run in runs):,.0f}",
        ]
        if bench == "cassandra":
            cells.append(" ".join(sorted({f"{run.rows:,}" for run in runs})))
        lines.append("| " + " | ".join(cells) + " |")
    if len(rounds[0]) > 1:
        ratios = [by_name["turntable"].rate / by_name["pyspark"].rate for by_name in map(named, rounds)]
        shown = ", ".join(f"{ratio:.1f}" for ratio in ratios)
        lines += ["", f"turntable / pyspark, by round: {shown}; median {median(ratios):.1f}."]
    return "\n".join(lines) + "\n"


def named(runs: list[Run]) -> dict[str, Run]:
    return {run.program: run for run in runs}


def machine() -> str:
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({model or platform.machine()}), {memory:.0f} GiB, servers on the same machine"


# ------------------------------------------------------------------------------------------------------------------- main


def measure(bench: str, programs: list, arguments: argparse.Namespace) -> list[list[Run]]:
    topic = fill_topic(bench, arguments.events or EVENTS[bench])
    rounds = []
    for number in range(1, arguments.rounds + 1):
        # Every other round in the other order, so that neither always has the warmer machine.
        order = programs if number % 2 else programs[::-1]
        runs = []
        for program in order:
            label = f"{bench}-{number}-{program.name}"
            keyspace = f"bench_{program.name}_{uuid.uuid4().hex[:8]}"
            if bench == "cassandra":
                program.prepare_table(keyspace)
            run = program.drain(bench, topic, keyspace, label)
            if bench == "cassandra":
                run.rows = count_rows(keyspace)
                with session() as cassandra:
                    cassandra.execute(f"DROP KEYSPACE {keyspace}")
            print(f"    round {number}: {program.name:<10} {run.rate:>12,.0f} events/s, {run.wall_seconds:.1f} s in all", flush=True)
            runs.append(run)
        rounds.append(sorted(runs, key=lambda run: [p.name for p in programs].index(run.program)))
    return rounds


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="./dev bench", description="Measure events per second, beside the original PySpark pipeline on the same backlog."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="null (no sink) and cassandra; both unless named")
    parser.add_argument("--events", type=int, help="plays in the backlog (default 2,000,000 for null, 500,000 for cassandra)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each program drains it (default 3)")
    parser.add_argument("--lanes", type=int, default=1, help="lanes of turntable (default 1)")
    parser.add_argument("--spark-batch", type=int, default=500_000, help="events per micro-batch of pyspark (default 500,000)")
    parser.add_argument("--no-rival", action="store_true", help="only turntable")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in EVENTS:
            parser.error(f"there is no benchmark '{name}'; there are: {', '.join(EVENTS)}")
    if not BINARY.exists():
        parser.error(f"{BINARY} is not there; run ./dev build first")
    HOME.mkdir(parents=True, exist_ok=True)

    before = set(servers.running())
    results: dict[str, list[list[Run]]] = {}
    try:
        servers.up(1, 1, fresh=True)
        programs = [Turntable(arguments)] + ([] if arguments.no_rival else [PySpark(arguments)])
        for name in arguments.names or list(EVENTS):
            results[name] = measure(name, programs, arguments)
    except (Failure, servers.Failure, subprocess.CalledProcessError) as failure:
        print(f"./dev bench: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        servers.stop_new(before)

    command = "./dev bench " + " ".join(sys.argv[1:])
    text = f"Measured with `{command.strip()}` on {machine()}.\n\n" + "\n".join(report_of(n, r) for n, r in results.items())
    (HOME / "report.md").write_text(text)
    (HOME / "report.json").write_text(
        json.dumps(
            {"command": command, "machine": machine(), "results": {n: [[vars(run) for run in runs] for runs in r] for n, r in results.items()}},
            indent=2,
        )
        + "\n"
    )
    print("\n" + text)
    print(f"Written to {HOME / 'report.md'} and {HOME / 'report.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
