"""What the fake Google remembers: accounts, calendars with their events, grants, tokens and channels.

All of it is kept in a journal of JSON lines (the last line of a thing counts), because Google would still
know it after our stack was stopped or killed.
"""

import json
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from local.fake_google_errors import forbidden, needs_writer, not_found
from local.fake_google_faults import Faults
from local.fake_google_times import stamp

OPENID = ("openid", "https://www.googleapis.com/auth/userinfo.email")
CALENDAR = "https://www.googleapis.com/auth/calendar"
# What our client asks for, and was granted where an account comes with a refresh token.
GRANTED = (*OPENID, f"{CALENDAR}.events", f"{CALENDAR}.calendarlist.readonly")
WRITERS = frozenset({"owner", "writer"})
HAND = "hand"  # the client a person's own doing in Google Calendar is counted under
REMEMBERED_WRITES = 200_000

type Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FakeCalendar:
    """A calendar as an account sees it; the one whose id is the account's address is its primary one."""

    id: str
    summary: str
    time_zone: str
    access_role: str = "owner"


@dataclass(frozen=True, slots=True)
class Account:
    """A Google account. `refresh_token`, when there is one, was granted to our client before we began."""

    email: str
    name: str
    calendars: tuple[FakeCalendar, ...] = ()
    refresh_token: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """An event as it is now; `change` counts the calendar's changes, `number` its events."""

    resource: Resource
    change: int
    number: int

    @property
    def id(self) -> str:
        """Return the event's id."""
        return str(self.resource["id"])

    @property
    def cancelled(self) -> bool:
        """Tell whether it was deleted."""
        return bool(self.resource["status"] == "cancelled")

    @property
    def etag(self) -> str:
        """Return the etag, with its quotation marks."""
        return f'"{3_400_000_000_000_000 + 2 * self.change}"'


@dataclass(slots=True)
class Diary:
    """One calendar's events, whoever looks at it; `vanished` are instances their series no longer has."""

    id: str
    summary: str
    time_zone: str
    changes: int = 0
    events: dict[str, Kept] = field(default_factory=dict)
    vanished: dict[str, Kept] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grant:
    """What an account allowed a client; it lives until it is revoked."""

    refresh_token: str
    email: str
    client_id: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """An access token; `expires_at` in UNIX seconds."""

    token: str
    email: str
    client_id: str
    scopes: tuple[str, ...]
    expires_at: float


@dataclass(frozen=True, slots=True)
class Channel:
    """Where changes of a calendar are told; `expires_at` in UNIX seconds."""

    id: str
    calendar: str
    resource_id: str
    address: str
    token: str
    expires_at: float
    email: str
    client_id: str


