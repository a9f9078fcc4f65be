#!/usr/bin/env python3
"""Measures what this program does in a second, beside the ceilings of the libraries under it and beside other programs.

`./dev bench` calls this after it has built what it needs. How it measures is in method.py; what it measures, in drains.py,
latency.py, curves.py and rivals_bench.py; what must not become dearer, in check.py.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import check  # noqa: E402
import curves  # noqa: E402
import drains  # noqa: E402
import latency  # noqa: E402
import machine  # noqa: E402
import mixed  # noqa: E402
import nexmark_bench  # noqa: E402
import process  # noqa: E402
import report  # noqa: E402
import rivals_bench  # noqa: E402
import workloads  # noqa: E402
from machine import ROOT, servers  # noqa: E402

# Name, what measures it, whether it needs the servers, and what it is.
BENCHES = {
    "null": (drains.null, True, "Kafka → join → no sink, beside reading alone and reading with decoding"),
    "cassandra": (drains.cassandra, True, "Kafka → join → Cassandra, beside the driver alone"),
    "sqlite": (drains.sqlite, True, "Kafka → join → SQLite, beside SQLite alone"),
    "produce": (drains.produce, True, "turntable produce, beside librdkafka's own loop"),
    "memory": (drains.memory, False, "decode, join and encode in memory, on one core"),
    "startup": (drains.startup, True, "start, load and memory, with catalogues of 100,000 to 10,000,000 songs"),
    "latency": (latency.latency, True, "from when a play is due to when its row is visible, at several rates"),
    "rivals": (rivals_bench.null, True, "other programs on the same backlog, to no sink"),
    "rivals_cassandra": (rivals_bench.cassandra, True, "other programs on the same backlog, into Cassandra"),
    "mixed": (mixed.mixed, True, "filters, CASE, two lookups and twelve functions, beside the listening history, to no sink"),
    "nexmark": (nexmark_bench.nexmark, True, "Nexmark's stateless queries, beside Flink SQL and a typed Go loop, to no sink"),
    "curves": (curves.curves, True, "one thing turned at a time; minutes for each of many curves"),
}
ALONE = {"check": "fails where an event costs more than baseline.json says", "docs": "publishes the results so far: docs/measurements, docs/PERFORMANCE.md, its plots, README's table"}
DEFAULT = ["null", "cassandra"]
PLOTS_VENV = ROOT / "build" / "plots-venv"
LEAST_FREE_BYTES = 6 * 2**30


def parsed() -> argparse.Namespace:
    names = {**{name: what for name, (_, _, what) in BENCHES.items()}, **ALONE}
    parser = argparse.ArgumentParser(
        prog="./dev bench",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measure this program beside the ceilings of the libraries under it, and beside others that do the same job.\n\n"
        + "\n".join(f"  {name:<17} {what}" for name, what in names.items()),
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of the list above; {' and '.join(DEFAULT)} unless named")
    parser.add_argument("--blocks", type=int, default=10, help="how often each program runs (default 10)")
    parser.add_argument("--events", type=int, help="plays in a backlog; each benchmark has its own default")
    parser.add_argument("--lanes", type=int, default=1, help="lanes of turntable (default 1)")
    parser.add_argument("--seconds", type=int, default=60, help="of each rate of `latency` (default 60)")
    parser.add_argument("--before", type=Path, metavar="PROGRAM", help="null, cassandra, sqlite: drain with this one too, another version of turntable")
    parser.add_argument("--curve", action="append", choices=curves.names(), help="only this curve; may be repeated")
    parser.add_argument("--rival", action="append", metavar="RIVAL", help="only this rival; may be repeated")
    parser.add_argument("--query", action="append", metavar="QUERY", help="nexmark: only this query, such as q0; may be repeated")
    parser.add_argument("--quick", action="store_true", help="startup: only the smallest catalogue")
    parser.add_argument("--seed", type=int, default=1, help="of the order in which programs run (default 1)")
    parser.add_argument("--update", action="store_true", help="check: write the baseline anew")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in names:
            parser.error(f"there is no benchmark '{name}'; there are: {', '.join(names)}")
        if name in ALONE and len(arguments.names) > 1:
            parser.error(f"{name} is asked for alone")
    if arguments.before:
        arguments.before = arguments.before.resolve()
        if not arguments.before.exists():
            parser.error(f"--before: {arguments.before} is not there")
    if arguments.blocks < 1:
        parser.error("--blocks must be at least 1")
    return arguments


def docs() -> None:
    """The page, its plots and README's table, from the results that are published and those that there are."""
    results = report.publish()
    if not results:
        raise process.Failure("nothing has been measured yet")
    subprocess.run([PLOTS_VENV / "bin" / "python", Path(__file__).parent / "plots.py", report.PUBLISHED, ROOT / "docs" / "plots"], check=True)
    if "rivals" in results:
        report.write_readme(results["rivals"])
    print(f"Written to {report.write(results, ROOT / 'docs')}, {report.PUBLISHED}, {ROOT / 'docs' / 'plots'} and README.md")


def partial(name: str, arguments: argparse.Namespace) -> bool:
    """Whether a part, another size, other lanes or another version were asked for than the benchmark's own: to look at, not to publish."""
    return bool(arguments.before or arguments.events or arguments.lanes != 1 or (name == "startup" and arguments.quick) or (name.startswith(("rivals", "nexmark")) and arguments.rival) or (name == "nexmark" and arguments.query))


def measure(names: list[str], arguments: argparse.Namespace) -> None:
    command = "./dev bench " + " ".join(sys.argv[1:])
    versions = machine.versions()  # Of what was built before; the tree may change while this runs.
    for name in names:
        print(f"==> {name}: {BENCHES[name][2]}", flush=True)
        begun = time.monotonic()
        found = BENCHES[name][0](arguments)
        found |= {
            "command": command.strip(), "measured": time.strftime("%Y-%m-%d"), "machine": machine.description(), "versions": versions,
            "took": time.monotonic() - begun, "partial": partial(name, arguments),
        }  # fmt: skip
        for curve in found.get("curves", []):
            curve |= {key: found[key] for key in ("command", "measured", "machine", "versions")}
        report.keep(name, found)
        print("\n" + report.SECTIONS[found["kind"]](name, found), flush=True)


def main() -> int:
    arguments = parsed()
    process.HOME.mkdir(parents=True, exist_ok=True)
    names = arguments.names or DEFAULT
    if names != ["docs"] and not workloads.BINARY.exists():
        print(f"./dev bench: {workloads.BINARY} is not there; run ./dev build first", file=sys.stderr)
        return 2
    before = set(servers.running())
    try:
        if names == ["check"]:
            return check.check(arguments)
        if names == ["docs"]:
            docs()
            return 0
        if shutil.disk_usage(process.HOME).free < LEAST_FREE_BYTES:
            raise process.Failure(f"less than {LEAST_FREE_BYTES / 2**30:.0f} GiB are free under {process.HOME}, which backlogs may need")
        if any(BENCHES[name][1] for name in names):
            servers.up(1, 1, fresh=True)
        measure(names, arguments)
    except (process.Failure, servers.Failure, subprocess.CalledProcessError) as failure:
        print(f"./dev bench: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        servers.stop_new(before)
    print(f"Written to {report.write(report.kept())}; ./dev bench docs publishes it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
