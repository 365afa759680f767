"""How a row travels: claimed by one sender at a time, acknowledged, never lost, fair to every clinic."""

import random
import threading
import time
import uuid
from collections import Counter
from typing import Any

import pytest

from tests.clinics import Clinic, Connection, book, call, make_clinic, one
from tests.database import Database

ROWS = (
    "INSERT INTO frontdesk.outbox (org_id, queue, kind, aggregate_id, version, seq)"
    " SELECT %s, 'notify', 'appointment.booked', gen_random_uuid(), 1, n FROM generate_series(1, %s) AS n"
)


def claim(connection: Connection, limit: int = 500, lease: int = 60) -> list[Any]:
    """Claim rows."""
    rows: list[Any] = call(connection, "claim_outbox", limit=limit, lease_seconds=lease)
    return rows


def ids(rows: list[Any]) -> list[int]:
    """Return the rows' ids."""
    return [row["id"] for row in rows]


def test_a_booking_is_claimed_whole_and_acknowledged(app: Connection, owner: Connection) -> None:
    """Three rows with their queues; within the lease nobody else gets them; marked sent they are gone."""
    clinic = make_clinic(owner)
    booked = book(app, clinic, clinic.at(9))
    assert claim(app) == [], "who booked sends the rows himself: he has a head start"
    owner.execute("UPDATE frontdesk.outbox SET next_at = next_at - interval '15 seconds'")
    rows = sorted(claim(app), key=lambda row: row["id"])
    assert rows == [{**row, "org_id": str(clinic.id)} for row in booked["outbox"]]
    assert claim(app) == []
    assert call(app, "outbox_backlog")["unsent"] == 3
    assert call(app, "mark_outbox_sent", ids=ids(rows)) == {"count": 3}
    assert call(app, "mark_outbox_sent", ids=ids(rows)) == {"count": 0}
    backlog = call(app, "outbox_backlog")
    assert {name: backlog[name] for name in ("unsent", "oldest_seconds", "dead")} == {
        "unsent": 0,
        "oldest_seconds": 0,
        "dead": 0,
    }


def test_what_stands_still_is_counted_across_clinics(app: Connection, owner: Connection) -> None:
    """Calendars whose grant ended, texts that were refused: two, and one; connected ones count nothing."""
    for status, reason in (
        ("reconnect_required", "config"),
        ("reconnect_required", None),
        ("connected", None),
    ):
        clinic = make_clinic(owner)
        owner.execute(
            "INSERT INTO frontdesk.google_connections (org_id, status) VALUES (%s, %s)", [clinic.id, status]
        )
        owner.execute("UPDATE frontdesk.orgs SET sms_paused_reason = %s WHERE id = %s", [reason, clinic.id])
    backlog = call(app, "outbox_backlog")
    assert (backlog["calendars_paused"], backlog["texts_paused"]) == (2, 1)


def test_a_lease_that_ran_out_gives_the_row_to_the_next(app: Connection, owner: Connection) -> None:
    """A sender that died loses nothing; its late acknowledgement does no harm."""
    owner.execute(ROWS, [uuid.uuid4(), 1])
    first = claim(app, lease=0)
    assert claim(app) == first
    assert one(owner, "SELECT attempts FROM frontdesk.outbox") == 2
    assert call(app, "mark_outbox_sent", ids=ids(first)) == {"count": 1}
    owner.execute("UPDATE frontdesk.outbox SET next_at = now()")
    assert claim(app) == []


def test_a_row_the_queue_refused_waits_with_its_reason(app: Connection, owner: Connection) -> None:
    """Not before its time; a row that was sent meanwhile is not taken back."""
    owner.execute(ROWS, [uuid.uuid4(), 2])
    refused, sent = ids(claim(app))
    call(app, "mark_outbox_sent", ids=[sent])
    assert call(app, "mark_outbox_failed", ids=[refused, sent], code="Throttled", retry_seconds=30) == {
        "count": 1
    }
    assert claim(app) == []
    assert one(owner, "SELECT last_error_code FROM frontdesk.outbox WHERE id = %s", refused) == "Throttled"
    owner.execute("UPDATE frontdesk.outbox SET next_at = next_at - interval '31 seconds'")
    assert ids(claim(app)) == [refused]


