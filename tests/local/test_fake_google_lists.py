"""The fake Google's lists: pages, filters, and what changed since a sync token."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fake_google import FakeGoogleThread, running_fake
from tests.local.google_client import NOVAK, PATEL, every_page, refused, service, soon, timed, visit


@pytest.fixture
def fake() -> Iterator[FakeGoogleThread]:
    """Run a fake with two clinics' accounts."""
    with running_fake() as running:
        yield running


def fill(fake: FakeGoogleThread, count: int) -> None:
    """Put events into Dr. Patel's calendar, an hour each."""
    events = service(fake).events()
    for number in range(count):
        body = visit(f"visit{number:05d}", soon(24 + number))
        events.insert(calendarId=PATEL, body=body).execute()


def test_only_the_last_page_has_a_sync_token(fake: FakeGoogleThread) -> None:
    """Every event comes once, whatever the page size; a page may be shorter than asked for."""
    fill(fake, 7)
    google = service(fake)
    for size in (1, 3, 7, 2500):
        events, token = every_page(google, size, calendarId=PATEL)
        assert [event["id"] for event in events] == [f"visit{number:05d}" for number in range(7)]
        assert token
    fake.faults(largest_page=2)
    events, token = every_page(google, calendarId=PATEL)
    assert (len(events), bool(token)) == (7, True)


def test_a_sync_token_brings_what_changed_and_nothing_else(fake: FakeGoogleThread) -> None:
    """New, changed and deleted events; of a deleted one the id and little more, unless showDeleted."""
    fill(fake, 3)
    google = service(fake)
    _, token = every_page(google, calendarId=PATEL, singleEvents=True)
    _, wide = every_page(google, calendarId=PATEL, singleEvents=True, showDeleted=True)
    google.events().patch(calendarId=PATEL, eventId="visit00001", body={"summary": "B"}).execute()
    google.events().delete(calendarId=PATEL, eventId="visit00002").execute()
    google.events().insert(calendarId=PATEL, body=visit("visit00009")).execute()
    changed, following = every_page(google, 1, calendarId=PATEL, singleEvents=True, syncToken=token)
    assert [event["id"] for event in changed] == ["visit00001", "visit00002", "visit00009"]
    assert set(changed[1]) == {"kind", "etag", "id", "status"}
    assert changed[1]["status"] == "cancelled"
    told, _ = every_page(google, calendarId=PATEL, singleEvents=True, showDeleted=True, syncToken=wide)
    assert told[1]["extendedProperties"]["private"]["appt_id"] == "a1"
    fake.faults(cancelled_only_id=True)
    bare, _ = every_page(google, calendarId=PATEL, singleEvents=True, showDeleted=True, syncToken=wide)
    assert set(bare[1]) == {"kind", "etag", "id", "status"}
    nothing, _ = every_page(google, calendarId=PATEL, singleEvents=True, syncToken=following)
    assert nothing == []


def test_what_changes_between_two_pages_comes_with_the_next_sync(fake: FakeGoogleThread) -> None:
    """The token is of the moment the list began, so nothing falls between."""
    fill(fake, 4)
    google = service(fake)
    first = google.events().list(calendarId=PATEL, maxResults=2).execute()
    google.events().delete(calendarId=PATEL, eventId="visit00000").execute()
    google.events().insert(calendarId=PATEL, body=visit("visit00009")).execute()
    second = google.events().list(calendarId=PATEL, maxResults=2, pageToken=first["nextPageToken"]).execute()
    third = google.events().list(calendarId=PATEL, maxResults=2, pageToken=second["nextPageToken"]).execute()
    changed, _ = every_page(google, calendarId=PATEL, syncToken=third["nextSyncToken"])
    assert [event["id"] for event in third["items"]] == ["visit00009"]
    assert {event["id"] for event in changed} == {"visit00000", "visit00009"}


@pytest.mark.parametrize(
    "more",
    [
        {"timeMin": "2026-01-01T00:00:00Z"},
        {"timeMax": "2026-01-01T00:00:00Z"},
        {"orderBy": "updated"},
        {"q": "Appointment"},
        {"iCalUID": "x"},
        {"updatedMin": "2026-01-01T00:00:00Z"},
        {"privateExtendedProperty": "src=frontdesk"},
        {"sharedExtendedProperty": "src=frontdesk"},
        {"showDeleted": False},
        {"singleEvents": True},
    ],
)
def test_a_sync_token_bears_no_filter(fake: FakeGoogleThread, more: dict[str, Any]) -> None:
    """400 for what Google forbids beside a token, and for other parameters than the token's list had."""
    events = service(fake).events()
    token = events.list(calendarId=PATEL).execute()["nextSyncToken"]
    assert refused(events.list(calendarId=PATEL, syncToken=token, **more)) == (400, "badRequest")


def test_a_list_that_is_no_whole_gives_no_sync_token(fake: FakeGoogleThread) -> None:
    """With a search or an order there is none; from timeMin on there is, as in Google's guide to syncing."""
    fill(fake, 2)
    events = service(fake).events()
    for more in ({"q": "x"}, {"orderBy": "updated"}, {"privateExtendedProperty": "src=frontdesk"}):
        assert "nextSyncToken" not in events.list(calendarId=PATEL, **more).execute()
    page = events.list(calendarId=PATEL, timeMin=soon(25).isoformat()).execute()
    assert [event["id"] for event in page["items"]] == ["visit00001"]
    assert page["nextSyncToken"]


