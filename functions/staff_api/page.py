"""The board itself: the files of web/, with the headers that keep foreign script and frames out."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from functions.staff_api import addresses, reading, sending
from functions.staff_api.problems import ProblemError
from functions.staff_api.sending import Response

# A link to web/ in the checkout; `sam build` follows it, so in Lambda it is a directory (docs/deploy.md).
WEB = (Path(__file__).parent / "web").resolve()
STATIC = "/static/"

# What a browser is told a file is; anything else in web/ is not served.
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
}
_BINARY = {".png": "image/png", ".ico": "image/x-icon", ".woff2": "font/woff2", ".mp3": "audio/mpeg"}


def respond(event: dict[str, Any]) -> Response:
    """Answer GET / and GET /static/...; 404 for anything else."""
    path = str(event.get("rawPath", ""))
    headers = _headers(event)
    name = "index.html" if path == "/" else path.removeprefix(STATIC) if path.startswith(STATIC) else ""
    found = _file(name)
    if found is None:
        return {"statusCode": 404, "headers": headers | {"content-type": "text/plain"}, "body": "Not found\n"}
    body, etag = _read(found, found.stat().st_mtime_ns)
    headers |= {"etag": etag, "cache-control": "no-cache", "content-type": _kind(found)}
    asked = reading.headers_of(event)
    if etag in (part.strip().removeprefix("W/") for part in asked.get("if-none-match", "").split(",")):
        return {"statusCode": 304, "headers": headers}
    if found.suffix in _BINARY:
        return sending.binary(body, headers)
    return sending.packed(200, body, asked.get("accept-encoding", ""), headers)


def sign_in() -> dict[str, Any]:
    """Say where the page signs people in: a public client, authorization code with PKCE."""
    where = addresses.current()
    if not where.issuer or not where.client_id:
        raise ProblemError(503, "sign_in_not_configured", "This deployment has no sign-in yet.")
    return {
        "issuer": where.issuer,
        "client_id": where.client_id,
        "authorize_url": where.authorize_url,
        "token_url": where.token_url,
        "sign_out_url": where.sign_out_url,
        "scopes": ["openid", "email", "profile"],
    }


def _headers(event: dict[str, Any]) -> dict[str, str]:
    where = addresses.current()
    reached = " ".join(
        dict.fromkeys(
            filter(None, ("'self'", addresses.origin(where.socket), addresses.origin(where.token_url)))
        )
    )
    headers = {
        "content-security-policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self';"
            f" connect-src {reached}; font-src 'self'; manifest-src 'self'; base-uri 'none';"
            " form-action 'self'; frame-ancestors 'none'"
        ),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    }
    if reading.headers_of(event).get("x-forwarded-proto") == "https":
        headers["strict-transport-security"] = "max-age=31536000"
    return headers


def _file(name: str) -> Path | None:
    """Find a file of web/; None for what is outside of it, hidden, or of no known kind."""
    if not name or "\x00" in name or "\\" in name or any(part.startswith(".") for part in name.split("/")):
        return None
    found = (WEB / name).resolve()
    is_ours = found.is_relative_to(WEB) and found.suffix in _KINDS | _BINARY
    try:
        return found if is_ours and found.is_file() else None
    except OSError:  # a name too long to be one
        return None


@lru_cache(maxsize=256)
def _read(path: Path, _changed: int) -> tuple[bytes, str]:
    """Read a file once for each time it changed; on Lambda it never does."""
    body = path.read_bytes()
    return body, f'"{hashlib.sha256(body).hexdigest()[:24]}"'


def _kind(path: Path) -> str:
    return _KINDS.get(path.suffix) or _BINARY[path.suffix]
