"""`frontdesk service|provider|closure|number add`: what makes a clinic one that can be booked."""

import json
from argparse import Namespace
from datetime import datetime
from zoneinfo import ZoneInfo

from cli import clinics, values
from cli.grammar import Groups, RefusedError, Told, clinic, command, group
from frontdesk import db


def add_to(groups: Groups) -> None:
    """Add the groups."""
    _add_service(groups)
    _add_provider(groups)
    _add_closure(groups)
    _add_number(groups)


def _add_service(groups: Groups) -> None:
    examples = [
        'frontdesk service add bright-smiles --name "Teeth cleaning" --minutes 60 --alias hygiene',
        "frontdesk service add bright-smiles --name Filling --minutes 45 --buffer-after 10 --provider Reyes",
    ]
    adding = group(groups, "service", "what patients come for", examples)
    parser = command(
        adding, "add", add_service, "add a service, offered by every provider unless some are named", examples
    )
    clinic(parser)
    parser.add_argument("--name", required=True, type=values.name, help="as patients hear and read it")
    parser.add_argument(
        "--minutes",
        required=True,
        type=values.whole(5, 480, "minutes"),
        metavar="N",
        help="how long a visit takes",
    )
    for side in ("before", "after"):
        parser.add_argument(
            f"--buffer-{side}",
            default=0,
            type=values.whole(0, 120, "minutes"),
            metavar="N",
            help=f"minutes kept free {side} a visit (default: 0)",
        )
    parser.add_argument(
        "--alias",
        action="append",
        default=[],
        type=values.name,
        help="another word callers use; may be repeated",
    )
    parser.add_argument(
        "--provider", action="append", type=values.name, metavar="NAME", help="only this one; may be repeated"
    )


def _add_provider(groups: Groups) -> None:
    examples = [
        'frontdesk provider add bright-smiles --name "Dr. Patel"',
        'frontdesk provider add bright-smiles --name "Jo Reyes" --service "Teeth cleaning"',
    ]
    adding = group(groups, "provider", "whom patients come to", examples)
    parser = command(
        adding,
        "add",
        add_provider,
        "add a provider, who offers every service unless some are named",
        examples,
        "Set the hours afterwards: frontdesk org hours.",
    )
    clinic(parser)
    parser.add_argument("--name", required=True, type=values.name, help="as patients hear it: Dr. Patel")
    parser.add_argument(
        "--service", action="append", type=values.name, metavar="NAME", help="only this one; may be repeated"
    )


def _add_closure(groups: Groups) -> None:
    examples = [
        "frontdesk closure add bright-smiles --on 2026-12-25 --reason Christmas",
        "frontdesk closure add bright-smiles --provider Reyes --from 2026-12-24T12:00 --until 2027-01-06",
    ]
    adding = group(groups, "closure", "times nobody can be booked", examples)
    parser = command(
        adding,
        "add",
        add_closure,
        "close the clinic, or one provider, for some time",
        examples,
        "On the clinic's own clock. A day given to --until is closed as well."
        " Appointments that are already booked stay as they are.",
    )
    clinic(parser)
    parser.add_argument("--on", type=values.day_or_moment, metavar="DAY", help="one whole day: 2026-12-25")
    parser.add_argument(
        "--from", dest="begins", type=values.day_or_moment, metavar="WHEN", help="a day, or 2026-12-24T12:00"
    )
    parser.add_argument(
        "--until",
        dest="ends",
        type=values.day_or_moment,
        metavar="WHEN",
        help="the last day, or the time it ends",
    )
    parser.add_argument("--provider", metavar="NAME", type=values.name, help="only this one")
    parser.add_argument("--reason", type=values.name, help="for the staff; patients never hear it")


def _add_number(groups: Groups) -> None:
    examples = [
        (
            "frontdesk number add bright-smiles --phone-number-id 8f14e45f-ceea-467f-a8d0-1c7d2a5b7c11"
            " --number +12025550100"
        ),
        "frontdesk number add bright-smiles --assistant-id 0c3f1f0e-5b7a-4d3e-9d55-9a1b6f3c2d10",
    ]
    adding = group(groups, "number", "how a call finds its clinic", examples)
    parser = command(
        adding,
        "add",
        add_number,
        "tell by what Vapi's calls are known to be this clinic's",
        examples,
        "The phone number id decides first, then the called number, then the assistant.",
    )
    clinic(parser)
    parser.add_argument(
        "--phone-number-id", metavar="ID", type=values.name, help="Vapi's id of the telephone number"
    )
    parser.add_argument("--number", metavar="PHONE", help="the telephone number itself: +12025550100")
    parser.add_argument("--assistant-id", metavar="ID", type=values.name, help="Vapi's id of the assistant")


