"""What the clinic decides about itself, the numbers it is reached by, and when it is closed."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from frontdesk import clinic_settings, outbox
from frontdesk.clinic_settings import Answer as Told
from frontdesk.texts import LANGUAGES
from functions.staff_api import contacts, given, problems, replies
from functions.staff_api.fields import Body, Id, Line, Moment, Named, Query, Shape
from functions.staff_api.routes import Answer, Asked, Route

CLEARABLE = frozenset({"front_desk_phone"})

# The languages patients are texted and spoken to in.
Language = Literal[*LANGUAGES]  # type: ignore[valid-type]  # the tuple is fixed; mypy does not unpack it
Detail = Literal["code", "initials", "name"]
Rule = Literal["call", "cancelled_by_provider", "failed_text", "no_show"]
Days = Annotated[int, Field(ge=1, le=3650)]
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Seen = Annotated[
    int | None, Field(ge=1, le=2**31 - 1, description="The version you saw; without one, no check")
]


class Settings(Shape):
    """What the clinic decides about itself; zone, region and sender are the operator's."""

    version: int
    slug: str
    name: str
    time_zone: str
    region: str
    language: str
    front_desk_phone: Annotated[str | None, Field(description="E.164; what texts tell patients to call")]
    minimum_notice_minutes: int
    booking_horizon_days: int
    slot_grid_minutes: int
    reminder_minutes: Annotated[list[int], Field(description="Before the visit")]
    quiet_from: Annotated[str, Field(description="No reminders from here on, on the clinic's clock")]
    quiet_until: str
    calendar_detail: Annotated[Detail, Field(description="How much of a visit the providers' calendars show")]
    transcript_days: Annotated[int, Field(description="Then the words of a call go (docs/privacy.md)")]
    message_days: Annotated[int, Field(description="Then the words of a text go")]
    recording_days: Annotated[int, Field(description="Then the link to a recording goes")]
    follow_up_rules: Annotated[list[Rule], Field(description="What makes follow-ups by itself")]
    sms_segment_price_micros: Annotated[
        int, Field(description="Millionths of the currency; for estimates (docs/insight.md)")
    ]
    sms_price_currency: str
    sms_sender: str | None
    sms_paused_reason: str | None


class ChangedSettings(Body):
    """What is to change; null clears the phone."""

    version: Seen = None
    name: Named | None = None
    front_desk_phone: Annotated[Line | None, Field(description="In any usual form")] = None
    language: Language | None = None
    minimum_notice_minutes: Annotated[int, Field(ge=0, le=20160)] | None = None
    booking_horizon_days: Annotated[int, Field(ge=1, le=730)] | None = None
    slot_grid_minutes: Annotated[int, Field(ge=5, le=240, description="Divides the day evenly")] | None = None
    reminder_minutes: Annotated[list[Annotated[int, Field(ge=30, le=20160)]], Field(max_length=5)] | None = (
        None
    )
    quiet_from: Clock | None = None
    quiet_until: Clock | None = None
    calendar_detail: Detail | None = None
    transcript_days: Days | None = None
    message_days: Days | None = None
    recording_days: Days | None = None
    follow_up_rules: Annotated[list[Rule], Field(max_length=4)] | None = None
    sms_segment_price_micros: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    sms_price_currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None


class Number(Shape):
    """A number the clinic is reached by, or what Vapi knows it by."""

    kind: Literal["calls", "texts"]
    number: str | None
    phone_number_id: str | None
    assistant_id: str | None


class Numbers(Shape):
    """All of them."""

    items: list[Number]
    next: None


class Closure(Shape):
    """A time in which nobody, or this provider, can be booked."""

    id: UUID
    provider_id: Annotated[UUID | None, Field(description="null: the whole clinic")]
    provider_name: str | None
    starts_at: AwareDatetime | None
    ends_at: AwareDatetime | None
    reason: str


class Closures(Shape):
    """Closures in the order of their start."""

    items: list[Closure]
    next: None


class MadeClosure(Closure):
    """A new closure. Visits booked in it stay: the front desk decides about them."""

    outside_count: Annotated[int, Field(description="Coming visits that lie in it")]


