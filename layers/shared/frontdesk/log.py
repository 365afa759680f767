"""Log lines without people in them: a fixed set of fields, each an id, a code or a number."""

import re

from aws_lambda_powertools import Logger

# A field that is not here is not written. Add one only if its values can never name or describe a person.
ALLOWED = frozenset(
    {
        "call_id",
        "org_id",
        "tool",
        "tool_call_id",
        "outcome",
        "reason",
        "method",
        "status",
        "duration_ms",
        "calls",
    }
    | {"appointment_id", "follow_up_id", "error", "sqlstate", "outbox", "replayed", "db_ms"}
    | {"outbox_id", "message_id", "calendar_id", "attempt", "result", "error_code", "intent", "segments"}
)

# Ids come from outside: one that does not look like an id could be anything, a name or a sentence.
_ID_OR_CODE = re.compile(r"[\w.:/-]{1,128}", re.ASCII)
UNPRINTABLE = "unprintable"

_logger = Logger()


def info(message: str, **fields: object) -> None:
    """Write one line; `message` is a constant of the code."""
    _logger.info(message, extra=_allowed(fields))


def error(message: str, **fields: object) -> None:
    """Write one line about something that failed on our side."""
    _logger.error(message, extra=_allowed(fields))


def correlate(call_id: str | None) -> None:
    """Put the call's id on every line that follows."""
    safe = _harmless(call_id)
    _logger.set_correlation_id(safe if isinstance(safe, str) else None)


def _allowed(fields: dict[str, object]) -> dict[str, object]:
    kept = {name: _harmless(value) for name, value in fields.items() if name in ALLOWED and value is not None}
    dropped = sorted(set(fields) - ALLOWED)
    return {**kept, "dropped_fields": dropped} if dropped else kept


def _harmless(value: object) -> object:
    if isinstance(value, str) and not _ID_OR_CODE.fullmatch(value):
        return UNPRINTABLE
    return value
