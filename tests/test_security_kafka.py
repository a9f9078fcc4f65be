"""Each way into a broker that demands something, with the right things, and with each of them wrong.

The servers are started by tools/servers.py; what they demand is in servers/kafka/secured.properties.
"""

import os

import pytest

from support import secured
from support.listening import CATALOGUE, assert_same_rows, expected_of, plays
from support.secured import PASSWORD, WRONG, certificate
from support.tables import sqlite_history

WAYS = ["tls", "mtls", "plain", "tls_plain", "tls_scram"]
OTHER_CA = {"ssl.ca.location": certificate("other-ca.pem")}
NO_CERTIFICATE = {"ssl.certificate.location": None, "ssl.key.location": None}
STRANGERS_CERTIFICATE = {
    "ssl.certificate.location": certificate("client-of-other-ca.pem"), "ssl.key.location": certificate("client-of-other-ca.key"),
}  # fmt: skip
WRONG_PASSWORD = {"sasl.password": WRONG}
# What is wrong, by the way that it is tried on, and what the message has to name for it to be mended.
REFUSED = [
    ("tls", "other ca", OTHER_CA, "not signed by an authority in ssl.ca.location"),
    ("mtls", "other ca", OTHER_CA, "not signed by an authority in ssl.ca.location"),
    ("tls_plain", "other ca", OTHER_CA, "not signed by an authority in ssl.ca.location"),
    ("tls_scram", "other ca", OTHER_CA, "not signed by an authority in ssl.ca.location"),
    ("elsewhere", "another host's certificate", {}, "does not name 127.0.0.1"),
    ("expired", "expired certificate", {}, "has expired"),
    ("mtls", "no certificate", NO_CERTIFICATE, "set ssl.certificate.location"),
    ("mtls", "stranger's certificate", STRANGERS_CERTIFICATE, "set ssl.certificate.location"),
    ("plain", "wrong password", WRONG_PASSWORD, "check sasl.mechanism, sasl.username and sasl.password"),
    ("tls_plain", "wrong password", WRONG_PASSWORD, "check sasl.mechanism, sasl.username and sasl.password"),
    ("tls_scram", "wrong password", WRONG_PASSWORD, "check sasl.mechanism, sasl.username and sasl.password"),
    ("tls_scram", "unknown user", {"sasl.username": "nobody"}, "check sasl.mechanism, sasl.username and sasl.password"),
    ("tls_scram", "unknown mechanism", {"sasl.mechanism": "SCRAM-SHA-256"}, "PLAIN,SCRAM-SHA-512"),
]


@pytest.fixture(autouse=True)
def own_broker():
    secured.need_own_broker()


@pytest.fixture
def by_topic(to_sqlite):
    """From Kafka into SQLite, with dead letters where they go by default: into a topic, over the same connection."""
    to_sqlite.options = {name: value for name, value in to_sqlite.options.items() if name != "plays.dead_letters"}
    return to_sqlite


def over(listening, options):
    """The pipeline with these options of Kafka's client and no others that concern the connection."""
    return listening.with_options({f"plays.{name}": value for name, value in options.items()})


def produce(turntable, topic, options, count=500):
    sets = [word for name, value in options.items() if name != "bootstrap.servers" for word in ("--set", f"{name}={value}")]
    where = ("--catalogue", CATALOGUE, "--topic", topic, "--bootstrap", options["bootstrap.servers"])
    return turntable.run("produce", *where, "--rate", 0, "--count", count, *sets)


def letters(listening):
    return listening.turntable.run("dead-letters", "list", listening.pipeline, *listening.sets)


@pytest.mark.parametrize("name", WAYS)
def test_plays_rows_and_dead_letters_go_over(name, by_topic, kafka, topic, unique):
    way = secured.ways()[name]
    produce(by_topic.turntable, topic, way.with_options({})).expect(0)
    sent = kafka.read(topic)
    assert len(sent) == 500
    kafka.send(topic, [b"no play"], partition=0)

    pipeline = over(by_topic, way.with_options({}))
    pipeline.drain(3)
    assert_same_rows(sqlite_history(by_topic.turntable.directory / "history.db"), expected_of(sent).rows)
    assert [letter.value for letter in kafka.read(f"{topic}.dead_letters")] == [b"no play"]
    assert "json_syntax" in letters(pipeline).expect(0).stdout
    assert kafka.committed(unique, topic) == kafka.end_offsets(topic)


