"""Google's Calendar API v3: one function a request, and one error for whatever is refused.

The only file that imports googleapiclient, and only when the first request is made: the HTTP handler that
merely takes notifications must not pay 0.7 s for it. Nothing in here repeats a request: what a refusal means
is for error_classes.py, and when to try again for the database.
"""

import json
import logging
import re
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPException
from typing import Any

from frontdesk.errors import FrontdeskError

# Seconds, for connecting and for each read. A worker has sixty for a batch of five.
TIMEOUT_SECONDS = 10
ROOT = "https://www.googleapis.com"
MOST_CALENDARS = 2000  # pages of 250; somebody with more picks from the first ones
MOST_RETRY_AFTER = 15 * 60.0

Event = dict[str, Any]

_REASON = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}", re.ASCII)

# The client writes each address, and a calendar's address is an e-mail address.
for _name in ("googleapiclient", "google_auth_httplib2"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

_here = threading.local()


@dataclass(frozen=True, slots=True)
class Caller:
    """A clinic's way to Google: where it is ('' is Google itself), and the access token."""

    base: str
    access_token: str = field(repr=False)


class GoogleError(FrontdeskError):
    """Google refused or was not reached: `status` is HTTP's (0: no answer that could be read)."""

    def __init__(self, status: int, reason: str, retry_after: float | None = None) -> None:
        # Codes only: Google's own message may quote the event, and with it a patient.
        super().__init__(f"Google answered {status} {reason}.")
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


def insert_event(caller: Caller, calendar_id: str, body: Event) -> Event:
    """Insert an event under the id in `body`; 409 duplicate when the id was ever used there."""
    events = _service(caller.base).events()
    return _run(caller, events.insert(calendarId=calendar_id, body=body, sendUpdates="none"))


def get_event(caller: Caller, calendar_id: str, event_id: str) -> Event:
    """Return an event, a deleted one with status 'cancelled'; 404 when the id was never used."""
    return _run(caller, _service(caller.base).events().get(calendarId=calendar_id, eventId=event_id))


def update_event(caller: Caller, calendar_id: str, event_id: str, body: Event, etag: str | None) -> Event:
    """Set what `body` says of an event, if it is still the one with that etag (else 412).

    A PATCH: what the provider added to the event, a colour or a note, stays.
    """
    events = _service(caller.base).events()
    request = events.patch(calendarId=calendar_id, eventId=event_id, body=body, sendUpdates="none")
    return _run(caller, request, etag)


def delete_event(caller: Caller, calendar_id: str, event_id: str, etag: str | None) -> None:
    """Delete an event, if it is still the one with that etag (else 412); 410 when it was deleted before."""
    events = _service(caller.base).events()
    _run(caller, events.delete(calendarId=calendar_id, eventId=event_id, sendUpdates="none"), etag)


def list_events(
    caller: Caller,
    calendar_id: str,
    *,
    sync_token: str | None = None,
    page_token: str | None = None,
    page_size: int = 2500,
    time_min: str | None = None,
    private_property: str | None = None,
) -> Event:
    """Return one page as Google gives it: items, nextPageToken or nextSyncToken, timeZone.

    Recurring events come as their instances (singleEvents). `time_min` (RFC 3339) and `private_property`
    ("name=value") are for listings without a sync token; Google refuses them beside one (400). 410 when the
    sync token is too old.
    """
    asked = {
        "calendarId": calendar_id,
        "singleEvents": True,
        "maxResults": page_size,
        "syncToken": sync_token,
        "pageToken": page_token,
        "timeMin": time_min,
        "privateExtendedProperty": private_property,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    return _run(caller, _service(caller.base).events().list(**given))


def list_calendars(caller: Caller) -> list[Event]:
    """Return the calendars in the account's list, those shared with it too, of all pages."""
    found: list[Event] = []
    token: str | None = None
    while len(found) < MOST_CALENDARS:
        more = {"pageToken": token} if token else {}
        page = _run(caller, _service(caller.base).calendarList().list(maxResults=250, **more))
        found += page.get("items", [])
        token = page.get("nextPageToken")
        if not token:
            break
    return found


def get_calendar(caller: Caller, calendar_id: str) -> Event:
    """Return a calendar's {id, summary, timeZone, accessRole}; 404 when it is gone, 403 when not ours to see.

    Read off a listing of its events: that needs no more than the scope for events, and no place in the
    account's list of calendars.
    """
    page = _run(caller, _service(caller.base).events().list(calendarId=calendar_id, maxResults=1))
    return {"id": calendar_id, **{name: page.get(name) for name in ("summary", "timeZone", "accessRole")}}


def watch(
    caller: Caller, calendar_id: str, channel_id: str, address: str, token: str, ttl_seconds: int
) -> Event:
    """Have Google tell `address` of changes; returns {resourceId, expiration (ms, as text), ...}."""
    body = {
        "id": channel_id,
        "type": "web_hook",
        "address": address,
        "token": token,
        "params": {"ttl": str(ttl_seconds)},
    }
    return _run(caller, _service(caller.base).events().watch(calendarId=calendar_id, body=body))


def stop_channel(caller: Caller, channel_id: str, resource_id: str) -> None:
    """Stop a channel; 404 when Google does not know it (any more)."""
    body = {"id": channel_id, "resourceId": resource_id}
    _run(caller, _service(caller.base).channels().stop(body=body))


@cache
def _service(base: str) -> Any:
    """Build the client from the discovery document it ships with: no request, and none to Google's CDN."""
    import httplib2
    from googleapiclient.discovery import build

    # The path is part of the endpoint: without it requests would go to /calendars/... (measured).
    endpoint = f"{base or ROOT}/calendar/v3/"
    return build(
        "calendar",
        "v3",
        http=httplib2.Http(timeout=TIMEOUT_SECONDS),
        static_discovery=True,
        cache_discovery=False,
        client_options={"api_endpoint": endpoint},
    )


def _http() -> Any:
    """Return this thread's connection: httplib2's must not be shared by two."""
    import httplib2

    if getattr(_here, "http", None) is None:
        _here.http = httplib2.Http(timeout=TIMEOUT_SECONDS)
        # A redirect could take the token to somebody else.
        _here.http.follow_redirects = False
    return _here.http


def _run(caller: Caller, request: Any, etag: str | None = None) -> Event:
    """Send one request and return its JSON; raises GoogleError for everything that is no answer."""
    import httplib2
    from googleapiclient.errors import Error, HttpError

    request.headers["authorization"] = f"Bearer {caller.access_token}"
    if etag is not None:
        request.headers["If-Match"] = etag
    try:
        answer = request.execute(http=_http(), num_retries=0)
    except HttpError as error:
        # After `from None` and codes only: the original carries the address and Google's words.
        raise _refusal(int(error.resp.status), error.content, error.resp) from None
    except (TimeoutError, socket.gaierror, ConnectionError):
        _forget_connection()
        raise GoogleError(0, "unreachable") from None
    except (Error, httplib2.HttpLib2Error, HTTPException, OSError, ValueError):
        _forget_connection()
        raise GoogleError(0, "unreadable") from None
    return answer if isinstance(answer, dict) else {}


def _forget_connection() -> None:
    """Drop a connection of which nobody knows what is still on its way."""
    held, _here.http = getattr(_here, "http", None), None
    if held is not None:
        held.close()


def _refusal(status: int, content: bytes, headers: Mapping[str, str]) -> GoogleError:
    return GoogleError(status, _reason(content), _retry_after(headers.get("retry-after", "")))


def _reason(content: bytes) -> str:
    """Read the code of a refusal: error.errors[0].reason, or what newer APIs put into error.status."""
    try:
        told = json.loads(content)["error"]
        reason = told["errors"][0]["reason"] if told.get("errors") else told["status"]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return "unknown"
    return reason if isinstance(reason, str) and _REASON.fullmatch(reason) else "unknown"


def _retry_after(text: str) -> float | None:
    return min(float(text), MOST_RETRY_AFTER) if text.isascii() and text.isdecimal() else None
