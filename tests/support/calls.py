"""Calls of everything that the registry has, on columns; and expressions nested out of them.

A new function needs nothing here where any values of its types are good arguments. Otherwise it has a line in ARGUMENTS, CONSTANTS or
TEMPLATES; a function that cannot be called is a fault of the test (test_everything_can_be_called)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from support.border_values import COLUMNS_OF_TYPE, LETTERS, columns
from support.known_differences import difference_of
from support.probe import Function, concrete

NUMBERS = ("smallint", "int", "bigint", "real", "double precision", "numeric")
ZONES = ["UTC", "Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Africa/Monrovia", "+02", "-05:30", "EST5EDT"]

# Where the arguments of a type are to come from, by the function's name and the argument's number; of a cast, by its types. Several: one is drawn.
ARGUMENTS: dict[tuple[str, int], list[str]] = {
    ("text AS boolean", 0): ["t_boolean"],
    ("text AS int", 0): ["t_int"],
    ("text AS bigint", 0): ["t_bigint", "t_int"],
    ("text AS smallint", 0): ["t_smallint"],
    ("text AS numeric", 0): ["t_numeric", "t_float"],
    ("text AS uuid", 0): ["t_uuid"],
    ("text AS real", 0): ["t_float"],
    ("text AS double precision", 0): ["t_float"],
    ("text AS timestamptz", 0): ["t_time"],
    ("text AS date", 0): ["t_date"],
    ("text AS time", 0): ["t_clock"],
    ("text AS timestamp", 0): ["t_local"],
    ("text AS interval", 0): ["t_interval"],
    ("text AS bytea", 0): ["t_bytes"],
    ("substr", 1): ["i_small", "i_small", "i1"],
    ("substr", 2): ["i_length", "i_length", "i2"],
    ("substring", 1): ["i_small", "i_small", "i1"],
    ("substring", 2): ["i_length", "i_length", "i2"],
    ("split_part", 2): ["i_small", "i1"],
    ("repeat", 1): ["i_small"],
    ("lpad", 1): ["i_small", "i_length"],
    ("rpad", 1): ["i_small", "i_length"],
    ("left", 1): ["i_small", "i_small", "i1"],
    ("right", 1): ["i_small", "i_small", "i1"],
    ("overlay", 2): ["i_small", "i_length"],
    ("overlay", 3): ["i_small", "i_length"],
    ("chr", 0): ["i_code"],
    ("encode", 1): ["t_encoding"],
    ("decode", 0): ["t_encoded"],
    ("decode", 1): ["t_encoding"],
    **{(name, 0): ["i_year"] for name in ("make_timestamptz", "make_timestamp", "make_date")},
    **{(name, 1): ["i_month"] for name in ("make_timestamptz", "make_timestamp", "make_date")},
    **{(name, 2): ["i_day", "i_length"] for name in ("make_timestamptz", "make_timestamp", "make_date")},
    **{(name, 3): ["i_hour", "i_length"] for name in ("make_timestamptz", "make_timestamp")},
    **{(name, 4): ["i_minute", "i_length"] for name in ("make_timestamptz", "make_timestamp")},
    **{(name, 5): ["d_seconds"] for name in ("make_timestamptz", "make_timestamp")},
    ("make_timestamptz", 6): ["t_zone"],
    ("to_date", 0): ["t_date"],
    ("make_time", 0): ["i_hour", "i_length"],
    ("make_time", 1): ["i_minute", "i_length"],
    ("make_time", 2): ["d_seconds"],
    **{("make_interval", number): ["i_small", "i_length", "i_year"] for number in range(6)},
    ("make_interval", 6): ["d_seconds", "d2"],
    ("timezone", 0): ["t_zone", "v_offset"],
    ("date_trunc", 2): ["t_zone"],
    **{(f"date {sign} int", 1): ["i_small", "i_year", "i1"] for sign in "+-"},
    **{(f"int {sign} date", 0): ["i_small", "i_year", "i1"] for sign in "+-"},
    ("interval * double precision", 1): ["d_unit", "d_positive", "d2"],
    ("double precision * interval", 0): ["d_unit", "d_positive", "d2"],
    ("interval / double precision", 1): ["d_positive", "d_unit", "d2"],
    ("date_bin", 0): ["v_stride"],
    ("asin", 0): ["d_unit", "d1"],
    ("acos", 0): ["d_unit", "d1"],
    ("atanh", 0): ["d_unit", "d1"],
    ("asind", 0): ["d_unit", "d1"],
    ("acosd", 0): ["d_unit", "d1"],
    ("width_bucket", 3): ["i_buckets", "i_buckets", "i1"],
    **{("width_bucket", number): ["n_small", "n_small", "n_small", f"n{number + 1}"] for number in range(3)},
    **{(name, 0): ["d_positive", "d_positive", "d1", "n_positive", "n_positive", "n_positive", "n1"] for name in ("power", "pow", "^", "acosh", "ln", "log", "log10", "sqrt")},
    **{(name, 1): ["d_positive", "d2", "n_exponent", "n_exponent", "n2"] for name in ("power", "pow", "^")},
    ("log", 1): ["n_positive"],
    ("exp", 0): ["n_small", "n_exponent", "n1", "d1"],
    ("factorial", 0): ["l_small"],
    ("to_number", 0): ["t_number"],
    ("to_char", 0): ["i_code", "i1", "l1", "d_seconds", "d1", "r1", "n_small", "n1"],
    **{(name, 1): ["i_small", "i_small", "i1"] for name in ("round", "trunc")},
    ("text AS jsonb", 0): ["t_json"],
    ("text AS text[]", 0): ["t_array"],
    ("text AS int[]", 0): ["t_array_int"],
    ("text AS double precision[]", 0): ["t_array_double"],
    ("text AS jsonb[]", 0): ["t_array_json"],
    ("jsonb AS boolean", 0): ["j_boolean"],
    **{(f"jsonb AS {type}", 0): ["j_number"] for type in ("smallint", "int", "bigint", "real", "double precision", "numeric")},
    ("jsonb_array_length", 0): ["j_array"],
    **{(operator, 0): ["j_object", "j_object", "j_array", "j1"] for operator in ("->", "->>", "#>", "#>>", "?", "?|", "?&", "#-", "jsonb_extract_path", "jsonb_extract_path_text")},
    **{(operator, 1): ["t_key", "i_index"] for operator in ("->", "->>")},
    **{(operator, 1): ["at_path", "at_path", "at1"] for operator in ("#>", "#>>", "#-", "?|", "?&")},
    **{(name, 1): ["t_key"] for name in ("?", "jsonb_extract_path", "jsonb_extract_path_text")},
    ("[]", 1): ["i_index", "i_small"],
    ("[:]", 1): ["i_index", "i_small"],
    ("[:]", 2): ["i_index", "i_small"],
    ("trim_array", 1): ["i_dimension", "i_index"],
    **{(name, 1): ["i_dimension"] for name in ("array_length", "array_upper", "array_lower")},
    ("array_position", 2): ["i_index"],
    **{(name, 1): ["i_index"] for name in ("array_position", "array_positions", "array_remove", "array_replace")},
    **{(f"{sign} {word}", 0): ["i_index"] for sign in ("=", "<>", "<", "<=", ">", ">=") for word in ("any", "all")},
    **{("string_to_array", at): ["t_separator"] for at in (1, 2)},
    **{(operator, 1): ["i_small", "i1"] for operator in ("<<", ">>")},
}

# These make a text as long as they are told to: nested, too, they are told to make a short one.
LENGTHS = {("repeat", 1), ("lpad", 1), ("rpad", 1)}

# The text literals that an argument takes which must be one. All of them are tried.
PARTS = ["year", "month", "day", "hour", "minute", "second", "milliseconds", "microseconds", "epoch", "dow", "isodow", "doy", "week", "isoyear", "quarter",
         "decade", "century", "millennium", "julian", "timezone", "timezone_hour", "timezone_minute"]  # fmt: skip
UNITS = ["microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century", "millennium"]
DATE_PARTS = ["year", "month", "day", "epoch", "dow", "isodow", "doy", "week", "isoyear", "quarter", "decade", "century", "millennium", "julian"]
CLOCK_PARTS = ["hour", "minute", "second", "milliseconds", "microseconds", "epoch"]
INTERVAL_PARTS = ["year", "month", "day", *CLOCK_PARTS, "quarter", "decade", "century", "millennium"]
# By the function's signature, or else by its name.
CONSTANTS: dict[str, list[str]] = {
    "extract(text, date)": DATE_PARTS,
    "date_part(text, date)": [*DATE_PARTS, *CLOCK_PARTS],
    "extract(text, time)": CLOCK_PARTS,
    "date_part(text, time)": CLOCK_PARTS,
    "extract(text, interval)": INTERVAL_PARTS,
    "date_part(text, interval)": INTERVAL_PARTS,
    "extract(text, timestamp)": PARTS[:-3],
    "date_part(text, timestamp)": [*PARTS[:-3], "years", "mons", "hrs", "mins", "usecs", "msec", "c", "MILLENNIA"],
    "date_trunc(text, interval)": [*(unit for unit in UNITS if unit != "week"), "days", "decs", "y"],
    "to_char(interval, text)": ["YYYY-MM-DD HH24:MI:SS", "HH12:MI:SS.MS US", "FMDDD|DDD FMHH24:FMMI", '"for" HH AM|pm'],
    "extract": PARTS,
    "date_part": PARTS,
    "date_trunc": UNITS,
    "to_date": ["YYYY-MM-DD"],
    "to_char": ["YYYY-MM-DD HH24:MI:SS", "FMDay, FMDD Mon YY, HH12:MI AM", "US MS DDD", "MONTH|Month|month|Dy", '"at" HH:MI am', "FMMM/FMDD/YYYY"],
    "to_number": ["999999", "S9999.99", "9,999.99", "99G999D9S", "MI999.9", "FM999.999", "99V99", "L999.99", "999th", "SG9999.99", "PL99.9", "9999.99PR", "0009"],
    "to_timestamp": ["YYYY-MM-DD"],
    "convert_from": ["UTF8"],
    "convert_to": ["UTF8"],
    "normalize": ["NFC", "NFD", "NFKC", "NFKD"],
    "is_normalized": ["NFC", "NFD", "NFKC", "NFKD"],
}

# Where PostgreSQL has a syntax of its own, or names that are reserved.
TEMPLATES: dict[str, str] = {
    "extract": "extract({0} FROM {1})",
    "position": "position({1} IN {0})",
    "normalize": '"normalize"({arguments})',
    "overlay": '"overlay"({arguments})',
    "[]": "({0})[{1}]",
    "[:]": "({0})[{1}:{2}]",
    **{f"{sign} {word}": f"({{0}} {sign} {word.upper()} ({{1}}))" for sign in ("=", "<>", "<", "<=", ">", ">=") for word in ("any", "all")},
}

# What each connective takes as its last argument may fail: PostgreSQL does not evaluate it where the others decide.
LAZY = {"and", "or"}
CALLS = 2  # At least so many of each, on different columns.


@dataclass(frozen=True)
class Call:
    function: Function
    text: str


def argument_key(function: Function) -> str:
    return f"{function.arguments[0]} AS {function.result}" if function.kind == "cast" else function.name


def operator_of(function: Function) -> str:
    """With its types: "date + int"."""
    return f" {function.name} ".join(function.arguments) if function.kind == "operator" and len(function.arguments) == 2 else ""


def spelled(function: Function, arguments: list[str]) -> str:
    if function.kind == "cast":
        return f"cast({arguments[0]} AS {function.result})"
    if function.name in TEMPLATES:
        return TEMPLATES[function.name].format(*arguments, arguments=", ".join(arguments))
    if function.kind == "function":
        return f"{function.name}({', '.join(arguments)})"
    if len(arguments) == 1:
        return f"({arguments[0]} {function.name})" if function.name.startswith("is ") else f"({function.name} {arguments[0]})"
    return f"({f' {function.name} '.join(arguments)})"


def types_of(function: Function, chance: random.Random) -> list[str]:
    """A variadic function's last argument some times more."""
    types = list(function.arguments)
    if function.name in ("jsonb_build_array", "jsonb_build_object"):  # They take values of any types; keys of all but some.
        count = chance.randint(1, 3) * len(types)
        return [chance.choice([type for type in LETTERS if not (is_key(function, at) and (type.endswith("[]") or type == "jsonb"))]) for at in range(count)]
    return types + types[-1:] * chance.randint(0 if len(types) > 1 or function.kind == "function" else 1, 3) if function.variadic else types


