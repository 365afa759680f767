"""The one connection of a function's container, and the one way to use it: call an SQL function.

A call is one autocommit statement, hence one transaction and one round trip, in the form RDS Proxy never
pins: nothing is prepared by name, nothing is SET, no startup options are sent (docs/decisions/0005).
"""

import os
import random
import select
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from types import FrameType
from typing import Any

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.json import set_json_loads

from frontdesk import rds_token, settings
from frontdesk.errors import DatabaseUnavailableError, ScheduleBusyError

# Seconds. Everything one event asks, with its reconnects and repeats, ends before the caller's patience does
# (Vapi's tool timeout 20 > the function's 12 > this).
DEADLINE = 7.0
MAX_AGE = 15 * 60.0  # shorter than the proxy recycles its own connections
MAX_IDLE = 4 * 60.0  # a container may have been frozen meanwhile
MAX_TRIES = 4

# The connection died before the answer; with an idempotency key the call may be repeated.
_LOST = frozenset({None, "57P01", "57P02", "57P03", "08000", "08003", "08006", "08001", "08004"})
# Two writers met: a deadlock, or a writer that skips the lock (the exclusion constraint stopped it).
_COLLIDED = frozenset({"40P01", "40001", "23P01"})
_LOCK_TIMEOUT = "55P03"

set_json_loads(msgspec.json.decode)


@dataclass(slots=True)
class _Open:
    connection: psycopg.Connection[Any]
    opened_at: float
    used_at: float


_here = threading.local()  # a Lambda container has one thread; the tests have many


def call(function: str, /, *, repeatable: bool, **arguments: Any) -> Any:
    """Call `frontdesk.<function>(p_name => value, ...)` and return its JSON.

    `repeatable` says that a second call does no harm (it reads, or carries an idempotency key): then a lost
    connection is answered by one reconnect and one more try. Collisions of two writers are tried again up to
    three times. Raises ScheduleBusyError or DatabaseUnavailableError, never the driver's own errors: their
    text may quote a patient.
    """
    statement = _statement(function, tuple(arguments))
    try:
        with _deadline():
            return _persist(statement, list(arguments.values()), repeatable=repeatable)
    except DatabaseUnavailableError:
        close()  # whatever state it is in, nobody should inherit it
        raise


def _persist(statement: str, values: list[Any], *, repeatable: bool) -> Any:
    """Execute until there is an answer, or a reason that trying again would not help."""
    lost = 0
    for _ in range(MAX_TRIES):
        try:
            return _execute(statement, values)
        except psycopg.Error as error:
            sqlstate = error.sqlstate
            if isinstance(error, psycopg.OperationalError) and sqlstate in _LOST:
                close()
                lost += 1
                if not repeatable or lost > 1:
                    raise DatabaseUnavailableError(sqlstate) from None
            elif sqlstate == _LOCK_TIMEOUT:
                raise ScheduleBusyError from None
            elif sqlstate in _COLLIDED:
                time.sleep(random.uniform(0.02, 0.2))  # noqa: S311 - jitter, not a secret
            else:
                raise DatabaseUnavailableError(sqlstate) from None
    raise DatabaseUnavailableError("collision")


def ping() -> None:
    """Ask the database whether it is there; raises DatabaseUnavailableError when it is not."""
    try:
        with _deadline():
            _persist("SELECT 1", [], repeatable=True)
    except DatabaseUnavailableError:
        close()
        raise


def close() -> None:
    """Close the connection; the next call opens a new one."""
    held: _Open | None = getattr(_here, "open", None)
    _here.open = None
    if held is not None:
        held.connection.close()


@cache
def _statement(function: str, names: tuple[str, ...]) -> str:
    """Write the statement of a call; function and names come from our own source, never from a caller."""
    return f"SELECT frontdesk.{function}({', '.join(f'p_{name} => %s' for name in names)})"


def _execute(statement: str, values: list[Any]) -> Any:
    held = _usable()
    try:
        row = held.connection.execute(statement, values).fetchone()
    finally:
        held.used_at = time.monotonic()
    return row[0] if row else None


def _usable() -> _Open:
    """Return the open connection if it can still be used, else a new one. Costs no round trip."""
    held: _Open | None = getattr(_here, "open", None)
    now = time.monotonic()
    if held is not None:
        fresh = now - held.opened_at < MAX_AGE and now - held.used_at < MAX_IDLE
        if fresh and not held.connection.closed and not _has_unread(held.connection.fileno()):
            return held
        close()
    _here.open = _Open(_connect(), now, now)
    return _here.open  # type: ignore[no-any-return]  # a thread-local holds anything


def _has_unread(descriptor: int) -> bool:
    """Tell whether the server said something unasked: on an idle connection only a farewell.

    `closed` stays False for a backend that was ended while the container was frozen (measured).
    """
    readable, _, _ = select.select([descriptor], [], [], 0)
    return bool(readable)


def _connect() -> psycopg.Connection[Any]:
    chosen = settings.current()
    parts: dict[str, Any] = dict(conninfo_to_dict(chosen.database_url))
    if chosen.database_auth == "iam":
        parts["password"] = rds_token.sign(
            str(parts["host"]),
            int(parts.get("port", 5432)),
            str(parts["user"]),
            chosen.region,
            os.environ,
            datetime.now(UTC),
        )
    return psycopg.connect(
        **parts,
        autocommit=True,
        prepare_threshold=None,  # a named statement would pin the connection at RDS Proxy
        connect_timeout=3,
        keepalives_idle=30,
        keepalives_interval=10,
        keepalives_count=3,
        tcp_user_timeout=5000,
        application_name="frontdesk",
    )


@contextmanager
def within(seconds: float = DEADLINE) -> Iterator[None]:
    """Give all calls made in here so many seconds together.

    One message may hold several tool calls, and the clinic is looked up before them: each with seven seconds
    of its own would outlast the function. Calls that come too late raise DatabaseUnavailableError at once.
    """
    _here.until = time.monotonic() + seconds
    try:
        yield
    finally:
        _here.until = None


@contextmanager
def _deadline() -> Iterator[None]:
    """End whatever runs in here after DEADLINE seconds: libpq has no timeout for a server that goes silent.

    By a timer signal, which only a main thread can have; elsewhere (tests with threads) a call that has begun
    is not ended.
    """
    until: float | None = getattr(_here, "until", None)
    left = DEADLINE if until is None else min(DEADLINE, until - time.monotonic())
    if left <= 0:
        raise DatabaseUnavailableError("deadline")
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def out_of_time(_signal: int, _frame: FrameType | None) -> None:
        raise DatabaseUnavailableError("deadline")

    before = signal.signal(signal.SIGALRM, out_of_time)
    signal.setitimer(signal.ITIMER_REAL, left)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
