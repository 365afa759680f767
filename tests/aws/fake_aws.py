"""As much of AWS as the deploy step calls: a secret, an invocation, the address CloudFormation gives."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Invoked = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class FakeAws:
    """What was asked and answered; `url` serves Secrets Manager, Lambda and the bucket of answers at once."""

    url: str = ""
    secret: str | None = None
    invoke: Invoked = field(default=lambda order: {"applied": []})
    broken: dict[str, Any] | None = None  # what Lambda answers where the function failed
    away: int = 0  # how many answers CloudFormation's bucket does not take
    orders: list[dict[str, Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    content_types: list[str | None] = field(default_factory=list)


@contextlib.contextmanager
def running() -> Iterator[FakeAws]:
    """Serve on a free port until the block ends."""
    state = FakeAws()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.headers.get("X-Amz-Target") == "secretsmanager.GetSecretValue":
                if state.secret is None:
                    refused = {"__type": "AccessDeniedException", "message": "no"}
                    self.reply(400, refused)
                else:
                    self.reply(200, {"ARN": body["SecretId"], "SecretString": state.secret})
                return
            state.orders.append({"function": self.path.split("/")[3], **body})
            if state.broken is not None:
                self.reply(200, state.broken, {"X-Amz-Function-Error": "Unhandled"})
            else:
                self.reply(200, state.invoke(body))

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if state.away > 0:
                state.away -= 1
                self.reply(503, {})
                return
            assert len(body) <= 4096, "CloudFormation takes 4 KB"
            state.answers.append(json.loads(body))
            state.content_types.append(self.headers.get("Content-Type"))
            self.reply(200, {})

        def reply(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
            payload = json.dumps(body).encode()
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
