"""A person's story on the board: what stands in it, in which order, and that its pages hold still."""

from typing import Any
from urllib.parse import quote

import pytest
from psycopg.types.json import Jsonb

from tests.clinics import Clinic, Connection, book, call, one
from tests.staff.conftest import Member, ask
from tests.staff.test_messages import failed
from tests.texts import PATIENT, receive, texting_clinic


@pytest.fixture
def clinic(owner: Connection) -> Clinic:
    """Make a clinic that sends texts."""
    return texting_clinic(owner)


def story(member: Member, contact: str, query: str = "") -> list[dict[str, Any]]:
    """Return a person's story, all pages of it."""
    entries: list[dict[str, Any]] = []
    cursor = ""
    while True:
        told = ask(member, "GET", f"/contacts/{contact}/timeline", query=f"{query}{cursor}")
        assert told.status == 200, told.body
        entries += told.body["items"]
        if told.body["next"] is None:
            return entries
        cursor = f"&cursor={quote(told.body['next'])}"


def lived(app: Connection, clinic: Clinic, staff: Member) -> str:
    """Let one thing of each kind happen to Dana Whitfield, in this order; return her id."""
    ask(staff, "POST", "/follow-ups", {"message": "Asked for a time", "phone": PATIENT})
    booked = book(app, clinic, clinic.at(9), call_id="call-1", tool_call_id="tool-1")
    contact: str = booked["appointment"]["contact_id"]
    failed(app, clinic, booked)
    receive(app, clinic, "confirm")
    ask(staff, "POST", f"/contacts/{contact}/notes", {"body": "Prefers mornings"})
    ask(staff, "PATCH", f"/contacts/{contact}", {"version": 1, "email": "dana@example.com"})
    call(
        app,
        "cancel_appointment_atomic",
        org_id=clinic.id,
        appointment_id=booked["appointment"]["id"],
        source="staff",
        actor=staff.actor,
    )
    return contact


def test_a_story_has_everything_newest_first_with_who_did_it(
    app: Connection, clinic: Clinic, staff: Member, reader: Member
) -> None:
    """Visits, texts with their state, notes, follow-ups from before they were a contact, changes."""
    contact = lived(app, clinic, staff)
    entries = story(reader, contact)
    assert [each["type"] for each in entries] == [
        "appointment.cancelled",
        "contact.changed",
        "contact.noted",
        "sms.in",
        "appointment.confirmed",
        "sms.out",
        "appointment.booked",
        "follow_up.created",
    ]
    by_type = {each["type"]: each for each in entries}
    assert len(by_type) == len(entries) == 8
    cancelled = by_type["appointment.cancelled"]
    assert (cancelled["actor"], cancelled["actor_name"]) == (staff.actor, "Staff Doe")
    assert cancelled["appointment"]["status"] == "cancelled"
    booked = by_type["appointment.booked"]
    assert (booked["actor"], booked["actor_name"], booked["call_id"]) == ("voice", None, "call-1")
    assert by_type["sms.out"]["message"]["state"] == "failed"
    assert by_type["sms.in"]["message"]["body"] == "words of the patient"
    noted = by_type["contact.noted"]
    assert (noted["note"]["body"], noted["actor_name"]) == ("Prefers mornings", "Staff Doe")
    assert by_type["follow_up.created"]["follow_up"]["message"] == "Asked for a time"
    assert by_type["contact.changed"]["data"] == {"fields": ["email"]}


@pytest.mark.parametrize(
    ("query", "types"),
    [
        ("kind=note", {"contact.noted"}),
        ("kind=contact", {"contact.changed"}),
        ("kind=sms", {"sms.in", "sms.out"}),
        ("kind=follow_up", {"follow_up.created"}),
        ("kind=call", set()),
        ("kind=note&kind=contact", {"contact.noted", "contact.changed"}),
        ("kind=appointment", {"appointment.booked", "appointment.confirmed", "appointment.cancelled"}),
    ],
)
def test_a_story_is_told_in_part(
    app: Connection, clinic: Clinic, staff: Member, query: str, types: set[str]
) -> None:
    """By kind, several at once."""
    assert {each["type"] for each in story(staff, lived(app, clinic, staff), query)} == types


