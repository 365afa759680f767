"""From the phone to the page and back, over the whole local stack: R, the link, another time, a text."""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from tests.journeys.patients import Patient, said
from tests.local.stacks import homes, running


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Run one stack for all journeys; each has a patient of its own."""
    home = tmp_path_factory.mktemp("page") / "home"
    with homes(home), running(home) as (_, content):
        yield content


def fetched(url: str, **form: str) -> tuple[int, str]:
    """Open an address as a browser does, or send a form to it, and return status and page at the end."""
    body = urlencode(form).encode() if form else None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def link_in(reply: str) -> str:
    """Return the link in a text."""
    found = re.search(r"http\S+/a/[A-Za-z0-9_-]{22}$", reply)
    assert found, reply
    return found[0]


def test_r_brings_a_link_by_which_the_visit_is_moved(stack: dict[str, Any]) -> None:
    """Call, text, R, page, button: one text with the new time, which C confirms."""
    dana = Patient(stack, "+12025550171")
    start = dana.offered()[0]
    dana.books("Dana Whitfield", start)
    dana.waits_for_texts(1)
    link = link_in(dana.replies("R"))
    assert link.startswith(stack["http"])
    status, page = fetched(link)
    assert (status, "Dana, your visit is booked" in page) == (200, True)
    _, page = fetched(f"{link}/move")
    slots = re.findall(r'name="slot" value="([^"]+)"', page)
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    before = len(dana.texts())
    status, page = fetched(f"{link}/move", version=version[1], slot=slots[-1])
    assert (status, "Your visit has a new time." in page) == (200, True)
    told = dana.waits_for_texts(before + 1)
    chosen = datetime.fromisoformat(slots[-1].partition("/")[0])
    day, hour = said(chosen.astimezone(ZoneInfo(dana.org["time_zone"])).isoformat())
    assert day in told[-1]
    assert hour in told[-1]
    assert "confirmed" in dana.replies("C")
    assert "your visit is confirmed" in fetched(link)[1]


def test_a_visit_is_cancelled_on_the_page_and_the_link_says_so(stack: dict[str, Any]) -> None:
    """Spanish clinic, Spanish page; the slot is offered again to the next caller at once."""
    ana = Patient(stack, "+13035550172", org=1)
    start = ana.offered()[0]
    ana.books("Ana García", start)
    ana.waits_for_texts(1)
    link = link_in(ana.replies("R"))
    status, page = fetched(f"{link}/cancel")
    assert (status, "¿Cancelar esta cita?" in page) == (200, True)
    status, page = fetched(f"{link}/cancel", version="1")
    assert (status, "Ana, su cita está cancelada" in page) == (200, True)
    assert ana.visits() == ["cancelled"]
    assert start in Patient(stack, "+13035550173", org=1).offered()
    assert fetched(f"{link[:-1]}")[0] == 404
