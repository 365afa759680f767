"""What a patient's text means, and what is answered."""

import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from xml.sax.saxutils import escape

from frontdesk import texts

NO_REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


class Intent(StrEnum):
    """What a text asks for; the values are receive_sms's intents."""

    STOP = "stop"
    START = "start"
    HELP = "help"
    CONFIRM = "confirm"
    RESCHEDULE = "reschedule"
    OTHER = "other"


# Twilio acts on these itself, before we hear of it (help.twilio.com, "Twilio support for opt-out keywords").
STOP_AT_TWILIO = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_AT_TWILIO = frozenset({"START", "YES", "UNSTOP"})

# In the order they are tried. SI is Spanish for Twilio's YES: both opt in, and neither confirms.
_WORDS = (
    (Intent.STOP, STOP_AT_TWILIO | {"PARAR", "PARE", "ALTO", "BAJA", "NOMAS"}),
    (Intent.START, START_AT_TWILIO | {"SI"}),
    (Intent.HELP, frozenset({"HELP", "INFO", "AYUDA"})),
    (Intent.CONFIRM, frozenset({"C", "CONFIRM", "CONFIRMAR", "CONFIRMO"})),
    (Intent.RESCHEDULE, frozenset({"R", "RESCHEDULE", "MOVER", "CAMBIAR"})),
)

# What Twilio's Advanced Opt-Out says of a text it has answered itself.
_OPT_OUT_TYPES = {"STOP": Intent.STOP, "START": Intent.START, "HELP": Intent.HELP}


def intent_of(body: str, opt_out_type: str = "") -> Intent:
    """Tell what a text asks for: a whole text that is one of the words, in any case and punctuation."""
    told = _OPT_OUT_TYPES.get(opt_out_type.strip().upper())
    if told is not None:
        return told
    word = _word(body)
    return next((intent for intent, words in _WORDS if word in words), Intent.OTHER)


def twiml(body: str, opt_out_type: str, answer: Mapping[str, Any], make_link: Callable[[UUID], str]) -> str:
    """Write the answer to a patient's text as TwiML, from receive_sms's JSON.

    `make_link` gives the address of an appointment's page; it is asked only if the answer's words have one.

    Nothing is said where Twilio has answered itself: to its own opt-out words (our reply would be refused,
    error 21610) and whenever Advanced Opt-Out names a type.
    """
    reply = answer["reply"]
    if reply == "none" or opt_out_type.strip() or (reply == "stopped" and _word(body) in STOP_AT_TWILIO):
        return NO_REPLY
    language = texts.language_of(answer["language"])
    visit = answer["appointment"]
    wanted = visit is not None and texts.wants_link(reply, language, answer["template"])
    link = make_link(UUID(visit["id"])) if wanted else ""
    known = texts.values(answer["org"], visit, datetime.now(UTC), language, link=link)
    text = texts.for_task(reply, language, answer["template"], known, first_text=False)
    return f'<?xml version="1.0" encoding="UTF-8"?><Response><Message>{escape(text)}</Message></Response>'


def _word(body: str) -> str:
    """Write a text as bare capital letters and digits: " Stop. " is STOP, "Sí!" is SI, "opt-out" OPTOUT."""
    apart = unicodedata.normalize("NFKD", body)
    return "".join(character for character in apart if character.isalnum()).upper()
