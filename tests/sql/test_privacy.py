"""Forgetting a person: nothing of them is left in any table, and nothing told later brings them back."""

import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.clinics import Clinic, Connection, book, call, every_row, make_clinic, one
from tests.crowd import Waiting
from tests.database import Database
from tests.texts import (
    claim,
    claimed_text,
    next_sms,
    queued_text,
    receive,
    record,
    state_of,
    status,
    text_row,
    texting_clinic,
)

PHONE = "+12025550147"
NAME = "Canariella Zwitscherlein"
EMAIL = "canariella@zwitscher.test"
# What must be gone. Each is in the database before (the test says so), in many places.
CANARIES = ("canariella", "zwitscherlein", "zwitscher.test", "2025550147", "wisdomtooth", "1987-03-14")
ADMIN = "staff:00000000-0000-0000-0000-00000000000a"


@pytest.fixture
def clinic(owner: Connection) -> Clinic:
    """Make a clinic that sends texts."""
    return texting_clinic(owner)


def places(owner: Connection, words: tuple[str, ...] = CANARIES) -> set[str]:
    """Return every column of every table that holds one of these words, in any kind of value."""
    columns = owner.execute(
        "SELECT c.relname AS table, a.attname AS column FROM pg_attribute a"
        " JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'"
        " WHERE c.relnamespace = 'frontdesk'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped"
    ).fetchall()
    assert len(columns) > 300
    return {
        f"{each['table']}.{each['column']}"
        for each in columns
        if one(
            owner,
            f'SELECT count(*) FROM frontdesk."{each["table"]}"'
            f' WHERE lower("{each["column"]}"::text) LIKE ANY (%s)',
            [f"%{word}%" for word in words],
        )
    }


def report(app: Connection, clinic: Clinic, call_id: str, started_at: datetime, **said: Any) -> Any:
    """Report a call that ended, with words of the person in every field that takes some."""
    fields = {
        "phone": PHONE,
        "started_at": started_at.isoformat(),
        "ended_at": (started_at + timedelta(minutes=2)).isoformat(),
        "summary": f"{NAME} asked about a wisdomtooth.",
        "success": "wisdomtooth handled",
        "recording_url": "https://recordings.test/zwitscherlein.wav",
        "intent": "book",
        "fact.name": NAME,
        "fact.email": EMAIL,
        "fact.reason": "wisdomtooth",
        **said,
    }
    lines = [{"role": "user", "body": f"I am {NAME}, my wisdomtooth hurts"}]
    return call(
        app,
        "record_call",
        org_id=clinic.id,
        call_id=call_id,
        state="ended",
        heard=json.dumps({key: [3, 1, value] for key, value in fields.items() if value is not None}),
        lines=json.dumps(lines),
        lines_rank=3,
        reported=True,
    )


def live_a_while(owner: Connection, app: Connection, clinic: Clinic) -> uuid.UUID:
    """Let the person call, book, text, ask, guess, cancel and be written about; return their contact."""
    mine = {"patient_name": NAME, "patient_phone": PHONE, "patient_email": EMAIL}
    report(app, clinic, "v-lead", datetime.now(UTC) - timedelta(days=2))
    visit = book(
        app, clinic, clinic.at(9), **mine, notes="wisdomtooth", date_of_birth="1987-03-14", call_id="v1",
        tool_call_id="t1",
    )  # fmt: skip
    contact = uuid.UUID(visit["appointment"]["contact_id"])
    asked = next_sms(app, clinic, text_row(visit))
    text = asked["message"]["id"]
    claim(app, clinic, text, f"{NAME}: see you soon")
    record(app, clinic, text, 1, "accepted", twilio_sid="SM-out")
    status(app, clinic, text, 1, "SM-out", "delivered")
    receive(app, clinic, "confirm", sid="SM-in")
    owner.execute("UPDATE frontdesk.sms_messages SET body = 'my wisdomtooth' WHERE direction = 'in'")
    report(app, clinic, "v1", datetime.now(UTC) - timedelta(hours=1))
    call(
        app, "create_follow_up", org_id=clinic.id, message=f"{NAME}: wisdomtooth",
        due_at=clinic.at(9), phone=PHONE, caller_name=NAME, preferred_time="after the wisdomtooth",
        call_id="v1", tool_call_id="t2",
    )  # fmt: skip
    call(
        app, "lookup_appointments", org_id=clinic.id, caller_phone=PHONE, patient_name="Nobody",
        confirmation_code=None,
    )  # fmt: skip
    other = book(app, clinic, clinic.at(11), **mine)["appointment"]
    call(
        app, "cancel_appointment_atomic", org_id=clinic.id, appointment_id=other["id"],
        reason="wisdomtooth is out", source="staff", idempotency_key="staff:k1",
    )  # fmt: skip
    queued_text(app, clinic, clinic.at(13), **mine)
    token = hashlib.sha256(b"t").hexdigest()
    call(
        app,
        "make_patient_link",
        org_id=clinic.id,
        appointment_id=visit["appointment"]["id"],
        token_hash=token,
    )
    staff = uuid.uuid4()
    owner.execute(
        "INSERT INTO frontdesk.staff (org_id, id, email, name, role)"
        " VALUES (%s, %s, 'a@b.test', 'Ann', 'admin')",
        [clinic.id, staff],
    )
    call(
        app, "note_contact", org_id=clinic.id, contact_id=contact, staff_id=staff,
        body="Fears the wisdomtooth", idempotency_key="staff:k2",
    )  # fmt: skip
    owner.execute("UPDATE frontdesk.leads SET name = %s, note = 'wisdomtooth'", [NAME])
    return contact


