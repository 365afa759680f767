"""People on the board: finding them by a piece of name or number, correcting them, noting something."""

import uuid

import pytest

from tests.clinics import Clinic, Connection, book, call, one, put_visit
from tests.staff.conftest import Member, ask

DANA = "+12025550147"


def person(owner: Connection, clinic: Clinic, name: str, phone: str, **columns: object) -> uuid.UUID:
    """Write somebody straight into the table; return their id."""
    values = {"org_id": clinic.id, "id": uuid.uuid4(), "name": name, "phone": phone, **columns}
    owner.execute(
        f"INSERT INTO frontdesk.contacts ({', '.join(values)})"
        f" VALUES ({', '.join(f'%({each})s' for each in values)})",
        values,
    )
    made = values["id"]
    assert isinstance(made, uuid.UUID)
    return made


def found(member: Member, query: str) -> list[str]:
    """Return the names a search finds, in its order."""
    told = ask(member, "GET", "/contacts", query=query)
    assert told.status == 200, told.body
    return [each["name"] for each in told.body["items"]]


@pytest.fixture
def people(owner: Connection, clinic: Clinic) -> dict[str, uuid.UUID]:
    """Give the clinic four people."""
    return {
        name: person(owner, clinic, name, phone)
        for name, phone in (
            ("Dana Whitfield", DANA),
            ("Ana Muñoz-Ríos", "+34612345678"),
            ("Jordan O'Brien", "+12025550199"),
            ("Łukasz Weiß", "+4915112345678"),
        )
    }


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("dana", ["Dana Whitfield"]),
        ("DAN", ["Dana Whitfield"]),
        ("whit da", ["Dana Whitfield"]),
        ("an", ["Ana Muñoz-Ríos"]),
        ("munoz", ["Ana Muñoz-Ríos"]),
        ("R%C3%8DOS%20ana", ["Ana Muñoz-Ríos"]),
        ("o'brien", ["Jordan O'Brien"]),
        ("obrien", ["Jordan O'Brien"]),
        ("lukasz weiss", ["Łukasz Weiß"]),
        ("5550147", ["Dana Whitfield"]),
        ("(202)%20555-01", ["Dana Whitfield", "Jordan O'Brien"]),
        ("%2B34%20612", ["Ana Muñoz-Ríos"]),
        ("0151%201234", ["Łukasz Weiß"]),
        ("dana%200147", ["Dana Whitfield"]),
        ("dana%200199", []),
        ("itfield", []),
        ("dana%25", ["Dana Whitfield"]),
        ("%25", []),
        ("_ana", ["Ana Muñoz-Ríos"]),
        ("", ["Ana Muñoz-Ríos", "Dana Whitfield", "Jordan O'Brien", "Łukasz Weiß"]),
    ],
)
def test_people_are_found_by_the_beginnings_of_their_names_or_by_digits(
    people: dict[str, uuid.UUID], reader: Member, wanted: str, names: list[str]
) -> None:
    """Case, accents, apostrophes and the way a number is written do not matter; LIKE's signs are no signs."""
    assert found(reader, f"q={wanted}") == names


@pytest.mark.parametrize("written", ["%2B12025550147", "+12025550147", "(202)%20555-0147", "202.555.0147"])
def test_a_number_finds_its_one_owner(people: dict[str, uuid.UUID], reader: Member, written: str) -> None:
    """E.164, also with its plus lost to the query string, or as it is written at home."""
    assert found(reader, f"phone={written}") == ["Dana Whitfield"]


def test_a_number_that_is_none_is_named(reader: Member) -> None:
    """422 at the field, not an empty list that would look like an answer."""
    told = ask(reader, "GET", "/contacts", query="phone=12")
    assert (told.status, told.body["errors"][0]["field"]) == (422, "phone")


def test_pages_go_on_where_they_ended(owner: Connection, clinic: Clinic, reader: Member) -> None:
    """Everybody once, in order, although somebody is added before the place reached."""
    for place in range(25):
        person(owner, clinic, f"Person {place:02d}", f"+120255501{place:02d}")
    seen: list[str] = []
    query = "limit=10"
    while True:
        told = ask(reader, "GET", "/contacts", query=query).body
        seen += [each["name"] for each in told["items"]]
        if told["next"] is None:
            break
        query = f"limit=10&cursor={told['next']}"
        if len(seen) == 10:
            person(owner, clinic, "Aaron First", "+12025550999")
    assert seen == [f"Person {place:02d}" for place in range(25)]
    assert ask(reader, "GET", "/contacts", query="cursor=nonsense").status == 422


def test_a_person_is_shown_with_their_visits(
    owner: Connection, app: Connection, clinic: Clinic, reader: Member
) -> None:
    """The next coming one, how many there were, and whether they want texts; cancelled ones do not count."""
    first = book(app, clinic, clinic.at(9))["appointment"]
    book(app, clinic, clinic.at(9, day=1))
    gone = book(app, clinic, clinic.at(9, day=2))["appointment"]
    call(app, "cancel_appointment_atomic", org_id=clinic.id, appointment_id=gone["id"])
    owner.execute("INSERT INTO frontdesk.sms_opt_outs (org_id, phone) VALUES (%s, %s)", [clinic.id, DANA])
    told = ask(reader, "GET", f"/contacts/{first['contact_id']}").body
    assert told["next_appointment"]["id"] == first["id"]
    assert (told["appointment_count"], told["opted_out"], told["version"]) == (2, True, 1)


