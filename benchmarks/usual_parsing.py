"""The usual way to read Vapi's message, as a rival: json.loads, then pydantic over all of it."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Model(BaseModel):
    model_config = ConfigDict(extra="allow", populate_by_name=True)


class Function(_Model):
    """A tool call's function: its name and its arguments, as an object or as text."""

    name: str
    arguments: dict[str, Any] | str = Field(default_factory=dict)


class ToolCall(_Model):
    """One call of a tool."""

    id: str
    type: str = "function"
    function: Function


class ToolWithCall(_Model):
    """A tool's definition with its call inside."""

    type: str = "function"
    name: str | None = None
    tool_call: ToolCall | None = Field(default=None, alias="toolCall")


class Spoken(_Model):
    """One turn of the conversation, in Vapi's form or in OpenAI's."""

    role: str
    message: str | None = None
    content: str | None = None
    time: float | None = None
    end_time: float | None = Field(default=None, alias="endTime")
    seconds_from_start: float | None = Field(default=None, alias="secondsFromStart")


class Artifact(_Model):
    """The conversation so far."""

    messages: list[Spoken] = Field(default_factory=list)
    messages_openai_formatted: list[Spoken] = Field(default_factory=list, alias="messagesOpenAIFormatted")


class Customer(_Model):
    """Who calls."""

    number: str | None = None


class Call(_Model):
    """The call."""

    id: str | None = None
    phone_number_id: str | None = Field(default=None, alias="phoneNumberId")
    assistant_id: str | None = Field(default=None, alias="assistantId")
    customer: Customer | None = None


class ServerMessage(_Model):
    """A tool-calls message."""

    type: str
    timestamp: float | None = None
    call: Call | None = None
    customer: Customer | None = None
    artifact: Artifact | None = None
    tool_calls: list[ToolCall] = Field(default_factory=list, alias="toolCalls")
    tool_call_list: list[ToolCall] = Field(default_factory=list, alias="toolCallList")
    tool_with_tool_call_list: list[ToolWithCall] = Field(default_factory=list, alias="toolWithToolCallList")


class Body(_Model):
    """What Vapi posts."""

    message: ServerMessage


def read(body: bytes) -> Body:
    """Read a whole body the usual way."""
    return Body.model_validate(json.loads(body))
