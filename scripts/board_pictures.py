"""Take the README's pictures of the board from a whole stack with a day of calls: `make screenshots`.

    python -m scripts.board_pictures [FOLDER]

All on them came in as it does in life: patients called and texted back, colleagues moved and cancelled.
The stack is one of its own, gone afterwards. scripts/screenshots.py shows all other views, without a stack.
"""

import shutil
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.journeys.desk import Desk
from tests.journeys.patients import Patient
from tests.journeys.waiting import until
from tests.local.stacks import homes, running

FOLDER = Path(__file__).resolve().parents[1] / "docs"
COLLEAGUES = ("Dr. Lindqvist", "Dr. Achebe")  # the demo clinic has one provider; a day of three says more
# Who calls, for which service, with whom, at what time; the times are free on an empty day.
CALLS = (
    ("Dana Whitfield", 0, 0, "09:00"),
    ("Owen McCarthy", 1, 0, "10:30"),
    ("Priya Raman", 2, 0, "11:15"),
    ("Tom Okafor", 0, 0, "15:00"),
    ("Lucía Fernández", 1, 1, "09:15"),
    ("Sam Reed", 0, 1, "10:00"),
    ("Ingrid Sørensen", 2, 1, "11:30"),
    ("Maya Goldberg", 1, 1, "13:30"),
    ("Hugo Laurent", 0, 1, "14:15"),
    ("Eve Hart", 2, 2, "09:30"),
    ("Ben Yates", 0, 2, "10:30"),
    ("Aisha Karim", 1, 2, "13:00"),
    ("Jonas Weber", 0, 2, "14:00"),
    ("Kim Novak", 1, 2, "16:00"),
)
CONFIRMED = ("Dana Whitfield", "Priya Raman", "Lucía Fernández", "Hugo Laurent", "Ben Yates", "Aisha Karim")


def main() -> int:
    """Take the three pictures; 1 without a browser."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("needs Chromium: apt-get install chromium", file=sys.stderr)
        return 1
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as room:
        home = Path(room) / "home"
        with homes(home), running(home) as (_, stack), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for path in take(browser, stack, folder):
                print(path)
            browser.close()
    return 0


def take(browser: Browser, stack: dict[str, Any], folder: Path) -> list[Path]:
    """Fill a day, and take it light, dark with a visit open, and on a phone."""
    desk = Desk(stack)
    _hire(desk)
    day = desk.day(1)[0]
    _fill(stack, desk, day)
    dark = _board(browser, stack, day, "dark", 1440, 900)
    dark.locator(".card", has_text="Tom Okafor").click()
    dark.locator("#panel .told").wait_for()
    pages = {
        "board": _board(browser, stack, day, "light", 1440, 900),
        "board-dark": dark,
        "board-phone": _board(browser, stack, day, "light", 390, 844, "list"),
    }
    for name, page in pages.items():
        expect(page.locator(".card, .row", has_text="Kim Novak")).to_be_visible()
        page.screenshot(path=folder / f"{name}.png")
    return [folder / f"{name}.png" for name in pages]


def _hire(desk: Desk) -> None:
    """Give the clinic two more providers, with the hours and services of the first."""
    first = desk.org["providers"][0]["id"]
    hours = desk.reads(f"hours/{first}")["hours"]
    for name in COLLEAGUES:
        made = desk.does("providers", name=name, service_ids=[each["id"] for each in desk.org["services"]])
        answered = desk.ask("PUT", f"/api/staff/hours/{made['id']}", {"hours": hours})
        assert answered.status == 200, answered.text


def _fill(stack: dict[str, Any], desk: Desk, day: datetime) -> None:
    """Have the patients call, answer their texts, be moved and cancelled; wait until all of it is told."""
    names = [desk.org["providers"][0]["name"], *COLLEAGUES]
    visits = {}
    for number, (name, service, provider, clock) in enumerate(CALLS):
        hour, minute = map(int, clock.split(":"))
        patient = Patient(stack, f"+120255501{number + 20}", service=service)
        start = day.replace(hour=hour, minute=minute).isoformat()
        booked = patient.books(name, start, provider=names[provider])
        visits[name] = booked.metadata["appointmentId"]
        if name in CONFIRMED:
            patient.waits_for_texts(1)
            patient.replies("C")
    desk.moves(visits["Owen McCarthy"], day.replace(hour=13, minute=30))
    desk.does(
        f"appointments/{visits['Maya Goldberg']}/cancel",
        version=desk.visit(visits["Maya Goldberg"])["version"],
    )
    # A text or an event still on its way would be another picture next time.
    until(
        lambda: all(desk.visit(each)["sms"]["state"] == "delivered" for each in visits.values()),
        "every text delivered",
    )
    until(
        lambda: not [each for each in visits.values() if desk.visit(each)["calendar"]["state"] == "pending"],
        "every event written",
    )


def _board(
    browser: Browser,
    stack: dict[str, Any],
    day: datetime,
    theme: Any,
    width: int,
    height: int,
    view: str = "day",
) -> Page:
    """Open a board on that day."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{stack['http']}/local/sign-in?org={stack['orgs'][0]['slug']}")
    page.locator("#line[data-state=live]").wait_for()
    page.evaluate("(hash) => { location.hash = hash; }", f"#/{view}/{day:%Y-%m-%d}")
    expect(page.locator("#day-title")).to_contain_text(f"{day:%B} {day.day}")
    return page


if __name__ == "__main__":
    sys.exit(main())
