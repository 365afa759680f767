"""How a wish is understood: spoken dates, services, practitioners, numbers and addresses."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from frontdesk import times
from tests.book.conftest import CALLER, OTHER, book, code_of, count, said_today, say, today_at
from tests.clinics import Clinic, Connection, make_clinic, one, set_hours


def start_of(said: dict[str, Any]) -> datetime:
    """Return the start that was booked."""
    assert code_of(said) == "BOOKED", said
    return datetime.fromisoformat(said["metadata"]["startsAt"])


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%dT15:00",
        "%Y-%m-%dT15:00:00",
        "%Y-%m-%dT15:00:00Z",
        "%Y-%m-%dT15:00:00.000+00:00",
        "%Y-%m-%d 3 pm",
    ],
)
def test_a_written_time_is_clinic_time_whatever_zone_it_claims(clinic: Clinic, form: str) -> None:
    """A model that writes Z or an offset still means the clinic's clock."""
    assert start_of(book(clinic, startTime=clinic.monday.strftime(form))) == clinic.at(15)


@pytest.mark.parametrize(
    "phrase", ["{en} at 3 pm", "{en} at three in the afternoon", "{en}, quarter past two", "{es} a las tres"]
)
def test_a_spoken_time_is_understood(clinic: Clinic, phrase: str) -> None:
    """English and Spanish; afternoon follows from the opening hours where nothing else says it."""
    first_half = ("enero", "febrero", "marzo", "abril", "mayo", "junio")
    spanish = (*first_half, "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre")
    day = clinic.monday
    words = phrase.format(en=f"{day:%B} {day.day}", es=f"el {day.day} de {spanish[day.month - 1]}")
    wanted = clinic.at(14, 15) if "quarter" in phrase else clinic.at(15)
    assert start_of(book(clinic, startTime=words)) == wanted


def test_tomorrow_is_the_clinics_tomorrow(owner: Connection) -> None:
    """Tomorrow is counted on the clinic's calendar, here fourteen hours ahead of Greenwich."""
    clinic = make_clinic(
        owner, time_zone="Pacific/Kiritimati", opens="00:00", closes="24:00", weekdays=range(1, 8)
    )
    here = datetime.now(clinic.at(9).tzinfo)
    started = start_of(book(clinic, startTime="tomorrow at 3 PM"))
    assert (started.date() - here.date(), started.hour) == (timedelta(days=1), 15)


def test_a_date_in_a_past_year_is_proposed_for_this_one(owner: Connection, clinic: Clinic) -> None:
    """A model that writes 2024 is asked whether it means the coming such day; nothing is booked unasked."""
    day = clinic.monday
    said = book(clinic, startTime=f"2024-{day:%m-%d}T15:00")
    assert said["result"].startswith(f"DATE_IN_PAST. That date has passed. {said_today(clinic)} ")
    assert f"Did you mean {times.say_moment(clinic.at(15), today_at(clinic))}" in said["result"]
    assert said["metadata"]["options"][0] == clinic.at(15).isoformat()
    assert count(owner, "appointments") == 0
    assert start_of(book(clinic, startTime=said["metadata"]["options"][0])) == clinic.at(15)


def test_an_ambiguous_time_is_asked_back_with_both_readings_and_today(owner: Connection) -> None:
    """Open around the clock, three may be night or afternoon: both are named, neither is booked."""
    clinic = make_clinic(owner, opens="00:00", closes="24:00", weekdays=range(1, 8))
    said = book(clinic, startTime=f"{clinic.monday:%B} {clinic.monday.day} at 3")
    assert code_of(said) == "AMBIGUOUS_TIME"
    assert "at 3 AM or" in said["result"]
    assert said_today(clinic) in said["result"]
    assert said["metadata"]["options"] == [clinic.at(3).isoformat(), clinic.at(15).isoformat()]
    assert count(owner, "appointments") == 0


def test_a_day_without_a_time_asks_for_the_time(clinic: Clinic) -> None:
    """The day that was understood is said back in full, with today's date beside it."""
    said = book(clinic, startTime=f"{clinic.monday:%B} {clinic.monday.day}")
    assert said["result"].startswith(
        f"MISSING_INFO. What time on {times.say_day(clinic.monday, today_at(clinic))} would you like? "
    )
    assert said_today(clinic) in said["result"]


def test_a_weekday_that_is_not_that_date_is_asked_about(owner: Connection, clinic: Clinic) -> None:
    """Tuesday the 7th when the 7th is a Monday: neither half is believed."""
    day = clinic.monday
    said = book(clinic, startTime=f"Tuesday {day:%B} {day.day} at 3 PM")
    assert code_of(said) == "AMBIGUOUS_TIME"
    assert count(owner, "appointments") == 0


