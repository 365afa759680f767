"""create_follow_up: what a caller needs is kept, once, with the time by which a person must call back."""

from typing import Any

from tests.clinics import Clinic, Connection, book, call, every_row, one, utc


def leave(app: Connection, clinic: Clinic, **changed: Any) -> Any:
    """Leave a message, or what `changed` says instead."""
    arguments = {"message": "Please call me about my crown", "due_at": clinic.at(12), "phone": "+12025550147"}
    return call(app, "create_follow_up", org_id=clinic.id, **(arguments | changed))


def only(owner: Connection) -> dict[str, Any]:
    """Return the only follow-up."""
    rows = owner.execute("SELECT * FROM frontdesk.follow_ups").fetchall()
    assert len(rows) == 1
    return rows[0]


def test_a_message_is_kept_with_its_due_time(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """The row has the caller's words; the board is told, nobody is texted."""
    answer = leave(
        app,
        clinic,
        caller_name=" Dana Whitfield ",
        urgency="same_day",
        preferred_time="mornings",
        call_id="c",
    )
    row = only(owner)
    assert answer["outcome"] == "message_taken"
    assert (answer["follow_up_id"], utc(answer["due_at"])) == (str(row["id"]), clinic.at(12))
    assert (row["message"], row["caller_name"]) == ("Please call me about my crown", "Dana Whitfield")
    assert (row["urgency"], row["preferred_time"], row["status"]) == ("same_day", "mornings", "open")
    assert (row["due_at"], row["phone"], row["contact_id"]) == (clinic.at(12), "+12025550147", None)
    outbox = owner.execute("SELECT id, queue, kind FROM frontdesk.outbox").fetchall()
    assert [(r["queue"], r["kind"]) for r in outbox] == [("notify", "follow_up.created")]
    assert answer["outbox"] == [{"id": r["id"], "queue": r["queue"]} for r in outbox]
    assert one(owner, "SELECT follow_up_id FROM frontdesk.events") == row["id"]


def test_a_known_number_leads_to_its_contact(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Staff see who it is."""
    made = book(app, clinic, clinic.at(9))
    leave(app, clinic)
    assert str(only(owner)["contact_id"]) == made["appointment"]["contact_id"]


def test_a_withheld_number_is_no_reason_to_lose_a_message(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """The answer says so, and the agent can ask for one."""
    answer = leave(app, clinic, phone=None, caller_name="  ")
    assert (answer["outcome"], answer["phone_known"]) == ("message_taken", False)
    assert (only(owner)["phone"], only(owner)["caller_name"]) == (None, None)


def test_the_same_tool_call_leaves_one_message(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Replayed; with another message the key is refused."""
    key = {"call_id": "c", "tool_call_id": "t"}
    first = leave(app, clinic, **key)
    first.pop("outbox")
    assert leave(app, clinic, **key) == first | {"replayed": True}
    assert leave(app, clinic, message="Something else", **key) == {"outcome": "key_reused"}
    assert one(owner, "SELECT count(*) FROM frontdesk.follow_ups") == 1


def test_what_cannot_be_kept_is_asked_for(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Empty message, no due time, an impossible number or urgency: the field is named, nothing is kept."""
    before = every_row(owner, clinic.id)
    for field, values in {
        "message": (None, "", "   "),
        "due_at": (None,),
        "phone": ("unknown", "2025550147", ""),
        "urgency": ("whenever", None),
    }.items():
        for value in values:
            assert leave(app, clinic, **{field: value}) == {"outcome": "missing_info", "field": field}
    assert every_row(owner, clinic.id) == before


def test_long_words_are_cut_not_refused(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """A message is worth more than its last word."""
    leave(app, clinic, message="a" * 3000, caller_name="b" * 200, preferred_time="c" * 300)
    row = only(owner)
    assert [len(row[name]) for name in ("message", "caller_name", "preferred_time")] == [2000, 120, 200]
