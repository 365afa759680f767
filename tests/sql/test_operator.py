"""Setting a clinic up by SQL: who may, what is refused and how, and that what was set is what books and texts."""

# ruff: noqa: E501 - the table of refusals reads better with one case to a line

import base64
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.clinics import Clinic, Connection, book, call, every_row, make_clinic, one
from tests.database import Database
from tests.texts import next_sms, text_row

ORG = {"slug": "north-clinic", "name": "North Clinic", "time_zone": "America/Phoenix"}
NONCE = base64.b64encode(b"twelve bytes").decode()


@pytest.fixture
def operator(database: Database) -> Iterator[Connection]:
    """Open a connection as the operator's role."""
    with database.connect_owner() as connection:
        connection.execute("SET ROLE frontdesk_operator")
        connection.execute("SET search_path = ''")
        yield connection


@pytest.fixture
def clinic(owner: Connection) -> Clinic:
    """Make a clinic."""
    return make_clinic(owner)


def test_a_clinic_set_up_by_the_operator_alone_can_be_booked_and_texts(
    operator: Connection, app: Connection
) -> None:
    """From nothing: org, service, provider, hours, number, sender; then a call finds it, books, and a text is due."""
    made = call(operator, "create_org", org=Jsonb(ORG | {"language": "es"}))
    assert made["outcome"] == "created"
    org = uuid.UUID(made["org"]["org"]["id"])
    service = Jsonb({"name": "Cleaning", "duration_minutes": 60, "aliases": ["  Limpieza "]})
    assert call(operator, "add_service", org_id=org, service=service)["service"]["aliases"] == ["limpieza"]
    provider = call(operator, "add_provider", org_id=org, name=" Dr. Ito ")["provider"]
    week = [{"weekday": day, "opens": "09:00", "closes": "17:00"} for day in range(1, 6)]
    hours = Jsonb(week)
    assert call(operator, "set_hours", org_id=org, provider="ito", hours=hours) == {"outcome": "set"}
    number = {"phone_number_id": "pn-1", "number": "+12025550188", "assistant_id": None}
    assert call(operator, "add_vapi_number", org_id=org, **number)["outcome"] == "added"
    sms = Jsonb({"sms_sender": "+12025550188", "reminder_minutes": [60]})
    assert call(operator, "set_sms", org_id=org, settings=sms)["settings"]["reminder_minutes"] == [60]

    found = call(app, "org_for_call", phone_number_id="pn-1", called_number=None, assistant_id=None)
    assert (found["id"], found["texts"], found["language"]) == (str(org), True, "es")
    booked = book(
        app,
        Clinic(org, "America/Phoenix", (), {}),
        Clinic(org, "America/Phoenix", (), {}).at(9),
        service_type="limpieza",
    )
    assert booked["outcome"] == "booked"
    assert booked["appointment"]["provider_id"] == provider["id"]
    asked = next_sms(app, Clinic(org, "America/Phoenix", (), {}), text_row(booked))
    assert (asked["action"], asked["message"]["language"]) == ("send", "es")
    shown = call(operator, "org_settings", org_id=org)
    assert [each["name"] for each in shown["providers"]] == ["Dr. Ito"]
    assert len(shown["providers"][0]["hours"]) == 5
    assert shown["numbers"][0]["number"] == "+12025550188"
    assert [each["slug"] for each in call(operator, "list_orgs")] == ["north-clinic"]


