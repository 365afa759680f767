"""`frontdesk vapi assistant`: the whole assistant of a clinic, ready to paste."""

import json
from argparse import Namespace
from typing import Any

from cli import clinics, values
from cli.grammar import Groups, RefusedError, Told, command
from frontdesk import orgs
from functions.calls import assistant
from functions.calls.assistant import Clinic
from functions.calls.voice_tools import CREDENTIAL_PLACEHOLDER, Credential


def add_to(vapi: Groups) -> None:
    """Add the command."""
    parser = command(
        vapi,
        "assistant",
        show,
        "print a clinic's whole assistant as JSON, ready to paste into Vapi",
        ["frontdesk vapi assistant --org bright-smiles --server-url https://api.example.com"],
        "Its prompt has the clinic's facts as they are now: print it again when services, providers or hours"
        " change. It holds no secret; give the id of the Custom Credential made in Vapi.",
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--org", metavar="SLUG", help="the clinic, as `frontdesk org list` names it")
    chosen.add_argument("slug", metavar="SLUG", nargs="?", help="the clinic, without --org")
    parser.add_argument(
        "--server-url",
        required=True,
        type=values.server_url,
        metavar="URL",
        help="the deployment's address, https://..., with or without /api/vapi/tools",
    )
    parser.add_argument(
        "--credential-id",
        default=CREDENTIAL_PLACEHOLDER,
        type=values.name,
        metavar="ID",
        help="Vapi's id of the credential that holds this clinic's secret (default: a placeholder)",
    )


def show(options: Namespace) -> Told:
    """Print the assistant."""
    slug = options.org or options.slug
    if not slug:
        raise RefusedError("Which clinic? Name it with --org SLUG; `frontdesk org list` lists them.")
    found = clinics.settings_of(slug)
    made = assistant.build(_clinic(found), options.server_url, Credential(options.credential_id))
    return Told(made, [json.dumps(made, indent=2, ensure_ascii=False)])


def _clinic(found: dict[str, Any]) -> Clinic:
    active = [provider for provider in found["providers"] if provider["active"]]
    return Clinic(
        slug=found["org"]["slug"],
        name=found["org"]["name"],
        zone=found["org"]["time_zone"],
        language=found["org"]["language"],
        hours=orgs.opening_hours([row for provider in active for row in provider["hours"]]),
        providers=tuple(provider["name"] for provider in active),
        services=tuple(
            (service["name"], service["duration_minutes"])
            for service in found["services"]
            if service.get("active", True)
        ),
    )
