"""Texts both ways: how they fared, what patients wrote, and sending one again."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from frontdesk import inbox, outbox
from frontdesk.inbox import MessageFilter
from functions.staff_api import paging, problems, replies
from functions.staff_api.fields import Paged, Shape
from functions.staff_api.routes import Answer, Asked, Route

Direction = Literal["out", "in"]
State = Literal[
    "queued",
    "claimed",
    "unknown",
    "retry",
    "accepted",
    "sent",
    "delivered",
    "undelivered",
    "failed",
    "cancelled",
    "expired",
    "suppressed",
    "received",
]

# Why a text is not sent again, for the person who wanted it.
_REASONS = {
    "not_outgoing": "Only our own texts can be sent again.",
    "not_failed": "This text is on its way or has arrived.",
    "not_live": "What this text tells is over or no longer true.",
    "expired": "It is too late for this text.",
    "opted_out": "This number wants no texts.",
    "paused": "The clinic's texts are paused.",
    "no_sender": "The clinic sends no texts.",
}


class Message(Shape):
    """A text to a patient or from one (states: docs/state-machines.md)."""

    id: UUID
    direction: Direction
    kind: Annotated[
        str, Field(description="What it tells: booked, reminder, …; reply for what patients write")
    ]
    appointment_id: UUID | None
    follow_up_id: UUID | None
    contact_id: UUID | None
    contact_name: str | None
    phone: Annotated[str, Field(description="The patient's, E.164")]
    body: Annotated[str | None, Field(description="null: not worded yet, or forgotten after 90 days")]
    state: State
    error_code: str | None
    segments: int | None
    created_at: AwareDatetime
    updated_at: AwareDatetime


class Messages(Shape):
    """A page of texts, newest first."""

    items: list[Message]
    next: str | None


class Filter(Paged):
    """Which texts; what patients wrote is `direction=in`."""

    contact_id: Annotated[UUID | None, Field(description="To and from this person's number")] = None
    appointment_id: UUID | None = None
    direction: Direction | None = None
    state: list[State] = Field(default_factory=list, max_length=13, description="May be repeated")


def list_all(asked: Asked) -> Answer:
    """List texts, a page at a time."""
    wanted: Filter = asked.query
    place = paging.decode(wanted.cursor, at=datetime, id=UUID)
    which = MessageFilter(wanted.contact_id, wanted.appointment_id, wanted.direction, wanted.state)
    found = inbox.messages(
        asked.org_id, which, before_at=place["at"], before_id=place["id"], limit=wanted.limit
    )
    return Answer(200, replies.paged(found, "at", "id"))


def resend(asked: Asked) -> Answer:
    """Send a text again that did not arrive."""
    told = inbox.resend(asked.org_id, asked.path["message_id"], asked.actor)
    outbox.publish_later(asked.org_id, told.get("outbox"))
    if told["outcome"] == "not_found":
        raise problems.not_found("message")
    if told["outcome"] != "queued":
        raise problems.conflict(told["reason"], _REASONS[told["reason"]])
    return Answer(202, told["message"])


ROUTES = (
    Route(
        "GET", "/messages", list_all, "reader", "Texts to and from patients", {200: Messages}, query=Filter
    ),
    Route(
        "POST",
        "/messages/{message_id}/resend",
        resend,
        "staff",
        "Send a text again that did not arrive",
        {202: Message},
        problems={409: f"It makes no sense now: {', '.join(_REASONS)}"},
        description=(
            "Answers with a new text, worded from what is true now. Asking again while that is on its way, or"
            " after it arrived, answers with the same one."
        ),
    ),
)