@pytest.mark.parametrize(
    ("function", "arguments", "answer"),
    [
        ("create_org", {"org": {**ORG, "slug": "Bad Slug"}}, {"rule": "orgs_slug_is_kebab_case"}),
        ("create_org", {"org": {**ORG, "time_zone": "Mars/Base"}}, {"rule": "unknown_time_zone", "field": "time_zone"}),
        ("create_org", {"org": {**ORG, "name": None}}, {"rule": "bad_value", "field": "name"}),
        ("create_org", {"org": {**ORG, "colour": "red"}}, {"rule": "unknown_field", "field": "colour"}),
        ("create_org", {"org": {**ORG, "slot_grid_minutes": 7}}, {"rule": "orgs_grid_divides_the_day"}),
        ("create_org", {"org": {**ORG, "slot_grid_minutes": "often"}}, {"rule": "bad_value"}),
        ("set_hours", {"provider": "Nobody", "hours": []}, {"rule": "unknown_provider", "field": "provider"}),
        ("set_hours", {"provider": "Dr. Patel", "hours": [{"weekday": 8, "opens": "09:00", "closes": "10:00"}]}, {"rule": "weekly_hours_weekday_is_iso"}),
        ("set_hours", {"provider": "Dr. Patel", "hours": [{"weekday": 1, "opens": "10:00", "closes": "09:00"}]}, {"rule": "weekly_hours_close_after_opening"}),
        ("set_hours", {"provider": "Dr. Patel", "hours": [{"weekday": 1, "opens": "25:00", "closes": "26:00"}]}, {"rule": "bad_value"}),
        ("set_hours", {"provider": "Dr. Patel", "hours": [{"weekday": 1, "opens": "09:00"}]}, {"rule": "bad_value", "field": "closes"}),
        ("set_hours", {"provider": "Dr. Patel", "hours": [{"weekday": 1, "opens": "09:00", "closes": "12:00"}, {"weekday": 1, "opens": "11:00", "closes": "13:00"}]}, {"rule": "hours_overlap"}),
        ("add_provider", {"name": "  "}, {"rule": "providers_name_not_blank", "field": "name"}),
        ("add_provider", {"name": "Dr. New", "services": ["Alchemy"]}, {"rule": "unknown_service", "field": "services"}),
        ("add_service", {"service": {"name": "X", "duration_minutes": 1}}, {"rule": "services_duration_in_range"}),
        ("add_service", {"service": {"name": "X"}}, {"rule": "bad_value", "field": "duration_minutes"}),
        ("add_service", {"service": {"name": "X", "minutes": 5}}, {"rule": "unknown_field", "field": "minutes"}),
        ("add_closure", {"starts_at": datetime(2027, 1, 2, tzinfo=UTC), "ends_at": datetime(2027, 1, 1, tzinfo=UTC)}, {"rule": "closures_half_open", "field": "ends_at"}),
        ("add_vapi_number", {"phone_number_id": " ", "number": None, "assistant_id": None}, {"rule": "vapi_numbers_name_something"}),
        ("add_vapi_number", {"phone_number_id": None, "number": "555", "assistant_id": None}, {"rule": "phone_number_is_e164"}),
        ("set_sms", {"settings": {"sms_sender": "Clinic"}}, {"rule": "orgs_sms_sender_is_number_or_service"}),
        ("set_sms", {"settings": {"reminder_minutes": [10]}}, {"rule": "orgs_reminders_between_30_minutes_and_14_days"}),
        ("set_sms", {"settings": {"reminder_minutes": None}}, {"rule": "bad_value", "field": "reminder_minutes"}),
        ("set_sms", {"settings": {"quiet_from": "09:00", "quiet_until": "08:00"}}, {"rule": "orgs_four_hours_are_not_quiet"}),
        ("rotate_vapi_secret", {"overlap_hours": -1}, {"rule": "overlap_between_0_and_720_hours", "field": "overlap_hours"}),
        ("save_sms_template", {"event": "party", "language": "en", "body": "x"}, {"rule": "sms_templates_event_known"}),
        ("save_sms_template", {"event": "booked", "language": "en", "body": " "}, {"rule": "sms_templates_body_fits_a_text"}),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused_by_the_name_of_its_rule(
    operator: Connection,
    owner: Connection,
    clinic: Clinic,
    function: str,
    arguments: dict[str, Any],
    answer: dict[str, str],
) -> None:
    """An answer the command line can put into a sentence, and nothing changed."""
    before = every_row(owner, clinic.id)
    given = {
        key: Jsonb(value) if key in {"org", "hours", "service", "settings"} else value
        for key, value in arguments.items()
    }
    if function != "create_org":
        given["org_id"] = clinic.id
    assert call(operator, function, **given) == {"outcome": "invalid", **answer}
    assert every_row(owner, clinic.id) == before
    assert one(owner, "SELECT count(*) FROM frontdesk.orgs") == 1


def test_names_and_numbers_are_given_out_once(
    operator: Connection, owner: Connection, clinic: Clinic
) -> None:
    """A slug, a provider's or service's name, a number, a sender that is taken: said so."""
    other = make_clinic(owner)
    slug = one(owner, "SELECT slug FROM frontdesk.orgs WHERE id = %s", clinic.id)
    assert call(operator, "create_org", org=Jsonb({**ORG, "slug": slug}))["outcome"] == "slug_taken"
    assert call(operator, "add_provider", org_id=clinic.id, name="Dr. Patel")["outcome"] == "name_taken"
    again = Jsonb({"name": "Check-up", "duration_minutes": 30})
    assert call(operator, "add_service", org_id=clinic.id, service=again)["outcome"] == "name_taken"
    number = {"phone_number_id": clinic.phone_number_id, "number": None, "assistant_id": None}
    assert call(operator, "add_vapi_number", org_id=other.id, **number) == {
        "outcome": "taken",
        "rule": "vapi_numbers_phone_number_id_unique",
    }
    sender = Jsonb({"sms_sender": "+12025550100"})
    assert call(operator, "set_sms", org_id=clinic.id, settings=sender)["outcome"] == "set"
    assert call(operator, "set_sms", org_id=other.id, settings=sender)["outcome"] == "sender_taken"


def test_only_what_is_given_changes(operator: Connection, clinic: Clinic) -> None:
    """A sender set alone leaves reminders and quiet hours; null takes it away."""
    first = call(
        operator,
        "set_sms",
        org_id=clinic.id,
        settings=Jsonb({"sms_sender": "+12025550100"}),
    )
    assert first["settings"]["reminder_minutes"] == [1440, 120]
    second = call(operator, "set_sms", org_id=clinic.id, settings=Jsonb({"sms_sender": None}))
    assert second["settings"] == first["settings"] | {"sms_sender": None}


def test_a_closure_of_one_provider_leaves_the_others(
    operator: Connection, app: Connection, owner: Connection
) -> None:
    """Set by the operator, kept by the booking."""
    two = make_clinic(owner, providers=("Dr. Ana Ruiz", "Dr. Ben Cho"))
    day = {"starts_at": two.at(0), "ends_at": two.at(23)}
    assert (
        call(operator, "add_closure", org_id=two.id, **day, provider="Dr. Ana Ruiz", reason="Training")[
            "outcome"
        ]
        == "added"
    )
    assert book(app, two, two.at(9))["appointment"]["provider_name"] == "Dr. Ben Cho"
    assert book(app, two, two.at(9), patient_name="Al")["outcome"] == "slot_unavailable"


def test_a_rotated_secret_has_an_overlap(operator: Connection, clinic: Clinic) -> None:
    """The generation rises, and the one before ends at a known moment."""
    rotated = call(operator, "rotate_vapi_secret", org_id=clinic.id, overlap_hours=2)
    assert rotated["generation"] == 2
    left = datetime.fromisoformat(rotated["previous_expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=119) < left <= timedelta(hours=2)


def sealed(version: int, **changed: Any) -> dict[str, Any]:
    """Return the arguments of a sealed secret."""
    secret = base64.b64encode(b"x" * 100).decode()
    return {"purpose": "twilio", "version": version, "key_id": "key/1", "wrapped_key": secret, "nonce": NONCE, "ciphertext": secret, **changed}  # fmt: skip


def test_credentials_rotate_by_version_and_the_former_ends(
    operator: Connection, app: Connection, clinic: Clinic
) -> None:
    """The next version only; the former comes along while it is accepted; all can be sealed anew."""
    own = {"org_id": clinic.id}
    assert call(app, "current_credentials", **own, purpose="twilio") is None
    assert call(operator, "set_credentials", **own, **sealed(2)) == {
        "outcome": "version_conflict",
        "next_version": 1,
    }
    assert call(operator, "set_credentials", **own, **sealed(1)) == {"outcome": "set", "version": 1}
    assert call(operator, "set_credentials", **own, **sealed(2)) == {"outcome": "set", "version": 2}
    current = call(app, "current_credentials", **own, purpose="twilio")
    assert (current["version"], current["previous"]["version"]) == (2, 1)
    assert (current["nonce"], current["ciphertext"]) == (NONCE, sealed(1)["ciphertext"])
    assert call(operator, "set_credentials", **own, **sealed(3, overlap_hours=0))["outcome"] == "set"
    assert call(app, "current_credentials", **own, purpose="twilio")["previous"] is None
    assert call(operator, "rewrap_credentials", **own, **sealed(1, key_id="key/2")) == {
        "outcome": "rewrapped"
    }
    assert call(operator, "rewrap_credentials", **own, **sealed(9)) == {"outcome": "not_found"}
    everything = call(operator, "credentials_of", **own, purpose="twilio")
    assert [(each["version"], each["key_id"]) for each in everything] == [
        (3, "key/1"),
        (2, "key/1"),
        (1, "key/2"),
    ]
    bad = call(operator, "set_credentials", **own, **sealed(4, nonce="AAAA"))
    assert bad == {"outcome": "invalid", "rule": "credentials_nonce_is_96_bits"}


def test_settings_show_no_secret(operator: Connection, clinic: Clinic) -> None:
    """That it is there and since when; not a byte of it."""
    call(operator, "set_credentials", org_id=clinic.id, **sealed(1))
    shown = str(call(operator, "org_settings", org_id=clinic.id))
    assert "'purpose': 'twilio'" in shown
    assert sealed(1)["ciphertext"][:40] not in shown


@pytest.mark.parametrize("role", ["frontdesk_app", "frontdesk_operator"])
def test_each_login_may_call_its_own_functions_and_touch_no_table(owner: Connection, role: str) -> None:
    """The deployed functions make no clinics; the operator sees no patient; neither reads a table."""
    functions = owner.execute(
        "SELECT proname AS name FROM pg_proc WHERE pronamespace = 'frontdesk'::regnamespace"
        " AND has_function_privilege(%s, oid, 'EXECUTE')",
        [role],
    ).fetchall()
    may = {row["name"] for row in functions}
    operators = {
        "create_org",
        "list_orgs",
        "set_credentials",
        "rewrap_credentials",
        "set_sms",
        "save_sms_template",
    }
    patients = {"book_appointment_atomic", "lookup_appointments", "receive_sms", "next_sms", "claim_outbox"}
    mine, not_mine = (patients, operators) if role == "frontdesk_app" else (operators, patients)
    assert mine <= may
    assert not not_mine & may
    assert "record_change" not in may
    readable = owner.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'frontdesk'::regnamespace AND relkind = 'r'"
        " AND (has_table_privilege(%s, oid, 'SELECT') OR has_any_column_privilege(%s, oid, 'SELECT'))",
        [role, role],
    ).fetchall()
    assert readable == []


# Every function that reads across clinics, with arguments that find nobody.
ACROSS: dict[str, dict[str, Any]] = {
    "claim_outbox": {},
    "close_connections": {"connection_ids": ["nobody"]},
    "list_orgs": {},
    "live_connection": {"connection_id": "nobody"},
    "mark_outbox_failed": {"ids": [1], "code": "x"},
    "mark_outbox_sent": {"ids": [1]},
    "outbox_backlog": {},
    "patient_link": {"token_hash": "nobody"},
    "queue_due_calendar_work": {},
    "queue_due_follow_ups": {},
    "queue_due_reminders": {},
    "queue_due_twilio_deletions": {},
    "redeem_ws_ticket": {"ticket_hash": "nobody", "connection_id": "nobody"},
    "settle_calls": {},
    "sms_routing": {"org_id": None, "message_id": None, "receiving_number": "+12025550100", "messaging_service": None},
    "staff_session": {"issuer": "nobody", "subject": "nobody", "email": None, "org_slug": None},
    "sweep_connections": {},
    "sweep_retention": {},
    "sweep_sms": {},
    "take_oauth_state": {"state_hash": "nobody", "browser_hash": "nobody"},
    "watch_channel": {"channel_id": uuid.uuid4()},
}  # fmt: skip


def test_every_table_is_walled_and_every_scope_is_closed_again(
    database: Database, app: Connection, owner: Connection, clinic: Clinic
) -> None:
    """Row security is forced on all; after any function that reads across clinics the door is shut."""
    tables = owner.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'frontdesk'::regnamespace AND relkind = 'r'"
        " AND relname <> 'schema_migrations' AND NOT (relrowsecurity AND relforcerowsecurity)"
    ).fetchall()
    assert tables == []
    within = {"board_summary": {"org_id": clinic.id, "staff_id": uuid.uuid4()}}
    files = owner.execute(
        "SELECT proname AS name FROM pg_proc WHERE pronamespace = 'frontdesk'::regnamespace"
        " AND prosrc LIKE '%app.scope%' AND proname <> 'org_for_call'"
    ).fetchall()
    assert {row["name"] for row in files} == set(ACROSS) | set(within)
    with database.connect_owner() as connection, connection.transaction():
        connection.execute("SET LOCAL ROLE frontdesk_owner")
        for seen, calls in ((0, ACROSS), (1, within)):
            for function, arguments in calls.items():
                call(connection, function, **arguments)
                assert one(connection, "SELECT coalesce(current_setting('app.scope', true), '')") == "", (
                    function
                )
                assert one(connection, "SELECT count(*) FROM frontdesk.orgs") == seen, function


@pytest.mark.parametrize(
    "function",
    ["org_settings", "resume_sms", "rotate_vapi_secret", "sms_templates_of"],
)
def test_an_unknown_clinic_is_an_error_of_the_caller(operator: Connection, function: str) -> None:
    """22023, as for the booking."""
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="unknown org"):
        call(operator, function, org_id=uuid.uuid4())
