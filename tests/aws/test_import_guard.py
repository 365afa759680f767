"""What `book` must not load: a cold start on the phone pays for every import."""

import os
import subprocess
import sys

from scripts.build import ROOT

# Measured: each of these costs more CPU at a cold start than the rest of book's start together, or nearly.
TOO_HEAVY = {
    "aws_xray_sdk",
    "boto3",
    "botocore.session",  # Powertools looks at the bare package, a millisecond; a session is what costs
    "dateparser",
    "googleapiclient",
    "nameparser",
    "phonenumbers",
    "pydantic",
    "twilio",
}
LIST_MODULES = "import sys, functions.book.app; print('\\n'.join(sys.modules))"


def test_book_starts_without_the_heavy_libraries() -> None:
    """A fresh interpreter that imports the handler has none of them, through whatever chain."""
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "shared")]),
        # As on AWS, and never connected to: importing must not open anything.
        "DATABASE_URL": "postgresql://frontdesk_app@database.invalid:5432/frontdesk",
        "DATABASE_AUTH": "iam",
        "VAPI_SIGNING_KEYS": "a-key-for-this-test-only",
        "STAGE": "dev",
    }
    finished = subprocess.run(
        [sys.executable, "-c", LIST_MODULES],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert finished.returncode == 0, finished.stderr
    loaded = set(finished.stdout.split())
    assert "functions.book.app" in loaded
    assert not loaded & TOO_HEAVY
