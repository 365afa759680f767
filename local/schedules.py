"""EventBridge's schedules on this machine: a function invoked every so often."""

import asyncio
import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from local.functions import Functions, InvocationError
from local.http_events import ACCOUNT_ID
from local.template_records import Schedule, TemplateError

UNIT_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}

Report = Callable[[str], None]


def interval_seconds(schedule: Schedule) -> int:
    """Read `rate(5 minutes)` as seconds; raise TemplateError for anything else.

    No function of ours needs cron(...) so far, and half of it would be worse than none.
    """
    found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", schedule.expression.strip())
    if found is None or int(found[1]) == 0:
        msg = (
            f"{schedule.function}: schedule {schedule.name} is {schedule.expression!r}; "
            "the local stack plays rate(N minutes|hours|days) only"
        )
        raise TemplateError(msg)
    return int(found[1]) * UNIT_SECONDS[found[2]]


def to_event(schedule: Schedule, region: str, now: datetime) -> Any:
    """Build the event EventBridge gives a function, or the schedule's own Input."""
    if schedule.input is not None:
        return json.loads(schedule.input)
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT_ID,
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [f"arn:aws:events:{region}:{ACCOUNT_ID}:rule/{schedule.name}"],
        "detail": {},
    }


async def run_schedule(
    schedule: Schedule,
    region: str,
    functions: Functions,
    report: Report = lambda _: None,
    every_seconds: float | None = None,
) -> None:
    """Invoke the function now and then at its rate, until cancelled.

    The first run comes at once, so that work left by the previous stack is not kept waiting. A run
    that fails is reported and the next one comes at its time. `every_seconds` shortens the wait in tests.
    """
    seconds = interval_seconds(schedule) if every_seconds is None else every_seconds
    while True:
        try:
            await functions.invoke(schedule.function, to_event(schedule, region, datetime.now(UTC)))
        except InvocationError as problem:
            report(f"{schedule.name} -> {schedule.function}  failed: {problem.error_type}")
        await asyncio.sleep(seconds)
