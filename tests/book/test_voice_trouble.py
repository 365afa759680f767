"""The database in trouble: there is a sentence in time, and no booking is lost or doubled."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from frontdesk import db, orgs
from functions.book import app as book_app
from tests.book.conftest import (
    book,
    code_of,
    count,
    deliver,
    event,
    message,
    results,
    say,
    say_all,
    secret_of,
    tool_call,
    use_database,
)
from tests.book.relay import Relay, relay_to
from tests.clinics import Clinic, Connection, make_clinic, one
from tests.database import Database

TROUBLE = (
    "TEMPORARY_FAILURE. The schedule cannot be reached right now. "
    "Apologise, take a message and promise a call back."
)
NOWHERE = "postgresql://frontdesk_app:x@127.0.0.1:1/nowhere"  # nothing listens on port 1
MOST_SECONDS = 8.0


@pytest.fixture
def relay(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    """Put a relay between the function and the database."""
    with relay_to(database.app_url) as made:
        use_database(monkeypatch, made.url)
        yield made
        db.close()


def tell(clinic: Clinic) -> dict[str, Any]:
    """Send a call that needs nothing but the database."""
    return event(message(clinic, tool_call("checkAvailability", when=str(clinic.monday))), secret_of(clinic))


def test_a_database_that_is_down_is_an_error_sentence(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the clinic still known: every call of the message gets the sentence, HTTP 200, in no time."""
    say(clinic, "checkAvailability", when=str(clinic.monday))
    use_database(monkeypatch, NOWHERE)
    began = time.monotonic()
    answer = say_all(
        clinic, tool_call("requestFollowUp", "t-1", message="x"), tool_call("cancelAppointment", "t-2")
    )
    assert [each["error"] for each in answer] == [TROUBLE, TROUBLE]
    assert [each["metadata"] for each in answer] == [{"status": "TEMPORARY_FAILURE"}] * 2
    assert time.monotonic() - began < MOST_SECONDS
    assert deliver(event(message(clinic, tool_call("x")), "fd_wrong"))["statusCode"] == 401


def test_a_database_that_is_down_before_the_clinic_is_known(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can be recognised: any credential hears the sentence, none at all is a stranger."""
    use_database(monkeypatch, NOWHERE)
    body = message(clinic, tool_call("checkAvailability", "t-1", when="tomorrow"))
    (said,) = results(deliver(event(body, secret_of(clinic))))
    assert (said["toolCallId"], said["error"]) == ("t-1", TROUBLE)
    assert deliver(event(body))["statusCode"] == 401


def test_a_clinic_is_still_known_after_its_minute_while_the_database_is_down(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was known last is used, so a forged secret is still refused."""
    say(clinic, "checkAvailability", when=str(clinic.monday))
    use_database(monkeypatch, NOWHERE)
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + orgs.KNOWN_FOR + 1)
    assert say(clinic, "checkAvailability", when=str(clinic.monday))["error"] == TROUBLE
    assert deliver(event(message(clinic, tool_call("x")), "fd_wrong"))["statusCode"] == 401


