"""Appointments on their way to Google: one event each, the latest state wins, no provider's act is lost."""

from datetime import UTC, datetime
from typing import Any

import pytest

from functions.calendar_worker import google_calendar, pacing
from functions.calendar_worker.google_calendar import GoogleError
from tests.batches import Context, batch
from tests.calendar.conftest import (
    NOVAK,
    PATEL,
    Surroundings,
    assign,
    book,
    calendar_row,
    cancel,
    connect,
    event_row,
    let_time_pass,
    move,
    state_of,
    work,
    work_off,
)
from tests.clinics import Clinic, Connection, call, make_clinic, one
from tests.fake_google import FakeGoogleThread


def starts(event: dict[str, Any]) -> datetime:
    """Return when an event starts."""
    return datetime.fromisoformat(event["start"]["dateTime"]).astimezone(UTC)


def test_a_booked_visit_becomes_one_event(
    owner: Connection, app: Connection, clinic: Clinic, google: FakeGoogleThread
) -> None:
    """At its time, in the clinic's zone, known by our id and our private properties."""
    appointment, row = book(app, clinic)
    assert work(clinic, row) == []
    (event,) = google.events(PATEL)
    assert event["id"] == event_row(owner, appointment)["google_event_id"]
    assert starts(event) == clinic.at(10).astimezone(UTC)
    assert event["start"]["timeZone"] == "America/New_York"
    assert event["extendedProperties"]["private"] == {
        "appt_id": appointment["id"],
        "org_id": str(clinic.id),
        "rev": "1",
        "src": "frontdesk",
    }
    assert state_of(owner, clinic, appointment) == "written"


def test_a_message_that_comes_twice_writes_once(
    app: Connection, clinic: Clinic, google: FakeGoogleThread
) -> None:
    """SQS delivers at least once; the second time there is nothing to do."""
    _, row = book(app, clinic)
    assert work(clinic, row, row) == []
    assert work(clinic, row) == []
    assert len(google.writes()) == 1


def test_the_latest_state_wins_whatever_the_order_of_messages(
    app: Connection, clinic: Clinic, google: FakeGoogleThread
) -> None:
    """Booked, moved, moved again; the last message first: one write with the last time, and no other."""
    appointment, booked = book(app, clinic)
    first = calendar_row(move(app, clinic, appointment, 11))
    last = calendar_row(move(app, clinic, appointment, 14))
    assert work(clinic, last, first, booked) == []
    (event,) = google.events(PATEL)
    assert starts(event) == clinic.at(14).astimezone(UTC)
    assert len(google.writes()) == 1


def test_a_moved_visit_moves_its_event(app: Connection, clinic: Clinic, google: FakeGoogleThread) -> None:
    """The same event, at the new time."""
    appointment, row = book(app, clinic)
    work(clinic, row)
    work(clinic, calendar_row(move(app, clinic, appointment, 15)))
    (event,) = google.events(PATEL)
    assert starts(event) == clinic.at(15).astimezone(UTC)
    assert event["extendedProperties"]["private"]["rev"] == "2"


def test_a_cancelled_visit_has_no_event(
    owner: Connection, app: Connection, clinic: Clinic, google: FakeGoogleThread
) -> None:
    """Deleted at Google; and one cancelled before it was written never gets there."""
    appointment, row = book(app, clinic)
    work(clinic, row)
    never, unwritten = book(app, clinic, 13, patient_phone="+12025550111")
    work(clinic, calendar_row(cancel(app, clinic, appointment)))
    work(clinic, calendar_row(cancel(app, clinic, never)), unwritten)
    assert google.events(PATEL, live=True) == []
    assert [write["method"] for write in google.writes()] == ["insert", "delete"]
    assert event_row(owner, appointment)["state"] == "deleted"
    assert state_of(owner, clinic, appointment) == "written"


def test_a_visit_that_changes_the_provider_changes_the_calendar(
    owner: Connection, app: Connection, pair: Clinic, google: FakeGoogleThread
) -> None:
    """Gone from the one, new in the other; and back again under a new id, since the old one stays taken."""
    appointment, row = book(app, pair, provider="Patel")
    work(pair, row)
    work(pair, calendar_row(move(app, pair, appointment, 11, provider="Novak")))
    assert (len(google.events(PATEL, live=True)), len(google.events(NOVAK, live=True))) == (0, 1)
    work(pair, calendar_row(move(app, pair, appointment, 12, provider="Patel")))
    assert (len(google.events(PATEL, live=True)), len(google.events(NOVAK, live=True))) == (1, 0)
    assert len({event["id"] for event in google.events(PATEL)}) == 2
    generations = owner.execute(
        "SELECT generation, state FROM frontdesk.calendar_events ORDER BY 1"
    ).fetchall()
    assert [(each["generation"], each["state"]) for each in generations] == [(1, "deleted"), (2, "live")]


