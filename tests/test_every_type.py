"""Every type at every edge: out of events and lookups, into every type of Cassandra's and into SQLite, and back."""

import datetime
import ipaddress
import json
import uuid
from decimal import Decimal

import pytest
from cassandra.util import Date, Time

from support.program import Turntable
from support.tables import sqlite_rows
from test_query import cqlsh

# What a column of an event is declared as, and values with what cassandra-driver and SQLite make of them. The first is also
# written as a key.
U4 = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
U1 = "8e1f2c40-0f6f-11ef-9262-0242ac120002"
MOMENT = datetime.datetime(2024, 2, 29, 23, 59, 59, 999000)


class Case:
    def __init__(self, declared: str, cql: str, rejects: tuple = (), key: bool = True, **values) -> None:
        """`values` are triples: as JSON has it, as cassandra-driver gives it, as SQLite has it (None: not looked at)."""
        self.declared, self.cql, self.rejects, self.key = declared, cql, rejects, key
        self.values = values["values"]
        self.name = f"{declared} as {cql}"


def same(*values):
    return [(value, value, value) for value in values]


def days(text: str) -> Date:
    return Date(text)


SMALLEST, LARGEST = -(2**63), 2**63 - 1
LONG = "9" * 36 + ".25"

CASES = [
    Case("boolean", "boolean", values=[(True, True, 1), (False, False, 0)]),
    Case("smallint", "smallint", values=same(7, -32768, 32767)),
    Case("smallint", "tinyint", (128, -129), values=same(7, -128, 127)),
    Case("smallint", "int", values=same(-32768)),
    Case("int", "int", values=same(7, -(2**31), 2**31 - 1)),
    Case("int", "smallint", (32768, -32769), values=same(7, -32768, 32767)),
    Case("int", "bigint", values=same(-(2**31))),
    Case("bigint", "bigint", values=same(7, SMALLEST, LARGEST)),
    Case("bigint", "int", (2**31, -(2**31) - 1), values=same(7, -(2**31), 2**31 - 1)),
    Case("bigint", "tinyint", (128,), values=same(-1)),
    Case("bigint", "varint", values=same(7, 127, 128, -128, -129, SMALLEST, LARGEST)),
    Case("bigint", "decimal", values=[(n, Decimal(n), n) for n in (7, SMALLEST)]),
    Case("real", "float", values=same(0.5, -1.5)),
    Case("real", "double", values=same(0.5, -1.5)),
    Case("double precision", "double", values=same(0.1, -1.5e300)),
    Case(
        "numeric",
        "decimal",
        values=[(text, Decimal(text), text) for text in ("12.50", "0", "-0.007", LONG, "-" + LONG, "0.000000000000000000000000000000000001")],
    ),
    Case("numeric", "varint", ("0.5",), values=[("12.00", 12, "12.00"), ("-" + "9" * 38, -int("9" * 38), "-" + "9" * 38), ("0", 0, "0")]),
    Case("text", "text", values=same("ä\n\u0001", "", "x" * 300)),
    Case("text", "varchar", values=same("ä")),
    Case("text", "ascii", ("ä",), values=same("plain", "~\u007f")),
    Case(
        "text",
        "inet",
        ("256.0.0.1", "1.2.3", "::g", ""),
        values=[(a, ipaddress.ip_address(a).compressed, a) for a in ("127.0.0.1", "2001:db8::1", "0.0.0.0", "::")],
    ),
    Case("date", "date", values=[(d, days(d), d) for d in ("2024-02-29", "1969-12-31", "0001-01-01", "9999-12-31")]),
    Case(
        "time",
        "time",
        ("24:00:00",),
        values=[(t, Time(t), t) for t in ("10:15:00.000001", "00:00:00.000000", "23:59:59.999999")],
    ),
    Case("timestamp", "timestamp", values=[("2024-02-29 23:59:59.999999", MOMENT, "2024-02-29T23:59:59.999999")]),
    Case("timestamptz", "timestamp", values=[("2024-03-01T01:59:59.999999+02:00", MOMENT, "2024-02-29T23:59:59.999999Z")]),
    Case("uuid", "uuid", values=[(U4, uuid.UUID(U4), U4), (U1.upper(), uuid.UUID(U1), U1)]),
    Case("uuid", "timeuuid", (U4,), values=[(U1, uuid.UUID(U1), U1)]),
    Case("jsonb", "text", values=[({"a": [1, None]}, '{"a": [1, null]}', '{"a": [1, null]}')]),
    Case(
        "jsonb",
        "map<text, int>",
        ({"a": 1.5}, {"a": None}, {"a": "1"}, [1], 5, {"a": 2**31}),
        key=False,
        values=[({"b": 1, "a": -2}, {"a": -2, "b": 1}, '{"b": 1, "a": -2}'), ({"a": 1.0}, {"a": 1}, None)],
    ),
    Case(
        "jsonb",
        "frozen<map<text, text>>",
        ({"a": 1},),
        values=[({"ä": "x", "a": ""}, {"a": "", "ä": "x"}, None), ({}, {}, "{}")],
    ),
    Case(
        "jsonb",
        "map<ascii, frozen<list<decimal>>>",
        ({"ä": []}, {"a": ["1"]}, {"a": 1}),
        key=False,
        values=[({"a": [1.50, 2]}, {"a": [Decimal("1.5"), Decimal(2)]}, None)],
    ),
    Case("jsonb", "map<text, timestamp>", ({"a": "soon"},), key=False, values=[({"a": "2024-02-29T23:59:59.999Z"}, {"a": MOMENT}, None)]),
    Case("jsonb", "map<text, uuid>", ({"a": "soon"},), key=False, values=[({"a": U4}, {"a": uuid.UUID(U4)}, None)]),
    Case("jsonb", "map<text, double>", ({"a": "1"},), key=False, values=[({"a": 0.1}, {"a": 0.1}, None)]),
    Case("jsonb", "map<text, boolean>", ({"a": 0},), key=False, values=[({"a": True}, {"a": True}, None)]),
    Case(
        "text[]",
        "list<text>",
        (["a", None],),
        key=False,
        values=[(["b", "a", "b"], ["b", "a", "b"], '["b","a","b"]'), ([], None, "[]")],
    ),
    Case("text[]", "frozen<list<text>>", (["a", None],), values=[(["b", "a", "b"], ["b", "a", "b"], None), ([], [], "[]")]),
    Case("text[]", "set<text>", ([None],), key=False, values=[(["b", "a", "b", "ä"], {"a", "b", "ä"}, None), ([], None, "[]")]),
    Case("text[]", "frozen<set<ascii>>", (["ä"],), values=[(["b", "a", "b"], {"a", "b"}, None)]),
    Case("int[]", "set<int>", key=False, values=[([3, -1, 3, 0, -(2**31)], {-(2**31), -1, 0, 3}, "[3,-1,3,0,-2147483648]")]),
    Case("int[]", "frozen<set<bigint>>", values=[([3, -1, 3, 0], {-1, 0, 3}, None)]),
    Case("bigint[]", "frozen<set<varint>>", values=[([300, -1, 3, -300, 3], {-300, -1, 3, 300}, None)]),
    Case("bigint[]", "list<tinyint>", ([1, 128],), key=False, values=[([1, -128], [1, -128], None)]),
    Case("smallint[]", "list<smallint>", key=False, values=[([1, -32768], [1, -32768], "[1,-32768]")]),
    Case("boolean[]", "list<boolean>", key=False, values=[([True, False], [True, False], "[true,false]")]),
    Case("real[]", "frozen<set<float>>", values=[([1.5, -0.5, 1.5], {-0.5, 1.5}, "[1.5,-0.5,1.5]")]),
    Case("double precision[]", "list<double>", key=False, values=[([0.1], [0.1], "[0.1]")]),
    Case(
        "numeric[]",
        "frozen<set<decimal>>",
        values=[([1.5, -2, 10, 9], {Decimal("-2"), Decimal("1.5"), Decimal(9), Decimal(10)}, "[1.5,-2,10,9]")],
    ),
    Case("uuid[]", "frozen<set<uuid>>", values=[([U4, U1, U4], {uuid.UUID(U1), uuid.UUID(U4)}, f'["{U4}","{U1}","{U4}"]')]),
    Case("date[]", "frozen<set<date>>", values=[(["2024-02-29", "1969-12-31"], {days("1969-12-31"), days("2024-02-29")}, None)]),
    Case("time[]", "list<time>", (["24:00"],), key=False, values=[(["10:15"], [Time("10:15:00")], '["10:15:00.000000"]')]),
    Case("timestamp[]", "list<timestamp>", key=False, values=[(["2024-02-29 23:59:59.999"], [MOMENT], '["2024-02-29T23:59:59.999000"]')]),
    Case("timestamptz[]", "frozen<set<timestamp>>", values=[(["2024-02-29 23:59:59.9995Z"], {MOMENT}, '["2024-02-29T23:59:59.999500Z"]')]),
    Case("jsonb[]", "list<text>", key=False, values=[([{"a": 1}, "x"], ['{"a": 1}', '"x"'], '[{"a": 1},"x"]')]),
    Case("jsonb[]", "list<frozen<map<text, int>>>", ([{"a": "x"}],), key=False, values=[([{"a": 1}], [{"a": 1}], None)]),
]

