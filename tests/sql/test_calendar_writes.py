"""The SQL of the calendars' write side: whose calendar, what is wanted there, who writes, what is known."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.clinics import Clinic, Connection, book, call, make_clinic, one, put_visit

PATEL, NOVAK = "patel@group.calendar.google.com", "novak@group.calendar.google.com"


def link(owner: Connection, clinic: Clinic, status: str = "connected") -> None:
    """Make a clinic's connection have this status."""
    owner.execute(
        "INSERT INTO frontdesk.google_connections AS g (org_id, status, reason) VALUES (%s, %s, %s)"
        " ON CONFLICT (org_id) DO UPDATE SET status = excluded.status, reason = excluded.reason",
        [clinic.id, status, "invalid_grant" if status == "reconnect_required" else None],
    )


def assign(app: Connection, clinic: Clinic, calendar: str = PATEL, provider: int = 0) -> Any:
    """Give a provider a calendar; return the answer."""
    return call(
        app,
        "assign_calendar",
        org_id=clinic.id,
        provider_id=clinic.providers[provider],
        google_calendar_id=calendar,
    )


def claim(app: Connection, clinic: Clinic, appointment: Any, *, wait: bool = False) -> Any:
    """Claim an appointment's writes."""
    return call(app, "claim_calendar_write", org_id=clinic.id, appointment_id=appointment["id"], wait=wait)


def record(app: Connection, clinic: Clinic, claimed: Any, result: str, place: int = 0, **more: Any) -> Any:
    """Record what came of one of the claimed writes."""
    visit = claimed["appointment"]
    written = {"etag": '"1"', "starts_at": visit["starts_at"], "ends_at": visit["ends_at"]}
    return call(
        app,
        "record_calendar_write",
        org_id=clinic.id,
        appointment_id=visit["id"],
        calendar_id=claimed["writes"][place]["calendar_id"],
        lease=claimed["lease"],
        result=result,
        version=visit["version"],
        **(written if result == "written" else {}),
        **more,
    )


def written(app: Connection, clinic: Clinic, appointment: Any) -> Any:
    """Claim and record an appointment as written; return the claim."""
    claimed = claim(app, clinic, appointment)
    assert record(app, clinic, claimed, "written")["recorded"]
    return claimed


def state(owner: Connection, clinic: Clinic, appointment: Any) -> Any:
    """Return what the board is told of an appointment."""
    owner.execute("SELECT set_config('app.org_id', %s, false)", [str(clinic.id)])
    return one(
        owner,
        "SELECT frontdesk.board_appointments(org_id, ARRAY[id]) -> 0 -> 'calendar'"
        " FROM frontdesk.appointments WHERE id = %s",
        appointment["id"],
    )


def queued(owner: Connection, kind: str) -> int:
    """Count the outbox rows of a kind that wait."""
    count: int = one(owner, "SELECT count(*) FROM frontdesk.outbox WHERE kind = %s AND sent_at IS NULL", kind)
    return count


def events(owner: Connection, kind: str) -> list[Any]:
    """Return the data of a kind's events."""
    rows = owner.execute("SELECT data FROM frontdesk.events WHERE type = %s ORDER BY seq", [kind]).fetchall()
    return [row["data"] for row in rows]


def rows(owner: Connection) -> list[dict[str, Any]]:
    """Return what is known of all events at Google."""
    return owner.execute("SELECT * FROM frontdesk.calendar_events ORDER BY calendar_id").fetchall()


@pytest.fixture
def linked(owner: Connection, app: Connection, clinic: Clinic) -> Clinic:
    """Make the clinic connected, its provider with a calendar."""
    link(owner, clinic)
    assert assign(app, clinic)["outcome"] == "assigned"
    return clinic


def visit(app: Connection, clinic: Clinic, hour: int = 10, **changed: Any) -> Any:
    """Book a visit and return it."""
    told = book(app, clinic, clinic.at(hour), **changed)
    assert told["outcome"] == "booked"
    return told["appointment"]


