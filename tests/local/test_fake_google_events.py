"""The fake Google's events, written and read by Google's own client library."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from googleapiclient.errors import HttpError

from tests.fake_google import FakeGoogleThread, running_fake
from tests.local.google_client import HOLIDAYS, NOVAK, PATEL, refused, sent, service, soon, timed, visit, wide


@pytest.fixture
def fake() -> Iterator[FakeGoogleThread]:
    """Run a fake with two clinics' accounts."""
    with running_fake() as running:
        yield running


def test_an_inserted_event_is_kept_under_the_id_its_client_chose(fake: FakeGoogleThread) -> None:
    """The answer has Google's own fields; get gives the same event again."""
    events = service(fake).events()
    made = events.insert(calendarId=PATEL, body=visit()).execute()
    assert (made["id"], made["status"], made["sequence"]) == ("visit00001", "confirmed", 0)
    assert made["organizer"] == {"email": PATEL, "displayName": "Dr. Patel", "self": True}
    assert made["creator"] == {"email": "office@bright.example"}
    assert made["extendedProperties"]["private"]["appt_id"] == "a1"
    assert made["etag"].startswith('"')
    assert events.get(calendarId=PATEL, eventId="visit00001").execute() == made


def test_an_id_is_taken_for_ever(fake: FakeGoogleThread) -> None:
    """409 duplicate, also when its event was deleted; another calendar may have the same id."""
    events = service(fake).events()
    events.insert(calendarId=PATEL, body=visit()).execute()
    assert refused(events.insert(calendarId=PATEL, body=visit())) == (409, "duplicate")
    events.delete(calendarId=PATEL, eventId="visit00001").execute()
    assert refused(events.insert(calendarId=PATEL, body=visit())) == (409, "duplicate")
    assert events.insert(calendarId=NOVAK, body=visit()).execute()["status"] == "confirmed"


@pytest.mark.parametrize("event_id", ["abc", "visitor-1", "VISIT00001", "xyz00001"])
def test_an_id_outside_base32hex_is_refused(fake: FakeGoogleThread, event_id: str) -> None:
    """At least five characters of 0-9 and a-v."""
    request = service(fake).events().insert(calendarId=PATEL, body=visit(event_id))
    assert refused(request) == (400, "invalid")


def test_without_an_id_google_makes_one(fake: FakeGoogleThread) -> None:
    """The id is of the same alphabet."""
    made = service(fake).events().insert(calendarId=PATEL, body=timed(soon())).execute()
    assert len(made["id"]) == 26


def test_update_replaces_and_patch_merges(fake: FakeGoogleThread) -> None:
    """PUT drops what it does not name; PATCH keeps it, and takes away what it calls null."""
    events = service(fake).events()
    body = visit(location="Room 2", colorId="3")
    first = events.insert(calendarId=PATEL, body=body).execute()
    change = {"colorId": None, "extendedProperties": {"private": {"rev": "2"}}}
    second = events.patch(calendarId=PATEL, eventId="visit00001", body=change).execute()
    assert second["location"] == "Room 2"
    assert "colorId" not in second
    assert second["extendedProperties"]["private"] == {"appt_id": "a1", "src": "frontdesk", "rev": "2"}
    third = events.update(calendarId=PATEL, eventId="visit00001", body=timed(soon(48))).execute()
    assert "location" not in third
    assert "extendedProperties" not in third
    assert (third["created"], third["iCalUID"]) == (first["created"], first["iCalUID"])
    assert len({first["etag"], second["etag"], third["etag"]}) == 3


def test_moving_an_event_raises_its_sequence(fake: FakeGoogleThread) -> None:
    """A new title does not; and nobody may set a sequence below the present one."""
    events = service(fake).events()
    events.insert(calendarId=PATEL, body=visit()).execute()
    named = events.patch(calendarId=PATEL, eventId="visit00001", body={"summary": "Other"}).execute()
    moved = events.patch(calendarId=PATEL, eventId="visit00001", body=timed(soon(48))).execute()
    assert (named["sequence"], moved["sequence"]) == (0, 1)
    late = events.patch(calendarId=PATEL, eventId="visit00001", body={"sequence": 0})
    assert refused(late) == (400, "invalid")


def test_a_write_with_an_old_etag_is_refused(fake: FakeGoogleThread) -> None:
    """412 conditionNotMet for update, patch and delete; with the present etag they pass."""
    events = service(fake).events()
    old = events.insert(calendarId=PATEL, body=visit()).execute()["etag"]
    new = sent(events.patch(calendarId=PATEL, eventId="visit00001", body={"summary": "B"}), old)["etag"]
    for request in (
        events.patch(calendarId=PATEL, eventId="visit00001", body={"summary": "C"}),
        events.update(calendarId=PATEL, eventId="visit00001", body=visit()),
        events.delete(calendarId=PATEL, eventId="visit00001"),
    ):
        assert refused(request, old) == (412, "conditionNotMet")
    assert sent(events.delete(calendarId=PATEL, eventId="visit00001"), new) == ""