EVENTS = [(number, value) for number, case in enumerate(CASES) for value in [*(one[0] for one in case.values), *case.rejects]]
FIRST = {number: next(id for id, (of, _) in enumerate(EVENTS) if of == number) for number in range(len(CASES))}
KEYS = [number for number, case in enumerate(CASES) if case.key]
INSERTS = 30  # In one pipeline.


def event(id: int) -> bytes:
    """One value in the field of its case."""
    number, value = EVENTS[id]
    # Digits that a float of Python's has not.
    text = str(value) if CASES[number].declared == "numeric" else json.dumps(value, ensure_ascii=False)
    return f'{{"id":{id},"of":{number},"v{number}":{text}}}'.encode()


def source(topic: str, kafka, group: str) -> str:
    columns = ", ".join(f"v{number} {case.declared}" for number, case in enumerate(CASES))
    return (
        f"CREATE TABLE events (id int NOT NULL, of int, {columns}) WITH (connector = 'kafka', topic = '{topic}', format = 'json', start = 'earliest', "
        f"\"bootstrap.servers\" = '{kafka.bootstrap}', \"group.id\" = '{group}', dead_letters = 'file:dl.jsonl');\n"
    )


def plain(value):
    """Collections of cassandra-driver's own as Python's."""
    kind = type(value).__name__
    if kind in ("SortedSet", "set"):
        return {plain(one) for one in value}
    if kind in ("OrderedMapSerializedKey", "OrderedMap", "dict"):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


