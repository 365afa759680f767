"""What staff do with appointments: book, move, cancel, confirm, say what became of them, note."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from frontdesk import emails, names, outbox, phones, schedule
from frontdesk.appointments import Answer as Told
from frontdesk.appointments import Wish
from frontdesk.schedule import Change
from functions.staff_api import appointments, outcomes, problems
from functions.staff_api.appointments import Appointment
from functions.staff_api.fields import Body, Id, Line, Moment, Named, Version, Words
from functions.staff_api.routes import Answer, Asked, Route

Notes = Annotated[Words, StringConstraints(max_length=2000)]
Reason = Annotated[Named, Field(description="Books although nobody is free; kept in the timeline")]


class NewAppointment(Body):
    """Somebody who wants to come."""

    patient_name: Annotated[Named, Field(examples=["Dana Whitfield"])]
    phone: Annotated[Named, Field(description="In any usual form", examples=["(202) 555-0147"])]
    service_id: Id
    starts_at: Moment
    provider_id: Annotated[Id | None, Field(description="Default: any free one")] = None
    email: Line | None = None
    notes: Notes | None = None
    is_new_patient: bool | None = None
    overbook_reason: Reason | None = None


class Noted(Body):
    """New notes; blank clears them."""

    version: Version
    notes: Notes


class Moved(Body):
    """Another time, and maybe another provider."""

    version: Version
    starts_at: Moment
    provider_id: Annotated[Id | None, Field(description="Default: stays with the same one")] = None
    overbook_reason: Reason | None = None


class Cancelled(Body):
    """Why, if it is worth keeping."""

    version: Version
    reason: Line | None = None


class Confirmed(Body):
    """The version that is confirmed."""

    version: Version


class Became(Body):
    """What became of the visit; pending takes back a mistake."""

    version: Version
    status: Literal["arrived", "completed", "no_show", "pending"]


def book(asked: Asked) -> Answer:
    """Book an appointment."""
    wanted: NewAppointment = asked.body
    wish = Wish(
        patient_name=_required(names.normalise(wanted.patient_name), "patient_name", "is no name"),
        patient_phone=_required(
            phones.normalise(wanted.phone, asked.session.org.region), "phone", "is no telephone number"
        ),
        patient_email=_required(emails.normalise(wanted.email), "email", "is no e-mail address")
        if wanted.email
        else None,
        service=str(wanted.service_id),
        starts_at=wanted.starts_at,
        provider=str(wanted.provider_id) if wanted.provider_id else None,
        notes=wanted.notes or None,
        is_new_patient=wanted.is_new_patient,
    )
    told = schedule.book(asked.org_id, wish, asked.actor, asked.key, wanted.overbook_reason)
    return _answer(asked, told, {"booked": 201, "already_booked": 200})


def note(asked: Asked) -> Answer:
    """Replace an appointment's notes."""
    wanted: Noted = asked.body
    return _told(asked, schedule.note(asked.org_id, _change(asked), wanted.notes), "noted")


def move(asked: Asked) -> Answer:
    """Move an appointment."""
    wanted: Moved = asked.body
    told = schedule.move(
        asked.org_id, _change(asked), wanted.starts_at, wanted.provider_id, wanted.overbook_reason
    )
    return _answer(asked, told, {"rescheduled": 200})


def cancel(asked: Asked) -> Answer:
    """Cancel an appointment."""
    wanted: Cancelled = asked.body
    told = schedule.cancel(asked.org_id, _change(asked), wanted.reason or None)
    return _answer(asked, told, {"cancelled": 200})


def confirm(asked: Asked) -> Answer:
    """Confirm an appointment."""
    told = schedule.confirm(asked.org_id, _change(asked))
    if told["outcome"] == "version_conflict" and told["appointment"]["status"] == "confirmed":
        return Answer(200, appointments.of_id(asked, asked.path["appointment_id"]))  # a second click
    return _answer(asked, told, {"confirmed": 200})


