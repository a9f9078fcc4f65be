"""Rows of values at the borders of their types and between them, for expressions to meet each other on.

A column is named by a letter for its type and a number: i1, i2, i3 are ints. Columns with a name of their own have what a certain
argument takes (tests/support/calls.py): numbers as text, say."""

from __future__ import annotations

import functools
import random
import uuid
from decimal import Decimal

from support.expressions import BIGINT, BOOLEAN, DOUBLE, INT, REAL, TEXT, TIME

BYTES, JSON, SMALLINT, NUMERIC, UUID = "bytea", "jsonb", "smallint", "numeric", "uuid"
DATE, CLOCK, LOCAL, INTERVAL = "date", "time", "timestamp", "interval"
INTS, TEXTS, DOUBLES, JSONS = "int[]", "text[]", "double precision[]", "jsonb[]"
ROWS = 1000
LETTERS = {BOOLEAN: "b", INT: "i", BIGINT: "l", REAL: "r", DOUBLE: "d", TEXT: "t", BYTES: "y", TIME: "z", JSON: "j", DATE: "e", CLOCK: "c", LOCAL: "w", INTERVAL: "v",
           SMALLINT: "h", NUMERIC: "n", UUID: "u",
           INTS: "ai", TEXTS: "at", DOUBLES: "ad", JSONS: "aj"}
COLUMNS_OF_TYPE = 3
SECOND, DAY = 1_000_000, 86_400_000_000
INFINITE = {2**63 - 1: "infinity", -(2**63): "-infinity"}  # As microseconds since 1970.

