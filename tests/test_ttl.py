"""How long rows stay in Cassandra: `ttl` for a table, `ttl_column` for each row."""

import json

import pytest

from support.listening import dead_letters

PIPELINE = """
CREATE TABLE plays (id int NOT NULL, song text, days int) WITH (connector = 'ndjson', path = 'ev.ndjson', dead_letters = 'file:dl.jsonl');
CREATE TABLE {table} ({columns}) WITH (connector = 'cassandra', contact_points = '{at}', keyspace = '{keyspace}',
  primary_key = '{key}', {options});
INSERT INTO {table} {select};
"""
SELECT = "SELECT p.id, p.song, p.days * 86400 AS expires_in FROM plays p"
LIMIT = "630,720,000 s (7,300 days) at most, which is Cassandra's limit"


@pytest.fixture
def write(turntable, cassandra, keyspace):
    cassandra.session.execute(f"CREATE KEYSPACE {keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}")

    def call(options, table="heard", columns="", key="((id))", select=SELECT, name="p.sql"):
        path = turntable.directory / name
        path.write_text(
            PIPELINE.format(at=cassandra.address, keyspace=keyspace, table=table, columns=columns, key=key, options=options, select=select)
        )
        return path

    return call


def send(turntable, *events):
    (turntable.directory / "ev.ndjson").write_text("".join(json.dumps(event) + "\n" for event in events))


def letters(turntable):
    return dead_letters(turntable.directory / "dl.jsonl")


@pytest.mark.parametrize("ttl", ["17520h", "730d", "63072000"])
def test_two_years_can_be_said_in_each_way(turntable, write, cassandra, keyspace, ttl):
    pipeline = write(f"ttl = '{ttl}'", select="SELECT p.id, p.song FROM plays p")
    send(turntable, {"id": 1, "song": "Alpha"})
    turntable.run("schema", "apply", pipeline).expect(0)
    turntable.run("run", pipeline).expect(0)
    [(left,)] = cassandra.rows(f"SELECT ttl(song) FROM {keyspace}.heard")
    assert 63072000 - 600 < left <= 63072000


@pytest.mark.parametrize("ttl", ["630720001", "7301d", "2 years", "-1"])
def test_a_refused_ttl_names_the_limit_and_the_units(turntable, write, ttl):
    refused = turntable.run("schema", "print", write(f"ttl = '{ttl}'")).expect(2)
    assert f"ttl cannot be '{ttl}', expected whole seconds such as '86400', or a time such as '90s', '30min', '24h' or '730d', " in refused.stderr
    assert LIMIT in refused.stderr and "p.sql:4:" in refused.stderr, refused.stderr


def test_days_are_a_unit_of_every_time(turntable, write):
    turntable.run("schema", "print", write("flush_interval = '1d', request_timeout = '1d', connect_timeout = '2d'")).expect(0)
    refused = turntable.run("schema", "print", write("flush_interval = '400d'")).expect(2)
    assert "flush_interval cannot be '400d', expected a time such as '250ms', '30s', '5min', '12h', '7d' or '0', 366 days at most" in refused.stderr


def test_a_ttl_behind_what_the_cluster_can_keep_stops_the_run_by_name(turntable, write, keyspace):
    """Cassandra's own limit is 20 years, and its clock ends in 2038 unless its files are of the newest form."""
    pipeline = write("ttl = '7300d'", select="SELECT p.id, p.song FROM plays p")
    send(turntable, {"id": 1, "song": "Alpha"})
    turntable.run("schema", "apply", pipeline).expect(0)
    stopped = turntable.run("run", pipeline).expect(1)
    assert f"cannot write to {keyspace}.heard: with ttl = '630720000s' its rows would expire after 2038-01-19" in stopped.stderr
    assert letters(turntable) == []


