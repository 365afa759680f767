"""Every night: everything Google has against everything we believe it has, and the differences put right.

What the readings by token can miss is found here within a day: Google tells of a deleted series only some
months ahead (googleapis/google-api-ruby-client#860), blocks enter the window as days go by, rows get lost.
"""

from collections import Counter
from collections.abc import Iterable
from functools import partial
from uuid import UUID

from frontdesk import calendar_sync, log, metrics, outbox
from functions.calendar_worker import google_calendar, pacing, sync, tokens
from functions.calendar_worker.google_calendar import GoogleError
from functions.calendar_worker.listing import Source

# Deleting is a request each; more than these wait for the next night.
MOST_LEFTOVERS = 50


def compare(org_id: UUID, calendar_id: UUID) -> str:
    """Compare a calendar with what we hold, repair what differs, tell the staff; return the outcome.

    What only nobody had read yet is no difference: that is read first, as at any poll.
    """
    outcome = sync.pull(org_id, calendar_id)
    if outcome != "read":
        return outcome
    reading = sync.read(org_id, calendar_id, full=True)
    if reading.source is None:
        return reading.outcome
    counts = reading.counts
    counts["leftovers"] = _delete(reading.source, calendar_id, reading.leftovers)
    told = calendar_sync.record_comparison(org_id, calendar_id, dict(+counts))
    outbox.publish_later(org_id, told["outbox"])
    metrics.calendar_drifted(sum(told["counts"].values()))
    return "compared"


def _delete(source: Source, calendar_id: UUID, leftovers: Iterable[str]) -> int:
    """Delete events we once made and know nothing of any more; return how many were there."""
    outcomes: Counter[str] = Counter()
    for event_id in list(leftovers)[:MOST_LEFTOVERS]:
        pacing.charge(source.org_id)
        delete = partial(
            google_calendar.delete_event, calendar_id=source.google_calendar_id, event_id=event_id, etag=None
        )
        try:
            tokens.call(source.org_id, delete)
            outcomes["deleted"] += 1
        except GoogleError as error:
            outcomes[f"{error.status}:{error.reason}"] += 1
    for outcome, count in outcomes.items():
        log.info(
            "leftovers of ours",
            org_id=str(source.org_id),
            calendar_id=str(calendar_id),
            outcome=outcome,
            calls=count,
        )
    return sum(outcomes.values())
