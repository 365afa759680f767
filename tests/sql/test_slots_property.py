"""Two formulations of "free" agree: find_slots subtracts ranges, a booking tries one start.

Random clinics in five zones, on days when the clock changes too. What the one offers is exactly what the
other would book, and whatever a refusal offers instead is among it.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, event, example, given, settings
from hypothesis import strategies as st
from psycopg.types.range import Range

from tests.clinics import Clinic, Connection, add_busy, add_closure, make_clinic, one, put_visit, set_hours
from tests.database import MAJORS, Database, TestServer, fresh_database

ZONES = ("America/New_York", "Europe/Madrid", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe")


@dataclass(frozen=True)
class Obstacle:
    """A closure, busy block or visit: minutes from the window's start, or None where it has no end."""

    kind: str
    provider: int | None
    start: int | None
    minutes: int | None


@dataclass(frozen=True)
class Case:
    """A clinic and a window: `day` counts the days from tomorrow, or picks a change of the clock."""

    zone: str
    grid: int
    length: int
    before: int
    after: int
    hours: tuple[tuple[int, int], ...]
    obstacles: tuple[Obstacle, ...]
    day: int
    clock_change: bool
    window: tuple[int, int]


def clock_changes(zone: str) -> list[datetime]:
    """Return the local midnights, in UTC, of the coming 700 days whose day is not 24 hours long."""
    here = ZoneInfo(zone)
    today = datetime.now(here).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    days = [(today + timedelta(days=n)).replace(tzinfo=here).astimezone(UTC) for n in range(2, 700)]
    return [day for day, after in pairwise(days) if after - day != timedelta(days=1)]


def hours() -> st.SearchStrategy[tuple[tuple[int, int], ...]]:
    """Up to three stretches of a day, in order and apart, as minutes; the gaps are lunch breaks."""
    return st.lists(st.integers(0, 288), min_size=2, max_size=6, unique=True).map(
        lambda marks: tuple(
            (a * 5, b * 5) for a, b in zip(sorted(marks)[::2], sorted(marks)[1::2], strict=False)
        )
    )


def mostly(steps: st.SearchStrategy[int]) -> st.SearchStrategy[int | None]:
    """Steps of five minutes; nothing one time in ten, or few examples would leave anybody free."""
    return st.tuples(st.integers(0, 9), steps).map(lambda drawn: drawn[1] * 5 if drawn[0] else None)


def obstacles() -> st.SearchStrategy[Obstacle]:
    """Anything that takes time, up to a day and a half around the window."""
    return st.builds(
        Obstacle,
        kind=st.sampled_from(["closure", "busy", "visit"]),
        provider=st.sampled_from([0, 1, None]),
        start=mostly(st.integers(-90, 300)),
        minutes=mostly(st.integers(1, 60)),
    )


CASES = st.builds(
    Case,
    zone=st.sampled_from(ZONES),
    grid=st.sampled_from([5, 15, 20, 60]),
    length=st.integers(1, 36).map(lambda n: n * 5),
    before=st.sampled_from([0, 0, 5, 15, 120]),
    after=st.sampled_from([0, 0, 10, 30, 120]),
    hours=st.just(((0, 1440),)) | hours(),
    obstacles=st.lists(obstacles(), max_size=6).map(tuple),
    day=st.integers(0, 60),
    clock_change=st.booleans(),
    window=st.tuples(st.integers(0, 900), st.integers(300, 1800)),
)


@pytest.fixture(scope="module")
def shared(server: TestServer, template: str) -> Iterator[Database]:
    """One database for all examples: each makes clinics of its own."""
    with fresh_database(server, template) as made:
        yield made


@pytest.fixture(scope="module")
def _on_the_newest_only(server: TestServer) -> None:
    """Leave the other versions out: the rule has nothing that differs between them."""
    if server.major != max(MAJORS):
        pytest.skip("compared on the newest Postgres only")


def build(owner: Connection, case: Case) -> tuple[Clinic, datetime, datetime]:
    """Write the clinic of a case; return it and its window in UTC."""
    changes = clock_changes(case.zone) if case.clock_change else []
    here = ZoneInfo(case.zone)
    midnight = datetime.now(here).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    plain = (midnight + timedelta(days=1 + case.day)).replace(tzinfo=here).astimezone(UTC)
    day = changes[case.day % len(changes)] if changes else plain
    clinic = make_clinic(
        owner,
        providers=("Dr. One", "Dr. Two"),
        time_zone=case.zone,
        services={"Visit": case.length},
        slot_grid_minutes=case.grid,
        minimum_notice_minutes=0,
        booking_horizon_days=730,
    )
    owner.execute(
        "UPDATE frontdesk.services SET buffer_before_minutes = %s, buffer_after_minutes = %s"
        " WHERE org_id = %s",
        [case.before, case.after, clinic.id],
    )
    weekly = [
        (weekday, f"{a // 60:02d}:{a % 60:02d}", f"{b // 60:02d}:{b % 60:02d}")
        for weekday in range(1, 8)
        for a, b in case.hours
    ]
    set_hours(owner, clinic, clinic.providers[0], *weekly)
    for obstacle in case.obstacles:
        place(owner, clinic, day, obstacle)
    first = day + timedelta(minutes=case.window[0])
    return clinic, first, first + timedelta(minutes=case.window[1])


