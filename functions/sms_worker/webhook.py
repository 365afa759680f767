"""What Twilio tells us: how a text fared (POST /api/twilio/status), and what a patient wrote (/inbound).

A sender proves itself by Twilio's signature under the clinic's own auth token; who cannot gets 403 with no
body, whatever is wrong, and changes nothing. Twilio is never told 5xx but when the database (or the key
service) is away: then it may try again.
"""

import base64
import binascii
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, parse_qsl
from uuid import UUID

from frontdesk import credentials, db, log, metrics, outbox, patient_links, settings, sms_messages
from frontdesk.errors import (
    CredentialsError,
    CredentialsUnavailableError,
    DatabaseUnavailableError,
    FrontdeskError,
    ScheduleBusyError,
)
from functions.sms_worker import error_classes, replies, signature
from functions.sms_worker.error_classes import DELAYED_SECONDS, ErrorClass
from functions.sms_worker.signature import Form

MAX_BODY = 64 * 1024
MAX_FIELDS = 200
MAX_WORDS = 1600

_PREFIX = "/api/twilio/"
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_SID = re.compile(r"[A-Za-z0-9]{1,64}", re.ASCII)
_STATUSES = frozenset(
    {
        "queued",
        "accepted",
        "scheduled",
        "sending",
        "sent",
        "delivered",
        "undelivered",
        "failed",
        "canceled",
        "read",
    }
)
# A statement that can never work is a defect of ours, not an absence: Twilio must not repeat it.
_DEFECTS = ("22", "23", "42", "P0")

Response = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that proved itself: the clinic, the fields of its body and of its address.

    `base` is what the world reaches us by.
    """

    org_id: UUID
    base: str
    form: Form
    query: Mapping[str, str]


def handler(event: dict[str, Any], _context: object) -> Response:
    """Answer one HTTP API event (payload format 2.0)."""
    path = str(event.get("rawPath", ""))
    route = path[path.find(_PREFIX) + len(_PREFIX) :] if _PREFIX in path else ""
    if route not in _ROUTES:
        return _answer(404)
    with db.within(db.DEADLINE):
        return _respond(event, route)


def _respond(event: dict[str, Any], route: str) -> Response:
    find_org, act, nothing = _ROUTES[route]
    try:
        asked = _proven(event, route, find_org)
        if asked is None:
            metrics.refused("twilio_signature")
            return _answer(403)
        return act(asked)
    except FrontdeskError as error:
        sqlstate = getattr(error, "sqlstate", None)
        log.error("webhook failed", reason=route, error=type(error).__name__, sqlstate=sqlstate)
        return _answer(503) if _is_away(error) else nothing
    except Exception as error:  # noqa: BLE001 - Twilio must not be told 5xx for a defect of ours
        # The type only: the text of an unforeseen error may quote a patient.
        log.error("webhook broke", reason=route, error=type(error).__name__)
        return nothing


def _is_away(error: FrontdeskError) -> bool:
    if isinstance(error, DatabaseUnavailableError):
        return not str(error.sqlstate or "").startswith(_DEFECTS)
    return isinstance(error, ScheduleBusyError | CredentialsUnavailableError)


def _proven(
    event: Mapping[str, Any], route: str, find_org: Callable[[Form, Mapping[str, str]], UUID | None]
) -> Asked | None:
    """Return the request once its signature holds under its clinic's token, else None."""
    headers = event.get("headers")
    signed = headers.get(signature.HEADER, "") if isinstance(headers, Mapping) else ""
    form = _form(event)
    base = _base_url(event)
    if not signed or form is None or not base:
        return None
    raw_query = str(event.get("rawQueryString") or "")
    query = {name: values[0] for name, values in parse_qs(raw_query).items()}
    org_id = find_org(form, query)
    if org_id is None:
        return None
    url = f"{base}{_PREFIX}{route}{'?' + raw_query if raw_query else ''}"
    try:
        tokens = [secret["auth_token"] for secret in credentials.live(org_id, "twilio")]
    except CredentialsUnavailableError:
        raise
    except CredentialsError:
        return None  # nothing to check against: refused, like any stranger
    return Asked(org_id, base, form, query) if signature.holds(tokens, url, form, signed) else None


def _base_url(event: Mapping[str, Any]) -> str:
    """Return what the world calls us: the setting, else the domain API Gateway matched; never a header."""
    known = settings.current().public_base_url
    if known:
        return known
    domain = (event.get("requestContext") or {}).get("domainName")
    return f"https://{domain}" if domain else ""


