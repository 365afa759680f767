"""Reading Google under storm: every push lost, tokens dying mid-page, and two hands on the same event.

Short by default; STORM=full runs the numbers of docs/calendar.md. What ended where is counted at the fake
Google and in the tables, by others than those who put it there.
"""

import os
import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from frontdesk import db
from functions.calendar_worker import notifications, pacing, watch
from tests.calendar.reading import PATEL, House, moment, standing
from tests.clinics import call
from tests.database import Database

FULL = os.environ.get("STORM") == "full"
LOST_PUSH_RUNS = 50 if FULL else 5
TWO_WAY_EDITS = 500 if FULL else 40
SEED = int(os.environ.get("STORM_SEED", "20261123"))
MOST_WRITES = 3  # a conflict
HOUR = timedelta(hours=1)


@pytest.fixture
def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Build a house whose calendar was read once; the seed is printed."""
    print(f"storm seed {SEED}")
    with standing(database, monkeypatch) as built:
        yield built


def poll(house: House) -> list[str]:
    """Let the quarter of an hour pass: dispatch queues what is due, the worker does it."""
    house.owner.execute("UPDATE frontdesk.calendars SET next_poll_at = now()")
    call(house.app, "queue_due_calendar_work")
    return house.work(200)


def busy_at_google(house: House) -> list[tuple[datetime, datetime]]:
    """Return the busy times as Google lists them to the provider, expanded by Google and not by us."""
    since = quote((datetime.now(UTC) - timedelta(days=1)).isoformat(), safe="")
    address = f"/calendars/{quote(PATEL, safe='')}/events?singleEvents=true&maxResults=2500&timeMin={since}"
    items: list[dict[str, Any]] = []
    token = ""
    while True:
        page = house.fake.act("GET", address + (f"&pageToken={quote(token, safe='')}" if token else ""))
        items += page["items"]
        token = page.get("nextPageToken", "")
        if not token:
            break
    return sorted(
        (moment(item["start"]["dateTime"]), moment(item["end"]["dateTime"]))
        for item in items
        if item.get("transparency") != "transparent" and len(item["id"]) != 40
    )


def disturb(house: House, dice: random.Random, known: list[str]) -> None:
    """Do a dozen things in the calendar as its owner: new, moved, freed, deleted, a series."""
    for _ in range(12):
        at = house.clinic.at(dice.randrange(24), day=dice.randrange(60))
        deed = dice.randrange(6)
        if deed < 2 or not known:
            known.append(house.meeting(at, at + dice.randint(1, 8) * timedelta(minutes=15))["id"])
        elif deed == 2:
            zone = ZoneInfo(house.clinic.time_zone)
            house.recurring(at, HOUR, f"RRULE:FREQ=DAILY;COUNT={dice.randint(2, 9)}", zone)
        elif deed == 3:
            house.move(dice.choice(known), at, at + HOUR)
        elif deed == 4:
            house.change(dice.choice(known), transparency=dice.choice(["transparent", "opaque"]))
        else:
            house.delete(known.pop(dice.randrange(len(known))))


def test_one_poll_makes_up_for_every_push_that_was_lost(house: House) -> None:
    """Nobody told us and the token dies on its second page: one poll later the mirror is Google's."""
    dice = random.Random(SEED)
    known: list[str] = []
    assert watch.renew(house.clinic.id, house.calendar_id) == "active"
    house.fake.faults(lose_pushes=1.0, expire_sync_token_at_page=2, largest_page=20 if FULL else 5, seed=SEED)
    for run in range(LOST_PUSH_RUNS):
        disturb(house, dice, known)
        if run % 3 == 2:  # a channel that ended without a word
            house.owner.execute("UPDATE frontdesk.watch_channels SET expires_at = now(), renew_at = now()")
        assert "read" in poll(house), run
        assert house.blocks() == busy_at_google(house), run
    assert house.told("calendar.drift") == []


@pytest.mark.parametrize("expires", [0, 1])
def test_a_notification_each_for_everything_still_is_one_truth(house: House, expires: int) -> None:
    """Pushes doubled and out of order, while the calendar changes: in the end the mirror is Google's."""
    dice = random.Random(SEED + 1)
    known: list[str] = []
    watch.renew(house.clinic.id, house.calendar_id)
    (channel,) = house.fake.channels()
    told = {
        "x-goog-channel-id": channel["id"],
        "x-goog-channel-token": channel["token"],
        "x-goog-resource-id": channel["resource_id"],
        "x-goog-resource-state": "exists",
    }
    house.fake.faults(expire_sync_token_at_page=expires, seed=SEED)
    for _ in range(4 if not FULL else 20):
        disturb(house, dice, known)
        for _ in range(dice.randint(1, 5)):
            assert notifications.receive({"headers": told})["statusCode"] == 200
        house.work()
    assert house.blocks() == busy_at_google(house)


