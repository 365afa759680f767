"""book_appointment_atomic, called straight: what a booking is, and what it leaves in the tables."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.clinics import Clinic, Connection, add_busy, book, make_clinic, one, put_visit, set_hours, utc


def only_row(owner: Connection, table: str) -> dict[str, Any]:
    """Return the only row of a table."""
    rows = owner.execute(f"SELECT * FROM frontdesk.{table}").fetchall()
    assert len(rows) == 1
    return rows[0]


def test_a_free_slot_is_booked(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """The answer carries the appointment as it stands in the table, the names to say, and today's date."""
    answer = book(app, clinic, clinic.at(15), call_id="c1", tool_call_id="t1", notes="first visit")
    row = only_row(owner, "appointments")
    said = answer["appointment"]
    assert answer["outcome"] == "booked"
    assert answer["today"] == one(owner, "SELECT (now() AT TIME ZONE 'America/New_York')::date::text")
    assert said["id"] == str(row["id"])
    assert (said["provider_name"], said["service_name"]) == ("Dr. Patel", "Teeth cleaning")
    assert (utc(said["starts_at"]), utc(said["ends_at"])) == (clinic.at(15), clinic.at(16))
    assert (row["starts_at"], row["ends_at"]) == (clinic.at(15), clinic.at(16))
    assert (row["status"], row["version"], row["source"]) == ("pending", 1, "voice")
    assert (row["call_id"], row["notes"]) == ("c1", "first visit")
    assert said["confirmation_code"] == row["confirmation_code"]
    assert one(owner, "SELECT frontdesk.appointment_json(%s, %s)", clinic.id, row["id"]) == said


