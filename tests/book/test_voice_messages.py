"""Whole messages at the handler: the shapes of a call, several calls, and messages that ask for nothing."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.book.conftest import (
    book,
    code_of,
    count,
    deliver,
    event,
    message,
    results,
    say_all,
    secret_of,
    tool_call,
)
from tests.clinics import Clinic, Connection

TOOLS = (
    "checkAvailability",
    "bookClinicAppointment",
    "lookupAppointments",
    "rescheduleAppointment",
    "cancelAppointment",
    "requestFollowUp",
)
SAMPLES = [
    path
    for path in sorted((Path(__file__).parents[1] / "samples" / "vapi").glob("*_tool-calls_*.json"))
    if "_response_" not in path.stem
]


def wish(clinic: Clinic) -> dict[str, str]:
    """What Dana wants."""
    return {
        "patientName": "Dana Whitfield",
        "startTime": f"{clinic.monday}T15:00",
        "reason": "Teeth cleaning",
    }


def send(clinic: Clinic, body: Any, tool: str | None = None) -> dict[str, Any]:
    """Send a body with the clinic's credential."""
    return deliver(event(body, secret_of(clinic), tool))


@pytest.mark.parametrize("shape", ["string", "object", "flat arguments", "flat parameters"])
def test_all_four_shapes_of_a_call_book(owner: Connection, clinic: Clinic, shape: str) -> None:
    """Vapi's specification, its recorded traffic and its documentation disagree; all are taken."""
    name, said = "bookClinicAppointment", wish(clinic)
    call = {
        "string": {"id": "t", "type": "function", "function": {"name": name, "arguments": json.dumps(said)}},
        "object": {"id": "t", "type": "function", "function": {"name": name, "arguments": said}},
        "flat arguments": {"id": "t", "name": name, "arguments": said},
        "flat parameters": {"id": "t", "name": name, "parameters": said},
    }[shape]
    answer = results(send(clinic, message(clinic, call)))
    assert [(each["toolCallId"], each["name"], code_of(each)) for each in answer] == [("t", name, "BOOKED")]
    assert count(owner, "appointments") == 1


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_message_gets_one_answer_a_call(owner: Connection, clinic: Clinic, path: Path) -> None:
    """Recorded, specified and documented messages, sent as they are but for the clinic's number."""
    body = json.loads(path.read_text())
    body["message"].setdefault("call", {})["phoneNumberId"] = clinic.phone_number_id
    calls = body["message"]["toolCallList"]
    answer = results(send(clinic, body))
    assert [each["toolCallId"] for each in answer] == [call["id"] for call in calls]
    for each in answer:
        line = each.get("result") or each["error"]
        assert "\n" not in line
        assert not line.startswith("TEMPORARY_FAILURE")


def test_several_calls_are_answered_in_their_order(owner: Connection, clinic: Clinic) -> None:
    """Each takes effect before the next one looks: the booked hour is no longer offered."""
    answer = say_all(
        clinic,
        tool_call("requestFollowUp", "t-c", message="hello"),
        tool_call("bookClinicAppointment", "t-a", **(wish(clinic) | {"startTime": f"{clinic.monday}T09:00"})),
        tool_call("checkAvailability", "t-b", when=str(clinic.monday)),
    )
    assert [each["toolCallId"] for each in answer] == ["t-c", "t-a", "t-b"]
    assert [code_of(each) for each in answer] == ["MESSAGE_TAKEN", "BOOKED", "AVAILABLE"]
    assert answer[2]["metadata"]["slots"][0]["startsAt"] == clinic.at(10).isoformat()


