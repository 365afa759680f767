"""Erasing, exporting and merging people over the API: who may, what is told, what is sent off."""

import uuid
from typing import Any

import pytest

from tests.clinics import Clinic, Connection, book, call, every_row, one
from tests.staff.conftest import Member, ask

PHONE = "+12025550147"


@pytest.fixture
def contact(app: Connection, clinic: Clinic) -> str:
    """Make a contact with a visit to come."""
    made: str = book(app, clinic, clinic.at(9), patient_phone=PHONE)["appointment"]["contact_id"]
    return made


def kept(owner: Connection, clinic: Clinic) -> dict[str, list[Any]]:
    """Return all a clinic has but its staff, of whom it is noted when they were last seen."""
    return {name: rows for name, rows in every_row(owner, clinic.id).items() if name != "staff"}


def test_a_person_is_erased_and_the_queues_are_told(
    owner: Connection, admin: Member, contact: str, published: list[dict[str, Any]]
) -> None:
    """With their visits cancelled; the board, Google and Twilio hear of it, and no text goes out."""
    told = ask(admin, "POST", f"/contacts/{contact}/erase", {"cancel": True})
    assert told.status == 200
    assert (told.body["contact"]["name"], len(told.body["cancelled"])) == ("Erased", 1)
    assert told.body["contact"]["erased_at"] is not None
    kinds = {
        (row["queue"], one(owner, "SELECT kind FROM frontdesk.outbox WHERE id = %s", row["id"]))
        for row in published
    }
    assert kinds == {
        ("calendar", "appointment.cancelled"),
        ("notify", "appointment.cancelled"),
        ("notify", "contact.erased"),
        ("sms", "contact.erased"),
    }
    assert one(owner, "SELECT actor FROM frontdesk.events WHERE type = 'contact.erased'") == admin.actor


def test_visits_to_come_are_named_and_nothing_is_changed(
    owner: Connection, clinic: Clinic, admin: Member, contact: str
) -> None:
    """409 has_appointments with them; nobody loses a visit by one click too many."""
    before = kept(owner, clinic)
    told = ask(admin, "POST", f"/contacts/{contact}/erase", {})
    assert (told.status, told.body["code"]) == (409, "has_appointments")
    assert [each["contact_id"] for each in told.body["current"]["appointments"]] == [contact]
    assert kept(owner, clinic) == before


def test_an_export_is_a_file_and_an_event(owner: Connection, admin: Member, contact: str) -> None:
    """JSON to be saved, never kept by a cache on the way."""
    told = ask(admin, "GET", f"/contacts/{contact}/export")
    assert told.status == 200
    assert told.body["contacts"][0]["phone"] == PHONE
    assert told.headers["content-disposition"].startswith(f'attachment; filename="contact-{contact}-20')
    assert told.headers["cache-control"] == "no-store"
    assert one(owner, "SELECT actor FROM frontdesk.events WHERE type = 'contact.exported'") == admin.actor


def test_two_contacts_become_one(app: Connection, clinic: Clinic, staff: Member, contact: str) -> None:
    """The one that stays shows both; a stale version is a conflict with the contact as it is."""
    other = book(app, clinic, clinic.at(11), patient_phone="+12025550148")["appointment"]["contact_id"]
    path = f"/contacts/{contact}/merge"
    told = ask(staff, "POST", path, {"version": 1, "other_id": other})
    assert told.status == 200
    assert (told.body["other_phones"], told.body["appointment_count"]) == (["+12025550148"], 2)
    assert ask(staff, "GET", f"/contacts/{other}").body["id"] == contact
    third = book(app, clinic, clinic.at(13), patient_phone="+12025550149")["appointment"]["contact_id"]
    stale = ask(staff, "POST", path, {"version": 1, "other_id": third})
    assert (stale.status, stale.body["code"], stale.body["current"]["version"]) == (
        409,
        "version_conflict",
        2,
    )
    same = ask(staff, "POST", path, {"version": 2, "other_id": contact})
    assert (same.status, same.body["errors"][0]["field"]) == (422, "other_id")


REQUESTS: list[tuple[str, str, dict[str, Any] | None, str]] = [
    ("POST", "erase", {"cancel": True}, "admin"),
    ("GET", "export", None, "admin"),
    ("POST", "merge", {"version": 1, "other_id": str(uuid.UUID(int=1))}, "staff"),
]


@pytest.mark.parametrize(("method", "action", "body", "least"), REQUESTS)
def test_only_whose_role_allows_it_may(
    owner: Connection, clinic: Clinic, reader: Member, staff: Member, contact: str, method: str, action: str,
    body: dict[str, Any] | None, least: str,
) -> None:  # fmt: skip
    """Readers never; erasing and exporting are an admin's; nobody signed in is nobody."""
    before = kept(owner, clinic)
    path = f"/contacts/{contact}/{action}"
    for member in (reader, staff) if least == "admin" else (reader,):
        told = ask(member, method, path, body)
        assert (told.status, told.body["code"]) == (403, "role_too_low")
    assert ask(None, method, path, body).status == 401
    assert kept(owner, clinic) == before


@pytest.mark.parametrize(("method", "action", "body", "_least"), REQUESTS)
def test_another_clinic_s_admin_finds_nobody(
    owner: Connection, clinic: Clinic, stranger: Member, contact: str, method: str, action: str,
    body: dict[str, Any] | None, _least: str,
) -> None:  # fmt: skip
    """404, as for somebody who does not exist; nothing changes."""
    before = kept(owner, clinic)
    told = ask(stranger, method, f"/contacts/{contact}/{action}", body)
    assert (told.status, told.body["code"]) == (404, "not_found")
    assert kept(owner, clinic) == before


def test_the_other_of_a_merger_must_be_of_the_same_clinic(
    app: Connection, owner: Connection, other: Clinic, staff: Member, contact: str
) -> None:
    """Somebody else's patient is nobody here."""
    made = book(app, other, other.at(9), service_type="Whitening", patient_phone="+12025550148")
    theirs = made["appointment"]["contact_id"]
    before = kept(owner, other)
    assert ask(staff, "POST", f"/contacts/{contact}/merge", {"version": 1, "other_id": theirs}).status == 404
    assert kept(owner, other) == before


def test_an_erased_person_is_not_merged(app: Connection, clinic: Clinic, admin: Member, contact: str) -> None:
    """Nobody gets a forgotten person's history."""
    other = book(app, clinic, clinic.at(11), patient_phone="+12025550148")["appointment"]["contact_id"]
    call(app, "erase_contact", org_id=clinic.id, contact_id=other, actor=admin.actor, cancel=True)
    told = ask(admin, "POST", f"/contacts/{contact}/merge", {"version": 1, "other_id": other})
    assert (told.status, told.body["code"]) == (409, "erased")
