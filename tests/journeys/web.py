"""One HTTP request, answered whatever its status is; redirects are for the journey to follow."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back."""

    status: int
    headers: Message
    text: str

    @property
    def body(self) -> Any:
        """Read the JSON."""
        return json.loads(self.text)

    @property
    def cookie(self) -> str:
        """Return the first cookie it sets, as a browser would send it back."""
        return (self.headers.get("set-cookie") or "").partition(";")[0]


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


_OPENER = urllib.request.build_opener(_Stay)


def ask(method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answered:
    """Send one request; `body` goes as JSON. Connection errors pass."""
    data = None if body is None else json.dumps(body).encode()
    told = {"content-type": "application/json"} if data is not None else {}
    request = urllib.request.Request(url, data, told | dict(headers or {}), method=method)
    try:
        with _OPENER.open(request, timeout=PATIENCE) as response:
            return Answered(response.status, response.headers, response.read().decode())
    except urllib.error.HTTPError as refused:
        with refused:
            return Answered(refused.code, refused.headers, refused.read().decode())


def with_query(path: str, query: Mapping[str, str | None]) -> str:
    """Add parameters to a path; those that are None stay away."""
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urllib.parse.urlencode(given)}" if given else path
