"""Calls and leads: one question each to the SQL function that holds the rule (docs/calls.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from frontdesk import db

Answer = dict[str, Any]
# [rank, time in ms, value]: of each field the greatest wins, whatever came first (record_call.sql).
Said = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Heard:
    """What one message says of a call: its state, fields, a whole transcript or one live line."""

    state: str  # ringing, in_progress, forwarding, ended
    fields: Mapping[str, Said]
    lines: Sequence[Mapping[str, Any]] = ()
    live: Mapping[str, Any] | None = None
    reported: bool = False  # this is the end-of-call report
    rank: int = field(default=0)  # of the transcript, among those of other messages


def record(org_id: UUID, call_id: str, heard: Heard) -> Answer:
    """Keep what a message said: {id, state, outcome, changed, outbox}. A repetition changes nothing."""
    answer: Answer = db.call(
        "record_call",
        repeatable=True,
        org_id=org_id,
        call_id=call_id,
        state=heard.state,
        heard=_json(heard.fields),
        lines=_json(heard.lines) if heard.lines else None,
        lines_rank=heard.rank,
        live=_json(heard.live) if heard.live else None,
        reported=heard.reported,
    )
    return answer


def opening(
    org_id: UUID, phone: str | None, phone_number_id: str | None, called_number: str | None
) -> Answer:
    """Return what the agent may know as it picks up: {assistant_id, caller_name, next_appointment, ...}."""
    answer: Answer = db.call(
        "call_opening",
        repeatable=True,
        org_id=org_id,
        phone=phone,
        phone_number_id=phone_number_id,
        called_number=called_number,
    )
    return answer


def transfer(org_id: UUID, call_id: str | None, phone: str | None) -> Answer:
    """Say where a caller who wants a person goes: outcome open (with number), closed or no_number."""
    answer: Answer = db.call("transfer_call", repeatable=True, org_id=org_id, call_id=call_id, phone=phone)
    return answer


def find(
    org_id: UUID,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    contact_id: UUID | None = None,
    outcome: str | None = None,
    query: str | None = None,
    before: Sequence[str] | None = None,
    limit: int = 50,
) -> Answer:
    """List calls, newest first: {items, next}; `query` is searched in the transcripts."""
    answer: Answer = db.call(
        "list_calls",
        repeatable=True,
        **{
            "org_id": org_id,
            "from": since,
            "until": until,
            "contact_id": contact_id,
            "outcome": outcome,
            "query": query,
            "before": _json(before) if before else None,
            "limit": limit,
        },
    )
    return answer


def details(org_id: UUID, call: str, after: int | None = None, limit: int = 200) -> Answer | None:
    """Return one call by our id or Vapi's, with its transcript paged by position; None if there is none."""
    answer: Answer | None = db.call(
        "call_details", repeatable=True, org_id=org_id, call=call, after=after, limit=limit
    )
    return answer


def leads(
    org_id: UUID, statuses: Sequence[str] | None = None, before: Sequence[str] | None = None, limit: int = 50
) -> Answer:
    """List leads, the latest first: {items, next}."""
    answer: Answer = db.call(
        "list_leads",
        repeatable=True,
        org_id=org_id,
        statuses=list(statuses) if statuses else None,
        before=_json(before) if before else None,
        limit=limit,
    )
    return answer


def change_lead(
    org_id: UUID,
    lead_id: UUID,
    version: int,
    actor: str,
    *,
    status: str | None = None,
    note: str | None = None,
    name: str | None = None,
) -> Answer:
    """Change what staff decide of a lead: changed, unchanged, not_found, version_conflict or invalid."""
    answer: Answer = db.call(
        "change_lead",
        repeatable=False,  # a second one would meet its own first as a conflict
        org_id=org_id,
        lead_id=lead_id,
        version=version,
        actor=actor,
        status=status,
        note=note,
        name=name,
    )
    return answer


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
