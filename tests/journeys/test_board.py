"""The board in a browser, over the whole local stack: what callers and colleagues do appears on it."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import aiohttp
import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.journeys.desk import Desk
from tests.journeys.patients import Patient
from tests.journeys.waiting import apart, until
from tests.journeys.web import ask
from tests.local.stacks import homes, running
from tests.web.conftest import EXPECTED, WATCH, axe_source, chromium

# A call is a booking over all the road; a busy machine may need more than the two seconds we promise.
expect.set_options(timeout=15_000)
SIGNED = {"authorization": "AWS4-HMAC-SHA256 signed"}  # the local management API asks for any signature
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MARKUP = '<img src=x onerror="document.title=1"><script>document.title=2</script>'

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Run one stack for all journeys; each has a day of its own."""
    home = tmp_path_factory.mktemp("board") / "home"
    with homes(home), running(home) as (_, content):
        yield content


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run one Chromium for all journeys."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def desk(stack: dict[str, Any]) -> Desk:
    """Sit at the front desk of the first clinic."""
    return Desk(stack)


@pytest.fixture
def open_board(browser: Browser, stack: dict[str, Any]) -> Iterator[Open]:
    """Open boards by the local sign-in; an error on a page, or a breach of its policy, fails the test."""
    contexts = []
    wrong: list[str] = []

    def opened(day: datetime | None = None, role: str = "admin", org: int = 0, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        context.add_init_script(WATCH)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"{error}\n{error.stack}"))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.goto(f"{stack['http']}/local/sign-in?org={stack['orgs'][org]['slug']}&as={role}")
        live(page)
        if day is not None:
            page.evaluate("(hash) => { location.hash = hash; }", f"#/day/{day:%Y-%m-%d}")
            expect(page.locator("#day-title")).to_contain_text(f"{day:%B} {day.day}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [text for text in wrong if not text.startswith(EXPECTED)] == []


def live(page: Page) -> None:
    """Wait until a board says that it is live."""
    expect(page.locator("#line")).to_have_attribute("data-state", "live", timeout=30_000)


def card(page: Page, name: str) -> Locator:
    """Find a visit on the schedule by its patient."""
    return page.locator(".card", has_text=name)


def written(desk: Desk, name: str, start: datetime, phone: str) -> Any:
    """Have a colleague book over the staff API, which is quicker than a call."""
    return desk.does(
        "appointments",
        patient_name=name,
        phone=phone,
        service_id=desk.org["services"][0]["id"],
        provider_id=desk.org["providers"][0]["id"],
        starts_at=start.isoformat(),
    )


def open_sockets(desk: Desk, role: str | None = None) -> list[str]:
    """Return the ids of the clinic's open sockets, or of one person's."""
    found = desk.records(
        "SELECT c.connection_id FROM frontdesk.connections c JOIN frontdesk.staff s"
        " ON s.org_id = c.org_id AND s.id = c.staff_id WHERE c.org_id = %s AND s.role = coalesce(%s, s.role)",
        desk.org["id"],
        role,
    )
    return [connection for (connection,) in found]


def test_a_callers_booking_appears_without_reloading(
    stack: dict[str, Any], desk: Desk, open_board: Open
) -> None:
    """The visit is on the schedule, told as a toast and in the news, on the page that was open before."""
    start = desk.day(1)[0]
    page = open_board(start)
    page.evaluate("document.body.dataset.opened = 'before'")
    Patient(stack, "+12025550181").books("Dana Whitfield", start.isoformat())
    expect(card(page, "Dana Whitfield")).to_be_visible()
    expect(page.locator(".toast")).to_contain_text("Dana Whitfield")
    expect(page.locator("#feed-list .news").first).to_contain_text("Dana Whitfield")
    expect(page.locator("body")).to_have_attribute("data-opened", "before")


def test_a_visit_moved_with_the_keyboard_moves_on_a_colleagues_board(desk: Desk, open_board: Open) -> None:
    """M on a visit, a time, Enter: the other browser shows the new time by itself."""
    first, *_ = desk.day(2)
    written(desk, "Lee Chan", first, "+12025550182")
    mine, theirs = open_board(first), open_board(first, role="staff")
    expect(card(theirs, "Lee Chan")).to_contain_text("9:00")
    card(mine, "Lee Chan").focus()
    mine.keyboard.press("m")
    expect(mine.locator("#move .slot").first).to_be_visible()
    for _ in range(12):
        mine.keyboard.press("Tab")
        if mine.evaluate("document.activeElement.name") == "other":
            break
    mine.keyboard.type("0330PM")
    mine.keyboard.press("Enter")
    expect(card(mine, "Lee Chan")).to_contain_text("3:30")
    expect(card(theirs, "Lee Chan")).to_contain_text("3:30")
    expect(theirs.locator(".toast")).to_contain_text("Lee Chan")


def test_a_socket_that_is_cut_in_mid_stream_misses_nothing(
    stack: dict[str, Any], desk: Desk, open_board: Open
) -> None:
    """The server's side of the line ends between two bookings; the board comes back and has them all."""
    starts = desk.day(3)[::4]
    page = open_board(starts[0])
    sockets: list[str] = []
    page.on("websocket", lambda each: sockets.append(each.url))
    names = ("Ada Stone", "Ben Stone", "Cleo Stone", "Dora Stone", "Egon Stone", "Fay Stone")
    for number, (name, start) in enumerate(zip(names, starts, strict=False)):
        written(desk, name, start, f"+1202555019{number}")
        if number in {1, 3}:
            for connection in open_sockets(desk):
                ask("DELETE", f"{stack['http']}/@connections/{connection}", headers=SIGNED)
    expect(page.locator(".card", has_text="Stone")).to_have_count(len(names))
    live(page)
    assert sockets, "the line was cut"


def test_a_browser_that_was_offline_says_so_and_catches_up(desk: Desk, open_board: Open) -> None:
    """Without a network the board tells since when it is behind; back again it is complete."""
    starts = desk.day(4)[::4]
    page = open_board(starts[0])
    page.context.set_offline(True)
    expect(page.locator("#line")).to_have_attribute("data-state", "offline")
    expect(page.locator("#line")).to_contain_text(re.compile(r"\d:\d\d"))
    for number, name in enumerate(("Gina Frost", "Hugo Frost", "Ines Frost", "Jona Frost")):
        written(desk, name, starts[number], f"+1202555017{number}")
    page.context.set_offline(False)
    live(page)
    expect(page.locator(".card", has_text="Frost")).to_have_count(4)


def test_markup_from_outside_is_only_ever_text(stack: dict[str, Any], desk: Desk, open_board: Open) -> None:
    """As a patient's name, in their text and in their message: it is read, and nothing of it runs."""
    start = desk.day(5)[0]
    patient = Patient(stack, "+12025550183")
    contact = written(desk, "Mallory Vex", start, patient.number)["contact_id"]
    for table, column, key in (("contacts", "name", "id"), ("appointments", "patient_name", "contact_id")):
        desk.records(f"UPDATE frontdesk.{table} SET {column} = %s WHERE {key} = %s", MARKUP, contact)
    patient.replies(MARKUP)
    patient.asks("requestFollowUp", patientName="Mallory Vex", message=MARKUP)
    page = open_board(start)
    title = page.title()
    expect(card(page, MARKUP)).to_be_visible()
    card(page, MARKUP).click()
    expect(page.locator("#panel .panel-title")).to_have_text(MARKUP)
    page.locator("#panel").get_by_role("button", name="About the patient").click()
    expect(page.locator("#panel .entry").first).to_be_visible()
    page.keyboard.press("Escape")
    for tab in ("replies", "follow-ups"):
        page.evaluate("(hash) => { location.hash = hash; }", f"#/inbox/{tab}")
        expect(page.locator(".card-row .said", has_text="<script>").first).to_be_visible()
    assert page.title() == title
    assert page.locator("img, body script").count() == 0


def test_axe_finds_nothing_on_the_real_page(desk: Desk, open_board: Open) -> None:
    """Day, visit, patient, inbox and settings pass WCAG 2.2 AA as far as a scanner can tell."""
    start = desk.day(6)[0]
    written(desk, "Kim Novak", start, "+12025550184")
    desk.does("follow-ups", message="Please call back", phone="+12025550184")
    page = open_board(start, reduced_motion="reduce")
    page.evaluate(axe_source())
    found = {}

    def scan(place: str) -> None:
        told = page.evaluate("(rules) => axe.run({runOnly: rules})", WCAG)
        found[place] = [(each["id"], [node["html"] for node in each["nodes"]]) for each in told["violations"]]

    expect(card(page, "Kim Novak")).to_be_visible()
    scan("day")
    card(page, "Kim Novak").click()
    expect(page.locator("#panel .told")).to_be_visible()
    scan("visit")
    page.get_by_role("button", name="About the patient").click()
    expect(page.locator("#panel .entry").first).to_be_visible()
    scan("patient")
    page.keyboard.press("Escape")
    for place, shown in (
        ("inbox/follow-ups", "#inbox-list .card-row"),
        ("settings/google", "#settings .group"),
    ):
        page.evaluate("(hash) => { location.hash = hash; }", f"#/{place}")
        expect(page.locator(shown).first).to_be_visible()
        scan(place)
    assert {place: each for place, each in found.items() if each} == {}


def test_a_reader_sees_all_and_can_change_nothing(
    stack: dict[str, Any], desk: Desk, open_board: Open
) -> None:
    """No button books, moves, cancels or confirms, notes are read only; and the API refuses them as well."""
    start = desk.day(7)[0]
    visit = written(desk, "Eve Hart", start, "+12025550185")
    page = open_board(start, role="reader")
    expect(page.locator("#new-booking")).to_be_hidden()
    expect(page.get_by_role("link", name="Settings")).to_be_hidden()
    card(page, "Eve Hart").focus()
    page.keyboard.press("m")
    page.keyboard.press("Enter")
    panel = page.locator("#panel")
    expect(panel.locator(".told")).to_be_visible()
    expect(page.locator("#move")).to_be_hidden()
    for name in ("Move", "Cancel visit", "Confirm", "Save notes"):
        expect(panel.get_by_role("button", name=name)).to_have_count(0)
    expect(panel.locator("[name=notes]")).to_have_attribute("readonly", "")
    token = json.loads(page.evaluate("sessionStorage['frontdesk.session']"))["token"]
    url = f"{stack['http']}/api/staff/appointments/{visit['id']}/cancel"
    refused = ask("POST", url, {"version": 1}, {"authorization": f"Bearer {token}"})
    assert (refused.status, refused.body["code"]) == (403, "role_too_low")
    assert desk.visit(visit["id"])["status"] == "pending"


def test_signing_out_ends_the_socket_and_leaves_nothing_on_the_page(
    stack: dict[str, Any], open_board: Open
) -> None:
    """The line is closed on both sides, the session is forgotten, and going back shows no patient."""
    sol = Desk(stack, 1)
    page = open_board(org=1)
    until(lambda: open_sockets(sol), "the socket known")
    page.locator(".rail-you").click()
    page.locator("#sign-out").click()
    expect(page.locator("#sign-in")).to_be_visible()
    until(lambda: open_sockets(sol) == [], "the socket closed")
    assert "frontdesk.session" not in page.evaluate("({...sessionStorage})")
    page.go_back()
    expect(page.locator("#sign-in")).to_be_visible()
    expect(page.locator("#board")).to_be_hidden()


def test_whoever_is_revoked_loses_the_board_at_once_and_reads_why(
    stack: dict[str, Any], open_board: Open
) -> None:
    """An admin ends a colleague's access: socket and schedule go, and a sentence says why."""
    sol = Desk(stack, 1)
    page = open_board(role="staff", org=1)
    until(lambda: open_sockets(sol, "staff"), "the socket known")
    [member] = [each for each in sol.reads("staff")["items"] if each["role"] == "staff"]
    sol.does(f"staff/{member['id']}/revoke")
    until(lambda: open_sockets(sol, "staff") == [], "the socket closed", within=60)
    expect(page.locator("#board")).to_be_hidden(timeout=60_000)
    expect(page.locator("#welcome-problem")).to_contain_text("access")


def socket_status(url: str, origin: str | None = None) -> int:
    """Open a socket; return 101, or the status it was refused with."""

    async def run() -> int:
        async with aiohttp.ClientSession() as session:
            try:
                async with session.ws_connect(url, origin=origin):
                    return 101
            except aiohttp.WSServerHandshakeError as refused:
                return refused.status

    return apart(run)


def test_a_ticket_opens_one_socket_once(desk: Desk) -> None:
    """The second use of a ticket is refused, and so is a made-up one."""
    url = desk.does("ws-ticket")["url"]
    assert socket_status(url) == 101
    assert socket_status(url) == 401
    assert socket_status(f"{url[: url.index('=')]}=made-up") == 401


def test_a_socket_from_another_origin_is_refused(stack: dict[str, Any], desk: Desk) -> None:
    """A page of somebody else's cannot use a ticket; our own page can."""
    assert socket_status(desk.does("ws-ticket")["url"], "https://evil.example") == 403
    assert socket_status(desk.does("ws-ticket")["url"], stack["http"]) == 101
