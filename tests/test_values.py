"""What becomes of values and fields on their way: nothing is lost, narrowed or left out without a word."""

import json
import sqlite3

import pytest

from support.tables import sqlite_rows
from test_query import cqlsh


def write(path, lines):
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))


def pipeline(tmp_path, declared, sink_columns, selected, sink="connector = 'console'", more=""):
    """Reads ev.ndjson, its dead letters go to dl.jsonl."""
    path = tmp_path / "p.sql"
    path.write_text(
        f"CREATE TABLE plays ({declared}) WITH (connector = 'ndjson', path = 'ev.ndjson', dead_letters = 'file:dl.jsonl');\n{more}"
        f"CREATE TABLE o ({sink_columns}) WITH ({sink});\nINSERT INTO o SELECT {selected};\n"
    )
    return path


def letters(tmp_path):
    path = tmp_path / "dl.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


# ------------------------------------------------------------------------------------------- fields that are not there


def test_a_field_that_differs_by_case_is_named(turntable, tmp_path):
    write(tmp_path / "ev.ndjson", [{"userId": n, "songTitle": "Alpha", "time": "t"} for n in range(1_200)])
    path = pipeline(tmp_path, "userId int, songTitle text, time text", "", "p.userId, p.songTitle, p.time FROM plays p", "connector = 'null'")
    done = turntable.run("run", path).expect(0)
    assert "1,200 written" in done.verdict
    for field in ("userId", "songTitle"):
        said = f'had the field "{field.lower()}" in %s records, but they have "{field}": write "{field}" in double quotes in CREATE TABLE plays'
        # At a thousand records, which come in batches, and with the account.
        assert done.stderr.count(said % "1,000") == 1 and done.stderr.count(said % "1,200") == 1, done.transcript()
    assert '"time"' not in done.stderr

    path.write_text(path.read_text().replace("userId", '"userId"').replace("songTitle", '"songTitle"'))
    assert "had the field" not in turntable.run("run", path).expect(0).stderr


def test_a_short_run_names_it_too(turntable, tmp_path):
    write(tmp_path / "ev.ndjson", [{"userId": 5, "time": "t"}])
    done = turntable.run("run", pipeline(tmp_path, "userId int, time text", "", "p.userId, p.time FROM plays p")).expect(0)
    assert 'no record of plays had the field "userid" in 1 records, but they have "userId"' in done.stderr


def test_nothing_is_said_of_fields_where_no_object_was_read(turntable, tmp_path):
    write(tmp_path / "ev.ndjson", ["no JSON"] * 1_200)
    path = pipeline(tmp_path, "userId int, time text", "", "p.userId, p.time FROM plays p", "connector = 'null'")
    assert "had the field" not in turntable.run("run", path).expect(3).stderr
    (tmp_path / "dl.jsonl").write_text("")
    assert "had the field" not in turntable.run("dead-letters", "replay", path).expect(0).stderr


def test_a_field_that_differs_by_case_is_named_in_a_wide_event(turntable, tmp_path):
    wide = {"time": "t"} | {f"x{n}": n for n in range(200)} | {"userId": 5}
    write(tmp_path / "ev.ndjson", [wide])
    path = pipeline(tmp_path, "userId int, time text", "", "p.userId, p.time FROM plays p")
    assert 'but they have "userId"' in turntable.run("run", path).expect(0).stderr


def test_lanes_name_it_once_for_all(turntable, tmp_path, kafka, topic, unique):
    for partition in range(4):
        kafka.send(topic, [b'{"userId":1,"time":"t"}'] * 1_500, partition=partition)
    path = pipeline(tmp_path, "userId int, time text", "", "p.userId, p.time FROM plays p", "connector = 'null'")
    source = f"connector = 'kafka', topic = '{topic}', \"bootstrap.servers\" = '{kafka.bootstrap}', \"group.id\" = '{unique}', start = 'earliest'"
    path.write_text(path.read_text().replace("connector = 'ndjson', path = 'ev.ndjson'", source))
    done = turntable.run("run", path, "--until-end", "--lanes", "2", timeout=60).expect(0)
    assert "6,000 written" in done.verdict
    assert done.stderr.count('had the field "userid"') == 2, "once they have read enough, and with the account: " + done.transcript()


