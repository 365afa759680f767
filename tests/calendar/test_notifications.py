"""What Google tells us by a channel: taken from who knows the token, one reading for any number of them."""

import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from frontdesk import db, settings
from functions.calendar_worker import google_calendar, notifications, watch
from tests.calendar.reading import House, standing
from tests.clinics import every_row
from tests.database import Database

Response = dict[str, Any]


@pytest.fixture
def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Build a house with a channel."""
    with standing(database, monkeypatch) as built:
        assert watch.renew(built.clinic.id, built.calendar_id) == "active"
        yield built


def headers(house: House, **changed: str | None) -> dict[str, str]:
    """Write the headers of a notification by the channel, or with what `changed` says."""
    (channel,) = house.fake.channels()[:1]
    known = {
        "x-goog-channel-id": channel["id"],
        "x-goog-channel-token": channel["token"],
        "x-goog-resource-id": channel["resource_id"],
        "x-goog-resource-state": "exists",
        "x-goog-message-number": "7",
    }
    wanted = known | {name.replace("_", "-"): value for name, value in changed.items()}
    return {name: value for name, value in wanted.items() if value is not None}


def push(house: House, **changed: str | None) -> Response:
    """Let a notification come."""
    return notifications.receive({"headers": headers(house, **changed), "body": ""})


def waiting(house: House) -> int:
    """Return how many readings wait."""
    rows = house.owner.execute(
        "SELECT FROM frontdesk.outbox WHERE kind = 'calendar.sync' AND sent_at IS NULL"
    ).fetchall()
    return len(rows)


def test_a_notification_queues_a_reading_and_is_answered_at_once(house: House) -> None:
    """Google wants its answer; the reading is the queue's."""
    began = time.monotonic()
    assert push(house) == {"statusCode": 200}
    assert time.monotonic() - began < 1
    assert waiting(house) == 1
    assert house.published[-1]["queue"] == "calendar"
    house.meeting(house.clinic.at(10), house.clinic.at(11))
    assert house.work() == ["read"]
    assert len(house.blocks()) == 1


def test_a_hundred_notifications_are_one_reading(house: House) -> None:
    """Duplicates, and whatever one change causes; the next one after the reading began is another."""
    for _ in range(100):
        assert push(house)["statusCode"] == 200
    assert waiting(house) == 1
    assert house.calendar()["pushes"] == 100
    house.work()
    push(house)
    assert waiting(house) == 1


def test_the_greeting_starts_no_work(house: House) -> None:
    """State 'sync' only says that the channel is there."""
    assert push(house, x_goog_resource_state="sync") == {"statusCode": 200}
    assert waiting(house) == 0


def test_a_notification_may_come_before_the_answer(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The channel's resource id is not known yet: id and token are proof enough."""
    house.owner.execute("UPDATE frontdesk.watch_channels SET renew_at = now() - interval '1 second'")
    told: list[Response] = []
    real = google_calendar.watch

    def tells(*arguments: Any) -> Any:
        _, _, channel_id, _, token, _ = arguments
        named = {"x-goog-channel-id": channel_id, "x-goog-channel-token": token, "x-goog-resource-id": "any"}
        told.append(notifications.receive({"headers": headers(house) | named}))
        return real(*arguments)

    monkeypatch.setattr(google_calendar, "watch", tells)
    watch.renew(house.clinic.id, house.calendar_id)
    assert told == [{"statusCode": 200}]


@pytest.mark.parametrize(
    "changed",
    [
        {"x_goog_channel_token": "guessed"},
        {"x_goog_channel_token": None},
        {"x_goog_channel_token": ""},
        {"x_goog_channel_token": "\udce9"},  # a byte that is no text
        {"x_goog_channel_token": "\N{LATIN SMALL LETTER E WITH ACUTE}"},
        {"x_goog_channel_id": str(uuid.uuid4())},
        {"x_goog_channel_id": "not-a-uuid"},
        {"x_goog_channel_id": None},
        {"x_goog_resource_id": "another"},
        {"x_goog_resource_id": None},
    ],
)
def test_a_forged_notification_gets_nothing_and_does_nothing(
    house: House, changed: dict[str, str | None]
) -> None:
    """404 without a body, whatever is wrong, and not a row of the clinic's is touched."""
    before = every_row(house.owner, house.clinic.id)
    assert push(house, **changed) == {"statusCode": 404}
    assert every_row(house.owner, house.clinic.id) == before


def test_the_hash_is_not_the_token(house: House) -> None:
    """Who has read our tables cannot notify."""
    (row,) = house.owner.execute("SELECT token_hash FROM frontdesk.watch_channels").fetchall()
    assert push(house, x_goog_channel_token=row["token_hash"])["statusCode"] == 404


def test_a_stopped_channel_is_not_listened_to(house: House) -> None:
    """What is still under way when it was stopped came by the new one too."""
    told = headers(house)
    house.owner.execute("UPDATE frontdesk.watch_channels SET state = 'stopped'")
    assert notifications.receive({"headers": told})["statusCode"] == 404
    assert waiting(house) == 0


def test_header_names_come_in_any_case(house: House) -> None:
    """API Gateway writes them small, others need not."""
    told = {name.title(): value for name, value in headers(house).items()}
    assert notifications.receive({"headers": told})["statusCode"] == 200


def test_a_body_is_not_read(house: House) -> None:
    """A notification has none; a big one is turned away before anything is asked."""
    assert notifications.receive({"headers": headers(house), "body": "x" * 2000})["statusCode"] == 413
    assert waiting(house) == 0


def test_without_headers_nobody_is_known(house: House) -> None:
    """An empty request is a stranger's."""
    assert notifications.receive({}) == {"statusCode": 404}
    assert notifications.receive({"headers": None, "body": None}) == {"statusCode": 404}
    assert waiting(house) == 0


def test_google_is_asked_to_come_again_while_the_database_is_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 is among the answers Google repeats."""
    told = headers(house)
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    db.close()
    settings.current.cache_clear()
    assert notifications.receive({"headers": told}) == {"statusCode": 503}
