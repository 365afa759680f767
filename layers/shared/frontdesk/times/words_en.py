"""The English words understood in a phrase about time.

ROLES maps a role (what the grammar calls it) and a number to the words that play it: words or runs of words,
in lower case, with no accents or apostrophes. One word may play several roles. FILLER is understood and
carries nothing. A word in no table makes the whole phrase a question.
"""

# Parts of a day; clocks.py and ranges.py hold what hours each of them covers.
MORNING, AFTERNOON, EVENING, NIGHT, MANANA, TARDE, MADRUGADA = range(7)


def counted(words: str, first: int = 1) -> dict[int, str]:
    """Number the words of a text: {1: "one", 2: "two", ...}."""
    return dict(enumerate(words.split(), first))


def joined(tens: dict[int, str], link: str, units: dict[int, str]) -> dict[int, str]:
    """Join tens and units: {21: "twenty one", ...}."""
    return {ten + unit: f"{a}{link}{b}" for ten, a in tens.items() for unit, b in units.items()}


_UNITS = counted("one two three four five six seven eight nine")
_TEENS = counted("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen", 10)
_TENS = {20: "twenty", 30: "thirty", 40: "forty", 50: "fifty"}
_FIRST_TO_NINTH = counted("first second third fourth fifth sixth seventh eighth ninth")
_TENTH_TO_TWENTIETH = counted(
    "tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth "
    "twentieth",
    10,
)

NUMBERS = _UNITS | _TEENS | _TENS | joined(_TENS, " ", _UNITS)

# Sentence openers and courtesies. "or", "not", "except", "last" and "every" must never join this list.
FILLER = """
    um, uh, uhm, er, erm, ah, hm, hmm, please, thanks, thank you, hi, hello, yes, yeah, yep, ok, okay,
    alright, sure, so, well, then, maybe, perhaps, around, about, approximately, roughly, ish, sharp, exactly,
    on, for, i, id, i would, would, like, like to, want, want to, need, need to, prefer, can, could, we, you,
    do, make it, lets, let us, say, how about, what about, come, come in, to come in, book, to book, schedule,
    to schedule, me, my, an appointment, appointment, a slot, slot, a time, time, sometime, if possible, it,
    is, be, that would be, great, good, works, just, date
"""

ROLES: dict[str, dict[int, str]] = {
    "pronoun": {1: "one"},  # "the second one": not an hour
    # days
    "weekday": {
        0: "monday, mon",
        1: "tuesday, tue, tues",
        2: "wednesday, wed, weds",
        3: "thursday, thu, thur, thurs",
        4: "friday, fri",
        5: "saturday, sat",
        6: "sunday, sun",
    },
    "month": {
        1: "january, jan",
        2: "february, feb",
        3: "march, mar",
        4: "april, apr",
        5: "may",
        6: "june, jun",
        7: "july, jul",
        8: "august, aug",
        9: "september, sep, sept",
        10: "october, oct",
        11: "november, nov",
        12: "december, dec",
    },
    "ord": {
        **_FIRST_TO_NINTH,
        **_TENTH_TO_TWENTIETH,
        **joined({20: "twenty"}, " ", _FIRST_TO_NINTH),
        30: "thirtieth",
        31: "thirty first",
    },
    "year": joined({2020: "twenty twenty"}, " ", _UNITS),
    "ahead": {
        -2: "day before yesterday",
        -1: "yesterday",
        0: "today, now, right now",
        1: "tomorrow, tmrw",
        2: "day after tomorrow",
    },
    "this": {0: "this"},
    "next": {0: "next"},
    "coming": {0: "coming, this coming, upcoming, this upcoming"},
    # weeks, months and other spans; "in the next week" is seven days, not a calendar week, so it gets a role
    # that no rule takes and is asked
    "day": {1: "day, days"},
    "week": {1: "week, weeks"},
    "fortnight": {14: "fortnight"},
    "months": {1: "month, months"},
    "hour": {60: "hour, hours, hr, hrs"},
    "minute": {1: "minute, minutes, mins"},
    "weekrel": {0: "this week", 1: "next week, following week", 2: "week after next"},
    "weekof": {0: "week of"},
    "weekend": {0: "weekend, this weekend, this coming weekend", 1: "next weekend"},
    "monthrel": {0: "this month", 1: "next month"},
    "unclear": {0: "the next week, the next month"},
    "anytime": {
        0: "any, any day, any time, anytime, whenever, as soon as possible, asap, soon, soonest, earliest, "
        "soonest available, earliest available, first available, next available"
    },
    # parts of a day
    "part": {
        MORNING: "morning, mornings, in the morning, at morning",
        AFTERNOON: "afternoon, afternoons, in the afternoon",
        EVENING: "evening, evenings, in the evening",
        NIGHT: "night, nights, at night, in the night",
    },
    "thispart": {
        MORNING: "this morning",
        AFTERNOON: "this afternoon",
        EVENING: "this evening",
        NIGHT: "tonight",
    },
    "edge": {
        0: "first thing, first thing in the morning, opening, opening time, when you open",
        1: "last thing, end of day, end of the day, closing, closing time",
    },
    # clock
    "ampm": {0: "am", 1: "pm"},
    "oclock": {0: "oclock, h, hours, hrs"},
    "oh": {0: "oh"},
    "noon": {0: "noon, noontime, midday, mid day"},
    "midnight": {0: "midnight"},
    "half": {30: "half"},
    "quarter": {15: "quarter, a quarter"},
    "past": {0: "past, after"},
    "til": {0: "to, til, till, before"},
    # what joins two ends, or bounds one
    "to": {0: "to, til, till, until, through, thru"},
    "after": {0: "after"},
    "before": {0: "before, by, until, til, till"},
    "between": {0: "between, from"},
    "and": {0: "and"},
    "or": {0: "or"},
    "onwards": {0: "onwards, onward, or later"},
    # small words that hold others together
    "from": {0: "from, after"},
    "count": {**NUMBERS, 1: "one, a, an", 2: "two, couple of, a couple of"},
    "num": NUMBERS,
    "the": {0: "the"},
    "at": {0: "at"},
    "of": {0: "of"},
    "in": {0: "in"},
}
