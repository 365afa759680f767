"""Who has no token, who guesses, who sends from elsewhere; and what is written down about anybody."""

import logging
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from functions.patient_page import app as page
from tests.clinics import Clinic, Connection, book, every_row, make_clinic, one
from tests.patient.conftest import HOST, ask, event, get, post, token_of

PARTS = ("", "/move", "/cancel", "/appointment.ics", "/confirm")


def end_all(owner: Connection, ago: timedelta) -> None:
    """Let every visit, of an hour, have ended so long ago."""
    owner.execute(
        "UPDATE frontdesk.appointments SET starts_at = s, ends_at = e, during = tstzrange(s, e)"
        " FROM (SELECT now() - %(ago)s - interval '1 hour' AS s, now() - %(ago)s AS e) AS new",
        {"ago": ago},
    )


def test_unknown_expired_and_revoked_look_alike(owner: Connection, clinic: Clinic, token: str) -> None:
    """Nobody learns that there ever was a visit: same status, headers and words, in every part."""
    unknown = [ask("GET", f"/a/{secrets.token_urlsafe(16)}{part}") for part in PARTS]
    assert {(reply.status, reply.told) for reply in unknown} == {(404, unknown[0].told)}
    owner.execute("UPDATE frontdesk.patient_links SET revoked_at = now()")
    assert [get(token, part) for part in PARTS] == unknown
    owner.execute("UPDATE frontdesk.patient_links SET revoked_at = NULL")
    end_all(owner, timedelta(days=2))
    assert [get(token, part) for part in PARTS] == unknown
    for word in ("Dana", "Bright", "Patel", str(clinic.id)):
        assert word not in unknown[0].body


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_page_about_nobody_speaks_the_readers_language(language: str) -> None:
    """By Accept-Language; a clinic's language is not known where no clinic is."""
    reply = ask("GET", f"/a/{secrets.token_urlsafe(16)}", accept_language=language)
    assert reply.status == 404
    assert f'<html lang="{language}">' in reply.body
    assert {"en": "This link leads to no visit", "es": "Este enlace no lleva a ninguna cita"}[
        language
    ] in reply.told


@pytest.mark.parametrize(
    "cut",
    [
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token.swapcase(),
        lambda token: token[::-1],
        lambda token: f"{token}%20",
        lambda token: f" {token}",
        lambda token: f"../a/{token}",
        lambda token: f"{token}/..",
        lambda token: f"{token}\x00",
        lambda token: "A" * 100_000,
        lambda token: "' OR 1=1 --",
        lambda token: "\N{SNOWMAN}" * 22,
        lambda token: "",
    ],
)  # fmt: skip
def test_a_token_that_is_not_quite_one_opens_nothing(token: str, cut: Any) -> None:
    """Truncated, extended, with path tricks, endless, in another alphabet: as any unknown one."""
    reply = ask("GET", f"/a/{cut(token)}")
    assert reply.status == 404
    assert "leads to no visit" in reply.told


@pytest.mark.parametrize(
    ("method", "part"),
    [
        ("GET", "/confirm"),
        ("POST", ""),
        ("POST", "/appointment.ics"),
        ("PUT", "/confirm"),
        ("DELETE", ""),
        ("HEAD", "/cancel"),
        ("GET", "/delete"),
        ("GET", "/move/"),
    ],
)  # fmt: skip
def test_nothing_else_is_there_and_get_changes_nothing(
    owner: Connection, clinic: Clinic, token: str, method: str, part: str
) -> None:
    """Link previews and mail scanners open addresses: only a form changes a visit."""
    before = every_row(owner, clinic.id)
    assert ask(method, f"/a/{token}{part}", form={"version": 1} if method == "POST" else None).status == 404
    assert every_row(owner, clinic.id) == before


