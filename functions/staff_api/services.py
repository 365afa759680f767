"""What patients come for."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from frontdesk import clinic_settings
from functions.staff_api import given, problems, replies
from functions.staff_api.clinic_settings import Seen, announced
from functions.staff_api.fields import Body, Named, Shape
from functions.staff_api.routes import Answer, Asked, Route

Title = Annotated[Named, StringConstraints(max_length=120)]
Aliases = Annotated[list[Title], Field(max_length=20, description="Other words callers use for it")]
Duration = Annotated[int, Field(ge=5, le=480)]
Buffer = Annotated[int, Field(ge=0, le=120)]


class ListedService(Shape):
    """Something patients come for."""

    id: UUID
    version: int
    name: str
    aliases: list[str]
    duration_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    active: bool


class Services(Shape):
    """All of them, by name, also those no longer offered."""

    items: list[ListedService]
    next: None


class NewService(Body):
    """Something new to come for; every provider offers it until somebody says otherwise."""

    name: Title
    duration_minutes: Duration
    aliases: Aliases | None = None
    buffer_before_minutes: Buffer | None = None
    buffer_after_minutes: Buffer | None = None


class ServiceChange(Body):
    """What is to change."""

    version: Seen = None
    name: Title | None = None
    duration_minutes: Duration | None = None
    aliases: Aliases | None = None
    buffer_before_minutes: Buffer | None = None
    buffer_after_minutes: Buffer | None = None
    active: Annotated[bool | None, Field(description="false: no longer offered")] = None


def list_all(asked: Asked) -> Answer:
    """List the services."""
    return Answer(200, clinic_settings.services(asked.org_id) | {"next": None})


def add(asked: Asked) -> Answer:
    """Add a service."""
    changes = given.changes(asked.body)
    told = clinic_settings.save_service(asked.org_id, None, None, changes, asked.actor, asked.key)
    return _told(asked, told, 201)


def change(asked: Asked) -> Answer:
    """Change a service."""
    wanted: ServiceChange = asked.body
    told = clinic_settings.save_service(
        asked.org_id, asked.path["service_id"], wanted.version, given.changes(wanted), asked.actor
    )
    return _told(asked, told, 200)


def _told(asked: Asked, told: dict[str, Any], status: int) -> Answer:
    outcome = announced(asked, told)["outcome"]
    if outcome in {"added", "changed"}:
        return Answer(status, told["service"])
    if outcome == "not_found":
        raise problems.not_found("service")
    if outcome == "version_conflict":
        raise problems.version_conflict(told["service"])
    if outcome == "name_taken":
        raise problems.conflict("name_taken", "There is a service of that name already.")
    raise replies.refused(told)


ROUTES = (
    Route("GET", "/services", list_all, "reader", "What patients come for", {200: Services}),
    Route(
        "POST",
        "/services",
        add,
        "admin",
        "Add a service",
        {201: ListedService},
        body=NewService,
        problems={409: "name_taken"},
        takes_key=True,
    ),
    Route(
        "PATCH",
        "/services/{service_id}",
        change,
        "admin",
        "Change a service",
        {200: ListedService},
        body=ServiceChange,
        problems={409: "version_conflict, with the service now; name_taken"},
        description="Booked visits keep the length they were booked with.",
    ),
)