def test_a_dead_row_keeps_its_reason_and_is_not_sent(app: Connection, owner: Connection) -> None:
    """Poison is marked once, in its own clinic only."""
    org = uuid.uuid4()
    owner.execute(ROWS, [org, 1])
    row = one(owner, "SELECT id FROM frontdesk.outbox")
    assert call(app, "mark_outbox_dead", org_id=uuid.uuid4(), outbox_id=row, code="x") == {"count": 0}
    assert call(app, "mark_outbox_dead", org_id=org, outbox_id=row, code="unknown_kind") == {"count": 1}
    assert call(app, "mark_outbox_dead", org_id=org, outbox_id=row, code="other") == {"count": 0}
    assert claim(app) == []
    assert one(owner, "SELECT last_error_code FROM frontdesk.outbox") == "unknown_kind"
    assert call(app, "outbox_backlog")["dead"] == 1


def test_a_clinic_that_writes_thousands_delays_only_itself(app: Connection, owner: Connection) -> None:
    """One with 5,000 rows, nine with two each that came later: the first batch of 100 has all eighteen."""
    noisy, quiet = uuid.uuid4(), [uuid.uuid4() for _ in range(9)]
    owner.execute(ROWS, [noisy, 5000])
    for each in quiet:
        owner.execute(ROWS, [each, 2])
    batch = Counter(row["org_id"] for row in claim(app, limit=100))
    assert {each: batch[str(each)] for each in quiet} == dict.fromkeys(quiet, 2)
    assert batch[str(noisy)] == 10
    assert len(claim(app, limit=100)) == 100, "alone, it gets the whole batch"


def test_more_clinics_than_fit_take_turns(app: Connection, owner: Connection) -> None:
    """Thirty clinics, ten places: every batch is full, and four of them leave nobody out."""
    for _ in range(30):
        owner.execute(ROWS, [uuid.uuid4(), 1])
    batches = [claim(app, limit=10) for _ in range(4)]
    assert [len(each) for each in batches] == [10, 10, 10, 0]


