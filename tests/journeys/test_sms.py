"""What a patient's phone shows, over the whole local stack: the call, the texts, the replies."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.journeys.patients import Patient, said
from tests.local.stacks import homes, running

QUIET = 3.0  # long enough for a text that should not come: it would be on the quick path too


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Run one stack for all journeys; each has a patient of its own."""
    home = tmp_path_factory.mktemp("journeys") / "home"
    with homes(home), running(home) as (_, content):
        yield content


def test_a_booking_is_texted_once_within_seconds_and_c_confirms_it(stack: dict[str, Any]) -> None:
    """One text with the clinic, the day and the time; the reply C confirms; twice is once."""
    dana = Patient(stack, "+12025550161")
    start = dana.offered()[0]
    dana.books("Dana Whitfield", start)
    [text] = dana.waits_for_texts(1)
    day, hour = said(start)
    assert "Bright Smiles Dental" in text
    assert day in text
    assert hour in text
    assert "cleaning" not in text.lower(), "what the visit is for is nobody's business but the patient's"
    assert dana.visits() == ["pending"]
    assert "confirmed" in dana.replies("C").lower()
    assert dana.visits() == ["confirmed"]
    assert dana.replies(" confirm! ")
    time.sleep(QUIET)
    assert dana.visits() == ["confirmed"]
    assert len([one for one in dana.texts() if day in one and "confirmed" not in one.lower()]) == 1


def test_a_spanish_clinic_texts_in_spanish_and_in_its_own_zone(stack: dict[str, Any]) -> None:
    """The second clinic answers in Spanish: weekday and hour as they are in Denver."""
    ana = Patient(stack, "+13035550162", org=1)
    start = ana.offered()[0]
    ana.books("Ana García", start)
    [text] = ana.waits_for_texts(1)
    at = datetime.fromisoformat(start)
    assert "Clinica del Sol" in text, "á would make it two expensive segments, so it is written plainly"
    assert f"{at.day} de " in text
    assert f" {at.hour % 12 or 12}" in text


def test_a_moved_visit_is_texted_with_its_new_time(stack: dict[str, Any]) -> None:
    """Booked, then moved in the same call: the last text names the new time, and no later one the old."""
    lee = Patient(stack, "+12025550163")
    first, *others = lee.offered()
    booked = lee.books("Lee Chan", first)
    lee.waits_for_texts(1)
    code = booked.metadata["confirmationCode"]
    moved = lee.asks("rescheduleAppointment", confirmationCode=code, newStartTime=others[-1])
    assert moved.code == "RESCHEDULED", moved.text
    texts = lee.waits_for_texts(2)
    assert len(texts) == 2
    day, hour = said(others[-1])
    assert day in texts[-1]
    assert hour in texts[-1]
    time.sleep(QUIET)
    assert len(lee.texts()) == 2


def test_a_cancelled_visit_is_texted_as_cancelled(stack: dict[str, Any]) -> None:
    """Booked and cancelled: two texts, the second says it is off; C afterwards confirms nothing."""
    kim = Patient(stack, "+12025550164")
    booked = kim.books("Kim Novak", kim.offered()[0])
    kim.waits_for_texts(1)
    gone = kim.asks("cancelAppointment", confirmationCode=booked.metadata["confirmationCode"])
    assert gone.code == "CANCELLED", gone.text
    texts = kim.waits_for_texts(2)
    assert len(texts) == 2
    assert "cancel" in texts[-1].lower()
    kim.replies("C")
    assert kim.visits() == ["cancelled"]


def test_after_stop_nothing_is_sent_and_start_begins_again(stack: dict[str, Any]) -> None:
    """STOP, then a booking: no text at all. START, then another one: a text again."""
    max_ = Patient(stack, "+12025550165")
    first, second, *_ = max_.offered()
    max_.replies("STOP")
    max_.books("Max Stone", first)
    time.sleep(QUIET)
    assert max_.texts() == []
    max_.replies("START")
    before = len(max_.texts())
    max_.books("Max Stone", second)
    assert any(said(second)[0] in text for text in max_.waits_for_texts(before + 1)[before:])
