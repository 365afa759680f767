"""Follow-ups on the board: the order they wait in, who has them, what became of them."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.clinics import Clinic, Connection, book, call, one, utc
from tests.staff.conftest import Member, ask, put_member

DANA = "+12025550147"


def add(member: Member, message: str = "Call back", **more: Any) -> dict[str, Any]:
    """Add a follow-up as this member and return it."""
    told = ask(member, "POST", "/follow-ups", {"message": message, **more})
    assert told.status == 201, told.body
    made: dict[str, Any] = told.body
    return made


def listed(member: Member, query: str = "") -> list[str]:
    """Return the messages of a list, in its order."""
    told = ask(member, "GET", "/follow-ups", query=query)
    assert told.status == 200, told.body
    return [each["message"] for each in told.body["items"]]


def soon(**ahead: float) -> str:
    """Return a time from now, as a body has it."""
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


def test_what_is_due_first_stands_first_and_what_is_late_says_so(staff: Member, reader: Member) -> None:
    """Ordered by due time; overdue by the clock; counted, whatever the page or filter."""
    add(staff, "later", due_at=soon(hours=5))
    late = add(staff, "late", due_at=soon(hours=-1), assignee_id=str(staff.id))
    add(staff, "soon", due_at=soon(hours=1))
    told = ask(reader, "GET", "/follow-ups", query="limit=2").body
    assert [each["message"] for each in told["items"]] == ["late", "soon"]
    assert [each["overdue"] for each in told["items"]] == [True, False]
    assert told["counts"] == {"open": 3, "overdue": 1, "unassigned": 2, "snoozed": 0}
    assert listed(reader, f"limit=2&cursor={told['next']}") == ["later"]
    assert (late["assignee_name"], late["source"]) == ("Staff Doe", "staff")


def test_lists_are_of_one_person_of_nobody_or_of_me(staff: Member, admin: Member) -> None:
    """assignee=<id>, nobody, me."""
    add(staff, "mine", assignee_id=str(staff.id))
    add(staff, "theirs", assignee_id=str(admin.id))
    add(staff, "nobody's")
    assert listed(staff, "assignee=me") == ["mine"]
    assert listed(staff, f"assignee={admin.id}") == ["theirs"]
    assert listed(staff, "assignee=nobody") == ["nobody's"]
    assert ask(staff, "GET", "/follow-ups", query="assignee=somebody").status == 422


def test_a_snoozed_one_waits_out_of_sight_until_its_time(owner: Connection, staff: Member) -> None:
    """It is among the snoozed, then back among the open ones; what was snoozed can be woken."""
    made = add(staff, "look again")
    path = f"/follow-ups/{made['id']}"
    told = ask(staff, "PATCH", path, {"version": 1, "snoozed_until": soon(hours=1)})
    assert (told.status, told.body["version"]) == (200, 2)
    assert (listed(staff), listed(staff, "status=snoozed")) == ([], ["look again"])
    owner.execute("UPDATE frontdesk.follow_ups SET snoozed_until = now() - interval '1 second'")
    assert (listed(staff), listed(staff, "status=snoozed")) == (["look again"], [])
    ask(staff, "PATCH", path, {"version": 2, "snoozed_until": soon(hours=1)})
    woken = ask(staff, "PATCH", path, {"version": 3, "snoozed_until": None})
    assert (woken.body["snoozed_until"], listed(staff)) == (None, ["look again"])


def test_without_a_due_time_the_urgency_decides_in_the_clinics_hours(
    owner: Connection, clinic: Clinic, staff: Member
) -> None:
    """Routine: when the next open day ends; urgent: within an open time."""
    routine = utc(add(staff)["due_at"])
    urgent = utc(add(staff, urgency="urgent")["due_at"])
    zone = clinic.at(9).tzinfo
    assert routine.astimezone(zone).strftime("%H:%M") == "17:00"
    assert routine.astimezone(zone).isoweekday() <= 5
    here = urgent.astimezone(zone)
    assert here.isoweekday() <= 5
    assert "09:30" <= here.strftime("%H:%M") <= "17:30"
    assert urgent < routine


def test_one_about_a_contact_has_their_name_and_number(
    app: Connection, clinic: Clinic, staff: Member
) -> None:
    """And stands in their story; by number alone it finds the contact too."""
    contact = book(app, clinic, clinic.at(9))["appointment"]["contact_id"]
    made = add(staff, "about", contact_id=contact)
    assert (made["contact_id"], made["contact_name"], made["phone"]) == (contact, "Dana Whitfield", DANA)
    by_number = add(staff, "by number", phone="(202) 555-0147")
    assert by_number["contact_id"] == contact
    assert sorted(listed(staff, f"contact_id={contact}")) == ["about", "by number"]


def test_a_caller_who_became_a_contact_is_one(app: Connection, clinic: Clinic, staff: Member) -> None:
    """The follow-up was there first: it shows the contact all the same."""
    made = add(staff, phone=DANA, caller_name="Dana")
    assert made["contact_id"] is None
    contact = book(app, clinic, clinic.at(9))["appointment"]["contact_id"]
    shown = ask(staff, "GET", "/follow-ups").body["items"][0]
    assert (shown["contact_id"], shown["contact_name"], shown["caller_name"]) == (
        contact,
        "Dana Whitfield",
        "Dana",
    )
    assert listed(staff, f"contact_id={contact}") == ["Call back"]


def test_one_is_added_once_with_a_key(owner: Connection, staff: Member) -> None:
    """The repetition gets the same follow-up, although it would be due a moment later."""
    body = {"message": "Once", "assignee_id": str(staff.id)}
    first = ask(staff, "POST", "/follow-ups", body, key="k1")
    again = ask(staff, "POST", "/follow-ups", body, key="k1")
    assert (first.status, again.status, first.body) == (201, 201, again.body)
    assert one(owner, "SELECT count(*) FROM frontdesk.follow_ups") == 1
    reused = ask(staff, "POST", "/follow-ups", body | {"message": "Other"}, key="k1")
    assert (reused.status, reused.body["code"]) == (422, "key_reused")


def test_of_two_who_take_it_one_is_told(owner: Connection, staff: Member, admin: Member) -> None:
    """409 with the row as it is; the events say who took it."""
    path = f"/follow-ups/{add(staff)['id']}"
    first = ask(staff, "PATCH", path, {"version": 1, "assignee_id": str(staff.id)})
    second = ask(admin, "PATCH", path, {"version": 1, "assignee_id": str(admin.id)})
    assert (first.status, second.status, second.body["code"]) == (200, 409, "version_conflict")
    assert second.body["current"]["assignee_name"] == "Staff Doe"
    rows = owner.execute(
        "SELECT type, actor, data FROM frontdesk.events WHERE type = 'follow_up.changed'"
    ).fetchall()
    assert rows == [
        {"type": "follow_up.changed", "actor": staff.actor, "data": {"assignee_id": str(staff.id)}}
    ]


def test_what_is_done_stays_done(owner: Connection, staff: Member, published: list[dict[str, Any]]) -> None:
    """With who did it and what came of it; newest first; any further change is refused with the row."""
    first, second = add(staff, "first"), add(staff, "second")
    published.clear()
    for made in (first, second):
        done = ask(
            staff,
            "POST",
            f"/follow-ups/{made['id']}/done",
            {"version": 1, "outcome": " Booked for Tuesday. "},
        )
        assert (done.status, done.body["status"], done.body["outcome"]) == (
            200,
            "done",
            "Booked for Tuesday.",
        )
        assert done.body["done_by_name"] == "Staff Doe"
    assert [row["queue"] for row in published] == ["notify", "notify"]
    assert (listed(staff), listed(staff, "status=done")) == ([], ["second", "first"])
    late = ask(staff, "POST", f"/follow-ups/{first['id']}/done", {"version": 2})
    assert (late.status, late.body["code"], late.body["current"]["status"]) == (409, "not_open", "done")
    changed = ask(staff, "PATCH", f"/follow-ups/{first['id']}", {"version": 2, "due_at": soon(hours=1)})
    assert changed.body["code"] == "not_open"
    told = one(owner, "SELECT string_agg(data::text, ' ') FROM frontdesk.events")
    assert "Tuesday" not in told


def test_a_missed_call_is_counted_and_the_patient_is_told(
    owner: Connection, app: Connection, clinic: Clinic, staff: Member, published: list[dict[str, Any]]
) -> None:
    """A text is put on its way, once for each try; by version, so that two clicks are one try."""
    made = add(staff, phone=DANA)
    published.clear()
    path = f"/follow-ups/{made['id']}/missed"
    told = ask(staff, "POST", path, {"version": 1})
    assert (told.status, told.body["missed_calls"], told.body["version"]) == (200, 1, 2)
    assert sorted(row["queue"] for row in published) == ["notify", "sms"]
    assert ask(staff, "POST", path, {"version": 1}).status == 409
    assert one(owner, "SELECT missed_calls FROM frontdesk.follow_ups") == 1
    assert one(owner, "SELECT actor FROM frontdesk.events WHERE type = 'follow_up.missed'") == staff.actor


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"message": " "}, "message"),
        ({"message": "x", "urgency": "now"}, "urgency"),
        ({"message": "x", "phone": "12"}, "phone"),
        ({"message": "x", "contact_id": str(uuid.uuid4())}, "contact_id"),
        ({"message": "x", "assignee_id": str(uuid.uuid4())}, "assignee_id"),
        ({"message": "x", "due_at": "tomorrow"}, "due_at"),
        ({"message": "x", "due_at": "2026-11-10T15:00:00"}, "due_at"),
    ],
)
def test_what_cannot_be_used_is_named(
    owner: Connection, staff: Member, body: dict[str, str], field: str
) -> None:
    """422 with the field's name; nothing is kept."""
    told = ask(staff, "POST", "/follow-ups", body)
    assert (told.status, told.body["errors"][0]["field"]) == (422, field)
    assert one(owner, "SELECT count(*) FROM frontdesk.follow_ups") == 0


