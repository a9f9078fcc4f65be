#!/usr/bin/env python3
"""Runs engines on three brokers and three nodes for minutes, while they, the servers, the network and the disks break.

`./dev chaos` calls this. What breaks, and when, follows from the seed. Afterwards everything is healed, the engines drain and
stop, and an oracle that shares no code with them compares what the producer was told, what the topic holds, and every cell
of every row and dead letter (compare.py). The exit code is 0 only if nothing is lost, twice or wrong and no engine misbehaved.
`--pipeline` chooses another pipeline, with another oracle: one row for each person (latest.py), or several tables (several.py).
Everything is under build/chaos/; of a run that fails all is kept.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import logging
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import traceback
import uuid
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HOME = ROOT / "build" / "chaos"
# Servers of its own, beside those of ./dev servers, where nobody else listens.
SERVERS = {
    "TURNTABLE_SERVERS_DIR": str(HOME / "servers"),
    "TURNTABLE_SERVERS_FRONT": "127.0.1",
    # Servers that live for seconds are restarted sooner, and leave more of the machine, without Java's second compiler.
    "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1",
}
PARTITIONS = 6
FLUSH_ROWS = 500
SQLITE_FILE = "rows.db"
LETTER_PARTITIONS = 3  # So that every broker leads one.
DRAIN_SECONDS_LIMIT = 300
NOTE_SECONDS = 15
PIPELINE_NAMES = ["history", "latest", "tables", "stores"]  # See pipeline.py, which --help does without.
EVERY_KIND_MINUTES = 5  # A run that is as long has every kind of fault, or fails.


def arguments_of(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev chaos",
        description="Run engines on real servers while engines, servers, network and disks break as the seed says, then count "
        "what is lost, twice or wrong. It takes about three minutes more than it is given, and 10 GB of memory.",
    )
    parser.add_argument(
        "--pipeline", choices=PIPELINE_NAMES, default="history",
        help="what the engines run; ./dev test --all draws one. history (the default): the listening history, a row for each play. "
        "latest: the latest play of every person, pipelines/latest_play.sql, where keys repeat: of each person the last play's row "
        "must stand, and what mixes cells of several plays is counted too. tables: one stream to three tables in one store, "
        "pipelines/plays_by_person_song_and_day.sql. stores: the same with one of the tables in SQLite and the others in Cassandra, in one engine. "
        "Of both each table is compared, and then the dead letters are replayed: only what was missing may be written",
    )  # fmt: skip
    parser.add_argument("--minutes", type=float, default=5, help="how long things break (default 5)")
    parser.add_argument("--seed", type=int, help="what is sent and what breaks when (default: another one each time)")
    parser.add_argument("--engines", type=int, default=2, help="engines in a group that writes to Cassandra alone (default 2)")
    parser.add_argument("--rate", type=int, default=200, help="events per second (default 200)")
    parser.add_argument("--without", action="append", default=[], metavar="FAULT", help="leave out a kind of fault; repeatable")
    parser.add_argument("--all-kinds", action="store_true", help="fail where a kind of fault is not possible, as without the right to mount; with CI=true too")
    parser.add_argument("--keep-servers", action="store_true", help="leave the servers running for the next run")
    parser.add_argument("--recovery", action="store_true", help="nothing but measure how long an engine's partitions stand still after SIGKILL")
    parser.add_argument("--times", type=int, default=5, help="with --recovery: how often each case is measured (default 5)")
    arguments = parser.parse_args(words)
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(1_000_000)
    return arguments


ARGUMENTS = arguments_of(sys.argv[1:]) if __name__ == "__main__" else None  # --help needs none of what follows.
os.environ.update({name: os.environ.get(name, value) for name, value in SERVERS.items()})
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tools")]
from chaos import SIZE  # noqa: E402

if "TURNTABLE_SERVERS_PORT_SHIFT" not in os.environ:
    command = [sys.executable, str(ROOT / "tools" / "servers.py"), "ports", "--brokers", str(SIZE), "--nodes", str(SIZE)]
    os.environ["TURNTABLE_SERVERS_PORT_SHIFT"] = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()

import servers  # noqa: E402
from chaos import load, oracle, report, songs  # noqa: E402
from chaos.cluster import Cluster  # noqa: E402
from chaos.compare import Comparison  # noqa: E402
from chaos.disk import Disk, unmount  # noqa: E402
from chaos.engine import Engine, Job  # noqa: E402
from chaos.faults import Faults  # noqa: E402
from chaos.pipeline import PIPELINES  # noqa: E402
from chaos.plan import WEIGHTS, plan_of  # noqa: E402
from chaos.producer import Producer  # noqa: E402
from chaos.proxy import Link  # noqa: E402
from chaos.recovery import main as measure_recoveries  # noqa: E402
from chaos.watch import Watch  # noqa: E402
from support.listening import song_names  # noqa: E402
from support.program import BINARY  # noqa: E402


class Chaos:
    """One run."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.seed = arguments.seed
        self.pipeline = PIPELINES[arguments.pipeline]
        self.folder = HOME / (f"seed-{self.seed}" + ("" if arguments.pipeline == "history" else f"-{arguments.pipeline}"))
        self.remove_earlier()
        self.begun = time.monotonic()
        self.cluster = Cluster()
        self.name = f"chaos_{uuid.uuid4().hex[:8]}"
        self.disks: list[Disk] = []
        self.engines: list[Engine] = []
        self.links: list[Link] = []
        self.load = load.Load(self.folder / "load.csv")
        self.acknowledged = self.folder / "acknowledged.jsonl"
        self.diary = (self.folder / "diary.txt").open("w")
        self.not_possible: list[str] = []
        self.static_members = random.Random(f"members {self.seed}").random() < 0.5

    def remove_earlier(self) -> None:
        for path in HOME.glob("seed-*/disk-*"):
            unmount(path)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def say(self, text: str) -> None:
        line = f"{time.monotonic() - self.begun:7.1f} s  {text}"
        print(line, flush=True)
        print(line, file=self.diary, flush=True)

    # The whole of it, in order.

    async def run(self) -> bool:
        await self.prepare()
        for engine in self.engines:
            engine.keeper = asyncio.create_task(engine.keep_running())
        watching = asyncio.create_task(self.watch.run())
        measuring = asyncio.create_task(self.load.run())
        producing = asyncio.create_task(self.producer.run())
        noting = asyncio.create_task(self.note())

        self.begun = time.monotonic()
        faults = asyncio.create_task(self.faults.run(self.plan, self.begun))
        await asyncio.wait([faults, producing], return_when=asyncio.FIRST_COMPLETED)
        faults.result() if faults.done() else producing.result()
        # From here on nothing breaks any more.
        self.producer.stop()
        await producing
        self.say(f"healed; {self.producer.acknowledged:,} events acknowledged; the engines drain")
        drained = await self.watch.drained(DRAIN_SECONDS_LIMIT, self.say)
        if not drained:
            self.faults.complain(f"not drained after {DRAIN_SECONDS_LIMIT} s: commits {self.watch.commits}, ends {self.watch.ends}")
        noting.cancel()
        await self.stop_engines()
        watching.cancel()
        measuring.cancel()
        await asyncio.gather(watching, measuring, noting, return_exceptions=True)
        self.comparison = Comparison(
            self.pipeline, self.cluster, self.engines, self.name, self.letters_topic, self.watch, self.faults, self.begun, self.folder, self.say
        )
        verdicts = await asyncio.to_thread(self.comparison.run, self.acknowledged)
        return self.conclude(verdicts)

    async def prepare(self) -> None:
        self.say(f"{self.pipeline.name}, seed {self.seed}; starting {SIZE} brokers and {SIZE} nodes")
        await asyncio.to_thread(self.cluster.start)
        for server in self.cluster.members.values():
            chance = random.Random(f"link {self.seed} {server.title}")
            self.links.append(Link(server.title, server.front, server.behind, chance))
            await self.links[-1].open()
        await self.cluster.create_topic(self.name, PARTITIONS)
        # Where dead letters go by default. An engine would make it with one partition.
        self.letters_topic = f"{self.name}.dead_letters"
        await self.cluster.create_topic(self.letters_topic, LETTER_PARTITIONS)
        jobs = [self.make_job(name, stores) for name, stores in self.pipeline.jobs.items()]
        self.cluster.probe = self.probe(jobs[0])
        await self.engines[0].make_table()
        letters = (self.letters_topic, LETTER_PARTITIONS)
        letter_files = [job.letters_file for job in jobs if job.letters_file is not None]
        self.watch = Watch(self.cluster.bootstrap, self.name, PARTITIONS, [job.group for job in jobs], letters, letter_files)
        self.faults = Faults(self.cluster, self.links, self.engines, self.watch, self.say)
        seconds, rate = self.arguments.minutes * 60, self.arguments.rate
        events = self.pipeline.events(self.seed, songs.with_song(song_names(10_000)))
        self.producer = Producer(self.cluster.bootstrap, self.name, PARTITIONS, rate, events, self.acknowledged)
        leave_out = set(self.arguments.without)
        if not all(disk.can_fill for disk in self.disks):
            leave_out.add("disk_full")
            self.not_possible.append("full disks, since mounting a tmpfs is not permitted")
            if self.arguments.all_kinds or os.environ.get("CI") == "true":
                self.faults.complain(f"not possible here: {self.not_possible[-1]}")
        self.kinds = [kind for kind in WEIGHTS if kind not in leave_out]
        self.plan = plan_of(self.seed, seconds, frozenset(leave_out), len(self.engines))

    def probe(self, job: Job) -> str:
        table = next(table for table in self.pipeline.tables if job.stores[table.name] == "cassandra")
        return f"SELECT {table.columns[0]} FROM {self.name}.{table.name} WHERE {self.pipeline.probe}"

    def make_job(self, name: str, stores: dict[str, str]) -> Job:
        """With its engines. Where tables are in an SQLite file there is one, and the file and its dead letters are on a disk that can be filled."""
        options = {
            "plays.bootstrap.servers": self.cluster.addresses("kafka", front=True),
            "plays.topic": self.name,
            "plays.start": "earliest",
            "plays.session.timeout.ms": "6000",
        }
        job = Job(name, f"{self.name}_{name}", options, self.pipeline.path, stores)
        if "sqlite" in stores.values():
            disk = self.disk(f"disk-{name}")
            job.sqlite_file, job.letters_file = disk.path / SQLITE_FILE, disk.path / "dead.jsonl"
            options["plays.dead_letters"] = f"file:{job.letters_file}"
            self.add_engine(f"engine-{name}", job, disk)
        else:
            for number in range(1, self.arguments.engines + 1):
                self.add_engine(f"engine-{number}", job, None, lanes=2 if number == 2 else 1)
        for table, store in stores.items():
            options.update({f"{table}.{option}": value for option, value in self.table_options(job, store).items()})
        return job

    def table_options(self, job: Job, store: str) -> dict[str, str]:
        # Offsets are committed when a whole flush is acknowledged, for it is sent in the order of Cassandra's partitions.
        # With the default of 10,000 rows an engine that is killed twice a minute in front of starved nodes never gets so far.
        shared = {"flush_rows": str(FLUSH_ROWS), "flush_interval": "200ms"}
        if store == "sqlite":
            return {**shared, "connector": "sqlite", "path": str(job.sqlite_file)}
        return {
            **shared,
            "contact_points": self.cluster.addresses("cassandra", front=True),
            "keyspace": self.name,
            "replication_factor": str(SIZE),
            "consistency": "LOCAL_QUORUM",
        }

    def disk(self, name: str) -> Disk:
        events = self.arguments.rate * self.arguments.minutes * 60
        self.disks.append(Disk(self.folder / name, 128 + int(events * 1500) // 1_000_000))
        return self.disks[-1]

    def add_engine(self, name: str, job: Job, disk: Disk | None, lanes: int = 1) -> None:
        options = {"plays.group.instance.id": name} if self.static_members else {}
        self.engines.append(Engine(name, job, BINARY, self.folder / name, disk, self.say, options, lanes))

    async def note(self) -> None:
        while True:
            await asyncio.sleep(NOTE_SECONDS)
            lags = ", ".join(f"{group.rpartition('_')[2]} {self.watch.lag(group):,}" for group in self.watch.groups)
            self.say(f"    {self.producer.acknowledged:,} acknowledged; lag: {lags}")

    async def stop_engines(self) -> None:
        for engine in self.engines:
            engine.wanted = False
        codes = await asyncio.gather(*(engine.terminate(patient=True) for engine in self.engines if engine.running))
        for engine, code in zip(self.engines, codes):
            if code != 0:
                self.faults.complain(f"{engine.name} ended with {code} on SIGTERM when all was healed\n{engine.tail()}")
        await asyncio.gather(*(engine.keeper for engine in self.engines))
        for engine in self.engines:
            for line in engine.crashes():
                self.faults.complain(f"{engine.name} said: {line}")

    def conclude(self, verdicts: dict[str, oracle.Verdict]) -> bool:
        endings = [ending for engine in self.engines for ending in engine.endings]
        told = [f"{ending.engine}, exit {ending.code}:\n{ending.said}" for ending in endings if not ending.excuse]
        complaints = list(self.faults.complaints)
        unrecovered = [recovery for recovery in self.watch.recoveries if recovery.caught_up is None]
        complaints += [f"{recovery.engine} was killed and its group never caught up" for recovery in unrecovered]
        if self.arguments.minutes >= EVERY_KIND_MINUTES:
            complaints += [f"in {self.arguments.minutes:g} minutes there was no {kind}" for kind in self.faults.never_came(self.kinds)]
        counts = report.totals(verdicts)
        passed = not any(counts.values()) and not told and not complaints
        outcome = {
            "seed": self.seed,
            "pipeline": self.pipeline.name,
            "minutes": self.arguments.minutes,
            "passed": passed,
            "totals": counts,
            "command": "./dev chaos " + " ".join(command_words(self.arguments)),
            "commit": report.commit(),
            "binary": str(BINARY),
            "date": f"{datetime.date.today():%Y-%m-%d}",
            "machine": load.machine(),
            "brokers": SIZE,
            "nodes": SIZE,
            "engines": len(self.engines),
            "members": "static" if self.static_members else "dynamic",
            "rate": self.arguments.rate,
            "flush_rows": FLUSH_ROWS,
            "lanes": {engine.name: engine.lanes for engine in self.engines},
            "sent": self.producer.sent,
            "acknowledged": self.producer.acknowledged,
            "unacknowledged": self.producer.sent - self.producer.acknowledged,
            "producers_renewed": self.producer.renewed,
            "engine_kills": self.faults.kills,
            "faults": {kind: self.faults.done[kind] for kind in sorted(self.kinds)},
            "faults_left_out": dict(sorted(self.faults.left_out.items())),
            "times": report.distributions_of(self.times()),
            "load": report.distributions_of(self.load.series()),
            "recoveries": [
                {
                    "engine": recovery.engine,
                    "at": recovery.killed - self.begun,
                    "lag": recovery.lag,
                    "flowing": recovery.flowing,
                    "caught_up": recovery.caught_up,
                    "idle": self.load.idle_between(recovery.killed, recovery.killed + (recovery.caught_up or 0)),
                }
                for recovery in self.watch.recoveries
            ],
            "verdicts": verdicts,
            "complaints": complaints,
            "endings": told,
            "excused": self.comparison.excused,
            "flushes": self.comparison.flushes,
            "partial": self.comparison.partial,
            "endings_excused": dict(Counter(ending.excuse for ending in endings if ending.excuse)),
            "commits_that_went_back": self.watch.backwards,
            "not_possible": self.not_possible,
        }
        report.write(self.folder, outcome)
        print(report.summary(outcome, self.folder), flush=True)
        self.keep_evidence(passed)
        return passed

    def times(self) -> dict[str, list[float]]:
        """What is reported of recoveries, in seconds."""
        times = {}
        for job in {engine.job.name: engine.job for engine in self.engines}.values():
            recoveries = [recovery for recovery in self.watch.recoveries if recovery.group == job.group]
            for stage in ("flowing", "caught_up"):
                values = [getattr(recovery, stage) for recovery in recoveries]
                times[f"{job.name}: SIGKILL until {stage.replace('_', ' ')}"] = [value for value in values if value is not None]
        times["broker, until in sync"] = self.faults.back_seconds["kafka"]
        times["node, until seen by all"] = self.faults.back_seconds["cassandra"]
        return times

    def keep_evidence(self, passed: bool) -> None:
        """What lies on the small disks is gone with them: of a failed run all is copied, of a good one nothing is needed."""
        for disk in [] if passed else self.disks:
            shutil.copytree(disk.path, self.folder / ("kept-" + disk.path.name))

    async def end(self) -> None:
        """Whatever happened: nothing of it is left running, nor mounted."""
        for engine in self.engines:
            engine.wanted = False
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.wait(others or {asyncio.create_task(asyncio.sleep(0))}, timeout=10)
        for engine in self.engines:
            if engine.running:
                engine.send(signal.SIGCONT)
                await engine.kill()
        for link in self.links:
            await link.close()
        if not self.arguments.keep_servers:
            await asyncio.to_thread(self.cluster.stop)
        for disk in self.disks:
            disk.close()
        self.diary.close()


def command_words(arguments: argparse.Namespace) -> list[str]:
    words = [f"--pipeline {arguments.pipeline}"] if arguments.pipeline != "history" else []
    words += [f"--minutes {arguments.minutes:g}", f"--seed {arguments.seed}"]
    words += [f"--engines {arguments.engines}"] if arguments.engines != 2 else []
    words += [f"--rate {arguments.rate}"] if arguments.rate != 200 else []
    return words + [f"--without {kind}" for kind in arguments.without]


async def main(arguments: argparse.Namespace) -> int:
    unknown = Counter(arguments.without) - Counter(WEIGHTS)
    if unknown:
        print(f"./dev chaos: there is no fault {', '.join(unknown)}. There are: {', '.join(WEIGHTS)}", file=sys.stderr)
        return 2
    for client in ("aiokafka", "cassandra"):
        logging.getLogger(client).setLevel(logging.CRITICAL)  # That servers are away is no news here.
    loop = asyncio.get_running_loop()
    work = asyncio.current_task()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, work.cancel, sign.name)
    chaos = Chaos(arguments)
    try:
        return 0 if await chaos.run() else 1
    except servers.Failure as failure:
        print(f"./dev chaos, seed {arguments.seed}: {failure}", file=sys.stderr)
        return 1
    except asyncio.CancelledError as cancelled:
        # Without a signal it is something inside that was cancelled.
        where = "" if cancelled.args else f":\n{traceback.format_exc()}"
        print(f"./dev chaos, seed {arguments.seed}: interrupted {' '.join(cancelled.args)}{where}", file=sys.stderr)
        return 130
    finally:
        await chaos.end()


if __name__ == "__main__":
    sys.exit(measure_recoveries(ARGUMENTS.times) if ARGUMENTS.recovery else asyncio.run(main(ARGUMENTS)))