def _form(event: Mapping[str, Any]) -> Form | None:
    """Read the body's fields: repeated and blank ones too, nothing trimmed, since all of it is signed."""
    body = event.get("body") or ""
    if not isinstance(body, str) or len(body) > MAX_BODY:
        return None
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except (binascii.Error, ValueError):
        return None
    return Form(pairs)


def _org_of_status(_form: Form, query: Mapping[str, str]) -> UUID | None:
    # The ids are our own, from the address the text was sent with; the signature covers them.
    org_id, message_id = _uuid(query.get("o")), _uuid(query.get("m"))
    if org_id is None or message_id is None:
        return None
    return org_id if sms_messages.routing(org_id, message_id, None, None) else None


def _org_of_inbound(form: Form, _query: Mapping[str, str]) -> UUID | None:
    receiver, service = form.first("To"), form.first("MessagingServiceSid")
    if not receiver and not service:
        return None
    found = sms_messages.routing(None, None, receiver or None, service or None)
    return UUID(found["id"]) if found else None


def _status(asked: Asked) -> Response:
    message_id, attempt = _uuid(asked.query.get("m")), asked.query.get("a", "")
    sid = asked.form.first("MessageSid") or asked.form.first("SmsSid")
    status = asked.form.first("MessageStatus") or asked.form.first("SmsStatus")
    if message_id is None or status not in _STATUSES or not _SID.fullmatch(sid) or not _is_small(attempt):
        log.info("status not understood", org_id=str(asked.org_id))
        return _answer(204)
    code = asked.form.first("ErrorCode")
    number = int(code) if _is_small(code) and int(code) else None
    failed = status in ("undelivered", "failed")
    found = error_classes.of_delivery(number) if failed else None
    told = sms_messages.apply_status(
        asked.org_id,
        message_id,
        int(attempt),
        sid,
        status,
        str(number) if number else None,
        # At fifteen minutes and a bit: a provider's phone coming back must not get everything in one second.
        DELAYED_SECONDS + random.randrange(120) if found is ErrorClass.RETRY else None,  # noqa: S311 - jitter
    )
    outbox.publish_later(asked.org_id, told.get("outbox"))
    alarming = failed and found is not None and error_classes.is_alarming(number, found)
    write_line = log.error if alarming else log.info
    write_line(
        "text status",
        org_id=str(asked.org_id),
        message_id=str(message_id),
        attempt=int(attempt),
        result=status,
        error_code=str(number) if number else None,
    )
    return _answer(204)


def _inbound(asked: Asked) -> Response:
    sid = asked.form.first("MessageSid") or asked.form.first("SmsSid")
    sender, receiver = asked.form.first("From"), asked.form.first("To")
    if not _SID.fullmatch(sid) or not _E164.fullmatch(sender):
        # A short code or another channel: nobody we could book or answer.
        log.info("text not understood", org_id=str(asked.org_id))
        return _twiml(replies.NO_REPLY)
    body = asked.form.first("Body").replace("\x00", "")[:MAX_WORDS]
    opt_out_type = asked.form.first("OptOutType")
    intent = replies.intent_of(body, opt_out_type)
    told = sms_messages.receive(asked.org_id, sid, sender, receiver, body, str(intent))
    outbox.publish_later(asked.org_id, told.get("outbox"))
    log.info("text received", org_id=str(asked.org_id), intent=str(intent), outcome=told["reply"])

    def make_link(appointment_id: UUID) -> str:
        return patient_links.make(asked.org_id, appointment_id, asked.base)

    return _twiml(replies.twiml(body, opt_out_type, told, make_link))


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _is_small(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 6


def _twiml(text: str) -> Response:
    return {"statusCode": 200, "headers": {"content-type": "text/xml; charset=utf-8"}, "body": text}


def _answer(status: int) -> Response:
    return {"statusCode": status}


# How the clinic is found, what is done, and what is answered when we have a defect.
_ROUTES: dict[
    str, tuple[Callable[[Form, Mapping[str, str]], UUID | None], Callable[[Asked], Response], Response]
] = {
    "status": (_org_of_status, _status, _answer(204)),
    "inbound": (_org_of_inbound, _inbound, _twiml(replies.NO_REPLY)),
}
