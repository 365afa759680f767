"""Patients' links: what a token opens, for how long, and what may be done with it."""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.clinics import (
    Clinic,
    Connection,
    add_closure,
    book,
    call,
    every_row,
    make_clinic,
    one,
    put_visit,
    set_hours,
    utc,
)
from tests.crowd import all_at_once
from tests.database import Database


def hashed(token: str) -> str:
    """Return what the database knows a token by."""
    return hashlib.sha256(token.encode()).hexdigest()


def link(app: Connection, clinic: Clinic, visit: Any, token: str = "token") -> str:
    """Make a link to a visit; return its hash."""
    made = call(app, "make_patient_link", org_id=clinic.id, appointment_id=visit, token_hash=hashed(token))
    assert made == {"outcome": "made"}
    return hashed(token)


def opened(app: Connection, token_hash: str) -> Any:
    """Open a link."""
    return call(app, "patient_visit", token_hash=token_hash)


def change(app: Connection, token_hash: str, action: str, version: int = 1, **more: Any) -> Any:
    """Do something with a link."""
    return call(app, "patient_change", token_hash=token_hash, action=action, version=version, **more)


@pytest.fixture
def visit(app: Connection, clinic: Clinic) -> Any:
    """Book a visit for Monday at ten."""
    return book(app, clinic, clinic.at(10))["appointment"]


@pytest.fixture
def key(app: Connection, clinic: Clinic, visit: Any) -> str:
    """Make a link to the visit; return its hash."""
    return link(app, clinic, visit["id"])


def to(clinic: Clinic, at: datetime, provider: int = 0) -> dict[str, Any]:
    """Name a start with a provider, as a move does."""
    return {"starts_at": at, "provider_id": clinic.providers[provider]}


def test_a_link_opens_its_visit_and_tells_no_more_than_the_page_needs(
    app: Connection, clinic: Clinic, visit: Any, key: str
) -> None:
    """No number, no e-mail, no notes, no code; nothing of anybody else."""
    found = opened(app, key)
    assert set(found) == {"org", "appointment", "begun", "may_change", "may_confirm"}
    assert set(found["org"]) == {"id", "name", "time_zone", "language", "front_desk_phone"}
    assert set(found["appointment"]) == {
        "id", "status", "version", "starts_at", "ends_at", "patient_name", "provider_id", "provider_name",
        "service_name",
    }  # fmt: skip
    assert (found["appointment"]["id"], found["org"]["id"]) == (visit["id"], str(clinic.id))
    assert (found["begun"], found["may_change"], found["may_confirm"]) == (False, True, True)


def test_opening_a_link_changes_nothing(app: Connection, owner: Connection, clinic: Clinic, key: str) -> None:
    """Programs that look at links may look as often as they like."""
    before = every_row(owner, clinic.id)
    for _ in range(3):
        opened(app, key)
        call(app, "patient_slots", token_hash=key)
    assert every_row(owner, clinic.id) == before


def test_the_token_itself_is_nowhere(owner: Connection, clinic: Clinic, key: str) -> None:
    """Only its hash is stored, in one column; another form than SHA-256 is refused."""
    assert "'token'" not in str(every_row(owner, clinic.id))
    with pytest.raises(psycopg.errors.CheckViolation):
        owner.execute("UPDATE frontdesk.patient_links SET token_hash = 'token'")


@pytest.mark.parametrize("missing", ["unknown", "revoked", "expired", "malformed"])
def test_a_link_that_opens_nothing_opens_nothing(
    app: Connection, owner: Connection, clinic: Clinic, visit: Any, key: str, missing: str
) -> None:
    """Unknown, revoked and expired are one null to whoever asks, and nothing can be done with them."""
    if missing == "revoked":
        told = call(app, "revoke_patient_links", org_id=clinic.id, appointment_id=visit["id"])
        assert told == {"revoked": 1}
    elif missing == "expired":
        put(owner, visit, ago(days=1, minutes=1))
    asked = {"unknown": hashed("other"), "malformed": "x' OR true"}.get(missing, key)
    before = every_row(owner, clinic.id)
    assert opened(app, asked) is None
    assert call(app, "patient_slots", token_hash=asked) is None
    assert change(app, asked, "cancel") is None
    assert change(app, asked, "move", **to(clinic, clinic.at(11))) is None
    assert every_row(owner, clinic.id) == before


