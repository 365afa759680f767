"""The clinic in figures, by day, for the board's plots and as CSV (docs/insight.md says what each counts)."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field

from frontdesk import insight
from functions.staff_api import problems
from functions.staff_api.fields import Query, Shape
from functions.staff_api.me import FollowUpCounts
from functions.staff_api.routes import Answer, Asked, Route

MOST_DAYS = 400
USUAL_DAYS = 30
SOURCES = ("voice", "staff", "patient", "calendar")
FIGURES = (
    "calls",
    "calls_booked",
    "conversion",
    "calls_missed",
    "calls_transferred",
    "bookings",
    "cancellations",
    "visits",
    "no_shows",
    "no_show_rate",
    "texts_sent",
    "texts_delivered",
    "texts_failed",
    "replies",
    "segments",
    "cost_micros",
    "follow_ups_opened",
    "follow_ups_done",
    "follow_ups_overdue",
)

# A cell that begins with one of these is run as a formula by spreadsheets (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Sources(Shape):
    """Who booked."""

    voice: int
    staff: int
    patient: int
    calendar: int


class Figures(Shape):
    """What was counted; a rate of nothing is null."""

    calls: Annotated[int, Field(description="That came in and are over")]
    calls_booked: int
    conversion: Annotated[float | None, Field(description="calls_booked of calls, 0 to 1")]
    calls_missed: int
    calls_transferred: int
    lost_reasons: Annotated[
        dict[str, int], Field(description="Callers who have not booked, by why (docs/calls.md)")
    ]
    bookings: int
    bookings_by_source: Sources
    cancellations: int
    visits: Annotated[int, Field(description="Due on the day, whose end is known: came, or did not")]
    no_shows: int
    no_show_rate: Annotated[float | None, Field(description="no_shows of visits, 0 to 1")]
    texts_sent: Annotated[int, Field(description="That Twilio took")]
    texts_delivered: int
    texts_failed: int
    replies: int
    segments: Annotated[int, Field(description="Of the texts sent; what Twilio bills")]
    cost_micros: Annotated[int, Field(description="Millionths of the currency; estimated")]
    follow_ups_opened: int
    follow_ups_done: int
    follow_ups_overdue: Annotated[int, Field(description="Due on the day, and not done by then")]


class Day(Figures):
    """One day of the clinic's calendar."""

    day: date


class Insight(Shape):
    """Every day from first to last, also those with nothing, and all of them together."""

    first: Annotated[date, Field(alias="from")]
    to: date
    time_zone: str
    currency: str
    segment_price_micros: int
    estimated: Annotated[bool, Field(description="Costs are: segments at the clinic's own price")]
    items: list[Day]
    totals: Figures
    follow_ups_now: FollowUpCounts
    next: None


class Span(Query):
    """Which days of the clinic's calendar, both included; without them, the last thirty."""

    first: Annotated[date | None, Field(alias="from", description="Default: 29 days before `to`")] = None
    last: Annotated[date | None, Field(alias="to", description="Default: today")] = None


def show(asked: Asked) -> Answer:
    """Show the figures."""
    return Answer(200, _found(asked) | {"next": None})


def as_csv(asked: Asked) -> Answer:
    """Give the figures as a table."""
    found = _found(asked)
    return Answer(200, table(found), f"insight-{found['from']}-{found['to']}.csv")


def table(found: Mapping[str, Any]) -> str:
    """Write the days as CSV (RFC 4180, UTF-8): a line a day, a column a figure, reason and source."""
    reasons = sorted(found["totals"]["lost_reasons"])
    text = io.StringIO()
    writer = csv.writer(text)  # lines end with CR LF
    sources = (f"bookings_{source}" for source in SOURCES)
    writer.writerow(
        _cells(["day", *FIGURES, *sources, *(f"lost_{reason}" for reason in reasons), "currency"])
    )
    for day in found["items"]:
        by_source = (day["bookings_by_source"][source] for source in SOURCES)
        lost = (day["lost_reasons"].get(reason, 0) for reason in reasons)
        figures = (day[name] for name in FIGURES)
        writer.writerow(_cells([day["day"], *figures, *by_source, *lost, found["currency"]]))
    return text.getvalue()


def _cells(values: Iterable[Any]) -> list[Any]:
    """Let no text be a formula: a quote in front, as spreadsheets have it. None is an empty cell."""
    return [
        f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value for value in values
    ]


def _found(asked: Asked) -> dict[str, Any]:
    wanted: Span = asked.query
    last = wanted.last or datetime.now(ZoneInfo(asked.session.org.time_zone)).date()
    try:
        first = wanted.first or last - timedelta(days=USUAL_DAYS - 1)
    except OverflowError:
        raise problems.invalid("to", "must be a day of our time") from None
    for field, day in (("to", last), ("from", first)):
        if not 2000 <= day.year < 2200:
            raise problems.invalid(field, "must be between the years 2000 and 2199")
    if not 0 <= (last - first).days < MOST_DAYS:
        raise problems.invalid("to", f"must not be before `from`, and at most {MOST_DAYS - 1} days after it")
    found = insight.by_day(asked.org_id, first, last)
    found.pop("outcome")
    return found


ROUTES = (
    Route("GET", "/insight", show, "reader", "The clinic in figures, by day", {200: Insight}, query=Span),
    Route(
        "GET",
        "/insight.csv",
        as_csv,
        "reader",
        "The same as a table (RFC 4180, UTF-8)",
        {200: None},
        query=Span,
        kind="text/csv; charset=utf-8; header=present",
        description="A column for each figure, source and reason; empty cells are rates of nothing.",
    ),
)
