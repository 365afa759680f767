"""Follow-ups that rules make: what for, for whom, once, and only where the clinic wants them."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.clinics import Clinic, Connection, call, make_clinic, one, put_visit
from tests.crowd import all_at_once
from tests.database import Database

PHONE = "+12025550199"


def run(app: Connection) -> int:
    """Do what dispatch does each minute; return how many follow-ups it made."""
    return int(call(app, "queue_due_follow_ups")["count"])


def run_again(app: Connection) -> int:
    """Do it until two of them do not meet in each other's way, as frontdesk.db does."""
    while True:
        try:
            return run(app)
        except psycopg.errors.DeadlockDetected:
            continue


def made(owner: Connection) -> list[dict[str, Any]]:
    """Return all follow-ups of rules."""
    return owner.execute("SELECT * FROM frontdesk.follow_ups WHERE rule IS NOT NULL ORDER BY id").fetchall()


def missed(owner: Connection, clinic: Clinic, ago: timedelta = timedelta(minutes=11)) -> uuid.UUID:
    """Write a visit that nobody came to, noted so long ago."""
    noted = datetime.now(UTC) - ago
    return put_visit(owner, clinic, clinic.at(9, day=-28), phone=PHONE, status="no_show", updated_at=noted)


def failed_text(
    owner: Connection, clinic: Clinic, visit: uuid.UUID, state: str = "undelivered", **more: Any
) -> None:
    """Write a text about a visit that ended like this."""
    values = {
        "org_id": clinic.id,
        "direction": "out",
        "kind": "booked",
        "dedupe_key": str(uuid.uuid4()),
        "phone": PHONE,
        "language": "en",
        "state": state,
        "appointment_id": visit,
        "error_code": "30003",
        "next_at": datetime.now(UTC),
        "valid_until": datetime.now(UTC),
        **more,
    }
    names, places = ", ".join(values), ", ".join(f"%({name})s" for name in values)
    owner.execute(
        f"INSERT INTO frontdesk.sms_messages (id, {names}) VALUES (gen_random_uuid(), {places})", values
    )


