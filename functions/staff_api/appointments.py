"""Appointments as the board lists and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from frontdesk import schedule
from frontdesk.schedule import Place, Which
from functions.staff_api import paging, problems
from functions.staff_api.fields import Moment, Paged, Shape
from functions.staff_api.routes import Answer, Asked, Route

Status = Literal["pending", "confirmed", "arrived", "completed", "no_show", "cancelled"]


class TextState(Shape):
    """How the visit's last text fared (docs/state-machines.md)."""

    kind: str
    state: str
    error_code: str | None
    at: AwareDatetime


class CalendarState(Shape):
    """Whether the provider's calendar has the visit as it is now."""

    state: Literal["none", "pending", "written", "failed", "paused"]
    error_code: str | None
    at: AwareDatetime | None


class Appointment(Shape):
    """A visit."""

    id: UUID
    version: Annotated[int, Field(description="Give it back with a change; 409 when somebody was faster")]
    status: Status
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    provider_id: UUID
    provider_name: str
    service_id: UUID
    service_name: str
    contact_id: UUID
    patient_name: str
    phone: Annotated[str, Field(description="E.164", examples=["+12025550147"])]
    email: str | None
    is_new_patient: bool | None
    notes: str | None
    source: Literal["voice", "staff", "patient", "calendar"]
    confirmation_code: str
    overbooked: bool
    call_id: str | None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    sms: TextState | None
    calendar: CalendarState


class Appointments(Shape):
    """A page of visits in the order of their start."""

    items: list[Appointment]
    next: str | None


class Filter(Paged):
    """Which visits: those that start in [from, to)."""

    first: Annotated[Moment | None, Field(alias="from")] = None
    until: Annotated[Moment | None, Field(alias="to")] = None
    provider_id: UUID | None = None
    contact_id: UUID | None = None
    status: list[Status] = Field(default_factory=list, max_length=6, description="May be repeated")
    limit: Annotated[int, Field(ge=1, le=500)] = 50


def list_all(asked: Asked) -> Answer:
    """List visits, a page at a time."""
    wanted: Filter = asked.query
    place = paging.decode(wanted.cursor, starts_at=datetime, id=UUID)
    which = Which(
        first=wanted.first,
        until=wanted.until,
        provider_id=wanted.provider_id,
        contact_id=wanted.contact_id,
        statuses=list(wanted.status) or None,
        after=Place(place["starts_at"], place["id"]),
    )
    found = schedule.appointments(asked.org_id, which, wanted.limit)
    return Answer(200, found | {"next": paging.encode(found["next"])})


def show(asked: Asked) -> Answer:
    """Show one visit."""
    return Answer(200, of_id(asked, asked.path["appointment_id"]))


def of_id(asked: Asked, appointment_id: Any) -> dict[str, Any]:
    """Return a visit of this clinic; a problem when it has none of that id."""
    found = schedule.appointment(asked.org_id, UUID(str(appointment_id)))
    if found is None:
        raise problems.not_found("appointment")
    return found


ROUTES = (
    Route(
        "GET",
        "/appointments",
        list_all,
        "reader",
        "Appointments by day, provider, status or patient",
        {200: Appointments},
        query=Filter,
    ),
    Route(
        "GET",
        "/appointments/{appointment_id}",
        show,
        "reader",
        "One appointment",
        {200: Appointment},
    ),
)
