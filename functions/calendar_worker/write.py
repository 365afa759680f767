"""One appointment, from its row to Google: claim, write, record, and again when it moved on meanwhile.

The claim is committed before Google is called and the event's id is ours, so whatever dies in between is
simply done once more: the insert then finds the id taken, by us. Nothing the provider did in Google is
overwritten unseen: every change names the etag it was made for (docs/calendar.md).
"""

import math
from datetime import datetime
from uuid import UUID

from frontdesk import calendars, log, metrics, outbox
from frontdesk.errors import CredentialsError, CredentialsUnreadableError, SettingsError
from functions.calendar_worker import event_body, google_calendar, pacing, tokens, vanished
from functions.calendar_worker.attempt import Outcome, Task
from functions.calendar_worker.error_classes import LEAST_QUOTA_SECONDS, ErrorClass, backoff, classify
from functions.calendar_worker.google_calendar import Caller, Event, GoogleError

MOST_ROUNDS = 4
MOST_TRIES = 3  # of one change against an event that keeps changing
KMS_AWAY_SECONDS = 60

_NOT_THERE = (ErrorClass.MISSING, ErrorClass.DELETED)


def write(org_id: UUID, appointment_id: UUID, *, wait: bool = False) -> str:
    """Bring an appointment's events to what they should be, and return what came of it as a code.

    The last write's result, or 'skip:<reason>'. Raises FrontdeskError when the database is away: then the
    queue message must come again, which does no harm at any point.
    """
    outcome: str | None = None
    for turn in range(MOST_ROUNDS):
        told = calendars.claim_write(org_id, appointment_id, wait=wait and turn == 0)
        if not told["claimed"]:
            return outcome or f"skip:{told['reason']}"
        again = False
        for each in told["writes"]:
            task = Task(org_id, told["appointment"], told["org"], UUID(told["lease"]), each)
            found = _attempt(task)
            again |= _record(task, found)
            outcome = found.code or found.result
        if not again:
            break
    return outcome or "skip:done"


def _attempt(task: Task) -> Outcome:
    """Make one write; whatever Google, the token or the key service does becomes an outcome."""
    wait = pacing.wait_seconds(task.org_id)
    if wait:
        return Outcome("paced", retry_seconds=math.ceil(wait))
    act = _put if task.write["wanted"] == "live" else _delete
    try:
        return tokens.call(task.org_id, lambda caller: act(caller, task))
    except tokens.ConnectionPausedError as error:
        return Outcome("paused", code=error.reason)
    except GoogleError as error:
        return _refused(task, error)
    except SettingsError:
        return Outcome("retry", code="not_configured", retry_seconds=backoff(task.number))
    except CredentialsError as error:
        unreadable = isinstance(error, CredentialsUnreadableError)
        code = "credentials_unreadable" if unreadable else "credentials_unavailable"
        return Outcome("retry", code=code, retry_seconds=KMS_AWAY_SECONDS)


def _refused(task: Task, error: GoogleError) -> Outcome:
    """Say what to do about a refusal that the write itself had no answer to (error_classes.py)."""
    found = classify(error.status, error.reason)
    if found is ErrorClass.PERMANENT:
        return Outcome("permanent", code=error.reason)
    seconds = backoff(task.number, error.retry_after)
    if found is ErrorClass.QUOTA:
        return Outcome("quota", code=error.reason, retry_seconds=max(seconds, round(LEAST_QUOTA_SECONDS)))
    return Outcome("retry", code=f"{error.status}_{error.reason}", retry_seconds=seconds)


def _put(caller: Caller, task: Task) -> Outcome:
    """Have the event say what the appointment says: insert it, or change the one that is there."""
    if task.write["etag"] is not None:
        return _change(caller, task, task.write["etag"])
    body = event_body.to_insert(task.appointment, task.org, task.event_id)
    try:
        return _written(google_calendar.insert_event(caller, task.calendar, body))
    except GoogleError as error:
        found = classify(error.status, error.reason)
        if found in (ErrorClass.MISSING, ErrorClass.FORBIDDEN):
            return vanished.of_insert(caller, task, error)
        if found is not ErrorClass.TAKEN:
            raise
    return _taken(caller, task)


def _taken(caller: Caller, task: Task) -> Outcome:
    """Look who has our id: an insert of ours that was never recorded, or an event that is gone for good."""
    event = _get(caller, task)
    ours = event_body.owner_of(event) == (task.org_id, task.appointment_id)
    gone = event.get("status") == "cancelled"
    if ours and not gone:
        return _settle(caller, task, event)
    if not ours and not gone:
        log.error("event id taken", org_id=str(task.org_id), appointment_id=str(task.appointment_id))
    # A deleted id is never free again (Google keeps it), and somebody else's event is not ours to change.
    return Outcome("next_generation", code="id_taken")


