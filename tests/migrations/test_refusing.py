"""What a run refuses, with a sentence naming the file and what to do, leaving nothing behind."""

import psycopg
import pytest

from migrations import migrate as runner
from migrations.files import RefusedError, read_files
from tests.database import Database
from tests.migrations.folder import Folder


def tables(database: Database) -> list[str]:
    """Return the tables of the schema, by name."""
    with database.connect_owner() as owner:
        rows = owner.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'frontdesk' ORDER BY 1"
        ).fetchall()
    return [row["tablename"] for row in rows]


def test_an_edited_migration_is_refused(migrated: Database, folder: Folder) -> None:
    """An applied file may not change, and nothing after it is applied."""
    folder.write("0001_rooms.sql", "CREATE TABLE rooms (id bigint PRIMARY KEY);")
    folder.write("0003_keys.sql", "CREATE TABLE keys (id int);")
    with pytest.raises(RefusedError, match=r"^0001_rooms\.sql was edited after it was applied: restore it"):
        runner.migrate(migrated.owner_url, folder.path)
    assert tables(migrated) == ["beds", "rooms", "schema_migrations"]


def test_a_database_newer_than_the_code_is_refused(migrated: Database, folder: Folder) -> None:
    """Old code must not touch a database a newer version has changed, not even its functions."""
    folder.delete("0002_beds.sql")
    folder.write("functions/one.sql", Folder.function("one", "11"))
    with pytest.raises(
        RefusedError, match=r"^0002_beds\.sql .* the database is newer; deploy the newer code\.$"
    ):
        runner.migrate(migrated.owner_url, folder.path)
    with migrated.connect_owner() as owner:
        assert owner.execute("SELECT frontdesk.one() AS answer").fetchone() == {"answer": 1}


def test_an_applied_migration_that_vanished_is_refused(migrated: Database, folder: Folder) -> None:
    """Two branches that took the same number are found out, and the missing file is named."""
    folder.delete("0002_beds.sql")
    folder.write("0002_keys.sql", "CREATE TABLE keys (id int);")
    with pytest.raises(RefusedError, match=r"^0002_beds\.sql .* is gone from the code: restore the file\.$"):
        runner.migrate(migrated.owner_url, folder.path)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("0002_again.sql", "SELECT 1;", r"^0002_beds\.sql has the number of 0002_again\.sql"),
        ("0004_later.sql", "SELECT 1;", r"^0004_later\.sql follows a gap: 0003 is missing"),
        ("3_short.sql", "SELECT 1;", r"^3_short\.sql: a migration is named NNNN_what_it_does\.sql"),
        ("0003_Capital.sql", "SELECT 1;", r"^0003_Capital\.sql: a migration is named NNNN_what_it_does\.sql"),
        ("0003_commits.sql", "SELECT 1;\nCOMMIT;", r"^0003_commits\.sql: remove its BEGIN or COMMIT"),
        ("functions/Two.sql", "SELECT 1;", r"^functions/Two\.sql: name the file after its function"),
        ("functions/two.sql", "-- requires: three\n", r"^functions/two\.sql requires three, which no file"),
        (
            "functions/two.sql",
            "-- requires: two\n",
            r"^functions/ require each other in a circle: two -> two",
        ),
        ("functions/two.sql", "SET \"app.org_id\" = ''\n", r"^functions/two\.sql: .* needs a superuser"),
    ],
)
def test_files_that_do_not_fit_are_refused_before_the_database_is_touched(
    empty_database: Database, folder: Folder, name: str, text: str, sentence: str
) -> None:
    """A bad name or number, a statement that cannot work: said at once, and not even a schema is made."""
    folder.write(name, text)
    with pytest.raises(RefusedError, match=sentence):
        runner.migrate(empty_database.owner_url, folder.path)
    with empty_database.connect_owner() as owner:
        assert owner.execute("SELECT to_regnamespace('frontdesk') AS schema").fetchone() == {"schema": None}


def test_a_failing_migration_leaves_nothing_behind(migrated: Database, folder: Folder) -> None:
    """Its table, its record and all that would follow are absent; a mended run goes on from there."""
    folder.write("0003_keys.sql", "CREATE TABLE keys (id int);\nSELECT 1/0;")
    folder.write("0004_doors.sql", "CREATE TABLE doors (id int);")
    with pytest.raises(RefusedError, match=r"^0003_keys\.sql: division by zero \(SQLSTATE 22012\)$"):
        runner.migrate(migrated.owner_url, folder.path)
    assert tables(migrated) == ["beds", "rooms", "schema_migrations"]
    folder.write("0003_keys.sql", "CREATE TABLE keys (id int);")
    assert runner.migrate(migrated.owner_url, folder.path).numbered == ("0003_keys.sql", "0004_doors.sql")


