"""What an event is: which fields a client may write, what Google makes of them, and how it shows them."""

import base64
import re
import secrets
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from local.fake_google_errors import invalid, required
from local.fake_google_rules import check_rules
from local.fake_google_store import Diary, Kept, Resource
from local.fake_google_times import in_zone, moment_of, read_time, rfc_3339, stamp, zone_of

# The Event schema's fields a client may set; all others are Google's own.
WRITABLE = (
    "anyoneCanAddSelf", "attachments", "attendees", "attendeesOmitted", "birthdayProperties", "colorId",
    "description", "eventType", "extendedProperties", "focusTimeProperties", "gadget",
    "guestsCanInviteOthers", "guestsCanModify", "guestsCanSeeOtherGuests", "location",
    "outOfOfficeProperties", "privateCopy", "recurrence", "reminders", "source", "summary", "transparency",
    "visibility", "workingLocationProperties",
)  # fmt: skip
ID = re.compile(r"[a-v0-9]{5,1024}")  # base32hex without upper case (events.insert, "id")
STATUSES = frozenset({"confirmed", "tentative", "cancelled"})
EVENT_TYPES = frozenset({"birthday", "default", "focusTime", "fromGmail", "outOfOffice", "workingLocation"})
OMITTED = {"transparency": "opaque", "visibility": "default"}  # Google leaves out what is the default
LONGEST_KEY, LONGEST_VALUE = 44, 1024  # of an extended property; longer ones are dropped in silence


def new_event(diary: Diary, email: str, body: Mapping[str, Any], now: float) -> Resource:
    """Make the resource of a new event; raise the Refusal Google would give for its body."""
    event_id = body.get("id") or secrets.token_hex(13)
    if not isinstance(event_id, str) or not ID.fullmatch(event_id):
        raise invalid("Invalid resource id value.")
    frame = {
        "id": event_id,
        "created": stamp(now),
        "htmlLink": "https://www.google.com/calendar/event?eid="
        + base64.urlsafe_b64encode(f"{event_id} {diary.id}".encode()).decode().rstrip("="),
        "iCalUID": f"{event_id}@google.com",
        "creator": {"email": email} | ({"self": True} if email == diary.id else {}),
        "organizer": {"email": diary.id, "displayName": diary.summary, "self": True},
        "sequence": _sequence(body, 0),
    }
    return frame | _content(diary, body)


def replaced(diary: Diary, before: Resource, body: Mapping[str, Any]) -> Resource:
    """Make the resource after events.update: what the body leaves out is gone, Google's own fields stay."""
    content = _content(diary, body)
    frame = {
        name: value
        for name, value in before.items()
        if name not in WRITABLE and name not in {"start", "end", "status", "updated"}
    }
    moved = any(before.get(name) != content.get(name) for name in ("start", "end", "recurrence", "status"))
    return frame | {"sequence": _sequence(body, before["sequence"]) + moved} | content


def patched(diary: Diary, before: Resource, body: Mapping[str, Any]) -> Resource:
    """Make the resource after events.patch: objects are merged, lists replaced, null takes away."""
    editable = {
        name: value
        for name, value in before.items()
        if name in WRITABLE or name in {"start", "end", "status"}
    }
    sequence = {"sequence": body["sequence"]} if "sequence" in body else {}
    return replaced(diary, before, _merged(editable, body) | sequence)


def cancelled(before: Resource) -> Resource:
    """Make the resource after events.delete."""
    return before | {"status": "cancelled", "sequence": before["sequence"] + 1}


def shown(kept: Kept, diary: Diary, zone_name: str | None = None, *, only_id: bool = False) -> Resource:
    """Write the event as an answer holds it, its times in the calendar's zone or the one asked for."""
    head = {"kind": "calendar#event", "etag": kept.etag}
    if only_id:
        known = ("id", "status", "recurringEventId", "originalStartTime")
        return head | {name: kept.resource[name] for name in known if name in kept.resource}
    resource: Resource = head | kept.resource
    if zone_name is not None and zone_name != diary.time_zone:
        zone = zone_of(zone_name)
        for edge in ("start", "end", "originalStartTime"):
            if edge in resource:
                resource[edge] = in_zone(resource[edge], zone)
    return resource


