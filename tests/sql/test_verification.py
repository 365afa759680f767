"""Who may hear of an appointment: the number they call from, and a second factor not guessable in a loop."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests.clinics import Clinic, Connection, book, call, one, put_visit
from tests.crowd import all_at_once, count_outcomes
from tests.database import Database

PHONE = "+12025550147"


@pytest.fixture
def code(app: Connection, clinic: Clinic) -> str:
    """Book Dana's visit and return its confirmation code."""
    made: str = book(app, clinic, clinic.at(9))["appointment"]["confirmation_code"]
    return made


def other_than(code: str) -> str:
    """Return a wrong code."""
    return f"{(int(code) + 1) % 10000:04d}"


def look(
    app: Connection,
    clinic: Clinic,
    phone: str | None = PHONE,
    name: str | None = None,
    code: str | None = None,
    call_id: str | None = None,
) -> Any:
    """Look the caller's appointments up; return the outcome."""
    answer = call(
        app,
        "lookup_appointments",
        org_id=clinic.id,
        caller_phone=phone,
        patient_name=name,
        confirmation_code=code,
        call_id=call_id,
    )
    assert bool(answer.get("appointments")) == (answer["outcome"] == "found")
    return answer["outcome"]


def test_number_and_name_or_code_open_the_door(app: Connection, clinic: Clinic, code: str) -> None:
    """Either factor will do, however it was said; a right code says more than a misheard name."""
    assert look(app, clinic, name="dana whitfield") == "found"
    assert look(app, clinic, name="Ms. Dana Whitfield") == "found"
    assert look(app, clinic, code=code) == "found"
    assert look(app, clinic, code=" ".join(code)) == "found"
    assert look(app, clinic, name="Diana Wheatfield", code=code) == "found"


def test_what_is_wrong_or_missing_keeps_it_shut(app: Connection, clinic: Clinic, code: str) -> None:
    """A wrong code is wrong though the name is right; a withheld number proves nothing."""
    assert look(app, clinic, name="Diana Wheatfield") == "not_found"
    assert look(app, clinic, code=other_than(code)) == "not_found"
    assert look(app, clinic, name="Dana Whitfield", code=other_than(code)) == "not_found"
    assert look(app, clinic, phone=None, name="Dana Whitfield", code=code) == "not_verified"
    assert look(app, clinic, phone="+12025550100", name="Dana Whitfield", code=code) == "not_found"
    assert look(app, clinic) == "missing_info"
    assert look(app, clinic, name=" . ", code="----") == "missing_info"


def test_the_name_of_the_patient_or_of_the_contact_will_do(app: Connection, clinic: Clinic) -> None:
    """A parent calls for a child: both names belong to the visit, but only to it."""
    book(app, clinic, clinic.at(9))
    book(app, clinic, clinic.at(11), patient_name="Tim Whitfield")
    child = call(
        app,
        "lookup_appointments",
        org_id=clinic.id,
        caller_phone=PHONE,
        patient_name="Tim Whitfield",
        confirmation_code=None,
    )
    parent = call(
        app,
        "lookup_appointments",
        org_id=clinic.id,
        caller_phone=PHONE,
        patient_name="Dana Whitfield",
        confirmation_code=None,
    )
    assert [visit["patient_name"] for visit in child["appointments"]] == ["Tim Whitfield"]
    assert [visit["patient_name"] for visit in parent["appointments"]] == ["Dana Whitfield", "Tim Whitfield"]


