"""Twilio's REST API 2010-04-01, the part about messages, as its own SDK speaks it."""

import asyncio
import base64
import binascii
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from local.fake_twilio_faults import Trouble
from local.fake_twilio_messages import API, FINAL, Account, Ledger, Text, as_resource, new_sid
from local.fake_twilio_rules import Refusal, check, fate
from local.fake_twilio_webhooks import Webhooks

PREFIX = "/2010-04-01/Accounts/{account_sid}/Messages"
PAGE_SIZE, LARGEST_PAGE = 50, 1000

Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True)
class Twilio:
    """The fake's parts; accounts by their SID."""

    accounts: Mapping[str, Account]
    inbound_url: str
    ledger: Ledger
    trouble: Trouble
    webhooks: Webhooks

    def account_of(self, number: str) -> Account | None:
        """Find the account a number belongs to."""
        return next((one for one in self.accounts.values() if one.number == number), None)


def routes(twilio: Twilio) -> list[web.RouteDef]:
    """Give the API's routes."""
    one = PREFIX + "/{sid}.json"
    return [
        web.post(f"{PREFIX}.json", _answering(twilio, _create)),
        web.get(f"{PREFIX}.json", _answering(twilio, _list)),
        web.get(one, _answering(twilio, _fetch)),
        web.post(one, _answering(twilio, _update)),
        web.delete(one, _answering(twilio, _delete)),
        # aiohttp matches in order: only what none of the above answers comes here.
        web.route("*", "/2010-04-01/{rest:.*}", _answering(twilio, _nothing_here)),
    ]


def _answering(
    twilio: Twilio, handler: Callable[[Twilio, Account, web.Request], Awaitable[web.Response]]
) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        try:
            account = _authenticate(request, twilio.accounts)
            if twilio.trouble.strikes("unavailable"):
                raise Refusal(20503)
            return await handler(twilio, account, request)
        except Refusal as refusal:
            return _refused(twilio, refusal)

    return answer


def _refused(twilio: Twilio, refusal: Refusal) -> web.Response:
    response = web.json_response(refusal.body(), status=refusal.status)
    if refusal.code == 20429:
        response.headers["Retry-After"] = f"{twilio.trouble.faults.retry_after_seconds:g}"
    if refusal.code == 20003:
        response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    return response


def _authenticate(request: web.Request, accounts: Mapping[str, Account]) -> Account:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Refusal(20003) from None
    account = accounts.get(user)
    named = request.match_info.get("account_sid", user)
    known = account is not None and hmac.compare_digest(account.auth_token.encode(), password.encode())
    if scheme.lower() != "basic" or account is None or not known or named != user:
        raise Refusal(20003)
    return account


async def _create(twilio: Twilio, account: Account, request: web.Request) -> web.Response:
    form = dict(parse_qsl(await request.text(), keep_blank_values=True))
    fault = twilio.trouble.on_create()
    if fault == "error_429":
        raise Refusal(20429)
    if fault == "error_500_before_accept":
        raise Refusal(20500)
    if fault == "timeout_before_accept":
        return await _silence(twilio, request)
    numbers = twilio.trouble.faults.numbers
    check(form, account, twilio.ledger, numbers)
    text = _accept(twilio, account, form, fate(form["To"], numbers))
    twilio.webhooks.play_on(account, text)
    if fault == "error_500_after_accept":
        raise Refusal(20500)
    if fault == "timeout_after_accept":
        return await _silence(twilio, request)
    return web.json_response(as_resource(text), status=201)


def _accept(twilio: Twilio, account: Account, form: Mapping[str, str], ending: int | None) -> Text:
    by_service = "MessagingServiceSid" in form or form.get("From", "").startswith("MG")
    now = twilio.ledger.now()
    return twilio.ledger.put(
        Text(
            sid=new_sid("SM"),
            account_sid=account.sid,
            direction=API,
            patient=form["To"],
            clinic=account.number,
            body=form["Body"],
            status="accepted" if by_service else "queued",
            created_at=now,
            updated_at=now,
            status_callback=form.get("StatusCallback", ""),
            service=account.messaging_service_sid if by_service else "",
            fate=ending,
        )
    )


