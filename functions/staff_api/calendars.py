"""Whose Google calendar is whose. Connecting the account is /api/google/connect (docs/calendar.md)."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from frontdesk import clinic_settings, outbox
from functions.staff_api import problems, replies
from functions.staff_api.fields import Body, Line, Shape
from functions.staff_api.routes import Answer, Asked, Route


class Connection(Shape):
    """The clinic's Google account."""

    status: Literal["connected", "reconnect_required", "disconnected"]
    account_email: str | None
    reason: Annotated[str | None, Field(description="A code: why it is not connected")]
    changed_at: AwareDatetime | None


class Calendar(Shape):
    """A provider's calendar."""

    id: UUID
    provider_id: UUID
    provider_name: str
    google_calendar_id: str
    summary: str
    status: Annotated[
        Literal["syncing", "live", "gone", "forbidden"], Field(description="live: written and read")
    ]
    synced_at: AwareDatetime | None
    last_error_code: str | None


class Calendars(Shape):
    """The connection, and the providers that have a calendar, by name."""

    connection: Connection
    items: list[Calendar]
    next: None


class Choice(Body):
    """A calendar of the connected account, as GET /api/google/calendars lists them."""

    google_calendar_id: Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^[!-~]+$")]
    summary: Annotated[Line, Field(description="Its name, for showing")] = ""


def list_all(asked: Asked) -> Answer:
    """Show the connection and whose calendar is whose."""
    return Answer(200, clinic_settings.google_connection(asked.org_id))


def assign(asked: Asked) -> Answer:
    """Give a provider a calendar."""
    wanted: Choice = asked.body
    told = clinic_settings.assign_calendar(
        asked.org_id, asked.path["provider_id"], wanted.google_calendar_id, wanted.summary, asked.actor
    )
    outbox.publish_later(asked.org_id, told.get("outbox"))
    if told["outcome"] == "unknown_provider":
        raise problems.not_found("provider")
    if told["outcome"] == "calendar_taken":
        raise problems.conflict("calendar_taken", "This calendar is another provider's.")
    if told["outcome"] != "assigned":
        raise replies.refused(told)
    return list_all(asked)


def unassign(asked: Asked) -> Answer:
    """Take a provider's calendar away."""
    told = clinic_settings.unassign_calendar(asked.org_id, asked.path["provider_id"], asked.actor)
    outbox.publish_later(asked.org_id, told.get("outbox"))
    if told["outcome"] == "not_found":
        raise problems.not_found("calendar of this provider")
    return Answer(204)


_ONE = "/calendars/{provider_id}"

ROUTES = (
    Route(
        "GET",
        "/calendars",
        list_all,
        "reader",
        "The Google account, and whose calendar is whose",
        {200: Calendars},
    ),
    Route(
        "PUT",
        _ONE,
        assign,
        "admin",
        "Give a provider a Google calendar",
        {200: Calendars},
        body=Choice,
        problems={409: "calendar_taken by another provider"},
        description="One they had before is left: our coming events go from it.",
    ),
    Route("DELETE", _ONE, unassign, "admin", "Take a provider's calendar away", {204: None}),
)
