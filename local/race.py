"""Many callers want one slot at the same moment, and exactly one may get it: `make race`.

Everything goes through HTTP and the worker processes of the running stack, as real calls would.
"""

import argparse
import asyncio
import ipaddress
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import psycopg
from rich.console import Console
from rich.markup import escape

from local.progress import complain
from local.race_slots import Slot, count_rows, free_slots
from local.stack_file import NoStackError, find_org, read_stack
from local.vapi_call import Answer, NoAnswerError, PhoneCall, call_tool

MOST_CALLERS = 500
MOST_LINES = 40
# With 555-0100 to 555-0199, the numbers kept for fiction: enough for every caller to have their own.
AREA_CODES = (202, 212, 213, 303, 305, 312, 404, 415, 503, 512)


@dataclass(frozen=True, slots=True)
class Caller:
    """One caller and what they want."""

    number: int
    slot: Slot
    start: datetime
    call: PhoneCall


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went for a caller; `code` is the answer's, or the name of what went wrong."""

    caller: Caller
    code: str
    text: str


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser(
        prog="python -m local.race",
        description="Releases many callers at once who all want the same slot of one provider, through HTTP "
        "against the running stack, and checks that exactly one of them got it.",
        epilog='With make: make race N=50 SLOTS=3 ARGS="--staggered --org clinica-del-sol"',
    )
    made.add_argument("--callers", type=int, default=10, help="callers for each slot (default: %(default)s)")
    made.add_argument("--slots", type=int, default=1, help="slots raced for at once (default: %(default)s)")
    made.add_argument(
        "--staggered",
        action="store_true",
        help="starts that overlap a slot, instead of one and the same start",
    )
    made.add_argument("--org", metavar="SLUG", help="the clinic (default: the first of the stack)")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run the race; 0 when every slot has exactly one winner and one row, 1 otherwise."""
    options = parser().parse_args(arguments)
    if options.callers < 1 or options.slots < 1 or options.callers * options.slots > MOST_CALLERS:
        complain(f"At least one caller and one slot, and at most {MOST_CALLERS} callers in all.")
        return 1
    try:
        stack = read_stack()
        org = find_org(stack, options.org)
        refuse_strangers(stack["http"], stack["database_url"])
        slots = free_slots(stack["database_url"], org, options.slots, staggered=options.staggered)
        began = time.perf_counter()
        outcomes = asyncio.run(race(callers(options.callers, slots, stack["http"], org), org))
        took = time.perf_counter() - began
        rows = [count_rows(stack["database_url"], org, slot) for slot in slots]
    except NoStackError as problem:
        complain(str(problem))
        return 1
    except (aiohttp.ClientConnectionError, psycopg.OperationalError):
        complain("The stack does not answer: is `make run` still up?")
        return 1
    return report(outcomes, slots, rows, took, wide_console())


def wide_console() -> Console:
    """Return a console which, into a pipe or a file, has room for a whole sentence a line."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=200)


def refuse_strangers(*urls: str) -> None:
    """Raise NoStackError unless every address is on this machine: a race is a flood anywhere else."""
    for url in urls:
        host = urlsplit(url).hostname or ""
        try:
            local = host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            local = False
        if not local:
            msg = f"A race runs on this machine only, and {host or 'no host'} is not it."
            raise NoStackError(msg)


def callers(each: int, slots: Sequence[Slot], http: str, org: Mapping[str, Any]) -> list[Caller]:
    """Make `each` callers for every slot, each with a telephone number of their own."""
    numbers = [f"+1{area}55501{line:02}" for area in AREA_CODES for line in range(100)]
    # Others than last time, because one number may hold only so many appointments.
    taken = random.sample([one for one in numbers if one != org["vapi_number"]], each * len(slots))
    return [
        Caller(
            number=index + 1,
            slot=slot,
            start=slot.starts[index % len(slot.starts)],
            call=PhoneCall(http, org, taken[position * each + index]),
        )
        for position, slot in enumerate(slots)
        for index in range(each)
    ]


async def race(field: Sequence[Caller], org: Mapping[str, Any]) -> list[Outcome]:
    """Warm the workers, line all callers up, release them together, and collect their answers."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        # As many at once as will race, so that connections and worker processes exist before the start.
        await asyncio.gather(*(_warm(session, f"{caller.call.http}/health") for caller in field))
        gate = asyncio.Event()
        waiting = [asyncio.create_task(_book(session, caller, org, gate)) for caller in field]
        await asyncio.sleep(0)
        gate.set()
        return await asyncio.gather(*waiting)


async def _warm(session: aiohttp.ClientSession, url: str) -> None:
    async with session.get(url) as response:
        await response.read()


async def _book(
    session: aiohttp.ClientSession, caller: Caller, org: Mapping[str, Any], gate: asyncio.Event
) -> Outcome:
    wish = {
        "patientName": f"Racer {_letters(caller.number)}",
        "reason": org["services"][0]["name"],
        "startTime": caller.start.strftime("%Y-%m-%dT%H:%M"),
        "practitioner": caller.slot.provider_name,
    }
    await gate.wait()
    try:
        answer: Answer = await call_tool(session, caller.call, "bookClinicAppointment", wish)
    except (NoAnswerError, TimeoutError, aiohttp.ClientError) as problem:
        return Outcome(caller, type(problem).__name__, str(problem))
    return Outcome(caller, answer.code, answer.spoken)


def report(
    outcomes: Sequence[Outcome], slots: Sequence[Slot], rows: Sequence[int], took: float, console: Console
) -> int:
    """Print who heard what, then the count and the verdict; return the exit code."""
    for slot in slots:
        mine = [one for one in outcomes if one.caller.slot is slot]
        first = slot.starts[0]
        console.print(f"\n[bold]{slot.provider_name}, {first:%A, %B %d at %H:%M}[/], {len(mine)} callers")
        # Winners and surprises first; of many equal refusals a few are enough to read.
        mine.sort(key=lambda one: (one.code == "SLOT_UNAVAILABLE", one.caller.number))
        for one in mine[: max(3, MOST_LINES // len(slots))]:
            colour = {"BOOKED": "green", "SLOT_UNAVAILABLE": "yellow"}.get(one.code, "red")
            wanted = f"{one.caller.start:%H:%M}"
            line = (
                f"  caller {one.caller.number:>3}  {wanted}  [{colour}]{one.code:<17}[/] {escape(one.text)}"
            )
            console.print(line, no_wrap=True, overflow="ellipsis")
    codes = Counter(one.code for one in outcomes)
    other = len(outcomes) - codes["BOOKED"] - codes["SLOT_UNAVAILABLE"]
    console.print(
        f"\n{codes['BOOKED']} BOOKED, {codes['SLOT_UNAVAILABLE']} SLOT_UNAVAILABLE, {other} other; "
        f"{sum(rows)} rows in the database for {len(slots)} slots; {took:.1f} s with warming up."
    )
    fair = all(count == 1 for count in rows) and other == 0 and _winners(outcomes, slots)
    console.print("[green]One slot, one patient.[/]" if fair else "[red]NOT exactly one per slot.[/]")
    return 0 if fair else 1


def _winners(outcomes: Sequence[Outcome], slots: Sequence[Slot]) -> bool:
    return all(
        sum(one.code == "BOOKED" for one in outcomes if one.caller.slot is slot) == 1 for slot in slots
    )


def _letters(number: int) -> str:
    """Spell a number as a name, for names have no digits: 0 -> Alfa, 28 -> Charlie India."""
    words = ("Alfa", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett")
    return " ".join(words[int(digit)] for digit in str(number))


if __name__ == "__main__":
    sys.exit(main())
