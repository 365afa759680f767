"""`frontdesk org ...`: clinics and their opening hours; and `frontdesk resume`."""

import json
from argparse import Namespace
from itertools import groupby
from typing import Any

from cli import clinics, staff, values
from cli.grammar import Groups, RefusedError, Told, clinic, command, group
from frontdesk import db

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def add_to(groups: Groups) -> None:
    """Add the group."""
    orgs = group(
        groups,
        "org",
        "make clinics, list and show them, set their hours",
        ["frontdesk org list", "frontdesk org show bright-smiles"],
    )
    _add_create(orgs)
    command(orgs, "list", list_all, "list every clinic", ["frontdesk org list", "frontdesk org list --json"])
    clinic(
        command(
            orgs,
            "show",
            show,
            "show all that is set for a clinic, without secrets",
            ["frontdesk org show bright-smiles"],
        )
    )
    _add_hours(orgs)
    staff.add_to(orgs)
    clinic(
        command(
            groups,
            "resume",
            resume,
            "send a clinic's texts again after they were paused",
            ["frontdesk resume bright-smiles"],
            "Texts pause by themselves when Twilio refuses the clinic's credentials or sender:"
            " put those right first. What still makes sense is then sent.",
        )
    )


def _add_create(orgs: Groups) -> None:
    parser = command(
        orgs,
        "create",
        create,
        "make a clinic",
        [
            'frontdesk org create --slug bright-smiles --name "Bright Smiles" --time-zone America/New_York',
            (
                'frontdesk org create --slug clinica-del-sol --name "Clínica del Sol"'
                " --time-zone Europe/Madrid --region ES --language es"
            ),
        ],
    )
    parser.add_argument(
        "--slug", required=True, type=values.slug, help="its short name in commands: bright-smiles"
    )
    parser.add_argument(
        "--name", required=True, type=values.name, help="its name as patients hear and read it"
    )
    parser.add_argument(
        "--time-zone",
        required=True,
        type=values.time_zone,
        metavar="ZONE",
        help="IANA zone: America/New_York",
    )
    parser.add_argument(
        "--region",
        default="US",
        type=values.region,
        metavar="CC",
        help="country of telephone numbers written without a country code (default: US)",
    )
    parser.add_argument(
        "--language", default="en", type=values.language, metavar="LL", help="en or es (default: en)"
    )


def _add_hours(orgs: Groups) -> None:
    parser = command(
        orgs,
        "hours",
        hours,
        "set the whole week of one provider, or of all",
        [
            "frontdesk org hours bright-smiles --weekdays 09:00-17:00",
            (
                'frontdesk org hours bright-smiles --provider "Dr. Patel" --weekdays 09:00-12:00,13:00-17:00'
                " --friday 09:00-12:00 --saturday 10:00-13:00"
            ),
        ],
        "On the clinic's own clock. A day that is not named is closed; --friday goes before --weekdays.",
    )
    clinic(parser)
    parser.add_argument("--provider", metavar="NAME", type=values.name, help="only this one's week")
    for option, days in (("weekdays", "Monday to Friday"), ("every-day", "Monday to Sunday")):
        parser.add_argument(f"--{option}", type=values.hours, metavar="HOURS", help=days)
    for day in DAYS:
        parser.add_argument(
            f"--{day}", type=values.hours, metavar="HOURS", help="09:00-12:00,13:00-17:00 or closed"
        )


def create(options: Namespace) -> Told:
    """Make a clinic."""
    wanted = {name: getattr(options, name) for name in ("slug", "name", "time_zone", "region", "language")}
    told = clinics.done(
        db.call("create_org", repeatable=False, org=json.dumps(wanted)),
        "created",
        {"slug_taken": f"There is a clinic '{options.slug}' already; choose another --slug."},
    )
    org_id = told["org"]["org"]["id"]
    return Told(
        {"id": org_id, **wanted},
        [
            f"Made {options.name} ({options.slug}), {org_id}.",
            "Next: frontdesk service add, provider add, org hours, number add, vapi tools.",
        ],
    )


def list_all(_options: Namespace) -> Told:
    """List every clinic."""
    orgs = clinics.everyone()
    if not orgs:
        return Told([], ["There are no clinics yet; make one with `frontdesk org create`."])
    rows = [(org["slug"], org["name"], org["time_zone"], _texts_of(org)) for org in orgs]
    return Told(orgs, _table([("SLUG", "NAME", "TIME ZONE", "TEXTS"), *rows]))


def show(options: Namespace) -> Told:
    """Show all that is set for a clinic."""
    found = clinics.settings_of(options.slug)
    return Told(found, [*_about_org(found), *_about_people(found), *_about_doors(found), *_missing(found)])


def hours(options: Namespace) -> Told:
    """Set the whole week of one provider or of all."""
    week = _week(options)
    if week is None:
        raise RefusedError(
            "No day is named; give --weekdays 09:00-17:00, or days such as --monday 09:00-12:00."
        )
    rows = [
        {"weekday": weekday, "opens": opens, "closes": closes}
        for weekday, spans in enumerate(week, 1)
        for opens, closes in spans
    ]
    found = clinics.settings_of(options.slug)
    names = [options.provider] if options.provider else [p["name"] for p in found["providers"] if p["active"]]
    if not names:
        raise RefusedError("This clinic has no provider yet; add one with `frontdesk provider add`.")
    for each in names:
        told = db.call(
            "set_hours", repeatable=True, org_id=found["org"]["id"], provider=each, hours=json.dumps(rows)
        )
        clinics.done(
            told,
            "set",
            {"unknown_provider": f"There is no provider '{each}' at {options.slug}; `org show` lists them."},
        )
    return Told({"providers": names, "hours": rows}, [f"{each}: {_said_week(rows)}." for each in names])