def put(owner: Connection, visit: Any, ends_at: datetime) -> None:
    """Let a visit of an hour end at that time, past every rule."""
    owner.execute(
        "UPDATE frontdesk.appointments SET starts_at = s, ends_at = e, during = tstzrange(s, e)"
        " FROM (SELECT %(at)s - interval '1 hour' AS s, %(at)s AS e) AS new WHERE id = %(id)s",
        {"at": ends_at, "id": visit["id"]},
    )


def ago(**time: float) -> datetime:
    """Return the moment so long ago."""
    return datetime.now(UTC) - timedelta(**time)


def test_a_link_lives_a_day_longer_than_its_visit_and_moves_with_it(
    app: Connection, owner: Connection, clinic: Clinic, visit: Any, key: str
) -> None:
    """A visit moved by the staff to a later month takes its link along."""
    put(owner, visit, ago(hours=23))
    found = opened(app, key)
    assert (found["begun"], found["may_change"], found["may_confirm"]) == (True, False, False)
    put(owner, visit, ago(hours=25))
    assert opened(app, key) is None
    put(owner, visit, clinic.at(11, day=28))
    assert opened(app, key)["may_change"]


def test_old_links_are_forgotten_when_a_new_one_is_made(
    app: Connection, owner: Connection, clinic: Clinic, visit: Any, key: str
) -> None:
    """A week after the visit ended; one whose visit was moved ahead stays, though its time had come."""
    other = book(app, clinic, clinic.at(12))["appointment"]
    link(app, clinic, other["id"], "other")
    owner.execute("UPDATE frontdesk.patient_links SET sweep_at = now() - interval '1 minute'")
    put(owner, visit, ago(days=7, minutes=1))
    link(app, clinic, other["id"], "third")
    kept = owner.execute(
        "SELECT token_hash, sweep_at > now() AS later FROM frontdesk.patient_links"
    ).fetchall()
    assert {row["token_hash"]: row["later"] for row in kept} == {hashed("other"): True, hashed("third"): True}


def test_no_link_is_made_to_what_is_not_the_clinics(
    app: Connection, owner: Connection, clinic: Clinic, visit: Any
) -> None:
    """Another clinic's visit, and one that is not there, are answered alike."""
    other = make_clinic(owner)
    for org_id, appointment_id in ((other.id, visit["id"]), (clinic.id, uuid.uuid4())):
        told = call(
            app, "make_patient_link", org_id=org_id, appointment_id=appointment_id, token_hash=hashed("x")
        )
        assert told == {"outcome": "not_found"}
    assert call(app, "revoke_patient_links", org_id=other.id, appointment_id=visit["id"]) == {"revoked": 0}
    assert one(owner, "SELECT count(*) FROM frontdesk.patient_links") == 0


def test_a_link_is_of_its_clinic_and_leaves_no_door_open(
    database: Database, app: Connection, owner: Connection, clinic: Clinic, key: str
) -> None:
    """It becomes the clinic it belongs to and no other; the look across clinics ends with the statement."""
    other = make_clinic(owner, name="Elsewhere")
    theirs = link(app, other, book(app, other, other.at(9))["appointment"]["id"], "theirs")
    assert opened(app, theirs)["org"]["name"] == "Elsewhere"
    assert opened(app, key)["org"]["id"] == str(clinic.id)
    with database.connect_owner() as connection, connection.transaction():
        connection.execute("SET LOCAL ROLE frontdesk_owner")
        for token_hash in (key, hashed("nobody's")):
            call(connection, "patient_visit", token_hash=token_hash)
            assert one(connection, "SELECT coalesce(current_setting('app.scope', true), '')") == ""
        assert one(connection, "SELECT count(*) FROM frontdesk.orgs") == 0