class Store:
    """Everything there is, and the changes of it."""

    era: str
    diaries: dict[str, Diary]
    grants: dict[str, Grant]
    tokens: dict[str, Access]
    channels: dict[str, Channel]
    writes: deque[Mapping[str, Any]]

    def __init__(self, accounts: Iterable[Account], client_id: str, journal: Path | None = None) -> None:
        """Read the journal, if there is one; without `journal` nothing outlives the process."""
        self.client_id = client_id
        self.accounts = {account.email: account for account in accounts}
        self.skew = 0.0
        self.on_change: Callable[[str], None] = lambda _: None
        self._path = journal
        self._file: TextIO | None = None
        self._empty()
        if journal is not None and journal.exists():
            self._read(journal)
        if journal is not None:
            self._file = journal.open("a", encoding="utf-8")
            journal.chmod(0o600)
            if self._file.tell():
                self._file.write("\n")  # ends the half line of a process that was killed
        if not self.era:
            self._begin_era()

    def reset(self) -> None:
        """Forget all but the accounts and what they granted before we began."""
        if self._file is not None and self._path is not None:
            self._file.close()
            self._file = self._path.open("w", encoding="utf-8")
        self._empty()
        self._begin_era()

    def close(self) -> None:
        """Close the journal."""
        if self._file is not None:
            self._file.close()

    def now(self) -> float:
        """Return Google's time in UNIX seconds."""
        return datetime.now(UTC).timestamp() + self.skew

    def diary(self, email: str, calendar_id: str, faults: Faults, *, to_write: bool = False) -> Diary:
        """Find a calendar for an account; raise the Refusal Google gives when it may not."""
        account = self.accounts[email]
        wanted = primary(account) if calendar_id == "primary" else calendar_id
        seen = next((one for one in account.calendars if one.id == wanted), None)
        if seen is None or wanted in faults.calendar_gone:
            raise not_found()
        if wanted in faults.calendar_forbidden:
            raise forbidden()
        if to_write and seen.access_role not in WRITERS:
            raise needs_writer()
        return self.diaries[seen.id]

    def put(self, diary: Diary, resource: Resource) -> Kept:
        """Keep an event, or its new state, as the calendar's latest change."""
        before = diary.events.get(resource["id"])
        diary.changes += 1
        resource["updated"] = stamp(self.now())
        kept = Kept(resource, diary.changes, before.number if before else len(diary.events))
        diary.events[kept.id] = kept
        diary.vanished.pop(kept.id, None)
        self._write("event", calendar=diary.id, event=asdict(kept))
        self.on_change(diary.id)
        return kept

    def put_vanished(self, diary: Diary, kept: Kept) -> None:
        """Keep what an incremental list says of an instance that is no more."""
        diary.vanished[kept.id] = kept
        self._write("vanished", calendar=diary.id, event=asdict(kept))

    def grant(self, grant: Grant) -> None:
        """Keep a grant."""
        self.grants[grant.refresh_token] = grant
        self._write("grant", **asdict(grant))

    def issue(self, email: str, client_id: str, scopes: tuple[str, ...], seconds: float) -> Access:
        """Make an access token good for so many seconds."""
        access = Access(f"ya29.{secrets.token_urlsafe(48)}", email, client_id, scopes, self.now() + seconds)
        self.tokens[access.token] = access
        self._write("access", **asdict(access))
        return access

    def revoke(self, email: str, client_id: str) -> None:
        """End all an account granted a client; its channels end too."""

        def others[T: Grant | Access | Channel](held: dict[str, T]) -> dict[str, T]:
            return {
                name: one for name, one in held.items() if (one.email, one.client_id) != (email, client_id)
            }

        self.grants, self.tokens = others(self.grants), others(self.tokens)
        self.channels = others(self.channels)
        self._write("revoked", email=email, client_id=client_id)

    def open_channel(self, channel: Channel) -> None:
        """Keep a channel."""
        self.channels[channel.id] = channel
        self._write("channel", **asdict(channel))

    def close_channel(self, channel_id: str) -> None:
        """Forget a channel."""
        self.channels.pop(channel_id, None)
        self._write("stopped", id=channel_id)

    def _empty(self) -> None:
        calendars = [one for account in self.accounts.values() for one in account.calendars]
        self.era = ""
        self.diaries = {one.id: Diary(one.id, one.summary, one.time_zone) for one in calendars}
        self.tokens = {}
        self.channels = {}
        self.writes = deque(maxlen=REMEMBERED_WRITES)
        self.grants = {
            account.refresh_token: Grant(account.refresh_token, account.email, self.client_id, GRANTED)
            for account in self.accounts.values()
            if account.refresh_token
        }

    def _begin_era(self) -> None:
        # A sync token of another era is of no use: its changes were counted from elsewhere.
        self.era = secrets.token_hex(4)
        self._write("era", era=self.era)

    def _write(self, what: str, **values: Any) -> None:
        if self._file is not None:
            self._file.write(json.dumps({"what": what} | values) + "\n")
            self._file.flush()

    def _read(self, journal: Path) -> None:
        for line in journal.read_text(encoding="utf-8").splitlines():
            try:
                values = json.loads(line)
            except ValueError:
                continue  # the half line of a process that was killed; nobody was answered for it
            self._replay(values.pop("what"), values)

    def _replay(self, what: str, values: dict[str, Any]) -> None:
        if what == "era":
            self.era = values["era"]
        elif what in {"event", "vanished"}:
            self._replay_event(what, values)
        elif what == "channel":
            self.channels[values["id"]] = Channel(**values)
        elif what == "stopped":
            self.channels.pop(values["id"], None)
        elif what == "revoked":
            self.revoke(values["email"], values["client_id"])
        elif values["email"] in self.accounts:
            scopes = tuple(values.pop("scopes"))
            if what == "grant":
                self.grants[values["refresh_token"]] = Grant(scopes=scopes, **values)
            else:
                self.tokens[values["token"]] = Access(scopes=scopes, **values)

    def _replay_event(self, what: str, values: dict[str, Any]) -> None:
        diary, kept = self.diaries.get(values["calendar"]), Kept(**values["event"])
        if diary is None:
            return  # a calendar of an account that is no more
        if what == "vanished":
            diary.vanished[kept.id] = kept
        else:
            diary.events[kept.id] = kept
            diary.vanished.pop(kept.id, None)
        diary.changes = max(diary.changes, kept.change)


def primary(account: Account) -> str:
    """Give the id of an account's own calendar."""
    own = next((one.id for one in account.calendars if one.id == account.email), None)
    return own or (account.calendars[0].id if account.calendars else account.email)
