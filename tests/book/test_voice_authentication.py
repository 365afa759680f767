"""Who may speak for a clinic, at the handler: each proof, each forgery, and what a stranger learns."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from frontdesk import orgs, settings
from tests.book.conftest import (
    CALLER,
    MASTER_KEY,
    OTHER,
    code_of,
    deliver,
    event,
    message,
    results,
    say,
    secret_of,
    signature,
    tool_call,
)
from tests.clinics import Clinic, Connection, every_row, make_clinic, one


def wish(clinic: Clinic, **more: Any) -> dict[str, Any]:
    """Write the call that books Dana on the Monday at 3 PM."""
    said = {
        "patientName": "Dana Whitfield",
        "startTime": f"{clinic.monday}T15:00",
        "reason": "Teeth cleaning",
    }
    return tool_call("bookClinicAppointment", **said, **more)


def attempt(clinic: Clinic, headers: dict[str, str], body: str | None = None) -> dict[str, Any]:
    """Ask for a booking with these headers."""
    return deliver(event(body or json.dumps(message(clinic, wish(clinic))), headers=headers))


def booked(response: dict[str, Any]) -> bool:
    """Tell whether a response says that something was booked."""
    return code_of(results(response)[0]) in ("BOOKED", "ALREADY_BOOKED")


def test_each_proof_opens_the_door(clinic: Clinic) -> None:
    """Bearer, Vapi's older secret header, and a signature over the body as it was sent."""
    secret = secret_of(clinic)
    body = json.dumps(message(clinic, wish(clinic)))
    assert booked(attempt(clinic, {"authorization": f"Bearer {secret}"}))
    assert booked(attempt(clinic, {"Authorization": f"bearer {secret}"}))
    assert booked(attempt(clinic, {"x-vapi-secret": secret}))
    assert booked(attempt(clinic, signature(body, secret), body))


@pytest.mark.parametrize(
    "forge",
    [
        "nothing",
        "forged bearer",
        "forged secret",
        "secret of another clinic",
        "old signature",
        "signature of another body",
        "signature by another clinic",
        "generation to come",
        "good bearer, bad signature",
        "the clinic's id as secret",
    ],
)
def test_a_stranger_changes_and_learns_nothing(owner: Connection, clinic: Clinic, forge: str) -> None:
    """401, one sentence for every forgery alike, no row written, nothing of the clinic in the response."""
    elsewhere = make_clinic(owner)
    body = json.dumps(message(clinic, wish(clinic)))
    secret = secret_of(clinic)
    headers = {
        "nothing": {},
        "forged bearer": {"authorization": "Bearer fd_" + "A" * 43},
        "forged secret": {"x-vapi-secret": "fd_" + "A" * 43},
        "secret of another clinic": {"authorization": f"Bearer {secret_of(elsewhere)}"},
        "old signature": signature(body, secret, age=301),
        "signature of another body": signature(body + " ", secret),
        "signature by another clinic": signature(body, secret_of(elsewhere)),
        "generation to come": {"authorization": f"Bearer {secret_of(clinic, 2)}"},
        "good bearer, bad signature": {
            "authorization": f"Bearer {secret}",
            **signature(body, secret_of(elsewhere)),
        },
        "the clinic's id as secret": {"authorization": f"Bearer {clinic.id}"},
    }[forge]
    before = every_row(owner, clinic.id)
    response = attempt(clinic, headers, body)
    assert response["statusCode"] == 401
    assert json.loads(response["body"]) == {
        "error": "This request does not prove that it comes from the clinic's assistant. "
        "Check the credential of the tool in Vapi."
    }
    whole = json.dumps(response)
    assert not [word for word in (str(clinic.id), "Bright", "Patel", "Dana", clinic.number) if word in whole]
    assert every_row(owner, clinic.id) == before


def test_an_unknown_clinic_is_refused_like_a_forgery(clinic: Clinic) -> None:
    """Whether a number is a customer of ours cannot be found out by asking."""
    body = message(clinic, wish(clinic))
    forged = deliver(event(body, "fd_wrong"))
    body["message"]["call"]["phoneNumberId"] = "pn-of-nobody"
    assert deliver(event(body, "fd_wrong")) == forged


def test_a_message_that_names_no_clinic_is_refused(clinic: Clinic) -> None:
    """A good secret of some clinic does not say which one is meant."""
    body = {"message": {"type": "tool-calls", "toolCallList": [wish(clinic)]}}
    assert deliver(event(body, secret_of(clinic)))["statusCode"] == 401


