"""The link to the patient's page in texts: sent to the patient, kept by nobody else."""

import re
from typing import Any

import pytest

from frontdesk import patient_links
from functions.sms_worker import deliver, twilio_sms
from local.fake_twilio import FakeTwilio
from tests.clinics import Clinic, Connection, every_row, one
from tests.sms.conftest import (
    BASE,
    PATIENT,
    age,
    book,
    receive,
    report,
    sent,
    set_faults,
    set_template,
    text_of,
    work,
)

LINKED = "{clinic}: {day} {time}. Change it: {link} Reply STOP to opt out."


def token_in(text: str) -> str:
    """Return the token of the link in a text."""
    found = re.search(rf"{re.escape(BASE)}/a/([A-Za-z0-9_-]{{22}})(?=[\s<]|$)", text)
    assert found, text
    return found[1]


def visit_of(token: str) -> str | None:
    """Return the id of the visit a token opens."""
    found = patient_links.visit(token)
    return found["appointment"]["id"] if found else None


def test_r_is_answered_with_a_link_that_opens_the_visit(
    app: Connection, owner: Connection, clinic: Clinic
) -> None:
    """Nobody has to call; the staff see what was asked."""
    appointment, _ = book(app, clinic)
    answer = receive("R")["body"]
    assert "to move or cancel Dana&apos;s visit" in answer or "to move or cancel Dana's visit" in answer
    assert visit_of(token_in(answer)) == appointment["id"]
    assert one(owner, "SELECT count(*) FROM frontdesk.follow_ups") == 0


def test_a_repeated_r_gets_a_link_that_works_too(app: Connection, owner: Connection, clinic: Clinic) -> None:
    """Twilio repeats what it got no answer to; no token is stored, so the second answer has its own."""
    appointment, _ = book(app, clinic)
    tokens = {token_in(receive("R")["body"]) for _ in range(2)}
    assert len(tokens) == 2
    assert {visit_of(token) for token in tokens} == {appointment["id"]}
    assert one(owner, "SELECT count(*) FROM frontdesk.events WHERE type = 'sms.received'") == 1


def test_r_without_a_coming_visit_asks_the_staff_to_call(owner: Connection, clinic: Clinic) -> None:
    """A follow-up due now, and the answer says that somebody will call; there is no link to nothing."""
    assert "we will call you" in receive("R")["body"]
    assert one(owner, "SELECT count(*) FROM frontdesk.follow_ups WHERE due_at <= now()") == 1
    assert one(owner, "SELECT count(*) FROM frontdesk.patient_links") == 0


def test_a_clinics_wording_may_have_the_link(
    app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio
) -> None:
    """It leads to the visit the text is about; wording without it makes none."""
    plain, row = book(app, clinic, 9)
    work(clinic, row)
    assert one(owner, "SELECT count(*) FROM frontdesk.patient_links") == 0
    set_template(owner, clinic, "booked", LINKED)
    appointment, row = book(app, clinic, 14)
    work(clinic, row)
    [_, text] = sent(fake)
    assert visit_of(token_in(text["body"])) == appointment["id"] != plain["id"]
    assert text["body"].endswith("Reply STOP to opt out.")


def test_what_is_kept_of_the_text_opens_nothing(
    app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio
) -> None:
    """The staff read the body, and it is kept for months: the words are in the table, the token is not."""
    set_template(owner, clinic, "booked", LINKED)
    appointment, row = book(app, clinic)
    work(clinic, row)
    receive("R")
    [text] = sent(fake)
    token = token_in(text["body"])
    assert token not in str(every_row(owner, clinic.id))
    assert text_of(owner, appointment)["body"] == text["body"].replace(token, "...")


@pytest.mark.parametrize("fault", ["timeout_after_accept", "error_500_after_accept"])
def test_a_text_with_a_link_is_found_at_twilio_again(
    app: Connection,
    owner: Connection,
    clinic: Clinic,
    fake: FakeTwilio,
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Accepted without an answer: the words are compared without the token, so it is not sent twice."""
    monkeypatch.setattr(twilio_sms, "READ_SECONDS", 0.5)
    set_template(owner, clinic, "booked", LINKED)
    set_faults(fake, **{fault: 1})
    appointment, row = book(app, clinic)
    assert deliver.deliver(clinic.id, row) == "unknown"
    set_faults(fake)
    owner.execute("UPDATE frontdesk.sms_messages SET next_at = now()")
    assert deliver.deliver(clinic.id, row) == "accepted"
    [text] = sent(fake)
    assert text_of(owner, appointment)["twilio_sid"] == text["sid"]
    assert visit_of(token_in(text["body"])) == appointment["id"]


def test_another_attempt_has_a_link_that_works(
    app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio
) -> None:
    """The first attempt's token is lost with it; the second makes its own."""
    set_template(owner, clinic, "booked", LINKED)
    appointment, row = book(app, clinic)
    work(clinic, row)
    report(clinic, text_of(owner, appointment), "undelivered", ErrorCode="30008")
    message = text_of(owner, appointment)
    assert message["state"] == "retry"
    age(owner, message["id"], 3600)
    assert deliver.deliver(clinic.id, row) == "accepted"
    first, second = (token_in(text["body"]) for text in sent(fake))
    assert first != second
    assert {visit_of(first), visit_of(second)} == {appointment["id"]}


def test_no_log_line_and_no_queue_message_has_a_token(
    app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio, around: Any, capfd: Any, caplog: Any
) -> None:
    """Worker and webhook, on good days and bad: what opens the page is in the patient's text only."""
    caplog.set_level("DEBUG")
    set_template(owner, clinic, "booked", LINKED)
    tokens = []
    for hour, fault in ((9, None), (11, "error_500_after_accept"), (13, "unavailable")):
        set_faults(fake, **({fault: 1} if fault else {}))
        _, row = book(app, clinic, hour)
        work(clinic, row)
    tokens = [token_in(text["body"]) for text in sent(fake)]
    tokens.append(token_in(receive("R", sender=PATIENT)["body"]))
    out, err = capfd.readouterr()
    # Powertools writes to the stream it found when imported, which no fixture sees: its records are all.
    lines = out + err + str([vars(record) for record in caplog.records]) + str(around.published)
    assert len(tokens) >= 3
    assert "'result': 'accepted'" in lines
    assert [token for token in tokens if token in lines] == []
