"""Signing in with the fake Google: consent, code with PKCE, refresh, revocation."""

import base64
import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from google.auth.exceptions import RefreshError

from tests.fake_google import CLIENT_ID, CLIENT_SECRET, OFFICE, SOL, FakeGoogleThread, running_fake
from tests.local.google_client import PATEL, refused, service

CALLBACK = "http://127.0.0.1:8787/api/google/callback"
VERIFIER = "v" * 43
EVENTS = "https://www.googleapis.com/auth/calendar.events"
LIST = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
EMAIL = "https://www.googleapis.com/auth/userinfo.email"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


OPENER = urllib.request.build_opener(_Stay)


@pytest.fixture
def fake() -> Iterator[FakeGoogleThread]:
    """Run a fake with two clinics' accounts."""
    with running_fake() as running:
        yield running


def get(url: str, form: dict[str, Any] | None = None, **headers: str) -> tuple[int, str, str]:
    """Fetch a page or post a form; give status, text and where it leads."""
    data = None if form is None else urlencode(form, doseq=True).encode()
    try:
        with OPENER.open(urllib.request.Request(url, data, headers), timeout=10) as answer:
            return answer.status, answer.read().decode(), ""
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.code, problem.read().decode(), problem.headers.get("location", "")


def question(fake: FakeGoogleThread, **other: str) -> str:
    """Give the address our clinic's staff are sent to."""
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    asked = {
        "client_id": CLIENT_ID,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": f"openid email {EVENTS} {LIST}",
        "state": "s1",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "consent",
    }
    kept = {name: value for name, value in (asked | other).items() if value}
    return f"{fake.url}/o/oauth2/v2/auth?{urlencode(kept)}"


def allowed(fake: FakeGoogleThread, **form: Any) -> dict[str, str]:
    """Press Allow; give what comes back to our callback."""
    status, _, location = get(question(fake), {"decision": "allow", "account": SOL.email} | form)
    assert status == 302
    assert location.startswith(f"{CALLBACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def token(fake: FakeGoogleThread, **form: str) -> tuple[int, dict[str, Any]]:
    """Ask the token endpoint."""
    known = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uri": CALLBACK}
    status, text, _ = get(f"{fake.url}/token", known | form)
    return status, json.loads(text)


def exchange(fake: FakeGoogleThread, code: str, **other: str) -> tuple[int, dict[str, Any]]:
    """Exchange a code."""
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER} | other
    return token(fake, **form)


def test_a_person_allows_and_we_get_tokens(fake: FakeGoogleThread) -> None:
    """State and code come back; the code brings both tokens, the scopes, and who it was."""
    status, page, _ = get(question(fake))
    assert status == 200
    assert "Frontdesk wants access" in page
    back = allowed(fake)
    assert back["state"] == "s1"
    status, granted = exchange(fake, back["code"])
    assert (status, granted["token_type"], granted["expires_in"]) == (200, "Bearer", 3599)
    assert set(granted["scope"].split()) == {"openid", EMAIL, EVENTS, LIST}
    claims = jwt.decode(granted["id_token"], options={"verify_signature": False})
    assert (claims["email"], claims["email_verified"], claims["aud"]) == (SOL.email, True, CLIENT_ID)
    _, person, _ = get(f"{fake.url}/oauth2/v3/userinfo", Authorization=f"Bearer {granted['access_token']}")
    assert json.loads(person)["email"] == SOL.email
    refreshed = service(fake, granted["refresh_token"])
    assert refreshed.calendarList().list().execute()["items"][0]["id"] == SOL.email


def test_the_id_token_is_signed_by_a_published_key(fake: FakeGoogleThread) -> None:
    """RS256, as Google's, with the key of /oauth2/v3/certs."""
    _, granted = exchange(fake, allowed(fake)["code"])
    keys = jwt.PyJWKClient(f"{fake.url}/oauth2/v3/certs")
    key = keys.get_signing_key_from_jwt(granted["id_token"])
    claims = jwt.decode(granted["id_token"], key, algorithms=["RS256"], audience=CLIENT_ID)
    assert claims["iss"] == "https://accounts.google.com"


def test_a_person_may_deny_or_untick(fake: FakeGoogleThread) -> None:
    """access_denied comes back; what was unticked is not in the scopes, nor good for a call."""
    _, _, location = get(question(fake), {"decision": "deny"})
    assert parse_qs(urlsplit(location).query) == {"state": ["s1"], "error": ["access_denied"]}
    back = allowed(fake, boxes="1", granted=[LIST], account=OFFICE.email)
    _, granted = exchange(fake, back["code"])
    assert EVENTS not in granted["scope"].split()
    request = service(fake, granted["refresh_token"]).events().list(calendarId=PATEL)
    assert refused(request) == (403, "insufficientPermissions")


