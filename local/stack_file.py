""".local/stack.json: what a running stack tells the tools beside it (docs/local-stack.md has the keys)."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from local.functions import ROOT

# FRONTDESK_LOCAL lets the tests run a stack of their own beside a developer's.
DIRECTORY = Path(os.environ.get("FRONTDESK_LOCAL") or ROOT / ".local")
STACK_FILE = DIRECTORY / "stack.json"


class NoStackError(Exception):
    """No stack runs in this checkout."""


def write_stack(content: dict[str, Any], path: Path = STACK_FILE) -> None:
    """Write the file whole or not at all, readable by its owner only: it holds the demo's secrets."""
    half = path.with_suffix(".new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(json.dumps(content, indent=2) + "\n")
    half.replace(path)


def read_stack(path: Path = STACK_FILE) -> dict[str, Any]:
    """Read what the running stack wrote; raise NoStackError with a sentence when none runs."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        msg = "No stack is running here: start one with `make run` in another terminal."
        raise NoStackError(msg) from None
    return content


def find_org(stack: dict[str, Any], slug: str | None) -> dict[str, Any]:
    """Return the org with this slug, or the first; raise NoStackError naming those there are."""
    orgs: list[dict[str, Any]] = stack["orgs"]
    for org in orgs:
        if slug in {None, org["slug"]}:
            return org
    msg = f"There is no org {slug!r} in this stack; there are {', '.join(org['slug'] for org in orgs)}."
    raise NoStackError(msg)


def kept_secret(name: str, directory: Path = DIRECTORY) -> str:
    """Return a random secret kept in a file of mode 600, made when it is missing."""
    path = directory / name
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".new")
        half.unlink(missing_ok=True)
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        half.replace(path)
    return path.read_text(encoding="ascii").strip()
