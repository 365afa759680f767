"""Watch channels: there before Google answers, renewed at half life, the new one before the old one ends."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from frontdesk import settings
from functions.calendar_worker import google_calendar, watch
from tests.calendar.reading import PATEL, House, standing
from tests.database import Database


@pytest.fixture
def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Build a house whose calendar was read once."""
    with standing(database, monkeypatch) as built:
        yield built


def channels(house: House) -> list[dict[str, Any]]:
    """Return the channels as we know them, oldest first."""
    return house.owner.execute("SELECT * FROM frontdesk.watch_channels ORDER BY created_at").fetchall()


def renew(house: House) -> str:
    """Make or renew the calendar's channel."""
    return watch.renew(house.clinic.id, house.calendar_id)


def age(house: House) -> None:
    """Make every channel old enough to be renewed."""
    house.owner.execute("UPDATE frontdesk.watch_channels SET renew_at = now() - interval '1 second'")


def test_a_channel_is_made_and_known_by_its_hash(house: House) -> None:
    """Google has the token, we have its hash; it ends when Google says, and is renewed half way."""
    assert renew(house) == "active"
    (ours,), (theirs,) = channels(house), house.fake.channels()
    assert theirs["id"] == str(ours["id"])
    assert theirs["address"] == "http://127.0.0.1:1/api/google/notifications"
    assert hashlib.sha256(theirs["token"].encode()).hexdigest() == ours["token_hash"]
    assert len(theirs["token"]) >= 43
    assert ours["resource_id"] == theirs["resource_id"]
    assert ours["expires_at"] > datetime.now(UTC) + timedelta(days=6)
    halves = ours["expires_at"] - ours["renew_at"], ours["renew_at"] - datetime.now(UTC)
    assert abs(halves[0] - halves[1]) < timedelta(minutes=1)


def test_the_row_is_there_before_google_is_asked(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Google may notify before it has answered, so the channel must be known by then."""
    seen: list[str] = []
    real = google_calendar.watch

    def looks(*arguments: Any) -> Any:
        seen.extend(row["state"] for row in channels(house))
        return real(*arguments)

    monkeypatch.setattr(google_calendar, "watch", looks)
    renew(house)
    assert seen == ["pending"]


def test_a_fresh_channel_is_left_alone(house: House) -> None:
    """Asked again and again, there is one."""
    assert [renew(house), renew(house)] == ["active", "fresh"]
    assert len(house.fake.channels()) == 1


def test_the_new_channel_is_there_before_the_old_one_is_stopped(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No gap: what both tell is one reading."""
    renew(house)
    age(house)
    open_then: list[int] = []
    real = google_calendar.stop_channel

    def looks(*arguments: Any) -> Any:
        open_then.append(len(house.fake.channels()))
        return real(*arguments)

    monkeypatch.setattr(google_calendar, "stop_channel", looks)
    assert renew(house) == "active"
    assert open_then == [2]
    assert len(house.fake.channels()) == 1
    assert [row["state"] for row in channels(house)] == ["stopped", "active"]


def test_a_channel_that_could_not_be_stopped_is_stopped_next_time(house: House) -> None:
    """Until then both tell, which does no harm."""
    renew(house)
    age(house)
    house.fake.faults(error_500_before=1.0, only=["stop"])
    assert renew(house) == "active"
    assert [row["state"] for row in channels(house)] == ["stopping", "active"]
    house.fake.faults()
    age(house)
    assert renew(house) == "active"
    assert len(house.fake.channels()) == 1


def test_a_refused_channel_leaves_nothing_behind(house: House) -> None:
    """The code stands with the calendar, the old channel goes on, and polls do the work."""
    renew(house)
    age(house)
    house.fake.faults(error_500_before=1.0, only=["watch"])
    assert renew(house) not in {"active", "fresh"}
    assert [row["state"] for row in channels(house)] == ["active"]
    assert house.calendar()["last_error_code"] in {"500:backendError", "503:backendError"}
    house.fake.faults()
    assert renew(house) == "active"


def test_two_at_once_make_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second sees the first one's pending row."""
    second: list[str] = []
    real = google_calendar.watch

    def also(*arguments: Any) -> Any:
        monkeypatch.setattr(google_calendar, "watch", real)
        second.append(renew(house))
        return real(*arguments)

    monkeypatch.setattr(google_calendar, "watch", also)
    assert renew(house) == "active"
    assert second == ["busy"]
    assert len(house.fake.channels()) == 1


def test_a_renewal_that_died_is_followed_by_another(house: House) -> None:
    """A pending row that stayed one is no reason to wait for ever, and is swept away later."""
    house.owner.execute(
        "INSERT INTO frontdesk.watch_channels (org_id, id, calendar_id, token_hash, created_at)"
        " VALUES (%s, gen_random_uuid(), %s, 'x', now() - interval '15 minutes')",
        [house.clinic.id, house.calendar_id],
    )
    assert renew(house) == "active"
    assert [row["state"] for row in channels(house)] == ["active"]


@pytest.mark.parametrize("address", ["", "http://front.example.test", "ftp://127.0.0.1"])
def test_where_google_cannot_reach_us_there_is_no_channel(
    house: House, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """Google wants https; polling does alone."""
    monkeypatch.setenv("PUBLIC_BASE_URL", address)
    settings.current.cache_clear()
    watch.reachable_address.cache_clear()
    assert renew(house) == "no_address"
    assert channels(house) == []
    assert house.fake.channels() == []


def test_a_paused_clinic_gets_no_channel(house: House) -> None:
    """Google is not called for it."""
    house.owner.execute("UPDATE frontdesk.google_connections SET status = 'reconnect_required'")
    assert renew(house) == "paused"
    assert house.fake.channels() == []


def test_a_channel_is_of_the_calendar_of_its_clinic(house: House) -> None:
    """Another clinic's calendar is unknown."""
    other = house.other_clinic()
    assert watch.renew(other, house.calendar_id) == "unknown_calendar"
    assert house.fake.events(PATEL) == []
