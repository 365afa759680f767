"""A request for the page (HTTP API, payload format 2.0) read into what is asked."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from frontdesk import patient_links

LANGUAGES = ("en", "es")
MAX_FORM = 4096  # characters; the longest of ours has some 120
MAX_FIELDS = 20

_PATH = re.compile(r"/a/([^/]+)(?:/(confirm|move|cancel|appointment\.ics))?")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: `page` is what follows the token in the address, '' for the visit itself."""

    method: str
    token: str
    page: str
    query: Mapping[str, str]
    language: str | None  # the nearest to the reader's own that we have; None: they want another one


@dataclass(frozen=True, slots=True)
class Slot:
    """A start that was offered, as its button says it."""

    starts_at: datetime
    provider_id: UUID


def read(event: Mapping[str, Any]) -> Asked:
    """Read a request; one whose address is none of ours has an empty token, which opens nothing."""
    found = _PATH.fullmatch(str(event.get("rawPath", "")))
    token, page = (found[1], found[2] or "") if found else ("", "")
    method = str(event.get("requestContext", {}).get("http", {}).get("method", ""))
    return Asked(
        method,
        token if patient_links.is_token(token) else "",
        page,
        _pairs(str(event.get("rawQueryString") or "")),
        language(header(event, "accept-language")),
    )


def header(event: Mapping[str, Any], name: str) -> str:
    """Return a header, '' where there is none; API Gateway gives their names in lower case."""
    return str((event.get("headers") or {}).get(name, ""))


def language(accepted: str) -> str | None:
    """Choose among our languages by Accept-Language (RFC 9110, 12.5.4); None when it names neither."""
    weighed = []
    for place, part in enumerate(accepted.split(",")[:20]):
        tag, _, parameters = part.partition(";")
        base = tag.strip().partition("-")[0].lower()
        weight = re.search(r"q=([01](?:\.\d{0,3})?)", parameters)
        quality = float(weight[1]) if weight else 1.0
        if base in LANGUAGES and quality > 0:
            weighed.append((-quality, place, base))
    return min(weighed)[2] if weighed else None


def is_foreign(event: Mapping[str, Any]) -> bool:
    """Tell whether another site's page made the browser send this.

    By Sec-Fetch-Site where the browser says it ('none' is the reader themselves), else by Origin. That is
    'null' from our own forms too, since the page sends no referrer (Fetch, "append a request Origin header"):
    so it tells nothing, as its absence does. What really keeps others out is not knowing the address.
    """
    site = header(event, "sec-fetch-site").lower()
    if site:
        return site not in {"same-origin", "none"}
    origin = header(event, "origin").lower()
    ours = {header(event, "host").lower(), str(event.get("requestContext", {}).get("domainName", "")).lower()}
    return origin not in {"", "null"} and urlsplit(origin).netloc not in ours - {""}


def form(event: Mapping[str, Any]) -> Mapping[str, str] | None:
    """Read a form's fields; None for a body that is no form of ours."""
    body = event.get("body") or ""
    kind = header(event, "content-type").partition(";")[0].strip().lower()
    if kind != _FORM or not isinstance(body, str) or len(body) > MAX_FORM:
        return None
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        return _pairs(raw.decode())
    except (binascii.Error, UnicodeError):
        return None


def number(text: str | None) -> int | None:
    """Read a version; None for anything else."""
    return int(text) if text and _NUMBER.fullmatch(text) else None


def day(text: str | None) -> date | None:
    """Read a day of this century (2026-12-08); None for anything else."""
    try:
        read_day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return read_day if 2000 <= read_day.year < 2200 else None


def slot(text: str | None) -> Slot | None:
    """Read a button's start and provider; None for anything else."""
    start, _, provider = (text or "").partition("/")
    try:
        starts_at = datetime.fromisoformat(start)
        if starts_at.tzinfo is None or day(starts_at.date().isoformat()) is None:
            return None
        return Slot(starts_at.astimezone(UTC), UUID(provider))
    except (ValueError, OverflowError):
        return None


def _pairs(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, max_num_fields=MAX_FIELDS))
    except ValueError:
        return {}
