"""What `run --http` shows, asked by clients that share no code with it: a plain HTTP client, curl, raw sockets and a real Prometheus."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

import pytest

from support.forwarder import free_port
from support.listening import CATALOGUE, assert_accounted, file_pipeline, play, plays
from support.program import ROOT, Running, wait_until

TOKEN = "0123456789abcdef0123"
OUTCOMES = ("written", "deleted", "filtered", "tombstone", "unmatched", "rejected", "returned")
RULES = ROOT / "packaging" / "prometheus"


class Site:
    """What a run shows, and an HTTP client for it."""

    def __init__(self, running: Running) -> None:
        url = urllib.parse.urlsplit(running.wait_for(r"the run is shown at \S+/").rpartition(" ")[2])
        self.running = running
        self.scheme, self.host, self.port = url.scheme, url.hostname, url.port

    def ask(self, path: str, method: str = "GET", **headers: str):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            answer.text = answer.read().decode()
            return answer

    def json(self, path: str) -> dict:
        answer = self.ask(path)
        assert (answer.status, answer.getheader("content-type")) == (200, "application/json"), answer.text
        return json.loads(answer.text)

    def samples(self) -> dict[str, float]:
        return samples_of(self.ask("/metrics").text)

    def raw(self, data: bytes) -> bytes:
        with socket.create_connection((self.host, self.port), timeout=20) as client:
            answer = b""
            with contextlib.suppress(ConnectionError):  # The server need not read what it refuses.
                client.sendall(data)
                while b"\r\n\r\n" not in answer and (more := client.recv(65536)):
                    answer += more
            return answer


def samples_of(text: str) -> dict[str, float]:
    lines = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: int(value) if value.isdigit() else float(value) for name, _, value in lines}


def one(samples: dict, name: str, **labels: str) -> int:
    """The only sample of this name with these labels."""
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    found = [v for k, v in samples.items() if re.match(rf"{name}(\{{|$)", k) and all(w in k for w in wanted)]
    assert len(found) == 1, (name, labels, found)
    return found[0]


def assert_adds_up(samples: dict) -> int:
    """The identity, in whole numbers: for the records, and in each table. Gives what was consumed."""
    consumed = one(samples, "turntable_records_consumed_total")
    ended = sum(one(samples, "turntable_records_total", outcome=outcome) for outcome in OUTCOMES)
    assert consumed == ended + one(samples, "turntable_records_in_flight"), samples
    tables = {found[1] for key in samples if (found := re.match(r'turntable_table_records_in_flight\{.*table="([^"]*)"', key))}
    assert tables
    for table in tables:
        outcomes = sum(one(samples, "turntable_table_records_total", table=table, outcome=outcome) for outcome in OUTCOMES)
        in_flight = one(samples, "turntable_table_records_in_flight", table=table)
        assert one(samples, "turntable_table_records_consumed_total", table=table) == outcomes + in_flight
    return consumed


@pytest.fixture
def to_null(turntable, kafka, topic, unique):
    """A run from Kafka to nowhere, without an end, that is shown."""
    pipeline = file_pipeline(turntable, "x", "null").with_options(
        {
            "plays.connector": "kafka", "plays.topic": topic, "plays.bootstrap.servers": kafka.bootstrap, "plays.group.id": unique,
            "plays.start": "earliest", "songs.path": CATALOGUE,
        }
    )  # fmt: skip
    pipeline.options.pop("plays.path", None)
    return pipeline


# -------------------------------------------------------------------------------------------------------------------- figures


def test_every_scrape_of_a_run_adds_up(to_null, kafka, topic):
    """While records come, some of which have no song and some of which are no JSON; and at the end it says what the statistics say."""
    running = to_null.start("--http", "0")
    site = Site(running)
    wait_until(lambda: site.ask("/readyz").status == 200, "it is ready", 60, running)
    sent = 0
    scrapes = set()
    for turn in range(12):
        good, bad = plays(400), [play(song="no such song"), b"nonsense", b"{}"]
        kafka.send(topic, good + bad)
        sent += len(good) + len(bad)
        for _ in range(4):
            scrapes.add(assert_adds_up(site.samples()))
            time.sleep(0.1)
    wait_until(lambda: one(site.samples(), "turntable_records_consumed_total") == sent, "all is read", 60, running)
    wait_until(lambda: one(site.samples(), "turntable_records_in_flight") == 0, "all has its outcome", 60, running)
    assert len(scrapes) > 2
    samples, status = site.samples(), site.json("/api/status")
    assert_adds_up(samples)
    assert one(samples, "turntable_dead_letters_total", reason="unmatched") == 12
    assert one(samples, "turntable_lookup_hits_total", lookup="songs") == 12 * 400
    assert one(samples, "turntable_lookup_misses_total", lookup="songs") == 12
    assert one(samples, "turntable_event_to_row_seconds_count") == 12 * 400
    assert status["dead_letters"]["by_reason"]["unmatched"] == 12 and len(status["dead_letters"]["last"]) == 20
    assert status["lookups"][0]["most_missed"][0] == {"key": "name = 'no such song'", "count": 12}
    assert {row["table"] for row in status["last_rows"]} == {"listening_history"}
    assert status["state"] == "running" and status["sentence"].startswith("All is well")
    assert sum(partition["end"] for partition in status["partitions"]) == sent and status["lag"] == 0
    done = running.terminate().expect(0)
    counts = {name: status["counts"][name] for name in ("consumed", "written", "unmatched", "rejected", "dead_lettered")}
    assert_accounted(done.stats, **counts)


def test_the_plan_is_the_pipeline(to_null):
    running = to_null.start("--http", "0")
    site = Site(running)
    plan = wait_until(lambda: (plan := site.json("/api/plan"))["nodes"] and plan, "the pipeline is loaded", 60, running)
    nodes = {node["id"]: node for node in plan["nodes"]}
    assert plan["pipeline"] == "listening_history"
    assert nodes["source:plays"]["connector"] == "kafka" and nodes["lookup:songs"]["join"] == "inner"
    assert nodes["table:listening_history"]["connector"] == "null"
    columns = {column["name"]: column for column in nodes["table:listening_history"]["columns"]}
    assert columns["song"]["type"] == "text" and "danceability" in columns
    assert plan["edges"][0]["from"] == "source:plays" and plan["edges"][-1]["to"] == "table:listening_history"
    running.terminate().expect(0)


def test_promtool_and_the_python_client_read_the_metrics(to_null, kafka, topic):
    kafka.send(topic, plays(100))
    running = to_null.start("--http", "0")
    site = Site(running)
    wait_until(lambda: one(site.samples(), "turntable_records_consumed_total") == 100, "all is read", 60, running)
    text = site.ask("/metrics").text
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open_metrics
    from prometheus_client.parser import text_string_to_metric_families as read_text

    answer = site.ask("/metrics", Accept="application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5")
    assert answer.getheader("content-type") == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    both = []
    for read, form in ((read_text, text), (read_open_metrics, answer.text)):
        samples = [(s.name, tuple(sorted(s.labels.items())), s.value) for family in read(form) for s in family.samples]
        both.append({(name, labels): value for name, labels, value in samples})
    assert both[0].keys() == both[1].keys()
    page = (ROOT / "docs" / "METRICS.md").read_text()
    for name, _ in both[0]:
        assert f"`{re.sub('_(bucket|sum|count)$', '', name)}`" in page or f"`{name}`" in page, name
    running.terminate().expect(0)


# ---------------------------------------------------------------------------------------------------------------- readiness


def test_it_says_what_it_waits_for_before_anything_is_there(to_null, kafka, forward):
    way = forward(kafka.bootstrap)
    running = to_null.with_options({"plays.bootstrap.servers": way.address}).start("--http", "0")
    site = Site(running)
    assert site.ask("/healthz").status == 200
    answer = wait_until(lambda: (a := site.ask("/readyz")) and "topic" in a.text and a, "the topic is awaited", 60, running)
    assert answer.status == 503 and way.address in answer.text
    status = site.json("/api/status")
    assert (status["state"], status["ready"]) == ("starting", False)
    assert status["waiting_for"]["node"] == "source:plays" and status["sentence"].startswith("Starting: ")
    assert one(site.samples(), "turntable_ready") == 0
    way.open()
    wait_until(lambda: site.ask("/readyz").status == 200, "it is ready", 60, running)
    assert one(site.samples(), "turntable_ready") == 1
    running.terminate().expect(0)


def test_a_store_that_is_away_is_named_and_its_return_too(listening, kafka, cassandra, topic, keyspace, forward):
    kafka.send(topic, plays(500))
    way = forward(cassandra.address)
    way.open()
    running = listening.with_options({"listening_history.contact_points": way.address}).start("--http", "0")
    site = Site(running)
    wait_until(lambda: one(site.samples(), "turntable_last_write_timestamp_seconds") > 0, "rows are written", 60, running)
    way.cut()
    kafka.send(topic, plays(500))
    status = wait_until(lambda: (s := site.json("/api/status")) and s["state"] == "waiting" and s, "it is seen", 60, running)
    assert status["waiting_for"]["node"] == "table:listening_history" and "Nothing is lost" in status["sentence"]
    assert status["runbook"] == "#turntablestorenotwriting" and one(site.samples(), "turntable_waiting", **{"for": "store"}) == 1
    assert site.ask("/healthz").status == 200  # Its loop turns.
    way.restore()
    wait_until(lambda: site.json("/api/status")["counts"]["written"] == 1000, "all rows are there", 90, running)
    status = wait_until(lambda: (s := site.json("/api/status")) and s["state"] == "running" and s, "all is well", 60, running)
    assert [incident["kind"] for incident in status["incidents"]].count("recovered") >= 1
    running.terminate().expect(0)


# ----------------------------------------------------------------------------------------------------------------- strangers


@pytest.fixture
def waits(turntable, tmp_path):
    """A run that waits for its topic, for what needs no records."""

    def begin(*more: object, **options) -> Site:
        pipeline = file_pipeline(turntable, "x", "null").with_options(
            {"plays.connector": "kafka", "plays.topic": "t", "plays.bootstrap.servers": f"127.0.0.1:{free_port()}", "plays.group.id": "g"}
        )
        pipeline.options.pop("plays.path", None)
        return Site(pipeline.start("--http", *more, **options))

    return begin


def test_requests_of_other_sites_and_nonsense_are_refused(waits):
    site = waits("0")
    assert site.ask("/").status == 200
    for path in ("/x", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/api", "/api/status/", "/metrics%00", "//"):
        assert site.ask(path).status == 404, path
    for name, value, status in (
        ("Host", "evil.example", 403), ("Host", "127.0.0.1.evil.example", 403), ("Host", "localhost:1", 200), ("Origin", "http://evil.example", 403),
        ("Origin", "null", 403), ("Sec_Fetch_Site", "cross-site", 403), ("Sec_Fetch_Site", "same-origin", 200),
    ):  # fmt: skip
        assert site.ask("/metrics", **{name: value}).status == status, (name, value)
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"):
        assert site.ask("/api/status", method).status == 405
    assert site.raw(b"GET / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert site.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert site.raw(b"\x16\x03\x01\x02\x00\x01\x00" * 50).startswith((b"HTTP/1.1 400", b""))
    assert b" 431 " in site.raw(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 65 + b"\r\n").splitlines()[0]
    head = site.ask("/metrics", "HEAD")
    assert head.status == 200 and head.text == "" and int(head.getheader("content-length")) > 1000
    assert site.ask("/healthz", "HEAD").status == 200
    page = site.ask("/")
    assert "script-src 'self'" in page.getheader("content-security-policy") and "unsafe" not in page.getheader("content-security-policy")
    assert site.ask("/", If_None_Match=page.getheader("etag")).status == 304
    assert site.ask("/", Accept_Encoding="identity").getheader("content-encoding") is None


@pytest.mark.parametrize("how", ["a file", "the environment"])
def test_a_token_is_asked_for_and_never_shown(how, waits, tmp_path):
    (tmp_path / "token").write_text(TOKEN + "\n")
    given = [f"0.0.0.0:{free_port()}"] + (["--http-token", f"file:{tmp_path / 'token'}"] if how == "a file" else [])
    site = waits(*given, env={} if how == "a file" else {"TURNTABLE_HTTP_TOKEN": TOKEN})
    site.host = "127.0.0.1"
    for path in ("/", "/metrics", "/api/status", "/api/live", "/x"):
        assert site.ask(path).status == 401
        assert site.ask(path, Authorization="Bearer wrong").status == 401
    assert site.ask("/healthz").status == 200 and site.ask("/readyz").status == 503
    assert site.ask("/metrics", Authorization=f"Bearer {TOKEN}").status == 200
    welcome = site.ask(f"/?token={TOKEN}")
    cookie = welcome.getheader("set-cookie")
    assert welcome.getheader("refresh") == "0;url=/" and "HttpOnly" in cookie and "SameSite=Strict" in cookie
    shown = site.ask("/api/status", Cookie=cookie.partition(";")[0])
    assert shown.status == 200
    assert TOKEN not in cookie + shown.text + welcome.text + site.running.transcript()


def test_an_open_address_needs_a_token_and_a_taken_port_is_said(turntable, waits):
    refused = file_pipeline(turntable, "x", "null").run("--http", "0.0.0.0:0").expect(2)
    assert "a token is needed" in refused.stderr and "--http-token file:PATH" in refused.stderr
    site = waits("0")
    taken = file_pipeline(turntable, "x", "null").run("--http", str(site.port)).expect(1)
    assert f"cannot listen on 127.0.0.1 port {site.port}" in taken.stderr


def test_tls(waits, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True,
    )  # fmt: skip
    site = waits("0", "--http-cert", certificate, "--http-key", key)
    assert site.scheme == "https"
    trusting = ssl.create_default_context(cafile=str(certificate))
    connection = http.client.HTTPSConnection("localhost", site.port, context=trusting, timeout=20)
    connection.request("GET", "/metrics")
    assert connection.getresponse().status == 200
    old = ssl.create_default_context(cafile=str(certificate))
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        http.client.HTTPSConnection("localhost", site.port, context=old, timeout=20).request("GET", "/metrics")
    assert not site.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").startswith(b"HTTP")


# --------------------------------------------------------------------------------------------------------------- slow clients


def test_a_drain_loses_nothing_beside_clients_that_do_not_read(to_null, kafka, topic):
    """A hundred that open /api/live and never read, hundreds that send half a header; who asks for health gets an answer all the while."""
    kafka.send(topic, plays(2000))
    running = to_null.start("--http", "0")
    site = Site(running)
    request = b"GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for number in range(400):
            client = stack.enter_context(socket.create_connection((site.host, site.port), timeout=20))
            with contextlib.suppress(OSError):  # It may have been closed for another.
                client.sendall(request if number < 100 else request[:30])
            if number % 50 == 0:
                assert site.ask("/healthz").status == 200
        wait_until(lambda: site.ask("/healthz").status == 200, "health is told", 20, running)
        kafka.send(topic, plays(2000))
        time.sleep(3)
        assert site.ask("/healthz").status == 200
    wait_until(lambda: one(site.samples(), "turntable_records_total", outcome="written") == 4000, "all is written", 60, running)
    assert one(site.samples(), "turntable_http_panics_total") == 0
    done = running.terminate().expect(0)
    assert_accounted(done.stats, consumed=4000, written=4000)


def test_live_is_the_status_once_a_second_and_ends_well(to_null, kafka, topic):
    running = to_null.start("--http", "0")
    site = Site(running)
    with socket.create_connection((site.host, site.port), timeout=30) as client:
        client.sendall(b"GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        stream = client.makefile("rb")
        events = []
        while len(events) < 3:
            line = stream.readline()
            if line.startswith(b"data: "):
                events.append(json.loads(line[6:]))
        running.terminate().expect(0)
        rest = stream.read()
    assert rest.endswith(b"0\r\n\r\n")
    times = [event["time"] for event in events]
    assert times == sorted(times) and len(set(times)) == 3
    assert events[0].keys() == {
        "time", "state", "sentence", "waiting_for", "runbook", "ready", "started_at", "last_record_at", "last_write_at", "counts", "tables",
        "rates", "partitions", "lag", "lag_seconds", "latency_ms", "phases", "window", "held_bytes", "lookups", "dead_letters", "last_rows",
        "incidents",
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------------------------ Prometheus


@pytest.mark.skipif(not shutil.which("prometheus"), reason="prometheus is not there; ./dev setup --tests installs it")
def test_a_real_prometheus_scrapes_a_run_and_fires(to_null, kafka, topic, tmp_path):
    """With the rules of packaging/, whose waits are cut short: the store's alert and the lookup's are not for a null sink, so this is of rejects."""
    running = to_null.start("--http", "0")
    site = Site(running)
    rules = re.sub(r"for: \d+m", "for: 1s", (RULES / "turntable.rules.yml").read_text()).replace("[10m]", "[10s]")
    (tmp_path / "turntable.rules.yml").write_text(rules)
    (tmp_path / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [turntable.rules.yml]\nscrape_configs:\n"
        f"  - job_name: turntable\n    static_configs: [{{targets: ['127.0.0.1:{site.port}']}}]\n"
    )
    port = free_port()
    prometheus = subprocess.Popen(
        ["prometheus", f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
         f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=(tmp_path / "prometheus.log").open("w"),
    )  # fmt: skip

    def query(text: str) -> list:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        with contextlib.closing(client):
            try:
                client.request("GET", "/api/v1/query?" + urllib.parse.urlencode({"query": text}))
                return json.loads(client.getresponse().read())["data"]["result"]
            except (OSError, ValueError):
                return []

    stop = threading.Event()

    def produce() -> None:
        while not stop.is_set():
            kafka.send(topic, [*plays(70), *[b"nonsense"] * 30])
            time.sleep(0.5)

    sender = threading.Thread(target=produce)
    try:
        sender.start()
        wait_until(lambda: query('up{job="turntable"} == 1'), "it is scraped", 60)
        wait_until(lambda: query('turntable_records_total{outcome="rejected"} > 0'), "rejects are seen", 60)
        wait_until(lambda: query('ALERTS{alertname="TurntableManyRejected", alertstate="firing"}'), "the alert fires", 90)
        assert not query('ALERTS{alertname="TurntableDoesNotAddUp"}')
        running.terminate().expect(0)
        wait_until(lambda: query('ALERTS{alertname="TurntableDown", alertstate="firing"}'), "the other alert fires", 90)
    finally:
        stop.set()
        sender.join()
        prometheus.terminate()
        prometheus.wait(20)


# --------------------------------------------------------------------------------------------------- what is in packaging/ and docs/


def test_each_alert_fires_once_and_leads_to_the_runbook():
    for words in (["check", "rules", "turntable.rules.yml"], ["test", "rules", "turntable.tests.yml"]):
        subprocess.run(["promtool", *words], cwd=RULES, check=True, capture_output=True)
    rules, tests = (RULES / "turntable.rules.yml").read_text(), (RULES / "turntable.tests.yml").read_text()
    headings = {line[3:].strip() for line in (ROOT / "docs" / "RUNBOOK.md").read_text().splitlines() if line.startswith("## ")}
    alerts = re.findall(r"alert: (\w+)", rules)
    assert len(alerts) > 10
    for alert in alerts:
        assert alert in headings and f'runbook: "RUNBOOK.md#{alert.lower()}"' in rules, alert
        assert re.search(rf"alertname: {alert}\n\s+exp_alerts:\n", tests), alert


def test_rules_and_dashboard_use_metrics_that_there_are():
    page = (ROOT / "docs" / "METRICS.md").read_text()
    known = set(re.findall(r"^\| `(turntable_\w+)`", page, re.MULTILINE))
    dashboard = json.loads((ROOT / "packaging" / "grafana" / "turntable.json").read_text())
    texts = [(RULES / "turntable.rules.yml").read_text(), *(t["expr"] for p in dashboard["panels"] for t in p.get("targets", []))]
    used = {re.sub("_(bucket|sum|count)$", "", name) for text in texts for name in re.findall(r"\bturntable_\w+", text)}
    assert used <= known and len(used) > 20, used - known


def test_each_section_that_the_status_names_is_in_the_runbook():
    named = set(re.findall(r'"#(turntable\w+)"', (ROOT / "src" / "serve" / "status_json.cc").read_text()))
    headings = {line[3:].strip().lower() for line in (ROOT / "docs" / "RUNBOOK.md").read_text().splitlines() if line.startswith("## ")}
    assert named and named <= headings, named - headings
