"""What happened after an event: for a board that missed some."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from frontdesk import schedule
from functions.staff_api.fields import Query, Shape
from functions.staff_api.routes import Answer, Asked, Route


class After(Query):
    """Which events."""

    after: Annotated[int, Field(ge=0, le=2**53 - 1, description="The last seq you know")] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 200


class Event(Shape):
    """Something that happened: ids and codes; what it is about is asked for by its id."""

    seq: int
    at: AwareDatetime
    type: Annotated[str, Field(examples=["appointment.booked"])]
    actor: Annotated[str, Field(description="voice, patient, calendar, sms, system, operator or staff:<id>")]
    actor_name: str | None
    appointment_id: UUID | None
    contact_id: UUID | None
    follow_up_id: UUID | None
    call_id: str | None
    data: dict[str, Any]


class Events(Shape):
    """Events in order, without a gap; with `reload` none: read all anew, then go on after last_seq."""

    items: list[Event]
    next: Annotated[int | None, Field(description="Ask again with this as `after`; null at the end")]
    last_seq: int
    reload: bool


def list_after(asked: Asked) -> Answer:
    """List the events after a number."""
    wanted: After = asked.query
    return Answer(200, schedule.events_after(asked.org_id, wanted.after, wanted.limit))


ROUTES = (
    Route(
        "GET",
        "/events",
        list_after,
        "reader",
        "The events after a number, in order",
        {200: Events},
        query=After,
    ),
)
