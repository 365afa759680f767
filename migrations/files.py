"""The SQL files of one version of the code, read and checked before any database is touched."""

import graphlib
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

ROLES = Path(__file__).with_name("roles.sql")
NUMBERED_NAME = re.compile(r"(\d{4})_[a-z0-9]+(?:_[a-z0-9]+)*\.sql")
FUNCTION_NAME = re.compile(r"[a-z][a-z0-9_]*\.sql")
REQUIRES = re.compile(r"^--\s*requires:\s*(.+)$", re.MULTILINE)
# In a function's body BEGIN has no semicolon behind it, so these are only ever statements of a transaction.
TRANSACTION = re.compile(
    r"^\s*(?:BEGIN|COMMIT|ROLLBACK|START\s+TRANSACTION)(?:\s+(?:WORK|TRANSACTION))?\s*;",
    re.MULTILINE | re.IGNORECASE,
)

# Refused to all but superusers, and on RDS nobody is one.
OWN_SETTING = re.compile(r"^\s*SET\s+\"?[a-z_]+\.[a-z_]+\"?\s*(?:=|TO\b)", re.MULTILINE | re.IGNORECASE)


class RefusedError(Exception):
    """The migration stops before doing harm; the message names the file and what to do."""


@dataclass(frozen=True)
class SqlFile:
    """One file: its name relative to ``migrations/``, its text and the SHA-256 of that text."""

    name: str
    text: str
    checksum: str
    requires: tuple[str, ...] = ()

    @property
    def function(self) -> str:
        """Return the function a file of ``functions/`` defines."""
        return Path(self.name).stem


@dataclass(frozen=True)
class Files:
    """All files of one version, in the order they are applied: roles, numbered, functions, grants."""

    roles: str
    numbered: tuple[SqlFile, ...]
    functions: tuple[SqlFile, ...]
    grants: SqlFile | None


def read_files(directory: Path) -> Files:
    """Read and check the SQL files of a directory.

    Raises:
        RefusedError: a bad name, a gap or a duplicate in the numbers, a statement that cannot work here.
    """
    numbered = [_read(directory, path) for path in sorted(directory.glob("[0-9]*.sql"))]
    _check_numbers([file.name for file in numbered])
    functions = [_read(directory, path) for path in sorted((directory / "functions").glob("*.sql"))]
    for file in functions:
        if not FUNCTION_NAME.fullmatch(Path(file.name).name):
            raise RefusedError(f"{file.name}: name the file after its function, in snake_case.")
        if OWN_SETTING.search(file.text):
            raise RefusedError(
                f"{file.name}: a SET clause with a setting of our own needs a superuser, and RDS has none: "
                "call set_config(..., true) in the body, and set it back before returning."
            )
    grants = directory / "grants.sql"
    return Files(
        ROLES.read_text(encoding="utf-8"),
        tuple(numbered),
        tuple(_ordered(functions)),
        _read(directory, grants) if grants.exists() else None,
    )


def _read(directory: Path, path: Path) -> SqlFile:
    # An editor or a checkout on Windows may change the ends of lines; that is no change of the SQL.
    text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    name = path.relative_to(directory).as_posix()
    if TRANSACTION.search(text):
        raise RefusedError(
            f"{name}: remove its BEGIN or COMMIT: each file runs in a transaction of the runner's."
        )
    required = [part for line in REQUIRES.findall(text) for part in re.split(r"[,\s]+", line.strip()) if part]
    return SqlFile(name, text, hashlib.sha256(text.encode()).hexdigest(), tuple(required))


def _check_numbers(names: list[str]) -> None:
    seen: dict[int, str] = {}
    for expected, name in enumerate(names, start=1):
        match = NUMBERED_NAME.fullmatch(name)
        if not match:
            raise RefusedError(f"{name}: a migration is named NNNN_what_it_does.sql, in snake_case.")
        number = int(match[1])
        if number in seen:
            raise RefusedError(
                f"{name} has the number of {seen[number]}: give the newer one the next free number."
            )
        if number != expected:
            raise RefusedError(
                f"{name} follows a gap: {expected:04d} is missing; restore that file or renumber this."
            )
        seen[number] = name


def _ordered(functions: list[SqlFile]) -> list[SqlFile]:
    """Sort by name, except that what a ``-- requires: other`` line names comes first."""
    by_function = {file.function: file for file in functions}
    sorter: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
    for file in functions:
        unknown = [name for name in file.requires if name not in by_function]
        if unknown:
            raise RefusedError(f"{file.name} requires {unknown[0]}, which no file in functions/ defines.")
        sorter.add(file.function, *file.requires)
    ordered: list[SqlFile] = []
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        raise RefusedError(
            f"functions/ require each other in a circle: {' -> '.join(error.args[1])}."
        ) from error
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()])
        name = ready.pop(0)
        ordered.append(by_function[name])
        sorter.done(name)
    return ordered
