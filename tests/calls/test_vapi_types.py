"""What we print for Vapi and what we answer it, held against the types of Vapi's own SDK.

The SDK is 40 MB and takes half a minute to import (docs/calls.md), so it is no dependency of ours, not even
of the tests. Where it is not installed here, `VAPI_SDK_PYTHON` may name an interpreter that has it.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import pytest

from functions.calls import assistant
from functions.calls.voice_tools import Credential
from tests.calls.conftest import sample, told
from tests.clinics import Clinic, Connection

PYTHON = os.environ.get("VAPI_SDK_PYTHON") or (sys.executable if find_spec("vapi") else "")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PYTHON, reason="vapi_server_sdk is not installed; VAPI_SDK_PYTHON may name a Python that has it"
    ),
]

# Reads [[type, module, value], ...] and writes for each what the type finds wrong, unknown fields too.
CHECK = """
import importlib, json, sys
found = []
for name, module, value in json.load(sys.stdin):
    model = getattr(importlib.import_module("vapi.types." + module), name)
    try:
        made = model.model_validate(value)
    except Exception as error:
        found.append([name, str(error)[:2000]])
        continue
    unknown = sorted(set(value) - {f.alias or n for n, f in model.model_fields.items()})
    found.append([name, "unknown: " + ", ".join(unknown) if unknown else ""])
print(json.dumps(found))
"""


def problems(*checked: tuple[str, str, Any]) -> list[str]:
    """Return what the SDK finds wrong with each (type, module, value); '' where it is right."""
    ran = subprocess.run(
        [PYTHON, "-c", CHECK],
        input=json.dumps(checked),
        text=True,
        capture_output=True,
        timeout=280,
        check=True,
    )
    return [problem for _, problem in json.loads(ran.stdout)]


def printed(language: str) -> dict[str, Any]:
    """Return the assistant of a clinic, as it is printed."""
    from frontdesk.orgs import opening_hours

    hours = opening_hours([{"weekday": 1, "opens": "09:00:00", "closes": "17:00:00"}])
    clinic = assistant.Clinic(
        "pine", "Pine Dental", "America/New_York", language, hours, ("Dr. Patel",), (("Cleaning", 60),)
    )
    return assistant.build(clinic, "https://api.example.com", Credential("cred-1"))


def without_backoff(made: dict[str, Any]) -> dict[str, Any]:
    """Leave out the plan for repeating: the SDK's type wants an object where the API takes a word."""
    server = {key: value for key, value in made["server"].items() if key != "backoffPlan"}
    return {**made, "server": server}


def test_all_we_print_and_answer_is_of_vapis_types(owner: Connection, clinic: Clinic) -> None:
    """Assistants in both languages, the answers to a ringing phone and to a transfer; five controls fail."""
    made = told(clinic, sample("sdk_assistant-request", clinic))
    made["assistant"] = without_backoff(made["assistant"])
    owner.execute("UPDATE frontdesk.vapi_numbers SET assistant_id = 'as-1'")
    known = told(clinic, sample("sdk_assistant-request", clinic))
    closed = told(clinic, sample("sdk_transfer-destination-request", clinic))
    opened = {
        "destination": {"type": "number", "number": "+12025550111", "message": "I'm putting you through."}
    }
    dto = ("CreateAssistantDto", "create_assistant_dto")
    ringing = ("ServerMessageResponseAssistantRequest", "server_message_response_assistant_request")
    transfer = (
        "ServerMessageResponseTransferDestinationRequest",
        "server_message_response_transfer_destination_request",
    )
    english = without_backoff(printed("en"))
    good = problems(
        (*dto, english),
        (*dto, without_backoff(printed("es"))),
        (*ringing, made),
        (*ringing, known),
        (*transfer, closed),
        (*transfer, opened),
    )
    assert good == [""] * 6
    bad = problems(
        (*dto, {**english, "artifactPlan": {"structuredOutputs": [{"type": "ai"}]}}),
        (*dto, {**english, "maxDurationSeconds": "an hour"}),
        (*dto, {**english, "notAField": 1}),
        (*ringing, {"assistantOverrides": "none"}),
        (*transfer, {"destination": {"type": "number"}}),
    )
    assert all(bad), bad
