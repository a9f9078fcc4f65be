"""The page in a real Chromium, on an engine that only shows (support/fake_engine.py): scenes that a real run cannot be brought into
on demand, each as the page has to show it."""

import re

import pytest
from playwright.sync_api import expect

from support.fake_engine import HOSTILE, FakeEngine, Scene, chain, lookup, source, table
from support.page import DESK, PHONE, Visitor, chromium, picture, ready, violations

LOOKS = {"light": (DESK, "light"), "dark": (DESK, "dark"), "phone": (PHONE, "light")}


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def visitor(browser):
    visitor = Visitor(browser)
    yield visitor
    visitor.close()


@pytest.fixture
def engine():
    """Starts engines that show a scene, and stops them."""
    started: list[FakeEngine] = []

    def start(scene: Scene | str, *, still: bool = False, token: str | None = None) -> FakeEngine:
        started.append(FakeEngine(scene, token=token))
        if still:
            started[-1].scene.moves = False
        return started[-1]

    yield start
    for each in started:
        each.stop()


def number(value: float) -> str:
    return f"{value:,.0f}"


# ------------------------------------------------------------------------------------------------------------------- figures


def test_every_figure_is_the_engines(engine, visitor):
    scene = engine("all_well", still=True)
    page = ready(visitor.open(scene.url))
    status = scene.read()
    expect(page.locator("#pill")).to_have_text("● Running")
    expect(page.locator("#sentence")).to_have_text(status["sentence"])
    for name, text in [("written", None), ("filtered", None), ("unmatched", None), ("rejected", None), ("in_flight", "in flight")]:
        row = page.locator(f"[data-outcome={name}]")
        expect(row.locator("th")).to_have_text(text or name)
        expect(row.locator(".number")).to_have_text(number(status["counts"][name]))
    expect(page.locator("[data-outcome=difference] .number")).to_have_text("0 ✓")
    expect(page.locator("#rate-figure")).to_contain_text("2,412 in")
    expect(page.locator("#latency-figure")).to_have_text("2.2 ms p5021 ms p99")
    expect(page.locator("#lag-figure")).to_have_text("0.4 s 96 records")
    expect(page.locator("#lookups")).to_contain_text("99.45 % of 26,813,276 found")
    expect(page.locator("#lookups")).to_contain_text("23,450 rows · version 3")
    missed = [(each["key"].removeprefix("name = ").strip("'"), str(each["count"])) for each in status["lookups"][0]["most_missed"]]
    bars = page.locator("#lookups .bars li")
    assert [(bars.nth(i).locator(".cut").inner_text(), bars.nth(i).locator(".number").inner_text()) for i in range(5)] == missed
    expect(page.locator("#letters-figure")).to_contain_text("158,206 in all")
    assert page.locator("#letters code").all_inner_texts() == [letter["text"] for letter in status["dead_letters"]["last"]]
    rows = page.locator("#rows tbody tr")
    expect(rows).to_have_count(len(status["last_rows"]))
    for i in (0, 7, 19):
        assert rows.nth(i).locator("td").all_inner_texts()[1:] == status["last_rows"][i]["values"]
    expect(page.locator("#leaving")).to_contain_text("1,125 in flight, 597 KiB held")
    expect(page.locator("#leaving")).to_contain_text("most work: write, 56.5 % of the time")


def test_arrows_have_the_rates_of_what_they_lead_to(engine, visitor):
    page = ready(visitor.open(engine("many", still=True).url))
    labels = page.locator(".pipeline .arrow text")
    expect(labels).to_have_text(["820/s", "815/s", "–/s", "812/s", "801/s", "812/s", "3.3/s"])
    assert page.locator(".pipeline .box").count() == 8


def test_books_that_do_not_add_up_are_said(engine, visitor):
    scene = engine("all_well", still=True)
    scene.scene.status["counts"]["written"] -= 12
    page = ready(visitor.open(scene.url))
    difference = page.locator("[data-outcome=difference] .number")
    expect(difference).to_have_text("12 ✗")
    expect(difference).to_have_class("number bad")


