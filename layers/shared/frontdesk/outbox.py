"""Outbox rows on their way to the queues: at once after an answer (best effort), or in bulk by dispatch.

A message says {"outbox_id": 12, "org_id": "uuid"} and nothing else: whoever gets it asks the database.
Sending twice does no harm (docs/outbox.md), so nothing here tries to be exact; losing does, and that is
dispatch's care.
"""

import json
import os
import queue
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import batched
from typing import Any
from uuid import UUID

from frontdesk import db, log

Row = Mapping[str, Any]

MOST_PER_CALL = 10  # SQS takes no more in one SendMessageBatch
THREADS = 4  # sending waits for the network, so a few at once; SQS itself would take hundreds
# Waiting rows of the quick path. More than a container can have: what finds no room waits for dispatch.
MOST_WAITING = 256
# Seconds. The answer goes out first: loading the SDK competes with it for the interpreter.
HEAD_START = 0.02


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of rows: the ids SQS took, and the ids it did not by the code of the reason."""

    ids: tuple[int, ...]
    failed: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def failures(self) -> int:
        """Count the rows that were not taken."""
        return sum(len(ids) for ids in self.failed.values())


def publish_later(org_id: UUID, rows: Iterable[Row] | None) -> None:
    """Send the rows ({id, queue}) of an answer to their queues, after it and out of its way.

    Returns at once and never raises. One thread of the process sends; on Lambda it freezes with the container
    and goes on at the next event, if there is one: dispatch sends what was left (docs/decisions/0008).
    """
    try:
        for row in rows or ():
            _waiting.put_nowait({"id": row["id"], "queue": row["queue"], "org_id": str(org_id)})
            _start_sender()
    except Exception as error:  # noqa: BLE001 - the answer is more than its announcement; dispatch sends it
        log.error("not published", error=type(error).__name__)


def send(rows: Sequence[Row]) -> Sent:
    """Send rows ({id, org_id, queue}) to their queues, ten a call, and say which of them SQS took.

    Every entry of every answer is looked at: SendMessageBatch succeeds with some entries failed. A call that
    fails, or a queue without URL, fails its own rows only. Raises nothing for the network's sake.
    """
    urls = queue_urls()
    calls = list(_calls(rows))
    if not calls:
        return Sent(())
    with ThreadPoolExecutor(max_workers=min(THREADS, len(calls))) as threads:
        parts = list(threads.map(lambda part: _send_batch(urls.get(part[0], ""), part[1]), calls))
    return _together(parts)


def queue_urls() -> dict[str, str]:
    """Return the URL of each queue, as the environment has them; a queue without one is left out."""
    environ = os.environ
    named = {
        "sms": environ.get("SMS_QUEUE_URL"),
        "calendar": environ.get("CALENDAR_QUEUE_URL"),
        "notify": environ.get("NOTIFY_QUEUE_URL"),
    }
    return {name: url for name, url in named.items() if url}


def claim(limit: int, lease_seconds: int) -> list[dict[str, Any]]:
    """Take unsent rows that are due, for so long as the lease: [{id, org_id, queue, ...}]."""
    # Not repeatable: a claim whose answer was lost would hold its rows for a whole lease, and a second one
    # would take as many again. The next run finds them.
    rows: list[dict[str, Any]] = (
        db.call("claim_outbox", repeatable=False, limit=limit, lease_seconds=lease_seconds) or []
    )
    return rows


def acknowledge(sent: Sent, retry_seconds: int) -> None:
    """Note which rows are sent, and let the others be tried again after `retry_seconds`."""
    if sent.ids:
        db.call("mark_outbox_sent", repeatable=True, ids=list(sent.ids))
    for code, ids in sent.failed.items():
        db.call("mark_outbox_failed", repeatable=True, ids=list(ids), code=code, retry_seconds=retry_seconds)


def mark_dead(org_id: UUID, outbox_id: int, code: str) -> None:
    """Record that an outbox row can never be worked on, with the reason's code."""
    db.call("mark_outbox_dead", repeatable=True, org_id=org_id, outbox_id=outbox_id, code=code)


def backlog() -> dict[str, Any]:
    """Return {unsent, oldest_seconds, dead, calendars_paused, texts_paused} of all orgs together."""
    told: dict[str, Any] = db.call("outbox_backlog", repeatable=True)
    return told


