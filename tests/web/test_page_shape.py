"""The board on every screen, on paper, in Spanish, and with more visits than anybody has."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.web.conftest import TUESDAY, Open, card
from tests.web.fake_clinic import Clinic
from tests.web.fake_state import Backend

WEB = Path(__file__).resolve().parents[2] / "web"
SCRIPTS = sorted((WEB / "js").glob("*.js"))


def _overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.parametrize(("width", "height"), [(320, 640), (390, 844), (768, 1024), (3840, 2160)])
def test_no_screen_scrolls_sideways(open_board: Open, width: int, height: int) -> None:
    """From a small phone to a wall: nothing sticks out, in no place."""
    page = open_board(width=width, height=height)
    for place in ("#/list", "#/day", "#/week", "#/inbox/follow-ups", "#/settings/hours", "#/settings/team"):
        page.evaluate("(hash) => { location.hash = hash; }", place)
        expect(
            page.locator(".card:visible, .row:visible, .card-row:visible, .group:visible").first
        ).to_be_visible()
        assert _overflow(page) <= 0, place
    page.evaluate("location.hash = '#/list'")
    page.locator(".row").first.click()
    expect(page.locator("#panel .told")).to_be_visible()
    assert _overflow(page) <= 0


def test_a_phone_begins_with_the_list(open_board: Open) -> None:
    """On a small screen the day is a list, and one touch opens a visit over all of it."""
    page = open_board(width=390, height=844, has_touch=True)
    expect(page.locator(".row")).to_have_count(15)
    page.locator(".row", has_text="Owen McCarthy").tap()
    expect(page.locator("#panel")).to_be_visible()
    box = page.locator("#panel").bounding_box()
    assert box is not None
    assert box["width"] == 390


def test_the_wall_mode_is_large_and_stays(board: Page) -> None:
    """Large type is switched on once, and is there again after the screen's machine restarted."""
    before = board.evaluate("parseFloat(getComputedStyle(document.querySelector('#day-title')).fontSize)")
    board.get_by_role("button", name="You").click()
    board.get_by_label("Large type, for a wall screen").check()
    board.reload()
    expect(card(board, "Owen McCarthy")).to_be_visible()
    after = board.evaluate("parseFloat(getComputedStyle(document.querySelector('#day-title')).fontSize)")
    assert after >= 1.35 * before


