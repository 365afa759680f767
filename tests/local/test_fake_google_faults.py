"""The fake Google's troubles and switches, and its page."""

import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from local.fake_google_faults import ON_CALL, BadFaultsError, Faults, Trouble, parse_faults
from tests.fake_google import CLIENT_ID, OFFICE, FakeGoogleThread, running_fake
from tests.local.google_client import NOVAK, PATEL, every_page, refused, sent, service, soon, visit


@pytest.fixture
def fake() -> Iterator[FakeGoogleThread]:
    """Run a fake with two clinics' accounts."""
    with running_fake() as running:
        yield running


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        ("error_401", 401, "authError"),
        ("error_403_rate", 403, "rateLimitExceeded"),
        ("error_429", 429, "rateLimitExceeded"),
        ("error_500_before", 500, "backendError"),
    ],
)
def test_faults_before_the_work_leave_nothing_behind(
    fake: FakeGoogleThread, fault: str, status: int, reason: str
) -> None:
    """The call is refused as Google refuses it, and the calendar is as before."""
    events = service(fake).events()
    events.list(calendarId=PATEL).execute()
    fake.faults(**{fault: 1}, only=["insert"])
    # An unauthorised call makes the library ask for a new token and try again.
    assert refused(events.insert(calendarId=PATEL, body=visit())) == (status, reason)
    assert fake.events(PATEL) == []


@pytest.mark.parametrize(
    ("fault", "status", "reason"), [("error_500_after", 500, "backendError"), ("error_409", 409, "duplicate")]
)
def test_faults_after_the_work_leave_it_done(
    fake: FakeGoogleThread, fault: str, status: int, reason: str
) -> None:
    """The event is there though the answer says otherwise; the journal knows both."""
    events = service(fake).events()
    fake.faults(**{fault: 1}, only=["insert"])
    assert refused(events.insert(calendarId=PATEL, body=visit())) == (status, reason)
    assert [event["id"] for event in fake.events(PATEL, live=True)] == ["visit00001"]
    [write] = fake.writes()
    assert (write["method"], write["event_id"], write["status"], write["done"], write["fault"]) == (
        "insert",
        "visit00001",
        status,
        True,
        fault,
    )


def test_a_delete_answered_with_410_is_done(fake: FakeGoogleThread) -> None:
    """As if it had come a second time."""
    events = service(fake).events()
    events.insert(calendarId=PATEL, body=visit()).execute()
    fake.faults(error_410=1)
    assert refused(events.delete(calendarId=PATEL, eventId="visit00001")) == (410, "deleted")
    assert fake.events(PATEL, live=True) == []


def test_a_412_comes_of_a_new_etag(fake: FakeGoogleThread) -> None:
    """Google touched the event: get gives the new etag, with which the write passes."""
    events = service(fake).events()
    old = events.insert(calendarId=PATEL, body=visit()).execute()["etag"]
    change = events.patch(calendarId=PATEL, eventId="visit00001", body={"summary": "B"})
    fake.faults(error_412=1)
    assert refused(change, old) == (412, "conditionNotMet")
    fake.faults()
    new = events.get(calendarId=PATEL, eventId="visit00001").execute()["etag"]
    assert new != old
    assert sent(change, new)["summary"] == "B"


@pytest.mark.parametrize(("fault", "done"), [("timeout_before", 0), ("timeout_after", 1)])
def test_silence_ends_without_an_answer(fake: FakeGoogleThread, fault: str, done: int) -> None:
    """The connection is dropped; only after the work was it done."""
    token = fake.token()
    fake.faults(**{fault: 1}, hold_seconds=0.05)
    # Not with Google's library: its httplib2 sends a request again whose connection was dropped, also a POST.
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        fake.ask_as(token, f"/calendars/{PATEL}/events", visit(), method="POST")
    fake.faults()
    assert len(fake.events(PATEL)) == done
    assert [write["status"] for write in fake.writes()] == [None]


