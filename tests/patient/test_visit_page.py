"""The page of one visit: what it says in each state, what can be done, and how it answers when it cannot."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from frontdesk import db, patient_links
from frontdesk.errors import DatabaseUnavailableError, ScheduleBusyError
from functions.patient_page import app as page
from tests.clinics import Clinic, Connection, book, call, every_row, make_clinic, one
from tests.patient.conftest import ask, event, follow, get, post, token_of

SPANISH = {"accept_language": "es-MX,es;q=0.9,en;q=0.5"}


def set_status(owner: Connection, visit: dict[str, Any], status: str) -> None:
    """Put a visit into a state, past every rule."""
    owner.execute("UPDATE frontdesk.appointments SET status = %s WHERE id = %s", [status, visit["id"]])


def begin(owner: Connection, visit: dict[str, Any], ago: timedelta) -> None:
    """Let a visit of an hour have begun so long ago."""
    owner.execute(
        "UPDATE frontdesk.appointments SET starts_at = s, ends_at = s + w, during = tstzrange(s, s + w)"
        " FROM (SELECT %s AS s, interval '1 hour' AS w) AS new WHERE id = %s",
        [datetime.now(UTC) - ago, visit["id"]],
    )


def staff_move(app: Connection, clinic: Clinic, visit: dict[str, Any], at: datetime) -> None:
    """Let the staff move a visit."""
    told = call(
        app,
        "reschedule_appointment_atomic",
        org_id=clinic.id,
        appointment_id=visit["id"],
        scheduled_at=at,
        source="staff",
    )
    assert told["outcome"] == "rescheduled"


def test_the_page_says_what_when_and_with_whom(clinic: Clinic, token: str) -> None:
    """By the clinic's clock, with its zone named, since the reader may be elsewhere."""
    told = get(token).told
    monday = clinic.at(10)
    assert "Dana, your visit is booked" in told
    assert f"Monday, {monday:%B} {monday.day} at 10 AM" in told
    assert "Dr. Patel" in told
    assert "Teeth cleaning, 60 minutes" in told
    assert f"Times are the clinic's: New York time ({monday.tzname()})." in told
    assert "Call Bright Smiles: (202) 555-0199" in told


def test_the_page_speaks_spanish(clinic: Clinic, token: str) -> None:
    """To a Spanish reader of an English clinic: every word but the clinic's own names."""
    reply = get(token, **SPANISH)
    assert '<html lang="es">' in reply.body
    assert reply.headers["content-language"] == "es"
    assert "Dana, su cita está reservada" in reply.told
    assert "a las 10 de la mañana" in reply.told
    assert "hora de New York" in reply.told
    assert "Confirmar la cita" in reply.told


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", "es"),
        ("fr-FR,de;q=0.5", "es"),
        ("en-US,en;q=0.9,es;q=0.8", "en"),
        ("fr, es;q=0.3, en;q=0.2", "es"),
        ("es;q=0, en;q=0.1", "en"),
        ("*", "es"),
        (";;;q=x,,", "es"),
    ],
)
def test_the_readers_language_goes_before_the_clinics(
    app: Connection, owner: Connection, accepted: str, expected: str
) -> None:
    """Accept-Language chooses among ours; a reader of neither gets the clinic's."""
    clinic = make_clinic(owner, language="es")
    token = token_of(clinic, book(app, clinic, clinic.at(10))["appointment"])
    assert get(token, accept_language=accepted).headers["content-language"] == expected


def test_nothing_more_is_said_of_the_patient_than_the_first_name(token: str) -> None:
    """Whoever holds the phone reads it: no last name, number, address, note or code."""
    for reply in (get(token), get(token, "/move"), get(token, "/cancel"), get(token, "/appointment.ics")):
        for private in ("Whitfield", "2025550147", "555-0147", "canary", "confirmation_code"):
            assert private not in reply.body


