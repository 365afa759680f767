"""Partial answers: the `fields` parameter of Google's APIs, such as items(id,start/date),nextPageToken."""

import re
from typing import Any

from local.fake_google_errors import Refusal

TOKEN = re.compile(r"[\w*]+|[(),/]")

type Mask = dict[str, "Mask"]


def only_fields(content: Any, fields: str) -> Any:
    """Give the part of an answer that `fields` names; raise the Refusal Google gives for a broken one."""
    tokens = TOKEN.findall(fields)
    if "".join(tokens) != fields.replace(" ", ""):
        raise _broken(fields)
    mask, rest = _mask(tokens, fields)
    if rest:
        raise _broken(fields)
    return _cut(content, mask)


def _cut(content: Any, mask: Mask) -> Any:
    if not mask or "*" in mask:
        return content
    if isinstance(content, list):
        return [_cut(one, mask) for one in content]
    if not isinstance(content, dict):
        return content
    return {name: _cut(value, mask[name]) for name, value in content.items() if name in mask}


def _mask(tokens: list[str], fields: str) -> tuple[Mask, list[str]]:
    mask: Mask = {}
    while tokens and tokens[0] != ")":
        name, *tokens = tokens
        if not (name.isidentifier() or name == "*"):
            raise _broken(fields)
        inner = mask.setdefault(name, {})
        while tokens[:1] == ["/"]:
            name, tokens = (tokens[1:2] or [""])[0], tokens[2:]
            inner = inner.setdefault(name, {})
        if tokens[:1] == ["("]:
            part, tokens = _mask(tokens[1:], fields)
            if tokens[:1] != [")"]:
                raise _broken(fields)
            inner |= part
            tokens = tokens[1:]
        if tokens[:1] == [","]:
            tokens = tokens[1:]
    return mask, tokens


def _broken(fields: str) -> Refusal:
    return Refusal(400, "invalidParameter", f"Invalid field selection {fields}", location="parameter:fields")
