"""What keeps two visits apart: the one function, its lock, its isolation level, the constraint behind it."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.clinics import Clinic, Connection, book, call, one, put_visit
from tests.crowd import Waiting
from tests.database import Database

LOCKING = ("book_appointment_atomic", "reschedule_appointment_atomic", "cancel_appointment_atomic")
LOCKS = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted AND pid = %s
"""


def test_there_is_one_booking_function(owner: Connection) -> None:
    """No overload and no second version; its first seven parameters are the ones callers know."""
    rows = owner.execute("SELECT * FROM pg_proc WHERE proname ~ 'book' AND prokind = 'f'").fetchall()
    assert [row["proname"] for row in rows] == ["book_appointment_atomic"]
    assert rows[0]["proargnames"][:7] == [
        "p_org_id",
        "p_patient_name",
        "p_patient_email",
        "p_patient_phone",
        "p_service_type",
        "p_scheduled_at",
        "p_duration_minutes",
    ]
    assert rows[0]["pronargs"] - rows[0]["pronargdefaults"] == 7


def test_every_function_of_ours_has_one_definition(owner: Connection) -> None:
    """A changed parameter list would leave the old function beside the new one."""
    rows = owner.execute(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'frontdesk'::regnamespace"
        " GROUP BY proname HAVING count(*) > 1"
    ).fetchall()
    assert rows == []


def test_whatever_reads_tables_is_volatile(owner: Connection) -> None:
    """STABLE would read with the snapshot from before the lock; pure functions may differ."""
    rows = owner.execute(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'frontdesk'::regnamespace AND provolatile <> 'v'"
        " ORDER BY 1"
    ).fetchall()
    assert [row["proname"] for row in rows] == [
        "after_quiet_hours",
        "call_state_rank",
        "call_words",
        "impersonal_data",
        "impersonal_heard",
        "insight_figures",
        "invalid_answer",
        "name_key",
        "name_words",
        "reminder_moment",
        "search_config",
        "search_key",
        "sms_status_rank",
        "unknown_field",
    ]


def test_what_callers_may_call_runs_as_the_owner_with_a_fixed_path(owner: Connection) -> None:
    """SECURITY DEFINER, ours first and pg_temp last; the owner can neither log in nor bypass row security."""
    rows = owner.execute(
        "SELECT p.proname, p.prosecdef, p.proconfig, r.rolname, r.rolcanlogin,"
        " r.rolsuper OR r.rolbypassrls AS strong"
        " FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner"
        " WHERE p.pronamespace = 'frontdesk'::regnamespace"
        " AND has_function_privilege('frontdesk_app', p.oid, 'EXECUTE')"
    ).fetchall()
    assert len(rows) > 40
    for row in rows:
        assert row["prosecdef"], row["proname"]
        assert "search_path=frontdesk, pg_temp" in row["proconfig"], row["proname"]
        assert (row["rolname"], row["rolcanlogin"], row["strong"]) == ("frontdesk_owner", False, False)
        assert not any(setting.startswith("app.") for setting in row["proconfig"])


def changes(clinic: Clinic, made: str) -> dict[str, Callable[[Connection], Any]]:
    """Return one call of each function that changes a live range."""
    return {
        "book": lambda c: book(c, clinic, clinic.at(11), patient_phone="+12025550100"),
        "move": lambda c: call(
            c,
            "reschedule_appointment_atomic",
            org_id=clinic.id,
            scheduled_at=clinic.at(14),
            appointment_id=made,
        ),
        "cancel": lambda c: call(c, "cancel_appointment_atomic", org_id=clinic.id, appointment_id=made),
    }


