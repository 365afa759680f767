"""What needs no Google: the title, the error table, the waiting times, the pace."""

import time
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.calendar_worker import event_body, pacing
from functions.calendar_worker.error_classes import ErrorClass, backoff, classify

ORG = {"id": str(uuid4()), "time_zone": "America/New_York", "language": "en", "calendar_detail": "initials"}
VISIT: dict[str, Any] = {
    "id": str(uuid4()),
    "status": "pending",
    "version": 3,
    "starts_at": "2026-11-10T20:00:00+00:00",
    "ends_at": "2026-11-10T21:00:00+00:00",
    "patient_name": "Dana van der Whitfield",
    "service_name": "Root canal",
    "confirmation_code": "4821",
    "notes": "afraid of needles",
    "phone": "+12025550147",
    "email": "dana@example.test",
}


@pytest.mark.parametrize(
    ("detail", "language", "title"),
    [
        ("code", "en", "Appointment 4821"),
        ("initials", "en", "Appointment \N{EN DASH} D.W."),
        ("initials", "es", "Cita \N{EN DASH} D.W."),
        ("name", "en", "Appointment \N{EN DASH} Dana van der Whitfield (Root canal)"),
        ("initials", "fr", "Appointment \N{EN DASH} D.W."),
    ],
)
def test_the_title_says_what_the_clinic_chose(detail: str, language: str, title: str) -> None:
    """A code, initials, or the name with the service; a language we have no word for is English."""
    org = ORG | {"calendar_detail": detail, "language": language}
    assert event_body.to_insert(VISIT, org, "abc12")["summary"] == title


@pytest.mark.parametrize("detail", ["code", "initials", "name"])
def test_nothing_else_of_the_patient_is_in_the_event(detail: str) -> None:
    """No notes, no phone, no e-mail, whatever the clinic chose; the service only with the name."""
    org = ORG | {"calendar_detail": detail}
    text = str(event_body.to_insert(VISIT, org, "abc12"))
    for secret in ("needles", "0147", "example.test"):
        assert secret not in text
    assert ("Root canal" in text) == (detail == "name")
    assert ("Whitfield" in text) == (detail == "name")


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Dana", "D."), ("Óscar de la Cruz", "Ó.C."), ("'t Hooft", "H."), ("李 小龙", "李.小.")],
)
def test_initials_are_of_the_first_and_the_last_word(name: str, initials: str) -> None:
    """Whatever alphabet; words that begin with no letter have none."""
    assert event_body.initials(name) == initials


def test_times_are_the_clinic_s_with_its_zone() -> None:
    """20:00 UTC in November is 15:00 in New York, and Google is told both offset and zone."""
    body = event_body.to_insert(VISIT, ORG, "abc12")
    assert body["start"] == {"dateTime": "2026-11-10T15:00:00-05:00", "timeZone": "America/New_York"}
    assert (body["transparency"], body["reminders"]) == ("opaque", {"useDefault": False})


def test_our_own_event_is_known_by_its_private_properties() -> None:
    """Org and appointment come back out of it; anybody else's event, or a broken one, is nobody's."""
    body = event_body.to_insert(VISIT, ORG, "abc12")
    owner = event_body.owner_of(body)
    assert owner is not None
    assert (str(owner[0]), str(owner[1])) == (ORG["id"], VISIT["id"])
    assert event_body.version_of(body) == 3
    for private in ({}, {"src": "frontdesk"}, {"src": "frontdesk", "org_id": "x", "appt_id": "y"}):
        assert event_body.owner_of({"extendedProperties": {"private": private}}) is None


@pytest.mark.parametrize(
    ("status", "reason", "found"),
    [
        (0, "unreachable", ErrorClass.RETRY),
        (400, "badRequest", ErrorClass.PERMANENT),
        (401, "authError", ErrorClass.AUTH),
        (403, "rateLimitExceeded", ErrorClass.QUOTA),
        (403, "quotaExceeded", ErrorClass.QUOTA),
        (403, "forbidden", ErrorClass.FORBIDDEN),
        (403, "insufficientPermissions", ErrorClass.FORBIDDEN),
        (404, "notFound", ErrorClass.MISSING),
        (409, "duplicate", ErrorClass.TAKEN),
        (410, "deleted", ErrorClass.DELETED),
        (412, "conditionNotMet", ErrorClass.CHANGED),
        (429, "rateLimitExceeded", ErrorClass.QUOTA),
        (418, "teapot", ErrorClass.PERMANENT),
        (503, "backendError", ErrorClass.RETRY),
        (599, "unknown", ErrorClass.RETRY),
    ],
)
def test_each_refusal_means_one_thing(status: int, reason: str, found: ErrorClass) -> None:
    """The table of docs/calendar.md; what is not in it: 4xx never, 5xx again."""
    assert classify(status, reason) is found


@given(attempt=st.integers(1, 60), asked=st.none() | st.floats(0, 900))
def test_waiting_doubles_with_jitter_and_is_never_shorter_than_asked(
    attempt: int, asked: float | None
) -> None:
    """1, 2, 4 ... 64 seconds, later minutes, at most half as much again; Retry-After is kept."""
    least = 30 * 60 if attempt >= 30 else 5 * 60 if attempt >= 10 else min(2 ** (attempt - 1), 64)
    least = max(least, asked or 0)
    assert int(least) <= backoff(attempt, asked) <= round(least * 1.5) + 1


def test_a_clinic_s_burst_is_put_off_and_another_clinic_s_call_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sixty calls at once, then one a second; each clinic has a bucket of its own."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pacing.forget()
    busy, quiet = uuid4(), uuid4()
    assert [pacing.wait_seconds(busy) for _ in range(30)] == [0.0] * 30
    assert pacing.wait_seconds(busy) == 2.0
    assert pacing.wait_seconds(quiet) == 0.0
    now[0] += 2
    assert pacing.wait_seconds(busy) == 0.0
    pacing.charge(busy, 5)
    now[0] += 2
    assert pacing.wait_seconds(busy) > 0


def test_five_workers_together_stay_under_google_s_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Full buckets and a minute of the most eager work: 600 calls of one user, which is Google's number."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pacing.forget()
    org, calls = uuid4(), 0.0
    for _ in range(600):
        while pacing.wait_seconds(org, 1.0) == 0.0:
            calls += 1
        now[0] += 0.1
    assert 100 < calls * 5 <= 600 + 5
