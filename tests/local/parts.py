"""Pieces of the local stack for tests: runtimes of the tiny handlers and notes they leave."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.environment import runtime
from local.functions import Runtime
from local.template_records import Function

HANDLERS = "tests.local.handlers"


def tiny(
    handler: str,
    *,
    name: str = "TinyFunction",
    timeout_seconds: int = 10,
    concurrency: int | None = None,
    variables: Mapping[str, str] | None = None,
) -> Runtime:
    """Give the runtime of one of the handlers in tests/local/handlers."""
    function = Function(name, f"{HANDLERS}.{handler}", timeout_seconds, 256, {}, concurrency)
    return runtime(function, dict(variables or {}), "http://127.0.0.1:1")


def read_notes(path: Path) -> list[dict[str, Any]]:
    """Read the lines a handler wrote so far."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
