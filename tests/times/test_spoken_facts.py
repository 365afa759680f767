"""The phrases date libraries get wrong, and their kin, said on Sunday, 2026-11-22 at noon in New York."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from frontdesk.times import Moment, Question, parse_moment
from tests.times.phrases import OFFICE_HOURS

NEW_YORK = ZoneInfo("America/New_York")
SUNDAY_NOON = datetime(2026, 11, 22, 12, tzinfo=NEW_YORK)
GENERIC = "What day and time would you like? Today is Sunday, November 22nd."


def ask(phrase: str, now: datetime = SUNDAY_NOON) -> Moment | Question:
    """Ask on that Sunday, unless another present is given."""
    return parse_moment(phrase, now, OFFICE_HOURS)


def local(at: datetime) -> str:
    """Write the wall clock of a start."""
    return at.strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("phrase", "meant"),
    [
        ("Tuesday at 2pm", "2026-11-24 14:00"),
        ("the 5th at 10", "2026-12-05 10:00"),
        ("November 10th at 3 PM", "2027-11-10 15:00"),
        ("in two weeks on Monday at 9", "2026-12-07 09:00"),
        ("day after tomorrow at quarter to five", "2026-11-24 16:45"),
        ("monday the 30th at noon", "2026-11-30 12:00"),
        ("three thirty tomorrow", "2026-11-23 15:30"),
        ("first thing Thursday", "2026-11-26 09:00"),
        ("2026-11-24T14:00:00Z", "2026-11-24 14:00"),
        ("el martes a las dos de la tarde", "2026-11-24 14:00"),
        # ISO forms: the digits are the clinic's wall clock
        ("2026-11-24T14:00", "2026-11-24 14:00"),
        ("2026-11-24T14:00:00.000Z", "2026-11-24 14:00"),
        ("2026-11-24 14:00:00", "2026-11-24 14:00"),
        ("2026-11-24T14:00:00+09:00", "2026-11-24 14:00"),
        ("2026-11-24T14:00-05:00", "2026-11-24 14:00"),
        # hours
        ("330 tomorrow", "2026-11-23 15:30"),
        ("tomorrow at 1530 hours", "2026-11-23 15:30"),
        ("tomorrow at three p.m.", "2026-11-23 15:00"),
        ("Wednesday at five to three", "2026-11-25 14:55"),
        ("Wednesday at ten to five", "2026-11-25 16:50"),
        ("Wednesday at three oh five", "2026-11-25 15:05"),
        ("3 in the morning on Tuesday", "2026-11-24 03:00"),
        ("Tuesday at 8", "2026-11-24 08:00"),
        ("Saturday at 2", "2026-11-28 14:00"),
        ("Wednesday at 12 am", "2026-11-25 00:00"),
        ("tonight at 8", "2026-11-22 20:00"),
        ("in an hour", "2026-11-22 13:00"),
        ("Nov. 24th @ 3pm", "2026-11-24 15:00"),
        # days
        ("quarter past ten on the 24th of November", "2026-11-24 10:15"),
        ("11/24 2pm", "2026-11-24 14:00"),
        ("24/11/2026 at 2 pm", "2026-11-24 14:00"),
        ("a week from Tuesday at 3", "2026-12-01 15:00"),
        ("Tuesday week at 3", "2026-12-01 15:00"),
        ("Tuesday next week at 3", "2026-11-24 15:00"),
        ("next week Tuesday at 3", "2026-11-24 15:00"),
        ("this coming Friday at 10", "2026-11-27 10:00"),
        ("next Tuesday the 1st at 9", "2026-12-01 09:00"),
        ("next month the 3rd at 3pm", "2026-12-03 15:00"),
        ("the 31st at 10", "2026-12-31 10:00"),
        ("the second Wednesday in December at 10", "2026-12-09 10:00"),
        ("in 8 days at 10", "2026-11-30 10:00"),
        ("Um, I'd like to come in on Tuesday, please, around three", "2026-11-24 15:00"),
        # Spanish
        ("mañana por la mañana a las 9", "2026-11-23 09:00"),
        ("mañana a las tres menos cuarto", "2026-11-23 14:45"),
        ("cuarto para las tres del lunes", "2026-11-23 14:45"),
        ("pasado mañana al mediodía", "2026-11-24 12:00"),
        ("el 5 de diciembre a las diez", "2026-12-05 10:00"),
        ("lunes 30 a las 10", "2026-11-30 10:00"),
        ("el viernes a las doce de la mañana", "2026-11-27 12:00"),
        ("dentro de dos semanas a las 10", "2026-12-06 10:00"),
        ("el jueves a las dos y media de la tarde", "2026-11-26 14:30"),
    ],
)
def test_a_phrase_with_one_meaning_gives_that_start(phrase: str, meant: str) -> None:
    """What a person would understand without asking back is understood, to the minute."""
    answer = ask(phrase)
    assert isinstance(answer, Moment), answer
    assert local(answer.at) == meant
    assert answer.at.tzinfo is NEW_YORK


@pytest.mark.parametrize(
    ("phrase", "readings"),
    [
        ("next Friday at half past three", ["2026-11-27 15:30", "2026-12-04 15:30"]),
        ("el próximo martes a las dos de la tarde", ["2026-11-24 14:00", "2026-12-01 14:00"]),
        ("Sunday at 2", ["2026-11-22 14:00", "2026-11-29 14:00"]),
        ("Monday the 24th at 2", ["2026-11-23 14:00", "2026-11-24 14:00"]),
        ("Thursday the 24th at 2", ["2026-11-24 14:00", "2026-11-26 14:00", "2026-12-24 14:00"]),
        ("tomorrow the 25th at 2", ["2026-11-23 14:00", "2026-11-25 14:00"]),
        ("in two weeks on Monday the 30th at 10", ["2026-11-30 10:00", "2026-12-07 10:00"]),
        ("el 11/12 a las 10", ["2026-12-11 10:00", "2027-11-12 10:00"]),
        ("en ocho días a las 10", ["2026-11-29 10:00", "2026-11-30 10:00"]),
        ("Tuesday at 2 or Wednesday at 3", ["2026-11-24 14:00", "2026-11-25 15:00"]),
        ("tomorrow at midnight", ["2026-11-23 00:00", "2026-11-24 00:00"]),
        # a machine wrote 03:00 where the caller said three
        ("2026-11-24T03:00", ["2026-11-24 03:00", "2026-11-24 15:00"]),
    ],
)
def test_a_phrase_with_several_meanings_asks_and_offers_them_all(phrase: str, readings: list[str]) -> None:
    """Nobody can know which one is meant, so the question carries every reading."""
    answer = ask(phrase)
    assert isinstance(answer, Question)
    assert answer.code == "AMBIGUOUS_TIME"
    assert [local(at) for at in answer.options] == readings


def test_a_question_names_full_dates() -> None:
    """The caller hears weekday, month, day and hour of each reading."""
    answer = ask("next Friday at half past three")
    assert isinstance(answer, Question)
    assert answer.text == "Do you mean Friday, November 27th at 3:30 PM or Friday, December 4th at 3:30 PM?"


def test_a_weekday_that_does_not_match_its_date_is_said_so() -> None:
    """The contradiction is named before the readings."""
    answer = ask("Monday the 24th at 2")
    assert isinstance(answer, Question)
    assert answer.text.startswith("November 24th is a Tuesday. Do you mean Monday, November 23rd at 2 PM or")


@pytest.mark.parametrize(
    ("phrase", "proposed"),
    [
        ("December 1st 2024 at 10am", ["2026-12-01 10:00"]),
        ("2024-11-10T15:00", ["2027-11-10 15:00"]),
        ("Tuesday, November 26th, 2025 at 2 PM", ["2026-11-26 14:00"]),
        ("2024-02-29T10:00", []),
        ("yesterday at 3", []),
        ("today at 9", []),
    ],
)
def test_a_past_date_is_never_taken_but_its_next_occurrence_is_proposed(
    phrase: str, proposed: list[str]
) -> None:
    """Language models write past years; the same day of this year or the next is offered, today is named."""
    answer = ask(phrase)
    assert isinstance(answer, Question)
    assert answer.code == "DATE_IN_PAST"
    assert [local(at) for at in answer.options] == proposed
    assert "Sunday, November 22nd" in answer.text


def test_a_past_year_is_answered_with_todays_date_and_the_proposal() -> None:
    """The sentence tells the model what year it is."""
    answer = ask("December 1st 2024 at 10am")
    assert isinstance(answer, Question)
    assert answer.text == (
        "That date has passed. Today is Sunday, November 22nd, 2026. "
        "Did you mean Tuesday, December 1st at 10 AM?"
    )


@pytest.mark.parametrize(
    ("phrase", "asked"),
    [
        ("", GENERIC),
        ("   ", GENERIC),
        ("unknown", GENERIC),
        ("null", GENERIC),
        ("Tuesday not Wednesday at 3", GENERIC),
        ("every Tuesday at 3", GENERIC),
        ("los lunes a las 3", GENERIC),
        ("el martes pasado a las 3", GENERIC),
        ("the second Wednesday at 10", GENERIC),
        ("in the next week at 3", GENERIC),
        ("Tuesday at 25:00", GENERIC),
        ("Tuesday at 15 pm", GENERIC),
        ("3 pm tomorrow morning", GENERIC),
        ("Tuesday at 3 at 4", GENERIC),
        ("Tuesday at 2pm " + "please " * 40, GENERIC),
        ("at 3 pm", "What day would you like to come in at 3 PM? Today is Sunday, November 22nd."),
        ("tomorrow afternoon", "What time on Monday, November 23rd would you like?"),
        ("Thursday", "What time on Thursday, November 26th would you like?"),
        ("el lunes 7", "What time on Monday, December 7th would you like?"),
        ("after 3 on Friday", "What time on Friday, November 27th would you like?"),
        ("first thing Saturday", "We are closed on Saturday, November 28th. What other day would you like?"),
        (
            "February 29th at 10",
            "There is no February 29th in 2027. Today is Sunday, November 22nd. What day would you like?",
        ),
        (
            "2026-11-31T10:00",
            "There is no November 31st in 2026. Today is Sunday, November 22nd. What day would you like?",
        ),
        (
            "next week at 3",
            (
                "Which day from Monday, November 23rd to Sunday, November 29th would you like, "
                "and at what time?"
            ),
        ),
    ],
)
def test_what_is_missing_or_not_understood_is_asked_for(phrase: str, asked: str) -> None:
    """One sentence asks for exactly what is missing, and repeats nothing the caller said."""
    answer = ask(phrase)
    assert isinstance(answer, Question)
    assert (answer.code, answer.text, answer.options) == ("MISSING_INFO", asked, ())


@pytest.mark.parametrize(
    ("today", "phrase", "days"),
    [
        (25, "next Friday at 10", ["2026-11-27 10:00", "2026-12-04 10:00"]),
        (27, "next Tuesday at 10", ["2026-12-01 10:00"]),
        (28, "next Sunday at 10am", ["2026-11-29 10:00", "2026-12-06 10:00"]),
        (23, "next Monday at 10", ["2026-11-30 10:00"]),
        (25, "in two weeks on Monday at 10", ["2026-12-07 10:00", "2026-12-14 10:00"]),
        (25, "in two weeks on Friday at 10", ["2026-12-11 10:00"]),
        (24, "Tuesday at 3", ["2026-11-24 15:00", "2026-12-01 15:00"]),
        (24, "Tuesday at 10", ["2026-12-01 10:00"]),
        (24, "a week from Tuesday at 3", ["2026-12-01 15:00", "2026-12-08 15:00"]),
    ],
)
def test_relative_weekdays_are_asked_only_where_people_would_differ(
    today: int, phrase: str, days: list[str]
) -> None:
    """Both habits of starting a week, and today's own weekday, decide whether there is one reading or two."""
    answer = ask(phrase, datetime(2026, 11, today, 12, tzinfo=NEW_YORK))
    found = [answer.at] if isinstance(answer, Moment) else list(answer.options)
    assert [local(at) for at in found] == days


def test_eleven_twelve_is_november_only_in_english_in_the_americas() -> None:
    """A clinic in London or a caller speaking Spanish may mean the 11th of December."""
    assert ask("11/12 at 10") == Moment(datetime(2027, 11, 12, 10, tzinfo=NEW_YORK))
    answer = ask("11/12 at 10", SUNDAY_NOON.astimezone(ZoneInfo("Europe/London")))
    assert isinstance(answer, Question)
    assert len(answer.options) == 2