_waiting: queue.Queue[Row] = queue.Queue(maxsize=MOST_WAITING)
_lock = threading.Lock()
_client: Any = None
_sender: threading.Thread | None = None


def _start_sender() -> None:
    """Have the one sending thread run; it lives as long as the process."""
    global _sender  # noqa: PLW0603 - one a process, like the connection in frontdesk.db
    with _lock:
        if _sender is None or not _sender.is_alive():
            _sender = threading.Thread(target=_send_waiting, args=(_waiting,), name="outbox", daemon=True)
            _sender.start()


def _send_waiting(waiting: queue.Queue[Row]) -> None:
    """Send what publish_later was given, for ever; whatever fails is dispatch's."""
    while True:
        rows = [waiting.get()]
        time.sleep(HEAD_START)
        while len(rows) < MOST_WAITING and not waiting.empty():
            rows.append(waiting.get_nowait())
        try:
            sent = send(rows)
            for code in sent.failed:
                log.error("not published", reason=code, outbox=len(sent.failed[code]))
        except Exception as error:  # noqa: BLE001 - a thread that ends here would never send again
            log.error("not published", error=type(error).__name__)


def _calls(rows: Sequence[Row]) -> Iterator[tuple[str, tuple[Row, ...]]]:
    """Sort rows by queue and cut each queue's into what one call takes."""
    for name in dict.fromkeys(row["queue"] for row in rows):
        for part in batched((row for row in rows if row["queue"] == name), MOST_PER_CALL, strict=False):
            yield name, part


def _send_batch(url: str, rows: Sequence[Row]) -> Sent:
    """Send at most ten rows to one queue."""
    ids = [int(row["id"]) for row in rows]
    if not url:
        return Sent((), {"no_queue_url": tuple(ids)})
    entries = [
        {
            "Id": str(place),
            "MessageBody": json.dumps({"outbox_id": row["id"], "org_id": str(row["org_id"])}),
            # On a standard queue the group makes it fair: a clinic with a thousand messages does not keep
            # another one's waiting (Amazon SQS developer guide, "Amazon SQS fair queues").
            "MessageGroupId": str(row["org_id"]),
        }
        for place, row in enumerate(rows)
    ]
    try:
        answer = _sqs().send_message_batch(QueueUrl=url, Entries=entries)
    except Exception as error:  # noqa: BLE001 - botocore's errors, without loading botocore to name them
        return Sent((), {_code_of(error): tuple(ids)})
    taken = tuple(ids[int(entry["Id"])] for entry in answer.get("Successful", ()))
    failed: dict[str, tuple[int, ...]] = {}
    for entry in answer.get("Failed", ()):
        code = str(entry.get("Code") or "failed")
        failed[code] = (*failed.get(code, ()), ids[int(entry["Id"])])
    # Neither taken nor refused: never yet seen, and the last thing to call a success.
    silent = tuple(set(ids) - set(taken) - {one for part in failed.values() for one in part})
    return Sent(taken, failed | ({"unanswered": silent} if silent else {}))


def _together(parts: Iterable[Sent]) -> Sent:
    ids: list[int] = []
    failed: dict[str, tuple[int, ...]] = {}
    for part in parts:
        ids += part.ids
        for code, missed in part.failed.items():
            failed[code] = failed.get(code, ()) + missed
    return Sent(tuple(ids), failed)


def _sqs() -> Any:
    """Return the process's SQS client. Loading the SDK takes longer than a whole booking: never at import."""
    global _client  # noqa: PLW0603 - one a process
    with _lock:
        if _client is None:
            import boto3
            from botocore.config import Config

            patience = Config(
                connect_timeout=2,
                read_timeout=4,
                max_pool_connections=THREADS,
                # Once: dispatch comes again in a minute, and a queue in trouble is not helped by more calls.
                retries={"total_max_attempts": 2, "mode": "standard"},
            )
            _client = boto3.client("sqs", config=patience)
        return _client


def _code_of(error: Exception) -> str:
    """Name an SDK's error by the service's code, or by its type; its text may quote the request."""
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    return str(code or type(error).__name__)
