"""The first table of docs/PERFORMANCE.md: what matters most, from the results of all benchmarks, beside what is aimed at."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import method
import nexmark_bench
import process
from drains import DECODE, DRIVER, PRODUCER, SQLITE

MIB = 2**20
LEAST, MOST = "at least", "at most"


def full_name(found: dict, name: str) -> str | None:
    """Of a program in the blocks whose name begins so: versions are part of names."""
    names = found["blocks"][0]
    return next((full for full in names if full.startswith(name)), None)


class Glance:
    def __init__(self, results: dict[str, dict]) -> None:
        self.results = results
        self.rows: list[list[str]] = []

    def add(self, what: str, value: float | None, text: str, sense: str, aim: float) -> None:
        if value is None:
            return
        reached = value >= aim if sense == LEAST else value <= aim
        self.rows.append([what, text, f"{sense} {aim:g}", "yes" if reached else "**no**"])

    def ratio(self, bench: str, other: str, what: str, figure: Callable, aim: float, sense: str = LEAST, turned: bool = False) -> None:
        """Of the engine's figure to the other's; `turned`: of the other's to the engine's."""
        found = self.results.get(bench)
        name = found and full_name(found, other)
        if not name:
            return
        pair = (name, "turntable") if turned else ("turntable", name)
        came = method.ratio(method.pairs(method.counted(found["blocks"]), *pair, figure))
        if came:
            self.add(what, came.median, came.text(), sense, aim)

    def middle(self, bench: str, figure: Callable[[dict], float], chosen: Callable[[dict], bool]) -> float | None:
        found = self.results.get(bench)
        values = [figure(row) for row in found["rows"] if chosen(row)] if found else []
        return statistics.median(values) if values else None

    def drains(self) -> None:
        rate, total, warm, cpu = process.rate, process.total_rate, process.steady_rate, process.cpu_per_million
        self.ratio("null", DECODE, "to no sink: rate, to librdkafka and simdjson alone", rate, 0.90)
        self.ratio("null", DECODE, "to no sink: CPU per event, to librdkafka and simdjson alone", cpu, 1.35, MOST)
        self.ratio("rivals", "PySpark 3.5.7, the original", "to no sink: rate, to PySpark once warm", warm, 15)
        self.ratio("rivals", "PySpark 3.5.7, the original", "to no sink: rate, to PySpark in total", total, 18)
        self.ratio("rivals", "PySpark 3.5.7, the original", "to no sink: CPU per event, PySpark's to ours", cpu, 25, turned=True)
        self.ratio("rivals", "Kafka Streams", "to no sink: rate, to Kafka Streams once warm", warm, 1.6)
        self.ratio("rivals", "Kafka Streams", "to no sink: rate, to Kafka Streams in total", total, 3)
        self.ratio("rivals", "Kafka Streams", "to no sink: CPU per event, Kafka Streams' to ours", cpu, 4, turned=True)
        self.ratio("rivals", "typed Go", "to no sink: rate, to the typed Go loop", rate, 1.8)
        self.ratio("rivals", "typed Go", "to no sink: CPU per event, the Go loop's to ours", cpu, 2.2, turned=True)
        self.ratio("rivals", "plain C++", "to no sink: rate, to the plain C++ loop", rate, 1.5)
        self.ratio("cassandra", DRIVER, "to Cassandra: rate, to the driver alone", rate, 0.90)
        self.ratio("rivals_cassandra", "PySpark 3.5.7, the original", "to Cassandra: rate, to PySpark", rate, 8)
        self.ratio("rivals_cassandra", "Kafka Streams", "to Cassandra: rate, to Kafka Streams", rate, 2.5)
        self.ratio("rivals_cassandra", "Kafka Streams", "to Cassandra: CPU per event, Kafka Streams' to ours", cpu, 5, turned=True)
        self.ratio("sqlite", SQLITE, "to SQLite, synchronous = FULL: rate, to SQLite alone", rate, 0.90)
        self.ratio("produce", PRODUCER, "produce without a rate, to librdkafka's own loop", rate, 0.90)

    def mixed(self) -> None:
        self.ratio("mixed", "turntable: filters", "WHERE, CASE, two lookups, twelve functions, to no sink: rate, to the listening history's", process.rate, 0.5, turned=True)

    def nexmark(self) -> None:
        found = self.results.get("nexmark")
        if not found:
            return
        bench = nexmark_bench
        if flink := bench.medians(found, bench.FLINK):
            self.add("Nexmark: rate, to Flink SQL once warm, median of the queries", flink.rate, f"{flink.rate:.1f}", LEAST, bench.FLINK_RATE)
            self.add("Nexmark: rate, to Flink SQL once warm, in the slowest query", flink.least_rate, f"{flink.least_rate:.1f}", LEAST, bench.FLINK_RATE_ANY)
            self.add("Nexmark: CPU per event, Flink SQL's once warm to ours, median of the queries", flink.cpu, f"{flink.cpu:.1f}", LEAST, bench.FLINK_CPU)
            self.add("Nexmark: CPU per event, Flink SQL's whole process to ours, median of the queries", flink.whole_cpu, f"{flink.whole_cpu:.1f}", LEAST, bench.FLINK_CPU)
        if go := bench.medians(found, bench.GO):
            self.add("Nexmark: rate, to the typed Go loop, in the slowest query", go.least_rate, f"{go.least_rate:.2f}", LEAST, bench.GO_RATE)

    def memory(self) -> None:
        def rows(row: dict) -> bool:
            return row["until"] == "rows"

        middle = self.middle("memory", lambda row: row["median_ns"], rows)
        self.add("in memory: decode, join and encode, ns of CPU per event", middle, f"{middle or 0:.0f}", MOST, 330)
        middle = self.middle("memory", lambda row: row["allocations_per_event"], rows)
        self.add("in memory: allocations per event", middle, f"{middle or 0:.4f}", MOST, 0.001)
        if "null" in self.results:
            peak = statistics.median(method.column(self.results["null"]["blocks"], "turntable", lambda run: run["peak_mib"])) * MIB / 1e6
            self.add("to no sink, 100,000 songs: peak memory, MB", peak, f"{peak:.0f}", MOST, 150)
        middle = self.middle("startup", lambda row: row["peak_mib"] * MIB / row["csv_bytes"], lambda row: row["songs"] == 10_000_000)
        self.add("10,000,000 songs: peak memory per byte of CSV", middle, f"{middle or 0:.2f}", MOST, 1.6)
        middle = self.middle("startup", lambda row: row["startup_seconds"], lambda row: row["songs"] == 100_000)
        self.add("100,000 songs: from start to first poll, s", middle, f"{middle or 0:.2f}", MOST, 0.2)

    def curves(self) -> None:
        curve = next((curve for curve in self.results.get("curves", {}).get("curves", []) if curve["name"] == "catalogue"), None)
        last = curve and curve["points"][-1]
        if last and last["to_first"] and last["label"] == "10,000,000":
            came = method.Ratio(**last["to_first"])
            self.add("to no sink: rate with 10,000,000 songs, to 100,000", came.median, came.text(), LEAST, 0.70)

    def latency(self) -> None:
        run = next((run for run in self.results.get("latency", {}).get("runs", []) if run["rate"] == 1_000), None)
        if run:
            self.add("due to visible in Cassandra, 1,000/s: p50, ms", run["p50_ms"], f"{run['p50_ms']:.1f}", MOST, 8)
            self.add("due to visible in Cassandra, 1,000/s: p99, ms", run["p99_ms"], f"{run['p99_ms']:.1f}", MOST, 30)


def rows(results: dict[str, dict]) -> list[list[str]]:
    """Of the table: what, figure, aim, whether it is reached. What was not measured is left out."""
    glance = Glance(results)
    glance.drains()
    glance.mixed()
    glance.nexmark()
    glance.memory()
    glance.curves()
    glance.latency()
    return glance.rows
