"""What is due with Google is queued once: polls, channels, comparisons, writes; for who is connected."""

import uuid
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.clinics import Clinic, Connection, call, make_clinic, one, put_visit

LEASE = uuid.UUID(int=7)


@pytest.fixture
def calendar(owner: Connection, clinic: Clinic) -> uuid.UUID:
    """Connect the clinic and give its provider a calendar that is live; return the calendar's id."""
    return connected(owner, clinic)


def connected(owner: Connection, clinic: Clinic, **columns: Any) -> uuid.UUID:
    """Write a connection and a calendar that was just polled, watched and compared."""
    owner.execute(
        "INSERT INTO frontdesk.google_connections (org_id, status) VALUES (%s, 'connected')", [clinic.id]
    )
    values: dict[str, Any] = {
        "org_id": clinic.id,
        "id": uuid.uuid4(),
        "provider_id": clinic.providers[0],
        "google_calendar_id": "patel@example.test",
        "status": "live",
        "next_poll_at": datetime.now(UTC) + timedelta(minutes=15),
        "compared_at": datetime.now(UTC),
        **columns,
    }
    owner.execute(
        f"INSERT INTO frontdesk.calendars ({', '.join(values)})"
        f" VALUES ({', '.join(f'%({name})s' for name in values)})",
        values,
    )
    owner.execute(
        "INSERT INTO frontdesk.watch_channels (org_id, id, calendar_id, token_hash, state, renew_at)"
        " VALUES (%s, gen_random_uuid(), %s, 'x', 'active', now() + interval '3 days')",
        [clinic.id, values["id"]],
    )
    made: uuid.UUID = values["id"]
    return made


def due(owner: Connection, **columns: str) -> None:
    """Make every calendar due for a poll, and set other columns by SQL."""
    wanted = {"next_poll_at": "now()"} | columns
    owner.execute(
        "UPDATE frontdesk.calendars SET " + ", ".join(f"{name} = {to}" for name, to in wanted.items())
    )


def queue(app: Connection, owner: Connection, limit: int = 500) -> Counter[str]:
    """Queue what is due; return how many rows of which kind wait that did not before."""
    kinds = "SELECT kind FROM frontdesk.outbox WHERE queue = 'calendar' AND kind LIKE 'calendar.%'"
    before = Counter(row["kind"] for row in owner.execute(kinds).fetchall())
    told = call(app, "queue_due_calendar_work", limit=limit)["count"]
    added = Counter(row["kind"] for row in owner.execute(kinds).fetchall()) - before
    assert told == added.total()
    return added


def taken(owner: Connection) -> None:
    """Let the worker have taken all that waits."""
    owner.execute("UPDATE frontdesk.outbox SET sent_at = now()")


def test_a_calendar_is_polled_every_quarter_of_an_hour(
    app: Connection, owner: Connection, calendar: uuid.UUID
) -> None:
    """Not before, once, and then a quarter of an hour later."""
    assert queue(app, owner) == {}
    due(owner)
    assert queue(app, owner) == {"calendar.sync": 1}
    taken(owner)
    assert queue(app, owner) == {}
    ahead = one(owner, "SELECT next_poll_at - now() FROM frontdesk.calendars WHERE id = %s", calendar)
    assert timedelta(minutes=14) < ahead <= timedelta(minutes=15)


def test_a_poll_that_still_waits_is_not_queued_twice(
    app: Connection, owner: Connection, calendar: uuid.UUID
) -> None:
    """A worker that is behind does not get a heap of them."""
    due(owner)
    queue(app, owner)
    due(owner)
    assert queue(app, owner) == {}


def test_a_calendar_out_of_reach_is_polled_once_a_day(
    app: Connection, owner: Connection, calendar: uuid.UUID
) -> None:
    """And is neither watched nor compared."""
    due(owner, status="'gone'", compared_at="now() - interval '3 days'")
    owner.execute("DELETE FROM frontdesk.watch_channels")
    assert queue(app, owner) == {"calendar.sync": 1}
    ahead = one(owner, "SELECT next_poll_at - now() FROM frontdesk.calendars WHERE id = %s", calendar)
    assert ahead > timedelta(hours=23)


@pytest.mark.parametrize("status", ["reconnect_required", "disconnected"])
def test_nothing_is_queued_for_a_clinic_that_is_not_connected(
    app: Connection, owner: Connection, clinic: Clinic, calendar: uuid.UUID, status: str
) -> None:
    """Its calendars, channels and writes wait; another clinic's do not."""
    waiting_write(owner, clinic, calendar)
    connected(owner, other := make_clinic(owner))
    due(owner)
    owner.execute(
        "UPDATE frontdesk.google_connections SET status = %s WHERE org_id = %s", [status, clinic.id]
    )
    assert queue(app, owner) == {"calendar.sync": 1}
    assert one(owner, "SELECT org_id FROM frontdesk.outbox") == other.id