@pytest.mark.parametrize(
    ("status", "heading", "parts"),
    [
        ("pending", "your visit is booked", {"/confirm", "/move", "/cancel", "/appointment.ics"}),
        ("confirmed", "your visit is confirmed", {"/move", "/cancel", "/appointment.ics"}),
        ("arrived", "you have arrived", {"/appointment.ics"}),
        ("cancelled", "your visit is cancelled", {"/appointment.ics"}),
        ("completed", "Your visit", {"/appointment.ics"}),
        ("no_show", "Your visit", {"/appointment.ics"}),
    ],
)
def test_each_state_shows_what_can_be_done_in_it(
    owner: Connection, visit: dict[str, Any], token: str, status: str, heading: str, parts: set[str]
) -> None:
    """Only what would be done is offered; the rules are the database's."""
    set_status(owner, visit, status)
    for reply in (get(token), get(token, **SPANISH)):
        assert reply.status == 200
        found = {
            part
            for part in ("/confirm", "/move", "/cancel", "/appointment.ics")
            if f'"/a/{token}{part}"' in reply.body
        }
        assert found == parts
    assert heading in get(token).told


def test_a_visit_that_has_begun_can_be_looked_at_only(
    owner: Connection, clinic: Clinic, visit: dict[str, Any], token: str
) -> None:
    """From its start on; a form of before is refused with the visit as it is, and nothing changes."""
    begin(owner, visit, timedelta(minutes=5))
    before = every_row(owner, clinic.id)
    assert "this was your visit" in get(token).told
    assert "It cannot be changed on this page any more." in get(token).told
    assert "<form" not in get(token).body + get(token, "/move").body + get(token, "/cancel").body
    for part in ("/confirm", "/cancel"):
        reply = post(token, part, {"version": 1})
        assert reply.status == 409
        assert "It is too late to change the visit here." in reply.told
    assert every_row(owner, clinic.id) == before


def test_confirming_is_done_and_said(
    owner: Connection, token: str, visit: dict[str, Any], published: list[dict[str, Any]]
) -> None:
    """The form's button; then the page says so, with no button to confirm again."""
    reply = follow(post(token, "/confirm", {"version": get(token).version}))
    assert "Thank you. The visit is confirmed." in reply.told
    assert "Confirm the visit" not in reply.told
    assert one(owner, "SELECT status FROM frontdesk.appointments WHERE id = %s", visit["id"]) == "confirmed"
    assert [row["queue"] for row in published] == ["calendar", "notify"]


def test_cancelling_asks_first(owner: Connection, token: str, published: list[dict[str, Any]]) -> None:
    """The first step is a question and changes nothing; the second is the form in it."""
    asked = get(token, "/cancel")
    assert "Cancel this visit?" in asked.told
    assert one(owner, "SELECT status FROM frontdesk.appointments") == "pending"
    reply = follow(post(token, "/cancel", {"version": asked.version}))
    assert "Your visit is cancelled." in reply.told
    assert "<form" not in reply.body
    assert one(owner, "SELECT status FROM frontdesk.appointments") == "cancelled"
    assert [row["queue"] for row in published] == ["sms", "calendar", "notify"]


@pytest.mark.parametrize("part", ["/confirm", "/cancel"])
def test_a_form_sent_twice_is_one_change(owner: Connection, token: str, part: str) -> None:
    """A double click, the back button and a reload: each is told the same, and one event stands."""
    version = get(token).version
    answers = [post(token, part, {"version": version}) for _ in range(3)]
    assert {(each.status, each.headers["location"]) for each in answers} == {
        (303, answers[0].headers["location"])
    }
    assert one(owner, "SELECT count(*) FROM frontdesk.events WHERE actor = 'patient'") == 1


def test_what_the_clinic_changed_meanwhile_is_shown(
    app: Connection, owner: Connection, clinic: Clinic, visit: dict[str, Any], token: str
) -> None:
    """The old form does nothing; the page says that the clinic changed it, and shows the new time."""
    version = get(token).version
    staff_move(app, clinic, visit, clinic.at(14))
    for part in ("/confirm", "/cancel"):
        reply = post(token, part, {"version": version})
        assert reply.status == 409
        assert "The clinic changed your visit meanwhile." in reply.told
        assert "at 2 PM" in reply.told
    assert one(owner, "SELECT status FROM frontdesk.appointments") == "pending"


