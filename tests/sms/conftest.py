"""A clinic that texts, a fake Twilio, and the worker and the webhook pointed at both."""

import base64
import hashlib
import hmac
import json
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest

from frontdesk import credentials, db, outbox, settings
from frontdesk.errors import CredentialsMissingError
from functions.sms_worker import app as worker
from functions.sms_worker import webhook
from local.fake_twilio import FakeTwilio
from tests.batches import Context, batch
from tests.clinics import Clinic, Connection, call, make_clinic
from tests.clinics import book as book_visit
from tests.database import Database
from tests.fake_twilio import BRIGHT, running_fake

BASE = "https://front.example.test"
PATIENT = "+12025550147"
FRONT_DESK = "+12025550199"


@dataclass
class Surroundings:
    """What the tests may look at and change around the code: secrets, published rows."""

    secrets: dict[UUID, list[dict[str, str]]] = field(default_factory=dict)
    published: list[Any] = field(default_factory=list)


@pytest.fixture
def around(database: Database, fake: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> Iterator[Surroundings]:
    """Give the functions the template's environment; secrets come from a dictionary instead of KMS."""
    here = Surroundings()

    def live(org_id: UUID, purpose: str) -> list[dict[str, str]]:
        assert purpose == "twilio"
        return here.secrets.get(org_id, [])

    def required(org_id: UUID, purpose: str) -> dict[str, str]:
        found = live(org_id, purpose)
        if not found:
            raise CredentialsMissingError(org_id, purpose)
        return found[0]

    monkeypatch.setenv("DATABASE_URL", database.app_url)
    monkeypatch.setenv("DATABASE_AUTH", "password")
    monkeypatch.setenv("PUBLIC_BASE_URL", BASE)
    monkeypatch.setenv("TWILIO_API_BASE", fake.url)
    monkeypatch.setattr(credentials, "live", live)
    monkeypatch.setattr(credentials, "required", required)
    monkeypatch.setattr(outbox, "publish_later", lambda _org, rows: here.published.extend(rows or ()))
    settings.current.cache_clear()
    yield here
    db.close()
    settings.current.cache_clear()


@pytest.fixture
def fake() -> Iterator[FakeTwilio]:
    """Run a fake Twilio that knows the account of the clinic."""
    with running_fake() as running:
        yield running


@pytest.fixture
def clinic(owner: Connection, around: Surroundings) -> Clinic:
    """Make a clinic in New York that texts from its Twilio number."""
    return texting_clinic(owner, around)


def texting_clinic(owner: Connection, around: Surroundings, **changed: Any) -> Clinic:
    """Make a clinic with a sender, a front desk and the fake's account, or what `changed` says instead."""
    made = make_clinic(owner, **{"sms_sender": BRIGHT.number, "front_desk_phone": FRONT_DESK, **changed})
    around.secrets[made.id] = [{"account_sid": BRIGHT.sid, "auth_token": BRIGHT.auth_token}]
    return made


def book(app: Connection, clinic: Clinic, hour: int = 10, **changed: Any) -> tuple[dict[str, Any], int]:
    """Book a visit; return the appointment and the id of its outbox row for texts."""
    told = book_visit(app, clinic, clinic.at(hour), **changed)
    assert told["outcome"] == "booked", told["outcome"]
    return told["appointment"], sms_row(told)


def sms_row(told: dict[str, Any]) -> int:
    """Return the outbox id of an answer's row for texts."""
    rows = [row["id"] for row in told["outbox"] if row["queue"] == "sms"]
    assert len(rows) == 1, told["outbox"]
    return int(rows[0])


def cancel(app: Connection, clinic: Clinic, appointment: dict[str, Any]) -> Any:
    """Let the patient cancel a visit by phone; return the answer."""
    return call(
        app,
        "cancel_appointment_atomic",
        org_id=clinic.id,
        caller_phone=PATIENT,
        patient_name="Dana Whitfield",
        confirmation_code=appointment["confirmation_code"],
    )


def set_template(owner: Connection, clinic: Clinic, event: str, body: str) -> None:
    """Give the clinic a wording of its own, unchecked."""
    owner.execute(
        "INSERT INTO frontdesk.sms_templates (org_id, event, language, body) VALUES (%s, %s, 'en', %s)",
        [clinic.id, event, body],
    )


def work(clinic: Clinic, *outbox_ids: int, context: Context | None = None) -> list[str]:
    """Give the worker these rows as one batch and return the ids of the messages it names as failed."""
    bodies = [{"outbox_id": each, "org_id": str(clinic.id)} for each in outbox_ids]
    answer = worker.handler(batch(*bodies), context or Context())
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def sent(fake: FakeTwilio) -> list[dict[str, Any]]:
    """Return the texts Twilio took, oldest first."""
    with urllib.request.urlopen(f"{fake.url}/messages", timeout=10) as answer:
        listed: list[dict[str, Any]] = json.load(answer)
    return listed


def set_faults(fake: FakeTwilio, **faults: Any) -> None:
    """Make the fake misbehave as said; without arguments it behaves."""
    body = json.dumps({"status_step_seconds": 0.01, "hold_seconds": 0.2, **faults}).encode()
    request = urllib.request.Request(
        f"{fake.url}/faults", data=body, headers={"content-type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=10).close()


def text_of(owner: Connection, appointment: dict[str, Any], kind: str = "booked") -> dict[str, Any]:
    """Return the row of an appointment's text."""
    rows = owner.execute(
        "SELECT * FROM frontdesk.sms_messages WHERE appointment_id = %s AND kind = %s AND direction = 'out'",
        [appointment["id"], kind],
    ).fetchall()
    assert len(rows) == 1, f"{len(rows)} texts"
    return rows[0]


def age(owner: Connection, message_id: Any, seconds: int) -> None:
    """Make a text look as if all that happened to it had happened so many seconds earlier."""
    owner.execute(
        "UPDATE frontdesk.sms_messages SET claimed_at = claimed_at - %(by)s, next_at = next_at - %(by)s,"
        " sweep_at = sweep_at - %(by)s, looked_at = looked_at - %(by)s WHERE id = %(id)s",
        {"by": timedelta(seconds=seconds), "id": message_id},
    )


def sign(token: str, url: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Sign a form as Twilio documents it: written here anew, so that it proves the SDK's way of doing it."""
    fields: dict[str, set[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, set()).add(value)
    text = url + "".join(name + value for name in sorted(fields) for value in sorted(fields[name]))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), hashlib.sha1)).decode()


def request(
    route: str,
    pairs: list[tuple[str, str]],
    *,
    query: str = "",
    token: str = BRIGHT.auth_token,
    encoded: bool = False,
    signed: str | None = None,
) -> dict[str, Any]:
    """Write the HTTP API event of a Twilio webhook, signed with that token (or with what `signed` says)."""
    url = f"{BASE}/api/twilio/{route}{'?' + query if query else ''}"
    body = urlencode(pairs)
    if encoded:
        body = base64.b64encode(body.encode()).decode()
    return {
        "version": "2.0",
        "rawPath": f"/api/twilio/{route}",
        "rawQueryString": query,
        "headers": {
            "content-type": "application/x-www-form-urlencoded",
            "x-twilio-signature": sign(token, url, pairs) if signed is None else signed,
        },
        "body": body,
        "isBase64Encoded": encoded,
        "requestContext": {"domainName": "front.example.test"},
    }


def receive(body: str, sid: str = "SM" + "0" * 32, sender: str = PATIENT, **more: str) -> dict[str, Any]:
    """Let the webhook answer a patient's text to the clinic's number."""
    pairs = [("MessageSid", sid), ("From", sender), ("To", BRIGHT.number), ("Body", body), *more.items()]
    return webhook.handler(request("inbound", pairs), None)


def report(clinic: Clinic, text: dict[str, Any], status: str, **fields: str) -> dict[str, Any]:
    """Let the webhook take a status callback for a text's current attempt."""
    query = f"m={text['id']}&a={text['attempt']}&o={clinic.id}"
    pairs = [
        ("MessageSid", text["twilio_sid"] or "SM" + "9" * 32),
        ("MessageStatus", status),
        *fields.items(),
    ]
    return webhook.handler(request("status", pairs, query=query), None)
