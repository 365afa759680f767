"""What tests turn while the fake backend runs: what happens at the clinic, and what goes wrong."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from socket import SHUT_RDWR
from typing import Any

from aiohttp import web

from tests.web.fake_clinic import Clinic, Row


@dataclass
class Backend:
    """The running server; its switches are plain fields, turned from the test's thread."""

    clinic: Clinic
    url: str = ""
    away: bool = False  # nothing but the page's files is answered
    pushing: bool = True  # events go to the sockets
    slow: float = 0.0  # seconds before an answer of the API
    refuse_next: list[tuple[str, int, Row]] = field(default_factory=list)  # path's end, status, problem
    token_life: int = 3600  # seconds
    asked: list[str] = field(default_factory=list)  # "METHOD path?query" of the API
    bodies: list[tuple[str, Any]] = field(default_factory=list)
    bytes_sent: int = 0
    calls: list[Row] = field(default_factory=list)
    leads: dict[str, Row] = field(default_factory=dict)
    sockets: set[web.WebSocketResponse] = field(default_factory=set)
    loop: asyncio.AbstractEventLoop | None = None

    def happen(self, kind: str, visit: Row | None = None, actor: str = "voice", **data: Any) -> Row:
        """Record an event and push it to all boards."""
        event = self.clinic.record(kind, visit, actor, **data)
        if self.pushing:
            self.run(self._push(event))
        return event

    def cut(self) -> None:
        """Cut every socket, as a network does: with no goodbye that explains it."""
        self.run(self._cut())

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something on the server's loop and wait for it."""
        assert self.loop is not None
        asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=10)

    async def _push(self, event: Row) -> None:
        for socket in list(self.sockets):
            await socket.send_json({"action": "event", **event})

    async def _cut(self) -> None:
        for socket in list(self.sockets):
            line = socket.get_extra_info("socket")
            if line is not None:
                line.shutdown(SHUT_RDWR)
