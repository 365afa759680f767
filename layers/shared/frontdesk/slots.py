"""Free starts, for the agent to offer and the board to show."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from frontdesk import db


def find(
    org_id: UUID,
    service: str | None,
    first: datetime,
    until: datetime,
    *,
    provider: str | None = None,
    earliest: time | None = None,
    latest: time | None = None,
    per_day: int | None = None,
    limit: int = 100,
) -> dict[str, Any]:
    """Find free starts from `first` to `until` (aware, both included), one entry a start.

    `earliest` and `latest` (not included) cut each day by the clinic's clock; `per_day` keeps the first so
    many of a day. The answer is find_slots' JSON (docs/booking-function.md).
    """
    answer: dict[str, Any] = db.call(
        "find_slots",
        repeatable=True,
        org_id=org_id,
        service_type=service,
        **{"from": first},
        until=until,
        provider=provider,
        earliest=earliest,
        latest=latest,
        limit=limit,
        per_day=per_day,
    )
    return answer