def test_the_slot_id_from_check_availability_is_booked(clinic: Clinic) -> None:
    """The id alone is enough; it stands for the start it was given with."""
    offered = say(clinic, "checkAvailability", when=str(clinic.monday))["metadata"]["slots"]
    said = book(clinic, startTime=None, slotId=offered[1]["slotId"])
    assert said["metadata"]["startsAt"] == offered[1]["startsAt"]


def test_a_slot_id_settles_shorter_words(clinic: Clinic) -> None:
    """The caller said "that one", the model sent the id along: that slot is meant."""
    slot = f"{clinic.monday:%Y%m%d}T1500"
    assert start_of(book(clinic, startTime="yes, that works", slotId=slot)) == clinic.at(15)


@pytest.mark.parametrize("words", ["{day}T16:00", "{next_day}", "{next_day} at 4 PM"])
def test_a_slot_id_against_the_words_is_asked_about(owner: Connection, clinic: Clinic, words: str) -> None:
    """A slot on Monday at three beside words that say another hour or another day: nothing is booked."""
    following = clinic.monday + timedelta(days=1)
    startTime = words.format(day=clinic.monday, next_day=f"{following:%B} {following.day}")  # noqa: N806
    said = book(clinic, startTime=startTime, slotId=f"{clinic.monday:%Y%m%d}T1500")
    assert code_of(said) in ("AMBIGUOUS_TIME", "MISSING_INFO")
    assert said_today(clinic) in said["result"]
    assert count(owner, "appointments") == 0


@pytest.mark.parametrize(
    "slot", ["slot_123", "abc", "20261301T9999", "1", "2020-01-01T10:00", "20200101T1000"]
)
def test_an_invented_slot_id_is_ignored(clinic: Clinic, slot: str) -> None:
    """A model may make up an id: the words decide then."""
    assert start_of(book(clinic, slotId=slot)) == clinic.at(15)


@pytest.mark.parametrize(
    ("reason", "booked"),
    [
        ("cleaning", "Teeth cleaning"),
        ("I need a teeth cleaning, please", "Teeth cleaning"),
        ("TEETH CLEANING", "Teeth cleaning"),
        ("limpieza", "Teeth cleaning"),
        ("the scale and polish", "Teeth cleaning"),
        ("check up", "Check-up"),
        ("checkup", "Check-up"),
    ],
)
def test_a_service_is_known_by_what_callers_call_it(
    owner: Connection, clinic: Clinic, reason: str, booked: str
) -> None:
    """Its name in a sentence, part of its name, or one of the other words the clinic gave it."""
    owner.execute(
        "UPDATE frontdesk.services SET aliases = '{limpieza,scale and polish}' WHERE name = 'Teeth cleaning'"
    )
    assert book(clinic, reason=reason)["metadata"]["service"] == booked


def test_an_unknown_service_is_answered_with_the_list(clinic: Clinic) -> None:
    """The model hears what there is, by name, and books nothing."""
    said = book(clinic, reason="a heart transplant")
    assert said["result"] == (
        "UNKNOWN_SERVICE. The clinic offers Check-up or Teeth cleaning. Please ask which one it is."
    )
    assert said["metadata"]["services"] == ["Check-up", "Teeth cleaning"]


def test_a_clinic_with_one_service_never_asks_what_for(owner: Connection) -> None:
    """Whatever is said, the visit can only be the one there is."""
    clinic = make_clinic(owner, services={"Consultation": 30})
    assert book(clinic, reason=None)["metadata"]["service"] == "Consultation"
    assert book(clinic, "tc-2", reason="my tooth", startTime=f"{clinic.monday}T11:00")["metadata"]["service"]


@pytest.mark.parametrize("whom", ["Dr. Ben Cho", "ben cho", "Doctor Cho", "Dr Cho"])
def test_a_practitioner_asked_for_is_the_one_booked(three: Clinic, whom: str) -> None:
    """By full name or last name, with or without the title."""
    assert book(three, practitioner=whom)["metadata"]["provider"] == "Dr. Ben Cho"


@pytest.mark.parametrize(
    "whom", ["anyone", "no preference", "Any", "cualquiera", "whoever is free", "any available"]
)
def test_nobody_in_particular_is_whoever_is_free(three: Clinic, whom: str) -> None:
    """Words for no preference are not a name."""
    assert code_of(book(three, practitioner=whom)) == "BOOKED"


