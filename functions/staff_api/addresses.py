"""Where the board finds its socket and its sign-in: the one place that reads these variables."""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Addresses:
    """What the environment says; '' where it says nothing."""

    socket: str  # WS_PUBLIC_URL
    issuer: str
    client_id: str
    authorize_url: str
    token_url: str
    sign_out_url: str


def current() -> Addresses:
    """Read the addresses from the environment (template.yaml)."""
    environ = os.environ
    return Addresses(
        socket=environ.get("WS_PUBLIC_URL", ""),
        issuer=environ.get("OIDC_ISSUER", ""),
        client_id=environ.get("OIDC_CLIENT_ID", ""),
        authorize_url=environ.get("OIDC_AUTHORIZE_URL", ""),
        token_url=environ.get("OIDC_TOKEN_URL", ""),
        sign_out_url=environ.get("OIDC_SIGN_OUT_URL", ""),
    )


def origin(url: str) -> str:
    """Return an address's scheme, host and port, or '' where there is no address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""
