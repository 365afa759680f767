"""Texts on the board: the lists, and sending one again that did not arrive."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.clinics import Clinic, Connection, book, call, one, put_visit
from tests.staff.conftest import Member, ask
from tests.texts import PATIENT, claim, next_sms, receive, record, text_row, texting_clinic


@pytest.fixture
def clinic(owner: Connection) -> Clinic:
    """Make a clinic that sends texts."""
    return texting_clinic(owner)


def failed(app: Connection, clinic: Clinic, answer: Any) -> str:
    """Let the text that an answer asked for fail for good; return its id."""
    message: str = next_sms(app, clinic, text_row(answer))["message"]["id"]
    attempt = claim(app, clinic, message)["attempt"]
    record(app, clinic, message, attempt, "permanent", error_code="30006")
    return message


def test_texts_are_listed_newest_first_both_ways(
    owner: Connection, app: Connection, clinic: Clinic, reader: Member
) -> None:
    """With whom they were exchanged and how they fared; filtered by direction, state, person, visit."""
    booked = book(app, clinic, clinic.at(9))
    sent = failed(app, clinic, booked)
    receive(app, clinic, "other")
    receive(app, clinic, "other", phone="+12025550111")
    told = ask(reader, "GET", "/messages").body
    assert [each["direction"] for each in told["items"]] == ["in", "in", "out"]
    assert told["items"][2]["id"] == sent
    assert (told["items"][2]["state"], told["items"][2]["error_code"]) == ("failed", "30006")
    assert [each["contact_name"] for each in told["items"]] == [None, "Dana Whitfield", "Dana Whitfield"]
    contact, visit = booked["appointment"]["contact_id"], booked["appointment"]["id"]

    def count(query: str) -> int:
        return len(ask(reader, "GET", "/messages", query=query).body["items"])

    assert count("direction=in") == 2
    assert count("state=failed") == 1
    assert count("state=failed&state=received") == 3
    assert count(f"contact_id={contact}") == 2
    assert count(f"contact_id={contact}&direction=in") == 1
    assert count(f"appointment_id={visit}") == 1
    assert count(f"contact_id={uuid.uuid4()}") == 0
    assert ask(reader, "GET", "/messages", query="state=lost").status == 422


@pytest.mark.parametrize("filtered", ["", "direction=in&", "contact"])
def test_pages_go_on_where_they_ended(
    owner: Connection, app: Connection, clinic: Clinic, reader: Member, filtered: str
) -> None:
    """Each text once, newest first, although another arrives in between."""
    contact = book(app, clinic, clinic.at(9))["appointment"]["contact_id"]
    query = f"contact_id={contact}&direction=in&" if filtered == "contact" else filtered
    for place in range(7):
        receive(app, clinic, "other", sid=f"SM{place}")
    seen: list[str] = []
    cursor = ""
    while True:
        told = ask(reader, "GET", "/messages", query=f"{query}limit=3{cursor}").body
        seen += [each["id"] for each in told["items"]]
        if told["next"] is None:
            break
        cursor = f"&cursor={told['next']}"
        receive(app, clinic, "other")
    wanted = owner.execute(
        "SELECT id::text FROM frontdesk.sms_messages WHERE twilio_sid ~ '^SM[0-6]$' ORDER BY created_at DESC"
    ).fetchall()
    assert seen == [row["id"] for row in wanted]


def test_a_text_that_failed_is_sent_again(
    owner: Connection, app: Connection, clinic: Clinic, staff: Member, published: list[dict[str, Any]]
) -> None:
    """As a new one, which the worker sends; a second click finds the same; the board hears who did it."""
    old = failed(app, clinic, book(app, clinic, clinic.at(9)))
    told = ask(staff, "POST", f"/messages/{old}/resend")
    assert (told.status, told.body["state"], told.body["kind"]) == (202, "queued", "booked")
    assert told.body["id"] != old
    assert sorted(row["queue"] for row in published) == ["notify", "sms"]
    again = ask(staff, "POST", f"/messages/{old}/resend")
    assert (again.status, again.body["id"]) == (202, told.body["id"])
    assert one(owner, "SELECT count(*) FROM frontdesk.sms_messages") == 2
    row = next(row["id"] for row in published if row["queue"] == "sms")
    work = next_sms(app, clinic, row)
    assert (work["action"], work["message"]["id"]) == ("send", told.body["id"])
    event = owner.execute("SELECT actor, data FROM frontdesk.events WHERE type = 'sms.resent'").fetchone()
    assert event == {
        "actor": staff.actor,
        "data": {"message_id": told.body["id"], "kind": "booked", "of": old},
    }


def test_one_that_fails_again_can_be_sent_a_third_time(
    app: Connection, clinic: Clinic, staff: Member, published: list[dict[str, Any]]
) -> None:
    """From either of the two before; still one at a time."""
    old = failed(app, clinic, book(app, clinic, clinic.at(9)))
    second = ask(staff, "POST", f"/messages/{old}/resend").body["id"]
    failed(app, clinic, {"outbox": [row for row in published if row["queue"] == "sms"]})
    third = ask(staff, "POST", f"/messages/{second}/resend").body["id"]
    assert third not in {old, second}
    assert ask(staff, "POST", f"/messages/{old}/resend").body["id"] == third


def test_it_tells_what_is_true_now(
    app: Connection, clinic: Clinic, staff: Member, published: list[dict[str, Any]]
) -> None:
    """The visit moved after the first text failed: the new one is about the new time."""
    booked = book(app, clinic, clinic.at(9))
    old = failed(app, clinic, booked)
    moved = call(
        app,
        "reschedule_appointment_atomic",
        org_id=clinic.id,
        appointment_id=booked["appointment"]["id"],
        scheduled_at=clinic.at(14),
    )
    assert moved["outcome"] == "rescheduled"
    assert ask(staff, "POST", f"/messages/{old}/resend").status == 202
    work = next_sms(app, clinic, next(row["id"] for row in published if row["queue"] == "sms"))
    assert work["action"] == "send"
    assert work["appointment"]["starts_at"] == moved["appointment"]["starts_at"]


def test_what_makes_no_sense_is_refused_with_the_reason(
    owner: Connection, app: Connection, clinic: Clinic, staff: Member
) -> None:
    """On its way; a patient's own; the visit gone or over; opted out; paused; no sender any more."""

    def refused(message: str) -> str:
        told = ask(staff, "POST", f"/messages/{message}/resend")
        assert told.status == 409
        code: str = told.body["code"]
        return code

    booked = book(app, clinic, clinic.at(9))
    waiting = next_sms(app, clinic, text_row(booked))["message"]["id"]
    assert refused(waiting) == "not_failed"
    receive(app, clinic, "other")
    assert refused(one(owner, "SELECT id::text FROM frontdesk.sms_messages WHERE direction = 'in'")) == (
        "not_outgoing"
    )
    old = failed(app, clinic, booked)
    owner.execute("UPDATE frontdesk.orgs SET sms_paused_reason = 'config'")
    assert refused(old) == "paused"
    owner.execute("UPDATE frontdesk.orgs SET sms_paused_reason = NULL")
    receive(app, clinic, "stop")
    assert refused(old) == "opted_out"
    receive(app, clinic, "start")
    call(app, "cancel_appointment_atomic", org_id=clinic.id, appointment_id=booked["appointment"]["id"])
    assert refused(old) == "not_live"
    owner.execute("UPDATE frontdesk.orgs SET sms_sender = NULL")
    assert refused(old) == "no_sender"
    assert one(owner, "SELECT count(*) FROM frontdesk.sms_messages WHERE dedupe_key LIKE 'resend%%'") == 0


