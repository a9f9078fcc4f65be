"""Random pipelines and expressions mean here what the same statements mean in PostgreSQL: outcomes are compared, not only rows."""

from __future__ import annotations

import datetime
import json
import os
import random
import shutil
import struct
from collections import Counter
from pathlib import Path

import pytest

from support import single_expressions
from support.books import assert_table, assert_tables_add_up
from support.outcomes import Found, Outcome, found_by_postgres, text_of
from support.programs import RECORDS, Program, program
from support.program import ROOT, Turntable
from support.tables import sqlite_rows

PROGRAMS, AT_ONCE = 500, 25
CHUNKS = list(range(0, PROGRAMS, AT_ONCE))
# All of them take some minutes: between two changes there is a sample, another one each day.
DAY = os.environ.get("TURNTABLE_TEST_SEED") or datetime.datetime.now(datetime.timezone.utc).date().isoformat()
TODAY = random.Random(DAY).sample(CHUNKS, 3)
KEPT = ROOT / "build" / "test" / "postgres"

# Each is in at least fifty programs.
FEATURES = [
    "1 INSERTs", "2 INSERTs", "3 INSERTs", "0 joins", "1 joins", "2 joins", "3 joins", "inner join", "left join", "chain", "using",
    "several keys", "keys of two types", "key that is computed", "the lookup's key is computed", "key that fails", "condition in ON",
    "a lookup in two ways", "the lookup first", "missing_key = 'drop'", "view", "view with a join", "list of columns",
    "filter before the joins", "filter behind the joins", "failing cast", "decimal", "comparison", "and", "or", "not", "is true",
    "is null", "is distinct from", "in", "between", "between symmetric", "case", "simple case", "coalesce", "nullif",
]  # fmt: skip


def test_every_feature_is_in_fifty_programs():
    found = Counter(feature for number in range(PROGRAMS) for feature in program(number).features)
    assert {feature: found[feature] for feature in FEATURES if found[feature] < 50} == {}


# -------------------------------------------------------------------------------------------------------------- a value


def as_sqlite_has_it(text: str | None, type: str):
    """What PostgreSQL wrote as text, as it is to be in the file."""
    if text is None or type in ("text", "timestamptz") or text == "NaN":
        return text
    if type == "boolean":
        return int(text == "true")
    if type in ("int", "bigint"):
        return int(text)
    return struct.unpack("<f", struct.pack("<f", float(text)))[0] if type == "real" else float(text)


def same(one, other) -> bool:
    """SQLite keeps no -0; in test_expressions_agree it is compared as text."""
    return type(one) is type(other) and one == other


# ------------------------------------------------------------------------------------------------------------ a program


def has_letter(drawn: Program, insert: int, outcome: Outcome) -> bool:
    """Whether the record's dead letter names this INSERT."""
    if outcome.kind == "unmatched":
        return drawn.inserts[insert].all_joins[int(outcome.why)].lookup not in drawn.drops
    return outcome.kind == "rejected"


def letters_of(drawn: Program, path: Path) -> set[tuple[int, str, bool]]:
    """Record, table, and whether that one rejected it: else it found no match."""
    found = set()
    for line in path.read_bytes().splitlines() if path.exists() else []:
        letter = json.loads(line)
        assert all(letter["offset"] != record for record, *_ in found), "a record has two letters"
        inserts = letter.get("inserts", [{"insert": drawn.inserts[0].table, "reason": letter["reason"]}])
        assert "inserts" in letter or len(drawn.inserts) == 1, letter
        found |= {(letter["offset"], insert["insert"], insert["reason"] != "unmatched") for insert in inserts}
    return found


def compare(drawn: Program, expected: Found, turntable: Turntable) -> None:
    folder = turntable.directory
    (folder / "p.sql").write_text(drawn.sql())
    (folder / "s.ndjson").write_text(drawn.events())
    for number in range(len(drawn.lookups)):
        (folder / f"look{number}.csv").write_text(drawn.csv(number))
    of_insert = [[outcomes[at] for outcomes in expected.outcomes] for at in range(len(drawn.inserts))]
    letters = {
        (record, insert.table, outcome.kind == "rejected")
        for at, insert in enumerate(drawn.inserts)
        for record, outcome in enumerate(of_insert[at])
        if has_letter(drawn, at, outcome)
    }
    done = turntable.run("run", "p.sql", stats=True).expect(3 if letters else 0)
    assert letters_of(drawn, folder / "dead.jsonl") == letters
    assert_tables_add_up(done.stats, [insert.table for insert in drawn.inserts])
    for at, insert in enumerate(drawn.inserts):
        types = [output.type for output in insert.outputs]
        rows = [tuple(map(as_sqlite_has_it, row, types)) for row in expected.rows[at]]
        found = sqlite_rows(folder / "o.db", f"SELECT {', '.join(insert.names)} FROM {insert.table} ORDER BY n")
        different = [(one, other) for one, other in zip(found, rows) if not all(map(same, one, other))]
        assert [row[0] for row in found] == [row[0] for row in rows], f"other records are rows of {insert.table}"
        assert not different, f"{len(different)} rows of {insert.table} differ; here and in PostgreSQL: {different[0]}"
        assert_table(done.stats, insert.table, **Counter(outcome.kind for outcome in of_insert[at]))


