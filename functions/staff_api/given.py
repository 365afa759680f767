"""The part of a body that was really given: what is left out stays as it is."""

from typing import Any

from functions.staff_api.fields import Body


def changes(body: Body, *, clearable: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return a body's fields as JSON has them, without `version` and without what was not given.

    null clears a field that can be empty; of any other it says no more than leaving it out.
    """
    told = body.model_dump(mode="json", exclude_unset=True, exclude={"version"})
    return {name: value for name, value in told.items() if value is not None or name in clearable}