class Window(Query):
    """Which closures."""

    first: Annotated[Moment | None, Field(alias="from", description="Not over by then; default: now")] = None
    until: Annotated[Moment | None, Field(alias="to", description="Begun before then")] = None


class NewClosure(Body):
    """From when to when, and for whom."""

    starts_at: Moment
    ends_at: Moment
    provider_id: Annotated[Id | None, Field(description="Default: the whole clinic")] = None
    reason: Line = ""


def show(asked: Asked) -> Answer:
    """Show the settings."""
    return Answer(200, clinic_settings.settings(asked.org_id)["settings"])


def change(asked: Asked) -> Answer:
    """Change settings."""
    wanted: ChangedSettings = asked.body
    changes = given.changes(wanted, clearable=CLEARABLE)
    if wanted.front_desk_phone:
        changes["front_desk_phone"] = contacts.phone_of(wanted.front_desk_phone, asked, "front_desk_phone")
    elif "front_desk_phone" in changes:
        changes["front_desk_phone"] = None
    told = announced(
        asked, clinic_settings.change_settings(asked.org_id, wanted.version, changes, asked.actor)
    )
    if told["outcome"] == "version_conflict":
        raise problems.version_conflict(told["settings"])
    if told["outcome"] != "changed":
        raise replies.refused(told)
    return Answer(200, told["settings"])


def list_numbers(asked: Asked) -> Answer:
    """List the numbers the clinic is reached by."""
    return Answer(200, clinic_settings.numbers(asked.org_id) | {"next": None})


def list_closures(asked: Asked) -> Answer:
    """List closures."""
    wanted: Window = asked.query
    if wanted.first and wanted.until and wanted.until <= wanted.first:
        raise problems.invalid("to", "must be after `from`")
    return Answer(200, clinic_settings.closures(asked.org_id, wanted.first, wanted.until) | {"next": None})


def add_closure(asked: Asked) -> Answer:
    """Close the clinic, or one provider."""
    wanted: NewClosure = asked.body
    told = announced(
        asked,
        clinic_settings.add_closure(
            asked.org_id,
            wanted.starts_at,
            wanted.ends_at,
            wanted.provider_id,
            wanted.reason,
            asked.actor,
            asked.key,
        ),
    )
    if told["outcome"] == "unknown_provider":
        raise problems.invalid("provider_id", "is nobody who works here", "unknown_provider")
    if told["outcome"] != "added":
        raise replies.refused(told)
    return Answer(201, told["closure"] | {"outside_count": told["outside_count"]})


def delete_closure(asked: Asked) -> Answer:
    """Open what was closed."""
    told = announced(
        asked, clinic_settings.delete_closure(asked.org_id, asked.path["closure_id"], asked.actor)
    )
    if told["outcome"] == "not_found":
        raise problems.not_found("closure")
    return Answer(204)


def announced(asked: Asked, told: Told) -> dict[str, Any]:
    """Send off what a change has to tell, and return the answer."""
    outbox.publish_later(asked.org_id, told.get("outbox"))
    return told


ROUTES = (
    Route("GET", "/settings", show, "reader", "What the clinic decides about itself", {200: Settings}),
    Route(
        "PATCH",
        "/settings",
        change,
        "admin",
        "Change what the clinic decides about itself",
        {200: Settings},
        body=ChangedSettings,
        problems={409: "version_conflict, with the settings now"},
        description="Booked visits stay as they are.",
    ),
    Route("GET", "/numbers", list_numbers, "reader", "The numbers the clinic is reached by", {200: Numbers}),
    Route(
        "GET",
        "/closures",
        list_closures,
        "reader",
        "When nobody can be booked",
        {200: Closures},
        query=Window,
    ),
    Route(
        "POST",
        "/closures",
        add_closure,
        "admin",
        "Close the clinic, or one provider",
        {201: MadeClosure},
        body=NewClosure,
        takes_key=True,
    ),
    Route("DELETE", "/closures/{closure_id}", delete_closure, "admin", "Open what was closed", {204: None}),
)