def test_changes_hold_the_lock_until_the_commit(
    database: Database, owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Seen in pg_locks: the provider's and the contact's, for the transaction, and none after it."""
    made = book(app, clinic, clinic.at(9))["appointment"]["id"]
    pid = app.info.backend_pid
    key = one(
        owner,
        "SELECT hashtextextended('provider:v1:' || %s::uuid || ':' || %s::uuid, 0)",
        clinic.id,
        clinic.providers[0],
    )
    held = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = %s"
        " AND ((classid::bigint << 32) | objid::bigint) = %s"
    )
    for name, change in changes(clinic, made).items():
        with app.transaction():
            assert change(app)["outcome"] in {"booked", "rescheduled", "cancelled"}
            assert one(owner, LOCKS, pid) == 2, name
            assert one(owner, held, pid, key) == 1, name
        assert one(owner, LOCKS, pid) == 0, name


def test_two_schedules_are_locked_when_a_visit_changes_hands(
    owner: Connection, app: Connection, three: Clinic
) -> None:
    """The one it leaves, the one it enters, and the contact."""
    made = book(app, three, three.at(9), provider="Ruiz")["appointment"]["id"]
    with app.transaction():
        call(
            app,
            "reschedule_appointment_atomic",
            org_id=three.id,
            scheduled_at=three.at(9),
            appointment_id=made,
            provider="Cho",
        )
        assert one(owner, LOCKS, app.info.backend_pid) == 3


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_other_isolation_levels_are_refused(
    owner: Connection, app: Connection, clinic: Clinic, level: str
) -> None:
    """There a waiter would not see what it waited for, and double-book; nothing is changed."""
    made = book(app, clinic, clinic.at(9))["appointment"]["id"]
    for name, change in changes(clinic, made).items():
        app.execute(f"BEGIN ISOLATION LEVEL {level}")
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="READ COMMITTED"):
            change(app)
        app.execute("ROLLBACK")
        assert one(owner, "SELECT count(*) FROM frontdesk.events") == 1, name


def test_a_writer_without_the_lock_is_stopped_by_the_constraint(owner: Connection, clinic: Clinic) -> None:
    """23P01 and the rule's name, for overlapping live visits of one provider; not for staff's overbooking."""
    put_visit(owner, clinic, clinic.at(9))
    for start, minutes in (
        (clinic.at(9), 60),
        (clinic.at(9, 45), 60),
        (clinic.at(8, 30), 45),
        (clinic.at(8), 180),
    ):
        with pytest.raises(psycopg.errors.ExclusionViolation) as raised:
            put_visit(owner, clinic, start, minutes=minutes)
        assert raised.value.sqlstate == "23P01"
        assert raised.value.diag.constraint_name == "appointments_never_overlap"
    put_visit(owner, clinic, clinic.at(8))
    put_visit(owner, clinic, clinic.at(10))
    put_visit(owner, clinic, clinic.at(9), status="cancelled")
    put_visit(owner, clinic, clinic.at(9), overbooked=True)
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments") == 5


def test_a_cancelled_visit_cannot_be_revived_over_another(owner: Connection, clinic: Clinic) -> None:
    """The constraint looks at every row that becomes live."""
    old = put_visit(owner, clinic, clinic.at(9), status="cancelled")
    put_visit(owner, clinic, clinic.at(9))
    with pytest.raises(psycopg.errors.ExclusionViolation):
        owner.execute("UPDATE frontdesk.appointments SET status = 'pending' WHERE id = %s", [old])


def test_two_providers_of_two_orgs_never_exclude_each_other(
    owner: Connection, clinic: Clinic, three: Clinic
) -> None:
    """Provider numbers are unique over all clinics."""
    put_visit(owner, clinic, clinic.at(9))
    for provider in three.providers:
        put_visit(owner, three, clinic.at(9), provider=provider)
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments") == 4


def test_a_booking_that_meets_a_lockless_writer_fails_whole(
    database: Database, owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """The writer commits between look and insert: 23P01, nothing half written; the retry is a refusal."""
    wish = {"call_id": "c", "tool_call_id": "t"}
    with database.connect_owner() as writer, writer.transaction():
        put_visit(writer, clinic, clinic.at(9))
        waiting = Waiting(database, lambda c: book(c, clinic, clinic.at(9, 30), **wish))
        waiting.until_it_waits(owner, "transactionid")
    with pytest.raises(psycopg.errors.ExclusionViolation):
        waiting.finish()
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments") == 1
    for table in ("events", "outbox", "idempotency_keys"):
        assert one(owner, f"SELECT count(*) FROM frontdesk.{table}") == 0
    assert book(app, clinic, clinic.at(9, 30), **wish)["outcome"] == "slot_unavailable"
