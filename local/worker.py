"""One Lambda container: `python -m local.worker HANDLER --fd N`, one event at a time.

The stack talks to it over a socket of its own (file descriptor N), a JSON line each way, so that
nothing a handler prints can be mistaken for an answer. Standard output and standard error are the
function's log. When the stack dies the socket ends, and the worker with it.
"""

import argparse
import importlib
import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Handler = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Context:
    """What Lambda gives a handler as its second argument."""

    function_name: str
    function_version: str
    invoked_function_arn: str
    memory_limit_in_mb: int
    aws_request_id: str
    log_group_name: str
    log_stream_name: str
    deadline: float
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left until the function's timeout, never below zero."""
        return max(0, int((self.deadline - time.monotonic()) * 1000))


def main() -> int:
    """Import the handler, say so, then answer events until the stack closes the socket."""
    parser = argparse.ArgumentParser(prog="python -m local.worker", description=__doc__)
    parser.add_argument("handler", help="dotted path, as in the template: functions.book.app.handler")
    parser.add_argument("--fd", type=int, required=True, help="the socket to the stack")
    arguments = parser.parse_args()
    # Ctrl-C reaches every process of the terminal; ending the workers is the stack's business.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    line = socket.socket(fileno=arguments.fd)
    line.set_inheritable(False)
    with line, line.makefile("rwb") as channel:
        try:
            handler = load(arguments.handler)
        except BaseException as problem:  # noqa: BLE001 (a handler module may fail in any way, exit() too)
            traceback.print_exc()
            _send(channel, {"error": describe(problem)})
            return 1
        _send(channel, {"result": "ready"})
        for text in channel:
            _send(channel, answer(handler, json.loads(text)))
    return 0


def load(path: str) -> Handler:
    """Import a handler by its dotted path."""
    module, _, name = path.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module), name)
    return handler


def answer(handler: Handler, order: dict[str, Any]) -> dict[str, Any]:
    """Run the handler on one order `{event, request_id, timeout_seconds}` and describe how it went."""
    timeout = float(order["timeout_seconds"])
    # The stack kills a late worker. The alarm is for the worker whose stack was killed meanwhile.
    signal.alarm(int(timeout) + 10)
    try:
        result = handler(order["event"], _context(str(order["request_id"]), timeout))
        return {"result": json.loads(json.dumps(result))}
    except Exception as problem:  # noqa: BLE001 (Lambda turns whatever a handler raises into an error)
        traceback.print_exc()
        return {"error": describe(problem)}
    finally:
        signal.alarm(0)
        sys.stdout.flush()
        sys.stderr.flush()


def describe(problem: BaseException) -> dict[str, Any]:
    """Describe an exception as Lambda does: errorType, errorMessage (the trace is in the log)."""
    return {"errorType": type(problem).__name__, "errorMessage": str(problem)}


def _context(request_id: str, timeout: float) -> Context:
    name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local")
    region = os.environ.get("AWS_REGION", "us-east-1")
    return Context(
        function_name=name,
        function_version="$LATEST",
        invoked_function_arn=f"arn:aws:lambda:{region}:123456789012:function:{name}",
        memory_limit_in_mb=int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")),
        aws_request_id=request_id,
        log_group_name=f"/aws/lambda/{name}",
        log_stream_name=os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", "local"),
        deadline=time.monotonic() + timeout,
    )


def _send(channel: Any, message: dict[str, Any]) -> None:
    channel.write(json.dumps(message).encode() + b"\n")
    channel.flush()


if __name__ == "__main__":
    sys.exit(main())
