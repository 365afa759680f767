"""The words of a text: which template, what stands in it, what it costs, and whether it may be saved.

Templates are plain text with placeholders in braces: {clinic} {patient_first_name} {day} {time} {provider}
{code} {phone} {link} (docs/sms.md). {time} brings its preposition: "at 3 PM", "a las 3 de la tarde".
"""

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from frontdesk.plain_text import one_line
from frontdesk.texts import dates
from frontdesk.texts.segments import Segments, segments, to_gsm7
from frontdesk.texts.templates import ALLOWED, DEFAULTS, EVENTS, LANGUAGES, OPT_OUT, REQUIRED, SOMEBODY

MAX_LENGTH = 1600  # characters; Twilio refuses a longer body (error 21617)
MAX_FIRST_NAME = 20
_IN_NAMES = "-'\u2019"  # Anne-Marie, D'Arcy

# Words Twilio takes for an opt-out or an opt-in: a patient told to text one would be unsubscribed.
# CANCELAR is none, but one slip of the thumb from CANCEL.
_KEYWORDS = "CANCEL|END|QUIT|REVOKE|OPTOUT|UNSUBSCRIBE|STOPALL|UNSTOP|YES|S[IÍ]|CANCELAR"
_VERBS = "reply|respond|answer|text|send|responda|responde|envíe|envía|conteste|contesta|escriba|escribe"
_ASKS_FOR_KEYWORD = re.compile(
    rf"\b(?:{_VERBS})\b(?:\s+(?:back|with|the|word|con|la|palabra))*\s*[\"'“”«:]*\s*(?:{_KEYWORDS})\b",
    re.IGNORECASE,
)
_SHOUTED_KEYWORD = re.compile(rf"\b(?:{_KEYWORDS})\b")
# What would become part of the address on the patient's phone.
_LINK_WITH_A_TAIL = re.compile(r"\{link\}(?!\s|$)")
# The key in the address of a patient's page (frontdesk.patient_links): 128 bits in base64url.
_TOKEN = re.compile(r"/a/[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])")
_BETWEEN_SENTENCES = re.compile(r"(?<=[.!?])\s+")

