"""The demo clinics' connection with the fake Google."""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import pytest

from frontdesk import calendars, credentials, db, settings
from local import demo, demo_google
from local.demo import CLINICS
from local.moto_server import ROOT
from tests.clinics import Connection
from tests.database import Database
from tests.fake_google import FakeGoogleThread, running_fake
from tests.keys import KeyService, point_at, running_kms

SECRET = "kept in .local"
ACCOUNTS = demo_google.accounts(SECRET)
BRIGHT, SOL = CLINICS


@pytest.fixture(scope="module")
def kms() -> Iterator[KeyService]:
    """Start one KMS for this file."""
    with running_kms() as service:
        yield service


@pytest.fixture
def fake() -> Iterator[FakeGoogleThread]:
    """Run a fake with the demo clinics' accounts."""
    with running_fake(ACCOUNTS.values()) as running:
        yield running


@pytest.fixture
def around(database: Database, kms: KeyService, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Seed the demo clinics, and let this process read what the demo stores."""
    demo.seed(database.owner_url)
    point_at(kms, monkeypatch)
    monkeypatch.setenv("DATABASE_URL", database.app_url)
    monkeypatch.setenv("DATABASE_AUTH", "password")
    settings.current.cache_clear()
    yield
    db.close()
    settings.current.cache_clear()


def connect(database: Database, kms: KeyService, fake: FakeGoogleThread, key_id: str = "") -> None:
    """Do what the stack does at its start, under the first key or another."""
    variables = kms.environment() | {
        "DATABASE_URL": database.owner_url,
        "DATABASE_AUTH": "password",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "shared")]),
        "CREDENTIALS_KEY_ID": key_id or kms.key_id,
    }
    wanted = key_id or kms.key_id
    asyncio.run(demo_google.let_them_connect(database.owner_url, wanted, ACCOUNTS, fake.fake, variables))


def assigned(owner: Connection) -> dict[Any, str]:
    """Give whose calendar is whose."""
    rows = owner.execute("SELECT provider_id, google_calendar_id FROM frontdesk.calendars").fetchall()
    return {row["provider_id"]: row["google_calendar_id"] for row in rows}


def test_every_demo_provider_has_a_calendar_that_opens(
    database: Database, owner: Connection, kms: KeyService, fake: FakeGoogleThread, around: None
) -> None:
    """The sealed refresh token is one the fake takes, and its grant reads and writes the calendars."""
    connect(database, kms, fake)
    assert len(assigned(owner)) == 4
    for clinic in CLINICS:
        told = calendars.access(clinic.id)
        assert told["status"] == "connected"
        opened = credentials.open_json(clinic.id, "google", told["refresh"])
        assert opened == {"refresh_token": ACCOUNTS[clinic.id].refresh_token}
        token = credentials.open_json(clinic.id, "google_access", told["access"])["access_token"]
        for name in clinic.providers:
            calendar_id = assigned(owner)[clinic.id_of("provider", name)]
            page = fake.ask_as(token, f"/calendars/{calendar_id}/events")
            assert (page["summary"], page["timeZone"]) == (name, clinic.time_zone)


def test_what_a_person_changed_outlives_a_restart(
    database: Database, owner: Connection, kms: KeyService, fake: FakeGoogleThread, around: None
) -> None:
    """A second start seals nothing anew, connects nobody who disconnected, assigns nothing back."""
    connect(database, kms, fake)
    calendars.disconnect(BRIGHT.id, "system")
    vega = SOL.id_of("provider", "Dr. Vega")
    owner.execute(
        "UPDATE frontdesk.calendars SET google_calendar_id = 'elsewhere' WHERE provider_id = %s", [vega]
    )
    before = calendars.access(SOL.id)
    connect(database, kms, fake)
    assert calendars.access(BRIGHT.id)["status"] == "disconnected"
    assert calendars.access(SOL.id)["refresh_version"] == before["refresh_version"]
    assert assigned(owner)[vega] == "elsewhere"


def test_tokens_of_another_key_are_sealed_anew(
    database: Database, owner: Connection, kms: KeyService, fake: FakeGoogleThread, around: None
) -> None:
    """A stack with a new KMS secret could not open the old ones."""
    connect(database, kms, fake)
    connect(database, kms, fake, kms.other_key_id)
    told = calendars.access(BRIGHT.id)
    assert told["refresh"]["key_id"] == kms.other_key_id
    assert credentials.open_json(BRIGHT.id, "google", told["refresh"])["refresh_token"]


def test_stack_json_tells_whose_calendar_is_whose(fake: FakeGoogleThread) -> None:
    """With its token one acts as the provider does in Google, and that is not counted as ours."""
    told = demo_google.google_of(SOL, fake.fake)
    assert list(told["calendars"]) == [str(SOL.id_of("provider", name)) for name in SOL.providers]
    assert told["calendar_id"] == next(iter(told["calendars"].values()))
    day = {"start": {"date": "2026-12-24"}, "end": {"date": "2026-12-25"}}
    path = f"/calendars/{told['calendar_id']}/events"
    fake.ask_as(told["access_token"], path, {"summary": "Closed"} | day, method="POST")
    assert [event["summary"] for event in fake.events(told["calendar_id"])] == ["Closed"]
    assert fake.writes() == []


def test_accounts_outlive_a_restart() -> None:
    """The same kept secret gives the same accounts and client secret; another, others."""
    assert demo_google.accounts(SECRET) == ACCOUNTS
    assert demo_google.accounts("other")[BRIGHT.id].refresh_token != ACCOUNTS[BRIGHT.id].refresh_token
    assert demo_google.client_secret(SECRET).startswith("GOCSPX-")
