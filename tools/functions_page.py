#!/usr/bin/env python3
"""Writes docs/FUNCTIONS.md: the operators, functions and casts of expressions, as the program's own registry has them.

    ./dev build && tools/functions_page.py           # writes the page
    tools/functions_page.py --print                  # prints it

A test compares the page that is there with what this prints.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "FUNCTIONS.md"
sys.path.insert(0, str(ROOT / "tests"))

from support.known_differences import DIFFERENCES  # noqa: E402
from support.probe import Function, registry  # noqa: E402

HEAD = """# Operators, functions and casts

<!-- `tools/functions_page.py` prints this page from the program's registry; tests/test_functions_page.py compares. -->

What an expression may be made of, beside `AND`, `OR`, `NOT`, `CASE`, `COALESCE`, `IN`, `BETWEEN` and `ARRAY[…]`. They mean what they mean in
[PostgreSQL 15](https://www.postgresql.org/docs/15/functions.html); `[]` and `[:]` are subscripts and slices, `= any` is `= ANY`. [What differs](#what-differs-from-postgresql) is at the end. Every one of
them is evaluated beside a real PostgreSQL in [test_expressions_postgres.py](../tests/test_expressions_postgres.py).

*Fails*: some values make it fail, and reject the record where it is used. *Volatile*: it has another value when a record is written again,
and may not stand in a key. An argument whose type is in quotes must be a literal. `…`: the last argument may be repeated.
`t AT TIME ZONE zone` is `timezone(zone, t)`; `CURRENT_DATE`, `LOCALTIMESTAMP` and `LOCALTIME` are casts of `now()`. The arguments of `make_interval`
have names: `make_interval(days => 1, secs => 1.5)`.
"""

# What is refused, or bounded, and so never comes to a comparison.
BOUNDS = [
    "In patterns look-ahead, look-behind, back references, basic regular expressions (`(?b)`, the flags `b` and `e`), names of collating elements such as `[[.hyphen.]]`, and `\\m` or `\\M` where it is not plain that a word character stands beside it are refused by name. A pattern whose program is larger than 8 MiB, or that nests too deeply, is refused.",
    "A constant pattern, flag or form of `encode` that cannot be used is a fault of the pipeline, though PostgreSQL may never come to evaluate it.",
    "A text of more than 64 MiB rejects its record; PostgreSQL's limit is 1 GiB.",
    "`normalize` knows Unicode 15, PostgreSQL 15 knows 14: characters that came with 15 may be ordered otherwise.",
    "Arrays have one level and begin at 1. `VARIADIC`, functions that make rows, such as `unnest` and `jsonb_object_keys`, and `ANY` or `ALL` beside an operator that is no comparison are refused by name.",
    "A `jsonb` column of the stream that is written as it is keeps the text that came, and so does a part of it that `numeric` or PostgreSQL's text cannot hold (a number beyond 131,072 digits, the character U+0000). Whatever an expression makes of it, a cast to text included, has PostgreSQL's form: blanks behind `:` and `,`, shorter keys first, the last of equal keys, numbers without exponents.",
    "A join cannot look up a `jsonb` or an array: values that are equal may be written differently.",
    "A function that the pipeline declares (`CREATE FUNCTION … LANGUAGE sql`) is one expression over its parameters, with one name, and calls only those before it. `STRICT`, defaults and `VARIADIC` are refused.",
]  # fmt: skip


CASTS = """`cast(x AS type)`, or `x::type`. An array is cast to and from text, and to an array of another type where its elements can be cast. In
the tables above `anyarray` and `anyelement` are an array and a value of any type, one type in each call; `anycompatiblearray` and
`anycompatible` are made one type."""


def arguments_of(function: Function) -> str:
    types = [f"'{type_}'" if number == function.constant else type_ for number, type_ in enumerate(function.arguments)]
    return ", ".join(types) + (", …" if function.variadic else "")


def remarks_of(functions: list[Function]) -> str:
    remarks = []
    if any(function.can_fail for function in functions):
        remarks.append("fails")
    if any(function.volatile for function in functions):
        remarks.append("volatile")
    return ", ".join(remarks)


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def table(functions: list[Function], title: str) -> list[str]:
    by_name: dict[str, list[Function]] = defaultdict(list)
    for function in functions:
        by_name[function.name].append(function)
    lines = [f"| {title} | arguments | result | |", "|---|---|---|---|"]
    for name, same in sorted(by_name.items()):
        by_result: dict[str, list[Function]] = defaultdict(list)
        for function in same:
            by_result[function.result].append(function)
        for number, (result, overloads) in enumerate(by_result.items()):
            forms = "; ".join(dict.fromkeys(f"({arguments_of(one)})" for one in overloads))
            lines.append(f"| {cell(f'`{name}`') if number == 0 else ''} | {forms} | {result} | {remarks_of(overloads)} |")
    return lines


def casts(functions: list[Function]) -> list[str]:
    by_source: dict[str, list[Function]] = defaultdict(list)
    for function in functions:
        by_source[function.arguments[0]].append(function)
    lines = ["| from | to |", "|---|---|"]
    for source, same in by_source.items():
        lines.append(f"| {source} | {', '.join(one.result + (' (fails)' if one.can_fail else '') for one in same)} |")
    return lines


def page() -> str:
    by_kind: dict[str, list[Function]] = defaultdict(list)
    for function in registry():
        by_kind[function.kind].append(function)
    differences = [f"- {reason}" for reason in [*(one.reason for one in DIFFERENCES), *BOUNDS]]
    parts = [
        [HEAD.rstrip()],
        ["## Operators", "", *table(by_kind["operator"], "operator")],
        ["## Functions", "", *table(by_kind["function"], "function")],
        ["## Casts", "", CASTS, "", *casts(by_kind["cast"])],
        ["## What differs from PostgreSQL", "", *dict.fromkeys(differences)],
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def main() -> None:
    if sys.argv[1:] == ["--print"]:
        print(page(), end="")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        PAGE.write_text(page())


if __name__ == "__main__":
    main()
