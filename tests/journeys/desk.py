"""The front desk: what its staff do and see through the staff API, and what its records say."""

import os
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from local.environment import surroundings
from tests.journeys.web import Answered, ask, with_query

# What dispatch does once a minute, done now: nobody wants to wait for the minute.
RUN_DISPATCH = """
from types import SimpleNamespace
from functions.dispatch import app
app.handler({}, SimpleNamespace(get_remaining_time_in_millis=lambda: 50_000))
"""


class Desk:
    """A clinic's front desk, with its admin's token."""

    def __init__(self, stack: dict[str, Any], org: int = 0) -> None:
        """Sit down at it."""
        self.stack, self.org = stack, stack["orgs"][org]
        self.zone = ZoneInfo(self.org["time_zone"])

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answered:
        """Send a request with the admin's token; `path` begins with /api."""
        signed = {"authorization": f"Bearer {self.org['staff_token']}"}
        return ask(method, f"{self.stack['http']}{path}", body, signed | headers)

    def reads(self, path: str, **query: str | None) -> Any:
        """Read something of the staff API, such as `me`."""
        answered = self.ask("GET", with_query(f"/api/staff/{path}", query))
        assert answered.status == 200, answered.text
        return answered.body

    def does(self, path: str, **body: Any) -> Any:
        """Do something, such as appointments/ID/cancel."""
        answered = self.ask("POST", f"/api/staff/{path}", body)
        assert answered.status in {200, 201}, answered.text
        return answered.body

    def visit(self, appointment_id: str) -> Any:
        """Read an appointment as it is now."""
        return self.reads(f"appointments/{appointment_id}")

    def moves(self, appointment_id: str, start: datetime) -> Any:
        """Move an appointment, as whoever drags it on the board."""
        return self.does(
            f"appointments/{appointment_id}/move",
            version=self.visit(appointment_id)["version"],
            starts_at=start.isoformat(),
        )

    def day(self, number: int) -> list[datetime]:
        """Return all free starts of the clinic's hour-long service on its so-manieth working day from now.

        A journey has a day of its own, so that none takes another's times. The first is in two days at least.
        """
        day = datetime.now(self.zone).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        for _ in range(number):
            day += timedelta(days=3 if day.weekday() == 4 else 2 if day.weekday() == 5 else 1)
        listed = self.reads(
            "slots",
            service_id=self.org["services"][0]["id"],
            provider_id=self.org["providers"][0]["id"],
            **{"from": day.isoformat(), "to": (day + timedelta(days=1)).isoformat()},
            limit="200",
        )
        return [datetime.fromisoformat(each["starts_at"]).astimezone(self.zone) for each in listed["items"]]

    def timeline(self, contact_id: str) -> list[str]:
        """Return the types of what happened with a patient, newest first."""
        return [each["type"] for each in self.reads(f"contacts/{contact_id}/timeline")["items"]]

    def follow_ups(self, phone: str) -> list[Any]:
        """Return the open follow-ups about a patient."""
        listed = self.reads("follow-ups", status="open", limit="200")
        return [each for each in listed["items"] if each["phone"] == phone]

    def records(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database as its owner, who sees all clinics."""
        with psycopg.connect(self.stack["database_url"], autocommit=True) as owner:
            told = owner.execute(query.encode(), values)
            return told.fetchall() if told.description else []

    def a_minute_passes(self) -> None:
        """Have dispatch run now, with what the template gives it."""
        queues = self.stack["queues"]
        variables = {
            "DATABASE_URL": self.stack["app_database_url"],
            "DATABASE_AUTH": "password",
            **{f"{name.upper()}_QUEUE_URL": queues[name] for name in ("sms", "calendar", "notify")},
            "POWERTOOLS_METRICS_DISABLED": "true",
            "POWERTOOLS_METRICS_NAMESPACE": "Frontdesk",
            "POWERTOOLS_SERVICE_NAME": "dispatch",
            "HOME": os.environ.get("HOME", "/"),
        }
        subprocess.run(
            [sys.executable, "-c", RUN_DISPATCH],
            env=surroundings(self.stack["sqs"]) | variables,
            check=True,
            capture_output=True,
            timeout=60,
        )
