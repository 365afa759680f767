"""Free starts, for the board's booking and moving."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from frontdesk import slots
from functions.staff_api import problems
from functions.staff_api.fields import Moment, Query, Shape
from functions.staff_api.routes import Answer, Asked, Route

TWO_WEEKS = timedelta(days=14)
LONGEST = timedelta(days=366)


class Window(Query):
    """Which starts."""

    service_id: UUID
    first: Annotated[Moment | None, Field(alias="from", description="Default: now")] = None
    until: Annotated[
        Moment | None, Field(alias="to", description="Included; default: two weeks after `from`")
    ] = None
    provider_id: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class Slot(Shape):
    """A free start."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    provider_id: UUID
    provider_name: str


class Slots(Shape):
    """Free starts in order; where several providers are free at one, the first by name."""

    items: list[Slot]
    next: None


def list_free(asked: Asked) -> Answer:
    """List free starts of a service."""
    wanted: Window = asked.query
    first = wanted.first or datetime.now(UTC)
    until = wanted.until or first + TWO_WEEKS
    if not first < until <= first + LONGEST:
        raise problems.invalid("to", "must be after `from`, by at most a year")
    provider = str(wanted.provider_id) if wanted.provider_id else None
    told = slots.find(
        asked.org_id, str(wanted.service_id), first, until, provider=provider, limit=wanted.limit
    )
    if told["outcome"] == "unknown_service":
        raise problems.invalid("service_id", "is no service this clinic offers", "unknown_service")
    if told["outcome"] == "unknown_provider":
        raise problems.invalid("provider_id", "is nobody who offers this service", "unknown_provider")
    return Answer(200, {"items": told["slots"], "next": None})


ROUTES = (
    Route("GET", "/slots", list_free, "reader", "Free starts of a service", {200: Slots}, query=Window),
)
