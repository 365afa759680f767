"""The built function, run as Lambda would run it: AWS's runtime and emulator, no Docker, a real Postgres."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg
import pytest
from psycopg.rows import DictRow

from frontdesk.senders import derive_secret
from scripts.build import ROOT
from tests.aws import built_function
from tests.aws.built_function import SIGNING_KEY
from tests.database import Database

ORG = UUID("6f9f4f6e-90e4-4a64-a8a4-0f3c7f1f2b10")
PROVIDER, SERVICE, NUMBER = (uuid5(ORG, name) for name in ("provider", "service", "number"))
SAMPLE = ROOT / "tests" / "samples" / "vapi" / "wire_tool-calls_book_arguments-object.json"
UNCHECKED_HASH = 0b01  # PEP 552: bytecode with a hash that the interpreter does not compare


def add_clinic(owner: psycopg.Connection[DictRow], phone_number_id: str) -> None:
    """Make one clinic that is open round the clock, with one provider and one service of an hour."""
    owner.execute(
        """INSERT INTO frontdesk.orgs (id, slug, name, time_zone)
           VALUES (%s, 'emulated', 'Emulated Dental', 'America/New_York')""",
        [ORG],
    )
    owner.execute(
        "INSERT INTO frontdesk.providers (org_id, id, name) VALUES (%s, %s, 'Dr. Patel')", [ORG, PROVIDER]
    )
    owner.execute(
        """INSERT INTO frontdesk.services (org_id, id, name, duration_minutes)
           VALUES (%s, %s, 'Teeth cleaning', 60)""",
        [ORG, SERVICE],
    )
    owner.execute(
        "INSERT INTO frontdesk.provider_services (org_id, provider_id, service_id) VALUES (%s, %s, %s)",
        [ORG, PROVIDER, SERVICE],
    )
    owner.execute(
        """INSERT INTO frontdesk.weekly_hours (org_id, provider_id, weekday, opens, closes)
           SELECT %s, %s, day, '00:00', '24:00' FROM generate_series(1, 7) AS day""",
        [ORG, PROVIDER],
    )
    owner.execute(
        "INSERT INTO frontdesk.vapi_numbers (org_id, id, phone_number_id) VALUES (%s, %s, %s)",
        [ORG, NUMBER, phone_number_id],
    )


def vapi_message(starts: datetime) -> dict[str, Any]:
    """Take the recorded tool call and ask for another day, in every place the message repeats it."""
    message: dict[str, Any] = json.loads(SAMPLE.read_text())
    calls = message["message"]
    repeats = [*calls["toolCallList"], *calls["toolCalls"]]
    repeats += [entry["toolCall"] for entry in calls["toolWithToolCallList"]]
    for call in repeats:
        call["function"]["arguments"]["startTime"] = starts.strftime("%Y-%m-%dT%H:%M:%S")
    return message


def http_event(body: str, token: str) -> dict[str, Any]:
    """Wrap a body as API Gateway's HTTP API does, payload format 2.0."""
    return {
        "version": "2.0",
        "routeKey": "POST /api/vapi/tools",
        "rawPath": "/api/vapi/tools",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "authorization": f"Bearer {token}"},
        "requestContext": {
            "http": {
                "method": "POST",
                "path": "/api/vapi/tools",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
            },
            "requestId": "emulated-request",
            "routeKey": "POST /api/vapi/tools",
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": False,
    }


def test_the_built_function_holds_the_handler_where_the_template_says(
    built: Path, sam_template: dict[str, Any]
) -> None:
    """functions/book/app.py in the artefact, frontdesk in the layer: the import paths of the checkout."""
    handler = sam_template["Resources"]["BookFunction"]["Properties"]["Handler"]
    assert (built / "BookFunction" / (handler.rpartition(".")[0].replace(".", "/") + ".py")).is_file()
    assert (built / "SharedLayer" / "python" / "frontdesk").is_dir()


def test_bytecode_is_shipped_in_the_form_that_survives_zipping(built: Path) -> None:
    """Every source of the layer and the function has 3.13 bytecode that no time of change can void."""
    for artefact in ("BookFunction", "SharedLayer"):
        sources = list((built / artefact).rglob("*.py"))
        assert sources
        for source in sources:
            compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
            assert int.from_bytes(compiled.read_bytes()[4:8], "little") == UNCHECKED_HASH, source


@pytest.mark.slow
def test_built_book_answers_under_the_runtime_emulator(
    built: Path,
    sam_template: dict[str, Any],
    database: Database,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """A real Vapi message books one row; asked again it is answered the same; a stranger is refused."""
    starts = (datetime.now(UTC) + timedelta(days=10)).replace(hour=15, minute=0, second=0, microsecond=0)
    message = vapi_message(starts)
    with database.connect_owner() as owner:
        add_clinic(owner, message["message"]["call"]["phoneNumberId"])
    event = http_event(json.dumps(message), derive_secret(SIGNING_KEY, ORG, 1))
    stranger = copy.deepcopy(event)
    stranger["headers"]["authorization"] = "Bearer of-nothing"

    with built_function.running(sam_template, "BookFunction", database.app_url, tmp_path) as book:
        first, again, refused = book.invoke(event), book.invoke(event), book.invoke(stranger)
        init = book.init_milliseconds()
    record_property("init_milliseconds", init)
    print(f"book under the runtime emulator: init {init:.0f} ms")

    assert first["statusCode"] == 200, first
    (result,) = json.loads(first["body"])["results"]
    assert result["toolCallId"] == message["message"]["toolCallList"][0]["id"]
    assert result["result"].startswith("BOOKED"), result
    assert "Dana Whitfield" in result["result"]
    assert json.loads(again["body"]) == json.loads(first["body"])
    assert refused["statusCode"] == 401
    with database.connect_owner() as owner:
        rows = owner.execute(
            "SELECT org_id, starts_at AT TIME ZONE 'America/New_York' AS local FROM frontdesk.appointments"
        ).fetchall()
    assert [(row["org_id"], row["local"]) for row in rows] == [(ORG, starts.replace(tzinfo=None))]
