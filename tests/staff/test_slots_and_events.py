"""Free starts, missed events, tickets for sockets."""

import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit
from uuid import uuid4

import pytest

from tests.clinics import Clinic, Connection, book, one, put_visit
from tests.staff.conftest import Member, ask


def window(clinic: Clinic, **changed: str) -> str:
    """Write the query for cleanings on the Monday, or what `changed` says instead."""
    wanted = {
        "service_id": str(clinic.services["Teeth cleaning"]),
        "from": clinic.at(9).isoformat(),
        "to": clinic.at(17).isoformat(),
    }
    return "&".join(f"{name}={quote(value)}" for name, value in (wanted | changed).items())


def test_free_starts_are_those_that_can_be_booked(owner: Connection, clinic: Clinic, reader: Member) -> None:
    """Around a visit: every quarter of an hour at which a whole cleaning fits."""
    put_visit(owner, clinic, clinic.at(10))
    told = ask(reader, "GET", "/slots", query=window(clinic, to=clinic.at(12).isoformat()))
    starts = [datetime.fromisoformat(each["starts_at"]) for each in told.body["items"]]
    assert starts == [clinic.at(9), *(clinic.at(11, minute) for minute in (0, 15, 30, 45)), clinic.at(12)]
    assert told.body["items"][0]["provider_name"] == "Dr. Patel"


def test_two_weeks_from_now_are_looked_at_unless_the_window_is_named(clinic: Clinic, reader: Member) -> None:
    """Without from and to there is an answer as well, cut at the limit."""
    service = clinic.services["Check-up"]
    told = ask(reader, "GET", "/slots", query=f"service_id={service}&limit=3")
    starts = [datetime.fromisoformat(each["starts_at"]) for each in told.body["items"]]
    assert len(starts) == 3
    assert all(datetime.now(UTC) < start < datetime.now(UTC) + timedelta(days=14) for start in starts)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"service_id": str(uuid4())}, "service_id"),
        ({"provider_id": str(uuid4())}, "provider_id"),
        ({"to": "2020-01-01T00:00:00Z"}, "to"),
        ({"to": "2190-01-01T00:00:00Z"}, "to"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1e9"}, "limit"),
        ({"from": "9999-12-31T23:59:59Z"}, "from"),
        ({"from": "1700000000"}, "from"),
    ],
)
def test_a_window_that_makes_no_sense_is_named(
    clinic: Clinic, reader: Member, changed: dict[str, str], field: str
) -> None:
    """422 with the parameter."""
    told = ask(reader, "GET", "/slots", query=window(clinic, **changed))
    assert (told.status, told.body["errors"][0]["field"]) == (422, field)


def test_another_clinic_s_service_has_no_free_starts_here(clinic: Clinic, stranger: Member) -> None:
    """It is unknown, like one that never was."""
    told = ask(stranger, "GET", "/slots", query=window(clinic))
    assert (told.status, told.body["code"]) == (422, "unknown_service")


def test_missed_events_come_in_order_page_by_page(
    app: Connection, owner: Connection, clinic: Clinic, staff: Member
) -> None:
    """Each with who did it, by name where it was one of the staff; the end says so."""
    for hour in (9, 11, 13):
        row = book(app, clinic, clinic.at(hour))["appointment"]
    ask(staff, "POST", f"/appointments/{row['id']}/confirm", {"version": 1})
    first = ask(staff, "GET", "/events", query="after=1&limit=2").body
    assert [each["seq"] for each in first["items"]] == [2, 3]
    assert (first["next"], first["last_seq"], first["reload"]) == (3, 4, False)
    rest = ask(staff, "GET", "/events", query="after=3&limit=2").body
    assert (rest["next"], [each["type"] for each in rest["items"]]) == (None, ["appointment.confirmed"])
    assert (rest["items"][0]["actor"], rest["items"][0]["actor_name"]) == (staff.actor, "Staff Doe")
    assert rest["items"][0]["appointment_id"] == row["id"]
    assert (first["items"][0]["actor"], first["items"][0]["actor_name"]) == ("voice", None)
    assert ask(staff, "GET", "/events", query="after=4").body == {
        "items": [],
        "next": None,
        "last_seq": 4,
        "reload": False,
    }


def test_a_board_that_cannot_catch_up_is_told_to_read_anew(
    app: Connection, owner: Connection, clinic: Clinic, reader: Member
) -> None:
    """It knows of events that never were, or what it missed is no longer kept."""
    for hour in (9, 11):
        book(app, clinic, clinic.at(hour))
    told = ask(reader, "GET", "/events", query="after=3").body
    assert (told["reload"], told["items"], told["next"], told["last_seq"]) == (True, [], None, 2)
    owner.execute("DELETE FROM frontdesk.events WHERE seq = 1")
    assert ask(reader, "GET", "/events", query="after=0").body["reload"]
    assert not ask(reader, "GET", "/events", query="after=1").body["reload"]


def test_one_clinic_s_events_are_not_another_s(app: Connection, clinic: Clinic, stranger: Member) -> None:
    """Their numbers begin at one again, and none of ours are among them."""
    book(app, clinic, clinic.at(9))
    told = ask(stranger, "GET", "/events").body
    assert (told["items"], told["last_seq"]) == ([], 0)


def test_a_ticket_is_kept_as_a_hash_for_half_a_minute(owner: Connection, reader: Member) -> None:
    """The address carries it, the table cannot give it back, and no two are alike."""
    told = ask(reader, "POST", "/ws-ticket")
    assert (told.status, told.body["expires_in"]) == (201, 30)
    assert told.headers["cache-control"] == "no-store"
    url = urlsplit(told.body["url"])
    assert (url.scheme, url.netloc, url.path) == ("wss", "front.example.test", "/ws")
    (ticket,) = parse_qs(url.query)["ticket"]
    assert ticket == told.body["ticket"]
    row = owner.execute("SELECT *, expires_at - now() AS left FROM frontdesk.ws_tickets").fetchone()
    assert row is not None
    assert (row["ticket_hash"], row["staff_id"]) == (hashlib.sha256(ticket.encode()).hexdigest(), reader.id)
    assert timedelta(seconds=20) < row["left"] <= timedelta(seconds=30)
    assert ask(reader, "POST", "/ws-ticket").body["ticket"] != ticket
    assert one(owner, "SELECT count(*) FROM frontdesk.ws_tickets") == 2
