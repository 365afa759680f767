"""What a run leaves behind: lines on the terminal, latest.json, and the table in README.md."""

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import Figure, Section

HERE = Path(__file__).parent
BEGIN = "<!-- figures: written by `make bench`, do not edit -->"
END = "<!-- /figures -->"


def lines(section: Section) -> Iterator[str]:
    """Yield a section as text."""
    yield f"{section.name}"
    for figure in section.figures:
        value, spread = _number(figure.value), _spread(figure)
        yield f"  {figure.what:<80} {value:>6}  {spread:<15} {_goal(figure)}".rstrip()
    for note in section.notes:
        yield f"  ({note})"


def write(sections: Sequence[Section], versions: dict[str, str], effort: str, seconds: float) -> None:
    """Replace latest.json and the table."""
    record = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "effort": effort,
        "seconds": round(seconds),
        "machine": _machine(),
        "versions": versions,
        "sections": {
            section.name: {
                "figures": [figure.as_json() for figure in section.figures],
                "notes": section.notes,
                "rounds": section.raw,
            }
            for section in sections
        },
    }
    (HERE / "latest.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    readme = HERE / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}\n{_table(sections, record)}\n{END}{after}", encoding="utf-8")


def _table(sections: Sequence[Section], record: dict[str, object]) -> str:
    rows = [
        "",
        f"Measured {record['measured_at']} at commit {record['commit']}, effort `{record['effort']}`.",
        "",
    ]
    rows += [
        "| section | what | ratio or count | spread of the rounds | goal | met |",
        "|---|---|---|---|---|---|",
    ]
    for section in sections:
        for figure in section.figures:
            goal = "" if figure.goal is None else f"{figure.want} {_number(figure.goal)}"
            met = {None: "", True: "yes", False: "**no**"}[figure.met]
            cells = [section.name, figure.what, _number(figure.value), _spread(figure), goal, met]
            rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([*rows, ""])


def _number(value: float) -> str:
    if value == int(value):
        return str(int(value))
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def _spread(figure: Figure) -> str:
    return "" if figure.low == figure.high else f"{_number(figure.low)} to {_number(figure.high)}"


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    return f"goal: {figure.want} {_number(figure.goal)}{'' if figure.met else ', MISSED'}"


def _commit() -> str:
    """Name the commit, with a + when the tree differs from it."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=HERE, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    commit = git("rev-parse", "--short=12", "HEAD")
    return (commit + ("+" if git("status", "--porcelain") else "")) or "unknown"


def _machine() -> dict[str, object]:
    return {
        "cpus": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "load_at_the_end": [round(load, 1) for load in os.getloadavg()],
    }
