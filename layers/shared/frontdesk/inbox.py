"""What waits for the front desk: texts both ways, and follow-ups.

The answers are the functions' JSON (docs/staff-api.md). Taking a caller's message is frontdesk.follow_ups.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from frontdesk import db, follow_ups, orgs

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which texts; None and empty: all."""

    contact_id: UUID | None = None
    appointment_id: UUID | None = None
    direction: str | None = None  # in, out
    states: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """Something somebody at the front desk wants done."""

    message: str
    due_at: datetime | None  # None: by its urgency, in the clinic's hours
    contact_id: UUID | None = None
    phone: str | None = None  # E.164
    caller_name: str | None = None
    urgency: str = "routine"
    preferred_time: str | None = None
    assignee_id: UUID | None = None


def messages(
    org_id: UUID,
    wanted: MessageFilter,
    *,
    before_at: datetime | None = None,
    before_id: UUID | None = None,
    limit: int,
) -> Answer:
    """List texts, newest first: {items, next: [created_at, id] | None}."""
    return _call(
        "list_messages",
        repeatable=True,
        org_id=org_id,
        contact_id=wanted.contact_id,
        appointment_id=wanted.appointment_id,
        direction=wanted.direction,
        states=list(wanted.states) or None,
        before_at=before_at,
        before_id=before_id,
        limit=limit,
    )


def resend(org_id: UUID, message_id: UUID, actor: str) -> Answer:
    """Send a text again that did not arrive: queued, not_found, not_resendable (with a reason).

    While the new one is on its way, or arrived, asking again finds it and makes no other.
    """
    return _call("resend_sms", repeatable=True, org_id=org_id, message_id=message_id, actor=actor)


def tasks(
    org_id: UUID,
    status: str,
    *,
    assignee_id: UUID | None = None,
    unassigned: bool = False,
    contact_id: UUID | None = None,
    after_at: datetime | None = None,
    after_id: UUID | None = None,
    limit: int,
) -> Answer:
    """List follow-ups that are open, snoozed or done: {items, next: [time, id] | None, counts}."""
    return _call(
        "list_follow_ups",
        repeatable=True,
        org_id=org_id,
        status=status,
        assignee_id=assignee_id,
        unassigned=unassigned,
        contact_id=contact_id,
        after_at=after_at,
        after_id=after_id,
        limit=limit,
    )


def add_task(org_id: UUID, task: Task, actor: str, key: str | None) -> Answer:
    """Keep a follow-up; with a key, once."""
    return _call(
        "add_follow_up",
        repeatable=key is not None,
        org_id=org_id,
        message=task.message,
        due_at=task.due_at or _due_at(org_id, task),
        contact_id=task.contact_id,
        phone=task.phone,
        caller_name=task.caller_name,
        urgency=task.urgency,
        preferred_time=task.preferred_time,
        assignee_id=task.assignee_id,
        actor=actor,
        idempotency_key=key,
    )


def change_task(
    org_id: UUID, follow_up_id: UUID, version: int, changes: Mapping[str, Any], actor: str
) -> Answer:
    """Change assignee_id, snoozed_until, due_at or urgency (JSON values), if nobody did since."""
    return _by_version("change_follow_up", org_id, follow_up_id, version, actor, changes=json.dumps(changes))


def finish_task(org_id: UUID, follow_up_id: UUID, version: int, outcome: str | None, actor: str) -> Answer:
    """Mark a follow-up as done."""
    return _by_version("finish_follow_up", org_id, follow_up_id, version, actor, outcome=outcome)


def miss_task(org_id: UUID, follow_up_id: UUID, version: int, actor: str) -> Answer:
    """Note that nobody answered when we called back; the patient gets a text."""
    return _by_version("miss_follow_up", org_id, follow_up_id, version, actor)


def _due_at(org_id: UUID, task: Task) -> datetime:
    told = _call("clinic_hours", repeatable=True, org_id=org_id)
    now = datetime.now(UTC).astimezone(ZoneInfo(told["time_zone"]))
    return follow_ups.due_at(task.urgency, task.preferred_time, now, orgs.opening_hours(told["hours"]))


def _by_version(
    function: str, org_id: UUID, follow_up_id: UUID, version: int, actor: str, **more: Any
) -> Answer:
    # Not repeated after a lost connection: the version has risen then, and the repetition would be refused.
    return _call(
        function,
        repeatable=False,
        org_id=org_id,
        follow_up_id=follow_up_id,
        version=version,
        actor=actor,
        **more,
    )


def _call(function: str, *, repeatable: bool, **arguments: Any) -> Answer:
    answer: Answer = db.call(function, repeatable=repeatable, **arguments)
    return answer
