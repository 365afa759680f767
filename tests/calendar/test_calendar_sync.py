"""Reading a calendar: busy times as Google has them, whatever happens on the way."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.calendar.reading import PATEL, House, moment, next_change_of_the_clocks, standing
from tests.clinics import book
from tests.database import Database

HOUR = timedelta(hours=1)


@pytest.fixture
def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Build a house whose calendar was read once."""
    with standing(database, monkeypatch) as built:
        yield built


def test_a_meeting_refuses_the_slot_and_alternatives_avoid_it(house: House) -> None:
    """What the provider has in Google is taken for the next caller, as if a patient sat there."""
    ten = house.clinic.at(10)
    house.meeting(ten, ten + HOUR)
    assert house.sync() == "read"
    told = book(house.app, house.clinic, ten)
    assert told["outcome"] == "slot_unavailable"
    offered = [datetime.fromisoformat(each["starts_at"]) for each in told["alternatives"]]
    assert offered
    assert all(not ten - HOUR < start < ten + HOUR for start in offered)
    assert [event["data"]["provider_id"] for event in house.told("calendar.busy_changed")] == [
        str(house.clinic.providers[0])
    ]


def test_a_block_follows_its_meeting(house: House) -> None:
    """Moved, made free, made busy again, deleted: the mirror says the same each time."""
    ten = house.clinic.at(10)
    made = house.meeting(ten, ten + HOUR)["id"]
    house.move(made, ten + HOUR, ten + 3 * HOUR)
    house.sync()
    assert house.blocks() == [(ten + HOUR, ten + 3 * HOUR)]
    house.change(made, transparency="transparent")
    house.sync()
    assert house.blocks() == []
    house.change(made, transparency="opaque")
    house.sync()
    assert house.blocks() == [(ten + HOUR, ten + 3 * HOUR)]
    house.delete(made)
    house.sync()
    assert house.blocks() == []
    last = house.told("calendar.busy_changed")[-1]["data"]
    assert (moment(last["from"]), moment(last["until"])) == (ten + HOUR, ten + 3 * HOUR)


def test_what_keeps_nobody_busy_blocks_nothing(house: House) -> None:
    """Shown as free, declined by the owner, where one works today; being out of office does block."""
    nine = house.clinic.at(9)
    house.meeting(nine, nine + HOUR, transparency="transparent")
    house.meeting(nine, nine + HOUR, attendees=[{"email": PATEL, "self": True, "responseStatus": "declined"}])
    house.meeting(nine, nine + HOUR, eventType="workingLocation")
    house.meeting(nine + 2 * HOUR, nine + 3 * HOUR, eventType="outOfOffice")
    house.sync()
    assert house.blocks() == [(nine + 2 * HOUR, nine + 3 * HOUR)]


def test_a_day_off_is_a_day_of_the_calendars_zone(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clinic is in Los Angeles, the calendar in New York: midnight there, and 25 hours in November."""
    with standing(database, monkeypatch, time_zone="America/Los_Angeles") as house:
        sunday = next_change_of_the_clocks("America/New_York")
        house.all_day(sunday, sunday + timedelta(days=1))
        house.sync()
        ((start, end),) = house.blocks()
        assert start == datetime.combine(sunday, time.min, ZoneInfo("America/New_York"))
        assert end - start in {25 * HOUR, 23 * HOUR}


def test_recurring_meetings_block_each_time_also_where_clocks_change(house: House) -> None:
    """Daily at 9 in New York over the change of the clocks: 9 o'clock there on each day."""
    zone = ZoneInfo("America/New_York")
    first = next_change_of_the_clocks("America/New_York") - timedelta(days=2)
    start = datetime.combine(first, time(9), zone)
    house.recurring(start, HOUR, "RRULE:FREQ=DAILY;COUNT=5", zone)
    house.sync()
    wanted = [datetime.combine(first + timedelta(days=n), time(9), zone) for n in range(5)]
    assert house.blocks() == [(at, at + HOUR) for at in wanted]
    assert len({at.utcoffset() for at in wanted}) == 2


def test_a_deleted_series_takes_its_instances_with_it(house: House) -> None:
    """One instance deleted, then the series: nothing is left."""
    start = house.clinic.at(9)
    made = house.recurring(start, HOUR, "RRULE:FREQ=DAILY;COUNT=3", ZoneInfo(house.clinic.time_zone))
    house.sync()
    assert len(house.blocks()) == 3
    second = (start + timedelta(days=1)).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    house.delete(f"{made['id']}_{second}")
    house.sync()
    assert len(house.blocks()) == 2
    house.delete(made["id"])
    house.sync()
    assert house.blocks() == []


def test_a_deleted_event_may_come_as_an_id_alone(house: House) -> None:
    """Google need not say more of a cancelled event: neither of a meeting nor of ours."""
    ten = house.clinic.at(10)
    made = house.meeting(ten, ten + HOUR)["id"]
    visit = house.book(14)
    house.sync()
    house.fake.faults(cancelled_only_id=True)
    house.delete(made)
    house.delete(house.event_id(visit))
    house.sync()
    assert house.blocks() == []
    assert house.row(visit)["status"] == "cancelled"


def test_what_cannot_be_booked_is_not_mirrored(house: House) -> None:
    """Past meetings and those beyond the horizon; a meeting that is moved into it is."""
    last_week = datetime.now(UTC) - timedelta(days=7)
    house.meeting(last_week, last_week + HOUR)
    far = house.clinic.at(10) + timedelta(days=500)
    made = house.meeting(far, far + HOUR)["id"]
    house.sync()
    assert house.blocks() == []
    house.move(made, house.clinic.at(10), house.clinic.at(11))
    house.sync()
    assert house.blocks() == [(house.clinic.at(10), house.clinic.at(11))]


def test_ours_are_visits_and_not_busy_times(house: House) -> None:
    """The event of a visit blocks nothing: the visit itself does, and leaves with it."""
    visit = house.book(10)
    assert house.sync() == "read"
    assert house.blocks() == []
    assert house.row(visit)["version"] == 1
    assert house.told("calendar.put_back") == []
