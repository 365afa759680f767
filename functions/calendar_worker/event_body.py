"""An appointment as an event of Google's: what stands in the provider's calendar, and what does not.

Calendars are shared with people who need not know: unless the clinic says otherwise the title has initials
only. Never in it, nor anywhere else in the event: phone, e-mail, notes, and what the visit is for.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from functions.calendar_worker.google_calendar import Event

SOURCE = "frontdesk"

# Between the word and who comes; the lint takes it for a hyphen.
_DASH = "\N{EN DASH}"
_WORDS = {"en": "Appointment", "es": "Cita"}
_STATES = {
    "en": {"arrived": "arrived", "completed": "completed", "no_show": "no-show"},
    "es": {"arrived": "ha llegado", "completed": "atendida", "no_show": "no se presentó"},
}


def to_insert(appointment: Mapping[str, Any], org: Mapping[str, Any], event_id: str) -> Event:
    """Write a new event under our id; no reminders and no guests: we text the patient ourselves."""
    return {"id": event_id, **_said(appointment, org), "reminders": {"useDefault": False}}


def to_update(appointment: Mapping[str, Any], org: Mapping[str, Any]) -> Event:
    """Write what an existing event must say; what is not named stays (PATCH)."""
    body = _said(appointment, org)
    # A provider may have made it an all-day event: a date beside a time is refused, null takes it away.
    for edge in ("start", "end"):
        body[edge]["date"] = None
    return body


def title(appointment: Mapping[str, Any], org: Mapping[str, Any]) -> str:
    """Write the title: a code, initials or the name, as the clinic chose (orgs.calendar_detail)."""
    language = org["language"] if org["language"] in _WORDS else "en"
    word, detail = _WORDS[language], org["calendar_detail"]
    if detail == "name":
        text = f"{word} {_DASH} {appointment['patient_name']} ({appointment['service_name']})"
    elif detail == "initials":
        text = f"{word} {_DASH} {initials(appointment['patient_name'])}"
    else:
        text = f"{word} {appointment['confirmation_code']}"
    state = _STATES[language].get(appointment["status"])
    return f"{text} · {state}" if state else text


def initials(name: str) -> str:
    """Return the initials of the first and the last word: 'Dana van der Whitfield' is 'D.W.'."""
    words = [word for word in name.split() if word[0].isalpha()]
    return "".join(f"{word[0].upper()}." for word in ([words[0], words[-1]] if len(words) > 1 else words))


def owner_of(event: Mapping[str, Any]) -> tuple[UUID, UUID] | None:
    """Return (org, appointment) of an event of ours, or None for any other."""
    private = (event.get("extendedProperties") or {}).get("private") or {}
    if private.get("src") != SOURCE:
        return None
    try:
        return UUID(private["org_id"]), UUID(private["appt_id"])
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


def version_of(event: Mapping[str, Any]) -> int:
    """Return the appointment's version that an event of ours was last written for; 0 where it says none."""
    private = (event.get("extendedProperties") or {}).get("private") or {}
    text = str(private.get("rev", ""))
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def times_of(event: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    """Return when an event starts and ends (aware), or None for one of whole days."""
    try:
        starts = datetime.fromisoformat(event["start"]["dateTime"])
        ends = datetime.fromisoformat(event["end"]["dateTime"])
    except (KeyError, ValueError, TypeError):
        return None
    return (starts, ends) if starts.tzinfo is not None and ends.tzinfo is not None else None


def _said(appointment: Mapping[str, Any], org: Mapping[str, Any]) -> Event:
    zone = ZoneInfo(org["time_zone"])
    return {
        "summary": title(appointment, org),
        "status": "confirmed",
        "start": _moment(appointment["starts_at"], zone),
        "end": _moment(appointment["ends_at"], zone),
        "transparency": "opaque",
        # Ours alone to read (private to the OAuth client): ids, and the version this was written for.
        "extendedProperties": {
            "private": {
                "appt_id": appointment["id"],
                "org_id": org["id"],
                "rev": str(appointment["version"]),
                "src": SOURCE,
            }
        },
    }


def _moment(text: str, zone: ZoneInfo) -> dict[str, Any]:
    return {"dateTime": datetime.fromisoformat(text).astimezone(zone).isoformat(), "timeZone": zone.key}
