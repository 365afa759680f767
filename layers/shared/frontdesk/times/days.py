"""From what a phrase says about the day to dates: one, several to ask about, a range, or what is wrong."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Literal, NamedTuple

from frontdesk.times import calendar_math as cal
from frontdesk.times.day_phrases import ANY
from frontdesk.times.items import Item, Reading
from frontdesk.times.say import WEEKDAYS, say_date

_SOON = timedelta(days=14)  # how far "any day" and "as soon as possible" look
Trouble = Literal["", "unsaid", "unclear", "conflict", "past", "absent"]


class Found(NamedTuple):
    """Hold the days of one reading.

    `dates` are single days the phrase can mean; with `until` they are one range from dates[0] to it.
    `trouble` says why nothing can be taken: no day said, not understood, words that contradict each other
    (dates are the possible ones), a past date (dates are what may have been meant), or a day no calendar has.
    `remark` is a sentence about it for the caller.
    """

    dates: cal.Dates = ()
    until: date | None = None
    trouble: Trouble = ""
    remark: str = ""


class Said(NamedTuple):
    """Hold the items of one reading by kind, with what is needed to place them in the calendar."""

    items: dict[str, Item]
    today: date
    month_first: bool


UNCLEAR = Found(trouble="unclear")
_RANGES = ("weekrel", "weekend", "monthrel", "month")


def find_days(reading: Reading, today: date, *, month_first: bool) -> Found:
    """Find the days a reading means; `month_first` settles 11/12 (else both dates are candidates)."""
    said = Said({item.kind: item for item in reading}, today, month_first)
    items = said.items
    sets: list[cal.Dates] = []
    ranges = {kind for kind in _RANGES if kind in items}
    for kind, place in _ANCHORS.items():
        if kind not in items:
            continue
        found = place(said)
        if found.trouble:
            return found
        sets.append(found.dates)
        if kind in {"monthday", "nth"}:
            ranges -= {"month"} if "month" in items else {"monthrel"}
    if not sets:
        found = _weekday_alone(said, ranges) if "weekday" in items else _range(said)
    elif ranges:
        found = _inside_range(sets, ranges, said)
    else:
        found = _agreed(sets)
        if "weekday" in items and not found.trouble:
            found = _check_weekday(found.dates, said)
    return _week_of(found, today) if "weekof" in items else found


def _calendar(month: int, day: int, year: int, today: date) -> Found:
    """Place a month and day; year 0 means this year, or the next once that day of this year is over."""
    if not 1 <= month <= 12 or not 1 <= day <= 31 or (year and not 2000 <= year <= 2100):
        return UNCLEAR
    if not year:
        year = today.year + ((month, day) < (today.month, today.day))
    found = cal.day_or_none(year, month, day)
    if found is None:
        return Found(trouble="absent", remark=f"There is no {say_date(month, day)} in {year}.")
    if found < today:
        return Found(cal.same_day_ahead(month, day, today), trouble="past")
    return Found((found,))


def _calendar_item(said: Said) -> Found:
    month, day, year = said.items["calendar"].values
    return _calendar(month, day, year, said.today)


def _numeric(said: Said) -> Found:
    """Place "11/12": month first where that is the habit, both ways elsewhere, or the only way possible."""
    first, second, year = said.items["numeric"].values
    ways = [_calendar(first, second, year, said.today), _calendar(second, first, year, said.today)]
    valid = [way for way in ways if way.trouble != "unclear"]
    if not valid:
        return UNCLEAR
    if said.month_first or len(valid) == 1:
        return valid[0]
    ahead = [way for way in valid if not way.trouble]
    return Found(tuple(sorted({day for way in ahead for day in way.dates}))) if ahead else valid[0]


def _that_month(said: Said) -> tuple[int, int] | None:
    """Give the year (0 when not said) and month named beside a day; None when none was."""
    if "month" in said.items:
        month, year = said.items["month"].values
        return year, month
    if "monthrel" in said.items:
        return cal.next_month(said.today.year, said.today.month, said.items["monthrel"].values[0])
    return None


def _month_day(said: Said) -> Found:
    day = said.items["monthday"].values[0]
    beside = _that_month(said)
    if beside:
        return _calendar(beside[1], day, beside[0], said.today)
    return Found(cal.month_days(day, said.today)[:1])


def _nth(said: Said) -> Found:
    nth, weekday = said.items["nth"].values
    beside = _that_month(said)
    if beside is None:
        return UNCLEAR
    year = beside[0] or said.today.year + (beside[1] < said.today.month)
    if not 2000 <= year <= 2100:
        return UNCLEAR
    found = cal.nth_weekday(nth, weekday, year, beside[1])
    return Found((found,)) if found >= said.today else Found(trouble="past")


def _ahead(said: Said) -> Found:
    days = said.items["ahead"].values[0]
    return Found((said.today + timedelta(days=days),)) if days >= 0 else Found(trouble="past")


def _weeks_ahead(said: Said) -> Found:
    weeks = said.items["weeksahead"].values[0]
    if "weekday" not in said.items:
        return Found((said.today + timedelta(days=7 * weeks),))
    weekday, called = said.items["weekday"].values
    return Found(cal.weekday_in_weeks(weekday, weeks, said.today)) if called == ANY else UNCLEAR


def _months_ahead(said: Said) -> Found:
    year, month = cal.next_month(said.today.year, said.today.month, said.items["monthsahead"].values[0])
    return _calendar(month, said.today.day, year, said.today)


def _week_from(said: Said) -> Found:
    weeks, weekday = said.items["weekfrom"].values
    starts = cal.weekday_dates(weekday, ANY, said.today)
    return Found(tuple(start + timedelta(days=7 * weeks) for start in starts))


# What fixes a day by itself; the numbers in them have at most two digits, so no date leaves the calendar.
_ANCHORS: dict[str, Callable[[Said], Found]] = {
    "calendar": _calendar_item,
    "numeric": _numeric,
    "monthday": _month_day,
    "nth": _nth,
    "ahead": _ahead,
    "weeksahead": _weeks_ahead,
    "monthsahead": _months_ahead,
    "weekfrom": _week_from,
}


def _weekday_alone(said: Said, ranges: set[str]) -> Found:
    weekday, called = said.items["weekday"].values
    if not ranges:
        return Found(cal.weekday_dates(weekday, called, said.today))
    if ranges != {"weekrel"} or called != ANY:
        return UNCLEAR
    days = cal.weekday_in_week(weekday, said.items["weekrel"].values[0], said.today)
    return Found(days) if days else Found(trouble="past")


def _agreed(sets: list[cal.Dates]) -> Found:
    """Take the dates all parts agree on; else they contradict each other and all of them are asked."""
    common = set(sets[0]).intersection(*sets[1:])
    if common:
        return Found(tuple(sorted(common)))
    return Found(tuple(sorted({day for days in sets for day in days}))[:3], trouble="conflict")


def _check_weekday(dates: cal.Dates, said: Said) -> Found:
    """Keep the dates on the weekday said with them; none left is a contradiction worth a question."""
    items, today = said.items, said.today
    weekday, called = items["weekday"].values
    fitting = tuple(day for day in dates if day.weekday() == weekday)
    if called != ANY:
        fitting = tuple(day for day in fitting if day in cal.weekday_dates(weekday, called, today))
    if fitting:
        return Found(fitting)
    near = dates[0] + timedelta(days=(weekday - dates[0].weekday() + 3) % 7 - 3)
    others = {near} if near >= today else set()
    if "monthday" in items and not items.keys() & {"month", "monthrel"}:
        later = cal.month_days(items["monthday"].values[0], today)
        others.update([day for day in later if day.weekday() == weekday][:1])
    options = tuple(sorted({*dates, *others}))[:3]
    day = dates[0]
    remark = (
        "" if day.weekday() == weekday else f"{say_date(day.month, day.day)} is a {WEEKDAYS[day.weekday()]}."
    )
    return Found(options, trouble="conflict", remark=remark)


def _range(said: Said) -> Found:
    items, today = said.items, said.today
    kinds = [kind for kind in _RANGES if kind in items]
    if len(kinds) > 1 or "weekof" in items:
        return UNCLEAR
    if not kinds:
        return Found((today,), today + _SOON) if "anytime" in items else Found(trouble="unsaid")
    if kinds[0] == "weekrel":
        return _week(items["weekrel"].values[0], today)
    if kinds[0] == "weekend":
        return _weekend(items["weekend"].values[0], today)
    return _month(said)


def _month(said: Said) -> Found:
    year, month = _that_month(said) or (0, said.today.month)
    year = year or said.today.year + (month < said.today.month)
    if not 2000 <= year <= 2100:
        return UNCLEAR
    last = cal.month_end(year, month)
    if last < said.today:
        return Found(trouble="past")
    return Found((max(said.today, date(year, month, 1)),), last)


def _week(weeks: int, today: date) -> Found:
    """Give a week from Monday to Sunday; "this week" said on a Sunday also holds the six days after it."""
    first = cal.monday_of(today) + timedelta(days=7 * weeks)
    if weeks == 0 and today.weekday() == 6:
        return Found((today,), today + timedelta(days=6))
    return Found((max(today, first),), first + timedelta(days=6))


def _weekend(weekends: int, today: date) -> Found:
    """Give Saturday and Sunday; "next weekend" before Saturday may be this one, so both are asked."""
    saturday = cal.monday_of(today) + timedelta(days=5)
    following = saturday + timedelta(days=7)
    if weekends == 0:
        return Found((max(today, saturday),), saturday + timedelta(days=1))
    if today < saturday:
        return Found((saturday, following), trouble="conflict")
    return Found((following,), following + timedelta(days=1))


def _inside_range(sets: list[cal.Dates], ranges: set[str], said: Said) -> Found:
    """Keep dates inside a range said with them ("the 24th, this week"); outside it they contradict."""
    found = _agreed(sets)
    if found.trouble or "weekof" in said.items:
        return found if found.trouble else UNCLEAR
    around = _range(said._replace(items={kind: said.items[kind] for kind in ranges}))
    if around.trouble or around.until is None:
        return UNCLEAR
    inside = tuple(day for day in found.dates if around.dates[0] <= day <= around.until)
    if not inside:
        return Found(found.dates, trouble="conflict")
    return _check_weekday(inside, said) if "weekday" in said.items else Found(inside)


def _week_of(found: Found, today: date) -> Found:
    if found.trouble or len(found.dates) != 1:
        return found if found.trouble else Found(found.dates, trouble="conflict")
    first = cal.monday_of(found.dates[0])
    return Found((max(first, today),), first + timedelta(days=6))