def test_two_hands_on_one_event_end_with_one_truth(house: House) -> None:
    """Provider and staff edit the same visits, read and written at once: at most three writes a conflict."""
    dice = random.Random(SEED + 2)
    visits = [house.book(9, day=day, patient_phone=f"+120255504{day:02d}") for day in range(5)]
    house.sync()
    most = 0
    for edit in range(TWO_WAY_EDITS):
        visit = dice.choice(visits)
        before = made(house)
        for hand in dice.sample([staff_hand, provider_hand], 2):
            hand(house, dice, visit)
            if dice.random() < 0.4:
                house.sync()
            if dice.random() < 0.4:
                house.work()
        at_once(house)
        settle(house)
        most = max(most, made(house) - before)
        assert_one_truth(house, visits, edit)
        visits = [each for each in visits if house.row(each)["status"] != "cancelled"] or [
            house.book(9, day=dice.randrange(5), patient_phone=f"+120255505{edit % 100:02d}")
        ]
    assert most <= MOST_WRITES
    assert not house.owner.execute("SELECT FROM frontdesk.calendar_events WHERE state = 'failed'").fetchall()


def made(house: House) -> int:
    """Count the changes we made at Google; what it refused (412: look again) changed nothing."""
    return sum(write["done"] for write in house.fake.writes())


def staff_hand(house: House, dice: random.Random, visit: dict[str, Any]) -> None:
    """Move, confirm or (seldom) cancel the visit on the board."""
    deed = dice.random()
    named = {"org_id": house.clinic.id, "appointment_id": visit["id"], "source": "staff"}
    if deed < 0.75:
        house.staff_move(visit["id"], anywhere(house, dice))
    elif deed < 0.95:
        call(house.app, "confirm_appointment", **named)
    else:
        call(house.app, "cancel_appointment_atomic", **named)


def provider_hand(house: House, dice: random.Random, visit: dict[str, Any]) -> None:
    """Move, stretch, recolour or (seldom) delete the visit's event in Google, if it stands there."""
    event_id = house.event_id(visit)
    if event_id not in {event["id"] for event in house.fake.events(PATEL, live=True)}:
        return
    at, deed = anywhere(house, dice), dice.random()
    if deed < 0.6:
        house.move(event_id, at, at + HOUR)
    elif deed < 0.75:
        house.move(event_id, at, at + dice.randint(2, 6) * HOUR / 2)
    elif deed < 0.95:
        house.change(event_id, colorId=str(dice.randint(1, 11)))
    else:
        house.delete(event_id)


def anywhere(house: House, dice: random.Random) -> datetime:
    """Pick a time, mostly within hours, sometimes taken, sometimes impossible."""
    return house.clinic.at(dice.randint(8, 17), dice.choice([0, 15, 30]), day=dice.randrange(7))


def at_once(house: House) -> None:
    """Read and write at the same moment, in two threads, as two workers would."""

    def run(act: Any) -> None:
        try:
            act()
        finally:
            db.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in (house.sync, house.work)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)


def settle(house: House) -> None:
    """Go on until nothing waits: rows, retries, and what Google has to tell."""
    for _ in range(6):
        pacing.forget()  # a minute went by
        outcomes = poll(house)
        late = house.owner.execute(
            "UPDATE frontdesk.calendar_events SET next_at = now() WHERE next_at IS NOT NULL RETURNING 1"
        ).fetchall()
        if not late and set(outcomes) <= {"read", "skip:done", "fresh", "active"}:
            return
    raise AssertionError(f"it does not come to rest: {outcomes}")


def assert_one_truth(house: House, visits: list[dict[str, Any]], edit: int) -> None:
    """Every live visit is one event at its time, every cancelled one none."""
    for visit in visits:
        row = house.row(visit)
        wanted = [] if row["status"] == "cancelled" else [(row["starts_at"], row["ends_at"])]
        assert house.at_google(visit) == wanted, f"edit {edit}: {row['status']}"
