"""Calls and leads on the board: who called, what was said, what came of it, and what is done about it."""

import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Open, card
from tests.web.fake_calls import add_call, add_lead, line
from tests.web.fake_clinic import Clinic
from tests.web.fake_state import Backend

TRICK = "<img src=x onerror=alert(1)> {name}"


def calls_place(page: Page, part: str = "all") -> Any:
    """Go to the calls, or to the leads; return the list."""
    page.evaluate("(part) => { location.hash = `#/calls/${part}`; }", part)
    rows = page.locator("#calls-list")
    expect(rows.locator("> li").first).to_be_visible()
    return rows


def call_panel(page: Page, name: str) -> Any:
    """Open a call by who called."""
    calls_place(page).get_by_role("button", name=name, exact=True).click()
    panel = page.locator("#panel")
    expect(panel.locator(".panel-title")).to_have_text(name)
    return panel


def test_calls_stand_with_what_came_of_them(board: Page) -> None:
    """The newest first, each with its outcome in words; who is not known by name is known by number."""
    rows = calls_place(board).locator("> li")
    expect(rows.locator(".opener")).to_have_text(["Dana Whitfield", "Rosa Delgado", "(202) 555-0188"])
    expect(rows.locator(".tag")).to_have_text(["Booked", "Did not book", "Missed"])
    expect(rows.nth(1)).to_contain_text("No time suited")
    board.locator("#calls-filter [name=outcome]").select_option("missed")
    expect(rows.locator(".opener")).to_have_text(["(202) 555-0188"])


def test_words_of_a_call_lead_to_their_line(board: Page) -> None:
    """A search in what was said shows the line with the word marked; choosing it opens the call there."""
    rows = calls_place(board)
    board.locator("#calls-filter [name=said]").fill("evening")
    match = rows.locator(".match")
    expect(match).to_have_count(1)
    expect(match.locator("mark")).to_have_text("evening")
    match.press("Enter")
    found = board.locator("#panel .line-said.found")
    expect(found).to_contain_text("anything in the evening?")
    expect(found).to_be_in_viewport()
    expect(found).to_be_focused()
    board.keyboard.press("Escape")
    expect(match).to_be_focused()


def test_a_call_tells_all_of_it(board: Page) -> None:
    """Summary, facts, why it did not book, the tools with their outcomes, the lines with their times."""
    panel = call_panel(board, "Rosa Delgado")
    expect(panel.locator(".said").first).to_contain_text("wisdom tooth")
    expect(panel.locator(".facts").first).to_contain_text("3:07")
    expect(panel.locator(".told-facts")).to_contain_text("after 5 PM")
    tool = panel.locator('.line-said[data-role="tool"]')
    expect(tool).to_contain_text("Free times")
    expect(panel.locator(".line-said").nth(1)).to_contain_text("0:05")
    panel.get_by_text("What the agent did (1)").click()
    expect(panel.locator(".did li")).to_contain_text("Tuesday at 9:00 AM")
    recording = panel.get_by_role("link", name="Listen to the recording")
    assert recording.get_attribute("rel") == "noopener noreferrer"


def test_a_call_leads_to_its_visit_and_back(board: Page) -> None:
    """From the visit to the call it was booked in, to what the call booked."""
    card(board, "Dana Whitfield").click()
    board.locator("#panel").get_by_role("button", name="The call").click()
    expect(board.locator("#panel .transcript .line-said")).to_have_count(2)
    board.locator("#panel .came-of-it button").click()
    expect(board.locator("#panel .visit-what")).to_contain_text("Teeth cleaning")


def test_a_new_call_appears_by_itself(board: Page, backend: Backend) -> None:
    """What ended just now stands on top of the list, without anybody asking."""
    rows = calls_place(board)
    ended = add_call(backend, 0.1, "missed", phone="+12025550199")
    backend.happen("call.ended")["call_id"] = ended["vapi_call_id"]
    expect(rows.locator(".opener").first).to_have_text("(202) 555-0199")


def test_a_call_that_goes_on_is_followed(board: Page, backend: Backend) -> None:
    """Lines spoken meanwhile appear while the call is open, and so does its end."""
    going = add_call(backend, 0.01, None, contact_name="Ida Holm", state="in_progress", summary=None)
    going["lines"] = [line(0, "user", "Hello?")]
    panel = call_panel(board, "Ida Holm")
    expect(panel.locator(".tag").first).to_have_text("Going on now")
    going["lines"] = [*going["lines"], line(1, "assistant", "Good morning!")]
    expect(panel.locator(".line-said")).to_have_count(2)
    going |= {"state": "ended", "outcome": "looked_up"}
    expect(panel.locator(".tag").first).to_have_text("Asked about a visit")


