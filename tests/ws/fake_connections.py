"""@connections for tests of the handlers: notes what is posted, and answers as it is told."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote


@dataclass(slots=True)
class FakeConnections:
    """What was said to each connection, which were closed, and how each is to answer.

    `answers` holds statuses for the next posts to a connection; when they are used up it is 200.
    """

    url: str = ""
    said: dict[str, list[Any]] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    answers: dict[str, list[int]] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)
    at_once: int = 0
    most_at_once: int = 0
    seconds: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def forget(self) -> None:
        """Start anew: the next test's posts are its own."""
        with self.lock:
            self.said, self.closed, self.answers = {}, [], {}
            self.tries = Counter()
            self.at_once, self.most_at_once, self.seconds = 0, 0, 0.0


@contextmanager
def running() -> Iterator[FakeConnections]:
    """Listen on a free port until the end of the block."""
    fake = FakeConnections()
    pause = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            connection = unquote(self.path.rpartition("/")[2])
            with fake.lock:
                fake.at_once += 1
                fake.most_at_once = max(fake.most_at_once, fake.at_once)
                fake.tries[connection] += 1
                waiting = fake.answers.get(connection, [])
                status = waiting.pop(0) if waiting else 200
                if status == 200:
                    fake.said.setdefault(connection, []).append(json.loads(body))
            pause.wait(fake.seconds)
            with fake.lock:
                fake.at_once -= 1
            self._answer(status)

        def do_DELETE(self) -> None:
            with fake.lock:
                fake.closed.append(unquote(self.path.rpartition("/")[2]))
            self._answer(204)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64  # ten at once must not wait for each other's handshakes

    server = Server(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
