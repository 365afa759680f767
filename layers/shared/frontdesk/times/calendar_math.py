"""Calendar arithmetic that answers "which days could that be" with every candidate, never with a guess."""

from datetime import date, timedelta

from frontdesk.times.day_phrases import ANY, COMING, THIS

Dates = tuple[date, ...]


def day_or_none(year: int, month: int, day: int) -> date | None:
    """Build a date; None when the calendar does not have it."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def monday_of(day: date) -> date:
    """Give the Monday of the week, weeks starting on Monday."""
    return day - timedelta(days=day.weekday())


def sunday_of(day: date) -> date:
    """Give the Sunday of the week, weeks starting on Sunday."""
    return day - timedelta(days=(day.weekday() + 1) % 7)


def on_or_after(weekday: int, day: date) -> date:
    """Give the first such weekday, the day itself included."""
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def weekday_dates(weekday: int, called: int, today: date) -> Dates:
    """List the days a weekday can mean.

    Plain and "this": the first one; said on that very weekday, today or a week from today. "coming": the
    first one after today. "next": the first one after today, and the one in next week, weeks starting on
    Monday and weeks starting on Sunday; where these three agree it is one day.
    """
    first = on_or_after(weekday, today)
    week = timedelta(days=7)
    if called in {ANY, THIS}:
        return (today, today + week) if first == today else (first,)
    after = first + week if first == today else first
    if called == COMING:
        return (after,)
    return tuple(sorted({after, *weekday_in_week(weekday, 1, today, strict=True)}))


def weekday_in_week(weekday: int, weeks: int, today: date, *, strict: bool = False) -> Dates:
    """List the days "<weekday> next week" can mean.

    Weeks start on Monday; a Sunday is also read with weeks that start on Sunday, as is every weekday when
    `strict` or when the week is this one. Days before today are left out.
    """
    shift = timedelta(days=7 * weeks)
    days = {monday_of(today) + shift + timedelta(days=weekday)}
    if strict or weekday == 6 or weeks == 0:
        days.add(sunday_of(today) + shift + timedelta(days=(weekday + 1) % 7))
    return tuple(sorted(day for day in days if day >= today))


def weekday_in_weeks(weekday: int, weeks: int, today: date) -> Dates:
    """List the days "in two weeks on Monday" can mean.

    The first such weekday from that day on, and that weekday in the calendar week (from Sunday) of that day.
    """
    target = today + timedelta(days=7 * weeks)
    same_week = sunday_of(target) + timedelta(days=(weekday + 1) % 7)
    return tuple(sorted({on_or_after(weekday, target), same_week}))


def next_month(year: int, month: int, months: int = 1) -> tuple[int, int]:
    """Step months ahead: (2026, 12) plus 1 is (2027, 1)."""
    years, index = divmod(month - 1 + months, 12)
    return year + years, index + 1


def month_end(year: int, month: int) -> date:
    """Give the last day of a month."""
    return date(*next_month(year, month), 1) - timedelta(days=1)


def month_days(day: int, today: date) -> Dates:
    """List the dates "the 31st" can be from today on, nearest first; shorter months are passed over."""
    found = []
    year, month = today.year, today.month
    for _ in range(4):
        candidate = day_or_none(year, month, day)
        if candidate is not None and candidate >= today:
            found.append(candidate)
        year, month = next_month(year, month)
    return tuple(found)


def same_day_ahead(month: int, day: int, today: date) -> Dates:
    """Find the next date with a past date's month and day, this year or next; empty when there is none."""
    tries = (day_or_none(year, month, day) for year in (today.year, today.year + 1))
    return tuple(found for found in tries if found is not None and found >= today)[:1]


def nth_weekday(nth: int, weekday: int, year: int, month: int) -> date:
    """Give the first to fourth such weekday of a month."""
    return on_or_after(weekday, date(year, month, 1)) + timedelta(days=7 * (nth - 1))
