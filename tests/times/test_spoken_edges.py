"""Clock changes, leap days, midnight, the turn of the year, and what importing and parsing cost."""

import subprocess
import sys
import time as stopwatch
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from frontdesk.times import (
    Moment,
    OpeningHours,
    Question,
    local_today,
    parse_moment,
    say_day,
    say_moment,
    say_time,
)
from tests.times.phrases import OFFICE_HOURS

NEW_YORK = ZoneInfo("America/New_York")
SUNDAY_NOON = datetime(2026, 11, 22, 12, tzinfo=NEW_YORK)
ALWAYS_OPEN = OpeningHours((((time(0), time(23, 59)),),) * 7)


def test_a_time_the_clocks_skip_is_asked_with_the_times_around_it() -> None:
    """On 2027-03-14 New York goes from 2 AM straight to 3 AM."""
    answer = parse_moment("2027-03-14T02:30", SUNDAY_NOON, OFFICE_HOURS)
    assert isinstance(answer, Question)
    assert answer.text.startswith(
        "On Sunday, March 14th, 2027 the clocks go forward, so there is no 2:30 AM."
    )
    assert [at.strftime("%H:%M %z") for at in answer.options] == ["01:30 -0500", "03:30 -0400"]


@pytest.mark.parametrize(
    "words", ["the first one", "the second one please", "Tuesday, the first one", "that one"]
)
def test_picking_one_of_what_was_offered_names_no_day(words: str) -> None:
    """The words "the second one" point at an offer; it is neither the second of the month nor one o'clock."""
    assert isinstance(parse_moment(words, SUNDAY_NOON, OFFICE_HOURS), Question)


def test_one_is_still_an_hour_after_a_date() -> None:
    """Said as an hour ("at one", "one thirty") it keeps its meaning beside an ordinal."""
    for words, minute in [("the first at one", 0), ("December first one thirty", 30)]:
        answer = parse_moment(words, SUNDAY_NOON, OFFICE_HOURS)
        assert isinstance(answer, Moment)
        assert answer.at == datetime(2026, 12, 1, 13, minute, tzinfo=NEW_YORK)


def test_a_half_hour_clock_change_is_handled_like_a_whole_one() -> None:
    """Lord Howe Island moves by thirty minutes: 02:00 to 02:30 on 2027-10-03 does not exist."""
    now = datetime(2027, 9, 1, 12, tzinfo=ZoneInfo("Australia/Lord_Howe"))
    answer = parse_moment("2027-10-03T02:15", now, OFFICE_HOURS)
    assert isinstance(answer, Question)
    assert [at.strftime("%H:%M") for at in answer.options] == ["01:45", "02:45"]


@pytest.mark.parametrize("hours", [OFFICE_HOURS, ALWAYS_OPEN])
def test_a_time_that_comes_twice_is_asked_with_both(hours: OpeningHours) -> None:
    """On 2027-11-07 New York has 1:30 AM twice, an hour apart, and the clinic's hours cannot tell which."""
    answer = parse_moment("November 7th 2027 at 1:30 am", SUNDAY_NOON, hours)
    assert isinstance(answer, Question)
    first, second = answer.options
    assert second.utctimetuple()[3] - first.utctimetuple()[3] == 1
    assert "1:30 AM comes twice" in answer.text


@pytest.mark.parametrize(("offset", "fold"), [("-04:00", 0), ("-05:00", 1)])
def test_an_offset_tells_the_two_passes_of_a_repeated_hour_apart(offset: str, fold: int) -> None:
    """An offset is used for nothing else; everywhere the digits are the clinic's wall clock."""
    answer = parse_moment(f"2027-11-07T01:30{offset}", SUNDAY_NOON, ALWAYS_OPEN)
    assert isinstance(answer, Moment)
    assert answer.at.fold == fold
    assert answer.at.strftime("%Y-%m-%d %H:%M") == "2027-11-07 01:30"


def test_the_past_is_judged_by_instants_not_by_wall_clocks() -> None:
    """In the second 1:45 AM of the night the first 1:50 AM is over: only the second is left."""
    now = datetime(2027, 11, 7, 1, 45, fold=1, tzinfo=NEW_YORK)
    assert parse_moment("today at 1:50 am", now, ALWAYS_OPEN) == Moment(now.replace(minute=50))
    over = parse_moment("today at 1:40 am", now, ALWAYS_OPEN)
    assert isinstance(over, Question)
    assert over.code == "DATE_IN_PAST"


def test_an_hour_from_now_is_an_hour_even_across_a_clock_change() -> None:
    """At 1:30 AM before the clocks go forward, one hour later they show 3:30."""
    now = datetime(2027, 3, 14, 1, 30, tzinfo=NEW_YORK)
    answer = parse_moment("in an hour", now, ALWAYS_OPEN)
    assert isinstance(answer, Moment)
    assert answer.at.strftime("%H:%M") == "03:30"


def test_an_hour_that_fits_opening_hours_twice_is_asked() -> None:
    """A clinic open from 6 AM to 8 PM has two sevens."""
    hours = OpeningHours((((time(6), time(20)),),) * 7)
    answer = parse_moment("tomorrow at 7", SUNDAY_NOON, hours)
    assert isinstance(answer, Question)
    assert [at.hour for at in answer.options] == [7, 19]


