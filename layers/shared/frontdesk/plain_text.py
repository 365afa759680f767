"""Text that can be stored, logged beside and spoken: one line, no control characters."""

import unicodedata

# Joiners shape letters in Persian and Indic names; every other invisible character is dropped.
_JOINERS = "\u200c\u200d"
_UNWANTED = ("Cc", "Cf", "Cs", "Cn", "Co")


def one_line(text: str) -> str:
    """Put any text on one line.

    Runs of whitespace (newlines and tabs too) become one space; control characters, NUL, lone
    surrogates and invisible marks go, so that the result is always storable in Postgres and
    encodable as UTF-8; the rest is NFC. Applying it twice changes nothing.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    # Controls that count as whitespace must become spaces before the controls are dropped.
    spaced = " ".join(text.split())
    kept = "".join(c for c in spaced if c in _JOINERS or unicodedata.category(c) not in _UNWANTED)
    return " ".join(unicodedata.normalize("NFC", kept).split())
