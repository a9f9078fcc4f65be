"""What PostgreSQL makes of a program (support/programs.py): of each record in each INSERT the outcome, and the rows.

Every record meets every INSERT by itself, in a block that catches errors. The statement is run as it stands; and beside it the same
expressions are evaluated one by one in the order that Turntable promises, since PostgreSQL leaves open what it evaluates first:

  conjuncts of WHERE that need only the stream; the joins, each its key and then its further conditions; the other conjuncts; the row.

Of conjuncts false beats an error, an error beats NULL, and NULL beats true; one of the stream that is false or NULL ends it before the
joins. Where both ways lead to different
outcomes the statement must have met an error, or have passed one by: the result says so, and the test counts how often."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from support.expressions import Expression
from support.programs import LOOKUP, STREAM, Insert, Program, declared, table_columns

TRUE, NULL, FAILED, FALSE = 0, 1, 2, 3
REJECTED = "RETURN 'rejected'"


@dataclass(frozen=True)
class Outcome:
    """written, filtered, unmatched or rejected; of an unmatched one which join, of a rejected one PostgreSQL's code."""

    kind: str
    why: str = ""
    as_it_stands: str = ""  # What the statement by itself came to: row, none or a code.

    @property
    def is_open(self) -> bool:
        """Whether the statement by itself came to something else."""
        if self.kind == "rejected":
            return self.as_it_stands in ("none", "row")
        return self.as_it_stands != ("row" if self.kind == "written" else "none")


@dataclass
class Found:
    outcomes: list[list[Outcome]]  # By record, then by INSERT.
    rows: list[list[tuple]]  # By INSERT; every value as text.


def judged(one: Expression) -> str:
    """Makes `worst` the worse of itself and this conjunct."""
    body = f"said := {one.without_views}; worst := greatest(worst, CASE WHEN said THEN {TRUE} WHEN NOT said THEN {FALSE} ELSE {NULL} END);"
    return guarded(body, f"worst := greatest(worst, {FAILED});", one.can_fail)


def guarded(body: str, otherwise: str, can_fail: bool) -> str:
    return f"  BEGIN {body} EXCEPTION WHEN OTHERS THEN {otherwise} END;\n" if can_fail else f"  {body}\n"


def judged_filters(filters: list[Expression], others_follow: bool, before: int | str = TRUE) -> str:
    """`before`: what conjuncts of an earlier stage came to. Where others follow, one of them may still be false beside an error."""
    if not filters:
        return ""
    text = f"  worst := {before};\n" + "".join(map(judged, filters)) + f"  IF worst IN ({NULL}, {FALSE}) THEN RETURN 'filtered'; END IF;\n"
    return text + f"  IF worst = {FAILED} THEN {'failed_before := true' if others_follow else REJECTED}; END IF;\n"


def staged(insert: Insert, number: int) -> str:
    """A function that gives the outcome of a record up to its row: 'row' where there is to be one."""
    conjuncts = [one for whole in insert.all_filters for one in whole.conjuncts]
    streams = [one for one in conjuncts if not one.aliases - {"p", "w"}]
    joined = [one for one in conjuncts if one.aliases - {"p", "w"}]
    body = judged_filters(streams, bool(joined))
    for at, join in enumerate(insert.all_joins):
        for probe, _ in join.keys:
            if probe.can_fail:
                body += guarded(f"PERFORM {probe.without_views};", f"{REJECTED};", True)
        keys = " AND ".join(f"{stored.without_views} = {probe.without_views}" for probe, stored in join.keys)
        body += f"  SELECT {join.alias}.* INTO {join.alias} FROM look{join.lookup} {join.alias} WHERE {keys};\n  matched := FOUND;\n"
        conditions = [one for whole in join.conditions for one in whole.conjuncts]
        if conditions:
            body += f"  IF matched THEN\n  worst := {TRUE};\n" + "".join(map(judged, conditions))
            body += f"  IF worst = {FAILED} THEN {REJECTED}; END IF;\n  matched := worst = {TRUE};\n  END IF;\n"
        none = f"{join.alias} := NULL;" if join.left else f"RETURN CASE WHEN failed_before THEN 'rejected' ELSE 'unmatched {at}' END;"
        body += f"  IF NOT matched THEN {none} END IF;\n"
    body += judged_filters(joined, False, f"CASE WHEN failed_before THEN {FAILED} ELSE {TRUE} END") + "  IF NOT want_row THEN RETURN 'row'; END IF;\n"
    outputs = ", ".join(output.without_views for output in insert.outputs)
    body += guarded(f"INSERT INTO {insert.table} SELECT {outputs}; RETURN 'row';", f"{REJECTED};", True)
    declare = "".join(f"  {join.alias} look{join.lookup};\n" for join in insert.all_joins)
    return (
        f"CREATE FUNCTION staged_{number}(p s, want_row boolean) RETURNS text LANGUAGE plpgsql AS $function$\n#variable_conflict use_column\n"
        f"DECLARE said boolean; worst int; matched boolean; failed_before boolean := false;\n{declare}BEGIN\n{body}END $function$;\n"
    )