def test_an_event_with_none_of_the_fields_is_a_dead_letter(turntable, tmp_path):
    write(tmp_path / "ev.ndjson", [{"before": None, "after": {"id": 1, "song": "a"}, "source": {}, "op": "c"}, {}, {"id": 2}])
    done = turntable.run("run", pipeline(tmp_path, "id int, song text", "", "p.id, p.song FROM plays p", "connector = 'null'")).expect(3)
    assert "3 consumed = 1 written + 0 filtered + 0 unmatched + 2 rejected" in done.verdict
    assert [(letter["reason"], letter["detail"]) for letter in letters(tmp_path)] == [
        ("missing_field", "The event has none of the declared fields (id, song). It has only before, after, source, op."),
        ("missing_field", "The event has none of the declared fields (id, song). It has no fields."),
    ]


def test_the_letter_of_a_missing_field_names_the_near_one(turntable, tmp_path):
    write(tmp_path / "ev.ndjson", [{"userId": 5, "song": "a"}])
    turntable.run("run", pipeline(tmp_path, "userId int NOT NULL, song text", "", "p.userId, p.song FROM plays p")).expect(3)
    (letter,) = letters(tmp_path)
    assert letter["detail"].endswith('There is "userId": write it in double quotes in CREATE TABLE.')


# ------------------------------------------------------------------------------------------------------------ numbers


def test_a_fraction_becomes_no_integer_unasked(turntable, tmp_path):
    write(tmp_path / "ev.ndjson", [{"id": 1, "song": "Alpha"}, {"id": 1.0, "song": "Beta"}, {"id": 2, "song": "Beta"}])
    (tmp_path / "songs.csv").write_text("name,x\nAlpha,3.7\nBeta,2.5\n")
    more = "CREATE TABLE songs () WITH (connector = 'csv', path = 'songs.csv', key = 'name');\n"
    selected = "p.id, s.x FROM plays p JOIN songs s ON s.name = p.song"
    path = pipeline(tmp_path, "id int, song text", "id int, x int", selected, "connector = 'sqlite', path = 'o.db', primary_key = 'id'", more)
    refused = turntable.run("run", path).expect(2)
    assert "p.sql:4:28: column x of o is int, but s.x is double precision: write cast(s.x AS int)" in refused.stderr
    assert not (tmp_path / "o.db").exists()
    path.write_text(path.read_text().replace("s.x FROM", "cast(s.x AS int) AS x FROM"))
    turntable.run("run", path).expect(3)
    assert sqlite_rows(tmp_path / "o.db", "SELECT id, x FROM o ORDER BY id") == [(1, 4), (2, 2)]


def test_a_number_too_small_is_refused_from_wherever_it_comes(turntable, tmp_path):
    write(tmp_path / "ev.ndjson", ['{"id":1,"r":1e-46,"x":"1"}', '{"id":2,"r":1,"x":"1e-46"}', '{"id":3,"r":1e-45,"x":"1e-45"}'])
    selected = "p.id, p.r, cast(p.x AS real) AS x FROM plays p"
    turntable.run("run", pipeline(tmp_path, "id int, r real, x text", "", selected)).expect(3)
    assert [letter["reason"] for letter in letters(tmp_path)] == ["out_of_range", "out_of_range"]


# -------------------------------------------------------------------------------------------------------- microseconds

MOMENTS = ["2024-03-03T10:00:00.000100Z", "2024-03-03T10:00:00.000900Z", "2024-03-03T10:00:00.001000Z", "2024-03-03T10:00:00.123Z"]


@pytest.fixture
def heard(tmp_path):
    write(tmp_path / "ev.ndjson", [{"id": 1, "song": song, "t": t} for song, t in zip("abcd", MOMENTS)])
    sink = "connector = 'sqlite', path = 'o.db', primary_key = '((id), t)'"
    return pipeline(tmp_path, "id int, song text, t timestamptz", "id int, t timestamptz, song text", "p.id, p.t, p.song FROM plays p", sink)


