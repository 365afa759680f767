"""Two clinics in one database: neither sees, changes or learns anything of the other."""

from typing import Any

import psycopg
import pytest

from tests.clinics import Clinic, Connection, book, call, every_row, make_clinic, one
from tests.database import Database

PHONE = "+12025550147"


@pytest.fixture
def other(owner: Connection, app: Connection) -> Clinic:
    """Make another clinic, with a patient and a visit of its own."""
    made = make_clinic(owner, providers=("Dr. Zhou",), services={"Whitening": 60})
    assert book(app, made, made.at(9), service_type="Whitening")["outcome"] == "booked"
    return made


def theirs(owner: Connection, other: Clinic) -> dict[str, Any]:
    """Return the other clinic's visit."""
    row = owner.execute("SELECT * FROM frontdesk.appointments WHERE org_id = %s", [other.id]).fetchone()
    assert row is not None
    return row


def test_no_function_reaches_another_org_by_its_ids(
    owner: Connection, app: Connection, clinic: Clinic, other: Clinic
) -> None:
    """Provider, service, appointment, number and code of the other clinic: unknown here, unchanged there."""
    visit = theirs(owner, other)
    provider, service = str(other.providers[0]), str(other.services["Whitening"])
    before = every_row(owner, other.id)
    ours: dict[str, Any] = {"org_id": clinic.id}
    caller = {"caller_phone": PHONE, **ours}
    factors: list[dict[str, Any]] = [
        {"patient_name": "Dana Whitfield", "confirmation_code": None},
        {"patient_name": None, "confirmation_code": visit["confirmation_code"]},
    ]
    assert book(app, clinic, clinic.at(9), provider=provider)["outcome"] == "unknown_provider"
    assert book(app, clinic, clinic.at(9), provider="Zhou")["providers"] == ["Dr. Patel"]
    assert book(app, clinic, clinic.at(9), service_type=service)["outcome"] == "unknown_service"
    assert book(app, clinic, clinic.at(9), service_type="Whitening")["services"] == [
        "Check-up",
        "Teeth cleaning",
    ]
    window = {"from": clinic.at(9), "until": clinic.at(17), **ours}
    assert call(app, "find_slots", service_type=service, **window)["outcome"] == "unknown_service"
    slots = call(app, "find_slots", service_type="Check-up", provider=provider, **window)
    assert slots["outcome"] == "unknown_provider"
    for factor in factors:
        assert call(app, "lookup_appointments", **caller, **factor)["outcome"] == "not_found"
        assert call(app, "cancel_appointment_atomic", **caller, **factor) == {"outcome": "not_found"}
        moved = call(app, "reschedule_appointment_atomic", scheduled_at=clinic.at(11), **caller, **factor)
        assert moved == {"outcome": "not_found"}
    direct = {"appointment_id": visit["id"], **ours}
    assert call(app, "cancel_appointment_atomic", **direct) == {"outcome": "not_found"}
    moved = call(app, "reschedule_appointment_atomic", scheduled_at=clinic.at(11), **direct)
    assert moved == {"outcome": "not_found"}
    assert every_row(owner, other.id) == before


def test_a_visit_cannot_move_to_another_org_s_provider(
    owner: Connection, app: Connection, clinic: Clinic, other: Clinic
) -> None:
    """Our visit, their provider: unknown."""
    made = book(app, clinic, clinic.at(9))["appointment"]["id"]
    answer = call(
        app,
        "reschedule_appointment_atomic",
        org_id=clinic.id,
        scheduled_at=clinic.at(11),
        appointment_id=made,
        provider=str(other.providers[0]),
    )
    assert (answer["outcome"], answer["providers"]) == ("unknown_provider", ["Dr. Patel"])


def test_one_number_is_two_contacts_in_two_clinics(
    owner: Connection, app: Connection, clinic: Clinic, other: Clinic
) -> None:
    """The same person at two clinics: a booking here is no "already booked" there."""
    made = book(app, clinic, clinic.at(9))
    assert made["outcome"] == "booked"
    assert one(owner, "SELECT count(*) FROM frontdesk.contacts WHERE phone = %s", PHONE) == 2
    assert made["appointment"]["contact_id"] != str(theirs(owner, other)["contact_id"])


