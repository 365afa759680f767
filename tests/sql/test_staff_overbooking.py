"""Staff may overbook with a reason: past "who is free" and nothing else, under the lock, for all to see."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.clinics import Clinic, Connection, add_busy, add_closure, book, call, one, put_visit
from tests.crowd import Waiting
from tests.database import Database

ACTOR = "staff:00000000-0000-7000-8000-000000000000"
LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = %s"


def overbook(app: Connection, clinic: Clinic, at: datetime, **changed: Any) -> Any:
    """Book with a reason, as one of the staff."""
    wanted = {
        "provider": str(clinic.providers[0]),
        "source": "staff",
        "actor": ACTOR,
        "overbook_reason": "Lost a crown",
    }
    return book(app, clinic, at, **wanted | changed)


def move(app: Connection, clinic: Clinic, visit: Any, at: datetime, **changed: Any) -> Any:
    """Move a visit with a reason, as one of the staff."""
    wanted = {"source": "staff", "actor": ACTOR, "overbook_reason": "Only time she can"}
    return call(
        app,
        "reschedule_appointment_atomic",
        org_id=clinic.id,
        scheduled_at=at,
        appointment_id=visit,
        **wanted | changed,
    )


@pytest.mark.parametrize("obstacle", ["visit", "busy", "closure", "evening", "grid"])
def test_a_reason_books_past_what_is_in_the_way(
    owner: Connection, app: Connection, clinic: Clinic, obstacle: str
) -> None:
    """A visit, the provider's own calendar, a closure, the hours, the grid; without a reason none of them."""
    at = {"evening": clinic.at(20), "grid": clinic.at(10, 7)}.get(obstacle, clinic.at(10))
    if obstacle == "visit":
        put_visit(owner, clinic, clinic.at(10, 30))
    elif obstacle == "busy":
        add_busy(owner, clinic, clinic.providers[0], clinic.at(9), clinic.at(12))
    elif obstacle == "closure":
        add_closure(owner, clinic, clinic.at(0), clinic.at(23))
    refused = overbook(app, clinic, at, overbook_reason=None)
    assert refused["outcome"] in {"slot_unavailable", "outside_hours"}
    made = overbook(app, clinic, at)
    assert made["outcome"] == "booked"
    row = one(owner, "SELECT overbooked FROM frontdesk.appointments WHERE id = %s", made["appointment"]["id"])
    event = owner.execute("SELECT actor, data FROM frontdesk.events").fetchone()
    assert event is not None
    assert (row, event["actor"]) == (True, ACTOR)
    assert (event["data"]["overbooked"], event["data"]["reason"]) == (True, "Lost a crown")


def test_what_is_free_is_booked_the_ordinary_way(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """A reason given in vain weakens nothing: the row keeps the second wall, the event has no reason."""
    assert overbook(app, clinic, clinic.at(9))["outcome"] == "booked"
    assert one(owner, "SELECT overbooked FROM frontdesk.appointments") is False
    assert one(owner, "SELECT data ? 'reason' FROM frontdesk.events") is False


def test_notice_is_the_clinic_s_own_to_waive(owner: Connection, app: Connection, open_always: Clinic) -> None:
    """A caller would be too soon; the front desk sees who stands before it. The past stays the past."""
    owner.execute("UPDATE frontdesk.orgs SET minimum_notice_minutes = 600")
    soon = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=5)
    assert overbook(app, open_always, soon, overbook_reason=None)["outcome"] == "too_soon"
    assert overbook(app, open_always, soon)["outcome"] == "booked"
    assert overbook(app, open_always, soon - timedelta(minutes=10))["outcome"] == "in_past"
    assert overbook(app, open_always, soon + timedelta(days=500))["outcome"] == "too_far"