def test_a_deleted_event_can_be_read_and_nothing_else(fake: FakeGoogleThread) -> None:
    """Reading says cancelled, a second delete 410, an update 403; what never was is 404."""
    events = service(fake).events()
    events.insert(calendarId=PATEL, body=visit()).execute()
    events.delete(calendarId=PATEL, eventId="visit00001").execute()
    assert events.get(calendarId=PATEL, eventId="visit00001").execute()["status"] == "cancelled"
    assert refused(events.delete(calendarId=PATEL, eventId="visit00001")) == (410, "deleted")
    assert refused(events.update(calendarId=PATEL, eventId="visit00001", body=visit())) == (403, "forbidden")
    assert refused(events.delete(calendarId=PATEL, eventId="visit00002")) == (404, "notFound")
    assert refused(events.get(calendarId=PATEL, eventId="visit00002")) == (404, "notFound")


def test_a_person_may_take_an_event_out_of_the_bin(fake: FakeGoogleThread) -> None:
    """As in Google Calendar; it is the same event, changed."""
    events = service(fake).events()
    events.insert(calendarId=PATEL, body=visit()).execute()
    events.delete(calendarId=PATEL, eventId="visit00001").execute()
    token = events.list(calendarId=PATEL).execute()["nextSyncToken"]
    fake.act("PATCH", f"/calendars/{PATEL}/events/visit00001", {"status": "confirmed"})
    [back] = events.list(calendarId=PATEL, syncToken=token).execute()["items"]
    assert (back["id"], back["status"]) == ("visit00001", "confirmed")


def test_times_come_back_in_the_calendars_zone(fake: FakeGoogleThread) -> None:
    """A moment given in UTC is told with the calendar's offset of that day, or in the zone one asks for."""
    body = visit() | {
        "start": {"dateTime": "2026-07-01T13:00:00Z"},
        "end": {"dateTime": "2026-07-01T14:00:00Z"},
    }
    events = service(fake).events()
    made = events.insert(calendarId=NOVAK, body=body).execute()
    assert made["start"] == {"dateTime": "2026-07-01T15:00:00+02:00", "timeZone": "Europe/Prague"}
    asked = events.get(calendarId=NOVAK, eventId="visit00001", timeZone="America/Denver").execute()
    assert asked["start"]["dateTime"] == "2026-07-01T07:00:00-06:00"


def test_a_time_without_offset_is_of_the_zone_it_names(fake: FakeGoogleThread) -> None:
    """Without a zone either it is refused, as Google refuses it."""
    start, end = {"dateTime": "2026-12-01T09:00:00"}, {"dateTime": "2026-12-01T10:00:00"}
    zone = {"timeZone": "America/Denver"}
    events = service(fake).events()
    made = events.insert(calendarId=PATEL, body={"start": start | zone, "end": end | zone}).execute()
    nine = datetime(2026, 12, 1, 9, tzinfo=ZoneInfo("America/Denver"))
    assert datetime.fromisoformat(made["start"]["dateTime"]) == nine
    assert refused(events.insert(calendarId=PATEL, body={"start": start, "end": end})) == (400, "required")


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        ({"date": "2026-12-01"}, {"dateTime": "2026-12-01T10:00:00Z"}, "invalid"),
        ({"dateTime": "2026-12-01T10:00:00Z"}, {"dateTime": "2026-12-01T09:00:00Z"}, "timeRangeEmpty"),
        ({"date": "2026-12-01"}, {"date": "2026-12-01"}, "timeRangeEmpty"),
        ({"dateTime": "tomorrow"}, {"dateTime": "2026-12-01T09:00:00Z"}, "invalid"),
        ({"dateTime": "2026-12-01T09:00:00Z"}, {}, "required"),
    ],
)
def test_impossible_times_are_refused(fake: FakeGoogleThread, start: Any, end: Any, reason: str) -> None:
    """400 with Google's reason, and nothing is kept."""
    request = service(fake).events().insert(calendarId=PATEL, body={"start": start, "end": end})
    assert refused(request) == (400, reason)
    assert fake.events(PATEL) == []


def test_an_opaque_event_says_nothing_of_it(fake: FakeGoogleThread) -> None:
    """Google leaves out the default: who reads must take a missing transparency for opaque."""
    events = service(fake).events()
    assert "transparency" not in events.insert(calendarId=PATEL, body=visit(transparency="opaque")).execute()
    free = events.insert(calendarId=PATEL, body=visit("visit00002", transparency="transparent")).execute()
    assert free["transparency"] == "transparent"