def test_a_two_hour_call_is_shown_at_once(board: Page, backend: Backend) -> None:
    """Of 5,000 lines the first are there within a second; a word near the end is found and gone to."""
    words = [f"line {number}" for number in range(5_000)]
    words[4_321] = "the needle"
    lines = [line(number, "user", text) for number, text in enumerate(words)]
    add_call(backend, 0.2, "looked_up", contact_name="Ida Holm", lines=lines)
    calls_place(board)
    began = time.monotonic()
    board.get_by_role("button", name="Ida Holm", exact=True).click()
    expect(board.locator("#panel .line-said").first).to_be_visible()
    assert time.monotonic() - began < 15  # a guard, not a measurement
    expect(board.locator("#panel .line-said")).to_have_count(500)
    board.get_by_role("button", name="Show more").click()
    expect(board.locator("#panel .line-said")).to_have_count(1_000)
    board.locator(".panel-close").click()
    board.locator("#calls-filter [name=said]").fill("needle")
    board.locator(".match").click()
    found = board.locator("#panel .line-said.found")
    expect(found).to_have_text(
        "5:24:05Caller the needle", timeout=20_000
    )  # five requests, one after the other
    expect(found).to_be_in_viewport()


def test_a_lead_is_worked_on(board: Page, backend: Backend) -> None:
    """Status, name and note are saved; a lead that is settled leaves the list of open ones."""
    rows = calls_place(board, "leads")
    lead = next(iter(backend.leads.values()))
    row = rows.locator(".lead")
    expect(row).to_contain_text("2 calls without a booking")
    expect(row).to_contain_text("rosa@example.com")
    row.get_by_text("Name and note").click()
    row.locator("[name=note]").fill("Likes Dr. Patel")
    row.get_by_role("button", name="Save").click()
    expect(row.locator(".said")).to_have_text("Likes Dr. Patel")
    assert backend.bodies[-1][1] == {"version": 1, "note": "Likes Dr. Patel"}
    row.locator("[name=status]").select_option("lost")
    expect(row.locator("[name=status]")).to_have_value("lost")
    expect(row.locator("[name=status]")).to_be_focused()
    assert lead["status"] == "lost"
    board.reload()
    calls_place(board, "leads")
    expect(rows).to_contain_text("Nobody is left to win back.")


def test_two_work_on_one_lead(board: Page, backend: Backend) -> None:
    """Where somebody was quicker their row is shown, and nothing of mine is saved over it."""
    rows = calls_place(board, "leads")
    lead = next(iter(backend.leads.values()))
    lead |= {"version": 2, "status": "contacted", "note": "Called at nine"}
    rows.locator("[name=status]").select_option("lost")
    expect(rows.locator(".form-problem").first).to_contain_text("Somebody changed this meanwhile")
    expect(rows.locator(".said")).to_have_text("Called at nine")
    expect(rows.locator("[name=status]")).to_have_value("contacted")
    assert lead["status"] == "contacted"


def test_a_lead_is_booked(board: Page) -> None:
    """Booking from a lead begins with what is known of the person."""
    calls_place(board, "leads").get_by_role("button", name="Book a visit").click()
    expect(board.locator("#book [name=patient_name]")).to_have_value("Rosa Delgado")
    expect(board.locator("#book [name=phone]")).to_have_value("+12025550171")
    expect(board.locator("#book [name=email]")).to_have_value("rosa@example.com")


def test_who_may_only_look_changes_no_lead(open_board: Open, clinic: Clinic) -> None:
    """A reader sees how a lead stands and can change nothing of it."""
    clinic.role = "reader"
    rows = calls_place(open_board(), "leads")
    expect(rows.locator(".lead .tag").first).to_have_text("New")
    expect(rows.locator(".lead :is(select, form)")).to_have_count(0)


def test_what_was_said_is_only_ever_text(open_board: Open, backend: Backend) -> None:
    """Markup in names, lines, tools and facts is shown as it was written, and does nothing."""
    call = add_call(
        backend,
        0.1,
        "no_booking",
        contact_name=TRICK,
        summary=TRICK,
        lines=[line(0, "tool", TRICK), line(1, "user", TRICK)],
        facts={"reason": TRICK},
        recording_url="javascript:alert(1)",
    )
    add_lead(backend, call, "price", note=TRICK)
    page = open_board()
    page.on("dialog", lambda asked: pytest.fail(f"a script ran: {asked.message}"))
    panel = call_panel(page, TRICK)
    expect(panel.locator(".line-said").nth(1)).to_contain_text(TRICK)
    expect(panel.get_by_role("link", name="Listen")).to_have_count(0)
    page.locator("#calls-filter [name=said]").fill("onerror")
    expect(page.locator(".match").first).to_contain_text(TRICK)
    calls_place(page, "leads")
    expect(page.locator("#calls-list .said:visible")).to_have_text(TRICK)
    assert page.locator("main img, #panel img").count() == 0