@pytest.mark.parametrize(
    "broken",
    [
        {
            "id": "t-x",
            "type": "function",
            "function": {"name": "checkAvailability", "arguments": '{"when": '},
        },
        {"id": "t-x", "type": "function", "function": {"name": "checkAvailability", "arguments": [1, 2]}},
        {"id": "t-x", "type": "function", "function": {"name": "checkAvailability", "arguments": '"{}"'}},
        {"id": "t-x", "function": {"arguments": {}}},
    ],
)
def test_a_broken_call_does_not_spoil_its_neighbour(
    owner: Connection, clinic: Clinic, broken: dict[str, Any]
) -> None:
    """The broken one is an error sentence, the good one is booked."""
    answer = say_all(clinic, broken, tool_call("bookClinicAppointment", "t-good", **wish(clinic)))
    assert [each["toolCallId"] for each in answer] == ["t-x", "t-good"]
    assert answer[0]["error"].startswith("INVALID_ARGUMENTS. This call could not be read: ")
    assert "result" not in answer[0]
    assert code_of(answer[1]) == "BOOKED"
    assert count(owner, "appointments") == 1


def test_two_equal_calls_in_one_message_are_one_booking(owner: Connection, clinic: Clinic) -> None:
    """With one id the same answer twice; with an id each, the second is told it is booked already."""
    call = tool_call("bookClinicAppointment", "t-1", **wish(clinic))
    first, second = say_all(clinic, call, call)
    assert first == second
    (third,) = say_all(clinic, {**call, "id": "t-2"})
    assert third["metadata"] == first["metadata"] | {"status": "ALREADY_BOOKED"}
    assert third["result"] == first["result"].replace("BOOKED.", "ALREADY_BOOKED.", 1)
    assert count(owner, "appointments") == 1


def test_an_unknown_tool_is_answered_with_the_tools(clinic: Clinic) -> None:
    """An error the model can read, not a status Vapi would ignore."""
    (said,) = say_all(clinic, tool_call("bookTable", "t-1", when="tomorrow"))
    assert said["error"] == (
        "UNKNOWN_TOOL. There is no such tool here. The tools are checkAvailability, bookClinicAppointment, "
        "lookupAppointments, rescheduleAppointment, cancelAppointment or requestFollowUp."
    )
    assert (said["toolCallId"], said["name"]) == ("t-1", "bookTable")


def test_the_path_may_name_the_tool(owner: Connection, clinic: Clinic) -> None:
    """The path counts where the model's function has a name of its own, or none; a known name beats it."""
    call = tool_call("book_for_patient", "t-1", **wish(clinic))
    (said,) = results(send(clinic, message(clinic, call), "bookClinicAppointment"))
    assert (said["name"], code_of(said)) == ("book_for_patient", "BOOKED")
    nameless = {"id": "t-2", "function": {"arguments": {"patientName": "Dana Whitfield"}}}
    (said,) = results(send(clinic, message(clinic, nameless), "lookupAppointments"))
    assert code_of(said) == "FOUND"
    known = tool_call("checkAvailability", "t-3", when=str(clinic.monday))
    (said,) = results(send(clinic, message(clinic, known), "cancelAppointment"))
    assert code_of(said) == "AVAILABLE"
    assert count(owner, "appointments") == 1


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_can_be_reached_by_its_path(clinic: Clinic, tool: str) -> None:
    """With no arguments at all each one asks for what it needs first."""
    (said,) = results(send(clinic, message(clinic, {"id": "t", "name": tool}), tool))
    assert code_of(said) == "MISSING_INFO"


def test_a_legacy_function_call_is_answered_in_its_own_shape(owner: Connection, clinic: Clinic) -> None:
    """The deprecated message has one call without an id; its retry is the same booking."""
    body = message(clinic)
    body["message"].pop("toolCallList")
    body["message"]["type"] = "function-call"
    body["message"]["functionCall"] = {"name": "bookClinicAppointment", "parameters": wish(clinic)}
    first, second = (send(clinic, body) for _ in range(2))
    assert list(json.loads(first["body"])) == ["result"]
    assert json.loads(first["body"])["result"].startswith("BOOKED. Dana Whitfield is booked")
    assert second["body"] == first["body"]
    assert count(owner, "appointments") == 1


