"""Columns of composite types: in Cassandra a user-defined type, in SQLite JSON with a column for each field. What other clients read of
them, what `turntable schema` says of them, and the three queries on the packed listening history beside the report's."""

from __future__ import annotations

import datetime
import json
import random
import signal
import time
import uuid
from decimal import Decimal

import pytest

from support.kafka import Message
from support.listening import CATALOGUE, FEATURES, PLAY_COLUMNS, ROOT, assert_same_rows, expected_of, plays
from support.program import wait_until
from support.tables import sqlite_rows

PACKED = ROOT / "pipelines" / "listening_history_packed.sql"
TABLE = "listening_history_packed"
QUERIES = ROOT / "queries"

U4 = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
TYPES = """CREATE TYPE pair AS (a int, b text);
CREATE TYPE every AS (bo boolean, sm smallint, i int, bi bigint, re real, dp double precision, nu numeric, tx text, ba bytea, da date,
  ti time, ts timestamp, tz timestamptz, iv interval, u uuid, j jsonb, l text[], tl timestamptz[], p pair);
"""
SCALARS = {
    "bo": "boolean", "sm": "smallint", "i": "int", "bi": "bigint", "re": "real", "dp": "double precision", "nu": "numeric", "tx": "text",
    "da": "date", "ti": "time", "ts": "timestamp", "tz": "timestamptz", "u": "uuid", "j": "jsonb", "l": "text[]",
}  # fmt: skip
SELECT = (
    "SELECT id, CASE WHEN id <> 3 THEN ROW(bo, sm, i, bi, re, dp, nu, tx, cast(tx AS bytea), da, ti, ts, tz, cast(tx || ' days' AS interval), u, "
    "j, l, CASE WHEN tz IS NOT NULL THEN ARRAY[tz] END, CASE WHEN id <> 2 THEN ROW(i, tx)::pair END)::every END AS e FROM events"
)
MOMENT = datetime.datetime(2024, 2, 29, 23, 59, 59, 999000)
EVENTS = [
    {
        "id": 1, "bo": True, "sm": -32768, "i": 7, "bi": -(2**63), "re": 0.1, "dp": 0.1, "nu": "12.50", "tx": "12", "da": "2024-02-29",
        "ti": "10:15:00.000001", "ts": "2024-02-29 23:59:59.999999", "tz": "2024-03-01T01:59:59.999999+02:00", "u": U4,
        "j": {"a": [1, None]}, "l": ["b", "ä\""],
    },
    {"id": 2, "tx": "0"},
    {"id": 3, "tx": "0"},
]  # fmt: skip


def pipeline_of(store: str, cassandra, keyspace: str) -> str:
    columns = ", ".join(f"{name} {type_}" for name, type_ in SCALARS.items())
    into = (
        f"connector = 'cassandra', contact_points = '{cassandra.address}', keyspace = '{keyspace}'"
        if store == "cassandra"
        else f"connector = 'sqlite', path = 'rows.db', keyspace = '{keyspace}'"
    )
    return (
        f"{TYPES}CREATE TABLE events (id int, {columns}) WITH (connector = 'ndjson', path = 'events.ndjson', numbers = 'lenient', dead_letters = 'drop');\n"
        f"CREATE TABLE t (id int, e every) WITH ({into}, primary_key = 'id');\nINSERT INTO t {SELECT};\n"
    )


def run_into(store, turntable, cassandra, keyspace, tmp_path):
    (tmp_path / "events.ndjson").write_text("".join(json.dumps(event) + "\n" for event in EVENTS))
    (tmp_path / "p.sql").write_text(pipeline_of(store, cassandra, keyspace))
    turntable.run("schema", "apply", "p.sql", cwd=tmp_path).expect(0)
    turntable.run("run", "p.sql", "--until-end", cwd=tmp_path).expect(0)