def test_an_unknown_practitioner_is_answered_with_who_is_there(three: Clinic) -> None:
    """Nobody else is booked in their place."""
    said = book(three, practitioner="Dr. House")
    assert said["result"] == (
        "UNKNOWN_PROVIDER. That practitioner is not known here. For a teeth cleaning the clinic has "
        "Dr. Ana Ruiz, Dr. Ben Cho or Dr. Cy Okafor. Please ask who it should be."
    )


def test_a_practitioner_who_does_not_offer_it_is_said_so(owner: Connection, three: Clinic) -> None:
    """The answer names those who do."""
    owner.execute(
        "DELETE FROM frontdesk.provider_services WHERE provider_id = %s AND service_id = %s",
        [three.providers[1], three.services["Teeth cleaning"]],
    )
    said = book(three, practitioner="Dr. Cho")
    assert said["result"].startswith("UNKNOWN_PROVIDER. That practitioner does not offer that visit. ")
    assert said["metadata"]["providers"] == ["Dr. Ana Ruiz", "Dr. Cy Okafor"]


def test_a_slot_with_a_practitioner_books_that_practitioner(owner: Connection, three: Clinic) -> None:
    """Checked with a practitioner named, a slot id carries who it was."""
    set_hours(owner, three, three.providers[0], (1, "10:00", "11:00"))
    offered = say(three, "checkAvailability", when=str(three.monday), practitioner="Dr. Okafor")
    assert "with Dr. Cy Okafor" in offered["result"]
    said = book(three, startTime=None, slotId=offered["metadata"]["slots"][0]["slotId"])
    assert said["metadata"]["provider"] == "Dr. Cy Okafor"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("(202) 555-0188", OTHER),
        ("two zero two, five five five, zero one eight eight", OTHER),
        ("same number", CALLER),
        ("this one", CALLER),
        (2025550188, OTHER),
    ],
)
def test_the_number_to_call_back_is_the_one_given_or_the_callers(
    owner: Connection, clinic: Clinic, given: Any, kept: str
) -> None:
    """Another number replaces the caller's; words for "this one" mean the number of the call."""
    assert code_of(book(clinic, callbackNumber=given)) == "BOOKED"
    assert one(owner, "SELECT phone FROM frontdesk.contacts") == kept


@pytest.mark.parametrize("given", ["555 01", "2 0 2 5 5 5", "202 555 014"])
def test_an_incomplete_number_is_asked_for_again(owner: Connection, clinic: Clinic, given: str) -> None:
    """Misheard digits are never replaced by the caller's number behind their back."""
    said = book(clinic, callbackNumber=given)
    assert said["result"] == (
        "MISSING_INFO. That phone number is not complete. Please ask for it again, digit by digit."
    )
    assert count(owner, "contacts") == 0


@pytest.mark.parametrize("withheld", [None, "anonymous", "Restricted", "+266696687", "", "sip:anonymous@x"])
def test_a_withheld_caller_is_asked_for_a_number(clinic: Clinic, withheld: str | None) -> None:
    """Carriers write a withheld number in many ways; none of them is a patient's."""
    assert book(clinic, caller=withheld)["metadata"]["missing"] == "patient_phone"
    assert code_of(book(clinic, "tc-2", caller=withheld, callbackNumber="202 555 0147")) == "BOOKED"


@pytest.mark.parametrize("email", ["dana underscore w at example dot com", "DANA_W@Example.com"])
def test_a_spelled_email_is_kept(owner: Connection, clinic: Clinic, email: str) -> None:
    """As it is spelled out, in lower case."""
    book(clinic, email=email)
    assert one(owner, "SELECT email FROM frontdesk.contacts") == "dana_w@example.com"


def test_an_email_nobody_can_read_does_not_stop_a_booking(owner: Connection, clinic: Clinic) -> None:
    """It is left out, and the visit is booked."""
    assert code_of(book(clinic, email="dana at the usual place")) == "BOOKED"
    assert one(owner, "SELECT email FROM frontdesk.contacts") is None


def test_a_time_just_past_is_said_to_have_passed(owner: Connection) -> None:
    """An hour ago, today: the answer says what time it is now."""
    clinic = make_clinic(owner, time_zone="UTC", opens="00:00", closes="24:00", weekdays=range(1, 8))
    ago = datetime.now(UTC) - timedelta(hours=25)
    said = book(clinic, startTime=ago.strftime("%Y-%m-%dT%H:00"))
    assert code_of(said) == "DATE_IN_PAST"
    assert count(owner, "appointments") == 0
