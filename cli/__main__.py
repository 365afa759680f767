"""`frontdesk`: how an operator sets clinics up.

Exit status: 0 done, 1 refused or failed (one sentence on stderr), 2 the command line is wrong.
"""

import json
import os
import sys
from collections.abc import Sequence

from cli import environment, org, secret, setup, sms, vapi
from cli.grammar import Parser, RefusedError, strangers, top
from frontdesk import db
from frontdesk.errors import DatabaseUnavailableError, FrontdeskError

_EXAMPLES = (
    'frontdesk org create --slug bright-smiles --name "Bright Smiles" --time-zone America/New_York',
    'frontdesk service add bright-smiles --name "Teeth cleaning" --minutes 60',
    'frontdesk provider add bright-smiles --name "Dr. Patel"',
    "frontdesk org hours bright-smiles --weekdays 09:00-17:00",
    "frontdesk number add bright-smiles --phone-number-id 8f14e45f-ceea-467f-a8d0-1c7d2a5b7c11",
    "frontdesk vapi tools bright-smiles --server-url https://api.example.com",
)
# What the operator can do about a database that refuses; by SQLSTATE (PostgreSQL manual, appendix A).
_DATABASE = {
    "42501": "This database login may not do that: log in as frontdesk_operator.",
    "42883": "The database lacks a function of this version: run the migrations (docs/migrations.md).",
    "3F000": "The database has no schema frontdesk: run the migrations (docs/migrations.md).",
    "28P01": "The database refused the login in DATABASE_URL: its password is wrong.",
    "28000": "The database refused the login in DATABASE_URL: this role may not log in.",
    "3D000": "The server has no database of the name in DATABASE_URL.",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = make_parser()
    chosen, extras = parser.parse_known_args(arguments)
    if extras:
        parser.exit(2, f"{chosen.prog}: {strangers(extras)}\nSee `{chosen.prog} --help`.\n")
    try:
        environment.enter(local=chosen.local)
        told = chosen.run(chosen)
    except RefusedError as error:
        return _fail(str(error))
    except DatabaseUnavailableError as error:
        return _fail(_DATABASE.get(error.sqlstate or "", _unanswered(error)))
    except FrontdeskError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return _fail("Interrupted; what was not reported as done may or may not have been.")
    finally:
        db.close()
    print(json.dumps(told.data, indent=2, ensure_ascii=False) if chosen.json else "\n".join(told.lines))
    return 0


def make_parser() -> Parser:
    """Make the whole grammar."""
    parser, groups = top(
        "frontdesk",
        "Set clinics up: who works there, when, for what, and how calls and texts reach them."
        " Works on the database in DATABASE_URL, or with --local on the stack that `make run` started.",
        _EXAMPLES,
    )
    for module in (org, setup, secret, sms, vapi):
        module.add_to(groups)
    return parser


def _unanswered(error: DatabaseUnavailableError) -> str:
    return (
        f"{error} Whether anything changed is unknown: look with `frontdesk org show SLUG`, then repeat it."
    )


def _fail(sentence: str) -> int:
    print(f"frontdesk: {sentence}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:  # `frontdesk org list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    sys.exit(status)
