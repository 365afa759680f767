"""Telephone calls: who called, what was said, what came of it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from frontdesk import calls
from functions.staff_api import leads, paging, problems, replies
from functions.staff_api.fields import Moment, Paged, Shape
from functions.staff_api.routes import Answer, Asked, Route
from functions.staff_api.timeline import Visit

Outcome = Literal[
    "booked",
    "rescheduled",
    "cancelled",
    "confirmed",
    "transferred",
    "message_taken",
    "looked_up",
    "no_booking",
    "missed",
    "failed",
]


class Match(Shape):
    """A line of a transcript that holds what was searched for."""

    position: int
    role: Literal["assistant", "user"]
    body: str


class Call(Shape):
    """A telephone call (docs/calls.md)."""

    id: UUID
    vapi_call_id: str
    state: Literal["ringing", "in_progress", "forwarding", "ended"]
    direction: Literal["inbound", "outbound", "web"]
    phone: Annotated[str | None, Field(description="The other side's, E.164; null: withheld")]
    contact_id: UUID | None
    contact_name: Annotated[str | None, Field(description="The contact's, else as the caller said it")]
    lead_id: UUID | None
    started_at: AwareDatetime
    ended_at: AwareDatetime | None
    duration_seconds: float | None
    ended_reason: Annotated[str | None, Field(description="Vapi's word for it, of an open list")]
    outcome: Annotated[Outcome | None, Field(description="What came of it; null while it is not known")]
    intent: str | None
    lost_reason: str | None
    summary: str | None
    success: str | None
    recording_url: str | None
    transferred_to: str | None
    cost: Annotated[float | None, Field(description="US dollars")]
    reported: Annotated[bool, Field(description="Whether the report at its end has come")]
    matches: Annotated[list[Match] | None, Field(description="With a search: up to three lines")] = None


class Calls(Shape):
    """A page of calls, newest first."""

    items: list[Call]
    next: str | None


class TranscriptLine(Shape):
    """What was said, or a tool that was used and what it answered."""

    position: int
    role: Literal["assistant", "user", "tool"]
    body: str
    seconds: Annotated[float | None, Field(description="From the start of the call")]
    at: AwareDatetime | None
    tool: str | None
    tool_call_id: str | None
    outcome: Annotated[str | None, Field(description="Of a tool: the code of its answer")]


class Transcript(Shape):
    """A page of a transcript, in the order of speaking."""

    items: list[TranscriptLine]
    next: str | None


class ToolCall(Shape):
    """A tool the agent used."""

    tool: str | None
    tool_call_id: str | None
    outcome: str | None
    result: str
    at: AwareDatetime | None
    seconds: float | None


class CallAppointment(Visit):
    """An appointment the call booked or changed, as it is now."""


class CallFollowUp(Shape):
    """A follow-up that came of the call."""

    id: UUID
    message: str
    urgency: str
    due_at: AwareDatetime
    status: str
    source: str


class CallDetails(Call):
    """A call with all that belongs to it."""

    transcript: Transcript
    tool_calls: list[ToolCall]
    appointments: list[CallAppointment]
    follow_ups: list[CallFollowUp]
    facts: Annotated[dict[str, str], Field(description="What the caller told about themselves")]
    lead: leads.Lead | None


class Filter(Paged):
    """Which calls."""

    first: Annotated[Moment | None, Field(alias="from")] = None
    until: Annotated[Moment | None, Field(alias="to", description="Not included")] = None
    contact_id: UUID | None = None
    outcome: Outcome | None = None
    q: Annotated[
        str | None,
        Field(max_length=200, description='Searched in what was said: words, "a phrase", -without, or'),
    ] = None


class Lines(Paged):
    """Which part of the transcript."""

    limit: Annotated[int, Field(ge=1, le=1000, description="Lines of a page")] = 200


def list_all(asked: Asked) -> Answer:
    """List calls, a page at a time."""
    wanted: Filter = asked.query
    place = paging.decode(wanted.cursor, at=datetime, id=UUID)
    found = calls.find(
        asked.org_id,
        since=wanted.first,
        until=wanted.until,
        contact_id=wanted.contact_id,
        outcome=wanted.outcome,
        query=wanted.q.replace("\x00", " ") if wanted.q else None,
        before=(place["at"].isoformat(), str(place["id"])) if wanted.cursor else None,
        limit=wanted.limit,
    )
    return Answer(200, replies.paged(found, "at", "id"))


def show(asked: Asked) -> Answer:
    """Show one call, by our id or Vapi's, with a page of its transcript."""
    wanted: Lines = asked.query
    place = paging.decode(wanted.cursor, position=int)
    wished: str = asked.path["call"]
    usable = (
        len(wished) <= 120 and wished.isprintable()
    )  # no id has a NUL in it, nor has any text in Postgres
    found = calls.details(asked.org_id, wished, place["position"], wanted.limit) if usable else None
    if found is None:
        raise problems.not_found("call")
    last = found["transcript"]["next"]
    found["transcript"]["next"] = paging.encode({"position": last} if last is not None else None)
    return Answer(200, found)


ROUTES = (
    Route("GET", "/calls", list_all, "reader", "Telephone calls", {200: Calls}, query=Filter),
    Route(
        "GET",
        "/calls/{call}",
        show,
        "reader",
        "One call with its transcript",
        {200: CallDetails},
        query=Lines,
        description="By our id or Vapi's. `cursor` is the transcript's `next`.",
    ),
)
