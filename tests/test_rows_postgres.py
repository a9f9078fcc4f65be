"""ROW(…), types of CREATE TYPE, their fields and IS NULL mean what they mean in PostgreSQL: the same expressions over the same values."""

from __future__ import annotations

import json

import pytest

from support.tables import sqlite_rows

TYPES = """CREATE TYPE pair AS (a int, b text);
CREATE TYPE facts AS (p pair, n numeric(6, 2), w varchar(3), r real, l int[], d date);
"""
COLUMNS = {"id": "int", "i": "int", "t": "text", "f": "double precision", "d": "date"}
ROWS = [
    (1, 7, "x", 1.25, "2024-02-29"), (2, None, "x", -0.5, None), (3, 7, None, None, "1999-12-31"), (4, None, None, None, None),
    (5, -999, "a\"b\\,(c)", 1e10, "0001-01-01"), (6, 0, "", 0.0, "2024-03-03"),
]  # fmt: skip

PAIR = "ROW(i, t)::pair"
CASE = "(CASE WHEN i = 7 THEN ROW(i, t)::pair WHEN t = '' THEN ROW(NULL, NULL)::pair WHEN t = 'x' THEN NULL ELSE ROW(t = t, 5)::pair END)"
FACTS = "ROW(ROW(i, t), i, t, i, ARRAY[i, 2], d)::facts"
OF_FACTS = f"(CASE WHEN f > 0 THEN {FACTS} WHEN f = 0 THEN ROW(NULL, 1.005, 'ab', 0.1, NULL, '2024-01-01')::facts END)"
GIVEN = [
    f"({PAIR}).a", f"({PAIR}).b", "(ROW(i, t, f)).f3", "((i, t)).f2", f"{PAIR} IS NULL", f"{PAIR} IS NOT NULL", "ROW(i, t) IS NULL",
    "(i, t) IS NOT NULL", "ROW(i, ROW(t, d)) IS NULL", "ROW(ROW(i), ROW(t)) IS NOT NULL", "NULL::pair IS NULL", "(NULL::pair).a",
    "(ROW('5', 6)::pair).a + 1", "(ROW(true, 'x')::pair).a", "(ROW(f::numeric, i)::pair).b", f"({FACTS}).n", f"({FACTS}).r", f"({FACTS}).l", f"(({FACTS}).p).a",
    f"({FACTS}).l[2]", f"({FACTS}).d", f"({FACTS}).p IS NULL", f"{FACTS} IS NOT NULL", f"({OF_FACTS}).n", f"({OF_FACTS}).r",
    f"({OF_FACTS}).l", f"(({OF_FACTS}).p).a", f"(({OF_FACTS}).p).b", f"({OF_FACTS}).d", f"({OF_FACTS}).w", f"({OF_FACTS}).p IS NULL",
    f"({OF_FACTS}).p IS NOT NULL", f"{OF_FACTS} IS NULL", f"{OF_FACTS} IS NOT NULL", f"coalesce(({OF_FACTS}).r, 2)",
]  # fmt: skip
CASES = [expression.replace("ROW(t = t, 5)", "ROW(1, 5)") for expression in (f"({CASE}).a", f"({CASE}).b", f"{CASE} IS NULL", f"{CASE} IS NOT NULL")]
# Neither has them, or this says that it does not: none of them may be computed in another way.
REFUSED = [
    "ROW(1)::pair", "ROW(1, 2, 3)::pair", "(i).a", f"({PAIR}).c", "ROW(i, t)::int", f"({PAIR}).a + t",
    f"CASE WHEN i = 1 THEN {PAIR} ELSE {FACTS} END IS NULL", f"{PAIR}::facts IS NULL", "(ROW(i, t)).f3", f"{PAIR} + 1", f"{PAIR} = 1",
]  # fmt: skip
NOT_HERE = {
    "ROW(i, t) = ROW(i, t)": "= takes no rows (yet)", f"{PAIR} < {PAIR}": "< takes no rows (yet)", f"{PAIR} IS DISTINCT FROM NULL": "takes no rows (yet)",
    f"coalesce({PAIR}, NULL) IS NULL": "COALESCE takes no rows (yet)", f"{PAIR}::text": "there is no cast", f"to_jsonb({PAIR})": "takes no rows (yet)",
    f"ARRAY[{PAIR}] IS NULL": "an array of rows is not supported (yet)", "'(1,x)'::pair IS NULL": "a text is not read as a pair (yet)",
    f"(i, t) IN ((1, 'x'))": "takes no rows (yet)", f"GREATEST({PAIR}, {PAIR}) IS NULL": "takes no rows (yet)",
}  # fmt: skip


