"""A clinic's access token: renewed by one, used by all, and the end of a grant."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from frontdesk import calendars, db
from frontdesk.errors import CredentialsUnavailableError
from functions.calendar_worker import google_calendar, oauth, tokens
from functions.calendar_worker.google_calendar import Caller, GoogleError
from tests.calendar.conftest import (
    OFFICE_CALENDAR,
    PATEL,
    Surroundings,
    assign,
    book,
    calendar_row,
    cancel,
    connect,
    event_row,
    move,
    state_of,
    work,
    work_off,
)
from tests.clinics import Clinic, Connection, make_clinic, one
from tests.fake_google import OFFICE, FakeGoogleThread


def versions(owner: Connection, clinic: Clinic, purpose: str = "google_access") -> list[int]:
    """Return the stored versions of a clinic's secret."""
    rows = owner.execute(
        "SELECT version FROM frontdesk.credentials WHERE org_id = %s AND purpose = %s ORDER BY 1",
        [clinic.id, purpose],
    ).fetchall()
    return [row["version"] for row in rows]


def age_token(owner: Connection, clinic: Clinic, left: int) -> None:
    """Leave the access token so many seconds."""
    owner.execute(
        "UPDATE frontdesk.google_connections SET access_expires_at = now() + make_interval(secs => %s)"
        " WHERE org_id = %s",
        [left, clinic.id],
    )


def test_a_token_that_is_good_is_used_as_it_is(owner: Connection, clinic: Clinic) -> None:
    """No renewal, and the same token each time."""
    first = tokens.access(clinic.id)
    assert tokens.access(clinic.id) == first
    assert versions(owner, clinic) == [1]
    assert first.access_token not in repr(first)


def test_a_token_with_less_than_five_minutes_left_is_renewed(owner: Connection, clinic: Clinic) -> None:
    """Another token, good for an hour; the two newest versions are kept."""
    before = tokens.access(clinic.id)
    for left in (299, 10, -100):
        age_token(owner, clinic, left)
        renewed = tokens.access(clinic.id)
        assert renewed.access_token != before.access_token
        before = renewed
    assert versions(owner, clinic) == [3, 4]
    assert calendars.access(clinic.id)["good_seconds"] > 3000


