"""Queues behave as SQS and Lambda's pollers do: batches, partial failures, redelivery, dead letters."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import boto3
import pytest

from local.functions import Functions
from local.kms_key import REGION
from local.moto_server import start_moto
from local.queues import LiveQueue, Poller, create_queues, failed_ids, poll
from local.schedules import run_schedule
from local.sqs import Sqs
from local.template_records import Queue, QueueSource, Schedule, TemplateError
from tests.local.parts import read_notes, tiny

QUEUES = (
    Queue("WorkQueue", 1, 3600, 0, "WorkDeadLetterQueue", 3),
    Queue("WorkDeadLetterQueue", 30, 1_209_600, 0, None, None),
)


def with_queues[T](
    tmp_path: Path,
    use: Callable[[Sqs, dict[str, LiveQueue]], Awaitable[T]],
    source: QueueSource,
    handler: str = "queue.handler",
    **variables: str,
) -> T:
    """Run `use` beside a moto server whose WorkQueue a poller empties into the tiny consumer."""

    async def run() -> T:
        moto = await start_moto(tmp_path / "moto.log")
        notes = {"NOTES": str(tmp_path / "notes"), **variables}
        functions = Functions([tiny(handler, variables=notes)], tmp_path)
        try:
            async with aiohttp.ClientSession() as session:
                sqs = Sqs(session, moto.url, REGION)
                live = await create_queues(sqs, QUEUES, "test-")
                poller = asyncio.create_task(poll(Poller(source, live["WorkQueue"], sqs, functions)))
                try:
                    return await use(sqs, live)
                finally:
                    poller.cancel()
                    await asyncio.gather(poller, return_exceptions=True)
        finally:
            await functions.close()
            await moto.stop()

    return asyncio.run(run())


def _source(batch_size: int = 10, concurrency: int | None = None, window: float = 0.0) -> QueueSource:
    return QueueSource("TinyFunction", "WorkQueue", batch_size, window, concurrency, reports_failures=True)


async def _until(fact: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > deadline:
            pytest.fail("it did not happen in time")
        await asyncio.sleep(0.05)


async def _count(sqs: Sqs, queue: LiveQueue) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = await sqs.call("GetQueueAttributes", {"QueueUrl": queue.url, "AttributeNames": names})
    return sum(int(answer["Attributes"][name]) for name in names)


async def _send(sqs: Sqs, queue: LiveQueue, bodies: list[str]) -> None:
    for start in range(0, len(bodies), 10):
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[start : start + 10])]
        await sqs.call("SendMessageBatch", {"QueueUrl": queue.url, "Entries": entries})


def _bodies(tmp_path: Path) -> list[str]:
    return [body for note in read_notes(tmp_path / "notes") for body in note["bodies"]]


def test_a_message_sent_by_boto3_reaches_the_function_as_awss_event(tmp_path: Path) -> None:
    """Body, attributes and message attributes have the names and the case Lambda gives them."""

    async def use(sqs: Sqs, live: dict[str, LiveQueue]) -> None:
        def send() -> None:
            client = boto3.client(
                "sqs", endpoint_url=sqs.url, region_name=REGION,
                aws_access_key_id="local", aws_secret_access_key="local",
            )  # fmt: skip
            attribute: Any = {"kind": {"StringValue": "test", "DataType": "String"}}
            client.send_message(
                QueueUrl=live["WorkQueue"].url, MessageBody="hello", MessageAttributes=attribute
            )

        await asyncio.to_thread(send)
        await _until(lambda: bool(_bodies(tmp_path)))

    with_queues(tmp_path, use, _source())
    [record] = read_notes(tmp_path / "notes")[0]["records"]
    assert record["body"] == "hello"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"].endswith(":test-WorkQueue")
    assert record["awsRegion"] == REGION
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"]["kind"]["stringValue"] == "test"
    assert record["messageAttributes"]["kind"]["dataType"] == "String"
    assert record["md5OfBody"] == "5d41402abc4b2a76b9719d911017c592"
    assert record["receiptHandle"]


def test_only_what_failed_comes_again_and_dies_after_its_last_receive(tmp_path: Path) -> None:
    """The good messages are done once; the poisoned one comes three times, then lies in the DLQ."""

    async def use(sqs: Sqs, live: dict[str, LiveQueue]) -> int:
        await _send(sqs, live["WorkQueue"], ["good-1", "poison", "good-2"])
        await _until(lambda: _bodies(tmp_path).count("poison") == 3)
        for _ in range(100):
            if await _count(sqs, live["WorkDeadLetterQueue"]):
                break
            await asyncio.sleep(0.1)
        assert await _count(sqs, live["WorkQueue"]) == 0
        return await _count(sqs, live["WorkDeadLetterQueue"])

    assert with_queues(tmp_path, use, _source()) == 1
    bodies = _bodies(tmp_path)
    assert (bodies.count("good-1"), bodies.count("good-2"), bodies.count("poison")) == (1, 1, 3)


def test_a_killed_worker_redelivers_its_whole_batch(tmp_path: Path) -> None:
    """A process that dies at work deletes nothing: both messages come again, and the pollers go on."""

    async def use(sqs: Sqs, live: dict[str, LiveQueue]) -> None:
        await _send(sqs, live["WorkQueue"], ["explode"])
        await _until(lambda: _bodies(tmp_path).count("explode") >= 2)
        await _send(sqs, live["WorkQueue"], ["after"])
        await _until(lambda: "after" in _bodies(tmp_path))

    with_queues(tmp_path, use, _source(batch_size=1))


def test_batches_and_concurrency_stay_within_the_mapping(tmp_path: Path) -> None:
    """Twelve messages at batch size 3 and concurrency 2: no batch is larger, never three at once."""

    async def use(sqs: Sqs, live: dict[str, LiveQueue]) -> None:
        await _send(sqs, live["WorkQueue"], [f"m{n}" for n in range(12)])
        await _until(lambda: len(set(_bodies(tmp_path))) == 12)

    with_queues(tmp_path, use, _source(batch_size=3, concurrency=2), SECONDS_PER_BATCH="0.3")
    notes = read_notes(tmp_path / "notes")
    assert max(len(note["bodies"]) for note in notes) <= 3
    edges = sorted([(n["began"], 1) for n in notes] + [(n["ended"], -1) for n in notes])
    running = [sum(step for _, step in edges[: index + 1]) for index in range(len(edges))]
    assert max(running) == 2


def test_a_batching_window_collects_messages(tmp_path: Path) -> None:
    """Messages sent one by one within the window come as one batch."""

    async def use(sqs: Sqs, live: dict[str, LiveQueue]) -> None:
        for body in ("one", "two", "three"):
            await _send(sqs, live["WorkQueue"], [body])
        await _until(lambda: len(_bodies(tmp_path)) == 3)

    # Longer visibility would be needed on AWS too for a longer window; a second is this queue's.
    with_queues(tmp_path, use, _source(batch_size=3, window=0.8))
    assert [sorted(note["bodies"]) for note in read_notes(tmp_path / "notes")] == [["one", "three", "two"]]


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, set()),
        ({}, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": None}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "a"}]}, {"a"}),
        ({"batchItemFailures": [{"itemIdentifier": "other"}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, {"a", "b"}),
        ({"batchItemFailures": [{"id": "a"}]}, {"a", "b"}),
        ({"batchItemFailures": "a"}, {"a", "b"}),
        ("fine", {"a", "b"}),
    ],
)
def test_a_batchs_failures_are_read_by_lambdas_rules(answer: Any, failed: set[str]) -> None:
    """Empty means success; what is malformed or names a stranger fails the whole batch."""
    assert failed_ids(answer, ["a", "b"]) == failed


def test_a_redrive_to_a_queue_outside_the_template_is_refused(tmp_path: Path) -> None:
    """Better at start than when the first message should have been kept."""

    async def use(sqs: Sqs, live: dict[str, LiveQueue]) -> None:
        lonely = Queue("LonelyQueue", 30, 3600, 0, "NoSuchQueue", 3)
        with pytest.raises(TemplateError, match="NoSuchQueue is not in the template"):
            await create_queues(sqs, [lonely], "test-")

    with_queues(tmp_path, use, _source())


def test_a_schedule_invokes_its_function_again_and_again(tmp_path: Path) -> None:
    """The first run comes at once, further runs at the rate, each with EventBridge's event."""

    async def run() -> None:
        notes = tmp_path / "notes"
        functions = Functions([tiny("queue.tick", variables={"NOTES": str(notes)})], tmp_path)
        schedule = Schedule("TinyFunction", "Every", "rate(1 minute)", None)
        runner = asyncio.create_task(run_schedule(schedule, REGION, functions, every_seconds=0.1))
        await _until(lambda: len(read_notes(notes)) >= 3)
        runner.cancel()
        await asyncio.gather(runner, return_exceptions=True)
        await functions.close()

    asyncio.run(run())
    event = read_notes(tmp_path / "notes")[0]
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
    assert event["resources"][0].endswith("rule/Every")