def test_the_theme_can_be_chosen(open_board: Open) -> None:
    """The system's theme is the default; a choice overrides it and is kept."""
    page = open_board(color_scheme="light")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="You").click()
    page.get_by_label("Theme").select_option("dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.reload()
    expect(card(page, "Owen McCarthy")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


def test_the_day_prints_as_a_table(board: Page) -> None:
    """On paper there is the day, by provider, with phones and notes, and nothing of the screen."""
    board.evaluate("dispatchEvent(new Event('beforeprint'))")
    board.emulate_media(media="print")
    expect(board.locator("#sheet caption")).to_have_text(["Dr. Patel", "Dr. Lindgren", "Dr. Achebe"])
    row = board.locator("#sheet tr", has_text="Owen McCarthy")
    expect(row).to_contain_text("3:00 PM \N{EN DASH} 3:30 PM")
    expect(row).to_contain_text("(202) 555-0105")
    expect(row).to_contain_text("Brings her own x-rays.")
    expect(board.locator("#board")).not_to_be_visible()
    expect(board.locator("#sheet")).to_be_visible()


def _work(watch: CDPSession) -> float:
    metrics = {each["name"]: each["value"] for each in watch.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])  # seconds


def test_five_hundred_visits_are_usable_within_a_second(
    open_board: Open, backend: Backend, clinic: Clinic
) -> None:
    """A week of 500 visits is drawn within a second of asking for it, and answers a click."""
    monday = TUESDAY - timedelta(days=1)
    for number in range(500 - len(clinic.appointments)):
        clinic.add_visit(
            f"Crowd {number}",
            monday + timedelta(days=number % 5, hours=9, minutes=15 * (number // 5 % 32)),
            number % 3,
            1,
        )
    page = open_board("#/week")
    expect(page.locator(".card")).to_have_count(499)  # one is cancelled
    page.wait_for_load_state("networkidle")
    # The page's own work, in processor time of its thread: a slow server or a busy machine is not its doing.
    watch = page.context.new_cdp_session(page)
    watch.send("Performance.enable", {"timeDomain": "threadTicks"})
    took = []
    for _ in range(3):
        page.evaluate("location.hash = '#/day'")
        expect(page.locator(".column")).to_have_count(3)
        before = _work(watch)
        page.evaluate("location.hash = '#/week'")
        expect(page.locator(".card")).to_have_count(499)
        page.evaluate("new Promise(requestAnimationFrame)")
        took.append(_work(watch) - before)
    assert min(took) < 1
    page.locator(".card").nth(250).click()
    expect(page.locator("#panel .told")).to_be_visible()


def test_the_whole_page_is_small(open_board: Open, backend: Backend) -> None:
    """All files a board loads on its first day, settings and other language included, are under 150 KB."""
    page = open_board()
    page.evaluate("location.hash = '#/settings/clinic'")
    expect(page.locator("#settings-body .group").first).to_be_visible()
    page.evaluate("import('/static/js/words_es.js')")
    page.wait_for_load_state("networkidle")
    sizes = page.evaluate("""['resource', 'navigation'].flatMap((kind) => performance.getEntriesByType(kind))
        .filter((each) => !each.name.includes('/api/')).map((each) => [each.name, each.encodedBodySize])""")
    assert len(sizes) > 40
    assert sum(size for _, size in sizes) < 150_000


def test_a_spanish_clinic_reads_spanish(open_board: Open, clinic: Clinic) -> None:
    """The clinic's language is the page's: words, dates, and the language told to screen readers."""
    clinic.language = "es"
    page = open_board()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.get_by_role("button", name="Nueva cita")).to_be_visible()
    expect(page.locator("#day-title")).to_contain_text("martes")
    expect(page.locator("#line")).to_have_text("En vivo")
    expect(card(page, "Priya Raman")).to_contain_text("Mensaje: no entregado")


@pytest.mark.parametrize(
    ("day", "shows"),
    [
        ("2026-11-01", ["12:30 AM", "1:30 AM", "1:30 AM", "4:00 AM"]),
        ("2027-03-14", ["1:30 AM", "3:00 AM", "4:00 AM"]),
    ],
)
def test_a_day_with_a_clock_change_is_right(
    open_board: Open, clinic: Clinic, day: str, shows: list[str]
) -> None:
    """The grid is the wall clock: visits stand at what the clock shows, before and after it was changed."""
    clinic.appointments.clear()
    utc = {"2026-11-01": ["04:30", "05:30", "06:30", "09:00"], "2027-03-14": ["06:30", "07:00", "08:00"]}[day]
    for number, at in enumerate(utc):
        clinic.add_visit(f"Night {number}", datetime.fromisoformat(f"{day}T{at}+00:00"), 0, 1)
    page = open_board(f"#/day/{day}")
    expect(page.locator(".card-time")).to_have_text(shows)
    tops = [box["y"] for each in page.locator(".card").all() if (box := each.bounding_box())]
    hour = (tops[-1] - tops[0]) / (3.5 if len(shows) == 4 else 2.5)
    hours = [round((top - tops[0]) / hour, 1) for top in tops]
    assert hours == ([0, 1, 1, 3.5] if len(shows) == 4 else [0, 1.5, 2.5])


def test_the_lists_of_the_page_are_true() -> None:
    """Every module the start needs is announced in the head, so that none is found late; and no other."""
    page = (WEB / "index.html").read_text()
    announced = set(re.findall(r'rel="modulepreload" href="/static/js/([\w.]+)"', page))
    needed: set[str] = set()
    waiting = ["main.js"]
    while waiting:
        source = (WEB / "js" / waiting.pop()).read_text()
        found = set(re.findall(r'^(?:import|\}) [^;]*?from "\./([\w]+\.js)";', source, re.MULTILINE)) - needed
        needed |= found
        waiting.extend(found)
    assert announced == needed


def test_every_word_of_the_markup_exists_in_both_languages() -> None:
    """What index.html wants said has words, and both languages name the same values in them."""
    keys = {
        language: dict(
            re.findall(r'(\w+): "((?:[^"\\]|\\.)*)"', (WEB / f"js/words_{language}.js").read_text())
        )
        for language in ("en", "es")
    }
    wanted = set(re.findall(r'data-t(?:-\w+)?="(\w+)"', (WEB / "index.html").read_text()))
    assert wanted <= set(keys["en"])
    assert set(keys["en"]) == set(keys["es"])
    for key, words in keys["en"].items():
        assert set(re.findall(r"\{(\w+)\}", words)) == set(re.findall(r"\{(\w+)\}", keys["es"][key])), key


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_markup_of_data(script: Path) -> None:
    """No module writes markup or runs text as code; each is checked by tsc and is short enough to read."""
    source = script.read_text()
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setHTML", source
    )
    assert source.startswith("// @ts-check\n")
    assert len(source.splitlines()) <= 250
