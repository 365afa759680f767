"""The words: what stands in a text, what may be saved as one, and what it costs."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk import texts
from frontdesk.texts import dates
from frontdesk.texts.segments import Segments, segments, to_gsm7
from frontdesk.texts.templates import ALLOWED, DEFAULTS, OUTGOING

ORG = {
    "name": "Bright Smiles",
    "time_zone": "America/New_York",
    "front_desk_phone": "+12025550199",
}
VISIT = {
    "starts_at": "2026-12-08T20:30:00+00:00",
    "patient_name": "Dana Whitfield",
    "provider_name": "Dr. Patel",
    "confirmation_code": "4821",
    "service_name": "Root canal",
}
NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)


def written(event: str, language: str = "en", body: str | None = None, **changed: Any) -> str:
    """Write a text about VISIT at ORG, or what `changed` says of the visit instead."""
    known = texts.values(ORG, VISIT | changed, NOW, language)
    return texts.for_task(event, language, body, known, first_text=False)


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize("event", texts.EVENTS)
def test_our_own_wording_may_be_saved_and_costs_one_segment(event: str, language: str) -> None:
    """Every default passes the checks and fits one segment with long names and a clinic of 23 letters."""
    assert texts.problems(texts.default(event, language), event, language) == []
    shown = texts.preview(None, event, language, clinic="Northgate Family Dental")
    assert shown.segments.count == 1
    assert shown.segments.encoding == "GSM-7"
    assert shown.warnings == ()


def test_every_event_has_its_words_in_every_language() -> None:
    """No language lacks an event, and every event says what may stand in it."""
    assert all(set(words) == set(texts.EVENTS) for words in DEFAULTS.values())
    assert set(ALLOWED) == set(texts.EVENTS)


@pytest.mark.parametrize("event", OUTGOING)
def test_a_text_never_names_the_service(event: str) -> None:
    """What the visit is for is nobody's business who sees the phone: there is no placeholder for it."""
    assert "Root canal" not in written(event)
    assert any("service" in said for said in texts.problems("{clinic} {day} {time} {service}", event, "en"))


def test_times_are_the_clinics_in_its_language() -> None:
    """20:30 UTC is 3:30 PM in New York."""
    assert "on Tuesday, December 8 at 3:30 PM, code 4821" in written("booked")
    assert "cita martes 8 de diciembre a las 3:30 de la tarde con" in written("booked", "es")


@pytest.mark.parametrize(
    ("at", "english", "spanish"),
    [
        (time(0, 15), "at 12:15 AM", "a las 12:15 de la madrugada"),
        (time(1), "at 1 AM", "a la 1 de la madrugada"),
        (time(9), "at 9 AM", "a las 9 de la mañana"),
        (time(12), "at noon", "a las 12 del mediodía"),
        (time(12, 30), "at 12:30 PM", "a las 12:30 de la tarde"),
        (time(13), "at 1 PM", "a la 1 de la tarde"),
        (time(20), "at 8 PM", "a las 8 de la noche"),
    ],
)
def test_clock_times_are_written_as_people_say_them(at: time, english: str, spanish: str) -> None:
    """With the article Spanish needs ("a la 1") and no hour that could be read two ways."""
    assert dates.clock(at, "en") == english
    assert dates.clock(at, "es") == spanish


def test_a_day_far_ahead_names_its_year() -> None:
    """Ten months ahead a date without a year could be this year's."""
    zone = ZoneInfo("Europe/Madrid")
    at = datetime(2027, 10, 5, 9, tzinfo=zone)
    assert dates.day(at, date(2026, 11, 22), "en") == "Tuesday, October 5, 2027"
    assert dates.day(at, date(2026, 11, 22), "es") == "martes 5 de octubre de 2027"
    assert dates.day(at, date(2027, 9, 1), "en") == "Tuesday, October 5"


def test_a_sentence_without_its_value_is_left_out() -> None:
    """A clinic with no front desk number says nothing about calling it."""
    known = texts.values({**ORG, "front_desk_phone": None}, VISIT, NOW, "en")
    text = texts.for_task("cancelled", "en", None, known, first_text=False)
    assert text == "Bright Smiles: Dana's visit on Tuesday, December 8 at 3:30 PM is cancelled."


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Dana Whitfield", "Dana"),
        ("Anne-Marie O'Brien", "Anne-Marie"),
        ("http://evil.example/x Whitfield", "httpevilexamplex"),
        ("{code} {clinic}", "code"),
        ("12345", "Patient"),
        ("Wolfeschlegelsteinhausenbergerdorff X", "Wolfeschlegelsteinha"),
        ("Nguyễn Thị", "Nguyen"),
    ],
)
def test_a_name_is_letters_only(name: str, shown: str) -> None:
    """The caller chose the name: no link, no code and no placeholder rides in it."""
    assert written("booked", patient_name=name).startswith(f"Bright Smiles: {shown} is booked")


