"""What the page shows: the visit, the choice of another time, the question before cancelling; its headers.

Everything on it is text from the database and our own words, written into templates that escape. Nothing is
fetched from anywhere, and no script runs.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from frontdesk import texts
from frontdesk.texts import dates
from functions.patient_page.words import WORDS, moment, short_time, zone_name

TEMPLATES = Path(__file__).resolve().parent / "templates"
# More than that many times, and only the first day stands open: a phone shows some eight at once.
MANY = 24

Visit = Mapping[str, Any]

_GOOD = {"confirmed": "done_confirmed", "rescheduled": "done_moved", "cancelled": "done_cancelled"}
_BAD = ("taken", "changed", "too_late")


def visit(found: Visit, base: str, language: str, now: datetime, told: str = "") -> str:
    """Write the page of a visit (patient_visit's JSON); `told` is the outcome of what was just done."""
    words = WORDS[language]
    status, begun = found["appointment"]["status"], found["begun"]
    state = "begun" if begun and status != "cancelled" else status
    name = texts.first_name(found["appointment"]["patient_name"], language)
    return _render(
        "visit.html",
        language,
        shown=_shown(found, language, now),
        heading=words[f"h_{state}"].format(name=name) if f"h_{state}" in words else words["title"],
        told=_told(told, language),
        told_good=told in _GOOD,
        base=base,
        begun=begun,
        may_change=found["may_change"],
        may_confirm=found["may_confirm"],
    )


def cancel(found: Visit, base: str, language: str, now: datetime) -> str:
    """Write the question before a visit is cancelled."""
    return _render("cancel.html", language, shown=_shown(found, language, now), base=base)


def move(
    found: Visit, base: str, language: str, now: datetime, *, anyone: bool = False, told: str = ""
) -> str:
    """Write the free times of a week (patient_slots's JSON), one button each."""
    zone = zone_of(found)
    first = date.fromisoformat(found["from"])
    next_free = found["next_free"]
    return _render(
        "move.html",
        language,
        shown=_shown(found, language, now),
        told=_told(told, language),
        base=base,
        anyone=anyone,
        keep="&with=anyone" if anyone else "",
        others=found["others"],
        first=found["from"],
        previous=found["previous"],
        next=found["next"],
        next_free=next_free,
        next_free_name=_day(date.fromisoformat(next_free), now, language) if next_free else "",
        week=WORDS[language]["week"].format(
            first=_day(first, now, language), last=_day(first + timedelta(days=6), now, language)
        ),
        days=_days(found["slots"], zone, now.astimezone(zone), language),
    )


def message(kind: str, language: str) -> str:
    """Write a page about nobody: no_page, foreign, malformed, away."""
    words = WORDS[language]
    return _render("message.html", language, heading=words[f"{kind}_title"], told=words[kind])


def zone_of(found: Visit) -> ZoneInfo:
    """Return the clinic's zone."""
    return ZoneInfo(found["org"]["time_zone"])


def headers(language: str) -> dict[str, str]:
    """Return the headers of every answer: kept by nobody, told to nobody, no script, no foreign thing."""
    style_hash = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return {
        "content-type": "text/html; charset=utf-8",
        "content-language": language,
        "cache-control": "no-store",
        "content-security-policy": (
            f"default-src 'none'; style-src 'sha256-{style_hash}'; img-src data:; form-action 'self';"
            " base-uri 'none'; frame-ancestors 'none'"
        ),
        "referrer-policy": "no-referrer",
        "x-robots-tag": "noindex, nofollow, noarchive",
        "x-content-type-options": "nosniff",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    }


def _shown(found: Visit, language: str, now: datetime) -> dict[str, Any]:
    """Return what every page says of a visit, written."""
    org, appointment = found["org"], found["appointment"]
    zone = zone_of(found)
    starts_at = datetime.fromisoformat(appointment["starts_at"]).astimezone(zone)
    length = datetime.fromisoformat(appointment["ends_at"]) - starts_at
    words = WORDS[language]
    return {
        "clinic": org["name"],
        "phone": texts.written_phone(org["front_desk_phone"]) if org["front_desk_phone"] else "",
        "phone_uri": org["front_desk_phone"] or "",
        "iso": starts_at.isoformat(),
        "when": moment(starts_at, now.astimezone(zone), language),
        "zone": words["zone"].format(zone=zone_name(starts_at, org["time_zone"], language)),
        "provider": appointment["provider_name"],
        "service": appointment["service_name"],
        "length": words["minutes"].format(count=round(length.total_seconds() / 60)),
        "version": appointment["version"],
        "gone": appointment["status"] == "cancelled",
    }


def _days(slots: list[dict[str, Any]], zone: ZoneInfo, now: datetime, language: str) -> list[dict[str, Any]]:
    words = WORDS[language]
    timed = [(datetime.fromisoformat(slot["starts_at"]).astimezone(zone), slot) for slot in slots]
    days: list[dict[str, Any]] = []
    for day, group in groupby(timed, key=lambda pair: pair[0].date()):
        shown = [
            {
                "value": f"{slot['starts_at']}/{slot['provider_id']}",
                "time": short_time(at, language),
                "provider": slot["provider_name"],
            }
            for at, slot in group
        ]
        days.append(
            {
                "name": _day(day, now, language),
                "count": words["count_one"] if len(shown) == 1 else words["count"].format(count=len(shown)),
                "open": not days or len(slots) <= MANY,
                "slots": shown,
            }
        )
    return days


def _day(day: date, now: datetime, language: str) -> str:
    return dates.day(datetime(day.year, day.month, day.day, tzinfo=now.tzinfo), now.date(), language)


def _told(outcome: str, language: str) -> str:
    name = _GOOD.get(outcome, outcome if outcome in _BAD else "")
    return WORDS[language][name] if name else ""


def _render(template: str, language: str, **values: Any) -> str:
    return (
        _environment()
        .get_template(template)
        .render(language=language, words=WORDS[language], style=Markup(_style()), **values)  # noqa: S704 - our own file
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


@cache
def _style() -> str:
    return (TEMPLATES / "page.css").read_text()
