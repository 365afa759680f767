"""How Twilio calls us: signed forms for a text's status and for a patient's text, retried as it retries."""

import asyncio
import base64
import hashlib
import hmac
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, urldefrag

import aiohttp
from yarl import URL

from local.fake_twilio_faults import Trouble
from local.fake_twilio_messages import FINAL, Account, Ledger, Text, new_sid, segments
from local.fake_twilio_rules import final_status

READ_SECONDS = 15.0
AT_ONCE = 16
RETRY_SECONDS = 0.2  # Twilio's own pauses are longer; nobody here wants to wait for them
MOST_RETRIES = 5

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What our webhook said: no status when it could not be reached or took too long."""

    status: int | None
    text: str


def sign(auth_token: str, url: str, parameters: Mapping[str, str]) -> str:
    """Compute X-Twilio-Signature: base64(HMAC-SHA1(token, url + name + value of each, sorted by name)).

    The URL's fragment, with which one configures retries, is not signed (Twilio: connection overrides).
    """
    signed = urldefrag(url).url + "".join(name + parameters[name] for name in sorted(parameters))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


class Webhooks:
    """Sends what Twilio would send, in the background; `stop` ends what is under way."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        ledger: Ledger,
        trouble: Trouble,
        report: Report = lambda _: None,
    ) -> None:
        """Use this session; `report` gets a line, without numbers or texts, when a webhook fails."""
        self._session = session
        self._ledger = ledger
        self._trouble = trouble
        self._report = report
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._under_way: set[asyncio.Task[None]] = set()

    def play_on(self, account: Account, text: Text) -> None:
        """Let an accepted text go its way, telling its StatusCallback of every step."""
        task = asyncio.create_task(self._play(account, text))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def stop(self) -> None:
        """End everything under way."""
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def bring(self, account: Account, text: Text, url: str) -> Answer:
        """Bring a patient's text to our webhook and return what it answered the first time."""
        parameters = _inbound(account, text)
        answer = await self.post(account, url, parameters)
        if self._trouble.strikes("callback_duplicate"):
            await self.post(account, url, parameters)
        return answer

    async def post(self, account: Account, url: str, parameters: Mapping[str, str]) -> Answer:
        """Post a signed form, again as the URL's `#rc=2&rp=all` asks; else once, after no connection."""
        address, fragment = urldefrag(url)
        headers = {
            "x-twilio-signature": sign(account.auth_token, address, parameters),
            "i-twilio-idempotency-token": new_sid(""),
            "user-agent": "TwilioProxy/1.1",
            "accept": "*/*",
        }
        answer = Answer(None, "")
        for attempt in range(1 + _retries(fragment)):
            if attempt:
                await asyncio.sleep(RETRY_SECONDS)
            answer, trouble = await self._post_once(address, parameters, headers)
            if trouble is None or trouble not in _policy(fragment):
                break
        if answer.status is None or answer.status >= 400:
            self._report(f"twilio -> webhook  {answer.status or 'no answer'}")
        return answer

    async def _post_once(
        self, address: str, parameters: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[Answer, str | None]:
        patience = aiohttp.ClientTimeout(total=READ_SECONDS)
        try:
            async with (
                self._turns,
                self._session.post(
                    # The very address that was signed: nothing of it may be encoded anew.
                    URL(address, encoded=True),
                    data=parameters,
                    headers=headers,
                    timeout=patience,
                ) as response,
            ):
                status = response.status
                answer = Answer(status, await response.text())
                return answer, f"{status // 100}xx" if status >= 400 else None
        except aiohttp.ClientConnectorError:
            return Answer(None, ""), "ct"
        except (aiohttp.ClientError, TimeoutError):
            return Answer(None, ""), "rt"

    async def _play(self, account: Account, text: Text) -> None:
        held: list[dict[str, str]] = []
        for status in ("sent", final_status(text.fate)):
            if text.status == status:
                continue
            await asyncio.sleep(self._trouble.faults.status_step_seconds)
            ended = status in FINAL
            text = self._ledger.change(
                text,
                status=status,
                sent_at=text.sent_at or self._ledger.now(),
                error_code=text.fate if ended else None,
            )
            if not text.status_callback:
                continue
            callback = _status(account, text)
            if not ended and self._trouble.strikes("callback_reorder"):
                held.append(callback)
            else:
                await self._tell(account, text, callback)
        for callback in held:
            await self._tell(account, text, callback)

    async def _tell(self, account: Account, text: Text, callback: Mapping[str, str]) -> None:
        if self._trouble.strikes("callback_loss"):
            return
        times = 2 if self._trouble.strikes("callback_duplicate") else 1
        for _ in range(times):
            await self.post(account, text.status_callback, callback)


def replies(twiml: str) -> list[str]:
    """Read the texts a TwiML answer sends back; raise ValueError when it is no TwiML."""
    if not twiml.strip():
        return []
    try:
        response = ET.fromstring(twiml)
    except ET.ParseError as problem:
        msg = "the answer is no XML"
        raise ValueError(msg) from problem
    if response.tag != "Response":
        msg = "the answer's root is not <Response>"
        raise ValueError(msg)
    messages = response.findall("Message")
    bodies = [message.findtext("Body") or message.text or "" for message in messages]
    return [body.strip() for body in bodies if body.strip()]


def _status(account: Account, text: Text) -> dict[str, str]:
    parameters = {
        "AccountSid": account.sid,
        "ApiVersion": "2010-04-01",
        "From": text.clinic,
        "MessageSid": text.sid,
        "MessageStatus": text.status,
        "SmsSid": text.sid,
        "SmsStatus": text.status,
        "To": text.patient,
    }
    if text.service:
        parameters["MessagingServiceSid"] = text.service
    if text.error_code is not None:
        parameters["ErrorCode"] = str(text.error_code)
    if text.status in FINAL:
        parameters["RawDlrDoneDate"] = datetime.fromtimestamp(text.updated_at, UTC).strftime("%y%m%d%H%M")
    return parameters


def _inbound(account: Account, text: Text) -> dict[str, str]:
    # What Twilio does not know of a number it sends as an empty field, and signs it.
    places = {f"{end}{part}": "" for end in ("From", "To") for part in ("City", "State", "Zip")}
    return places | {
        "AccountSid": account.sid,
        "ApiVersion": "2010-04-01",
        "Body": text.body,
        "From": text.patient,
        "FromCountry": "US",
        "MessageSid": text.sid,
        "MessagingServiceSid": account.messaging_service_sid if text.service else "",
        "NumMedia": "0",
        "NumSegments": str(segments(text.body)),
        "SmsMessageSid": text.sid,
        "SmsSid": text.sid,
        "SmsStatus": "received",
        "To": text.clinic,
        "ToCountry": "US",
    }


def _retries(fragment: str) -> int:
    [wanted] = parse_qs(fragment).get("rc", ["1"])[:1]
    return min(int(wanted), MOST_RETRIES) if re.fullmatch(r"\d{1,2}", wanted) else 1


def _policy(fragment: str) -> set[str]:
    named = set(",".join(parse_qs(fragment).get("rp", ["ct"])).split(","))
    return {"4xx", "5xx", "ct", "rt"} if "all" in named else named
