"""Small migrations of their own, and servers no migration has touched yet."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from local import postgres
from migrations import migrate as runner
from tests.database import Database, TestServer
from tests.migrations.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Return a folder with two numbered files, one function and the grants."""
    made = Folder(tmp_path / "sql")
    made.write("0001_rooms.sql", "CREATE TABLE rooms (id int PRIMARY KEY);")
    made.write("0002_beds.sql", "CREATE TABLE beds (id int PRIMARY KEY, room int REFERENCES rooms);")
    made.write("functions/one.sql", Folder.function("one", "1"))
    made.write(
        "grants.sql",
        "GRANT USAGE ON SCHEMA frontdesk TO frontdesk_app; GRANT SELECT ON rooms TO frontdesk_app;",
    )
    return made


@pytest.fixture
def migrated(empty_database: Database, folder: Folder) -> Database:
    """Return a database with the small migrations applied."""
    runner.migrate(empty_database.owner_url, folder.path)
    return empty_database


@pytest.fixture
def untouched_server(server: TestServer) -> Iterator[postgres.Server]:
    """Start a server of the same version that has none of our roles yet."""
    data_dir = server.room / f"pg{server.major}-untouched"
    try:
        with postgres.start(data_dir, durable=False, binaries=server.server.binaries) as started:
            yield started
    finally:
        postgres.remove(data_dir)


@pytest.fixture
def rds_like_url(untouched_server: postgres.Server) -> str:
    """Return the URL of a login with the rights of RDS's master user: it makes roles and is no superuser."""
    with psycopg.connect(untouched_server.owner_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE master LOGIN CREATEROLE CREATEDB PASSWORD 'of-the-test'")
        connection.execute("CREATE ROLE rds_iam NOLOGIN")
        connection.execute("GRANT rds_iam TO master WITH ADMIN OPTION")
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER master").format(sql.Identifier("clinic")))
    return untouched_server.url("clinic", "master", "of-the-test")