def test_correcting_a_person_takes_the_version_that_was_seen(
    owner: Connection, clinic: Clinic, people: dict[str, uuid.UUID], staff: Member
) -> None:
    """The second of two gets 409 with the row as it is; the event says which fields, not what is in them."""
    path = f"/contacts/{people['Dana Whitfield']}"
    body = {
        "version": 1,
        "name": "dana mcdonald",
        "email": " Dana@Example.COM ",
        "date_of_birth": "1990-04-01",
    }
    told = ask(staff, "PATCH", path, body)
    assert told.status == 200
    assert (told.body["name"], told.body["email"], told.body["date_of_birth"], told.body["version"]) == (
        "Dana McDonald",
        "dana@example.com",
        "1990-04-01",
        2,
    )
    late = ask(staff, "PATCH", path, {"version": 1, "name": "Somebody Else"})
    assert (late.status, late.body["code"], late.body["current"]["name"]) == (
        409,
        "version_conflict",
        "Dana McDonald",
    )
    cleared = ask(staff, "PATCH", path, {"version": 2, "email": None})
    assert (cleared.body["email"], cleared.body["name"]) == (None, "Dana McDonald")
    events = owner.execute(
        "SELECT type, actor, contact_id, data FROM frontdesk.events WHERE org_id = %s ORDER BY seq",
        [clinic.id],
    ).fetchall()
    assert [(each["type"], each["data"]) for each in events] == [
        ("contact.changed", {"fields": ["date_of_birth", "email", "name"]}),
        ("contact.changed", {"fields": ["email"]}),
    ]
    assert {each["actor"] for each in events} == {staff.actor}


def test_a_correction_that_changes_nothing_is_no_change(
    owner: Connection, people: dict[str, uuid.UUID], staff: Member
) -> None:
    """Version and timeline stay as they were."""
    told = ask(
        staff, "PATCH", f"/contacts/{people['Dana Whitfield']}", {"version": 1, "name": "Dana Whitfield"}
    )
    assert (told.status, told.body["version"]) == (200, 1)
    assert one(owner, "SELECT count(*) FROM frontdesk.events") == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"version": 1, "name": "12"}, "name"),
        ({"version": 1, "name": "  "}, "name"),
        ({"version": 1, "email": "nobody"}, "email"),
        ({"version": 1, "date_of_birth": "2190-01-01"}, "date_of_birth"),
        ({"version": 1, "date_of_birth": "soon"}, "date_of_birth"),
        ({"version": 1, "phone": "+12025550100"}, "phone"),
        ({"version": 0}, "version"),
        ({}, "version"),
    ],
)
def test_what_cannot_be_used_is_named(
    owner: Connection, people: dict[str, uuid.UUID], staff: Member, body: dict[str, object], field: str
) -> None:
    """422 with the field's name; nothing changes."""
    told = ask(staff, "PATCH", f"/contacts/{people['Dana Whitfield']}", body)
    assert (told.status, told.body["errors"][0]["field"]) == (422, field)
    assert one(owner, "SELECT max(version) FROM frontdesk.contacts") == 1


def test_a_note_is_kept_once(
    owner: Connection, people: dict[str, uuid.UUID], staff: Member, published: list[dict[str, object]]
) -> None:
    """With a key the repetition gets the first one's answer; the board is told, without the words."""
    path = f"/contacts/{people['Dana Whitfield']}/notes"
    first = ask(staff, "POST", path, {"body": "  Prefers mornings.\nCall first. "}, key="note-1")
    again = ask(staff, "POST", path, {"body": "  Prefers mornings.\nCall first. "}, key="note-1")
    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body
    assert (first.body["body"], first.body["staff_name"]) == ("Prefers mornings.\nCall first.", "Staff Doe")
    assert one(owner, "SELECT count(*) FROM frontdesk.contact_notes") == 1
    assert [row["queue"] for row in published] == ["notify"]
    assert "mornings" not in one(owner, "SELECT data::text FROM frontdesk.events")
    reused = ask(staff, "POST", path, {"body": "Something else"}, key="note-1")
    assert (reused.status, reused.body["code"]) == (422, "key_reused")
    assert ask(staff, "POST", path, {"body": "  "}).status == 422
    assert ask(staff, "POST", path, {"body": "x" * 4001}).status == 422


def test_readers_look_and_do_not_touch(people: dict[str, uuid.UUID], reader: Member) -> None:
    """403 for both kinds of change."""
    path = f"/contacts/{people['Dana Whitfield']}"
    assert ask(reader, "PATCH", path, {"version": 1, "name": "Dan"}).status == 403
    assert ask(reader, "POST", f"{path}/notes", {"body": "x"}).status == 403


def test_another_clinics_people_are_nobody(
    owner: Connection, clinic: Clinic, people: dict[str, uuid.UUID], stranger: Member
) -> None:
    """Not found by name, number or id; not to be changed."""
    put_visit(owner, clinic, clinic.at(9), phone=DANA)
    path = f"/contacts/{people['Dana Whitfield']}"
    assert found(stranger, "q=dana") == found(stranger, "phone=%2B12025550147") == []
    assert ask(stranger, "GET", path).status == 404
    assert ask(stranger, "PATCH", path, {"version": 1, "name": "Spy"}).status == 404
    assert ask(stranger, "POST", f"{path}/notes", {"body": "spy"}).status == 404
    assert one(owner, "SELECT count(*) FROM frontdesk.contact_notes") == 0
