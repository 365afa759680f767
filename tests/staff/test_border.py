"""What comes in broken: a clear 4xx, never a 5xx, and nothing personal in a log line."""

import base64
import json
from typing import Any

import pytest

from frontdesk import db, schedule, settings
from frontdesk.errors import DatabaseUnavailableError, ScheduleBusyError
from functions.staff_api import app
from tests.clinics import Clinic, Connection, one
from tests.database import Database
from tests.staff.conftest import ISSUER, Member, ask, event, reply_of

ID = "019a0000-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        ("", 400, "malformed"),
        ("{", 400, "malformed"),
        ("\x00", 400, "malformed"),
        ('{"version": 1, "notes": "\\ud800"}', 400, "malformed"),
        (b"\xff\xfe", 400, "malformed"),
        ("[" * 20_000, 400, "malformed"),
        ("[]", 422, "invalid"),
        ("null", 422, "invalid"),
        ('{"version": 99999999999999999999999, "notes": ""}', 422, "invalid"),
        ('{"version": true, "notes": ""}', 422, "invalid"),
        ('{"version": "1", "notes": ""}', 422, "invalid"),
        ('{"version": NaN, "notes": ""}', 422, "invalid"),
        ('{"version": 1, "notes": "a\\u0000b"}', 422, "invalid"),
        ('{"version": 1}', 422, "invalid"),
        (json.dumps({"version": 1, "notes": "x" * 70_000}), 413, "too_large"),
        (json.dumps({"version": 1, "notes": "x" * 70_000}).encode(), 413, "too_large"),
    ],
)
def test_a_broken_body_is_refused(staff: Member, raw: str | bytes, status: int, code: str) -> None:
    """By what is wrong with it: unreadable, of the wrong type, too large."""
    told = ask(staff, "PATCH", f"/appointments/{ID}", raw=raw)
    assert (told.status, told.body["code"]) == (status, code)


def test_what_is_no_base64_is_refused(staff: Member) -> None:
    """API Gateway never sends such; whoever else invokes the function gets a sentence."""
    broken = event("PATCH", f"/api/staff/appointments/{ID}", headers={"content-type": "application/json"})
    broken |= {"body": "*", "isBase64Encoded": True}
    broken["requestContext"]["authorizer"] = {"jwt": {"claims": staff.claims}}
    assert reply_of(app.handler(broken, None)).status == 400


def test_a_body_in_base64_is_a_body(staff: Member) -> None:
    """API Gateway sends some that way."""
    told = ask(staff, "PATCH", f"/appointments/{ID}", raw=b'{"version": 1, "notes": ""}')
    assert told.status == 404


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "jsonish"])
def test_only_json_is_taken(staff: Member, kind: str) -> None:
    """A form of another site can be posted without the browser asking; JSON cannot."""
    told = ask(staff, "PATCH", f"/appointments/{ID}", {"version": 1, "notes": ""}, content_type=kind)
    assert (told.status, told.body["code"]) == (415, "not_json")


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("limit=501", 422, "limit"),
        ("limit=-1", 422, "limit"),
        ("limit=" + "9" * 400, 422, "limit"),
        ("limit=1&limit=2", 422, "limit"),
        ("status=gone", 422, "status.0"),
        ("provider_id=x", 422, "provider_id"),
        ("provider_id=%00", 422, "provider_id"),
        ("from=yesterday", 422, "from"),
        ("to=2026-11-10T15:00:00", 422, "to"),
        ("cursor=x", 422, "cursor"),
        ("cursor=" + "x" * 600, 422, "cursor"),
        ("nonsense=1", 422, "nonsense"),
        ("from=%ff", 400, None),
        ("&".join(f"a{n}=1" for n in range(60)), 400, None),
    ],
)
def test_a_broken_query_is_refused(reader: Member, query: str, status: int, field: str | None) -> None:
    """Naming the parameter, where there is one to name."""
    told = ask(reader, "GET", "/appointments", query=query)
    assert told.status == status
    assert [each["field"] for each in told.body.get("errors", [])] == ([field] if field else [])


