"""Random pipelines with their data: one stream, up to three lookups, up to three INSERTs.

Outcomes are defined for all of them. Where the order of joins would decide whether a record is unmatched or rejected, all INSERTs
have the same joins, so that there is one order."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field, replace

from support.expressions import BIGINT, BOOLEAN, DOUBLE, INT, NUMBERS, REAL, TEXT, TIME, Expression, Maker, built

RECORDS = 60
STREAM = {"n": INT, "k": INT, "l": BIGINT, "d": DOUBLE, "r": REAL, "b": BOOLEAN, "c": TEXT, "t": TEXT, "u": TEXT, "z": TEXT}
LOOKUP = {"id": INT, "k": INT, "code": TEXT, "num": DOUBLE, "next": INT, "v": INT, "w": TEXT, "f": BOOLEAN, "x": DOUBLE, "q": TEXT}
NUMBERS_IN_TEXT = ["1", "2", "3", " 4 ", "05", "-7", "2147483647", "7", "6", "2", "1", "8"]
NO_NUMBERS = ["", "abc", "1.5.2", "99999999999999999999", "1e", "--1"]
TIMES = ["2024-03-03T10:15:00Z", "2024-03-03 10:15:00.5+02", "2024-02-29T23:59:59.999999Z", "1969-12-31T23:59:59Z", "2024-03-03"]
NO_TIMES = ["", "soon", "2023-02-29T10:00:00Z", "2024-03-03T25:00:00Z"]
WORDS = ["", "a", "b", "bc", "é", "Zürich", "zz", "x y", "A", "7", "日本", "'"]
REALS = [0.0, 1.5, -2.25, 0.1, 16777216.0, 3.0, 1e10, 2.0]
DOUBLES = [0.0, 1.5, -2.5, 0.1, 3.0, 2.0, 1.0, 4.0, 9007199254740992.0, 1e300, 100.75, 5.0]
BIGINTS = [0, 1, 2, 3, 4, 5, 9007199254740993, -9223372036854775808, 2147483648, 7, 9]


def columns(alias: str, types: dict[str, str]) -> list[Expression]:
    kinds = {"u": ["numbers"], "q": ["numbers"], "z": ["times"]}
    return [Expression(f"{alias}.{name}", type, "", False, frozenset([alias]), frozenset(kinds.get(name, []))) for name, type in types.items()]


@dataclass
class Join:
    """A lookup as one SELECT joins it."""

    lookup: int
    alias: str
    left: bool
    keys: list[tuple[Expression, Expression]]  # What the stream has, what the lookup has.
    conditions: list[Expression] = field(default_factory=list)
    using: list[str] = field(default_factory=list)

    def on(self) -> str:
        if self.using:
            return f"USING ({', '.join(self.using)})"
        return "ON " + " AND ".join([f"{stored.text} = {probe.text}" for probe, stored in self.keys] + [c.text for c in self.conditions])


@dataclass
class Insert:
    table: str
    joins: list[Join]
    filters: list[Expression]
    outputs: list[Expression]
    base: str  # What it reads: the stream, or a view of it.
    alias: str
    view: View | None = None
    with_columns: bool = False
    reversed: bool = False

    @property
    def all_joins(self) -> list[Join]:
        return (self.view.joins if self.view else []) + self.joins

    @property
    def all_filters(self) -> list[Expression]:
        return (self.view.filters if self.view else []) + self.filters

    @property
    def names(self) -> list[str]:
        return ["n", *(f"c{number}" for number in range(len(self.outputs) - 1))]

    @property
    def select(self) -> str:
        columns = ", ".join(f"{output.text} AS {name}" for output, name in zip(self.outputs, self.names))
        return f"SELECT {columns}\n{from_clause(self.base, self.alias, self.joins, self.filters, self.reversed)}"

    @property
    def statement(self) -> str:
        listed = f" ({', '.join(self.names)})" if self.with_columns else ""
        return f"INSERT INTO {self.table}{listed}\n{self.select}"


@dataclass
class View:
    columns: dict[str, Expression]  # What each of its columns stands for.
    joins: list[Join]
    filters: list[Expression]

    @property
    def select(self) -> str:
        listed = ", ".join(f"{expression.text} AS {name}" for name, expression in self.columns.items())
        return f"SELECT {listed}\n{from_clause('s', 'p', self.joins, self.filters)}"

    def seen_as(self, alias: str) -> list[Expression]:
        found = []
        for name, one in self.columns.items():
            # Behind an outer query it is one value, whatever it is made of: its kind of text stays known.
            kinds = one.features & {"numbers", "times"} if one.text.count(".") == 1 else frozenset()
            found.append(Expression(f"{alias}.{name}", one.type, f"({one.without_views})", one.can_fail, one.aliases, kinds))
        return found


def from_clause(base: str, alias: str, joins: list[Join], filters: list[Expression], reversed: bool = False) -> str:
    text = f"FROM {base} {alias}"
    for number, join in enumerate(joins):
        if number == 0 and reversed:
            text = f"FROM look{join.lookup} {join.alias} JOIN {base} {alias} {join.on()}"
        else:
            text += f"\n{'LEFT ' if join.left else ''}JOIN look{join.lookup} {join.alias} {join.on()}"
    return text + (f"\nWHERE {' AND '.join(f.text for f in filters)}" if filters else "")


@dataclass
class Program:
    """A pipeline with its data. `features`: what it is an example of."""

    number: int
    stream: list[dict]
    lookups: list[list[dict]]
    view: View | None = None
    inserts: list[Insert] = field(default_factory=list)
    drops: set[int] = field(default_factory=set)  # Lookups with missing_key = 'drop'.
    features: set[str] = field(default_factory=set)

    def sql(self) -> str:
        """The pipeline's file."""
        options = "connector = 'ndjson', path = 's.ndjson', dead_letters = 'file:dead.jsonl', max_reject_ratio = '1'"
        text = f"CREATE TABLE s ({declared(STREAM)}) WITH ({options});\n"
        for number in range(len(self.lookups)):
            drop = ", missing_key = 'drop'" if number in self.drops else ""
            text += f"CREATE TABLE look{number} ({declared(LOOKUP)}) WITH (connector = 'csv', path = 'look{number}.csv'{drop});\n"
        for insert in self.inserts:
            text += f"CREATE TABLE {insert.table} ({table_columns(insert)}) WITH (connector = 'sqlite', path = 'o.db', primary_key = 'n');\n"
        if self.view:
            text += f"CREATE VIEW seen AS\n{self.view.select};\n"
        return text + "".join(f"{insert.statement};\n" for insert in self.inserts)

    def events(self) -> str:
        return "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in self.stream)

    def csv(self, lookup: int) -> str:
        return "".join(",".join(row) + "\n" for row in [list(LOOKUP), *(map(csv_cell, row.values()) for row in self.lookups[lookup])])


