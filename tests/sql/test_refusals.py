"""book_appointment_atomic refuses: which outcome, which reason, and never half a record."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.clinics import (
    Clinic,
    Connection,
    add_busy,
    add_closure,
    book,
    every_row,
    one,
    put_visit,
    set_hours,
    utc,
)


def reason(answer: Any) -> tuple[str, str]:
    """Return what a refusal is and why."""
    return answer["outcome"], answer["reason"]


def test_a_taken_slot_is_refused_with_other_times(app: Connection, clinic: Clinic) -> None:
    """Taken is an answer the agent can speak: what was wished, today's date, and what is free instead."""
    book(app, clinic, clinic.at(12))
    answer = book(app, clinic, clinic.at(12, 30), patient_phone="+12025550100")
    assert reason(answer) == ("slot_unavailable", "taken")
    assert utc(answer["wished_at"]) == clinic.at(12, 30)
    assert [utc(start["starts_at"]) for start in answer["alternatives"]] == [
        clinic.at(11),
        clinic.at(13),
        clinic.at(12, 30, day=1),
    ]


def test_a_wish_between_grid_points_is_answered_with_the_nearest(app: Connection, clinic: Clinic) -> None:
    """12:07 is no start at this clinic; 12:00 and 12:15 are."""
    answer = book(app, clinic, clinic.at(12, 7))
    assert reason(answer) == ("slot_unavailable", "off_grid")
    assert [utc(start["starts_at"]) for start in answer["alternatives"]][:2] == [
        clinic.at(12),
        clinic.at(12, 15),
    ]


