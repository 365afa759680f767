"""What patients write, and what it means."""

from typing import Any
from uuid import UUID

import pytest

from functions.sms_worker import replies
from functions.sms_worker.replies import NO_REPLY, Intent

ANSWER: dict[str, Any] = {
    "org": {"name": "Smith & <Sons>", "time_zone": "America/New_York", "front_desk_phone": None},
    "appointment": None,
    "template": None,
    "language": "en",
}


def no_link(appointment_id: UUID) -> str:
    """Fail: a reply without a place for a link must not make one."""
    raise AssertionError(appointment_id)


@pytest.mark.parametrize(
    ("intent", "words"),
    [
        (Intent.STOP, ["STOP", "stop", " Stop. ", "STOP!!!", "stopall", "Stop all", "UNSUBSCRIBE", "cancel"]),
        (Intent.STOP, ["END", "Quit", "revoke", "OPTOUT", "opt-out", "Opt out", "PARAR", "Baja", "no más"]),
        (Intent.START, ["START", "Yes", "yes!", "UNSTOP", "SI", "sí", "Sí."]),
        (Intent.HELP, ["HELP", "help?", "info", "AYUDA"]),
        (Intent.CONFIRM, ["C", "c", " c. ", "'C'", "Confirm", "CONFIRM!", "Confirmar", "confirmo"]),
        (Intent.CONFIRM, ["C \N{THUMBS UP SIGN}"]),
        (Intent.RESCHEDULE, ["R", "r.", "Reschedule", "mover", "CAMBIAR"]),
        (Intent.OTHER, ["", " ", "\N{THUMBS UP SIGN}", "Stop by at 3?", "please cancel my visit", "C at 3"]),
        (Intent.OTHER, ["no", "ok", "CC", "yes please", "¿?", "1234", "C\nR"]),
    ],
)
def test_a_word_means_one_thing(intent: Intent, words: list[str]) -> None:
    """Whole texts only, in any case and punctuation; a sentence is for a person to read."""
    assert {word: replies.intent_of(word) for word in words} == dict.fromkeys(words, intent)


def test_what_twilio_says_of_a_text_wins() -> None:
    """Advanced Opt-Out knows the clinic's own opt-out words."""
    assert replies.intent_of("genug davon", "STOP") is Intent.STOP
    assert replies.intent_of("mehr", "START") is Intent.START
    assert replies.intent_of("C", "") is Intent.CONFIRM


def test_a_reply_is_escaped() -> None:
    """A clinic's name may hold what XML would read as markup."""
    told = replies.twiml("help", "", ANSWER | {"reply": "help"}, no_link)
    assert "Smith &amp; &lt;Sons&gt;" in told
    assert told.startswith('<?xml version="1.0" encoding="UTF-8"?><Response><Message>')


@pytest.mark.parametrize(
    ("body", "opt_out_type", "reply"),
    [
        ("STOP", "", "stopped"),
        ("Cancel", "", "stopped"),
        ("help", "HELP", "help"),
        ("start", "START", "started"),
        ("hello", "", "none"),
    ],
)
def test_nothing_is_said_where_twilio_answers_itself(body: str, opt_out_type: str, reply: str) -> None:
    """Twilio confirms its own words; ours on top would be refused (21610) or be one text too many."""
    assert replies.twiml(body, opt_out_type, ANSWER | {"reply": reply}, no_link) == NO_REPLY


def test_a_stop_word_twilio_does_not_know_is_confirmed() -> None:
    """BAJA opts out here, and nobody else would tell the patient so."""
    told = replies.twiml("baja", "", ANSWER | {"reply": "stopped", "language": "es"}, no_link)
    assert "no recibira mas mensajes" in told


@pytest.mark.parametrize(
    ("language", "start"), [("en", "to move or cancel Dana"), ("es", "para mover o cancelar la cita de Dana")]
)
def test_r_is_answered_with_the_link(language: str, start: str) -> None:
    """The visit's page, in the clinic's language; made for that visit."""
    visit = {
        "id": "01890000-0000-7000-8000-000000000001",
        "starts_at": "2026-12-08T20:30:00+00:00",
        "patient_name": "Dana Whitfield",
        "provider_name": "Dr. Patel",
        "confirmation_code": "4821",
    }
    answer = ANSWER | {"reply": "reschedule_link", "appointment": visit, "language": language}
    told = replies.twiml("R", "", answer, lambda each: f"https://front.example.test/a/{each.hex[:22]}")
    assert start in told
    assert told.endswith("https://front.example.test/a/0189000000007000800000</Message></Response>")
