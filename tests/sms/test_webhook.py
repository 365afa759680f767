"""What Twilio tells us: statuses that only rise, and patients' texts that do what they say, once."""

from typing import Any

import pytest

from frontdesk import credentials, db, sms_messages
from frontdesk.errors import CredentialsUnavailableError, DatabaseUnavailableError
from functions.sms_worker import replies, webhook
from tests.clinics import Clinic, Connection, one
from tests.fake_twilio import BRIGHT, SOL
from tests.sms.conftest import (
    PATIENT,
    Surroundings,
    age,
    book,
    receive,
    report,
    request,
    set_template,
    text_of,
    texting_clinic,
    work,
)

SID = "SM" + "0" * 32


@pytest.fixture
def text(app: Connection, owner: Connection, clinic: Clinic) -> dict[str, Any]:
    """Send the text of a booking, and return its row."""
    appointment, row = book(app, clinic)
    assert work(clinic, row) == []
    return text_of(owner, appointment)


def state(owner: Connection, text: dict[str, Any]) -> str:
    """Return a text's state now."""
    return str(one(owner, "SELECT state FROM frontdesk.sms_messages WHERE id = %s", text["id"]))


def status_of(owner: Connection, appointment: dict[str, Any]) -> str:
    """Return an appointment's status now."""
    return str(one(owner, "SELECT status FROM frontdesk.appointments WHERE id = %s", appointment["id"]))


