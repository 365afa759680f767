"""The outcomes of the rule functions (docs/booking-function.md) as problems the front desk can act on."""

from collections.abc import Mapping
from typing import Any

from functions.staff_api import problems
from functions.staff_api.problems import ProblemError

# What can never work as it was asked: the field, and what is wrong with it.
_FIELDS = {
    "unknown_service": ("service_id", "is no service this clinic offers"),
    "unknown_provider": ("provider_id", "is nobody who offers this service"),
    "in_past": ("starts_at", "is not in the future"),
    "too_far": ("starts_at", "is beyond the clinic's booking horizon"),
    "key_reused": ("Idempotency-Key", "belongs to another request"),
}
_MISSING = {
    "patient_name": ("patient_name", "is no name"),
    "patient_phone": ("phone", "is no telephone number"),
    "provider": ("provider_id", "must be given when overbooking"),
}
# What the present state forbids.
_CONFLICTS = {
    "slot_unavailable": "The time is taken.",
    "outside_hours": "Nobody who offers this works at that time.",
    "too_soon": "That is inside the clinic's minimum notice.",
    "too_many": "This patient holds as many coming appointments as the clinic allows.",
    "not_live": "This appointment is over or cancelled.",
    "wrong_state": "An appointment in this state cannot become that.",
    "too_early": "It is too early to say that of this appointment.",
}
# Of these the wished time is to blame, not the row.
_ABOUT_TIME = frozenset({"slot_unavailable", "outside_hours", "too_soon"})


def refusal(answer: Mapping[str, Any], current: Mapping[str, Any] | None = None) -> ProblemError:
    """Turn an outcome that is no success into its problem; `current` is the row as it is now."""
    outcome: str = answer["outcome"]
    if outcome == "not_found":
        return problems.not_found("appointment")
    if outcome == "missing_info":
        return problems.invalid(*_MISSING.get(answer["field"], (answer["field"], "is missing")))
    if outcome in _FIELDS:
        return problems.invalid(*_FIELDS[outcome], code=outcome)
    if outcome == "version_conflict" and current is not None:
        return problems.version_conflict(current)
    detail = _CONFLICTS.get(outcome, "The appointment cannot be changed like that now.")
    if outcome in _ABOUT_TIME:
        return problems.conflict(outcome, detail, alternatives=answer.get("alternatives"))
    return problems.conflict(outcome, detail, current=current)
