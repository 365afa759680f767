"""The notify queue: each message names an outbox row, whose event goes to every board the clinic has open.

Nothing here must be exact but the order: a board sees by the seq what it already has and what it lacks, and
fetches that. So a connection in trouble is left behind, never waited for, and never fails a message.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from frontdesk import connections, events, log, metrics, queue_batch
from frontdesk.errors import FrontdeskError
from frontdesk.events import Event, Push
from frontdesk.queue_batch import Context
from functions.ws_notify import sockets
from functions.ws_notify.sockets import Result

# Milliseconds. With less left no further message is begun: one may take READ_SECONDS, and its retries.
LEAST_LEFT = 4500

sockets.get_ready(os.environ.get("WS_CONNECTIONS_URL", ""))


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Push an SQS batch, clinic by clinic, and name the messages that must come again."""
    failed: list[str] = []
    by_org: dict[UUID, dict[int, str]] = {}
    for record in event["Records"]:
        row = queue_batch.row_of(record.get("body"))
        if row is None:
            # Nothing to write the reason to. The dead-letter queue keeps the message itself.
            log.error("notify message unreadable", reason="malformed")
            failed.append(record["messageId"])
        else:
            by_org.setdefault(row[0], {})[row[1]] = record["messageId"]
    for org_id, messages in by_org.items():
        failed += _told(org_id, messages, context)
    return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}


def sweep(_event: dict[str, Any], context: Context) -> dict[str, int]:
    """Close what is over: sockets of revoked staff, beyond their time, or silent. Runs every minute."""
    ids = connections.sweep()
    _close(ids, context)
    return {"closed": len(ids)}


def _told(org_id: UUID, messages: dict[int, str], context: Context) -> list[str]:
    """Push one clinic's rows (outbox id -> message id); return the message ids that must come again."""
    try:
        push = events.for_push(org_id, list(messages))
    except FrontdeskError as error:
        sqlstate = getattr(error, "sqlstate", None)
        log.error("push failed", org_id=str(org_id), error=type(error).__name__, sqlstate=sqlstate)
        return list(messages.values())
    try:
        _push(org_id, push, context)
    except Exception as error:  # noqa: BLE001 - the rows are read; boards find by their seq what they lack
        log.error("push broke", org_id=str(org_id), error=type(error).__name__)
    for outbox_id in push.unknown:
        log.error("notify message dead", org_id=str(org_id), outbox_id=outbox_id, reason="unknown_row")
    return [messages[outbox_id] for outbox_id in push.unknown]


def _push(org_id: UUID, push: Push, context: Context) -> None:
    results: list[Result] = []
    if push.events and push.connections:
        with ThreadPoolExecutor(max_workers=min(sockets.AT_ONCE, len(push.connections))) as threads:
            results = list(threads.map(lambda one: _tell(one, push.events, context), push.connections))
    gone = [one for one, result in zip(push.connections, results, strict=False) if result is Result.GONE]
    if Result.REFUSED in results:
        log.error("push refused", org_id=str(org_id), reason="forbidden")
    if results:
        counts = {result: results.count(result) for result in Result}
        metrics.pushed(
            len(push.events), len(results), counts[Result.GONE], counts[Result.LEFT], counts[Result.REFUSED]
        )
    _close(push.closing, context)
    connections.forget([*gone, *push.closing])


def _tell(connection_id: str, told: Sequence[Event], context: Context) -> Result:
    """Send events to one connection in their order, and stop at the first it does not get."""
    for event in told:
        if context.get_remaining_time_in_millis() < LEAST_LEFT:
            return Result.LEFT
        result = sockets.post(_url(), connection_id, event)
        if result is Result.TOO_LARGE:
            result = sockets.post(_url(), connection_id, {"action": "resync", "lastSeq": event["seq"]})
        if result is not Result.SENT:
            return result
    return Result.SENT


def _close(ids: Sequence[str], context: Context) -> None:
    """End connections at API Gateway, each after a word of goodbye, as far as the time reaches."""

    def end(connection_id: str) -> None:
        if context.get_remaining_time_in_millis() > LEAST_LEFT:
            sockets.post(_url(), connection_id, {"action": "closing"})
            sockets.close(_url(), connection_id)

    if ids:
        with ThreadPoolExecutor(max_workers=min(sockets.AT_ONCE, len(ids))) as threads:
            list(threads.map(end, ids))


def _url() -> str:
    return os.environ["WS_CONNECTIONS_URL"]
