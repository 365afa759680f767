"""What a patient's phone shows, over the whole local stack: the call, the texts, the replies."""

import asyncio
import json
import time
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import aiohttp
import psycopg
import pytest

from local.vapi_call import Answer, PhoneCall, call_tool
from tests.local.stacks import running

WITHIN = 15.0  # seconds; the quick path takes about two, dispatch would take up to a minute
QUIET = 3.0  # long enough for a text that should not come: it would be on the quick path too


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Run one stack for all journeys; each has a patient of its own."""
    with running(tmp_path_factory.mktemp("journeys") / "home") as (_, content):
        yield content


class Patient:
    """Somebody with a phone, who calls the clinic's agent and reads texts."""

    def __init__(self, stack: dict[str, Any], number: str, org: int = 0) -> None:
        """Be known to nobody yet."""
        self.stack, self.number, self.org = stack, number, stack["orgs"][org]
        self.call = PhoneCall(stack["http"], self.org, number)

    def asks(self, tool: str, **arguments: Any) -> Answer:
        """Have the agent call a tool, as Vapi does."""

        async def run() -> Answer:
            async with aiohttp.ClientSession() as session:
                return await call_tool(session, self.call, tool, arguments)

        return asyncio.run(run())

    def offered(self, day: str = "next week") -> list[str]:
        """Ask what is free and return the starts."""
        offer = self.asks("checkAvailability", when=day, service="Teeth cleaning")
        return [slot["startsAt"] for slot in offer.metadata["slots"]]

    def books(self, name: str, start: str) -> Answer:
        """Book that start."""
        booked = self.asks(
            "bookClinicAppointment", patientName=name, reason="Teeth cleaning", startTime=start
        )
        assert booked.code == "BOOKED", booked.text
        return booked

    def texts(self) -> list[str]:
        """Read all texts on the phone, oldest first, from Twilio's side."""
        with urllib.request.urlopen(f"{self.stack['twilio']}/messages", timeout=30) as answer:
            return [each["body"] for each in json.load(answer) if each["to"] == self.number]

    def waits_for_texts(self, count: int) -> list[str]:
        """Wait until so many texts are there."""
        deadline = time.monotonic() + WITHIN
        while len(self.texts()) < count and time.monotonic() < deadline:
            time.sleep(0.1)
        return self.texts()

    def replies(self, words: str) -> str:
        """Text the clinic and return its reply, '' for none."""
        body = {"from": self.number, "to": self.org["twilio_number"], "body": words}
        asked = urllib.request.Request(f"{self.stack['twilio']}/inbound", json.dumps(body).encode())
        with urllib.request.urlopen(asked, timeout=30) as answer:
            told = json.load(answer)
        assert told["http_status"] == 200, told
        return str(told["reply"] or "")

    def visits(self) -> list[str]:
        """Read the states of this patient's visits, as the database's owner."""
        with psycopg.connect(self.stack["database_url"]) as connection:
            rows = connection.execute(
                "SELECT a.status FROM frontdesk.appointments a JOIN frontdesk.contacts c"
                " ON c.org_id = a.org_id AND c.id = a.contact_id WHERE c.phone = %s",
                [self.number],
            ).fetchall()
        return [status for (status,) in rows]


def said(start: str) -> tuple[str, str]:
    """Give the day and the time a text must name, from the start's ISO form: ("December 8", "3:30 PM")."""
    at = datetime.fromisoformat(start)
    hour = f"{at.hour % 12 or 12}" + (f":{at.minute:02}" if at.minute else "")
    return f"{at:%B} {at.day}", f"{hour} {at:%p}"


def test_a_booking_is_texted_once_within_seconds_and_c_confirms_it(stack: dict[str, Any]) -> None:
    """One text with the clinic, the day and the time; the reply C confirms; twice is once."""
    dana = Patient(stack, "+12025550161")
    start = dana.offered()[0]
    dana.books("Dana Whitfield", start)
    [text] = dana.waits_for_texts(1)
    day, hour = said(start)
    assert "Bright Smiles Dental" in text
    assert day in text
    assert hour in text
    assert "cleaning" not in text.lower(), "what the visit is for is nobody's business but the patient's"
    assert dana.visits() == ["pending"]
    assert "confirmed" in dana.replies("C").lower()
    assert dana.visits() == ["confirmed"]
    assert dana.replies(" confirm! ")
    time.sleep(QUIET)
    assert dana.visits() == ["confirmed"]
    assert len([one for one in dana.texts() if day in one and "confirmed" not in one.lower()]) == 1


def test_a_spanish_clinic_texts_in_spanish_and_in_its_own_zone(stack: dict[str, Any]) -> None:
    """The second clinic answers in Spanish: weekday and hour as they are in Denver."""
    ana = Patient(stack, "+13035550162", org=1)
    start = ana.offered()[0]
    ana.books("Ana García", start)
    [text] = ana.waits_for_texts(1)
    at = datetime.fromisoformat(start)
    assert "Clinica del Sol" in text, "á would make it two expensive segments, so it is written plainly"
    assert f"{at.day} de " in text
    assert f" {at.hour % 12 or 12}" in text


def test_a_moved_visit_is_texted_with_its_new_time(stack: dict[str, Any]) -> None:
    """Booked, then moved in the same call: the last text names the new time, and no later one the old."""
    lee = Patient(stack, "+12025550163")
    first, *others = lee.offered()
    booked = lee.books("Lee Chan", first)
    lee.waits_for_texts(1)
    code = booked.metadata["confirmationCode"]
    moved = lee.asks("rescheduleAppointment", confirmationCode=code, newStartTime=others[-1])
    assert moved.code == "RESCHEDULED", moved.text
    texts = lee.waits_for_texts(2)
    assert len(texts) == 2
    day, hour = said(others[-1])
    assert day in texts[-1]
    assert hour in texts[-1]
    time.sleep(QUIET)
    assert len(lee.texts()) == 2


def test_a_cancelled_visit_is_texted_as_cancelled(stack: dict[str, Any]) -> None:
    """Booked and cancelled: two texts, the second says it is off; C afterwards confirms nothing."""
    kim = Patient(stack, "+12025550164")
    booked = kim.books("Kim Novak", kim.offered()[0])
    kim.waits_for_texts(1)
    gone = kim.asks("cancelAppointment", confirmationCode=booked.metadata["confirmationCode"])
    assert gone.code == "CANCELLED", gone.text
    texts = kim.waits_for_texts(2)
    assert len(texts) == 2
    assert "cancel" in texts[-1].lower()
    kim.replies("C")
    assert kim.visits() == ["cancelled"]


def test_after_stop_nothing_is_sent_and_start_begins_again(stack: dict[str, Any]) -> None:
    """STOP, then a booking: no text at all. START, then another one: a text again."""
    max_ = Patient(stack, "+12025550165")
    first, second, *_ = max_.offered()
    max_.replies("STOP")
    max_.books("Max Stone", first)
    time.sleep(QUIET)
    assert max_.texts() == []
    max_.replies("START")
    before = len(max_.texts())
    max_.books("Max Stone", second)
    assert any(said(second)[0] in text for text in max_.waits_for_texts(before + 1)[before:])
