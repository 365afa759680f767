"""How days are said: "Monday the 30th", "a week from Tuesday", "el 5 de diciembre", "next week"."""

from collections.abc import Sequence

from frontdesk.times.items import Item, Reading
from frontdesk.times.patterns import Node, matches, role_at, table
from frontdesk.times.vocabulary import Token

THIS, COMING, NEXT, ANY = range(4)  # how a weekday was called
_Values = dict[str, int]
_Alternatives = list[Reading]


def _one(kind: str, *values: int) -> _Alternatives:
    return [(Item(kind, values),)]


def _iso(v: _Values) -> _Alternatives:
    return _one("calendar", v["iso"] // 100 % 100, v["iso"] % 100, v["iso"] // 10000)


def _numeric(v: _Values) -> _Alternatives:
    pair, year = divmod(v["numeric"], 10000)
    return _one("numeric", pair // 100, pair % 100, year)


def _month_day(v: _Values) -> _Alternatives | None:
    day = v["ord"] if "ord" in v else v["num"]
    return _one("calendar", v["month"], day, v.get("year", 0)) if 1 <= day <= 31 else None


def _day_of_month(v: _Values) -> _Alternatives | None:
    day = v["ord"] if "ord" in v else v["num"]
    return _one("monthday", day) if 1 <= day <= 31 else None


def _day_of_that_month(v: _Values) -> _Alternatives | None:
    found = _day_of_month(v)
    if not found:
        return None
    return [(*reading, Item("monthrel", (v["monthrel"],))) for reading in found]


def _weekday(v: _Values) -> _Alternatives:
    called = COMING if "coming" in v else NEXT if "next" in v else THIS if "this" in v else ANY
    return _one("weekday", v["weekday"], called)


def _weekday_number(v: _Values) -> _Alternatives | None:
    """Read "lunes 30": the weekday and its number; the number as an hour is the other patterns' business."""
    return (
        [(Item("weekday", (v["weekday"], ANY)), Item("monthday", (v["num"],)))]
        if 1 <= v["num"] <= 31
        else None
    )


def _ahead(v: _Values) -> _Alternatives | None:
    """Read "in three days". In Spanish eight and fifteen days are also said for one and two weeks."""
    if "dia" in v and v["count"] in {8, 15}:
        return [(Item("ahead", (days,)),) for days in (v["count"], v["count"] - 1)]
    return _one("ahead", v["count"])


def _minutes(v: _Values) -> _Alternatives | None:
    if "halfhours" in v:
        return _one("minutes", v["halfhours"])
    if "half" in v:
        return _one("minutes", 30)
    minutes = v["count"] * v.get("hour", v.get("minute", 1))
    return _one("minutes", minutes) if minutes <= 1440 else None


_DAYS: Node[_Alternatives] = table(
    [
        ("iso", _iso),
        ("numeric", _numeric),
        ("the? ord|num of? month pause? of? year?", _month_day),
        ("month the? ord pause? of? year?", _month_day),
        ("month the? num pause? of? year?", _month_day),
        ("ord", _day_of_month),
        ("the ord", _day_of_month),
        ("the num", _day_of_month),
        ("the? ord|num of the? monthrel", _day_of_that_month),
        ("weekday", _weekday),
        ("this|coming|next weekday", _weekday),
        ("weekday next|coming", _weekday),
        ("this weekday next", _weekday),
        ("weekday num", _weekday_number),
        ("the? ord weekday", lambda v: _one("nth", v["ord"], v["weekday"]) if v["ord"] <= 4 else None),
        ("weekday week", lambda v: _one("weekfrom", 1, v["weekday"])),
        ("count week from? weekday", lambda v: _one("weekfrom", v["count"], v["weekday"])),
        ("in? count week from ahead", lambda v: _one("ahead", v["count"] * 7 + v["ahead"])),
        ("count fortnight from ahead", lambda v: _one("ahead", v["count"] * 14 + v["ahead"])),
        ("in? count day|dia from ahead", lambda v: _one("ahead", v["count"] + v["ahead"])),
        ("in count day|dia", _ahead),
        ("in count week", lambda v: _one("weeksahead", v["count"])),
        ("in count fortnight", lambda v: _one("weeksahead", v["count"] * 2)),
        ("in count months", lambda v: _one("monthsahead", v["count"])),
        ("in count hour|minute", _minutes),
        ("in half count? hour", _minutes),
        ("in halfhours", _minutes),
        ("ahead", lambda v: _one("ahead", v["ahead"])),
        ("thispart", lambda v: [(Item("ahead", (0,)), Item("part", (v["thispart"],)))]),
        ("part", lambda v: _one("part", v["part"])),
        ("weekrel", lambda v: _one("weekrel", v["weekrel"])),
        ("weekend", lambda v: _one("weekend", v["weekend"])),
        ("monthrel", lambda v: _one("monthrel", v["monthrel"])),
        ("in|of? month of? year?", lambda v: _one("month", v["month"], v.get("year", 0))),
        ("weekof", lambda _: _one("weekof")),
        ("anytime", lambda _: _one("anytime")),
        ("at? num? midnight", lambda v: _one("midnight") if v.get("num", 12) == 12 else None),
        ("at? edge", lambda v: _one("edge", v["edge"])),
    ]
)

# Small words that carry nothing in front of these roles; anywhere else they must belong to a pattern.
_BEFORE = (
    *("weekday", "ahead", "weekrel", "weekend", "monthrel", "part", "thispart", "edge", "noon", "midnight"),
    *("next", "this", "coming", "anytime", "weekof", "iso", "numeric", "span"),
)
_SKIPPED = {
    "pause": None,  # a pause may stand anywhere between two items, never inside one that does not list it
    "the": _BEFORE,
    "article": _BEFORE,
    "at": ("part", "edge", "noon"),
    "of": (*_BEFORE, "the", "article"),
    "in": ("weekrel", "monthrel", "the", "article", "part"),
}


def _refused(item: Item, tokens: Sequence[Token], start: int, end: int) -> bool:
    """Tell whether what follows shows that an item was cut short, and another pattern must read it."""
    if item.kind == "monthday":
        month_follows = role_at(tokens, end, "month") or (
            role_at(tokens, end, "of") and role_at(tokens, end + 1, "month", "monthrel", "the")
        )
        nth = role_at(tokens, end, "weekday") and item.values[0] <= 5  # "the second Wednesday" is no 2nd
        hour = role_at(tokens, end, "ampm", "oclock", "plus", "y", "less", "til", "past", "paraat")
        return month_follows or nth or hour
    if item.kind == "month":
        day_before = start > 0 and "month" in tokens[start].roles and role_at(tokens, start - 1, "num", "ord")
        return day_before or role_at(tokens, end, "num", "ord", "the")
    return False


def days_at(tokens: Sequence[Token], at: int) -> list[tuple[Reading, int]]:
    """Find every way to read something about the day at a position, with the position after it."""
    found: list[tuple[Reading, int]] = []
    for alternatives, end in matches(_DAYS, tokens, at):
        found += [(r, end) for r in alternatives if not any(_refused(item, tokens, at, end) for item in r)]
    for role, followers in _SKIPPED.items():
        if role in tokens[at].roles and (followers is None or role_at(tokens, at + 1, *followers)):
            found.append(((), at + 1))
    return found
