"""Load from pgbench, a client written in C: the same one for the floor and for the booking call.

A client in Python costs about as much CPU as the floor itself, which would flatter every ratio to it.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.database import Place

WARM_SECONDS = 1.5  # a backend's first call of a plpgsql function costs some 9 ms of CPU, the second 2
MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Load:
    """What one run measured: calls a second, and the latencies' median and 99th percentile in milliseconds."""

    per_second: float
    p50: float
    p99: float
    calls: int


def run(place: Place, script: str, *, connections: int, seconds: float, warm: float = WARM_SECONDS) -> Load:
    """Run a pgbench script on so many connections and measure the seconds after the warm-up.

    Raises:
        RuntimeError: pgbench failed, or any statement of its did.
    """
    directory = place.directory / "pgbench"
    directory.mkdir(exist_ok=True)
    for old in directory.iterdir():
        old.unlink()
    (directory / "script.sql").write_text(script)
    parts = urlsplit(place.app_url)
    whole = warm + seconds + 0.3
    done = subprocess.run(
        [
            place.server.binaries.directory / "pgbench",
            *("--no-vacuum", "--protocol=simple", "--log", f"--log-prefix={directory}/log"),
            *(f"--client={connections}", f"--jobs={min(2, connections)}", f"--time={round(whole + 0.5)}"),
            *("-f", directory / "script.sql"),
            *("-h", str(parts.hostname), "-p", str(parts.port), "-U", str(parts.username), parts.path[1:]),
        ],
        env={"PATH": os.defpath, "PGPASSWORD": place.app_password, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
        timeout=whole + 60,
    )
    if done.returncode or "aborted" in done.stderr or "ERROR" in done.stderr:
        raise RuntimeError(f"pgbench: {done.stderr.strip()[-500:]}")
    return _read(directory, warm)


def _read(directory: Path, warm: float) -> Load:
    """Read the per-call log: client, number, latency in microseconds, script, and the time it ended at."""
    rows = []
    for log in directory.glob("log.*"):
        for line in log.read_text().splitlines():
            fields = line.split()
            rows.append((int(fields[4]) + int(fields[5]) / MICROSECONDS, int(fields[2])))
    ends = [end for end, _ in rows]
    first, last = min(ends) + warm, max(ends)
    latencies = sorted(latency for end, latency in rows if end > first)
    return Load(
        per_second=len(latencies) / (last - first),
        p50=latencies[len(latencies) // 2] / 1000,
        p99=latencies[min(len(latencies) - 1, int(len(latencies) * 0.99))] / 1000,
        calls=len(rows),
    )