def test_sqlite_keeps_microseconds(turntable, tmp_path, heard):
    for _ in range(2):  # Written again, they are the same rows.
        done = turntable.run("run", heard).expect(0)
        assert "milliseconds" not in done.stderr
    assert sqlite_rows(tmp_path / "o.db", "SELECT t, song FROM o ORDER BY t") == [
        (t if len(t) == 27 else t.replace("Z", "000Z"), song) for song, t in zip("abcd", MOMENTS)
    ]

    def ask(where, format_="ndjson"):
        said = turntable.run("query", "--sqlite", "o.db", "--format", format_, "-e", f"SELECT t, song FROM o {where}").expect(0).stdout
        return said if format_ == "table" else [(row["t"], row["song"]) for row in map(json.loads, said.splitlines())]

    shown = [t.replace("T", " ").replace(".001000Z", ".001Z") for t in MOMENTS]
    assert ask("") == list(zip(shown, "abcd"))
    assert "2024-03-03 10:00:00.000900+0000" in ask("", "table")
    # Literals mean what they mean on Cassandra, however they are written.
    assert [song for _, song in ask("WHERE id = 1 AND t > '2024-03-03 10:00:00+0000' AND t < '2024-03-03 12:00:00.001+0200'")] == ["a", "b"]
    assert [song for _, song in ask("WHERE id = 1 AND t = '2024-03-03T10:00:00.123Z'")] == ["d"]
    assert [song for _, song in ask("WHERE t IN ('2024-03-03 10:00:00.0001', '2024-03-03T10:00:00.001Z')")] == ["a", "c"]
    assert [song for _, song in ask("WHERE song = '2024-03-03'")] == []


def test_digits_beyond_microseconds_are_no_row_where_the_time_is_in_the_key(turntable, tmp_path, heard):
    """Cut, they would be one row of two records, and nobody would see it."""
    times = ["2024-03-03T10:00:00.000000100Z", "2024-03-03T10:00:00.000000900Z", "2024-03-03T10:00:00.000001000Z"]
    write(tmp_path / "ev.ndjson", [{"id": 1, "song": song, "t": t} for song, t in zip("abc", times)])
    done = turntable.run("run", heard).expect(3)
    assert "3 consumed = 1 written + 0 filtered + 0 unmatched + 2 rejected" in done.verdict
    assert sqlite_rows(tmp_path / "o.db", "SELECT t, song FROM o") == [("2024-03-03T10:00:00.000001Z", "c")]
    assert [letter["reason"] for letter in letters(tmp_path)] == ["out_of_range"] * 2
    assert "with digits beyond microseconds" in letters(tmp_path)[0]["detail"]
    # The same by a cast.
    (tmp_path / "dl.jsonl").unlink()
    heard.write_text(heard.read_text().replace("song text, t timestamptz) WITH (connector = 'ndjson'", "song text, t text) WITH (connector = 'ndjson'"))
    heard.write_text(heard.read_text().replace("p.t, p.song", "cast(p.t AS timestamptz) AS t, p.song"))
    turntable.run("run", heard).expect(3)
    assert [letter["reason"] for letter in letters(tmp_path)] == ["out_of_range"] * 2


def test_digits_beyond_microseconds_are_cut_and_said_elsewhere(turntable, tmp_path):
    write(tmp_path / "ev.ndjson", [{"id": n, "t": "2024-03-03T10:00:00.000000900Z"} for n in range(1_500)])
    sink = "connector = 'sqlite', path = 'o.db', primary_key = 'id'"
    done = turntable.run("run", pipeline(tmp_path, "id int, t timestamptz", "id int, t timestamptz", "p.id, p.t FROM plays p", sink)).expect(0)
    assert done.stderr.count("times of plays in the field 't' have digits beyond microseconds, which are cut") == 1
    assert sqlite_rows(tmp_path / "o.db", "SELECT DISTINCT t FROM o") == [("2024-03-03T10:00:00.000000Z",)]


