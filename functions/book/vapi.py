"""Vapi's envelope: what a server message says, and how one is answered.

Field names and shapes: Vapi's OpenAPI (ServerMessageToolCalls, ToolCallResult) and recorded
payloads, which disagree; docs/voice-senders.md lists the shapes taken here.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from frontdesk import lenient_json, vapi_envelope
from frontdesk.lenient_json import CANNOT_READ, items, record
from frontdesk.plain_text import one_line
from frontdesk.vapi_envelope import (
    MAX_ID,
    NOTHING,
    MalformedMessage,
    headers_of,
    raw_body,
    refuse,
    short,
    text,
)
from functions.book import arguments
from functions.book.arguments import clean, flag

__all__ = [
    "MalformedMessage",
    "Message",
    "Result",
    "ToolCall",
    "clean",
    "flag",
    "headers_of",
    "parse",
    "raw_body",
    "refuse",
    "respond",
    "tool_name_in_path",
]

MAX_CALLS = 20

_FAILED = "TEMPORARY_FAILURE. Something went wrong on our side. Please take a message."


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One tool call of a message; with a `problem` it is answered by that error sentence alone."""

    id: str
    name: str
    arguments: dict[str, Any]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What we use of one server message. `legacy` marks the deprecated function-call shape."""

    type: str
    call_id: str | None = None
    phone_number_id: str | None = None
    called_number: str | None = None
    assistant_id: str | None = None
    caller_number: str | None = None
    calls: tuple[ToolCall, ...] = ()
    legacy: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to one tool call: `result` is spoken from, `error` means our side failed."""

    tool_call_id: str
    name: str
    result: str | None = None
    error: str | None = None
    metadata: dict[str, Any] | None = None


class _Fields(vapi_envelope.Fields):
    type: msgspec.Raw = NOTHING
    tool_call_list: msgspec.Raw = NOTHING
    tool_calls: msgspec.Raw = NOTHING
    tool_with_tool_call_list: msgspec.Raw = NOTHING
    function_call: msgspec.Raw = NOTHING


class _Envelope(msgspec.Struct):
    message: _Fields


_envelope = msgspec.json.Decoder(_Envelope)


def tool_name_in_path(event: Mapping[str, Any]) -> str | None:
    """Return the tool the URL names (`/api/vapi/tools/{toolName}`), or None."""
    parameters = event.get("pathParameters")
    name = parameters.get("toolName") if isinstance(parameters, Mapping) else None
    return short(name) if isinstance(name, str) else None


def parse(body: bytes) -> Message:
    """Read a server message.

    The caller, the called number, the call and the assistant come from the envelope alone. Raises
    MalformedMessage when the body is no JSON object with an object `message`; anything smaller that
    is wrong loses that field, or becomes the `problem` of its one tool call.
    """
    fields = vapi_envelope.decode(_envelope, body).message
    whose = vapi_envelope.identity(fields)
    kind = text(fields.type) or ""
    calls, legacy = _calls(kind, fields, whose.call_id or "")
    return Message(
        type=kind or ("function-call" if legacy else "tool-calls" if calls else ""),
        call_id=whose.call_id,
        phone_number_id=whose.phone_number_id,
        called_number=whose.called_number,
        assistant_id=whose.assistant_id,
        caller_number=whose.caller_number,
        calls=calls,
        legacy=legacy,
    )


def _calls(kind: str, fields: _Fields, call_id: str) -> tuple[tuple[ToolCall, ...], bool]:
    """Find the calls of a message, and tell whether they came in the deprecated shape."""
    if kind in ("function-call", "") and fields.function_call:
        return (_call(record(fields.function_call), {}, call_id),), True
    if kind not in ("tool-calls", ""):
        return (), False
    plain = items(fields.tool_call_list) or items(fields.tool_calls)
    pairs: Iterable[tuple[msgspec.Raw | None, msgspec.Raw | None]] = ((item, None) for item in plain)
    if not plain:
        tools = items(fields.tool_with_tool_call_list)
        pairs = ((record(tool).get("toolCall"), tool) for tool in tools)
    calls = []
    for place, (item, tool) in enumerate(pairs):
        over = f"only {MAX_CALLS} tool calls are taken in one message" if place >= MAX_CALLS else None
        calls.append(_call(record(item), record(tool), call_id, over))
    return tuple(calls), False


def _call(
    item: Mapping[str, msgspec.Raw], tool: Mapping[str, msgspec.Raw], call_id: str, over: str | None = None
) -> ToolCall:
    """Read one call in any of its shapes; `tool` is the definition around it, asked for its name only."""
    function = record(item.get("function"))
    name = next((n for n in map(text, _names(item, function, tool)) if n), "")
    places = (
        function.get("arguments"),
        function.get("parameters"),
        item.get("arguments"),
        item.get("parameters"),
    )
    sent = [place for place in places if place is not None]
    said_places = [place for place in sent if bytes(memoryview(place)[:5]) != b"null"]
    raw = next(iter(said_places or sent), None)
    given = _id(item.get("id"))
    # A call without a name keeps its arguments: the URL may name the tool.
    said, unreadable = ({}, None) if over else arguments.read(raw)
    problem = over or (unreadable if name else "the call names no tool")
    if given and (one_line(given) != given or len(given) > MAX_ID):
        problem = "the tool call id cannot be used"
    return ToolCall(given or _made_up_id(call_id, name, said, raw), name, said, problem)


def _names(
    item: Mapping[str, msgspec.Raw], function: Mapping[str, msgspec.Raw], tool: Mapping[str, msgspec.Raw]
) -> tuple[msgspec.Raw | None, ...]:
    defined = record(tool.get("function"))
    return function.get("name"), item.get("name"), defined.get("name"), tool.get("name")


def _id(raw: msgspec.Raw | None) -> str | None:
    """Return a call's id exactly as sent, since Vapi matches answers by it; a number as its digits."""
    try:
        value = lenient_json.value(raw)
    except CANNOT_READ:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value) or None


def _made_up_id(call_id: str, name: str, said: Mapping[str, Any], raw: msgspec.Raw | None) -> str:
    """Name a call that came without an id, so that its retry gets the same name."""
    same = json.dumps(said, sort_keys=True).encode() if said else bytes(raw or b"")
    whole = b"\x00".join((call_id.encode(), name.encode(), same))
    return "noid_" + hashlib.sha256(whole).hexdigest()[:32]


def respond(results: Sequence[Result], *, legacy: bool = False) -> dict[str, Any]:
    """Answer a message: HTTP 200, one entry per call in the order given.

    Vapi drops any other status, needs strings on one line and matches by the exact id
    (docs.vapi.ai, custom-tools-troubleshooting). A result with neither text becomes an error
    sentence. `legacy` gives the shape of the deprecated function-call: the first text alone.
    """
    entries = [_entry(result) for result in results]
    body: dict[str, Any] = {"results": entries}
    if legacy:
        first = entries[0] if entries else {"error": _FAILED}
        body = {"result": first.get("result") or first.get("error", "")}
    return vapi_envelope.answer(200, body)


def _entry(result: Result) -> dict[str, Any]:
    entry: dict[str, Any] = {"toolCallId": result.tool_call_id, "name": one_line(result.name) or "unknown"}
    if result.result is not None:
        entry["result"] = one_line(result.result)
    if result.error is not None:
        entry["error"] = one_line(result.error)
    if result.result is None and result.error is None:
        entry["error"] = _FAILED
    if result.metadata is not None:
        entry["metadata"] = result.metadata
    return entry
