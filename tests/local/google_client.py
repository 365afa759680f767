"""Google's own client library, sent to the fake."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httplib2
import pytest
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from tests.fake_google import CLIENT_ID, CLIENT_SECRET, OFFICE, FakeGoogleThread

PATEL, NOVAK = "patel@group.calendar.google.com", "novak@group.calendar.google.com"
HOLIDAYS = "holidays@group.v.calendar.google.com"


def service(fake: FakeGoogleThread, refresh_token: str = OFFICE.refresh_token, timeout: float = 10) -> Any:
    """Make the library's client, which fetches its access tokens from the fake."""
    credentials = Credentials(  # type: ignore[no-untyped-call]
        None,
        refresh_token=refresh_token,
        token_uri=f"{fake.url}/token",
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
    )
    return build(
        "calendar",
        "v3",
        http=AuthorizedHttp(credentials, httplib2.Http(timeout=timeout)),
        static_discovery=True,
        cache_discovery=False,
        client_options={"api_endpoint": f"{fake.url}/calendar/v3/"},
    )


def wide(fake: FakeGoogleThread) -> Any:
    """Make a client that was granted everything about calendars, more than ours asks for."""
    scopes = ["https://www.googleapis.com/auth/calendar"]
    granted = fake.ask("/grants", {"email": OFFICE.email, "scopes": scopes})
    return service(fake, granted["refresh_token"])


def soon(hours: float = 24) -> datetime:
    """Give a full hour so many hours from now."""
    return (datetime.now(UTC) + timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)


def timed(start: datetime, minutes: int = 60, zone: str | None = None) -> dict[str, Any]:
    """Write the start and end of an event."""
    named = {"timeZone": zone} if zone else {}
    return {
        "start": {"dateTime": start.isoformat()} | named,
        "end": {"dateTime": (start + timedelta(minutes=minutes)).isoformat()} | named,
    }


def visit(event_id: str = "visit00001", start: datetime | None = None, **more: Any) -> dict[str, Any]:
    """Write an event as the calendar worker would."""
    private = {"appt_id": "a1", "src": "frontdesk", "rev": "1"}
    facts = {"id": event_id, "summary": "Appointment", "extendedProperties": {"private": private}}
    return facts | timed(start or soon()) | more


def refused(request: Any, etag: str | None = None) -> tuple[int, str]:
    """Send a request that is refused; give its status and reason."""
    if etag is not None:
        request.headers["If-Match"] = etag
    with pytest.raises(HttpError) as caught:
        request.execute(num_retries=0)
    return caught.value.status_code, caught.value.error_details[0]["reason"]


def sent(request: Any, etag: str) -> Any:
    """Send a request with If-Match."""
    request.headers["If-Match"] = etag
    return request.execute()


def every_page(calendar: Any, size: int = 2500, **asked: Any) -> tuple[list[Mapping[str, Any]], str | None]:
    """List all pages; give the events and the sync token."""
    events: list[Mapping[str, Any]] = []
    token = None
    while True:
        page = calendar.events().list(maxResults=size, pageToken=token, **asked).execute()
        events += page["items"]
        token = page.get("nextPageToken")
        if token is None:
            return events, page.get("nextSyncToken")
        assert "nextSyncToken" not in page
