"""Plays a patient's call against the running stack and prints what is said: `make call`."""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from rich.console import Console

from local.progress import complain
from local.stack_file import NoStackError, find_org, read_stack
from local.vapi_call import (
    Answer,
    Conversation,
    NoAnswerError,
    PhoneCall,
    call_tool,
    new_tool_call_id,
    report,
    status,
    tell,
)

TEXT_SECONDS = 8.0
BOOKED = {"BOOKED", "ALREADY_BOOKED"}


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser(
        prog="python -m local.call",
        description="Plays a whole Vapi call against the running stack: the agent asks for free times, books "
        "the first one offered, and then the booking is sent a second time, as a retry of the network would. "
        "At the end Vapi reports the whole call, and there stands the text the patient got.",
        epilog="With make: make call ARGS=\"--org clinica-del-sol --when 'next week'\"",
    )
    made.add_argument("--org", metavar="SLUG", help="the clinic called (default: the first of the stack)")
    made.add_argument("--name", default="Dana Whitfield", help="who calls (default: %(default)s)")
    made.add_argument("--phone", default="+12025550147", help="from which number (default: %(default)s)")
    made.add_argument(
        "--when", default="next week", help="the days wished for, in words (default: %(default)s)"
    )
    made.add_argument("--service", help="the reason for the visit (default: the clinic's first service)")
    made.add_argument(
        "--http", metavar="URL", help="another address than the stack's own, such as sam local's"
    )
    return made


def main(arguments: list[str] | None = None) -> int:
    """Play the call; 0 when it ended with a booking, 1 otherwise."""
    options = parser().parse_args(arguments)
    try:
        stack = read_stack()
        org = find_org(stack, options.org)
        return asyncio.run(
            play(options, org, options.http or stack["http"], Console(highlight=False), stack["twilio"])
        )
    except (NoStackError, NoAnswerError) as problem:
        complain(str(problem))
    except aiohttp.ClientConnectionError:
        complain("The stack does not answer: is `make run` still up?")
    except TimeoutError:
        complain("The stack took too long to answer; its log is in .local/logs/.")
    return 1


async def play(
    options: argparse.Namespace,
    org: Mapping[str, Any],
    http: str,
    console: Console,
    twilio: str | None = None,
) -> int:
    """Check, book, retry, report; print each step as the two would say it, then the patient's text."""
    call = PhoneCall(http.rstrip("/"), org, options.phone)
    service = options.service or org["services"][0]["name"]
    console.print(f"\n[bold]{options.name} calls {org['slug']}[/] ({org['time_zone']})\n")
    async with aiohttp.ClientSession() as session:
        scene = Scene(session, call, console, Conversation(call))
        await tell(session, call, status(call, "in-progress"))
        scene.ask(f"I need an appointment: {service}. Do you have anything {options.when}?")
        offer = await scene.use("checkAvailability", {"when": options.when, "service": service})
        start = first_start(offer.metadata)
        if start is None:
            await scene.hang_up({"intent": "book", "lostReason": "no_time_fits"})
            complain("Nothing was offered, so there is nothing to book: try another --when.")
            return 1
        scene.ask(f"The first one, please. My name is {options.name}.")
        wish = _local(start, str(org["time_zone"]))
        booking = {"patientName": options.name, "reason": service, "startTime": wish}
        before = await texts_to(session, twilio, org, options.phone)
        tool_call_id = new_tool_call_id()
        booked = await scene.use("bookClinicAppointment", booking, tool_call_id)
        again = await call_tool(session, call, "bookClinicAppointment", booking, tool_call_id)
        same = "the same answer, word for word" if again.text == booked.text else "ANOTHER ANSWER"
        console.print(f"[dim]The network sends the booking again: {same} ({again.took_ms:.0f} ms).[/]\n")
        await scene.hang_up({"intent": "book", "callerName": options.name})
        if twilio and booked.code == "BOOKED":
            await _show_text(session, twilio, org, options.phone, len(before), console)
    return 0 if booked.code in BOOKED and again.text == booked.text else 1


@dataclass(frozen=True, slots=True)
class Scene:
    """A call that goes on: what is said is printed, and kept for the report."""

    session: aiohttp.ClientSession
    call: PhoneCall
    console: Console
    conversation: Conversation

    def ask(self, words: str) -> None:
        """Have the caller say something."""
        self.console.print(f"[cyan]Caller[/]  {words}")
        self.conversation.say("user", words)

    async def use(self, tool: str, arguments: dict[str, Any], tool_call_id: str | None = None) -> Answer:
        """Have the agent use a tool and say what it answers."""
        wanted = tool_call_id or new_tool_call_id()
        answer = await call_tool(self.session, self.call, tool, arguments, wanted)
        _show(self.console, tool, answer)
        self.conversation.use(tool, arguments, wanted, answer.text)
        self.conversation.say("bot", answer.spoken)
        return answer

    async def hang_up(self, facts: dict[str, Any]) -> None:
        """End the call as Vapi does: one message says so, another reports all of it."""
        await tell(self.session, self.call, status(self.call, "ended"))
        took = await tell(self.session, self.call, report(self.call, self.conversation.talk, facts))
        lines = len(self.conversation.talk)
        self.console.print(
            f"[dim]Vapi reports the call {self.call.id}: {lines} lines, kept ({took:.0f} ms).[/]\n"
        )


async def texts_to(
    session: aiohttp.ClientSession, twilio: str | None, org: Mapping[str, Any], phone: str
) -> list[str]:
    """List the texts this clinic has sent to a phone, oldest first; none where no fake Twilio is."""
    if twilio is None:
        return []
    async with session.get(f"{twilio}/messages") as response:
        sent = await response.json()
    return [text["body"] for text in sent if (text["to"], text["from"]) == (phone, org["twilio_number"])]


def first_start(metadata: Mapping[str, Any]) -> datetime | None:
    """Find the first moment an answer offers, wherever in the metadata it stands."""
    return next(_moments(metadata), None)


def _moments(value: Any) -> Iterator[datetime]:
    if isinstance(value, str) and "T" in value:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return
        if moment.tzinfo is not None:
            yield moment
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _moments(part)
    elif isinstance(value, list):
        for part in value:
            yield from _moments(part)


def _local(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


async def _show_text(
    session: aiohttp.ClientSession,
    twilio: str,
    org: Mapping[str, Any],
    phone: str,
    known: int,
    console: Console,
) -> None:
    began = time.monotonic()
    new: list[str] = []
    while not new and time.monotonic() - began < TEXT_SECONDS:
        await asyncio.sleep(0.2)
        new = (await texts_to(session, twilio, org, phone))[known:]
    if not new:
        # The worker may be trying again; what it says is in its log, and the booking stands either way.
        console.print(
            f"[yellow]No text[/] came within {TEXT_SECONDS:.0f} s; see .local/logs/SmsWorkerFunction.log\n"
        )
    for body in new:
        console.print(f"[magenta]Text[/]    to {phone}, after {time.monotonic() - began:.1f} s")
        console.print(f"        {body}", markup=False)
    console.print(f"        [dim]The patient's phone, to answer it: {twilio}/phone[/]\n")


def _show(console: Console, tool: str, answer: Answer) -> None:
    console.print(f"        [dim]{tool} -> {answer.code}, {answer.took_ms:.0f} ms[/]")
    console.print(f"[green]Agent[/]   {answer.spoken}\n", markup=True)


if __name__ == "__main__":
    sys.exit(main())
