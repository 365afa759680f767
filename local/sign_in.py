"""The issuer's pages and endpoints under /local, which exist on this machine only.

`/local/sign-in?org=SLUG&as=ROLE` signs the browser in as demo staff and goes to the board; without a clinic,
or when the board asks an unknown browser to sign in, a page offers everybody there is.
"""

import html
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from aiohttp import web

from local.issuer import CLIENT_ID, Issuer, Person, RefusedError

COOKIE = "frontdesk_local_session"
COOKIE_SECONDS = 24 * 3600
ISSUER_PATH = "/local/issuer"
SIGN_IN_PATH = "/local/sign-in"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(issuer: Issuer, origins: frozenset[str]) -> dict[tuple[str, str], Handler]:
    """Give the handlers by (method, path); `origins` are where the board may be, and codes may go."""

    async def configuration(_request: web.Request) -> web.StreamResponse:
        return web.json_response(issuer.configuration(), headers={"access-control-allow-origin": "*"})

    async def keys(_request: web.Request) -> web.StreamResponse:
        return web.json_response(issuer.keys(), headers={"access-control-allow-origin": "*"})

    async def authorize(request: web.Request) -> web.StreamResponse:
        return _authorize(issuer, origins, request)

    async def token(request: web.Request) -> web.StreamResponse:
        return _token(issuer, origins, request.headers.get("origin"), await request.text())

    async def sign_out(request: web.Request) -> web.StreamResponse:
        wanted = request.query.get("logout_uri") or request.query.get("post_logout_redirect_uri") or "/"
        answer = web.Response(status=302, headers={"location": wanted if _is_ours(wanted, origins) else "/"})
        answer.del_cookie(COOKIE, path="/local")
        return answer

    async def sign_in(request: web.Request) -> web.StreamResponse:
        return _sign_in(issuer, request.query)

    return {
        ("GET", f"{ISSUER_PATH}/.well-known/openid-configuration"): configuration,
        ("GET", f"{ISSUER_PATH}/jwks"): keys,
        ("GET", f"{ISSUER_PATH}/authorize"): authorize,
        ("POST", f"{ISSUER_PATH}/token"): token,
        ("GET", f"{ISSUER_PATH}/sign-out"): sign_out,
        ("GET", SIGN_IN_PATH): sign_in,
    }


def _sign_in(issuer: Issuer, query: Mapping[str, str]) -> web.Response:
    """Set the issuer's cookie and go on: to the board, or back to where the board sent the browser."""
    if "org" not in query:
        return _choice(issuer, "/?sign-in=1")
    person = issuer.person(query["org"], query.get("as", "admin"))
    if person is None:
        slugs = ", ".join(dict.fromkeys(one.org_slug for one in issuer.people))
        return _page(
            404,
            f"<p>Nobody is that: org is one of {html.escape(slugs)}; as is admin, staff or reader.</p>",
        )
    onward = query.get("onward", "")
    # Only the issuer's own authorize page may follow, never an address from outside.
    to = onward if onward.startswith(f"{ISSUER_PATH}/authorize?") else "/?sign-in=1"
    answer = web.Response(status=302, headers={"location": to, "cache-control": "no-store"})
    answer.set_cookie(
        COOKIE, issuer.session(person), path="/local", httponly=True, samesite="Lax", max_age=COOKIE_SECONDS
    )
    return answer


def _authorize(issuer: Issuer, origins: frozenset[str], request: web.Request) -> web.Response:
    """Send a code to the board, or first ask who it is; whoever names another page gets words only."""
    asked = request.query
    redirect_uri = asked.get("redirect_uri", "")
    if asked.get("client_id") != CLIENT_ID or not _is_ours(redirect_uri, origins):
        return _page(400, "<p>client_id or redirect_uri is not the board's.</p>")
    state = {"state": asked["state"]} if "state" in asked else {}
    challenge = asked.get("code_challenge", "")
    if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256" or not challenge:
        return _back(redirect_uri, {"error": "invalid_request", **state})
    person = issuer.of_session(request.cookies.get(COOKIE))
    if person is None:
        return _choice(issuer, request.rel_url.raw_path_qs)
    code = issuer.code(person, redirect_uri, challenge, asked.get("nonce"))
    return _back(redirect_uri, {"code": code, **state})


def _token(issuer: Issuer, origins: frozenset[str], origin: str | None, form: str) -> web.Response:
    headers = {"cache-control": "no-store"}
    if origin in origins:
        headers["access-control-allow-origin"] = str(origin)
    try:
        return web.json_response(issuer.exchange(dict(parse_qsl(form))), headers=headers)
    except RefusedError as refusal:
        status = 401 if str(refusal) == "invalid_client" else 400
        return web.json_response({"error": str(refusal)}, status=status, headers=headers)


def _back(redirect_uri: str, parameters: Mapping[str, str]) -> web.Response:
    joint = "&" if "?" in redirect_uri else "?"
    location = f"{redirect_uri}{joint}{urlencode(parameters)}"
    return web.Response(status=302, headers={"location": location, "cache-control": "no-store"})


def _is_ours(address: str, origins: frozenset[str]) -> bool:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" in origins


def _choice(issuer: Issuer, onward: str) -> web.Response:
    """Offer everybody who can sign in, by clinic."""
    lines = []
    for slug in dict.fromkeys(one.org_slug for one in issuer.people):
        people = "".join(_link(one, onward) for one in issuer.people if one.org_slug == slug)
        lines.append(f"<h2>{html.escape(slug)}</h2><ul>{people}</ul>")
    return _page(200, "<p>Nothing here asks for a password: this is the local stack.</p>" + "".join(lines))


def _link(person: Person, onward: str) -> str:
    query = {"org": person.org_slug, "as": person.role, "onward": onward}
    address = html.escape(f"{SIGN_IN_PATH}?{urlencode(query)}")
    return f'<li><a href="{address}">{html.escape(person.name)}</a>, {html.escape(person.role)}</li>'


def _page(status: int, body: str) -> web.Response:
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in to the demo</title>'
        f"<h1>Sign in to the demo</h1>{body}</html>"
    )
    headers = {"content-security-policy": "default-src 'none'; frame-ancestors 'none'"}
    return web.Response(status=status, text=text, content_type="text/html", headers=headers)
