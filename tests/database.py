"""The databases of the tests: one server for all workers, one migrated template, one copy for each test."""

import fcntl
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import DictRow, dict_row

from local import postgres
from migrations.files import read_files
from migrations.migrate import APP_ROLE, DIRECTORY, migrate, set_app_password
from migrations.plan import fingerprint

DEFAULT_MAJOR = 18
MAJORS = (18, 15)
ROOM_NEEDED = 2 * 1024**3


@dataclass(frozen=True)
class TestServer:
    """A running Postgres of one major version, and the runtime role's password on it."""

    __test__ = False

    server: postgres.Server
    app_password: str = field(repr=False)
    room: Path

    @property
    def major(self) -> int:
        """Return the major version."""
        return self.server.binaries.major


@dataclass(frozen=True)
class Database:
    """One test's own database: ``owner_url`` is the superuser's, ``app_url`` the runtime role's."""

    name: str
    server: TestServer

    @property
    def owner_url(self) -> str:
        """Return the superuser's URL."""
        return self.server.server.url(self.name)

    @property
    def app_url(self) -> str:
        """Return the URL of the role the functions run as, who may execute functions and nothing else."""
        return self.server.server.url(self.name, APP_ROLE, self.server.app_password)

    def connect_owner(self) -> psycopg.Connection[DictRow]:
        """Open an autocommit connection as the superuser."""
        return psycopg.connect(self.owner_url, autocommit=True, row_factory=dict_row)

    def connect_app(self) -> psycopg.Connection[DictRow]:
        """Open an autocommit connection as the runtime role, as the functions do."""
        return psycopg.connect(self.app_url, autocommit=True, row_factory=dict_row, prepare_threshold=None)


def make_room() -> Path:
    """Make this test run's directory; clear those whose run was killed.

    Every run holds a lock in its own directory, which the kernel lets go when the run dies.
    """
    base = _fast_place() / f"frontdesk-tests-{os.geteuid()}"
    base.mkdir(mode=0o755, exist_ok=True)
    if base.lstat().st_uid != os.geteuid():
        raise PermissionError(f"{base} belongs to somebody else: delete it.")
    with _lock(base / "rooms.lock"):
        for old in (path for path in base.iterdir() if path.is_dir()):
            if _is_abandoned(old):
                _clear(old)
        room = Path(tempfile.mkdtemp(dir=base))
        room.chmod(0o755)  # the server may run as another account
        handle = os.open(room / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)  # held, on purpose, until this process ends
    return room


def end_room(room: Path) -> None:
    """Stop all servers of a test run and delete its directory."""
    _clear(room)


def running_server(room: Path, major: int) -> TestServer:
    """Return the run's server of a major version; whoever asks first starts it."""
    card = room / f"pg{major}.json"
    with _lock(room / f"pg{major}.start"):
        if not card.exists():
            binaries = postgres.find_binaries(major)
            server = postgres.start(
                room / f"pg{major}", durable=False, binaries=binaries, max_connections=300
            )
            app_password = secrets.token_urlsafe(16)
            details = {
                "port": server.port,
                "pid": server.pid,
                "password": server.password,
                "app": app_password,
            }
            card.touch(mode=0o600)
            card.write_text(json.dumps(details))
        details = json.loads(card.read_text())
    server = postgres.Server(
        "127.0.0.1",
        int(details["port"]),
        int(details["pid"]),
        room / f"pg{major}",
        postgres.find_binaries(major),
        str(details["password"]),
    )
    return TestServer(server, str(details["app"]), room)


def template_database(server: TestServer) -> str:
    """Return the name of a database with all migrations applied; the first one to ask makes it."""
    name = f"template_{fingerprint(read_files(DIRECTORY))[:12]}"
    with _lock(server.room / f"pg{server.major}.template"), _maintenance(server) as connection:
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if not there:
            half = f"{name}_half"
            _execute(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", half)
            _execute(connection, "CREATE DATABASE {}", half)
            migrate(server.server.url(half))
            set_app_password(server.server.url(half), server.app_password)
            _execute(connection, "ALTER DATABASE {} RENAME TO {}", half, name)
    return name


@contextmanager
def fresh_database(server: TestServer, template: str | None) -> Iterator[Database]:
    """Make a database for one test, a copy of ``template`` or empty, and drop it afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    with _maintenance(server) as connection:
        # Copying files beats logging every page: 16 ms against 23, in memory.
        _execute(
            connection, "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template or "template0"
        )
        # A database's own privileges are not copied; migrations/roles.sql takes this one away.
        _execute(connection, "REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC", name)
    try:
        yield Database(name, server)
    finally:
        with _maintenance(server) as connection:
            _execute(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _fast_place() -> Path:
    """Return a directory in memory if there is room: a database takes 16 ms there, on a disk 200 to 400."""
    memory = Path("/dev/shm")
    if (
        memory.is_dir()
        and os.access(memory, os.W_OK | os.X_OK)
        and shutil.disk_usage(memory).free > ROOM_NEEDED
    ):
        return memory
    return Path(tempfile.gettempdir())


def _maintenance(server: TestServer) -> psycopg.Connection[Any]:
    return psycopg.connect(server.server.url("postgres"), autocommit=True)


def _execute(connection: psycopg.Connection[Any], statement: str, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))


def _clear(room: Path) -> None:
    for data_dir in sorted(path for path in room.glob("pg*") if path.is_dir()):
        postgres.remove(data_dir)
    shutil.rmtree(room, ignore_errors=True)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_abandoned(room: Path) -> bool:
    with (room / "run.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
