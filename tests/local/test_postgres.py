"""The embedded Postgres starts, comes back after a crash, and keeps to itself."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from local import postgres, postgres_files
from tests.database import TestServer

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data_dir(server: TestServer) -> Iterator[Path]:
    """Return a place for a data directory, which is deleted with the test."""
    place = server.room / f"pg-{secrets.token_hex(4)}"
    yield place
    postgres.remove(place)


def test_what_was_written_is_there_after_a_restart(data_dir: Path) -> None:
    """A stopped server keeps its data and its password; the settings are those the SQL expects."""
    with postgres.start(data_dir, durable=False) as first, psycopg.connect(first.owner_url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('kept')")
    with postgres.start(data_dir) as second, psycopg.connect(second.owner_url) as connection:
        row = connection.execute(
            "SELECT word, current_setting('TimeZone'), current_setting('server_encoding'),"
            " current_setting('fsync'), lower('É') FROM kept"
        ).fetchone()
    assert row == ("kept", "UTC", "UTF8", "on", "é")
    assert second.password == first.password


def test_a_stopped_server_leaves_no_process(data_dir: Path) -> None:
    """Stopping ends the process and may be done twice."""
    server = postgres.start(data_dir, durable=False)
    assert postgres_files.is_postmaster_of(server.pid, data_dir.resolve())
    server.stop()
    server.stop()
    assert not postgres_files.is_postmaster_of(server.pid, data_dir.resolve())


def test_a_killed_server_starts_again(data_dir: Path) -> None:
    """A SIGKILLed server leaves its pid file and its workers behind; the next start recovers."""
    server = postgres.start(data_dir)
    with psycopg.connect(server.owner_url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    with postgres.start(data_dir) as again, psycopg.connect(again.owner_url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_the_server_of_a_killed_stack_is_replaced(data_dir: Path) -> None:
    """When the process that started it is killed, the server lives on; the next start stops it first."""
    program = (
        "import os, signal, pathlib; from local import postgres;"
        f"print(postgres.start(pathlib.Path({str(data_dir)!r}), durable=False).pid, flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    left = int(killed.stdout)
    assert killed.returncode == -signal.SIGKILL
    assert postgres_files.is_postmaster_of(left, data_dir.resolve())
    with postgres.start(data_dir, durable=False) as server:
        assert not postgres_files.is_postmaster_of(left, data_dir.resolve())
        assert server.pid != left


def test_a_pid_file_that_names_a_stranger_is_no_obstacle(data_dir: Path) -> None:
    """A process number is given out again: a stale pid file may name a live stranger, to be left alone."""
    postgres.start(data_dir, durable=False).stop()
    account = postgres_files.server_account(data_dir)
    # Of the server's own account: Postgres itself takes a stranger of another account for gone.
    with subprocess.Popen(["sleep", "60"], user=account.pw_uid if account else None) as stranger:
        (data_dir / "postmaster.pid").write_text(f"{stranger.pid}\n{data_dir}\n")
        with (
            postgres.start(data_dir, durable=False) as server,
            psycopg.connect(server.owner_url) as connection,
        ):
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert stranger.poll() is None
        stranger.kill()


def test_two_stacks_cannot_share_a_directory(data_dir: Path) -> None:
    """The second one is told so, and the first goes on."""
    with postgres.start(data_dir, durable=False) as server:
        with pytest.raises(postgres.PostgresError, match="Another running process uses"):
            postgres.start(data_dir, durable=False)
        with psycopg.connect(server.owner_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_an_interrupted_preparation_is_begun_again(data_dir: Path) -> None:
    """Half a data directory is never taken for a database."""
    half = data_dir.with_name(data_dir.name + ".new")
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with postgres.start(data_dir, durable=False) as server, psycopg.connect(server.owner_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not half.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
def test_root_behind_a_closed_door_still_gets_a_server(data_dir: Path) -> None:
    """Under a directory of mode 0700 the data lie elsewhere, behind a link; without the link, afresh."""
    closed = data_dir / "home"
    closed.mkdir(parents=True)
    closed.chmod(0o700)
    inside = closed / "pg"
    with postgres.start(inside, durable=False) as server, psycopg.connect(server.owner_url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
    with postgres.start(inside, durable=False) as server, psycopg.connect(server.owner_url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    assert inside.is_symlink()
    inside.unlink()
    with postgres.start(inside, durable=False) as server, psycopg.connect(server.owner_url) as connection:
        assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)
    elsewhere = inside.resolve()
    postgres.remove(inside)
    assert not elsewhere.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
def test_what_a_deleted_checkout_left_elsewhere_is_cleared(data_dir: Path) -> None:
    """Whoever deletes a checkout deletes the link and not what it leads to; a later start does."""
    rooms = []
    for name in ("deleted", "later"):
        closed = data_dir / name
        closed.mkdir(parents=True)
        closed.chmod(0o700)
        with postgres.start(closed / "pg", durable=False):
            rooms.append((closed / "pg").resolve().parent)
        if name == "deleted":
            shutil.rmtree(closed)
            os.utime(rooms[0] / "origin", (0, 0))
    assert not rooms[0].exists()
    assert rooms[1].exists()
    postgres.remove(data_dir / "later" / "pg")


def test_programs_behind_a_closed_door_are_copied(data_dir: Path, server: TestServer) -> None:
    """A virtual environment another account cannot enter is no obstacle: it runs a copy."""
    account = postgres_files.server_account(data_dir)
    if account is None:
        pytest.skip("only root runs the server as another account")
    closed = data_dir / "venv"
    (closed / "bin").mkdir(parents=True)
    (closed / "bin" / "postgres").write_text("program")
    closed.chmod(0o700)
    try:
        copy = postgres_files.readable_programs(closed / "bin", account)
        assert copy != closed / "bin"
        assert (copy / "postgres").read_text() == "program"
        assert postgres_files.readable_programs(closed / "bin", account) == copy
    finally:
        postgres_files.delete_room(closed / "bin")


def test_a_missing_version_is_told_in_one_sentence() -> None:
    """The sentence says what would help."""
    with pytest.raises(postgres.PostgresError, match=r"^No Postgres 99 here: run `uv sync`"):
        postgres.find_binaries(99)


def test_a_password_is_not_shown() -> None:
    """A server printed into a log shows no secret."""
    programs = postgres.Binaries(Path("/bin"), 18)
    server = postgres.Server("127.0.0.1", 1, 2, Path("/data"), programs, "secret-word")
    assert "secret-word" not in repr(server)
