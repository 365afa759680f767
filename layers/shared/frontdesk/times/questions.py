"""The sentences that are asked; each one names full dates and repeats nothing the caller said."""

from collections.abc import Sequence
from datetime import date, datetime, time

from frontdesk.times.answers import Question
from frontdesk.times.clocks import is_past
from frontdesk.times.days import Found
from frontdesk.times.say import say_choice, say_day, say_moment, say_time

_SPOKEN_OPTIONS = 3


def _today(today: date) -> str:
    return f"Today is {say_day(today, today)}."


def ask_day_and_time(today: date) -> Question:
    """Ask for everything: nothing was said, or something in it was not understood."""
    return Question("MISSING_INFO", f"What day and time would you like? {_today(today)}")


def ask_days(today: date) -> Question:
    """Ask for a day or a range of days."""
    return Question("MISSING_INFO", f"What day would you like? {_today(today)}")


def ask_day(today: date, at: time | None) -> Question:
    """Ask for the day when only an hour was said."""
    wish = f" at {say_time(at)}" if at else ""
    return Question("MISSING_INFO", f"What day would you like to come in{wish}? {_today(today)}")


def ask_time(days: Sequence[date], today: date) -> Question:
    """Ask for the hour of a known day, or first for the day when several are possible."""
    if len(days) == 1:
        return Question("MISSING_INFO", f"What time on {say_day(days[0], today)} would you like?")
    return ask_which_day(days, today, "", and_time=True)


def ask_which_day(days: Sequence[date], today: date, remark: str, *, and_time: bool = False) -> Question:
    """Ask which of several days is meant; options stay empty because no hour is known."""
    choice = say_choice([say_day(day, today) for day in days[:_SPOKEN_OPTIONS]])
    question = f"Do you mean {choice}{', and at what time' if and_time else ''}?"
    return Question("AMBIGUOUS_TIME", f"{remark or _today(today)} {question}")


def ask_inside(first: date, last: date, today: date) -> Question:
    """Ask for one day out of a range."""
    text = (
        f"Which day from {say_day(first, today)} to {say_day(last, today)} would you like, and at what time?"
    )
    return Question("MISSING_INFO", text)


def ask_which_moment(options: Sequence[datetime], today: date, remark: str = "") -> Question:
    """Ask which of several exact starts is meant."""
    choice = say_choice([say_moment(at, today) for at in options[:_SPOKEN_OPTIONS]])
    text = f"{remark} Do you mean {choice}?".strip()
    return Question("AMBIGUOUS_TIME", text, tuple(options))


def ask_around_clock_change(
    at: time, day: date, options: Sequence[datetime], change: str, today: date
) -> Question:
    """Ask about a time that daylight saving skips or repeats on that day."""
    if change == "repeated":
        text = (
            f"On {say_day(day, today)} the clocks go back, so {say_time(at)} comes twice. "
            "Do you mean the first or the second one, or would another time do?"
        )
        return Question("AMBIGUOUS_TIME", text, tuple(options))
    remark = f"On {say_day(day, today)} the clocks go forward, so there is no {say_time(at)}."
    return ask_which_moment(options, today, remark)


def ask_midnight(day: date, options: Sequence[datetime], today: date) -> Question:
    """Ask which midnight: the one a day starts with, or the one it ends with."""
    text = (
        f"Do you mean midnight at the start of {say_day(day, today)} or at its end? "
        "You can also give me another time."
    )
    return Question("AMBIGUOUS_TIME", text, tuple(options))


def ask_closed_day(day: date, today: date) -> Question:
    """Ask for another day when opening time was wished on a day without one."""
    return Question("MISSING_INFO", f"We are closed on {say_day(day, today)}. What other day would you like?")


def tell_past_time(at: datetime, now: datetime) -> Question:
    """Say that an exact start is over, and what time it is now."""
    today = now.date()
    text = f"{say_moment(at, today)} has already passed: it is now {say_moment(now, today)}."
    return Question("DATE_IN_PAST", f"{text} What day and time would you like?")


def tell_past_day(found: Found, options: Sequence[datetime], now: datetime) -> Question:
    """Say that a date is over and propose the same day of this year or the next, never taking it unasked."""
    today = now.date()
    known = f"That date has passed. Today is {say_day(today, today)}, {today.year}."
    ahead = [at for at in options if not is_past(at, now)]
    if ahead:
        choice = say_choice([say_moment(at, today) for at in ahead[:_SPOKEN_OPTIONS]])
        return Question("DATE_IN_PAST", f"{known} Did you mean {choice}?", tuple(ahead))
    if found.dates and not options:
        return Question("DATE_IN_PAST", f"{known} Did you mean {say_day(found.dates[0], today)}?")
    return Question("DATE_IN_PAST", f"{known} What day would you like?")


def tell_absent(remark: str, today: date) -> Question:
    """Say that the calendar does not have that day."""
    return Question("MISSING_INFO", f"{remark} {_today(today)} What day would you like?")
