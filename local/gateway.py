"""The HTTP API on this machine: routes of the template, events of AWS, workers instead of Lambda.

The WebSocket API, its @connections, and the local stack's own pages answer at the same address.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from local.functions import Functions, InvocationError, TimedOutError
from local.http_events import (
    BadAnswerError,
    Match,
    Request,
    Response,
    match,
    route_key,
    to_event,
    to_response,
)
from local.jwt_authorizer import JwtAuthorizers, UnauthorizedError
from local.template_records import HttpRoute
from local.websockets import Sockets

BODY_LIMIT = 10 * 1024 * 1024  # the HTTP API's own limit
STOP_SECONDS = 5.0

SOCKET_PATH = "/ws"
CONNECTIONS_PATH = "/@connections/"

Report = Callable[[str], None]
OwnRoute = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Beside:
    """What answers beside the HTTP API: the WebSocket API, who checks tokens, the stack's own routes."""

    sockets: Sockets | None = None
    authorizers: JwtAuthorizers | None = None
    own: Mapping[tuple[str, str], OwnRoute] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gateway:
    """A listening gateway; `url` has no slash at its end."""

    url: str
    runner: web.AppRunner
    sockets: Sockets | None = None

    async def stop(self) -> None:
        """End the sockets, stop listening, give running requests a few seconds, close."""
        if self.sockets is not None:
            await self.sockets.close()
        await self.runner.cleanup()


async def start_gateway(
    routes: Sequence[HttpRoute],
    functions: Functions,
    port: int,
    report: Report = lambda _: None,
    beside: Beside | None = None,
) -> Gateway:
    """Listen on 127.0.0.1:`port` (0 takes a free one); `report` gets one line per request.

    Raises OSError when the port is taken.
    """
    beside = beside or Beside()

    async def handle(request: web.Request) -> web.StreamResponse:
        own = _own_route(beside, request)
        if own is not None:
            return await own(request)
        began = time.monotonic()
        matched = match(routes, request.method, request.rel_url.raw_path)
        response = await _respond(request, matched, functions, beside.authorizers)
        # The route's name, never the path: a path can carry a patient's token.
        name = route_key(matched.route) if matched else f"{request.method} (no such route)"
        report(f"{response.status}  {name}  {(time.monotonic() - began) * 1000:.0f} ms")
        answer = web.Response(status=response.status, body=response.body)
        for header, value in response.headers:
            answer.headers.add(header, value)
        return answer

    application = web.Application(client_max_size=BODY_LIMIT)
    application.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port, backlog=1024)
        await site.start()
    except OSError:
        await runner.cleanup()
        raise
    host, bound = runner.addresses[0][:2]
    return Gateway(url=f"http://{host}:{bound}", runner=runner, sockets=beside.sockets)


def _own_route(beside: Beside, request: web.Request) -> OwnRoute | None:
    """Find what of the stack itself answers a request, if anything does."""
    path = request.rel_url.raw_path
    if beside.sockets is not None and request.method == "GET" and path == SOCKET_PATH:
        return beside.sockets.serve
    if beside.sockets is not None and path.lower().replace("%40", "@").startswith(CONNECTIONS_PATH):
        return beside.sockets.manage
    return beside.own.get((request.method, path))


async def _respond(
    request: web.Request, matched: Match | None, functions: Functions, authorizers: JwtAuthorizers | None
) -> Response:
    if matched is None:
        return _message(404, "Not Found")
    token: Mapping[str, Any] | None = None
    if matched.route.authorizer is not None:
        try:
            token = await _checked(request, matched.route.authorizer, authorizers)
        except UnauthorizedError as refusal:
            why = "" if str(refusal) == "no_token" else ' error="invalid_token"'
            unauthorized = _message(401, "Unauthorized")
            challenge = ("www-authenticate", f"Bearer{why}")
            return Response(401, (*unauthorized.headers, challenge), unauthorized.body)
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return _message(413, "Request Entity Too Large")
    event = to_event(_request(request, body), matched, token)
    try:
        async with asyncio.timeout(matched.route.timeout_seconds):
            return to_response(await functions.invoke(matched.route.function, event))
    except (TimeoutError, TimedOutError):
        return _message(503, "Service Unavailable")
    except (InvocationError, BadAnswerError):
        return _message(502, "Internal Server Error")


async def _checked(
    request: web.Request, authorizer: str, authorizers: JwtAuthorizers | None
) -> Mapping[str, Any]:
    if authorizers is None:
        raise UnauthorizedError("no_authorizers")
    return await authorizers.check(authorizer, request.headers.get("authorization"))


def _request(request: web.Request, body: bytes) -> Request:
    source = request.remote or "127.0.0.1"
    port = request.transport.get_extra_info("sockname")[1] if request.transport else 0
    # What API Gateway adds on the way, so that a handler which reads these finds them here too.
    added = [("x-forwarded-for", source), ("x-forwarded-port", str(port)), ("x-forwarded-proto", "http")]
    theirs = {name for name, _ in added}
    return Request(
        method=request.method,
        path=request.rel_url.raw_path,
        query=request.rel_url.raw_query_string,
        headers=[pair for pair in request.headers.items() if pair[0].lower() not in theirs] + added,
        body=body,
        source_ip=source,
        protocol=f"HTTP/{request.version.major}.{request.version.minor}",
    )


def _message(status: int, text: str) -> Response:
    return Response(status, (("content-type", "application/json"),), f'{{"message":"{text}"}}'.encode())
