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
