"""`frontdesk sms ...`: by whom, when and in which words a clinic texts."""

import json
import sys
from argparse import Namespace
from typing import Any

from cli import clinics, values
from cli.grammar import Groups, Parser, RefusedError, Told, clinic, command, group
from frontdesk import db

MAX_BODY = 10_000  # characters read from standard input; the checks allow far less


def add_to(groups: Groups) -> None:
    """Add the group."""
    texts = group(
        groups,
        "sms",
        "texts: sender, reminders, quiet hours, wording",
        [
            "frontdesk sms set bright-smiles --sender +12025550100",
            "frontdesk sms template show bright-smiles",
        ],
    )
    _add_set(texts)
    _add_templates(texts)


def _add_set(texts: Groups) -> None:
    parser = command(
        texts,
        "set",
        set_sms,
        "set who sends, whom patients call back, and when reminders go out",
        [
            "frontdesk sms set bright-smiles --sender +12025550100 --front-desk-phone +12025550101",
            "frontdesk sms set bright-smiles --reminders 24h,2h --quiet 20:00-08:00",
            "frontdesk sms set bright-smiles --sender none",
        ],
        "Only what is named changes.",
    )
    clinic(parser)
    parser.add_argument(
        "--sender",
        metavar="PHONE",
        help="Twilio number or messaging service (MG...); none: this clinic sends no texts",
    )
    parser.add_argument(
        "--front-desk-phone", metavar="PHONE", help="the number texts tell patients to call, or none"
    )
    parser.add_argument(
        "--reminders", type=values.reminders, metavar="WHEN", help="before the visit: 24h,2h; or none"
    )
    parser.add_argument(
        "--quiet",
        type=values.quiet,
        metavar="HOURS",
        help="no reminders then, on the clinic's clock: 20:00-08:00",
    )


def _add_templates(texts: Groups) -> None:
    templates = group(
        texts,
        "template",
        "a clinic's own wording",
        [
            "frontdesk sms template show bright-smiles",
            "frontdesk sms template reset bright-smiles --event booked",
        ],
    )
    _add_template(
        templates,
        "show",
        show_templates,
        "show the wording of every text, and whose it is",
        [
            "frontdesk sms template show bright-smiles",
            "frontdesk sms template show bright-smiles --event reminder",
        ],
        event_needed=False,
    )
    _add_template(
        templates,
        "set",
        set_template,
        "check and save a wording of the clinic's own, read from standard input",
        ["frontdesk sms template set bright-smiles --event booked < booked.txt"],
    )
    preview = _add_template(
        templates,
        "preview",
        preview_template,
        "show how a text will read, how long it gets and what that costs",
        [
            "frontdesk sms template preview bright-smiles --event booked",
            "frontdesk sms template preview bright-smiles --event booked --stdin < booked.txt",
        ],
    )
    preview.add_argument(
        "--stdin", action="store_true", help="of the wording on standard input, saved or not"
    )
    _add_template(
        templates,
        "reset",
        reset_template,
        "go back to our wording",
        ["frontdesk sms template reset bright-smiles --event booked --language es"],
    )


def _add_template(
    templates: Groups, name: str, run: Any, summary: str, examples: list[str], *, event_needed: bool = True
) -> Parser:
    parser = command(templates, name, run, summary, examples)
    clinic(parser)
    parser.add_argument(
        "--event",
        required=event_needed,
        metavar="EVENT",
        help="booked, rescheduled, cancelled, reminder, ...",
    )
    parser.add_argument(
        "--language", type=values.language, metavar="LL", help="en or es (default: the clinic's)"
    )
    return parser


def set_sms(options: Namespace) -> Told:
    """Change what is named of a clinic's settings for texts."""
    found = clinics.settings_of(options.slug)["org"]
    changes: dict[str, Any] = {}
    if options.sender is not None:
        changes["sms_sender"] = _sender(options.sender, found["region"])
    if options.front_desk_phone is not None:
        none = options.front_desk_phone.lower() == "none"
        changes["front_desk_phone"] = (
            None if none else clinics.phone_of(options.front_desk_phone, found["region"])
        )
    if options.reminders is not None:
        changes["reminder_minutes"] = options.reminders
    if options.quiet is not None:
        changes["quiet_from"], changes["quiet_until"] = options.quiet
    if not changes:
        raise RefusedError("Nothing to change; give --sender, --front-desk-phone, --reminders or --quiet.")
    told = db.call("set_sms", repeatable=True, org_id=found["id"], settings=json.dumps(changes))
    clinics.done(
        told, "set", {"sender_taken": "Another clinic sends by this number or service; each needs its own."}
    )
    return Told(changes, [f"{name.replace('_', ' ')}: {_said(value)}" for name, value in changes.items()])