@pytest.mark.parametrize("calls", [[], None, {}, "none"])
def test_a_message_without_calls_is_answered_by_no_results(clinic: Clinic, calls: Any) -> None:
    """Nothing was asked, nothing is said, and Vapi gets its 200."""
    body = message(clinic)
    body["message"]["toolCallList"] = calls
    assert results(send(clinic, body)) == []


@pytest.mark.parametrize("kind", ["end-of-call-report", "status-update", "conversation-update", "hang", "x"])
def test_another_message_to_this_route_has_no_effect(owner: Connection, clinic: Clinic, kind: str) -> None:
    """A server URL set in the wrong place sends everything here; only tool calls do anything."""
    body = message(clinic, tool_call("bookClinicAppointment", "t-1", **wish(clinic)))
    body["message"]["type"] = kind
    assert results(send(clinic, body)) == []
    assert count(owner, "appointments") == 0


def test_a_body_in_base64_is_the_same_message(clinic: Clinic) -> None:
    """API Gateway encodes a body it takes for binary."""
    sent = event(message(clinic, tool_call("checkAvailability", when=str(clinic.monday))), secret_of(clinic))
    sent |= {"body": base64.b64encode(sent["body"].encode()).decode(), "isBase64Encoded": True}
    assert code_of(results(deliver(sent))[0]) == "AVAILABLE"


def test_an_answer_is_json_on_one_line_and_echoes_strange_ids(clinic: Clinic) -> None:
    """Vapi matches by the exact id and wants strings without line breaks."""
    strange = "call_\u00e9\u4f60 /?#%"
    response = send(
        clinic, message(clinic, tool_call("requestFollowUp", strange, message="a\nb\r\nc\u2028d"))
    )
    assert response["headers"]["content-type"] == "application/json"
    assert "\n" not in response["body"]
    assert results(response)[0]["toolCallId"] == strange


@pytest.mark.parametrize("body", ["", "{", "[]", '{"message": 1}', "null", '{"massage": {}}'])
def test_a_body_that_is_no_message_is_a_bad_request(owner: Connection, clinic: Clinic, body: str) -> None:
    """Nobody can be recognised in it, so it is refused before anything is looked up."""
    response = deliver(event(body, secret_of(clinic)))
    assert (response["statusCode"], list(json.loads(response["body"]))) == (400, ["error"])


def test_a_body_beyond_six_megabytes_is_refused(clinic: Clinic) -> None:
    """Lambda takes no more; locally the same rule holds."""
    assert deliver(event("x" * (6 * 1024 * 1024 + 1), secret_of(clinic)))["statusCode"] == 413


def test_a_defect_in_one_call_is_an_error_sentence_beside_its_neighbours(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unforeseen exception in a tool: the caller hears an apology, the next call its answer."""

    def explode(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("functions.book.tools.times.parse_days", explode)
    broken, good = say_all(
        clinic,
        tool_call("checkAvailability", "t-1", when="tomorrow"),
        tool_call("bookClinicAppointment", "t-2", **wish(clinic)),
    )
    assert broken["error"] == (
        "TEMPORARY_FAILURE. The schedule cannot be reached right now. Apologise, take a message and "
        "promise a call back."
    )
    assert code_of(good) == "BOOKED"


def test_a_body_with_everything_in_it_is_booked_once(owner: Connection, clinic: Clinic) -> None:
    """The duplicate lists of a recorded message are the same call, not more of them."""
    call = tool_call("bookClinicAppointment", "t-1", **wish(clinic))
    body = message(clinic, call)
    body["message"] |= {"toolCalls": [call], "toolWithToolCallList": [{"type": "function", "toolCall": call}]}
    assert len(results(send(clinic, body))) == 1
    assert count(owner, "appointments") == 1
    assert code_of(book(clinic, "t-1")) == "BOOKED"