def test_opening_hours_of_the_very_day_decide_between_am_and_pm() -> None:
    """Mornings only on Monday, evenings only on Tuesday: eight is 8 AM on one and 8 PM on the other."""
    hours = OpeningHours((((time(7), time(12)),), ((time(17), time(21)),), (), (), (), (), ()))
    found = [parse_moment(f"{day} at 8", SUNDAY_NOON, hours) for day in ("Monday", "Tuesday")]
    assert [answer.at.hour for answer in found if isinstance(answer, Moment)] == [8, 20]


def test_the_leap_day_is_taken_only_in_a_leap_year() -> None:
    """February 29th exists in 2028, not in 2027."""
    now = datetime(2028, 1, 10, 12, tzinfo=NEW_YORK)
    assert parse_moment("February 29th at 10 am", now, OFFICE_HOURS) == Moment(
        datetime(2028, 2, 29, 10, tzinfo=NEW_YORK)
    )
    assert isinstance(parse_moment("February 29th 2027 at 10 am", SUNDAY_NOON, OFFICE_HOURS), Question)


@pytest.mark.parametrize(
    ("phrase", "day"),
    [
        ("January 2nd at 10", 2),
        ("tomorrow at 10", 1),
        ("Friday at 10", 1),
        ("the 4th at 10", 4),
        ("next month the 4th at 10", 4),
        ("in two weeks at 10", 14),
    ],
)
def test_days_roll_over_the_end_of_the_year(phrase: str, day: int) -> None:
    """On December 31st, what comes next is in January of the next year."""
    now = datetime(2026, 12, 31, 12, tzinfo=NEW_YORK)
    assert parse_moment(phrase, now, OFFICE_HOURS) == Moment(datetime(2027, 1, day, 10, tzinfo=NEW_YORK))


def test_today_is_the_clinics_day_not_utcs() -> None:
    """At 10 PM in New York it is already tomorrow in UTC; "tomorrow" follows the clinic."""
    now = datetime(2026, 11, 23, 3, tzinfo=ZoneInfo("UTC")).astimezone(NEW_YORK)
    assert local_today(now) == date(2026, 11, 22)
    assert parse_moment("tomorrow at 10", now, OFFICE_HOURS) == Moment(
        datetime(2026, 11, 23, 10, tzinfo=NEW_YORK)
    )


def test_a_naive_present_is_a_programming_error() -> None:
    """Without a zone nothing can be placed, so this is refused loudly instead of guessed."""
    with pytest.raises(ValueError, match="aware"):
        parse_moment("tomorrow at 10", SUNDAY_NOON.replace(tzinfo=None), OFFICE_HOURS)


def test_days_and_times_are_said_the_way_people_say_them() -> None:
    """Weekday always, ordinal day, the year only when it is another one."""
    today = date(2026, 11, 22)
    assert say_day(date(2026, 11, 24), today) == "Tuesday, November 24th"
    assert say_day(date(2027, 1, 8), today) == "Friday, January 8th, 2027"
    assert [say_day(date(2026, 12, n), today).split()[-1] for n in (1, 2, 3, 11, 12, 13, 21, 22, 23, 31)] == [
        "1st",
        "2nd",
        "3rd",
        "11th",
        "12th",
        "13th",
        "21st",
        "22nd",
        "23rd",
        "31st",
    ]
    assert [say_time(time(*at)) for at in ((15,), (15, 30), (9, 5), (12,), (12, 30), (0,), (0, 15))] == [
        "3 PM",
        "3:30 PM",
        "9:05 AM",
        "noon",
        "12:30 PM",
        "12 AM",
        "12:15 AM",
    ]
    assert say_moment(datetime(2026, 11, 24, 15, tzinfo=NEW_YORK), today) == "Tuesday, November 24th at 3 PM"


def test_importing_loads_only_the_standard_library() -> None:
    """The booking function pays for this import at every cold start."""
    code = "import sys; import frontdesk.times; print(*{m.partition('.')[0] for m in sys.modules})"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, 'layers/shared'); {code}"]
    loaded = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert loaded <= sys.stdlib_module_names | {"frontdesk", "__main__"} | {
        m for m in loaded if m.startswith("_")
    }


def test_a_phrase_is_parsed_in_well_under_a_millisecond_and_the_worst_in_fifty() -> None:
    """CPU time, the best of several runs; the limits leave room for a slow machine."""

    def cost(phrase: str) -> float:
        spans = []
        for _ in range(7):
            start = stopwatch.process_time()
            parse_moment(phrase, SUNDAY_NOON, OFFICE_HOURS)
            spans.append(stopwatch.process_time() - start)
        return min(spans)

    assert cost("el próximo martes a las dos y media de la tarde") < 0.003
    for heap in (
        "or " * 60,
        "a " * 90,
        "3 to " * 40,
        "monday or " * 20,
        "lunes 7 " * 20,
        "in the morning or " * 10,
    ):
        assert cost(heap[:200]) < 0.05


def test_a_far_future_without_end_is_refused() -> None:
    """Years past 2100 and counts beyond reason are not dates anybody books."""
    for phrase in ("2199-01-01T10:00", "in 99999 days at 10", "December 1st 9999 at 10"):
        assert isinstance(parse_moment(phrase, SUNDAY_NOON, OFFICE_HOURS), Question)
    far = parse_moment("in 99 weeks at 10", SUNDAY_NOON, OFFICE_HOURS)
    assert isinstance(far, Moment)
    assert far.at.date() == SUNDAY_NOON.date() + timedelta(weeks=99)