def test_cassandra_driver_reads_each_field_back_equal(turntable, cassandra, keyspace, tmp_path):
    run_into("cassandra", turntable, cassandra, keyspace, tmp_path)
    cassandra.cluster.refresh_user_type_metadata(keyspace, "every")
    rows = dict(cassandra.rows(f"SELECT id, e FROM {keyspace}.t"))
    assert rows[3] is None
    full = rows[1]
    assert full.re == pytest.approx(0.1, abs=1e-8) and full.p == (7, "12")
    assert (full.bo, full.sm, full.i, full.bi, full.dp, full.nu, full.tx, full.ba) == (
        True, -32768, 7, -(2**63), 0.1, Decimal("12.50"), "12", b"12",
    )  # fmt: skip
    assert str(full.da) == "2024-02-29" and full.ti.nanosecond_time == (10 * 3600 + 15 * 60) * 10**9 + 1000
    assert (full.ts, full.tz, full.u, list(full.l), list(full.tl)) == (MOMENT, MOMENT, uuid.UUID(U4), ["b", 'ä"'], [MOMENT])
    assert json.loads(full.j) == {"a": [1, None]} and (full.iv.months, full.iv.days) == (0, 12)
    empty = rows[2]
    assert empty.tx == "0" and empty.p is None and empty.i is None and empty.j is None and empty.tl is None
    fields = cassandra.rows(f"SELECT e.re, e.p.b, e.nu FROM {keyspace}.t WHERE id = 1")[0]
    assert fields[1:] == ("12", Decimal("12.50"))


def test_sqlite_has_the_same_values_as_columns(turntable, cassandra, keyspace, tmp_path):
    run_into("sqlite", turntable, cassandra, keyspace, tmp_path)
    names = [*SCALARS, "ba", "iv", "tl", "p", "p.a", "p.b"]
    rows = sqlite_rows(tmp_path / "rows.db", f"SELECT {', '.join(chr(34) + 'e.' + name + chr(34) for name in names)} FROM t ORDER BY id")
    full = dict(zip(names, rows[0]))
    assert full["re"] == 0.10000000149011612  # The float as a double, as in a column of its own.
    assert full | {"re": 0} == {
        "bo": 1, "sm": -32768, "i": 7, "bi": -(2**63), "re": 0, "dp": 0.1, "nu": "12.50", "tx": "12", "da": "2024-02-29", "ti": "10:15:00.000001",
        "ts": "2024-02-29T23:59:59.999999", "tz": "2024-02-29T23:59:59.999999Z", "u": U4, "j": '{"a": [1, null]}', "l": '["b","ä\\""]',
        "ba": "\\x3132", "iv": "12 days", "tl": '["2024-02-29T23:59:59.999999Z"]', "p": '{"a":7,"b":"12"}', "p.a": 7, "p.b": "12",
    }  # fmt: skip
    assert dict(zip(names, rows[1]))["tx"] == "0" and dict(zip(names, rows[1]))["p"] is None
    assert set(rows[2]) == {None}


def answer(turntable, store: list[str], statement: str, directory) -> str:
    return turntable.run("query", *store, "--format", "json", "-e", statement, cwd=directory).expect(0).stdout


def test_both_stores_give_the_same_answers(turntable, cassandra, keyspace, tmp_path):
    for store in ("cassandra", "sqlite"):
        run_into(store, turntable, cassandra, keyspace, tmp_path)
    both = [["--cassandra", cassandra.address], ["--sqlite", "rows.db"]]
    for statement in (
        f"SELECT e.bo, e.sm, e.i, e.bi, e.re, e.dp, e.nu, e.tx, e.da, e.u, e.j, e.l, e.p, e.ba FROM {keyspace}.t WHERE id = 1",
        f"SELECT e.p.a, e.p.b FROM {keyspace}.t WHERE id = 1",
        f"SELECT e.p.a, e.p.b FROM {keyspace}.t WHERE id = 2",
        f"SELECT e.p.a, e.p, e FROM {keyspace}.t WHERE id = 3",
        f"SELECT avg(e.re), max(e.i), count(e.p) FROM {keyspace}.t WHERE id = 1",
        f"SELECT e.i AS number FROM {keyspace}.t WHERE id = 2",
    ):
        answers = [answer(turntable, store, statement, tmp_path) for store in both]
        assert answers[0] == answers[1], statement
        assert answers[0].strip()