def test_an_account_sees_its_calendars_only(fake: FakeGoogleThread) -> None:
    """404 for another clinic's; one shared for reading refuses writes; `primary` is the account's own."""
    google = service(fake)
    listed = google.calendarList().list().execute()["items"]
    assert [(one["id"], one.get("primary", False)) for one in listed][:2] == [
        ("office@bright.example", True),
        (PATEL, False),
    ]
    other = "vega@group.calendar.google.com"
    assert refused(google.events().list(calendarId=other)) == (404, "notFound")
    read_only = google.events().insert(calendarId=HOLIDAYS, body=visit())
    assert refused(read_only) == (403, "requiredAccessLevel")
    made = google.events().insert(calendarId="primary", body=visit()).execute()
    assert made["organizer"]["email"] == "office@bright.example"
    assert wide(fake).calendars().get(calendarId=NOVAK).execute()["timeZone"] == "Europe/Prague"
    assert refused(google.calendars().get(calendarId=NOVAK)) == (403, "insufficientPermissions")


def test_calendars_are_listed_in_pages(fake: FakeGoogleThread) -> None:
    """The page token leads through all of them."""
    calendars = service(fake).calendarList()
    first = calendars.list(maxResults=3).execute()
    second = calendars.list(maxResults=3, pageToken=first["nextPageToken"]).execute()
    assert (len(first["items"]), len(second["items"])) == (3, 1)
    assert "nextPageToken" not in second


def test_only_the_fields_one_asks_for_come(fake: FakeGoogleThread) -> None:
    """`fields` as in Google's partial responses; a broken one is refused."""
    events = service(fake).events()
    events.insert(calendarId=PATEL, body=visit()).execute()
    page = events.list(calendarId=PATEL, fields="items(id,start/timeZone),nextSyncToken").execute()
    assert page["items"] == [{"id": "visit00001", "start": {"timeZone": "America/New_York"}}]
    assert set(page) == {"items", "nextSyncToken"}
    assert refused(events.list(calendarId=PATEL, fields="items(id")) == (400, "invalidParameter")


def test_free_busy_merges_what_takes_time(fake: FakeGoogleThread) -> None:
    """Transparent and deleted events take none; a calendar one may not see is an error of its own."""
    google, at = wide(fake), soon()
    for number, (hours, minutes, more) in enumerate(
        [(0, 60, {}), (0.5, 60, {}), (3, 30, {}), (5, 30, {"transparency": "transparent"}), (7, 30, {})]
    ):
        body = visit(f"visit{number:05d}") | timed(soon(24 + hours), minutes) | more
        google.events().insert(calendarId=PATEL, body=body).execute()
    google.events().delete(calendarId=PATEL, eventId="visit00004").execute()
    asked = {
        "timeMin": at.isoformat(),
        "timeMax": soon(40).isoformat(),
        "items": [{"id": PATEL}, {"id": "x"}],
    }
    found = google.freebusy().query(body=asked).execute()["calendars"]
    spans = [(one["start"], one["end"]) for one in found[PATEL]["busy"]]
    assert len(spans) == 2
    assert datetime.fromisoformat(spans[0][0]) == at
    assert found["x"]["errors"][0]["reason"] == "notFound"


def test_what_is_not_played_is_said_so(fake: FakeGoogleThread) -> None:
    """501 in our own words: nobody should take the fake's silence for Google's answer."""
    with pytest.raises(HttpError, match="does not play POST"):
        service(fake).events().quickAdd(calendarId=PATEL, text="Lunch").execute()


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    """Events, etags, tokens, grants and sync tokens of yesterday are still good; half a line does no harm."""
    journal = tmp_path / "google.jsonl"
    with running_fake(journal=journal) as fake:
        calendar = service(fake).events()
        made = calendar.insert(calendarId=PATEL, body=visit()).execute()
        token, hand = fake.token(), fake.hand()
        sync_token = calendar.list(calendarId=PATEL).execute()["nextSyncToken"]
        fake.revoke("hola@sol.example")
    with journal.open("a") as file:
        file.write('{"what": "event", "calen')
    with running_fake(journal=journal) as fake:
        calendar = service(fake).events()
        assert calendar.get(calendarId=PATEL, eventId="visit00001").execute() == made
        assert calendar.list(calendarId=PATEL, syncToken=sync_token).execute()["items"] == []
        assert {token, hand} <= set(fake.fake.google.store.tokens)
        assert {grant.email for grant in fake.fake.google.store.grants.values()} == {"office@bright.example"}
        sent(calendar.delete(calendarId=PATEL, eventId="visit00001"), made["etag"])
    with running_fake(journal=journal) as fake:
        assert [event["status"] for event in fake.events(PATEL)] == ["cancelled"]


def test_a_reset_leaves_the_accounts_and_their_first_grants(fake: FakeGoogleThread) -> None:
    """No event, no channel, no fault; a sync token of before needs a full sync."""
    events = service(fake).events()
    events.insert(calendarId=PATEL, body=visit()).execute()
    token = events.list(calendarId=PATEL).execute()["nextSyncToken"]
    fake.faults(error_429=1)
    fake.reset()
    anew = service(fake).events()
    assert anew.list(calendarId=PATEL).execute()["items"] == []
    assert refused(anew.list(calendarId=PATEL, syncToken=token)) == (410, "fullSyncRequired")
    assert fake.writes(by=None) == []
