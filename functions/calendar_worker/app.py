"""The queue of calendar work: each message names an outbox row, and is done, left for later, or dead.

Messages are {"outbox_id": 12, "org_id": "uuid"}. A message is reported as failed only when it must come again
(the database away, no time left) or can never work: SQS brings it five times and then puts it into the
dead-letter queue, where an alarm looks; the reason then stands with the outbox row. What Google refuses is no
failure of the message: the event's row says when it is tried again, and dispatch does it.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import UUID

from frontdesk import calendars, log
from frontdesk.errors import FrontdeskError
from functions.calendar_worker import compare, sync, watch, write

# Milliseconds. One write needs at most two renewals and a few requests of ten seconds each, and nearly always
# two requests of a tenth of one; what is cut off is found by its lease and done once more.
LEAST_LEFT = 20_000
# The queue's maxReceiveCount (template.yaml): what fails this time goes to the dead-letter queue.
LAST_RECEIVE = 5

# A row that is not there, or is meant for somebody else: no redelivery makes it calendar work.
_POISON = frozenset({"skip:unknown_row", "skip:other_kind", "skip:unknown_appointment"})

_OF_A_CALENDAR: Mapping[str, Callable[[UUID, UUID], Any]] = {
    "sync": sync.pull,
    "watch": watch.renew,
    "compare": compare.compare,
}


class Context(Protocol):
    """What we use of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds this invocation has left."""


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Work through an SQS batch and name the messages that must come again."""
    failed = [
        {"itemIdentifier": record["messageId"]}
        for record in event["Records"]
        if context.get_remaining_time_in_millis() < LEAST_LEFT or not _done(record)
    ]
    return {"batchItemFailures": failed}


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


def _done(record: dict[str, Any]) -> bool:
    row = _row(record.get("body"))
    if row is None:
        # Nothing to write the reason to: no org, no row. The dead-letter queue keeps the message itself.
        log.error("calendar message unreadable", reason="malformed")
        return False
    org_id, outbox_id = row
    try:
        outcome = work(org_id, outbox_id)
    except Exception as error:  # noqa: BLE001 - one message's trouble must not hold up its neighbours
        # The type only: the text of an unforeseen error may quote a patient.
        name, sqlstate = type(error).__name__, getattr(error, "sqlstate", None)
        log.error(
            "calendar work failed", org_id=str(org_id), outbox_id=outbox_id, error=name, sqlstate=sqlstate
        )
        if _receives(record) >= LAST_RECEIVE:
            _bury(org_id, outbox_id, f"{name}:{sqlstate}" if sqlstate else name)
        return False
    if outcome in _POISON:
        _bury(org_id, outbox_id, outcome.removeprefix("skip:"))
        return False
    log.info("calendar work handled", org_id=str(org_id), outbox_id=outbox_id, outcome=outcome)
    return True


def _bury(org_id: UUID, outbox_id: int, reason: str) -> None:
    """Write with the row why it is given up; what the database cannot take now, the log has."""
    log.error("calendar message dead", org_id=str(org_id), outbox_id=outbox_id, reason=reason)
    try:
        calendars.mark_dead(org_id, outbox_id, reason)
    except FrontdeskError as error:
        log.error("reason not kept", org_id=str(org_id), outbox_id=outbox_id, error=type(error).__name__)


def _receives(record: dict[str, Any]) -> int:
    """Return how often SQS has delivered this message, this time included."""
    count = str((record.get("attributes") or {}).get("ApproximateReceiveCount", ""))
    return int(count) if count.isdecimal() else 1


def _row(body: object) -> tuple[UUID, int] | None:
    """Read a message's body, or None when it is not one of ours."""
    try:
        told: Any = json.loads(body) if isinstance(body, str) else None
        outbox_id = told["outbox_id"]
        if not isinstance(outbox_id, int) or isinstance(outbox_id, bool) or not 0 < outbox_id < 2**63:
            return None
        return UUID(told["org_id"]), outbox_id
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
