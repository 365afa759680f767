"""One server message, as the handler needs it: its kind, whose call it is, and the rest undecoded.

Nothing is decoded before the sender has proved itself but what says whose call it is.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from frontdesk import lenient_json, vapi_envelope
from frontdesk.vapi_envelope import NOTHING, Identity, MalformedMessage

# A conversation's JSON is about eight levels deep. What is deeper was made to be.
MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Message:
    """A message whose sender is not known yet."""

    kind: str  # without its condition: `transcript[transcriptType="final"]` is a transcript
    whose: Identity


class _Fields(vapi_envelope.Fields):
    type: msgspec.Raw = NOTHING


class _Envelope(msgspec.Struct):
    message: _Fields


_envelope = msgspec.json.Decoder(_Envelope)


def parse(body: bytes) -> Message:
    """Read kind and identity; raises MalformedMessage when the body is no message of Vapi's."""
    fields = vapi_envelope.decode(_envelope, body).message
    kind = vapi_envelope.text(fields.type) or ""
    return Message(kind.partition("[")[0], vapi_envelope.identity(fields))


def content(body: bytes) -> dict[str, Any]:
    """Decode the message itself; raises MalformedMessage when it is nested too deeply."""
    try:
        whole = lenient_json.value(body.removeprefix(b"\xef\xbb\xbf"))
    except lenient_json.CANNOT_READ:
        message = "The message cannot be read."
        raise MalformedMessage(message) from None
    if _is_deep(whole):
        message = "The message is nested too deeply."
        raise MalformedMessage(message)
    found: dict[str, Any] = whole["message"]
    return found


def _is_deep(value: Any) -> bool:
    """Tell whether anything lies deeper than MAX_DEPTH, level by level: the stack is not deep either."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            each
            for one in level
            for each in (one.values() if isinstance(one, dict) else one)
            if isinstance(each, dict | list)
        ]
        if not level:
            return False
    return True


def at(tree: Any, *path: str) -> Any:
    """Return what stands at a path of keys, None where it leads nowhere."""
    for key in path:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree
