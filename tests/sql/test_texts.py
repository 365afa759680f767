"""One text: from the outbox row to Twilio's last word, with all that can happen on the way."""

from typing import Any

import pytest

from tests.clinics import Clinic, Connection, book, call, make_clinic, one
from tests.crowd import all_at_once
from tests.database import Database
from tests.texts import (
    BODY,
    PATIENT,
    SENDER,
    claim,
    claimed_text,
    let_time_pass,
    next_sms,
    queued_text,
    receive,
    record,
    state_of,
    status,
    swept,
    text_row,
    texting_clinic,
)


@pytest.fixture
def texting(owner: Connection) -> Clinic:
    """Make a clinic that sends texts at any hour."""
    return texting_clinic(owner)


def test_a_booking_asks_for_one_text_with_all_it_needs(app: Connection, texting: Clinic) -> None:
    """The worker learns to whom, about what, from which number, and that it is the first to this number."""
    booked = book(app, texting, texting.at(9))
    asked = next_sms(app, texting, text_row(booked))
    assert (asked["action"], asked["reason"], asked["template"]) == ("send", None, None)
    assert asked["appointment"] == booked["appointment"]
    assert asked["org"]["sender"] == SENDER
    message = asked["message"]
    assert (message["kind"], message["phone"], message["version"], message["attempt"]) == (
        "booked",
        PATIENT,
        1,
        0,
    )
    assert message["first_to_number"]
    assert 0 < message["valid_seconds"] <= 48 * 3600


