"""Plays Vapi: builds its tool-calls messages, signs in as it does, and reads the answers.

The message has the shape of Vapi's own type (arguments as a JSON string). A caller's telephone number
stands in the envelope, where Vapi puts it, and not in the arguments, which a model writes.
"""

import json
import re
import time
import uuid
from collections.abc import Mapping
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
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    org = call.org
    tool_call = {
        "id": tool_call_id,
        "type": "function",
        "function": {"name": tool, "arguments": json.dumps(arguments)},
    }
    return {
        "message": {
            "type": "tool-calls",
            "timestamp": int(time.time() * 1000),
            "phoneNumber": {"id": org["vapi_phone_number_id"], "number": org["vapi_number"]},
            "customer": {"number": call.caller},
            "call": {
                "id": call.id,
                "orgId": "00000000-0000-4000-8000-000000000000",
                "createdAt": now,
                "updatedAt": now,
                "type": "inboundPhoneCall",
                "status": "in-progress",
                "phoneNumberId": org["vapi_phone_number_id"],
                "customer": {"number": call.caller},
            },
            "toolCallList": [tool_call],
            "toolWithToolCallList": [{"type": "function", "function": {"name": tool}, "toolCall": tool_call}],
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
