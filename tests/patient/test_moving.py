"""Choosing another time: real free starts, one button each, and what happens when somebody was faster."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.clinics import Clinic, Connection, add_closure, book, call, every_row, make_clinic, one, utc
from tests.patient.conftest import Reply, follow, get, post, token_of


def starts(reply: Reply) -> list[datetime]:
    """Return the starts of a page's buttons."""
    return [utc(value.partition("/")[0]) for value in reply.slots]


def slot(clinic: Clinic, at: datetime, provider: int = 0) -> str:
    """Write the value of a button."""
    return f"{at.isoformat()}/{clinic.providers[provider]}"


def test_a_week_of_real_times_is_offered(app: Connection, clinic: Clinic, token: str) -> None:
    """Those the booking would take, day by day from the visit's own on; where it is now is none of them."""
    book(app, clinic, clinic.at(14), patient_phone="+12025550111")
    reply = get(token, "/move")
    found = starts(reply)
    assert clinic.at(12) in found
    assert clinic.at(14) not in found
    assert clinic.at(10) not in found
    assert clinic.at(16) in found
    assert clinic.at(16, 15) not in found
    assert {at.date() for at in found} == {clinic.at(12, day=day).date() for day in range(5)}
    assert "12:30 PM" in reply.told
    assert len(re.findall("<details", reply.body)) == 5
    assert len(re.findall("<details open", reply.body)) == 1


def test_the_times_are_spanish_too(token: str) -> None:
    """Day and time on every button, as Spanish says them."""
    told = get(token, "/move", accept_language="es").told
    assert "Elija otra hora" in told
    assert re.search(r"lunes \d+ de \w+, 12:30 p\. m\.", told)
    assert re.search(r"martes \d+ de \w+ \d+ opciones", told)


def test_a_button_moves_the_visit(
    owner: Connection, clinic: Clinic, token: str, published: list[dict[str, Any]]
) -> None:
    """One press, and the page shows the new time; text, calendar and board are told, by the patient."""
    reply = get(token, "/move")
    wanted = next(value for value in reply.slots if utc(value.partition("/")[0]) == clinic.at(14))
    told = follow(post(token, "/move", {"version": reply.version, "slot": wanted})).told
    assert "Your visit has a new time." in told
    assert "at 2 PM" in told
    assert one(owner, "SELECT starts_at FROM frontdesk.appointments") == clinic.at(14)
    assert [row["queue"] for row in published] == ["sms", "calendar", "notify"]
    assert one(owner, "SELECT actor FROM frontdesk.events ORDER BY seq DESC LIMIT 1") == "patient"


def test_the_same_button_twice_is_one_move(owner: Connection, clinic: Clinic, token: str) -> None:
    """Both clicks lead to the same page; moved once."""
    form = {"version": 1, "slot": slot(clinic, clinic.at(14))}
    first, second = (post(token, "/move", form) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert one(owner, "SELECT count(*) FROM frontdesk.events WHERE type = 'appointment.rescheduled'") == 1


def test_a_time_taken_meanwhile_is_said_with_those_that_are_free_now(
    app: Connection, owner: Connection, clinic: Clinic, visit: dict[str, Any], token: str
) -> None:
    """Somebody was faster: 409, the visit where it was, and the week without that time."""
    form = {"version": 1, "slot": slot(clinic, clinic.at(11, day=8))}
    book(app, clinic, clinic.at(11, day=8), patient_phone="+12025550111")
    reply = post(token, "/move", form)
    assert reply.status == 409
    assert "That time has just been taken. Your visit is as it was" in reply.told
    assert 'role="alert"' in reply.body
    assert clinic.at(11, day=8) not in starts(reply)
    assert min(starts(reply)).date() == clinic.at(0, day=8).date(), "the days they were looking at"
    kept = one(owner, "SELECT starts_at FROM frontdesk.appointments WHERE id = %s", visit["id"])
    assert kept == clinic.at(10)


def test_a_move_from_an_old_page_is_refused(
    app: Connection, owner: Connection, clinic: Clinic, visit: dict[str, Any], token: str
) -> None:
    """The clinic moved it while the page was open: the new facts are shown, and stay."""
    call(
        app,
        "reschedule_appointment_atomic",
        org_id=clinic.id,
        appointment_id=visit["id"],
        scheduled_at=clinic.at(15),
        source="staff",
    )
    reply = post(token, "/move", {"version": 1, "slot": slot(clinic, clinic.at(12))})
    assert reply.status == 409
    assert "The clinic changed your visit meanwhile." in reply.told
    assert "at 3 PM" in reply.told
    assert one(owner, "SELECT starts_at FROM frontdesk.appointments") == clinic.at(15)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"version": 1},
        {"slot": ""},
        {"version": 1, "slot": "tomorrow/x"},
        {"version": 1, "slot": "2026-12-08T15:00:00/01890000-0000-7000-8000-000000000001"},
        {"version": 1, "slot": "9999-12-31T23:59:59-23:59/01890000-0000-7000-8000-000000000001"},
        {"version": 1, "slot": "0001-01-01T00:00:00+23:59/01890000-0000-7000-8000-000000000001"},
        {"version": 1, "slot": "2026-12-08T15:00:00Z/" + "0" * 3000},
        {"version": "99999999999", "slot": "2026-12-08T15:00:00Z/01890000-0000-7000-8000-000000000001"},
        {"version": "1; DROP", "slot": "2026-12-08T15:00:00Z/01890000-0000-7000-8000-000000000001"},
        {"version": "\N{ARABIC-INDIC DIGIT ONE}", "slot": "x"},
    ],
)
def test_a_form_that_is_none_of_ours_changes_nothing(
    owner: Connection, clinic: Clinic, token: str, wrong: dict[str, Any]
) -> None:
    """400 and a sentence; the visit stays."""
    before = every_row(owner, clinic.id)
    reply = post(token, "/move", wrong)
    assert reply.status == 400
    assert "nothing was changed" in reply.told
    assert every_row(owner, clinic.id) == before


