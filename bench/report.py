"""Tables out of results: a page in Markdown, build/bench/PERFORMANCE.md. Every figure on it comes from the results that are
kept in build/bench/results/, a file for each benchmark, with every run of every block.

`./dev bench docs` publishes: it copies the results into docs/measurements/, where those of the same name are replaced and others
stay, and makes docs/PERFORMANCE.md, its plots and the table of README.md of what is there then. A result of which only a part was
asked for is not published."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import curves as curves_bench
import glance
import latency
import method
import nexmark_bench
import process
import workloads
from drains import AGAIN, DECODE, FLOOR
from machine import ROOT

RESULTS = process.HOME / "results"
PUBLISHED = ROOT / "docs" / "measurements"

CATALOGUE_OF_DRAINS = f"{workloads.SONGS:,} songs"  # As the measurement in memory names it.

# What limits a figure, where a measurement beside it shows that.
LIMITS = {
    "null": "The lane, one thread: two thirds of the engine's CPU; librdkafka's thread, which receives and inflates, has the other third, "
    "and the broker is on the same two cores. The engine is above what librdkafka does alone because it inflates a batch of gzip once, by "
    "libdeflate, and has its memory from mimalloc (docs/adr/0007-mimalloc.md); the curve of compression has the other codecs.",
    "cassandra": "The node: Cassandra's own CPU time for a row is many times the engine's.",
    "sqlite": "SQLite's one writer. Its transactions run on a thread of their own (docs/adr/0008-sqlite-writes-beside-the-lane.md), which does what the ceiling does: SQLite "
    "itself, the kernel, which writes and syncs the log, and binding a row's 22 values. The lane's thread takes records, decodes, joins and encodes meanwhile; when one thread "
    "did both, that was 13 % of its time (`perf record`), and as much was missing to the ceiling.",
    "latency": "The two cores, which two Java servers, the sender, the reader and the engine share. At 1,000/s the broker has a play half a millisecond after it "
    "was due and a reader has its row two milliseconds after. From some thousand plays a second on the slowest hundredth waits for pauses of both servers: the broker's "
    "acknowledgement alone takes hundreds of milliseconds then, and the node's log shows collections of garbage of up to half a second. From half of a drain's "
    "rate on nothing is left of the two cores, and rows wait for seconds.",
    "produce": "Compression, in librdkafka's thread, and the broker.",
    "memory": "Instructions, and no one of them: the profile is flat (under 'Where the time goes'). A catalogue of 100,000 songs, which is larger than the "
    "second-level cache, costs a sixth more than the report's small one, though what a lookup needs is fetched ahead.",
    "startup": "The CPU of both cores: 1,000,000 songs take 0.9 s and 1.5 s of CPU, most of it splitting fields and judging and converting numbers.",
    "nexmark": "Reading JSON, in all queries. Of the lane's time in q0 (`perf record`, from a file instead of Kafka) 42 % goes into decoding, of which 17 in the fields of the bid, "
    "which are nested; 11 % into making texts of these fields, 15 % into making numbers and a time of the texts, 9 % into cells. The slowest two for their CPU time are q10 and q21. "
    "q10 spends 6 % on `to_char`, twice, besides. q21 spends a quarter on its regular expression, 19 % in RE2 itself; the filter needs it for every bid, where the Go loop looks for a constant text.",
    "rivals": "Nothing stands between the engine and the others but what they do per event; the engine's own limit is that of the first table.",
}


def keep(name: str, found: dict, folder: Path = RESULTS) -> None:
    """A result takes the place of the one before it; of curves, each by itself."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    if found["kind"] == "curves" and path.exists():
        curves = {curve["name"]: curve for curve in json.loads(path.read_text())["curves"] + found["curves"]}
        found = {**found, "curves": [curves[name] for name in curves_bench.names() if name in curves]}
    path.write_text(json.dumps(found, indent=1) + "\n")


def kept(folder: Path = RESULTS) -> dict[str, dict]:
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def publish() -> dict[str, dict]:
    """All results that are published, after those of this machine have been added."""
    for name, found in kept().items():
        if found["partial"]:
            print(f"Not published: {name}, of which `{found['command']}` measured a part")
        else:
            keep(name, found, PUBLISHED)
    return kept(PUBLISHED)


