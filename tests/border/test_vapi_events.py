"""What API Gateway hands over: body, headers, path."""

import base64
from typing import Any

import pytest

from functions.book import vapi


@pytest.mark.parametrize("encoded", [True, False])
def test_the_body_is_the_bytes_that_were_sent(encoded: bool) -> None:
    """The signature is over the raw bytes, base64 undone first."""
    sent = '{"message":{"name":"José"}}'.encode()
    body = base64.b64encode(sent).decode() if encoded else sent.decode()
    assert vapi.raw_body({"body": body, "isBase64Encoded": encoded}) == sent


@pytest.mark.parametrize("event", [{}, {"body": None}, {"body": 5}, {"body": "%%", "isBase64Encoded": True}])
def test_an_event_without_a_body_has_an_empty_one(event: dict[str, Any]) -> None:
    """Missing or unreadable is b"", which no signature and no parse accepts."""
    assert vapi.raw_body(event) == b""


def test_header_names_are_lower_case() -> None:
    """HTTP header names have no case; API Gateway's other payload format keeps the sender's."""
    assert vapi.headers_of({"headers": {"X-Vapi-Secret": "s", "Odd": 5}}) == {"x-vapi-secret": "s"}
    assert vapi.headers_of({"headers": None}) == {}


def test_the_url_may_name_the_tool() -> None:
    """/api/vapi/tools/{toolName}; without it there is none."""
    assert vapi.tool_name_in_path({"pathParameters": {"toolName": "book"}}) == "book"
    assert vapi.tool_name_in_path({"pathParameters": None}) is None
    assert vapi.tool_name_in_path({"pathParameters": {"toolName": "\x00"}}) is None