def test_a_fault_in_a_statement_is_said_where_it_was_written(turntable, cassandra, keyspace, tmp_path):
    run_into("sqlite", turntable, cassandra, keyspace, tmp_path)
    wrong = turntable.run("query", "--sqlite", "rows.db", "-e", f"SELECT e.tx, e.i, nobody FROM {keyspace}.t", cwd=tmp_path)
    assert wrong.code != 0 and ":1:19" in wrong.stderr, wrong.stderr


def test_what_schema_says_of_a_type_that_differs(turntable, cassandra, keyspace, tmp_path):
    (tmp_path / "events.ndjson").write_text("")
    text = pipeline_of("cassandra", cassandra, keyspace)
    (tmp_path / "p.sql").write_text(text)
    turntable.run("schema", "apply", "p.sql", cwd=tmp_path).expect(0)
    turntable.run("schema", "apply", "p.sql", cwd=tmp_path).expect(0)
    turntable.run("schema", "check", "p.sql", cwd=tmp_path).expect(0)

    longer = text.replace("AS (a int, b text);", "AS (a int, b text, c real);").replace("ROW(i, tx)::pair", "ROW(i, tx, re)::pair")
    (tmp_path / "p.sql").write_text(longer)
    differs = turntable.run("schema", "check", "p.sql", cwd=tmp_path)
    assert differs.code != 0 and "field c of type pair is missing, expected float" in differs.stderr
    advice = next(line.strip() for line in differs.stderr.splitlines() if "ALTER TYPE" in line)
    assert advice == f"ALTER TYPE {keyspace}.pair ADD c float;"
    cassandra.session.execute(advice)
    turntable.run("schema", "check", "p.sql", cwd=tmp_path).expect(0)

    (tmp_path / "p.sql").write_text(text)  # What is behind it stays NULL.
    assert "field c of type pair is not in the pipeline" in turntable.run("schema", "check", "p.sql", cwd=tmp_path).expect(0).transcript()

    (tmp_path / "p.sql").write_text(text.replace("AS (a int, b text);", "AS (b text, a int);").replace("ROW(i, tx)::pair", "ROW(tx, i)::pair"))
    differs = turntable.run("schema", "check", "p.sql", cwd=tmp_path)
    assert "field 1 of type pair is a int, expected b text" in differs.stderr and "Cassandra cannot change" in differs.stderr
    refused = turntable.run("run", "p.sql", "--until-end", cwd=tmp_path)
    assert refused.code != 0 and "field 1 of type pair" in refused.stderr


def test_what_schema_print_says_another_client_can_run(turntable, cassandra, keyspace):
    words = ["--set", f"{TABLE}.contact_points={cassandra.address}", "--set", f"{TABLE}.keyspace={keyspace}", "--set", f"songs.path={CATALOGUE}"]
    printed = turntable.run("schema", "print", PACKED, *words).expect(0).stdout
    assert printed.index("CREATE TYPE") < printed.index("CREATE TABLE")
    for statement in printed.split(";"):
        if statement.strip():
            cassandra.session.execute(statement)
    turntable.run("schema", "check", PACKED, *words).expect(0)
    assert cassandra.columns(keyspace, TABLE)["features"][0] == "frozen<features>"


# ------------------------------------------------------------------------------------------- the listening history


class Histories:
    """The packed pipeline and the report's, of one topic, into one store."""

    def __init__(self, store, turntable, kafka, topic, unique, cassandra, keyspace) -> None:
        self.turntable, self.store, self.cassandra, self.keyspace = turntable, store, cassandra, keyspace
        self.file = turntable.directory / "history.db"
        self.common = {
            "plays.bootstrap.servers": kafka.bootstrap, "plays.topic": topic, "plays.start": "earliest", "songs.path": CATALOGUE,
            "plays.dead_letters": f"file:{turntable.directory / 'dead.jsonl'}",
        }  # fmt: skip
        self.group = unique

    def words(self, table: str, **more) -> list[str]:
        into = {"contact_points": self.cassandra.address, "keyspace": self.keyspace}
        if self.store == "sqlite":
            into = {"connector": "sqlite", "path": self.file, "keyspace": self.keyspace}
        options = self.common | {"plays.group.id": f"{self.group}_{table}"} | {f"{table}.{name}": value for name, value in into.items()}
        options |= {name.replace("__", "."): value for name, value in more.items()}
        return [
            str(ROOT / "pipelines" / f"{table}.sql"),
            *(word for name, value in options.items() for word in ("--set", f"{name}={value}")),
        ]

    def fill(self, table: str) -> None:
        self.turntable.run("schema", "apply", *self.words(table)).expect(0)
        self.turntable.run("run", *self.words(table), "--until-end", timeout=120).expect(0)

    def ask(self, file: str, format: str) -> str:
        statement = (QUERIES / file).read_text().replace("spotify.", f"{self.keyspace}.")
        place = ["--cassandra", self.cassandra.address] if self.store == "cassandra" else ["--sqlite", self.file]
        return self.turntable.run("query", *place, "--format", format, "-e", statement, timeout=60).expect(0).stdout


