"""events.list and events.instances: filters, pages, and what changed since a sync token."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from multidict import MultiMapping

from local.fake_google_errors import bad_request, full_sync_required, invalid
from local.fake_google_events import shown
from local.fake_google_faults import Faults
from local.fake_google_series import instances, is_series
from local.fake_google_store import Diary, Kept, Resource
from local.fake_google_times import moment_of, parse_moment, stamp, zone_of

PAGE_SIZE, LARGEST_PAGE = 250, 2500
# "query parameters that cannot be specified together with nextSyncToken" (events.list, syncToken).
NOT_WITH_TOKEN = (
    "iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty",
    "timeMin", "timeMax", "updatedMin",
)  # fmt: skip
# Lists that are no whole of the calendar give no token to go on from. timeMin and timeMax are no such
# restriction: Google's own guide to syncing begins with them.
NO_TOKEN = ("iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "updatedMin")
# "All other query parameters should be the same as for the initial synchronization to avoid undefined
# behavior": here what is undefined is refused, so that it is noticed.
SAME = ("singleEvents", "eventTypes", "showDeleted")

type Query = MultiMapping[str]
type SortKey = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a list goes on: `until` is the change it began at, `since` the one its sync token named."""

    page: int
    until: int
    since: int | None
    after: SortKey | None


def list_events(diary: Diary, query: Query, faults: Faults, era: str, series: str | None = None) -> Resource:
    """Answer events.list, or events.instances of a `series`; raise the Refusal Google would give."""
    single = series is not None or _flag(query, "singleEvents")
    cursor = _cursor(diary, query, era)
    if cursor.since is not None and 0 < faults.expire_sync_token_at_page <= cursor.page:
        raise full_sync_required()
    key = _order(diary, query, single=single)
    found = sorted(
        (
            (key(kept), kept)
            for kept in _candidates(diary, cursor.since, single=single)
            if (series is None or kept.resource.get("recurringEventId") == series)
            and _wanted(diary, kept, query, cursor.since, single=single)
        ),
        key=lambda pair: pair[0],
    )
    rest = [pair for pair in found if cursor.after is None or pair[0] > cursor.after]
    size = _page_size(query, faults)
    page, more = rest[:size], len(rest) > size
    # Without showDeleted an incremental list tells of a deleted event no more than its id (Event, status).
    bare = faults.cancelled_only_id or not _flag(query, "showDeleted")
    answer: Resource = {
        "kind": "calendar#events",
        "etag": f'"p{diary.changes}"',
        "summary": diary.summary,
        "updated": max((kept.resource["updated"] for _, kept in found), default=stamp(0)),
        "timeZone": diary.time_zone,
        "accessRole": "owner",
        "defaultReminders": [],
        "items": [
            shown(kept, diary, query.get("timeZone"), only_id=kept.cancelled and bare) for _, kept in page
        ],
    }
    if more:
        following = Cursor(cursor.page + 1, cursor.until, cursor.since, page[-1][0])
        answer["nextPageToken"] = _page_token(diary, query, following)
    elif not any(name in query for name in NO_TOKEN) and series is None:
        answer["nextSyncToken"] = _sync_token(diary, query, cursor.until, era)
    return answer


def _candidates(diary: Diary, since: int | None, *, single: bool) -> Iterable[Kept]:
    """Give every event that may be listed; after a token the changed ones (of a series all instances)."""
    least = -1 if since is None else since
    for kept in diary.events.values():
        if single and is_series(kept):
            if kept.change > least and not kept.cancelled:
                yield from (one for one in instances(diary, kept) if one.id not in diary.events)
        elif kept.change > least:
            yield kept
    if single:
        yield from (kept for kept in diary.vanished.values() if kept.change > least)


def _wanted(diary: Diary, kept: Kept, query: Query, since: int | None, *, single: bool) -> bool:
    if kept.cancelled and since is None and not _flag(query, "showDeleted"):
        exception = not single and "recurringEventId" in kept.resource
        if not exception and "updatedMin" not in query:
            return False
    types = query.getall("eventTypes", [])
    if types and kept.resource["eventType"] not in types:
        return False
    return since is not None or _matches(diary, kept, query)


