"""Nexmark's stateless queries (nexmark/), to no sink: this program beside Flink SQL and a typed Go loop, on the same events.

A block is of one query: all programs drain the topic once, in an order that chance decides. Each has to find as many rows, and those
that add up a column, the same sum. A JVM warms up: of Flink the second half of the events counts, rate and CPU time.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import machine
import method
import process
import programs
import workloads
from workloads import BINARY, KAFKA, PROGRAMS

sys.path.insert(0, str(machine.ROOT / "bench" / "nexmark"))
import nexmark_events as events  # noqa: E402
import nexmark_rivals as rivals  # noqa: E402

EVENTS = 2_000_000
SPACING_MS = 100  # 2,000,000 events are 55 hours, so that every branch of q14 is taken.
TURNTABLE, FLINK, GO = "turntable", rivals.TITLES["flink"], rivals.TITLES["go"]
# What was aimed at before anything was measured: in the median of the queries, of the rate to Flink's also in any, beside Go in each.
FLINK_RATE, FLINK_RATE_ANY, FLINK_CPU, GO_RATE = 4, 2, 10, 1


class Backlog:
    """A topic with so many events."""

    def __init__(self, count: int) -> None:
        self.count = count
        workloads.DATA.mkdir(parents=True, exist_ok=True)
        self.side_input = events.side_input(workloads.DATA / "side_input.csv")
        self.topic = workloads.make_topic("nexmark", workloads.PARTITIONS)
        print(f"==> filling topic {self.topic} with {count:,} of Nexmark's events", flush=True)
        generate = [str(events.generator()), "--events", str(count), "--spacing-ms", str(SPACING_MS)]
        send = [str(PROGRAMS / "bench_lines"), "--bootstrap", KAFKA, "--topic", self.topic, "--compression", workloads.COMPRESSION]
        with subprocess.Popen(generate, stdout=subprocess.PIPE) as made:
            sent = json.loads(subprocess.run(send, stdin=made.stdout, check=True, capture_output=True, text=True).stdout)
        if sent["acknowledged"] != count:
            raise process.Failure(f"{sent['acknowledged']} of {count} events are in topic {self.topic}")
        self.bytes = sent["bytes"]


def by_turntable(query: str, backlog: Backlog, lanes: int, label: str) -> dict:
    stats = process.LOGS / f"{label}.json"
    stats.unlink(missing_ok=True)
    options = {
        "events.bootstrap.servers": KAFKA, "events.topic": backlog.topic, "events.group.id": f"{backlog.topic}_{uuid.uuid4().hex[:8]}",
        "events.dead_letters": f"file:{process.LOGS / (label + '.dead.jsonl')}", f"nexmark_{query}.connector": "null",
        **({"side_input.path": backlog.side_input} if query == "q13" else {}),
    }  # fmt: skip
    command = [BINARY, "run", events.QUERIES / f"{query}.sql", "--until-end", "--lanes", lanes, "--stats-json", stats, *programs.sets(options)]
    finished = process.run(TURNTABLE, command, label)
    found = json.loads(stats.read_text())
    return process.run_of(finished, found["consumed"], found["written"], found["seconds"], found["startup_seconds"], checksum=None)


def by_rival(rival: rivals.contract.Rival, query: str, backlog: Backlog, label: str) -> dict:
    command = rivals.command(rival, query, bootstrap=KAFKA, topic=backlog.topic, count=backlog.count, side_input=backlog.side_input)
    with tempfile.TemporaryDirectory(dir=process.HOME) as folder:
        finished = process.run(rival.name, command, label, folder=Path(folder))
    found = rivals.contract.result_in(finished.output.read_text(errors="replace"))
    return process.run_of(
        finished, found.consumed, found.matched, found.seconds, found.startup_seconds, steady_seconds=found.steady_seconds,
        steady_events=found.steady_events, steady_cpu_seconds=found.steady_cpu_seconds, checksum=found.checksum,
    )  # fmt: skip


def agree(query: str, backlog: Backlog, block: dict[str, dict]) -> None:
    """A figure of a program whose rows are not those of the others is none."""
    for name, run in block.items():
        if run["events"] != backlog.count:
            raise process.Failure(f"{name}, {query}: {run['events']:,} events were read of {backlog.count:,}")
    for what in ("matched", "checksum"):
        found = {name: run[what] for name, run in block.items() if run[what] is not None}
        if len(set(found.values())) > 1:
            raise process.Failure(f"{query}: the programs differ in {what}: {found}")


def query_blocks(query: str, backlog: Backlog, found: list, arguments: argparse.Namespace) -> list[dict]:
    by_name = {rivals.TITLES[rival.name]: rival for rival in found}

    def run(block: int, name: str) -> dict:
        label = re.sub(r"\W+", "-", f"nexmark-{query}-{block}-{name}")
        if name == TURNTABLE:
            came = by_turntable(query, backlog, arguments.lanes, label)
        else:
            came = by_rival(by_name[name], query, backlog, label)
        disturbed = f"  (disturbed: steal {came['steal']:.1%}, others {came['foreign']:.0%})" if came["disturbed"] else ""
        print(f"    {query}, block {block}: {name:<16} {process.steady_rate(came) or 0:>12,.0f} events/s, {steady_cpu(came):5.2f} CPU s per million{disturbed}", flush=True)
        return came

    blocks = method.measure([TURNTABLE, *by_name], arguments.blocks, run, arguments.seed)
    for block in blocks:
        agree(query, backlog, block)
    return blocks


def nexmark(arguments: argparse.Namespace) -> dict:
    found, absent = [], {}
    for name in rivals.NAMES:
        if arguments.rival and name not in arguments.rival:
            continue
        try:
            found.append(rivals.installed(name))
        except rivals.contract.Unavailable as reason:
            absent[rivals.TITLES[name]] = str(reason)
            print(f"SKIPPED: {reason}", flush=True)
    wanted = arguments.query or list(events.COLUMNS)
    if unknown := [query for query in wanted if query not in events.COLUMNS]:
        raise process.Failure(f"there is no query {unknown[0]}; there are: {', '.join(events.COLUMNS)}")
    backlog = Backlog(arguments.events or EVENTS)
    try:
        queries = {query: query_blocks(query, backlog, found, arguments) for query in wanted}
    finally:
        workloads.drop_topic(backlog.topic)
    return {
        "title": "Nexmark: stateless queries and the side input join, to no sink", "kind": "nexmark", "queries": queries, "events": backlog.count,
        "bytes": backlog.bytes, "seed": arguments.seed, "absent": absent,
    }  # fmt: skip


# ----------------------------------------------------------------------------------------------------------------- figures


def steady_cpu(run: dict) -> float:
    """Seconds per million events; of the second half where the program says it."""
    if run.get("steady_cpu_seconds") and run.get("steady_events"):
        return run["steady_cpu_seconds"] / run["steady_events"] * 1e6
    return process.cpu_per_million(run)


@dataclasses.dataclass
class Ratios:
    """Of one query: our rate to the other's, and the other's CPU time per event to ours, warm and of its whole process."""

    rate: method.Ratio | None
    cpu: method.Ratio | None
    whole_cpu: method.Ratio | None


def ratios(blocks: list[dict], other: str) -> Ratios:
    good = method.counted(blocks)
    return Ratios(
        method.ratio(method.pairs(good, TURNTABLE, other, warm_rate)),
        method.ratio(method.pairs(good, other, TURNTABLE, steady_cpu)),
        method.ratio(method.pairs(good, other, TURNTABLE, process.cpu_per_million)),
    )


def warm_rate(run: dict) -> float | None:
    """Of what warms up, the second half; of the others, all."""
    return process.steady_rate(run) if run.get("steady_cpu_seconds") else process.rate(run)


@dataclasses.dataclass
class Medians:
    """Over the queries: the median and the least of the rates' ratios, and the medians of the CPU times' ratios."""

    rate: float
    least_rate: float
    cpu: float
    whole_cpu: float


def medians(found: dict, other: str) -> Medians | None:
    each = [ratios(blocks, other) for blocks in found["queries"].values() if other in blocks[0]]
    if not each or any(one.rate is None or one.cpu is None for one in each):
        return None
    rates, cpu, whole = ([getattr(one, name).median for one in each] for name in ("rate", "cpu", "whole_cpu"))
    return Medians(method.median(rates), min(rates), method.median(cpu), method.median(whole))
