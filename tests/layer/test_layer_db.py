"""frontdesk.db: the one connection, and which trouble is tried again."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors

from frontdesk import db
from frontdesk.errors import DatabaseUnavailableError, ScheduleBusyError
from tests.clinics import Connection
from tests.database import Database


@pytest.fixture(autouse=True)
def function_to_call(connected: Database, owner: Connection) -> None:
    """Make functions that do what their name says, counting how often they are called."""
    owner.execute("CREATE SEQUENCE public.calls")
    owner.execute("GRANT ALL ON SEQUENCE public.calls TO PUBLIC")
    owner.execute(
        "CREATE FUNCTION frontdesk.fail(p_times integer, p_sqlstate text) RETURNS jsonb"
        " LANGUAGE plpgsql AS $$ BEGIN IF nextval('public.calls') <= p_times THEN"
        " RAISE EXCEPTION 'Dana +12025550147' USING ERRCODE = p_sqlstate; END IF;"
        " RETURN jsonb_build_object('ok', true); END $$"
    )
    owner.execute(
        "CREATE FUNCTION frontdesk.rest(p_seconds float) RETURNS jsonb LANGUAGE sql AS"
        " $$ SELECT to_jsonb(true) FROM pg_sleep(p_seconds) $$"
    )
    owner.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA frontdesk TO frontdesk_app")


def fail(times: int, sqlstate: str, *, repeatable: bool = True) -> Any:
    """Call a function that fails so many times before it succeeds."""
    return db.call("fail", repeatable=repeatable, times=times, sqlstate=sqlstate)


def calls(owner: Connection) -> int:
    """Return how often the function was called."""
    row = owner.execute(
        "SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS n FROM public.calls"
    ).fetchone()
    assert row is not None
    return int(row["n"])


@pytest.mark.parametrize("sqlstate", ["40P01", "40001", "23P01"])
def test_a_collision_of_two_writers_is_tried_again(owner: Connection, sqlstate: str) -> None:
    """Three more times at most; a collision was rolled back, so this needs no idempotency key."""
    assert fail(3, sqlstate, repeatable=False) == {"ok": True}
    assert calls(owner) == 4
    owner.execute("SELECT setval('public.calls', 1, false)")
    with pytest.raises(DatabaseUnavailableError) as caught:
        fail(9, sqlstate)
    assert caught.value.sqlstate == "collision"
    assert calls(owner) == db.MAX_TRIES


def test_a_lock_that_is_not_given_is_a_busy_schedule(owner: Connection) -> None:
    """It was waited for already: the caller is asked to try once more, nothing is repeated here."""
    with pytest.raises(ScheduleBusyError):
        fail(1, "55P03")
    assert calls(owner) == 1


@pytest.mark.parametrize("sqlstate", ["57P01", "57P03", "08006"])
def test_a_lost_connection_is_opened_again_once(owner: Connection, sqlstate: str) -> None:
    """Where a repetition does no harm; a second loss is given up."""
    assert fail(1, sqlstate) == {"ok": True}
    owner.execute("SELECT setval('public.calls', 1, false)")
    with pytest.raises(DatabaseUnavailableError):
        fail(2, sqlstate)
    assert calls(owner) == 2


def test_a_call_that_must_not_be_repeated_is_not(owner: Connection) -> None:
    """Without an idempotency key nobody knows whether the first one took effect."""
    with pytest.raises(DatabaseUnavailableError):
        fail(1, "57P01", repeatable=False)
    assert calls(owner) == 1


@pytest.mark.parametrize("sqlstate", ["22023", "42501", "P0001", "23505", "57014"])
def test_any_other_error_is_given_up_at_once_and_quotes_nobody(owner: Connection, sqlstate: str) -> None:
    """Only the SQLSTATE is carried on: Postgres' text may quote the row, and with it a patient."""
    with pytest.raises(DatabaseUnavailableError) as caught:
        fail(1, sqlstate)
    assert caught.value.sqlstate == sqlstate
    assert str(caught.value) == f"The database did not answer (SQLSTATE {sqlstate})."
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert calls(owner) == 1


def test_a_slow_statement_is_ended_by_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The timer interrupts the driver's wait in C; the next call works, on a new connection."""
    monkeypatch.setattr(db, "DEADLINE", 0.3)
    db.call("rest", repeatable=True, seconds=0)
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailableError, match="deadline"):
        db.call("rest", repeatable=True, seconds=5)
    assert 0.25 < time.monotonic() - began < 1.5
    assert db.call("rest", repeatable=True, seconds=0) is True


def test_calls_of_one_event_share_their_time() -> None:
    """What the first used up, the second does not have; what comes too late is not even sent."""
    began = time.monotonic()
    with db.within(0.4):
        db.call("rest", repeatable=True, seconds=0.2)
        with pytest.raises(DatabaseUnavailableError, match="deadline"):
            db.call("rest", repeatable=True, seconds=5)
        with pytest.raises(DatabaseUnavailableError, match="deadline"):
            db.call("rest", repeatable=True, seconds=0)
    assert time.monotonic() - began < 1.5
    assert db.call("rest", repeatable=True, seconds=0) is True


def test_the_deadline_leaves_no_timer_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that was in time is not shot at afterwards."""
    monkeypatch.setattr(db, "DEADLINE", 0.2)
    db.call("rest", repeatable=True, seconds=0)
    time.sleep(0.4)
    db.ping()


def test_each_thread_has_a_connection_of_its_own() -> None:
    """The tests use threads; a Lambda container has one."""
    seen: list[object] = []

    def work() -> None:
        db.ping()
        seen.append(db._here.open.connection)
        db.close()

    db.ping()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(timeout=10)
    assert seen
    assert seen[0] is not db._here.open.connection


def test_a_farewell_of_the_server_is_seen_before_the_next_call(owner: Connection) -> None:
    """`closed` stays False for a backend that was ended; a look at the socket tells, without a round trip."""
    db.ping()
    owner.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE usename = 'frontdesk_app' AND datname = current_database()"
    )
    connection = db._here.open.connection
    assert connection.closed is False
    assert db._has_unread(connection.fileno())
    assert db.call("rest", repeatable=False, seconds=0) is True


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Record what psycopg is asked to connect with, and refuse."""
    asked: list[dict[str, Any]] = []

    def refuse(**parts: Any) -> Any:
        asked.append(parts)
        raise errors.OperationalError

    monkeypatch.setattr(psycopg, "connect", refuse)
    return iter([asked])


def test_an_iam_login_signs_a_new_password_for_each_connection(
    connects: Iterator[list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token lives fifteen minutes and is needed only while connecting; nothing is sent that would pin."""
    from frontdesk import settings

    for name, value in {
        "DATABASE_URL": "postgresql://frontdesk_app@proxy.example:5432/frontdesk?sslmode=verify-full",
        "DATABASE_AUTH": "iam",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }.items():
        monkeypatch.setenv(name, value)
    settings.current.cache_clear()
    db.close()
    asked = next(connects)
    with pytest.raises(DatabaseUnavailableError):
        db.ping()
    assert len(asked) == 2, "one reconnect"
    parts = asked[0]
    assert parts["password"].startswith("proxy.example:5432/?Action=connect&DBUser=frontdesk_app&")
    assert (parts["sslmode"], parts["autocommit"], parts["prepare_threshold"]) == ("verify-full", True, None)
    assert "options" not in parts
