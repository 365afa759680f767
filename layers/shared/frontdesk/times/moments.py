"""parse_moment: one exact start, or one question."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from frontdesk.times import questions
from frontdesk.times.answers import Moment, OpeningHours, Question
from frontdesk.times.clocks import clock_times, instants, is_past, opening
from frontdesk.times.days import Found, find_days
from frontdesk.times.items import TIME_KINDS, Clock, Item, Reading
from frontdesk.times.readings import read
from frontdesk.times.tokens import tokenise
from frontdesk.times.vocabulary import Token

# How much a reading has understood: the best one speaks, and a tie is a question.
_NOTHING, _WRONG, _HALF, _PAST_DAY, _WHOLE = range(5)


class Settled(NamedTuple):
    """Hold what one reading comes to: exact starts, or the question it would ask."""

    rank: int
    starts: tuple[datetime, ...] = ()
    question: Question | None = None


def clinic_zone(now: datetime) -> tzinfo:
    """Give the clinic's zone out of `now`.

    Raises:
        ValueError: `now` is naive.
    """
    if now.tzinfo is None:
        message = "now must be aware, in the clinic's zone"
        raise ValueError(message)
    return now.tzinfo


def month_comes_first(tokens: list[Token], now: datetime) -> bool:
    """Tell whether 11/12 is November: in English, in a clinic of the Americas; elsewhere it gets asked."""
    zone = str(now.tzinfo)
    american = zone.startswith(("America/", "US/", "Canada/")) or zone == "Pacific/Honolulu"
    return american and not any(token.spanish for token in tokens)


def parse_moment(text: str, now: datetime, hours: OpeningHours) -> Moment | Question:
    """Understand a whole phrase as one exact start from `now` on, or ask.

    `text` is an ISO form or the caller's words, English or Spanish; `now` is aware, in the clinic's zone,
    whose wall clock every phrase means (even with a Z or an offset). Never raises on any text, never gives a
    past start, and never drops a word: what is not understood, or can mean two things, is a Question.
    """
    clinic_zone(now)
    today = now.date()
    tokens = tokenise(text)
    if not tokens:
        return questions.ask_day_and_time(today)
    month_first = month_comes_first(tokens, now)
    settled = [_settle(reading, now, hours, month_first=month_first) for reading in read(tokens)]
    if not settled:
        return _either(tokens, now, hours)
    best = max(one.rank for one in settled)
    if best != _WHOLE:
        return next((one.question for one in settled if one.rank == best and one.question), None) or (
            questions.ask_day_and_time(today)
        )
    return _answer(settled, now)


def _answer(settled: list[Settled], now: datetime) -> Moment | Question:
    """Give the only start left in the future; ask when there are several, or another reading fits too."""
    whole = [one for one in settled if one.rank == _WHOLE]
    doubt = next((one.question for one in settled if one.rank == _HALF and one.question), None)
    asked = next((one.question for one in whole if one.question), None)
    if len(whole) == 1 and asked:
        return asked
    starts = sorted({at.astimezone(UTC): at for one in whole for at in one.starts}.items())
    ahead = [at for _, at in starts if not is_past(at, now)]
    if not ahead:
        return questions.tell_past_time(starts[-1][1], now) if starts else asked or _unknown(now)
    if len(ahead) > 1:
        return questions.ask_which_moment(ahead, now.date())
    return asked or doubt or Moment(ahead[0])


def _unknown(now: datetime) -> Question:
    return questions.ask_day_and_time(now.date())


def _either(tokens: list[Token], now: datetime, hours: OpeningHours) -> Question:
    """Answer "Tuesday at 2 or Wednesday at 3" with both, in full; anything else was not understood."""
    month_first = month_comes_first(tokens, now)
    for at, token in enumerate(tokens):
        if "or" not in token.roles:
            continue
        found: list[datetime] = []
        for side in (tokens[:at], tokens[at + 1 :]):
            settled = [_settle(reading, now, hours, month_first=month_first) for reading in read(side)]
            found += [
                start
                for one in settled
                if one.rank == _WHOLE
                for start in one.starts
                if not is_past(start, now)
            ]
        if len(found) > 1:
            return questions.ask_which_moment(sorted(set(found)), now.date())
    return _unknown(now)


def _settle(reading: Reading, now: datetime, hours: OpeningHours, *, month_first: bool) -> Settled:
    today = now.date()
    timing = next((item for item in reading if item.kind in TIME_KINDS), None)
    part = next((item.values[0] for item in reading if item.kind == "part"), None)
    if sum(item.kind == "part" for item in reading) > 1 or any(item.kind == "weekof" for item in reading):
        return Settled(_NOTHING)
    if timing is not None and timing.kind == "minutes":
        return _in_minutes(timing.values[0], now) if len(reading) == 1 else Settled(_NOTHING)
    found = find_days(reading, today, month_first=month_first)
    if found.trouble in {"", "conflict", "past"} and found.until is None:
        return _settle_dates(found, timing, part, now, hours)
    return Settled(*_no_single_day(found, timing, today))


def _in_minutes(minutes: int, now: datetime) -> Settled:
    at = (now.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(now.tzinfo)
    if at.second or at.microsecond:
        at = (at.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)).astimezone(
            now.tzinfo
        )
    return Settled(_WHOLE, (at,))


def _no_single_day(
    found: Found, timing: Item | None, today: date
) -> tuple[int, tuple[datetime, ...], Question | None]:
    if found.trouble == "absent":
        return _WRONG, (), questions.tell_absent(found.remark, today)
    if found.trouble == "unclear":
        return _NOTHING, (), None
    if found.until is not None:
        return _HALF, (), questions.ask_inside(found.dates[0], found.until, today)
    clock = timing.clocks[0] if timing and timing.kind == "clock" else None
    return _HALF, (), questions.ask_day(today, _sure_time(clock))


def _sure_time(clock: Clock | None) -> time | None:
    times = clock_times(clock, None, ()) if clock and (clock.half >= 0 or clock.hour > 12) else []
    return times[0] if len(times) == 1 else None


def _settle_dates(
    found: Found, timing: Item | None, part: int | None, now: datetime, hours: OpeningHours
) -> Settled:
    """Put the hour on each possible day; without a usable hour, ask for it."""
    if timing is None or timing.kind in {"after", "before", "between"} or timing == Item("edge", (1,)):
        return _without_hour(found, now)
    if timing.kind == "midnight":
        return _midnights(found, now)
    places = [
        (day, at, *instants(day, at, clinic_zone(now), offset))
        for day in found.dates
        for times, offset in (_times_on(day, timing, part, hours),)
        for at in times
    ]
    if not places and timing.kind == "edge" and not found.trouble:
        return Settled(_HALF, question=questions.ask_closed_day(found.dates[0], now.date()))
    if len(places) == 1 and not found.trouble and places[0][3]:
        day, at, starts, change = places[0]
        left = [start for start in starts if not is_past(start, now)]
        if change == "repeated" and len(left) < 2:
            return Settled(_WHOLE, tuple(left or starts))  # one pass or both are over already
        question = questions.ask_around_clock_change(at, day, starts, change, now.date())
        return Settled(_WHOLE, tuple(starts), question)
    return _weighed(found, tuple(start for place in places for start in place[2]), now)


def _weighed(found: Found, starts: tuple[datetime, ...], now: datetime) -> Settled:
    """Rank the starts of a reading by what was wrong with its days."""
    if found.trouble == "past":
        return Settled(_PAST_DAY, question=questions.tell_past_day(found, starts, now))
    ahead = [at for at in starts if not is_past(at, now)]
    if found.trouble and ahead:
        return Settled(_WRONG, question=questions.ask_which_moment(ahead, now.date(), found.remark))
    return Settled(_WHOLE, starts) if starts and not found.trouble else Settled(_NOTHING)


def _times_on(
    day: date, timing: Item, part: int | None, hours: OpeningHours
) -> tuple[list[time], int | None]:
    intervals = opening(hours, day)
    if timing.kind == "edge":
        return [opens for opens, _ in intervals[:1]], None
    clock = timing.clocks[0]
    return clock_times(clock, part, intervals), clock.offset


def _without_hour(found: Found, now: datetime) -> Settled:
    today = now.date()
    if found.trouble == "past":
        return Settled(_PAST_DAY, question=questions.tell_past_day(found, (), now))
    if found.trouble:
        return Settled(
            _WRONG, question=questions.ask_which_day(found.dates, today, found.remark, and_time=True)
        )
    return Settled(_HALF, question=questions.ask_time(found.dates, today))


def _midnights(found: Found, now: datetime) -> Settled:
    """Ask which midnight: people who say it mean either end of the day."""
    if found.trouble or len(found.dates) != 1:
        return _without_hour(found, now)
    day = found.dates[0]
    zone = clinic_zone(now)
    both = [place for d in (day, day + timedelta(days=1)) for place in instants(d, time(0), zone, None)[0]]
    return Settled(_WHOLE, tuple(both), questions.ask_midnight(day, both, now.date()))
