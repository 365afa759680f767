"""Connecting a clinic's Google account over HTTP: who may, which browser, once, with enough rights."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest

from frontdesk import calendars, credentials, settings
from functions.calendar_worker import google as routes
from functions.calendar_worker import tokens
from tests.calendar.conftest import CALLBACK, PATEL, Surroundings, assign, book, connect, work
from tests.clinics import Clinic, Connection, call, make_clinic, one
from tests.fake_google import OFFICE, FakeGoogleThread

ISSUER = "https://issuer.example.test"
EVENTS = "https://www.googleapis.com/auth/calendar.events"
LIST = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"


@pytest.fixture
def office(owner: Connection, around: Surroundings) -> Clinic:
    """Make a clinic that is not connected, with an admin, a colleague and a reader."""
    made = make_clinic(owner)
    for role in ("admin", "staff", "reader"):
        owner.execute(
            "INSERT INTO frontdesk.staff (org_id, id, email, name, role, issuer, subject)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [made.id, uuid4(), f"{role}@bright.example", "Ada Admin", role, ISSUER, f"{role}-{made.id}"],
        )
    return made


def request(
    clinic: Clinic | None,
    method: str,
    route: str,
    *,
    role: str = "admin",
    query: dict[str, str] | None = None,
    cookies: list[str] | None = None,
    **headers: str,
) -> dict[str, Any]:
    """Let the handler answer one HTTP API event; without a clinic nobody is signed in."""
    event: dict[str, Any] = {
        "version": "2.0",
        "rawPath": f"/api/google/{route}",
        "rawQueryString": urllib.parse.urlencode(query or {}),
        "headers": {"host": "spoofed.example", **headers},
        "requestContext": {"domainName": "api.example.test", "http": {"method": method}},
    }
    if cookies:
        event["cookies"] = cookies
    if clinic is not None:
        claims = {"iss": ISSUER, "sub": f"{role}-{clinic.id}", "email": f"{role}@bright.example"}
        event["requestContext"]["authorizer"] = {"jwt": {"claims": claims}}
    answer: dict[str, Any] = routes.handler(event, None)
    return answer


def set_out(clinic: Clinic, **more: Any) -> tuple[str, str]:
    """Begin to connect; return Google's address and the cookie the browser keeps."""
    answer = request(clinic, "GET", "connect", accept="application/json", **more)
    assert answer["statusCode"] == 200, answer
    return json.loads(answer["body"])["url"], answer["cookies"][0].split(";")[0]


def consent(url: str, *granted: str, **form: str) -> dict[str, str]:
    """Be the person on Google's page; return what Google sends back with the browser."""
    said = {"decision": "allow", "account": OFFICE.email, "boxes": "1"} | form
    fields = list(said.items())
    fields += [("granted", name) for name in granted or (EVENTS, LIST)]
    data = urllib.parse.urlencode(fields).encode()

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any, **__: Any) -> None:
            return None

    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.build_opener(Stay).open(urllib.request.Request(url, data), timeout=10)
    location = raised.value.headers["location"]
    assert location.startswith(CALLBACK), location
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def come_back(query: dict[str, str], cookie: str) -> str:
    """Return from Google; give the board's code."""
    answer = request(None, "GET", "callback", query=query, cookies=["other=1", cookie])
    assert answer["statusCode"] == 302
    assert "Max-Age=0" in answer["cookies"][0]
    location: str = answer["headers"]["location"]
    assert location.startswith("/?google=")
    return location.removeprefix("/?google=")


def test_an_admin_connects_the_clinic(
    owner: Connection, office: Clinic, google: FakeGoogleThread, around: Surroundings
) -> None:
    """There and back: connected as that account, both tokens sealed, told to the board, and it works."""
    url, cookie = set_out(office)
    assert come_back(consent(url), cookie) == "connected"
    link = owner.execute("SELECT * FROM frontdesk.google_connections").fetchall()
    assert [(row["status"], row["account_email"]) for row in link] == [("connected", OFFICE.email)]
    assert {EVENTS, LIST} <= set(link[0]["scopes"])
    admin = one(owner, "SELECT id FROM frontdesk.staff WHERE role = 'admin'")
    assert (
        one(owner, "SELECT actor FROM frontdesk.events WHERE type = 'calendar.connected'") == f"staff:{admin}"
    )
    caller = tokens.access(office.id)
    stored = str(owner.execute("SELECT * FROM frontdesk.credentials").fetchall())
    assert caller.access_token not in stored
    assert any(row["queue"] == "notify" for row in around.published)


def test_the_address_asks_for_what_is_needed_and_proves_who_asks(office: Clinic) -> None:
    """PKCE S256, offline access, an exact redirect of ours, and no calendar right beyond the two."""
    url, cookie = set_out(office)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert asked["redirect_uri"] == CALLBACK
    assert asked["scope"].split() == ["openid", "email", EVENTS, LIST]
    assert (asked["code_challenge_method"], asked["access_type"]) == ("S256", "offline")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", asked["code_challenge"])
    assert re.fullmatch(r"frontdesk_google=[A-Za-z0-9_-]{43}", cookie)


