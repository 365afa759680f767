"""What became of a visit: which state follows which, how early, and what a revived visit must not meet."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.clinics import Clinic, Connection, book, call, every_row, make_clinic, one, put_visit
from tests.crowd import Waiting
from tests.database import Database

STATES = ("pending", "confirmed", "arrived", "completed", "no_show", "cancelled")
ALLOWED = {
    ("pending", "arrived"),
    ("confirmed", "arrived"),
    ("pending", "completed"),
    ("confirmed", "completed"),
    ("arrived", "completed"),
    ("pending", "no_show"),
    ("confirmed", "no_show"),
    ("arrived", "pending"),
    ("completed", "pending"),
    ("no_show", "pending"),
}
ACTOR = "staff:00000000-0000-7000-8000-000000000000"


def now() -> datetime:
    """Return the present, in UTC."""
    return datetime.now(UTC)


def become(app: Connection, clinic: Clinic, visit: UUID, status: str, version: int | None = 1) -> Any:
    """Say what became of a visit."""
    return call(
        app,
        "set_appointment_status",
        org_id=clinic.id,
        appointment_id=visit,
        status=status,
        expected_version=version,
        actor=ACTOR,
    )


@pytest.mark.parametrize(
    "after", ["pending", "arrived", "completed", "no_show", "cancelled", "confirmed", "lost"]
)
@pytest.mark.parametrize("before", STATES)
def test_each_state_has_its_followers(
    owner: Connection, app: Connection, clinic: Clinic, before: str, after: str
) -> None:
    """Of a visit that has begun: exactly the transitions of docs/state-machines.md, each with its event."""
    visit = put_visit(owner, clinic, now() - timedelta(minutes=5), status=before)
    told = become(app, clinic, visit, after)
    if before == after:
        expected, version = "set", 1
    elif (before, after) in ALLOWED:
        expected, version = "set", 2
    else:
        expected, version = "wrong_state", 1
    assert told["outcome"] == expected
    assert (told["appointment"]["version"], len(told["outbox"])) == (version, 2 * (version - 1))
    row = owner.execute("SELECT status, version FROM frontdesk.appointments").fetchone()
    assert row == {"status": after if version == 2 else before, "version": version}
    types = [each["type"] for each in owner.execute("SELECT type, actor FROM frontdesk.events")]
    assert types == ([f"appointment.{'reopened' if after == 'pending' else after}"] if version == 2 else [])


@pytest.mark.parametrize(
    ("status", "ahead", "outcome"),
    [
        ("arrived", timedelta(hours=11, minutes=55), "set"),
        ("arrived", timedelta(hours=12, minutes=5), "too_early"),
        ("completed", timedelta(minutes=5), "too_early"),
        ("no_show", timedelta(minutes=5), "too_early"),
        ("no_show", timedelta(minutes=-5), "set"),
    ],
)
def test_nobody_has_come_or_stayed_away_before_their_time(
    owner: Connection, app: Connection, clinic: Clinic, status: str, ahead: timedelta, outcome: str
) -> None:
    """Arriving is said up to twelve hours early, the end of a visit not before its start."""
    visit = put_visit(owner, clinic, now() + ahead)
    assert become(app, clinic, visit, status)["outcome"] == outcome


def test_a_repetition_changes_nothing_and_a_stale_change_is_told(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """What it is already is an answer at any version; else the version seen must be the version now."""
    visit = put_visit(owner, clinic, now() - timedelta(minutes=5))
    assert become(app, clinic, visit, "arrived")["appointment"]["version"] == 2
    assert become(app, clinic, visit, "arrived")["outcome"] == "set"
    stale = become(app, clinic, visit, "completed")
    assert (stale["outcome"], stale["appointment"]["version"]) == ("version_conflict", 2)
    assert become(app, clinic, visit, "completed", None)["outcome"] == "set"


def test_a_visit_is_not_revived_over_another(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Somebody took the time a no-show left; overbooked visits may share it."""
    start = now() - timedelta(minutes=30)
    visit = put_visit(owner, clinic, start, status="no_show")
    squeezed = put_visit(owner, clinic, start, status="no_show", overbooked=True)
    put_visit(owner, clinic, start + timedelta(minutes=45), minutes=30, phone="+12025550111")
    refused = become(app, clinic, visit, "pending")
    assert (refused["outcome"], refused["appointment"]["status"]) == ("slot_unavailable", "no_show")
    assert become(app, clinic, squeezed, "pending")["outcome"] == "set"
    after = put_visit(owner, clinic, start - timedelta(minutes=60), status="completed")
    assert become(app, clinic, after, "pending")["outcome"] == "set"


