"""What was said about a person: by their numbers, each with its source, and never anybody else's."""

import uuid

from tests.clinics import Clinic, Connection
from tests.staff.conftest import Member, ask
from tests.staff.test_calls import report
from tests.staff.test_contacts import person

DANA = "+12025550001"


def said(member: Member, contact: object) -> list[tuple[str, str, str]]:
    """Return field, value and source of what the board shows."""
    told = ask(member, "GET", f"/contacts/{contact}/facts")
    assert told.status == 200, told.body
    return [(each["field"], each["value"], each["source"]) for each in told.body["items"]]


def test_facts_come_with_the_call_they_were_said_in(
    app: Connection, owner: Connection, clinic: Clinic, reader: Member
) -> None:
    """What two calls say alike stands once, from the later one; what differs stands twice."""
    dana = person(owner, clinic, "Dana Whitfield", DANA)
    facts = {"fact.email": "dana@example.com", "fact.reason": "a cleaning"}
    report(app, clinic, "hello", call_id="v1", minutes=1, **facts)
    later = report(
        app,
        clinic,
        "hello again",
        call_id="v2",
        minutes=2,
        **{**facts, "phone": DANA, "fact.reason": "a crown"},
    )
    assert [each[:2] for each in said(reader, dana)] == [
        ("email", "dana@example.com"), ("reason", "a crown"), ("reason", "a cleaning"),
    ]  # fmt: skip
    assert said(reader, dana)[0][2] == f"call:{later}"


def test_a_duplicate_brings_what_it_knows(
    app: Connection, owner: Connection, clinic: Clinic, reader: Member, staff: Member
) -> None:
    """Once two contacts are one person, either's facts are the person's."""
    dana = person(owner, clinic, "Dana Whitfield", "+12025550188")
    twin = person(owner, clinic, "D. Whitfield", DANA)
    report(app, clinic, "hello", minutes=1, **{"fact.preferred_times": "mornings"})
    assert said(reader, dana) == []
    merged = ask(staff, "POST", f"/contacts/{dana}/merge", {"version": 1, "other_id": str(twin)})
    assert merged.status == 200, merged.body
    assert [each[:2] for each in said(reader, dana)] == [("preferred_times", "mornings")]


def test_nobody_elses_facts_are_there(
    app: Connection, owner: Connection, clinic: Clinic, other: Clinic, reader: Member
) -> None:
    """Not of another clinic's caller with the same number, and none of a person nobody knows."""
    dana = person(owner, clinic, "Dana Whitfield", DANA)
    theirs = person(owner, other, "Dana Whitfield", DANA)
    report(app, other, "hello", minutes=1, **{"fact.reason": "private"})
    assert said(reader, dana) == []
    assert ask(reader, "GET", f"/contacts/{theirs}/facts").status == 404
    assert ask(reader, "GET", f"/contacts/{uuid.uuid4()}/facts").status == 404
