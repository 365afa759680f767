"""The board's own files: the headers that guard them, and nothing but them."""

import gzip
import re
from pathlib import Path

import pytest

from functions.staff_api import app, page
from tests.staff.conftest import Reply, event, reply_of


@pytest.fixture(autouse=True)
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a small web directory, with something beside it that is none of its business."""
    root = tmp_path / "web"
    (root / "js").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html><title>Frontdesk</title>" + "<p>row</p>" * 500)
    (root / "staff.css").write_text("body { color: black }")
    (root / "js" / "main.js").write_text("// main")
    (root / "bell.png").write_bytes(b"\x89PNG\r\n")
    (root / "notes.md").write_text("not for browsers")
    (root / ".secret.js").write_text("no")
    (tmp_path / "outside.js").write_text("no")
    (root / "link.js").symlink_to(tmp_path / "outside.js")
    monkeypatch.setattr(page, "WEB", root.resolve())
    return root


def get(path: str, **headers: str) -> Reply:
    """Fetch a path as a browser."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return reply_of(app.handler(event("GET", path, headers=sent), None))


def test_the_board_comes_with_a_policy_that_lets_no_foreign_script_in() -> None:
    """No inline script, no foreign origin but the socket's and the sign-in's, no frame around it."""
    told = get("/")
    assert told.status == 200
    assert told.headers["content-type"] == "text/html; charset=utf-8"
    policy = {
        part.split()[0]: part.split()[1:] for part in told.headers["content-security-policy"].split(";")
    }
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    assert policy["connect-src"] == ["'self'", "wss://front.example.test", "https://issuer.example.test"]
    assert policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
    assert told.headers["x-content-type-options"] == "nosniff"
    assert told.headers["referrer-policy"] == "no-referrer"
    assert "strict-transport-security" not in told.headers
    assert "strict-transport-security" in get("/", x_forwarded_proto="https").headers


def test_a_file_that_did_not_change_is_not_sent_again(web: Path) -> None:
    """ETag and 304; a changed file is sent, also by a process that has read it before."""
    first = get("/static/js/main.js")
    assert (first.status, first.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert first.headers["cache-control"] == "no-cache"
    etag = first.headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}'):
        again = get("/static/js/main.js", if_none_match=known)
        assert (again.status, again.body, again.headers["etag"]) == (304, None, etag)
    (web / "js" / "main.js").write_text("// changed")
    assert get("/static/js/main.js", if_none_match=etag).body == "// changed"


def test_large_text_is_compressed_for_who_takes_it() -> None:
    """Above a kilobyte, and only when asked."""
    told = app.handler(event("GET", "/", headers={"accept-encoding": "br, gzip"}), None)
    assert told["headers"]["content-encoding"] == "gzip"
    assert reply_of(told).body == get("/").body
    assert reply_of(told).size < 1000 < len(gzip.compress(b"")) + get("/").size
    assert "content-encoding" not in get("/static/staff.css", accept_encoding="gzip").headers


def test_a_picture_arrives_as_it_is() -> None:
    """Bytes that are no text go as base64, which API Gateway undoes."""
    told = app.handler(event("GET", "/static/bell.png"), None)
    assert (told["isBase64Encoded"], told["headers"]["content-type"]) == (True, "image/png")
    assert reply_of(told).size == 6


@pytest.mark.parametrize(
    "path",
    [
        "/static/../outside.js",
        "/static//etc/passwd",
        "/static/js/../../outside.js",
        "/static/link.js",
        "/static/.secret.js",
        "/static/notes.md",
        "/static/js",
        "/static/",
        "/static/nothing.js",
        "/static/js\\main.js",
        "/static/\x00.js",
        "/static/" + "x" * 5000 + ".js",
        "/index.html",
        "/other",
    ],
)
def test_nothing_else_is_there(path: str) -> None:
    """Not what is beside the directory, hidden, of another kind, or linked to from within."""
    assert get(path).status == 404


def test_the_page_learns_where_to_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a token; and a deployment without sign-in says so."""
    told = get("/api/staff/sign-in")
    assert (told.status, told.body["client_id"]) == (200, "board")
    assert told.body["scopes"] == ["openid", "email", "profile"]
    assert "secret" not in str(told.body)
    monkeypatch.setenv("OIDC_ISSUER", "")
    told = get("/api/staff/sign-in")
    assert (told.status, told.body["code"]) == (503, "sign_in_not_configured")


def test_the_board_of_this_checkout_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page itself, and every file it names."""
    monkeypatch.undo()
    index = get("/")
    assert index.status == 200
    named = re.findall(r'(?:src|href)="(/static/[^"]+)"', str(index.body))
    assert named
    for path in named:
        assert get(path).status == 200, path
