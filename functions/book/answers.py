"""What the agent says: one line for every outcome, a code first, then sentences that can be read aloud.

The codes are in docs/voice-tools.md, the outcomes of the SQL functions in docs/booking-function.md.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

from frontdesk import times
from frontdesk.orgs import Org
from functions.book import speech

Told = dict[str, Any]
MOST_OFFERED = 3

ASK_FOR = {
    "patient_name": "Please ask for the patient's first and last name.",
    "patient_phone": "Please ask for a phone number to reach the patient, digit by digit.",
    "scheduled_at": "Please ask what day and time would suit.",
    "service": "Please ask what the visit is for.",
    "message": "Please ask what the message is.",
    "proof": "Please ask for the name the appointment is under, or the four-digit confirmation code.",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one tool call. `failed` marks trouble on our side: told as Vapi's `error`."""

    code: str
    text: str
    facts: dict[str, Any] = field(default_factory=dict)
    failed: bool = False
    outbox: tuple[dict[str, Any], ...] = ()  # rows ({id, queue}) of those who must be told after the commit

    @property
    def line(self) -> str:
        """The code and the sentences, as Vapi hands them to the model."""
        return f"{self.code}. {self.text}"


def missing(what: str, sentence: str | None = None) -> Answer:
    """Ask for one thing; `what` is a key of ASK_FOR."""
    return Answer("MISSING_INFO", sentence or ASK_FOR[what], {"missing": what})


def question(asked: times.Question, today: date) -> Answer:
    """Pass on a question about the day or time, with the readings it names; today's date is always said."""
    options = [option.isoformat() for option in asked.options]
    says_today = "Today is" in asked.text or "it is now" in asked.text
    text = asked.text if says_today else f"{asked.text} {speech.today_is(today)}"
    return Answer(asked.code, text, {"options": options} if options else {})


def ask_when(today: date) -> Answer:
    """Ask for a day and time where none was said, with today's date to count from."""
    return missing("scheduled_at", f"{ASK_FOR['scheduled_at']} {speech.today_is(today)}")


def already_booked_for_another(told: Told, org: Org) -> Answer:
    """Tell a caller from another number what they said themselves, and nothing else.

    Anybody can name somebody's number, name and time: the code, the ids and the practitioner are for the
    number's owner.
    """
    visit = told["appointment"]
    when = times.say_moment(speech.local(visit["starts_at"], org.zone), date.fromisoformat(told["today"]))
    return Answer("ALREADY_BOOKED", f"{visit['patient_name']} is booked on {when}.")


def failed(sentence: str) -> Answer:
    """Say that our side failed, and what to do instead."""
    return Answer("TEMPORARY_FAILURE", sentence, failed=True)


def of(told: Told, org: Org) -> Answer:
    """Say what the database answered, whatever it was."""
    return replace(_SAID[told["outcome"]](told, org), outbox=tuple(told.get("outbox") or ()))


def slots(told: Told, org: Org, asked_days: str, *, with_provider: bool) -> Answer:
    """Offer up to three free starts, spread over what was found; `asked_days` says which days were meant."""
    if told["outcome"] not in ("slots", "no_availability"):
        return of(told, org)
    today = date.fromisoformat(told["today"])
    visit = speech.a_visit(told["service_name"], org.language)
    if told["outcome"] == "no_availability":
        offered = [speech.local(each["starts_at"], org.zone) for each in told["alternatives"]]
        nearest = (
            f"The nearest are {speech.choice(offered, today, 'and')}." if offered else "Nothing is free soon."
        )
        text = f"There is nothing free for {visit} {asked_days}. {nearest} {speech.today_is(today)}"
        return Answer("NO_AVAILABILITY", text, {"alternatives": [each.isoformat() for each in offered]})
    picked = _spread(told["slots"], org)
    starts = [speech.local(each["starts_at"], org.zone) for each in picked]
    ids = [
        slot_id(start, each["provider_id"] if with_provider else None)
        for start, each in zip(starts, picked, strict=True)
    ]
    whom = f" with {picked[0]['provider_name']}" if with_provider else ""
    more = " There are more times." if len(told["slots"]) > len(picked) else ""
    text = f"For {visit}{whom} there is {speech.choice(starts, today)}.{more} {speech.today_is(today)}"
    facts = [{"slotId": name, "startsAt": start.isoformat()} for name, start in zip(ids, starts, strict=True)]
    # Behind the sentences, where a voice does not get to: the model hands one back with the booking.
    return Answer(
        "AVAILABLE", f"{text} slotIds={','.join(ids)}", {"slots": facts, "service": told["service_name"]}
    )


