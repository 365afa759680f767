"""What patients text back: each kind does one thing, twice delivered or not, in one clinic only."""

from datetime import timedelta
from typing import Any

import pytest

from tests.clinics import Clinic, Connection, book, call, every_row, one, put_visit
from tests.crowd import all_at_once
from tests.database import Database
from tests.texts import PATIENT, receive, texting_clinic


@pytest.fixture
def texting(owner: Connection) -> Clinic:
    """Make a clinic that sends texts."""
    return texting_clinic(owner)


def status_of(owner: Connection, appointment: Any) -> str:
    """Return the status of an appointment a booking answered with."""
    found: str = one(owner, "SELECT status FROM frontdesk.appointments WHERE id = %s", appointment["id"])
    return found


def test_a_c_confirms_the_nearest_coming_visit(app: Connection, owner: Connection, texting: Clinic) -> None:
    """Not a later one, not a past one, not a cancelled one; calendar and board are told."""
    put_visit(owner, texting, texting.at(9, day=-21), phone=PATIENT)
    later = book(app, texting, texting.at(9, day=3))["appointment"]
    nearest = book(app, texting, texting.at(9))["appointment"]
    answer = receive(app, texting, "confirm")
    assert answer["reply"] == "confirmed"
    assert answer["appointment"] == nearest | {"status": "confirmed", "version": 2}
    assert [row["queue"] for row in answer["outbox"]] == ["calendar", "notify"]
    assert status_of(owner, later) == "pending"
    assert one(owner, "SELECT actor FROM frontdesk.events WHERE type = 'appointment.confirmed'") == "patient"


