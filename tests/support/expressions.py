"""Random expressions in SQL that mean one thing, in PostgreSQL and here.

An expression that may fail stands only where it does not depend on an order of evaluation whether its failure counts: what CASE
and COALESCE do not reach, and the last argument of AND and OR, which the others decide before it. Beside it is a column or a constant:
where PostgreSQL sees that the other operand is always NULL, it does not evaluate this one."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

BOOLEAN, INT, BIGINT, REAL, DOUBLE, TEXT, TIME = "boolean", "int", "bigint", "real", "double precision", "text", "timestamptz"
NUMBERS = [INT, BIGINT, REAL, DOUBLE]  # Of two, the later one is their common type.
TYPES = [BOOLEAN, *NUMBERS, TEXT, TIME]


@dataclass(frozen=True)
class Expression:
    text: str
    type: str
    flat: str = ""  # The same without views: a view's column is the expression that it stands for.
    can_fail: bool = False
    aliases: frozenset[str] = frozenset()  # Of the tables that it reads.
    features: frozenset[str] = frozenset()
    # What AND connects, in BETWEEN and NOT IN too: WHERE and ON take them one by one.
    parts: tuple[Expression, ...] = ()

    @property
    def conjuncts(self) -> list[Expression]:
        return [one for part in self.parts for one in part.conjuncts] or [self]

    @property
    def without_views(self) -> str:
        return self.flat or self.text


def built(template: str, type: str, *parts: Expression, can_fail: bool = False, features: tuple[str, ...] = ()) -> Expression:
    """The template with the parts in its places {0}, {1}, …"""
    return Expression(
        template.format(*(part.text for part in parts)), type, template.format(*(part.without_views for part in parts)),
        can_fail or any(part.can_fail for part in parts),
        frozenset().union(*(part.aliases for part in parts)),
        frozenset(features).union(*(part.features for part in parts)),
    )  # fmt: skip


def literal(text: str, type: str) -> Expression:
    return Expression(text, type)


def common_type(types: list[str]) -> str:
    return max(types, key=NUMBERS.index) if types[0] in NUMBERS else types[0]


LITERALS = {
    BOOLEAN: ["true", "false"],
    INT: ["0", "1", "2", "3", "7", "100", "2147483647"],
    BIGINT: ["cast(2 AS bigint)", "cast(0 AS bigint)", "9007199254740993", "cast(100 AS bigint)"],
    REAL: ["cast('1.5' AS real)", "cast('0.1' AS real)", "cast('2' AS real)", "cast('NaN' AS real)"],
    DOUBLE: ["cast('1.5' AS double precision)", "cast('0.1' AS double precision)", "cast('-Infinity' AS double precision)",
             "cast('3' AS double precision)"],
    TEXT: ["''", "'a'", "'bc'", "'é'", "'7'", "'x y'", "'Zürich'"],
    TIME: ["cast('2024-03-03T10:15:00Z' AS timestamptz)", "cast('2024-03-03T10:15:00.000001+02' AS timestamptz)"],
}  # fmt: skip

COMPARISONS = ["=", "<>", "<", "<=", ">", ">="]


@dataclass
class Maker:
    """Makes expressions over some columns."""

    chance: random.Random
    columns: list[Expression]
    casts_fail: bool = True  # Whether casts are made of text that may be anything.

    def of_type(self, type: str, depth: int, can_fail: bool) -> Expression:
        makers: list[Callable] = [self.leaf]
        if depth > 0:
            makers = [self.case, self.simple_case, self.coalesce, self.nullif, self.leaf, *self.own_makers(type)]
        return self.chance.choice(makers)(type, depth - 1, can_fail)

    def own_makers(self, type: str) -> list[Callable]:
        if type == BOOLEAN:
            twice = [self.comparison, self.connected]
            return [*twice, *twice, self.tested, self.null_test, self.distinct, self.in_list, self.between]
        if type == TEXT:
            return [self.joined_text, self.piece_of_text, self.as_text]
        return [self.converted, self.converted]

    def any_type(self) -> str:
        return self.chance.choice(TYPES)

    def number_or(self, type: str) -> str:
        """Another type that may stand beside this one."""
        return self.chance.choice(NUMBERS) if type in NUMBERS else type

    def beside(self, types: list[str], depth: int, can_fail: bool) -> list[Expression]:
        """Operands of one operator. One of them may be deep and fail; or all may be deep, and none fails."""
        if not can_fail or self.chance.random() < 0.4:
            return [self.of_type(type, depth, False) for type in types]
        deep = self.chance.randrange(len(types))
        return [self.of_type(type, depth if at == deep else 0, at == deep or self.chance.random() < 0.3) for at, type in enumerate(types)]

    def leaf(self, type: str, depth: int, can_fail: bool) -> Expression:
        found = [c for c in self.columns if c.type == type and (can_fail or not c.can_fail)]
        if found and self.chance.random() < 0.8:
            return self.chance.choice(found)
        if can_fail and self.casts_fail and type not in (TEXT, BOOLEAN) and self.chance.random() < 0.4:
            return self.converted(type, 0, can_fail)
        return literal(self.chance.choice(LITERALS[type]), type)

    # ---- booleans

    def comparison(self, type: str, depth: int, can_fail: bool) -> Expression:
        one = self.any_type()
        operator = self.chance.choice(COMPARISONS)
        left, right = self.beside([one, self.number_or(one)], depth, can_fail)
        if left.type in (REAL, DOUBLE) and left.aliases and self.chance.random() < 0.65:
            right = Expression(self.chance.choice(["1.5", "0.1", "0.25", "100.75"]), one, features=frozenset(["decimal"]))
        return built(f"({{0}} {operator} {{1}})", BOOLEAN, left, right, features=("comparison",))

    def connected(self, type: str, depth: int, can_fail: bool) -> Expression:
        word = self.chance.choice(["AND", "OR", "NOT"])
        if word == "NOT":
            return built("(NOT {0})", BOOLEAN, self.of_type(BOOLEAN, depth, can_fail), features=("not",))
        count = self.chance.choice([2, 2, 3])
        parts = [self.of_type(BOOLEAN, depth, can_fail and last) for last in [False] * (count - 1) + [True]]
        template = f" {word} ".join(f"{{{number}}}" for number in range(count))
        made = built(f"({template})", BOOLEAN, *parts, features=(word.lower(),))
        return replace(made, parts=tuple(parts)) if word == "AND" else made

    def tested(self, type: str, depth: int, can_fail: bool) -> Expression:
        test = self.chance.choice(["IS TRUE", "IS NOT TRUE", "IS FALSE", "IS NOT FALSE", "IS UNKNOWN", "IS NOT UNKNOWN"])
        return built(f"({{0}} {test})", BOOLEAN, self.of_type(BOOLEAN, depth, can_fail), features=("is true",))

    def null_test(self, type: str, depth: int, can_fail: bool) -> Expression:
        test = self.chance.choice(["IS NULL", "IS NOT NULL"])
        return built(f"({{0}} {test})", BOOLEAN, self.of_type(self.any_type(), depth, can_fail), features=("is null",))

    def distinct(self, type: str, depth: int, can_fail: bool) -> Expression:
        one = self.any_type()
        test = self.chance.choice(["IS DISTINCT FROM", "IS NOT DISTINCT FROM"])
        parts = self.beside([one, self.number_or(one)], depth, can_fail)
        return built(f"({{0}} {test} {{1}})", BOOLEAN, *parts, features=("is distinct from",))

    def in_list(self, type: str, depth: int, can_fail: bool) -> Expression:
        one = self.chance.choice([INT, BIGINT, DOUBLE, TEXT, TEXT, TIME])
        test = self.chance.choice(["IN", "IN", "NOT IN"])
        tested = self.of_type(one, depth, can_fail)
        # PostgreSQL computes all values of the list, or one by one, as it likes: none of them fails.
        values = [self.of_type(one, 0, False) for _ in range(self.chance.randint(1, 3))]
        if self.chance.random() < 0.2:
            values.append(literal("NULL", one))
        values.append(self.of_type(one, 0 if tested.can_fail else depth, False))
        places = ", ".join(f"{{{number}}}" for number in range(1, len(values) + 1))
        made = built(f"({{0}} {test} ({places}))", BOOLEAN, tested, *values, features=("in",))
        return made if test == "IN" else replace(made, parts=tuple(built("({0} <> {1})", BOOLEAN, tested, value) for value in values))

    def between(self, type: str, depth: int, can_fail: bool) -> Expression:
        one = self.chance.choice([INT, BIGINT, REAL, DOUBLE, TEXT, TIME])
        words, feature = self.chance.choice([("BETWEEN", "between"), ("NOT BETWEEN", "between"), ("BETWEEN SYMMETRIC", "between symmetric")])
        types = [one, one, self.number_or(one)]
        at = self.chance.choice([0, 2]) if can_fail and feature == "between" and self.chance.random() < 0.6 else -1
        # Beside the one that fails there are leaves.
        parts = [self.of_type(type, depth if at in (-1, number) else 0, at == number) for number, type in enumerate(types)]
        made = built(f"({{0}} {words} {{1}} AND {{2}})", BOOLEAN, *parts, features=(feature,))
        halves = (built("({0} >= {1})", BOOLEAN, *parts[:2]), built("({0} <= {1})", BOOLEAN, parts[0], parts[2]))
        return replace(made, parts=halves) if words == "BETWEEN" else made

    # ---- what chooses

    def case(self, type: str, depth: int, can_fail: bool) -> Expression:
        count = self.chance.choice([1, 1, 2])
        parts, template = [], "(CASE"
        for number in range(count):
            parts += [self.of_type(BOOLEAN, depth, can_fail), self.value(type, depth, can_fail)]
            template += f" WHEN {{{2 * number}}} THEN {{{2 * number + 1}}}"
        return self.with_else(template, type, parts, depth, can_fail, "case")

    def simple_case(self, type: str, depth: int, can_fail: bool) -> Expression:
        one = self.chance.choice([INT, BIGINT, DOUBLE, TEXT])
        parts, template = [self.of_type(one, depth, can_fail)], "(CASE {0}"
        for number in range(self.chance.choice([1, 2])):
            parts += [self.of_type(self.number_or(one), 0, can_fail), self.value(type, depth, can_fail)]
            template += f" WHEN {{{2 * number + 1}}} THEN {{{2 * number + 2}}}"
        return self.with_else(template, type, parts, depth, can_fail, "simple case")

    def with_else(self, template: str, type: str, parts: list[Expression], depth: int, can_fail: bool, feature: str) -> Expression:
        values = parts[1::2] if feature == "case" else parts[2::2]
        if self.chance.random() < 0.7:
            parts.append(self.value(type, depth, can_fail))
            values.append(parts[-1])
            template += f" ELSE {{{len(parts) - 1}}}"
        return built(template + " END)", common_type([value.type for value in values]), *parts, features=(feature,))

    def value(self, type: str, depth: int, can_fail: bool) -> Expression:
        """Of this type, or a narrower one that becomes it."""
        if type in NUMBERS and self.chance.random() < 0.2:
            type = self.chance.choice(NUMBERS[: NUMBERS.index(type) + 1])
        return self.of_type(type, depth, can_fail)

    def coalesce(self, type: str, depth: int, can_fail: bool) -> Expression:
        parts = [self.value(type, depth, can_fail) for _ in range(self.chance.choice([2, 2, 3]))]
        places = ", ".join(f"{{{number}}}" for number in range(len(parts)))
        return built(f"COALESCE({places})", common_type([part.type for part in parts]), *parts, features=("coalesce",))

    def nullif(self, type: str, depth: int, can_fail: bool) -> Expression:
        left, right = self.beside([type, type], depth, can_fail)
        if right.type != left.type:  # Of two types the result may be a third one.
            right = self.of_type(left.type, 0, False)
        return built("NULLIF({0}, {1})", left.type, left, right, features=("nullif",))

    # ---- what makes other values

    def joined_text(self, type: str, depth: int, can_fail: bool) -> Expression:
        return built("({0} || {1})", TEXT, *self.beside([TEXT, TEXT], depth, can_fail))

    def piece_of_text(self, type: str, depth: int, can_fail: bool) -> Expression:
        return built("substr({0}, 2)", TEXT, self.of_type(TEXT, depth, can_fail))

    def as_text(self, type: str, depth: int, can_fail: bool) -> Expression:
        one = self.chance.choice([BOOLEAN, INT, BIGINT, DOUBLE, TIME])
        return built("cast({0} AS text)", TEXT, self.of_type(one, depth, can_fail))

    def converted(self, type: str, depth: int, can_fail: bool) -> Expression:
        """A number or a time of something else: of text, or of a number that may be too large."""
        if not (can_fail and self.casts_fail):
            wider = {INT: [INT], BIGINT: [INT], REAL: [INT], DOUBLE: [INT, BIGINT, REAL], TIME: [TIME]}[type]
            return built(f"cast({{0}} AS {type})", type, self.of_type(self.chance.choice(wider), depth, can_fail))
        found = [c for c in self.columns if c.type == TEXT and ("times" in c.features if type == TIME else "numbers" in c.features)]
        if found and (type == TIME or self.chance.random() < 0.7):
            return built(f"cast({{0}} AS {type})", type, self.chance.choice(found), can_fail=True, features=("failing cast",))
        # Of columns alone: a constant that fails is a fault of the statement.
        large = [c for c in self.columns if c.type in (BIGINT, DOUBLE) and not c.can_fail]
        if type == INT and large:
            return built("cast({0} AS int)", INT, self.chance.choice(large), can_fail=True, features=("failing cast",))
        return literal(self.chance.choice(LITERALS[type]), type)
