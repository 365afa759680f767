"""Every callback of Twilio's is lost: the sweep has the worker ask, and the final status is the true one."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.sms_worker import deliver, twilio_sms
from functions.sms_worker.twilio_sms import Account, Answer, Text
from local.fake_twilio import FakeTwilio
from tests.clinics import Clinic, Connection, one
from tests.fake_twilio import BRIGHT
from tests.sms.conftest import PATIENT, Surroundings, age, book, sent, set_faults, text_of
from tests.texts import swept

ACCOUNT = Account(BRIGHT.sid, BRIGHT.auth_token)
TEXT = Text(PATIENT, BRIGHT.number, "Bright Smiles: see you Monday.", "", 3600)
HOUR = 3600


def when_ended(fake: FakeTwilio) -> dict[str, Any]:
    """Wait until the one text Twilio took has ended there, and return it."""
    for _ in range(200):
        [text] = sent(fake)
        if text["status"] in ("delivered", "undelivered", "failed"):
            return text
        time.sleep(0.02)
    raise AssertionError(text["status"])


def lost(
    app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio, **faults: Any
) -> dict[str, Any]:
    """Text a booking, lose every callback about it, and return the appointment an hour later."""
    set_faults(fake, callback_loss=1.0, **faults)
    appointment, row = book(app, clinic)
    assert deliver.deliver(clinic.id, row) == "accepted"
    when_ended(fake)
    text = text_of(owner, appointment)
    assert (text["state"], text["twilio_sid"]) == ("accepted", sent(fake)[0]["sid"])
    age(owner, text["id"], HOUR + 1)
    return appointment


def handled(app: Connection, owner: Connection, clinic: Clinic) -> list[str]:
    """Let dispatch sweep and the worker do what that brought; return the outcomes."""
    return [deliver.deliver(clinic.id, row) for row in swept(app, owner)]


@pytest.mark.parametrize(("code", "status"), [(None, "delivered"), (30006, "undelivered"), (30002, "failed")])
def test_the_true_end_is_learned_without_a_callback(
    app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio, code: int | None, status: str
) -> None:
    """Asked an hour later, Twilio tells how it ended; a failure reaches the staff like one called back."""
    appointment = lost(app, owner, clinic, fake, numbers={PATIENT: code} if code else {})
    assert handled(app, owner, clinic) == [f"told:{status}"]
    text = text_of(owner, appointment)
    assert (text["state"], text["error_code"]) == (status, str(code) if code else None)
    failures = one(owner, "SELECT count(*) FROM frontdesk.events WHERE type = 'sms.failed'")
    assert failures == (1 if code else 0)
    logged = "SELECT count(*) FROM frontdesk.sms_status_log WHERE status = %s AND attempt = 1"
    assert one(owner, logged, status) == 1
    age(owner, text["id"], 48 * HOUR)
    assert handled(app, owner, clinic) == []
    assert len(sent(fake)) == 1


def test_a_phone_that_was_off_gets_its_new_attempt_without_a_callback(
    app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio
) -> None:
    """30003 learned by asking waits a quarter of an hour and is sent again, as if it had been called back."""
    appointment = lost(app, owner, clinic, fake, numbers={PATIENT: 30003})
    assert handled(app, owner, clinic) == ["told:undelivered"]
    text = text_of(owner, appointment)
    wait = (text["next_at"] - datetime.now(UTC)).total_seconds()
    assert (text["state"], text["resends"]) == ("retry", 1)
    assert 890 <= wait <= 1130
    set_faults(fake, callback_loss=1.0)
    age(owner, text["id"], 1200)
    assert handled(app, owner, clinic) == ["accepted"]
    assert len(sent(fake)) == 2


def test_a_question_without_an_answer_leaves_the_text_and_is_asked_again(
    app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio, around: Surroundings
) -> None:
    """Twilio down, then no credentials: nothing changes, nobody is paused; the third look learns the end."""
    appointment = lost(app, owner, clinic, fake)
    set_faults(fake, unavailable=1)
    assert handled(app, owner, clinic) == ["unknown"]
    set_faults(fake)
    kept = around.secrets.pop(clinic.id)
    age(owner, text_of(owner, appointment)["id"], 5 * HOUR)
    assert handled(app, owner, clinic) == ["config"]
    assert text_of(owner, appointment)["state"] == "accepted"
    assert one(owner, "SELECT sms_paused_reason FROM frontdesk.orgs WHERE id = %s", clinic.id) is None
    around.secrets[clinic.id] = kept
    age(owner, text_of(owner, appointment)["id"], 18 * HOUR)
    assert handled(app, owner, clinic) == ["told:delivered"]
    assert text_of(owner, appointment)["state"] == "delivered"


def test_a_text_deleted_at_twilio_has_nothing_to_tell(
    app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio
) -> None:
    """404: the text is left as it is, and neither paused for nor sent again."""
    appointment = lost(app, owner, clinic, fake)
    fake.twilio.ledger.delete(sent(fake)[0]["sid"])
    assert handled(app, owner, clinic) == ["absent"]
    assert text_of(owner, appointment)["state"] == "accepted"
    assert one(owner, "SELECT sms_paused_reason FROM frontdesk.orgs WHERE id = %s", clinic.id) is None
    assert sent(fake) == []


def test_a_question_twice_changes_nothing_more(
    app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio
) -> None:
    """SQS delivers the sweep's row twice: the second time the text has ended."""
    lost(app, owner, clinic, fake, numbers={PATIENT: 30006})
    [row] = swept(app, owner)
    assert deliver.deliver(clinic.id, row) == "told:undelivered"
    assert deliver.deliver(clinic.id, row) == "skip:done"
    assert one(owner, "SELECT count(*) FROM frontdesk.events WHERE type = 'sms.failed'") == 1


class TestFetch:
    """twilio_sms.fetch: one request, and an answer whatever happens."""

    def test_it_tells_the_status_and_the_error_code(self, fake: FakeTwilio) -> None:
        """Through the real SDK: on its way, arrived, not arrived and why."""
        set_faults(fake, status_step_seconds=30)
        [sid] = twilio_sms.send(ACCOUNT, TEXT, fake.url).sids
        assert twilio_sms.fetch(ACCOUNT, sid, fake.url) == Answer("queued", sids=(sid,))
        set_faults(fake, numbers={TEXT.to: 30005})
        [other] = twilio_sms.send(ACCOUNT, TEXT, fake.url).sids
        for _ in range(200):
            told = twilio_sms.fetch(ACCOUNT, other, fake.url)
            if told.result not in ("queued", "sent"):
                break
            time.sleep(0.02)
        assert told == Answer("undelivered", sids=(other,), code="30005", number=30005)

    def test_what_is_not_there_and_what_cannot_be_asked(self, fake: FakeTwilio) -> None:
        """No such message, a wrong token, Twilio down, Twilio out of reach."""
        sid = "SM" + "0" * 32
        assert twilio_sms.fetch(ACCOUNT, sid, fake.url) == Answer("absent")
        refused = twilio_sms.fetch(replace(ACCOUNT, token="wrong"), sid, fake.url)
        assert (refused.result, refused.code) == ("config", "20003")
        assert twilio_sms.fetch(ACCOUNT, sid, "http://127.0.0.1:1").code == "unreachable"
        set_faults(fake, unavailable=1)
        assert twilio_sms.fetch(ACCOUNT, sid, fake.url).result == "unknown"
