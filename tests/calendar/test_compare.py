"""The nightly comparison: what drifted apart is found, told and put right; what did not is left alone."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.calendar_worker import compare
from tests.calendar.reading import PATEL, House, standing
from tests.clinics import add_busy, call
from tests.database import Database


@pytest.fixture
def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Build a house with two meetings and a visit, read and written."""
    with standing(database, monkeypatch) as built:
        built.meeting(built.clinic.at(9), built.clinic.at(10))
        built.meeting(built.clinic.at(15), built.clinic.at(16))
        built.book(12)
        assert built.sync() == "read"
        built.owner.execute("UPDATE frontdesk.appointments SET updated_at = now() - interval '1 hour'")
        yield built


def run(house: House) -> str:
    """Compare, and do the work it asks for."""
    told = compare.compare(house.clinic.id, house.calendar_id)
    house.work()
    return told


def drift(house: House) -> list[dict[str, Any]]:
    """Return what the comparisons found."""
    return [
        {name: value for name, value in event["data"].items() if name != "calendar_id"}
        for event in house.told("calendar.drift")
    ]


def state(house: House) -> tuple[Any, ...]:
    """Return all that matters of both sides."""
    return (
        house.blocks(),
        [(event["id"], event["etag"]) for event in house.fake.events(PATEL, live=True)],
        house.owner.execute("SELECT status, starts_at, version FROM frontdesk.appointments").fetchall(),
    )


def test_where_nothing_differs_nothing_is_done(house: House) -> None:
    """No event, no write, no row changed; that it was done is noted."""
    before = state(house)
    assert run(house) == "compared"
    assert state(house) == before
    assert drift(house) == []
    assert house.calendar()["compared_at"] is not None


def test_what_nobody_had_read_yet_is_no_drift(house: House) -> None:
    """A change since the last poll is read as at any poll."""
    house.meeting(house.clinic.at(13), house.clinic.at(14))
    run(house)
    assert len(house.blocks()) == 3
    assert drift(house) == []


def test_busy_times_that_drifted_are_put_right(house: House) -> None:
    """One missing, one too many, one at another time: each counted, all as Google has them afterwards."""
    before = house.blocks()
    house.owner.execute("DELETE FROM frontdesk.busy_blocks WHERE lower(during) = %s", [house.clinic.at(9)])
    house.owner.execute(
        "UPDATE frontdesk.busy_blocks"
        " SET during = tstzrange(lower(during), upper(during) + interval '1 hour')"
    )
    add_busy(house.owner, house.clinic, house.clinic.providers[0], house.clinic.at(11), house.clinic.at(12))
    house.owner.execute(
        "UPDATE frontdesk.busy_blocks SET calendar_id = %s, external_id = 'gone' WHERE external_id IS NULL",
        [house.calendar_id],
    )
    run(house)
    assert house.blocks() == before
    assert drift(house) == [{"missing": 1, "extra": 1, "moved": 1}]
    run(house)
    assert len(drift(house)) == 1


def test_a_visit_that_google_does_not_have_is_written(house: House) -> None:
    """Its row was lost: written anew under the same id, so Google has it once."""
    house.owner.execute("DELETE FROM frontdesk.calendar_events")
    run(house)
    (visit,) = house.owner.execute("SELECT id::text FROM frontdesk.appointments").fetchall()
    assert house.at_google(visit) == [(house.clinic.at(12), house.clinic.at(13))]
    assert [each["unwritten"] for each in drift(house)] == [1]
    run(house)
    assert len(drift(house)) == 1


def test_a_visit_just_changed_is_on_its_way_and_no_drift(house: House) -> None:
    """Its write is in the queue: ten minutes are given to it."""
    (visit,) = house.owner.execute("SELECT id FROM frontdesk.appointments").fetchall()
    house.staff_move(visit["id"], house.clinic.at(14))
    assert compare.compare(house.clinic.id, house.calendar_id) == "compared"
    assert drift(house) == []


def test_an_event_of_ours_that_nobody_knows_is_deleted(house: House) -> None:
    """An older generation, or left when a calendar changed hands; a person's copy of one stays."""
    private = {
        "appt_id": str(house.clinic.id),
        "org_id": str(house.clinic.id),
        "src": "frontdesk",
        "rev": "1",
    }
    marked = {"extendedProperties": {"private": private}}
    house.meeting(house.clinic.at(10), house.clinic.at(11), id="b" * 40, **marked)
    house.meeting(house.clinic.at(14), house.clinic.at(15), **marked)
    run(house)
    assert [event["id"] for event in house.fake.events(PATEL) if event["status"] == "cancelled"] == ["b" * 40]
    assert (house.clinic.at(10), house.clinic.at(11)) not in house.blocks()
    assert (house.clinic.at(14), house.clinic.at(15)) in house.blocks()
    assert [each["leftovers"] for each in drift(house)] == [1]


def test_another_deployments_events_are_not_ours_to_delete(house: House) -> None:
    """Another clinic's id in them: they keep the provider busy like any meeting."""
    private = {
        "appt_id": str(house.clinic.id),
        "org_id": "11111111-1111-4111-8111-111111111111",
        "src": "frontdesk",
    }
    house.meeting(
        house.clinic.at(10), house.clinic.at(11), id="c" * 40, extendedProperties={"private": private}
    )
    run(house)
    assert (house.clinic.at(10), house.clinic.at(11)) in house.blocks()
    assert len(house.fake.events(PATEL, live=True)) == 4


def test_a_deletion_nobody_was_told_of_is_found(house: House) -> None:
    """Deleted while no token was valid: the comparison lists, asks Google, and the rule decides."""
    (visit,) = house.owner.execute("SELECT id::text FROM frontdesk.appointments").fetchall()
    house.delete(house.event_id(visit))
    house.fake.faults(expire_sync_token_at_page=1)
    assert run(house) == "compared"
    assert house.row(visit)["status"] == "cancelled"


def test_the_event_of_a_cancelled_visit_is_taken_away(house: House) -> None:
    """Its deletion got lost for good: the comparison sees it standing there."""
    (visit,) = house.owner.execute("SELECT id::text FROM frontdesk.appointments").fetchall()
    call(
        house.app,
        "cancel_appointment_atomic",
        org_id=house.clinic.id,
        appointment_id=visit["id"],
        source="staff",
    )
    house.owner.execute("UPDATE frontdesk.outbox SET sent_at = now() WHERE queue = 'calendar'")
    house.owner.execute("UPDATE frontdesk.appointments SET updated_at = now() - interval '1 hour'")
    run(house)
    assert house.at_google(visit) == []


def test_a_clinic_that_is_not_connected_is_not_compared(house: House) -> None:
    """Nothing is known of Google then, so nothing differs."""
    house.owner.execute("UPDATE frontdesk.google_connections SET status = 'disconnected'")
    assert run(house) == "paused"
    assert drift(house) == []
