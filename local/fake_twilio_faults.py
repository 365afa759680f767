"""The troubles the fake Twilio can be told to make, decided by a seeded die so that a run can be repeated."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

# Of these one at most happens to a message's creation: their probabilities are drawn from one throw.
ON_CREATE = (
    "error_429",
    "timeout_before_accept",
    "error_500_before_accept",
    "timeout_after_accept",
    "error_500_after_accept",
)
ON_CALLBACK = ("callback_loss", "callback_duplicate", "callback_reorder")
PROBABILITIES = (*ON_CREATE, *ON_CALLBACK, "unavailable")
LONGEST_SECONDS = 3600.0


class BadFaultsError(ValueError):
    """The faults asked for make no sense; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Probabilities from 0 to 1, times in seconds, and numbers that behave as an error code."""

    timeout_after_accept: float = 0.0
    timeout_before_accept: float = 0.0
    error_500_after_accept: float = 0.0
    error_500_before_accept: float = 0.0
    error_429: float = 0.0
    unavailable: float = 0.0
    callback_loss: float = 0.0
    callback_duplicate: float = 0.0
    callback_reorder: float = 0.0
    list_lag_seconds: float = 0.0
    # Longer than any client waits; afterwards the connection is dropped without an answer.
    hold_seconds: float = 30.0
    retry_after_seconds: float = 1.0
    status_step_seconds: float = 0.3
    seed: int = 0
    numbers: Mapping[str, int] = field(default_factory=dict)


def parse_faults(wanted: Any) -> Faults:
    """Read the body of POST /faults; what it leaves out has its default. Raises BadFaultsError."""
    if not isinstance(wanted, dict):
        msg = 'faults are a JSON object such as {"error_429": 0.1}; {} ends all faults'
        raise BadFaultsError(msg)
    known = {one.name for one in fields(Faults)}
    if unknown := sorted(set(wanted) - known):
        msg = f"unknown fault {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        raise BadFaultsError(msg)
    for name, value in wanted.items():
        _check(name, value)
    faults = Faults(**wanted)
    if sum(getattr(faults, name) for name in ON_CREATE) > 1:
        msg = f"{', '.join(ON_CREATE)} exclude each other: together they must not exceed 1"
        raise BadFaultsError(msg)
    return faults


def _check(name: str, value: Any) -> None:
    if name == "numbers":
        good = isinstance(value, dict) and all(_is_integer(code) for code in value.values())
        rule = 'must map numbers to codes, such as {"+12025550123": 30006}'
    elif name == "seed":
        good, rule = _is_integer(value), "must be a whole number"
    elif name in PROBABILITIES:
        good, rule = _is_number(value) and 0 <= value <= 1, "must be a probability from 0 to 1"
    else:
        good = _is_number(value) and 0 <= value <= LONGEST_SECONDS
        rule = f"must be seconds from 0 to {LONGEST_SECONDS:.0f}"
    if not good:
        msg = f"{name} {rule}"
        raise BadFaultsError(msg)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class Trouble:
    """The faults in force, their dice, and how often each has happened."""

    def __init__(self, faults: Faults | None = None) -> None:
        """Begin with these faults, or with none."""
        self.use(faults or Faults())

    def use(self, faults: Faults) -> None:
        """Put other faults in force; dice and counts start again."""
        self.faults = faults
        self.happened = dict.fromkeys(PROBABILITIES, 0)
        # One die each: how the callbacks happen to be timed must not change what befalls the sends.
        self._dice = {
            name: random.Random(f"{faults.seed}:{name}") for name in ("create", "unavailable", *ON_CALLBACK)
        }

    def on_create(self) -> str | None:
        """Throw for one creation; give the name of the fault that befalls it, if one does."""
        throw, reached = self._dice["create"].random(), 0.0
        for name in ON_CREATE:
            reached += getattr(self.faults, name)
            if throw < reached:
                self.happened[name] += 1
                return name
        return None

    def strikes(self, name: str) -> bool:
        """Throw for a fault that has a die of its own."""
        struck = bool(self._dice[name].random() < getattr(self.faults, name))
        self.happened[name] += struck
        return struck
