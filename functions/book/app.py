"""The voice tools over HTTP: who calls, for which clinic, which tool, and the answer to say.

POST /api/vapi/tools and /api/vapi/tools/{toolName} take Vapi's tool-calls message; GET /health tells whether
the database answers. An authentic sender always gets HTTP 200 with one result for each call: Vapi ignores any
other status, and the caller would hear silence.
"""

import hashlib
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from frontdesk import db, log, metrics, orgs, outbox, phones, senders, vapi_envelope
from frontdesk.errors import FrontdeskError, ScheduleBusyError
from frontdesk.orgs import Org
from functions.book import answers, speech, vapi
from functions.book.answers import Answer
from functions.book.arguments import clean
from functions.book.tools import TOOLS, Asked
from functions.book.vapi import Message, Result, ToolCall

_STRANGER = (
    "This request does not prove that it comes from the clinic's assistant. "
    "Check the credential of the tool in Vapi."
)
_TROUBLE = "The schedule cannot be reached right now. Apologise, take a message and promise a call back."
_BUSY = "Many people are booking at this moment. Say one moment, please, and try once more."


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one HTTP API event (payload format 2.0)."""
    with db.within(db.DEADLINE):
        return _respond(event)


def _respond(event: dict[str, Any]) -> dict[str, Any]:
    if event.get("rawPath") == "/health":
        return _health()
    body = vapi.raw_body(event)
    if len(body) > vapi_envelope.MAX_BODY:
        return vapi.refuse(413, "The message is larger than 6 MB.")
    try:
        message = vapi.parse(body)
    except vapi.MalformedMessage as error:
        metrics.refused("malformed")
        return vapi.refuse(400, str(error))
    log.correlate(message.call_id)

    headers = vapi.headers_of(event)
    try:
        org = orgs.for_call(message.phone_number_id, message.called_number, message.assistant_id)
    except FrontdeskError as error:
        # Who the sender is cannot be told without the database. Nothing is revealed or changed by saying so,
        # and an authentic agent must have something to say.
        return _all_failed(message, headers, error)
    verdict = orgs.verify_vapi(org, headers, body)
    if org is None or not verdict.ok:
        log.info("sender refused", reason=verdict.value)
        metrics.refused(verdict.value)
        return vapi.refuse(401, _STRANGER)
    path_tool = vapi.tool_name_in_path(event)
    answered = [_answered(message, call, org, path_tool) for call in message.calls]
    response = vapi.respond([result for result, _ in answered], legacy=message.legacy)
    outbox.publish_later(org.id, [row for _, answer in answered for row in answer.outbox])
    return response


def _answered(message: Message, call: ToolCall, org: Org, path_tool: str | None) -> tuple[Result, Answer]:
    """Answer one call; whatever happens in it, its neighbours are answered too."""
    started = time.perf_counter()
    name = call.name if call.name in TOOLS or path_tool not in TOOLS else str(path_tool)
    try:
        answer = _answer(message, call, org, name)
    except ScheduleBusyError:
        answer = Answer("BUSY", _BUSY, failed=True)
    except FrontdeskError as error:
        log.error(
            "tool failed", tool=name, error=type(error).__name__, sqlstate=getattr(error, "sqlstate", None)
        )
        answer = answers.failed(_TROUBLE)
    except Exception as error:  # noqa: BLE001 - a defect of ours must not silence the agent
        # The type only: the text of an unforeseen error may quote the caller.
        log.error("tool broke", tool=name, error=type(error).__name__)
        answer = answers.failed(_TROUBLE)
    _report(org, name, call, answer, (time.perf_counter() - started) * 1000)
    facts = {"status": answer.code, **answer.facts}
    if answer.failed:
        return Result(call.id, call.name or name, error=answer.line, metadata=facts), answer
    return Result(call.id, call.name or name, result=answer.line, metadata=facts), answer


def _report(org: Org, name: str, call: ToolCall, answer: Answer, milliseconds: float) -> None:
    """Log and count one answer: codes and ids."""
    tool = name if name in TOOLS else "unknown"
    log.info(
        "tool answered",
        org_id=str(org.id),
        tool=tool,
        tool_call_id=call.id,
        outcome=answer.code,
        duration_ms=round(milliseconds, 1),
        appointment_id=answer.facts.get("appointmentId"),
    )
    metrics.answered(tool, answer.code, milliseconds)


def _answer(message: Message, call: ToolCall, org: Org, name: str) -> Answer:
    if call.problem is not None and not (name in TOOLS and "names no tool" in call.problem):
        return Answer(
            "INVALID_ARGUMENTS",
            f"This call could not be read: {call.problem}. Please try again.",
            failed=True,
        )
    tool = TOOLS.get(name)
    if tool is None:
        return Answer(
            "UNKNOWN_TOOL",
            f"There is no such tool here. The tools are {speech.in_a_row(list(TOOLS))}.",
            failed=True,
        )
    said = clean(call.arguments)
    asked = Asked(
        org=org,
        now=datetime.now(org.zone),
        caller=phones.of_caller(message.caller_number, org.region) if message.caller_number else None,
        call_id=message.call_id,
        tool_call_id=call.id,
        request_hash=_hash(name, said),
        said=said,
    )
    return tool(asked)


def _hash(tool: str, said: Mapping[str, Any]) -> str:
    """Tell two requests under one tool call id apart. Of the words: "tomorrow" repeated is the same."""
    return hashlib.sha256(repr((tool, sorted(said.items(), key=lambda item: item[0]))).encode()).hexdigest()[
        :32
    ]


def _all_failed(message: Message, headers: Mapping[str, str], error: FrontdeskError) -> dict[str, Any]:
    log.error("clinic unknown", error=type(error).__name__, sqlstate=getattr(error, "sqlstate", None))
    if not any(name in headers for name in senders.PROOF_HEADERS):
        return vapi.refuse(401, _STRANGER)
    failed = answers.failed(_TROUBLE)
    return vapi.respond(
        [
            Result(call.id, call.name, error=failed.line, metadata={"status": failed.code})
            for call in message.calls
        ],
        legacy=message.legacy,
    )


def _health() -> dict[str, Any]:
    try:
        db.ping()
    except FrontdeskError:
        return vapi.refuse(503, "The database does not answer.")
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": '{"status":"ok"}'}