def test_a_file_of_the_version_before_goes_on(turntable, tmp_path, heard):
    with sqlite3.connect(tmp_path / "o.db") as db:
        db.execute("CREATE TABLE o (id int NOT NULL, t timestamp NOT NULL, song text, PRIMARY KEY (id, t))")
        db.execute("INSERT INTO o VALUES (1, '2024-03-03T10:00:00.123Z', 'older'), (1, '2024-03-03T09:00:00.123Z', 'other')")
    turntable.run("schema", "check", heard).expect(0)
    done = turntable.run("run", heard).expect(0)
    assert "column t is part of the key of o and keeps milliseconds, since it was made as timestamp" in done.stderr
    expected = [("09:00:00.123", "other"), ("10:00:00.000", "b"), ("10:00:00.001", "c"), ("10:00:00.123", "d")]
    assert sqlite_rows(tmp_path / "o.db", "SELECT t, song FROM o ORDER BY t") == [(f"2024-03-03T{t}Z", song) for t, song in expected]

    def ask(where):
        said = turntable.run("query", "--sqlite", "o.db", "--format", "ndjson", "-e", f"SELECT song FROM o WHERE {where}").expect(0).stdout
        return [json.loads(line)["song"] for line in said.splitlines()]

    assert ask("t >= '2024-03-03 10:00:00+0000'") == ["b", "c", "d"]
    assert ask("t > '2024-03-03 10:00:00.001+0000'") == ["d"]
    assert ask("t >= '2024-03-03 10:00:00.0009+0000'") == ["c", "d"]
    assert ask("t = '2024-03-03 10:00:00.0009+0000'") == []


def test_cassandra_says_that_it_keeps_milliseconds(turntable, tmp_path, cassandra, keyspace):
    write(tmp_path / "ev.ndjson", [{"id": 1, "song": song, "t": t} for song, t in zip("ab", MOMENTS)])
    sink = f"connector = 'cassandra', contact_points = '{cassandra.address}', keyspace = '{keyspace}', primary_key = '((id), t)'"
    columns = "id int, t timestamptz, song text"
    path = pipeline(tmp_path, "id int, song text, t timestamptz", columns, "p.id, p.t, p.song FROM plays p", sink)
    sentence = f"column t is part of the key of {keyspace}.o and Cassandra keeps milliseconds: events less than a millisecond apart fall together"
    for arguments in (("schema", "print"), ("schema", "apply"), ("schema", "check"), ("run",)):
        assert turntable.run(*arguments, path).expect(0).stderr.count(sentence) == 1, arguments
    assert [row[0] for row in cassandra.rows(f"SELECT song FROM {keyspace}.o")] == ["b"]
    # Kafka's own times have no microseconds, and outside of the key nothing falls together.
    path.write_text(path.read_text().replace("p.t, p.song", "p.kafka_timestamp AS t, p.song"))
    assert sentence not in turntable.run("schema", "print", path).expect(0).stderr
    path = pipeline(tmp_path, "id int, song text, t timestamptz", columns, "p.id, p.t, p.song FROM plays p", sink.replace("((id), t)", "id"))
    assert "milliseconds" not in turntable.run("schema", "print", path).expect(0).stderr


# ------------------------------------------------------------------------------------------- Cassandra's types, exported

