"""What a clinic decides about itself on its board: settings, people, services, hours, closures, wording.

The answers are the functions' JSON (docs/staff-api.md). Whatever changes here leaves booked visits alone;
where that puts some of them outside what is now set, the answer counts them (`outside_count`).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from frontdesk import db

Answer = dict[str, Any]
Values = Mapping[str, Any]  # as JSON has them


def settings(org_id: UUID) -> Answer:
    """Return the clinic's settings: {outcome: found, settings}."""
    return _asked("board_settings", org_id=org_id)


def change_settings(org_id: UUID, version: int | None, changes: Values, actor: str) -> Answer:
    """Change settings; with a version, only if nobody did since: changed, version_conflict, invalid."""
    return _told(
        "change_settings", None, org_id=org_id, version=version, changes=json.dumps(changes), actor=actor
    )


def providers(org_id: UUID, provider_id: UUID | None = None) -> Answer:
    """List the providers with what they offer and their hours, or only this one."""
    return _asked("list_providers", org_id=org_id, provider_id=provider_id)


def save_provider(
    org_id: UUID,
    provider_id: UUID | None,
    version: int | None,
    changes: Values,
    actor: str,
    key: str | None = None,
) -> Answer:
    """Add a provider (no id), or change name, active, service_ids of one."""
    return _told(
        "save_provider",
        key,
        org_id=org_id,
        provider_id=provider_id,
        version=version,
        changes=json.dumps(changes),
        actor=actor,
        idempotency_key=key,
    )


def save_hours(
    org_id: UUID, provider_id: UUID, version: int | None, hours: Sequence[Values], actor: str
) -> Answer:
    """Replace a provider's week: [{weekday: 1..7, opens: "09:00", closes: "17:00"}] on the clinic's clock."""
    return _told(
        "save_hours",
        None,
        org_id=org_id,
        provider_id=provider_id,
        version=version,
        hours=json.dumps(list(hours)),
        actor=actor,
    )


def services(org_id: UUID) -> Answer:
    """List the services."""
    return _asked("list_services", org_id=org_id)


def save_service(
    org_id: UUID,
    service_id: UUID | None,
    version: int | None,
    changes: Values,
    actor: str,
    key: str | None = None,
) -> Answer:
    """Add a service (no id), or change one."""
    return _told(
        "save_service",
        key,
        org_id=org_id,
        service_id=service_id,
        version=version,
        changes=json.dumps(changes),
        actor=actor,
        idempotency_key=key,
    )


def closures(org_id: UUID, first: datetime | None, until: datetime | None) -> Answer:
    """List closures that are not over by `first` (None: now) and begin before `until`."""
    # "from" is a word of Python's.
    return _asked("list_closures", **{"org_id": org_id, "from": first, "until": until})


def add_closure(
    org_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    provider_id: UUID | None,
    reason: str,
    actor: str,
    key: str | None,
) -> Answer:
    """Close the clinic, or one provider, over [starts_at, ends_at)."""
    return _told(
        "save_closure",
        key,
        org_id=org_id,
        starts_at=starts_at,
        ends_at=ends_at,
        provider_id=provider_id,
        reason=reason,
        actor=actor,
        idempotency_key=key,
    )


def delete_closure(org_id: UUID, closure_id: UUID, actor: str) -> Answer:
    """Open again what was closed: deleted, not_found."""
    return _told("delete_closure", None, org_id=org_id, closure_id=closure_id, actor=actor)


def templates(org_id: UUID) -> list[dict[str, Any]]:
    """List the clinic's own wordings: [{event, language, body, updated_at}]."""
    own: list[dict[str, Any]] = db.call("sms_templates_of", repeatable=True, org_id=org_id)
    return own


def change_template(org_id: UUID, event: str, language: str, body: str | None, actor: str) -> Answer:
    """Keep a wording that frontdesk.texts has checked, or (None) go back to ours: saved, reset, invalid."""
    return _told(
        "change_template", None, org_id=org_id, event=event, language=language, body=body, actor=actor
    )


def numbers(org_id: UUID) -> Answer:
    """List the numbers the clinic is reached by."""
    return _asked("list_numbers", org_id=org_id)


def google_connection(org_id: UUID) -> Answer:
    """Return the clinic's Google account and whose calendar is whose: {connection, items, next}."""
    return _asked("google_connection", org_id=org_id)


def assign_calendar(org_id: UUID, provider_id: UUID, calendar_id: str, summary: str, actor: str) -> Answer:
    """Give a provider a calendar of Google's: assigned, unknown_provider, calendar_taken, invalid."""
    return _told(
        "assign_calendar",
        None,
        org_id=org_id,
        provider_id=provider_id,
        google_calendar_id=calendar_id,
        summary=summary,
        actor=actor,
    )


def unassign_calendar(org_id: UUID, provider_id: UUID, actor: str) -> Answer:
    """Take a provider's calendar away: unassigned, not_found."""
    return _told("unassign_calendar", None, org_id=org_id, provider_id=provider_id, actor=actor)


def _asked(function: str, **arguments: Any) -> Answer:
    answer: Answer = db.call(function, repeatable=True, **arguments)
    return answer


def _told(function: str, key: str | None, **arguments: Any) -> Answer:
    answer: Answer = db.call(function, repeatable=key is not None, **arguments)
    return answer
