"""The Spanish words understood in a phrase about time; same shape as words_en, accents removed.

"los lunes" (every Monday), "pasado" alone (last Monday) and "no" are absent on purpose: they must be asked.
"""

from frontdesk.times.words_en import MADRUGADA, MANANA, NIGHT, TARDE, counted, joined

_UNITS = counted("uno dos tres cuatro cinco seis siete ocho nueve")
_TEENS = counted("diez once doce trece catorce quince dieciseis diecisiete dieciocho diecinueve veinte", 10)
_TWENTIES = counted(
    "veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho veintinueve",
    21,
)
_TENS = {30: "treinta", 40: "cuarenta", 50: "cincuenta"}

NUMBERS = _UNITS | _TEENS | _TWENTIES | _TENS | joined(_TENS, " y ", _UNITS) | {1: "uno, una"}

FILLER = """
    por favor, gracias, eh, es, pues, bueno, si, hola, quiero, quisiera, queria, me gustaria, necesito,
    puede ser, podria ser, seria, una cita, la cita, cita, para, reservar, agendar, ir, venir, mas o menos,
    aproximadamente, tal vez, quizas, sobre, hacia, como, si es posible, si se puede, hora, dia
"""

ROLES: dict[str, dict[int, str]] = {
    # days; "manana" alone is tomorrow, only "por la manana" and its like are the morning
    "weekday": counted("lunes martes miercoles jueves viernes sabado domingo", 0),
    "month": {
        1: "enero, ene",
        2: "febrero",
        3: "marzo",
        4: "abril, abr",
        5: "mayo",
        6: "junio",
        7: "julio",
        8: "agosto",
        9: "septiembre, setiembre",
        10: "octubre",
        11: "noviembre",
        12: "diciembre, dic",
    },
    "ord": {1: "primer, primero", 2: "segundo", 3: "tercer"},
    "year": {2000 + n: f"dos mil {word}" for n, word in _TWENTIES.items()},
    "ahead": {
        -2: "anteayer, antier",
        -1: "ayer",
        0: "hoy, ahora, ahora mismo",
        1: "manana",
        2: "pasado manana",
    },
    "this": {0: "este"},
    "next": {0: "proximo, este proximo, que viene, entrante, siguiente"},
    # weeks, months and other spans
    "dia": {1: "dias"},
    "week": {1: "semana, semanas"},
    "months": {1: "mes, meses"},
    "hour": {60: "horas"},
    "halfhours": {30: "media hora", 60: "una hora", 90: "hora y media, una hora y media"},
    "minute": {1: "minutos"},
    "weekrel": {
        0: "esta semana",
        1: "proxima semana, semana que viene, semana proxima, semana entrante, semana siguiente",
    },
    "weekof": {0: "semana del, semana de"},
    "weekend": {0: "fin de semana, este fin de semana", 1: "proximo fin de semana, fin de semana que viene"},
    "monthrel": {0: "este mes", 1: "proximo mes, mes que viene, mes proximo, mes entrante"},
    "unclear": {0: "y pico"},
    "anytime": {
        0: "cualquier dia, cualquier hora, cuando sea, lo antes posible, cuanto antes, lo mas pronto posible"
    },
    # parts of a day
    "part": {
        MANANA: "por la manana, de la manana, en la manana, a la manana, por las mananas",
        TARDE: "tarde, por la tarde, de la tarde, en la tarde, a la tarde, por las tardes",
        NIGHT: "noche, por la noche, de la noche, en la noche, a la noche, por las noches",
        MADRUGADA: "de la madrugada, por la madrugada, en la madrugada",
    },
    "thispart": {MANANA: "esta manana", TARDE: "esta tarde", NIGHT: "esta noche"},
    "edge": {
        0: "primera hora, a primera hora",
        1: "ultima hora, a ultima hora, final del dia, al final del dia",
    },
    # clock
    "oclock": {0: "en punto, horas"},
    "noon": {0: "mediodia, al mediodia, medio dia, al medio dia"},
    "midnight": {0: "medianoche, media noche"},
    "quarter": {15: "cuarto"},
    "plus": {-15: "menos cuarto", 15: "y cuarto", 30: "y media"},
    "less": {0: "menos"},
    "y": {0: "y"},
    # what joins two ends, or bounds one
    "to": {0: "a, al, hasta"},
    "toat": {0: "a las, a la"},
    "paraat": {0: "para las, para la"},
    "after": {0: "despues de, despues del, a partir de, a partir del"},
    "before": {0: "antes de, antes del, hasta"},
    "between": {0: "entre, desde, de, del"},
    "and": {0: "y"},
    "or": {0: "o, u"},
    "onwards": {0: "en adelante"},
    # small words that hold others together
    "count": {**NUMBERS, 1: "uno, un, una", 2: "dos, un par de"},
    "num": NUMBERS,
    "the": {0: "el, al"},
    "article": {0: "la, para la"},
    "at": {0: "a, la, las, a la, a las, para la, para las"},
    "of": {0: "de, del"},
    "in": {0: "en, dentro de, de aqui a"},
}
