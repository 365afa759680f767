"""What the front desk does all day: booking, moving, confirming, and what happens when two do it at once."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.web.conftest import TUESDAY, Open, card
from tests.web.fake_clinic import Clinic, Row, iso
from tests.web.fake_state import Backend


def visit_of(clinic: Clinic, name: str) -> Row:
    """Find a visit by its patient."""
    return next(each for each in clinic.appointments.values() if each["patient_name"] == name)


def open_visit(page: Page, name: str) -> Any:
    """Open a visit at the side."""
    card(page, name).click()
    panel = page.locator("#panel")
    expect(panel.locator(".panel-title")).to_have_text(name)
    return panel


def test_booking_with_keys_alone(board: Page, backend: Backend, clinic: Clinic) -> None:
    """N, a phone number, a name, a free time, Enter: booked, without a mouse."""
    keys = board.keyboard
    keys.press("n")
    expect(board.locator("#book .slot").first).to_be_visible()
    keys.type("+12025550177")
    keys.press("Tab")
    keys.type("Wanda Ferris")
    for _ in range(2):
        keys.press("Tab")
    keys.type("Check")  # chooses the service by its first letters
    slots = board.locator("#book .slot input")
    expect(slots.first).to_be_attached()
    for _ in range(12):
        keys.press("Tab")
        if board.evaluate("document.activeElement.name") == "slot":
            break
    keys.press("Space")
    keys.press("Enter")
    expect(board.locator("#book")).not_to_be_visible()
    expect(card(board, "Wanda Ferris")).to_be_visible()
    assert visit_of(clinic, "Wanda Ferris")["service_name"] == "Check-up"
    assert board.evaluate("document.activeElement !== null")


def test_a_known_number_fills_in_the_name(board: Page, clinic: Clinic) -> None:
    """Typing a patient's number says whose it is."""
    known = next(iter(clinic.contacts.values()))
    board.get_by_role("button", name="New booking").click()
    board.locator("#book [name=phone]").fill(known["phone"])
    expect(board.locator("#book .known")).to_contain_text(known["name"])
    expect(board.locator("#book [name=patient_name]")).to_have_value(known["name"])


def test_a_wrong_field_is_named_where_it_is(board: Page) -> None:
    """A refused field says so beside itself, and has the focus."""
    board.get_by_role("button", name="New booking").click()
    board.locator("#book [name=phone]").fill("not a number")
    board.locator("#book [name=patient_name]").fill("Wanda Ferris")
    board.locator("#book .slot").first.click()
    board.get_by_role("button", name="Book", exact=True).click()
    phone = board.locator("#book [name=phone]")
    expect(phone).to_have_attribute("aria-invalid", "true")
    expect(phone).to_be_focused()
    expect(board.locator("#book .field-problem")).to_contain_text("is no telephone number")


def test_a_taken_time_offers_others_and_overbooking_second(
    board: Page, backend: Backend, clinic: Clinic
) -> None:
    """A taken time is refused with free ones; booking over it needs a second step and a reason."""
    board.get_by_role("button", name="New booking").click()
    book = board.locator("#book")
    book.locator("[name=phone]").fill("+12025550177")
    book.locator("[name=patient_name]").fill("Wanda Ferris")
    book.locator("[name=provider_id]").select_option(label="Dr. Patel")
    book.locator("[name=other]").fill("16:00")
    book.get_by_role("button", name="Book", exact=True).click()
    expect(book.locator(".refused")).to_contain_text("That time is not free.")
    expect(book.locator(".offers button").first).to_be_visible()
    book.get_by_text("Book it anyway").click()
    book.get_by_role("button", name="Overbook").click()
    assert not any(each["patient_name"] == "Wanda Ferris" for each in clinic.appointments.values())
    book.locator("[name=overbook_reason]").fill("In pain")
    book.get_by_role("button", name="Overbook").click()
    expect(card(board, "Wanda Ferris")).to_be_visible()
    assert visit_of(clinic, "Wanda Ferris")["overbooked"] is True
    assert backend.bodies[-1][1]["overbook_reason"] == "In pain"


def test_an_offered_time_is_taken_with_one_click(board: Page, clinic: Clinic) -> None:
    """Choosing a free time that was offered puts it into the form."""
    open_visit(board, "Owen McCarthy").get_by_role("button", name="Move", exact=True).click()
    move = board.locator("#move")
    move.locator("[name=other]").fill("16:15")
    move.get_by_role("button", name="Move", exact=True).click()
    move.locator(".offers button").first.click()
    expect(move.locator(".slot input:checked")).to_have_count(1)
    move.get_by_role("button", name="Move", exact=True).click()
    expect(move).not_to_be_visible()
    assert visit_of(clinic, "Owen McCarthy")["version"] == 2


