"""The same call again: retries, re-issued calls, and what is never remembered."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from frontdesk import db
from tests.book.conftest import (
    OTHER,
    book,
    code_of,
    count,
    deliver,
    event,
    message,
    say,
    secret_of,
    tool_call,
)
from tests.clinics import Clinic, Connection, make_clinic, one


def ask(clinic: Clinic, tool: str, tool_call_id: str = "t-1", **arguments: Any) -> dict[str, Any]:
    """Write the event of one call."""
    return event(message(clinic, tool_call(tool, tool_call_id, **arguments)), secret_of(clinic))


def wish(clinic: Clinic, **changed: Any) -> dict[str, Any]:
    """What Dana wants."""
    said = {
        "patientName": "Dana Whitfield",
        "startTime": f"{clinic.monday}T15:00",
        "reason": "Teeth cleaning",
    }
    return said | changed


@pytest.mark.parametrize(
    "tool", ["bookClinicAppointment", "rescheduleAppointment", "cancelAppointment", "requestFollowUp"]
)
def test_a_retry_is_answered_byte_for_byte(owner: Connection, clinic: Clinic, tool: str) -> None:
    """Everything that changes something: the same tool call id, the same HTTP body, one event."""
    if tool != "bookClinicAppointment":
        book(clinic, "t-0")
    arguments = {
        "bookClinicAppointment": wish(clinic),
        "rescheduleAppointment": {"patientName": "Dana Whitfield", "newStartTime": f"{clinic.monday}T11:00"},
        "cancelAppointment": {"patientName": "Dana Whitfield"},
        "requestFollowUp": {"message": "hello", "preferredTime": "tomorrow at 3 PM"},
    }[tool]
    first = deliver(ask(clinic, tool, **arguments))
    events = count(owner, "events")
    for _ in range(3):
        assert deliver(ask(clinic, tool, **arguments)) == first
    assert code_of(json.loads(first["body"])["results"][0]) in (
        "BOOKED",
        "RESCHEDULED",
        "CANCELLED",
        "MESSAGE_TAKEN",
    )
    assert (count(owner, "events"), count(owner, "outbox") % 3) == (
        events,
        1 if tool == "requestFollowUp" else 0,
    )


def test_a_retry_says_the_same_after_the_visit_was_moved(clinic: Clinic) -> None:
    """A late retry is told what the call was told, not what has become of it."""
    first = deliver(ask(clinic, "bookClinicAppointment", **wish(clinic)))
    say(
        clinic,
        "rescheduleAppointment",
        "t-2",
        patientName="Dana Whitfield",
        newStartTime=f"{clinic.monday}T11:00",
    )
    assert deliver(ask(clinic, "bookClinicAppointment", **wish(clinic))) == first


def test_a_retry_in_words_is_the_same_call(owner: Connection) -> None:
    """Tomorrow at three, said twice, is one booking, and one answer."""
    clinic = make_clinic(owner, opens="08:00", closes="18:00", weekdays=range(1, 8))
    first, second = (
        deliver(ask(clinic, "bookClinicAppointment", **wish(clinic, startTime="tomorrow at 3")))
        for _ in range(2)
    )
    assert code_of(json.loads(first["body"])["results"][0]) == "BOOKED"
    assert second == first
    assert count(owner, "appointments") == 1


def test_twenty_retries_at_once_make_one_booking(owner: Connection, clinic: Clinic) -> None:
    """Vapi may send a call again while the first is still running: one row, twenty equal bodies."""
    say(clinic, "checkAvailability", "t-0", when=str(clinic.monday))  # the clinic is known
    start = threading.Barrier(20, timeout=30)

    def retry(_: int) -> str:
        start.wait()
        try:
            return str(deliver(ask(clinic, "bookClinicAppointment", **wish(clinic)))["body"])
        finally:
            db.close()  # each thread has a connection of its own

    with ThreadPoolExecutor(20) as pool:
        bodies = set(pool.map(retry, range(20)))
    assert len(bodies) == 1
    assert "BOOKED. Dana Whitfield is booked" in bodies.pop()
    assert count(owner, "appointments") == 1
    assert count(owner, "outbox") == 3


@pytest.mark.parametrize("call_id", ["call-1", "call-2"])
def test_the_same_wish_under_a_new_id_is_already_booked(
    owner: Connection, clinic: Clinic, call_id: str
) -> None:
    """A model that lost the answer asks again; the caller is not told that their own slot is taken."""
    first = book(clinic)
    again = book(clinic, "t-2", call_id=call_id)
    assert again["result"] == first["result"].replace("BOOKED", "ALREADY_BOOKED", 1)
    assert count(owner, "appointments") == 1


def test_a_refusal_is_not_remembered(owner: Connection, clinic: Clinic) -> None:
    """Taken, then free: the retry of the very same call is booked."""
    book(clinic, "t-0", caller=OTHER, call_id="c-0", patientName="Rob Roy")
    assert code_of(book(clinic)) == "SLOT_UNAVAILABLE"
    say(clinic, "cancelAppointment", "t-c", caller=OTHER, call_id="c-0", patientName="Rob Roy")
    assert code_of(book(clinic)) == "BOOKED"


def test_one_id_for_two_wishes_is_a_mistake_that_is_said(owner: Connection, clinic: Clinic) -> None:
    """The same tool call id with another wish is never told the first one's answer."""
    book(clinic)
    said = book(clinic, startTime=f"{clinic.monday}T11:00")
    assert said["error"].startswith("TEMPORARY_FAILURE. This request got mixed up with another one.")
    assert count(owner, "appointments") == 1


def test_the_same_id_in_another_call_or_clinic_is_another_call(owner: Connection, clinic: Clinic) -> None:
    """Tool call ids need only be unique inside one call of one clinic."""
    elsewhere = make_clinic(owner)
    assert code_of(book(clinic)) == "BOOKED"
    assert code_of(book(elsewhere)) == "BOOKED"
    assert (
        code_of(book(clinic, caller=OTHER, call_id="call-2", startTime=f"{clinic.monday}T11:00")) == "BOOKED"
    )
    assert one(owner, "SELECT count(*) FROM frontdesk.idempotency_keys") == 3


def test_a_call_without_ids_is_still_booked_once(owner: Connection, clinic: Clinic) -> None:
    """No call id and no tool call id: nothing to replay by, but the same wish is already booked."""
    body = message(clinic, {"name": "bookClinicAppointment", "arguments": wish(clinic)})
    del body["message"]["call"]["id"]
    first, second = (deliver(event(body, secret_of(clinic))) for _ in range(2))
    codes = [code_of(json.loads(each["body"])["results"][0]) for each in (first, second)]
    assert codes == ["BOOKED", "ALREADY_BOOKED"]
    assert count(owner, "appointments") == 1
