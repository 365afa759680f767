"""Dispatch, a whole run at a time: what is left is sent once, by one run, whoever dies and whatever fails."""

import json
import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from frontdesk import db, log, outbox
from functions.dispatch import app
from tests.clinics import Connection, book, make_clinic, one
from tests.database import Database
from tests.storm.queue import Sqs

pytestmark = pytest.mark.usefixtures("environment")


class Clock:
    """Lambda's context: so many milliseconds are left, and so many fewer at each look."""

    def __init__(self, left: int = 50_000, each: int = 0) -> None:
        """Start with `left`; every look costs `each`."""
        self.left, self.each = left, each

    def get_remaining_time_in_millis(self) -> int:
        """Return what is left."""
        self.left -= self.each
        return self.left


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Sqs:
    """Put queues in memory in SQS's place."""
    made = Sqs(random.Random(1))
    monkeypatch.setattr(outbox, "_sqs", lambda: made)
    return made


def leave_rows(owner: Connection, count: int, org: uuid.UUID | None = None) -> uuid.UUID:
    """Leave so many unsent rows of one org, due now."""
    org = org or make_clinic(owner).id
    owner.execute(
        "INSERT INTO frontdesk.outbox (org_id, queue, kind, aggregate_id, version, seq, next_at)"
        " SELECT %s, (ARRAY['sms', 'calendar', 'notify'])[1 + n %% 3], 'appointment.booked',"
        " gen_random_uuid(), 1, n, now() - interval '1 second' FROM generate_series(1, %s) AS n",
        [org, count],
    )
    return org


def bodies(sqs: Sqs) -> list[dict[str, Any]]:
    """Read every message in the three queues."""
    return [json.loads(message.body) for queue in sqs.queues.values() for message in queue.waiting]


def test_what_a_booking_left_is_sent_to_its_three_queues(owner: Connection, sqs: Sqs) -> None:
    """Text, calendar and board: one message each of two ids, the rows marked sent, nothing the next time."""
    clinic = make_clinic(owner)
    book(owner, clinic, clinic.at(9))
    owner.execute("UPDATE frontdesk.outbox SET next_at = now()")
    told = app.handler({}, Clock())
    assert (told["sent"], told["failed"]) == (3, 0)
    assert {name: len(queue.waiting) for name, queue in sqs.queues.items()} == {
        "sms": 1,
        "calendar": 1,
        "notify": 1,
    }
    for body in bodies(sqs):
        assert set(body) == {"outbox_id", "org_id"}
        assert body["org_id"] == str(clinic.id)
    assert one(owner, "SELECT count(*) FROM frontdesk.outbox WHERE sent_at IS NULL") == 0
    assert app.handler({}, Clock())["sent"] == 0


def test_a_fresh_row_is_left_to_who_wrote_it_for_a_moment(owner: Connection, sqs: Sqs) -> None:
    """The writer sends its rows itself, at once; dispatch takes them only when nobody received them soon."""
    clinic = make_clinic(owner)
    book(owner, clinic, clinic.at(9))
    assert app.handler({}, Clock())["sent"] == 0
    assert bodies(sqs) == []
    wait = one(owner, "SELECT max(next_at) - now() FROM frontdesk.outbox")
    assert 0 < wait.total_seconds() < 45, "longer, and a text would be late by more than a minute"


def test_a_backlog_is_sent_in_one_run(owner: Connection, sqs: Sqs) -> None:
    """Three batches of rows: all of them, each once."""
    leave_rows(owner, 2 * app.BATCH + 30)
    assert app.handler({}, Clock())["sent"] == 2 * app.BATCH + 30
    assert set(Counter(body["outbox_id"] for body in bodies(sqs)).values()) == {1}


def test_a_run_stops_in_time_and_the_next_goes_on(owner: Connection, sqs: Sqs) -> None:
    """With the time nearly up no further batch is claimed, so no row waits for a lease in vain."""
    leave_rows(owner, 3 * app.BATCH)
    told = app.handler({}, Clock(left=app.ENOUGH_TIME + 3, each=2))
    assert told["sent"] == app.BATCH
    assert one(owner, "SELECT count(*) FROM frontdesk.outbox WHERE claimed_at IS NULL") == 2 * app.BATCH
    assert app.handler({}, Clock())["sent"] == 2 * app.BATCH


def test_a_refused_entry_is_sent_by_a_later_run(owner: Connection, sqs: Sqs) -> None:
    """SQS refuses three in ten entries: they are noted with the code and come again after a minute."""
    sqs.failing_entries = 0.3
    leave_rows(owner, 200)
    told = app.handler({}, Clock())
    assert told["failed"] > 0
    assert told["sent"] + told["failed"] == 200
    codes = owner.execute(
        "SELECT DISTINCT last_error_code AS code FROM frontdesk.outbox WHERE sent_at IS NULL"
    ).fetchall()
    assert [row["code"] for row in codes] == ["InternalError"]
    assert app.handler({}, Clock())["sent"] == 0, "tried again at once"
    sqs.failing_entries = 0
    owner.execute("UPDATE frontdesk.outbox SET next_at = next_at - interval '61 seconds'")
    assert app.handler({}, Clock())["sent"] == told["failed"]
    assert set(Counter(body["outbox_id"] for body in bodies(sqs)).values()) == {1}


