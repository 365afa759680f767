"""The page on which a person allows our client what it asks for, or does not."""

import html
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web
from multidict import MultiMapping

from local.fake_google_api import Google
from local.fake_google_push import LOOPBACK
from local.fake_google_store import CALENDAR, OPENID, Account
from local.fake_google_tokens import CODE_SECONDS, Code

PATH = "/o/oauth2/v2/auth"
# Short names one may ask with, and what the answer calls them.
LONG_NAMES = {"email": OPENID[1], "profile": "https://www.googleapis.com/auth/userinfo.profile"}
MEANINGS = {
    "openid": "Know who you are on Google",
    LONG_NAMES["email"]: "See your e-mail address",
    LONG_NAMES["profile"]: "See your name",
    f"{CALENDAR}.events": "View and edit events on all your calendars",
    f"{CALENDAR}.events.owned": "View and edit events on calendars you own",
    f"{CALENDAR}.calendarlist.readonly": "See the list of calendars you are subscribed to",
    f"{CALENDAR}.freebusy": "See when you are free or busy",
}
ALWAYS = frozenset({"openid", LONG_NAMES["email"], LONG_NAMES["profile"]})  # these have no box to untick
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
    "frame-ancestors 'none'",
    "cache-control": "no-store",
}

type Question = MultiMapping[str]


def routes(google: Google, codes: dict[str, Code]) -> list[web.RouteDef]:
    """Give the page's routes; what is allowed goes to `codes`.

    A test may skip the page: `&approve=1` allows everything at once, as `&account=` if that is given.
    """

    async def ask(request: web.Request) -> web.Response:
        problem = _problem(google, request.query)
        if problem:
            return _error_page(problem)
        if "approve" in request.query:
            return _decide(google, codes, request.query, request.query)
        return _page(google, request.query)

    async def decided(request: web.Request) -> web.Response:
        problem = _problem(google, request.query)
        if problem:
            return _error_page(problem)
        form: Any = await request.post()
        return _decide(google, codes, request.query, form)

    return [web.get(PATH, ask), web.post(PATH, decided)]


def _problem(google: Google, question: Question) -> str:
    """Say why Google would show an error instead of the page, or nothing."""
    redirect = question.get("redirect_uri", "")
    method, challenge = question.get("code_challenge_method", "plain"), question.get("code_challenge", "")
    proven = not challenge or (method == "S256" and re.fullmatch(r"[A-Za-z0-9_-]{43}", challenge))
    checks = {
        "401: invalid_client. The OAuth client was not found.": (
            question.get("client_id") == google.store.client_id
        ),
        "400: redirect_uri_mismatch.": _allowed(google, redirect),
        "400: unsupported_response_type.": question.get("response_type") == "code",
        "400: invalid_request. Missing required parameter: scope": question.get("scope", "").split(),
        "400: invalid_request. Only code_challenge_method=S256 is played here.": proven,
        "400: invalid_request. Invalid parameter value for access_type": (
            question.get("access_type", "online") in {"online", "offline"}
        ),
    }
    return next((f"Error {problem}" for problem, good in checks.items() if not good), "")


def _allowed(google: Google, redirect: str) -> bool:
    if google.redirect_uris:
        return redirect in google.redirect_uris
    parts = urlsplit(redirect)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _asked(question: Question) -> tuple[str, ...]:
    names = dict.fromkeys(LONG_NAMES.get(name, name) for name in question["scope"].split())
    # Whoever asks for the address is told the identity too.
    return tuple(names | ({"openid": None} if LONG_NAMES["email"] in names else {}))


def _decide(google: Google, codes: dict[str, Code], question: Question, form: Any) -> web.Response:
    back = {"state": question["state"]} if "state" in question else {}
    if form.get("decision") == "deny":
        return _redirect(question, back | {"error": "access_denied"})
    account = _account(google, form.get("account") or question.get("login_hint", ""))
    if account is None:
        return _error_page("There is no such account here.")
    asked = _asked(question)
    ticked = set(form.getall("granted", [])) if "granted" in form or "boxes" in form else set(asked)
    granted = tuple(name for name in asked if name in ticked | ALWAYS)
    before = [grant for grant in google.store.grants.values() if grant.email == account.email]
    if question.get("include_granted_scopes") == "true":
        granted = tuple(dict.fromkeys([*granted, *(scope for grant in before for scope in grant.scopes)]))
    code = f"4/0A{secrets.token_urlsafe(48)}"
    codes[code] = Code(
        email=account.email,
        redirect_uri=question["redirect_uri"],
        scopes=granted,
        challenge=question.get("code_challenge", ""),
        # "The refresh token is only returned on the first authorization", or after prompt=consent.
        with_refresh_token=question.get("access_type") == "offline"
        and (not before or "consent" in question.get("prompt", "")),
        expires_at=google.store.now() + CODE_SECONDS,
    )
    known = {"code": code, "scope": " ".join(granted), "authuser": "0", "prompt": "consent"}
    return _redirect(question, back | known)


def _account(google: Google, email: str) -> Account | None:
    accounts = google.store.accounts
    return accounts.get(email) if email else next(iter(accounts.values()), None)


def _redirect(question: Question, values: Mapping[str, str]) -> web.Response:
    redirect = question["redirect_uri"]
    joint = "&" if urlsplit(redirect).query else "?"
    return web.Response(status=302, headers={"location": redirect + joint + urlencode(values)})


def _error_page(problem: str) -> web.Response:
    body = f"<h1>Access blocked</h1><p>{html.escape(problem)}</p>"
    return web.Response(text=document("Google (fake)", body), content_type="text/html", status=400)


def _page(google: Google, question: Question) -> web.Response:
    hint = question.get("login_hint", "")
    people = "".join(
        f"<label><input type='radio' name='account' value='{html.escape(email)}'"
        f"{' checked' if email == hint or (number == 0 and hint not in google.store.accounts) else ''}>"
        f" {html.escape(account.name)} <small>{html.escape(email)}</small></label>"
        for number, (email, account) in enumerate(google.store.accounts.items())
    )
    boxes = "".join(
        f"<label><input type='checkbox' name='granted' value='{html.escape(name)}' checked"
        f"{' disabled' if name in ALWAYS else ''}> {html.escape(MEANINGS.get(name, name))}</label>"
        for name in _asked(question)
    )
    body = f"""
      <h1>Frontdesk wants access to a Google account</h1>
      <p>This is the local stack's Google: nothing leaves this machine.</p>
      <form method="post" class="consent">
        <input type="hidden" name="boxes" value="1">
        <fieldset><legend>Whose account</legend>{people}</fieldset>
        <fieldset><legend>Frontdesk may</legend>{boxes}</fieldset>
        <p><button name="decision" value="allow">Allow</button>
           <button name="decision" value="deny" class="quiet">Deny</button></p>
      </form>"""
    page = document("Sign in with Google (fake)", body)
    return web.Response(text=page, content_type="text/html", headers=HEADERS)


def document(title: str, body: str) -> str:
    """Write a page around a body that is HTML already."""
    return f"""<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>{html.escape(title)}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/google.css">
  </head>
  <body><main>{body}</main></body>
</html>
"""
