"""A person's story: what happened, what was said, what was noted, newest first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from frontdesk import db

KINDS = ("appointment", "sms", "call", "note", "follow_up", "calendar", "contact")


def of_contact(
    org_id: UUID,
    contact_id: UUID,
    kinds: Sequence[str] = (),
    *,
    before_at: datetime | None = None,
    before_key: str | None = None,
    limit: int,
) -> dict[str, Any]:
    """Return a page of a person's story: {outcome: found, items, next: [at, key] | None}, or not_found.

    `kinds` empty: all. A page begins after the entry `before_at` and `before_key` name, whatever was added
    since. Entries are described in docs/staff-api.md.
    """
    answer: dict[str, Any] = db.call(
        "contact_timeline",
        repeatable=True,
        org_id=org_id,
        contact_id=contact_id,
        kinds=list(kinds) or None,
        before_at=before_at,
        before_key=before_key,
        limit=limit,
    )
    return answer
