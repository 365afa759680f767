"""The WebSocket API on this machine: sockets that stay open, a function for each event, @connections to post.

Limits are API Gateway's (its quotas page): two hours a connection, ten minutes of silence, 128 KB a message,
32 KB a frame. A connection's messages are handed on one at a time, in their order.
"""

import asyncio
import base64
import contextlib
import json
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from aiohttp import WSCloseCode, WSMsgType, web

from local.functions import Functions, InvocationError
from local.template_records import SocketRoute
from local.websocket_events import Handshake, connect_event, disconnect_event, message_event

MESSAGE_LIMIT = 128 * 1024
FRAME_LIMIT = 32 * 1024
MAX_SECONDS = 2 * 3600.0
IDLE_SECONDS = 10 * 60.0
# What a client has not read yet. Above it a post is refused, as AWS refuses what comes too fast.
BACKLOG_LIMIT = 1024 * 1024
PATIENCE_SECONDS = 0.5  # with a client that reads slowly
FAREWELL_SECONDS = 3.0

Report = Callable[[str], None]


@dataclass(slots=True, eq=False)
class Socket:
    """An open connection."""

    handshake: Handshake
    response: web.WebSocketResponse
    transport: asyncio.Transport | None
    active_at: float = field(default_factory=time.monotonic)