def test_who_and_what_stay_rules(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Provider, service, the limit of a number, and the same visit twice are not a matter of room."""
    put_visit(owner, clinic, clinic.at(10))
    assert overbook(app, clinic, clinic.at(10), provider=None) == {
        "outcome": "missing_info",
        "field": "provider",
    }
    assert overbook(app, clinic, clinic.at(10), provider=str(uuid4()))["outcome"] == "unknown_provider"
    assert overbook(app, clinic, clinic.at(10), service_type="Surgery")["outcome"] == "unknown_service"
    assert overbook(app, clinic, clinic.at(10))["outcome"] == "booked"
    assert overbook(app, clinic, clinic.at(10))["outcome"] == "already_booked"
    owner.execute("UPDATE frontdesk.orgs SET live_appointments_per_contact = 1")
    assert overbook(app, clinic, clinic.at(10, 30))["outcome"] == "too_many"


@pytest.mark.parametrize("source", ["voice", "patient", "calendar"])
def test_nobody_but_staff_may(owner: Connection, app: Connection, clinic: Clinic, source: str) -> None:
    """22023: whoever passes a reason for a caller has a defect."""
    visit = book(app, clinic, clinic.at(9))["appointment"]["id"]
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="only staff"):
        overbook(app, clinic, clinic.at(9), source=source)
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="only staff"):
        move(app, clinic, visit, clinic.at(11), source=source)


def test_an_overbooking_holds_the_same_locks(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """The provider's and the contact's, until the commit: never around the queue."""
    put_visit(owner, clinic, clinic.at(10))
    with app.transaction():
        made = overbook(app, clinic, clinic.at(10))
        assert one(owner, LOCKS, app.info.backend_pid) == 2
    with app.transaction():
        assert move(app, clinic, made["appointment"]["id"], clinic.at(20))["outcome"] == "rescheduled"
        assert one(owner, LOCKS, app.info.backend_pid) == 2


def test_an_overbooking_waits_for_a_booking(
    database: Database, owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """It sees the new contact of the booking it waited for, and makes no second one."""
    with database.connect_app() as first, first.transaction():
        assert book(first, clinic, clinic.at(9))["outcome"] == "booked"
        waiting = Waiting(database, lambda c: overbook(c, clinic, clinic.at(9, 30)))
        waiting.until_it_waits(owner, "advisory")
    assert waiting.finish()["outcome"] == "booked"
    assert one(owner, "SELECT count(*) FROM frontdesk.contacts") == 1
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments WHERE overbooked") == 1


def test_callers_do_not_book_over_an_overbooked_visit(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """It is a visit like any other to who asks for a time, also when what it was squeezed beside is gone."""
    other = put_visit(owner, clinic, clinic.at(10))
    assert overbook(app, clinic, clinic.at(10))["outcome"] == "booked"
    owner.execute("UPDATE frontdesk.appointments SET status = 'cancelled' WHERE id = %s", [other])
    told = book(app, clinic, clinic.at(10, 30), patient_phone="+12025550111")
    assert told["outcome"] == "slot_unavailable"


def test_a_repeated_overbooking_is_one(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """The key replays the answer."""
    put_visit(owner, clinic, clinic.at(10))
    first = overbook(app, clinic, clinic.at(10), idempotency_key="staff:1")
    again = overbook(app, clinic, clinic.at(10), idempotency_key="staff:1")
    assert (again["appointment"], again["replayed"]) == (first["appointment"], True)
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments") == 2


def test_a_move_overbooks_and_comes_back(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Marked while it is squeezed in, with the reason in its event; an ordinary visit again when moved on."""
    put_visit(owner, clinic, clinic.at(10))
    visit = book(app, clinic, clinic.at(14))["appointment"]["id"]
    assert move(app, clinic, visit, clinic.at(10), overbook_reason=None)["outcome"] == "slot_unavailable"
    assert move(app, clinic, visit, clinic.at(10))["outcome"] == "rescheduled"
    row = "SELECT overbooked FROM frontdesk.appointments WHERE id = %s"
    assert one(owner, row, visit) is True
    kept = one(owner, "SELECT data FROM frontdesk.events WHERE seq = 2")
    assert (kept["overbooked"], kept["reason"]) == (True, "Only time she can")
    assert move(app, clinic, visit, clinic.at(15))["outcome"] == "rescheduled"
    assert one(owner, row, visit) is False
    assert "reason" not in one(owner, "SELECT data FROM frontdesk.events WHERE seq = 3")


def test_a_move_keeps_to_providers_who_work(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Somebody who left takes no visits, whatever the reason."""
    visit = book(app, clinic, clinic.at(14))["appointment"]["id"]
    owner.execute("UPDATE frontdesk.providers SET active = false")
    assert move(app, clinic, visit, clinic.at(10))["outcome"] in {"slot_unavailable", "outside_hours"}
    assert move(app, clinic, visit, datetime.now(UTC) - timedelta(hours=1))["outcome"] == "in_past"