def agrees(number: int, connection, folder: Path) -> tuple[str, Found]:
    """What is wrong, if anything. Then the program and its data are kept."""
    drawn = program(number)
    expected = found_by_postgres(connection, drawn)
    folder.mkdir()
    turntable = Turntable(folder)
    try:
        compare(drawn, expected, turntable)
    except AssertionError as error:
        kept = KEPT / f"program-{number}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept)
        (kept / "expected.txt").write_text("".join(f"{n} {outcomes}\n" for n, outcomes in enumerate(expected.outcomes)))
        return f"program {number}, in {kept}: run `turntable run p.sql` there\n{error}", expected
    finally:
        turntable.end_all()
    shutil.rmtree(folder)
    return "", expected


@pytest.mark.parametrize("first", [pytest.param(first, marks=[] if first in TODAY else pytest.mark.long) for first in CHUNKS])
def test_programs_agree(first, postgres, tmp_path):
    wrong, outcomes = [], []
    with postgres.database() as connection:
        for number in range(first, first + AT_ONCE):
            complaint, expected = agrees(number, connection, tmp_path / str(number))
            wrong += [complaint] if complaint else []
            outcomes += expected.outcomes
    assert not wrong, f"{len(wrong)} of {AT_ONCE} programs differ\n" + "\n\n".join(wrong[:4])
    assert len(outcomes) == AT_ONCE * RECORDS
    # Most outcomes are those of the statements as they stand; the others are open in PostgreSQL.
    everything = [outcome for record in outcomes for outcome in record]
    assert sum(outcome.is_open for outcome in everything) < len(everything) / 10


@pytest.mark.long
def test_a_tenth_of_the_records_is_rejected(postgres):
    kinds = Counter()
    records = rejected = 0
    for first in CHUNKS:
        with postgres.database() as connection:
            for number in range(first, first + AT_ONCE):
                for outcomes in found_by_postgres(connection, program(number)).outcomes:
                    records += 1
                    rejected += any(outcome.kind == "rejected" for outcome in outcomes)
                    kinds.update(outcome.kind for outcome in outcomes)
    assert rejected >= records / 10, (rejected, records)
    assert all(kinds[kind] >= sum(kinds.values()) / 20 for kind in ("written", "filtered", "unmatched", "rejected")), kinds


# --------------------------------------------------------------------------------------------------- single expressions


@pytest.mark.parametrize("subject", single_expressions.SUBJECTS)
def test_expressions_agree(subject, postgres, turntable):
    expressions = single_expressions.of(subject)
    records = single_expressions.records()
    (turntable.directory / "s.ndjson").write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))
    wrong = []
    with postgres.database() as connection:
        single_expressions.fill(connection, records)
        for begin in range(0, len(expressions), single_expressions.AT_ONCE):
            some = expressions[begin : begin + single_expressions.AT_ONCE]
            named = [(f"c{number}", one) for number, one in enumerate(some)]
            columns = ", ".join(f"{name} {one.type}" for name, one in named)
            select = f"SELECT p.n AS n, {', '.join(f'{one.text} AS {name}' for name, one in named)} FROM s p"
            connection.execute(f"CREATE TABLE o{begin} (n int, {columns}); INSERT INTO o{begin} {select}")
            asked = ", ".join(text_of(name, one.type) for name, one in named)
            expected = connection.execute(f"SELECT {asked} FROM o{begin} ORDER BY n").fetchall()
            path = turntable.directory / f"p{begin}.sql"
            path.write_text(single_expressions.pipeline(f"o{begin}", columns, select))
            turntable.run("run", path).expect(0)
            found = sqlite_rows(turntable.directory / "o.db", f"SELECT {', '.join(name for name, _ in named)} FROM o{begin} ORDER BY n")
            assert len(found) == len(expected) == len(records)
            for record, here, there in zip(records, found, expected):
                for (_, one), value, text in zip(named, here, there):
                    if not same(value, as_sqlite_has_it(text, one.type)):
                        wrong.append(f"{one.text} is {value!r}, in PostgreSQL {text}, for {record}")
    assert not wrong, f"{len(wrong)} values differ\n" + "\n".join(wrong[:20])


def test_there_are_two_thousand_expressions():
    assert sum(len(set(single_expressions.of(subject))) for subject in single_expressions.SUBJECTS) >= 2000
