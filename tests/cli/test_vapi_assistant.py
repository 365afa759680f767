"""The printed assistant: complete, of this clinic, with no secret in it."""

import json
from typing import Any

from functions.calls import assistant
from tests.cli.conftest import Frontdesk

LINE = "vapi assistant --org pine --server-url https://api.example.com"


def _printed(pine: Frontdesk, line: str = LINE) -> dict[str, Any]:
    ran = pine(line)
    assert ran.status == 0, ran.err
    made: dict[str, Any] = json.loads(ran.out)
    return made


def test_it_is_complete_and_of_this_clinic(pine: Frontdesk) -> None:
    """Greeting, prompt with hours, providers and services, six tools, transfer, server, what to extract."""
    made = _printed(pine)
    assert made["firstMessage"] == "Thank you for calling Pine Dental. How can I help you?"
    prompt = made["model"]["messages"][0]["content"]
    for fact in ("Pine Dental", "Dr. Patel", "Teeth cleaning (60 minutes)", "Monday to Friday 9 AM to 5 PM"):
        assert fact in prompt
    assert '"America/New_York"}}' in prompt
    kinds = [tool["type"] for tool in made["model"]["tools"]]
    assert kinds == ["function"] * 6 + ["transferCall", "endCall"]
    assert "destinations" not in made["model"]["tools"][6]
    assert made["server"]["url"] == "https://api.example.com/api/vapi/events"
    assert made["server"]["backoffPlan"]["maxRetries"] > 0
    assert made["serverMessages"] == list(assistant.SERVER_MESSAGES)
    [output] = made["artifactPlan"]["structuredOutputs"]
    assert set(output["schema"]["properties"]) >= {
        "intent",
        "callerName",
        "email",
        "lostReason",
        "newPatient",
    }


def test_no_secret_is_in_it_and_the_credential_is_named(pine: Frontdesk) -> None:
    """Every server is proved by the credential given."""
    secret = pine("secret vapi show pine --reveal").out.strip()
    ran = pine(f"{LINE} --credential-id cred-1")
    assert secret not in ran.out
    assert ran.out.count('"credentialId": "cred-1"') == 7
    assert "headers" not in ran.out


def test_a_spanish_clinic_answers_in_spanish(pine: Frontdesk) -> None:
    """Greeting, voice and transcriber are of the clinic's language."""
    pine("org create --slug sol --name Sol --time-zone Europe/Madrid --region ES --language es")
    made = _printed(pine, "vapi assistant sol --server-url https://api.example.com")
    assert made["firstMessage"].startswith("Gracias por llamar a Sol")
    assert made["transcriber"]["language"] == "es"
    assert "Open: by arrangement." in made["model"]["messages"][0]["content"]


def test_a_clinic_must_be_named(pine: Frontdesk) -> None:
    """Without one it is refused with a sentence, and with a wrong one too."""
    assert "Which clinic?" in pine("vapi assistant --server-url https://api.example.com").err
    assert "no clinic" in pine("vapi assistant --org oak --server-url https://api.example.com").err


def test_both_ways_to_name_it_print_the_same(pine: Frontdesk) -> None:
    """`--org pine`, or the clinic's name alone as with the other commands."""
    assert _printed(pine) == _printed(pine, "vapi assistant pine --server-url https://api.example.com")
