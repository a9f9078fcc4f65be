"""Where an expression means something else here than in PostgreSQL, on purpose. Everything else that differs is a fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from support.probe import NULL, Function


@dataclass(frozen=True)
class Difference:
    names: tuple[str, ...]  # Of functions, or their signatures.
    reason: str  # For the page that says what differs from PostgreSQL.
    # What PostgreSQL is asked instead, with the call in the place of {0}.
    asked: str = "{0}"
    # Whether this value here and that one there are the difference. Both as "=text", NULL or "!reason".
    tolerated: Callable[[str, str], bool] | None = None
    in_nested: bool = False  # Whether nested expressions have it too: there nothing is tolerated, or asked in another way.


def is_value(outcome: str) -> bool:
    return outcome.startswith("=")


def is_failure(outcome: str) -> bool:
    return outcome.startswith("!")


def is_stricter(here: str, there: str) -> bool:
    return is_failure(here) and not is_failure(there)


def is_cut(here: str, there: str) -> bool:
    """The last digit of a time, which PostgreSQL rounds."""
    length = len("=2024-03-03 10:15:00.12345")
    return is_value(here) and is_value(there) and here[:length] == there[:length]


DIFFERENCES = [
    Difference(
        ("extract",), "`extract` gives `double precision`, as `date_part` does, and not `numeric`.", asked="cast({0} AS double precision)"
    ),
    Difference(
        ("cast text AS timestamptz",),
        "A text is cast to `timestamptz` where it is in ISO 8601. PostgreSQL reads many more forms, and rounds digits beyond microseconds, which are cut here.",
        tolerated=lambda here, there: is_stricter(here, there) or is_cut(here, there),
    ),
    Difference(
        ("to_timestamp(text, text)",),
        "`to_timestamp(text, text)` wants the whole text in the form that the pattern says, each field with all its digits. PostgreSQL guesses.",
        tolerated=is_stricter,
    ),
    Difference(
        ("to_timestamp(double precision)",),
        "`timestamptz` has no `infinity`, and ends with the year 294246, as microseconds since 1970 do in 64 bits.",
        tolerated=is_stricter,
    ),
    Difference(
        ("regexp_match", "regexp_split_to_array", "regexp_replace", "regexp_count", "regexp_instr", "regexp_like", "regexp_substr", "~", "~*", "!~", "!~*", "substring(text, text)",
         "substring(text, text, text)"),
        "Patterns run on RE2: what it would not match as PostgreSQL does, such as look-around, back references and the flag `b`, is refused, never matched differently.",
        tolerated=is_stricter,
    ),
    Difference(
        ("width_bucket",), "`width_bucket` counts right where the bounds are so far apart that PostgreSQL 15 overflows without an error.",
        tolerated=lambda here, there: there == "=-2147483648",
    ),
    Difference(
        ("cast text AS text[]", "cast text AS int[]", "cast text AS double precision[]", "cast text AS jsonb[]"),
        "Arrays have one level and begin at 1: the text of another one, such as `{{a},{b}}` or `[0:1]={a,b}`, is no array.",
        tolerated=is_stricter,
    ),
    Difference(
        ("convert_from(bytea, text)",),
        "The text that `convert_from` gives is a text like any other. In PostgreSQL it has the collation of its second argument, C, in which `upper` and patterns know ASCII letters only.",
    ),
]  # fmt: skip


def difference_of(function: Function) -> Difference | None:
    return next((one for one in DIFFERENCES if function.name in one.names or function.signature in one.names), None)


def agree(here: str, there: str) -> bool:
    """Values by their text, NULL with NULL, and a failure with an error, whatever their reasons."""
    if is_failure(here) or is_failure(there):
        return is_failure(here) and is_failure(there)
    assert here == NULL or is_value(here), here
    return here == there
