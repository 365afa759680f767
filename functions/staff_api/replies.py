"""What the SQL functions answer, as the API says it: places in lists and refused values."""

from collections.abc import Mapping
from typing import Any

from functions.staff_api import paging, problems
from functions.staff_api.problems import ProblemError

# Rules of the tables (constraints), in words; what is not here is said in general.
_RULES = {
    "unknown_field": "is no field that can be set",
    "hours_overlap": "has two spans of one day that overlap",
    "weekly_hours_close_after_opening": "has a span that does not close after it opens",
    "closures_half_open": "must be after `starts_at`",
    "orgs_four_hours_are_not_quiet": "must leave at least four hours of the day that are not quiet",
    "orgs_grid_divides_the_day": "must be 5 to 240 and divide the day evenly",
    "email_address_is_lower_case": "is no e-mail address",
    "person_name_is_tidy": "is no name",
}
# The field a rule is about, where the answer does not name one.
_FIELDS = {
    "hours_overlap": "hours",
    "weekly_hours_close_after_opening": "hours",
    "orgs_four_hours_are_not_quiet": "quiet_until",
    "orgs_grid_divides_the_day": "slot_grid_minutes",
    "email_address_is_lower_case": "email",
    "person_name_is_tidy": "name",
}


def paged(found: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Return a list with `next` as a cursor: the database gives the last row's sort keys, in this order."""
    place = found["next"]
    return {**found, "next": paging.encode(dict(zip(keys, place, strict=True)) if place else None)}


def refused(answer: Mapping[str, Any], fallback: str = "body") -> ProblemError:
    """Turn a value that breaks a rule, or a key that belongs to another request, into its problem."""
    if answer["outcome"] == "key_reused":
        return problems.invalid("Idempotency-Key", "belongs to another request", "key_reused")
    rule = answer.get("rule", "")
    field = answer.get("field") or answer.get("missing") or _FIELDS.get(rule, fallback)
    return problems.invalid(field, _RULES.get(rule, "has a value that cannot be used"))
