"""The events of a WebSocket API: what a function is given on $connect, for a message and on $disconnect.

Shapes follow AWS's pages on Lambda with WebSocket APIs and on the $context variables: only $connect has the
query, headers keep the case the client wrote, and a message has neither.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from local.http_events import API_ID

STAGE = "ws"


@dataclass(frozen=True, slots=True)
class Handshake:
    """What the browser said when it opened the socket."""

    connection_id: str
    query: str
    headers: tuple[tuple[str, str], ...]
    domain: str  # host and port
    source_ip: str
    user_agent: str
    connected_at: datetime


def connect_event(handshake: Handshake) -> dict[str, Any]:
    """Build the event of $connect."""
    query = parse_qsl(handshake.query, keep_blank_values=True)
    event = _event(handshake, "$connect", "CONNECT")
    event |= {"headers": dict(handshake.headers), "multiValueHeaders": _lists(handshake.headers)}
    if query:
        event |= {"queryStringParameters": dict(query), "multiValueQueryStringParameters": _lists(query)}
    return event


def message_event(handshake: Handshake, route: str, body: str) -> dict[str, Any]:
    """Build the event of a message, `route` being $default or the route its action chose."""
    event = _event(handshake, route, "MESSAGE")
    event["requestContext"] |= {"messageId": uuid.uuid4().hex[:11] + "="}
    return event | {"body": body}


def disconnect_event(handshake: Handshake, code: int, reason: str) -> dict[str, Any]:
    """Build the event of $disconnect with the WebSocket's close code, 1006 where there was none."""
    event = _event(handshake, "$disconnect", "DISCONNECT")
    event["requestContext"] |= {"disconnectStatusCode": code, "disconnectReason": reason}
    return event | {"headers": {"Host": handshake.domain, "X-Forwarded-For": handshake.source_ip}}


def _event(handshake: Handshake, route: str, kind: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "requestContext": {
            "routeKey": route,
            "eventType": kind,
            "extendedRequestId": uuid.uuid4().hex[:15] + "=",
            "requestTime": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "messageDirection": "IN",
            "stage": STAGE,
            "connectedAt": int(handshake.connected_at.timestamp() * 1000),
            "requestTimeEpoch": int(now.timestamp() * 1000),
            "identity": {"userAgent": handshake.user_agent, "sourceIp": handshake.source_ip},
            "requestId": uuid.uuid4().hex[:15] + "=",
            "domainName": handshake.domain,
            "connectionId": handshake.connection_id,
            "apiId": API_ID,
        },
        "isBase64Encoded": False,
    }


def _lists(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values
