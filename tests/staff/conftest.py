"""A clinic with staff of all three roles, and a way to ask the API as any of them.

`ask` builds a real HTTP API event (payload format 2.0) with the claims API Gateway's authorizer would add,
and holds every answer to the OpenAPI document: the status must be one the route names, the body of its shape.
"""

import base64
import gzip
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from frontdesk import db, outbox, settings
from functions.staff_api import app, routes
from functions.staff_api.openapi import statuses
from functions.staff_api.problems import Problem
from tests.clinics import Clinic, Connection, make_clinic
from tests.database import Database

ISSUER = "https://issuer.example.test"
DOMAIN = "front.example.test"
ROLES = ("reader", "staff", "admin")
# Told by the gateway, and what any request may get when something of ours breaks.
ALWAYS = {401, 404, 405, 500, 503}


@dataclass(frozen=True)
class Member:
    """Somebody who works at a clinic, as they sign in."""

    id: uuid.UUID
    clinic: Clinic
    role: str
    subject: str
    email: str

    @property
    def claims(self) -> dict[str, str]:
        """Return the claims of their token, as API Gateway gives them: all text."""
        return {"iss": ISSUER, "sub": self.subject, "email": self.email, "email_verified": "true"}

    @property
    def actor(self) -> str:
        """Return them as events name them."""
        return f"staff:{self.id}"


@dataclass(frozen=True)
class Reply:
    """An answer: status, headers with names in lower case, and the body as JSON (None: no body)."""

    status: int
    headers: dict[str, str]
    body: Any = field(repr=False)
    size: int = 0  # of the body in bytes, as it was sent


@pytest.fixture
def published() -> list[dict[str, Any]]:
    """Collect the outbox rows that the API sent off."""
    return []


@pytest.fixture(autouse=True)
def environment(
    database: Database, published: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Give the function the template's environment; nothing goes to a queue."""
    monkeypatch.setenv("DATABASE_URL", database.app_url)
    monkeypatch.setenv("DATABASE_AUTH", "password")
    monkeypatch.setenv("WS_PUBLIC_URL", f"wss://{DOMAIN}/ws")
    monkeypatch.setenv("OIDC_ISSUER", ISSUER)
    monkeypatch.setenv("OIDC_CLIENT_ID", "board")
    monkeypatch.setenv("OIDC_AUTHORIZE_URL", f"{ISSUER}/authorize")
    monkeypatch.setenv("OIDC_TOKEN_URL", f"{ISSUER}/token")
    monkeypatch.setenv("OIDC_SIGN_OUT_URL", f"{ISSUER}/sign-out")
    monkeypatch.setattr(outbox, "publish_later", lambda _org, rows: published.extend(rows or ()))
    settings.current.cache_clear()
    yield
    db.close()
    settings.current.cache_clear()


@pytest.fixture
def clinic(owner: Connection) -> Clinic:
    """Make a clinic in New York: Dr. Patel, weekdays 09:00-17:00, cleaning 60 and check-up 30 minutes."""
    return make_clinic(owner)


@pytest.fixture
def other(owner: Connection) -> Clinic:
    """Make another clinic, whose rows the first one's staff must never see."""
    return make_clinic(owner, providers=("Dr. Zhou",), services={"Whitening": 60})


@pytest.fixture
def reader(owner: Connection, clinic: Clinic) -> Member:
    """Give the clinic somebody who may look."""
    return put_member(owner, clinic, "reader")


@pytest.fixture
def staff(owner: Connection, clinic: Clinic) -> Member:
    """Give the clinic somebody who works at its desk."""
    return put_member(owner, clinic, "staff")


@pytest.fixture
def admin(owner: Connection, clinic: Clinic) -> Member:
    """Give the clinic somebody who may change its settings."""
    return put_member(owner, clinic, "admin")


@pytest.fixture
def stranger(owner: Connection, other: Clinic) -> Member:
    """Give the other clinic an admin: signed in, and nobody here."""
    return put_member(owner, other, "admin")


def put_member(owner: Connection, clinic: Clinic, role: str, **columns: Any) -> Member:
    """Write somebody who has signed in before straight into the table."""
    made = uuid.uuid4()
    values: dict[str, Any] = {
        "org_id": clinic.id,
        "id": made,
        "email": f"{role}.{made.hex[:8]}@example.test",
        "name": f"{role.title()} Doe",
        "role": role,
        "issuer": ISSUER,
        "subject": f"subject-{made.hex[:12]}",
        **columns,
    }
    owner.execute(
        f"INSERT INTO frontdesk.staff ({', '.join(values)})"
        f" VALUES ({', '.join(f'%({name})s' for name in values)})",
        values,
    )
    return Member(values["id"], clinic, role, values["subject"], values["email"])


def ask(
    member: Member | None,
    method: str,
    path: str,
    body: Any = None,
    *,
    query: str = "",
    key: str | None = None,
    claims: dict[str, str] | None = None,
    raw: str | bytes | None = None,
    **headers: str,
) -> Reply:
    """Ask the API as this member (None: nobody signed in). `path` begins below /api/staff.

    `body` is sent as JSON, `raw` as it is; headers' names have underscores for dashes.
    """
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if key is not None:
        sent["idempotency-key"] = key
    if body is not None or raw is not None:
        sent.setdefault("content-type", "application/json")
    asked = event(method, f"{routes.PREFIX}{path}", query, sent, json.dumps(body) if raw is None else raw)
    if body is None and raw is None:
        del asked["body"]
    known = claims if claims is not None else member.claims if member else None
    if known is not None:
        asked["requestContext"]["authorizer"] = {"jwt": {"claims": known, "scopes": None}}
    reply = reply_of(app.handler(asked, None))
    _hold_to_its_word(method, path, reply)
    return reply


def event(
    method: str, path: str, query: str = "", headers: dict[str, str] | None = None, body: str | bytes = ""
) -> dict[str, Any]:
    """Write an HTTP API event; bytes go as base64, as API Gateway sends what is no text."""
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers or {},
        "requestContext": {"domainName": DOMAIN, "http": {"method": method, "path": path}},
        "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": isinstance(body, bytes),
    }


def reply_of(answer: dict[str, Any]) -> Reply:
    """Read a handler's answer as a browser would."""
    text = answer.get("body", "")
    raw = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
    size = len(raw)
    headers = {name.lower(): value for name, value in answer.get("headers", {}).items()}
    if headers.get("content-encoding") == "gzip":
        raw = gzip.decompress(raw)
    is_json = "json" in headers.get("content-type", "")
    text = raw.decode(errors="replace")
    return Reply(answer["statusCode"], headers, json.loads(raw) if is_json else text or None, size)


def _hold_to_its_word(method: str, path: str, reply: Reply) -> None:
    """Compare an answer with what the OpenAPI document promises for its route."""
    if reply.status >= 400:
        assert reply.headers["content-type"] == "application/problem+json"
        Problem.model_validate_json(json.dumps(reply.body))
    found = routes.find(app.ROUTES, method, path)
    if not isinstance(found, routes.Found):
        return
    assert reply.status in statuses(found.route) | ALWAYS, f"{found.route.operation}: {reply.status}"
    shape = found.route.answers.get(reply.status)
    if shape is not None:
        shape.model_validate_json(json.dumps(reply.body), strict=True)
    elif reply.status < 400 and found.route.kind == "application/json":
        assert reply.body is None
