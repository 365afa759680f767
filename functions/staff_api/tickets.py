"""Tickets: a browser's socket can send nothing but its address, so that carries a word that opens once."""

from urllib.parse import quote

from pydantic import AnyUrl

from frontdesk import schedule
from functions.staff_api import addresses
from functions.staff_api.fields import Shape
from functions.staff_api.problems import ProblemError
from functions.staff_api.routes import Answer, Asked, Route


class Ticket(Shape):
    """Opens one socket, once."""

    ticket: str
    url: AnyUrl
    expires_in: int  # seconds


def make(asked: Asked) -> Answer:
    """Make a ticket for one socket."""
    made = schedule.make_ticket(asked.org_id, asked.session.staff_id)
    if made is None:  # revoked between two statements
        raise ProblemError(403, "not_staff", "Nobody has invited this account to this clinic.")
    ticket, seconds = made
    url = f"{addresses.current().socket}?ticket={quote(ticket)}"
    return Answer(201, {"ticket": ticket, "url": url, "expires_in": seconds})


ROUTES = (
    Route(
        "POST",
        "/ws-ticket",
        make,
        "reader",
        "A ticket that opens one socket, once, within 30 seconds",
        {201: Ticket},
        description="Open `url` as a WebSocket; docs/board.md describes what is said on it.",
    ),
)
