"""What axe finds on the board: nothing, in any place and either theme."""

from functools import cache
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Open, axe_source, card

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
source = cache(axe_source)


def findings(page: Page, rules: list[str] = RULES) -> list[Any]:
    """Scan the page as it is; each finding with the places it was found at."""
    page.evaluate(source())
    found = page.evaluate("(rules) => axe.run({runOnly: rules})", rules)
    return [
        (each["id"], [node["html"][:200] + node["failureSummary"][-120:] for node in each["nodes"]])
        for each in found["violations"]
    ]


def _panel(page: Page) -> None:
    card(page, "Owen McCarthy").click()
    expect(page.locator("#panel .told")).to_be_visible()


def _contact(page: Page) -> None:
    card(page, "Priya Raman").click()
    page.get_by_role("button", name="About the patient").click()
    expect(page.locator(".entry").first).to_be_visible()


def _book(page: Page) -> None:
    page.get_by_role("button", name="New booking").click()
    expect(page.locator("#book .slot").first).to_be_visible()


def _move(page: Page) -> None:
    _panel(page)
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator("#move .slot").first).to_be_visible()


def _refused(page: Page) -> None:
    _move(page)
    page.locator("#move [name=other]").fill("16:15")
    page.locator("#move .submit").click()
    page.locator("#move .overbook summary").click()


def _menu(page: Page) -> None:
    page.get_by_role("button", name="You").click()


def _search(page: Page) -> None:
    page.get_by_role("searchbox").fill("an")
    expect(page.locator(".result").first).to_be_visible()


SETTINGS = ("clinic", "providers", "services", "hours", "texts", "google", "team")
LISTS = ("#/week", "#/list", "#/inbox/follow-ups", "#/inbox/replies", "#/inbox/failed", "#/activity")
ACTS = (_panel, _contact, _book, _move, _refused, _menu, _search)
SHOWN = ".card:visible, .row:visible, .card-row:visible, .group:visible, .news:visible"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(open_board: Open, theme: str) -> None:
    """Every place, dialog and menu of the board passes WCAG 2.2 AA as far as a scanner can tell."""
    page = open_board(color_scheme=theme, reduced_motion="reduce")
    found = {}
    rules = RULES if theme == "light" else ["color-contrast"]  # the rest does not depend on the theme
    for path in ("#/day", *LISTS, *(f"#/settings/{part}" for part in SETTINGS)):
        page.evaluate("(hash) => { location.hash = hash; }", path)
        expect(page.locator(SHOWN).first).to_be_visible()
        found[path] = findings(page, rules)
    for act in ACTS:
        page.goto("about:blank")  # only a fresh page has no dialog open
        page.go_back()
        page.evaluate("location.hash = '#/day'")
        expect(page.locator(".card").first).to_be_visible()
        act(page)
        found[act.__name__] = findings(page, rules)
    assert {place: each for place, each in found.items() if each} == {}


def test_axe_finds_nothing_on_a_phone(open_board: Open) -> None:
    """The small layout passes as well, with a visit open over all of it."""
    page = open_board(width=390, height=844)
    page.locator(".row").first.click()
    expect(page.locator("#panel .told")).to_be_visible()
    assert findings(page) == []


def test_axe_would_find_something(board: Page) -> None:
    """The scanner works under the page's policy: an image without a text is found."""
    board.evaluate("document.querySelector('#main').append(document.createElement('img'))")
    assert [each[0] for each in findings(board)] == ["image-alt"]
