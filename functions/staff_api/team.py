"""Who may use the clinic's board."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from frontdesk import outbox, team
from functions.staff_api import contacts, given, problems, replies
from functions.staff_api.fields import Body, Line, Named, Shape
from functions.staff_api.routes import Answer, Asked, Route

Role = Literal["reader", "staff", "admin"]
FullName = Annotated[Named, StringConstraints(max_length=120)]


class Member(Shape):
    """Somebody who works here, or did."""

    id: UUID
    email: str
    name: str
    role: Annotated[Role, Field(description="reader looks, staff works at the desk, admin changes settings")]
    state: Annotated[
        Literal["invited", "active", "revoked"], Field(description="invited: has not signed in yet")
    ]
    last_seen_at: AwareDatetime | None
    created_at: AwareDatetime
    revoked_at: AwareDatetime | None


class Members(Shape):
    """All of them by name, those without access last."""

    items: list[Member]
    next: None


class Invitation(Body):
    """Who is let in: whoever first signs in with this address."""

    email: Line
    name: FullName
    role: Role


class MemberChange(Body):
    """What is to change."""

    name: FullName | None = None
    role: Role | None = None


def list_all(asked: Asked) -> Answer:
    """List who works here."""
    return Answer(200, team.members(asked.org_id) | {"next": None})


def invite(asked: Asked) -> Answer:
    """Let somebody in."""
    wanted: Invitation = asked.body
    email = contacts.email_of(wanted.email, "email")
    told = team.invite(asked.org_id, email, wanted.name, wanted.role, asked.actor, asked.key)
    return _told(asked, told, "invited", 201)


def change(asked: Asked) -> Answer:
    """Change somebody's name or role."""
    told = team.change(asked.org_id, asked.path["staff_id"], given.changes(asked.body), asked.actor)
    return _told(asked, told, "changed", 200)


def revoke(asked: Asked) -> Answer:
    """Take somebody's access away."""
    return _told(asked, team.revoke(asked.org_id, asked.path["staff_id"], asked.actor), "revoked", 200)


def _told(asked: Asked, told: dict[str, Any], good: str, status: int) -> Answer:
    outbox.publish_later(asked.org_id, told.get("outbox"))
    outcome = told["outcome"]
    if outcome == good:
        return Answer(status, told["staff"])
    if outcome == "not_found":
        raise problems.not_found("member")
    if outcome == "email_taken":
        raise problems.conflict("email_taken", "Somebody with this address works here already.")
    if outcome == "last_admin":
        raise problems.conflict(
            "last_admin", "Nobody could change settings any more: make another admin first."
        )
    raise replies.refused(told)


_ONE = "/staff/{staff_id}"

ROUTES = (
    Route("GET", "/staff", list_all, "reader", "Who works here", {200: Members}),
    Route(
        "POST",
        "/staff",
        invite,
        "admin",
        "Let somebody in by their e-mail address",
        {201: Member},
        body=Invitation,
        problems={409: "email_taken"},
        takes_key=True,
        description="No mail is sent: tell them where the board is. They sign in with that address.",
    ),
    Route(
        "PATCH",
        _ONE,
        change,
        "admin",
        "Change somebody's name or role",
        {200: Member},
        body=MemberChange,
        problems={409: "last_admin"},
    ),
    Route(
        "POST",
        f"{_ONE}/revoke",
        revoke,
        "admin",
        "Take somebody's access away",
        {200: Member},
        problems={409: "last_admin"},
        description="At once: their next request is refused, and the boards they have open end.",
    ),
)
