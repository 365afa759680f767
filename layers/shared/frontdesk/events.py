"""What happened at a clinic, as its boards are told: events in the order of their seq, which has no gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from frontdesk import db

Event = dict[str, Any]

# More than this a board does not catch up with event by event: it reads its day anew.
MOST_MISSED = 200


@dataclass(frozen=True, slots=True)
class Missed:
    """What a board did not see. With `resync` there are no events: too many, or no longer kept."""

    last_seq: int
    resync: bool
    events: list[Event]


@dataclass(frozen=True, slots=True)
class Push:
    """What outbox rows have to tell, to which connections, and which connections are to be closed.

    `unknown` are ids that are no rows for the boards.
    """

    events: list[Event]
    connections: list[str]
    closing: list[str]
    unknown: list[int]


def missed(org_id: UUID, after: int) -> Missed:
    """Read what a clinic's boards missed after this seq, in order."""
    answer = db.call("missed_events", repeatable=True, org_id=org_id, after=after, limit=MOST_MISSED)
    return Missed(answer["last_seq"], answer["resync"], answer["events"])


def for_push(org_id: UUID, outbox_ids: Sequence[int]) -> Push:
    """Mark a clinic's outbox rows as sent and read what they tell, and whom."""
    answer = db.call("next_push", repeatable=True, org_id=org_id, outbox_ids=list(outbox_ids))
    return Push(answer["events"], answer["connections"], answer["closing"], answer["unknown"])
