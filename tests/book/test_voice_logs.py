"""What the function writes about its calls: ids and codes in logs and metrics, and nothing about people."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.book.conftest import MASTER_KEY, event, message, secret_of, signature, tool_call
from tests.clinics import Clinic, Connection
from tests.database import Database

# Each of these is said somewhere, and may stand in no line the function writes.
CANARIES = {
    "name": "Zebulon Quixby",
    "caller": "+12025550173",
    "callback": "202 555 0164",
    "callback_e164": "+12025550164",
    "email": "zebulon.quixby@canary.example",
    "notes": "allergic to marigolds",
    "message": "tell her about the xylophone",
    "reason": "rumbling molar",
    "birthday": "1931-03-07",
    "transcript": "my neighbour saw the flamingo",
    # Twelve digits, though real ones have four: four turn up by chance in ids and latencies.
    "code": "846275193306",
    "number_called": "+12025550191",
    "control_url": "wss://control.canary.example/secret-path",
    "twilio": "twilio-auth-token-canary",
    "forged": "fd_forged_canary_token",
    "call_id": "Zebulon called (202) 555-0173",
    "exception": "duplicate key (phone)=(+12025550173) of Zebulon",
    "tool": "cancelForZebulon",
}


@pytest.fixture
def speak(database: Database, tmp_path: Path) -> Any:
    """Return a function that takes steps in a process of its own: its output lines, and the responses."""

    def run(steps: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
        environ = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([".", "layers/shared"]),
            "DATABASE_URL": database.app_url,
            "DATABASE_AUTH": "password",
            "VAPI_SIGNING_KEYS": MASTER_KEY,
            "POWERTOOLS_SERVICE_NAME": "book",
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.book.speaker", str(tmp_path / "responses.json")],
            input=json.dumps(steps),
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        responses = json.loads((tmp_path / "responses.json").read_text())
        return (done.stdout + done.stderr).splitlines(), responses

    return run


def full_message(clinic: Clinic, *calls: dict[str, Any], call_id: str = "call-1") -> dict[str, Any]:
    """Write a message as full of private things as Vapi's are."""
    body = message(clinic, *calls, caller=CANARIES["caller"], call_id=call_id)
    body["message"] |= {
        "phoneNumber": {"number": CANARIES["number_called"], "twilioAuthToken": CANARIES["twilio"]},
        "artifact": {"messages": [{"role": "user", "message": CANARIES["transcript"]}]},
        "customer": {"number": CANARIES["caller"], "name": CANARIES["name"]},
    }
    body["message"]["call"]["monitor"] = {"controlUrl": CANARIES["control_url"]}
    return body


def calls_with_canaries(clinic: Clinic) -> list[dict[str, Any]]:
    """Write a call of every tool, with everything a caller can say; and some that go wrong."""
    who = {"patientName": CANARIES["name"]}
    wish = {**who, "startTime": f"{clinic.monday}T15:00", "reason": "Teeth cleaning"}
    more = {
        "callbackNumber": CANARIES["callback"],
        "email": CANARIES["email"],
        "notes": CANARIES["notes"],
        "dateOfBirth": CANARIES["birthday"],
    }
    broken = {
        "id": "tc-b",
        "function": {"name": "checkAvailability", "arguments": '{"x": "' + CANARIES["notes"]},
    }
    return [
        tool_call("checkAvailability", "tc-1", when=CANARIES["transcript"], service=CANARIES["reason"]),
        tool_call("bookClinicAppointment", "tc-2", **wish, **more),
        tool_call("bookClinicAppointment", "tc-n", **(wish | {"startTime": f"{clinic.monday}T09:00"})),
        tool_call("bookClinicAppointment", "tc-3", **(wish | {"reason": CANARIES["reason"]})),
        tool_call("bookClinicAppointment", "tc-4", **(wish | {"startTime": CANARIES["transcript"]})),
        tool_call("lookupAppointments", "tc-5", **who, confirmationCode=CANARIES["code"]),
        tool_call("rescheduleAppointment", "tc-6", **who, newStartTime=f"{clinic.monday}T11:00"),
        tool_call("cancelAppointment", "tc-7", **who, reason=CANARIES["reason"]),
        tool_call("requestFollowUp", "tc-8", message=CANARIES["message"], callerName=CANARIES["name"]),
        tool_call(CANARIES["tool"], "tc-9", **who),
        tool_call("requestFollowUp", CANARIES["call_id"], message=CANARIES["message"]),
        broken,
    ]


