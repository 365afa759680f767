"""What the assistant says first, and what it is told to do and not to do."""

from datetime import time
from itertools import groupby
from typing import TYPE_CHECKING, Any

from frontdesk import times
from frontdesk.times import OpeningHours

if TYPE_CHECKING:
    from functions.calls.assistant import Clinic

_LANGUAGES = {"en": "English", "es": "Spanish"}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_GREETINGS = {
    "en": "Thank you for calling {name}. How can I help you?",
    "es": "Gracias por llamar a {name}. ¿En qué puedo ayudarle?",
}
_GOODBYES = {"en": ("goodbye", "have a great day"), "es": ("adiós", "que tenga un buen día")}
_TRANSFERS = {"en": "One moment, I'll see who is there.", "es": "Un momento, veo quién está."}

_PROMPT = """\
You answer the telephone of {name}. Speak {language}; change to the caller's language if they speak another.
Now at the clinic: {{{{"now" | date: "%A, %B %d, %Y, %I:%M %p", "{zone}"}}}}.

The clinic
- Open: {hours}.
- Providers: {providers}.
- Services: {services}.
{{% if callerName %}}
The number that calls belongs to {{{{callerName}}}}.
{{% if nextAppointment %}}Their next appointment: {{{{nextAppointment}}}}.{{% endif %}}
Numbers can be shared or faked. Do not say this name or appointment before the caller has said their full name
or their confirmation code, and lookupAppointments has found it.
{{% endif %}}
How you speak
- One or two short sentences, then listen. Ask for one thing at a time.
- Say days with their weekday and times with AM or PM. Never read an id, a code word or a "=" aloud.
- Tool results begin with a code word in capitals. It is for you; say what follows it in your own words.

How you book
- Call checkAvailability before you offer any time, and offer only what it returned.
- You need the patient's full name, the reason for the visit and the exact time. Read them back, and book once
  they agree.
- You are done when the result says BOOKED or ALREADY_BOOKED. SLOT_UNAVAILABLE: somebody was faster; offer
  what the result offers. Never say that something is booked, moved or cancelled unless a result said so.
- To move or cancel, ask for the full name or the confirmation code first, and for a yes before you do it.

What you do not do
- No medical advice, no diagnosis, no prices that are not written here. In an emergency tell them to call the
  emergency number.
- If you cannot help, or a tool fails twice, call requestFollowUp with what they need.
- If they ask for a person, use transferCall. If nobody can be reached, say that somebody calls back, and
  take a message.
"""


def greeting(clinic: "Clinic") -> str:
    """Say what the caller hears first."""
    return _GREETINGS.get(clinic.language, _GREETINGS["en"]).format(name=clinic.name)


def goodbyes(language: str) -> tuple[str, ...]:
    """List the words of the assistant's that end the call."""
    return _GOODBYES.get(language, _GOODBYES["en"])


def prompt(clinic: "Clinic") -> str:
    """Write the system prompt. `{{...}}` in it is Vapi's Liquid: the time, and the variables of a call."""
    services = [f"{_plain(name)} ({minutes} minutes)" for name, minutes in clinic.services]
    return _PROMPT.format(
        name=_plain(clinic.name),
        language=_LANGUAGES.get(clinic.language, clinic.language),
        zone=clinic.zone,
        hours=spoken_hours(clinic.hours),
        providers=", ".join(map(_plain, clinic.providers)) or "none yet",
        services=", ".join(services) or "none yet",
    )


def transfer_tool(clinic: "Clinic") -> dict[str, Any]:
    """Write the tool that puts a caller through: without destinations in it, Vapi asks us where to."""
    said = _TRANSFERS.get(clinic.language, _TRANSFERS["en"])
    return {"type": "transferCall", "messages": [{"type": "request-start", "content": said}]}


def spoken_hours(hours: OpeningHours) -> str:
    """Say the week: "Monday to Friday 9 AM to 5 PM; Saturday 9 AM to noon"."""
    parts = []
    for said, days in groupby(range(7), key=lambda day: _day(hours, day)):
        run = list(days)
        if said:
            span = _DAYS[run[0]] if len(run) == 1 else f"{_DAYS[run[0]]} to {_DAYS[run[-1]]}"
            parts.append(f"{span} {said}")
    return "; ".join(parts) or "by arrangement"


def _day(hours: OpeningHours, day: int) -> str:
    return " and ".join(f"{times.say_time(opens)} to {_end(closes)}" for opens, closes in hours.weekly[day])


def _end(closes: time) -> str:
    """Say when a day closes; the day's last moment stands for midnight (frontdesk.orgs)."""
    return "midnight" if closes == time.max else times.say_time(closes)


def _plain(name: str) -> str:
    """Keep a clinic's own words from being read as Liquid."""
    return name.replace("{", "(").replace("}", ")")
