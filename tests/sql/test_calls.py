"""What must follow a call: its outcome, a lead, a follow-up; and how calls and leads are read."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.clinics import Clinic, Connection, add_closure, book, call, make_clinic, one, set_hours, utc

PHONE = "+12025550147"
START = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
ANYBODY = {"role": "assistant", "body": "Hello? Is anybody there?"}
HELLO = {"role": "user", "body": "Hello, a cleaning please"}
ASKED = {
    "role": "tool",
    "body": "That slot is taken.",
    "tool": "bookClinicAppointment",
    "outcome": "SLOT_UNAVAILABLE",
}


def report(app: Connection, clinic: Clinic, *lines: dict[str, Any], call_id: str = "v1", **said: Any) -> Any:
    """Report a call that ended, with these lines and fields."""
    fields = {
        "phone": PHONE,
        "started_at": START.isoformat(),
        "ended_at": (START + timedelta(minutes=2)).isoformat(),
    }
    stamped = {key: [3, 1, value] for key, value in (fields | said).items() if value is not None}
    return call(
        app, "record_call", org_id=clinic.id, call_id=call_id, state="ended", heard=json.dumps(stamped),
        lines=json.dumps(lines), lines_rank=3, reported=True,
    )  # fmt: skip


def only_lead(app: Connection, clinic: Clinic) -> Any:
    """Return the only lead."""
    [lead] = call(app, "list_leads", org_id=clinic.id)["items"]
    return lead


def follow_ups(owner: Connection) -> list[dict[str, Any]]:
    """Return the follow-ups of the rule for calls."""
    return owner.execute(
        "SELECT * FROM frontdesk.follow_ups WHERE rule = 'call' ORDER BY created_at"
    ).fetchall()


@pytest.mark.parametrize(
    ("lines", "said", "outcome", "reason"),
    [
        ([], {}, "missed", "missed_call"),
        ([ANYBODY], {"ended_reason": "silence-timed-out"}, "missed", "missed_call"),
        ([HELLO], {"ended_reason": "customer-ended-call"}, "no_booking", "hung_up"),
        ([HELLO], {"ended_reason": "silence-timed-out"}, "no_booking", "went_silent"),
        ([HELLO, ASKED], {}, "no_booking", "no_time_fits"),
        ([HELLO, ASKED], {"lost_reason": "price"}, "no_booking", "price"),
        ([HELLO, ASKED | {"outcome": "NOT_FOUND"}], {}, "no_booking", "not_verified"),
        ([HELLO], {"ended_reason": "pipeline-error-openai-llm-failed"}, "failed", "our_failure"),
        ([HELLO], {"ended_reason": "assistant-forwarded-call"}, "transferred", "transferred"),
        ([HELLO], {"transferred_to": "+12025550111"}, "transferred", "transferred"),
    ],
)  # fmt: skip
def test_a_call_without_an_appointment_is_a_lead_with_its_reason(
    app: Connection,
    clinic: Clinic,
    lines: list[dict[str, Any]],
    said: dict[str, str],
    outcome: str,
    reason: str,
) -> None:
    """What the analysis says, else what the call shows."""
    assert report(app, clinic, *lines, **said)["outcome"] == outcome
    lead = only_lead(app, clinic)
    assert (lead["status"], lead["reason"], lead["phone"], lead["calls"]) == ("new", reason, PHONE, 1)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([HELLO], {"phone": None}),
        ([HELLO], {"direction": "outbound"}),
        ([HELLO], {"intent": "wrong_number"}),
        ([HELLO], {"intent": "sales"}),
        ([HELLO, ASKED | {"tool": "lookupAppointments", "outcome": "FOUND"}], {}),
    ],
)
def test_not_every_call_is_a_lead(
    owner: Connection, app: Connection, clinic: Clinic, lines: list[dict[str, Any]], said: dict[str, Any]
) -> None:
    """Nobody to call back, our own call, a wrong number, a seller, a patient who asked for their visit."""
    report(app, clinic, *lines, **said)
    assert call(app, "list_leads", org_id=clinic.id)["items"] == []
    assert follow_ups(owner) == []


@pytest.mark.parametrize(
    ("function", "outcome"),
    [
        ("book", "booked"),
        ("reschedule_appointment_atomic", "rescheduled"),
        ("cancel_appointment_atomic", "cancelled"),
    ],
)
def test_what_a_call_did_is_its_outcome(app: Connection, clinic: Clinic, function: str, outcome: str) -> None:
    """Booked, moved, cancelled: no lead, and the call shows the appointment."""
    made = book(app, clinic, clinic.at(9), call_id="v1" if function == "book" else "before", tool_call_id="t")
    visit = made["appointment"]["id"]
    if function != "book":
        more = {"scheduled_at": clinic.at(11)} if outcome == "rescheduled" else {}
        done = call(app, function, org_id=clinic.id, appointment_id=visit, call_id="v1", **more)
        assert done["outcome"] == outcome
    assert report(app, clinic, HELLO)["outcome"] == outcome
    assert call(app, "list_leads", org_id=clinic.id)["items"] == []
    details = call(app, "call_details", org_id=clinic.id, call="v1")
    assert [each["id"] for each in details["appointments"]] == [visit]
    assert details["contact_id"] == made["appointment"]["contact_id"]


def test_who_has_a_coming_appointment_is_no_lead(app: Connection, clinic: Clinic) -> None:
    """An existing patient with a question."""
    book(app, clinic, clinic.at(9))
    assert report(app, clinic, HELLO)["outcome"] == "no_booking"
    assert call(app, "list_leads", org_id=clinic.id)["items"] == []


def test_a_message_taken_is_a_lead_and_needs_no_second_follow_up(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """The agent's follow-up is the one."""
    call(
        app,
        "create_follow_up",
        org_id=clinic.id,
        message="Call me",
        due_at=clinic.at(9),
        phone=PHONE,
        call_id="v1",
    )
    assert report(app, clinic, HELLO, ASKED)["outcome"] == "message_taken"
    assert only_lead(app, clinic)["reason"] == "left_message"
    assert one(owner, "SELECT count(*) FROM frontdesk.follow_ups") == 1


