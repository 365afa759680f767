"""How dates, times, names and codes are read out."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from frontdesk import times


def today_is(today: date) -> str:
    """Say what day it is, so that a model that lost count can see it."""
    return f"Today is {times.say_day(today, today)}, {today.year}."


def choice(starts: Sequence[datetime], today: date, last: str = "or") -> str:
    """Say starts in a row, each day once: "Tuesday, November 24th at 2 PM or 4 PM, or Wednesday, ..."."""
    days = []
    for day, group in groupby(starts, key=lambda start: start.date()):
        clocks = [times.say_time(start.timetz().replace(tzinfo=None)) for start in group]
        days.append(f"{times.say_day(day, today)} at {_joined(clocks, last)}")
    return f", {last} ".join([", ".join(days[:-1]), days[-1]] if len(days) > 1 else days)


def in_a_row(words: Sequence[str]) -> str:
    """Say names in a row: "teeth cleaning, check-up or filling"."""
    return _joined(list(words), "or") if words else "nothing at the moment"


def local(instant: str, zone: ZoneInfo) -> datetime:
    """Read an instant from the database on the clinic's clock."""
    return datetime.fromisoformat(instant).astimezone(zone)


def digits(code: str) -> str:
    """Say a code digit by digit."""
    return " ".join(code)


def a_visit(service: str, language: str) -> str:
    """Say a service in a sentence: "a teeth cleaning"; names with capitals of their own (MRI) keep them.

    Only an English name gets an English article: the model puts the sentence into the caller's language.
    """
    name = service if service[1:2].isupper() else service[:1].lower() + service[1:]
    if language != "en":
        return name
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _joined(parts: list[str], last: str) -> str:
    if len(parts) < 3:
        return f" {last} ".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"
