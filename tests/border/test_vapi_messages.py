"""What is read out of Vapi's server messages."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.book import vapi

SAMPLES = Path(__file__).parent.parent / "samples" / "vapi"
MESSAGES = sorted(p for p in SAMPLES.glob("*.json") if "_response_" not in p.name)
CALL = "019aa141-4449-7775-8d7e-006f2a64e546"
SAID = {"patientName": "Dana Whitfield", "reason": "Teeth cleaning"}


def sample(name: str) -> bytes:
    """Read a sample payload."""
    return (SAMPLES / f"{name}.json").read_bytes()


def message(**fields: Any) -> bytes:
    """Wrap fields as a tool-calls message of one call."""
    return json.dumps({"message": {"type": "tool-calls", "call": {"id": CALL}, **fields}}).encode()


def calls(*entries: Any) -> tuple[vapi.ToolCall, ...]:
    """Parse a message with these entries in its toolCallList."""
    return vapi.parse(message(toolCallList=list(entries))).calls


def with_arguments(arguments: Any) -> dict[str, Any]:
    """Make a call in shape A or B."""
    return {"id": "call_1", "type": "function", "function": {"name": "book", "arguments": arguments}}


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_every_sample_message_is_read(path: Path) -> None:
    """Whatever the shape, the type is the payload's own and no call of a sample is a problem."""
    body = path.read_bytes()
    read = vapi.parse(body)
    assert read.type == json.loads(body)["message"]["type"]
    assert all(call.id and call.name and call.problem is None for call in read.calls)
    assert bool(read.calls) == (read.type in ("tool-calls", "function-call"))


@pytest.mark.parametrize(
    "name", ["sdk_tool-calls_book_arguments-string", "wire_tool-calls_book_arguments-object"]
)
def test_string_and_object_arguments_say_the_same(name: str) -> None:
    """The SDK's shape (arguments in a string) and the recorded one (an object) are read alike."""
    read = vapi.parse(sample(name))
    assert (read.call_id, read.caller_number, read.called_number) == (CALL, "+12025550147", "+12025550100")
    assert read.phone_number_id == "4a5a04dc-dcbe-45b1-8f64-fd32a253d136"
    assert read.assistant_id == "2b6f5d0a-1111-4c1e-9d7f-0a9c5d1e0002"
    (call,) = read.calls
    assert (call.id, call.name) == ("call_bK3nQ0d7yYt1pZl2Xw9uVsRa", "bookClinicAppointment")
    assert call.arguments["startTime"] == "2026-11-10T15:00:00"
    assert not {"caller_number", "called_number", "call_id"} & set(call.arguments)


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "a", "function": {"name": "book", "arguments": json.dumps(SAID)}},
        {"id": "a", "function": {"name": "book", "arguments": SAID}},
        {"id": "a", "function": {"name": "book", "parameters": SAID}},
        {"id": "a", "name": "book", "arguments": SAID},
        {"id": "a", "name": "book", "arguments": json.dumps(SAID)},
        {"id": "a", "name": "book", "parameters": SAID},
        {"id": "a", "name": "book", "function": {"arguments": None}, "arguments": SAID},
    ],
)
def test_the_four_shapes_are_one(entry: dict[str, Any]) -> None:
    """Nested string, nested object, flat arguments and flat parameters give the same call."""
    assert calls(entry) == (vapi.ToolCall("a", "book", SAID, None),)


@pytest.mark.parametrize("empty", [None, [], "none", {}])
def test_the_other_lists_stand_in_for_an_empty_one(empty: Any) -> None:
    """toolCalls, then toolWithToolCallList, are read when toolCallList is missing, empty or no list."""
    entry = {"id": "a", "function": {"name": "book", "arguments": SAID}}
    tool = {"type": "function", "function": {"name": "book"}, "parameters": [{"key": "x"}]}
    wrapped = {**tool, "toolCall": {"id": "a", "parameters": SAID}}
    expected = (vapi.ToolCall("a", "book", SAID, None),)
    assert vapi.parse(message(toolCallList=empty, toolCalls=[entry])).calls == expected
    assert vapi.parse(message(toolCallList=empty, toolWithToolCallList=[wrapped])).calls == expected


def test_a_call_without_arguments_is_a_call() -> None:
    """Some tools need none (lookupAppointments): left out or an empty string is no problem."""
    for entry in ({"id": "a", "name": "look"}, {"id": "a", "function": {"name": "look", "arguments": " "}}):
        assert calls(entry) == (vapi.ToolCall("a", "look", {}, None),)


@pytest.mark.parametrize("arguments", [None, "null", "", "  ", "{}", {}], ids=repr)
def test_no_arguments_are_no_problem(arguments: Any) -> None:
    """A call that brings nothing is asked for what it lacks, not turned away as broken."""
    assert calls(with_arguments(arguments)) == (vapi.ToolCall("call_1", "book", {}, None),)