def test_nobody_gets_work_who_no_longer_works_here(owner: Connection, clinic: Clinic, staff: Member) -> None:
    """Revoked people, and those of another clinic, are nobody to assign to."""
    gone = put_member(owner, clinic, "staff", revoked_at=datetime.now(UTC))
    told = ask(staff, "PATCH", f"/follow-ups/{add(staff)['id']}", {"version": 1, "assignee_id": str(gone.id)})
    assert (told.status, told.body["errors"][0]["field"]) == (422, "assignee_id")


def test_readers_only_look_and_strangers_do_not_even(
    clinic: Clinic, staff: Member, reader: Member, stranger: Member
) -> None:
    """403 for a reader's change, 404 for another clinic's people, who see an empty list."""
    path = f"/follow-ups/{add(staff)['id']}"
    changes: list[tuple[str, str, dict[str, Any]]] = [
        ("PATCH", path, {"version": 1, "assignee_id": None}),
        ("POST", f"{path}/done", {"version": 1}),
        ("POST", f"{path}/missed", {"version": 1}),
    ]
    for method, where, body in changes:
        assert ask(reader, method, where, body).status == 403
        assert ask(stranger, method, where, body).status == 404
    assert ask(reader, "POST", "/follow-ups", {"message": "x"}).status == 403
    assert listed(stranger) == []
    contact = ask(stranger, "POST", "/follow-ups", {"message": "x", "assignee_id": str(staff.id)})
    assert contact.status == 422


def test_a_caller_s_message_is_worked_on_like_any_other(
    app: Connection, clinic: Clinic, staff: Member
) -> None:
    """What the agent took stands in the same list, with the call it came from."""
    call(
        app,
        "create_follow_up",
        org_id=clinic.id,
        message="Wants an earlier time",
        due_at=clinic.at(9),
        phone=DANA,
        call_id="call-1",
        tool_call_id="tool-1",
    )
    shown = ask(staff, "GET", "/follow-ups").body["items"][0]
    assert (shown["source"], shown["call_id"], shown["version"]) == ("voice", "call-1", 1)
    assert ask(staff, "POST", f"/follow-ups/{shown['id']}/done", {"version": 1}).status == 200
