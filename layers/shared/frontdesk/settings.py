"""The settings of a function, read from its environment once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from frontdesk.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Settings:
    """What a function is told by its environment; template.yaml gives every name."""

    database_url: str
    database_auth: str  # 'password': the URL is complete; 'iam': a token is signed for each connection
    region: str
    stage: str
    vapi_signing_keys: tuple[str, ...]  # current first, then the previous one while it is being rotated
    public_base_url: str = ""  # what others reach us by, without a slash at its end; '' where unknown
    twilio_api_base: str = ""  # '' is Twilio itself; the local stack names its fake
    google_base: str = ""  # '' is Google itself; the local stack names its fake
    google_client_id: str = ""  # '' where no calendar can be connected
    google_client_secret: str = field(default="", repr=False)


def read(environ: Mapping[str, str]) -> Settings:
    """Read the settings, or raise SettingsError naming the variable that is wrong."""
    url = environ.get("DATABASE_URL", "")
    if not url.startswith(("postgresql://", "postgres://")):
        raise SettingsError("DATABASE_URL is missing or no postgresql:// URL.")
    auth = environ.get("DATABASE_AUTH", "password")
    if auth not in ("password", "iam"):
        raise SettingsError("DATABASE_AUTH must be 'password' or 'iam'.")
    keys = environ.get("VAPI_SIGNING_KEYS", "").split(",")
    return Settings(
        database_url=url,
        database_auth=auth,
        region=environ.get("AWS_REGION", "us-east-1"),
        stage=environ.get("STAGE", "local"),
        # No key at all is allowed here and refuses every sender: a function without a secret must not
        # look broken, it must look closed (frontdesk.senders).
        vapi_signing_keys=tuple(key.strip() for key in keys if key.strip()),
        public_base_url=environ.get("PUBLIC_BASE_URL", "").rstrip("/"),
        twilio_api_base=environ.get("TWILIO_API_BASE", "").rstrip("/"),
        google_base=environ.get("GOOGLE_BASE", "").rstrip("/"),
        google_client_id=environ.get("GOOGLE_CLIENT_ID", ""),
        google_client_secret=environ.get("GOOGLE_CLIENT_SECRET", ""),
    )


@cache
def current() -> Settings:
    """Return the process's settings."""
    return read(os.environ)