def test_a_clinic_whose_quota_is_used_up_waits(
    app: Connection, owner: Connection, clinic: Clinic, calendar: uuid.UUID
) -> None:
    """Until the moment Google's refusal named."""
    waiting_write(owner, clinic, calendar)
    due(owner)
    owner.execute("UPDATE frontdesk.google_connections SET quiet_until = now() + interval '1 minute'")
    assert queue(app, owner) == {}
    owner.execute("UPDATE frontdesk.google_connections SET quiet_until = now()")
    assert queue(app, owner) == {"calendar.sync": 1, "calendar.write_again": 1}


def test_a_reader_that_died_is_followed_by_another(
    app: Connection, owner: Connection, calendar: uuid.UUID
) -> None:
    """Its lease ran out: read again at once, and not once more each minute."""
    lease = (
        "UPDATE frontdesk.calendars SET sync_lease = gen_random_uuid(),"
        " sync_lease_until = now() + {} * interval '1 second'"
    )
    owner.execute(lease.format(60))
    assert queue(app, owner) == {}
    owner.execute(lease.format(-1))
    assert queue(app, owner) == {"calendar.sync": 1}
    taken(owner)
    assert queue(app, owner) == {}


@pytest.mark.parametrize(
    "renewal",
    [
        "DELETE FROM frontdesk.watch_channels",
        "UPDATE frontdesk.watch_channels SET renew_at = now()",
        "UPDATE frontdesk.watch_channels SET state = 'pending', renew_at = NULL",
    ],
)
def test_a_missing_or_old_channel_is_asked_for_with_the_poll(
    app: Connection, owner: Connection, calendar: uuid.UUID, renewal: str
) -> None:
    """Every quarter of an hour until there is one."""
    owner.execute(renewal)
    assert queue(app, owner) == {}
    due(owner)
    assert queue(app, owner) == {"calendar.sync": 1, "calendar.watch": 1}


@pytest.mark.parametrize(("minutes", "wanted"), [(-1, 1), (1, 0)])
def test_a_comparison_is_due_after_three_by_the_clinics_clock(
    app: Connection, owner: Connection, clinic: Clinic, calendar: uuid.UUID, minutes: int, wanted: int
) -> None:
    """Compared a minute before the last 3 o'clock in New York: again. A minute after it: tonight."""
    zone = ZoneInfo(clinic.time_zone)
    now = datetime.now(zone)
    three = datetime.combine(now.date(), time(3), zone)
    if three > now:
        three = datetime.combine(now.date() - timedelta(days=1), time(3), zone)
    due(owner)
    owner.execute("UPDATE frontdesk.calendars SET compared_at = %s", [three + timedelta(minutes=minutes)])
    assert queue(app, owner)["calendar.compare"] == wanted
    taken(owner)
    due(owner)
    assert queue(app, owner)["calendar.compare"] == 0


def waiting_write(owner: Connection, clinic: Clinic, calendar: uuid.UUID) -> uuid.UUID:
    """Put a visit whose write is due to be tried again; return its id."""
    visit = put_visit(owner, clinic, clinic.at(10))
    owner.execute(
        "INSERT INTO frontdesk.calendar_events"
        " (org_id, appointment_id, calendar_id, google_event_id, next_at) VALUES (%s, %s, %s, %s, now())",
        [clinic.id, visit, calendar, visit.hex],
    )
    return visit


def test_a_write_whose_time_has_come_is_queued(
    app: Connection, owner: Connection, clinic: Clinic, calendar: uuid.UUID
) -> None:
    """Once; and five minutes later again, should the worker never have seen it."""
    visit = waiting_write(owner, clinic, calendar)
    assert queue(app, owner) == {"calendar.write_again": 1}
    assert one(owner, "SELECT aggregate_id FROM frontdesk.outbox") == visit
    assert queue(app, owner) == {}
    owner.execute("UPDATE frontdesk.calendar_events SET next_at = next_at - interval '6 minutes'")
    assert queue(app, owner) == {"calendar.write_again": 1}


def test_one_run_does_so_much_and_the_next_the_rest(app: Connection, owner: Connection) -> None:
    """Three calendars due, two at a time."""
    for _ in range(3):
        connected(owner, make_clinic(owner))
    due(owner)
    assert [queue(app, owner, 2).total() for _ in range(3)] == [2, 1, 0]


