"""Many callers, one slot, through the handler, each container a process of its own."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.book.conftest import MASTER_KEY, code_of, count, event, message, results, secret_of, tool_call
from tests.book.lanes import Lanes, open_lanes
from tests.clinics import Clinic, Connection, one
from tests.crowd import OVERLAPS
from tests.database import Database

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lanes() -> Iterator[Lanes]:
    """Start the processes once for all tests here."""
    with open_lanes() as made:
        yield made


def environment_of(database: Database) -> dict[str, str]:
    """Return what the template would give each process."""
    return {
        "DATABASE_URL": database.app_url,
        "DATABASE_AUTH": "password",
        "VAPI_SIGNING_KEYS": MASTER_KEY,
    }


def asked_by(clinic: Clinic, nth: int, tool_call_id: str, tool: str, **arguments: Any) -> dict[str, Any]:
    """Write the event of the nth caller."""
    call = tool_call(tool, tool_call_id, **arguments)
    caller = f"+1{212 + nth // 100}55501{nth % 100:02}"
    return event(message(clinic, call, caller=caller, call_id=f"call-{nth}"), secret_of(clinic))


def wanted(clinic: Clinic, nth: int, start: str, tool_call_id: str | None = None) -> dict[str, Any]:
    """Write the nth caller's booking."""
    wish = {"patientName": f"Caller {chr(65 + nth % 26)}", "startTime": start, "reason": "Teeth cleaning"}
    return asked_by(clinic, nth, tool_call_id or f"tc-{nth}", "bookClinicAppointment", **wish)


def warm_up(clinic: Clinic) -> dict[str, Any]:
    """Write an event that makes a process connect and know the clinic."""
    return asked_by(clinic, 99, "warm", "checkAvailability", when=str(clinic.monday))


@pytest.mark.parametrize("callers", [10, 50])
def test_one_slot_has_one_winner(
    owner: Connection, database: Database, clinic: Clinic, lanes: Lanes, callers: int
) -> None:
    """All others are told it is taken, with alternatives; nobody hears of an error."""
    events = [wanted(clinic, nth, f"{clinic.monday}T15:00") for nth in range(callers)]
    responses = lanes.race(environment_of(database), warm_up(clinic), events)
    said = [results(response)[0] for response in responses]
    assert Counter(map(code_of, said)) == {"BOOKED": 1, "SLOT_UNAVAILABLE": callers - 1}
    assert not [each for each in said if "error" in each]
    losers = [each for each in said if code_of(each) == "SLOT_UNAVAILABLE"]
    assert all(1 <= len(each["metadata"]["alternatives"]) <= 3 for each in losers)
    assert (count(owner, "appointments"), count(owner, "outbox")) == (1, 3)


def test_overlapping_starts_have_no_two_winners(
    owner: Connection, database: Database, clinic: Clinic, lanes: Lanes
) -> None:
    """Starts a quarter of an hour apart all want the same hour in the middle."""
    minutes = ("14:15", "14:30", "14:45", "15:00", "15:00")
    events = [wanted(clinic, nth, f"{clinic.monday}T{minutes[nth % 5]}") for nth in range(30)]
    responses = lanes.race(environment_of(database), warm_up(clinic), events)
    codes = Counter(code_of(results(response)[0]) for response in responses)
    assert codes == {"BOOKED": 1, "SLOT_UNAVAILABLE": 29}
    assert one(owner, OVERLAPS) == 0


def test_twenty_retries_in_ten_processes_are_one_booking(
    owner: Connection, database: Database, clinic: Clinic, lanes: Lanes
) -> None:
    """One tool call, sent to many containers at once: one row, and one answer byte for byte."""
    events = [wanted(clinic, 1, f"{clinic.monday}T15:00", "tc-same")] * 20
    responses = lanes.race(environment_of(database), warm_up(clinic), events)
    assert len({response["body"] for response in responses}) == 1
    assert code_of(results(responses[0])[0]) == "BOOKED"
    assert (count(owner, "appointments"), count(owner, "outbox")) == (1, 3)


def test_moves_and_bookings_race_for_one_slot(
    owner: Connection, database: Database, clinic: Clinic, lanes: Lanes
) -> None:
    """Five visits want to move where fifteen callers want to book: one gets there, no old time is lost."""
    firsts = [wanted(clinic, nth, f"{clinic.monday}T{9 + nth:02}:00", f"tc-first-{nth}") for nth in range(5)]
    lanes.race(environment_of(database), warm_up(clinic), firsts)
    moves = [
        asked_by(
            clinic,
            nth,
            f"tc-move-{nth}",
            "rescheduleAppointment",
            patientName=f"Caller {chr(65 + nth)}",
            newStartTime=f"{clinic.monday}T15:00",
        )
        for nth in range(5)
    ]
    bookings = [wanted(clinic, nth, f"{clinic.monday}T15:00") for nth in range(10, 25)]
    responses = lanes.race(environment_of(database), warm_up(clinic), [*moves, *bookings])
    codes = Counter(code_of(results(response)[0]) for response in responses)
    assert codes["BOOKED"] + codes["RESCHEDULED"] == 1
    assert codes["SLOT_UNAVAILABLE"] == 19
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments") == 5 + codes["BOOKED"]
    assert one(owner, OVERLAPS) == 0