def test_a_message_for_one_clinic_knows_no_contact_of_another(
    owner: Connection, app: Connection, clinic: Clinic, other: Clinic
) -> None:
    """The caller is a patient there and a stranger here."""
    call(app, "create_follow_up", org_id=clinic.id, message="Call me", due_at=clinic.at(9), phone=PHONE)
    row = owner.execute("SELECT org_id, contact_id FROM frontdesk.follow_ups").fetchone()
    assert row == {"org_id": clinic.id, "contact_id": None}


def test_the_tables_themselves_refuse_a_row_that_joins_two_clinics(
    owner: Connection, clinic: Clinic, other: Clinic
) -> None:
    """Foreign keys carry the org: even the owner cannot write such a row."""
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        owner.execute("UPDATE frontdesk.appointments SET provider_id = %s", [clinic.providers[0]])
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        owner.execute("UPDATE frontdesk.appointments SET org_id = %s", [clinic.id])


def test_no_tenant_stays_on_the_connection(app: Connection, clinic: Clinic) -> None:
    """After an answer, after an error, after a rollback: the next user of the connection starts with none."""
    setting = "SELECT concat(current_setting('app.org_id', true), current_setting('app.scope', true))"
    book(app, clinic, clinic.at(9))
    assert one(app, setting) == ""
    call(app, "org_for_call", phone_number_id=clinic.phone_number_id, called_number=None, assistant_id=None)
    assert one(app, setting) == ""
    with pytest.raises(psycopg.errors.CheckViolation):
        book(app, clinic, clinic.at(10), source="nonsense", patient_phone="+12025550100")
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        book(app, clinic, clinic.at(9), org_id=clinic.providers[0])
    assert one(app, setting) == ""
    with app.transaction(force_rollback=True):
        book(app, clinic, clinic.at(11))
    assert one(app, setting) == ""


def test_inside_a_transaction_the_setting_opens_nothing(
    app: Connection, clinic: Clinic, other: Clinic
) -> None:
    """It lasts until the commit; the role may still read no table, and the next call sets its own org."""
    with app.transaction():
        book(app, clinic, clinic.at(9))
        with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
            app.execute("SELECT * FROM frontdesk.appointments")
        assert book(app, other, other.at(11), service_type="Whitening")["outcome"] == "booked"
        assert book(app, clinic, clinic.at(11), service_type="Whitening")["outcome"] == "unknown_service"


