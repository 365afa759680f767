"""Both languages in one table: every word, and every role it can play."""

from collections.abc import Mapping
from typing import NamedTuple

from frontdesk.times import words_en, words_es


class Token(NamedTuple):
    """Hold the roles of one understood piece; `spanish` marks a word that English does not have."""

    roles: Mapping[str, int]
    spanish: bool = False


def _add(table: dict[str, dict[str, int]], filler: str, roles: dict[str, dict[int, str]]) -> None:
    for word in filler.split(","):
        table.setdefault(word.strip(), {})
    for role, values in roles.items():
        for value, words in values.items():
            for word in words.split(", "):
                table.setdefault(word, {})[role] = value


def _vocabulary() -> dict[str, Token]:
    table: dict[str, dict[str, int]] = {}
    _add(table, words_en.FILLER, words_en.ROLES)
    english = set(table)
    _add(table, words_es.FILLER, words_es.ROLES)
    return {word: Token(roles, word not in english) for word, roles in table.items()}


VOCABULARY = _vocabulary()
