"""Where an expression means something else here than in PostgreSQL, on purpose. Everything else that differs is a fault."""

from __future__ import annotations

import re
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
        ("cast text AS date", "cast text AS time", "cast text AS timestamp"),
        "A text is cast to `date`, `time` or `timestamp` where it is year, month and day (`2024-03-03`) and a time of day. PostgreSQL reads many more forms, and `infinity`.",
        tolerated=is_stricter,
    ),
    Difference(
        ("to_timestamp(text, text)", "to_date(text, text)"),
        "`to_timestamp(text, text)` and `to_date` want the whole text in the form that the pattern says, each field with all its digits. PostgreSQL guesses.",
        tolerated=is_stricter,
    ),
    Difference(
        ("to_timestamp(double precision)",),
        "`timestamp` and `timestamptz` end with the year 294246, as microseconds since 1970 do in 64 bits. They have no `infinity`, and nor has `date`.",
        tolerated=is_stricter,
    ),
    Difference(
        ("regexp_replace", "regexp_count", "regexp_instr", "regexp_like", "regexp_substr", "~", "~*", "!~", "!~*", "substring(text, text)",
         "substring(text, text, text)"),
        "Patterns run on RE2: what it would not match as PostgreSQL does, such as look-around, back references and the flag `b`, is refused, never matched differently.",
        tolerated=is_stricter,
    ),
    Difference(
        ("-(timestamp, timestamp)", "-(timestamptz, timestamptz)"),
        "The difference of two times that are more than 292,271 years apart rejects the record, where PostgreSQL 15 overflows without an error.",
        tolerated=lambda here, there: is_stricter(here, there) and re.match(r"=-?10\d{7} days", there) is not None,
    ),
    Difference(
        ("+(time, interval)", "+(interval, time)", "-(time, interval)", "cast interval AS time"),
        "A time of day is right also where it comes of an interval of 292,271 years, with which PostgreSQL 15 overflows without an error.",
    ),
    Difference(
        ("make_interval",), "`make_interval` rejects the record where PostgreSQL 15 overflows without an error.",
        tolerated=lambda here, there: is_stricter(here, there) and re.search(r"-?25620477\d\d:", there) is not None,
    ),
    Difference(
        ("timezone(text, timestamptz)", "timezone(text, timestamp)", "date_trunc(text, timestamptz, text)",
         "make_timestamptz(int, int, int, int, int, double precision, text)"),
        "Abbreviations of zones that have had several offsets, such as `MSK`, are refused with the zone to write instead, and so are zones written as rules, such as `CET-1CEST,M3.5.0,M10.5.0/3`. Zones have the rules of the system that the program runs on.",
    ),
    Difference(
        ("width_bucket",), "`width_bucket` counts right where the bounds are so far apart that PostgreSQL 15 overflows without an error.",
        tolerated=lambda here, there: there == "=-2147483648",
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
