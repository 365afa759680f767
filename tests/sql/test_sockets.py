"""Tickets, connections and what is pushed to them: straight against the SQL functions."""

import hashlib
import threading
import uuid
from typing import Any

import pytest

from tests.clinics import Clinic, Connection, book, call, make_clinic, one
from tests.crowd import Waiting
from tests.database import Database

LONG_AGO = "now() - interval '1 hour'"


def make_staff(owner: Connection, clinic: Clinic, role: str = "staff") -> uuid.UUID:
    """Write a person of the front desk."""
    made = uuid.uuid4()
    owner.execute(
        "INSERT INTO frontdesk.staff (org_id, id, email, name, role) VALUES (%s, %s, %s, 'Jamie Brooks', %s)",
        [clinic.id, made, f"{made.hex[:8]}@clinic.example", role],
    )
    return made


def make_ticket(owner: Connection, clinic: Clinic, staff: uuid.UUID, seconds: int = 30) -> str:
    """Write a ticket and return its hash."""
    digest = hashlib.sha256(uuid.uuid4().bytes).hexdigest()
    owner.execute(
        "INSERT INTO frontdesk.ws_tickets VALUES (%s, %s, %s, now() + make_interval(secs => %s))",
        [clinic.id, digest, staff, seconds],
    )
    return digest


def make_connection(
    owner: Connection, clinic: Clinic, staff: uuid.UUID, *, greeted: bool = True, name: str | None = None
) -> str:
    """Write an open connection and return its id."""
    made = name or f"c-{uuid.uuid4().hex[:12]}"
    owner.execute(
        "INSERT INTO frontdesk.connections (org_id, connection_id, staff_id, greeted_at, expires_at)"
        " VALUES (%s, %s, %s, CASE WHEN %s THEN now() END, now() + interval '2 hours')",
        [clinic.id, made, staff, greeted],
    )
    return made


def redeem(app: Connection, ticket: str, connection: str = "c-1") -> Any:
    """Bring a ticket."""
    return call(app, "redeem_ws_ticket", ticket_hash=ticket, connection_id=connection)


def notify_ids(owner: Connection, clinic: Clinic) -> list[int]:
    """Return the outbox rows meant for the boards, oldest first."""
    rows = owner.execute(
        "SELECT id FROM frontdesk.outbox WHERE org_id = %s AND queue = 'notify' ORDER BY id", [clinic.id]
    ).fetchall()
    return [row["id"] for row in rows]


