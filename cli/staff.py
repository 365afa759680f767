"""`frontdesk org add-staff` and `revoke-staff`: who may use a clinic's board."""

from argparse import ArgumentTypeError, Namespace

from cli import clinics, values
from cli.grammar import Groups, RefusedError, Told, clinic, command
from frontdesk import db, emails, staff

_ROLES = "reader looks, staff books and changes appointments, admin also changes the clinic's settings"


def add_to(orgs: Groups) -> None:
    """Add the commands to the group `org`."""
    parser = command(
        orgs,
        "add-staff",
        add,
        "let somebody use a clinic's board",
        ['frontdesk org add-staff bright-smiles jo@example.com "Jo Reyes" --role admin'],
        "They sign in with an account that has this e-mail address verified; the first sign-in makes that"
        " account theirs. A clinic's admins let others in on the board itself.",
    )
    clinic(parser)
    parser.add_argument("email", metavar="EMAIL", type=address, help="the address of their account")
    parser.add_argument("name", metavar="NAME", type=values.name, help="as colleagues see it: Jo Reyes")
    parser.add_argument("--role", default="staff", choices=staff.ROLES, help=f"{_ROLES} (default: staff)")
    parser = command(
        orgs,
        "revoke-staff",
        revoke,
        "take somebody's access to a clinic's board away",
        ["frontdesk org revoke-staff bright-smiles jo@example.com"],
        "At once: the next request is refused, and open boards are closed within a minute.",
    )
    clinic(parser)
    parser.add_argument("email", metavar="EMAIL", type=address, help="the address of their account")


def address(text: str) -> str:
    """Read an e-mail address."""
    found = emails.normalise(text)
    if found is None:
        raise ArgumentTypeError(f"'{text}' is no e-mail address")
    return found


def add(options: Namespace) -> Told:
    """Let somebody in."""
    told = db.call(
        "add_staff",
        repeatable=False,
        org_id=clinics.id_of(options.slug),
        email=options.email,
        name=options.name,
        role=options.role,
    )
    clinics.done(
        told,
        "added",
        {"email_taken": f"{options.email} is staff of {options.slug} already; revoke it first."},
    )
    wanted = {"id": told["staff_id"], "email": options.email, "name": options.name, "role": options.role}
    return Told(
        wanted, [f"{options.name} is {options.role} of {options.slug}, and signs in with {options.email}."]
    )


def revoke(options: Namespace) -> Told:
    """Take somebody's access away."""
    told = db.call("revoke_staff", repeatable=False, org_id=clinics.id_of(options.slug), email=options.email)
    if told["outcome"] == "unknown_staff":
        raise RefusedError(f"Nobody with the address {options.email} has access to {options.slug}.")
    return Told({"email": options.email}, [f"{options.email} has no access to {options.slug} any more."])
