"""AWS's services on this machine: one moto server process (SQS, KMS, Secrets Manager).

`python -m local.moto_server --fd N` writes its URL to the socket N and ends when that socket does,
so it never outlives the stack, however the stack ended. moto keeps everything in memory.
"""

import argparse
import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from local.kms_key import key_from, put_into_moto

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
KMS_SECRET = "FRONTDESK_KMS_SECRET"


@dataclass(frozen=True, slots=True)
class MotoServer:
    """A running moto server."""

    url: str
    process: asyncio.subprocess.Process
    line: socket.socket

    async def stop(self) -> None:
        """End the server and wait for it."""
        self.line.close()
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


async def start_moto(log: Path, kms_secret: str = "") -> MotoServer:
    """Start moto on a free port of 127.0.0.1; raise RuntimeError naming the log when it does not start.

    With a `kms_secret` it has the key that follows from it (local/kms_key.py), as the last one had.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    ours, theirs = socket.socketpair()
    with theirs, log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "local.moto_server", "--fd", str(theirs.fileno()),
            cwd=ROOT, env=os.environ | {KMS_SECRET: kms_secret}, pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    ours.settimeout(0)  # asyncio wants it so
    try:
        async with asyncio.timeout(START_SECONDS):
            url = await asyncio.get_running_loop().sock_recv(ours, 200)
    except TimeoutError:
        url = b""
    server = MotoServer(url=url.decode().strip(), process=process, line=ours)
    if not url:
        await server.stop()
        msg = f"the moto server did not start; its words are in {log}"
        raise RuntimeError(msg)
    return server


def main() -> int:
    """Serve until the stack's end of the socket closes."""
    parser = argparse.ArgumentParser(prog="python -m local.moto_server", description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="the socket to the stack")
    line = socket.socket(fileno=parser.parse_args().fd)
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    from moto.server import ThreadedMotoServer  # two seconds; not paid by who imports start_moto

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line per poll would bury everything else
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    if secret := os.environ.get(KMS_SECRET):
        put_into_moto(key_from(secret))
    server.start()
    host, port = server.get_host_and_port()
    line.sendall(f"http://{host}:{port}\n".encode())
    line.recv(1)
    server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
