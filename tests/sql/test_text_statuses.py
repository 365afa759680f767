"""Twilio's callbacks, repeated, reordered, lost, early or a stranger's: the final status is the true one."""

from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from tests.clinics import Clinic, Connection, book, call, make_clinic, one
from tests.database import Database
from tests.texts import (
    claim,
    claimed_text,
    let_time_pass,
    next_sms,
    record,
    state_of,
    status,
    swept,
    text_row,
    texting_clinic,
)

# What Twilio may say of one message, in its true order, and what we must end with. None is sent for the
# initial status; the last one told may be any of them, since callbacks get lost.
LIVES = [
    (["queued", "sending", "sent", "delivered"], "delivered"),
    (["accepted", "queued", "sending", "sent", "undelivered"], "undelivered"),
    (["queued", "failed"], "failed"),
    (["scheduled", "canceled"], "failed"),
    (["sending", "sent", "delivered", "read"], "delivered"),
    (["sent", "read"], "delivered"),
    (["sending", "sent"], "sent"),
]


@pytest.fixture
def texting(owner: Connection) -> Clinic:
    """Make a clinic that sends texts."""
    return texting_clinic(owner)


def test_callbacks_in_any_order_any_number_of_times_end_in_the_true_status(
    database: Database, app: Connection, owner: Connection, texting: Clinic
) -> None:
    """Every shuffle with repetitions, our own record coming anywhere among them; the rank never falls."""
    message_id = claimed_text(app, texting)
    fresh = owner.execute("SELECT * FROM frontdesk.sms_messages").fetchone()
    assert fresh

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(life=st.sampled_from(LIVES), data=st.data())
    def shuffled(life: tuple[list[str], str], data: st.DataObject) -> None:
        reports, final = life
        said = data.draw(st.permutations(reports + data.draw(st.lists(st.sampled_from(reports), max_size=6))))
        said.insert(data.draw(st.integers(0, len(said))), "our record")
        with psycopg.connect(database.owner_url, row_factory=dict_row) as connection:  # undone at the end
            ranks = [0]
            for each in said:
                if each == "our record":
                    record(connection, texting, message_id, 1, "accepted", twilio_sid="SM1")
                else:
                    status(connection, texting, message_id, 1, "SM1", each)
                ranks.append(one(connection, "SELECT rank FROM frontdesk.sms_messages"))
            assert ranks == sorted(ranks)
            assert state_of(connection, message_id) == final
            logged = connection.execute("SELECT status FROM frontdesk.sms_status_log").fetchall()
            assert {row["status"] for row in logged} == set(reports) | {"accepted"}
            events = connection.execute(
                "SELECT type FROM frontdesk.events WHERE type LIKE 'sms.%'"
            ).fetchall()
            assert len(events) == len({row["type"] for row in events}), "nothing is told twice"
            assert ("sms.failed" in {row["type"] for row in events}) == (final in {"undelivered", "failed"})
            connection.rollback()

    shuffled()


def test_the_first_end_stands(app: Connection, owner: Connection, texting: Clinic) -> None:
    """Delivered after undelivered is logged and changes nothing: we told the staff already."""
    message_id = claimed_text(app, texting)
    assert status(app, texting, message_id, 1, "SM1", "undelivered")["applied"]
    assert not status(app, texting, message_id, 1, "SM1", "delivered")["applied"]
    assert state_of(owner, message_id) == "undelivered"
    assert one(owner, "SELECT count(*) FROM frontdesk.sms_status_log") == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"message_id": "00000000-0000-0000-0000-000000000001"},
        {"attempt": 2},
        {"attempt": 0},
        {"attempt": None},
        {"status": "partially_delivered"},
        {"status": "no such status"},
    ],
)
def test_callbacks_about_something_else_change_nothing(
    app: Connection, owner: Connection, texting: Clinic, changed: dict[str, Any]
) -> None:
    """Another text, an attempt never made, a word Twilio invents tomorrow."""
    message_id = claimed_text(app, texting)
    said = {
        "org_id": texting.id,
        "message_id": message_id,
        "attempt": 1,
        "twilio_sid": "SM1",
        "status": "sent",
    }
    assert not call(app, "apply_sms_status", **(said | changed))["applied"]
    assert state_of(owner, message_id) == "claimed"
    assert call(app, "apply_sms_status", **said)["applied"]