def test_confirming_is_the_patients_and_is_done_once(
    database: Database, app: Connection, owner: Connection, clinic: Clinic, key: str
) -> None:
    """Ten clicks at once from one form: each is told it is confirmed, one event says so, by the patient."""
    answers = all_at_once(database, [lambda connection: change(connection, key, "confirm")] * 10)
    assert {each["outcome"] for each in answers} == {"confirmed"}
    assert sum(bool(each["outbox"]) for each in answers) == 1
    assert answers[0]["visit"]["appointment"]["status"] == "confirmed"
    assert not answers[0]["visit"]["may_confirm"]
    rows = owner.execute("SELECT actor FROM frontdesk.events WHERE type = 'appointment.confirmed'").fetchall()
    assert [row["actor"] for row in rows] == ["patient"]


def test_cancelling_is_the_patients_and_is_done_once(
    database: Database, app: Connection, owner: Connection, clinic: Clinic, visit: Any, key: str
) -> None:
    """Ten at once; the time is free for the next, and sms, calendar and board are told."""
    answers = all_at_once(database, [lambda connection: change(connection, key, "cancel")] * 10)
    assert {each["outcome"] for each in answers} == {"cancelled"}
    [outbox] = [each["outbox"] for each in answers if each["outbox"]]
    assert [row["queue"] for row in outbox] == ["sms", "calendar", "notify"]
    rows = owner.execute("SELECT actor FROM frontdesk.events WHERE type = 'appointment.cancelled'").fetchall()
    assert [row["actor"] for row in rows] == ["patient"]
    assert book(app, clinic, clinic.at(10), patient_phone="+12025550111")["outcome"] == "booked"


def test_moving_is_the_patients_and_is_done_once(
    database: Database, app: Connection, owner: Connection, clinic: Clinic, key: str
) -> None:
    """Ten at once from one form: one move, and every answer shows it."""
    where = to(clinic, clinic.at(14))
    answers = all_at_once(database, [lambda connection: change(connection, key, "move", **where)] * 10)
    assert {each["outcome"] for each in answers} == {"rescheduled"}
    assert {utc(each["visit"]["appointment"]["starts_at"]) for each in answers} == {clinic.at(14)}
    assert sum(bool(each["outbox"]) for each in answers) == 1
    rows = owner.execute(
        "SELECT actor FROM frontdesk.events WHERE type = 'appointment.rescheduled'"
    ).fetchall()
    assert [row["actor"] for row in rows] == ["patient"]


def test_a_taken_start_leaves_the_visit_where_it_was(app: Connection, clinic: Clinic, key: str) -> None:
    """Somebody was faster: taken, and the visit keeps its old time."""
    assert book(app, clinic, clinic.at(14), patient_phone="+12025550111")["outcome"] == "booked"
    told = change(app, key, "move", **to(clinic, clinic.at(14)))
    assert (told["outcome"], told["outbox"]) == ("taken", [])
    assert utc(told["visit"]["appointment"]["starts_at"]) == clinic.at(10)


@pytest.mark.parametrize(("hour", "minute"), [(3, 0), (10, 7), (16, 30)])
def test_a_start_nobody_offered_is_refused(
    app: Connection, clinic: Clinic, key: str, hour: int, minute: int
) -> None:
    """A form changed by hand: at night, off the grid, past closing. The rules are those of every booking."""
    assert change(app, key, "move", **to(clinic, clinic.at(hour, minute)))["outcome"] == "taken"


def test_another_clinics_provider_is_refused(
    app: Connection, owner: Connection, clinic: Clinic, key: str
) -> None:
    """A form changed by hand cannot reach over the wall."""
    other = make_clinic(owner)
    told = change(app, key, "move", starts_at=clinic.at(14), provider_id=other.providers[0])
    assert told["outcome"] == "taken"
    assert told["visit"]["appointment"]["provider_id"] == str(clinic.providers[0])


