"""What is rarely done to a person's record: two of one joined, a copy taken, a person erased."""

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.web.conftest import Open, card
from tests.web.fake_clinic import Clinic
from tests.web.fake_state import Backend


def person_panel(page: Page, name: str, care: str = "Duplicates, copy, erasure") -> Any:
    """Open a person, and what is rarely done."""
    card(page, name).click()
    page.locator("#panel").get_by_role("button", name="About the patient").click()
    page.locator(".care > summary", has_text=care).click()
    return page.locator("#panel")


def contact_of(clinic: Clinic, name: str) -> dict[str, Any]:
    """Find a person."""
    return next(each for each in clinic.contacts.values() if each["name"] == name)


def test_what_was_said_stands_with_its_call(board: Page) -> None:
    """A person's facts name the call they were said in, which opens from there."""
    card(board, "Dana Whitfield").click()
    panel = board.locator("#panel")
    panel.get_by_role("button", name="About the patient").click()
    expect(panel.locator(".told-facts")).to_contain_text("dana@example.com")
    panel.get_by_role("button", name="said in the call of Nov 10, 2026").first.click()
    expect(panel.locator(".transcript .line-said")).to_have_count(2)


def test_two_records_of_one_person_are_joined(board: Page, backend: Backend, clinic: Clinic) -> None:
    """Records of that name are offered at once; joining is a second step that says which one stays."""
    twin = clinic.add_contact("Dana Whitfield")
    panel = person_panel(board, "Dana Whitfield")
    panel.get_by_text("Same person twice?").click()
    offered = panel.locator(".merge-found button")
    expect(offered).to_have_count(1)
    offered.click()
    expect(panel.locator(".merge-sure")).to_contain_text("will belong to Dana Whitfield")
    assert not any("/merge" in each for each in backend.asked)
    panel.get_by_role("button", name="It is the same person").click()
    expect(panel.locator(".facts .tel")).to_have_count(2)
    assert twin["id"] not in clinic.contacts
    assert backend.bodies[-1][1]["other_id"] == twin["id"]


def test_a_copy_of_the_record_is_handed_out(board: Page) -> None:
    """All that is kept, as JSON; the file's name, which stays on the machine, does not say whose."""
    panel = person_panel(board, "Dana Whitfield")
    with board.expect_download() as waiting:
        panel.get_by_role("button", name="Download the copy").click()
    assert json.loads(Path(waiting.value.path()).read_text())["contacts"][0]["name"] == "Dana Whitfield"
    name = waiting.value.suggested_filename
    assert name.startswith("bright-smiles-export-")
    assert "dana" not in name.lower()


def test_erasing_needs_the_name(board: Page, backend: Backend, clinic: Clinic) -> None:
    """The button works once the name is typed, in any case; what is left says so and is not edited."""
    panel = person_panel(board, "Lucía Fuentes")
    panel.get_by_text("Erase this person").click()
    erase = panel.get_by_role("button", name="Erase for good")
    expect(erase).to_be_disabled()
    panel.locator("[name=typed]").fill("Lucas Fuentes")
    panel.locator("[name=typed]").press("Enter")
    expect(erase).to_be_disabled()
    assert not any("/erase" in each for each in backend.asked)
    panel.locator("[name=typed]").fill("lucia fuentes")
    erase.click()
    expect(panel.locator(".panel-title")).to_have_text("Erased")
    expect(panel).to_contain_text("This person was erased.")
    expect(panel.locator(".refused")).to_contain_text("vapi-call-1")
    expect(panel.locator(".refused")).to_contain_text("3 texts at Twilio")
    for part in (".care", ".contact-change:visible", ".note-form:visible", ".tel"):
        expect(panel.locator(part)).to_have_count(0)


def test_coming_visits_are_cancelled_only_if_wished(board: Page, backend: Backend, clinic: Clinic) -> None:
    """Who is still to come is erased with their visits, or not at all."""
    who = contact_of(clinic, "Priya Raman")
    who["next_appointment"] = {"id": "x", "starts_at": clinic.now()}
    panel = person_panel(board, "Priya Raman")
    panel.get_by_text("Erase this person").click()
    panel.locator("[name=typed]").fill("Priya Raman")
    panel.get_by_role("button", name="Erase for good").click()
    expect(panel.locator(".asked .form-problem")).to_contain_text("There are coming visits")
    assert who["name"] == "Priya Raman"
    panel.locator("[name=cancel]").check()
    panel.get_by_role("button", name="Erase for good").click()
    expect(panel.locator(".panel-title")).to_have_text("Erased")
    assert backend.bodies[-1][1] == {"cancel": True}


def test_each_role_has_its_care(open_board: Open, clinic: Clinic) -> None:
    """Staff join records; only administrators copy and erase; a reader does neither."""
    clinic.role = "staff"
    panel = person_panel(open_board(), "Dana Whitfield", "Same person twice?")
    expect(panel.get_by_text("Erase this person")).to_have_count(0)
    expect(panel.get_by_role("button", name="Download the copy")).to_have_count(0)
    clinic.role = "reader"
    page = open_board()
    card(page, "Dana Whitfield").click()
    page.locator("#panel").get_by_role("button", name="About the patient").click()
    expect(page.locator("#panel .timeline")).to_be_visible()
    expect(page.locator(".care")).to_have_count(0)


def test_days_rules_and_price_are_set(board: Page, backend: Backend) -> None:
    """Each group saves its own fields, the price in millionths."""
    board.evaluate("location.hash = '#/settings/privacy'")
    forms = board.locator("#settings-body form")
    forms.nth(0).locator("[name=transcript_days]").fill("30")
    forms.nth(0).get_by_role("button", name="Save").click()
    expect(board.locator(".toast")).to_have_count(1)
    forms.nth(1).get_by_label("A patient who did not come").uncheck()
    forms.nth(1).get_by_role("button", name="Save").click()
    expect(board.locator(".toast")).to_have_count(2)
    forms.nth(2).locator("[name=sms_segment_price_micros]").fill("0.0125")
    forms.nth(2).get_by_role("button", name="Save").click()
    expect(board.locator(".toast")).to_have_count(3)
    days, rules, price = (body for path, body in backend.bodies if path.endswith("/settings"))
    assert days == {"version": 1, "transcript_days": 30, "message_days": 90, "recording_days": 30}
    assert rules == {"version": 2, "follow_up_rules": ["call", "failed_text", "cancelled_by_provider"]}
    assert price == {"version": 3, "sms_segment_price_micros": 12500, "sms_price_currency": "USD"}
