"""Files of statements as cqlsh runs them, given to `turntable query`: a batch is kept together, and what is cqlsh's own is refused by its
name before anything is run. What the server warns of is shown."""

import pytest


@pytest.fixture
def table(cassandra, keyspace):
    """An empty table."""
    cassandra.session.execute(
        f"CREATE KEYSPACE {keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}"
    )
    cassandra.session.execute(f"CREATE TABLE {keyspace}.songs (id int PRIMARY KEY, song text)")
    return f"{keyspace}.songs"


def rows(cassandra, table):
    return sorted(tuple(row) for row in cassandra.session.execute(f"SELECT id, song FROM {table}"))


def test_a_batch_is_run_as_one_statement(turntable, cassandra, table):
    (turntable.directory / "batch.cql").write_text(
        f"BEGIN BATCH\n  INSERT INTO {table} (id, song) VALUES (77, 'a;b');\n  INSERT INTO {table} (id, song) VALUES (78, 'c');\n"
        f"APPLY BATCH;\nBEGIN UNLOGGED BATCH UPDATE {table} SET song = 'd' WHERE id = 79; APPLY BATCH;\n"
    )
    turntable.run("query", "--cassandra", cassandra.address, "-f", "batch.cql").expect(0)
    assert rows(cassandra, table) == [(77, "a;b"), (78, "c"), (79, "d")]


def test_a_fault_in_a_batch_is_told_where_it_is(turntable, cassandra, table):
    (turntable.directory / "batch.cql").write_text(
        f"BEGIN BATCH\n  INSERT INTO {table} (id, song) VALUES (1, 'a');\n  INSERT INTO {table} (id, song) VALES (2, 'b');\nAPPLY BATCH;\n"
    )
    wrong = turntable.run("query", "--cassandra", cassandra.address, "-f", "batch.cql").expect(1)
    assert "batch.cql:3:" in wrong.stderr
    assert rows(cassandra, table) == []


def test_a_batch_that_is_not_closed_is_refused_before_anything_is_run(turntable, cassandra, table):
    (turntable.directory / "batch.cql").write_text(
        f"INSERT INTO {table} (id) VALUES (1);\nBEGIN BATCH\n  INSERT INTO {table} (id, song) VALUES (2, 'a');\n"
    )
    wrong = turntable.run("query", "--cassandra", cassandra.address, "-f", "batch.cql").expect(2)
    assert "batch.cql:2:1: the batch is not closed by APPLY BATCH" in wrong.stderr
    assert rows(cassandra, table) == []


def test_the_commands_of_cqlsh_are_refused_by_name_all_in_one_pass(turntable, cassandra, table):
    (turntable.directory / "q.cql").write_text(
        f"INSERT INTO {table} (id) VALUES (1);\nCONSISTENCY ONE;\n  PAGING OFF;\nCOPY {table} TO 'x.csv';\nSOURCE 'y.cql';\nEXPAND ON;\n"
    )
    wrong = turntable.run("query", "--cassandra", cassandra.address, "-f", "q.cql").expect(2)
    for fault in (
        "q.cql:2:1: CONSISTENCY is a command of cqlsh, not CQL: leave it out and give --set consistency=ONE",
        "q.cql:3:3: PAGING is a command of cqlsh, not CQL: leave it out: all rows are read, page by page",
        "q.cql:4:1: COPY is a command of cqlsh, not CQL: write a SELECT and give --format csv and -o FILE",
        "q.cql:5:1: SOURCE is a command of cqlsh, not CQL: give that file to a query of its own by -f",
        "q.cql:6:1: EXPAND is a command of cqlsh, not CQL: leave it out; --format json names the columns of each row",
    ):
        assert fault in wrong.stderr, wrong.transcript()
    assert rows(cassandra, table) == []


def test_describe_and_use_go_to_the_server(turntable, cassandra, table):
    keyspace, name = table.split(".")
    done = turntable.run("query", "--cassandra", cassandra.address, "-e", f"USE {keyspace}; DESCRIBE TABLES; SELECT * FROM {name}")
    assert name in done.expect(0).stdout


def test_an_invisible_character_is_named(turntable, cassandra):
    wrong = turntable.run("query", "--cassandra", cassandra.address, "-e", "SELECT key\u00a0FROM system.local").expect(2)
    assert "-e:1:11: a no-break space (U+00A0) stands here" in wrong.stderr


def test_what_the_server_warns_of_is_shown_once(turntable, cassandra, table):
    for i in range(20):
        cassandra.session.execute(f"INSERT INTO {table} (id) VALUES ({i})")
    done = turntable.run("query", "--cassandra", cassandra.address, "-e", f"\nSELECT count(*) FROM {table}").expect(0)
    assert "20" in done.stdout
    assert "warns" not in done.stdout
    assert done.stderr.count("-e:2:1: the server warns: Aggregation query used without partition key") == 1, done.transcript()


def test_a_query_that_the_server_has_nothing_to_say_of_shows_no_warning(turntable, cassandra, table):
    done = turntable.run("query", "--cassandra", cassandra.address, "-e", f"SELECT count(*) FROM {table} WHERE id = 1").expect(0)
    assert "warns" not in done.stderr
