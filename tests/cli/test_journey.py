"""From an empty database to a clinic that a caller can book, by commands alone."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from frontdesk import credentials, db, orgs, settings
from frontdesk.errors import CredentialsUnreadableError
from functions.book import app as book_app
from functions.calls.voice_tools import PATH
from tests.cli.conftest import SIGNING_KEY, Frontdesk
from tests.clinics import Connection, one
from tests.database import Database

SID = "AC0123456789abcdef0123456789abcdef"


@pytest.fixture
def call(database: Database, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what sends one tool call to the booking function, logged in as the runtime role."""

    def send(secret: str, name: str, phone_number_id: str = "pn-pine", **arguments: Any) -> dict[str, Any]:
        monkeypatch.setenv("DATABASE_URL", database.app_url)
        monkeypatch.setenv("VAPI_SIGNING_KEYS", SIGNING_KEY)
        settings.current.cache_clear()
        db.close()
        orgs.forget()
        function = {"name": name, "arguments": arguments}
        body = {
            "message": {
                "type": "tool-calls",
                "call": {"id": "call-1", "phoneNumberId": phone_number_id},
                "customer": {"number": "+12025550147"},
                "toolCallList": [{"id": "tc-1", "type": "function", "function": function}],
            }
        }
        event = {
            "version": "2.0",
            "rawPath": PATH,
            "headers": {"content-type": "application/json", "authorization": f"Bearer {secret}"},
            "body": json.dumps(body),
            "isBase64Encoded": False,
        }
        answer: dict[str, Any] = book_app.handler(event, None)
        db.close()
        return answer

    return send


def _next_monday_at_three() -> str:
    today = datetime.now(UTC).date()
    return f"{today + timedelta(days=14 + (7 - today.weekday()) % 7)}T15:00"


def test_a_clinic_made_by_commands_is_booked_by_a_caller(
    pine: Frontdesk, call: Any, owner: Connection
) -> None:
    """After five commands, with its Vapi secret, the booking function books Dana."""
    secret = pine("secret vapi show pine --reveal").out.strip()
    answer = call(
        secret,
        "bookClinicAppointment",
        patientName="Dana Whitfield",
        startTime=_next_monday_at_three(),
        reason="hygiene",
    )
    said = json.loads(answer["body"])["results"][0]["result"]
    assert answer["statusCode"] == 200
    assert said.startswith("BOOKED. Dana Whitfield is booked for a teeth cleaning with Dr. Patel"), said
    assert one(owner, "SELECT count(*) FROM frontdesk.appointments") == 1


def test_show_tells_what_is_still_missing_until_nothing_is(frontdesk: Frontdesk) -> None:
    """A new clinic's `org show` names the commands to come, each gone once it was run."""
    frontdesk('org create --slug pine --name "Pine Dental" --time-zone America/New_York')
    steps = {
        'service add pine --name "Check-up" --minutes 30': "a service (`frontdesk service add`)",
        'provider add pine --name "Dr. Patel"': "a provider (`frontdesk provider add`)",
        "org hours pine --weekdays 09:00-17:00": "opening hours (`frontdesk org hours`)",
        "number add pine --number 2025550100": "a way for calls to come in (`frontdesk number add`)",
    }
    wanted = list(steps.values())
    for line, hint in steps.items():
        shown = frontdesk("org show pine").out
        assert [each for each in wanted if f"Missing: {each}." in shown] == wanted[wanted.index(hint) :]
        assert frontdesk(line).status == 0
    assert "Missing" not in frontdesk("org show pine").out


def test_a_rotated_vapi_secret_works_beside_the_former_until_the_overlap_ends(
    pine: Frontdesk, call: Any, owner: Connection
) -> None:
    """Both secrets are let in during the overlap; with it over the former is a stranger's."""
    former = pine("secret vapi show pine --reveal").out.strip()
    assert pine("secret vapi rotate pine --overlap-hours 24").status == 0
    current = pine("secret vapi show pine --reveal").out.strip()
    assert current != former
    assert [call(each, "lookupAppointments")["statusCode"] for each in (former, current)] == [200, 200]
    owner.execute("UPDATE frontdesk.orgs SET previous_secret_expires_at = now() - interval '1 second'")
    assert [call(each, "lookupAppointments")["statusCode"] for each in (former, current)] == [401, 200]


