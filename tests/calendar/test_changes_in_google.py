"""The provider moves, stretches or deletes our event in Google: taken over where it can be, else put back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from functions.calendar_worker import changes
from tests.calendar.reading import PATEL, House, standing
from tests.clinics import book
from tests.database import Database

HOUR = timedelta(hours=1)


@pytest.fixture
def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Build a house whose calendar was read once."""
    with standing(database, monkeypatch) as built:
        yield built


def write_count(house: House) -> int:
    """Return how many writes of ours Google has answered."""
    return len(house.fake.writes())


def test_a_move_to_a_free_time_is_taken_over(house: House) -> None:
    """The visit is at the new time, the patient is texted, and nothing is written back."""
    visit = house.book(10)
    house.sync()
    writes = write_count(house)
    house.move(house.event_id(visit), house.clinic.at(14), house.clinic.at(15))
    assert house.sync() == "read"
    assert house.row(visit)["starts_at"] == house.clinic.at(14)
    assert house.texts() == ["appointment.booked", "appointment.rescheduled"]
    assert [event["actor"] for event in house.told("appointment.rescheduled")] == ["calendar"]
    house.work()
    house.sync()
    assert write_count(house) == writes
    assert house.row(visit)["version"] == 2
    assert house.follow_ups() == []


def test_a_move_over_another_visit_is_put_back(house: House) -> None:
    """Ours stays, Google gets its time again, and the staff are told what was wanted."""
    visit = house.book(10)
    house.book(14, patient_phone="+12025550148", patient_name="Omar Said")
    house.sync()
    writes = write_count(house)
    house.move(house.event_id(visit), house.clinic.at(14, 30), house.clinic.at(15, 30))
    house.sync()
    house.work()
    assert house.row(visit)["starts_at"] == house.clinic.at(10)
    assert house.at_google(visit) == [(house.clinic.at(10), house.clinic.at(11))]
    (event,) = house.told("calendar.put_back")
    assert datetime.fromisoformat(event["data"]["wanted_starts_at"]) == house.clinic.at(14, 30)
    assert event["data"]["reason"] == "taken"
    assert len(house.follow_ups()) == 1
    assert "2:30 PM" in house.follow_ups()[0]
    house.sync()
    house.work()
    assert write_count(house) == writes + 1
    assert house.texts() == ["appointment.booked", "appointment.booked"]


@pytest.mark.parametrize(
    ("hour", "day", "reason"),
    [(20, 0, "hours"), (10, 5, "hours"), (10, -28, "in_past"), (10, 600, "too_far")],
)
def test_a_move_where_nobody_could_be_booked_is_put_back(
    house: House, hour: int, day: int, reason: str
) -> None:
    """In the evening, on a Saturday, into the past, beyond the horizon: the rules are those of a booking."""
    visit = house.book(10)
    house.sync()
    at = house.clinic.at(hour, day=day)
    house.move(house.event_id(visit), at, at + HOUR)
    house.sync()
    house.work()
    assert house.row(visit)["starts_at"] == house.clinic.at(10)
    assert house.at_google(visit) == [(house.clinic.at(10), house.clinic.at(11))]
    assert [event["data"]["reason"] for event in house.told("calendar.put_back")] == [reason]


def test_a_move_onto_the_providers_own_meeting_is_put_back(house: House) -> None:
    """Also where meeting and move come in one reading: busy times are applied first."""
    visit = house.book(10)
    house.sync()
    house.move(house.event_id(visit), house.clinic.at(14), house.clinic.at(15))
    house.meeting(house.clinic.at(14), house.clinic.at(15))
    house.sync()
    house.work()
    assert house.row(visit)["starts_at"] == house.clinic.at(10)
    assert house.at_google(visit) == [(house.clinic.at(10), house.clinic.at(11))]