def test_a_test_may_skip_the_page(fake: FakeGoogleThread) -> None:
    """With approve=1 the browser is sent back at once, as the account the hint names."""
    _, _, location = get(question(fake, login_hint=SOL.email) + "&approve=1")
    code = parse_qs(urlsplit(location).query)["code"][0]
    status, granted = exchange(fake, code)
    assert status == 200
    assert jwt.decode(granted["id_token"], options={"verify_signature": False})["email"] == SOL.email


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"client_id": "somebody"}, "invalid_client"),
        ({"redirect_uri": "http://elsewhere.example/"}, "redirect_uri_mismatch"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": ""}, "scope"),
        ({"code_challenge_method": "plain"}, "S256"),
        ({"access_type": "always"}, "access_type"),
    ],
)
def test_a_wrong_question_gets_an_error_page(
    fake: FakeGoogleThread, other: dict[str, str], said: str
) -> None:
    """400, and nobody is sent anywhere."""
    status, page, location = get(question(fake, **other) + "&approve=1")
    assert (status, location) == (400, "")
    assert said in page


def test_only_registered_addresses_are_led_back_to() -> None:
    """Where the client registered its addresses, any other is a mismatch."""
    with running_fake(redirect_uris=[CALLBACK]) as fake:
        assert get(question(fake))[0] == 200
        assert get(question(fake, redirect_uri=CALLBACK + "/x"))[0] == 400


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"redirect_uri": CALLBACK + "/x"}, "redirect_uri_mismatch"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_wrong_exchange_is_refused(fake: FakeGoogleThread, other: dict[str, str], error: str) -> None:
    """400 with OAuth's error code and a description."""
    status, told = exchange(fake, allowed(fake)["code"], **other)
    assert (status, told["error"]) == (400, error)
    assert told["error_description"]


def test_a_wrong_client_is_refused(fake: FakeGoogleThread) -> None:
    """401 invalid_client; the right one may also come by Basic authentication."""
    code = allowed(fake)["code"]
    for wrong in ({"client_secret": "x"}, {"client_id": "x"}):
        status, told = exchange(fake, code, **wrong)
        assert (status, told["error"]) == (401, "invalid_client")
    basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
    status, _, _ = get(f"{fake.url}/token", form | {"redirect_uri": CALLBACK}, Authorization=f"Basic {basic}")
    assert status == 200


def test_a_code_is_good_once(fake: FakeGoogleThread) -> None:
    """The second exchange is invalid_grant, and so is a code nobody gave out."""
    code = allowed(fake)["code"]
    assert exchange(fake, "4/0Anonsense")[1]["error"] == "invalid_grant"
    assert exchange(fake, code)[0] == 200
    assert exchange(fake, code)[1]["error"] == "invalid_grant"


def test_a_refresh_token_comes_when_offline_access_is_new_or_asked_for_again(
    fake: FakeGoogleThread,
) -> None:
    """Not online, and not for an account that granted before unless prompt=consent."""

    def refresh_token(**other: str) -> bool:
        _, _, location = get(question(fake, **other) + f"&approve=1&account={SOL.email}")
        return "refresh_token" in exchange(fake, parse_qs(urlsplit(location).query)["code"][0])[1]

    assert refresh_token()
    assert not refresh_token(prompt="")
    assert not refresh_token(access_type="online")
    fake.revoke(SOL.email)
    assert refresh_token(prompt="")


def test_a_revoked_grant_is_over(fake: FakeGoogleThread) -> None:
    """Refreshing is invalid_grant, the access token 401; a second revocation is invalid_token."""
    access = fake.token()
    assert get(f"{fake.url}/revoke", {"token": OFFICE.refresh_token})[0] == 200
    status, told = token(fake, grant_type="refresh_token", refresh_token=OFFICE.refresh_token)
    assert (status, told["error"]) == (400, "invalid_grant")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        fake.ask_as(access, "/users/me/calendarList")
    with pytest.raises(RefreshError, match="invalid_grant"):
        service(fake).calendarList().list().execute()
    status, text, _ = get(f"{fake.url}/revoke", {"token": OFFICE.refresh_token})
    assert (status, json.loads(text)["error"]) == (400, "invalid_token")


def test_an_access_token_ends(fake: FakeGoogleThread) -> None:
    """401 authError after its time, and for a token nobody gave out."""
    fake.faults(access_token_seconds=0)
    old = token(fake, grant_type="refresh_token", refresh_token=OFFICE.refresh_token)[1]["access_token"]
    for wrong in (old, "ya29.nonsense"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            fake.ask_as(wrong, "/users/me/calendarList")
        with caught.value as problem:
            assert problem.code == 401
            assert json.loads(problem.read())["error"]["errors"][0]["reason"] == "authError"


def test_revoking_by_fault_ends_with_the_fault(fake: FakeGoogleThread) -> None:
    """token_revoked is invalid_grant and 401 for our client; the person's own hand goes on."""
    access = fake.token()
    fake.faults(token_revoked=OFFICE.email)
    assert token(fake, grant_type="refresh_token", refresh_token=OFFICE.refresh_token)[0] == 400
    with pytest.raises(urllib.error.HTTPError, match="401"):
        fake.ask_as(access, "/users/me/calendarList")
    assert fake.act("GET", "/users/me/calendarList")["items"]
    fake.faults()
    assert token(fake, grant_type="refresh_token", refresh_token=OFFICE.refresh_token)[0] == 200


def test_the_consent_page_shows_names_as_text(fake: FakeGoogleThread) -> None:
    """What the address says is escaped: the page never becomes a script of somebody else's."""
    _, page, _ = get(question(fake, scope="openid <script>alert(1)</script>"))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
