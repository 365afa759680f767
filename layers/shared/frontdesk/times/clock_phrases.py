"""How hours are said: "half past three", "3:30 pm", "330", "las tres menos cuarto"."""

from collections.abc import Sequence

from frontdesk.times.items import Clock
from frontdesk.times.patterns import matches, role_at, table
from frontdesk.times.vocabulary import Token

_ROUND = range(
    10, 60, 5
)  # minutes that may follow an hour without a colon: "three thirty", never "three four"


def _clock(
    hour: int, minute: int, half: int = -1, *, written: bool = False, offset: int | None = None
) -> Clock | None:
    if not (0 <= hour <= 23 and 0 <= minute <= 59):
        return None
    if (half == 0 and hour > 12) or (half == 1 and hour == 0):
        return None
    return Clock(hour, minute, half, written, offset)


def _spoken(hour: int, minute: int, v: dict[str, int]) -> Clock | None:
    """Build from an hour that must be one of twelve, moved back when minutes are taken from it."""
    if not 1 <= hour <= 12:
        return None
    if minute < 0:
        hour, minute = (hour - 2) % 12 + 1, minute + 60
    return _clock(hour, minute, v.get("ampm", -1))


def _bare(v: dict[str, int]) -> Clock | None:
    return _spoken(v["num"], 0, v)


def _at(v: dict[str, int]) -> Clock | None:
    return _clock(v["num"], 0, v.get("ampm", -1))


def _hour_minute(v: dict[str, int]) -> Clock | None:
    return _clock(v["num"], v["num2"], v.get("ampm", -1)) if v["num2"] in _ROUND else None


def _oh(v: dict[str, int]) -> Clock | None:
    return _clock(v["num"], v["num2"], v.get("ampm", -1)) if v["num2"] < 10 else None


def _run(v: dict[str, int]) -> Clock | None:
    digits = v["run"] if "run" in v else v["longrun"]
    return _clock(digits // 100, digits % 100, v.get("ampm", -1), written="longrun" in v and digits < 1000)


def _digits(v: dict[str, int]) -> Clock | None:
    written = "hm24" in v
    value = v["hm24"] if written else v["hm"]
    written = written and "ampm" not in v
    return _clock(value // 60, value % 60, v.get("ampm", -1), written=written, offset=v.get("offset"))


def _past(v: dict[str, int]) -> Clock | None:
    return _spoken(v["num"], v.get("half", v.get("quarter", 0)), v)


def _to(v: dict[str, int]) -> Clock | None:
    return _spoken(v["num"], -v["quarter"], v)


def _minutes_past(v: dict[str, int]) -> Clock | None:
    return _spoken(v["num2"], v["num"], v) if v["num"] < 30 and ("minute" in v or v["num"] % 5 == 0) else None


def _minutes_to(v: dict[str, int]) -> Clock | None:
    return (
        _spoken(v["num2"], -v["num"], v) if v["num"] < 30 and ("minute" in v or v["num"] % 5 == 0) else None
    )


def _plus(v: dict[str, int]) -> Clock | None:
    return _spoken(v["num"], v["plus"], v)


def _and_minutes(v: dict[str, int]) -> Clock | None:
    return _spoken(v["num"], v["num2"], v) if v["num2"] in range(5, 60, 5) else None


def _less_minutes(v: dict[str, int]) -> Clock | None:
    return _spoken(v["num"], -v["num2"], v) if v["num2"] in range(5, 30, 5) else None


def _twelve(v: dict[str, int]) -> Clock | None:
    return Clock(12, 0, 1) if v.get("num", 12) == 12 else None


_CLOCKS = table(
    [
        ("num", _bare),
        ("at num", _at),
        ("at? num oclock", _at),
        ("at|the? num pause? ampm", _bare),
        ("at|the? num oclock ampm", _bare),
        ("at|the? num num2 ampm? oclock?", _hour_minute),
        ("at? num oh num2 ampm?", _oh),
        ("at|the? run ampm? oclock?", _run),
        ("at longrun ampm? oclock?", _run),
        ("longrun ampm|oclock", _run),
        ("at|the? hm pause? ampm", _digits),
        ("at|the? hm oclock?", _digits),
        ("at|the? hm24 pause? ampm", _digits),
        ("at|the? hm24 oclock?", _digits),
        ("at? hm|hm24 offset", _digits),
        ("at? half|quarter past num ampm? oclock?", _past),
        ("at? quarter til|of num ampm? oclock?", _to),
        ("at? num minute? past num2 ampm? oclock?", _minutes_past),
        ("at? num minute? til num2 ampm? oclock?", _minutes_to),
        ("at? num plus ampm?", _plus),
        ("at? num y num2 ampm?", _and_minutes),
        ("at? num less num2 ampm?", _less_minutes),
        ("at? quarter paraat num ampm?", _to),
        ("at? num paraat num2 ampm?", _minutes_to),
        ("at? num? noon", _twelve),
    ]
)


def _was_a_day(tokens: Sequence[Token], end: int) -> bool:
    """Tell whether a number goes on as "5 of December" or "5 December": then it was a day, not an hour.

    "five December 10th" has a day of its own, so its first number stays an hour.
    """
    if "num" not in tokens[end - 1].roles:
        return False
    if role_at(tokens, end, "of"):
        return role_at(tokens, end + 1, "month")
    return role_at(tokens, end, "month") and not role_at(tokens, end + 1, "num", "ord", "the")


def _was_a_thing(tokens: Sequence[Token], at: int, end: int) -> bool:
    """Tell whether "one" stands for what was offered ("the second one"), and not for an hour."""
    alone = end - at == 1 and role_at(tokens, at, "pronoun")
    return alone and at > 0 and role_at(tokens, at - 1, "ord")


def clocks_at(tokens: Sequence[Token], at: int) -> list[tuple[Clock, int]]:
    """Find every way to read an hour at a position, with the position after it."""
    if at >= len(tokens):
        return []
    return [
        (clock, end)
        for clock, end in matches(_CLOCKS, tokens, at)
        if not _was_a_day(tokens, end) and not _was_a_thing(tokens, at, end)
    ]
