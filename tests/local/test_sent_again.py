"""Moto's queues end with the stack: what was sent shortly before is sent again by the next one."""

from local import stack
from tests.clinics import Connection, make_clinic
from tests.database import Database


def test_what_was_sent_in_the_last_minutes_is_sent_again(database: Database, owner: Connection) -> None:
    """Sent before that it has been consumed; what is dead stays dead; what waits still waits."""
    clinic = make_clinic(owner)
    for kind, sent, dead in [
        ("recent", "now() - interval '5 minutes'", "NULL"),
        ("old", "now() - interval '20 minutes'", "NULL"),
        ("dead", "now() - interval '5 minutes'", "now()"),
        ("waiting", "NULL", "NULL"),
    ]:
        owner.execute(
            "INSERT INTO frontdesk.outbox (org_id, queue, kind, aggregate_id, version, seq, sent_at, dead_at)"
            f" VALUES (%s, 'sms', %s, gen_random_uuid(), 1, 1, {sent}, {dead})",
            [clinic.id, kind],
        )
    stack._send_again(database.owner_url)
    due = owner.execute(
        "SELECT kind FROM frontdesk.outbox WHERE sent_at IS NULL AND dead_at IS NULL AND next_at <= now()"
        " ORDER BY 1"
    ).fetchall()
    assert [row["kind"] for row in due] == ["recent", "waiting"]
