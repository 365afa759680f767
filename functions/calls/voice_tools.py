"""The six voice tools as Vapi takes them: the one place their definitions are written.

The shape is Vapi's CreateFunctionToolDTO (its OpenAPI); what each argument means to us is in
functions/book/tools.py. What is printed holds no secret: it names the credential that Vapi keeps.
"""

from dataclasses import dataclass, field
from typing import Any

# Seconds Vapi waits. The function ends at 12 (docs/architecture.md), so the caller hears our sentence.
TIMEOUT_SECONDS = 20
DELAYED_AFTER_MILLISECONDS = 2500
PATH = "/api/vapi/tools"
# Until the operator names the credential made in Vapi for this clinic's secret.
CREDENTIAL_PLACEHOLDER = "CREDENTIAL-ID-FROM-VAPI"

# Filled in by Vapi, not by the model; read from the call itself by us, so a model cannot lie about them.
_STATIC = (
    ("_caller", "{{ customer.number }}"),
    ("_called", "{{ phoneNumber.number }}"),
    ("_callId", "{{ call.id }}"),
)

_START = (
    "Clinic-local date and time as YYYY-MM-DDTHH:MM, no time zone and no Z. If unsure, pass the caller's"
    " exact words, for example 'next Tuesday at three'."
)
_SLOT = "The slot id returned by checkAvailability, if the caller picked one of those."
_CODE = "The four-digit confirmation code, if the caller has it."
_BIRTH = "Date of birth as YYYY-MM-DD, to tell apart people who share a phone."
_PROVIDER = "Practitioner, only if the caller named one."
_OTHER_NUMBER = "Only if the caller asks to use a number other than the one they are calling from."


@dataclass(frozen=True, slots=True)
class Credential:
    """How Vapi proves itself to us: by a credential it keeps (its id), else by the clinic's secret itself."""

    id: str | None
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a tool."""

    name: str
    description: str
    kind: str = "string"
    choices: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool, and which of the waiting sentences is said while it works."""

    name: str
    description: str
    arguments: tuple[Argument, ...]
    waiting: str = "check"


TOOLS = (
    Tool(
        "checkAvailability",
        "Find open appointment times. Call this before offering any time. Never invent times.",
        (
            Argument(
                "when",
                "Day or range wanted: YYYY-MM-DD, or the caller's words such as 'tomorrow' or 'next week'.",
                required=True,
            ),
            Argument(
                "partOfDay", "Preferred part of the day.", choices=("morning", "afternoon", "evening", "any")
            ),
            Argument("service", "Reason for visit or service name."),
            Argument("practitioner", _PROVIDER),
        ),
    ),
    Tool(
        "bookClinicAppointment",
        "Book one appointment once the caller has agreed to the exact day and time you read back.",
        (
            Argument("patientName", "Patient's full name.", required=True),
            Argument("startTime", _START, required=True),
            Argument("reason", "Reason for visit or service name.", required=True),
            Argument("slotId", _SLOT),
            Argument("practitioner", _PROVIDER),
            Argument("callbackNumber", _OTHER_NUMBER),
            Argument("email", "Only if the caller offers it; as heard."),
            Argument("dateOfBirth", "YYYY-MM-DD, if the clinic asks for it."),
            Argument("newPatient", "True if this is the patient's first visit.", kind="boolean"),
            Argument("notes", "Anything the clinic should know."),
        ),
        waiting="book",
    ),
    Tool(
        "lookupAppointments",
        "Find the caller's upcoming appointments. The caller's own phone number is used automatically.",
        (
            Argument("patientName", "Full name, to tell family members apart."),
            Argument("confirmationCode", _CODE),
            Argument("dateOfBirth", _BIRTH),
        ),
    ),
    Tool(
        "rescheduleAppointment",
        "Move an existing appointment. The old time is kept unless the new time is secured.",
        (
            Argument("newStartTime", _START, required=True),
            Argument("confirmationCode", _CODE),
            Argument("slotId", _SLOT),
            Argument("patientName", "Full name."),
            Argument("dateOfBirth", _BIRTH),
        ),
        waiting="move",
    ),
    Tool(
        "cancelAppointment",
        "Cancel an existing appointment after the caller has clearly confirmed.",
        (
            Argument("confirmationCode", _CODE),
            Argument("patientName", "Full name."),
            Argument("dateOfBirth", _BIRTH),
            Argument("reason", "Why, in the caller's words."),
        ),
        waiting="cancel",
    ),
    Tool(
        "requestFollowUp",
        "Take a message or schedule a call back when you cannot complete the request or the caller asks for a"
        " person.",
        (
            Argument("message", "What the caller needs, one or two sentences.", required=True),
            Argument("callerName", "Caller's name."),
            Argument("preferredTime", "When to call back, in the caller's words."),
            Argument("urgency", "How urgent.", choices=("routine", "same_day", "urgent")),
            Argument("callbackNumber", _OTHER_NUMBER),
        ),
        waiting="message",
    ),
)

_SAID = {
    "en": {
        "check": "One moment while I check.",
        "book": "Great, let me book that.",
        "move": "One moment while I move that.",
        "cancel": "One moment while I cancel that.",
        "message": "One moment while I write that down.",
        "delayed": "Thanks for your patience, still working on that.",
        "failed": "I'm having trouble reaching the schedule right now.",
    },
    "es": {
        "check": "Un momento, lo compruebo.",
        "book": "Muy bien, se la reservo.",
        "move": "Un momento, se la cambio.",
        "cancel": "Un momento, se la cancelo.",
        "message": "Un momento, lo anoto.",
        "delayed": "Gracias por esperar, sigo en ello.",
        "failed": "Ahora mismo no consigo consultar la agenda.",
    },
}


def definitions(base_url: str, credential: Credential, language: str) -> list[dict[str, Any]]:
    """Write all six as Vapi takes them; `base_url` is https://host, without our path."""
    said = _SAID.get(language, _SAID["en"])
    return [_definition(tool, server(f"{base_url}{PATH}/{tool.name}", credential), said) for tool in TOOLS]


def server(url: str, credential: Credential) -> dict[str, Any]:
    """Write where Vapi sends messages to, and what it proves itself with."""
    made: dict[str, Any] = {"url": url, "timeoutSeconds": TIMEOUT_SECONDS}
    if credential.id is not None:
        return {**made, "credentialId": credential.id}
    return {**made, "headers": {"X-Vapi-Secret": credential.secret}}


def _definition(tool: Tool, where: dict[str, Any], said: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "function",
        "async": False,
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": {
                "type": "object",
                "properties": {argument.name: _schema(argument) for argument in tool.arguments},
                "required": [argument.name for argument in tool.arguments if argument.required],
            },
        },
        "parameters": [{"key": key, "value": value} for key, value in _STATIC],
        "server": where,
        "messages": [
            {"type": "request-start", "content": said[tool.waiting], "blocking": False},
            {
                "type": "request-response-delayed",
                "timingMilliseconds": DELAYED_AFTER_MILLISECONDS,
                "content": said["delayed"],
            },
            {"type": "request-failed", "content": said["failed"]},
        ],
    }


def _schema(argument: Argument) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": argument.kind, "description": argument.description}
    return {**schema, "enum": list(argument.choices)} if argument.choices else schema
