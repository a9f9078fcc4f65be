#!/usr/bin/env python3
"""Shows that the rivals do the same job: installs all, lets each drain one small backlog into each of its sinks on real
servers, and compares counts, checksums and, where the sink keeps rows, every cell of every row with what plain Python makes
of the same topic (expected.py).

It needs the packages of tests/requirements.txt (build/venv has them). Exit code 0 only if every rival could be installed and
all agree; 3 if those that ran agree but some could not be had.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import contract  # noqa: E402
import expected  # noqa: E402

sys.path.insert(0, str(contract.ROOT / "tests"))
from support.kafka import Kafka  # noqa: E402
from support.tables import Cassandra, sqlite_history  # noqa: E402

servers = contract.servers
HOME = contract.ROOT / "build" / "bench" / "rivals"
CATALOGUE = contract.ROOT / "data" / "spotify-songs.csv"
PARTITIONS = 4
RUN_SECONDS_LIMIT = 900
TABLE = """
CREATE TABLE {}.listening_history (
  id int, name text, song text, time text, hour int, date text, artists text, duration_ms int, album_name text,
  album_release_date text, danceability float, energy float, musical_key int, loudness float, mode float, speechiness float,
  acousticness float, instrumentalness float, liveness float, valence float, tempo float, kafka_partition int,
  kafka_offset bigint, PRIMARY KEY ((name, date, hour), time, kafka_partition, kafka_offset))
