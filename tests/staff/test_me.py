"""Who is asking: sessions, roles, clinics, and what a board begins with."""

from tests.clinics import Clinic, Connection, one
from tests.staff.conftest import ISSUER, Member, ask, put_member


def test_a_board_begins_with_the_person_and_their_clinic(clinic: Clinic, staff: Member) -> None:
    """Person, clinic, providers with what they offer, services, the last event's number, Google and texts."""
    told = ask(staff, "GET", "/me")
    assert told.status == 200
    assert told.body["staff"] == {
        "id": str(staff.id),
        "name": "Staff Doe",
        "email": staff.email,
        "role": "staff",
    }
    assert (told.body["org"]["time_zone"], told.body["org"]["slot_grid_minutes"]) == ("America/New_York", 15)
    assert [each["name"] for each in told.body["services"]] == ["Check-up", "Teeth cleaning"]
    assert told.body["providers"][0]["service_ids"] == sorted(map(str, clinic.services.values()))
    assert [each["role"] for each in told.body["orgs"]] == ["staff"]
    assert told.body["google"]["status"] == "disconnected"
    assert (told.body["last_seq"], told.body["sms"]) == (0, {"paused_reason": None})


def test_nobody_signed_in_is_401(clinic: Clinic) -> None:
    """Without claims there is nobody, whatever the headers say."""
    told = ask(None, "GET", "/me", authorization="Bearer forged")
    assert (told.status, told.body["code"]) == (401, "not_signed_in")


def test_a_stranger_with_a_good_token_is_403(clinic: Clinic) -> None:
    """Any issuer's user may sign in; only who was invited is staff."""
    told = ask(None, "GET", "/me", claims={"iss": ISSUER, "sub": "nobody"})
    assert (told.status, told.body["code"]) == (403, "not_staff")


def test_the_same_subject_of_another_issuer_is_somebody_else(staff: Member) -> None:
    """A subject means something only together with its issuer."""
    told = ask(None, "GET", "/me", claims=staff.claims | {"iss": "https://evil.example.test"})
    assert told.status == 403


def test_the_first_sign_in_with_the_invited_address_binds_the_person(
    owner: Connection, clinic: Clinic
) -> None:
    """Once, in any case of letters; afterwards the subject counts and the address no more."""
    invited = put_member(owner, clinic, "staff", issuer=None, subject=None)
    first = {"iss": ISSUER, "sub": "s-1", "email": invited.email.upper(), "email_verified": "true"}
    assert ask(None, "GET", "/me", claims=first).body["staff"]["id"] == str(invited.id)
    assert one(owner, "SELECT subject FROM frontdesk.staff") == "s-1"
    assert ask(None, "GET", "/me", claims={"iss": ISSUER, "sub": "s-1"}).status == 200
    assert ask(None, "GET", "/me", claims=first | {"sub": "s-2"}).status == 403


def test_an_address_nobody_verified_binds_nobody(owner: Connection, clinic: Clinic) -> None:
    """Anybody can write an address into an account of theirs."""
    invited = put_member(owner, clinic, "admin", issuer=None, subject=None)
    for verified in ("false", "", "yes"):
        claims = {"iss": ISSUER, "sub": "s-1", "email": invited.email, "email_verified": verified}
        assert ask(None, "GET", "/me", claims=claims).status == 403
    assert one(owner, "SELECT subject FROM frontdesk.staff") is None


def test_who_works_at_two_clinics_chooses_by_slug(owner: Connection, clinic: Clinic, other: Clinic) -> None:
    """X-Org names one of theirs; without it the first by slug; a clinic that is not theirs is refused."""
    here = put_member(owner, clinic, "reader", subject="both")
    put_member(owner, other, "admin", subject="both")
    slugs = sorted([slug_of(owner, clinic), slug_of(owner, other)])
    told = ask(here, "GET", "/me")
    assert [each["slug"] for each in told.body["orgs"]] == slugs
    assert told.body["org"]["slug"] == slugs[0]
    for slug in slugs:
        assert ask(here, "GET", "/me", x_org=slug).body["org"]["slug"] == slug
    alone = put_member(owner, clinic, "staff")
    assert ask(alone, "GET", "/me", x_org=slug_of(owner, other)).status == 403


def slug_of(owner: Connection, clinic: Clinic) -> str:
    """Return a clinic's slug."""
    return str(one(owner, "SELECT slug FROM frontdesk.orgs WHERE id = %s", clinic.id))


def test_revoked_staff_are_refused_at_their_next_request(owner: Connection, staff: Member) -> None:
    """Nothing is remembered between requests."""
    assert ask(staff, "GET", "/me").status == 200
    owner.execute("UPDATE frontdesk.staff SET revoked_at = now() WHERE id = %s", [staff.id])
    assert ask(staff, "GET", "/me").status == 403


def test_a_request_is_seen_once_a_minute(owner: Connection, staff: Member) -> None:
    """last_seen_at moves, and not with every request."""
    ask(staff, "GET", "/me")
    first = one(owner, "SELECT last_seen_at FROM frontdesk.staff")
    ask(staff, "GET", "/me")
    assert one(owner, "SELECT last_seen_at FROM frontdesk.staff") == first
    owner.execute("UPDATE frontdesk.staff SET last_seen_at = now() - interval '2 minutes'")
    ask(staff, "GET", "/me")
    assert one(owner, "SELECT last_seen_at > now() - interval '1 minute' FROM frontdesk.staff")


def test_signing_out_ends_the_person_s_boards(
    owner: Connection, clinic: Clinic, staff: Member, published: list[dict[str, str]]
) -> None:
    """Their sockets are to be closed, by the push function; nobody else's are."""
    colleague = put_member(owner, clinic, "staff")
    for name, member in (("mine", staff), ("theirs", colleague)):
        owner.execute(
            "INSERT INTO frontdesk.connections (org_id, connection_id, staff_id, expires_at)"
            " VALUES (%s, %s, %s, now() + interval '1 hour')",
            [clinic.id, name, member.id],
        )
    assert ask(staff, "POST", "/sign-out").status == 204
    rows = owner.execute(
        "SELECT connection_id FROM frontdesk.connections WHERE expires_at > now()"
    ).fetchall()
    assert [row["connection_id"] for row in rows] == ["theirs"]
    assert [row["queue"] for row in published] == ["notify"]
