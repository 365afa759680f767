"""What a section reports: ratios of two things measured side by side, and their spread over the rounds."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Effort:
    """How much to measure. ``quick`` is for trying things, never for the record."""

    rounds: int
    seconds: float  # measured in each round, after the warm-up
    connections: tuple[int, ...]
    grown_to: int  # appointments


QUICK = Effort(rounds=1, seconds=1, connections=(8,), grown_to=20_000)
USUAL = Effort(rounds=5, seconds=1.5, connections=(1, 8, 32, 100), grown_to=200_000)
FULL = Effort(rounds=7, seconds=3, connections=(1, 8, 32, 100), grown_to=1_000_000)


@dataclass(frozen=True)
class Figure:
    """One line of the report: the median of the rounds' ratios, or a plain count."""

    what: str
    value: float
    low: float
    high: float
    goal: float | None = None
    want: Literal["at least", "at most", "exactly"] = "at least"

    @property
    def met(self) -> bool | None:
        """Tell whether the goal is met; None where there is none."""
        if self.goal is None:
            return None
        return {
            "at least": self.value >= self.goal,
            "at most": self.value <= self.goal,
            "exactly": self.low == self.high == self.goal,
        }[self.want]

    def as_json(self) -> dict[str, Any]:
        """Return it for latest.json."""
        return asdict(self) | {"met": self.met}


@dataclass(frozen=True)
class Section:
    """A finished section: its figures, the raw medians behind them, and what else is worth knowing."""

    name: str
    figures: tuple[Figure, ...]
    raw: dict[str, Any]
    notes: tuple[str, ...] = field(default=())


def ratio(
    what: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    goal: float | None = None,
    want: Literal["at least", "at most", "exactly"] = "at least",
) -> Figure:
    """Divide round by round (neighbours in time share the machine's load) and take the median."""
    each = [one / other for one, other in zip(ours, theirs, strict=True)]
    return Figure(what, statistics.median(each), min(each), max(each), goal, want)


def count(what: str, values: Sequence[float], goal: float | None = None) -> Figure:
    """Report a number that must come out the same in every round."""
    return Figure(what, statistics.median(values), min(values), max(values), goal, "exactly")
