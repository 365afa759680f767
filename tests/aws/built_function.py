"""A function as it was built, started with the environment the template gives it."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scripts.build import BUILD, read_artefacts
from tests.aws import emulator
from tests.aws.emulator import Emulator

SIGNING_KEY = "a-master-key-only-this-test-knows"
NOBODY = "http://127.0.0.1:9"  # nobody listens there

# This machine's values of the template's variables. A name that is not here fails: a new one is thought of.
VALUES = {
    "STAGE": "dev",
    "DATABASE_AUTH": "password",
    "VAPI_SIGNING_KEYS": SIGNING_KEY,
    # That the rows cannot be sent is nothing a caller hears of.
    "SMS_QUEUE_URL": f"{NOBODY}/sms",
    "CALENDAR_QUEUE_URL": f"{NOBODY}/calendar",
    "NOTIFY_QUEUE_URL": f"{NOBODY}/notify",
    "CREDENTIALS_KEY_ID": "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000",
    "TWILIO_API_BASE": NOBODY,
    "GOOGLE_BASE": NOBODY,
    "GOOGLE_CLIENT_ID": "client",
    "GOOGLE_CLIENT_SECRET": "secret",
    "PUBLIC_BASE_URL": "https://api.example.com",
    "BOARD_ORIGIN": "https://board.example.com",
    "WS_CONNECTIONS_URL": f"{NOBODY}/ws",
    "WS_PUBLIC_URL": "wss://socket.example.com/ws",
    "OIDC_ISSUER": "https://issuer.example.com",
    "OIDC_CLIENT_ID": "board",
    "OIDC_AUTHORIZE_URL": "https://issuer.example.com/authorize",
    "OIDC_TOKEN_URL": "https://issuer.example.com/token",
    "OIDC_SIGN_OUT_URL": "https://issuer.example.com/logout",
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "POWERTOOLS_METRICS_NAMESPACE": "Frontdesk",
}
# So that no AWS account of this machine's can be used; botocore wants a region and some keys to begin.
NO_ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ENDPOINT_URL": NOBODY,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def environment_of(template: Mapping[str, Any], name: str, database_url: str) -> dict[str, str]:
    """Give the variables the template gives a function, with values of this machine."""
    given = dict(template["Globals"]["Function"]["Environment"]["Variables"])
    given |= template["Resources"][name]["Properties"]["Environment"]["Variables"]
    values = VALUES | {"DATABASE_URL": database_url, "POWERTOOLS_SERVICE_NAME": name}
    absent = {"Ref": "AWS::NoValue"}
    return {variable: values[variable] for variable, value in given.items() if value != absent}


@contextlib.contextmanager
def running(
    template: Mapping[str, Any],
    name: str,
    database_url: str,
    room: Path,
    more: Mapping[str, str] | None = None,
) -> Iterator[Emulator]:
    """Start one built function under the emulator; `more` are variables of Lambda's own."""
    artefact = next(artefact for artefact in read_artefacts() if artefact.name == name)
    assert artefact.handler
    environment = NO_ACCOUNT | environment_of(template, name, database_url) | dict(more or {})
    layers = [BUILD / layer / "python" for layer in artefact.layers]
    timeout = template["Resources"][name]["Properties"]["Timeout"]
    with emulator.running(
        artefact.directory, layers, artefact.handler, environment, room, name=name, seconds=timeout
    ) as started:
        yield started