def test_pages_hold_still_while_more_happens(app: Connection, clinic: Clinic, staff: Member) -> None:
    """Page by page, with something new before each: what was there at first comes once each, in order."""
    contact = lived(app, clinic, staff)
    whole = story(staff, contact)
    entries: list[dict[str, Any]] = []
    cursor = ""
    while True:
        told = ask(staff, "GET", f"/contacts/{contact}/timeline", query=f"limit=3{cursor}").body
        entries += told["items"]
        if told["next"] is None:
            break
        cursor = f"&cursor={quote(told['next'])}"
        ask(staff, "POST", f"/contacts/{contact}/notes", {"body": "One more"})
        receive(app, clinic, "other")
    assert [(each["at"], each["type"]) for each in entries] == [(each["at"], each["type"]) for each in whole]


def test_what_happened_at_one_moment_is_not_lost_between_pages(
    owner: Connection, app: Connection, clinic: Clinic, staff: Member
) -> None:
    """Twenty entries of one transaction have one time: each comes once."""
    contact = book(app, clinic, clinic.at(9))["appointment"]["contact_id"]
    owner.execute(
        "INSERT INTO frontdesk.contact_notes (org_id, id, contact_id, staff_id, body)"
        " SELECT %s, gen_random_uuid(), %s, %s, 'note ' || n FROM generate_series(1, 20) AS n",
        [clinic.id, contact, staff.id],
    )
    told = [each["note"]["body"] for each in story(staff, contact, "kind=note&limit=3")]
    assert sorted(told) == sorted(f"note {place}" for place in range(1, 21))


def test_what_the_calendar_says_of_a_visit_is_the_persons(
    owner: Connection, app: Connection, clinic: Clinic, staff: Member
) -> None:
    """An event that names only the visit still stands in the story."""
    made = book(app, clinic, clinic.at(9))["appointment"]
    owner.execute(
        "INSERT INTO frontdesk.events (org_id, seq, type, appointment_id, actor, data)"
        " VALUES (%s, 1000, 'calendar.event_written', %s, 'system', %s)",
        [clinic.id, made["id"], Jsonb({})],
    )
    told = story(staff, made["contact_id"], "kind=calendar")
    assert [(each["type"], each["appointment"]["id"]) for each in told] == [
        ("calendar.event_written", made["id"])
    ]


def test_a_call_stands_in_the_story_of_its_number(
    owner: Connection, app: Connection, clinic: Clinic, staff: Member
) -> None:
    """Also one from before the caller was a contact; what its events say is not told a second time."""
    owner.execute(
        "INSERT INTO frontdesk.calls (org_id, id, vapi_call_id, phone, state, outcome)"
        " VALUES (%s, gen_random_uuid(), 'call-9', %s, 'ended', 'booked')",
        [clinic.id, PATIENT],
    )
    contact = book(app, clinic, clinic.at(9), call_id="call-9", tool_call_id="t")["appointment"]["contact_id"]
    owner.execute(
        "INSERT INTO frontdesk.events (org_id, seq, type, contact_id, call_id, actor)"
        " VALUES (%s, 1000, 'call.ended', %s, 'call-9', 'voice')",
        [clinic.id, contact],
    )
    told = story(staff, contact, "kind=call")
    assert [(each["type"], each["call"]["outcome"], each["call_id"]) for each in told] == [
        ("call.in", "booked", "call-9")
    ]


def test_nobody_s_story_is_not_found(
    app: Connection, clinic: Clinic, staff: Member, stranger: Member
) -> None:
    """Another clinic's person, and bad questions."""
    contact = lived(app, clinic, staff)
    assert ask(stranger, "GET", f"/contacts/{contact}/timeline").status == 404
    assert ask(staff, "GET", f"/contacts/{contact}/timeline", query="kind=gossip").status == 422
    assert ask(staff, "GET", f"/contacts/{contact}/timeline", query="cursor=x").status == 422


def test_the_same_number_at_two_clinics_is_two_stories(
    owner: Connection, app: Connection, clinic: Clinic, other: Clinic, staff: Member, stranger: Member
) -> None:
    """What happened there is not told here."""
    contact = lived(app, clinic, staff)
    theirs = book(app, other, other.at(9), service_type="Whitening", patient_phone=PATIENT)["appointment"]
    assert len(story(stranger, theirs["contact_id"])) == 1
    assert len(story(staff, contact)) == 8
    assert one(owner, "SELECT count(*) FROM frontdesk.contacts WHERE phone = %s", PATIENT) == 2
