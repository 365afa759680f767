"""Many boards, many events, cut lines and lost pushes: each board shows every event once and in order.

Through a whole local stack. The short form, 20 boards x 100 events, runs with the suite; `STORM=full` is the
goal's 100 boards x 1,000 events.
"""

import asyncio
import json
import os
import random
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

import aiohttp
import boto3
import psycopg
import pytest

from tests.local.stacks import homes, running
from tests.ws.board_client import Board, Event

FULL = os.environ.get("STORM") == "full"
BOARDS, EVENTS = (100, 1000) if FULL else (20, 100)
PATIENCE_SECONDS = 900.0 if FULL else 120.0
SEED = int(os.environ.get("STORM_SEED", "7"))


class Storm:
    """One clinic of a running stack, and what happens to it."""

    def __init__(self, stack: dict[str, Any]) -> None:
        """Know the stack; `dice` decide everything that is not time."""
        self.stack = stack
        self.org = stack["orgs"][0]
        self.dice = random.Random(SEED)
        self.headers = {"authorization": f"Bearer {self.org['staff_token']}"}
        self.queue = boto3.client(
            "sqs",
            endpoint_url=stack["sqs"],
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    async def open(self, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
        """Get a ticket and connect, as a page does."""
        async with session.post(f"{self.stack['http']}/api/staff/ws-ticket", headers=self.headers) as answer:
            answer.raise_for_status()
            ticket = await answer.json()
        return await session.ws_connect(ticket["url"], headers={"origin": self.stack["http"]})

    async def fetch(self, session: aiohttp.ClientSession, after: int) -> list[Event]:
        """Read events over HTTP, as a page does after a gap."""
        address = f"{self.stack['http']}/api/staff/events?after={after}&limit=200"
        async with session.get(address, headers=self.headers) as answer:
            answer.raise_for_status()
            items: list[Event] = (await answer.json())["items"]
            return items

    def last_seq(self) -> int:
        """Return the seq of the clinic's last event; a stack has some of its own, of the demo's calendars."""
        with psycopg.connect(self.stack["database_url"]) as owner:
            row = owner.execute(
                "SELECT last_seq FROM frontdesk.event_counters WHERE org_id = %s", [self.org["id"]]
            ).fetchone()
        return int(row[0]) if row else 0

    def happen(self, count: int) -> None:
        """Let events happen and announce them, of which some are lost and some come twice."""
        with psycopg.connect(self.stack["database_url"], autocommit=True) as owner, owner.transaction():
            owner.execute("SELECT pg_catalog.set_config('app.org_id', %s, true)", [self.org["id"]])
            rows = owner.execute(
                "SELECT (frontdesk.record_change(%s, 'appointment.noted', NULL, NULL, NULL, 1, NULL,"
                " 'system', '{}', '{notify}') -> 0 ->> 'id')::bigint FROM generate_series(1, %s)",
                [self.org["id"], count],
            ).fetchall()
        told = [row[0] for row in rows if self.dice.random() > 0.05]  # the others: dispatch's, a minute later
        told += [row for row in told if self.dice.random() < 0.05]
        for start in range(0, len(told), 10):
            entries: Any = [
                {
                    "Id": str(place),
                    "MessageBody": json.dumps({"outbox_id": row, "org_id": self.org["id"]}),
                }
                for place, row in enumerate(told[start : start + 10])
            ]
            self.queue.send_message_batch(QueueUrl=self.stack["queues"]["notify"], Entries=entries)


async def weather(storm: Storm) -> tuple[list[Board], int, float]:
    """Open the boards, let everything happen while lines are cut, wait until every board has it all.

    Returns the boards, the last seq and the seconds it took.
    """
    limits = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=limits) as session:
        boards = [
            Board(lambda: storm.open(session), lambda after: storm.fetch(session, after), ping_seconds=2.0)
            for _ in range(BOARDS)
        ]
        async with asyncio.timeout(PATIENCE_SECONDS):
            running_boards = [asyncio.create_task(board.run()) for board in boards]
            while not all(board.connects for board in boards):
                await asyncio.sleep(0.05)
            storm.happen(20)  # the first push starts a process, and that is no part of the storm
            while any(board.last_seq < storm.last_seq() for board in boards):
                await asyncio.sleep(0.5)
            began = time.monotonic()
            done = 0
            while done < EVENTS:
                part = min(storm.dice.randint(1, 25), EVENTS - done)
                await asyncio.to_thread(storm.happen, part)
                done += part
                for board in storm.dice.sample(boards, max(1, BOARDS // 20)):
                    await board.cut()
            while any(board.last_seq < storm.last_seq() for board in boards):
                await asyncio.sleep(0.2)
            last_seq, seconds = storm.last_seq(), time.monotonic() - began
        for task in running_boards:
            task.cancel()
        await asyncio.gather(*running_boards, return_exceptions=True)
    return boards, last_seq, seconds


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_board_shows_every_event_once_and_in_order(tmp_path: Path) -> None:
    """Contiguous on each, none missed, none twice, whether pushed, caught up after a cut, or fetched."""
    with homes(tmp_path), running(tmp_path) as (process, stack):
        # The stack says a line for each request, and stands still when nobody takes them out of the pipe.
        assert process.stdout is not None
        threading.Thread(target=deque, args=(process.stdout, 0), daemon=True).start()
        boards, last_seq, seconds = asyncio.run(weather(Storm(stack)))
    print(
        f"{BOARDS} boards x {EVENTS} events in {seconds:.1f} s:"
        f" {sum(board.connects for board in boards) - BOARDS} cuts,"
        f" {sum(board.duplicates for board in boards)} duplicates dropped,"
        f" {sum(board.pushed for board in boards)} pushed, {sum(board.fetched for board in boards)} fetched,"
        f" {sum(board.resyncs for board in boards)} resyncs"
    )
    for board in boards:
        assert board.shown[:last_seq] == list(range(1, last_seq + 1))
    assert last_seq >= EVENTS
    assert sum(board.connects for board in boards) > BOARDS, "no line was cut: this was no storm"
    for board in boards:
        assert board.pushed, "all was fetched: the push did nothing"
