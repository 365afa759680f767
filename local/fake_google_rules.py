"""Recurrence lines (RFC 5545: RRULE, RDATE, EXDATE), read by dateutil."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # no stubs of it in the lock file

from local.fake_google_errors import invalid
from local.fake_google_times import zone_of


def check_rules(rules: Any, start: Mapping[str, Any]) -> None:
    """Raise the Refusal Google gives for recurrence lines that are none."""
    good = isinstance(rules, list) and all(isinstance(line, str) for line in rules)
    if not good or any("DTSTART" in line or "DTEND" in line for line in rules):
        raise invalid("Invalid recurrence rule.")
    try:
        next(iter(starts(rules, {"dateTime": "2026-01-05T09:00:00Z"} | dict(start))), None)
    except (ValueError, TypeError, AttributeError):
        raise invalid("Invalid recurrence rule.") from None


def starts(rules: Iterable[str], start: Mapping[str, str]) -> Iterable[datetime]:
    """Give the starts, the first one first; whole days as UTC midnights."""
    if "date" in start:
        first = datetime.combine(date.fromisoformat(start["date"]), datetime.min.time(), UTC)
    else:
        moment = datetime.fromisoformat(start["dateTime"])
        zone = zone_of(start["timeZone"]) if start.get("timeZone") else UTC
        # By the wall clock: dateutil adds to the naive time and puts the zone back.
        first = moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)
    lines = [_with_utc_end(line) for line in rules if not _is_date_list(line)]
    rule = rrulestr("\n".join(lines) or "RRULE:FREQ=DAILY;COUNT=1", dtstart=first, forceset=True)
    for line in rules:
        if _is_date_list(line):
            add = rule.rdate if line.startswith("RDATE") else rule.exdate
            for moment in _dates(line, first):
                add(moment)
    found: Iterable[datetime] = iter(rule)
    return found


def _is_date_list(line: str) -> bool:
    return line.startswith(("RDATE", "EXDATE"))


def _with_utc_end(line: str) -> str:
    """Give UNTIL=20261231 its time in UTC, the end of that day: dateutil wants both or neither."""
    head, found, tail = line.partition("UNTIL=")
    value, semicolon, rest = tail.partition(";")
    if not found or value.endswith("Z"):
        return line
    return f"{head}UNTIL={value if 'T' in value else value + 'T235959'}Z{semicolon}{rest}"


def _dates(line: str, first: datetime) -> list[datetime]:
    head, _, values = line.partition(":")
    named = head.partition("TZID=")[2].partition(";")[0]
    zone = zone_of(named) if named else first.tzinfo
    moments = []
    for value in values.split(","):
        if "T" not in value:
            day = datetime.strptime(value, "%Y%m%d")  # noqa: DTZ007 - its zone follows
            moments.append(day.replace(hour=first.hour, minute=first.minute, tzinfo=first.tzinfo))
            continue
        moment = datetime.strptime(value.rstrip("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - its zone follows
        moments.append(moment.replace(tzinfo=UTC if value.endswith("Z") else zone))
    return moments
