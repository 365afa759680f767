"""What staff do with appointments: by the rules of every booking, with their name, never over one another."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.clinics import Clinic, Connection, add_busy, book, every_row, make_clinic, one, put_visit
from tests.staff.conftest import Member, Reply, ask, put_member


def new(clinic: Clinic, start: datetime, **changed: Any) -> dict[str, Any]:
    """Write the body that books Sam Staff a cleaning at that time, or what `changed` says instead."""
    wanted = {
        "patient_name": "SAM STAFF",
        "phone": "(202) 555-0199",
        "service_id": str(next(iter(clinic.services.values()))),
        "starts_at": start.isoformat(),
    }
    return wanted | changed


def make(member: Member, start: datetime, key: str | None = None, **changed: Any) -> Reply:
    """Book as this member."""
    return ask(member, "POST", "/appointments", new(member.clinic, start, **changed), key=key)


def change(member: Member, row: dict[str, Any], what: str, **body: Any) -> Reply:
    """Change a row as this member, at the version seen unless `body` says another."""
    return ask(member, "POST", f"/appointments/{row['id']}/{what}", {"version": row["version"]} | body)


def events(owner: Connection) -> list[tuple[str, str]]:
    """Return type and actor of every event."""
    rows = owner.execute("SELECT type, actor FROM frontdesk.events ORDER BY seq").fetchall()
    return [(row["type"], row["actor"]) for row in rows]


def test_staff_book_by_the_rules_of_every_booking(
    owner: Connection, clinic: Clinic, staff: Member, published: list[dict[str, Any]]
) -> None:
    """Name and number in their written form, the event says who, and all three queues are told at once."""
    told = make(
        staff, clinic.at(9), email="SAM@Example.test", notes="  Prefers mornings ", is_new_patient=False
    )
    assert told.status == 201
    shown = {
        name: told.body[name] for name in ("patient_name", "phone", "email", "notes", "source", "version")
    }
    assert shown == {
        "patient_name": "Sam Staff",
        "phone": "+12025550199",
        "email": "sam@example.test",
        "notes": "Prefers mornings",
        "source": "staff",
        "version": 1,
    }
    assert events(owner) == [("appointment.booked", staff.actor)]
    assert sorted(row["queue"] for row in published) == ["calendar", "notify", "sms"]


def test_booking_what_the_patient_has_already_is_200(clinic: Clinic, staff: Member) -> None:
    """A second click, without any key, changes nothing."""
    first = make(staff, clinic.at(9))
    again = make(staff, clinic.at(9))
    assert (again.status, again.body) == (200, first.body)


def test_a_request_repeated_with_its_key_is_done_once(
    owner: Connection, clinic: Clinic, staff: Member
) -> None:
    """The same answer again, though the time is taken by now; another request with that key is refused."""
    first = make(staff, clinic.at(9), key="k-1")
    again = make(staff, clinic.at(9), key="k-1")
    assert (again.status, again.body) == (201, first.body)
    other = make(staff, clinic.at(11), key="k-1")
    assert (other.status, other.body["code"]) == (422, "key_reused")
    assert other.body["errors"][0]["field"] == "Idempotency-Key"
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments") == 1


def test_a_key_of_ours_cannot_be_a_caller_s(owner: Connection, clinic: Clinic, staff: Member) -> None:
    """Keys of staff and of calls are kept apart."""
    make(staff, clinic.at(9), key="call:1:2")
    assert one(owner, "SELECT key FROM frontdesk.idempotency_keys") == "staff:call:1:2"


def test_a_taken_time_is_409_with_free_ones(owner: Connection, clinic: Clinic, staff: Member) -> None:
    """Nothing is written; each alternative could be booked."""
    put_visit(owner, clinic, clinic.at(9))
    before = every_row(owner, clinic.id)
    told = make(staff, clinic.at(9), phone="+12025550111")
    assert (told.status, told.body["code"]) == (409, "slot_unavailable")
    assert len(told.body["alternatives"]) == 3
    after = every_row(owner, clinic.id)
    del before["staff"], after["staff"]  # last_seen_at
    assert after == before
    free = datetime.fromisoformat(told.body["alternatives"][0]["starts_at"])
    assert make(staff, free, phone="+12025550111").status == 201


@pytest.mark.parametrize(
    ("changed", "status", "code", "field"),
    [
        ({"starts_at": "2020-01-06T09:00:00Z"}, 422, "in_past", "starts_at"),
        ({"starts_at": "2199-01-06T09:00:00Z"}, 422, "too_far", "starts_at"),
        ({"service_id": str(uuid4())}, 422, "unknown_service", "service_id"),
        ({"provider_id": str(uuid4())}, 422, "unknown_provider", "provider_id"),
        ({"phone": "12"}, 422, "invalid", "phone"),
        ({"patient_name": "<b>@"}, 422, "invalid", "patient_name"),
        ({"email": "nonsense"}, 422, "invalid", "email"),
        ({"overbook_reason": "He waits"}, 422, "invalid", "provider_id"),
        ({"notes": "x" * 2001}, 422, "invalid", "notes"),
        ({"notes": "a\x00b"}, 422, "invalid", "notes"),
        ({"starts_at": "2026-11-10T15:00:00"}, 422, "invalid", "starts_at"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, 422, "invalid", "starts_at"),
        ({"starts_at": 1}, 422, "invalid", "starts_at"),
        ({"is_new_patient": "yes"}, 422, "invalid", "is_new_patient"),
        ({"nonsense": 1}, 422, "invalid", "nonsense"),
    ],
)
def test_what_cannot_be_used_is_named(
    owner: Connection,
    clinic: Clinic,
    staff: Member,
    changed: dict[str, Any],
    status: int,
    code: str,
    field: str,
) -> None:
    """The field, in the answer; nothing is written."""
    told = make(staff, clinic.at(9), **changed)
    assert (told.status, told.body["code"]) == (status, code)
    assert [each["field"] for each in told.body["errors"]] == [field]
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments") == 0


def test_overbooking_needs_a_reason_and_says_who_gave_it(
    owner: Connection, clinic: Clinic, staff: Member
) -> None:
    """Over another visit: the row is marked, the event carries reason and person."""
    put_visit(owner, clinic, clinic.at(9))
    told = make(
        staff,
        clinic.at(9, 20),
        phone="+12025550111",
        provider_id=str(clinic.providers[0]),
        overbook_reason="Lost a crown",
    )
    assert (told.status, told.body["overbooked"]) == (201, True)
    event = owner.execute("SELECT actor, data FROM frontdesk.events").fetchone()
    assert event is not None
    assert event["actor"] == staff.actor
    assert (event["data"]["overbooked"], event["data"]["reason"]) == (True, "Lost a crown")


def test_moving_follows_the_rules_of_a_booking(owner: Connection, clinic: Clinic, staff: Member) -> None:
    """To a free time: pending again, one version on. To a taken one: 409, and it stays where it is."""
    row = make(staff, clinic.at(9)).body
    put_visit(owner, clinic, clinic.at(11), phone="+12025550111")
    moved = change(staff, row, "move", starts_at=clinic.at(14).isoformat())
    assert (moved.status, moved.body["version"], moved.body["starts_at"]) == (
        200,
        2,
        clinic.at(14).astimezone(UTC).isoformat(),
    )
    taken = change(staff, moved.body, "move", starts_at=clinic.at(11).isoformat())
    assert (taken.status, taken.body["code"]) == (409, "slot_unavailable")
    assert "current" not in taken.body
    assert len(taken.body["alternatives"]) == 3
    assert ask(staff, "GET", f"/appointments/{row['id']}").body == moved.body


def test_a_visit_moves_to_another_provider(owner: Connection) -> None:
    """By id; one who does not work here is named as the problem."""
    clinic = make_clinic(owner, providers=("Dr. Ana Ruiz", "Dr. Ben Cho"))
    staff = put_member(owner, clinic, "staff")
    row = make(staff, clinic.at(9), provider_id=str(clinic.providers[0])).body
    moved = change(
        staff, row, "move", starts_at=clinic.at(9).isoformat(), provider_id=str(clinic.providers[1])
    )
    assert (moved.status, moved.body["provider_name"]) == (200, "Dr. Ben Cho")
    wrong = change(staff, moved.body, "move", starts_at=clinic.at(9).isoformat(), provider_id=str(uuid4()))
    assert (wrong.status, wrong.body["errors"][0]["field"]) == (422, "provider_id")


def test_a_move_may_overbook_too(owner: Connection, clinic: Clinic, staff: Member) -> None:
    """With a reason, over a busy block; moved on to a free time it is an ordinary visit again."""
    row = make(staff, clinic.at(9)).body
    add_busy(owner, clinic, clinic.providers[0], clinic.at(11), clinic.at(12))
    refused = change(staff, row, "move", starts_at=clinic.at(11).isoformat())
    assert refused.status == 409
    moved = change(
        staff, row, "move", starts_at=clinic.at(11).isoformat(), overbook_reason="Only time she can"
    )
    assert (moved.status, moved.body["overbooked"]) == (200, True)
    back = change(staff, moved.body, "move", starts_at=clinic.at(14).isoformat(), overbook_reason="In case")
    assert (back.status, back.body["overbooked"]) == (200, False)
    kept = one(owner, "SELECT data ->> 'reason' FROM frontdesk.events WHERE seq = 2")
    assert kept == "Only time she can"


def test_confirming_and_cancelling_say_who_did_it(owner: Connection, clinic: Clinic, staff: Member) -> None:
    """Twice is once: the second click gets the row as it is."""
    row = make(staff, clinic.at(9)).body
    confirmed = change(staff, row, "confirm")
    assert (confirmed.status, confirmed.body["status"]) == (200, "confirmed")
    assert change(staff, row, "confirm").body == confirmed.body
    cancelled = change(staff, confirmed.body, "cancel", reason="Ill")
    assert (cancelled.status, cancelled.body["status"]) == (200, "cancelled")
    assert change(staff, row, "cancel").body == cancelled.body
    assert events(owner)[1:] == [
        ("appointment.confirmed", staff.actor),
        ("appointment.cancelled", staff.actor),
    ]
    over = change(staff, cancelled.body, "move", starts_at=clinic.at(11).isoformat())
    assert (over.status, over.body["code"], over.body["current"]) == (409, "not_live", cancelled.body)
    assert change(staff, cancelled.body, "confirm").body["code"] == "not_live"


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("move", {"starts_at": "2030-01-07T15:00:00Z"}),
        ("cancel", {}),
        ("confirm", {}),
        ("status", {"status": "arrived"}),
    ],
)
def test_the_second_of_two_people_is_told(
    owner: Connection, clinic: Clinic, staff: Member, what: str, body: dict[str, Any]
) -> None:
    """Somebody changed the row since it was seen: 409 with the row as it is now, and nothing is changed."""
    row = make(staff, clinic.at(9)).body
    now = ask(
        staff, "PATCH", f"/appointments/{row['id']}", {"version": 1, "notes": "Seen by a colleague"}
    ).body
    told = change(staff, row, what, **body)
    assert (told.status, told.body["code"], told.body["current"]) == (409, "version_conflict", now)
    assert one(owner, "SELECT version FROM frontdesk.appointments") == 2


def test_notes_are_replaced_and_never_in_an_event(owner: Connection, clinic: Clinic, staff: Member) -> None:
    """Text of several lines; blank clears; saying the same again is no change."""
    row = make(staff, clinic.at(9)).body
    path = f"/appointments/{row['id']}"
    noted = ask(staff, "PATCH", path, {"version": 1, "notes": "Latex allergy\r\nCall before"})
    assert (noted.body["notes"], noted.body["version"]) == ("Latex allergy\nCall before", 2)
    assert ask(staff, "PATCH", path, {"version": 1, "notes": "Latex allergy\nCall before"}).body == noted.body
    stale = ask(staff, "PATCH", path, {"version": 1, "notes": "Else"})
    assert (stale.status, stale.body["current"]) == (409, noted.body)
    assert ask(staff, "PATCH", path, {"version": 2, "notes": " "}).body["notes"] is None
    assert one(owner, "SELECT count(*) FROM frontdesk.events WHERE data::text LIKE '%%Latex%%'") == 0
    assert events(owner)[1:] == [("appointment.noted", staff.actor)] * 2


def test_what_became_of_a_visit(
    owner: Connection, clinic: Clinic, staff: Member, published: list[dict[str, Any]]
) -> None:
    """Arrived, completed, taken back, no-show: each an event of its own, for calendar and board."""
    begun = datetime.now(UTC) - timedelta(minutes=5)
    made = put_visit(owner, clinic, begun)
    row: dict[str, Any] = {"id": made, "version": 1}
    for status in ("arrived", "completed", "pending", "no_show"):
        told = change(staff, row, "status", status=status)
        assert (told.status, told.body["status"]) == (200, status)
        row = told.body
    types = ("arrived", "completed", "reopened", "no_show")
    assert events(owner) == [(f"appointment.{each}", staff.actor) for each in types]
    assert [each["queue"] for each in published] == ["calendar", "notify"] * 4
    early = make(staff, clinic.at(9)).body
    for status in ("arrived", "completed", "no_show"):
        told = change(staff, early, "status", status=status)
        assert (told.status, told.body["code"]) == (409, "too_early")


def test_a_reader_changes_nothing(owner: Connection, clinic: Clinic, reader: Member, staff: Member) -> None:
    """403 naming the role, on every change."""
    row = make(staff, clinic.at(9)).body
    path = f"/appointments/{row['id']}"
    seen = {"version": 1}
    for method, where, body in (
        ("POST", "/appointments", new(clinic, clinic.at(11))),
        ("PATCH", path, seen | {"notes": "x"}),
        ("POST", f"{path}/move", seen | {"starts_at": clinic.at(11).isoformat()}),
        ("POST", f"{path}/cancel", seen),
        ("POST", f"{path}/confirm", seen),
        ("POST", f"{path}/status", seen | {"status": "arrived"}),
    ):
        told = ask(reader, method, where, body)
        assert (told.status, told.body["code"]) == (403, "role_too_low"), where
    assert len(events(owner)) == 1


def test_another_clinic_s_visit_cannot_be_changed(
    owner: Connection, app: Connection, clinic: Clinic, stranger: Member
) -> None:
    """404, whatever is asked of it, and it stays as it was; nor can its provider or service be booked."""
    row = book(app, clinic, clinic.at(9))["appointment"]
    before = every_row(owner, clinic.id)
    changes: list[tuple[str, dict[str, Any]]] = [
        ("move", {"starts_at": clinic.at(11).isoformat(), "overbook_reason": "Spy"}),
        ("cancel", {}),
        ("confirm", {}),
        ("status", {"status": "arrived"}),
    ]
    for what, body in changes:
        assert change(stranger, row, what, **body).status == 404, what
    noted = ask(stranger, "PATCH", f"/appointments/{row['id']}", {"version": 1, "notes": "Spy"})
    assert noted.status == 404
    for field, id_ in (
        ("provider_id", clinic.providers[0]),
        ("service_id", clinic.services["Teeth cleaning"]),
    ):
        body = new(stranger.clinic, clinic.at(11), service_id=str(stranger.clinic.services["Whitening"]))
        told = ask(stranger, "POST", "/appointments", body | {field: str(id_)})
        assert (told.status, told.body["errors"][0]["field"]) == (422, field)
    assert every_row(owner, clinic.id) == before
