"""checkAvailability: what is offered, for which days, and what is said when nothing is free."""

from datetime import timedelta

import pytest

from tests.book.conftest import book, code_of, said_day, said_today, say
from tests.clinics import Clinic, Connection, add_closure, make_clinic


def test_a_day_is_offered_by_its_first_middle_and_last_start(clinic: Clinic) -> None:
    """Three times a voice can say, that there are more, what day it is, and the ids behind the sentences."""
    said = say(clinic, "checkAvailability", when=str(clinic.monday))
    stamp = f"{clinic.monday:%Y%m%d}"
    assert said["result"] == (
        f"AVAILABLE. For a teeth cleaning there is {said_day(clinic)} at 9 AM, 12:30 PM or 4 PM. "
        f"There are more times. {said_today(clinic)} slotIds={stamp}T0900,{stamp}T1230,{stamp}T1600"
    )
    starts = [clinic.at(9), clinic.at(12, 30), clinic.at(16)]
    assert [slot["startsAt"] for slot in said["metadata"]["slots"]] == [at.isoformat() for at in starts]
    assert said["metadata"]["service"] == "Teeth cleaning"


def test_what_is_taken_is_not_offered(clinic: Clinic) -> None:
    """A booking takes its starts and those that would overlap it off the list."""
    book(clinic, startTime=f"{clinic.monday}T09:00")
    said = say(clinic, "checkAvailability", "tc-2", when=str(clinic.monday))
    assert said["metadata"]["slots"][0]["startsAt"] == clinic.at(10).isoformat()


def test_several_days_are_offered_one_start_each(clinic: Clinic) -> None:
    """A range of days gives the first start of three of them."""
    first, last = clinic.monday, clinic.monday + timedelta(days=4)
    said = say(clinic, "checkAvailability", when=f"{first:%B} {first.day} to {last:%B} {last.day}")
    days = [slot["startsAt"][:10] for slot in said["metadata"]["slots"]]
    assert days == [str(clinic.monday + timedelta(days=n)) for n in range(3)]


def test_a_part_of_the_day_is_kept_to(clinic: Clinic) -> None:
    """Afternoon begins at noon; "any" is no wish."""
    said = say(clinic, "checkAvailability", when=str(clinic.monday), partOfDay="afternoon")
    assert said["metadata"]["slots"][0]["startsAt"] == clinic.at(12).isoformat()
    said = say(clinic, "checkAvailability", "tc-2", when=str(clinic.monday), partOfDay="any")
    assert said["metadata"]["slots"][0]["startsAt"] == clinic.at(9).isoformat()


def test_the_service_decides_the_length(clinic: Clinic) -> None:
    """A check-up of thirty minutes can begin half an hour before closing."""
    said = say(clinic, "checkAvailability", when=str(clinic.monday), service="checkup")
    assert said["metadata"]["slots"][-1]["startsAt"] == clinic.at(16, 30).isoformat()


def test_a_full_day_is_answered_with_the_nearest_starts(owner: Connection, clinic: Clinic) -> None:
    """At most three, on other days, with the days that were meant and today's date."""
    add_closure(owner, clinic, clinic.at(0), clinic.at(0, day=1))
    said = say(clinic, "checkAvailability", when=str(clinic.monday), partOfDay="morning")
    assert said["result"].startswith(
        f"NO_AVAILABILITY. There is nothing free for a teeth cleaning on {said_day(clinic)} "
    )
    assert "The nearest are " in said["result"]
    assert said["result"].endswith(said_today(clinic))
    offered = said["metadata"]["alternatives"]
    assert 1 <= len(offered) <= 3
    assert not [start for start in offered if start.startswith(str(clinic.monday))]


def test_a_clinic_without_hours_has_nothing_soon(owner: Connection) -> None:
    """No alternatives is said as such, not as an empty list."""
    clinic = make_clinic(owner, weekdays=())
    said = say(clinic, "checkAvailability", when=str(clinic.monday))
    assert code_of(said) == "NO_AVAILABILITY"
    assert "Nothing is free soon." in said["result"]


def test_without_a_day_the_day_is_asked_for(clinic: Clinic) -> None:
    """With today's date, for a model that has lost count."""
    said = say(clinic, "checkAvailability")
    assert said["result"] == f"MISSING_INFO. Please ask what day and time would suit. {said_today(clinic)}"


@pytest.mark.parametrize(
    ("when", "code"),
    [("2023-10-04", "DATE_IN_PAST"), ("whenever the moon is full", "MISSING_INFO"), ("blue", "MISSING_INFO")],
)
def test_days_that_are_not_understood_are_asked_about(clinic: Clinic, when: str, code: str) -> None:
    """One question, and today's date in it."""
    said = say(clinic, "checkAvailability", when=when)
    assert code_of(said) == code
    assert said_today(clinic).partition(",")[0] in said["result"]


def test_days_in_spanish_are_understood(clinic: Clinic) -> None:
    """The same grammar serves both languages."""
    said = say(clinic, "checkAvailability", when="mañana por la tarde")
    assert code_of(said) in ("AVAILABLE", "NO_AVAILABILITY")


def test_an_unknown_service_or_practitioner_is_answered_with_those_there_are(clinic: Clinic) -> None:
    """As for a booking."""
    said = say(clinic, "checkAvailability", when=str(clinic.monday), service="a heart transplant")
    assert said["result"].startswith("UNKNOWN_SERVICE. The clinic offers Check-up or Teeth cleaning.")
    said = say(clinic, "checkAvailability", "tc-2", when=str(clinic.monday), practitioner="Dr. House")
    assert said["result"].startswith("UNKNOWN_PROVIDER. That practitioner is not known here.")


def test_every_offered_slot_can_be_booked_by_its_id(clinic: Clinic) -> None:
    """Offered and refused would be the worst answer: none of them is."""
    offered = say(clinic, "checkAvailability", when=str(clinic.monday), partOfDay="morning")
    for nth, slot in enumerate(offered["metadata"]["slots"]):
        if nth % 2 == 0:  # neighbours overlap
            assert code_of(book(clinic, f"tc-b{nth}", slotId=slot["slotId"], startTime=None)) == "BOOKED"
