"""Who of a clinic's staff is asking, and what they may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from frontdesk import db

# Each may do what the ones before it may.
ROLES = ("reader", "staff", "admin")

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StaffOrg:
    """The clinic somebody works at, as far as reading their input needs it."""

    id: UUID
    slug: str
    name: str
    time_zone: str  # IANA
    region: str  # ISO 3166: reads phone numbers without a country code
    language: str  # ISO 639


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in person at one clinic, for one request."""

    staff_id: UUID
    org_id: UUID
    role: str
    name: str
    email: str
    org: StaffOrg

    @property
    def actor(self) -> str:
        """Return the person as events name them."""
        return f"staff:{self.staff_id}"

    def may(self, role: str) -> bool:
        """Tell whether this person's role includes another."""
        return ROLES.index(self.role) >= ROLES.index(role)


def claims_of(event: Mapping[str, Any]) -> Claims | None:
    """Return the claims API Gateway's JWT authorizer checked, or None where the route has none.

    Nothing else proves a person: the token itself is not read again (event format 2.0,
    requestContext.authorizer.jwt.claims).
    """
    found: Any = event.get("requestContext") or {}
    for name in ("authorizer", "jwt", "claims"):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) and found.get("iss") and found.get("sub") else None


def session(claims: Claims, org_slug: str | None) -> Session | None:
    """Find the active membership of a signed-in person, or None when they have none (at this clinic).

    By issuer and subject; the first sign-in with a verified e-mail address binds who was invited by it.
    Of several clinics `org_slug` chooses, else the first by slug.
    """
    verified = str(claims.get("email_verified", "")).lower() == "true"
    found = db.call(
        "staff_session",
        repeatable=True,
        issuer=_plain(claims["iss"]),
        subject=_plain(claims["sub"]),
        email=_plain(claims.get("email")) if verified else None,
        org_slug=_plain(org_slug),
    )
    return _session(found) if found is not None else None


def _session(found: dict[str, Any]) -> Session:
    person, org = found["staff"], found["org"]
    return Session(
        staff_id=UUID(person["id"]),
        org_id=UUID(org["id"]),
        role=person["role"],
        name=person["name"],
        email=person["email"],
        org=StaffOrg(
            UUID(org["id"]), org["slug"], org["name"], org["time_zone"], org["region"], org["language"]
        ),
    )


def _plain(text: object) -> str | None:
    """Return text Postgres can compare with; what it cannot hold is nobody's name."""
    if text is None:
        return None
    return str(text).replace("\x00", "").encode("utf-8", "replace").decode()
