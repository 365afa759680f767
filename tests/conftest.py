"""Fixtures all tests may use: a real Postgres, and a fresh migrated database for each test that asks.

Everything runs on the embedded Postgres 18. ``FRONTDESK_PG=15`` runs it on that major version, the oldest we
support; ``FRONTDESK_PG=all`` runs ``tests/sql`` and ``tests/migrations`` on both (skipped without a 15).
"""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import DictRow

from local.postgres import PostgresError, find_binaries
from tests import database as databases
from tests.database import Database, TestServer

ON_EVERY_MAJOR = ("tests/sql", "tests/migrations")
ROOM = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Give this run a directory of its own; xdist's workers are handed their controller's."""
    handed = getattr(config, "workerinput", {}).get("frontdesk_room")
    config.stash[ROOM] = Path(handed) if handed else databases.make_room()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Hand the directory to a worker of xdist."""
    node.workerinput["frontdesk_room"] = str(node.config.stash[ROOM])  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers, after the last worker."""
    if not hasattr(config, "workerinput") and ROOM in config.stash:
        databases.end_room(config.stash[ROOM])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of the SQL itself on every major version we support."""
    if "server" not in metafunc.fixturenames:
        return
    chosen = os.environ.get("FRONTDESK_PG")
    folder = metafunc.definition.path.relative_to(metafunc.config.rootpath).as_posix()
    if chosen == "all" and not folder.startswith(ON_EVERY_MAJOR):
        return
    if chosen:
        majors = databases.MAJORS if chosen == "all" else (int(chosen),)
        metafunc.parametrize(
            "server", [_parameter(major) for major in majors], indirect=True, scope="session"
        )


def _parameter(major: int) -> object:
    try:
        find_binaries(major)
    except PostgresError as error:
        return pytest.param(major, id=f"pg{major}", marks=pytest.mark.skip(reason=str(error)))
    return pytest.param(major, id=f"pg{major}")


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> TestServer:
    """Return the run's Postgres server, shared by all workers."""
    major = getattr(request, "param", databases.DEFAULT_MAJOR)
    return databases.running_server(request.config.stash[ROOM], major)


@pytest.fixture(scope="session")
def template(server: TestServer) -> str:
    """Return the name of the migrated database that every test's database is a copy of."""
    return databases.template_database(server)


@pytest.fixture
def database(server: TestServer, template: str) -> Iterator[Database]:
    """Make a migrated database for this test alone."""
    with databases.fresh_database(server, template) as made:
        yield made


@pytest.fixture
def empty_database(server: TestServer) -> Iterator[Database]:
    """Make an empty database for this test alone, without any migration."""
    with databases.fresh_database(server, None) as made:
        yield made


@pytest.fixture
def owner(database: Database) -> Iterator[psycopg.Connection[DictRow]]:
    """Open an autocommit connection as the superuser; rows are dictionaries."""
    with database.connect_owner() as connection:
        yield connection


@pytest.fixture
def app(database: Database) -> Iterator[psycopg.Connection[DictRow]]:
    """Open an autocommit connection as the runtime role, as the functions have it; rows are dictionaries."""
    with database.connect_app() as connection:
        yield connection
