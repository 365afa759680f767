"""Migrations inside the network, as the function functions.migrate_on_deploy calls.

It may talk to the database and to nothing else: what it needs to log in is handed to it with the order, so it
keeps no secret and reaches no AWS service.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from migrations.files import RefusedError
from migrations.migrate import migrate

ROOTS = Path(__file__).with_name("rds_roots.pem")


def handler(order: Mapping[str, str], _context: Any) -> dict[str, Any]:
    """Bring the database an order names to this code's version.

    The order has host, port, database, sslmode, username and password. Returns {"applied": [file, ...]}, or
    {"refused": a sentence}: nothing is raised for what an operator must read, and nothing secret is in it.
    """
    try:
        report = migrate(conninfo(order))
    except RefusedError as refusal:
        return {"refused": str(refusal)}
    except psycopg.Error as error:
        # The driver's own words name host and user. It never quotes a password; to be sure costs nothing.
        words = " ".join(str(error).split()).replace(order["password"], "...")
        return {"refused": f"The database did not answer: {words or type(error).__name__}"}
    grants = ("grants.sql",) if report.grants else ()
    return {"applied": [*report.numbered, *report.functions, *grants]}


def conninfo(order: Mapping[str, str]) -> str:
    """Turn an order into libpq's words. RDS's own roots are named: no bundle of the system holds them."""
    return make_conninfo(
        host=order["host"],
        port=order["port"],
        dbname=order["database"],
        user=order["username"],
        password=order["password"],
        sslmode=order["sslmode"],
        **({"sslrootcert": str(ROOTS)} if order["sslmode"].startswith("verify") else {}),
    )