def test_a_write_whose_record_was_lost_is_found_again(
    owner: Connection, app: Connection, clinic: Clinic, google: FakeGoogleThread
) -> None:
    """The worker dies after the insert: 409 at the next try, and no second event."""
    appointment, row = book(app, clinic)
    work(clinic, row)
    owner.execute(
        "UPDATE frontdesk.calendar_events SET etag = NULL, state = 'wanted', written_version = NULL,"
        " written_starts_at = NULL, written_ends_at = NULL, attempts = 1"
    )
    assert work(clinic, calendar_row(move(app, clinic, appointment, 11))) == []
    (event,) = google.events(PATEL)
    assert starts(event) == clinic.at(11).astimezone(UTC)
    assert event_row(owner, appointment)["state"] == "live"


def test_a_deleted_id_is_followed_by_the_next_generation(
    owner: Connection, app: Connection, clinic: Clinic, google: FakeGoogleThread
) -> None:
    """Inserted, never recorded, and deleted by the provider: the id is taken for ever."""
    appointment, row = book(app, clinic)
    work(clinic, row)
    used = event_row(owner, appointment)["google_event_id"]
    google.act("DELETE", f"/calendars/{PATEL}/events/{used}")
    owner.execute(
        "UPDATE frontdesk.calendar_events"
        " SET etag = NULL, state = 'wanted', written_version = NULL, attempts = 1"
    )
    work(clinic, row)
    (event,) = google.events(PATEL, live=True)
    assert event["id"] != used
    assert event_row(owner, appointment)["generation"] == 2


def test_what_the_provider_wrote_on_our_event_stays(
    app: Connection, clinic: Clinic, google: FakeGoogleThread
) -> None:
    """A colour and a note change the etag (412): our move is made on top of them."""
    appointment, row = book(app, clinic)
    work(clinic, row)
    (event,) = google.events(PATEL)
    google.act(
        "PATCH", f"/calendars/{PATEL}/events/{event['id']}", {"colorId": "5", "description": "bring X-rays"}
    )
    work(clinic, calendar_row(move(app, clinic, appointment, 11)))
    (event,) = google.events(PATEL)
    assert (event["colorId"], event["description"]) == ("5", "bring X-rays")
    assert starts(event) == clinic.at(11).astimezone(UTC)


def test_a_time_the_provider_chose_is_never_overwritten_unseen(
    owner: Connection, app: Connection, clinic: Clinic, google: FakeGoogleThread
) -> None:
    """Moved in Google while somebody notes something here: the calendar is read, and its rule decides."""
    appointment, row = book(app, clinic)
    work(clinic, row)
    (event,) = google.events(PATEL)
    moved = {"dateTime": clinic.at(15).isoformat()}, {"dateTime": clinic.at(16).isoformat()}
    google.act("PATCH", f"/calendars/{PATEL}/events/{event['id']}", {"start": moved[0], "end": moved[1]})
    told = call(app, "confirm_appointment", org_id=clinic.id, appointment_id=appointment["id"])
    assert work(clinic, calendar_row(told)) == []
    (event,) = google.events(PATEL)
    assert starts(event) == clinic.at(15).astimezone(UTC)
    waiting = one(
        owner,
        "SELECT count(*) FROM frontdesk.outbox WHERE kind = 'calendar.sync' AND id > %s",
        calendar_row(told),
    )
    assert waiting == 1
    assert event_row(owner, appointment)["last_error_code"] == "moved_in_google"


def test_a_deletion_by_the_provider_is_left_to_the_rule_for_it(
    owner: Connection, app: Connection, clinic: Clinic, google: FakeGoogleThread
) -> None:
    """A write that finds the event deleted does not bring it back: the rule cancels the visit."""
    appointment, row = book(app, clinic)
    work(clinic, row)
    (event,) = google.events(PATEL)
    google.act("DELETE", f"/calendars/{PATEL}/events/{event['id']}")
    told = call(app, "confirm_appointment", org_id=clinic.id, appointment_id=appointment["id"])
    assert work(clinic, calendar_row(told)) == []
    assert google.events(PATEL, live=True) == []
    status = one(owner, "SELECT status FROM frontdesk.appointments WHERE id = %s", appointment["id"])
    assert status == "cancelled"


