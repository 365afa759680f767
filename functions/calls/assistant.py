"""The clinic's assistant as Vapi takes it: printed for the operator, or the answer to a ringing phone.

The shape is Vapi's CreateAssistantDTO (its OpenAPI); tests/calls/test_vapi_types.py holds it against the SDK.
"""

from dataclasses import dataclass
from typing import Any

from frontdesk.orgs import Org
from frontdesk.times import OpeningHours
from functions.calls import instructions
from functions.calls.conversation_facts import INTENTS, LOST_REASONS
from functions.calls.voice_tools import Credential, definitions, server

PATH = "/api/vapi/events"
# What we are sent; all else is noise to us. A partial transcript would be a message a word.
SERVER_MESSAGES = (
    "status-update",
    "end-of-call-report",
    'transcript[transcriptType="final"]',
    "hang",
    "tool-calls",
    "transfer-destination-request",
)
# A report that could not be stored (503) is sent again; never one we refused for what it is.
_AGAIN = {
    "type": "exponential",
    "maxRetries": 5,
    "baseDelaySeconds": 2,
    "excludedStatusCodes": [400, 401, 413],
}
MAX_SECONDS = 1800

_SPEECH: dict[str, dict[str, dict[str, Any]]] = {
    "en": {
        "voice": {"provider": "vapi", "voiceId": "Elliot"},
        "transcriber": {"provider": "deepgram", "model": "nova-3", "language": "en"},
    },
    "es": {
        "voice": {"provider": "azure", "voiceId": "es-US-PalomaNeural"},
        "transcriber": {"provider": "deepgram", "model": "nova-3", "language": "es"},
    },
}


@dataclass(frozen=True, slots=True)
class Clinic:
    """What the assistant is told of a clinic, whoever the caller is."""

    slug: str
    name: str
    zone: str  # IANA
    language: str  # ISO 639
    hours: OpeningHours
    providers: tuple[str, ...]
    services: tuple[tuple[str, int], ...]  # name, minutes


def clinic_of(org: Org) -> Clinic:
    """Return the facts of a clinic that answers calls."""
    return Clinic(
        org.slug,
        org.name,
        org.zone.key,
        org.language,
        org.hours,
        tuple(provider.name for provider in org.providers),
        tuple((service.name, service.duration_minutes) for service in org.services),
    )


def build(clinic: Clinic, base_url: str, credential: Credential) -> dict[str, Any]:
    """Write the whole assistant; `base_url` is https://host, without our path."""
    speech = _SPEECH.get(clinic.language, _SPEECH["en"])
    return {
        "name": f"{clinic.name} front desk"[:40],
        "firstMessage": instructions.greeting(clinic),
        "firstMessageMode": "assistant-speaks-first",
        **speech,
        "model": {
            "provider": "openai",
            "model": "gpt-4.1",
            "temperature": 0.2,
            "maxTokens": 500,  # the default of 100 cuts tool calls in half
            "messages": [{"role": "system", "content": instructions.prompt(clinic)}],
            "tools": [
                *definitions(base_url, credential, clinic.language),
                instructions.transfer_tool(clinic),
                {"type": "endCall"},
            ],
        },
        "server": {**server(f"{base_url}{PATH}", credential), "backoffPlan": _AGAIN},
        "serverMessages": list(SERVER_MESSAGES),
        "maxDurationSeconds": MAX_SECONDS,
        "backgroundSound": "off",
        "endCallPhrases": list(instructions.goodbyes(clinic.language)),
        "artifactPlan": {"recordingEnabled": True, "structuredOutputs": [_structured_output()]},
        "analysisPlan": {"summaryPlan": {"enabled": True}},
        "metadata": {"clinic": clinic.slug},
    }


def _structured_output() -> dict[str, Any]:
    """Write what is to be extracted from every call; functions/calls/conversation_facts.py reads it."""
    text = {"type": "string"}
    properties: dict[str, Any] = {
        "intent": {**text, "enum": list(INTENTS), "description": "What the caller wanted most."},
        "callerName": {**text, "description": "The caller's full name, only if they said it."},
        "email": {**text, "description": "The caller's e-mail address, only if they said it."},
        "reason": {**text, "description": "The reason for the visit in a few words, without a diagnosis."},
        "preferredTimes": {**text, "description": "Days and times the caller would like, in their words."},
        "language": {**text, "description": "The language the caller spoke, as ISO 639 code."},
        "newPatient": {"type": "boolean", "description": "True if they said they were never here before."},
        "lostReason": {
            **text,
            "enum": list(LOST_REASONS),
            "description": "Why no appointment was made; leave it out if one was, or none was wanted.",
        },
    }
    return {
        "name": "Call facts",
        "type": "ai",
        "description": "Facts of the call. Leave out whatever was not said; never guess.",
        "schema": {"type": "object", "properties": properties},
    }
