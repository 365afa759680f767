"""Calls and leads on the board: lists, one call with its transcript, work on a lead."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.clinics import Clinic, Connection, call
from tests.staff.conftest import Member, ask

START = datetime(2026, 11, 2, 12, tzinfo=UTC)


def report(
    app: Connection, clinic: Clinic, *words: str, call_id: str = "vapi-1", minutes: Any = 0, **said: Any
) -> str:
    """Report a call of these words; return our id of it."""
    started = START + timedelta(minutes=minutes)
    fields = {"phone": f"+1202555{minutes:04d}", "started_at": started.isoformat(), **said}
    lines = [{"role": "user", "body": each, "seconds": n} for n, each in enumerate(words)]
    told: dict[str, Any] = call(
        app, "record_call", org_id=clinic.id, call_id=call_id, state="ended", reported=True,
        heard=json.dumps({key: [3, 1, value] for key, value in fields.items()}), lines=json.dumps(lines),
    )  # fmt: skip
    return str(told["id"])


def test_calls_are_listed_and_searched(app: Connection, clinic: Clinic, reader: Member) -> None:
    """Newest first in pages, by time, outcome and words."""
    ids = [report(app, clinic, f"word{n} cleaning", call_id=f"v{n}", minutes=n) for n in range(5)]
    first = ask(reader, "GET", "/calls", query="limit=3").body
    rest = ask(reader, "GET", "/calls", query=f"limit=3&cursor={first['next']}").body
    assert [each["id"] for each in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next"] is None
    found = ask(reader, "GET", "/calls", query="q=word3").body["items"]
    assert [(each["vapi_call_id"], each["matches"][0]["body"]) for each in found] == [
        ("v3", "word3 cleaning")
    ]
    assert len(ask(reader, "GET", "/calls", query="outcome=no_booking").body["items"]) == 5
    assert ask(reader, "GET", "/calls", query="outcome=booked").body["items"] == []
    window = "from=2026-11-02T12:01:00Z&to=2026-11-02T12:03:00Z"
    assert len(ask(reader, "GET", "/calls", query=window).body["items"]) == 2
    assert ask(reader, "GET", "/calls", query="outcome=won").status == 422
    assert ask(reader, "GET", "/calls", query="cursor=abc").status == 422
    assert ask(reader, "GET", "/calls", query="q=%00%00").status == 200


def test_one_call_is_found_by_our_id_and_by_vapis(app: Connection, clinic: Clinic, reader: Member) -> None:
    """With its transcript in pages."""
    ours = report(app, clinic, *(f"line {n}" for n in range(5)), **{"fact.name": "Dana"})
    seen: list[str] = []
    query = "limit=2"
    for _ in range(3):
        found = ask(reader, "GET", f"/calls/{ours}", query=query).body
        seen += [line["body"] for line in found["transcript"]["items"]]
        query = f"limit=2&cursor={found['transcript']['next']}"
    assert (seen, found["transcript"]["next"]) == ([f"line {n}" for n in range(5)], None)
    assert ask(reader, "GET", "/calls/vapi-1").body["id"] == ours
    assert ask(reader, "GET", "/calls/vapi-1\x00").status == 404
    assert (found["facts"], found["lead"]["status"]) == ({"name": "Dana"}, "new")


def test_another_clinics_call_is_not_there(
    app: Connection, clinic: Clinic, other: Clinic, reader: Member
) -> None:
    """Neither by its id nor in a list."""
    theirs = report(app, other, "hello", call_id="theirs")
    assert ask(reader, "GET", f"/calls/{theirs}").status == 404
    assert ask(reader, "GET", "/calls/theirs").status == 404
    assert ask(reader, "GET", "/calls").body["items"] == []
    assert ask(reader, "GET", "/leads").body["items"] == []


def test_staff_work_on_leads(app: Connection, clinic: Clinic, reader: Member, staff: Member) -> None:
    """Status and note; readers may only look; the second of two is told what is there now."""
    report(app, clinic, "hello", minutes=1)
    [lead] = ask(reader, "GET", "/leads", query="status=new&status=contacted").body["items"]
    path = f"/leads/{lead['id']}"
    wanted = {"version": lead["version"], "status": "contacted", "note": "Calls back on Monday"}
    assert ask(reader, "PATCH", path, wanted).status == 403
    changed = ask(staff, "PATCH", path, wanted)
    assert (changed.status, changed.body["status"], changed.body["note"]) == (
        200,
        "contacted",
        "Calls back on Monday",
    )
    stale = ask(staff, "PATCH", path, wanted)
    assert (stale.status, stale.body["current"]["version"]) == (409, changed.body["version"])
    assert ask(staff, "PATCH", path, {"version": 2, "status": "won"}).status == 422
    assert ask(staff, "PATCH", f"/leads/{uuid4()}", {"version": 1}).status == 404
    assert ask(reader, "GET", "/leads", query="status=new").body["items"] == []
