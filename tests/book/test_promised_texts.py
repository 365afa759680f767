"""The agent promises a text only where one will come."""

from typing import Any

import pytest

from frontdesk import orgs
from tests.book.conftest import say
from tests.clinics import Clinic, Connection, make_clinic

PROMISE = "A text with the details is on its way."


def book_move_cancel(clinic: Clinic) -> list[dict[str, Any]]:
    """Book a visit, book it again, move it and cancel it; return the four results."""
    visit = {"patientName": "Dana Whitfield", "reason": "Teeth cleaning"}
    first = say(clinic, "bookClinicAppointment", "t1", startTime=f"{clinic.monday}T10:00", **visit)
    code = {"confirmationCode": first["metadata"]["confirmationCode"]}
    moved_to = f"{clinic.monday}T14:00"
    return [
        first,
        say(clinic, "bookClinicAppointment", "t2", startTime=f"{clinic.monday}T10:00", **visit),
        say(
            clinic, "rescheduleAppointment", "t3", newStartTime=moved_to, startTime=moved_to, **visit, **code
        ),
        say(clinic, "cancelAppointment", "t4", **visit, **code),
    ]


def test_a_clinic_that_texts_says_so_once_for_each_change(owner: Connection) -> None:
    """Booked, moved and cancelled are texted; being booked already is not."""
    clinic = make_clinic(owner, sms_sender="+12025550100")
    told = [each["result"] for each in book_move_cancel(clinic)]
    codes = [line.partition(".")[0] for line in told]
    assert codes == ["BOOKED", "ALREADY_BOOKED", "RESCHEDULED", "CANCELLED"]
    assert [line.endswith(PROMISE) for line in told] == [True, False, True, True]


@pytest.mark.parametrize("paused", [False, True])
def test_a_clinic_that_sends_none_promises_none(owner: Connection, paused: bool) -> None:
    """No sender, or texts paused: nothing is said of a text."""
    orgs.forget()
    sms: dict[str, Any] = {}
    if paused:
        sms = {"sms_sender": "+12025550100", "sms_paused_reason": "20003"}
    clinic = make_clinic(owner, **sms)
    assert not any("text" in each["result"].lower() for each in book_move_cancel(clinic))
