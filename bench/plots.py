#!/usr/bin/env python3
"""Draws the curves that ./dev bench measured: plots.py RESULTS FOLDER, both folders. Runs in an environment of its own, which has
matplotlib (requirements.txt)."""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
# The same figures give the same file.
matplotlib.rcParams.update({"svg.hashsalt": "turntable", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
from matplotlib import pyplot  # noqa: E402

ENGINE, CEILING, CPU = "#1f5fa8", "#b0b0b0", "#c0562a"


def spread(values: list[float]) -> tuple[float, float, float]:
    """The median, and how far below and above it the blocks lie."""
    middle = statistics.median(values)
    return middle, middle - min(values), max(values) - middle


def bars(axes, labels: list[str], series: list[tuple[str, str, list[list[float]]]], unit: float) -> None:
    width = 0.8 / len(series)
    for number, (name, colour, all_values) in enumerate(series):
        places = [i + (number - (len(series) - 1) / 2) * width for i in range(len(labels))]
        figures = [spread([value / unit for value in values]) for values in all_values]
        heights, errors = [f[0] for f in figures], [[f[1] for f in figures], [f[2] for f in figures]]
        axes.bar(places, heights, width * 0.92, color=colour, label=name, yerr=errors, capsize=2, error_kw={"elinewidth": 0.8})
    axes.set_xticks(range(len(labels)), labels)


def draw_curve(curve: dict, folder: Path) -> None:
    figure, (rates, cpu) = pyplot.subplots(1, 2, figsize=(8, 2.9), width_ratios=(3, 2))
    labels = [point["label"] for point in curve["points"]]
    series = [("Turntable" if "driver" not in curve["title"] else "the driver alone", ENGINE, [point["rates"] for point in curve["points"]])]
    if all(point["ceiling_rates"] for point in curve["points"]):
        series.append(("librdkafka and simdjson alone", CEILING, [point["ceiling_rates"] for point in curve["points"]]))
    bars(rates, labels, series, 1000)
    rates.set_ylabel("thousand events/s")
    bars(cpu, labels, [("CPU", CPU, [[point["cpu_per_million"]] for point in curve["points"]])], 1)
    cpu.set_ylabel("CPU s per million events")
    for axes in (rates, cpu):
        axes.set_xlabel(curve["axis"])
        axes.set_ylim(bottom=0)
        axes.tick_params(axis="x", labelsize=8)
    if len(series) > 1:
        rates.legend(frameon=False, fontsize=8)
    figure.suptitle(curve["title"], x=0.02, ha="left", fontsize=10)
    save(figure, folder / f"{curve['name']}.svg")


def draw_latency(latency: dict, folder: Path) -> None:
    figure, axes = pyplot.subplots(figsize=(8, 3.2))
    runs = sorted(latency["runs"], key=lambda run: run["rate"])
    for name, key in (("median", "p50_ms"), ("p99", "p99_ms"), ("p99.9", "p99_9_ms"), ("maximum", "max_ms")):
        axes.plot([run["rate"] for run in runs], [run[key] for run in runs], marker="o", markersize=3, linewidth=1.2, label=name)
    axes.set_yscale("log")
    axes.set_xlabel("plays per second, sent when they are due")
    axes.set_ylabel("ms from due to visible")
    axes.legend(frameon=False, fontsize=8, ncols=4)
    save(figure, folder / "latency.svg")


def save(figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    # Without blanks at the ends of lines, which matplotlib leaves.
    path.write_text("\n".join(line.rstrip() for line in path.read_text().splitlines()) + "\n")


def main() -> None:
    results, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    if (curves := results / "curves.json").exists():
        for curve in json.loads(curves.read_text())["curves"]:
            draw_curve(curve, folder)
    if (latency := results / "latency.json").exists():
        draw_latency(json.loads(latency.read_text()), folder)


if __name__ == "__main__":
    main()
