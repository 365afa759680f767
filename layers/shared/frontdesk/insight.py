"""A clinic in figures, by day: calls, visits, texts and what they cost, follow-ups (docs/insight.md)."""

from datetime import date
from typing import Any
from uuid import UUID

from frontdesk import db

Answer = dict[str, Any]


def by_day(org_id: UUID, first: date, last: date) -> Answer:
    """Return {outcome: found, items: a day each, totals, currency, ...} of the clinic's days first to last.

    invalid: more than 400 days, or none. Costs are millionths of the currency, and estimates.
    """
    # "from" is a word of Python's.
    answer: Answer = db.call("insight", repeatable=True, **{"org_id": org_id, "from": first, "to": last})
    return answer