def as_it_stands(insert: Insert, program: Program, number: int) -> str:
    """A function that runs the statement over a stream of one record: 'row', 'none' or the error's code."""
    view = f", seen AS (\n{program.view.select})" if insert.view else ""
    return (
        f"CREATE FUNCTION run_{number}(one_record s) RETURNS text LANGUAGE plpgsql AS $function$\nDECLARE rows bigint;\nBEGIN\n"
        f"WITH s AS MATERIALIZED (SELECT (one_record).*){view}\n{insert.statement};\n"
        "GET DIAGNOSTICS rows = ROW_COUNT;\nRETURN CASE rows WHEN 0 THEN 'none' WHEN 1 THEN 'row' END;\n"
        "EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE;\nEND $function$;\n"
    )


def fill(connection: psycopg.Connection, program: Program) -> None:
    """The tables, in a schema that is made anew."""
    text = "DROP SCHEMA IF EXISTS program CASCADE; CREATE SCHEMA program; SET search_path = program;\n"
    text += "SET plan_cache_mode = force_generic_plan;\n"  # Else a record's values are constants, and what is NULL spares the rest.
    text += f"CREATE TABLE s ({declared(STREAM)});\n"
    text += "".join(f"CREATE TABLE look{number} ({declared(LOOKUP)});\n" for number in range(len(program.lookups)))
    text += "".join(f"CREATE TABLE {insert.table} ({table_columns(insert)}, PRIMARY KEY (n));\n" for insert in program.inserts)
    connection.execute(text)
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY s ({', '.join(STREAM)}) FROM STDIN") as copy:
            for event in program.stream:
                copy.write_row([event.get(name) for name in STREAM])
        for number in range(len(program.lookups)):
            with cursor.copy(f"COPY look{number} FROM STDIN (FORMAT csv, HEADER true)") as copy:
                copy.write(program.csv(number))


def outcome_of(connection: psycopg.Connection, n: int, number: int, run: str, stage: str) -> Outcome:
    kind, _, why = stage.partition(" ")
    if run == "row" and kind == "rejected":  # A condition of LEFT JOIN that fails, beside one that is NULL.
        connection.execute(f"DELETE FROM t{number} WHERE n = %s", (n,))
        return Outcome(kind, run, run)
    if run == "row":
        assert kind == "row", f"record {n} is a row of t{number}, and by its parts {stage}"
        return Outcome("written", "", run)
    if kind != "row":
        return Outcome(kind, run if kind == "rejected" else why, run)
    assert run != "none", f"record {n} is no row of t{number}, and by its parts it is one"
    # Its own values fail, or the statement looked at a row of a lookup that is not the record's.
    [(stage,)] = connection.execute(f"SELECT staged_{number}(s, true) FROM s WHERE n = %s", (n,)).fetchall()
    return Outcome("written", "", run) if stage == "row" else Outcome("rejected", run, run)


def found_by_postgres(connection: psycopg.Connection, program: Program) -> Found:
    fill(connection, program)
    for number, insert in enumerate(program.inserts):
        connection.execute(as_it_stands(insert, program, number) + staged(insert, number))
    asked = ", ".join(f"run_{number}(s), staged_{number}(s, false)" for number in range(len(program.inserts)))
    outcomes = []
    for n, *said in connection.execute(f"SELECT n, {asked} FROM s ORDER BY n").fetchall():
        outcomes.append([outcome_of(connection, n, at // 2, said[at], said[at + 1]) for at in range(0, len(said), 2)])
    return Found(outcomes, [rows_as_text(connection, insert) for insert in program.inserts])


def rows_as_text(connection: psycopg.Connection, insert: Insert) -> list[tuple]:
    columns = [text_of(name, output.type) for name, output in zip(insert.names, insert.outputs)]
    return connection.execute(f"SELECT {', '.join(columns)} FROM {insert.table} ORDER BY {insert.table}.n").fetchall()


def text_of(name: str, type: str) -> str:
    """Times as SQLite keeps them."""
    if type == "timestamptz":
        return f"""to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    return f"{name}::text"
