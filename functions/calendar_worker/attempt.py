"""One attempt at one event: what was claimed, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Task:
    """One write that was claimed; the fields are the claim's JSON."""

    org_id: UUID
    appointment: Mapping[str, Any]
    org: Mapping[str, Any]
    lease: UUID
    write: Mapping[str, Any]

    @property
    def appointment_id(self) -> UUID:
        """Return the appointment's id."""
        return UUID(self.appointment["id"])

    @property
    def calendar_id(self) -> UUID:
        """Return our own id of the calendar."""
        return UUID(self.write["calendar_id"])

    @property
    def calendar(self) -> str:
        """Return Google's id of the calendar."""
        return str(self.write["google_calendar_id"])

    @property
    def event_id(self) -> str:
        """Return our id of the event."""
        return str(self.write["google_event_id"])

    @property
    def number(self) -> int:
        """Return which attempt this is, the first being 1."""
        return int(self.write["attempts"])

    @property
    def version(self) -> int:
        """Return the appointment's version this attempt writes."""
        return int(self.appointment["version"])

    @property
    def times(self) -> tuple[datetime, datetime]:
        """Return when the visit starts and ends."""
        return _moment(self.appointment["starts_at"]), _moment(self.appointment["ends_at"])

    @property
    def written(self) -> tuple[int, tuple[datetime, datetime]] | None:
        """Return the version Google was last known to have, with its times; None where none was recorded."""
        if self.write["written_version"] is None or self.write["written_starts_at"] is None:
            return None
        times = _moment(self.write["written_starts_at"]), _moment(self.write["written_ends_at"])
        return int(self.write["written_version"]), times


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: `result` is one of record_calendar_write's."""

    result: str
    etag: str | None = None
    code: str | None = None
    retry_seconds: int | None = None
    deleted_by_provider: bool = False


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
