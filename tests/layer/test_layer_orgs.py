"""frontdesk.orgs: a clinic as its calls need it, and the service a caller means."""

from datetime import time, timedelta
from typing import Any

import pytest

from frontdesk import orgs
from frontdesk.errors import FrontdeskError
from tests.clinics import Clinic, Connection, make_clinic, set_hours
from tests.database import Database


def found(clinic: Clinic) -> orgs.Org:
    """Look the clinic up afresh."""
    orgs.forget()
    org = orgs.for_call(clinic.phone_number_id, None, None)
    assert org is not None
    return org


def test_a_clinic_is_read_whole(connected: Database, clinic: Clinic) -> None:
    """Its zone, region, language, who works there and what is offered, in the order it was set up."""
    org = found(clinic)
    assert (org.id, str(org.zone), org.region, org.language) == (clinic.id, "America/New_York", "US", "en")
    assert [(provider.id, provider.name) for provider in org.providers] == [
        (clinic.providers[0], "Dr. Patel")
    ]
    assert [(service.name, service.duration_minutes) for service in org.services] == [
        ("Teeth cleaning", 60),
        ("Check-up", 30),
    ]
    assert org.hours.weekly == (((time(9), time(17)),),) * 5 + ((), ())


def test_the_clinic_is_open_when_anybody_is(connected: Database, owner: Connection) -> None:
    """Overlapping and touching hours of several people are one stretch; a gap for all of them is a gap."""
    clinic = make_clinic(owner, providers=("Dr. A", "Dr. B"))
    set_hours(
        owner,
        clinic,
        clinic.providers[0],
        (1, "09:00", "12:00"),
        (1, "14:00", "24:00"),
        (3, "08:00", "10:00"),
    )
    set_hours(owner, clinic, clinic.providers[1], (1, "11:00", "13:00"), (3, "10:00", "11:00"))
    hours = found(clinic).hours.weekly
    assert hours[0] == ((time(9), time(13)), (time(14), time.max))
    assert hours[2] == ((time(8), time(11)),)
    assert [len(day) for day in hours] == [2, 0, 1, 0, 0, 0, 0]


def test_nobody_is_found_without_anything_to_look_for(connected: Database) -> None:
    """Not even the database is asked."""
    assert orgs.for_call(None, None, None) is None


def test_what_is_remembered_stays_bounded(connected: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strangers may ask for any number: a container's memory must not grow with them."""
    orgs.forget()
    monkeypatch.setattr(orgs, "MAX_REMEMBERED", 5)
    for nth in range(20):
        assert orgs.for_call(f"pn-{nth}", None, None) is None
    assert len(orgs._remembered) <= 5


def test_a_clinic_without_people_or_services_can_be_read(connected: Database, owner: Connection) -> None:
    """Just set up: nothing offered, never open, no error."""
    clinic = make_clinic(owner, providers=())
    org = found(clinic)
    assert (org.providers, len(org.services), any(org.hours.weekly)) == ((), 2, False)


def test_a_rotation_reaches_the_clinic(connected: Database, owner: Connection, clinic: Clinic) -> None:
    """The generation and when the one before it ends."""
    expires = clinic.at(9)
    owner.execute(
        "UPDATE frontdesk.orgs SET vapi_secret_generation = 3, previous_secret_expires_at = %s", [expires]
    )
    org = found(clinic)
    assert (org.vapi_secret_generation, org.previous_secret_expires_at) == (3, expires)
    assert org.previous_secret_expires_at is not None
    assert org.previous_secret_expires_at.utcoffset() is not None


SERVICES = {"Teeth cleaning": 60, "Deep cleaning": 90, "Check-up": 30, "Root canal": 120, "X-ray": 15}


@pytest.mark.parametrize(
    ("spoken", "meant"),
    [
        ("Teeth cleaning", "Teeth cleaning"),
        ("a teeth cleaning, please", "Teeth cleaning"),
        ("I'd like a deep cleaning", "Deep cleaning"),
        ("teeth, deep cleaning", "teeth, deep cleaning"),  # two names were said whole: the database asks
        ("cleaning", "cleaning"),  # two have it: the database asks
        ("deep", "Deep cleaning"),
        ("check up", "Check-up"),
        ("a check-up", "Check-up"),
        ("checkup", "Check-up"),
        ("x ray", "X-ray"),
        ("I need an X-ray", "X-ray"),
        ("quiero una cita para endodoncia", "Root canal"),
        ("root canal and an x-ray", "Root canal"),  # the longer name wins
        ("brain surgery", "brain surgery"),
        ("appointment", "appointment"),
        ("", ""),
    ],
)
def test_a_service_is_told_from_what_was_said(
    connected: Database, owner: Connection, spoken: str, meant: str
) -> None:
    """The longest name or alias that was said whole; else the only one the words fit; else the words."""
    clinic = make_clinic(owner, services=SERVICES)
    owner.execute("UPDATE frontdesk.services SET aliases = '{endodoncia}' WHERE name = 'Root canal'")
    assert orgs.service_meant(found(clinic), spoken) == meant


def test_the_only_service_is_always_meant(connected: Database, owner: Connection) -> None:
    """There is nothing to ask."""
    assert orgs.service_meant(found(make_clinic(owner, services={"Consultation": 30})), "x") == "Consultation"


def test_the_last_known_clinic_outlives_a_failing_database(
    connected: Database, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known once, it is used while asking again fails; one never known is an error."""
    org = found(clinic)
    monkeypatch.setattr(orgs, "_remembered", {key: orgs._Remembered(org, 0.0) for key in orgs._remembered})

    def unavailable(*_: Any, **__: Any) -> None:
        raise FrontdeskError

    monkeypatch.setattr("frontdesk.db.call", unavailable)
    assert orgs.for_call(clinic.phone_number_id, None, None) is org
    with pytest.raises(FrontdeskError):
        orgs.for_call("pn-other", None, None)
    assert timedelta(seconds=orgs.KNOWN_FOR) <= timedelta(minutes=1)
