"""The Spanish words understood in a phrase about time; same shape as words_en, accents removed.

"los lunes" (every Monday), "pasado" alone (last Monday) and "no" are absent on purpose: they must be asked.
"""

from frontdesk.times.words_en import MADRUGADA, MANANA, NIGHT, TARDE

_NUMBERS = ("uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce", "trece",
            "catorce", "quince", "dieciseis", "diecisiete", "dieciocho", "diecinueve", "veinte", "veintiuno",
            "veintidos", "veintitres", "veinticuatro", "veinticinco", "veintiseis", "veintisiete", "veintiocho",
            "veintinueve")  # fmt: skip
_TENS = {"treinta": 30, "cuarenta": 40, "cincuenta": 50}
_WEEKDAYS = ("lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo")
_MONTHS = ("enero ene", "febrero", "marzo", "abril abr", "mayo", "junio", "julio", "agosto", "septiembre setiembre",
           "octubre", "noviembre", "diciembre dic")  # fmt: skip
_FILLER = (
    "por favor", "gracias", "eh", "este pues", "pues", "bueno", "si", "hola", "quiero", "quisiera", "queria",
    "me gustaria", "me gusta", "necesito", "puede ser", "podria ser", "seria", "una cita", "la cita", "cita", "para",
    "reservar", "agendar", "ir", "venir", "mas o menos", "aproximadamente", "tal vez", "quizas", "sobre", "hacia",
    "como", "si es posible", "si se puede", "hora", "dia",
)  # fmt: skip


def _numbers() -> dict[str, dict[str, int]]:
    table = {word: {"num": n, "count": n} for n, word in enumerate(_NUMBERS, 1)}
    for tens, value in _TENS.items():
        table[tens] = {"num": value, "count": value}
        for n, unit in enumerate(_NUMBERS[:9], 1):
            table[f"{tens} y {unit}"] = {"num": value + n, "count": value + n}
    table |= {f"dos mil {_NUMBERS[n - 1]}": {"year": 2000 + n} for n in range(21, 30)}
    return table


_PARTS = {"manana": MANANA, "tarde": TARDE, "noche": NIGHT, "madrugada": MADRUGADA}

WORDS: dict[str, dict[str, int]] = (
    {word: {} for word in _FILLER}
    | _numbers()
    | {word: {"weekday": n} for n, word in enumerate(_WEEKDAYS)}
    | {word: {"month": n} for n, words in enumerate(_MONTHS, 1) for word in words.split()}
    | {f"{lead} la {part}": {"part": n} for part, n in _PARTS.items() for lead in ("por", "de", "en", "a")}
    | {f"por las {part}s": {"part": n} for part, n in _PARTS.items()}
    | {f"esta {part}": {"thispart": n} for part, n in _PARTS.items()}
    | {
        # days; "manana" alone is tomorrow, only "por la manana" and its like are the morning
        "hoy": {"ahead": 0}, "ahora": {"ahead": 0}, "ahora mismo": {"ahead": 0}, "manana": {"ahead": 1},
        "tarde": {"part": TARDE}, "noche": {"part": NIGHT},
        "pasado manana": {"ahead": 2}, "ayer": {"ahead": -1}, "anteayer": {"ahead": -2}, "antier": {"ahead": -2},
        "este": {"this": 0}, "proximo": {"next": 0}, "proxima": {"next": 0}, "que viene": {"next": 0},
        "entrante": {"next": 0}, "siguiente": {"next": 0}, "este proximo": {"next": 0},
        # weeks and months
        "dias": {"dia": 1}, "semana": {"week": 1}, "semanas": {"week": 1}, "mes": {"months": 1},
        "meses": {"months": 1}, "hora y media": {"halfhours": 90}, "media hora": {"halfhours": 30},
        "horas": {"hour": 60, "oclock": 0}, "una hora": {"halfhours": 60}, "minutos": {"minute": 1},
        "esta semana": {"weekrel": 0}, "proxima semana": {"weekrel": 1}, "semana que viene": {"weekrel": 1},
        "semana proxima": {"weekrel": 1}, "semana entrante": {"weekrel": 1}, "semana siguiente": {"weekrel": 1},
        "semana del": {"weekof": 0}, "semana de": {"weekof": 0},
        "fin de semana": {"weekend": 0}, "este fin de semana": {"weekend": 0}, "proximo fin de semana": {"weekend": 1},
        "fin de semana que viene": {"weekend": 1}, "este mes": {"monthrel": 0}, "proximo mes": {"monthrel": 1},
        "mes que viene": {"monthrel": 1}, "mes proximo": {"monthrel": 1}, "mes entrante": {"monthrel": 1},
        "cualquier dia": {"anytime": 0}, "cualquier hora": {"anytime": 0}, "cuando sea": {"anytime": 0},
        "lo antes posible": {"anytime": 0}, "cuanto antes": {"anytime": 0}, "lo mas pronto posible": {"anytime": 0},
        "primer": {"ord": 1}, "primero": {"ord": 1}, "segundo": {"ord": 2}, "tercer": {"ord": 3}, "cuarto": {"quarter": 15},
        # clock
        "en punto": {"oclock": 0}, "mediodia": {"noon": 0}, "medio dia": {"noon": 0}, "medianoche": {"midnight": 0},
        "media noche": {"midnight": 0}, "y media": {"plus": 30}, "y cuarto": {"plus": 15}, "y pico": {"unclear": 0},
        "menos cuarto": {"plus": -15}, "menos": {"less": 0}, "y": {"y": 0, "and": 0}, "o": {"or": 0}, "u": {"or": 0},
        "despues de": {"after": 0}, "a partir de": {"after": 0}, "antes de": {"before": 0}, "hasta": {"before": 0, "to": 0},
        "despues del": {"after": 0}, "antes del": {"before": 0}, "a partir del": {"after": 0},
        "entre": {"between": 0}, "desde": {"between": 0}, "en adelante": {"onwards": 0},
        "a primera hora": {"edge": 0}, "primera hora": {"edge": 0}, "a ultima hora": {"edge": 1},
        "ultima hora": {"edge": 1}, "al final del dia": {"edge": 1}, "final del dia": {"edge": 1},
        # small words that hold others together
        "una": {"num": 1, "count": 1}, "un": {"count": 1}, "un par de": {"count": 2}, "el": {"the": 0},
        "la": {"the": 0, "at": 0}, "las": {"at": 0}, "a las": {"at": 0, "toat": 0}, "a la": {"at": 0, "toat": 0},
        "para las": {"at": 0, "paraat": 0}, "para la": {"at": 0, "paraat": 0, "the": 0},
        "al": {"the": 0, "at": 0, "to": 0}, "a": {"at": 0, "to": 0}, "de": {"of": 0, "between": 0},
        "del": {"of": 0, "between": 0}, "en": {"in": 0}, "dentro de": {"in": 0}, "de aqui a": {"in": 0},
    }
)  # fmt: skip
