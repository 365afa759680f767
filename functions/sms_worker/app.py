"""The queue of texts: each message names an outbox row, and is done, left for later, or dead."""

from typing import Any
from uuid import UUID

from frontdesk import queue_batch
from frontdesk.queue_batch import Context, Job
from functions.sms_worker import deliver

# Milliseconds. One text needs at most: connect 3 s and read 10 s at Twilio, and the database before and
# after. With less, the function would be ended in the middle of a send, which then has to be looked up.
LEAST_LEFT = 15_000


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Work through an SQS batch and name the messages that must come again."""
    return queue_batch.handle(event, context, JOB)


def work(org_id: UUID, outbox_id: int) -> str:
    """Do what an outbox row asks for, and return what came of it as a code."""
    return deliver.deliver(org_id, outbox_id)


JOB = Job(
    do=work,
    least_left=LEAST_LEFT,
    # A row that is not there, or is meant for somebody else: no redelivery makes it a text.
    poison=frozenset({"skip:unknown_row", "skip:other_kind"}),
    message="text",
    work="text",
)
