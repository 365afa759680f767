"""`make call` and `make race` against a running stack, and what they do without one."""

import asyncio
import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from rich.console import Console

from local import race, race_slots
from local.call import first_start
from local.race import Caller, Outcome
from local.race_slots import Slot
from local.stack_file import NoStackError
from local.vapi_call import Answer, PhoneCall, message
from tests.local.stacks import ROOT, homes, running, surroundings

ZONE = ZoneInfo("America/New_York")
ORG: Mapping[str, Any] = {"vapi_phone_number_id": "id", "vapi_number": "+12025550100", "vapi_secret": "s"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any]]]:
    """One running stack for all journeys of this file."""
    home = tmp_path_factory.mktemp("stack") / "home"
    with homes(home), running(home) as (_, content):
        yield home, content


def tool(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m local...` beside the stack in `home`."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT, env=surroundings(home), text=True, capture_output=True, timeout=120, check=False,
    )  # fmt: skip


def appointments(content: dict[str, Any], slug: str) -> int:
    """Count a clinic's appointments in the stack's database."""
    org = next(org["id"] for org in content["orgs"] if org["slug"] == slug)
    with psycopg.connect(content["database_url"]) as connection:
        row = connection.execute(
            "SELECT count(*) FROM frontdesk.appointments WHERE org_id = %s", [org]
        ).fetchone()
    assert row is not None
    return int(row[0])


def book_workers(content: dict[str, Any]) -> list[int]:
    """List the processes which run the booking function of this very stack."""
    mine = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            command = (place / "cmdline").read_text().split("\0")
            environment = (place / "environ").read_text()
        except OSError:
            continue
        if "local.worker" in command and f"AWS_ENDPOINT_URL={content['sqs']}\0" in environment:
            mine.append(int(place.name))
    return mine


def test_a_call_ends_with_one_appointment(stack: tuple[Path, dict[str, Any]]) -> None:
    """The agent offers, books, and gives the retry the very same answer; one row and one text come of it."""
    home, content = stack
    before = appointments(content, "clinica-del-sol")
    done = tool(home, "local.call", "--org", "clinica-del-sol", "--name", "Ana García")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "checkAvailability -> " in done.stdout
    assert "bookClinicAppointment -> BOOKED" in done.stdout
    assert "the same answer, word for word" in done.stdout
    assert "Clinica del Sol: Ana" in done.stdout, "the text, in the clinic's language"
    assert done.stdout.count("\nText ") == 1
    assert appointments(content, "clinica-del-sol") == before + 1
    told = re.search(r"reports the call (\S+): (\d+) lines", done.stdout)
    assert told is not None
    with psycopg.connect(content["database_url"]) as connection:
        kept = connection.execute(
            "SELECT c.outcome, c.state, count(*) FROM frontdesk.calls c JOIN frontdesk.call_messages m"
            " ON m.call_id = c.id WHERE c.vapi_call_id = %s GROUP BY 1, 2",
            [told[1]],
        ).fetchone()
    # A tool call and its answer are one line of the transcript, and two of Vapi's.
    assert kept == ("booked", "ended", int(told[2]) - 2)


@pytest.mark.parametrize("more", [["--callers", "10"], ["--callers", "8", "--slots", "2", "--staggered"]])
def test_a_race_has_one_winner_per_slot(stack: tuple[Path, dict[str, Any]], more: list[str]) -> None:
    """Same start or overlapping ones: one BOOKED and one row a slot, SLOT_UNAVAILABLE for the rest."""
    home, content = stack
    before = appointments(content, "bright-smiles")
    done = tool(home, "local.race", *more)
    assert done.returncode == 0, done.stdout + done.stderr
    callers, slots = int(more[1]), int(more[3]) if "--slots" in more else 1
    assert f"{slots} BOOKED, {callers * slots - slots} SLOT_UNAVAILABLE, 0 other" in done.stdout
    assert appointments(content, "bright-smiles") == before + slots


@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
def test_the_stack_goes_on_after_its_workers_were_killed(stack: tuple[Path, dict[str, Any]]) -> None:
    """Every idle booking process is killed; the next caller is served by a new one."""
    home, content = stack
    assert tool(home, "local.race", "--callers", "8").returncode == 0
    workers = book_workers(content)
    assert len(workers) >= 8, "eight callers at once are eight processes"
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    time.sleep(0.3)
    done = tool(home, "local.call", "--phone", "+12025550148")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_stranger_is_refused_by_the_stack(stack: tuple[Path, dict[str, Any]]) -> None:
    """One clinic's secret opens nothing of another's."""
    _, content = stack
    first, second = content["orgs"]
    swapped = {**content, "orgs": [{**first, "vapi_secret": second["vapi_secret"]}]}
    done = asyncio.run(race.race(race.callers(2, _slots(1), swapped["http"], swapped["orgs"][0]), first))
    assert [outcome.code for outcome in done] == ["NoAnswerError", "NoAnswerError"]
    assert all("HTTP 401" in outcome.text for outcome in done)


@pytest.mark.parametrize("name", ["local.call", "local.race"])
def test_without_a_stack_there_is_one_sentence(tmp_path: Path, name: str) -> None:
    """No trace, exit 1, and the way out."""
    done = tool(tmp_path, name)
    assert done.returncode == 1
    assert done.stderr.strip() == "No stack is running here: start one with `make run` in another terminal."


@pytest.mark.parametrize("more", [["--callers", "0"], ["--slots", "0"], ["--callers", "251", "--slots", "2"]])
def test_a_race_is_bounded(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """At most 500 callers in all, whatever the slots."""
    assert race.main(more) == 1
    assert "at most 500 callers" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url", ["http://example.com", "http://10.0.0.1:8787", "http://127.0.0.1.example.com", "http:"]
)
def test_a_race_runs_on_this_machine_only(url: str) -> None:
    """Anything but a loopback address is refused, also one that only begins like one."""
    race.refuse_strangers("http://127.0.0.1:8787", "postgresql://a:b@localhost:5432/x", "http://[::1]:80")
    with pytest.raises(NoStackError, match="this machine only"):
        race.refuse_strangers("http://127.0.0.1:1", url)


def _slots(count: int, starts: int = 1) -> list[Slot]:
    noon = datetime(2027, 3, 1, 12, tzinfo=ZONE)
    wishes = tuple(noon + timedelta(minutes=15 * step) for step in range(starts))
    return [Slot("p", f"Dr. {n}", wishes, wishes[-1] + timedelta(hours=1)) for n in range(count)]


def _verdict(codes: list[str], rows: list[int]) -> tuple[int, str]:
    slots = _slots(1)
    call = PhoneCall("http://127.0.0.1", ORG, "+12025550147")
    outcomes = [
        Outcome(Caller(n, slots[0], slots[0].starts[0], call), code, "") for n, code in enumerate(codes)
    ]
    paper = io.StringIO()
    return race.report(outcomes, slots, rows, 1.0, Console(file=paper, width=200)), paper.getvalue()


@pytest.mark.parametrize(
    ("codes", "rows", "fair"),
    [
        (["BOOKED", "SLOT_UNAVAILABLE"], [1], True),
        (["BOOKED", "BOOKED"], [2], False),
        (["BOOKED", "BOOKED"], [1], False),
        (["BOOKED", "SLOT_UNAVAILABLE"], [2], False),
        (["BOOKED", "SLOT_UNAVAILABLE"], [0], False),
        (["SLOT_UNAVAILABLE", "SLOT_UNAVAILABLE"], [0], False),
        (["BOOKED", "OUTSIDE_HOURS"], [1], False),
        (["BOOKED", "NoAnswerError"], [1], False),
    ],
)
def test_the_verdict_believes_answers_and_rows_only_together(
    codes: list[str], rows: list[int], fair: bool
) -> None:
    """Two winners, two rows, none, or any answer of another kind: each is a failed race."""
    code, text = _verdict(codes, rows)
    assert code == (0 if fair else 1)
    assert ("One slot, one patient." in text) is fair


def test_every_caller_has_a_number_of_their_own() -> None:
    """Five hundred different fictional numbers, none of them the clinic's."""
    field = race.callers(250, _slots(2, starts=4), "http://127.0.0.1", ORG)
    numbers = {caller.call.caller for caller in field}
    assert len(field) == len(numbers) == 500
    assert all(re.fullmatch(r"\+1\d{3}55501\d\d", number) for number in numbers)
    assert ORG["vapi_number"] not in numbers
    assert {caller.start for caller in field} == set(_slots(1, starts=4)[0].starts)


def test_staggered_wishes_all_exclude_each_other() -> None:
    """The last start lies before the end of a visit from the first, and slots do not touch each other."""
    monday = datetime(2027, 3, 1, tzinfo=ZONE)
    provider = {"id": "p", "name": "Dr. Patel"}
    slots = race_slots._slots_of(monday, 60, provider, staggered=True)
    assert len(slots) == 4
    for slot, following in pairwise(slots):
        assert slot.starts[-1] < slot.starts[0] + timedelta(minutes=60)
        assert following.starts[0] == slot.ends
    assert slots[-1].ends <= monday.replace(hour=17)
    assert race_slots._slots_of(monday - timedelta(days=1), 60, provider, staggered=True) == []


def test_the_first_offered_moment_is_found_wherever_it_stands() -> None:
    """Slots, alternatives, nested or not; text that only looks like a moment is passed over."""
    moment = "2027-03-01T09:00:00-05:00"
    assert first_start({"today": "2027-02-28", "slots": [{"id": "20270301T0900", "at": moment}]}) == (
        datetime.fromisoformat(moment)
    )
    assert first_start({"slots": [], "status": "NO_AVAILABILITY", "note": "2027-03-01T09:00"}) is None


def test_a_played_message_has_vapis_shape_and_the_number_in_the_envelope() -> None:
    """Arguments are a JSON string, the caller's number is the call's and not the model's."""
    call = PhoneCall("http://127.0.0.1", ORG, "+12025550147")
    sent = message(call, "bookClinicAppointment", {"patientName": "Dana Whitfield"}, "call_1")["message"]
    [tool_call] = sent["toolCallList"]
    assert tool_call["function"] == {
        "name": "bookClinicAppointment",
        "arguments": '{"patientName": "Dana Whitfield"}',
    }
    assert sent["toolWithToolCallList"][0]["toolCall"] == tool_call
    assert sent["customer"]["number"] == sent["call"]["customer"]["number"] == "+12025550147"
    assert sent["call"]["phoneNumberId"] == sent["phoneNumber"]["id"] == "id"


def test_what_is_spoken_has_neither_code_nor_ids() -> None:
    """BOOKED. and appointmentId=... are for the machine."""
    text = "BOOKED. You are booked with Dr. Patel at 3 PM. appointmentId=apt_1 slotIds=a,b"
    answer = Answer(200, text, {}, 1.0)
    assert (answer.code, answer.spoken) == ("BOOKED", "You are booked with Dr. Patel at 3 PM.")
