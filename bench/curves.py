"""Curves: one thing is turned, all else stays. Every point is drained in every block, in random order."""

from __future__ import annotations

import argparse
import dataclasses
import re

import method
import process
import programs
import workloads
from drains import DECODE, blocks_of
from programs import Consume, Driver, Turntable
from workloads import Shape


@dataclasses.dataclass
class Point:
    label: str
    shape: Shape
    options: dict[str, object] = dataclasses.field(default_factory=dict)
    lanes: int = 1
    driver: Driver | None = None  # Instead of the engine.


@dataclasses.dataclass
class Curve:
    name: str
    title: str
    axis: str
    sink: str
    points: list[Point]
    ceiling: bool = True  # Beside each point, that of reading.


def null_shape(**changes: object) -> Shape:
    return dataclasses.replace(Shape(1_000_000), **changes)


def rows_shape(**changes: object) -> Shape:
    return dataclasses.replace(Shape(200_000), **changes)


def all_curves() -> list[Curve]:
    people = {1: 10_000, 3: 3_333, 10: 1_000, 30: 333, 100: 100}  # By the rows of one listener in a flush of 10,000.
    return [
        Curve("catalogue", "Rows of the catalogue", "rows", "null", [
            Point(f"{songs:,}", null_shape(songs=songs)) for songs in (100_000, 1_000_000, 10_000_000)]),
        Curve("hit_rate", "Share of plays that match", "hit rate", "null", [
            Point(f"{rate:.0%}", null_shape(hit_rate=rate)) for rate in (0.0, 0.5, 1.0)]),
        Curve("keys", "How songs are chosen (1,000,000 songs)", "popularity", "null", [
            Point("uniform", null_shape(songs=1_000_000)), Point("Zipf 1.0", null_shape(songs=1_000_000, zipf=1.0))]),
        Curve("partitions", "Partitions of the topic", "partitions", "null", [
            Point(str(count), null_shape(partitions=count)) for count in (1, 2, 4, 8, 16)]),
        Curve("event_size", "Size of an event", "bytes", "null", [
            Point(str(size), null_shape(events=events, event_bytes=size)) for size, events in ((90, 1_000_000), (250, 1_000_000), (1_000, 500_000), (4_000, 200_000))]),
        Curve("compression", "Compression of the topic", "codec", "null", [
            Point(codec, null_shape(compression=codec)) for codec in ("none", "gzip", "lz4", "zstd")]),
        Curve("lanes", "Lanes", "lanes", "null", [Point(str(lanes), null_shape(), lanes=lanes) for lanes in (1, 2)]),
        Curve("flush_rows", "Rows of a flush", "flush_rows", "cassandra", [
            Point(f"{rows:,}", rows_shape(), options={"listening_history.flush_rows": rows}) for rows in (300, 1_000, 3_000, 10_000, 30_000)], False),
        Curve("rows_per_partition", "Rows of one partition in a flush of 10,000", "rows", "cassandra", [
            Point(str(rows), rows_shape(people=count, seconds_per_play=0)) for rows, count in people.items()], False),
        Curve("request_rows", "Most rows of a request (the driver alone)", "rows", "cassandra", [
            Point(str(rows), rows_shape(people=100, seconds_per_play=0), driver=Driver("", rows_per_request=rows)) for rows in (1, 3, 10, 30, 100)], False),
        Curve("window", "Requests in flight (the driver alone)", "requests", "cassandra", [
            Point(str(window), rows_shape(), driver=Driver("", window=window)) for window in (1, 4, 16, 64, 256)], False),
        Curve("lanes_cassandra", "Lanes, into Cassandra", "lanes", "cassandra", [Point(str(lanes), rows_shape(), lanes=lanes) for lanes in (1, 2)], False),
    ]  # fmt: skip


class Bound:
    """A program with the backlog that it drains, for blocks in which backlogs differ."""

    def __init__(self, name: str, program: object, backlog: workloads.Backlog) -> None:
        self.name, self.program, self.backlog = name, program, backlog

    def drain(self, sink: str, _: object, label: str) -> dict:
        return self.program.drain(sink, self.backlog, label)


def measured(curve: Curve, arguments: argparse.Namespace) -> dict:
    backlogs: dict[Shape, workloads.Backlog] = {}
    bound: list[Bound] = []
    for point in curve.points:
        shape = dataclasses.replace(point.shape, events=arguments.events or point.shape.events)
        if shape not in backlogs:
            backlogs[shape] = workloads.fill(f"curve_{curve.name}", shape)
        program = point.driver or Turntable(lanes=point.lanes, options=point.options)
        bound.append(Bound(point.label, program, backlogs[shape]))
        if curve.ceiling:
            bound.append(Bound(f"{point.label} {DECODE}", Consume(DECODE, decode=True), backlogs[shape]))
    try:
        blocks = blocks_of(curve.sink, None, bound, arguments, f"curve-{curve.name}")
    finally:
        for backlog in backlogs.values():
            workloads.drop_topic(backlog.topic)
            for path in workloads.DATA.glob(f"rows-*-{backlog.topic}"):
                path.unlink()
    good = method.counted(blocks)
    points = []
    for point in curve.points:
        rates = method.column(good, point.label, process.rate)
        ceiling = method.column(good, f"{point.label} {DECODE}", process.rate)
        first = method.ratio(method.pairs(good, point.label, curve.points[0].label, process.rate))
        points.append({
            "label": point.label, "rates": rates, "ceiling_rates": ceiling, "to_first": dataclasses.asdict(first) if first else None,
            "cpu_per_million": method.median(method.column(good, point.label, process.cpu_per_million)),
            "peak_mib": method.median(method.column(good, point.label, lambda run: run["peak_mib"])),
        })  # fmt: skip
    return {"name": curve.name, "title": curve.title, "axis": curve.axis, "sink": curve.sink, "points": points, "blocks": len(blocks), "counted": len(good)}


def curves(arguments: argparse.Namespace) -> dict:
    wanted = [curve for curve in all_curves() if not arguments.curve or curve.name in arguments.curve]
    found = []
    for curve in wanted:
        print(f"==> {curve.title}", flush=True)
        found.append(measured(curve, arguments))
    return {"title": "curves", "kind": "curves", "curves": found}


def names() -> list[str]:
    return [curve.name for curve in all_curves()]


def slug(text: str) -> str:
    return re.sub(r"\W+", "_", text)
