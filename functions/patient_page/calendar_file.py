"""An appointment as a file for the patient's own calendar (iCalendar, RFC 5545; METHOD as in RFC 5546)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from icalendar import Calendar, Event

from frontdesk import texts
from functions.patient_page.words import WORDS


def write(visit: Mapping[str, Any], language: str, now: datetime) -> bytes:
    """Write a visit (patient_visit's JSON) as an iCalendar file.

    One UID for the appointment's whole life and its version as SEQUENCE, so that a file taken again replaces
    the first one. Times in UTC: every calendar shows them on its owner's clock. Calendars are shared with
    families and employers, so neither the service nor the link to the page stands in it.
    """
    org, appointment, words = visit["org"], visit["appointment"], WORDS[language]
    event = Event()
    event.add("uid", f"{appointment['id']}@frontdesk")
    event.add("sequence", appointment["version"])
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", _utc(appointment["starts_at"]))
    event.add("dtend", _utc(appointment["ends_at"]))
    event.add("summary", words["event"].format(clinic=org["name"], provider=appointment["provider_name"]))
    event.add("status", "CANCELLED" if appointment["status"] == "cancelled" else "CONFIRMED")
    if org["front_desk_phone"]:
        event.add(
            "description", words["event_call"].format(phone=texts.written_phone(org["front_desk_phone"]))
        )
    calendar = Calendar()
    calendar.add("prodid", "-//Frontdesk//Appointment//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
