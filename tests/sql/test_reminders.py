"""Reminders: due by the clinic's clock, also where it changes; once each; never out of date."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.clinics import Clinic, Connection, call, one, put_visit
from tests.crowd import all_at_once
from tests.database import Database
from tests.texts import PATIENT, claim, next_sms, receive, state_of, texting_clinic

# New York and Madrid change by an hour, Lord Howe by half an hour, Phoenix never.
ZONES = ["America/New_York", "Europe/Madrid", "Australia/Lord_Howe", "America/Phoenix"]
HALF_AN_HOUR = timedelta(minutes=30)


def on_the_clock(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment a clock shows this: of a time shown twice the second, of one left out an hour on."""
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    left_out = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall
    return (first if left_out else second).astimezone(UTC)


def is_quiet(moment: datetime, zone: ZoneInfo, quiet_from: time, quiet_until: time) -> bool:
    """Tell whether the clinic's clock says quiet."""
    clock = moment.astimezone(zone).time()
    if quiet_from <= quiet_until:
        return quiet_from <= clock < quiet_until
    return clock >= quiet_from or clock < quiet_until


def expected(
    start: datetime, minutes: int, set_at: datetime, zone: ZoneInfo, quiet_from: time, quiet_until: time
) -> datetime | None:
    """Say the same as reminder_moment, in Python: walks the clock faces instead of computing with them."""
    wall = start.astimezone(zone).replace(tzinfo=None)
    if minutes >= 1440:
        due = on_the_clock(wall - timedelta(minutes=minutes), zone)
    else:
        due = start - timedelta(minutes=minutes)
    if set_at >= due:
        return None
    if is_quiet(due, zone, quiet_from, quiet_until):
        here = due.astimezone(zone).replace(tzinfo=None)
        days = [here.date() + timedelta(days=n) for n in (-1, 0, 1)]
        began = max(at for at in (datetime.combine(day, quiet_from) for day in days) if at <= here)
        ends = min(at for at in (datetime.combine(day, quiet_until) for day in days) if at > here)
        evening = on_the_clock(began - timedelta(hours=1), zone)
        due = evening if set_at < evening else on_the_clock(ends, zone)
    return due if due <= start - HALF_AN_HOUR else None


def near_a_change_of_the_clocks(zone: ZoneInfo) -> st.SearchStrategy[datetime]:
    """Draw moments in the two weeks around a change of 2026 or 2027, and any others."""
    changes = []
    for hours in range(24 * 730):
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
        if moment.astimezone(zone).utcoffset() != (moment - timedelta(hours=1)).astimezone(zone).utcoffset():
            changes.append(moment)
    around = [c + timedelta(minutes=15 * n) for c in changes for n in range(-300, 301)]
    anywhere = st.integers(0, 2 * 365 * 96).map(
        lambda quarter: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * quarter)
    )
    return st.one_of(st.sampled_from(around), anywhere) if around else anywhere


