"""The template's queues in the moto server, and Lambda's pollers between them and the functions."""

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from local.functions import Functions, InvocationError
from local.sqs import LONG_POLL_SECONDS, Sqs, SqsError
from local.template_records import Queue, QueueSource, TemplateError

PAUSE_SECONDS = 1.0  # after a failed poll, so that a broken queue server is not hammered
DEFAULT_CONCURRENCY = 5

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LiveQueue:
    """A queue that exists."""

    url: str
    arn: str


@dataclass(frozen=True, slots=True)
class Poller:
    """One event source mapping at work: from this queue to that function."""

    source: QueueSource
    queue: LiveQueue
    sqs: Sqs
    functions: Functions
    report: Report = lambda _: None


async def create_queues(sqs: Sqs, queues: Sequence[Queue], prefix: str) -> dict[str, LiveQueue]:
    """Create the queues, dead-letter queues first, and return them by logical id.

    Raises TemplateError when a redrive policy names a queue that is not in the template.
    """
    known = {queue.name for queue in queues}
    live: dict[str, LiveQueue] = {}
    # A redrive policy needs the other queue's ARN, and no queue of ours is both ends.
    for queue in sorted(queues, key=lambda one: one.dead_letter_queue is not None):
        attributes = {
            "VisibilityTimeout": str(queue.visibility_seconds),
            "MessageRetentionPeriod": str(queue.retention_seconds),
            "DelaySeconds": str(queue.delay_seconds),
        }
        if queue.dead_letter_queue is not None:
            if queue.dead_letter_queue not in known:
                msg = f"{queue.name}: its dead-letter queue {queue.dead_letter_queue} is not in the template"
                raise TemplateError(msg)
            attributes["RedrivePolicy"] = json.dumps(
                {
                    "deadLetterTargetArn": live[queue.dead_letter_queue].arn,
                    "maxReceiveCount": queue.max_receive_count or 1,
                }
            )
        live[queue.name] = LiveQueue(*await sqs.create(f"{prefix}{queue.name}", attributes))
    return live


async def poll(poller: Poller) -> None:
    """Bring the queue's messages to the function, batch by batch, until cancelled.

    As many batches run at once as the source allows. Messages of a failed batch, or those the
    function names as failed, are left alone: they come back when their visibility timeout ends, and
    SQS moves them to the dead-letter queue after their last receive.
    """
    turns = asyncio.Semaphore(poller.source.concurrency or DEFAULT_CONCURRENCY)
    async with asyncio.TaskGroup() as running:
        while True:
            await turns.acquire()
            try:
                messages = await _gather(poller)
            except (SqsError, aiohttp.ClientError, TimeoutError) as problem:
                poller.report(f"{poller.source.queue}: poll failed ({type(problem).__name__})")
                messages = []
                await asyncio.sleep(PAUSE_SECONDS)
            if not messages:
                turns.release()
                continue
            task = running.create_task(_work(poller, messages))
            task.add_done_callback(lambda _: turns.release())


def to_event(messages: Sequence[Mapping[str, Any]], queue_arn: str, region: str) -> dict[str, Any]:
    """Build the event Lambda gives a function for a batch of SQS messages."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message.get("Attributes") or {},
                "messageAttributes": {
                    name: _attribute(value)
                    for name, value in (message.get("MessageAttributes") or {}).items()
                },
                "md5OfBody": message.get("MD5OfBody", ""),
                "eventSource": "aws:sqs",
                "eventSourceARN": queue_arn,
                "awsRegion": region,
            }
            for message in messages
        ]
    }


def failed_ids(answer: Any, ids: Iterable[str]) -> set[str]:
    """Tell which of a batch's messages a function's answer names as failed.

    Lambda's rules: nothing, {} or an empty list means all went well; an answer that is malformed, or
    names no message or an unknown one, fails the whole batch.
    """
    batch = set(ids)
    if not answer:
        return set()
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else batch
    if not failures:
        return set()
    if not isinstance(failures, list):
        return batch
    named = {str(one.get("itemIdentifier")) if isinstance(one, dict) else "" for one in failures}
    return batch if named - batch else named


async def _gather(poller: Poller) -> list[dict[str, Any]]:
    source, sqs, url = poller.source, poller.sqs, poller.queue.url
    messages = await sqs.receive(url, source.batch_size, LONG_POLL_SECONDS)
    until = time.monotonic() + source.window_seconds
    while messages and len(messages) < source.batch_size and (left := until - time.monotonic()) > 0:
        more = await sqs.receive(url, source.batch_size - len(messages), min(int(left), LONG_POLL_SECONDS))
        messages += more
        if not more:
            await asyncio.sleep(min(left, 0.1))
    return messages


async def _work(poller: Poller, messages: Sequence[Mapping[str, Any]]) -> None:
    source = poller.source
    event = to_event(messages, poller.queue.arn, poller.sqs.region)
    ids = [str(message["MessageId"]) for message in messages]
    try:
        answer = await poller.functions.invoke(source.function, event)
        failed = failed_ids(answer, ids) if source.reports_failures else set()
        outcome = f"{len(ids) - len(failed)} done, {len(failed)} failed"
    except InvocationError as problem:
        failed = set(ids)
        outcome = f"{len(ids)} failed: {problem.error_type}"
    poller.report(f"{source.queue} -> {source.function}  {outcome}")
    done = [str(m["ReceiptHandle"]) for m in messages if str(m["MessageId"]) not in failed]
    try:
        await poller.sqs.delete(poller.queue.url, done)
    except (SqsError, aiohttp.ClientError) as problem:
        poller.report(f"{source.queue}: delete failed ({type(problem).__name__}); they will come again")


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    attribute: dict[str, Any] = {
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value.get("DataType", "String"),
    }
    if "StringValue" in value:
        attribute["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        attribute["binaryValue"] = value["BinaryValue"]
    return attribute
