"""Who may use a clinic's board, let in and out by commands."""

from tests.cli.conftest import Frontdesk
from tests.clinics import Connection, call, one

ADD = 'org add-staff pine JO@example.com "Jo Reyes"'


def test_somebody_let_in_signs_in_and_is_let_out_again(
    pine: Frontdesk, app: Connection, owner: Connection
) -> None:
    """With the address and the role that were given; after the revocation with nothing."""
    added = pine(f"{ADD} --role admin --json").data
    assert (added["email"], added["role"]) == ("jo@example.com", "admin")
    sign_in = {
        "issuer": "https://issuer.example.test",
        "subject": "jo",
        "email": "jo@example.com",
        "org_slug": None,
    }
    entered = call(app, "staff_session", **sign_in)
    assert (entered["staff"]["id"], entered["staff"]["role"]) == (added["id"], "admin")
    assert pine("org revoke-staff pine jo@example.com").out == (
        "jo@example.com has no access to pine any more.\n"
    )
    assert call(app, "staff_session", **sign_in) is None
    actors = owner.execute("SELECT type, actor FROM frontdesk.events ORDER BY seq").fetchall()
    assert [tuple(row.values()) for row in actors] == [
        ("staff.invited", "operator"),
        ("staff.revoked", "operator"),
    ]


def test_the_role_is_staff_unless_said_otherwise(pine: Frontdesk, owner: Connection) -> None:
    """Whoever needs more is named admin."""
    assert "Jo Reyes is staff of pine" in pine(ADD).out
    assert one(owner, "SELECT role FROM frontdesk.staff") == "staff"


def test_who_is_in_already_is_not_let_in_twice(pine: Frontdesk, owner: Connection) -> None:
    """One sentence with what to do, and the role stays."""
    pine(ADD)
    again = pine(f"{ADD} --role admin")
    assert (again.status, again.err) == (
        1,
        "frontdesk: jo@example.com is staff of pine already; revoke it first.\n",
    )
    assert one(owner, "SELECT role FROM frontdesk.staff") == "staff"
