"""Metrics as log lines in CloudWatch's embedded format: no call to AWS in a booking's path."""

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

_metrics = Metrics(namespace="Frontdesk")


def answered(tool: str, outcome: str, milliseconds: float) -> None:
    """Count one answered tool call by its outcome, with its latency."""
    _metrics.add_dimension(name="tool", value=tool)
    _metrics.add_dimension(name="outcome", value=outcome)
    _metrics.add_metric(name="Answered", unit=MetricUnit.Count, value=1)
    _metrics.add_metric(name="Latency", unit=MetricUnit.Milliseconds, value=milliseconds)
    _metrics.flush_metrics()


def paused(calendars: int, texts: int) -> None:
    """Tell how many clinics' calendars and texts stand still until somebody does something."""
    _metrics.add_metric(name="CalendarsPaused", unit=MetricUnit.Count, value=calendars)
    _metrics.add_metric(name="TextsPaused", unit=MetricUnit.Count, value=texts)
    _metrics.flush_metrics()


def refused(reason: str) -> None:
    """Count one sender that was turned away."""
    _metrics.add_dimension(name="reason", value=reason)
    _metrics.add_metric(name="Refused", unit=MetricUnit.Count, value=1)
    _metrics.flush_metrics()


def dispatched(sent: int, failed: int, unsent: int, oldest_seconds: int, dead: int) -> None:
    """Count one run of dispatch: rows it sent and could not send, and what still waits in the outbox."""
    _metrics.add_metric(name="OutboxSent", unit=MetricUnit.Count, value=sent)
    _metrics.add_metric(name="OutboxFailed", unit=MetricUnit.Count, value=failed)
    _metrics.add_metric(name="OutboxUnsent", unit=MetricUnit.Count, value=unsent)
    _metrics.add_metric(name="OutboxOldest", unit=MetricUnit.Seconds, value=oldest_seconds)
    _metrics.add_metric(name="OutboxDead", unit=MetricUnit.Count, value=dead)
    _metrics.flush_metrics()


def texted(kind: str, result: str) -> None:
    """Count one text by its kind ('booked', 'reminder', ...) and what came of it."""
    _metrics.add_dimension(name="kind", value=kind)
    _metrics.add_dimension(name="result", value=result)
    _metrics.add_metric(name="Texts", unit=MetricUnit.Count, value=1)
    _metrics.flush_metrics()


def pushed(events: int, boards: int, gone: int, left: int, refused: int) -> None:
    """Count one push to a clinic's boards: its events, the boards, and those that did not get all of it."""
    _metrics.add_metric(name="PushedEvents", unit=MetricUnit.Count, value=events)
    _metrics.add_metric(name="PushedBoards", unit=MetricUnit.Count, value=boards)
    _metrics.add_metric(name="BoardsGone", unit=MetricUnit.Count, value=gone)
    _metrics.add_metric(name="BoardsLeft", unit=MetricUnit.Count, value=left)
    _metrics.add_metric(name="BoardsRefused", unit=MetricUnit.Count, value=refused)
    _metrics.flush_metrics()


def calendar_written(wanted: str, result: str) -> None:
    """Count one write to a calendar by what was wanted there ('live', 'absent') and what came of it."""
    _metrics.add_dimension(name="wanted", value=wanted)
    _metrics.add_dimension(name="result", value=result)
    _metrics.add_metric(name="CalendarWrites", unit=MetricUnit.Count, value=1)
    _metrics.flush_metrics()


def calendar_drifted(differences: int) -> None:
    """Count one nightly comparison of a calendar, with how much was not as it should be."""
    _metrics.add_metric(name="CalendarsCompared", unit=MetricUnit.Count, value=1)
    _metrics.add_metric(name="CalendarDrift", unit=MetricUnit.Count, value=differences)
    _metrics.flush_metrics()


def heard(kind: str, outcome: str) -> None:
    """Count one of Vapi's messages by its kind ('end-of-call-report', ...) and what became of it."""
    _metrics.add_dimension(name="kind", value=kind)
    _metrics.add_dimension(name="outcome", value=outcome)
    _metrics.add_metric(name="Heard", unit=MetricUnit.Count, value=1)
    _metrics.flush_metrics()
