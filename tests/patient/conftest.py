"""A patient with a visit and the link to it, and two ways to the page: as API Gateway asks, and in a browser.

The browser's server plays the template's routes with the local gateway's own translation, one request at a
time; the handler under it is the real one.
"""

import html
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import pytest

from frontdesk import db, outbox, patient_links, settings
from functions.patient_page import app as page
from local.http_events import Request, match, to_event, to_response
from local.intrinsics import load_yaml
from local.template_records import HttpRoute
from tests.clinics import Clinic, Connection, book, make_clinic
from tests.database import Database

HOST = "front.example.test"
ROOT = Path(__file__).resolve().parents[2]
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Reply:
    """An answer of the page; `told` is its text without tags and with single spaces."""

    status: int
    headers: dict[str, str]
    body: str = field(repr=False)

    @property
    def told(self) -> str:
        """Return the words of the page, without its head."""
        bare = re.sub(r"<[^>]+>", " ", self.body.partition("</head>")[2])
        return re.sub(r"\s+", " ", html.unescape(bare)).strip()

    @property
    def version(self) -> str:
        """Return the version its form carries."""
        found = re.search(r'name="version" value="(\d+)"', self.body)
        assert found, self.told
        return found[1]

    @property
    def slots(self) -> list[str]:
        """Return the values of its buttons."""
        return re.findall(r'name="slot" value="([^"]+)"', self.body)


@pytest.fixture
def published() -> list[dict[str, Any]]:
    """Collect the outbox rows that the page sent off."""
    return []


@pytest.fixture(autouse=True)
def environment(
    database: Database, published: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Give the function the template's environment; nothing goes to a queue."""
    monkeypatch.setenv("DATABASE_URL", database.app_url)
    monkeypatch.setenv("DATABASE_AUTH", "password")
    monkeypatch.setattr(outbox, "publish_later", lambda _org, rows: published.extend(rows or ()))
    settings.current.cache_clear()
    yield
    db.close()
    settings.current.cache_clear()


@pytest.fixture
def clinic(owner: Connection) -> Clinic:
    """Make a clinic in New York with a front desk: Dr. Patel, weekdays 09:00-17:00, cleaning 60 minutes."""
    return make_clinic(owner, front_desk_phone="+12025550199")


@pytest.fixture
def visit(app: Connection, clinic: Clinic) -> dict[str, Any]:
    """Book Dana's visit, Monday at ten."""
    booked: dict[str, Any] = book(
        app, clinic, clinic.at(10), patient_email="dana.canary@example.test", notes="canary of a note"
    )["appointment"]
    return booked


@pytest.fixture
def token(clinic: Clinic, visit: dict[str, Any]) -> str:
    """Make the link to Dana's visit; return its token."""
    return token_of(clinic, visit)


def token_of(clinic: Clinic, visit: dict[str, Any]) -> str:
    """Make a link to a visit; return its token."""
    link = patient_links.make(clinic.id, UUID(visit["id"]), f"https://{HOST}")
    assert link.startswith(f"https://{HOST}/a/")
    return link.rpartition("/")[2]


def event(method: str, path: str, query: str = "", body: str | None = None, **headers: str) -> dict[str, Any]:
    """Write the event API Gateway would give; headers' names have underscores for dashes."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    asked: dict[str, Any] = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": HOST, **({"content-type": FORM} if body is not None else {}), **sent},
        "requestContext": {"domainName": HOST, "http": {"method": method, "path": path}},
        "isBase64Encoded": False,
    }
    return asked if body is None else asked | {"body": body}


def ask(method: str, path: str, query: str = "", form: dict[str, Any] | None = None, **headers: str) -> Reply:
    """Ask the handler, with a form or without."""
    body = urlencode(form) if form is not None else None
    answer = page.handler(event(method, path, query, body, **headers), None)
    assert json.dumps(answer), "an answer must be JSON for Lambda"
    return Reply(answer["statusCode"], answer["headers"], answer.get("body", ""))


def get(token: str, part: str = "", query: str = "", **headers: str) -> Reply:
    """Open the page, or one of its parts ('/move')."""
    return ask("GET", f"/a/{token}{part}", query, None, **headers)


def post(token: str, part: str, form: dict[str, Any], **headers: str) -> Reply:
    """Send one of the page's forms."""
    return ask("POST", f"/a/{token}{part}", form=form, **headers)


def follow(reply: Reply) -> Reply:
    """Go where a redirect leads."""
    assert reply.status == 303, (reply.status, reply.told)
    where = urlsplit(reply.headers["location"])
    assert set(parse_qs(where.query)) == {"done", "v"}
    return ask("GET", where.path, where.query)


def routes() -> list[HttpRoute]:
    """Return the page's routes as template.yaml has them."""
    template = load_yaml((ROOT / "template.yaml").read_text())
    events = template["Resources"]["PatientPageFunction"]["Properties"]["Events"].values()
    return [
        HttpRoute("PatientPage", each["Properties"]["Method"], each["Properties"]["Path"], 12.0)
        for each in events
    ]


@pytest.fixture
def url(environment: None) -> Iterator[str]:
    """Serve the page for a browser."""
    known = routes()

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            matched = match(known, self.command, urlsplit(self.path).path)
            if matched is None:
                self.send_error(404)
                return
            size = int(self.headers.get("content-length") or 0)
            asked = Request(
                self.command,
                urlsplit(self.path).path,
                urlsplit(self.path).query,
                list(self.headers.items()),
                self.rfile.read(size),
                "127.0.0.1",
            )
            answer = to_response(page.handler(to_event(asked, matched), None))
            self.send_response(answer.status)
            for name, value in (*answer.headers, ("content-length", str(len(answer.body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        do_POST = do_GET  # noqa: N815 - the server's name for it

        def log_request(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Door)

    def serve() -> None:
        server.serve_forever(poll_interval=0.05)
        db.close()  # the thread's own connection

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