@pytest.mark.parametrize("scope", ["session", "transaction"])
def test_setting_the_tenant_oneself_gains_nothing(
    app: Connection, clinic: Clinic, other: Clinic, scope: str
) -> None:
    """The settings are anybody's to set; the functions set their own, and only they reach the rows."""
    with app.transaction():
        for name, value in (("app.org_id", str(other.id)), ("app.scope", "routing")):
            app.execute("SELECT set_config(%s, %s, %s)", [name, value, scope == "transaction"])
        for table in ("appointments", "vapi_numbers", "orgs"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
                app.execute(f"SELECT * FROM frontdesk.{table}")
        answer = call(
            app,
            "lookup_appointments",
            org_id=clinic.id,
            caller_phone=PHONE,
            patient_name="Dana Whitfield",
            confirmation_code=None,
        )
        assert answer["outcome"] == "not_found"


def test_the_owner_of_the_functions_sees_one_clinic_at_a_time(
    owner: Connection, clinic: Clinic, other: Clinic
) -> None:
    """Row security is forced: without a tenant no rows, with one only its own, and no writing for another."""
    owner.execute("SET ROLE frontdesk_owner")
    tables = [row["relname"] for row in _tables(owner)]
    for org in ("", str(clinic.id), str(other.id)):
        owner.execute("SELECT set_config('app.org_id', %s, false)", [org])
        for table in tables:
            key = "id" if table == "orgs" else "org_id"
            rows = owner.execute(f"SELECT DISTINCT {key}::text AS org FROM frontdesk.{table}").fetchall()
            assert {row["org"] for row in rows} <= ({org} if org else set()), table
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        owner.execute(
            "INSERT INTO frontdesk.providers (org_id, id, name) VALUES (%s, gen_random_uuid(), 'Spy')",
            [clinic.id],
        )
    assert (
        owner.execute("UPDATE frontdesk.providers SET name = 'Spy' WHERE org_id = %s", [clinic.id]).rowcount
        == 0
    )
    assert owner.execute("DELETE FROM frontdesk.appointments WHERE org_id = %s", [clinic.id]).rowcount == 0


def _tables(owner: Connection) -> list[dict[str, Any]]:
    return owner.execute(
        "SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, r.rolname AS owner,"
        " (SELECT array_agg(p.polname::text) FROM pg_policy p"
        "  WHERE p.polrelid = c.oid AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL) AS policies"
        " FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner"
        " WHERE c.relnamespace = 'frontdesk'::regnamespace AND c.relkind IN ('r', 'p')"
        " AND c.relname <> 'schema_migrations'"
        " ORDER BY 2"
    ).fetchall()


def test_row_security_is_on_and_forced_everywhere(owner: Connection) -> None:
    """Every table but the record of migrations, each with its own-org policy for reading and for writing."""
    tables = _tables(owner)
    assert len(tables) > 10
    for table in tables:
        assert table["relrowsecurity"], table["relname"]
        assert table["relforcerowsecurity"], table["relname"]
        assert f"{table['relname']}_own_org" in table["policies"], table["relname"]
        assert table["owner"] == "frontdesk_owner", table["relname"]


def test_only_named_scopes_look_across_clinics(owner: Connection) -> None:
    """Routing finds a clinic; dispatch works for all and writes only what is its own; nothing else may."""
    rows = owner.execute(
        "SELECT c.relname, p.polname, p.polcmd FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid"
        " WHERE p.polname <> c.relname || '_own_org' ORDER BY 1, 2"
    ).fetchall()
    assert [(row["polname"], row["polcmd"]) for row in rows] == [
        ("appointments_dispatch", "r"),
        ("calendar_events_dispatch", "*"),
        ("calendars_dispatch", "*"),
        ("calls_dispatch", "r"),
        ("connections_dispatch", "*"),
        ("connections_routing", "r"),
        ("contacts_dispatch", "r"),
        ("events_dispatch", "r"),
        ("follow_ups_dispatch", "r"),
        ("google_connections_dispatch", "*"),
        ("idempotency_keys_dispatch", "*"),
        ("oauth_states_dispatch", "*"),
        ("oauth_states_routing", "r"),
        ("orgs_across", "r"),
        ("outbox_dispatch", "*"),
        ("patient_links_routing", "r"),
        ("providers_dispatch", "r"),
        ("retention_days_dispatch", "r"),
        ("sms_messages_dispatch", "*"),
        ("sms_opt_outs_dispatch", "r"),
        ("staff_dispatch", "r"),
        ("staff_routing", "r"),
        ("twilio_deletions_dispatch", "*"),
        ("vapi_numbers_routing", "r"),
        ("watch_channels_dispatch", "*"),
        ("watch_channels_routing", "r"),
        ("webhook_seen_dispatch", "*"),
        ("ws_tickets_dispatch", "*"),
        ("ws_tickets_routing", "r"),
    ]


def test_the_runtime_role_may_touch_no_table(database: Database, owner: Connection, app: Connection) -> None:
    """SELECT, INSERT, UPDATE, DELETE, TRUNCATE: 42501 on every one."""
    names = [row["relname"] for row in _tables(owner)] + ["schema_migrations"]
    for name in names:
        column = one(
            owner,
            "SELECT min(attname) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND attidentity = ''",
            f"frontdesk.{name}",
        )
        for statement in (
            f"SELECT FROM frontdesk.{name}",
            f"INSERT INTO frontdesk.{name} DEFAULT VALUES",
            f"UPDATE frontdesk.{name} SET {column} = {column}",
            f"DELETE FROM frontdesk.{name}",
            f"TRUNCATE frontdesk.{name}",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)


def test_the_runtime_role_may_call_the_api_and_nothing_else(owner: Connection, app: Connection) -> None:
    """The list, as the privileges have it; nothing at all is PUBLIC's."""
    query = (
        "SELECT proname FROM pg_proc WHERE pronamespace = 'frontdesk'::regnamespace"
        " AND has_function_privilege('{}', oid, 'EXECUTE') ORDER BY 1"
    )
    assert [row["proname"] for row in owner.execute(query.format("frontdesk_app"))] == [
        "add_follow_up",
        "apply_calendar_changes",
        "apply_sms_status",
        "appointment",
        "appointment_deleted_in_google",
        "assign_calendar",
        "begin_calendar_sync",
        "begin_watch",
        "board_settings",
        "board_summary",
        "book_appointment_atomic",
        "calendar_mirror",
        "call_details",
        "call_opening",
        "cancel_appointment_atomic",
        "change_contact",
        "change_follow_up",
        "change_lead",
        "change_settings",
        "change_staff",
        "change_template",
        "changed_calendar_events",
        "claim_calendar_write",
        "claim_google_refresh",
        "claim_outbox",
        "claim_sms",
        "clinic_hours",
        "close_connections",
        "close_staff_connections",
        "confirm_appointment",
        "connect_google",
        "connection_seen",
        "contact",
        "contact_timeline",
        "create_follow_up",
        "create_ws_ticket",
        "current_credentials",
        "delete_closure",
        "disconnect_google",
        "erase_contact",
        "events_after",
        "export_contact",
        "find_slots",
        "finish_follow_up",
        "follow_up_missed",
        "google_access",
        "google_connection",
        "greet_connection",
        "insight",
        "invite_staff",
        "list_appointments",
        "list_calls",
        "list_closures",
        "list_contacts",
        "list_facts",
        "list_follow_ups",
        "list_leads",
        "list_messages",
        "list_numbers",
        "list_providers",
        "list_services",
        "list_staff",
        "lookup_appointments",
        "make_patient_link",
        "mark_outbox_dead",
        "mark_outbox_failed",
        "mark_outbox_sent",
        "merge_contacts",
        "miss_follow_up",
        "missed_events",
        "next_calendar_work",
        "next_push",
        "next_sms",
        "note_appointment",
        "note_calendar_push",
        "note_contact",
        "org_for_call",
        "outbox_backlog",
        "patient_change",
        "patient_slots",
        "patient_visit",
        "pause_google",
        "queue_due_calendar_work",
        "queue_due_follow_ups",
        "queue_due_reminders",
        "queue_due_twilio_deletions",
        "receive_sms",
        "record_calendar_comparison",
        "record_calendar_write",
        "record_call",
        "record_sms",
        "record_twilio_deletion",
        "record_watch",
        "redeem_ws_ticket",
        "reschedule_appointment_atomic",
        "resend_sms",
        "revoke_patient_links",
        "revoke_staff_member",
        "save_closure",
        "save_google_access",
        "save_google_tokens",
        "save_hours",
        "save_provider",
        "save_service",
        "set_appointment_status",
        "settle_calls",
        "sms_routing",
        "sms_templates_of",
        "staff_session",
        "stop_calendar_sync",
        "sweep_connections",
        "sweep_retention",
        "sweep_sms",
        "take_oauth_state",
        "take_over_calendar_move",
        "transfer_call",
        "unassign_calendar",
        "watch_channel",
        "watch_stopped",
    ]
    assert owner.execute(query.format("public")).fetchall() == []
    for inner in (
        "new_id()",
        "name_key('x')",
        "stored_answer(NULL, 'k', 'h')",
        "lock_schedule(NULL, '{}', NULL)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(f"SELECT frontdesk.{inner}")


def test_the_runtime_role_may_make_nothing(app: Connection) -> None:
    """No table of its own, not even a temporary one that could stand in front of ours."""
    for statement in (
        "CREATE TABLE frontdesk.spy (x integer)",
        "CREATE TABLE public.spy (x integer)",
        "CREATE TEMP TABLE orgs (x integer)",
        "CREATE FUNCTION frontdesk.new_id() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "SET ROLE frontdesk_owner",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(statement)
