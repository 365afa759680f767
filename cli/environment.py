"""Where a command works: the database in DATABASE_URL, or the stack on this machine."""

import os

from cli.grammar import RefusedError
from frontdesk import settings
from frontdesk.errors import SettingsError
from local.stack_file import DIRECTORY, STACK_FILE, NoStackError, read_stack

LOCAL_KEY = "alias/frontdesk-credentials"


def enter(*, local: bool) -> None:
    """Point this process at its database and keys, or refuse with what is missing."""
    if local:
        _use_local_stack()
    try:
        settings.current()
    except SettingsError as error:
        if not os.environ.get("DATABASE_URL"):
            raise RefusedError(
                "DATABASE_URL is not set: put the operator's database URL into it,"
                " or add --local to work on the stack that `make run` started."
            ) from None
        raise RefusedError(str(error)) from None
    if settings.current().database_auth == "iam" and "AWS_ACCESS_KEY_ID" not in os.environ:
        raise RefusedError(
            "DATABASE_AUTH=iam signs with AWS credentials of the environment, and there are none:"
            ' eval "$(aws configure export-credentials --format env)".'
        )


def signing_key() -> str:
    """Return the key that Vapi secrets are derived from, the current one."""
    keys = settings.current().vapi_signing_keys
    if not keys:
        raise RefusedError(
            "VAPI_SIGNING_KEYS is not set: put the text of the deployment's VapiSigningKeysSecret into it."
        )
    return keys[0]


def _use_local_stack() -> None:
    try:
        stack = read_stack(STACK_FILE)
    except NoStackError as error:
        raise RefusedError(str(error)) from None
    key_file = DIRECTORY / "vapi_signing_key"
    os.environ |= {
        "DATABASE_URL": stack["database_url"],
        "DATABASE_AUTH": "password",
        "AWS_ENDPOINT_URL": stack["sqs"],
        "AWS_REGION": "us-east-1",
        # Never the operator's own: these reach a fake on this machine.
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "CREDENTIALS_KEY_ID": LOCAL_KEY,
        "VAPI_SIGNING_KEYS": key_file.read_text(encoding="ascii").strip() if key_file.exists() else "",
    }
    # An endpoint of a single service, or a profile, would win over the ones above.
    for name in (
        "AWS_ENDPOINT_URL_KMS",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
    ):
        os.environ.pop(name, None)