def test_nothing_personal_is_ever_written(owner: Connection, clinic: Clinic, speak: Any) -> None:
    """Every tool, every refusal and every failure, with canaries in every field: not one in any line."""
    owner.execute("ALTER TABLE frontdesk.follow_ups ADD CHECK (message <> 'fail') NOT VALID")
    secret = secret_of(clinic)
    calls = calls_with_canaries(clinic)
    whole = full_message(clinic, *calls)
    text = json.dumps(whole)
    failing = tool_call("requestFollowUp", "tc-f", message="fail", callerName=CANARIES["name"])
    steps: list[dict[str, Any]] = [
        {"event": event(whole, secret)},
        {"event": event(full_message(clinic, failing), secret)},
        {"event": event(full_message(clinic, *calls, call_id=CANARIES["call_id"]), secret)},
        {"event": event(whole, CANARIES["forged"])},
        {"event": event(text, headers=signature(text + " ", secret))},
        {"event": event(text[:-1], secret)},
        {"event": event(text[:-40] + CANARIES["transcript"], secret)},
        {"break": CANARIES["exception"]},
        {"event": event(whole, secret)},
        {"environ": {"DATABASE_URL": f"postgresql://frontdesk_app:{CANARIES['twilio']}@127.0.0.1:1/x"}},
        {"event": event(whole, secret)},
        {"event": {"rawPath": "/health"}},
    ]
    lines, responses = speak(steps)
    statuses = [response["statusCode"] for response in responses]
    assert statuses == [200, 200, 200, 401, 401, 400, 400, 200, 200, 503]
    told = " ".join(response["body"] for response in responses)
    for code in (
        "BOOKED.",
        "RESCHEDULED.",
        "TEMPORARY_FAILURE.",
        "UNKNOWN_TOOL.",
        "UNKNOWN_SERVICE.",
        "NOT_FOUND.",
    ):
        assert code in told, f"{code} was not brought about"
    written = "\n".join(lines)
    leaked = {name for name, canary in CANARIES.items() if canary.casefold() in written.casefold()}
    leaked |= {
        part for part in ("Zebulon", "Quixby", "5550173", "5550164", secret, MASTER_KEY) if part in written
    }
    assert leaked == set()
    assert all(line.startswith("{") for line in lines), "every line is JSON: nothing else writes"
    assert len(lines) > 30


def log_lines(lines: list[str]) -> list[dict[str, Any]]:
    """Return the lines that are logs."""
    return [each for each in map(json.loads, lines) if "_aws" not in each]


def metric_lines(lines: list[str]) -> list[dict[str, Any]]:
    """Return the lines that are metrics (CloudWatch's embedded metric format)."""
    return [each for each in map(json.loads, lines) if "_aws" in each]


def test_an_answered_call_is_one_log_line(clinic: Clinic, speak: Any) -> None:
    """The call's id ties the lines of a conversation together; the rest are ids, codes and a duration."""
    wish = {
        "patientName": "Dana Whitfield",
        "startTime": f"{clinic.monday}T15:00",
        "reason": "Teeth cleaning",
    }
    call = tool_call("bookClinicAppointment", "tc-1", **wish)
    lines, responses = speak([{"event": event(message(clinic, call, call_id="call-42"), secret_of(clinic))}])
    (line,) = log_lines(lines)
    facts = json.loads(responses[0]["body"])["results"][0]["metadata"]
    assert line.pop("duration_ms") > 0
    assert line.pop("timestamp")
    assert line.pop("location")
    assert line == {
        "level": "INFO",
        "message": "tool answered",
        "service": "book",
        "correlation_id": "call-42",
        "org_id": str(clinic.id),
        "tool": "bookClinicAppointment",
        "tool_call_id": "tc-1",
        "outcome": "BOOKED",
        "appointment_id": facts["appointmentId"],
    }


