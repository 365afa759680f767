"""Appointments: one question each to the SQL function that holds the rule.

The answers are the functions' JSON (docs/booking-function.md): an `outcome`, and what belongs to it. The rows
they put in the outbox stand under `outbox`; the answer that is told and stored is the rest.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from frontdesk import db

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and for which tool call: makes a repeated call the same call."""

    call_id: str | None
    tool_call_id: str | None
    request_hash: str | None
    caller_phone: str | None = None  # E.164 of the calling number, or None when withheld


@dataclass(frozen=True, slots=True)
class Wish:
    """An appointment somebody wants; every field normalised (frontdesk.names, phones, emails)."""

    patient_name: str
    patient_phone: str
    service: str
    starts_at: datetime
    provider: str | None = None
    patient_email: str | None = None
    date_of_birth: date | None = None
    is_new_patient: bool | None = None
    notes: str | None = None


def book(org_id: UUID, wish: Wish, asker: Asker) -> Answer:
    """Book an appointment, or learn why not and what is free instead."""
    return _call(
        "book_appointment_atomic",
        repeatable=_has_key(asker),
        org_id=org_id,
        patient_name=wish.patient_name,
        patient_email=wish.patient_email,
        patient_phone=wish.patient_phone,
        service_type=wish.service,
        scheduled_at=wish.starts_at,
        duration_minutes=None,
        provider=wish.provider,
        call_id=asker.call_id,
        tool_call_id=asker.tool_call_id,
        request_hash=asker.request_hash,
        notes=wish.notes,
        date_of_birth=wish.date_of_birth,
        is_new_patient=wish.is_new_patient,
    )


def reschedule(
    org_id: UUID, starts_at: datetime, name: str | None, code: str | None, provider: str | None, asker: Asker
) -> Answer:
    """Move the caller's appointment, the one the name or code tells; the old time survives a refusal."""
    return _call(
        "reschedule_appointment_atomic",
        repeatable=_has_key(asker),
        org_id=org_id,
        scheduled_at=starts_at,
        caller_phone=asker.caller_phone,
        patient_name=name,
        confirmation_code=code,
        provider=provider,
        call_id=asker.call_id,
        tool_call_id=asker.tool_call_id,
        request_hash=asker.request_hash,
    )


def cancel(org_id: UUID, name: str | None, code: str | None, reason: str | None, asker: Asker) -> Answer:
    """Cancel the caller's appointment, the one the name or code tells."""
    return _call(
        "cancel_appointment_atomic",
        repeatable=_has_key(asker),
        org_id=org_id,
        caller_phone=asker.caller_phone,
        patient_name=name,
        confirmation_code=code,
        reason=reason,
        call_id=asker.call_id,
        tool_call_id=asker.tool_call_id,
        request_hash=asker.request_hash,
    )


def lookup(org_id: UUID, name: str | None, code: str | None, asker: Asker) -> Answer:
    """List the caller's coming appointments, once the name or code has proved who calls."""
    return _call(
        "lookup_appointments",
        # Not repeated after a lost connection: a miss may have been counted already.
        repeatable=False,
        org_id=org_id,
        caller_phone=asker.caller_phone,
        patient_name=name,
        confirmation_code=code,
        call_id=asker.call_id,
    )


def _call(function: str, **arguments: Any) -> Answer:
    answer: Answer = db.call(function, **arguments)
    return answer


def _has_key(asker: Asker) -> bool:
    return asker.call_id is not None and asker.tool_call_id is not None