def erase(app: Connection, clinic: Clinic, contact: uuid.UUID, **more: Any) -> Any:
    """Forget a person, with all their visits to come unless told otherwise."""
    chosen = {"org_id": clinic.id, "contact_id": contact, "actor": ADMIN, "cancel": True}
    return call(app, "erase_contact", **(chosen | more))


def test_nothing_of_an_erased_person_is_left_in_any_table(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Name, number, address, birthday and words: in many columns before, in none after."""
    contact = live_a_while(owner, app, clinic)
    before = places(owner)
    assert before >= {
        "appointments.notes", "appointments.patient_name", "call_messages.body", "calls.phone",
        "calls.recording_url", "calls.summary", "calls.words", "contact_facts.value", "contact_notes.body",
        "contacts.date_of_birth", "contacts.email", "contacts.name", "contacts.phone", "contacts.search_name",
        "events.data", "follow_ups.caller_name", "follow_ups.message", "follow_ups.preferred_time",
        "idempotency_keys.answer", "leads.name", "leads.note", "leads.phone", "sms_messages.body",
        "sms_messages.phone", "verification_failures.subject", "webhook_seen.answer",
    }  # fmt: skip
    told = erase(app, clinic, contact)
    assert told["outcome"] == "erased"
    assert places(owner) == set()
    assert (len(told["cancelled"]), set(told["vapi_call_ids"])) == (2, {"v-lead", "v1"})
    assert one(owner, "SELECT count(*) FROM frontdesk.patient_links") == 0


def test_that_somebody_was_here_stays(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Visits, calls, texts and follow-ups are counted as before; the event says who erased, and not whom."""
    contact = live_a_while(owner, app, clinic)
    figures = {"org_id": clinic.id, "from": datetime.now(UTC).date() - timedelta(days=5)}
    span = figures | {"to": datetime.now(UTC).date() + timedelta(days=1)}
    before = call(app, "insight", **span)["totals"]
    erase(app, clinic, contact)
    after = call(app, "insight", **span)["totals"]
    for name in ("calls", "calls_booked", "bookings", "texts_sent", "texts_delivered", "replies", "segments"):
        assert after[name] == before[name], name
    event = owner.execute("SELECT * FROM frontdesk.events WHERE type = 'contact.erased'").fetchone()
    assert event is not None
    assert (event["actor"], event["contact_id"]) == (ADMIN, contact)
    assert event["data"] == {"cancelled": 2, "visits": 3, "calls": 2, "texts": 2}
    row = owner.execute("SELECT name, phone, email FROM frontdesk.contacts").fetchone()
    assert row is not None
    assert row["phone"].startswith("+999")
    assert (row["name"], row["email"]) == ("Erased", None)


def test_somebody_with_visits_to_come_is_not_erased_by_accident(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Nothing changes, and the visits are named; with `cancel` their times are free again."""
    made = book(app, clinic, clinic.at(9), patient_name=NAME, patient_phone=PHONE)["appointment"]
    contact = made["contact_id"]
    before = every_row(owner, clinic.id)
    told = erase(app, clinic, contact, cancel=False)
    assert told["outcome"] == "has_appointments"
    assert [each["id"] for each in told["appointments"]] == [made["id"]]
    assert every_row(owner, clinic.id) == before
    assert erase(app, clinic, contact)["cancelled"] == [made["id"]]
    assert book(app, clinic, clinic.at(9), patient_phone="+12025550111")["outcome"] == "booked"


def test_erasing_twice_is_erasing_once(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """The second is told the same and changes nothing."""
    contact = live_a_while(owner, app, clinic)
    erase(app, clinic, contact)
    before = every_row(owner, clinic.id)
    assert erase(app, clinic, contact)["outcome"] == "erased"
    assert every_row(owner, clinic.id) == before


def test_another_person_and_another_clinic_keep_everything(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """The same number at another clinic; a neighbour at this one; and nobody reaches across."""
    other = make_clinic(owner)
    theirs = book(app, other, other.at(9), patient_name=NAME, patient_phone=PHONE)["appointment"]
    neighbour = book(app, clinic, clinic.at(15), patient_phone="+12025550148")["appointment"]
    contact = live_a_while(owner, app, clinic)
    elsewhere = every_row(owner, other.id)
    assert erase(app, clinic, uuid.UUID(theirs["contact_id"]))["outcome"] == "not_found"
    assert erase(app, other, contact)["outcome"] == "not_found"
    erase(app, clinic, contact)
    assert every_row(owner, other.id) == elsewhere
    known = call(app, "contact", org_id=clinic.id, contact_id=neighbour["contact_id"])["contact"]
    assert (known["name"], known["phone"]) == ("Dana Whitfield", "+12025550148")


@pytest.mark.parametrize("known", ["the same call", "a call nobody knew of", "no number at first"])
def test_a_late_report_does_not_bring_anybody_back(
    owner: Connection, app: Connection, clinic: Clinic, known: str
) -> None:
    """Of a call from before: that it was, how long, and what came of it; nothing that was said, by whom."""
    contact = live_a_while(owner, app, clinic)
    began = datetime.now(UTC) - timedelta(minutes=30)
    erase(app, clinic, contact)
    call_id = "v1" if known == "the same call" else "v-late"
    if known == "no number at first":
        report(app, clinic, call_id, began, **dict.fromkeys(("phone", "fact.name", "fact.email"), None))
    report(app, clinic, call_id, began)
    report(app, clinic, call_id, began, summary=f"{NAME}, once more")
    assert places(owner) == set()
    row = owner.execute("SELECT * FROM frontdesk.calls WHERE vapi_call_id = %s", [call_id]).fetchone()
    assert row is not None
    assert row["erased_at"] is not None
    assert row["outcome"] == ("booked" if call_id == "v1" else row["outcome"])
    assert "phone" not in row["heard"]


def test_who_calls_again_later_is_somebody_new(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """The number may be another's by now; what is said from then on is kept as of anybody."""
    contact = live_a_while(owner, app, clinic)
    erase(app, clinic, contact)
    report(app, clinic, "v-new", datetime.now(UTC) + timedelta(minutes=1))
    assert one(owner, "SELECT phone FROM frontdesk.calls WHERE vapi_call_id = 'v-new'") == PHONE
    made = book(app, clinic, clinic.at(9), patient_name="Someone Else", patient_phone=PHONE)["appointment"]
    assert uuid.UUID(made["contact_id"]) != contact


def test_a_stop_outlives_the_person(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """As a hash: the number is texted again only after START; who never said STOP may be texted."""
    contact = live_a_while(owner, app, clinic)
    receive(app, clinic, "stop", phone=PHONE)
    erase(app, clinic, contact)
    assert one(owner, "SELECT count(*) FROM frontdesk.sms_opt_outs") == 0
    answer = book(app, clinic, clinic.at(9), patient_phone=PHONE)
    told = next_sms(app, clinic, text_row(answer))
    assert (told["action"], told["reason"]) == ("skip", "opted_out")
    again = uuid.UUID(answer["appointment"]["contact_id"])
    assert call(app, "contact", org_id=clinic.id, contact_id=again)["contact"]["opted_out"]
    receive(app, clinic, "start", phone=PHONE)
    answer = book(app, clinic, clinic.at(14), patient_phone=PHONE)
    assert next_sms(app, clinic, text_row(answer))["action"] == "send"


def test_nobody_is_texted_about_it(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """What waits ends, also what is on its way through a queue; no row asks for a text any more."""
    waiting = queued_text(app, clinic, patient_phone=PHONE)
    booked = book(app, clinic, clinic.at(11), patient_phone=PHONE)
    contact = uuid.UUID(booked["appointment"]["contact_id"])
    row = text_row(booked)
    owner.execute("UPDATE frontdesk.outbox SET sent_at = now() WHERE id = %s", [row])
    told = erase(app, clinic, contact)
    assert state_of(owner, waiting) == "suppressed"
    assert next_sms(app, clinic, row)["action"] == "skip"
    kinds = owner.execute(
        "SELECT kind FROM frontdesk.outbox WHERE queue = 'sms' AND sent_at IS NULL"
    ).fetchall()
    assert [each["kind"] for each in kinds] == ["contact.erased"]
    assert [each["queue"] for each in told["outbox"]].count("sms") == 1


def test_twilio_deletes_every_copy_also_of_a_text_that_was_just_being_sent(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Its answer comes after the erasure, with an id nobody knew; a failed deletion comes again."""
    message = claimed_text(app, clinic, patient_phone=PHONE)
    contact = one(owner, "SELECT id FROM frontdesk.contacts")
    told = erase(app, clinic, contact)
    row = text_row(told)
    assert next_sms(app, clinic, row)["twilio_sids"] == []
    record(app, clinic, message, 1, "accepted", twilio_sid="SM-late")
    told = next_sms(app, clinic, row)
    assert (told["action"], told["twilio_sids"]) == ("delete", ["SM-late"])
    done = {"org_id": clinic.id, "twilio_sid": "SM-late"}
    call(app, "record_twilio_deletion", **done, error_code="20009")
    assert call(app, "queue_due_twilio_deletions")["count"] == 0
    owner.execute(
        "UPDATE frontdesk.twilio_deletions SET next_at = now(), created_at = now() - interval '1 h'"
    )
    assert call(app, "queue_due_twilio_deletions")["count"] == 1
    last = one(owner, "SELECT max(id) FROM frontdesk.outbox")
    assert next_sms(app, clinic, last)["twilio_sids"] == ["SM-late"]
    call(app, "record_twilio_deletion", **done)
    assert one(owner, "SELECT count(*) FROM frontdesk.twilio_deletions") == 0
    assert one(owner, "SELECT twilio_sid FROM frontdesk.sms_messages WHERE id = %s", message) is None


def test_google_s_events_of_past_visits_are_to_be_deleted_too(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """A visit that is over stands in the provider's calendar with the patient's initials."""
    made = book(app, clinic, clinic.at(9), patient_phone=PHONE)["appointment"]
    owner.execute(
        "UPDATE frontdesk.appointments SET status = 'completed', starts_at = at,"
        " ends_at = at + interval '1 h', during = tstzrange(at, at + interval '1 h')"
        " FROM (SELECT now() - interval '2 d' AS at) AS long_ago"
    )
    calendar = uuid.uuid4()
    owner.execute(
        "INSERT INTO frontdesk.calendars (org_id, id, provider_id, google_calendar_id, status)"
        " VALUES (%s, %s, %s, 'patel@example.test', 'live')",
        [clinic.id, calendar, clinic.providers[0]],
    )
    owner.execute(
        "INSERT INTO frontdesk.calendar_events (org_id, appointment_id, calendar_id, google_event_id, state,"
        " writes, written_version) VALUES (%s, %s, %s, 'e1', 'live', 1, 1)",
        [clinic.id, made["id"], calendar],
    )
    owner.execute(
        "INSERT INTO frontdesk.google_connections (org_id, status) VALUES (%s, 'connected')", [clinic.id]
    )
    told = erase(app, clinic, uuid.UUID(made["contact_id"]), cancel=False)
    assert (told["outcome"], told["calendar_events_to_delete"]) == ("erased", 1)
    [row] = [each["id"] for each in told["outbox"] if each["queue"] == "calendar"]
    work = call(app, "next_calendar_work", org_id=clinic.id, outbox_id=row)
    claimed = call(
        app,
        "claim_calendar_write",
        org_id=clinic.id,
        appointment_id=work["appointment_id"],
        wait=work["wait"],
    )
    assert [(write["wanted"], write["google_event_id"]) for write in claimed["writes"]] == [("absent", "e1")]


def test_a_booking_that_comes_in_meanwhile_is_not_lost(
    database: Database, owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """It waits for the erasure and is a new person's."""
    contact = uuid.UUID(book(app, clinic, clinic.at(9), patient_phone=PHONE)["appointment"]["contact_id"])
    with app.transaction():
        erase(app, clinic, contact)
        waiting = Waiting(database, lambda c: book(c, clinic, clinic.at(11), patient_phone=PHONE))
        waiting.until_it_waits(owner, "advisory")
    made = waiting.finish()
    assert made["outcome"] == "booked"
    new = uuid.UUID(made["appointment"]["contact_id"])
    assert new != contact
    assert one(owner, "SELECT phone FROM frontdesk.contacts WHERE id = %s", new) == PHONE


def test_an_export_holds_all_that_is_kept_and_is_in_the_audit_trail(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Every column that holds something of them is in it, but what is derived from others."""
    contact = live_a_while(owner, app, clinic)
    told = call(app, "export_contact", org_id=clinic.id, contact_id=contact, actor=ADMIN)
    export = told["export"]
    words = json.dumps(export).lower()
    for canary in CANARIES:
        assert canary in words, canary
    counts = {name: len(value) for name, value in export.items() if isinstance(value, list)}
    assert counts == {
        "contacts": 1, "appointments": 3, "messages": 3, "calls": 2, "leads": 1,
        "facts": 6, "follow_ups": counts["follow_ups"], "notes": 1, "events": counts["events"],
    }  # fmt: skip
    assert export["calls"][0]["transcript"][0]["body"].startswith("I am")
    assert one(owner, "SELECT actor FROM frontdesk.events WHERE type = 'contact.exported'") == ADMIN
    other = make_clinic(owner)
    there = call(app, "export_contact", org_id=other.id, contact_id=contact, actor=ADMIN)
    assert there == {"outcome": "not_found"}


def test_two_contacts_that_are_one_person_keep_both_histories(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Asked for either, both are told; the other number still finds its visit and is texted about it."""
    work = "+12025550148"
    first = book(app, clinic, clinic.at(9), patient_phone=PHONE)["appointment"]
    second = book(app, clinic, clinic.at(11), patient_phone=work, patient_email=EMAIL)["appointment"]
    receive(app, clinic, "help", phone=work)
    keep, other = first["contact_id"], second["contact_id"]
    merged = {"org_id": clinic.id, "contact_id": keep, "other_id": other, "version": 1, "actor": ADMIN}
    told = call(app, "merge_contacts", **merged)
    assert (told["outcome"], told["contact"]["email"], told["contact"]["other_phones"]) == (
        "merged",
        EMAIL,
        [work],
    )
    assert told["contact"]["appointment_count"] == 2
    for either in (keep, other):
        ours: dict[str, Any] = {"org_id": clinic.id, "contact_id": either}
        assert call(app, "contact", **ours)["contact"]["id"] == keep
        story = call(app, "contact_timeline", **ours)["items"]
        assert {each["appointment"]["id"] for each in story if "appointment" in each} == {
            first["id"],
            second["id"],
        }
        assert any(each["type"] == "sms.in" for each in story)
        assert len(call(app, "list_messages", **ours)["items"]) == 1
    found = call(app, "list_contacts", org_id=clinic.id, query="whitfield")["items"]
    assert [each["id"] for each in found] == [keep]
    assert call(app, "list_contacts", org_id=clinic.id, phone=work)["items"][0]["id"] == keep
    caller = {"caller_phone": work, "patient_name": "Dana Whitfield", "confirmation_code": None}
    assert call(app, "lookup_appointments", org_id=clinic.id, **caller)["outcome"] == "found"
    assert call(app, "merge_contacts", **merged)["outcome"] == "merged"
    assert erase(app, clinic, uuid.UUID(other))["outcome"] == "erased"
    assert places(owner, ("5550147", "5550148", "whitfield")) == set()


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"version": 7}, "version_conflict"),
        ({"other_id": uuid.uuid4()}, "not_found"),
        ({"contact_id": uuid.uuid4()}, "not_found"),
        ({"other_id": "self"}, "same"),
    ],
)
def test_a_merger_that_makes_no_sense_changes_nothing(
    owner: Connection, app: Connection, clinic: Clinic, change: dict[str, Any], outcome: str
) -> None:
    """Somebody was faster; nobody of that id; oneself."""
    keep = book(app, clinic, clinic.at(9), patient_phone=PHONE)["appointment"]["contact_id"]
    other = book(app, clinic, clinic.at(11), patient_phone="+12025550148")["appointment"]["contact_id"]
    if change.get("other_id") == "self":
        change = {"other_id": keep}
    before = every_row(owner, clinic.id)
    merged = {"org_id": clinic.id, "contact_id": keep, "other_id": other, "version": 1, "actor": ADMIN}
    assert call(app, "merge_contacts", **(merged | change))["outcome"] == outcome
    assert every_row(owner, clinic.id) == before


def old(owner: Connection, days: int) -> None:
    """Make everything that is in the database so many days old."""
    owner.execute("UPDATE frontdesk.calls SET started_at = now() - make_interval(days => %s)", [days])
    owner.execute("UPDATE frontdesk.sms_messages SET created_at = now() - make_interval(days => %s)", [days])
    owner.execute("UPDATE frontdesk.events SET at = now() - make_interval(days => %s)", [days])
    owner.execute(
        "UPDATE frontdesk.follow_ups SET status = 'done', done_at = now() - make_interval(days => %s)", [days]
    )


WORDS = ("sms_bodies", "transcripts", "recordings", "follow_up_words", "event_reasons")


def test_words_go_after_each_clinic_s_own_days(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Recordings first, then the rest; people and visits stay; another clinic keeps its own longer."""
    longer = make_clinic(owner, transcript_days=1000, message_days=1000, recording_days=1000)
    live_a_while(owner, app, clinic)
    report(app, longer, "v1", datetime.now(UTC))
    old(owner, 31)
    swept = call(app, "sweep_retention")
    assert {name: swept[name] for name in WORDS} == dict.fromkeys(WORDS, 0) | {"recordings": 2}
    old(owner, 91)
    swept = call(app, "sweep_retention")
    assert {name: swept[name] for name in WORDS} == {
        "sms_bodies": 2, "transcripts": 2, "recordings": 0, "follow_up_words": 2, "event_reasons": 1,
    }  # fmt: skip
    assert one(owner, "SELECT count(*) FROM frontdesk.call_messages") == 1
    assert one(owner, "SELECT count(*) FROM frontdesk.calls WHERE summary IS NOT NULL") == 1
    row = owner.execute(
        "SELECT name, phone FROM frontdesk.contacts WHERE org_id = %s", [clinic.id]
    ).fetchone()
    assert row is not None
    assert (row["name"].lower(), row["phone"]) == (NAME.lower(), PHONE)
    again = call(app, "sweep_retention")
    assert {name: again[name] for name in WORDS} == dict.fromkeys(WORDS, 0)


def test_what_retention_took_is_told_once_a_day(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """One event for each clinic and day that is over, with counts; none on days without."""
    live_a_while(owner, app, clinic)
    old(owner, 91)
    last = one(owner, "SELECT max(seq) FROM frontdesk.events")
    for _ in range(3):
        call(app, "sweep_retention", limit=1)
    told = "SELECT data FROM frontdesk.events WHERE type = 'retention.swept'"
    assert owner.execute(told).fetchall() == []
    owner.execute("UPDATE frontdesk.retention_days SET day = day - 1")
    call(app, "sweep_retention")
    call(app, "sweep_retention")
    [event] = owner.execute(told).fetchall()
    assert {name: event["data"][name] for name in ("transcripts", "messages", "recordings")} == {
        "transcripts": 2, "messages": 2, "recordings": 2,
    }  # fmt: skip
    assert one(owner, "SELECT max(seq) FROM frontdesk.events") == last + 1


def test_a_report_after_the_words_are_gone_keeps_what_came_of_the_call(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """The outcome is not told anew from a transcript that is no longer there."""
    report(app, clinic, "v1", datetime.now(UTC))
    before = one(owner, "SELECT outcome FROM frontdesk.calls")
    old(owner, 91)
    call(app, "sweep_retention")
    call(
        app, "record_call", org_id=clinic.id, call_id="v1", state="ended",
        heard=json.dumps({"cost": [3, 2, 0.5]}), reported=True,
    )  # fmt: skip
    assert one(owner, "SELECT outcome FROM frontdesk.calls") == before == "no_booking"
