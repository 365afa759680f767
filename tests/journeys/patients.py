"""Somebody with a phone, who calls the clinic's agent and reads texts."""

import json
import time
import urllib.request
from datetime import datetime
from typing import Any

import aiohttp
import psycopg

from local.vapi_call import Answer, PhoneCall, call_tool
from tests.journeys.waiting import apart

WITHIN = 15.0  # seconds; the quick path takes about two, dispatch would take up to a minute


class Patient:
    """Somebody with a phone, who calls the clinic's agent and reads texts."""

    def __init__(self, stack: dict[str, Any], number: str, org: int = 0, service: int = 0) -> None:
        """Be known to nobody yet, and in want of one of the clinic's services; the first takes an hour."""
        self.stack, self.number, self.org = stack, number, stack["orgs"][org]
        self.reason = str(self.org["services"][service]["name"])
        self.call = PhoneCall(stack["http"], self.org, number)

    def asks(self, tool: str, **arguments: Any) -> Answer:
        """Have the agent call a tool, as Vapi does."""

        async def run() -> Answer:
            async with aiohttp.ClientSession() as session:
                return await call_tool(session, self.call, tool, arguments)

        return apart(run)

    def offered(self, day: str = "next week") -> list[str]:
        """Ask what is free and return the starts."""
        offer = self.asks("checkAvailability", when=day, service=self.reason)
        return [slot["startsAt"] for slot in offer.metadata["slots"]]

    def wishes(self, name: str, start: str, **more: Any) -> Answer:
        """Ask for that start, whatever the answer is."""
        return self.asks(
            "bookClinicAppointment", patientName=name, reason=self.reason, startTime=start, **more
        )

    def books(self, name: str, start: str, **more: Any) -> Answer:
        """Book that start."""
        booked = self.wishes(name, start, **more)
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
