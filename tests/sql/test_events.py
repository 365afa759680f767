"""Events: numbered without a gap for each clinic, and visible in that order."""

import threading
from typing import Any

from tests.clinics import Clinic, Connection, book, call, one
from tests.crowd import Caller, all_at_once, booker
from tests.database import Database


def test_seqs_have_no_gap_under_many_writers(
    database: Database, owner: Connection, three: Clinic, clinic: Clinic
) -> None:
    """Eight connections book, fail and cancel: 1..n for each clinic, and the outbox agrees."""

    def worker(n: int) -> Caller:
        place = clinic if n % 4 == 0 else three

        def work(connection: Connection) -> Any:
            made = book(
                connection, place, place.at(9 + n // 4 % 8, day=n % 3), patient_phone=f"+1202555{n:04d}"
            )
            if made["outcome"] == "booked" and n % 2:
                return call(
                    connection,
                    "cancel_appointment_atomic",
                    org_id=place.id,
                    appointment_id=made["appointment"]["id"],
                )
            return made

        return work

    all_at_once(database, [worker(n) for n in range(64)], connections=8)
    for org in (clinic.id, three.id):
        seqs = [
            row["seq"]
            for row in owner.execute("SELECT seq FROM frontdesk.events WHERE org_id = %s ORDER BY seq", [org])
        ]
        assert seqs == list(range(1, len(seqs) + 1))
        assert len(seqs) > 8
        assert one(owner, "SELECT last_seq FROM frontdesk.event_counters WHERE org_id = %s", org) == len(seqs)
        assert one(owner, "SELECT count(*) FROM frontdesk.outbox WHERE org_id = %s", org) == 3 * len(seqs)


def test_a_reader_never_sees_a_later_event_before_an_earlier_one(
    database: Database, owner: Connection, three: Clinic
) -> None:
    """Whoever resumes "after n" misses nothing: at every moment what is visible is 1..n."""
    stop = threading.Event()
    torn: list[Any] = []
    looks = 0

    def read() -> None:
        nonlocal looks
        with database.connect_owner() as reader:
            while not stop.is_set():
                row = reader.execute(
                    "SELECT count(*) AS n, coalesce(max(seq), 0) AS last FROM frontdesk.events"
                ).fetchone()
                assert row is not None
                looks += 1
                if row["n"] != row["last"]:
                    torn.append(row)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        all_at_once(
            database,
            [
                booker(three, three.at(9 + n % 8, day=n % 5), patient_phone=f"+1202555{n:04d}")
                for n in range(64)
            ],
            connections=8,
        )
    finally:
        stop.set()
        reader.join(20)
    assert torn == []
    assert looks > 5


def test_a_change_that_is_rolled_back_leaves_no_gap(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """The number goes back with the transaction, which a sequence's would not."""
    book(app, clinic, clinic.at(9))
    with app.transaction(force_rollback=True):
        assert book(app, clinic, clinic.at(11))["outcome"] == "booked"
    book(app, clinic, clinic.at(13))
    seqs = [row["seq"] for row in owner.execute("SELECT seq FROM frontdesk.events ORDER BY seq")]
    assert seqs == [1, 2]