def test_of_many_workers_one_renews(
    owner: Connection, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight at once with a token that is over: one request to Google, one token for all."""
    age_token(owner, clinic, -5)
    renewals: list[str] = []
    refresh = oauth.refresh
    together = threading.Barrier(8)

    def counted(token: str) -> oauth.Tokens:
        renewals.append(token)
        return refresh(token)

    def ask(_: int) -> Caller:
        together.wait()
        try:
            return tokens.access(clinic.id)
        finally:
            db.close()

    monkeypatch.setattr(oauth, "refresh", counted)
    with ThreadPoolExecutor(8) as threads:
        callers = list(threads.map(ask, range(8)))
    assert len(renewals) == 1
    assert len({caller.access_token for caller in callers}) == 1
    assert versions(owner, clinic) == [1, 2]


def test_a_renewer_that_died_is_followed_after_its_lease(owner: Connection, clinic: Clinic) -> None:
    """Half a minute later the next one renews; until then a token that is still good is used."""
    age_token(owner, clinic, 200)
    lease = "7b0c0f6e-6a51-4b8e-9d25-0d6a3d1a0001"
    hold = (
        "UPDATE frontdesk.google_connections"
        " SET refresh_lease = %s, refresh_lease_until = now() + %s::interval"
    )
    owner.execute(hold, [lease, "30 seconds"])
    old = tokens.access(clinic.id)
    assert versions(owner, clinic) == [1]
    owner.execute(hold, [lease, "-1 second"])
    assert tokens.access(clinic.id).access_token != old.access_token


def test_who_lost_the_lease_does_not_store_a_token(owner: Connection, clinic: Clinic) -> None:
    """A renewal that took too long is followed by another's, and stays out of its way."""
    lease = uuid4()
    claimed = calendars.claim_refresh(clinic.id, lease, 1)
    assert claimed == {"outcome": "claimed", "access_version": 2}
    owner.execute("UPDATE frontdesk.google_connections SET refresh_lease = gen_random_uuid()")
    assert calendars.save_access(clinic.id, lease, 3600, {"version": 2})["outcome"] == "stale"
    assert versions(owner, clinic) == [1]
    assert calendars.claim_refresh(clinic.id, lease, 0)["outcome"] == "newer"


def test_a_refused_token_is_renewed_once(
    owner: Connection, app: Connection, google: FakeGoogleThread, around: Surroundings
) -> None:
    """Google says 401 although the hour is not over: once more with a new token; a second 401 is Google's."""
    clinic = make_clinic(owner)
    connect(clinic, google, lasts=0)
    assert tokens.call(clinic.id, google_calendar.list_calendars)
    seen: list[str] = []

    def refused(caller: Caller) -> Any:
        seen.append(caller.access_token)
        raise GoogleError(401, "authError")

    with pytest.raises(GoogleError):
        tokens.call(clinic.id, refused)
    assert len(set(seen)) == 2


def test_a_grant_that_ended_pauses_one_clinic_and_tells_it_once(
    owner: Connection,
    app: Connection,
    clinic: Clinic,
    google: FakeGoogleThread,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """invalid_grant in the middle of a batch: event and board once, no more calls; another clinic goes on."""
    other = make_clinic(owner)
    connect(other, google, "hola@sol.example")
    assign(app, other, "vega@group.calendar.google.com")
    rows = [book(app, clinic, hour, patient_phone=f"+1202555010{hour - 9}")[1] for hour in (9, 11, 13)]
    appointment, waiting = book(app, clinic, 15, patient_phone="+12025550109")
    google.revoke(OFFICE.email)
    insert, asked = google_calendar.insert_event, []

    def counted(*arguments: Any) -> Any:
        asked.append(arguments[1])
        return insert(*arguments)

    monkeypatch.setattr(google_calendar, "insert_event", counted)
    assert work(clinic, *rows, waiting) == []
    paused = owner.execute("SELECT data FROM frontdesk.events WHERE type = 'calendar.paused'").fetchall()
    assert [row["data"] for row in paused] == [{"reason": "invalid_grant"}]
    assert one(owner, "SELECT status FROM frontdesk.google_connections WHERE org_id = %s", clinic.id) == (
        "reconnect_required"
    )
    assert asked == [PATEL]  # of four messages one asked Google, and was refused
    assert state_of(owner, clinic, appointment) == "paused"
    _, theirs = book(app, other)
    assert work(other, theirs) == []
    assert len(google.events("vega@group.calendar.google.com")) == 1


def test_connecting_again_writes_what_waited(
    owner: Connection, app: Connection, clinic: Clinic, google: FakeGoogleThread
) -> None:
    """Booked, moved and cancelled during the pause: afterwards Google is as the schedule is."""
    early, row = book(app, clinic, 9)
    late, second = book(app, clinic, 11, patient_phone="+12025550111")
    work(clinic, row, second)
    google.revoke(OFFICE.email)
    new, third = book(app, clinic, 13, patient_phone="+12025550112")
    moved, gone = calendar_row(move(app, clinic, early, 15)), calendar_row(cancel(app, clinic, late))
    assert work(clinic, third, moved, gone) == []
    google.token(OFFICE.email, refresh_token=OFFICE.refresh_token)
    connect(clinic, google)
    work_off(owner, clinic)
    live = google.events(PATEL, live=True)
    assert sorted(event["id"] for event in live) == sorted(
        event_row(owner, each)["google_event_id"] for each in (early, new)
    )
    assert {state_of(owner, clinic, each) for each in (early, late, new)} == {"written"}


def test_a_key_service_that_is_away_ends_no_connection(
    owner: Connection, app: Connection, clinic: Clinic, around: Surroundings
) -> None:
    """The lease is let go, the write waits, the clinic stays connected."""
    age_token(owner, clinic, -5)
    around.kms.away = True
    with pytest.raises(CredentialsUnavailableError):
        tokens.access(clinic.id)
    assert one(owner, "SELECT refresh_lease FROM frontdesk.google_connections") is None
    appointment, row = book(app, clinic)
    assert work(clinic, row) == []
    assert event_row(owner, appointment)["last_error_code"] == "credentials_unavailable"
    around.kms.away = False
    assert tokens.access(clinic.id).access_token


def test_tokens_that_were_changed_in_the_database_pause_the_clinic(owner: Connection, clinic: Clinic) -> None:
    """A seal that does not open will never open: somebody has to connect again."""
    age_token(owner, clinic, -5)
    owner.execute("UPDATE frontdesk.credentials SET ciphertext = 'tampered' WHERE purpose = 'google'")
    with pytest.raises(tokens.ConnectionPausedError):
        tokens.access(clinic.id)
    assert one(owner, "SELECT reason FROM frontdesk.google_connections") == "credentials_unreadable"


def test_another_calendar_s_name_reaches_nothing_of_another_clinic(
    owner: Connection, app: Connection, clinic: Clinic, google: FakeGoogleThread, around: Surroundings
) -> None:
    """A calendar that is not shared with the clinic's account cannot be written: gone, and told."""
    other = make_clinic(owner)
    connect(other, google, "hola@sol.example")
    assign(app, other, OFFICE_CALENDAR)
    _, row = book(app, other)
    assert work(other, row) == []
    assert google.events(OFFICE_CALENDAR) == []
    status = one(owner, "SELECT status FROM frontdesk.calendars WHERE org_id = %s", other.id)
    assert status in ("gone", "forbidden")