def test_a_booking_makes_the_caller_a_contact(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """One contact a phone number, with what the caller said."""
    book(app, clinic, clinic.at(9), patient_email="Dana@Example.COM", date_of_birth=date(1990, 2, 28))
    contact = only_row(owner, "contacts")
    assert contact["phone"] == "+12025550147"
    assert contact["name"] == "Dana Whitfield"
    assert contact["email"] == "dana@example.com"
    assert contact["date_of_birth"] == date(1990, 2, 28)


def test_a_second_booking_keeps_the_contact_and_fills_only_gaps(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """What staff or an earlier call wrote down is not overwritten by what a later call heard."""
    book(app, clinic, clinic.at(9))
    before = only_row(owner, "contacts")
    book(app, clinic, clinic.at(11), patient_name="Diana Wheatfield", patient_email="dana@example.com")
    book(app, clinic, clinic.at(13), patient_email="other@example.com")
    contact = only_row(owner, "contacts")
    assert (contact["id"], contact["name"]) == (before["id"], "Dana Whitfield")
    assert contact["email"] == "dana@example.com"


def test_a_booking_leaves_one_event_and_three_outbox_rows(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Text, calendar and board are told by rows of the same transaction, and those hold ids only."""
    answer = book(app, clinic, clinic.at(15), call_id="c1")
    event = only_row(owner, "events")
    assert (event["seq"], event["type"], event["actor"]) == (1, "appointment.booked", "voice")
    assert str(event["appointment_id"]) == answer["appointment"]["id"]
    assert event["call_id"] == "c1"
    outbox = owner.execute("SELECT * FROM frontdesk.outbox ORDER BY id").fetchall()
    assert [row["queue"] for row in outbox] == ["sms", "calendar", "notify"]
    assert answer["outbox"] == [{"id": row["id"], "queue": row["queue"]} for row in outbox]
    assert {str(row["aggregate_id"]) for row in outbox} == {answer["appointment"]["id"]}
    assert {(row["version"], row["seq"], row["kind"]) for row in outbox} == {(1, 1, "appointment.booked")}
    assert "Dana" not in str(outbox) + str(event)


def test_buffers_belong_to_what_must_not_overlap(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """`during` is the visit with its buffers; a neighbour must stay outside both its own and the other's."""
    owner.execute("UPDATE frontdesk.services SET buffer_before_minutes = 15, buffer_after_minutes = 30")
    assert book(app, clinic, clinic.at(11))["outcome"] == "booked"
    during = only_row(owner, "appointments")["during"]
    assert (during.lower, during.upper) == (clinic.at(10, 45), clinic.at(12, 30))
    # 12:30 is when the buffer ends, but the next visit needs a quarter before it.
    for at, outcome in (
        (clinic.at(12, 30), "slot_unavailable"),
        (clinic.at(12, 45), "booked"),
        (clinic.at(9, 30), "slot_unavailable"),
        (clinic.at(9, 15), "booked"),
    ):
        assert book(app, clinic, at, patient_phone="+12025550100")["outcome"] == outcome, at


def test_a_buffer_may_lie_outside_the_hours(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """The hours hold the visit; tidying up may take place after closing."""
    owner.execute("UPDATE frontdesk.services SET buffer_before_minutes = 15, buffer_after_minutes = 30")
    assert book(app, clinic, clinic.at(9))["outcome"] == "booked"
    assert book(app, clinic, clinic.at(16))["outcome"] == "booked"


def test_visits_may_stand_back_to_back(app: Connection, clinic: Clinic) -> None:
    """Ranges are half open: one visit may end when the next begins."""
    phones = [f"+1202555010{n}" for n in range(3)]
    made = [book(app, clinic, clinic.at(10 + n), patient_phone=phone) for n, phone in enumerate(phones)]
    assert [answer["outcome"] for answer in made] == ["booked"] * 3


def test_the_last_visit_of_the_day_may_end_at_closing_time(app: Connection, clinic: Clinic) -> None:
    """Both ends of the hours belong to them."""
    assert book(app, clinic, clinic.at(16))["outcome"] == "booked"
    late = book(app, clinic, clinic.at(16, 15, day=1))
    assert (late["outcome"], late["reason"]) == ("outside_hours", "hours")


def test_without_a_duration_the_service_says_how_long(app: Connection, clinic: Clinic) -> None:
    """A given duration goes before the service's own."""
    usual = book(app, clinic, clinic.at(9), service_type="Check-up")["appointment"]
    longer = book(app, clinic, clinic.at(11), service_type="Check-up", duration_minutes=45)["appointment"]
    assert utc(usual["ends_at"]) - utc(usual["starts_at"]) == timedelta(minutes=30)
    assert utc(longer["ends_at"]) - utc(longer["starts_at"]) == timedelta(minutes=45)


def test_a_lunch_break_splits_the_day(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """A visit fits before or after the gap between two rows of hours, never across it."""
    set_hours(owner, clinic, clinic.providers[0], (1, "09:00", "12:00"), (1, "13:00", "17:00"))
    assert book(app, clinic, clinic.at(11))["outcome"] == "booked"
    assert book(app, clinic, clinic.at(13))["outcome"] == "booked"
    across = book(app, clinic, clinic.at(11, 30), patient_phone="+12025550100")
    assert (across["outcome"], across["reason"]) == ("outside_hours", "hours")


def test_a_row_staff_overbooked_still_keeps_callers_out(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Overbooking lifts the constraint for staff, not the rule for callers."""
    put_visit(owner, clinic, clinic.at(10))
    put_visit(owner, clinic, clinic.at(10), phone="+12025550198", overbooked=True)
    owner.execute("UPDATE frontdesk.appointments SET status = 'cancelled' WHERE NOT overbooked")
    assert book(app, clinic, clinic.at(10))["outcome"] == "slot_unavailable"


def test_only_live_visits_keep_their_time(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Pending, confirmed and arrived visits occupy the provider; what is over or cancelled frees the slot."""
    answers = {}
    for hour, status in enumerate(
        ("pending", "confirmed", "arrived", "completed", "no_show", "cancelled"), 9
    ):
        put_visit(owner, clinic, clinic.at(hour), status=status)
        answers[status] = book(app, clinic, clinic.at(hour), patient_phone="+12025550100")["outcome"]
    taken, booked = "slot_unavailable", "booked"
    assert answers == {
        "pending": taken,
        "confirmed": taken,
        "arrived": taken,
        "completed": booked,
        "no_show": booked,
        "cancelled": booked,
    }


def test_names_and_emails_are_tidied(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """What plain SQL can: white space, case, control characters; an address that is none is left out."""
    book(app, clinic, clinic.at(9), patient_name="  dana\t \n o'brien ", patient_email=" DANA@example.com ")
    book(
        app,
        clinic,
        clinic.at(11),
        patient_name="LEE CHO",
        patient_phone="+1 (202) 555-0100",
        patient_email="none",
    )
    rows = owner.execute("SELECT name, phone, email FROM frontdesk.contacts ORDER BY name").fetchall()
    assert [tuple(row.values()) for row in rows] == [
        ("Dana O'Brien", "+12025550147", "dana@example.com"),
        ("Lee Cho", "+12025550100", None),
    ]


def test_capitals_set_on_purpose_stay(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Only a name all in one case is put in title case."""
    book(app, clinic, clinic.at(9), patient_name="LaToya de la Cruz")
    assert only_row(owner, "contacts")["name"] == "LaToya de la Cruz"


def test_a_name_too_long_is_cut_and_still_tidy(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Cutting at 120 characters may leave a space at the end, which the table refuses."""
    answer = book(app, clinic, clinic.at(9), patient_name="A" * 119 + " Whitfield")
    assert answer["outcome"] == "booked"
    assert only_row(owner, "contacts")["name"] == "A" + "a" * 118


def test_a_service_is_known_by_name_alias_or_id(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Case and spaces do not matter."""
    owner.execute("UPDATE frontdesk.services SET aliases = '{prophy}' WHERE name = 'Teeth cleaning'")
    spoken = ("  teeth   CLEANING ", "Prophy", str(clinic.services["Teeth cleaning"]))
    for n, service in enumerate(spoken):
        answer = book(app, clinic, clinic.at(9 + n), service_type=service, patient_phone=f"+1202555010{n}")
        assert answer["appointment"]["service_name"] == "Teeth cleaning"


def test_a_provider_is_known_by_full_or_last_name(app: Connection, three: Clinic) -> None:
    """Titles, case and accents do not matter; nobody else is booked instead."""
    for n, spoken in enumerate(("Dr. Ana Ruiz", "ana ruiz", "Doctor Ruiz", "RUIZ", str(three.providers[0]))):
        answer = book(app, three, three.at(9 + n), provider=spoken)
        assert answer["appointment"]["provider_id"] == str(three.providers[0]), spoken


def test_a_degree_is_no_last_name(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """'Patel' finds 'Dr. Ana Patel, DDS'."""
    owner.execute("UPDATE frontdesk.providers SET name = 'Dr. Ana Patel, DDS'")
    assert book(app, clinic, clinic.at(9), provider="Dr Patel")["outcome"] == "booked"


def test_two_providers_of_one_last_name_are_not_guessed_between(
    owner: Connection, app: Connection, three: Clinic
) -> None:
    """The agent is told who there is and asks."""
    owner.execute("UPDATE frontdesk.providers SET name = 'Dr. Bea Ruiz' WHERE id = %s", [three.providers[1]])
    answer = book(app, three, three.at(9), provider="Ruiz")
    assert (answer["outcome"], answer["reason"]) == ("unknown_provider", "not_found")
    assert answer["providers"] == ["Dr. Ana Ruiz", "Dr. Bea Ruiz", "Dr. Cy Okafor"]
    assert book(app, three, three.at(9), provider="Bea Ruiz")["outcome"] == "booked"


def test_any_provider_means_the_one_with_the_fewest_visits_that_day(
    owner: Connection, app: Connection, three: Clinic
) -> None:
    """Nine visits over three providers are three each."""
    for n in range(9):
        at, phone = three.at(9 + n // 2, n % 2 * 30), f"+1202555010{n}"
        assert book(app, three, at, patient_phone=phone, service_type="Check-up")["outcome"] == "booked"
    counts = owner.execute("SELECT count(*) AS n FROM frontdesk.appointments GROUP BY provider_id").fetchall()
    assert [row["n"] for row in counts] == [3, 3, 3]


def test_any_provider_skips_who_is_busy(owner: Connection, app: Connection, three: Clinic) -> None:
    """The only one free gets the visit, however many they have."""
    for provider in three.providers[:2]:
        add_busy(owner, three, provider, three.at(9), three.at(17))
    for n in range(4):
        answer = book(app, three, three.at(9 + n), patient_phone=f"+1202555010{n}")
        assert answer["appointment"]["provider_id"] == str(three.providers[2])


@pytest.mark.parametrize("written", ["(202) 555-0147", "202.555.0147", "1 202 555 0147", "+1 202-555-0147"])
def test_a_number_of_the_clinics_own_country_is_written_whole(
    owner: Connection, app: Connection, clinic: Clinic, written: str
) -> None:
    """Ten digits in the United States are +1 and those ten, whoever calls the function."""
    assert book(app, clinic, clinic.at(9), patient_phone=written)["outcome"] == "booked"
    assert one(owner, "SELECT phone FROM frontdesk.contacts") == "+12025550147"


def test_ten_digits_elsewhere_are_no_number(owner: Connection, app: Connection) -> None:
    """What country they belong to cannot be told by plain SQL, so they are asked for."""
    madrid = make_clinic(owner, region="ES", time_zone="Europe/Madrid")
    assert book(app, madrid, madrid.at(9), patient_phone="2025550147")["field"] == "patient_phone"
