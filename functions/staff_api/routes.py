"""Routes as data: who may ask what, with which fields, and every answer (openapi.py publishes them)."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from frontdesk.staff import Session
from functions.staff_api.fields import Body, Query, Shape

PREFIX = "/api/staff"

_PARAMETER = re.compile(r"\{(\w+)\}")
_UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was understood: by whom, about what. `query` and `body` are of the route's models."""

    session: Session
    path: Mapping[str, Any]  # UUID where the name ends in "id", else str
    query: Any
    body: Any
    key: str | None  # Idempotency-Key, made the staff's own; for SQL functions that take one

    @property
    def org_id(self) -> UUID:
        """Return the clinic, which comes from the session alone."""
        return self.session.org_id

    @property
    def actor(self) -> str:
        """Return the person as events name them."""
        return self.session.actor


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route answers: a status and what JSON says (None: no body), or a text of the route's kind."""

    status: int
    body: Any = None
    file_name: str = ""  # to be saved under, where it is for saving


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `path` is below /api/staff; `answers` gives each success its shape.

    `problems` names what may go wrong beyond what every route shares: 400, 401, 403, 404, 413, 415, 422, 429,
    500, 503 (openapi.py adds those that can happen).
    """

    method: str
    path: str
    act: Callable[[Asked], Answer]
    role: str  # the least one that may
    summary: str
    answers: Mapping[int, type[Shape] | None]
    query: type[Query] = Query
    body: type[Body] | None = None
    problems: Mapping[int, str] = field(default_factory=dict)
    takes_key: bool = False
    description: str = ""
    kind: str = "application/json"  # of what it answers; any other is a text, and has no shape

    @property
    def operation(self) -> str:
        """Name the operation, in log lines and in the OpenAPI document: appointments_book."""
        return f"{self.act.__module__.rsplit('.', 1)[-1]}_{self.act.__name__.strip('_')}"


@dataclass(frozen=True, slots=True)
class Found:
    """The route a request takes, with the values of its path."""

    route: Route
    path: Mapping[str, Any]


def find(routes: Iterable[Route], method: str, path: str) -> Found | frozenset[str]:
    """Find a request's route by what follows /api/staff, or else the methods that path knows."""
    others = set()
    for route in routes:
        matched = _pattern(route.path).fullmatch(path)
        if matched is None:
            continue
        if route.method == method:
            return Found(route, {name: _value(name, text) for name, text in matched.groupdict().items()})
        others.add(route.method)
    return frozenset(others)


def is_id(name: str) -> bool:
    """Tell whether a parameter of a path is an id of ours."""
    return name.endswith("id")


@cache
def _pattern(path: str) -> re.Pattern[str]:
    def group(matched: re.Match[str]) -> str:
        name = matched[1]
        return f"(?P<{name}>{_UUID if is_id(name) else '[^/]+'})"

    return re.compile(_PARAMETER.sub(group, path))


def _value(name: str, text: str) -> UUID | str:
    return UUID(text) if is_id(name) else text
