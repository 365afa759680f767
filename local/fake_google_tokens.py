"""Google's token endpoint, and what it says of the person: token, revoke, userinfo, certs."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from local.fake_google_api import Google
from local.fake_google_store import OPENID, Access, Account, Grant

KEY_ID = "fake-google-1"
CODE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Code:
    """What a person allowed on the consent page, until it is exchanged."""

    email: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    with_refresh_token: bool
    expires_at: float


class OAuthRefusal(Exception):  # noqa: N818 - it is Google's answer, played; nothing went wrong here
    """The token endpoint says no (RFC 6749, 5.2)."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.description, self.status = error, description, status


def routes(google: Google, codes: dict[str, Code]) -> list[web.RouteDef]:
    """Give the routes; `codes` are filled by the consent page."""

    async def token(request: web.Request) -> web.Response:
        try:
            form = await _form(request)
            _check_client(google, request, form)
            kinds = {"authorization_code": _exchange, "refresh_token": _refresh}
            kind = kinds.get(form.get("grant_type", ""))
            if kind is None:
                raise OAuthRefusal("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")
            return web.json_response(kind(google, codes, form), headers={"cache-control": "no-store"})
        except OAuthRefusal as refusal:
            return _refused(refusal)

    async def revoke(request: web.Request) -> web.Response:
        form = dict(request.query) | await _form(request)
        store, given = google.store, form.get("token", "")
        held = store.grants.get(given) or store.tokens.get(given)
        if held is None:
            return _refused(OAuthRefusal("invalid_token", "Token expired or revoked"))
        store.revoke(held.email, held.client_id)
        return web.json_response({})

    async def userinfo(request: web.Request) -> web.Response:
        access = google.store.tokens.get(request.headers.get("authorization", "").partition(" ")[2])
        if access is None or access.expires_at <= google.store.now():
            return _refused(OAuthRefusal("invalid_request", "Invalid Credentials", 401))
        return web.json_response(_person(google.store.accounts[access.email], access.scopes))

    async def certs(_: web.Request) -> web.Response:
        public = json.loads(RSAAlgorithm.to_jwk(_key().public_key()))
        return web.json_response({"keys": [public | {"kid": KEY_ID, "use": "sig", "alg": "RS256"}]})

    return [
        web.post("/token", token),
        web.post("/revoke", revoke),
        web.route("*", "/oauth2/v3/userinfo", userinfo),
        web.get("/oauth2/v3/certs", certs),
    ]


async def _form(request: web.Request) -> dict[str, str]:
    return dict(parse_qsl(await request.text(), keep_blank_values=True))


def _refused(refusal: OAuthRefusal) -> web.Response:
    told = {"error": refusal.error, "error_description": refusal.description}
    return web.json_response(told, status=refusal.status)


def _check_client(google: Google, request: web.Request, form: dict[str, str]) -> None:
    client, secret = form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            client = secret = ""
        client, secret = unquote(client), unquote(secret)
    if client != google.store.client_id:
        raise OAuthRefusal("invalid_client", "The OAuth client was not found.", 401)
    if not hmac.compare_digest(secret.encode(), google.client_secret.encode()):
        raise OAuthRefusal("invalid_client", "Unauthorized", 401)


def _exchange(google: Google, codes: dict[str, Code], form: dict[str, str]) -> dict[str, Any]:
    # Taken at once: a code is good for one try, also for a wrong one.
    code = codes.pop(form.get("code", ""), None)
    if code is None or code.expires_at <= google.store.now():
        raise OAuthRefusal("invalid_grant", "Malformed auth code.")
    if code.redirect_uri != form.get("redirect_uri"):
        raise OAuthRefusal("redirect_uri_mismatch", "Bad Request")
    if code.challenge and _challenge(form.get("code_verifier", "")) != code.challenge:
        raise OAuthRefusal("invalid_grant", "Invalid code verifier.")
    answer = _answer(google, code.email, code.scopes)
    if code.with_refresh_token:
        refresh_token = f"1//0{secrets.token_urlsafe(48)}"
        google.store.grant(Grant(refresh_token, code.email, google.store.client_id, code.scopes))
        answer |= {"refresh_token": refresh_token}
    return answer


def _refresh(google: Google, _: dict[str, Code], form: dict[str, str]) -> dict[str, Any]:
    grant = google.store.grants.get(form.get("refresh_token", ""))
    if grant is None or grant.email in google.trouble.faults.token_revoked:
        raise OAuthRefusal("invalid_grant", "Token has been expired or revoked.")
    return _answer(google, grant.email, grant.scopes)


def _answer(google: Google, email: str, scopes: tuple[str, ...]) -> dict[str, Any]:
    store, seconds = google.store, google.trouble.faults.access_token_seconds
    access = store.issue(email, store.client_id, scopes, seconds)
    answer = {
        "access_token": access.token,
        "expires_in": int(seconds),
        "scope": " ".join(scopes),
        "token_type": "Bearer",
    }
    return answer | ({"id_token": _id_token(google, access)} if "openid" in scopes else {})


def _id_token(google: Google, access: Access) -> str:
    now = int(google.store.now())
    client = google.store.client_id
    claims = {
        "iss": "https://accounts.google.com",
        "azp": client,
        "aud": client,
        "iat": now,
        "exp": now + 3600,
    }
    person = _person(google.store.accounts[access.email], access.scopes)
    return jwt.encode(claims | person, _key(), algorithm="RS256", headers={"kid": KEY_ID})


def _person(account: Account, scopes: tuple[str, ...]) -> dict[str, Any]:
    digits = int.from_bytes(hashlib.sha256(account.email.encode()).digest()[:8])
    person: dict[str, Any] = {"sub": f"1{digits:020d}"[:21]}
    if OPENID[1] in scopes:
        person |= {"email": account.email, "email_verified": True}
    return person


def _challenge(verifier: str) -> str:
    """Compute RFC 7636's S256 challenge."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


@cache
def _key() -> rsa.RSAPrivateKey:
    """Make the key id tokens are signed with, once a process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