def test_a_second_rotation_within_the_overlap_needs_force(pine: Frontdesk) -> None:
    """Rotating twice would end the secret Vapi still has, so it is refused, and done with --force."""
    assert pine("secret vapi rotate pine").status == 0
    refused = pine("secret vapi rotate pine")
    assert refused.status == 1
    assert "another one ends the secret Vapi may still use" in refused.err
    assert pine("secret vapi rotate pine --force --json").data["generation"] == 3


def test_twilio_credentials_open_for_the_worker_and_stay_live_through_a_rotation(
    pine: Frontdesk, database: Database, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `secret twilio set` stored is what the runtime role reads; after another, the new one first."""
    for token in ("first-token", "second-token"):
        assert pine(f"secret twilio set pine --account-sid {SID}", stdin=f"{token}\n").status == 0
    monkeypatch.setenv("DATABASE_URL", database.app_url)
    settings.current.cache_clear()
    org_id = one(owner, "SELECT id FROM frontdesk.orgs")
    assert credentials.current(org_id, "twilio") == {"account_sid": SID, "auth_token": "second-token"}
    assert [each["auth_token"] for each in credentials.live(org_id, "twilio")] == [
        "second-token",
        "first-token",
    ]
    credentials.forget()
    owner.execute("UPDATE frontdesk.credentials SET retired_at = now() WHERE version = 1")
    assert [each["auth_token"] for each in credentials.live(org_id, "twilio")] == ["second-token"]


def test_a_row_copied_to_another_clinic_does_not_open(
    pine: Frontdesk, database: Database, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever can write to the table still cannot lend one clinic's Twilio account to another."""
    pine("secret twilio set pine --account-sid " + SID, stdin="first-token")
    pine("org create --slug oak --name Oak --time-zone Europe/Madrid --region ES --language es")
    oak = one(owner, "SELECT id FROM frontdesk.orgs WHERE slug = 'oak'")
    owner.execute(
        "INSERT INTO frontdesk.credentials"
        " SELECT (jsonb_populate_record(c, jsonb_build_object('org_id', %s::text))).*"
        " FROM frontdesk.credentials c",
        [str(oak)],
    )
    monkeypatch.setenv("DATABASE_URL", database.app_url)
    settings.current.cache_clear()
    with pytest.raises(CredentialsUnreadableError, match=f"of org {oak} do not open"):
        credentials.current(oak, "twilio")


def test_rewrapping_moves_every_version_to_the_new_key(pine: Frontdesk, kms: Any, owner: Connection) -> None:
    """All versions of all clinics go under the other key and still open; a second run finds nothing to do."""
    for token in ("first-token", "second-token"):
        pine(f"secret twilio set pine --account-sid {SID}", stdin=token)
    before = owner.execute(
        "SELECT version, nonce, ciphertext FROM frontdesk.credentials ORDER BY 1"
    ).fetchall()
    assert pine(f"secret rewrap --key-id {kms.other_key_id} --json").data == {"pine": 2}
    after = owner.execute(
        "SELECT version, nonce, ciphertext FROM frontdesk.credentials ORDER BY 1"
    ).fetchall()
    assert after == before
    keys = owner.execute("SELECT DISTINCT key_id FROM frontdesk.credentials").fetchall()
    assert [row["key_id"] for row in keys] == [kms.other_key_id]
    credentials.forget()
    org_id = one(owner, "SELECT id FROM frontdesk.orgs")
    assert credentials.current(org_id, "twilio") == {"account_sid": SID, "auth_token": "second-token"}
    assert pine(f"secret rewrap pine --key-id {kms.other_key_id} --json").data == {"pine": 0}


def test_a_closure_keeps_callers_out_of_the_whole_last_day(pine: Frontdesk, call: Any) -> None:
    """With the clinic closed --until that Monday, three o'clock on it is refused with another day offered."""
    day = _next_monday_at_three()[:10]
    closed = pine(f"closure add pine --from {day}T08:00 --until {day} --reason Inventory")
    assert closed.status == 0, closed.err
    secret = pine("secret vapi show pine --reveal").out.strip()
    answer = call(
        secret,
        "bookClinicAppointment",
        patientName="Dana Whitfield",
        startTime=f"{day}T15:00",
        reason="Teeth cleaning",
    )
    said = json.loads(answer["body"])["results"][0]["result"]
    assert not said.startswith("BOOKED"), said


def test_hours_of_named_days_go_before_the_weekdays(pine: Frontdesk) -> None:
    """Friday's own hours and a closed Wednesday replace the general ones; the old week is gone."""
    ran = pine(
        'org hours pine --provider "Dr. Patel" --weekdays 9:00-12:00,13:00-17:00'
        " --wednesday closed --friday 10:00-14:00"
    )
    assert ran.out == (
        "Dr. Patel: Mon-Tue 09:00-12:00, 13:00-17:00; Thu 09:00-12:00, 13:00-17:00; Fri 10:00-14:00.\n"
    )
    shown = pine("org show pine --json").data["providers"][0]["hours"]
    assert [(row["weekday"], row["opens"]) for row in shown] == [
        (1, "09:00:00"), (1, "13:00:00"), (2, "09:00:00"), (2, "13:00:00"),
        (4, "09:00:00"), (4, "13:00:00"), (5, "10:00:00"),
    ]  # fmt: skip


def test_texts_are_set_up_and_what_is_not_named_stays(pine: Frontdesk) -> None:
    """`sms set` changes the named settings only; `none` takes the sender away again."""
    pine('sms set pine --sender "(202) 555-0100" --front-desk-phone 202-555-0101')
    told = pine("sms set pine --reminders 2d,90m,2h --quiet 21:00-9:00").out
    assert told == "reminder minutes: 48h, 2h, 90m\nquiet from: 21:00\nquiet until: 09:00\n"
    org = pine("org show pine --json").data["org"]
    assert org["sms_sender"] == "+12025550100"
    assert org["front_desk_phone"] == "+12025550101"
    assert org["reminder_minutes"] == [2880, 120, 90]
    assert (org["quiet_from"], org["quiet_until"]) == ("21:00:00", "09:00:00")
    pine("sms set pine --sender none")
    org = pine("org show pine --json").data["org"]
    assert (org["sms_sender"], org["front_desk_phone"]) == (None, "+12025550101")


def test_a_template_is_checked_saved_shown_and_reset(pine: Frontdesk) -> None:
    """A clinic's own wording appears as its own; after reset ours is back."""
    body = "{clinic}: see you on {day} {time}."
    saved = pine("sms template set pine --event reminder", stdin=body + "\n")
    assert saved.status == 0, saved.err
    assert "Usual:   Pine Dental: see you on" in saved.out
    shown = pine("sms template show pine --event reminder --json").data
    assert shown == [{"event": "reminder", "language": "en", "own": True, "body": body}]
    pine("sms template reset pine --event reminder")
    assert pine("sms template show pine --event reminder --json").data[0]["own"] is False


def test_a_preview_saves_nothing_and_tells_the_price(pine: Frontdesk) -> None:
    """A wording that costs more is shown with its segments and a warning, and stays unsaved."""
    body = "{clinic}: see you on {day} {time} \N{GRINNING FACE}. " + "Please come a few minutes early. " * 4
    seen = pine("sms template preview pine --event reminder --stdin --json", stdin=body).data
    assert seen["encoding"] == "UCS-2"
    assert seen["segments"] > 1
    assert any("70 instead of 160" in warning for warning in seen["warnings"])
    assert pine("sms template show pine --event reminder --json").data[0]["own"] is False


def test_resume_lets_paused_texts_go(pine: Frontdesk, owner: Connection) -> None:
    """A pause is visible in the list, `resume` ends it, and a second `resume` says there is none."""
    owner.execute("UPDATE frontdesk.orgs SET sms_paused_reason = '20003', sms_paused_at = now()")
    assert "paused: 20003" in pine("org list").out
    assert pine("resume pine").out == "Texts go out again; 0 were waiting.\n"
    assert one(owner, "SELECT sms_paused_reason FROM frontdesk.orgs") is None
    assert pine("resume pine").out == "The texts of pine are not paused; nothing was changed.\n"
