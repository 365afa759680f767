"""A clinic as the staff API would tell of it, in memory: what the page's own tests look at and change."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

Row = dict[str, Any]
NAMES = (
    "Dana Whitfield",
    "Marcus Okafor",
    "Ines Caldwell",
    "Theo Brandt",
    "Priya Raman",
    "Owen McCarthy",
    "Lucía Fuentes",
    "Hannah Weiss",
    "Samuel O'Brien",
    "Aiko Tanaka",
    "Grace Mbeki",
    "Felix Anders",
    "Nora Lindqvist",
    "Victor Amaral",
    "June Park",
    "Elias Romano",
)
LIVE = ("pending", "confirmed", "arrived")


@dataclass
class Clinic:
    """All rows by kind, the events, and the small rules the page needs to be tried."""

    language: str = "en"
    time_zone: str = "America/New_York"
    role: str = "admin"
    appointments: dict[str, Row] = field(default_factory=dict)
    contacts: dict[str, Row] = field(default_factory=dict)
    messages: list[Row] = field(default_factory=list)
    follow_ups: dict[str, Row] = field(default_factory=dict)
    events: list[Row] = field(default_factory=list)
    providers: list[Row] = field(default_factory=list)
    services: list[Row] = field(default_factory=list)
    google: Row = field(
        default_factory=lambda: {
            "status": "connected",
            "reason": None,
            "account_email": "desk@clinic.example",
        }
    )
    staff_id: str = field(default_factory=lambda: str(uuid4()))
    clock: datetime | None = None  # what time it is for the clinic; None: the real time
    _numbers: Any = field(default_factory=lambda: itertools.count(100))

    @property
    def zone(self) -> ZoneInfo:
        """Return the clinic's zone."""
        return ZoneInfo(self.time_zone)

    def now(self) -> str:
        """Return what time it is, as the API writes it."""
        return iso(self.clock or datetime.now(UTC))

    def add_provider(self, name: str) -> str:
        """Add somebody who sees patients, and does everything."""
        row = {
            "id": str(uuid4()),
            "name": name,
            "active": True,
            "service_ids": [each["id"] for each in self.services],
        }
        self.providers.append(row)
        return str(row["id"])

    def add_service(self, name: str, minutes: int) -> str:
        """Add what the clinic offers; before the providers."""
        self.services.append({"id": str(uuid4()), "name": name, "duration_minutes": minutes, "active": True})
        return str(self.services[-1]["id"])

    def add_contact(self, name: str, phone: str | None = None) -> Row:
        """Add a person."""
        row: Row = {
            "id": str(uuid4()),
            "version": 1,
            "name": name,
            "phone": phone or f"+12025550{next(self._numbers)}",
            "email": None,
            "date_of_birth": None,
            "created_at": self.now(),
            "next_appointment": None,
            "appointment_count": 1,
            "opted_out": False,
        }
        self.contacts[row["id"]] = row
        return row

    def add_visit(self, name: str, starts: datetime, provider: int = 0, service: int = 0, **more: Any) -> Row:
        """Add an appointment; `starts` has a zone."""
        who, what = self.providers[provider], self.services[service]
        contact = self.add_contact(name)
        row = {
            "id": str(uuid4()),
            "version": 1,
            "status": "pending",
            "starts_at": iso(starts),
            "ends_at": iso(starts + timedelta(minutes=what["duration_minutes"])),
            "provider_id": who["id"],
            "provider_name": who["name"],
            "service_id": what["id"],
            "service_name": what["name"],
            "contact_id": contact["id"],
            "patient_name": name,
            "phone": contact["phone"],
            "email": None,
            "is_new_patient": None,
            "notes": None,
            "source": "voice",
            "confirmation_code": "4821",
            "overbooked": False,
            "call_id": None,
            "created_at": self.now(),
            "updated_at": self.now(),
            "sms": {"kind": "booked", "state": "delivered", "error_code": None, "at": self.now()},
            "calendar": {"state": "written", "error_code": None, "at": self.now()},
        } | more
        self.appointments[row["id"]] = row
        return row

    def change(self, row: Row, **values: Any) -> Row:
        """Change an appointment as somebody else would, without an event."""
        row.update(values, version=row["version"] + 1, updated_at=self.now())
        return row

    def record(self, kind: str, visit: Row | None = None, actor: str = "voice", **data: Any) -> Row:
        """Write an event with the next number."""
        event = {
            "seq": len(self.events) + 1,
            "at": self.now(),
            "type": kind,
            "actor": actor,
            "actor_name": None,
            "appointment_id": visit and visit["id"],
            "contact_id": visit and visit["contact_id"],
            "follow_up_id": None,
            "call_id": None,
            "data": ({"starts_at": visit["starts_at"], "provider_id": visit["provider_id"]} if visit else {})
            | data,
        }
        self.events.append(event)
        return event

    def is_taken(self, provider: str, starts: datetime, ends: datetime, but: str = "") -> bool:
        """Say whether a live visit of the provider overlaps."""
        return any(
            each["provider_id"] == provider
            and each["status"] in LIVE
            and each["id"] != but
            and parse(each["starts_at"]) < ends
            and parse(each["ends_at"]) > starts
            for each in self.appointments.values()
        )

    def offers(self, starts: datetime, service: str, provider: str) -> list[Row]:
        """Give the three free times of the day nearest to a taken one."""
        day = starts.astimezone(self.zone).replace(hour=0, minute=0)
        found = self.free(day, day + timedelta(days=1), service, provider)
        return sorted(found, key=lambda each: abs(parse(each["starts_at"]) - starts))[:3]

    def free(self, starts: datetime, ends: datetime, service: str, provider: str) -> list[Row]:
        """Give the quarter hours from 9 to 17 in which a service can begin."""
        minutes = next((each["duration_minutes"] for each in self.services if each["id"] == service), 30)
        day = starts.astimezone(self.zone).replace(hour=9, minute=0)
        found = []
        for step in range(0, 8 * 60 - minutes + 1, 15):
            begin = day + timedelta(minutes=step)
            for who in self.providers:
                end = begin + timedelta(minutes=minutes)
                if (
                    provider in ("", who["id"])
                    and starts <= begin < ends
                    and not self.is_taken(who["id"], begin, end)
                ):
                    found.append(
                        {
                            "starts_at": iso(begin),
                            "ends_at": iso(end),
                            "provider_id": who["id"],
                            "provider_name": who["name"],
                        }
                    )
        return found


