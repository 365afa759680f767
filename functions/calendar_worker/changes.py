"""Our own events that somebody else changed or deleted in Google: look again, then let the rule decide.

What a listing says may be older than our own last write. So what we know is read first, then the event is
fetched, and the rule (take_over_calendar_move, appointment_deleted_in_google) compares under its lock whether
what we knew still holds; if not, all of it is done again.
"""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Any
from uuid import UUID

from frontdesk import calendar_sync, log, outbox
from functions.calendar_worker import busy, google_calendar, pacing, tokens
from functions.calendar_worker.busy import Item
from functions.calendar_worker.google_calendar import GoogleError
from functions.calendar_worker.listing import Listing, Source

ITEMS_PER_CALL = 100
# More visits than this deleted at once look like an accident (a calendar that was cleared, an app gone wild),
# and texting that many patients cannot be taken back.
MOST_DELETED = 20
# Seconds between looks at an event that is just being written; a write takes less than one.
PAUSES = (0.3, 0.7, 1.5, 3.0)


@dataclass(slots=True)
class Found:
    """Our events in a listing: entries that need a decision, and ids of events nobody here knows any more."""

    changed: list[dict[str, Any]] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)


def find(source: Source, calendar_id: UUID, listing: Listing, expected: Iterable[str]) -> Found:
    """Say which of our events need a decision; what only looks like ours is sorted as the provider's own.

    `expected`: ids that should be in a full listing; one that is not there may be gone.
    """
    missing = set(expected) - set(listing.ours) if listing.full else set()
    items = [_stated(event_id, item) for event_id, item in listing.ours.items()]
    items += [_stated(event_id, {"status": "cancelled"}) for event_id in missing]
    found, known = Found(), set()
    for part in batched(items, ITEMS_PER_CALL, strict=False):
        told = calendar_sync.changed_events(source.org_id, calendar_id, part)
        known.update(told["known"])
        found.changed += told["changed"]
    for entry in found.changed:
        entry["missing"] = entry["id"] in missing
        entry["gone"] = entry["missing"] or listing.ours[entry["id"]].get("status") == "cancelled"
    for event_id in set(listing.ours) - known:
        item = listing.ours[event_id]
        if item.get("status") != "cancelled" and _is_from(source.org_id, item):
            found.leftovers.append(event_id)
        else:
            listing.take(event_id, item)
    return found


def settle(source: Source, calendar_id: UUID, changed: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Decide each of them and count the outcomes; 'again' are those to be looked at again soon."""
    outcomes: Counter[str] = Counter()
    deleted = sum(each["gone"] for each in changed)
    hold = "many_deleted" if deleted > MOST_DELETED else None
    for known in changed:
        told = _settle(source, calendar_id, known, hold)
        outcomes[told["outcome"]] += 1
        outbox.publish_later(source.org_id, told.get("outbox"))
        log.info(
            "calendar event changed",
            org_id=str(source.org_id),
            calendar_id=str(calendar_id),
            appointment_id=known["appointment_id"],
            outcome=told["outcome"],
            reason=told.get("reason"),
        )
    return outcomes


def _settle(source: Source, calendar_id: UUID, known: Mapping[str, Any], hold: str | None) -> dict[str, Any]:
    """Fetch the event and ask the rule, until what we knew before is what we know after."""
    for pause in PAUSES:
        item = _fetch(source, known)
        if not known["leased"]:
            told = _decide(source.org_id, calendar_id, known, item, hold)
            if told["outcome"] != "again":
                return told
        time.sleep(pause)
        fresh = calendar_sync.changed_events(source.org_id, calendar_id, [_stated(known["id"], item)])
        if not fresh["changed"]:
            return {"outcome": "echo"}
        known = {**known, **fresh["changed"][0]}
    return {"outcome": "again"}


def _decide(
    org_id: UUID, calendar_id: UUID, known: Mapping[str, Any], item: Item, hold: str | None
) -> dict[str, Any]:
    if item.get("status") == "cancelled":
        return calendar_sync.deleted(org_id, calendar_id, known, item.get("hold") or hold)
    starts_at, ends_at = busy.exact_times(item)
    rev = _private(item).get("rev", "")
    return calendar_sync.take_over(
        org_id, calendar_id, known, starts_at, ends_at, item["etag"], int(rev) if rev.isdecimal() else None
    )


def _fetch(source: Source, known: Mapping[str, Any]) -> Item:
    """Return the event as it is now; of one that Google does not have, a cancelled one.

    An event nobody told us was deleted, and of which Google knows nothing (not even that it was deleted), was
    lost, not cancelled: for that no patient is sent away.
    """
    pacing.charge(source.org_id)
    try:
        return tokens.call(
            source.org_id,
            lambda caller: google_calendar.get_event(caller, source.google_calendar_id, known["id"]),
        )
    except GoogleError as error:
        if error.status not in {404, 410}:
            raise
        lost = error.status == 404 and (known["missing"] or not known["gone"])
        return {"status": "cancelled", "hold": "lost" if lost else None}


def _stated(event_id: str, item: Item) -> dict[str, Any]:
    """State an event as changed_calendar_events wants it."""
    starts_at, ends_at = busy.exact_times(item)
    return {
        "id": event_id,
        "etag": item.get("etag"),
        "starts": int(starts_at.timestamp()) if starts_at else None,
        "ends": int(ends_at.timestamp()) if ends_at else None,
        "gone": item.get("status") == "cancelled",
    }


def _is_from(org_id: UUID, item: Item) -> bool:
    private = _private(item)
    return private.get("src") == "frontdesk" and private.get("org_id") == str(org_id)


def _private(item: Item) -> Mapping[str, str]:
    return (item.get("extendedProperties") or {}).get("private") or {}
