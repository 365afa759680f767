"""A calendar as Google lists it, page by page, reduced to what matters to us."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from functions.calendar_worker import busy, google_calendar, pacing, tokens
from functions.calendar_worker.busy import Item, Span, Window
from functions.calendar_worker.google_calendar import GoogleError

PAGE_SIZE = 2500  # the most Google gives
# Guards against a page token that leads in a circle; beyond two years of anybody's meetings.
MOST_PAGES = 200

# The ids we give (calendar_event_id.sql). Google's own are shorter, or name an instance after an underscore.
_OURS = re.compile(r"[0-9a-f]{40}", re.ASCII)


@dataclass(slots=True)
class Listing:
    """What was listed: busy times by id, ids that keep nobody busy (any more), events with ids like ours."""

    full: bool
    window: Window
    blocks: dict[str, Span] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    ours: dict[str, Item] = field(default_factory=dict)
    sync_token: str | None = None
    time_zone: str | None = None

    def take(self, event_id: str, item: Item) -> None:
        """Sort one event of somebody else's; of one that is listed twice the later stands."""
        self.blocks.pop(event_id, None)
        self.gone.discard(event_id)
        if (span := busy.block_of(item, self.window)) is not None:
            self.blocks[event_id] = span
        else:
            self.gone.add(event_id)


@dataclass(frozen=True, slots=True)
class Source:
    """Where to read: the clinic, the calendar, and the window that matters."""

    org_id: UUID
    google_calendar_id: str
    window: Window


def read(source: Source, sync_token: str | None) -> Listing:
    """Read what changed since `sync_token`, or everything without one or where Google has forgotten it (410).

    Raises GoogleError. Everything means what is not over since `window.starts`: Google's guide for
    synchronising has timeMin in the first listing. Beside a token no filter is allowed, so the window is
    applied here again.
    """
    if sync_token is not None:
        try:
            return _pages(source, sync_token)
        except GoogleError as error:
            if error.status != 410:
                raise
    return _pages(source, None)


def _pages(source: Source, sync_token: str | None) -> Listing:
    listing = Listing(sync_token is None, source.window)
    since = datetime.fromtimestamp(source.window.starts, UTC).isoformat() if listing.full else None
    page_token: str | None = None
    for _ in range(MOST_PAGES):
        pacing.charge(source.org_id)
        asked = partial(
            google_calendar.list_events,
            calendar_id=source.google_calendar_id,
            sync_token=sync_token,
            page_token=page_token,
            page_size=PAGE_SIZE,
            time_min=since,
        )
        page = tokens.call(source.org_id, asked)
        _take(listing, page)
        page_token = page.get("nextPageToken")
        if not page_token:
            # Only the last page has it: without it the next reading is a full one.
            listing.sync_token = page.get("nextSyncToken")
            return listing
    raise GoogleError(0, "endless")


def _take(listing: Listing, page: Mapping[str, Any]) -> None:
    listing.time_zone = page.get("timeZone") or listing.time_zone
    zone = zone_of(listing.time_zone, listing.window.zone)
    listing.window = replace(listing.window, zone=zone)
    for item in page.get("items", ()):
        event_id = item.get("id")
        if event_id and _OURS.fullmatch(event_id):
            listing.ours[event_id] = item
        elif event_id:
            listing.take(event_id, item)


def zone_of(name: str | None, otherwise: ZoneInfo) -> ZoneInfo:
    """Return the zone of that name; `otherwise` where this system does not know it."""
    try:
        return ZoneInfo(name) if name else otherwise
    except (KeyError, ValueError, OSError):
        return otherwise
