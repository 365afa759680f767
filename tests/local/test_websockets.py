"""The gateway's sockets are API Gateway's: events, @connections, limits."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from local.functions import Functions
from local.gateway import Beside, Gateway, start_gateway
from local.template_records import SocketRoute
from local.websockets import FRAME_LIMIT, IDLE_SECONDS, MAX_SECONDS, MESSAGE_LIMIT, Sockets
from tests.local.parts import read_notes, tiny

ROUTES = tuple(SocketRoute("Socket", key) for key in ("$connect", "$disconnect", "$default"))
SIGNED = {"authorization": "AWS4-HMAC-SHA256 Credential=local"}


def with_sockets[T](
    directory: Path,
    use: Callable[[Gateway, aiohttp.ClientSession], Awaitable[T]],
    *,
    max_seconds: float = MAX_SECONDS,
    idle_seconds: float = IDLE_SECONDS,
) -> T:
    """Run `use` against a gateway whose sockets are answered by the tiny handler."""

    async def run() -> T:
        notes = {"NOTES": str(directory / "notes")}
        functions = Functions([tiny("socket.handler", name="Socket", variables=notes)], directory)
        sockets = Sockets(ROUTES, functions, max_seconds=max_seconds, idle_seconds=idle_seconds)
        gateway = await start_gateway((), functions, 0, beside=Beside(sockets=sockets))
        try:
            async with aiohttp.ClientSession() as session:
                return await use(gateway, session)
        finally:
            await gateway.stop()
            await functions.close()

    return asyncio.run(run())


def notes_of(directory: Path) -> list[dict[str, Any]]:
    """Return the events the function got."""
    return read_notes(directory / "notes")


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so, ten seconds at most."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.02)


def test_a_socket_lives_from_connect_to_disconnect(tmp_path: Path) -> None:
    """The three events have API Gateway's fields; the answer posted by the SDK arrives on the socket."""

    async def use(gateway: Gateway, session: aiohttp.ClientSession) -> None:
        headers = {"Origin": "http://here.example", "User-Agent": "pytest"}
        async with session.ws_connect(
            f"{gateway.url}/ws?ticket=good&ticket=better", headers=headers
        ) as socket:
            refused = await socket.receive_json()
            pytest.fail(f"a repeated ticket counts as its last: {refused}")

    with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
        with_sockets(tmp_path, use)
    assert raised.value.status == 401

    async def use_well(gateway: Gateway, session: aiohttp.ClientSession) -> Any:
        headers = {"Origin": "http://here.example", "User-Agent": "pytest"}
        async with session.ws_connect(f"{gateway.url}/ws?ticket=good", headers=headers) as socket:
            await socket.send_str('{"action":"hello","lastSeq":1}')
            answer = await socket.receive_json(timeout=10)
        await until(lambda: len(notes_of(tmp_path)) == 4)
        return answer

    assert with_sockets(tmp_path, use_well) == {"action": "hello", "lastSeq": 1}
    refused, opened, message, closed = notes_of(tmp_path)
    assert refused["multiValueQueryStringParameters"] == {"ticket": ["good", "better"]}
    assert opened["queryStringParameters"] == {"ticket": "good"}
    assert opened["headers"]["Origin"] == "http://here.example"
    assert message["body"] == '{"action":"hello","lastSeq":1}'
    assert (message["isBase64Encoded"], "headers" in message) == (False, False)
    assert "queryStringParameters" not in message
    told = [event["requestContext"] for event in (opened, message, closed)]
    assert [one["eventType"] for one in told] == ["CONNECT", "MESSAGE", "DISCONNECT"]
    assert [one["routeKey"] for one in told] == ["$connect", "$default", "$disconnect"]
    assert len({one["connectionId"] for one in told}) == 1
    assert told[0]["connectionId"].endswith("=")
    assert {one["stage"] for one in told} == {"ws"}
    assert told[0]["identity"] == {"userAgent": "pytest", "sourceIp": "127.0.0.1"}
    assert told[2]["disconnectStatusCode"] == 1000


@pytest.mark.parametrize(("ticket", "status"), [("bad", 401), ("foreign", 403)])
def test_whom_connect_refuses_gets_its_status(tmp_path: Path, ticket: str, status: int) -> None:
    """The handshake fails, no connection is made, and no $disconnect is told."""

    async def use(gateway: Gateway, session: aiohttp.ClientSession) -> None:
        await session.ws_connect(f"{gateway.url}/ws?ticket={ticket}")

    with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
        with_sockets(tmp_path, use)
    assert raised.value.status == status
    assert [event["requestContext"]["eventType"] for event in notes_of(tmp_path)] == ["CONNECT"]


def test_a_plain_request_is_no_socket(tmp_path: Path) -> None:
    """GET /ws without an upgrade: 426, and the function is not asked."""

    async def use(gateway: Gateway, session: aiohttp.ClientSession) -> int:
        async with session.get(f"{gateway.url}/ws?ticket=good") as response:
            return response.status

    assert with_sockets(tmp_path, use) == 426
    assert notes_of(tmp_path) == []


def test_a_connections_messages_are_handed_on_in_their_order(tmp_path: Path) -> None:
    """The first takes long; the second waits for it, though workers are free."""

    async def use(gateway: Gateway, session: aiohttp.ClientSession) -> list[str]:
        async with session.ws_connect(f"{gateway.url}/ws?ticket=good") as socket:
            await socket.send_str("slowly")
            await socket.send_str("at once")
            return [await socket.receive_str(timeout=10) for _ in range(2)]

    assert with_sockets(tmp_path, use) == ["slowly", "at once"]


