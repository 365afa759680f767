"""Days and times as the agent says them; everything said here is understood again by parse_moment."""

from collections.abc import Sequence
from datetime import date, datetime, time

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def local_today(now: datetime) -> date:
    """Give the clinic's date; `now` is aware and already in the clinic's zone."""
    return now.date()


def say_ordinal(number: int) -> str:
    """Write 1 to 31 as "1st" to "31st"."""
    suffix = "th" if 11 <= number <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def say_date(month: int, day: int) -> str:
    """Say a calendar day without weekday or year: "November 10th"."""
    return f"{MONTHS[month - 1]} {say_ordinal(day)}"


def say_day(day: date, today: date) -> str:
    """Say a day in full: "Tuesday, November 10th", with the year only when it is not today's."""
    spoken = f"{WEEKDAYS[day.weekday()]}, {say_date(day.month, day.day)}"
    return spoken if day.year == today.year else f"{spoken}, {day.year}"


def say_time(at: time) -> str:
    """Say a time to the minute: "3 PM", "3:30 PM", "noon", "12 AM" for the start of a day."""
    if (at.hour, at.minute) == (12, 0):
        return "noon"  # callers mix up 12 PM and 12 AM
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes} {'PM' if at.hour >= 12 else 'AM'}"


def say_moment(at: datetime, today: date) -> str:
    """Say an exact start: "Tuesday, November 10th at 3 PM"."""
    return f"{say_day(at.date(), today)} at {say_time(at.time())}"


def say_choice(choices: Sequence[str]) -> str:
    """Join choices for the ear: "A", "A or B", "A, B, or C"."""
    if len(choices) <= 2:
        return " or ".join(choices)
    return f"{', '.join(choices[:-1])}, or {choices[-1]}"
