"""A fake Twilio for tests that are not asynchronous: it runs in a thread with a loop of its own."""

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.fake_twilio import FakeTwilio, start_fake_twilio
from local.fake_twilio_faults import Faults
from local.fake_twilio_messages import Account

BRIGHT = Account("Bright Smiles Dental", "AC" + "1" * 32, "a" * 32, "+12025550100", "MG" + "1" * 32)
SOL = Account("Clínica del Sol", "AC" + "2" * 32, "b" * 32, "+13035550100", "MG" + "2" * 32)


@contextmanager
def running_fake(
    accounts: Iterable[Account] = (BRIGHT, SOL),
    inbound_url: str = "http://127.0.0.1:1/api/twilio/inbound",
    *,
    journal: Path | None = None,
    faults: Faults | None = None,
) -> Iterator[FakeTwilio]:
    """Run a fake on a free port; its texts arrive within hundredths of a second unless `faults` say so."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run[T](work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    chosen = faults or Faults(status_step_seconds=0.01, hold_seconds=0.2)
    fake = run(start_fake_twilio(accounts, inbound_url, journal=journal, faults=chosen))
    try:
        yield fake
    finally:
        run(fake.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
