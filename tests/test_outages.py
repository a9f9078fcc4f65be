"""Servers that are not there or go away."""

import contextlib
import signal
import socket
import threading

import pytest

from support.forwarder import free_port
from support.listening import assert_accounted, assert_same_rows, expected_of, plays
from support.program import wait_until


def test_a_run_before_the_servers_are_up_waits_for_them(listening, kafka, cassandra, topic, keyspace, forward):
    sent = kafka.send(topic, plays(2000))
    to_kafka, to_cassandra = forward(kafka.bootstrap), forward(cassandra.address)
    waiting = listening.with_options(
        {"plays.bootstrap.servers": to_kafka.address, "listening_history.contact_points": to_cassandra.address}
    ).start("--until-end")
    # Cassandra is asked first (run checks the table before it polls) or Kafka is; either is named while it is awaited.
    waiting.wait_for(rf"{to_kafka.port}|{to_cassandra.port}")
    to_cassandra.open()
    waiting.wait_for(rf"{to_kafka.port}")
    to_kafka.open()
    done = waiting.wait(90).expect(0)
    assert_accounted(done.stats, consumed=2000, written=2000)
    assert_same_rows(cassandra.history(keyspace), expected_of(sent).rows)


@pytest.mark.parametrize("missing", ["kafka", "cassandra"])
def test_a_run_that_waits_for_a_server_can_be_stopped(missing, listening):
    nowhere = f"127.0.0.1:{free_port()}"
    option = {"kafka": "plays.bootstrap.servers", "cassandra": "listening_history.contact_points"}[missing]
    waiting = listening.with_options({option: nowhere}).start()
    waiting.wait_for(nowhere.rpartition(":")[2])
    waiting.send(signal.SIGTERM)
    assert waiting.wait(20).code in (0, 1)


def test_rows_wait_while_cassandra_is_away(listening, kafka, cassandra, topic, keyspace, forward):
    first = kafka.send(topic, plays(3000))
    way = forward(cassandra.address)
    way.open()
    running = listening.with_options({"listening_history.contact_points": way.address}).start()
    wait_until(lambda: cassandra.any_row(keyspace), "the first row is there", process=running)
    way.cut()
    second = kafka.send(topic, plays(3000))
    wait_until(lambda: way.refused >= 2, "the program tries again", process=running)
    way.restore()
    wait_until(
        lambda: len(cassandra.history(keyspace, ["kafka_partition", "kafka_offset"])) == 6000, "all rows are there", 60, running
    )
    done = running.terminate().expect(0)
    assert_accounted(done.stats, consumed=6000, written=6000)
    assert_same_rows(cassandra.history(keyspace), expected_of(first + second).rows)


def test_an_unknown_option_of_the_topic_is_named(from_kafka):
    wrong = from_kafka.with_options({"listening_history.connector": "null", "plays.fetch.wait.maxms": "5"}).run("--until-end")
    assert wrong.code in (1, 2), wrong.transcript()
    assert "fetch.wait.maxms" in wrong.stderr, wrong.transcript()


def test_a_missing_table_is_named_with_the_command_that_makes_it(from_kafka, cassandra, unique):
    wrong = from_kafka.with_options(
        {"listening_history.contact_points": cassandra.address, "listening_history.keyspace": unique}
    ).run("--until-end")
    wrong.expect(1)
    assert f"{unique}.listening_history" in wrong.stderr or unique in wrong.stderr, wrong.transcript()
    assert "schema apply" in wrong.stderr, wrong.transcript()


def test_a_node_that_takes_connections_and_says_nothing_is_given_up_within_seconds(from_kafka, unique):
    """As a node does that is frozen, or whose host is cut off while its kernel's queue still has room."""
    made: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        threading.Thread(target=take_connections, args=(silent, made), daemon=True).start()
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        waiting = from_kafka.with_options({"listening_history.contact_points": address, "listening_history.keyspace": unique}).start()
        wait_until(lambda: made, "it connects", process=waiting)
        wait_until(lambda: len(made) > 1, "it gives the first connection up and makes another", 14, waiting)
        waiting.send(signal.SIGTERM)
        assert waiting.wait(40).code in (0, 1)
        silent.shutdown(socket.SHUT_RDWR)
    for connection in made:
        connection.close()


def take_connections(silent: socket.socket, made: list[socket.socket]) -> None:
    with contextlib.suppress(OSError):
        while True:
            made.append(silent.accept()[0])
