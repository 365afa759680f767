"""What a person must do next: callers to ring back, things to see to."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from frontdesk import inbox, outbox
from frontdesk.inbox import Answer as Told
from frontdesk.inbox import Task
from functions.staff_api import contacts, given, paging, problems, replies
from functions.staff_api.fields import Body, Id, Line, Moment, Paged, Shape, Version, Words
from functions.staff_api.routes import Answer, Asked, Route

Urgency = Literal["routine", "same_day", "urgent"]

CLEARABLE = frozenset({"assignee_id", "snoozed_until"})


class FollowUp(Shape):
    """Something a person must do next."""

    id: UUID
    version: Annotated[int, Field(description="Give it back with a change; 409 when somebody was faster")]
    contact_id: UUID | None
    contact_name: str | None
    caller_name: Annotated[str | None, Field(description="As the caller gave it")]
    phone: str | None
    message: str
    urgency: Urgency
    preferred_time: Annotated[str | None, Field(description="The caller's words")]
    due_at: AwareDatetime
    overdue: bool
    snoozed_until: AwareDatetime | None
    status: Literal["open", "done"]
    source: Annotated[str, Field(description="voice, patient (by text), staff, rule, calendar")]
    rule: Annotated[
        str | None,
        Field(description="Of `rule`: call, transfer, no_show, failed_text, cancelled_by_provider"),
    ]
    call_id: Annotated[str | None, Field(description="Vapi's id of the call")]
    assignee_id: UUID | None
    assignee_name: str | None
    missed_calls: Annotated[int, Field(description="Times nobody answered when we called back")]
    created_at: AwareDatetime
    done_at: AwareDatetime | None
    done_by_name: str | None
    outcome: Annotated[str | None, Field(description="What came of it")]


class Counts(Shape):
    """How much waits, whatever the filter."""

    open: Annotated[int, Field(description="Without the snoozed ones")]
    overdue: int
    unassigned: int
    snoozed: int


class FollowUps(Shape):
    """A page of follow-ups; `counts` are of all."""

    items: list[FollowUp]
    next: str | None
    counts: Counts


class Filter(Paged):
    """Which follow-ups."""

    status: Annotated[
        Literal["open", "snoozed", "done"],
        Field(description="open: what waits now, soonest due first; snoozed: put off; done: newest first"),
    ] = "open"
    assignee: Annotated[
        UUID | Literal["me", "nobody"] | None, Field(description="Somebody's id, `me` or `nobody`")
    ] = None
    contact_id: UUID | None = None


class NewFollowUp(Body):
    """What is to be done; about a contact, or a number, or neither."""

    message: Annotated[Words, StringConstraints(min_length=1, max_length=2000)]
    contact_id: Id | None = None
    phone: Annotated[Line | None, Field(description="In any usual form; not beside a contact")] = None
    caller_name: Annotated[Line, StringConstraints(max_length=120)] | None = None
    urgency: Urgency = "routine"
    preferred_time: Annotated[Line, StringConstraints(max_length=200)] | None = None
    due_at: Annotated[Moment | None, Field(description="Default: by urgency, in the clinic's hours")] = None
    assignee_id: Id | None = None

    @model_validator(mode="after")
    def _about_one(self) -> "NewFollowUp":
        if self.contact_id is not None and self.phone:
            raise ValueError("give contact_id or phone, not both")
        return self


class Changed(Body):
    """What is to change; null clears assignee and snooze."""

    version: Version
    assignee_id: Id | None = None
    snoozed_until: Moment | None = None
    due_at: Moment | None = None
    urgency: Urgency | None = None


class Done(Body):
    """What came of it, in a few words."""

    version: Version
    outcome: Annotated[Words, StringConstraints(max_length=500)] | None = None


class Missed(Body):
    """The version that was tried."""

    version: Version


def list_all(asked: Asked) -> Answer:
    """List follow-ups, a page at a time."""
    wanted: Filter = asked.query
    place = paging.decode(wanted.cursor, at=datetime, id=UUID)
    assignee = asked.session.staff_id if wanted.assignee == "me" else wanted.assignee
    found = inbox.tasks(
        asked.org_id,
        wanted.status,
        assignee_id=assignee if isinstance(assignee, UUID) else None,
        unassigned=assignee == "nobody",
        contact_id=wanted.contact_id,
        after_at=place["at"],
        after_id=place["id"],
        limit=wanted.limit,
    )
    return Answer(200, replies.paged(found, "at", "id"))


def add(asked: Asked) -> Answer:
    """Add a follow-up."""
    wanted: NewFollowUp = asked.body
    task = Task(
        message=wanted.message,
        due_at=wanted.due_at,
        contact_id=wanted.contact_id,
        phone=contacts.phone_of(wanted.phone, asked, "phone") if wanted.phone else None,
        caller_name=wanted.caller_name or None,
        urgency=wanted.urgency,
        preferred_time=wanted.preferred_time or None,
        assignee_id=wanted.assignee_id,
    )
    return _told(asked, inbox.add_task(asked.org_id, task, asked.actor, asked.key), "created", 201)


def change(asked: Asked) -> Answer:
    """Assign a follow-up, put it off, or move its time."""
    wanted: Changed = asked.body
    changes = given.changes(wanted, clearable=CLEARABLE)
    told = inbox.change_task(asked.org_id, asked.path["follow_up_id"], wanted.version, changes, asked.actor)
    return _told(asked, told, "changed")


def finish(asked: Asked) -> Answer:
    """Mark a follow-up as done."""
    wanted: Done = asked.body
    told = inbox.finish_task(
        asked.org_id, asked.path["follow_up_id"], wanted.version, wanted.outcome, asked.actor
    )
    return _told(asked, told, "done")


def miss(asked: Asked) -> Answer:
    """Note that nobody answered when we called back."""
    told = inbox.miss_task(asked.org_id, asked.path["follow_up_id"], asked.body.version, asked.actor)
    return _told(asked, told, "noted")


def _told(asked: Asked, told: Told, good: str, status: int = 200) -> Answer:
    outbox.publish_later(asked.org_id, told.get("outbox"))
    outcome = told["outcome"]
    if outcome == good:
        return Answer(status, told["follow_up"])
    if outcome == "not_found":
        raise problems.not_found("follow-up")
    if outcome == "version_conflict":
        raise problems.version_conflict(told["follow_up"])
    if outcome == "not_open":
        raise problems.conflict("not_open", "This follow-up is done.", current=told["follow_up"])
    if outcome == "unknown_contact":
        raise problems.invalid("contact_id", "is nobody this clinic knows", outcome)
    if outcome == "unknown_staff":
        raise problems.invalid("assignee_id", "is nobody who works here", outcome)
    raise replies.refused(told)


_ONE = "/follow-ups/{follow_up_id}"
_CONFLICT = {409: "version_conflict or not_open, with the follow-up now"}

ROUTES = (
    Route("GET", "/follow-ups", list_all, "reader", "What must be done next", {200: FollowUps}, query=Filter),
    Route(
        "POST",
        "/follow-ups",
        add,
        "staff",
        "Add a follow-up",
        {201: FollowUp},
        body=NewFollowUp,
        takes_key=True,
    ),
    Route(
        "PATCH",
        _ONE,
        change,
        "staff",
        "Assign a follow-up, put it off, or move its time",
        {200: FollowUp},
        body=Changed,
        problems=_CONFLICT,
    ),
    Route(
        "POST",
        f"{_ONE}/done",
        finish,
        "staff",
        "Mark a follow-up as done",
        {200: FollowUp},
        body=Done,
        problems=_CONFLICT,
    ),
    Route(
        "POST",
        f"{_ONE}/missed",
        miss,
        "staff",
        "Note that nobody answered",
        {200: FollowUp},
        body=Missed,
        problems=_CONFLICT,
        description="Counts the try, and texts the patient that we called.",
    ),
)