# The longest that is likely: what the length of a template is judged by.
_WORST = {
    "patient_first_name": "Maximiliano",
    "provider": "Dr. Papadopoulos",
    "code": "0000",
    # API Gateway's own address, which a deployment without a domain of its own has.
    "link": f"https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/a/{'x' * 22}",
}
_SAMPLE = {
    "patient_first_name": "Dana",
    "provider": "Dr. Patel",
    "code": "4821",
    "link": "https://visits.example.com/a/Zk3vQ9bT2mXw7LrJ5nYc1A",
}
_WORST_START = datetime(2026, 9, 30, 11, 30, tzinfo=ZoneInfo("UTC"))  # Wednesday, September 30 at 11:30
_SAMPLE_START = datetime(2026, 12, 8, 15, 0, tzinfo=ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class Preview:
    """How a template will read; `segments` are those of `worst`, the longest likely text."""

    text: str
    worst: str
    segments: Segments
    warnings: tuple[str, ...]


def language_of(language: str) -> str:
    """Return the language we have that is nearest to a clinic's (ISO 639, perhaps with a region)."""
    base = language.replace("_", "-").partition("-")[0].lower()
    return base if base in LANGUAGES else "en"


def default(event: str, language: str) -> str:
    """Return the wording a clinic has that wrote none of its own."""
    return DEFAULTS[language_of(language)][event]


def problems(body: str, event: str, language: str) -> list[str]:
    """Say, one sentence each, why a template cannot be saved; an empty list means it can.

    What costs more than need be is no problem but a warning of preview().
    """
    if event not in EVENTS:
        return [f"There is no text '{event}'. The texts are {', '.join(EVENTS)}."]
    if language not in LANGUAGES:
        return [f"There are no texts in '{language}'. The languages are {', '.join(LANGUAGES)}."]
    try:
        fields = _fields(body)
    except ValueError:
        return ["The braces do not match: a placeholder looks like {clinic}, a brace itself like {{ or }}."]
    if not one_line(body):
        return ["The text is empty."]
    return [*_wrong_fields(fields, event), *_wrong_words(body, event)]


def render(body: str, known: Mapping[str, str], *, opt_out: str = "") -> str:
    """Fill a template in: one line, in GSM-7 where that is possible.

    A sentence whose placeholder has no value is left out. Values are put in as they are: braces or
    placeholders inside a name mean nothing.
    """
    sentences = _BETWEEN_SENTENCES.split(one_line(body))
    told = [
        sentence.format_map(known) for sentence in sentences if all(known.get(f) for f in _fields(sentence))
    ]
    return to_gsm7(one_line(" ".join([*told, opt_out])))


def wants_link(event: str, language: str, override: str | None) -> bool:
    """Tell whether a text's wording has the patient's page in it: the link is made only then."""
    return "link" in _fields(_wording(event, language, override))


def without_token(text: str) -> str:
    """Return a text as it may be kept: whoever reads it must not get a key to the patient's page with it."""
    return _TOKEN.sub("/a/...", text)


def values(
    org: Mapping[str, Any],
    appointment: Mapping[str, Any] | None,
    now: datetime,
    language: str,
    *,
    link: str = "",
) -> dict[str, str]:
    """Give the placeholders' values for an org and, if the text is about one, an appointment.

    `org` and `appointment` are the database's JSON (next_sms, receive_sms); times come out in the org's zone.
    `link` is the address of the patient's page, where wants_link() asks for it.
    """
    phone = org.get("front_desk_phone")
    known = {"clinic": one_line(org["name"]), "phone": written_phone(phone) if phone else "", "link": link}
    if appointment is None:
        return known
    zone = ZoneInfo(org["time_zone"])
    starts_at = datetime.fromisoformat(appointment["starts_at"]).astimezone(zone)
    return known | {
        "patient_first_name": first_name(appointment["patient_name"], language),
        "provider": one_line(appointment["provider_name"]),
        "day": dates.day(starts_at, now.astimezone(zone).date(), language),
        "time": dates.clock(starts_at.timetz().replace(tzinfo=None), language),
        "code": appointment["confirmation_code"],
    }


def for_task(
    event: str, language: str, override: str | None, known: Mapping[str, str], *, first_text: bool
) -> str:
    """Write the text of an event: the clinic's own wording, or ours where it has none or an unusable one.

    Checked again here: a template saved under older rules must not stop a text, nor go out wrong.
    """
    spoken = language_of(language)
    body = _wording(event, spoken, override)
    says_it_already = "STOP" in body
    return render(body, known, opt_out=OPT_OUT[spoken] if first_text and not says_it_already else "")


def preview(
    body: str | None,
    event: str,
    language: str,
    *,
    clinic: str = "Bright Smiles",
    phone: str | None = "+12025550147",
) -> Preview:
    """Show a template (None: ours) filled in, with names as usual and as long as is likely, and its price."""
    wording = body if body is not None else default(event, language)
    common = {"clinic": one_line(clinic), "phone": written_phone(phone) if phone else ""}
    text = render(wording, common | _SAMPLE | _moment(_SAMPLE_START, language))
    worst = render(wording, common | _WORST | _moment(_WORST_START, language))
    size = segments(worst)
    return Preview(text, worst, size, tuple(_warnings(worst, size)))


def _wording(event: str, language: str, override: str | None) -> str:
    spoken = language_of(language)
    return override if override and not problems(override, event, spoken) else default(event, spoken)


def _moment(at: datetime, language: str) -> dict[str, str]:
    spoken = language_of(language)
    return {"day": dates.day(at, at.date(), spoken), "time": dates.clock(at.time(), spoken)}


def _warnings(worst: str, size: Segments) -> list[str]:
    said = []
    if size.encoding == "UCS-2":
        strange = sorted({c for c in worst if segments(to_gsm7(c)).encoding == "UCS-2"})
        said.append(f"{' '.join(strange)} makes every segment 70 instead of 160 characters long.")
    if size.count > 1:
        said.append(
            f"With long names this text is billed as {size.count} segments"
            f" ({size.characters} characters; one segment holds {160 if size.encoding == 'GSM-7' else 70})."
        )
    return said


def _wrong_fields(fields: list[str], event: str) -> list[str]:
    said = []
    for name in sorted(set(fields) - ALLOWED[event]):
        may = ", ".join(f"{{{each}}}" for each in sorted(ALLOWED[event]))
        said.append(f"{{{name}}} cannot stand in '{event}'. It may hold {may}.")
    missing = sorted(REQUIRED[event] - set(fields))
    said += [f"{{{name}}} is missing: a text of '{event}' must say it." for name in missing]
    return said


def _wrong_words(body: str, event: str) -> list[str]:
    said = []
    for sentence in _BETWEEN_SENTENCES.split(one_line(body)):
        together = set(_fields_of_part(sentence))
        if "phone" in together and together & REQUIRED[event]:
            said.append("Put {phone} in a sentence of its own: it is left out for a clinic without a phone.")
    if _LINK_WITH_A_TAIL.search(one_line(body)):
        said.append(
            "Put a space after {link}, or end with it: what follows would become part of the address."
        )
    found = _ASKS_FOR_KEYWORD.search(body) or _SHOUTED_KEYWORD.search(body)
    if found is not None:
        said.append(
            f"'{one_line(found[0])}' would subscribe or unsubscribe the patient at the carrier."
            " Ask for C (confirm), R (move), STOP or HELP only."
        )
    if len(one_line(body)) > MAX_LENGTH - 200:
        said.append(f"The text is longer than {MAX_LENGTH - 200} characters.")
    return said


def _fields(body: str) -> list[str]:
    """Return a template's placeholders; ValueError when its braces do not match or hold more than a name."""
    fields = []
    for _, name, form, conversion in string.Formatter().parse(body):
        if name is None:
            continue
        if form or conversion:
            raise ValueError("a placeholder is a name only")
        fields.append(name)
    return fields


def _fields_of_part(sentence: str) -> list[str]:
    try:
        return _fields(sentence)
    except ValueError:
        return []  # a brace pair across two sentences; _fields of the whole has judged it


def first_name(patient_name: str, language: str) -> str:
    """Return a patient's first name, letters only: the caller chose it, and a link must not ride in it."""
    first = one_line(patient_name).partition(" ")[0]
    letters = "".join(c for c in first if c.isalpha() or c in _IN_NAMES)[:MAX_FIRST_NAME]
    return letters.strip(_IN_NAMES) or SOMEBODY[language]


def written_phone(e164: str) -> str:
    """Write a number as people of its country do: "(202) 555-0147", "+34 612 34 56 78"."""
    import phonenumbers

    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    styles = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(
        number, styles.NATIONAL if number.country_code == 1 else styles.INTERNATIONAL
    )
