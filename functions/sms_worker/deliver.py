"""One text, from its outbox row to Twilio and back: ask, write, claim, send, record.

The claim is committed before Twilio is called, so whatever dies after it leaves a text of which is known that
it may have been sent; the sweep makes it `unknown`, and a look at Twilio's own list decides (docs/sms.md).
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from frontdesk import log, metrics, outbox, patient_links, settings, sms_messages, texts
from functions.sms_worker import forget, twilio_sms
from functions.sms_worker.accounts import account_of
from functions.sms_worker.error_classes import DELAYED_SECONDS, ErrorClass, is_alarming, of_delivery
from functions.sms_worker.twilio_sms import Answer, Text

# Twilio tells when it made a message in whole seconds, and clocks differ.
LOOK_BACK = timedelta(seconds=5)
BLIND_SECONDS = 15 * 60  # a look that cannot be made (no credentials) is tried again so much later


@dataclass(frozen=True, slots=True)
class Task:
    """What next_sms says is to be done; the fields are its JSON."""

    org_id: UUID
    message: Mapping[str, Any]
    org: Mapping[str, Any]
    appointment: Mapping[str, Any] | None
    template: str | None

    @property
    def message_id(self) -> UUID:
        """The text's id."""
        return UUID(self.message["id"])


def deliver(org_id: UUID, outbox_id: int) -> str:
    """Do what an outbox row asks for, and return what came of it as a code.

    'accepted', an ErrorClass, 'absent', 'told:<status>', 'deleted:<n>', or 'skip:<reason>'. Raises
    FrontdeskError when the database is away: then the queue message must come again, which does no harm at
    any point.
    """
    told = sms_messages.next_sms(org_id, outbox_id)
    outbox.publish_later(org_id, told.get("outbox"))
    if told["action"] == "skip":
        return f"skip:{told['reason']}"
    if told["action"] == "delete":
        return forget.delete(org_id, told["twilio_sids"])
    task = Task(org_id, told["message"], told["org"], told["appointment"], told["template"])
    if told["action"] == "reconcile":
        return _reconcile(task)
    return _fetch(task) if told["action"] == "fetch" else _send(task)


def _send(task: Task) -> str:
    account = account_of(task.org_id)
    body = write(task)
    size = texts.segments(body)
    # Kept without the key to the patient's page: a body is read by staff, and outlives the link.
    kept = texts.without_token(body)
    claimed = sms_messages.claim(task.org_id, task.message_id, kept, size.count, task.org["sender"])
    if not claimed["claimed"]:
        outbox.publish_later(task.org_id, claimed.get("outbox"))
        return f"skip:{claimed['reason']}"
    attempt = claimed["attempt"]
    if isinstance(account, Answer):
        # An attempt that ends before it began: the claim is what lets its reason be recorded.
        return _record(task, attempt, account)
    text = Text(
        to=task.message["phone"],
        sender=task.org["sender"],
        body=body,
        status_callback=_callback(task, attempt),
        validity_seconds=claimed["valid_seconds"],
    )
    return _record(task, attempt, twilio_sms.send(account, text, settings.current().twilio_api_base))


def _reconcile(task: Task) -> str:
    """Look whether an attempt that got no answer arrived at Twilio after all."""
    attempt = task.message["attempt"]
    account = account_of(task.org_id)
    if isinstance(account, Answer):
        # Not config: that would put back to the queue a text which may have been sent.
        return _record(
            task, attempt, Answer(ErrorClass.UNKNOWN, code=account.code, retry_seconds=BLIND_SECONDS)
        )
    text = Text(
        to=task.message["phone"],
        sender=task.message["sender"],
        body=task.message["body"],
        status_callback="",
        validity_seconds=0,
    )
    since = datetime.fromisoformat(task.message["claimed_at"]) - LOOK_BACK
    found = twilio_sms.find(account, text, since, settings.current().twilio_api_base)
    if not found.sids:
        return _record(task, attempt, found)
    # The same words may have gone out twice on purpose, and a SID belongs to one text only: then the next.
    for sid in found.sids:
        if _record(task, attempt, Answer("accepted", sids=(sid,))) == "accepted":
            return "accepted"
    return _record(task, attempt, Answer("absent"))


def _fetch(task: Task) -> str:
    """Learn how a text fared whose end no callback told; what cannot be learned now leaves it as it is."""
    account, sid = account_of(task.org_id), task.message["twilio_sid"]
    if isinstance(account, Answer):
        answer = account
    else:
        answer = twilio_sms.fetch(account, sid, settings.current().twilio_api_base)
    if isinstance(answer.result, ErrorClass) or answer.result == "absent":
        _write_line(task, task.message["attempt"], answer, str(answer.result), answer.result)
        return str(answer.result)
    # As the callback would have done it (webhook.py).
    found = of_delivery(answer.number) if answer.result in ("undelivered", "failed") else None
    applied = sms_messages.apply_status(
        task.org_id,
        task.message_id,
        task.message["attempt"],
        sid,
        answer.result,
        answer.code,
        _spread(DELAYED_SECONDS) if found is ErrorClass.RETRY else None,
    )
    outbox.publish_later(task.org_id, applied.get("outbox"))
    _write_line(task, task.message["attempt"], answer, answer.result, found)
    return f"told:{answer.result}"


def write(task: Task) -> str:
    """Write a task's text: the clinic's wording, its language, its zone; the opt-out line to a new number.

    Wording with a link in it gets a new one each time: an earlier attempt's is known to nobody but its text.
    """
    kind, language = task.message["kind"], texts.language_of(task.message["language"])
    link = ""
    if task.appointment is not None and texts.wants_link(kind, language, task.template):
        base = settings.current().public_base_url
        link = patient_links.make(task.org_id, UUID(task.appointment["id"]), base)
    known = texts.values(task.org, task.appointment, datetime.now(UTC), language, link=link)
    return texts.for_task(kind, language, task.template, known, first_text=task.message["first_to_number"])


def _record(task: Task, attempt: int, answer: Answer) -> str:
    """Record an answer, tell the log and the metrics, and return the result's code."""
    sid = answer.sids[0] if answer.sids else None
    told = sms_messages.record(
        task.org_id,
        task.message_id,
        attempt,
        str(answer.result),
        twilio_sid=sid,
        error_code=answer.code,
        retry_seconds=_spread(answer.retry_seconds),
    )
    outbox.publish_later(task.org_id, told.get("outbox"))
    taken = sid is not None and told["state"] in ("claimed", "unknown")
    result = "sid_taken" if taken else str(answer.result) if told["recorded"] else "stale"
    _write_line(task, attempt, answer, result, answer.result)
    metrics.texted(task.message["kind"], result)
    return result


def _write_line(task: Task, attempt: int, answer: Answer, result: str, found: str | None) -> None:
    alarming = isinstance(found, ErrorClass) and is_alarming(answer.number, found)
    write_line = log.error if alarming else log.info
    write_line(
        "text",
        org_id=str(task.org_id),
        message_id=task.message["id"],
        attempt=attempt,
        result=result,
        error_code=answer.code,
    )


def _spread(seconds: int | None) -> int | None:
    """Let a clinic's waiting texts come back one by one, not all in the same second."""
    return None if seconds is None else seconds + round(random.uniform(0, seconds / 4))  # noqa: S311 - jitter


def _callback(task: Task, attempt: int) -> str:
    """Say where Twilio reports to. With our own ids: a lost answer is repaired by the callback."""
    query = f"m={task.message['id']}&a={attempt}&o={task.org_id}"
    return f"{settings.current().public_base_url}/api/twilio/status?{query}"
