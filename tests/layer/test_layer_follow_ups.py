"""When somebody should have called back: by urgency, by the clinic's hours, and by the caller's wish."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from frontdesk.follow_ups import FURTHEST_WISH, due_at
from frontdesk.times import OpeningHours

ZONE = ZoneInfo("America/New_York")
WEEKDAYS = OpeningHours((((time(9), time(17)),),) * 5 + ((), ()))
LUNCH = OpeningHours((((time(9), time(12)), (time(13), time(17))),) * 5 + ((), ()))
NEVER = OpeningHours(((),) * 7)
# Of June 2026: Thursday the 4th, Friday the 5th, Saturday the 6th, Monday the 8th.


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Return a time in June 2026 on the clinic's clock."""
    return datetime(2026, 6, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("urgency", "now", "hours", "due"),
    [
        # Urgent: half an hour into the time they are, or next are, open.
        ("urgent", at(4, 10), WEEKDAYS, at(4, 10, 30)),
        ("urgent", at(4, 7), WEEKDAYS, at(4, 9, 30)),
        ("urgent", at(4, 18), WEEKDAYS, at(5, 9, 30)),
        ("urgent", at(5, 18), WEEKDAYS, at(8, 9, 30)),
        ("urgent", at(6, 12), WEEKDAYS, at(8, 9, 30)),
        ("urgent", at(4, 12, 15), LUNCH, at(4, 13, 30)),
        # Same day: by closing time; out of hours, like an urgent one of the next open day.
        ("same_day", at(4, 10), WEEKDAYS, at(4, 17)),
        ("same_day", at(4, 7), WEEKDAYS, at(4, 17)),
        ("same_day", at(4, 18), WEEKDAYS, at(5, 9, 30)),
        ("same_day", at(6, 12), WEEKDAYS, at(8, 9, 30)),
        # Routine: by the end of the next day they are open.
        ("routine", at(4, 10), WEEKDAYS, at(5, 17)),
        ("routine", at(5, 10), WEEKDAYS, at(8, 17)),
        ("routine", at(6, 12), WEEKDAYS, at(8, 17)),
        # Without hours: a day from now, an hour if urgent.
        ("routine", at(4, 10), NEVER, at(5, 10)),
        ("same_day", at(4, 10), NEVER, at(5, 10)),
        ("urgent", at(4, 10), NEVER, at(4, 11)),
    ],
)
def test_the_urgency_and_the_hours_decide(
    urgency: str, now: datetime, hours: OpeningHours, due: datetime
) -> None:
    """Nobody is promised a call at a time when nobody is there."""
    assert due_at(urgency, None, now, hours) == due


@pytest.mark.parametrize(
    ("wish", "due"),
    [
        ("tomorrow at 3 PM", at(5, 15)),
        ("mañana a las tres", at(5, 15)),
        ("2026-06-08T11:30", at(8, 11, 30)),
        ("Monday morning", at(8, 9)),
        ("tomorrow", at(5, 9)),
        ("this afternoon", at(4, 12)),
        ("Monday afternoon", at(8, 12)),
    ],
)
def test_a_wish_that_is_understood_is_kept(wish: str, due: datetime) -> None:
    """A day begins when the clinic opens; said at ten on Thursday."""
    assert due_at("urgent", wish, at(4, 10), WEEKDAYS) == due


@pytest.mark.parametrize(
    "wish", ["yesterday", "when the cows come home", "2024-06-04T10:00", "in three months", ""]
)
def test_a_wish_that_cannot_be_kept_is_no_wish(wish: str) -> None:
    """In the past, further than two months, or not understood: the urgency decides."""
    assert due_at("routine", wish, at(4, 10), WEEKDAYS) == at(5, 17)


@pytest.mark.parametrize("wish", ["whenever", "any day", "as soon as possible"])
def test_any_time_is_no_wish(wish: str) -> None:
    """Said on a Saturday it promises nothing for the Saturday: the urgency and the hours decide."""
    assert due_at("routine", wish, at(6, 12), WEEKDAYS) == at(8, 17)


def test_days_wished_for_begin_when_somebody_is_there() -> None:
    """This weekend nobody is; of next week, said on Saturday, the first open hour."""
    assert due_at("routine", "this weekend", at(4, 10), WEEKDAYS) == at(5, 17)
    assert due_at("routine", "next week", at(6, 12), WEEKDAYS) == at(8, 9)


def test_a_wish_for_now_leaves_half_an_hour() -> None:
    """Today, said in the afternoon, cannot be this morning."""
    assert due_at("routine", "today", at(4, 16), WEEKDAYS) == at(4, 16, 30)


def test_a_due_time_is_always_ahead() -> None:
    """At every quarter of an hour of two weeks, whatever the urgency and the hours."""
    for quarter in range(14 * 24 * 4):
        now = at(1, 0) + timedelta(minutes=15 * quarter)
        for hours in (WEEKDAYS, LUNCH, NEVER):
            for urgency in ("urgent", "same_day", "routine"):
                assert now < due_at(urgency, None, now, hours) < now + FURTHEST_WISH
