"""The troubles the fake Google can be told to make, decided by a seeded die so that a run can be repeated."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

INSERT, UPDATE, PATCH, DELETE = "insert", "update", "patch", "delete"
WRITES = frozenset({INSERT, UPDATE, PATCH, DELETE})
METHODS = WRITES | {"get", "list", "instances", "watch", "stop", "calendars", "freebusy"}
# Of these one at most happens to a call: their probabilities are drawn from one throw. Those that only some
# calls can meet (nobody gets 409 for reading) pass the others by.
ON_CALL: Mapping[str, frozenset[str]] = {
    "error_401": METHODS,
    "error_403_rate": METHODS,
    "error_429": METHODS,
    "error_500_before": METHODS,
    "timeout_before": METHODS,
    # The insert is done and answered with 409, as if it had come twice and the first answer got lost.
    "error_409": frozenset({INSERT}),
    # The delete is done and answered with 410, for the same reason.
    "error_410": frozenset({DELETE}),
    # Google touches the event just before a write that says If-Match: its etag is another one.
    "error_412": frozenset({UPDATE, PATCH, DELETE}),
    "error_500_after": METHODS,
    "timeout_after": METHODS,
}
ON_PUSH = ("lose_pushes", "duplicate_pushes")
PROBABILITIES = (*ON_CALL, *ON_PUSH)
NAMES = ("token_revoked", "calendar_gone", "calendar_forbidden")
COUNTS = ("expire_sync_token_at_page", "largest_page")
LONGEST_SECONDS = 3600.0 * 24 * 30


class BadFaultsError(ValueError):
    """The faults asked for make no sense; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Probabilities from 0 to 1, times in seconds, names of accounts and calendars in trouble."""

    error_401: float = 0.0
    error_403_rate: float = 0.0
    error_409: float = 0.0
    error_410: float = 0.0
    error_412: float = 0.0
    error_429: float = 0.0
    error_500_before: float = 0.0
    error_500_after: float = 0.0
    timeout_before: float = 0.0
    timeout_after: float = 0.0
    lose_pushes: float = 0.0
    duplicate_pushes: float = 0.0
    # Every incremental list is refused with 410 at this page of it (1 is the first); 0 never.
    expire_sync_token_at_page: int = 0
    # Pages are no longer than this, whatever is asked for: a short page is not the last one. 0: as asked.
    largest_page: int = 0
    # Deleted events come with their id and nothing else, also where Google shows more today.
    cancelled_only_id: bool = False
    token_revoked: tuple[str, ...] = ()  # e-mail addresses
    calendar_gone: tuple[str, ...] = ()
    calendar_forbidden: tuple[str, ...] = ()
    access_token_seconds: float = 3599.0
    clock_skew_seconds: float = 0.0  # Google's clock is ahead of ours by so much
    push_delay_seconds: float = 0.2
    # Longer than any client waits; afterwards the connection is dropped without an answer.
    hold_seconds: float = 30.0
    retry_after_seconds: float = 0.0  # said with 403 and 429; 0 says nothing, as Google mostly does
    seed: int = 0
    only: frozenset[str] = field(default_factory=lambda: METHODS)


def parse_faults(wanted: Any) -> Faults:
    """Read the body of POST /faults; what it leaves out has its default. Raises BadFaultsError."""
    if not isinstance(wanted, dict):
        msg = 'faults are a JSON object such as {"error_429": 0.1}; {} ends all faults'
        raise BadFaultsError(msg)
    known = {one.name for one in fields(Faults)}
    if unknown := sorted(set(wanted) - known):
        msg = f"unknown fault {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        raise BadFaultsError(msg)
    faults = Faults(**{name: _read(name, value) for name, value in wanted.items()})
    if sum(getattr(faults, name) for name in ON_CALL) > 1:
        msg = f"{', '.join(ON_CALL)} exclude each other: together they must not exceed 1"
        raise BadFaultsError(msg)
    return faults


def _read(name: str, value: Any) -> Any:
    if name in NAMES:
        names = [value] if isinstance(value, str) else value
        if isinstance(names, list) and all(isinstance(one, str) for one in names):
            return tuple(names)
        rule = "must be an address or id, or a list of them"
    elif name == "only":
        if isinstance(value, list) and value and set(value) <= METHODS:
            return frozenset(value)
        rule = f"must list some of {', '.join(sorted(METHODS))}"
    elif name == "cancelled_only_id":
        if isinstance(value, bool):
            return value
        rule = "must be true or false"
    else:
        rule = _number_rule(name, value)
        if not rule:
            return value
    msg = f"{name} {rule}"
    raise BadFaultsError(msg)


def _number_rule(name: str, value: Any) -> str:
    """Say what a number must be, or nothing when it is."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if name == "seed":
        return "" if number and isinstance(value, int) else "must be a whole number"
    if name in COUNTS:
        good = number and isinstance(value, int) and value >= 0
        return "" if good else "must be a whole number from 0"
    if name in PROBABILITIES:
        return "" if number and 0 <= value <= 1 else "must be a probability from 0 to 1"
    least = -LONGEST_SECONDS if name == "clock_skew_seconds" else 0
    good = number and least <= value <= LONGEST_SECONDS
    return "" if good else f"must be seconds from {least:.0f} to {LONGEST_SECONDS:.0f}"


def as_json(faults: Faults) -> dict[str, Any]:
    """Write the faults as POST /faults takes them."""
    told = {one.name: getattr(faults, one.name) for one in fields(faults)}
    return told | {"only": sorted(faults.only)} | {name: list(told[name]) for name in NAMES}


class Trouble:
    """The faults in force, their dice, and how often each has happened."""

    def __init__(self, faults: Faults | None = None) -> None:
        """Begin with these faults, or with none; `clear` comes back to them."""
        self._first = faults or Faults()
        self.use(self._first)

    def clear(self) -> None:
        """End all faults that were set since the start."""
        self.use(self._first)

    def use(self, faults: Faults) -> None:
        """Put other faults in force; dice and counts start again."""
        self.faults = faults
        self.happened = dict.fromkeys(PROBABILITIES, 0)
        # One die each: how the pushes happen to be timed must not change what befalls the calls.
        self._dice = {name: random.Random(f"{faults.seed}:{name}") for name in ("call", *ON_PUSH)}

    def on_call(self, method: str) -> str | None:
        """Throw for one call; give the name of the fault that befalls it, if one does."""
        throw, reached = self._dice["call"].random(), 0.0
        for name, methods in ON_CALL.items():
            reached += getattr(self.faults, name)
            if throw < reached:
                if method not in methods & self.faults.only:
                    return None
                self.happened[name] += 1
                return name
        return None

    def strikes(self, name: str) -> bool:
        """Throw for a fault that has a die of its own."""
        struck = bool(self._dice[name].random() < getattr(self.faults, name))
        self.happened[name] += struck
        return struck
