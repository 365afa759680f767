"""A person's story: calls, visits and their changes, texts, notes, follow-ups."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from frontdesk import timeline
from functions.staff_api import paging, problems, replies
from functions.staff_api.contacts import Note
from functions.staff_api.fields import Paged, Shape
from functions.staff_api.follow_ups import FollowUp
from functions.staff_api.messages import Message
from functions.staff_api.routes import Answer, Asked, Route

Kind = Literal["appointment", "sms", "call", "note", "follow_up", "calendar", "contact"]


class Visit(Shape):
    """The visit an entry is about, as it is now."""

    id: UUID
    status: str
    version: int
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    provider_id: UUID
    provider_name: str
    service_id: UUID
    service_name: str
    contact_id: UUID
    patient_name: str
    confirmation_code: str


class Entry(Shape):
    """One thing that happened. What it is about stands beside it, as it is now; `data` is as it was then."""

    at: AwareDatetime
    kind: Kind
    type: Annotated[
        str, Field(description="The event's type; sms.in, sms.out, call.in, call.out, contact.noted")
    ]
    actor: Annotated[str, Field(description="voice, patient, calendar, system, staff:<id>, …")]
    actor_name: Annotated[str | None, Field(description="Of staff")]
    seq: Annotated[int | None, Field(description="The event's number, where it is one")]
    call_id: Annotated[str | None, Field(description="Vapi's id of the call it came about in")]
    data: dict[str, Any]
    appointment: Visit | None = None
    follow_up: FollowUp | None = None
    message: Message | None = None
    note: Note | None = None
    call: Annotated[
        dict[str, Any] | None, Field(description="The call, as GET /calls/{id} without transcript")
    ] = None


class Timeline(Shape):
    """A page of a person's story, newest first."""

    items: list[Entry]
    next: str | None


class Filter(Paged):
    """Which entries."""

    kind: list[Kind] = Field(default_factory=list, max_length=7, description="May be repeated")


def show(asked: Asked) -> Answer:
    """Tell a person's story, a page at a time."""
    wanted: Filter = asked.query
    place = paging.decode(wanted.cursor, at=datetime, key=str)
    found = timeline.of_contact(
        asked.org_id,
        asked.path["contact_id"],
        wanted.kind,
        before_at=place["at"],
        before_key=place["key"],
        limit=wanted.limit,
    )
    if found.pop("outcome") == "not_found":
        raise problems.not_found("contact")
    return Answer(200, replies.paged(found, "at", "key"))


ROUTES = (
    Route(
        "GET",
        "/contacts/{contact_id}/timeline",
        show,
        "reader",
        "What happened with a person, newest first",
        {200: Timeline},
        query=Filter,
        description="A page begins where the one before ended, whatever has happened since.",
    ),
)