def slot_id(start: datetime, provider_id: str | None) -> str:
    """Name a start so that the model can hand it back exactly; nothing is stored under it.

    The provider by the end of their id: its beginning is the time it was made, the same for a whole staff.
    """
    stamp = f"{start:%Y%m%dT%H%M}"
    return f"{stamp}-{provider_id[-8:]}" if provider_id else stamp


def _settled(code: str, sentence: str, *, texted: bool = False) -> Callable[[Told, Org], Answer]:
    """Make the answer about one appointment; the sentence's blanks are who, what, whom, when and code.

    `texted` says that the patient is sent a text about it, which is said where the clinic sends texts.
    """

    def say(told: Told, org: Org) -> Answer:
        visit = told["appointment"]
        starts_at = speech.local(visit["starts_at"], org.zone)
        text = sentence.format(
            who=visit["patient_name"],
            what=speech.a_visit(visit["service_name"], org.language),
            whom=visit["provider_name"],
            when=times.say_moment(starts_at, date.fromisoformat(told["today"])),
            code=speech.digits(visit["confirmation_code"]),
        )
        if texted and org.texts:
            text += " A text with the details is on its way."
        return Answer(code, text, _facts(visit, org))

    return say


def _refused(code: str) -> Callable[[Told, Org], Answer]:
    """Make the answer that says why a wish cannot be booked and what is free; wish and today in full."""

    def say(told: Told, org: Org) -> Answer:
        today = date.fromisoformat(told["today"])
        wish = times.say_moment(speech.local(told["wished_at"], org.zone), today)
        offered = [speech.local(each["starts_at"], org.zone) for each in told["alternatives"]]
        offer = f"How about {speech.choice(offered, today)}?" if offered else "Would another day suit?"
        text = f"{_WHY[told['reason']].format(wish=wish)} {offer} {speech.today_is(today)}"
        facts = {"alternatives": [each.isoformat() for each in offered], "reason": told["reason"]}
        return Answer(code, text, facts)

    return say


_WHY = {
    "taken": "That slot is taken: {wish}.",
    "off_grid": "{wish} is between two start times.",
    "hours": "A visit on {wish} would be outside opening hours.",
    "closed": "The clinic is closed on {wish}.",
    "too_soon": "{wish} is too soon to book.",
    "too_far": "{wish} is further ahead than can be booked.",
    "in_past": "{wish} has passed.",
}


def _listed(code: str, ending: str) -> Callable[[Told, Org], Answer]:
    """Make the answer that names a verified caller's appointments."""

    def say(told: Told, org: Org) -> Answer:
        visits = told["appointments"]
        today = datetime.now(org.zone).date()
        said = [_described(visit, today, org) for visit in visits[:MOST_OFFERED]]
        count = "is one coming appointment" if len(visits) == 1 else f"are {len(visits)} coming appointments"
        more = " Those are the first three." if len(visits) > MOST_OFFERED else ""
        text = f"There {count}: {'; '.join(said)}.{more}{ending}"
        return Answer(code, text, {"appointments": [_facts(visit, org) for visit in visits]})

    return say


def _described(visit: Told, today: date, org: Org) -> str:
    what, who, whom = (
        speech.a_visit(visit["service_name"], org.language),
        visit["patient_name"],
        visit["provider_name"],
    )
    when = times.say_moment(speech.local(visit["starts_at"], org.zone), today)
    return f"{what} for {who} with {whom} on {when}, code {speech.digits(visit['confirmation_code'])}"


def _message_taken(told: Told, org: Org) -> Answer:
    due = speech.local(told["due_at"], org.zone)
    when = times.say_moment(due, date.fromisoformat(told["today"]))
    text = f"The message is taken. Someone will call back by {when}."
    if not told["phone_known"]:
        text += " There is no number to call back: please ask for one and send it as callbackNumber."
    return Answer("MESSAGE_TAKEN", text, {"followUpId": told["follow_up_id"], "dueAt": due.isoformat()})


def _unknown_service(told: Told, _org: Org) -> Answer:
    offered = told["services"] or []
    text = f"The clinic offers {speech.in_a_row(offered)}. Please ask which one it is."
    return Answer("UNKNOWN_SERVICE", text, {"services": offered})


