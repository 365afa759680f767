"""Twilio's Messages API: hand a text over, look whether it was handed over before, or how it fares.

The only file that imports twilio.rest. Creating a message is not idempotent and Twilio has no key for it, so
nothing in here ever repeats a request (max_retries stays unset); what happened to one that got no answer is
the caller's to find out.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from twilio.base.exceptions import TwilioException
from twilio.base.values import unset
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from frontdesk import texts
from frontdesk.plain_text import one_line
from functions.sms_worker.error_classes import DELAYED_SECONDS, ErrorClass, classify

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
# What the SDK raises over an answer that is no JSON, or not the JSON it expects.
_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)
LOOKED_AT = 50  # messages of one number, newest first: days of a busy patient's texts
RATE_SECONDS = 30
MOST_RATE_SECONDS = 15 * 60
UNREACHABLE_SECONDS = 60
MAX_VALIDITY = 36_000  # seconds; Twilio's own limit

# At DEBUG it writes each request's address, and a look's address holds the patient's number.
logging.getLogger("urllib3").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Account:
    """A clinic's account with Twilio."""

    sid: str
    token: str

    def __repr__(self) -> str:
        """Show nothing: a token in a traceback is a token in a log."""
        return "Account(...)"


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it is handed over; `sender` is a number (E.164) or a messaging service (MG...)."""

    to: str
    sender: str
    body: str
    status_callback: str
    validity_seconds: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request: `result` is a status of Twilio's, 'absent' or an ErrorClass."""

    result: str
    sids: tuple[str, ...] = ()  # what Twilio calls the text
    code: str | None = None
    number: int | None = None  # Twilio's own error code
    retry_seconds: int | None = None


def send(account: Account, text: Text, api_base: str = "") -> Answer:
    """Hand one text to Twilio, once. Never raises for what Twilio or the network does.

    Messages.create (twilio.com/docs/messaging/api/message-resource): From or MessagingServiceSid.
    """
    by_service = text.sender.startswith("MG")
    http = _OneRequest(api_base)
    try:
        made = _client(account, http).messages.create(
            to=text.to,
            from_=unset if by_service else text.sender,
            messaging_service_sid=text.sender if by_service else unset,
            body=text.body,
            status_callback=text.status_callback,
            validity_period=max(1, min(text.validity_seconds, MAX_VALIDITY)),
        )
    except (TwilioException, requests.RequestException) as error:
        return _failed(error, http)
    except _UNREADABLE:
        # Twilio said yes in words that cannot be read: a proxy's page, a body cut short.
        return Answer(ErrorClass.UNKNOWN, code="unreadable")
    return Answer("accepted", sids=(made.sid,)) if made.sid else Answer(ErrorClass.UNKNOWN, code="no_sid")


def find(account: Account, text: Text, since: datetime, api_base: str = "") -> Answer:
    """Look for a text among those Twilio took for this number since then: 'accepted', or 'absent'.

    Matches the words and date_created (whole seconds, hence `since` should lie a little early); never filters
    by DateSent, which stays empty until a text is sent. Several matches come oldest first. A look that failed
    is `unknown` with the seconds after which to look again.
    """
    http = _OneRequest(api_base)
    try:
        listed = _client(account, http).messages.list(to=text.to, limit=LOOKED_AT, page_size=LOOKED_AT)
        ours = [
            each
            for each in listed
            if each.sid
            and str(each.direction or "").startswith("outbound")
            and each.date_created is not None
            and each.date_created >= since
            and _same_words(each.body, text.body)
        ]
    except (TwilioException, requests.RequestException) as error:
        failed = _failed(error, http)
        return Answer(
            ErrorClass.UNKNOWN, code=failed.code, retry_seconds=failed.retry_seconds or UNREACHABLE_SECONDS
        )
    except _UNREADABLE:
        return Answer(ErrorClass.UNKNOWN, code="unreadable", retry_seconds=UNREACHABLE_SECONDS)
    ours.sort(key=lambda each: each.date_created)
    return Answer("accepted", sids=tuple(each.sid for each in ours)) if ours else Answer("absent")


