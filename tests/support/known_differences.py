"""Where an expression means something else here than in PostgreSQL, on purpose. Everything else that differs is a fault."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, getcontext

from support.probe import NULL, Function


getcontext().prec = 100


@dataclass(frozen=True)
class Difference:
    names: tuple[str, ...]  # Of functions, or their signatures.
    reason: str  # For the page that says what differs from PostgreSQL.
    # What PostgreSQL is asked instead, with the call in the place of {0}.
    asked: str = "{0}"
    # Whether this value here and that one there are the difference. Both as "=text", NULL or "!reason".
    tolerated: Callable[[str, str], bool] | None = None
    # Whether nested expressions have it too. What they are tolerated must be said by the reason for which a value failed.
    in_nested: bool = False


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


def is_too_long(here: str, there: str) -> bool:
    """Refused for its digits."""
    return is_stricter(here, there) and "digits of a numeric" in here


def is_behind_the_last_time(here: str, there: str) -> bool:
    """PostgreSQL's times go on to the year 294276."""
    return is_stricter(here, there) and "out of range for timestamp" in here and re.match(r"=2942[4-7]\d-", there) is not None


def is_without_value(here: str, there: str) -> bool:
    """What an infinite time has none of."""
    return is_stricter(here, there) and "an infinite time has no" in here


NUMERIC_RESULTS = (
    *(f"{name}(numeric, numeric)" for name in ("+", "-", "*", "/", "%", "mod", "div", "log", "gcd", "lcm")),
    *(f"{name}(numeric)" for name in ("round", "ceil", "ceiling", "floor", "sqrt", "exp", "ln", "log", "log10")),
    "round(numeric, int)", "trunc(numeric, int)", "factorial(bigint)", "width_bucket(numeric, numeric, numeric, int)",
    "cast text AS numeric", "cast real AS numeric", "cast double precision AS numeric",
)  # fmt: skip

def is_last_digit_off(here: str, there: str) -> bool:
    """Or refused for its digits."""
    if not is_value(here) or not is_value(there) or not here[-1].isdigit() or not there[-1].isdigit():
        return is_too_long(here, there)
    one, other = Decimal(here[1:]), Decimal(there[1:])
    # How many digits are shown hangs on an estimate of the result's size: near a power of ten it may be one more.
    exponents = one.as_tuple().exponent, other.as_tuple().exponent
    return abs(exponents[0] - exponents[1]) <= 1 and abs(one - other) <= Decimal(1).scaleb(max(exponents))


DIFFERENCES = [
    Difference(
        ("^(numeric, numeric)", "power(numeric, numeric)", "pow(numeric, numeric)"),
        "A power of `numeric` is rounded once, from more digits than are shown. PostgreSQL computes with fewer, so that its last digit may be another where the exponent is no whole number, and near a power of ten one digit more may be shown. And a `numeric` has 38 digits at most.",
        tolerated=is_last_digit_off,
    ),
    Difference(
        NUMERIC_RESULTS,
        "A `numeric` has 38 digits at most, 76 of them behind the point: where PostgreSQL has more, also zeros at the end, the value is out of range.",
        tolerated=is_too_long, in_nested=True,
    ),
    Difference(
        ("to_char(int, text)",),
        "What `V` in a pattern of `to_char` multiplies beyond `int` is refused, where PostgreSQL writes what is left of it in 32 bits.",
        tolerated=is_stricter,
    ),
    Difference(
        ("extract", "date_part", "to_char(timestamp, text)", "to_char(timestamptz, text)", "cast timestamp AS time", "cast timestamptz AS time"),
        "Of an infinite time, fields that come round (`extract(hour FROM t)`), `to_char` and the cast to `time` reject the record where PostgreSQL has NULL.",
        tolerated=is_without_value, in_nested=True,
    ),
    Difference(
        ("age",), "`age` of an infinite time rejects the record, where PostgreSQL 15 counts from the end of its numbers.", tolerated=is_without_value, in_nested=True,
    ),
    Difference(
        ("cast text AS timestamptz",),
        "A text is cast to `timestamptz` where it is in ISO 8601. PostgreSQL reads many more forms, and rounds digits beyond microseconds, which are cut here.",
        tolerated=lambda here, there: is_stricter(here, there) or is_cut(here, there),
    ),
    Difference(
        ("cast text AS date", "cast text AS time", "cast text AS timestamp"),
        "A text is cast to `date`, `time` or `timestamp` where it is year, month and day (`2024-03-03`) and a time of day. PostgreSQL reads many more forms.",
        tolerated=is_stricter,
    ),
    Difference(
        ("to_timestamp(text, text)", "to_date(text, text)"),
        "`to_timestamp(text, text)` and `to_date` want the whole text in the form that the pattern says, each field with all its digits. PostgreSQL guesses.",
        tolerated=is_stricter,
    ),
    Difference(
        (*(f"{sign}({type}, interval)" for sign in "+-" for type in ("date", "timestamp", "timestamptz")),
         *(f"+(interval, {type})" for type in ("date", "timestamp", "timestamptz")), "timezone(interval, timestamp)", "timezone(interval, timestamptz)"),
        "`timestamp` and `timestamptz` end with the year 294246, as microseconds since 1970 do in 64 bits.",
        tolerated=is_behind_the_last_time, in_nested=True,
    ),
    Difference(
        ("regexp_match", "regexp_split_to_array", "regexp_replace", "regexp_count", "regexp_instr", "regexp_like", "regexp_substr", "~", "~*", "!~", "!~*", "substring(text, text)",
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
