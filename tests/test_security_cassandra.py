"""Cassandra nodes that let nobody in without TLS and a password, one of them not without a client's certificate either.

Each node is started for the tests here that need it; what it demands is in servers/cassandra/secured.yaml.
"""

import ssl
import time

import pytest
from cassandra.auth import PlainTextAuthProvider

from support import secured
from support.listening import CATALOGUE, assert_same_rows, expected_of, file_pipeline, plays
from support.program import wait_until
from support.secured import WRONG, ShowsCertificate, certificate, servers
from support.tables import Cassandra

# A node may take its time to start on a busy machine.
pytestmark = pytest.mark.timeout(420)

WITH_PASSWORD = pytest.mark.parametrize("node", ["cassandra-tls"], indirect=True)
WITH_CERTIFICATE = pytest.mark.parametrize("node", ["cassandra-mtls"], indirect=True)
ROLE, ROLE_PASSWORD = "turntable", "walnut-93c0"
QUERY = "SELECT count(*) AS plays FROM {}.listening_history"


@pytest.fixture(scope="module", autouse=True)
def certificates():
    servers.made_certificates()


class Node:
    """A running node, a client of ours that is let in, and the options with which the program under test is."""

    def __init__(self, server: servers.Server) -> None:
        self.server = server
        self.mutual = server.kind == "cassandra-mtls"
        tls = ssl.create_default_context(cafile=certificate("ca.pem"))
        tls.check_hostname = False  # How the program checks names is the question here, not how this client does.
        tls.load_cert_chain(certificate("client.pem"), certificate("client.key"))
        login = PlainTextAuthProvider(servers.CASSANDRA_USER, servers.CASSANDRA_PASSWORD)
        self.client = Cassandra(server.address, ssl_context=tls, auth_provider=login)
        self.client.session.execute(f"CREATE ROLE IF NOT EXISTS {ROLE} WITH PASSWORD = '{ROLE_PASSWORD}' AND LOGIN = true")
        self.role_client = Cassandra(server.address, ssl_context=tls, auth_provider=PlainTextAuthProvider(ROLE, ROLE_PASSWORD))

    @property
    def options(self) -> dict[str, str]:
        # The certificate of the node that asks for ours names its host, the other one's its address.
        address = f"localhost:{self.server.port}" if self.mutual else self.server.address
        found = {"contact_points": address, "username": ROLE, "password": ROLE_PASSWORD, "ca_file": certificate("ca.pem")}
        if self.mutual:
            found |= {"certificate_file": certificate("client.pem"), "key_file": certificate("client.key")}
        return found


@pytest.fixture(scope="module")
def node(request):
    secured.need_own_broker()
    with servers.secured_node(request.param) as server:
        started = Node(server)
        yield started
        started.client.close()
        started.role_client.close()


@pytest.fixture
def granted(node, unique):
    """A keyspace in which the role may do everything."""
    node.client.session.execute(
        f"CREATE KEYSPACE {unique} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}", timeout=60
    )
    node.client.session.execute(f"GRANT ALL PERMISSIONS ON KEYSPACE {unique} TO {ROLE}")
    yield unique
    node.client.drop(unique)


def into(listening, options, keyspace):
    """The pipeline with these options of the sink and no others that concern the connection."""
    sink = {**options, "keyspace": keyspace, "flush_interval": "200ms"}
    return listening.with_options({f"listening_history.{name}": value for name, value in sink.items() if value is not None})


def schema(listening, action):
    return listening.turntable.run("schema", action, listening.pipeline, *listening.sets, timeout=120)


def query(turntable, options, keyspace):
    sets = [w for name, value in options.items() if name != "contact_points" and value is not None for w in ("--set", f"{name}={value}")]
    where = ("--cassandra", options["contact_points"], *sets, "--format", "csv")
    return turntable.run("query", *where, "-e", QUERY.format(keyspace), timeout=120)


def lets_in(node, granted, from_kafka, kafka, topic, unique):
    sent = kafka.send(topic, plays(2000))
    pipeline = into(from_kafka, node.options, granted)
    schema(pipeline, "apply").expect(0)
    schema(pipeline, "check").expect(0)
    pipeline.drain(0, "--lanes", 2)
    assert_same_rows(node.client.history(granted), expected_of(sent).rows)
    assert kafka.committed(unique, topic) == kafka.end_offsets(topic)
    assert query(pipeline.turntable, node.options, granted).expect(0).stdout.split() == ["plays", "2000"]