@pytest.mark.parametrize("action", ["confirm", "cancel"])
def test_what_the_clinic_moved_meanwhile_is_not_changed_blindly(
    app: Connection, clinic: Clinic, visit: Any, key: str, action: str
) -> None:
    """The patient saw ten o'clock; what they press is not done to two o'clock, and they get to see it."""
    call(
        app,
        "reschedule_appointment_atomic",
        org_id=clinic.id,
        appointment_id=visit["id"],
        scheduled_at=clinic.at(14),
        source="staff",
    )
    told = change(app, key, action)
    assert (told["outcome"], told["visit"]["appointment"]["status"]) == ("changed", "pending")
    assert utc(told["visit"]["appointment"]["starts_at"]) == clinic.at(14)
    assert change(app, key, action, version=2)["outcome"] in {"confirmed", "cancelled"}


def test_a_move_is_not_made_from_a_time_the_patient_did_not_see(
    app: Connection, clinic: Clinic, visit: Any, key: str
) -> None:
    """As for confirming; also the same form sent again after the staff moved the visit on."""
    first = change(app, key, "move", **to(clinic, clinic.at(12)))
    assert first["outcome"] == "rescheduled"
    call(
        app,
        "reschedule_appointment_atomic",
        org_id=clinic.id,
        appointment_id=visit["id"],
        scheduled_at=clinic.at(14),
        source="staff",
    )
    again = change(app, key, "move", **to(clinic, clinic.at(12)))
    assert (again["outcome"], again["outbox"]) == ("changed", [])
    other = change(app, key, "move", version=2, **to(clinic, clinic.at(15)))
    assert other["outcome"] == "changed"
    assert utc(other["visit"]["appointment"]["starts_at"]) == clinic.at(14)


def test_what_the_patient_does_not_see_is_no_conflict(app: Connection, owner: Connection, key: str) -> None:
    """A note or a confirmation by text raises the version; time and provider are as they were."""
    owner.execute("UPDATE frontdesk.appointments SET version = 5, notes = 'x'")
    assert change(app, key, "confirm")["outcome"] == "confirmed"
    assert change(app, key, "cancel")["outcome"] == "cancelled"


@pytest.mark.parametrize("action", ["confirm", "move", "cancel"])
def test_what_the_clinic_cancelled_is_shown_so(
    app: Connection, clinic: Clinic, visit: Any, key: str, action: str
) -> None:
    """Nothing revives it; a cancellation finds its work done."""
    call(app, "cancel_appointment_atomic", org_id=clinic.id, appointment_id=visit["id"], source="staff")
    more = to(clinic, clinic.at(12)) if action == "move" else {}
    told = change(app, key, action, **more)
    assert (told["outcome"], told["outbox"]) == ("cancelled" if action == "cancel" else "changed", [])
    assert told["visit"]["appointment"]["status"] == "cancelled"


@pytest.mark.parametrize("state", ["begun", "arrived", "completed", "no_show"])
@pytest.mark.parametrize("action", ["confirm", "move", "cancel"])
def test_a_visit_that_has_begun_is_read_only(
    app: Connection, owner: Connection, clinic: Clinic, visit: Any, key: str, action: str, state: str
) -> None:
    """From its start on, and once the patient is there, only the clinic changes it."""
    if state == "begun":
        put(owner, visit, ago(minutes=-5))
    else:
        owner.execute("UPDATE frontdesk.appointments SET status = %s", [state])
    before = every_row(owner, clinic.id)
    more = to(clinic, clinic.at(12)) if action == "move" else {}
    assert change(app, key, action, **more)["outcome"] == "too_late"
    assert call(app, "patient_slots", token_hash=key)["slots"] == []
    assert every_row(owner, clinic.id) == before


@pytest.mark.parametrize("wrong", [{"action": "destroy"}, {"version": None}, {"action": "move"}])
def test_nonsense_is_an_error_of_the_caller(app: Connection, key: str, wrong: dict[str, Any]) -> None:
    """22023: the page never asks so."""
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        call(app, "patient_change", **({"token_hash": key, "action": "confirm", "version": 1} | wrong))


def starts(told: Any) -> list[datetime]:
    """Return the starts of an answer."""
    return [utc(slot["starts_at"]) for slot in told["slots"]]


