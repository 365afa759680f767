"""The same visit asked for again: by the same tool call, and by the same caller in other words."""

from typing import Any

from tests.clinics import Clinic, Connection, book, one, put_visit
from tests.crowd import all_at_once, booker, count_outcomes
from tests.database import Database

KEY = {"call_id": "call-1", "tool_call_id": "tool-1"}


def without(answer: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return an answer without some of its parts."""
    return {name: value for name, value in answer.items() if name not in names}


def test_the_same_tool_call_is_told_the_same(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """The stored answer comes back whole, marked as replayed; only the outbox ids are not sent again."""
    first = book(app, clinic, clinic.at(9), **KEY)
    again = book(app, clinic, clinic.at(9), **KEY)
    assert again == without(first, "outbox") | {"replayed": True}
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments") == 1
    assert one(owner, "SELECT count(*) FROM frontdesk.outbox") == 3


def test_a_replay_outlives_what_made_it_possible(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Cancelled, too soon, service dropped, provider gone: the repetition is told what the first was told."""
    first = book(app, clinic, clinic.at(9), provider="Patel", **KEY)
    expected = without(first, "outbox") | {"replayed": True}
    for change in (
        "UPDATE frontdesk.appointments SET status = 'cancelled'",
        "UPDATE frontdesk.orgs SET minimum_notice_minutes = 20160, booking_horizon_days = 1",
        "UPDATE frontdesk.providers SET active = false",
        "UPDATE frontdesk.services SET active = false",
    ):
        owner.execute(change)
        assert book(app, clinic, clinic.at(9), provider="Patel", **KEY) == expected, change
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments") == 1


def test_a_key_with_another_request_is_refused(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Same key, other words: a mistake of the sender, and never a second booking."""
    book(app, clinic, clinic.at(9), **KEY)
    for change in (
        {"scheduled_at": clinic.at(11)},
        {"patient_name": "Sam Lee"},
        {"patient_phone": "+12025550100"},
        {"service_type": "Check-up"},
    ):
        answer = book(app, clinic, clinic.at(9), **(KEY | change))
        assert answer == {"outcome": "key_reused"}, change
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments") == 1


def test_the_given_hash_decides_what_one_request_is(app: Connection, clinic: Clinic) -> None:
    """The handler hashes the message as it came in; the SQL then compares nothing else."""
    first = book(app, clinic, clinic.at(9), **KEY, request_hash="h1")
    again = book(app, clinic, clinic.at(11), **KEY, request_hash="h1")
    other = book(app, clinic, clinic.at(9), **KEY, request_hash="h2")
    assert again["appointment"] == first["appointment"]
    assert other == {"outcome": "key_reused"}


def test_a_refusal_is_not_remembered(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Refused, then freed: the same key books, for failures are not cached."""
    put_visit(owner, clinic, clinic.at(9))
    assert book(app, clinic, clinic.at(9), **KEY)["outcome"] == "slot_unavailable"
    owner.execute("UPDATE frontdesk.appointments SET status = 'cancelled'")
    assert book(app, clinic, clinic.at(9), **KEY)["outcome"] == "booked"


def test_keys_of_two_orgs_never_meet(
    owner: Connection, app: Connection, clinic: Clinic, three: Clinic
) -> None:
    """A key is the org's own."""
    first = book(app, clinic, clinic.at(9), **KEY)
    second = book(app, three, three.at(9), **KEY)
    assert (first["outcome"], second["outcome"]) == ("booked", "booked")


def test_twenty_twins_make_one_booking(
    database: Database, owner: Connection, clinic: Clinic, three: Clinic
) -> None:
    """Twenty equal calls from twenty connections: one row, three outbox rows, one event, one answer.

    With a provider named and with any provider: there a twin might otherwise take the next one who is free.
    """
    for place in (clinic, three):
        answers = all_at_once(database, [booker(place, place.at(9), **KEY)] * 20)
        assert count_outcomes(answers) == {"booked": 20}
        assert len({answer["appointment"]["id"] for answer in answers}) == 1
        assert sum("replayed" in answer for answer in answers) == 19
        for table, rows in (("appointments", 1), ("outbox", 3), ("events", 1), ("contacts", 1)):
            count = f"SELECT count(*) FROM frontdesk.{table} WHERE org_id = %s"
            assert one(owner, count, place.id) == rows


def test_the_same_caller_is_not_told_their_own_slot_is_taken(
    owner: Connection, app: Connection, three: Clinic, clinic: Clinic
) -> None:
    """Another tool call, the same wish: ALREADY_BOOKED with the appointment, even where others are free."""
    for place in (clinic, three):
        first = book(app, place, place.at(9), **KEY)
        again = book(app, place, place.at(9), call_id="call-1", tool_call_id="tool-2")
        later = book(
            app, place, place.at(9), call_id="call-2", tool_call_id="tool-1", patient_name="dana whitfield"
        )
        for answer in (again, later):
            assert answer["outcome"] == "already_booked"
            assert answer["appointment"] == first["appointment"]
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments") == 2


def test_already_booked_shows_the_appointment_as_it_is_now(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Confirmed meanwhile: the answer says so; and it is told though the time is too soon by now."""
    book(app, clinic, clinic.at(9), **KEY)
    owner.execute("UPDATE frontdesk.appointments SET status = 'confirmed', version = 2")
    owner.execute("UPDATE frontdesk.orgs SET minimum_notice_minutes = 20160, booking_horizon_days = 1")
    answer = book(app, clinic, clinic.at(9), call_id="call-2")
    assert answer["outcome"] == "already_booked"
    assert (answer["appointment"]["status"], answer["appointment"]["version"]) == ("confirmed", 2)


def test_a_misheard_name_in_one_call_is_one_visit(app: Connection, clinic: Clinic) -> None:
    """The same call, the same slot, nobody else free: the name was heard another way the second time."""
    book(app, clinic, clinic.at(9), **KEY)
    again = book(app, clinic, clinic.at(9), patient_name="Dana Wheatfield", call_id="call-1")
    other = book(app, clinic, clinic.at(9), patient_name="Dana Wheatfield", call_id="call-2")
    assert again["outcome"] == "already_booked"
    assert other["outcome"] == "slot_unavailable"


def test_the_second_child_of_one_parent_is_booked_beside_the_first(
    owner: Connection, app: Connection, three: Clinic
) -> None:
    """Two names, one phone, one call, one start: two providers."""
    names = ("Tim Whitfield", "Tom Whitfield", "Tina Whitfield")
    made = [book(app, three, three.at(9), patient_name=name, call_id="call-1") for name in names]
    assert [answer["outcome"] for answer in made] == ["booked"] * 3
    assert len({answer["appointment"]["provider_id"] for answer in made}) == 3
    assert one(owner, "SELECT count(*) FROM frontdesk.contacts") == 1


def test_another_number_is_another_caller(app: Connection, three: Clinic) -> None:
    """Two people of one name are two people."""
    first = book(app, three, three.at(9))
    second = book(app, three, three.at(9), patient_phone="+12025550100")
    assert second["outcome"] == "booked"
    assert second["appointment"]["contact_id"] != first["appointment"]["contact_id"]


def test_a_caller_asking_twice_at_once_gets_one_visit(
    database: Database, owner: Connection, three: Clinic
) -> None:
    """Ten tool calls of one caller at one moment, no common key, three providers free: one appointment."""
    callers = [booker(three, three.at(9), call_id="call-1", tool_call_id=f"tool-{n}") for n in range(10)]
    answers = all_at_once(database, callers)
    assert count_outcomes(answers) == {"booked": 1, "already_booked": 9}
    assert len({answer["appointment"]["id"] for answer in answers}) == 1
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments") == 1
