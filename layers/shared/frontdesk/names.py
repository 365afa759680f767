"""People's names: as they are written down, and as they are compared."""

import re
import unicodedata

from frontdesk.plain_text import one_line

MAX_LENGTH = 120

# "Sr" stands for Señor here: these count at the front only, where Senior never stands.
_COURTESY = frozenset(
    {"mr", "mrs", "ms", "miss", "mx", "mister"} | {"sr", "sra", "srta", "señor", "señora", "señorita"}
)
_TITLES = _COURTESY | {"dr", "dra", "doctor", "doctora", "prof", "professor", "profesor", "profesora"}
_CREDENTIALS = frozenset({"md", "dds", "dmd", "phd", "rdh"})
_NUMERALS = frozenset({"ii", "iii", "iv", "phd"})
# A person's name is read out, texted and shown: an address or markup in it is not a name.
_NO_NAME = re.compile(r"@|://|\bwww\.|[<>{}\\|]", re.IGNORECASE)
_SPELLED = re.compile(r"[^\W\d_](?:[-.][^\W\d_]){2,}[.,]?")
_PLAIN_WORD = re.compile(r"[A-Z][a-z]{3,}")
_MAX_PASSES = 5

# Words nameparser writes in a way of their own, among those _PLAIN_WORD lets through.
_PARTICLES = frozenset(
    {"abdul", "abu", "bint", "binte", "binti", "dalla", "degli", "dela", "della", "delle", "delli", "dello"}
    | {"freiherr", "freiherrin", "heer", "saint", "santa", "thoe", "vande", "vanden", "vander", "vere"}
)
# nameparser takes every "Mac..." for a Scottish one and makes MacHado of Machado.
_SCOTTISH = frozenset(
    {
        "alister",
        "arthur",
        "aulay",
        "bride",
        "callum",
        "dermott",
        "donald",
        "donnell",
        "dougall",
        "dowell",
        "duff",
    }
    | {"ewan", "farlane", "gill", "gregor", "innes", "intosh", "intyre", "iver", "kinnon", "lachlan", "laren"}
    | {
        "lean",
        "leod",
        "mahon",
        "manus",
        "millan",
        "nab",
        "namara",
        "neil",
        "nicol",
        "phail",
        "pherson",
        "queen",
    }
    | {"rae", "tavish", "vicar"}
)


def normalise(raw: str) -> str | None:
    """Write a person's name the way the contacts table keeps it, or return None when it is none.

    Title case that knows McDonald, O'Brien, Garcia-Lopez and de la Cruz; "LAST, FIRST" in order;
    Mr, Mrs, Ms and Miss dropped, Dr. and Jr, III kept; letters spelled one by one ("D A N A") joined.
    Deliberate capitals (LaToya) and scripts without case stay. None without a letter, over 120
    characters, or with an address in it. Applying it twice changes nothing; never raises.
    """
    name = one_line(raw[: 4 * MAX_LENGTH])
    if _NO_NAME.search(name):
        return None
    for _ in range(_MAX_PASSES):
        written = _written(name)
        if written == name:
            return name if any(c.isalpha() for c in name) and len(name) <= MAX_LENGTH else None
        name = written
    return None


def _written(name: str) -> str:
    """Take one step towards the written form; a name in that form comes back as it is."""
    bare = one_line(re.sub(r"[\"()\[\]\u201c\u201d*_]", " ", name)).strip(" .,;:!?-'")
    words = _without_courtesy(_unspelled(bare.split()))
    if not any(c.isalpha() for c in bare):
        return ""
    # Nothing to do for plain words, nor for a script without case, whose order is its own.
    if all(_is_plain(word) for word in words) or bare.lower() == bare.upper():
        return " ".join(words)
    return one_line(_cased(" ".join(words)))


def _is_plain(word: str) -> bool:
    """Tell whether a word is in its written form already, which spares most calls the parser."""
    lower = word.lower()
    return (
        _PLAIN_WORD.fullmatch(word) is not None
        and not lower.startswith(("mc", "mac"))
        and lower not in _PARTICLES
        and lower not in _TITLES
    )


