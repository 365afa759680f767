"""book_appointment_atomic, called straight: every outcome, and what it leaves in the tables."""

import pytest

from tests.clinics import Clinic, Connection, book, utc


def test_a_free_slot_is_booked(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """The answer carries the appointment, and the row is there."""
    answer = book(app, clinic, clinic.at(15))
    assert answer["outcome"] == "booked"
    print(answer)
    print(book(app, clinic, clinic.at(15), patient_phone="+12025550100"))
    print(book(app, clinic, clinic.at(15)))
    print(book(app, clinic, clinic.at(18), patient_phone="+12025550100"))
    print(book(app, clinic, clinic.at(12,7), patient_phone="+12025550100"))
    print(book(app, clinic, clinic.at(16,30), patient_phone="+12025550100"))
