"""Every built function, run as Lambda would run it, with the event its own source sends, on a real Postgres.

BookFunction has its own file: it books. Here each function must import all it needs from its artefact, its
layers and the runtime, reach the database, and answer in the form its source expects.
"""

import base64
import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from frontdesk.senders import derive_secret
from scripts.build import ROOT
from tests.aws import built_function, fake_aws
from tests.aws.built_function import SIGNING_KEY
from tests.aws.emulator import Emulator
from tests.clinics import Clinic, Connection, make_clinic
from tests.database import Database

pytestmark = pytest.mark.slow

ISSUER = built_function.VALUES["OIDC_ISSUER"]
# Milliseconds that Lambda gives an init; on the two loaded processors of a test machine all need less.
LONGEST_INIT = 10_000


@dataclass(frozen=True)
class Scene:
    """What an event may name."""

    owner: Connection
    clinic: Clinic


def http(method: str, path: str, route: str = "", **more: Any) -> dict[str, Any]:
    """Write an event of the HTTP API, payload format 2.0."""
    key = f"{method} {route or path}"
    return {
        "version": "2.0",
        "routeKey": key,
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "api.example.com", "x-forwarded-proto": "https", **more.pop("headers", {})},
        "requestContext": {
            "domainName": "api.example.com",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "requestId": "emulated",
            "routeKey": key,
            "stage": "$default",
            **more.pop("context", {}),
        },
        "isBase64Encoded": False,
        **more,
    }


def sqs(queue: str, *bodies: dict[str, Any]) -> dict[str, Any]:
    """Write a batch of SQS."""
    return {
        "Records": [
            {
                "messageId": str(number),
                "receiptHandle": "handle",
                "body": json.dumps(body),
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{queue}",
                "awsRegion": "us-east-1",
            }
            for number, body in enumerate(bodies, start=1)
        ]
    }


def socket(kind: str, **more: Any) -> dict[str, Any]:
    """Write an event of the WebSocket API."""
    context = {
        "eventType": kind,
        "routeKey": f"${kind.lower()}",
        "connectionId": "L0SM9cOFvHcCIhw=",
        "domainName": "socket.example.com",
        "stage": "ws",
        "requestId": "emulated",
    }
    return {"requestContext": context, "isBase64Encoded": False, **more}


def calls(run: Emulator, scene: Scene) -> None:
    """A ringing phone is answered with the clinic's assistant."""
    body = json.loads((ROOT / "events" / "phone-rings.json").read_text())["body"]
    number = json.loads(body)["message"]["phoneNumber"]["id"]
    body = body.replace(number, scene.clinic.phone_number_id)
    token = derive_secret(SIGNING_KEY, scene.clinic.id, 1)
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    answer = run.invoke(http("POST", "/api/vapi/events", headers=headers, body=body))
    assert answer["statusCode"] == 200, answer
    assert json.loads(answer["body"])


def dispatch(run: Emulator, scene: Scene) -> None:
    """The scheduler's event: nothing waits, so nothing is sent, and every part ran."""
    told = run.invoke({"version": "0", "detail-type": "Scheduled Event", "detail": {}})
    assert (told["sent"], told["failed"], told["batches"], told["oldest"]) == (0, 0, 0, 0)


def worker(run: Emulator, scene: Scene) -> None:
    """A row that is not there goes back to its queue; so does a body that is none of ours."""
    unknown = {"outbox_id": 12, "org_id": str(scene.clinic.id)}
    told = run.invoke(sqs("work", unknown, {"of": "somebody else"}))
    assert {failure["itemIdentifier"] for failure in told["batchItemFailures"]} == {"1", "2"}


def twilio_webhook(run: Emulator, scene: Scene) -> None:
    """A form without Twilio's signature is turned away."""
    form = base64.b64encode(b"MessageSid=SM1&MessageStatus=delivered").decode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    event = http("POST", "/api/twilio/status", headers=headers, body=form) | {"isBase64Encoded": True}
    assert run.invoke(event)["statusCode"] == 403


def google(run: Emulator, scene: Scene) -> None:
    """Somebody sent back from Google with a state we never gave lands on the board, which says so."""
    query = {"state": "never-given", "code": "x"}
    event = http("GET", "/api/google/callback", queryStringParameters=query)
    event["rawQueryString"] = "state=never-given&code=x"
    answer = run.invoke(event)
    assert answer["statusCode"] == 302
    assert answer["headers"]["location"].startswith("/?google=")
    assert "connected" not in answer["headers"]["location"]


