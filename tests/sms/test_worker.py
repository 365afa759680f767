"""The queue's handler: partial failures, poison, no time left, and logs without people in them."""

import json
import re
from typing import Any

import pytest

from frontdesk import outbox, queue_batch, sms_messages
from frontdesk.errors import DatabaseUnavailableError
from functions.sms_worker import app as worker
from functions.sms_worker import deliver, webhook
from local.environment import pseudo_parameters
from local.fake_twilio import FakeTwilio
from local.functions import ROOT
from local.template import read_template
from tests.batches import Context, batch
from tests.clinics import Clinic, Connection, one
from tests.fake_twilio import BRIGHT
from tests.sms.conftest import book, receive, report, request, sent, set_faults, text_of, work

NOBODY = "00000000-0000-4000-8000-000000000000"


def failed(answer: dict[str, Any]) -> list[str]:
    """Return the ids an answer names."""
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "null",
        "[]",
        "12",
        '"text"',
        "{}",
        '{"outbox_id": 1}',
        '{"outbox_id": "1", "org_id": "' + NOBODY + '"}',
        '{"outbox_id": true, "org_id": "' + NOBODY + '"}',
        '{"outbox_id": 0, "org_id": "' + NOBODY + '"}',
        '{"outbox_id": 1e400, "org_id": "' + NOBODY + '"}',
        '{"outbox_id": 9223372036854775808, "org_id": "' + NOBODY + '"}',
        '{"outbox_id": 1, "org_id": "nobody"}',
        '{"outbox_id": 1, "org_id": null}',
        "[" * 100_000,
    ],
)
def test_a_message_that_cannot_be_read_goes_to_the_dead_letters(body: str, around: Any) -> None:
    """It is reported as failed each time, so that SQS moves it; its neighbour is not held up."""
    assert failed(worker.handler(batch(body), Context())) == ["m0"]


def test_poison_does_not_hold_up_its_neighbours(app: Connection, clinic: Clinic, fake: FakeTwilio) -> None:
    """Of unreadable, unknown org, unknown row and a good one, the good one is done."""
    _, row = book(app, clinic)
    good = {"outbox_id": row, "org_id": str(clinic.id)}
    poison = (
        "nonsense",
        {"outbox_id": 1, "org_id": NOBODY},
        {"outbox_id": 999_999, "org_id": str(clinic.id)},
    )
    assert failed(worker.handler(batch(*poison, good), Context())) == ["m0", "m1", "m2"]
    assert len(sent(fake)) == 1


