"""What a cold start of `book` costs in CPU: a fresh interpreter that imports it, against the usual stack."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Effort, Section, ratio

NAME = "init"
ROUNDS = 9
ROOT = Path(__file__).parent.parent

PROGRAMS = {
    "bare": "pass",
    "ours": "import functions.book.app",
    # What a booking function of this kind usually starts with; clients made where they are usually made.
    "usual": """
import boto3, phonenumbers, psycopg
from pydantic import BaseModel, Field
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.utilities.parser import event_parser
logger, tracer = Logger(service="book"), Tracer(service="book")
metrics = Metrics(namespace="Frontdesk", service="book")
app = APIGatewayHttpResolver()
sqs = boto3.client("sqs", region_name="us-east-1")
class Request(BaseModel):
    name: str = Field(min_length=1)
    phone: str
    starts_at: str
class Message(BaseModel):
    type: str
    calls: list[Request]
""",
}


def measure(effort: Effort) -> Section:
    """Measure user and system CPU of the three interpreters in turn, with every .pyc present."""
    rounds = ROUNDS if effort.rounds > 2 else 3
    with tempfile.TemporaryDirectory() as cache:
        for program in PROGRAMS.values():
            _run(program, cache)  # writes the bytecode
        runs: dict[str, list[float]] = {name: [] for name in PROGRAMS}
        for _ in range(rounds):
            for name, program in PROGRAMS.items():
                runs[name].append(_run(program, cache))
        ours, usual = (
            [value - bare for value, bare in zip(runs[name], runs["bare"], strict=True)]
            for name in ("ours", "usual")
        )
        best = (min(runs["ours"]) - min(runs["bare"])) / (min(runs["usual"]) - min(runs["bare"]))
        dearest = _dearest(cache)
    raw: dict[str, object] = {
        name: [round(value * 1000, 1) for value in values] for name, values in runs.items()
    }
    return Section(
        NAME,
        (
            ratio("CPU to import book, over the usual stack's", ours, usual, 0.2, "at most"),
            ratio("the same, best of all rounds", [best], [1.0], 0.2, "at most"),
        ),
        raw | {"dearest imports, microseconds with what they import": dearest},
        (
            "CPU milliseconds above a bare interpreter",
            "most of ours: "
            + ", ".join(f"{name} {cost / 1000:.0f} ms" for name, cost in list(dearest.items())[:6]),
        ),
    )


def _environment(cache: str) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "shared")]),
        "PYTHONPYCACHEPREFIX": cache,
        # Importing must not open anything, so none of these is ever reached.
        "DATABASE_URL": "postgresql://frontdesk_app@database.invalid:5432/frontdesk",
        "VAPI_SIGNING_KEYS": "a-key-for-this-benchmark-only",
        "AWS_XRAY_CONTEXT_MISSING": "IGNORE_ERROR",
        "POWERTOOLS_TRACE_DISABLED": "false",
    }


def _run(program: str, cache: str) -> float:
    """Return the CPU seconds of one interpreter, of the kernel's account of its child."""
    process = subprocess.Popen([sys.executable, "-c", program], env=_environment(cache), cwd=cache)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(
            f"the interpreter ended with {process.returncode}: {program.strip().splitlines()[0]}"
        )
    return usage.ru_utime + usage.ru_stime


def _dearest(cache: str) -> dict[str, int]:
    """Name the imports that cost most, each with what it pulls in that nobody did before."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", PROGRAMS["ours"]],
        env=_environment(cache), cwd=cache, capture_output=True, text=True, check=True,
    )  # fmt: skip
    costs = {}
    for line in done.stderr.splitlines()[1:]:
        _, cumulative, name = line.removeprefix("import time:").split("|")
        costs[name.strip()] = int(cumulative)
    return dict(sorted(costs.items(), key=lambda pair: -pair[1])[:14])
