"""What the API says when it does not do what was asked: problem+json (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class FieldError(BaseModel):
    """One field that cannot be used."""

    field: str = Field(description="Name of the parameter or of the body's field; nested ones with dots")
    message: str


class Problem(BaseModel):
    """Why a request was not done (RFC 9457)."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    type: str = Field(
        description="`/problems/<code>`; docs/staff-api.md lists them",
        examples=["/problems/version_conflict"],
    )
    title: str
    status: int
    detail: str
    code: str = Field(description="What went wrong, as a word for programs")
    errors: list[FieldError] | None = None
    current: dict[str, Any] | None = Field(None, description="With a conflict: the row as it is now")
    alternatives: list[dict[str, Any]] | None = Field(
        None, description="With a taken slot: free starts instead"
    )


class ProblemError(Exception):
    """A request that is answered with a problem."""

    def __init__(self, status: int, code: str, detail: str, **more: Any) -> None:
        super().__init__(code)  # never the detail: it may quote a name
        self.status = status
        self.code = code
        self.detail = detail
        self.more = {name: value for name, value in more.items() if value is not None}

    def body(self) -> dict[str, Any]:
        """Return the problem as JSON has it."""
        return {
            "type": f"/problems/{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.more,
        }


def not_found(what: str = "resource") -> ProblemError:
    """Say that this clinic has no such thing; another clinic's is answered alike."""
    return ProblemError(404, "not_found", f"There is no such {what}.")


def invalid(field: str, message: str, code: str = "invalid") -> ProblemError:
    """Say which field cannot be used, and why."""
    return ProblemError(422, code, message, errors=[{"field": field, "message": message}])


def conflict(code: str, detail: str, *, current: Any = None, alternatives: Any = None) -> ProblemError:
    """Say that the present state forbids it, with that state."""
    return ProblemError(409, code, detail, current=current, alternatives=alternatives)


def version_conflict(current: Mapping[str, Any]) -> ProblemError:
    """Say that somebody else changed the row first, with the row as it is now."""
    return conflict("version_conflict", "Somebody changed this meanwhile; look at it again.", current=current)


def refuse_fields(error: ValidationError, place: str) -> NoReturn:
    """Turn pydantic's finding into a problem naming the fields; what was sent is never quoted."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    if any(each["type"] == "json_invalid" for each in found):
        raise ProblemError(400, "malformed", "The body is not JSON.") from None
    errors = [
        {"field": ".".join(map(str, each["loc"])) or place, "message": _said(each["msg"])}
        for each in found[:20]
    ]
    detail = f"{errors[0]['field']}: {errors[0]['message']}"
    raise ProblemError(422, "invalid", detail, errors=errors) from None


def _said(message: str) -> str:
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
