"""The published document: complete, valid OpenAPI 3.1, and the same thing the routes do."""

import json
import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from functions.staff_api import app, openapi, routes
from tests.staff.conftest import Member, ask


@pytest.fixture
def document() -> dict[str, Any]:
    """Fetch the document, as anybody can."""
    told = ask(None, "GET", "/openapi.json")
    assert told.status == 200
    return dict(told.body)


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    """By the OpenAPI Initiative's own schema of 3.1."""
    OpenAPIV31SpecValidator(document).validate()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return every operation as "GET /path"."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_is_in_the_document(document: dict[str, Any]) -> None:
    """And nothing else but the two public ones; each with a name of its own and a role."""
    found = operations(document)
    expected = {f"{route.method} {routes.PREFIX}{route.path}" for route in app.ROUTES}
    assert set(found) - expected == {"GET /api/staff/sign-in", "GET /api/staff/openapi.json"}
    assert expected <= set(found)
    names = [operation["operationId"] for operation in found.values()]
    assert len(set(names)) == len(names)
    assert document["openapi"] == "3.1.0"


def test_no_two_routes_answer_one_request() -> None:
    """A method and a path belong to one route; what an id cannot be matched by is not shadowed."""
    shapes = [(route.method, re.sub(r"{\w+}", "{}", route.path)) for route in app.ROUTES]
    assert sorted(shapes) == sorted(set(shapes))


def test_every_operation_says_all_it_can_answer(document: dict[str, Any]) -> None:
    """Everywhere 401, 403, 429 and our own trouble; with an id 404, with a body 413 and 415."""
    for name, operation in operations(document).items():
        if operation.get("security") == []:
            continue
        answered = set(operation["responses"])
        assert {"400", "401", "403", "422", "429", "500", "503"} <= answered, name
        assert ("{" not in name) or "404" in answered, name
        assert ("requestBody" in operation) == ({"413", "415"} <= answered), name
        assert any(status.startswith("2") for status in answered), name
        assert operation["summary"]
        assert "Role: " in operation["description"]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    """In the whole document, also from schema to schema."""
    found = set(re.findall(r'"\$ref": ?"#/components/(\w+)/([\w-]+)"', json.dumps(document)))
    assert len(found) > 20
    for kind, name in found:
        assert name in document["components"][kind], name


def test_bodies_are_closed_and_described(document: dict[str, Any]) -> None:
    """An unknown field is refused, and the document says so."""
    for name, operation in operations(document).items():
        if "requestBody" in operation:
            reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            schema = document["components"]["schemas"][reference.rpartition("/")[2]]
            assert schema["additionalProperties"] is False, name


def test_the_issuer_is_named(document: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """As an OpenID Connect scheme, where the deployment has one."""
    known = openapi.document(app.ROUTES)["components"]["securitySchemes"]
    assert (
        known["openid"]["openIdConnectUrl"] == "https://issuer.example.test/.well-known/openid-configuration"
    )
    monkeypatch.setenv("OIDC_ISSUER", "")
    assert list(openapi.document(app.ROUTES)["components"]["securitySchemes"]) == ["token"]


def test_the_document_is_not_for_who_cannot_read_it(reader: Member) -> None:
    """A token does no harm, and nothing of any clinic is in it."""
    told = ask(reader, "GET", "/openapi.json", accept_encoding="gzip")
    assert (told.status, told.headers["content-encoding"]) == (200, "gzip")
    assert reader.email not in json.dumps(told.body)
