"""`frontdesk secret ...`: Vapi's derived secret, Twilio's credentials. No secret is ever an argument."""

import getpass
import os
import sys
from argparse import Namespace
from datetime import UTC, datetime
from uuid import UUID

from cli import clinics, values
from cli.environment import signing_key
from cli.grammar import Groups, RefusedError, Told, clinic, command, group
from frontdesk import credentials, db
from frontdesk.senders import derive_secret

MAX_TOKEN = 200


def add_to(groups: Groups) -> None:
    """Add the group."""
    secrets = group(
        groups,
        "secret",
        "what Vapi and Twilio prove themselves by",
        [
            "frontdesk secret vapi rotate bright-smiles",
            "frontdesk secret rewrap --key-id alias/frontdesk-2027",
        ],
    )
    _add_vapi(secrets)
    _add_twilio(secrets)
    parser = command(
        secrets,
        "rewrap",
        rewrap,
        "wrap stored credentials under another KMS key, without opening them",
        [
            "frontdesk secret rewrap --key-id alias/frontdesk-2027",
            "frontdesk secret rewrap bright-smiles --key-id alias/k",
        ],
        "May be repeated: what is under that key already stays. The old key is needed until all are done.",
    )
    parser.add_argument("slug", metavar="SLUG", nargs="?", help="one clinic (default: all)")
    parser.add_argument("--key-id", required=True, metavar="KEY", help="id, ARN or alias of the KMS key")


def _add_vapi(secrets: Groups) -> None:
    vapi = group(
        secrets,
        "vapi",
        "the secret of a clinic's Vapi credential",
        ["frontdesk secret vapi show bright-smiles --reveal"],
    )
    parser = command(
        vapi,
        "show",
        show_vapi,
        "say which secret is current; with --reveal print it, and nothing else",
        [
            "frontdesk secret vapi show bright-smiles",
            "frontdesk secret vapi show bright-smiles --reveal | pbcopy",
        ],
        "The secret is derived from VAPI_SIGNING_KEYS and stored nowhere (docs/decisions/0004).",
    )
    clinic(parser)
    parser.add_argument("--reveal", action="store_true", help="print the secret on standard output")
    parser = command(
        vapi,
        "rotate",
        rotate_vapi,
        "make the next secret current; the former works on for a while",
        ["frontdesk secret vapi rotate bright-smiles --overlap-hours 24"],
        "Paste the new one into Vapi within that time: frontdesk secret vapi show SLUG --reveal.",
    )
    clinic(parser)
    parser.add_argument(
        "--overlap-hours",
        default=24,
        type=values.whole(0, 168, "hours"),
        metavar="N",
        help="how long the former secret works on (default: 24; 0 ends it at once)",
    )
    parser.add_argument("--force", action="store_true", help="even while the last rotation's overlap runs")


def _add_twilio(secrets: Groups) -> None:
    twilio = group(
        secrets,
        "twilio",
        "a clinic's Twilio account",
        ["frontdesk secret twilio set bright-smiles --account-sid AC0123456789abcdef0123456789abcdef"],
    )
    parser = command(
        twilio,
        "set",
        set_twilio,
        "store the account's SID and auth token, sealed",
        [
            "frontdesk secret twilio set bright-smiles --account-sid AC0123456789abcdef0123456789abcdef",
            "frontdesk secret twilio set pine --account-sid AC0123456789abcdef0123456789abcdef < token.txt",
        ],
        "The auth token is read from standard input, or asked for without showing it; it is never an"
        " argument, since those stand in the shell's history and in the list of processes.",
    )
    clinic(parser)
    parser.add_argument(
        "--account-sid", required=True, type=values.account_sid, metavar="AC...", help="no secret"
    )


def show_vapi(options: Namespace) -> Told:
    """Say which of the derived secrets is current, or print it."""
    org = clinics.settings_of(options.slug)["org"]
    generation, until = org["vapi_secret_generation"], org["previous_secret_expires_at"]
    data = {"generation": generation, "previous_expires_at": until}
    if options.reveal:
        secret = derive_secret(signing_key(), UUID(org["id"]), generation)
        return Told({**data, "secret": secret}, [secret])
    former = f"; the one before works until {until}" if until else ""
    return Told(data, [f"Generation {generation} is current{former}. Print it with --reveal."])


def rotate_vapi(options: Namespace) -> Told:
    """Make the next derived secret current."""
    org = clinics.settings_of(options.slug)["org"]
    until = org["previous_secret_expires_at"]
    if until and datetime.fromisoformat(until) > datetime.now(UTC) and not options.force:
        raise RefusedError(
            f"The last rotation's overlap runs until {until}: another one ends the secret Vapi may still use."
            " Paste the current one into Vapi first, or add --force."
        )
    told = db.call(
        "rotate_vapi_secret",
        repeatable=False,  # a second one would end the secret that Vapi still has
        org_id=org["id"],
        overlap_hours=options.overlap_hours,
    )
    clinics.done(told, "rotated")
    return Told(
        {"generation": told["generation"], "previous_expires_at": told["previous_expires_at"]},
        [
            (
                f"Generation {told['generation']} is current;"
                f" the former secret works until {told['previous_expires_at']}."
            ),
            f"Paste the new one into Vapi by then: frontdesk secret vapi show {options.slug} --reveal",
        ],
    )


def set_twilio(options: Namespace) -> Told:
    """Seal and store a clinic's Twilio credentials."""
    org = clinics.find(options.slug)
    token = _read_token()
    secret = {"account_sid": options.account_sid, "auth_token": token}
    version = credentials.save(UUID(org["id"]), "twilio", secret)
    lines = [
        f"Stored Twilio's credentials of {options.slug} as version {version}; in use within five minutes."
    ]
    if org["sms_paused_reason"]:
        lines.append(f"Its texts are paused ({org['sms_paused_reason']}): frontdesk resume {options.slug}")
    if not org["sms_sender"]:
        lines.append(f"It has no sender yet: frontdesk sms set {options.slug} --sender +12025550100")
    return Told({"version": version}, lines)


def rewrap(options: Namespace) -> Told:
    """Wrap stored credentials under another KMS key."""
    orgs = [clinics.find(options.slug)] if options.slug else clinics.everyone()
    counts: dict[str, int] = {}
    for org in orgs:
        org_id = UUID(org["id"])
        found = db.call("org_settings", repeatable=True, org_id=org_id)["credentials"]
        purposes = sorted({each["purpose"] for each in found})
        counts[org["slug"]] = sum(
            credentials.rewrap_all(org_id, purpose, options.key_id) for purpose in purposes
        )
    total = sum(counts.values())
    return Told(counts, [f"Wrapped {total} records of {len(orgs)} clinics under {options.key_id}."])


def _read_token() -> str:
    """Read the token from standard input or, at a terminal, without showing it; it is in no message."""
    if sys.stdin.isatty():
        text = getpass.getpass("Twilio auth token (not shown): ")
    else:
        text = os.read(sys.stdin.fileno(), MAX_TOKEN + 2).decode("utf-8", "replace")
    token = text.strip()
    if not token:
        raise RefusedError("No auth token came in; pipe it in, or run this at a terminal to be asked for it.")
    if len(token) > MAX_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise RefusedError(
            "What came in is no auth token: it is one word of letters and digits (Twilio console)."
        )
    return token
