"""What Vapi asks: who takes this call, and whom to put a caller through to."""

import json
import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from frontdesk import db, orgs, times
from functions.calls import app as calls_app
from functions.calls import assistant
from tests.calls.conftest import (
    CALLER,
    MASTER_KEY,
    call_row,
    deliver,
    event,
    event_types,
    message,
    sample,
    secret_of,
    told,
)
from tests.clinics import Clinic, Connection, book, make_clinic, one

FRONT_DESK = "+12025550111"


@pytest.fixture
def always(owner: Connection) -> Clinic:
    """Make a clinic that never closes, with a front desk."""
    return make_clinic(
        owner,
        time_zone="UTC",
        opens="00:00",
        closes="24:00",
        weekdays=range(1, 8),
        front_desk_phone=FRONT_DESK,
    )


@pytest.fixture
def never(owner: Connection) -> Clinic:
    """Make a clinic without hours, with a front desk."""
    return make_clinic(owner, weekdays=(), front_desk_phone=FRONT_DESK)


def ring(clinic: Clinic, **changed: Any) -> Any:
    """Have the phone ring; returns the answer."""
    return told(clinic, sample("sdk_assistant-request", clinic, **changed))


def test_the_clinics_own_assistant_takes_the_call(owner: Connection, clinic: Clinic) -> None:
    """By its id, with what it may know of clinic and day."""
    owner.execute("UPDATE frontdesk.vapi_numbers SET assistant_id = 'as-1'")
    answer = ring(clinic)
    assert answer["assistantId"] == "as-1"
    known = answer["assistantOverrides"]["variableValues"]
    today = datetime.now(ZoneInfo(clinic.time_zone)).date()
    assert known == {
        "clinicName": "Bright Smiles",
        "clinicTimeZone": "America/New_York",
        "clinicToday": f"{times.say_day(today, today)}, {today.year}",
        "clinicHours": "Monday to Friday 9 AM to 5 PM",
    }
    assert call_row(owner)["state"] == "ringing"
    assert event_types(owner) == ["call.started"]


