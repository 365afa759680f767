"""Every minute: wake what is due, send what is left in the outbox, forget what is old.

Reminders and texts that wait (a retry, an unclear send) become outbox rows first, so that the same run sends
them. Rows are claimed for a lease, sent, and only then marked: a run that dies in between sends some twice,
and no row is ever lost.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from frontdesk import db, log, metrics, outbox
from frontdesk.errors import FrontdeskError

BATCH = 200
# Seconds. Longer than a run may take, so no other run sends what this one still has in hand.
LEASE = 120
RETRY = 60
# Milliseconds. A batch of 200 is twenty calls and two statements; one begun later might be cut off.
ENOUGH_TIME = 8000
MOST_AT_ONCE = 1000  # rows of one statement that wakes or forgets; the next run does the rest


class DispatchIncompleteError(FrontdeskError):
    """A part of the run failed; its own line says which, and the next run does it again."""


def handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """Do one run and return its counts; raises DispatchIncompleteError after the parts that went well.

    Lambda counts an invocation that raises as an error, which is what the alarm looks at.
    """
    told: dict[str, int] = {"sent": 0, "failed": 0}
    broken: list[str] = []

    def do(name: str, part: Callable[[], int]) -> None:
        try:
            told[name] = part()
        except FrontdeskError as error:
            broken.append(name)
            log.error(
                "dispatch part failed",
                reason=name,
                error=type(error).__name__,
                sqlstate=getattr(error, "sqlstate", None),
            )

    do("reminders", partial(_sweep, "queue_due_reminders"))
    do("woken", partial(_sweep, "sweep_sms"))
    do("calendar", partial(_sweep, "queue_due_calendar_work"))
    do("calls", partial(_sweep, "settle_calls"))
    do("follow_ups", partial(_sweep, "queue_due_follow_ups"))
    do("deletions", partial(_sweep, "queue_due_twilio_deletions"))
    do("batches", partial(_send_left, context, told))
    if context.get_remaining_time_in_millis() > ENOUGH_TIME:
        do("forgotten", _forget)
    do("oldest", partial(_report, told))
    if broken:
        raise DispatchIncompleteError
    return told


def _send_left(context: Any, told: dict[str, int]) -> int:
    """Claim, send and acknowledge batch by batch, until the outbox is empty or the time is nearly up."""
    batches = 0
    while context.get_remaining_time_in_millis() > ENOUGH_TIME:
        rows = outbox.claim(BATCH, LEASE)
        if not rows:
            break
        batches += 1
        sent = outbox.send(rows)
        outbox.acknowledge(sent, RETRY)
        told["sent"] += len(sent.ids)
        told["failed"] += sent.failures
        for code, ids in sent.failed.items():
            log.error("outbox rows not sent", reason=code, outbox=len(ids))
        if not sent.ids:
            break  # SQS is away: claiming more would only make them wait for their lease
    return batches


def _sweep(function: str) -> int:
    """Call one of the functions that do a bounded piece of due work and return how much it was."""
    return int(db.call(function, repeatable=True, limit=MOST_AT_ONCE)["count"])


def _forget() -> int:
    """Delete what has been kept long enough, a bounded piece of each kind; return how much it was."""
    forgotten: dict[str, int] = db.call("sweep_retention", repeatable=True, limit=MOST_AT_ONCE)
    return sum(forgotten.values())


def _report(told: dict[str, int]) -> int:
    """Count the run; return how many seconds the oldest unsent row has waited."""
    backlog = outbox.backlog()
    oldest = int(backlog["oldest_seconds"])
    metrics.dispatched(told["sent"], told["failed"], int(backlog["unsent"]), oldest, int(backlog["dead"]))
    metrics.paused(int(backlog["calendars_paused"]), int(backlog["texts_paused"]))
    return oldest
