"""Which texts Twilio refuses, which it accepts and then cannot deliver, and what its errors look like.

Codes and wording follow Twilio's error dictionary; the +1500555000x numbers are those of its page on
test credentials. Twilio has none for what happens after it accepted a text, so ours are made of the code:
+1 500 555 3006 behaves as 30006 does.
"""

import re
from collections.abc import Mapping

from local.fake_twilio_messages import Account, Ledger

BODY_LIMIT = 1600
E_164 = re.compile(r"\+[1-9]\d{6,14}")
REFUSED_RECIPIENTS = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
REFUSED_SENDERS = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
UNDELIVERABLE = re.compile(r"\+15005553(\d{3})")
# These never reach a carrier, so Twilio calls them failed; what a carrier gave back is undelivered.
FAILED_CODES = frozenset({30001, 30002, 30036})

WORDING = {
    20001: "Invalid parameter.",
    20003: "Authenticate",
    20009: "Message is not complete and cannot be changed or deleted.",
    20404: "The requested resource {what} was not found",
    20429: "Too Many Requests",
    20500: "Internal Server Error",
    20503: "Service Unavailable",
    21211: "Invalid 'To' Phone Number: {what}",
    21212: "Invalid From Number (caller ID): {what}",
    21266: "'To' and 'From' number cannot be the same: {what}",
    21408: "Permission to send an SMS has not been enabled for the region of the 'To' number: {what}",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' phone number {what} is not a valid, SMS-capable inbound phone number or short code "
    "for your account.",
    21609: "The 'StatusCallback' URL {what} is not a valid URL.",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number has exceeded the maximum number of queued messages: {what}",
    21612: "Message cannot be sent with the current combination of 'To' ({what}) and/or 'From' parameters",
    21614: "'To' number is not a valid mobile number: {what}",
    21617: "The concatenated message body exceeds the 1600 character limit.",
    21701: "The Messaging Service does not exist.",
}
STATUS = {20003: 401, 20009: 409, 20404: 404, 20429: 429, 20500: 500, 20503: 503}


class Refusal(Exception):  # noqa: N818 - it is Twilio's answer, played; nothing went wrong here
    """Twilio says no: a code of its dictionary, and the value its message names."""

    def __init__(self, code: int, what: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.what = what

    @property
    def status(self) -> int:
        """Return the HTTP status."""
        return STATUS.get(self.code, 400)

    def body(self) -> dict[str, object]:
        """Return what Twilio answers."""
        wording = WORDING.get(self.code, "Message was refused: {what}")
        return {
            "code": self.code,
            "message": wording.format(what=self.what),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


def check(form: Mapping[str, str], account: Account, ledger: Ledger, numbers: Mapping[str, int]) -> None:
    """Raise the Refusal Twilio would answer a message's creation with; `numbers` behave as they are told."""
    to, body = form.get("To", ""), form.get("Body", "")
    if not to:
        raise Refusal(21604)
    if not E_164.fullmatch(to):
        raise Refusal(21211, to)
    _check_sender(form, account)
    if to == account.number:
        raise Refusal(21266, to)
    if not body:
        raise Refusal(21602)
    if len(body) > BODY_LIMIT:
        raise Refusal(21617)
    callback = form.get("StatusCallback", "")
    if callback and not re.fullmatch(r"https?://[^\s/?#]+[^\s]*", callback):
        raise Refusal(21609, callback)
    told = numbers.get(to) or REFUSED_RECIPIENTS.get(to)
    if told is not None and told < 30000:
        raise Refusal(told, to)
    if ledger.is_stopped(to, account.number):
        raise Refusal(21610)


def fate(to: str, numbers: Mapping[str, int]) -> int | None:
    """Tell with which 30xxx code a text to this number ends, or None when it arrives."""
    if (told := numbers.get(to, 0)) >= 30000:
        return told
    found = UNDELIVERABLE.fullmatch(to)
    return 30000 + int(found[1]) if found else None


def final_status(code: int | None) -> str:
    """Give the status a text ends in."""
    if code is None:
        return "delivered"
    return "failed" if code in FAILED_CODES else "undelivered"


def _check_sender(form: Mapping[str, str], account: Account) -> None:
    sender, service = form.get("From", ""), form.get("MessagingServiceSid", "")
    # A service's id in From is allowed as well; Twilio's own page on From says so.
    if not service and sender.startswith("MG"):
        service, sender = sender, ""
    if service:
        if service != account.messaging_service_sid:
            raise Refusal(21701)
        return
    if not sender:
        raise Refusal(21603)
    if sender in REFUSED_SENDERS:
        raise Refusal(REFUSED_SENDERS[sender], sender)
    if not E_164.fullmatch(sender):
        raise Refusal(21212, sender)
    if sender != account.number:
        raise Refusal(21606, sender)
