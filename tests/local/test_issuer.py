"""Sign-in on the local stack: the issuer speaks OpenID Connect; tokens are checked as API Gateway does."""

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from local import sign_in
from local.functions import Functions
from local.gateway import Beside, start_gateway
from local.issuer import CLIENT_ID, Issuer, Person
from local.issuer_key import kept_key
from local.jwt_authorizer import JwtAuthorizers
from local.template_records import Authorizer, HttpRoute
from tests.local.parts import tiny
from tests.local.stacks import free_port

ADMIN = Person("demo-admin", "admin@bright.example", "Morgan <b>Hale</b>", "bright", "admin")
READER = Person("demo-reader", "reader@bright.example", "Riley Chen", "bright", "reader")
ROUTES = (
    HttpRoute("Echo", "GET", "/open", 30.0),
    HttpRoute("Echo", "GET", "/guarded", 30.0, "StaffTokens"),
    HttpRoute("Echo", "GET", "/forgotten", 30.0, "NobodyKnowsIt"),
)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGERS_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
VERIFIER = "a-verifier-of-at-least-forty-three-characters-x"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()

type Use[T] = Callable[[Issuer, aiohttp.ClientSession, str], Awaitable[T]]


def with_issuer[T](logs: Path, use: Use[T]) -> T:
    """Run `use` against a gateway with the issuer beside it; it is given issuer, session and address."""

    async def run() -> T:
        port = free_port()
        here = f"http://127.0.0.1:{port}"
        issuer = Issuer(here + sign_in.ISSUER_PATH, KEY, [ADMIN, READER])
        functions = Functions([tiny("http.echo", name="Echo")], logs)
        beside = Beside(
            authorizers=JwtAuthorizers([Authorizer("StaffTokens", issuer.url, (CLIENT_ID,))]),
            own=sign_in.routes(issuer, frozenset({here, f"http://localhost:{port}"})),
        )
        gateway = await start_gateway(ROUTES, functions, port, beside=beside)
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
                return await use(issuer, session, here)
        finally:
            await gateway.stop()
            await functions.close()

    return asyncio.run(run())


