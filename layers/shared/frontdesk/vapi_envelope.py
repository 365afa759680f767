"""The envelope of every message of Vapi's: its bytes, whose call it is about, and the shape of an answer.

Field names and shapes: Vapi's OpenAPI (ServerMessage) and recorded payloads (docs/voice-senders.md).
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from frontdesk import lenient_json
from frontdesk.lenient_json import CANNOT_READ, record
from frontdesk.plain_text import one_line

MAX_BODY = 6 * 1024 * 1024  # what Lambda takes at most; Vapi sends the whole conversation along
MAX_ID = 120  # "call:<call>:<tool call>" must fit an idempotency key of 255

NOTHING = msgspec.Raw(b"")
HEADERS = {"content-type": "application/json", "cache-control": "no-store"}


class MalformedMessage(ValueError):  # noqa: N818 - it names what came in, as the handlers say it
    """Say that a body is no Vapi server message; the text is a sentence without its content."""


class Fields(msgspec.Struct, rename="camel"):
    """The fields of a message that say whose it is; what else a handler reads it adds.

    Every field is Raw: msgspec then checks and skips it in one pass over the body (the whole conversation is
    in there), and a wrong type in one of them loses that field, not the message.
    """

    call: msgspec.Raw = NOTHING
    customer: msgspec.Raw = NOTHING  # the other side of the call
    phone_number: msgspec.Raw = NOTHING  # the number that was called
    assistant: msgspec.Raw = NOTHING


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose call a message is about; every part may be missing."""

    call_id: str | None
    phone_number_id: str | None
    called_number: str | None
    assistant_id: str | None
    caller_number: str | None


def raw_body(event: Mapping[str, Any]) -> bytes:
    """Return the bytes that were sent, of an HTTP API (payload 2.0) event; none or unreadable: b""."""
    body = event.get("body")
    if not isinstance(body, str):
        return b""
    if not event.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return b""


def headers_of(event: Mapping[str, Any]) -> dict[str, str]:
    """Return an event's headers with lower-cased names."""
    headers = event.get("headers")
    if not isinstance(headers, Mapping):
        return {}
    return {str(name).lower(): value for name, value in headers.items() if isinstance(value, str)}


def decode[Envelope](decoder: msgspec.json.Decoder[Envelope], body: bytes) -> Envelope:
    """Decode a body, mending what only msgspec refuses; raises MalformedMessage for all else."""
    text = body.removeprefix(b"\xef\xbb\xbf")
    try:
        return decoder.decode(text)
    except msgspec.ValidationError:
        message = "The body has no message object."
        raise MalformedMessage(message) from None
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        return decoder.decode(lenient_json.mended(text))
    except CANNOT_READ:
        # `from None`: the library's text may quote what the caller said.
        message = "The body is not a JSON object with a message."
        raise MalformedMessage(message) from None


def identity(fields: Fields) -> Identity:
    """Read whose call a message is about, from the envelope alone: never from what a model wrote."""
    call = record(fields.call)
    number = record(fields.phone_number)
    return Identity(
        call_id=text(call.get("id")),
        phone_number_id=text(call.get("phoneNumberId")) or text(number.get("id")),
        called_number=text(number.get("number")) or text(record(call.get("phoneNumber")).get("number")),
        assistant_id=text(call.get("assistantId")) or text(record(fields.assistant).get("id")),
        caller_number=text(record(fields.customer).get("number"))
        or text(record(call.get("customer")).get("number")),
    )


def text(raw: msgspec.Raw | None) -> str | None:
    """Decode an identifier; None when it is none, or too long to be looked up."""
    try:
        value = lenient_json.value(raw)
    except CANNOT_READ:
        return None
    return short(value) if isinstance(value, str) else None


def short(said: str) -> str | None:
    """Return an identifier fit to look up, or None: cutting it would make it somebody else's."""
    tidy = one_line(said)
    return tidy if 0 < len(tidy) <= MAX_ID else None


def answer(status: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer over the HTTP API with a JSON body."""
    encoded = msgspec.json.encode(body).decode()
    return {"statusCode": status, "headers": dict(HEADERS), "body": encoded, "isBase64Encoded": False}


def refuse(status: int, sentence: str) -> dict[str, Any]:
    """Answer a sender that is turned away, with one sentence that names no secret and no person."""
    made = answer(status, {"error": one_line(sentence)})
    if status == 401:
        made["headers"] = {**HEADERS, "www-authenticate": "Bearer"}
    return made
