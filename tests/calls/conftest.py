"""A clinic, the handler pointed at its database, and messages of one call as Vapi sends them."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from frontdesk import db, orgs, settings
from frontdesk.senders import derive_secret
from functions.calls import app as calls_app
from tests.clinics import Clinic, Connection, make_clinic
from tests.database import Database

SAMPLES = Path(__file__).resolve().parents[1] / "samples/vapi"
MASTER_KEY = "master-key-of-the-tests"
CALLER = "+12025550147"
CALL_ID = "019aa141-4449-7775-8d7e-006f2a64e546"


@pytest.fixture(autouse=True)
def environment(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the function the environment the template gives it, with this test's database."""
    monkeypatch.setenv("DATABASE_URL", database.app_url)
    monkeypatch.setenv("DATABASE_AUTH", "password")
    monkeypatch.setenv("VAPI_SIGNING_KEYS", MASTER_KEY)
    monkeypatch.setenv("PUBLIC_BASE_URL", "https://api.example.com")
    settings.current.cache_clear()
    db.close()
    orgs.forget()
    yield
    db.close()
    settings.current.cache_clear()


@pytest.fixture
def clinic(owner: Connection) -> Clinic:
    """Make a clinic: Dr. Patel, weekdays 09:00-17:00 in New York, cleaning 60 and check-up 30 minutes."""
    return make_clinic(owner)


def sample(name: str, clinic: Clinic, **changed: Any) -> dict[str, Any]:
    """Return a recorded message as one of this clinic's; `changed` replaces fields of the message."""
    whole: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return {"message": whole["message"] | envelope(clinic, whole["message"].get("call")) | changed}


def envelope(
    clinic: Clinic, call: dict[str, Any] | None = None, caller: str | None = CALLER
) -> dict[str, Any]:
    """Write what makes a message one of this clinic's."""
    customer = {"number": caller} if caller else {}
    made = deepcopy(call or {}) | {
        "id": (call or {}).get("id", CALL_ID),
        "phoneNumberId": clinic.phone_number_id,
    }
    made["id"] = CALL_ID if made["id"] == "call-uuid" else made["id"]
    made["customer"] = customer
    return {
        "call": made,
        "customer": customer,
        "phoneNumber": {"id": clinic.phone_number_id, "number": clinic.number},
    }


def message(clinic: Clinic, kind: str, caller: str | None = CALLER, **fields: Any) -> dict[str, Any]:
    """Write a message of this clinic's call."""
    return {"message": {"type": kind, **envelope(clinic, caller=caller), **fields}}


def secret_of(clinic: Clinic) -> str:
    """Return the secret of that clinic's Vapi credential."""
    return derive_secret(MASTER_KEY, clinic.id, 1)


def event(body: Any, secret: str | None = None) -> dict[str, Any]:
    """Write the HTTP API event that carries this body."""
    headers = {"content-type": "application/json"}
    if secret is not None:
        headers["authorization"] = f"Bearer {secret}"
    return {
        "version": "2.0",
        "rawPath": "/api/vapi/events",
        "headers": headers,
        "requestContext": {"domainName": "abc.execute-api.us-east-1.amazonaws.com"},
        "body": body if isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    }


def deliver(clinic: Clinic, body: Any) -> dict[str, Any]:
    """Hand an authentic message to the function; returns its HTTP response."""
    return calls_app.handler(event(body, secret_of(clinic)), None)


def told(clinic: Clinic, body: Any) -> Any:
    """Hand an authentic message to the function; returns the JSON of its answer, which must be HTTP 200."""
    response = deliver(clinic, body)
    assert response["statusCode"] == 200, response
    return json.loads(response["body"])


def call_row(owner: Connection) -> dict[str, Any]:
    """Return the only call."""
    rows = owner.execute("SELECT * FROM frontdesk.calls").fetchall()
    assert len(rows) == 1
    return rows[0]


def lines(owner: Connection) -> list[tuple[str, str]]:
    """Return role and words of the stored lines, in order."""
    rows = owner.execute("SELECT role, body FROM frontdesk.call_messages ORDER BY position").fetchall()
    return [(row["role"], row["body"]) for row in rows]


def event_types(owner: Connection) -> list[str]:
    """Return what happened, in order."""
    return [row["type"] for row in owner.execute("SELECT type FROM frontdesk.events ORDER BY seq")]
