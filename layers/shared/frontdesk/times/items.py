"""What a phrase is read as: clocks, and items that each say one thing about the day or the hour."""

from typing import NamedTuple


class Clock(NamedTuple):
    """Hold an hour as it was said.

    `hour` is 0-23 as spoken, `half` 0 for AM, 1 for PM, -1 when not said; `written` marks a 24-hour notation
    ("03:00"); `offset` is a UTC offset in minutes, kept only to tell the two passes of a repeated hour apart.
    """

    hour: int
    minute: int
    half: int = -1
    written: bool = False
    offset: int | None = None


class Item(NamedTuple):
    """Say one thing about the wish; `kind` tells what `values` and `clocks` mean (docs/spoken-times.md)."""

    kind: str
    values: tuple[int, ...] = ()
    clocks: tuple[Clock, ...] = ()


Reading = tuple[Item, ...]

# At most one item of each group may occur in a reading: two hours, or two months, are never merged.
TIME_KINDS = frozenset({"clock", "midnight", "edge", "after", "before", "between", "minutes"})


def group(item: Item) -> str:
    """Give the name of the slot an item fills; two items of one group contradict each other."""
    return "time" if item.kind in TIME_KINDS else item.kind