@pytest.mark.parametrize("zone_name", ZONES)
def test_a_reminder_is_due_when_the_clock_on_the_wall_says_so(owner: Connection, zone_name: str) -> None:
    """Any visit, wish, quiet hours and time of booking: SQL and a model in Python say the same moment."""
    zone = ZoneInfo(zone_name)
    clock = st.integers(0, 47).map(lambda half: time(half // 2, half % 2 * 30))

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        start=near_a_change_of_the_clocks(zone),
        minutes=st.one_of(st.sampled_from([30, 60, 120, 1440, 2880, 10080]), st.integers(30, 20160)),
        booked_before=st.integers(0, 15 * 24 * 60),
        quiet=st.one_of(st.just((time(20), time(8))), st.tuples(clock, clock)),
    )
    def agrees(start: datetime, minutes: int, booked_before: int, quiet: tuple[time, time]) -> None:
        set_at = start - timedelta(minutes=booked_before)
        found = one(
            owner,
            "SELECT frontdesk.reminder_moment(%s, %s, %s, %s, %s, %s)",
            start,
            minutes,
            set_at,
            zone_name,
            *quiet,
        )
        wanted = expected(start, minutes, set_at, zone, *quiet)
        assert (found and found.astimezone(UTC)) == wanted
        assert wanted is None or set_at < wanted <= start - HALF_AN_HOUR

    agrees()


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-03-08 09:00", 1440, "2026-03-07 09:00"),  # 23 hours before: the night is an hour short
        ("2026-11-01 09:00", 1440, "2026-10-31 09:00"),  # 25 hours before
        ("2026-11-24 09:00", 120, "2026-11-23 19:00"),  # 07:00 is quiet: the evening before
        ("2026-11-24 21:30", 60, "2026-11-24 19:00"),  # 20:30 is quiet
        ("2026-11-24 10:00", 120, "2026-11-24 08:00"),  # the first minute that is not quiet
    ],
)
def test_some_reminders_one_can_check_by_hand(owner: Connection, start: str, minutes: int, due: str) -> None:
    """New York, quiet from 20:00 to 08:00, booked long before."""
    found = one(
        owner,
        "SELECT frontdesk.reminder_moment(%s::timestamp AT TIME ZONE 'America/New_York', %s, '2026-01-01Z',"
        " 'America/New_York', '20:00', '08:00') AT TIME ZONE 'America/New_York'",
        start,
        minutes,
    )
    assert found == datetime.fromisoformat(due)


# --- Queueing what is due ---------------------------------------------------------------


@pytest.fixture
def reminding(owner: Connection) -> Clinic:
    """Make a clinic that reminds a day and two hours before, at any hour."""
    return texting_clinic(owner, time_zone="UTC")


