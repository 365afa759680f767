"""Who of a clinic's people may use its board, as its admins decide. Who is asking is frontdesk.staff."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from frontdesk import db

Answer = dict[str, Any]


def members(org_id: UUID) -> Answer:
    """List who works here, and last those whose access was taken away: {items}."""
    return _call("list_staff", repeatable=True, org_id=org_id)


def invite(org_id: UUID, email: str, name: str, role: str, actor: str, key: str | None) -> Answer:
    """Let somebody in by their e-mail address (lower case): invited, email_taken, invalid."""
    return _call(
        "invite_staff",
        repeatable=key is not None,
        org_id=org_id,
        email=email,
        name=name,
        role=role,
        actor=actor,
        idempotency_key=key,
    )


def change(org_id: UUID, staff_id: UUID, changes: Mapping[str, Any], actor: str) -> Answer:
    """Change name or role: changed, not_found, last_admin, invalid. Doing it twice does no harm."""
    return _call(
        "change_staff",
        repeatable=True,
        org_id=org_id,
        staff_id=staff_id,
        changes=json.dumps(changes),
        actor=actor,
    )


def revoke(org_id: UUID, staff_id: UUID, actor: str) -> Answer:
    """Take somebody's access away, now, with the boards they have open: revoked, not_found, last_admin."""
    return _call("revoke_staff_member", repeatable=False, org_id=org_id, staff_id=staff_id, actor=actor)


def _call(function: str, *, repeatable: bool, **arguments: Any) -> Answer:
    answer: Answer = db.call(function, repeatable=repeatable, **arguments)
    return answer