def test_a_calendar_can_be_gone_or_forbidden(fake: FakeGoogleThread) -> None:
    """404 and 403 on everything of it, and gone from the list; the others go on."""
    google = service(fake)
    fake.faults(calendar_gone=PATEL)
    assert refused(google.events().list(calendarId=PATEL)) == (404, "notFound")
    assert PATEL not in [one["id"] for one in google.calendarList().list().execute()["items"]]
    assert google.events().list(calendarId=NOVAK).execute()["items"] == []
    fake.faults(calendar_forbidden=[PATEL])
    assert refused(google.events().insert(calendarId=PATEL, body=visit())) == (403, "forbidden")


def test_a_refusal_may_say_when_to_come_again(fake: FakeGoogleThread) -> None:
    """Retry-After where a test wants it; otherwise none."""
    for faults, said in (({}, None), ({"retry_after_seconds": 7}, "7")):
        fake.faults(error_429=1, **faults)
        with pytest.raises(urllib.error.HTTPError) as caught:
            fake.act("GET", f"/calendars/{PATEL}/events")
        with caught.value as problem:
            assert problem.headers.get("retry-after") == said


def test_googles_clock_may_be_another(fake: FakeGoogleThread) -> None:
    """Its `updated` is ahead of ours by the skew."""
    fake.faults(clock_skew_seconds=7200)
    made = service(fake).events().insert(calendarId=PATEL, body=visit()).execute()
    assert made["updated"] > soon(1.5).isoformat()


def test_unknown_or_impossible_faults_are_a_clear_sentence(fake: FakeGoogleThread) -> None:
    """400 and the faults stay as they were."""
    for wrong, said in (
        ({"error_418": 1}, "unknown fault error_418"),
        ({"error_429": 2}, "probability"),
        ({"error_429": 0.6, "error_409": 0.6}, "exclude each other"),
        ({"only": ["sing"]}, "only must list"),
        ({"seed": "x"}, "whole number"),
        ({"hold_seconds": -1}, "seconds"),
        ({"calendar_gone": 5}, "list of them"),
        ({"cancelled_only_id": 1}, "true or false"),
        ([], "JSON object"),
    ):
        with pytest.raises(urllib.error.HTTPError) as caught:
            fake.ask("/faults", wrong)
        with caught.value as problem:
            assert problem.code == 400
            assert said in json.loads(problem.read())["error"]
    assert fake.ask("/faults")["error_429"] == 0


def test_faults_are_told_and_cleared(fake: FakeGoogleThread) -> None:
    """The answer says what is in force; {} and /faults/clear end it and count anew."""
    told = fake.faults(error_429=0.25, seed=3, only=["insert"])
    assert (told["error_429"], told["seed"], told["only"]) == (0.25, 3, ["insert"])
    assert fake.faults()["error_429"] == 0
    fake.faults(error_429=1)
    assert fake.ask("/faults/clear", {})["error_429"] == 0


def test_a_seed_repeats_its_run() -> None:
    """The same seed, the same fates; other seeds, others; about as many as the probabilities say."""

    def fates(seed: int) -> list[str | None]:
        trouble = Trouble(Faults(seed=seed, error_429=0.1, error_409=0.1, timeout_after=0.1))
        return [trouble.on_call("insert") for _ in range(1000)]

    assert fates(1) == fates(1) != fates(2)
    assert 240 < sum(fate is not None for fate in fates(1)) < 360


def test_a_call_meets_only_what_it_can_meet() -> None:
    """Nobody gets 409 for reading; and `only` spares the other calls."""
    trouble = Trouble(Faults(error_409=1))
    assert [trouble.on_call(method) for method in ("list", "get", "delete", "insert")] == [
        None,
        None,
        None,
        "error_409",
    ]
    spared = Trouble(Faults(error_429=1, only=frozenset({"list"})))
    assert (spared.on_call("insert"), spared.on_call("list")) == (None, "error_429")
    assert set(ON_CALL) <= set(parse_faults({}).__slots__)
    with pytest.raises(BadFaultsError):
        parse_faults({"error_409": True})


