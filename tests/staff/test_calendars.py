"""Whose Google calendar is whose, as the board sets it."""

import uuid

import pytest

from tests.clinics import Clinic, Connection, make_clinic, one
from tests.staff.conftest import Member, ask


@pytest.fixture
def clinic(owner: Connection) -> Clinic:
    """Make a clinic with two providers that has connected its account."""
    made = make_clinic(owner, providers=("Dr. Ana Ruiz", "Dr. Ben Cho"))
    owner.execute(
        "INSERT INTO frontdesk.google_connections (org_id, status, account_email)"
        " VALUES (%s, 'connected', 'clinic@example.test')",
        [made.id],
    )
    return made


def test_a_provider_gets_a_calendar_and_loses_it(
    owner: Connection, clinic: Clinic, admin: Member, published: list[dict[str, object]]
) -> None:
    """Assigned, shown beside the connection, announced; then taken away."""
    path = f"/calendars/{clinic.providers[0]}"
    told = ask(admin, "PUT", path, {"google_calendar_id": "ana@group.example", "summary": "Ana"})
    assert told.status == 200
    assert told.body["connection"]["account_email"] == "clinic@example.test"
    item = told.body["items"][0]
    assert (item["provider_name"], item["google_calendar_id"], item["summary"], item["status"]) == (
        "Dr. Ana Ruiz",
        "ana@group.example",
        "Ana",
        "syncing",
    )
    assert {row["queue"] for row in published} >= {"calendar", "notify"}
    event = owner.execute(
        "SELECT actor, data FROM frontdesk.events WHERE type = 'calendar.assigned'"
    ).fetchone()
    assert event is not None
    assert event["actor"] == admin.actor
    assert ask(admin, "DELETE", path).status == 204
    assert ask(admin, "DELETE", path).status == 404


def test_one_calendar_is_one_providers(clinic: Clinic, admin: Member) -> None:
    """409; the first keeps it."""
    body = {"google_calendar_id": "ana@group.example"}
    assert ask(admin, "PUT", f"/calendars/{clinic.providers[0]}", body).status == 200
    told = ask(admin, "PUT", f"/calendars/{clinic.providers[1]}", body)
    assert (told.status, told.body["code"]) == (409, "calendar_taken")


@pytest.mark.parametrize("wanted", ["", " ", "a b", "x" * 1025, "kalendér"])
def test_what_is_no_calendar_is_named(clinic: Clinic, admin: Member, wanted: str) -> None:
    """422 at google_calendar_id."""
    told = ask(admin, "PUT", f"/calendars/{clinic.providers[0]}", {"google_calendar_id": wanted})
    assert (told.status, told.body["errors"][0]["field"]) == (422, "google_calendar_id")


def test_a_clinic_without_google_says_so(stranger: Member) -> None:
    """Disconnected, and no calendars."""
    told = ask(stranger, "GET", "/calendars").body
    assert (told["connection"]["status"], told["items"]) == ("disconnected", [])


def test_only_admins_of_this_clinic_decide(
    owner: Connection, clinic: Clinic, staff: Member, stranger: Member
) -> None:
    """403 for staff, 404 for another clinic's admin and for nobody's provider."""
    path, body = f"/calendars/{clinic.providers[0]}", {"google_calendar_id": "ana@group.example"}
    assert ask(staff, "GET", "/calendars").status == 200
    assert ask(staff, "PUT", path, body).status == 403
    assert ask(staff, "DELETE", path).status == 403
    assert ask(stranger, "PUT", path, body).status == 404
    assert ask(stranger, "PUT", f"/calendars/{uuid.uuid4()}", body).status == 404
    assert ask(stranger, "DELETE", path).status == 404
    assert one(owner, "SELECT count(*) FROM frontdesk.calendars") == 0
