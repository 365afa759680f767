"""Single values of a message, made fit to store: what is no such value is None."""

import math
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from frontdesk.model_words import is_absent
from frontdesk.plain_text import one_line

# A time in milliseconds since 1970, between 2015 (before Vapi) and 2100: anything else is no time of a call.
_FIRST, _LAST = 1_420_070_400_000, 4_102_444_800_000
MAX_URL = 1000


def words(value: Any, most: int) -> str | None:
    """Return a text on one line, cut to `most` characters; a number or boolean as its text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        value = str(value)
    if not isinstance(value, str):
        return None
    text = one_line(value[: most * 4])[:most].strip()
    return None if is_absent(text) else text


def number(value: Any, most: float) -> float | None:
    """Return a number from 0 to below `most`; a text of one counts."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and 0 <= found < most else None


def milliseconds(value: Any) -> int | None:
    """Read a moment: milliseconds since 1970, or ISO 8601 (Vapi has sent both)."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        value = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000
    found = number(value, _LAST)
    return int(found) if found is not None and found >= _FIRST else None


def moment_text(stamp: int) -> str:
    """Write milliseconds as ISO 8601."""
    return datetime.fromtimestamp(stamp / 1000, UTC).isoformat()


def link(value: Any) -> str | None:
    """Return the address of a recording, if it is one that may be kept.

    Never one with a query or a login in it: those are signed for some minutes, or are a credential.
    """
    if not isinstance(value, str) or len(value) > MAX_URL or not value.isascii() or not value.isprintable():
        return None
    try:
        parts = urlsplit(value)
        plain = parts.scheme == "https" and bool(parts.hostname) and parts.username is None
    except ValueError:
        return None
    return value if plain and not parts.query and not parts.fragment and " " not in value else None
