"""Load from pgbench, a client written in C: the same one for the floor and for the booking call.

A client in Python costs about as much CPU as the floor itself, which would flatter every ratio to it.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.database import Clinics

# A backend's first call of a plpgsql function costs some 9 ms of CPU, and its statements are planned anew for
# the first five calls: with many connections that alone fills seconds.
WARM_SECONDS = 1.0
WARM_SECONDS_PER_CONNECTION = 0.04
MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Load:
    """What one run measured: calls a second, and the latencies' median and 99th percentile (ms)."""

    per_second: float
    p50: float
    p99: float
    calls: int


def run(clinics: Clinics, script: str, *, connections: int, seconds: float) -> Load:
    """Run a pgbench script on so many connections and measure the last seconds of it.

    Raises:
        RuntimeError: pgbench failed, or any of its statements did.
    """
    directory = clinics.directory / "pgbench"
    directory.mkdir(exist_ok=True)
    for old in directory.iterdir():
        old.unlink()
    (directory / "script.sql").write_text(script)
    warm = WARM_SECONDS + WARM_SECONDS_PER_CONNECTION * connections
    whole = round(warm + seconds + 0.4)
    parts = urlsplit(clinics.app_url)
    done = subprocess.run(
        [
            *(clinics.server.binaries.directory / "pgbench", "--no-vacuum", "--protocol=simple"),
            *("--log", f"--log-prefix={directory}/log", "--file", directory / "script.sql"),
            *(f"--client={connections}", f"--jobs={min(2, connections)}", f"--time={whole}"),
            *("-h", str(parts.hostname), "-p", str(parts.port), "-U", str(parts.username), clinics.name),
        ],
        env={"PATH": os.defpath, "PGPASSWORD": clinics.app_password, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
        timeout=whole + 60,
    )
    if done.returncode or "ERROR" in done.stderr:
        raise RuntimeError(f"pgbench: {done.stderr.strip()[-500:]}")
    return _read(directory, seconds)


def _read(directory: Path, seconds: float) -> Load:
    """Read the log of calls: client, number, latency in microseconds, script, and the time it ended at."""
    calls = []
    for log in directory.glob("log.*"):
        for line in log.read_text().splitlines():
            _, _, latency, _, second, microsecond, *_ = line.split()
            calls.append((int(second) + int(microsecond) / MICROSECONDS, int(latency) / 1000))
    last = max(end for end, _ in calls)
    first = last - seconds  # counted from the end: however slow the start was, it is not in here
    latencies = sorted(latency for end, latency in calls if end > first)
    return Load(
        per_second=len(latencies) / (last - first),
        p50=latencies[len(latencies) // 2],
        p99=latencies[int(len(latencies) * 0.99)],
        calls=len(calls),
    )
