"""The visit as a file for the patient's own calendar, read back by the library."""

from datetime import datetime
from typing import Any

import pytest
from icalendar import Calendar

from tests.clinics import Clinic, Connection, book, call, make_clinic
from tests.patient.conftest import get, post, token_of


def read(token: str, **headers: str) -> tuple[Any, Any]:
    """Fetch the file; return calendar and event."""
    reply = get(token, "/appointment.ics", **headers)
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert 'filename="appointment.ics"' in reply.headers["content-disposition"]
    assert all(len(line.encode()) <= 75 for line in reply.body.split("\r\n")), "RFC 5545, 3.1"
    calendar = Calendar.from_ical(reply.body)
    [event] = calendar.walk("VEVENT")
    return calendar, event


def test_the_file_says_when_and_where(clinic: Clinic, visit: dict[str, Any], token: str) -> None:
    """Start and end of the visit; the clinic, the provider and its phone; all a calendar needs to take it."""
    calendar, event = read(token)
    assert (calendar["METHOD"], calendar["VERSION"], bool(calendar["PRODID"])) == ("PUBLISH", "2.0", True)
    assert (event.start, event.end) == (clinic.at(10), clinic.at(11))
    assert event["UID"] == f"{visit['id']}@frontdesk"
    assert isinstance(event["DTSTAMP"].dt, datetime)
    assert event["SUMMARY"] == "Visit at Bright Smiles with Dr. Patel"
    assert event["DESCRIPTION"] == "To change it, call (202) 555-0199."
    assert (event["SEQUENCE"], event["STATUS"]) == (1, "CONFIRMED")


def test_a_calendar_shows_no_service_and_no_link(token: str) -> None:
    """Calendars are shared: what the visit is for, and the key to change it, do not stand in them."""
    body = get(token, "/appointment.ics").body
    for private in ("Teeth", "cleaning", token, "Dana", "http"):
        assert private not in body


def test_the_file_of_a_changed_visit_replaces_the_old_one(
    app: Connection, clinic: Clinic, visit: dict[str, Any], token: str
) -> None:
    """The same UID, a higher SEQUENCE, the new time; a cancelled visit says so."""
    call(
        app,
        "reschedule_appointment_atomic",
        org_id=clinic.id,
        appointment_id=visit["id"],
        scheduled_at=clinic.at(14),
        source="staff",
    )
    _, moved = read(token)
    assert (moved["UID"], moved["SEQUENCE"], moved.start) == (f"{visit['id']}@frontdesk", 2, clinic.at(14))
    post(token, "/cancel", {"version": 2})
    calendar, cancelled = read(token)
    assert (cancelled["UID"], cancelled["SEQUENCE"]) == (moved["UID"], 3)
    assert (cancelled["STATUS"], calendar["METHOD"]) == ("CANCELLED", "PUBLISH")


@pytest.mark.parametrize(
    "name", ["Clínica, Sol; y \\ Mar", "A\r\nATTENDEE:mailto:x@evil.example", "牙医 " * 40]
)
def test_a_clinics_name_is_text_in_the_file_too(app: Connection, owner: Connection, name: str) -> None:
    """Commas, semicolons, line breaks and long names in any script come back as they are, and add no line."""
    clinic = make_clinic(owner, name=name)
    _, event = read(token_of(clinic, book(app, clinic, clinic.at(10))["appointment"]), accept_language="es")
    assert event["SUMMARY"] == f"Cita en {name.replace(chr(13), '')} con Dr. Patel"
    assert "ATTENDEE" not in event
    assert "DESCRIPTION" not in event
