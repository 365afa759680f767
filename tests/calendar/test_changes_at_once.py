"""Provider and clinic change the same visit at once: who wins, and that nobody wins by an old look."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from frontdesk import calendar_sync, db
from functions.calendar_worker import google_calendar
from tests.calendar.reading import PATEL, House, standing
from tests.clinics import book, call, one
from tests.database import Database

HOUR = timedelta(hours=1)


@pytest.fixture
def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Build a house whose calendar was read once."""
    with standing(database, monkeypatch) as built:
        yield built


def test_staff_and_provider_moving_at_once_ends_with_the_staff(house: House) -> None:
    """The patient was told the staff's time: it is written over the provider's, and somebody must check."""
    visit = house.book(10)
    house.sync()
    house.staff_move(visit["id"], house.clinic.at(12))
    house.move(house.event_id(visit), house.clinic.at(15), house.clinic.at(16))
    writes = len(house.fake.writes())
    for _ in range(3):
        house.sync()
        house.work()
    assert house.row(visit)["starts_at"] == house.clinic.at(12)
    assert house.at_google(visit) == [(house.clinic.at(12), house.clinic.at(13))]
    assert len(house.fake.writes()) - writes <= 3
    assert [event["data"]["reason"] for event in house.told("calendar.put_back")] == ["changed_here"]


def test_both_moving_to_the_same_time_is_no_conflict(house: House) -> None:
    """They agree; nobody need be told."""
    visit = house.book(10)
    house.sync()
    house.staff_move(visit["id"], house.clinic.at(15))
    house.move(house.event_id(visit), house.clinic.at(15), house.clinic.at(16))
    for _ in range(3):
        house.sync()
        house.work()
    assert house.at_google(visit) == [(house.clinic.at(15), house.clinic.at(16))]
    assert house.told("calendar.put_back") == []
    assert house.follow_ups() == []
    state = one(house.owner, "SELECT written_version FROM frontdesk.calendar_events")
    assert state == house.row(visit)["version"]


def test_deleting_what_the_staff_just_moved_puts_it_back(house: House) -> None:
    """The patient has the new time in hand: a new event, and a word to the staff."""
    visit = house.book(10)
    house.sync()
    house.staff_move(visit["id"], house.clinic.at(12))
    house.delete(house.event_id(visit))
    house.sync()
    house.work()
    assert house.row(visit)["status"] == "pending"
    assert house.at_google(visit) == [(house.clinic.at(12), house.clinic.at(13))]
    assert len(house.follow_ups()) == 1


