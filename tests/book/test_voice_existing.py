"""Existing appointments: what a verified caller hears and may change, and who is verified."""

from typing import Any

import pytest

from tests.book.conftest import CALLER, OTHER, book, code_of, count, said_day, say
from tests.clinics import Clinic, Connection, every_row, make_clinic, one

NOT_FOUND = (
    "NOT_FOUND. There is no coming appointment under that name or code for the number this call comes from. "
    "Please check the name, or offer to take a message."
)
NOT_VERIFIED = (
    "NOT_VERIFIED. An appointment can only be discussed with a caller whose number and name or code match. "
    "Please offer to take a message, so that the clinic can call back."
)
EXISTING = ("lookupAppointments", "rescheduleAppointment", "cancelAppointment")


def told(clinic: Clinic, tool: str, tool_call_id: str = "tc-9", **arguments: Any) -> dict[str, Any]:
    """Use one of the three tools; a move is to Monday at 11 AM."""
    if tool == "rescheduleAppointment":
        arguments.setdefault("newStartTime", f"{clinic.monday}T11:00")
    return say(clinic, tool, tool_call_id, **arguments)


@pytest.mark.parametrize("proof", ["name", "code", "both", "misheard name beside the code"])
def test_a_caller_with_name_or_code_hears_the_appointment(clinic: Clinic, proof: str) -> None:
    """The number the call comes from, and one thing more."""
    code = book(clinic)["metadata"]["confirmationCode"]
    arguments = {
        "name": {"patientName": "dana WHITFIELD"},
        "code": {"confirmationCode": " ".join(code)},
        "both": {"patientName": "Dana Whitfield", "confirmationCode": code},
        "misheard name beside the code": {"patientName": "Donna Whitefield", "confirmationCode": code},
    }[proof]
    said = say(clinic, "lookupAppointments", "tc-2", call_id="call-2", **arguments)
    assert said["result"] == (
        f"FOUND. There is one coming appointment: a teeth cleaning for Dana Whitfield with Dr. Patel "
        f"on {said_day(clinic)} at 3 PM, code {' '.join(code)}."
    )
    assert said["metadata"]["appointments"][0]["startsAt"] == clinic.at(15).isoformat()


def test_a_move_keeps_the_code_and_gives_up_the_old_time(owner: Connection, clinic: Clinic) -> None:
    """The new time is said in full; the old one is free for the next caller at once."""
    code = book(clinic)["metadata"]["confirmationCode"]
    said = told(clinic, "rescheduleAppointment", patientName="Dana Whitfield")
    assert said["result"] == (
        f"RESCHEDULED. Dana Whitfield's visit for a teeth cleaning with Dr. Patel is now "
        f"on {said_day(clinic)} at 11 AM. The confirmation code is still {' '.join(code)}."
    )
    assert one(owner, "SELECT starts_at FROM frontdesk.appointments") == clinic.at(11)
    assert code_of(book(clinic, "tc-3", caller=OTHER, call_id="call-2")) == "BOOKED"


def test_a_refused_move_leaves_the_old_time(owner: Connection, clinic: Clinic) -> None:
    """The new time is taken: the answer offers others, and nothing has changed."""
    book(clinic)
    book(clinic, "tc-2", caller=OTHER, call_id="call-2", startTime=f"{clinic.monday}T11:00")
    before = every_row(owner, clinic.id)
    said = told(clinic, "rescheduleAppointment", patientName="Dana Whitfield")
    assert said["result"].startswith(
        f"SLOT_UNAVAILABLE. That slot is taken: {said_day(clinic)} at 11 AM. How about "
    )
    assert len(said["metadata"]["alternatives"]) == 3
    assert every_row(owner, clinic.id) == before


def test_a_move_asks_for_the_new_time_first(clinic: Clinic) -> None:
    """Without a new time there is nothing to verify for."""
    book(clinic)
    said = say(clinic, "rescheduleAppointment", "tc-2", patientName="Dana Whitfield")
    assert said["metadata"]["missing"] == "scheduled_at"


