"""Google Calendar both ways, over the whole local stack: booked, moved and deleted, here and there."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.journeys.desk import Desk
from tests.journeys.diary import Diary, faults, words_of
from tests.journeys.patients import Patient, said
from tests.journeys.waiting import until
from tests.journeys.web import ask
from tests.local.stacks import homes, running

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Run one stack for all journeys, and wait until Google has been read once and tells us of changes."""
    home = tmp_path_factory.mktemp("calendar") / "home"
    with homes(home), running(home) as (_, content):
        desk = Desk(content)
        until(
            lambda: desk.records(
                "SELECT true FROM frontdesk.calendars c HAVING bool_and(c.synced_at IS NOT NULL AND EXISTS ("
                "SELECT FROM frontdesk.watch_channels w WHERE w.calendar_id = c.id AND w.state = 'active'))"
            ),
            "every calendar read and watched",
        )
        yield content


@pytest.fixture
def desk(stack: dict[str, Any]) -> Desk:
    """Sit at the front desk of the first clinic, which has one provider."""
    return Desk(stack)


@pytest.fixture
def diary(desk: Desk) -> Diary:
    """Open the calendar of that provider in Google."""
    return Diary(desk)


def booked(patient: Patient, name: str, start: datetime) -> str:
    """Book by a call, wait for the text; return the appointment's id."""
    found = patient.books(name, start.isoformat())
    patient.waits_for_texts(1)
    return str(found.metadata["appointmentId"])


def named_in(text: str, start: datetime) -> bool:
    """Tell whether a text names this day and time."""
    return all(word in text for word in said(start.isoformat()))


def test_a_call_becomes_an_event_that_says_no_more_than_it_must(
    stack: dict[str, Any], desk: Desk, diary: Diary
) -> None:
    """One event at the visit's time within seconds; initials, no name, no number, no reason."""
    dana = Patient(stack, "+12025550171")
    start = desk.day(1)[0]
    visit = booked(dana, "Dana Whitfield", start)
    event = diary.event_at(visit, start)
    words = words_of(event)
    assert "d.w." in words
    for private in ("dana", "whitfield", "2025550171", "cleaning"):
        assert private not in words
    until(lambda: desk.visit(visit)["calendar"]["state"] == "written", "the board told of it")


def test_a_visit_moved_on_the_board_moves_in_google_and_is_texted_once(
    stack: dict[str, Any], desk: Desk, diary: Diary
) -> None:
    """The same event at the new time, one text with the new time; our own write read back changes nothing."""
    lee = Patient(stack, "+12025550172")
    first, *_, last = desk.day(2)
    visit = booked(lee, "Lee Chan", first)
    before = diary.event_at(visit, first)
    desk.moves(visit, last)
    after = diary.event_at(visit, last)
    assert after["id"] == before["id"]
    diary.has_been_read_since(after)
    texts = lee.waits_for_texts(2)
    assert len(texts) == 2
    assert named_in(texts[1], last)
    assert desk.visit(visit)["version"] == 2


def test_a_visit_cancelled_on_the_board_leaves_google(
    stack: dict[str, Any], desk: Desk, diary: Diary
) -> None:
    """No event is left, the patient is told once, and our deletion is not taken for the provider's."""
    kim = Patient(stack, "+12025550173")
    visit = booked(kim, "Kim Novak", desk.day(3)[0])
    until(lambda: diary.events_of(visit), "the event")
    desk.does(f"appointments/{visit}/cancel", version=1)
    until(lambda: not diary.events_of(visit), "the event gone")
    [deleted] = [each for each in diary.events() if words_of(each).count(visit)]
    diary.has_been_read_since(deleted)
    assert len(kim.waits_for_texts(2)) == 2
    assert desk.follow_ups(kim.number) == []


