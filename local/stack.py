"""The whole product on this machine: `python -m local.stack`, which is `make run`.

Environment: PORT (8787), FRESH=1 (start with no data), DATABASE_URL (another Postgres than the embedded one).
"""

import argparse
import asyncio
import fcntl
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import aiohttp
import psycopg

from local import demo, demo_staff, postgres, vendors
from local.banner import banner
from local.board import Board, board_at
from local.environment import pseudo_parameters, runtimes
from local.functions import ROOT, Functions
from local.gateway import Gateway, start_gateway
from local.kms_key import ALIAS, REGION
from local.moto_server import MotoServer, start_moto
from local.postgres_files import PostgresError
from local.progress import complain, say, step
from local.queues import LiveQueue, Poller, create_queues, poll
from local.schedules import interval_seconds, run_schedule
from local.sqs import Sqs
from local.stack_file import DIRECTORY, STACK_FILE, kept_secret, write_stack
from local.template import read_template, snake_case
from local.template_records import TemplateError
from migrations.files import RefusedError
from migrations.migrate import APP_ROLE, migrate, set_app_password

DEFAULT_PORT = 8787
QUEUE_PREFIX = "frontdesk-local-"


class StartError(Exception):
    """The stack cannot start; the message is the whole explanation."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the person who starts the stack may choose."""

    port: int
    fresh: bool
    database_url: str | None


@dataclass(frozen=True, slots=True)
class Databases:
    """The database as its owner and as the runtime role see it."""

    owner_url: str
    app_url: str


def read_settings(variables: Mapping[str, str]) -> Settings:
    """Read PORT, FRESH and DATABASE_URL; raise StartError with a sentence for a PORT that is none."""
    port = variables.get("PORT") or str(DEFAULT_PORT)
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        msg = f"PORT must be a number from 1 to 65535, not {port!r}."
        raise StartError(msg)
    fresh = variables.get("FRESH", "").lower() not in {"", "0", "no", "false"}
    return Settings(int(port), fresh, variables.get("DATABASE_URL") or None)


def main() -> int:
    """Run the stack until Ctrl-C or SIGTERM; 0 after a clean end, 1 when it could not start or go on."""
    _parser().parse_args()
    try:
        return asyncio.run(_run(read_settings(os.environ)))
    except (StartError, PostgresError, RefusedError, TemplateError, RuntimeError, LookupError) as problem:
        complain(f"\n{problem}")
    except psycopg.OperationalError as problem:
        # The driver's text names host and port but also the user; the password is never in it.
        complain(f"\nThe database cannot be reached: {str(problem).strip().splitlines()[0]}")
    except BaseExceptionGroup as problem:
        complain(f"\nThe stack stopped: {'; '.join(str(part) for part in problem.exceptions)}")
    return 1


def _parser() -> argparse.ArgumentParser:
    """Make the command line: it has no options, but `--help` must not start a stack."""
    return argparse.ArgumentParser(
        prog="python -m local.stack",
        description="The whole product on this machine, until Ctrl-C; `make run` starts it.",
        epilog="environment: PORT (8787); FRESH=1 starts with no data; DATABASE_URL, another Postgres than"
        " the embedded one; FRONTDESK_LOCAL, another directory than .local (docs/local-stack.md)",
    )


async def _run(settings: Settings) -> int:
    _end_on_signals()
    async with AsyncExitStack() as cleanup:
        began = time.monotonic()
        try:
            pollers = await _start(settings, cleanup, began)
            async with asyncio.TaskGroup() as work:
                for poller in pollers:
                    work.create_task(poller)
        except asyncio.CancelledError:
            say("stopping ...")
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
    print("Stopped. The data stay in .local/ for the next `make run`.", flush=True)
    return 0


def _end_on_signals() -> None:
    task = asyncio.current_task()
    pressed = False

    def end() -> None:
        nonlocal pressed
        # Once is enough: a second Ctrl-C must not interrupt the cleaning up.
        if task is not None and not pressed:
            pressed = True
            task.cancel()

    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(one) is not signal.SIG_IGN:  # under nohup a closed terminal ends nothing
            asyncio.get_running_loop().add_signal_handler(one, end)