def test_a_thank_you_does_not_outlive_what_it_is_for(
    app: Connection, clinic: Clinic, visit: dict[str, Any], token: str
) -> None:
    """The address after a change, opened again when the visit was changed since: no thanks for it."""
    done = post(token, "/confirm", {"version": 1}).headers["location"]
    staff_move(app, clinic, visit, clinic.at(14))
    path, _, query = done.partition("?")
    assert "Thank you." not in ask("GET", path, query).told
    assert "taken" not in get(token, query="done=taken&v=1").told


def test_a_clinic_without_a_phone_says_nothing_of_calling_a_number(
    app: Connection, owner: Connection
) -> None:
    """No front desk number, no line for it, no empty link."""
    clinic = make_clinic(owner)
    token = token_of(clinic, book(app, clinic, clinic.at(10))["appointment"])
    for reply in (get(token), get(token, "/move"), get(token, "/cancel"), get(token, "/appointment.ics")):
        assert "tel:" not in reply.body
        assert "Call " not in reply.body


def test_names_are_shown_as_text(app: Connection, owner: Connection) -> None:
    """Markup in a clinic's, provider's or service's name is text, and a patient's name has letters only."""
    nasty = '<img src=x onerror="alert(1)">'
    clinic = make_clinic(owner, name=nasty, providers=(nasty,), services={nasty: 30})
    visit = book(app, clinic, clinic.at(10), service_type=nasty, patient_name="<b>Dana</b> Whitfield")
    token = token_of(clinic, visit["appointment"])
    for part in ("", "/move", "/cancel"):
        body = get(token, part).body
        assert "<img" not in body
        assert "<b>" not in body
        assert "&lt;img" in body


@pytest.mark.parametrize(
    "error", [DatabaseUnavailableError("08006"), ScheduleBusyError(), RuntimeError("Dana Whitfield")]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_trouble_of_ours_is_said_without_details(
    monkeypatch: pytest.MonkeyPatch, token: str, error: Exception, method: str
) -> None:
    """503 with a time to come again, or 500 for a defect; never the error's own words."""

    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(db, "call", fail)
    form = {"version": 1} if method == "POST" else None
    reply = ask(method, f"/a/{token}{'/confirm' if form else ''}", form=form)
    assert reply.status == (500 if isinstance(error, RuntimeError) else 503)
    assert ("retry-after" in reply.headers) == (reply.status == 503)
    assert "One moment" in reply.told
    assert "Dana" not in reply.body


def test_a_body_in_base64_is_read(owner: Connection, token: str) -> None:
    """API Gateway sends forms so: they are no text to it."""
    asked = event("POST", f"/a/{token}/confirm", body="")
    asked |= {"body": base64.b64encode(urlencode({"version": 1}).encode()).decode(), "isBase64Encoded": True}
    assert page.handler(asked, None)["statusCode"] == 303
    assert one(owner, "SELECT status FROM frontdesk.appointments") == "confirmed"


def test_a_visit_in_another_year_names_it(app: Connection, owner: Connection) -> None:
    """Far ahead the same date could be read as this year's."""
    clinic = make_clinic(owner, booking_horizon_days=700, time_zone="Asia/Tokyo")
    far = datetime.now(ZoneInfo("Asia/Tokyo")) + timedelta(days=400)
    far = (far + timedelta(days=(7 - far.weekday()) % 7)).replace(hour=10, minute=0, second=0, microsecond=0)
    token = token_of(clinic, book(app, clinic, far)["appointment"])
    assert f"{far.day}, {far.year} at 10 AM" in get(token).told


def test_a_revoked_link_opens_nothing_at_once(clinic: Clinic, visit: dict[str, Any], token: str) -> None:
    """All links of the visit, the newest too."""
    second = token_of(clinic, visit)
    assert patient_links.revoke(clinic.id, UUID(visit["id"])) == 2
    assert [get(each).status for each in (token, second)] == [404, 404]
