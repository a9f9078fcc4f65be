"""The page in a real Chromium on real runs: from Kafka to Cassandra and to SQLite, with servers that go away."""

import json
import re
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect

from support.fake_engine import HOSTILE, Scene
from support.forwarder import free_port
from support.listening import play, plays
from support.page import Visitor, chromium, picture, ready
from support.program import wait_until

FIVE_SECONDS = 5_000


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def visitor(browser):
    visitor = Visitor(browser)
    yield visitor
    visitor.close()


class InAThread:
    """Calls an object's methods on a thread of their own: Playwright has an event loop on this one, and the Kafka client makes one."""

    def __init__(self, object_) -> None:
        self.object = object_

    def __getattr__(self, name: str):
        value = getattr(self.object, name)
        if not callable(value):
            return value

        def call(*arguments, **options):
            with ThreadPoolExecutor(1) as thread:
                return thread.submit(value, *arguments, **options).result()

        return call


@pytest.fixture
def kafka(kafka):
    return InAThread(kafka)


class Shown:
    """A run that is shown at an address."""

    def __init__(self, pipeline, *arguments, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.running = pipeline.start("--http", f"127.0.0.1:{self.port}", *arguments)
        wait_until(self.answers, "the page is served", process=self.running)

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.read().decode()

    def answers(self) -> bool:
        try:
            return bool(self.get("api/status"))
        except OSError:
            return False

    def status(self) -> dict:
        return json.loads(self.get("api/status"))

    def metric(self, name: str, **labels: str) -> float:
        """The sum of the samples of that name that have these labels."""
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        lines = [line for line in self.get("metrics").splitlines() if re.match(rf"{name}[ {{]", line)]
        return sum(float(line.rpartition(" ")[2]) for line in lines if all(label in line for label in wanted))

    def finished(self, consumed: int) -> dict:
        def done() -> dict | None:
            status = self.status()
            return status if status["counts"]["consumed"] == consumed and status["counts"]["in_flight"] == 0 else None

        return wait_until(done, f"all {consumed} records are finished", 60, self.running)


def test_every_figure_is_that_of_the_metrics(listening, kafka, topic, visitor):
    unknown = [play(1, song="No Such Song")] * 7 + [play(2, song="Nor This")] * 3
    kafka.send(topic, plays(2000) + unknown + [b"not json", b'{"id": "x7"}'])
    shown = Shown(listening)
    page = ready(visitor.open(shown.url))
    expect(page.locator("h1")).to_have_text("listening_history")
    shown.finished(2012)
    cell = lambda name: page.locator(f"[data-outcome={name}] .number")  # noqa: E731
    expect(page.locator("#pill")).to_have_text("● Running")
    expect(cell("consumed")).to_have_text(f"{shown.metric('turntable_records_consumed_total'):,.0f}")
    for outcome in ("written", "filtered", "unmatched", "rejected"):
        expect(cell(outcome)).to_have_text(f"{shown.metric('turntable_records_total', outcome=outcome):,.0f}")
    expect(cell("written")).to_have_text("2,000")
    expect(cell("in_flight")).to_have_text("0")
    expect(cell("difference")).to_have_text("0 ✓")
    expect(page.locator("#letters-figure")).to_contain_text("12 in all")
    assert page.locator("#lookups .bars li").first.inner_text().split("\n")[0] == "No Such Song"
    status = shown.status()
    expect(page.locator("#rows tbody tr")).to_have_count(len(status["last_rows"]))
    assert page.locator("#rows tbody tr").first.locator("td").all_inner_texts()[1:] == ["NULL" if v is None else v for v in status["last_rows"][0]["values"]]
    expect(page.locator("#listening")).to_be_visible()
    kinds = [box.get_attribute("data-kind") for box in page.locator(".pipeline .box").all()]
    assert kinds == ["source", "lookup", "table"]


def test_the_engine_that_only_shows_says_what_the_real_one_says(listening, kafka, topic):
    """Its answers have the same names and kinds of values, so that what is tested with it holds."""
    kafka.send(topic, plays(200) + [play(1, song="No Such Song")])
    shown = Shown(listening)
    shown.finished(201)
    scene = Scene("all_well")
    for path, made_up in [("api/status", scene.status), ("api/plan", scene.plan)]:
        assert shape(made_up) <= shape(json.loads(shown.get(path))), path
    assert json.loads(shown.get("api/history"))["fields"] == "time consumed written unmatched rejected filtered lag p50_ms p99_ms".split()


def shape(value, at: str = "") -> set[str]:
    """The paths of names in a JSON value; names that are data stand as *."""
    if isinstance(value, dict):
        data = at.endswith((".by_reason", "rates.tables", "rates.lookups"))
        return {f"{at}.{'*' if data else name}" for name in value} | {path for name, each in value.items() for path in shape(each, f"{at}.{'*' if data else name}")}
    if isinstance(value, list) and not at.endswith(".incidents"):
        return {path for each in value for path in shape(each, f"{at}[]")}
    return set()


def test_hostile_events_stay_texts(listening, kafka, topic, visitor):
    texts = [text.replace("\x00", "") for text in HOSTILE]
    events = [play(i, name=text, song=text) for i, text in enumerate(texts)] + [text.encode(errors="replace") for text in texts]
    kafka.send(topic, events + [play(99, name=text) for text in texts])
    shown = Shown(listening)
    page = ready(visitor.open(shown.url))
    shown.finished(3 * len(texts))
    expect(page.locator("#letters-figure")).to_contain_text(f"{2 * len(texts)} in all")
    expect(page.locator("#rows tbody tr").first).to_be_visible()
    expect(page.locator("#letters")).to_contain_text("onerror=window.hacked=1")
    assert page.locator("img, iframe, a[href^=javascript]").count() == 0
    assert page.locator("script").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_it_goes_on_after_a_restart(listening, kafka, topic, visitor):
    kafka.send(topic, plays(500))
    shown = Shown(listening)
    page = ready(visitor.open(shown.url))
    shown.finished(500)
    expect(page.locator("[data-outcome=written] .number")).to_have_text("500")
    visitor.away = True
    shown.running.terminate()
    expect(page.locator("#pill")).to_have_text("■ No answer", timeout=FIVE_SECONDS)
    again = Shown(listening, port=shown.port)
    kafka.send(topic, plays(300))
    again.finished(again.status()["counts"]["consumed"] or 300)
    expect(page.locator("#pill")).to_have_text("● Running")
    expect(page.locator("[data-outcome=difference] .number")).to_have_text("0 ✓")


def test_a_node_that_is_away_is_seen(listening, kafka, cassandra, topic, visitor, forward):
    kafka.send(topic, plays(500))
    way = forward(cassandra.address)
    way.open()
    shown = Shown(listening.with_options({"listening_history.contact_points": way.address}))
    page = ready(visitor.open(shown.url))
    shown.finished(500)
    expect(page.locator("#pill")).to_have_text("● Running")
    way.cut()
    kafka.send(topic, plays(500))
    expect(page.locator("#pill")).to_contain_text("Waiting for", timeout=4 * FIVE_SECONDS)
    expect(page.locator("[data-node='table:listening_history']")).to_have_attribute("data-mark", "waiting")
    expect(page.locator("#sentence")).to_contain_text("Nothing is lost")
    expect(page.locator("#runbook-button")).to_be_visible()
    way.restore()
    shown.finished(1000)
    expect(page.locator("#pill")).to_have_text("● Running")
    expect(page.locator("#incidents")).to_contain_text("recovered")


def test_a_broker_that_is_away_is_seen(listening, kafka, topic, visitor, forward):
    kafka.send(topic, plays(100))
    way = forward(kafka.bootstrap)
    shown = Shown(listening.with_options({"plays.bootstrap.servers": way.address}))
    page = ready(visitor.open(shown.url))
    expect(page.locator("#pill")).to_contain_text(re.compile("Starting|Waiting"))
    expect(page.locator("[data-node='source:plays']")).to_have_attribute("data-mark", "waiting")
    expect(page.locator("#sentence")).to_contain_text(str(way.port))


def test_a_picture_of_a_run(listening, kafka, topic, visitor, tmp_path):
    """The picture that the README opens with."""
    songs_nobody_knows = [play(i, song=song) for i, song in enumerate(["No Such Song (Live)", "Sorry — Remastered", "Älskar"] * 9)]
    shown = Shown(listening.with_options({"plays.dead_letters": f"kafka:{topic}.dead_letters"}))
    page = ready(visitor.open(shown.url))
    sent = 0
    for round_ in range(12):
        batch = plays(400 + 90 * (round_ % 4)) + songs_nobody_knows[: 1 + round_]
        kafka.send(topic, batch)
        sent += len(batch)
        page.wait_for_timeout(900)
    shown.finished(sent)
    expect(page.locator("[data-outcome=difference] .number")).to_have_text("0 ✓")
    picture(page, "page", tmp_path)
