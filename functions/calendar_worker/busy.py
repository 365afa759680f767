"""What an event of the provider's own means for bookings: a block of time, or nothing.

Source of the fields: developers.google.com/workspace/calendar/api/v3/reference/events (transparency,
eventType, attendees, start, end, status).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

Item = Mapping[str, Any]
Span = tuple[int, int]  # seconds since 1970, the end not included

# Where somebody works and whose birthday it is keep nobody busy; being away and wanting quiet do.
_NEVER_BUSY = frozenset({"workingLocation", "birthday"})


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of time worth mirroring, and the calendar's zone, whose days all-day events are."""

    starts: int
    ends: int
    zone: ZoneInfo


def block_of(item: Item, window: Window) -> Span | None:
    """Return the time an event keeps its calendar's owner busy, or None.

    Not busy: cancelled, shown as free, declined by the owner, without length, outside the window. An
    invitation that was not answered is busy: whoever accepts it must not find a patient booked over it.
    """
    if (
        item.get("status") == "cancelled"
        or item.get("transparency") == "transparent"
        or item.get("eventType") in _NEVER_BUSY
        or _is_declined(item)
    ):
        return None
    span = span_of(item, window.zone)
    if span is None or span[0] >= span[1] or span[1] <= window.starts or span[0] >= window.ends:
        return None
    return span


def span_of(item: Item, zone: ZoneInfo) -> Span | None:
    """Return an event's start and end, whole seconds that cover it; None where one of them is not told.

    An all-day event runs from midnight to midnight in `zone`, which is 23 or 25 hours where clocks change.
    """
    starts, ends = _moment(item.get("start"), zone), _moment(item.get("end"), zone)
    if starts is None or ends is None:
        return None
    return math.floor(starts.timestamp()), math.ceil(ends.timestamp())


def exact_times(item: Item) -> tuple[datetime | None, datetime | None]:
    """Return the start and end of an event that has a time of day, else (None, None)."""
    utc = ZoneInfo("UTC")
    both = [_moment({**(item.get(edge) or {}), "date": None}, utc) for edge in ("start", "end")]
    return (both[0], both[1]) if None not in both else (None, None)


def _moment(edge: object, zone: ZoneInfo) -> datetime | None:
    if not isinstance(edge, Mapping):
        return None
    try:
        if edge.get("dateTime"):
            told = datetime.fromisoformat(str(edge["dateTime"]))
            # Without an offset only where the event names a zone of its own.
            return told if told.tzinfo else told.replace(tzinfo=ZoneInfo(str(edge["timeZone"])))
        if edge.get("date"):
            return datetime.combine(date.fromisoformat(str(edge["date"])), time.min, zone)
    except (ValueError, KeyError, OverflowError):
        return None
    return None


def _is_declined(item: Item) -> bool:
    return any(
        isinstance(guest, Mapping) and guest.get("self") and guest.get("responseStatus") == "declined"
        for guest in item.get("attendees") or ()
    )
