"""Outbox rows to SQS: what a message holds, what a failed entry is, and that an answer is never held up."""

import json
import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import boto3
import pytest
from moto.server import ThreadedMotoServer

from frontdesk import log, outbox
from scripts.build import ROOT

ORG, OTHER = UUID(int=1), UUID(int=2)
QUEUES = ("sms", "calendar", "notify")


def rows(count: int, queue: str = "sms", org: UUID = ORG, first: int = 1) -> list[dict[str, Any]]:
    """Make rows as claim_outbox gives them."""
    return [{"id": number, "org_id": str(org), "queue": queue} for number in range(first, first + count)]


class Recorded:
    """An SQS client that notes every call and answers what it is told to."""

    def __init__(self, refuse: frozenset[int] = frozenset(), forget: frozenset[int] = frozenset()) -> None:
        """Refuse the rows with these ids, and leave those out of the answer."""
        self.calls: list[tuple[str, list[dict[str, Any]]]] = []
        self.refuse, self.forget = refuse, forget

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        """Answer entry by entry."""
        self.calls.append((QueueUrl, Entries))
        answer: dict[str, Any] = {"Successful": [], "Failed": []}
        for entry in Entries:
            number = json.loads(entry["MessageBody"])["outbox_id"]
            if number in self.refuse:
                answer["Failed"].append({"Id": entry["Id"], "Code": "InternalError"})
            elif number not in self.forget:
                answer["Successful"].append({"Id": entry["Id"]})
        return answer


@pytest.fixture(autouse=True)
def urls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name the three queues, as the template does."""
    for name in QUEUES:
        monkeypatch.setenv(f"{name.upper()}_QUEUE_URL", f"https://sqs.invalid/{name}")


@pytest.fixture(autouse=True)
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """Put a recording client in the SDK's place, and let the test have a sending thread of its own."""
    monkeypatch.setattr(outbox, "_waiting", queue.Queue(maxsize=outbox.MOST_WAITING))
    monkeypatch.setattr(outbox, "_sender", None)
    client = Recorded()
    monkeypatch.setattr(outbox, "_sqs", lambda: client)
    return client


def test_a_message_holds_two_ids_and_the_org_is_its_group(recorded: Recorded) -> None:
    """Nothing else goes into a queue: no name, no number, no text."""
    assert outbox.send(rows(1)).ids == (1,)
    [(url, [entry])] = recorded.calls
    assert url.endswith("/sms")
    assert json.loads(entry["MessageBody"]) == {"outbox_id": 1, "org_id": str(ORG)}
    assert entry["MessageGroupId"] == str(ORG)


def test_ten_go_in_a_call_and_each_queue_gets_its_own(recorded: Recorded) -> None:
    """25 texts and 3 pushes, mixed: three calls and one, every row in exactly one."""
    mixed = rows(25) + rows(3, "notify", OTHER, 100)
    mixed.sort(key=lambda row: row["id"] % 7)
    assert sorted(outbox.send(mixed).ids) == sorted(row["id"] for row in mixed)
    sizes = sorted((url.rpartition("/")[2], len(entries)) for url, entries in recorded.calls)
    assert sizes == [("notify", 3), ("sms", 5), ("sms", 10), ("sms", 10)]


def test_every_entry_of_an_answer_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused entry and one the answer does not mention are not sent, though the call succeeded."""
    client = Recorded(refuse=frozenset({2}), forget=frozenset({3}))
    monkeypatch.setattr(outbox, "_sqs", lambda: client)
    sent = outbox.send(rows(4))
    assert sorted(sent.ids) == [1, 4]
    assert sent.failed == {"InternalError": (2,), "unanswered": (3,)}
    assert sent.failures == 2


def test_a_call_that_fails_fails_its_own_rows_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """One queue of three without an answer: the other two queues' rows are sent."""

    class Half(Recorded):
        def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
            if QueueUrl.endswith("calendar"):
                raise ConnectionError("with a text that may quote the request")
            return super().send_message_batch(QueueUrl, Entries)

    client = Half()
    monkeypatch.setattr(outbox, "_sqs", lambda: client)
    sent = outbox.send(rows(1, "sms") + rows(1, "calendar", first=2) + rows(1, "notify", first=3))
    assert sorted(sent.ids) == [1, 3]
    assert sent.failed == {"ConnectionError": (2,)}


def test_a_queue_without_url_is_a_failed_row(monkeypatch: pytest.MonkeyPatch, recorded: Recorded) -> None:
    """A setting that is missing loses nothing: its rows stay unsent, the others go."""
    monkeypatch.delenv("NOTIFY_QUEUE_URL")
    sent = outbox.send(rows(1) + rows(1, "notify", first=2))
    assert (sent.ids, sent.failed) == ((1,), {"no_queue_url": (2,)})


