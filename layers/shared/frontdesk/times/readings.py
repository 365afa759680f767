"""Every way to understand a whole phrase: each reading uses every token, or it is none."""

from collections.abc import Sequence

from frontdesk.times.clock_phrases import clocks_at
from frontdesk.times.day_phrases import days_at
from frontdesk.times.items import Clock, Item, Reading, group
from frontdesk.times.patterns import role_at
from frontdesk.times.vocabulary import Token

_MOST_STEPS = 3000  # a phrase of 200 characters that people say needs under a hundred


def _windows_at(tokens: Sequence[Token], at: int) -> list[tuple[Reading, int]]:
    """Read "after 3", "before noon", "between 2 and 4", "from 3 onwards" and "2-4"."""
    found: list[tuple[Reading, int]] = []
    roles = tokens[at].roles
    if "span" in roles:
        first, last = divmod(roles["span"], 100)
        found.append(((Item("between", clocks=(Clock(first, 0), Clock(last, 0))),), at + 1))
    for role in ("after", "before"):
        if role in roles:
            found += [((Item(role, clocks=(clock,)),), end) for clock, end in clocks_at(tokens, at + 1)]
    if "between" in roles:
        for first_clock, middle in clocks_at(tokens, at + 1):
            if role_at(tokens, middle, "onwards"):
                found.append(((Item("after", clocks=(first_clock,)),), middle + 1))
            if role_at(tokens, middle, "and", "to", "toat", "link"):
                for last_clock, end in clocks_at(tokens, middle + 1):
                    found.append(((Item("between", clocks=(first_clock, last_clock)),), end))
    found += [
        ((Item("after", clocks=(clock,)),), end + 1)
        for clock, end in clocks_at(tokens, at)
        if role_at(tokens, end, "onwards")
    ]
    return found


def _steps(tokens: Sequence[Token], at: int) -> list[tuple[Reading, int]]:
    clocks = [((Item("clock", clocks=(clock,)),), end) for clock, end in clocks_at(tokens, at)]
    return [*days_at(tokens, at), *clocks, *_windows_at(tokens, at)]


def _joined(reading: Reading, more: Reading) -> Reading | None:
    """Add items to a reading; None when they contradict it, the same reading when they only repeat it."""
    for item in more:
        if item in reading and item.kind == "part":
            continue
        if any(group(item) == group(other) for other in reading):
            return None
        reading = (*reading, item)
    return reading


def read(tokens: Sequence[Token]) -> list[Reading]:
    """List the distinct readings of a phrase; empty when some token fits nowhere.

    Two readings that say the same in another order count once.
    """
    steps: dict[int, list[tuple[Reading, int]]] = {}
    found: dict[frozenset[Item], Reading] = {}
    waiting: list[tuple[int, Reading]] = [(0, ())]
    for _ in range(_MOST_STEPS):
        if not waiting:
            return list(found.values())
        at, reading = waiting.pop()
        if at == len(tokens):
            if reading:
                found[frozenset(reading)] = reading
            continue
        if at not in steps:
            steps[at] = _steps(tokens, at)
        for more, end in steps[at]:
            joined = _joined(reading, more)
            if joined is not None:
                waiting.append((end, joined))
    return []
