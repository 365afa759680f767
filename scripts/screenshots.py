"""Make a picture of each way the board is seen.

    python -m scripts.screenshots [FOLDER]

Without a folder they go to .local/screenshots. The page is the real one, the clinic an invented one
(tests/web/fake_clinic.py); the README's pictures are of a whole stack (scripts/board_pictures.py).
"""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.web.conftest import TUESDAY
from tests.web.fake_backend import running
from tests.web.fake_clinic import busy_clinic

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class View:
    """A picture: the screen, the place, and what is done before it is taken."""

    name: str
    width: int = 1440
    height: int = 900
    theme: str = "light"
    path: str = "#/day"
    act: Callable[[Page], None] | None = None


def _open_visit(page: Page) -> None:
    page.locator(".card", has_text="Owen McCarthy").click()
    page.locator("#panel .told").wait_for()


def _book(page: Page) -> None:
    page.locator("#new-booking").click()
    page.locator("#book .slot").first.wait_for()


def _print(page: Page) -> None:
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")


VIEWS = (
    View("light"),
    View("dark", theme="dark", act=_open_visit),
    View("week", path="#/week"),
    View("booking", act=_book),
    View("inbox", path="#/inbox/follow-ups"),
    View("calls", path="#/calls/all"),
    View("leads", path="#/calls/leads"),
    View("figures", path="#/insight"),
    View("settings", path="#/settings/clinic"),
    View("phone", 390, 844, path="#/list"),
    View("phone-dark", 390, 844, "dark", "#/list"),
    View("wall", 2560, 1440, "dark"),
    View("paper", 1000, 700, act=_print),
)


def take(browser: Browser, folder: Path) -> list[Path]:
    """Take all pictures; return their files."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    with running(busy_clinic(TUESDAY, clock=TUESDAY.replace(hour=11, minute=20))) as backend:
        for view in VIEWS:
            scheme: Any = view.theme
            screen = {"width": view.width, "height": view.height}
            context = browser.new_context(viewport=screen, color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            page = context.new_page()
            page.goto(f"{backend.url}/?sign-in=1{view.path}")
            page.locator("#line[data-state=live]").wait_for()
            page.wait_for_load_state("networkidle")
            if view.act:
                view.act(page)
            taken.append(folder / f"{view.name}.png")
            page.screenshot(path=taken[-1])
            context.close()
    return taken


def main() -> None:
    """Take the pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".local/screenshots"
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("needs Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        taken = take(browser, folder)
        browser.close()
    for path in taken:
        print(path)


if __name__ == "__main__":
    main()
