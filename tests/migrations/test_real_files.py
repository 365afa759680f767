"""The project's own migrations keep the rules that the next person relies on."""

import re
from pathlib import Path

import pytest

from migrations import migrate as runner
from migrations.files import NUMBERED_NAME, Files, SqlFile, read_files
from tests.database import Database

FILES: Files = read_files(runner.DIRECTORY)


def test_there_are_tables_functions_and_grants() -> None:
    """The checks below look at something."""
    assert FILES.numbered
    assert FILES.functions
    assert FILES.grants


@pytest.mark.parametrize("path", sorted(runner.DIRECTORY.glob("[0-9]*")), ids=lambda path: path.name)
def test_a_migration_is_named_by_number_and_purpose(path: Path) -> None:
    """NNNN_what_it_does.sql, in snake_case, so that a list of files reads as the history of the schema."""
    assert NUMBERED_NAME.fullmatch(path.name)


@pytest.mark.parametrize("file", FILES.numbered, ids=lambda file: file.name)
def test_a_migration_holds_no_function(file: SqlFile) -> None:
    """A body in a numbered file would be a second definition, and the newest one hard to find."""
    assert not re.search(r"\bCREATE\s+(OR\s+REPLACE\s+)?(FUNCTION|PROCEDURE)\b", file.text, re.IGNORECASE)


@pytest.mark.parametrize("file", FILES.functions, ids=lambda file: file.name)
def test_a_function_file_can_be_applied_again(file: SqlFile) -> None:
    """One CREATE OR REPLACE of the function it is named after, with its schema."""
    definitions = re.findall(r"^CREATE\s+(.*?)\s*\(", file.text, re.IGNORECASE | re.MULTILINE | re.DOTALL)
    assert definitions == [f"OR REPLACE FUNCTION frontdesk.{file.function}"]


def test_the_real_files_install_and_a_second_run_does_nothing(empty_database: Database) -> None:
    """Everything in the folder is applied by one run; then there is nothing left."""
    report = runner.migrate(empty_database.owner_url)
    assert report.numbered == tuple(file.name for file in FILES.numbered)
    assert set(report.functions) == {file.name for file in FILES.functions}
    assert report.grants
    assert not runner.migrate(empty_database.owner_url).changed


def test_every_function_of_the_schema_has_its_file(database: Database) -> None:
    """The files are the only definitions: no function without one, none twice."""
    with database.connect_owner() as owner:
        rows = owner.execute(
            "SELECT proname AS name FROM pg_proc"
            " WHERE pronamespace = 'frontdesk'::regnamespace ORDER BY proname"
        ).fetchall()
    assert [row["name"] for row in rows] == sorted(file.function for file in FILES.functions)
