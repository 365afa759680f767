"""A clinic, the handler pointed at its database, and messages as Vapi sends them."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from frontdesk import db, orgs, settings, times
from frontdesk.senders import derive_secret
from functions.book import app as book_app
from tests.clinics import Clinic, Connection, make_clinic, one
from tests.database import Database

MASTER_KEY = "master-key-of-the-tests"
CALLER = "+12025550147"
OTHER = "+12025550188"


@pytest.fixture(autouse=True)
def environment(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the function the environment the template gives it, with this test's database."""
    use_database(monkeypatch, database.app_url)
    monkeypatch.setenv("DATABASE_AUTH", "password")
    monkeypatch.setenv("VAPI_SIGNING_KEYS", MASTER_KEY)
    orgs.forget()
    yield
    db.close()
    settings.current.cache_clear()


def use_database(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Point the function at a database; what is connected is let go."""
    monkeypatch.setenv("DATABASE_URL", url)
    settings.current.cache_clear()
    db.close()


@pytest.fixture
def clinic(owner: Connection) -> Clinic:
    """Make a clinic: Dr. Patel, weekdays 09:00-17:00 in New York, cleaning 60 and check-up 30 minutes."""
    return make_clinic(owner)


@pytest.fixture
def three(owner: Connection) -> Clinic:
    """Make a clinic with three providers."""
    return make_clinic(owner, providers=("Dr. Ana Ruiz", "Dr. Ben Cho", "Dr. Cy Okafor"))


def message(
    clinic: Clinic, *calls: dict[str, Any], caller: str | None = CALLER, call_id: str = "call-1"
) -> dict[str, Any]:
    """Write a tool-calls message of that clinic's assistant."""
    customer = {"number": caller} if caller else {}
    call = {
        "id": call_id,
        "phoneNumberId": clinic.phone_number_id,
        "orgId": "vapi-org",
        "customer": customer,
    }
    return {
        "message": {"type": "tool-calls", "call": call, "customer": customer, "toolCallList": list(calls)}
    }


def tool_call(name: str, tool_call_id: str = "tc-1", **arguments: Any) -> dict[str, Any]:
    """Write one tool call, its arguments as an object."""
    return {"id": tool_call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def event(
    body: Any, secret: str | None = None, tool: str | None = None, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """Write the HTTP API event that carries this body; `tool` stands in the path."""
    sent = {"content-type": "application/json", **(headers or {})}
    if secret is not None:
        sent["authorization"] = f"Bearer {secret}"
    made: dict[str, Any] = {
        "version": "2.0",
        "rawPath": "/api/vapi/tools" + (f"/{tool}" if tool else ""),
        "headers": sent,
        "body": body if isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    }
    if tool:
        made["pathParameters"] = {"toolName": tool}
    return made


def secret_of(clinic: Clinic, generation: int = 1, master_key: str = MASTER_KEY) -> str:
    """Return the secret of that clinic's Vapi credential."""
    return derive_secret(master_key, clinic.id, generation)


def signature(body: str, secret: str, age: float = 0) -> dict[str, str]:
    """Sign a body as Vapi's HMAC credential does, `age` seconds ago."""
    stamp = str(int(time.time() - age))
    digest = hmac.new(secret.encode(), f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
    return {"x-signature": digest, "x-timestamp": stamp}


def deliver(sent: dict[str, Any]) -> dict[str, Any]:
    """Hand an event to the function and return its HTTP response."""
    return book_app.handler(sent, None)


def results(response: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the results of a response that must be HTTP 200."""
    assert response["statusCode"] == 200, response
    found: list[dict[str, Any]] = json.loads(response["body"])["results"]
    return found


def say_all(clinic: Clinic, *calls: dict[str, Any], **changed: Any) -> list[dict[str, Any]]:
    """Send several tool calls in one message and return all results."""
    return results(deliver(event(message(clinic, *calls, **changed), secret_of(clinic))))


def say(
    clinic: Clinic,
    name: str,
    tool_call_id: str = "tc-1",
    *,
    caller: str | None = CALLER,
    call_id: str = "call-1",
    **arguments: Any,
) -> dict[str, Any]:
    """Send one tool call to the handler and return its result entry."""
    call = tool_call(name, tool_call_id, **arguments)
    return say_all(clinic, call, caller=caller, call_id=call_id)[0]


def book(
    clinic: Clinic,
    tool_call_id: str = "tc-1",
    /,
    caller: str | None = CALLER,
    call_id: str = "call-1",
    **changed: Any,
) -> dict[str, Any]:
    """Ask for Dana Whitfield's teeth cleaning on the Monday at 3 PM, or what `changed` says instead."""
    wish = {
        "patientName": "Dana Whitfield",
        "startTime": f"{clinic.monday}T15:00",
        "reason": "Teeth cleaning",
    }
    return say(
        clinic, "bookClinicAppointment", tool_call_id, caller=caller, call_id=call_id, **(wish | changed)
    )


def code_of(result: dict[str, Any]) -> str:
    """Return the code a result begins with."""
    line = str(result.get("result") or result["error"])
    return line.partition(".")[0]


def count(owner: Connection, table: str, org_id: UUID | None = None) -> int:
    """Count a table's rows, of one org or of all."""
    query = f"SELECT count(*) FROM frontdesk.{table} WHERE %s::uuid IS NULL OR org_id = %s"
    return int(one(owner, query, org_id, org_id))


def today_at(clinic: Clinic) -> date:
    """Return today's date on the clinic's calendar."""
    return datetime.now(clinic.at(9).tzinfo).date()


def said_day(clinic: Clinic, ahead: int = 0) -> str:
    """Say the clinic's Monday, or a day after it, as an answer says it."""
    return times.say_day(clinic.monday + timedelta(days=ahead), today_at(clinic))


def said_today(clinic: Clinic) -> str:
    """Say what day it is, as an answer does."""
    today = today_at(clinic)
    return f"Today is {times.say_day(today, today)}, {today.year}."
