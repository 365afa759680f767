"""The fake Google's notifications."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import pytest

from tests.fake_google import FakeGoogleThread, running_fake
from tests.local.google_client import PATEL, refused, service, visit


@dataclass
class Webhook:
    """Our end: what came, and what is answered."""

    url: str = ""
    status: int = 200
    got: list[dict[str, str]] = field(default_factory=list)

    def states(self) -> list[str]:
        """Give the states that came."""
        return [one["x-goog-resource-state"] for one in self.got]


@contextmanager
def listening() -> Iterator[Webhook]:
    """Listen as our webhook does."""
    hook = Webhook()

    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            hook.got.append({name.lower(): value for name, value in self.headers.items()})
            hook.got[-1]["body"] = self.rfile.read(length).decode()
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
    threading.Thread(target=lambda: server.serve_forever(0.01), daemon=True).start()
    hook.url = f"http://127.0.0.1:{server.server_port}/api/google/notifications"
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def hook() -> Iterator[Webhook]:
    """Listen for notifications."""
    with listening() as webhook:
        yield webhook


@pytest.fixture
def fake() -> Iterator[FakeGoogleThread]:
    """Run a fake with two clinics' accounts."""
    with running_fake() as running:
        yield running


def until(look: Callable[[], bool], seconds: float = 5) -> bool:
    """Look again until it is true."""
    deadline = time.monotonic() + seconds
    while not look() and time.monotonic() < deadline:
        time.sleep(0.01)
    return look()


def watched(fake: FakeGoogleThread, address: str, **more: Any) -> Any:
    """Open a channel on Dr. Patel's calendar."""
    body = {"id": str(uuid4()), "type": "web_hook", "address": address, "token": "t0ken"} | more
    return service(fake).events().watch(calendarId=PATEL, body=body).execute()


def insert(fake: FakeGoogleThread, event_id: str = "visit00001") -> None:
    """Put an event into Dr. Patel's calendar."""
    service(fake).events().insert(calendarId=PATEL, body=visit(event_id)).execute()


def test_a_channel_begins_with_sync_and_then_tells_of_changes(fake: FakeGoogleThread, hook: Webhook) -> None:
    """Headers and no body; the message number rises; other calendars are not told."""
    channel = watched(fake, hook.url)
    assert until(lambda: hook.states() == ["sync"])
    insert(fake)
    assert until(lambda: hook.states() == ["sync", "exists"])
    first, second = hook.got
    assert first["x-goog-message-number"] == "1"
    assert int(second["x-goog-message-number"]) > 1
    assert second["x-goog-channel-id"] == channel["id"]
    assert second["x-goog-resource-id"] == channel["resourceId"]
    assert second["x-goog-channel-token"] == "t0ken"
    assert second["x-goog-channel-expiration"].endswith("GMT")
    assert (second["body"], second["content-length"]) == ("", "0")
    service(fake).events().insert(calendarId="primary", body=visit()).execute()
    time.sleep(0.1)
    assert len(hook.got) == 2


def test_a_stopped_channel_is_silent(fake: FakeGoogleThread, hook: Webhook) -> None:
    """It stops with id and resource id; with another resource id it is not found."""
    channel = watched(fake, hook.url)
    assert until(lambda: hook.states() == ["sync"])
    channels = service(fake).channels()
    wrong = channels.stop(body={"id": channel["id"], "resourceId": "other"})
    assert refused(wrong) == (404, "notFound")
    channels.stop(body={"id": channel["id"], "resourceId": channel["resourceId"]}).execute()
    insert(fake)
    time.sleep(0.1)
    assert hook.states() == ["sync"]
    assert fake.channels() == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"address": "http://clinic.example/notify"}, "push.webhookUrlNotHttps"),
        ({"type": "mail"}, "channelUnknown"),
        ({"id": "not an id"}, "invalid"),
        ({"address": ""}, "required"),
        ({"token": "t" * 257}, "invalid"),
        ({"expiration": 1}, "invalid"),
    ],
)
def test_a_wrong_channel_is_refused(fake: FakeGoogleThread, body: dict[str, Any], reason: str) -> None:
    """400, and there is no channel; https is needed for all but this machine."""
    known = {"id": "c1", "type": "web_hook", "address": "https://clinic.example/notify"}
    request = service(fake).events().watch(calendarId=PATEL, body=known | body)
    assert refused(request) == (400, reason)
    assert fake.channels() == []


def test_a_channel_id_is_used_once(fake: FakeGoogleThread, hook: Webhook) -> None:
    """A second channel of the same id is refused."""
    body = {"id": watched(fake, hook.url)["id"], "type": "web_hook", "address": hook.url}
    request = service(fake).events().watch(calendarId=PATEL, body=body)
    assert refused(request) == (400, "channelIdNotUnique")


def test_a_channel_lives_no_longer_than_google_likes(fake: FakeGoogleThread, hook: Webhook) -> None:
    """The expiration that counts is the one in the answer: a week at most, whatever was asked for."""
    now = time.time()
    for asked, seconds in (
        ({}, 604_800),
        ({"params": {"ttl": "60"}}, 60),
        ({"params": {"ttl": "9999999"}}, 604_800),
    ):
        told = int(watched(fake, hook.url, **asked)["expiration"]) / 1000
        assert abs(told - now - seconds) < 30


def test_an_expired_channel_is_silent(fake: FakeGoogleThread, hook: Webhook) -> None:
    """After its time nothing is told any more."""
    watched(fake, hook.url, params={"ttl": "60"})
    assert until(lambda: hook.states() == ["sync"])
    fake.faults(clock_skew_seconds=120)
    service(fake).events().insert(calendarId=PATEL, body=visit()).execute()
    assert until(lambda: not fake.channels())
    assert hook.states() == ["sync"]


def test_pushes_can_be_lost_or_come_twice(fake: FakeGoogleThread, hook: Webhook) -> None:
    """All of them at probability 1, with the same number when twice."""
    watched(fake, hook.url)
    assert until(lambda: hook.states() == ["sync"])
    fake.faults(lose_pushes=1)
    insert(fake)
    time.sleep(0.1)
    assert hook.states() == ["sync"]
    fake.faults(duplicate_pushes=1)
    insert(fake, "visit00002")
    assert until(lambda: len(hook.got) == 3)
    assert hook.got[1]["x-goog-message-number"] == hook.got[2]["x-goog-message-number"]


def test_a_push_that_meets_503_comes_again(fake: FakeGoogleThread, hook: Webhook) -> None:
    """500, 502, 503 and 504 are retried; 404 is not, and what it told is lost."""
    watched(fake, hook.url)
    assert until(lambda: hook.states() == ["sync"])
    hook.status = 503
    insert(fake)
    assert until(lambda: len(hook.got) == 3)
    hook.status = 200
    assert until(lambda: len(hook.got) == 4)
    numbers = {one["x-goog-message-number"] for one in hook.got[1:]}
    assert len(numbers) == 1
    hook.status = 404
    insert(fake, "visit00002")
    assert until(lambda: len(hook.got) == 5)
    time.sleep(0.6)
    assert len(hook.got) == 5


def test_revoking_ends_the_channels(fake: FakeGoogleThread, hook: Webhook) -> None:
    """Nobody is told of a calendar that may not be read any more."""
    watched(fake, hook.url)
    fake.revoke()
    assert fake.channels() == []
