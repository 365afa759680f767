"""The queue of calendar work: each message names an outbox row, and is done, left for later, or dead.

What Google refuses is no failure of the message: the event's row says when it is tried again, and dispatch
does it. All else about the messages is frontdesk.queue_batch's.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from frontdesk import calendars, queue_batch
from frontdesk.queue_batch import Context, Job
from functions.calendar_worker import compare, sync, watch, write

# Milliseconds. One write needs at most two renewals and a few requests of ten seconds each, and nearly always
# two requests of a tenth of one; what is cut off is found by its lease and done once more.
LEAST_LEFT = 20_000

_OF_A_CALENDAR: Mapping[str, Callable[[UUID, UUID], Any]] = {
    "sync": sync.pull,
    "watch": watch.renew,
    "compare": compare.compare,
}


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Work through an SQS batch and name the messages that must come again."""
    return queue_batch.handle(event, context, JOB)


def work(org_id: UUID, outbox_id: int) -> str:
    """Do what an outbox row asks for, and return what came of it as a code.

    Raises FrontdeskError when the database is away: then the queue message must come again, which does no
    harm at any point.
    """
    told = calendars.next_work(org_id, outbox_id)
    if told["action"] == "skip":
        return f"skip:{told['reason']}"
    if told["action"] == "write":
        return write.write(org_id, UUID(told["appointment_id"]), wait=told["wait"])
    return str(_OF_A_CALENDAR[told["action"]](org_id, UUID(told["calendar_id"])))


JOB = Job(
    do=work,
    least_left=LEAST_LEFT,
    # A row that is not there, or is meant for somebody else: no redelivery makes it calendar work.
    poison=frozenset({"skip:unknown_row", "skip:other_kind", "skip:unknown_appointment"}),
    message="calendar",
    work="calendar work",
)