@pytest.mark.parametrize(
    ("lines", "said", "message"),
    [
        ([], {}, "Missed call: nobody was heard."),
        ([HELLO], {"ended_reason": "call.in-progress.error-x"}, "The call broke off."),
        ([HELLO, ASKED], {}, "Asked for an appointment and did not book (no time fits)."),
        ([HELLO], {"intent": "book"}, "Asked for an appointment and did not book (unknown)."),
        ([HELLO], {"intent": "question"}, None),
    ],
)  # fmt: skip
def test_who_was_missed_or_got_no_appointment_is_called_back(
    owner: Connection,
    app: Connection,
    clinic: Clinic,
    lines: list[dict[str, Any]],
    said: dict[str, str],
    message: str | None,
) -> None:
    """Once, due in the clinic's hours; a question that was answered needs nobody."""
    for _ in range(3):
        report(app, clinic, *lines, **said)
    assert [row["message"] for row in follow_ups(owner)] == ([message] if message else [])
    for row in follow_ups(owner):
        due = row["due_at"].astimezone(clinic.at(9).tzinfo)
        assert (due.weekday() < 5, 9 <= due.hour <= 17, row["source"]) == (True, True, "rule")
        assert timedelta() < row["due_at"] - datetime.now(UTC) < timedelta(days=4)


