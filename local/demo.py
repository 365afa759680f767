"""Two clinics to try Frontdesk with: one dentist in New York, three in Denver who answer in Spanish.

All telephone numbers are from 555-0100 to 555-0199, the range kept for fiction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import psycopg
from psycopg.rows import dict_row

from frontdesk.senders import derive_secret
from local.fake_twilio_messages import Account

# Ids come from names (UUID 5), so they are known without asking a database that hides every row of a
# clinic from whoever does not name the clinic, and the sample events in events/ fit every fresh stack.
# That nobody can use them on another stack is the secrets' doing: those come from a random key per stack.
NAMESPACE = UUID("5f0c7b1e-8f0e-4d6e-9a57-0d7f6f3f2a11")
WORKDAYS = (1, 2, 3, 4, 5)  # ISO: 1 is Monday
OPENS, CLOSES = "09:00", "17:00"


@dataclass(frozen=True, slots=True)
class Service:
    """What a clinic offers; the duration in minutes."""

    name: str
    minutes: int
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clinic:
    """A demo clinic."""

    slug: str
    name: str
    time_zone: str
    language: str
    number: str
    front_desk_phone: str
    providers: tuple[str, ...]
    services: tuple[Service, ...]

    @property
    def id(self) -> UUID:
        """Return the org's id."""
        return uuid5(NAMESPACE, self.slug)

    def id_of(self, kind: str, name: str) -> UUID:
        """Return the id of something of this clinic."""
        return uuid5(self.id, f"{kind}:{name}")


CLINICS = (
    Clinic(
        slug="bright-smiles",
        name="Bright Smiles Dental",
        time_zone="America/New_York",
        language="en",
        number="+12025550100",
        front_desk_phone="+12025550101",
        providers=("Dr. Patel",),
        services=(
            Service("Teeth cleaning", 60, ("cleaning", "dental cleaning", "hygiene")),
            Service("Check-up", 30, ("checkup", "exam", "examination")),
            Service("Filling", 45, ("cavity", "tooth filling")),
        ),
    ),
    Clinic(
        slug="clinica-del-sol",
        name="Clínica del Sol",
        time_zone="America/Denver",
        language="es",
        number="+13035550100",
        front_desk_phone="+13035550101",
        providers=("Dra. Ortega", "Dr. Vega", "Dra. Sanz"),
        services=(
            Service("Limpieza dental", 60, ("limpieza", "teeth cleaning", "cleaning")),
            Service("Revisión", 30, ("revision", "chequeo", "check-up", "checkup")),
            Service("Empaste", 45, ("caries", "filling")),
        ),
    ),
)


def seed(owner_url: str) -> None:
    """Put the demo clinics into the database; one that is there already stays as it is."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for clinic in CLINICS:
            with connection.transaction():
                act_for(connection, clinic.id)
                if _insert_org(connection, clinic):
                    _insert_people_and_services(connection, clinic)


def describe(owner_url: str, master_key: str, accounts: Mapping[UUID, Account]) -> list[dict[str, Any]]:
    """Give the `orgs` of stack.json as the database has them now; what later parts bring is null."""
    with psycopg.connect(owner_url, autocommit=True, row_factory=dict_row) as connection:
        return [
            _describe_one(connection, clinic, master_key) | _texting(accounts[clinic.id])
            for clinic in CLINICS
        ]


def act_for(connection: psycopg.Connection[Any], org_id: UUID) -> None:
    """Become the tables' owner for one clinic, until the transaction ends."""
    # As the tables' owner under row security, so that it works with a login that is no superuser.
    connection.execute("SET LOCAL ROLE frontdesk_owner")
    connection.execute("SELECT pg_catalog.set_config('app.org_id', %s, true)", [str(org_id)])


