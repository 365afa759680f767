"""The road of a text under storm: real SQL, dispatch, worker and Twilio SDK; only SQS and time are ours.

What became of the texts is counted by others than those who sent them: at the fake Twilio, by the patient's
number, and in the tables as their owner.
"""

import json
import os
import random
import urllib.request
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from frontdesk import credentials, db, outbox, settings
from frontdesk.errors import CredentialsMissingError
from functions.dispatch import app as dispatch
from functions.sms_worker import app as worker
from functions.sms_worker import twilio_sms
from local.fake_twilio import FakeTwilio
from local.fake_twilio_faults import Faults
from local.fake_twilio_messages import Account
from local.queues import failed_ids
from tests.clinics import Clinic, Connection, book, make_clinic
from tests.database import Database
from tests.fake_twilio import running_fake
from tests.storm.queue import Message, Sqs

FULL = os.environ.get("STORM") == "full"
BATCH = 5  # as the template says
A_STEP = 65.0  # virtual seconds: past a minute's retry and half a look's pause
OPEN_STATES = ("queued", "claimed", "unknown", "retry")


class Killed(BaseException):
    """The process died here. No handler of the product may catch it."""


class Lambda:
    """A context with time enough."""

    def get_remaining_time_in_millis(self) -> int:
        """Return what is left."""
        return 50_000


