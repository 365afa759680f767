"""The outbox relay (claim, send, acknowledge) against the floor of a durable one-row INSERT and COMMIT.

The queue is a client that only answers, so what is measured is what the relay itself can carry; SQS adds its
network. Goal: twenty times the rows of the floor, and no row taken by two of four relays at once.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from benchmarks.database import Clinics
from benchmarks.figures import Effort, Figure, Section, count, ratio
from frontdesk import db, outbox, settings
from functions.dispatch import app

NAME = "relay"
GOAL = 20
ROWS = 10_000
RELAYS = 4
LEASE = 120

_LEAVE_ROWS = """
INSERT INTO frontdesk.outbox (org_id, queue, kind, aggregate_id, version, seq, next_at)
SELECT o.id, (ARRAY['sms', 'calendar', 'notify'])[1 + n % 3], 'appointment.booked', gen_random_uuid(), 1, n,
       now() - interval '1 second'
FROM generate_series(1, {rows}) AS n
JOIN (SELECT id, row_number() OVER () AS place FROM frontdesk.orgs) AS o ON o.place = 1 + n % {orgs}
"""
_FLOOR = "INSERT INTO bench.floor (org, at, name) VALUES (gen_random_uuid(), now(), 'Dana Whitfield')"


class Accepting:
    """An SQS that takes everything, and remembers which row came how often."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.lock = threading.Lock()

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: ARG002, N803
        """Take ten messages."""
        with self.lock:
            self.taken.update(entry["MessageBody"] for entry in Entries)
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}


def measure(clinics: Clinics, effort: Effort) -> Section:
    """Measure floor and relay in turn, then let four relays share the rows."""
    place = clinics.copy("relay")
    floor: list[float] = []
    relayed: list[float] = []
    twice: list[float] = []
    for _ in range(effort.rounds):
        floor.append(_inserts(place, effort.seconds))
        _leave_rows(place)
        relayed.append(_relay(place, relays=1)[0])
        _leave_rows(place)
        twice.append(_relay(place, relays=RELAYS)[1])
    figures: tuple[Figure, ...] = (
        ratio("rows relayed/s over the floor's INSERTs/s, one relay", relayed, floor, GOAL),
        count(f"rows sent twice by {RELAYS} relays at once", twice, 0),
    )
    raw = {"floor": [round(each, 1) for each in floor], "relay": [round(each, 1) for each in relayed]}
    return Section(NAME, figures, raw, (f"{ROWS} rows of {_orgs(place)} clinics in batches of {app.BATCH}",))


def _inserts(place: Clinics, seconds: float) -> float:
    """Insert one row a transaction, over one connection; rows a second."""
    with place.app() as connection, place.owner() as owner:
        owner.execute("GRANT USAGE ON SCHEMA bench TO frontdesk_app")
        owner.execute("GRANT INSERT ON bench.floor TO frontdesk_app")
        inserted, started = 0, time.perf_counter()
        while (took := time.perf_counter() - started) < seconds:
            connection.execute(_FLOOR)
            inserted += 1
    return inserted / took


def _leave_rows(place: Clinics) -> None:
    with place.owner() as owner:
        owner.execute("TRUNCATE frontdesk.outbox")
        owner.execute(_LEAVE_ROWS.format(rows=ROWS, orgs=_orgs(place)).encode())
        owner.execute("VACUUM (ANALYZE) frontdesk.outbox")
        owner.execute("CHECKPOINT")


def _orgs(place: Clinics) -> int:
    with place.owner() as owner:
        row = owner.execute("SELECT count(*) FROM frontdesk.orgs").fetchone()
    return int(row[0]) if row else 0


def _relay(place: Clinics, relays: int) -> tuple[float, int]:
    """Relay all rows; return rows a second, and how many were sent more than once."""
    queue = Accepting()
    with _pointed_at(place, queue):
        threads = [threading.Thread(target=_empty_the_outbox) for _ in range(relays)]
        started = time.perf_counter()
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        took = time.perf_counter() - started
    if len(queue.taken) != ROWS:
        raise RuntimeError(f"{ROWS - len(queue.taken)} rows were not relayed")
    return ROWS / took, sum(times > 1 for times in queue.taken.values())


def _empty_the_outbox() -> None:
    """Do what dispatch does, batch by batch."""
    while rows := outbox.claim(app.BATCH, LEASE):
        outbox.acknowledge(outbox.send(rows), app.RETRY)
    db.close()


@contextmanager
def _pointed_at(place: Clinics, queue: Accepting) -> Iterator[None]:
    """Let the layer talk to this database and this queue."""
    urls = {f"{name}_QUEUE_URL": f"https://sqs.invalid/{name}" for name in ("SMS", "CALENDAR", "NOTIFY")}
    chosen = {"DATABASE_URL": place.app_url, "DATABASE_AUTH": "password", **urls}
    with mock.patch.dict("os.environ", chosen), mock.patch.object(outbox, "_sqs", return_value=queue):
        settings.current.cache_clear()
        try:
            yield
        finally:
            settings.current.cache_clear()
