"""What Twilio's errors mean for a text (facts: reliability T-4; twilio.com/docs/api/errors)."""

import pytest

from functions.sms_worker.error_classes import CLASSES, ErrorClass, classify, is_alarming, of_delivery

EXPECTED = {
    "permanent": (21211, 21408, 21602, 21608, 21612, 21614, 21617, 30004, 30005, 30006, 30007),
    "opted_out": (21610,),
    "config": (20003, 20005, 20404, 21212, 21606, 21660, 21703, 30002, 30034),
    "retry": (21611, 30001, 30003, 30008, 30500),
    "rate": (20429,),
    "unknown": (20500, 20503),
    "expired": (30036,),
}


def test_the_table_is_what_was_decided() -> None:
    """Each code has one class; a change of the table is a change of this list."""
    assert {name: tuple(sorted(c for c, k in CLASSES.items() if k == name)) for name in EXPECTED} == EXPECTED


@pytest.mark.parametrize("code", sorted(CLASSES))
def test_a_known_code_decides_whatever_the_status(code: int) -> None:
    """Twilio sends codes with 400, 404 or 500 alike."""
    assert {classify(status, code) for status in (400, 404, 500)} == {CLASSES[code]}


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, None, "permanent"), (400, 99999, "permanent"), (404, None, "permanent"),
        (401, None, "config"), (403, None, "config"), (429, None, "rate"), (408, None, "unknown"),
        (500, None, "unknown"), (502, 99999, "unknown"), (503, None, "unknown"), (302, None, "unknown"),
    ],
)  # fmt: skip
def test_an_unknown_code_goes_by_its_status(status: int, code: int | None, expected: str) -> None:
    """Unknown 4xx never again, unknown 5xx and anything odd may have been sent."""
    assert classify(status, code) == expected


def test_nothing_ambiguous_is_ever_resent_blindly() -> None:
    """No 5xx is classed as one after which the text is simply sent again."""
    assert not {classify(status, None) for status in range(500, 600)} & {ErrorClass.RETRY, ErrorClass.RATE}


def test_a_person_hears_of_what_only_a_person_can_put_right() -> None:
    """Configuration, filtering, a country not permitted, and codes nobody has classed."""
    assert is_alarming(20003, ErrorClass.CONFIG)
    assert is_alarming(30007, ErrorClass.PERMANENT)
    assert is_alarming(21408, ErrorClass.PERMANENT)
    assert is_alarming(99999, ErrorClass.PERMANENT)
    assert is_alarming(None, ErrorClass.PERMANENT)
    assert not is_alarming(21211, ErrorClass.PERMANENT)
    assert not is_alarming(21610, ErrorClass.OPTED_OUT)


def test_a_delivery_without_a_known_code_is_not_tried_again() -> None:
    """Only a code that says so brings a new attempt."""
    assert of_delivery(None) is None
    assert of_delivery(99999) is None
    assert of_delivery(30003) is ErrorClass.RETRY