def test_what_was_queued_is_dispatched_and_understood(
    app: Connection, owner: Connection, clinic: Clinic, calendar: uuid.UUID
) -> None:
    """Claimed for its queue, and the worker is told which calendar to read."""
    due(owner)
    queue(app, owner)
    (row,) = call(app, "claim_outbox")
    assert row["queue"] == "calendar"
    told = call(app, "next_calendar_work", org_id=clinic.id, outbox_id=row["id"])
    assert told == {"action": "sync", "calendar_id": str(calendar)}


def test_no_other_clinic_can_read_or_write_a_calendar(
    app: Connection, owner: Connection, clinic: Clinic, calendar: uuid.UUID
) -> None:
    """Another org's id with this calendar's: unknown, and nothing is changed."""
    connected(owner, other := make_clinic(owner))
    before = owner.execute("SELECT * FROM frontdesk.calendars WHERE id = %s", [calendar]).fetchone()
    named = {"org_id": other.id, "calendar_id": calendar}
    assert call(app, "begin_calendar_sync", lease=LEASE, **named) == {"outcome": "unknown_calendar"}
    put = call(app, "apply_calendar_changes", lease=LEASE, blocks="[]", gone=[], last=None, **named)
    assert put == {"outcome": "lost"}
    assert call(app, "calendar_mirror", **named) == {"blocks": [], "events": []}
    assert call(app, "changed_calendar_events", items="[]", **named) == {"known": [], "changed": []}
    watch = call(app, "begin_watch", channel_id=uuid.uuid4(), token_hash="x", **named)
    assert watch == {"outcome": "unknown_calendar"}
    stopped = call(app, "stop_calendar_sync", lease=LEASE, error_code="x", retry_seconds=1, **named)
    assert stopped["outcome"] == "lost"
    call(app, "record_calendar_comparison", counts='{"missing": 1}', **named)
    assert owner.execute("SELECT * FROM frontdesk.calendars WHERE id = %s", [calendar]).fetchone() == before
    assert owner.execute("SELECT FROM frontdesk.events").fetchall() == []


def test_a_reading_can_be_begun_twice_by_the_same_reader_only(
    app: Connection, clinic: Clinic, calendar: uuid.UUID
) -> None:
    """A repeated question is answered again; another reader is told to go."""
    begin = {"org_id": clinic.id, "calendar_id": calendar}
    assert call(app, "begin_calendar_sync", lease=LEASE, **begin)["outcome"] == "begun"
    assert call(app, "begin_calendar_sync", lease=LEASE, **begin)["outcome"] == "begun"
    assert call(app, "begin_calendar_sync", lease=uuid.uuid4(), **begin) == {"outcome": "busy"}


def test_a_channel_is_found_across_clinics_by_its_id_alone(
    app: Connection, owner: Connection, clinic: Clinic, calendar: uuid.UUID
) -> None:
    """Google's notification names no clinic; afterwards the connection is nobody's again."""
    channel = one(owner, "SELECT id FROM frontdesk.watch_channels")
    found = call(app, "watch_channel", channel_id=channel)
    assert found == {"org_id": str(clinic.id), "token_hash": "x", "resource_id": None}
    assert call(app, "watch_channel", channel_id=uuid.uuid4()) is None
    assert (
        one(app, "SELECT concat(current_setting('app.org_id', true), current_setting('app.scope', true))")
        == ""
    )


def test_only_a_calendars_change_moves_its_blocks(
    app: Connection, owner: Connection, clinic: Clinic, calendar: uuid.UUID
) -> None:
    """A block that was put in by hand stays when a reading deletes one of the same name."""
    start = int(clinic.at(9).timestamp())
    owner.execute(
        "INSERT INTO frontdesk.busy_blocks (org_id, id, provider_id, during, external_id)"
        " VALUES (%s, gen_random_uuid(), %s, tstzrange(%s, %s), 'same')",
        [clinic.id, clinic.providers[0], clinic.at(9), clinic.at(10)],
    )
    call(app, "begin_calendar_sync", org_id=clinic.id, calendar_id=calendar, lease=LEASE)
    for blocks, gone in ((f'[["same", {start}, {start + 60}]]', []), ("[]", ["same"])):
        told = call(
            app,
            "apply_calendar_changes",
            org_id=clinic.id,
            calendar_id=calendar,
            lease=LEASE,
            blocks=blocks,
            gone=gone,
            last=None,
        )
        assert (told["outcome"], told["changed"]) == ("applied", 1)
    assert one(owner, "SELECT calendar_id FROM frontdesk.busy_blocks") is None
