"""OAuth 2.0 with Google: the address a person is sent to, and what the tokens cost.

Authorization code with PKCE (RFC 7636), offline access. Plain HTTPS: four requests need no library.
Source: developers.google.com/identity/protocols/oauth2/web-server, read through docs/calendar.md.
"""

import base64
import hashlib
import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from frontdesk import settings
from frontdesk.errors import SettingsError
from functions.calendar_worker.google_calendar import GoogleError

# Events of calendars that others share with the account (a practice's account usually owns none of the
# providers' calendars, so calendar.events.owned would not do), and the list to choose from. Nothing that
# makes, deletes or shares a calendar. openid and email only say which account it is.
CALENDAR_SCOPES = (
    "https://www.googleapis.com/auth/calendar.events",
    "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
)
SCOPES = ("openid", "email", *CALENDAR_SCOPES)
# Seconds; the HTTP function has twelve for two of these requests.
TIMEOUT = 4.0
MOST_BYTES = 64 * 1024
# A token is good for an hour; one that does not say is taken to be.
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Tokens:
    """What Google granted: `refresh_token` only with a code; `expires_in` in seconds."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: int
    scopes: tuple[str, ...]

    @property
    def enough(self) -> bool:
        """Tell whether all we need was granted: a person may untick what they like."""
        return set(CALENDAR_SCOPES) <= set(self.scopes)


def new_verifier() -> str:
    """Make a code verifier: 43 characters of 256 random bits (RFC 7636, 4.1)."""
    return secrets.token_urlsafe(32)


def consent_url(redirect_uri: str, state: str, verifier: str) -> str:
    """Return where the person says yes; raises SettingsError where no OAuth client is set up."""
    client_id, _ = _client()
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        # Without both, Google gives a refresh token only the first time an account says yes.
        "access_type": "offline",
        "prompt": "consent",
        "include_granted_scopes": "true",
    }
    return f"{_base() or 'https://accounts.google.com'}/o/oauth2/v2/auth?{urlencode(asked)}"


def exchange_code(code: str, verifier: str, redirect_uri: str) -> Tokens:
    """Exchange a code, once; GoogleError has OAuth's code (invalid_grant: used, too old, not ours)."""
    return _tokens(
        {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": redirect_uri,
        }
    )


def refresh(refresh_token: str) -> Tokens:
    """Get a new access token; GoogleError invalid_grant when the grant ended (revoked, unused, expired)."""
    return _tokens({"grant_type": "refresh_token", "refresh_token": refresh_token})


def revoke(token: str) -> None:
    """End a grant, with all its tokens; one that has ended already is no error."""
    try:
        _post(f"{_base() or 'https://oauth2.googleapis.com'}/revoke", {"token": token})
    except GoogleError as error:
        if (error.status, error.reason) != (400, "invalid_token"):
            raise


def account_email(access_token: str) -> str:
    """Return the address of the account that said yes."""
    url = f"{_base() or 'https://www.googleapis.com'}/oauth2/v3/userinfo"
    told = _open(urllib.request.Request(url, headers={"authorization": f"Bearer {access_token}"}))  # noqa: S310
    return str(told.get("email") or "")


def _tokens(form: Mapping[str, str]) -> Tokens:
    client_id, client_secret = _client()
    url = f"{_base() or 'https://oauth2.googleapis.com'}/token"
    told = _post(url, {**form, "client_id": client_id, "client_secret": client_secret})
    access_token, refresh_token = told.get("access_token"), told.get("refresh_token")
    if not isinstance(access_token, str) or not access_token:
        raise GoogleError(0, "unreadable")
    expires_in = told.get("expires_in")
    return Tokens(
        access_token,
        refresh_token if isinstance(refresh_token, str) and refresh_token else None,
        expires_in if isinstance(expires_in, int) and expires_in > 0 else HOUR,
        tuple(str(told.get("scope") or "").split()),
    )


def _post(url: str, form: Mapping[str, str]) -> dict[str, Any]:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return _open(urllib.request.Request(url, data=urlencode(form).encode(), headers=headers))  # noqa: S310


def _open(request: urllib.request.Request) -> dict[str, Any]:
    """Send a request and read its JSON; its errors never quote what was sent."""
    try:
        with _opener.open(request, timeout=TIMEOUT) as answer:
            told = json.loads(answer.read(MOST_BYTES) or b"{}")
    except urllib.error.HTTPError as error:
        with error:
            raise GoogleError(error.code, _code_of(error)) from None
    except (OSError, ValueError):
        raise GoogleError(0, "unreachable") from None
    return told if isinstance(told, dict) else {}


def _code_of(error: urllib.error.HTTPError) -> str:
    """Read OAuth's error code (RFC 6749, 5.2): only one of the known ones, never the description."""
    try:
        code = json.loads(error.read(MOST_BYTES)).get("error")
    except (OSError, ValueError, AttributeError):
        return "unknown"
    return code if isinstance(code, str) and code in _CODES else "unknown"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follow no redirect: it would carry the client's secret to wherever it points."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        """Refuse; urllib then raises the 3xx as an error."""


_opener = urllib.request.build_opener(_NoRedirect)
_CODES = frozenset(
    {
        "access_denied",
        "admin_policy_enforced",
        "deleted_client",
        "disabled_client",
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "invalid_token",
        "org_internal",
        "redirect_uri_mismatch",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)


def _base() -> str:
    return settings.current().google_base


def _client() -> tuple[str, str]:
    chosen = settings.current()
    if not chosen.google_client_id or not chosen.google_client_secret:
        raise SettingsError("GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET are missing.")
    return chosen.google_client_id, chosen.google_client_secret
