"""No secret is an argument, and none comes out where nobody asked for it."""

import os
import pty
import subprocess
import sys
import time

import pytest

from frontdesk.senders import derive_secret
from tests.cli.conftest import ROOT, SIGNING_KEY, Frontdesk, operator_url
from tests.clinics import Connection, every_row, one
from tests.database import Database
from tests.keys import KeyService

SID = "AC0123456789abcdef0123456789abcdef"
TOKEN = "canarytoken0123456789abcdef01234"


def test_the_token_is_neither_told_nor_readable_in_the_database(pine: Frontdesk, owner: Connection) -> None:
    """After storing it no output, text or JSON, and no row of any table has the token or the account SID."""
    ran = pine(f"secret twilio set pine --account-sid {SID}", stdin=TOKEN + "\n")
    assert ran.status == 0
    told = ran.out + ran.err + pine("org show pine").out + pine("org show pine --json").out
    rows = repr(every_row(owner, one(owner, "SELECT id FROM frontdesk.orgs")))
    assert "twilio version 1" in told
    for secret in (TOKEN, TOKEN.encode().hex(), SID):
        assert secret not in told + rows


@pytest.mark.parametrize(
    "line",
    [
        f"secret twilio set pine --account-sid {SID} --auth-token {TOKEN}",
        f"secret twilio set pine --account-sid {SID} --auth-token={TOKEN}",
        f"secret twilio set pine --account-sid {SID} {TOKEN}",
        f"secret twilio set pine --account-sid {TOKEN}",
    ],
)
def test_a_token_given_as_an_argument_is_refused_and_not_repeated(pine: Frontdesk, line: str) -> None:
    """Wherever it was written on the command line, the error does not echo it into a log or a screen."""
    ran = pine(line, stdin=TOKEN)
    assert ran.status == 2
    assert TOKEN not in ran.out + ran.err


@pytest.mark.parametrize(
    "stdin", [f"{TOKEN} {TOKEN}", f"{TOKEN}é", "x" * 300], ids=["two words", "é", "too long"]
)
def test_what_is_no_token_is_refused_and_not_repeated(pine: Frontdesk, owner: Connection, stdin: str) -> None:
    """A pasted sentence or file is refused without quoting it, and nothing is stored."""
    ran = pine(f"secret twilio set pine --account-sid {SID}", stdin=stdin)
    assert ran.status == 1
    assert "What came in is no auth token" in ran.err
    assert stdin[:20] not in ran.out + ran.err
    assert one(owner, "SELECT count(*) FROM frontdesk.credentials") == 0


def test_the_vapi_secret_is_printed_only_when_asked_for(pine: Frontdesk, owner: Connection) -> None:
    """`show` and `rotate` do not have it; --reveal prints it alone on standard output."""
    org_id = one(owner, "SELECT id FROM frontdesk.orgs")
    secrets = [derive_secret(SIGNING_KEY, org_id, generation) for generation in (1, 2)]
    told = "".join(
        pine(line).out
        for line in (
            "secret vapi show pine",
            "secret vapi show pine --json",
            "secret vapi rotate pine",
            "org show pine --json",
        )
    )
    assert not any(secret in told for secret in secrets)
    assert pine("secret vapi show pine --reveal").out == f"{secrets[1]}\n"


def _environment(database: Database, kms: KeyService) -> dict[str, str]:
    return {
        **os.environ,
        **kms.environment(),
        "DATABASE_URL": operator_url(database),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "shared")]),
    }


def test_the_list_of_processes_never_shows_the_token(
    pine: Frontdesk, database: Database, kms: KeyService
) -> None:
    """While the real command waits for the token and works, its argv has no trace of it."""
    command = [sys.executable, "-m", "cli", "secret", "twilio", "set", "pine", "--account-sid", SID]
    seen = set()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=_environment(database, kms),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(TOKEN + "\n")
        process.stdin.flush()
        until = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < until:
            seen.add(_argv(process.pid))
            time.sleep(0.02)
        out = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert "version 1" in out
    assert any("twilio" in argv for argv in seen)
    assert not any(TOKEN in argv for argv in seen)


def _argv(pid: int) -> str:
    """Read a process's command line as `ps` does; empty when it has just ended."""
    return subprocess.run(
        ["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout


def test_at_a_terminal_the_token_is_asked_for_and_not_shown(
    pine: Frontdesk, database: Database, kms: KeyService
) -> None:
    """A person types it after a prompt; the terminal shows the prompt and not one letter of it."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "secret", "twilio", "set", "pine", "--account-sid", SID],
        cwd=ROOT, env=_environment(database, kms), stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        shown = _read_until(ours, "(not shown): ")
        os.write(ours, TOKEN.encode() + b"\n")
        shown += _read_until(ours, "within five minutes.")
        process.wait(timeout=60)
    os.close(ours)
    assert process.returncode == 0, shown
    assert TOKEN not in shown


def _read_until(descriptor: int, words: str) -> str:
    shown = ""
    while words not in shown:
        try:
            read = os.read(descriptor, 1000).decode()
        except OSError:  # Linux's way of saying that the other end of a terminal is closed
            break
        shown += read
    return shown