def test_weeks_can_be_turned_in_both_directions(clinic: Clinic, token: str) -> None:
    """To the week after and back, never before today; nonsense in the address is the visit's own week."""
    week_after = (clinic.monday + timedelta(days=7)).isoformat()
    first = get(token, "/move")
    assert f"/move?day={week_after}" in first.body
    second = get(token, "/move", f"day={week_after}")
    assert min(starts(second)).date() == clinic.monday + timedelta(days=7)
    assert f"/move?day={clinic.monday}" in second.body
    assert "Earlier days" not in get(token, "/move", "day=2020-01-01").told
    for nonsense in ("yesterday", "2026-02-30", "9999-01-01", "-1", "2026-12-08T00:00", "%00", "x" * 5000):
        reply = get(token, "/move", f"day={nonsense}")
        assert reply.status == 200
        assert min(starts(reply)) == min(starts(first))


def test_a_full_week_names_the_next_free_day(owner: Connection, clinic: Clinic, token: str) -> None:
    """Closed all week: a button leads to the first day with a free time."""
    add_closure(owner, clinic, clinic.at(0), clinic.at(0, day=9))
    reply = get(token, "/move")
    assert reply.slots == []
    assert "Nothing is free in these days." in reply.told
    wednesday = clinic.monday + timedelta(days=9)
    assert f"/move?day={wednesday}" in reply.body
    assert min(starts(get(token, "/move", f"day={wednesday}"))).date() == wednesday


def test_a_clinic_without_any_free_time_says_call(owner: Connection, clinic: Clinic, token: str) -> None:
    """Nothing until the horizon: no button that leads nowhere."""
    add_closure(owner, clinic, clinic.at(0), None)
    add_closure(owner, clinic, None, clinic.at(0))
    assert "Nothing is free that can be booked here. Please call the clinic." in get(token, "/move").told


def test_somebody_else_can_be_asked_for(app: Connection, owner: Connection) -> None:
    """The provider stays unless the patient wants anybody; then each button says with whom."""
    clinic = make_clinic(owner, providers=("Dr. Ana Ruiz", "Dr. Ben Cho"))
    visit = book(app, clinic, clinic.at(10), provider="Dr. Ben Cho")["appointment"]
    book(app, clinic, clinic.at(14), provider="Dr. Ben Cho", patient_phone="+12025550111")
    token = token_of(clinic, visit)
    own = get(token, "/move")
    assert "Dr. Ana Ruiz" not in own.told
    assert "With anybody at the clinic" in own.told
    assert clinic.at(14) not in starts(own)
    reply = get(token, "/move", "with=anyone")
    assert "2 PM Dr. Ana Ruiz" in reply.told
    assert "Only with Dr. Ben Cho" in reply.told
    wanted = next(value for value in reply.slots if utc(value.partition("/")[0]) == clinic.at(14))
    moved = follow(post(token, "/move", {"version": reply.version, "slot": wanted, "with": "anyone"}))
    assert "Dr. Ana Ruiz" in moved.told


def test_who_is_alone_is_not_offered_others(token: str) -> None:
    """A clinic with one provider for it."""
    assert "With anybody" not in get(token, "/move").told


def test_a_clinic_in_another_zone_is_asked_for_its_own_days(app: Connection, owner: Connection) -> None:
    """Nine in Tokyo is the evening before in UTC: the days on the page are Tokyo's, also after a refusal."""
    clinic = make_clinic(owner, time_zone="Asia/Tokyo")
    token = token_of(clinic, book(app, clinic, clinic.at(10))["appointment"])
    assert min(starts(get(token, "/move"))) == clinic.at(9)
    book(app, clinic, clinic.at(9, day=1), patient_phone="+12025550111")
    reply = post(token, "/move", {"version": 1, "slot": slot(clinic, clinic.at(9, day=1))})
    assert reply.status == 409
    assert f"{clinic.at(9, day=1):%A}" in reply.told
    assert min(starts(reply)) == clinic.at(10, day=1)


def test_of_two_patients_who_want_one_time_one_gets_it(
    app: Connection, owner: Connection, clinic: Clinic, token: str
) -> None:
    """One button each: who presses first moves, the other is told."""
    rival = book(app, clinic, clinic.at(12), patient_phone="+12025550111")["appointment"]
    form = {"version": 1, "slot": slot(clinic, clinic.at(15))}
    first, second = post(token, "/move", form), post(token_of(clinic, rival), "/move", form)
    assert (first.status, second.status) == (303, 409)
    assert "has just been taken" in second.told
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments WHERE starts_at = %s", clinic.at(15)) == 1