@pytest.mark.parametrize(("name", "wrong", "changes", "told"), REFUSED, ids=[f"{row[0]}, {row[1]}" for row in REFUSED])
def test_who_is_refused_stops_and_says_what_to_mend(name, wrong, changes, told, by_topic, kafka, topic, unique):
    sent = kafka.send(topic, plays(100))
    way = secured.ways()[name]
    options = way.with_options(changes)
    refused = over(by_topic, options)
    to_file = refused.with_options({"plays.dead_letters": f"file:{by_topic.dead_letter_file}"})
    # With dead letters in a topic, their producer is the first to be refused, otherwise the consumer is.
    for attempt in (refused.run("--until-end"), to_file.run("--until-end"), letters(refused), produce(by_topic.turntable, topic, options)):
        attempt.expect(1)
        assert told in attempt.stderr and way.bootstrap in attempt.stderr, attempt.transcript()
        for password in (WRONG, PASSWORD):
            assert password not in attempt.stdout + attempt.stderr, attempt.transcript()
        assert "is away" not in attempt.stderr, attempt.transcript()
    # Nothing was written, read or passed over: with the right things all of it arrives.
    assert kafka.end_offsets(topic) == {partition: sum(m.partition == partition for m in sent) for partition in range(4)}
    assert kafka.committed(unique, topic) == {}
    over(by_topic, secured.ways()["tls"].with_options({})).drain(0)
    assert_same_rows(sqlite_history(by_topic.turntable.directory / "history.db"), expected_of(sent).rows)


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("plain", {"security.protocol": "PLAINTEXT"}, "is security.protocol what its listener asks for"),
        ("tls_scram", {"security.protocol": "SSL"}, "is security.protocol what its listener asks for"),
    ],
    ids=["no login", "no login within tls"],
)
def test_who_speaks_another_protocol_is_told_so_and_waits(name, changes, told, from_kafka):
    # A broker behind a proxy that is only just starting ends connections in the same way: so the run goes on.
    options = {**secured.ways()["tls"].options, **secured.ways()[name].with_options(changes)}
    waiting = over(from_kafka, options).with_options({"listening_history.connector": "null"}).start()
    waiting.wait_for(told)
    waiting.kill()


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("tls", {"security.protocol": "PLAINTEXT"}, """it asks for TLS; set "security.protocol" = 'SSL' or 'SASL_SSL'"""),
        ("plain", {"security.protocol": "SASL_SSL"}, "it is a broker of Kafka that does not use TLS on this port"),
    ],
    ids=["no tls", "tls where there is none"],
)
def test_who_uses_tls_where_the_listener_does_not_is_told_so(name, changes, told, from_kafka):
    """And the other way round. The listener has been asked, so there is nothing to wait for."""
    options = {**secured.ways()["tls"].options, **secured.ways()[name].with_options(changes)}
    ended = over(from_kafka, options).with_options({"listening_history.connector": "null"}).run(timeout=60).expect(1)
    assert told in ended.stderr.splitlines()[-1], ended.transcript()


def test_a_locked_key_is_opened_by_its_password_only(from_kafka, kafka, topic, tmp_path):
    kafka.send(topic, plays(10))
    (tmp_path / "password").write_text("needle\n")
    way = secured.ways()["mtls"]
    locked = {"ssl.key.location": certificate("client.locked.key")}
    pipeline = from_kafka.with_options({"listening_history.connector": "null"})
    over(pipeline, way.with_options({**locked, "ssl.key.password": f"file:{tmp_path / 'password'}"})).drain(0)
    for password in (WRONG, None):
        refused = over(pipeline, way.with_options({**locked, "ssl.key.password": password})).run("--until-end").expect(2)
        assert "ssl.key.location" in refused.stderr and WRONG not in refused.stdout + refused.stderr, refused.transcript()


def test_a_file_that_is_not_there_is_named(from_kafka):
    options = secured.ways()["tls"].with_options({"ssl.ca.location": "/nowhere/ca.pem"})
    missing = over(from_kafka, options).with_options({"listening_history.connector": "null"}).run("--until-end").expect(2)
    assert "ssl.ca.location" in missing.stderr, missing.transcript()


def test_options_of_the_client_have_the_same_forms_everywhere(turntable, topic, tmp_path):
    (tmp_path / "password").write_text(PASSWORD + "\n")
    way = secured.ways()["plain"]
    produce(turntable, topic, way.with_options({"sasl.password": f"file:{tmp_path / 'password'}"}), 1).expect(0)
    os.environ["TURNTABLE_TEST_PASSWORD"] = PASSWORD
    produce(turntable, topic, way.with_options({"sasl.password": "${TURNTABLE_TEST_PASSWORD}"}), 1).expect(0)
    unknown = produce(turntable, topic, way.with_options({"sasl.passwort": WRONG}), 1).expect(2)
    assert "sasl.passwort" in unknown.stderr and "sasl.password" in unknown.stderr and WRONG not in unknown.stderr
    no_file = produce(turntable, topic, way.with_options({"sasl.password": f"file:{tmp_path / 'none'}"}), 1).expect(2)
    assert "--set sasl.password: the file" in no_file.stderr and "No such file" in no_file.stderr