@pytest.mark.parametrize("key", ["((id))", "((id), kafka_partition, kafka_offset)"])
def test_each_row_has_the_ttl_of_its_column(turntable, write, cassandra, keyspace, key):
    """With both kinds of keys: where records can meet in a row there is a write time behind the ttl, and NULL is written."""
    hidden = ", p.kafka_partition, p.kafka_offset" if "offset" in key else ""
    select = f"SELECT p.days * 86400 AS expires_in, p.id, p.song{hidden} FROM plays p"
    pipeline = write("ttl_column = 'expires_in'", key=key, select=select)
    send(
        turntable, {"id": 1, "song": "a", "days": 730}, {"id": 2, "song": "b", "days": None}, {"id": 3, "song": "c", "days": 0},
        {"id": 4, "song": "d", "days": -1}, {"id": 5, "song": "e", "days": 7301}, {"id": 6, "song": "f", "days": 7000},
        {"id": 7, "song": "g", "days": 1},
    )  # fmt: skip
    turntable.run("schema", "apply", pipeline).expect(0)
    assert "expires_in" not in cassandra.columns(keyspace, "heard")
    # NULL is no ttl, and not the table's own.
    cassandra.session.execute(f"ALTER TABLE {keyspace}.heard WITH default_time_to_live = 600")
    turntable.run("run", pipeline).expect(3)
    left = dict(cassandra.rows(f"SELECT id, ttl(song) FROM {keyspace}.heard"))
    assert set(left) == {1, 2, 3, 7}
    assert left[2] is None and left[3] is None
    assert 63072000 - 600 < left[1] <= 63072000 and 86400 - 600 < left[7] <= 86400
    reasons = {letter.offset: (letter.reason, letter.detail) for letter in letters(turntable)}
    assert set(reasons) == {3, 4, 5}
    assert reasons[3] == ("out_of_range", "expires_in is -86400: a time to live is from 0 to 630,720,000 seconds")
    assert reasons[4] == ("out_of_range", "expires_in is 630806400: a time to live is from 0 to 630,720,000 seconds")
    # Within Cassandra's limit, and past the end of this cluster's clock: the row's own fault.
    assert reasons[5][0] == "row_refused" and "ttl of 604800000 seconds exceeds maximum supported expiration date of 2038" in reasons[5][1]


def test_several_tables_have_a_ttl_column_each(turntable, write, cassandra, keyspace):
    pipeline = write("ttl_column = 'stays'", table="one", columns="id int, stays int, song text", select="SELECT id, 60 AS stays, song FROM plays")
    with_options = f"connector = 'cassandra', contact_points = '{cassandra.address}', keyspace = '{keyspace}', primary_key = '((id))'"
    pipeline.write_text(
        pipeline.read_text()
        + f"CREATE TABLE two () WITH ({with_options}, ttl_column = 'days');\nINSERT INTO two SELECT id, days, song FROM plays;\n"
        + f"CREATE TABLE three () WITH ({with_options}, ttl = '2d');\nINSERT INTO three SELECT id, days, song FROM plays;\n"
    )
    send(turntable, {"id": 1, "song": "a", "days": 500}, {"id": 2, "song": "b", "days": -5})
    turntable.run("schema", "apply", pipeline).expect(0)
    assert set(cassandra.columns(keyspace, "one")) == {"id", "song"} == set(cassandra.columns(keyspace, "two"))
    assert set(cassandra.columns(keyspace, "three")) == {"id", "days", "song"}
    turntable.run("run", pipeline).expect(3)

    def left(table):
        return {id: 0 if ttl is None else ttl for id, ttl in cassandra.rows(f"SELECT id, ttl(song) FROM {keyspace}.{table}")}

    assert set(left("one")) == {1, 2} and all(0 < ttl <= 60 for ttl in left("one").values())
    assert set(left("two")) == {1} and 0 < left("two")[1] <= 500
    assert set(left("three")) == {1, 2} and all(86400 < ttl <= 172800 for ttl in left("three").values())
    [letter] = [json.loads(line) for line in (turntable.directory / "dl.jsonl").read_text().splitlines()]
    assert letter["offset"] == 1 and [insert["insert"] for insert in letter["inserts"]] == ["two"]


def test_stores_without_times_to_live_refuse_them_by_name(turntable, write):
    pipeline = write("ttl_column = 'expires_in'")
    text = pipeline.read_text().replace("connector = 'cassandra'", "connector = 'sqlite', path = 'h.db'")
    pipeline.write_text(text[: text.index("contact_points")] + text[text.index("keyspace = ") :])
    refused = turntable.run("schema", "print", pipeline).expect(2)
    assert "the connector 'sqlite' has no option 'ttl_column'" in refused.stderr
