"""A clinic, the handler pointed at its database, and messages as Vapi sends them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from frontdesk import db, orgs, settings
from frontdesk.senders import derive_secret
from functions.book import app as book_app
from tests.clinics import Clinic, Connection, make_clinic
from tests.database import Database

MASTER_KEY = "master-key-of-the-tests"


@pytest.fixture(autouse=True)
def environment(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the function the environment the template gives it, with this test's database."""
    monkeypatch.setenv("DATABASE_URL", database.app_url)
    monkeypatch.setenv("DATABASE_AUTH", "password")
    monkeypatch.setenv("VAPI_SIGNING_KEYS", MASTER_KEY)
    settings.current.cache_clear()
    orgs.forget()
    yield
    db.close()
    settings.current.cache_clear()


@pytest.fixture
def clinic(owner: Connection) -> Clinic:
    """Make a clinic: Dr. Patel, Monday to Friday 09:00-17:00 in New York, cleaning 60 and check-up 30 minutes."""
    return make_clinic(owner)


def message(
    clinic: Clinic, *calls: dict[str, Any], caller: str | None = "+12025550147", call_id: str = "call-1"
) -> dict[str, Any]:
    """Write a tool-calls message of that clinic's assistant."""
    return {
        "message": {
            "type": "tool-calls",
            "call": {
                "id": call_id,
                "phoneNumberId": clinic.phone_number_id,
                "orgId": "vapi-org",
                "customer": {"number": caller} if caller else {},
            },
            "customer": {"number": caller} if caller else {},
            "toolCallList": list(calls),
        }
    }


def tool_call(name: str, tool_call_id: str = "tc-1", **arguments: Any) -> dict[str, Any]:
    """Write one tool call, its arguments as an object."""
    return {"id": tool_call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def event(body: Any, secret: str | None, path: str = "/api/vapi/tools") -> dict[str, Any]:
    """Write the HTTP API event that carries this body."""
    headers = {"content-type": "application/json"}
    if secret is not None:
        headers["authorization"] = f"Bearer {secret}"
    text = body if isinstance(body, str) else json.dumps(body)
    return {"version": "2.0", "rawPath": path, "headers": headers, "body": text, "isBase64Encoded": False}


def secret_of(clinic: Clinic) -> str:
    """Return the secret of that clinic's Vapi credential."""
    return derive_secret(MASTER_KEY, clinic.id, 1)


def say(
    clinic: Clinic,
    name: str,
    tool_call_id: str = "tc-1",
    *,
    caller: str | None = "+12025550147",
    call_id: str = "call-1",
    **arguments: Any,
) -> dict[str, Any]:
    """Send one tool call to the handler and return its result entry."""
    body = message(clinic, tool_call(name, tool_call_id, **arguments), caller=caller, call_id=call_id)
    answer = book_app.handler(event(body, secret_of(clinic)), None)
    assert answer["statusCode"] == 200, answer
    result: dict[str, Any] = json.loads(answer["body"])["results"][0]
    return result
