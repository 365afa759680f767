"""A clinic's connection to Google, whose calendar is whose, and what is written there: one question each.

An event's id is made in SQL alone (calendar_event_id.sql), of the appointment, Google's id of the calendar
and a generation: whoever needs it reads it from the row in calendar_events. Reading Google's side is
frontdesk.calendar_sync's.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from frontdesk import db

Answer = dict[str, Any]


def start_connecting(
    org_id: UUID, state_hash: str, browser_hash: str, verifier: str, staff_id: UUID
) -> Answer:
    """Remember for ten minutes that somebody set out for Google, from which browser, with which verifier."""
    return _call(
        "connect_google",
        org_id=org_id,
        state_hash=state_hash,
        browser_hash=browser_hash,
        verifier=verifier,
        staff_id=staff_id,
    )


def take_state(state_hash: str, browser_hash: str) -> Answer:
    """Use up a state: outcome taken (org_id, staff_id, verifier), unknown, expired or other_browser.

    Not repeated after a lost connection: a state that is gone could have been taken by anybody.
    """
    answer: Answer = db.call(
        "take_oauth_state", repeatable=False, state_hash=state_hash, browser_hash=browser_hash
    )
    return answer


def access(org_id: UUID) -> Answer:
    """Return the connection's status, its sealed tokens, and how long the access token is still good."""
    return _call("google_access", org_id=org_id)


def save_tokens(
    org_id: UUID,
    staff_id: UUID,
    account_email: str,
    scopes: Sequence[str],
    expires_seconds: int,
    refresh: Mapping[str, Any],
    granted: Mapping[str, Any],
) -> Answer:
    """Store both sealed tokens and be connected: saved, or version_conflict with the next versions."""
    return _call(
        "save_google_tokens",
        org_id=org_id,
        staff_id=staff_id,
        account_email=account_email,
        scopes=list(scopes),
        expires_seconds=expires_seconds,
        refresh=json.dumps(refresh),
        access=json.dumps(granted),
    )


def claim_refresh(org_id: UUID, lease: UUID, seen_version: int) -> Answer:
    """Take the one right to refresh: outcome claimed, newer (done by another), leased, or paused."""
    return _call("claim_google_refresh", org_id=org_id, lease=lease, seen_version=seen_version)


def save_access(
    org_id: UUID,
    lease: UUID,
    expires_seconds: int | None,
    granted: Mapping[str, Any] | None,
) -> Answer:
    """Store a new sealed access token and end the lease; without a token only the latter."""
    return _call(
        "save_google_access",
        org_id=org_id,
        lease=lease,
        expires_seconds=expires_seconds,
        access=None if granted is None else json.dumps(granted),
    )


def pause(org_id: UUID, reason: str, lease: UUID | None = None) -> Answer:
    """Stop the clinic's work with Google until somebody connects it again; `lease`: only if still ours."""
    return _call("pause_google", org_id=org_id, reason=reason, lease=lease)


def disconnect(org_id: UUID, actor: str) -> Answer:
    """Forget the tokens; calendars stay assigned, with nothing read from them or written to them."""
    return _call("disconnect_google", org_id=org_id, actor=actor)


def next_work(org_id: UUID, outbox_id: int) -> Answer:
    """Ask what an outbox row wants done: action write, sync, watch, compare or skip."""
    return _call("next_calendar_work", org_id=org_id, outbox_id=outbox_id)


def claim_write(org_id: UUID, appointment_id: UUID, *, wait: bool = False) -> Answer:
    """Take an appointment's events for one attempt: its facts as they are now, and the writes they ask for.

    Committed when this returns. Not repeated after a lost connection: a second claim could not be told from
    somebody else's; the lease ends by itself.
    """
    answer: Answer = db.call(
        "claim_calendar_write", repeatable=False, org_id=org_id, appointment_id=appointment_id, wait=wait
    )
    return answer


def record_write(
    org_id: UUID,
    appointment_id: UUID,
    calendar_id: UUID,
    lease: UUID,
    result: str,
    version: int,
    *,
    etag: str | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    error_code: str | None = None,
    retry_seconds: int | None = None,
) -> Answer:
    """Record what came of one write: a compare-and-swap on the lease, so that it may be repeated."""
    return _call(
        "record_calendar_write",
        org_id=org_id,
        appointment_id=appointment_id,
        calendar_id=calendar_id,
        lease=lease,
        result=result,
        version=version,
        etag=etag,
        starts_at=starts_at,
        ends_at=ends_at,
        error_code=error_code,
        retry_seconds=retry_seconds,
    )


def deleted_in_google(org_id: UUID, appointment_id: UUID, calendar_id: UUID, google_event_id: str) -> Answer:
    """Tell the rule for the provider's own acts that our event is gone from Google."""
    return _call(
        "appointment_deleted_in_google",
        org_id=org_id,
        appointment_id=appointment_id,
        calendar_id=calendar_id,
        google_event_id=google_event_id,
    )


def _call(function: str, **arguments: Any) -> Answer:
    answer: Answer = db.call(function, repeatable=True, **arguments)
    return answer