@dataclass
class House:
    """Clinics, their patients, and everything between a commit and a phone."""

    owner: Connection
    app: Connection
    sqs: Sqs
    twilio: FakeTwilio
    dice: random.Random
    clinics: list[Clinic]
    secrets: dict[uuid.UUID, dict[str, str]]
    booked: dict[str, tuple[Clinic, uuid.UUID]] = field(default_factory=dict)  # patient's number -> visit
    outcomes: Counter[str] = field(default_factory=Counter)

    def book(self, count: int, clinics: list[Clinic] | None = None) -> list[str]:
        """Book so many patients, each with a number and a time of their own; return the numbers."""
        chosen = clinics or self.clinics
        phones = []
        for _ in range(count):
            number = len(self.booked)
            clinic = chosen[number % len(chosen)]
            phone = f"+1303{5_600_000 + number:07d}"
            answer = book(self.app, clinic, self.slot(clinic), patient_phone=phone, service_type="Check-up")
            assert answer["outcome"] == "booked", answer["outcome"]
            self.booked[phone] = (clinic, uuid.UUID(answer["appointment"]["id"]))
            phones.append(phone)
        return phones

    def slot(self, clinic: Clinic) -> datetime:
        """Give the clinic's next time nobody has: half hours, sixteen a day, five days a week."""
        taken = sum(one is clinic for one, _ in self.booked.values()) // len(clinic.providers)
        days, place = divmod(taken, 16)
        weeks, day = divmod(days, 5)
        return clinic.at(9, day=7 * weeks + day) + timedelta(minutes=30 * place)

    def dispatch(self) -> dict[str, int]:
        """Run dispatch once."""
        return dispatch.handler({}, Lambda())

    def work(self, batch: int = BATCH, most: int = 100_000) -> int:
        """Let the worker take batches until nothing is visible; return the batches. A death is survived."""
        queue, batches = self.sqs.queues["sms"], 0
        while batches < most and (messages := queue.receive(batch)):
            batches += 1
            try:
                answer = worker.handler(queue.event(messages), Lambda())
            except Killed:
                self.outcomes["killed"] += 1
                db.close()  # the process is gone, its connection with it
                continue
            failed = failed_ids(answer, [message.id for message in messages])
            queue.delete([message for message in messages if message.id not in failed])
        return batches

    def pass_time(self, seconds: float) -> None:
        """Let virtual time go by: every moment in the tables that is waited for comes nearer."""
        gone = timedelta(seconds=seconds)
        self.owner.execute(
            "UPDATE frontdesk.outbox SET next_at = next_at - %(gone)s, claimed_at = claimed_at - %(gone)s,"
            " created_at = created_at - %(gone)s WHERE sent_at IS NULL",
            {"gone": gone},
        )
        self.owner.execute(
            "UPDATE frontdesk.sms_messages SET next_at = next_at - %(gone)s, sweep_at = sweep_at - %(gone)s,"
            " claimed_at = claimed_at - %(gone)s, looked_at = looked_at - %(gone)s,"
            " valid_until = valid_until - %(gone)s, created_at = created_at - %(gone)s"
            " WHERE state = ANY(%(open)s)",
            {"gone": gone, "open": list(OPEN_STATES)},
        )
        self.sqs.pass_time(seconds)

    def settle(self, steps: int = 40, batch: int = BATCH, step: float = A_STEP) -> int:
        """Go on, a minute at a time, until no row is unsent and no text open; return the steps it took."""
        for taken in range(1, steps + 1):
            self.survive_dispatch()
            self.work(batch)
            if not self.unfinished():
                return taken
            self.pass_time(step)
        return steps

    def survive_dispatch(self) -> None:
        """Run dispatch; it may die."""
        try:
            self.dispatch()
        except Killed:
            self.outcomes["killed"] += 1
            db.close()

    def unfinished(self) -> int:
        """Count what still waits: rows not sent, texts not ended, messages not worked on."""
        row = self.owner.execute(
            "SELECT (SELECT count(*) FROM frontdesk.outbox WHERE sent_at IS NULL AND dead_at IS NULL)"
            " + (SELECT count(*) FROM frontdesk.sms_messages WHERE state = ANY(%s)) AS open",
            [list(OPEN_STATES)],
        ).fetchone()
        assert row is not None
        return int(row["open"]) + len(self.sqs.queues["sms"].waiting)

    def arrived(self) -> Counter[str]:
        """Ask Twilio how many texts each number got."""
        with urllib.request.urlopen(f"{self.twilio.url}/messages", timeout=30) as answer:
            return Counter(each["to"] for each in json.load(answer))

    def states(self) -> Counter[str]:
        """Count the texts by their state, as the tables' owner."""
        rows = self.owner.execute(
            "SELECT state, count(*) AS many FROM frontdesk.sms_messages GROUP BY 1"
        ).fetchall()
        return Counter({row["state"]: row["many"] for row in rows})

    def faults(self, **wanted: Any) -> None:
        """Put faults in force; {} ends them."""
        body = json.dumps({"callback_loss": 1.0, "hold_seconds": 0.4, **wanted}).encode()
        asked = urllib.request.Request(
            f"{self.twilio.url}/faults", body, {"content-type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:
            assert answer.status == 200

    def dead(self) -> list[Message]:
        """Return the dead-letter queue."""
        return self.sqs.queues["sms"].dead


def assert_everybody_was_told_once(house: House, phones: list[str]) -> None:
    """0 lost, 0 twice: by Twilio's own count, and no text is open or failed."""
    arrived = house.arrived()
    lost = [phone for phone in phones if arrived[phone] == 0]
    twice = {phone: arrived[phone] for phone in phones if arrived[phone] > 1}
    assert not lost, f"{len(lost)} of {len(phones)} texts lost; {house.states()}"
    assert not twice, f"{len(twice)} of {len(phones)} sent more than once; {house.states()}"
    assert not set(house.states()) & {*OPEN_STATES, "failed", "expired"}, house.states()
    assert not house.dead()


@contextmanager
def standing(
    database: Database, patch: pytest.MonkeyPatch, seed: int, *, clinics: int, duplicates: float = 0.0
) -> Iterator[House]:
    """Build a house; `seed` is printed, and decides everything that is not time."""
    print(f"storm seed {seed}")
    dice = random.Random(seed)
    with database.connect_owner() as owner, database.connect_app() as app:
        made = [
            make_clinic(
                owner, providers=[f"Dr. {name}" for name in "ABCD"], sms_sender=f"+1202555{number:04d}"
            )
            for number in range(clinics)
        ]
        accounts, secrets = _accounts(made)
        with running_fake(accounts, faults=Faults(callback_loss=1.0, status_step_seconds=0.01)) as twilio:
            _point_at(database, patch, twilio, secrets)
            sqs = Sqs(dice, duplicates=duplicates)
            patch.setattr(outbox, "_sqs", lambda: sqs)
            try:
                yield House(owner, app, sqs, twilio, dice, made, secrets)
            finally:
                db.close()
                settings.current.cache_clear()


def _accounts(clinics: list[Clinic]) -> tuple[list[Account], dict[uuid.UUID, dict[str, str]]]:
    accounts, secrets = [], {}
    for number, clinic in enumerate(clinics):
        sid, token = f"AC{number:032x}", f"{number + 1:032x}"
        accounts.append(Account(f"Clinic {number}", sid, token, f"+1202555{number:04d}", f"MG{number:032x}"))
        secrets[clinic.id] = {"account_sid": sid, "auth_token": token}
    return accounts, secrets


def _point_at(
    database: Database,
    patch: pytest.MonkeyPatch,
    twilio: FakeTwilio,
    secrets: dict[uuid.UUID, dict[str, str]],
) -> None:
    for name, value in {
        "DATABASE_URL": database.app_url,
        "DATABASE_AUTH": "password",
        "TWILIO_API_BASE": twilio.url,
        # Nobody listens: no callback repairs anything, looking is all there is.
        "PUBLIC_BASE_URL": "http://127.0.0.1:9",
        **{
            f"{queue.upper()}_QUEUE_URL": f"https://sqs.invalid/{queue}"
            for queue in ("sms", "calendar", "notify")
        },
    }.items():
        patch.setenv(name, value)
    settings.current.cache_clear()
    patch.setattr(
        twilio_sms, "READ_SECONDS", 0.25
    )  # shorter than the fake's silence, as 10 s is than Twilio's
    patch.setattr(outbox, "publish_later", lambda *_: None)  # the quick path fails always: dispatch sends all

    def required(org_id: uuid.UUID, purpose: str) -> dict[str, str]:
        if org_id not in secrets:
            raise CredentialsMissingError(org_id, purpose)
        return secrets[org_id]

    patch.setattr(credentials, "required", required)