def refuses(node, changes, told, granted, from_kafka, kafka, topic, unique):
    """Whatever is tried with one thing wrong fails and says what; then all is as if it had not been tried."""
    sent = kafka.send(topic, plays(100))
    schema(into(from_kafka, node.options, granted), "apply").expect(0)
    options = {**node.options, **changes}
    wrong = into(from_kafka, options, granted)
    asked = query(wrong.turntable, options, granted)
    for attempt in (wrong.run("--until-end"), schema(wrong, "check"), schema(wrong, "apply"), asked):
        # A node that ends the connection without a word may be of another kind, or away.
        attempt.expect(4 if attempt is asked and "cannot be reached" in attempt.stderr else 1)
        assert told in attempt.stderr and options["contact_points"] in attempt.stderr, attempt.transcript()
        for password in (WRONG, ROLE_PASSWORD):
            assert password not in attempt.stdout + attempt.stderr, attempt.transcript()
    assert kafka.committed(unique, topic) == {} and node.client.history(granted) == []
    into(from_kafka, node.options, granted).drain()
    assert_same_rows(node.client.history(granted), expected_of(sent).rows)


@WITH_PASSWORD
def test_rows_go_over_tls_to_a_role_with_a_password(node, granted, from_kafka, kafka, topic, unique):
    lets_in(node, granted, from_kafka, kafka, topic, unique)


@WITH_PASSWORD
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"password": WRONG}, "refused the login"),
        ({"username": "nobody"}, "refused the login"),
        ({"username": None, "password": None}, "it asks for a user name and a password, and none are given"),
        ({"ca_file": certificate("other-ca.pem")}, f"no such authority is in {certificate('other-ca.pem')}"),
    ],
    ids=["wrong password", "unknown role", "no login", "other ca"],
)
def test_who_is_refused_stops_and_says_what_to_mend(node, changes, told, granted, from_kafka, kafka, topic, unique):
    refuses(node, changes, told, granted, from_kafka, kafka, topic, unique)


@WITH_PASSWORD
def test_a_certificate_for_another_address_is_refused(node, granted, from_kafka, kafka, topic, unique, forward):
    # The node itself, at an address that its certificate does not name.
    elsewhere = forward(node.server.address)
    elsewhere.open()
    changes = {"contact_points": elsewhere.address}
    refuses(node, changes, f"its certificate is for {node.server.host}, which is neither", granted, from_kafka, kafka, topic, unique)


@WITH_PASSWORD
def test_a_node_that_asks_for_tls_is_not_taken_for_one_that_is_away(node, granted, from_kafka):
    ended = into(from_kafka, {**node.options, "ca_file": None}, granted).run("--until-end").expect(1)
    assert f"{node.server.address} asks for TLS; set ca_file" in ended.stderr, ended.transcript()


@WITH_PASSWORD
def test_rows_wait_while_a_node_with_tls_is_away(node, granted, from_kafka, kafka, topic, forward):
    first = kafka.send(topic, plays(500))
    way = forward(node.server.address, on=node.server.host)
    pipeline = into(from_kafka, {**node.options, "contact_points": way.address}, granted)
    way.open()
    schema(pipeline, "apply").expect(0)
    running = pipeline.start()
    wait_until(lambda: node.client.any_row(granted), "the first row is there", process=running)
    way.cut()
    second = kafka.send(topic, plays(500))
    # Connections end in the middle of their handshakes, which is not a fault of certificates.
    wait_until(lambda: way.refused >= 2, "the program tries again", process=running)
    way.restore()
    places = ["kafka_partition", "kafka_offset"]
    wait_until(lambda: len(node.client.history(granted, places)) == 1000, "all rows are there", 90, running)
    running.terminate().expect(0)
    assert_same_rows(node.client.history(granted), expected_of(first + second).rows)


@WITH_PASSWORD
def test_a_role_that_may_not_write_stops_the_run_with_nothing_lost(node, granted, from_kafka, kafka, topic, unique):
    sent = kafka.send(topic, plays(100))
    pipeline = into(from_kafka, node.options, granted)
    schema(pipeline, "apply").expect(0)
    node.client.session.execute(f"REVOKE ALL PERMISSIONS ON KEYSPACE {granted} FROM {ROLE}")
    # Whoever makes a table may do with it what he likes.
    node.client.session.execute(f"REVOKE ALL PERMISSIONS ON TABLE {granted}.listening_history FROM {ROLE}")
    node.client.session.execute(f"GRANT SELECT ON KEYSPACE {granted} TO {ROLE}")
    refused = pipeline.run("--until-end").expect(1)
    assert "MODIFY permission" in refused.stderr and ROLE in refused.stderr, refused.transcript()
    assert not any(kafka.committed(unique, topic).values()) and node.client.history(granted) == []
    node.client.session.execute(f"GRANT MODIFY ON TABLE {granted}.listening_history TO {ROLE}")
    schema(pipeline, "apply").expect(0)  # It has nothing to make, and may make nothing.
    pipeline.drain()
    assert_same_rows(node.client.history(granted), expected_of(sent).rows)


