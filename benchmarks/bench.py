"""Measure speed and size against their floors, side by side in one run, and report ratios: `make bench`."""

import argparse
import platform
import signal
import sys
import time
from collections.abc import Callable
from functools import partial

import psycopg

from benchmarks import (
    board,
    booking_call,
    growth,
    handler_cpu,
    init_cpu,
    one_slot,
    relay,
    report,
    slot_search,
)
from benchmarks.database import Clinics, clinics
from benchmarks.figures import FULL, QUICK, USUAL, Effort, Section

ON_POSTGRES: dict[str, Callable[[Clinics, Effort], Section]] = {
    module.NAME: module.measure
    for module in (booking_call, one_slot, slot_search, growth, handler_cpu, relay)
}
ALONE: dict[str, Callable[[Effort], Section]] = {module.NAME: module.measure for module in (init_cpu, board)}
SECTIONS = (*ON_POSTGRES, *ALONE)
EFFORTS = {"quick": QUICK, "usual": USUAL, "full": FULL}


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.bench",
        description="Measure against a floor or a rival in the same run; only the ratios mean anything.",
        epilog="A usual or full run of all sections replaces benchmarks/latest.json and the table in"
        " benchmarks/README.md; other runs only print. Exit code 0: measured, whether or not a goal is met.",
    )
    parser.add_argument("--only", choices=SECTIONS, action="append", metavar="NAME", help=", ".join(SECTIONS))
    effort = parser.add_mutually_exclusive_group()
    effort.add_argument(
        "--quick", action="store_true", help="one short round of each, about a minute: to try things"
    )
    effort.add_argument(
        "--full",
        action="store_true",
        help="more rounds, and growth to a million appointments: about 15 minutes",
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    given = _arguments(arguments)
    # So that an ended run stops its Postgres and removes its files, as one that was interrupted does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    name = "quick" if given.quick else "full" if given.full else "usual"
    chosen = tuple(given.only or SECTIONS)
    started = time.monotonic()
    sections, versions = _measure(chosen, EFFORTS[name])
    if name == "quick" or set(chosen) != set(SECTIONS):
        return 0
    report.write(sections, versions, name, time.monotonic() - started)
    print("Written to benchmarks/latest.json and the table of benchmarks/README.md.")
    return 0


def _measure(chosen: tuple[str, ...], effort: Effort) -> tuple[list[Section], dict[str, str]]:
    sections: list[Section] = []
    versions = {"python": platform.python_version(), "psycopg": psycopg.__version__}
    if any(name in ON_POSTGRES for name in chosen):
        with clinics() as place:
            with place.owner() as owner:
                row = owner.execute("SHOW server_version").fetchone()
                versions["postgres"] = str(row[0]) if row else ""
            sections += [
                _told(name, partial(measure, place, effort))
                for name, measure in ON_POSTGRES.items()
                if name in chosen
            ]
    sections += [_told(name, partial(measure, effort)) for name, measure in ALONE.items() if name in chosen]
    return sections, versions


def _told(name: str, measure: Callable[[], Section]) -> Section:
    """Measure a section, saying what goes on."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    started = time.monotonic()
    section = measure()
    print("\n".join(report.lines(section)), flush=True)
    print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return section


if __name__ == "__main__":
    sys.exit(main())