def test_who_did_not_come_is_called_once(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Due in the clinic's hours, with the person beside it; another run makes no second one."""
    visit = missed(owner, clinic)
    assert [run(app) for _ in range(3)] == [1, 0, 0]
    [follow_up] = made(owner)
    assert (follow_up["rule"], follow_up["rule_subject"], follow_up["source"]) == (
        "no_show",
        str(visit),
        "rule",
    )
    assert (follow_up["phone"], follow_up["caller_name"], follow_up["status"]) == (PHONE, "Sam Staff", "open")
    assert follow_up["due_at"] == one(
        owner, "SELECT frontdesk.rule_due_at(%s, %s)", clinic.id, follow_up["created_at"]
    )
    assert "9:00 AM" in follow_up["message"]
    assert "Sam" not in follow_up["message"]
    events = owner.execute("SELECT type, actor FROM frontdesk.events").fetchall()
    assert events == [{"type": "follow_up.created", "actor": "system"}]


def test_it_is_made_once_also_after_the_kept_answers_are_gone(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Idempotency keys live 72 hours, the rule's own subject for ever; also when it is done with."""
    missed(owner, clinic)
    assert run(app) == 1
    owner.execute("DELETE FROM frontdesk.idempotency_keys")
    owner.execute("UPDATE frontdesk.follow_ups SET status = 'done', done_at = now()")
    assert run(app) == 0


def test_a_no_show_that_may_still_be_taken_back_waits(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Ten minutes; and what is older than three days is nobody's work any more."""
    missed(owner, clinic, timedelta(minutes=9))
    assert run(app) == 0
    owner.execute("UPDATE frontdesk.appointments SET updated_at = now() - interval '73 hours'")
    assert run(app) == 0


def test_who_comes_again_anyway_is_not_called(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """They have another visit to come."""
    missed(owner, clinic)
    put_visit(owner, clinic, clinic.at(9), phone=PHONE)
    assert run(app) == 0


def test_a_text_that_did_not_arrive_is_said_by_somebody(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Once for each time of the visit, however many texts fail; again when it has moved."""
    visit = put_visit(owner, clinic, clinic.at(9), phone=PHONE)
    failed_text(owner, clinic, visit)
    failed_text(owner, clinic, visit, "failed", error_code="30005")
    assert [run(app), run(app)] == [1, 0]
    [follow_up] = made(owner)
    assert (follow_up["rule"], follow_up["urgency"]) == ("failed_text", "same_day")
    assert "30003" in follow_up["message"]
    owner.execute("UPDATE frontdesk.appointments SET time_version = 2")
    assert [run(app), run(app)] == [1, 0]


@pytest.mark.parametrize("change", ["delivered", "cancelled", "past"])
def test_a_failed_text_that_does_not_matter_any_more_is_left(
    owner: Connection, app: Connection, clinic: Clinic, change: str
) -> None:
    """A later one arrived; the visit is cancelled; it is over."""
    at = clinic.at(9, day=-28) if change == "past" else clinic.at(9)
    visit = put_visit(
        owner, clinic, at, phone=PHONE, status="cancelled" if change == "cancelled" else "pending"
    )
    failed_text(owner, clinic, visit)
    if change == "delivered":
        failed_text(owner, clinic, visit, "delivered")
        owner.execute(
            "UPDATE frontdesk.sms_messages SET created_at = created_at + interval '1 s'"
            " WHERE state = 'delivered'"
        )
    assert run(app) == 0


@pytest.mark.parametrize("rule", ["no_show", "failed_text"])
def test_a_rule_that_is_off_makes_nothing(owner: Connection, app: Connection, rule: str) -> None:
    """Each clinic decides; the other rules go on."""
    clinic = make_clinic(owner, follow_up_rules=[{"no_show": "failed_text", "failed_text": "no_show"}[rule]])
    missed(owner, clinic)
    failed_text(owner, clinic, put_visit(owner, clinic, clinic.at(9), phone="+12025550111"))
    assert run(app) == 1
    assert [row["rule"] for row in made(owner)] == [
        {"no_show": "failed_text", "failed_text": "no_show"}[rule]
    ]


@pytest.mark.parametrize("on", [True, False])
def test_a_missed_call_asks_for_a_call_back_only_where_the_clinic_wants_it(
    owner: Connection, app: Connection, on: bool
) -> None:
    """The rule for calls acts with the report; a lead is kept either way."""
    clinic = make_clinic(owner, follow_up_rules=["call"] if on else [])
    heard = {"phone": PHONE, "started_at": "2026-11-02T12:00:00Z", "ended_at": "2026-11-02T12:00:20Z"}
    call(
        app,
        "record_call",
        org_id=clinic.id,
        call_id="v1",
        state="ended",
        heard=json.dumps({key: [3, 1, value] for key, value in heard.items()}),
        reported=True,
    )
    assert [row["rule"] for row in made(owner)] == (["call"] if on else [])
    assert one(owner, "SELECT count(*) FROM frontdesk.leads") == 1


@pytest.mark.parametrize("on", [True, False])
def test_who_was_cancelled_in_google_is_called_only_where_the_clinic_wants_it(
    owner: Connection, app: Connection, on: bool
) -> None:
    """The visit is cancelled either way, and the patient is texted."""
    clinic = make_clinic(owner, follow_up_rules=["cancelled_by_provider"] if on else [])
    visit, calendar = put_visit(owner, clinic, clinic.at(9), phone=PHONE), uuid.uuid4()
    owner.execute(
        "INSERT INTO frontdesk.calendars (org_id, id, provider_id, google_calendar_id, status)"
        " VALUES (%s, %s, %s, 'patel@example.test', 'live')",
        [clinic.id, calendar, clinic.providers[0]],
    )
    owner.execute(
        "INSERT INTO frontdesk.calendar_events (org_id, appointment_id, calendar_id, google_event_id, state,"
        " writes, written_version) VALUES (%s, %s, %s, 'e1', 'live', 1, 1)",
        [clinic.id, visit, calendar],
    )
    gone = {"org_id": clinic.id, "appointment_id": visit, "calendar_id": calendar, "google_event_id": "e1"}
    assert call(app, "appointment_deleted_in_google", **gone)["outcome"] == "cancelled"
    assert [row["rule"] for row in made(owner)] == (["cancelled_by_provider"] if on else [])


def test_several_dispatches_at_once_make_one_each(
    database: Database, owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Of several clinics too; the event numbers stay whole."""
    for each in (clinic, make_clinic(owner), make_clinic(owner)):
        missed(owner, each)
        failed_text(owner, each, put_visit(owner, each, each.at(9), phone="+12025550111"))

    assert sum(all_at_once(database, [run_again] * 4)) == 6
    assert len(made(owner)) == 6
    assert one(owner, "SELECT max(seq) FROM frontdesk.events") == 2


def test_the_rules_name_what_they_know(owner: Connection) -> None:
    """A clinic cannot switch on what is not there."""
    with pytest.raises(Exception, match="orgs_follow_up_rules_known"):
        make_clinic(owner, follow_up_rules=["astrology"])
