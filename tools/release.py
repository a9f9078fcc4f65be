#!/usr/bin/env python3
"""What takes hours, before a release: everything that ./dev test --all draws a part of, whole, and what it leaves out.

    ./dev test --release                    # all steps; those that are done for this commit are not run again
    ./dev test --release bare-12 fuzz       # some
    ./dev test --release --list             # what they are, and which are done

Each step's outcome is kept in docs/reports/release.json, so that the steps may be run one after another over days; its log is in
build/release-steps/. docs/reports/release.md is written anew after each: it names the commit of each step.

Standard library only.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import machine  # noqa: E402

LOGS = ROOT / "build" / "release-steps"
CHANGED = "-changed"
REPORT = ROOT / "docs" / "reports" / "release.md"  # And, with the same name, .json: what it is written from.


@dataclasses.dataclass(frozen=True)
class Step:
    name: str
    about: str
    command: list[str]
    says: str  # Of its output, what the report has: a regular expression; its last match counts.
    variables: dict[str, str] = dataclasses.field(default_factory=dict)  # Set in its environment.


STEPS = [
    Step("bare-12", "the demo on a bare Debian 12", ["tools/bare.py", "demo"], r"^\./dev demo on a bare .*"),
    Step("bare-13", "the demo on a bare Debian 13", ["tools/bare.py", "--suite", "trixie", "demo"], r"^\./dev demo on a bare .*"),
    Step("all", "every test of every day", ["./dev", "test", "--all"], r"^\d+ passed, \d+ failed.*"),
    Step("sanitizers", "all C++ tests under sanitizers, none left for another day", ["./dev", "test", "--asan", "--tsan", "."], r"^\d+ passed, \d+ failed.*",
         {"TURNTABLE_MATRIX_SHARE": "1:0"}),
    Step("planted", "all planted bugs", ["./dev", "test", "--planted"], r"^\d+ of \d+ planted bugs caught.*"),
    Step("upgrade", "from the version before", ["./dev", "test", "--upgrade"], r"^\d+ passed, \d+ failed.*"),
    Step("fuzz", "a million runs of every fuzz target", ["./dev", "fuzz", "--runs", "1000000"], r"^.*\bfinding.*"),
    Step("chaos", "an hour of chaos", ["./dev", "chaos", "--minutes", "60", "--seed", "1"], r".*\blost \d+.*"),
    Step("chaos-latest", "an hour of chaos where keys repeat", ["./dev", "chaos", "--pipeline", "latest", "--minutes", "60", "--seed", "2"], r".*\blost \d+.*"),
    Step("chaos-tables", "an hour of chaos with three tables", ["./dev", "chaos", "--pipeline", "tables", "--minutes", "60", "--seed", "3"], r".*\blost \d+.*"),
    Step("chaos-stores", "an hour of chaos with two stores", ["./dev", "chaos", "--pipeline", "stores", "--minutes", "60", "--seed", "4"], r".*\blost \d+.*"),
    Step("rivals", "beside other programs that do the same job", ["./dev", "bench", "rivals", "--blocks", "3"], r".*\bblocks?\b.*"),
]


def git(*words: str) -> str:
    return subprocess.run(["git", "-C", str(ROOT), *words], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def commit() -> str:
    """Of what is run; with files that differ from it that is said."""
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/reports")
    return git("rev-parse", "--short", "HEAD") + (CHANGED if changed else "")


def outcomes() -> dict[str, dict]:
    """What came of the steps, by name."""
    path = REPORT.with_suffix(".json")
    return json.loads(path.read_text()) if path.is_file() else {}


def run_step(step: Step) -> dict:
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{step.name}.log"
    print(f"\n==> {step.name}: {step.about}; {log.relative_to(ROOT)}", flush=True)
    begun, of_commit = time.monotonic(), commit()
    with log.open("w") as output:
        command = [str(ROOT / step.command[0]), *step.command[1:]]
        code = subprocess.run(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=os.environ | step.variables, check=False
        ).returncode
    said = re.findall(step.says, log.read_text(errors="replace"), re.MULTILINE)
    outcome = {
        "step": step.name,
        "commit": of_commit,
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "exit": code,
        "minutes": round((time.monotonic() - begun) / 60, 1),
        "said": said[-1].strip() if said else "",
    }
    REPORT.with_suffix(".json").write_text(json.dumps(outcomes() | {step.name: outcome}, indent=1) + "\n")
    print(f"    exit {code}, {outcome['minutes']} min: {outcome['said']}", flush=True)
    return outcome


def report() -> str:
    of_steps = outcomes()
    lines = [
        "# Before a release",
        "",
        f"`./dev test --release` wrote this, on {machine.description()}. Steps that are not in the table have not been run.",
        "",
        "| step | command | commit | date | minutes | outcome |",
        "|---|---|---|---|---:|---|",
    ]
    for step in STEPS:
        if done := of_steps.get(step.name):
            said = done["said"].replace("|", "\\|")
            passed = "passed" if done["exit"] == 0 else f"**failed, exit {done['exit']}**"
            lines.append(f"| {step.about} | `{' '.join(step.command)}` | {done['commit']} | {done['date']} | {done['minutes']} | {passed}: {said} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev test --release", description=__doc__.partition("\n")[0])
    parser.add_argument("--list", action="store_true", help="only say what the steps are and what came of them")
    parser.add_argument("--again", action="store_true", help="also what is done for this commit")
    parser.add_argument("step", nargs="*", choices=[[], *(step.name for step in STEPS)], help="only these")
    arguments = parser.parse_args()
    steps = [step for step in STEPS if not arguments.step or step.name in arguments.step]
    if arguments.list:
        for step in STEPS:
            done = outcomes().get(step.name)
            print(f"{step.name:<14} {step.about:<58} " + (f"exit {done['exit']} at {done['commit']}" if done else "not run"))
        return 0
    failed = 0
    for step in steps:
        done = outcomes().get(step.name)
        is_done = done and done["exit"] == 0 and done["commit"] == commit() and not done["commit"].endswith(CHANGED)
        if arguments.again or not is_done:
            done = run_step(step)
        failed += done["exit"] != 0
        REPORT.write_text(report())
    print(f"\n{len(steps) - failed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