@pytest.mark.parametrize(
    "place",
    [
        {},
        [],
        1,
        {"starts_at": "x", "id": ID},
        {"starts_at": "2026-01-01T00:00:00", "id": ID},
        {"starts_at": "2026-01-01T00:00:00+00:00", "id": 1},
        {"starts_at": "2026-01-01T00:00:00+00:00", "id": ID, "more": 1},
    ],
)
def test_a_forged_cursor_is_refused(reader: Member, place: Any) -> None:
    """Whatever it says, it never reaches the database."""
    cursor = base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")
    assert ask(reader, "GET", "/appointments", query=f"cursor={cursor}").status == 422


@pytest.mark.parametrize("key", ["", "two words", "ümlaut", "x" * 201, "\x00"])
def test_a_key_must_be_a_short_word(staff: Member, key: str) -> None:
    """422 naming the header."""
    told = ask(staff, "POST", f"/appointments/{ID}/cancel", {"version": 1}, key=key)
    assert (told.status, told.body["errors"][0]["field"]) == (422, "Idempotency-Key")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/", 404),
        ("GET", "/appointments/", 404),
        ("GET", "/appointments/x", 404),
        ("GET", f"/appointments/{ID}/", 404),
        ("GET", "/appointments/../me", 404),
        ("DELETE", "/appointments", 405),
        ("PUT", f"/appointments/{ID}/move", 405),
        ("POST", "/openapi.json", 404),
    ],
)
def test_what_is_not_there_is_404_and_what_cannot_be_done_405(
    admin: Member, method: str, path: str, status: int
) -> None:
    """Before anything is read or asked."""
    assert ask(admin, method, path).status == status


def test_claims_may_hold_anything(clinic: Clinic) -> None:
    """NUL, lone surrogates and great lengths are nobody's name, and no error."""
    for odd in ("\x00", "\ud800", "x" * 100_000, "'; DROP TABLE"):
        assert ask(None, "GET", "/me", claims={"iss": ISSUER, "sub": odd}).status == 403
        claims = {"iss": ISSUER, "sub": "s", "email": odd, "email_verified": "true"}
        assert ask(None, "GET", "/me", claims=claims).status == 403
        assert ask(None, "GET", "/me", claims=claims, x_org=odd).status == 403


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (DatabaseUnavailableError("57P01"), 503, "unavailable"),
        (ScheduleBusyError(), 503, "schedule_busy"),
        (DatabaseUnavailableError("42883"), 500, "failed"),
        (ZeroDivisionError("Dana Whitfield"), 500, "failed"),
    ],
)
def test_our_own_trouble_is_told_apart_and_says_nothing_of_anybody(
    staff: Member,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
    code: str,
) -> None:
    """503 with Retry-After is worth another try, 500 is not; neither quotes what it was about."""

    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(schedule, "summary", fails)
    told = ask(staff, "GET", "/me")
    assert (told.status, told.body["code"]) == (status, code)
    assert ("retry-after" in told.headers) == (status == 503)
    assert "Dana" not in json.dumps(told.body) + written(caplog)


def test_a_database_that_is_away_is_503(
    database: Database, owner: Connection, staff: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For real: nobody listens there."""
    db.close()
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    settings.current.cache_clear()
    told = ask(staff, "GET", "/me")
    assert (told.status, told.headers["retry-after"]) == (503, "2")
    assert one(owner, "SELECT count(*) FROM frontdesk.events") == 0


def test_no_log_line_names_anybody(clinic: Clinic, staff: Member, caplog: pytest.LogCaptureFixture) -> None:
    """Names, numbers, addresses and notes of good and bad requests alike stay out of the log."""
    body = {
        "patient_name": "Canary Whitfield",
        "phone": "(202) 555-0177",
        "email": "canary@example.test",
        "notes": "canary allergy",
        "service_id": str(clinic.services["Teeth cleaning"]),
        "starts_at": clinic.at(9).isoformat(),
    }
    assert ask(staff, "POST", "/appointments", body).status == 201
    assert ask(staff, "POST", "/appointments", body | {"phone": "canary", "canary": 1}).status == 422
    assert ask(staff, "GET", "/appointments", query="canary=Whitfield").status == 422
    said = written(caplog)
    assert "appointment_changes_book" in said
    for canary in ("anary", "Whitfield", "5550177", "555-0177"):
        assert canary not in said


def written(caplog: pytest.LogCaptureFixture) -> str:
    """Return all that was logged, with every field."""
    assert caplog.records
    return " ".join(str(vars(record)) for record in caplog.records)
