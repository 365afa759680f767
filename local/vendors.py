"""The vendors of the clinics, played on this machine: Twilio and Google, with the demo's accounts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from local import demo_google, demo_texts
from local.demo import CLINICS
from local.environment import surroundings
from local.fake_google import FakeGoogle, start_fake_google
from local.fake_twilio import FakeTwilio, start_fake_twilio
from local.fake_twilio_messages import Account
from local.kms_key import ALIAS, key_from
from local.progress import say
from local.stack_file import DIRECTORY, kept_secret

TWILIO_JOURNAL = "twilio.jsonl"
GOOGLE_JOURNAL = "google.jsonl"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the stack is: the database's owner URL, moto's URL, and the address others reach us by."""

    owner_url: str
    aws_url: str
    here: str

    @property
    def variables(self) -> dict[str, str]:
        """Give the environment in which `frontdesk.credentials` seals for this stack."""
        return surroundings(self.aws_url) | {
            "CREDENTIALS_KEY_ID": ALIAS,
            "DATABASE_AUTH": "password",
            "DATABASE_URL": self.owner_url,
        }


async def start_twilio(place: Place) -> tuple[dict[UUID, Account], FakeTwilio]:
    """Start the fake Twilio and give each demo clinic its account there."""
    accounts = demo_texts.accounts(kept_secret("twilio_secret"))
    key = key_from(kept_secret("kms_secret"))
    await demo_texts.let_them_text(place.owner_url, key.id, accounts, place.variables)
    inbound = f"{place.here}/api/twilio/inbound"
    journal = DIRECTORY / TWILIO_JOURNAL
    return accounts, await start_fake_twilio(accounts.values(), inbound, journal=journal, report=say)


async def start_google(place: Place) -> FakeGoogle:
    """Start the fake Google and connect each demo clinic with its account there."""
    secret = kept_secret("google_secret")
    accounts = demo_google.accounts(secret)
    fake = await start_fake_google(
        accounts.values(),
        client_id=demo_google.CLIENT_ID,
        client_secret=demo_google.client_secret(secret),
        journal=DIRECTORY / GOOGLE_JOURNAL,
        report=say,
    )
    try:
        key = key_from(kept_secret("kms_secret"))
        await demo_google.let_them_connect(place.owner_url, key.id, accounts, fake, place.variables)
    except BaseException:
        await fake.stop()
        raise
    return fake


def google_settings(fake: FakeGoogle) -> dict[str, str]:
    """Give the variables by which the functions find the fake Google and are known to it."""
    return {
        "GOOGLE_BASE": fake.url,
        "GOOGLE_CLIENT_ID": demo_google.CLIENT_ID,
        "GOOGLE_CLIENT_SECRET": demo_google.client_secret(kept_secret("google_secret")),
    }


def google_by_org(fake: FakeGoogle) -> dict[str, dict[str, Any]]:
    """Give stack.json's `google` of each demo clinic, by its id."""
    return {str(clinic.id): demo_google.google_of(clinic, fake) for clinic in CLINICS}


def forget(directory: Path) -> None:
    """Remove what the vendors keep, for a stack that starts empty."""
    for name in ("twilio_secret", "google_secret", TWILIO_JOURNAL, GOOGLE_JOURNAL):
        (directory / name).unlink(missing_ok=True)
