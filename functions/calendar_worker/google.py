"""The HTTP side of calendars: connecting a clinic's Google account, and what Google notifies us of.

GET connect, GET calendars and POST disconnect are for the clinic's admins (API Gateway checks the JWT); GET
callback is where Google sends the browser back, POST notifications where Google itself knocks.
"""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from frontdesk import db, log, settings, staff
from frontdesk.errors import CredentialsError, DatabaseUnavailableError, FrontdeskError, SettingsError
from functions.calendar_worker import connection, notifications
from functions.calendar_worker.google_calendar import GoogleError
from functions.calendar_worker.tokens import ConnectionPausedError

COOKIE = "frontdesk_google"
COOKIE_SECONDS = 600
# Seconds: shorter than the function's twelve, longer than two requests to Google.
DB_SECONDS = 10.0
MOST_QUERY = 4096

Event = dict[str, Any]
Response = dict[str, Any]

_PREFIX = "/api/google/"
_NO_STORE = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def handler(event: Event, _context: object) -> Response:
    """Answer one HTTP API event (payload format 2.0)."""
    path, method = str(event.get("rawPath", "")), _method(event)
    route = path[path.find(_PREFIX) + len(_PREFIX) :] if _PREFIX in path else ""
    answer = _ROUTES.get((method, route))
    if answer is None:
        return _problem(404, "not_found", "There is nothing here.")
    with db.within(DB_SECONDS):
        return answer(event)


def _callback(event: Event) -> Response:
    """Take somebody back from Google; always back to the board, which says in words what the code means."""
    query = _query(event)
    try:
        code = connection.finish(
            query.get("state", ""),
            _cookie(event),
            query.get("code", ""),
            query.get("error", ""),
            _redirect_uri(event),
        )
    except FrontdeskError as error:
        _log_failure("callback", error)
        code = "unavailable"
    gone = f"{COOKIE}=; Path=/api/google; HttpOnly; SameSite=Lax; Max-Age=0{_secure(event)}"
    return {"statusCode": 302, "headers": {**_NO_STORE, "location": f"/?google={code}"}, "cookies": [gone]}


def _connect(event: Event, who: staff.Session) -> Response:
    """Send an admin to Google: by a redirect, or by an address for the page to go to."""
    departure = connection.begin(who.org_id, who.staff_id, _redirect_uri(event))
    kept = (
        f"{COOKIE}={departure.browser}; Path=/api/google; HttpOnly; SameSite=Lax; "
        f"Max-Age={COOKIE_SECONDS}{_secure(event)}"
    )
    if "application/json" in _header(event, "accept"):
        return _json(200, {"url": departure.url}) | {"cookies": [kept]}
    return {"statusCode": 302, "headers": {**_NO_STORE, "location": departure.url}, "cookies": [kept]}


def _calendars(_event: Event, who: staff.Session) -> Response:
    return _json(200, {"items": connection.choices(who.org_id), "next": None})


def _disconnect(_event: Event, who: staff.Session) -> Response:
    return _json(200, {"status": "disconnected", "revoked": connection.end(who.org_id, who.actor)})


def _for_admins(act: Callable[[Event, staff.Session], Response]) -> Callable[[Event], Response]:
    """Let only a clinic's admins in, and turn what can fail into problems."""

    def answer(event: Event) -> Response:
        try:
            who = _admin(event)
            return act(event, who) if isinstance(who, staff.Session) else who
        except ConnectionPausedError:
            return _problem(409, "google_not_connected", "The clinic is not connected with Google.")
        except SettingsError as error:
            _log_failure("settings", error)
            return _problem(503, "not_configured", "Google is not set up for this installation.")
        except GoogleError as error:
            log.error("google refused", status=error.status, reason=error.reason)
            return _problem(502, "google_unavailable", "Google did not answer as it should. Try again.")
        except FrontdeskError as error:
            _log_failure(act.__name__, error)
            return _problem(503, "unavailable", "Try again in a moment.", {"retry-after": "5"})

    return answer


def _admin(event: Event) -> staff.Session | Response:
    """Return who asks, or the problem that they may not."""
    claims = staff.claims_of(event)
    if claims is None:
        return _problem(401, "not_signed_in", "Sign in first.")
    who = staff.session(claims, _header(event, "x-org") or None)
    if who is None:
        return _problem(403, "not_staff", "Nobody has invited this account to this clinic.")
    return who if who.may("admin") else _problem(403, "role_too_low", "This needs the role admin.")


def _log_failure(reason: str, error: FrontdeskError) -> None:
    known = isinstance(error, DatabaseUnavailableError | CredentialsError | SettingsError)
    write = log.info if known else log.error
    write(
        "google route failed",
        reason=reason,
        error=type(error).__name__,
        sqlstate=getattr(error, "sqlstate", None),
    )


def _base_url(event: Event) -> str:
    """Return what the world calls us: the setting, else the domain API Gateway matched; never a header."""
    known = settings.current().public_base_url
    return known or f"https://{(event.get('requestContext') or {}).get('domainName', '')}"


def _redirect_uri(event: Event) -> str:
    return f"{_base_url(event)}{_PREFIX}callback"


def _secure(event: Event) -> str:
    return "; Secure" if _base_url(event).startswith("https://") else ""


def _method(event: Event) -> str:
    http = (event.get("requestContext") or {}).get("http") or {}
    return str(http.get("method", ""))


def _header(event: Event, name: str) -> str:
    headers = event.get("headers")
    return str(headers.get(name, "")) if isinstance(headers, Mapping) else ""


def _query(event: Event) -> dict[str, str]:
    """Read the query, each name's first value; one that is too long is none of Google's."""
    raw = str(event.get("rawQueryString") or "")[:MOST_QUERY]
    return {name: values[0] for name, values in parse_qs(raw, errors="replace").items()}


def _cookie(event: Event) -> str:
    for each in event.get("cookies") or ():
        name, _, value = str(each).partition("=")
        if name.strip() == COOKIE:
            return value.strip()
    return ""


def _json(status: int, body: Any, content_type: str = "application/json") -> Response:
    headers = {**_NO_STORE, "content-type": content_type}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}


def _problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with problem+json (RFC 9457), as the staff API does."""
    told = {
        "type": f"/problems/{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    answer = _json(status, told, "application/problem+json")
    answer["headers"] |= dict(headers or {})
    return answer


_ROUTES: Mapping[tuple[str, str], Callable[[Event], Response]] = {
    ("GET", "connect"): _for_admins(_connect),
    ("GET", "callback"): _callback,
    ("GET", "calendars"): _for_admins(_calendars),
    ("POST", "disconnect"): _for_admins(_disconnect),
    ("POST", "notifications"): notifications.receive,
}