def test_a_second_c_confirms_the_same_days_other_visit_and_no_later_one(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """Two children in a row: two Cs. A third must not confirm next week's visit: nobody asked about it."""
    one_child = book(app, texting, texting.at(9))["appointment"]
    other_child = book(app, texting, texting.at(10), patient_name="Ben Whitfield")["appointment"]
    next_week = book(app, texting, texting.at(9, day=7))["appointment"]
    replies = [receive(app, texting, "confirm") for _ in range(3)]
    assert [each["reply"] for each in replies] == ["confirmed"] * 3
    assert [each["appointment"]["id"] for each in replies[:2]] == [one_child["id"], other_child["id"]]
    assert status_of(owner, next_week) == "pending"


@pytest.mark.parametrize("status", ["cancelled", "arrived", "completed", "no_show"])
def test_there_may_be_nothing_to_confirm(
    app: Connection, owner: Connection, texting: Clinic, status: str
) -> None:
    """Cancelled meanwhile, or already here: said so, and the staff can see the text."""
    booked = book(app, texting, texting.at(9))["appointment"]
    owner.execute("UPDATE frontdesk.appointments SET status = %s", [status])
    answer = receive(app, texting, "confirm")
    assert (answer["reply"], answer["appointment"]) == ("nothing_to_confirm", None)
    assert status_of(owner, booked) == status
    assert one(owner, "SELECT count(*) FROM frontdesk.events WHERE type = 'sms.received'") == 1


def test_a_text_delivered_twice_gets_one_answer_and_has_one_effect(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """The same id: the same answer, marked as replayed, and every table as it was."""
    book(app, texting, texting.at(9))
    for n, intent in enumerate(["confirm", "stop", "start", "help", "reschedule", "other"]):
        first = receive(app, texting, intent, sid=f"SM{n}")
        before = every_row(owner, texting.id)
        first.pop("outbox")
        assert receive(app, texting, intent, sid=f"SM{n}") == first | {"replayed": True}
        assert every_row(owner, texting.id) == before


def test_twenty_deliveries_at_once_are_one(database: Database, owner: Connection, texting: Clinic) -> None:
    """The twin waits for the first and gets its answer."""
    answers = all_at_once(
        database, [lambda connection: receive(connection, texting, "reschedule", sid="SM1")] * 20
    )
    assert sum("replayed" not in each for each in answers) == 1
    assert {each["reply"] for each in answers} == {"reschedule"}
    assert one(owner, "SELECT count(*) FROM frontdesk.follow_ups") == 1
    assert one(owner, "SELECT count(*) FROM frontdesk.sms_messages") == 1


def test_an_r_gives_the_staff_a_follow_up_due_now(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """Somebody we may send no link to: the follow-up knows who, and is due at once."""
    book(app, texting, texting.at(9))
    receive(app, texting, "stop")
    assert receive(app, texting, "reschedule")["reply"] == "none"
    row = owner.execute("SELECT *, due_at - now() AS wait FROM frontdesk.follow_ups").fetchone()
    assert row
    assert (row["phone"], row["caller_name"], row["urgency"]) == (PATIENT, "Dana Whitfield", "same_day")
    assert row["wait"] < timedelta(seconds=1)


def test_an_r_without_a_coming_visit_is_for_a_person(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """There is nothing a link could lead to."""
    answer = receive(app, texting, "reschedule")
    assert (answer["reply"], answer["appointment"]) == ("reschedule", None)
    assert one(owner, "SELECT count(*) FROM frontdesk.follow_ups WHERE due_at <= now()") == 1


def test_an_r_is_answered_with_the_link_to_the_nearest_visit(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """Nobody need call; the staff see that it was asked for, and the answer names the visit."""
    book(app, texting, texting.at(9, day=1))
    booked = book(app, texting, texting.at(9))["appointment"]
    answer = receive(app, texting, "reschedule")
    assert (answer["reply"], answer["appointment"]["id"]) == ("reschedule_link", booked["id"])
    assert [row["queue"] for row in answer["outbox"]] == ["notify"]
    assert one(owner, "SELECT count(*) FROM frontdesk.follow_ups") == 0
    event = owner.execute("SELECT type, data FROM frontdesk.events ORDER BY seq DESC LIMIT 1").fetchone()
    assert event
    assert (event["type"], event["data"]["code"]) == ("sms.received", "reschedule")


@pytest.mark.parametrize(("intent", "reply"), [("other", "none"), ("help", "help")])
def test_anything_else_lands_with_the_staff_word_for_word_in_the_table_only(
    app: Connection, owner: Connection, texting: Clinic, intent: str, reply: str
) -> None:
    """The words are kept with the text; event and outbox row carry its id."""
    answer = receive(app, texting, intent)
    assert answer["reply"] == reply
    assert [row["queue"] for row in answer["outbox"]] == ["notify"]
    message = owner.execute("SELECT * FROM frontdesk.sms_messages").fetchone()
    assert message
    assert (message["direction"], message["state"], message["body"]) == (
        "in",
        "received",
        "words of the patient",
    )
    event = owner.execute("SELECT * FROM frontdesk.events").fetchone()
    assert event
    assert event["data"]["message_id"] == str(message["id"])
    assert "words of" not in str(event) + str(owner.execute("SELECT * FROM frontdesk.outbox").fetchall())


def test_a_stop_in_one_clinic_is_none_in_another(app: Connection, owner: Connection, texting: Clinic) -> None:
    """The same patient of two clinics: each number has its own opt-out."""
    other = texting_clinic(owner, sms_sender="+12025550101")
    for clinic in (texting, other):
        book(app, clinic, clinic.at(9))
    receive(app, texting, "stop")
    opted_out = owner.execute("SELECT org_id FROM frontdesk.sms_opt_outs").fetchall()
    assert [row["org_id"] for row in opted_out] == [texting.id]
    assert receive(app, other, "confirm")["reply"] == "confirmed"
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments WHERE status = 'confirmed'") == 1


def test_confirming_is_compare_and_swap(
    database: Database, app: Connection, owner: Connection, texting: Clinic
) -> None:
    """Twenty at once: one event. Not over a newer version, not what is cancelled or over."""
    booked = book(app, texting, texting.at(9))["appointment"]
    target = {"org_id": texting.id, "appointment_id": booked["id"]}
    answers = all_at_once(database, [lambda c: call(c, "confirm_appointment", **target)] * 20)
    assert {each["outcome"] for each in answers} == {"confirmed"}
    assert sum(bool(each["outbox"]) for each in answers) == 1
    assert one(owner, "SELECT version FROM frontdesk.appointments") == 2
    assert call(app, "confirm_appointment", **target, expected_version=1)["outcome"] == "version_conflict"
    call(app, "cancel_appointment_atomic", **target)
    assert call(app, "confirm_appointment", **target)["outcome"] == "not_found"
    owner.execute("UPDATE frontdesk.appointments SET status = 'completed'")
    assert call(app, "confirm_appointment", **target)["outcome"] == "not_live"


@pytest.mark.parametrize("intent", ["confirm", "reschedule", "help"])
def test_nothing_is_said_to_somebody_who_opted_out(
    app: Connection, owner: Connection, texting: Clinic, intent: str
) -> None:
    """What they ask for is done all the same; Twilio would refuse the reply (21610)."""
    booked = book(app, texting, texting.at(9))["appointment"]
    receive(app, texting, "stop")
    assert receive(app, texting, intent)["reply"] == "none"
    assert status_of(owner, booked) == ("confirmed" if intent == "confirm" else "pending")
    assert receive(app, texting, "start")["reply"] == "started"
    assert receive(app, texting, "help")["reply"] == "help"


def test_stopping_twice_is_one_event(app: Connection, owner: Connection, texting: Clinic) -> None:
    """The second STOP is kept as a text, and the timeline says once that they opted out."""
    assert [receive(app, texting, "stop")["reply"] for _ in range(2)] == ["stopped", "stopped"]
    types = [row["type"] for row in owner.execute("SELECT type FROM frontdesk.events ORDER BY seq")]
    assert types == ["sms.opted_out", "sms.received"]