def test_an_old_listing_does_not_undo_a_newer_write(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listed, then moved on the board and written, then decided: the event is fetched before it counts."""
    visit = house.book(10)
    house.sync()
    real = google_calendar.list_events

    def late(*arguments: Any, **named: Any) -> Any:
        page = real(*arguments, **named)
        monkeypatch.setattr(google_calendar, "list_events", real)
        house.staff_move(visit["id"], house.clinic.at(12))
        house.work()
        return page

    house.change(house.event_id(visit), colorId="5")
    monkeypatch.setattr(google_calendar, "list_events", late)
    house.sync()
    house.sync()
    assert house.row(visit)["starts_at"] == house.clinic.at(12)
    assert house.row(visit)["version"] == 2
    assert house.told("calendar.put_back") == []


def test_a_write_between_looking_and_deciding_makes_us_look_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fetched, then moved on the board and written, then decided: what was fetched is known to be old."""
    visit = house.book(10)
    house.sync()
    real = google_calendar.get_event

    def late(*arguments: Any, **named: Any) -> Any:
        event = real(*arguments, **named)
        monkeypatch.setattr(google_calendar, "get_event", real)
        house.staff_move(visit["id"], house.clinic.at(12))
        house.work()
        return event

    house.move(house.event_id(visit), house.clinic.at(15), house.clinic.at(16))
    monkeypatch.setattr(google_calendar, "get_event", late)
    for _ in range(3):
        house.sync()
        house.work()
    assert house.row(visit)["starts_at"] == house.clinic.at(12)
    assert house.at_google(visit) == [(house.clinic.at(12), house.clinic.at(13))]


def test_an_event_being_written_is_left_until_it_is_recorded(house: House) -> None:
    """While a writer holds it nothing is decided, and the token is not kept: it is read again."""
    visit = house.book(10)
    house.sync()
    token = house.calendar()["sync_token"]
    house.move(house.event_id(visit), house.clinic.at(15), house.clinic.at(16))
    house.owner.execute(
        "UPDATE frontdesk.calendar_events SET lease = gen_random_uuid(),"
        " lease_until = now() + interval '1 minute'"
    )
    assert house.sync() == "unsettled"
    assert house.row(visit)["starts_at"] == house.clinic.at(10)
    assert house.calendar()["sync_token"] == token
    house.owner.execute("UPDATE frontdesk.calendar_events SET lease = NULL, lease_until = NULL")
    assert house.sync() == "read"
    assert house.row(visit)["starts_at"] == house.clinic.at(15)


def test_a_write_that_was_never_recorded_is_no_move_of_the_providers(house: House) -> None:
    """The worker died after Google had it, and the visit moved on: Google's older time is not taken over."""
    visit = house.book(10)
    house.sync()
    house.staff_move(visit["id"], house.clinic.at(12))
    row = house.owner.execute("SELECT * FROM frontdesk.calendar_events").fetchone()
    house.work()
    assert row is not None
    house.owner.execute(
        "UPDATE frontdesk.calendar_events"
        " SET etag = %s, written_version = %s, written_starts_at = %s, written_ends_at = %s",
        [row["etag"], row["written_version"], row["written_starts_at"], row["written_ends_at"]],
    )
    house.staff_move(visit["id"], house.clinic.at(14))
    for _ in range(2):
        house.sync()
        house.work()
    assert house.row(visit)["starts_at"] == house.clinic.at(14)
    assert house.at_google(visit) == [(house.clinic.at(14), house.clinic.at(15))]
    assert house.follow_ups() == []


def test_the_event_of_a_cancelled_visit_goes_whenever_it_is_seen(house: House) -> None:
    """Its deletion got lost, and the provider touched it since: it is taken away, and revives no visit."""
    visit = house.book(10)
    house.sync()
    call(
        house.app,
        "cancel_appointment_atomic",
        org_id=house.clinic.id,
        appointment_id=visit["id"],
        source="staff",
    )
    house.owner.execute("UPDATE frontdesk.outbox SET sent_at = now() WHERE queue = 'calendar'")
    house.move(house.event_id(visit), house.clinic.at(14), house.clinic.at(15))
    house.sync()
    house.work()
    assert house.at_google(visit) == []
    assert house.row(visit)["status"] == "cancelled"
    assert house.texts() == ["appointment.booked", "appointment.cancelled"]


def test_a_copy_of_our_event_is_a_meeting_like_any_other(house: House) -> None:
    """Whoever duplicates it in Google blocks that time; the visit is not moved to it."""
    visit = house.book(10)
    house.sync()
    (event,) = house.fake.events(PATEL, live=True)
    private = event["extendedProperties"]
    house.meeting(house.clinic.at(14), house.clinic.at(15), extendedProperties=private)
    house.sync()
    assert house.blocks() == [(house.clinic.at(14), house.clinic.at(15))]
    assert house.row(visit)["version"] == 1


def test_a_move_and_a_caller_at_once_never_share_the_time(house: House) -> None:
    """Twelve rounds: the provider drags a visit onto a time while a caller books it; one of them has it."""
    visit = house.book(9)
    house.sync()
    for turn in range(12):
        at = house.clinic.at(10 + turn % 6, day=1 + turn // 6)
        house.move(house.event_id(visit), at, at + HOUR)
        told: list[Any] = []
        caller = threading.Thread(target=_book, args=(house, at, turn, told))
        caller.start()
        house.sync()
        caller.join(20)
        house.work()
        here = house.row(visit)["starts_at"]
        assert told[0] in {"booked", "slot_unavailable"}
        assert (here == at) == (told[0] == "slot_unavailable")
        assert house.at_google(visit) == [(here, here + HOUR)]


def _book(house: House, at: datetime, turn: int, told: list[Any]) -> None:
    with house.connect() as connection:
        told.append(book(connection, house.clinic, at, patient_phone=f"+120255503{turn:02d}")["outcome"])


def test_a_reading_waits_for_a_booking_under_way(house: House) -> None:
    """Written but not committed: the block comes after it, sees it, and the front desk is told."""
    ten = house.clinic.at(10)
    house.meeting(ten, ten + HOUR)
    reader = threading.Thread(target=_sync, args=(house,))
    with house.connect() as caller, caller.transaction():
        assert book(caller, house.clinic, ten)["outcome"] == "booked"
        reader.start()
        waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        until = time.monotonic() + 2
        while not one(house.owner, waits):
            assert time.monotonic() < until, "the reading did not wait for the booking"
            time.sleep(0.01)
    reader.join(20)
    assert len(house.blocks()) == 1
    assert len(house.follow_ups()) == 1


def _sync(house: House) -> None:
    try:
        house.sync()
    finally:
        db.close()


def test_a_meeting_and_a_caller_at_once_are_never_both_silent(house: House) -> None:
    """Twenty rounds: the caller is refused, or the front desk is told of the double."""
    outcomes = set()
    for turn in range(20):
        at = house.clinic.at(9 + turn % 8, day=turn // 8)
        house.meeting(at, at + HOUR)
        told: list[Any] = []
        before = len(house.follow_ups())
        caller = threading.Thread(target=_book, args=(house, at, turn, told))
        caller.start()
        house.sync()
        caller.join(20)
        outcomes.add(told[0])
        assert told[0] in {"booked", "slot_unavailable"}
        assert len(house.follow_ups()) - before == (told[0] == "booked")
    assert outcomes


def test_a_repeated_question_decides_nothing_twice(house: House) -> None:
    """The connection broke after the commit: asked again, the rule says that things have moved on."""
    visit = house.book(10)
    house.sync()
    house.move(house.event_id(visit), house.clinic.at(14), house.clinic.at(15))
    row = house.owner.execute("SELECT * FROM frontdesk.calendar_events").fetchone()
    assert row is not None
    known = {
        "id": row["google_event_id"],
        "appointment_id": visit["id"],
        "etag": row["etag"],
        "writes": row["writes"],
    }
    asked = (house.clinic.id, house.calendar_id, known, house.clinic.at(14), house.clinic.at(15), "new", 1)
    assert calendar_sync.take_over(*asked)["outcome"] == "rescheduled"
    assert calendar_sync.take_over(*asked)["outcome"] == "again"
    assert house.row(visit)["version"] == 2
    known = known | {"etag": "new"}
    assert calendar_sync.deleted(house.clinic.id, house.calendar_id, known, None)["outcome"] == "cancelled"
    assert calendar_sync.deleted(house.clinic.id, house.calendar_id, known, None)["outcome"] == "noted"
    assert len(house.follow_ups()) == 1


def test_another_clinics_event_cannot_be_decided(house: House) -> None:
    """Ids of another org are unknown here."""
    visit = house.book(10)
    known = {"id": house.event_id(visit), "appointment_id": visit["id"], "etag": None, "writes": 1}
    other = house.other_clinic()
    for told in (
        calendar_sync.take_over(
            other, house.calendar_id, known, house.clinic.at(14), house.clinic.at(15), "e", 1
        ),
        calendar_sync.deleted(other, house.calendar_id, known, None),
    ):
        assert told["outcome"] == "unknown"
    assert house.row(visit)["version"] == 1
