"""Functions run as in Lambda: a process per event, several at once, each of them mortal."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from local.functions import Functions, InvocationError, Runtime, TimedOutError
from tests.local.parts import tiny

WHO = "TinyFunction"


def with_functions[T](logs: Path, runtime: Runtime, use: Callable[[Functions], Awaitable[T]]) -> T:
    """Run `use` with the workers of one function, then end them."""

    async def run() -> T:
        functions = Functions([runtime], logs)
        try:
            return await use(functions)
        finally:
            await functions.close()

    return asyncio.run(run())


def test_eight_events_at_once_are_eight_processes(tmp_path: Path) -> None:
    """Eight sleeping handlers overlap in eight processes; a later event reuses one of them."""

    async def use(functions: Functions) -> tuple[set[int], int]:
        answers = await asyncio.gather(*(functions.invoke(WHO, {"seconds": 2}) for _ in range(8)))
        again = await functions.invoke(WHO, {})
        return {answer["pid"] for answer in answers}, again["pid"]

    pids, again = with_functions(tmp_path, tiny("http.who"), use)
    assert len(pids) == 8
    assert again in pids
    assert os.getpid() not in pids


def test_more_callers_than_processes_wait_their_turn(tmp_path: Path) -> None:
    """Six callers of a function limited to two are all answered, by two processes."""

    async def use(functions: Functions) -> set[int]:
        answers = await asyncio.gather(*(functions.invoke(WHO, {"seconds": 0.05}) for _ in range(6)))
        return {answer["pid"] for answer in answers}

    assert len(with_functions(tmp_path, tiny("http.who", concurrency=2), use)) == 2


def test_a_handler_finds_lambdas_context_and_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Name, memory, time left and id are there; the developer's own shell is not."""
    monkeypatch.setenv("AWS_PROFILE", "somebodys-own")

    async def use(functions: Functions) -> Any:
        return await functions.invoke(WHO, {})

    seen = with_functions(tmp_path, tiny("http.who", variables={"STAGE": "local"}), use)
    assert (seen["name"], seen["memory"]) == (WHO, 256)
    assert 0 < seen["remaining"] <= 10_000
    assert seen["arn"].endswith(f":function:{WHO}")
    assert seen["request_id"]
    assert seen["environment"]["STAGE"] == "local"
    assert seen["environment"]["AWS_LAMBDA_FUNCTION_NAME"] == WHO
    assert "AWS_PROFILE" not in seen["environment"]


def test_the_timeout_kills_the_process(tmp_path: Path) -> None:
    """After the function's timeout its process is gone, and the next event gets a new one."""

    async def use(functions: Functions) -> tuple[float, list[int], int]:
        began = time.monotonic()
        with pytest.raises(TimedOutError):
            await functions.invoke(WHO, {"seconds": 60})
        took = time.monotonic() - began
        return took, functions.pids(WHO), (await functions.invoke(WHO, {}))["pid"]

    took, left, _ = with_functions(tmp_path, tiny("http.who", timeout_seconds=1), use)
    assert left == []
    assert took < 10


def test_a_process_killed_while_idle_is_replaced_unseen(tmp_path: Path) -> None:
    """The caller after the kill gets an answer, from another process."""

    async def use(functions: Functions) -> tuple[int, int]:
        first = (await functions.invoke(WHO, {}))["pid"]
        os.kill(first, signal.SIGKILL)
        await asyncio.sleep(0.2)
        return first, (await functions.invoke(WHO, {}))["pid"]

    first, second = with_functions(tmp_path, tiny("http.who"), use)
    assert first != second


def test_a_process_killed_at_work_is_its_callers_error(tmp_path: Path) -> None:
    """The one caller learns of it, a second caller at the same time does not."""

    async def use(functions: Functions) -> tuple[Any, Any]:
        await functions.invoke(WHO, {})
        [victim] = functions.pids(WHO)
        doomed = asyncio.create_task(functions.invoke(WHO, {"seconds": 5}))
        await asyncio.sleep(0.2)
        other = asyncio.create_task(functions.invoke(WHO, {"seconds": 0.5}))
        os.kill(victim, signal.SIGKILL)
        answers = await asyncio.gather(doomed, other, return_exceptions=True)
        return answers[0], answers[1]

    doomed, other = with_functions(tmp_path, tiny("http.who"), use)
    assert isinstance(doomed, InvocationError)
    assert doomed.error_type == "Runtime.ExitError"
    assert isinstance(other, dict)


def test_idle_processes_end_and_come_back_when_needed(tmp_path: Path) -> None:
    """After the idle time there is no process left; the next event starts one."""

    async def run() -> tuple[int, int, int]:
        functions = Functions([tiny("http.who")], tmp_path, idle_seconds=0.3)
        try:
            first = (await functions.invoke(WHO, {}))["pid"]
            await asyncio.sleep(1)
            left = len(functions.pids(WHO))
            return first, left, (await functions.invoke(WHO, {}))["pid"]
        finally:
            await functions.close()

    first, left, second = asyncio.run(run())
    assert left == 0
    assert first != second


def test_a_handler_that_cannot_be_imported_says_so_in_its_log(tmp_path: Path) -> None:
    """Every caller gets the error's type; the log has the trace."""

    async def use(functions: Functions) -> None:
        with pytest.raises(InvocationError, match="RuntimeError"):
            await functions.invoke(WHO, {})

    with_functions(tmp_path, tiny("broken.handler"), use)
    assert "no settings" in (tmp_path / f"{WHO}.log").read_text()


def test_what_a_handler_raises_is_told_by_type_only(tmp_path: Path) -> None:
    """The exception's text may hold a patient's name, so it stays in the function's own log."""

    async def use(functions: Functions) -> str:
        with pytest.raises(InvocationError) as caught:
            await functions.invoke(WHO, {"pathParameters": {"how": "raise"}})
        return str(caught.value)

    said = with_functions(tmp_path, tiny("http.behave"), use)
    assert said == f"{WHO}: ValueError"


def test_workers_end_when_the_stack_was_killed(tmp_path: Path) -> None:
    """A SIGKILL leaves the stack no time to end its workers; they notice by themselves."""
    program = (
        "import asyncio, sys; from pathlib import Path; from local.functions import Functions;"
        "from tests.local.parts import tiny\n"
        "async def run():\n"
        f"    functions = Functions([tiny('http.who')], Path({str(tmp_path)!r}))\n"
        f"    print((await functions.invoke({WHO!r}, {{}}))['pid'], flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(run())"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=root) as stack:
        assert stack.stdout is not None
        worker = int(stack.stdout.readline())
        stack.kill()
    deadline = time.monotonic() + 10
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(worker, 0)
            time.sleep(0.05)
        pytest.fail("the worker is still alive")
