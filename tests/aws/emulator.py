"""The Lambda Runtime Interface Emulator that ships inside aws-sam-cli, with AWS's own runtime client."""

import contextlib
import json
import os
import platform
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

# What AWS puts beside the interpreter in its Python runtime, as far as a handler of ours may count on it: its
# client of Lambda, and its SDK with all that needs.
RUNTIME_PACKAGES = (
    *("awslambdaric", "simplejson", "snapshot_restore_py"),
    *("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"),
)
PROCESSORS = {"x86_64": "x86_64", "aarch64": "arm64"}
INIT_REPORT = re.compile(r"INIT REPORT\(durationMs: ([0-9.]+)\)")


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator: `url` takes events, `log` is the file both it and the function write to."""

    url: str
    log: Path

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Send one event and return the handler's answer, or Lambda's error object where it failed."""
        request = urllib.request.Request(self.url, data=json.dumps(event).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def init_milliseconds(self) -> float:
        """Read how long the function's imports took; the emulator writes it once the first event came."""
        found = INIT_REPORT.search(self.log.read_text())
        assert found, f"the emulator reported no init:\n{self.log.read_text()[-2000:]}"
        return float(found[1])


def why_impossible() -> str | None:
    """Say why the emulator cannot run on this machine, or None where it can."""
    if sys.platform != "linux" or platform.machine() not in PROCESSORS:
        return "the Lambda runtime emulator is a Linux program for x86_64 and arm64"
    return None


@contextlib.contextmanager
def running(
    task: Path,
    layers: Sequence[Path],
    handler: str,
    environment: Mapping[str, str],
    room: Path,
    *,
    name: str = "book",
    seconds: int = 12,
) -> Iterator[Emulator]:
    """Run a built function as Lambda would: from its own artefact, its layers and the runtime, nothing else.

    `task` and `layers` stand for /var/task and /opt/python. `environment` is the whole of the function's own
    variables, `seconds` its timeout. `room` is an empty directory for this run. Neither the checkout nor the
    packages of this environment are on the path, so what the layers lack is missed here too.
    """
    runtime, program = place_runtime(room), place_emulator(room)
    port, inner = free_port(), free_port()
    variables = dict(environment) | {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(map(str, (task, *layers, runtime))),
        "LAMBDA_TASK_ROOT": str(task),
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(seconds),
    }
    # -S leaves out site-packages; the base interpreter knows nothing of this virtual environment.
    interpreter = Path(sys.base_prefix) / "bin" / "python3.13"
    command = [
        str(program),
        *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
        *("--runtime-api-address", f"127.0.0.1:{inner}"),
        *(str(interpreter), "-S", "-m", "awslambdaric", handler),
    ]
    log = room / "emulator.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=task, env=variables, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        wait_for(port, process, log)
        yield Emulator(f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations", log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def place_emulator(room: Path) -> Path:
    """Copy the emulator out of the package, which ships it without the right to run."""
    name = f"aws-lambda-rie-{PROCESSORS[platform.machine()]}"
    source = Path(str(distribution("aws-sam-cli").locate_file(f"samcli/local/rapid/{name}")))
    target = room / name
    shutil.copyfile(source, target)
    target.chmod(target.stat().st_mode | stat.S_IXUSR)
    return target


def place_runtime(room: Path) -> Path:
    """Link only the runtime's own packages into a directory, away from everything else installed here."""
    runtime = room / "runtime"
    runtime.mkdir()
    for name in RUNTIME_PACKAGES:
        found = distribution(name)
        for top in {Path(str(file)).parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            (runtime / top).symlink_to(Path(str(found.locate_file(top))))
    return runtime


def free_port() -> int:
    """Find a TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the emulator listens, at most 20 seconds."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"the emulator does not listen:\n{log.read_text()[-2000:]}")