def fetch(account: Account, sid: str, api_base: str = "") -> Answer:
    """Ask Twilio how a text it has fares; never raises for what Twilio or the network does.

    `result` is Twilio's status ('sent', 'delivered', ...) with its error code, 'absent' when Twilio has no
    such message (404: deleted there), or an ErrorClass when the question failed.
    """
    http = _OneRequest(api_base)
    try:
        told = _client(account, http).messages(sid).fetch()
    except (TwilioException, requests.RequestException) as error:
        return Answer("absent") if http.status == 404 else _failed(error, http)
    except _UNREADABLE:
        return Answer(ErrorClass.UNKNOWN, code="unreadable")
    if told.sid != sid or not isinstance(told.status, str):
        return Answer(ErrorClass.UNKNOWN, code="unreadable")
    number = told.error_code if isinstance(told.error_code, int) and told.error_code else None
    return Answer(told.status, sids=(sid,), code=str(number) if number else None, number=number)


def delete(account: Account, sid: str, api_base: str = "") -> Answer:
    """Have Twilio delete a text; never raises for what Twilio or the network does.

    `result` is 'deleted', also where there is none of that id (404); else an ErrorClass. One on its way
    cannot be deleted yet. Twilio keeps a body in its backups up to 30 days longer (its Message resource's
    page).
    """
    http = _OneRequest(api_base)
    try:
        _client(account, http).messages(sid).delete()
    except (TwilioException, requests.RequestException) as error:
        return Answer("deleted") if http.status == 404 else _failed(error, http)
    except _UNREADABLE:
        return Answer(ErrorClass.UNKNOWN, code="unreadable")
    return Answer("deleted")


def _same_words(theirs: str | None, ours: str) -> bool:
    # A trial account writes a sentence of its own before every text. Ours are kept without the key to a page.
    return one_line(texts.without_token(theirs or "")).endswith(one_line(texts.without_token(ours)))


def _client(account: Account, http: "_OneRequest") -> Client:
    # An empty environment: TWILIO_REGION or TWILIO_EDGE of the process must not move a clinic's texts.
    return Client(account.sid, account.token, http_client=http, environment={"": ""})


class _OneRequest(TwilioHttpClient):  # type: ignore[misc]  # the SDK has no types
    """The SDK's HTTP client with our time limits, no logging, and a connection of its own for each request.

    A pooled connection would be found dead after a container was frozen, and a request that dies with it is
    one of which nobody knows whether it was sent.
    """

    def __init__(self, api_base: str) -> None:
        super().__init__(pool_connections=False)
        self.timeout = (CONNECT_SECONDS, READ_SECONDS)
        self.status: int | None = None  # of the last answer, and its headers: not every error tells them
        self.answer_headers: Mapping[str, str] = {}
        self._base = urlsplit(api_base) if api_base else None

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        if self._base is not None:
            asked = urlsplit(url)
            url = urlunsplit(asked._replace(scheme=self._base.scheme, netloc=self._base.netloc))
        response = super().request(method, url, *args, **kwargs)
        self.status, self.answer_headers = response.status_code, response.headers or {}
        return response

    def log_request(self, kwargs: Any) -> None:
        """Log nothing: the SDK writes the address with the patient's number in it."""

    def log_response(self, status_code: int, response: Any) -> None:
        """Log nothing."""


def _failed(error: Exception, http: _OneRequest) -> Answer:
    status = http.status
    if isinstance(error, TwilioException) and status is not None:
        code = getattr(error, "code", None)
        number = code if isinstance(code, int) and code != status else None
        found = classify(status, number)
        return Answer(
            found,
            code=str(number or f"http_{status}"),
            number=number,
            retry_seconds=_wait(found, http.answer_headers),
        )
    if isinstance(error, requests.RequestException) and _never_left(error):
        return Answer(ErrorClass.RETRY, code="unreachable", retry_seconds=UNREACHABLE_SECONDS)
    code = "timeout" if isinstance(error, requests.Timeout) else "connection_lost"
    return Answer(ErrorClass.UNKNOWN, code=code)


def _wait(found: ErrorClass, headers: Mapping[str, str]) -> int | None:
    if found is ErrorClass.RETRY:
        return DELAYED_SECONDS
    if found is not ErrorClass.RATE:
        return None
    asked = str(headers.get("Retry-After", ""))
    return min(max(int(asked), 1), MOST_RATE_SECONDS) if asked.isdecimal() else RATE_SECONDS


def _never_left(error: requests.RequestException) -> bool:
    """Tell whether the request surely never reached Twilio: no connection, or not to Twilio's certificate."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, NewConnectionError | NameResolutionError | ConnectTimeoutError):
        return True
    return isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(reason)
