"""Cursors: where the next page begins, as a word nobody needs to understand."""

import base64
import binascii
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from functions.staff_api import problems

_READERS: dict[type, Any] = {datetime: datetime.fromisoformat, UUID: UUID, int: int, str: str}


def encode(place: dict[str, Any] | None) -> str | None:
    """Write a place in a list, the last row's sort keys by name, as a cursor; None stays None: the end."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str | None, **kinds: type) -> dict[str, Any]:
    """Read a cursor as the values of these names, or as None each where there is no cursor.

    A cursor that was not ours is a 422 naming `cursor`: never an error of the database.
    """
    if cursor is None:
        return dict.fromkeys(kinds)
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if set(place) != set(kinds):
            raise ValueError
        return {name: _read(kind, place[name]) for name, kind in kinds.items()}
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError, OverflowError):
        raise problems.invalid("cursor", "must be the `next` of another page") from None


def _read(kind: type, value: Any) -> Any:
    if not isinstance(value, int if kind is int else str) or isinstance(value, bool):
        raise TypeError
    read = _READERS[kind](value)
    if (kind is datetime and read.tzinfo is None) or (kind is int and not 0 <= read < 2**63):
        raise ValueError
    if kind is str and ("\x00" in read or not read.isprintable()):
        raise ValueError
    return read
