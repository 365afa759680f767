"""Many callers at one moment: each its own connection, all let go by one barrier."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from tests.clinics import Clinic, Connection, book, one
from tests.database import Database

Caller = Callable[[Connection], Any]


def all_at_once(database: Database, callers: Sequence[Caller], connections: int = 50) -> list[Any]:
    """Run every caller against the database at one moment; return their answers in the callers' order.

    More callers than connections take turns on them. Threads do: psycopg lets the others go while it waits
    for the server. A caller's exception is raised here.
    """
    width = min(connections, len(callers))
    answers: list[Any] = [None] * len(callers)
    with ExitStack() as stack:
        opened = [stack.enter_context(database.connect_app()) for _ in range(width)]
        for connection in opened:
            # A backend's first call is slow: have that behind us, or the first caller wins alone.
            connection.execute("SELECT frontdesk.org_for_call(NULL, NULL, NULL)")
        start = threading.Barrier(width, timeout=30)

        def work(lane: int) -> None:
            start.wait()
            for n in range(lane, len(callers), width):
                answers[n] = callers[n](opened[lane])

        with ThreadPoolExecutor(width) as pool:
            for done in [pool.submit(work, lane) for lane in range(width)]:
                done.result(timeout=60)
    return answers


def booker(clinic: Clinic, at: datetime, **changed: Any) -> Caller:
    """Return a caller that books this time (tests.clinics.book)."""
    return lambda connection: book(connection, clinic, at, **changed)


def count_outcomes(answers: Sequence[Any]) -> dict[str, int]:
    """Return how many answers had which outcome."""
    counts: dict[str, int] = {}
    for answer in answers:
        counts[answer["outcome"]] = counts.get(answer["outcome"], 0) + 1
    return counts


class Waiting:
    """A call that runs beside the test, on a connection of its own, and comes to wait for a lock."""

    def __init__(self, database: Database, caller: Caller) -> None:
        self.connection = database.connect_app()
        self._pool = ThreadPoolExecutor(1)
        self._future = self._pool.submit(caller, self.connection)

    def until_it_waits(self, owner: Connection, kind: str) -> None:
        """Return once the server says that the call waits for a lock of this kind (pg_locks.locktype)."""
        query = "SELECT count(*) FROM pg_locks WHERE pid = %s AND locktype = %s AND NOT granted"
        for _ in range(600):
            if one(owner, query, self.connection.info.backend_pid, kind):
                return
            time.sleep(0.005)
        raise AssertionError("it never waited")

    def finish(self) -> Any:
        """Return the call's answer, or raise its exception."""
        try:
            return self._future.result(timeout=20)
        finally:
            self._pool.shutdown()
            self.connection.close()


OVERLAPS = """
SELECT count(*) FROM frontdesk.appointments a JOIN frontdesk.appointments b
  ON a.provider_id = b.provider_id AND a.id < b.id AND a.during && b.during
WHERE a.status IN ('pending', 'confirmed', 'arrived') AND b.status IN ('pending', 'confirmed', 'arrived')
"""
