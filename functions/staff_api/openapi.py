"""The OpenAPI 3.1 document, made from the routes: nothing is described twice."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from functions.staff_api import addresses
from functions.staff_api.problems import Problem
from functions.staff_api.routes import PREFIX, Route, is_id

Json = dict[str, Any]
References = Mapping[tuple[Any, JsonSchemaMode], Json]  # by model and mode

_ABOUT = """\
What the board of a clinic's front desk asks for.

Every request carries `Authorization: Bearer <ID token>` of the configured OpenID issuer; who works at
several clinics names one by its slug in `X-Org`. Times are ISO 8601 with an offset. Lists come as
`{items, next}`: give `next` back as `cursor`. Changes carry the `version` they saw; 409 `version_conflict`
holds the row as it is now. A change with an `Idempotency-Key` may be repeated. Errors are problem+json
(RFC 9457) with a `code` for programs.

What never reaches this API is answered by the gateway as `{"message": …}`: 401 for a token that is not
good, 404 for a method or path it does not route, 413 above 10 MB, 429 above the rate limit. A known path
with another routed method is 405 with a problem.
"""
_SHARED = {
    "400": "The query or the body cannot be read.",
    "403": "Not staff of this clinic (`not_staff`), or not in the role this needs (`role_too_low`).",
    "404": "This clinic has no such thing.",
    "413": "The body is larger than 64 KB.",
    "415": "The body is not application/json.",
    "422": "A field cannot be used; `errors` names it.",
    "500": "A defect of ours.",
    "503": "The database, or the schedule, is busy or away; nothing is known about the effect. Try again.",
}
_ALWAYS = ("400", "401", "403", "422", "429", "500", "503")


def document(routes: Iterable[Route]) -> Json:
    """Write the document for these routes."""
    known = tuple(routes)
    references, schemas = _schemas(known)
    paths: dict[str, Json] = _public_paths()
    for route in known:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Frontdesk staff API", "version": "1", "description": _ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in dict.fromkeys(_tag(route) for route in known)],
        "security": [{name: []} for name in _security()],
        "paths": paths,
        "components": {
            "schemas": schemas | {"GatewayMessage": _object(message={"type": "string"})},
            "responses": _shared_responses(),
            "securitySchemes": _security(),
        },
    }


def _schemas(routes: Iterable[Route]) -> tuple[References, Json]:
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Problem, "serialization")]
    for route in routes:
        wanted += [(shape, "serialization") for shape in route.answers.values() if shape is not None]
        if route.body is not None:
            wanted.append((route.body, "validation"))
    references, found = models_json_schema(
        list(dict.fromkeys(wanted)), ref_template="#/components/schemas/{model}"
    )
    return references, found["$defs"]


def _operation(route: Route, references: References) -> Json:
    operation: Json = {
        "operationId": route.operation,
        "tags": [_tag(route)],
        "summary": route.summary,
        "description": f"{route.description}\n\nRole: {route.role}.".strip(),
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)],
        "responses": _responses(route, references),
    }
    if route.body is not None:
        schema = references[route.body, "validation"]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _responses(route: Route, references: References) -> Json:
    answers: Json = {}
    for status, shape in route.answers.items():
        told: Json = {
            "description": "Nothing to tell" if shape is None else (shape.__doc__ or "Done").strip()
        }
        if route.kind != "application/json":
            told["description"] = route.summary
            told["content"] = {route.kind.partition(";")[0]: {"schema": {"type": "string"}}}
        elif shape is not None:
            told["content"] = {"application/json": {"schema": references[shape, "serialization"]}}
        answers[str(status)] = told
    answers |= {status: {"$ref": f"#/components/responses/{status}"} for status in _shared(route)}
    answers |= {str(status): _problem(why) for status, why in route.problems.items()}
    return dict(sorted(answers.items()))


def _shared(route: Route) -> set[str]:
    """Say which problems a route shares with others."""
    own = {"404"} if "{" in route.path else set()
    return {*_ALWAYS, *own, *({"413", "415"} if route.body is not None else ())}


def statuses(route: Route) -> set[int]:
    """Return every status the document names for a route."""
    return {*route.answers, *route.problems, *map(int, _shared(route))}


def _path_parameters(route: Route) -> Iterable[Json]:
    for part in route.path.split("/"):
        if part.startswith("{"):
            name = part.strip("{}")
            kind: Json = (
                {"type": "string", "format": "uuid"} if is_id(name) else {"type": "string", "minLength": 1}
            )
            yield {"name": name, "in": "path", "required": True, "schema": kind}


def _query_parameters(route: Route) -> Iterable[Json]:
    schema = route.query.model_json_schema(by_alias=True)
    for name, kind in schema.get("properties", {}).items():
        described = {"description": kind.pop("description")} if "description" in kind else {}
        kind.pop("title", None)
        yield {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": _without_null(kind),
            **described,
        }


def _without_null(kind: Json) -> Json:
    """Drop "or null" from a parameter's schema: an address has no null, the parameter is left out."""
    choices = [each for each in kind.get("anyOf", ()) if each != {"type": "null"}]
    rest = {
        name: value for name, value in kind.items() if name not in {"anyOf", "default"} or value is not None
    }
    rest.pop("anyOf", None)
    return rest | choices[0] if len(choices) == 1 else kind


def _header_parameters(route: Route) -> Iterable[Json]:
    slug = {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}
    yield {
        "name": "X-Org",
        "in": "header",
        "schema": slug,
        "description": "The clinic's slug, for who works at several; default: the first of theirs",
    }
    if route.takes_key:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
            "description": "A word of yours: a request that is repeated with it is done once",
        }


def _shared_responses() -> Json:
    gateway = {"schema": {"$ref": "#/components/schemas/GatewayMessage"}}
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    found = {status: _problem(why) for status, why in _SHARED.items()}
    found["401"] = {
        "description": "No good token. The gateway's own words, or a problem.",
        "content": {"application/json": gateway, "application/problem+json": problem},
    }
    found["429"] = {"description": "Too many requests.", "content": {"application/json": gateway}}
    found["503"]["headers"] = {
        "Retry-After": {"description": "Seconds", "schema": {"type": "string", "pattern": "^[0-9]+$"}}
    }
    return found


def _problem(why: str) -> Json:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": why, "content": content}


def _public_paths() -> dict[str, Json]:
    """Describe the two routes that need no sign-in."""
    names = ("issuer", "client_id", "authorize_url", "token_url", "sign_out_url")
    sign_in = _object(**{name: {"type": "string"} for name in names}) | {}
    sign_in["properties"]["scopes"] = {"type": "array", "items": {"type": "string"}}
    return {
        f"{PREFIX}/sign-in": {"get": _public("sign_in", "Where the page signs people in", sign_in)},
        f"{PREFIX}/openapi.json": {"get": _public("openapi", "This document", {"type": "object"})},
    }


def _public(name: str, summary: str, schema: Json) -> Json:
    return {
        "operationId": name,
        "tags": ["public"],
        "summary": summary,
        "security": [],
        "responses": {
            "200": {"description": summary, "content": {"application/json": {"schema": schema}}},
            **{status: {"$ref": f"#/components/responses/{status}"} for status in ("429", "500", "503")},
        },
    }


def _security() -> Json:
    schemes: Json = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    issuer = addresses.current().issuer
    if issuer:
        url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        schemes["openid"] = {"type": "openIdConnect", "openIdConnectUrl": url}
    return schemes


def _object(**properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _tag(route: Route) -> str:
    return route.path.split("/")[1]
