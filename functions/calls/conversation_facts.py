"""What an analysis says about the caller: from structured outputs, else the older structured data.

Only what is named here is taken; whatever else an assistant is told to extract is nobody's business.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from frontdesk import emails, names
from frontdesk.model_words import flag
from functions.calls.messages import at
from functions.calls.values import words

INTENTS = (
    "book",
    "move",
    "cancel",
    "question",
    "message",
    "person",
    "wrong_number",
    "spam",
    "sales",
    "other",
)
LOST_REASONS = (
    "no_time_fits",
    "price",
    "insurance",
    "service_not_offered",
    "wants_person",
    "thinking",
    "other_clinic",
    "hung_up",
    "other",
)
_KEYS = {
    "name": ("callername", "patientname", "fullname", "name"),
    "email": ("email", "calleremail", "emailaddress"),
    "reason": ("reason", "reasonforcall", "reasonforvisit", "visitreason"),
    "preferred_times": ("preferredtimes", "preferredtime", "preferredwhen"),
    "language": ("language", "callerlanguage"),
    "new_patient": ("newpatient", "isnewpatient"),
    "intent": ("intent", "callerintent"),
    "lost_reason": ("lostreason", "whynotbooked", "reasonnotbooked"),
}
_LANGUAGES = {
    "english": "en", "inglés": "en", "ingles": "en", "spanish": "es", "español": "es", "espanol": "es",
    "french": "fr", "german": "de", "portuguese": "pt", "chinese": "zh", "mandarin": "zh", "vietnamese": "vi",
}  # fmt: skip


def of(message: dict[str, Any]) -> dict[str, str]:
    """Return the facts of a report by our names; of one said twice the structured outputs' counts."""
    said: dict[str, Any] = {}
    for key, value in _said(message):
        said.setdefault(re.sub(r"[^a-z0-9]", "", key.lower()), value)
    found: dict[str, str] = {}
    for field, keys in _KEYS.items():
        given = next((said[key] for key in keys if said.get(key) is not None), None)
        value = _read(field, given)
        if value:
            found[field] = value
    return found


def _said(message: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    outputs = at(message, "artifact", "structuredOutputs") or at(
        message, "call", "artifact", "structuredOutputs"
    )
    for output in outputs.values() if isinstance(outputs, dict) else ():
        result, name = at(output, "result"), at(output, "name")
        if isinstance(result, dict):
            yield from ((str(key), value) for key, value in result.items())
        elif isinstance(name, str):
            yield name, result
    data = at(message, "analysis", "structuredData")
    if isinstance(data, dict):
        yield from ((str(key), value) for key, value in data.items())


def _read(field: str, value: Any) -> str | None:
    if isinstance(value, list):
        value = "; ".join(part for part in (words(each, 200) for each in value[:10]) if part)
    text = words(value, 500)
    reader = _READERS.get(field)
    return reader(text) if text and reader else text


def _name(text: str) -> str | None:
    tidy = names.normalise(text)
    return tidy[:120] if tidy else None


def _yes_or_no(text: str) -> str | None:
    answer = flag(text)
    return None if answer is None else str(answer).lower()


def _language(text: str) -> str:
    return _LANGUAGES.get(text.lower(), text.lower()[:20])


def _code_of(known: tuple[str, ...]) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        code = re.sub(r"[^a-z]+", "_", text.lower()).strip("_")
        return code if code in known else None

    return read


_READERS: dict[str, Callable[[str], str | None]] = {
    "name": _name,
    "email": emails.normalise,
    "new_patient": _yes_or_no,
    "language": _language,
    "intent": _code_of(INTENTS),
    "lost_reason": _code_of(LOST_REASONS),
}
