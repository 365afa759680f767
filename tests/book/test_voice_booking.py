"""bookClinicAppointment: the sentence for every outcome, and what is asked for when something is missing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.book.conftest import CALLER, OTHER, book, code_of, count, said_day, said_today, say
from tests.clinics import Clinic, Connection, add_closure, make_clinic, one, put_visit


def test_a_booking_is_said_back_in_full(owner: Connection, clinic: Clinic) -> None:
    """Who, what, with whom, weekday, day and time, and the code digit by digit; the ids are metadata."""
    said = book(clinic, patientName="dana whitfield", email="Dana at Example dot com", notes="first visit")
    row = owner.execute("SELECT * FROM frontdesk.appointments").fetchone()
    assert row is not None
    code = row["confirmation_code"]
    assert said == {
        "toolCallId": "tc-1",
        "name": "bookClinicAppointment",
        "result": "BOOKED. Dana Whitfield is booked for a teeth cleaning with Dr. Patel "
        f"on {said_day(clinic)} at 3 PM. The confirmation code is {' '.join(code)}.",
        "metadata": {
            "status": "BOOKED",
            "appointmentId": str(row["id"]),
            "startsAt": clinic.at(15).isoformat(),
            "endsAt": clinic.at(16).isoformat(),
            "provider": "Dr. Patel",
            "service": "Teeth cleaning",
            "confirmationCode": code,
        },
    }
    assert (row["starts_at"], row["notes"], row["call_id"]) == (clinic.at(15), "first visit", "call-1")
    contact = owner.execute("SELECT phone, name, email FROM frontdesk.contacts").fetchone()
    assert contact == {"phone": CALLER, "name": "Dana Whitfield", "email": "dana@example.com"}


def test_a_taken_slot_is_refused_with_three_near_times(owner: Connection, clinic: Clinic) -> None:
    """The loser is told so and offered the nearest before, the nearest after and the next day."""
    book(clinic)
    said = book(clinic, "tc-2", caller=OTHER, call_id="call-2", patientName="Rob Roy")
    assert said["result"] == (
        f"SLOT_UNAVAILABLE. That slot is taken: {said_day(clinic)} at 3 PM. How about {said_day(clinic)} "
        f"at 2 PM or 4 PM, or {said_day(clinic, 1)} at 3 PM? {said_today(clinic)}"
    )
    offered = [clinic.at(14), clinic.at(16), clinic.at(15, day=1)]
    assert said["metadata"] == {
        "status": "SLOT_UNAVAILABLE",
        "alternatives": [at.isoformat() for at in offered],
        "reason": "taken",
    }
    assert "error" not in said
    assert count(owner, "appointments") == 1


def test_each_alternative_can_be_booked(clinic: Clinic) -> None:
    """What is offered is free: the model may send any of the alternatives back as it stands."""
    book(clinic)
    offered = book(clinic, "tc-2", caller=OTHER, call_id="c2")["metadata"]["alternatives"]
    assert len(offered) == 3
    for nth, start in enumerate(offered):
        assert code_of(book(clinic, f"tc-a{nth}", caller=OTHER, call_id="c2", startTime=start)) == "BOOKED"


def test_a_start_between_the_grid_is_answered_with_the_nearest(clinic: Clinic) -> None:
    """Visits start every quarter of an hour; another minute is refused with its neighbours."""
    said = book(clinic, startTime=f"{clinic.monday}T15:05")
    assert code_of(said) == "SLOT_UNAVAILABLE"
    assert f"{said_day(clinic)} at 3:05 PM is between two start times." in said["result"]
    assert said["metadata"]["alternatives"][:2] == [clinic.at(15).isoformat(), clinic.at(15, 15).isoformat()]


def test_outside_hours_is_said_as_such(clinic: Clinic) -> None:
    """Nobody works at seven in the evening; the answer says so and offers open times."""
    said = book(clinic, startTime=f"{clinic.monday}T19:00")
    assert said["result"].startswith(
        f"OUTSIDE_HOURS. A visit on {said_day(clinic)} at 7 PM would be outside opening hours. How about "
    )
    assert said["metadata"]["reason"] == "hours"
    assert 1 <= len(said["metadata"]["alternatives"]) <= 3


def test_a_closed_day_is_said_as_such(owner: Connection, clinic: Clinic) -> None:
    """A closure of the clinic is another reason than nobody's hours."""
    add_closure(owner, clinic, clinic.at(0), clinic.at(0, day=1))
    said = book(clinic)
    assert said["result"].startswith(
        f"OUTSIDE_HOURS. The clinic is closed on {said_day(clinic)} at 3 PM. How about "
    )
    assert all(start > f"{clinic.monday}T23" for start in said["metadata"]["alternatives"])


def always_open(owner: Connection, **org: Any) -> Clinic:
    """Make a clinic that never closes, so that notice and horizon can be tried at any hour."""
    return make_clinic(owner, time_zone="UTC", opens="00:00", closes="24:00", weekdays=range(1, 8), **org)


