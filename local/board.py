"""What the staff's board needs on this machine: somebody to sign in with, sockets, and where they all are."""

from collections.abc import Callable
from dataclasses import dataclass

from local import demo_staff, sign_in
from local.functions import Functions
from local.gateway import SOCKET_PATH, Beside
from local.issuer import CLIENT_ID, Issuer
from local.issuer_key import kept_key
from local.jwt_authorizer import JwtAuthorizers
from local.template import authorizers
from local.template_records import Template
from local.websockets import Sockets


@dataclass(frozen=True, slots=True)
class Board:
    """The board of a stack whose gateway is at `here`."""

    here: str
    issuer: Issuer

    @property
    def socket_url(self) -> str:
        """Return where the board's socket is opened."""
        return self.here.replace("http://", "ws://", 1) + SOCKET_PATH

    def parameters(self) -> dict[str, str]:
        """Give the template's parameters that say whose tokens are taken."""
        return {"OidcIssuer": self.issuer.url, "OidcAudience": CLIENT_ID}

    def overrides(self) -> dict[str, str]:
        """Give the functions' variables that have a value of their own here."""
        configuration = self.issuer.configuration()
        return {
            "BOARD_ORIGIN": ",".join(sorted(self.origins())),
            "OIDC_ISSUER": self.issuer.url,
            "OIDC_CLIENT_ID": CLIENT_ID,
            "OIDC_AUTHORIZE_URL": configuration["authorization_endpoint"],
            "OIDC_TOKEN_URL": configuration["token_endpoint"],
            "OIDC_SIGN_OUT_URL": configuration["end_session_endpoint"],
            "WS_CONNECTIONS_URL": self.here,
            "WS_PUBLIC_URL": self.socket_url,
        }

    def origins(self) -> frozenset[str]:
        """Give the origins the page may have: people type either name of this machine."""
        return frozenset({self.here, self.here.replace("127.0.0.1", "localhost", 1)})

    def beside(self, template: Template, functions: Functions, report: Callable[[str], None]) -> Beside:
        """Make what answers beside the HTTP API."""
        return Beside(
            sockets=Sockets(template.socket_routes, functions, report),
            authorizers=JwtAuthorizers(authorizers(template)),
            own=sign_in.routes(self.issuer, self.origins()),
        )


def board_at(here: str) -> Board:
    """Make the board of the stack whose gateway is at this address; its key is kept in .local."""
    return Board(here, Issuer(here + sign_in.ISSUER_PATH, kept_key(), demo_staff.people()))
