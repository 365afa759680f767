"""What the local stack knows of template.yaml, as plain records (local/template.py reads them)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.intrinsics import Scope


class TemplateError(Exception):
    """The template holds something the local stack cannot play."""


@dataclass(frozen=True, slots=True)
class Function:
    """A Lambda function: its logical id, its handler's path, its limits and its raw environment."""

    name: str
    handler: str
    timeout_seconds: int
    memory_mb: int
    environment: Mapping[str, Any]
    concurrency: int | None


@dataclass(frozen=True, slots=True)
class HttpRoute:
    """A route of the HTTP API; `method` is upper case or ANY, `path` may hold {name} and {name+}.

    `authorizer` names the one that guards the route; None lets everybody in.
    """

    function: str
    method: str
    path: str
    timeout_seconds: float
    authorizer: str | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """An SQS queue; times in seconds. `dead_letter_queue` is the logical id of another queue."""

    name: str
    visibility_seconds: int
    retention_seconds: int
    delay_seconds: int
    dead_letter_queue: str | None
    max_receive_count: int | None


@dataclass(frozen=True, slots=True)
class QueueSource:
    """An event source mapping from a queue to a function."""

    function: str
    queue: str
    batch_size: int
    window_seconds: float
    concurrency: int | None
    reports_failures: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule which invokes a function, such as `rate(1 minute)`; `input` is its payload, if given."""

    function: str
    name: str
    expression: str
    input: str | None


@dataclass(frozen=True, slots=True)
class SocketRoute:
    """A WebSocket route ($connect, $disconnect, $default or a message's action)."""

    function: str
    key: str


@dataclass(frozen=True, slots=True)
class Authorizer:
    """A JWT authorizer of the HTTP API: whose tokens it takes, and for which audiences."""

    name: str
    issuer: str
    audiences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """All of it, in the template's order."""

    functions: tuple[Function, ...]
    http_routes: tuple[HttpRoute, ...]
    queues: tuple[Queue, ...]
    sources: tuple[QueueSource, ...]
    schedules: tuple[Schedule, ...]
    socket_routes: tuple[SocketRoute, ...]
    raw_authorizers: Mapping[str, Any]
    scope: Scope
    apis: tuple[str, ...]
