"""What a run came to: report.json and report.md in its folder, and the same in a few printed lines."""

from __future__ import annotations

import dataclasses
import json
import statistics
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from chaos.oracle import LATE_SECONDS, Verdict
from support.books import OUTCOMES
from support.program import ROOT

if TYPE_CHECKING:
    from chaos.compare import Partial


def commit() -> str:
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def distribution(values: list[float]) -> dict[str, float | int]:
    if not values:
        return {"count": 0}
    shown = {"least": min(values), "median": statistics.median(values), "most": max(values)}
    return {"count": len(values)} | {name: round(value, 1) for name, value in shown.items()}


def totals(verdicts: dict[str, Verdict]) -> dict[str, int]:
    """Of all kinds of findings that any of the verdicts counts."""
    kinds = dict.fromkeys(kind for verdict in verdicts.values() for kind in verdict.counts)
    return {kind: sum(verdict.counts.get(kind, 0) for verdict in verdicts.values()) for kind in kinds}


def in_words(counts: dict[str, int]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in counts.items())


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


def table(header: str, rows: list[list[object]]) -> list[str]:
    """The first column is text, the others are numbers."""
    columns = header.count("|")
    lines = ["", f"| {header} |", "|---|" + "---:|" * columns]
    return lines + ["| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row) + " |" for row in rows]


def distributions_of(series: dict[str, list[float]]) -> dict[str, dict]:
    return {name: distribution(values) for name, values in series.items()}


def load_table(load: dict[str, dict]) -> list[str]:
    return table("the machine meanwhile | samples | least | median | most", rows_of(load))


def rows_of(times: dict[str, dict]) -> list[list[object]]:
    return [[name, *(spread.get(column, "") for column in ("count", "least", "median", "most"))] for name, spread in times.items()]


def markdown(report: dict) -> str:
    counts = report["totals"]
    engines = f"{report['engines']} engine" + ("s" if report["engines"] != 1 else "")
    lines = [
        f"# Chaos, {report['pipeline']}, seed {report['seed']}, {report['minutes']:g} minutes: {'passed' if report['passed'] else 'FAILED'}",
        "",
        f"`{report['command']}`, at commit {report['commit']}, {report['date']}, on {report['machine']}.",
        "",
        f"{report['acknowledged']:,} events were acknowledged, {report['rate']} a second while the brokers took them "
        f"({report['unacknowledged']:,} more were sent and not acknowledged). {report['brokers']} brokers, {report['nodes']} nodes, "
        f"{engines}, {report['members']} members of their groups; {sum(report['faults'].values())} faults, {report['engine_kills']} SIGKILLs of "
        "engines among them.",
        "",
        f"**{in_words(counts).capitalize()}.**",
    ]
    verdicts = [
        [name, v.rows, v.letters, v.repeated_letters, v.repeated_letters_limit, v.torn_lines, *(v.counts.get(kind, 0) for kind in counts)]
        for name, v in report["verdicts"].items()
    ]
    lines += table("compared | rows | dead letters | copies more | of at most | torn lines | " + " | ".join(counts), verdicts)
    flushes = [[name, found.with_a_key_twice, found.all] for name, found in report["flushes"].items()]
    if flushes:
        lines += [
            "",
            "There is one row for each person: that of the last play, whole. *Wrong* has another play's row, *mixed* has cells of several. Flushes "
            "in which a key came twice *for certain* have more rows than can follow each other in the topic without a person coming twice:",
        ]
        lines += table("flushes | with a key twice for certain | all", flushes)
    lines += of_several_tables(report.get("partial", {}))
    lines += [
        "",
        "By topic, partition and offset every dead letter is there exactly once. *Copies more* were kept again after a kill, a pause or a "
        "lost partition, as at-least-once allows, and have the identity of the first. A copy counts as twice where nothing of that kind came "
        f"before it, where its record had been committed {LATE_SECONDS:.0f} s before, and where there are more than *at most*: the dead letters "
        "among the records in flight at every disturbance.",
        "",
        f"Flushes have {report['flush_rows']} rows, not the default of 10,000: offsets are committed when a whole flush is acknowledged, and an "
        "engine that is killed twice a minute in front of starved servers does not get through one of 10,000. Lanes: "
        + ", ".join(f"{engine} {count}" for engine, count in report["lanes"].items()) + ".",
    ]
    versions = {name: v.other_versions for name, v in report["verdicts"].items() if v.other_versions}
    lines += [f"\nOf {name}, {count:,} rows are of another version of the catalogue than the first." for name, count in versions.items()]
    faults = [[kind.replace("_", " "), count, report["faults_left_out"].get(kind, 0)] for kind, count in report["faults"].items()]
    lines += table("fault | brought about | left out: its target was taken, or nothing broke", faults)
    lines += table("seconds | count | least | median | most", rows_of(report["times"]))
    lines += [
        "",
        "*Flowing*: after the SIGKILL of an engine every partition of its group with something left to do has gone on. *Caught up*: all "
        "that the topic held at the kill is in the table and committed. Both count from the kill, the time that the engine stays away "
        "and whatever breaks meanwhile included.",
    ]
    lines += load_table(report["load"])
    for name, share in report.get("excused", {}).items():
        lines.append(f"\nA copy of a dead letter of {name} would have been early enough to be excused in {share:.0%} of the time that followed the first.")
    lines += [f"\nEngines that ended, as they may, and were started again: {count}, {why}." for why, count in report["endings_excused"].items()]
    lines += [f"\nLeft out on this machine: {reason}." for reason in report["not_possible"]]
    for title, texts in (("Complaints", report["complaints"]), ("Ended by themselves", report["endings"])):
        if texts:
            lines += ["", f"## {title}", ""] + [f"```\n{text}\n```" for text in texts]
    for name, verdict in report["verdicts"].items():
        if verdict.examples:
            lines += ["", f"## First findings in {name}", "", "```"]
            lines += [json.dumps(shown(example), ensure_ascii=False) for example in verdict.examples] + ["```"]
    return "\n".join(lines) + "\n"


def of_several_tables(partial: dict[str, Partial]) -> list[str]:
    if not partial:
        return []
    lines = [
        "",
        "There are several tables of one stream, and each is compared by itself. *Failed partly*: the records that have a row in one table and none "
        "in another, and whose one dead letter names each INSERT that made none, with its reason. After the comparison all tables were emptied and "
        "all dead letters replayed, with the songs in the catalogue that were unknown. *Replayed*: the rows that were missing before; nothing else "
        "may be written. *Add up*: processes that left statistics in which, for each table, "
        f"{' + '.join(OUTCOMES).replace('_', ' ')} are what was consumed.",
    ]
    tables = list(dict.fromkeys(table for of_job in partial.values() for table in of_job.replayed))
    rows = [[name, of_job.letters, *(of_job.replayed.get(table, "") for table in tables), of_job.add_up] for name, of_job in partial.items()]
    return lines + table(" | ".join(["engines", "failed partly", *(f"replayed: {name}" for name in tables), "add up"]), rows)


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
        f"{report['pipeline']}, seed {report['seed']}, {report['minutes']:g} minutes: {report['acknowledged']:,} events acknowledged, "
        f"{sum(report['faults'].values())} faults, {report['engine_kills']} SIGKILLs of engines; "
        f"{in_words(counts)}, "
        f"copies more {sum(verdict.repeated_letters for verdict in report['verdicts'].values()):,}, complaints "
        f"{len(report['complaints']) + len(report['endings'])}"
    )
    lines.append(f"{'PASSED' if report['passed'] else 'FAILED'}. Report: {folder / 'report.md'}")
    return "\n".join(lines)
