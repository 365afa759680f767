"""The English words understood in a phrase about time, each with the roles it can play.

A key is a word or a run of words in lower case with no accents or apostrophes; the value maps roles to numbers.
An empty value is filler: understood, and without weight. A word in no table makes the whole phrase a question.
"""

_UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
          "nineteen")  # fmt: skip
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50}
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
             "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth",
             "eighteenth", "nineteenth", "twentieth")  # fmt: skip
_WEEKDAYS = ("monday mon", "tuesday tue tues", "wednesday wed weds", "thursday thu thur thurs", "friday fri",
             "saturday sat", "sunday sun")  # fmt: skip
_MONTHS = ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
           "september sep sept", "october oct", "november nov", "december dec")  # fmt: skip

# Parts of a day; clocks.py holds what hours each of them covers.
MORNING, AFTERNOON, EVENING, NIGHT, MANANA, TARDE, MADRUGADA = range(7)

# Sentence openers and courtesies. "or", "not", "except", "last", "every" must never join this list.
_FILLER = (
    "um", "uh", "uhm", "er", "erm", "ah", "oh ok", "hm", "hmm", "please", "thanks", "thank you", "hi", "hello", "yes",
    "yeah", "yep", "ok", "okay", "alright", "sure", "so", "well", "maybe", "perhaps", "around", "about", "approximately",
    "roughly", "ish", "sharp", "exactly", "on", "for", "i", "id", "i would", "would", "like", "like to", "want",
    "want to", "need", "need to", "i need", "can", "could", "we", "you", "do", "make it", "lets", "let us", "say",
    "how about", "what about", "come in", "to come in", "come", "book", "to book", "schedule", "to schedule", "me", "my",
    "an appointment", "appointment", "a slot", "slot", "a time", "time", "sometime", "if possible", "it", "is", "be",
    "that would be", "would be great", "great", "good", "works", "works for me", "prefer", "i prefer", "just", "then",
    "date", "the date",
)  # fmt: skip


def _numbers() -> dict[str, dict[str, int]]:
    table = {word: {"num": n, "count": n} for n, word in enumerate((*_UNITS, *_TEENS), 1)}
    table |= {word: {"ord": n} for n, word in enumerate(_ORDINALS, 1)}
    for tens, value in _TENS.items():
        table[tens] = {"num": value, "count": value}
        for n, unit in enumerate(_UNITS, 1):
            table[f"{tens} {unit}"] = {"num": value + n, "count": value + n}
    for n in range(1, 10):
        table[f"twenty {_ORDINALS[n - 1]}"] = {"ord": 20 + n}
        table[f"twenty twenty {_UNITS[n - 1]}"] = {"year": 2020 + n}
    return table | {"thirtieth": {"ord": 30}, "thirty first": {"ord": 31}}


def _names() -> dict[str, dict[str, int]]:
    table = {word: {"weekday": n} for n, words in enumerate(_WEEKDAYS) for word in words.split()}
    table |= {word: {"month": n} for n, words in enumerate(_MONTHS, 1) for word in words.split()}
    return table


_PARTS = {"morning": MORNING, "afternoon": AFTERNOON, "evening": EVENING, "night": NIGHT}

WORDS: dict[str, dict[str, int]] = (
    {word: {} for word in _FILLER}
    | _numbers()
    | _names()
    | {f"{lead}{part}{end}": {"part": n}
       for part, n in _PARTS.items() for lead, end in (("", ""), ("in the ", ""), ("at ", ""), ("", "s"))}
    | {f"this {part}": {"thispart": n} for part, n in _PARTS.items()}
    | {
        # days
        "today": {"ahead": 0}, "now": {"ahead": 0}, "right now": {"ahead": 0}, "tonight": {"thispart": NIGHT},
        "tomorrow": {"ahead": 1}, "tmrw": {"ahead": 1}, "day after tomorrow": {"ahead": 2},
        "yesterday": {"ahead": -1}, "day before yesterday": {"ahead": -2},
        "this": {"this": 0}, "next": {"next": 0}, "coming": {"coming": 0}, "this coming": {"coming": 0},
        "upcoming": {"coming": 0}, "this upcoming": {"coming": 0},
        # weeks and months
        "day": {"day": 1}, "days": {"day": 1}, "week": {"week": 1}, "weeks": {"week": 1}, "month": {"months": 1},
        "months": {"months": 1}, "hour": {"hour": 60}, "hours": {"hour": 60, "oclock": 0}, "hr": {"hour": 60},
        "hrs": {"hour": 60, "oclock": 0}, "minute": {"minute": 1}, "minutes": {"minute": 1}, "mins": {"minute": 1},
        "fortnight": {"fortnight": 14}, "this week": {"weekrel": 0}, "next week": {"weekrel": 1},
        "following week": {"weekrel": 1}, "week after next": {"weekrel": 2}, "week of": {"weekof": 0},
        # "in the next week" is seven days, not the next calendar week: no rule takes this role, so it is asked
        "the next week": {"unclear": 0}, "the next month": {"unclear": 0},
        "weekend": {"weekend": 0}, "this weekend": {"weekend": 0}, "this coming weekend": {"weekend": 0},
        "next weekend": {"weekend": 1}, "this month": {"monthrel": 0}, "next month": {"monthrel": 1},
        "any day": {"anytime": 0}, "any time": {"anytime": 0}, "anytime": {"anytime": 0}, "any": {"anytime": 0},
        "whenever": {"anytime": 0}, "as soon as possible": {"anytime": 0}, "asap": {"anytime": 0},
        "soonest": {"anytime": 0}, "earliest": {"anytime": 0}, "soonest available": {"anytime": 0},
        "earliest available": {"anytime": 0}, "first available": {"anytime": 0}, "next available": {"anytime": 0},
        "soon": {"anytime": 0},
        # clock
        "am": {"ampm": 0}, "pm": {"ampm": 1}, "oclock": {"oclock": 0}, "h": {"oclock": 0}, "oh": {"oh": 0},
        "noon": {"noon": 0}, "midday": {"noon": 0}, "mid day": {"noon": 0}, "noontime": {"noon": 0},
        "midnight": {"midnight": 0}, "half": {"half": 30}, "quarter": {"quarter": 15}, "a quarter": {"quarter": 15},
        "past": {"past": 0}, "after": {"past": 0, "after": 0, "from": 0}, "til": {"til": 0, "to": 0, "before": 0},
        "till": {"til": 0, "to": 0, "before": 0}, "until": {"to": 0, "before": 0}, "to": {"til": 0, "to": 0},
        "before": {"til": 0, "before": 0}, "by": {"before": 0}, "between": {"between": 0}, "and": {"and": 0},
        "from": {"from": 0, "between": 0}, "onwards": {"onwards": 0}, "onward": {"onwards": 0},
        "through": {"to": 0}, "thru": {"to": 0}, "or": {"or": 0}, "or later": {"onwards": 0},
        "first thing": {"edge": 0}, "first thing in the morning": {"edge": 0}, "first thing in": {"edge": 0},
        "opening": {"edge": 0}, "opening time": {"edge": 0}, "when you open": {"edge": 0},
        "end of day": {"edge": 1}, "end of the day": {"edge": 1}, "closing": {"edge": 1}, "closing time": {"edge": 1},
        "last thing": {"edge": 1},
        # small words that hold others together
        "a": {"count": 1}, "an": {"count": 1}, "couple of": {"count": 2}, "a couple of": {"count": 2},
        "the": {"the": 0}, "at": {"at": 0}, "of": {"of": 0}, "in": {"in": 0},
    }
)  # fmt: skip