def test_a_cancelled_visit_is_said_back_and_its_time_is_free(owner: Connection, clinic: Clinic) -> None:
    """Asked again in the same call, it is told the same."""
    book(clinic)
    when = f"{said_day(clinic)} at 3 PM"
    expected = (
        f"CANCELLED. Dana Whitfield's visit for a teeth cleaning with Dr. Patel on {when} is cancelled."
    )
    for tool_call_id in ("tc-2", "tc-2", "tc-3"):
        said = say(
            clinic, "cancelAppointment", tool_call_id, patientName="Dana Whitfield", reason="moving away"
        )
        assert said["result"] == expected
    assert one(owner, "SELECT count(*) FROM frontdesk.events WHERE type = 'appointment.cancelled'") == 1
    assert code_of(book(clinic, "tc-4", caller=OTHER, call_id="call-2")) == "BOOKED"


def test_several_visits_are_told_apart_by_their_code(owner: Connection, clinic: Clinic) -> None:
    """The model is asked which one, and sends its code; nothing is cancelled meanwhile."""
    book(clinic)
    second = book(clinic, "tc-2", startTime=f"{clinic.monday}T11:00")["metadata"]
    said = say(clinic, "cancelAppointment", "tc-3", patientName="Dana Whitfield")
    assert said["result"].startswith("MULTIPLE_FOUND. There are 2 coming appointments: a teeth cleaning for ")
    assert said["result"].endswith("Please ask which one is meant, and send its code.")
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments WHERE status = 'cancelled'") == 0
    said = say(clinic, "cancelAppointment", "tc-4", confirmationCode=second["confirmationCode"])
    assert said["metadata"]["appointmentId"] == second["appointmentId"]


def test_of_many_visits_three_are_read_out(clinic: Clinic) -> None:
    """A voice cannot read five; all are in the metadata."""
    for ahead in range(5):
        start = clinic.at(10, day=ahead).strftime("%Y-%m-%dT%H:%M")
        book(clinic, f"tc-{ahead}", startTime=start)
    said = say(clinic, "lookupAppointments", "tc-9", patientName="Dana Whitfield")
    assert said["result"].startswith("FOUND. There are 5 coming appointments: ")
    assert said["result"].count("a teeth cleaning for") == 3
    assert said["result"].endswith("Those are the first three.")
    assert len(said["metadata"]["appointments"]) == 5


@pytest.mark.parametrize("tool", EXISTING)
def test_without_name_or_code_the_second_factor_is_asked_for(clinic: Clinic, tool: str) -> None:
    """The number alone is not enough: it can be forged."""
    book(clinic)
    said = told(clinic, tool)
    assert said["result"] == (
        "MISSING_INFO. Please ask for the name the appointment is under, or the four-digit confirmation code."
    )


@pytest.mark.parametrize("tool", EXISTING)
def test_a_withheld_number_is_never_verified(owner: Connection, clinic: Clinic, tool: str) -> None:
    """Name and code both right, but nobody knows who calls; a number in the arguments does not help."""
    code = book(clinic)["metadata"]["confirmationCode"]
    before = every_row(owner, clinic.id)
    said = told(
        clinic,
        tool,
        caller=None,
        patientName="Dana Whitfield",
        confirmationCode=code,
        callbackNumber=CALLER,
        _caller=CALLER,
        caller_number=CALLER,
    )
    assert said["result"] == NOT_VERIFIED
    assert every_row(owner, clinic.id) == before


@pytest.mark.parametrize("tool", EXISTING)
def test_another_numbers_visits_do_not_exist(owner: Connection, clinic: Clinic, tool: str) -> None:
    """Right name and right code from another number: answered like a name nobody has."""
    code = book(clinic)["metadata"]["confirmationCode"]
    stranger = told(clinic, tool, "tc-2", caller=OTHER, call_id="c2", patientName="Nobody At All")
    assert stranger["result"] == NOT_FOUND
    for nth, proof in enumerate(({"patientName": "Dana Whitfield"}, {"confirmationCode": code})):
        said = told(clinic, tool, f"tc-3{nth}", caller=OTHER, call_id="c2", **proof)
        assert (said["result"], said["metadata"]) == (NOT_FOUND, {"status": "NOT_FOUND"})
    assert one(owner, "SELECT status || version FROM frontdesk.appointments") == "pending1"


