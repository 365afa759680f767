"""What an error of Twilio's means for a text: one table for refused requests and for failed deliveries.

Source: twilio.com/docs/api/errors, read through /docs/messaging/guides/debugging-tools; Twilio announced
(changelog, 2024-07-10) that codes get split and must not be relied on, hence the rule for unknown ones.
"""

from enum import StrEnum


class ErrorClass(StrEnum):
    """What to do about an error; the values are record_sms's results."""

    PERMANENT = "permanent"  # this text will never arrive
    OPTED_OUT = "opted_out"  # the patient said STOP to this sender: remember it, never try again
    CONFIG = "config"  # the clinic's account or sender is wrong: pause the clinic, keep the text
    RETRY = "retry"  # nothing was sent, or not delivered: a new attempt later makes sense
    RATE = "rate"  # too many at once: nothing was sent, Twilio says when
    UNKNOWN = "unknown"  # it may have been sent: look before sending again
    EXPIRED = "expired"  # too old to be sent


P, C, R, U = ErrorClass.PERMANENT, ErrorClass.CONFIG, ErrorClass.RETRY, ErrorClass.UNKNOWN

CLASSES = {
    # Refused when the text is handed over.
    20003: C,  # authentication failed: wrong account SID or token
    20005: C,  # the account is not active
    20404: C,  # no such account or messaging service
    20429: ErrorClass.RATE,  # too many requests
    20500: U,  # "internal server error": retrying may send twice, says its own page
    20503: U,  # service unavailable
    21211: P,  # the number is not valid
    21212: C,  # the sender is not valid
    21408: P,  # the account may not text this country
    21602: P,  # no body
    21606: C,  # the sender is not this account's, or cannot text
    21608: P,  # a trial account texts verified numbers only
    21610: ErrorClass.OPTED_OUT,  # the recipient replied STOP
    21611: R,  # this sender's queue is full
    21612: P,  # this sender cannot reach this number
    21614: P,  # no mobile number
    21617: P,  # longer than 1,600 characters
    21660: C,  # the sender belongs to another account
    21703: C,  # the messaging service has no sender
    # Told later, by the status callback.
    30001: R,  # queue overflow
    30002: C,  # the account was suspended meanwhile
    30003: R,  # handset unreachable
    30004: P,  # blocked by the recipient or the carrier
    30005: P,  # unknown number
    30006: P,  # landline
    30007: P,  # filtered by the carrier: sending it again makes it worse
    30008: R,  # unknown error of the carrier
    30034: C,  # the number is not registered (A2P 10DLC)
    30036: ErrorClass.EXPIRED,  # its validity ended in the queue
    30500: R,  # "try sending again"
}

# Somebody should look, though only this text is concerned: an account that may not text where patients live,
# a wording carriers dislike. Not CONFIG: one caller with a foreign number must not silence a whole clinic.
ALARMING = frozenset({21408, 21608, 21612, 30007})

DELAYED_SECONDS = 15 * 60  # a phone that was off is not on a minute later


def classify(status: int, code: int | None) -> ErrorClass:
    """Class a refused request by Twilio's error code, else by its HTTP status.

    An unknown 4xx is permanent (and worth an alarm), an unknown 5xx or anything odd ambiguous.
    """
    known = CLASSES.get(code or 0)
    if known is not None:
        return known
    if status == 429:
        return ErrorClass.RATE
    if status in (401, 403):
        return ErrorClass.CONFIG
    return ErrorClass.PERMANENT if 400 <= status < 500 and status != 408 else ErrorClass.UNKNOWN


def of_delivery(code: int | None) -> ErrorClass | None:
    """Class the error code of a status callback; None for a code that is not in the table."""
    return CLASSES.get(code or 0)


def is_alarming(code: int | None, found: ErrorClass) -> bool:
    """Tell whether a person should hear of it: configuration, filtering, or a code nobody has classed."""
    return found is ErrorClass.CONFIG or code in ALARMING or (found is P and code not in CLASSES)