def test_what_is_not_known_is_a_dash(engine, visitor):
    page = ready(visitor.open(engine("starting").url))
    expect(page.locator("#pill")).to_have_text("◌ Starting")
    expect(page.locator("#latency-figure")).to_have_text("– p50– p99")
    expect(page.locator("#lag-figure")).to_have_text("– – records")
    expect(page.locator("#letters")).to_have_text("None.")
    expect(page.locator("#lookups")).to_have_text("Not loaded yet.")
    expect(page.locator("#listening")).to_be_hidden()


def test_a_plan_that_is_known_later_is_drawn_when_it_is_known(engine, visitor):
    """The server starts before the pipeline's lookups are loaded."""
    scene = engine("starting")
    plan = scene.scene.plan
    scene.scene.plan = plan | {"nodes": [], "edges": []}
    page = ready(visitor.open(scene.url))
    expect(page.locator("#lookups")).to_have_text("This pipeline has none.")
    assert page.locator(".pipeline .box").count() == 0
    scene.scene.plan = plan
    expect(page.locator(".pipeline .box")).to_have_count(4)
    expect(page.locator("[data-node='source:plays']")).to_have_attribute("data-mark", "waiting")
    expect(page.locator("#lookups")).to_have_text("Not loaded yet.")


def test_what_happens_is_seen_without_loading_anew(engine, visitor):
    scene = engine("all_well")
    page = ready(visitor.open(scene.url))
    expect(page.locator("#pill")).to_have_text("● Running")
    scene.scene = Scene("waiting")
    expect(page.locator("#pill")).to_have_text("▲ Waiting for Cassandra")
    expect(page.locator("#sentence b")).to_have_text("Nothing is lost; nothing is written either.")
    box = page.locator("[data-node='table:listening_history']")
    expect(box).to_have_attribute("data-mark", "waiting")
    expect(box.locator(".line2")).to_contain_text("waiting")
    assert page.locator(".pipeline .box[data-mark]").count() == 1
    assert page.locator(".pipeline .arrow[data-mark=waiting]").count() == 3
    expect(page.locator(".pipeline .arrow text", has_text="wait")).to_have_text("0/s · 11,204 wait")
    expect(page).to_have_title(re.compile("Waiting for Cassandra"))
    scene.scene = Scene("failed")
    expect(page.locator("#pill")).to_have_text("■ Failed")
    scene.scene = Scene("finished")
    expect(page.locator("#pill")).to_have_text("✓ Finished")
    expect(page.locator(".pipeline [data-mark]")).to_have_count(0)


def test_the_runbook_opens_at_what_to_do(engine, visitor):
    page = ready(visitor.open(engine("waiting").url))
    button = page.get_by_role("button", name="What to do: runbook, a node is away")
    button.click()
    text = page.locator("#runbook-text")
    expect(text.locator("h2")).to_have_text("A node is away")
    expect(text).to_contain_text("Nothing is lost")
    expect(text.locator("li code")).to_have_text("nodetool status")
    expect(text).not_to_contain_text("Not this")
    expect(text).to_be_focused()
    button.click()
    expect(text).to_be_hidden()


# ------------------------------------------------------------------------------------------------------------------ hostile


@pytest.mark.parametrize("look", ["light", "phone"])
def test_hostile_texts_stay_texts(engine, visitor, look):
    """None is executed (the fixture looks), none becomes an element, none breaks the layout."""
    viewport, scheme = LOOKS[look]
    page = ready(visitor.open(engine("hostile").url, viewport, scheme))
    expect(page.locator("h1")).to_have_text(HOSTILE[0])
    expect(page.locator("#rows tbody tr").nth(1).locator("td").nth(1)).to_have_text(HOSTILE[1])
    page.get_by_role("button", name="Show all").click()
    assert page.locator("img, iframe, object, embed, form, a[href^=javascript]").count() == 0
    assert page.locator("script").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the window"
    expect(page.locator("#runbook")).to_be_hidden()  # What the engine named is no section.
    heights = page.locator("#rows tbody tr").evaluate_all("rows => rows.map((row) => row.getBoundingClientRect().height)")
    assert max(heights) < 40, "a text was wrapped into the layout"


