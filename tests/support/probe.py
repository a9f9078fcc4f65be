"""The program that evaluates expressions and lists what there is to evaluate (src/sql/expression_probe.cc). It is built beside turntable."""

from __future__ import annotations

import functools
import json
import subprocess
from dataclasses import dataclass, replace

from support.border_values import LETTERS
from support.program import BINARY

PROBE = BINARY.parent / "expression_probe"


@dataclass(frozen=True)
class Function:
    """A row of the registry."""

    name: str
    kind: str  # function, operator or cast.
    arguments: tuple[str, ...]
    result: str
    variadic: bool
    can_fail: bool
    volatile: bool
    constant: int | None  # Which argument must be a text literal.

    @property
    def signature(self) -> str:
        arguments = ", ".join(self.arguments) + (", …" if self.variadic else "")
        return f"cast {self.arguments[0]} AS {self.result}" if self.kind == "cast" else f"{self.name}({arguments})"


@functools.cache
def registry() -> list[Function]:
    done = subprocess.run([PROBE, "--registry"], capture_output=True, text=True, check=True)
    names = Function.__dataclass_fields__
    return [Function(**{name: tuple(row[name]) if name == "arguments" else row[name] for name in names}) for row in json.loads(done.stdout)]


# The elements of the arrays with which functions on arrays of any type are called.
ELEMENTS = ["int", "text", "double precision", "jsonb"]
EVERY_ELEMENT = {"to_jsonb": ["boolean", "int", "bigint", "real", "double precision", "text", "bytea", "timestamptz", "jsonb"]}
ANY = {"anyelement", "anycompatible", "anyarray", "anycompatiblearray"}
ARRAY_CASTS = [(f"{one}[]", "text") for one in ELEMENTS] + [("text", f"{one}[]") for one in ELEMENTS] + [("int[]", "double precision[]"), ("text[]", "int[]"), ("int[]", "text[]")]


@functools.cache
def concrete() -> list[Function]:
    """The registry with types in the places of anyelement and anyarray, and casts of arrays."""
    found = []
    for function in registry():
        if ANY.isdisjoint({*function.arguments, function.result}):
            found.append(function)
            continue
        elements = EVERY_ELEMENT.get(function.name, ELEMENTS)
        arrays_only = set(elements) - set(ELEMENTS) and "anyarray" in function.arguments
        for element in ELEMENTS if arrays_only else elements:
            put = functools.partial(with_element, element=element)
            found.append(replace(function, arguments=tuple(map(put, function.arguments)), result=put(function.result)))
    casts = [Function("cast", "cast", (source,), target, variadic=False, can_fail=True, volatile=False, constant=None) for source, target in ARRAY_CASTS]
    # Types that border_values.py has columns of.
    return [function for function in found + casts if columns_of_types() >= set(function.arguments)]


def columns_of_types() -> set[str]:
    return set(LETTERS)


def with_element(type: str, element: str) -> str:
    return type if type not in ANY else f"{element}[]" if type.endswith("array") else element


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    parts = [part.replace("\\t", "\t").replace("\\n", "\n").replace("\\r", "\r") for part in text.split("\\\\")]
    return "\\".join(parts)


@dataclass(frozen=True)
class Evaluated:
    """What became of an expression: a fault; or its type, and for each row a value's text behind "=", NULL, or a reason behind "!"."""

    fault: str = ""
    type: str = ""
    rows: tuple[str, ...] = ()


NULL = "NULL"


def read_row(field: str) -> str:
    return NULL if field == "\\N" else unescaped(field)


def evaluate(columns: dict[str, str], rows: list[list[str | None]], expressions: list[str]) -> list[Evaluated]:
    """Over the stream s, whose alias is p. `columns`: types by name. A timestamptz is microseconds since 1970."""
    lines = [f"column\t{name}\t{type}" for name, type in columns.items()]
    lines += ["\t".join(["row", *("\\N" if value is None else escaped(value) for value in row)]) for row in rows]
    lines += [f"expression\t{escaped(expression)}" for expression in expressions]
    done = subprocess.run([PROBE], input="".join(line + "\n" for line in lines).encode(), capture_output=True, check=False)
    assert done.returncode == 0, f"the probe ended with {done.returncode}\n{done.stderr.decode(errors='replace')[-2000:]}"
    found = []
    for line in done.stdout.decode().split("\n")[:-1]:
        first, *fields = line.split("\t")
        found.append(Evaluated(fault=unescaped(fields[0])) if first == "fault" else Evaluated("", first, tuple(map(read_row, fields))))
    assert len(found) == len(expressions)
    return found
