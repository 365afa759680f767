"""Whole stacks for tests: started in a directory of their own, watched, stopped."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local import postgres
from local.stack_file import read_stack

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """Find a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def surroundings(directory: Path) -> dict[str, str]:
    """Give the environment in which `python -m local...` works on the stack in `directory`."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "FRESH"}}
    path = f"{ROOT}{os.pathsep}{ROOT / 'layers' / 'shared'}"
    return kept | {"PYTHONPATH": path, "FRONTDESK_LOCAL": str(directory)}


def launch(directory: Path, port: int, **variables: str) -> subprocess.Popen[str]:
    """Start a stack which keeps its data in `directory`."""
    environment = surroundings(directory) | {"PORT": str(port), **variables}
    return subprocess.Popen(
        [sys.executable, "-m", "local.stack"],
        cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        # Nobody reads before the end, and a full pipe stops the stack; the usual 64 KB are soon full.
        pipesize=1024 * 1024,
    )  # fmt: skip


def wait_until_ready(process: subprocess.Popen[str], directory: Path, launched: float) -> dict[str, Any]:
    """Wait for this start's stack.json (a killed stack leaves its own behind) and read it."""
    deadline = time.monotonic() + 120
    path = directory / "stack.json"
    while not path.exists() or path.stat().st_mtime < launched:
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(f"the stack did not start:\n{process.communicate()[0]}")
        time.sleep(0.05)
    return read_stack(path)


@contextmanager
def homes(*directories: Path) -> Iterator[None]:
    """Remove the databases of these stacks at the end; under root they lie outside the directories."""
    try:
        yield
    finally:
        for directory in directories:
            postgres.remove(directory / "postgres")


@contextmanager
def running(directory: Path, **variables: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run a stack on a free port; it is stopped at the end if it still runs."""
    launched = time.time()
    process = launch(directory, free_port(), **variables)
    try:
        yield process, wait_until_ready(process, directory, launched)
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
        process.kill()
        process.wait()


def stop(process: subprocess.Popen[str], how: signal.Signals) -> str:
    """End a stack with a signal; give what it printed."""
    process.send_signal(how)
    said, _ = process.communicate(timeout=60)
    return said


def answers(url: str) -> bool:
    """Tell whether anything at all listens behind an address."""
    try:
        urllib.request.urlopen(url, timeout=5)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
