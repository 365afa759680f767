"""The handler's own CPU at a long conversation, against the same handler with the usual parsing in front.

Run as a program it measures, in a process of its own, and prints JSON on its last line; `measure` starts it.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from benchmarks.database import Clinics
from benchmarks.figures import Effort, Section, ratio

NAME = "handler"
KILOBYTES = 60  # what Vapi sends of a call of some minutes: the whole conversation, twice
CALLS = 60  # in each round
ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "tests" / "samples" / "vapi" / "wire_tool-calls_book_arguments-object.json"
ORG = UUID("00000000-0000-4000-8000-000000100001")
KEY = "a-key-for-this-benchmark-only"
NUMBER_ID = "pn-benchmark"


def measure(clinics: Clinics, effort: Effort) -> Section:
    """Let a process of its own answer real bookings on a real database, and read its CPU."""
    place = clinics.copy("handler")
    with place.owner() as owner:
        owner.execute(
            "INSERT INTO frontdesk.vapi_numbers (org_id, id, phone_number_id) VALUES (%s, %s, %s)",
            [ORG, uuid4(), NUMBER_ID],
        )
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.handler_cpu", str(effort.rounds)],
        env={
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "shared")]),
            "DATABASE_URL": place.app_url,
            "VAPI_SIGNING_KEYS": KEY,
        },
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"the handler's process failed: {done.stderr.strip()[-500:]}")
    runs: dict[str, list[float]] = json.loads(done.stdout.strip().splitlines()[-1])
    return Section(
        NAME,
        (
            ratio(
                f"CPU of the handler at {KILOBYTES} KB, over the same behind json and full pydantic",
                runs["handler"], runs["usual handler"], 0.25, "at most",
            ),
            ratio(
                f"CPU to read a body of {KILOBYTES} KB, over json and full pydantic",
                runs["reading"], runs["usual reading"],
            ),
            ratio(
                f"CPU of the handler at {KILOBYTES} KB, over the same at 3 KB",
                runs["handler"], runs["short handler"],
            ),
        ),
        runs,
        ("microseconds of the client's CPU a call, with the database call, logs and metrics in it",),
    )  # fmt: skip


def body(kilobytes: float, message_id: str, starts: datetime) -> bytes:
    """Make a tool-calls message of that size by lengthening a recorded one's conversation."""
    sent: dict[str, Any] = json.loads(SAMPLE.read_text())
    message = sent["message"]
    message["call"]["phoneNumberId"] = NUMBER_ID
    repeats = [*message["toolCallList"], *message["toolCalls"]]
    repeats += [entry["toolCall"] for entry in message["toolWithToolCallList"]]
    for call in repeats:
        call["id"] = message_id
        call["function"]["arguments"] |= {
            "startTime": starts.strftime("%Y-%m-%dT%H:%M:%S"), "reason": "Check-up",
            "practitioner": "Dr. Number 1",
        }  # fmt: skip
    spoken = {
        **message["artifact"]["messages"][-1],
        "message": "A sentence as long as people say on the phone.",
    }
    formatted = {"role": "user", "content": "I would like to come in for a check-up, please."}
    room = kilobytes * 1024 - len(json.dumps(sent))
    turns = max(0, int(room / (len(json.dumps(spoken)) + len(json.dumps(formatted)) + 4)))
    message["artifact"]["messages"] += [spoken] * turns
    message["artifact"].setdefault("messagesOpenAIFormatted", []).extend([formatted] * turns)
    return json.dumps(sent).encode()


def _event(text: bytes, token: str) -> dict[str, Any]:
    return {
        "rawPath": "/api/vapi/tools",
        "headers": {"content-type": "application/json", "authorization": f"Bearer {token}"},
        "body": text.decode(),
        "isBase64Encoded": False,
    }


def _round(work: Callable[[dict[str, Any]], object], events: list[dict[str, Any]]) -> float:
    costs = []
    for event in events:
        started = time.process_time_ns()
        work(event)
        costs.append((time.process_time_ns() - started) / 1000)
    return statistics.median(costs)


def _main(rounds: int) -> dict[str, list[float]]:
    from benchmarks import usual_parsing
    from frontdesk.senders import derive_secret
    from functions.book import app, vapi

    token = derive_secret(KEY, ORG, 1)
    day = (datetime.now(UTC) + timedelta(days=30)).replace(hour=8, minute=0, second=0, microsecond=0)
    free = (day + timedelta(days=n // 40, minutes=15 * (n % 40)) for n in range(20_000))

    def handler(event: dict[str, Any]) -> None:
        answer = app.handler(event, None)
        if answer["statusCode"] != 200 or '"error"' in answer["body"]:
            raise RuntimeError(f"the handler answered {answer['statusCode']}: {answer['body'][:300]}")

    def usual_handler(event: dict[str, Any]) -> None:
        usual_parsing.read(event["body"].encode())
        handler(event["short"])

    def events(size: float) -> list[dict[str, Any]]:
        made = []
        for _ in range(CALLS):
            call, starts = f"call_{uuid4().hex}", next(free)
            made.append(
                _event(body(size, call, starts), token) | {"short": _event(body(3, call, starts), token)}
            )
        return made

    work: dict[str, tuple[Callable[[dict[str, Any]], object], float]] = {
        "handler": (handler, KILOBYTES),
        "usual handler": (usual_handler, KILOBYTES),
        "short handler": (handler, 3),
        "reading": (lambda event: vapi.parse(event["body"].encode()), KILOBYTES),
        "usual reading": (lambda event: usual_parsing.read(event["body"].encode()), KILOBYTES),
    }
    runs: dict[str, list[float]] = {name: [] for name in work}
    for number in range(rounds + 1):  # the first is to warm up
        for name, (function, size) in work.items():
            cost = _round(function, events(size))
            if number:
                runs[name].append(round(cost, 1))
    return runs


if __name__ == "__main__":
    print(json.dumps(_main(int(sys.argv[1]))))