def test_the_three_queries_answer_equally_on_both_schemas_and_stores(turntable, kafka, cassandra, topic, keyspace, unique):
    kafka.send(topic, plays(3_000))
    stores = [Histories(store, turntable, kafka, topic, f"{unique}_{store}", cassandra, keyspace) for store in ("cassandra", "sqlite")]
    for store in stores:
        for table in ("listening_history", TABLE):
            store.fill(table)
    for file in ("simple", "agg", "full"):
        plain = [store.ask(f"{file}.cql", "csv") for store in stores]
        packed = [store.ask(f"{file}_packed.cql", "csv") for store in stores]
        assert packed[0].count("\n") > 1, file
        if file != "full":  # Rows of partitions in the order of their tokens, and of the file.
            assert plain[0] == plain[1], file
            assert packed[0] == packed[1], file
        if file == "simple":
            assert packed[0] == plain[0]
        if file == "agg":
            assert packed[0].splitlines()[1:] == plain[0].splitlines()[1:]
            assert "avg(features.tempo)" in packed[0].splitlines()[0]
    every = f"SELECT * FROM {keyspace}.{TABLE}"
    rows = []
    for store in stores:
        place = ["--cassandra", cassandra.address] if store.store == "cassandra" else ["--sqlite", store.file]
        said = turntable.run("query", *place, "--format", "csv", "-e", every, timeout=60).expect(0).stdout.splitlines()
        rows.append((said[0], sorted(said[1:])))
    assert rows[0] == rows[1]


@pytest.mark.parametrize("store", ["cassandra", "sqlite"])
def test_kills_leave_no_packed_row_lost_twice_wrong_or_mixed(store, turntable, kafka, cassandra, topic, keyspace, unique):
    """Mixed: a row with fields of two songs. Each is compared with its own song's features."""
    history = Histories(store, turntable, kafka, topic, unique, cassandra, keyspace)
    small = {"plays__session.timeout.ms": 6000, "plays__heartbeat.interval.ms": 1000}
    small |= {f"{TABLE}__flush_rows": 300, f"{TABLE}__flush_interval": "20ms"}
    words = history.words(TABLE, **small)
    turntable.run("schema", "apply", *words).expect(0)
    columns = [*PLAY_COLUMNS, *(f"features.{name}" for name in FEATURES), "kafka_partition", "kafka_offset"]

    def rows() -> list[tuple]:
        if store == "cassandra":
            return cassandra.rows(f"SELECT {', '.join(columns)} FROM {keyspace}.{TABLE}")
        names = ", ".join(f'"{name}"' for name in columns)
        return sqlite_rows(history.file, f"SELECT {names} FROM {TABLE}")

    chance = random.Random(f"packed {store}")
    messages: list[Message] = []
    values = plays(24_000)
    for number in range(4):
        messages += kafka.send(topic, values[number * 6_000 : (number + 1) * 6_000])
        before = len(rows())
        running = turntable.start("run", *words, stats=True)
        wait_until(lambda: len(rows()) > before, "more rows are there", 60, running)
        time.sleep(chance.random() * 0.15)
        running.send(signal.SIGKILL)
        running.wait(60)
    last = turntable.start("run", *words, "--until-end", stats=True).wait(180)
    assert last.code == 0, last.transcript()
    assert_same_rows(rows(), expected_of(messages).rows)
