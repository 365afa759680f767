"""The signed-in person: what their board begins with, and their leaving."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from frontdesk import outbox, schedule
from functions.staff_api.fields import Shape
from functions.staff_api.routes import Answer, Asked, Route

Role = Literal["reader", "staff", "admin"]


class Person(Shape):
    """Who looks at the board."""

    id: UUID
    name: str
    email: str
    role: Role


class Clinic(Shape):
    """The clinic, as far as showing and reading times and numbers needs it."""

    id: UUID
    slug: str
    name: str
    time_zone: Annotated[str, Field(examples=["America/New_York"])]
    language: str
    region: str
    slot_grid_minutes: int
    front_desk_phone: str | None


class Membership(Shape):
    """A clinic this person works at; its slug goes into the header X-Org."""

    slug: str
    name: str
    role: Role


class Provider(Shape):
    """Somebody patients come to."""

    id: UUID
    name: str
    active: bool
    service_ids: list[UUID]


class Service(Shape):
    """Something patients come for."""

    id: UUID
    name: str
    duration_minutes: int
    active: bool


class GoogleState(Shape):
    """Whether calendars are written."""

    status: Literal["connected", "reconnect_required", "disconnected"]
    reason: str | None
    account_email: str | None


class SmsState(Shape):
    """Why texts are paused; null: they are not."""

    paused_reason: str | None


class FollowUpCounts(Shape):
    """How many follow-ups wait."""

    open: int
    overdue: int
    unassigned: int
    snoozed: int


class Me(Shape):
    """What a board begins with. `last_seq` is older than all else here: ask for the events after it."""

    staff: Person
    org: Clinic
    orgs: list[Membership]
    providers: list[Provider]
    services: list[Service]
    last_seq: int
    google: GoogleState
    sms: SmsState
    follow_ups: FollowUpCounts
    now: AwareDatetime


def show(asked: Asked) -> Answer:
    """Tell who is signed in and what their board begins with."""
    return Answer(200, schedule.summary(asked.org_id, asked.session.staff_id))


def sign_out(asked: Asked) -> Answer:
    """End the person's open boards at this clinic."""
    told = schedule.close_sockets(asked.org_id, asked.session.staff_id)
    outbox.publish_later(asked.org_id, told.get("outbox"))
    return Answer(204)


ROUTES = (
    Route(
        "GET",
        "/me",
        show,
        "reader",
        "The signed-in person, their clinic, and what a board begins with",
        {200: Me},
    ),
    Route(
        "POST",
        "/sign-out",
        sign_out,
        "reader",
        "End all open boards of the signed-in person at this clinic",
        {204: None},
        description="The token itself is the issuer's: throw it away, and go to its sign-out address.",
    ),
)
