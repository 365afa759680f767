"""From a caller's booking to a board that shows it: a whole local stack, real calls, Chromium.

Seconds, unlike everywhere else here: what is promised are seconds. They begin with the booking's transaction
(the row's created_at, so a little before its commit) and end with the frame in which the visit is shown.
"""

import asyncio
import shutil
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import psycopg
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.figures import Effort, Figure, Section
from local.vapi_call import PhoneCall, call_tool
from tests.local.stacks import homes, running

NAME = "board"
BOOKINGS = 12  # a round
BOARDS = 8
ORG = 1  # the demo clinic with three providers: enough free half hours in one week
SERVICE = 1  # half an hour
WITHIN = 20.0  # seconds; what takes longer counts as this

# The moment of the frame after a card came, by the same clock as the database's.
WATCH = """() => {
  window.shown = {};
  const look = () => requestAnimationFrame(() => {
    for (const each of document.querySelectorAll(".card strong")) shown[each.textContent] ??= Date.now();
  });
  new MutationObserver(look).observe(document.querySelector("#days"), { childList: true, subtree: true });
}"""


@dataclass(slots=True)
class Scene:
    """A stack, its callers and the boards that watch."""

    stack: dict[str, Any]
    browser: Browser
    boards: list[Page] = field(default_factory=list)
    callers: int = 0
    free: list[tuple[str, str]] = field(default_factory=list)  # (start, provider), none overlapping

    @property
    def org(self) -> dict[str, Any]:
        """Return the clinic."""
        clinic: dict[str, Any] = self.stack["orgs"][ORG]
        return clinic

    def monday(self) -> datetime:
        """Return the start of next week at the clinic."""
        today = datetime.now(ZoneInfo(self.org["time_zone"])).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        return today + timedelta(days=7 - today.weekday())

    def open_board(self) -> None:
        """Open a board on next week, signed in and live."""
        page = self.browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.goto(f"{self.stack['http']}/local/sign-in?org={self.org['slug']}&as=staff")
        page.locator("#line[data-state=live]").wait_for()
        page.evaluate("(hash) => { location.hash = hash; }", f"#/week/{self.monday():%Y-%m-%d}")
        page.locator(".column, .empty").first.wait_for()
        page.wait_for_load_state("networkidle")
        page.evaluate(WATCH)
        self.boards.append(page)

    def book(self) -> str:
        """Have a new patient call and book; return their name."""
        start, provider = self.free.pop()
        self.callers += 1
        letters = "".join(chr(ord("a") + int(digit)) for digit in f"{self.callers:04}")
        name = f"Pat {letters.capitalize()}"
        call = PhoneCall(self.stack["http"], self.org, f"+1303555{self.callers + 1000:04}")
        wish = {
            "patientName": name,
            "reason": self.org["services"][SERVICE]["name"],
            "startTime": start,
            "provider": provider,
        }

        async def run() -> str:
            async with aiohttp.ClientSession() as session:
                return (await call_tool(session, call, "bookClinicAppointment", wish)).text

        with ThreadPoolExecutor(1) as thread:  # Playwright has a loop in this one
            said = thread.submit(lambda: asyncio.run(run())).result()
        if not said.startswith("BOOKED"):
            raise RuntimeError(f"not booked, so nothing to measure: {said}")
        return name

    def seconds_until_shown(self, name: str) -> list[float]:
        """Wait until every board shows this patient; return how long after the booking each did."""
        with psycopg.connect(self.stack["database_url"]) as owner:
            [(booked,)] = owner.execute(
                "SELECT extract(epoch FROM created_at)::float8 FROM frontdesk.appointments"
                " WHERE patient_name = %s",
                [name],
            ).fetchall()
        deadline = time.monotonic() + WITHIN
        shown: list[float | None] = [None] * len(self.boards)
        while None in shown and time.monotonic() < deadline:
            for number, board in enumerate(self.boards):
                shown[number] = shown[number] or board.evaluate("(name) => window.shown[name] ?? null", name)
        return [WITHIN if at is None else at / 1000 - booked for at in shown]


def measure(effort: Effort) -> Section:
    """Book with one board open, then with eight; five times a dozen bookings each."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        return Section(NAME, (), {}, ("not measured: it needs Chromium, apt-get install chromium",))
    raw: dict[str, list[float]] = {}
    figures: list[Figure] = []
    with ExitStack() as cleanup:
        home = Path(cleanup.enter_context(tempfile.TemporaryDirectory())) / "home"
        cleanup.enter_context(homes(home))
        _, stack = cleanup.enter_context(running(home))
        playwright = cleanup.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        cleanup.callback(browser.close)
        scene = Scene(stack, browser)
        scene.free = _half_hours(scene)
        for boards in (1, BOARDS):
            while len(scene.boards) < boards:
                scene.open_board()
            scene.seconds_until_shown(scene.book())  # starts the processes
            rounds = [_round(scene) for _ in range(effort.rounds)]
            figures += _figures(boards, rounds)
            raw[f"{boards} boards"] = [round(each, 3) for one in rounds for each in one]
    return Section(NAME, tuple(figures), raw)


def _round(scene: Scene) -> list[float]:
    return [each for _ in range(BOOKINGS) for each in scene.seconds_until_shown(scene.book())]


def _figures(boards: int, rounds: list[list[float]]) -> list[Figure]:
    """Give the median and the 95th percentile of all, with those of the rounds as their spread.

    Eight browsers on one machine wait for its cores; the half second is for the one at the desk.
    """
    everything = [each for one in rounds for each in one]
    told = f"{boards} board{'s' if boards > 1 else ''} open"
    middles, tails = [statistics.median(one) for one in rounds], [_p95(one) for one in rounds]
    return [
        Figure(f"seconds from booking to visible, median, {told}", statistics.median(everything),
               min(middles), max(middles), 0.5 if boards == 1 else None, "at most"),
        Figure(f"seconds from booking to visible, p95, {told}", _p95(everything),
               min(tails), max(tails), 2.0, "at most"),
    ]  # fmt: skip


def _p95(values: list[float]) -> float:
    return sorted(values)[max(0, round(len(values) * 0.95) - 1)]


def _half_hours(scene: Scene) -> list[tuple[str, str]]:
    """List next week's half hours of each provider, the last one first: they are taken from the end."""
    found = []
    for provider in scene.org["providers"]:
        for day in range(5):
            opens = scene.monday() + timedelta(days=day, hours=9)
            found += [
                ((opens + timedelta(minutes=30 * number)).isoformat(), provider["name"])
                for number in range(16)
            ]
    return found[::-1]
