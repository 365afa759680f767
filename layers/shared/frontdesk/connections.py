"""The sockets of the staff's boards: who holds one open, and for which clinic. One SQL question each."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from frontdesk import db
from frontdesk.token_hash import token_hash


def open_with(ticket: str, connection_id: str) -> UUID | None:
    """Use a ticket up and return the clinic its connection belongs to now; None if it opens nothing.

    Not repeated after a lost connection: the first try may have used the ticket up. The board gets another.
    """
    found = db.call(
        "redeem_ws_ticket",
        repeatable=False,
        ticket_hash=token_hash(ticket),
        connection_id=connection_id,
    )
    return UUID(found["org_id"]) if found else None


def greet(connection_id: str) -> UUID | None:
    """Let events be pushed to a connection and return its clinic; None where it is not, or no longer, known.

    Committed when this returns: only then may what the board missed be read (frontdesk.events.missed).
    """
    found = db.call("greet_connection", repeatable=True, connection_id=connection_id)
    return UUID(found["org_id"]) if found else None


def seen(connection_id: str) -> int | None:
    """Note that a connection is alive and return its clinic's last seq; None where it is no longer known."""
    found = db.call("connection_seen", repeatable=True, connection_id=connection_id)
    return int(found["last_seq"]) if found else None


def forget(connection_ids: Sequence[str]) -> None:
    """Forget connections that are gone."""
    if connection_ids:
        db.call("close_connections", repeatable=True, connection_ids=list(connection_ids))


def close_of_staff(org_id: UUID, staff_id: UUID) -> list[dict[str, Any]]:
    """End all sockets of a person who signs out; return the outbox rows ({id, queue}) to publish.

    Nothing more is pushed to them from now on; that the push function gets the row ends the sockets.
    """
    answer = db.call("close_staff_connections", repeatable=True, org_id=org_id, staff_id=staff_id)
    rows: list[dict[str, Any]] = answer["outbox"]
    return rows


def sweep(limit: int = 500) -> list[str]:
    """Forget all clinics' connections that are over, and old tickets; return the ids to be closed."""
    # Not repeatable: a second call would not return what the first one forgot. The minute's next run finds
    # what is left, and a socket nobody knows closes itself at its next ping.
    swept: list[str] = db.call("sweep_connections", repeatable=False, limit=limit)["connections"]
    return swept
