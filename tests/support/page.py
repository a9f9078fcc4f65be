"""The page in a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from support.program import ROOT

AXE = ROOT / "tests" / "vendor" / "axe-core" / "axe.min.js"
IMAGES = ROOT / "docs" / "images"
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
expect.set_options(timeout=20_000)

# What the browser itself says when an engine is away or lets nobody in; everything else on its console is a fault.
OF_NO_ANSWER = ("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "ERR_INCOMPLETE_CHUNKED_ENCODING", "status of 401", "status of 503")


@contextlib.contextmanager
def chromium():
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "there is no Chromium; ./dev setup --tests installs it"
    with sync_playwright() as playwright:
        # Its sandbox needs what root, and many a container, has not; and it sees nothing but our own page.
        options = ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
        browser = playwright.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


class Visitor:
    """Opens pages, each in a browser context of its own, and keeps what went wrong in them."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.contexts: list = []
        self.faults: list[str] = []
        self.away = False  # The engine is away on purpose.

    def open(self, url: str, viewport: dict | None = None, scheme: str = "light") -> Page:
        context = self.browser.new_context(viewport=viewport or DESK, color_scheme=scheme, timezone_id="UTC", locale="en-US")
        self.contexts.append(context)
        context.add_init_script(
            "window.violations = []; addEventListener('securitypolicyviolation', (e) => window.violations.push(e.violatedDirective + ' ' + e.blockedURI));"
        )
        page = context.new_page()
        page.on("console", self.hear)
        page.on("pageerror", lambda fault: self.faults.append(f"a script failed: {fault}"))
        page.on("request", lambda request: self.requested(request.url, url))
        page.goto(url)
        return page

    def hear(self, message) -> None:
        if message.type in ("error", "warning") and not (self.away and any(words in message.text for words in OF_NO_ANSWER)):
            self.faults.append(f"console: {message.text}")

    def requested(self, asked: str, url: str) -> None:
        if not asked.startswith((url.partition("?")[0], "data:")):
            self.faults.append(f"asked another host: {asked}")

    def close(self) -> None:
        for context in self.contexts:
            for page in context.pages:
                self.faults += [f"against the policy: {violation}" for violation in page.evaluate("window.violations ?? []")]
                if page.evaluate("window.hacked"):
                    self.faults.append("a foreign text was executed")
            context.close()
        assert not self.faults, "\n".join(self.faults)


def ready(page: Page) -> Page:
    """Waits until the page shows a status."""
    expect(page.locator("#outcomes tr").first).to_be_visible()
    return page


def violations(page: Page) -> list[str]:
    """What axe finds, all its rules for WCAG 2.2 AA and good practice."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{each['id']}: {each['help']}: {node['html'][:200]} {node['failureSummary'][:300]}" for each in found["violations"] for node in each["nodes"]]


def picture(page: Page, name: str, directory: Path, height: int | None = None) -> Path:
    """A screenshot of the page, or of its upper part, in `directory`; with UPDATE_GOLDEN=1 also in docs/images/."""
    path = directory / f"{name}.png"
    clip = {"x": 0, "y": 0, "width": page.viewport_size["width"], "height": height} if height else None
    page.screenshot(path=path, full_page=True, clip=clip)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        IMAGES.mkdir(exist_ok=True)
        shutil.copyfile(path, IMAGES / path.name)
    return path
