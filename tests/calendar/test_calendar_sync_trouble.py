"""Reading a calendar when something goes wrong: nothing is lost, nobody is sent away for it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from frontdesk import calendar_sync
from frontdesk.errors import CredentialsUnavailableError
from functions.calendar_worker import listing, tokens, watch
from tests.calendar.reading import PATEL, House, standing
from tests.clinics import book
from tests.database import Database

HOUR = timedelta(hours=1)


@pytest.fixture
def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Build a house whose calendar was read once."""
    with standing(database, monkeypatch) as built:
        yield built


def test_a_token_that_is_too_old_means_reading_everything(house: House) -> None:
    """410: what went meanwhile is deleted, what came is there, and nothing else was touched."""
    nine = house.clinic.at(9)
    kept = house.meeting(nine, nine + HOUR)
    gone = house.meeting(nine + 2 * HOUR, nine + 3 * HOUR)
    house.sync()
    before = house.owner.execute("SELECT id FROM frontdesk.busy_blocks WHERE external_id = %s", [kept["id"]])
    same = before.fetchone()
    house.fake.faults(expire_sync_token_at_page=1)
    house.delete(gone["id"])
    house.meeting(nine + 4 * HOUR, nine + 5 * HOUR)
    assert house.sync() == "read"
    assert house.blocks() == [(nine, nine + HOUR), (nine + 4 * HOUR, nine + 5 * HOUR)]
    after = house.owner.execute("SELECT id FROM frontdesk.busy_blocks WHERE external_id = %s", [kept["id"]])
    assert after.fetchone() == same


def test_many_short_pages_are_one_reading(house: House) -> None:
    """A short page is not the last one: only the last brings the token."""
    house.fake.faults(largest_page=7)
    start = house.clinic.at(9)
    for number in range(40):
        at = start + timedelta(minutes=15 * number)
        house.meeting(at, at + timedelta(minutes=10))
    assert house.sync() == "read"
    assert len(house.blocks()) == 40
    house.owner.execute("UPDATE frontdesk.calendars SET sync_token = NULL")
    house.owner.execute("DELETE FROM frontdesk.busy_blocks")
    assert house.sync() == "read"
    assert len(house.blocks()) == 40


def test_a_reader_that_dies_loses_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between two pieces: the token is the old one, and the next reading is told all of it again."""
    start = house.clinic.at(9)
    for number in range(250):
        at = start + timedelta(minutes=30 * number)
        house.meeting(at, at + timedelta(minutes=10))
    token = house.calendar()["sync_token"]
    real, calls = calendar_sync.apply, iter(range(100))

    def dies(*arguments: Any, **named: Any) -> Any:
        if next(calls) == 2:
            raise SystemExit
        return real(*arguments, **named)

    monkeypatch.setattr(calendar_sync, "apply", dies)
    with pytest.raises(SystemExit):
        house.sync()
    monkeypatch.setattr(calendar_sync, "apply", real)
    assert len(house.blocks()) == 200
    assert house.calendar()["sync_token"] == token
    assert house.sync() == "busy"
    house.owner.execute("UPDATE frontdesk.calendars SET sync_lease_until = now() - interval '1 second'")
    assert house.sync() == "read"
    assert len(house.blocks()) == 250
    assert house.calendar()["sync_token"] != token


def test_two_thousand_five_hundred_meetings_fit_a_page(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The largest page there is, and none of its pieces holds a caller up for long."""
    with standing(database, monkeypatch, read_first=False) as house:
        start = house.clinic.at(0)
        for minutes in range(0, 50, 10):  # a series has at most a thousand instances in the fake
            at = start + timedelta(minutes=minutes)
            house.recurring(at, timedelta(minutes=1), "RRULE:FREQ=HOURLY;COUNT=500", ZoneInfo("UTC"))
        began = monotonic()
        assert house.sync() == "read"
        assert monotonic() - began < 30
        assert len(house.blocks()) == 2500
        assert house.told("calendar.busy_changed") == []  # the first reading is told of once


