"""A board's side of the socket, as docs/board.md tells it: in order, nothing twice, gaps fetched.

Small enough to read beside the page's own client, which must do the same.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

Event = dict[str, Any]
# Opens a socket: gets a ticket and connects.
Open = Callable[[], Awaitable[aiohttp.ClientWebSocketResponse]]
# Fetches events after a seq, in order.
Fetch = Callable[[int], Awaitable[list[Event]]]

GAP_SECONDS = 0.3  # two pushes at once may overtake each other by so much
PING_SECONDS = 240.0
PONG_SECONDS = 10.0
BACKOFF = (0.05, 2.0)


@dataclass(slots=True)
class Board:
    """One board: what it showed, in the order it did, and how it came by it."""

    open: Open
    fetch: Fetch
    last_seq: int = 0
    ping_seconds: float = PING_SECONDS
    shown: list[int] = field(default_factory=list)
    duplicates: int = 0
    pushed: int = 0  # shown because the socket brought it
    fetched: int = 0  # shown because a gap, or the server's word of its last seq, made the board fetch
    resyncs: int = 0
    connects: int = 0
    _early: dict[int, Event] = field(default_factory=dict)
    _known: int = 0  # the highest seq heard of
    _catching_up: asyncio.Task[None] | None = None
    _socket: aiohttp.ClientWebSocketResponse | None = None

    async def run(self) -> None:
        """Stay connected until cancelled: connect, say hello, listen; after a cut come back with jitter."""
        wait = BACKOFF[0]
        while True:
            try:
                self._socket = await self.open()
                self.connects += 1
                wait = BACKOFF[0]
                await self._socket.send_json({"action": "hello", "lastSeq": self.last_seq})
                async with asyncio.TaskGroup() as both:
                    pings = both.create_task(self._ping())
                    await self._listen()
                    pings.cancel()
            except* (aiohttp.ClientError, ConnectionError, TimeoutError):
                pass
            await asyncio.sleep(random.uniform(0, wait))
            wait = min(wait * 2, BACKOFF[1])

    async def cut(self) -> None:
        """Break the line, without a goodbye."""
        if self._socket is not None and self._socket._response.connection is not None:
            transport = self._socket._response.connection.transport
            if transport is not None:
                transport.abort()

    async def _listen(self) -> None:
        socket = self._socket
        assert socket is not None
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self.hear(json.loads(message.data))

    async def _ping(self) -> None:
        while self._socket is not None:
            await asyncio.sleep(self.ping_seconds)
            await self._socket.send_json({"action": "ping"})

    def hear(self, told: dict[str, Any]) -> None:
        """Take one message of the server's."""
        match told.get("action"):
            case "event":
                self.pushed += self._take(told)
            case "hello" | "pong":
                self._known = max(self._known, told["lastSeq"])
            case "resync":
                # The page reads its day anew; the events in between are in what it reads.
                self.resyncs += 1
                self._known = max(self._known, told["lastSeq"])
        if self._early or self._known > self.last_seq:
            self._catch_up()

    def _take(self, event: Event) -> bool:
        """Keep an event until its turn; tell whether it was new."""
        if event["seq"] <= self.last_seq or event["seq"] in self._early:
            self.duplicates += 1
            return False
        self._early[event["seq"]] = event
        while (due := self._early.pop(self.last_seq + 1, None)) is not None:
            self.last_seq = due["seq"]
            self.shown.append(due["seq"])
        return True

    def _catch_up(self) -> None:
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = asyncio.create_task(self._fill())

    async def _fill(self) -> None:
        """Wait a little for what is on its way, then fetch what is still missing."""
        await asyncio.sleep(GAP_SECONDS)
        while self._early or self._known > self.last_seq:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                found = await self.fetch(self.last_seq)
                self.fetched += sum(self._take(event) for event in found)
                if found:
                    continue
            await asyncio.sleep(GAP_SECONDS)
