"""A folder of SQL files a test writes for itself."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Folder:
    """A directory the runner can be pointed at."""

    path: Path

    def write(self, name: str, text: str) -> None:
        """Write one file, replacing it if it is there."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def delete(self, name: str) -> None:
        """Delete one file."""
        (self.path / name).unlink()

    @staticmethod
    def function(name: str, answer: str, arguments: str = "") -> str:
        """Return the definition of a function with a fixed answer."""
        return (
            f"CREATE OR REPLACE FUNCTION frontdesk.{name}({arguments}) RETURNS int LANGUAGE sql\n"
            f"SET search_path = pg_catalog, pg_temp AS $$ SELECT {answer} $$;\n"
        )