def test_a_known_caller_comes_with_their_next_appointment(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Name and next visit, said as they are spoken; a cancelled visit is none."""
    for hour in (15, 9):
        assert book(app, clinic, clinic.at(hour))["outcome"] == "booked"
    known = ring(clinic)["assistantOverrides"]["variableValues"]
    said = times.say_moment(clinic.at(9), datetime.now(ZoneInfo(clinic.time_zone)).date())
    assert known["callerName"] == "Dana Whitfield"
    assert known["nextAppointment"] == f"Teeth cleaning with Dr. Patel for Dana Whitfield on {said}"
    owner.execute("UPDATE frontdesk.appointments SET status = 'cancelled'")
    assert "nextAppointment" not in ring(clinic)["assistantOverrides"]["variableValues"]


def test_without_an_assistant_one_is_made_for_the_call(clinic: Clinic) -> None:
    """The one the operator's command prints; its tools prove themselves as the number's server does."""
    phone = {"id": clinic.phone_number_id, "server": {"credentialId": "cred-7"}}
    made = ring(clinic, phoneNumber=phone)["assistant"]
    tools = {tool["function"]["name"]: tool for tool in made["model"]["tools"] if tool["type"] == "function"}
    assert len(tools) == 6
    assert tools["bookClinicAppointment"]["server"] == {
        "url": "https://api.example.com/api/vapi/tools/bookClinicAppointment",
        "timeoutSeconds": 20,
        "credentialId": "cred-7",
    }
    assert made["server"]["url"] == "https://api.example.com/api/vapi/events"
    without = ring(clinic)["assistant"]
    assert without["server"]["headers"] == {"X-Vapi-Secret": secret_of(clinic)}


def test_the_prompt_knows_the_clinic_and_the_hour(clinic: Clinic) -> None:
    """Name, hours, services, providers, and the time in the clinic's zone by Vapi's own clock."""
    prompt = ring(clinic)["assistant"]["model"]["messages"][0]["content"]
    for fact in (
        "Bright Smiles",
        "Monday to Friday 9 AM to 5 PM",
        "Dr. Patel",
        "Teeth cleaning (60 minutes)",
    ):
        assert fact in prompt
    assert '{{"now" | date: "%A, %B %d, %Y, %I:%M %p", "America/New_York"}}' in prompt
    assert "{% if callerName %}" in prompt
    assert "{{{" not in prompt


def test_a_clinics_name_is_no_template(owner: Connection) -> None:
    """Braces in a name are not read by Vapi."""
    clinic = make_clinic(owner, name="{{ secrets }}", providers=("Dr. {% x %}",))
    prompt = ring(clinic)["assistant"]["model"]["messages"][0]["content"]
    assert "{{ secrets }}" not in prompt
    assert "{% x %}" not in prompt


def test_the_database_away_is_no_reason_not_to_answer(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clinic that is remembered gets its assistant, without the caller; an unknown one a sentence."""
    ring(clinic)
    monkeypatch.setattr("frontdesk.db._connect", _refuse)
    db.close()
    began = time.monotonic()
    made = ring(clinic)
    assert "callerName" not in made["assistantOverrides"]["variableValues"]
    assert made["assistant"]["model"]["messages"]
    orgs.forget()
    assert "not set up" in told(clinic, sample("sdk_assistant-request", clinic))["error"]
    assert deliver(clinic, sample("sdk_status-update_ended", clinic))["statusCode"] == 503
    assert calls_app.handler(event(sample("sdk_assistant-request", clinic)), None)["statusCode"] == 401
    assert time.monotonic() - began < 6


def _refuse() -> Any:
    import psycopg

    raise psycopg.OperationalError


def test_a_caller_is_put_through_while_the_clinic_is_open(owner: Connection, always: Clinic) -> None:
    """To its front desk; nothing else comes of it."""
    answer = told(always, sample("sdk_transfer-destination-request", always))
    assert answer["destination"]["type"] == "number"
    assert answer["destination"]["number"] == FRONT_DESK
    assert one(owner, "SELECT count(*) FROM frontdesk.follow_ups") == 0


def test_out_of_hours_somebody_calls_back(owner: Connection, never: Clinic) -> None:
    """The agent is told to say so; one follow-up, however often it is asked."""
    for _ in range(3):
        answer = told(never, sample("sdk_transfer-destination-request", never))
        assert "calls back" in answer["error"]
        assert "destination" not in answer
    row = owner.execute("SELECT phone, source, rule, status FROM frontdesk.follow_ups").fetchall()
    assert row == [{"phone": CALLER, "source": "rule", "rule": "transfer", "status": "open"}]


def test_a_closure_is_out_of_hours_too(owner: Connection, always: Clinic) -> None:
    """Closed over the holidays: nobody picks up."""
    owner.execute(
        "INSERT INTO frontdesk.closures (org_id, id, during) VALUES (%s, gen_random_uuid(),"
        " tstzrange(now() - interval '1 hour', now() + interval '1 hour'))",
        [always.id],
    )
    assert "error" in told(always, sample("sdk_transfer-destination-request", always))


def test_nobody_is_put_through_to_the_agent_itself(owner: Connection, always: Clinic) -> None:
    """A front desk that is the called number would ring for ever."""
    owner.execute("UPDATE frontdesk.orgs SET front_desk_phone = %s", [always.number])
    assert "error" in told(always, sample("sdk_transfer-destination-request", always))


def test_a_withheld_number_is_asked_for(owner: Connection, never: Clinic) -> None:
    """Nobody can be called back: the agent takes a message."""
    answer = told(never, message(never, "transfer-destination-request", caller=None))
    assert "ask for a number" in answer["error"]
    assert one(owner, "SELECT count(*) FROM frontdesk.follow_ups") == 0


def test_an_answer_to_a_ringing_phone_takes_no_time(clinic: Clinic) -> None:
    """Far inside the 7.5 s Vapi waits, with the call recorded on the way."""
    ring(clinic)
    began = time.perf_counter()
    ring(clinic)
    assert time.perf_counter() - began < 7.5


def test_the_signing_key_is_never_in_an_answer(clinic: Clinic) -> None:
    """Only the clinic's own secret, and that only to who has proved to hold it."""
    assert MASTER_KEY not in json.dumps(ring(clinic))


def test_the_limits_are_inside_one_another() -> None:
    """Our function ends before Vapi stops waiting for it."""
    from samcli.yamlhelper import yaml_parse

    from functions.calls.voice_tools import TIMEOUT_SECONDS
    from tests.cli.conftest import ROOT

    timeout = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]["CallsFunction"]["Properties"][
        "Timeout"
    ]
    assert calls_app.RINGING < 7.5
    assert timeout < TIMEOUT_SECONDS
    assert set(assistant.SERVER_MESSAGES) >= {
        "end-of-call-report",
        "status-update",
        "transfer-destination-request",
    }
