"""One text from its outbox row to Twilio: exactly once, and never about what is no longer so."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from frontdesk import db, settings, sms_messages
from functions.sms_worker import deliver, twilio_sms
from local.fake_twilio import FakeTwilio
from tests.clinics import Clinic, Connection, call, one
from tests.fake_twilio import BRIGHT, SOL
from tests.sms.conftest import (
    BASE,
    PATIENT,
    Surroundings,
    age,
    book,
    cancel,
    sent,
    set_faults,
    set_template,
    sms_row,
    text_of,
    texting_clinic,
    work,
)


def events(owner: Connection, clinic: Clinic) -> list[str]:
    """Return the types of a clinic's events, oldest first."""
    rows = owner.execute(
        "SELECT type FROM frontdesk.events WHERE org_id = %s ORDER BY seq", [clinic.id]
    ).fetchall()
    return [row["type"] for row in rows]


def test_a_booking_is_texted_once_with_the_right_words(
    app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio
) -> None:
    """The patient gets one text from the clinic's number, with the visit on the clinic's clock."""
    appointment, row = book(app, clinic, 15)
    assert work(clinic, row) == []
    [text] = sent(fake)
    monday = clinic.at(15)
    assert text["from"] == BRIGHT.number
    assert text["to"] == PATIENT
    day = f"{monday:%A}, {monday:%B} {monday.day}"
    assert text["body"] == (
        f"Bright Smiles: Dana is booked with Dr. Patel on {day} at 3 PM,"
        f" code {appointment['confirmation_code']}."
        " Reply C to confirm or R to move it. Reply STOP to opt out."
    )
    kept = text_of(owner, appointment)
    assert (kept["state"], kept["twilio_sid"], kept["attempt"]) == ("accepted", text["sid"], 1)
    assert text["status_callback"] == f"{BASE}/api/twilio/status?m={kept['id']}&a=1&o={clinic.id}"
    assert "sms.sent" in events(owner, clinic)


def test_the_same_row_again_sends_nothing_more(app: Connection, clinic: Clinic, fake: FakeTwilio) -> None:
    """SQS delivers twice now and then: the second delivery is done with, not sent."""
    _, row = book(app, clinic)
    assert work(clinic, row, row) == []
    assert work(clinic, row) == []
    assert deliver.deliver(clinic.id, row) == "skip:done"
    assert len(sent(fake)) == 1


def test_only_the_first_text_to_a_number_says_how_to_opt_out(
    app: Connection, clinic: Clinic, fake: FakeTwilio
) -> None:
    """The opt-out line is due once; after it, it would only cost."""
    _, first = book(app, clinic, 10)
    _, second = book(app, clinic, 14)
    work(clinic, first)
    work(clinic, second)
    assert ["STOP" in text["body"] for text in sent(fake)] == [True, False]


def test_a_clinics_own_wording_is_used(
    app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio
) -> None:
    """A template row replaces our wording; one that could not be saved today does not."""
    set_template(owner, clinic, "booked", "{clinic} says {day} {time}. Reply STOP to opt out.")
    set_template(owner, clinic, "cancelled", "{clinic} {day} {time} {diagnosis}")
    appointment, row = book(app, clinic, 11)
    work(clinic, row)
    told = cancel(app, clinic, appointment)
    work(clinic, sms_row(told))
    first, second = (text["body"] for text in sent(fake))
    assert first.startswith("Bright Smiles says ")
    assert first.endswith(" at 11 AM. Reply STOP to opt out.")
    assert "is cancelled. To book again call (202) 555-0199." in second


def test_a_spanish_clinic_texts_in_spanish(
    app: Connection, owner: Connection, around: Surroundings, fake: FakeTwilio
) -> None:
    """The clinic's language decides wording and date; accents GSM-7 lacks are written without."""
    clinic = texting_clinic(owner, around, language="es", name="Clínica del Sol", time_zone="Europe/Madrid")
    _, row = book(app, clinic, 15)
    work(clinic, row)
    [text] = sent(fake)
    assert text["body"].startswith("Clinica del Sol: Dana, cita lunes ")
    assert " a las 3 de la tarde con Dr. Patel" in text["body"]
    assert text["body"].endswith("Responda STOP para no recibir mas.")


def test_a_messaging_service_can_be_the_sender(
    app: Connection, owner: Connection, around: Surroundings, fake: FakeTwilio
) -> None:
    """A clinic with a messaging service (MG...) texts through it."""
    clinic = texting_clinic(owner, around, sms_sender=BRIGHT.messaging_service_sid)
    _, row = book(app, clinic)
    assert deliver.deliver(clinic.id, row) == "accepted"
    assert len(sent(fake)) == 1