@pytest.mark.parametrize(
    "arguments",
    [
        '{"patientName": "Dana',
        "not json",
        "[1, 2]",
        [1, 2],
        7,
        "7",
        True,
        json.dumps(json.dumps(SAID)),
        {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": 1}}}}}}}}},
        '{"a":' * 5000 + "1" + "}" * 5000,
        {"notes": "x" * 70_000},
        json.dumps({"notes": "x" * 70_000}),
        '{"a": 1e999}',
        "{'patientName': 'Dana'}",
    ],
    ids=lambda a: str(a)[:20],
)
def test_broken_arguments_are_one_calls_problem(arguments: Any) -> None:
    """The call is answered with a sentence; the good call beside it goes on."""
    broken, good = calls(with_arguments(arguments), {"id": "b", "name": "book", "arguments": SAID})
    assert broken.problem is not None
    assert broken.arguments == {}
    assert (broken.id, broken.name) == ("call_1", "book")
    assert "Dana" not in broken.problem
    assert good == vapi.ToolCall("b", "book", SAID, None)


def test_what_the_model_writes_is_never_the_caller() -> None:
    """Static parameters can be written by the model too: envelope only, and they leave the arguments."""
    forged = {"_caller": "+19995550100", "_called": "+1", "_callId": "x", "caller_number": "+19995550100"}
    entry = with_arguments({**SAID, **forged, "called_number": "+1", "call_id": "x"})
    anonymous = vapi.parse(message(toolCallList=[entry]))
    assert (anonymous.caller_number, anonymous.called_number, anonymous.call_id) == (None, None, CALL)
    assert anonymous.calls[0].arguments == SAID
    known = vapi.parse(message(customer={"number": "+12025550147"}, toolCallList=[entry]))
    assert known.caller_number == "+12025550147"


def test_the_messages_customer_rules_over_the_calls() -> None:
    """The envelope's customer comes first, the call's stands in."""
    call = {"id": CALL, "customer": {"number": "+12025550101"}}
    assert vapi.parse(message(call=call)).caller_number == "+12025550101"
    both = message(call=call, customer={"number": "+12025550102"})
    assert vapi.parse(both).caller_number == "+12025550102"


def test_the_deprecated_function_call_gets_a_stable_id() -> None:
    """It has no id: a retry must get the same one whatever its key order, other arguments another."""
    read = vapi.parse(sample("legacy_function-call_deprecated"))
    assert read.legacy
    (call,) = read.calls
    turned = {"name": call.name, "parameters": dict(reversed(call.arguments.items()))}
    other = {"name": call.name, "parameters": {**call.arguments, "reason": "Filling"}}

    def id_of(function_call: dict[str, Any]) -> str:
        return vapi.parse(message(type="function-call", functionCall=function_call)).calls[0].id

    assert id_of(turned) == call.id
    assert id_of(other) != call.id


def test_missing_and_double_ids_are_all_answered() -> None:
    """A call without an id gets a stable one; two calls with one id stay two."""
    bare = {"name": "book", "arguments": SAID}
    first, second = calls(bare, bare)
    assert first.id == second.id != ""
    assert calls({**bare, "arguments": {}})[0].id != first.id
    assert [c.id for c in calls({**bare, "id": "a"}, {**bare, "id": "a"})] == ["a", "a"]
    assert calls({**bare, "id": 17})[0].id == "17"
    assert calls({**bare, "id": None})[0].id == first.id


@pytest.mark.parametrize("strange", ["a\x00b", "a\nb", " a", "x" * 201])
def test_an_id_that_cannot_be_stored_is_echoed_and_refused(strange: str) -> None:
    """Vapi matches by the exact id, so it goes back as it came, but never reaches the database."""
    (call,) = calls({"id": strange, "name": "book", "arguments": SAID})
    assert call.id == strange
    assert call.problem is not None


@pytest.mark.parametrize("entry", [None, 3, "book", [], {}, {"id": "a"}, {"id": "a", "name": 5}])
def test_an_entry_that_is_no_call_is_still_answered(entry: Any) -> None:
    """Every place of the list gets an answer, in its order."""
    strange, good = calls(entry, {"id": "b", "name": "book", "arguments": SAID})
    assert strange.problem is not None
    assert strange.id
    assert good.problem is None


def test_the_twenty_first_call_is_refused() -> None:
    """Twenty calls of a message are served, the rest told so."""
    read = calls(*({"id": f"c{n}", "name": "book", "arguments": SAID} for n in range(25)))
    assert [c.problem is None for c in read] == [True] * 20 + [False] * 5
    assert [c.id for c in read] == [f"c{n}" for n in range(25)]


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b"7", b'{"message":null}', b'{"message":[]}', b'{"message":"x"}', b"{",
     b'{"message":{}} x', b"\xff\xfe", b'{"message":{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}}"],
    ids=lambda b: b[:24].decode("latin-1"),
)  # fmt: skip
def test_a_body_that_is_no_message_is_malformed(body: bytes) -> None:
    """One exception with a sentence, which quotes nothing of the body."""
    with pytest.raises(vapi.MalformedMessage, match=r"^The body [a-zA-Z ]+\.$"):
        vapi.parse(body)


