"""Expressions over values at the edges of their types, none of which fails: what each is in PostgreSQL, it is here."""

from __future__ import annotations

import functools
import itertools
import random

import psycopg

from support.expressions import BIGINT, BOOLEAN, COMPARISONS, DOUBLE, INT, NUMBERS, REAL, TEXT, TIME, TYPES
from support.expressions import Expression, Maker, built, common_type, literal

AT_ONCE = 200  # Columns of one table.
RECORDS = 48

EDGES = {
    BOOLEAN: [True, False, None],
    INT: [0, 1, -1, 16777217, 2147483647, -2147483648, None],
    BIGINT: [0, 1, -1, 16777217, 9007199254740992, 9007199254740993, 9223372036854775807, -9223372036854775808, None],
    REAL: ["0", "-0", "1", "1.5", "0.1", "16777216", "3.4028235e38", "1e-45", "NaN", "Infinity", "-Infinity", None],
    DOUBLE: ["0", "-0", "1", "1.5", "0.1", "16777217", "9007199254740992", "1.7976931348623157e308", "5e-324", "NaN", "Infinity", "-Infinity", None],
    TEXT: ["", "a", "A", "b", "a ", "é", "e\u0301", "日本", "\uffff", "𝄞", "10", "9", None],
    TIME: ["2024-03-03T10:15:00Z", "2024-03-03T12:15:00+02", "2024-03-03T10:15:00.000001Z", "1970-01-01T00:00:00Z",
           "1969-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", None],
}  # fmt: skip
LETTERS = {BOOLEAN: "b", INT: "i", BIGINT: "l", REAL: "r", DOUBLE: "d", TEXT: "t", TIME: "z"}
# JSON has no NaN, and a time comes as text anyway.
AS_TEXT = {REAL, DOUBLE, TIME}
STREAM = {"n": INT} | {f"{LETTERS[type]}{i}": TEXT if type in AS_TEXT else type for type in TYPES for i in (1, 2, 3)}

CONSTANTS = {
    BOOLEAN: ["true", "false", "cast(NULL AS boolean)"],
    INT: ["0", "1", "2147483647", "16777217", "cast('-2147483648' AS int)", "cast(NULL AS int)"],
    BIGINT: ["9007199254740993", "9223372036854775807", "cast('-9223372036854775808' AS bigint)", "cast(0 AS bigint)"],
    REAL: ["cast('NaN' AS real)", "cast('-0' AS real)", "cast('0.1' AS real)", "cast('Infinity' AS real)", "cast(NULL AS real)"],
    DOUBLE: ["cast('NaN' AS double precision)", "cast('-0' AS double precision)", "cast('0.1' AS double precision)",
             "cast('9007199254740993' AS double precision)", "cast('-Infinity' AS double precision)"],
    TEXT: ["''", "'a'", "'é'", "'日本'", "'10'", "cast(NULL AS text)"],
    TIME: ["cast('2024-03-03 10:15:00+00' AS timestamptz)", "cast('1970-01-01T00:00:00Z' AS timestamptz)", "cast(NULL AS timestamptz)"],
}  # fmt: skip
DECIMALS = ["0.1", "1.5", "0.0", "16777217.0"]


def column(type: str, number: int) -> Expression:
    name = f"p.{LETTERS[type]}{number}"
    return Expression(f"cast({name} AS {type})" if type in AS_TEXT else name, type, aliases=frozenset("p"))


def columns(number: int) -> list[Expression]:
    return [column(type, number) for type in TYPES]


def pairs() -> list[tuple[Expression, Expression]]:
    """Two columns that can be compared, and a column with a constant."""
    found = [(column(a, 1), column(b, 2)) for a, b in itertools.product(TYPES, TYPES) if a == b or {a, b} <= set(NUMBERS)]
    for type in TYPES:
        found += [(column(type, 1), literal(text, type)) for text in CONSTANTS[type]]
        found += [(literal(text, type), column(type, 1)) for text in CONSTANTS[type][:2]]
    for type in (REAL, DOUBLE):
        found += [(column(type, 1), literal(text, type)) for text in DECIMALS]
    return found


def comparisons(chance: random.Random) -> list[Expression]:
    return [built(f"{{0}} {operator} {{1}}", BOOLEAN, *pair) for pair in pairs() for operator in COMPARISONS]


def distinct(chance: random.Random) -> list[Expression]:
    found = [built(f"{{0}} IS {no}DISTINCT FROM {{1}}", BOOLEAN, *pair) for pair in pairs() for no in ("", "NOT ")]
    return found + [built(f"{{0}} IS {no}DISTINCT FROM NULL", BOOLEAN, one) for one in columns(1) for no in ("", "NOT ")]


def nullifs(chance: random.Random) -> list[Expression]:
    def result(a: str, b: str) -> str:
        """An integer is compared with a floating-point number as double precision, and one of that is the result."""
        return DOUBLE if a in (INT, BIGINT) and b in (REAL, DOUBLE) else a

    return [built("NULLIF({0}, {1})", result(a.type, b.type), a, b) for a, b in pairs()]


