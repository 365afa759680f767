"""The boards' sockets: a ticket opens one, hello brings what was missed, ping tells that both sides live.

API Gateway gives one event for each connect, message and disconnect. Answers are posted to the connection:
what a handler returns reaches nobody but on $connect, where nothing can be posted yet.
"""

import json
import os
from typing import Any

from frontdesk import connections, db, events, log, metrics
from frontdesk.errors import FrontdeskError
from functions.ws_notify import sockets
from functions.ws_notify.sockets import Result

MAX_TICKET = 256  # characters
MAX_MESSAGE = 4096  # characters; a board's longest has about forty

Answer = dict[str, Any]


def handler(event: dict[str, Any], _context: object) -> Answer:
    """Answer one event of the WebSocket API; only the status on $connect is ever seen by the browser."""
    told = event["requestContext"]
    connection_id = str(told["connectionId"])
    try:
        with db.within(db.DEADLINE):
            if told["eventType"] == "CONNECT":
                return {"statusCode": _connect(event, connection_id)}
            if told["eventType"] == "DISCONNECT":
                connections.forget([connection_id])
            else:
                _message(_url(told), connection_id, event.get("body"))
    except FrontdeskError as error:
        sqlstate = getattr(error, "sqlstate", None)
        log.error(
            "socket event failed", reason=told["eventType"], error=type(error).__name__, sqlstate=sqlstate
        )
        if told["eventType"] == "MESSAGE":
            sockets.post(_url(told), connection_id, _error("unavailable"))
        return {"statusCode": 503}
    return {"statusCode": 200}


def _connect(event: dict[str, Any], connection_id: str) -> int:
    """Let a socket open: 200, or 403 for a page that is not ours, or 401 for a ticket that opens nothing."""
    if not _may_come_from(_header(event, "origin")):
        metrics.refused("socket_origin")
        return 403
    ticket = (event.get("queryStringParameters") or {}).get("ticket") or ""
    org_id = connections.open_with(ticket, connection_id) if 0 < len(ticket) <= MAX_TICKET else None
    if org_id is None:
        metrics.refused("socket_ticket")
        return 401
    log.info("socket opened", org_id=str(org_id))
    return 200


def _may_come_from(origin: str | None) -> bool:
    """Refuse other sites' pages. A browser always names its page's; programs have none, but need a ticket."""
    ours = os.environ.get("BOARD_ORIGIN", "").split(",")
    return origin is None or origin in {one.strip().rstrip("/") for one in ours if one.strip()}


def _header(event: dict[str, Any], name: str) -> str | None:
    """Find a header: WebSocket APIs hand on the names as the client wrote them."""
    return next((value for key, value in (event.get("headers") or {}).items() if key.lower() == name), None)


def _message(url: str, connection_id: str, body: object) -> None:
    """Do what a board asks. Whatever is not understood changes nothing and says so."""
    asked = _read(body)
    match asked.get("action", asked.get("type")):
        case "hello":
            _hello(url, connection_id, asked.get("lastSeq"))
        case "ping":
            _ping(url, connection_id)
        case _:
            sockets.post(url, connection_id, _error("unknown_action"))


def _read(body: object) -> dict[str, Any]:
    if not isinstance(body, str) or len(body) > MAX_MESSAGE:
        return {}
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return asked if isinstance(asked, dict) else {}


def _hello(url: str, connection_id: str, last_seq: object) -> None:
    """Greet a board and bring it what it missed, in order; too much of that is one word: resync.

    First the greeting is committed, then what was missed is read: so an event is in what was missed, or is
    pushed, or both (migrations/functions/greet_connection.sql).
    """
    if not isinstance(last_seq, int) or isinstance(last_seq, bool) or not 0 <= last_seq < 2**63:
        sockets.post(url, connection_id, _error("bad_last_seq"))
        return
    org_id = connections.greet(connection_id)
    if org_id is None:
        _turn_away(url, connection_id)
        return
    missed = events.missed(org_id, last_seq)
    messages: list[dict[str, Any]] = [{"action": "hello", "lastSeq": missed.last_seq}]
    messages += [{"action": "resync", "lastSeq": missed.last_seq}] if missed.resync else missed.events
    for message in messages:
        result = sockets.post(url, connection_id, message)
        if result is Result.TOO_LARGE:
            result = sockets.post(url, connection_id, {"action": "resync", "lastSeq": missed.last_seq})
        if result is not Result.SENT:
            # The rest would leave a gap: the board sees it by the lastSeq of hello, or of the next pong.
            log.info("catch-up broken off", org_id=str(org_id), outcome=result.name.lower())
            if result is Result.GONE:
                connections.forget([connection_id])
            return


def _ping(url: str, connection_id: str) -> None:
    last_seq = connections.seen(connection_id)
    if last_seq is None:
        _turn_away(url, connection_id)
    else:
        sockets.post(url, connection_id, {"action": "pong", "lastSeq": last_seq})


def _turn_away(url: str, connection_id: str) -> None:
    """End a socket that is not in the table any more: revoked, signed out or swept."""
    sockets.post(url, connection_id, {"action": "closing"})
    sockets.close(url, connection_id)


def _error(code: str) -> dict[str, Any]:
    return {"action": "error", "code": code}


def _url(told: dict[str, Any]) -> str:
    """Return where to post: the setting, else the stage the message came through."""
    known = os.environ.get("WS_CONNECTIONS_URL", "")
    return known or f"https://{told['domainName']}/{told['stage']}"
