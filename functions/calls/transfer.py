"""Where a caller who asks for a person is put through to."""

from typing import Any

from frontdesk import calls, log, phones
from frontdesk.errors import FrontdeskError
from frontdesk.orgs import Org
from functions.calls.messages import Message

_CONNECTING = {"en": "I'm putting you through now.", "es": "Le paso ahora mismo."}
# For the agent, who says it in its own words.
_CALL_BACK = "Nobody can take the call right now. Tell the caller that somebody from the clinic calls back."
_MESSAGE = "Nobody can take the call right now. Offer to take a message, and ask for a number to call back."


def answer(message: Message, org: Org) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the answer for Vapi and the outbox rows; never raises for the database's sake."""
    caller = message.whose.caller_number
    phone = phones.of_caller(caller, org.region) if caller else None
    try:
        told = calls.transfer(org.id, message.whose.call_id, phone)
    except FrontdeskError as error:
        log.error(
            "nobody to transfer to", error=type(error).__name__, sqlstate=getattr(error, "sqlstate", None)
        )
        return {"error": _MESSAGE}, []
    if told["outcome"] == "open":
        said = _CONNECTING.get(org.language, _CONNECTING["en"])
        return {"destination": {"type": "number", "number": told["number"], "message": said}}, []
    return {"error": _CALL_BACK if told["follow_up"] else _MESSAGE}, told["outbox"]
