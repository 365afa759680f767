"""What a run applies, and that it applies it once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from local import postgres
from migrations import migrate as runner
from migrations.files import RefusedError
from tests.database import Database
from tests.migrations.folder import Folder


def test_a_fresh_database_gets_every_file_in_order(empty_database: Database, folder: Folder) -> None:
    """Numbered files by number, then functions, then grants; all recorded under their names."""
    report = runner.migrate(empty_database.owner_url, folder.path)
    assert report == runner.Report(("0001_rooms.sql", "0002_beds.sql"), ("functions/one.sql",), grants=True)
    with empty_database.connect_owner() as owner:
        recorded = owner.execute(
            "SELECT file FROM frontdesk.schema_migrations ORDER BY applied_at"
        ).fetchall()
        answer = owner.execute("SELECT frontdesk.one() AS answer").fetchone()
    assert [row["file"] for row in recorded] == [*report.numbered, *report.functions, "grants.sql"]
    assert answer == {"answer": 1}


def test_everything_belongs_to_a_role_that_cannot_sign_in(migrated: Database) -> None:
    """Row security only binds an owner who is no superuser: frontdesk_owner, which nobody signs in as."""
    with migrated.connect_owner() as owner:
        owners = owner.execute(
            "SELECT DISTINCT pg_get_userbyid(relowner) AS name FROM pg_class"
            " WHERE relnamespace = 'frontdesk'::regnamespace UNION"
            " SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE pronamespace = 'frontdesk'::regnamespace"
        ).fetchall()
        role = owner.execute(
            "SELECT rolcanlogin, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'frontdesk_owner'"
        ).fetchone()
    assert owners == [{"name": "frontdesk_owner"}]
    assert role == {"rolcanlogin": False, "rolsuper": False, "rolbypassrls": False}


def test_a_second_run_does_nothing(migrated: Database, folder: Folder) -> None:
    """Running again applies no file and changes no record."""
    with migrated.connect_owner() as owner:
        before = owner.execute("SELECT * FROM frontdesk.schema_migrations ORDER BY file").fetchall()
        report = runner.migrate(migrated.owner_url, folder.path)
        after = owner.execute("SELECT * FROM frontdesk.schema_migrations ORDER BY file").fetchall()
    assert not report.changed
    assert after == before


def test_only_a_changed_function_is_applied_again(migrated: Database, folder: Folder) -> None:
    """A new body replaces the old one; the other function stays as it was; the grants follow."""
    folder.write("functions/two.sql", Folder.function("two", "2"))
    assert runner.migrate(migrated.owner_url, folder.path).functions == ("functions/two.sql",)
    folder.write("functions/one.sql", Folder.function("one", "11"))
    report = runner.migrate(migrated.owner_url, folder.path)
    assert report == runner.Report((), ("functions/one.sql",), grants=True)
    with migrated.connect_owner() as owner:
        assert owner.execute("SELECT frontdesk.one() + frontdesk.two() AS sum").fetchone() == {"sum": 13}


def test_a_function_a_migration_dropped_is_made_again(migrated: Database, folder: Folder) -> None:
    """A migration may drop a function to change what it stands on; its unchanged file brings it back."""
    folder.write("0003_drop_one.sql", "DROP FUNCTION one();")
    report = runner.migrate(migrated.owner_url, folder.path)
    assert report == runner.Report(("0003_drop_one.sql",), ("functions/one.sql",), grants=True)


def test_functions_may_call_each_other_in_any_order(empty_database: Database, folder: Folder) -> None:
    """Quoted bodies are not checked while files are applied: a caller may come before its callee."""
    folder.write("functions/a_caller.sql", Folder.function("a_caller", "frontdesk.one() + 1"))
    report = runner.migrate(empty_database.owner_url, folder.path)
    assert report.functions == ("functions/a_caller.sql", "functions/one.sql")
    with empty_database.connect_owner() as owner:
        assert owner.execute("SELECT frontdesk.a_caller() AS answer").fetchone() == {"answer": 2}


def test_a_function_names_what_must_come_before_it(empty_database: Database, folder: Folder) -> None:
    """A body that Postgres resolves at once (BEGIN ATOMIC) needs its callee first, whatever the names."""
    folder.write(
        "functions/a_caller.sql",
        "-- requires: one\nCREATE FUNCTION frontdesk.a_caller() RETURNS int LANGUAGE sql"
        " BEGIN ATOMIC SELECT frontdesk.one(); END;",
    )
    report = runner.migrate(empty_database.owner_url, folder.path)
    assert report.functions == ("functions/one.sql", "functions/a_caller.sql")


def test_grants_are_given_again_after_a_run_that_died_before_them(migrated: Database, folder: Folder) -> None:
    """A table whose run was killed before the grants gets them from the next run."""
    folder.write("0003_keys.sql", "CREATE TABLE keys (id int);")
    folder.write("functions/one.sql", "this is no SQL")
    with pytest.raises(RefusedError):
        runner.migrate(migrated.owner_url, folder.path)
    folder.write("functions/one.sql", Folder.function("one", "1"))
    assert runner.migrate(migrated.owner_url, folder.path) == runner.Report((), (), grants=True)


def test_ends_of_lines_are_no_change(migrated: Database, folder: Folder) -> None:
    """A checkout that rewrites the ends of lines is not an edited migration."""
    for file in folder.path.rglob("*.sql"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    folder.path.joinpath("0001_rooms.sql").write_bytes(
        b"\xef\xbb\xbf" + (folder.path / "0001_rooms.sql").read_bytes()
    )
    assert not runner.migrate(migrated.owner_url, folder.path).changed


def test_of_twenty_runs_at_once_one_applies_each_file(empty_database: Database, folder: Folder) -> None:
    """All twenty succeed, and between them each file was applied exactly once."""
    folder.write("0003_slow.sql", "SELECT pg_sleep(0.2); CREATE TABLE slow (id int);")
    together = threading.Barrier(20)

    def run(_: int) -> runner.Report:
        together.wait(timeout=30)
        return runner.migrate(empty_database.owner_url, folder.path)

    with ThreadPoolExecutor(20) as pool:
        reports = list(pool.map(run, range(20)))
    numbered = sorted(name for report in reports for name in report.numbered)
    assert numbered == ["0001_rooms.sql", "0002_beds.sql", "0003_slow.sql"]
    assert [name for report in reports for name in report.functions] == ["functions/one.sql"]
    assert sum(report.grants for report in reports) == 1


def test_databases_of_one_server_may_be_made_at_once(
    untouched_server: postgres.Server, folder: Folder
) -> None:
    """Roles belong to the whole server, so runs in different databases meet there and must not fail."""
    names = [f"clinic_{number}" for number in range(8)]
    with psycopg.connect(untouched_server.owner_url, autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    together = threading.Barrier(len(names))

    def run(name: str) -> runner.Report:
        together.wait(timeout=30)
        return runner.migrate(untouched_server.url(name), folder.path)

    with ThreadPoolExecutor(len(names)) as pool:
        assert all(report.changed for report in pool.map(run, names))


def test_a_login_that_is_no_superuser_can_migrate(rds_like_url: str) -> None:
    """RDS's master user makes roles and is no superuser: the real files must pass for it, twice."""
    assert runner.migrate(rds_like_url).changed
    assert not runner.migrate(rds_like_url).changed
    with psycopg.connect(rds_like_url) as connection:
        member = connection.execute("SELECT pg_has_role('frontdesk_app', 'rds_iam', 'MEMBER')").fetchone()
        superuser = connection.execute(
            "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert member == (True,)
    assert superuser == (False,)


def test_the_runtime_role_signs_in_with_its_limits(database: Database) -> None:
    """Its timeouts, time zone and empty search path come with the role: no SET, so nothing is pinned."""
    names = (
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "TimeZone",
        "search_path",
        "plan_cache_mode",
    )
    with database.connect_app() as app:
        settings = {
            name: app.execute("SELECT current_setting(%s) AS value", [name]).fetchone() for name in names
        }
        temporary = app.execute("SELECT has_database_privilege(current_database(), 'TEMPORARY') AS allowed")
        assert temporary.fetchone() == {"allowed": False}
    values = [row["value"] if row else None for row in settings.values()]
    assert values == ["8s", "3s", "10s", "UTC", '""', "force_generic_plan"]


def test_the_password_never_reaches_the_server_in_clear(
    untouched_server: postgres.Server, folder: Folder, tmp_path: Path
) -> None:
    """The server is sent a SCRAM verifier, and the password in the file opens a connection."""
    secret = tmp_path / "password"
    secret.write_text("word of the test\n")
    url = untouched_server.owner_url
    options = ["--database-url", url, "--directory", str(folder.path), "--app-password-file", str(secret)]
    assert runner.main(options) == 0
    with psycopg.connect(url) as owner:
        stored = owner.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'frontdesk_app'").fetchone()
    assert stored is not None
    assert stored[0].startswith("SCRAM-SHA-256$")
    with psycopg.connect(untouched_server.url("frontdesk", "frontdesk_app", "word of the test")) as app:
        assert app.execute("SELECT current_user").fetchone() == ("frontdesk_app",)