def test_the_clinic_is_found_by_number_id_then_number_then_assistant(
    owner: Connection, clinic: Clinic
) -> None:
    """The first that is known decides; the caller's clinic is the one whose secret must then fit."""
    elsewhere = make_clinic(owner)
    owner.execute(
        "UPDATE frontdesk.vapi_numbers SET assistant_id = 'assistant-1' WHERE org_id = %s", [clinic.id]
    )
    places = {
        "id": {"call": {"id": "c", "phoneNumberId": clinic.phone_number_id}},
        "id beats the rest": {
            "call": {"id": "c", "phoneNumberId": clinic.phone_number_id, "assistantId": "x"},
            "phoneNumber": {"number": elsewhere.number},
        },
        "number": {"call": {"id": "c"}, "phoneNumber": {"number": clinic.number}},
        "number, with an id nobody knows": {
            "call": {"id": "c", "phoneNumberId": "pn-new"},
            "phoneNumber": {"number": clinic.number},
        },
        "number beats assistant": {
            "call": {"id": "c", "assistantId": "assistant-1"},
            "phoneNumber": {"number": elsewhere.number},
        },
        "assistant": {"call": {"id": "c", "assistantId": "assistant-1"}},
    }
    for name, place in places.items():
        meant = elsewhere if name == "number beats assistant" else clinic
        body = {"message": {"type": "tool-calls", "toolCallList": [{"id": "t", "name": "x"}], **place}}
        assert deliver(event(body, secret_of(meant)))["statusCode"] == 200, name
        other = clinic if meant is elsewhere else elsewhere
        assert deliver(event(body, secret_of(other)))["statusCode"] == 401, name


def test_what_the_model_writes_changes_neither_clinic_nor_caller(owner: Connection, clinic: Clinic) -> None:
    """Static parameters can be forged by the model: the envelope alone says who calls, and whom."""
    elsewhere = make_clinic(owner)
    claims = {
        "_caller": OTHER,
        "_called": elsewhere.number,
        "_callId": "call-forged",
        "caller_number": OTHER,
        "called_number": elsewhere.number,
        "call_id": "call-forged",
        "orgId": str(elsewhere.id),
        "org_id": str(elsewhere.id),
    }
    assert booked(deliver(event(message(clinic, wish(clinic, **claims)), secret_of(clinic))))
    row = owner.execute(
        "SELECT a.org_id, a.call_id, c.phone FROM frontdesk.appointments a"
        " JOIN frontdesk.contacts c ON c.id = a.contact_id"
    ).fetchone()
    assert row == {"org_id": clinic.id, "call_id": "call-1", "phone": CALLER}
    said = say(
        clinic, "lookupAppointments", "t-2", caller=OTHER, patientName="Dana Whitfield", _caller=CALLER
    )
    assert code_of(said) == "NOT_FOUND"


def test_the_previous_secret_works_until_it_expires(owner: Connection, clinic: Clinic) -> None:
    """After a rotation both secrets are taken, then only the new one."""

    def rotated(expires: datetime) -> tuple[int, int]:
        owner.execute(
            "UPDATE frontdesk.orgs SET vapi_secret_generation = 2, previous_secret_expires_at = %s"
            " WHERE id = %s",
            [expires, clinic.id],
        )
        orgs.forget()
        old, new = ({"authorization": f"Bearer {secret_of(clinic, nth)}"} for nth in (1, 2))
        return attempt(clinic, old)["statusCode"], attempt(clinic, new)["statusCode"]

    assert rotated(datetime.now(UTC) + timedelta(hours=1)) == (200, 200)
    assert rotated(datetime.now(UTC) - timedelta(seconds=1)) == (401, 200)


@pytest.mark.parametrize(
    ("keys", "status"),
    [
        (f"new-master-key,{MASTER_KEY}", 200),
        (f"{MASTER_KEY},old-master-key", 200),
        ("new-master-key", 401),
        ("", 401),
        (" , ", 401),
    ],
)
def test_the_master_keys_of_the_environment_decide(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, keys: str, status: int
) -> None:
    """While a master key is replaced, secrets of both are taken; with none set, nobody is let in."""
    monkeypatch.setenv("VAPI_SIGNING_KEYS", keys)
    settings.current.cache_clear()
    assert attempt(clinic, {"authorization": f"Bearer {secret_of(clinic)}"})["statusCode"] == status


def test_an_empty_secret_is_no_secret(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a master key an empty token, or one derived from an empty key, must not match anything."""
    monkeypatch.setenv("VAPI_SIGNING_KEYS", "")
    settings.current.cache_clear()
    for headers in ({"authorization": "Bearer "}, {"x-vapi-secret": ""}, {}):
        assert attempt(clinic, headers)["statusCode"] == 401


def test_a_secret_bound_to_its_clinic_cannot_read_another(owner: Connection, clinic: Clinic) -> None:
    """A clinic's own secret with another clinic's number in the message is a stranger there."""
    elsewhere = make_clinic(owner)
    before = one(owner, "SELECT count(*) FROM frontdesk.verification_failures")
    body = message(elsewhere, tool_call("lookupAppointments", patientName="Dana Whitfield"))
    assert deliver(event(body, secret_of(clinic)))["statusCode"] == 401
    assert one(owner, "SELECT count(*) FROM frontdesk.verification_failures") == before
