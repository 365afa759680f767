"""What a person must do next: messages taken from callers, with the time they are due."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from frontdesk import db, times
from frontdesk.appointments import Asker
from frontdesk.times import OpeningHours

HALF_AN_HOUR = timedelta(minutes=30)
FURTHEST_WISH = timedelta(days=60)
A_WEEK = timedelta(days=7)


def create(
    org_id: UUID,
    message: str,
    due_at: datetime,
    asker: Asker,
    *,
    phone: str | None,
    caller_name: str | None,
    urgency: str,
    preferred_time: str | None,
) -> dict[str, Any]:
    """Keep a caller's message. The answer is create_follow_up's JSON (docs/booking-function.md)."""
    answer: dict[str, Any] = db.call(
        "create_follow_up",
        repeatable=asker.call_id is not None and asker.tool_call_id is not None,
        org_id=org_id,
        message=message,
        due_at=due_at,
        phone=phone,
        caller_name=caller_name,
        urgency=urgency,
        preferred_time=preferred_time,
        call_id=asker.call_id,
        tool_call_id=asker.tool_call_id,
        request_hash=asker.request_hash,
    )
    return answer


def due_at(urgency: str, preferred_time: str | None, now: datetime, hours: OpeningHours) -> datetime:
    """Say by when somebody should have called back; `now` is aware, in the clinic's zone.

    The caller's own wish where it is understood and within two months. Else: urgent, half an hour into the
    clinic's next open time; same day, when it closes today (or half an hour into the next open day); routine,
    when the next day it is open ends. A clinic without hours: a day from now, an hour if urgent.
    """
    wished = _wished(preferred_time, now, hours)
    if wished is not None:
        return wished
    if not any(hours.weekly):
        return now + (timedelta(hours=1) if urgency == "urgent" else timedelta(days=1))
    opening, closing = next(_openings(now, hours))
    if urgency == "urgent" or (urgency == "same_day" and opening.date() > now.date()):
        return max(opening, now) + HALF_AN_HOUR
    if urgency == "same_day":
        return closing
    return next(end for start, end in _openings(now, hours) if start.date() > now.date())


def _wished(preferred_time: str | None, now: datetime, hours: OpeningHours) -> datetime | None:
    if not preferred_time:
        return None
    moment = times.parse_moment(preferred_time, now, hours)
    at: datetime | None = None
    if isinstance(moment, times.Moment):
        at = moment.at
    else:
        days = times.parse_days(preferred_time, now, hours)
        at = _first_open(days, now, hours) if isinstance(days, times.Days) else None
    return at if at is not None and now < at < now + FURTHEST_WISH else None


def _first_open(days: times.Days, now: datetime, hours: OpeningHours) -> datetime | None:
    """Return the first moment of these days at which somebody can call; none for "any time"."""
    if days.last - days.first > A_WEEK and days.earliest is None:
        return None  # "whenever" is no wish: the urgency decides
    day = days.first
    while day <= min(days.last, days.first + A_WEEK):
        for opens, closes in hours.weekly[day.weekday()]:
            # "Morning" begins at midnight; nobody is called back before the clinic opens.
            start = datetime.combine(day, max(days.earliest or opens, opens), now.tzinfo)
            at = max(start, now + HALF_AN_HOUR)
            if at < datetime.combine(day, closes, now.tzinfo):
                return at
        day += timedelta(days=1)
    return None


def _openings(now: datetime, hours: OpeningHours) -> Iterator[tuple[datetime, datetime]]:
    """Give the clinic's open times that are not over yet, in order."""
    for ahead in range(15):
        day = now.date() + timedelta(days=ahead)
        for opens, closes in hours.weekly[day.weekday()]:
            end = datetime.combine(day, closes, now.tzinfo)
            if end > now:
                yield datetime.combine(day, opens, now.tzinfo), end
