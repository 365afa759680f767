"""The six voice tools: from what a model wrote to a typed question, and from the answer to a sentence."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import Any

from frontdesk import appointments, emails, follow_ups, names, orgs, phones, slots, times
from frontdesk.appointments import Asker, Wish
from frontdesk.orgs import Org
from functions.book import answers, speech
from functions.book.answers import Answer
from functions.book.arguments import flag

# Words that are no name: the first word of such a wish, and what is said whole.
_ANY = frozenset({"any", "anyone", "anybody", "whoever", "whichever", "either", "cualquiera", "cualquier"})
_NOBODY_IN_PARTICULAR = frozenset(
    {"nopreference", "firstavailable", "noone", "nobody", "elquesea", "sinpreferencia"}
)
_SLOT_ID = re.compile(r"(\d{8}T\d{4})(?:-([0-9a-f]{8}))?")
_PARTS_OF_DAY = {"morning", "afternoon", "evening"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One tool call, as a tool sees it. `said` is cleaned: what is in it was really said."""

    org: Org
    now: datetime  # aware, in the clinic's zone
    caller: str | None  # E.164 of the calling number, None when withheld
    call_id: str | None
    tool_call_id: str
    request_hash: str
    said: dict[str, Any]

    @property
    def asker(self) -> Asker:
        """Who asks, for the database."""
        return Asker(self.call_id, self.tool_call_id, self.request_hash, self.caller)

    def text(self, *keys: str) -> str | None:
        """Return the first of these arguments that was said, as text."""
        for key in keys:
            value = self.said.get(key)
            if isinstance(value, str):
                return value
            if isinstance(value, int | float) and not isinstance(value, bool):
                return str(value)
        return None


def check_availability(asked: Asked) -> Answer:
    """Offer free starts on the days asked for."""
    when = asked.text("when", "date", "startTime")
    if when is None:
        return answers.ask_when(asked.now.date())
    part = asked.text("partOfDay")
    part = part.lower() if part and part.lower() in _PARTS_OF_DAY else None
    days = times.parse_days(when, asked.now, asked.org.hours, part)
    if isinstance(days, times.Question):
        return answers.question(days, asked.now.date())
    spoken_service, provider = asked.text("service", "reason"), _provider(asked)
    told = slots.find(
        asked.org.id,
        orgs.service_meant(asked.org, spoken_service) if spoken_service else None,
        datetime.combine(days.first, clock.min, asked.org.zone),
        datetime.combine(days.last + timedelta(days=1), clock.min, asked.org.zone)
        - timedelta(microseconds=1),
        provider=provider,
        earliest=days.earliest,
        latest=days.latest,
        # One day is offered from morning to evening; of several, the first start of each.
        per_day=None if days.first == days.last else 2,
        limit=100,
    )
    said_days = _said_days(days, asked.now.date())
    return answers.slots(told, asked.org, said_days, with_provider=provider is not None)


def book_appointment(asked: Asked) -> Answer:
    """Book one appointment, or say what is missing, unclear or free instead."""
    name = names.normalise(asked.text("patientName", "name") or "")
    if name is None:
        return answers.missing("patient_name")
    start, slot_provider = _start(asked, "startTime", "scheduledAt", "when")
    if isinstance(start, Answer):
        return start
    reason = asked.text("reason", "service", "serviceType")
    if reason is None and len(asked.org.services) != 1:
        return answers.missing("service", _which_service(asked.org))
    phone = _phone(asked)
    if isinstance(phone, Answer):
        return phone
    wish = Wish(
        patient_name=name,
        patient_phone=phone,
        patient_email=emails.normalise(asked.text("email", "patientEmail") or ""),
        service=orgs.service_meant(asked.org, reason or ""),
        starts_at=start,
        provider=slot_provider or _provider(asked),
        date_of_birth=_birthday(asked.text("dateOfBirth"), asked.now.date()),
        is_new_patient=flag(asked.said.get("newPatient")),
        notes=asked.text("notes"),
    )
    told = appointments.book(asked.org.id, wish, asked.asker)
    if told["outcome"] == "already_booked" and phone != asked.caller:
        return answers.already_booked_for_another(told, asked.org)
    return answers.of(told, asked.org)


def lookup_appointments(asked: Asked) -> Answer:
    """Tell a verified caller their coming appointments."""
    return answers.of(appointments.lookup(asked.org.id, *_proof(asked), asked.asker), asked.org)


def reschedule_appointment(asked: Asked) -> Answer:
    """Move a verified caller's appointment; the old time is kept unless the new one is secured."""
    start, slot_provider = _start(asked, "newStartTime", "startTime")
    if isinstance(start, Answer):
        return start
    name, code = _proof(asked)
    provider = slot_provider or _provider(asked)
    return answers.of(
        appointments.reschedule(asked.org.id, start, name, code, provider, asked.asker), asked.org
    )


def cancel_appointment(asked: Asked) -> Answer:
    """Cancel a verified caller's appointment."""
    name, code = _proof(asked)
    return answers.of(
        appointments.cancel(asked.org.id, name, code, asked.text("reason"), asked.asker), asked.org
    )


