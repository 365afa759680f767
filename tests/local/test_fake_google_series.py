"""Recurring events of the fake Google."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fake_google import FakeGoogleThread, running_fake
from tests.local.google_client import PATEL, every_page, refused, service

ZONE = "America/New_York"


@pytest.fixture
def fake() -> Iterator[FakeGoogleThread]:
    """Run a fake with two clinics' accounts."""
    with running_fake() as running:
        yield running


def weekly(rule: str = "RRULE:FREQ=WEEKLY;COUNT=4", *more: str, **facts: Any) -> dict[str, Any]:
    """Write a staff meeting every Tuesday from 27 October 2026; the clocks change on 1 November."""
    edges = {
        "start": {"dateTime": "2026-10-27T09:00:00", "timeZone": ZONE},
        "end": {"dateTime": "2026-10-27T10:00:00", "timeZone": ZONE},
    }
    return {"id": "staff00001", "summary": "Staff", "recurrence": [rule, *more]} | edges | facts


def starts(events: list[Any]) -> list[str]:
    """Give the starts of events."""
    return [event["start"].get("dateTime") or event["start"]["date"] for event in events]


def test_a_series_comes_as_its_instances(fake: FakeGoogleThread) -> None:
    """Each at the same time of the clock, before and after it changes; the series itself is not listed."""
    google = service(fake)
    google.events().insert(calendarId=PATEL, body=weekly()).execute()
    events, _ = every_page(google, calendarId=PATEL, singleEvents=True)
    assert starts(events) == [
        "2026-10-27T09:00:00-04:00",
        "2026-11-03T09:00:00-05:00",
        "2026-11-10T09:00:00-05:00",
        "2026-11-17T09:00:00-05:00",
    ]
    assert events[1]["id"] == "staff00001_20261103T140000Z"
    assert events[1]["recurringEventId"] == "staff00001"
    assert events[1]["originalStartTime"] == events[1]["start"]
    whole, _ = every_page(google, calendarId=PATEL)
    assert whole[0]["recurrence"] == ["RRULE:FREQ=WEEKLY;COUNT=4"]


def test_rules_with_an_end_and_days_left_out_are_kept(fake: FakeGoogleThread) -> None:
    """UNTIL as a day or in UTC, EXDATE with a zone, RDATE; and a rule that is none is refused."""
    google = service(fake)
    body = weekly(
        "RRULE:FREQ=WEEKLY;UNTIL=20261110",
        f"EXDATE;TZID={ZONE}:20261103T090000",
        f"RDATE;TZID={ZONE}:20261106T090000",
    )
    google.events().insert(calendarId=PATEL, body=body).execute()
    events, _ = every_page(google, calendarId=PATEL, singleEvents=True)
    assert [start[:10] for start in starts(events)] == ["2026-10-27", "2026-11-06", "2026-11-10"]
    bad = google.events().insert(calendarId=PATEL, body=weekly("RRULE:FREQ=SOMETIMES", id="staff00002"))
    assert refused(bad) == (400, "invalid")


def test_a_series_needs_its_zone(fake: FakeGoogleThread) -> None:
    """An offset alone does not say how the clock will change."""
    edges = {
        edge: {"dateTime": f"2026-10-27T{hour}:00:00-04:00"}
        for edge, hour in (("start", "09"), ("end", "10"))
    }
    request = service(fake).events().insert(calendarId=PATEL, body=weekly() | edges)
    assert refused(request) == (400, "required")


def test_whole_days_recur_as_days(fake: FakeGoogleThread) -> None:
    """The end of a whole day is the next day, also over the change of clocks."""
    google = service(fake)
    days = {"start": {"date": "2026-10-30"}, "end": {"date": "2026-11-01"}}
    google.events().insert(
        calendarId=PATEL, body=weekly("RRULE:FREQ=DAILY;INTERVAL=2;COUNT=2") | days
    ).execute()
    events, _ = every_page(google, calendarId=PATEL, singleEvents=True)
    spans = [(one["start"]["date"], one["end"]["date"]) for one in events]
    assert spans == [("2026-10-30", "2026-11-01"), ("2026-11-01", "2026-11-03")]
    assert events[1]["id"] == "staff00001_20261101"


