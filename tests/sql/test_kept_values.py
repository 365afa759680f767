"""What the tables refuse whoever writes: the rules that are said once, as domains."""

import psycopg
import pytest

from tests.clinics import Clinic, Connection, book, one

ROWS = [
    ("contacts", "phone", "2025550147", "phone_number_is_e164"),
    ("contacts", "phone", "+0125550147", "phone_number_is_e164"),
    ("contacts", "name", " Dana", "person_name_is_tidy"),
    ("contacts", "name", "Dana\nWhitfield", "person_name_is_tidy"),
    ("contacts", "name", "", "person_name_is_tidy"),
    ("contacts", "email", "Dana@example.com", "email_address_is_lower_case"),
    ("contacts", "email", "dana at example.com", "email_address_is_lower_case"),
    ("appointments", "patient_name", "x" * 121, "person_name_is_tidy"),
    ("appointments", "confirmation_code", "482", "confirmation_code_is_four_digits"),
    ("appointments", "source", "fax", "appointment_source_known"),
    ("appointments", "notes", "x" * 2001, "appointment_notes_are_short"),
    ("outbox", "queue", "fax", "queue_name_known"),
    ("vapi_numbers", "number", "555", "phone_number_is_e164"),
]


@pytest.mark.parametrize(("table", "column", "value", "rule"), ROWS)
def test_a_value_against_the_rule_is_refused_by_its_name(
    owner: Connection, app: Connection, clinic: Clinic, table: str, column: str, value: str, rule: str
) -> None:
    """Even the superuser cannot write it; the error names the rule and quotes no row."""
    book(app, clinic, clinic.at(9))
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        owner.execute(f"UPDATE frontdesk.{table} SET {column} = %s", [value])
    assert refused.value.diag.constraint_name == rule
    assert "Dana" not in str(refused.value)
    assert one(owner, f"SELECT count(*) FROM frontdesk.{table} WHERE {column}::text = %s", value) == 0
