"""Days and times as a text writes them, in the clinic's zone and language."""

from datetime import date, datetime, time

from frontdesk.times.say import MONTHS, WEEKDAYS, say_time

# Further ahead than this the same weekday and date could be read as another year's.
YEAR_FROM_DAYS = 270

_WEEKDAYS_ES = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
_MONTHS_ES = ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio",
              "agosto", "septiembre", "octubre", "noviembre", "diciembre")  # fmt: skip


def day(at: datetime, today: date, language: str) -> str:
    """Write a day: "Tuesday, December 8", "martes 8 de diciembre"; the year only when it is far off."""
    far = (at.date() - today).days > YEAR_FROM_DAYS
    if language == "es":
        written = f"{_WEEKDAYS_ES[at.weekday()]} {at.day} de {_MONTHS_ES[at.month - 1]}"
        return f"{written} de {at.year}" if far else written
    written = f"{WEEKDAYS[at.weekday()]}, {MONTHS[at.month - 1]} {at.day}"
    return f"{written}, {at.year}" if far else written


def clock(at: time, language: str) -> str:
    """Write a time: "at 3:30 PM", "a las 3:30 de la tarde".

    With its preposition, since Spanish says "a la 1" but "a las 2"; by parts of the day rather than "15:30",
    which Spanish speakers in the United States read less surely.
    """
    if language != "es":
        return f"at {say_time(at)}"
    hour = at.hour % 12 or 12
    article = "a la" if hour == 1 else "a las"
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{article} {hour}{minutes} {_part_of_day(at)}"


def _part_of_day(at: time) -> str:
    if (at.hour, at.minute) == (12, 0):
        return "del mediodía"
    if at.hour < 6:
        return "de la madrugada"
    if at.hour < 12:
        return "de la mañana"
    return "de la tarde" if at.hour < 20 else "de la noche"
