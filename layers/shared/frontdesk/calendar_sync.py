"""What Google's side of a calendar says, asked of the SQL functions that hold the rules: one question each.

Times of blocks and events are whole seconds since 1970, ids are Google's. What the answers put in the outbox
stands under `outbox`. Writing to Google is frontdesk.calendars'.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from frontdesk import db

Answer = dict[str, Any]
Block = tuple[str, int, int]  # Google's id, start, end


def begin(org_id: UUID, calendar_id: UUID, lease: UUID) -> Answer:
    """Begin to read a calendar: outcome begun (with its token and window), busy, paused, unknown_calendar."""
    return _call("begin_calendar_sync", org_id=org_id, calendar_id=calendar_id, lease=lease)


def mirror(org_id: UUID, calendar_id: UUID) -> Answer:
    """Return what we believe it holds: {blocks: [[id, start, end]], events: [[id, appointment_id]]}."""
    return _call("calendar_mirror", org_id=org_id, calendar_id=calendar_id)


def changed_events(org_id: UUID, calendar_id: UUID, items: Sequence[Mapping[str, Any]]) -> Answer:
    """Ask which of {id, etag, starts, ends, gone} are our events (known), and which need a decision."""
    return _call(
        "changed_calendar_events", org_id=org_id, calendar_id=calendar_id, items=json.dumps(list(items))
    )


def apply(
    org_id: UUID,
    calendar_id: UUID,
    lease: UUID,
    blocks: Sequence[Block],
    gone: Sequence[str],
    last: Mapping[str, Any] | None = None,
) -> Answer:
    """Apply some rows; `last` ends the reading and keeps the token, in the same transaction.

    May be repeated: rows are stated as they are, not as steps. Outcome applied or lost.
    """
    return _call(
        "apply_calendar_changes",
        org_id=org_id,
        calendar_id=calendar_id,
        lease=lease,
        blocks=json.dumps(list(blocks)),
        gone=list(gone),
        last=None if last is None else json.dumps(dict(last)),
    )


def stop(
    org_id: UUID,
    calendar_id: UUID,
    lease: UUID,
    error_code: str,
    retry_seconds: int,
    status: str | None = None,
) -> Answer:
    """End a reading that did not see everything; `status` says that the calendar is gone or forbidden."""
    return _call(
        "stop_calendar_sync",
        org_id=org_id,
        calendar_id=calendar_id,
        lease=lease,
        error_code=error_code,
        retry_seconds=retry_seconds,
        status=status,
    )


def take_over(
    org_id: UUID,
    calendar_id: UUID,
    known: Mapping[str, Any],
    starts_at: datetime | None,
    ends_at: datetime | None,
    etag: str,
    rev: int | None,
) -> Answer:
    """Let the rule decide on an event the provider changed; `known` is its entry of `changed_events`.

    Repeatable: what was decided changes what is known, and the second call is told `again`.
    """
    return _call(
        "take_over_calendar_move",
        org_id=org_id,
        appointment_id=UUID(known["appointment_id"]),
        calendar_id=calendar_id,
        google_event_id=known["id"],
        starts_at=starts_at,
        ends_at=ends_at,
        etag=etag,
        rev=rev,
        known_etag=known["etag"],
        known_writes=known["writes"],
    )


def deleted(org_id: UUID, calendar_id: UUID, known: Mapping[str, Any], hold: str | None) -> Answer:
    """Let the rule decide on an event that is gone; `hold`: many_deleted or lost, and nobody is cancelled."""
    return _call(
        "appointment_deleted_in_google",
        org_id=org_id,
        appointment_id=UUID(known["appointment_id"]),
        calendar_id=calendar_id,
        google_event_id=known["id"],
        known_writes=known["writes"],
        hold=hold,
    )


def record_comparison(org_id: UUID, calendar_id: UUID, counts: Mapping[str, int]) -> Answer:
    """End a nightly comparison with what it found; what should have been written is queued."""
    return _call(
        "record_calendar_comparison", org_id=org_id, calendar_id=calendar_id, counts=json.dumps(dict(counts))
    )


def begin_watch(org_id: UUID, calendar_id: UUID, channel_id: UUID, token_hash: str) -> Answer:
    """Set out to make a watch channel: outcome begun (with the old ones), fresh, busy, paused, ..."""
    return _call(
        "begin_watch",
        org_id=org_id,
        calendar_id=calendar_id,
        channel_id=channel_id,
        token_hash=token_hash,
    )


def record_watch(org_id: UUID, channel_id: UUID, resource_id: str, expires_at: datetime) -> Answer:
    """Record what Google said of a new channel; those before it are to be stopped."""
    return _call(
        "record_watch",
        org_id=org_id,
        channel_id=channel_id,
        resource_id=resource_id,
        expires_at=expires_at,
    )


def watch_refused(org_id: UUID, channel_id: UUID, error_code: str) -> Answer:
    """Record that Google made no channel."""
    return _call(
        "record_watch",
        org_id=org_id,
        channel_id=channel_id,
        resource_id=None,
        expires_at=None,
        error_code=error_code,
    )


def watch_stopped(org_id: UUID, channel_id: UUID) -> Answer:
    """Note that a channel is stopped: what still comes by it is refused."""
    return _call("watch_stopped", org_id=org_id, channel_id=channel_id)


def watch_channel(channel_id: UUID) -> Answer | None:
    """Find a channel by its id: {org_id, token_hash, resource_id}, or None."""
    answer: Answer | None = db.call("watch_channel", repeatable=True, channel_id=channel_id)
    return answer


def note_push(org_id: UUID, channel_id: UUID) -> Answer:
    """Note that Google says the channel's calendar changed; its reading is queued unless it is already."""
    return _call("note_calendar_push", org_id=org_id, channel_id=channel_id)


def _call(function: str, **arguments: Any) -> Answer:
    answer: Answer = db.call(function, repeatable=True, **arguments)
    return answer
