"""`make run` as a person and the tools beside it meet it: start, stack.json, stop, crash, again."""

import json
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from local.stack import StartError, read_settings, with_login
from local.stack_file import NoStackError, find_org, kept_secret, read_stack, write_stack
from tests.local.stacks import answers, free_port, homes, launch, running, stop

ORG_KEYS = {
    "id", "slug", "time_zone", "vapi_phone_number_id", "vapi_number", "vapi_secret", "twilio_number",
    "twilio_account_sid", "twilio_auth_token", "staff_token", "google", "providers", "services",
}  # fmt: skip
STACK_KEYS = {
    "http", "ws", "database_url", "app_database_url", "sqs", "queues", "twilio", "google", "orgs",
}  # fmt: skip


def slugs(database_url: str) -> list[str]:
    """Read the clinics of a stack."""
    with psycopg.connect(database_url) as connection:
        return [row[0] for row in connection.execute("SELECT slug FROM frontdesk.orgs ORDER BY slug")]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A directory for a stack."""
    with homes(tmp_path / "home"):
        yield tmp_path / "home"


def test_a_stack_lives_dies_and_comes_back_with_its_data(home: Path) -> None:
    """From an empty directory to a clean end by Ctrl-C, a crash, and a start over what the crash left."""
    with running(home) as (process, first):
        assert set(first) == STACK_KEYS
        assert all(set(org) == ORG_KEYS for org in first["orgs"])
        assert stat.S_IMODE((home / "stack.json").stat().st_mode) == 0o600
        assert answers(first["http"] + "/health")
        assert slugs(first["database_url"]) == ["bright-smiles", "clinica-del-sol"]
        assert [len(org["providers"]) for org in first["orgs"]] == [1, 3]
        assert first["orgs"][0]["services"][0]["duration_minutes"] == 60
        assert set(first["queues"]) >= {"sms", "calendar", "notify", "sms_dlq", "calendar_dlq", "notify_dlq"}
        with (
            psycopg.connect(first["app_database_url"]) as app,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            app.execute("SELECT * FROM frontdesk.orgs")
        said = stop(process, signal.SIGINT)
        assert process.returncode == 0, said
        assert "Frontdesk is ready" in said
        assert "Traceback" not in said
        assert all(org["vapi_secret"] not in said for org in first["orgs"])
    assert not (home / "stack.json").exists()
    assert not any(answers(first[name]) for name in ("http", "sqs"))

    with running(home) as (process, second):
        process.kill()
        process.wait()
    assert (home / "stack.json").exists(), "a killed stack cannot clean up"

    with running(home) as (process, third):
        assert [org["id"] for org in third["orgs"]] == [org["id"] for org in first["orgs"]]
        assert [org["vapi_secret"] for org in third["orgs"]] == [org["vapi_secret"] for org in first["orgs"]]
        assert not answers(second["sqs"])
        said = stop(process, signal.SIGTERM)
        assert process.returncode == 0, said

    with running(home, FRESH="1") as (_, fresh):
        assert fresh["orgs"][0]["vapi_secret"] != first["orgs"][0]["vapi_secret"]


def test_two_stacks_run_side_by_side_and_one_directory_has_one(tmp_path: Path) -> None:
    """Another directory is another stack with its own database and secrets; the same one is refused."""
    first, second = tmp_path / "one", tmp_path / "two"
    with homes(first, second), running(first) as (_, one), running(second) as (_, two):
        for name in ("http", "sqs", "database_url"):
            assert one[name] != two[name]
        assert one["orgs"][0]["vapi_secret"] != two["orgs"][0]["vapi_secret"]
        third = launch(first, free_port())
        said, _ = third.communicate(timeout=60)
        assert third.returncode == 1
        assert "already running" in said
        assert read_stack(first / "stack.json") == one


def test_a_taken_port_is_one_clear_sentence(tmp_path: Path) -> None:
    """No trace, no half-started database: the sentence names the port and the way out."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = int(other.getsockname()[1])
        process = launch(tmp_path / "home", port)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"Port {port} is taken" in said
    assert "Traceback" not in said
    assert not (tmp_path / "home" / "postgres").exists()


@pytest.mark.parametrize("port", ["http", "-1", "0", "65536", "80.5"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    """PORT=http and the like are named, not guessed at."""
    with pytest.raises(StartError, match="PORT must be a number"):
        read_settings({"PORT": port})


def test_the_usual_settings_are_8787_and_yesterdays_data() -> None:
    """Nothing given, or given empty as make does, is the default; FRESH=0 is no."""
    for variables in ({}, {"PORT": "", "FRESH": "", "DATABASE_URL": ""}, {"FRESH": "0"}):
        settings = read_settings(variables)
        assert (settings.port, settings.fresh, settings.database_url) == (8787, False, None)
    assert read_settings({"FRESH": "1"}).fresh


def test_a_database_url_gets_the_runtime_roles_login() -> None:
    """Host, database and options stay; a password with odd characters survives."""
    url = with_login("postgresql://boss:p%40ss@db.example:5433/frontdesk?sslmode=require", "app", "a/b@c")
    assert url == "postgresql://app:a%2Fb%40c@db.example:5433/frontdesk?sslmode=require"


def test_tools_without_a_stack_say_what_to_do(tmp_path: Path) -> None:
    """No stack.json means no stack, and the sentence says how to get one."""
    with pytest.raises(NoStackError, match="make run"):
        read_stack(tmp_path / "stack.json")


def test_an_org_is_found_by_its_slug_or_the_first_is_taken(tmp_path: Path) -> None:
    """An unknown slug is answered with those there are."""
    path = tmp_path / "stack.json"
    write_stack({"orgs": [{"slug": "a"}, {"slug": "b"}]}, path)
    stack = read_stack(path)
    assert find_org(stack, None)["slug"] == "a"
    assert find_org(stack, "b")["slug"] == "b"
    with pytest.raises(NoStackError, match="there are a, b"):
        find_org(stack, "c")


def test_a_kept_secret_stays_and_is_its_owners_only(tmp_path: Path) -> None:
    """The second reading gives the first one's value, from a file nobody else may read."""
    secret = kept_secret("key", tmp_path)
    assert kept_secret("key", tmp_path) == secret
    assert len(secret) >= 40
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert json.dumps(secret) == f'"{secret}"'
