"""Clinics for tests: an org with its providers, services and hours, written straight into the tables."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import DictRow
from psycopg.types.range import Range

Connection = psycopg.Connection[DictRow]


@dataclass(frozen=True)
class Clinic:
    """An org as the tests know it. `monday` is a Monday at least two weeks ahead, in the clinic's zone."""

    id: uuid.UUID
    time_zone: str
    providers: tuple[uuid.UUID, ...]
    services: dict[str, uuid.UUID] = field(hash=False)
    phone_number_id: str = ""
    number: str = ""

    @property
    def monday(self) -> date:
        """A Monday far enough ahead that no notice rule touches it, near enough for every horizon."""
        today = datetime.now(ZoneInfo(self.time_zone)).date()
        return today + timedelta(days=14 + (7 - today.weekday()) % 7)

    def at(self, hour: int, minute: int = 0, *, day: int = 0) -> datetime:
        """Return that clinic-local time on the Monday, or `day` days after it."""
        return datetime.combine(
            self.monday + timedelta(days=day), time(hour, minute), ZoneInfo(self.time_zone)
        )


def make_clinic(
    owner: Connection,
    *,
    providers: Iterable[str] = ("Dr. Patel",),
    time_zone: str = "America/New_York",
    services: dict[str, int] | None = None,
    opens: str = "09:00",
    closes: str = "17:00",
    weekdays: Iterable[int] = range(1, 6),
    **org: Any,
) -> Clinic:
    """Write a clinic whose providers all offer every service (name -> minutes) at the same hours."""
    org_id = uuid.uuid4()
    values = {
        "id": org_id,
        "slug": f"clinic-{org_id.hex[:8]}",
        "name": "Bright Smiles",
        "time_zone": time_zone,
        **org,
    }
    owner.execute(
        f"INSERT INTO frontdesk.orgs ({', '.join(values)})"
        f" VALUES ({', '.join(f'%({name})s' for name in values)})",
        values,
    )
    provider_ids = []
    for name in providers:
        provider_ids.append(uuid.uuid4())
        owner.execute(
            "INSERT INTO frontdesk.providers (org_id, id, name) VALUES (%s, %s, %s)",
            [org_id, provider_ids[-1], name],
        )
        for weekday in weekdays:
            owner.execute(
                "INSERT INTO frontdesk.weekly_hours VALUES (%s, %s, %s, %s, %s)",
                [org_id, provider_ids[-1], weekday, opens, closes],
            )
    service_ids = {}
    for name, minutes in (services or {"Teeth cleaning": 60, "Check-up": 30}).items():
        service_ids[name] = uuid.uuid4()
        owner.execute(
            "INSERT INTO frontdesk.services (org_id, id, name, duration_minutes, created_at)"
            " VALUES (%s, %s, %s, %s, clock_timestamp())",
            [org_id, service_ids[name], name, minutes],
        )
        for provider_id in provider_ids:
            owner.execute(
                "INSERT INTO frontdesk.provider_services VALUES (%s, %s, %s)",
                [org_id, provider_id, service_ids[name]],
            )
    phone_number_id, number = (
        f"pn-{org_id}",
        f"+1202555{uuid.uuid4().int % 10000:04d}{uuid.uuid4().int % 1000:03d}",
    )
    owner.execute(
        "INSERT INTO frontdesk.vapi_numbers (org_id, id, phone_number_id, number) VALUES (%s, %s, %s, %s)",
        [org_id, uuid.uuid4(), phone_number_id, number],
    )
    return Clinic(org_id, time_zone, tuple(provider_ids), service_ids, phone_number_id, number)


def call(connection: Connection, function: str, **arguments: Any) -> Any:
    """Call a function of the API by its argument names and return its JSON."""
    named = ", ".join(f"p_{name} => %({name})s" for name in arguments)
    row = connection.execute(f"SELECT frontdesk.{function}({named}) AS answer", arguments).fetchone()
    assert row is not None
    return row["answer"]


def book(connection: Connection, clinic: Clinic, at: datetime, **changed: Any) -> Any:
    """Book a teeth cleaning for Dana Whitfield at that time, or what `changed` says instead."""
    arguments: dict[str, Any] = {
        "org_id": clinic.id,
        "patient_name": "Dana Whitfield",
        "patient_email": None,
        "patient_phone": "+12025550147",
        "service_type": "Teeth cleaning",
        "scheduled_at": at,
        "duration_minutes": None,
    }
    return call(connection, "book_appointment_atomic", **(arguments | changed))


