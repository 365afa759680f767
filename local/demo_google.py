"""Connects the demo clinics with the fake Google: an account each, a calendar a provider, tokens sealed.

`python -m local.demo_google` seals what it reads from its standard input; it is a process of its own because
`frontdesk.credentials` takes database and KMS from the environment, as it does in a function.
"""

import hashlib
import hmac
import json
import sys
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import psycopg

from local import demo_staff
from local.demo import CLINICS, Clinic, act_for
from local.fake_google import FakeGoogle
from local.fake_google_store import GRANTED, Account, FakeCalendar
from local.sealing import seal

CLIENT_ID = "frontdesk-local.apps.googleusercontent.com"
PURPOSE = "google"
ACCESS_SECONDS = 3599
MOST_TRIES = 3  # a version of a token that somebody else took is the next one


def client_secret(secret: str) -> str:
    """Give our OAuth client's secret at the fake, from the secret kept in .local/."""
    return f"GOCSPX-{_derived(secret, 'client')[:28]}"


def account_of(clinic: Clinic, secret: str) -> Account:
    """Give the clinic's account: its own calendar, and one for each provider.

    Its refresh token comes from a secret kept in .local/, so it outlives a restart.
    """
    email = f"office@{clinic.slug}.example"
    providers = (
        FakeCalendar(calendar_id, name, clinic.time_zone)
        for calendar_id, name in zip(_calendars(clinic).values(), clinic.providers, strict=True)
    )
    own = FakeCalendar(email, clinic.name, clinic.time_zone)
    return Account(email, clinic.name, (own, *providers), f"1//0{_derived(secret, clinic.slug)}")


def accounts(secret: str) -> dict[UUID, Account]:
    """Give the demo clinics' accounts by org."""
    return {clinic.id: account_of(clinic, secret) for clinic in CLINICS}


def google_of(clinic: Clinic, fake: FakeGoogle) -> dict[str, Any]:
    """Give stack.json's `google` of a clinic: whose calendar is whose, and a token to act as the provider.

    With the token one does what the provider does in Google; nothing of it counts as Frontdesk's doing.
    """
    calendars = {str(provider): calendar_id for provider, calendar_id in _calendars(clinic).items()}
    email = f"office@{clinic.slug}.example"
    return {
        "calendar_id": next(iter(calendars.values())),
        "access_token": fake.hand_token(email),
        "account_email": email,
        "calendars": calendars,
    }


async def let_them_connect(
    owner_url: str,
    kms_key_id: str,
    accounts: Mapping[UUID, Account],
    fake: FakeGoogle,
    variables: Mapping[str, str],
) -> None:
    """Connect each clinic that never was; what somebody disconnected or assigned otherwise stays so.

    `variables` is the environment in which AWS is moto. Raises RuntimeError when sealing fails.
    """
    with psycopg.connect(owner_url, autocommit=True) as connection:
        wanting = [clinic for clinic in CLINICS if _is_wanting(connection, clinic, kms_key_id)]
        for clinic in wanting:
            _assign(connection, clinic)
    if wanting:
        orders = [_order(clinic, accounts[clinic.id], fake) for clinic in wanting]
        await seal("local.demo_google", orders, variables, "Google tokens")


def _is_wanting(connection: psycopg.Connection[Any], clinic: Clinic, kms_key_id: str) -> bool:
    """Tell whether it has no connection yet, or one sealed under a key that opens nothing here."""
    with connection.transaction():
        act_for(connection, clinic.id)
        row = connection.execute(
            "SELECT g.status, (SELECT c.key_id FROM frontdesk.credentials c"
            " WHERE c.org_id = g.org_id AND c.purpose = %s ORDER BY c.version DESC LIMIT 1)"
            " FROM frontdesk.google_connections g WHERE g.org_id = %s",
            [PURPOSE, clinic.id],
        ).fetchone()
    return row is None or (row[0] == "connected" and not str(row[1]).endswith(kms_key_id))


def _assign(connection: psycopg.Connection[Any], clinic: Clinic) -> None:
    """Give every provider who has none a calendar; before the connection, whose start then reads them all."""
    with connection.transaction():
        act_for(connection, clinic.id)
        has = {
            row[0]
            for row in connection.execute(
                "SELECT provider_id FROM frontdesk.calendars WHERE org_id = %s", [clinic.id]
            )
        }
        known = connection.execute(
            "SELECT id, name FROM frontdesk.providers WHERE org_id = %s", [clinic.id]
        ).fetchall()
        calendars = _calendars(clinic)
        for provider, name in known:
            if provider in calendars and provider not in has:
                connection.execute(
                    "SELECT frontdesk.assign_calendar(%s, %s, %s, %s, %s)",
                    [clinic.id, provider, calendars[provider], name, clinic.time_zone],
                )


def _calendars(clinic: Clinic) -> dict[UUID, str]:
    """Give the providers' calendars: an id like Google's own for a secondary calendar."""
    return {
        clinic.id_of(
            "provider", name
        ): f"{clinic.id_of('google-calendar', name).hex}@group.calendar.google.com"
        for name in clinic.providers
    }


def _order(clinic: Clinic, account: Account, fake: FakeGoogle) -> dict[str, Any]:
    access = fake.google.store.issue(account.email, fake.google.store.client_id, GRANTED, ACCESS_SECONDS)
    return {
        "org_id": str(clinic.id),
        "staff_id": str(demo_staff.id_of(clinic, "admin")),
        "account_email": account.email,
        "scopes": list(GRANTED),
        "refresh_token": account.refresh_token,
        "access_token": access.token,
    }


def _derived(secret: str, name: str) -> str:
    return hmac.new(secret.encode(), name.encode(), hashlib.sha256).hexdigest()


def main() -> int:
    """Save the tokens read from standard input: never in the arguments, where others could read them."""
    for order in json.load(sys.stdin):
        _save(order)
    return 0


def _save(order: Mapping[str, Any]) -> None:
    """Seal and save both tokens of a clinic, as the callback of Google's consent page does."""
    from frontdesk import calendars, credentials

    org_id, refresh_version, access_version = UUID(order["org_id"]), 1, 1
    for _ in range(MOST_TRIES):
        refresh = credentials.seal(
            org_id, PURPOSE, refresh_version, {"refresh_token": order["refresh_token"]}
        )
        access = credentials.seal(
            org_id, "google_access", access_version, {"access_token": order["access_token"]}
        )
        told = calendars.save_tokens(
            org_id,
            UUID(order["staff_id"]),
            order["account_email"],
            order["scopes"],
            ACCESS_SECONDS,
            credentials.as_json(refresh),
            credentials.as_json(access),
        )
        if told["outcome"] == "saved":
            return
        refresh_version, access_version = told["refresh_version"], told["access_version"]
    msg = f"the tokens of {org_id} were not saved: {told['outcome']}"
    raise RuntimeError(msg)


if __name__ == "__main__":
    sys.exit(main())
