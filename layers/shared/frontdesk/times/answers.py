"""What a phrase about time can turn out to be: an exact start, some days, or a question."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Hold the week: weekly[0] is Monday; a day is its (opens, closes) local times, none = closed."""

    weekly: tuple[tuple[tuple[time, time], ...], ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """Name one exact start, aware, in the clinic's zone."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Days:
    """Name clinic-local days, both ends included, and the start times wanted inside each of them.

    `earliest` is inclusive and `latest` exclusive; None leaves that side of the day open.
    """

    first: date
    last: date
    earliest: time | None
    latest: time | None


@dataclass(frozen=True, slots=True)
class Question:
    """Ask the caller one speakable sentence; `options` are the readings when they are exact moments."""

    code: Literal["AMBIGUOUS_TIME", "DATE_IN_PAST", "MISSING_INFO"]
    text: str
    options: tuple[datetime, ...] = ()