def test_a_cut_text_is_shown_whole_on_focus(engine, visitor):
    page = ready(visitor.open(engine("hostile").url))
    cell = page.locator("#rows tbody .cut[tabindex='0']", has_text="long long").first
    cell.focus()
    tip = page.locator("#tip")
    expect(tip).to_be_visible()
    assert tip.text_content() == HOSTILE[5]
    assert cell.get_attribute("aria-describedby") == "tip"
    box = tip.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= DESK["width"] and box["y"] + box["height"] <= DESK["height"]
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.locator(".pipeline .box").nth(1).focus()
    assert HOSTILE[6] in tip.text_content()


# --------------------------------------------------------------------------------------------------------------- connection


def test_it_says_that_the_engine_is_away_and_goes_on_when_it_is_back(engine, visitor):
    scene = engine("all_well")
    page = ready(visitor.open(scene.url))
    page.evaluate("window.sameDocument = true")
    visitor.away = True
    scene.stop()
    expect(page.locator("#pill")).to_have_text("■ No answer")
    expect(page.locator("#sentence")).to_contain_text(re.compile(r"has not answered since \d\d:\d\d:\d\d"))
    expect(page.locator("#said")).to_contain_text("has not answered")
    written = page.locator("[data-outcome=written] .number").inner_text()
    assert written != "0", "what was known is still there"
    # Started anew, with its counters at the beginning and a history of its own.
    scene.scene = Scene("many")
    scene.scene.status["counts"] |= {"consumed": 7, "written": 7, "unmatched": 0, "rejected": 0, "in_flight": 0}
    scene.scene.moves = False
    scene.start()
    expect(page.locator("#pill")).to_have_text("● Running")
    expect(page.locator("h1")).to_have_text("orders")
    expect(page.locator("[data-outcome=written] .number")).to_have_text("7")
    assert page.evaluate("window.sameDocument"), "the page was loaded anew"


def test_an_engine_that_hangs_is_one_that_does_not_answer(engine, visitor):
    """The connection stands, and nothing comes."""
    scene = engine("all_well")
    page = ready(visitor.open(scene.url))
    visitor.away = True
    scene.silent = True
    expect(page.locator("#pill")).to_have_text("■ No answer")
    scene.silent = False
    expect(page.locator("#pill")).to_have_text("● Running")


def test_a_missing_token_is_said(engine, visitor):
    scene = engine("all_well")
    page = ready(visitor.open(scene.url))
    visitor.away = True
    scene.stop()
    scene.token = "a-secret-of-20-signs"
    scene.start()
    expect(page.locator("#sentence")).to_contain_text("The engine does not let this page in.")


def test_a_hidden_page_holds_no_stream(engine, visitor):
    scene = engine("all_well")
    page = ready(visitor.open(scene.url))
    become = "(hidden) => { Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden}); document.dispatchEvent(new Event('visibilitychange')); }"
    assert scene.streams == 1
    page.evaluate(become, True)
    page.wait_for_function("() => true")
    _until(page, lambda: scene.streams == 0)
    page.evaluate(become, False)
    _until(page, lambda: scene.streams == 1)
    expect(page.locator("#pill")).to_have_text("● Running")


def _until(page, condition) -> None:
    for _ in range(200):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError("waited in vain")


# ------------------------------------------------------------------------------------------------ for everyone


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(engine, visitor, look):
    viewport, scheme = LOOKS[look]
    shown = engine("starting", still=True)
    page = ready(visitor.open(shown.url, viewport, scheme))
    found = {"starting": violations(page)}
    for scene in ("many", "hostile", "failed", "waiting", "all_well"):
        shown.scene = Scene(scene)
        shown.scene.moves = False
        ready(page.reload() and page)
        found[scene] = violations(page)
    visitor.away = True
    shown.stop()
    expect(page.locator("#pill")).to_have_text("■ No answer")
    found["away"] = violations(page)
    assert not any(found.values()), "\n".join(f"{scene}: {each}" for scene, all_ in found.items() for each in all_)


def test_everything_is_reached_by_keyboard(engine, visitor):
    page = ready(visitor.open(engine("waiting").url))
    page.wait_for_timeout(1500)  # Texts that are cut have been measured.
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("(() => { const a = document.activeElement; return a.dataset.node ?? a.id ?? a.textContent; })()"))
        outline = page.evaluate("(() => { const a = document.activeElement; if (a === document.body) return true; const s = getComputedStyle(a); return s.outlineStyle !== 'none' || a.matches('.box'); })()")  # fmt: skip
        assert outline, f"no visible focus on {reached[-1]}"
        if reached[-1] == "rows":
            break
    wanted = ["runbook-button", "source:plays", "lookup:songs", "table:listening_history", "table:plays_by_song", "incidents-more", "letters", "rows"]
    assert [name for name in reached if name in wanted] == wanted
    # Activated by keyboard: the rows of the other table.
    other = page.get_by_role("button", name="plays_by_song")
    other.focus()
    page.keyboard.press("Enter")
    expect(other).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#rows")).to_have_text("None seen yet.")