def _matches(diary: Diary, kept: Kept, query: Query) -> bool:
    """Compare with the filters. A list after a sync token has none: it tells of all that changed."""
    resource, zone = kept.resource, zone_of(diary.time_zone)
    if "timeMin" in query and moment_of(resource["end"], zone) <= parse_moment(query["timeMin"], "timeMin"):
        return False
    if "timeMax" in query and moment_of(resource["start"], zone) >= parse_moment(query["timeMax"], "timeMax"):
        return False
    if "iCalUID" in query and resource["iCalUID"] != query["iCalUID"]:
        return False
    if "updatedMin" in query and datetime.fromisoformat(resource["updated"]) < parse_moment(
        query["updatedMin"], "updatedMin"
    ):
        return False
    texts = " ".join(str(resource.get(name, "")) for name in ("summary", "description", "location")).lower()
    if query.get("q", "").lower() not in texts:
        return False
    properties = resource.get("extendedProperties", {})
    return all(
        properties.get(side, {}).get(wanted.partition("=")[0]) == wanted.partition("=")[2]
        for side in ("private", "shared")
        for wanted in query.getall(f"{side}ExtendedProperty", [])
    )


def _order(diary: Diary, query: Query, *, single: bool) -> Callable[[Kept], SortKey]:
    order = query.get("orderBy")
    if order is None:
        return lambda kept: (kept.number, kept.id)
    if order == "updated":
        return lambda kept: (kept.change, kept.id)
    if order != "startTime":
        raise invalid(f"Invalid value for: {order} is not a valid value", "parameter:orderBy")
    if not single:
        raise bad_request("The requested ordering is not available for the particular query.")
    zone = zone_of(diary.time_zone)
    return lambda kept: (moment_of(kept.resource["start"], zone).timestamp(), kept.number, kept.id)


def _page_size(query: Query, faults: Faults) -> int:
    wanted = query.get("maxResults", str(PAGE_SIZE))
    if not wanted.isdigit() or int(wanted) < 1:
        raise invalid(f"Invalid value for: {wanted} is not a valid value", "parameter:maxResults")
    size = min(int(wanted), LARGEST_PAGE)
    return min(size, faults.largest_page) if faults.largest_page else size


def _cursor(diary: Diary, query: Query, era: str) -> Cursor:
    if "timeMin" in query and "timeMax" in query:
        least, most = (parse_moment(query[name], name) for name in ("timeMin", "timeMax"))
        if least >= most:
            raise bad_request("The specified time range is empty.")
    since = _since(diary, query, era) if query.get("syncToken") else None
    if not query.get("pageToken"):
        return Cursor(1, diary.changes, since, None)
    known = _opened(query["pageToken"])
    if known is None or known[:2] != [diary.id, _digest(query, "pageToken", "maxResults")]:
        raise bad_request("Invalid page token value.")
    _, _, page, until, after = known
    return Cursor(page, until, since, tuple(after))


def _since(diary: Diary, query: Query, era: str) -> int:
    if forbidden := [name for name in NOT_WITH_TOKEN if name in query]:
        raise bad_request(f"Sync token cannot be used with {forbidden[0]}.")
    if query.get("showDeleted", "").lower() == "false":
        raise bad_request("Sync token cannot be used with showDeleted set to false.")
    known = _opened(query["syncToken"])
    if known is None:
        raise invalid("Invalid sync token value.", "parameter:syncToken")
    calendar, its_era, options, change = known
    if (calendar, its_era) != (diary.id, era):
        raise full_sync_required()
    if options != _options(query):
        raise bad_request("The sync token belongs to a list with other parameters.")
    return int(change)


def _sync_token(diary: Diary, query: Query, change: int, era: str) -> str:
    return _sealed([diary.id, era, _options(query), change])


def _page_token(diary: Diary, query: Query, cursor: Cursor) -> str:
    digest = _digest(query, "pageToken", "maxResults")
    return _sealed([diary.id, digest, cursor.page, cursor.until, list(cursor.after or ())])


def _options(query: Query) -> list[list[str]]:
    return [[name, *sorted(query.getall(name, []))] for name in SAME if name in query]


def _digest(query: Query, *without: str) -> str:
    pairs = sorted((name, value) for name, value in query.items() if name not in without)
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()[:16]


def _sealed(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _opened(token: str) -> list[Any] | None:
    try:
        values = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError:
        return None
    return values if isinstance(values, list) else None


def _flag(query: Query, name: str) -> bool:
    return query.get(name, "").lower() == "true"
