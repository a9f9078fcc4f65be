"""A pipeline with a filter, CASE, two lookups and a dozen functions, beside the listening history, on the same backlog, to no sink."""

from __future__ import annotations

import argparse
import json

import drains
import process
import programs
import workloads
from machine import ROOT
from workloads import Backlog, Shape

MIXED = "turntable: filters, CASE, two lookups, twelve functions"
TABLE = "plays_by_part_of_day"


class Mixed(programs.Turntable):
    """pipelines/plays_by_part_of_day.sql. Its rows are compared in tests/test_pipelines.py; here all plays have to be accounted for."""

    def drain(self, sink: str, backlog: Backlog, label: str) -> dict:
        stats = process.LOGS / f"{label}.json"
        stats.unlink(missing_ok=True)
        options = {
            **programs.source_options(backlog, label), "parts_of_day.path": ROOT / "data" / "parts-of-day.csv", f"{TABLE}.connector": sink,
        }  # fmt: skip
        command = [self.binary, "run", ROOT / "pipelines" / f"{TABLE}.sql", "--until-end", "--lanes", self.lanes, "--stats-json", stats, *programs.sets(options)]
        finished = process.run(self.name, command, label)
        found = json.loads(stats.read_text())
        if found["consumed"] != backlog.shape.events or found["written"] + found["filtered"] != backlog.matched or not found["written"]:
            raise process.Failure(f"{self.name}: the counts in {stats} are not those of {backlog.matched:,} plays whose songs are known")
        return process.run_of(finished, found["consumed"], found["written"], found["seconds"], found["startup_seconds"])


def mixed(arguments: argparse.Namespace) -> dict:
    backlog = workloads.fill("mixed", Shape(arguments.events or 2_000_000))
    blocks = drains.blocks_of("null", backlog, [*drains.engine(arguments), Mixed(MIXED, lanes=arguments.lanes)], arguments, "mixed")
    workloads.drop_topic(backlog.topic)
    return drains.result("A pipeline of many functions, beside the listening history", blocks, [MIXED], arguments, events=backlog.shape.events, bytes=backlog.bytes)