def test_publishing_later_sends_after_the_answer(recorded: Recorded) -> None:
    """The caller has its answer at once; the rows follow, with the org's id added."""
    outbox.publish_later(ORG, [{"id": 7, "queue": "sms"}, {"id": 8, "queue": "notify"}])
    assert recorded.calls == [], "sent before the answer could go out"
    deadline = time.monotonic() + 5
    while sum(len(entries) for _, entries in recorded.calls) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    bodies = [json.loads(entry["MessageBody"]) for _, entries in recorded.calls for entry in entries]
    assert sorted(body["outbox_id"] for body in bodies) == [7, 8]
    assert {body["org_id"] for body in bodies} == {str(ORG)}


@pytest.mark.parametrize("nothing", [None, [], [{}], [{"id": 1}], 3], ids=str)
def test_publishing_later_never_raises(nothing: Any) -> None:
    """No rows, or rows that are none, do not break an answer."""
    outbox.publish_later(ORG, nothing)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_queue_that_hangs_holds_up_no_answer_and_grows_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand answers while SQS is silent: none waits, one thread, and a bounded number of rows kept."""
    let_go = threading.Event()

    class Silent:
        def send_message_batch(self, **_: Any) -> dict[str, Any]:
            let_go.wait(20)
            raise SystemExit  # ends the thread: nothing of this test may reach into the next

    monkeypatch.setattr(outbox, "_sqs", Silent)
    before = sum(thread.name == "outbox" for thread in threading.enumerate())
    try:
        started = time.perf_counter()
        for number in range(1000):
            outbox.publish_later(ORG, [{"id": number, "queue": "sms"}])
        assert time.perf_counter() - started < 2
        assert outbox._waiting.qsize() <= outbox.MOST_WAITING
        assert sum(thread.name == "outbox" for thread in threading.enumerate()) == before + 1
    finally:
        let_go.set()
        assert outbox._sender is not None
        outbox._sender.join(20)
    assert not outbox._sender.is_alive()


def test_a_failure_to_publish_is_logged_by_its_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The type of the error and how many rows; never its text, which may quote the request."""

    class Away:
        def send_message_batch(self, **_: Any) -> dict[str, Any]:
            raise ConnectionError("Dana Whitfield +12025550147")

    monkeypatch.setattr(outbox, "_sqs", Away)
    lines: list[dict[str, object]] = []
    monkeypatch.setattr(log, "error", lambda message, **fields: lines.append({"m": message, **fields}))
    with caplog.at_level(logging.DEBUG):
        outbox.publish_later(ORG, [{"id": 1, "queue": "sms"}])
        deadline = time.monotonic() + 5
        while not lines and time.monotonic() < deadline:
            time.sleep(0.01)
    assert lines == [{"m": "not published", "reason": "ConnectionError", "outbox": 1}]
    assert "Dana" not in caplog.text + "".join(capsys.readouterr())


REAL_SQS = outbox._sqs


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Run moto's SQS; yield an SDK client of it."""
    monkeypatch.setattr(outbox, "_sqs", REAL_SQS)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(outbox, "_client", None)
    try:
        yield boto3.client("sqs")
    finally:
        server.stop()


def test_the_real_sdk_brings_rows_to_a_real_queue(moto: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 as it is, against moto: 23 rows arrive once each, grouped by org on a standard queue."""
    monkeypatch.setenv("SMS_QUEUE_URL", moto.create_queue(QueueName="texts")["QueueUrl"])
    sent = outbox.send(rows(12) + rows(11, org=OTHER, first=13))
    assert (sorted(sent.ids), sent.failed) == (list(range(1, 24)), {})
    arrived = []
    for _ in range(10):
        answer = moto.receive_message(
            QueueUrl=os.environ["SMS_QUEUE_URL"], MaxNumberOfMessages=10, AttributeNames=["MessageGroupId"]
        )
        arrived += answer.get("Messages", [])
    assert sorted(json.loads(message["Body"])["outbox_id"] for message in arrived) == list(range(1, 24))
    assert {message["Attributes"]["MessageGroupId"] for message in arrived} == {str(ORG), str(OTHER)}


def test_the_process_has_one_client(moto: Any) -> None:
    """The SDK's client is made once, whichever thread asks first."""
    made: list[Any] = []
    threads = [threading.Thread(target=lambda: made.append(outbox._sqs())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(made) == 8
    assert len({id(client) for client in made}) == 1


def test_asking_for_publishing_loads_no_sdk_in_the_callers_way() -> None:
    """In a fresh process: publish_later has returned while boto3 is not loaded yet."""
    script = (
        "import sys, uuid; from frontdesk import outbox; "
        "outbox.publish_later(uuid.uuid4(), [{'id': 1, 'queue': 'sms'}]); "
        "print('boto3' in sys.modules)"
    )
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "shared")]),
        "SMS_QUEUE_URL": "http://127.0.0.1:9/sms",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    finished = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert finished.stdout.split()[-1] == "False"
