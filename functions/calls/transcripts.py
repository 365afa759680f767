"""A transcript as lines: who spoke, what, when; a tool call with its answer is a line too.

Shapes: Vapi's OpenAPI (artifact.messages) and recorded reports (docs/calls.md).
"""

import re
from collections.abc import Iterator
from typing import Any

from functions.calls.messages import at
from functions.calls.values import milliseconds, number, words

MAX_LINES = 20_000
MAX_BODY = 4000
MAX_SECONDS = 1e7

_ROLES = {
    "bot": "assistant",
    "assistant": "assistant",
    "ai": "assistant",
    "agent": "assistant",
    "user": "user",
    "customer": "user",
    "caller": "user",
}
_SPEAKER = re.compile(r"(?:^|(?<=\s))(AI|Assistant|Bot|Agent|User|Customer|Caller)\s*:\s", re.IGNORECASE)
_CODE = re.compile(r"([A-Z][A-Z_]{2,59})\b[.:]?\s*")

Line = dict[str, Any]


def of(message: dict[str, Any]) -> list[Line]:
    """Return the lines of a report: from its artifact, else the message itself, else the transcript's text.

    An empty list counts as none (recorded reports had one beside a full flat duplicate).
    """
    places = (message.get("artifact"), message, at(message, "call", "artifact"))
    for place in places:
        found = _lines(at(place, "messages"))
        if found:
            return found
    for place in places:
        found = _from_text(at(place, "transcript"))
        if found:
            return found
    return []


def live(message: dict[str, Any], sent_at: int) -> Line | None:
    """Return the line of a transcript event that is final; None for a partial one."""
    role, body = _role(message), words(message.get("transcript"), MAX_BODY)
    if message.get("transcriptType") != "final" or role is None or body is None:
        return None
    return {"role": role, "body": body, "at": sent_at}


def _role(item: dict[str, Any]) -> str | None:
    role = item.get("role")
    return _ROLES.get(role.lower()) if isinstance(role, str) else None


def _lines(items: Any) -> list[Line]:
    lines: list[Line] = []
    tools: dict[str, Line] = {}
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict):
            continue
        for line in _lines_of(item, tools):
            lines.append(line)
            if len(lines) >= MAX_LINES:
                return lines
    return lines


def _lines_of(item: dict[str, Any], tools: dict[str, Line]) -> Iterator[Line]:
    """Give the lines of one item; an answer to a tool call goes into the line of its call."""
    role = _role(item)
    if role is not None:
        body = words(item.get("message") or item.get("content"), MAX_BODY)
        if body is not None:
            yield {"role": role, "body": body, **_when(item)}
    calls = item.get("toolCalls") or item.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        tool = words(at(call, "function", "name") or at(call, "name"), 120)
        line = {"role": "tool", "body": "", "tool": tool, **_when(item)}
        call_id = words(at(call, "id"), 120)
        if call_id is not None:
            line["tool_call_id"] = call_id
            tools[call_id] = line
        yield line
    if item.get("role") in ("tool_call_result", "tool", "function"):
        call_id = words(item.get("toolCallId") or item.get("tool_call_id"), 120)
        known = tools.get(call_id) if call_id else None
        line = known if known is not None else {"role": "tool", "tool_call_id": call_id, **_when(item)}
        line["tool"] = line.get("tool") or words(item.get("name"), 120)
        line |= _answer(item.get("result") or item.get("error") or item.get("content"))
        if known is None:
            yield line


def _answer(result: Any) -> Line:
    """Split our answer into its code and its sentence (docs/voice-tools.md)."""
    text = words(result, MAX_BODY) or ""
    code = _CODE.match(text)
    return {"outcome": code[1], "body": text[code.end() :]} if code else {"outcome": None, "body": text}


def _when(item: dict[str, Any]) -> Line:
    when: Line = {}
    seconds = number(item.get("secondsFromStart"), MAX_SECONDS)
    if seconds is not None:
        when["seconds"] = round(seconds, 2)
    moment = milliseconds(item.get("time"))
    if moment is not None:
        when["at"] = moment
    return when


def _from_text(text: Any) -> list[Line]:
    """Split "AI: ... User: ..." at its speakers; where lines begin with them, only there."""
    if not isinstance(text, str):
        return []
    lines: list[Line] = []
    pieces = text.splitlines() if text.count("\n") else [text]
    at_starts = len(pieces) > 1
    for piece in pieces:
        spoken = list(_SPEAKER.finditer(piece))[: 1 if at_starts else None]
        if at_starts and spoken and spoken[0].start() > 0:
            spoken = []
        if not spoken and lines:
            lines[-1]["body"] = words(f"{lines[-1]['body']} {piece}", MAX_BODY) or ""
        for place, found in enumerate(spoken):
            end = spoken[place + 1].start() if place + 1 < len(spoken) else len(piece)
            body = words(piece[found.end() : end], MAX_BODY)
            if body is not None:
                lines.append({"role": _ROLES[found[1].lower()], "body": body})
    return lines[:MAX_LINES]
