"""The answer to a ringing phone: which assistant takes the call, and what it may know of the caller."""

from datetime import datetime
from typing import Any

from frontdesk import calls, log, phones, senders, settings, times
from frontdesk.errors import FrontdeskError
from frontdesk.orgs import Org
from functions.calls import assistant, instructions
from functions.calls.messages import Message, at
from functions.calls.values import words
from functions.calls.voice_tools import Credential

NOT_SET_UP = "Sorry, this number is not set up yet. Please call back later."


def answer(message: Message, content: dict[str, Any], org: Org, base_url: str) -> dict[str, Any]:
    """Return the clinic's own assistant with this call's variables, or one made for this call.

    Without the database the call is answered all the same: what is known of the clinic is enough.
    """
    whose = message.whose
    phone = phones.of_caller(whose.caller_number, org.region) if whose.caller_number else None
    try:
        known = calls.opening(org.id, phone, whose.phone_number_id, whose.called_number)
    except FrontdeskError as error:
        log.error("caller unknown", error=type(error).__name__, sqlstate=getattr(error, "sqlstate", None))
        known = {}
    overrides = {"variableValues": variables(org, known, datetime.now(org.zone))}
    if known.get("assistant_id"):
        return {"assistantId": known["assistant_id"], "assistantOverrides": overrides}
    made = assistant.build(assistant.clinic_of(org), base_url, _credential(content, org))
    return {"assistant": made, "assistantOverrides": overrides}


def variables(org: Org, known: dict[str, Any], now: datetime) -> dict[str, str]:
    """Return the variables of a call. Of a stranger there is none about the caller."""
    values = {
        "clinicName": org.name,
        "clinicTimeZone": org.zone.key,
        "clinicToday": f"{times.say_day(now.date(), now.date())}, {now.year}",
        "clinicHours": instructions.spoken_hours(org.hours),
    }
    if known.get("caller_name"):
        values["callerName"] = known["caller_name"]
    visit = known.get("next_appointment")
    if visit:
        start = datetime.fromisoformat(visit["starts_at"]).astimezone(org.zone)
        said = times.say_moment(start, now.date())
        values["nextAppointment"] = (
            f"{visit['service_name']} with {visit['provider_name']} for {visit['patient_name']} on {said}"
        )
    return values


def _credential(content: dict[str, Any], org: Org) -> Credential:
    """Have the tools prove themselves as this message did: Vapi names its number's credential."""
    named = words(at(content, "phoneNumber", "server", "credentialId"), 120)
    if named:
        return Credential(named)
    key = settings.current().vapi_signing_keys[0]
    return Credential(None, senders.derive_secret(key, org.id, org.vapi_secret_generation))
