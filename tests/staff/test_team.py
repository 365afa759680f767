"""Who may use the board: invited by address, changed and revoked by admins, never the last of them."""

import threading
from typing import Any

import pytest

from tests.clinics import Clinic, Connection, call, one
from tests.database import Database
from tests.staff.conftest import ISSUER, Member, ask, put_member


def test_an_invited_person_comes_in_by_their_address(
    owner: Connection, clinic: Clinic, admin: Member
) -> None:
    """The first sign-in with it, verified, is them; the board hears of it without the address."""
    told = ask(
        admin, "POST", "/staff", {"email": " New@Example.TEST ", "name": "New Person", "role": "staff"}
    )
    assert (told.status, told.body["email"], told.body["state"]) == (201, "new@example.test", "invited")
    claims = {"iss": ISSUER, "sub": "new-subject", "email": "new@example.test", "email_verified": "true"}
    assert ask(None, "GET", "/me", claims=claims).body["staff"]["id"] == told.body["id"]
    listed = ask(admin, "GET", "/staff").body["items"]
    assert [(each["name"], each["state"]) for each in listed] == [
        ("Admin Doe", "active"),
        ("New Person", "active"),
    ]
    event = owner.execute("SELECT type, actor, data FROM frontdesk.events").fetchone()
    assert event == {
        "type": "staff.invited",
        "actor": admin.actor,
        "data": {"staff_id": told.body["id"], "role": "staff"},
    }


def test_one_address_is_one_person(admin: Member, staff: Member) -> None:
    """409, unless it is the same invitation again by its key."""
    body = {"email": staff.email.upper(), "name": "Somebody", "role": "reader"}
    assert ask(admin, "POST", "/staff", body).body["code"] == "email_taken"
    body["email"] = "new@example.test"
    first = ask(admin, "POST", "/staff", body, key="k")
    assert ask(admin, "POST", "/staff", body, key="k").body == first.body
    assert ask(admin, "POST", "/staff", body).status == 409


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"email": "nobody"}, "email"), ({"role": "owner"}, "role"), ({"name": " "}, "name")],
)
def test_an_invitation_that_cannot_be_is_named(admin: Member, changed: dict[str, str], field: str) -> None:
    """422 with the field's name."""
    body = {"email": "new@example.test", "name": "New Person", "role": "staff"} | changed
    told = ask(admin, "POST", "/staff", body)
    assert (told.status, told.body["errors"][0]["field"]) == (422, field)


def test_revoked_people_are_out_at_once(
    owner: Connection, clinic: Clinic, admin: Member, staff: Member, published: list[dict[str, Any]]
) -> None:
    """Their next request is refused; the event is what ends their sockets; they can be let in again."""
    assert ask(staff, "GET", "/me").status == 200
    told = ask(admin, "POST", f"/staff/{staff.id}/revoke")
    assert (told.status, told.body["state"]) == (200, "revoked")
    assert ask(staff, "GET", "/me").status == 403
    assert [row["queue"] for row in published] == ["notify"]
    assert one(owner, "SELECT data FROM frontdesk.events WHERE type = 'staff.revoked'") == {
        "staff_id": str(staff.id)
    }
    assert ask(admin, "POST", f"/staff/{staff.id}/revoke").status == 404
    again = ask(admin, "POST", "/staff", {"email": staff.email, "name": "Back Again", "role": "reader"})
    assert (again.status, again.body["id"], again.body["state"]) == (201, str(staff.id), "invited")


def test_roles_and_names_change(admin: Member, staff: Member) -> None:
    """At the next request; what is not given stays."""
    assert ask(staff, "GET", "/me").body["staff"]["role"] == "staff"
    told = ask(admin, "PATCH", f"/staff/{staff.id}", {"role": "reader"})
    assert (told.body["role"], told.body["name"]) == ("reader", "Staff Doe")
    assert ask(staff, "GET", "/me").body["staff"]["role"] == "reader"
    assert ask(admin, "PATCH", f"/staff/{staff.id}", {"name": "Sam"}).body["name"] == "Sam"


def test_the_last_admin_stays(owner: Connection, clinic: Clinic, admin: Member) -> None:
    """Neither revoked nor demoted while there is no other; with another, both."""
    gone = put_member(owner, clinic, "admin", revoked_at="2026-01-01")
    for told in (
        ask(admin, "POST", f"/staff/{admin.id}/revoke"),
        ask(admin, "PATCH", f"/staff/{admin.id}", {"role": "staff"}),
    ):
        assert (told.status, told.body["code"]) == (409, "last_admin")
    assert ask(admin, "PATCH", f"/staff/{gone.id}", {"role": "reader"}).status == 404
    second = put_member(owner, clinic, "admin")
    assert ask(second, "PATCH", f"/staff/{admin.id}", {"role": "staff"}).status == 200
    assert ask(second, "POST", f"/staff/{second.id}/revoke").body["code"] == "last_admin"


def test_of_two_admins_who_revoke_each_other_one_stays(
    database: Database, owner: Connection, clinic: Clinic
) -> None:
    """Ten rounds of both at once: always exactly one is left."""
    for _ in range(10):
        owner.execute("DELETE FROM frontdesk.staff")
        pair = [put_member(owner, clinic, "admin") for _ in range(2)]
        barrier = threading.Barrier(2)
        outcomes: list[str] = []

        def revoke(mine: Member, theirs: Member, start: threading.Barrier, said: list[str]) -> None:
            with database.connect_app() as connection:
                start.wait()
                told = call(
                    connection,
                    "revoke_staff_member",
                    org_id=clinic.id,
                    staff_id=theirs.id,
                    actor=mine.actor,
                )
                said.append(told["outcome"])

        threads = [
            threading.Thread(target=revoke, args=(*order, barrier, outcomes)) for order in (pair, pair[::-1])
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["last_admin", "revoked"]
        assert one(owner, "SELECT count(*) FROM frontdesk.staff WHERE revoked_at IS NULL") == 1


def test_only_admins_decide_who_works_here(admin: Member, staff: Member, reader: Member) -> None:
    """Everybody may see with whom they work."""
    for member in (staff, reader):
        assert ask(member, "GET", "/staff").status == 200
        body = {"email": "a@example.test", "name": "A", "role": "admin"}
        assert ask(member, "POST", "/staff", body).status == 403
        assert ask(member, "PATCH", f"/staff/{member.id}", {"role": "admin"}).status == 403
        assert ask(member, "POST", f"/staff/{admin.id}/revoke").status == 403


def test_another_clinic_s_people_are_nobody(admin: Member, staff: Member, stranger: Member) -> None:
    """Not listed, not changed, not revoked."""
    assert ask(stranger, "PATCH", f"/staff/{staff.id}", {"role": "admin"}).status == 404
    assert ask(stranger, "POST", f"/staff/{admin.id}/revoke").status == 404
    assert [each["id"] for each in ask(stranger, "GET", "/staff").body["items"]] == [str(stranger.id)]
    assert ask(admin, "GET", "/me").status == 200
