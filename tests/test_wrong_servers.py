"""An address that belongs to another server than the one that is meant: it is said which one it is, and the run ends."""

import http.server
import ssl
import subprocess
import threading

import pytest

FROM_KAFKA = """CREATE TABLE plays (id int, song text) WITH (
  connector = 'kafka', topic = 't', start = 'earliest', "bootstrap.servers" = '{address}', "group.id" = 'g'{more},
  dead_letters = 'file:dead.jsonl');
CREATE TABLE history (id int) WITH (connector = 'console');
INSERT INTO history SELECT p.id FROM plays p;
"""
TO_CASSANDRA = """CREATE TABLE plays (id int, song text) WITH (connector = 'ndjson', path = 'plays.ndjson', dead_letters = 'drop');
CREATE TABLE history (id int) WITH (connector = 'cassandra', contact_points = '{address}', keyspace = 'k', primary_key = 'id'{more});
INSERT INTO history SELECT p.id FROM plays p;
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", made, "-subj", "/CN=localhost", "-days", "2",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    return made, key


def served(context: ssl.SSLContext | None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    server.handle_error = lambda *_: None  # Clients that speak something else.
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def addresses(kafka, cassandra, certificate):
    """What there is to be mistaken for, by name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    servers = {"http": served(None), "tls": served(context)}
    host, port = kafka.bootstrap.rsplit(":", 1)
    yield {
        "kafka": kafka.bootstrap,
        "controller": f"{host}:{int(port) + 1}",  # As servers/kafka/server.properties has it.
        "cassandra": cassandra.address,
        **{name: f"127.0.0.1:{server.server_port}" for name, server in servers.items()},
    }
    for server in servers.values():
        server.shutdown()


NO_BROKER = 'not a broker; write the address of a broker of Kafka into "bootstrap.servers"'
NO_NODE = "not a node of Cassandra; write a node's address into contact_points"
TLS_IS_ASKED_FOR = """it asks for TLS; set "security.protocol" = 'SSL' or 'SASL_SSL', and "ssl.ca.location", if a broker"""
WITH_TLS = """, "security.protocol" = 'SSL', "ssl.ca.location" = '{certificate}'"""


@pytest.mark.parametrize(("server", "more", "said"), [
    ("cassandra", "", f"it is a node of Cassandra, {NO_BROKER}"),
    ("controller", "", f"it is a controller of Kafka, {NO_BROKER}"),
    ("http", "", f"it is an HTTP server, {NO_BROKER}"),
    ("tls", "", TLS_IS_ASKED_FOR),
    ("kafka", WITH_TLS, 'it is a broker of Kafka that does not use TLS on this port, which "security.protocol" asks for'),
    ("cassandra", WITH_TLS, f"it is a node of Cassandra, {NO_BROKER}"),
    ("controller", WITH_TLS, f"it is a controller of Kafka, {NO_BROKER}"),
    ("http", WITH_TLS, f"it is an HTTP server, {NO_BROKER}"),
], ids=lambda value: ("with_tls" if "SSL" in value else value if " " not in value else "") if isinstance(value, str) else "")  # fmt: skip
def test_bootstrap_servers_that_are_something_else(server, more, said, addresses, certificate, turntable):
    path = turntable.directory / "p.sql"
    path.write_text(FROM_KAFKA.format(address=addresses[server], more=more.format(certificate=certificate[0])))
    ended = turntable.run("run", path, "--until-end", timeout=60).expect(1)
    last = ended.stderr.splitlines()[-1]
    assert last.startswith(f"turntable: The consumer of topic t cannot use {addresses[server]}: {said}"), ended.transcript()


@pytest.mark.parametrize("server", ["cassandra", "controller", "http", "tls"])
def test_produce_to_something_else(server, addresses, turntable):
    (turntable.directory / "songs.csv").write_text("name\nMemories\n")
    words = ["produce", "--catalogue", "songs.csv", "--topic", "t", "--count", 1, "--rate", 0]
    ended = turntable.run(*words, "--bootstrap", addresses[server], timeout=60).expect(1)
    said = {"tls": TLS_IS_ASKED_FOR, "http": "it is an HTTP server", "cassandra": "it is a node of", "controller": "it is a controller"}
    assert f"The producer to topic t cannot use {addresses[server]}: {said[server]}" in ended.stderr, ended.transcript()


SENTENCES = {
    "kafka": f"is a broker of Kafka, {NO_NODE}",
    "controller": f"is a controller of Kafka, {NO_NODE}",
    "http": f"is an HTTP server, {NO_NODE}",
    "tls": "asks for TLS; set ca_file, if a node of Cassandra is behind it",
}


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "with_tls"])
@pytest.mark.parametrize("server", ["kafka", "controller", "http"])
def test_contact_points_that_are_something_else(server, tls, addresses, certificate, turntable):
    more = f", ca_file = '{certificate[0]}'" if tls else ""
    (turntable.directory / "p.sql").write_text(TO_CASSANDRA.format(address=addresses[server], more=more))
    (turntable.directory / "plays.ndjson").write_text('{"id": 1}\n')
    for command in (["run", "p.sql"], ["schema", "check", "p.sql"]):
        ended = turntable.run(*command, timeout=60).expect(1)
        assert f"{addresses[server]} {SENTENCES[server]}" in ended.stderr.splitlines()[-1], ended.transcript()


def test_a_contact_point_that_asks_for_tls(addresses, turntable):
    ended = turntable.run("query", "--cassandra", addresses["tls"], "-e", "SELECT 1", timeout=60).expect(1)
    assert f"{addresses['tls']} {SENTENCES['tls']}" in ended.stderr, ended.transcript()


def test_tls_to_a_contact_point_without_it(addresses, certificate, turntable):
    words = ["query", "--cassandra", addresses["cassandra"], "--set", f"ca_file={certificate[0]}", "-e", "SELECT 1"]
    ended = turntable.run(*words, timeout=60).expect(1)
    assert "it does not speak TLS on this port; leave ca_file out" in ended.stderr, ended.transcript()


def test_another_bootstrap_server_that_is_right_goes_on(addresses, from_kafka):
    """Which of the two is asked first is chance; the run reads either way."""
    both = from_kafka.with_options(
        {"plays.bootstrap.servers": f"{addresses['http']},{addresses['kafka']}", "listening_history.connector": "null"}
    )
    both.drain(0, timeout=60)