def test_a_mistake_is_told_with_its_line(migrated: Database, folder: Folder) -> None:
    """Where Postgres knows the place, the sentence names the line of the file."""
    folder.write("0003_keys.sql", "CREATE TABLE keys (id int);\n\nCREATE TABEL doors (id int);")
    with pytest.raises(RefusedError, match=r'^0003_keys\.sql line 3: syntax error at or near "TABEL"'):
        runner.migrate(migrated.owner_url, folder.path)


def test_a_failing_row_is_not_quoted(migrated: Database, folder: Folder) -> None:
    """Postgres quotes the row that breaks a constraint; it may be a patient's, so it is left out."""
    folder.write("0003_rooms.sql", "INSERT INTO rooms VALUES (4711); INSERT INTO rooms VALUES (4711);")
    with pytest.raises(
        RefusedError, match=r"^0003_rooms\.sql: duplicate key .* \(SQLSTATE 23505\)$"
    ) as caught:
        runner.migrate(migrated.owner_url, folder.path)
    assert "4711" not in str(caught.value)


def test_a_failing_function_takes_all_functions_back(migrated: Database, folder: Folder) -> None:
    """Functions change together or not at all, so that no caller meets half of a new version."""
    folder.write("functions/one.sql", Folder.function("one", "11"))
    folder.write(
        "functions/two.sql", "CREATE FUNCTION frontdesk.two() RETURNS nothing_known AS $$ $$ LANGUAGE sql;"
    )
    with pytest.raises(RefusedError, match=r"^functions/two\.sql"):
        runner.migrate(migrated.owner_url, folder.path)
    with migrated.connect_owner() as owner:
        assert owner.execute("SELECT frontdesk.one() AS answer").fetchone() == {"answer": 1}


def test_changed_arguments_never_make_a_second_function(migrated: Database, folder: Folder) -> None:
    """CREATE OR REPLACE with other arguments adds an overload, and old callers would keep the old body."""
    folder.write("functions/one.sql", Folder.function("one", "11", "p_more int DEFAULT 0"))
    with pytest.raises(RefusedError, match=r"^functions/one\.sql would make a second function of its name"):
        runner.migrate(migrated.owner_url, folder.path)
    folder.write("0003_one_takes_more.sql", "DROP FUNCTION one();")
    assert runner.migrate(migrated.owner_url, folder.path).functions == ("functions/one.sql",)


def test_a_file_must_define_the_function_it_is_named_after(migrated: Database, folder: Folder) -> None:
    """Otherwise nobody finds a function by its file."""
    folder.write("functions/two.sql", Folder.function("three", "3"))
    with pytest.raises(RefusedError, match=r"^functions/two\.sql must define the function frontdesk\.two\.$"):
        runner.migrate(migrated.owner_url, folder.path)


def test_a_function_is_dropped_by_a_migration_and_not_by_deleting_its_file(
    migrated: Database, folder: Folder
) -> None:
    """A deleted file alone is refused; with a migration that drops the function it is forgotten."""
    folder.delete("functions/one.sql")
    with pytest.raises(RefusedError, match=r"^functions/one\.sql is gone .* DROP FUNCTION frontdesk\.one\.$"):
        runner.migrate(migrated.owner_url, folder.path)
    folder.write("0003_drop_one.sql", "DROP FUNCTION one();")
    runner.migrate(migrated.owner_url, folder.path)
    with migrated.connect_owner() as owner:
        recorded = owner.execute("SELECT file FROM frontdesk.schema_migrations WHERE file LIKE 'functions/%'")
        assert recorded.fetchall() == []


def test_a_role_that_walks_through_row_security_is_refused(empty_database: Database, folder: Folder) -> None:
    """A frontdesk_app made by hand with BYPASSRLS would see every clinic: the run stops."""
    with empty_database.connect_owner() as owner, owner.transaction(force_rollback=True):
        runner.migrate(empty_database.owner_url, folder.path)
        owner.execute("ALTER ROLE frontdesk_app BYPASSRLS")
        with pytest.raises(psycopg.errors.RaiseException, match="may bypass row security"):
            owner.execute(read_files(folder.path).roles.encode())
