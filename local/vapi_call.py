"""Plays Vapi: builds its messages, signs in as it does, and reads the answers.

The message has the shape of Vapi's own type (arguments as a JSON string). A caller's telephone number
stands in the envelope, where Vapi puts it, and not in the arguments, which a model writes.
"""

import json
import re
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

PATIENCE_SECONDS = 35.0  # longer than the gateway's 30, so that its answer is the one we see


class NoAnswerError(Exception):
    """The stack's answer was not one of Vapi's contract."""


@dataclass(frozen=True, slots=True)
class PhoneCall:
    """One telephone call to a clinic, whose tools are behind `http`."""

    http: str
    org: Mapping[str, Any]
    caller: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    began: float = field(default_factory=time.time)  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one tool call: `text` is what the agent speaks from, `code` its first word."""

    status: int
    text: str
    metadata: Mapping[str, Any]
    took_ms: float

    @property
    def code(self) -> str:
        """Return the outcome's code, such as BOOKED."""
        return self.text.partition(".")[0]

    @property
    def spoken(self) -> str:
        """Return the text without its code, and without the `name=value` ids an agent is told not to read."""
        return re.sub(r"(\s+\w+=\S+)+$", "", self.text.partition(".")[2]).strip()


def new_tool_call_id() -> str:
    """Make an id as Vapi's models do."""
    return f"call_{uuid.uuid4().hex[:24]}"


def message(call: PhoneCall, tool: str, arguments: Mapping[str, Any], tool_call_id: str) -> dict[str, Any]:
    """Build a `tool-calls` message with one tool call."""
    tool_call = _tool_call(tool, arguments, tool_call_id)
    wrapped = {"type": "function", "function": {"name": tool}, "toolCall": tool_call}
    return _message(call, "tool-calls", toolCallList=[tool_call], toolWithToolCallList=[wrapped])


def status(call: PhoneCall, state: str) -> dict[str, Any]:
    """Build a `status-update` message; `state` is Vapi's, such as in-progress."""
    return _message(call, "status-update", status=state)


def report(call: PhoneCall, talk: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Build the `end-of-call-report`: what was said (Conversation.talk) and what the analysis extracted."""
    ended = int(time.time() * 1000)
    return _message(
        call,
        "end-of-call-report",
        endedReason="customer-ended-call",
        startedAt=_iso(call.began),
        endedAt=_iso(ended / 1000),
        durationSeconds=round(ended / 1000 - call.began, 1),
        artifact={
            "messages": list(talk),
            "structuredOutputs": {str(uuid.uuid4()): {"name": "Call facts", "result": dict(facts)}},
        },
        analysis={"summary": "A patient asked for a time and booked it."},
    )


@dataclass(slots=True)
class Conversation:
    """What is said in a call, as Vapi's artifact keeps it."""

    call: PhoneCall
    talk: list[dict[str, Any]] = field(default_factory=list)

    def say(self, role: str, words: str) -> None:
        """Note a sentence of the `user` or the `bot`."""
        self.talk.append({"role": role, "message": words, **self._when()})

    def use(self, tool: str, arguments: Mapping[str, Any], tool_call_id: str, result: str) -> None:
        """Note a tool call and its answer."""
        call = _tool_call(tool, arguments, tool_call_id)
        self.talk += [
            {"role": "tool_calls", "message": "", "toolCalls": [call], **self._when()},
            {
                "role": "tool_call_result",
                "toolCallId": tool_call_id,
                "name": tool,
                "result": result,
                **self._when(),
            },
        ]

    def _when(self) -> dict[str, Any]:
        now = time.time()
        return {"time": int(now * 1000), "secondsFromStart": round(now - self.call.began, 2)}


def _tool_call(tool: str, arguments: Mapping[str, Any], tool_call_id: str) -> dict[str, Any]:
    return {
        "id": tool_call_id,
        "type": "function",
        "function": {"name": tool, "arguments": json.dumps(arguments)},
    }


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}Z"


def _message(call: PhoneCall, kind: str, **fields: Any) -> dict[str, Any]:
    org = call.org
    now = time.time()
    return {
        "message": {
            "type": kind,
            "timestamp": int(now * 1000),
            "phoneNumber": {"id": org["vapi_phone_number_id"], "number": org["vapi_number"]},
            "customer": {"number": call.caller},
            "call": {
                "id": call.id,
                "orgId": "00000000-0000-4000-8000-000000000000",
                "createdAt": _iso(call.began),
                "updatedAt": _iso(now),
                "type": "inboundPhoneCall",
                "status": "in-progress",
                "phoneNumberId": org["vapi_phone_number_id"],
                "customer": {"number": call.caller},
            },
            **fields,
        }
    }


async def call_tool(
    session: aiohttp.ClientSession,
    call: PhoneCall,
    tool: str,
    arguments: Mapping[str, Any],
    tool_call_id: str | None = None,
) -> Answer:
    """Send one tool call and return its answer; raise NoAnswerError when there is none to speak from.

    The same `tool_call_id` again is Vapi's retry. aiohttp's errors pass when nothing listens.
    """
    wanted = tool_call_id or new_tool_call_id()
    headers = {"authorization": f"Bearer {call.org['vapi_secret']}"}
    patience = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    began = time.perf_counter()
    body = message(call, tool, arguments, wanted)
    async with session.post(
        f"{call.http}/api/vapi/tools/{tool}", json=body, headers=headers, timeout=patience
    ) as response:
        text = await response.text()
    took = (time.perf_counter() - began) * 1000
    if response.status != 200:
        msg = f"{tool}: HTTP {response.status} {text[:200]}"
        raise NoAnswerError(msg)
    return _read(text, wanted, tool, took)


async def tell(session: aiohttp.ClientSession, call: PhoneCall, body: Mapping[str, Any]) -> float:
    """Send a message that wants no answer, and return the milliseconds it took; NoAnswerError if refused."""
    headers = {"authorization": f"Bearer {call.org['vapi_secret']}"}
    began = time.perf_counter()
    async with session.post(
        f"{call.http}/api/vapi/events",
        json=body,
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS),
    ) as response:
        text = await response.text()
    if response.status != 200:
        msg = f"{body['message']['type']}: HTTP {response.status} {text[:200]}"
        raise NoAnswerError(msg)
    return (time.perf_counter() - began) * 1000


def _read(text: str, wanted: str, tool: str, took: float) -> Answer:
    try:
        [result] = json.loads(text)["results"]
        said = result.get("result") or result["error"]
        if result["toolCallId"] != wanted or not isinstance(said, str):
            raise ValueError
    except (ValueError, KeyError, TypeError) as problem:
        msg = f"{tool}: not an answer Vapi would understand: {text[:200]}"
        raise NoAnswerError(msg) from problem
    return Answer(200, said, result.get("metadata") or {}, took)
