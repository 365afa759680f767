"""What axe finds in calls, leads, figures and what is rarely done to a record: nothing, in either theme."""

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Open
from tests.web.test_page_access import findings
from tests.web.test_page_calls import call_panel, calls_place
from tests.web.test_page_care import person_panel
from tests.web.test_page_insight import figures


def _calls(page: Page) -> None:
    calls_place(page)
    page.locator("#calls-filter [name=said]").fill("evening")
    expect(page.locator(".match")).to_have_count(1)


def _call(page: Page) -> None:
    call_panel(page, "Rosa Delgado").get_by_text("What the agent did").click()


def _leads(page: Page) -> None:
    calls_place(page, "leads").get_by_text("Name and note").click()


def _figures(page: Page) -> None:
    figures(page)
    page.locator('[data-plot="texts"] summary').click()


def _person(page: Page) -> None:
    panel = person_panel(page, "Dana Whitfield")
    panel.get_by_text("Same person twice?").click()
    panel.get_by_text("Erase this person").click()
    expect(panel.locator(".erase-type")).to_contain_text("Dana")


def _settings(page: Page) -> None:
    page.evaluate("location.hash = '#/settings/privacy'")
    expect(page.locator("#settings-body .group")).to_have_count(3)


ACTS = (_calls, _leads, _figures, _settings, _call)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(open_board: Open, theme: str) -> None:
    """Every new place passes WCAG 2.2 AA as far as a scanner can tell."""
    page = open_board(color_scheme=theme, reduced_motion="reduce")
    found = {}
    for act in ACTS:
        act(page)
        found[act.__name__] = findings(page)
    page.evaluate("location.hash = '#/day'")
    page.locator(".panel-close").click()
    _person(page)
    found["_person"] = findings(page)
    assert {place: each for place, each in found.items() if each} == {}


def test_axe_finds_nothing_on_a_phone(open_board: Open) -> None:
    """The small layout passes as well."""
    page = open_board(width=390, height=844, reduced_motion="reduce")
    found = {}
    for act in (_calls, _leads, _figures):
        act(page)
        found[act.__name__] = findings(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert {place: each for place, each in found.items() if each} == {}


def test_a_call_is_opened_and_read_with_keys_alone(board: Page) -> None:
    """Tab to the call, Enter, and the focus is in the panel; Escape goes back to the call."""
    rows = calls_place(board)
    board.locator("#calls-filter [name=until]").focus()
    for _ in range(8):
        board.keyboard.press("Tab")
        if rows.locator(".opener").first.evaluate("(opener) => opener === document.activeElement"):
            break
    board.keyboard.press("Enter")
    expect(board.locator("#panel .panel-title")).to_be_focused()
    board.keyboard.press("Escape")
    expect(rows.locator(".opener").first).to_be_focused()


def test_calls_and_figures_keep_the_page_small(board: Page) -> None:
    """With every place opened and the other language, all that was loaded is under 150 KB."""
    calls_place(board)
    call_panel(board, "Rosa Delgado")
    figures(board)
    _settings(board)
    board.evaluate("import('/static/js/words_es.js')")
    board.wait_for_load_state("networkidle")
    sizes = board.evaluate(
        """['resource', 'navigation'].flatMap((kind) => performance.getEntriesByType(kind))
        .filter((each) => !each.name.includes('/api/')).map((each) => each.encodedBodySize)"""
    )
    assert len(sizes) > 60
    assert sum(sizes) < 150_000
