"""Recurring events: their instances, exactly by the wall clock of the event's own zone."""

from datetime import UTC, date, datetime, timedelta

from local.fake_google_events import cancelled, utc_name
from local.fake_google_rules import starts
from local.fake_google_store import Diary, Kept, Resource, Store
from local.fake_google_times import moment_of, written, zone_of

# A series without an end has to end somewhere when it is expanded; how far Google goes is not published.
HORIZON_DAYS = 730
MOST_INSTANCES = 3000


def instances(diary: Diary, master: Kept) -> list[Kept]:
    """Give a series' instances as events, also those changed one by one, as the series has them."""
    resource = master.resource
    zone, named = zone_of(diary.time_zone), resource["start"].get("timeZone", diary.time_zone)
    length = moment_of(resource["end"], zone) - moment_of(resource["start"], zone)
    last = datetime.now(UTC) + timedelta(days=HORIZON_DAYS)
    found: list[Kept] = []
    for begins in starts(resource["recurrence"], resource["start"]):
        if len(found) >= MOST_INSTANCES or begins.astimezone(UTC) > last:
            break
        if "date" in resource["start"]:
            days = date.fromisoformat(resource["end"]["date"]) - date.fromisoformat(resource["start"]["date"])
            start, end = {"date": f"{begins:%Y-%m-%d}"}, {"date": f"{begins + days:%Y-%m-%d}"}
        else:
            # The length is real time: a night shift over the change of clocks is as long as all others.
            ends = begins.astimezone(UTC) + length
            start, end = written(begins, zone, named), written(ends, zone, named)
        found.append(Kept(_instance(resource, start, end, diary.time_zone), master.change, master.number))
    return found


def instance(diary: Diary, event_id: str) -> Kept | None:
    """Find an instance by its id, unless it was changed by itself (then it is an event of the calendar)."""
    master_id, _, moment = event_id.rpartition("_")
    master = diary.events.get(master_id)
    if not moment or master is None or master.cancelled or not master.resource.get("recurrence"):
        return None
    return next((one for one in instances(diary, master) if one.id == event_id), None)


def is_series(kept: Kept) -> bool:
    """Tell whether it is a recurring event as a whole."""
    return bool(kept.resource.get("recurrence"))


def settle(store: Store, diary: Diary, before: Kept, after: Kept) -> None:
    """Say of every instance a changed or deleted series no longer has that it is cancelled."""
    if not is_series(before):
        return
    now_there = set()
    if not after.cancelled and is_series(after):
        now_there = {one.id for one in instances(diary, after)}
    for gone in instances(diary, before):
        if gone.id not in now_there and gone.id not in diary.events:
            state = cancelled(gone.resource)
            store.put_vanished(diary, Kept(state, after.change, after.number))
    for back in now_there & set(diary.vanished):
        del diary.vanished[back]
    for exception in exceptions(diary, after.id):
        if exception.id not in now_there and not exception.cancelled:
            store.put(diary, cancelled(exception.resource))


def exceptions(diary: Diary, master_id: str) -> list[Kept]:
    """Give the instances of a series that were changed one by one."""
    return [one for one in diary.events.values() if one.resource.get("recurringEventId") == master_id]


def _instance(master: Resource, start: dict[str, str], end: dict[str, str], zone_name: str) -> Resource:
    resource = {name: value for name, value in master.items() if name != "recurrence"}
    return resource | {
        "id": f"{master['id']}_{utc_name(start, zone_name)}",
        "recurringEventId": master["id"],
        "originalStartTime": start,
        "start": start,
        "end": end,
    }