def test_moving_with_keys_alone(board: Page, clinic: Clinic) -> None:
    """Arrow to a visit, M, a time, Enter; the focus is back on the visit."""
    board.locator("#days").focus()
    board.keyboard.press("ArrowDown")
    for _ in range(5):
        board.keyboard.press("ArrowDown")
    expect(card(board, "Owen McCarthy")).to_be_focused()
    board.keyboard.press("m")
    expect(board.locator("#move .slot").first).to_be_visible()
    board.locator("#move [name=other]").focus()
    board.keyboard.type("1215PM")
    board.keyboard.press("Enter")
    expect(board.locator("#move")).not_to_be_visible()
    assert visit_of(clinic, "Owen McCarthy")["starts_at"] == iso(TUESDAY.replace(hour=12, minute=15))
    expect(card(board, "Owen McCarthy")).to_contain_text("12:15 PM")
    expect(card(board, "Owen McCarthy")).to_be_focused()


def test_arrows_go_to_the_nearest_visit_beside(board: Page) -> None:
    """Right and left change columns, to the visit at about the same time."""
    card(board, "Dana Whitfield").focus()
    board.keyboard.press("ArrowRight")
    expect(card(board, "Hannah Weiss")).to_be_focused()
    board.keyboard.press("ArrowRight")
    expect(card(board, "Victor Amaral")).to_be_focused()
    board.keyboard.press("ArrowLeft")
    expect(card(board, "Hannah Weiss")).to_be_focused()


def drag(page: Page, name: str, column: int, minutes: int) -> None:
    """Drag a visit into a column, so many minutes from where it is."""
    box = card(page, name).bounding_box()
    target = page.locator(".column").nth(column).bounding_box()
    assert box is not None
    assert target is not None
    per_minute = target["height"] / (8 * 60)
    page.mouse.move(box["x"] + 40, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 30, steps=3)
    page.mouse.move(target["x"] + 60, box["y"] + 8 + minutes * per_minute, steps=5)
    page.mouse.up()


def test_dragging_asks_before_it_moves(board: Page, clinic: Clinic) -> None:
    """A drop opens the dialog with the new time in it; only its button moves the visit."""
    drag(board, "Ines Caldwell", 0, 0)  # a no-show is not dragged
    expect(board.locator("#move")).not_to_be_visible()
    board.keyboard.press("Escape")
    drag(board, "Marcus Okafor", 2, 60)
    expect(board.locator("#move")).not_to_be_visible()
    board.keyboard.press("Escape")
    drag(board, "Theo Brandt", 1, -60)
    move = board.locator("#move")
    expect(move).to_be_visible()
    expect(move.locator("[name=provider_id]")).to_have_value(clinic.providers[1]["id"])
    assert visit_of(clinic, "Theo Brandt")["version"] == 1
    move.get_by_role("button", name="Move", exact=True).click()
    expect(move).not_to_be_visible()
    moved = visit_of(clinic, "Theo Brandt")
    assert (moved["starts_at"], moved["provider_name"]) == (iso(TUESDAY.replace(hour=12)), "Dr. Lindgren")


def test_escape_ends_a_drag(board: Page) -> None:
    """Escape lets go of what is dragged, and nothing is asked."""
    box = card(board, "Theo Brandt").bounding_box()
    assert box is not None
    board.mouse.move(box["x"] + 40, box["y"] + 8)
    board.mouse.down()
    board.mouse.move(box["x"] + 340, box["y"] + 80, steps=4)
    expect(board.locator(".target")).to_be_visible()
    board.keyboard.press("Escape")
    expect(board.locator(".target")).to_have_count(0)
    board.mouse.up()
    expect(board.locator("#move")).not_to_be_visible()


def test_a_conflict_shows_what_changed(board: Page, backend: Backend, clinic: Clinic) -> None:
    """Somebody was quicker: nothing is saved, and the board says what is different now."""
    panel = open_visit(board, "Owen McCarthy")
    clinic.change(
        visit_of(clinic, "Owen McCarthy"),
        starts_at=iso(TUESDAY.replace(hour=12)),
        ends_at=iso(TUESDAY.replace(hour=12, minute=30)),
    )
    panel.get_by_role("button", name="Confirm").click()
    expect(panel.locator(".conflict")).to_contain_text("Somebody else changed this visit")
    expect(panel.locator(".conflict")).to_contain_text("was today, 3:00 PM, is now today, 12:00 PM")
    expect(panel.locator(".visit-when")).to_contain_text("12:00 PM")
    assert visit_of(clinic, "Owen McCarthy")["status"] == "pending"
    panel.get_by_role("button", name="Confirm").click()
    expect(panel.locator(".badges")).to_contain_text("Confirmed")


def test_cancelling_is_asked_twice(board: Page, backend: Backend, clinic: Clinic) -> None:
    """One click asks, the second cancels, with the reason; then the filter hides it."""
    panel = open_visit(board, "Owen McCarthy")
    panel.get_by_role("button", name="Cancel the visit").click()
    assert visit_of(clinic, "Owen McCarthy")["status"] == "pending"
    panel.locator("[name=reason]").fill("Moved away")
    panel.get_by_role("button", name="Cancel the visit").click()
    expect(panel.locator(".badges")).to_contain_text("Cancelled")
    assert backend.bodies[-1][1]["reason"] == "Moved away"
    expect(card(board, "Owen McCarthy")).to_have_count(0)