def _insert_org(connection: psycopg.Connection[Any], clinic: Clinic) -> bool:
    made = connection.execute(
        "INSERT INTO frontdesk.orgs (id, slug, name, time_zone, region, language)"
        " VALUES (%s, %s, %s, %s, 'US', %s) ON CONFLICT (id) DO NOTHING RETURNING id",
        [clinic.id, clinic.slug, clinic.name, clinic.time_zone, clinic.language],
    ).fetchone()
    return made is not None


def _insert_people_and_services(connection: psycopg.Connection[Any], clinic: Clinic) -> None:
    org = clinic.id
    providers = [clinic.id_of("provider", name) for name in clinic.providers]
    services = [clinic.id_of("service", service.name) for service in clinic.services]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO frontdesk.providers (org_id, id, name) VALUES (%s, %s, %s)",
            [(org, provider, name) for provider, name in zip(providers, clinic.providers, strict=True)],
        )
        cursor.executemany(
            # The clock's time and not the transaction's: a clinic's oldest service is its usual one.
            "INSERT INTO frontdesk.services (org_id, id, name, aliases, duration_minutes, created_at)"
            " VALUES (%s, %s, %s, %s, %s, clock_timestamp())",
            [
                (org, clinic.id_of("service", s.name), s.name, list(s.aliases), s.minutes)
                for s in clinic.services
            ],
        )
        cursor.executemany(
            "INSERT INTO frontdesk.provider_services (org_id, provider_id, service_id) VALUES (%s, %s, %s)",
            [(org, provider, service) for provider in providers for service in services],
        )
        cursor.executemany(
            "INSERT INTO frontdesk.weekly_hours (org_id, provider_id, weekday, opens, closes)"
            " VALUES (%s, %s, %s, %s, %s)",
            [(org, provider, day, OPENS, CLOSES) for provider in providers for day in WORKDAYS],
        )
        cursor.execute(
            "INSERT INTO frontdesk.vapi_numbers (org_id, id, phone_number_id, number, assistant_id)"
            " VALUES (%s, %s, %s, %s, %s)",
            [
                org,
                clinic.id_of("vapi-number", clinic.number),
                str(clinic.id_of("vapi-phone-number", clinic.number)),
                clinic.number,
                str(clinic.id_of("vapi-assistant", clinic.slug)),
            ],
        )


def _describe_one(connection: psycopg.Connection[Any], clinic: Clinic, master_key: str) -> dict[str, Any]:
    with connection.transaction():
        act_for(connection, clinic.id)
        org = connection.execute(
            "SELECT o.id, o.slug, o.time_zone, o.vapi_secret_generation, n.phone_number_id, n.number"
            " FROM frontdesk.orgs o JOIN frontdesk.vapi_numbers n ON n.org_id = o.id"
            " WHERE o.id = %s ORDER BY n.number LIMIT 1",
            [clinic.id],
        ).fetchone()
        if org is None:
            msg = (
                f"the demo clinic {clinic.slug} has lost its telephone number: `make run FRESH=1` starts anew"
            )
            raise LookupError(msg)
        providers = connection.execute(
            "SELECT id::text, name FROM frontdesk.providers"
            " WHERE org_id = %s AND active ORDER BY provider_no",
            [clinic.id],
        ).fetchall()
        services = connection.execute(
            "SELECT id::text, name, duration_minutes FROM frontdesk.services"
            " WHERE org_id = %s AND active ORDER BY created_at, id",
            [clinic.id],
        ).fetchall()
    return {
        "id": str(org["id"]),
        "slug": org["slug"],
        "time_zone": org["time_zone"],
        "vapi_phone_number_id": org["phone_number_id"],
        "vapi_number": org["number"],
        "vapi_secret": derive_secret(master_key, clinic.id, org["vapi_secret_generation"]),
        "staff_token": None,
        "google": None,
        "providers": providers,
        "services": services,
    }


def _texting(account: Account) -> dict[str, str]:
    return {
        "twilio_number": account.number,
        "twilio_account_sid": account.sid,
        "twilio_auth_token": account.auth_token,
    }
