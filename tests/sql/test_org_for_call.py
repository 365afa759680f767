"""org_for_call: which clinic a call belongs to, and what answering it needs."""

from typing import Any

from tests.clinics import Clinic, Connection, call, set_hours


def route(
    app: Connection, number_id: str | None = None, number: str | None = None, assistant: str | None = None
) -> Any:
    """Ask for the clinic of a call."""
    return call(app, "org_for_call", phone_number_id=number_id, called_number=number, assistant_id=assistant)


def test_a_clinic_is_found_by_any_of_its_numbers(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Vapi's id of the number, the number itself, the assistant."""
    owner.execute("UPDATE frontdesk.vapi_numbers SET assistant_id = 'asst-1'")
    for answer in (
        route(app, clinic.phone_number_id),
        route(app, number=clinic.number),
        route(app, assistant="asst-1"),
        route(app, "pn-unknown", clinic.number, "asst-unknown"),
    ):
        assert answer["id"] == str(clinic.id)


def test_an_unknown_number_belongs_to_nobody(app: Connection, clinic: Clinic) -> None:
    """Null, also where nothing is given: a row without a number is no match for a call without one."""
    assert route(app) is None
    assert route(app, "pn-unknown", "+12025550000", "asst-unknown") is None
    assert route(app, "", "", "") is None


def test_the_number_s_id_decides_before_number_and_assistant(
    owner: Connection, app: Connection, clinic: Clinic, three: Clinic
) -> None:
    """One assistant may answer for two clinics' numbers: what was dialled counts first."""
    owner.execute("UPDATE frontdesk.vapi_numbers SET assistant_id = 'asst-1' WHERE org_id = %s", [clinic.id])
    assert route(app, three.phone_number_id, clinic.number, "asst-1")["id"] == str(three.id)
    assert route(app, clinic.phone_number_id, three.number, "asst-1")["id"] == str(clinic.id)
    assert route(app, None, three.number, "asst-1")["id"] == str(three.id)


def test_the_answer_holds_what_answering_needs(owner: Connection, app: Connection, three: Clinic) -> None:
    """Zone, language, active providers and services, and the hours anybody works; nothing of others."""
    owner.execute("UPDATE frontdesk.providers SET active = false WHERE id = %s", [three.providers[2]])
    owner.execute("UPDATE frontdesk.services SET active = false WHERE name = 'Check-up'")
    for provider in three.providers:
        set_hours(owner, three, provider, (1, "09:00", "12:00"), (1, "13:00", "17:00"))
    set_hours(owner, three, three.providers[2], (7, "09:00", "12:00"))
    answer = route(app, three.phone_number_id)
    assert (answer["time_zone"], answer["region"], answer["language"]) == ("America/New_York", "US", "en")
    assert [provider["name"] for provider in answer["providers"]] == ["Dr. Ana Ruiz", "Dr. Ben Cho"]
    assert [service["name"] for service in answer["services"]] == ["Teeth cleaning"]
    assert sorted((h["weekday"], h["opens"], h["closes"]) for h in answer["hours"]) == [
        (1, "09:00:00", "12:00:00"),
        (1, "13:00:00", "17:00:00"),
    ]