def booked(app: Connection, clinic: Clinic, count: int) -> None:
    """Book so many visits, hence so many events."""
    for place in range(count):
        at = clinic.at(9 + place % 8, day=place // 8)
        made = book(app, clinic, at, patient_phone=f"+1202555{1000 + place}")
        assert made["outcome"] == "booked"


@pytest.fixture
def staff(owner: Connection, clinic: Clinic) -> uuid.UUID:
    """Make a person of the clinic."""
    return make_staff(owner, clinic)


def test_a_ticket_opens_one_connection_once(
    owner: Connection, app: Connection, clinic: Clinic, staff: uuid.UUID
) -> None:
    """The second one who brings it gets nothing; the connection is the person's, for some two hours."""
    ticket = make_ticket(owner, clinic, staff)
    assert redeem(app, ticket) == {"org_id": str(clinic.id), "staff_id": str(staff)}
    assert redeem(app, ticket, "c-2") is None
    row = owner.execute(
        "SELECT connection_id, staff_id, greeted_at, extract(epoch FROM expires_at - now()) AS left"
        " FROM frontdesk.connections"
    ).fetchone()
    assert row is not None
    assert (row["connection_id"], row["staff_id"], row["greeted_at"]) == ("c-1", staff, None)
    assert 7790 < row["left"] <= 7800


@pytest.mark.parametrize("trouble", ["expired", "unknown", "revoked"])
def test_a_ticket_that_is_no_good_opens_nothing(
    owner: Connection, app: Connection, clinic: Clinic, staff: uuid.UUID, trouble: str
) -> None:
    """Too late, never given, or of somebody who was revoked: no connection, and the ticket is used up."""
    ticket = make_ticket(owner, clinic, staff, seconds=-1 if trouble == "expired" else 30)
    if trouble == "revoked":
        owner.execute("UPDATE frontdesk.staff SET revoked_at = now() WHERE id = %s", [staff])
    assert redeem(app, "0" * 64 if trouble == "unknown" else ticket) is None
    assert one(owner, "SELECT count(*) FROM frontdesk.connections") == 0
    assert one(owner, "SELECT count(*) FROM frontdesk.ws_tickets") == (1 if trouble == "unknown" else 0)


def test_of_many_who_bring_one_ticket_at_once_one_comes_in(
    database: Database, owner: Connection, clinic: Clinic, staff: uuid.UUID
) -> None:
    """Eight at the same moment: one connection."""
    ticket = make_ticket(owner, clinic, staff)
    answers: list[Any] = []
    start = threading.Barrier(8)

    def bring(place: int) -> None:
        with database.connect_app() as connection:
            start.wait()
            answers.append(redeem(connection, ticket, f"c-{place}"))

    threads = [threading.Thread(target=bring, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer is not None for answer in answers) == 1
    assert one(owner, "SELECT count(*) FROM frontdesk.connections") == 1


def test_a_revocation_under_way_is_waited_for(
    database: Database, owner: Connection, app: Connection, clinic: Clinic, staff: uuid.UUID
) -> None:
    """A ticket brought while the person is being revoked waits for that, and then opens nothing."""
    ticket = make_ticket(owner, clinic, staff)
    with database.connect_owner() as writer, writer.transaction():
        writer.execute("UPDATE frontdesk.staff SET revoked_at = now() WHERE id = %s", [staff])
        waiting = Waiting(database, lambda c: redeem(c, ticket))
        waiting.until_it_waits(owner, "transactionid")
    assert waiting.finish() is None
    assert one(owner, "SELECT count(*) FROM frontdesk.connections") == 0


def test_nothing_is_pushed_before_the_hello(
    owner: Connection, app: Connection, clinic: Clinic, staff: uuid.UUID
) -> None:
    """A connection counts from its greeting on; a second hello changes nothing of that."""
    shy = make_connection(owner, clinic, staff, greeted=False)
    booked(app, clinic, 1)
    ids = notify_ids(owner, clinic)
    assert call(app, "next_push", org_id=clinic.id, outbox_ids=ids)["connections"] == []
    assert call(app, "greet_connection", connection_id=shy) == {"org_id": str(clinic.id)}
    greeted = one(owner, "SELECT greeted_at FROM frontdesk.connections")
    assert call(app, "greet_connection", connection_id=shy) == {"org_id": str(clinic.id)}
    assert one(owner, "SELECT greeted_at FROM frontdesk.connections") == greeted
    assert call(app, "next_push", org_id=clinic.id, outbox_ids=ids)["connections"] == [shy]


def test_a_push_has_the_rows_events_in_order_and_marks_them_sent(
    owner: Connection, app: Connection, clinic: Clinic, staff: uuid.UUID
) -> None:
    """Events by seq whatever the order asked; ids and codes, no name or phone; a repeat tells them again."""
    board = make_connection(owner, clinic, staff)
    booked(app, clinic, 3)
    ids = notify_ids(owner, clinic)
    for _ in range(2):
        push = call(app, "next_push", org_id=clinic.id, outbox_ids=ids[::-1])
        assert [event["seq"] for event in push["events"]] == [1, 2, 3]
        assert (push["connections"], push["closing"], push["unknown"]) == ([board], [], [])
    unsent = "SELECT count(*) FROM frontdesk.outbox WHERE sent_at IS NULL AND queue = %s"
    assert (one(owner, unsent, "notify"), one(owner, unsent, "calendar")) == (0, 3)
    event = push["events"][0]
    ids_told = {"appointment_id", "contact_id", "follow_up_id", "call_id"}
    assert set(event) == {"action", "seq", "type", "at", "actor", "data"} | ids_told
    assert (event["action"], event["type"], event["actor"]) == ("event", "appointment.booked", "voice")
    assert "Dana" not in str(push)
    assert "+1202555" not in str(push)


def test_a_row_that_is_not_for_the_boards_is_unknown(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Another queue's, another clinic's, and one that is not there; none of them is marked sent."""
    other = make_clinic(owner)
    booked(app, clinic, 1)
    booked(app, other, 1)
    calendar = one(
        owner, "SELECT id FROM frontdesk.outbox WHERE org_id = %s AND queue = 'calendar'", clinic.id
    )
    asked = [calendar, *notify_ids(owner, other), 10**12]
    push = call(app, "next_push", org_id=clinic.id, outbox_ids=asked)
    assert (push["events"], sorted(push["unknown"])) == ([], sorted(asked))
    assert one(owner, "SELECT count(*) FROM frontdesk.outbox WHERE sent_at IS NOT NULL") == 0


def test_a_push_goes_to_the_own_clinic_and_not_to_who_is_out(
    owner: Connection, app: Connection, clinic: Clinic, staff: uuid.UUID
) -> None:
    """The other clinic's board hears nothing; the expired and the revoked person's are to be closed."""
    other = make_clinic(owner)
    make_connection(owner, other, make_staff(owner, other), name="theirs")
    make_connection(owner, clinic, staff, name="ours")
    make_connection(owner, clinic, staff, name="old")
    owner.execute(f"UPDATE frontdesk.connections SET expires_at = {LONG_AGO} WHERE connection_id = 'old'")
    fired = make_staff(owner, clinic)
    make_connection(owner, clinic, fired, name="fired")
    owner.execute("UPDATE frontdesk.staff SET revoked_at = now() WHERE id = %s", [fired])
    booked(app, clinic, 1)
    push = call(app, "next_push", org_id=clinic.id, outbox_ids=notify_ids(owner, clinic))
    assert push["connections"] == ["ours"]
    assert sorted(push["closing"]) == ["fired", "old"]


def test_what_was_missed_comes_in_order_and_whole(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """After 2 of 5 events: 3, 4, 5. After 5: none. Nothing of another clinic."""
    booked(app, clinic, 5)
    booked(app, make_clinic(owner), 2)
    missed = call(app, "missed_events", org_id=clinic.id, after=2)
    assert [event["seq"] for event in missed["events"]] == [3, 4, 5]
    assert (missed["last_seq"], missed["resync"]) == (5, False)
    none = call(app, "missed_events", org_id=clinic.id, after=5)
    assert none == {"last_seq": 5, "resync": False, "events": []}


def test_too_much_or_too_old_or_impossible_is_a_resync(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """More than the limit, a seq no longer kept, a seq from the future: no events, only the word."""
    booked(app, clinic, 5)
    assert call(app, "missed_events", org_id=clinic.id, after=0, limit=5)["resync"] is False
    resync = {"last_seq": 5, "resync": True, "events": []}
    assert call(app, "missed_events", org_id=clinic.id, after=0, limit=4) == resync
    assert call(app, "missed_events", org_id=clinic.id, after=6) == resync
    owner.execute("DELETE FROM frontdesk.events WHERE seq <= 2")
    assert call(app, "missed_events", org_id=clinic.id, after=1) == resync
    assert call(app, "missed_events", org_id=clinic.id, after=2)["resync"] is False


def test_a_clinic_without_events_has_nothing_to_miss(app: Connection, clinic: Clinic) -> None:
    """The first board of a new clinic says hello with 0."""
    assert call(app, "missed_events", org_id=clinic.id, after=0) == {
        "last_seq": 0,
        "resync": False,
        "events": [],
    }


def test_an_event_is_missed_or_pushed_whenever_it_commits(
    database: Database, owner: Connection, app: Connection, clinic: Clinic, staff: uuid.UUID
) -> None:
    """The race of hello: an event that commits between greeting and reading is in one of the two at least."""
    board = make_connection(owner, clinic, staff, greeted=False)
    booked(app, clinic, 1)
    # Its push runs before the greeting: not pushed, so it must be in what is read after the greeting.
    first = call(app, "next_push", org_id=clinic.id, outbox_ids=notify_ids(owner, clinic))
    with database.connect_app() as late:
        late.execute("BEGIN")
        book(late, clinic, clinic.at(15))  # seq 2, not yet committed
        call(app, "greet_connection", connection_id=board)
        missed = call(app, "missed_events", org_id=clinic.id, after=0)
        late.execute("COMMIT")
    # It commits after the reading: its push comes later still, and sees the greeting.
    second = call(app, "next_push", org_id=clinic.id, outbox_ids=notify_ids(owner, clinic)[1:])
    assert (first["connections"], [e["seq"] for e in missed["events"]]) == ([], [1])
    assert (second["connections"], [e["seq"] for e in second["events"]]) == ([board], [2])


def test_a_sign_of_life_is_written_once_a_minute(
    owner: Connection, app: Connection, clinic: Clinic, staff: uuid.UUID
) -> None:
    """Each ping is told the clinic's last seq; the row is written when the last sign is a minute old."""
    board = make_connection(owner, clinic, staff)
    booked(app, clinic, 2)
    seen = "SELECT last_seen_at FROM frontdesk.connections"
    before = one(owner, seen)
    assert call(app, "connection_seen", connection_id=board) == {"org_id": str(clinic.id), "last_seq": 2}
    assert one(owner, seen) == before
    owner.execute("UPDATE frontdesk.connections SET last_seen_at = now() - interval '61 seconds'")
    call(app, "connection_seen", connection_id=board)
    assert one(owner, "SELECT now() - last_seen_at < interval '10 seconds' FROM frontdesk.connections")


@pytest.mark.parametrize("function", ["greet_connection", "connection_seen"])
def test_a_connection_that_is_over_is_not_known(
    owner: Connection, app: Connection, clinic: Clinic, staff: uuid.UUID, function: str
) -> None:
    """Never opened, over its time, revoked: null, and no clinic stays set on the connection."""
    board = make_connection(owner, clinic, staff)
    assert call(app, function, connection_id="nobody") is None
    owner.execute(f"UPDATE frontdesk.connections SET expires_at = {LONG_AGO}")
    assert call(app, function, connection_id=board) is None
    owner.execute("UPDATE frontdesk.connections SET expires_at = now() + interval '1 hour'")
    owner.execute("UPDATE frontdesk.staff SET revoked_at = now()")
    assert call(app, function, connection_id=board) is None
    assert (
        one(app, "SELECT concat(current_setting('app.org_id', true), current_setting('app.scope', true))")
        == ""
    )


def test_signing_out_ends_the_persons_sockets_and_no_others(
    owner: Connection, app: Connection, clinic: Clinic, staff: uuid.UUID
) -> None:
    """Nothing more is pushed at once, tickets are gone, and a row tells the push function to close them."""
    colleague = make_staff(owner, clinic)
    make_connection(owner, clinic, colleague, name="stays")
    make_connection(owner, clinic, staff, name="goes")
    ticket = make_ticket(owner, clinic, staff)
    left = call(app, "close_staff_connections", org_id=clinic.id, staff_id=staff)
    assert (left["count"], [row["queue"] for row in left["outbox"]]) == (1, ["notify"])
    assert redeem(app, ticket) is None
    push = call(app, "next_push", org_id=clinic.id, outbox_ids=[row["id"] for row in left["outbox"]])
    assert (push["connections"], push["closing"]) == (["stays"], ["goes"])
    assert (push["events"], push["unknown"]) == ([], [])
    again = call(app, "close_staff_connections", org_id=clinic.id, staff_id=staff)
    assert again == {"count": 0, "outbox": []}


def test_nobody_signs_another_clinics_people_out(
    owner: Connection, app: Connection, clinic: Clinic, staff: uuid.UUID
) -> None:
    """The person's id with a foreign clinic's: nothing happens."""
    make_connection(owner, clinic, staff, name="stays")
    other = make_clinic(owner)
    left = call(app, "close_staff_connections", org_id=other.id, staff_id=staff)
    assert left == {"count": 0, "outbox": []}
    assert one(owner, "SELECT expires_at > now() FROM frontdesk.connections")


def test_the_sweep_takes_what_is_over_and_nothing_else(
    owner: Connection, app: Connection, clinic: Clinic, staff: uuid.UUID
) -> None:
    """Expired, silent and revoked connections and old tickets go, of every clinic; live ones stay."""
    other = make_clinic(owner)
    fired = make_staff(owner, other)
    make_connection(owner, clinic, staff, name="live")
    make_connection(owner, clinic, staff, name="expired")
    make_connection(owner, clinic, staff, name="silent")
    make_connection(owner, other, fired, name="fired")
    make_ticket(owner, clinic, staff, seconds=-1)
    kept = make_ticket(owner, clinic, staff)
    owner.execute(f"UPDATE frontdesk.connections SET expires_at = {LONG_AGO} WHERE connection_id = 'expired'")
    owner.execute(
        "UPDATE frontdesk.connections SET last_seen_at = now() - interval '16 minutes'"
        " WHERE connection_id = 'silent'"
    )
    owner.execute("UPDATE frontdesk.staff SET revoked_at = now() WHERE id = %s", [fired])
    swept = call(app, "sweep_connections")
    assert (sorted(swept["connections"]), swept["tickets"]) == (["expired", "fired", "silent"], 1)
    assert one(owner, "SELECT connection_id FROM frontdesk.connections") == "live"
    assert one(owner, "SELECT ticket_hash FROM frontdesk.ws_tickets") == kept


def test_connections_are_forgotten_by_their_ids(
    owner: Connection, app: Connection, clinic: Clinic, staff: uuid.UUID
) -> None:
    """Whose they were does not matter; an unknown one does no harm."""
    for name in ("a", "b", "c"):
        make_connection(owner, clinic, staff, name=name)
    assert call(app, "close_connections", connection_ids=["a", "c", "nobody"]) == {"count": 2}
    assert one(owner, "SELECT connection_id FROM frontdesk.connections") == "b"