def test_one_instance_can_be_moved_or_deleted(fake: FakeGoogleThread) -> None:
    """It becomes an event of its own that remembers where it was; the others stay."""
    google = service(fake)
    google.events().insert(calendarId=PATEL, body=weekly()).execute()
    _, token = every_page(google, calendarId=PATEL, singleEvents=True)
    moved = {
        "start": {"dateTime": "2026-11-03T11:00:00-05:00"},
        "end": {"dateTime": "2026-11-03T12:00:00-05:00"},
    }
    events = google.events()
    events.patch(calendarId=PATEL, eventId="staff00001_20261103T140000Z", body=moved).execute()
    events.delete(calendarId=PATEL, eventId="staff00001_20261110T140000Z").execute()
    now, _ = every_page(google, calendarId=PATEL, singleEvents=True, orderBy="startTime")
    assert [start[5:16] for start in starts(now)] == ["10-27T09:00", "11-03T11:00", "11-17T09:00"]
    assert now[1]["originalStartTime"]["dateTime"] == "2026-11-03T09:00:00-05:00"
    changed, _ = every_page(google, calendarId=PATEL, singleEvents=True, syncToken=token)
    assert [(one["id"][-16:], one["status"]) for one in changed] == [
        ("20261103T140000Z", "confirmed"),
        ("20261110T140000Z", "cancelled"),
    ]
    assert changed[1]["recurringEventId"] == "staff00001"


def test_a_changed_series_tells_of_every_instance(fake: FakeGoogleThread) -> None:
    """Those it no longer has are cancelled, those it has are told, and exceptions of old go."""
    google = service(fake)
    events = google.events()
    events.insert(calendarId=PATEL, body=weekly()).execute()
    events.patch(
        calendarId=PATEL, eventId="staff00001_20261117T140000Z", body={"summary": "Long staff meeting"}
    ).execute()
    _, token = every_page(google, calendarId=PATEL, singleEvents=True)
    shorter = {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=2"]}
    events.patch(calendarId=PATEL, eventId="staff00001", body=shorter).execute()
    changed, token = every_page(google, calendarId=PATEL, singleEvents=True, syncToken=token)
    assert {one["id"][11:19]: one["status"] for one in changed} == {
        "20261027": "confirmed",
        "20261103": "confirmed",
        "20261110": "cancelled",
        "20261117": "cancelled",
    }
    events.delete(calendarId=PATEL, eventId="staff00001").execute()
    changed, _ = every_page(google, calendarId=PATEL, singleEvents=True, syncToken=token)
    assert {(one["id"][11:19], one["status"]) for one in changed} >= {
        ("20261027", "cancelled"),
        ("20261103", "cancelled"),
    }
    left, _ = every_page(google, calendarId=PATEL, singleEvents=True)
    assert left == []


def test_an_endless_series_ends_two_years_ahead(fake: FakeGoogleThread) -> None:
    """Somewhere it must; and events.instances lists a part of it by time."""
    google = service(fake)
    today = datetime.now(UTC).date()
    day = {"start": {"date": str(today)}, "end": {"date": str(today + timedelta(days=1))}}
    google.events().insert(calendarId=PATEL, body=weekly("RRULE:FREQ=DAILY") | day).execute()
    events, _ = every_page(google, calendarId=PATEL, singleEvents=True)
    assert 725 <= len(events) <= 735
    until = datetime.fromisoformat(f"{today + timedelta(days=3)}T00:00:00-05:00").isoformat()
    some = google.events().instances(calendarId=PATEL, eventId="staff00001", timeMax=until).execute()
    assert len(some["items"]) == 3
