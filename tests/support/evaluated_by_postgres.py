"""What PostgreSQL makes of expressions over rows, each by itself: an error ends neither the row nor the statement."""

from __future__ import annotations

import psycopg

from support.border_values import time_text
from support.expressions import TIME
from support.probe import NULL, Evaluated

AT_ONCE = 40  # Expressions of one function.
IN_A_VIEW = 1000  # PostgreSQL takes no more than 1,664 columns.
NAMES = {"bool": "boolean", "int2": "smallint", "int4": "int", "int8": "bigint", "float4": "real", "float8": "double precision"}


def fill(connection: psycopg.Connection, columns: dict[str, str], rows: list[list[str | None]]) -> None:
    connection.execute("SET plan_cache_mode = force_generic_plan")  # Else a row's values are constants.
    connection.execute(f"CREATE TABLE s (n int, {', '.join(f'{name} {type}' for name, type in columns.items())})")
    times = [at for at, type in enumerate(columns.values()) if type == TIME]
    with connection.cursor() as cursor, cursor.copy("COPY s FROM STDIN") as copy:
        for n, row in enumerate(rows):
            written: list = list(row)
            for at in times:
                written[at] = None if row[at] is None else time_text(int(row[at]))
            copy.write_row([n, *written])


def type_name(name: str) -> str:
    element = name.removeprefix("_")
    return NAMES.get(element, element) + ("[]" if name != element else "")


def types_of(connection: psycopg.Connection, expressions: list[str]) -> list[str]:
    """Of views, which are not planned: the planner computes what is constant, such as acosd(pi()), and may fail."""
    return [type for begin in range(0, len(expressions), IN_A_VIEW) for type in types_in_a_view(connection, expressions[begin : begin + IN_A_VIEW])]


def types_in_a_view(connection: psycopg.Connection, expressions: list[str]) -> list[str]:
    connection.execute("CREATE VIEW typed AS SELECT " + ", ".join(f"({one}) AS c{at}" for at, one in enumerate(expressions)) + " FROM s p")
    found = connection.execute(
        "SELECT typname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE attrelid = 'typed'::regclass AND attnum > 0 ORDER BY attnum"
    ).fetchall()
    connection.execute("DROP VIEW typed")
    return [type_name(name) for (name,) in found]


def evaluate(connection: psycopg.Connection, expressions: list[str]) -> list[Evaluated]:
    found = []
    for begin in range(0, len(expressions), AT_ONCE):
        some = expressions[begin : begin + AT_ONCE]
        types = types_of(connection, some)
        blocks = "".join(
            f"BEGIN found := found || coalesce('=' || cast(({one}) AS text), '{NULL}');"
            f" EXCEPTION WHEN OTHERS THEN found := found || ('!' || SQLSTATE); END;\n"
            for one in some
        )
        connection.execute(
            "CREATE OR REPLACE FUNCTION evaluated(p s) RETURNS text[] LANGUAGE plpgsql AS $function$\n"
            f"DECLARE found text[] := '{{}}';\nBEGIN\n{blocks}RETURN found;\nEND $function$"
        )
        rows = [row for (row,) in connection.execute("SELECT evaluated(s) FROM s ORDER BY n").fetchall()]
        found += [Evaluated("", type, tuple(row[at] for row in rows)) for at, type in enumerate(types)]
    return found
