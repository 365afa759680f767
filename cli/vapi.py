"""`frontdesk vapi tools` and `frontdesk vapi assistant`: what is pasted into Vapi."""

import json
from argparse import Namespace

from cli import clinics, values, vapi_assistant
from cli.grammar import Groups, Told, clinic, command, group
from functions.calls import voice_tools
from functions.calls.voice_tools import Credential


def add_to(groups: Groups) -> None:
    """Add the group."""
    examples = [
        "frontdesk vapi tools bright-smiles --server-url https://api.example.com",
        (
            "frontdesk vapi tools bright-smiles --server-url https://api.example.com --credential-id"
            " 3f2b7a10-0c55-4a41-9a39-54f1f1a4f0ad --tool checkAvailability"
        ),
    ]
    vapi = group(groups, "vapi", "the voice agent's side", examples)
    parser = command(
        vapi,
        "tools",
        tools,
        "print the six tool definitions as JSON, ready to paste into Vapi",
        examples,
        "They hold no secret. Make a Custom Credential (Bearer) in Vapi with what"
        " `frontdesk secret vapi show SLUG --reveal` prints, and give its id here.",
    )
    clinic(parser)
    parser.add_argument(
        "--server-url",
        required=True,
        type=values.server_url,
        metavar="URL",
        help="the deployment's address, https://..., with or without /api/vapi/tools",
    )
    parser.add_argument(
        "--credential-id",
        default=voice_tools.CREDENTIAL_PLACEHOLDER,
        type=values.name,
        metavar="ID",
        help="Vapi's id of the credential that holds this clinic's secret (default: a placeholder)",
    )
    parser.add_argument(
        "--tool", choices=[tool.name for tool in voice_tools.TOOLS], metavar="NAME", help="only this one"
    )
    vapi_assistant.add_to(vapi)


def tools(options: Namespace) -> Told:
    """Print the tool definitions."""
    language = clinics.find(options.slug)["language"]
    made = voice_tools.definitions(options.server_url, Credential(options.credential_id), language)
    chosen = [each for each in made if options.tool in {None, each["function"]["name"]}]
    return Told(chosen, [json.dumps(chosen, indent=2, ensure_ascii=False)])
