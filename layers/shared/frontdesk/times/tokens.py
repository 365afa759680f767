"""From a phrase to its words, each with every role it can play; one unknown word and there is no phrase."""

import re
import unicodedata

from frontdesk.times.vocabulary import VOCABULARY, Token

LONGEST_PHRASE = 200  # characters; nobody says a longer one, and it bounds the work
_LONGEST_RUN = 5  # words in the longest key of the tables

_AM_PM = re.compile(r"(?<![a-z])([ap])\s?\.?\s?m(?![a-z])\.?")
# Digits glued to anything not listed here become a piece of their own, so "24x7" is never half understood.
_PIECE = re.compile(
    r"(?P<iso>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2})(?:(?P<t>t)(?=[0-9])|(?![0-9]))"
    r"|(?P<numeric>[0-9]{1,2}(?P<mark>[/-])[0-9]{1,2}(?:(?P=mark)(?:[0-9]{4}|[0-9]{2}))?"
    r"|[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4})(?![0-9:/-])"
    r"|(?P<clock>[0-9]{1,2}(?::[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?|\.[0-9]{2}(?=\s?[ap]m)))(?![0-9:])"
    r"(?:(?P<zulu>\s?z)(?![a-z])|(?P<offset>[+-][0-9]{2}:?(?:[0-9]{2})?)(?![0-9]))?"
    r"|(?P<ordinal>[0-9]{1,2})(?:st|nd|rd|th|ro|do|er|o)(?![a-z])"
    r"|(?P<number>[0-9]+)"
    r"|(?P<word>[a-z]+)"
    r"|(?P<pause>[,.;])"
    r"|(?P<link>\s[-\u2013\u2014]\s|[\u2013/])"
    r"|(?P<gap>[\s?!\"()\u00a1\u00bf-]+)"
)


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.strip().lower().replace("@", " at "))
    letters = "".join(c for c in decomposed if not unicodedata.combining(c) and c not in "'\u2019")
    return _AM_PM.sub(r" \1m ", letters)


def _numeric_roles(piece: str) -> dict[str, int]:
    parts = [int(part) for part in re.split(r"[/.-]", piece)]
    year = parts[2] if len(parts) == 3 else 0
    year += 2000 if 0 < year < 100 else 0
    roles = {"numeric": (parts[0] * 100 + parts[1]) * 10000 + year}
    if "-" in piece and not year and max(parts) <= 12:
        roles["span"] = parts[0] * 100 + parts[1]  # "2-4" may be hours
    return roles


def _number_roles(piece: str) -> dict[str, int]:
    value = int(piece)
    if len(piece) <= 2:
        return {"num": value, "count": value}
    if len(piece) > 4:
        return {}
    roles = {"year": value} if 1900 <= value <= 2100 else {"run": value}
    return roles | ({"longrun": value} if len(piece) == 4 else {})


def _offset_minutes(match: re.Match[str]) -> int:
    digits = re.sub(r"[^0-9]", "", match["offset"])
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return -minutes if match["offset"].startswith("-") else minutes


def _digit_tokens(match: re.Match[str], *, after_t: bool) -> list[Token]:
    """Read one piece that starts with a digit; no tokens at all means it was not understood."""
    if match["iso"]:
        year, month, day = (int(part) for part in match["iso"].split("-"))
        return [Token({"iso": (year * 100 + month) * 100 + day})]
    if match["numeric"]:
        return [Token(_numeric_roles(match["numeric"]))]
    if match["ordinal"]:
        return [Token({"ord": int(match["ordinal"])})]
    if match["number"]:
        roles = _number_roles(match["number"])
        return [Token(roles)] if roles and not after_t else []
    hour, minute = (int(part) for part in re.split(r"[:.]", match["clock"])[:2])
    if hour > 23 or minute > 59:
        return []
    # A leading zero or an ISO "T" is a 24-hour clock; "3:30" on its own is not.
    role = "hm24" if after_t or match["clock"].startswith("0") else "hm"
    found = [Token({role: hour * 60 + minute})]
    return [*found, Token({"offset": _offset_minutes(match)})] if match["offset"] else found


def _pieces(text: str) -> list[str | Token] | None:
    pieces: list[str | Token] = []
    position, after_t = 0, False
    while position < len(text):
        match = _PIECE.match(text, position)
        if match is None:
            return None
        position = match.end()
        if match["word"]:
            pieces.append(match["word"])
        elif match["pause"]:
            pieces.append(Token({"pause": 0}))
        elif match["link"]:
            pieces.append(Token({"link": 0}))
        elif not match["gap"]:
            found = _digit_tokens(match, after_t=after_t)
            if not found:
                return None
            pieces.extend(found)
        after_t = bool(match["t"])
    return pieces


def tokenise(text: str) -> list[Token] | None:
    """Split a phrase into tokens, filler dropped; None when any piece of it is not understood.

    Longer runs of words win over shorter ones, so "day after tomorrow" is never a day and a tomorrow.
    """
    if len(text) > LONGEST_PHRASE:
        return None
    pieces = _pieces(_plain(text))
    if pieces is None:
        return None
    tokens: list[Token] = []
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        if isinstance(piece, Token):
            tokens.append(piece)
            at += 1
            continue
        size, token = _longest_run(pieces, at)
        if token is None:
            return None
        if token.roles:
            tokens.append(token)
        at += size
    return tokens


def _longest_run(pieces: list[str | Token], at: int) -> tuple[int, Token | None]:
    words: list[str] = []
    for piece in pieces[at : at + _LONGEST_RUN]:
        if not isinstance(piece, str):
            break
        words.append(piece)
    for size in range(len(words), 0, -1):
        token = VOCABULARY.get(" ".join(words[:size]))
        if token is not None:
            return size, token
    return 1, None
