"""A browser, a clinic and the board on top of both.

The browser is Debian's Chromium: Playwright brings none. The page is the real one, the backend a fake
(fake_backend.py); journeys over the real stack are in tests/journeys.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.web.fake_backend import running
from tests.web.fake_clinic import Clinic, busy_clinic
from tests.web.fake_state import Backend

ROOT = Path(__file__).resolve().parents[2]
NEW_YORK = ZoneInfo("America/New_York")
TUESDAY = datetime(2026, 11, 10, tzinfo=NEW_YORK)  # the day of most tests; a working day
AXE = ROOT / "scripts/page/node_modules/axe-core/axe.min.js"
WATCH = """addEventListener("securitypolicyviolation",
    (breach) => console.error("CSP", breach.violatedDirective, breach.blockedURI));"""
# What the browser itself writes about answers a test asked for is no defect of the page.
EXPECTED = "Failed to load resource", "WebSocket connection to"

Open = Callable[..., Page]
expect.set_options(timeout=8_000)


def chromium() -> str:
    """Find Chromium, or install Debian's; skip where neither is possible."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        install = "apt-get update -qq; apt-get install -y -qq --no-install-recommends chromium"
        subprocess.run(["sh", "-c", install], check=False, capture_output=True, timeout=280)
        found = shutil.which("chromium")
    if found is None:
        pytest.skip("needs Chromium, and apt-get cannot install it here")
    return found


# A file's, not the session's: Playwright's loop, while it lives, stops every other asyncio in the process.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run one Chromium for a file's tests."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def clinic() -> Clinic:
    """Make a clinic with three providers on a busy Tuesday, at twenty past eleven."""
    return busy_clinic(TUESDAY, clock=TUESDAY.replace(hour=11, minute=20))


@pytest.fixture
def backend(clinic: Clinic) -> Iterator[Backend]:
    """Run the fake backend of the clinic."""
    with running(clinic) as started:
        yield started


@pytest.fixture
def open_board(browser: Browser, backend: Backend) -> Iterator[Open]:
    """Open boards: signed in and live. Any error on a page, and any breach of its policy, fails the test."""
    contexts = []
    wrong: list[str] = []

    def opened(path: str = "", *, width: int = 1440, height: int = 900, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.add_init_script(WATCH)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"{error}\n{error.stack}"))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.goto(f"{backend.url}/?sign-in=1{path}")
        expect(page.locator("#line")).to_have_attribute("data-state", "live")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [text for text in wrong if not text.startswith(EXPECTED)] == []


@pytest.fixture
def board(open_board: Open) -> Page:
    """Open one board on a desk's screen, on today."""
    page = open_board()
    expect(page.locator(".card").first).to_be_visible()
    return page


def card(page: Page, name: str) -> Any:
    """Find a visit on the schedule by its patient."""
    return page.locator(".card", has_text=name)


def axe_source() -> str:
    """Return the accessibility scanner, fetching the pinned one where it is not there yet."""
    if not AXE.exists():
        if shutil.which("npm") is None:
            pytest.skip("needs npm for the accessibility scanner")
        npm = ["npm", "ci", "--no-audit", "--no-fund", "--prefix", str(AXE.parents[2])]
        subprocess.run(npm, check=True, capture_output=True, timeout=120)
    return AXE.read_text()