def test_an_expired_sync_token_needs_a_full_sync(fake: FakeGoogleThread) -> None:
    """410 fullSyncRequired at the page the fault names; lists without a token go on working."""
    fill(fake, 1)
    google = service(fake)
    _, token = every_page(google, calendarId=PATEL)
    for number in range(1, 6):
        body = visit(f"visit{number:05d}", soon(30 + number))
        google.events().insert(calendarId=PATEL, body=body).execute()
    fake.faults(expire_sync_token_at_page=2)
    first = google.events().list(calendarId=PATEL, syncToken=token, maxResults=2).execute()
    second = google.events().list(
        calendarId=PATEL, syncToken=token, maxResults=2, pageToken=first["nextPageToken"]
    )
    assert refused(second) == (410, "fullSyncRequired")
    events, _ = every_page(google, 2, calendarId=PATEL)
    assert len(events) == 6


def test_a_foreign_or_broken_token_is_refused(fake: FakeGoogleThread) -> None:
    """Another calendar's sync token is 410, nonsense 400; a page token fits its own list only."""
    fill(fake, 3)
    events = service(fake).events()
    token = events.list(calendarId=PATEL).execute()["nextSyncToken"]
    assert refused(events.list(calendarId=NOVAK, syncToken=token)) == (410, "fullSyncRequired")
    assert refused(events.list(calendarId=PATEL, syncToken="nonsense")) == (400, "invalid")
    page = events.list(calendarId=PATEL, maxResults=1).execute()["nextPageToken"]
    other = events.list(calendarId=PATEL, maxResults=1, pageToken=page, singleEvents=True)
    assert refused(other) == (400, "badRequest")


def test_filters_find_what_they_name(fake: FakeGoogleThread) -> None:
    """Private properties, a span of time (both bounds exclusive), words, and orders by start or change."""
    events = service(fake).events()
    events.insert(calendarId=PATEL, body=visit("visit00001", soon(48))).execute()
    events.insert(calendarId=PATEL, body={"summary": "Lunch", "id": "lunch00001"} | timed(soon(24))).execute()
    events.patch(calendarId=PATEL, eventId="visit00001", body={"location": "Room 2"}).execute()

    def found(**asked: Any) -> list[str]:
        return [event["id"] for event in events.list(calendarId=PATEL, **asked).execute()["items"]]

    assert found(privateExtendedProperty=["src=frontdesk", "appt_id=a1"]) == ["visit00001"]
    assert found(privateExtendedProperty=["src=frontdesk", "appt_id=a2"]) == []
    assert found(q="lunch") == ["lunch00001"]
    assert found(singleEvents=True, orderBy="startTime") == ["lunch00001", "visit00001"]
    assert found(orderBy="updated") == ["lunch00001", "visit00001"]
    assert found(timeMax=soon(48).isoformat()) == ["lunch00001"]
    assert found(timeMin=soon(25).isoformat()) == ["visit00001"]
    assert found(iCalUID="visit00001@google.com") == ["visit00001"]
    assert refused(events.list(calendarId=PATEL, orderBy="startTime")) == (400, "badRequest")
    assert refused(events.list(calendarId=PATEL, timeMin="2026-01-01T00:00:00")) == (400, "invalid")


def test_deleted_events_are_listed_when_one_asks(fake: FakeGoogleThread) -> None:
    """With showDeleted in a full list; otherwise they are not there."""
    fill(fake, 2)
    events = service(fake).events()
    events.delete(calendarId=PATEL, eventId="visit00000").execute()
    assert len(events.list(calendarId=PATEL).execute()["items"]) == 1
    shown = events.list(calendarId=PATEL, showDeleted=True).execute()["items"]
    assert [event["status"] for event in shown] == ["cancelled", "confirmed"]


def test_twenty_five_hundred_events_are_one_page(fake: FakeGoogleThread) -> None:
    """The largest page, listed in well under a second; one event more begins a second page."""
    store = fake.fake.google.store
    diary, start = store.diaries[PATEL], datetime.now(UTC) + timedelta(days=1)
    for number in range(2501):
        moment = start + timedelta(hours=number)
        zone = {"timeZone": "America/New_York"}
        edges = {"start": {"dateTime": moment.isoformat(timespec="seconds")} | zone}
        edges["end"] = {"dateTime": (moment + timedelta(hours=1)).isoformat(timespec="seconds")} | zone
        known = {"id": f"many{number:06d}", "status": "confirmed", "eventType": "default", "sequence": 0}
        store.put(diary, known | edges | {"iCalUID": "x", "summary": "Busy" * 20})
    token = fake.token()
    began = time.monotonic()
    page = fake.ask_as(token, f"/calendars/{PATEL}/events?singleEvents=true&maxResults=9999")
    assert time.monotonic() - began < 1
    assert len(page["items"]) == 2500
    assert page["nextPageToken"]
