"""Lambda on a laptop: worker processes that start on demand, take one event at a time and may die.

A race through these workers is a real race: each is a process with its own database connection.
"""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_CONCURRENCY = 10
# Lambda gives a container ten seconds to import; a laptop starting ten of them at once needs more.
INIT_SECONDS = 60.0
IDLE_SECONDS = 300.0
# Lambda's answers end at 6 MB; base64 and JSON escapes make a line longer than what it carries.
LINE_BYTES = 32 * 1024 * 1024


class InvocationError(Exception):
    """The function raised, or its process died; `error_type` is Lambda's name for it."""

    def __init__(self, function: str, error_type: str) -> None:
        super().__init__(f"{function}: {error_type}")
        self.error_type = error_type


class TimedOutError(InvocationError):
    """The function did not answer within its Timeout, and its process was killed."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """All that is needed to start a worker of one function; `environment` is complete."""

    name: str
    handler: str
    timeout_seconds: float
    environment: Mapping[str, str]
    concurrency: int = DEFAULT_CONCURRENCY


@dataclass(slots=True, eq=False)
class Worker:
    """A live worker process and the socket to it."""

    process: asyncio.subprocess.Process
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used_at: float


class Functions:
    """The workers of every function; use `invoke`, and `close` at the end."""

    def __init__(self, runtimes: Iterable[Runtime], logs: Path, idle_seconds: float = IDLE_SECONDS) -> None:
        """Know the functions; their logs go to `logs`/<function>.log. Needs a running event loop.

        A worker nobody needed for `idle_seconds` is ended, as Lambda ends its containers.
        """
        self._runtimes = {runtime.name: runtime for runtime in runtimes}
        self._turns = {name: asyncio.Semaphore(r.concurrency) for name, r in self._runtimes.items()}
        self._idle: dict[str, list[Worker]] = {name: [] for name in self._runtimes}
        self._live: dict[str, set[Worker]] = {name: set() for name in self._runtimes}
        self._logs = logs
        logs.mkdir(parents=True, exist_ok=True)
        self._reaper = asyncio.create_task(self._reap(idle_seconds))

    async def invoke(self, name: str, event: Any) -> Any:
        """Run a function on one event and return its answer.

        A caller above the function's concurrency waits its turn, where AWS would start a container
        or throttle. Raises TimedOutError, or InvocationError for an exception or a dead process.
        """
        runtime = self._runtimes[name]
        async with self._turns[name]:
            worker = self._take_idle(name) or await self._start(runtime)
            try:
                answer = await self._exchange(runtime, worker, event)
            except BaseException:
                # Also on cancellation: the process may be half way through, so it can serve no one else.
                await self._kill(name, worker)
                raise
            worker.used_at = time.monotonic()
            self._idle[name].append(worker)
        return _result(name, answer)

    def pids(self, name: str) -> list[int]:
        """Return the process ids of a function's workers."""
        return sorted(worker.process.pid for worker in self._live[name])

    async def close(self) -> None:
        """End every worker; running events are cut off."""
        self._reaper.cancel()
        everyone = [(name, worker) for name, workers in self._live.items() for worker in workers]
        await asyncio.gather(*(self._kill(name, worker) for name, worker in everyone))

    def _take_idle(self, name: str) -> Worker | None:
        while self._idle[name]:
            worker = self._idle[name].pop()
            if worker.process.returncode is None and not worker.reader.at_eof():
                return worker
            # It died while nobody needed it; the caller gets another one and never knows.
            self._live[name].discard(worker)
            worker.writer.close()
        return None

    async def _start(self, runtime: Runtime) -> Worker:
        ours, theirs = socket.socketpair()
        with theirs, (self._logs / f"{runtime.name}.log").open("ab") as log:
            reader, writer = await asyncio.open_connection(sock=ours, limit=LINE_BYTES)
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "local.worker", runtime.handler, "--fd", str(theirs.fileno()),
                cwd=ROOT, env=dict(runtime.environment), pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        worker = Worker(process, reader, writer, time.monotonic())
        self._live[runtime.name].add(worker)
        try:
            greeting = await asyncio.wait_for(reader.readline(), INIT_SECONDS)
            if not greeting.endswith(b"\n"):
                raise InvocationError(runtime.name, "Runtime.ExitError")
            _result(runtime.name, json.loads(greeting))
        except BaseException as problem:
            await self._kill(runtime.name, worker)
            if isinstance(problem, TimeoutError | ConnectionError):
                raise InvocationError(runtime.name, "Sandbox.InitTimedout") from problem
            raise
        return worker

    async def _exchange(self, runtime: Runtime, worker: Worker, event: Any) -> dict[str, Any]:
        order = {
            "event": event,
            "request_id": str(uuid.uuid4()),
            "timeout_seconds": runtime.timeout_seconds,
        }
        try:
            async with asyncio.timeout(runtime.timeout_seconds):
                worker.writer.write(json.dumps(order).encode() + b"\n")
                await worker.writer.drain()
                line = await worker.reader.readline()
        except TimeoutError as problem:
            raise TimedOutError(runtime.name, "Sandbox.Timedout") from problem
        except (ConnectionError, ValueError) as problem:
            raise InvocationError(runtime.name, "Runtime.ExitError") from problem
        if not line.endswith(b"\n"):
            raise InvocationError(runtime.name, "Runtime.ExitError")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def _kill(self, name: str, worker: Worker) -> None:
        worker.writer.close()
        with contextlib.suppress(ProcessLookupError):
            worker.process.kill()
        await worker.process.wait()
        self._live[name].discard(worker)

    async def _reap(self, idle_seconds: float) -> None:
        while True:
            await asyncio.sleep(idle_seconds / 10)
            limit = time.monotonic() - idle_seconds
            for name, workers in self._idle.items():
                for worker in [one for one in workers if one.used_at < limit]:
                    workers.remove(worker)
                    await self._kill(name, worker)


def _result(name: str, answer: Mapping[str, Any]) -> Any:
    if "error" in answer:
        raise InvocationError(name, str(answer["error"]["errorType"]))
    return answer["result"]
