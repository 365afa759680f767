"""The HTTP API's two translations: a request into a Lambda event (payload format 2.0), and back.

The event's shape follows AWS's page on payload format 2.0. Which bodies arrive in base64 (everything
but text/*, JSON, XML and JavaScript, so also forms and bodies of no declared type) and that `rawPath`
arrives percent-decoded are not on that page; others captured both from the real service.
"""

import base64
import json
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from local.template_records import HttpRoute

ACCOUNT_ID = "123456789012"
API_ID = "local"
TEXT_TYPES = frozenset({"application/json", "application/xml", "application/javascript"})


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came over the wire: `path` still encoded, headers in order, repeats kept."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    source_ip: str
    protocol: str = "HTTP/1.1"


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back over the wire."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Match:
    """The route a request takes and the values of its path parameters."""

    route: HttpRoute
    parameters: dict[str, str]


class BadAnswerError(Exception):
    """A handler returned something the HTTP API cannot send."""


def match(routes: Iterable[HttpRoute], method: str, path: str) -> Match | None:
    """Find the most specific route, as API Gateway does.

    A path without parameters goes before one with them, those before {greedy+}, and $default comes
    last; on one path a route for the method goes before ANY.
    """
    found = []
    for route in routes:
        if route.method not in {method, "ANY"}:
            continue
        values = {} if route.path == "$default" else _path_values(route.path, path)
        if values is not None:
            found.append((_rank(route), Match(route, values)))
    return min(found, key=lambda pair: pair[0])[1] if found else None


def route_key(route: HttpRoute) -> str:
    """Name a route as AWS does: `POST /api/vapi/tools`, or `$default`."""
    return "$default" if route.path == "$default" else f"{route.method} {route.path}"


def to_event(request: Request, matched: Match, token: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Build the event of payload format 2.0; `token` is what the JWT authorizer says of a guarded route's."""
    headers, cookies = _headers_and_cookies(request.headers)
    path = unquote(request.path)
    now = datetime.now(UTC)
    key = route_key(matched.route)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": key,
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT_ID,
            "apiId": API_ID,
            "domainName": headers.get("host", ""),
            "domainPrefix": API_ID,
            "http": {
                "method": request.method,
                "path": path,
                "protocol": request.protocol,
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": uuid.uuid4().hex[:15] + "=",
            "routeKey": key,
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
    }
    if token is not None:
        event["requestContext"]["authorizer"] = {"jwt": dict(token)}
    # AWS leaves out what is empty, and handlers must live with that.
    optional = {
        "cookies": cookies,
        "queryStringParameters": _query(request.query),
        "pathParameters": matched.parameters,
    }
    event |= {name: value for name, value in optional.items() if value}
    return event | _body(headers.get("content-type", ""), request.body)


def to_response(answer: Any) -> Response:
    """Turn a handler's answer into a response; raise BadAnswerError when it is none.

    A dict with a statusCode is taken at its word; anything else is a 200 with that value as JSON.
    """
    if not (isinstance(answer, dict) and "statusCode" in answer):
        bare = answer if isinstance(answer, str) else json.dumps(answer)
        return Response(200, (("content-type", "application/json"),), bare.encode())
    try:
        status = int(answer["statusCode"])
        text: str = answer.get("body") or ""
        body = base64.b64decode(text, validate=True) if answer.get("isBase64Encoded") else text.encode()
        headers = {str(name).lower(): str(value) for name, value in (answer.get("headers") or {}).items()}
    except (TypeError, ValueError, AttributeError) as problem:
        msg = f"not an answer of payload format 2.0: {type(problem).__name__}"
        raise BadAnswerError(msg) from problem
    headers.setdefault("content-type", "text/plain; charset=utf-8")
    cookies = [("set-cookie", str(cookie)) for cookie in answer.get("cookies") or []]
    return Response(status, (*headers.items(), *cookies), body)


def _path_values(template: str, path: str) -> dict[str, str] | None:
    pattern = ""
    for part in re.split(r"(\{[^}]+\})", template):
        if part.startswith("{"):
            name = part[1:-1]
            pattern += "(.+)" if name.endswith("+") else "([^/]+)"
        else:
            pattern += re.escape(part)
    found = re.fullmatch(pattern, path)
    names = [name.rstrip("+") for name in re.findall(r"\{([^}]+)\}", template)]
    if found is None:
        return None
    return {name: unquote(value) for name, value in zip(names, found.groups(), strict=True)}


def _rank(route: HttpRoute) -> tuple[int, int, int]:
    if route.path == "$default":
        kind = 3
    elif "+}" in route.path:
        kind = 2
    else:
        kind = 1 if "{" in route.path else 0
    fixed = len(re.sub(r"\{[^}]+\}", "", route.path))
    return kind, -fixed, 1 if route.method == "ANY" else 0


def _headers_and_cookies(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str], list[str]]:
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in pairs:
        key = name.lower()
        if key == "cookie":
            cookies += [cookie.strip() for cookie in value.split(";") if cookie.strip()]
        else:
            headers[key] = f"{headers[key]},{value}" if key in headers else value
    return headers, cookies


def _query(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        values[name] = f"{values[name]},{value}" if name in values else value
    return values


def _body(content_type: str, body: bytes) -> dict[str, Any]:
    if not body:
        return {"isBase64Encoded": False}
    kind = content_type.split(";", maxsplit=1)[0].strip().lower()
    if kind.startswith("text/") or kind in TEXT_TYPES:
        try:
            return {"body": body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass  # no text after all; base64 keeps the very bytes a signature was made over
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