def is_key(function: Function, at: int) -> bool:
    return function.name == "jsonb_build_object" and at % 2 == 0


def column(function: Function, number: int, type: str, first: int, chance: random.Random) -> str:
    """`first`: the column of the first argument. Those behind it are other ones."""
    last = len(function.arguments) - 1
    place = min(number, last)
    named = [name for key in (argument_key(function), operator_of(function)) for name in ARGUMENTS.get((key, place), []) if columns()[name] == type]
    return f"p.{chance.choice(named) if named else f'{LETTERS[type]}{(number + first) % COLUMNS_OF_TYPE + 1}'}"


# Patterns of numbers: to_char has others for times.
NUMBER_PATTERNS = ["999999", "999", "0000", "9990.00", "9.99", "FM999.99", "FM990.990", "FM0.9", "S999.9", "999.9S", "S9", "999S", "MI9999", "9999MI", "PL999", "SG999.9",
                   "9999.9PR", "FM9999.9PR", "999,999,999", "9G999D99", "99V99", "RN", "FMRN", "rn", "9999TH", "999th", "L99.9", "9.99EEEE", "9EEEE", "B999", "99999999999999999999.9999999999",
                   "0999.9990", "000.0S", '9 \\"a\\" 9', '"x"99"é"', "FM09.9", "9999999999999999.999", ".99", "FM.99", "00.00PL", "SG0", "V9", "FM", "S0099,99"]  # fmt: skip