def test_a_calendar_that_is_gone_cancels_nobody(
    owner: Connection, app: Connection, clinic: Clinic, google: FakeGoogleThread
) -> None:
    """404 for the event and for its calendar: the staff are told, the visit stays."""
    appointment, row = book(app, clinic)
    work(clinic, row)
    google.faults(calendar_gone=PATEL)
    assert work(clinic, calendar_row(move(app, clinic, appointment, 11))) == []
    assert one(owner, "SELECT status FROM frontdesk.calendars") == "gone"
    assert one(owner, "SELECT status FROM frontdesk.appointments") == "pending"
    assert state_of(owner, clinic, appointment) == "failed"
    assert (
        one(owner, "SELECT data ->> 'status' FROM frontdesk.events WHERE type = 'calendar.status'") == "gone"
    )


@pytest.mark.parametrize("generations", [1, 2])
@pytest.mark.parametrize("replaced", [False, True])
def test_a_calendar_left_out_of_reach_and_assigned_again_has_each_visit_once(
    owner: Connection,
    app: Connection,
    clinic: Clinic,
    google: FakeGoogleThread,
    replaced: bool,
    generations: int,
) -> None:
    """Our row of it is forgotten with the ids; the insert meets its own event all the same."""
    appointment, row = book(app, clinic)
    work(clinic, row)
    if generations == 2:
        google.act("DELETE", f"/calendars/{PATEL}/events/{event_row(owner, appointment)['google_event_id']}")
        owner.execute("UPDATE frontdesk.calendar_events SET etag = NULL, state = 'wanted', attempts = 1")
        work(clinic, row)
    google.faults(calendar_gone=PATEL)
    work(clinic, calendar_row(move(app, clinic, appointment, 11)))
    if replaced:
        assign(app, clinic, NOVAK)
    else:
        call(app, "unassign_calendar", org_id=clinic.id, provider_id=clinic.providers[0])
    work_off(owner, clinic)
    assert one(owner, "SELECT count(*) FROM frontdesk.calendars WHERE provider_id IS NULL") == 0
    google.faults()
    assign(app, clinic)
    work_off(owner, clinic)
    (event,) = google.events(PATEL, live=True)
    assert starts(event) == clinic.at(11).astimezone(UTC)
    assert google.events(NOVAK, live=True) == []
    assert event_row(owner, appointment)["generation"] == generations


def test_a_good_calendar_replaced_by_one_out_of_reach_can_be_given_back(
    owner: Connection, app: Connection, clinic: Clinic, google: FakeGoogleThread
) -> None:
    """It was emptied for the other one; no visit is cancelled, and each is written into it once."""
    appointment, row = book(app, clinic)
    work(clinic, row)
    google.faults(calendar_gone=NOVAK)
    assign(app, clinic, NOVAK)
    work_off(owner, clinic)
    assert google.events(PATEL, live=True) == []
    assign(app, clinic)
    work_off(owner, clinic)
    assert len(google.events(PATEL, live=True)) == 1
    assert state_of(owner, clinic, appointment) == "written"
    assert one(owner, "SELECT status FROM frontdesk.appointments") == "pending"


def test_rows_that_are_replayed_write_nothing_that_is_right_already(
    owner: Connection, app: Connection, clinic: Clinic, google: FakeGoogleThread
) -> None:
    """Every row, sent and worked on before: no call that changes Google, no event told again."""
    for hour in (10, 11, 13):
        book(app, clinic, hour, patient_phone=f"+120255501{hour}")
    call(app, "unassign_calendar", org_id=clinic.id, provider_id=clinic.providers[0])
    assign(app, clinic)
    work_off(owner, clinic)
    owner.execute("UPDATE frontdesk.calendar_events SET next_at = now()")
    call(app, "queue_due_calendar_work")
    work_off(owner, clinic)
    tried = len(google.writes())
    told = one(owner, "SELECT count(*) FROM frontdesk.events")
    sent = owner.execute(
        "SELECT id FROM frontdesk.outbox WHERE queue = 'calendar'"
        " AND (kind LIKE 'appointment.%' OR kind = 'calendar.write_again') ORDER BY id"
    ).fetchall()
    assert len(sent) >= 9
    assert work(clinic, *(row["id"] for row in sent)) == []
    assert (tried, len(google.writes())) == (3, 3)
    assert one(owner, "SELECT count(*) FROM frontdesk.events") == told


