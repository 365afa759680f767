"""A sign-in of our own for the local stack: an OpenID Connect issuer that knows the demo clinics' staff.

It speaks what Cognito's hosted pages speak to the board (authorization code with PKCE, refresh, sign-out),
with no passwords: whoever sits at this machine may be anybody. Its key is kept: a restart signs nobody out.
Tokens are RS256 (RFC 7519), PKCE is RFC 7636 with S256 only.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

CLIENT_ID = "frontdesk-local"
TOKEN_SECONDS = 3600
REFRESH_SECONDS = 30 * 24 * 3600
DAY_SECONDS = 24 * 3600
CODE_SECONDS = 120.0
MAX_CODES = 1000


class RefusedError(Exception):
    """The issuer refuses; the text is OAuth's error code (RFC 6749 section 5.2)."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in."""

    subject: str
    email: str
    name: str
    org_slug: str
    role: str


@dataclass(frozen=True, slots=True)
class _Code:
    person: Person
    redirect_uri: str
    challenge: str
    nonce: str | None
    until: float


class Issuer:
    """The issuer at `url`; all it knows is the key, the people, and codes on their way."""

    def __init__(self, url: str, key: RSAPrivateKey, people: Iterable[Person]) -> None:
        """`url` is what tokens name as their issuer, without a slash at its end."""
        self.url = url
        self._key = key
        self._people = {person.subject: person for person in people}
        self._codes: dict[str, _Code] = {}
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self._kid = hashlib.sha256(public).hexdigest()[:16]

    @property
    def people(self) -> list[Person]:
        """List who can sign in, in the order they were given."""
        return list(self._people.values())

    def person(self, org_slug: str, role: str) -> Person | None:
        """Find who has this role at this clinic."""
        return next((one for one in self.people if one.org_slug == org_slug and one.role == role), None)

    def configuration(self) -> dict[str, Any]:
        """Return the document of OpenID Connect Discovery."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "end_session_endpoint": f"{self.url}/sign-out",
            "jwks_uri": f"{self.url}/jwks",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["none"],
        }

    def keys(self) -> dict[str, Any]:
        """Return the key set (RFC 7517)."""
        public: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self._kid, "use": "sig", "alg": "RS256"}]}

    def code(self, person: Person, redirect_uri: str, challenge: str, nonce: str | None) -> str:
        """Give out a code for this person, good once and for two minutes."""
        now = time.monotonic()
        self._codes = {code: one for code, one in self._codes.items() if one.until > now}
        if len(self._codes) >= MAX_CODES:
            raise RefusedError("temporarily_unavailable")
        made = secrets.token_urlsafe(24)
        self._codes[made] = _Code(person, redirect_uri, challenge, nonce, now + CODE_SECONDS)
        return made

    def exchange(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """Answer the token endpoint's form; raises RefusedError with OAuth's code."""
        if asked.get("client_id") != CLIENT_ID:
            raise RefusedError("invalid_client")
        match asked.get("grant_type"):
            case "authorization_code":
                person, nonce = self._of_code(asked)
            case "refresh_token":
                person, nonce = self._of_refresh(asked.get("refresh_token", "")), None
            case _:
                raise RefusedError("unsupported_grant_type")
        return {
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "id_token": self.id_token(person, nonce=nonce),
            "access_token": self._sign(
                self._claims(person, "access", TOKEN_SECONDS) | {"client_id": CLIENT_ID}
            ),
            "refresh_token": self._sign(self._claims(person, "refresh", REFRESH_SECONDS)),
        }

    def id_token(self, person: Person, *, seconds: int = TOKEN_SECONDS, nonce: str | None = None) -> str:
        """Sign an id token for this person, valid for so many seconds."""
        claims = self._claims(person, "id", seconds) | {
            "aud": CLIENT_ID,
            "email": person.email,
            "email_verified": True,
            "name": person.name,
        }
        return self._sign(claims | ({"nonce": nonce} if nonce else {}))

    def session(self, person: Person) -> str:
        """Sign the value of the issuer's own cookie."""
        return self._sign(self._claims(person, "session", DAY_SECONDS))

    def of_session(self, cookie: str | None) -> Person | None:
        """Find whose cookie this is."""
        return self._of_token(cookie, "session")

    def _of_code(self, asked: Mapping[str, str]) -> tuple[Person, str | None]:
        found = self._codes.pop(asked.get("code", ""), None)
        proof = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
        if (
            found is None
            or found.until < time.monotonic()
            or found.redirect_uri != asked.get("redirect_uri")
            or not hmac.compare_digest(found.challenge, challenge)
        ):
            raise RefusedError("invalid_grant")
        return found.person, found.nonce

    def _of_refresh(self, token: str) -> Person:
        person = self._of_token(token, "refresh")
        if person is None:
            raise RefusedError("invalid_grant")
        return person

    def _of_token(self, token: str | None, use: str) -> Person | None:
        try:
            claims = jwt.decode(
                token or "",
                self._key.public_key(),
                algorithms=["RS256"],
                issuer=self.url,
                options={"require": ["exp", "sub"], "verify_aud": False},
            )
        except jwt.PyJWTError:
            return None
        return self._people.get(claims["sub"]) if claims.get("token_use") == use else None

    def _claims(self, person: Person, use: str, seconds: int) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.url,
            "sub": person.subject,
            "iat": now,
            "exp": now + seconds,
            "token_use": use,
            "jti": secrets.token_urlsafe(9),
        }

    def _sign(self, claims: Mapping[str, Any]) -> str:
        return jwt.encode(dict(claims), self._key, algorithm="RS256", headers={"kid": self._kid})