def local_text(micros: int, zone: str = "") -> str:
    """As PostgreSQL reads it. Python's own calendar ends with the years 1 and 9999."""
    if micros in INFINITE:
        return INFINITE[micros]
    days, rest = divmod(micros, DAY)
    cycles, days = divmod(days + 719_468, 146_097)  # Of 400 years from 0000-03-01 on.
    year = (days - days // 1460 + days // 36_524 - days // 146_096) // 365
    day = days - (365 * year + year // 4 - year // 100)
    month = (5 * day + 2) // 153
    day = day - (153 * month + 2) // 5 + 1
    year += 400 * cycles + (month >= 10)
    month = month + 3 if month < 10 else month - 9
    seconds, fraction = divmod(rest, SECOND)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:06}{zone}"
    return f"{year if year > 0 else 1 - year:04}-{month:02}-{day:02} {clock}{'' if year > 0 else ' BC'}"


def time_text(micros: int) -> str:
    return local_text(micros, "+00")


# As microseconds since 1970.
TIMES = [
    0, -1, 1, 999_999, -SECOND, 59 * SECOND, DAY, -DAY,
    951_782_400 * SECOND, 951_868_799_999_999, 1_709_164_800 * SECOND, 1_709_251_199_999_999, -2_203_891_200 * SECOND,  # Leap days and none.
    1_704_067_199_999_999, 1_704_067_200 * SECOND, 1_735_516_800 * SECOND, 1_104_537_600 * SECOND,  # Years and their ISO weeks.
    1_711_846_799_999_999, 1_711_846_800 * SECOND, 1_711_850_400 * SECOND, 1_729_989_000 * SECOND, 1_729_990_800 * SECOND,  # Clocks in Europe change.
    1_711_852_200 * SECOND, 1_729_996_200 * SECOND, 1_729_994_400 * SECOND, 1_729_998_000 * SECOND,  # As its own clocks show it: skipped, and twice.
    1_710_053_999_999_999, 1_710_054_000 * SECOND, 1_730_611_800 * SECOND, 1_730_613_600 * SECOND,  # And in America.
    -2_208_988_800 * SECOND, -2_717_640_000 * SECOND, -5_364_662_400 * SECOND, 2_147_483_647 * SECOND, 2_147_483_648 * SECOND, 4_102_444_800 * SECOND,
    -62_135_596_800 * SECOND, -62_135_596_800 * SECOND - 1, -62_167_219_200 * SECOND, -62_167_219_201 * SECOND, -65_000_000_000 * SECOND,
    -63_549_792_000 * SECOND, -93_724_128_000 * SECOND, -210_866_803_200 * SECOND, -210_834_316_800 * SECOND, 253_402_300_799_999_999, 253_402_300_800 * SECOND,
    9_212_000_000_000 * SECOND,  # 34 years longer there are times in PostgreSQL, but not here.
    *INFINITE,
]  # fmt: skip
BORDERS = {
    BOOLEAN: ["true", "false"],
    INT: [0, 1, -1, 2, -2, 3, 7, 31, 32, 33, -31, -32, 63, 64, 100, 46340, 46341, 65536, 16777217, 2147483646, 2147483647, -2147483647, -2147483648],
    SMALLINT: [0, 1, -1, 2, -2, 3, 7, 15, 16, 17, 31, 32, 100, 181, 182, -181, 255, 256, 16384, 32766, 32767, -32767, -32768],
    # Ties of rounding, scales, many digits, and what other types hold last.
    NUMERIC: ["0", "0.0", "0.000", "1", "-1", "1.0", "-1.00", "0.5", "-0.5", "1.5", "2.5", "-2.5", "0.05", "0.45", "0.005", "-0.015", "9.5", "99.995", "0.1", "0.3", "1e-5",
              "3.14159265358979323846", "2.718281828459045", "10", "100", "1000.50", "9999", "10000", "10001", "0.0001", "0.00009999", "32767.4", "32767.5", "-32768.5", "2147483647.5",
              "2147483647.4", "-2147483648.5", "9223372036854775807", "9223372036854775807.5", "-9223372036854775808.4", "1234567890123456789.123456789", "1e18",
              "12345678901234567890123456789012345678", "-99999999999999999999999999999999999999", "0.99999999999999999999999999999999999999", "1e-30", "-1e-38",
              "1.00000000000000000001", "16777217", "9007199254740993", "NaN", "Infinity", "-Infinity"],
    UUID: ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12",
           "7fffffff-0000-4000-8000-000000000000", "80000000-0000-4000-8000-000000000000"],
    BIGINT: [0, 1, -1, 2, -2, 31, 32, 63, 64, -64, 2147483647, 2147483648, -2147483648, -2147483649, 3037000499, 3037000500, 4294967296,
             9007199254740993, 9223372036854775806, 9223372036854775807, -9223372036854775807, -9223372036854775808],
    REAL: ["0", "-0", "1", "-1", "0.5", "1.5", "2.5", "-0.5", "-1.5", "-2.5", "0.1", "0.3", "3.1415927", "16777216", "16777218", "2147483520",
           "2147483648", "-2147483648", "9.223372e+18", "-9.223372e+18", "3.4028235e+38", "-3.4028235e+38", "1e-45", "-1e-45",
           "1.1754944e-38", "1.17549421e-38", "NaN", "Infinity", "-Infinity"],
    DOUBLE: ["0", "-0", "1", "-1", "0.5", "1.5", "2.5", "-0.5", "-1.5", "-2.5", "0.1", "0.3", "0.49999999999999994", "3.141592653589793",
             "1.5707963267948966", "30", "45", "60", "90", "180", "-270", "360", "709.78", "710", "-745.13", "-746", "2147483647.5",
             "-2147483648.5", "2147483648", "4503599627370497.5", "9007199254740993", "9.223372036854775e+18", "9223372036854775808",
             "-9223372036854775808", "1e+15", "1e+22", "1e-5", "0.0001", "1e+154", "1e-160", "1e+155", "3.4028235677973366e+38", "7e-46", "1.7976931348623157e+308",
             "-1.7976931348623157e+308", "5e-324", "-5e-324", "2.2250738585072014e-308", "NaN", "Infinity", "-Infinity"],
    TEXT: ["", "a", "A", "b", "a ", " a", "\t", "é", "e\u0301", "日本", "日本語テキスト", "\uffff", "𝄞", "a𝄞b", "ß", "İ", "ı", "ﬁ", "Σς", "ǆ", "👩\u200d👩\u200d👧", "🇨🇭", "abc",
           "aaa", "ababab", "a,b,,c", ",", "xyxtrimyyx", "A\tb\nc\rd", "O'Neil", "a\\b", "%", "_", "a%b_c", ".*", "10", "-7", "ABCabc", "Hello, World",
           "the quick-brown fox's 2nd", "ZÜRICH über", "\u00a0nbsp\u00a0", "\u2028", "/a/b?c=d&e=f#g"],
    BYTES: [r"\x", r"\x00", r"\xff", r"\x5c", r"\x616263", r"\xc3a9", r"\x61c3", r"\xf09d849e", r"\x000102030405060708090a0b0c0d0e0f", r"\xdeadbeef"],
    JSON: ["null", "true", "false", "0", "1", "1.0", "-0.0", "1.50", "1e2", "-1.5E-3", "12e+3", '"x"', '"a"', '""', "{}", "[]", "[[]]", "[{}]", '{"a": 1}', '{ "a" :1,"a":2 }',
           '{"b":1,"a":2,"aa":3,"é":4,"":5}', '{"a": {"b": [1, "é", null]}}', '{"a":{"b":{"a":"deep"}},"b":null}', "[1, 2]", "[1,[2,3],{\"a\":[]}]", '["a","b","a"]', '"\\u00e9\\ud834\\udd1e\\n\\"\\\\\\/"',
           '{"k\\u0061":"\\t", "ka":1}', "[" * 40 + "]" * 40, '{"a":' * 20 + "1" + "}" * 20, "123456789012345678901234567890.5", "1e50", "9223372036854775807", "2147483648", '{"a":"1","b":"x y","bb":[true,false,null]}',
           '[null]', '[1.00]', '["x",1]', '{"a":[{"b":1},{"b":2}]}', '\t[ 1 , 2 ]\n'],
    INTS: ["{}", "{1}", "{NULL}", "{1,2,3}", "{3,2,1}", "{1,NULL,3}", "{2,2,2}", "{0}", "{-1,0,1}", "{2147483647,-2147483648}", "{1,2}", "{1,2,3,4,5,6,7,8,9,10,11,12}", "{NULL,NULL}"],
    TEXTS: ["{}", "{a}", "{NULL}", '{"NULL"}', '{""}', "{a,b}", "{b,a}", '{"a b","c,d"}', '{"\\"","\\\\"}', "{a,NULL,b}", "{é,日本,𝄞}", '{"{}"," x","y "}', "{a,a,a}", "{A,a}", '{"\t","\n"}', "{null,Null}", "{a,b,ab,abc}"],
    DOUBLES: ["{}", "{0}", "{-0}", "{NaN}", "{1.5,NULL}", "{Infinity,-Infinity}", "{1e+300,5e-324}", "{0.1,0.2,0.30000000000000004}", "{1,2,3}", "{NaN,1}", "{1}"],
    JSONS: ["{}", "{NULL}", "{null}", '{"{\\"a\\": 1}"}', "{1,1.0}", '{"[1, 2]","\\"x\\"",true}', "{true,false,NULL}", '{"{}","[]"}'],
    TIME: TIMES,
    LOCAL: [local_text(micros) for micros in TIMES],
    DATE: ["1970-01-01", "1969-12-31", "2000-02-29", "2024-02-29", "2024-01-31", "2023-03-31", "2024-03-31", "2024-12-31", "2025-01-01", "2021-01-03", "2020-12-31", "1900-02-28",
           "1999-12-31", "2000-01-01", "2001-01-01", "0001-01-01", "0001-12-31 BC", "0044-03-15 BC", "0005-02-29 BC", "4714-11-24 BC", "4713-01-01 BC", "9999-12-31", "10000-01-01",
           "293900-12-31", "5874897-12-31", "infinity", "-infinity"],
    CLOCK: ["00:00:00", "24:00:00", "23:59:59.999999", "00:00:00.000001", "12:00:00", "11:59:59.5", "13:05:09", "00:59:00", "01:00:00.123456", "10:15:30.999999"],
    INTERVAL: ["00:00:00", "00:00:00.000003", "-00:00:00.000001", "1 day", "-1 days", "24:00:00", "1 mon", "-1 mons", "30 days", "31 days", "1 year", "-1 years", "11 mons", "12 mons 1 day",
               "1 mon -1 days", "-1 mons +1 day", "1 day -00:00:01", "-1 days +23:59:59", "1 year -1 days +10:00:00.5", "-1 years -2 mons +3 days -04:05:06.789", "02:00:00", "-05:30:00", "36:00:00", "59:59:59.999999",
               "100:00:00", "400 years", "-400 years", "5 days 12:00:00", "7 days", "0.5 sec", "15 mins", "1000 years -1000000 days"],
}  # fmt: skip


