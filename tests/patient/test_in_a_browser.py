"""The page in Chromium, without JavaScript, as patients have it on their phones; and what axe finds on it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.clinics import Clinic, Connection, book, make_clinic, one
from tests.patient.conftest import token_of
from tests.web.conftest import axe_source, browser

__all__ = ["browser"]  # the fixture

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# Of every control that is to be seen, in CSS pixels.
HEIGHTS = """[...document.querySelectorAll("button, .button, summary")]
    .filter((each) => each.checkVisibility()).map((each) => each.offsetHeight)"""

Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, url: str) -> Iterator[Open]:
    """Open pages on a phone; anything the browser complains about fails the test."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def opened(path: str, **options: Any) -> Page:
        chosen: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "java_script_enabled": False}
        context = browser.new_context(**(chosen | options))
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on(
            "request", lambda sent: None if sent.url.startswith((url, "data:")) else wrong.append(sent.url)
        )
        page.goto(f"{url}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()
    # A refusal is an answer with a status of its own, which the browser mentions.
    assert [text for text in wrong if "status of 40" not in text] == []


def test_a_patient_confirms_moves_and_cancels_without_javascript(
    open_page: Open, owner: Connection, clinic: Clinic, token: str
) -> None:
    """From the text's link to a cancelled visit, by links and buttons only."""
    page = open_page(f"/a/{token}")
    page.get_by_role("button", name="Confirm the visit").click()
    expect(page.get_by_role("status")).to_have_text("Thank you. The visit is confirmed.")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dana, your visit is confirmed")

    page.get_by_role("link", name="Move it").click()
    page.get_by_role("link", name="Later days").click()
    page.locator("summary").nth(1).click()
    tuesday = clinic.at(9, day=8)
    page.get_by_role("button", name=f"Tuesday, {tuesday:%B} {tuesday.day}, 2 PM").click()
    expect(page.get_by_role("status")).to_have_text("Your visit has a new time.")
    expect(page.locator("time")).to_have_text(f"Tuesday, {tuesday:%B} {tuesday.day} at 2 PM")
    assert one(owner, "SELECT starts_at FROM frontdesk.appointments") == clinic.at(14, day=8)

    page.get_by_role("link", name="Cancel it").click()
    page.get_by_role("link", name="No, keep it").click()
    page.get_by_role("link", name="Cancel it").click()
    page.get_by_role("button", name="Yes, cancel the visit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dana, your visit is cancelled")
    types = owner.execute("SELECT type FROM frontdesk.events WHERE actor = 'patient' ORDER BY seq").fetchall()
    assert [row["type"].removeprefix("appointment.") for row in types] == [
        "confirmed",
        "rescheduled",
        "cancelled",
    ]


def test_the_same_button_in_two_tabs_is_one_move(
    open_page: Open, owner: Connection, clinic: Clinic, token: str
) -> None:
    """The second tab is a page of before: it leads to the same visit, moved once."""
    tabs = [open_page(f"/a/{token}/move") for _ in range(2)]
    for tab in tabs:
        tab.get_by_role("button", name="12:30 PM").first.click()
        expect(tab.get_by_role("status")).to_have_text("Your visit has a new time.")
        expect(tab.locator("time")).to_contain_text("12:30 PM")
    assert one(owner, "SELECT count(*) FROM frontdesk.events WHERE type = 'appointment.rescheduled'") == 1


def test_back_shows_the_visit_as_it_is(open_page: Open, token: str) -> None:
    """Nothing is kept by the browser: the page before is fetched anew, without that button."""
    page = open_page(f"/a/{token}")
    page.get_by_role("button", name="Confirm the visit").click()
    expect(page.get_by_role("status")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dana, your visit is confirmed")
    expect(page.get_by_role("button", name="Confirm the visit")).to_have_count(0)


def test_a_time_taken_while_looking_is_said(
    open_page: Open, app: Connection, clinic: Clinic, token: str
) -> None:
    """The button was there, the time is not: an alert, and the times that are left."""
    page = open_page(f"/a/{token}/move")
    book(app, clinic, clinic.at(12), patient_phone="+12025550111")
    page.get_by_role("button", name="noon").first.click()
    expect(page.get_by_role("alert")).to_contain_text("has just been taken")
    expect(page.locator("details").first.get_by_role("button", name="noon")).to_have_count(0)


def test_a_form_of_another_site_is_refused_by_what_the_browser_says(
    open_page: Open, url: str, owner: Connection, token: str
) -> None:
    """A page from elsewhere that knows the address and presses the button itself."""
    page = open_page(f"/a/{token}", java_script_enabled=True, bypass_csp=True)
    page.goto("data:text/html,<form method=post action='" + f"{url}/a/{token}/cancel" + "'>"
              "<input name=version value=1><button>x</button></form>")  # fmt: skip
    page.get_by_role("button", name="x").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not changed")
    assert one(owner, "SELECT status FROM frontdesk.appointments") == "pending"


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_the_page_fits_every_screen(open_page: Open, token: str, width: int) -> None:
    """No sideways scrolling down to 320 pixels (WCAG 1.4.10), and every control is big enough for a thumb."""
    for part in ("", "/move", "/cancel"):
        page = open_page(
            f"/a/{token}{part}", viewport={"width": width, "height": 700}, java_script_enabled=True
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        sizes = page.evaluate(HEIGHTS)
        assert sizes
        assert min(sizes) >= 44


def findings(page: Page) -> list[Any]:
    """Scan the page; each finding with the places it was found at."""
    page.evaluate(axe_source())
    found = page.evaluate("(rules) => axe.run({runOnly: rules})", RULES)
    return [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found["violations"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_axe_finds_nothing(
    open_page: Open, app: Connection, owner: Connection, language: str, theme: str
) -> None:
    """Every page in every state passes WCAG 2.2 AA as far as a scanner can tell."""
    clinic = make_clinic(owner, front_desk_phone="+12025550199", providers=("Dr. Ana Ruiz", "Dr. Ben Cho"))
    tokens = {}
    for hour, status in enumerate(("pending", "confirmed", "cancelled", "completed"), start=9):
        visit = book(app, clinic, clinic.at(hour))["appointment"]
        owner.execute("UPDATE frontdesk.appointments SET status = %s WHERE id = %s", [status, visit["id"]])
        tokens[status] = token_of(clinic, visit)
    places = [f"/a/{token}" for token in tokens.values()] + [
        f"/a/{tokens['pending']}/move",
        f"/a/{tokens['pending']}/move?with=anyone",
        f"/a/{tokens['pending']}/cancel",
        f"/a/{tokens['confirmed']}?done=confirmed&v=1",
        "/a/AAAAAAAAAAAAAAAAAAAAAA",
    ]
    locale = {"en": "en-US", "es": "es-US"}[language]
    page = open_page(places[0], color_scheme=theme, locale=locale, java_script_enabled=True, bypass_csp=True)
    for place in places:
        page.goto(page.url.partition("/a/")[0] + place)
        assert page.locator("html").get_attribute("lang") == language
        assert findings(page) == [], place.rpartition("/")[2]


def test_axe_would_find_something(open_page: Open, token: str) -> None:
    """The scanner looks: a text in the colour of its ground is found."""
    page = open_page(f"/a/{token}", java_script_enabled=True, bypass_csp=True)
    page.evaluate("document.querySelector('h1').style.color = '#f0f0f0'")
    assert [each[0] for each in findings(page)] == ["color-contrast"]