def test_what_must_be_put_back_is_written_once_however_often_it_is_asked_or_put_off(
    owner: Connection,
    app: Connection,
    clinic: Clinic,
    google: FakeGoogleThread,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Paced at first, woken by dispatch, its row repeated: one PATCH."""
    appointment, booked = book(app, clinic)
    work(clinic, booked)
    owner.execute("SELECT set_config('app.org_id', %s, false)", [str(clinic.id)])
    rows = one(
        owner,
        "SELECT frontdesk.write_again(org_id, appointment_id, calendar_id) FROM frontdesk.calendar_events",
    )
    monkeypatch.setattr(pacing, "BURST", 1.0)
    pacing.forget()
    work(clinic, rows[0]["id"])
    assert len(google.writes()) == 1
    monkeypatch.setattr(pacing, "BURST", 60.0)
    pacing.forget()
    let_time_pass(owner, 60)
    call(app, "queue_due_calendar_work")
    work_off(owner, clinic)
    work(clinic, rows[0]["id"], booked)
    assert [write["method"] for write in google.writes()] == ["insert", "patch"]
    assert state_of(owner, clinic, appointment) == "written"


def test_a_calendar_we_may_no_longer_write_is_told(
    owner: Connection, app: Connection, clinic: Clinic, google: FakeGoogleThread
) -> None:
    """Permission withdrawn: 403, once, and not again for the next visit."""
    _, row = book(app, clinic)
    google.faults(calendar_forbidden=PATEL)
    assert work(clinic, row) == []
    assert one(owner, "SELECT status FROM frontdesk.calendars") == "forbidden"
    tried = len(google.writes())
    _, other = book(app, clinic, 12, patient_phone="+12025550111")
    assert work(clinic, other) == []
    assert len(google.writes()) == tried


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"error_500_before": 1}, "50"),
        ({"error_500_after": 1}, "50"),
        ({"timeout_after": 1}, "0_"),
    ],
)
def test_trouble_of_google_s_is_waited_out(
    owner: Connection,
    app: Connection,
    clinic: Clinic,
    google: FakeGoogleThread,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, Any],
    code: str,
) -> None:
    """The message is done, the event's row says when; then it is written, once, whatever Google had taken."""
    monkeypatch.setattr(google_calendar, "TIMEOUT_SECONDS", 0.5)
    google_calendar._here.http = None
    appointment, row = book(app, clinic)
    google.faults(**fault)
    assert work(clinic, row) == []
    waiting = event_row(owner, appointment)
    assert waiting["last_error_code"].startswith(code)
    assert waiting["next_at"] is not None
    google.faults()
    google_calendar._here.http = None
    let_time_pass(owner, 120)
    call(app, "queue_due_calendar_work")
    assert work_off(owner, clinic) >= 1
    (event,) = google.events(PATEL)
    assert starts(event) == clinic.at(10).astimezone(UTC)
    assert event_row(owner, appointment)["next_at"] is None


def test_a_quota_quiets_one_clinic_only(
    owner: Connection, app: Connection, clinic: Clinic, google: FakeGoogleThread
) -> None:
    """403 rateLimitExceeded: this clinic calls Google no more for a while; another one does."""
    appointment, row = book(app, clinic)
    google.faults(error_403_rate=1)
    assert work(clinic, row) == []
    google.faults()
    _, second = book(app, clinic, 12, patient_phone="+12025550111")
    tried = len(google.writes())
    assert work(clinic, second) == []
    assert len(google.writes()) == tried
    other = make_clinic(owner)
    connect(other, google, "hola@sol.example")
    assign(app, other, "vega@group.calendar.google.com")
    _, theirs = book(app, other)
    assert work(other, theirs) == []
    assert len(google.events("vega@group.calendar.google.com")) == 1
    let_time_pass(owner, 600)
    call(app, "queue_due_calendar_work")
    work_off(owner, clinic)
    assert len(google.events(PATEL)) == 2
    assert state_of(owner, clinic, appointment) == "written"


def test_a_burst_is_put_off_without_counting_as_an_attempt(
    owner: Connection,
    app: Connection,
    clinic: Clinic,
    google: FakeGoogleThread,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Out of calls for now: nothing is sent; the write waits, and is a first attempt when it comes."""
    monkeypatch.setattr(pacing, "BURST", 1.0)
    appointment, row = book(app, clinic)
    assert work(clinic, row) == []
    waiting = event_row(owner, appointment)
    assert (waiting["attempts"], waiting["last_error_code"]) == (0, "paced")
    assert google.writes() == []
    monkeypatch.setattr(pacing, "BURST", 60.0)
    pacing.forget()
    let_time_pass(owner, 60)
    call(app, "queue_due_calendar_work")
    work_off(owner, clinic)
    assert len(google.events(PATEL)) == 1


def test_an_expired_access_token_is_renewed_once_and_the_write_goes_on(
    owner: Connection, app: Connection, around: Surroundings, google: FakeGoogleThread
) -> None:
    """401 authError: a new token, stored as the next version, and the event is there."""
    clinic = make_clinic(owner)
    connect(clinic, google, lasts=0)
    assign(app, clinic)
    _, row = book(app, clinic)
    assert work(clinic, row) == []
    assert len(google.events(PATEL)) == 1
    assert one(owner, "SELECT max(version) FROM frontdesk.credentials WHERE purpose = 'google_access'") == 2


def test_an_appointment_that_moves_while_it_is_written_is_written_again(
    owner: Connection,
    app: Connection,
    clinic: Clinic,
    google: FakeGoogleThread,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The move's own message finds the lease and leaves; the writer sees the new version and goes on."""
    appointment, row = book(app, clinic)
    insert = google_calendar.insert_event

    def meanwhile(*arguments: Any) -> Any:
        told = move(app, clinic, appointment, 16)
        assert work(clinic, calendar_row(told)) == []
        return insert(*arguments)

    monkeypatch.setattr(google_calendar, "insert_event", meanwhile)
    assert work(clinic, row) == []
    (event,) = google.events(PATEL)
    assert starts(event) == clinic.at(16).astimezone(UTC)
    assert event_row(owner, appointment)["written_version"] == 2


def test_what_google_cannot_take_is_told_and_not_tried_for_ever(
    owner: Connection,
    app: Connection,
    clinic: Clinic,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A 400 is our own mistake: the event failed, the board knows, dispatch leaves it alone."""

    def refuse(*_arguments: Any) -> Any:
        raise GoogleError(400, "badRequest")

    monkeypatch.setattr(google_calendar, "insert_event", refuse)
    appointment, row = book(app, clinic)
    assert work(clinic, row) == []
    assert state_of(owner, clinic, appointment) == "failed"
    assert event_row(owner, appointment)["next_at"] is None
    failed = one(
        owner, "SELECT data ->> 'error_code' FROM frontdesk.events WHERE type = 'calendar.event_failed'"
    )
    assert failed == "badRequest"


def test_a_completed_visit_keeps_its_event(
    owner: Connection, app: Connection, clinic: Clinic, google: FakeGoogleThread
) -> None:
    """The record of what was stays in the calendar, with how it ended in the title."""
    appointment, row = book(app, clinic)
    work(clinic, row)
    owner.execute("UPDATE frontdesk.appointments SET status = 'completed', version = version + 1")
    again = one(
        owner,
        "INSERT INTO frontdesk.outbox (org_id, queue, kind, aggregate_id, version, seq)"
        " VALUES (%s, 'calendar', 'appointment.completed', %s, 2, 0) RETURNING id",
        clinic.id,
        appointment["id"],
    )
    assert work(clinic, again) == []
    (event,) = google.events(PATEL, live=True)
    assert event["summary"].endswith("completed")


def test_messages_that_can_never_work_are_named_with_their_reason(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Unreadable, unknown, or for another queue: to the dead-letter queue; a neighbour's work is done."""
    appointment, row = book(app, clinic)
    text = one(
        owner, "SELECT id FROM frontdesk.outbox WHERE queue = 'sms' AND aggregate_id = %s", appointment["id"]
    )
    from functions.calendar_worker import app as worker

    org = str(clinic.id)
    bodies = ["not json", {"outbox_id": 999_999, "org_id": org}, {"outbox_id": text, "org_id": org}]
    answer = worker.handler(batch(*bodies, {"outbox_id": row, "org_id": org}), Context())
    assert [each["itemIdentifier"] for each in answer["batchItemFailures"]] == ["m0", "m1", "m2"]
    assert one(owner, "SELECT last_error_code FROM frontdesk.outbox WHERE id = %s", text) == "other_kind"
    assert event_row(owner, appointment)["state"] == "live"


def test_without_time_left_a_message_is_left_for_later(app: Connection, clinic: Clinic) -> None:
    """A function that would be cut off does not begin."""
    _, row = book(app, clinic)
    assert work(clinic, row, context=Context(19_000)) == ["m0"]


def test_a_clinic_without_google_has_nothing_to_write(
    owner: Connection, app: Connection, around: Surroundings, google: FakeGoogleThread
) -> None:
    """Its messages are done at once, and the board is told that there is nothing."""
    made = make_clinic(owner)
    appointment, row = book(app, made)
    assert work(made, row) == []
    assert google.writes() == []
    assert state_of(owner, made, appointment) == "none"