def an_array(chance: random.Random, elements: list) -> str:
    return "{" + ",".join(str(chance.choice(elements)) for _ in range(chance.randint(0, 6))) + "}"


def some_json(chance: random.Random, depth: int = 3) -> str:
    drawn = chance.random()
    if depth == 0 or drawn < 0.4:
        return chance.choice(["null", "true", "false", "0", "1", "-7", "1.25", "2.50", "3e1", '"a"', '"b"', '"x"', '""', '"é"', '"1"', '"\\u0041"', '"q\\"\\\\"'])
    if drawn < 0.65:
        return "[" + chance.choice([",", ", "]).join(some_json(chance, depth - 1) for _ in range(chance.randint(0, 4))) + "]"
    keys = ["a", "b", "bb", "é", "x", "1", "c d", "\\u0061"]
    return "{" + ",".join(f'"{chance.choice(keys)}"{chance.choice([":", ": "])}{some_json(chance, depth - 1)}' for _ in range(chance.randint(0, 4))) + "}"


def some_text(chance: random.Random) -> str:
    words = ["a", "b", "ab", "abc", "x", "Y", "é", "ü", "日", "𝄞", " ", " ", ",", ";", "-", "1", "22", "_", ".", "/", "fox", "Dog", "É"]
    return "".join(chance.choice(words) for _ in range(chance.randint(1, 9)))