@pytest.mark.parametrize("tool", EXISTING)
def test_another_clinics_visits_do_not_exist(owner: Connection, clinic: Clinic, tool: str) -> None:
    """The same number, name and code at another clinic finds nothing."""
    code = book(clinic)["metadata"]["confirmationCode"]
    elsewhere = make_clinic(owner)
    assert told(elsewhere, tool, patientName="Dana Whitfield", confirmationCode=code)["result"] == NOT_FOUND


def test_codes_cannot_be_guessed_in_one_call(clinic: Clinic) -> None:
    """After five misses the right code does not help either, in that call."""
    code = book(clinic)["metadata"]["confirmationCode"]
    wrong = [f"{(int(code) + n) % 10000:04}" for n in range(1, 6)]
    for nth, guess in enumerate(wrong):
        said = say(clinic, "lookupAppointments", f"tc-g{nth}", call_id="guess", confirmationCode=guess)
        assert said["result"] == NOT_FOUND
    for tool in EXISTING:
        said = told(clinic, tool, f"tc-{tool}", call_id="guess", confirmationCode=code)
        assert said["result"] == NOT_VERIFIED


def test_codes_cannot_be_guessed_over_many_calls(owner: Connection, clinic: Clinic) -> None:
    """Ten misses in a day stop a number, however often it hangs up; other numbers go on."""
    code = book(clinic)["metadata"]["confirmationCode"]
    for nth in range(1, 11):
        guess = f"{(int(code) + nth) % 10000:04}"
        said = say(clinic, "cancelAppointment", f"tc-{nth}", call_id=f"guess-{nth}", confirmationCode=guess)
        assert said["result"] == NOT_FOUND
    assert (
        say(clinic, "cancelAppointment", "tc-x", call_id="last", confirmationCode=code)["result"]
        == NOT_VERIFIED
    )
    book(
        clinic,
        "tc-o",
        caller=OTHER,
        call_id="other",
        patientName="Rob Roy",
        startTime=f"{clinic.monday}T10:00",
    )
    said = say(clinic, "lookupAppointments", "tc-p", caller=OTHER, call_id="other", patientName="Rob Roy")
    assert code_of(said) == "FOUND"
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments WHERE status = 'cancelled'") == 0


def test_a_booking_for_another_number_reveals_nothing_of_it(owner: Connection, clinic: Clinic) -> None:
    """Whoever names Dana's number, name and time hears what they said themselves: no code, no id."""
    first = book(clinic)["metadata"]
    said = book(clinic, "tc-2", caller=OTHER, call_id="call-2", callbackNumber=CALLER)
    assert said["result"] == f"ALREADY_BOOKED. Dana Whitfield is booked on {said_day(clinic)} at 3 PM."
    assert said["metadata"] == {"status": "ALREADY_BOOKED"}
    assert first["confirmationCode"] not in str(said)
    assert count(owner, "appointments") == 1


def test_a_visit_that_is_over_cannot_be_changed(owner: Connection, clinic: Clinic) -> None:
    """Staff marked it as missed: the caller is told there is nothing coming."""
    book(clinic)
    owner.execute("UPDATE frontdesk.appointments SET status = 'no_show'")
    assert code_of(say(clinic, "cancelAppointment", "tc-2", patientName="Dana Whitfield")) == "NOT_FOUND"


def test_a_move_to_a_practitioner_who_is_not_there_is_refused(owner: Connection, three: Clinic) -> None:
    """The visit stays where it was."""
    book(three, practitioner="Dr. Cho")
    said = told(three, "rescheduleAppointment", patientName="Dana Whitfield", practitioner="Dr. House")
    assert code_of(said) == "UNKNOWN_PROVIDER"
    said = told(three, "rescheduleAppointment", "tc-8", patientName="Dana Whitfield", practitioner="Dr. Ruiz")
    assert (code_of(said), said["metadata"]["provider"]) == ("RESCHEDULED", "Dr. Ana Ruiz")