async def _start(settings: Settings, cleanup: AsyncExitStack, began: float) -> list[Any]:
    print("Frontdesk is starting:", flush=True)
    cleanup.enter_context(_only_stack_here())
    STACK_FILE.unlink(missing_ok=True)
    _refuse_taken_port(settings.port)
    here = f"http://127.0.0.1:{settings.port}"
    board = board_at(here)
    template = read_template(ROOT / "template.yaml", pseudo_parameters() | board.parameters())
    for schedule in template.schedules:
        interval_seconds(schedule)
    databases = _start_database(settings, cleanup)
    demo_staff.seed(databases.owner_url, board.issuer.url)
    await asyncio.sleep(0)  # lets a Ctrl-C given during the blocking steps above take effect here
    with step("AWS services (moto)"):
        moto = await start_moto(DIRECTORY / "logs" / "moto.log", kept_secret("kms_secret"))
        cleanup.push_async_callback(moto.stop)
    session = await cleanup.enter_async_context(aiohttp.ClientSession())
    sqs = Sqs(session, moto.url, REGION)
    with step(f"queues ({len(template.queues)})"):
        queues = await create_queues(sqs, template.queues, QUEUE_PREFIX)
        _send_again(databases.owner_url)
    place = vendors.Place(databases.owner_url, moto.url, here)
    with step("Twilio (fake)"):
        accounts, twilio = await vendors.start_twilio(place)
        cleanup.push_async_callback(twilio.stop)
    with step("Google (fake)"):
        google = await vendors.start_google(place)
        cleanup.push_async_callback(google.stop)
    master_key = kept_secret("vapi_signing_key")
    overrides = {
        "CREDENTIALS_KEY_ID": ALIAS,
        "DATABASE_AUTH": "password",
        "DATABASE_URL": databases.app_url,
        "PUBLIC_BASE_URL": here,
        "TWILIO_API_BASE": twilio.url,
        "VAPI_SIGNING_KEYS": master_key,
        **board.overrides(),
        **vendors.google_settings(google),
    }
    functions = Functions(runtimes(template, queues, overrides, moto.url), DIRECTORY / "logs")
    cleanup.push_async_callback(functions.close)
    with step(f"gateway ({len(template.http_routes)} routes)"):
        beside = board.beside(template, functions, say)
        gateway = await start_gateway(template.http_routes, functions, settings.port, say, beside)
        cleanup.push_async_callback(gateway.stop)
    orgs = demo.describe(databases.owner_url, master_key, accounts)
    for org in orgs:
        org["staff_token"] = demo_staff.staff_token(board.issuer, org["slug"])
        org["google"] = vendors.google_by_org(google)[org["id"]]
    content = _content(gateway, board, databases, queues, moto, orgs)
    content |= {"twilio": twilio.url, "google": google.url}
    write_stack(content)
    cleanup.callback(STACK_FILE.unlink, missing_ok=True)
    print(banner(content, time.monotonic() - began), flush=True)
    return [
        _watch(moto),
        *(poll(Poller(source, queues[source.queue], sqs, functions, say)) for source in template.sources),
        *(run_schedule(schedule, REGION, functions, say) for schedule in template.schedules),
    ]


def _send_again(owner_url: str) -> None:
    """Put what was sent in the last ten minutes back into the outbox: moto's queues end with their stack.

    SQS keeps its messages, so only this stack must. Nothing is told twice: consumers know what they did.
    Not what was for the boards, which catch up by themselves; what waits for a vendor waits in its own row.
    """
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(
            "UPDATE frontdesk.outbox SET sent_at = NULL, claimed_at = NULL, next_at = now()"
            " WHERE dead_at IS NULL AND queue <> 'notify' AND sent_at > now() - interval '10 minutes'"
        )


def _only_stack_here() -> FileIO:
    """Hold a lock for as long as this process lives, so that two stacks never share one .local."""
    DIRECTORY.mkdir(exist_ok=True)
    handle = FileIO(DIRECTORY / "stack.lock", "a")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        msg = "A stack is already running from this checkout: stop it first (Ctrl-C in its terminal)."
        raise StartError(msg) from None
    return handle


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            msg = f"Port {port} needs an administrator's rights: choose one above 1023, `make run PORT=8788`."
            raise StartError(msg) from None
        except OSError:
            msg = (
                f"Port {port} is taken by another program: stop it, or choose another, `make run PORT=8788`."
            )
            raise StartError(msg) from None


def _start_database(settings: Settings, cleanup: AsyncExitStack) -> Databases:
    """Start or reach Postgres and bring it up to date; blocking, so that no half-started server is lost."""
    data_dir = DIRECTORY / "postgres"
    if settings.fresh:
        with step("removing the old data"):
            _forget(settings, data_dir)
    if settings.database_url is None:
        with step("Postgres (embedded)"):
            server = postgres.start(data_dir)
            cleanup.callback(server.stop)
        owner_url = server.owner_url
    else:
        owner_url = settings.database_url
    with step("migrations"):
        migrate(owner_url)
        password = kept_secret("app_password")
        set_app_password(owner_url, password)
    with step("demo data"):
        demo.seed(owner_url)
    return Databases(owner_url, with_login(owner_url, APP_ROLE, password))


def _forget(settings: Settings, data_dir: Path) -> None:
    if settings.database_url is not None:
        msg = "FRESH=1 deletes the embedded database only; empty the one in DATABASE_URL yourself."
        raise StartError(msg)
    postgres.remove(data_dir)
    vendors.forget(DIRECTORY)
    for name in ("app_password", "vapi_signing_key", "kms_secret"):
        (DIRECTORY / name).unlink(missing_ok=True)
    shutil.rmtree(DIRECTORY / "logs", ignore_errors=True)


def with_login(url: str, user: str, password: str) -> str:
    """Return a Postgres URL with another login in it."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{place}"))


def _content(
    gateway: Gateway,
    board: Board,
    databases: Databases,
    queues: Mapping[str, LiveQueue],
    moto: MotoServer,
    orgs: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "http": gateway.url,
        "ws": board.socket_url,
        "database_url": databases.owner_url,
        "app_database_url": databases.app_url,
        "sqs": moto.url,
        "queues": {snake_case(name): queue.url for name, queue in queues.items()},
        "orgs": orgs,
    }


async def _watch(moto: MotoServer) -> None:
    await moto.process.wait()
    msg = "the moto server ended by itself; its words are in .local/logs/moto.log"
    raise RuntimeError(msg)


if __name__ == "__main__":
    sys.exit(main())
