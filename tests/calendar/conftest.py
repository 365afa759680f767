"""A clinic connected with a fake Google, and the calendar worker pointed at both."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from frontdesk import credentials, db, outbox, settings
from functions.calendar_worker import app as worker
from functions.calendar_worker import connection, google_calendar, oauth, pacing, tokens, vanished
from tests.batches import Context, batch
from tests.clinics import Clinic, Connection, call, make_clinic
from tests.clinics import book as book_visit
from tests.database import Database
from tests.fake_google import CLIENT_ID, CLIENT_SECRET, OFFICE, SOL, FakeGoogleThread, running_fake

BASE = "https://front.example.test"
CALLBACK = f"{BASE}/api/google/callback"
PATEL, NOVAK, OFFICE_CALENDAR = (
    "patel@group.calendar.google.com",
    "novak@group.calendar.google.com",
    "office@bright.example",
)
PATIENT = "+12025550147"


class FakeKms:
    """A key service in this process: wraps by keeping, opens only under the same context."""

    def __init__(self) -> None:
        self.kept: dict[bytes, tuple[bytes, str]] = {}
        self.away = False

    def generate_data_key(self, **asked: Any) -> dict[str, Any]:
        """Make a data key, bound to the context it is asked under."""
        self._answers("GenerateDataKey")
        key, blob = secrets.token_bytes(32), secrets.token_bytes(48)
        self.kept[blob] = (key, _canonical(asked["EncryptionContext"]))
        return {"KeyId": asked["KeyId"], "Plaintext": key, "CiphertextBlob": blob}

    def decrypt(self, **asked: Any) -> dict[str, Any]:
        """Give a data key back, to who names the same context."""
        from botocore.exceptions import ClientError

        self._answers("Decrypt")
        key, context = self.kept.get(asked["CiphertextBlob"], (b"", ""))
        if not key or not hmac.compare_digest(context, _canonical(asked["EncryptionContext"])):
            raise ClientError({"Error": {"Code": "InvalidCiphertextException"}}, "Decrypt")
        return {"Plaintext": key}

    def _answers(self, operation: str) -> None:
        from botocore.exceptions import ClientError

        if self.away:
            raise ClientError({"Error": {"Code": "KMSInternalException"}}, operation)


@dataclass
class Surroundings:
    """What the tests may look at and change around the code."""

    kms: FakeKms = field(default_factory=FakeKms)
    published: list[Any] = field(default_factory=list)


@pytest.fixture(scope="session")
def shared_google() -> Iterator[FakeGoogleThread]:
    """Run one fake Google for all tests of a run."""
    with running_fake(redirect_uris=[CALLBACK]) as running:
        yield running


@pytest.fixture
def google(shared_google: FakeGoogleThread) -> FakeGoogleThread:
    """Return the fake with nothing in it but its accounts."""
    shared_google.reset()
    return shared_google


@pytest.fixture
def around(
    database: Database, google: FakeGoogleThread, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Surroundings]:
    """Give the functions the template's environment; KMS is a fake, publishing is a list."""
    here = Surroundings()
    for name, value in {
        "DATABASE_URL": database.app_url,
        "DATABASE_AUTH": "password",
        "PUBLIC_BASE_URL": BASE,
        "GOOGLE_BASE": google.url,
        "GOOGLE_CLIENT_ID": CLIENT_ID,
        "GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
        "CREDENTIALS_KEY_ID": "key-of-the-tests",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(credentials, "_kms", lambda: here.kms)
    monkeypatch.setattr(outbox, "publish_later", lambda _org, rows: here.published.extend(rows or ()))
    monkeypatch.setattr(vanished, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(tokens, "LOOK_EVERY", 0.02)
    settings.current.cache_clear()
    credentials.forget()
    tokens.forget()
    pacing.forget()
    google_calendar._forget_connection()
    yield here
    db.close()
    google_calendar._forget_connection()
    settings.current.cache_clear()


@pytest.fixture
def clinic(owner: Connection, app: Connection, around: Surroundings, google: FakeGoogleThread) -> Clinic:
    """Make a clinic in New York, connected, with Dr. Patel's calendar assigned to the one provider."""
    made = make_clinic(owner)
    connect(made, google)
    assign(app, made)
    return made


@pytest.fixture
def pair(owner: Connection, app: Connection, around: Surroundings, google: FakeGoogleThread) -> Clinic:
    """Make a connected clinic with two providers, each with a calendar."""
    made = make_clinic(owner, providers=("Dr. Patel", "Dr. Novak"))
    connect(made, google)
    assign(app, made)
    assign(app, made, NOVAK, provider=made.providers[1])
    return made


def connect(
    clinic: Clinic,
    google: FakeGoogleThread,
    email: str = OFFICE.email,
    *,
    says: int = 3600,
    lasts: float = 3600,
) -> None:
    """Connect a clinic with an account of the fake's, as the callback does once Google has said yes.

    The access token is good for `lasts` seconds, of which Google `says` something else where they differ.
    """
    account = next(each for each in (OFFICE, SOL) if each.email == email)
    granted = oauth.Tokens(google.token(email, seconds=lasts), account.refresh_token, says, oauth.SCOPES)
    connection._save(clinic.id, uuid4(), granted, account.refresh_token, email)


def assign(
    app: Connection, clinic: Clinic, calendar: str = PATEL, *, provider: UUID | None = None
) -> dict[str, Any]:
    """Give a provider (the first) a calendar; return the answer."""
    answer: dict[str, Any] = call(
        app,
        "assign_calendar",
        org_id=clinic.id,
        provider_id=provider or clinic.providers[0],
        google_calendar_id=calendar,
    )
    assert answer["outcome"] == "assigned", answer
    return answer


def book(app: Connection, clinic: Clinic, hour: int = 10, **changed: Any) -> tuple[dict[str, Any], int]:
    """Book a visit; return the appointment and the id of its outbox row for the calendar."""
    told = book_visit(app, clinic, clinic.at(hour), **changed)
    assert told["outcome"] == "booked", told["outcome"]
    return told["appointment"], calendar_row(told)


def calendar_row(told: dict[str, Any]) -> int:
    """Return the outbox id of an answer's row for the calendar."""
    rows = [row["id"] for row in told["outbox"] if row["queue"] == "calendar"]
    assert len(rows) == 1, told["outbox"]
    return int(rows[0])


def move(app: Connection, clinic: Clinic, appointment: dict[str, Any], hour: int, **changed: Any) -> Any:
    """Move a visit as staff do; return the answer."""
    told = call(
        app,
        "reschedule_appointment_atomic",
        org_id=clinic.id,
        appointment_id=appointment["id"],
        scheduled_at=clinic.at(hour),
        source="staff",
        **changed,
    )
    assert told["outcome"] == "rescheduled", told
    return told


def cancel(app: Connection, clinic: Clinic, appointment: dict[str, Any]) -> Any:
    """Cancel a visit as staff do; return the answer."""
    told = call(
        app, "cancel_appointment_atomic", org_id=clinic.id, appointment_id=appointment["id"], source="staff"
    )
    assert told["outcome"] == "cancelled", told
    return told


def work(clinic: Clinic, *outbox_ids: int, context: Context | None = None) -> list[str]:
    """Give the worker these rows as one batch and return the ids of the messages it names as failed."""
    bodies = [{"outbox_id": each, "org_id": str(clinic.id)} for each in outbox_ids]
    answer = worker.handler(batch(*bodies), context or Context(60_000))
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def work_off(
    owner: Connection, clinic: Clinic, kinds: str = "appointment.%|calendar.write_again", most: int = 200
) -> int:
    """Give the worker every unsent calendar row of these kinds (LIKE, by |), until none is left; count."""
    done = 0
    while done < most:
        rows = owner.execute(
            "SELECT id FROM frontdesk.outbox WHERE org_id = %s AND queue = 'calendar' AND sent_at IS NULL"
            " AND dead_at IS NULL AND kind LIKE ANY (string_to_array(%s, '|')) ORDER BY id",
            [clinic.id, kinds],
        ).fetchall()
        if not rows:
            return done
        for row in rows:
            assert work(clinic, row["id"]) == []
            done += 1
    raise AssertionError(f"still rows after {most}")


def let_time_pass(owner: Connection, seconds: float) -> None:
    """Move what the calendars wait for into the past: leases, next tries, quiet times."""
    gone = {"gone": timedelta(seconds=seconds)}
    owner.execute(
        "UPDATE frontdesk.calendar_events SET next_at = next_at - %(gone)s,"
        " lease_until = lease_until - %(gone)s",
        gone,
    )
    owner.execute(
        "UPDATE frontdesk.google_connections SET quiet_until = quiet_until - %(gone)s,"
        " refresh_lease_until = refresh_lease_until - %(gone)s,"
        " access_expires_at = access_expires_at - %(gone)s",
        gone,
    )
    owner.execute(
        "UPDATE frontdesk.outbox SET next_at = next_at - %(gone)s WHERE sent_at IS NULL",
        gone,
    )


def event_row(owner: Connection, appointment: dict[str, Any]) -> dict[str, Any]:
    """Return the one row of what we know about an appointment's event."""
    rows = owner.execute(
        "SELECT * FROM frontdesk.calendar_events WHERE appointment_id = %s", [appointment["id"]]
    ).fetchall()
    assert len(rows) == 1, f"{len(rows)} rows"
    return rows[0]


def state_of(owner: Connection, clinic: Clinic, appointment: dict[str, Any]) -> str:
    """Return how far Google has an appointment, as the board is told."""
    owner.execute("SELECT set_config('app.org_id', %s, false)", [str(clinic.id)])
    row = owner.execute(
        "SELECT frontdesk.board_appointments(org_id, ARRAY[id]) -> 0 -> 'calendar' ->> 'state' AS state"
        " FROM frontdesk.appointments WHERE id = %s",
        [appointment["id"]],
    ).fetchone()
    assert row is not None
    return str(row["state"])


def _canonical(context: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(context, sort_keys=True).encode()).hexdigest()
