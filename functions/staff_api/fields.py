"""What the API's fields may hold, said once for every body and query."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from frontdesk import plain_text

# Visits of this century and the next; a year 1 or 9999 is a mistake, and breaks arithmetic with time zones.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

_ISO = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d.*", re.ASCII)
# A plus sign that was not percent-encoded in a query arrives as a space.
_LOST_PLUS = re.compile(r" (?=\d\d:?\d\d$)", re.ASCII)


class Body(BaseModel):
    """A body that comes in: an object with these fields, of these types, and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Query(BaseModel):
    """The parameters of a request's address: these and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Shape(BaseModel):
    """What goes out, as the OpenAPI document and the tests know it; built only when one of them asks."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Paged(Query):
    """Parameters of a list that comes in pages."""

    cursor: Annotated[str | None, Field(max_length=500, description="`next` of the page before")] = None
    limit: Annotated[int, Field(ge=1, le=200, description="Items of a page")] = 50


def _iso(value: Any) -> Any:
    # Read here, not by pydantic, which takes numbers for seconds since 1970 as well.
    try:
        if isinstance(value, str) and _ISO.fullmatch(value):
            return datetime.fromisoformat(_LOST_PLUS.sub("+", value))
    except ValueError:
        pass
    raise ValueError("must be a time in ISO 8601 with its offset, such as 2026-11-10T15:00:00-05:00")


def _sane(value: datetime) -> datetime:
    if not EARLIEST <= value < LATEST:
        raise ValueError("must be between the years 2000 and 2199")
    return value


def _storable(value: str) -> str:
    if any(c not in "\n\t" and unicodedata.category(c) in {"Cc", "Cs"} for c in value.replace("\r\n", "\n")):
        raise ValueError("must not hold control characters")
    return value.replace("\r\n", "\n").strip()


def _one_line(value: str) -> str:
    return plain_text.one_line(_storable(value))


def _not_blank(value: str) -> str:
    if not value:
        raise ValueError("must not be blank")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_iso), AfterValidator(_sane)]
Id = Annotated[UUID, Field(strict=False)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1, description="The row's version that you saw")]

# Text of several lines, of one line, and of one line that says something.
Words = Annotated[str, AfterValidator(_storable)]
Line = Annotated[str, StringConstraints(max_length=500), AfterValidator(_one_line)]
Named = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    AfterValidator(_one_line),
    AfterValidator(_not_blank),
]
