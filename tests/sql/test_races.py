"""Many callers, one slot: exactly one row, every loser a clean answer, no deadlock and no error."""

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.clinics import Clinic, Connection, book, make_clinic, one
from tests.crowd import OVERLAPS, all_at_once, booker, count_outcomes
from tests.database import Database

ROOT = Path(__file__).parents[2]


def phone(n: int) -> str:
    """Return the n-th caller's number."""
    return f"+1202555{n:04d}"


@pytest.mark.parametrize("callers", [10, 50, 200])
def test_one_start_has_one_winner(
    database: Database, owner: Connection, clinic: Clinic, callers: int
) -> None:
    """All want Monday at nine: one row, one contact, three outbox rows; the others hear of other times."""
    answers = all_at_once(
        database,
        [booker(clinic, clinic.at(9), patient_phone=phone(n)) for n in range(callers)],
    )
    assert count_outcomes(answers) == {"booked": 1, "slot_unavailable": callers - 1}
    assert all(len(answer["alternatives"]) == 3 for answer in answers if answer["outcome"] != "booked")
    for table, rows in (("appointments", 1), ("contacts", 1), ("events", 1), ("outbox", 3)):
        assert one(owner, f"SELECT count(*) FROM frontdesk.{table}") == rows


def test_overlapping_starts_have_no_two_winners(
    database: Database, owner: Connection, clinic: Clinic
) -> None:
    """Starts a quarter apart, visits an hour long: a lock on the start time would let neighbours through."""
    starts = [clinic.at(9) + timedelta(minutes=15 * (n % 8)) for n in range(48)]
    answers = all_at_once(
        database,
        [booker(clinic, at, patient_phone=phone(n)) for n, at in enumerate(starts)],
    )
    counts = count_outcomes(answers)
    assert set(counts) == {"booked", "slot_unavailable"}
    assert counts["booked"] == one(owner, "SELECT count(*) FROM frontdesk.appointments")
    assert counts["booked"] in {2, 3}  # 09:00-11:45 holds two or three visits of an hour
    assert one(owner, OVERLAPS) == 0


def test_three_providers_have_three_winners_at_one_start(
    database: Database, owner: Connection, three: Clinic
) -> None:
    """Any provider will do: three of forty are booked, one with each."""
    answers = all_at_once(database, [booker(three, three.at(9), patient_phone=phone(n)) for n in range(40)])
    assert count_outcomes(answers) == {"booked": 3, "slot_unavailable": 37}
    assert one(owner, "SELECT count(DISTINCT provider_id) FROM frontdesk.appointments") == 3
    assert one(owner, OVERLAPS) == 0


def test_any_provider_and_a_named_one_race_without_deadlock(
    database: Database, owner: Connection, three: Clinic
) -> None:
    """Some take one lock, some take three: in key order all of them, so that nobody waits in a circle."""
    wanted = (None, "Ruiz", "Cho", None, "Okafor", None)
    answers = all_at_once(
        database,
        [
            booker(
                three,
                three.at(9) + timedelta(minutes=30 * (n % 5)),
                patient_phone=phone(n),
                provider=wanted[n % 6],
            )
            for n in range(60)
        ],
    )
    assert set(count_outcomes(answers)) == {"booked", "slot_unavailable"}
    assert one(owner, OVERLAPS) == 0
    # Whoever was refused really found nobody free: three visits are left over each half hour they tried.
    assert count_outcomes(answers)["booked"] >= 6


PROCESS = """
import sys, time, psycopg
url, org, at, first, when = sys.argv[1:]
connection = psycopg.connect(url, autocommit=True, prepare_threshold=None)
connection.execute("SELECT frontdesk.org_for_call(NULL, NULL, NULL)")
time.sleep(max(0, float(when) - time.time()))
for n in range(int(first), int(first) + 5):
    row = connection.execute(
        "SELECT frontdesk.book_appointment_atomic(%s, 'Dana Whitfield', NULL, %s, 'Teeth cleaning', %s, NULL)"
        " ->> 'outcome'",
        [org, f"+1202555{n:04d}", at]).fetchone()
    print(row[0])
"""


def test_separate_processes_have_one_winner_too(
    database: Database, owner: Connection, clinic: Clinic
) -> None:
    """Six processes with five callers each, let go by the clock: nothing rests on a lock of Python's."""
    when = str(time.time() + 2)
    started = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                PROCESS,
                database.app_url,
                str(clinic.id),
                clinic.at(9).isoformat(),
                str(first),
                when,
            ],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for first in range(0, 30, 5)
    ]
    outcomes = [line for process in started for line in process.communicate(timeout=60)[0].split()]
    assert [process.returncode for process in started] == [0] * 6
    assert sorted(outcomes) == ["booked"] + ["slot_unavailable"] * 29
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments") == 1


def hold_schedule(holder: Connection, clinic: Clinic, provider: int) -> None:
    """Take a provider's lock in an open transaction, as a booking in progress has it."""
    holder.execute("SELECT frontdesk.lock_schedule(%s, %s, NULL)", [clinic.id, [clinic.providers[provider]]])


def test_only_who_wants_the_same_provider_waits(
    database: Database, app: Connection, three: Clinic, owner: Connection
) -> None:
    """While one schedule is locked, other providers and other clinics are booked at once.

    Who does want it waits 3 seconds, then gets 55P03: the handler says "one moment" and tries again.
    """
    elsewhere = make_clinic(owner)
    with database.connect_owner() as holder, holder.transaction():
        hold_schedule(holder, three, 0)
        began = time.monotonic()
        assert book(app, three, three.at(9), provider="Cho")["outcome"] == "booked"
        assert book(app, elsewhere, elsewhere.at(9))["outcome"] == "booked"
        assert time.monotonic() - began < 2
        with pytest.raises(Exception, match="lock timeout") as raised:
            book(app, three, three.at(9), provider="Ruiz", patient_phone="+12025550100")
        assert getattr(raised.value, "sqlstate", None) == "55P03"
        assert 2.5 < time.monotonic() - began < 8
    assert book(app, three, three.at(9), provider="Ruiz", patient_phone="+12025550100")["outcome"] == "booked"


def test_losers_of_a_taken_slot_do_not_wait_for_the_lock(
    database: Database, owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """The look before the lock refuses what is visibly taken, whoever holds the schedule."""
    book(app, clinic, clinic.at(9))
    with database.connect_owner() as holder, holder.transaction():
        hold_schedule(holder, clinic, 0)
        began = time.monotonic()
        assert book(app, clinic, clinic.at(9), patient_phone="+12025550100")["outcome"] == "slot_unavailable"
        assert time.monotonic() - began < 2
