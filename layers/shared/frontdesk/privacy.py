"""Forgetting a person, telling them what is kept, and two contacts that are one person (docs/privacy.md)."""

from typing import Any
from uuid import UUID

from frontdesk import db

Answer = dict[str, Any]


def erase(org_id: UUID, contact_id: UUID, actor: str, *, cancel: bool) -> Answer:
    """Forget a person: erased (also when they were), not_found, has_appointments (unless `cancel`)."""
    # Who was forgotten is told so again: a repetition does no harm.
    return _told("erase_contact", org_id=org_id, contact_id=contact_id, actor=actor, cancel=cancel)


def export(org_id: UUID, contact_id: UUID, actor: str) -> Answer:
    """Return all that is kept about a person: found (with `export`), not_found."""
    return _told("export_contact", org_id=org_id, contact_id=contact_id, actor=actor)


def merge(org_id: UUID, contact_id: UUID, other_id: UUID, version: int, actor: str) -> Answer:
    """Say that another contact is this person: merged, not_found, version_conflict, same, erased."""
    return _told(
        "merge_contacts",
        org_id=org_id,
        contact_id=contact_id,
        other_id=other_id,
        version=version,
        actor=actor,
    )


def record_deletion(org_id: UUID, twilio_sid: str, error_code: str | None) -> None:
    """Record that Twilio has a text no more, or (a code) why it still has it."""
    _told("record_twilio_deletion", org_id=org_id, twilio_sid=twilio_sid, error_code=error_code)


def _told(function: str, **arguments: Any) -> Answer:
    answer: Answer = db.call(function, repeatable=True, **arguments)
    return answer
