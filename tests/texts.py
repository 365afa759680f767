"""What the tests of texts share: a clinic that sends them, and the calls a worker makes."""

import uuid
from datetime import datetime
from typing import Any

from tests.clinics import Clinic, Connection, book, call, make_clinic, one

SENDER = "+12025550100"
PATIENT = "+12025550147"
BODY = "Bright Smiles: see you soon."


def texting_clinic(owner: Connection, **org: Any) -> Clinic:
    """Make a clinic that sends texts, never quiet unless asked."""
    chosen: dict[str, Any] = {"sms_sender": SENDER, "quiet_from": "00:00", "quiet_until": "00:00"}
    return make_clinic(owner, **(chosen | org))


def text_row(answer: Any) -> int:
    """Return the id of the outbox row for the texts' queue that an answer brought."""
    rows = [row["id"] for row in answer["outbox"] if row["queue"] == "sms"]
    assert len(rows) == 1
    return int(rows[0])


def next_sms(app: Connection, clinic: Clinic, row: int) -> Any:
    """Ask what is to be done about an outbox row."""
    return call(app, "next_sms", org_id=clinic.id, outbox_id=row)


def claim(app: Connection, clinic: Clinic, message_id: str, body: str = BODY) -> Any:
    """Claim a text for an attempt."""
    return call(
        app, "claim_sms", org_id=clinic.id, message_id=message_id, body=body, segments=1, sender=SENDER
    )


def record(app: Connection, clinic: Clinic, message_id: str, attempt: int, result: str, **more: Any) -> Any:
    """Record what became of an attempt."""
    return call(
        app,
        "record_sms",
        org_id=clinic.id,
        message_id=message_id,
        attempt=attempt,
        result=result,
        **more,
    )


def status(
    app: Connection, clinic: Clinic, message_id: str, attempt: int, sid: str, reported: str, **more: Any
) -> Any:
    """Report a status as Twilio's callback does."""
    return call(
        app,
        "apply_sms_status",
        org_id=clinic.id,
        message_id=message_id,
        attempt=attempt,
        twilio_sid=sid,
        status=reported,
        **more,
    )


def receive(
    app: Connection, clinic: Clinic, intent: str, *, sid: str | None = None, phone: str = PATIENT
) -> Any:
    """Take in a patient's text that was read as this intent."""
    return call(
        app,
        "receive_sms",
        org_id=clinic.id,
        twilio_sid=sid or f"SM{uuid.uuid4().hex}",
        **{"from": phone, "to": SENDER},
        body="words of the patient",
        intent=intent,
    )


def queued_text(app: Connection, clinic: Clinic, at: datetime | None = None, **changed: Any) -> str:
    """Book, and let the worker look at the outbox row; return the id of the text that now waits."""
    answer = book(app, clinic, at or clinic.at(9), **changed)
    asked = next_sms(app, clinic, text_row(answer))
    assert asked["action"] == "send", asked
    message_id: str = asked["message"]["id"]
    return message_id


def claimed_text(app: Connection, clinic: Clinic, at: datetime | None = None, **changed: Any) -> str:
    """Return the id of a text claimed for its first attempt."""
    message_id = queued_text(app, clinic, at, **changed)
    assert claim(app, clinic, message_id)["attempt"] == 1
    return message_id


def state_of(owner: Connection, message_id: str) -> str:
    """Return the state of a text."""
    state: str = one(owner, "SELECT state FROM frontdesk.sms_messages WHERE id = %s", message_id)
    return state


def let_time_pass(owner: Connection, seconds: int) -> None:
    """Move the moments of every text, and of every outbox row, into the past."""
    owner.execute(
        "UPDATE frontdesk.sms_messages SET next_at = next_at - w, sweep_at = sweep_at - w,"
        " claimed_at = claimed_at - w, looked_at = looked_at - w FROM make_interval(secs => %s) AS w",
        [seconds],
    )
    owner.execute(
        "UPDATE frontdesk.outbox SET next_at = next_at - make_interval(secs => %s) WHERE sent_at IS NULL",
        [seconds],
    )


def swept(app: Connection, owner: Connection) -> list[int]:
    """Sweep, and return the ids of the outbox rows that brought."""
    last = one(owner, "SELECT coalesce(max(id), 0) FROM frontdesk.outbox")
    call(app, "sweep_sms")
    rows = owner.execute(
        "SELECT id FROM frontdesk.outbox WHERE id > %s AND queue = 'sms' ORDER BY id", [last]
    ).fetchall()
    return [row["id"] for row in rows]
