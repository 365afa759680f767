"""What operators write after an option, read into what is stored; each error is a sentence."""

import difflib
import itertools
import re
from argparse import ArgumentTypeError
from datetime import date, datetime, time
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from frontdesk.plain_text import one_line

LANGUAGES = {"en": "English", "es": "Spanish"}
MAX_NAME = 120
MAX_REMINDERS = 5

type Hours = list[tuple[str, str]]

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_SPAN = re.compile(r"(\d{1,5})\s*(m|min|h|d)")
_MINUTES_OF = {"m": 1, "min": 1, "h": 60, "d": 1440}


def slug(text: str) -> str:
    """Read a clinic's short name."""
    if not _SLUG.fullmatch(text) or len(text) > 60:
        raise ArgumentTypeError(
            f"'{text}' is no short name; use small letters, digits and single hyphens, such as bright-smiles"
        )
    return text


def name(text: str) -> str:
    """Read the name of a clinic, provider or service."""
    cleaned = one_line(text)
    if not 1 <= len(cleaned) <= MAX_NAME:
        raise ArgumentTypeError(f"a name has 1 to {MAX_NAME} characters, this one has {len(cleaned)}")
    return cleaned


def time_zone(text: str) -> str:
    """Read an IANA time zone."""
    known = available_timezones()
    if text in known and "/" in text:
        return text
    by_lower = {zone.lower(): zone for zone in known if "/" in zone}
    wanted = text.strip().replace(" ", "_").lower()
    cities = {zone.rpartition("/")[2]: zone for zone in by_lower}
    near = difflib.get_close_matches(wanted, by_lower, 1, 0.7) or [
        cities[city] for city in difflib.get_close_matches(wanted, cities, 1, 0.8 if len(wanted) > 4 else 1.0)
    ]
    hint = f"did you mean {by_lower[near[0]]}?" if near else "use one such as America/New_York"
    raise ArgumentTypeError(f"'{text}' is no IANA time zone; {hint}")


def region(text: str) -> str:
    """Read the country that telephone numbers without a country code belong to."""
    import phonenumbers

    code = text.upper()
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise ArgumentTypeError(f"'{text}' is no country code of two letters, such as US or ES")
    return code


def language(text: str) -> str:
    """Read the language a clinic speaks with its patients."""
    if text not in LANGUAGES:
        raise ArgumentTypeError(f"'{text}' is not spoken here; choose en (English) or es (Spanish)")
    return text


def whole(least: int, most: int, unit: str) -> "Between":
    """Make a reader of whole numbers between two bounds."""
    return Between(least, most, unit)


class Between:
    """Reads a whole number between two bounds, both included."""

    def __init__(self, least: int, most: int, unit: str) -> None:
        self.least, self.most, self.unit = least, most, unit

    def __call__(self, text: str) -> int:
        """Read the number."""
        if not text.isascii() or not text.isdecimal() or not self.least <= int(text) <= self.most:
            raise ArgumentTypeError(f"'{text}' must be {self.least} to {self.most} {self.unit}")
        return int(text)


def hours(text: str) -> Hours:
    """Read a day's hours, "09:00-12:00,13:00-17:00", or "closed": [(opens, closes), ...] in order."""
    if text.strip().lower() == "closed":
        return []
    spans = sorted(_span(part) for part in text.split(","))
    for (_, closes), (opens, _) in itertools.pairwise(spans):
        if opens < closes:
            raise ArgumentTypeError(f"the hours '{text}' overlap at {opens}")
    return spans


def _span(part: str) -> tuple[str, str]:
    opens, dash, closes = (piece.strip() for piece in part.partition("-"))
    if not dash:
        raise ArgumentTypeError(f"'{part}' is no span of hours; write 09:00-17:00, or closed")
    first, last = clock(opens), clock(closes)
    if last <= first:
        raise ArgumentTypeError(f"'{part.strip()}' closes before it opens")
    return first, last


def clock(text: str) -> str:
    """Read a time of day on the 24-hour clock."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise ArgumentTypeError(
            f"'{text}' is no time of day; write 09:00 or 17:30 (24-hour clock, until 23:59)"
        )
    return f"{int(found[1]):02d}:{found[2]}"


def reminders(text: str) -> list[int]:
    """Read when to remind: "24h,2h" -> [1440, 120] minutes before the visit, or "none"."""
    if text.strip().lower() == "none":
        return []
    minutes = sorted({_minutes(part.strip()) for part in text.split(",")}, reverse=True)
    if len(minutes) > MAX_REMINDERS:
        raise ArgumentTypeError(f"'{text}' are more than {MAX_REMINDERS} reminders")
    return minutes


def said_reminders(minutes: list[int]) -> str:
    """Write reminders as they are given: "24h, 2h", or "none"."""
    return ", ".join(f"{each // 60}h" if each % 60 == 0 else f"{each}m" for each in minutes) or "none"


def _minutes(part: str) -> int:
    found = _SPAN.fullmatch(part)
    if found is None:
        raise ArgumentTypeError(f"'{part}' is no time before a visit; write 24h, 2h, 90m or 2d")
    minutes = int(found[1]) * _MINUTES_OF[found[2]]
    if not 30 <= minutes <= 14 * 1440:
        raise ArgumentTypeError(f"'{part}' must be 30 minutes to 14 days before the visit")
    return minutes


def quiet(text: str) -> tuple[str, str]:
    """Read the hours without reminders, "20:00-08:00"."""
    first, dash, last = (piece.strip() for piece in text.partition("-"))
    if not dash:
        raise ArgumentTypeError(f"'{text}' are no quiet hours; write 20:00-08:00")
    begins, ends = clock(first), clock(last)
    if begins == ends:
        raise ArgumentTypeError(f"'{text}' would be quiet all day or never; write 20:00-08:00")
    return begins, ends


def day_or_moment(text: str) -> date | datetime:
    """Read a day (2026-12-24) or a moment on the clinic's clock (2026-12-24T12:00)."""
    try:
        if len(text) == len("2026-12-24"):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"'{text}' is no day or time; write 2026-12-24 or 2026-12-24T12:00") from None
    if moment.tzinfo is not None:
        raise ArgumentTypeError(f"'{text}' names a zone; write the clinic's own clock, 2026-12-24T12:00")
    return moment


def moment_of(value: date | datetime, *, ends: bool = False) -> datetime:
    """Return the (zoneless) moment that a day begins, or with `ends` the one after which it is over."""
    if isinstance(value, datetime):
        return value
    return datetime.combine(date.fromordinal(value.toordinal() + ends), time.min)


def account_sid(text: str) -> str:
    """Read a Twilio account SID; what was written is not repeated, it might be the token."""
    if not re.fullmatch(r"AC[0-9a-f]{32}", text):
        raise ArgumentTypeError("a Twilio account SID is AC and 32 digits or letters a to f (Twilio console)")
    return text


def server_url(text: str) -> str:
    """Read where the voice tools are: https, or http on this machine."""
    parts = urlsplit(text)
    here = parts.hostname in {"127.0.0.1", "localhost"}
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and here)):
        raise ArgumentTypeError(
            f"'{text}' is no https:// address; it is the deployment's output VapiToolsUrl"
        )
    if parts.query or parts.fragment or parts.username:
        raise ArgumentTypeError(f"'{parts.hostname}' must stand there without a login, a query or a fragment")
    return text.rstrip("/").removesuffix("/api/vapi/tools")