def test_a_booking_and_a_revival_wait_for_each_other(
    database: Database, owner: Connection, app: Connection, open_always: Clinic, next_quarter: datetime
) -> None:
    """Both change what is free, so both take the provider's lock: the second sees what the first wrote."""
    visit = put_visit(owner, open_always, next_quarter - timedelta(minutes=60), minutes=75, status="no_show")
    with database.connect_app() as first, first.transaction():
        booked = book(first, open_always, next_quarter)
        assert booked["outcome"] == "booked"
        reviving = Waiting(database, lambda c: become(c, open_always, visit, "pending"))
        reviving.until_it_waits(owner, "advisory")
    assert reviving.finish()["outcome"] == "slot_unavailable"
    assert one(owner, "SELECT status FROM frontdesk.appointments WHERE id = %s", visit) == "no_show"


def test_notes_change_by_version_and_say_nothing_of_themselves(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """The event tells that, not what; a stale change is told; the same text again is no change."""
    visit = book(app, clinic, clinic.at(9))["appointment"]["id"]
    about = {"org_id": clinic.id, "appointment_id": visit, "actor": ACTOR}
    noted = call(app, "note_appointment", notes="Latex", expected_version=1, **about)
    assert (noted["outcome"], noted["appointment"]["notes"], len(noted["outbox"])) == ("noted", "Latex", 1)
    again = call(app, "note_appointment", notes=" Latex ", expected_version=1, **about)
    assert (again["outcome"], again["outbox"]) == ("noted", [])
    stale = call(app, "note_appointment", notes="Else", expected_version=1, **about)
    assert stale["outcome"] == "version_conflict"
    assert one(owner, "SELECT count(*) FROM frontdesk.events WHERE data::text LIKE '%%Latex%%'") == 0


def test_no_board_question_reaches_another_clinic(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Reading or changing a visit by its id under another org: not there, and unchanged."""
    other = make_clinic(owner)
    visit = put_visit(owner, clinic, now() - timedelta(minutes=5))
    before = every_row(owner, clinic.id)
    contact = one(owner, "SELECT contact_id FROM frontdesk.appointments")
    assert call(app, "appointment", org_id=other.id, appointment_id=visit) is None
    for narrowed in ({}, {"provider_id": clinic.providers[0]}, {"contact_id": contact}):
        wanted: dict[str, Any] = dict.fromkeys(
            ("from", "until", "provider_id", "contact_id", "statuses", "after_starts_at", "after_id")
        )
        page = call(app, "list_appointments", org_id=other.id, limit=10, **wanted | narrowed)
        assert page == {"items": [], "next": None}
    assert become(app, other, visit, "arrived") == {"outcome": "not_found"}
    about = {"org_id": other.id, "appointment_id": visit, "actor": ACTOR}
    told = call(app, "note_appointment", notes="Spy", expected_version=1, **about)
    assert told == {"outcome": "not_found"}
    assert call(app, "events_after", org_id=other.id, after=0, limit=10)["items"] == []
    assert every_row(owner, clinic.id) == before
    assert become(app, clinic, uuid4(), "arrived") == {"outcome": "not_found"}
