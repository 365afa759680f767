"""The wording of texts: the clinic's own, or ours where it wrote none."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from frontdesk import clinic_settings, texts
from functions.staff_api import problems, replies
from functions.staff_api.clinic_settings import Language, announced
from functions.staff_api.fields import Body, Shape, Words
from functions.staff_api.problems import ProblemError
from functions.staff_api.routes import Answer, Asked, Route


class Template(Shape):
    """The wording of one text in one language, and how it reads."""

    event: str
    language: Language
    body: Annotated[str, Field(description="With placeholders in braces")]
    own: Annotated[bool, Field(description="false: ours, the clinic wrote none")]
    updated_at: AwareDatetime | None
    placeholders: Annotated[list[str], Field(description="What may stand in it")]
    required: Annotated[list[str], Field(description="What must stand in it")]
    preview: Annotated[str, Field(description="As it reads")]
    segments: Annotated[int, Field(description="What it is billed as, with long names")]
    encoding: Literal["GSM-7", "UCS-2"]
    warnings: Annotated[list[str], Field(description="What makes it dearer than need be")]


class Templates(Shape):
    """Every text in every language."""

    items: list[Template]
    next: None


class Wording(Body):
    """The clinic's own words."""

    body: Annotated[Words, StringConstraints(min_length=1, max_length=1600)]


def list_all(asked: Asked) -> Answer:
    """List every text's wording."""
    own = {(each["event"], each["language"]): each for each in clinic_settings.templates(asked.org_id)}
    items = [
        _template(asked, event, language, own.get((event, language)))
        for event in texts.EVENTS
        for language in texts.LANGUAGES
    ]
    return Answer(200, {"items": items, "next": None})


def save(asked: Asked) -> Answer:
    """Keep the clinic's own wording of a text."""
    event, language = _named(asked)
    body: str = asked.body.body
    wrong = texts.problems(body, event, language)
    if wrong:
        errors = [{"field": "body", "message": sentence} for sentence in wrong]
        raise ProblemError(422, "bad_template", wrong[0], errors=errors)
    told = clinic_settings.change_template(asked.org_id, event, language, body, asked.actor)
    return _told(asked, told, event, language)


def reset(asked: Asked) -> Answer:
    """Go back to our wording of a text."""
    event, language = _named(asked)
    told = clinic_settings.change_template(asked.org_id, event, language, None, asked.actor)
    return _told(asked, told, event, language)


def _told(asked: Asked, told: dict[str, Any], event: str, language: str) -> Answer:
    if announced(asked, told)["outcome"] not in {"saved", "reset"}:
        raise replies.refused(told)
    own = [
        each
        for each in clinic_settings.templates(asked.org_id)
        if (each["event"], each["language"]) == (event, language)
    ]
    return Answer(200, _template(asked, event, language, own[0] if own else None))


def _named(asked: Asked) -> tuple[str, str]:
    """Return the text that the path names; a problem when there is none."""
    event, language = asked.path["event"], asked.path["language"]
    if event not in texts.EVENTS or language not in texts.LANGUAGES:
        raise problems.not_found("text")
    return event, language


def _template(asked: Asked, event: str, language: str, own: dict[str, Any] | None) -> dict[str, Any]:
    body = own["body"] if own else texts.default(event, language)
    shown = texts.preview(body, event, language, clinic=asked.session.org.name)
    return {
        "event": event,
        "language": language,
        "body": body,
        "own": own is not None,
        "updated_at": own["updated_at"] if own else None,
        "placeholders": sorted(texts.ALLOWED[event]),
        "required": sorted(texts.REQUIRED[event]),
        "preview": shown.text,
        "segments": shown.segments.count,
        "encoding": shown.segments.encoding,
        "warnings": list(shown.warnings),
    }


_ONE = "/templates/{event}/{language}"

ROUTES = (
    Route("GET", "/templates", list_all, "reader", "The wording of texts", {200: Templates}),
    Route(
        "PUT",
        _ONE,
        save,
        "admin",
        "Keep the clinic's own wording of a text",
        {200: Template},
        body=Wording,
        description="422 `bad_template` says in sentences what is wrong with it (docs/sms.md).",
    ),
    Route("DELETE", _ONE, reset, "admin", "Go back to our wording of a text", {200: Template}),
)