def _without_courtesy(words: list[str]) -> list[str]:
    while words and words[0].lower().rstrip(".") in _COURTESY:
        words = words[1:]
    return words


def _unspelled(words: list[str]) -> list[str]:
    """Join letters said one by one, and drop a spelling that repeats the word before it."""
    joined: list[str] = []
    run: list[str] = []
    for word in [*words, ""]:
        if len(word.rstrip(".,")) == 1 and word[0].isalpha():
            run.append(word)
            continue
        joined += _joined_run(run, joined)
        run = []
        if _SPELLED.fullmatch(word):
            joined += _joined_run(re.findall(r"[^\W\d_]", word), joined)
        elif word:
            joined.append(word)
    return joined


def _joined_run(run: list[str], before: list[str]) -> list[str]:
    letters = "".join(letter[0] for letter in run)
    # Three initials (J R R) have no vowel as a rule; a spelled name always has.
    if len(run) < 3 or not re.search(r"[aeiouy]", _folded(letters)):
        return run
    if before and _folded(before[-1].strip(",")) == _folded(letters):
        return []
    return [letters.capitalize()]


def _cased(name: str) -> str:
    """Put the words in order and in their case, by nameparser's knowledge of particles and suffixes."""
    # Imported here: an import guard keeps it out of `book`'s cold start.
    from nameparser import HumanName

    person = HumanName(name)
    before = str(person).split()
    person.capitalize(force=True)
    after = str(person).split()
    if not _same_words(name, before) or len(before) != len(after):
        # It took a word for a maiden name or a nickname and left it out or moved it: a name loses
        # nothing here, so the words stay as they came.
        before = name.replace(",", " ").split()
        after = [word.capitalize() for word in before]
    return " ".join(_word(old, new) for old, new in zip(before, after, strict=True))


def _same_words(name: str, parsed: list[str]) -> bool:
    given = [word.strip(".,") for word in name.replace(",", " ").split()]
    found = [word.strip(".,") for word in parsed]
    # Only a comma ("LAST, FIRST") is a reason to change the order.
    return sorted(given) == sorted(found) if "," in name else given == found


def _word(old: str, new: str) -> str:
    """Choose between a word as given and as cased: capitals set on purpose are its owner's."""
    if not (old.islower() or old.isupper() or old == old.capitalize()):
        return old
    if len(old.rstrip(".,")) == 1 and old.isupper():
        return old  # an initial: "Juan Y. Ruiz" is no conjunction
    plain = new.rstrip(".,")
    lower = plain.lower()
    if lower.startswith("mac") and lower[3:] not in _SCOTTISH:
        return plain.capitalize()
    # A surname such as Do or Ma at the end is no degree.
    if plain.isupper() and len(plain) > 1 and lower not in _NUMERALS | _CREDENTIALS:
        return plain.capitalize()
    return new


def key(name: str) -> str:
    """Return what two spoken forms of one name have in common, to compare by equality.

    Lower case, accents folded, titles and degrees dropped, letters and digits only: "Dr. Patel",
    "doctor patel" and "Patel" all give "patel". "" when nothing is left to compare.
    """
    return "".join(key_words(name))


def key_words(name: str) -> tuple[str, ...]:
    """Return the words `key` is made of, for comparing a surname alone with a whole name."""
    words = [
        "".join(c for c in _folded(word) if c.isalnum() or unicodedata.category(c)[0] == "M")
        for word in one_line(name).replace(".", " ").split()
    ]
    words = [word for word in words if word]
    titles = {_folded(title) for title in _TITLES}
    kept = list(words)
    while len(kept) > 1 and kept[0] in titles:
        kept = kept[1:]
    while len(kept) > 1 and kept[-1] in _CREDENTIALS:
        kept = kept[:-1]
    return tuple(kept)


def _folded(text: str) -> str:
    """Lower-case and drop the accents of European scripts; other scripts keep their marks."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not "\u0300" <= c <= "\u036f").translate(_STROKES)


_STROKES = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i"}
)