def test_a_storm_ends_with_every_event_once(fake: FakeGoogleThread) -> None:
    """A client that repeats what failed (409 is a success by now) loses nothing among a fifth of faults."""
    fake.faults(error_409=0.05, error_429=0.05, error_500_before=0.05, error_500_after=0.05, seed=4)
    token, wanted = fake.token(), [f"visit{number:05d}" for number in range(200)]
    for event_id in wanted:
        status = 0
        while status not in {200, 409}:
            try:
                fake.ask_as(token, f"/calendars/{PATEL}/events", visit(event_id), method="POST")
                status = 200
            except urllib.error.HTTPError as problem:
                with problem:
                    status = problem.code
    assert sorted(event["id"] for event in fake.events(PATEL)) == wanted
    assert len(fake.writes()) > 200


def test_the_journal_tells_hands_from_clients(fake: FakeGoogleThread) -> None:
    """What a person did in Google Calendar is not counted as ours."""
    service(fake).events().insert(calendarId="primary", body=visit()).execute()
    fake.act("DELETE", f"/calendars/{OFFICE.email}/events/visit00001")
    assert [(write["method"], write["calendar"]) for write in fake.writes()] == [("insert", OFFICE.email)]
    assert [write["by"] for write in fake.writes(by=None)] == [CLIENT_ID, "hand"]


def test_unknown_accounts_and_calendars_are_said_so(fake: FakeGoogleThread) -> None:
    """400 with a sentence that names those there are."""
    for path, body in (
        ("/grants", {"email": "nobody@example.org"}),
        ("/grants", {"email": OFFICE.email, "seconds": -1}),
        ("/grants", {"email": OFFICE.email, "scopes": "all"}),
        ("/events?calendar=nothing", None),
    ):
        with pytest.raises(urllib.error.HTTPError) as caught:
            fake.ask(path, body)
        with caught.value as problem:
            assert problem.code == 400
            assert json.loads(problem.read())["error"]


def press(fake: FakeGoogleThread, **form: str) -> str:
    """Send a form of the page; give the page that follows."""
    known = {"account": OFFICE.email, "calendar": PATEL}
    data = urllib.parse.urlencode(known | form).encode()
    with urllib.request.urlopen(f"{fake.url}/hand", data, timeout=10) as answer:
        return str(answer.read().decode())


def test_the_page_shows_calendars_and_takes_a_hand(fake: FakeGoogleThread) -> None:
    """A meeting is added, moved and deleted by forms, in the calendar's own zone, as by a person."""
    day = soon(48).date()
    page = press(fake, do="add", summary="<b>Staff</b>", start=f"{day}T10:00", minutes="30")
    assert "&lt;b&gt;Staff&lt;/b&gt;" in page
    assert "<b>Staff</b>" not in page
    [event] = fake.events(PATEL)
    assert event["start"]["dateTime"].startswith(f"{day}T10:00:00-")
    press(fake, do="move", event=event["id"], start=f"{day}T14:00", minutes="30")
    [moved] = fake.events(PATEL)
    assert moved["start"]["dateTime"].startswith(f"{day}T14:00:00-")
    assert moved["sequence"] == 1
    press(fake, do="delete", event=event["id"])
    assert fake.events(PATEL, live=True) == []
    assert [write["method"] for write in fake.writes(by="hand")] == ["insert", "update", "delete"]
    assert "is not there" not in press(fake, do="add", start=str(day), whole_day="1", free="1")
    assert "needed" in press(fake, do="add", start="soon", minutes="x")
    changed, _ = every_page(service(fake), calendarId=PATEL)
    assert changed[0]["transparency"] == "transparent"


def test_the_page_stays_quick_with_many_events(fake: FakeGoogleThread) -> None:
    """It shows the next thirty of a calendar and counts the others."""
    token = fake.token()
    for number in range(35):
        body = visit(f"visit{number:05d}", soon(24 + number))
        fake.ask_as(token, f"/calendars/{PATEL}/events", body, method="POST")
    began = time.monotonic()
    with urllib.request.urlopen(fake.url, timeout=10) as answer:
        page: Any = answer.read().decode()
    assert time.monotonic() - began < 1
    assert page.count("Frontdesk</span>") == 30
    assert "and 5 more" in page