def place(owner: Connection, clinic: Clinic, day: datetime, obstacle: Obstacle) -> None:
    """Write one obstacle; a visit always has ends, a busy block always has a provider."""
    start = None if obstacle.start is None else day + timedelta(minutes=obstacle.start)
    minutes = obstacle.minutes
    end = None if minutes is None else (start or day) + timedelta(minutes=minutes)
    provider = None if obstacle.provider is None else clinic.providers[obstacle.provider]
    if obstacle.kind == "closure":
        add_closure(owner, clinic, start, end, provider)
    elif obstacle.kind == "busy":
        add_busy(owner, clinic, provider or clinic.providers[0], start, end)
    else:
        begin, length = start or day, minutes or 30
        margin = timedelta(minutes=(obstacle.start or 0) % 25)
        during = Range(begin - margin, begin + timedelta(minutes=length) + margin, "[)")
        # Overbooked, so that examples may pile visits up; the rule counts them like any other.
        put_visit(
            owner,
            clinic,
            begin,
            minutes=length,
            provider=provider,
            during=during,
            overbooked=True,
            status="pending",
        )


TRIED = """
SELECT start, provider
FROM (SELECT * FROM frontdesk.orgs WHERE id = %(org)s) AS o,
     (SELECT * FROM frontdesk.services WHERE org_id = %(org)s) AS s,
     generate_series(date_trunc('minute', %(first)s::timestamptz), %(last)s, '1 minute') AS start,
     unnest(frontdesk.free_providers(%(org)s, o.time_zone, s.id, NULL, start,
        start + make_interval(mins => s.duration_minutes),
        tstzrange(start - make_interval(mins => s.buffer_before_minutes),
                  start + make_interval(mins => s.duration_minutes + s.buffer_after_minutes)),
        NULL)) AS provider
WHERE frontdesk.time_refusal(o, start) IS NULL AND start >= %(first)s
  AND mod(extract(minute FROM start), 5) = 0
"""
FOUND = """
SELECT (slot ->> 'starts_at')::timestamptz AS start, (slot ->> 'provider_id')::uuid AS provider
FROM frontdesk.providers p,
     jsonb_array_elements(frontdesk.find_slots(%(org)s, 'Visit', %(first)s, %(last)s, p.name, p_limit => 5000)
                          -> 'slots') AS slot
WHERE p.org_id = %(org)s
"""
FOUND_WITH_ANYBODY = """
SELECT (slot ->> 'starts_at')::timestamptz AS start, (slot ->> 'provider_id')::uuid AS provider
FROM jsonb_array_elements(frontdesk.find_slots(%(org)s, 'Visit', %(first)s, %(last)s, p_limit => 5000)
                          -> 'slots') AS slot
"""
OFFERED = """
SELECT (a ->> 'starts_at')::timestamptz AS start
FROM (SELECT o FROM frontdesk.orgs o WHERE id = %(org)s) AS o,
     (SELECT s FROM frontdesk.services s WHERE org_id = %(org)s) AS s,
     jsonb_array_elements(
       frontdesk.refusal(
         o.o, s.s, NULL, %(wish)s, make_interval(mins => (s.s).duration_minutes), NULL, NULL)
       -> 'alternatives') AS a
"""


def pairs(owner: Connection, query: str, values: dict[str, object]) -> set[tuple[datetime, uuid.UUID]]:
    """Return a query's starts with their providers."""
    return {(row["start"], row["provider"]) for row in owner.execute(query, values)}


def check(owner: Connection, case: Case) -> None:
    """Compare both formulations for one case."""
    clinic, first, last = build(owner, case)
    values: dict[str, object] = {"org": clinic.id, "first": first, "last": last}
    found = pairs(owner, FOUND, values)
    event("some are free" if found else "nobody is free")
    assert found == pairs(owner, TRIED, values)
    with_anybody = pairs(owner, FOUND_WITH_ANYBODY, values)
    assert with_anybody <= found
    assert {start for start, _ in with_anybody} == {start for start, _ in found}
    values["wish"] = first
    offered = [row["start"] for row in owner.execute(OFFERED, values)]
    assert first not in offered
    assert len(offered) <= 3
    for start in offered:
        moment: dict[str, object] = {"org": clinic.id, "first": start, "last": start}
        assert pairs(owner, TRIED, moment), f"{start} was offered and is not free"


NIGHT = Case("Australia/Lord_Howe", 60, 30, 0, 0, ((0, 1440),), (), 0, clock_change=True, window=(0, 1440))


@pytest.mark.usefixtures("_on_the_newest_only")
@example(case=NIGHT)
@given(case=CASES)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)
def test_what_is_offered_is_exactly_what_can_be_booked(shared: Database, case: Case) -> None:
    """find_slots' starts are the grid's starts for which the booking rule finds somebody free."""
    with shared.connect_owner() as owner:
        check(owner, case)


def test_the_comparison_notices_a_wrong_rule(shared: Database) -> None:
    """Were visits' buffers forgotten in find_slots, the two would differ: the property can fail."""
    with shared.connect_owner() as owner:
        case = Case(
            "UTC",
            15,
            30,
            0,
            30,
            ((540, 1020),),
            (Obstacle("busy", 0, 600, 60),),
            3,
            clock_change=False,
            window=(0, 1440),
        )
        clinic, first, last = build(owner, case)
        values: dict[str, object] = {"org": clinic.id, "first": first, "last": last}
        before = pairs(owner, FOUND, values)
        with owner.transaction(force_rollback=True):
            source = one(owner, "SELECT pg_get_functiondef('frontdesk.free_starts'::regproc)")
            assert " - p_length - p_after" in source
            owner.execute(source.replace(" - p_length - p_after", " - p_length"))
            assert pairs(owner, FOUND, values) > before
        assert pairs(owner, FOUND, values) == before == pairs(owner, TRIED, values)
