"""What the staff's board has on this machine: people to be, tokens that are taken, and its addresses."""

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from frontdesk import db, settings, staff
from local import demo, demo_staff
from local.board import Board
from local.environment import pseudo_parameters
from local.functions import ROOT
from local.issuer import CLIENT_ID, Issuer
from local.template import authorizers, parse_template, read_template
from local.template_records import HttpRoute, TemplateError
from tests.clinics import one
from tests.database import Database

HERE = "http://127.0.0.1:8787"


@pytest.fixture(scope="module")
def board() -> Board:
    """Make the board of a stack on the usual port."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return Board(HERE, Issuer(f"{HERE}/local/issuer", key, demo_staff.people()))


def test_the_template_takes_the_local_issuers_tokens(board: Board) -> None:
    """With the board's parameters the one authorizer is the local issuer's, and no user pool is needed."""
    template = read_template(ROOT / "template.yaml", pseudo_parameters() | board.parameters())
    [found] = authorizers(template)
    assert (found.name, found.issuer, found.audiences) == ("StaffTokens", board.issuer.url, (CLIENT_ID,))
    guarded = {route.path for route in template.http_routes if route.authorizer}
    assert "/api/staff/{proxy+}" in guarded
    assert all(route.authorizer in {None, found.name} for route in template.http_routes)


def test_the_socket_has_its_routes(board: Board) -> None:
    """All three lead to the same function, as the template's integration says."""
    template = read_template(ROOT / "template.yaml", pseudo_parameters() | board.parameters())
    assert {route.key: route.function for route in template.socket_routes} == {
        "$connect": "WsFunction",
        "$disconnect": "WsFunction",
        "$default": "WsFunction",
    }


def test_an_authorizer_of_all_routes_is_refused() -> None:
    """A default would make an open route look guarded here and there; each event names its own."""
    resources = {
        "Door": {"Type": "AWS::Serverless::HttpApi", "Properties": {"Auth": {"DefaultAuthorizer": "Tokens"}}}
    }
    with pytest.raises(TemplateError, match="Door has a DefaultAuthorizer"):
        parse_template({"Resources": resources}, {})


def test_a_route_is_open_unless_it_names_an_authorizer() -> None:
    """HttpRoute says so by itself."""
    assert HttpRoute("Work", "GET", "/", 30.0).authorizer is None


def test_both_names_of_this_machine_are_the_boards_origin(board: Board) -> None:
    """People type localhost, banners say 127.0.0.1."""
    assert board.overrides()["BOARD_ORIGIN"].split(",") == [HERE, "http://localhost:8787"]
    assert board.socket_url == "ws://127.0.0.1:8787/ws"


def test_the_demo_staff_can_sign_in_wherever_the_stack_is(
    database: Database, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each person's token opens their clinic in their role, also after the stack moved to another port."""
    demo.seed(database.owner_url)
    demo_staff.seed(database.owner_url, "http://127.0.0.1:1/local/issuer")
    demo_staff.seed(database.owner_url, board.issuer.url)
    monkeypatch.setenv("DATABASE_URL", database.app_url)
    settings.current.cache_clear()
    for person in board.issuer.people:
        token = board.issuer.id_token(person)
        claims = jwt.decode(token, options={"verify_signature": False})
        session = staff.session(claims, None)
        assert session is not None
        assert (session.org.slug, session.role, session.name) == (person.org_slug, person.role, person.name)
    db.close()
    settings.current.cache_clear()


def test_what_people_changed_outlives_a_restart(database: Database, board: Board) -> None:
    """The next start keeps a role that was changed, and a person who was revoked stays revoked."""
    demo.seed(database.owner_url)
    demo_staff.seed(database.owner_url, board.issuer.url)
    with database.connect_owner() as owner:
        owner.execute("UPDATE frontdesk.staff SET role = 'reader', revoked_at = now() WHERE role = 'admin'")
        demo_staff.seed(database.owner_url, board.issuer.url)
        assert one(owner, "SELECT count(*) FROM frontdesk.staff") == 6
        assert one(owner, "SELECT count(*) FROM frontdesk.staff WHERE revoked_at IS NOT NULL") == 2
        assert one(owner, "SELECT count(*) FROM frontdesk.staff WHERE role = 'admin'") == 0


def test_the_staff_token_is_the_admins_and_lasts_a_day(board: Board) -> None:
    """For tools that test from outside; an unknown clinic has none."""
    token = demo_staff.staff_token(board.issuer, "bright-smiles")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], claims["aud"]) == ("demo-bright-smiles-admin", CLIENT_ID)
    assert claims["exp"] - claims["iat"] == 24 * 3600
    with pytest.raises(LookupError):
        demo_staff.staff_token(board.issuer, "nowhere")