def test_a_screen_reader_is_told_of_changes_in_kind_only(engine, visitor):
    scene = engine("all_well")
    page = ready(visitor.open(scene.url))
    said = page.locator("#said")
    expect(said).to_contain_text("Running. All is well.")
    assert page.locator("[aria-live], [role=status], [role=alert]").count() == 1
    page.evaluate("window.changes = 0; new MutationObserver(() => ++window.changes).observe(document.getElementById('said'), {childList: true, characterData: true, subtree: true})")  # fmt: skip
    sentence = page.locator("#sentence").inner_text()
    expect(page.locator("#sentence")).not_to_have_text(sentence)
    assert page.evaluate("window.changes") == 0
    scene.scene = Scene("waiting")
    expect(said).to_contain_text("Waiting for Cassandra. Nothing is lost")


def test_the_charts_and_the_picture_are_also_words(engine, visitor):
    page = ready(visitor.open(engine("all_well", still=True).url))
    chart = page.get_by_role("img", name=re.compile("^Chart, Records per second"))
    label = chart.get_attribute("aria-label")
    assert re.search(r"in: between [\d,]+ and 2,\d\d\d, last [\d,]+; written: between [\d,]+ and 3,\d\d\d, last [\d,]+\.", label), label
    assert "rebalance" in label and "waited 40 s" in label
    assert "p99: between" in page.locator("#latency-chart").get_attribute("aria-label")
    box = page.locator("[data-node='table:listening_history']")
    assert "takes 2,398 records a second" in box.get_attribute("aria-label")
    assert page.get_by_role("table", name="The last rows written to listening_history, newest first").count() == 1
    assert {"banner", "main"} <= set(page.evaluate("[...document.querySelectorAll('header, main')].map((n) => n.matches('main') ? 'main' : 'banner')"))


def test_rows_stand_still_while_they_are_read(engine, visitor):
    page = ready(visitor.open(engine("all_well").url, {"width": 760, "height": 900}))
    first = page.locator("#rows tbody tr").first
    before = first.inner_text()
    expect(first).not_to_have_text(before, use_inner_text=True)
    page.locator("#rows tbody .cut").first.evaluate("(cell) => { cell.tabIndex = 0; cell.focus(); }")
    page.wait_for_timeout(1200)
    before = first.inner_text()
    page.wait_for_timeout(2500)
    assert first.inner_text() == before
    page.evaluate("document.activeElement.blur()")
    expect(first).not_to_have_text(before, use_inner_text=True)


# -------------------------------------------------------------------------------------------------------- parts by themselves


def test_a_time_that_stalled_is_a_gap(engine, visitor):
    page = ready(visitor.open(engine("all_well", still=True).url))
    columns = page.evaluate("""async () => {
      const { Samples } = await import('/charts.js');
      const at = (s) => new Date(1e12 + 1000 * s).toISOString();
      const samples = new Samples();
      samples.takeHistory({interval_seconds: 5, fields: ['time', 'consumed', 'written', 'lag', 'p50_ms', 'p99_ms'],
        samples: [[at(0), 0, 0, 1, 2, 3], [at(5), 50, 40, 1, null, 3], [at(45), 60, 60, 1, 2, 3], [at(50), 110, 110, 1, 2, 3]]});
      samples.takeStatus({time: at(55), counts: {consumed: 10, written: 10}, lag: 0, latency_ms: {p50: 1, p99: 1}});
      return samples.columns();
    }""")
    assert columns["consumed"] == [None, 10, None, None, 10, None], "a stall and a new beginning are gaps"
    assert columns["p50"] == [2, None, None, 2, 2, 1]
    assert [round(t - 1e9) for t in columns["t"]] == [0, 5, 5, 45, 50, 55]