def test_braces_in_a_clinics_or_providers_name_mean_nothing() -> None:
    """Values are put in as they are, and never read as a template."""
    assert "{code}" in written("booked", provider_name="Dr. {code}")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "The text is empty."),
        ("{clinic} {day", "The braces do not match"),
        ("{clinic!r} {day} {time}", "The braces do not match"),
        ("{clinic:>30} {day} {time}", "The braces do not match"),
        ("{clinic.__class__} {day} {time}", "cannot stand in 'booked'"),
        ("{0} {clinic} {day} {time}", "{0} cannot stand in 'booked'"),
        ("{} {clinic} {day} {time}", "{} cannot stand in 'booked'"),
        ("{clinic} {day}", "{time} is missing"),
        ("{day} {time}", "{clinic} is missing"),
        ("{clinic} {day} {time}. Reply CANCEL to cancel.", "'Reply CANCEL'"),
        ("{clinic} {day} {time}. Reply YES to confirm.", "'Reply YES'"),
        ('{clinic} {day} {time}. reply with "yes" please', "subscribe"),
        ("{clinic} {day} {time}. Reply C or CANCEL.", "'CANCEL'"),
        ("{clinic} {day} {time}. Responda SÍ para confirmar.", "'Responda SÍ'"),
        ("{clinic} {day} {time}. Responda CANCELAR.", "'Responda CANCELAR'"),
        ("{clinic} {day} {time}, call {phone}.", "sentence of its own"),
        ("{clinic} {day} {time}. See {link}.", "Put a space after {link}"),
        ("{clinic} {day} {time}. <{link}>", "Put a space after {link}"),
        ("{clinic} {day} {time} " + "x" * 1500, "longer than 1400"),
    ],
)
def test_a_template_that_would_do_harm_is_refused_with_a_reason(body: str, said: str) -> None:
    """Checked when it is saved: each refusal is a sentence that names what is wrong."""
    found = texts.problems(body, "booked", "en")
    assert any(said in problem for problem in found), found


@pytest.mark.parametrize(
    "body",
    [
        "{clinic}: {day} {time}. Reply C to confirm, R to move it, STOP to opt out.",
        "{clinic}: {day} {time}. Call {phone} to cancel.",
        "{clinic}: {day} {time}. We send you texts until the end of the year.",
        "{clinic}: {day} {time}. Yours: {link} Call {phone} to cancel.",
        "{clinic}: {day} {time}: {link}",
        "{clinic}: {day} {time}. Your code in {{braces}} is {code}.",
    ],
)
def test_a_harmless_template_is_not_refused(body: str) -> None:
    """Words that only look like keywords are fine."""
    assert texts.problems(body, "booked", "en") == []


def test_an_unknown_event_or_language_is_named() -> None:
    """The sentence lists what there is."""
    assert "no text 'birthday'" in texts.problems("x", "birthday", "en")[0]
    assert "no texts in 'fr'" in texts.problems("x", "booked", "fr")[0]


def test_a_preview_warns_of_what_costs_more() -> None:
    """A second segment and a character outside GSM-7 are warnings, not refusals."""
    long = texts.preview("{clinic}: {day} {time}. " + "Please come early. " * 8, "booked", "en")
    assert long.segments.count == 2
    assert "billed as 2 segments" in long.warnings[0]
    smiling = texts.preview("{clinic}: {day} {time} \N{SMILING FACE WITH OPEN MOUTH}", "booked", "en")
    assert smiling.segments.encoding == "UCS-2"
    assert "\N{SMILING FACE WITH OPEN MOUTH} makes every segment 70" in smiling.warnings[0]


def test_an_unusable_template_falls_back_to_ours() -> None:
    """A template of older rules neither stops a text nor goes out wrong."""
    assert written("booked", body="Reply YES") == written("booked")