def test_one_reader_at_a_time_and_the_second_is_not_forgotten(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes second goes away; the first looks once more, since something may have changed meanwhile."""
    real = listing.read
    seconds: list[str] = []

    def slow(*arguments: Any) -> Any:
        found = real(*arguments)
        if not seconds:
            house.meeting(house.clinic.at(10), house.clinic.at(11))
            seconds.append(house.sync())
        return found

    monkeypatch.setattr(listing, "read", slow)
    assert house.sync() == "read"
    assert seconds == ["busy"]
    assert len(house.blocks()) == 1


def test_a_reader_that_was_overtaken_writes_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lease ran out while it listed and another took over: what it read is older."""
    real = listing.read
    seconds: list[str] = []

    def slow(*arguments: Any) -> Any:
        found = real(*arguments)
        if not seconds:
            seconds.append("")
            house.owner.execute(
                "UPDATE frontdesk.calendars SET sync_lease_until = now() - interval '1 second'"
            )
            house.meeting(house.clinic.at(10), house.clinic.at(11))
            seconds[0] = house.sync()
        return found

    monkeypatch.setattr(listing, "read", slow)
    house.meeting(house.clinic.at(9), house.clinic.at(10))
    assert house.sync() == "lost"
    assert seconds == ["read"]
    assert len(house.blocks()) == 2


def test_a_meeting_over_a_visit_is_told_to_the_front_desk_once(house: House) -> None:
    """It was booked before the provider said busy: nobody is sent away, somebody must see to it."""
    visit = house.book(10)
    made = house.meeting(house.clinic.at(10, 30), house.clinic.at(12))["id"]
    house.sync()
    house.change(made, summary="Renamed")
    house.sync()
    assert len(house.follow_ups()) == 1
    assert "Dr. Patel has something else" in house.follow_ups()[0]
    assert house.row(visit)["status"] == "pending"


def test_a_calendar_full_of_visits_typed_in_by_hand_is_told_of_in_one_sentence(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connecting it is no reason for a follow-up about each of them."""
    with standing(database, monkeypatch, read_first=False) as house:
        for hour in (9, 11, 14):
            told = book(
                house.app,
                house.clinic,
                house.clinic.at(hour),
                patient_phone=f"+120255501{hour:02d}",
            )
            assert told["outcome"] == "booked"
            house.meeting(house.clinic.at(hour), house.clinic.at(hour + 1))
        house.sync()
        assert len(house.follow_ups()) == 1
        assert "3 coming visits" in house.follow_ups()[0]
        assert [event["data"]["status"] for event in house.told("calendar.status")] == ["live"]


@pytest.mark.parametrize(
    ("fault", "status"), [("calendar_gone", "gone"), ("calendar_forbidden", "forbidden")]
)
def test_a_calendar_out_of_reach_is_told_once_and_rarely_looked_at(
    house: House, fault: str, status: str
) -> None:
    """Nobody's visit is cancelled for it; it is there again as soon as Google has it again."""
    visit = house.book(10)
    house.meeting(house.clinic.at(12), house.clinic.at(13))
    house.sync()
    house.fake.faults(**{fault: [PATEL]})
    for _ in range(2):
        assert house.sync() not in {"read", "paused"}
    assert house.calendar()["status"] == status
    assert [event["data"]["status"] for event in house.told("calendar.status")] == ["live", status]
    assert house.calendar()["next_poll_at"] > datetime.now(UTC) + timedelta(hours=20)
    assert house.row(visit)["status"] == "pending"
    assert len(house.blocks()) == 1
    house.fake.faults()
    assert house.sync() == "read"
    assert house.calendar()["status"] == "live"


@pytest.mark.parametrize("fault", ["error_429", "error_500_before", "error_403_rate"])
def test_trouble_that_passes_is_tried_again_soon(house: House, fault: str) -> None:
    """Nothing is lost: the token stays, and the calendar is due within minutes."""
    house.meeting(house.clinic.at(10), house.clinic.at(11))
    house.fake.faults(**{fault: 1.0})
    assert house.sync() not in {"read", "paused"}
    row = house.calendar()
    assert row["status"] == "live"
    assert row["sync_lease"] is None
    assert datetime.now(UTC) < row["next_poll_at"] < datetime.now(UTC) + timedelta(minutes=4)
    house.fake.faults()
    assert house.sync() == "read"
    assert len(house.blocks()) == 1


def test_a_clinic_that_is_not_connected_is_not_read(house: House) -> None:
    """Paused by an ended grant, or disconnected: Google is not called."""
    house.owner.execute("UPDATE frontdesk.google_connections SET status = 'reconnect_required'")
    assert house.sync() == "paused"


def test_the_clock_of_google_may_be_wrong(house: House) -> None:
    """Nothing compares our time with theirs."""
    house.fake.faults(clock_skew_seconds=1800)
    house.meeting(house.clinic.at(10), house.clinic.at(11))
    house.sync()
    visit = house.book(14)
    house.move(house.event_id(visit), house.clinic.at(15), house.clinic.at(16))
    house.sync()
    assert len(house.blocks()) == 1
    assert house.row(visit)["starts_at"] == house.clinic.at(15)


def test_without_a_token_it_is_tried_again_soon(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key service is away: nothing is read, nothing is lost, and later it goes on."""

    def away(org_id: Any, _act: Any) -> Any:
        raise CredentialsUnavailableError(org_id, "google_access", "KMS was not reached")

    with monkeypatch.context() as patch:
        patch.setattr(tokens, "call", away)
        assert house.sync() == "no_token"
        assert watch.renew(house.clinic.id, house.calendar_id) == "no_token"
    assert house.calendar()["sync_lease"] is None
    assert house.sync() == "read"
    assert watch.renew(house.clinic.id, house.calendar_id) == "active"


def test_an_ended_grant_stops_the_reading(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """invalid_grant in the middle of it: outcome paused, the token of the calendar is kept."""

    def ended(_org_id: Any, _act: Any) -> Any:
        raise tokens.ConnectionPausedError("invalid_grant")

    token = house.calendar()["sync_token"]
    monkeypatch.setattr(tokens, "call", ended)
    assert house.sync() == "paused"
    assert house.calendar()["sync_token"] == token
    assert watch.renew(house.clinic.id, house.calendar_id) == "paused"
    assert house.owner.execute("SELECT FROM frontdesk.watch_channels").fetchall() == []