def test_too_soon_and_too_far_are_told_apart(owner: Connection) -> None:
    """A clinic wants three hours' notice and books thirty days ahead."""
    clinic = always_open(owner, minimum_notice_minutes=180, booking_horizon_days=30)
    soon = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
    said = book(clinic, startTime=soon.strftime("%Y-%m-%dT%H:%M"))
    assert code_of(said) == "TOO_SOON"
    assert "is too soon to book. How about " in said["result"]
    far = datetime.now(UTC) + timedelta(days=40)
    said = book(clinic, "tc-2", startTime=far.strftime("%Y-%m-%dT10:00"))
    assert code_of(said) == "TOO_FAR_AHEAD"
    assert "is further ahead than can be booked. Would another day suit?" in said["result"]
    assert count(owner, "appointments") == 0


def test_the_eleventh_coming_visit_of_a_number_is_refused(owner: Connection) -> None:
    """A clinic sets how many coming appointments one number may hold; this one says two."""
    clinic = make_clinic(owner, live_appointments_per_contact=2)
    for hour in (9, 11):
        book(clinic, f"tc-{hour}", startTime=f"{clinic.monday}T{hour:02}:00")
    said = book(clinic, "tc-3")
    assert said["result"] == (
        "TOO_MANY_APPOINTMENTS. This number has as many coming appointments as can be booked by phone. "
        "Please offer to take a message."
    )


def test_what_is_missing_is_asked_one_thing_at_a_time(owner: Connection, clinic: Clinic) -> None:
    """Name, then day and time, then what for, then a number: the order of a conversation."""
    wish: dict[str, Any] = {}
    asked = []
    for key, value in (
        ("patientName", "Dana Whitfield"),
        ("startTime", f"{clinic.monday}T15:00"),
        ("reason", "Teeth cleaning"),
        ("callbackNumber", "202 555 0147"),
    ):
        said = say(clinic, "bookClinicAppointment", f"tc-{key}", caller=None, **wish)
        assert code_of(said) == "MISSING_INFO"
        asked.append((said["metadata"]["missing"], said["result"].removeprefix("MISSING_INFO. ")))
        wish[key] = value
    assert asked == [
        ("patient_name", "Please ask for the patient's first and last name."),
        ("scheduled_at", f"Please ask what day and time would suit. {said_today(clinic)}"),
        ("service", "Please ask what the visit is for. The clinic offers Teeth cleaning or Check-up."),
        ("patient_phone", "Please ask for a phone number to reach the patient, digit by digit."),
    ]
    assert code_of(say(clinic, "bookClinicAppointment", "tc-all", caller=None, **wish)) == "BOOKED"
    assert one(owner, "SELECT phone FROM frontdesk.contacts") == CALLER


@pytest.mark.parametrize(
    "nothing", [None, "", " ", "unknown", "N/A", "null", "not provided", "{{customer.name}}"]
)
def test_a_models_nothing_is_nothing(clinic: Clinic, nothing: Any) -> None:
    """A model fills what it does not know with words for nothing; they are asked for, never stored."""
    assert book(clinic, patientName=nothing)["metadata"]["missing"] == "patient_name"
    assert book(clinic, startTime=nothing)["metadata"]["missing"] == "scheduled_at"
    assert book(clinic, reason=nothing)["metadata"]["missing"] == "service"


def test_optional_nothings_do_not_stop_a_booking(owner: Connection, clinic: Clinic) -> None:
    """Optional fields said as nothing, and a birthday nobody can read, are left out."""
    said = book(
        clinic,
        email="unknown",
        notes="N/A",
        practitioner="none",
        slotId="null",
        callbackNumber="",
        dateOfBirth="the fifth of may",
        newPatient="maybe",
    )
    assert code_of(said) == "BOOKED"
    row = owner.execute(
        "SELECT notes, is_new_patient, email, date_of_birth FROM frontdesk.appointments"
        " JOIN frontdesk.contacts c ON c.id = contact_id"
    ).fetchone()
    assert row == {"notes": None, "is_new_patient": None, "email": None, "date_of_birth": None}


def test_a_birthday_and_a_first_visit_are_kept(owner: Connection, clinic: Clinic) -> None:
    """What the clinic asks for at a first visit reaches the tables."""
    book(clinic, dateOfBirth="1990-02-28", newPatient="yes")
    assert one(owner, "SELECT date_of_birth::text FROM frontdesk.contacts") == "1990-02-28"
    assert one(owner, "SELECT is_new_patient FROM frontdesk.appointments") is True


@pytest.mark.parametrize("birthday", ["2190-01-01", "1790-01-01"])
def test_an_impossible_birthday_is_not_kept(owner: Connection, clinic: Clinic, birthday: str) -> None:
    """A date nobody living can be born on was misheard."""
    assert code_of(book(clinic, dateOfBirth=birthday)) == "BOOKED"
    assert one(owner, "SELECT date_of_birth FROM frontdesk.contacts") is None


def test_staff_visits_block_a_caller_too(owner: Connection, clinic: Clinic) -> None:
    """What staff wrote down is in the way like any booking, also when it only overlaps."""
    put_visit(owner, clinic, clinic.at(15, 30))
    assert code_of(book(clinic)) == "SLOT_UNAVAILABLE"