def test_the_opt_out_line_is_not_said_twice() -> None:
    """A wording that tells of STOP already needs no second sentence."""
    known = texts.values(ORG, VISIT, NOW, "en")
    own = "{clinic} {day} {time}. STOP ends this."
    assert "opt out" not in texts.for_task("booked", "en", own, known, first_text=True)
    assert texts.for_task("booked", "en", None, known, first_text=True).endswith("Reply STOP to opt out.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments("GSM-7", 0, 0)),
        ("a" * 160, Segments("GSM-7", 1, 160)),
        ("a" * 161, Segments("GSM-7", 2, 161)),
        ("a" * 306, Segments("GSM-7", 2, 306)),
        ("a" * 307, Segments("GSM-7", 3, 307)),
        ("€" * 80, Segments("GSM-7", 1, 160)),
        ("€" * 81, Segments("GSM-7", 2, 162)),
        ("a" * 152 + "€" + "a" * 152, Segments("GSM-7", 3, 306)),  # the escape is not split: 152, 153, 1
        ("ñ¿¡éàùìò", Segments("GSM-7", 1, 8)),
        ("í", Segments("UCS-2", 1, 1)),
        ("’" + "a" * 69, Segments("UCS-2", 1, 70)),  # noqa: RUF001 - a smart quote is meant
        ("’" + "a" * 70, Segments("UCS-2", 2, 71)),  # noqa: RUF001 - a smart quote is meant
        ("\N{SMILING FACE WITH OPEN MOUTH}" * 35, Segments("UCS-2", 1, 70)),
        ("\N{SMILING FACE WITH OPEN MOUTH}" * 36, Segments("UCS-2", 2, 72)),
        ("\N{SMILING FACE WITH OPEN MOUTH}" * 67, Segments("UCS-2", 3, 134)),  # 33 pairs fit 67 units
    ],
)
def test_segments_are_counted_as_carriers_bill_them(text: str, expected: Segments) -> None:
    """160/153 and 70/67, double places never split (Twilio's segment calculator)."""
    assert segments(text) == expected


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("“Hi” – it’s 3…", '"Hi" - it\'s 3...'),  # noqa: RUF001 - typography is meant
        ("Código mañana, ¿sí?", "Codigo mañana, ¿si?"),
        ("Łukasz Çelik Nguyễn", "Lukasz Çelik Nguyen"),
        ("王小明", "王小明"),
        ("it’s 王", "it’s 王"),  # noqa: RUF001 - nothing is won by half of it
    ],
)
def test_typography_and_accents_give_way_to_the_price(text: str, plain: str) -> None:
    """Written in GSM-7 where that is possible; a text in another script stays as it is."""
    assert to_gsm7(text) == plain


@given(st.text(max_size=400))
def test_any_text_has_a_price_and_gsm7_never_makes_it_dearer(text: str) -> None:
    """For all texts: the count covers the characters, and what is rewritten is always GSM-7."""
    size, plain = segments(text), segments(to_gsm7(text))
    room = {"GSM-7": 160, "UCS-2": 70}[size.encoding]
    assert size.count == 0 if not text else size.count >= size.characters / room
    assert plain.encoding == "GSM-7" or to_gsm7(text) == text


def test_a_link_counts_as_long_as_it_can_be() -> None:
    """A preview reckons with API Gateway's own address and a whole token, though a domain is shorter."""
    plain = texts.preview("{clinic}: {day} {time}", "booked", "en")
    linked = texts.preview("{clinic}: {day} {time} {link}", "booked", "en")
    assert "/a/Zk3vQ9bT2mXw7LrJ5nYc1A" in linked.text
    assert linked.segments.characters - plain.segments.characters == 80


def test_only_wording_with_a_link_in_it_wants_one() -> None:
    """None of ours but the answer to R; a clinic's own where it says so, unless it cannot be used."""
    wanting = {event for event in texts.EVENTS if texts.wants_link(event, "en", None)}
    assert wanting == {"reschedule_link"}
    assert texts.wants_link("booked", "en", "{clinic} {day} {time} {link}")
    assert not texts.wants_link("booked", "en", "{clinic} {link}")
    assert (
        "link} cannot stand in 'cancelled'"
        in texts.problems("{clinic} {day} {time} {link}", "cancelled", "en")[0]
    )


def test_what_is_kept_of_a_text_opens_nothing() -> None:
    """Every token is taken out, and nothing else that looks a little like one."""
    text = (
        "See https://x.test/a/Zk3vQ9bT2mXw7LrJ5nYc1A or http://y.test/a/short, /a/Zk3vQ9bT2mXw7LrJ5nYc1ABCDE"
    )
    assert texts.without_token(text) == text.replace("/a/Zk3vQ9bT2mXw7LrJ5nYc1A or", "/a/... or")