class TestStatus:
    """POST /api/twilio/status."""

    def test_statuses_move_a_text_up(self, owner: Connection, clinic: Clinic, text: dict[str, Any]) -> None:
        """sending, sent, delivered."""
        for status, expected in (("sending", "accepted"), ("sent", "sent"), ("delivered", "delivered")):
            assert report(clinic, text, status)["statusCode"] == 204
            assert state(owner, text) == expected

    def test_statuses_out_of_order_and_repeated_end_the_same(
        self, owner: Connection, clinic: Clinic, text: dict[str, Any]
    ) -> None:
        """Delivered came first: what comes later says nothing new."""
        for status in ("delivered", "sent", "sending", "queued", "delivered", "undelivered", "sent"):
            assert report(clinic, text, status)["statusCode"] == 204
        assert state(owner, text) == "delivered"

    def test_a_callback_repairs_a_lost_answer(
        self, app: Connection, owner: Connection, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The worker died before it recorded: the callback brings Twilio's id, nothing is sent again."""
        appointment, row = book(app, clinic)
        with monkeypatch.context() as crash:
            crash.setattr(sms_messages, "record", lambda *_a, **_n: (_ for _ in ()).throw(SystemExit))
            with pytest.raises(SystemExit):
                work(clinic, row)
        claimed = text_of(owner, appointment)
        assert claimed["state"] == "claimed"
        report(clinic, claimed | {"twilio_sid": "SM" + "5" * 32}, "sent")
        repaired = text_of(owner, appointment)
        assert (repaired["state"], repaired["twilio_sid"]) == ("sent", "SM" + "5" * 32)

    def test_a_phone_that_was_off_gets_a_new_attempt_later(
        self, owner: Connection, clinic: Clinic, text: dict[str, Any]
    ) -> None:
        """30003 waits a quarter of an hour; 30006, a landline, is the end of it."""
        report(clinic, text, "undelivered", ErrorCode="30003")
        waiting = owner.execute(
            "SELECT state, next_at - now() >= interval '14 min' AS late FROM frontdesk.sms_messages"
        ).fetchone()
        assert waiting == {"state": "retry", "late": True}
        report(clinic, text, "undelivered", ErrorCode="30003")
        assert one(owner, "SELECT resends FROM frontdesk.sms_messages") == 1

    def test_a_landline_is_final(self, owner: Connection, clinic: Clinic, text: dict[str, Any]) -> None:
        """The code is kept, and no new attempt is planned."""
        report(clinic, text, "undelivered", ErrorCode="30006")
        assert state(owner, text) == "undelivered"
        assert one(owner, "SELECT error_code FROM frontdesk.sms_messages") == "30006"

    @pytest.mark.parametrize(
        "fields",
        [
            [("MessageSid", SID), ("MessageStatus", "exploded")],
            [("MessageSid", SID)],
            [("MessageStatus", "sent")],
            [("MessageSid", "no sid; DROP"), ("MessageStatus", "sent")],
        ],
    )
    def test_what_cannot_be_understood_changes_nothing(
        self, owner: Connection, clinic: Clinic, text: dict[str, Any], fields: list[tuple[str, str]]
    ) -> None:
        """A status Twilio invents tomorrow is answered and ignored, not a 5xx."""
        query = f"m={text['id']}&a=1&o={clinic.id}"
        assert webhook.handler(request("status", fields, query=query), None)["statusCode"] == 204
        assert state(owner, text) == "accepted"

    def test_a_message_of_another_clinic_is_refused(
        self, owner: Connection, clinic: Clinic, around: Surroundings, text: dict[str, Any]
    ) -> None:
        """A clinic's own signature says nothing about another clinic's text."""
        other = texting_clinic(owner, around, sms_sender=SOL.number)
        query = f"m={text['id']}&a=1&o={other.id}"
        pairs = [("MessageSid", str(text["twilio_sid"])), ("MessageStatus", "failed")]
        assert webhook.handler(request("status", pairs, query=query), None)["statusCode"] == 403
        assert state(owner, text) == "accepted"


class TestInbound:
    """POST /api/twilio/inbound."""

    def test_c_confirms_the_nearest_coming_visit(
        self, app: Connection, owner: Connection, clinic: Clinic
    ) -> None:
        """Of two visits the first one, and the answer says which."""
        later, _ = book(app, clinic, 14)
        sooner, _ = book(app, clinic, 10)
        answer = receive("C")
        assert answer["statusCode"] == 200
        assert answer["headers"]["content-type"].startswith("text/xml")
        assert "Dana is confirmed for" in answer["body"]
        assert "at 10 AM." in answer["body"]
        assert (status_of(owner, sooner), status_of(owner, later)) == ("confirmed", "pending")

    def test_the_same_text_again_gets_the_same_answer_and_does_nothing(
        self, app: Connection, owner: Connection, clinic: Clinic
    ) -> None:
        """Twilio repeats a delivery: one event, one answer, and the second visit stays as it is."""
        book(app, clinic, 10)
        second, _ = book(app, clinic, 14)
        first_answer = receive("C")
        assert receive("C") == first_answer
        assert status_of(owner, second) == "pending"
        count = "SELECT count(*) FROM frontdesk.events WHERE type = 'appointment.confirmed'"
        assert one(owner, count) == 1

    def test_nothing_to_confirm_is_said_so(self, clinic: Clinic) -> None:
        """A stranger's C confirms nothing."""
        assert "no coming visit to confirm" in receive("C")["body"]

    def test_the_receiving_number_tells_the_clinic(
        self, app: Connection, owner: Connection, clinic: Clinic, around: Surroundings
    ) -> None:
        """One phone, two clinics: C to the second one's number confirms the second one's visit."""
        other = texting_clinic(owner, around, sms_sender=SOL.number, name="Sol")
        around.secrets[other.id] = [{"account_sid": SOL.sid, "auth_token": SOL.auth_token}]
        mine, _ = book(app, clinic)
        theirs, _ = book(app, other)
        pairs = [("MessageSid", SID), ("From", PATIENT), ("To", SOL.number), ("Body", "C")]
        answer = webhook.handler(request("inbound", pairs, token=SOL.auth_token), None)
        assert "Sol: thank you" in answer["body"]
        assert (status_of(owner, mine), status_of(owner, theirs)) == ("pending", "confirmed")

    def test_a_messaging_service_tells_the_clinic(
        self, app: Connection, owner: Connection, around: Surroundings
    ) -> None:
        """A clinic that sends by a service is found by it, whichever number was texted."""
        clinic = texting_clinic(owner, around, sms_sender=BRIGHT.messaging_service_sid)
        appointment, _ = book(app, clinic)
        pairs = [("MessageSid", SID), ("From", PATIENT), ("To", "+12025550000"), ("Body", "c"),
                 ("MessagingServiceSid", BRIGHT.messaging_service_sid)]  # fmt: skip
        assert webhook.handler(request("inbound", pairs), None)["statusCode"] == 200
        assert status_of(owner, appointment) == "confirmed"

    def test_stop_ends_all_texts_and_start_begins_them_again(
        self, app: Connection, owner: Connection, clinic: Clinic, fake: Any
    ) -> None:
        """STOP is answered by Twilio, not by us; nothing queued goes out after it."""
        _, row = book(app, clinic, 10)
        assert receive("Stop.")["body"] == replies.NO_REPLY
        assert work(clinic, row) == []
        assert one(owner, "SELECT count(*) FROM frontdesk.sms_messages WHERE state = 'accepted'") == 0
        assert "you will get texts" in receive("YES", sid="SM" + "1" * 32)["body"]
        _, later = book(app, clinic, 14)
        work(clinic, later)
        assert one(owner, "SELECT count(*) FROM frontdesk.sms_messages WHERE state = 'accepted'") == 1

    @pytest.mark.parametrize(
        "body", ["", "Can I bring my son?", "\N{THUMBS UP SIGN}", "nul\x00byte", "x" * 3000]
    )
    def test_anything_else_goes_to_the_staffs_inbox(
        self, owner: Connection, clinic: Clinic, body: str
    ) -> None:
        """Kept with an event, and not answered by a machine; a picture without words too."""
        assert receive(body, NumMedia="1" if not body else "0")["body"] == replies.NO_REPLY
        assert one(owner, "SELECT count(*) FROM frontdesk.events WHERE type = 'sms.received'") == 1

    @pytest.mark.parametrize("sender", ["24680", "whatsapp:+12025550147", "", "+1"])
    def test_a_sender_that_is_no_phone_is_ignored(
        self, owner: Connection, clinic: Clinic, sender: str
    ) -> None:
        """Short codes and other channels are nobody we could book."""
        assert receive("C", sender=sender)["statusCode"] == 200
        assert one(owner, "SELECT count(*) FROM frontdesk.sms_messages") == 0

    def test_the_clinics_own_wording_answers(self, owner: Connection, clinic: Clinic) -> None:
        """Replies have templates like all other texts."""
        set_template(owner, clinic, "help", "{clinic} here. Phone {phone}.")
        assert "<Message>Bright Smiles here. Phone (202) 555-0199.</Message>" in receive("help")["body"]

    def test_what_changed_is_published(self, app: Connection, clinic: Clinic, around: Surroundings) -> None:
        """The board hears of a confirmation at once, not a minute later."""
        book(app, clinic)
        around.published.clear()
        receive("C")
        assert "notify" in {row["queue"] for row in around.published}


class TestTrouble:
    """What Twilio is told when something is wrong on our side."""

    def test_the_database_away_is_a_503(self, clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
        """Then Twilio may try again, or call the fallback URL."""

        def away(*_arguments: Any, **_named: Any) -> Any:
            raise DatabaseUnavailableError("57P01")

        monkeypatch.setattr(db, "call", away)
        assert receive("C")["statusCode"] == 503

    def test_the_key_service_away_is_a_503(self, clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
        """A signature that cannot be checked now is neither accepted nor called forged."""

        def away(org_id: Any, purpose: str) -> Any:
            raise CredentialsUnavailableError(org_id, purpose, "KMS was not reached")

        monkeypatch.setattr(credentials, "live", away)
        assert receive("C")["statusCode"] == 503

    @pytest.mark.parametrize("broken", [DatabaseUnavailableError("23514"), RuntimeError("a patient's words")])
    def test_a_defect_of_ours_is_never_a_5xx(
        self, clinic: Clinic, monkeypatch: pytest.MonkeyPatch, broken: Exception, capsys: Any
    ) -> None:
        """A statement that can never work would fail again: Twilio is answered, the log has the type only."""

        def breaks(*_arguments: Any, **_named: Any) -> Any:
            raise broken

        monkeypatch.setattr(sms_messages, "receive", breaks)
        answer = receive("C")
        assert (answer["statusCode"], answer["body"]) == (200, replies.NO_REPLY)
        assert "a patient's words" not in capsys.readouterr().out

    def test_an_unknown_path_is_a_404(self, clinic: Clinic) -> None:
        """Nothing else lives here."""
        event = request("inbound", []) | {"rawPath": "/api/twilio/voice"}
        assert webhook.handler(event, None)["statusCode"] == 404

    def test_a_waiting_retry_is_not_disturbed_by_time(
        self, app: Connection, owner: Connection, clinic: Clinic
    ) -> None:
        """A late callback of an attempt that was given up does not end the next one."""
        appointment, row = book(app, clinic)
        work(clinic, row)
        first = text_of(owner, appointment)
        report(clinic, first, "undelivered", ErrorCode="30003")
        age(owner, first["id"], 3600)
        assert work(clinic, row) == []
        second = text_of(owner, appointment)
        assert second["attempt"] == 2
        report(clinic, first, "failed", ErrorCode="30006")
        assert state(owner, second) == "accepted"