def test_a_run_that_died_between_sending_and_marking_loses_nothing(
    owner: Connection, sqs: Sqs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows stay leased, and come again when the lease is over: twice sent, never lost."""
    leave_rows(owner, 40)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(outbox, "acknowledge", die)
        with pytest.raises(KeyboardInterrupt):
            app.handler({}, Clock())
    assert app.handler({}, Clock())["sent"] == 0, "the lease was not kept"
    owner.execute(
        "UPDATE frontdesk.outbox SET next_at = next_at - make_interval(secs => %s)", [app.LEASE + 1]
    )
    assert app.handler({}, Clock())["sent"] == 40
    assert set(Counter(body["outbox_id"] for body in bodies(sqs)).values()) == {2}


def test_runs_at_the_same_time_share_the_rows(owner: Connection, sqs: Sqs, database: Database) -> None:
    """Four runs over 2,000 rows: every row sent once, none by two of them."""
    leave_rows(owner, 2000)
    told: list[dict[str, int]] = []

    def run() -> None:
        told.append(app.handler({}, Clock()))
        db.close()

    runs = [threading.Thread(target=run) for _ in range(4)]
    for each in runs:
        each.start()
    for each in runs:
        each.join(60)
    assert sum(each["sent"] for each in told) == 2000
    assert set(Counter(body["outbox_id"] for body in bodies(sqs)).values()) == {1}


def test_one_clinics_flood_does_not_keep_another_waiting(owner: Connection, sqs: Sqs) -> None:
    """5,000 rows of one clinic before three of another: those three are in the first batch."""
    leave_rows(owner, 5000)
    small = leave_rows(owner, 3)
    app.handler({}, Clock(left=app.ENOUGH_TIME + 3, each=2))
    assert len(bodies(sqs)) <= app.BATCH
    assert sum(body["org_id"] == str(small) for body in bodies(sqs)) == 3


def test_a_part_that_fails_does_not_keep_the_others_from_their_work(
    owner: Connection, sqs: Sqs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reminders broken: the outbox is sent all the same, and the run ends as an error that an alarm sees."""
    lines: list[dict[str, object]] = []
    monkeypatch.setattr(log, "error", lambda message, **fields: lines.append({"said": message, **fields}))
    leave_rows(owner, 5)
    owner.execute("DROP FUNCTION frontdesk.queue_due_reminders")
    with pytest.raises(app.DispatchIncompleteError):
        app.handler({}, Clock())
    assert len(bodies(sqs)) == 5
    assert [(line["said"], line["reason"]) for line in lines] == [("dispatch part failed", "reminders")]


@pytest.fixture
def metric(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], dict[str, Any]]:
    """Read the run's metrics as CloudWatch would, out of the log."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Frontdesk")

    def read() -> dict[str, Any]:
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
        found: list[dict[str, Any]] = [line for line in lines if "OutboxOldest" in line]
        assert len(found) == 1
        (standing,) = [line for line in lines if "CalendarsPaused" in line]
        both: dict[str, Any] = {**standing, **found[0]}
        return both

    return read


def test_a_run_tells_how_long_the_oldest_row_has_waited(
    owner: Connection, sqs: Sqs, metric: Callable[[], dict[str, Any]]
) -> None:
    """Rows SQS does not take are counted, with the age of the oldest in seconds: what the alarm looks at."""
    sqs.failing_entries = 1.0
    leave_rows(owner, 4)
    owner.execute("UPDATE frontdesk.outbox SET created_at = created_at - interval '10 minutes'")
    app.handler({}, Clock())
    told = metric()
    assert (told["OutboxFailed"], told["OutboxUnsent"], told["OutboxSent"]) == ([4.0], [4.0], [0.0])
    assert 600 <= told["OutboxOldest"][0] < 660


def test_a_run_tells_how_many_clinics_stand_still(
    owner: Connection, sqs: Sqs, metric: Callable[[], dict[str, Any]]
) -> None:
    """One clinic must connect Google again, its texts go: the alarm and the dashboard look at these."""
    clinic = make_clinic(owner)
    owner.execute(
        "INSERT INTO frontdesk.google_connections (org_id, status) VALUES (%s, 'reconnect_required')",
        [clinic.id],
    )
    app.handler({}, Clock())
    told = metric()
    assert (told["CalendarsPaused"], told["TextsPaused"]) == ([1.0], [0.0])


def test_what_was_kept_long_enough_is_forgotten(owner: Connection, sqs: Sqs) -> None:
    """Sent rows older than two weeks go; younger ones and unsent ones stay."""
    org = leave_rows(owner, 6)
    app.handler({}, Clock())
    owner.execute(
        "UPDATE frontdesk.outbox"
        " SET sent_at = now() - interval '15 days', created_at = now() - interval '15 days'"
    )
    leave_rows(owner, 2, org)
    told = app.handler({}, Clock())
    assert told["forgotten"] == 6
    assert one(owner, "SELECT count(*) FROM frontdesk.outbox") == 2
