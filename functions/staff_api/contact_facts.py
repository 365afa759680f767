"""What was said about a person in calls, and where: beside what staff entered, never in its place."""

from frontdesk import contacts
from functions.staff_api import problems
from functions.staff_api.fields import Shape
from functions.staff_api.leads import Fact
from functions.staff_api.routes import Answer, Asked, Route


class Facts(Shape):
    """Each value once, from where it was said last."""

    items: list[Fact]
    next: None


def list_all(asked: Asked) -> Answer:
    """List what was said about a person."""
    told = contacts.facts(asked.org_id, asked.path["contact_id"])
    if told["outcome"] == "not_found":
        raise problems.not_found("contact")
    return Answer(200, {"items": told["items"], "next": None})


ROUTES = (
    Route(
        "GET",
        "/contacts/{contact_id}/facts",
        list_all,
        "reader",
        "What was said about a person, and where",
        {200: Facts},
    ),
)
