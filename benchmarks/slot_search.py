"""find_slots, which subtracts ranges, against trying every start: the same answers, at what cost."""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.database import Clinics, Connection
from benchmarks.figures import Effort, Section, count, ratio

NAME = "slots"
CALLS = 3  # in each round

OURS = "SELECT frontdesk.find_slots(%s, 'Check-up', %s, %s, %s, p_limit => %s) -> 'slots'"
SERIES = "SELECT bench.slots_by_series(%s, %s, %s, %s, %s)"
CASES = {
    # what: (days, one provider only, limit)
    "the next 20 starts of one provider within 60 days": (60, True, 20),
    "the next 20 starts of four providers within 60 days": (60, False, 20),
    "all starts of one provider in 14 days": (14, True, 10_000),
}


def measure(clinics: Clinics, effort: Effort) -> Section:
    """Compare time and answers of both formulations, in turn on one connection."""
    place = clinics.copy("slots")
    figures, raw = [], {}
    differences = 0
    with place.app() as connection:
        for what, (days, one, limit) in CASES.items():
            times: dict[str, list[float]] = {"ours": [], "series": []}
            for number in range(-1, effort.rounds):  # the first round is to warm up
                answers = {}
                for name, statement in (("ours", OURS), ("series", SERIES)):
                    seconds, answers[name] = _timed(
                        connection, statement, _questions(number, days, limit, one=one)
                    )
                    if number >= 0:
                        times[name].append(seconds)
                differences += sum(a != b for a, b in zip(answers["ours"], answers["series"], strict=True))
                if not all(answers["ours"]):
                    raise RuntimeError(f"{what}: an empty answer compares nothing")
            figures.append(ratio(f"time over trying every start: {what}", times["ours"], times["series"]))
            raw[what] = {name: [round(s * 1000, 3) for s in values] for name, values in times.items()}
    asked = len(CASES) * (effort.rounds + 1) * CALLS
    figures.append(count(f"different answers of {asked}", [differences], 0))
    return Section(NAME, tuple(figures), raw, ("milliseconds a call, median of a round",))


def _questions(number: int, days: int, limit: int, *, one: bool) -> list[tuple[Any, ...]]:
    """Ask other clinics from other days in each round, the same ones of both formulations."""
    # Beyond the notice and within the horizon, where both rules are one.
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
    questions = []
    for call in range(CALLS):
        org = 100001 + (number * CALLS + call) % 50
        begin = start + timedelta(days=3 * call, hours=call)
        provider = f"00000000-0000-4000-9000-0000{org}0{1 + call % 4}" if one else None
        questions.append(
            (f"00000000-0000-4000-8000-000000{org}", begin, begin + timedelta(days=days), provider, limit)
        )
    return questions


def _timed(
    connection: Connection, statement: str, questions: list[tuple[Any, ...]]
) -> tuple[float, list[Any]]:
    ask: Callable[..., Any] = connection.execute
    seconds, answers = [], []
    for question in questions:
        started = time.perf_counter()
        row = ask(statement, question).fetchone()
        seconds.append(time.perf_counter() - started)
        answers.append(row[0])
    return statistics.median(seconds), answers