def test_a_meeting_in_google_is_refused_to_callers_and_others_are_offered(
    stack: dict[str, Any], desk: Desk, diary: Diary
) -> None:
    """An hour the provider took in Google cannot be booked; what is offered instead does not touch it."""
    max_ = Patient(stack, "+12025550174")
    taken = desk.day(4)[8]
    diary.adds("Root canal conference", taken)
    until(lambda: (taken, taken + HOUR) in diary.busy(), "the meeting known")
    told = max_.wishes("Max Stone", taken.isoformat())
    assert told.code == "SLOT_UNAVAILABLE", told.text
    assert "conference" not in told.text.lower()
    offers = [datetime.fromisoformat(each) for each in told.metadata["alternatives"]]
    assert offers
    assert all(offer + HOUR <= taken or offer >= taken + HOUR for offer in offers)
    assert max_.wishes("Max Stone", offers[0].isoformat()).code == "BOOKED"


def test_a_visit_dragged_to_a_free_time_in_google_is_moved_and_texted_once(
    stack: dict[str, Any], desk: Desk, diary: Diary
) -> None:
    """The visit follows the event, one text names the new time, and nothing is written back."""
    ana = Patient(stack, "+12025550175")
    first, *_, last = desk.day(5)
    visit = booked(ana, "Ana Lopez", first)
    dragged = diary.drags(diary.event_at(visit, first), last)
    until(lambda: datetime.fromisoformat(desk.visit(visit)["starts_at"]) == last, "the visit moved")
    texts = ana.waits_for_texts(2)
    diary.has_been_read_since(dragged)
    assert len(texts) == 2
    assert named_in(texts[1], last)
    assert diary.event_at(visit, last)["etag"] == dragged["etag"], "nothing was written back"
    moves = [each for each in desk.timeline(desk.visit(visit)["contact_id"]) if each.endswith("rescheduled")]
    assert len(moves) == 1


def test_a_visit_dragged_onto_another_in_google_is_put_back_and_the_desk_is_told(
    stack: dict[str, Any], desk: Desk, diary: Diary
) -> None:
    """The event returns to its time, the visit never left it, nobody is texted, and there is a follow-up."""
    sam, eve = Patient(stack, "+12025550176"), Patient(stack, "+12025550177")
    first, *_, last = desk.day(6)
    visit, other = booked(sam, "Sam Reed", first), booked(eve, "Eve Hart", last)
    diary.drags(diary.event_at(visit, first), last)
    until(lambda: desk.follow_ups(sam.number), "a follow-up for the desk")
    back = diary.event_at(visit, first)
    diary.has_been_read_since(back)
    assert datetime.fromisoformat(desk.visit(visit)["starts_at"]) == first
    assert datetime.fromisoformat(desk.visit(other)["starts_at"]) == last
    assert "calendar.put_back" in desk.timeline(desk.visit(visit)["contact_id"])
    assert (len(sam.texts()), len(eve.texts())) == (1, 1)


def test_a_visit_deleted_in_google_is_cancelled_texted_once_and_followed_up(
    stack: dict[str, Any], desk: Desk, diary: Diary
) -> None:
    """The provider deletes the event: the visit is off, one text says so, the desk has somebody to call."""
    joe = Patient(stack, "+12025550178")
    start = desk.day(7)[0]
    visit = booked(joe, "Joe Vance", start)
    diary.deletes(diary.event_at(visit, start))
    until(lambda: desk.visit(visit)["status"] == "cancelled", "the visit cancelled")
    texts = joe.waits_for_texts(2)
    assert len(texts) == 2
    assert "cancel" in texts[1].lower()
    assert len(desk.follow_ups(joe.number)) == 1
    assert diary.events_of(visit) == []


def test_with_every_notification_lost_the_next_poll_makes_it_right(stack: dict[str, Any]) -> None:
    """Google tells us nothing of a meeting; the poll that is due finds it, and callers are refused."""
    sol = Desk(stack, 1)
    diary, provider = (
        Diary(sol, 2),
        sol.org["providers"][2],
    )  # nobody else's: no other change is read meanwhile
    taken = sol.day(9)[4]
    faults(stack, lose_pushes=1)
    try:
        diary.adds("Away", taken)
        until(
            lambda: ask("GET", f"{stack['google']}/faults").body["happened"].get("lose_pushes"), "a lost push"
        )
        assert diary.busy() == []
        sol.records(
            "UPDATE frontdesk.calendars SET next_poll_at = now() WHERE google_calendar_id = %s", diary.id
        )
        sol.a_minute_passes()
        until(lambda: diary.busy() == [(taken, taken + HOUR)], "the meeting known")
    finally:
        faults(stack)
    caller = Patient(stack, "+13035550180", org=1)
    told = caller.wishes("Max Stone", taken.isoformat(), provider=provider["name"])
    assert told.code == "SLOT_UNAVAILABLE", told.text


