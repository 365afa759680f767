"""The sample events in events/ are what AWS sends, and the functions answer them."""

import asyncio
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from frontdesk.senders import derive_secret
from local import demo, demo_texts
from local.environment import pseudo_parameters, runtime
from local.functions import Functions
from local.http_events import Request, match, to_event
from local.template import environment, read_template
from local.template_records import Template
from tests.database import Database

ROOT = Path(__file__).parents[2]
EVENTS = {
    path.name: json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "events").glob("*.json")
}
# Only these files' own; env.local.json gives it to `sam local` (docs/local-stack.md).
SIGNING_KEY = "sample-events-signing-key"


def ask(database: Database, logs: Path, *names: str) -> list[dict[str, Any]]:
    """Give sample events to the functions their routes lead to, run as the local stack runs them."""

    async def run() -> list[dict[str, Any]]:
        template = read_template(ROOT / "template.yaml", pseudo_parameters())
        overrides = {
            "DATABASE_URL": database.app_url,
            "DATABASE_AUTH": "password",
            "VAPI_SIGNING_KEYS": SIGNING_KEY,
        }
        # No queue is here: what is published after an answer comes to nothing, and the answer is the same.
        nowhere = {queue.name: f"http://127.0.0.1:1/{queue.name}" for queue in template.queues}
        scope = dataclasses.replace(template.scope, values=pseudo_parameters() | nowhere)
        asked = [target(template, EVENTS[name]) for name in names]
        wanted = [function for function in template.functions if function.name in asked]
        runtimes = [
            runtime(each, environment(each, scope, overrides), "http://127.0.0.1:1") for each in wanted
        ]
        functions = Functions(runtimes, logs)
        try:
            return [await functions.invoke(to, EVENTS[name]) for to, name in zip(asked, names, strict=True)]
        finally:
            await functions.close()

    demo.seed(database.owner_url)
    return asyncio.run(run())


def target(template: Template, event: dict[str, Any]) -> str:
    """Return the function an event's route leads to."""
    found = match(template.http_routes, event["requestContext"]["http"]["method"], event["rawPath"])
    assert found is not None
    return found.route.function


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_a_sample_event_has_the_fields_the_gateway_gives(name: str) -> None:
    """The same request through the local gateway gives an event with the very same keys."""
    event = EVENTS[name]
    template = read_template(ROOT / "template.yaml", pseudo_parameters())
    http = event["requestContext"]["http"]
    found = match(template.http_routes, http["method"], event["rawPath"])
    assert found is not None
    body = event.get("body", "").encode()
    request = Request(
        http["method"], event["rawPath"], "", tuple(event["headers"].items()), body, http["sourceIp"]
    )
    ours = to_event(request, found)
    assert set(ours) == set(event)
    assert set(ours["requestContext"]) == set(event["requestContext"])
    for key in ("routeKey", "rawPath", "headers", "body", "isBase64Encoded", "pathParameters"):
        assert ours.get(key) == event.get(key), key


@pytest.mark.parametrize("name", sorted(set(EVENTS) - {"health.json", "stranger.json"}))
def test_a_sample_event_proves_itself_for_the_demo_clinic(name: str) -> None:
    """Its secret is derived from the published sample key, so it opens nothing but a sample."""
    clinic = demo.CLINICS[0]
    assert EVENTS[name]["headers"]["authorization"] == f"Bearer {derive_secret(SIGNING_KEY, clinic.id, 1)}"


def test_the_functions_answer_every_sample(database: Database, tmp_path: Path) -> None:
    """Health, offers, a booking, the same wish again, two calls in one message, a stranger; a whole call."""
    names = [
        "health.json",
        "check-availability.json",
        "book-appointment.json",
        "book-appointment.json",
        "book-appointment-arguments-as-object.json",
        "two-calls-in-one-message.json",
        "stranger.json",
        "phone-rings.json",
        "call-transfer.json",
        "call-ended.json",
    ]
    health, offer, booked, replay, again, two, stranger, *call = ask(database, tmp_path, *names)
    assert set(names) == set(EVENTS), "a sample nobody checks is a sample that rots"
    assert health["statusCode"] == 200
    assert stranger["statusCode"] == 401
    codes = [
        [result["result"].partition(".")[0] for result in json.loads(answer["body"])["results"]]
        for answer in (offer, booked, replay, again, two)
    ]
    assert codes == [
        ["AVAILABLE"],
        ["BOOKED"],
        ["BOOKED"],
        ["ALREADY_BOOKED"],
        ["AVAILABLE", "MESSAGE_TAKEN"],
    ]
    assert replay["body"] == booked["body"]
    rings, transfer, ended = (json.loads(answer["body"]) for answer in call)
    assert rings["assistantOverrides"]["variableValues"]["callerName"] == "Dana Whitfield"
    assert ("error" in transfer) != ("destination" in transfer)
    assert ended == {}


def test_the_demo_clinics_are_put_in_once_and_keep_what_was_changed(database: Database) -> None:
    """Seeding again neither doubles nor restores anything; the description is the database's own."""
    demo.seed(database.owner_url)
    with database.connect_owner() as owner:
        owner.execute("UPDATE frontdesk.services SET duration_minutes = 50 WHERE name = 'Teeth cleaning'")
    demo.seed(database.owner_url)
    accounts = demo_texts.accounts("secret")
    first, second = demo.describe(database.owner_url, "key", accounts)
    assert (first["slug"], first["time_zone"]) == ("bright-smiles", "America/New_York")
    assert [service["duration_minutes"] for service in first["services"]] == [50, 30, 45]
    assert [provider["name"] for provider in first["providers"]] == ["Dr. Patel"]
    assert len(second["providers"]) == 3
    assert second["time_zone"] != first["time_zone"]
    assert first["vapi_secret"] == derive_secret("key", demo.CLINICS[0].id, 1) != second["vapi_secret"]
    assert first["twilio_account_sid"] != second["twilio_account_sid"]
    assert len(first["twilio_auth_token"]) == 32
    assert first["twilio_auth_token"] != second["twilio_auth_token"]