def show_templates(options: Namespace) -> Told:
    """Show the wording of every text, or of one."""
    texts = _texts()
    found = clinics.find(options.slug)
    language = options.language or texts.language_of(found["language"])
    own = _own_bodies(found["id"], language)
    events = [_event(options.event)] if options.event else list(texts.EVENTS)
    rows = [
        {
            "event": event,
            "language": language,
            "own": event in own,
            "body": own.get(event, texts.default(event, language)),
        }
        for event in events
    ]
    lines = [
        f"{row['event']} ({language}, {'own' if row['own'] else 'ours'})\n  {row['body']}" for row in rows
    ]
    return Told(rows, lines)


def set_template(options: Namespace) -> Told:
    """Check and save a wording."""
    event, found = _event(options.event), clinics.find(options.slug)
    language = options.language or _texts().language_of(found["language"])
    body = _read_body()
    _refuse_problems(body, event, language)
    _save(found["id"], event, language, body)
    shown = _preview(found, event, language, body)
    return Told(shown.data, [f"Saved '{event}' ({language}).", *shown.lines])


def preview_template(options: Namespace) -> Told:
    """Show how a text will read."""
    event, found = _event(options.event), clinics.find(options.slug)
    language = options.language or _texts().language_of(found["language"])
    if options.stdin:
        body: str | None = _read_body()
        _refuse_problems(str(body), event, language)
    else:
        body = _own_bodies(found["id"], language).get(event)
    return _preview(found, event, language, body)


def reset_template(options: Namespace) -> Told:
    """Go back to our wording."""
    event, found = _event(options.event), clinics.find(options.slug)
    language = options.language or _texts().language_of(found["language"])
    told = _save(found["id"], event, language, None)
    return Told(told, [f"'{event}' ({language}) has our wording again."])


def _preview(found: dict[str, Any], event: str, language: str, body: str | None) -> Told:
    phone = clinics.settings_of(found["slug"])["org"]["front_desk_phone"]
    seen = _texts().preview(body, event, language, clinic=found["name"], phone=phone)
    size = seen.segments
    data = {
        "text": seen.text,
        "longest": seen.worst,
        "segments": size.count,
        "encoding": size.encoding,
        "characters": size.characters,
        "warnings": list(seen.warnings),
    }
    segments = f"{size.count} segment{'s' if size.count != 1 else ''}"
    billed = f"{segments} of {size.encoding}, {size.characters} characters"
    return Told(
        data,
        [
            f"Usual:   {seen.text}",
            f"Longest: {seen.worst}",
            f"Billed:  {billed}",
            *(f"Mind:    {w}" for w in seen.warnings),
        ],
    )


def _save(org_id: str, event: str, language: str, body: str | None) -> dict[str, Any]:
    told = db.call(
        "save_sms_template", repeatable=True, org_id=org_id, event=event, language=language, body=body
    )
    return clinics.done(told, "reset" if body is None else "saved")


def _own_bodies(org_id: str, language: str) -> dict[str, str]:
    rows = db.call("sms_templates_of", repeatable=True, org_id=org_id)
    return {row["event"]: row["body"] for row in rows if row["language"] == language}


def _refuse_problems(body: str, event: str, language: str) -> None:
    problems = _texts().problems(body, event, language)
    if problems:
        raise RefusedError("This wording cannot be used: " + " ".join(problems))


def _event(text: str) -> str:
    events = _texts().EVENTS
    if text not in events:
        raise RefusedError(f"There is no text '{text}'; there are {', '.join(events)}.")
    return text


def _read_body() -> str:
    body = sys.stdin.read(MAX_BODY).strip()
    if not body:
        raise RefusedError(
            "No wording came in; pipe it in: frontdesk sms template set SLUG --event booked < booked.txt"
        )
    return body


def _sender(text: str, region: str) -> str | None:
    if text.lower() == "none":
        return None
    if text.startswith("MG"):
        if len(text) != 34 or not all(c in "0123456789abcdef" for c in text[2:]):
            raise RefusedError(
                "A messaging service's SID is MG and 32 digits or letters a to f (Twilio console)."
            )
        return text
    return clinics.phone_of(text, region)


def _said(value: object) -> str:
    if isinstance(value, list):
        return values.said_reminders(value)
    return str(value) if value is not None else "none"


def _texts() -> Any:
    """Load the wording only where it is used: no other command needs it."""
    from frontdesk import texts

    return texts