def test_a_token_opens_its_own_visit_only(
    app: Connection, owner: Connection, clinic: Clinic, token: str
) -> None:
    """Another clinic's token shows and changes that clinic's visit, and cannot name this one's."""
    other = make_clinic(owner, name="Elsewhere")
    theirs = token_of(other, book(app, other, other.at(9))["appointment"])
    assert "Elsewhere" in get(theirs).told
    before = every_row(owner, clinic.id)
    form = {"version": 1, "slot": f"{clinic.at(12).isoformat()}/{clinic.providers[0]}", "token": token}
    assert post(theirs, "/move", form).status == 409
    assert post(theirs, "/cancel", form).status == 303
    assert every_row(owner, clinic.id) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": f"https://{HOST}.evil.example"},
        {"origin": f"https://evil.example/{HOST}"},
        {"origin": f"https://{HOST}:8443"},
        {"sec_fetch_site": "cross-site", "origin": f"https://{HOST}"},
    ],
)
@pytest.mark.parametrize("part", ["/confirm", "/move", "/cancel"])
def test_another_sites_form_is_refused(
    owner: Connection, clinic: Clinic, token: str, part: str, headers: dict[str, str]
) -> None:
    """403 and nothing changed, should a page elsewhere ever get hold of the address."""
    before = every_row(owner, clinic.id)
    reply = ask("POST", f"/a/{token}{part}", form={"version": 1}, **headers)
    assert reply.status == 403
    assert "another website" in reply.told
    assert "Dana" not in reply.body
    assert every_row(owner, clinic.id) == before


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": "same-origin", "origin": "null"},
        {"sec_fetch_site": "none"},
        {"origin": "null"},
        {"origin": f"https://{HOST}"},
        {"origin": f"http://{HOST.upper()}"},
    ],
)
def test_our_own_form_is_taken_from_every_browser(token: str, headers: dict[str, str]) -> None:
    """Old ones say nothing, others 'null' as the page sends no referrer, new ones where it came from."""
    assert ask("POST", f"/a/{token}/confirm", form={"version": 1}, **headers).status == 303


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("version=1", "text/plain"),
        ('{"version": 1}', "application/json"),
        ("version=1&" + "x=1&" * 2000, "application/x-www-form-urlencoded"),
        ("&".join(f"x{n}=1" for n in range(30)) + "&version=1", "application/x-www-form-urlencoded"),
        ("version=%ff%fe", "application/x-www-form-urlencoded"),
        ("", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_is_no_form_of_ours_is_refused(
    owner: Connection, token: str, body: str, kind: str
) -> None:
    """Another type, too long, too many fields, not text: 400, nothing changed."""
    asked = event("POST", f"/a/{token}/confirm", body=body, content_type=kind)
    assert page.handler(asked, None)["statusCode"] == 400
    assert one(owner, "SELECT status FROM frontdesk.appointments") == "pending"


def test_every_answer_is_kept_by_nobody_and_told_to_nobody(token: str) -> None:
    """No cache, no referrer, no index, no frame, no script, nothing from elsewhere; HSTS on https."""
    replies = [
        get(token),
        get(token, "/move"),
        get(token, "/cancel"),
        get(token, "/appointment.ics"),
        get("unknown"),
        ask("POST", f"/a/{token}/confirm", form={"version": 1}),
        ask("POST", f"/a/{token}/confirm", form={}),
    ]
    for reply in replies:
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert reply.headers["x-robots-tag"].startswith("noindex")
        assert reply.headers["x-content-type-options"] == "nosniff"
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "strict-transport-security" not in reply.headers
        for outside in ("<script", "src=", "http:", "https:", "@import", "url("):
            assert outside not in reply.body, outside
    assert "strict-transport-security" in get(token, x_forwarded_proto="https").headers


def test_no_log_line_has_a_token_or_a_name(
    token: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever is asked, well or badly: lines have the part, the status, the clinic's id and an outcome."""
    caplog.set_level(logging.DEBUG)
    for part in PARTS:
        get(token, part, query=f"day={token}&done={token}")
        ask("POST", f"/a/{token}{part}", form={"version": 1, "slot": token, "name": "Whitfield"})
        ask("GET", f"/a/{token}{part}x")
        ask("GET", f"/a/{quote(token)}/{quote(part)}")
    said = capfd.readouterr()
    # Powertools writes to the stream it found when imported, which no fixture sees: its records are all.
    everything = said.out + said.err + caplog.text + str([vars(record) for record in caplog.records])
    for field in ("'tool': 'visit'", "'tool': 'move'", "'outcome': 'cancelled'", "'status': 404"):
        assert field in everything, "the log is empty: nothing was proved"
    for secret in (token, token[:10], "Whitfield", "Dana", "2025550147"):
        assert secret not in everything


def test_tokens_are_long_and_never_the_same(clinic: Clinic, visit: dict[str, Any]) -> None:
    """128 bits each, 22 letters of an address."""
    made = {token_of(clinic, visit) for _ in range(20)}
    assert len(made) == 20
    assert {len(token) for token in made} == {22}


def test_the_token_is_not_in_the_database(owner: Connection, clinic: Clinic, token: str) -> None:
    """Its hash is; nobody who reads the table, or a backup of it, can open a page."""
    get(token)
    post(token, "/confirm", {"version": 1})
    assert token not in str(every_row(owner, clinic.id))


def test_a_link_dies_a_day_after_the_visit(owner: Connection, token: str) -> None:
    """An hour less, and it still shows what there was."""
    for hours, status in ((23, 200), (25, 404)):
        end_all(owner, timedelta(hours=hours))
        assert get(token).status == status
