"""Bring a Frontdesk database to the version of this code: ``python -m migrations.migrate --help``."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from migrations import plan
from migrations.files import Files, RefusedError, SqlFile, read_files

DIRECTORY = Path(__file__).parent
APP_ROLE = "frontdesk_app"
# Any number will do as long as it stays: runs of all versions must meet at the same lock.
LOCK = 4_207_202_601
TABLE = b"""
CREATE TABLE IF NOT EXISTS frontdesk.schema_migrations (
    file text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)"""
# Roles belong to the whole server, our lock to one database: two databases made at once may collide.
RACES = (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation, psycopg.errors.InternalError_)


@dataclass(frozen=True)
class Report:
    """What one run applied: the names of the files, in order."""

    numbered: tuple[str, ...]
    functions: tuple[str, ...]
    grants: bool

    @property
    def changed(self) -> bool:
        """Tell whether the run changed anything."""
        return bool(self.numbered or self.functions or self.grants)


def migrate(database_url: str, directory: Path = DIRECTORY) -> Report:
    """Apply all that is missing; safe to run any number of times and many at once.

    The login must be allowed to create roles, and to create schemas in the database.

    Raises:
        RefusedError: the files and the database do not fit, or a file fails (then it leaves nothing behind).
        psycopg.OperationalError: the database cannot be reached.
    """
    files = read_files(directory)
    with _connect(database_url) as connection:
        _prepare(connection, files)
        numbered: list[str] = []
        while name := _apply_next(connection, files):
            numbered.append(name)
        functions, grants = _apply_functions(connection, files)
    return Report(tuple(numbered), functions, grants)


def set_app_password(database_url: str, password: str) -> None:
    """Give the runtime role a password, where it signs in by one (local stack, tests).

    Only its SCRAM verifier is sent, so the password appears in no log of the server.
    """
    with _connect(database_url) as connection:
        verifier = connection.pgconn.encrypt_password(password.encode(), APP_ROLE.encode(), b"scram-sha-256")
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(
            sql.Identifier(APP_ROLE), sql.Literal(verifier.decode())
        )
        connection.execute(statement)


def read_state(connection: psycopg.Connection) -> plan.State:
    """Read what the database has recorded; of an empty database, nothing."""
    recorded: dict[str, plan.Recorded] = {}
    there = connection.execute("SELECT to_regclass('frontdesk.schema_migrations') IS NOT NULL").fetchone()
    if there and there[0]:
        rows = connection.execute("SELECT file, checksum, applied_at FROM frontdesk.schema_migrations")
        recorded = {row[0]: plan.Recorded(row[1], row[2]) for row in rows}
    counts = connection.execute(
        "SELECT proname, count(*) FROM pg_catalog.pg_proc"
        " WHERE pronamespace = to_regnamespace('frontdesk') GROUP BY proname"
    )
    return plan.State(recorded, dict(counts.fetchall()))


def _connect(database_url: str) -> psycopg.Connection:
    connection = psycopg.connect(
        database_url,
        autocommit=True,
        prepare_threshold=None,
        connect_timeout=10,
        application_name="frontdesk migrate",
    )
    # Whoever waited for the lock must see what its holder committed.
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    return connection


@contextmanager
def _locked(connection: psycopg.Connection) -> Iterator[None]:
    """Open a transaction that no other migration run shares."""
    with connection.transaction():
        connection.execute("SET LOCAL statement_timeout = 0")
        connection.execute("SET LOCAL lock_timeout = 0")
        connection.execute("SELECT pg_catalog.pg_advisory_xact_lock(%s)", [LOCK])
        # Better to fail than to queue behind a long transaction, with every booking queueing behind us.
        connection.execute("SET LOCAL lock_timeout = '10s'")
        yield


def _become_owner(connection: psycopg.Connection) -> None:
    connection.execute("SET LOCAL ROLE frontdesk_owner")
    connection.execute("SET LOCAL search_path = frontdesk, pg_temp")


def _prepare(connection: psycopg.Connection, files: Files) -> None:
    """Make the roles, the schema and the table of records, as far as they are missing."""
    for attempt in range(1, 11):
        try:
            with _locked(connection):
                plan.pending_numbered(read_state(connection), files)  # refuse before anything is touched
                connection.execute(files.roles.encode())
                _become_owner(connection)
                connection.execute(TABLE)
        except RACES:
            if attempt == 10:
                raise
            time.sleep(0.05 * attempt)
        except psycopg.DatabaseError as error:
            raise RefusedError(f"roles.sql: {_told(error)}") from error
        else:
            return


def _apply_next(connection: psycopg.Connection, files: Files) -> str | None:
    """Apply the first numbered file that is missing, in a transaction of its own; return its name."""
    with _locked(connection):
        pending = plan.pending_numbered(read_state(connection), files)
        if not pending:
            return None
        file = pending[0]
        _become_owner(connection)
        # First the record, then the work: should the lock fail us, the primary key still lets one run win.
        connection.execute(
            "INSERT INTO frontdesk.schema_migrations (file, checksum) VALUES (%s, %s)",
            [file.name, file.checksum],
        )
        _run(connection, file)
    return file.name


def _apply_functions(connection: psycopg.Connection, files: Files) -> tuple[tuple[str, ...], bool]:
    """Apply the functions that differ and then the grants, all in one transaction."""
    with _locked(connection):
        state = read_state(connection)
        pending = plan.pending_functions(state, files)
        due = plan.grants_are_due(state, files)
        _become_owner(connection)
        # Functions may call each other in any order: their bodies are checked when they first run.
        connection.execute("SET LOCAL check_function_bodies = off")
        for file in pending:
            _run(connection, file)
            _record(connection, file.name, file.checksum)
        gone = list(plan.gone_functions(state, files))
        if gone:
            connection.execute("DELETE FROM frontdesk.schema_migrations WHERE file = ANY(%s)", [gone])
        _refuse_overloads(read_state(connection), pending)
        if due and files.grants:
            _run(connection, files.grants)
            _record(connection, plan.GRANTS, plan.fingerprint(files))
    return tuple(file.name for file in pending), due


def _record(connection: psycopg.Connection, name: str, checksum: str) -> None:
    connection.execute(
        "INSERT INTO frontdesk.schema_migrations (file, checksum) VALUES (%s, %s) ON CONFLICT (file)"
        " DO UPDATE SET checksum = excluded.checksum, applied_at = clock_timestamp()",
        [name, checksum],
    )


def _refuse_overloads(state: plan.State, applied: tuple[SqlFile, ...]) -> None:
    for file in applied:
        count = state.functions.get(file.function, 0)
        if count == 0:
            raise RefusedError(f"{file.name} must define the function frontdesk.{file.function}.")
        if count > 1:
            raise RefusedError(
                f"{file.name} would make a second function of its name, for its arguments changed: "
                "add a migration that drops the old one."
            )


def _run(connection: psycopg.Connection, file: SqlFile) -> None:
    try:
        connection.execute(file.text.encode())
    except psycopg.DatabaseError as error:
        position = error.diag.statement_position
        line = f" line {file.text.count('\n', 0, int(position)) + 1}" if position else ""
        raise RefusedError(f"{file.name}{line}: {_told(error)}") from error


def _told(error: psycopg.DatabaseError) -> str:
    # The primary message only: the detail line of a failed constraint quotes the row, which may be a patient.
    return f"{error.diag.message_primary or type(error).__name__} (SQLSTATE {error.sqlstate or 'none'})"


def _print_status(state: plan.State, files: Files) -> None:
    lines = plan.status(state, files)
    width = max([len(line.name) for line in lines], default=4)
    print(f"{'file':<{width}}  {'standing':<18}  applied at (UTC)")
    for line in lines:
        at = line.applied_at.strftime("%Y-%m-%d %H:%M:%S") if line.applied_at else "-"
        print(f"{line.name:<{width}}  {line.standing:<18}  {at}")


def _print_plan(state: plan.State, files: Files) -> None:
    names = [
        file.name for file in (*plan.pending_numbered(state, files), *plan.pending_functions(state, files))
    ]
    names += [plan.GRANTS] if plan.grants_are_due(state, files) else []
    for name in names:
        print(f"would apply {name}")
    print(f"{len(names)} to apply; nothing was changed." if names else "Nothing to apply.")


def _print_report(report: Report) -> None:
    names = [*report.numbered, *report.functions, *([plan.GRANTS] if report.grants else [])]
    for name in names:
        print(f"applied {name}")
    print(f"{len(names)} applied; the database is at this code's version." if names else "Nothing to apply.")


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m migrations.migrate",
        description="Bring a database to this code's version. Safe to repeat, and to run many at once.",
        epilog="Exit code 0: done. 1: refused or failed, with the reason on stderr. See docs/migrations.md.",
    )
    parser.add_argument(
        "--database-url", metavar="URL", help="owner's connection URL (default: $DATABASE_URL)"
    )
    parser.add_argument(
        "--directory", type=Path, default=DIRECTORY, help="folder of the SQL files (default: this one)"
    )
    parser.add_argument(
        "--app-password-file", type=Path, metavar="FILE", help="then set frontdesk_app's password to it"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--status", action="store_true", help="print each file's standing and change nothing")
    what.add_argument("--dry-run", action="store_true", help="print what would be applied and change nothing")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    given = _arguments(arguments)
    url = given.database_url or os.environ.get("DATABASE_URL")
    if not url:
        print("migrate: give --database-url or set DATABASE_URL.", file=sys.stderr)
        return 1
    try:
        if given.status or given.dry_run:
            files = read_files(given.directory)
            with _connect(url) as connection:
                (_print_status if given.status else _print_plan)(read_state(connection), files)
            return 0
        _print_report(migrate(url, given.directory))
        if given.app_password_file:
            set_app_password(url, given.app_password_file.read_text(encoding="utf-8").strip())
    except (RefusedError, OSError, psycopg.Error) as error:
        print(f"migrate: {str(error).strip()}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
