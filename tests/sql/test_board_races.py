"""Two people at the front desk at one moment: what is wanted once happens once, and the second is told."""

import uuid
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.clinics import Clinic, Connection, book, call, make_clinic, one
from tests.crowd import all_at_once, count_outcomes
from tests.database import Database
from tests.texts import claim, next_sms, record, text_row, texting_clinic

ACTOR = f"staff:{uuid.uuid4()}"


@pytest.fixture
def clinic(owner: Connection) -> Clinic:
    """Make a clinic that sends texts."""
    return texting_clinic(owner)


@pytest.fixture
def contact(app: Connection, clinic: Clinic) -> str:
    """Give the clinic a contact."""
    made: str = book(app, clinic, clinic.at(9))["appointment"]["contact_id"]
    return made


def put_staff(owner: Connection, clinic: Clinic) -> uuid.UUID:
    """Write somebody who works there; return their id."""
    made = uuid.uuid4()
    owner.execute(
        "INSERT INTO frontdesk.staff (org_id, id, email, name, role) VALUES (%s, %s, %s, 'Sam Doe', 'staff')",
        [clinic.id, made, f"{made.hex}@example.test"],
    )
    return made


def test_ten_clicks_send_one_text(
    database: Database, owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """All are told of the same new text; one outbox row, one event."""
    booked = book(app, clinic, clinic.at(9))
    old = next_sms(app, clinic, text_row(booked))["message"]["id"]
    record(app, clinic, old, claim(app, clinic, old)["attempt"], "permanent")
    click = {"org_id": clinic.id, "message_id": old, "actor": ACTOR}
    told = all_at_once(database, [lambda c: call(c, "resend_sms", **click)] * 10)
    assert count_outcomes(told) == {"queued": 10}
    assert len({each["message"]["id"] for each in told}) == 1
    assert one(owner, "SELECT count(*) FROM frontdesk.outbox WHERE kind = 'sms.again'") == 1
    assert one(owner, "SELECT count(*) FROM frontdesk.events WHERE type = 'sms.resent'") == 1


def test_of_ten_who_correct_a_name_one_does(
    database: Database, owner: Connection, clinic: Clinic, contact: str
) -> None:
    """The others get the row as that one left it."""

    def corrector(place: int) -> Any:
        changes = Jsonb({"name": f"Name {place}"})
        wanted = {"contact_id": contact, "version": 1, "changes": changes, "actor": ACTOR}
        return lambda c: call(c, "change_contact", org_id=clinic.id, **wanted)

    told = all_at_once(database, [corrector(place) for place in range(10)])
    assert count_outcomes(told) == {"changed": 1, "version_conflict": 9}
    assert {each["contact"]["name"] for each in told} == {one(owner, "SELECT name FROM frontdesk.contacts")}
    assert one(owner, "SELECT version FROM frontdesk.contacts") == 2


def test_of_ten_who_take_a_follow_up_one_has_it(
    database: Database, owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """The others are told who."""
    made = call(app, "add_follow_up", org_id=clinic.id, message="Call", due_at=clinic.at(9), actor=ACTOR)
    people = [put_staff(owner, clinic) for _ in range(10)]

    def taker(person: uuid.UUID) -> Any:
        wanted = {
            "follow_up_id": made["follow_up"]["id"],
            "version": 1,
            "changes": Jsonb({"assignee_id": str(person)}),
            "actor": f"staff:{person}",
        }
        return lambda c: call(c, "change_follow_up", org_id=clinic.id, **wanted)

    told = all_at_once(database, [taker(person) for person in people])
    assert count_outcomes(told) == {"changed": 1, "version_conflict": 9}
    assert {each["follow_up"]["assignee_id"] for each in told} == {
        str(one(owner, "SELECT assignee_id FROM frontdesk.follow_ups"))
    }


def test_a_note_sent_ten_times_with_one_key_is_one_note(
    database: Database, owner: Connection, clinic: Clinic, contact: str
) -> None:
    """Those that met their twin are undone whole, and told its answer when they try again."""
    wanted = {
        "contact_id": contact,
        "staff_id": put_staff(owner, clinic),
        "body": "Prefers mornings",
        "idempotency_key": "staff:k",
    }

    def noter(connection: Connection) -> Any:
        while True:
            try:
                return call(connection, "note_contact", org_id=clinic.id, **wanted)
            except Exception as error:
                # What frontdesk.db tries again.
                if getattr(error, "sqlstate", None) != "40001":
                    raise

    told = all_at_once(database, [noter] * 10)
    assert {each["note"]["id"] for each in told} == {
        str(one(owner, "SELECT id FROM frontdesk.contact_notes"))
    }
    assert one(owner, "SELECT count(*) FROM frontdesk.events WHERE type = 'contact.noted'") == 1


def test_a_week_is_replaced_whole(database: Database, owner: Connection, clinic: Clinic) -> None:
    """Of ten weeks set at once one stands, never a mixture; with versions the others are told."""

    def setter(hour: int, version: int | None) -> Any:
        hours = [{"weekday": day, "opens": f"{hour:02}:00", "closes": f"{hour:02}:30"} for day in range(1, 8)]
        wanted = {
            "provider_id": clinic.providers[0],
            "hours": Jsonb(hours),
            "actor": ACTOR,
            "version": version,
        }
        return lambda c: call(c, "save_hours", org_id=clinic.id, **wanted)

    told = all_at_once(database, [setter(hour, None) for hour in range(10)])
    assert count_outcomes(told) == {"changed": 10}
    rows = owner.execute("SELECT weekday, opens FROM frontdesk.weekly_hours").fetchall()
    assert len(rows) == 7
    assert len({row["opens"] for row in rows}) == 1
    told = all_at_once(database, [setter(hour, 11) for hour in range(10, 20)])
    assert count_outcomes(told) == {"changed": 1, "version_conflict": 9}


def test_no_change_of_settings_waits_for_a_booking(
    database: Database, owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """A booking under way holds its org and provider as foreign keys do; settings go on all the same."""
    wanted = {"version": 1, "changes": Jsonb({"name": "North"}), "actor": ACTOR}
    with database.connect_app() as busy, busy.transaction():
        assert book(busy, clinic, clinic.at(9))["outcome"] == "booked"
        # Only the event counter is needed by both: it ends there, in the lock's time-out.
        with pytest.raises(psycopg.errors.LockNotAvailable) as raised:
            call(app, "change_settings", org_id=clinic.id, **wanted)
    assert "event_counters" in str(raised.value)
    assert call(app, "change_settings", org_id=clinic.id, **wanted)["outcome"] == "changed"


def test_two_clinics_do_not_meet(owner: Connection, app: Connection, clinic: Clinic, contact: str) -> None:
    """With another clinic's id, every function of the board finds nothing of ours and changes nothing."""
    other = make_clinic(owner, providers=("Dr. Zhou",))
    made = call(app, "add_follow_up", org_id=clinic.id, message="Call", due_at=clinic.at(9), actor=ACTOR)
    follow_up, provider = made["follow_up"]["id"], clinic.providers[0]
    service = clinic.services["Check-up"]
    message = uuid.uuid4()
    owner.execute(
        "INSERT INTO frontdesk.sms_messages"
        " (org_id, id, direction, kind, dedupe_key, phone, language, state, next_at, valid_until)"
        " VALUES (%s, %s, 'out', 'booked', 'x', '+12025550147', 'en', 'failed', now(), now())",
        [clinic.id, message],
    )
    by_version = {"version": 1, "actor": ACTOR}
    nothing = Jsonb({})
    asked: list[tuple[str, dict[str, Any]]] = [
        ("contact", {"contact_id": contact}),
        ("change_contact", {"contact_id": contact, "changes": nothing, **by_version}),
        ("note_contact", {"contact_id": contact, "staff_id": put_staff(owner, other), "body": "x"}),
        ("contact_timeline", {"contact_id": contact}),
        ("resend_sms", {"message_id": message, "actor": ACTOR}),
        ("change_follow_up", {"follow_up_id": follow_up, "changes": nothing, **by_version}),
        ("finish_follow_up", {"follow_up_id": follow_up, "outcome": None, **by_version}),
        ("miss_follow_up", {"follow_up_id": follow_up, **by_version}),
        ("save_provider", {"provider_id": provider, "changes": nothing, **by_version}),
        ("save_hours", {"provider_id": provider, "hours": Jsonb([]), **by_version}),
        ("save_service", {"service_id": service, "changes": nothing, **by_version}),
        ("delete_closure", {"closure_id": uuid.uuid4(), "actor": ACTOR}),
        ("change_staff", {"staff_id": put_staff(owner, clinic), "changes": nothing, "actor": ACTOR}),
        ("revoke_staff_member", {"staff_id": put_staff(owner, clinic), "actor": ACTOR}),
    ]
    for function, arguments in asked:
        assert call(app, function, org_id=other.id, **arguments) == {"outcome": "not_found"}, function
    lists = ("list_contacts", "list_messages", "list_follow_ups", "list_closures")
    for function in lists:
        assert call(app, function, org_id=other.id)["items"] == [], function
    for function in ("list_providers", "list_services", "list_numbers"):
        told = str(call(app, function, org_id=other.id))
        assert not any(str(each) in told for each in (provider, service, clinic.number)), function
    assert one(owner, "SELECT count(*) FROM frontdesk.events WHERE org_id = %s", other.id) == 0
