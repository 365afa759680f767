"""The people of a clinic, as its front desk finds and keeps them.

The answers are the functions' JSON (docs/staff-api.md): an `outcome` and what belongs to it; a list has
`items` and `next`, the place where the following page begins.
"""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from frontdesk import db

Answer = dict[str, Any]


def search(
    org_id: UUID,
    query: str | None,
    phone: str | None,
    *,
    after_name: str | None = None,
    after_id: UUID | None = None,
    limit: int,
) -> Answer:
    """List people by a piece of their name or number, or by exactly this number (E.164), in order of name."""
    return _asked(
        "list_contacts",
        org_id=org_id,
        query=query,
        phone=phone,
        after_name=after_name,
        after_id=after_id,
        limit=limit,
    )


def one(org_id: UUID, contact_id: UUID) -> Answer:
    """Return one person: found, not_found."""
    return _asked("contact", org_id=org_id, contact_id=contact_id)


def facts(org_id: UUID, contact_id: UUID) -> Answer:
    """List what was said about a person, each with its source: found, not_found."""
    return _asked("list_facts", org_id=org_id, contact_id=contact_id)


def change(org_id: UUID, contact_id: UUID, version: int, changes: Mapping[str, Any], actor: str) -> Answer:
    """Change name, email or date_of_birth (JSON values), if nobody did since this version."""
    # Not repeated after a lost connection: the version has risen then, and the repetition would be refused.
    answer: Answer = db.call(
        "change_contact",
        repeatable=False,
        org_id=org_id,
        contact_id=contact_id,
        version=version,
        changes=json.dumps(changes),
        actor=actor,
    )
    return answer


def note(org_id: UUID, contact_id: UUID, staff_id: UUID, body: str, key: str | None) -> Answer:
    """Keep what somebody notes about a person; with a key, once."""
    answer: Answer = db.call(
        "note_contact",
        repeatable=key is not None,
        org_id=org_id,
        contact_id=contact_id,
        staff_id=staff_id,
        body=body,
        idempotency_key=key,
    )
    return answer


def _asked(function: str, **arguments: Any) -> Answer:
    answer: Answer = db.call(function, repeatable=True, **arguments)
    return answer
