"""Texts: one question each to the SQL function that holds the rule.

The answers are the functions' JSON (docs/sms.md). What they put in the outbox stands under `outbox`.
"""

from typing import Any
from uuid import UUID

from frontdesk import db

Answer = dict[str, Any]


def next_sms(org_id: UUID, outbox_id: int) -> Answer:
    """Ask what is to be done for an outbox row: action send, reconcile or skip, with all that it needs."""
    return _call("next_sms", org_id=org_id, outbox_id=outbox_id)


def claim(org_id: UUID, message_id: UUID, body: str, segments: int, sender: str) -> Answer:
    """Claim a text for sending: committed when this returns, so that nobody else sends it.

    Not repeated after a lost connection: a second claim could not be told from somebody else's.
    """
    answer: Answer = db.call(
        "claim_sms",
        repeatable=False,
        org_id=org_id,
        message_id=message_id,
        body=body,
        segments=segments,
        sender=sender,
    )
    return answer


def record(
    org_id: UUID,
    message_id: UUID,
    attempt: int,
    result: str,
    *,
    twilio_sid: str | None = None,
    error_code: str | None = None,
    retry_seconds: int | None = None,
) -> Answer:
    """Record what came of an attempt: a compare-and-swap on the attempt, so that it may be repeated."""
    return _call(
        "record_sms",
        org_id=org_id,
        message_id=message_id,
        attempt=attempt,
        result=result,
        twilio_sid=twilio_sid,
        error_code=error_code,
        retry_seconds=retry_seconds,
    )


def apply_status(
    org_id: UUID,
    message_id: UUID,
    attempt: int,
    twilio_sid: str,
    status: str,
    error_code: str | None,
    retry_seconds: int | None,
) -> Answer:
    """Apply a status Twilio told, which only ever rises; `retry_seconds` asks for a new attempt."""
    return _call(
        "apply_sms_status",
        org_id=org_id,
        message_id=message_id,
        attempt=attempt,
        twilio_sid=twilio_sid,
        status=status,
        error_code=error_code,
        retry_seconds=retry_seconds,
    )


def routing(
    org_id: UUID | None, message_id: UUID | None, receiving_number: str | None, messaging_service: str | None
) -> Answer | None:
    """Find the clinic a webhook is about: by org and message, or by the number or service texted to."""
    answer: Answer | None = db.call(
        "sms_routing",
        repeatable=True,
        org_id=org_id,
        message_id=message_id,
        receiving_number=receiving_number,
        messaging_service=messaging_service,
    )
    return answer


def receive(org_id: UUID, twilio_sid: str, sender: str, receiver: str, body: str, intent: str) -> Answer:
    """Take a patient's text in; the same SID again changes nothing and gets the same answer."""
    answer: Answer = db.call(
        "receive_sms",
        repeatable=True,
        **{
            "org_id": org_id,
            "twilio_sid": twilio_sid,
            "from": sender,
            "to": receiver,
            "body": body,
            "intent": intent,
        },
    )
    return answer


def _call(function: str, **arguments: Any) -> Answer:
    answer: Answer = db.call(function, repeatable=True, **arguments)
    return answer