class Sockets:
    """The open connections, and the routes that answer them."""

    def __init__(
        self,
        routes: Iterable[SocketRoute],
        functions: Functions,
        report: Report = lambda _: None,
        *,
        max_seconds: float = MAX_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """Know the routes; `report` gets one line for each connect and disconnect."""
        self._routes = {route.key: route.function for route in routes}
        self._functions = functions
        self._report = report
        self._max_seconds = max_seconds
        self._idle_seconds = idle_seconds
        self._open: dict[str, Socket] = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer GET /ws: ask $connect, hold the connection until one side ends it, tell $disconnect."""
        began = time.monotonic()
        response = web.WebSocketResponse(max_msg_size=FRAME_LIMIT, compress=False)
        if not response.can_prepare(request).ok:
            return _json(426, {"message": "Upgrade Required"})
        handshake = _handshake(request)
        status = await self._ask_to_connect(handshake)
        if not 200 <= status < 300:
            self._report(f"{status}  $connect  {(time.monotonic() - began) * 1000:.0f} ms")
            return _json(status, {"message": _WORDS.get(status, "Forbidden"), "connectionId": None})
        try:
            await response.prepare(request)
        except ConnectionError:  # the browser left while $connect was asked
            await self._forget(Socket(handshake, response, request.transport))
            return response
        self._report(f"101  $connect  {(time.monotonic() - began) * 1000:.0f} ms")
        socket = Socket(handshake, response, request.transport)
        self._open[handshake.connection_id] = socket
        limits = asyncio.create_task(self._keep_limits(socket))
        try:
            async for message in response:
                if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                    socket.active_at = time.monotonic()
                    await self._hand_on(socket, message.data)
        finally:
            limits.cancel()
            await self._forget(socket)
        return response

    async def manage(self, request: web.Request) -> web.StreamResponse:
        """Answer POST, GET and DELETE /@connections/{id}, as the management API does.

        The signature is not checked, but must be there: a call that forgets to sign would fail on AWS.
        """
        if not request.headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
            return _json(
                403, {"message": "Missing Authentication Token"}, "MissingAuthenticationTokenException"
            )
        connection_id = unquote(request.rel_url.raw_path.rsplit("/", 1)[-1])
        socket = self._open.get(connection_id)
        if socket is None or socket.response.closed:
            return _json(410, {"message": "Gone", "connectionId": connection_id}, "GoneException")
        if request.method == "GET":
            return _json(200, _status(socket))
        if request.method == "DELETE":
            await self._close(socket, "Connection closed by the API")
            return web.Response(status=204)
        return await self._post(socket, await request.read())

    async def close(self) -> None:
        """End every connection: the stack stops."""
        await asyncio.gather(*(self._close(socket, "Going away") for socket in list(self._open.values())))

    async def _post(self, socket: Socket, data: bytes) -> web.StreamResponse:
        if len(data) > MESSAGE_LIMIT:
            return _json(413, {"message": "Payload Too Large"}, "PayloadTooLargeException")
        if _backlog(socket) > BACKLOG_LIMIT:
            return _json(429, {"message": "Too Many Requests"}, "LimitExceededException")
        try:
            # What is written is on its way; only waiting for the client to read it may end early.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await socket.response.send_str(data.decode())
        except (ConnectionError, RuntimeError):
            return _json(410, {"message": "Gone"}, "GoneException")
        socket.active_at = time.monotonic()
        return web.Response(status=200)

    async def _ask_to_connect(self, handshake: Handshake) -> int:
        function = self._routes.get("$connect")
        if function is None:
            return 200
        try:
            answer = await self._functions.invoke(function, connect_event(handshake))
            return int(answer["statusCode"])
        except (InvocationError, TypeError, KeyError, ValueError):
            return 502

    async def _hand_on(self, socket: Socket, data: str | bytes) -> None:
        """Give one message to the function of its route; a failing one is told as API Gateway tells it."""
        body = data if isinstance(data, str) else base64.b64encode(data).decode()
        route = _action(body)
        key = route if route in self._routes else "$default"
        function = self._routes.get(key)
        told = "Forbidden"
        if function is not None:
            event = message_event(socket.handshake, key, body) | {"isBase64Encoded": isinstance(data, bytes)}
            try:
                await self._functions.invoke(function, event)
                return
            except InvocationError:
                told = "Internal server error"
        connection_id = socket.handshake.connection_id
        with contextlib.suppress(ConnectionError, RuntimeError):
            await socket.response.send_json({"message": told, "connectionId": connection_id})

    async def _keep_limits(self, socket: Socket) -> None:
        """End a connection after its time, or after too long a silence of both sides."""
        ends = time.monotonic() + self._max_seconds
        while (left := min(ends, socket.active_at + self._idle_seconds) - time.monotonic()) > 0:
            await asyncio.sleep(left)
        await self._close(socket, "Going away")

    async def _close(self, socket: Socket, reason: str) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError, TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await socket.response.close(code=WSCloseCode.GOING_AWAY, message=reason.encode())

    async def _forget(self, socket: Socket) -> None:
        self._open.pop(socket.handshake.connection_id, None)
        code = socket.response.close_code or WSCloseCode.ABNORMAL_CLOSURE
        function = self._routes.get("$disconnect")
        self._report(f"{int(code)}  $disconnect")
        if function is not None:
            # Best effort, as on AWS: whoever is not told finds out by posting, or by its own sweep.
            with contextlib.suppress(InvocationError, TimeoutError):
                event = disconnect_event(socket.handshake, int(code), "")
                await asyncio.shield(asyncio.wait_for(self._functions.invoke(function, event), 10))


_WORDS = {401: "Unauthorized", 403: "Forbidden", 500: "Internal server error", 502: "Internal server error"}


def _handshake(request: web.Request) -> Handshake:
    return Handshake(
        # 15 characters, base64: what AWS's look like, so that nobody relies on a plainer form.
        connection_id=base64.b64encode(secrets.token_bytes(11)).decode().replace("+", "-").replace("/", "_"),
        query=request.rel_url.raw_query_string,
        headers=tuple(request.headers.items()),
        domain=request.host,
        source_ip=request.remote or "127.0.0.1",
        user_agent=request.headers.get("user-agent", ""),
        connected_at=datetime.now(UTC),
    )


def _action(body: str) -> str:
    """Read the route selection expression, $request.body.action."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return "$default"
    return str(told.get("action", "$default")) if isinstance(told, dict) else "$default"


def _status(socket: Socket) -> dict[str, Any]:
    active = datetime.fromtimestamp(time.time() - (time.monotonic() - socket.active_at), UTC)
    return {
        "connectedAt": socket.handshake.connected_at.isoformat().replace("+00:00", "Z"),
        "identity": {
            "sourceIp": socket.handshake.source_ip,
            "userAgent": socket.handshake.user_agent,
        },
        "lastActiveAt": active.isoformat().replace("+00:00", "Z"),
    }


def _backlog(socket: Socket) -> int:
    """Return the bytes this side has not been able to send yet."""
    return socket.transport.get_write_buffer_size() if socket.transport else 0


def _json(status: int, content: dict[str, Any], error: str | None = None) -> web.Response:
    headers = {"x-amzn-errortype": error} if error else {}
    return web.json_response(content, status=status, headers=headers)