def test_four_sweepers_and_crashes_lose_nothing_and_share_nothing(
    database: Database, owner: Connection
) -> None:
    """1,500 rows, four senders, one batch in ten dies before its acknowledgement: nobody holds a row another
    one holds, and in the end every row was sent.
    """
    for _ in range(5):
        owner.execute(ROWS, [uuid.uuid4(), 300])
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    holders: dict[int, float] = {}
    shared: list[int] = []
    sent: Counter[int] = Counter()
    guard = threading.Lock()
    lease = 2

    def sweep(number: int) -> None:
        chance = random.Random(seed + number)
        until = time.monotonic() + 60
        with database.connect_app() as connection:
            while time.monotonic() < until:
                asked_at = time.monotonic()
                rows = ids(claim(connection, limit=40, lease=lease))
                with guard:
                    # Held from before the claim was asked for: a second holder within the lease is a breach.
                    shared.extend(
                        row for row in rows if time.monotonic() - holders.get(row, -99) < lease - 0.5
                    )
                    holders.update(dict.fromkeys(rows, asked_at))
                if not rows:
                    if call(connection, "outbox_backlog")["unsent"] == 0:
                        return
                    time.sleep(0.1)
                    continue
                sent.update(rows)  # the queue has them now
                if chance.random() > 0.1:  # else the sender dies here, and they come again
                    call(connection, "mark_outbox_sent", ids=rows)

    threads = [threading.Thread(target=sweep, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=70)
    assert shared == []
    assert len(sent) == 1500
    assert call(owner, "outbox_backlog")["unsent"] == 0


# --- Retention --------------------------------------------------------------------------


@pytest.fixture
def aged(app: Connection, owner: Connection) -> Clinic:
    """Make a clinic with a booking whose every row is young."""
    clinic = make_clinic(owner, sms_sender="+12025550100")
    book(app, clinic, clinic.at(9), idempotency_key="k")
    owner.execute(
        "INSERT INTO frontdesk.webhook_seen (org_id, source, id, answer) VALUES (%s, 'twilio', 'SM1', '{}')",
        [clinic.id],
    )
    owner.execute(
        "INSERT INTO frontdesk.sms_messages (org_id, id, direction, kind, dedupe_key, phone, language,"
        " body, state, next_at, sweep_at, valid_until)"
        " VALUES (%s, gen_random_uuid(), 'in', 'reply', 'in:SM1', '+12025550147', 'en',"
        " 'my words', 'received', now(), now(), now())",
        [clinic.id],
    )
    owner.execute("UPDATE frontdesk.outbox SET sent_at = now()")
    return clinic


@pytest.mark.parametrize(
    ("table", "kept", "gone", "key", "count"),
    [
        ("outbox", "14 days", "14 days 1 minute", "outbox", 3),
        ("idempotency_keys", "72 hours", "72 hours 1 minute", "idempotency_keys", 1),
        ("webhook_seen", "30 days", "30 days 1 minute", "webhook_seen", 1),
        ("sms_messages", "90 days", "90 days 1 minute", "sms_bodies", 1),
    ],
)
def test_what_has_served_its_time_goes_and_not_a_minute_earlier(
    app: Connection, owner: Connection, aged: Clinic, table: str, kept: str, gone: str, key: str, count: int
) -> None:
    """Each kind has its age; the others, being young, stay."""
    words = ("sms_bodies", "transcripts", "recordings", "follow_up_words", "event_reasons")
    nothing = dict.fromkeys(("outbox", "idempotency_keys", "webhook_seen", *words), 0)
    columns = ("created_at", "sent_at") if table == "outbox" else ("created_at",)
    changes = ", ".join(f"{column} = now() - %(age)s::interval" for column in columns)
    age = f"UPDATE frontdesk.{table} SET {changes}"
    owner.execute(age, {"age": f"{kept} -1 minute"})
    assert call(app, "sweep_retention") == nothing
    owner.execute(age, {"age": gone})
    assert call(app, "sweep_retention") == nothing | {key: count}
    assert call(app, "sweep_retention") == nothing


def test_a_row_nobody_sent_and_a_dead_one_are_kept(app: Connection, owner: Connection, aged: Clinic) -> None:
    """However old: somebody must look at them."""
    owner.execute("UPDATE frontdesk.outbox SET created_at = now() - interval '1 year', sent_at = NULL")
    owner.execute("UPDATE frontdesk.outbox SET sent_at = created_at, dead_at = now() WHERE queue = 'sms'")
    assert call(app, "sweep_retention")["outbox"] == 0


def test_retention_works_in_small_bites(app: Connection, owner: Connection, aged: Clinic) -> None:
    """At most so many at once, so that no booking waits behind it."""
    owner.execute(
        "UPDATE frontdesk.outbox SET created_at = created_at - w, sent_at = sent_at - w"
        " FROM (SELECT interval '1 year' AS w) AS long_ago"
    )
    assert [call(app, "sweep_retention", limit=2)["outbox"] for _ in range(3)] == [2, 1, 0]


def test_the_words_of_a_text_go_and_the_text_stays(app: Connection, owner: Connection, aged: Clinic) -> None:
    """That it was sent, when and to whom remains with the patient's record."""
    owner.execute("UPDATE frontdesk.sms_messages SET created_at = now() - interval '91 days'")
    call(app, "sweep_retention")
    row = owner.execute("SELECT body, phone, state FROM frontdesk.sms_messages").fetchone()
    assert row == {"body": None, "phone": "+12025550147", "state": "received"}