def test_three_calls_of_one_number_are_one_lead_and_one_follow_up(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """The last call's reason; while somebody is to call back, no second follow-up."""
    for n, reason in enumerate(("price", "thinking", "insurance")):
        started = (START + timedelta(hours=n)).isoformat()
        report(app, clinic, HELLO, ASKED, call_id=f"v{n}", lost_reason=reason, started_at=started)
    lead = only_lead(app, clinic)
    assert (lead["calls"], lead["reason"]) == (3, "insurance")
    assert len(follow_ups(owner)) == 1


def test_an_older_call_that_is_reported_late_does_not_change_the_reason(
    app: Connection, clinic: Clinic
) -> None:
    """The reason is that of the latest call, not of the latest message."""
    report(
        app,
        clinic,
        HELLO,
        call_id="new",
        lost_reason="price",
        started_at=(START + timedelta(hours=5)).isoformat(),
    )
    report(app, clinic, HELLO, call_id="old", lost_reason="thinking")
    assert only_lead(app, clinic)["reason"] == "price"


def test_a_booking_wins_the_lead_by_whatever_way(app: Connection, clinic: Clinic) -> None:
    """In another call, by staff: status booked, with the appointment; a late repetition changes nothing."""
    report(app, clinic, HELLO)
    visit = book(app, clinic, clinic.at(9), source="staff")["appointment"]
    for _ in range(2):
        lead = only_lead(app, clinic)
        assert (lead["status"], lead["appointment_id"], lead["contact_id"]) == (
            "booked",
            visit["id"],
            visit["contact_id"],
        )
        assert lead["name"] == "Dana Whitfield"
        report(app, clinic, HELLO)


def test_a_booking_spares_the_call_back(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Who did not book in one call and does in the next need not be called; told to the board; for good."""
    report(app, clinic, HELLO, ASKED)
    assert [row["status"] for row in follow_ups(owner)] == ["open"]
    book(app, clinic, clinic.at(9))
    report(app, clinic, HELLO, ASKED)
    assert [(row["status"], row["done_by"]) for row in follow_ups(owner)] == [("done", "system")]
    events = owner.execute("SELECT type FROM frontdesk.events ORDER BY seq DESC LIMIT 2").fetchall()
    assert {row["type"] for row in events} == {"appointment.booked", "follow_up.done"}


def test_a_booking_leaves_alone_what_somebody_has_taken_up(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """An assigned follow-up stays with the person who has it."""
    report(app, clinic, HELLO, ASKED)
    owner.execute("UPDATE frontdesk.follow_ups SET assignee_id = gen_random_uuid()")
    book(app, clinic, clinic.at(9))
    assert [row["status"] for row in follow_ups(owner)] == ["open"]


def test_who_must_not_be_called_stays_so(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Another call makes no follow-up and changes no status; even a booking does not."""
    report(app, clinic, HELLO)
    lead = only_lead(app, clinic)
    change(app, clinic, lead, status="do_not_call")
    report(app, clinic, HELLO, ASKED, call_id="v2", started_at=(START + timedelta(days=1)).isoformat())
    book(app, clinic, clinic.at(9))
    assert only_lead(app, clinic)["status"] == "do_not_call"
    assert follow_ups(owner) == []


def test_who_was_lost_and_calls_again_is_new(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """A later call opens the lead again; a late report of the old call does not."""
    report(app, clinic, HELLO)
    change(app, clinic, only_lead(app, clinic), status="lost")
    report(app, clinic, HELLO, summary="The same call, told more fully")
    assert only_lead(app, clinic)["status"] == "lost"
    report(
        app, clinic, HELLO, call_id="v2", started_at=(datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    )
    assert only_lead(app, clinic)["status"] == "new"


def test_a_booking_heard_of_late_takes_the_lead_back(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """The report came before the booking's commit: no lead is left, and the follow-up is done with."""
    report(app, clinic, HELLO, ASKED)
    book(app, clinic, clinic.at(9), call_id="v1", tool_call_id="t")
    report(app, clinic, HELLO, ASKED, summary="Booked after all")
    assert call(app, "call_details", org_id=clinic.id, call="v1")["outcome"] == "booked"
    assert [row["status"] for row in follow_ups(owner)] == ["done"]
    assert all(lead["status"] == "booked" for lead in call(app, "list_leads", org_id=clinic.id)["items"])


def change(app: Connection, clinic: Clinic, lead: Any, **changed: Any) -> Any:
    """Change a lead as staff do."""
    arguments = {"version": lead["version"], "actor": f"staff:{clinic.id}"} | changed
    return call(app, "change_lead", org_id=clinic.id, lead_id=lead["id"], **arguments)


def test_staff_work_on_a_lead(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Status, note and name; the second of two is told; a stranger's id and a wrong status are refused."""
    report(app, clinic, HELLO, **{"fact.name": "Dana"})
    lead = only_lead(app, clinic)
    done = change(app, clinic, lead, status="contacted", note=" Call on Monday ", name="Dana Whitfield")
    assert (done["outcome"], done["lead"]["status"], done["lead"]["note"]) == (
        "changed",
        "contacted",
        "Call on Monday",
    )
    assert [fact["value"] for fact in done["lead"]["facts"]] == ["Dana Whitfield"], "staff's word counts"
    assert [row["queue"] for row in done["outbox"]] == ["notify"]
    stale = change(app, clinic, lead, status="lost")
    assert (stale["outcome"], stale["current"]["version"]) == ("version_conflict", 2)
    lead = only_lead(app, clinic)
    assert change(app, clinic, lead)["outcome"] == "unchanged"
    assert change(app, clinic, lead, status="won")["outcome"] == "invalid"
    assert change(app, clinic, lead, note="")["lead"]["note"] is None
    assert change(app, make_clinic(owner), lead)["outcome"] == "not_found"


def test_a_missing_address_is_filled_in_unless_staff_changed_the_contact(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Said in a call: kept beside, and put into an empty field; staff's empty field stays empty."""
    contact = book(app, clinic, clinic.at(9))["appointment"]["contact_id"]
    report(app, clinic, HELLO, **{"fact.email": "dana@example.com", "fact.name": "Danna Witfeld"})
    row = owner.execute("SELECT name, email, version FROM frontdesk.contacts").fetchone()
    assert row == {"name": "Dana Whitfield", "email": "dana@example.com", "version": 2}
    owner.execute("UPDATE frontdesk.contacts SET email = NULL")
    owner.execute(
        "SELECT set_config('app.org_id', %s, false),"
        " frontdesk.record_change(%s, 'contact.changed', NULL, NULL, %s, 3, NULL,"
        " 'staff:x', '{}', '{notify}')", [str(clinic.id), clinic.id, contact])  # fmt: skip
    report(app, clinic, HELLO, call_id="v2", **{"fact.email": "other@example.com"})
    assert one(owner, "SELECT email FROM frontdesk.contacts") is None


def test_the_transcripts_are_searched(app: Connection, clinic: Clinic) -> None:
    """By word forms, phrases and exclusions, with the lines that hit; little words alone find nothing."""
    report(app, clinic, {"role": "user", "body": "My wisdom teeth are hurting"}, call_id="a")
    report(
        app,
        clinic,
        {"role": "user", "body": "I need two cleanings"},
        {"role": "assistant", "body": "Sure"},
        call_id="b",
    )

    def found(query: str) -> list[str]:
        return [
            each["vapi_call_id"] for each in call(app, "list_calls", org_id=clinic.id, query=query)["items"]
        ]

    assert found("hurts") == ["a"]
    assert found('"wisdom tooth"') == []
    assert found('"wisdom teeth"') == ["a"]
    assert sorted(found("hurt or cleaning")) == ["a", "b"]
    assert found("cleaning -sure") == []
    assert found("the") == []
    assert found("'); DROP TABLE calls; --") == []
    [hit] = call(app, "list_calls", org_id=clinic.id, query="cleaning")["items"]
    assert [line["body"] for line in hit["matches"]] == ["I need two cleanings"]


def test_calls_are_listed_in_pages(app: Connection, clinic: Clinic) -> None:
    """Newest first, none twice, none missing; filtered by time, outcome and contact."""
    for n in range(7):
        report(
            app, clinic, HELLO, call_id=f"v{n}", started_at=(START + timedelta(minutes=n // 2)).isoformat()
        )
    seen: list[str] = []
    before = None
    while True:
        page = call(
            app, "list_calls", org_id=clinic.id, limit=3, before=json.dumps(before) if before else None
        )
        seen += [each["vapi_call_id"] for each in page["items"]]
        before = page["next"]
        if before is None:
            break
    assert sorted(seen) == [f"v{n}" for n in range(7)]
    assert seen[0] == "v6"
    minute = START + timedelta(minutes=1)
    some = call(
        app, "list_calls", org_id=clinic.id, **{"from": minute, "until": minute + timedelta(seconds=1)}
    )
    assert sorted(each["vapi_call_id"] for each in some["items"]) == ["v2", "v3"]
    assert call(app, "list_calls", org_id=clinic.id, outcome="booked")["items"] == []
    contact = book(app, clinic, clinic.at(9))["appointment"]["contact_id"]
    of_them = call(app, "list_calls", org_id=clinic.id, contact_id=contact, limit=200)["items"]
    assert len(of_them) == 7, "the calls before the first booking, too"


def test_one_clinic_sees_nothing_of_another(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """By the same Vapi id, by our id, in lists and searches."""
    other = make_clinic(owner)
    mine = report(app, clinic, HELLO)["id"]
    theirs = report(app, other, {"role": "user", "body": "Something else"})["id"]
    assert mine != theirs
    assert call(app, "call_details", org_id=clinic.id, call=theirs) is None
    assert call(app, "call_details", org_id=clinic.id, call="v1")["id"] == mine
    assert [each["id"] for each in call(app, "list_calls", org_id=other.id)["items"]] == [theirs]
    assert call(app, "list_calls", org_id=other.id, query="cleaning")["items"] == []


def test_a_call_whose_report_never_comes_is_settled(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """A quarter of an hour after its end; after 13 silent hours it counts as ended. A late report counts."""
    for call_id, state in (("ended", "ended"), ("quiet", "in_progress"), ("talking", "in_progress")):
        phone = {"phone": [1, 1, PHONE if call_id != "quiet" else "+12025550188"]}
        call(app, "record_call", org_id=clinic.id, call_id=call_id, state=state, heard=json.dumps(phone))
    assert call(app, "settle_calls") == {"count": 0}
    owner.execute(
        "UPDATE frontdesk.calls SET updated_at = now() - interval '16 minutes' WHERE vapi_call_id <> 'quiet'"
    )
    owner.execute(
        "UPDATE frontdesk.calls SET updated_at = now() - interval '14 hours' WHERE vapi_call_id = 'quiet'"
    )
    assert call(app, "settle_calls") == {"count": 2}
    assert call(app, "settle_calls") == {"count": 0}
    states = {
        row["vapi_call_id"]: (row["state"], row["outcome"])
        for row in owner.execute("SELECT * FROM frontdesk.calls")
    }
    assert states == {
        "ended": ("ended", "missed"),
        "quiet": ("ended", "missed"),
        "talking": ("in_progress", None),
    }
    assert len(follow_ups(owner)) == 2
    report(app, clinic, HELLO, call_id="ended", intent="question")
    assert call(app, "call_details", org_id=clinic.id, call="ended")["outcome"] == "no_booking"
    assert sorted(row["status"] for row in follow_ups(owner)) == ["done", "open"]


def test_a_rule_is_due_in_the_clinics_hours(owner: Connection, clinic: Clinic) -> None:
    """Today until closing; at night, at weekends and on closed days half an hour into the next open one."""
    add_closure(owner, clinic, clinic.at(0, day=2), clinic.at(0, day=3))

    def due(start: datetime) -> datetime:
        return utc(one(owner, "SELECT frontdesk.rule_due_at(%s, %s)::text", clinic.id, start))

    assert due(clinic.at(10)) == clinic.at(17)
    assert due(clinic.at(16, 45)) == clinic.at(9, 30, day=1)
    assert due(clinic.at(20)) == clinic.at(9, 30, day=1)
    assert due(clinic.at(18, day=1)) == clinic.at(9, 30, day=3)
    assert due(clinic.at(12, day=5)) == clinic.at(9, 30, day=7)
    set_hours(owner, clinic, clinic.providers[0])
    assert due(clinic.at(10)) == clinic.at(10, day=1)


def test_the_board_hears_of_start_end_and_report(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """With the outcome and the length, and nobody's words."""
    call(
        app,
        "record_call",
        org_id=clinic.id,
        call_id="v1",
        state="ringing",
        heard='{"phone": [1, 1, "+12025550147"]}',
    )
    call(app, "record_call", org_id=clinic.id, call_id="v1", state="in_progress", heard="{}")
    call(app, "record_call", org_id=clinic.id, call_id="v1", state="ended", heard="{}")
    report(app, clinic, HELLO, lost_reason="price", summary="Dana wanted a cleaning")
    rows = owner.execute(
        "SELECT type, call_id, data FROM frontdesk.events WHERE type LIKE 'call.%' ORDER BY seq"
    ).fetchall()
    assert [row["type"] for row in rows] == ["call.started", "call.ended", "call.reported"]
    assert {row["call_id"] for row in rows} == {"v1"}
    assert rows[-1]["data"] == {"outcome": "no_booking", "duration_seconds": 120.0}
    assert {row["queue"] for row in owner.execute("SELECT queue FROM frontdesk.outbox")} == {"notify"}
