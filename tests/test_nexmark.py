"""Nexmark's stateless queries, from real Kafka: the same rows as Flink SQL has of the same events (bench/nexmark/golden/)."""

from __future__ import annotations

import sys
import uuid

import pytest

from support.listening import assert_accounted
from support.program import ROOT
from support.tables import sqlite_rows

sys.path.insert(0, str(ROOT / "bench" / "nexmark"))
import nexmark_events as events  # noqa: E402

BIDS_OF_50 = 46


@pytest.fixture(scope="module")
def nexmark(kafka, tmp_path_factory):
    """The topic with the events, and the side input of q13."""
    topic = kafka.create_topic(f"t_nexmark_{uuid.uuid4().hex[:8]}", 4)
    sent = events.golden_events()
    assert len(sent) == events.GOLDEN_EVENTS
    kafka.send(topic, sent)
    yield topic, events.side_input(tmp_path_factory.mktemp("nexmark") / "side_input.csv")
    kafka.delete_topic(topic)


def value(column: str, found: object) -> object:
    """SQLite has a timestamp as a text with microseconds, which are milliseconds in Nexmark."""
    if column != "date_time":
        return found
    assert found.endswith("000"), found
    return found.replace("T", " ")[:-3]


@pytest.mark.parametrize("query", events.COLUMNS)
def test_the_rows_are_those_of_flink_sql(query, nexmark, kafka, turntable, unique):
    topic, side_input = nexmark
    options = {
        "events.bootstrap.servers": kafka.bootstrap, "events.topic": topic, "events.group.id": unique,
        "events.dead_letters": f"file:{turntable.directory / 'dead.jsonl'}", f"nexmark_{query}.path": turntable.directory / "rows.db",
        **({"side_input.path": side_input} if query == "q13" else {}),
    }  # fmt: skip
    sets = [word for name, value in options.items() for word in ("--set", f"{name}={value}")]
    done = turntable.run("run", events.QUERIES / f"{query}.sql", "--until-end", *sets, stats=True).expect(0)

    columns, golden = events.COLUMNS[query], events.golden(query)
    found = sqlite_rows(turntable.directory / "rows.db", f"SELECT {', '.join(columns)} FROM nexmark_{query}")
    lines = [events.line_of(query, [value(column, one) for column, one in zip(columns, row)]) for row in found]
    summary = events.summary(lines)
    assert summary["first"] == golden["first"]
    assert (summary["rows"], summary["sha256"]) == (golden["rows"], golden["sha256"])
    assert_accounted(done.stats, consumed=events.GOLDEN_EVENTS, written=golden["rows"], filtered=events.GOLDEN_EVENTS - golden["rows"])


def test_the_golden_rows_show_what_the_queries_do():
    """Every bid where nothing is left out, each branch of a CASE, and fewer where there is a filter."""
    bids = events.GOLDEN_EVENTS // 50 * BIDS_OF_50
    rows = {query: events.golden(query)["rows"] for query in events.COLUMNS}
    assert [query for query, count in rows.items() if count == bids] == ["q0", "q1", "q10", "q13", "q22"]
    assert all(0 < rows[query] < bids for query in ("q2", "q14", "q21"))
    assert len(list(events.QUERIES.glob("*.sql"))) == len(list(events.FLINK.glob("*.sql"))) == len(events.COLUMNS)