PLANS = {
    "one table": ([source(), table("a")], chain("source:plays", "table:a")),
    "one lookup, three tables": (
        [source(), lookup("songs"), *map(table, "abc")],
        [edge for name in "abc" for edge in chain("source:plays", "lookup:songs", f"table:{name}")],
    ),
    "three lookups, one table": (
        [source(), *map(lookup, "xyz"), table("a")],
        chain("source:plays", "lookup:x", "lookup:y", "lookup:z", "table:a"),
    ),
    "a table that passes two lookups by": (
        [source(), *map(lookup, "xy"), *map(table, "abcd")],
        chain("source:plays", "lookup:x", "lookup:y", "table:a") + chain("source:plays", "table:b") + chain("lookup:x", "table:c")
        + chain("source:plays", "table:d"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("plan", PLANS)
def test_boxes_stand_apart_and_no_arrow_runs_through_one(engine, visitor, plan):
    nodes, edges = PLANS[plan]
    scene = engine("all_well", still=True)
    scene.scene.plan |= {"nodes": nodes, "edges": edges}
    for viewport in (DESK, PHONE):
        page = ready(visitor.open(scene.url, viewport))
        boxes = page.locator(".pipeline rect").evaluate_all("nodes => nodes.map((n) => { const b = n.getBBox(); return [b.x, b.y, b.x + b.width, b.y + b.height]; })")
        assert len(boxes) == len(nodes)
        for i, a in enumerate(boxes):
            for b in boxes[i + 1 :]:
                assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], "two boxes overlap"
        points = page.locator(".pipeline path.line").evaluate_all(
            "paths => paths.flatMap((p) => { const n = p.getTotalLength(); return Array.from({length: Math.floor(n / 4)}, (_, i) => { const q = p.getPointAtLength(4 * i); return [q.x, q.y]; }); })"
        )
        inside = [p for p in points for b in boxes if b[0] + 1 < p[0] < b[2] - 1 and b[1] + 1 < p[1] < b[3] - 1]
        assert not inside, "an arrow runs through a box"
        labels = page.locator(".pipeline .arrow text").evaluate_all("nodes => nodes.map((n) => { const b = n.getBBox(); return [b.x, b.y + 2, b.x + b.width, b.y + b.height - 2]; })")
        for x1, y1, x2, y2 in labels:
            assert not any(x1 < b[2] and b[0] < x2 and y1 < b[3] and b[1] < y2 for b in boxes), "a label lies on a box"


def test_numbers_are_written_as_people_read_them(engine, visitor):
    page = visitor.open(engine("starting").url)
    cases = {
        "count(26814402)": "26,814,402", "count(null)": "–", "amount(0)": "0", "amount(0.0234)": "0.02", "amount(36.42)": "36.4", "amount(2412.4)": "2,412",
        "percent(1, 1e6)": "<0.01 %", "percent(0, 5)": "0 %", "percent(5, 5)": "100 %", "percent(999999, 1000000)": ">99.99 %", "percent(1, 0)": "– %",
        "duration(0.42)": "0.4 s", "duration(18.9)": "18 s", "duration(200)": "3 min 20 s", "duration(11520)": "3 h 12 min", "duration(180000)": "2 d 2 h",
        "milliseconds(0.123)": "0.1 ms", "milliseconds(21.4)": "21 ms", "milliseconds(30400)": "30 s", "bytes(4300000)": "4.1 MiB", "bytes(12)": "12 B",
    }  # fmt: skip
    for call, text in cases.items():
        assert page.evaluate(f"import('/text.js').then((text) => text.{call})") == text, call


# ----------------------------------------------------------------------------------------------------------------- pictures

PICTURES = {
    "page-waiting": ("waiting", DESK, "light", 730),
    "page-many": ("many", DESK, "light", 640),
    "page-dark": ("all_well", DESK, "dark", None),
    "page-phone": ("all_well", PHONE, "light", 1300),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures(engine, visitor, tmp_path, name):
    """Pictures of the page for the documents; UPDATE_GOLDEN=1 puts them there."""
    scene, viewport, scheme, height = PICTURES[name]
    page = ready(visitor.open(engine(scene).url, viewport, scheme))
    page.wait_for_timeout(2500)
    picture(page, name, tmp_path, height)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