def _content(diary: Diary, body: Mapping[str, Any]) -> Resource:
    content = {name: body[name] for name in WRITABLE if body.get(name) is not None}
    status = body.get("status") or "confirmed"
    if status not in STATUSES:
        raise invalid(f"Invalid value for: {status} is not a valid value")
    zone = zone_of(diary.time_zone)
    start, end = (read_time(body.get(edge), edge, zone) for edge in ("start", "end"))
    _check_times(diary, start, end)
    if content.get("recurrence"):
        _check_recurrence(body, content["recurrence"])
    else:
        content.pop("recurrence", None)
    content.setdefault("eventType", "default")
    if content["eventType"] not in EVENT_TYPES:
        raise invalid("Invalid event type.")
    content.setdefault("reminders", {"useDefault": True})
    if "extendedProperties" in content:
        content["extendedProperties"] = _kept_properties(content["extendedProperties"])
    for attendee in content.get("attendees", ()):
        if isinstance(attendee, dict) and attendee.get("email") == diary.id:
            attendee["self"] = True
    content = {name: value for name, value in content.items() if OMITTED.get(name) != value}
    return content | {"status": status, "start": start, "end": end}


def _check_times(diary: Diary, start: Mapping[str, str], end: Mapping[str, str]) -> None:
    if ("date" in start) != ("date" in end):
        raise invalid("Start and end times must either both be date or both be dateTime.")
    zone = zone_of(diary.time_zone)
    begins, ends = moment_of(start, zone), moment_of(end, zone)
    # A visit of no length is an event, a day of none is not: the end of whole days is exclusive.
    if ends < begins or ("date" in start and ends == begins):
        problem = invalid("The specified time range is empty.")
        problem.reason, problem.domain = "timeRangeEmpty", "calendar"
        raise problem


def _check_recurrence(body: Mapping[str, Any], rules: Any) -> None:
    start = body["start"]
    if "dateTime" in start and not start.get("timeZone"):
        # "For recurring events this field is required and specifies the time zone in which the
        # recurrence is expanded" (Event, start.timeZone).
        raise required("Missing time zone definition for start time.")
    check_rules(rules, start)


def _kept_properties(given: Any) -> dict[str, dict[str, str]]:
    if not isinstance(given, Mapping) or not all(isinstance(one, Mapping) for one in given.values()):
        raise invalid("Invalid extended properties.")
    return {
        side: {
            key: str(value)
            for key, value in given[side].items()
            if len(key) <= LONGEST_KEY and value is not None and len(str(value)) <= LONGEST_VALUE
        }
        for side in ("private", "shared")
        if given.get(side)
    }


def _sequence(body: Mapping[str, Any], now: int) -> int:
    wanted = body.get("sequence", now)
    if not isinstance(wanted, int) or wanted < now:
        message = "Invalid sequence value. The specified sequence number is below the current sequence number"
        raise invalid(f"{message} of the resource. Re-fetch the resource and use its sequence number.")
    return wanted


def _merged(before: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(before)
    for name, value in patch.items():
        old = result.get(name)
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(old, Mapping):
            result[name] = _merged(old, value)
        else:
            result[name] = value
    return result


def utc_name(moment: Mapping[str, str], zone_name: str) -> str:
    """Name a moment as an instance's id ends: 20261110T150000Z, or 20261110 for a whole day."""
    if "date" in moment:
        return moment["date"].replace("-", "")
    at = moment_of(moment, zone_of(zone_name)).astimezone(UTC)
    return rfc_3339(at).replace("-", "").replace(":", "")