class Written:
    """What became of the events."""

    def __init__(self, kafka, cassandra, directory) -> None:
        self.turntable = Turntable(directory)
        self.directory = directory
        self.cassandra = cassandra
        self.name = f"t_every_type_{uuid.uuid4().hex[:8]}"
        self.kafka = kafka
        topic = kafka.create_topic(self.name, 1)
        kafka.send(topic, [event(id) for id in range(len(EVENTS))], partition=0)

    def cassandra_table(self, name: str, key: str, types: str) -> str:
        return (
            f"CREATE TABLE {name} () WITH (connector = 'cassandra', contact_points = '{self.cassandra.address}', keyspace = '{self.name}', "
            f"primary_key = '{key}', nulls = 'null', cql_types = '{types}');\n"
        )

    def run(self, name: str, statements: str) -> dict[int, str]:
        """Makes the tables and gives the letters of the events that are in none of them."""
        file = self.directory / f"{name}.sql"
        file.write_text(source(self.name, self.kafka, f"{self.name}_{name}").replace("dl.jsonl", f"{name}.jsonl") + statements)
        self.turntable.run("schema", "apply", file, timeout=300).expect(0)
        self.turntable.run("schema", "check", file).expect(0)
        self.turntable.run("run", file, "--until-end", timeout=300).expect(3)
        letters = [json.loads(line) for line in (self.directory / f"{name}.jsonl").read_text().splitlines()]
        return {letter["offset"]: letter["detail"] for letter in letters}

    def rows(self, number: int, table: str, column: str = "v") -> dict[int, object]:
        first = FIRST[number]
        last = first + len([one for one, _ in EVENTS if one == number])
        found = self.cassandra.rows(f"SELECT id, {column} FROM {self.name}.{table}")
        return {id - first: plain(value) for id, value in found if first <= id < last}


@pytest.fixture(scope="module")
def written(kafka, cassandra, tmp_path_factory):
    written = Written(kafka, cassandra, tmp_path_factory.mktemp("types"))
    yield written
    written.turntable.end_all()
    cassandra.drop(written.name)


@pytest.fixture(scope="module")
def values(written):
    """All in one table of Cassandra's, and in one of a SQLite file."""
    columns = ", ".join(f"v{number}" for number in range(len(CASES)))
    types = ", ".join(f"v{number} {case.cql}" for number, case in enumerate(CASES))
    statements = written.cassandra_table("o", "((id))", types)
    statements += f"INSERT INTO o SELECT id, {columns} FROM events;\n"
    statements += "CREATE TABLE s () WITH (connector = 'sqlite', path = 'o.db', keyspace = 'k', primary_key = '((id))');\n"
    statements += f"INSERT INTO s SELECT id, {columns} FROM events;\n"
    return written.run("values", statements)