def test_half_an_emoji_does_not_lose_the_booking() -> None:
    """JavaScript cuts strings inside an emoji and sends a lone surrogate; msgspec alone refuses it."""
    body = sample("wire_tool-calls_book_arguments-object")
    cut = body.replace(b'"AI: Thanks', b'"\\ud83d AI: Thanks')
    assert cut != body
    assert vapi.parse(cut) == vapi.parse(body)
    (call,) = calls(with_arguments('{"notes": "ok \\ud83d", "patientName": "Dana"}'))
    assert call.problem is None
    call.arguments["notes"].encode()


def test_a_byte_order_mark_is_no_obstacle() -> None:
    """Some proxies put one in front."""
    body = message(toolCallList=[with_arguments(SAID)])
    assert vapi.parse(b"\xef\xbb\xbf" + body) == vapi.parse(body)


@pytest.mark.parametrize("wrong", [None, 5, "text", [], True, {"id": 5, "number": [], "phoneNumberId": {}}])
@pytest.mark.parametrize("field", ["call", "customer", "phoneNumber", "assistant", "artifact", "timestamp"])
def test_a_wrong_type_loses_its_field_only(field: str, wrong: Any) -> None:
    """The booking of a message goes on when any other part of it is not what the docs promise."""
    read = vapi.parse(message(toolCallList=[with_arguments(SAID)], **{field: wrong}))
    assert read.calls == (vapi.ToolCall("call_1", "book", SAID, None),)


def test_an_overlong_identifier_is_absent_not_cut() -> None:
    """A cut identifier could be somebody else's."""
    assert vapi.parse(message(call={"id": "x" * 121, "phoneNumberId": "y" * 120})).call_id is None
    assert vapi.parse(message(call={"phoneNumberId": "y" * 120})).phone_number_id == "y" * 120


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELD = st.sampled_from(
    [
        *(
            "type",
            "call",
            "customer",
            "phoneNumber",
            "assistant",
            "toolCallList",
            "toolCalls",
            "functionCall",
        ),
        *("toolWithToolCallList", "timestamp"),
    ]
)
PART = st.sampled_from(["id", "name", "function", "arguments", "parameters", "number", "toolCall", "type"])
SHAPE = st.lists(
    st.dictionaries(PART, JSON | st.dictionaries(PART, JSON, max_size=3), max_size=4), max_size=4
)


@settings(max_examples=400, deadline=None)
@given(fields=st.dictionaries(FIELD, JSON | SHAPE | st.just("tool-calls"), max_size=6))
def test_no_shape_of_json_makes_it_raise(fields: dict[str, Any]) -> None:
    """Any JSON in any field is a message, each of its calls has an id, and the answer can be written."""
    read = vapi.parse(json.dumps({"message": fields}).encode())
    answer = vapi.respond([vapi.Result(c.id, c.name, error=c.problem or "ok") for c in read.calls])
    assert [r["toolCallId"] for r in json.loads(answer["body"])["results"]] == [c.id for c in read.calls]
    assert all(c.problem or c.name for c in read.calls)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80) | st.text(max_size=80).map(lambda t: t.encode("utf-8", "replace")))
def test_no_bytes_make_it_raise_anything_else(body: bytes) -> None:
    """Garbage is MalformedMessage and nothing else."""
    try:
        read = vapi.parse(body)
    except vapi.MalformedMessage:
        return
    assert read.calls == ()


def test_a_sixty_kilobyte_message_costs_less_than_reading_all_of_it() -> None:
    """Vapi sends the whole conversation; only what is used is decoded, the rest is skipped."""
    whole = json.loads(sample("sdk_tool-calls_book_arguments-string"))
    turn = {"role": "user", "message": "Could I come on Tuesday, please? Él también.", "time": 1793620804200}
    whole["message"]["artifact"]["messages"] = [turn] * 500
    body = json.dumps(whole, ensure_ascii=False).encode()
    assert len(body) > 50_000

    def best(read: Any) -> float:
        times = []
        for _ in range(15):
            start = time.perf_counter()
            for _ in range(10):
                read(body)
            times.append(time.perf_counter() - start)
        return min(times)

    assert best(vapi.parse) < 0.6 * best(json.loads)
