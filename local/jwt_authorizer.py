"""The HTTP API's JWT authorizer on this machine: who may pass, and what a handler is told of them.

Rules are those of AWS's page on JWT authorizers of HTTP APIs: RS256 by a key the issuer publishes, iss, aud
(or client_id where there is none), exp, nbf and iat. Every claim reaches the handler as text.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp
import jwt

from local.template_records import Authorizer

# Seconds. API Gateway keeps an issuer's keys for up to two hours.
KEYS_SECONDS = 2 * 3600.0
# A token with an unknown key makes us look again, but not for every stranger's token.
LOOK_AGAIN_SECONDS = 5.0
FETCH_SECONDS = 5.0


class UnauthorizedError(Exception):
    """The token does not let anybody in; the text is a code, and no part of the token."""


class JwtAuthorizers:
    """The authorizers of the HTTP API, each with the keys its issuer published."""

    def __init__(self, authorizers: Iterable[Authorizer]) -> None:
        """Know the authorizers; keys are fetched when the first token comes."""
        self._authorizers = {one.name: one for one in authorizers}
        self._keys: dict[str, tuple[float, dict[str, jwt.PyJWK]]] = {}

    async def check(self, name: str, header: str | None) -> dict[str, Any]:
        """Return {"claims", "scopes"} for requestContext.authorizer.jwt, or raise UnauthorizedError."""
        authorizer = self._authorizers.get(name)
        if authorizer is None:
            raise UnauthorizedError("unknown_authorizer")
        token = _token(header)
        try:
            head = jwt.get_unverified_header(token)
            if head.get("alg") != "RS256":
                raise UnauthorizedError("algorithm")
            key = await self._key(authorizer.issuer, str(head.get("kid")))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                issuer=authorizer.issuer,
                options={"require": ["exp"], "verify_aud": False},
            )
        except jwt.PyJWTError as problem:
            raise UnauthorizedError(type(problem).__name__) from None
        if not set(_audiences(claims)) & set(authorizer.audiences):
            raise UnauthorizedError("audience")
        scopes = str(claims.get("scope", "")).split() or None
        return {"claims": {name: _text(value) for name, value in claims.items()}, "scopes": scopes}

    async def _key(self, issuer: str, kid: str) -> jwt.PyJWK:
        fetched_at, keys = self._keys.get(issuer, (float("-inf"), {}))
        age = time.monotonic() - fetched_at
        if age > KEYS_SECONDS or (kid not in keys and age > LOOK_AGAIN_SECONDS):
            keys = await _published_keys(issuer)
            self._keys[issuer] = (time.monotonic(), keys)
        if kid not in keys:
            raise UnauthorizedError("unknown_key")
        return keys[kid]


async def _published_keys(issuer: str) -> dict[str, jwt.PyJWK]:
    """Fetch an issuer's keys as OpenID Connect Discovery says: the configuration names their address."""
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=FETCH_SECONDS)) as session:
            async with session.get(f"{issuer}/.well-known/openid-configuration") as answer:
                answer.raise_for_status()
                address = str((await answer.json())["jwks_uri"])
            async with session.get(address) as answer:
                answer.raise_for_status()
                found = await answer.json()
        return {str(raw["kid"]): jwt.PyJWK(raw) for raw in found["keys"]}
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError, jwt.PyJWTError) as problem:
        raise UnauthorizedError("issuer_unreachable") from problem


def _token(header: str | None) -> str:
    """Take the token out of the header; API Gateway takes it with and without `Bearer`."""
    parts = (header or "").split()
    if len(parts) == 2 and parts[0].lower() == "bearer":
        return parts[1]
    if len(parts) == 1:
        return parts[0]
    raise UnauthorizedError("no_token")


def _audiences(claims: Mapping[str, Any]) -> list[str]:
    named = claims.get("aud")
    if named is None:
        return [str(claims.get("client_id"))]
    return [str(one) for one in named] if isinstance(named, list) else [str(named)]


def _text(value: Any) -> str:
    """Write a claim as API Gateway hands it on: everything is text, a list `[a b]`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{' '.join(map(_text, value))}]"
    return str(value)
