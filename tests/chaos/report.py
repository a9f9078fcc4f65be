"""What a run came to: report.json and report.md in its folder, and the same in a few printed lines."""

from __future__ import annotations

import dataclasses
import json
import statistics
import subprocess
from pathlib import Path

from chaos.oracle import Verdict
from support.program import ROOT


def commit() -> str:
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def distribution(values: list[float]) -> dict[str, float | int]:
    if not values:
        return {"count": 0}
    return {"count": len(values), "median": round(statistics.median(values), 1), "longest": round(max(values), 1)}


def totals(verdicts: dict[str, Verdict]) -> dict[str, int]:
    return {kind: sum(verdict.counts[kind] for verdict in verdicts.values()) for kind in ("lost", "twice", "wrong")}


def shown(value: object) -> object:
    """For JSON: bytes as they can be read, dataclasses as their fields."""
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: shown(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [shown(item) for item in value]
    if isinstance(value, dict):
        return {str(key): shown(item) for key, item in value.items()}
    return value


def write(folder: Path, report: dict) -> None:
    (folder / "report.json").write_text(json.dumps(shown(report), indent=2, ensure_ascii=False) + "\n")
    (folder / "report.md").write_text(markdown(report))


def markdown(report: dict) -> str:
    lines = [
        f"# Chaos, seed {report['seed']}, {report['minutes']:g} minutes: {'passed' if report['passed'] else 'FAILED'}",
        "",
        f"`{report['command']}`, at commit {report['commit']}.",
        "",
        f"{report['acknowledged']:,} events acknowledged ({report['unacknowledged']:,} more were sent and not acknowledged). "
        f"{report['brokers']} brokers, {report['nodes']} nodes, {report['engines']} engines.",
        "",
        "| faults | | recovery | count | median s | longest s |",
        "|---|---:|---|---:|---:|---:|",
    ]
    faults = [*report["faults"].items()]
    recoveries = [*report["recovery_seconds"].items()]
    for number in range(max(len(faults), len(recoveries))):
        kind, count = faults[number] if number < len(faults) else ("", "")
        name, times = recoveries[number] if number < len(recoveries) else ("", {})
        cells = (kind.replace("_", " "), count, name, times.get("count", ""), times.get("median", ""), times.get("longest", ""))
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    lines += ["", "| table | rows | dead letters | letters repeated | lost | twice | wrong |", "|---|---:|---:|---:|---:|---:|---:|"]
    for name, verdict in report["verdicts"].items():
        counts = " | ".join(str(verdict.counts[kind]) for kind in ("lost", "twice", "wrong"))
        lines.append(f"| {name} | {verdict.rows:,} | {verdict.letters:,} | {verdict.repeated_letters} | {counts} |")
    lines += [f"\nSIGKILLs of engines: {report['engine_kills']}."]
    lines += [f"\nLeft out on this machine: {reason}." for reason in report["not_possible"]]
    for title, texts in (("Complaints", report["complaints"]), ("Ended by themselves", report["endings"])):
        if texts:
            lines += ["", f"## {title}", ""] + [f"```\n{text}\n```" for text in texts]
    for name, verdict in report["verdicts"].items():
        if verdict.examples:
            lines += ["", f"## First findings in {name}", "", "```"]
            lines += [json.dumps(shown(example), ensure_ascii=False) for example in verdict.examples] + ["```"]
    return "\n".join(lines) + "\n"


def summary(report: dict, folder: Path) -> str:
    counts = report["totals"]
    lines = []
    if not report["passed"]:
        for name, verdict in report["verdicts"].items():
            for example in verdict.examples[:5]:
                lines.append(f"{example.kind} in {name}: {json.dumps(shown(example), ensure_ascii=False)}"[:600])
        lines += [f"complaint: {text}" for text in report["complaints"]]
        lines += [f"ended by itself: {text}" for text in report["endings"]]
    lines.append(
        f"seed {report['seed']}, {report['minutes']:g} minutes: {report['acknowledged']:,} events acknowledged, "
        f"{sum(report['faults'].values())} faults, {report['engine_kills']} SIGKILLs of engines; "
        f"lost {counts['lost']}, twice {counts['twice']}, wrong {counts['wrong']}, complaints "
        f"{len(report['complaints']) + len(report['endings'])}"
    )
    lines.append(f"{'PASSED' if report['passed'] else 'FAILED'}. Report: {folder / 'report.md'}")
    return "\n".join(lines)
