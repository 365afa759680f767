"""cancel_appointment_atomic: the time is free at once, and a repeated cancel is an answer."""

from typing import Any

import pytest

from tests.clinics import Clinic, Connection, book, call, every_row, one

PHONE = "+12025550147"


def cancel(app: Connection, clinic: Clinic, **arguments: Any) -> Any:
    """Cancel with these arguments."""
    return call(app, "cancel_appointment_atomic", org_id=clinic.id, **arguments)


def test_a_cancelled_visit_frees_its_time(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """The row stays, cancelled and a version older; the next caller gets the slot."""
    made = book(app, clinic, clinic.at(9))["appointment"]
    answer = cancel(app, clinic, appointment_id=made["id"], reason="ill", call_id="c")
    assert (answer["outcome"], answer["appointment"]["status"]) == ("cancelled", "cancelled")
    row = owner.execute("SELECT * FROM frontdesk.appointments").fetchone()
    assert row is not None
    assert (row["status"], row["version"], row["last_call_id"]) == ("cancelled", 2, "c")
    assert book(app, clinic, clinic.at(9), patient_phone="+12025550100")["outcome"] == "booked"


def test_a_cancel_is_told_to_everybody(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """One event with the reason, three outbox rows of the new version."""
    made = book(app, clinic, clinic.at(9))["appointment"]
    answer = cancel(app, clinic, appointment_id=made["id"], reason="ill", source="staff", actor="staff:7")
    event = owner.execute("SELECT * FROM frontdesk.events WHERE seq = 2").fetchone()
    assert event is not None
    assert (event["type"], event["actor"], event["data"]["reason"]) == (
        "appointment.cancelled",
        "staff:7",
        "ill",
    )
    rows = owner.execute(
        "SELECT queue, version FROM frontdesk.outbox WHERE id = ANY (%s)",
        [[row["id"] for row in answer["outbox"]]],
    )
    assert sorted((row["queue"], row["version"]) for row in rows) == [
        ("calendar", 2),
        ("notify", 2),
        ("sms", 2),
    ]


def test_cancelling_again_changes_nothing(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """With the same key it is replayed; without, the visit is cancelled already, which is what was wanted."""
    made = book(app, clinic, clinic.at(9))["appointment"]
    key = {"call_id": "c", "tool_call_id": "t"}
    first = cancel(app, clinic, appointment_id=made["id"], **key)
    before = every_row(owner, clinic.id)
    again = cancel(app, clinic, appointment_id=made["id"], **key)
    later = cancel(app, clinic, appointment_id=made["id"], call_id="c", tool_call_id="t2")
    first.pop("outbox")
    assert again == first | {"replayed": True}
    assert later == first
    assert every_row(owner, clinic.id) == before


def test_the_same_call_finds_what_it_cancelled(app: Connection, clinic: Clinic) -> None:
    """The caller asks "is it cancelled?" by name; in a later call there is nothing left to find."""
    book(app, clinic, clinic.at(9))
    who = {"caller_phone": PHONE, "patient_name": "Dana Whitfield"}
    first = cancel(app, clinic, call_id="c1", **who)
    again = cancel(app, clinic, call_id="c1", **who)
    later = cancel(app, clinic, call_id="c2", **who)
    assert (first["outcome"], again["outcome"], later["outcome"]) == ("cancelled", "cancelled", "not_found")
    assert again["appointment"] == first["appointment"]


def test_one_live_visit_beside_a_cancelled_one_is_no_question(app: Connection, clinic: Clinic) -> None:
    """Two visits, one cancelled in this call: the next cancel means the other."""
    first = book(app, clinic, clinic.at(9))["appointment"]
    second = book(app, clinic, clinic.at(11))["appointment"]
    who = {"caller_phone": PHONE, "patient_name": "Dana Whitfield", "call_id": "c1"}
    assert cancel(app, clinic, **who)["outcome"] == "multiple_found"
    cancel(app, clinic, appointment_id=first["id"], call_id="c1")
    answer = cancel(app, clinic, **who)
    assert (answer["outcome"], answer["appointment"]["id"]) == ("cancelled", second["id"])


def test_a_stale_version_is_refused_with_the_current_row(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Somebody moved it since: look again before cancelling."""
    made = book(app, clinic, clinic.at(9))["appointment"]
    owner.execute("UPDATE frontdesk.appointments SET version = 5")
    before = every_row(owner, clinic.id)
    answer = cancel(app, clinic, appointment_id=made["id"], expected_version=1)
    assert (answer["outcome"], answer["appointment"]["version"]) == ("version_conflict", 5)
    assert every_row(owner, clinic.id) == before
    assert cancel(app, clinic, appointment_id=made["id"], expected_version=5)["outcome"] == "cancelled"


@pytest.mark.parametrize("status", ["completed", "no_show"])
def test_what_is_over_cannot_be_cancelled(
    owner: Connection, app: Connection, clinic: Clinic, status: str
) -> None:
    """History stays history."""
    made = book(app, clinic, clinic.at(9))["appointment"]
    owner.execute("UPDATE frontdesk.appointments SET status = %s", [status])
    assert cancel(app, clinic, appointment_id=made["id"])["outcome"] == "not_live"
    assert one(owner, "SELECT status FROM frontdesk.appointments") == status


def test_a_key_used_for_another_change_is_refused(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """One key, two visits: the second is not cancelled."""
    first, second = (book(app, clinic, clinic.at(hour))["appointment"] for hour in (9, 11))
    key = {"call_id": "c", "tool_call_id": "t"}
    cancel(app, clinic, appointment_id=first["id"], **key)
    assert cancel(app, clinic, appointment_id=second["id"], **key) == {"outcome": "key_reused"}
    live = "SELECT count(*) FROM frontdesk.appointments WHERE status = 'pending'"
    assert one(owner, live) == 1


def test_nothing_is_cancelled_without_proof(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """No factor, wrong name, wrong number, withheld number, unknown id."""
    book(app, clinic, clinic.at(9))
    for arguments, outcome in (
        ({"caller_phone": PHONE}, "missing_info"),
        ({"caller_phone": PHONE, "patient_name": "Sam Lee"}, "not_found"),
        ({"caller_phone": "+12025550100", "patient_name": "Dana Whitfield"}, "not_found"),
        ({"patient_name": "Dana Whitfield"}, "not_verified"),
        ({"appointment_id": clinic.id}, "not_found"),
        ({}, "not_verified"),
    ):
        assert cancel(app, clinic, **arguments)["outcome"] == outcome, arguments
    assert one(owner, "SELECT status FROM frontdesk.appointments") == "pending"
