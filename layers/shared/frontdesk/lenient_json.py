"""JSON of which we use a little: decode only that, and lose only what is wrong."""

import json
from typing import Any

import msgspec

CANNOT_READ = (msgspec.MsgspecError, ValueError, RecursionError)

_anything = msgspec.json.Decoder()
_record = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list = msgspec.json.Decoder(list[msgspec.Raw])


def value(raw: msgspec.Raw | bytes | None) -> Any:
    """Decode to plain values, None where there is nothing; raises one of CANNOT_READ."""
    if not raw:
        return None
    try:
        return _anything.decode(raw)
    except msgspec.DecodeError:
        return _anything.decode(mended(bytes(raw)))


def record(raw: msgspec.Raw | None) -> dict[str, msgspec.Raw]:
    """Decode an object one level deep; anything else is an empty one."""
    try:
        return _record.decode(raw) if raw else {}
    except CANNOT_READ:
        return {}


def items(raw: msgspec.Raw | None) -> list[msgspec.Raw]:
    """Decode an array one level deep; anything else is an empty one."""
    try:
        return _list.decode(raw) if raw else []
    except CANNOT_READ:
        return []


def mended(text: bytes) -> bytes:
    """Rewrite JSON that only msgspec refuses; raises ValueError or RecursionError when none can read it.

    JavaScript cuts strings between the halves of an emoji and sends the lone surrogate; one of
    those anywhere in a transcript must not lose the booking.
    """
    read = json.loads(text.decode("utf-8", "replace"), parse_constant=lambda _: None)
    return json.dumps(read, ensure_ascii=False).encode("utf-8", "replace")