def _change(caller: Caller, task: Task, etag: str, tries: int = MOST_TRIES) -> Outcome:
    """Change the event, if it is still the one with this etag; else look at what it has become."""
    body = event_body.to_update(task.appointment, task.org)
    try:
        changed = google_calendar.update_event(caller, task.calendar, task.event_id, body, etag)
        return _written(changed)
    except GoogleError as error:
        found = classify(error.status, error.reason)
        if found in _NOT_THERE or found is ErrorClass.FORBIDDEN:
            return vanished.of_change(caller, task, error)
        if found is not ErrorClass.CHANGED:
            raise
    if tries <= 1:
        return Outcome("retry", code="keeps_changing", retry_seconds=backoff(task.number))
    event = _get(caller, task)
    if event.get("status") == "cancelled":
        return vanished.by_provider()
    return _settle(caller, task, event, tries - 1)


def _settle(caller: Caller, task: Task, event: Event, tries: int = MOST_TRIES) -> Outcome:
    """Decide about an event of ours that is not as we last knew it.

    A write of ours whose record was lost: it is as it should be, or is changed once more. The provider's act:
    a colour or a note is kept and our change made on top of it; another time is for the rule to decide.
    """
    times, version = event_body.times_of(event), event_body.version_of(event)
    if times == task.times and version == task.version:
        return _written(event)
    if _was_moved(task, times, version):
        return Outcome("conflict", code="moved_in_google")
    return _change(caller, task, event["etag"], tries)


def _was_moved(task: Task, times: tuple[datetime, datetime] | None, version: int) -> bool:
    """Tell whether somebody else gave the event its times, as far as we can know it."""
    if times == task.times:
        return False
    if version == task.version:
        return True  # what we write for this version has other times
    if task.written is not None and version == task.written[0]:
        return times != task.written[1]
    # A write of ours of which nothing was recorded: its times are not known, and ours are the record.
    return False


def _delete(caller: Caller, task: Task) -> Outcome:
    """Take the event away; whatever the provider changed about it meanwhile, there is no visit any more."""
    etag = task.write["etag"]
    for _ in range(MOST_TRIES):
        try:
            google_calendar.delete_event(caller, task.calendar, task.event_id, etag)
            return Outcome("deleted")
        except GoogleError as error:
            found = classify(error.status, error.reason)
            if found in _NOT_THERE:
                return Outcome("deleted")
            if found is ErrorClass.FORBIDDEN:
                gone = vanished.of_change(caller, task, error)
                return Outcome("deleted") if gone.deleted_by_provider else gone
            if found is not ErrorClass.CHANGED:
                raise
        event = _get(caller, task)
        if event.get("status") == "cancelled":
            return Outcome("deleted")
        etag = event["etag"]
    return Outcome("retry", code="keeps_changing", retry_seconds=backoff(task.number))


def _get(caller: Caller, task: Task) -> Event:
    pacing.charge(task.org_id)
    return google_calendar.get_event(caller, task.calendar, task.event_id)


def _written(event: Event) -> Outcome:
    etag = event.get("etag")
    # Without an etag nothing could be changed safely later: look again, the id tells.
    return Outcome("written", etag=etag) if etag else Outcome("retry", code="unreadable", retry_seconds=1)


def _record(task: Task, found: Outcome) -> bool:
    """Record an outcome, tell the log and the metrics; return whether there is more to do at once."""
    written = found.result == "written"
    told = calendars.record_write(
        task.org_id,
        task.appointment_id,
        task.calendar_id,
        task.lease,
        found.result,
        task.version,
        etag=found.etag,
        starts_at=task.times[0] if written else None,
        ends_at=task.times[1] if written else None,
        error_code=found.code,
        retry_seconds=found.retry_seconds,
    )
    outbox.publish_later(task.org_id, told["outbox"])
    if found.deleted_by_provider and told["recorded"]:
        ruled = calendars.deleted_in_google(task.org_id, task.appointment_id, task.calendar_id, task.event_id)
        outbox.publish_later(task.org_id, ruled.get("outbox"))
    result = found.result if told["recorded"] else "stale"
    write_line = log.error if found.result in ("permanent", "gone", "forbidden") else log.info
    write_line(
        "calendar write",
        org_id=str(task.org_id),
        appointment_id=str(task.appointment_id),
        calendar_id=str(task.calendar_id),
        attempt=task.number,
        result=result,
        error_code=found.code,
    )
    metrics.calendar_written(task.write["wanted"], result)
    return bool(told["again"])
