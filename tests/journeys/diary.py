"""A provider's Google calendar, in the hands of its owner; and the faults Google can be given."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.journeys.desk import Desk
from tests.journeys.waiting import until
from tests.journeys.web import ask, with_query


class Diary:
    """A provider's Google calendar, in the hands of its owner."""

    def __init__(self, desk: Desk, provider: int = 0) -> None:
        """Open it in Google."""
        self.desk, self.google = desk, str(desk.stack["google"])
        given = desk.org["google"]
        self.id = str(given["calendars"][desk.org["providers"][provider]["id"]])
        self._signed = {"authorization": f"Bearer {given['access_token']}"}

    def events(self) -> list[Any]:
        """Return every event there is, deleted ones too."""
        return list(ask("GET", with_query(f"{self.google}/events", {"calendar": self.id})).body)

    def events_of(self, appointment_id: str) -> list[Any]:
        """Return a visit's live events."""
        return [
            each
            for each in self.events()
            if each["status"] != "cancelled" and _private(each).get("appt_id") == appointment_id
        ]

    def event_at(self, appointment_id: str, start: datetime) -> Any:
        """Wait until a visit has exactly one event and it starts then; return it."""

        def there() -> Any:
            found = self.events_of(appointment_id)
            return found[0] if len(found) == 1 and starts_of(found[0]) == start else None

        return until(there, f"the one event at {start:%H:%M}")

    def channels(self) -> list[Any]:
        """Return the open channels by which Google tells us of changes."""
        return [each for each in ask("GET", f"{self.google}/channels").body if each["calendar"] == self.id]

    def adds(self, summary: str, start: datetime, minutes: int = 60) -> Any:
        """Put something of one's own into it."""
        return self._do("POST", "", {"summary": summary, **_span(start, minutes)})

    def drags(self, event: Any, start: datetime, minutes: int = 60) -> Any:
        """Drag an event to another time."""
        return self._do("PATCH", f"/{event['id']}", _span(start, minutes))

    def deletes(self, event: Any) -> None:
        """Delete an event."""
        self._do("DELETE", f"/{event['id']}")

    def has_been_read_since(self, event: Any) -> None:
        """Wait until we have read the calendar after this state of an event of it, so that it is no news."""
        changed = datetime.fromisoformat(event["updated"])

        def read() -> bool:
            [(at,)] = self.desk.records(
                "SELECT synced_at FROM frontdesk.calendars WHERE google_calendar_id = %s", self.id
            )
            return bool(at and at > changed)

        until(read, "the calendar read after the change")

    def busy(self) -> list[tuple[datetime, datetime]]:
        """Return the times our mirror holds as taken, in order."""
        rows = self.desk.records(
            "SELECT lower(b.during), upper(b.during) FROM frontdesk.busy_blocks b JOIN frontdesk.calendars c"
            " ON c.org_id = b.org_id AND c.id = b.calendar_id WHERE c.google_calendar_id = %s ORDER BY 1",
            self.id,
        )
        return [(start, end) for start, end in rows]

    def _do(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.google}/calendar/v3/calendars/{self.id}/events{path}"
        answered = ask(method, url, body, self._signed)
        assert answered.status in {200, 204}, answered.text
        return answered.body if answered.text else None


def starts_of(event: Any) -> datetime:
    """Read when an event starts."""
    return datetime.fromisoformat(event["start"]["dateTime"]).astimezone(UTC)


def faults(stack: dict[str, Any], **wanted: Any) -> None:
    """Put these faults of Google in force, and no others."""
    answered = ask("POST", f"{stack['google']}/faults", wanted)
    assert answered.status == 200, answered.text


def _private(event: Any) -> Any:
    return (event.get("extendedProperties") or {}).get("private") or {}


def _span(start: datetime, minutes: int) -> dict[str, Any]:
    ends = start + timedelta(minutes=minutes)
    return {"start": {"dateTime": start.isoformat()}, "end": {"dateTime": ends.isoformat()}}


def words_of(event: Any) -> str:
    """Return all that stands in an event, in lower case."""
    return json.dumps(event, ensure_ascii=False).lower()
