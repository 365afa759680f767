"""Appointments listed and shown: what a row says, which rows come, and in which pages."""

import itertools
from datetime import UTC, timedelta
from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.clinics import Clinic, Connection, book, one, put_visit
from tests.staff.conftest import Member, ask


def test_a_row_says_all_the_board_shows(app: Connection, clinic: Clinic, reader: Member) -> None:
    """The visit, the patient with number and address, who booked it; no text and no calendar yet."""
    made = book(
        app, clinic, clinic.at(9), patient_email="dana@example.test", notes="Nervous", is_new_patient=True
    )["appointment"]
    told = ask(reader, "GET", f"/appointments/{made['id']}")
    assert told.status == 200
    expected = {
        "status": "pending",
        "version": 1,
        "patient_name": "Dana Whitfield",
        "phone": "+12025550147",
        "email": "dana@example.test",
        "notes": "Nervous",
        "is_new_patient": True,
        "source": "voice",
        "overbooked": False,
        "provider_name": "Dr. Patel",
        "service_name": "Teeth cleaning",
        "confirmation_code": made["confirmation_code"],
        "sms": None,
        "calendar": {"state": "none", "error_code": None, "at": None},
    }
    assert {name: told.body[name] for name in expected} == expected
    assert ask(reader, "GET", "/appointments").body == {"items": [told.body], "next": None}


def test_the_last_text_s_fate_is_on_the_row(
    owner: Connection, app: Connection, clinic: Clinic, reader: Member
) -> None:
    """The latest text we sent for the visit; what the patient wrote is not it."""
    made = book(app, clinic, clinic.at(9))["appointment"]
    for minutes, kind, direction, state, code in (
        (3, "booked", "out", "delivered", None),
        (2, "reminder", "out", "failed", "30003"),
        (1, "reply", "in", "received", None),
    ):
        owner.execute(
            "INSERT INTO frontdesk.sms_messages (org_id, id, direction, kind, appointment_id, dedupe_key,"
            " phone, language, state, error_code, next_at, valid_until, created_at)"
            " VALUES (%s, gen_random_uuid(), %s, %s, %s, %s, '+12025550147', 'en', %s, %s, now(), now(),"
            " now() - %s * interval '1 minute')",
            [clinic.id, direction, kind, made["id"], kind, state, code, minutes],
        )
    sms = ask(reader, "GET", f"/appointments/{made['id']}").body["sms"]
    assert (sms["kind"], sms["state"], sms["error_code"]) == ("reminder", "failed", "30003")


@pytest.mark.parametrize(
    ("connection", "calendar", "event", "expected"),
    [
        ("connected", None, None, ("none", None)),
        ("connected", "live", None, ("pending", None)),
        ("connected", "live", {"state": "live"}, ("written", None)),
        ("connected", "live", {"state": "live", "late": 60}, ("pending", None)),
        ("connected", "live", {"state": "failed", "last_error_code": "quota"}, ("failed", "quota")),
        ("connected", "gone", None, ("failed", "gone")),
        ("reconnect_required", "live", None, ("paused", "invalid_grant")),
        ("reconnect_required", "live", {"state": "live"}, ("written", None)),
        ("disconnected", "live", {"state": "live"}, ("none", None)),
    ],
)
def test_the_calendar_s_state_is_on_the_row(
    owner: Connection,
    app: Connection,
    clinic: Clinic,
    reader: Member,
    connection: str,
    calendar: str | None,
    event: dict[str, object] | None,
    expected: tuple[str, str | None],
) -> None:
    """Written: Google has the visit's time as it is now. What is behind, refused or paused says so."""
    made = book(app, clinic, clinic.at(9))["appointment"]
    owner.execute(
        "INSERT INTO frontdesk.google_connections (org_id, status, reason) VALUES (%s, %s, 'invalid_grant')",
        [clinic.id, connection],
    )
    if calendar:
        calendar_id = uuid4()
        owner.execute(
            "INSERT INTO frontdesk.calendars (org_id, id, provider_id, google_calendar_id, status)"
            " VALUES (%s, %s, %s, 'c@example.test', %s)",
            [clinic.id, calendar_id, clinic.providers[0], calendar],
        )
        if event:
            late = timedelta(minutes=int(str(event.get("late", 0))))
            owner.execute(
                "INSERT INTO frontdesk.calendar_events (org_id, appointment_id, calendar_id, google_event_id,"
                " state, last_error_code, written_starts_at, written_ends_at)"
                " VALUES (%s, %s, %s, 'e', %s, %s, %s, %s)",
                [
                    clinic.id,
                    made["id"],
                    calendar_id,
                    event["state"],
                    event.get("last_error_code"),
                    clinic.at(9) + late,
                    clinic.at(10) + late,
                ],
            )
    state = ask(reader, "GET", f"/appointments/{made['id']}").body["calendar"]
    assert (state["state"], state["error_code"]) == expected


