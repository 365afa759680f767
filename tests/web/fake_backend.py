"""A backend for the page alone: serves web/ with the real policy headers, plays the staff API and the socket.

It knows the contract (docs/staff-api.md), not the rules: those have tests of their own. What tests need to go
wrong goes wrong here: answers that fail or wait, sockets that are cut, events that are never pushed.
"""

import asyncio
import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from aiohttp import WSMsgType, web

from tests.web import fake_calls, fake_settings
from tests.web.fake_api import problem, routes
from tests.web.fake_clinic import Clinic
from tests.web.fake_state import Backend

WEB = Path(__file__).resolve().parents[2] / "web"
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
BACKEND = web.AppKey("backend", Backend)
KEPT = 200  # missed events that are still sent one by one


def headers(backend: Backend) -> dict[str, str]:
    """Return the policy headers of the contract."""
    socket = backend.url.replace("http", "ws", 1)
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self';"
        f" connect-src 'self' {socket}; font-src 'self'; manifest-src 'self'; base-uri 'none';"
        " form-action 'self'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }


async def socket(request: web.Request) -> web.StreamResponse:
    """Speak the socket's protocol (docs/board.md)."""
    backend: Backend = request.app[BACKEND]
    if backend.away:
        return web.Response(status=503)
    line = web.WebSocketResponse()
    await line.prepare(request)
    try:
        async for message in line:
            if message.type != WSMsgType.TEXT:
                break
            said = json.loads(message.data)
            if said["action"] == "ping":
                await line.send_json({"action": "pong"})
            elif said["action"] == "hello":
                missed = backend.clinic.events[said["lastSeq"] :]
                await line.send_json({"action": "hello", "lastSeq": len(backend.clinic.events)})
                if len(missed) > KEPT:
                    await line.send_json({"action": "resync", "lastSeq": len(backend.clinic.events)})
                else:
                    for event in missed:
                        await line.send_json({"action": "event", **event})
                backend.sockets.add(line)
    finally:
        backend.sockets.discard(line)
    return line


async def static(request: web.Request) -> web.Response:
    """Serve the page's own files."""
    backend: Backend = request.app[BACKEND]
    name = request.match_info.get("name", "index.html")
    found = WEB / name
    if ".." in name or not found.is_file() or found.suffix not in KINDS:
        return web.Response(status=404)
    answer = web.Response(
        body=found.read_bytes(), content_type=KINDS[found.suffix], charset="utf-8", headers=headers(backend)
    )
    answer.enable_compression()
    return answer


async def authorize(request: web.Request) -> web.Response:
    """Stand for the issuer's page: whoever comes is signed in already."""
    code = base64.urlsafe_b64encode(
        json.dumps({"nonce": request.query["nonce"], "challenge": request.query["code_challenge"]}).encode()
    ).decode()
    back = urlencode({"code": code, "state": request.query["state"]})
    raise web.HTTPFound(f"{request.query['redirect_uri']}?{back}")


async def token(request: web.Request) -> web.Response:
    """Give tokens for a code or a refresh token."""
    form = await request.post()
    backend: Backend = request.app[BACKEND]
    nonce = json.loads(base64.urlsafe_b64decode(str(form["code"])))["nonce"] if "code" in form else None
    claims = {"sub": "robin", "exp": int(time.time()) + backend.token_life, "nonce": nonce}
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "none"}, claims)
    ]
    return web.json_response(
        {
            "id_token": ".".join([*parts, uuid4().hex]),
            "refresh_token": "again",
            "expires_in": backend.token_life,
        }
    )


async def sign_in(request: web.Request) -> web.Response:
    """Say where people sign in."""
    url = request.app[BACKEND].url
    return web.json_response(
        {
            "issuer": f"{url}/issuer",
            "client_id": "board",
            "authorize_url": f"{url}/issuer/authorize",
            "token_url": f"{url}/issuer/token",
            "sign_out_url": f"{url}/",
            "scopes": ["openid", "email", "profile"],
        }
    )


@web.middleware
async def trouble(request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
    """Make go wrong what the test wants to go wrong; count what is sent."""
    backend: Backend = request.app[BACKEND]
    if request.path.startswith("/api/"):
        backend.asked.append(f"{request.method} {request.path_qs}")
        if backend.away:
            return problem(503, "unavailable")
        if request.path != "/api/staff/sign-in" and not request.headers.get("Authorization", "").startswith(
            "Bearer ey"
        ):
            return web.json_response({"message": "Unauthorized"}, status=401)
        if request.method not in {"GET", "DELETE"} and request.can_read_body:
            backend.bodies.append((request.path, await request.json()))
        for index, (end, status, more) in enumerate(backend.refuse_next):
            if request.path.endswith(end):
                backend.refuse_next.pop(index)
                return problem(status, **more)
        await asyncio.sleep(backend.slow)
    found: web.StreamResponse = await handler(request)
    return found


def make_app(backend: Backend) -> web.Application:
    """Put the routes together."""
    app = web.Application(middlewares=[trouble])
    app[BACKEND] = backend
    app.add_routes(
        [
            web.get("/", static),
            web.get("/static/{name:.+}", static),
            web.get("/ws", socket),
            web.get("/issuer/authorize", authorize),
            web.post("/issuer/token", token),
            web.get("/api/staff/sign-in", sign_in),
            *routes(backend),
            *fake_settings.routes(backend.clinic),
            *fake_calls.routes(backend),
        ]
    )
    return app


@contextmanager
def running(clinic: Clinic) -> Iterator[Backend]:
    """Run a backend in a thread of its own."""
    backend = Backend(clinic)
    ready = threading.Event()
    stop = asyncio.Event()

    async def serve() -> None:
        backend.loop = asyncio.get_running_loop()
        runner = web.AppRunner(make_app(backend), shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        backend.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield backend
    finally:
        assert backend.loop is not None
        backend.loop.call_soon_threadsafe(stop.set)
        thread.join(10)