def test_assigning_queues_what_is_to_come(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """A full reading, a watch channel, and a write for each live visit that is not over."""
    link(owner, clinic)
    visit(app, clinic)
    gone = visit(app, clinic, 12)
    call(app, "cancel_appointment_atomic", org_id=clinic.id, appointment_id=gone["id"])
    put_visit(owner, clinic, datetime.now(UTC) - timedelta(days=2))
    told = assign(app, clinic)
    assert {row["queue"] for row in told["outbox"]} == {"calendar", "notify"}
    assert [queued(owner, f"calendar.{kind}") for kind in ("sync", "watch", "write_again")] == [1, 1, 1]
    assert events(owner, "calendar.assigned") == [
        {"calendar_id": told["calendar_id"], "provider_id": str(clinic.providers[0])}
    ]


def test_assigning_the_same_calendar_again_changes_nothing(
    owner: Connection, app: Connection, linked: Clinic
) -> None:
    """No second reading, no second event."""
    first = one(owner, "SELECT id FROM frontdesk.calendars")
    assert assign(app, linked) == {"outcome": "assigned", "calendar_id": str(first), "outbox": []}
    assert queued(owner, "calendar.sync") == 1


def test_one_calendar_is_one_provider_s(owner: Connection, app: Connection, three: Clinic) -> None:
    """Two providers would each block the other's times."""
    link(owner, three)
    assign(app, three)
    told = assign(app, three, provider=1)
    assert told == {"outcome": "calendar_taken", "provider_id": str(three.providers[0])}


@pytest.mark.parametrize("calendar", ["", "a b", "x" * 1025, "line\nbreak"])
def test_what_is_no_calendar_id_is_refused(app: Connection, clinic: Clinic, calendar: str) -> None:
    """Named as the field it is."""
    assert assign(app, clinic, calendar) == {"outcome": "invalid", "field": "google_calendar_id"}


def test_an_unknown_provider_has_no_calendar(app: Connection, clinic: Clinic) -> None:
    """Another clinic's is as unknown as a made-up one."""
    answer = call(app, "assign_calendar", org_id=clinic.id, provider_id=uuid4(), google_calendar_id=PATEL)
    assert answer == {"outcome": "unknown_provider"}
    answer = call(app, "unassign_calendar", org_id=clinic.id, provider_id=clinic.providers[0])
    assert answer == {"outcome": "not_found"}


def test_a_calendar_taken_away_is_forgotten_once_our_events_are_off_it(
    owner: Connection, app: Connection, linked: Clinic
) -> None:
    """Blocks go at once; the calendar when the last of our coming events is deleted."""
    one_visit, other = visit(app, linked), visit(app, linked, 12)
    written(app, linked, one_visit)
    written(app, linked, other)
    calendar = one(owner, "SELECT id FROM frontdesk.calendars")
    owner.execute(
        "INSERT INTO frontdesk.busy_blocks (org_id, id, provider_id, during, calendar_id, external_id)"
        " VALUES (%s, gen_random_uuid(), %s, tstzrange(now(), now() + interval '1 hour'), %s, 'x')",
        [linked.id, linked.providers[0], calendar],
    )
    told = call(app, "unassign_calendar", org_id=linked.id, provider_id=linked.providers[0])
    assert told["outcome"] == "unassigned"
    assert one(owner, "SELECT count(*) FROM frontdesk.busy_blocks") == 0
    assert call(app, "google_connection", org_id=linked.id)["items"] == []
    assert queued(owner, "calendar.write_again") == 2
    for each in (one_visit, other):
        assert one(owner, "SELECT count(*) FROM frontdesk.calendars") == 1
        claimed = claim(app, linked, each)
        assert [write["wanted"] for write in claimed["writes"]] == ["absent"]
        record(app, linked, claimed, "deleted")
    assert one(owner, "SELECT count(*) FROM frontdesk.calendars") == 0
    assert state(owner, linked, one_visit)["state"] == "none"


def test_another_calendar_replaces_the_one_before(owner: Connection, app: Connection, linked: Clinic) -> None:
    """Absent in the old, live in the new, from one claim."""
    made = visit(app, linked)
    written(app, linked, made)
    assert assign(app, linked, NOVAK)["outcome"] == "assigned"
    claimed = claim(app, linked, made)
    assert {write["google_calendar_id"]: write["wanted"] for write in claimed["writes"]} == {
        PATEL: "absent",
        NOVAK: "live",
    }
    for place, write in enumerate(claimed["writes"]):
        record(app, linked, claimed, "deleted" if write["wanted"] == "absent" else "written", place)
    names = owner.execute("SELECT google_calendar_id AS name FROM frontdesk.calendars").fetchall()
    assert [row["name"] for row in names] == [NOVAK]


def test_a_calendar_that_comes_back_in_time_keeps_its_events(
    owner: Connection, app: Connection, linked: Clinic
) -> None:
    """Taken away and given back before anything was deleted: the same event, nothing inserted anew."""
    made = visit(app, linked)
    before = written(app, linked, made)["writes"][0]["google_event_id"]
    call(app, "unassign_calendar", org_id=linked.id, provider_id=linked.providers[0])
    assign(app, linked)
    assert claim(app, linked, made) == {"claimed": False, "reason": "done"}
    assert [row["google_event_id"] for row in rows(owner)] == [before]


def test_an_event_s_id_is_google_s_alphabet_and_differs_by_generation(
    owner: Connection, linked: Clinic
) -> None:
    """0-9 and a-f, 40 long; the same question has the same answer."""
    owner.execute("SELECT set_config('app.org_id', %s, false)", [str(linked.id)])
    ask = "SELECT frontdesk.calendar_event_id(%s, %s, %s)"
    appointment, calendar = uuid4(), one(owner, "SELECT id FROM frontdesk.calendars")
    ids = [one(owner, ask, appointment, calendar, generation) for generation in (1, 2, 1)]
    assert ids[0] == ids[2] != ids[1]
    assert set("".join(ids)) <= set("0123456789abcdef")
    assert {len(each) for each in ids} == {40}


def test_one_writer_at_a_time(owner: Connection, app: Connection, linked: Clinic) -> None:
    """The second finds the lease; 90 seconds later it may; the first one's report then changes nothing."""
    made = visit(app, linked)
    first = claim(app, linked, made)
    assert first["claimed"]
    assert claim(app, linked, made) == {"claimed": False, "reason": "claimed"}
    owner.execute("UPDATE frontdesk.calendar_events SET lease_until = lease_until - interval '91 seconds'")
    second = claim(app, linked, made)
    assert second["claimed"]
    assert record(app, linked, first, "permanent") == {"recorded": False, "again": False, "outbox": []}
    assert record(app, linked, second, "written")["recorded"]
    assert [row["state"] for row in rows(owner)] == ["live"]


def test_a_claim_that_dies_is_woken_by_dispatch(owner: Connection, app: Connection, linked: Clinic) -> None:
    """next_at stands after the lease from the moment of the claim."""
    claim(app, linked, visit(app, linked))
    (row,) = rows(owner)
    assert row["next_at"] > row["lease_until"]


def test_what_must_be_written_again_waits_for_the_lease(
    owner: Connection, app: Connection, linked: Clinic
) -> None:
    """What is asked while somebody writes comes back after it: the writer does not know of it."""
    made = visit(app, linked)
    claim(app, linked, made)
    before = queued(owner, "calendar.write_again")
    assert claim(app, linked, made, wait=True)["reason"] == "claimed"
    assert queued(owner, "calendar.write_again") == before + 1
    due = one(
        owner, "SELECT next_at > now() + interval '60 seconds' FROM frontdesk.outbox ORDER BY id DESC LIMIT 1"
    )
    assert due


def test_a_writer_is_told_that_the_appointment_moved_on(
    owner: Connection, app: Connection, linked: Clinic
) -> None:
    """`again` when the version is another; and a net, should the writer die before it looks."""
    made = visit(app, linked)
    claimed = claim(app, linked, made)
    call(app, "confirm_appointment", org_id=linked.id, appointment_id=made["id"])
    assert record(app, linked, claimed, "written")["again"] is True
    assert rows(owner)[0]["next_at"] is not None
    assert record(app, linked, claim(app, linked, made), "written")["again"] is False
    assert rows(owner)[0]["next_at"] is None
    assert state(owner, linked, made)["state"] == "written"


def test_nothing_is_written_newly_that_is_over(owner: Connection, app: Connection, linked: Clinic) -> None:
    """A visit of yesterday: none; one that stands there and is cancelled late is deleted."""
    old = {"id": put_visit(owner, linked, datetime.now(UTC) - timedelta(days=1))}
    assert claim(app, linked, old) == {"claimed": False, "reason": "done"}
    assert state(owner, linked, old)["state"] == "none"
    calendar = one(owner, "SELECT id FROM frontdesk.calendars")
    owner.execute(
        "INSERT INTO frontdesk.calendar_events (org_id, appointment_id, calendar_id, google_event_id, state,"
        " etag, written_version, writes) VALUES (%s, %s, %s, 'abcde', 'live', '1', 1, 1)",
        [linked.id, old["id"], calendar],
    )
    owner.execute("UPDATE frontdesk.appointments SET status = 'cancelled', version = 2")
    assert [write["wanted"] for write in claim(app, linked, old)["writes"]] == ["absent"]


@pytest.mark.parametrize("status", ["gone", "forbidden"])
def test_a_calendar_that_cannot_be_written_fails_its_events(
    owner: Connection, app: Connection, linked: Clinic, status: str
) -> None:
    """Told once for the calendar; later visits are not tried until it is assigned anew."""
    record(app, linked, claim(app, linked, visit(app, linked)), status, error_code="notFound")
    assert [data["status"] for data in events(owner, "calendar.status")] == [status]
    other = visit(app, linked, 12)
    assert claim(app, linked, other)["claimed"] is False
    assert state(owner, linked, other) == {
        "state": "failed",
        "error_code": status,
        "at": state(owner, linked, other)["at"],
    }
    assert assign(app, linked)["outcome"] == "assigned"
    assert claim(app, linked, other)["claimed"] is True


def test_a_quota_keeps_every_worker_of_the_clinic_quiet(
    owner: Connection, app: Connection, linked: Clinic, three: Clinic
) -> None:
    """quiet_until for this clinic; its writes wait for it, another clinic's do not."""
    record(app, linked, claim(app, linked, visit(app, linked)), "quota", retry_seconds=30)
    other = visit(app, linked, 12)
    assert claim(app, linked, other) == {"claimed": False, "reason": "quiet"}
    assert {row["last_error_code"] for row in rows(owner)} == {"quota"}
    assert all(row["next_at"] is not None for row in rows(owner))
    link(owner, three)
    assign(app, three)
    assert claim(app, three, visit(app, three, provider="Ruiz"))["claimed"] is True


@pytest.mark.parametrize(
    ("status", "reason"), [("reconnect_required", "paused"), ("disconnected", "not_connected")]
)
def test_a_clinic_that_is_not_connected_claims_nothing(
    owner: Connection, app: Connection, linked: Clinic, status: str, reason: str
) -> None:
    """Skipped without a call to Google, and not woken again; the board says why."""
    made = visit(app, linked)
    link(owner, linked, status)
    assert claim(app, linked, made) == {"claimed": False, "reason": reason}
    row = one(
        owner, "SELECT id FROM frontdesk.outbox WHERE queue = 'calendar' AND kind = 'appointment.booked'"
    )
    told = call(app, "next_calendar_work", org_id=linked.id, outbox_id=row)
    assert told == {"action": "skip", "reason": reason}
    assert state(owner, linked, made)["state"] == ("paused" if reason == "paused" else "none")


def test_the_board_is_told_how_far_google_is(owner: Connection, app: Connection, linked: Clinic) -> None:
    """pending, written, failed with its code; written, too, for a cancelled visit that is gone there."""
    made = visit(app, linked)
    assert state(owner, linked, made)["state"] == "pending"
    record(app, linked, claim(app, linked, made), "permanent", error_code="badRequest")
    told = state(owner, linked, made)
    assert (told["state"], told["error_code"]) == ("failed", "badRequest")
    assert told["at"] is not None
    written(app, linked, made)
    assert state(owner, linked, made)["state"] == "written"
    call(app, "cancel_appointment_atomic", org_id=linked.id, appointment_id=made["id"])
    assert state(owner, linked, made)["state"] == "pending"
    record(app, linked, claim(app, linked, made), "deleted")
    assert state(owner, linked, made)["state"] == "written"


def test_an_outbox_row_says_what_is_to_be_done(owner: Connection, app: Connection, linked: Clinic) -> None:
    """A write with its appointment, a reading with its calendar; asked twice, answered twice; else poison."""
    made = visit(app, linked)
    calendar = one(owner, "SELECT id FROM frontdesk.calendars")
    found = owner.execute(
        "SELECT id, kind, queue FROM frontdesk.outbox WHERE queue = 'calendar' OR kind = 'appointment.booked'"
    ).fetchall()
    told = {
        (row["kind"], row["queue"]): call(app, "next_calendar_work", org_id=linked.id, outbox_id=row["id"])
        for row in found * 2
    }
    assert told["appointment.booked", "calendar"] == {
        "action": "write",
        "appointment_id": made["id"],
        "wait": False,
    }
    for kind in ("sync", "watch"):
        assert told[f"calendar.{kind}", "calendar"] == {"action": kind, "calendar_id": str(calendar)}
    assert told["appointment.booked", "sms"] == {"action": "skip", "reason": "other_kind"}
    unknown = call(app, "next_calendar_work", org_id=linked.id, outbox_id=10**9)
    assert unknown == {"action": "skip", "reason": "unknown_row"}
    assert (
        one(owner, "SELECT count(*) FROM frontdesk.outbox WHERE queue = 'calendar' AND sent_at IS NULL") == 0
    )


def test_a_calendar_that_was_taken_away_is_not_read(
    owner: Connection, app: Connection, linked: Clinic
) -> None:
    """A reading that was queued before finds nothing to do."""
    written(app, linked, visit(app, linked))
    row = one(owner, "SELECT id FROM frontdesk.outbox WHERE kind = 'calendar.sync'")
    call(app, "unassign_calendar", org_id=linked.id, provider_id=linked.providers[0])
    told = call(app, "next_calendar_work", org_id=linked.id, outbox_id=row)
    assert told == {"action": "skip", "reason": "not_assigned"}


def test_an_unknown_result_is_a_defect(owner: Connection, app: Connection, linked: Clinic) -> None:
    """So is a write without what was written."""
    claimed = claim(app, linked, visit(app, linked))
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        record(app, linked, claimed, "perhaps")
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        call(
            app,
            "record_calendar_write",
            org_id=linked.id,
            appointment_id=claimed["appointment"]["id"],
            calendar_id=claimed["writes"][0]["calendar_id"],
            lease=claimed["lease"],
            result="written",
            version=1,
        )


def sealed(version: int) -> str:
    """Return a record that looks sealed."""
    return json.dumps(
        {
            "version": version,
            "key_id": "k",
            "wrapped_key": "AAAA",
            "nonce": "AAAAAAAAAAAAAAAA",
            "ciphertext": "AAAA",
        }
    )


def save(app: Connection, org_id: UUID, version: int = 1) -> Any:
    """Save both tokens under that version."""
    return call(
        app,
        "save_google_tokens",
        org_id=org_id,
        staff_id=uuid4(),
        account_email="office@bright.example",
        scopes=["openid"],
        expires_seconds=3600,
        refresh=sealed(version),
        access=sealed(version),
    )


def test_tokens_are_saved_for_the_next_version_only(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """The seal is made over the version: another's is told, and nothing is written."""
    assert save(app, clinic.id)["outcome"] == "saved"
    assert save(app, clinic.id) == {"outcome": "version_conflict", "refresh_version": 2, "access_version": 2}
    assert save(app, clinic.id, 2)["outcome"] == "saved"
    assert save(app, clinic.id, 3)["outcome"] == "saved"
    versions = owner.execute("SELECT purpose, version FROM frontdesk.credentials ORDER BY 1, 2").fetchall()
    assert [(row["purpose"], row["version"]) for row in versions] == [
        ("google", 2),
        ("google", 3),
        ("google_access", 2),
        ("google_access", 3),
    ]


def test_connecting_again_reads_every_calendar_from_the_start(
    owner: Connection, app: Connection, linked: Clinic
) -> None:
    """Another account or other rights: sync tokens are the account's, and what was gone may be back."""
    owner.execute("UPDATE frontdesk.calendars SET status = 'gone', sync_token = 'old'")
    save(app, linked.id)
    row = owner.execute("SELECT status, sync_token FROM frontdesk.calendars").fetchone()
    assert row == {"status": "syncing", "sync_token": None}
    assert queued(owner, "calendar.sync") == 2


def test_a_pause_is_told_once(owner: Connection, app: Connection, linked: Clinic) -> None:
    """The second worker that finds the grant gone changes nothing; one whose lease is over neither."""
    pause = {"org_id": linked.id, "reason": "invalid_grant"}
    assert call(app, "pause_google", **pause, lease=uuid4())["outcome"] == "unchanged"
    assert call(app, "pause_google", **pause)["outcome"] == "paused"
    assert call(app, "pause_google", **pause) == {"outcome": "unchanged", "outbox": []}
    assert events(owner, "calendar.paused") == [{"reason": "invalid_grant"}]


def test_calendars_of_two_clinics_know_nothing_of_each_other(
    owner: Connection, app: Connection, linked: Clinic
) -> None:
    """Appointment, outbox row and provider of the other are unknown; its calendar's name is not taken."""
    made = visit(app, linked)
    other = make_clinic(owner, providers=("Dr. Zhou",))
    link(owner, other)
    before = rows(owner)
    assert claim(app, other, made) == {"claimed": False, "reason": "unknown_appointment"}
    row = one(owner, "SELECT id FROM frontdesk.outbox WHERE kind = 'calendar.sync'")
    told = call(app, "next_calendar_work", org_id=other.id, outbox_id=row)
    assert told["reason"] == "unknown_row"
    stolen = call(
        app,
        "assign_calendar",
        org_id=other.id,
        provider_id=linked.providers[0],
        google_calendar_id=NOVAK,
    )
    assert stolen == {"outcome": "unknown_provider"}
    assert assign(app, other)["outcome"] == "assigned"
    assert call(app, "google_access", org_id=other.id)["refresh"] is None
    assert rows(owner) == before


def test_a_state_is_taken_once_and_by_its_browser(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Gone whatever comes of it; a made-up one is unknown."""
    begin = {"org_id": clinic.id, "verifier": "v" * 43, "staff_id": uuid4()}

    def take(state_hash: str, browser: str) -> Any:
        return call(app, "take_oauth_state", state_hash=state_hash, browser_hash=browser)

    call(app, "connect_google", **begin, state_hash="one", browser_hash="mine")
    assert take("made up", "mine") == {"outcome": "unknown"}
    taken = take("one", "mine")
    assert (taken["outcome"], taken["org_id"], taken["verifier"]) == ("taken", str(clinic.id), "v" * 43)
    assert take("one", "mine") == {"outcome": "unknown"}
    call(app, "connect_google", **begin, state_hash="two", browser_hash="mine")
    assert take("two", "other") == {"outcome": "other_browser"}
    assert take("two", "mine") == {"outcome": "unknown"}
    setting = "SELECT concat(current_setting('app.org_id', true), current_setting('app.scope', true))"
    assert one(app, setting) == ""
