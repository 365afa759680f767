"""The gateway gives handlers the events AWS gives, and callers the answers AWS gives."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from local.functions import Functions
from local.gateway import BODY_LIMIT, Gateway, start_gateway
from local.http_events import match, route_key
from local.template_records import HttpRoute
from tests.local.parts import tiny

ROUTES = (
    HttpRoute("Echo", "POST", "/tools", 30.0),
    HttpRoute("Echo", "ANY", "/tools/{toolName}", 30.0),
    HttpRoute("Echo", "GET", "/files/{proxy+}", 30.0),
    HttpRoute("Behave", "GET", "/behave/{how}", 30.0),
    HttpRoute("Behave", "GET", "/impatient/{how}", 0.5),
)


def with_gateway[T](logs: Path, use: Callable[[Gateway, aiohttp.ClientSession], Awaitable[T]]) -> T:
    """Run `use` against a gateway with the tiny handlers behind it, then stop everything."""

    async def run() -> T:
        runtimes = [
            tiny("http.echo", name="Echo"),
            tiny("http.behave", name="Behave", timeout_seconds=2),
        ]
        functions = Functions(runtimes, logs)
        gateway = await start_gateway(ROUTES, functions, port=0)
        try:
            async with aiohttp.ClientSession() as session:
                return await use(gateway, session)
        finally:
            await gateway.stop()
            await functions.close()

    return asyncio.run(run())


def test_a_request_becomes_an_event_of_payload_format_2(tmp_path: Path) -> None:
    """Headers are lower-case and joined, cookies stand apart, the path is decoded, query values joined."""

    async def use(gateway: Gateway, session: aiohttp.ClientSession) -> Any:
        headers = [("X-Many", "1"), ("X-Many", "2"), ("Cookie", "a=1; b=2"), ("User-Agent", "pytest")]
        url = f"{gateway.url}/tools/caf%C3%A9?day=mon&day=tue&empty=&q=a%20b"
        async with session.post(url, json={"hello": "world"}, headers=headers) as response:
            return response.status, response.headers["content-type"], await response.json()

    status, content_type, event = with_gateway(tmp_path, use)
    assert (status, content_type) == (200, "application/json")
    context = event.pop("requestContext")
    assert event["version"] == "2.0"
    assert event["routeKey"] == context["routeKey"] == "ANY /tools/{toolName}"
    assert event["rawPath"] == context["http"]["path"] == "/tools/café"
    assert event["rawQueryString"] == "day=mon&day=tue&empty=&q=a%20b"
    assert event["queryStringParameters"] == {"day": "mon,tue", "empty": "", "q": "a b"}
    assert event["pathParameters"] == {"toolName": "café"}
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["headers"]["x-many"] == "1,2"
    assert "cookie" not in event["headers"]
    assert event["headers"]["x-forwarded-for"] == context["http"]["sourceIp"] == "127.0.0.1"
    assert (event["body"], event["isBase64Encoded"]) == ('{"hello": "world"}', False)
    assert context["http"]["method"] == "POST"
    assert context["http"]["protocol"] == "HTTP/1.1"
    assert context["http"]["userAgent"] == "pytest"
    assert (context["stage"], context["apiId"], context["accountId"]) == ("$default", "local", "123456789012")
    assert isinstance(context["timeEpoch"], int)
    assert context["requestId"]
    assert context["time"].endswith(" +0000")
    assert context["domainName"].startswith("127.0.0.1")


@pytest.mark.parametrize(
    ("content_type", "body", "encoded"),
    [
        ("application/json; charset=utf-8", b'{"a":"\xc3\xa9"}', False),
        ("text/plain", b"plain", False),
        ("application/x-www-form-urlencoded", b"Body=C&From=%2B1", True),
        ("application/octet-stream", b"\x00\xff", True),
        ("application/json", b"\xff\xfe", True),
    ],
)
def test_only_text_bodies_come_as_text(tmp_path: Path, content_type: str, body: bytes, encoded: bool) -> None:
    """Forms and binary come in base64, and so does a JSON body that is no UTF-8: no byte is changed."""

    async def use(gateway: Gateway, session: aiohttp.ClientSession) -> Any:
        headers = {"content-type": content_type}
        async with session.post(f"{gateway.url}/tools", data=body, headers=headers) as response:
            return await response.json()

    event = with_gateway(tmp_path, use)
    assert event["isBase64Encoded"] is encoded
    assert (base64.b64decode(event["body"]) if encoded else event["body"].encode()) == body
    assert "pathParameters" not in event
    assert "queryStringParameters" not in event


def test_answers_go_back_as_aws_sends_them(tmp_path: Path) -> None:
    """A bare value is a 200 with JSON; cookies, redirects and base64 are honoured; prints are no answer."""

    async def use(gateway: Gateway, session: aiohttp.ClientSession) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for how in ("bare", "nothing", "cookies", "binary", "noise"):
            async with session.get(f"{gateway.url}/behave/{how}", allow_redirects=False) as response:
                cookies = response.headers.getall("set-cookie", [])
                seen[how] = (response.status, response.content_type, await response.read(), cookies)
        return seen

    seen = with_gateway(tmp_path, use)
    assert seen["bare"] == (200, "application/json", b'{"fine": true}', [])
    assert seen["nothing"] == (200, "application/json", b"null", [])
    assert seen["cookies"] == (302, "text/plain", b"", ["a=1; Path=/", "b=2"])
    assert seen["binary"][2] == b"\xff\x00\xfe"
    assert seen["noise"][2] == b"{}"
    assert "this is not the answer" in (tmp_path / "Behave.log").read_text()


def test_a_failed_or_killed_function_is_a_502_and_the_gateway_goes_on(tmp_path: Path) -> None:
    """Raising, exiting, dying and answering nonsense cost that one caller an error, nobody else anything."""

    async def use(gateway: Gateway, session: aiohttp.ClientSession) -> list[tuple[int, str]]:
        answers = []
        for how in ("raise", "exit", "die", "wrong", "bare"):
            async with session.get(f"{gateway.url}/behave/{how}") as response:
                answers.append((response.status, await response.text()))
        return answers

    *failures, fine = with_gateway(tmp_path, use)
    assert failures == [(502, '{"message":"Internal Server Error"}')] * 4
    assert fine[0] == 200


@pytest.mark.parametrize("path", ["/behave/sleep", "/impatient/sleep"])
def test_a_function_too_slow_is_a_503(tmp_path: Path, path: str) -> None:
    """Both the function's own timeout (2 s here) and the route's (0.5 s) end the wait."""

    async def use(gateway: Gateway, session: aiohttp.ClientSession) -> tuple[int, Any]:
        async with session.get(gateway.url + path) as response:
            return response.status, await response.json()

    assert with_gateway(tmp_path, use) == (503, {"message": "Service Unavailable"})


def test_unknown_routes_and_large_bodies_are_refused_before_any_function(tmp_path: Path) -> None:
    """404 for a path or method the template lacks, 413 above ten megabytes; no worker is started."""

    async def use(gateway: Gateway, session: aiohttp.ClientSession) -> list[tuple[int, Any]]:
        answers = []
        for method, path, size in (
            ("GET", "/nowhere", 0),
            ("GET", "/tools", 0),
            ("POST", "/tools", BODY_LIMIT + 1),
        ):
            async with session.request(method, gateway.url + path, data=b"x" * size) as response:
                answers.append((response.status, await response.json()))
        return answers

    assert with_gateway(tmp_path, use) == [
        (404, {"message": "Not Found"}),
        (404, {"message": "Not Found"}),
        (413, {"message": "Request Entity Too Large"}),
    ]
    assert not (tmp_path / "Echo.log").exists()


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/a/b", "POST /a/b"),
        ("GET", "/a/b", "GET /a/{x}"),
        ("PUT", "/a/b", "ANY /a/{proxy+}"),
        ("GET", "/a/b/c", "ANY /a/{proxy+}"),
        ("GET", "/a/", "$default"),
        ("GET", "/other", "$default"),
    ],
)
def test_the_most_specific_route_wins(method: str, path: str, expected: str) -> None:
    """Full path before {one}, before {all+}, before $default; an empty segment is no value."""
    routes = (
        HttpRoute("F", "ANY", "$default", 30.0),
        HttpRoute("F", "ANY", "/a/{proxy+}", 30.0),
        HttpRoute("F", "GET", "/a/{x}", 30.0),
        HttpRoute("F", "POST", "/a/b", 30.0),
    )
    found = match(routes, method, path)
    assert found is not None
    assert route_key(found.route) == expected


def test_greedy_parameters_hold_the_rest_of_the_path(tmp_path: Path) -> None:
    """{proxy+} carries slashes, decoded."""

    async def use(gateway: Gateway, session: aiohttp.ClientSession) -> Any:
        async with session.get(f"{gateway.url}/files/js/a%20b.js") as response:
            return json.loads(await response.text())["pathParameters"]

    assert with_gateway(tmp_path, use) == {"proxy": "js/a b.js"}
