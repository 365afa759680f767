"""The demo clinics' front desk: an admin, somebody of the staff and a reader, known to the local issuer."""

from typing import Any
from uuid import UUID

import psycopg

from local.demo import CLINICS, Clinic, act_for
from local.issuer import DAY_SECONDS, Issuer, Person

ROLES = ("admin", "staff", "reader")
NAMES = {
    "bright-smiles": ("Morgan Hale", "Jamie Brooks", "Riley Chen"),
    "clinica-del-sol": ("Lucía Romero", "Mateo Herrera", "Elena Cruz"),
}


def people() -> list[Person]:
    """List who can sign in; subjects are the same on every machine."""
    return [
        Person(f"demo-{clinic.slug}-{role}", f"{role}@{clinic.slug}.example", name, clinic.slug, role)
        for clinic in CLINICS
        for role, name in zip(ROLES, NAMES[clinic.slug], strict=True)
    ]


def seed(owner_url: str, issuer_url: str) -> None:
    """Put the demo staff into the database, bound to this issuer: its address has the stack's port in it.

    Whoever is there keeps name, role and whether they were revoked.
    """
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for clinic in CLINICS:
            with connection.transaction():
                act_for(connection, clinic.id)
                for person in people():
                    if person.org_slug == clinic.slug:
                        _put(connection, clinic, person, issuer_url)


def staff_token(issuer: Issuer, slug: str) -> str:
    """Sign a token of the clinic's admin that is good for a day, for tools that test from outside."""
    person = issuer.person(slug, "admin")
    if person is None:
        msg = f"the demo clinic {slug} has no admin"
        raise LookupError(msg)
    return issuer.id_token(person, seconds=DAY_SECONDS)


def id_of(clinic: Clinic, role: str) -> UUID:
    """Return the id of a demo person."""
    return clinic.id_of("staff", role)


def _put(connection: psycopg.Connection[Any], clinic: Clinic, person: Person, issuer_url: str) -> None:
    connection.execute(
        "INSERT INTO frontdesk.staff AS s (org_id, id, email, name, role, issuer, subject)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (org_id, id) DO UPDATE SET issuer = excluded.issuer, subject = excluded.subject",
        [
            clinic.id,
            id_of(clinic, person.role),
            person.email,
            person.name,
            person.role,
            issuer_url,
            person.subject,
        ],
    )
