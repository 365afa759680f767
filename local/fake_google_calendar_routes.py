"""The API's methods: events, calendars, channels, freeBusy."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from local import fake_google_errors as errors
from local.fake_google_api import EVENT_ID, PREFIX, Call, Google, Handler, answered, answering
from local.fake_google_errors import Refusal
from local.fake_google_events import cancelled, new_event, patched, replaced, shown
from local.fake_google_lists import list_events
from local.fake_google_push import as_resource
from local.fake_google_series import instance, instances, is_series, settle
from local.fake_google_store import HAND, Account, Diary, FakeCalendar, Kept, Resource, primary
from local.fake_google_times import moment_of, parse_moment, rfc_3339, zone_of

EVENTS = PREFIX + "/calendars/{calendar}/events"
EVENT = EVENTS + "/{event}"
LISTED = PREFIX + "/users/me/calendarList"
MOST_BUSY_CALENDARS = 50
ROLES = ("freeBusyReader", "reader", "writer", "owner")


def routes(google: Google) -> list[web.RouteDef]:
    """Give the API's routes."""

    def on(verb: str, path: str, method: str, handler: Handler) -> web.RouteDef:
        return web.route(verb, path, answering(google, method, handler))

    return [
        on("POST", EVENTS, "insert", _insert),
        on("GET", EVENTS, "list", _list),
        on("POST", EVENTS + "/watch", "watch", _watch),
        on("GET", EVENT, "get", _get),
        on("PUT", EVENT, "update", _update),
        on("PATCH", EVENT, "patch", _patch),
        on("DELETE", EVENT, "delete", _delete),
        on("GET", EVENT + "/instances", "instances", _instances),
        on("GET", LISTED, "calendars", _list_calendars),
        on("GET", LISTED + "/{calendar}", "calendars", _get_listed),
        on("GET", PREFIX + "/calendars/{calendar}", "calendar", _get_calendar),
        on("POST", PREFIX + "/channels/stop", "stop", _stop),
        on("POST", PREFIX + "/freeBusy", "freebusy", _free_busy),
        # aiohttp matches in order: only what none of the above answers comes here.
        web.route("*", PREFIX + "/{rest:.*}", _nothing_here),
    ]


async def _nothing_here(request: web.Request) -> web.Response:
    refusal = errors.not_played(f"{request.method} {request.path}")
    return web.json_response(refusal.body(), status=refusal.status)


def _insert(call: Call) -> web.Response:
    diary = call.diary(to_write=True)
    resource = new_event(diary, call.access.email, call.body, call.store.now())
    call.request[EVENT_ID] = resource["id"]
    if resource["id"] in diary.events:
        raise errors.duplicate()
    return _event(call, diary, call.store.put(diary, resource))


def _list(call: Call) -> web.Response:
    diary, faults = call.diary(), call.google.trouble.faults
    return answered(call, list_events(diary, call.request.query, faults, call.store.era))


def _instances(call: Call) -> web.Response:
    diary, faults = call.diary(), call.google.trouble.faults
    series = diary.events.get(call.request.match_info["event"])
    if series is None or not is_series(series):
        raise errors.not_found()
    return answered(call, list_events(diary, call.request.query, faults, call.store.era, series.id))


def _get(call: Call) -> web.Response:
    diary = call.diary()
    kept = _found(call, diary)
    if call.request.headers.get("if-none-match") == kept.etag:
        return web.Response(status=304, headers={"etag": kept.etag})
    return _event(call, diary, kept)


def _update(call: Call) -> web.Response:
    diary, before = _to_change(call)
    return _changed(call, diary, before, replaced(diary, before.resource, call.body))


def _patch(call: Call) -> web.Response:
    diary, before = _to_change(call)
    return _changed(call, diary, before, patched(diary, before.resource, call.body))


def _delete(call: Call) -> web.Response:
    diary = call.diary(to_write=True)
    before = _found(call, diary)
    if before.cancelled:
        raise errors.deleted()
    _check_etag(call, before)
    after = call.store.put(diary, cancelled(before.resource))
    settle(call.store, diary, before, after)
    return web.Response(status=204)


def _to_change(call: Call) -> tuple[Diary, Kept]:
    diary = call.diary(to_write=True)
    before = _found(call, diary)
    # A person takes an event back out of the bin; a client that updates what was deleted is forbidden to
    # (python-client#846, ruby-client#1811).
    restores = call.access.client_id == HAND and call.body.get("status") == "confirmed"
    if before.cancelled and not restores:
        raise errors.forbidden()
    _check_etag(call, before)
    return diary, before


def _changed(call: Call, diary: Diary, before: Kept, resource: Resource) -> web.Response:
    after = call.store.put(diary, resource)
    settle(call.store, diary, before, after)
    return _event(call, diary, after)


