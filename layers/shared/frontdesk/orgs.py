"""A clinic, as answering its calls needs to know it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from datetime import time as clock
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from frontdesk import db, names, senders, settings
from frontdesk.errors import FrontdeskError
from frontdesk.times import OpeningHours

# Seconds. A change of settings reaches every container within a minute; an unknown number is asked for again
# sooner, since the operator has just added it.
KNOWN_FOR = 60.0
UNKNOWN_FOR = 5.0
MAX_REMEMBERED = 2000

_SAID_ABOUT_ANY_VISIT = frozenset(
    {
        "a",
        "an",
        "the",
        "my",
        "i",
        "im",
        "need",
        "want",
        "would",
        "like",
        "for",
        "to",
        "please",
        "just",
        "some",
    }
    | {
        "appointment",
        "visit",
        "un",
        "una",
        "el",
        "la",
        "mi",
        "para",
        "quiero",
        "necesito",
        "cita",
        "visita",
        "de",
    }
)


@dataclass(frozen=True, slots=True)
class Service:
    """Something a patient comes for."""

    id: UUID
    name: str
    aliases: tuple[str, ...]
    duration_minutes: int


@dataclass(frozen=True, slots=True)
class Provider:
    """Somebody a patient comes to."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Org:
    """One clinic: a tenant."""

    id: UUID
    slug: str
    name: str
    zone: ZoneInfo
    region: str  # ISO 3166: reads phone numbers without a country code
    language: str  # ISO 639
    hours: OpeningHours
    providers: tuple[Provider, ...]
    services: tuple[Service, ...]
    vapi_secret_generation: int
    previous_secret_expires_at: datetime | None
    texts: bool = False  # whether patients of this clinic get texts now


@dataclass(frozen=True, slots=True)
class _Remembered:
    org: Org | None
    until: float


_remembered: dict[tuple[str | None, str | None, str | None], _Remembered] = {}


def for_call(phone_number_id: str | None, called_number: str | None, assistant_id: str | None) -> Org | None:
    """Return the clinic a call came in for, or None when no clinic has this number.

    By Vapi's phone number id, then the called number (E.164), then the assistant. Remembered for a minute;
    while the database is away, what was known last is used. Raises FrontdeskError when nothing is known.
    """
    wanted = (phone_number_id, called_number, assistant_id)
    if wanted == (None, None, None):
        return None
    known = _remembered.get(wanted)
    now = time.monotonic()
    if known is not None and now < known.until:
        return known.org
    try:
        found = db.call(
            "org_for_call",
            repeatable=True,
            phone_number_id=phone_number_id,
            called_number=called_number,
            assistant_id=assistant_id,
        )
    except FrontdeskError:
        if known is not None and known.org is not None:
            return known.org
        raise
    org = _org(found) if found is not None else None
    if len(_remembered) >= MAX_REMEMBERED:
        _remembered.clear()  # strangers may ask for any number: what is kept stays bounded
    _remembered[wanted] = _Remembered(org, now + (KNOWN_FOR if org else UNKNOWN_FOR))
    return org


def verify_vapi(org: Org | None, headers: Mapping[str, str], body: bytes) -> senders.Verdict:
    """Decide whether a request (headers in lower case, raw body) may speak for a clinic; for None, never."""
    now = datetime.now(UTC)
    secrets: tuple[str, ...] = ()
    if org is not None:
        secrets = senders.live_secrets(
            settings.current().vapi_signing_keys,
            org.id,
            org.vapi_secret_generation,
            org.previous_secret_expires_at,
            now,
        )
    return senders.verify_vapi(headers, body, secrets, now)


def forget() -> None:
    """Forget every clinic (for tests, and after a change of settings in the same process)."""
    _remembered.clear()


def service_meant(org: Org, spoken: str) -> str:
    """Return the name of the service a caller's words mean, or the words as they are.

    A name or alias all of whose words were said ("a teeth cleaning, please"; "check up" for "Check-up"), the
    longest one winning; else the only one that has all that was said in it ("cleaning"). A clinic with one
    service means that one. What is not clear is left to the database, which answers with the list.
    """
    if len(org.services) == 1:
        return org.services[0].name
    words = [word for word in names.key_words(spoken) if word not in _SAID_ABOUT_ANY_VISIT]
    said = {*words, *(first + second for first, second in pairwise(words))}
    titles = [
        (service.name, set(names.key_words(title)))
        for service in org.services
        for title in (service.name, *service.aliases)
    ]
    whole = [(len(title), name) for name, title in titles if title and title <= said]
    longest = max((length for length, _ in whole), default=0)
    meant = {name for length, name in whole if length == longest} or {
        name for name, title in titles if words and set(words) <= title
    }
    return meant.pop() if len(meant) == 1 else spoken


def _org(found: dict[str, Any]) -> Org:
    expires = found["previous_secret_expires_at"]
    return Org(
        id=UUID(found["id"]),
        slug=found["slug"],
        name=found["name"],
        zone=ZoneInfo(found["time_zone"]),
        region=found["region"],
        language=found["language"],
        hours=opening_hours(found["hours"]),
        providers=tuple(Provider(UUID(each["id"]), each["name"]) for each in found["providers"]),
        services=tuple(
            Service(UUID(each["id"]), each["name"], tuple(each["aliases"]), each["duration_minutes"])
            for each in found["services"]
        ),
        vapi_secret_generation=found["vapi_secret_generation"],
        previous_secret_expires_at=datetime.fromisoformat(expires) if expires else None,
        texts=found["texts"],
    )


def opening_hours(rows: list[dict[str, Any]]) -> OpeningHours:
    """Merge the providers' hours, [{weekday, opens, closes}], into the clinic's: open when anybody is."""
    days: list[list[tuple[clock, clock]]] = [[] for _ in range(7)]
    for row in sorted(rows, key=lambda row: (row["weekday"], row["opens"])):
        # Postgres knows 24:00; Python's last moment of a day is the one before it.
        closes = clock.max if row["closes"] == "24:00:00" else clock.fromisoformat(row["closes"])
        opens, day = clock.fromisoformat(row["opens"]), days[row["weekday"] - 1]
        if day and opens <= day[-1][1]:
            day[-1] = (day[-1][0], max(day[-1][1], closes))
        else:
            day.append((opens, closes))
    return OpeningHours(tuple(tuple(day) for day in days))