def test_asking_acknowledges_the_row_and_asking_again_finds_the_same_text(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """A row that arrived twice is still one text, and dispatch does not send it a third time."""
    row = text_row(book(app, texting, texting.at(9)))
    assert next_sms(app, texting, row)["message"] == next_sms(app, texting, row)["message"]
    assert one(owner, "SELECT sent_at IS NOT NULL FROM frontdesk.outbox WHERE id = %s", row)
    assert one(owner, "SELECT count(*) FROM frontdesk.sms_messages") == 1


def test_twenty_workers_at_once_claim_one_text_once(
    database: Database, app: Connection, owner: Connection, texting: Clinic
) -> None:
    """Twenty deliveries of one row at one moment: one text, one attempt."""
    row = text_row(book(app, texting, texting.at(9)))

    def work(connection: Connection) -> bool:
        asked = next_sms(connection, texting, row)
        if asked["action"] != "send":
            return False
        return bool(claim(connection, texting, asked["message"]["id"])["claimed"])

    assert sum(all_at_once(database, [work] * 20)) == 1
    assert one(owner, "SELECT attempt FROM frontdesk.sms_messages") == 1


def test_a_sent_text_is_done_and_told_once(app: Connection, owner: Connection, texting: Clinic) -> None:
    """Accepted by Twilio: later deliveries skip it, the timeline has one event, the board is told."""
    row = text_row(book(app, texting, texting.at(9)))
    message_id = next_sms(app, texting, row)["message"]["id"]
    claim(app, texting, message_id)
    done = record(app, texting, message_id, 1, "accepted", twilio_sid="SM1")
    assert (done["recorded"], done["state"]) == (True, "accepted")
    assert [each["queue"] for each in done["outbox"]] == ["notify"]
    assert record(app, texting, message_id, 1, "accepted", twilio_sid="SM1")["outbox"] == []
    assert next_sms(app, texting, row)["reason"] == "done"
    assert claim(app, texting, message_id)["reason"] == "done"
    assert one(owner, "SELECT count(*) FROM frontdesk.events WHERE type = 'sms.sent'") == 1
    assert (
        one(owner, "SELECT data ->> 'message_id' FROM frontdesk.events WHERE type = 'sms.sent'") == message_id
    )


def test_a_text_that_was_claimed_belongs_to_that_worker(app: Connection, texting: Clinic) -> None:
    """For ninety seconds nobody else touches it, neither to send nor to reconcile."""
    booked = book(app, texting, texting.at(9))
    message_id = next_sms(app, texting, text_row(booked))["message"]["id"]
    claim(app, texting, message_id)
    assert next_sms(app, texting, text_row(booked))["reason"] == "claimed"
    assert claim(app, texting, message_id) == {"claimed": False, "reason": "claimed", "outbox": []}


@pytest.mark.parametrize(
    ("arrange", "reason", "state"),
    [
        ("UPDATE frontdesk.appointments SET status = 'cancelled'", "not_live", "cancelled"),
        ("UPDATE frontdesk.appointments SET status = 'arrived'", "not_live", "cancelled"),
        ("UPDATE frontdesk.appointments SET version = 2, time_version = 2", "moved", "cancelled"),
        ("UPDATE frontdesk.sms_messages SET valid_until = now()", "expired", "expired"),
        ("INSERT INTO frontdesk.sms_opt_outs SELECT org_id, phone FROM frontdesk.sms_messages",
         "opted_out", "suppressed"),
        ("UPDATE frontdesk.orgs SET sms_paused_reason = '20003'", "paused", "queued"),
        ("UPDATE frontdesk.orgs SET sms_sender = NULL", "no_sender", "cancelled"),
        ("UPDATE frontdesk.sms_messages SET next_at = now() + interval '1 minute'", "not_due", "queued"),
    ],
)  # fmt: skip
def test_what_happens_between_asking_and_claiming_stops_the_text(
    app: Connection, owner: Connection, texting: Clinic, arrange: str, reason: str, state: str
) -> None:
    """The claim looks again: whatever was committed before it counts."""
    message_id = queued_text(app, texting)
    owner.execute(arrange)
    refused = claim(app, texting, message_id)
    assert (refused["claimed"], refused["reason"]) == (False, reason)
    assert state_of(owner, message_id) == state
    assert one(owner, "SELECT attempt FROM frontdesk.sms_messages") == 0


def test_a_confirmation_makes_no_text_out_of_date(app: Connection, texting: Clinic) -> None:
    """Confirming raises the version; the text about the booking is still true and still goes."""
    booked = book(app, texting, texting.at(9))
    call(app, "confirm_appointment", org_id=texting.id, appointment_id=booked["appointment"]["id"])
    assert next_sms(app, texting, text_row(booked))["action"] == "send"


def test_only_the_newest_time_is_told(app: Connection, texting: Clinic) -> None:
    """Booked, moved, moved back before any text went: one text goes, the one about the last change."""
    booked = book(app, texting, texting.at(9))
    moves = [
        call(
            app,
            "reschedule_appointment_atomic",
            org_id=texting.id,
            scheduled_at=texting.at(hour),
            appointment_id=booked["appointment"]["id"],
        )
        for hour in (10, 9)
    ]
    answers = [next_sms(app, texting, text_row(each)) for each in (booked, *moves)]
    assert [(each["action"], each["reason"]) for each in answers] == [
        ("skip", "moved"),
        ("skip", "moved"),
        ("send", None),
    ]
    assert answers[-1]["message"]["kind"] == "rescheduled"


def test_a_cancellation_is_told_and_the_booking_is_not(app: Connection, texting: Clinic) -> None:
    """A visit cancelled before its text went: the patient hears that it is cancelled, and nothing else."""
    booked = book(app, texting, texting.at(9))
    gone = call(
        app, "cancel_appointment_atomic", org_id=texting.id, appointment_id=booked["appointment"]["id"]
    )
    assert next_sms(app, texting, text_row(booked))["reason"] == "not_live"
    asked = next_sms(app, texting, text_row(gone))
    assert (asked["action"], asked["message"]["kind"]) == ("send", "cancelled")


def test_rows_that_are_nobodys_text_are_skipped(app: Connection, owner: Connection, texting: Clinic) -> None:
    """No such row, another clinic's row, a row of another queue: skipped, and nothing is made."""
    booked = book(app, texting, texting.at(9))
    other = make_clinic(owner)
    assert next_sms(app, texting, 10**9)["reason"] == "unknown_row"
    assert next_sms(app, other, text_row(booked))["reason"] == "unknown_row"
    calendar = next(row["id"] for row in booked["outbox"] if row["queue"] == "calendar")
    assert next_sms(app, texting, calendar)["reason"] == "other_kind"
    assert next_sms(app, other, text_row(book(app, other, other.at(9))))["reason"] == "no_sender"
    assert one(owner, "SELECT count(*) FROM frontdesk.sms_messages") == 0


def test_a_missed_call_back_is_told_once_for_each_try(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """We could not reach you: one text for each try; none once it is done, or where there is no number."""
    made = call(
        app,
        "create_follow_up",
        org_id=texting.id,
        message="Call me",
        due_at=texting.at(9),
        phone=PATIENT,
    )
    follow_up = {"org_id": texting.id, "follow_up_id": made["follow_up_id"]}
    first, second = (call(app, "follow_up_missed", **follow_up) for _ in range(2))
    asked = next_sms(app, texting, text_row(first))
    assert (asked["action"], asked["message"]["kind"]) == ("send", "follow_up_missed")
    assert asked["follow_up"] == {"id": made["follow_up_id"]}
    owner.execute("UPDATE frontdesk.follow_ups SET status = 'done'")
    assert next_sms(app, texting, text_row(second))["reason"] == "not_live"
    assert call(app, "follow_up_missed", **follow_up) == {"outcome": "not_open"}
    unknown = call(app, "create_follow_up", org_id=texting.id, message="Call me", due_at=texting.at(9))
    missed = call(app, "follow_up_missed", org_id=texting.id, follow_up_id=unknown["follow_up_id"])
    assert next_sms(app, texting, text_row(missed))["reason"] == "no_phone"


def test_the_clinics_own_wording_comes_along(app: Connection, owner: Connection, texting: Clinic) -> None:
    """A saved template is handed to the worker; going back to the default removes it."""
    words = {"org_id": texting.id, "event": "booked", "language": "en"}
    assert call(owner, "save_sms_template", **words, body="See you, {patient_first_name}") == {
        "outcome": "saved"
    }
    row = text_row(book(app, texting, texting.at(9)))
    assert next_sms(app, texting, row)["template"] == "See you, {patient_first_name}"
    assert call(owner, "save_sms_template", **words, body=None) == {"outcome": "reset"}
    assert next_sms(app, texting, row)["template"] is None


# --- What became of an attempt ----------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "state", "event"),
    [
        ("unknown", "unknown", None),
        ("retry", "retry", None),
        ("rate", "retry", None),
        ("permanent", "failed", "sms.failed"),
        ("expired", "expired", "sms.failed"),
        ("opted_out", "suppressed", "sms.failed"),
        ("config", "retry", "sms.paused"),
    ],
)
def test_each_result_has_its_state_and_its_event(
    app: Connection, owner: Connection, texting: Clinic, result: str, state: str, event: str | None
) -> None:
    """Whatever ends a text is in the timeline with its code; what will be tried again is not."""
    message_id = claimed_text(app, texting)
    done = record(app, texting, message_id, 1, result, error_code="30099")
    assert (done["recorded"], done["state"]) == (True, state)
    events = owner.execute("SELECT type, data FROM frontdesk.events WHERE type LIKE 'sms.%'").fetchall()
    assert [each["type"] for each in events] == ([event] if event else [])
    assert all(each["data"]["code"] == "30099" for each in events)


def test_a_retry_waits_and_is_a_new_attempt(app: Connection, owner: Connection, texting: Clinic) -> None:
    """Not before its time; then dispatch brings it again, and the next claim is attempt 2."""
    message_id = claimed_text(app, texting)
    record(app, texting, message_id, 1, "rate", retry_seconds=30)
    assert swept(app, owner) == []
    assert claim(app, texting, message_id)["reason"] == "not_due"
    let_time_pass(owner, 31)
    (row,) = swept(app, owner)
    assert next_sms(app, texting, row)["action"] == "send"
    assert claim(app, texting, message_id)["attempt"] == 2


def test_a_late_report_about_an_old_attempt_changes_nothing(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """A worker that was slow speaks of attempt 1 while attempt 2 is under way."""
    message_id = claimed_text(app, texting)
    record(app, texting, message_id, 1, "retry", retry_seconds=0)
    claim(app, texting, message_id)
    for result in ("permanent", "unknown", "config", "opted_out"):
        assert not record(app, texting, message_id, 1, result)["recorded"]
    assert not status(app, texting, message_id, 1, "SM1", "failed")["applied"]
    assert state_of(owner, message_id) == "claimed"
    assert one(owner, "SELECT count(*) FROM frontdesk.sms_opt_outs") == 0


def test_a_dead_workers_claim_becomes_unknown_and_is_reconciled(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """Ninety seconds after a claim nobody recorded: ask Twilio first, with the words that may be there."""
    message_id = claimed_text(app, texting)
    assert swept(app, owner) == []
    let_time_pass(owner, 91)
    (row,) = swept(app, owner)
    assert state_of(owner, message_id) == "unknown"
    asked = next_sms(app, texting, row)
    assert (asked["action"], asked["message"]["body"], asked["message"]["attempt"]) == ("reconcile", BODY, 1)
    assert claim(app, texting, message_id)["reason"] == "claimed", "unknown is never sent, only reconciled"


def test_two_looks_two_minutes_apart_allow_one_more_attempt(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """Two workers that look at one moment are one look; after the resend, two more looks end it."""
    message_id = claimed_text(app, texting)
    for attempt, after in ((1, "retry"), (2, "failed")):
        record(app, texting, message_id, attempt, "unknown")
        assert record(app, texting, message_id, attempt, "absent")["state"] == "unknown"
        assert record(app, texting, message_id, attempt, "absent")["state"] == "unknown"
        let_time_pass(owner, 121)
        assert record(app, texting, message_id, attempt, "absent")["state"] == after
        if after == "retry":
            assert claim(app, texting, message_id)["attempt"] == 2
    assert one(owner, "SELECT count(*) FROM frontdesk.events WHERE type = 'sms.failed'") == 1


def test_a_look_that_found_it_adopts_it(app: Connection, owner: Connection, texting: Clinic) -> None:
    """The text had arrived after all: it gets Twilio's id, and is not sent again."""
    message_id = claimed_text(app, texting)
    record(app, texting, message_id, 1, "unknown")
    assert record(app, texting, message_id, 1, "accepted", twilio_sid="SM7")["state"] == "accepted"
    let_time_pass(owner, 3500)
    assert swept(app, owner) == []


def test_a_callback_repairs_what_we_were_unsure_of(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """Even one that comes when another attempt was already decided on, so long as it is not claimed."""
    message_id = claimed_text(app, texting)
    record(app, texting, message_id, 1, "unknown")
    record(app, texting, message_id, 1, "absent")
    let_time_pass(owner, 121)
    assert record(app, texting, message_id, 1, "absent")["state"] == "retry"
    assert status(app, texting, message_id, 1, "SM7", "sent")["applied"]
    assert state_of(owner, message_id) == "sent"
    assert claim(app, texting, message_id)["reason"] == "done"


def test_one_id_of_twilios_is_one_text(app: Connection, owner: Connection, texting: Clinic) -> None:
    """A look that takes another text for ours is refused, not an error."""
    first = claimed_text(app, texting)
    second = claimed_text(app, texting, texting.at(11))
    record(app, texting, first, 1, "accepted", twilio_sid="SM1")
    assert record(app, texting, second, 1, "accepted", twilio_sid="SM1")["state"] == "claimed"
    assert one(owner, "SELECT count(*) FROM frontdesk.sms_messages WHERE twilio_sid = 'SM1'") == 1


def test_an_unreachable_phone_gets_two_more_attempts(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """Undelivered for a reason that may pass: again after the wait, at most twice, then it has failed."""
    message_id = claimed_text(app, texting)
    for attempt, after in ((1, "retry"), (2, "retry"), (3, "undelivered")):
        sid = f"SM{attempt}"
        record(app, texting, message_id, attempt, "accepted", twilio_sid=sid)
        said = status(
            app, texting, message_id, attempt, sid, "undelivered", error_code="30003", retry_seconds=900
        )
        assert said["state"] == after
        assert not status(app, texting, message_id, attempt, sid, "sent")["applied"], "a straggler"
        if after == "retry":
            assert claim(app, texting, message_id)["reason"] == "not_due"
            let_time_pass(owner, 901)
            assert claim(app, texting, message_id)["claimed"]
    codes = owner.execute("SELECT data FROM frontdesk.events WHERE type = 'sms.failed'").fetchall()
    assert [each["data"]["code"] for each in codes] == ["30003"]


# --- Pause, quiet hours, opting out -----------------------------------------------------


def test_wrong_credentials_pause_one_clinic_until_it_is_resumed(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """The reason is visible, its texts wait, nobody else's do; resumed, all that waited goes."""
    other = texting_clinic(owner, sms_sender="+12025550101")
    message_id = claimed_text(app, texting)
    waiting = queued_text(app, texting, texting.at(11))
    record(app, texting, message_id, 1, "config", error_code="20003")
    assert one(owner, "SELECT sms_paused_reason FROM frontdesk.orgs WHERE id = %s", texting.id) == "20003"
    assert claim(app, texting, waiting)["reason"] == "paused"
    assert claim(app, other, queued_text(app, other))["claimed"]
    let_time_pass(owner, 3600)
    owner.execute("UPDATE frontdesk.sms_messages SET state = 'cancelled' WHERE org_id = %s", [other.id])
    assert swept(app, owner) == []
    assert call(owner, "resume_sms", org_id=texting.id) == {"outcome": "resumed", "waiting": 2}
    rows = swept(app, owner)
    assert {next_sms(app, texting, row)["message"]["id"] for row in rows} == {message_id, waiting}
    assert all(claim(app, texting, each)["claimed"] for each in (message_id, waiting))
    assert call(owner, "resume_sms", org_id=texting.id)["outcome"] == "not_paused"


def test_stop_ends_what_waits_and_start_lets_new_ones_go(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """STOP: what waits is suppressed, and what comes; START: new ones go, old ones stay ended."""
    queued, waiting = queued_text(app, texting), claimed_text(app, texting, texting.at(11))
    record(app, texting, waiting, 1, "retry", retry_seconds=0)
    assert receive(app, texting, "stop")["reply"] == "stopped"
    assert {state_of(owner, each) for each in (queued, waiting)} == {"suppressed"}
    later = next_sms(app, texting, text_row(book(app, texting, texting.at(13))))
    assert (later["action"], later["reason"]) == ("skip", "opted_out")
    assert receive(app, texting, "start")["reply"] == "started"
    assert claim(app, texting, queued)["reason"] == "done"
    assert next_sms(app, texting, text_row(book(app, texting, texting.at(15))))["action"] == "send"


def test_nothing_is_claimed_after_a_stop_was_committed(
    database: Database, app: Connection, owner: Connection, texting: Clinic
) -> None:
    """STOP races with five claims, again and again: every claim that won is older than the opt-out."""
    for round_ in range(12):
        phone = f"+1202555{1000 + round_}"
        texts = [
            queued_text(
                app, texting, texting.at(9 + n, day=round_ % 5 + 7 * (round_ // 5)), patient_phone=phone
            )
            for n in range(5)
        ]

        def stop(connection: Connection, phone: str = phone) -> Any:
            receive(connection, texting, "stop", phone=phone)

        claims: list[Any] = [
            lambda connection, each=each: claim(connection, texting, each)["claimed"] for each in texts
        ]
        claims.insert(round_ % 6, stop)
        all_at_once(database, claims)
        assert not any(claim(app, texting, each)["claimed"] for each in texts)
        states = {state_of(owner, each) for each in texts}
        assert states <= {"claimed", "suppressed"}
        late = one(
            owner,
            # Both moments are the clock's, taken under the lock: what was claimed later is a breach.
            "SELECT count(*) FROM frontdesk.sms_messages m"
            " JOIN frontdesk.sms_opt_outs x USING (org_id, phone) WHERE m.phone = %s AND m.claimed_at > x.at",
            phone,
        )
        assert late == 0


def test_no_text_is_claimed_about_a_visit_whose_cancelling_was_committed(
    database: Database, app: Connection, owner: Connection, texting: Clinic
) -> None:
    """Cancelling races with the claim: the one that came second saw the first."""
    for n in range(12):
        phone = f"+1202555{2000 + n}"
        booked = book(app, texting, texting.at(9 + n % 6, day=n % 5), patient_phone=phone)
        message_id = next_sms(app, texting, text_row(booked))["message"]["id"]

        def cancel(connection: Connection, appointment: str = booked["appointment"]["id"]) -> Any:
            return call(
                connection, "cancel_appointment_atomic", org_id=texting.id, appointment_id=appointment
            )

        def take(connection: Connection, message_id: str = message_id) -> Any:
            return claim(connection, texting, message_id)

        gone, taken = all_at_once(database, [cancel, take])
        assert gone["outcome"] == "cancelled"
        assert taken["claimed"] or taken["reason"] == "not_live"
        assert not claim(app, texting, message_id)["claimed"]


def test_a_reminder_waits_for_the_end_of_the_quiet_hours(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """A worker that is late must not wake anybody: the reminder goes in the morning, other texts at once."""
    queued = queued_text(app, texting)
    owner.execute(
        "UPDATE frontdesk.orgs SET time_zone = 'UTC',"
        " quiet_from = (now() AT TIME ZONE 'UTC')::time - interval '1 hour',"
        " quiet_until = (now() AT TIME ZONE 'UTC')::time + interval '1 hour'"
    )
    assert claim(app, texting, queued)["claimed"]
    owner.execute("UPDATE frontdesk.sms_messages SET state = 'queued', kind = 'reminder'")
    refused = claim(app, texting, queued)
    assert (refused["claimed"], refused["reason"]) == (False, "quiet")
    minutes = one(owner, "SELECT extract(epoch FROM next_at - now())::int / 60 FROM frontdesk.sms_messages")
    assert 55 <= minutes <= 60
    let_time_pass(owner, 3700)
    assert len(swept(app, owner)) == 1
