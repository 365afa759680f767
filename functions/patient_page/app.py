"""The patient's own page: GET /a/{token} and what can be done from it. docs/patient-page.md is the reference.

Whoever knows the token may see one visit, confirm, move and cancel it. GET changes nothing, since programs
open links too; a POST that succeeded redirects, so that a reload repeats nothing.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from frontdesk import db, log, outbox, patient_links, texts
from frontdesk.errors import FrontdeskError
from functions.patient_page import asking, calendar_file, page
from functions.patient_page.asking import Asked

Response = dict[str, Any]
Answer = dict[str, Any]
Form = dict[str, str]

SOMEBODYS = "en"  # the language of a page about nobody, for a reader who names none of ours

# The outcomes of patient_change that are what was asked for; every other changed nothing.
_DONE = frozenset({"confirmed", "rescheduled", "cancelled"})


def handler(event: dict[str, Any], _context: object) -> Response:
    """Answer one HTTP API event (payload format 2.0)."""
    began = time.monotonic()
    asked = asking.read(event)
    with db.within(db.DEADLINE):
        try:
            answer = _respond(event, asked)
        except FrontdeskError as error:
            sqlstate = getattr(error, "sqlstate", None)
            log.error("patient page failed", tool=_name(asked), error=type(error).__name__, sqlstate=sqlstate)
            answer = _message(asked, 503, "away")
            answer["headers"]["retry-after"] = "5"
        except Exception as error:  # noqa: BLE001 - a defect of ours must not show its text, which may quote a patient
            log.error("patient page broke", tool=_name(asked), error=type(error).__name__)
            answer = _message(asked, 500, "away")
    if asking.header(event, "x-forwarded-proto") == "https":
        answer["headers"]["strict-transport-security"] = "max-age=31536000"
    # The page's name, never the address: it holds the token.
    log.info(
        "patient page",
        tool=_name(asked),
        method=asked.method,
        status=answer["statusCode"],
        duration_ms=round((time.monotonic() - began) * 1000),
    )
    return answer


def _respond(event: dict[str, Any], asked: Asked) -> Response:
    if not asked.token:
        return _message(asked, 404, "no_page")
    if asked.method == "GET":
        return _READS[asked.page](asked) if asked.page in _READS else _message(asked, 404, "no_page")
    if asked.method != "POST" or asked.page not in _CHANGES:
        return _message(asked, 404, "no_page")
    if asking.is_foreign(event):
        return _message(asked, 403, "foreign")
    form = asking.form(event)
    version = asking.number(form.get("version")) if form is not None else None
    if form is None or version is None:
        return _message(asked, 400, "malformed")
    return _CHANGES[asked.page](asked, dict(form), version)


def _visit(asked: Asked) -> Response:
    found = patient_links.visit(asked.token)
    if found is None:
        return _message(asked, 404, "no_page")
    return _html(asked, 200, found, page.visit, told=_done(asked, found))


def _calendar(asked: Asked) -> Response:
    found = patient_links.visit(asked.token)
    if found is None:
        return _message(asked, 404, "no_page")
    language = _language(asked, found)
    file = calendar_file.write(found, language, datetime.now(UTC)).decode()
    kind = {
        "content-type": "text/calendar; charset=utf-8; method=PUBLISH",
        # Inline: phones then offer to add it, where an attachment would only be saved.
        "content-disposition": 'inline; filename="appointment.ics"',
    }
    return {"statusCode": 200, "headers": page.headers(language) | kind, "body": file}


def _cancelling(asked: Asked) -> Response:
    found = patient_links.visit(asked.token)
    if found is None:
        return _message(asked, 404, "no_page")
    return _html(asked, 200, found, page.cancel if found["may_change"] else page.visit)


def _moving(asked: Asked) -> Response:
    return _times(asked, 200, asked.query.get("day"), asked.query.get("with"))


def _times(asked: Asked, status: int, day: str | None, who: str | None, told: str = "") -> Response:
    anyone = who == "anyone"
    found = patient_links.slots(asked.token, asking.day(day), anyone=anyone)
    if found is None:
        return _message(asked, 404, "no_page")
    if not found["may_change"]:
        return _html(asked, status, found, page.visit, told=told)
    return _html(asked, status, found, page.move, anyone=anyone, told=told)


def _confirm(asked: Asked, _form: Form, version: int) -> Response:
    return _changed(asked, patient_links.confirm(asked.token, version))


def _cancel(asked: Asked, _form: Form, version: int) -> Response:
    return _changed(asked, patient_links.cancel(asked.token, version))


def _move(asked: Asked, form: Form, version: int) -> Response:
    slot = asking.slot(form.get("slot"))
    if slot is None:
        return _message(asked, 400, "malformed")
    told = patient_links.move(asked.token, version, slot.starts_at, slot.provider_id)
    if told is not None and told["outcome"] == "taken":
        day = slot.starts_at.astimezone(page.zone_of(told["visit"])).date()
        return _times(asked, 409, day.isoformat(), form.get("with"), told="taken")
    return _changed(asked, told)


def _changed(asked: Asked, told: Answer | None) -> Response:
    """Tell others of a change and send the browser to the visit; or show why nothing was changed."""
    if told is None:
        return _message(asked, 404, "no_page")
    outcome, found = told["outcome"], told["visit"]
    outbox.publish_later(UUID(found["org"]["id"]), told["outbox"])
    log.info("patient change", org_id=found["org"]["id"], tool=_name(asked), outcome=outcome)
    if outcome not in _DONE:
        return _html(asked, 409, found, page.visit, told=outcome)
    where = f"/a/{asked.token}?done={outcome}&v={found['appointment']['version']}"
    return {"statusCode": 303, "headers": page.headers(_language(asked, found)) | {"location": where}}


def _done(asked: Asked, found: Answer) -> str:
    """Return the outcome a redirect brought, while it is still the last that happened to the visit."""
    done = asked.query.get("done", "")
    same = asking.number(asked.query.get("v")) == found["appointment"]["version"]
    return done if same and done in _DONE else ""


def _html(asked: Asked, status: int, found: Answer, write: Callable[..., str], **more: Any) -> Response:
    language = _language(asked, found)
    body = write(found, f"/a/{asked.token}", language, datetime.now(UTC), **more)
    return {"statusCode": status, "headers": page.headers(language), "body": body}


def _message(asked: Asked, status: int, kind: str) -> Response:
    language = asked.language or SOMEBODYS
    return {"statusCode": status, "headers": page.headers(language), "body": page.message(kind, language)}


def _language(asked: Asked, found: Answer) -> str:
    return asked.language or texts.language_of(found["org"]["language"])


def _name(asked: Asked) -> str:
    return asked.page or "visit"


_READS: dict[str, Callable[[Asked], Response]] = {
    "": _visit,
    "move": _moving,
    "cancel": _cancelling,
    "appointment.ics": _calendar,
}
_CHANGES: dict[str, Callable[[Asked, Form, int], Response]] = {
    "confirm": _confirm,
    "move": _move,
    "cancel": _cancel,
}
