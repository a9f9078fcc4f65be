"""Latency in an open loop: plays are sent when they are due, whatever became of those before, and a row's latency counts
from when its play was due to when a reader of the table sees it. So a stall is charged to every play that it delays.

The rates are 1,000 a second, with servers that this rate has warmed up before, and parts of the engine's own maximum, which
is drained in between. A rate is sustained if latency does not grow: the rows of the last third are seen no later than those
of the second third, give or take.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import time
import uuid

import machine
import process
import programs
import workloads
from programs import DRIVER, Turntable, fresh_keyspace, sets
from workloads import BINARY, CASSANDRA, KAFKA, PIPELINE, PROGRAMS, Shape

FRACTIONS = (0.10, 0.25, 0.50, 0.75, 0.90)
# How long the sender waits for a batch to fill, in ms: not at all where the rate is low, else the default of the clients. Without
# it every play is a request to the broker, and sender and broker alone use up two cores.
LINGER_AT_STEADY_RATE, LINGER = 0, 5
WATCHED_PER_SECOND = 500  # Enough for a 99.9th percentile, few enough not to be a load of their own.
STEADY_RATE = 1_000
WARM_UP_SECONDS = 40  # At STEADY_RATE, before anything is measured: two Java servers compile what they are asked often.
SKIPPED_SECONDS = 20  # At the beginning of each run: the engine joins its group, the servers warm up.
LATE_LIMIT_MS = 50  # How much later the last third may be seen than the second for a rate to be sustained.
SENDER_LATE_LIMIT_MS = 100  # A sender that was later than this is said: its rate was not kept.


def ended(process_: subprocess.Popen) -> tuple[int, float]:
    """The exit code, and the CPU seconds."""
    _, status, usage = os.wait4(process_.pid, 0)
    process_.returncode = os.waitstatus_to_exitcode(status)
    return process_.returncode, usage.ru_utime + usage.ru_stime


def spawn(command: list[object], label: str) -> subprocess.Popen:
    process.LOGS.mkdir(parents=True, exist_ok=True)
    with (process.LOGS / f"{label}.out").open("wb") as out, (process.LOGS / f"{label}.err").open("wb") as err:
        return subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=process.HOME)


def last_json(label: str) -> dict:
    lines = (process.LOGS / f"{label}.out").read_text(errors="replace").splitlines()
    found = next((line for line in reversed(lines) if line.startswith("{")), None)
    if found is None:
        raise process.Failure(f"{label} said nothing; see {process.LOGS / label}.err")
    return json.loads(found)


def at_rate(rate: int, seconds: int, flush_interval: str, label: str) -> dict:
    """The engine, a sender at this rate, and a reader, for so long."""
    every = max(1, round(rate / WATCHED_PER_SECOND))
    topic = workloads.make_topic("latency", workloads.PARTITIONS)
    keyspace = fresh_keyspace()
    total = SKIPPED_SECONDS + seconds
    catalogue = workloads.catalogue(workloads.SONGS)
    sink = {"listening_history.contact_points": CASSANDRA, "listening_history.keyspace": keyspace}
    process.run("turntable schema apply", [BINARY, "schema", "apply", PIPELINE, *sets({"songs.path": catalogue, **sink})], f"{label}-schema")
    options = {
        "plays.bootstrap.servers": KAFKA, "plays.topic": topic, "plays.group.id": f"{topic}_{uuid.uuid4().hex[:8]}", "plays.start": "earliest",
        "plays.dead_letters": "drop", "songs.path": catalogue, "listening_history.flush_interval": flush_interval, **sink,
    }  # fmt: skip
    stats = process.LOGS / f"{label}-stats.json"
    watch = machine.Watch()
    start_us = int((time.time() + 4) * 1e6)
    count = rate * total
    engine = spawn([BINARY, "run", PIPELINE, "--stats-json", stats, *sets(options)], f"{label}-engine")
    reader = spawn(
        [DRIVER / "bench_watch", "--contact", CASSANDRA, "--keyspace", keyspace, "--start-at-us", start_us, "--expect", -(-count // every),
         "--skip-s", SKIPPED_SECONDS, "--limit-s", total + 60], f"{label}-watch",
    )  # fmt: skip
    sender = spawn(
        [PROGRAMS / "bench_events", "--bootstrap", KAFKA, "--topic", topic, *Shape(count).words, "--rate", rate, "--start-at-us", start_us,
         "--watch-every", every, "--skip-s", SKIPPED_SECONDS, "-X", f"linger.ms={LINGER if rate > STEADY_RATE else LINGER_AT_STEADY_RATE}"],
        f"{label}-events",
    )  # fmt: skip
    try:
        sender_code, sender_cpu = ended(sender)
        reader_code, reader_cpu = ended(reader)
        engine.send_signal(signal.SIGTERM)
        engine_code, engine_cpu = ended(engine)
    except BaseException:
        for running in (sender, reader, engine):
            if running.returncode is None:
                running.kill()
                running.wait()
        raise
    if sender_code or reader_code or engine_code:
        raise process.Failure(f"{label}: sender {sender_code}, reader {reader_code}, engine {engine_code}; see {process.LOGS}")
    around = watch.since(sender_cpu + reader_cpu + engine_cpu)
    seen, sent = last_json(f"{label}-watch"), last_json(f"{label}-events")
    written = json.loads(stats.read_text())["written"]
    # Where the engine cannot follow, plays of other partitions than the watched one's are left when it is told to stop.
    if written > count or seen["seen"] != sent["watched"]:
        raise process.Failure(f"{label}: {sent['sent']} plays sent, {written} written, {seen['seen']} of {sent['watched']} watched rows seen")
    with workloads.session() as cassandra:
        cassandra.execute(f"DROP KEYSPACE {keyspace}")
    workloads.drop_topic(topic)
    return {
        "rate": rate, "flush_interval": flush_interval, "seconds": seconds, **seen, "sender_late_ms": sent["latest_ms"],
        "acknowledged_p50_ms": sent["acknowledged_p50_ms"], "acknowledged_p99_ms": sent["acknowledged_p99_ms"],
        "sustained": written == count and sustained(seen), "engine_cpu": engine_cpu, "cpu_per_million": engine_cpu / written * 1e6, "servers_cpu": around.servers_cpu, "steal": around.steal,
        "foreign": around.foreign, "disturbed": around.disturbed,
    }  # fmt: skip


def sustained(seen: dict) -> bool:
    """By the medians of the seconds."""
    medians = [p50 for _, p50, _ in seen["by_second"]]
    third = max(1, len(medians) // 3)
    return statistics.median(medians[-third:]) <= statistics.median(medians[third : 2 * third] or medians) * 1.5 + LATE_LIMIT_MS


def maximum(arguments: argparse.Namespace) -> float:
    """Rows per second in a drain, after one that warms the servers up."""
    backlog = workloads.fill("latency", Shape(arguments.events or 300_000))
    rates = [process.rate(Turntable().drain("cassandra", backlog, f"latency-drain-{number}")) for number in range(3)]
    workloads.drop_topic(backlog.topic)
    return statistics.median(rates[1:])


def told(run: dict) -> dict:
    print(
        f"    {run['rate']:>8,}/s: p50 {run['p50_ms']:.1f}, p99 {run['p99_ms']:.1f}, p99.9 {run['p99_9_ms']:.1f}, max {run['max_ms']:.1f} ms"
        + ("" if run["sustained"] else ", NOT sustained")
        + (f", the sender was up to {run['sender_late_ms']:.0f} ms late" if run["sender_late_ms"] > SENDER_LATE_LIMIT_MS else ""),
        flush=True,
    )
    return run


def latency(arguments: argparse.Namespace) -> dict:
    at_rate(STEADY_RATE, WARM_UP_SECONDS, "0s", "latency-warm-up")
    runs = [told(at_rate(STEADY_RATE, arguments.seconds, "0s", f"latency-{STEADY_RATE}"))]
    most = maximum(arguments)
    print(f"==> a drain writes {most:,.0f} rows/s", flush=True)
    for rate in [int(most * part) for part in FRACTIONS]:
        runs.append(told(at_rate(rate, arguments.seconds, "0s", f"latency-{rate}")))
    runs = [{**run, "part": run["rate"] / most} for run in runs]
    best = max((run["rate"] for run in runs if run["sustained"]), default=0)
    return {"title": "from due to visible in Cassandra", "kind": "latency", "maximum": most, "runs": runs, "sustained": best}