def _found(call: Call, diary: Diary) -> Kept:
    event_id = call.request.match_info["event"]
    kept = diary.events.get(event_id) or diary.vanished.get(event_id) or instance(diary, event_id)
    if kept is None:
        raise errors.not_found()
    return kept


def _check_etag(call: Call, kept: Kept) -> None:
    wanted = call.request.headers.get("if-match", "*")
    if wanted != "*" and kept.etag not in [one.strip() for one in wanted.split(",")]:
        raise errors.condition_not_met()


def _event(call: Call, diary: Diary, kept: Kept) -> web.Response:
    return answered(call, shown(kept, diary, call.request.query.get("timeZone")), kept.etag)


def _watch(call: Call) -> web.Response:
    channel = call.google.pushes.open(call.access, call.diary().id, call.body)
    return answered(call, as_resource(channel))


def _stop(call: Call) -> web.Response:
    call.google.pushes.stop_channel(call.access, call.body)
    return web.Response(status=204)


def _list_calendars(call: Call) -> web.Response:
    account, query = call.store.accounts[call.access.email], call.request.query
    least = query.get("minAccessRole", ROLES[0])
    if least not in ROLES:
        raise errors.invalid(f"Invalid value for: {least} is not a valid value", "parameter:minAccessRole")
    seen = [
        one
        for one in account.calendars
        if one.id not in call.google.trouble.faults.calendar_gone
        and ROLES.index(one.access_role) >= ROLES.index(least)
    ]
    token, size = query.get("pageToken", "0"), query.get("maxResults", "100")
    if not token.isdigit() or not size.isdigit() or int(size) < 1:
        raise errors.bad_request("Invalid page token value.")
    first, until = int(token), int(token) + min(int(size), 250)
    answer: dict[str, Any] = {
        "kind": "calendar#calendarList",
        "etag": '"p1"',
        "items": [_listed(account, one) for one in seen[first:until]],
    }
    answer |= {"nextPageToken": str(until)} if until < len(seen) else {"nextSyncToken": "p1"}
    return answered(call, answer)


def _get_listed(call: Call) -> web.Response:
    diary, account = call.diary(), call.store.accounts[call.access.email]
    return answered(call, next(_listed(account, one) for one in account.calendars if one.id == diary.id))


def _get_calendar(call: Call) -> web.Response:
    diary = call.diary()
    known = {"id": diary.id, "summary": diary.summary, "timeZone": diary.time_zone}
    return answered(call, {"kind": "calendar#calendar", "etag": '"c1"'} | known)


def _listed(account: Account, one: FakeCalendar) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "kind": "calendar#calendarListEntry",
        "etag": '"e1"',
        "id": one.id,
        "summary": one.summary,
        "timeZone": one.time_zone,
        "colorId": "1",
        "backgroundColor": "#ac725e",
        "foregroundColor": "#1d1d1d",
        "selected": True,
        "accessRole": one.access_role,
        "defaultReminders": [],
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }
    # Google says it of the primary calendar only.
    return entry | ({"primary": True} if one.id == primary(account) else {})


def _free_busy(call: Call) -> web.Response:
    body = call.body
    items = body.get("items") or []
    if len(items) > MOST_BUSY_CALENDARS:
        raise Refusal(400, "tooManyCalendarsRequested", "Too many calendars requested.")
    least, most = (parse_moment(str(body.get(name, "")), name) for name in ("timeMin", "timeMax"))
    if least >= most:
        raise errors.bad_request("The specified time range is empty.")
    found = {one["id"]: _busy(call, one["id"], least, most) for one in items}
    edges = {"timeMin": rfc_3339(least.astimezone(UTC)), "timeMax": rfc_3339(most.astimezone(UTC))}
    return answered(call, {"kind": "calendar#freeBusy"} | edges | {"calendars": found})


def _busy(call: Call, calendar_id: str, least: datetime, most: datetime) -> Mapping[str, Any]:
    try:
        diary = call.store.diary(call.access.email, calendar_id, call.google.trouble.faults)
    except Refusal:
        return {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
    zone, spans = zone_of(diary.time_zone), []
    for kept in diary.events.values():
        for one in instances(diary, kept) if is_series(kept) and not kept.cancelled else [kept]:
            changed = one is not kept and one.id in diary.events
            if one.cancelled or changed or one.resource.get("transparency") == "transparent":
                continue
            start = max(moment_of(one.resource["start"], zone), least)
            end = min(moment_of(one.resource["end"], zone), most)
            if start < end:
                spans.append((start.astimezone(UTC), end.astimezone(UTC)))
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return {"busy": [{"start": rfc_3339(start), "end": rfc_3339(end)} for start, end in merged]}
