"""What is said back to Vapi, and what is kept of the arguments."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk.plain_text import one_line
from functions.book import vapi

# Every character at which some reader starts a new line.
LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def body_of(answer: dict[str, Any]) -> dict[str, Any]:
    """Read an answer's body."""
    read: dict[str, Any] = json.loads(answer["body"])
    return read


def test_an_answer_has_the_form_vapi_takes() -> None:
    """Status 200, application/json, a results array; the id as it came, the name, the order kept."""
    answer = vapi.respond(
        [
            vapi.Result("call_b", "book", result="BOOKED. See you\non Tuesday.", metadata={"id": "x"}),
            vapi.Result("call_a", "look", error="TEMPORARY_FAILURE. Please wait."),
        ]
    )
    assert answer["statusCode"] == 200
    assert answer["headers"]["content-type"] == "application/json"
    assert body_of(answer) == {
        "results": [
            {
                "toolCallId": "call_b",
                "name": "book",
                "result": "BOOKED. See you on Tuesday.",
                "metadata": {"id": "x"},
            },
            {"toolCallId": "call_a", "name": "look", "error": "TEMPORARY_FAILURE. Please wait."},
        ]
    }


def test_a_result_is_never_silent() -> None:
    """Neither result nor error, or no name: Vapi would say that no result was returned."""
    (entry,) = body_of(vapi.respond([vapi.Result("a", "")]))["results"]
    assert entry["name"]
    assert entry["error"].startswith("TEMPORARY_FAILURE.")


def test_the_deprecated_shape_is_answered_in_its_own_form() -> None:
    """function-call takes {"result": text} and knows no error field."""
    said, failed = vapi.Result("a", "book", result="BOOKED."), vapi.Result("a", "book", error="Sorry.")
    assert body_of(vapi.respond([said], legacy=True)) == {"result": "BOOKED."}
    assert body_of(vapi.respond([failed], legacy=True)) == {"result": "Sorry."}
    assert body_of(vapi.respond([], legacy=True))["result"].startswith("TEMPORARY_FAILURE.")


@pytest.mark.parametrize("status", [400, 401, 413])
def test_a_refusal_is_one_sentence(status: int) -> None:
    """A stranger gets the status and one line of JSON; 401 names the scheme, as HTTP asks."""
    answer = vapi.refuse(status, "Not\nallowed.")
    assert answer["statusCode"] == status
    assert body_of(answer) == {"error": "Not allowed."}
    assert ("www-authenticate" in answer["headers"]) == (status == 401)


@settings(max_examples=300, deadline=None)
@given(
    texts=st.lists(st.text(max_size=30) | st.text(alphabet=LINE_BREAKS + " a\t\x00", max_size=8), max_size=4)
)
def test_every_answer_is_one_line(texts: list[str]) -> None:
    """Vapi drops a result with a line break; whatever the sentence, none is left and ids are exact."""
    answer = vapi.respond([vapi.Result(f"id {n}", "t", result=t) for n, t in enumerate(texts)])
    entries = body_of(answer)["results"]
    assert [e["toolCallId"] for e in entries] == [f"id {n}" for n in range(len(texts))]
    for entry in entries:
        assert len(entry["result"].splitlines()) <= 1
        assert entry["result"] == entry["result"].strip()
        assert "\x00" not in entry["result"]


@pytest.mark.parametrize(
    "said",
    [
        None,
        "",
        "  ",
        "\n",
        "unknown",
        "Unknown.",
        "N/A",
        "n/a",
        "none",
        "NULL",
        "undefined",
        "not provided",
        "-",
        "Desconocido",
        "no proporcionado",
        "{{ customer.number }}",
        "\x00",
        "\u200b",
        [],
        {},
        [None, ""],
    ],
)
def test_a_models_nothing_is_absent(said: Any) -> None:
    """Models fill every field: what means nothing must not become a name or a note."""
    assert vapi.clean({"notes": said, "reason": "Cleaning"}) == {"reason": "Cleaning"}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("  Dana \n Whitfield\x00 ", "Dana Whitfield"),
        ("Jose\u0301", "José"),
        ("a" * 900, "a" * 500),
        (0, 0),
        (False, False),
        (2.5, 2.5),
        (["a", None, " b "], ["a", "b"]),
        ({"x": "unknown", "y": " 1 "}, {"y": "1"}),
        ("None of the above", "None of the above"),
        ("half \ud83d emoji", "half emoji"),
    ],
)
def test_what_was_said_is_kept_clean(said: Any, kept: Any) -> None:
    """One line, NFC, no control characters, at most 500 characters; numbers and booleans as they are."""
    assert vapi.clean({"notes": said}) == {"notes": kept}


SAID = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=15,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.text(max_size=8), SAID, max_size=4))
def test_cleaned_arguments_can_always_be_stored(said: dict[str, Any]) -> None:
    """Postgres refuses NUL and lone surrogates; none is left at any depth, and twice is as once."""
    kept = vapi.clean(said)
    assert "\\u0000" not in json.dumps(kept)
    json.dumps(kept, ensure_ascii=False).encode()
    assert vapi.clean(kept) == kept


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(), max_size=30))
def test_one_line_is_stable(text: str) -> None:
    """The second time changes nothing, and no control character survives the first."""
    line = one_line(text)
    assert one_line(line) == line
    assert all(c.isprintable() or c in "\u200c\u200d" for c in line if ord(c) < 0x3000)
    line.encode()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (True, True),
        ("true", True),
        ("Yes", True),
        ("sí", True),
        (1, True),
        ("1", True),
        (False, False),
        ("no", False),
        (" FALSE ", False),
        (0, False),
        ("maybe", None),
        (None, None),
        ([], None),
        (2, None),
    ],
)
def test_a_flag_is_yes_no_or_unsaid(said: object, meant: bool | None) -> None:
    """Models send booleans as words and numbers."""
    assert vapi.flag(said) is meant