def test_another_message_of_twilios_does_not_speak_for_this_text(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """The attempt is right and the id is not: a message somebody sent with our callback URL."""
    message_id = claimed_text(app, texting)
    record(app, texting, message_id, 1, "accepted", twilio_sid="SM1")
    assert not status(app, texting, message_id, 1, "SM2", "failed")["applied"]
    assert state_of(owner, message_id) == "accepted"


def test_another_clinic_cannot_change_a_text(app: Connection, owner: Connection, texting: Clinic) -> None:
    """The same message id under another org: not there."""
    message_id = claimed_text(app, texting)
    other = make_clinic(owner)
    assert status(app, other, message_id, 1, "SM1", "failed") == {
        "applied": False,
        "state": None,
        "outbox": [],
    }
    assert one(owner, "SELECT count(*) FROM frontdesk.sms_status_log") == 0


def test_a_callback_finds_its_clinic_by_the_text_and_a_reply_by_the_number(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """Only with the right org for a text; a number or a service of ours, and nobody else's."""
    message_id = claimed_text(app, texting)
    service = texting_clinic(owner, sms_sender="MG" + "0" * 32)

    def routed(org_id: Any = None, message: Any = None, number: Any = None, by_service: Any = None) -> Any:
        found = call(
            app,
            "sms_routing",
            org_id=org_id,
            message_id=message,
            receiving_number=number,
            messaging_service=by_service,
        )
        return found and found["id"]

    assert routed(texting.id, message_id) == str(texting.id)
    assert routed(service.id, message_id) is None
    assert routed(None, message_id, "+12025550100") is None, "a named text decides, known or not"
    assert routed(number="+12025550100") == str(texting.id)
    assert routed(number="+12025550100", by_service="MG" + "0" * 32) == str(service.id)
    assert routed(number="+12025550177") is None
    assert routed() is None


# --- The last callback is lost ------------------------------------------------------------

HOUR = 3600


def asked_by_hour(app: Connection, owner: Connection, clinic: Clinic, last: int) -> list[int]:
    """Let hours pass, sweep in each, and return those in which the worker is sent to ask Twilio."""
    asked = []
    for hour in range(1, last + 1):
        let_time_pass(owner, HOUR)
        for row in swept(app, owner):
            told = next_sms(app, clinic, row)
            assert (told["action"], told["reason"]) == ("fetch", None), told
            assert (told["message"]["twilio_sid"], told["message"]["attempt"]) == ("SM1", 1)
            asked.append(hour)
    return asked


@pytest.mark.parametrize("last", ["accepted", "sending", "sent"])
def test_a_text_whose_end_is_not_told_is_asked_for_three_times(
    app: Connection, owner: Connection, texting: Clinic, last: str
) -> None:
    """After 1, 6 and 24 hours; then it is left as it is, and no sweep reads it again."""
    message_id = claimed_text(app, texting)
    record(app, texting, message_id, 1, "accepted", twilio_sid="SM1")
    status(app, texting, message_id, 1, "SM1", last)
    before = state_of(owner, message_id)
    let_time_pass(owner, HOUR - 100)
    assert swept(app, owner) == []
    assert asked_by_hour(app, owner, texting, 60) == [1, 6, 24]
    assert state_of(owner, message_id) == before
    assert one(owner, "SELECT sweep_at FROM frontdesk.sms_messages WHERE id = %s", message_id) is None


@pytest.mark.parametrize("end", ["delivered", "undelivered", "failed", "canceled"])
def test_a_text_whose_end_was_told_is_not_asked_for(
    app: Connection, owner: Connection, texting: Clinic, end: str
) -> None:
    """Told at once, or by the first look: nothing more is asked."""
    message_id = claimed_text(app, texting)
    record(app, texting, message_id, 1, "accepted", twilio_sid="SM1")
    assert asked_by_hour(app, owner, texting, 2) == [1]
    status(app, texting, message_id, 1, "SM1", end)
    assert asked_by_hour(app, owner, texting, 48) == []


def test_a_later_attempt_is_asked_for_from_its_own_hour(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """A look that learns of a failure which may pass leads to a new attempt, with looks of its own."""
    message_id = claimed_text(app, texting)
    record(app, texting, message_id, 1, "accepted", twilio_sid="SM0")
    let_time_pass(owner, HOUR + 1)
    [row] = swept(app, owner)
    assert next_sms(app, texting, row)["action"] == "fetch"
    said = status(app, texting, message_id, 1, "SM0", "undelivered", error_code="30003", retry_seconds=900)
    assert said["state"] == "retry"
    assert next_sms(app, texting, row)["reason"] == "not_due"
    let_time_pass(owner, 901)
    [row] = swept(app, owner)
    assert next_sms(app, texting, row)["action"] == "send"
    assert claim(app, texting, message_id)["attempt"] == 2
    record(app, texting, message_id, 2, "accepted", twilio_sid="SM1")
    assert next_sms(app, texting, row)["reason"] == "done", "the row that woke it, delivered twice"
    let_time_pass(owner, HOUR - 60)
    assert swept(app, owner) == []
    let_time_pass(owner, 61)
    [row] = swept(app, owner)
    assert next_sms(app, texting, row)["message"]["twilio_sid"] == "SM1"


def test_only_the_sweep_sends_the_worker_to_ask(app: Connection, owner: Connection, texting: Clinic) -> None:
    """The booking's own row, delivered again hours later, is done with as ever."""
    row = text_row(book(app, texting, texting.at(9)))
    message_id = next_sms(app, texting, row)["message"]["id"]
    claim(app, texting, message_id)
    record(app, texting, message_id, 1, "accepted", twilio_sid="SM1")
    let_time_pass(owner, 2 * HOUR)
    assert next_sms(app, texting, row)["reason"] == "done"


def test_a_paused_clinics_texts_are_asked_for_when_it_goes_on(
    app: Connection, owner: Connection, texting: Clinic
) -> None:
    """A pause mostly means that Twilio lets us in no more: no look is spent on it, however long it takes."""
    message_id = claimed_text(app, texting)
    record(app, texting, message_id, 1, "accepted", twilio_sid="SM1")
    owner.execute("UPDATE frontdesk.orgs SET sms_paused_reason = '20003' WHERE id = %s", [texting.id])
    assert asked_by_hour(app, owner, texting, 30) == []
    owner.execute("UPDATE frontdesk.orgs SET sms_paused_reason = NULL WHERE id = %s", [texting.id])
    assert asked_by_hour(app, owner, texting, 30) == [1]
    assert state_of(owner, message_id) == "accepted"
