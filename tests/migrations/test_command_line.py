"""``python -m migrations.migrate`` as an operator meets it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.database import Database
from tests.migrations.folder import Folder

ROOT = Path(__file__).parents[2]


def run(folder: Folder, *arguments: str, url: str | None) -> subprocess.CompletedProcess[str]:
    """Run the command on a folder, with the URL in the environment."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    if url:
        environment["DATABASE_URL"] = url
    command = [sys.executable, "-m", "migrations.migrate", "--directory", str(folder.path), *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_status_shows_each_files_standing(migrated: Database, folder: Folder) -> None:
    """Applied with its time, changed, edited, pending and gone are told apart, in the order of applying."""
    folder.write("0002_beds.sql", "SELECT 2;")
    folder.write("0003_keys.sql", "SELECT 3;")
    folder.write("functions/one.sql", Folder.function("one", "11"))
    with migrated.connect_owner() as owner:
        owner.execute("INSERT INTO frontdesk.schema_migrations VALUES ('functions/old.sql', 'x')")
    done = run(folder, "--status", url=migrated.owner_url)
    assert done.returncode == 0
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()[1:]]
    assert [line[0] for line in lines] == [
        "0001_rooms.sql",
        "0002_beds.sql",
        "0003_keys.sql",
        "functions/one.sql",
        "grants.sql",
        "functions/old.sql",
    ]
    standings = ["applied", "edited", "pending", "changed", "pending", "gone from the code"]
    assert all(line[1].startswith(standing) for line, standing in zip(lines, standings, strict=True)), (
        done.stdout
    )
    assert lines[2][1].endswith("-")
    assert not lines[0][1].endswith("-")


def test_a_dry_run_says_what_would_be_applied_and_changes_nothing(
    empty_database: Database, folder: Folder
) -> None:
    """Not even the schema is made."""
    done = run(folder, "--dry-run", url=empty_database.owner_url)
    assert done.stdout.splitlines() == [
        "would apply 0001_rooms.sql",
        "would apply 0002_beds.sql",
        "would apply functions/one.sql",
        "would apply grants.sql",
        "4 to apply; nothing was changed.",
    ]
    assert done.returncode == 0
    with empty_database.connect_owner() as owner:
        assert owner.execute("SELECT to_regnamespace('frontdesk') AS schema").fetchone() == {"schema": None}


def test_a_run_says_what_it_applied_and_then_that_nothing_is_left(
    empty_database: Database, folder: Folder
) -> None:
    """The first run names its files; the second one and a dry run have nothing to do."""
    first = run(folder, url=empty_database.owner_url)
    assert first.stdout.splitlines()[0] == "applied 0001_rooms.sql"
    assert first.stdout.splitlines()[-1] == "4 applied; the database is at this code's version."
    assert run(folder, url=empty_database.owner_url).stdout == "Nothing to apply.\n"
    assert run(folder, "--dry-run", url=empty_database.owner_url).stdout == "Nothing to apply.\n"


def test_a_refusal_is_one_sentence_and_exit_code_1(migrated: Database, folder: Folder) -> None:
    """No traceback: the reason on stderr, for a run and for a dry run alike."""
    folder.write("0001_rooms.sql", "SELECT 1;")
    for arguments in ([], ["--dry-run"]):
        done = run(folder, *arguments, url=migrated.owner_url)
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr == (
            "migrate: 0001_rooms.sql was edited after it was applied: restore it, "
            "and put the change into a new migration.\n"
        )


def test_an_unreachable_database_is_told_without_its_password(folder: Folder) -> None:
    """Exit code 1 and a sentence; the password stays out of it."""
    done = run(folder, url="postgresql://somebody:secret-word@127.0.0.1:1/nothing")
    assert done.returncode == 1
    assert done.stderr.startswith("migrate: connection failed")
    assert "secret-word" not in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_url_it_says_what_to_give(folder: Folder) -> None:
    """Nothing is guessed: no URL, no run."""
    done = run(folder, url=None)
    assert (done.returncode, done.stderr) == (1, "migrate: give --database-url or set DATABASE_URL.\n")