def origin(found: dict) -> str:
    """With what a table was measured, and when."""
    return f"`{found['command']}`, {found['measured']}, commit {found['versions']['commit']}"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def number(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def figure(blocks: list[dict], name: str, what, digits: int = 0) -> str:
    return number(method.median(method.column(blocks, name, what)), digits)


def noise(blocks: list[dict], what=process.rate) -> method.Ratio | None:
    return method.ratio(method.pairs(blocks, AGAIN, "turntable", what))


def noise_text(blocks: list[dict]) -> str:
    floor = noise(blocks)
    if floor is None:
        return ""
    return f"The same program twice in each block: {floor.text()}. Differences within that are none."


def dropped(all_blocks: list[dict], good: list[dict]) -> str:
    disturbed = sum(any(run["disturbed"] for run in block.values()) for block in all_blocks)
    if not disturbed:
        return f"{len(all_blocks)} blocks."
    if len(good) == len(all_blocks):
        return f"{len(all_blocks)} blocks, {disturbed} of them disturbed by other load; too few were not, so all are counted."
    return f"{len(all_blocks)} blocks; {len(all_blocks) - len(good)} that other load disturbed are left out."


def around(all_blocks: list[dict]) -> str:
    runs = [run for block in all_blocks for run in block.values()]
    steal, foreign = (statistics.median(run[key] for run in runs) for key in ("steal", "foreign"))
    return (
        f"Steal {steal:.1%} in the median and {max(run['steal'] for run in runs):.1%} at most; other programs {foreign:.1%} "
        f"and {max(run['foreign'] for run in runs):.1%} of the machine."
    )


def drain_section(name: str, found: dict) -> str:
    blocks = found["blocks"]
    good = method.counted(blocks)
    kinds = sorted({kind for block in blocks for run in block.values() for kind in run["servers_cpu"]})
    warming = found.get("warming", [])
    head = ["program", "events/s", "whole process, events/s", "CPU s per million", *(f"{kind}'s" for kind in kinds), "start-up s", "peak MiB"]
    if warming:
        head.insert(2, "second half")
    rows = []
    for program in ["turntable", AGAIN, *[n for n in blocks[0] if n not in ("turntable", AGAIN)]]:
        row = [
            program,
            figure(good, program, process.rate),
            figure(good, program, process.total_rate),
            figure(good, program, process.cpu_per_million, 2),
            *(figure(good, program, lambda run, kind=kind: process.servers_per_million(run, kind), 2) for kind in kinds),
            figure(good, program, lambda run: run["startup_seconds"], 2),
            figure(good, program, lambda run: run["peak_mib"]),
        ]
        if warming:
            row.insert(2, figure(good, program, process.steady_rate))
        rows.append(row)
    lines = [f"## {found['title']}", "", f"{origin(found)}: {found['events']:,} plays. {dropped(blocks, good)} {around(blocks)} {noise_text(good)}", ""]
    lines += [table(head, rows), ratios_table(good, found)]
    if name in LIMITS:
        lines += [f"What limits it. {LIMITS[name]}", ""]
    for title, reason in found.get("absent", {}).items():
        lines += [f"Not to be had: {title}: {reason.splitlines()[0]}", ""]
    return "\n".join(lines)


def ratios_table(good: list[dict], found: dict) -> str:
    figures = [("rate", process.rate, False), ("whole process", process.total_rate, False), ("CPU per event", process.cpu_per_million, True)]
    if found.get("warming"):
        figures.insert(1, ("second half", process.steady_rate, False))
    rows = []
    for other in found["against"]:
        cells = []
        for _, what, less_is_better in figures:
            pair = ("turntable", other) if not less_is_better else (other, "turntable")
            came = method.ratio(method.pairs(good, *pair, what))
            cells.append(came.text() if came else "")
        rows.append([other, *cells])
    heads = [f"{title}, times{' less' if less else ''}" for title, _, less in figures]
    return table(["turntable beside", *heads], rows) if rows else ""


def floor_beside_go(results: dict[str, dict]) -> str:
    """What the CPU time per event cannot fall below, from three measurements, and how far below the Go loop's that would be."""
    good = method.counted(results["rivals"]["blocks"])
    go = glance.full_name(results["rivals"], "typed Go")
    cpu = {name: method.median(method.column(good, name, process.cpu_per_million)) for name in ("turntable", FLOOR, go)}
    songs = [row for row in results.get("memory", {}).get("rows", []) if row["until"] == "rows" and row["catalogue"] == CATALOGUE_OF_DRAINS]
    if not songs or None in cpu.values():
        return ""
    cores = method.median(method.column(good, "turntable", lambda run: process.cpu_per_million(run) * process.rate(run) / 1e6))
    in_memory = statistics.median(row["median_ns"] for row in songs) / 1e3
    floor = cpu[FLOOR] + in_memory
    return (
        f"Beside the Go loop. The engine uses {cores:.1f} of the two cores while it drains, and the broker is on them too: it cannot be faster by more than it "
        f"needs less CPU. Of its {cpu['turntable']:.2f} µs an event, librdkafka, built and configured as here, with every byte of the payloads looked at, takes "
        f"{cpu[FLOOR]:.2f} (*{FLOOR}*), and decoding, joining and encoding in memory, with a core and its cache for itself, {in_memory:.2f} (see 'In memory', "
        f"{CATALOGUE_OF_DRAINS}): {floor:.2f} together. To be 2.2 times below the Go loop's {cpu[go]:.2f} it would have {cpu[go] / 2.2:.2f} for these two and for all the "
        f"rest: the books, loading the catalogue (0.05 an event of this drain), and what two threads and a broker cost that take the cache from each other. Nothing that "
        f"was tried made either of the two smaller (below).\n"
    )


def memory_section(found: dict) -> str:
    rows = []
    for catalogue in dict.fromkeys(row["catalogue"] for row in found["rows"]):
        for until, title in (("decode", "decode"), ("rows", "decode, join, encode"), ("lane", "the whole lane")):
            of = [row for row in found["rows"] if row["catalogue"] == catalogue and row["until"] == until]
            best, middle = min(row["best_ns"] for row in of), statistics.median(row["median_ns"] for row in of)
            rows.append([f"{title}, {catalogue}", number(middle, 0), number(best, 0), number(1e3 / middle, 2), number(max(row["allocations_per_event"] for row in of), 3)])
    head = ["path", "CPU ns per event", "best round", "million events/s", "allocations per event"]
    return f"## In memory, one core\n\n{origin(found)}: no Kafka, no store.\n\n{table(head, rows)}\nWhat limits it. {LIMITS['memory']}\n"


def startup_section(found: dict) -> str:
    rows = []
    for songs in dict.fromkeys(row["songs"] for row in found["rows"]):
        of = [row for row in found["rows"] if row["songs"] == songs]
        middle = {key: statistics.median(row[key] for row in of) for key in ("load_seconds", "startup_seconds", "first_rows_seconds", "peak_mib", "csv_bytes")}
        rows.append([
            f"{songs:,}", number(middle["csv_bytes"] / 1e6), number(middle["load_seconds"], 2), number(middle["csv_bytes"] / 1e6 / max(middle["load_seconds"], 0.01)),
            number(middle["startup_seconds"], 2), number(middle["first_rows_seconds"], 2), number(middle["peak_mib"]),
            number(middle["peak_mib"] * 2**20 / middle["csv_bytes"], 2),
        ])  # fmt: skip
    head = ["songs", "CSV, MB", "load s", "MB/s", "first poll s", "first rows s", "peak MiB", "memory per byte of CSV"]
    text = f"## Start-up and memory\n\n{origin(found)}: a run of 20,000 plays to no sink.\n\n"
    return text + f"{table(head, rows)}\nWhat limits it. {LIMITS['startup']}\n"


def latency_section(found: dict) -> str:
    rows = [
        [f"{run['rate']:,} ({run['part']:.0%})", *(number(run[key], 1) for key in ("p50_ms", "p90_ms", "p99_ms", "p99_9_ms", "max_ms")),
         "yes" if run["sustained"] else "no", *(number(run[key], 1) for key in ("acknowledged_p50_ms", "acknowledged_p99_ms")),
         number(run["cpu_per_million"], 1), number(run["sender_late_ms"], 0), f"{run['steal']:.1%}"]
        for run in sorted(found["runs"], key=lambda run: run["rate"])
    ]  # fmt: skip
    head = ["plays/s", "p50 ms", "p90", "p99", "p99.9", "max", "sustained", "acknowledged p50", "p99", "engine CPU s per million", "sender late ms", "steal"]
    text = (
        f"## From due to visible in Cassandra\n\n{origin(found)}. An open loop: a play is sent when it is due, and its latency ends when a reader "
        f"has the row. `flush_interval = 0s`. {found['runs'][0]['seconds']} s each, after {latency.SKIPPED_SECONDS} s that are not counted; before all, "
        f"{latency.WARM_UP_SECONDS + latency.SKIPPED_SECONDS} s at {latency.STEADY_RATE:,}/s warm the servers up. The sender's `linger.ms` is {latency.LINGER_AT_STEADY_RATE} at {latency.STEADY_RATE:,}/s, else {latency.LINGER}. A drain writes {found['maximum']:,.0f} rows/s; "
        f"the highest of these rates without growing latency is {found['sustained']:,}/s. *Acknowledged*: how long after it was due the broker had said that it has the play.\n\n"
    )
    return text + table(head, rows) + f"\nWhat limits it. {LIMITS['latency']}\n\n![Latency by rate](plots/latency.svg)\n"


def nexmark_section(found: dict) -> str:
    rivals = [name for name in (nexmark_bench.FLINK, nexmark_bench.GO) if any(name in blocks[0] for blocks in found["queries"].values())]
    rows, ratio_rows = [], []
    for query, all_blocks in found["queries"].items():
        good = method.counted(all_blocks)
        names = [nexmark_bench.TURNTABLE, *rivals]
        rows.append([query, number(method.median(method.column(good, names[0], lambda run: run["matched"]))),
                     *(figure(good, name, nexmark_bench.warm_rate) for name in names), *(figure(good, name, nexmark_bench.steady_cpu, 2) for name in names)])  # fmt: skip
        of = [nexmark_bench.ratios(all_blocks, name) for name in rivals]
        ratio_rows.append([query, *(came.text() if came else "" for name, one in zip(rivals, of) for came in (one.rate, one.cpu, one.whole_cpu)[: 3 if name == nexmark_bench.FLINK else 2])])
    names = ["Turntable", *rivals]
    blocks = [block for of in found["queries"].values() for block in of]
    text = (
        f"## {found['title']}\n\n{origin(found)}: {found['events']:,} events, {found['bytes'] / found['events']:.0f} bytes each, of which 46 in 50 are bids "
        f"([bench/nexmark](../bench/nexmark/README.md)). Blocks of each query: {len(next(iter(found['queries'].values())))}. {around(blocks)} Of Flink the second half counts, "
        f"for it warms up; CPU time is in seconds per million events.\n\n"
    )
    text += table(["query", "rows", *(f"{name}, events/s" for name in names), *(f"{name}, CPU s" for name in names)], rows)
    heads = []
    for name in rivals:
        heads += [f"rate, times {name}'s", f"CPU per event, times less than {name}'s"]
        heads += [f"of {name}'s whole process"] if name == nexmark_bench.FLINK else []
    return f"{text}\n{table(['Turntable', *heads], ratio_rows)}\nWhat limits it. {LIMITS['nexmark']}\n"


def curves_section(found: dict) -> str:
    parts = ["## Curves\n\nBars are medians; the whiskers are the lowest and the highest block.\n"]
    for curve in found["curves"]:
        rows = []
        for point in curve["points"]:
            first = method.Ratio(**point["to_first"]) if point["to_first"] else None
            ceiling = statistics.median(point["ceiling_rates"]) if point["ceiling_rates"] else None
            rate = statistics.median(point["rates"])
            rows.append([point["label"], number(rate), first.text() if first else "", number(rate / ceiling, 2) if ceiling else "", number(point["cpu_per_million"], 2), number(point["peak_mib"])])
        head = [curve["axis"], "events/s", "to the first", f"to {DECODE}", "CPU s per million", "peak MiB"]
        parts += [f"### {curve['title']}\n\n{origin(curve)}: {curve['counted']} of {curve['blocks']} blocks.\n", table(head, rows), f"![{curve['title']}](plots/{curve['name']}.svg)\n"]
    return "\n".join(parts)


SECTIONS = {"drain": drain_section, "memory": lambda _, found: memory_section(found), "startup": lambda _, found: startup_section(found),
            "latency": lambda _, found: latency_section(found), "nexmark": lambda _, found: nexmark_section(found), "curves": lambda _, found: curves_section(found)}  # fmt: skip
ORDER = ["null", "cassandra", "sqlite", "produce", "memory", "startup", "latency", "rivals", "rivals_cassandra", "mixed", "nexmark", "curves"]

HEAD = """# Performance

This page is written by `./dev bench docs` from what `./dev bench` has measured; each table says with which command. Absolute
figures are this machine's, ratios less so. Programs run in randomised blocks, each once a block; a ratio is of one block, and
the table has the median of the blocks with a 95 % confidence interval (bootstrap of the log-ratios). CPU time is the whole
process's, user and system; that of the servers beside it is theirs, over the same run. A block is left out where the hypervisor
took more than 2 % of the machine or programs that have no part in it used more than 10 %. Every backlog and catalogue is made up
from a seed, and rows are counted and summed up, and the sums compared with what the maker of the backlog says. Every single run is in
[measurements/](measurements).
"""


def page(results: dict[str, dict]) -> str:
    parts = [HEAD]
    measured = [*results.values(), *results.get("curves", {}).get("curves", [])]
    for machine in dict.fromkeys(found["machine"] for found in measured):
        parts.append(f"Machine: {machine}.\n")
    versions = ("; ".join(f"{name}: {version}" for name, version in found["versions"].items() if name != "commit") for found in measured)
    for version in dict.fromkeys(versions):
        parts.append(f"Versions: {version}.\n")
    parts.append("## At a glance\n\nRatios are those of the tables below, with their intervals; aims were set before anything was measured.\n")
    parts.append(table(["what", "figure", "aim", "reached"], glance.rows(results)))
    for name in ORDER:
        if name in results:
            parts.append(SECTIONS[results[name]["kind"]](name, results[name]))
            if name == "rivals":
                parts.append(floor_beside_go(results))
    parts.append((Path(__file__).parent / "ideas.md").read_text())
    return "\n".join(parts).rstrip() + "\n"


def write(results: dict[str, dict], folder: Path = process.HOME) -> Path:
    path = folder / "PERFORMANCE.md"
    path.write_text(page(results))
    return path


README_BEGIN, README_END = "<!-- from `./dev bench docs` -->\n", "<!-- end -->\n"
PLAIN_NAMES = {"PySpark 3.5.7, the original pipeline": "PySpark 3.5.7, the report's pipeline"}


def readme_table(found: dict) -> str:
    """What the rivals came to, fastest first; without the details in brackets that their names have."""
    blocks = method.counted(found["blocks"])
    rates = {name: method.median(method.column(blocks, name, process.rate)) or 0 for name in ("turntable", *found["against"])}
    rows = []
    for name in sorted(rates, key=lambda name: -rates[name]):
        short = name.partition(" (")[0]
        came = method.ratio(method.pairs(blocks, "turntable", name, process.rate)) if name != "turntable" else None
        rows.append([
            PLAIN_NAMES.get(short, short), number(rates[name]), figure(blocks, name, process.cpu_per_million, 2), figure(blocks, name, lambda run: run["startup_seconds"], 1),
            figure(blocks, name, lambda run: run["peak_mib"]), came.text(1) if came else "",
        ])  # fmt: skip
    return table(["program", "events/s", "CPU s per million", "start-up s", "peak MiB", "Turntable's rate, times"], rows)


def write_readme(found: dict, path: Path = ROOT / "README.md") -> None:
    before, begin, rest = path.read_text().partition(README_BEGIN)
    _, end, after = rest.partition(README_END)
    if not end:
        raise process.Failure(f"{path} has no place for the table: {README_BEGIN.strip()} and {README_END.strip()}")
    path.write_text(before + begin + "\n" + readme_table(found) + "\n" + end + after)
