"""requestFollowUp: a message is taken whatever else is missing, and the caller hears by when."""

from datetime import datetime, timedelta

import pytest

from frontdesk import times
from tests.book.conftest import CALLER, OTHER, book, code_of, count, say
from tests.clinics import Clinic, Connection, one


def test_a_message_is_kept_with_its_due_time(owner: Connection, clinic: Clinic) -> None:
    """Who, which number, the words, how urgent; the sentence says by when somebody calls back."""
    said = say(
        clinic,
        "requestFollowUp",
        message="My crown came off",
        callerName="dana whitfield",
        urgency="same day",
    )
    row = owner.execute("SELECT * FROM frontdesk.follow_ups").fetchone()
    assert row is not None
    due = row["due_at"].astimezone(clinic.at(9).tzinfo)
    today = datetime.now(due.tzinfo).date()
    assert said["result"] == (
        f"MESSAGE_TAKEN. The message is taken. Someone will call back by {times.say_moment(due, today)}."
    )
    assert said["metadata"] == {
        "status": "MESSAGE_TAKEN",
        "followUpId": str(row["id"]),
        "dueAt": due.isoformat(),
    }
    kept = (row["phone"], row["caller_name"], row["message"], row["urgency"], row["call_id"])
    assert kept == (CALLER, "Dana Whitfield", "My crown came off", "same_day", "call-1")


def test_without_a_message_the_message_is_asked_for(owner: Connection, clinic: Clinic) -> None:
    """Nothing is stored until there is something to say."""
    said = say(clinic, "requestFollowUp", message="N/A")
    assert said["result"] == "MISSING_INFO. Please ask what the message is."
    assert count(owner, "follow_ups") == 0


def test_a_withheld_caller_is_asked_for_a_number_but_the_message_is_kept(
    owner: Connection, clinic: Clinic
) -> None:
    """A person can still make something of it."""
    said = say(clinic, "requestFollowUp", caller=None, message="Please call me")
    assert said["result"].endswith(
        "There is no number to call back: please ask for one and send it as callbackNumber."
    )
    assert one(owner, "SELECT phone FROM frontdesk.follow_ups") is None


def test_a_message_of_a_known_caller_belongs_to_their_contact(owner: Connection, clinic: Clinic) -> None:
    """Staff see it beside the appointments of that number."""
    book(clinic)
    say(clinic, "requestFollowUp", "tc-2", message="I will be late")
    contact = one(owner, "SELECT id FROM frontdesk.contacts")
    assert one(owner, "SELECT contact_id FROM frontdesk.follow_ups") == contact
    assert one(owner, "SELECT count(*) FROM frontdesk.outbox WHERE kind = 'follow_up.created'") == 1


def test_another_number_and_a_wished_time_are_kept(owner: Connection, clinic: Clinic) -> None:
    """The caller's own wish is the due time, and their words are kept beside it."""
    say(
        clinic,
        "requestFollowUp",
        message="About my bill",
        callbackNumber="202 555 0188",
        preferredTime=f"{clinic.monday}T11:30",
    )
    row = owner.execute("SELECT phone, due_at, preferred_time FROM frontdesk.follow_ups").fetchone()
    assert row == {"phone": OTHER, "due_at": clinic.at(11, 30), "preferred_time": f"{clinic.monday}T11:30"}


@pytest.mark.parametrize(
    ("said", "kept"), [("URGENT", "urgent"), ("same-day", "same_day"), ("asap!", "routine")]
)
def test_an_urgency_is_read_or_is_routine(owner: Connection, clinic: Clinic, said: str, kept: str) -> None:
    """A word that is none of the three never loses the message."""
    say(clinic, "requestFollowUp", message="hello", urgency=said)
    assert one(owner, "SELECT urgency FROM frontdesk.follow_ups") == kept


def test_a_repeated_message_is_one_message(owner: Connection, clinic: Clinic) -> None:
    """The same tool call is told the same, also when the due time has moved on meanwhile."""
    first = say(clinic, "requestFollowUp", message="hello", urgency="urgent")
    owner.execute(
        "UPDATE frontdesk.idempotency_keys SET created_at = created_at - %s", [timedelta(minutes=5)]
    )
    assert say(clinic, "requestFollowUp", message="hello", urgency="urgent") == first
    assert count(owner, "follow_ups") == 1


def test_a_message_that_cannot_be_stored_as_it_is_is_tidied(owner: Connection, clinic: Clinic) -> None:
    """NUL, newlines and a novel: one line, no control characters, no error."""
    said = say(clinic, "requestFollowUp", message="line one\nline\x00 two " + "x" * 5000)
    assert code_of(said) == "MESSAGE_TAKEN"
    kept = one(owner, "SELECT message FROM frontdesk.follow_ups")
    assert kept.startswith("line one line two xxx")
    assert "\n" not in kept