def request_follow_up(asked: Asked) -> Answer:
    """Take a message for a person to call back."""
    message = asked.text("message")
    if message is None:
        return answers.missing("message")
    # A message is never refused for want of a number: a person can still make something of it.
    phone = _phone(asked)
    urgency = (asked.text("urgency") or "routine").lower().replace(" ", "_").replace("-", "_")
    urgency = urgency if urgency in ("routine", "same_day", "urgent") else "routine"
    preferred = asked.text("preferredTime")
    told = follow_ups.create(
        asked.org.id,
        message,
        follow_ups.due_at(urgency, preferred, asked.now, asked.org.hours),
        asked.asker,
        phone=phone if isinstance(phone, str) else None,
        caller_name=names.normalise(asked.text("callerName", "patientName") or ""),
        urgency=urgency,
        preferred_time=preferred[:200] if preferred else None,
    )
    return answers.of(told, asked.org)


TOOLS: dict[str, Callable[[Asked], Answer]] = {
    "checkAvailability": check_availability,
    "bookClinicAppointment": book_appointment,
    "lookupAppointments": lookup_appointments,
    "rescheduleAppointment": reschedule_appointment,
    "cancelAppointment": cancel_appointment,
    "requestFollowUp": request_follow_up,
}


def _start(asked: Asked, *keys: str) -> tuple[datetime | Answer, str | None]:
    """Return the start asked for and the provider its slot id names, or the question to ask instead."""
    today = asked.now.date()
    picked, slot_provider = _picked(asked)
    said = asked.text(*keys)
    if said is None:
        return (picked, slot_provider) if picked else (answers.ask_when(today), None)
    read = times.parse_moment(said, asked.now, asked.org.hours)
    if isinstance(read, times.Question):
        if picked is not None and _may_mean(said, read, picked, asked):
            return picked, slot_provider
        return answers.question(read, today), None
    if picked is not None and picked != read.at:
        readings = f"{times.say_moment(read.at, today)} or {times.say_moment(picked, today)}"
        question = times.Question("AMBIGUOUS_TIME", f"Do you mean {readings}?", (read.at, picked))
        return answers.question(question, today), None
    return read.at, slot_provider


def _picked(asked: Asked) -> tuple[datetime | None, str | None]:
    """Return the start and provider of the slot id, none where it is missing, made up or over."""
    slot = _SLOT_ID.fullmatch(asked.text("slotId") or "")
    if slot is None:
        return None, None
    # A slot id is a clinic-local time like any other, and goes through the same checks.
    stamp = f"{slot[1][:4]}-{slot[1][4:6]}-{slot[1][6:8]}T{slot[1][9:11]}:{slot[1][11:]}"
    read = times.parse_moment(stamp, asked.now, asked.org.hours)
    if not isinstance(read, times.Moment):
        return None, None
    provider = next((str(each.id) for each in asked.org.providers if str(each.id)[-8:] == slot[2]), None)
    return read.at, provider


def _may_mean(said: str, read: times.Question, picked: datetime, asked: Asked) -> bool:
    """Tell whether the caller's words, not exact by themselves, can mean the slot that was picked."""
    if read.code == "DATE_IN_PAST":
        return False
    if read.options:
        return picked in read.options
    # "Tuesday" beside a slot on Wednesday contradicts it; "the second one" does not.
    days = times.parse_days(said, asked.now, asked.org.hours)
    return isinstance(days, times.Question) or days.first <= picked.date() <= days.last


def _phone(asked: Asked) -> str | Answer:
    """Return the number to reach the patient at (E.164), or the question for it."""
    other = asked.text("callbackNumber", "phone", "patientPhone")
    if other is not None:
        number = phones.normalise(other, asked.org.region)
        if number is not None:
            return number
        # Misheard digits are asked for again; words ("same number"), and the digits of the number the call
        # comes from, mean that one.
        digits = "".join(character for character in other if character.isdigit())
        same = asked.caller is not None and len(digits) >= 7 and asked.caller.endswith(digits)
        if len(digits) >= 5 and not same:
            return answers.missing(
                "patient_phone", "That phone number is not complete. Please ask for it again, digit by digit."
            )
    return asked.caller or answers.missing("patient_phone")


def _proof(asked: Asked) -> tuple[str | None, str | None]:
    """Return the caller's second factor: the name as spoken, and the code's digits."""
    return asked.text("patientName", "name"), asked.text("confirmationCode", "code")


def _provider(asked: Asked) -> str | None:
    said = asked.text("practitioner", "provider")
    if said is None or names.key(said) in _NOBODY_IN_PARTICULAR:
        return None
    return None if next(iter(names.key_words(said)), None) in _ANY else said


def _birthday(said: str | None, today: date) -> date | None:
    """Read a date of birth; one that nobody living can have was misheard, and would stay in the contact."""
    try:
        born = date.fromisoformat(said or "")
    except ValueError:
        return None
    return born if today.year - 125 <= born.year and born <= today else None


def _which_service(org: Org) -> str:
    offered = speech.in_a_row([service.name for service in org.services])
    return f"Please ask what the visit is for. The clinic offers {offered}."


def _said_days(days: times.Days, today: date) -> str:
    first = times.say_day(days.first, today)
    span = f"on {first}" if days.first == days.last else f"from {first} to {times.say_day(days.last, today)}"
    if days.earliest and days.latest:
        return f"{span} between {times.say_time(days.earliest)} and {times.say_time(days.latest)}"
    if days.earliest:
        return f"{span} from {times.say_time(days.earliest)} on"
    return f"{span} before {times.say_time(days.latest)}" if days.latest else span