def test_a_failing_function_is_told_as_api_gateway_tells_it(tmp_path: Path) -> None:
    """An internal error with the connection's id, and the socket stays open."""

    async def use(gateway: Gateway, session: aiohttp.ClientSession) -> tuple[Any, str]:
        async with session.ws_connect(f"{gateway.url}/ws?ticket=good") as socket:
            await socket.send_str("break")
            error = await socket.receive_json(timeout=10)
            await socket.send_str("still here")
            return error, await socket.receive_str(timeout=10)

    error, answer = with_sockets(tmp_path, use)
    assert (error["message"], answer) == ("Internal server error", "still here")
    assert error["connectionId"] == notes_of(tmp_path)[0]["requestContext"]["connectionId"]


def test_the_management_api_posts_tells_and_closes(tmp_path: Path) -> None:
    """GET tells of the connection, POST delivers, DELETE ends it, and then everything is 410 Gone."""

    async def use(gateway: Gateway, session: aiohttp.ClientSession) -> list[Any]:
        seen: list[Any] = []
        async with session.ws_connect(f"{gateway.url}/ws?ticket=good") as socket:
            connection_id = notes_of(tmp_path)[0]["requestContext"]["connectionId"]
            address = f"{gateway.url}/@connections/{connection_id.replace('=', '%3D')}"
            async with session.get(address, headers=SIGNED) as response:
                seen.append((response.status, sorted(await response.json())))
            async with session.post(address, data=b"hello", headers=SIGNED) as response:
                seen.append((response.status, await socket.receive_str(timeout=5)))
            async with session.delete(address, headers=SIGNED) as response:
                seen.append((response.status, (await socket.receive(timeout=5)).data))
        for method in ("GET", "POST", "DELETE"):
            async with session.request(method, address, headers=SIGNED) as response:
                seen.append((response.status, response.headers["x-amzn-errortype"]))
        return seen

    assert with_sockets(tmp_path, use) == [
        (200, ["connectedAt", "identity", "lastActiveAt"]),
        (200, "hello"),
        (204, 1001),
        (410, "GoneException"),
        (410, "GoneException"),
        (410, "GoneException"),
    ]


def test_the_management_api_refuses_what_aws_refuses(tmp_path: Path) -> None:
    """403 for a call that is not signed, 413 above 128 KB, and exactly 128 KB arrives."""

    async def use(gateway: Gateway, session: aiohttp.ClientSession) -> tuple[list[int], int]:
        async with session.ws_connect(f"{gateway.url}/ws?ticket=good") as socket:
            connection_id = notes_of(tmp_path)[0]["requestContext"]["connectionId"]
            address = f"{gateway.url}/@connections/{connection_id}"
            statuses = []
            for data, headers in (
                (b"x", {}),
                (b"x" * (MESSAGE_LIMIT + 1), SIGNED),
                (b"x" * MESSAGE_LIMIT, SIGNED),
            ):
                async with session.post(address, data=data, headers=headers) as response:
                    statuses.append(response.status)
            return statuses, len(await socket.receive_str(timeout=5))

    assert with_sockets(tmp_path, use) == ([403, 413, 200], MESSAGE_LIMIT)


def test_a_frame_that_is_too_long_ends_the_connection(tmp_path: Path) -> None:
    """More than 32 KB in one frame: close code 1009, and the function never sees it."""

    async def use(gateway: Gateway, session: aiohttp.ClientSession) -> int | None:
        async with session.ws_connect(f"{gateway.url}/ws?ticket=good") as socket:
            await socket.send_str("x" * (FRAME_LIMIT + 1))
            await socket.receive(timeout=5)
            await until(lambda: len(notes_of(tmp_path)) == 2)
            return socket.close_code

    assert with_sockets(tmp_path, use) == 1009
    assert [one["requestContext"]["eventType"] for one in notes_of(tmp_path)] == ["CONNECT", "DISCONNECT"]


def test_a_connection_ends_after_silence(tmp_path: Path) -> None:
    """The ten minutes, shortened: closed with 1001; what is said, or posted, puts it off."""

    async def use(gateway: Gateway, session: aiohttp.ClientSession) -> tuple[int | None, bool]:
        async with session.ws_connect(f"{gateway.url}/ws?ticket=good") as socket:
            for _ in range(3):
                await asyncio.sleep(0.7)
                await socket.send_str("again")
                await socket.receive_str(timeout=5)
            spoke = not socket.closed
            await socket.receive(timeout=5)
            return socket.close_code, spoke

    assert with_sockets(tmp_path, use, idle_seconds=1.5) == (1001, True)


def test_a_connection_ends_at_its_time_though_it_is_busy(tmp_path: Path) -> None:
    """The two hours, shortened: closed with 1001, whatever is said."""

    async def use(gateway: Gateway, session: aiohttp.ClientSession) -> tuple[int | None, list[str]]:
        async with session.ws_connect(f"{gateway.url}/ws?ticket=good") as socket:
            await socket.send_str("again")
            heard = [message.data async for message in socket]
            return socket.close_code, heard

    assert with_sockets(tmp_path, use, max_seconds=4.0) == (1001, ["again"])


def test_stopping_the_gateway_ends_the_sockets_first(tmp_path: Path) -> None:
    """Boards hear the close (1001) instead of a broken line, and $disconnect is told."""

    async def use(gateway: Gateway, session: aiohttp.ClientSession) -> int | None:
        async with session.ws_connect(f"{gateway.url}/ws?ticket=good") as socket:
            stopping = asyncio.create_task(gateway.stop())
            await socket.receive(timeout=5)
            await stopping
            return socket.close_code

    assert with_sockets(tmp_path, use) == 1001
    assert json.dumps(notes_of(tmp_path)[-1]).count("DISCONNECT") == 1
