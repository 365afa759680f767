"""Which clinic a command is about, and what the database answered, in an operator's words."""

import difflib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from cli.grammar import RefusedError
from frontdesk import db, phones

# Rules of the tables that Python's own checks do not repeat, or could have missed (migrations/*.sql).
_RULES = {
    "unknown_provider": "There is no such provider at this clinic; `frontdesk org show SLUG` lists them.",
    "unknown_service": "There is no such service at this clinic; `frontdesk org show SLUG` lists them.",
    "unknown_time_zone": "The database does not know this time zone; use one such as America/New_York.",
    "hours_overlap": "Two of these hours overlap.",
    "orgs_four_hours_are_not_quiet": "These quiet hours leave less than four hours a day for reminders.",
    "vapi_numbers_phone_number_id_unique": "This Vapi phone number id belongs to a clinic already.",
    "vapi_numbers_number_unique": "This telephone number belongs to a clinic already.",
    "vapi_numbers_assistant_id_unique": "This Vapi assistant belongs to a clinic already.",
}


def find(slug: str) -> dict[str, Any]:
    """Return a clinic as `list_orgs` has it, or refuse with the nearest short name."""
    orgs = {org["slug"]: org for org in everyone()}
    if slug in orgs:
        return orgs[slug]
    near = difflib.get_close_matches(slug, orgs, 1, 0.6)
    if not orgs:
        hint = "there are none yet; make one with `frontdesk org create`"
    elif near:
        hint = f"did you mean {near[0]}?"
    else:
        hint = "`frontdesk org list` names those there are"
    raise RefusedError(f"There is no clinic '{slug}'; {hint}")


def everyone() -> list[dict[str, Any]]:
    """Return every clinic, by short name."""
    orgs: list[dict[str, Any]] = db.call("list_orgs", repeatable=True)
    return orgs


def id_of(slug: str) -> UUID:
    """Return a clinic's id."""
    return UUID(find(slug)["id"])


def settings_of(slug: str) -> dict[str, Any]:
    """Return all that is set for a clinic: org, providers, services, numbers, closures, credentials."""
    found: dict[str, Any] = db.call("org_settings", repeatable=True, org_id=id_of(slug))
    return found


def phone_of(text: str, region: str) -> str:
    """Read a telephone number of the clinic's country into E.164, or refuse."""
    number = phones.normalise(text, region)
    if number is None:
        raise RefusedError(
            f"'{text}' is no telephone number; write it with its country code, such as +12025550100."
        )
    return number


def done(told: dict[str, Any], good: str, sentences: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the database's answer when its outcome is `good`; else refuse in words.

    `sentences` has the command's own words for an outcome or a rule, which may hold {field}.
    """
    if told["outcome"] == good:
        return told
    own = {**_RULES, **(sentences or {})}
    for code in (told.get("rule"), told["outcome"]):
        if code in own:
            raise RefusedError(own[code].format(field=told.get("field") or "value"))
    rule = str(told.get("rule") or told["outcome"]).replace("_", " ")
    about = f" ({told['field']})" if told.get("field") else ""
    raise RefusedError(f"The database refused{about} by the rule '{rule}'; nothing was changed.")
