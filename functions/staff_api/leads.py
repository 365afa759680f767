"""Leads: who called and has no appointment yet."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from frontdesk import calls, outbox
from functions.staff_api import given, paging, problems, replies
from functions.staff_api.fields import Body, Named, Paged, Shape, Version, Words
from functions.staff_api.routes import Answer, Asked, Route

Status = Literal["new", "contacted", "booked", "lost", "do_not_call"]


class Fact(Shape):
    """Something that was said about a person, and where."""

    field: Literal["name", "email", "reason", "preferred_times", "language", "new_patient"]
    value: str
    source: Annotated[str, Field(description="`call:<id>`, `staff:<id>` or `agent`")]
    at: AwareDatetime


class Lead(Shape):
    """Somebody who called and has no appointment; one a number."""

    id: UUID
    version: Annotated[int, Field(description="Give it back with a change; 409 when somebody was faster")]
    phone: str
    contact_id: UUID | None
    name: str | None
    status: Status
    status_at: AwareDatetime
    reason: Annotated[str, Field(description="Why the last call did not book; a code (docs/calls.md)")]
    note: str | None
    call_id: Annotated[UUID, Field(description="The call the reason is from")]
    appointment_id: Annotated[UUID | None, Field(description="What was booked in the end")]
    created_at: AwareDatetime
    calls: Annotated[int, Field(description="How many calls of this number did not book")]
    facts: list[Fact]


class Leads(Shape):
    """A page of leads, the latest first."""

    items: list[Lead]
    next: str | None


class Filter(Paged):
    """Which leads."""

    status: list[Status] = Field(default_factory=list, max_length=5, description="May be repeated")


class Changed(Body):
    """What staff decide."""

    version: Version
    status: Status | None = None
    note: Annotated[Words | None, Field(description="'' takes the note away")] = None
    name: Annotated[Named, StringConstraints(max_length=120)] | None = None


def list_all(asked: Asked) -> Answer:
    """List leads, a page at a time."""
    wanted: Filter = asked.query
    place = paging.decode(wanted.cursor, at=datetime, id=UUID)
    before = (place["at"].isoformat(), str(place["id"])) if wanted.cursor else None
    found = calls.leads(asked.org_id, wanted.status, before, wanted.limit)
    return Answer(200, replies.paged(found, "at", "id"))


def change(asked: Asked) -> Answer:
    """Change a lead's status, note or name."""
    wanted: Changed = asked.body
    changes = given.changes(wanted)
    told = calls.change_lead(asked.org_id, asked.path["lead_id"], wanted.version, asked.actor, **changes)
    outbox.publish_later(asked.org_id, told.get("outbox"))
    outcome = told["outcome"]
    if outcome == "not_found":
        raise problems.not_found("lead")
    if outcome == "version_conflict":
        raise problems.version_conflict(told["current"])
    if outcome == "invalid":
        raise problems.invalid(told["field"], "has a value that cannot be used")
    return Answer(200, told["lead"])


ROUTES = (
    Route("GET", "/leads", list_all, "reader", "Callers without an appointment", {200: Leads}, query=Filter),
    Route(
        "PATCH",
        "/leads/{lead_id}",
        change,
        "staff",
        "Change a lead's status, note or name",
        {200: Lead},
        body=Changed,
        problems={409: "version_conflict, with the lead now"},
    ),
)
