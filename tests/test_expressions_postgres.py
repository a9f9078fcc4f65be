"""Every function, operator and cast means here what it means in PostgreSQL: each is called on columns of border values, as the registry
has it, so that none can be forgotten; and they are nested at random."""

from __future__ import annotations

import datetime
import itertools
import os
import random
import re
from collections import Counter
from dataclasses import dataclass

import pytest

from support import evaluated_by_postgres, probe
from support.border_values import ROWS, columns, rows
from support.calls import Call, Nested, calls
from support.known_differences import DIFFERENCES, agree, difference_of, is_failure, is_value
from support.probe import Function, concrete

DAY = os.environ.get("TURNTABLE_TEST_SEED") or datetime.datetime.now(datetime.timezone.utc).date().isoformat()
CHUNKS = 16
NESTED_OF_CHUNK = 30
# All of them take some minutes: between two changes there is a sample, another one each day.
TODAY = random.Random(DAY).sample(range(CHUNKS), 2)
DIFFERENT_SHOWN = 20


@dataclass(frozen=True)
class Asked:
    """An expression, and what PostgreSQL is asked instead."""

    here: str
    there: str
    function: Function | None = None


def asked(call: Call) -> Asked:
    difference = difference_of(call.function)
    text = call.text
    if call.function.volatile:  # It gives other values each time; that it gives one is all there is to compare.
        text = f"{text} IS NOT NULL"
    return Asked(text, difference.asked.format(text) if difference else text, call.function)


def nested(seed: str, count: int) -> list[Asked]:
    return [Asked(text, text) for text in itertools.islice(Nested(seed), count)]


def of_chunk(chunk: int) -> list[Asked]:
    """Functions of one subject lie side by side: each chunk has some of each."""
    direct = [asked(call) for function in concrete()[chunk::CHUNKS] for call in calls(function)]
    return direct + nested(f"{DAY} {chunk}", NESTED_OF_CHUNK)


def test_everything_can_be_called(postgres):
    """In the registry and in PostgreSQL, with the types that the registry says."""
    wrong = []
    everything = [call for function in concrete() for call in calls(function)]
    here = probe.evaluate(columns(), [], [call.text for call in everything])
    with postgres.database() as connection:
        evaluated_by_postgres.fill(connection, columns(), [])
        there = evaluated_by_postgres.types_of(connection, [asked(call).there if not call.function.volatile else call.text for call in everything])
    for call, found, type in zip(everything, here, there, strict=True):
        if found.fault or found.type != call.function.result or type != found.type:
            wrong.append(f"{call.text}, for {call.function.signature}: {found.fault or found.type}; in PostgreSQL {type}")
    assert not wrong, f"{len(wrong)} calls\n" + "\n".join(wrong[:DIFFERENT_SHOWN])
    assert len(everything) * ROWS >= 300_000 - CHUNKS * NESTED_OF_CHUNK * ROWS


def is_allowed(one: Asked, here: str, there: str) -> bool:
    found = [difference_of(one.function)] if one.function else [difference for difference in DIFFERENCES if difference.in_nested]
    return any(difference is not None and difference.tolerated is not None and difference.tolerated(here, there) for difference in found)


@pytest.mark.parametrize("chunk", [pytest.param(chunk, marks=[] if chunk in TODAY else pytest.mark.long) for chunk in range(CHUNKS)])
def test_expressions_agree(chunk, postgres):
    expressions = of_chunk(chunk)
    data = rows(f"{DAY} {chunk}")
    here = probe.evaluate(columns(), data, [one.here for one in expressions])
    with postgres.database() as connection:
        evaluated_by_postgres.fill(connection, columns(), data)
        there = evaluated_by_postgres.evaluate(connection, [one.there for one in expressions])
    counts: dict[str, Counter] = {}
    wrong: dict[str, list[str]] = {}  # By expression.
    for one, ours, theirs in zip(expressions, here, there, strict=True):
        if ours.fault or ours.type != theirs.type:
            wrong[one.here] = [f"is {ours.fault or ours.type}, in PostgreSQL {theirs.type}"]
            continue
        count = counts.setdefault(one.function.signature if one.function else "nested", Counter())
        for row, value, other in zip(data, ours.rows, theirs.rows, strict=True):
            count["value" if is_value(value) else "failed" if is_failure(value) else "null"] += 1
            if not agree(value, other) and not is_allowed(one, value, other):
                used = {name: text for name, text in zip(columns(), row, strict=True) if re.search(rf"p\.{name}\b", one.here)}
                wrong.setdefault(one.here, []).append(f"is {value}, in PostgreSQL {other}, where {used}")
    shown = [f"{expression}\n  " + "\n  ".join(places[:3]) for expression, places in wrong.items()]
    assert not wrong, f"{sum(map(len, wrong.values()))} values of {len(wrong)} expressions differ\n" + "\n".join(shown[:DIFFERENT_SHOWN])
    few = {name: count for name, count in counts.items() if count.total() < 1000}
    assert few == {}
    everything = sum(counts.values(), Counter())
    assert everything["value"] >= 0.6 * everything.total(), everything


# Lengths, precisions and scales are in no list of functions. A varchar is a text here.
FITTED = [
    "cast(p.n1 AS numeric(10, 2))", "p.n2::numeric(5)", "p.n_small::numeric(3, 1)", "p.n_small::numeric(3, -1)", "p.n_positive::numeric(4, 4)", "p.n3::numeric(2, 4)",
    "p.n1::numeric(38, 10)", "p.i1::numeric(5, 1)", "p.l1::numeric(12)", "p.h1::numeric(3)", "p.d_seconds::numeric(12, 3)", "p.d_seconds::numeric(4, 2)", "p.r1::numeric(8, 2)",
    "p.t_numeric::numeric(5, 1)", "cast(p.t1 AS varchar(3))", "p.t2::character varying(1)", "p.t3::varchar(100)", "p.i1::varchar(4)", "p.n1::varchar(6)", "p.t1::varchar",
    "p.z1::timestamptz(0)", "p.z2::timestamptz(3)", "p.z3::timestamptz(5)", "p.z1::timestamptz(6)", "p.n_small::numeric(4, 1) * 2", "(p.t1 || p.t2)::varchar(5) || 'x'",
]  # fmt: skip


def test_fitted_values_agree(postgres):
    data = rows(f"{DAY} fitted")
    here = probe.evaluate(columns(), data, FITTED)
    with postgres.database() as connection:
        evaluated_by_postgres.fill(connection, columns(), data)
        there = evaluated_by_postgres.evaluate(connection, FITTED)
    outcomes: Counter = Counter()
    for expression, ours, theirs in zip(FITTED, here, there, strict=True):
        assert ours.type == theirs.type.replace("varchar", "text"), f"{expression} is {ours.fault or ours.type}, in PostgreSQL {theirs.type}"
        for value, other in zip(ours.rows, theirs.rows, strict=True):
            assert agree(value, other), f"{expression} is {value}, in PostgreSQL {other}"
            outcomes["value" if is_value(value) else "failed" if is_failure(value) else "null"] += 1
    assert outcomes["value"] >= 0.6 * outcomes.total() and outcomes["failed"] >= 1000, outcomes


def test_each_difference_has_its_reason():
    known = {name for function in concrete() for name in (function.name, function.signature)}
    for difference in DIFFERENCES:
        assert difference.reason.endswith(".") and set(difference.names) <= known, difference