def test_a_busy_calendar_refuses(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """What the provider's own calendar says counts like a visit, with and without an end."""
    patel = clinic.providers[0]
    add_busy(owner, clinic, patel, clinic.at(10, 30), clinic.at(11))
    assert reason(book(app, clinic, clinic.at(10))) == ("slot_unavailable", "taken")
    assert book(app, clinic, clinic.at(11))["outcome"] == "booked"
    add_busy(owner, clinic, patel, clinic.at(9, day=2), None)
    assert reason(book(app, clinic, clinic.at(9, day=3))) == ("slot_unavailable", "taken")
    add_busy(owner, clinic, patel, None, clinic.at(12, day=1))
    assert reason(book(app, clinic, clinic.at(11, day=1))) == ("slot_unavailable", "taken")
    assert book(app, clinic, clinic.at(12, day=1))["outcome"] == "booked"


def test_outside_the_hours_is_refused(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Before opening, past closing, on a day without hours."""
    for at in (clinic.at(8, 45), clinic.at(16, 15), clinic.at(20), clinic.at(12, day=5)):
        assert reason(book(app, clinic, at)) == ("outside_hours", "hours"), at


def test_a_closure_of_the_clinic_or_of_the_provider_refuses(
    owner: Connection, app: Connection, three: Clinic
) -> None:
    """Closed is another reason than out of hours; a closed provider does not close the others."""
    ana = three.providers[0]
    add_closure(owner, three, three.at(0), three.at(0, day=1))
    assert reason(book(app, three, three.at(10))) == ("outside_hours", "closed")
    add_closure(owner, three, three.at(0, day=1), three.at(0, day=2), ana)
    assert reason(book(app, three, three.at(10, day=1), provider="Ruiz")) == ("outside_hours", "closed")
    assert book(app, three, three.at(10, day=1))["appointment"]["provider_id"] != str(ana)
    # A closure ends where it ends: the visit may start there, or end where it begins.
    add_closure(owner, three, three.at(11, day=3), three.at(12, day=3))
    assert book(app, three, three.at(10, day=3))["outcome"] == "booked"
    assert book(app, three, three.at(12, day=3))["outcome"] == "booked"
    assert reason(book(app, three, three.at(11, 45, day=3))) == ("outside_hours", "closed")


def test_too_soon_too_far_and_past_are_told_apart(
    owner: Connection, app: Connection, open_always: Clinic, next_quarter: datetime
) -> None:
    """Each limit is the clinic's own; the outcome names it."""
    owner.execute("UPDATE frontdesk.orgs SET minimum_notice_minutes = 120, booking_horizon_days = 30")
    for ahead, outcome in (
        (timedelta(hours=-1), "in_past"),
        (timedelta(days=-400), "in_past"),
        (timedelta(minutes=0), "too_soon"),
        (timedelta(hours=3), "booked"),
        (timedelta(days=29), "booked"),
        (timedelta(days=31), "too_far"),
        (timedelta(days=36500), "too_far"),
    ):
        assert book(app, open_always, next_quarter + ahead)["outcome"] == outcome, ahead


def test_too_soon_offers_what_is_not_and_the_past_offers_nothing(
    owner: Connection, app: Connection, open_always: Clinic, next_quarter: datetime
) -> None:
    """A start in the past is usually a misheard date: offering times near it would confirm the mistake."""
    owner.execute("UPDATE frontdesk.orgs SET minimum_notice_minutes = 120")
    soon = book(app, open_always, next_quarter)["alternatives"]
    assert soon
    assert all(utc(start["starts_at"]) >= datetime.now(UTC) + timedelta(minutes=119) for start in soon)
    assert book(app, open_always, next_quarter - timedelta(days=1))["alternatives"] == []
    assert book(app, open_always, next_quarter + timedelta(days=800))["alternatives"] == []


def test_the_ends_of_time_are_refused_like_any_other(app: Connection, clinic: Clinic) -> None:
    """Infinity is a timestamp to Postgres."""
    at = clinic.at(9)
    for moment, outcome in (("infinity", "too_far"), ("-infinity", "in_past")):
        row = app.execute(
            "SELECT frontdesk.book_appointment_atomic(%s, 'Dana', NULL, '+12025550147', 'Check-up',"
            " %s::timestamptz, NULL) ->> 'outcome' AS outcome",
            [clinic.id, moment],
        ).fetchone()
        assert row == {"outcome": outcome}, at


def test_an_unknown_service_is_answered_with_what_there_is(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """The agent can say the list; an inactive service is not in it and cannot be booked."""
    owner.execute("UPDATE frontdesk.services SET active = false WHERE name = 'Check-up'")
    for wish in ("Brain surgery", "Check-up", "", None):
        answer = book(app, clinic, clinic.at(9), service_type=wish)
        assert answer == {"outcome": "unknown_service", "services": ["Teeth cleaning"]}
    owner.execute("UPDATE frontdesk.services SET active = false")
    assert book(app, clinic, clinic.at(9)) == {"outcome": "unknown_service", "services": []}


def test_an_unknown_provider_is_answered_with_who_offers_it(
    owner: Connection, app: Connection, three: Clinic
) -> None:
    """Nobody of that name, somebody who does not do this, and somebody who has left are three answers."""
    ana, ben, _ = three.providers
    owner.execute("DELETE FROM frontdesk.provider_services WHERE provider_id = %s", [ana])
    owner.execute("UPDATE frontdesk.providers SET active = false WHERE id = %s", [ben])
    left = ["Dr. Cy Okafor"]
    for wish, why in (("Dr. Who", "not_found"), ("Ana Ruiz", "does_not_offer"), ("Ben Cho", "not_found")):
        answer = book(app, three, three.at(9), provider=wish)
        assert (answer["outcome"], answer["reason"], answer["providers"]) == ("unknown_provider", why, left)
    assert book(app, three, three.at(9))["appointment"]["provider_name"] == "Dr. Cy Okafor"
    assert book(app, three, three.at(9), patient_phone="+12025550100")["outcome"] == "slot_unavailable"


def test_a_contact_may_hold_only_so_many_coming_visits(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """One caller cannot block a week; past and cancelled visits do not count, another number may go on."""
    owner.execute("UPDATE frontdesk.orgs SET live_appointments_per_contact = 2")
    phone = "+12025550147"
    put_visit(owner, clinic, datetime.now(UTC) - timedelta(hours=3), phone=phone)
    put_visit(owner, clinic, clinic.at(9, day=1), phone=phone, status="cancelled")
    assert book(app, clinic, clinic.at(9))["outcome"] == "booked"
    assert book(app, clinic, clinic.at(10))["outcome"] == "booked"
    assert book(app, clinic, clinic.at(11)) == {"outcome": "too_many", "limit": 2}
    assert book(app, clinic, clinic.at(11), patient_phone="+12025550100")["outcome"] == "booked"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("patient_name", (None, "", "  \t")),
        ("patient_phone", (None, "", "unknown", "5550147", "+0123456789", "+1", "+1202555014700000000")),
        ("scheduled_at", (None,)),
        ("duration_minutes", (0, 4, 481, -60)),
    ],
)
def test_what_is_missing_is_asked_for_one_field_at_a_time(
    app: Connection, clinic: Clinic, field: str, values: tuple[Any, ...]
) -> None:
    """Absent and impossible are the same to the agent: it asks again for that field."""
    for value in values:
        answer = book(app, clinic, clinic.at(9), **{field: value})
        assert answer == {"outcome": "missing_info", "field": field}, value


def test_an_unknown_org_is_an_error(app: Connection, clinic: Clinic) -> None:
    """The org comes from us, not from the caller: a wrong one is a defect and is not spoken."""
    with pytest.raises(Exception, match="unknown org") as raised:
        book(app, clinic, clinic.at(9), org_id=clinic.services["Check-up"])
    assert getattr(raised.value, "sqlstate", None) == "22023"


def test_a_refusal_changes_nothing(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """No contact, no event, no outbox row, no key: never half a record."""
    put_visit(owner, clinic, clinic.at(9))
    before = every_row(owner, clinic.id)
    wishes: list[dict[str, Any]] = [
        {"at": clinic.at(9)},
        {"at": clinic.at(20)},
        {"at": clinic.at(9, 7)},
        {"at": clinic.at(9, day=800)},
        {"at": clinic.at(9, day=-80)},
        {"at": clinic.at(10), "service_type": "Brain surgery"},
        {"at": clinic.at(10), "provider": "Dr. Who"},
        {"at": clinic.at(10), "patient_name": None},
    ]
    for wish in wishes:
        answer = book(app, clinic, wish.pop("at"), call_id="c", tool_call_id="t", **wish)
        assert answer["outcome"] != "booked"
    assert every_row(owner, clinic.id) == before


def test_a_night_clinic_books_by_its_own_clock(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """A day's hours are read on the local day the visit starts, whatever UTC says."""
    set_hours(owner, clinic, clinic.providers[0], (1, "20:00", "24:00"))
    assert book(app, clinic, clinic.at(23))["outcome"] == "booked"
    assert one(owner, "SELECT starts_at FROM frontdesk.appointments") == clinic.at(23)
    assert reason(book(app, clinic, clinic.at(23, 30), patient_phone="+12025550100")) == (
        "outside_hours",
        "hours",
    )


def test_a_wish_between_the_grid_when_nobody_is_there_is_outside_hours(
    app: Connection, clinic: Clinic
) -> None:
    """That it is between two starts says nothing where there are no starts at all."""
    assert book(app, clinic, clinic.at(20, 7))["outcome"] == "outside_hours"
    assert book(app, clinic, clinic.at(10, 7, day=6))["reason"] == "hours"
    assert book(app, clinic, clinic.at(10, 7))["reason"] == "off_grid"
