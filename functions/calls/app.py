"""Vapi's other messages: POST /api/vapi/events.

What is asked (who answers this call, whom to transfer to) is answered at once, whatever fails behind it.
What is told (a status, a line, the report at the end) is kept; where that fails Vapi is told so, and sends it
again if the assistant says so (docs/calls.md).
"""

import time
from typing import Any

from frontdesk import calls, db, log, metrics, orgs, outbox, senders, settings, vapi_envelope
from frontdesk.errors import FrontdeskError
from frontdesk.orgs import Org
from functions.calls import messages, reports, ringing, transfer
from functions.calls.messages import Message
from functions.calls.vapi_kinds import ASKED, KEPT, KNOWN

Response = dict[str, Any]

# Seconds for the database, of the 7.5 that Vapi waits for the answer to a ringing phone, network and all.
RINGING = 3.0

_STRANGER = (
    "This request does not prove that it comes from the clinic's assistant. "
    "Check the credential of the server in Vapi."
)
_NOTHING: Response = {}
# A statement that can never work is a defect of ours: the message would fail again.
_DEFECTS = ("22", "23", "42", "P0")


def handler(event: dict[str, Any], _context: object) -> Response:
    """Answer one HTTP API event (payload format 2.0)."""
    body = vapi_envelope.raw_body(event)
    if len(body) > vapi_envelope.MAX_BODY:
        return vapi_envelope.refuse(413, "The message is larger than 6 MB.")
    try:
        message = messages.parse(body)
        with db.within(RINGING if message.kind in ASKED else db.DEADLINE):
            return _respond(event, body, message)
    except vapi_envelope.MalformedMessage as error:
        metrics.refused("malformed")
        return vapi_envelope.refuse(400, str(error))


def _respond(event: dict[str, Any], body: bytes, message: Message) -> Response:
    log.correlate(message.whose.call_id)
    headers = vapi_envelope.headers_of(event)
    whose = message.whose
    try:
        org = orgs.for_call(whose.phone_number_id, whose.called_number, whose.assistant_id)
    except FrontdeskError as error:
        log.error("clinic unknown", error=type(error).__name__, sqlstate=getattr(error, "sqlstate", None))
        return _without_clinic(message, headers)
    verdict = orgs.verify_vapi(org, headers, body)
    if org is None or not verdict.ok:
        log.info("sender refused", reason=verdict.value)
        metrics.refused(verdict.value)
        return vapi_envelope.refuse(401, _STRANGER)
    started = time.perf_counter()
    response, outcome = _act(message, body, org, _base_url(event))
    kind = message.kind if message.kind in KNOWN else "unknown"
    log.info(
        "message taken",
        org_id=str(org.id),
        reason=kind,
        outcome=outcome,
        duration_ms=round((time.perf_counter() - started) * 1000, 1),
    )
    metrics.heard(kind, outcome)
    return response


def _act(message: Message, body: bytes, org: Org, base_url: str) -> tuple[Response, str]:
    """Answer what is asked and keep what is told; returns the response and a code for the log."""
    if message.kind not in ASKED and message.kind not in KEPT:
        return vapi_envelope.answer(200, _NOTHING), "ignored"
    content = messages.content(body)
    asked = _NOTHING
    if message.kind == "assistant-request":
        asked = ringing.answer(message, content, org, base_url)
    elif message.kind == "transfer-destination-request":
        asked, rows = transfer.answer(message, org)
        outbox.publish_later(org.id, rows)
    outcome = _keep(message, content, org)
    if outcome == "failed" and message.kind in KEPT:
        return _again(), outcome
    return vapi_envelope.answer(200, asked), outcome


def _keep(message: Message, content: dict[str, Any], org: Org) -> str:
    if message.whose.call_id is None:
        return "no_call_id"
    heard = reports.heard(message, content, org, int(time.time() * 1000))
    try:
        told = calls.record(org.id, message.whose.call_id, heard)
    except FrontdeskError as error:
        sqlstate = getattr(error, "sqlstate", None)
        log.error("call not kept", error=type(error).__name__, sqlstate=sqlstate)
        return "broken" if str(sqlstate or "").startswith(_DEFECTS) else "failed"
    outbox.publish_later(org.id, told["outbox"])
    return "kept" if told["changed"] else "repeated"


def _again() -> Response:
    """Say that it could not be kept for now."""
    response = vapi_envelope.refuse(503, "The message cannot be stored right now.")
    response["headers"]["retry-after"] = "5"
    return response


def _without_clinic(message: Message, headers: dict[str, str]) -> Response:
    """Answer while the database is away and the clinic not remembered: nobody can be verified then."""
    if not any(name in headers for name in senders.PROOF_HEADERS):
        return vapi_envelope.refuse(401, _STRANGER)
    if message.kind in ASKED:
        return vapi_envelope.answer(200, {"error": ringing.NOT_SET_UP})
    return _again()


def _base_url(event: dict[str, Any]) -> str:
    """Return the address we are reached by: the deployment's own, else the one API Gateway was called by."""
    domain = (event.get("requestContext") or {}).get("domainName")
    return settings.current().public_base_url or (f"https://{domain}" if domain else "")