def some_numeric(chance: random.Random, digits: int, scale: int) -> str:
    return str(Decimal(chance.randrange(-(10**digits), 10**digits)).scaleb(-chance.randint(0, scale)))


BETWEEN = {
    BOOLEAN: lambda chance: chance.choice(["true", "false"]),
    INT: lambda chance: chance.choice([chance.randint(-20, 20), chance.randint(-20, 20), chance.randint(-40_000, 40_000)]),
    BIGINT: lambda chance: chance.choice([chance.randint(-40, 40), chance.randint(-40_000, 40_000), chance.randint(-(2**40), 2**40)]),
    SMALLINT: lambda chance: chance.choice([chance.randint(-20, 20), chance.randint(-20, 20), chance.randint(-400, 400)]),
    NUMERIC: lambda chance: chance.choice([some_numeric(chance, 6, 4), some_numeric(chance, 6, 4), some_numeric(chance, 3, 2), some_numeric(chance, 18, 18), some_numeric(chance, 30, 30)]),
    UUID: lambda chance: str(uuid.UUID(int=chance.getrandbits(128))),
    # As many digits as say the number exactly; -0.0 is none of them.
    REAL: lambda chance: f"{chance.choice([chance.randint(-8000, 8000) / 64, chance.randint(1, 100) / 8])}".removesuffix(".0"),
    DOUBLE: lambda chance: repr(chance.choice([chance.uniform(-3, 3), chance.uniform(0, 40), chance.uniform(-1, 1), float(chance.randint(-400, 400))])),
    TEXT: some_text,
    BYTES: lambda chance: "\\x" + bytes(chance.choice(b"abcxyz ,09\\'") for _ in range(chance.randint(0, 12))).hex(),
    JSON: some_json,
    INTS: lambda chance: an_array(chance, ["NULL", 0, 1, 2, 3, 4, 5, -1, 100]),
    TEXTS: lambda chance: an_array(chance, ["NULL", "a", "b", "ab", "x", '"a b"', "é", "1", '"\\\\"']),
    DOUBLES: lambda chance: an_array(chance, ["NULL", "0", "1", "1.5", "-2", "NaN", "0.1"]),
    JSONS: lambda chance: an_array(chance, ["NULL", "1", "1.0", "true", "null", '"\\"a\\""', '"[1, 2]"', '"{\\"a\\": null}"']),
    DATE: lambda chance: local_text(chance.randint(-20_000, 40_000) * DAY)[:10],
    CLOCK: lambda chance: local_text(chance.randrange(0, DAY, chance.choice([1, SECOND, 60 * SECOND])))[11:],
    LOCAL: lambda chance: local_text(chance.randint(1_600_000_000, 1_800_000_000) * SECOND + chance.choice([0, 0, 500_000, 123_456, 999_999])),
    INTERVAL: lambda chance: f"{chance.choice([0, 0, chance.randint(-40, 40)])} mons {chance.choice([0, chance.randint(-80, 80)])} days {chance.randint(-200_000, 200_000)}.{chance.choice([0, 0, 5, 123456, 999999])} seconds",
    TIME: lambda chance: chance.randint(1_600_000_000, 1_800_000_000) * SECOND + chance.choice([0, 0, 500_000, 123_456, 999_999]),
}  # fmt: skip

