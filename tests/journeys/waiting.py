"""Waiting for what must happen, never for a time to pass."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

# Seconds. The quick path takes about two, a busy machine more; nothing waits longer than it must.
WITHIN = 30.0
PAUSE = 0.1


def until[T](fact: Callable[[], T], what: str, within: float = WITHIN) -> T:
    """Return what `fact` gives once it is true of anything; fail, saying `what` never came."""
    deadline = time.monotonic() + within
    while True:
        found = fact()
        if found:
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within:.0f} s: {what}; last seen: {found!r}")
        time.sleep(PAUSE)


def apart[T](work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine in a thread of its own: where Playwright runs, this thread has a loop already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work())).result()