@pytest.fixture(scope="module")
def keys(written):
    """Each in the key of a table of its own."""
    letters = {}
    for begin in range(0, len(KEYS), INSERTS):
        statements = ""
        for number in KEYS[begin : begin + INSERTS]:
            key = "((v), id)" if number % 2 == 0 else "((id), v)"
            statements += written.cassandra_table(f"k{number}", key, f"v {CASES[number].cql}")
            statements += f"INSERT INTO k{number} SELECT id, v{number} AS v FROM events WHERE of = {number};\n"
        letters |= written.run(f"keys{begin}", statements)
    return letters


def letters_of(number: int, letters: dict[int, str]) -> dict[int, str]:
    return {id - FIRST[number]: detail for id, detail in letters.items() if EVENTS[id][0] == number}


def check(case: Case, found: dict, told: dict[int, str], column: str) -> None:
    for id, (_, expected, _) in enumerate(case.values):
        assert id in found, told
        assert found[id] == expected, id
    # What the column cannot hold is a dead letter that says so.
    assert set(found) == set(range(len(case.values)))
    assert set(told) == set(range(len(case.values), len(case.values) + len(case.rejects)))
    for detail in told.values():
        assert detail.startswith(f"column {column} is ") and "cannot hold" in detail


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: CASES[number].name)
def test_cassandra_gives_the_values_back(number, written, values):
    check(CASES[number], written.rows(number, "o", f"v{number}"), letters_of(number, values), f"v{number}")


@pytest.mark.parametrize("number", KEYS, ids=lambda number: CASES[number].name)
def test_values_are_keys_in_cassandra(number, written, keys):
    check(CASES[number], written.rows(number, f"k{number}"), letters_of(number, keys), "v")


def test_what_is_null_is_null_in_both_stores(written, values):
    columns = ", ".join(f"v{number}" for number in range(1, len(CASES)))
    assert set(written.cassandra.rows(f"SELECT {columns} FROM {written.name}.o WHERE id = 0")[0]) == {None}
    assert set(sqlite_rows(written.directory / "o.db", f"SELECT {columns} FROM s WHERE id = 0")[0]) == {None}


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: CASES[number].name)
def test_sqlite_gives_the_values_back(number, written, values):
    case, first = CASES[number], FIRST[number]
    kept = dict(sqlite_rows(written.directory / "o.db", f"SELECT id - {first}, v{number} FROM s WHERE id >= {first} ORDER BY id"))
    for id, (_, _, expected) in enumerate(case.values):
        if expected is not None:
            assert kept[id] == expected and isinstance(kept[id], type(expected) if not isinstance(expected, bool) else int)
    # What no column of Cassandra's could hold is here.
    assert all(kept[len(case.values) + id] is not None for id in range(len(case.rejects)))


def words(table: str) -> list[list[str]]:
    """Without the blanks, which cqlsh miscounts where a collection is empty."""
    return [[word.strip() for word in line.split(" | ")] for line in table.splitlines() if not line.startswith("---")]


def test_query_shows_them_as_cqlsh_does(written, values):
    statement = f"SELECT * FROM {written.name}.o"
    shown = written.turntable.run("query", "--cassandra", written.cassandra.address, "-e", statement, timeout=120).expect(0).stdout
    assert words(shown) == words(cqlsh(written.cassandra.address, statement))


IN_JSON = {
    "smallint as smallint": "7",
    "numeric as decimal": "12.50",
    "date as date": '"2024-02-29"',
    "time as time": '"10:15:00.000001000"',
    "timestamp as timestamp": '"2024-02-29 23:59:59.999999"',
    "timestamptz as timestamp": '"2024-02-29 23:59:59.999999Z"',
    "uuid as uuid": f'"{U4}"',
    "text[] as list<text>": '["b","a","b"]',
    "int[] as set<int>": "[3,-1,3,0,-2147483648]",
    "numeric[] as frozen<set<decimal>>": "[1.5,-2,10,9]",
    "timestamptz[] as frozen<set<timestamp>>": '["2024-02-29 23:59:59.999500Z"]',
}


@pytest.mark.parametrize("name", IN_JSON)
def test_query_reads_them_out_of_sqlite(name, written, values):
    number = next(number for number, case in enumerate(CASES) if case.name == name)
    statement = f"SELECT v{number} AS v FROM k.s WHERE id = {FIRST[number]}"
    shown = written.turntable.run("query", "--sqlite", written.directory / "o.db", "-e", statement, "--format", "ndjson").expect(0).stdout
    assert shown == f'{{"v":{IN_JSON[name]}}}\n'


