"""The fake's other side: the patient's phone (a page), and the switches for whoever tests."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aiohttp import web

from local.fake_twilio_api import Twilio
from local.fake_twilio_faults import BadFaultsError, parse_faults
from local.fake_twilio_messages import (
    API,
    AUTOMATIC,
    HELP_WORDS,
    INBOUND,
    REPLY,
    START_WORDS,
    STOP_WORDS,
    Account,
    Text,
    keyword,
    new_sid,
)
from local.fake_twilio_rules import E_164
from local.fake_twilio_webhooks import replies

PAGE = Path(__file__).parent / "phone_page"
FILES = {"": "index.html", "/phone.css": "phone.css", "/phone.js": "phone.js"}
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
SHOWN = 200  # texts of one phone
# Twilio's own wording where an account has not set another.
STOPPED = (
    "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe."
)
STARTED = (
    "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
)
HELPED = "Reply STOP to unsubscribe. Msg&Data Rates May Apply."


def routes(twilio: Twilio) -> list[web.RouteDef]:
    """Give the routes of the page and of the switches."""

    async def messages(_: web.Request) -> web.Response:
        return web.json_response([_accepted(one) for one in twilio.ledger.all() if one.direction == API])

    async def inbound(request: web.Request) -> web.Response:
        return await _play_inbound(twilio, await _json(request))

    async def view(request: web.Request) -> web.Response:
        return _view(twilio, await _json(request))

    async def get_faults(_: web.Request) -> web.Response:
        return web.json_response(asdict(twilio.trouble.faults) | {"happened": twilio.trouble.happened})

    async def set_faults(request: web.Request) -> web.Response:
        try:
            twilio.trouble.use(parse_faults(await _json(request)))
        except BadFaultsError as problem:
            return _bad(str(problem))
        return await get_faults(request)

    return [
        web.get("/messages", messages),
        web.post("/inbound", inbound),
        web.get("/faults", get_faults),
        web.post("/faults", set_faults),
        web.post("/phone/view", view),
        web.get("/", _to_the_phone),
        *(web.get(f"/phone{path}", _file(name)) for path, name in FILES.items()),
    ]


async def _to_the_phone(_: web.Request) -> web.Response:
    raise web.HTTPFound("/phone")


def _file(name: str) -> Any:
    async def serve(_: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / name, headers=HEADERS)

    return serve


async def _json(request: web.Request) -> Any:
    try:
        return json.loads(await request.text())
    except ValueError:
        raise web.HTTPBadRequest(
            text=json.dumps({"error": "the body is no JSON"}), content_type="application/json"
        ) from None


def _bad(sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=400)


def _accepted(text: Text) -> dict[str, Any]:
    return {
        "sid": text.sid,
        "to": text.to,
        "from": text.sender,
        "body": text.body,
        "status_callback": text.status_callback,
        "status": text.status,
    }


def _view(twilio: Twilio, asked: Any) -> web.Response:
    """Give what the page shows: every phone that had a text, newest first, and the texts of one of them."""
    if not isinstance(asked, dict):
        return _bad('ask with {"number": "+1...", "seen": 0}')
    if asked.get("seen") == twilio.ledger.changes:
        return web.Response(status=204)
    everything = list(twilio.ledger.newest_first())
    phones = list(dict.fromkeys(text.patient for text in everything))
    number = asked.get("number") or (phones[0] if phones else None)
    texts = [text for text in everything if text.patient == number][:SHOWN]
    names = {account.number: account.name for account in twilio.accounts.values()}
    return web.json_response(
        {
            "changes": twilio.ledger.changes,
            "phones": phones[:SHOWN],
            "number": number,
            "clinics": [{"number": number, "name": name} for number, name in names.items()],
            "texts": [
                {
                    "sid": text.sid,
                    "mine": text.direction == INBOUND,
                    "clinic": text.clinic,
                    "clinic_name": names.get(text.clinic, text.clinic),
                    "body": text.body,
                    "status": text.status,
                    "error_code": text.error_code,
                    "at": text.created_at,
                }
                for text in reversed(texts)
                if text.direction == INBOUND or text.status in {"sent", "delivered"} or text.error_code
            ],
        }
    )


async def _play_inbound(twilio: Twilio, wanted: Any) -> web.Response:
    """Play a patient's text: `{"from", "to", "body"}`; a known `sid` brings that text a second time."""
    if not isinstance(wanted, dict) or not all(
        isinstance(wanted.get(name), str) for name in ("from", "to", "body")
    ):
        return _bad('a patient\'s text is {"from": "+1...", "to": "+1...", "body": "C"}')
    patient, clinic, body = wanted["from"], wanted["to"], wanted["body"]
    account = twilio.account_of(clinic)
    if account is None:
        return _bad(f"nobody has the number {clinic}")
    if not E_164.fullmatch(patient) or patient == clinic:
        return _bad(f"{patient} is no patient's number in E.164")
    before = twilio.ledger.get(str(wanted.get("sid")), account.sid)
    was_stopped = twilio.ledger.is_stopped(patient, clinic)
    text = before or twilio.ledger.put(_new(twilio, account, patient, body, INBOUND, "received"))
    automatic = None if before else _automatic_answer(keyword(body), was_stopped)
    if automatic is not None:
        _arrive(twilio, account, patient, automatic, AUTOMATIC)
    answer = await twilio.webhooks.bring(account, text, twilio.inbound_url)
    sent, error = [], None
    if answer.status is not None and answer.status < 300:
        try:
            sent = replies(answer.text)
        except ValueError as problem:
            error = f"12100 document parse failure: {problem}"
    blocked = twilio.ledger.is_stopped(patient, clinic)
    if not blocked and before is None:
        for reply in sent:
            _arrive(twilio, account, patient, reply, REPLY)
    return web.json_response(
        {
            "sid": text.sid,
            "http_status": answer.status,
            "twiml": answer.text,
            "reply": "\n".join(sent) or None,
            # Twilio refuses a reply to somebody who has just sent STOP (21610); the patient never sees it.
            "reply_error": 21610 if blocked and sent else error,
            "automatic_reply": automatic,
        }
    )


def _automatic_answer(word: str, was_stopped: bool) -> str | None:
    if word in STOP_WORDS:
        return None if was_stopped else STOPPED
    if word in START_WORDS:
        return STARTED if was_stopped else None
    return HELPED if word in HELP_WORDS else None


def _arrive(twilio: Twilio, account: Account, patient: str, body: str, direction: str) -> None:
    twilio.ledger.put(_new(twilio, account, patient, body, direction, "delivered"))


def _new(twilio: Twilio, account: Account, patient: str, body: str, direction: str, status: str) -> Text:
    now = twilio.ledger.now()
    return Text(
        sid=new_sid("SM"),
        account_sid=account.sid,
        direction=direction,
        patient=patient,
        clinic=account.number,
        body=body,
        status=status,
        created_at=now,
        updated_at=now,
        sent_at=now,
    )
