"""Staff: who a sign-in is, how an invitation is bound, how access ends; straight against Postgres."""

import threading
from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.clinics import Clinic, Connection, call, every_row, make_clinic, one
from tests.database import Database

ISSUER = "https://issuer.example.test"
EMAIL = "jo@example.test"


@pytest.fixture
def operator(database: Database) -> Iterator[Connection]:
    """Open a connection as the operator's role."""
    with database.connect_owner() as connection:
        connection.execute("SET ROLE frontdesk_operator")
        yield connection


@pytest.fixture
def other(owner: Connection) -> Clinic:
    """Make another clinic."""
    return make_clinic(owner)


def invite(operator: Connection, clinic: Clinic, role: str = "staff", email: str = EMAIL) -> UUID:
    """Let the operator add Jo to a clinic."""
    told = call(operator, "add_staff", org_id=clinic.id, email=email, name="Jo Doe", role=role)
    assert told["outcome"] == "added"
    return UUID(told["staff_id"])


def enter(
    app: Connection, subject: str = "jo", email: str | None = EMAIL, slug: str | None = None
) -> UUID | None:
    """Sign in and return the staff id of the session."""
    told = call(app, "staff_session", issuer=ISSUER, subject=subject, email=email, org_slug=slug)
    return UUID(told["staff"]["id"]) if told else None


def test_an_invitation_is_bound_once(app: Connection, operator: Connection, clinic: Clinic) -> None:
    """The first to come with the address is the person; another subject with it is nobody."""
    jo = invite(operator, clinic)
    assert enter(app, email=None) is None
    assert enter(app, email="JO@EXAMPLE.TEST") == jo
    assert enter(app, email=None) == jo
    assert enter(app, subject="thief") is None


def test_an_invitation_is_bound_by_one_of_two_at_once(
    database: Database, operator: Connection, clinic: Clinic, owner: Connection
) -> None:
    """Two subjects with one verified address, at the same moment: exactly one gets in."""
    invite(operator, clinic)
    barrier = threading.Barrier(2)
    found: dict[str, UUID | None] = {}

    def come(subject: str) -> None:
        with database.connect_app() as connection:
            barrier.wait()
            found[subject] = enter(connection, subject=subject)

    threads = [threading.Thread(target=come, args=[subject]) for subject in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(bool, found.values())) == [False, True]
    winner = next(subject for subject, staff_id in found.items() if staff_id)
    assert one(owner, "SELECT subject FROM frontdesk.staff") == winner


def test_one_sign_in_is_bound_at_every_clinic_that_invited_it(
    app: Connection, operator: Connection, owner: Connection, clinic: Clinic, other: Clinic
) -> None:
    """Each by its own row; the slug chooses, the first by slug is the default, and a third is refused."""
    here, there = invite(operator, clinic, "reader"), invite(operator, other, "admin")
    slugs = {
        slug: staff_id
        for clinic_, staff_id in ((clinic, here), (other, there))
        for slug in [one(owner, "SELECT slug FROM frontdesk.orgs WHERE id = %s", clinic_.id)]
    }
    assert enter(app) == slugs[min(slugs)]
    for slug, staff_id in slugs.items():
        assert enter(app, slug=slug) == staff_id
    assert enter(app, slug="elsewhere") is None


def test_a_later_invitation_elsewhere_is_bound_too(
    app: Connection, operator: Connection, owner: Connection, clinic: Clinic, other: Clinic
) -> None:
    """Who works here already signs in once more and works there as well."""
    invite(operator, clinic)
    enter(app)
    there = invite(operator, other)
    enter(app)
    assert (
        enter(app, email=None, slug=one(owner, "SELECT slug FROM frontdesk.orgs WHERE id = %s", other.id))
        == there
    )


