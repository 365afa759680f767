"""parse_days: the days to look for free slots on, and the start times wanted inside each of them."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple

from frontdesk.times import questions
from frontdesk.times.answers import Days, OpeningHours, Question
from frontdesk.times.clocks import clock_times, opening
from frontdesk.times.days import Found, find_days
from frontdesk.times.items import TIME_KINDS, Clock, Item, Reading
from frontdesk.times.moments import clinic_zone, month_comes_first
from frontdesk.times.patterns import role_at
from frontdesk.times.readings import read
from frontdesk.times.tokens import tokenise
from frontdesk.times.vocabulary import Token
from frontdesk.times.words_en import AFTERNOON, EVENING, MADRUGADA, MANANA, MORNING, NIGHT, TARDE

Window = tuple[time | None, time | None]

_ALL_DAY: Window = (None, None)
_WINDOWS: dict[int, Window] = {
    MORNING: (time(0), time(12)),
    MANANA: (time(0), time(12)),
    AFTERNOON: (time(12), time(17)),
    TARDE: (time(12), time(20)),  # Spanish has one word for afternoon and early evening
    EVENING: (time(17), None),
    NIGHT: (time(17), None),
    MADRUGADA: (time(0), time(6)),
}
_PARTS = {
    "morning": MORNING,
    "afternoon": AFTERNOON,
    "evening": EVENING,
    "night": NIGHT,
    "manana": MANANA,
    "mañana": MANANA,
    "tarde": TARDE,
    "noche": NIGHT,
}
_LAST_HOURS = 2  # "the end of the day" is the last two hours before closing
_CONNECTORS = ("to", "toat", "and", "or", "link", "before")


class Side(NamedTuple):
    """Hold what one reading of a phrase, or of one end of a range, comes to."""

    found: Found
    window: Window = _ALL_DAY


_NOT_UNDERSTOOD = Side(Found(trouble="unclear"))


def parse_days(
    text: str, now: datetime, hours: OpeningHours, part_of_day: str | None = None
) -> Days | Question:
    """Understand a whole phrase as days to look at, or ask.

    `part_of_day` (morning, afternoon, evening; anything else is all day) counts when the phrase names no part
    or hour itself. Days before today are cut off a range. Never raises on any text.
    """
    clinic_zone(now)
    today = now.date()
    tokens = tokenise(text)
    if not tokens:
        return questions.ask_days(today)
    month_first = month_comes_first(tokens, now)
    sides = [_side(reading, today, hours, month_first=month_first) for reading in read(tokens)]
    if not sides:
        sides = _ranges(tokens, today, hours, month_first=month_first)
    wished = _WINDOWS.get(_PARTS.get((part_of_day or "").strip().lower(), -1), _ALL_DAY)
    return _answer(sides, wished, now)


def _answer(sides: Sequence[Side], wished: Window, now: datetime) -> Days | Question:
    """Give the days when every reading that fits agrees on them."""
    today = now.date()
    fitting = [side for side in sides if not side.found.trouble]
    if not fitting:
        return _why_not([side.found for side in sides], now)
    spans = {(day, side.found.until or day) for side in fitting for day in side.found.dates}
    if len(spans) > 1:
        return questions.ask_which_day(sorted({first for first, _ in spans}), today, "")
    windows = {side.window for side in fitting}
    if len(windows) > 1:
        return questions.ask_days(today)
    ((first, last),) = spans
    (window,) = windows
    earliest, latest = wished if window == _ALL_DAY else window
    return Days(first, last, earliest, latest)


def _why_not(founds: Sequence[Found], now: datetime) -> Question:
    today = now.date()
    by_trouble: dict[Literal["", "unsaid", "unclear", "conflict", "past", "absent"], Found] = {}
    for found in founds:
        by_trouble.setdefault(found.trouble, found)
    if "past" in by_trouble:
        return questions.tell_past_day(by_trouble["past"], (), now)
    if "absent" in by_trouble:
        return questions.tell_absent(by_trouble["absent"].remark, today)
    if "conflict" in by_trouble:
        conflict = by_trouble["conflict"]
        return questions.ask_which_day(conflict.dates, today, conflict.remark)
    return questions.ask_days(today)


def _side(reading: Reading, today: date, hours: OpeningHours, *, month_first: bool) -> Side:
    if any(item.kind == "minutes" for item in reading) or sum(item.kind == "part" for item in reading) > 1:
        return _NOT_UNDERSTOOD
    found = find_days(reading, today, month_first=month_first)
    if found.trouble:
        return Side(found)
    window = _window(reading, found, hours)
    return Side(found, window) if window is not None else _NOT_UNDERSTOOD


def _window(reading: Reading, found: Found, hours: OpeningHours) -> Window | None:
    """Work out the start times wanted; None when the words contradict each other."""
    timing = next((item for item in reading if item.kind in TIME_KINDS), None)
    part = next((item.values[0] for item in reading if item.kind == "part"), None)
    around = _WINDOWS[part] if part is not None else _ALL_DAY
    if timing is None:
        return around
    if timing.kind == "midnight":
        return None
    intervals = _intervals(found, hours)
    if timing.kind == "edge":
        return _edge(timing, intervals)
    return _clock_window(timing, part, around, intervals)


def _clock_window(
    timing: Item, part: int | None, around: Window, intervals: tuple[tuple[time, time], ...]
) -> Window | None:
    """Turn hours into a window; an hour that may be AM or PM makes it wider, never too narrow."""
    choices = [clock_times(_plain(clock), part, intervals) for clock in timing.clocks]
    if not all(choices):
        return None
    earliest = around[0] if timing.kind == "before" else choices[0][0]
    latest = None if timing.kind == "clock" else around[1]
    if timing.kind in {"before", "between"}:
        latest = choices[-1][-1]
    if earliest is not None and latest is not None and latest <= earliest:
        return None
    return earliest, latest


def _plain(clock: Clock) -> Clock:
    return clock._replace(offset=None)


def _intervals(found: Found, hours: OpeningHours) -> tuple[tuple[time, time], ...]:
    """Gather the opening hours of all days of a range: at most a week of them differ."""
    first = found.dates[0]
    last = found.until or found.dates[-1]
    days = [first + timedelta(days=n) for n in range(min((last - first).days, 6) + 1)]
    return tuple(interval for day in days for interval in opening(hours, day))


def _edge(timing: Item, intervals: tuple[tuple[time, time], ...]) -> Window:
    if not intervals:
        return _ALL_DAY  # closed: the search itself will say so
    if timing.values[0] == 0:
        return min(opens for opens, _ in intervals), None
    closes = max(closes for _, closes in intervals)
    return time(max(closes.hour - _LAST_HOURS, 0), closes.minute), None


def _ranges(tokens: list[Token], today: date, hours: OpeningHours, *, month_first: bool) -> list[Side]:
    """Read "Monday to Wednesday" and its like at every word that can join two days."""
    start = 1 if role_at(tokens, 0, "between") else 0
    found = []
    for at in range(start + 1, len(tokens) - 1):
        if not role_at(tokens, at, *_CONNECTORS):
            continue
        for left in read(tokens[start:at]):
            for right in _right_ends(tokens, at + 1, left):
                side = _between(left, right, today, hours, month_first=month_first)
                if role_at(tokens, at, "or") and side.found.until and not _adjacent(side.found):
                    ends = (side.found.dates[0], side.found.until)
                    side = Side(Found(ends, trouble="conflict"))
                found.append(side)
    return found


def _adjacent(found: Found) -> bool:
    return found.until is not None and (found.until - found.dates[0]).days <= 1


def _right_ends(tokens: list[Token], at: int, left: Reading) -> list[Reading]:
    """Read the far end of a range; a bare number there is a day when the near end was one ("5th to 10")."""
    readings = read(tokens[at:])
    value = tokens[at].roles.get("num") if at == len(tokens) - 1 else None
    dated = any(item.kind in {"monthday", "calendar"} for item in left)
    return [(Item("monthday", (value,)),)] if dated and value and value <= 31 else readings


def _between(left: Reading, right: Reading, today: date, hours: OpeningHours, *, month_first: bool) -> Side:
    """Join two single days; the far one is looked for from the near one on.

    A range whose near end is past starts today; hours said with both ends must be the same.
    """
    near = _side(left, today, hours, month_first=month_first)
    begun = near.found.trouble == "past"
    if begun:
        near = Side(Found((today,)), near.window)
    if not _single(near):
        return _not_single(near)
    first = near.found.dates[0]
    relative = any(item.kind in {"ahead", "weeksahead", "monthsahead", "weekrel"} for item in right)
    far = _side(right, today if relative else first, hours, month_first=month_first)
    if not _single(far):
        return _not_single(far)
    last = far.found.dates[-1]
    windows = {near.window, far.window} - {_ALL_DAY}
    if last < first or (last == first and not begun) or len(windows) > 1:
        return _NOT_UNDERSTOOD
    return Side(Found((first,), last), windows.pop() if windows else _ALL_DAY)


def _single(side: Side) -> bool:
    return not side.found.trouble and side.found.until is None and len(side.found.dates) == 1


def _not_single(side: Side) -> Side:
    """Pass on why one end of a range is no single day."""
    if side.found.trouble:
        return side
    return _NOT_UNDERSTOOD if side.found.until else Side(Found(side.found.dates, trouble="conflict"))
