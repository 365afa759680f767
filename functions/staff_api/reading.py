"""An HTTP API event (payload format 2.0) read into what a route asks for, or a problem."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, get_origin
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

from functions.staff_api import problems
from functions.staff_api.fields import Body, Query
from functions.staff_api.problems import ProblemError

MAX_BODY = 64 * 1024  # the longest note is 4,000 characters, the longest week of hours some 3 KB
MAX_PARAMETERS = 50

_KEY = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)
_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json(?:\s*;.*)?", re.ASCII | re.IGNORECASE)


def headers_of(event: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the headers; API Gateway gives their names in lower case."""
    return event.get("headers") or {}


def query(event: Mapping[str, Any], model: type[Query]) -> Query:
    """Read the query string as this model has it.

    From the raw one: `queryStringParameters` joins repeats by commas, which names hold too.
    """
    try:
        pairs = parse_qsl(
            str(event.get("rawQueryString") or ""),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError:
        raise ProblemError(400, "malformed", "The query string cannot be read.") from None
    lists = {
        field.alias or name
        for name, field in model.model_fields.items()
        if get_origin(field.annotation) is list
    }
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name in lists:
            given.setdefault(name, []).append(value)
        elif name in given:
            raise problems.invalid(name[:100], "is given more than once")
        else:
            given[name] = value
    try:
        return model.model_validate(given)
    except ValidationError as error:
        problems.refuse_fields(error, "query")


def body(event: Mapping[str, Any], model: type[Body]) -> Body:
    """Read the JSON body as this model has it."""
    raw = _raw(event)
    if not _JSON.fullmatch(headers_of(event).get("content-type", "")):
        raise ProblemError(415, "not_json", "Send the body as application/json.")
    try:
        return _parsed(raw, model)
    except RecursionError:
        raise ProblemError(400, "malformed", "The body is nested too deep.") from None


def key(event: Mapping[str, Any]) -> str | None:
    """Return the Idempotency-Key as the database knows it, or None when there is none."""
    given = headers_of(event).get("idempotency-key")
    if given is None:
        return None
    if not _KEY.fullmatch(given):
        raise problems.invalid(
            "Idempotency-Key", "must be 1 to 200 printable ASCII characters without spaces"
        )
    return f"staff:{given}"


def _raw(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    # Four characters of base64 are three bytes.
    if len(text) > MAX_BODY * (4 / 3 if event.get("isBase64Encoded") else 1) + 4:
        raise ProblemError(413, "too_large", f"The body is larger than {MAX_BODY // 1024} KB.")
    try:
        raw = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode()
    except (binascii.Error, UnicodeEncodeError):
        raise ProblemError(400, "malformed", "The body cannot be read.") from None
    if len(raw) > MAX_BODY:
        raise ProblemError(413, "too_large", f"The body is larger than {MAX_BODY // 1024} KB.")
    return raw


def _parsed[Model: BaseModel](raw: bytes, model: type[Model]) -> Model:
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        problems.refuse_fields(error, "body")
