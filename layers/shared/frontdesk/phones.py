"""Telephone numbers: from what a caller says or a carrier sends to E.164, and back to speech."""

import re
import unicodedata

from frontdesk.digit_words import DIGITS, SPANISH_HUNDREDS, TEENS, TENS

MAX_LENGTH = 200

_REPEATS = {"double": 2, "doble": 2, "triple": 3, "treble": 3}
_PLUS = frozenset({"+", "plus", "mas"})
_ZEROS = {"hundred": "00", "thousand": "000"}
_FILLERS = frozenset(
    {"my", "the", "a", "is", "its", "it's", "and", "then", "um", "uh", "sure", "yes", "please", "tel"}
    | {"phone", "cell", "mobile", "number", "area", "code", "dash", "hyphen", "dot", "space"}
    | {"mi", "el", "la", "es", "y", "de", "si", "numero", "telefono", "movil", "celular"}
    | {"prefijo", "codigo", "guion", "punto"}
)
_EXTENSION = re.compile(r"[\s,;]*(?:\bext(?:ension|\.)?|\bx|#)\s*\d{1,7}\s*$", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+|\+")

# Numbers set aside for fiction, which libphonenumber does not call valid in every area code:
# 555-0100 to 555-0199 (NANPA) and 07700 900000 to 900999 (Ofcom). Demos and tests use them.
_FICTIONAL = re.compile(r"\+1[2-9]\d{2}55501\d{2}|\+447700900\d{3}")
# Carriers send these in place of a withheld caller's number (Twilio's list: restricted, blocked,
# unknown, anonymous, unavailable); some of them would pass for real ones.
_WITHHELD = frozenset({"+7378742833", "+2562533", "+8656696", "+266696687", "+86282452253"})


_CARRIERS = re.compile(r"\+[1-9][0-9]{6,14}")


def normalise(spoken_or_written: str, region: str) -> str | None:
    """Turn a telephone number into E.164, or None when it cannot be one.

    Takes digits in any punctuation, digits as English or Spanish words ("two zero two, double five
    ..."), "plus one ...", and drops an extension. `region` (ISO 3166, e.g. "US") is where a number
    without a country code belongs. A word that is neither a digit nor a usual filler makes it None:
    a number half understood belongs to somebody else. Never raises.
    """
    if len(spoken_or_written) > MAX_LENGTH:
        return None
    text = unicodedata.normalize("NFKC", spoken_or_written)
    dialled = _dialled(_EXTENSION.sub("", text))
    return _e164(dialled, region) if dialled else None


def of_caller(number: str, region: str) -> str | None:
    """Return a calling number as the carrier sends it, in E.164; None when it is withheld or no number.

    More is taken than from speech: nobody misheard it, and carriers use ranges before libphonenumber's
    metadata calls them valid.
    """
    spoken = normalise(number, region)
    if spoken is not None or not _CARRIERS.fullmatch(number.strip()):
        return spoken
    import phonenumbers

    plain = number.strip()
    possible = phonenumbers.is_possible_number(phonenumbers.parse(plain, None))
    return plain if possible and plain not in _WITHHELD else None


def _e164(dialled: str, region: str) -> str | None:
    # Imported here: its metadata has no place in `book`'s cold start (an import guard watches).
    import phonenumbers

    try:
        number = phonenumbers.parse(dialled, region.upper() if region else None)
    except phonenumbers.NumberParseException:
        return None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if written in _WITHHELD or number.extension:
        return None
    good = phonenumbers.is_valid_number(number) or _FICTIONAL.fullmatch(written) is not None
    return written if good else None


def _dialled(text: str) -> str | None:
    """Write what was said as digits with at most a leading plus; None for any other word."""
    tokens = _TOKEN.findall(_unaccented(text))
    digits = ""
    place = 0
    while place < len(tokens):
        said, step = _spoken(tokens, place)
        if said is None or (said == "+" and digits):
            return None
        digits += said
        place += step
    return digits if digits.strip("+") else None


def _spoken(tokens: list[str], place: int) -> tuple[str | None, int]:
    """Read the digits that start at one token: (digits, tokens used); None for a strange word."""
    word = tokens[place]
    after = tokens[place + 1] if place + 1 < len(tokens) else ""
    if word in _REPEATS:
        repeated = _single(after)
        return (repeated * _REPEATS[word] if repeated else None), 2
    if after in _ZEROS and _single(word):
        return f"{_single(word)}{_ZEROS[after]}", 2
    if word in SPANISH_HUNDREDS:
        rest, used = _below_hundred(tokens, place + 1)
        return f"{SPANISH_HUNDREDS[word]}{rest:02d}", 1 + used
    if word in TEENS or word in TENS:
        number, used = _below_hundred(tokens, place)
        return str(number), used
    if word in _PLUS:
        return "+", 1
    return ("" if word in _FILLERS else _single(word)), 1


def _single(word: str) -> str | None:
    if word.isdecimal():
        return word
    return str(DIGITS[word]) if word in DIGITS else None


def _below_hundred(tokens: list[str], place: int) -> tuple[int, int]:
    """Read "twelve", "forty seven", "treinta y cinco" or a digit word: (number, tokens used)."""
    word = tokens[place] if place < len(tokens) else ""
    small = TEENS.get(word, DIGITS.get(word))
    if small is not None:
        return small, 1
    if word not in TENS:
        return 0, 0
    joined = 1 if tokens[place + 1 : place + 2] == ["y"] else 0
    unit = tokens[place + 1 + joined] if place + 1 + joined < len(tokens) else ""
    if DIGITS.get(unit):
        return TENS[word] * 10 + DIGITS[unit], 2 + joined
    return TENS[word] * 10, 1


def _unaccented(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold().replace("\u2019", "'"))
    digits = (str(unicodedata.decimal(c)) if c.isdecimal() else c for c in folded)
    return "".join(c for c in digits if not unicodedata.combining(c))


def last_four(e164: str) -> str:
    """Return a number's last four digits, which identify it to its owner and to nobody else."""
    return "".join(c for c in e164 if c.isdecimal())[-4:]


def speak(e164: str) -> str:
    """Write a number as a voice reads it out: digits apart, groups by commas.

    A North American number is said without its country code ("2 0 2, 5 5 5, 0 1 4 7"), any other
    with it ("plus 3 4, 6 1 2, ..."). Text that is no number gives its digits in one group.
    """
    import phonenumbers

    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return " ".join(c for c in e164 if c.isdecimal())
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    groups = [" ".join(group) for group in re.findall(r"\d+", written)]
    if number.country_code == 1:
        return ", ".join(groups[1:])
    return "plus " + ", ".join(groups)
