"""The operator's command run in this process, as the operator's role, on a database of its own."""

import io
import json
import os
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from cli.__main__ import main
from frontdesk import db, settings
from tests.database import Database
from tests.keys import KeyService, point_at, running_kms

ROOT = Path(__file__).resolve().parents[2]
SIGNING_KEY = "signing-key-of-the-cli-tests"


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Return what --json printed."""
        return json.loads(self.out)


type Frontdesk = Callable[..., Ran]


class _Pipe(io.TextIOWrapper):
    """Standard input that is a pipe with this text in it: commands may read it by its descriptor too."""

    def __init__(self, text: str) -> None:
        reading, writing = os.pipe()
        os.write(writing, text.encode())
        os.close(writing)
        super().__init__(os.fdopen(reading, "rb"), encoding="utf-8")


def operator_url(database: Database) -> str:
    """Return a URL whose session may do what frontdesk_operator may, and no more."""
    return f"{database.owner_url}?options={quote('-c role=frontdesk_operator')}"


@pytest.fixture(scope="session")
def kms() -> Iterator[KeyService]:
    """Start one KMS for all tests of the command."""
    with running_kms() as service:
        yield service


@pytest.fixture
def frontdesk(
    database: Database, kms: KeyService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Frontdesk]:
    """Return what runs one command line, written as in a shell, with `stdin` piped in."""
    point_at(kms, monkeypatch)
    monkeypatch.setenv("DATABASE_URL", operator_url(database))
    monkeypatch.setenv("DATABASE_AUTH", "password")
    monkeypatch.setenv("VAPI_SIGNING_KEYS", SIGNING_KEY)

    def run(line: str, stdin: str = "") -> Ran:
        settings.current.cache_clear()
        capsys.readouterr()
        with _Pipe(stdin) as pipe:
            monkeypatch.setattr("sys.stdin", pipe)
            try:
                status = main(shlex.split(line))
            except SystemExit as ended:  # argparse, for help and for a wrong command line
                status = int(ended.code or 0)
        return Ran(status, *capsys.readouterr())

    yield run
    db.close()
    settings.current.cache_clear()


@pytest.fixture
def pine(frontdesk: Frontdesk) -> Frontdesk:
    """Make the clinic `pine`: Dr. Patel, teeth cleaning, weekdays 09:00-17:00 in New York, one number."""
    for line in (
        'org create --slug pine --name "Pine Dental" --time-zone America/New_York',
        'service add pine --name "Teeth cleaning" --minutes 60 --alias Hygiene',
        'provider add pine --name "Dr. Patel"',
        "org hours pine --weekdays 09:00-17:00",
        "number add pine --phone-number-id pn-pine --number +12025550100",
    ):
        ran = frontdesk(line)
        assert ran.status == 0, (line, ran.err)
    return frontdesk
