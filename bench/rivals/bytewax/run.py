"""Starts a Bytewax cluster of some processes on this machine, waits for it, and adds up what they report.

Bytewax scales over cores by processes, since Python's lock lets only one thread of a process run. The last line on standard
output is one JSON object.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path


def process_age() -> float:
    """Seconds since this process was started."""
    started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    return float(Path("/proc/uptime").read_text().split()[0]) - started


def free_addresses(count: int) -> list[str]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = ["127.0.0.1:{}".format(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return addresses


def main() -> int:
    age, begun = process_age(), time.monotonic()
    parser = argparse.ArgumentParser()
    for name in ("bootstrap", "topic", "group", "catalogue", "sink"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--snapshots", type=int, default=10, help="seconds between snapshots of the positions")
    arguments = parser.parse_args()

    # The positions are kept in a recovery store, as a group's commits are elsewhere: it is Bytewax's way to at least once.
    store = Path("recovery")
    store.mkdir()
    python = [sys.executable, "-m"]
    subprocess.run([*python, "bytewax.recovery", str(store), str(arguments.processes)], check=True)
    addresses, reports, cluster = free_addresses(arguments.processes), [], []
    for number in range(arguments.processes):
        reports.append(Path(f"report-{number}.json"))
        command = [*python, "bytewax.run", "listening_history:flow", "-r", str(store), "-s", str(arguments.snapshots), "-b", "0"]
        if arguments.processes > 1:
            command += ["-i", str(number), "-a", ";".join(addresses)]
        environment = {
            "RIVAL_BOOTSTRAP": arguments.bootstrap, "RIVAL_TOPIC": arguments.topic, "RIVAL_CATALOGUE": arguments.catalogue,
            "RIVAL_REPORT": str(reports[-1]), "PYTHONPATH": str(Path(__file__).resolve().parent), "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        cluster.append(subprocess.Popen(command, env=os.environ | environment))
    codes = [process.wait() for process in cluster]
    if any(codes):
        print(f"the processes ended with {codes}", file=sys.stderr)
        return 1

    found = [json.loads(report.read_text()) for report in reports]
    points = sorted(tuple(point) for each in found for point in each["points"])
    consumed, half = 0, (0.0, 0)
    for moment, count in points:
        consumed += count
        if half[1] == 0 and consumed >= arguments.events / 2:
            half = (moment, consumed)
    first, last = min(each["first"] for each in found if each["first"]), points[-1][0]
    result = {
        "consumed": consumed,
        "matched": sum(each["matched"] for each in found),
        "seconds": last - first,
        "startup_seconds": age + first - begun,
        "steady_seconds": last - half[0],
        "steady_events": consumed - half[1],
        "checksum": sum(each["checksum"] for each in found),
    }
    print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