def test_a_correlation_does_not_stick_to_the_next_message(clinic: Clinic, speak: Any) -> None:
    """A container serves many calls: a message without a call id must not carry the one before."""
    call = tool_call("nonsense")
    first, second = message(clinic, call, call_id="call-1"), message(clinic, call)
    del second["message"]["call"]["id"]
    lines, _ = speak([{"event": event(each, secret_of(clinic))} for each in (first, second)])
    assert [line.get("correlation_id") for line in log_lines(lines)] == ["call-1", None]


def test_an_answer_is_counted_by_tool_and_outcome(clinic: Clinic, speak: Any) -> None:
    """Two metrics a call, Answered and Latency in milliseconds; unknown tools share one name."""
    calls = [tool_call("checkAvailability", "tc-1", when=str(clinic.monday)), tool_call("madeUp", "tc-2")]
    lines, _ = speak([{"event": event(message(clinic, *calls), secret_of(clinic))}])
    counted = metric_lines(lines)
    assert [(each["tool"], each["outcome"]) for each in counted] == [
        ("checkAvailability", "AVAILABLE"),
        ("unknown", "UNKNOWN_TOOL"),
    ]
    for each in counted:
        (described,) = each["_aws"]["CloudWatchMetrics"]
        assert described["Namespace"] == "Frontdesk"
        assert {"tool", "outcome"} <= set(described["Dimensions"][0]) <= {"tool", "outcome", "service"}
        units = {metric["Name"]: metric["Unit"] for metric in described["Metrics"]}
        assert units == {"Answered": "Count", "Latency": "Milliseconds"}
        assert each["Answered"] == [1.0]
        assert 0 <= each["Latency"][0] < 60_000


def test_a_refused_sender_is_counted_by_the_reason(clinic: Clinic, speak: Any) -> None:
    """What was wrong with the credential is for us; the sender hears one sentence for all."""
    body = json.dumps(message(clinic, tool_call("nonsense")))
    sent = [
        event(body),
        event(body, "fd_wrong"),
        event(body, headers=signature(body, secret_of(clinic), age=900)),
        event(body, headers=signature(body, "fd_wrong")),
        event("{", secret_of(clinic)),
    ]
    lines, _ = speak([{"event": each} for each in sent])
    reasons = ["no_credentials", "bad_token", "stale_timestamp", "bad_signature", "malformed"]
    counted = metric_lines(lines)
    assert [each["reason"] for each in counted] == reasons
    assert all(each["Refused"] == [1.0] for each in counted)
    assert [line["reason"] for line in log_lines(lines)] == reasons[:-1]


def test_a_failure_names_its_kind_and_no_text(clinic: Clinic, speak: Any) -> None:
    """The type of the exception and Postgres' code are enough to find it; its text may quote a patient."""
    nowhere = {"DATABASE_URL": "postgresql://x:y@127.0.0.1:1/z"}
    known = event(message(clinic, tool_call("checkAvailability", when=str(clinic.monday))), secret_of(clinic))
    broken = {"break": CANARIES["exception"]}
    lines, _ = speak([{"event": known}, {"environ": nowhere}, {"event": known}, broken, {"event": known}])
    errors = [line for line in log_lines(lines) if line["level"] == "ERROR"]
    assert [(line["message"], line["error"]) for line in errors] == [
        ("tool failed", "DatabaseUnavailableError"),
        ("tool broke", "ValueError"),
    ]
    assert not [line for line in errors if "exception" in line or "stack_trace" in line]
