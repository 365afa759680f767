"""Twilio on this machine: its REST API for texts, its webhooks to us, and a patient's phone to look at.

The wire format is that of Twilio's API 2010-04-01, spoken by its own SDK in the tests. What Twilio would
do later (deliver, fail, call back) happens in the background within a second.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from local import fake_twilio_api, fake_twilio_phone
from local.fake_twilio_api import Twilio
from local.fake_twilio_faults import Faults, Trouble
from local.fake_twilio_messages import API, FINAL, Account, Ledger
from local.fake_twilio_webhooks import Webhooks

STOP_SECONDS = 1.0

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class FakeTwilio:
    """A listening fake; `url` has no slash at its end."""

    url: str
    twilio: Twilio
    runner: web.AppRunner
    session: aiohttp.ClientSession

    async def stop(self) -> None:
        """Stop listening, calling back and everything else."""
        await self.twilio.webhooks.stop()
        await self.runner.cleanup()
        await self.session.close()


async def start_fake_twilio(
    accounts: Iterable[Account],
    inbound_url: str,
    *,
    port: int = 0,
    journal: Path | None = None,
    faults: Faults | None = None,
    report: Report = lambda _: None,
) -> FakeTwilio:
    """Listen on 127.0.0.1:`port` (0 takes a free one); patients' texts are brought to `inbound_url`.

    With a `journal` the texts of yesterday are still there, and those under way go on. Raises OSError
    when the port is taken.
    """
    known = {account.sid: account for account in accounts}
    ledger, trouble = Ledger(journal), Trouble(faults)
    session = aiohttp.ClientSession()
    twilio = Twilio(known, inbound_url, ledger, trouble, Webhooks(session, ledger, trouble, report))
    application = web.Application()
    application.add_routes([*fake_twilio_api.routes(twilio), *fake_twilio_phone.routes(twilio)])
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    except OSError:
        await runner.cleanup()
        await session.close()
        raise
    for text in list(ledger.all()):
        if text.direction == API and text.status not in FINAL and text.account_sid in known:
            twilio.webhooks.play_on(known[text.account_sid], text)
    host, bound = runner.addresses[0][:2]
    return FakeTwilio(f"http://{host}:{bound}", twilio, runner, session)
