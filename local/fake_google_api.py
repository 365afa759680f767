"""Google's Calendar API v3, the part a booking needs, as its own client library speaks it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from local import fake_google_errors as errors
from local.fake_google_errors import Refusal
from local.fake_google_faults import WRITES, Trouble
from local.fake_google_fields import only_fields
from local.fake_google_push import Pushes
from local.fake_google_store import CALENDAR, Access, Diary, Store, primary

PREFIX = "/calendar/v3"
EVENT_ID = web.RequestKey("event_id", str)  # of an event whose id the path does not name
MOST_BODY = 1_000_000
# Which grants let a client call what (the discovery document's `scopes`, revision 20261030).
_READS = ("events", "events.owned", "events.readonly", "events.owned.readonly", "readonly", "events.freebusy")
SCOPES = {
    **dict.fromkeys(WRITES, ("events", "events.owned")),
    **dict.fromkeys(("get", "list", "instances", "watch"), _READS),
    "stop": (*_READS, "calendarlist", "calendarlist.readonly"),
    "calendars": ("calendarlist", "calendarlist.readonly", "readonly"),
    "calendar": ("calendars", "calendars.readonly", "readonly"),
    "freebusy": ("freebusy", "events.freebusy", "readonly"),
}


@dataclass(frozen=True, slots=True)
class Google:
    """The fake's parts."""

    store: Store
    trouble: Trouble
    pushes: Pushes
    client_secret: str
    redirect_uris: frozenset[str]  # empty: any of this machine, and any https


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated call of the API."""

    google: Google
    access: Access
    request: web.Request
    body: dict[str, Any]

    @property
    def store(self) -> Store:
        """Return the store."""
        return self.google.store

    def diary(self, *, to_write: bool = False) -> Diary:
        """Find the calendar the path names."""
        calendar, faults = self.request.match_info["calendar"], self.google.trouble.faults
        return self.store.diary(self.access.email, calendar, faults, to_write=to_write)


Handler = Callable[[Call], Awaitable[web.Response] | web.Response]


def answering(
    google: Google, method: str, handler: Handler
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Wrap a handler of the API: who calls, which fault befalls the call, how a refusal is written."""
    # calendars.get needs another grant than calendarList, but for faults they are the same.
    named = "calendars" if method == "calendar" else method

    async def answer(request: web.Request) -> web.Response:
        fault = google.trouble.on_call(named)
        access: Access | None = None
        done = False
        try:
            access = _authenticate(google, request, method)
            call = Call(google, access, request, await _body(request))
            _before(fault, call)
            if fault == "timeout_before":
                response = await _silence(google, request)
            else:
                made = handler(call)
                response, done = (made if isinstance(made, web.Response) else await made), True
                response = await _after(fault, call, response)
        except Refusal as refusal:
            response = _refused(google, refusal)
        if named in WRITES:
            # Whoever got no answer saw no status.
            status = None if response.status == 504 else response.status
            _note(google, request, named, fault, access, status, done=done)
        return response

    return answer


def _authenticate(google: Google, request: web.Request, method: str) -> Access:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    access = google.store.tokens.get(token.strip())
    if scheme.lower() != "bearer" or access is None or access.expires_at <= google.store.now():
        raise errors.unauthorized()
    if access.email in google.trouble.faults.token_revoked and access.client_id == google.store.client_id:
        raise errors.unauthorized()
    good = {CALENDAR, *(f"{CALENDAR}.{name}" for name in SCOPES[method])}
    if not good & set(access.scopes):
        raise errors.insufficient_scopes()
    return access


def _refused(google: Google, refusal: Refusal) -> web.Response:
    response = web.json_response(refusal.body(), status=refusal.status)
    if refusal.status == 401:
        response.headers["www-authenticate"] = 'Bearer realm="https://accounts.google.com/"'
    pause = google.trouble.faults.retry_after_seconds
    if refusal.reason == "rateLimitExceeded" and pause:
        response.headers["retry-after"] = f"{pause:.0f}"
    return response


async def _body(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict) or len(raw) > MOST_BODY:
        raise Refusal(400, "parseError", "Parse Error")
    return body


def _before(fault: str | None, call: Call) -> None:
    match fault:
        case "error_401":
            raise errors.unauthorized()
        case "error_403_rate" | "error_429":
            raise errors.rate_limited(403 if fault == "error_403_rate" else 429)
        case "error_500_before":
            raise errors.backend_error()
        case "error_412" if "if-match" in call.request.headers:
            diary = call.diary()
            kept = diary.events.get(call.request.match_info["event"])
            if kept is not None:
                call.store.put(diary, dict(kept.resource))
        case _:
            pass


async def _after(fault: str | None, call: Call, response: web.Response) -> web.Response:
    match fault:
        case "error_409":
            raise errors.duplicate()
        case "error_410":
            raise errors.deleted()
        case "error_500_after":
            raise errors.backend_error()
        case "timeout_after":
            return await _silence(call.google, call.request)
        case _:
            return response


async def _silence(google: Google, request: web.Request) -> web.Response:
    """Say nothing until nobody waits any more, then hang up."""
    await asyncio.sleep(google.trouble.faults.hold_seconds)
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=504)


def _note(
    google: Google, request: web.Request, method: str, fault: str | None,
    access: Access | None, status: int | None, *, done: bool,
) -> None:  # fmt: skip
    calendar = request.match_info["calendar"]
    if calendar == "primary" and access is not None:
        calendar = primary(google.store.accounts[access.email])
    google.store.writes.append(
        {
            "at": google.store.now(),
            "method": method,
            "calendar": calendar,
            "event_id": request.match_info.get("event") or request.get(EVENT_ID),
            "status": status,
            "done": done,
            "fault": fault,
            # Nobody but our client comes with a token that is over.
            "by": access.client_id if access is not None else google.store.client_id,
        }
    )


def answered(call: Call, content: dict[str, Any], etag: str | None = None) -> web.Response:
    """Write an answer, with nothing but the `fields` that were asked for."""
    fields = call.request.query.get("fields")
    headers = {"etag": etag} if etag else {}
    if content.get("kind") == "calendar#event":
        call.request[EVENT_ID] = content["id"]
    return web.json_response(only_fields(content, fields) if fields else content, headers=headers)
