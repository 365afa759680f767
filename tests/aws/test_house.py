"""The tools of the house: the search for leaks, and the help `make` prints."""

import subprocess
import sys

import pytest

from scripts import leaks
from scripts.build import ROOT

# Put together here so that this file holds no leak itself.
LEAKS = {
    "an AWS access key": "AKIA" + "ABCDEFGHIJKLMNOP",
    "a private key": "-----BEGIN " + "PRIVATE KEY-----",
    "a Twilio key": "SK" + "0123456789abcdef" * 2,
    "a GitHub token": "ghp_" + "a1B2c3D4e5F6" * 3,
    "a Google key": "AIza" + "0123456789abcdefghijklmnopqrstuvwxy",
    "a password in a URL": "postgresql://app:" + "9f8e7d6c5b4a" + "@db.example.com/x",
    "a path of one machine": "open('/" + "root/project/file.txt')",
    "a private package registry": "registry" + ' = "https://packages.example.com/simple"',
}


@pytest.mark.parametrize("what", leaks.PATTERNS)
def test_a_leak_is_found(what: str) -> None:
    """Every pattern finds its own example, and the report names the kind, never the secret."""
    assert leaks.leaks_in(f"first line\nvalue = {LEAKS[what]}\n") == [(2, what)]


@pytest.mark.parametrize(
    "harmless",
    [
        "postgresql://frontdesk_app@proxy.example.com:5432/frontdesk?sslmode=verify-full",
        "postgresql://app:{password}@127.0.0.1/frontdesk",
        "https://example.com/work/home/page",
        'registry = "https://pypi.org/simple"',
        "sslrootcert=/etc/pki/tls/certs/ca-bundle.crt",
    ],
)
def test_what_is_no_leak_is_left_alone(harmless: str) -> None:
    """URLs without a password, placeholders and paths that every machine has."""
    assert leaks.leaks_in(harmless) == []


def test_make_alone_lists_every_target_people_use() -> None:
    """One line each, from the comments beside the targets."""
    listing = subprocess.run(
        ["make"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout
    for target in (
        "run",
        "call",
        "race",
        "test",
        "check",
        "storm",
        "bench",
        "build",
        "deploy",
        "format",
        "lock",
        "clean",
    ):
        assert f"  make {target} " in listing, target


@pytest.mark.parametrize("module", ["local.stack", "scripts.build"])
def test_asking_for_help_starts_nothing(module: str) -> None:
    """Both take minutes or a whole database: `--help` prints how they are used, and that is all."""
    told = subprocess.run(
        [sys.executable, "-m", module, "--help"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ".:layers/shared"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    assert told.startswith("usage:")
    assert "is starting" not in told
    assert "fetching" not in told
