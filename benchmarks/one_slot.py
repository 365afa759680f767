"""A thousand requests for one slot over fifty connections: who is right, and what being right costs."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from benchmarks.database import Clinics, Connection
from benchmarks.figures import Effort, Section, count, ratio

NAME = "one-slot"
REQUESTS = 1000
CONNECTIONS = 50
WARM_CALLS = 6  # the statements of a plpgsql function are planned anew for its first five calls
# With the constraint alone a thousand requests took a minute and a half once: deadlocks, each found after a
# second, and calls that ran into their timeout. So it runs once, with this many, against as many of ours.
EXCLUDED_REQUESTS = 200

ORG = "00000000-0000-4000-8000-000000100001"
PROVIDER = "00000000-0000-4000-9000-000010000101"

# Each of these texts is one statement; {phone}, {start} differ from call to call.
OURS = (
    f"SELECT frontdesk.book_appointment_atomic('{ORG}', 'Dana Whitfield', NULL, '{{phone}}', 'Check-up',"
    f" '{{start}}', 30, '{PROVIDER}', 'call-{{phone}}', '{{start}}') ->> 'outcome'"
)
NAIVE = f"SELECT bench.naive_book('{ORG}', '{PROVIDER}', '{{phone}}', '{{start}}', 30)"
EXCLUDED = "SELECT bench.excluded_book(1, '{phone}', '{start}', 30)"


@dataclass(frozen=True)
class Race:
    """One race: seconds until the last answer, and how often each outcome (or SQLSTATE) was given."""

    seconds: float
    outcomes: Counter[str]


def measure(clinics: Clinics, effort: Effort) -> Section:
    """Let the three designs race for one half hour, asked for at two overlapping starts, in turn."""
    place = clinics.copy("one_slot")
    races: dict[str, list[Race]] = {"ours": [], "naive": []}
    connections = [place.app() for _ in range(CONNECTIONS)]
    try:
        _warm(connections)
        for number in range(effort.rounds):
            for name, statement in (("ours", OURS), ("naive", NAIVE)):
                races[name].append(_race(connections, statement, number, REQUESTS))
        races["ours, few"] = [_race(connections, OURS, effort.rounds, EXCLUDED_REQUESTS)]
        races["excluded"] = [_race(connections, EXCLUDED, effort.rounds, EXCLUDED_REQUESTS)]
    finally:
        for connection in connections:
            connection.close()
    seconds = {name: [race.seconds for race in found] for name, found in races.items()}
    figures = (
        count("booked of 1000 overlapping requests", _outcomes(races["ours"], "booked"), 1),
        count("refused politely", _outcomes(races["ours"], "slot_unavailable"), REQUESTS - 1),
        count("deadlocks", _outcomes(races["ours"], "40P01"), 0),
        count("other errors", _errors(races["ours"]), 0),
        count("booked by a look and an insert with no lock", _outcomes(races["naive"], "booked")),
        ratio("time over the unlocked look and insert (which is wrong)", seconds["ours"], seconds["naive"]),
        count(f"deadlocks of the exclusion constraint alone, {EXCLUDED_REQUESTS} requests",
              _outcomes(races["excluded"], "40P01")),
        ratio(f"time over the exclusion constraint alone, {EXCLUDED_REQUESTS} requests",
              seconds["ours, few"], seconds["excluded"]),
    )  # fmt: skip
    raw = {
        name: [{"seconds": round(r.seconds, 3), **r.outcomes} for r in found] for name, found in races.items()
    }
    return Section(NAME, figures, raw, (
        "our refusals carry the next free starts, which the rivals do not look for",
        f"the constraint alone is raced once, with {EXCLUDED_REQUESTS} requests",
    ))  # fmt: skip


def _outcomes(races: list[Race], outcome: str) -> list[float]:
    return [race.outcomes[outcome] for race in races]


def _errors(races: list[Race]) -> list[float]:
    known = {"booked", "slot_unavailable", "40P01"}
    return [sum(times for outcome, times in race.outcomes.items() if outcome not in known) for race in races]


def _first_day() -> datetime:
    return datetime.now(UTC).replace(hour=15, minute=0, second=0, microsecond=0) + timedelta(days=2)


def _warm(connections: list[Connection]) -> None:
    """Let every connection book and be refused a few times, at starts that no race is for."""
    spare = _first_day() + timedelta(days=100, hours=-2)
    for line, connection in enumerate(connections):
        for again in range(WARM_CALLS):
            for statement in (OURS, NAIVE, EXCLUDED):
                _ask(connection, statement, spare + timedelta(minutes=30 * again), f"+1404{line:07}")


def _race(connections: list[Connection], statement: str, number: int, requests: int) -> Race:
    """Let all connections ask for the same half hour of another week in each round."""
    wanted = _first_day() + timedelta(
        days=7 * number
    )  # the calendars are filled on the third day of every week
    told: list[str] = []
    gate = threading.Barrier(CONNECTIONS + 1)

    def caller(line: int) -> None:
        gate.wait()
        for turn in range(requests // CONNECTIONS):
            start = wanted + timedelta(minutes=15 * ((line + turn) % 2))
            told.append(_ask(connections[line], statement, start, f"+1505{line * 100 + turn:07}"))

    seconds = _timed(gate, caller)
    return Race(seconds, Counter(told))


def _timed(gate: threading.Barrier, caller: Callable[[int], None]) -> float:
    threads = [threading.Thread(target=caller, args=[line]) for line in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    gate.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def _ask(connection: Connection, statement: str, start: datetime, phone: str) -> str:
    """Ask once, on libpq itself (it lets other threads run meanwhile); return the outcome or the SQLSTATE."""
    text = statement.format(start=start.isoformat(), phone=phone)
    answer = connection.pgconn.exec_(text.encode())
    if answer.status == psycopg.pq.ExecStatus.TUPLES_OK:
        return (answer.get_value(0, 0) or b"").decode()
    return (answer.error_field(psycopg.pq.DiagnosticField.SQLSTATE) or b"lost").decode()
