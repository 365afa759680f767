"""Lets the demo clinics text: an account each at the fake Twilio, its token sealed as an operator would.

`python -m local.demo_texts` seals what it reads from its standard input; it is a process of its own because
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

from local.demo import CLINICS, Clinic, act_for
from local.fake_twilio_messages import Account
from local.sealing import seal

PURPOSE = "twilio"


def account_of(clinic: Clinic, secret: str) -> Account:
    """Give the clinic's account; its token comes from a secret kept in .local/, so it outlives a restart."""
    return Account(
        name=clinic.name,
        sid=f"AC{clinic.id_of('twilio', 'account').hex}",
        auth_token=hmac.new(secret.encode(), clinic.id.bytes, hashlib.sha256).hexdigest()[:32],
        number=clinic.number,
        messaging_service_sid=f"MG{clinic.id_of('twilio', 'messaging-service').hex}",
    )


def accounts(secret: str) -> dict[UUID, Account]:
    """Give the demo clinics' accounts by org."""
    return {clinic.id: account_of(clinic, secret) for clinic in CLINICS}


async def let_them_text(
    owner_url: str, kms_key_id: str, accounts: Mapping[UUID, Account], variables: Mapping[str, str]
) -> None:
    """Give each clinic that has none the sender and sealed token; what an operator changed stays.

    `variables` is the environment in which AWS is moto. Raises RuntimeError when sealing fails.
    """
    with psycopg.connect(owner_url, autocommit=True) as connection:
        wanting = [clinic for clinic in CLINICS if not _is_sealed(connection, clinic, kms_key_id)]
        if not wanting:
            return
        orders = [_order(clinic, accounts[clinic.id]) for clinic in wanting]
        await seal("local.demo_texts", orders, variables, "Twilio tokens")
        for clinic in wanting:
            _set_sender(connection, clinic)


def _is_sealed(connection: psycopg.Connection[Any], clinic: Clinic, kms_key_id: str) -> bool:
    """Tell whether the current token is sealed under this stack's key: another stack's does not open here."""
    with connection.transaction():
        act_for(connection, clinic.id)
        row = connection.execute(
            "SELECT key_id FROM frontdesk.credentials WHERE org_id = %s AND purpose = %s"
            " ORDER BY version DESC LIMIT 1",
            [clinic.id, PURPOSE],
        ).fetchone()
    return row is not None and str(row[0]).endswith(kms_key_id)


def _set_sender(connection: psycopg.Connection[Any], clinic: Clinic) -> None:
    with connection.transaction():
        act_for(connection, clinic.id)
        connection.execute(
            "UPDATE frontdesk.orgs SET sms_sender = coalesce(sms_sender, %s),"
            " front_desk_phone = coalesce(front_desk_phone, %s),"
            " sms_paused_reason = NULL, sms_paused_at = NULL WHERE id = %s",
            [clinic.number, clinic.front_desk_phone, clinic.id],
        )


def _order(clinic: Clinic, account: Account) -> dict[str, str]:
    return {"org_id": str(clinic.id), "account_sid": account.sid, "auth_token": account.auth_token}


def main() -> int:
    """Seal the tokens read from standard input: never in the arguments, where others could read them."""
    from frontdesk import credentials

    for order in json.load(sys.stdin):
        secret = {"account_sid": order["account_sid"], "auth_token": order["auth_token"]}
        credentials.save(UUID(order["org_id"]), PURPOSE, secret)
    return 0


if __name__ == "__main__":
    sys.exit(main())