def staff_api(run: Emulator, scene: Scene) -> None:
    """The page is there with all its files; a member reads the clinic's settings; nobody else does."""
    assert "<html" in run.invoke(http("GET", "/"))["body"]
    style = run.invoke(
        http("GET", "/static/staff.css", "/static/{file+}", pathParameters={"file": "staff.css"})
    )
    assert style["statusCode"] == 200
    document = run.invoke(http("GET", "/api/staff/openapi.json"))
    assert json.loads(document["body"])["openapi"].startswith("3.1")
    path, route = "/api/staff/me", "/api/staff/{proxy+}"
    assert run.invoke(http("GET", path, route))["statusCode"] == 401
    scene.owner.execute(
        "INSERT INTO frontdesk.staff (org_id, id, email, name, role, issuer, subject)"
        " VALUES (%s, %s, 'dana@example.com', 'Dana Whitfield', 'admin', %s, 'dana')",
        [scene.clinic.id, uuid.uuid4(), ISSUER],
    )
    claims = {"iss": ISSUER, "sub": "dana", "email": "dana@example.com", "email_verified": "true"}
    mine = run.invoke(http("GET", path, route, context={"authorizer": {"jwt": {"claims": claims}}}))
    assert mine["statusCode"] == 200, mine
    assert json.loads(mine["body"])["org"]["id"] == str(scene.clinic.id)


def patient_page(run: Emulator, scene: Scene) -> None:
    """A token nobody was given shows a page about nobody."""
    token = secrets.token_urlsafe(16)
    answer = run.invoke(http("GET", f"/a/{token}", "/a/{token}", pathParameters={"token": token}))
    assert answer["statusCode"] == 404
    assert "<html" in answer["body"]


def ws(run: Emulator, scene: Scene) -> None:
    """No ticket opens nothing, a foreign page even less."""
    assert run.invoke(socket("CONNECT", queryStringParameters={"ticket": "wrong"}))["statusCode"] == 401
    foreign = socket("CONNECT", headers={"Origin": "https://elsewhere.example.com"})
    assert run.invoke(foreign)["statusCode"] == 403
    assert run.invoke(socket("DISCONNECT"))["statusCode"] == 200


def ws_sweep(run: Emulator, scene: Scene) -> None:
    """The scheduler's event: no socket is over."""
    assert run.invoke({"version": "0", "detail-type": "Scheduled Event", "detail": {}}) == {"closed": 0}


CASES: dict[str, Callable[[Emulator, Scene], None]] = {
    "CallsFunction": calls,
    "DispatchFunction": dispatch,
    "SmsWorkerFunction": worker,
    "TwilioWebhookFunction": twilio_webhook,
    "CalendarWorkerFunction": worker,
    "GoogleFunction": google,
    "StaffApiFunction": staff_api,
    "PatientPageFunction": patient_page,
    "WsFunction": ws,
    "WsPushFunction": worker,
    "WsSweepFunction": ws_sweep,
}
ELSEWHERE = {"BookFunction", "MigrateOnDeployFunction", "MigrationsFunction"}


def started(run: Emulator, name: str, record_property: Callable[[str, object], None]) -> None:
    """Print how long the imports took, and hold it to Lambda's own limit."""
    init = run.init_milliseconds()
    record_property("init_milliseconds", init)
    print(f"{name} under the runtime emulator: init {init:.0f} ms")
    assert init < LONGEST_INIT


def test_every_function_of_the_template_is_run(sam_template: dict[str, Any]) -> None:
    """A function that is added without a case here is found here."""
    named = {
        name
        for name, resource in sam_template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    assert named == set(CASES) | ELSEWHERE


@pytest.mark.parametrize("name", CASES)
def test_built_function_answers_its_own_event(
    name: str,
    built: Path,
    sam_template: dict[str, Any],
    database: Database,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """From the artefact as Lambda unpacks it, with the template's variables, as the runtime role."""
    with (
        database.connect_owner() as owner,
        built_function.running(sam_template, name, database.app_url, tmp_path) as run,
    ):
        CASES[name](run, Scene(owner, make_clinic(owner)))
        started(run, name, record_property)


def test_built_migrations_make_the_schema(
    built: Path,
    sam_template: dict[str, Any],
    empty_database: Database,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """The order the deploy step sends, on an empty database: every file of the layer is applied, once."""
    where = conninfo_to_dict(empty_database.owner_url)
    order = {
        "host": where["host"],
        "port": str(where["port"]),
        "database": where["dbname"],
        "sslmode": "disable",
        "username": where["user"],
        "password": where["password"],
    }
    with built_function.running(sam_template, "MigrationsFunction", "", tmp_path) as run:
        first, again = run.invoke(order), run.invoke(order)
        started(run, "MigrationsFunction", record_property)
    numbered = sorted(path.name for path in (ROOT / "migrations").glob("[0-9]*.sql"))
    assert first["applied"][: len(numbered)] == numbered, first
    assert "grants.sql" in first["applied"]
    assert again == {"applied": []}


def test_built_deploy_step_answers_cloudformation(
    built: Path,
    sam_template: dict[str, Any],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """A deleted stack's event, answered at the address in it."""
    with (
        fake_aws.running() as aws,
        built_function.running(sam_template, "MigrateOnDeployFunction", "", tmp_path) as run,
    ):
        event = {
            "RequestType": "Delete",
            "ResponseURL": f"{aws.url}/answer",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Migrations",
            "PhysicalResourceId": "migrations",
            "ResourceProperties": {"Migrations": "layer:1"},
        }
        run.invoke(event)
        started(run, "MigrateOnDeployFunction", record_property)
    assert [answer["Status"] for answer in aws.answers] == ["SUCCESS"]