def logic(chance: random.Random) -> list[Expression]:
    """All trees of two connectives over three booleans, and the tests of each."""
    leaves = [column(BOOLEAN, 1), column(BOOLEAN, 2), column(BOOLEAN, 3), *(literal(text, BOOLEAN) for text in CONSTANTS[BOOLEAN])]
    found = [built(f"({{0}} {word} {{1}})", BOOLEAN, *two) for word in ("AND", "OR") for two in itertools.product(leaves, leaves)]
    for one, two in itertools.product(("AND", "OR"), ("AND", "OR")):
        found.append(built(f"{{0}} {one} {{1}} {two} {{2}}", BOOLEAN, *leaves[:3]))
        found.append(built(f"{{0}} {one} ({{1}} {two} {{2}})", BOOLEAN, *leaves[:3]))
        found.append(built(f"NOT {{0}} {one} NOT ({{1}} {two} {{2}})", BOOLEAN, *leaves[:3]))
    tested = [*leaves, *chance.sample(found, 12)]
    tests = ["IS TRUE", "IS NOT TRUE", "IS FALSE", "IS NOT FALSE", "IS UNKNOWN", "IS NOT UNKNOWN", "IS NULL", "IS NOT NULL"]
    found += [built(f"({{0}}) {test}", BOOLEAN, one) for one in tested for test in tests]
    found += [built(f"{{0}} {test}", BOOLEAN, one) for one in columns(2) for test in ("IS NULL", "IS NOT NULL")]
    return found + [built("NOT {0}", BOOLEAN, one) for one in tested]


def drawn_list(chance: random.Random, type: str, count: int) -> list[Expression]:
    found = []
    for _ in range(count):
        other = chance.choice(NUMBERS) if type in NUMBERS and chance.random() < 0.3 else type
        found.append(column(other, chance.choice([2, 3])) if chance.random() < 0.5 else literal(chance.choice([*CONSTANTS[other], "NULL"]), other))
    return found


def in_lists(chance: random.Random) -> list[Expression]:
    """Of one type. Of several PostgreSQL makes all constants of the list one type, and with them the value that is looked for: there a
    bigint may be equal to a double precision that it is not equal to by itself."""
    found = []
    for type, no, _ in itertools.product(TYPES, ("", "NOT "), range(18)):
        values = [value for value in drawn_list(chance, type, chance.randint(2, 6)) if value.type == type] or [column(type, 2)]
        places = ", ".join(f"{{{number + 1}}}" for number in range(len(values)))
        found.append(built(f"{{0}} {no}IN ({places})", BOOLEAN, column(type, 1), *values))
    return found


def betweens(chance: random.Random) -> list[Expression]:
    found = []
    for type, no, how, _ in itertools.product(TYPES, ("", "NOT "), ("", "SYMMETRIC "), range(8)):
        found.append(built(f"{{0}} {no}BETWEEN {how}{{1}} AND {{2}}", BOOLEAN, column(type, 1), *drawn_list(chance, type, 2)))
    return found


def choices(chance: random.Random) -> list[Expression]:
    """COALESCE and both forms of CASE, with values of several types."""
    found = []
    for type, _ in itertools.product(TYPES, range(14)):
        values = [column(type, 1), *drawn_list(chance, type, chance.randint(1, 3))]
        chance.shuffle(values)
        result = common_type([value.type for value in values if value.text != "NULL"])
        places = ", ".join(f"{{{number}}}" for number in range(len(values)))
        found.append(built(f"COALESCE({places})", result, *values))
        two = [column(type, 2), values[0]]
        result = common_type([value.type for value in two if value.text != "NULL"])
        found.append(built("CASE WHEN {2} THEN {0} WHEN {3} THEN {1} END", result, *two, column(BOOLEAN, 1), column(BOOLEAN, 2)))
        compared = [column(type, 1), *drawn_list(chance, type, 2)]
        found.append(built("CASE {0} WHEN {1} THEN 'one' WHEN {2} THEN 'two' ELSE 'other' END", TEXT, *compared))
    return found


def drawn(chance: random.Random) -> list[Expression]:
    """Whatever comes, nested."""
    maker = Maker(chance, [*columns(1), *columns(2), *columns(3)], casts_fail=False)
    return [maker.of_type(maker.any_type(), 3, False) for _ in range(500)]


SUBJECTS = {
    "comparisons": comparisons, "distinct": distinct, "nullif": nullifs, "logic": logic, "in": in_lists, "between": betweens,
    "choices": choices, "drawn": drawn,
}  # fmt: skip


@functools.cache
def of(subject: str) -> list[Expression]:
    found = SUBJECTS[subject](random.Random(f"expressions {subject}"))
    # As text -0 keeps its sign, which SQLite does not keep, and a real does not look like a double precision.
    found = [built("cast({0} AS text)", TEXT, one) if one.type in (REAL, DOUBLE) else one for one in found]
    return list({one.text: one for one in found}.values())


def records() -> list[dict]:
    """Every edge meets itself and others."""
    chance = random.Random("edges")
    found = []
    for n in range(RECORDS):
        record = {"n": n}
        for type in TYPES:
            edges = EDGES[type]
            values = [edges[n % len(edges)], edges[n % len(edges)] if n % 3 == 0 else chance.choice(edges), chance.choice(edges)]
            record |= {f"{LETTERS[type]}{i}": value for i, value in enumerate(values, 1)}
        found.append(record)
    return found


def fill(connection: psycopg.Connection, found: list[dict]) -> None:
    connection.execute(f"CREATE TABLE s ({', '.join(f'{name} {type}' for name, type in STREAM.items())})")
    with connection.cursor() as cursor, cursor.copy(f"COPY s ({', '.join(STREAM)}) FROM STDIN") as copy:
        for record in found:
            copy.write_row([record[name] for name in STREAM])


def pipeline(table: str, columns: str, select: str) -> str:
    stream = ", ".join(f"{name} {type}" for name, type in STREAM.items())
    return (
        f"CREATE TABLE s ({stream}) WITH (connector = 'ndjson', path = 's.ndjson');\n"
        f"CREATE TABLE {table} (n int, {columns}) WITH (connector = 'sqlite', path = 'o.db', primary_key = 'n');\n"
        f"INSERT INTO {table}\n{select};\n"
    )