def test_only_coming_live_visits_are_told(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Past, cancelled and finished visits are not read out."""
    put_visit(owner, clinic, datetime.now(UTC) - timedelta(hours=5), phone=PHONE)
    for hour, status in ((9, "cancelled"), (10, "completed"), (11, "no_show")):
        put_visit(owner, clinic, clinic.at(hour), phone=PHONE, status=status)
    assert look(app, clinic, name="Sam Staff") == "not_found"
    put_visit(owner, clinic, clinic.at(13), phone=PHONE)
    assert look(app, clinic, name="Sam Staff") == "found"


def test_five_misses_end_the_guessing_in_one_call(app: Connection, clinic: Clinic, code: str) -> None:
    """After five even the right code is refused, in this call; another call goes on."""
    for _ in range(5):
        assert look(app, clinic, code=other_than(code), call_id="c1") == "not_found"
    assert look(app, clinic, code=code, call_id="c1") == "not_verified"
    assert look(app, clinic, name="Dana Whitfield", call_id="c1") == "not_verified"
    assert look(app, clinic, code=code, call_id="c2") == "found"


def test_a_success_does_not_wipe_the_misses(app: Connection, clinic: Clinic, code: str) -> None:
    """Else one's own right code would buy guesses at somebody else's."""
    for _ in range(4):
        look(app, clinic, code=other_than(code), call_id="c1")
    assert look(app, clinic, code=code, call_id="c1") == "found"
    look(app, clinic, code=other_than(code), call_id="c1")
    assert look(app, clinic, code=code, call_id="c1") == "not_verified"


def test_ten_misses_end_the_guessing_for_a_number(
    owner: Connection, app: Connection, clinic: Clinic, code: str
) -> None:
    """Over any number of calls; moving and cancelling are closed too; a day later it starts anew."""
    for n in range(10):
        assert look(app, clinic, code=other_than(code), call_id=f"c{n}") == "not_found"
    assert look(app, clinic, code=code, call_id="c99") == "not_verified"
    who = {"org_id": clinic.id, "caller_phone": PHONE, "confirmation_code": code}
    assert call(app, "cancel_appointment_atomic", **who) == {"outcome": "not_verified"}
    moved = call(app, "reschedule_appointment_atomic", scheduled_at=clinic.at(11), **who)
    assert moved == {"outcome": "not_verified"}
    owner.execute("UPDATE frontdesk.verification_failures SET since = since - interval '25 hours'")
    assert look(app, clinic, code=code, call_id="c99") == "found"
    assert look(app, clinic, code=other_than(code), call_id="c99") == "not_found"
    count = "SELECT failures FROM frontdesk.verification_failures WHERE subject = %s"
    assert one(owner, count, f"phone:{PHONE}") == 1


def test_misses_of_every_function_count_together(app: Connection, clinic: Clinic, code: str) -> None:
    """Guessing by cancelling is guessing."""
    wrong = {
        "org_id": clinic.id,
        "caller_phone": PHONE,
        "confirmation_code": other_than(code),
        "call_id": "c1",
    }
    for n in range(5):
        if n % 2:
            answer = call(app, "cancel_appointment_atomic", **wrong)
        else:
            answer = call(app, "reschedule_appointment_atomic", scheduled_at=clinic.at(11), **wrong)
        assert answer == {"outcome": "not_found"}
    assert look(app, clinic, code=code, call_id="c1") == "not_verified"


def test_a_stranger_s_number_is_answered_like_a_wrong_name(
    owner: Connection, app: Connection, clinic: Clinic, code: str
) -> None:
    """Nobody learns whether a number is a patient's: same answer, same counting, same end."""
    heard: dict[str, list[str]] = {}
    for phone in (PHONE, "+12025550100"):
        heard[phone] = [look(app, clinic, phone=phone, name="Nobody Here", call_id=phone) for _ in range(7)]
    assert heard[PHONE] == heard["+12025550100"] == ["not_found"] * 5 + ["not_verified"] * 2
    assert one(owner, "SELECT count(*) FROM frontdesk.verification_failures") == 4


def test_misses_in_one_clinic_do_not_close_another(
    app: Connection, clinic: Clinic, three: Clinic, code: str
) -> None:
    """Counters are the org's own."""
    other: str = book(app, three, three.at(9))["appointment"]["confirmation_code"]
    for _ in range(6):
        look(app, clinic, code=other_than(code), call_id="c1")
    assert look(app, three, code=other, call_id="c1") == "found"


def test_guesses_sent_side_by_side_are_counted_one_by_one(
    database: Database, owner: Connection, app: Connection, clinic: Clinic, code: str
) -> None:
    """Forty guesses at one moment from one number: ten are looked at, thirty are not."""
    guesses = [f"{(int(code) + 1 + n) % 10000:04d}" for n in range(40)]

    def guess(n: int, connection: Connection) -> Any:
        return {"outcome": look(connection, clinic, code=guesses[n], call_id=f"c{n}")}

    answers = all_at_once(database, [partial(guess, n) for n in range(len(guesses))])
    assert count_outcomes(answers) == {"not_found": 10, "not_verified": 30}
    count = "SELECT failures FROM frontdesk.verification_failures WHERE subject = %s"
    assert one(owner, count, f"phone:{PHONE}") == 10
