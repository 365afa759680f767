"""The Postgres the benchmarks run on: durable, private, migrated, with clinics in it and nothing else."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

from local import postgres
from migrations.migrate import APP_ROLE, migrate, set_app_password

HERE = Path(__file__).parent
ORGS = 50
PROVIDERS = 4  # in each org
FIRST = 10_000  # appointments there from the start: on empty tables Postgres would plan scans and keep those plans

Connection = psycopg.Connection[TupleRow]


@dataclass(frozen=True)
class Place:
    """A running server with the product's schema, the benchmarks' own (``bench``), and a directory for files."""

    server: postgres.Server
    app_password: str = field(repr=False)
    directory: Path

    @property
    def app_url(self) -> str:
        """Return the URL of the runtime role, as which every measured call is made."""
        return self.server.url(user=APP_ROLE, password=self.app_password)

    def owner(self) -> Connection:
        """Open an autocommit connection as the superuser, for setting up and counting."""
        return psycopg.connect(self.server.owner_url, autocommit=True)

    def app(self) -> Connection:
        """Open an autocommit connection as the runtime role, prepared statements off, as the functions do."""
        return psycopg.connect(self.app_url, autocommit=True, prepare_threshold=None)

    def fill(self, appointments: int) -> None:
        """Fill the calendars up to so many appointments, and let the planner know."""
        with self.owner() as owner:
            owner.execute("SELECT bench.fill(%s)", [appointments])
            owner.execute("VACUUM (ANALYZE)")
            owner.execute("CHECKPOINT")


@contextmanager
def place() -> Iterator[Place]:
    """Start a durable Postgres in a temporary directory, migrate it, make the clinics; remove it all at the end."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)  # the server may run as another account
        with postgres.start(directory / "pg", durable=True) as server:
            made = Place(server, secrets.token_urlsafe(16), directory)
            with made.owner() as owner:
                durable = {key: owner.execute(f"SHOW {key}").fetchone() for key in ("fsync", "synchronous_commit")}
                if any(value != ("on",) for value in durable.values()):
                    raise RuntimeError(f"the floor would mean nothing on a server that is not durable: {durable}")
            migrate(server.owner_url)
            set_app_password(server.owner_url, made.app_password)
            with made.owner() as owner:
                owner.execute((HERE / "clinics.sql").read_bytes(), prepare=False)
                owner.execute((HERE / "rivals.sql").read_bytes(), prepare=False)
                owner.execute("SELECT bench.make_clinics(%s, %s)", [ORGS, PROVIDERS])
            made.fill(FIRST)
            try:
                yield made
            finally:
                postgres.remove(directory / "pg")