def test_eight_workers_with_one_row_send_one_text(
    app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio
) -> None:
    """SQS may hand one message to many at once: one claims it, the others let it be."""
    appointment, row = book(app, clinic)
    start = threading.Barrier(8)

    def worker() -> str:
        try:
            start.wait(10)
            return deliver.deliver(clinic.id, row)
        finally:
            db.close()

    with ThreadPoolExecutor(8) as workers:
        outcomes = sorted(each.result() for each in [workers.submit(worker) for _ in range(8)])
    assert outcomes.count("accepted") == 1, outcomes
    assert all(outcome.startswith("skip:") for outcome in outcomes if outcome != "accepted"), outcomes
    assert len(sent(fake)) == 1
    assert text_of(owner, appointment)["attempt"] == 1


class TestNotSent:
    """Every reason not to send: the message is done with, and Twilio never hears of it."""

    def test_no_sender(
        self, app: Connection, owner: Connection, around: Surroundings, fake: FakeTwilio
    ) -> None:
        """A clinic that does not text."""
        clinic = texting_clinic(owner, around, sms_sender=None)
        _, row = book(app, clinic)
        assert deliver.deliver(clinic.id, row) == "skip:no_sender"
        assert sent(fake) == []

    def test_paused(self, app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio) -> None:
        """A clinic whose texts are paused."""
        _, row = book(app, clinic)
        owner.execute("UPDATE frontdesk.orgs SET sms_paused_reason = '20003' WHERE id = %s", [clinic.id])
        assert deliver.deliver(clinic.id, row) == "skip:paused"
        assert sent(fake) == []

    def test_opted_out(self, app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio) -> None:
        """A patient who said STOP."""
        appointment, row = book(app, clinic)
        owner.execute(
            "INSERT INTO frontdesk.sms_opt_outs (org_id, phone) VALUES (%s, %s)", [clinic.id, PATIENT]
        )
        assert deliver.deliver(clinic.id, row) == "skip:opted_out"
        assert text_of(owner, appointment)["state"] == "suppressed"
        assert sent(fake) == []

    def test_cancelled_meanwhile(self, app: Connection, clinic: Clinic, fake: FakeTwilio) -> None:
        """A visit cancelled before its confirmation went out: only the cancellation is told."""
        appointment, row = book(app, clinic)
        told = cancel(app, clinic, appointment)
        assert deliver.deliver(clinic.id, row) == "skip:not_live"
        assert deliver.deliver(clinic.id, sms_row(told)) == "accepted"
        [text] = sent(fake)
        assert "is cancelled" in text["body"]

    def test_moved_meanwhile(self, app: Connection, clinic: Clinic, fake: FakeTwilio) -> None:
        """A visit moved before its confirmation went out: only the new time is told."""
        appointment, row = book(app, clinic, 10)
        told = call(app, "reschedule_appointment_atomic", org_id=clinic.id, scheduled_at=clinic.at(14),
                    caller_phone=PATIENT, patient_name="Dana Whitfield",
                    confirmation_code=appointment["confirmation_code"])  # fmt: skip
        assert deliver.deliver(clinic.id, row) == "skip:moved"
        assert deliver.deliver(clinic.id, sms_row(told)) == "accepted"
        [text] = sent(fake)
        assert "visit is now on" in text["body"]
        assert "at 2 PM" in text["body"]

    def test_cancelled_between_writing_and_claiming(
        self, app: Connection, clinic: Clinic, fake: FakeTwilio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The claim looks again: what was cancelled while the text was written is not sent."""
        appointment, row = book(app, clinic)
        written = deliver.write

        def cancelled_meanwhile(task: deliver.Task) -> str:
            cancel(app, clinic, appointment)
            return written(task)

        monkeypatch.setattr(deliver, "write", cancelled_meanwhile)
        assert deliver.deliver(clinic.id, row) == "skip:not_live"
        assert sent(fake) == []

    def test_expired(self, app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio) -> None:
        """A text nobody has use for any more."""
        appointment, row = book(app, clinic)
        owner.execute("UPDATE frontdesk.orgs SET sms_paused_reason = 'x' WHERE id = %s", [clinic.id])
        deliver.deliver(clinic.id, row)
        owner.execute("UPDATE frontdesk.orgs SET sms_paused_reason = NULL WHERE id = %s", [clinic.id])
        owner.execute(
            "UPDATE frontdesk.sms_messages SET valid_until = now() - interval '1 s', next_at = now()"
        )
        assert deliver.deliver(clinic.id, row) == "skip:expired"
        assert text_of(owner, appointment)["state"] == "expired"
        assert sent(fake) == []

    def test_another_kind(self, app: Connection, owner: Connection, clinic: Clinic) -> None:
        """A row that was meant for somebody else."""
        told = book(app, clinic)[0]
        row = one(
            owner,
            "SELECT id FROM frontdesk.outbox WHERE aggregate_id = %s AND queue = 'notify'",
            told["id"],
        )
        assert deliver.deliver(clinic.id, row) == "skip:other_kind"

    def test_claimed_by_another_worker(self, app: Connection, clinic: Clinic, fake: FakeTwilio) -> None:
        """Two workers with one row: the second finds it claimed."""
        _, row = book(app, clinic)
        told = sms_messages.next_sms(clinic.id, row)
        message = told["message"]
        deliver_id = deliver.Task(clinic.id, message, told["org"], told["appointment"], None).message_id
        assert sms_messages.claim(clinic.id, deliver_id, "words", 1, BRIGHT.number)["claimed"]
        assert deliver.deliver(clinic.id, row) == "skip:claimed"
        assert sent(fake) == []


class TestTrouble:
    """What Twilio refuses, and what becomes of the text."""

    @pytest.mark.parametrize(
        ("number", "state", "code"),
        [
            ("+15005550001", "failed", "21211"),
            ("+15005550009", "failed", "21614"),
            ("+15005550002", "failed", "21612"),
            ("+15005550004", "suppressed", "21610"),
        ],
    )
    def test_a_number_that_cannot_be_texted(
        self,
        app: Connection,
        owner: Connection,
        clinic: Clinic,
        fake: FakeTwilio,
        number: str,
        state: str,
        code: str,
    ) -> None:
        """The text ends with Twilio's code, the clinic goes on, and the staff see an event."""
        appointment, row = book(app, clinic, patient_phone=number)
        deliver.deliver(clinic.id, row)
        kept = text_of(owner, appointment)
        assert (kept["state"], kept["error_code"]) == (state, code)
        assert sent(fake) == []
        assert "sms.failed" in events(owner, clinic)
        assert one(owner, "SELECT sms_paused_reason FROM frontdesk.orgs WHERE id = %s", clinic.id) is None
        assert one(owner, "SELECT count(*) FROM frontdesk.sms_opt_outs") == (1 if code == "21610" else 0)

    def test_a_clinic_with_a_wrong_token_pauses_and_others_go_on(
        self, app: Connection, owner: Connection, clinic: Clinic, around: Surroundings, fake: FakeTwilio
    ) -> None:
        """Credentials Twilio refuses pause that clinic, with the code as its reason; nothing is lost."""
        other = texting_clinic(owner, around, sms_sender=SOL.number)
        around.secrets[other.id] = [{"account_sid": SOL.sid, "auth_token": SOL.auth_token}]
        around.secrets[clinic.id] = [{"account_sid": BRIGHT.sid, "auth_token": "wrong"}]
        appointment, row = book(app, clinic)
        _, theirs = book(app, other)
        assert deliver.deliver(clinic.id, row) == "config"
        assert deliver.deliver(other.id, theirs) == "accepted"
        assert one(owner, "SELECT sms_paused_reason FROM frontdesk.orgs WHERE id = %s", clinic.id) == "20003"
        assert "sms.paused" in events(owner, clinic)
        # The operator puts the token right and resumes.
        around.secrets[clinic.id] = [{"account_sid": BRIGHT.sid, "auth_token": BRIGHT.auth_token}]
        owner.execute("UPDATE frontdesk.orgs SET sms_paused_reason = NULL WHERE id = %s", [clinic.id])
        age(owner, text_of(owner, appointment)["id"], 3600)
        assert deliver.deliver(clinic.id, row) == "accepted"
        assert len(sent(fake)) == 2

    def test_a_clinic_without_credentials_pauses(
        self, app: Connection, owner: Connection, clinic: Clinic, around: Surroundings, fake: FakeTwilio
    ) -> None:
        """Nothing to log in with is a reason to pause, not to fail texts one by one."""
        around.secrets.clear()
        appointment, row = book(app, clinic)
        assert deliver.deliver(clinic.id, row) == "config"
        reason = one(owner, "SELECT sms_paused_reason FROM frontdesk.orgs WHERE id = %s", clinic.id)
        assert reason == "credentials_missing"
        assert text_of(owner, appointment)["state"] == "retry"
        assert sent(fake) == []

    def test_too_many_requests_wait_as_long_as_twilio_says(
        self, app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio
    ) -> None:
        """A 429 is certainly not sent: the same text goes out after Retry-After, without a look."""
        set_faults(fake, error_429=1, retry_after_seconds=40)
        appointment, row = book(app, clinic)
        assert deliver.deliver(clinic.id, row) == "rate"
        kept = text_of(owner, appointment)
        wait = (kept["next_at"] - datetime.now(UTC)).total_seconds()
        assert kept["state"] == "retry"
        assert 35 <= wait <= 51
        assert deliver.deliver(clinic.id, row) == "skip:not_due"
        set_faults(fake)
        age(owner, kept["id"], 60)
        assert deliver.deliver(clinic.id, row) == "accepted"
        assert len(sent(fake)) == 1

    def test_twilio_out_of_reach_is_tried_again(
        self,
        app: Connection,
        owner: Connection,
        clinic: Clinic,
        fake: FakeTwilio,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A refused connection sent nothing: retried until the text is out of date, never looked up."""
        monkeypatch.setenv("TWILIO_API_BASE", "http://127.0.0.1:1")
        settings.current.cache_clear()
        appointment, row = book(app, clinic)
        for _ in range(5):
            assert deliver.deliver(clinic.id, row) == "retry"
            age(owner, text_of(owner, appointment)["id"], 300)
        assert text_of(owner, appointment)["error_code"] == "unreachable"
        assert text_of(owner, appointment)["looks"] == 0


class TestAmbiguous:
    """No answer, or a 500: Twilio is asked before anything is sent again."""

    @pytest.mark.parametrize("fault", ["timeout_after_accept", "error_500_after_accept"])
    def test_a_text_twilio_took_is_found_and_not_sent_again(
        self, app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio, fault: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        """Accepted without an answer: the look finds it and adopts its SID."""
        monkeypatch.setattr(twilio_sms, "READ_SECONDS", 0.5)
        set_faults(fake, **{fault: 1})
        appointment, row = book(app, clinic)
        assert deliver.deliver(clinic.id, row) == "unknown"
        assert text_of(owner, appointment)["state"] == "unknown"
        set_faults(fake)
        age(owner, text_of(owner, appointment)["id"], 0)
        owner.execute("UPDATE frontdesk.sms_messages SET next_at = now()")
        assert deliver.deliver(clinic.id, row) == "accepted"
        [text] = sent(fake)
        assert text_of(owner, appointment)["twilio_sid"] == text["sid"]

    @pytest.mark.parametrize("fault", ["timeout_before_accept", "error_500_before_accept"])
    def test_a_text_twilio_never_took_is_sent_after_two_empty_looks(
        self, app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio, fault: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        """Two looks two minutes apart find nothing: one more attempt, and it arrives once."""
        monkeypatch.setattr(twilio_sms, "READ_SECONDS", 0.5)
        set_faults(fake, **{fault: 1})
        appointment, row = book(app, clinic)
        assert deliver.deliver(clinic.id, row) == "unknown"
        set_faults(fake)
        message = text_of(owner, appointment)["id"]
        owner.execute("UPDATE frontdesk.sms_messages SET next_at = now()")
        assert deliver.deliver(clinic.id, row) == "absent"
        owner.execute("UPDATE frontdesk.sms_messages SET next_at = now()")
        assert deliver.deliver(clinic.id, row) == "absent"
        assert text_of(owner, appointment)["state"] == "unknown", (
            "a second look at once must not count as one"
        )
        age(owner, message, 130)
        owner.execute("UPDATE frontdesk.sms_messages SET next_at = now()")
        assert deliver.deliver(clinic.id, row) == "absent"
        assert text_of(owner, appointment)["state"] == "retry"
        assert sent(fake) == []
        assert deliver.deliver(clinic.id, row) == "accepted"
        assert len(sent(fake)) == 1

    def test_a_look_that_fails_decides_nothing(
        self, app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio
    ) -> None:
        """While Twilio's list is away the text stays unknown, and no look is counted."""
        set_faults(fake, error_500_after_accept=1)
        appointment, row = book(app, clinic)
        deliver.deliver(clinic.id, row)
        set_faults(fake, unavailable=1)
        for _ in range(3):
            owner.execute("UPDATE frontdesk.sms_messages SET next_at = now()")
            assert deliver.deliver(clinic.id, row) == "unknown"
        assert text_of(owner, appointment)["looks"] == 0
        set_faults(fake)
        owner.execute("UPDATE frontdesk.sms_messages SET next_at = now()")
        assert deliver.deliver(clinic.id, row) == "accepted"
        assert len(sent(fake)) == 1

    def test_a_look_without_credentials_never_puts_the_text_back(
        self, app: Connection, owner: Connection, clinic: Clinic, around: Surroundings, fake: FakeTwilio
    ) -> None:
        """Credentials gone between send and look: unknown stays unknown, for the text may have arrived."""
        set_faults(fake, error_500_after_accept=1)
        appointment, row = book(app, clinic)
        deliver.deliver(clinic.id, row)
        set_faults(fake)
        kept = around.secrets.pop(clinic.id)
        owner.execute("UPDATE frontdesk.sms_messages SET next_at = now()")
        assert deliver.deliver(clinic.id, row) == "unknown"
        assert text_of(owner, appointment)["state"] == "unknown"
        around.secrets[clinic.id] = kept
        owner.execute("UPDATE frontdesk.sms_messages SET next_at = now()")
        assert deliver.deliver(clinic.id, row) == "accepted"
        assert len(sent(fake)) == 1

    def test_two_texts_with_the_same_words_find_one_sid_each(
        self, app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio
    ) -> None:
        """A SID belongs to one text: the second of two equal ones adopts the second."""
        set_template(owner, clinic, "booked", "{clinic}: see you {day} {time}. Reply STOP to opt out.")
        set_faults(fake, error_500_after_accept=1)
        first, row = book(app, clinic, 10, patient_name="Dana Whitfield")
        deliver.deliver(clinic.id, row)
        # The same words again: the second visit is moved in the table to the first one's time.
        second, other = book(app, clinic, 14, patient_name="Sam Whitfield")
        owner.execute("UPDATE frontdesk.appointments SET overbooked = true")
        owner.execute(
            "UPDATE frontdesk.appointments SET starts_at = %s, ends_at = %s, during = tstzrange(%s, %s)"
            " WHERE id = %s",
            [clinic.at(10), clinic.at(11), clinic.at(10), clinic.at(11), second["id"]],
        )
        deliver.deliver(clinic.id, other)
        bodies = [text["body"] for text in sent(fake)]
        assert len(bodies) == 2
        assert bodies[0] == bodies[1]
        set_faults(fake)
        owner.execute("UPDATE frontdesk.sms_messages SET next_at = now()")
        assert deliver.deliver(clinic.id, other) == "accepted"
        assert deliver.deliver(clinic.id, row) == "accepted"
        sids = {text_of(owner, first)["twilio_sid"], text_of(owner, second)["twilio_sid"]}
        assert sids == {text["sid"] for text in sent(fake)}


class Killed(BaseException):
    """The worker's process ends here."""


POINTS = (
    "before claim", "after claim", "after send", "after record",
)  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_any_point_sends_at_most_one_text_and_loses_none(
    point: str, app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Killed between claim, send and record: redelivery, sweep and look end with exactly one text."""
    appointment, row = book(app, clinic)
    with monkeypatch.context() as crash:
        _crash_at(point, crash)
        with pytest.raises(Killed):
            work(clinic, row)
    # The queue brings the message again, and dispatch sweeps for what is left, for a while.
    for _ in range(6):
        work(clinic, row)
        for kept in owner.execute("SELECT id FROM frontdesk.sms_messages").fetchall():
            age(owner, kept["id"], 130)
    assert len(sent(fake)) == 1
    kept = text_of(owner, appointment)
    assert kept["state"] == "accepted"
    assert kept["twilio_sid"] == sent(fake)[0]["sid"]


def _crash_at(point: str, crash: pytest.MonkeyPatch) -> None:
    def after(whole: Any) -> Any:
        def killed(*arguments: Any, **named: Any) -> Any:
            whole(*arguments, **named)
            raise Killed

        return killed

    def at_once(*_arguments: Any, **_named: Any) -> Any:
        raise Killed

    if point == "before claim":
        crash.setattr(sms_messages, "claim", at_once)
    elif point == "after claim":
        crash.setattr(sms_messages, "claim", after(sms_messages.claim))
    elif point == "after send":
        crash.setattr(twilio_sms, "send", after(twilio_sms.send))
    else:
        crash.setattr(sms_messages, "record", after(sms_messages.record))