def test_nothing_is_sent_about_a_visit_that_has_begun(
    owner: Connection, app: Connection, clinic: Clinic, staff: Member
) -> None:
    """Too late is too late."""
    start = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=5)
    visit = put_visit(owner, clinic, start, phone=PATIENT)
    owner.execute(
        "INSERT INTO frontdesk.sms_messages"
        " (org_id, id, direction, kind, appointment_id, dedupe_key, phone, language, state, next_at,"
        " valid_until)"
        " VALUES (%s, gen_random_uuid(), 'out', 'booked', %s, 'x', %s, 'en', 'failed', now(), now())",
        [clinic.id, visit, PATIENT],
    )
    message = one(owner, "SELECT id FROM frontdesk.sms_messages")
    told = ask(staff, "POST", f"/messages/{message}/resend")
    assert (told.status, told.body["code"]) == (409, "expired")


def test_a_text_about_a_follow_up_can_be_sent_again_while_that_is_open(
    app: Connection, clinic: Clinic, staff: Member
) -> None:
    """We tried to call you back: true until it is done."""
    made = ask(staff, "POST", "/follow-ups", {"message": "x", "phone": PATIENT}).body
    missed = call(app, "follow_up_missed", org_id=clinic.id, follow_up_id=made["id"], actor=staff.actor)
    old = failed(app, clinic, missed)
    assert ask(staff, "POST", f"/messages/{old}/resend").status == 202
    other = ask(staff, "POST", "/follow-ups", {"message": "y", "phone": PATIENT}).body
    gone = failed(
        app, clinic, call(app, "follow_up_missed", org_id=clinic.id, follow_up_id=other["id"], actor="x")
    )
    ask(staff, "POST", f"/follow-ups/{other['id']}/done", {"version": 1})
    assert ask(staff, "POST", f"/messages/{gone}/resend").body["code"] == "not_live"


def test_readers_and_strangers_send_nothing(
    app: Connection, clinic: Clinic, reader: Member, stranger: Member
) -> None:
    """403 and 404; another clinic's list is empty."""
    old = failed(app, clinic, book(app, clinic, clinic.at(9)))
    assert ask(reader, "POST", f"/messages/{old}/resend").status == 403
    assert ask(stranger, "POST", f"/messages/{old}/resend").status == 404
    assert ask(stranger, "GET", "/messages").body["items"] == []