def authorize_query(here: str, **changed: str) -> dict[str, str]:
    """Return what the board asks /authorize, or what `changed` says instead."""
    return {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": f"{here}/",
        "scope": "openid email profile",
        "state": "s-1",
        "nonce": "n-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | changed


async def get_code(session: aiohttp.ClientSession, here: str, role: str = "admin") -> str:
    """Sign in and let the issuer send the browser back with a code."""
    await session.get(f"{here}/local/sign-in?org=bright&as={role}", allow_redirects=False)
    asked = authorize_query(here)
    async with session.get(f"{here}/local/issuer/authorize", params=asked, allow_redirects=False) as response:
        return parse_qs(urlsplit(response.headers["location"]).query)["code"][0]


def code_form(here: str, code: str, **changed: str) -> dict[str, str]:
    """Return the form with which a code is exchanged."""
    return {
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "code": code,
        "redirect_uri": f"{here}/",
        "code_verifier": VERIFIER,
    } | changed


async def exchange(
    session: aiohttp.ClientSession, here: str, form: dict[str, str]
) -> tuple[int, dict[str, Any]]:
    """Ask the token endpoint."""
    async with session.post(f"{here}/local/issuer/token", data=form) as response:
        return response.status, await response.json()


def test_a_board_signs_in_with_a_code_and_pkce(tmp_path: Path) -> None:
    """From /local/sign-in to a token the gateway lets in; the handler gets every claim as text."""

    async def use(issuer: Issuer, session: aiohttp.ClientSession, here: str) -> Any:
        async with session.get(f"{here}/local/sign-in?org=bright", allow_redirects=False) as response:
            first = (response.status, response.headers["location"])
        code = await get_code(session, here)
        status, tokens = await exchange(session, here, code_form(here, code))
        headers = {"authorization": f"Bearer {tokens['id_token']}"}
        async with session.get(f"{here}/guarded", headers=headers) as response:
            return first, status, tokens, await response.json(), issuer.url

    first, status, tokens, event, issuer_url = with_issuer(tmp_path, use)
    assert first == (302, "/?sign-in=1")
    assert (status, tokens["token_type"], tokens["expires_in"]) == (200, "Bearer", 3600)
    told = event["requestContext"]["authorizer"]["jwt"]
    assert told["scopes"] is None
    claims = told["claims"]
    assert (claims["iss"], claims["sub"], claims["aud"]) == (issuer_url, ADMIN.subject, CLIENT_ID)
    assert (claims["email"], claims["email_verified"], claims["nonce"]) == (ADMIN.email, "true", "n-1")
    assert all(isinstance(value, str) for value in claims.values())
    assert claims["exp"].isdigit()


def test_a_code_is_good_once_for_who_asked_for_it(tmp_path: Path) -> None:
    """Used twice, with another verifier, for another page or client: refused, with OAuth's codes."""

    async def use(issuer: Issuer, session: aiohttp.ClientSession, here: str) -> list[tuple[int, str]]:
        seen = []
        for changed in (
            {"code_verifier": "another"},
            {"redirect_uri": "http://elsewhere.example/"},
            {"client_id": "somebody"},
            {"grant_type": "password"},
            {},
        ):
            form = code_form(here, await get_code(session, here)) | changed
            status, answer = await exchange(session, here, form)
            seen.append((status, answer.get("error", "tokens")))
        status, answer = await exchange(session, here, form)
        return [*seen, (status, answer["error"])]

    assert with_issuer(tmp_path, use) == [
        (400, "invalid_grant"),
        (400, "invalid_grant"),
        (401, "invalid_client"),
        (400, "unsupported_grant_type"),
        (200, "tokens"),
        (400, "invalid_grant"),
    ]


def test_a_refresh_token_brings_new_tokens_and_no_other_token_does(tmp_path: Path) -> None:
    """The page renews before the hour is over; an id token cannot be used to renew."""

    async def use(issuer: Issuer, session: aiohttp.ClientSession, here: str) -> Any:
        _, tokens = await exchange(session, here, code_form(here, await get_code(session, here, "reader")))
        form = {"grant_type": "refresh_token", "client_id": CLIENT_ID}
        renewed = await exchange(session, here, form | {"refresh_token": tokens["refresh_token"]})
        refused = await exchange(session, here, form | {"refresh_token": tokens["id_token"]})
        return renewed, refused

    (status, renewed), refused = with_issuer(tmp_path, use)
    assert status == 200
    claims = jwt.decode(renewed["id_token"], KEY.public_key(), algorithms=["RS256"], audience=CLIENT_ID)
    assert claims["sub"] == READER.subject
    assert refused == (400, {"error": "invalid_grant"})


def test_the_authorize_page_sends_codes_to_the_board_only(tmp_path: Path) -> None:
    """Words for a foreign page or client, an error at the board without PKCE, a choice for a stranger."""

    async def use(issuer: Issuer, session: aiohttp.ClientSession, here: str) -> list[Any]:
        seen: list[Any] = []
        for changed in (
            {"redirect_uri": "http://elsewhere.example/"},
            {"redirect_uri": here.replace("http://", "http://elsewhere.example@") + "/"},
            {"client_id": "somebody"},
            {"code_challenge_method": "plain"},
            {},
        ):
            async with session.get(
                f"{here}/local/issuer/authorize",
                params=authorize_query(here, **changed),
                allow_redirects=False,
            ) as response:
                seen.append((response.status, response.headers.get("location"), await response.text()))
        return seen

    foreign, disguised, client, plain, stranger = with_issuer(tmp_path, use)
    assert [one[0] for one in (foreign, disguised, client)] == [400, 400, 400]
    assert plain[0] == 302
    assert parse_qs(urlsplit(plain[1]).query) == {"error": ["invalid_request"], "state": ["s-1"]}
    assert stranger[0] == 200
    assert "Riley Chen" in stranger[2]
    assert "Morgan &lt;b&gt;Hale" in stranger[2], "names are text, never markup"


def test_signing_in_as_nobody_names_who_there_is(tmp_path: Path) -> None:
    """An unknown clinic or role: 404, no cookie; without a clinic a page to choose from."""

    async def use(issuer: Issuer, session: aiohttp.ClientSession, here: str) -> list[tuple[int, bool]]:
        seen = []
        for query in ("?org=nowhere", "?org=bright&as=owner", ""):
            async with session.get(f"{here}/local/sign-in{query}", allow_redirects=False) as response:
                assert "bright" in await response.text()
                seen.append((response.status, "set-cookie" in response.headers))
        return seen

    assert with_issuer(tmp_path, use) == [(404, False), (404, False), (200, False)]


def test_signing_in_never_leads_elsewhere(tmp_path: Path) -> None:
    """An address from outside in `onward` is ignored; the session's cookie is for the issuer alone."""

    async def use(issuer: Issuer, session: aiohttp.ClientSession, here: str) -> list[tuple[str, str]]:
        seen = []
        for onward in ("https://elsewhere.example/", "//elsewhere.example", "/local/issuer/authorize?a=b"):
            async with session.get(
                f"{here}/local/sign-in", params={"org": "bright", "onward": onward}, allow_redirects=False
            ) as response:
                seen.append((response.headers["location"], response.headers["set-cookie"]))
        return seen

    seen = with_issuer(tmp_path, use)
    assert [location for location, _ in seen] == ["/?sign-in=1", "/?sign-in=1", "/local/issuer/authorize?a=b"]
    for _, cookie in seen:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Path=/local" in cookie


def test_signing_out_forgets_the_browser(tmp_path: Path) -> None:
    """Afterwards /authorize asks again; where to go next is the board, or nowhere."""

    async def use(issuer: Issuer, session: aiohttp.ClientSession, here: str) -> list[Any]:
        await get_code(session, here)
        seen: list[Any] = []
        for wanted in (f"{here}/", "http://elsewhere.example/"):
            async with session.get(
                f"{here}/local/issuer/sign-out", params={"logout_uri": wanted}, allow_redirects=False
            ) as response:
                seen.append(response.headers["location"].replace(here, "here"))
        async with session.get(
            f"{here}/local/issuer/authorize", params=authorize_query(here), allow_redirects=False
        ) as response:
            return [*seen, response.status]

    assert with_issuer(tmp_path, use) == ["here/", "/", 200]


def tampered(issuer: Issuer) -> dict[str, str | None]:
    """Return headers that must not let anybody in, by what is wrong with them."""
    now = int(time.time())
    good = {"iss": issuer.url, "sub": "x", "aud": CLIENT_ID, "exp": now + 60, "iat": now}
    kid = {"kid": str(issuer.keys()["keys"][0]["kid"])}

    def signed(changed: dict[str, Any], key: Any = KEY, algorithm: str = "RS256", **head: str) -> str:
        claims = {name: value for name, value in (good | changed).items() if value is not None}
        return f"Bearer {jwt.encode(claims, key, algorithm=algorithm, headers=kid | head)}"

    whole = signed({})
    return {
        "no header": None,
        "not a token": "Bearer nonsense",
        "another scheme": f"Basic {whole.split()[1]} more",
        "expired": signed({"exp": now - 5}),
        "without end": signed({"exp": None}),
        "not yet": signed({"nbf": now + 60}),
        "another issuer": signed({"iss": "http://elsewhere.example"}),
        "another audience": signed({"aud": "somebody"}),
        "another client": signed({"aud": None, "client_id": "somebody"}),
        "a stranger's key": signed({}, STRANGERS_KEY),
        "an unknown key": signed({}, kid="unknown"),
        "a shared secret": signed({}, "x" * 32, "HS256"),
        "cut": whole[:-4],
        "unsigned": "Bearer " + jwt.encode(good, "", algorithm="none", headers=kid),
    }


def test_whoever_has_no_good_token_gets_401_from_the_gateway(tmp_path: Path) -> None:
    """API Gateway's own answer, for every way a token can be wrong; the handler is never asked."""

    async def use(issuer: Issuer, session: aiohttp.ClientSession, here: str) -> dict[str, Any]:
        seen = {}
        for name, header in tampered(issuer).items():
            headers = {"authorization": header} if header else {}
            async with session.get(f"{here}/guarded", headers=headers) as response:
                seen[name] = (response.status, await response.json(), response.headers["www-authenticate"])
        return seen

    for name, (status, answer, challenge) in with_issuer(tmp_path, use).items():
        assert (status, answer) == (401, {"message": "Unauthorized"}), name
        assert challenge.startswith("Bearer"), name


def test_a_good_token_is_taken_in_every_form_api_gateway_takes(tmp_path: Path) -> None:
    """With and without `Bearer`; a client_id where there is no aud; scopes a list; other claims text."""

    async def use(issuer: Issuer, session: aiohttp.ClientSession, here: str) -> list[Any]:
        now = int(time.time())
        head = {"kid": str(issuer.keys()["keys"][0]["kid"])}
        claims = {"iss": issuer.url, "sub": "x", "exp": now + 60, "client_id": CLIENT_ID}
        claims |= {"scope": "a b", "groups": ["one", "two"], "staff": False}
        token = jwt.encode(claims, KEY, algorithm="RS256", headers=head)
        seen = []
        for header in (f"Bearer {token}", f"bearer {token}", token):
            async with session.get(f"{here}/guarded", headers={"authorization": header}) as response:
                seen.append((response.status, (await response.json())["requestContext"]["authorizer"]["jwt"]))
        return seen

    for status, told in with_issuer(tmp_path, use):
        assert (status, told["scopes"]) == (200, ["a", "b"])
        assert (told["claims"]["groups"], told["claims"]["staff"]) == ("[one two]", "false")


def test_routes_without_an_authorizer_stay_open_and_unknown_ones_shut(tmp_path: Path) -> None:
    """An open route's handler sees no claims, whatever header came; a misnamed authorizer lets nobody in."""

    async def use(issuer: Issuer, session: aiohttp.ClientSession, here: str) -> Any:
        headers = {"authorization": f"Bearer {issuer.id_token(ADMIN)}"}
        async with session.get(f"{here}/open", headers=headers) as response:
            event = json.loads(await response.text())
        async with session.get(f"{here}/forgotten", headers=headers) as response:
            return event["requestContext"], response.status

    context, status = with_issuer(tmp_path, use)
    assert "authorizer" not in context
    assert status == 401


def test_the_key_is_kept_and_private(tmp_path: Path) -> None:
    """The next start signs with the same key, and only its owner can read the file."""
    first, second = kept_key(tmp_path), kept_key(tmp_path)
    assert first.private_numbers() == second.private_numbers()
    assert (tmp_path / "issuer_key.pem").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks"])
def test_anybody_may_read_what_the_issuer_publishes(tmp_path: Path, path: str) -> None:
    """The configuration names the issuer's endpoints; the key set holds nothing private."""

    async def use(issuer: Issuer, session: aiohttp.ClientSession, here: str) -> tuple[Any, str]:
        async with session.get(f"{here}/local/issuer{path}") as response:
            return await response.json(), here

    told, here = with_issuer(tmp_path, use)
    if path == "/jwks":
        assert set(told["keys"][0]) >= {"kty", "n", "e", "kid"}
        assert not set(told["keys"][0]) & {"d", "p", "q"}
    else:
        assert told["issuer"] == f"{here}/local/issuer"
        assert told["token_endpoint"] == f"{here}/local/issuer/token"