def add_service(options: Namespace) -> Told:
    """Add a service."""
    service = {
        "name": options.name,
        "duration_minutes": options.minutes,
        "buffer_before_minutes": options.buffer_before,
        "buffer_after_minutes": options.buffer_after,
        "aliases": sorted({alias.lower() for alias in options.alias}),
    }
    told = clinics.done(
        db.call(
            "add_service",
            repeatable=False,
            org_id=clinics.id_of(options.slug),
            service=json.dumps(service),
            providers=options.provider,
        ),
        "added",
        {"name_taken": f"{options.slug} has a service '{options.name}' already."},
    )
    return Told(told["service"], [f"Added {options.name}, {options.minutes} minutes."])


def add_provider(options: Namespace) -> Told:
    """Add a provider."""
    told = clinics.done(
        db.call(
            "add_provider",
            repeatable=False,
            org_id=clinics.id_of(options.slug),
            name=options.name,
            services=options.service,
        ),
        "added",
        {"name_taken": f"{options.slug} has a provider '{options.name}' already."},
    )
    return Told(
        told["provider"],
        [f"Added {options.name}. Next: frontdesk org hours {options.slug} --weekdays 09:00-17:00"],
    )


def add_closure(options: Namespace) -> Told:
    """Close the clinic or one provider for some time."""
    begins, ends = _span(options)
    found = clinics.settings_of(options.slug)
    zone = ZoneInfo(found["org"]["time_zone"])
    starts_at, ends_at = (moment.replace(tzinfo=zone) for moment in (begins, ends))
    told = clinics.done(
        db.call(
            "add_closure",
            repeatable=False,
            org_id=found["org"]["id"],
            starts_at=starts_at,
            ends_at=ends_at,
            provider=options.provider,
            reason=options.reason or "",
        ),
        "added",
    )
    said = f"{begins:%A %Y-%m-%d %H:%M} to {ends:%A %Y-%m-%d %H:%M}"
    data = {"id": told["id"], "starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
    return Told(data, [f"Closed from {said} ({zone.key}): {options.provider or 'the whole clinic'}."])


def _span(options: Namespace) -> tuple[datetime, datetime]:
    """Return the (zoneless) half-open span of --on, or of --from and --until."""
    both = options.begins is not None and options.ends is not None
    if (options.on is not None) == both or (options.on is not None and (options.begins or options.ends)):
        raise RefusedError("Give either --on DAY, or --from and --until together.")
    if options.on is not None:
        if isinstance(options.on, datetime):
            raise RefusedError("--on takes a whole day such as 2026-12-25; use --from and --until for hours.")
        return values.moment_of(options.on), values.moment_of(options.on, ends=True)
    begins, ends = values.moment_of(options.begins), values.moment_of(options.ends, ends=True)
    if ends <= begins:
        raise RefusedError("--until must be later than --from.")
    return begins, ends


def add_number(options: Namespace) -> Told:
    """Tell by what Vapi's calls are known to be this clinic's."""
    if not (options.phone_number_id or options.number or options.assistant_id):
        raise RefusedError("Give --phone-number-id (best), --number or --assistant-id.")
    found = clinics.settings_of(options.slug)
    number = clinics.phone_of(options.number, found["org"]["region"]) if options.number else None
    known = {
        "phone_number_id": options.phone_number_id,
        "number": number,
        "assistant_id": options.assistant_id,
    }
    told = clinics.done(
        db.call("add_vapi_number", repeatable=False, org_id=found["org"]["id"], **known), "added"
    )
    ways = [f"{name.replace('_', ' ')} {value}" for name, value in known.items() if value]
    return Told({"id": told["id"], **known}, [f"Calls come to {options.slug} by {', '.join(ways)}."])
