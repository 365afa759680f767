"""Forgetting a person, giving them what is kept about them, merging duplicates (docs/privacy.md)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from frontdesk import outbox, privacy
from frontdesk.privacy import Answer as Told
from functions.staff_api import problems
from functions.staff_api.contacts import Contact
from functions.staff_api.fields import Body, Id, Shape, Version
from functions.staff_api.problems import ProblemError
from functions.staff_api.routes import Answer, Asked, Route

_ONE = "/contacts/{contact_id}"


class Erasure(Body):
    """Whether coming visits are cancelled for it; nobody is texted about that."""

    cancel: bool = False


class Erased(Shape):
    """What is left, and what is still being deleted elsewhere."""

    contact: Contact
    cancelled: Annotated[list[UUID], Field(description="Visits that were to come")]
    texts_to_delete: Annotated[int, Field(description="Copies Twilio still has; deleted in the background")]
    calendar_events_to_delete: Annotated[int, Field(description="Google's; deleted in the background")]
    vapi_call_ids: Annotated[
        list[str], Field(description="Vapi keeps these calls: delete them there, nobody else can")
    ]


class Merger(Body):
    """The duplicate, and the version of the contact that stays."""

    version: Version
    other_id: Id


class Export(Shape):
    """All that is kept about a person, as it is stored."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    made_at: AwareDatetime
    clinic: str
    time_zone: str
    contacts: list[dict[str, Any]]
    wants_no_texts: bool
    appointments: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    calls: Annotated[list[dict[str, Any]], Field(description="Each with its transcript")]
    leads: list[dict[str, Any]]
    facts: list[dict[str, Any]]
    follow_ups: list[dict[str, Any]]
    notes: list[dict[str, Any]]
    events: list[dict[str, Any]]


def erase(asked: Asked) -> Answer:
    """Forget a person."""
    told = _told(
        asked,
        privacy.erase(asked.org_id, asked.path["contact_id"], asked.actor, cancel=asked.body.cancel),
    )
    if told["outcome"] == "has_appointments":
        raise ProblemError(
            409,
            "has_appointments",
            "There are visits to come: cancel them first, or say `cancel`.",
            current={"appointments": told["appointments"]},
        )
    return Answer(200, {name: value for name, value in told.items() if name not in {"outcome", "outbox"}})


def export(asked: Asked) -> Answer:
    """Give all that is kept about a person."""
    told = _told(asked, privacy.export(asked.org_id, asked.path["contact_id"], asked.actor))
    made = datetime.fromisoformat(told["export"]["made_at"])
    return Answer(200, told["export"], f"contact-{asked.path['contact_id']}-{made:%Y-%m-%d}.json")


def merge(asked: Asked) -> Answer:
    """Say that two contacts are one person."""
    wanted: Merger = asked.body
    told = _told(
        asked,
        privacy.merge(asked.org_id, asked.path["contact_id"], wanted.other_id, wanted.version, asked.actor),
    )
    if told["outcome"] == "version_conflict":
        raise problems.version_conflict(told["contact"])
    if told["outcome"] == "same":
        raise problems.invalid("other_id", "is this person already, or somebody else's duplicate")
    if told["outcome"] == "erased":
        raise problems.conflict("erased", "One of the two was erased.")
    return Answer(200, told["contact"])


def _told(asked: Asked, told: Told) -> Told:
    outbox.publish_later(asked.org_id, told.get("outbox"))
    if told["outcome"] == "not_found":
        raise problems.not_found("contact")
    return told


ROUTES = (
    Route(
        "POST",
        f"{_ONE}/erase",
        erase,
        "admin",
        "Forget a person",
        {200: Erased},
        body=Erasure,
        problems={409: "has_appointments, with them"},
        description="Cannot be undone. Google's events and Twilio's copies are deleted in the background.",
    ),
    Route(
        "GET",
        f"{_ONE}/export",
        export,
        "admin",
        "All that is kept about a person",
        {200: Export},
        description="That it was taken is kept in the timeline.",
    ),
    Route(
        "POST",
        f"{_ONE}/merge",
        merge,
        "staff",
        "Say that another contact is this person",
        {200: Contact},
        body=Merger,
        problems={409: "version_conflict, with the contact now; or erased"},
        description="Nothing is moved; the one that stays shows what both have.",
    ),
)
