"""What the tests of the sockets share: a clinic with staff, the fake @connections, the handlers' settings."""

import hashlib
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from frontdesk import db, settings
from tests.clinics import Clinic, Connection, make_clinic
from tests.database import Database
from tests.ws import fake_connections
from tests.ws.fake_connections import FakeConnections

ORIGIN = "https://board.example"


@dataclass(frozen=True)
class Desk:
    """A clinic's front desk: one person, and the connections of the table."""

    owner: Connection
    clinic: Clinic
    staff: uuid.UUID

    def ticket(self) -> str:
        """Write a ticket and return it."""
        made = secrets.token_urlsafe(32)
        self.owner.execute(
            "INSERT INTO frontdesk.ws_tickets VALUES (%s, %s, %s, now() + interval '30 seconds')",
            [self.clinic.id, hashlib.sha256(made.encode()).hexdigest(), self.staff],
        )
        return made

    def connection(self, name: str, *, greeted: bool = True) -> str:
        """Write an open connection."""
        self.owner.execute(
            "INSERT INTO frontdesk.connections (org_id, connection_id, staff_id, greeted_at, expires_at)"
            " VALUES (%s, %s, %s, CASE WHEN %s THEN now() END, now() + interval '2 hours')",
            [self.clinic.id, name, self.staff, greeted],
        )
        return name

    def happen(self, count: int, data: str = "{}") -> list[int]:
        """Let so many events happen; return the ids of their outbox rows."""
        rows = self.owner.execute(
            "SELECT (frontdesk.record_change(%s, 'appointment.noted', NULL, NULL, NULL, 1, NULL, 'system',"
            " %s::jsonb, '{notify}') -> 0 ->> 'id')::bigint AS id FROM generate_series(1, %s)",
            [self.clinic.id, data, count],
        ).fetchall()
        return [row["id"] for row in rows]

    def open(self) -> list[str]:
        """Return the connections the table has."""
        rows = self.owner.execute("SELECT connection_id FROM frontdesk.connections ORDER BY 1").fetchall()
        return [row["connection_id"] for row in rows]

    def revoke(self) -> None:
        """Revoke the person."""
        self.owner.execute("UPDATE frontdesk.staff SET revoked_at = now() WHERE id = %s", [self.staff])


@pytest.fixture
def desk(owner: Connection) -> Desk:
    """Make a clinic with one person at its front desk."""
    return make_desk(owner)


def make_desk(owner: Connection) -> Desk:
    """Make a clinic with one person at its front desk."""
    clinic, staff = make_clinic(owner), uuid.uuid4()
    owner.execute(
        "INSERT INTO frontdesk.staff (org_id, id, email, name, role) VALUES (%s, %s, %s, %s, 'staff')",
        [clinic.id, staff, "canary@clinic.example", "Canary Person"],
    )
    return Desk(owner, clinic, staff)


@pytest.fixture(scope="session")
def connections() -> Iterator[FakeConnections]:
    """Run the fake @connections, once: a client of the SDK takes half a second to make."""
    with fake_connections.running() as fake:
        yield fake


@pytest.fixture
def gateway(
    connections: FakeConnections, database: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeConnections]:
    """Give the handlers the environment the template gives them, and return the fake @connections."""
    connections.forget()
    for name, value in {
        "DATABASE_URL": database.app_url,
        "DATABASE_AUTH": "password",
        "WS_CONNECTIONS_URL": connections.url,
        "BOARD_ORIGIN": f"{ORIGIN},https://other.example",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    settings.current.cache_clear()
    yield connections
    db.close()
    settings.current.cache_clear()


@dataclass
class Clock:
    """Lambda's context, with as much time left as a test wants."""

    left: int = 10_000

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left."""
        return self.left


def socket_event(kind: str, connection: str = "c-1=", **more: Any) -> dict[str, Any]:
    """Build an event of the WebSocket API."""
    route = {"CONNECT": "$connect", "DISCONNECT": "$disconnect", "MESSAGE": "$default"}[kind]
    told = {"connectionId": connection, "eventType": kind, "routeKey": route}
    told |= {"domainName": "abc.execute-api.us-east-1.amazonaws.com", "stage": "ws"}
    return {"requestContext": told, "isBase64Encoded": False, **more}


def connect_event(ticket: str | None, origin: str | None = ORIGIN) -> dict[str, Any]:
    """Build the event of a connect."""
    headers = {"Host": "x", **({"Origin": origin} if origin is not None else {})}
    event = socket_event("CONNECT", headers=headers)
    return event | ({"queryStringParameters": {"ticket": ticket}} if ticket is not None else {})