def test_a_second_invitation_of_one_person_changes_nothing(
    app: Connection, operator: Connection, owner: Connection, clinic: Clinic
) -> None:
    """Under another address of theirs: the first row stays the one they are."""
    jo = invite(operator, clinic)
    enter(app)
    invite(operator, clinic, email="jo2@example.test")
    assert enter(app, email="jo2@example.test") == jo
    assert one(owner, "SELECT count(*) FROM frontdesk.staff WHERE subject IS NULL") == 1


def test_whoever_is_revoked_is_out_and_may_be_invited_again(
    app: Connection, operator: Connection, owner: Connection, clinic: Clinic
) -> None:
    """No session and no ticket from then on; a new invitation is a new sign-in on the same row."""
    jo = invite(operator, clinic)
    enter(app)
    ticket = {"org_id": clinic.id, "staff_id": jo, "ticket_hash": "0" * 64}
    assert call(app, "create_ws_ticket", **ticket)["outcome"] == "made"
    told = call(operator, "revoke_staff", org_id=clinic.id, email=f" {EMAIL.upper()} ")
    assert told["outcome"] == "revoked"
    assert [row["queue"] for row in told["outbox"]] == ["notify"]
    assert enter(app) is None
    assert call(app, "create_ws_ticket", **ticket | {"ticket_hash": "1" * 64}) == {"outcome": "not_staff"}
    assert one(owner, "SELECT count(*) FROM frontdesk.ws_tickets") == 0
    assert call(operator, "revoke_staff", org_id=clinic.id, email=EMAIL) == {"outcome": "unknown_staff"}
    assert invite(operator, clinic, "admin") == jo
    assert enter(app, subject="jo at another issuer account") == jo
    types = [row["type"] for row in owner.execute("SELECT type FROM frontdesk.events ORDER BY seq")]
    assert types == ["staff.invited", "staff.revoked", "staff.invited"]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"email": "nonsense"}, {"outcome": "invalid", "rule": "email_address_is_lower_case"}),
        ({"name": ""}, {"outcome": "invalid", "rule": "person_name_is_tidy"}),
        ({"role": "owner"}, {"outcome": "invalid", "rule": "staff_role_known"}),
        ({"email": EMAIL.upper()}, {"outcome": "email_taken"}),
    ],
)
def test_who_cannot_be_added_is_said_by_rule(
    operator: Connection, owner: Connection, clinic: Clinic, changed: dict[str, str], expected: dict[str, str]
) -> None:
    """And nothing is written."""
    invite(operator, clinic)
    wanted = {"email": "al@example.test", "name": "Al", "role": "staff"} | changed
    assert call(operator, "add_staff", org_id=clinic.id, **wanted) == expected
    assert one(owner, "SELECT count(*) FROM frontdesk.staff") == 1


def test_one_clinic_s_staff_are_nobody_at_another(
    app: Connection, operator: Connection, owner: Connection, clinic: Clinic, other: Clinic
) -> None:
    """No ticket, no summary of theirs, no revocation by the other clinic's id; nothing there changes."""
    jo = invite(operator, clinic)
    enter(app)
    before = every_row(owner, clinic.id)
    ticket = {"org_id": other.id, "staff_id": jo, "ticket_hash": "0" * 64}
    assert call(app, "create_ws_ticket", **ticket) == {"outcome": "not_staff"}
    assert call(operator, "revoke_staff", org_id=other.id, email=EMAIL) == {"outcome": "unknown_staff"}
    summary = call(app, "board_summary", org_id=other.id, staff_id=jo)
    assert (summary["staff"]["id"], summary["orgs"]) == (None, [])
    assert every_row(owner, clinic.id) == before


def test_a_session_leaves_no_scope_behind(app: Connection, operator: Connection, clinic: Clinic) -> None:
    """Within one transaction the look across clinics ends with the function."""
    invite(operator, clinic)
    for _ in range(2):
        with app.transaction():
            enter(app)
            assert one(app, "SELECT current_setting('app.scope', true)") == ""
    with app.transaction():
        assert enter(app, subject="nobody", email=None) is None
        assert one(app, "SELECT current_setting('app.scope', true)") == ""