def test_what_is_offered_can_be_had(app: Connection, clinic: Clinic, visit: Any, key: str) -> None:
    """A week's first, middle and last: each is taken by the very rules that offered it."""
    told = call(app, "patient_slots", token_hash=key)
    assert told["from"] == clinic.monday.isoformat()
    found = starts(told)
    assert found == sorted(found)
    assert clinic.at(10) not in found, "where it is already"
    assert clinic.at(10, 30) in found, "its own time is free for itself"
    version = 1
    for at in (found[-1], found[len(found) // 2], found[0]):
        moved = change(app, key, "move", version=version, **to(clinic, at))
        assert moved["outcome"] == "rescheduled"
        version = moved["visit"]["appointment"]["version"]


def test_a_visit_of_unusual_length_is_offered_where_it_fits(
    app: Connection, clinic: Clinic, owner: Connection
) -> None:
    """Two hours although the service takes one: three o'clock is the last start."""
    long = put_visit(owner, clinic, clinic.at(10), minutes=120)
    key = link(app, clinic, long)
    found = starts(call(app, "patient_slots", token_hash=key))
    monday = [at for at in found if at < clinic.at(0, day=1)]
    assert monday[-1] == clinic.at(15)
    assert change(app, key, "move", **to(clinic, clinic.at(15)))["outcome"] == "rescheduled"


def test_weeks_go_from_today_to_the_horizon(
    app: Connection, owner: Connection, clinic: Clinic, key: str
) -> None:
    """No week before today, none after the horizon, whatever the address says."""
    owner.execute("UPDATE frontdesk.orgs SET booking_horizon_days = 60")
    today = one(owner, "SELECT (now() AT TIME ZONE 'America/New_York')::date AS day")
    early = call(app, "patient_slots", token_hash=key, **{"from": today - timedelta(days=400)})
    assert (early["from"], early["previous"]) == (today.isoformat(), None)
    middle = call(app, "patient_slots", token_hash=key, **{"from": today + timedelta(days=3)})
    assert (middle["previous"], middle["next"]) == (
        today.isoformat(),
        (today + timedelta(days=10)).isoformat(),
    )
    late = call(app, "patient_slots", token_hash=key, **{"from": today + timedelta(days=4000)})
    assert (late["from"], late["next"]) == ((today + timedelta(days=60)).isoformat(), None)


def test_a_week_without_a_free_start_names_the_next_day_with_one(
    app: Connection, owner: Connection, clinic: Clinic, visit: Any, key: str
) -> None:
    """Closed for a week: the Monday after it; closed for good: none."""
    add_closure(owner, clinic, clinic.at(0), clinic.at(0, day=9))
    told = call(app, "patient_slots", token_hash=key)
    assert (told["slots"], told["next_free"]) == ([], (clinic.monday + timedelta(days=9)).isoformat())
    set_hours(owner, clinic, clinic.providers[0])
    assert call(app, "patient_slots", token_hash=key)["next_free"] is None


def test_the_provider_stays_unless_the_patient_asks_for_anybody(app: Connection, owner: Connection) -> None:
    """With anybody: one entry a start, the own provider where they are free, else the first by name."""
    clinic = make_clinic(owner, providers=("Dr. Ana Ruiz", "Dr. Ben Cho"))
    ben = clinic.providers[1]
    booked = book(app, clinic, clinic.at(10), provider=str(ben))["appointment"]
    key = link(app, clinic, booked["id"])
    book(app, clinic, clinic.at(14), provider=str(ben), patient_phone="+12025550111")
    own = call(app, "patient_slots", token_hash=key)
    assert own["others"]
    assert {slot["provider_id"] for slot in own["slots"]} == {str(ben)}
    assert clinic.at(14) not in starts(own)
    anybody = {
        utc(slot["starts_at"]): slot["provider_name"]
        for slot in call(app, "patient_slots", token_hash=key, anyone=True)["slots"]
    }
    assert anybody[clinic.at(14)] == "Dr. Ana Ruiz"
    assert anybody[clinic.at(12)] == "Dr. Ben Cho"
    assert anybody[clinic.at(10)] == "Dr. Ana Ruiz", "the same hour with somebody else is a move"
    moved = change(app, key, "move", **to(clinic, clinic.at(14)))
    assert moved["visit"]["appointment"]["provider_name"] == "Dr. Ana Ruiz"
