"""The clinic in figures: what is drawn is what is counted, and is there for who cannot see it."""

import csv
import io
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.web.conftest import Open
from tests.web.fake_state import Backend


def figures(page: Page, span: str = "") -> None:
    """Go to the figures."""
    page.evaluate("(span) => { location.hash = `#/insight${span}`; }", f"/{span}" if span else "")
    expect(page.locator(".plot").first).to_be_visible()


def saved(page: Page, button: str) -> tuple[str, str]:
    """Press a button that hands out a file; return its name and text."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button, exact=True).click()
    found = waiting.value
    path = Path(found.path())
    return found.suggested_filename, path.read_bytes().decode()


def heights(page: Page, plot: str, tone: str) -> list[float]:
    """Measure the bars of a tone."""
    found: list[float] = page.locator(f'[data-plot="{plot}"] rect.tone-{tone}').evaluate_all(
        "(bars) => bars.filter((bar) => bar.closest('.plot')).map((bar) => +bar.getAttribute('height'))"
    )
    return found


def test_the_bars_are_the_numbers(board: Page) -> None:
    """A bar's height is its number's share of the tallest, and the table beside says the same numbers."""
    figures(board)
    figure = board.locator('[data-plot="calls"]')
    figure.locator("summary").click()
    rows = figure.locator("tbody tr")
    expect(rows).to_have_count(30)
    booked = [int(each) for each in rows.locator("td:nth-child(3)").all_inner_texts()]
    drawn = heights(board, "calls", "a")
    counted = [each for each in booked if each]
    assert len(drawn) == len(counted)
    unit = drawn[0] / counted[0]
    assert all(abs(height - number * unit) < 0.05 for height, number in zip(drawn, counted, strict=True))
    total = figure.locator("tfoot td:nth-child(3)").inner_text()
    assert sum(booked) == int(total)
    label = figure.locator("svg.plot").get_attribute("aria-label") or ""
    assert f"Booked {total}" in label


def test_a_year_is_gathered_into_months(board: Page) -> None:
    """Long spans are drawn by month, whose sums are the days'; the table keeps every day."""
    figures(board, "2026-01-01..2026-11-10")
    figure = board.locator('[data-plot="calls"]')
    titles = figure.locator(".plot-touch title").all_text_contents()
    assert [each.splitlines()[0] for each in titles][:2] == ["January 2026", "February 2026"]
    assert len(titles) == 11
    booked = sum(int(match.group(1)) for each in titles if (match := re.search(r"Booked: (\d+)", each)))
    expect(board.locator(".tile").first).to_contain_text(f"{booked:,} booked")
    expect(figure.locator("tbody tr")).to_have_count(314)


def test_the_span_is_in_the_address(board: Page, backend: Backend) -> None:
    """Buttons and fields choose the days; a reload shows the same ones; a span too long is explained."""
    figures(board)
    expect(board.locator("#insight-spans [aria-pressed=true]")).to_have_text("30 days")
    board.get_by_role("button", name="7 days").click()
    expect(board.locator("#insight-spans [aria-pressed=true]")).to_have_text("7 days")
    assert board.url.endswith("#/insight/2026-11-04..2026-11-10")
    board.locator("#insight [name=from]").fill("2026-10-01")
    expect(board.locator('[data-plot="calls"] tbody tr')).to_have_count(41)
    board.reload()
    expect(board.locator('[data-plot="calls"] tbody tr')).to_have_count(41)
    board.locator("#insight [name=from]").fill("2024-01-01")
    expect(board.locator("#insight-body [role=alert]")).to_contain_text("at most 399 days")


def test_all_figures_as_a_file(board: Page) -> None:
    """The server's table is handed out with the person's token; a plain link would have none."""
    figures(board)
    name, text = saved(board, "All as CSV")
    assert name == "bright-smiles-insight-2026-10-12-2026-11-10.csv"
    assert text == "day,calls\r\n2026-10-12,3\r\n"


def test_a_plots_own_file_has_its_table(board: Page) -> None:
    """Every plot hands out its numbers, a line a day, with the mark spreadsheets know UTF-8 by."""
    figures(board)
    name, text = saved(board, "Texts: as CSV")
    assert name == "bright-smiles-texts-2026-10-12-2026-11-10.csv"
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert (text[0], len(rows)) == ("\ufeff", 32)
    assert rows[0][:3] == ["Day", "Sent", "Texts delivered"]
    assert (rows[1][0], float(rows[1][6])) == ("2026-10-12", int(rows[1][5]) * 0.0083)


def test_figures_fit_a_phone(open_board: Open) -> None:
    """Plots are as wide as there is room, also after the screen was turned; nothing scrolls sideways."""
    page = open_board(width=390, height=844)
    figures(page)
    for width in (390, 320, 844):
        page.set_viewport_size({"width": width, "height": 844})
        page.wait_for_timeout(200)
        place = page.locator(".plot-place").first.bounding_box()
        drawn = page.locator(".plot").first.bounding_box()
        assert place is not None
        assert drawn is not None
        assert abs(place["width"] - drawn["width"]) < 1.5
        assert page.evaluate("document.querySelector('#insight .scroll').scrollWidth <= innerWidth")


def test_the_policy_holds_for_plots(board: Page) -> None:
    """No plot has an inline style: the page's policy would block it, and the test would not start."""
    figures(board)
    assert board.locator("#insight [style]").count() == 0