def iso(at: datetime) -> str:
    """Write an instant as the API does."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """Read an instant."""
    return datetime.fromisoformat(text)


def busy_clinic(day: datetime, **more: Any) -> Clinic:
    """Make a clinic with three providers and a full day (`day`: its midnight, with the zone)."""
    clinic = Clinic(**more)
    for name, minutes in (("Teeth cleaning", 60), ("Check-up", 30), ("Filling", 45)):
        clinic.add_service(name, minutes)
    for name in ("Dr. Patel", "Dr. Lindgren", "Dr. Achebe"):
        clinic.add_provider(name)
    plan = (
        (0, 9, 0, 0),
        (0, 10, 0, 1),
        (0, 10.75, 2, 1),
        (0, 13, 0, 0),
        (0, 14, 0, 2),
        (0, 15, 0, 1),
        (0, 16, 0, 0),
        (1, 9, 0, 1),
        (1, 9.5, 0, 1),
        (1, 11, 0, 0),
        (1, 13.25, 0, 2),
        (1, 14, 0, 0),
        (1, 15.5, 0, 1),
        (2, 9.25, 0, 2),
        (2, 10.5, 0, 1),
        (2, 13, 0, 0),
    )
    states = (
        "completed",
        "completed",
        "no_show",
        "arrived",
        "confirmed",
        "pending",
        "confirmed",
        "completed",
        "arrived",
        "confirmed",
        "pending",
        "cancelled",
        "confirmed",
        "completed",
        "confirmed",
        "pending",
    )
    for (who, hour, _, what), status, name in zip(plan, states, NAMES, strict=True):
        clinic.add_visit(name, day + timedelta(hours=hour), who, what, status=status)
    visits = list(clinic.appointments.values())
    visits[4]["sms"] = {"kind": "booked", "state": "undelivered", "error_code": "30005", "at": clinic.now()}
    visits[5] |= {
        "is_new_patient": True,
        "notes": "Brings her own x-rays.",
        "calendar": {"state": "pending", "error_code": None, "at": None},
    }
    visits[10] |= {"overbooked": True}
    for visit, kind in (
        (visits[6], "appointment.booked"),
        (visits[4], "appointment.confirmed"),
        (visits[9], "appointment.rescheduled"),
        (visits[3], "appointment.arrived"),
        (visits[11], "appointment.cancelled"),
        (visits[12], "appointment.booked"),
    ):
        clinic.record(
            kind,
            visit,
            "patient" if kind.endswith("confirmed") else "voice",
            previous_starts_at=iso(day + timedelta(hours=9)),
        )
    add_inbox(clinic, visits)
    return clinic


def add_inbox(clinic: Clinic, visits: list[Row]) -> None:
    """Add people to call back and what patients wrote."""
    wishes = (
        ("urgent", "Her crown came off and she is in pain.", True),
        ("routine", "Would like to know what a whitening costs.", False),
    )
    for (urgency, message, overdue), visit in zip(wishes, visits, strict=False):
        row = {
            "id": str(uuid4()),
            "version": 1,
            "contact_id": visit["contact_id"],
            "contact_name": visit["patient_name"],
            "caller_name": None,
            "phone": visit["phone"],
            "message": message,
            "urgency": urgency,
            "preferred_time": "after 4 PM",
            "due_at": clinic.now(),
            "overdue": overdue,
            "snoozed_until": None,
            "status": "open",
            "source": "voice",
            "assignee_id": None,
            "assignee_name": None,
            "missed_calls": int(overdue),
            "created_at": clinic.now(),
            "done_at": None,
            "outcome": None,
        }
        clinic.follow_ups[row["id"]] = row
    for visit, direction, body, state in (
        (visits[4], "in", "Can I bring my son along? Thanks!", "received"),
        (visits[4], "out", "Bright Smiles Dental: Priya is booked with Dr. Patel.", "undelivered"),
    ):
        clinic.messages.append(
            {
                "id": str(uuid4()),
                "direction": direction,
                "kind": "reply" if direction == "in" else "booked",
                "appointment_id": visit["id"],
                "contact_id": visit["contact_id"],
                "contact_name": visit["patient_name"],
                "phone": visit["phone"],
                "body": body,
                "state": state,
                "error_code": "30005" if state == "undelivered" else None,
                "segments": 1,
                "created_at": clinic.now(),
                "updated_at": clinic.now(),
            }
        )
