"""The warm path on the wire: one statement a tool call, none prepared by name, one connection for many."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from frontdesk import db, orgs
from tests.book.conftest import book, code_of, say, say_all, tool_call, use_database
from tests.book.relay import Relay, relay_to
from tests.clinics import Clinic
from tests.database import Database

ONE_STATEMENT = ["P", "B", "D", "E", "S"]  # Parse, Bind, Describe, Execute, Sync: sent and answered together
MOST_STATEMENT_BYTES = 16_000  # RDS Proxy pins a connection for a longer text


@pytest.fixture
def relay(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    """Put a relay between the function and the database."""
    with relay_to(database.app_url) as made:
        use_database(monkeypatch, made.url)
        yield made
        db.close()


def calls_of(clinic: Clinic) -> dict[str, dict[str, Any]]:
    """Write arguments with which every tool does its work."""
    return {
        "checkAvailability": {"when": str(clinic.monday), "partOfDay": "afternoon"},
        "bookClinicAppointment": {
            "patientName": "Dana Whitfield",
            "startTime": f"{clinic.monday}T15:00",
            "reason": "Teeth cleaning",
        },
        "lookupAppointments": {"patientName": "Dana Whitfield"},
        "rescheduleAppointment": {"patientName": "Dana Whitfield", "newStartTime": f"{clinic.monday}T11:00"},
        "cancelAppointment": {"patientName": "Dana Whitfield"},
        "requestFollowUp": {"message": "hello"},
    }


def test_a_warm_call_is_one_statement_and_no_connect(clinic: Clinic, relay: Relay) -> None:
    """Once the clinic is known, each of the six tools costs exactly one exchange with the database."""
    say(clinic, "checkAvailability", "tc-0", when=str(clinic.monday))
    for tool, arguments in calls_of(clinic).items():
        relay.forget()
        said = say(clinic, tool, f"tc-{tool}", **arguments)
        assert "error" not in said, said
        assert (relay.types, relay.connections) == (ONE_STATEMENT, 0), tool


def test_the_first_call_of_a_clinic_asks_twice(clinic: Clinic, relay: Relay) -> None:
    """One connect, one question who the clinic is, and the call itself; nothing is set up in between."""
    say(clinic, "checkAvailability", when=str(clinic.monday))
    assert relay.connections == 1
    assert relay.types == ONE_STATEMENT * 2
    assert ["org_for_call" in text for _, text in relay.statements] == [True, False]


def test_a_call_is_a_transaction_of_its_own(clinic: Clinic, relay: Relay) -> None:
    """The server says after each exchange that no transaction is open: nothing waits for a COMMIT."""
    say(clinic, "checkAvailability", "tc-0", when=str(clinic.monday))
    for tool, arguments in calls_of(clinic).items():
        relay.forget()
        say(clinic, tool, f"tc-{tool}", **arguments)
        assert relay.ready == "I", tool


def test_nothing_is_sent_that_pins_a_connection(clinic: Clinic, relay: Relay) -> None:
    """No statement with a name, no SET, no simple query, no startup options, no long text, however often."""
    for nth in range(12):  # psycopg would prepare by name at the sixth of a kind
        for tool, arguments in calls_of(clinic).items():
            say(clinic, tool, f"tc-{tool}-{nth}", call_id=f"call-{nth}", **arguments)
    assert len(relay.statements) == 1 + 12 * 6
    for name, text in relay.statements:
        assert name == ""
        assert text.startswith("SELECT frontdesk.")
        assert len(text.encode()) < MOST_STATEMENT_BYTES
    assert "Q" not in relay.types
    startup = next(payload for kind, payload in relay.messages if kind == "startup")
    names = startup.rstrip(b"\0").split(b"\0")[::2]
    assert set(names) <= {b"user", b"database", b"application_name", b"client_encoding"}


def test_what_the_caller_says_is_never_in_the_text_of_a_statement(clinic: Clinic, relay: Relay) -> None:
    """Only in its parameters: no quoting can go wrong, and no statement log can hold a patient."""
    book(clinic, patientName="Bobby O'Tables", notes="'); DROP TABLE frontdesk.appointments; --")
    texts = " ".join(text for _, text in relay.statements)
    assert not [word for word in ("Tables", "DROP", "+1202", "15:00") if word in texts]


def test_one_connection_serves_a_hundred_calls(clinic: Clinic, relay: Relay) -> None:
    """A container keeps what it has opened."""
    for nth in range(100):
        say(clinic, "requestFollowUp", f"tc-{nth}", message="hello")
    assert relay.connections == 1


@pytest.mark.parametrize("limit", ["MAX_AGE", "MAX_IDLE"])
def test_a_connection_too_old_or_too_long_idle_is_renewed(
    clinic: Clinic, relay: Relay, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """The proxy ends old connections, and a frozen container does not see it: ours is renewed before."""
    say(clinic, "requestFollowUp", "tc-0", message="hello")
    say(clinic, "requestFollowUp", "tc-1", message="hello")
    assert relay.connections == 1
    monkeypatch.setattr(db, limit, 0.0)
    assert code_of(say(clinic, "requestFollowUp", "tc-2", message="hello")) == "MESSAGE_TAKEN"
    assert relay.connections == 2


def test_a_clinic_is_asked_for_again_after_a_minute(
    clinic: Clinic, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change of settings reaches every container within that time."""
    say(clinic, "requestFollowUp", "tc-0", message="hello")
    for ahead, asked in ((orgs.KNOWN_FOR - 5, 0), (orgs.KNOWN_FOR + 5, 1)):
        real = time.monotonic
        relay.forget()
        with monkeypatch.context() as later:
            later.setattr(time, "monotonic", lambda ahead=ahead, real=real: real() + ahead)
            say(clinic, "requestFollowUp", f"tc-{ahead}", message="hello")
        assert sum("org_for_call" in text for _, text in relay.statements) == asked


def test_three_calls_of_one_message_are_three_statements(clinic: Clinic, relay: Relay) -> None:
    """As many exchanges as calls, over one connection."""
    say(clinic, "requestFollowUp", "tc-0", message="hello")
    relay.forget()
    say_all(clinic, *(tool_call("requestFollowUp", f"tc-{n}", message="hello") for n in range(1, 4)))
    assert (relay.types, relay.connections) == (ONE_STATEMENT * 3, 0)


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "checkAvailability", "when": "gibberish"},
        {"name": "bookClinicAppointment", "patientName": "unknown"},
        {"name": "requestFollowUp"},
        {"name": "nonsense"},
    ],
)
def test_a_call_that_asks_back_costs_no_statement(
    clinic: Clinic, relay: Relay, asked: dict[str, Any]
) -> None:
    """What is missing is seen without the database."""
    say(clinic, "requestFollowUp", "tc-0", message="hello")
    relay.forget()
    say(clinic, asked.pop("name"), "tc-1", **asked)
    assert relay.types == []
