"""What it means when Google will not have our event: deleted by the provider, or is the whole calendar gone?

The difference matters more than any other in here: the first cancels one patient's visit, the second must not
cancel all of them. So before an event counts as deleted, its calendar is looked at.
"""

import time

from functions.calendar_worker import google_calendar, pacing
from functions.calendar_worker.attempt import Outcome, Task
from functions.calendar_worker.error_classes import ErrorClass, backoff, classify
from functions.calendar_worker.google_calendar import Caller, GoogleError

# A 404 for an event written a moment ago may only mean that Google's copies do not agree yet.
LOOKS = 3
PAUSE_SECONDS = 1.0
# Should the rule for the provider's own acts leave the event as it was.
NET_SECONDS = 600

_MAY_WRITE = frozenset({"writer", "owner", None})  # None: it did not say


def of_insert(caller: Caller, task: Task, error: GoogleError) -> Outcome:
    """Say what a refused insert means: 404 or 403 for a calendar, or 403 for an id that was deleted."""
    if (lost := _calendar_lost(caller, task)) is not None:
        return lost
    if classify(error.status, error.reason) is ErrorClass.MISSING:
        return _again(task, error)
    # Google answers the insert of a deleted id 409, and sometimes 403.
    if _state(caller, task) == "cancelled":
        return Outcome("next_generation", code="id_taken")
    return Outcome("permanent", code=error.reason)


def of_change(caller: Caller, task: Task, error: GoogleError) -> Outcome:
    """Say what a refused change means: 404, 410 or 403 for the event, or for its calendar."""
    if (lost := _calendar_lost(caller, task)) is not None:
        return lost
    for look in range(LOOKS):
        if look:
            time.sleep(PAUSE_SECONDS)
        state = _state(caller, task)
        if state == "cancelled":
            return by_provider()
        if state is not None:
            forbidden = classify(error.status, error.reason) is ErrorClass.FORBIDDEN
            return Outcome("permanent", code=error.reason) if forbidden else _again(task, error)
    return by_provider()


def by_provider() -> Outcome:
    """Say that the provider deleted our event: the rule for that decides what becomes of the visit."""
    return Outcome("retry", code="deleted_in_google", retry_seconds=NET_SECONDS, deleted_by_provider=True)


def _calendar_lost(caller: Caller, task: Task) -> Outcome | None:
    """Look whether the calendar is gone, or not ours to write (any more)."""
    pacing.charge(task.org_id)
    try:
        found = google_calendar.get_calendar(caller, task.calendar)
    except GoogleError as error:
        what = classify(error.status, error.reason)
        if what in (ErrorClass.MISSING, ErrorClass.DELETED):
            return Outcome("gone", code=error.reason)
        if what is ErrorClass.FORBIDDEN:
            return Outcome("forbidden", code=error.reason)
        raise
    return None if found["accessRole"] in _MAY_WRITE else Outcome("forbidden", code="read_only")


def _state(caller: Caller, task: Task) -> str | None:
    """Return the event's status at Google, or None when there is no such event."""
    pacing.charge(task.org_id)
    try:
        return str(google_calendar.get_event(caller, task.calendar, task.event_id).get("status"))
    except GoogleError as error:
        if classify(error.status, error.reason) in (ErrorClass.MISSING, ErrorClass.DELETED):
            return None
        raise


def _again(task: Task, error: GoogleError) -> Outcome:
    return Outcome("retry", code=error.reason, retry_seconds=backoff(task.number, error.retry_after))
