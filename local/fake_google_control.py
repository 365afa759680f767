"""The switches for whoever tests: faults, a fresh start, and everything that is to be seen."""

import json
from dataclasses import asdict
from typing import Any

from aiohttp import web

from local.fake_google_api import Google
from local.fake_google_events import shown
from local.fake_google_faults import BadFaultsError, Faults, as_json, parse_faults
from local.fake_google_store import CALENDAR, GRANTED, HAND, OPENID, Grant

LONGEST_TOKEN_SECONDS = 30 * 86_400


def routes(google: Google) -> list[web.RouteDef]:
    """Give the switches' routes."""
    return [*_looks(google), *_switches(google)]


def _looks(google: Google) -> list[web.RouteDef]:
    store = google.store

    async def events(request: web.Request) -> web.Response:
        wanted = request.query.get("calendar")
        if wanted is not None and wanted not in store.diaries:
            return _bad(f"there is no calendar {wanted}; there are {', '.join(store.diaries)}")
        diaries = [diary for diary in store.diaries.values() if wanted in {None, diary.id}]
        return web.json_response(
            [
                shown(kept, diary) | ({} if wanted else {"calendar": diary.id})
                for diary in diaries
                for kept in diary.events.values()
            ]
        )

    async def channels(_: web.Request) -> web.Response:
        return web.json_response([asdict(channel) for channel in store.channels.values()])

    async def journal(_: web.Request) -> web.Response:
        return web.json_response(list(store.writes))

    async def faults(_: web.Request) -> web.Response:
        return _in_force(google)

    return [
        web.get("/events", events),
        web.get("/channels", channels),
        web.get("/journal", journal),
        web.get("/faults", faults),
    ]


def _switches(google: Google) -> list[web.RouteDef]:
    async def set_faults(request: web.Request) -> web.Response:
        wanted = await _json(request)
        try:
            faults = parse_faults(wanted)
        except BadFaultsError as problem:
            return _bad(str(problem))
        return _use(google, faults if wanted else None)

    async def clear_faults(_: web.Request) -> web.Response:
        return _use(google, None)

    async def reset(_: web.Request) -> web.Response:
        google.store.reset()
        _use(google, None)
        return web.json_response({"calendars": list(google.store.diaries)})

    async def grants(request: web.Request) -> web.Response:
        return _grant(google, await _json(request))

    return [
        web.post("/faults", set_faults),
        web.post("/faults/clear", clear_faults),
        web.post("/reset", reset),
        web.post("/grants", grants),
    ]


def _use(google: Google, faults: Faults | None) -> web.Response:
    """Put faults in force, those of the start with None, and tell which they are now."""
    google.trouble.use(faults) if faults else google.trouble.clear()
    google.store.skew = google.trouble.faults.clock_skew_seconds
    return _in_force(google)


def _in_force(google: Google) -> web.Response:
    return web.json_response(as_json(google.trouble.faults) | {"happened": google.trouble.happened})


def _grant(google: Google, wanted: Any) -> web.Response:
    """Revoke an account's grant, make one, or (`hand`) give a token for the person's own doing."""
    store = google.store
    if not isinstance(wanted, dict) or wanted.get("email") not in store.accounts:
        known = ", ".join(store.accounts)
        return _bad(f'ask with {{"email": "...", "revoke": true}}; there are the accounts {known}')
    email = wanted["email"]
    scopes = wanted.get("scopes", [*OPENID, CALENDAR] if wanted.get("hand") else list(GRANTED))
    seconds = wanted.get("seconds", google.trouble.faults.access_token_seconds)
    if not isinstance(seconds, int | float) or not 0 <= seconds <= LONGEST_TOKEN_SECONDS:
        return _bad(f"seconds must be from 0 to {LONGEST_TOKEN_SECONDS}")
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        return _bad('scopes are a list such as ["openid"]')
    if wanted.get("revoke"):
        store.revoke(email, store.client_id)
        return web.json_response({"email": email, "revoked": True})
    client = HAND if wanted.get("hand") else store.client_id
    access = store.issue(email, client, tuple(scopes), seconds)
    told = {"email": email, "access_token": access.token, "expires_in": int(seconds), "scopes": scopes}
    if client == HAND:
        return web.json_response(told)
    refresh_token = wanted.get("refresh_token") or f"1//0{access.token[5:]}"
    store.grant(Grant(refresh_token, email, client, tuple(scopes)))
    return web.json_response(told | {"refresh_token": refresh_token})


async def _json(request: web.Request) -> Any:
    try:
        return json.loads(await request.text())
    except ValueError:
        told = json.dumps({"error": "the body is no JSON"})
        raise web.HTTPBadRequest(text=told, content_type="application/json") from None


def _bad(sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=400)
