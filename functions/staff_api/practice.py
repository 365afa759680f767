"""Who works at the clinic, when, and what they offer."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from frontdesk import clinic_settings
from functions.staff_api import given, problems, replies
from functions.staff_api.clinic_settings import Seen, announced
from functions.staff_api.fields import Body, Id, Named, Shape
from functions.staff_api.routes import Answer, Asked, Route

# Midnight at a day's end is 24:00.
Opens = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Closes = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
Weekday = Annotated[int, Field(ge=1, le=7, description="1 is Monday")]
Title = Annotated[Named, StringConstraints(max_length=120)]
Outside = Annotated[
    int, Field(description="Coming visits of theirs that would not be booked so today; they stay")
]


class Span(Shape):
    """An open time of a weekday, on the clinic's clock."""

    weekday: Weekday
    opens: Annotated[str, Field(examples=["09:00"])]
    closes: Annotated[str, Field(examples=["17:00"])]


class ListedProvider(Shape):
    """Somebody patients come to."""

    id: UUID
    version: Annotated[int, Field(description="Of the provider with services and hours")]
    name: str
    active: bool
    service_ids: list[UUID]
    hours: list[Span]


class Providers(Shape):
    """All of them, by name, also those no longer active."""

    items: list[ListedProvider]
    next: None


class ChangedProvider(ListedProvider):
    """A provider after a change."""

    outside_count: Outside


class Hours(Shape):
    """A provider's week; a day without spans is closed."""

    provider_id: UUID
    version: Annotated[int, Field(description="The provider's")]
    hours: list[Span]


class ChangedHours(Hours):
    """A provider's week after a change."""

    outside_count: Outside


class NewProvider(Body):
    """Somebody who begins here."""

    name: Title
    service_ids: Annotated[list[Id] | None, Field(max_length=200, description="Default: every service")] = (
        None
    )


class ProviderChange(Body):
    """What is to change."""

    version: Seen = None
    name: Title | None = None
    active: Annotated[bool | None, Field(description="false: can no longer be booked")] = None
    service_ids: Annotated[list[Id] | None, Field(max_length=200, description="Replaces all")] = None


class WantedSpan(Body):
    """An open time of a weekday, on the clinic's clock."""

    weekday: Weekday
    opens: Annotated[Opens, Field(examples=["09:00"])]
    closes: Annotated[Closes, Field(examples=["17:00"])]


class Week(Body):
    """The whole week; a lunch break is the gap between two spans."""

    version: Seen = None
    hours: Annotated[list[WantedSpan], Field(max_length=70)]


def list_providers(asked: Asked) -> Answer:
    """List the providers."""
    return Answer(200, clinic_settings.providers(asked.org_id) | {"next": None})


def add_provider(asked: Asked) -> Answer:
    """Add a provider."""
    changes = given.changes(asked.body)
    told = clinic_settings.save_provider(asked.org_id, None, None, changes, asked.actor, asked.key)
    return _provider(asked, told, 201)


def change_provider(asked: Asked) -> Answer:
    """Change a provider."""
    wanted: ProviderChange = asked.body
    told = clinic_settings.save_provider(
        asked.org_id, asked.path["provider_id"], wanted.version, given.changes(wanted), asked.actor
    )
    return _provider(asked, told, 200)


def show_hours(asked: Asked) -> Answer:
    """Show a provider's week."""
    found = clinic_settings.providers(asked.org_id, asked.path["provider_id"])["items"]
    if not found:
        raise problems.not_found("provider")
    return Answer(200, _hours(found[0]))


def set_hours(asked: Asked) -> Answer:
    """Replace a provider's week."""
    wanted: Week = asked.body
    spans = [span.model_dump() for span in wanted.hours]
    told = announced(
        asked,
        clinic_settings.save_hours(
            asked.org_id, asked.path["provider_id"], wanted.version, spans, asked.actor
        ),
    )
    _refuse(told, "changed")
    return Answer(200, _hours(told["provider"]) | {"outside_count": told["outside_count"]})


def _hours(provider: dict[str, Any]) -> dict[str, Any]:
    return {"provider_id": provider["id"], "version": provider["version"], "hours": provider["hours"]}


def _provider(asked: Asked, told: dict[str, Any], status: int) -> Answer:
    _refuse(announced(asked, told), "added", "changed")
    return Answer(status, told["provider"] | {"outside_count": told["outside_count"]})


def _refuse(told: dict[str, Any], *good: str) -> None:
    outcome = told["outcome"]
    if outcome in good:
        return
    if outcome == "not_found":
        raise problems.not_found("provider")
    if outcome == "version_conflict":
        raise problems.version_conflict(told["provider"])
    if outcome == "name_taken":
        raise problems.conflict("name_taken", "There is somebody of that name already.")
    if outcome == "unknown_service":
        raise problems.invalid("service_ids", "has a service this clinic does not have", outcome)
    raise replies.refused(told)


ROUTES = (
    Route("GET", "/providers", list_providers, "reader", "Who patients come to", {200: Providers}),
    Route(
        "POST",
        "/providers",
        add_provider,
        "admin",
        "Add a provider",
        {201: ChangedProvider},
        body=NewProvider,
        problems={409: "name_taken"},
        takes_key=True,
        description="Closed all week until hours are set.",
    ),
    Route(
        "PATCH",
        "/providers/{provider_id}",
        change_provider,
        "admin",
        "Change a provider",
        {200: ChangedProvider},
        body=ProviderChange,
        problems={409: "version_conflict, with the provider now; name_taken"},
    ),
    Route("GET", "/hours/{provider_id}", show_hours, "reader", "A provider's week", {200: Hours}),
    Route(
        "PUT",
        "/hours/{provider_id}",
        set_hours,
        "admin",
        "Replace a provider's week",
        {200: ChangedHours},
        body=Week,
        problems={409: "version_conflict, with the provider now"},
        description="Booked visits stay; `outside_count` says how many now lie outside.",
    ),
)
