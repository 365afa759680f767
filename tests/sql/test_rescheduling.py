"""reschedule_appointment_atomic: one UPDATE, and the old time survives every refusal."""

from datetime import timedelta
from typing import Any

import pytest

from tests.clinics import (
    Clinic,
    Connection,
    add_busy,
    add_closure,
    book,
    call,
    every_row,
    one,
    put_visit,
    utc,
)

PHONE = "+12025550147"


def move(app: Connection, clinic: Clinic, made: Any, at: Any, **arguments: Any) -> Any:
    """Move a booking by its appointment's id, as staff do."""
    return call(
        app,
        "reschedule_appointment_atomic",
        org_id=clinic.id,
        scheduled_at=at,
        appointment_id=made["appointment"]["id"],
        **arguments,
    )


def row_of(owner: Connection, made: Any) -> dict[str, Any]:
    """Return the appointment's row."""
    found = owner.execute(
        "SELECT * FROM frontdesk.appointments WHERE id = %s", [made["appointment"]["id"]]
    ).fetchone()
    assert found is not None
    return found


def test_a_visit_is_moved(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """One row, one version more, the same length; the old time is free, the new one is not."""
    made = book(app, clinic, clinic.at(9), duration_minutes=90)
    answer = move(app, clinic, made, clinic.at(13), call_id="c2")
    row = row_of(owner, made)
    assert answer["outcome"] == "rescheduled"
    assert (utc(answer["appointment"]["starts_at"]), answer["appointment"]["version"]) == (clinic.at(13), 2)
    assert (row["starts_at"], row["ends_at"], row["version"]) == (clinic.at(13), clinic.at(14, 30), 2)
    assert (row["during"].lower, row["during"].upper) == (clinic.at(13), clinic.at(14, 30))
    assert row["last_call_id"] == "c2"
    assert book(app, clinic, clinic.at(14), patient_phone="+12025550100")["outcome"] == "slot_unavailable"
    assert book(app, clinic, clinic.at(9), patient_phone="+12025550100")["outcome"] == "booked"


def test_a_move_is_told_to_everybody(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """One event that knows the old time, three outbox rows of the new version."""
    made = book(app, clinic, clinic.at(9))
    answer = move(app, clinic, made, clinic.at(13))
    event = owner.execute("SELECT * FROM frontdesk.events WHERE seq = 2").fetchone()
    assert event is not None
    assert event["type"] == "appointment.rescheduled"
    assert utc(event["data"]["previous_starts_at"]) == clinic.at(9)
    rows = owner.execute(
        "SELECT id, queue, version FROM frontdesk.outbox WHERE seq = 2 ORDER BY id"
    ).fetchall()
    assert [(row["queue"], row["version"]) for row in rows] == [("sms", 2), ("calendar", 2), ("notify", 2)]
    assert answer["outbox"] == [{"id": row["id"], "queue": row["queue"]} for row in rows]


def test_buffers_move_with_the_visit(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """The range that must not overlap keeps its margins."""
    owner.execute("UPDATE frontdesk.services SET buffer_before_minutes = 15, buffer_after_minutes = 30")
    made = book(app, clinic, clinic.at(9))
    move(app, clinic, made, clinic.at(13))
    during = row_of(owner, made)["during"]
    assert (during.lower, during.upper) == (clinic.at(12, 45), clinic.at(14, 30))


def test_a_visit_may_move_onto_its_own_old_time(app: Connection, clinic: Clinic) -> None:
    """A quarter later overlaps the visit itself, which is no obstacle."""
    made = book(app, clinic, clinic.at(9))
    assert move(app, clinic, made, clinic.at(9, 15))["outcome"] == "rescheduled"


def test_every_refusal_leaves_the_old_time(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Whatever the reason, not one row of the clinic changes, and taken times come with free ones."""
    made = book(app, clinic, clinic.at(9))
    put_visit(owner, clinic, clinic.at(13))
    add_busy(owner, clinic, clinic.providers[0], clinic.at(15), clinic.at(16))
    add_closure(owner, clinic, clinic.at(0, day=1), clinic.at(0, day=2))
    before = every_row(owner, clinic.id)
    for at, outcome in (
        (clinic.at(13), "slot_unavailable"),
        (clinic.at(13, 30), "slot_unavailable"),
        (clinic.at(14, 30), "slot_unavailable"),
        (clinic.at(10, 7), "slot_unavailable"),
        (clinic.at(20), "outside_hours"),
        (clinic.at(10, day=1), "outside_hours"),
        (clinic.at(10) - timedelta(days=100), "in_past"),
        (clinic.at(10, day=700), "too_far"),
        (None, "missing_info"),
    ):
        answer = move(app, clinic, made, at, call_id="c", tool_call_id="t")
        assert answer["outcome"] == outcome, at
        assert bool(answer.get("alternatives")) == (outcome in {"slot_unavailable", "outside_hours"}), at
    assert move(app, clinic, made, clinic.at(10), provider="Dr. Who")["outcome"] == "unknown_provider"
    assert every_row(owner, clinic.id) == before


def test_to_its_own_time_nothing_changes(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Asking for what already is so is a success without a new version or a message."""
    made = book(app, clinic, clinic.at(9))
    owner.execute("UPDATE frontdesk.appointments SET status = 'confirmed'")
    before = every_row(owner, clinic.id)
    answer = move(app, clinic, made, clinic.at(9), provider="Patel")
    assert (answer["outcome"], answer["appointment"]["status"]) == ("rescheduled", "confirmed")
    assert "outbox" not in answer
    assert every_row(owner, clinic.id) == before


def test_a_visit_stays_with_its_provider_unless_another_is_named(
    owner: Connection, app: Connection, three: Clinic
) -> None:
    """Others are free at the wish, but nobody asked for them; named, the visit changes hands."""
    made = book(app, three, three.at(9), provider="Ruiz")
    put_visit(owner, three, three.at(13), provider=three.providers[0])
    assert move(app, three, made, three.at(13))["outcome"] == "slot_unavailable"
    answer = move(app, three, made, three.at(13), provider="Dr. Cho")
    row = row_of(owner, made)
    assert answer["appointment"]["provider_name"] == "Dr. Ben Cho"
    assert row["provider_id"] == three.providers[1]
    number = "SELECT provider_no FROM frontdesk.providers WHERE id = %s"
    assert row["provider_no"] == one(owner, number, three.providers[1])


def test_a_moved_visit_waits_for_confirmation_again(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """The patient confirmed the old time; and what was overbooked has now found room."""
    made = book(app, clinic, clinic.at(9))
    owner.execute("UPDATE frontdesk.appointments SET status = 'confirmed', overbooked = true")
    assert move(app, clinic, made, clinic.at(13))["appointment"]["status"] == "pending"
    assert row_of(owner, made)["overbooked"] is False


def test_a_stale_version_is_refused_with_the_current_row(app: Connection, clinic: Clinic) -> None:
    """The board dragged what it saw a minute ago."""
    made = book(app, clinic, clinic.at(9))
    assert move(app, clinic, made, clinic.at(10), expected_version=1)["outcome"] == "rescheduled"
    answer = move(app, clinic, made, clinic.at(11), expected_version=1)
    assert answer["outcome"] == "version_conflict"
    assert (answer["appointment"]["version"], utc(answer["appointment"]["starts_at"])) == (2, clinic.at(10))


@pytest.mark.parametrize(
    ("status", "outcome"), [("cancelled", "not_found"), ("completed", "not_live"), ("no_show", "not_live")]
)
def test_only_live_visits_move(
    owner: Connection, app: Connection, clinic: Clinic, status: str, outcome: str
) -> None:
    """What is over or cancelled stays where it was."""
    made = book(app, clinic, clinic.at(9))
    owner.execute("UPDATE frontdesk.appointments SET status = %s", [status])
    assert move(app, clinic, made, clinic.at(13))["outcome"] == outcome
    assert row_of(owner, made)["starts_at"] == clinic.at(9)


def test_the_same_tool_call_moves_once(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Replayed also after the visit was moved on; with another request the key is refused."""
    made = book(app, clinic, clinic.at(9))
    key = {"call_id": "c", "tool_call_id": "t"}
    first = move(app, clinic, made, clinic.at(10), **key)
    assert move(app, clinic, made, clinic.at(13))["outcome"] == "rescheduled"
    again = move(app, clinic, made, clinic.at(10), **key)
    first.pop("outbox")
    assert again == first | {"replayed": True}
    assert move(app, clinic, made, clinic.at(15), **key) == {"outcome": "key_reused"}
    assert (row_of(owner, made)["starts_at"], row_of(owner, made)["version"]) == (clinic.at(13), 3)


def test_a_refused_move_is_not_remembered(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Freed meanwhile, the same tool call succeeds."""
    made = book(app, clinic, clinic.at(9))
    blocker = put_visit(owner, clinic, clinic.at(13))
    key = {"call_id": "c", "tool_call_id": "t"}
    assert move(app, clinic, made, clinic.at(13), **key)["outcome"] == "slot_unavailable"
    owner.execute("UPDATE frontdesk.appointments SET status = 'cancelled' WHERE id = %s", [blocker])
    assert move(app, clinic, made, clinic.at(13), **key)["outcome"] == "rescheduled"


def test_a_caller_moves_their_own_visit(app: Connection, clinic: Clinic) -> None:
    """By the number they call from and a second factor; not without, and not from another number."""
    made = book(app, clinic, clinic.at(9))
    code = made["appointment"]["confirmation_code"]

    def ask(at: Any, phone: str | None = PHONE, name: str | None = None, code: str | None = None) -> Any:
        return call(
            app,
            "reschedule_appointment_atomic",
            org_id=clinic.id,
            scheduled_at=at,
            caller_phone=phone,
            patient_name=name,
            confirmation_code=code,
        )

    assert ask(clinic.at(10), name="Dana Whitfield")["outcome"] == "rescheduled"
    assert ask(clinic.at(11), code=code)["outcome"] == "rescheduled"
    assert ask(clinic.at(12)) == {"outcome": "missing_info", "field": "patient_name"}
    assert ask(clinic.at(12), phone="+12025550100", name="Dana Whitfield")["outcome"] == "not_found"
    assert ask(clinic.at(12), phone=None, name="Dana Whitfield")["outcome"] == "not_verified"


def test_a_caller_with_two_visits_is_asked_which(app: Connection, clinic: Clinic) -> None:
    """Both are listed in order of time; the code then says which."""
    codes = [book(app, clinic, clinic.at(hour))["appointment"]["confirmation_code"] for hour in (13, 9)]
    arguments = {"org_id": clinic.id, "scheduled_at": clinic.at(15), "caller_phone": PHONE}
    answer = call(app, "reschedule_appointment_atomic", patient_name="Dana Whitfield", **arguments)
    assert answer["outcome"] == "multiple_found"
    assert [utc(visit["starts_at"]) for visit in answer["appointments"]] == [clinic.at(9), clinic.at(13)]
    if codes[0] != codes[1]:  # one time in ten thousand they are equal
        moved = call(app, "reschedule_appointment_atomic", confirmation_code=codes[0], **arguments)
        assert moved["outcome"] == "rescheduled"
