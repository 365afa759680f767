"""E-mail addresses, typed or spelled out loud."""

import re
import unicodedata
from itertools import pairwise

from frontdesk.digit_words import DIGITS
from frontdesk.plain_text import one_line

_AT = frozenset({"at", "arroba"})
_SIGNS = {
    "dot": ".",
    "period": ".",
    "point": ".",
    "punto": ".",
    "underscore": "_",
    "dash": "-",
    "hyphen": "-",
    "minus": "-",
    "guion": "-",
    "plus": "+",
    "mas": "+",
}
_LOW_DASH = re.compile(r"\b(?:guion bajo|under score|raya baja)\b")
_PREAMBLE = re.compile(
    r"^(?:(?:my|the|mi|el) )?(?:e-?mail|correo)(?: (?:address|electronico))?(?: (?:is|es))?:? "
    r"|^(?:it's|it is|es) "
)
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?=[a-z0-9-]*[a-z]){_LABEL}")


def normalise(raw: str) -> str | None:
    """Write an e-mail address in lower case, or return None when it is none.

    Understands the spoken form in English and Spanish ("dana underscore w at gmail dot com",
    "ana punto ruiz arroba ..."), letters said one by one, and digits as words. Only ASCII addresses
    of the common form pass: local part up to 64, whole up to 254 characters, a domain with a dot.
    Never raises; a booking goes on without an address.
    """
    text = one_line(unicodedata.normalize("NFKC", raw[:1000])).lower().strip(" <>\"'").rstrip(".,;>")
    text = text.removeprefix("mailto:")
    address = text if "@" in text and " " not in text else _joined(text)
    if len(address) > 254:
        return None
    return address if _ADDRESS.fullmatch(address) else None


def _joined(text: str) -> str:
    """Put the words of a spoken address together; without an "at" there is none: ""."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    plain = _PREAMBLE.sub("", _LOW_DASH.sub("underscore", plain).replace("@", " at "))
    words = [word.strip(",;") for word in plain.split()]
    ats = [place for place, word in enumerate(words) if word in _AT]
    if len(ats) != 1:
        return ""
    local, domain = words[: ats[0]], words[ats[0] + 1 :]
    return _part(local) + "@" + _part(domain)


def _part(words: list[str]) -> str:
    written = [_SIGNS.get(word) or _letter_or_digit(word) for word in words]
    # Two plain words side by side ("call dana", "dana smith") may be an address with or without a
    # sign between them, or a sentence: nobody can tell, so nothing is written down.
    for left, right in pairwise(written):
        if len(left) > 1 and len(right) > 1:
            return ""
    return "".join(written)


def _letter_or_digit(word: str) -> str:
    # A telephone number's "o" is a zero; in an address it is the letter.
    return word if word in ("o", "oh") or word not in DIGITS else str(DIGITS[word])