def set_status(asked: Asked) -> Answer:
    """Say what became of an appointment."""
    wanted: Became = asked.body
    return _told(asked, schedule.set_status(asked.org_id, _change(asked), wanted.status), "set")


def _change(asked: Asked) -> Change:
    return Change(asked.path["appointment_id"], asked.body.version, asked.actor, asked.key)


def _answer(asked: Asked, told: Told, good: dict[str, int]) -> Answer:
    """Answer with the appointment as it is now, or with the problem; what must be told goes out meanwhile."""
    outbox.publish_later(asked.org_id, told.get("outbox"))
    if told["outcome"] in good:
        return Answer(good[told["outcome"]], appointments.of_id(asked, told["appointment"]["id"]))
    appointment_id = asked.path.get("appointment_id")
    if appointment_id is None:
        raise outcomes.refusal(told)
    current = appointments.of_id(asked, appointment_id)
    # To a caller a cancelled visit is not there; staff have it before their eyes.
    raise outcomes.refusal({"outcome": "not_live"} if told["outcome"] == "not_found" else told, current)


def _told(asked: Asked, told: Told, good: str) -> Answer:
    """Answer with the appointment that the function returned as the board shows it, or with the problem."""
    outbox.publish_later(asked.org_id, told.get("outbox"))
    if told["outcome"] == good:
        return Answer(200, told["appointment"])
    raise outcomes.refusal(told, told.get("appointment"))


def _required(value: str | None, field: str, message: str) -> str:
    if value is None:
        raise problems.invalid(field, message)
    return value


_CHANGED = {200: Appointment}
_ONE = "/appointments/{appointment_id}"
_CONFLICT = {409: "version_conflict, with the appointment now; or its state forbids it (code)"}
_TAKEN = {409: "slot_unavailable, outside_hours or too_soon, with alternatives; version_conflict; not_live"}


def _changes() -> Iterable[Route]:
    yield Route(
        "POST",
        "/appointments",
        book,
        "staff",
        "Book an appointment",
        {201: Appointment, 200: Appointment},
        body=NewAppointment,
        problems={409: "slot_unavailable, outside_hours or too_soon, with alternatives; too_many"},
        takes_key=True,
        description=(
            "The rules of a caller's booking hold. 200 when this patient has this very appointment already."
            " With `overbook_reason`, and a provider, it is booked although the time is taken, closed, off"
            " the grid or too soon; what is free is booked the ordinary way even then."
        ),
    )
    yield Route(
        "PATCH",
        _ONE,
        note,
        "staff",
        "Replace an appointment's notes",
        _CHANGED,
        body=Noted,
        problems=_CONFLICT,
    )
    yield Route(
        "POST",
        f"{_ONE}/move",
        move,
        "staff",
        "Move an appointment",
        _CHANGED,
        body=Moved,
        problems=_TAKEN,
        takes_key=True,
        description="Pending again: what the patient confirmed was the old time. A refusal changes nothing.",
    )
    yield Route(
        "POST",
        f"{_ONE}/cancel",
        cancel,
        "staff",
        "Cancel an appointment",
        _CHANGED,
        body=Cancelled,
        problems=_CONFLICT,
        takes_key=True,
        description="Its time is free at once. One that is cancelled already is answered as it is.",
    )
    yield Route(
        "POST",
        f"{_ONE}/confirm",
        confirm,
        "staff",
        "Confirm an appointment",
        _CHANGED,
        body=Confirmed,
        problems=_CONFLICT,
    )
    yield Route(
        "POST",
        f"{_ONE}/status",
        set_status,
        "staff",
        "Say what became of an appointment",
        _CHANGED,
        body=Became,
        problems=_CONFLICT,
        description=(
            "arrived from 12 hours before the start; completed and no_show once it has begun; pending takes"
            " any of them back, if the time is still free."
        ),
    )


ROUTES = tuple(_changes())