def leaves_for_google(desk: Desk) -> tuple[str, str]:
    """Go to Google and say yes there; return the way back, and the cookie this browser has for it."""
    leaving = desk.ask("GET", "/api/google/connect")
    assert leaving.status == 302, leaving.text
    account = desk.org["google"]["account_email"]
    allowed = ask("GET", f"{leaving.headers['location']}&approve=1&account={account}")
    back = str(allowed.headers["location"])
    assert urlsplit(back).path == "/api/google/callback"
    return back, leaving.cookie


def comes_back(back: str, cookie: str = "") -> str:
    """Follow the way back; return what the board is told."""
    landed = ask("GET", back, headers={"cookie": cookie} if cookie else {})
    assert landed.status == 302, landed.text
    return str(landed.headers["location"])


def test_a_revoked_grant_pauses_one_clinic_until_it_connects_again(
    stack: dict[str, Any], desk: Desk, diary: Diary
) -> None:
    """Callers are served, the board says so, others go on; connected again, what waited is written."""
    sol = Desk(stack, 1)
    rosa, tom = Patient(stack, "+13035550171", org=1), Patient(stack, "+12025550179")
    ask("POST", f"{stack['google']}/grants", {"email": sol.org["google"]["account_email"], "revoke": True})
    start = sol.day(1)[0]
    visit = str(rosa.books("Rosa Diaz", start.isoformat()).metadata["appointmentId"])
    until(lambda: sol.reads("me")["google"]["status"] == "reconnect_required", "the clinic paused")
    assert sol.reads("me")["google"]["reason"]
    until(lambda: sol.visit(visit)["calendar"]["state"] == "paused", "the visit's own state")
    free = desk.day(8)[0]
    diary.event_at(booked(tom, "Tom Hale", free), free)
    assert desk.reads("me")["google"]["status"] == "connected"

    calendar = Diary(
        sol, [each["id"] for each in sol.org["providers"]].index(sol.visit(visit)["provider_id"])
    )
    assert calendar.events_of(visit) == []
    back, _ = leaves_for_google(sol)
    assert comes_back(back) == "/?google=other_browser", "the link alone finishes nothing"
    back, cookie = leaves_for_google(sol)
    assert comes_back(back, cookie) == "/?google=connected"
    assert comes_back(back, cookie) == "/?google=state_unknown", "and only once"
    calendar.event_at(visit, start)
    assert sol.reads("me")["google"]["status"] == "connected"
    until(calendar.channels, "a new channel: the old one ended with its grant")


def test_a_forged_notification_is_refused_and_starts_nothing(
    stack: dict[str, Any], desk: Desk, diary: Diary
) -> None:
    """A notification with a wrong token, or of a channel nobody opened, is 404; the real one is taken."""
    [channel] = diary.channels()
    real = {
        "x-goog-channel-id": channel["id"],
        "x-goog-channel-token": channel["token"],
        "x-goog-resource-id": channel["resource_id"],
        "x-goog-resource-state": "exists",
        "x-goog-message-number": "7",
    }
    forged = (
        {"x-goog-channel-token": "guessed"},
        {"x-goog-resource-id": "another"},
        {"x-goog-channel-id": "6e1f6f0e-9c9e-4e0c-8a3f-0d2c3b4a5968"},
    )
    pushes = "SELECT pushes FROM frontdesk.calendars WHERE google_calendar_id = %s"
    [before] = desk.records(pushes, diary.id)
    for wrong in forged:
        refused = ask("POST", f"{stack['http']}/api/google/notifications", "", real | wrong)
        assert (refused.status, refused.text) == (404, "")
    assert desk.records(pushes, diary.id) == [before]
    assert ask("POST", f"{stack['http']}/api/google/notifications", "", real).status < 300
    assert desk.records(pushes, diary.id) != [before]
