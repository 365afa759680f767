"""Patients' own pages: the links to them, and what the page asks. One question each to its SQL function.

A token is 128 random bits; the database keeps its SHA-256. Whoever has the token may see one visit, confirm,
move and cancel it, until a day after it ended or until it is revoked (docs/patient-page.md).
"""

import re
import secrets
from datetime import date, datetime
from typing import Any
from uuid import UUID

from frontdesk import db
from frontdesk.token_hash import token_hash

Answer = dict[str, Any]

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


def make(org_id: UUID, appointment_id: UUID, base_url: str) -> str:
    """Make a link to an appointment's page, or '' where there is no such appointment.

    `base_url` is what the world reaches us by, without a slash at its end. The token is nowhere but in the
    link returned: keep it out of logs, and of whatever is stored.
    """
    token = secrets.token_urlsafe(16)
    told = db.call(
        "make_patient_link",
        repeatable=True,
        org_id=org_id,
        appointment_id=appointment_id,
        token_hash=token_hash(token),
    )
    return f"{base_url}/a/{token}" if told["outcome"] == "made" else ""


def revoke(org_id: UUID, appointment_id: UUID) -> int:
    """Make all links to an appointment's page useless; return how many there were."""
    told = db.call("revoke_patient_links", repeatable=True, org_id=org_id, appointment_id=appointment_id)
    return int(told["revoked"])


def is_token(text: str) -> bool:
    """Tell whether a text could be a token at all."""
    return _TOKEN.fullmatch(text) is not None


def visit(token: str) -> Answer | None:
    """Return the visit a link opens, with its clinic, or None for a link that opens nothing."""
    answer: Answer | None = db.call("patient_visit", repeatable=True, token_hash=token_hash(token))
    return answer


def slots(token: str, first: date | None, *, anyone: bool) -> Answer | None:
    """Return the visit with the free starts of seven days (the clinic's), from `first` on, to move it to."""
    answer: Answer | None = db.call(
        "patient_slots", repeatable=True, **{"token_hash": token_hash(token), "from": first, "anyone": anyone}
    )
    return answer


def confirm(token: str, version: int) -> Answer | None:
    """Confirm the visit; `version` is what the patient saw."""
    return _change(token, "confirm", version)


def cancel(token: str, version: int) -> Answer | None:
    """Cancel the visit; `version` is what the patient saw."""
    return _change(token, "cancel", version)


def move(token: str, version: int, starts_at: datetime, provider_id: UUID) -> Answer | None:
    """Move the visit to a start that was offered; `version` is what the patient saw."""
    return _change(token, "move", version, starts_at=starts_at, provider_id=provider_id)


def _change(token: str, action: str, version: int, **where: Any) -> Answer | None:
    # Repeatable: a second time finds it done (patient_change).
    answer: Answer | None = db.call(
        "patient_change",
        repeatable=True,
        token_hash=token_hash(token),
        action=action,
        version=version,
        **where,
    )
    return answer
