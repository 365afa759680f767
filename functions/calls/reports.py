"""What a message says of its call, with how far it is to be believed; the database keeps the maximum of it.

Every field is picked by name, and nothing else of a message is ever stored: Vapi sends provider credentials,
server secrets and the addresses that listen to and steer a live call along (docs/calls.md).
"""

from typing import Any

from frontdesk import phones
from frontdesk.calls import Heard, Said
from frontdesk.orgs import Org
from functions.calls import conversation_facts, transcripts
from functions.calls.messages import Message, at
from functions.calls.values import link, milliseconds, moment_text, number, words

# Of two messages that say different things of a field, the higher rank is believed.
REPORT, STATUS, OTHER, GUESS = 3, 2, 1, 0
_RANKS = {"end-of-call-report": REPORT, "status-update": STATUS}
_STATES = {
    "scheduled": "ringing",
    "queued": "ringing",
    "ringing": "ringing",
    "in-progress": "in_progress",
    "forwarding": "forwarding",
    "ended": "ended",
}
_DIRECTIONS = {
    "inboundPhoneCall": "inbound",
    "outboundPhoneCall": "outbound",
    "webCall": "web",
    "vapi.websocketCall": "web",
}
_DURATIONS = (("durationSeconds", 1.0), ("durationMs", 0.001), ("durationMinutes", 60.0))
MAX_DURATION = 1e7


def heard(message: Message, content: dict[str, Any], org: Org, received_at: int) -> Heard:
    """Read one message of a call; `received_at` (ms) stands in where it names no time of its own."""
    rank = _RANKS.get(message.kind, OTHER)
    stamp = milliseconds(content.get("timestamp"))
    state = _state(message.kind, content)
    said = _call(content, message.whose.caller_number, org)
    said |= _ending(content) if state == "ended" else {}
    said |= _destination(content)
    fields: dict[str, Said] = {name: (rank, stamp or 0, value) for name, value in said.items()}
    fields |= _times(content, state, stamp or received_at)
    reported = message.kind == "end-of-call-report"
    has_lines = message.kind in _RANKS
    return Heard(
        state=state,
        fields=fields,
        lines=transcripts.of(content) if has_lines else (),
        live=transcripts.live(content, stamp or received_at) if message.kind == "transcript" else None,
        reported=reported,
        rank=rank,
    )


def _state(kind: str, content: dict[str, Any]) -> str:
    if kind == "end-of-call-report":
        return "ended"
    if kind == "assistant-request":
        return "ringing"
    if kind == "status-update":
        status = content.get("status")
        return _STATES.get(status, "ringing") if isinstance(status, str) else "ringing"
    return "in_progress"


def _call(content: dict[str, Any], caller: str | None, org: Org) -> dict[str, str]:
    phone = phones.of_caller(caller, org.region) if caller else None
    direction = at(content, "call", "type")
    said = {
        "phone": phone,
        "direction": _DIRECTIONS.get(direction) if isinstance(direction, str) else None,
        "cost": _decimal(number(content.get("cost"), 1e6), 4),
    }
    return {name: value for name, value in said.items() if value is not None}


def _ending(content: dict[str, Any]) -> dict[str, str]:
    said = {
        "ended_reason": words(content.get("endedReason") or at(content, "call", "endedReason"), 200),
        "summary": words(at(content, "analysis", "summary") or content.get("summary"), 4000),
        "success": words(at(content, "analysis", "successEvaluation"), 200),
        "recording_url": _recording(content),
        "duration_seconds": _duration(content),
    }
    facts = conversation_facts.of(content)
    said |= {name: facts.pop(name, None) for name in ("intent", "lost_reason")}
    said |= {f"fact.{field}": value for field, value in facts.items()}
    return {name: value for name, value in said.items() if value is not None}


def _recording(content: dict[str, Any]) -> str | None:
    places = (
        at(content, "artifact", "recording", "mono", "combinedUrl"),
        at(content, "artifact", "recordingUrl"),
        content.get("recordingUrl"),
        at(content, "call", "artifact", "recordingUrl"),
    )
    return next((found for found in map(link, places) if found), None)


def _destination(content: dict[str, Any]) -> dict[str, str]:
    destination = content.get("destination")
    for key in ("number", "sipUri", "assistantName"):
        found = words(at(destination, key), 120)
        if found:
            return {"transferred_to": found}
    return {}


def _duration(content: dict[str, Any]) -> str | None:
    for key, seconds in _DURATIONS:
        found = number(content.get(key), MAX_DURATION / seconds)
        if found is not None:
            return _decimal(found * seconds, 1)
    return None


def _decimal(value: float | None, places: int) -> str | None:
    return None if value is None else f"{value:.{places}f}"


def _times(content: dict[str, Any], state: str, sent_at: int) -> dict[str, Said]:
    """Say when the call began, and ended. Not said at all: the earliest moment anything was heard of it."""
    fields = {"started_at": _time(content, "startedAt", sent_at)}
    if fields["started_at"][0] == GUESS and (created := milliseconds(at(content, "call", "createdAt"))):
        fields["started_at"] = (OTHER, 0, moment_text(created))
    if state == "ended":
        fields["ended_at"] = _time(content, "endedAt", sent_at)
    return fields


def _time(content: dict[str, Any], key: str, sent_at: int) -> Said:
    for rank, value in ((REPORT, content.get(key)), (STATUS, at(content, "call", key))):
        found = milliseconds(value)
        if found is not None:
            return rank, 0, moment_text(found)
    return GUESS, -sent_at, moment_text(sent_at)
