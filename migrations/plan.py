"""Compare what a database has recorded with the files of the code: what to apply, what to refuse."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from migrations.files import Files, RefusedError, SqlFile

GRANTS = "grants.sql"


@dataclass(frozen=True)
class Recorded:
    """A line of ``frontdesk.schema_migrations``: a file's checksum when it was applied, and when (UTC)."""

    checksum: str
    applied_at: datetime


@dataclass(frozen=True)
class State:
    """What a database says of itself: recorded files by name, and how many functions it has of each name."""

    recorded: Mapping[str, Recorded]
    functions: Mapping[str, int]


@dataclass(frozen=True)
class Line:
    """One file's standing: applied, pending, changed, missing, edited, or gone from the code."""

    name: str
    standing: str
    applied_at: datetime | None


def pending_numbered(state: State, files: Files) -> tuple[SqlFile, ...]:
    """Return the numbered files still to be applied.

    Raises:
        RefusedError: an applied file was edited or is gone, or the database is newer than the code.
    """
    known = {file.name for file in files.numbered}
    newest = files.numbered[-1].name if files.numbered else ""
    for name in sorted(name for name in state.recorded if name[0].isdigit() and name not in known):
        if name[:4] > newest[:4]:
            raise RefusedError(
                f"{name} was applied to this database and this code does not have it: the database is newer; "
                "deploy the newer code."
            )
        raise RefusedError(
            f"{name} was applied to this database and is gone from the code: restore the file."
        )
    for file in files.numbered:
        if _standing(state, file) == "edited":
            raise RefusedError(
                f"{file.name} was edited after it was applied: restore it, "
                "and put the change into a new migration."
            )
    return tuple(file for file in files.numbered if file.name not in state.recorded)


def pending_functions(state: State, files: Files) -> tuple[SqlFile, ...]:
    """Return the function files to be applied: new, changed, or dropped by a migration.

    Raises:
        RefusedError: a file is gone from the code and its function is still there.
    """
    for name in gone_functions(state, files):
        function = name.removeprefix("functions/").removesuffix(".sql")
        if state.functions.get(function):
            raise RefusedError(
                f"{name} is gone from the code and the function is still in the database: restore the file, "
                f"or add a migration with DROP FUNCTION frontdesk.{function}."
            )
    return tuple(file for file in files.functions if _standing(state, file) != "applied")


def gone_functions(state: State, files: Files) -> tuple[str, ...]:
    """Return the recorded function files the code no longer has."""
    known = {file.name for file in files.functions}
    return tuple(
        sorted(name for name in state.recorded if name.startswith("functions/") and name not in known)
    )


def fingerprint(files: Files) -> str:
    """Return the checksum recorded for the grants: it changes with any file.

    So grants are given anew after every change, and also when the run before was killed just short of them.
    """
    everything = [*files.numbered, *files.functions, *([files.grants] if files.grants else [])]
    return hashlib.sha256(
        "".join(f"{file.name} {file.checksum}\n" for file in everything).encode()
    ).hexdigest()


def grants_are_due(state: State, files: Files) -> bool:
    """Tell whether the grants must be given anew."""
    recorded = state.recorded.get(GRANTS)
    return files.grants is not None and (recorded is None or recorded.checksum != fingerprint(files))


def status(state: State, files: Files) -> list[Line]:
    """Return every file's standing, in the order of applying."""
    lines = [_line(state, file.name, _standing(state, file)) for file in (*files.numbered, *files.functions)]
    if files.grants:
        lines.append(_line(state, GRANTS, "pending" if grants_are_due(state, files) else "applied"))
    known = {line.name for line in lines}
    return [
        *lines,
        *(_line(state, name, "gone from the code") for name in sorted(state.recorded) if name not in known),
    ]


def _line(state: State, name: str, standing: str) -> Line:
    recorded = state.recorded.get(name)
    return Line(name, standing, recorded.applied_at if recorded else None)


def _standing(state: State, file: SqlFile) -> str:
    recorded = state.recorded.get(file.name)
    if recorded is None:
        return "pending"
    is_function = file.name.startswith("functions/")
    if recorded.checksum != file.checksum:
        return "changed" if is_function else "edited"
    return "missing" if is_function and not state.functions.get(file.function) else "applied"