async def _silence(twilio: Twilio, request: web.Request) -> web.Response:
    """Say nothing until nobody waits any more, then hang up."""
    await asyncio.sleep(twilio.trouble.faults.hold_seconds)
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=504)


async def _list(twilio: Twilio, account: Account, request: web.Request) -> web.Response:
    query = request.query
    size, number = _whole(query.get("PageSize"), PAGE_SIZE), _whole(query.get("Page"), 0)
    size = min(max(size, 1), LARGEST_PAGE)
    found = _matching(twilio, account, query)
    token = query.get("PageToken", "")
    if token:
        # A cursor and no offset: texts that come in between pages shift nothing.
        sids = [text.sid for text in found]
        last = token.removeprefix("PA")
        found = found[sids.index(last) + 1 :] if last in sids else []
    page, more = found[:size], len(found) > size
    uri = f"/2010-04-01/Accounts/{account.sid}/Messages.json"
    filters = {name: value for name, value in query.items() if name not in {"Page", "PageToken", "PageSize"}}

    def address(page_number: int, page_token: str = "") -> str:
        asked = filters | {"PageSize": str(size), "Page": str(page_number)}
        return f"{uri}?{urlencode(asked | ({'PageToken': page_token} if page_token else {}))}"

    start = number * size
    return web.json_response(
        {
            "end": max(start + len(page) - 1, 0),
            "first_page_uri": address(0),
            "messages": [as_resource(text) for text in page],
            "next_page_uri": address(number + 1, f"PA{page[-1].sid}") if more else None,
            "page": number,
            "page_size": size,
            "previous_page_uri": None,
            "start": start,
            "uri": address(number, token),
        }
    )


def _matching(twilio: Twilio, account: Account, query: Mapping[str, str]) -> list[Text]:
    visible_until = twilio.ledger.now() - twilio.trouble.faults.list_lag_seconds
    wanted = {"to": query.get("To"), "sender": query.get("From")}
    moments = {name: value for name, value in query.items() if name.startswith("DateSent")}
    return [
        text
        for text in twilio.ledger.newest_first()
        if text.account_sid == account.sid
        and text.created_at <= visible_until
        and all(value in {None, "", getattr(text, name)} for name, value in wanted.items())
        and all(_sent(text, name, value) for name, value in moments.items())
    ]


def _sent(text: Text, name: str, value: str) -> bool:
    """Compare the moment of sending; what is not sent yet fits no date, as on Twilio."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise Refusal(20001, name) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if text.sent_at is None:
        return False
    sent = datetime.fromtimestamp(int(text.sent_at), UTC)
    if name.endswith(">"):
        return sent >= moment
    if name.endswith("<"):
        return sent <= moment
    return sent.date() == moment.astimezone(UTC).date()


async def _fetch(twilio: Twilio, account: Account, request: web.Request) -> web.Response:
    return web.json_response(as_resource(_named(twilio, account, request)))


async def _update(twilio: Twilio, account: Account, request: web.Request) -> web.Response:
    text = _named(twilio, account, request)
    form = dict(parse_qsl(await request.text(), keep_blank_values=True))
    # All one can do to a text is to blank it; only scheduled ones can be cancelled, and we schedule none.
    if form != {"Body": ""}:
        raise Refusal(20001)
    if text.status not in FINAL:
        raise Refusal(20009)
    return web.json_response(as_resource(twilio.ledger.change(text, body="")))


async def _delete(twilio: Twilio, account: Account, request: web.Request) -> web.Response:
    text = _named(twilio, account, request)
    if text.status not in FINAL:
        raise Refusal(20009)
    twilio.ledger.delete(text.sid)
    return web.Response(status=204)


async def _nothing_here(_twilio: Twilio, _account: Account, request: web.Request) -> web.Response:
    raise Refusal(20404, request.path)


def _named(twilio: Twilio, account: Account, request: web.Request) -> Text:
    text = twilio.ledger.get(request.match_info["sid"], account.sid)
    if text is None:
        raise Refusal(20404, request.path)
    return text


def _whole(value: str | None, otherwise: int) -> int:
    return int(value) if value and re.fullmatch(r"\d{1,6}", value) else otherwise
