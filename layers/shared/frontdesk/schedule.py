"""The board's questions about appointments: one each to the SQL function that holds the rule.

`actor` is the person as events name them (frontdesk.staff.Session.actor), `version` the row's version they
saw. Answers are the functions' JSON: an `outcome` and what belongs to it; rows for the queues in `outbox`.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from frontdesk import db
from frontdesk.appointments import Answer, Wish
from frontdesk.token_hash import token_hash


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of appointments begins: after this one."""

    starts_at: datetime | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Which:
    """Which appointments: what is None does not restrict. `first` is included, `until` is not."""

    first: datetime | None = None
    until: datetime | None = None
    provider_id: UUID | None = None
    contact_id: UUID | None = None
    statuses: list[str] | None = None
    after: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class Change:
    """A change to one appointment: by whom, to which version, and the key by which a repetition is known."""

    appointment_id: UUID
    version: int
    actor: str
    key: str | None = None


def summary(org_id: UUID, staff_id: UUID) -> dict[str, Any]:
    """Return what a board needs when it opens."""
    found: dict[str, Any] = db.call("board_summary", repeatable=True, org_id=org_id, staff_id=staff_id)
    return found


def appointment(org_id: UUID, appointment_id: UUID) -> dict[str, Any] | None:
    """Return one appointment as the board shows it, or None."""
    found: dict[str, Any] | None = db.call(
        "appointment", repeatable=True, org_id=org_id, appointment_id=appointment_id
    )
    return found


def appointments(org_id: UUID, which: Which, limit: int) -> dict[str, Any]:
    """Return a page in the order of start: `items`, and `next` (starts_at, id) or None."""
    found: dict[str, Any] = db.call(
        "list_appointments",
        repeatable=True,
        org_id=org_id,
        **{"from": which.first},
        until=which.until,
        provider_id=which.provider_id,
        contact_id=which.contact_id,
        statuses=which.statuses,
        after_starts_at=which.after.starts_at,
        after_id=which.after.id,
        limit=limit,
    )
    return found


def book(org_id: UUID, wish: Wish, actor: str, key: str | None, overbook_reason: str | None) -> Answer:
    """Book an appointment for somebody at the desk or on the phone (docs/booking-function.md)."""
    return _call(
        "book_appointment_atomic",
        repeatable=key is not None,
        org_id=org_id,
        patient_name=wish.patient_name,
        patient_email=wish.patient_email,
        patient_phone=wish.patient_phone,
        service_type=wish.service,
        scheduled_at=wish.starts_at,
        duration_minutes=None,
        provider=wish.provider,
        idempotency_key=key,
        source="staff",
        actor=actor,
        notes=wish.notes,
        is_new_patient=wish.is_new_patient,
        overbook_reason=overbook_reason,
    )


def move(
    org_id: UUID,
    change: Change,
    starts_at: datetime,
    provider_id: UUID | None,
    overbook_reason: str | None,
) -> Answer:
    """Move an appointment, to another provider too; a refusal leaves it where it is."""
    return _call(
        "reschedule_appointment_atomic",
        # What stands at the wished time already is answered as moved, so a second try does no harm.
        repeatable=True,
        org_id=org_id,
        scheduled_at=starts_at,
        appointment_id=change.appointment_id,
        provider=str(provider_id) if provider_id else None,
        expected_version=change.version,
        idempotency_key=change.key,
        source="staff",
        actor=change.actor,
        overbook_reason=overbook_reason,
    )


def cancel(org_id: UUID, change: Change, reason: str | None) -> Answer:
    """Cancel an appointment; one that is cancelled already stays so."""
    return _call(
        "cancel_appointment_atomic",
        repeatable=True,
        org_id=org_id,
        appointment_id=change.appointment_id,
        reason=reason,
        expected_version=change.version,
        idempotency_key=change.key,
        source="staff",
        actor=change.actor,
    )


def confirm(org_id: UUID, change: Change) -> Answer:
    """Confirm an appointment on the patient's behalf."""
    return _call(
        "confirm_appointment",
        repeatable=True,
        org_id=org_id,
        appointment_id=change.appointment_id,
        source="staff",
        actor=change.actor,
        expected_version=change.version,
    )


def set_status(org_id: UUID, change: Change, status: str) -> Answer:
    """Say what became of a visit: arrived, completed, no_show, or pending again."""
    return _call(
        "set_appointment_status",
        repeatable=True,
        org_id=org_id,
        appointment_id=change.appointment_id,
        status=status,
        expected_version=change.version,
        actor=change.actor,
    )


def note(org_id: UUID, change: Change, notes: str | None) -> Answer:
    """Replace an appointment's notes."""
    return _call(
        "note_appointment",
        repeatable=True,
        org_id=org_id,
        appointment_id=change.appointment_id,
        notes=notes,
        expected_version=change.version,
        actor=change.actor,
    )


def events_after(org_id: UUID, seq: int, limit: int) -> dict[str, Any]:
    """Return the events after a number: `items`, `next`, `last_seq`, `reload` (read all anew)."""
    found: dict[str, Any] = db.call("events_after", repeatable=True, org_id=org_id, after=seq, limit=limit)
    return found


def make_ticket(org_id: UUID, staff_id: UUID) -> tuple[str, int] | None:
    """Make a ticket for one socket: the word and its seconds; None for somebody revoked meanwhile."""
    ticket = secrets.token_urlsafe(32)
    told = db.call(
        "create_ws_ticket",
        repeatable=False,
        org_id=org_id,
        staff_id=staff_id,
        ticket_hash=token_hash(ticket),
    )
    return (ticket, told["expires_in"]) if told["outcome"] == "made" else None


def close_sockets(org_id: UUID, staff_id: UUID) -> Answer:
    """End all open boards of somebody who signs out."""
    return _call("close_staff_connections", repeatable=True, org_id=org_id, staff_id=staff_id)


def _call(function: str, **arguments: Any) -> Answer:
    answer: Answer = db.call(function, **arguments)
    return answer