@pytest.fixture
def here(turntable, tmp_path):
    """The expressions as texts, by row; or the run that failed."""
    (tmp_path / "rows.ndjson").write_text("".join(json.dumps(dict(zip(COLUMNS, row))) + "\n" for row in ROWS))

    def compute(expressions: list[str]):
        outputs = ", ".join(f"({expression})::text AS e{n}" for n, expression in enumerate(expressions))
        (tmp_path / "p.sql").write_text(
            f"{TYPES}CREATE TABLE rows ({', '.join(f'{name} {type_}' for name, type_ in COLUMNS.items())}) WITH (connector = 'ndjson', "
            "path = 'rows.ndjson', dead_letters = 'drop', max_reject_ratio = 1);\n"
            "CREATE TABLE o () WITH (connector = 'sqlite', path = 'o.db', keyspace = 'k', primary_key = 'id');\n"
            f"INSERT INTO o SELECT id, {outputs} FROM rows;\n"
        )
        (tmp_path / "o.db").unlink(missing_ok=True)
        done = turntable.run("run", "p.sql", "--until-end", cwd=tmp_path)
        if done.code != 0:
            return done
        names = ", ".join(f"e{n}" for n in range(len(expressions)))
        return sqlite_rows(tmp_path / "o.db", f"SELECT {names} FROM o ORDER BY id")

    return compute


def test_rows_have_the_fields_and_nulls_that_they_have_in_postgresql(here, postgres):
    expressions = GIVEN + CASES
    with postgres.database() as there:
        there.execute(TYPES)
        there.execute(f"CREATE TABLE rows ({', '.join(f'{name} {type_}' for name, type_ in COLUMNS.items())})")
        for row in ROWS:
            there.execute(f"INSERT INTO rows VALUES ({', '.join(['%s'] * len(row))})", row)
        outputs = ", ".join(f"({expression})::text" for expression in expressions)
        expected = there.execute(f"SELECT {outputs} FROM rows ORDER BY id").fetchall()
    found = here(expressions)
    assert isinstance(found, list), found.stderr
    differ = [
        (expressions[n], ROWS[row], ours, theirs)
        for row, values in enumerate(zip(found, expected, strict=True))
        for n, (ours, theirs) in enumerate(zip(*values, strict=True))
        if ours != theirs
    ]
    assert not differ, differ[:5]


@pytest.mark.parametrize("expression", REFUSED)
def test_what_postgresql_refuses_is_refused(here, postgres, expression):
    import psycopg

    with postgres.database() as there:
        there.execute(TYPES)
        there.execute(f"CREATE TABLE rows ({', '.join(f'{name} {type_}' for name, type_ in COLUMNS.items())})")
        with pytest.raises(psycopg.Error):
            there.execute(f"SELECT ({expression})::text FROM rows")
    wrong = here([expression])
    assert not isinstance(wrong, list) and wrong.code == 2, wrong


def test_what_is_not_supported_is_refused_by_name(here):
    for expression, sentence in NOT_HERE.items():
        wrong = here([expression])
        assert not isinstance(wrong, list) and wrong.code == 2 and sentence in wrong.stderr, (expression, wrong)


def test_the_faults_of_types_are_those_of_postgresql(turntable, tmp_path, postgres):
    import psycopg

    for statement in ("CREATE TYPE t AS (a int, a text)", "CREATE TYPE t AS (a strange)", "CREATE TYPE t AS (a t)"):
        with postgres.database() as there, pytest.raises(psycopg.Error):
            there.execute(statement)
        (tmp_path / "p.sql").write_text(f"{statement};\nCREATE TABLE o () WITH (connector = 'console');\n")
        turntable.run("run", "p.sql", "--until-end", cwd=tmp_path).expect(2)
