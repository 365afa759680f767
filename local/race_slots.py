"""The slots of a race: found free in the database before it, and counted there after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from local.stack_file import NoStackError

OPENS, CLOSES = time(9), time(17)  # the demo clinics' hours (local/demo.py)
GRID_MINUTES = 15
HORIZON_DAYS = 180  # well inside the clinics' booking horizon of a year

BUSY = """
SELECT lower(a.during), upper(a.during) FROM frontdesk.appointments a
WHERE a.org_id = %(org)s AND a.provider_id = %(provider)s AND a.status IN ('pending', 'confirmed', 'arrived')
  AND a.during && tstzrange(%(from)s, %(until)s)
"""


@dataclass(frozen=True, slots=True)
class Slot:
    """Time of one provider for one visit.

    `starts` are the wishes that exclude each other, in the clinic's zone; `ends` is the end of a
    visit that begins at the last of them.
    """

    provider_id: str
    provider_name: str
    starts: tuple[datetime, ...]
    ends: datetime


def free_slots(database_url: str, org: Mapping[str, Any], count: int, *, staggered: bool) -> list[Slot]:
    """Find `count` free slots of the org's first provider for its first service, the earliest first.

    Staggered slots are wished for at every grid step a visit overlaps its neighbours from. Raises
    NoStackError when there are not as many.
    """
    zone = ZoneInfo(org["time_zone"])
    provider, minutes = org["providers"][0], int(org["services"][0]["duration_minutes"])
    tomorrow = (datetime.now(zone) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    until = tomorrow + timedelta(days=HORIZON_DAYS)
    found: list[Slot] = []
    with _acting_for(database_url, org) as connection:
        arguments = {"org": org["id"], "provider": provider["id"], "from": tomorrow, "until": until}
        busy: list[tuple[datetime, datetime]] = connection.execute(BUSY, arguments).fetchall()
    for day in range(HORIZON_DAYS):
        for slot in _slots_of(tomorrow + timedelta(days=day), minutes, provider, staggered=staggered):
            if not any(slot.starts[0] < ends and begins < slot.ends for begins, ends in busy):
                found.append(slot)
            if len(found) == count:
                return found
    msg = f"{provider['name']} has only {len(found)} free slots left: `make run FRESH=1` empties the book."
    raise NoStackError(msg)


def count_rows(database_url: str, org: Mapping[str, Any], slot: Slot) -> int:
    """Count the live appointments that lie in a slot, whoever made them."""
    with _acting_for(database_url, org) as connection:
        arguments = {
            "org": org["id"],
            "provider": slot.provider_id,
            "from": slot.starts[0],
            "until": slot.ends,
        }
        return len(connection.execute(BUSY, arguments).fetchall())


def _slots_of(day: datetime, minutes: int, provider: Mapping[str, str], *, staggered: bool) -> Sequence[Slot]:
    if day.isoweekday() > 5:
        return []
    length = timedelta(minutes=minutes)
    # All wishes must exclude each other, so the last one begins before a visit from the first ends.
    offsets = range(0, minutes, GRID_MINUTES) if staggered else range(1)
    begins = day.replace(hour=OPENS.hour)
    slots: list[Slot] = []
    while True:
        starts = tuple(begins + timedelta(minutes=offset) for offset in offsets)
        ends = starts[-1] + length
        if ends > day.replace(hour=CLOSES.hour):
            return slots
        slots.append(Slot(provider["id"], provider["name"], starts, ends))
        begins = ends


def _acting_for(database_url: str, org: Mapping[str, Any]) -> psycopg.Connection[Any]:
    connection = psycopg.connect(database_url, connect_timeout=5)
    # The owner of the tables sees a clinic's rows only after naming the clinic.
    connection.execute("SET LOCAL ROLE frontdesk_owner")
    connection.execute("SELECT pg_catalog.set_config('app.org_id', %s, true)", [org["id"]])
    return connection
