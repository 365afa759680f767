"""The Postgres the benchmarks run on: durable, private, migrated, with clinics in it and nothing else."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from local import postgres
from migrations.migrate import APP_ROLE, migrate, set_app_password

HERE = Path(__file__).parent
ORGS = 50
PROVIDERS = 4  # in each org
# Appointments there from the start: on empty tables Postgres would plan scans, and keep those plans.
FIRST = 10_000

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Clinics:
    """A database with the product's schema, the benchmarks' own (``bench``), and 10 thousand appointments."""

    server: postgres.Server
    app_password: str = field(repr=False)
    directory: Path
    name: str = postgres.DATABASE

    @property
    def app_url(self) -> str:
        """Return the URL of the runtime role, as which every measured call is made."""
        return self.server.url(self.name, APP_ROLE, self.app_password)

    def owner(self) -> Connection:
        """Open an autocommit connection as the superuser, for setting up and counting."""
        return psycopg.connect(self.server.url(self.name), autocommit=True)

    def app(self) -> Connection:
        """Open an autocommit connection as the runtime role, prepared statements off, as the functions do."""
        return psycopg.connect(self.app_url, autocommit=True, prepare_threshold=None)

    def copy(self, name: str) -> "Clinics":
        """Make a database with the same content; nobody may be connected to this one."""
        with psycopg.connect(self.server.url("postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                    sql.Identifier(name), sql.Identifier(self.name)
                )
            )
        made = Clinics(self.server, self.app_password, self.directory, name)
        with made.owner() as owner:
            owner.execute("ANALYZE")  # what statistics count by table is not copied
        return made

    def fill(self, appointments: int) -> None:
        """Fill the calendars up to so many appointments, and let the planner know."""
        with self.owner() as owner:
            owner.execute("SELECT bench.fill(%s)", [appointments])
            owner.execute("VACUUM (ANALYZE)")
            owner.execute("CHECKPOINT")


@contextmanager
def clinics() -> Iterator[Clinics]:
    """Start a durable Postgres in a temporary directory, migrate it, make the clinics; remove all at the end.

    Raises:
        RuntimeError: the server does not wait for the disk, so the floor would mean nothing.
    """
    with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)  # the server may run as another account
        try:
            with postgres.start(directory / "pg", durable=True) as server:
                made = Clinics(server, secrets.token_urlsafe(16), directory)
                _prepare(made)
                yield made
        finally:
            postgres.remove(directory / "pg")


def _prepare(made: Clinics) -> None:
    migrate(made.server.owner_url)
    set_app_password(made.server.owner_url, made.app_password)
    with made.owner() as owner:
        for setting in ("fsync", "synchronous_commit"):
            if owner.execute(f"SHOW {setting}".encode()).fetchone() != ("on",):
                raise RuntimeError(f"{setting} is off: the floor would mean nothing")
        for file in ("clinics.sql", "rivals.sql"):
            owner.execute((HERE / file).read_bytes(), prepare=False)
        owner.execute("SELECT bench.make_clinics(%s, %s)", [ORGS, PROVIDERS])
    made.fill(FIRST)