WITH CLUSTERING ORDER BY (time DESC, kafka_partition ASC, kafka_offset ASC)"""


def plays(count: int) -> list[bytes]:
    """Of songs of the catalogue, each tenth of none; with escapes, other orders of the fields, and fields that nobody reads."""
    chance = random.Random(5)
    with CATALOGUE.open(newline="", encoding="utf-8") as file:
        titles = [row["name"] for row in csv.DictReader(file)]
    made = []
    for number in range(count):
        minute = number // 7
        fields = {
            "id": chance.randrange(100_000),
            "name": chance.choice(["Ada Lovelace", "Zoë Müller", 'Bo "Bo" Bosse', "Li\tNa"]) + str(number % 40),
            "song": f"Unheard of {number}" if number % 10 == 9 else chance.choice(titles),
            "time": f"2024-03-{3 + minute // 1440:02} {minute // 60 % 24:02}:{minute % 60:02}",
        }
        if number % 5 == 0:
            fields["comment"] = {"filling": "x" * chance.randrange(50), "song": "not this one"}
        if number % 11 == 0:
            fields = dict(reversed(fields.items()))
        made.append(json.dumps(fields, ensure_ascii=number % 2 == 0).encode())
    return made


def fill_topic(bootstrap: str, count: int) -> str:
    kafka = Kafka(bootstrap)
    topic = kafka.create_topic(f"rivals_{uuid.uuid4().hex[:8]}", PARTITIONS)
    made = plays(count)
    for number in range(PARTITIONS):
        kafka.send(topic, made[number::PARTITIONS], partition=number)
    return topic


class Table:
    """A keyspace of one run, read by a client that no rival uses."""

    def __init__(self, address: str) -> None:
        self.cassandra = Cassandra(address)
        self.keyspace = f"rivals_{uuid.uuid4().hex[:8]}"
        replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
        self.cassandra.session.execute(f"CREATE KEYSPACE {self.keyspace} WITH replication = {replication}")
        self.cassandra.session.execute(TABLE.format(self.keyspace))

    def rows(self) -> list[tuple]:
        return self.cassandra.history(self.keyspace, list(expected.COLUMNS))

    def drop(self) -> None:
        self.cassandra.drop(self.keyspace)
        self.cassandra.close()


def faults_of_rows(rows: list[tuple], wanted: list[tuple]) -> list[str]:
    found, want = {row[-2:]: row for row in rows}, {row[-2:]: row for row in wanted}
    if len(rows) != len(wanted) or found.keys() != want.keys():
        missing, strange = want.keys() - found.keys(), found.keys() - want.keys()
        return [f"{len(rows)} rows, not {len(wanted)}; {len(missing)} are missing, {len(strange)} should not be there"]
    wrong = [(found[place], row) for place, row in want.items() if found[place] != row]
    return [f"{len(wrong)} rows differ; one is {wrong[0][0]}, not {wrong[0][1]}"] if wrong else []


def run(rival: contract.Rival, sink: str, topic: str, wanted: list[tuple], arguments: argparse.Namespace) -> list[str]:
    """Lets a rival drain the topic once; what is wrong with the outcome."""
    table = Table(arguments.cassandra) if sink == "cassandra" else None
    with tempfile.TemporaryDirectory(prefix="rival-", dir=HOME) as scratch:
        file = Path(scratch) / "history.db"
        command = rival.command(
            bootstrap=arguments.kafka, topic=topic, catalogue=CATALOGUE, sink=sink, events=arguments.events,
            cassandra=arguments.cassandra, keyspace=table.keyspace if table else "", sqlite=file, extra=rival.small,
        )  # fmt: skip
        log = HOME / f"verify-{rival.name}-{sink}.log"
        begun = time.monotonic()
        with log.open("wb") as errors:
            done = subprocess.run(
                command, cwd=scratch, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, timeout=RUN_SECONDS_LIMIT
            )
        wall = time.monotonic() - begun
        output = done.stdout.decode(errors="replace")
        try:
            if done.returncode != 0:
                return [f"ended with {done.returncode}; see {log}"]
            result = contract.result_in(output)
            print(f"    {rival.name} → {sink}: {result}, {wall:.1f} s in all", flush=True)
            sums = {"consumed": arguments.events, "matched": len(wanted), "checksum": expected.checksum_of(wanted)}
            faults = [f"{k} is {getattr(result, k)}, not {v}" for k, v in sums.items() if getattr(result, k) != v]
            if result.startup_seconds + result.seconds > wall + 0.5 or result.steady_seconds > result.seconds:
                faults.append(f"its times do not fit into the {wall:.2f} s of the process")
            if table:
                faults += faults_of_rows(table.rows(), wanted)
            elif sink == "sqlite":
                faults += faults_of_rows(sqlite_history(file, list(expected.COLUMNS)), wanted)
            return faults
        except ValueError as fault:
            return [f"{fault}; see {log}"]
        finally:
            if table:
                table.drop()


def main() -> int:
    parser = argparse.ArgumentParser(description="Show that all rivals do the same job.")
    parser.add_argument("names", nargs="*", metavar="RIVAL", help="only these")
    parser.add_argument("--events", type=int, default=50_000, help="plays in the backlog (default 50,000)")
    parser.add_argument("--sink", help="only this sink")
    arguments = parser.parse_args()
    rivals = contract.rivals(HOME)
    for name in arguments.names:
        if name not in rivals:
            parser.error(f"there is no rival '{name}'; there are: {', '.join(rivals)}")
    HOME.mkdir(parents=True, exist_ok=True)
    arguments.kafka = f"127.0.0.1:{servers.kafka_port(1)}"
    arguments.cassandra = f"127.0.0.1:{servers.CASSANDRA_PORT}"

    before = set(servers.running())
    faults, absent = [], []
    try:
        servers.up(1, 1, fresh=False)
        topic = fill_topic(arguments.kafka, arguments.events)
        wanted = list(expected.rows_of(expected.records_in(arguments.kafka, topic), expected.songs_of(CATALOGUE)))
        print(f"==> {topic}: {arguments.events:,} plays, {len(wanted):,} rows", flush=True)
        for name in arguments.names or rivals:
            if (reason := rivals[name].install()) is not None:
                absent.append(name)
                print(f"SKIPPED: {rivals[name].title} cannot be had: {reason}", flush=True)
                continue
            for sink in rivals[name].sinks:
                if arguments.sink in (None, sink):
                    faults += [f"{name} → {sink}: {fault}" for fault in run(rivals[name], sink, topic, wanted, arguments)]
    except servers.Failure as failure:
        faults.append(str(failure))
    finally:
        for key, (server, pid) in sorted(servers.running().items()):
            if key not in before:
                servers.stop(server, pid)
    for fault in faults:
        print(f"WRONG: {fault}")
    if absent:
        print(f"SKIPPED: {', '.join(absent)}")
    print("the rivals agree" if not faults else f"{len(faults)} faults")
    return 1 if faults else 3 if absent else 0


if __name__ == "__main__":
    sys.exit(main())