# What text columns have whose values a cast or a function is to take. Some of it is none.
WORDS = {
    "t_boolean": ["true", "t", "TRUE", " yes ", "y", "on", "1", "false", "f", "no", "off", "of", "o", "0", "n", "fals", "tru", "2", "maybe", "", "\tTrue\n"],
    "t_int": ["0", "1", "-1", "42", "  12 ", "+5", "-0", "007", "2147483647", "-2147483648", "2147483648", "\t7\n", "77", "-8", "900", " 31", "1000000", "+0", "1e3", "1.0", "x", "", "-", "+-1", "1 2", "１"],
    "t_bigint": ["0", "-1", "42", " 12", "+5", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "4294967296", "000", "1.5", "x", ""],
    "t_float": ["0", "-0", "1.5", "-2.25", ".5", "5.", "1e3", "1E-3", "  2.5  ", "+1.25", "NaN", "nan", "inf", "-Infinity", "+inf", "3.4028235e38", "1e-44", "123456789.123456789",
                "0.1", "16777217", "1e39", "1e-60", "1e400", "1e-400", "x", "", "1e", "e5", "-", "1,5", "1_0"],
    "t_smallint": ["0", "1", "-1", " 12 ", "+5", "32767", "-32768", "32768", "007", "77", "1e3", "1.0", "x", ""],
    "t_numeric": ["0", "-0", "0.00", "1.50", "-2.250", ".5", "5.", "1e3", "1.50e1", "1.5E-3", "  2.5  ", "+1.25", "NaN", "nan", "inf", "-Infinity", "+inf", "123456789.123456789",
                  "12345678901234567890123456789012345678", "0.00000000000000000000000000000000000001", "1e37", "00012.3400", "x", "", "1e", "e5", "-", "1,5", "1_0", "-NaN", ".", "1e+", "--1"],
    "t_number": ["0", "1", "-1", "12", "-12", "123.45", "-123.45", " 1,234.5", "12-", "12.5-", "+7", "<12>", "<5.5>", "1st", "$12.5", "99.999", "1 2", "007", "123456789", "-.5", ".5", "5.", "12,34", "1e5", "x", "", "  ", "--1", "é1", "1234-", "+ 5"],
    "t_uuid": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "{a0eebc999c0b4ef8bb6d6bb9bd380a11}", "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "a0eebc999c0b4ef8bb6d6bb9bd380a11", "x", "", "a0eebc99"],
    "t_time": ["2024-02-29", "2024-03-03 10:15:00", "2024-03-03T10:15:30.25Z", "2024-03-03 10:15:30.123456+02:00", "2024-03-03 10:15:30.1234567-05:30",
               "1969-12-31 23:59:59.999999+00", "0001-01-01", "9999-12-31 23:59:59+00", "1900-02-28T00:00", " 2024-03-03 ", "2023-02-29", "2024-13-01", "2024-04-31", "x", "", "infinity", " -Infinity\t", "inf", "+infinity"],
    "t_date": ["2024-02-29", "2024-3-3", "2024/03/03", "20240303", "0044-03-15 BC", "4714-11-24 BC", "4714-11-23 BC", "5874897-12-31", "5874898-01-01", "10000-01-01", "2024-03-03 10:15:00", "2024-03-03T10:15:30.25Z",
               "2024-03-03 25:00", " 2024-03-03 ", "2023-02-29", "2024-13-01", "2024-04-31", "0000-01-01", "1900-02-29", "2000-02-29 AD", "", "x", "2024-", "2024-03", "2024-02-30 BC", "infinity", " -INFINITY ", "infin", "infinityx"],
    "t_clock": ["10:15", "10:15:30", "10:15:30.123456", "10:15:30.1234567", "10:15:30.9999999", "24:00:00", "24:00:01", "23:59:60", "23:59:60.5", "10:15 PM", "12:00 am", "12:30pm", "13:00 PM", "1:2:3", " 10:15:30 ",
                "10:15:30+02", "10:15:30 -05:30", "10:15Z", "00:00:00.0000005", "25:00", "10:60", "10:15:61", "x", "", "10", "10:", "10:15:30.5"],
    "t_local": ["2024-02-29", "2024-03-03 10:15:00", "2024-03-03T10:15:30.25Z", "2024-03-03 10:15:30.123456+02:00", "2024-03-03 10:15:30.1234567", "2024-03-03 23:59:59.9999999", "2024-12-31 24:00:00", "2024-03-03 10:15 PM",
                "0001-01-01 00:00:00", "0044-03-15 12:00:00 BC", "4714-11-24 00:00:00 BC", "4714-11-23 23:59:59 BC", "20240303 101500", "20240303T10:15", "12024-03-03 10:15:00", "1900-02-28T00:00", " 2024-03-03 ", "2023-02-29", "2024-13-01", "x", "",
                "2024-03-03 10:15:30-0800", "2024-03-03 10:15:60", "Infinity", "-infinity", "--infinity"],
    "t_interval": ["1 year 2 mons 3 days 04:05:06", "1-2", "-1-2", "1-2 3 4:05:06.7", "P1Y2M3DT4H5M6S", "P1Y2M3DT4H5M6.789S", "PT36H", "P3W", "P-1Y-2M", "P0001-02-03T04:05:06", "P00010203T040506", "P0001-02", "PT04:05:06", "PT040506", "P1.5Y", "P1.5M", "P0.5W", "PT1.5H", "P1Y2M3D4H", "P", "PT",
                   "@ 1 hour ago", "@ 1 year 2 mons ago", "3 weeks", "1.5 weeks", "1.5 days", "1.5 months", "0.7 months", "1.55 years", "-1.25 hours", "2 centuries", "1 decade 1 millennium", "0.1 century", "1.5 min", "90 s", "250 ms", "17 us", "1.7 us", "2.5 microseconds", "1.0005 milliseconds",
                   "1 day -1 hour", "1 day 2 hours 3 minutes 4 seconds", "1d2h", "1day2h", "1mon2d", "1y2m", "1d+2h", "- 1 day", "1 d 2 h", "5", "5.5", "-5", "+5", ".5", "-.5 day", "1 day 1 day", "1 2:03", "1 2:03:04", "2:03.5", "-2:03:04.5", "+2:03", "100:59:59", "1:60", "1:59:60", "1:59:61", "2 yrs 3 mons", "1 MON", "1 Month 1 DAY", "1,5 days", "1 day, 2 hours",
                   "", "x", "day", "1 fortnight", "infinity", "1 quarter", "2147483647 days", "2147483648 days", "178956970 years", "178956971 years", "-178956970 years -8 mons", "2562047788:00:54.775807", "2562047789:00:00", "9223372036854775807 us", "9223372036854775808 us", "153722867280 minutes 54.775807 seconds", "1 day ago ago", "1 day 12:00 1 hour",
                   "1 hour 5:00", "5:00 1 hour", "1 second 1 millisecond", "1.5 seconds 1 millisecond", "0.5 days 1:00", "1 day 0.5 days", "1e3 days", "1. days", "--1 day", "1 -2 days", "1-13", "0-11", "1-2-3", "1 day 2",
                   "5 ago", "1:00 ago", "1 day ago 2", "1 ago day", "ago", "1 day month", "1 day ago 2:03", "1 @ day", "1-2 ago", "P1Y ago", " P1Y", "p1y", "P1Y ", "1_000 days", "1/2 days", "1.2.3 days", "1 é", "5:6:7:8", "1:2.5:3", "1 day (2 hours)", "2024-01-01", "P1M2W3D", "PT1M2", "P1DT", "PT-1H-.5M", "P1e2D", "P.5D", "P1-2", "P1-2-3", "P1-2-3T4:5", "PT4", "P12", "PTT1H", "P-12345678", "P+1D", "1 day 2 days", "1 week 1 week", "1.5 1", "1 year 1.5", "1 us 1 ms 1 s", "1.5 s 1 us", "1 s 1 us", "-1 day 2:03", "+ 1 day", "-1:-2", "-1-2-3", "1--2", "1- 2", "1 - 2 days", "0x10 days", "1 epoch", "1 invalid", "1 timezone", "1 now"],
    "t_zone": ["UTC", "Europe/Zurich", "europe/zurich", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Africa/Monrovia", "+02", "-05:30", "EST5EDT", "Z", "CEST", "est", "PST", "GMT", "Etc/GMT+5", "UTC+3", "<+03>-3", "Pacific/Apia", "Europe/Dublin", "Antarctica/Troll"],
    "t_encoding": ["hex", "base64", "escape", "HEX", "Base64", "utf8"],
    "t_encoded": ["", "616263", "00ff", "YWJj", "w6k=", "6", "zz", "YW Jj", "abc", r"\\a", r"\000"],
    "t_bytes": [r"\x", r"\x00ff", r"\xDEADbeef", r"\x61 62", "abc", r"a\\b", r"\001\377", "", "é", r"\x6", r"\xzz", r"\9", "a\\"],
    "t_key": ["a", "a", "b", "bb", "é", "x", "", "1", "c d"],
    "t_separator": [",", ",", "", "b", "ab", " ", "a", "\u00e9"],
    "t_json": ["null", " true ", "1", "1.50", "-0", "1e3", "01", "1.", ".5", "+1", '"x"', "'x'", '"\\u00e9"', '"\\ud834"', '"\\u0000"', '"\\x"', "{}", '{"a":1,"b":[1,2]}', '{"a":1,}', '{"b":1,"a":2,"b":3}', "[1,2", "[]x", "nul", "", "1 2", '{"a" 1}', "[1e400]", "1e131072", "1e-16384", "1e-16383",
               '["\t"]', "{1:2}", "NaN"],
    "t_array": ["{}", "{a,b}", '{"a b",NULL,null}', " { a , b } ", "{a b}", '{"a"b}', "{a", "a,b", "{a,}", "{,}", "{{a},{b}}", "{{a}}", "[1:2]={a,b}", "[0:1]={a,b}", "{a}x", '{"\\"","\\\\"}', "{a\\,b}", '{""}', "{ }", "", '{a"b"}', "{\\ }", "{NULLx,\\NULL}", "{a\\}", "{}}"],
    "t_array_int": ["{}", "{1}", "{1,2,NULL}", "{ 1, -2 }", "{1.5}", "{x}", "{2147483648}", '{"1"}', "{1,}", "1", "{1}{"],
    "t_array_double": ["{}", "{1}", "{1.5,NULL}", "{NaN, Infinity}", "{x}", "{1e400}", "{1e-400}", "{-0}"],
    "t_array_json": ["{}", "{1}", "{NULL,null}", '{"{\\"a\\": 1}"}', "{x}", '{"[1,2]"}', "{true,1.50}"],
}  # fmt: skip

# The same for columns of other types.
OTHER_WORDS = {
    "at_path": (TEXTS, ["{a}", "{b}", "{a,b}", "{0}", "{-1}", "{a,0}", "{1,0}", "{}", "{NULL}", "{a,NULL}", "{a,b,a}", "{bb,1}", "{x}", "{+1}", '{" 0"}', "{a,x}", "{2147483648}", "{é}", "{-5}", "{a,0,b}"]),
    "j_number": (JSON, ["0", "1", "-1", "1.5", "2.5", "-0.5", "0.49", "-2.50", "1e2", "100", "32767.4", "32767.5", "2147483647", "2147483647.5", "-2147483648.5", "9223372036854775807", "9223372036854775807.5", "1e30", "1e-60", "0.1", "12345.6789", "7", "42", "null", '"1"', "true", "[1]"]),
    "j_boolean": (JSON, ["true", "false", "true", "false", "null", '"true"', "1", "[true]", "{}"]),
    "j_array": (JSON, ["[]", "[1]", "[1,2,3]", '["a","b","a"]', '[{"a":1},{"b":2}]', "[[1],[2]]", '["x",null,true,1.0]', '["a",{"a":[1,2,{"b":null}]}]', "{}", "1"]),
    "j_object": (JSON, ["{}", '{"a":1}', '{"a":1,"b":2}', '{"b":{"a":[1,2,3]},"a":{"b":"x"}}', '{"a":[{"b":1},{"b":2}],"x":null}', '{"bb":["x","y"],"é":true}', '{"a":null,"b":{"a":null,"b":[null,{"a":null}]}}', "[1]"]),
}  # fmt: skip

# Ints of a certain size, for arguments that a border would only make fail.
SMALL = {"i_small": (-3, 12), "i_length": (0, 40), "i_year": (1, 4000), "i_month": (1, 12), "i_day": (1, 28), "i_hour": (0, 23), "i_minute": (0, 59), "i_buckets": (1, 50), "i_code": (-1, 1100), "i_dimension": (0, 2), "i_index": (-3, 4)}
SMALL_BIGINT = {"l_small": (-2, 40)}
# Intervals of a certain kind.
SPANS = {
    "v_stride": ["15 minutes", "1 hour", "1 day", "7 days", "00:00:00.000001", "1 day 02:30:00", "00:00:00.333", "1 mon", "00:00:00", "-1 hours", "90 minutes", "365 days"],
    "v_offset": ["02:00:00", "-05:30:00", "00:00:00", "00:00:00.5", "-00:00:01.5", "14:00:00", "1 day", "1 mon", "100:00:00", "00:19:32"],
}  # fmt: skip
NULLS, AT_BORDERS = 0.04, 0.4  # Shares of all values.


@functools.cache
def columns() -> dict[str, str]:
    """Their types, by name."""
    found = {f"{letter}{number + 1}": type for type, letter in LETTERS.items() for number in range(COLUMNS_OF_TYPE)}
    found |= dict.fromkeys(WORDS, TEXT) | dict.fromkeys(SMALL, INT) | dict.fromkeys(SMALL_BIGINT, BIGINT) | dict.fromkeys(SPANS, INTERVAL)
    found |= {name: type for name, (type, _) in OTHER_WORDS.items()}
    return found | dict.fromkeys(["d_unit", "d_seconds", "d_positive"], DOUBLE) | dict.fromkeys(["n_positive", "n_small", "n_exponent"], NUMERIC)


def value(name: str, type: str, chance: random.Random):
    if chance.random() < NULLS:
        return None
    if name in WORDS:
        return chance.choice(WORDS[name])
    if name in SPANS:
        return chance.choice(SPANS[name])
    if name in OTHER_WORDS:
        return chance.choice(OTHER_WORDS[name][1])
    if name in SMALL:
        return chance.randint(*SMALL[name])
    if name in SMALL_BIGINT:
        return chance.randint(*SMALL_BIGINT[name])
    if name == "d_unit":
        return chance.choice(["0", "-0", "1", "-1", "1.0000000000000002", "5e-324", "0.5", "-0.5", *(repr(chance.uniform(-1, 1)) for _ in range(20))])
    if name == "d_positive":
        return chance.choice(["0", "0.5", "1", "2", "3", "10", "1e-300", "1.0000000000000002", "Infinity", "NaN", *(repr(chance.uniform(1, 30)) for _ in range(10))])
    if name == "n_positive":
        return chance.choice(["0", "0.5", "1", "1.0", "2", "3", "10", "1000", "0.9", "1.1", "1.0001", "0.00001", "9999.99", "NaN", "Infinity", "-1",
                              *(some_numeric(chance, 5, 4).lstrip("-") for _ in range(10)), *(some_numeric(chance, 15, 15).lstrip("-") for _ in range(5))])  # fmt: skip
    if name == "n_small":
        return some_numeric(chance, 3, 2)
    if name == "n_exponent":
        return chance.choice(["0", "0.0", "1", "-1", "2", "3", "-2", "0.5", "-0.5", "1.5", "24", "-7", "NaN", "Infinity", *(some_numeric(chance, 2, 2) for _ in range(12))])
    if name == "d_seconds":
        return chance.choice(["0", "-0", "59.999999", "59.9999996", "60", "0.0000005", repr(chance.uniform(0, 60)), repr(round(chance.uniform(0, 60), 3))])
    return chance.choice(BORDERS[type]) if chance.random() < AT_BORDERS else BETWEEN[type](chance)


@functools.cache
def rows(seed: str) -> list[list[str | None]]:
    """Values as text; a time is microseconds since 1970."""
    chance = random.Random(f"rows {seed}")
    drawn = [[value(name, type, chance) for name, type in columns().items()] for _ in range(ROWS)]
    return [[None if one is None else str(one) for one in row] for row in drawn]