def test_health_tells_whether_the_database_answers(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200, then 503 while nothing listens, and 200 again when it is back."""
    alive = deliver({"rawPath": "/health"})
    assert (alive["statusCode"], alive["body"]) == (200, '{"status":"ok"}')
    use_database(monkeypatch, NOWHERE)
    assert deliver({"rawPath": "/health"})["statusCode"] == 503
    use_database(monkeypatch, database.app_url)
    assert deliver({"rawPath": "/health"}) == alive


def test_a_connection_killed_between_calls_is_not_noticed_by_the_caller(
    owner: Connection, clinic: Clinic
) -> None:
    """A failover or an idle timeout ends connections while the container sleeps."""
    book(clinic)
    for tool in ("lookupAppointments", "requestFollowUp", "cancelAppointment"):
        ended = owner.execute(
            "SELECT pg_terminate_backend(pid, 5000) AS ended FROM pg_stat_activity"
            " WHERE usename = 'frontdesk_app' AND datname = current_database()"
        ).fetchall()
        assert [row["ended"] for row in ended] == [True]
        said = say(clinic, tool, f"tc-{tool}", patientName="Dana Whitfield", message="hello")
        assert code_of(said) in ("FOUND", "CANCELLED", "MESSAGE_TAKEN")


@pytest.mark.parametrize("moment", ["cut_answer", "cut_question"])
@pytest.mark.parametrize("tool", ["bookClinicAppointment", "rescheduleAppointment", "cancelAppointment"])
def test_a_connection_cut_around_the_commit_costs_nothing(
    owner: Connection, clinic: Clinic, relay: Relay, moment: Any, tool: str
) -> None:
    """Before the question arrives or after the commit: the caller is told of success; it happened once."""
    if tool != "bookClinicAppointment":
        book(clinic, "tc-0")
    say(clinic, "checkAvailability", "tc-1", when=str(clinic.monday))
    relay.mode = moment
    said = {
        "bookClinicAppointment": lambda: book(clinic, "tc-2"),
        "rescheduleAppointment": lambda: say(
            clinic, tool, "tc-2", patientName="Dana Whitfield", newStartTime=f"{clinic.monday}T11:00"
        ),
        "cancelAppointment": lambda: say(clinic, tool, "tc-2", patientName="Dana Whitfield"),
    }[tool]()
    assert relay.mode == "pass", "the cut must have happened"
    assert code_of(said) in ("BOOKED", "RESCHEDULED", "CANCELLED")
    assert count(owner, "appointments") == 1
    assert one(owner, "SELECT max(version) FROM frontdesk.appointments") == (1 if "book" in tool else 2)
    assert one(owner, "SELECT count(*) FROM frontdesk.events") == (1 if "book" in tool else 2)


def test_a_lookup_whose_answer_was_lost_is_not_asked_again(
    owner: Connection, clinic: Clinic, relay: Relay
) -> None:
    """A miss may have been counted: asking again would count it twice, so the caller hears of the trouble."""
    say(clinic, "checkAvailability", when=str(clinic.monday))
    relay.mode = "cut_answer"
    assert say(clinic, "lookupAppointments", "tc-2", patientName="Nobody")["error"] == TROUBLE
    assert one(owner, "SELECT max(failures) FROM frontdesk.verification_failures") == 1


@pytest.mark.slow
@pytest.mark.parametrize("known", [True, False])
def test_a_server_that_falls_silent_is_given_up_in_time(
    clinic: Clinic, relay: Relay, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """It holds the line and says nothing: three calls, and the clinic's own lookup, share one deadline."""
    say(clinic, "checkAvailability", when=str(clinic.monday))
    if not known:
        # Older than a minute: the clinic is asked for again first, and the last known one is used.
        for each in orgs._remembered.values():
            monkeypatch.setattr(
                orgs, "_remembered", {key: orgs._Remembered(each.org, 0) for key in orgs._remembered}
            )
    relay.mode = "swallow"
    began = time.monotonic()
    calls = [tool_call("checkAvailability", f"t-{n}", when=str(clinic.monday)) for n in range(3)]
    answer = say_all(clinic, *calls)
    seconds = time.monotonic() - began
    assert [each["error"] for each in answer] == [TROUBLE] * 3
    assert db.DEADLINE - 0.5 < seconds < MOST_SECONDS
    relay.mode = "pass"
    assert code_of(results(deliver(tell(clinic)))[0]) == "AVAILABLE"


@pytest.mark.slow
def test_a_server_that_never_lets_anybody_in_is_given_up_in_time(clinic: Clinic, relay: Relay) -> None:
    """The connection opens and the login gets no answer."""
    relay.mode = "swallow"
    began = time.monotonic()
    (said,) = results(deliver(tell(clinic)))
    assert said["error"] == TROUBLE
    assert time.monotonic() - began < MOST_SECONDS


def test_a_schedule_locked_by_somebody_else_is_busy(
    owner: Connection, database: Database, clinic: Clinic
) -> None:
    """A lock that is held on and on is given up after three seconds, with a sentence of its own."""
    say(clinic, "checkAvailability", "tc-0", when=str(clinic.monday))
    with database.connect_owner() as other, other.transaction():
        other.execute("SELECT set_config('app.org_id', %s, true)", [str(clinic.id)])
        other.execute("SELECT frontdesk.lock_schedule(%s, %s, NULL)", [clinic.id, [clinic.providers[0]]])
        began = time.monotonic()
        said = book(clinic)
        assert 2.5 < time.monotonic() - began < 4.5
    assert said["error"] == (
        "BUSY. Many people are booking at this moment. Say one moment, please, and try once more."
    )
    assert said["metadata"] == {"status": "BUSY"}
    assert code_of(book(clinic)) == "BOOKED"


def test_an_error_of_the_database_does_not_silence_the_neighbours(owner: Connection, clinic: Clinic) -> None:
    """One call fails inside Postgres; the one before and the one after are answered."""
    owner.execute("ALTER TABLE frontdesk.follow_ups ADD CONSTRAINT refuse_all CHECK (message = '') NOT VALID")
    answer = say_all(
        clinic,
        tool_call("checkAvailability", "t-1", when=str(clinic.monday)),
        tool_call("requestFollowUp", "t-2", message="hello"),
        tool_call("lookupAppointments", "t-3", patientName="Nobody"),
    )
    assert [code_of(each) for each in answer] == ["AVAILABLE", "TEMPORARY_FAILURE", "NOT_FOUND"]
    assert count(owner, "follow_ups") == 0


def test_a_writer_who_skips_the_lock_is_met_by_trying_again(
    owner: Connection, database: Database, clinic: Clinic
) -> None:
    """Beaten twice by the exclusion constraint, the caller is booked at the third try."""
    say(clinic, "checkAvailability", "tc-0", when=str(clinic.monday))
    owner.execute(
        "CREATE FUNCTION public.beaten() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('public.tries') < 3 THEN RAISE EXCEPTION 'taken' USING ERRCODE = '23P01'; END IF;"
        " RETURN NEW; END $$"
    )
    owner.execute("CREATE SEQUENCE public.tries")
    owner.execute("GRANT USAGE ON SEQUENCE public.tries TO PUBLIC")
    owner.execute(
        "CREATE TRIGGER beaten BEFORE INSERT ON frontdesk.appointments"
        " FOR EACH ROW EXECUTE FUNCTION public.beaten()"
    )
    assert code_of(book(clinic)) == "BOOKED"
    assert one(owner, "SELECT last_value FROM public.tries") == 3


def test_a_secret_of_a_clinic_made_just_now_works_within_seconds(
    owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown number is asked for again after five seconds: the operator has just added it."""
    clinic = make_clinic(owner)
    owner.execute(
        "UPDATE frontdesk.vapi_numbers SET phone_number_id = 'pn-later' WHERE org_id = %s", [clinic.id]
    )
    assert deliver(tell(clinic))["statusCode"] == 401
    owner.execute(
        "UPDATE frontdesk.vapi_numbers SET phone_number_id = %s WHERE org_id = %s",
        [clinic.phone_number_id, clinic.id],
    )
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + orgs.UNKNOWN_FOR)
    assert deliver(tell(clinic))["statusCode"] == 200


def test_a_setting_that_is_missing_is_a_sentence_too(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function deployed without its database URL apologises instead of breaking."""
    use_database(monkeypatch, "")
    (said,) = results(book_app.handler(tell(clinic), None))
    assert said["error"] == TROUBLE
