"""parse_days: days, ranges and parts of the day, said on Sunday, November 22nd, 2026 at noon in New York."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from frontdesk.times import Days, Question, parse_days
from tests.times.phrases import OFFICE_HOURS

SUNDAY_NOON = datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("America/New_York"))
WEDNESDAY = datetime(2026, 11, 25, 12, tzinfo=ZoneInfo("America/New_York"))
Window = tuple[int | None, int | None]
ALL_DAY: Window = (None, None)


def november(day: int) -> date:
    """Name a day of November 2026."""
    return date(2026, 11, day)


def days(first: date, last: date, window: Window = ALL_DAY) -> Days:
    """Build the days with whole hours as the window."""
    earliest, latest = (None if hour is None else time(hour) for hour in window)
    return Days(first, last, earliest, latest)


@pytest.mark.parametrize(
    ("phrase", "first", "last"),
    [
        ("tomorrow", november(23), november(23)),
        ("2026-11-24", november(24), november(24)),
        ("el 5 de diciembre", date(2026, 12, 5), date(2026, 12, 5)),
        ("this week", november(22), november(28)),
        ("next week", november(23), november(29)),
        ("la próxima semana", november(23), november(29)),
        ("this weekend", november(22), november(22)),
        ("next weekend", november(28), november(29)),
        ("next month", date(2026, 12, 1), date(2026, 12, 31)),
        ("December", date(2026, 12, 1), date(2026, 12, 31)),
        ("this month", november(22), november(30)),
        ("the week of November 30th", november(30), date(2026, 12, 6)),
        ("any day", november(22), date(2026, 12, 6)),
        ("as soon as possible", november(22), date(2026, 12, 6)),
        ("lo antes posible", november(22), date(2026, 12, 6)),
        ("any time next week", november(23), november(29)),
        ("between Monday and Wednesday", november(23), november(25)),
        ("from Monday to Wednesday", november(23), november(25)),
        ("Monday - Wednesday", november(23), november(25)),
        ("Monday through Wednesday", november(23), november(25)),
        ("Monday or Tuesday", november(23), november(24)),
        ("entre lunes y miércoles", november(23), november(25)),
        ("2026-11-24/2026-11-28", november(24), november(28)),
        ("Nov 24 to 28", november(24), november(28)),
        ("November 30th to December 2nd", november(30), date(2026, 12, 2)),
        ("2026-11-16/2026-11-28", november(22), november(28)),
        ("yesterday to Tuesday", november(22), november(24)),
    ],
)
def test_days_and_ranges_are_the_days_meant(phrase: str, first: date, last: date) -> None:
    """Both ends are included, and nothing before today is looked at."""
    assert parse_days(phrase, SUNDAY_NOON, OFFICE_HOURS) == days(first, last)


@pytest.mark.parametrize(
    ("phrase", "day", "window"),
    [
        ("tomorrow morning", 23, (0, 12)),
        ("mañana por la mañana", 23, (0, 12)),
        ("Thursday afternoon", 26, (12, 17)),
        ("el jueves por la tarde", 26, (12, 20)),
        ("Thursday evening", 26, (17, None)),
        ("after 3 on Friday", 27, (15, None)),
        ("el viernes después de las 3", 27, (15, None)),
        ("from 2 pm onwards tomorrow", 23, (14, None)),
        ("before noon tomorrow", 23, (None, 12)),
        ("between 2 and 4 on Friday", 27, (14, 16)),
        ("Friday from 10 to 2", 27, (10, 14)),
        ("Friday 2-4", 27, (14, 16)),
        ("Friday afternoon after 3", 27, (15, 17)),
        ("Tuesday at 2", 24, (14, None)),
        ("2026-11-24T14:00", 24, (14, None)),
        ("first thing tomorrow", 23, (9, None)),
        ("end of the day Tuesday", 24, (15, None)),
    ],
)
def test_hours_said_with_a_day_bound_the_start_times(phrase: str, day: int, window: Window) -> None:
    """`earliest` is included, `latest` is not, and None leaves that side of the day open."""
    assert parse_days(phrase, SUNDAY_NOON, OFFICE_HOURS) == days(november(day), november(day), window)


def test_a_part_of_the_day_holds_for_every_day_of_a_range() -> None:
    """Mornings of next week, and a part said at the end of a range mean each of its days."""
    assert parse_days("mornings next week", SUNDAY_NOON, OFFICE_HOURS) == days(
        november(23), november(29), (0, 12)
    )
    assert parse_days("Monday to Wednesday in the afternoon", SUNDAY_NOON, OFFICE_HOURS) == days(
        november(23), november(25), (12, 17)
    )


@pytest.mark.parametrize(
    ("part", "window"),
    [
        ("morning", (0, 12)),
        ("Afternoon ", (12, 17)),
        ("evening", (17, None)),
        ("any", ALL_DAY),
        (None, ALL_DAY),
        ("sometime", ALL_DAY),
        ("", ALL_DAY),
    ],
)
def test_the_part_of_day_argument_counts_when_the_phrase_names_none(part: str | None, window: Window) -> None:
    """An argument nobody understands widens the search; it never narrows it."""
    assert parse_days("tomorrow", SUNDAY_NOON, OFFICE_HOURS, part) == days(november(23), november(23), window)


def test_hours_in_the_phrase_win_over_the_part_of_day_argument() -> None:
    """The caller's own words are closer to the wish than the model's summary."""
    found = parse_days("tomorrow afternoon", SUNDAY_NOON, OFFICE_HOURS, "morning")
    assert found == days(november(23), november(23), (12, 17))


@pytest.mark.parametrize(
    ("phrase", "code", "text"),
    [
        (
            "next Friday",
            "AMBIGUOUS_TIME",
            "Today is Sunday, November 22nd. Do you mean Friday, November 27th or Friday, December 4th?",
        ),
        (
            "Monday or Thursday",
            "AMBIGUOUS_TIME",
            "Today is Sunday, November 22nd. Do you mean Monday, November 23rd or Thursday, November 26th?",
        ),
        (
            "Monday the 24th",
            "AMBIGUOUS_TIME",
            "November 24th is a Tuesday. Do you mean Monday, November 23rd or Tuesday, November 24th?",
        ),
        (
            "2024-12-01",
            "DATE_IN_PAST",
            "That date has passed. Today is Sunday, November 22nd, 2026. Did you mean Tuesday, December 1st?",
        ),
        (
            "2024-12-01/2024-12-05",
            "DATE_IN_PAST",
            (
                "That date has passed. Today is Sunday, November 22nd, 2026. "
                "Did you mean Saturday, December 5th?"
            ),
        ),
        ("", "MISSING_INFO", "What day would you like? Today is Sunday, November 22nd."),
        ("whatever", "MISSING_INFO", "What day would you like? Today is Sunday, November 22nd."),
        ("in the morning", "MISSING_INFO", "What day would you like? Today is Sunday, November 22nd."),
        (
            "next week but not Monday",
            "MISSING_INFO",
            "What day would you like? Today is Sunday, November 22nd.",
        ),
        (
            "November 31st",
            "MISSING_INFO",
            "There is no November 31st in 2026. Today is Sunday, November 22nd. What day would you like?",
        ),
    ],
)
def test_days_that_are_unclear_past_or_missing_are_asked_about(phrase: str, code: str, text: str) -> None:
    """The question names full dates, and today's where the date is the problem."""
    assert parse_days(phrase, SUNDAY_NOON, OFFICE_HOURS) == Question(code, text)  # type: ignore[arg-type]


def test_in_the_middle_of_a_week_this_week_starts_today_and_next_weekend_is_asked() -> None:
    """On Wednesday the past half of the week is gone, and "next weekend" may be either of two."""
    assert parse_days("this week", WEDNESDAY, OFFICE_HOURS) == days(november(25), november(29))
    assert parse_days("this weekend", WEDNESDAY, OFFICE_HOURS) == days(november(28), november(29))
    assert isinstance(parse_days("next weekend", WEDNESDAY, OFFICE_HOURS), Question)
