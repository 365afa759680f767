"""The HTTP API on this machine: routes of the template, events of AWS, workers instead of Lambda."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
from local.template import HttpRoute

BODY_LIMIT = 10 * 1024 * 1024  # the HTTP API's own limit
STOP_SECONDS = 5.0

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Gateway:
    """A listening gateway; `url` has no slash at its end."""

    url: str
    runner: web.AppRunner

    async def stop(self) -> None:
        """Stop listening, give running requests a few seconds, close."""
        await self.runner.cleanup()


async def start_gateway(
    routes: Sequence[HttpRoute], functions: Functions, port: int, report: Report = lambda _: None
) -> Gateway:
    """Listen on 127.0.0.1:`port` (0 takes a free one); `report` gets one line per request.

    Raises OSError when the port is taken.
    """

    async def handle(request: web.Request) -> web.Response:
        began = time.monotonic()
        matched = match(routes, request.method, request.rel_url.raw_path)
        response = await _respond(request, matched, functions)
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
    return Gateway(url=f"http://{host}:{bound}", runner=runner)


async def _respond(request: web.Request, matched: Match | None, functions: Functions) -> Response:
    if matched is None:
        return _message(404, "Not Found")
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return _message(413, "Request Entity Too Large")
    event = to_event(_request(request, body), matched)
    try:
        async with asyncio.timeout(matched.route.timeout_seconds):
            return to_response(await functions.invoke(matched.route.function, event))
    except (TimeoutError, TimedOutError):
        return _message(503, "Service Unavailable")
    except (InvocationError, BadAnswerError):
        return _message(502, "Internal Server Error")


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
