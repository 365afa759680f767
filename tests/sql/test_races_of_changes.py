"""Moves, cancels and bookings at one moment: one lock for all of them."""

from functools import partial
from typing import Any

import psycopg
import pytest

from tests.clinics import Clinic, Connection, book, call, one, put_visit
from tests.crowd import OVERLAPS, Caller, Waiting, all_at_once, booker, count_outcomes
from tests.database import Database


def phone(n: int) -> str:
    """Return the n-th caller's number."""
    return f"+1202555{n:04d}"


def mover(clinic: Clinic, appointment: str, at: Any, provider: str | None = None) -> Caller:
    """Return a caller that moves this appointment."""
    return lambda c: call(
        c,
        "reschedule_appointment_atomic",
        org_id=clinic.id,
        scheduled_at=at,
        appointment_id=appointment,
        provider=provider,
    )


def test_moves_and_bookings_of_one_slot_have_one_winner(
    database: Database, owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Six visits want to move to Tuesday at nine, fourteen callers want to book it."""
    made = [
        book(app, clinic, clinic.at(9 + n), patient_phone=phone(n))["appointment"]["id"] for n in range(6)
    ]
    goal = clinic.at(9, day=1)
    callers = [mover(clinic, appointment, goal) for appointment in made]
    callers += [booker(clinic, goal, patient_phone=phone(100 + n)) for n in range(14)]
    counts = count_outcomes(all_at_once(database, callers))
    assert counts.pop("slot_unavailable") == 19
    assert counts in ({"booked": 1}, {"rescheduled": 1})
    assert one(owner, OVERLAPS) == 0
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments WHERE starts_at = %s", goal) == 1
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments") == 6 + counts.get("booked", 0)


def test_swaps_between_providers_do_not_deadlock(
    database: Database, owner: Connection, app: Connection, three: Clinic
) -> None:
    """Visits go round all three schedules in both directions at once: locks in key order make no circle."""
    names = ("Ruiz", "Cho", "Okafor")
    made = [
        book(app, three, three.at(9 + n // 3), provider=names[n % 3], patient_phone=phone(n))["appointment"][
            "id"
        ]
        for n in range(12)
    ]
    callers = [
        mover(
            three, appointment, three.at(9 + (n * 5) % 8, day=1 + turn), names[(n + (1 if turn else 2)) % 3]
        )
        for turn in range(4)
        for n, appointment in enumerate(made)
    ]
    answers = all_at_once(database, callers, connections=24)
    assert set(count_outcomes(answers)) <= {"rescheduled", "slot_unavailable", "version_conflict"}
    assert one(owner, OVERLAPS) == 0
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments") == 12
    moved = one(owner, "SELECT sum(version - 1) FROM frontdesk.appointments")
    assert moved == one(owner, "SELECT count(*) FROM frontdesk.events WHERE type = 'appointment.rescheduled'")


def test_a_slot_given_up_goes_to_one_caller(
    database: Database, owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """A cancel among thirty bookings: at most one of them gets the slot, and never two visits stand there."""
    made = book(app, clinic, clinic.at(9), patient_phone=phone(999))["appointment"]["id"]
    callers: list[Caller] = [booker(clinic, clinic.at(9), patient_phone=phone(n)) for n in range(30)]
    callers.insert(0, lambda c: call(c, "cancel_appointment_atomic", org_id=clinic.id, appointment_id=made))
    counts = count_outcomes(all_at_once(database, callers))
    booked = counts.get("booked", 0)
    assert counts["cancelled"] == 1
    assert booked in {0, 1}
    assert counts.get("slot_unavailable", 0) == 30 - booked
    live = "SELECT count(*) FROM frontdesk.appointments WHERE status = 'pending'"
    assert one(owner, live) == booked


def test_twenty_cancels_make_one_event(
    database: Database, owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """All are told it is cancelled; staff and patient hear of it once."""
    made = book(app, clinic, clinic.at(9))["appointment"]["id"]
    cancel = partial(
        call,
        function="cancel_appointment_atomic",
        org_id=clinic.id,
        appointment_id=made,
        call_id="c",
        tool_call_id="t",
    )
    answers = all_at_once(database, [cancel] * 20)
    assert count_outcomes(answers) == {"cancelled": 20}
    assert sum("outbox" in answer for answer in answers) == 1
    assert one(owner, "SELECT count(*) FROM frontdesk.events WHERE type = 'appointment.cancelled'") == 1


def test_twenty_equal_moves_are_one_move(
    database: Database, owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """With one key: one change, nineteen replays of its answer."""
    made = book(app, clinic, clinic.at(9))["appointment"]["id"]
    move = partial(
        call,
        function="reschedule_appointment_atomic",
        org_id=clinic.id,
        appointment_id=made,
        scheduled_at=clinic.at(13),
        call_id="c",
        tool_call_id="t",
    )
    answers = all_at_once(database, [move] * 20)
    assert count_outcomes(answers) == {"rescheduled": 20}
    assert sum("replayed" in answer for answer in answers) == 19
    assert one(owner, "SELECT version FROM frontdesk.appointments") == 2


def test_a_visit_cancelled_while_a_move_waited_is_not_revived(
    database: Database, owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """The move reads the row again behind the lock, and finds it gone."""
    made = book(app, clinic, clinic.at(9))["appointment"]["id"]
    with database.connect_app() as first:
        with first.transaction():
            call(first, "cancel_appointment_atomic", org_id=clinic.id, appointment_id=made)
            waiting = Waiting(database, mover(clinic, made, clinic.at(13)))
            waiting.until_it_waits(owner, "advisory")
        assert waiting.finish() == {"outcome": "not_found"}
    assert one(owner, "SELECT starts_at FROM frontdesk.appointments") == clinic.at(9)


def test_a_visit_that_changed_hands_while_a_move_waited_is_not_taken_back(
    database: Database, owner: Connection, app: Connection, three: Clinic
) -> None:
    """'Stays with the same provider' meant the one it had; the answer shows where it is now."""
    made = book(app, three, three.at(9), provider="Ruiz")["appointment"]["id"]
    with database.connect_app() as first:
        with first.transaction():
            mover(three, made, three.at(9), "Cho")(first)
            waiting = Waiting(database, mover(three, made, three.at(13)))
            waiting.until_it_waits(owner, "advisory")
        answer = waiting.finish()
    assert answer["outcome"] == "version_conflict"
    assert answer["appointment"]["provider_name"] == "Dr. Ben Cho"
    assert one(owner, "SELECT provider_id FROM frontdesk.appointments") == three.providers[1]


def test_a_slot_taken_while_a_booking_waited_is_refused(
    database: Database, owner: Connection, clinic: Clinic
) -> None:
    """Both looks of the waiter count: the second, behind the lock, sees what the holder committed."""
    with database.connect_app() as first:
        with first.transaction():
            assert book(first, clinic, clinic.at(9))["outcome"] == "booked"
            waiting = Waiting(
                database, lambda c: book(c, clinic, clinic.at(9, 30), patient_phone="+12025550100")
            )
            waiting.until_it_waits(owner, "advisory")
        assert waiting.finish()["outcome"] == "slot_unavailable"
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments") == 1


def test_one_key_for_two_visits_at_once_changes_one(
    database: Database, owner: Connection, app: Connection, three: Clinic
) -> None:
    """Different visits share no lock; the key then lets only one change stand, and the retry is told."""
    made = [
        put_visit(owner, three, three.at(9), provider=p, phone=phone(n))
        for n, p in enumerate(three.providers)
    ]
    key = {"org_id": three.id, "call_id": "c", "tool_call_id": "t"}
    with database.connect_app() as first:
        with first.transaction():
            call(first, "cancel_appointment_atomic", appointment_id=made[0], **key)
            waiting = Waiting(
                database, lambda c: call(c, "cancel_appointment_atomic", appointment_id=made[1], **key)
            )
            waiting.until_it_waits(owner, "transactionid")
        with pytest.raises(psycopg.errors.SerializationFailure):
            waiting.finish()
    assert call(app, "cancel_appointment_atomic", appointment_id=made[1], **key) == {"outcome": "key_reused"}
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments WHERE status = 'cancelled'") == 1
