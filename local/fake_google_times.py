"""Moments as the Calendar API writes them: RFC 3339 with an offset, or a date for a whole day."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from local.fake_google_errors import invalid, required


@cache
def zone_of(name: str) -> ZoneInfo:
    """Find an IANA zone; raise the Refusal Google gives for an unknown one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise invalid(f"Invalid time zone definition: {name}") from None


def rfc_3339(moment: datetime) -> str:
    """Write a moment with its own offset, to the second."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def stamp(seconds: float) -> str:
    """Write a UNIX moment as `created` and `updated` are written: UTC, milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(256)
def parse_moment(text: str, name: str) -> datetime:
    """Read a query's RFC 3339 moment, whose offset is mandatory."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"Invalid value for: {name}", f"parameter:{name}") from None
    if moment.tzinfo is None or "T" not in text.upper():
        raise invalid(f"Missing time zone offset in {name}", f"parameter:{name}")
    return moment


def read_time(given: Any, edge: str, zone: ZoneInfo) -> dict[str, str]:
    """Read an event's `start` or `end` (`edge`) and write it in the calendar's zone, as Google keeps it."""
    if not isinstance(given, Mapping) or not (given.get("date") or given.get("dateTime")):
        raise required(f"Missing {edge} time.")
    if given.get("date") and given.get("dateTime"):
        raise invalid(f"Invalid {edge} time.")
    try:
        if given.get("date"):
            return {"date": date.fromisoformat(given["date"]).isoformat()}
        moment = datetime.fromisoformat(given["dateTime"])
    except (TypeError, ValueError):
        raise invalid(f"Invalid {edge} time.") from None
    named = given.get("timeZone")
    if moment.tzinfo is None:
        if not named:
            raise required(f"Missing time zone definition for {edge} time.")
        moment = moment.replace(tzinfo=zone_of(named))
    return written(moment, zone, zone_of(named).key if named else zone.key)


def written(moment: datetime, zone: ZoneInfo, named: str) -> dict[str, str]:
    """Write a moment in a zone; `named` is the zone the event itself is said to be in."""
    return {"dateTime": rfc_3339(moment.astimezone(zone)), "timeZone": named}


def moment_of(edge: Mapping[str, str], zone: ZoneInfo) -> datetime:
    """Give the moment of a kept `start` or `end`; a date begins at the zone's midnight."""
    if "date" in edge:
        return datetime.combine(date.fromisoformat(edge["date"]), time(), zone)
    return datetime.fromisoformat(edge["dateTime"])


def in_zone(edge: Mapping[str, str], zone: ZoneInfo) -> dict[str, str]:
    """Write a kept `start` or `end` anew in another zone."""
    if "date" in edge:
        return dict(edge)
    return dict(edge) | {"dateTime": rfc_3339(datetime.fromisoformat(edge["dateTime"]).astimezone(zone))}
