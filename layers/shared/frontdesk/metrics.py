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