def test_a_day_is_a_window_of_starts(owner: Connection, clinic: Clinic, reader: Member) -> None:
    """From is included, to is not; a plus sign that arrives as a space is understood."""
    for hour in (9, 11, 13):
        put_visit(owner, clinic, clinic.at(hour))
    for write in (quote, str):
        window = f"from={write(_utc(clinic, 9))}&to={write(_utc(clinic, 13))}"
        told = ask(reader, "GET", "/appointments", query=window)
        assert [each["starts_at"] for each in told.body["items"]] == [_utc(clinic, 9), _utc(clinic, 11)]


def _utc(clinic: Clinic, hour: int) -> str:
    return clinic.at(hour).astimezone(UTC).isoformat()


def test_rows_are_chosen_by_provider_patient_and_status(
    owner: Connection, clinic: Clinic, reader: Member
) -> None:
    """Each narrows, and all together; status may be repeated."""
    mine = put_visit(owner, clinic, clinic.at(9), status="confirmed")
    put_visit(owner, clinic, clinic.at(11), phone="+12025550111", status="cancelled")
    contact = one(owner, "SELECT contact_id FROM frontdesk.appointments WHERE id = %s", mine)

    def found(query: str) -> int:
        return len(ask(reader, "GET", "/appointments", query=query).body["items"])

    provider = f"provider_id={clinic.providers[0]}"
    assert [found(query) for query in (provider, f"provider_id={uuid4()}")] == [2, 0]
    assert [found(query) for query in ("status=cancelled", "status=cancelled&status=confirmed")] == [1, 2]
    assert [found(f"contact_id={contact}"), found(f"contact_id={contact}&status=cancelled")] == [1, 0]
    assert found(f"{provider}&contact_id={contact}&status=confirmed") == 1


@pytest.mark.parametrize("by", ["", "provider_id={provider}&", "contact_id={contact}&"])
def test_pages_hold_every_row_once(owner: Connection, clinic: Clinic, reader: Member, by: str) -> None:
    """In the order of start, also where many start at once, while rows are added behind and before."""
    made = [put_visit(owner, clinic, clinic.at(9), overbooked=True) for _ in range(5)]
    made += [put_visit(owner, clinic, clinic.at(11), overbooked=True) for _ in range(2)]
    contact = one(owner, "SELECT DISTINCT contact_id FROM frontdesk.appointments")
    narrowed = by.format(provider=clinic.providers[0], contact=contact)
    seen: list[str] = []
    cursor = ""
    for turn in itertools.count():
        page = ask(reader, "GET", "/appointments", query=f"{narrowed}limit=2{cursor}").body
        seen += [each["id"] for each in page["items"]]
        if turn == 0:
            put_visit(owner, clinic, clinic.at(9, day=-7), overbooked=True)
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert sorted(seen) == sorted(map(str, made))
    assert turn == 3


def test_five_hundred_rows_come_in_one_page(owner: Connection, clinic: Clinic, reader: Member) -> None:
    """The board's day on a wall: compressed well below the 150 KB the page may transfer in all."""
    put_visit(owner, clinic, clinic.at(9), overbooked=True)
    owner.execute(
        "INSERT INTO frontdesk.appointments (org_id, id, provider_id, provider_no, contact_id, service_id,"
        " patient_name, starts_at, ends_at, during, overbooked, confirmation_code, source)"
        " SELECT org_id, gen_random_uuid(), provider_id, provider_no, contact_id, service_id,"
        " patient_name || n, starts_at, ends_at, during, true, confirmation_code, source"
        " FROM frontdesk.appointments, generate_series(1, 499) AS n"
    )
    told = ask(reader, "GET", "/appointments", query="limit=500", accept_encoding="gzip, br")
    assert (len(told.body["items"]), told.body["next"]) == (500, None)
    assert told.headers["content-encoding"] == "gzip"
    assert told.size < 100_000


def test_another_clinic_s_visit_is_not_there(
    owner: Connection, app: Connection, clinic: Clinic, stranger: Member
) -> None:
    """404 by its id, and in no list, though provider and contact are named."""
    made = book(app, clinic, clinic.at(9))["appointment"]
    assert ask(stranger, "GET", f"/appointments/{made['id']}").status == 404
    for query in ("", f"provider_id={clinic.providers[0]}", f"contact_id={made['contact_id']}"):
        assert ask(stranger, "GET", "/appointments", query=query).body["items"] == []
