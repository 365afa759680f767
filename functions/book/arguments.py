"""A tool call's arguments: what a language model wrote, made fit for use."""

from collections.abc import Mapping
from typing import Any

import msgspec

from frontdesk import lenient_json
from frontdesk.model_words import flag, is_absent
from frontdesk.plain_text import one_line

__all__ = ["clean", "flag", "is_absent", "read"]

MAX_BYTES = 64 * 1024
MAX_DEPTH = 8
MAX_TEXT = 500

# What Vapi merges into the arguments from a tool's static parameters. A model can write the same
# keys, so the caller and the call are read from the envelope only.
_STATIC = frozenset({"caller_number", "called_number", "call_id"})


def read(raw: msgspec.Raw | None) -> tuple[dict[str, Any], str | None]:
    """Decode the arguments of one call: an object, or a string that holds one.

    Returns the arguments and no problem, or none and the problem in words that quote nothing of
    them. Left out, null or "" means a call without arguments. Vapi's static parameters are dropped.
    """
    if not raw:
        return {}, None
    if len(memoryview(raw)) > MAX_BYTES:
        return {}, "the arguments are too long"
    try:
        said = lenient_json.value(raw)
        if isinstance(said, str):
            said = lenient_json.value(said.encode()) if said.strip() else None
    except lenient_json.CANNOT_READ:
        return {}, "the arguments are not JSON"
    if not isinstance(said, dict):
        return {}, None if said is None else "the arguments are not an object"
    if _deeper_than(said, MAX_DEPTH):
        return {}, "the arguments are nested too deeply"
    return {key: each for key, each in said.items() if not key.startswith("_") and key not in _STATIC}, None


def _deeper_than(said: Any, levels: int) -> bool:
    if not isinstance(said, dict | list):
        return False
    if levels == 0:
        return True
    within = said.values() if isinstance(said, dict) else said
    return any(_deeper_than(each, levels - 1) for each in within)


def clean(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what was really said.

    null, "", "unknown", "N/A", an unrendered `{{template}}` and their like are absent; texts are on
    one line, NFC, without control characters (Postgres stores no NUL) and at most 500 characters;
    numbers and booleans stay; lists and objects are cleaned inside, to eight levels.
    """
    return _clean_object(arguments, MAX_DEPTH)


def _clean_object(arguments: Mapping[str, Any], levels: int) -> dict[str, Any]:
    cleaned = ((one_line(str(key))[:MAX_TEXT], _clean(each, levels - 1)) for key, each in arguments.items())
    return {key: each for key, each in cleaned if each is not None}


def _clean(said: Any, levels: int) -> Any:
    if isinstance(said, str):
        text = one_line(said)[:MAX_TEXT].strip()
        return None if is_absent(text) else text
    if isinstance(said, bool | int | float):
        return said
    if levels > 0 and isinstance(said, Mapping):
        return _clean_object(said, levels) or None
    if levels > 0 and isinstance(said, list | tuple):
        return [each for each in (_clean(item, levels - 1) for item in said) if each is not None] or None
    return None
