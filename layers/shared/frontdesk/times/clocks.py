"""From an hour as said to instants: AM or PM by opening hours, and what daylight saving does to them."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from frontdesk.times.answers import OpeningHours
from frontdesk.times.items import Clock
from frontdesk.times.words_en import AFTERNOON, EVENING, MADRUGADA, MANANA, MORNING, NIGHT, TARDE

Intervals = tuple[tuple[time, time], ...]

# The hours a named part of the day can hold when an hour is said with it ("3 in the afternoon").
_HELD = {
    MORNING: range(12),
    AFTERNOON: range(12, 19),
    EVENING: range(16, 24),
    NIGHT: range(17, 24),
    MANANA: range(13),  # "las doce de la mañana" is noon in Spain
    TARDE: range(12, 21),
    MADRUGADA: range(6),
}
_DAYTIME = range(7, 19)  # what an hour without AM or PM means where opening hours cannot tell


def opening(hours: OpeningHours, day: date) -> Intervals:
    """Give the intervals the clinic is open on a day."""
    return hours.weekly[day.weekday()] if len(hours.weekly) == 7 else ()


def _is_open(at: time, intervals: Intervals) -> bool:
    return any(opens <= at < closes for opens, closes in intervals)


def _hours_meant(clock: Clock) -> list[int]:
    if clock.half >= 0 and clock.hour <= 12:
        return [clock.hour % 12 + 12 * clock.half]
    if clock.hour == 0 or clock.hour > 12:
        return [clock.hour]
    return [clock.hour % 12, clock.hour % 12 + 12]


def clock_times(clock: Clock, part: int | None, intervals: Intervals) -> list[time]:
    """List the times an hour can mean on a day with these opening hours.

    One time when AM or PM was said, written or follows from the part of the day; otherwise the one inside
    opening hours; both when both are; the daytime one (7 AM to 6:59 PM) when neither is. Empty when the words
    contradict each other.
    """
    times = [time(hour, clock.minute) for hour in _hours_meant(clock) if part is None or hour in _HELD[part]]
    if len(times) < 2:
        return times
    inside = [at for at in times if _is_open(at, intervals)]
    if clock.written:
        # An agent that heard "three" writes 03:00: a night hour whose afternoon twin is open gets asked.
        literal = times[clock.hour == 12]
        heard_wrong = 1 <= literal.hour <= 6 and inside == [times[1]]
        return times if heard_wrong else [literal]
    return inside or [at for at in times if at.hour in _DAYTIME]


def instants(day: date, at: time, zone: tzinfo, offset: int | None) -> tuple[list[datetime], str]:
    """Place a wall-clock time in a zone: the instants it can be and "", "skipped" or "repeated".

    A skipped time (clocks go forward) gives the times just before and after the gap; a repeated one gives
    both passes unless the UTC offset in minutes that came with it picks one.
    """
    early = datetime.combine(day, at, zone)
    late = early.replace(fold=1)
    if early.utcoffset() == late.utcoffset():
        return [early], ""
    if _wall(early) != early.replace(tzinfo=None):
        return sorted((_settled(early), _settled(late)), key=_instant), "skipped"
    chosen = [i for i in (early, late) if offset is not None and i.utcoffset() == timedelta(minutes=offset)]
    return (chosen, "") if chosen else ([early, late], "repeated")


def _instant(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _settled(at: datetime) -> datetime:
    """Go through UTC, where every instant exists once; comes back as a time the clocks really show."""
    return at.astimezone(UTC).astimezone(at.tzinfo)


def _wall(at: datetime) -> datetime:
    return _settled(at).replace(tzinfo=None)


def is_past(at: datetime, now: datetime) -> bool:
    """Compare two instants; in UTC, because Python compares wall clocks inside one zone."""
    return _instant(at) < _instant(now)