def test_the_reason_of_poison_is_recorded(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """An outbox row that is not there is marked dead with its reason before the queue gives it up."""
    marked = []
    monkeypatch.setattr(outbox, "mark_dead", lambda *told: marked.append(told))
    assert work(clinic, 999_999) == ["m0"]
    assert marked == [(clinic.id, 999_999, "unknown_row")]


def test_a_row_for_somebody_else_is_poison(app: Connection, owner: Connection, clinic: Clinic) -> None:
    """A notify row on this queue is given up with its reason, and sends nothing."""
    appointment, _ = book(app, clinic)
    query = "SELECT id FROM frontdesk.outbox WHERE aggregate_id = %s AND queue = 'notify'"
    row = one(owner, query, appointment["id"])
    assert work(clinic, row) == ["m0"]
    assert one(owner, "SELECT last_error_code FROM frontdesk.outbox WHERE id = %s", row) == "other_kind"


def test_a_row_that_always_fails_is_given_up_at_its_last_receive(
    app: Connection, owner: Connection, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four times it just comes again; the fifth time the reason is written, and SQS moves the message."""
    _, row = book(app, clinic)

    def breaks(*_arguments: Any) -> Any:
        raise RuntimeError(CANARY_NAME)

    monkeypatch.setattr(deliver, "deliver", breaks)
    dead = "SELECT dead_at IS NOT NULL FROM frontdesk.outbox WHERE id = %s"
    for receive_count in ("4", "5"):
        event = batch({"outbox_id": row, "org_id": str(clinic.id)})
        event["Records"][0]["attributes"] = {"ApproximateReceiveCount": receive_count}
        assert failed(worker.handler(event, Context())) == ["m0"]
        assert one(owner, dead, row) is (receive_count == "5")
    code = one(owner, "SELECT last_error_code FROM frontdesk.outbox WHERE id = %s", row)
    assert code == "RuntimeError"


def test_the_last_receive_is_the_queues() -> None:
    """The number in the code is the template's maxReceiveCount."""
    queues = {
        queue.name: queue for queue in read_template(ROOT / "template.yaml", pseudo_parameters()).queues
    }
    for name in ("SmsQueue", "CalendarQueue"):
        assert queues[name].max_receive_count == queue_batch.LAST_RECEIVE


def test_a_database_that_is_away_brings_the_message_back(
    app: Connection, clinic: Clinic, fake: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is reported as failed, and the next delivery does the work."""
    _, row = book(app, clinic)

    def away(*_arguments: Any) -> Any:
        raise DatabaseUnavailableError("57P01")

    with monkeypatch.context() as trouble:
        trouble.setattr(sms_messages, "next_sms", away)
        assert work(clinic, row) == ["m0"]
    assert work(clinic, row) == []
    assert len(sent(fake)) == 1


def test_one_broken_record_fails_alone(
    app: Connection, clinic: Clinic, fake: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unforeseen error is that record's, not the batch's."""
    _, first = book(app, clinic, 10)
    _, second = book(app, clinic, 14)
    whole = deliver.deliver

    def sometimes(org_id: Any, outbox_id: int) -> str:
        if outbox_id == first:
            raise RuntimeError("Dana Whitfield")
        return whole(org_id, outbox_id)

    monkeypatch.setattr(deliver, "deliver", sometimes)
    assert work(clinic, first, second) == ["m0"]
    assert len(sent(fake)) == 1


def test_what_there_is_no_time_for_comes_again(app: Connection, clinic: Clinic, fake: FakeTwilio) -> None:
    """Under 15 s a text could be cut off in the middle of its sending: left alone, and reported."""
    _, first = book(app, clinic, 10)
    _, second = book(app, clinic, 14)
    assert work(clinic, first, second, context=Context(20_000, 14_999)) == ["m1"]
    assert len(sent(fake)) == 1
    assert work(clinic, second) == []
    assert len(sent(fake)) == 2


CANARY_NAME, CANARY_WORDS, CANARY_PHONE = "Zanzibaria Quuxley", "xylophone-kidney-secret", "+12025550173"


def test_no_log_line_says_who(
    app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio, capfd: Any, caplog: Any
) -> None:
    """Names, numbers, words, codes and tokens of good and bad days: none is in any line, any logger's."""
    caplog.set_level("DEBUG")
    appointment, row = book(app, clinic, patient_name=CANARY_NAME, patient_phone=CANARY_PHONE)
    set_faults(fake, error_500_after_accept=1)
    work(clinic, row)
    owner.execute("UPDATE frontdesk.sms_messages SET next_at = now()")
    set_faults(fake, unavailable=1)
    work(clinic, row)
    owner.execute("UPDATE frontdesk.sms_messages SET next_at = now()")
    set_faults(fake)
    work(clinic, row)
    report(clinic, text_of(owner, appointment), "undelivered", ErrorCode="30007")
    _, refused = book(app, clinic, 14, patient_name=CANARY_NAME, patient_phone="+15005550001")
    work(clinic, refused)
    for place, words in enumerate((CANARY_WORDS, "C", "STOP", "R")):
        receive(words, sid=f"SM{place:032}", sender=CANARY_PHONE)
    forged = [("Body", CANARY_WORDS), ("From", CANARY_PHONE), ("To", BRIGHT.number)]
    webhook.handler(request("inbound", forged, signed="forged"), None)
    worker.handler(batch(json.dumps({"name": CANARY_NAME}), CANARY_WORDS), Context())
    out, err = capfd.readouterr()
    # Powertools writes to the stream it found when imported, which no fixture sees: its records are all.
    lines = out + err + caplog.text + str([vars(record) for record in caplog.records])
    assert "'result': 'unknown'" in lines, "the log is empty: nothing was proved"
    secrets = (
        *CANARY_NAME.split(),
        CANARY_WORDS,
        CANARY_PHONE[1:],
        "5005550001",
        BRIGHT.auth_token,
        BRIGHT.sid,
    )
    assert [word for word in secrets if re.search(re.escape(word), lines, re.IGNORECASE)] == []


def test_nothing_personal_is_published(app: Connection, clinic: Clinic, around: Any) -> None:
    """What goes on to the queues are ids and queue names."""
    _, row = book(app, clinic, patient_name=CANARY_NAME)
    work(clinic, row)
    receive(CANARY_WORDS)
    assert around.published
    assert all(set(each) == {"id", "queue"} for each in around.published)


def test_an_unknown_org_is_a_failure_not_a_crash(owner: Connection, around: Any) -> None:
    """Nothing is written for a clinic that does not exist; the message ends as a dead letter."""
    assert failed(worker.handler(batch({"outbox_id": 1, "org_id": NOBODY}), Context())) == ["m0"]
    assert one(owner, "SELECT count(*) FROM frontdesk.sms_messages") == 0