def test_the_provider_needs_no_notice(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Moved to a start that no caller could book any more: it is the provider's own day."""
    with standing(
        database,
        monkeypatch,
        time_zone="UTC",
        opens="00:00",
        closes="24:00",
        weekdays=range(1, 8),
        services={"Teeth cleaning": 15},
        minimum_notice_minutes=600,
    ) as house:
        visit = house.book(10)
        soon = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=25)
        soon = soon.replace(minute=soon.minute // 15 * 15)
        if soon.hour == 23 and soon.minute == 45:
            soon += timedelta(minutes=30)  # a visit lies within a day's hours
        house.sync()
        house.move(house.event_id(visit), soon, soon + timedelta(minutes=15))
        house.sync()
        assert house.row(visit)["starts_at"] == soon
        assert book(house.app, house.clinic, soon, patient_phone="+12025550148")["outcome"] == "too_soon"


def test_another_length_is_put_back(house: House) -> None:
    """How long a visit lasts is its service's; the staff are told that more time was wanted."""
    visit = house.book(10)
    house.sync()
    house.move(house.event_id(visit), house.clinic.at(10), house.clinic.at(12))
    house.sync()
    house.work()
    assert house.at_google(visit) == [(house.clinic.at(10), house.clinic.at(11))]
    assert [event["data"]["reason"] for event in house.told("calendar.put_back")] == ["length"]
    assert len(house.follow_ups()) == 1


def test_a_move_with_another_length_keeps_the_visits_length(house: House) -> None:
    """The start is taken over, the end is written once."""
    visit = house.book(10)
    house.sync()
    house.move(house.event_id(visit), house.clinic.at(14), house.clinic.at(16))
    house.sync()
    house.work()
    assert house.row(visit)["starts_at"] == house.clinic.at(14)
    assert house.at_google(visit) == [(house.clinic.at(14), house.clinic.at(15))]
    house.sync()
    assert house.told("calendar.put_back") == []


def test_an_all_day_visit_is_put_back(house: House) -> None:
    """Dragged to the top of the day: no time to be taken over."""
    visit = house.book(10)
    house.sync()
    day = house.clinic.monday
    edges = {
        "start": {"date": str(day), "dateTime": None},
        "end": {"date": str(day + timedelta(1)), "dateTime": None},
    }
    house.change(house.event_id(visit), **edges)
    house.sync()
    house.work()
    assert house.at_google(visit) == [(house.clinic.at(10), house.clinic.at(11))]
    assert [event["data"]["reason"] for event in house.told("calendar.put_back")] == ["all_day"]


def test_a_colour_or_a_note_of_the_providers_stays(house: House) -> None:
    """Nothing but the time is ours to defend."""
    visit = house.book(10)
    house.sync()
    writes = write_count(house)
    house.change(house.event_id(visit), colorId="5", description="bring the X-ray")
    house.sync()
    house.work()
    assert write_count(house) == writes
    house.staff_move(visit["id"], house.clinic.at(15))
    house.work()
    (event,) = house.fake.events(PATEL, live=True)
    assert (event["colorId"], event["description"]) == ("5", "bring the X-ray")
    assert house.at_google(visit) == [(house.clinic.at(15), house.clinic.at(16))]


def test_a_deleted_event_cancels_the_visit(house: House) -> None:
    """The patient is texted, the front desk is asked to call, the time is free, nothing is written back."""
    visit = house.book(10)
    house.sync()
    writes = write_count(house)
    house.delete(house.event_id(visit))
    house.sync()
    house.work()
    house.sync()
    assert house.row(visit)["status"] == "cancelled"
    assert house.texts() == ["appointment.booked", "appointment.cancelled"]
    assert [event["actor"] for event in house.told("appointment.cancelled")] == ["calendar"]
    assert len(house.follow_ups()) == 1
    assert "offer another time" in house.follow_ups()[0]
    assert write_count(house) == writes
    row = house.owner.execute("SELECT phone, caller_name, urgency FROM frontdesk.follow_ups").fetchone()
    assert row == {"phone": "+12025550147", "caller_name": "Dana Whitfield", "urgency": "same_day"}
    assert book(house.app, house.clinic, house.clinic.at(10))["outcome"] == "booked"


def test_a_deletion_is_seen_by_who_reads_everything_too(house: House) -> None:
    """The token was too old to tell of it: the event is not in the list, and Google says it was deleted."""
    visit = house.book(10)
    house.sync()
    house.delete(house.event_id(visit))
    house.fake.faults(expire_sync_token_at_page=1)
    house.sync()
    assert house.row(visit)["status"] == "cancelled"


def test_an_event_that_google_never_had_is_written_again(house: House) -> None:
    """Not there, and not known as deleted: no patient is sent away for what got lost."""
    visit = house.book(10)
    house.sync()
    house.owner.execute("UPDATE frontdesk.calendar_events SET google_event_id = repeat('a', 40)")
    house.owner.execute("UPDATE frontdesk.calendars SET sync_token = NULL")
    house.sync()
    house.work()
    assert house.row(visit)["status"] == "pending"
    assert (house.clinic.at(10), house.clinic.at(11)) in house.at_google(visit)
    assert house.follow_ups() == []


def test_a_calendar_that_was_cleared_sends_nobody_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """More deletions at once than anybody means: all are put back, and the staff are told of each."""
    monkeypatch.setattr(changes, "MOST_DELETED", 2)
    visits = [house.book(hour, patient_phone=f"+120255502{hour:02d}") for hour in (9, 11, 14)]
    house.sync()
    for visit in visits:
        house.delete(house.event_id(visit))
    house.sync()
    house.work()
    assert {house.row(visit)["status"] for visit in visits} == {"pending"}
    assert [len(house.at_google(visit)) for visit in visits] == [1, 1, 1]
    assert len(house.follow_ups()) == 3
    assert "appointment.cancelled" not in house.texts()


def test_a_visit_that_began_is_left_alone(house: House) -> None:
    """Moved or deleted afterwards: the calendar is the provider's diary, the record is ours."""
    visit = house.book(10)
    house.sync()
    house.owner.execute(
        "UPDATE frontdesk.appointments SET starts_at = now() - interval '30 minutes',"
        " ends_at = now() + interval '30 minutes',"
        " during = tstzrange(now() - interval '30 minutes', now() + interval '30 minutes')"
    )
    house.move(house.event_id(visit), house.clinic.at(15), house.clinic.at(16))
    house.sync()
    house.delete(house.event_id(visit))
    house.sync()
    assert house.row(visit)["status"] == "pending"
    assert house.row(visit)["version"] == 1
    assert house.follow_ups() == []