def test_the_cookie_is_for_this_journey_only(office: Clinic) -> None:
    """HttpOnly, same site, our path, ten minutes, and Secure where the site is."""
    answer = request(office, "GET", "connect")
    assert answer["statusCode"] == 302
    assert answer["headers"]["location"].startswith("http")
    parts = {part.strip() for part in answer["cookies"][0].split(";")[1:]}
    assert parts == {"HttpOnly", "SameSite=Lax", "Path=/api/google", "Max-Age=600", "Secure"}


def test_without_a_setting_the_redirect_is_the_domain_of_the_api(
    office: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What API Gateway matched, never a Host header."""
    monkeypatch.setenv("PUBLIC_BASE_URL", "")
    settings.current.cache_clear()
    url, _ = set_out(office)
    assert parse_qs(urlsplit(url).query)["redirect_uri"] == ["https://api.example.test/api/google/callback"]


@pytest.mark.parametrize("role", ["staff", "reader"])
@pytest.mark.parametrize(
    ("method", "route"), [("GET", "connect"), ("GET", "calendars"), ("POST", "disconnect")]
)
def test_only_admins_may(office: Clinic, role: str, method: str, route: str) -> None:
    """403 for who is on the staff in another role."""
    answer = request(office, method, route, role=role)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (403, "role_too_low")


@pytest.mark.parametrize(
    ("method", "route"), [("GET", "connect"), ("GET", "calendars"), ("POST", "disconnect")]
)
def test_strangers_may_nothing(owner: Connection, office: Clinic, method: str, route: str) -> None:
    """401 without a token, 403 with somebody else's; nothing is written."""
    assert request(None, method, route)["statusCode"] == 401
    answer = request(office, method, route, role="nobody")
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (403, "not_staff")
    assert one(owner, "SELECT count(*) FROM frontdesk.oauth_states") == 0


def test_a_state_works_once(office: Clinic) -> None:
    """The same return a second time: a code is used up, and so is the state."""
    url, cookie = set_out(office)
    back = consent(url)
    assert come_back(back, cookie) == "connected"
    assert come_back(back, cookie) == "state_unknown"


def test_another_browser_cannot_finish_the_journey(owner: Connection, office: Clinic) -> None:
    """A link sent to somebody else: no cookie or another one, refused, and the state is used up."""
    url, cookie = set_out(office)
    back = consent(url)
    assert come_back(back, "frontdesk_google=" + "x" * 43) == "other_browser"
    assert come_back(back, cookie) == "state_unknown"
    url, cookie = set_out(office)
    assert come_back(consent(url), "unrelated=1") == "other_browser"
    assert owner.execute("SELECT * FROM frontdesk.google_connections").fetchall() == []


def test_a_state_ends_after_ten_minutes(owner: Connection, office: Clinic) -> None:
    """Expired: nothing is exchanged."""
    url, cookie = set_out(office)
    left = one(
        owner, "SELECT expires_at - now() < interval '10 minutes 1 second' FROM frontdesk.oauth_states"
    )
    assert left
    owner.execute("UPDATE frontdesk.oauth_states SET expires_at = now()")
    assert come_back(consent(url), cookie) == "state_expired"


@pytest.mark.parametrize("state", ["", "x" * 43, "../../etc", "%00", "é" * 20])
def test_a_made_up_state_is_nobody_s(owner: Connection, office: Clinic, state: str) -> None:
    """Refused before Google is asked anything."""
    _, cookie = set_out(office)
    assert come_back({"state": state, "code": "4/abc"}, cookie) == "state_unknown"
    assert one(owner, "SELECT count(*) FROM frontdesk.oauth_states") == 1


def test_a_person_who_says_no_changes_nothing(owner: Connection, office: Clinic) -> None:
    """access_denied comes back as such."""
    url, cookie = set_out(office)
    assert come_back(consent(url, decision="deny"), cookie) == "access_denied"
    assert owner.execute("SELECT * FROM frontdesk.google_connections").fetchall() == []


def test_a_right_that_was_unticked_is_noticed_and_the_grant_given_back(
    owner: Connection, office: Clinic, google: FakeGoogleThread
) -> None:
    """Without the list of calendars nothing works: told at once, and no grant stays behind."""
    google.revoke(OFFICE.email)
    url, cookie = set_out(office)
    assert come_back(consent(url, EVENTS), cookie) == "scopes_missing"
    assert owner.execute("SELECT * FROM frontdesk.credentials").fetchall() == []


def test_a_code_somebody_else_caught_is_worth_nothing(office: Clinic) -> None:
    """Its verifier is in our database: Google refuses the exchange of a code that was made for another."""
    first, cookie = set_out(office)
    stolen = consent(first)
    second, cookie = set_out(office)
    state = parse_qs(urlsplit(second).query)["state"][0]
    assert come_back({"state": state, "code": stolen["code"]}, cookie) == "exchange_failed"


def test_the_calendars_we_may_write_are_listed(office: Clinic, google: FakeGoogleThread) -> None:
    """Those shared with the account too; one to read only is no choice."""
    connect(office, google)
    answer = request(office, "GET", "calendars")
    told = json.loads(answer["body"])
    assert [item["summary"] for item in told["items"]] == ["Office", "Dr. Patel", "Dr. Novák"]
    assert set(told["items"][0]) == {"id", "summary", "time_zone", "primary"}
    assert told["next"] is None


def test_a_clinic_that_is_not_connected_is_told_so(office: Clinic) -> None:
    """409 with a code the board has words for."""
    answer = request(office, "GET", "calendars")
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (409, "google_not_connected")
    assert answer["headers"]["content-type"] == "application/problem+json"


def test_google_s_trouble_is_not_ours(office: Clinic, google: FakeGoogleThread) -> None:
    """502 and no word of Google's."""
    connect(office, google)
    google.faults(error_500_before=1)
    answer = request(office, "GET", "calendars")
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (502, "google_unavailable")


def test_disconnecting_takes_the_grant_back(
    owner: Connection, app: Connection, office: Clinic, google: FakeGoogleThread
) -> None:
    """Revoked at Google, tokens gone, blocks gone, the calendar stays assigned but idle."""
    connect(office, google)
    assign(app, office)
    calendar = one(owner, "SELECT id FROM frontdesk.calendars")
    owner.execute(
        "INSERT INTO frontdesk.busy_blocks (org_id, id, provider_id, during, calendar_id, external_id)"
        " VALUES (%s, gen_random_uuid(), %s, tstzrange(now(), now() + interval '1 hour'), %s, 'x')",
        [office.id, office.providers[0], calendar],
    )
    token = tokens.access(office.id).access_token
    answer = request(office, "POST", "disconnect")
    assert json.loads(answer["body"]) == {"status": "disconnected", "revoked": True}
    with pytest.raises(urllib.error.HTTPError):
        google.ask_as(token, "/users/me/calendarList")
    for table in ("credentials", "busy_blocks"):
        assert one(owner, f"SELECT count(*) FROM frontdesk.{table}") == 0
    assert calendars.access(office.id)["status"] == "disconnected"
    told = call(app, "google_connection", org_id=office.id)
    assert told["connection"]["account_email"] is None
    assert [item["google_calendar_id"] for item in told["items"]] == [PATEL]
    _, row = book(app, office)
    assert work(office, row) == []
    assert google.events(PATEL) == []
    again = request(office, "POST", "disconnect")
    assert json.loads(again["body"])["status"] == "disconnected"


def test_disconnecting_works_when_google_does_not(
    owner: Connection, office: Clinic, google: FakeGoogleThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tokens are forgotten here all the same, and the answer says what is left to do there."""
    connect(office, google)
    monkeypatch.setenv("GOOGLE_BASE", "http://127.0.0.1:1")
    settings.current.cache_clear()
    answer = request(office, "POST", "disconnect")
    assert json.loads(answer["body"]) == {"status": "disconnected", "revoked": False}
    assert owner.execute("SELECT * FROM frontdesk.credentials").fetchall() == []


def test_an_installation_without_a_client_says_so(office: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 with a code, and nothing remembered."""
    monkeypatch.setenv("GOOGLE_CLIENT_ID", "")
    settings.current.cache_clear()
    answer = request(office, "GET", "connect")
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (503, "not_configured")


def test_an_unknown_route_is_not_there(office: Clinic) -> None:
    """404 for another path or method."""
    assert request(office, "POST", "connect")["statusCode"] == 404
    assert request(office, "GET", "nothing")["statusCode"] == 404


def test_two_admins_at_once_leave_one_whole_connection(
    owner: Connection, office: Clinic, google: FakeGoogleThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one who saves later takes the next version of both tokens."""
    url, cookie = set_out(office)
    back = consent(url)
    seal = credentials.seal
    raced: list[bool] = []

    def slowly(org_id: UUID, purpose: str, version: int, secret: Any) -> Any:
        sealed = seal(org_id, purpose, version, secret)
        if not raced:
            raced.append(True)
            connect(office, google)
        return sealed

    monkeypatch.setattr(credentials, "seal", slowly)
    assert come_back(back, cookie) == "connected"
    rows = owner.execute(
        "SELECT purpose, max(version) AS newest FROM frontdesk.credentials GROUP BY 1"
    ).fetchall()
    assert {row["purpose"]: row["newest"] for row in rows} == {"google": 2, "google_access": 2}
    assert tokens.access(office.id).access_token
