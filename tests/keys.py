"""KMS for tests: moto's, as the local stack starts it, with a key or two."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from frontdesk import credentials
from local.moto_server import ROOT, START_SECONDS


@dataclass(frozen=True)
class KeyService:
    """A running KMS; `key_id` and `other_key_id` are ARNs of keys in it."""

    url: str
    key_id: str
    other_key_id: str

    def environment(self) -> dict[str, str]:
        """Return what points the AWS SDK at it and credentials at the first key."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "CREDENTIALS_KEY_ID": self.key_id,
        }


def point_at(service: KeyService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this process the service's environment, a client of its own and an empty memory."""
    for name, value in service.environment().items():
        monkeypatch.setenv(name, value)
    credentials._kms.cache_clear()
    credentials.forget()


@contextmanager
def running_kms() -> Iterator[KeyService]:
    """Start moto in a process of its own, which ends with this block."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "local.moto_server", "--fd", str(theirs.fileno())]
    with (
        ours,
        subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()], env=_python_path()) as process,
    ):
        theirs.close()
        try:
            ours.settimeout(START_SECONDS)
            url = ours.recv(200).decode().strip()
            assert url, "moto did not start"
            keys = [_client(url).create_key()["KeyMetadata"]["Arn"] for _ in range(2)]
            yield KeyService(url, *keys)
        finally:
            process.kill()


def _python_path() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "shared")])}


def _client(url: str) -> Any:
    import boto3

    return boto3.client(
        "kms",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
