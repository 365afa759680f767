"""The board's safety: foreign text stays text, tokens stay in the tab, a lost session is said."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import TUESDAY, Open, card
from tests.web.fake_clinic import Clinic
from tests.web.fake_state import Backend

TRICKS = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "\"><svg onload=alert(1)>",
    "{{constructor}} ${alert(1)} {name}",
    "&lt;b&gt; javascript:alert(1)",
)  # fmt: skip


@pytest.mark.parametrize("name", TRICKS)
def test_a_name_is_only_ever_text(open_board: Open, backend: Backend, clinic: Clinic, name: str) -> None:
    """Markup as a patient's name is shown as it was written, everywhere, and does nothing."""
    visit = clinic.add_visit(name, TUESDAY.replace(hour=12), notes=name, service_name=name)
    clinic.messages[0] |= {"body": name, "contact_name": name}
    page = open_board()
    page.on("dialog", lambda asked: pytest.fail(f"a script ran: {asked.message}"))
    backend.happen("appointment.booked", visit)
    expect(page.locator(".toast .toast-text").first).to_contain_text(name)
    expect(page.locator(f'.card[data-id="{visit["id"]}"] strong')).to_have_text(name)
    page.locator(f'.card[data-id="{visit["id"]}"]').click()
    expect(page.locator("#panel .panel-title")).to_have_text(name)
    page.locator("#panel").get_by_role("button", name="About the patient").click()
    expect(page.locator("#panel .entry").first).to_be_visible()
    page.locator("#search [name=q]").fill(name)
    page.evaluate("location.hash = '#/inbox/replies'")
    expect(page.locator(".card-row .said").first).to_have_text(name)
    assert page.locator("main img, main script, #panel img, #panel script, #toasts img").count() == 0


def _kept(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(
        """({local: {...localStorage}, session: {...sessionStorage},
             address: location.href, cookie: document.cookie})"""
    )
    return found


def test_the_token_stays_in_the_tab(board: Page, backend: Backend) -> None:
    """No token is in the address, in local storage or in a cookie, and none is left after signing out."""
    kept = _kept(board)
    token = json.loads(kept["session"]["frontdesk.session"])["token"]
    assert token
    assert token not in json.dumps([kept["local"], kept["address"], kept["cookie"]])
    assert all(token not in each for each in backend.asked)
    board.get_by_role("button", name="You").click()
    board.get_by_role("button", name="Sign out").click()
    expect(board.get_by_role("button", name="Sign in")).to_be_visible()
    assert "frontdesk.session" not in _kept(board)["session"]
    assert "POST /api/staff/sign-out" in backend.asked
    assert backend.sockets == set()


def test_a_token_is_renewed_before_it_ends(open_board: Open, backend: Backend) -> None:
    """A token with a minute and a half left is exchanged for a fresh one, unnoticed."""
    backend.token_life = 91
    page = open_board()
    first = _kept(page)["session"]["frontdesk.session"]
    backend.token_life = 3600
    page.wait_for_function("(first) => sessionStorage['frontdesk.session'] !== first", arg=first)
    page.locator("#later").click()
    expect(page.locator("#day-title")).to_contain_text("November 11")


def test_a_refused_token_is_renewed_and_the_request_repeated(board: Page, backend: Backend) -> None:
    """A 401 in between is no reason to throw the person out while their sign-in can be renewed."""
    backend.refuse_next.append(("/appointments", 401, {"code": "expired"}))
    board.locator("#later").click()
    expect(board.locator("#day-title")).to_contain_text("November 11")
    for _ in range(100):
        asked = [each for each in backend.asked if "appointments?from=2026-11-11" in each]
        if len(asked) > 1:
            break
        board.wait_for_timeout(100)
    expect(board.locator("#ended")).not_to_be_visible()
    assert len(asked) == 2


def test_an_answer_of_somebody_elses_sign_in_is_refused(open_board: Open, backend: Backend) -> None:
    """A code that this tab never asked for is not exchanged."""
    page = open_board()
    page.evaluate("sessionStorage.clear()")
    page.goto(f"{backend.url}/?code=stolen&state=other")
    expect(page.locator("#welcome-problem")).to_have_text("Signing in did not work. Please try again.")
    assert "code" not in page.url


def test_an_unanswered_write_is_said_and_not_repeated(board: Page, backend: Backend, clinic: Clinic) -> None:
    """A change that the server could not take is told as such; only keyed requests are ever repeated."""
    card(board, "Owen McCarthy").click()
    backend.refuse_next.append(("/confirm", 503, {"code": "unavailable"}))
    board.locator("#panel").get_by_role("button", name="Confirm").click()
    expect(board.locator("#panel .form-problem")).to_contain_text("not available just now")
    assert len([each for each in backend.asked if each.endswith("/confirm")]) == 1


def test_nothing_personal_is_in_an_address(board: Page, backend: Backend, clinic: Clinic) -> None:
    """The page's own address holds days and places; the visit that is open is not in it."""
    card(board, "Owen McCarthy").click()
    expect(board.locator("#panel .told")).to_be_visible()
    assert "Owen" not in board.url
    assert next(iter(clinic.appointments)) not in board.url


def test_ended_access_takes_the_board_away(board: Page, backend: Backend) -> None:
    """Whoever is revoked gets no new socket, and the page shows nothing of the clinic any more."""
    backend.refuse_next += [("/ws-ticket", 403, {"code": "not_staff"}), ("/me", 403, {"code": "not_staff"})]
    backend.cut()
    expect(board.locator("#welcome-problem")).to_contain_text("a clinic here", timeout=20_000)
    assert board.locator(".card").count() == 0
