"""The people of the clinic: finding them, correcting them, noting something about them."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

from frontdesk import contacts, emails, names, outbox, phones
from frontdesk.contacts import Answer as Told
from functions.staff_api import given, paging, problems, replies
from functions.staff_api.fields import Body, Line, Named, Paged, Shape, Version, Words
from functions.staff_api.routes import Answer, Asked, Route

CLEARABLE = frozenset({"email", "date_of_birth"})
FIRST_BIRTHDAY = date(1880, 1, 1)

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def _born(value: date) -> date:
    if not FIRST_BIRTHDAY <= value <= datetime.now(UTC).date():
        raise ValueError("must be a day since 1880 that is not in the future")
    return value


def _with_plus(value: Any) -> Any:
    # A plus sign that was not percent-encoded in a query arrives as a space.
    return f"+{value[1:]}" if isinstance(value, str) and value.startswith(" ") else value


class NextAppointment(Shape):
    """The visit that comes next."""

    id: UUID
    starts_at: AwareDatetime


class Contact(Shape):
    """A person who came, called or was booked for."""

    id: UUID
    version: Annotated[int, Field(description="Give it back with a change; 409 when somebody was faster")]
    name: str
    phone: Annotated[str, Field(description="E.164", examples=["+12025550147"])]
    email: str | None
    date_of_birth: date | None
    created_at: AwareDatetime
    next_appointment: NextAppointment | None
    appointment_count: Annotated[int, Field(description="All that were not cancelled, past ones too")]
    opted_out: Annotated[bool, Field(description="Wants no texts")]
    other_phones: Annotated[list[str], Field(description="Of duplicates that were merged into this one")]
    erased_at: Annotated[AwareDatetime | None, Field(description="Asked to be forgotten; nobody any more")]


class Contacts(Shape):
    """A page of people in the order of their names."""

    items: list[Contact]
    next: str | None


class Search(Paged):
    """Whom to look for; without either, everybody."""

    q: Annotated[
        Line | None,
        Field(description="Beginnings of words of the name, in any order; or digits of the number"),
    ] = None
    phone: Annotated[
        Line | None, BeforeValidator(_with_plus), Field(description="Exactly this number, in any usual form")
    ] = None


class Corrected(Body):
    """What is to change. null clears the address and the birthday."""

    version: Version
    name: Named | None = None
    email: Line | None = None
    date_of_birth: Annotated[date, AfterValidator(_born)] | None = None


class NewNote(Body):
    """Something worth knowing; patients never see it."""

    body: Annotated[Words, StringConstraints(min_length=1, max_length=4000)]


class Note(Shape):
    """What somebody at the front desk noted about a person."""

    id: UUID
    contact_id: UUID
    body: str
    created_at: AwareDatetime
    staff_id: UUID
    staff_name: str | None


def list_all(asked: Asked) -> Answer:
    """Find people."""
    wanted: Search = asked.query
    place = paging.decode(wanted.cursor, name=str, id=UUID)
    number = phone_of(wanted.phone, asked, "phone") if wanted.phone else None
    found = contacts.search(
        asked.org_id,
        wanted.q or None,
        number,
        after_name=place["name"],
        after_id=place["id"],
        limit=wanted.limit,
    )
    return Answer(200, replies.paged(found, "name", "id"))


def show(asked: Asked) -> Answer:
    """Show one person."""
    return _told(asked, contacts.one(asked.org_id, asked.path["contact_id"]), "found")


def correct(asked: Asked) -> Answer:
    """Correct what is known of a person."""
    wanted: Corrected = asked.body
    changes = given.changes(wanted, clearable=CLEARABLE)
    if wanted.name is not None:
        changes["name"] = _required(names.normalise(wanted.name), "name", "is no name")
    if wanted.email is not None:
        changes["email"] = email_of(wanted.email, "email")
    told = contacts.change(asked.org_id, asked.path["contact_id"], wanted.version, changes, asked.actor)
    return _told(asked, told, "changed")


def note(asked: Asked) -> Answer:
    """Note something about a person."""
    told = contacts.note(
        asked.org_id, asked.path["contact_id"], asked.session.staff_id, asked.body.body, asked.key
    )
    outbox.publish_later(asked.org_id, told.get("outbox"))
    if told["outcome"] != "noted":
        raise _refusal(told)
    return Answer(201, told["note"])


def phone_of(raw: str, asked: Asked, field: str) -> str:
    """Read a number in any usual form, at home in the clinic's region; a problem when it is none."""
    number = raw if _E164.fullmatch(raw) else phones.normalise(raw, asked.session.org.region)
    return _required(number, field, "is no telephone number")


def email_of(raw: str, field: str) -> str:
    """Read an e-mail address; a problem when it is none."""
    return _required(emails.normalise(raw), field, "is no e-mail address")


def _told(asked: Asked, told: Told, good: str) -> Answer:
    outbox.publish_later(asked.org_id, told.get("outbox"))
    if told["outcome"] != good:
        raise _refusal(told)
    return Answer(200, told["contact"])


def _refusal(told: Told) -> problems.ProblemError:
    if told["outcome"] == "version_conflict":
        return problems.version_conflict(told["contact"])
    if told["outcome"] == "not_found":
        return problems.not_found("contact")
    return replies.refused(told)


def _required(value: str | None, field: str, message: str) -> str:
    if value is None:
        raise problems.invalid(field, message)
    return value


_ONE = "/contacts/{contact_id}"

ROUTES = (
    Route(
        "GET",
        "/contacts",
        list_all,
        "reader",
        "Find people by name or number",
        {200: Contacts},
        query=Search,
        description="Case and accents do not matter. With `phone`, `q` is not looked at.",
    ),
    Route("GET", _ONE, show, "reader", "One person", {200: Contact}),
    Route(
        "PATCH",
        _ONE,
        correct,
        "staff",
        "Correct a person's name, address or birthday",
        {200: Contact},
        body=Corrected,
        problems={409: "version_conflict, with the contact now"},
    ),
    Route(
        "POST",
        f"{_ONE}/notes",
        note,
        "staff",
        "Note something about a person",
        {201: Note},
        body=NewNote,
        takes_key=True,
    ),
)
