"""Hypothesis strategies: a day and an hour first, then a phrase that a person would say for exactly those."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from frontdesk.times import OpeningHours

ZONES = ("America/New_York", "America/Phoenix", "Europe/Madrid", "Asia/Kolkata", "Australia/Lord_Howe", "UTC")
OPEN_8_TO_18 = OpeningHours((((time(8), time(18)),),) * 7)
OFFICE_HOURS = OpeningHours((*((((time(9), time(17)),),) * 5), (), ()))

EN_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ES_DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
EN_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
ES_MONTHS = (
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
)
EN_HOURS = ("twelve", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
ES_HOURS = ("doce", "una", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once")
EN_COUNTS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def _suffix(day: int) -> str:
    return "th" if day in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def english_days(day: date, today: date) -> list[str]:
    """List English ways to say a day after today; each means the day, or that day and another."""
    ahead = (day - today).days
    weekday, month = EN_DAYS[day.weekday()], EN_MONTHS[day.month - 1]
    nth = f"{day.day}{_suffix(day.day)}"
    said = [
        f"{month} {nth}, {day.year}",
        f"{weekday}, {month} {nth} {day.year}",
        f"the {nth} of {month} {day.year}",
        day.isoformat(),
        f"{day.month}/{day.day}/{day.year}",
    ]
    if ahead < 300:
        said += [f"{month} {nth}", f"{weekday} the {nth} of {month}", f"{month[:3]} {day.day}"]
    if ahead < 28:
        said += [f"the {nth}", f"{weekday} the {nth}"]
    if ahead <= 10:
        said += [f"in {EN_COUNTS[ahead]} day{'s' if ahead > 1 else ''}", f"{ahead} days from today"]
    if ahead <= 7:
        said += [weekday, f"on {weekday}", f"this {weekday}", f"this coming {weekday}", f"next {weekday}"]
    if 7 < ahead <= 14:
        said += [f"a week from {weekday}", f"{weekday} week"]
        if ahead == 8:
            said += ["a week from tomorrow"]
    if ahead % 7 == 0:
        said += [f"in {ahead // 7} weeks"]
    return said + {1: ["tomorrow"], 2: ["the day after tomorrow", "day after tomorrow"]}.get(ahead, [])


def spanish_days(day: date, today: date) -> list[str]:
    """List Spanish ways to say a day after today; each means the day, or that day and another."""
    ahead = (day - today).days
    weekday, month = ES_DAYS[day.weekday()], ES_MONTHS[day.month - 1]
    said = [
        f"el {day.day} de {month} de {day.year}",
        f"el {weekday} {day.day} de {month} de {day.year}",
        f"el {day.day}/{day.month}/{day.year}",
    ]
    if ahead < 300:
        said += [f"el {day.day} de {month}", f"el {weekday} {day.day} de {month}"]
    if ahead < 28:
        said += [f"el {day.day}", f"el {weekday} {day.day}"]
    if ahead <= 7:
        said += [f"el {weekday}", f"este {weekday}", f"el próximo {weekday}", f"el {weekday} que viene"]
    if 1 < ahead <= 20:
        said += [f"dentro de {ahead} días"]
    return said + {1: ["mañana"], 2: ["pasado mañana"], 7: ["dentro de una semana"]}.get(ahead, [])


def english_hours(at: time) -> list[str]:
    """List English ways to say a quarter hour between 8 AM and 6 PM."""
    twelve, half = at.hour % 12 or 12, "am" if at.hour < 12 else "pm"
    hour, following = EN_HOURS[at.hour % 12], EN_HOURS[(at.hour + 1) % 12]
    part = "in the morning" if at.hour < 12 else "in the afternoon"
    said = [f"{twelve}:{at.minute:02} {half}", f"{at.hour:02}:{at.minute:02}", f"at {twelve}:{at.minute:02}"]
    if at.minute == 0:
        said += [f"at {hour}", f"at {twelve}", f"{twelve}{half}", f"{hour} o'clock", f"at {hour} {part}"]
        said += ["at noon"] if at.hour == 12 else []
    words = {15: ("quarter past", "fifteen"), 30: ("half past", "thirty"), 45: ("", "forty five")}.get(
        at.minute
    )
    if words:
        said += [f"at {hour} {words[1]}", f"at {twelve}{at.minute:02}"]
        said += [f"at {words[0]} {hour}" if words[0] else f"at quarter to {following}"]
    return said


def spanish_hours(at: time) -> list[str]:
    """List Spanish ways to say a quarter hour between 8 AM and 6 PM."""
    hour, following = ES_HOURS[at.hour % 12], ES_HOURS[(at.hour + 1) % 12]
    article = "la" if hour == "una" else "las"
    part = "de la mañana" if at.hour < 12 else "de la tarde"
    tail = {0: "", 15: " y cuarto", 30: " y media", 45: " cuarenta y cinco"}[at.minute]
    said = [
        f"a {article} {hour}{tail}",
        f"a {article} {hour}{tail} {part}",
        f"a las {at.hour}:{at.minute:02}",
    ]
    if at.minute == 45:
        said += [f"a {'la' if following == 'una' else 'las'} {following} menos cuarto"]
    return said + (["al mediodía"] if at == time(12) else [])


@st.composite
def nows(draw: st.DrawFn, zones: tuple[str, ...] = ZONES) -> datetime:
    """Draw a present in some clinic's zone, to the second, between 2024 and 2031."""
    utc = draw(st.datetimes(datetime(2024, 1, 1), datetime(2031, 12, 31)))  # noqa: DTZ001 (zone set below)
    zone = ZoneInfo(draw(st.sampled_from(zones)))
    return utc.replace(microsecond=0, tzinfo=ZoneInfo("UTC")).astimezone(zone)


@st.composite
def said_starts(draw: st.DrawFn) -> tuple[datetime, datetime, str]:
    """Draw (now, start, phrase) where the phrase was made from the start, in English or Spanish."""
    now = draw(nows())
    ahead = draw(st.one_of(st.integers(1, 15), st.integers(1, 400)))
    day = now.date() + timedelta(days=ahead)
    at = time(draw(st.integers(8, 17)), draw(st.sampled_from((0, 15, 30, 45))))
    english = draw(st.booleans())
    days = english_days(day, now.date()) if english else spanish_days(day, now.date())
    hours = english_hours(at) if english else spanish_hours(at)
    day_said, hour_said = draw(st.sampled_from(days)), draw(st.sampled_from(hours))
    order = (day_said, hour_said) if draw(st.booleans()) else (hour_said, day_said)
    courtesy = draw(
        st.sampled_from(("", "um, ", "please ")) if english else st.sampled_from(("", "para ", "por favor "))
    )
    phrase = f"{courtesy}{' '.join(order)}"
    return (
        now,
        datetime.combine(day, at, now.tzinfo),
        draw(st.sampled_from((phrase, phrase.upper(), f"{phrase}."))),
    )
