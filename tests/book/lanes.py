"""Callers in processes of their own, as Lambda's containers are, let go at one moment."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier
from typing import Any

from frontdesk import db, orgs, settings
from functions.book import app as book_app

LANES = 10

_gate: list[Barrier] = []


def _get_ready(gate: Barrier) -> None:
    _gate.append(gate)


def _work(environ: dict[str, str], warm_up: dict[str, Any], events: Sequence[dict[str, Any]]) -> list[Any]:
    """Answer these events in this process, after every other lane is ready too."""
    os.environ.update(environ)
    settings.current.cache_clear()
    orgs.forget()
    db.close()
    book_app.handler(warm_up, None)
    _gate[0].wait()
    answers = [book_app.handler(each, None) for each in events]
    db.close()
    return answers


class Lanes:
    """Ten processes that each answer their share of the events."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def race(
        self, environ: dict[str, str], warm_up: dict[str, Any], events: Sequence[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Deal the events out, let all lanes go at once, and return every response."""
        # As many tasks as processes, each waiting for all the others: so each gets exactly one.
        shares = [events[lane::LANES] for lane in range(LANES)]
        running = [self._pool.submit(_work, environ, warm_up, share) for share in shares]
        return [answer for done in running for answer in done.result(timeout=120)]


@contextmanager
def open_lanes() -> Iterator[Lanes]:
    """Start the processes, afresh: nothing of this one is inherited."""
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(LANES, timeout=60)
    with ProcessPoolExecutor(LANES, mp_context=context, initializer=_get_ready, initargs=(gate,)) as pool:
        yield Lanes(pool)
