"""A fake Google for tests that are not asynchronous: it runs in a thread with a loop of its own."""

import asyncio
import json
import threading
import urllib.request
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from local.fake_google import FakeGoogle, start_fake_google
from local.fake_google_faults import Faults
from local.fake_google_store import Account, FakeCalendar

CLIENT_ID, CLIENT_SECRET = "frontdesk-test.apps.googleusercontent.com", "GOCSPX-" + "t" * 28
# An account with its own calendar, two providers' and one to read only; and another clinic's account.
OFFICE = Account(
    "office@bright.example",
    "Bright Smiles",
    (
        FakeCalendar("office@bright.example", "Office", "America/New_York"),
        FakeCalendar("patel@group.calendar.google.com", "Dr. Patel", "America/New_York"),
        FakeCalendar("novak@group.calendar.google.com", "Dr. Novák", "Europe/Prague"),
        FakeCalendar("holidays@group.v.calendar.google.com", "Holidays", "America/New_York", "reader"),
    ),
    "1//0office",
)
SOL = Account(
    "hola@sol.example",
    "Clínica del Sol",
    (
        FakeCalendar("hola@sol.example", "Recepción", "America/Denver"),
        FakeCalendar("vega@group.calendar.google.com", "Dr. Vega", "America/Denver"),
    ),
    "1//0sol",
)
# Pushes arrive within hundredths of a second and a held connection ends soon, so that tests are fast.
QUICK = Faults(push_delay_seconds=0.01, hold_seconds=0.3)


@dataclass(frozen=True, slots=True)
class FakeGoogleThread:
    """A running fake and its switches."""

    fake: FakeGoogle

    @property
    def url(self) -> str:
        """Return the fake's root, with no slash at its end: GOOGLE_BASE."""
        return self.fake.url

    def ask(self, path: str, body: Any = None) -> Any:
        """Ask one of the switches: GET without a body, else POST."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data), timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def faults(self, **wanted: Any) -> Any:
        """Put these faults in force instead of those before; none ends all. Times stay short unless given."""
        quick = {"push_delay_seconds": QUICK.push_delay_seconds, "hold_seconds": QUICK.hold_seconds}
        return self.ask("/faults", quick | wanted if wanted else {})

    def reset(self) -> None:
        """Forget all but the accounts and their first grants; end all faults."""
        self.ask("/reset", {})

    def events(self, calendar: str, *, live: bool = False) -> list[dict[str, Any]]:
        """Give a calendar's events as Google has them, the cancelled ones too unless `live`."""
        events = self.ask(f"/events?calendar={quote(calendar, safe='')}")
        return [event for event in events if not live or event["status"] != "cancelled"]

    def channels(self) -> list[dict[str, Any]]:
        """Give the open channels."""
        found: list[dict[str, Any]] = self.ask("/channels")
        return found

    def writes(self, *, by: str | None = CLIENT_ID) -> list[dict[str, Any]]:
        """Give the writes seen: ours, or those by "hand", or all with None; `status` None had no answer."""
        return [write for write in self.ask("/journal") if by in {None, write["by"]}]

    def token(self, email: str = OFFICE.email, **wanted: Any) -> str:
        """Give an access token granted to our client; `scopes` and `seconds` may be chosen."""
        return str(self.ask("/grants", {"email": email} | wanted)["access_token"])

    def hand(self, email: str = OFFICE.email) -> str:
        """Give an access token for what a person does in Google Calendar itself."""
        return str(self.ask("/grants", {"email": email, "hand": True, "seconds": 86_400})["access_token"])

    def revoke(self, email: str = OFFICE.email) -> None:
        """Let a person take back what they allowed our client."""
        self.ask("/grants", {"email": email, "revoke": True})

    def act(
        self, method: str, path: str, body: Any = None, *, email: str = OFFICE.email, **headers: str
    ) -> Any:
        """Do something by a person's hand: `act("POST", "/calendars/ID/events", {...})`; raises HTTPError."""
        return self.ask_as(self.hand(email), path, body, method=method, **headers)

    def ask_as(self, token: str, path: str, body: Any = None, *, method: str = "GET", **headers: str) -> Any:
        """Ask the Calendar API with an access token; raises HTTPError."""
        request = urllib.request.Request(
            f"{self.url}/calendar/v3{path}",
            None if body is None else json.dumps(body).encode(),
            {"authorization": f"Bearer {token}", "content-type": "application/json"} | headers,
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")


@contextmanager
def running_fake(
    accounts: Iterable[Account] = (OFFICE, SOL),
    *,
    journal: Path | None = None,
    faults: Faults = QUICK,
    redirect_uris: Iterable[str] = (),
) -> Iterator[FakeGoogleThread]:
    """Run a fake on a free port; its notifications come within hundredths of a second."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run[T](work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    fake = run(
        start_fake_google(
            accounts,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            redirect_uris=redirect_uris,
            journal=journal,
            faults=faults,
        )
    )
    try:
        yield FakeGoogleThread(fake)
    finally:
        run(fake.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
