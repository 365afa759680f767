"""How the board looks is kept: pictures of each way it is seen, under .local/screenshots."""

from playwright.sync_api import Browser

from scripts import screenshots
from tests.web.conftest import ROOT


def test_the_pictures_are_taken(browser: Browser) -> None:
    """Light, dark, week, phone, wall and paper: each picture shows something, and no two are the same."""
    taken = screenshots.take(browser, ROOT / ".local/screenshots")
    pictures = [path.read_bytes() for path in taken]
    assert all(picture.startswith(b"\x89PNG") and len(picture) > 20_000 for picture in pictures)
    assert len(set(pictures)) == len(screenshots.VIEWS)
