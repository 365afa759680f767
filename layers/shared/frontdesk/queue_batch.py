"""An SQS batch of outbox rows: each message is done, left for later, or dead.

Messages are {"outbox_id": 12, "org_id": "uuid"}. A message is reported as failed only when it must come again
(the database away, no time left) or can never work: SQS brings it five times and then puts it into the
dead-letter queue, where an alarm looks; the reason then stands with the outbox row.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from frontdesk import log, outbox
from frontdesk.errors import FrontdeskError

# The queues' maxReceiveCount (template.yaml): what fails this time goes to the dead-letter queue.
LAST_RECEIVE = 5


class Context(Protocol):
    """What we use of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds this invocation has left."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker does with the rows of its queue.

    `do` returns what came of a row as a code and raises FrontdeskError when it must come again. `least_left`
    are the milliseconds without which no row is begun. `poison` are the codes of rows that no redelivery
    helps. `message` and `work` are their names in the log.
    """

    do: Callable[[UUID, int], str]
    least_left: int
    poison: frozenset[str]
    message: str
    work: str


def handle(event: dict[str, Any], context: Context, job: Job) -> dict[str, Any]:
    """Work through an SQS batch and name the messages that must come again."""
    failed = [
        {"itemIdentifier": record["messageId"]}
        for record in event["Records"]
        if context.get_remaining_time_in_millis() < job.least_left or not _done(record, job)
    ]
    return {"batchItemFailures": failed}


def row_of(body: object) -> tuple[UUID, int] | None:
    """Read a message's body as org and outbox id, or None when it is not one of ours."""
    try:
        told: Any = json.loads(body) if isinstance(body, str) else None
        outbox_id = told["outbox_id"]
        if not isinstance(outbox_id, int) or isinstance(outbox_id, bool) or not 0 < outbox_id < 2**63:
            return None
        return UUID(told["org_id"]), outbox_id
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _done(record: dict[str, Any], job: Job) -> bool:
    row = row_of(record.get("body"))
    if row is None:
        # Nothing to write the reason to: no org, no row. The dead-letter queue keeps the message itself.
        log.error(f"{job.message} message unreadable", reason="malformed")
        return False
    org_id, outbox_id = row
    try:
        outcome = job.do(org_id, outbox_id)
    except Exception as error:  # noqa: BLE001 - one message's trouble must not hold up its neighbours
        # The type only: the text of an unforeseen error may quote a patient.
        name, sqlstate = type(error).__name__, getattr(error, "sqlstate", None)
        log.error(
            f"{job.work} failed", org_id=str(org_id), outbox_id=outbox_id, error=name, sqlstate=sqlstate
        )
        if _receives(record) >= LAST_RECEIVE:
            _bury(org_id, outbox_id, f"{name}:{sqlstate}" if sqlstate else name, job)
        return False
    if outcome in job.poison:
        _bury(org_id, outbox_id, outcome.removeprefix("skip:"), job)
        return False
    log.info(f"{job.work} handled", org_id=str(org_id), outbox_id=outbox_id, outcome=outcome)
    return True


def _bury(org_id: UUID, outbox_id: int, reason: str, job: Job) -> None:
    """Write with the row why it is given up; what the database cannot take now, the log has."""
    log.error(f"{job.message} message dead", org_id=str(org_id), outbox_id=outbox_id, reason=reason)
    try:
        outbox.mark_dead(org_id, outbox_id, reason)
    except FrontdeskError as error:
        log.error("reason not kept", org_id=str(org_id), outbox_id=outbox_id, error=type(error).__name__)


def _receives(record: dict[str, Any]) -> int:
    """Return how often SQS has delivered this message, this time included."""
    count = str((record.get("attributes") or {}).get("ApproximateReceiveCount", ""))
    return int(count) if count.isdecimal() else 1