def test_a_visit_arrives_and_is_completed(board: Page, clinic: Clinic) -> None:
    """The day's course by buttons."""
    panel = open_visit(board, "Priya Raman")
    panel.get_by_role("button", name="Arrived").click()
    expect(panel.locator(".badges")).to_contain_text("Arrived")
    panel.get_by_role("button", name="Completed").click()
    expect(panel.locator(".badges")).to_contain_text("Completed")
    panel.get_by_role("button", name="Reopen").click()
    expect(panel.locator(".badges")).to_contain_text("Pending")


def test_a_draft_of_notes_outlives_an_event(board: Page, backend: Backend, clinic: Clinic) -> None:
    """Somebody confirms the visit while notes are being written: what was typed stays, and is saved after."""
    panel = open_visit(board, "Owen McCarthy")
    panel.locator("[name=notes]").fill("Prefers mornings")
    visit = clinic.change(visit_of(clinic, "Owen McCarthy"), status="confirmed")
    backend.happen("appointment.confirmed", visit, "patient")
    expect(panel.locator(".badges")).to_contain_text("Confirmed")
    expect(panel.locator("[name=notes]")).to_have_value("Prefers mornings")
    panel.get_by_role("button", name="Save notes").click()
    expect(board.locator("#said")).to_contain_text("Saved")
    assert visit["notes"] == "Prefers mornings"


def test_text_and_calendar_state_are_words_too(board: Page) -> None:
    """How text and calendar fared is told to a screen reader, and shown when the visit is open."""
    expect(card(board, "Priya Raman")).to_contain_text("Text: not delivered")
    expect(card(board, "Priya Raman")).to_contain_text("Google Calendar: written")
    told = open_visit(board, "Priya Raman").locator(".told")
    expect(told).to_contain_text("Confirmation of the booking: not delivered")
    expect(told).to_contain_text("Code 30005")


def test_a_reader_sees_no_controls(open_board: Open, clinic: Clinic) -> None:
    """A reader reads: no booking, no moving, no settings, and notes that cannot be written."""
    clinic.role = "reader"
    page = open_board()
    expect(page.get_by_role("button", name="New booking")).to_have_count(0)
    expect(page.get_by_role("link", name="Settings")).to_have_count(0)
    drag(page, "Theo Brandt", 1, 0)
    expect(page.locator("#move")).not_to_be_visible()
    page.keyboard.press("Escape")
    panel = open_visit(page, "Owen McCarthy")
    expect(panel.locator(".actions button")).to_have_text(["About the patient"])
    expect(panel.locator("[name=notes]")).not_to_be_editable()
    page.evaluate("location.hash = '#/settings/clinic'")
    expect(page.locator("#settings-body")).to_contain_text("Only administrators")


def test_the_search_finds_and_opens_a_person(board: Page, clinic: Clinic) -> None:
    """A few letters, an arrow, Enter: the person is open, with what happened."""
    board.keyboard.press("/")
    board.keyboard.type("priya")
    expect(board.locator(".result")).to_have_count(1)
    board.keyboard.press("ArrowDown")
    board.keyboard.press("Enter")
    expect(board.locator("#panel .panel-title")).to_have_text("Priya Raman")
    expect(board.locator("#panel .entry").first).to_be_visible()
    expect(board.locator("#panel .timeline")).to_contain_text("Can I bring my son along?")


def test_follow_ups_are_taken_and_done(open_board: Open, clinic: Clinic) -> None:
    """Somebody takes a call back, notes how it went, and it leaves the list."""
    page = open_board("#/inbox/follow-ups")
    row = page.locator(".card-row", has_text="crown")
    row.get_by_role("button", name="I take it").click()
    expect(row).to_contain_text("With you")
    row.get_by_role("button", name="Nobody answered").click()
    expect(row).to_contain_text("2 calls not answered")
    row.get_by_role("button", name="Done").click()
    row.locator("[name=outcome]").fill("Comes at four")
    row.get_by_role("button", name="Done").click()
    expect(page.locator(".card-row", has_text="crown")).to_have_count(0)
    expect(page.locator("#count-follow-ups")).to_have_text("1")
    assert (
        next(each for each in clinic.follow_ups.values() if "crown" in each["message"])["outcome"]
        == "Comes at four"
    )


def test_a_failed_text_is_sent_again(open_board: Open) -> None:
    """A text that did not arrive can be sent again from the inbox."""
    page = open_board("#/inbox/failed")
    page.get_by_role("button", name="Send again").click()
    expect(page.locator("#inbox-list")).to_contain_text("All texts arrived.")