def test_types_of_the_option_are_printed_and_wanted(turntable, cassandra, keyspace):
    file = turntable.directory / "p.sql"
    file.write_text(
        "CREATE TABLE e (id int NOT NULL, tags text[], n int) WITH (connector = 'ndjson', path = 'e.ndjson');\n"
        f"CREATE TABLE o () WITH (connector = 'cassandra', contact_points = '{cassandra.address}', keyspace = '{keyspace}', "
        "primary_key = '((id))', cql_types = 'tags set< varchar >, \"n\" VARINT');\nINSERT INTO o SELECT id, tags, n FROM e;\n"
    )
    said = turntable.run("schema", "print", file).expect(0).stdout
    assert "    tags set<text>,\n    n varint,\n" in said
    turntable.run("schema", "apply", file).expect(0)
    assert {name: of[0] for name, of in cassandra.columns(keyspace, "o").items()} == {"id": "int", "tags": "set<text>", "n": "varint"}
    text = file.read_text()
    file.write_text(text.replace("VARINT", "bigint"))
    assert "column n is varint, expected bigint" in turntable.run("schema", "check", file).expect(1).stderr
    # Without the option the live table says it.
    file.write_text(text.replace(", cql_types = 'tags set< varchar >, \"n\" VARINT'", ""))
    turntable.run("schema", "check", file).expect(0)


@pytest.mark.parametrize(
    ("types", "said"),
    [
        ("tags set<txt>", "cql_types has 'tags set<txt>', expected the name of a column and a type of CQL"),
        ("tags", "cql_types has 'tags', expected"),
        ("tag set<text>", "cql_types names tag, which is no column of k.o. Did you mean 'tags'?"),
        ("tags map<text, text>", "cql_types makes tags a map<text, text>, which text[] cannot go into"),
        ("n bigint, n int", "cql_types names n twice"),
        ("id list<int>", "cql_types makes id a list<int>, which int cannot go into"),
    ],
)
def test_types_that_the_option_cannot_have_are_faults_at_their_place(turntable, types, said):
    file = turntable.directory / "p.sql"
    file.write_text(
        "CREATE TABLE e (id int NOT NULL, tags text[], n int) WITH (connector = 'ndjson', path = 'e.ndjson');\n"
        "CREATE TABLE o () WITH (connector = 'cassandra', contact_points = '127.0.0.1:1', keyspace = 'k', primary_key = '((id))',\n"
        f"  cql_types = '{types}');\nINSERT INTO o SELECT id, tags, n FROM e;\n"
    )
    assert f"p.sql:3:3: {said}" in turntable.run("schema", "print", file).expect(2).stderr


# As a lookup's CSV has it, and what SQLite then has.
LOOKUPS = {
    "smallint": ("+7", 7),
    "numeric": ("1.00", "1.00"),
    "date": ("2024-02-29", "2024-02-29"),
    "time": ("10:15", "10:15:00.000000"),
    "timestamp": ("2024-02-29 10:15", "2024-02-29T10:15:00.000000"),
    "uuid": (f"{{{U4.upper()}}}", U4),
    "bytea": ("\\x00ff", b"\x00\xff"),
    "jsonb": ('{"a": [1]}', '{"a": [1]}'),
    "text[]": ('{a,"b c",NULL}', '["a","b c",null]'),
    "numeric[]": ("{1.50,NaN}", '[1.50,"NaN"]'),
    "uuid[]": (f"{{{U4}}}", f'["{U4}"]'),
}


@pytest.mark.parametrize("type_", LOOKUPS)
def test_lookups_have_values_of_the_type(turntable, type_):
    in_csv, kept = LOOKUPS[type_]
    (turntable.directory / "e.ndjson").write_text('{"id":1}\n{"id":2}\n{"id":3}\n')
    quoted = in_csv.replace('"', '""')
    (turntable.directory / "l.csv").write_text(f'id,v\n1,"{quoted}"\n2,\n3,"{{\\"\n')
    file = turntable.directory / "p.sql"
    file.write_text(
        "CREATE TABLE e (id int NOT NULL) WITH (connector = 'ndjson', path = 'e.ndjson');\n"
        f"CREATE TABLE l (id int, v {type_}) WITH (connector = 'csv', path = 'l.csv');\n"
        "CREATE TABLE s () WITH (connector = 'sqlite', path = 'o.db', primary_key = '((id))');\n"
        "INSERT INTO s SELECT e.id, l.v FROM e JOIN l ON l.id = e.id;\n"
    )
    done = turntable.run("run", file)
    assert sqlite_rows(turntable.directory / "o.db", "SELECT id, v FROM s ORDER BY id") == [(1, kept), (2, None)], done.transcript()
    # What is no value of the type leaves its row out.
    assert done.code == 3 and "line 4: column 'v' is '{\\', which" in done.stdout, done.transcript()