# A column of each type, with values at its edges.
VALUES = {
    "ascii": [r"'asc\"ii'"],
    "bigint": ["9007199254740993", "-9223372036854775808"],
    "blob": ["0x00ff", "0x"],
    "boolean": ["true"],
    "date": ["'2024-03-03'"],
    "decimal": ["123456789012345678901234567890.5", "1E+40", "-0.000000000001"],
    "double": ["NaN", "Infinity", "-Infinity", "0.1", "1e300", "-0.0"],
    "duration": ["1y2mo3d4h5m6s7ms8us9ns", "-1mo"],
    "float": ["NaN", "Infinity", "-Infinity", "0.1", "16777216"],
    "inet": ["'192.168.0.1'"],
    "int": ["-5"],
    "smallint": ["-3"],
    "text": ["'é日\t\n\"'", "''"],
    "time": ["'10:15:00.5'"],
    "timestamp": ["'2024-03-03 10:15:00.123+0000'", "-1"],
    "timeuuid": ["50554d6e-29bb-11e5-b345-feff819cdc9f"],
    "tinyint": ["-1"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000"],
    "varint": ["123456789012345678901234567890", "-1"],
    "list<double>": ["[NaN, 1.5, -Infinity]"],
    "set<float>": ["{0.1, 2.5}"],
    "map<int, text>": ["{1: 'a', 2: 'b'}"],
    "map<double, double>": ["{0.5: NaN}"],
    "map<boolean, blob>": ["{true: 0xff, false: 0x}"],
    "map<timestamp, decimal>": ["{'2024-03-03 10:15:00.1+0000': 1.10}"],
    "map<uuid, varint>": ["{123e4567-e89b-12d3-a456-426614174000: 12345678901234567890123}"],
    "map<inet, time>": ["{'127.0.0.1': '10:00:00'}"],
    "map<date, duration>": ["{'2024-03-03': 1d}"],
    "map<frozen<list<int>>, text>": ["{[1, 2]: 'x'}"],
    "map<frozen<tuple<int, text>>, int>": ["{(1, 'a'): 2}"],
    "map<frozen<address>, int>": ["{{street: 'm', zip: 1}: 2}"],
    "tuple<int, text, double>": ["(1, 'it''s', NaN)", "(1, null, 2)"],
    "address": ["{street: 'Ma''in', zip: 5}", "{street: 'only'}"],
    "frozen<address>": ["{street: 'Main', zip: 5}"],
    "list<frozen<address>>": ["[{street: 'a'}, {zip: 3}]"],
    "frozen<nested>": ["{home: {street: 's', zip: 1}, others: [{street: 't', zip: 2}], pair: (1, 'a'), n: Infinity}"],
    "vector<float, 2>": ["[1.5, 2.5]"],
    "vector<text, 2>": ["['x', 'yz']"],
    "vector<smallint, 2>": ["[1, -2]"],
    "vector<frozen<list<int>>, 2>": ["[[1], [2, 3]]"],
    "vector<vector<float, 2>, 2>": ["[[1, 2], [3, 4]]"],
    "vector<date, 1>": ["['2024-03-03']"],
    "vector<time, 1>": ["['10:00:00']"],
    "vector<tinyint, 2>": ["[1, 2]"],
    "vector<uuid, 1>": ["[123e4567-e89b-12d3-a456-426614174000]"],
    "vector<timestamp, 1>": ["[0]"],
    "vector<varint, 2>": ["[1, 300]"],
    "vector<frozen<address>, 1>": ["[{street: 'a'}]"],
    # Names that need quotes, which not every driver reads in system_schema.
    'frozen<"Street Address">': ["{\"House No\": 3, street: 'x'}"],
    'list<frozen<"Street Address">>': ["[{\"House No\": 4}]"],
}


@pytest.fixture(scope="module")
def types(cassandra):
    import uuid

    keyspace = f"t_values_{uuid.uuid4().hex[:8]}"
    run = cassandra.session.execute
    run(f"CREATE KEYSPACE {keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}")
    run(f"CREATE TYPE {keyspace}.address (street text, zip int)")
    run(f"CREATE TYPE {keyspace}.nested (home frozen<address>, others list<frozen<address>>, pair tuple<int, text>, n float)")
    run(f'CREATE TYPE {keyspace}."Street Address" ("House No" int, street text)')
    columns = {f"c{n}": type_ for n, type_ in enumerate(VALUES)}
    run(f"CREATE TABLE {keyspace}.t (k int PRIMARY KEY, {', '.join(f'{name} {type_}' for name, type_ in columns.items())})")
    for key in range(max(map(len, VALUES.values()))):
        row = {name: VALUES[type_][key] for name, type_ in columns.items() if key < len(VALUES[type_])}
        run(f"INSERT INTO {keyspace}.t (k, {', '.join(row)}) VALUES ({key}, {', '.join(row.values())})")
    run(f"ALTER TYPE {keyspace}.address ADD country text")
    yield keyspace, columns
    cassandra.drop(keyspace)


def as_cassandra_has_it(value):
    """SELECT JSON writes null for a number that JSON has not, which is the one thing in which the export differs."""
    if isinstance(value, list):
        return [as_cassandra_has_it(part) for part in value]
    if isinstance(value, dict):
        return {name: as_cassandra_has_it(part) for name, part in value.items()}
    return None if value in ("NaN", "Infinity", "-Infinity") else value


def test_json_holds_what_cassandra_holds(turntable, cassandra, types):
    keyspace, columns = types
    asked = turntable.run("query", "--cassandra", cassandra.address, "--format", "ndjson", "-e", f"SELECT * FROM {keyspace}.t").expect(0).stdout

    def read(text):
        # Numbers as they are written, so that no digit is lost here.
        return json.loads(text, parse_int=str, parse_float=lambda digits: repr(float(digits)) if len(digits) < 24 else digits)

    ours = {row["k"]: row for row in map(read, asked.splitlines())}
    theirs = {row["k"]: row for row in (read(row[0]) for row in cassandra.rows(f"SELECT JSON * FROM {keyspace}.t"))}
    assert ours.keys() == theirs.keys()

    def inner(value):
        """Keys that are JSON themselves, whatever their blanks."""
        if isinstance(value, dict):
            return {json.dumps(json.loads(k)) if k[:1] in "[{" else k: inner(v) for k, v in value.items()}
        return [inner(part) for part in value] if isinstance(value, list) else value

    for key, row in theirs.items():
        for name, type_ in columns.items():
            found = as_cassandra_has_it(ours[key][name])
            assert inner(number(found)) == inner(number(row[name])), (type_, ours[key][name])
    doubles = next(name for name, type_ in columns.items() if type_ == "double")
    assert [ours[key][doubles] for key in "012"] == ["NaN", "Infinity", "-Infinity"]
    lists = next(name for name, type_ in columns.items() if type_ == "list<double>")
    assert ours["0"][lists] == ["NaN", "1.5", "-Infinity"]


def number(value):
    """1.0E7 and 1e+07 alike."""
    if isinstance(value, list):
        return [number(part) for part in value]
    if isinstance(value, dict):
        return {name: number(part) for name, part in value.items()}
    try:
        from decimal import Decimal

        return Decimal(value).normalize() if isinstance(value, str) else value
    except ArithmeticError:
        return value


def without_nulls(value):
    """A user's type that was written before a field was added has no value there; in JSON the field is null."""
    if isinstance(value, dict):
        return {name: without_nulls(field) for name, field in value.items() if field is not None}
    return [without_nulls(part) for part in value] if isinstance(value, list) else value


def test_what_was_exported_can_be_inserted_again(turntable, cassandra, types):
    keyspace, columns = types
    asked = turntable.run("query", "--cassandra", cassandra.address, "--format", "ndjson", "-e", f"SELECT * FROM {keyspace}.t").expect(0).stdout
    cassandra.session.execute(
        f"CREATE TABLE IF NOT EXISTS {keyspace}.again (k int PRIMARY KEY, {', '.join(f'{name} {type_}' for name, type_ in columns.items())})"
    )
    for line in asked.splitlines():
        cassandra.session.execute(f"INSERT INTO {keyspace}.again JSON %s", (line,))

    # cassandra-driver cannot read vectors of users' own types, and Cassandra takes 17 digits of a decimal in JSON.
    plain = [name for name, type_ in columns.items() if not type_.startswith("vector") and "decimal" not in type_]
    vectors = [name for name, type_ in columns.items() if type_.startswith("vector")]

    def rows(table):
        values = sorted(repr(row) for row in cassandra.rows(f"SELECT k, {', '.join(plain)} FROM {keyspace}.{table}"))
        in_json = cassandra.rows(f"SELECT JSON k, {', '.join(vectors)} FROM {keyspace}.{table}")
        return values, sorted(json.dumps(without_nulls(json.loads(row[0])), sort_keys=True) for row in in_json)

    assert rows("again") == rows("t")


def test_tables_show_users_own_types_as_cqlsh_does(turntable, cassandra, types):
    keyspace, columns = types
    shown = [name for name, type_ in columns.items() if ("address" in type_ or "nested" in type_) and not type_.startswith(("map", "vector"))]
    assert len(shown) == 4
    statement = f"SELECT {', '.join(shown)} FROM {keyspace}.t"
    ours = turntable.run("query", "--cassandra", cassandra.address, "-e", statement).expect(0).stdout
    assert ours == cqlsh(cassandra.address, statement)
    assert "{street: 'Main', zip: 5, country: null}" in ours


def test_sqlite_exports_numbers_that_json_has_not(turntable, tmp_path):
    with sqlite3.connect(tmp_path / "n.db") as db:
        db.execute("CREATE TABLE n (id int PRIMARY KEY, d double precision, r real)")
        db.execute("INSERT INTO n VALUES (1, 9e999, -9e999), (2, 'NaN', 'NaN'), (3, 0.5, NULL)")
    said = turntable.run("query", "--sqlite", "n.db", "--format", "ndjson", "-e", "SELECT d, r FROM n ORDER BY id").expect(0).stdout
    assert [json.loads(line) for line in said.splitlines()] == [
        {"d": "Infinity", "r": "-Infinity"}, {"d": "NaN", "r": "NaN"}, {"d": 0.5, "r": None},
    ]  # fmt: skip