def constants(function: Function) -> list[str]:
    if function.constant is None:
        return [""]
    if function.name == "to_char" and function.arguments[0] in NUMBERS:
        return [f"'{pattern}'" for pattern in NUMBER_PATTERNS]
    written = [constant.replace("'", "''") for constant in CONSTANTS.get(function.signature) or CONSTANTS[function.name]]
    return [constant if function.name == "extract" else f"'{constant}'" for constant in written]


def calls(function: Function) -> list[Call]:
    """On columns, with every constant."""
    chance = random.Random(f"calls of {function.signature}")
    found: dict[str, None] = {}
    given = constants(function)
    for number in range(max(CALLS, len(given)) * 8):
        if len(found) >= max(CALLS, len(given)):
            break
        first = chance.randrange(COLUMNS_OF_TYPE)
        arguments = [column(function, at, type, first, chance) for at, type in enumerate(types_of(function, chance))]
        if function.constant is not None:
            arguments[function.constant] = given[number % len(given)]
        found[spelled(function, arguments)] = None
    return [Call(function, text) for text in found]


class Nested:
    """Expressions of any depth out of all that there is."""

    def __init__(self, seed: str) -> None:
        self.chance = random.Random(f"nested {seed}")
        self.by_result: dict[str, list[Function]] = {}
        for function in concrete():
            difference = difference_of(function)
            # Without arguments it is a constant, and what cannot be computed of constants alone is a fault of the pipeline.
            if function.arguments and not function.volatile and (difference is None or difference.in_nested):
                self.by_result.setdefault(function.result, []).append(function)

    def __iter__(self) -> Iterator[str]:
        while True:
            yield self.of_type(self.chance.choice(list(LETTERS)), 3)

    def of_type(self, type: str, depth: int) -> str:
        drawn = self.chance.random()
        if depth == 0 or drawn < 0.1 or type not in self.by_result:
            return f"p.{LETTERS[type]}{self.chance.randint(1, COLUMNS_OF_TYPE)}"
        if drawn < 0.17:
            condition = self.of_type("boolean", depth - 1)
            return f"CASE WHEN {condition} THEN {self.of_type(type, depth - 1)} ELSE {self.of_type(type, depth - 1)} END"
        # By name first: comparisons, which have many signatures, would be most of them.
        named: dict[str, list[Function]] = {}
        for function in self.by_result[type]:
            named.setdefault(function.name, []).append(function)
        return self.call(self.chance.choice(named[self.chance.choice(list(named))]), depth - 1)

    def call(self, function: Function, depth: int) -> str:
        types = types_of(function, self.chance)
        arguments = []
        for at, type in enumerate(types):
            if at == function.constant:
                arguments.append(self.chance.choice(constants(function)))
            elif (key := (argument_key(function), min(at, len(function.arguments) - 1))) in ARGUMENTS and (key in LENGTHS or self.chance.random() < 0.8):
                arguments.append(column(function, at, type, 0, self.chance))
            else:
                arguments.append(self.of_type(type, 0 if function.name in LAZY and at < len(types) - 1 else depth))
        return spelled(function, arguments)