def declared(types: dict[str, str]) -> str:
    return ", ".join(f"{name} {type}" for name, type in types.items())


def table_columns(insert: Insert) -> str:
    return ", ".join(f"{name} {output.type}" for name, output in zip(insert.names, insert.outputs))


def csv_cell(value) -> str:
    """Nothing is NULL, "" is the empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return '"' + value.replace('"', '""') + '"' if isinstance(value, str) else repr(value)


class Writer:
    """Draws the program with that number."""

    def __init__(self, number: int) -> None:
        self.chance = random.Random(f"program {number}")
        self.program = Program(number, self.stream(), [self.lookup() for _ in range(self.chance.choice([1, 1, 2, 2, 3]))])
        # Failures in joins need one order of them; so do lookups that drop what they miss.
        self.one_order = self.chance.random() < 0.6

    def some(self, probability: float, feature: str = "") -> bool:
        """Yes with that probability; then the program is an example of that feature."""
        if self.chance.random() >= probability:
            return False
        if feature:
            self.program.features.add(feature)
        return True

    # ---- data

    def maybe(self, values: list, null: float = 0.12):
        return None if self.chance.random() < null else self.chance.choice(values)

    def stream(self) -> list[dict]:
        junk = self.chance.choice([0.1, 0.3, 0.5])
        events = []
        for n in range(RECORDS):
            event = {
                "n": n, "k": self.maybe(list(range(12))), "l": self.maybe(BIGINTS), "d": self.maybe(DOUBLES), "r": self.maybe(REALS),
                "b": self.maybe([True, False]), "c": self.maybe([f"k{i}" for i in range(12)]), "t": self.maybe(WORDS),
                "u": self.maybe(NO_NUMBERS if self.chance.random() < junk else NUMBERS_IN_TEXT),
                "z": self.maybe(NO_TIMES if self.chance.random() < junk else TIMES),
            }  # fmt: skip
            # A field that is null and one that is not there are the same.
            events.append({name: value for name, value in event.items() if value is not None or self.chance.random() < 0.5})
        return events

    def lookup(self) -> list[dict]:
        rows = []
        ids = self.chance.sample(range(12), self.chance.randint(8, 11))
        for i in ids:
            rows.append({
                "id": i, "k": i, "code": f"k{i}", "num": float(i), "next": self.maybe(list(range(12))),
                "v": self.maybe([0, 1, 2, 3, 7, -5]), "w": self.maybe(WORDS), "f": self.maybe([True, False]), "x": self.maybe(DOUBLES),
                "q": self.maybe(NO_NUMBERS if self.chance.random() < 0.15 else NUMBERS_IN_TEXT),
            })  # fmt: skip
        if self.chance.random() < 0.3:  # A key that is NULL is never found.
            rows.append({name: None for name in LOOKUP} | {"v": 1, "w": "a"})
        return rows

    # ---- joins

    def maker(self, found: list[Expression], fail: bool = True) -> Maker:
        return Maker(self.chance, found, fail)

    def join(self, lookup: int, alias: str, seen: list[Expression], before: list[Join], drop: bool) -> Join:
        """`seen`: the columns that it may be joined to."""
        left = not drop and self.some(0.45, "left join")
        if not left:
            self.program.features.add("inner join")
        mine = {one.text.partition(".")[2]: one for one in columns(alias, LOOKUP)}
        join = Join(lookup, alias, left, [], [])
        named = {one.text.partition(".")[2]: one for one in seen if one.text.partition(".")[0] in ("p", "w")}
        if all(other.using for other in before) and "k" in named and named["k"].type == INT and self.some(0.15, "using"):
            join.using = ["k"]
            join.keys = [(named["k"], mine["k"])]
            return join
        join.keys = [self.key(mine, seen, named, bool(before))]
        if not join.keys[0][0].can_fail and self.some(0.15, "several keys"):
            text = [one for one in seen if one.type == TEXT and not one.can_fail]
            join.keys.append((built("COALESCE({0}, 'a')", TEXT, self.chance.choice(text)), mine["w"])
                             if self.some(0.5) else (self.chance.choice(text), mine["w"]))  # fmt: skip
        if self.some(0.3, "condition in ON"):
            join.conditions = [self.condition(alias, list(mine.values()), seen) for _ in range(self.chance.choice([1, 1, 2]))]
        return join

    def key(self, mine: dict, seen: list[Expression], named: dict, chain_possible: bool) -> tuple[Expression, Expression]:
        """One pair of equal expressions, of which the lookup's is unique."""
        earlier = [one for one in seen if one.text.endswith(".next")]
        if chain_possible and earlier and self.some(0.6, "chain"):
            return self.chance.choice(earlier), mine["id"]
        if self.one_order and self.some(0.25, "key that fails"):
            numbers = [one for one in seen if "numbers" in one.features and not one.can_fail]
            if numbers:
                return built("cast({0} AS int)", INT, self.chance.choice(numbers), can_fail=True, features=("failing cast",)), mine["id"]
        texts = [one for name, one in named.items() if name == "c"]
        numbers = [one for name, one in named.items() if name in ("k", "l", "d", "r")]
        if texts and self.some(0.3):
            if self.some(0.4, "key that is computed"):
                return built("COALESCE({0}, 'k3')", TEXT, texts[0]), mine["code"]
            return texts[0], mine["code"]
        if not numbers:
            return self.chance.choice([one for one in seen if one.type in NUMBERS and not one.can_fail]), mine["id"]
        one = self.chance.choice([*numbers, *(one for one in numbers if one.text.endswith(".k"))])
        if self.some(0.2, "key that is computed"):
            return built("(CASE WHEN {0} > 9 THEN 1 ELSE {0} END)", one.type, one, features=("case",)), mine["id"]
        if one.type != INT:
            self.program.features.add("keys of two types")
        if self.some(0.25, "the lookup's key is computed"):
            return built("cast({0} AS text)", TEXT, one), built("cast({0} AS text)", TEXT, mine["id"])
        return one, self.chance.choice([mine["id"], mine["num"]])

    def condition(self, alias: str, mine: list[Expression], seen: list[Expression]) -> Expression:
        kind = self.chance.choice(["mine", "both", "theirs"])
        found = {"mine": mine, "theirs": seen, "both": mine + seen}[kind]
        made = self.maker(found).of_type(BOOLEAN, 1, self.one_order and kind == "both")
        # An equality is a key, of an earlier join too. One that fails rejects, whatever the others find, and which join it is of
        # may decide what is dropped.
        is_plain = not made.can_fail and all(alias in one.aliases for one in made.conjuncts)
        return made if is_plain else built("({0} IS TRUE)", BOOLEAN, made, features=("is true",))

    # ---- SELECT

    def filters(self, found: list[Expression], streams: list[Expression], is_joined: bool) -> list[Expression]:
        filters = []
        if self.some(0.4, "filter before the joins"):
            filters.append(self.filter(streams))
        if is_joined and self.some(0.4, "filter behind the joins"):
            filters.append(self.filter(found))
        if filters and self.some(0.3):
            filters.append(self.filter(found))
        self.chance.shuffle(filters)
        return filters

    def filter(self, found: list[Expression]) -> Expression:
        """One that leaves something, mostly."""
        made = self.maker(found).of_type(BOOLEAN, 2, True)
        if self.some(0.3):
            return built("({0} IS NOT FALSE)", BOOLEAN, made, features=("is true",))
        if self.some(0.3):
            return built("({0} IS NOT TRUE)", BOOLEAN, made, features=("is true",))
        return made

    def insert(self, number: int, given: list[Join] | None) -> Insert:
        view = self.program.view if self.program.view and self.some(0.75, "view") else None
        base, alias = ("seen", "w") if view else ("s", "p")
        streams = view.seen_as("w") if view else columns("p", STREAM)
        found, joins = list(streams), []
        wanted = [join.lookup for join in given] if given is not None else self.some_lookups(view)
        for at, lookup in enumerate(wanted):
            if given is not None and not view:
                join = replace(given[at])
            else:
                join = self.join(lookup, f"j{at}", found, joins, lookup in self.program.drops)
            joins.append(join)
            found += columns(join.alias, LOOKUP)
        filters = self.filters(found, streams, bool(joins))
        maker = self.maker(found)
        outputs = [next(one for one in streams if one.text.endswith(".n"))]
        for _ in range(self.chance.randint(2, 5)):
            if self.some(0.35):
                outputs.append(replace(self.chance.choice(found)))
            else:
                outputs.append(maker.of_type(maker.any_type(), 2, True))
        made = Insert(f"t{number}", joins, filters, outputs, base, alias, view)
        made.with_columns = self.some(0.3, "list of columns")
        may_reverse = bool(joins) and not joins[0].left and not (view and view.joins)  # The order of joins is that of FROM.
        made.reversed = may_reverse and self.some(0.4, "the lookup first")
        return made

    def some_lookups(self, view: View | None) -> list[int]:
        lookups = list(range(len(self.program.lookups)))
        if self.some(0.12):
            return []
        if self.one_order and view and view.joins:  # What the view joins comes first, in whatever order.
            lookups = [number for number in lookups if number > max(join.lookup for join in view.joins)]
        if not self.one_order and self.some(0.3, "a lookup in two ways"):
            lookups.append(self.chance.choice(lookups))
        count = self.chance.choice([len(lookups), len(lookups), self.chance.randint(0, len(lookups))])
        return lookups[:count]

    def make_view(self) -> View:
        streams = columns("p", STREAM)
        joins = []
        if self.some(0.55, "view with a join"):
            joins.append(self.join(0, "v0", streams, [], 0 in self.program.drops))
        found = streams + [one for join in joins for one in columns(join.alias, LOOKUP)]
        seen = {one.text.partition(".")[2]: one for one in streams}
        for number in range(2):
            made = self.maker(found).of_type(self.maker(found).any_type(), 1, True)
            # What may fail would make every expression over it one that may.
            seen[f"e{number}"] = made
        return View(seen, joins, self.filters(found, streams, bool(joins)))

    def write(self) -> Program:
        program = self.program
        inserts = self.chance.choice([1, 2, 2, 3])
        if self.one_order and self.some(0.3, "missing_key = 'drop'"):
            program.drops.add(self.chance.randrange(len(program.lookups)))
        if self.some(0.3):
            program.view = self.make_view()
        if self.one_order and program.view:
            inserts = 1
        given = None
        for number in range(inserts):
            made = self.insert(number, given)
            program.inserts.append(made)
            if self.one_order:
                given = [replace(join) for join in made.joins]
        self.collect_features()
        return program

    def collect_features(self) -> None:
        program = self.program
        used = {join.lookup for insert in program.inserts for join in insert.all_joins}
        program.drops &= used
        if not program.drops:
            program.features.discard("missing_key = 'drop'")
        if not any(insert.view for insert in program.inserts):
            program.view = None
            program.features -= {"view", "view with a join"}
        program.features.add(f"{len(program.inserts)} INSERTs")
        program.features.add(f"{max(len(insert.all_joins) for insert in program.inserts)} joins")
        for insert in program.inserts:
            for one in [*insert.all_filters, *insert.outputs, *(c for join in insert.all_joins for c in join.conditions)]:
                program.features |= one.features - {"numbers", "times"}
        # Lookups that nobody joins are a fault.
        program.lookups = [rows for number, rows in enumerate(program.lookups) if number in used]
        renumbered = {old: new for new, old in enumerate(sorted(used))}
        program.drops = {renumbered[number] for number in program.drops}
        for join in {id(join): join for insert in program.inserts for join in insert.all_joins}.values():
            join.lookup = renumbered[join.lookup]


def program(number: int) -> Program:
    return Writer(number).write()
