"""Google on this machine: sign-in and consent, Calendar v3 with its notifications, and calendars to look at.

The wire format is that of Google's OAuth 2.0 and Calendar API v3 (discovery document, revision 20261030),
spoken by its own client library in the tests.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from local import (
    fake_google_calendar_routes,
    fake_google_consent,
    fake_google_control,
    fake_google_page,
    fake_google_tokens,
)
from local.fake_google_api import MOST_BODY, Google
from local.fake_google_faults import Faults, Trouble
from local.fake_google_push import Pushes
from local.fake_google_store import CALENDAR, HAND, OPENID, Account, FakeCalendar, Store
from local.fake_google_tokens import Code

__all__ = ["Account", "FakeCalendar", "FakeGoogle", "start_fake_google"]

STOP_SECONDS = 1.0
HAND_SECONDS = 30 * 86_400

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class FakeGoogle:
    """A listening fake; `url` has no slash at its end."""

    url: str
    google: Google
    runner: web.AppRunner
    session: aiohttp.ClientSession

    def hand_token(self, email: str, seconds: float = HAND_SECONDS) -> str:
        """Give an access token with which a test acts as that person in Google Calendar itself."""
        return self.google.store.issue(email, HAND, (*OPENID, CALENDAR), seconds).token

    async def stop(self) -> None:
        """Stop listening, notifying and everything else."""
        await self.google.pushes.stop()
        await self.runner.cleanup()
        await self.session.close()
        self.google.store.close()


async def start_fake_google(
    accounts: Iterable[Account],
    *,
    client_id: str,
    client_secret: str,
    redirect_uris: Iterable[str] = (),
    port: int = 0,
    journal: Path | None = None,
    faults: Faults | None = None,
    report: Report = lambda _: None,
) -> FakeGoogle:
    """Listen on 127.0.0.1:`port` (0 takes a free one) as the Google our one client talks to.

    With a `journal` the events, grants, tokens and channels of yesterday are still there. No `redirect_uris`
    allow any on this machine and any https. Raises OSError when the port is taken.
    """
    trouble = Trouble(faults)
    store = Store(accounts, client_id, journal)
    store.skew = trouble.faults.clock_skew_seconds
    session = aiohttp.ClientSession()
    pushes = Pushes(session, store, trouble, report)
    store.on_change = pushes.changed
    google = Google(store, trouble, pushes, client_secret, frozenset(redirect_uris))
    codes: dict[str, Code] = {}
    application = web.Application(client_max_size=2 * MOST_BODY)
    application.add_routes(
        [
            *fake_google_calendar_routes.routes(google),
            *fake_google_consent.routes(google, codes),
            *fake_google_tokens.routes(google, codes),
            *fake_google_control.routes(google),
            *fake_google_page.routes(google),
        ]
    )
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    except OSError:
        await runner.cleanup()
        await session.close()
        store.close()
        raise
    host, bound = runner.addresses[0][:2]
    return FakeGoogle(f"http://{host}:{bound}", google, runner, session)