def _unknown_provider(told: Told, org: Org) -> Answer:
    why = "does not offer that visit" if told["reason"] == "does_not_offer" else "is not known here"
    visit, there = speech.a_visit(told["service_name"], org.language), speech.in_a_row(told["providers"])
    text = f"That practitioner {why}. For {visit} the clinic has {there}. Please ask who it should be."
    return Answer("UNKNOWN_PROVIDER", text, {"providers": told["providers"]})


def _missing_info(told: Told, _org: Org) -> Answer:
    # A booking always brings a name: where the database misses it, it is a caller's second factor.
    return missing("proof" if told["field"] == "patient_name" else told["field"])


def _plain(code: str, text: str) -> Callable[[Told, Org], Answer]:
    return lambda _told, _org: Answer(code, text)


def _facts(visit: Told, org: Org) -> dict[str, Any]:
    """Give an appointment to machines: ids and clinic-local ISO times."""
    return {
        "appointmentId": visit["id"],
        "startsAt": speech.local(visit["starts_at"], org.zone).isoformat(),
        "endsAt": speech.local(visit["ends_at"], org.zone).isoformat(),
        "provider": visit["provider_name"],
        "service": visit["service_name"],
        "confirmationCode": visit["confirmation_code"],
    }


def _spread(found: list[Told], org: Org) -> list[Told]:
    """Pick up to three: the first of three days, or of one day its first, middle and last."""

    def day_of(slot: Told) -> date:
        return speech.local(slot["starts_at"], org.zone).date()

    days = [list(group) for _, group in groupby(found, key=day_of)]
    if len(days) >= MOST_OFFERED:
        return [day[0] for day in days[:MOST_OFFERED]]
    if len(days) == 2:
        return [*days[0][:2], days[1][0]] if len(days[0]) > 1 else [days[0][0], *days[1][:2]]
    return [days[0][place] for place in sorted({0, len(days[0]) // 2, len(days[0]) - 1})]


_SAID: dict[str, Callable[[Told, Org], Answer]] = {
    "booked": _settled(
        "BOOKED",
        "{who} is booked for {what} with {whom} on {when}. The confirmation code is {code}.",
        texted=True,
    ),
    "already_booked": _settled(
        "ALREADY_BOOKED", "{who} is booked for {what} with {whom} on {when}. The confirmation code is {code}."
    ),
    "rescheduled": _settled(
        "RESCHEDULED",
        "{who}'s visit for {what} with {whom} is now on {when}. The confirmation code is still {code}.",
        texted=True,
    ),
    "cancelled": _settled(
        "CANCELLED", "{who}'s visit for {what} with {whom} on {when} is cancelled.", texted=True
    ),
    "slot_unavailable": _refused("SLOT_UNAVAILABLE"),
    "outside_hours": _refused("OUTSIDE_HOURS"),
    "too_soon": _refused("TOO_SOON"),
    "too_far": _refused("TOO_FAR_AHEAD"),
    "in_past": _refused("DATE_IN_PAST"),
    "found": _listed("FOUND", ""),
    "multiple_found": _listed("MULTIPLE_FOUND", " Please ask which one is meant, and send its code."),
    "unknown_service": _unknown_service,
    "unknown_provider": _unknown_provider,
    "missing_info": _missing_info,
    "message_taken": _message_taken,
    "not_found": _plain(
        "NOT_FOUND",
        "There is no coming appointment under that name or code for the number this call comes from. "
        "Please check the name, or offer to take a message.",
    ),
    "not_verified": _plain(
        "NOT_VERIFIED",
        "An appointment can only be discussed with a caller whose number and name or code match. "
        "Please offer to take a message, so that the clinic can call back.",
    ),
    "not_live": _plain(
        "NOT_FOUND", "That appointment is over and cannot be changed. Please offer to take a message."
    ),
    "too_many": _plain(
        "TOO_MANY_APPOINTMENTS",
        "This number has as many coming appointments as can be booked by phone. "
        "Please offer to take a message.",
    ),
    "version_conflict": lambda _told, _org: failed(
        "That appointment was changed a moment ago. Please look it up again, and then try once more."
    ),
    "key_reused": lambda _told, _org: failed(
        "This request got mixed up with another one. "
        "Please ask again what the caller wants, and try once more."
    ),
}
