"""A clinic with a provider's calendar in a fake Google, and the hands of the provider and the staff.

Everything between is real: the SQL, the worker, the client library. Only the token is given instead of being
renewed, and outbox rows are worked on when a test says so.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from frontdesk import db, outbox, settings
from functions.calendar_worker import app as worker
from functions.calendar_worker import changes, pacing, sync, tokens, watch
from functions.calendar_worker.google_calendar import Caller
from tests.clinics import Clinic, Connection, book, call, make_clinic, one
from tests.database import Database
from tests.fake_google import OFFICE, FakeGoogleThread, running_fake

PATEL = OFFICE.calendars[1].id
Event = dict[str, Any]


@dataclass
class House:
    """A clinic, its provider's calendar here (`calendar_id`) and at Google (`google_id`)."""

    owner: Connection
    app: Connection
    fake: FakeGoogleThread
    clinic: Clinic
    database: Database
    calendar_id: uuid.UUID
    google_id: str = PATEL
    published: list[Any] = field(default_factory=list)

    # --- The provider's hand

    def meeting(self, start: datetime, end: datetime, **more: Any) -> Event:
        """Put a meeting into the calendar."""
        times = {"start": {"dateTime": start.isoformat()}, "end": {"dateTime": end.isoformat()}}
        return self._act("POST", "", {"summary": "Staff lunch", **times, **more})

    def all_day(self, first: date, after: date) -> Event:
        """Put a day off into the calendar."""
        return self._act("POST", "", {"start": {"date": str(first)}, "end": {"date": str(after)}})

    def recurring(self, start: datetime, length: timedelta, rule: str, zone: ZoneInfo) -> Event:
        """Put a series into the calendar, by the clock of `zone`."""
        first = start.astimezone(zone)
        edges = {
            name: {"dateTime": at.replace(tzinfo=None).isoformat(), "timeZone": zone.key}
            for name, at in (("start", first), ("end", first + length))
        }
        return self._act("POST", "", {"recurrence": [rule], **edges})

    def move(self, event_id: str, start: datetime, end: datetime) -> Event:
        """Drag an event to another time."""
        times = {"start": {"dateTime": start.isoformat()}, "end": {"dateTime": end.isoformat()}}
        return self._act("PATCH", f"/{event_id}", times)

    def change(self, event_id: str, **fields: Any) -> Event:
        """Change anything else about an event."""
        return self._act("PATCH", f"/{event_id}", fields)

    def delete(self, event_id: str) -> None:
        """Delete an event."""
        self._act("DELETE", f"/{event_id}")

    def _act(self, method: str, path: str, body: Any = None) -> Event:
        address = f"/calendars/{quote(self.google_id, safe='')}/events{path}"
        done: Event = self.fake.act(method, address, body)
        return done

    # --- The clinic's

    def book(self, hour: int, minute: int = 0, *, day: int = 0, **changed: Any) -> dict[str, Any]:
        """Book a visit of sixty minutes and have it written to Google; return the appointment."""
        told = book(self.app, self.clinic, self.clinic.at(hour, minute, day=day), **changed)
        assert told["outcome"] == "booked", told["outcome"]
        self.work()
        found: dict[str, Any] = told["appointment"]
        return found

    def staff_move(self, appointment_id: str, to: datetime) -> Any:
        """Move a visit on the board."""
        return call(
            self.app,
            "reschedule_appointment_atomic",
            org_id=self.clinic.id,
            scheduled_at=to,
            appointment_id=appointment_id,
            source="staff",
        )

    # --- Ours

    def sync(self) -> str:
        """Read the calendar."""
        return sync.pull(self.clinic.id, self.calendar_id)

    def work(self, most: int = 50) -> list[str]:
        """Work on every calendar row of the outbox that waits; return what came of each."""
        done: list[str] = []
        while len(done) < most:
            rows = self.owner.execute(
                "SELECT id FROM frontdesk.outbox WHERE queue = 'calendar' AND sent_at IS NULL"
                " ORDER BY id LIMIT 1"
            ).fetchall()
            if not rows:
                break
            done.append(worker.work(self.clinic.id, rows[0]["id"]))
        return done

    def connect(self) -> Connection:
        """Open another connection as the runtime role: another caller."""
        return self.database.connect_app()

    def other_clinic(self) -> uuid.UUID:
        """Make another clinic that is connected too; return its id."""
        made = make_clinic(self.owner)
        connect(self.owner, made)
        return made.id

    # --- What there is

    def blocks(self) -> list[tuple[datetime, datetime]]:
        """Return the provider's busy blocks."""
        rows = self.owner.execute(
            "SELECT lower(during) AS a, upper(during) AS b FROM frontdesk.busy_blocks"
            " WHERE calendar_id = %s ORDER BY 1, 2",
            [self.calendar_id],
        ).fetchall()
        return [(row["a"].astimezone(UTC), row["b"].astimezone(UTC)) for row in rows]

    def row(self, appointment: dict[str, Any]) -> dict[str, Any]:
        """Return an appointment as it is in the table."""
        found = self.owner.execute(
            "SELECT * FROM frontdesk.appointments WHERE id = %s", [appointment["id"]]
        ).fetchone()
        assert found is not None
        return found

    def event_id(self, appointment: dict[str, Any]) -> str:
        """Return Google's id of an appointment's event."""
        found: str = one(
            self.owner,
            "SELECT google_event_id FROM frontdesk.calendar_events WHERE appointment_id = %s",
            appointment["id"],
        )
        return found

    def at_google(self, appointment: dict[str, Any]) -> list[tuple[datetime, datetime]]:
        """Return the times of an appointment's live events at Google."""
        return [
            (moment(event["start"]["dateTime"]), moment(event["end"]["dateTime"]))
            for event in self.fake.events(self.google_id, live=True)
            if (event.get("extendedProperties") or {}).get("private", {}).get("appt_id") == appointment["id"]
        ]

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Return the timeline's events of a type, oldest first."""
        return self.owner.execute(
            "SELECT * FROM frontdesk.events WHERE org_id = %s AND type = %s ORDER BY seq",
            [self.clinic.id, kind],
        ).fetchall()

    def follow_ups(self) -> list[str]:
        """Return what the front desk is asked to do, oldest first."""
        rows = self.owner.execute(
            "SELECT message FROM frontdesk.follow_ups WHERE org_id = %s AND source = 'calendar'"
            " ORDER BY created_at, id",
            [self.clinic.id],
        ).fetchall()
        return [row["message"] for row in rows]

    def texts(self) -> list[str]:
        """Return what patients are to be told, oldest first."""
        rows = self.owner.execute(
            "SELECT kind FROM frontdesk.outbox WHERE org_id = %s AND queue = 'sms' ORDER BY id",
            [self.clinic.id],
        ).fetchall()
        return [row["kind"] for row in rows]

    def calendar(self) -> dict[str, Any]:
        """Return the calendar's row."""
        found = self.owner.execute(
            "SELECT * FROM frontdesk.calendars WHERE id = %s", [self.calendar_id]
        ).fetchone()
        assert found is not None
        return found


