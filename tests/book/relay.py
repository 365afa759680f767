"""A TCP relay before Postgres: it reads along, cuts a connection, or swallows what the server says."""

import contextlib
import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

Mode = Literal["pass", "cut_answer", "cut_question", "swallow"]
_NO_ENCRYPTION = {80877103, 80877104}  # SSLRequest and GSSENCRequest, answered by one byte


class Relay:
    """Relay every connection to one server. `mode` may change while it runs.

    cut_answer: the next thing the server says is lost with the connection, once. cut_question: the next
    thing the client says is, once. swallow: the server's words are kept back, on new connections too.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._server = (parts.hostname, parts.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        place = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = urlunsplit(parts._replace(netloc=place))
        self.mode: Mode = "pass"
        self.connections = 0
        self.messages: list[tuple[str, bytes]] = []  # what clients sent: type, payload
        self.answers = b""  # what the server said, all of it
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def types(self) -> list[str]:
        """The types of the client's messages, those of logging in left out."""
        return [kind for kind, _ in self.messages if kind not in ("startup", "p")]

    @property
    def statements(self) -> list[tuple[str, str]]:
        """The name (empty: unnamed) and the text of every statement that was prepared or simply sent."""
        found = []
        for kind, payload in self.messages:
            if kind == "P":
                name, text, _ = payload.split(b"\0", 2)
                found.append((name.decode(), text.decode()))
            elif kind == "Q":
                found.append(("", payload.rstrip(b"\0").decode()))
        return found

    @property
    def ready(self) -> str:
        """How each exchange ended: I for no transaction left open, T inside one, E inside a failed one."""
        return b"".join(re.findall(rb"Z\x00\x00\x00\x05([ITE])", self.answers)).decode()

    def forget(self) -> None:
        """Forget what was sent so far."""
        self.messages.clear()
        self.answers = b""
        self.connections = 0

    def close(self) -> None:
        """Close everything."""
        for each in (self._listener, *self._open):
            _shut(each)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                server = socket.create_connection(self._server)
                self._open += [client, server]
                threading.Thread(target=self._from_client, args=(client, server), daemon=True).start()
                threading.Thread(target=self._from_server, args=(client, server), daemon=True).start()

    def _from_client(self, client: socket.socket, server: socket.socket) -> None:
        reader = _Reader(self.messages)
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                reader.feed(data)
                if self.mode == "cut_question":
                    self.mode = "pass"
                    break
                server.sendall(data)
        _shut(client)
        _shut(server)

    def _from_server(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                self.answers += data
                if self.mode == "cut_answer":
                    self.mode = "pass"
                    break
                if self.mode != "swallow":
                    client.sendall(data)
        _shut(client)
        _shut(server)


class _Reader:
    """Split what a client sends into messages (PostgreSQL frontend/backend protocol 3)."""

    def __init__(self, into: list[tuple[str, bytes]]) -> None:
        self._into = into
        self._rest = b""
        self._started = False

    def feed(self, data: bytes) -> None:
        self._rest += data
        while (size := self._size()) is not None:
            whole, self._rest = self._rest[:size], self._rest[size:]
            if self._started:
                self._into.append((chr(whole[0]), whole[5:]))
            elif struct.unpack("!I", whole[4:8])[0] not in _NO_ENCRYPTION:
                self._started = True
                self._into.append(("startup", whole[8:]))

    def _size(self) -> int | None:
        header = 5 if self._started else 4
        if len(self._rest) < header:
            return None
        length = int(struct.unpack("!I", self._rest[header - 4 : header])[0]) + header - 4
        return length if len(self._rest) >= length else None


def _shut(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()


@contextmanager
def relay_to(url: str) -> Iterator[Relay]:
    """Run a relay before the server of a connection URL."""
    assert re.match(r"postgres(ql)?://[^/]+@", url)
    relay = Relay(url)
    try:
        yield relay
    finally:
        relay.close()
