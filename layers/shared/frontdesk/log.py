"""Log lines without people in them: a fixed set of fields, each an id, a code or a number."""

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
)

_logger = Logger()


def info(message: str, **fields: object) -> None:
    """Write one line; `message` is a constant of the code."""
    _logger.info(message, extra=_allowed(fields))


def error(message: str, **fields: object) -> None:
    """Write one line about something that failed on our side."""
    _logger.error(message, extra=_allowed(fields))


def correlate(call_id: str | None) -> None:
    """Put the call's id on every line that follows."""
    _logger.set_correlation_id(call_id)


def _allowed(fields: dict[str, object]) -> dict[str, object]:
    kept = {name: value for name, value in fields.items() if name in ALLOWED and value is not None}
    dropped = sorted(set(fields) - ALLOWED)
    return {**kept, "dropped_fields": dropped} if dropped else kept