@WITH_PASSWORD
def test_a_node_that_cannot_look_up_a_login_is_waited_for(node, granted, from_kafka, kafka, topic):
    """Its answer has the code of a wrong password. The first user is looked up with QUORUM, and two of three replicas are nowhere."""
    sent = kafka.send(topic, plays(100))
    schema(into(from_kafka, node.options, granted), "apply").expect(0)
    node.client.session.execute(f"GRANT ALTER ON KEYSPACE system_auth TO {ROLE}")

    def replicate(times: int) -> None:
        how = f"{{'class': 'SimpleStrategy', 'replication_factor': {times}}}"
        node.role_client.session.execute(f"ALTER KEYSPACE system_auth WITH replication = {how}", timeout=60)

    first_user = {"username": servers.CASSANDRA_USER, "password": servers.CASSANDRA_PASSWORD}
    replicate(3)
    try:
        time.sleep(3)  # What the node remembers of logins is two seconds old at most.
        running = into(from_kafka, {**node.options, **first_user}, granted).start("--until-end")
        running.wait_for("Unable to perform authentication")
        time.sleep(2)
        assert running.returncode() is None, "it waits"
    finally:
        replicate(1)
    running.wait(90).expect(0)
    assert_same_rows(node.client.history(granted), expected_of(sent).rows)


@WITH_CERTIFICATE
def test_rows_go_to_a_node_that_asks_for_our_certificate_and_is_known_by_its_name(node, granted, from_kafka, kafka, topic, unique):
    lets_in(node, granted, from_kafka, kafka, topic, unique)


@WITH_CERTIFICATE
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"certificate_file": None, "key_file": None}, "set certificate_file and key_file"),
        (
            {"certificate_file": certificate("client-of-other-ca.pem"), "key_file": certificate("client-of-other-ca.key")},
            f"the client's certificate in {certificate('client-of-other-ca.pem')}",
        ),
        ({"password": WRONG}, "refused the login"),
    ],
    ids=["no certificate", "stranger's certificate", "wrong password"],
)
def test_who_shows_no_certificate_is_refused(node, changes, told, granted, from_kafka, kafka, topic, unique):
    refuses(node, changes, told, granted, from_kafka, kafka, topic, unique)


@WITH_CERTIFICATE
def test_a_certificate_for_a_name_that_was_not_given_is_refused(node, granted, from_kafka, kafka, topic, unique):
    changes = {"contact_points": node.server.address}
    refuses(node, changes, "its certificate is for localhost, which is neither", granted, from_kafka, kafka, topic, unique)


def test_an_expired_certificate_is_refused(turntable, tmp_path):
    (tmp_path / "plays.ndjson").write_bytes(plays(1)[0] + b"\n")
    node = ShowsCertificate("kafka-expired")
    options = {"contact_points": node.address, "ca_file": certificate("ca.pem"), "keyspace": "spotify"}
    pipeline = file_pipeline(turntable, tmp_path / "plays.ndjson", "cassandra")
    expired = pipeline.with_options({f"listening_history.{name}": value for name, value in options.items()}).run()
    node.close()
    expired.expect(1)
    assert node.address in expired.stderr and "its certificate has expired: it was good until" in expired.stderr, expired.transcript()
    assert node.taken == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"ca_file": "/nowhere/ca.pem"}, "cannot read the certificates in '/nowhere/ca.pem'"),
        ({"ca_file": str(CATALOGUE)}, "does not hold certificates in PEM form"),
        ({"certificate_file": "client.pem", "key_file": "client.key"}, "needs ca_file"),
        ({"ca_file": certificate("ca.pem"), "certificate_file": certificate("client.pem")}, "without key_file"),
        (
            {"ca_file": certificate("ca.pem"), "certificate_file": certificate("client.pem"), "key_file": certificate("kafka.key")},
            "is not that of the certificate",
        ),
        (
            {"ca_file": certificate("ca.pem"), "certificate_file": certificate("client.pem"), "key_file": certificate("client.locked.key")},
            "is encrypted",
        ),
        (
            {"ca_file": certificate("ca.pem"), "certificate_file": certificate("client.key"), "key_file": certificate("client.key")},
            "does not hold a certificate in PEM form",
        ),
    ],
    ids=["no file", "no certificates", "no ca", "no key", "another key", "locked key", "no certificate"],
)
def test_files_of_no_use_are_named_before_anything_is_connected(options, told, turntable):
    wrong = query(turntable, {"contact_points": "127.0.0.1:1", **options}, "spotify").expect(2)
    assert told in wrong.stderr, wrong.transcript()


def test_options_of_a_query_are_those_of_the_sink(turntable):
    unknown = turntable.run("query", "--cassandra", "127.0.0.1:1", "--set", f"pasword={WRONG}", "-e", "SELECT 1").expect(2)
    assert "'pasword'" in unknown.stderr and "'password'" in unknown.stderr and WRONG not in unknown.stderr, unknown.transcript()
    for words in (["--set", "username"], ["--set", "=x"]):
        assert "expected NAME=VALUE" in turntable.run("query", "--cassandra", "127.0.0.1:1", *words, "-e", "SELECT 1").expect(2).stderr
    sqlite = turntable.run("query", "--sqlite", "x.db", "--set", "username=x", "-e", "SELECT 1").expect(2)
    assert "--cassandra" in sqlite.stderr, sqlite.transcript()