def next_change_of_the_clocks(zone: str) -> date:
    """Return the next day on which the zone's clocks change, at least a week ahead."""
    here = ZoneInfo(zone)
    day = datetime.now(here).date() + timedelta(days=8)
    while (
        datetime.combine(day, time.min, here).utcoffset()
        == datetime.combine(day + timedelta(days=1), time.min, here).utcoffset()
    ):
        day += timedelta(days=1)
    return day


def moment(text: str) -> datetime:
    """Read a time of Google's."""
    return datetime.fromisoformat(text).astimezone(UTC)


@contextmanager
def standing(
    database: Database, patch: pytest.MonkeyPatch, *, read_first: bool = True, **clinic: Any
) -> Iterator[House]:
    """Build a house whose calendar was read once already, unless `read_first` says not."""
    with database.connect_owner() as owner, database.connect_app() as app, running_fake() as fake:
        made = make_clinic(owner, sms_sender="+12025550100", **clinic)
        calendar_id = connect(owner, made)
        _surround(patch, database, fake)
        house = House(owner, app, fake, made, database, calendar_id)
        patch.setattr(outbox, "publish_later", lambda _org, rows: house.published.extend(rows or ()))
        if read_first:
            assert house.sync() == "read"
        try:
            yield house
        finally:
            db.close()
            settings.current.cache_clear()
            watch.reachable_address.cache_clear()


def connect(owner: Connection, clinic: Clinic, google_id: str = PATEL) -> uuid.UUID:
    """Write a connection and the first provider's calendar into the tables; return the calendar's id."""
    calendar_id = uuid.uuid4()
    owner.execute(
        "INSERT INTO frontdesk.google_connections (org_id, status, access_expires_at)"
        " VALUES (%s, 'connected', now() + interval '1 hour') ON CONFLICT DO NOTHING",
        [clinic.id],
    )
    owner.execute(
        "INSERT INTO frontdesk.calendars (org_id, id, provider_id, google_calendar_id)"
        " VALUES (%s, %s, %s, %s)",
        [clinic.id, calendar_id, clinic.providers[0], google_id],
    )
    return calendar_id


def _surround(patch: pytest.MonkeyPatch, database: Database, fake: FakeGoogleThread) -> None:
    token = fake.token()

    def call_google[T](_org_id: uuid.UUID, act: Callable[[Caller], T]) -> T:
        return act(Caller(fake.url, token))

    patch.setenv("DATABASE_URL", database.app_url)
    patch.setenv("DATABASE_AUTH", "password")
    patch.setenv("GOOGLE_BASE", fake.url)
    patch.setenv("PUBLIC_BASE_URL", "http://127.0.0.1:1")
    patch.setattr(tokens, "call", call_google)
    patch.setattr(changes, "PAUSES", (0.01, 0.02, 0.05))
    settings.current.cache_clear()
    watch.reachable_address.cache_clear()
    pacing.forget()