def utc(text: str) -> datetime:
    """Read an ISO time that a function returned."""
    return datetime.fromisoformat(text).astimezone(UTC)


def one(connection: Connection, query: str, *values: Any) -> Any:
    """Return the first column of the query's only row."""
    rows = connection.execute(query, values).fetchall()
    assert len(rows) == 1, f"{len(rows)} rows"
    return next(iter(rows[0].values()))


def add_closure(
    owner: Connection,
    clinic: Clinic,
    start: datetime | None,
    end: datetime | None,
    provider: uuid.UUID | None = None,
) -> None:
    """Close the clinic, or one provider, over [start, end); None is without end on that side."""
    owner.execute(
        "INSERT INTO frontdesk.closures (org_id, id, provider_id, during)"
        " VALUES (%s, gen_random_uuid(), %s, tstzrange(%s, %s))",
        [clinic.id, provider, start, end],
    )


def add_busy(
    owner: Connection, clinic: Clinic, provider: uuid.UUID, start: datetime | None, end: datetime | None
) -> None:
    """Make a provider's own calendar say busy over [start, end); None is without end on that side."""
    owner.execute(
        "INSERT INTO frontdesk.busy_blocks (org_id, id, provider_id, during)"
        " VALUES (%s, gen_random_uuid(), %s, tstzrange(%s, %s))",
        [clinic.id, provider, start, end],
    )


def set_hours(owner: Connection, clinic: Clinic, provider: uuid.UUID, *hours: tuple[int, str, str]) -> None:
    """Replace a provider's week by these (weekday 1 = Monday, opens, closes)."""
    owner.execute("DELETE FROM frontdesk.weekly_hours WHERE provider_id = %s", [provider])
    for weekday, opens, closes in hours:
        owner.execute(
            "INSERT INTO frontdesk.weekly_hours VALUES (%s, %s, %s, %s, %s)",
            [clinic.id, provider, weekday, opens, closes],
        )


def put_visit(
    owner: Connection,
    clinic: Clinic,
    start: datetime,
    *,
    minutes: int = 60,
    provider: uuid.UUID | None = None,
    phone: str = "+12025550199",
    **columns: Any,
) -> uuid.UUID:
    """Write an appointment straight into the table, past every rule and every lock; return its id."""
    provider = provider or clinic.providers[0]
    owner.execute(
        "INSERT INTO frontdesk.contacts (org_id, id, phone, name)"
        " VALUES (%s, gen_random_uuid(), %s, 'Sam Staff') ON CONFLICT DO NOTHING",
        [clinic.id, phone],
    )
    end = start + timedelta(minutes=minutes)
    values: dict[str, Any] = {
        "org_id": clinic.id,
        "id": uuid.uuid4(),
        "provider_id": provider,
        "provider_no": one(owner, "SELECT provider_no FROM frontdesk.providers WHERE id = %s", provider),
        "contact_id": one(
            owner, "SELECT id FROM frontdesk.contacts WHERE org_id = %s AND phone = %s", clinic.id, phone
        ),
        "service_id": next(iter(clinic.services.values())),
        "patient_name": "Sam Staff",
        "starts_at": start,
        "ends_at": end,
        "during": Range(start, end, "[)"),
        "confirmation_code": "1234",
        "source": "staff",
        **columns,
    }
    names = ", ".join(values)
    places = ", ".join(f"%({name})s" for name in values)
    owner.execute(f"INSERT INTO frontdesk.appointments ({names}) VALUES ({places})", values)
    made: uuid.UUID = values["id"]
    return made


def every_row(owner: Connection, org_id: uuid.UUID) -> dict[str, list[Any]]:
    """Return all that an org has in every table, to see whether anything changed."""
    tables = owner.execute(
        "SELECT table_name AS name FROM information_schema.columns"
        " WHERE table_schema = 'frontdesk' AND column_name = 'org_id' ORDER BY 1"
    ).fetchall()
    return {
        table["name"]: owner.execute(
            f"SELECT t::text FROM frontdesk.{table['name']} t WHERE org_id = %s ORDER BY 1", [org_id]
        ).fetchall()
        for table in tables
    }