def soon(minutes: int) -> datetime:
    """Return the moment so many minutes ahead."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes)


def visit(owner: Connection, clinic: Clinic, minutes: int, **columns: Any) -> Any:
    """Put a visit so many minutes ahead that was booked a month ago."""
    booked: dict[str, Any] = {"time_set_at": datetime.now(UTC) - timedelta(days=30), "phone": PATIENT}
    return put_visit(owner, clinic, soon(minutes), minutes=15, **(booked | columns))


def queue(app: Connection) -> int:
    """Queue what is due now; return how many."""
    count: int = call(app, "queue_due_reminders")["count"]
    return count


def reminders(owner: Connection) -> list[int]:
    """Return the outbox rows of all reminders queued so far."""
    rows = owner.execute("SELECT id FROM frontdesk.outbox WHERE kind = 'appointment.reminder' ORDER BY id")
    return [row["id"] for row in rows.fetchall()]


def test_what_is_due_is_queued_once_and_can_be_sent(
    app: Connection, owner: Connection, reminding: Clinic
) -> None:
    """Due a minute ago: one row, one text; due in a minute: none yet."""
    visit(owner, reminding, 24 * 60 - 1)
    visit(owner, reminding, 24 * 60 + 20)
    assert [queue(app), queue(app)] == [1, 0]
    (row,) = reminders(owner)
    asked = next_sms(app, reminding, row)
    assert (asked["action"], asked["message"]["kind"]) == ("send", "reminder")
    assert claim(app, reminding, asked["message"]["id"])["claimed"]


def test_each_of_a_visits_reminders_comes_once(app: Connection, owner: Connection, reminding: Clinic) -> None:
    """The day before and two hours before are two texts of one visit."""
    visit(owner, reminding, 23 * 60)
    assert queue(app) == 1
    owner.execute(
        "UPDATE frontdesk.appointments SET starts_at = starts_at - w, ends_at = ends_at - w,"
        " during = tstzrange(starts_at - w, ends_at - w) FROM make_interval(hours => 22) AS w"
    )
    assert [queue(app), queue(app)] == [1, 0]
    assert one(owner, "SELECT count(DISTINCT dedupe_key) FROM frontdesk.sms_messages") == 2


def test_after_an_outage_only_the_nearest_reminder_goes(
    app: Connection, owner: Connection, reminding: Clinic
) -> None:
    """Both are due: a patient wants one text now, not two."""
    visit(owner, reminding, 90)
    assert [queue(app), queue(app)] == [1, 0]
    assert one(owner, "SELECT dedupe_key LIKE '%%:120' FROM frontdesk.sms_messages")


@pytest.mark.parametrize(
    "arrange",
    [
        "appointments SET status = 'cancelled'",
        "appointments SET status = 'arrived'",
        "appointments SET time_set_at = now() - interval '30 seconds'",
        "appointments SET starts_at = now() + interval '29 minutes', during = tstzrange(now(), ends_at)",
        "orgs SET sms_sender = NULL",
        "orgs SET sms_paused_reason = '20003'",
        "orgs SET reminder_minutes = '{}'",
        (
            "orgs SET (quiet_from, quiet_until) = (utc - interval '90 minutes', utc + interval '90 minutes')"
            " FROM (SELECT (now() AT TIME ZONE 'UTC')::time AS utc) AS here"
        ),
    ],
)
def test_what_must_not_be_reminded_of_is_not(
    app: Connection, owner: Connection, reminding: Clinic, arrange: str
) -> None:
    """Not live, told just now, about to begin, no sender, paused, none wished, quiet."""
    visit(owner, reminding, 119)
    owner.execute(f"UPDATE frontdesk.{arrange}")
    assert queue(app) == 0


def test_who_opted_out_is_not_reminded(app: Connection, owner: Connection, reminding: Clinic) -> None:
    """No text is even made, so that the staff do not hear of every one that was not sent."""
    visit(owner, reminding, 119)
    receive(app, reminding, "stop")
    assert queue(app) == 0


def test_a_moved_visit_has_the_reminders_of_its_new_time_only(
    app: Connection, owner: Connection, reminding: Clinic
) -> None:
    """Queued, then moved away: not sent. Moved back, even to the very time it had: reminded of, once."""
    appointment = visit(owner, reminding, 119)
    assert queue(app) == 1
    (first,) = reminders(owner)
    asked = next_sms(app, reminding, first)
    owner.execute("UPDATE frontdesk.appointments SET version = 2, time_version = 2")
    assert claim(app, reminding, asked["message"]["id"])["reason"] == "moved"
    assert [queue(app), queue(app)] == [1, 0]
    again = next_sms(app, reminding, reminders(owner)[-1])
    assert (again["action"], again["appointment"]["id"]) == ("send", str(appointment))


def test_rescheduling_sets_the_version_and_the_moment_of_the_time(app: Connection, owner: Connection) -> None:
    """What reminders go by is kept by the function that moves visits, and confirming leaves it alone."""
    clinic = texting_clinic(owner)
    appointment = put_visit(owner, clinic, clinic.at(9), time_set_at=datetime(2026, 1, 1, tzinfo=UTC))
    target = {"org_id": clinic.id, "appointment_id": appointment}
    call(app, "confirm_appointment", **target)
    call(app, "reschedule_appointment_atomic", **target, scheduled_at=clinic.at(11))
    call(app, "confirm_appointment", **target)
    row = owner.execute(
        "SELECT version, time_version, now() - time_set_at AS age FROM frontdesk.appointments"
    ).fetchone()
    assert row
    assert (row["version"], row["time_version"]) == (4, 3)
    assert row["age"] < timedelta(minutes=1)


def test_dispatchers_at_once_queue_each_reminder_once(
    database: Database, owner: Connection, reminding: Clinic
) -> None:
    """Eight at one moment: the dedupe key lets one of each in."""
    for n in range(6):
        visit(owner, reminding, 40 + 15 * n, phone=f"+1202555{3000 + n}")
    counts = all_at_once(database, [queue] * 8)
    assert sum(counts) == 6
    assert len(reminders(owner)) == one(owner, "SELECT count(*) FROM frontdesk.sms_messages") == 6


def test_a_stop_reaches_reminders_already_queued(
    app: Connection, owner: Connection, reminding: Clinic
) -> None:
    """Between queue and claim the patient says STOP: the reminder is suppressed."""
    visit(owner, reminding, 119)
    queue(app)
    asked = next_sms(app, reminding, reminders(owner)[0])
    receive(app, reminding, "stop")
    assert not claim(app, reminding, asked["message"]["id"])["claimed"]
    assert state_of(owner, asked["message"]["id"]) == "suppressed"
