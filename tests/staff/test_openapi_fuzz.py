"""schemathesis over the published document: no 5xx, no undocumented answer, nothing wrong taken for right.

Each operation is asked what its schema allows, with ids that exist and with any, and what it forbids.
The events are the local gateway's own. SCHEMATHESIS_EXAMPLES is the number of requests for each.
"""

import io
import os
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from functions.staff_api import app
from local import http_events
from local.template_records import HttpRoute
from tests.clinics import Clinic, Connection, book, call
from tests.staff.conftest import Member

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "4"))
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]

Environ = dict[str, Any]


def gateway(member: Member) -> Callable[[Environ, Any], Iterable[bytes]]:
    """Answer WSGI requests as the gateway does: routed to the function, signed in as this member."""

    def answer(environ: Environ, start: Any) -> Iterable[bytes]:
        headers = [
            (name[5:].replace("_", "-"), value)
            for name, value in environ.items()
            if name[:5] == "HTTP_" and name != "HTTP_ACCEPT_ENCODING"
        ]
        if environ.get("CONTENT_TYPE"):
            headers.append(("content-type", environ["CONTENT_TYPE"]))
        method, path = (
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"].encode("latin-1").decode(errors="replace"),
        )
        body = environ.get("wsgi.input", io.BytesIO()).read(int(environ.get("CONTENT_LENGTH") or 0))
        route = http_events.Match(HttpRoute(method, "/api/staff/{proxy+}", "StaffApiFunction", 12), {})
        asked = http_events.Request(method, quote(path), environ["QUERY_STRING"], headers, body, "127.0.0.1")
        event = http_events.to_event(asked, route)
        event["requestContext"]["authorizer"] = {"jwt": {"claims": member.claims, "scopes": None}}
        told = http_events.to_response(app.handler(event, None))
        start(f"{told.status} ", list(told.headers))
        return [told.body]

    return answer


@pytest.fixture
def known(app: Connection, clinic: Clinic, admin: Member) -> dict[str, str]:
    """Return ids that exist and values that can be used, by the names of parameters and fields."""
    visit = book(app, clinic, clinic.at(9))["appointment"]
    wish = {"message": "Call me", "due_at": clinic.at(9), "phone": "+12025550147"}
    return {
        "appointment_id": visit["id"],
        "contact_id": visit["contact_id"],
        "follow_up_id": call(app, "create_follow_up", org_id=clinic.id, **wish)["follow_up_id"],
        "provider_id": str(clinic.providers[0]),
        "service_id": str(clinic.services["Teeth cleaning"]),
        "staff_id": str(admin.id),
        "patient_name": "Dana Whitfield",
        "phone": "(202) 555-0147",
        "email": "dana@example.test",
        "starts_at": clinic.at(14).isoformat(),
    }


@pytest.mark.parametrize("mode", ["known ids", "any ids", "wrong"])
def test_whatever_is_asked_is_answered_as_documented(
    owner: Connection, admin: Member, known: dict[str, str], mode: str
) -> None:
    """Every operation, a few requests each."""
    schema = schemathesis.openapi.from_wsgi("/api/staff/openapi.json", gateway(admin))
    generation = GenerationMode.NEGATIVE if mode == "wrong" else GenerationMode.POSITIVE
    asked = 0
    broken: list[str] = []

    for found in schema.get_all_operations():
        assert isinstance(found, Ok), "the document cannot be read"
        operation = found.ok()

        @given(case=operation.as_strategy(generation_mode=generation))
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            if mode == "known ids":
                put_known(owner, case, known)
            case.call_and_validate(checks=CHECKS)

        try:
            ask()
        except Unsatisfiable:
            assert mode == "wrong"  # nothing about this operation can be got wrong
        except (FailureGroup, Failure) as failure:
            broken.append(str(failure))
    assert not broken, "\n\n".join(broken)
    assert asked >= 25 if mode == "wrong" else asked > 100


def put_known(owner: Connection, case: Any, known: dict[str, str]) -> None:
    """Name rows that exist, at the version they have, so that what lies behind a 404 or 409 is reached."""
    case.headers.pop("X-Org", None)
    for place in (case.path_parameters, case.query, case.body):
        if isinstance(place, dict):
            place |= {name: value for name, value in known.items() if place.get(name) is not None}
    table = _VERSIONED.get(case.path.removeprefix("/api/staff/").split("/")[0])
    if table and isinstance(case.body, dict) and "version" in case.body:
        ids = list(known.values())
        row = owner.execute(
            f"SELECT version FROM frontdesk.{table} WHERE id::text = ANY (%s)",
            [ids],
        ).fetchone()
        case.body["version"] = row["version"] if row else 1


_VERSIONED = {
    "appointments": "appointments",
    "contacts": "contacts",
    "follow-ups": "follow_ups",
    "providers": "providers",
    "services": "services",
}