def resume(options: Namespace) -> Told:
    """Let a clinic's texts go out again."""
    told = db.call("resume_sms", repeatable=True, org_id=clinics.id_of(options.slug))
    if told["outcome"] == "not_paused":
        return Told(told, [f"The texts of {options.slug} are not paused; nothing was changed."])
    return Told(clinics.done(told, "resumed"), [f"Texts go out again; {told['waiting']} were waiting."])


def _week(options: Namespace) -> list[values.Hours] | None:
    """Return the hours of Monday to Sunday, or None when no day was named at all."""
    named = [getattr(options, day) for day in DAYS]
    if options.weekdays is options.every_day is None and all(each is None for each in named):
        return None
    every = options.every_day or []
    weekdays = every if options.weekdays is None else options.weekdays
    usual = [weekdays] * 5 + [every] * 2
    return [own if own is not None else general for own, general in zip(named, usual, strict=True)]


def _said_week(rows: list[dict[str, Any]]) -> str:
    """Write a week in one line: days of the same hours together."""
    by_day = {
        weekday: ", ".join(f"{row['opens'][:5]}-{row['closes'][:5]}" for row in day)
        for weekday, day in groupby(rows, key=lambda row: row["weekday"])
    }
    if not by_day:
        return "closed all week"
    runs: list[tuple[int, int, str]] = []
    for weekday, said in by_day.items():
        if runs and runs[-1][1] == weekday - 1 and runs[-1][2] == said:
            runs[-1] = (runs[-1][0], weekday, said)
        else:
            runs.append((weekday, weekday, said))
    return "; ".join(f"{_said_days(first, last)} {said}" for first, last, said in runs)


def _said_days(first: int, last: int) -> str:
    short = [day[:3].capitalize() for day in DAYS]
    return short[first - 1] if first == last else f"{short[first - 1]}-{short[last - 1]}"


def _texts_of(org: dict[str, Any]) -> str:
    if org["sms_paused_reason"]:
        return f"paused: {org['sms_paused_reason']}"
    return "on" if org["sms_sender"] else "off"


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _about_org(found: dict[str, Any]) -> list[str]:
    org = found["org"]
    language = values.LANGUAGES.get(org["language"], org["language"])
    reminders = values.said_reminders(org["reminder_minutes"])
    return [
        f"{org['name']} ({org['slug']}), {org['id']}",
        f"  {org['time_zone']}, numbers of {org['region']}, speaks {language}",
        (
            f"  texts: {_texts_of(org)}; sender {org['sms_sender'] or 'none'};"
            f" front desk {org['front_desk_phone'] or 'none'}"
        ),
        (
            f"  reminders: {reminders} before; quiet {org['quiet_from'][:5]}-{org['quiet_until'][:5]};"
            f" {found['texts_waiting']} texts waiting"
        ),
    ]


def _about_people(found: dict[str, Any]) -> list[str]:
    lines = ["Services"]
    for service in found["services"]:
        aliases = f", also {', '.join(service['aliases'])}" if service["aliases"] else ""
        buffers = f", buffers {service['buffer_before_minutes']} and {service['buffer_after_minutes']}"
        lines.append(f"  {service['name']}: {service['duration_minutes']} min{buffers}{aliases}")
    lines.append("Providers")
    for provider in found["providers"]:
        inactive = "" if provider["active"] else " (inactive)"
        lines.append(f"  {provider['name']}{inactive}: {_said_week(provider['hours'])}")
        lines.append(f"    offers {', '.join(provider['services']) or 'nothing'}")
    lines.extend(
        f"Closed {closure['starts_at']} to {closure['ends_at']}: {closure['provider'] or 'everybody'}"
        f"{', ' + closure['reason'] if closure['reason'] else ''}"
        for closure in found["closures"]
    )
    return lines


def _about_doors(found: dict[str, Any]) -> list[str]:
    numbers = [
        "  " + ", ".join(f"{name.replace('_', ' ')} {number[name]}" for name in _WAYS if number[name])
        for number in found["numbers"]
    ]
    credentials = [
        f"  {each['purpose']} version {each['version']}, since {each['created_at'][:10]}"
        for each in found["credentials"]
        if each["retired_at"] is None
    ]
    return ["Calls come in by", *(numbers or ["  nothing yet"]), "Credentials", *(credentials or ["  none"])]


def _missing(found: dict[str, Any]) -> list[str]:
    """Say what still keeps this clinic from being booked or from texting."""
    active = [provider for provider in found["providers"] if provider["active"]]
    has_twilio = any(
        each["purpose"] == "twilio" and each["retired_at"] is None for each in found["credentials"]
    )
    wanted = [
        (not found["services"], "a service (`frontdesk service add`)"),
        (not active, "a provider (`frontdesk provider add`)"),
        (not any(provider["hours"] for provider in active), "opening hours (`frontdesk org hours`)"),
        (not found["numbers"], "a way for calls to come in (`frontdesk number add`)"),
        (
            bool(found["org"]["sms_sender"]) and not has_twilio,
            "Twilio's token (`frontdesk secret twilio set`)",
        ),
    ]
    return [f"Missing: {what}." for lacks, what in wanted if lacks]


_WAYS = ("phone_number_id", "number", "assistant_id")
